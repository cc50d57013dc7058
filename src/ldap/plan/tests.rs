//! Entries as they are written.

use ldap3_lber::Parser;
use ldap3_proto::proto::{LdapMsg, LdapOp, LdapSearchResultEntry};

use super::*;
use crate::contact::card::CardBuilder;

/// Nobody refers to the contact, and nothing is known of it.
struct Alone;

impl Around for Alone {
    fn references(&self, _: Field) -> Vec<String> {
        Vec::new()
    }

    fn has_reports(&self) -> bool {
        false
    }

    fn reports(&self) -> Vec<String> {
        Vec::new()
    }

    fn seen(&self) -> Option<&Seen> {
        None
    }
}

fn written(attributes: &[&str], hidden: &[Field], types_only: bool) -> LdapSearchResultEntry {
    let mut card = CardBuilder::default();
    card.push(Field::FormattedName, "Anna Adams").push(Field::Company, "Acme, Inc.");
    card.push(Field::Work, "1").push(Field::OtherNumber, "2").push(Field::Mobile, "3");
    let mut contact = crate::contact::tests::nobody();
    contact.card = card.finish().unwrap();
    let prepared = Prepared::new(&contact);
    let names: Vec<&[u8]> = attributes.iter().map(|name| name.as_bytes()).collect();
    let plan = Plan::new(&Selection::new(&names), types_only, Style::default());
    let (mut out, mut scratch) = (Vec::new(), Vec::new());
    let entry = EntryOf {
        contact: &contact,
        prepared: &prepared,
        hidden: FieldSet::of(hidden),
        parent: ",ou=shared,dc=x",
        around: &Alone,
        photos: &[],
    };
    plan.write(&mut out, &mut scratch, &MessageId::new(300), &entry);
    let message = LdapMsg::try_from(Parser::new(16).parse(&out).unwrap().1).unwrap();
    assert_eq!(message.msgid, 300);
    let LdapOp::SearchResultEntry(entry) = message.op else { panic!("an entry") };
    entry
}

fn shown(attributes: &[&str], hidden: &[Field]) -> Vec<String> {
    let text = |value: &Vec<u8>| String::from_utf8(value.clone()).unwrap();
    let entry = written(attributes, hidden, false);
    let shown = entry.attributes.iter().map(|attribute| {
        let values = attribute.vals.iter().map(text).collect::<Vec<_>>();
        format!("{}={}", attribute.atype, values.join("|"))
    });
    shown.collect()
}

#[test]
fn attributes_come_under_the_spelling_that_was_asked_for() {
    assert_eq!(
        shown(&["CallerIDName", "CN", "mobilenumber", "moblie", "homePhone"], &[]),
        ["CallerIDName=Anna Adams", "CN=Anna Adams", "mobilenumber=3"]
    );
    assert_eq!(shown(&["o", "O", "cn;lang-de"], &[]), ["o=Acme, Inc.", "cn;lang-de=Anna Adams"]);
}

#[test]
fn all_attributes_come_once_under_their_own_names() {
    let all = shown(&[], &[]);
    assert_eq!(all, shown(&["*"], &[]));
    assert_eq!(all.iter().filter(|shown| shown.starts_with("cn=")).count(), 1);
    assert!(!all.iter().any(|shown| shown.starts_with("entryUUID=")));
    let operational = shown(&["+"], &[]);
    assert!(
        operational.contains(
            &"entryDN=uid=00000000-0000-0000-0000-000000000000,ou=shared,dc=x".to_owned()
        )
    );
    let both = shown(&["CallerIDName", "*", "MAIL", "Cn"], &[]);
    assert_eq!(both.iter().filter(|shown| shown.ends_with("=Anna Adams")).count(), 3);
}

#[test]
fn hidden_fields_are_absent_and_the_rest_of_an_attribute_stays() {
    let asked = ["telephoneNumber", "mobile"];
    assert_eq!(shown(&asked, &[]), ["telephoneNumber=1|2", "mobile=3"]);
    assert_eq!(shown(&asked, &[Field::Mobile, Field::Work]), ["telephoneNumber=2"]);
    assert_eq!(shown(&asked, &[Field::Work, Field::OtherNumber]), ["mobile=3"]);
}

#[test]
fn names_without_values_and_nothing_at_all() {
    let entry = written(&["cn", "mobile", "fax"], &[], true);
    let names: Vec<_> = entry.attributes.iter().map(|a| (&*a.atype, a.vals.len())).collect();
    assert_eq!(names, [("cn", 0), ("mobile", 0)]);
    assert!(written(&["1.1"], &[], false).attributes.is_empty());
}
