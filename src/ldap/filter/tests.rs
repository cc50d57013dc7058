//! Filters and the searches they become.

use crate::auth::dn::Dn;
use crate::contact::card::{Card, CardBuilder, Field, FieldSet, PostalAddress};
use crate::contact::derived::{Derivation, KeypadSearch, NameOrder};
use crate::contact::number::Numbering;
use crate::contact::query::{Gaze, Query, TextPattern, Truth};
use crate::contact::{Book, Contact, ContactId, Timestamp};
use crate::ldap::filter::{Context, NOTHING, Names, compile};
use crate::ldap::request::{Assertion, Filter, Substrings};
use crate::ldap::style::Style;
use crate::presence::Seen;

mod random;

fn derivation() -> Derivation {
    let numbering = Numbering::new("DE", "30", "0").unwrap();
    Derivation::new(numbering, "de", NameOrder::GivenFirst, KeypadSearch::Off)
}

/// Everybody in `ou=people` of one suffix; only the manager is known by name.
struct People;

impl Names for People {
    fn contact(&self, dn: &Dn) -> Option<ContactId> {
        (dn.to_string() == "uid=200,ou=people,dc=pbx,dc=example")
            .then_some(ContactId(uuid::Uuid::nil()))
    }

    fn entry(&self, dn: &Dn) -> Option<ContactId> {
        self.contact(dn)
    }

    fn behind(&self, kind: Option<&str>, value: &str) -> Query {
        let components = [("ou", "people"), ("dc", "pbx"), ("dc", "example")];
        let mut asked = components.iter().filter(|(known, _)| kind.is_none_or(|k| k == *known));
        Query::Constant(asked.any(|(_, known)| value.eq_ignore_ascii_case(known)).into())
    }

    fn with_reference(&self, field: Field) -> Query {
        Query::Present(FieldSet::of(&[field]))
    }

    fn managers_of(&self, _: ContactId) -> Query {
        NOTHING
    }

    fn with_reports(&self) -> Query {
        NOTHING
    }

    fn whose_presence(&self, _: &dyn Fn(&Seen) -> bool) -> Query {
        NOTHING
    }
}

fn with_context<T>(work: impl Fn(&Context<'_>) -> T) -> T {
    work(&Context { derivation: &derivation(), style: Style::default(), names: &People })
}

fn query(filter: &Filter<'_>) -> Query {
    with_context(|context| compile(filter, context))
}

fn anna() -> Contact {
    let address = PostalAddress {
        kind: "work",
        street: "Weg 1",
        locality: "Berlin",
        code: "10115",
        country: "DE",
        ..Default::default()
    };
    let mut card = CardBuilder::default();
    card.push(Field::GivenName, "Anna").push(Field::FamilyName, "Müller");
    card.push(Field::Extension, "204").push(Field::Work, "+49 30 5551234");
    card.push(Field::Email, "anna@pbx.example").push(Field::Postal, &address.value());
    card.push(Field::Manager, &ContactId(uuid::Uuid::nil()).to_string());
    contact(card.finish().unwrap())
}

fn contact(card: Card) -> Contact {
    let mut contact = crate::contact::tests::nobody();
    contact.book = Book::People;
    contact.created = Timestamp(1_795_345_200);
    contact.modified = Timestamp(1_795_348_800);
    contact.derived = derivation().derive(&card);
    contact.card = card;
    contact
}

#[track_caller]
fn finds(filter: Filter<'_>, expected: bool) {
    let derivation = derivation();
    let gaze = Gaze { hidden: FieldSet::EMPTY, collation: &derivation.collation };
    let query = query(&filter);
    let truth = query.matches(&anna(), &gaze);
    assert_eq!(truth == Truth::True, expected, "{filter:?} is {query:?}");
}

fn equal(name: &'static str, value: &'static str) -> Filter<'static> {
    Filter::Equality(name.as_bytes(), value.as_bytes())
}

fn begins(name: &'static str, value: &'static str) -> Filter<'static> {
    let parts = Substrings { initial: Some(value.as_bytes()), ..Default::default() };
    Filter::Substrings(name.as_bytes(), parts)
}

fn not(filter: Filter<'static>) -> Filter<'static> {
    Filter::Not(Box::new(filter))
}

#[test]
fn names_are_found_by_every_alias_and_spelling() {
    for name in ["sn", "surname", "LastName", "2.5.4.4", "sn;lang-de"] {
        finds(equal(name, "mueller"), true);
        finds(begins(name, "MULL"), true);
        finds(equal(name, "mull"), false);
    }
    finds(begins("CallerIDName", "anna mü"), true);
    finds(Filter::AtLeast(b"sn", b"M"), true);
    finds(Filter::AtMost(b"sn", b"zz"), true);
    for end in ["z", "zz", "ZZZZ"] {
        assert_eq!(query(&Filter::AtMost(b"sn", end.as_bytes())), Query::Constant(Truth::True));
    }
    finds(Filter::AtMost(b"sn", b"Ma"), false);
    finds(Filter::Approximate(b"cn", b"ann"), true);
}

#[test]
fn numbers_are_found_by_their_meaning() {
    finds(equal("telephoneNumber", "0305551234"), true);
    finds(equal("AccountNumber", "204"), true);
    finds(equal("extension", "204"), true);
    finds(equal("extension", "0305551234"), false);
    finds(equal("telephoneNumber", "foo"), false);
    finds(begins("telephoneNumber", "foo"), false);
    finds(begins("telephoneNumber", "004930555"), true);
    let ends = Substrings { last: Some(b"51234"), ..Default::default() };
    finds(Filter::Substrings(b"telephoneNumber", ends), true);
}

#[test]
fn unknown_attributes_are_undefined() {
    finds(equal("moblie", "x"), false);
    finds(not(equal("moblie", "x")), false);
    finds(not(Filter::And(vec![equal("moblie", "x"), equal("sn", "nobody")])), true);
    finds(not(Filter::Or(vec![equal("moblie", "x"), equal("sn", "nobody")])), false);
    finds(Filter::Or(vec![equal("moblie", "x"), begins("sn", "m")]), true);
    finds(Filter::And(vec![equal("moblie", "x"), begins("sn", "m")]), false);
    finds(not(not(equal("moblie", "x"))), false);
}

#[test]
fn a_value_that_is_no_utf_8_is_latin_1() {
    finds(Filter::Equality(b"sn", b"M\xfcller"), true);
    finds(not(Filter::Equality(b"sn", b"M\xfcller")), false);
    finds(Filter::Equality(b"sn", b"\xff\xfe\0\x80"), false);
    let parts = Substrings { initial: Some(b"M\xfc"), any: vec![b"L"], last: None };
    finds(Filter::Substrings(b"sn", parts), true);
    finds(Filter::Equality(b"telephoneNumber", b"\xff204"), true);
    finds(Filter::Equality(b"entryUUID", b"\xff"), false);
}

#[test]
fn what_nobody_sees_is_not_compared() {
    for value in ["M\0ller", "\u{1e}", "\u{2}", "\0"] {
        finds(equal("sn", value), false);
        finds(not(equal("sn", value)), true);
    }
    finds(equal("sn", "M\0\u{7}üller\u{ad}\r\n"), true);
}

#[test]
fn blank_parts_ask_for_presence() {
    finds(Filter::Substrings(b"mail", Substrings::default()), true);
    finds(begins("mail", ""), true);
    finds(begins("mobile", ""), false);
    finds(begins("telephoneNumber", ""), true);
}

#[test]
fn an_entry_is_found_by_its_identity() {
    finds(equal("uid", "204"), true);
    finds(equal("uid", "20"), false);
    finds(equal("uid", "00000000-0000-0000-0000-000000000000"), false);
    finds(begins("uid", "20"), true);
    finds(equal("entryUUID", "00000000-0000-0000-0000-000000000000"), true);
    finds(Filter::Equality(b"entryUUID", &[0; 16]), true);
    finds(Filter::Equality(b"entryUUID", &[1; 16]), false);
    finds(equal("entryUUID", "nonsense"), false);
    finds(not(equal("entryUUID", "nonsense")), false);
    finds(equal("manager", "UID=200,OU=people,DC=pbx,DC=example"), true);
    finds(equal("manager", "uid=201,ou=people,dc=pbx,dc=example"), false);
}

#[test]
fn classes_are_the_same_for_all() {
    finds(Filter::Present(b"objectClass"), true);
    for class in ["person", "INETORGPERSON", "top", "ringbookContact"] {
        finds(equal("objectclass", class), true);
    }
    finds(equal("objectClass", "organizationalUnit"), false);
    finds(equal("objectClass", "2.5.6.6"), true);
    finds(equal("structuralObjectClass", "2.16.840.1.113730.3.2.2"), true);
    finds(equal("objectClass", "2.5.6.5"), false);
    finds(not(equal("objectClass", "computer")), true);
    assert_eq!(
        query(&Filter::And(vec![Filter::Present(b"objectClass"), begins("sn", "m")])),
        query(&begins("sn", "m")),
        "the index sees only what selects"
    );
}

#[test]
fn addresses_are_found_by_their_parts() {
    let parts = [("street", "weg 1"), ("postalCode", "10115"), ("l", "berlin"), ("c", "de")];
    for (name, value) in parts {
        finds(equal(name, value), true);
        finds(begins(name, &value[..2]), true);
        finds(Filter::AtLeast(name.as_bytes(), value.as_bytes()), true);
        finds(Filter::AtMost(name.as_bytes(), value.as_bytes()), true);
        finds(Filter::Approximate(name.as_bytes(), value.as_bytes()), true);
        finds(Filter::Present(name.as_bytes()), true);
        for (_, other) in parts.iter().filter(|(_, other)| *other != value) {
            finds(equal(name, other), false);
            finds(begins(name, other), false);
            let contains = Substrings { any: vec![other.as_bytes()], ..Default::default() };
            finds(Filter::Substrings(name.as_bytes(), contains), false);
        }
    }
    finds(equal("street", "weg"), false);
    finds(Filter::Present(b"st"), false);
    finds(equal("st", "berlin"), false);
    finds(Filter::AtLeast(b"st", b""), false);
    finds(equal("street", "work"), false);
}

#[test]
fn whole_addresses_have_lines() {
    finds(equal("postalAddress", "Weg 1$10115 Berlin$DE"), true);
    finds(equal("postalAddress", "weg 1 $ 10115 berlin $ de"), true);
    finds(begins("postalAddress", "weg"), true);
    finds(begins("postalAddress", "berlin"), false);
    let across = Substrings { any: vec![b"1$101"], last: Some(b"de"), initial: None };
    finds(Filter::Substrings(b"postalAddress", across), true);
    finds(equal("postalAddress", "weg\\24 1"), false);
}

#[test]
fn times_are_compared() {
    for (name, time, later) in [
        ("modifyTimestamp", "20261122120000Z", "20261122120001Z"),
        ("createTimestamp", "20261122110000Z", "20261122110001Z"),
    ] {
        let at_least = |time: &'static str| Filter::AtLeast(name.as_bytes(), time.as_bytes());
        let at_most = |time: &'static str| Filter::AtMost(name.as_bytes(), time.as_bytes());
        finds(at_least(time), true);
        finds(at_least(later), false);
        finds(at_most(time), true);
        finds(at_most("20261122105959Z"), false);
        finds(equal(name, time), true);
        finds(equal(name, later), false);
        finds(not(equal(name, "noon")), false);
        finds(by_rule("generalizedTimeOrderingMatch", name, later), true);
        finds(by_rule("generalizedTimeOrderingMatch", name, time), false);
    }
}

fn by_rule(rule: &'static str, attribute: &'static str, value: &'static str) -> Filter<'static> {
    Filter::Extensible(Assertion {
        rule: Some(rule.as_bytes()),
        attribute: Some(attribute.as_bytes()).filter(|name| !name.is_empty()),
        value: value.as_bytes(),
        dn_attributes: false,
    })
}

#[test]
fn rules_compare_in_their_own_way() {
    for (rule, attribute, value, expected) in [
        ("caseIgnoreMatch", "sn", "MULLER", true),
        ("caseExactMatch", "sn", "Müller", true),
        ("caseExactMatch", "sn", "müller", false),
        ("2.5.13.5", "givenName", "Anna", true),
        ("2.5.13.5", "givenName", "anna", false),
        ("caseExactMatch", "", "Anna  Müller", true),
        ("caseExactMatch", "", "anna müller", false),
        ("caseIgnoreSubstringsMatch", "sn", "*ull*", true),
        ("2.5.13.4", "sn", "m*l*er", true),
        ("2.5.13.4", "sn", "muller", false),
        ("2.5.13.4", "sn", "m\\2A*", false),
        ("caseIgnoreSubstringsMatch", "", "*weg*", true),
        ("telephoneNumberSubstringsMatch", "telephoneNumber", "*51234", true),
        ("telephoneNumberSubstringsMatch", "", "030*", true),
        ("caseIgnoreOrderingMatch", "sn", "n", true),
        ("caseIgnoreOrderingMatch", "sn", "muller", false),
        ("caseIgnoreOrderingMatch", "telephoneNumber", "9", false),
        ("telephoneNumberMatch", "", "(030) 5551234", true),
        ("1.2.840.113556.1.4.803", "sn", "1", false),
    ] {
        finds(by_rule(rule, attribute, value), expected);
    }
}

#[test]
fn words_of_names_come_in_any_order() {
    for (value, expected) in
        [("an mü", true), ("mu a", true), ("muller, an", true), ("an an", false), ("na mü", false)]
    {
        finds(begins("cn", value), expected);
        finds(begins("displayName", value), expected);
    }
    finds(equal("cn", "Müller Anna"), true);
    finds(equal("cn", "Müller, Anna"), true);
    finds(equal("cn", "Müll Anna"), false);
    let contains =
        |value: &'static str| Substrings { any: vec![value.as_bytes()], ..Default::default() };
    finds(Filter::Substrings(b"cn", contains("mü an")), true);
    finds(Filter::Substrings(b"cn", contains("na mü")), true);
    finds(Filter::Substrings(b"cn", contains("ller na")), false);
    finds(Filter::Approximate(b"cn", b"ller na"), true);
    finds(Filter::Approximate(b"cn", b"ller nax"), false);
    finds(begins("street", "1 weg"), false);
    finds(begins("mail", "pbx anna"), false);
}

#[test]
fn name_is_any_name() {
    for value in ["Anna Müller", "anna", "müller"] {
        finds(equal("name", value), true);
        finds(equal("2.5.4.41", value), true);
    }
    finds(begins("NAME;lang-de", "mü"), true);
    finds(equal("name", "berlin"), false);
    assert_eq!(query(&Filter::Present(b"name")), Query::Constant(Truth::True));
}

#[test]
fn ranges_of_numbers_are_ranges_of_values() {
    let at_least = |value: &'static str| Filter::AtLeast(b"telephoneNumber", value.as_bytes());
    let at_most = |value: &'static str| Filter::AtMost(b"telephoneNumber", value.as_bytes());
    for (low, high, expected) in [
        ("200", "299", true),
        ("204", "204", true),
        ("99", "1000", true),
        ("205", "299", false),
        ("030 555", "030 556", true),
        ("+49301", "+49304", false),
        ("foo", "bar", false),
        ("*1", "*9", false),
    ] {
        finds(Filter::And(vec![at_least(low), at_most(high)]), expected);
    }
    finds(not(at_least("foo")), false);
}

#[test]
fn extensible_matches_name_rules() {
    let ask = |rule: Option<&'static str>, attribute: Option<&'static str>, value: &'static str| {
        Filter::Extensible(Assertion {
            rule: rule.map(str::as_bytes),
            attribute: attribute.map(str::as_bytes),
            value: value.as_bytes(),
            dn_attributes: false,
        })
    };
    finds(ask(Some("caseIgnoreMatch"), Some("sn"), "muller"), true);
    finds(ask(Some("2.5.13.2"), None, "anna"), true);
    finds(ask(Some("telephoneNumberMatch"), None, "204"), true);
    finds(ask(Some("1.2.3.4"), Some("sn"), "muller"), false);
    finds(not(ask(Some("1.2.3.4"), Some("sn"), "muller")), false);
    finds(ask(None, Some("mail"), "ANNA@pbx.example"), true);
    let in_name = |attribute: &'static str, value: &'static str| {
        Filter::Extensible(Assertion {
            attribute: Some(attribute.as_bytes()),
            value: value.as_bytes(),
            dn_attributes: true,
            rule: None,
        })
    };
    finds(in_name("ou", "People"), true);
    finds(in_name("ou", "shared"), false);
    finds(in_name("dc", "pbx"), true);
    finds(in_name("uid", "204"), true);
}

#[test]
fn the_same_pattern_on_several_attributes_is_one_term() {
    let nested = Filter::Or(vec![
        Filter::Or(vec![begins("cn", "j"), begins("sn", "j")]),
        begins("nonsense", "j"),
        begins("givenName", "j"),
    ]);
    let fields = FieldSet::of(&[Field::FormattedName, Field::FamilyName, Field::GivenName]);
    assert_eq!(query(&nested), Query::Text(fields, TextPattern::starts_with("j")));
    assert_eq!(query(&Filter::Present(b"cn")), Query::Constant(Truth::True));
    assert_eq!(query(&Filter::And(Vec::new())), Query::Constant(Truth::True));
    assert_eq!(query(&Filter::Or(Vec::new())), Query::Constant(Truth::False));
}
