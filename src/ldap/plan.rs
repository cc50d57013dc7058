//! Which attributes a client wants, decided once per search, and the writing of entries.

use std::ops::Range;
use std::sync::LazyLock;

use crate::contact::Contact;
use crate::contact::card::{Field, FieldSet};
use crate::ldap::attribute::{
    AttributeId, Meaning, OBJECT_CLASSES, STRUCTURAL_CLASS, Usage, without_options,
};
use crate::ldap::ber::{self, OCTET_STRING, SEQUENCE, SET};
use crate::ldap::entry::{self, Prepared};

/// Tag of a search's entry.
const SEARCH_RESULT_ENTRY: u8 = 0x64;
const NO_VALUES: [u8; 2] = [SET, 0];

static CLASSES: LazyLock<Vec<u8>> = LazyLock::new(|| set(&OBJECT_CLASSES));
static STRUCTURAL: LazyLock<Vec<u8>> = LazyLock::new(|| set(&[STRUCTURAL_CLASS]));
static LEAF: LazyLock<Vec<u8>> = LazyLock::new(|| set(&["FALSE"]));

/// The encoded set of these values.
pub(super) fn set<S: AsRef<str>>(values: &[S]) -> Vec<u8> {
    let mut content = Vec::new();
    for value in values {
        ber::put(&mut content, OCTET_STRING, value.as_ref().as_bytes());
    }
    let mut set = Vec::new();
    ber::put(&mut set, SET, &content);
    set
}

/// The attributes that a request lists (RFC 4511 section 4.5.1.8).
#[derive(Debug)]
pub(super) struct Selection<'a> {
    named: Vec<&'a [u8]>,
    user: bool,
    operational: bool,
}

impl<'a> Selection<'a> {
    pub(super) fn new(attributes: &[&'a [u8]]) -> Self {
        let mut named: Vec<&[u8]> = Vec::new();
        for name in attributes.iter().filter(|name| !matches!(**name, b"*" | b"+" | b"1.1")) {
            if !named.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                named.push(name);
            }
        }
        Self {
            named,
            user: attributes.is_empty() || attributes.contains(&&b"*"[..]),
            operational: attributes.contains(&&b"+"[..]),
        }
    }

    /// The spellings under which an attribute is returned, if it is.
    pub(super) fn spellings(&self, name: &'a str, usage: Usage) -> Vec<&'a [u8]> {
        let same = |asked: &&[u8]| without_options(asked).eq_ignore_ascii_case(name.as_bytes());
        let mut spellings: Vec<&[u8]> = self.named.iter().copied().filter(same).collect();
        if spellings.is_empty() && self.takes(usage) {
            spellings.push(name.as_bytes());
        }
        spellings
    }

    fn takes(&self, usage: Usage) -> bool {
        match usage {
            Usage::User => self.user,
            Usage::Operational => self.operational,
        }
    }
}

/// The attributes to return of each contact, ready to be written.
#[derive(Debug)]
pub(super) struct Plan {
    columns: Vec<Column>,
    /// The encoded names.
    names: Vec<u8>,
    types_only: bool,
}

#[derive(Debug)]
struct Column {
    id: AttributeId,
    meaning: Meaning,
    /// Cannot be copied where one of these is hidden.
    fields: FieldSet,
    name: Range<usize>,
}

/// An entry to write.
pub(super) struct EntryOf<'e> {
    pub(super) contact: &'e Contact,
    pub(super) prepared: &'e Prepared,
    /// What the asker may not see of it.
    pub(super) hidden: FieldSet,
    /// The entry's name behind its first component: `,ou=people,dc=pbx,dc=example`.
    pub(super) parent: &'e str,
    /// The names of the entries that a reference of the contact means.
    pub(super) reference: &'e dyn Fn(Field) -> Vec<String>,
}

impl Plan {
    pub(super) fn new(selection: &Selection<'_>, types_only: bool) -> Self {
        let mut plan = Self { columns: Vec::new(), names: Vec::new(), types_only };
        let mut canonical = 0_u64;
        for name in &selection.named {
            if let Some(id) = AttributeId::find(name) {
                plan.add(id, name);
                let same = id.get().is_some_and(|known| {
                    without_options(name).eq_ignore_ascii_case(known.name.as_bytes())
                });
                canonical |= u64::from(same) << id.0;
            }
        }
        for (id, attribute) in AttributeId::all() {
            if selection.takes(attribute.usage) && canonical & (1 << id.0) == 0 {
                plan.add(id, attribute.name.as_bytes());
            }
        }
        plan
    }

    fn add(&mut self, id: AttributeId, name: &[u8]) {
        let Some(attribute) = id.get() else { return };
        let start = self.names.len();
        ber::put(&mut self.names, OCTET_STRING, name);
        let (meaning, name) = (attribute.meaning, start..self.names.len());
        self.columns.push(Column { id, meaning, fields: entry::fields(meaning), name });
    }

    /// Appends the message of one entry. The scratch buffer is kept between calls.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        scratch: &mut Vec<u8>,
        id: i32,
        entry: &EntryOf<'_>,
    ) {
        scratch.clear();
        for column in &self.columns {
            let name = self.names.get(column.name.clone()).unwrap_or_default();
            match column.copied(entry) {
                Some(values) => self.put(scratch, name, values),
                None => {
                    let values = column.made(entry);
                    let values = Some(values.as_slice()).filter(|set| *set != NO_VALUES);
                    self.put(scratch, name, values);
                }
            }
        }
        let dn = DnOf { rdn: entry.prepared.rdn(), parent: entry.parent };
        put_entry(out, id, &dn, scratch);
    }

    fn put(&self, attributes: &mut Vec<u8>, name: &[u8], values: Option<&[u8]>) {
        let Some(values) = values else { return };
        put_attribute(attributes, name, if self.types_only { &NO_VALUES } else { values });
    }
}

impl Column {
    /// The values where they need not be made: `Some(None)` where there are none.
    fn copied<'e>(&self, entry: &EntryOf<'e>) -> Option<Option<&'e [u8]>> {
        let constant: &'static LazyLock<Vec<u8>> = match self.meaning {
            Meaning::ObjectClass => &CLASSES,
            Meaning::StructuralObjectClass => &STRUCTURAL,
            Meaning::HasSubordinates => &LEAF,
            Meaning::EntryDn | Meaning::Reference(_) => return None,
            _ if self.fields.and(entry.hidden).is_empty() => {
                return Some(entry.prepared.values(self.id));
            }
            _ if self.fields.without(entry.hidden).is_empty() => return Some(None),
            _ => return None,
        };
        Some(Some(constant))
    }

    fn made(&self, entry: &EntryOf<'_>) -> Vec<u8> {
        match self.meaning {
            Meaning::EntryDn => {
                let rdn = String::from_utf8_lossy(entry.prepared.rdn());
                set(&[format!("{rdn}{}", entry.parent)])
            }
            Meaning::Reference(field) if entry.hidden.contains(field) => NO_VALUES.to_vec(),
            Meaning::Reference(field) => set(&(entry.reference)(field)),
            meaning => {
                let mut values = Vec::new();
                entry::put_values(&mut values, meaning, entry.contact, entry.hidden);
                let mut set = Vec::new();
                ber::put(&mut set, SET, &values);
                set
            }
        }
    }
}

/// A name in the two pieces that are at hand.
pub(super) struct DnOf<'d> {
    pub(super) rdn: &'d [u8],
    pub(super) parent: &'d str,
}

/// Appends an attribute: its encoded name and its encoded set of values.
pub(super) fn put_attribute(out: &mut Vec<u8>, name: &[u8], values: &[u8]) {
    out.push(SEQUENCE);
    ber::put_length(out, name.len() + values.len());
    out.extend_from_slice(name);
    out.extend_from_slice(values);
}

/// Appends the message of an entry with these encoded attributes.
pub(super) fn put_entry(out: &mut Vec<u8>, id: i32, dn: &DnOf<'_>, attributes: &[u8]) {
    let element = |content: usize| 1 + ber::length_bytes(content) + content;
    let name = dn.rdn.len() + dn.parent.len();
    let operation = element(name) + element(attributes.len());
    let id_start = out.len();
    ber::put_integer(out, id);
    let id_bytes = out.len() - id_start;
    out.truncate(id_start);
    out.push(SEQUENCE);
    ber::put_length(out, id_bytes + element(operation));
    ber::put_integer(out, id);
    out.push(SEARCH_RESULT_ENTRY);
    ber::put_length(out, operation);
    out.push(OCTET_STRING);
    ber::put_length(out, name);
    out.extend_from_slice(dn.rdn);
    out.extend_from_slice(dn.parent.as_bytes());
    out.push(SEQUENCE);
    ber::put_length(out, attributes.len());
    out.extend_from_slice(attributes);
}

#[cfg(test)]
mod tests {
    use ldap3_lber::Parser;
    use ldap3_proto::proto::{LdapMsg, LdapOp, LdapSearchResultEntry};

    use super::*;
    use crate::contact::card::CardBuilder;

    fn written(attributes: &[&str], hidden: &[Field], types_only: bool) -> LdapSearchResultEntry {
        let mut card = CardBuilder::default();
        card.push(Field::FormattedName, "Anna Adams").push(Field::Company, "Acme, Inc.");
        card.push(Field::Work, "1").push(Field::OtherNumber, "2").push(Field::Mobile, "3");
        let mut contact = crate::contact::tests::nobody();
        contact.card = card.finish().unwrap();
        let prepared = Prepared::new(&contact);
        let names: Vec<&[u8]> = attributes.iter().map(|name| name.as_bytes()).collect();
        let plan = Plan::new(&Selection::new(&names), types_only);
        let (mut out, mut scratch) = (Vec::new(), Vec::new());
        let entry = EntryOf {
            contact: &contact,
            prepared: &prepared,
            hidden: FieldSet::of(hidden),
            parent: ",ou=shared,dc=x",
            reference: &|_| Vec::new(),
        };
        plan.write(&mut out, &mut scratch, 300, &entry);
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
        assert_eq!(
            shown(&["o", "O", "cn;lang-de"], &[]),
            ["o=Acme, Inc.", "cn;lang-de=Anna Adams"]
        );
    }

    #[test]
    fn all_attributes_come_once_under_their_own_names() {
        let all = shown(&[], &[]);
        assert_eq!(all, shown(&["*"], &[]));
        assert_eq!(all.iter().filter(|shown| shown.starts_with("cn=")).count(), 1);
        assert!(!all.iter().any(|shown| shown.starts_with("entryUUID=")));
        let operational = shown(&["+"], &[]);
        assert!(operational.contains(
            &"entryDN=uid=00000000-0000-0000-0000-000000000000,ou=shared,dc=x".to_owned()
        ));
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
}
