//! Guessers are slowed down at every door; nobody else is.

use ldap3_proto::proto::LdapResultCode;
use serde_json::json;

use crate::world::{ADMIN, ANNA, World, phone_dn};

const GUESSER: &str = "203.0.113.7";
const OFFICE: &str = "198.51.100.1";
const WRONG: LdapResultCode = LdapResultCode::InvalidCredentials;

#[tokio::test]
async fn a_guesser_is_slowed_down_at_every_door_together() {
    let world = World::start().await;
    world.come_from(GUESSER);
    for guess in 0..3 {
        assert_eq!(world.bind("201", &format!("guess {guess}")).await.1, WRONG);
    }
    for guess in 3..5 {
        world.get(&format!("201:guess {guess}"), "me").await.expect(401);
    }
    // Not even the right password is looked at now, under no name of the account.
    assert_eq!(world.bind("201", "anna-secret").await.1, LdapResultCode::Busy);
    assert_eq!(world.bind("anna@main.example", "anna-secret").await.1, LdapResultCode::Busy);
    let slowed = world.get(ANNA, "me").await;
    slowed.expect(429);
    assert!(slowed.head.contains("retry-after: 1"), "{}", slowed.head);
    // Its owner does not notice.
    world.come_from(OFFICE);
    world.signed_in("201", "anna-secret").await;
    world.come_from(GUESSER);
    world.pass(1);
    assert_eq!(world.bind("201", "guess 5").await.1, WRONG);
    assert_eq!(world.bind("201", "guess 6").await.1, LdapResultCode::Busy);
    world.pass(1);
    assert_eq!(world.bind("201", "guess 6").await.1, LdapResultCode::Busy);
    world.pass(1);
    world.signed_in("201", "anna-secret").await;
    // From now on the pair is known.
    for guess in 0..10 {
        assert_eq!(world.bind("201", &format!("typo {guess}")).await.1, WRONG);
    }
    world.signed_in("201", "anna-secret").await;
}

#[tokio::test]
async fn an_unknown_name_is_slowed_down_as_well() {
    let world = World::start().await;
    for guess in 0..5 {
        assert_eq!(world.bind("nobody", &format!("guess {guess}")).await.1, WRONG);
    }
    assert_eq!(world.bind(" NoBody ", "another").await.1, LdapResultCode::Busy);
    assert_eq!(world.bind("somebody", "another").await.1, WRONG);
}

#[tokio::test]
async fn phones_with_an_old_secret_lock_nobody_out() {
    let world = World::start().await;
    world.phone("phones", json!({})).await;
    let dn = phone_dn("phones");
    world.come_from(OFFICE);
    for _ in 0..50 {
        assert_eq!(world.bind(&dn, "last year's secret").await.1, WRONG);
    }
    world.signed_in(&dn, "phones-secret").await;
    // A colleague who tries things does not either.
    for guess in 0..20 {
        assert_eq!(world.bind(&dn, &format!("guess {guess}")).await.1, WRONG);
    }
    world.signed_in(&dn, "phones-secret").await;
}

#[tokio::test]
async fn one_password_at_many_accounts_is_slowed_down() {
    let world = World::start().await;
    world.come_from(GUESSER);
    for account in 0..30 {
        assert_eq!(world.bind(&format!("9{account:02}"), "Summer24!").await.1, WRONG);
    }
    assert_eq!(world.bind("201", "Summer24!").await.1, WRONG, "takes the turn");
    assert_eq!(world.bind("202", "olga-secret").await.1, LdapResultCode::Busy);
    world.come_from(OFFICE);
    world.signed_in("202", "olga-secret").await;
    world.come_from(GUESSER);
    world.pass(1);
    world.signed_in("202", "olga-secret").await;
}

#[tokio::test]
async fn an_app_password_passes_where_a_guesser_is_slowed_down() {
    let world = World::start().await;
    let (_, secret) = world.app_password(ANNA, &["ldap:read"]).await;
    world.come_from(GUESSER);
    for guess in 0..5 {
        assert_eq!(world.bind("201", &format!("guess {guess}")).await.1, WRONG);
    }
    assert_eq!(world.bind("201", "anna-secret").await.1, LdapResultCode::Busy);
    world.signed_in("201", &secret).await;
    // It says nothing about the password: that pair stays slowed down.
    assert_eq!(world.bind("201", "anna-secret").await.1, LdapResultCode::Busy);
    world.get(ADMIN, "me").await.expect(200);
}
