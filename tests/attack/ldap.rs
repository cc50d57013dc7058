//! What an attacker asks over LDAP.

use uuid::Uuid;

use crate::client::{Ask, BASE, Client, ONE, SUB, element};
use crate::guesses;
use crate::world::{PERSONAL, RESTRICTED, STRANGER, UNLISTED, World};

const SUFFIX: &str = "dc=acme,dc=example";

/// Asks everything, and keeps what came back.
pub(crate) async fn ask(
    world: &World,
    name: &str,
    password: &str,
    answers: &mut Vec<(String, String)>,
) {
    let mut client = Client::connect(world).await;
    if !name.is_empty() {
        let code = client.bind(name, password).await;
        answers.push((format!("{name} bind"), format!("{code:?}")));
    }
    for base in bases() {
        for filter in filters() {
            for scope in [BASE, ONE, SUB] {
                // Most filters tell no more at one level than below.
                if scope != SUB && !filter.contains("cn=*") {
                    continue;
                }
                let ask = Ask { scope, attributes: &["*", "+"], ..Ask::sub(&base, &filter) };
                client.request(&ask.encoded()).await;
                let question = format!("{name} search {base} {filter} {scope}");
                answers.push((question, replies(&mut client).await));
            }
        }
        let ask = Ask { limit: 1, ..Ask::sub(&base, "(objectClass=*)") };
        client.request(&ask.encoded()).await;
        answers.push((format!("{name} first of {base}"), replies(&mut client).await));
    }
    for (dn, attribute, value) in comparisons() {
        client.request(&compare(&dn, attribute, &value)).await;
        let reply = client.receive().await.unwrap();
        answers
            .push((format!("{name} compare {dn} {attribute}={value}"), format!("{:?}", reply.op)));
    }
    for stranger in ["230", "uid=230,ou=people,dc=acme,dc=example", "201", "299"] {
        let mut client = Client::connect(world).await;
        let code = client.bind(stranger, "a wrong password").await;
        answers.push((format!("{name} bind as {stranger}"), format!("{code:?}")));
    }
}

/// The replies to a search, to the attribute.
async fn replies(client: &mut Client) -> String {
    let mut all = String::new();
    loop {
        let Some(reply) = client.receive().await else { return all + "closed" };
        all += &format!("{:?}\n", reply.op);
        if all.contains("SearchResultDone") {
            return all;
        }
    }
}

fn bases() -> Vec<String> {
    let below = |name: &str| format!("{name},{SUFFIX}");
    let mut bases: Vec<String> = [
        "ou=people",
        "ou=shared",
        "ou=personal",
        "ou=favorites",
        "ou=all",
        "ou=contacts",
        "ou=departments",
        "ou=Support,ou=departments",
        "ou=Sales,ou=departments",
        "ou=sites",
        "ou=status",
        "ou=Board,ou=shared",
        "ou=Rita Restricted,ou=shared",
        "uid=201,ou=people",
        "uid=230,ou=people",
        "uid=231,ou=people",
        "ou=personal,uid=201,ou=people",
    ]
    .map(below)
    .to_vec();
    for number in [UNLISTED, PERSONAL, STRANGER, RESTRICTED, 0x99] {
        let id = Uuid::from_u128(number);
        for book in ["people", "personal", "all", "contacts", "favorites", "shared"] {
            bases.push(below(&format!("uid={id},ou={book}")));
        }
    }
    let others = ["", SUFFIX, "dc=rome,dc=example", "ou=people,dc=rome,dc=example", "dc=nowhere"];
    bases.extend(others.map(str::to_owned));
    bases
}

fn filters() -> Vec<String> {
    let mut filters: Vec<String> = [
        "(cn=*)",
        "(!(cn=Anna Adams))",
        "(mobile=*)",
        "(!(mobile=*))",
        "(mobile=*4567)",
        "(mobile=+4917*)",
        "(mobile=*12345*)",
        "(!(mobile=*7654321))",
        "(mobile>=0)",
        "(mobile<=z)",
        "(&(uid=201)(mobile=*))",
        "(|(mobile=*)(cn=nobody))",
        "(&(cn=Anna*)(!(mobile=+491701234567)))",
        "(telephoneNumber=*0777)",
        "(objectClass=organizationalUnit)",
        "(ou=Support)",
        "(hasSubordinates=TRUE)",
        "(ringbookPresence=*)",
        "(!(ringbookPresence=busy))",
        "(directReports=*)",
        "(directReports=uid=230,ou=people,dc=acme,dc=example)",
        "(modifyTimestamp>=20200101000000Z)",
    ]
    .map(str::to_owned)
    .to_vec();
    for guess in guesses() {
        let word = guess.split(' ').next_back().unwrap_or(guess);
        filters.push(format!("(cn={guess})"));
        filters.push(format!("(|(cn=*{word}*)(telephoneNumber=*{word}*)(mobile=*{word}))"));
        filters.push(format!("(&(objectClass=person)(!(sn={word}))(!(mobile={guess})))"));
    }
    for number in [UNLISTED, PERSONAL, STRANGER, RESTRICTED] {
        let id = Uuid::from_u128(number);
        filters.push(format!("(|(entryUUID={id})(uid={id})(manager=uid={id},ou=people,{SUFFIX}))"));
    }
    filters
}

fn comparisons() -> Vec<(String, &'static str, String)> {
    let mut asked = Vec::new();
    let anna = format!("uid=201,ou=people,{SUFFIX}");
    let unlisted = format!("uid=230,ou=people,{SUFFIX}");
    let stranger = "uid=900,ou=people,dc=rome,dc=example".to_owned();
    for guess in guesses() {
        for dn in [&anna, &unlisted, &stranger] {
            asked.push((dn.clone(), "mobile", guess.to_owned()));
            asked.push((dn.clone(), "cn", guess.to_owned()));
        }
    }
    asked
}

fn compare(dn: &str, attribute: &str, value: &str) -> Vec<u8> {
    let assertion = [element(4, attribute.as_bytes()), element(4, value.as_bytes())].concat();
    element(0x6e, &[element(4, dn.as_bytes()), element(0x30, &assertion)].concat())
}
