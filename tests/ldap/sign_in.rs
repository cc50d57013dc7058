//! Who is signed in, and what they see.

use ldap3_proto::proto::{LdapOp, LdapResultCode};
use ringbook::contact::card::{Field, FieldSet};
use ringbook::directory::Edit;
use ringbook::ldap::Limits;

use crate::client::{Ask, BASE, Client, ONE, bind, code, element};
use crate::world::{SUFFIX, World};

const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";

async fn extended(client: &mut Client, name: &str) -> (LdapResultCode, String) {
    client.request(&element(0x77, &element(0x80, name.as_bytes()))).await;
    let LdapOp::ExtendedResponse(reply) = client.receive().await.unwrap().op else {
        panic!("an extended response");
    };
    let value = reply.value.unwrap_or_default();
    (reply.res.code, String::from_utf8(value).unwrap())
}

#[tokio::test]
async fn every_form_of_a_name_signs_in_as_the_same_user() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    for name in [
        "uid=101,ou=people,dc=pbx,dc=com",
        "UID = \"101\" ; OU=People; DC=pbx; DC=com",
        "cn=101,dc=pbx,dc=com",
        "101",
        "uid=101",
        "101@pbx.com",
        "john.smith@pbx.com",
    ] {
        assert_eq!(client.bind(name, "john-secret").await, LdapResultCode::Success, "{name}");
        let expected = "dn:uid=101,ou=people,dc=pbx,dc=com".to_owned();
        assert_eq!(extended(&mut client, WHO_AM_I).await, (LdapResultCode::Success, expected));
    }
    let mut phone = Client::phone(&world).await;
    let expected = "dn:cn=phones,ou=services,dc=pbx,dc=com".to_owned();
    assert_eq!(extended(&mut phone, WHO_AM_I).await, (LdapResultCode::Success, expected));
}

#[tokio::test]
async fn an_old_phone_signs_in_with_version_2() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    client.request(&bind(2, "cn=phones,ou=services,dc=pbx,dc=com", "phones-secret")).await;
    assert_eq!(client.result().await, LdapResultCode::Success);
    assert_eq!(client.search(&Ask::sub(SUFFIX, "(sn=smith)")).await.names(), ["John Smith"]);
    client.request(&bind(4, "", "")).await;
    assert_eq!(client.result().await, LdapResultCode::ProtocolError);
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_sign_out() {
    let world = World::start().await;
    let mut client = Client::phone(&world).await;
    for (name, password) in [
        ("101", "wrong"),
        ("nobody", "john-secret"),
        ("uid=101,ou=people,dc=other,dc=org", "john-secret"),
        ("uid=101,ou=people,dc=nowhere", "john-secret"),
        ("", "john-secret"),
    ] {
        assert_eq!(client.bind(name, password).await, LdapResultCode::InvalidCredentials, "{name}");
    }
    assert_eq!(client.search(&Ask::sub(SUFFIX, "(cn=*)")).await.entries, []);
    assert_eq!(client.bind("101", "").await, LdapResultCode::UnwillingToPerform);
    assert_eq!(client.bind("", "").await, LdapResultCode::Success);
    let sasl = [&[2, 1, 3][..], &element(4, b""), &element(0xa3, &element(4, b"DIGEST-MD5"))];
    client.request(&element(0x60, &sasl.concat())).await;
    assert_eq!(client.result().await, LdapResultCode::AuthMethodNotSupported);
}

#[tokio::test]
async fn nobody_sees_the_root_dse_only() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    let root =
        Ask { scope: BASE, attributes: &["namingContexts"], ..Ask::sub("", "(objectclass=*)") };
    assert_eq!(client.search(&root).await.entries[0].values("namingContexts"), [SUFFIX]);
    for (base, scope) in [(SUFFIX, BASE), (SUFFIX, ONE), (SUFFIX, 2), ("", 2)] {
        let found = client.search(&Ask { scope, ..Ask::sub(base, "(objectClass=*)") }).await;
        assert_eq!((found.entries, found.code), (vec![], LdapResultCode::Success));
    }
    for base in ["ou=people,dc=pbx,dc=com", "uid=101,ou=people,dc=pbx,dc=com", "dc=other,dc=org"] {
        let found = client.search(&Ask::sub(base, "(objectClass=*)")).await;
        assert_eq!((found.entries, found.code), (vec![], LdapResultCode::NoSuchObject), "{base}");
    }
    assert_eq!(extended(&mut client, WHO_AM_I).await, (LdapResultCode::Success, String::new()));
}

#[tokio::test]
async fn personal_contacts_are_seen_by_their_owner_only() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    let mut jane = Client::signed_in(&world, "102", "jane-secret").await;
    let mut phone = Client::phone(&world).await;
    let personal = "ou=personal,dc=pbx,dc=com";
    let all = |base| Ask::sub(base, "(cn=*privat*)");
    assert_eq!(john.search(&all(personal)).await.names(), ["Jonas Privat"]);
    assert_eq!(john.search(&all(SUFFIX)).await.names(), ["Jonas Privat"]);
    assert_eq!(jane.search(&all(personal)).await.names(), ["Josephine Privat"]);
    assert_eq!(phone.search(&all(personal)).await.code, LdapResultCode::NoSuchObject);
    assert_eq!(phone.search(&all(SUFFIX)).await.entries, []);
    let number = Ask::sub(SUFFIX, "(mobile=*5551234)");
    assert_eq!(john.search(&number).await.names(), ["Jonas Privat"]);

    let dn = john.search(&all(personal)).await.entries[0].dn.clone();
    let read = Ask { scope: BASE, ..Ask::sub(&dn, "(objectClass=*)") };
    assert_eq!(john.search(&read).await.names(), ["Jonas Privat"]);
    let foreign = jane.search(&read).await;
    let absent = "uid=00000000-0000-7000-8000-000000000000,ou=personal,dc=pbx,dc=com";
    let absent = jane.search(&Ask { scope: BASE, ..Ask::sub(absent, "(objectClass=*)") }).await;
    assert_eq!(format!("{foreign:?}"), format!("{absent:?}"), "invisible is as absent");
}

#[tokio::test]
async fn a_phone_account_sees_its_books_only() {
    let world = World::start().await;
    let mut lobby =
        Client::signed_in(&world, "cn=lobby,ou=services,dc=pbx,dc=com", "lobby-secret").await;
    assert_eq!(lobby.search(&Ask::sub(SUFFIX, "(cn=acme*)")).await.entries, []);
    let shared = lobby.search(&Ask::sub("ou=shared,dc=pbx,dc=com", "(cn=*)")).await;
    assert_eq!((shared.code, &*shared.matched), (LdapResultCode::NoSuchObject, SUFFIX));
    let one = Ask { scope: ONE, attributes: &["ou"], ..Ask::sub(SUFFIX, "(objectClass=*)") };
    let expected = ["people", "departments", "status", "all", "contacts"];
    let expected = expected.map(|ou| format!("ou={ou},{SUFFIX}"));
    assert_eq!(lobby.search(&one).await.dns(), expected);
}

#[tokio::test]
async fn who_is_not_listed_is_found_nowhere() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    assert_eq!(john.search(&Ask::sub(SUFFIX, "(cn=*unlisted*)")).await.entries, []);
    let dn = "uid=199,ou=people,dc=pbx,dc=com";
    assert_eq!(john.search(&Ask::sub(dn, "(cn=*)")).await.code, LdapResultCode::NoSuchObject);
}

#[tokio::test]
async fn hidden_numbers_are_undefined_for_others() {
    let world = World::start_with(Limits::default(), FieldSet::of(&[Field::Mobile])).await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    let mut jane = Client::signed_in(&world, "102", "jane-secret").await;
    let ask = |filter| Ask { attributes: &["cn", "mobile"], ..Ask::sub(SUFFIX, filter) };
    let own = john.search(&ask("(mobile=*30666)")).await;
    assert_eq!(own.entries[0].values("mobile"), ["0170 30666"]);
    assert_eq!(jane.search(&ask("(mobile=*30666)")).await.entries, []);
    let others = jane.search(&ask("(!(mobile=nothing))")).await;
    assert_eq!(others.names(), ["Acme Supplies", "Jane Doe", "Josephine Privat", "Анна Иванова"]);
    let shown = jane.search(&ask("(sn=smith)")).await;
    assert_eq!(shown.entries[0].values("mobile"), [""; 0]);
    let compare = |dn: &str| {
        let assertion = [element(4, b"mobile"), element(4, b"0170 30666")].concat();
        element(0x6e, &[element(4, dn.as_bytes()), element(0x30, &assertion)].concat())
    };
    jane.request(&compare("uid=101,ou=people,dc=pbx,dc=com")).await;
    assert_eq!(jane.result().await, LdapResultCode::NoSuchAttribute);
    john.request(&compare("uid=101,ou=people,dc=pbx,dc=com")).await;
    assert_eq!(john.result().await, LdapResultCode::CompareTrue);
}

#[tokio::test]
async fn a_revoked_account_is_disconnected() {
    let world = World::start().await;
    let mut phone = Client::phone(&world).await;
    assert!(phone.is_alive().await);
    world.edit(Edit::RemovePhone(world.organization.clone(), "phones".into())).await;
    phone.request(&Ask::sub(SUFFIX, "(cn=*)").encoded()).await;
    let notice = phone.receive().await.unwrap();
    assert_eq!(notice.msgid, 0);
    assert_eq!(code(notice.op), LdapResultCode::StrongerAuthRequired);
    assert!(phone.receive().await.is_none());
}

#[tokio::test]
async fn nothing_is_written_and_the_connection_stays() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    let dn = element(4, b"uid=101,ou=people,dc=pbx,dc=com");
    let attribute = element(0x30, &[element(4, b"sn"), element(0x31, &element(4, b"x"))].concat());
    let change = element(0x30, &[&[0x0a, 1, 2][..], &attribute].concat());
    let new_name = [dn.clone(), element(4, b"uid=1"), vec![1, 1, 0xff]].concat();
    for operation in [
        element(0x66, &[dn.clone(), element(0x30, &change)].concat()),
        element(0x68, &[dn.clone(), element(0x30, &attribute)].concat()),
        element(0x4a, b"uid=101,ou=people,dc=pbx,dc=com"),
        element(0x6c, &new_name),
    ] {
        john.request(&operation).await;
        assert_eq!(john.result().await, LdapResultCode::UnwillingToPerform);
    }
    let password_modify = "1.3.6.1.4.1.4203.1.11.1";
    assert_eq!(
        extended(&mut john, password_modify).await.0,
        LdapResultCode::ConfidentialityRequired
    );
    assert_eq!(extended(&mut john, "1.2.3.4").await.0, LdapResultCode::ProtocolError);
    assert_eq!(john.search(&Ask::sub(SUFFIX, "(uid=101)")).await.names(), ["John Smith"]);
}
