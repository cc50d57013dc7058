//! SASL PLAIN: over TLS, and shown only where it works.

use ldap3_proto::proto::LdapResultCode;

use crate::client::{Ask, BASE, Client, element};
use crate::world::World;

async fn plain(client: &mut Client, message: &[u8]) -> LdapResultCode {
    let credentials = [element(4, b"PLAIN"), element(4, message)].concat();
    let bind = [&[2, 1, 3][..], &element(4, b""), &element(0xa3, &credentials)].concat();
    client.request(&element(0x60, &bind)).await;
    client.result().await
}

async fn mechanisms(client: &mut Client) -> Vec<String> {
    let attributes = &["supportedSASLMechanisms"];
    let root = Ask { scope: BASE, attributes, ..Ask::sub("", "(objectClass=*)") };
    client.search(&root).await.entries[0].values("supportedSASLMechanisms").to_vec()
}

#[tokio::test]
async fn plain_signs_in_over_tls_only() {
    let world = World::start().await;
    let mut clear = Client::connect(&world).await;
    assert_eq!(mechanisms(&mut clear).await, [""; 0]);
    let refused = plain(&mut clear, b"\x00201\x00anna-secret").await;
    assert_eq!(refused, LdapResultCode::ConfidentialityRequired);
    world.come_over_tls();
    let mut client = Client::connect(&world).await;
    assert_eq!(mechanisms(&mut client).await, ["PLAIN"]);
    for message in [
        &b"\x00201\x00anna-secret"[..],
        b"201\x00201\x00anna-secret",
        b"u:anna\x00anna\x00anna-secret",
        b"dn:uid=201,dc=pbx,dc=com\x00uid=201,dc=pbx,dc=com\x00anna-secret",
    ] {
        assert_eq!(plain(&mut client, message).await, LdapResultCode::Success);
        assert!(crate::world::names(&mut client).await.contains(&"Annas Aunt".to_owned()));
    }
    for message in [
        &b"\x00201\x00wrong"[..],
        b"\x00201\x00",
        b"\x00\x00anna-secret",
        // Nobody acts for somebody else, whoever they are.
        b"202\x00201\x00anna-secret",
        b"u:201\x00200\x00admin-secret",
    ] {
        let code = plain(&mut client, message).await;
        assert_eq!(code, LdapResultCode::InvalidCredentials, "{message:?}");
        assert_eq!(crate::world::names(&mut client).await, [""; 0]);
    }
    for message in [&b""[..], b"201\x00anna-secret", b"\x00201\x00a\x00b", b"\x00\xff\x00x"] {
        let code = plain(&mut client, message).await;
        assert_eq!(code, LdapResultCode::ProtocolError, "{message:?}");
    }
}
