//! The tree of each account: its containers, the entries below them, and their names.

use std::collections::HashSet;

use ldap3_proto::proto::LdapResultCode;
use ringbook::contact::Book;
use ringbook::contact::book::Availability;
use ringbook::contact::card::Field;
use ringbook::directory::new_id;

use crate::client::{Ask, BASE, CHILDREN, Client, Entry, ONE, SUB, element};
use crate::office::Office;
use crate::world::SUFFIX;

const ALL: &str = "(objectClass=*)";
const CONTAINERS: &str = "(objectClass=organizationalUnit)";

/// The name of a container, given without the suffix.
fn dn(ou: &str) -> String {
    format!("{ou},{SUFFIX}")
}

async fn containers(client: &mut Client) -> Vec<String> {
    let found = client.search(&Ask::sub(SUFFIX, CONTAINERS)).await;
    let behind = format!(",{SUFFIX}");
    found.dns().iter().map(|dn| dn.strip_suffix(&behind).unwrap().to_owned()).collect()
}

async fn names(client: &mut Client, base: &str) -> String {
    client.search(&Ask::sub(base, ALL)).await.names().join(", ")
}

const PEOPLE: [&str; 12] = [
    "ou=people",
    "ou=departments",
    "ou=R&D\\, Berlin,ou=departments",
    "ou=Sales,ou=departments",
    "ou=Support,ou=departments",
    "ou=sites",
    "ou=\\#1,ou=sites",
    "ou=Berlin,ou=sites",
    "ou=status",
    "ou=available,ou=status",
    "ou=busy,ou=status",
    "ou=offline,ou=status",
];
const SUPPLIERS: &str = "ou=A/B \\\"Lieferanten\\\" = #2,ou=shared";

#[tokio::test]
async fn each_account_has_its_tree() {
    let office = Office::open().await;
    let shared = ["ou=shared"];
    let suppliers = ["ou=shared", SUPPLIERS];
    let own = ["ou=personal", "ou=favorites"];
    let rest = ["ou=all", "ou=contacts"];
    for (account, expected) in [
        ("101", [&PEOPLE[..], &suppliers, &own, &rest].concat()),
        ("102", [&PEOPLE[..], &shared, &own, &rest].concat()),
        ("103", [&PEOPLE[..], &suppliers, &own, &rest].concat()),
        ("104", [&PEOPLE[..], &suppliers, &own, &rest].concat()),
        ("phones", [&PEOPLE[..], &shared, &rest].concat()),
        ("anna", [&PEOPLE[..], &suppliers, &own, &rest].concat()),
        ("desk", [&PEOPLE[..], &shared, &rest].concat()),
    ] {
        let mut client = office.client(account).await;
        assert_eq!(containers(&mut client).await, expected, "{account}");
    }
}

#[tokio::test]
async fn every_view_shows_its_entries() {
    let office = Office::open().await;
    let mut anna = office.client("101").await;
    for (ou, expected) in [
        ("ou=people", "Anna Adams, Bert Berg, Cleo Cole, Dora Dorn, Emil Ernst, Gina Gold"),
        ("ou=departments", "Anna Adams, Bert Berg, Cleo Cole, Emil Ernst"),
        ("ou=R&D\\, Berlin,ou=departments", "Bert Berg"),
        ("OU=\"r&d,  BERLIN\";ou=Departments", "Bert Berg"),
        ("ou=Sales,ou=departments", "Anna Adams, Cleo Cole"),
        ("ou=sites", "Anna Adams, Bert Berg, Gina Gold"),
        ("ou=\\231,ou=sites", "Anna Adams"),
        ("ou=berlin,ou=sites", "Bert Berg, Gina Gold"),
        ("ou=status", "Anna Adams, Bert Berg"),
        ("ou=busy,ou=status", "Anna Adams"),
        ("ou=offline,ou=status", ""),
        ("ou=shared", "Acme, Bolts"),
        (SUPPLIERS, "Bolts"),
        ("ou=personal", "Aunt"),
        ("ou=favorites", "Acme, Aunt, Bert Berg, Marie Martin"),
        (
            "ou=all",
            "Anna Adams, Bert Berg, Cleo Cole, Dora Dorn, Emil Ernst, Gina Gold, Marie Martin, Pierre",
        ),
        (
            "ou=contacts",
            "Acme, Anna Adams, Aunt, Bert Berg, Bolts, Cleo Cole, Dora Dorn, Emil Ernst, Gina Gold",
        ),
    ] {
        assert_eq!(names(&mut anna, &dn(ou)).await, expected, "{ou}");
    }
    let one = Ask { scope: ONE, ..Ask::sub(SUFFIX, ALL) };
    assert_eq!(anna.search(&one).await.entries.len(), 9, "containers only");
    let shared = dn("ou=shared");
    let one = anna.search(&Ask { scope: ONE, ..Ask::sub(&shared, ALL) }).await;
    assert_eq!(one.names(), ["", "Acme"], "the further book, and what is right here");
}

#[tokio::test]
async fn each_contact_is_found_once_above_the_views() {
    let office = Office::open().await;
    for account in ["101", "102", "103", "104", "phones", "support", "anna", "desk"] {
        let mut client = office.client(account).await;
        for (base, scope) in [("", SUB), (SUFFIX, SUB), (SUFFIX, CHILDREN), ("", ONE)] {
            let ask = Ask { scope, attributes: &["entryUUID"], ..Ask::sub(base, "(cn=*)") };
            let found = client.search(&ask).await.entries;
            let once: HashSet<&str> = found.iter().map(|entry| entry.first("entryUUID")).collect();
            assert_eq!(once.len(), found.len(), "{account} {base}");
            let homes = ["ou=people,", "ou=shared,", "ou=personal,"];
            let home = |entry: &Entry| homes.iter().any(|home| entry.dn.contains(home));
            assert!(found.iter().all(home), "{account} {base}");
        }
    }
    let mut anna = office.client("101").await;
    let all =
        "Acme, Anna Adams, Aunt, Bert Berg, Bolts, Cleo Cole, Dora Dorn, Emil Ernst, Gina Gold";
    assert_eq!(names(&mut anna, "").await, all);
}

/// All that an account gets to see, container by container.
async fn everything(client: &mut Client, base: String, entries: &mut Vec<Entry>) {
    let ask = Ask { scope: ONE, attributes: &["*", "+"], ..Ask::sub(&base, ALL) };
    let found = client.search(&ask).await;
    assert_eq!(found.code, LdapResultCode::Success, "{base}");
    for entry in found.entries {
        if entry.first("hasSubordinates") == "TRUE" {
            Box::pin(everything(client, entry.dn.clone(), entries)).await;
        }
        entries.push(entry);
    }
}

#[tokio::test]
async fn every_name_that_is_handed_out_reads_back() {
    let office = Office::open().await;
    let odd = " a=\"b\", c+d;<e>\\ #";
    let card = [(Field::GivenName, "Odd"), (Field::Department, odd), (Field::Site, "Ω ≤ \u{a0}x")];
    office.person("main", (new_id(), "1 \"2\",+#"), &card).await;
    for (account, count) in [
        ("101", 65),
        ("102", 60),
        ("103", 59),
        ("104", 59),
        ("phones", 54),
        ("anna", 65),
        ("support", 23),
        ("desk", 63),
    ] {
        let mut client = office.client(account).await;
        let mut entries = Vec::new();
        everything(&mut client, SUFFIX.to_owned(), &mut entries).await;
        assert_eq!(entries.len(), count, "{account}");
        for entry in &entries {
            let read = Ask { scope: BASE, attributes: &["*", "+"], ..Ask::sub(&entry.dn, ALL) };
            assert_eq!(
                client.search(&read).await.entries,
                std::slice::from_ref(entry),
                "{account}"
            );
            assert_eq!(entry.first("entryDN"), entry.dn);
            let (rdn, _) = entry.dn.split_once(',').unwrap();
            let kind = rdn.split_once('=').unwrap().0;
            assert!(!entry.values(kind).is_empty(), "the entry has the value of its name");
            for name in ["manager", "secretary"] {
                for dn in entry.values(name) {
                    let read = Ask { scope: BASE, ..Ask::sub(dn, ALL) };
                    assert_eq!(client.search(&read).await.entries.len(), 1, "{account} {dn}");
                }
            }
        }
        let dns: HashSet<&str> = entries.iter().map(|entry| entry.dn.as_str()).collect();
        assert_eq!(dns.len(), entries.len(), "no name is of two entries");
    }
}

#[tokio::test]
async fn the_uid_of_an_entry_is_the_one_in_its_name() {
    let office = Office::open().await;
    let mut anna = office.client("101").await;
    let id = office.bert.to_string();
    for (ou, uid, values) in [
        ("ou=people", "102", vec!["102"]),
        ("ou=R&D\\, Berlin,ou=departments", "102", vec!["102"]),
        ("ou=available,ou=status", "102", vec!["102"]),
        ("ou=favorites", id.as_str(), vec!["102", &id]),
        ("ou=all", id.as_str(), vec!["102", &id]),
        ("ou=contacts", id.as_str(), vec!["102", &id]),
    ] {
        let base = dn(ou);
        for attributes in [&["UserID", "cn"][..], &["*"], &["+", "uid", "*"]] {
            for filter in ["(uid=102)", "(cn=bert*)", "(&(uid=102)(!(uid=103)))"] {
                let found = anna.search(&Ask { attributes, ..Ask::sub(&base, filter) }).await;
                assert_eq!(found.dns(), [format!("uid={uid},{base}")], "{filter}");
                let name = if attributes.len() == 2 { "UserID" } else { "uid" };
                assert_eq!(found.entries[0].values(name), values, "{ou}");
            }
        }
        let by_id = anna.search(&Ask::sub(&base, &format!("(uid={id})"))).await;
        assert_eq!(by_id.entries.len(), values.len() - 1, "{ou}");
        // Only the name's own form is a name.
        let other = if uid == "102" { id.as_str() } else { "102" };
        let found = anna.search(&Ask::sub(&format!("uid={other},{base}"), ALL)).await;
        assert_eq!(found.code, LdapResultCode::NoSuchObject);
    }
}

#[tokio::test]
async fn filters_know_the_names_of_the_view() {
    let office = Office::open().await;
    let mut anna = office.client("101").await;
    let id = office.bert;
    let (people, all) = (dn("uid=102,ou=people"), dn(&format!("uid={id},ou=all")));
    let sales = "(ou:dn:=sales)";
    for (base, filter, expected) in [
        (SUFFIX, format!("(entryDN={people})"), "Bert Berg"),
        (SUFFIX, format!("(entryDN={all})"), ""),
        (&*dn("ou=all"), format!("(entryDN={all})"), "Bert Berg"),
        (&*dn("ou=all"), format!("(entryDN={people})"), ""),
        // A reference means the person, whatever name of theirs is given.
        (SUFFIX, format!("(secretary={people})"), "Anna Adams"),
        (SUFFIX, format!("(secretary={all})"), "Anna Adams"),
        (SUFFIX, format!("(manager=uid={},ou=all,{SUFFIX})", office.marie), "Bert Berg"),
        (
            SUFFIX,
            "(ou:dn:=people)".into(),
            "Anna Adams, Bert Berg, Cleo Cole, Dora Dorn, Emil Ernst, Gina Gold",
        ),
        (SUFFIX, "(organizationalUnitName:dn:=shared)".into(), "Acme, Bolts"),
        (SUFFIX, "(ou:dn:=a/b \"lieferanten\" = #2)".into(), "Bolts"),
        (SUFFIX, "(:dn:caseIgnoreMatch:=personal)".into(), "Aunt"),
        (SUFFIX, "(dc:dn:=nowhere)".into(), ""),
        (&*dn("ou=departments"), "(&(ou:dn:=departments)(cn=b*))".into(), "Bert Berg"),
        (&*dn("ou=sites"), "(ou:dn:=berlin)".into(), "Bert Berg, Gina Gold"),
        (&*dn("ou=sites"), "(!(ou:dn:=berlin))".into(), "Anna Adams"),
        (&*dn("ou=status"), "(ou:dn:=busy)".into(), "Anna Adams"),
        (&*dn("ou=all"), "(uid:dn:=102)".into(), "Bert Berg"),
        // Anna is shown in the first department of her card; Sales is on it as well.
        (&*dn("ou=departments"), format!("(&{sales}(!(ou=sales)))"), ""),
        (&*dn("ou=departments"), "(&(ou=sales)(!(ou:dn:=sales)))".into(), ""),
    ] {
        let found = anna.search(&Ask::sub(base, &filter)).await;
        assert_eq!(found.names().join(", "), expected, "{base} {filter}");
    }
    let shown = anna.search(&Ask::sub(&dn("ou=departments"), "(cn=anna*)")).await;
    assert_eq!(shown.dns(), [dn("uid=101,ou=Support,ou=departments")]);
    let filter = "(&(objectClass=organizationalUnit)(ou:dn:=departments))";
    assert_eq!(anna.search(&Ask::sub(SUFFIX, filter)).await.entries.len(), 4);
}

#[tokio::test]
async fn references_name_people_where_the_asker_finds_them() {
    let office = Office::open().await;
    let mut anna = office.client("101").await;
    let ask =
        |base, filter| Ask { attributes: &["manager", "secretary"], ..Ask::sub(base, filter) };
    let bert = anna.search(&ask(SUFFIX, "(uid=102)")).await;
    let marie = dn(&format!("uid={},ou=all", office.marie));
    assert_eq!(bert.entries[0].values("manager"), [dn("uid=101,ou=people"), marie.clone()]);
    let own = anna.search(&ask(SUFFIX, "(uid=101)")).await;
    assert_eq!(own.entries[0].values("manager"), [""; 0], "Vera is not listed");
    assert_eq!(own.entries[0].values("secretary"), [dn("uid=102,ou=people")]);
    let all = dn("ou=all");
    let found = anna.search(&ask(&all, "(cn=marie*)")).await;
    assert!(found.entries[0].first("manager").ends_with(&all), "her manager is of paris too");
    // Who does not see other organizations has no name for her.
    let mut support = office.client("desk").await;
    let bert = support.search(&ask(SUFFIX, "(uid=102)")).await;
    assert_eq!(bert.entries[0].values("manager"), [dn("uid=101,ou=people")]);
    assert_eq!(support.search(&ask(SUFFIX, &format!("(manager={marie})"))).await.entries, []);
}

#[tokio::test]
async fn people_of_other_organizations_come_with_numbers_that_can_be_dialled() {
    let office = Office::open().await;
    let mut anna = office.client("101").await;
    let all = dn("ou=all");
    let attributes = &["telephoneNumber", "ipPhone", "mobile", "uid"];
    let found = anna.search(&Ask { attributes, ..Ask::sub(&all, "(cn=marie*)") }).await;
    assert_eq!(found.entries[0].values("telephoneNumber"), ["81201", "+33123456789"]);
    assert_eq!(found.entries[0].values("mobile"), ["+33 6 12 34 56 78"]);
    for filter in ["(telephoneNumber=0033123456789)", "(mobile=*345678)", "(ipPhone=81201)"] {
        let found = anna.search(&Ask::sub(&all, filter)).await;
        assert_eq!(found.names(), ["Marie Martin"], "{filter}");
        assert_eq!(anna.search(&Ask::sub(SUFFIX, filter)).await.entries, [], "not above the views");
    }
    // Consent that ends, ends at once; so does the name.
    let marie = found.entries[0].dn.clone();
    office.set(|main| main.shares_with.clear()).await;
    assert!(!names(&mut anna, &all).await.contains("Marie"));
    assert_eq!(anna.search(&Ask::sub(&marie, ALL)).await.code, LdapResultCode::NoSuchObject);
    assert_eq!(names(&mut anna, &dn("ou=favorites")).await, "Acme, Aunt, Bert Berg");
}

#[tokio::test]
async fn status_follows_presence() {
    let office = Office::open().await;
    let mut anna = office.client("101").await;
    let [available, busy] = ["ou=available,ou=status", "ou=busy,ou=status"].map(dn);
    assert_eq!(names(&mut anna, &available).await, "Bert Berg");
    office.is(office.bert, Availability::Busy);
    assert_eq!(names(&mut anna, &available).await, "");
    assert_eq!(names(&mut anna, &busy).await, "Anna Adams, Bert Berg");
    let gone = anna.search(&Ask::sub(&format!("uid=102,{available}"), ALL)).await;
    assert_eq!((gone.code, gone.matched), (LdapResultCode::NoSuchObject, available.clone()));
    let ask = |base| Ask { scope: BASE, attributes: &["hasSubordinates"], ..Ask::sub(base, ALL) };
    assert_eq!(anna.search(&ask(&busy)).await.entries[0].first("hasSubordinates"), "TRUE");
    assert_eq!(anna.search(&ask(&available)).await.entries[0].first("hasSubordinates"), "FALSE");
    let found = anna.search(&Ask::sub(&dn("ou=status"), "(cn=b*)")).await;
    assert_eq!(found.dns(), [format!("uid=102,{busy}")]);
}

#[tokio::test]
async fn changes_show_at_once_and_names_follow_the_records() {
    let office = Office::open().await;
    let mut anna = office.client("101").await;
    let card = [(Field::GivenName, "Bert"), (Field::Department, "Support")];
    office.person("main", (office.bert, "102"), &card).await;
    let support = dn("ou=Support,ou=departments");
    assert_eq!(names(&mut anna, &support).await, "Anna Adams, Bert, Emil Ernst");
    let gone = dn("uid=102,ou=R&D\\, Berlin,ou=departments");
    assert_eq!(anna.search(&Ask::sub(&gone, ALL)).await.code, LdapResultCode::NoSuchObject);
    let contact = office.contact(Book::Shared, &[(Field::Company, "Zoo")]).await;
    office.star(office.anna, contact).await;
    assert!(names(&mut anna, &dn("ou=favorites")).await.ends_with("Zoo"));
}

#[tokio::test]
async fn compares_read_the_same_entries() {
    let office = Office::open().await;
    let mut anna = office.client("101").await;
    let id = office.bert.to_string();
    let all = dn(&format!("uid={id},ou=all"));
    for (dn, attribute, value, expected) in [
        (&*dn("uid=102,ou=people"), "uid", "102", LdapResultCode::CompareTrue),
        (&*dn("uid=102,ou=people"), "uid", id.as_str(), LdapResultCode::CompareFalse),
        (&all, "uid", id.as_str(), LdapResultCode::CompareTrue),
        (&all, "entryDN", &all, LdapResultCode::CompareTrue),
        (&all, "entryDN", &dn("uid=102,ou=people"), LdapResultCode::CompareFalse),
        (&all, "mobile", "+49 170 5552222", LdapResultCode::NoSuchAttribute),
        (&*dn("uid=102,ou=busy,ou=status"), "uid", "102", LdapResultCode::NoSuchObject),
        (&*dn("ou=R&D\\, Berlin,ou=departments"), "ou", "r&d, berlin", LdapResultCode::CompareTrue),
        (&*dn("ou=departments"), "hasSubordinates", "TRUE", LdapResultCode::CompareTrue),
        (
            &*dn("ou=departments"),
            "entryDN",
            &format!("OU=departments, {SUFFIX}"),
            LdapResultCode::CompareTrue,
        ),
        // Vera is not listed: Anna's entry has no manager.
        (
            &*dn("uid=101,ou=people"),
            "manager",
            &dn("uid=199,ou=people"),
            LdapResultCode::NoSuchAttribute,
        ),
        (
            &*dn("uid=102,ou=people"),
            "manager",
            &dn("uid=101,ou=people"),
            LdapResultCode::CompareTrue,
        ),
    ] {
        let assertion = [element(4, attribute.as_bytes()), element(4, value.as_bytes())].concat();
        let content = [element(4, dn.as_bytes()), element(0x30, &assertion)].concat();
        anna.request(&element(0x6e, &content)).await;
        assert_eq!(anna.result().await, expected, "{dn} {attribute}={value}");
    }
}
