//! Presence and reports in the entries of people, and in filters on them.

use ldap3_proto::proto::LdapResultCode;
use ringbook::contact::book::Availability;
use ringbook::contact::{ContactId, Timestamp};
use ringbook::presence::{Agent, Client as Program, News, Phone};

use crate::client::{Ask, BASE, Client};
use crate::office::Office;
use crate::world::SUFFIX;

const PRESENCE: [&str; 5] = [
    "ringbookPresence",
    "ringbookPhoneStatus",
    "ringbookAgentStatus",
    "ringbookStatusText",
    "ringbookLastSeen",
];

/// The names of who is found below the suffix.
async fn found(client: &mut Client, filter: &str) -> String {
    let found = client.search(&Ask::sub(SUFFIX, filter)).await;
    assert_eq!(found.code, LdapResultCode::Success, "{filter}");
    found.names().join(", ")
}

/// An entry's attributes, `name=value|value`.
async fn shown(client: &mut Client, dn: &str, attributes: &[&str]) -> Vec<String> {
    let dn = format!("{dn},{SUFFIX}");
    let ask = Ask { scope: BASE, attributes, ..Ask::sub(&dn, "(objectClass=*)") };
    let found = client.search(&ask).await;
    let attributes = found.entries[0].attributes.iter();
    attributes.map(|(name, values)| format!("{name}={}", values.join("|"))).collect()
}

fn in_a_meeting(office: &Office, person: ContactId) {
    let news = News {
        client: Some(Some(Program::Meeting)),
        phone: Some(Some(Phone::Idle)),
        agent: Some(Some(Agent::Paused)),
        text: Some(Some("Im Gespräch".into())),
        last_seen: None,
    };
    office.tell(person, news);
}

#[tokio::test]
async fn entries_tell_whether_a_person_can_be_called() {
    let office = Office::open().await;
    in_a_meeting(&office, office.bert);
    let mut client = office.client("101").await;
    let expected = [
        "ringbookPresence=busy",
        "ringbookPhoneStatus=idle",
        "ringbookAgentStatus=paused",
        "ringbookStatusText=Im Gespräch",
    ];
    for view in ["uid=102,ou=people", "uid=102,ou=busy,ou=status"] {
        assert_eq!(shown(&mut client, view, &PRESENCE).await, expected);
    }
    let all = shown(&mut client, "uid=102,ou=people", &["*"]).await;
    assert!(expected.iter().all(|value| all.contains(&(*value).to_owned())), "{all:?}");
    assert_eq!(shown(&mut client, "uid=103,ou=people", &PRESENCE).await, [""; 0], "never told of");

    let news = News {
        client: Some(Some(Program::Offline)),
        phone: Some(None),
        text: Some(None),
        agent: Some(None),
        last_seen: Some(Timestamp(1_795_348_800)),
    };
    office.tell(office.anna, News { phone: Some(None), ..News::default() });
    office.tell(office.anna, news);
    let expected = ["ringbookPresence=offline", "ringbookLastSeen=20261122120000Z"];
    assert_eq!(shown(&mut client, "uid=101,ou=people", &PRESENCE).await, expected);
}

#[tokio::test]
async fn people_are_found_by_their_presence() {
    let office = Office::open().await;
    in_a_meeting(&office, office.bert);
    office.is(office.anna, Availability::Available);
    let mut client = office.client("101").await;
    for (filter, expected) in [
        ("(ringbookPresence=BUSY)", "Bert Berg"),
        ("(ringbookPresence=*)", "Anna Adams, Bert Berg"),
        ("(ringbookPresence=a*)", "Anna Adams"),
        ("(ringbookPhoneStatus=idle)", "Anna Adams, Bert Berg"),
        ("(ringbookPhoneStatus>=j)", ""),
        ("(ringbookStatusText=*gesprach*)", "Bert Berg"),
        ("(ringbookStatusText~=im Gespräch)", "Bert Berg"),
        ("(ringbookAgentStatus=*)", "Bert Berg"),
        ("(&(sn=*)(!(ringbookPresence=*))(ringbookPhoneStatus=idle))", ""),
        ("(&(cn=*er*)(!(ringbookPresence=*)))", "Emil Ernst"),
        ("(ringbookLastSeen=*)", ""),
        ("(ringbookLastSeen=yesterday)", ""),
        ("(!(ringbookLastSeen=yesterday))", ""),
    ] {
        assert_eq!(found(&mut client, filter).await, expected, "{filter}");
    }
    let offline = News {
        client: Some(Some(Program::Offline)),
        phone: Some(None),
        last_seen: Some(Timestamp(1_795_348_800)),
        ..News::default()
    };
    office.tell(office.anna, News { phone: Some(None), ..News::default() });
    office.tell(office.anna, offline);
    for (filter, expected) in [
        ("(ringbookLastSeen=20261122120000Z)", "Anna Adams"),
        ("(ringbookLastSeen>=20261122120000Z)", "Anna Adams"),
        ("(ringbookLastSeen<=20261122115959Z)", ""),
        ("(ringbookLastSeen<=20261122130000+0100)", "Anna Adams"),
    ] {
        assert_eq!(found(&mut client, filter).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn presence_is_told_of_nobody_whom_the_asker_does_not_see() {
    let office = Office::open().await;
    office.is(office.anna, Availability::Busy);
    office.is(office.bert, Availability::Busy);
    // Vera is unlisted and busy; a phone for Support sees Anna and Emil alone.
    let mut anna = office.client("101").await;
    assert_eq!(found(&mut anna, "(ringbookPresence=busy)").await, "Anna Adams, Bert Berg");
    let mut support = office.client("support").await;
    assert_eq!(found(&mut support, "(ringbookPresence=busy)").await, "Anna Adams");
}

#[tokio::test]
async fn a_hidden_presence_is_told_to_the_user_and_administrators_alone() {
    let office = Office::open().await;
    office.is(office.anna, Availability::Busy);
    office.is(office.bert, Availability::Busy);
    office.hide_presence(office.anna).await;
    for (name, known) in [("101", true), ("104", true), ("102", false), ("103", false)] {
        let mut client = office.client(name).await;
        let both = if known { "Anna Adams, Bert Berg" } else { "Bert Berg" };
        for filter in
            ["(ringbookPresence=busy)", "(ringbookPresence=*)", "(ringbookPhoneStatus=in-call)"]
        {
            assert_eq!(found(&mut client, filter).await, both, "{name}");
        }
        let busy = format!("ou=busy,ou=status,{SUFFIX}");
        let listed = client.search(&Ask::sub(&busy, "(cn=*)")).await;
        assert_eq!(listed.names().join(", "), both, "{name}");
        let status = format!("ou=status,{SUFFIX}");
        let listed = client.search(&Ask::sub(&status, "(cn=*)")).await;
        assert_eq!(listed.names().join(", "), both, "{name}");
        let entry = format!("uid=101,ou=busy,ou=status,{SUFFIX}");
        let ask = Ask { scope: BASE, ..Ask::sub(&entry, "(objectClass=*)") };
        assert_eq!(client.search(&ask).await.code == LdapResultCode::Success, known, "{name}");
        let card = shown(&mut client, "uid=101,ou=people", &PRESENCE).await;
        assert_eq!(card.is_empty(), !known, "{name}: {card:?}");
    }
}

#[tokio::test]
async fn managers_show_who_reports_to_them() {
    let office = Office::open().await;
    let mut anna = office.client("101").await;
    let reports = ["directReports"];
    let bert = [format!("directReports=uid=102,ou=people,{SUFFIX}")];
    assert_eq!(shown(&mut anna, "uid=101,ou=people", &reports).await, bert);
    let marie = format!("uid={},ou=all", office.marie);
    assert_eq!(shown(&mut anna, &marie, &reports).await, bert, "of another organization");
    assert_eq!(shown(&mut anna, "uid=102,ou=people", &reports).await, [""; 0]);
    assert!(shown(&mut anna, "uid=101,ou=people", &[]).await.contains(&bert[0]));
    for (filter, expected) in [
        (format!("(directReports=uid=102,ou=people,{SUFFIX})"), "Anna Adams"),
        (format!("(directReports=uid=103,ou=people,{SUFFIX})"), ""),
        ("(directReports=*)".to_owned(), "Anna Adams"),
        (format!("(manager=uid=101,ou=people,{SUFFIX})"), "Bert Berg"),
    ] {
        assert_eq!(found(&mut anna, &filter).await, expected, "{filter}");
    }
    // Bert is not seen from Support.
    let mut support = office.client("support").await;
    assert_eq!(shown(&mut support, "uid=101,ou=people", &reports).await, [""; 0]);
    assert_eq!(found(&mut support, "(directReports=*)").await, "");
}
