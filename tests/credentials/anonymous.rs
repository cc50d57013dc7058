//! Who does not sign in sees what an operator opened, from the networks that were named.

use ldap3_proto::proto::LdapResultCode;
use ringbook::account::networks::Networks;
use ringbook::account::{AnonymousAccess, OrganizationSettings};
use ringbook::auth::UnauthenticatedBind;
use ringbook::contact::book::AddressBook;
use ringbook::directory::Edit;

use crate::client::{Ask, Client};
use crate::world::{SUFFIX, World, names};

async fn open(world: &World, networks: &[&str], books: Vec<AddressBook>) {
    let networks = Networks::parse(networks.iter().copied()).unwrap();
    let snapshot = world.directory.snapshot();
    let settings = snapshot.organization(&world.organization).unwrap().settings();
    let anonymous = Some(AnonymousAccess { networks, books });
    world
        .edit(Edit::PutOrganization(Box::new(OrganizationSettings { anonymous, ..settings })))
        .await;
}

#[tokio::test]
async fn nobody_sees_the_opened_books_from_the_named_networks() {
    let world = World::start().await;
    let mut early = Client::connect(&world).await;
    assert_eq!(names(&mut early).await, [""; 0]);
    open(&world, &["127.0.0.0/8"], vec![AddressBook::SHARED]).await;
    // It counts for connections that are open, and closes for them.
    assert_eq!(names(&mut early).await, ["Acme Supplies"]);
    let mut bound = Client::connect(&world).await;
    assert_eq!(bound.bind("", "").await, LdapResultCode::Success);
    assert_eq!(names(&mut bound).await, ["Acme Supplies"]);
    let people = Ask::sub("ou=people,dc=pbx,dc=com", "(cn=*)");
    assert_eq!(bound.search(&people).await.code, LdapResultCode::NoSuchObject);
    world.come_from("192.0.2.1");
    let mut outside = Client::connect(&world).await;
    assert_eq!(names(&mut outside).await, [""; 0]);
    open(&world, &["192.0.2.0/24"], vec![AddressBook::PEOPLE]).await;
    assert_eq!(names(&mut early).await, [""; 0]);
    assert_eq!(names(&mut outside).await, ["admin", "anna", "olga"]);
    // Only at LDAP.
    world.get("", "groups").await.expect(401);
}

#[tokio::test]
async fn a_failed_sign_in_is_nobody_again() {
    let world = World::start().await;
    open(&world, &["127.0.0.0/8"], vec![AddressBook::SHARED]).await;
    let mut client = world.signed_in("201", "anna-secret").await;
    assert!(names(&mut client).await.contains(&"Annas Aunt".to_owned()));
    assert_eq!(client.bind("201", "wrong").await, LdapResultCode::InvalidCredentials);
    assert_eq!(names(&mut client).await, ["Acme Supplies"]);
}

#[tokio::test]
async fn a_name_without_a_password_signs_nobody_in() {
    let world = World::start().await;
    open(&world, &["127.0.0.0/8"], vec![AddressBook::SHARED]).await;
    let mut client = Client::connect(&world).await;
    assert_eq!(client.bind("201", "").await, LdapResultCode::UnwillingToPerform);
    let world = World::start_with(UnauthenticatedBind::Anonymous).await;
    open(&world, &["127.0.0.0/8"], vec![AddressBook::SHARED]).await;
    let mut client = Client::connect(&world).await;
    let dn = format!("uid=201,ou=people,{SUFFIX}");
    assert_eq!(client.bind(&dn, "").await, LdapResultCode::Success);
    assert_eq!(names(&mut client).await, ["Acme Supplies"], "as nobody");
    assert_eq!(client.bind(&dn, "x").await, LdapResultCode::InvalidCredentials);
}
