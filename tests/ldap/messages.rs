//! Sends the messages of `tests/ldap/messages.txt`, well-formed and not, and compares the answers.

use ldap3_proto::proto::{LdapMsg, LdapOp, LdapPartialAttribute};

use crate::client::{Client, bytes, code, element, message};
use crate::control::{PAGED, SORT_RESPONSE, VIEW_RESPONSE};
use crate::phones::successor;

const WHO_AM_I: &[u8] = b"1.3.6.1.4.1.4203.1.11.3";

/// How a message is answered in the words of the file, such as `search: Jane Doe, Tom Riddle: Success`.
/// Who am I behind the message tells when it has been answered, or that it ended the connection.
async fn answer(client: &mut Client, hex: &str) -> String {
    client.send(&bytes(hex)).await;
    client.send(&message(99, &element(0x77, &element(0x80, WHO_AM_I)), &[])).await;
    let (mut words, mut names) = (Vec::new(), Vec::new());
    while let Some(LdapMsg { msgid, op, .. }) = client.receive().await {
        if msgid == 99 {
            break;
        }
        if let LdapOp::SearchResultEntry(entry) = op {
            names.push(name(&entry.attributes));
            continue;
        }
        let kind = match &op {
            LdapOp::BindResponse(_) => "bind",
            LdapOp::CompareResult(_) => "compare",
            LdapOp::ExtendedResponse(_) if msgid == 0 => "notice",
            LdapOp::ExtendedResponse(_) => "extended",
            LdapOp::ModifyResponse(_) => "modify",
            LdapOp::SearchResultDone(_) => "search",
            other => panic!("{other:?}"),
        };
        let found = match names.len() {
            0 => String::new(),
            1..=3 => format!(" {}:", names.join(", ")),
            count => format!(" {count} entries from {} to {}:", names[0], names[count - 1]),
        };
        names.clear();
        let controls = client.controls.iter().map(|(oid, _)| match oid.as_str() {
            PAGED => " with a page",
            SORT_RESPONSE => " with an order",
            VIEW_RESPONSE => " with a place",
            other => panic!("{other}"),
        });
        let controls = controls.collect::<String>();
        words.push(format!("{kind}:{found} {:?}{controls}", code(op)));
    }
    if words.is_empty() { "nothing".to_owned() } else { words.join("; ") }
}

/// The name of an entry, or what else there is of it.
fn name(attributes: &[LdapPartialAttribute]) -> String {
    let named = attributes.iter().find(|attribute| attribute.atype.eq_ignore_ascii_case("cn"));
    let first = named.or_else(|| attributes.first()).and_then(|attribute| attribute.vals.first());
    first.map_or_else(|| "an entry".to_owned(), |value| String::from_utf8_lossy(value).into_owned())
}

#[tokio::test]
async fn each_message_has_its_answer() {
    let world = successor().await;
    let mut wrong = Vec::new();
    let mut lines = include_str!("messages.txt").lines().filter(|line| !line.starts_with('#'));
    while let (Some(line), Some(expected)) = (lines.next(), lines.next()) {
        let (name, hex) = line.split_once('|').unwrap();
        let answer = answer(&mut Client::phone(&world).await, hex).await;
        if answer != expected.trim() {
            wrong.push(format!("{name}\n    {answer}"));
        }
    }
    assert!(wrong.is_empty(), "answered otherwise:\n{}", wrong.join("\n"));
    assert!(Client::connect(&world).await.is_alive().await);
}
