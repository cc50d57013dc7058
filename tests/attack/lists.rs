//! What an attacker asks in pages, in an order, and in parts of a list: none of them may tell what a
//! filter does not.

use crate::client::{Ask, Client};
use crate::control::{self, PAGED, at_offset, at_value, paged, sorted};
use crate::guesses;
use crate::world::{PASSWORD, World};

const BASES: [&str; 7] = [
    "",
    "ou=people,dc=acme,dc=example",
    "ou=contacts,dc=acme,dc=example",
    "ou=shared,dc=acme,dc=example",
    "ou=personal,dc=acme,dc=example",
    "ou=departments,dc=acme,dc=example",
    "ou=all,dc=acme,dc=example",
];
const ORDERS: [&str; 8] =
    ["cn", "-sn", "mobile", "-mobile", "telephoneNumber", "-ou sn", "manager", "modifyTimestamp"];
const FILTERS: [&str; 2] = ["(objectClass=*)", "(mobile=*)"];

/// Asks everything, and keeps what came back.
pub(crate) async fn ask(
    world: &World,
    name: &str,
    password: &str,
    answers: &mut Vec<(String, String)>,
) {
    let mut client = Client::connect(world).await;
    if !name.is_empty() {
        client.bind(name, password).await;
    }
    for base in BASES {
        for order in ORDERS {
            for filter in FILTERS {
                pages(&mut client, (name, base, filter, order), answers).await;
            }
            let ask = Ask { attributes: &["cn", "mobile"], ..Ask::sub(base, "(objectClass=*)") };
            let words = guesses().into_iter().chain(["", "bert", "0170", "zz"]);
            for value in words {
                let controls = [sorted(true, order), at_value((1, 1), value)];
                client.request_with(&ask.encoded(), &controls).await;
                let question = format!("{name} list {base} by {order} from {value}");
                answers.push((question, replies(&mut client).await.0));
            }
            for offset in [1, 2, 3, 100] {
                let controls = [sorted(true, order), at_offset((0, 0), offset, 0)];
                client.request_with(&ask.encoded(), &controls).await;
                let question = format!("{name} list {base} by {order} at {offset}");
                answers.push((question, replies(&mut client).await.0));
            }
        }
    }
    cookies_of_others(world, &mut client, name, answers).await;
}

/// Asks page by page.
async fn pages(
    client: &mut Client,
    (name, base, filter, order): (&str, &str, &str, &str),
    answers: &mut Vec<(String, String)>,
) {
    let mut cookie = Vec::new();
    for page in 0..10 {
        let ask = Ask { attributes: &["cn", "mobile"], ..Ask::sub(base, filter) };
        client.request_with(&ask.encoded(), &[paged(1, &cookie), sorted(true, order)]).await;
        let (answer, next) = replies(client).await;
        answers.push((format!("{name} page {page} of {base} by {order} {filter}"), answer));
        cookie = next;
        if cookie.is_empty() {
            break;
        }
    }
}

/// Goes on where Anna is, who sees everything.
async fn cookies_of_others(
    world: &World,
    client: &mut Client,
    name: &str,
    answers: &mut Vec<(String, String)>,
) {
    let mut anna = Client::signed_in(world, "201", PASSWORD).await;
    for base in BASES {
        for order in ["cn", "mobile"] {
            let ask = Ask::sub(base, "(objectClass=*)");
            let first = anna.search_with(&ask, &[paged(1, b""), sorted(true, order)]).await;
            // Where she sees no more than one entry there is none.
            let cookie = Some(first.cookie()).filter(|cookie| !cookie.is_empty());
            let cookie = cookie.unwrap_or_else(|| b"none".to_vec());
            let controls = [paged(1, &cookie), sorted(true, order)];
            client.request_with(&ask.encoded(), &controls).await;
            let question = format!("{name} with the cookie of another at {base} by {order}");
            answers.push((question, replies(client).await.0));
        }
    }
}

/// The replies to a search with their controls, and the cookie for the next page. Of a cookie the
/// length is told: its seal is another one in each run.
async fn replies(client: &mut Client) -> (String, Vec<u8>) {
    let mut all = String::new();
    loop {
        let reply = client.receive().await.unwrap();
        all += &format!("{:?}\n", reply.op);
        for (oid, value) in &client.controls {
            all += &match oid.as_str() {
                PAGED => format!("{oid} {} bytes\n", value.len()),
                _ => format!("{oid} {value:?}\n"),
            };
        }
        if all.contains("SearchResultDone") {
            return (all, control::cookie(&client.controls).unwrap_or_default());
        }
    }
}
