//! The schema (RFC 4512 section 4.2), read by a reader of the RFC's grammar that is the tests' own.

use std::collections::{BTreeMap, BTreeSet};

use ldap3_proto::proto::LdapResultCode;
use ringbook::contact::card::{Field, PostalAddress};

use crate::client::{Ask, BASE, Client, Entry, ONE, SUB};
use crate::world::{SUFFIX, World};

/// A description of RFC 4512 section 4.1: the numeric identifier and the terms by their keywords.
struct Description {
    oid: String,
    terms: BTreeMap<String, Vec<String>>,
}

/// Keywords that are followed by nothing.
const FLAGS: [&str; 7] = [
    "OBSOLETE",
    "ABSTRACT",
    "STRUCTURAL",
    "AUXILIARY",
    "SINGLE-VALUE",
    "COLLECTIVE",
    "NO-USER-MODIFICATION",
];
/// Keywords whose values are quoted.
const QUOTED: [&str; 2] = ["NAME", "DESC"];
const NAMED: [&str; 9] =
    ["SUP", "MUST", "MAY", "EQUALITY", "ORDERING", "SUBSTR", "SYNTAX", "USAGE", "APPLIES"];

fn is_oid(text: &str) -> bool {
    let arc = |arc: &str| {
        let digits = !arc.is_empty() && arc.bytes().all(|c| c.is_ascii_digit());
        digits && (arc == "0" || !arc.starts_with('0'))
    };
    text.split('.').count() > 1 && text.split('.').all(arc)
}

fn is_name(text: &str) -> bool {
    let letters = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(letters)
}

impl Description {
    fn read(text: &str) -> Self {
        let inner = text.strip_prefix("( ").and_then(|rest| rest.strip_suffix(" )"));
        let mut words = inner.unwrap_or_else(|| panic!("{text}")).split(' ').peekable();
        let oid = words.next().unwrap().to_owned();
        assert!(is_oid(&oid), "{text}");
        let mut terms = BTreeMap::new();
        while let Some(keyword) = words.next() {
            let mut values = Vec::new();
            let quoted = QUOTED.contains(&keyword);
            if !FLAGS.contains(&keyword) {
                assert!(quoted || NAMED.contains(&keyword), "{keyword} of {text}");
                let list = words.next_if_eq(&"(").is_some();
                loop {
                    let mut value = words.next().unwrap().to_owned();
                    while quoted && !(value.len() > 1 && value.ends_with('\'')) {
                        value = format!("{value} {}", words.next().unwrap());
                    }
                    if quoted {
                        let bare = value.strip_prefix('\'').and_then(|v| v.strip_suffix('\''));
                        value = bare.unwrap_or_else(|| panic!("{text}")).to_owned();
                    }
                    let fits = is_oid(&value) || is_name(&value) || keyword == "DESC";
                    assert!(fits, "{value} of {text}");
                    values.push(value);
                    let more = match (list, words.next_if_eq(&")").is_some()) {
                        (true, false) => quoted || words.next() == Some("$"),
                        _ => false,
                    };
                    if !more {
                        break;
                    }
                }
            }
            assert!(terms.insert(keyword.to_owned(), values).is_none(), "{keyword} of {text}");
        }
        Self { oid, terms }
    }

    fn list(&self, keyword: &str) -> &[String] {
        self.terms.get(keyword).map_or(&[], Vec::as_slice)
    }

    fn one(&self, keyword: &str) -> Option<&str> {
        self.list(keyword).first().map(String::as_str)
    }

    fn has(&self, keyword: &str) -> bool {
        self.terms.contains_key(keyword)
    }

    /// What the thing is called by, in lower case.
    fn names(&self) -> impl Iterator<Item = String> {
        self.list("NAME").iter().chain([&self.oid]).map(|name| name.to_lowercase())
    }
}

/// Things by each of their names.
fn by_name(entry: &Entry, attribute: &str) -> BTreeMap<String, Description> {
    let mut found = BTreeMap::new();
    for text in entry.values(attribute) {
        for name in Description::read(text).names() {
            assert!(found.insert(name.clone(), Description::read(text)).is_none(), "{name} twice");
        }
    }
    found
}

async fn subschema(client: &mut Client, attributes: &[&str]) -> Entry {
    let ask =
        Ask { scope: BASE, attributes, ..Ask::sub("cn=Subschema", "(objectClass=subschema)") };
    let found = client.search(&ask).await;
    assert_eq!((found.code, found.entries.len()), (LdapResultCode::Success, 1));
    found.entries.into_iter().next().unwrap()
}

#[tokio::test]
async fn everybody_reads_the_schema() {
    let world = World::start().await;
    let mut nobody = Client::connect(&world).await;
    let names = |entry: &Entry| -> Vec<String> {
        entry.attributes.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&subschema(&mut nobody, &["*"]).await), ["objectClass", "cn"]);
    let operational = subschema(&mut nobody, &["+"]).await;
    let expected = [
        "subtreeSpecification",
        "structuralObjectClass",
        "objectClasses",
        "attributeTypes",
        "ldapSyntaxes",
        "matchingRules",
        "matchingRuleUse",
        "createTimestamp",
        "modifyTimestamp",
        "subschemaSubentry",
    ];
    assert_eq!(names(&operational), expected);
    let named = subschema(&mut nobody, &["attributetypes", "modifyTimestamp"]).await;
    assert_eq!(names(&named), ["attributetypes", "modifyTimestamp"]);
    for (base, scope, filter, count) in [
        ("CN=SUBSCHEMA", BASE, "(objectClass=*)", 1),
        ("cn=subschema", SUB, "(objectclass=subschema)", 1),
        ("cn=subschema", ONE, "(objectClass=*)", 0),
        ("cn=subschema", BASE, "(objectClass=person)", 0),
        ("cn=subschema", BASE, "(cn=subschema)", 1),
    ] {
        let found = nobody.search(&Ask { scope, ..Ask::sub(base, filter) }).await;
        assert_eq!(
            (found.code, found.entries.len()),
            (LdapResultCode::Success, count),
            "{base} {filter}"
        );
    }
    let below = nobody.search(&Ask::sub("cn=x,cn=subschema", "(objectClass=*)")).await;
    assert_eq!(below.code, LdapResultCode::NoSuchObject);
}

#[tokio::test]
async fn what_the_schema_names_is_defined() {
    let world = World::start().await;
    let entry = subschema(&mut Client::connect(&world).await, &["+"]).await;
    let attributes = by_name(&entry, "attributeTypes");
    let classes = by_name(&entry, "objectClasses");
    let rules = by_name(&entry, "matchingRules");
    let syntaxes = by_name(&entry, "ldapSyntaxes");
    for own in attributes.values() {
        for keyword in ["EQUALITY", "ORDERING", "SUBSTR"] {
            if let Some(rule) = own.one(keyword) {
                assert!(rules.contains_key(&rule.to_lowercase()), "{rule}");
            }
        }
        assert!(syntaxes.contains_key(own.one("SYNTAX").unwrap()));
        // RFC 4512 section 4.1.2.
        let usage = own.one("USAGE").unwrap_or("userApplications");
        let known = ["userApplications", "directoryOperation", "dSAOperation"];
        assert!(known.contains(&usage));
        assert_eq!(own.has("NO-USER-MODIFICATION"), usage != "userApplications");
    }
    for rule in rules.values() {
        assert!(syntaxes.contains_key(rule.one("SYNTAX").unwrap()));
    }
    for class in classes.values() {
        for attribute in class.list("MUST").iter().chain(class.list("MAY")) {
            assert!(attributes.contains_key(&attribute.to_lowercase()), "{attribute}");
        }
        for above in class.list("SUP") {
            assert!(classes.contains_key(&above.to_lowercase()), "{above}");
        }
        let kinds = ["ABSTRACT", "STRUCTURAL", "AUXILIARY"];
        assert_eq!(kinds.iter().filter(|kind| class.has(kind)).count(), 1);
    }
    for text in entry.values("matchingRuleUse") {
        let used = Description::read(text);
        assert!(rules.contains_key(&used.oid) && !used.list("APPLIES").is_empty());
        for attribute in used.list("APPLIES") {
            assert!(attributes.contains_key(&attribute.to_lowercase()), "{attribute}");
        }
    }
    for (name, expected) in [
        ("cn", "2.5.4.3"),
        ("CallerIDName", "2.5.4.3"),
        ("mobile", "0.9.2342.19200300.100.1.41"),
        ("ipPhone", "1.2.840.113556.1.4.721"),
        ("jpegPhoto", "0.9.2342.19200300.100.1.60"),
        ("thumbnailPhoto", ""),
    ] {
        let found = &attributes.get(&name.to_lowercase()).unwrap_or_else(|| panic!("{name}")).oid;
        assert!(expected.is_empty() || found == expected, "{name} {found}");
    }
}

/// The classes of an entry and those above them.
fn all_classes<'c>(
    entry: &Entry,
    classes: &'c BTreeMap<String, Description>,
) -> Vec<&'c Description> {
    let mut wanted: Vec<String> = entry.values("objectClass").to_vec();
    let mut known = BTreeSet::new();
    let mut found = Vec::new();
    while let Some(name) = wanted.pop() {
        let class = classes.get(&name.to_lowercase()).unwrap_or_else(|| panic!("class {name}"));
        if known.insert(class.oid.clone()) {
            found.push(class);
            wanted.extend(class.list("SUP").iter().cloned());
        }
    }
    found
}

#[tokio::test]
async fn entries_are_as_the_schema_says() {
    let world = World::start().await;
    world.person(Some("300"), &full_card()).await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    let schema = subschema(&mut john, &["*", "+"]).await;
    let attributes = by_name(&schema, "attributeTypes");
    let classes = by_name(&schema, "objectClasses");
    let both: &[&str] = &["*", "+"];
    let containers = "(|(objectClass=*)(objectClass=organizationalUnit))";
    let mut entries = vec![schema];
    for (base, scope) in [("", BASE), (SUFFIX, BASE), (SUFFIX, SUB)] {
        let ask = Ask { scope, attributes: both, ..Ask::sub(base, containers) };
        entries.extend(john.search(&ask).await.entries);
    }
    assert!(entries.len() > 20);
    for entry in &entries {
        let classes = all_classes(entry, &classes);
        let must: Vec<&String> = classes.iter().flat_map(|class| class.list("MUST")).collect();
        let may: Vec<&String> = classes.iter().flat_map(|class| class.list("MAY")).collect();
        for name in &must {
            assert!(!entry.values(name).is_empty(), "{name} is missing in {}", entry.dn);
        }
        for (name, values) in &entry.attributes {
            let own = &attributes.get(&name.to_lowercase()).unwrap_or_else(|| panic!("{name}"));
            let single = own.has("SINGLE-VALUE");
            assert!(values.len() == 1 || !single, "{name} of {}: {values:?}", entry.dn);
            let allowed = own.has("USAGE") || must.contains(&name) || may.contains(&name);
            assert!(allowed, "{name} of {}", entry.dn);
        }
        let subschema = entry.values("subschemaSubentry");
        assert_eq!(subschema, ["cn=subschema"], "of {}", entry.dn);
    }
}

/// A card with a value of every field.
fn full_card() -> Vec<(Field, &'static str)> {
    let address = PostalAddress {
        kind: "work",
        street: "Weg 1",
        locality: "Berlin",
        region: "BE",
        code: "10115",
        country: "Deutschland",
    };
    let postal: &'static str = address.value().leak();
    let value = |field: Field| match field {
        Field::Postal => postal,
        Field::Kind => "individual",
        Field::Birthday => "1970-01-01",
        Field::Email => "full@pbx.com",
        Field::Extension => "300",
        field if Field::NUMBERS.contains(field) => "+49 30 123300",
        _ => "Full",
    };
    let fields = Field::ALL.iter().filter(|field| **field != Field::Extension);
    fields.map(|field| (*field, value(*field))).collect()
}
