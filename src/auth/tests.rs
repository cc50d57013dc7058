//! Signing in: which name means whom, and what a changed password does.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use super::*;
use crate::account::device::PhoneAccount;
use crate::account::{OrganizationSettings, PresenceVisibility, User};
use crate::contact::Timestamp;
use crate::directory::{Edit, Request, new_id};
use crate::store::sqlite::SqliteStore;

/// A phone on this machine.
const HERE: Peer =
    Peer { door: Door::Ldap, address: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false };
const HTTP: Peer = Peer { door: Door::Http, ..HERE };

fn organization(id: &str, domain: &str, suffix: &str) -> Edit {
    Edit::PutOrganization(Box::new(OrganizationSettings {
        name: id.to_owned(),
        domain: domain.to_owned(),
        suffix: suffix.to_owned(),
        area_code: "30".to_owned(),
        language: "de".to_owned(),
        ..OrganizationSettings::new(OrganizationId::from(id))
    }))
}

fn user(organization: &str, extension: &str, login: &str, email: &str) -> User {
    let given = |text: &str| (!text.is_empty()).then(|| Box::from(text));
    User {
        id: new_id(),
        organization: OrganizationId::from(organization),
        extension: given(extension),
        login: given(login),
        email: given(email),
        role: Role::User,
        password: None,
        principal: format!("{extension}.{organization}").into(),
        listed_books: None,
        carddav_layout: None,
        presence: PresenceVisibility::Shown,
        created: Timestamp(0),
    }
}

/// Two organizations with users and phones; names without domain belong to `acme`.
async fn accounts(users: Vec<User>) -> Arc<Directory> {
    let directory = Directory::open(Box::new(SqliteStore::in_memory().unwrap())).unwrap();
    for edit in [
        organization("acme", "acme.example", "dc=acme,dc=example"),
        organization("demo", "pbx.example", "dc=pbx,dc=example"),
    ] {
        directory.commit(Request::one(edit)).await.unwrap();
    }
    let mut edits: Vec<Edit> = users.into_iter().map(Edit::PutUser).collect();
    for (organization, name) in [("acme", "phones"), ("demo", "phones"), ("acme", "204")] {
        let phone = PhoneAccount::new(OrganizationId::from(organization), name, Vec::new());
        edits.push(Edit::PutPhone(phone));
    }
    directory.commit(Request { edits, ..Request::default() }).await.unwrap();
    Arc::new(directory)
}

async fn everybody() -> Arc<Directory> {
    accounts(vec![
        user("acme", "204", "", "anna@acme.example"),
        user("acme", "205", "berta", "204@acme.example"),
        user("acme", "", "carla", "carla@mail.example"),
        user("demo", "204", "", "anna@pbx.example"),
        user("demo", "206", "dora@mail.example", ""),
    ])
    .await
}

/// What a name means, as `principal` or `phone:NAME` and the organization.
fn meaning(snapshot: &Snapshot, name: &str, accepted: Accepted) -> String {
    match name::claim(snapshot, &OrganizationId::from("acme"), name, accepted).account {
        Some(Account::User(user)) => user.principal.to_string(),
        Some(Account::Phone(phone)) => format!("phone:{}.{}", phone.name, phone.organization),
        None => "nobody".to_owned(),
    }
}

#[tokio::test]
async fn the_organization_is_fixed_before_the_name() {
    let snapshot = everybody().await.snapshot();
    let check = |name: &str, expected: &str| {
        assert_eq!(meaning(&snapshot, name, Accepted::UsersAndPhones), expected, "{name}");
    };
    // By the listener.
    check("204", "204.acme");
    check(" 204 ", "204.acme");
    check("Berta", "205.acme");
    check("uid=204", "204.acme");
    check("206", "nobody");
    // By the domain.
    check("204@pbx.example", "204.demo");
    check("ANNA@PBX.example", "204.demo");
    check("mail=anna@pbx.example", "204.demo");
    check("anna@acme.example", "204.acme");
    check("204@nowhere.example", "nobody");
    check(r"pbx.example\204", "204.demo");
    check(r"DEMO\204", "204.demo");
    check(r"nowhere\204", "nobody");
    // By the suffix.
    check("uid=204,ou=people,dc=pbx,dc=example", "204.demo");
    check("UID=204, OU=People, DC=PBX, DC=Example", "204.demo");
    check("cn=204,dc=pbx,dc=example", "204.demo");
    check("mail=anna@pbx.example,dc=pbx,dc=example", "204.demo");
    check("uid=204,ou=people,dc=nowhere,dc=example", "nobody");
    check("uid=204,dc=example", "nobody");
    check("sn=204,dc=pbx,dc=example", "nobody");
    // A domain that is not the suffix's.
    check("mail=anna@acme.example,dc=pbx,dc=example", "nobody");
}

#[tokio::test]
async fn an_email_counts_in_the_own_domain_only() {
    let snapshot = everybody().await.snapshot();
    let check = |name: &str, expected: &str| {
        assert_eq!(meaning(&snapshot, name, Accepted::Users), expected, "{name}");
    };
    check("carla@mail.example", "nobody");
    check("mail=carla@mail.example,dc=acme,dc=example", "nobody");
    // A user name that an administrator gave may look like one.
    check("uid=dora@mail.example,dc=pbx,dc=example", "206.demo");
    check("dora@mail.example", "nobody");
    // An extension is given; an e-mail is whatever its owner says it is.
    check("204@acme.example", "204.acme");
}

#[tokio::test]
async fn phones_are_found_at_ldap_only() {
    let snapshot = everybody().await.snapshot();
    let check = |name: &str, ldap: &str, elsewhere: &str| {
        assert_eq!(meaning(&snapshot, name, Accepted::UsersAndPhones), ldap, "{name}");
        assert_eq!(meaning(&snapshot, name, Accepted::Users), elsewhere, "{name}");
    };
    check("cn=phones,ou=services,dc=pbx,dc=example", "phone:phones.demo", "nobody");
    check("cn=Phones,dc=pbx,dc=example", "phone:phones.demo", "nobody");
    check("phones", "phone:phones.acme", "nobody");
    check(r"demo\phones", "phone:phones.demo", "nobody");
    check("cn=phones,ou=people,dc=pbx,dc=example", "nobody", "nobody");
    check("cn=204,ou=services,dc=acme,dc=example", "phone:204.acme", "nobody");
    check("cn=204,dc=acme,dc=example", "204.acme", "204.acme");
    check("cn=204,ou=services,dc=pbx,dc=example", "nobody", "nobody");
}

#[tokio::test]
async fn strange_names_mean_nobody() {
    let snapshot = everybody().await.snapshot();
    let endless = "x".repeat(2000);
    for name in ["", " ", "=", "uid=", "@", "\\", "@acme.example", ",,,", "uid=204,", &endless] {
        assert_eq!(meaning(&snapshot, name, Accepted::UsersAndPhones), "nobody", "{name}");
    }
}

/// An authenticator with one user, 204, and the user with a password set.
async fn one_user(password: &str) -> (Authenticator, User) {
    let directory = accounts(Vec::new()).await;
    let authenticator = Authenticator::new(directory, OrganizationId::from("acme"));
    let mut user = user("acme", "204", "", "");
    set(&authenticator, &mut user, password).await;
    (authenticator, user)
}

async fn set(authenticator: &Authenticator, user: &mut User, password: &str) {
    let hash = authenticator.hash(Zeroizing::new(password.as_bytes().to_vec())).await;
    user.password = Some(hash.unwrap());
    put(authenticator, Edit::PutUser(user.clone())).await;
}

async fn put(authenticator: &Authenticator, edit: Edit) {
    authenticator.directory.commit(Request::one(edit)).await.unwrap();
}

#[tokio::test]
async fn a_changed_password_counts_at_once() {
    let (authenticator, mut user) = one_user("old").await;
    let signed_in = authenticator.sign_in("204", b"old", HERE).await.unwrap();
    assert_eq!(signed_in.user(), Some(user.id));
    assert_eq!(authenticator.sign_in("204", b"new", HERE).await, Err(Refused::Credentials));
    set(&authenticator, &mut user, "new").await;
    assert_eq!(authenticator.sign_in("204", b"old", HERE).await, Err(Refused::Credentials));
    let anew = authenticator.sign_in("204", b"new", HERE).await.unwrap();
    assert!(anew.who == signed_in.who && anew.credential != signed_in.credential);
}

#[tokio::test]
async fn what_was_checked_before_is_not_checked_again() {
    let (authenticator, user) = one_user("right").await;
    for password in [&b"right"[..], b"wrong"] {
        let _ = authenticator.sign_in("204", password, HERE).await;
        let hash = user.password.as_ref().map_or("", |hash| &hash.0);
        let key = authenticator.cache.key("204", hash, password);
        assert!(authenticator.cache.get(key, Instant::now()).is_some());
    }
    // Who waits for argon2 waits in vain now.
    authenticator.hasher.close();
    assert!(authenticator.sign_in("204", b"right", HERE).await.is_ok());
    assert_eq!(authenticator.sign_in("204", b"wrong", HERE).await, Err(Refused::Credentials));
    assert_eq!(authenticator.sign_in("204", b"third", HERE).await, Err(Refused::Unavailable));
}

#[tokio::test]
async fn nobody_signs_in_without_a_password() {
    let (authenticator, user) = one_user("secret").await;
    for password in [&b""[..], &[b'x'; 2000]] {
        assert_eq!(authenticator.sign_in("204", password, HERE).await, Err(Refused::Credentials));
    }
    put(&authenticator, Edit::PutUser(User { password: None, ..user })).await;
    assert_eq!(authenticator.sign_in("204", b"secret", HERE).await, Err(Refused::Credentials));
    assert_eq!(authenticator.sign_in("nobody", b"secret", HERE).await, Err(Refused::Credentials));
}

#[tokio::test]
async fn both_secrets_of_a_phone_count_and_only_at_ldap() {
    let (authenticator, _) = one_user("secret").await;
    let mut secrets = Vec::new();
    for secret in [b"first".to_vec(), b"second".to_vec()] {
        secrets.push(authenticator.hash(Zeroizing::new(secret)).await.unwrap());
    }
    let phone = PhoneAccount::new(OrganizationId::from("acme"), "desk", secrets);
    put(&authenticator, Edit::PutPhone(phone)).await;
    for secret in [&b"first"[..], b"second"] {
        let phone = authenticator.sign_in("desk", secret, HERE).await.unwrap();
        assert_eq!(phone.who, Who::Phone("desk".into()));
        assert_eq!(authenticator.sign_in("desk", secret, HTTP).await, Err(Refused::Credentials));
    }
}

#[tokio::test]
async fn an_expired_or_removed_token_is_refused() {
    let (authenticator, _) = one_user("secret").await;
    let (token, secret) = Authenticator::new_token(Role::Operator, None, "test").unwrap();
    assert_eq!(authenticator.token(&secret, HTTP), Err(Refused::Credentials));
    put(&authenticator, Edit::PutToken(token.clone())).await;
    let principal = authenticator.token(&secret, HTTP).unwrap();
    assert!(authenticator.still_valid(&principal, HERE));
    let expired = Token { expires: Some(Timestamp(1)), ..token.clone() };
    put(&authenticator, Edit::PutToken(expired)).await;
    assert!(!authenticator.still_valid(&principal, HERE));
    assert_eq!(authenticator.token(&secret, HTTP), Err(Refused::Credentials));
    put(&authenticator, Edit::RemoveToken(token.id)).await;
    assert_eq!(authenticator.token(&secret, HTTP), Err(Refused::Credentials));
}

#[tokio::test]
async fn a_principal_is_valid_while_its_account_stays_as_it_was() {
    let (authenticator, user) = one_user("secret").await;
    let principal = authenticator.sign_in("204", b"secret", HERE).await.unwrap();
    assert!(authenticator.still_valid(&principal, HERE));
    put(&authenticator, Edit::PutUser(User { role: Role::Admin, ..user.clone() })).await;
    assert!(!authenticator.still_valid(&principal, HERE));
    put(&authenticator, Edit::RemoveUser(user.id)).await;
    assert!(!authenticator.still_valid(&principal, HERE));
    assert!(authenticator.still_valid(&Principal::anonymous(), HERE));
}
