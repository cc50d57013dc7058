//! Which attributes a client wants, decided once per search, and the writing of entries.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use crate::auth::dn::escaped;
use crate::contact::Contact;
use crate::contact::card::{Field, FieldSet};
use crate::contact::photo::PhotoSize;
use crate::ldap::attribute::{
    AttributeId, Meaning, OBJECT_CLASSES, STRUCTURAL_CLASS, Usage, without_options,
};
use crate::ldap::ber::{self, OCTET_STRING, SEQUENCE, SET};
use crate::ldap::entry::{self, Prepared, UidForm};
use crate::ldap::presence;
use crate::ldap::request::Scope;
use crate::ldap::style::Style;
use crate::presence::Seen;

#[cfg(test)]
mod tests;

/// Tag of a search's entry.
const SEARCH_RESULT_ENTRY: u8 = 0x64;
/// The name of the entry that describes the attributes.
pub(super) const SUBSCHEMA_DN: &str = "cn=subschema";
const NO_VALUES: [u8; 2] = [SET, 0];

static CLASSES: LazyLock<Vec<u8>> = LazyLock::new(|| set(&OBJECT_CLASSES));
static STRUCTURAL: LazyLock<Vec<u8>> = LazyLock::new(|| set(&[STRUCTURAL_CLASS]));
static SUBSCHEMA: LazyLock<Vec<u8>> = LazyLock::new(|| set(&[SUBSCHEMA_DN]));
static LEAF: LazyLock<Vec<u8>> = LazyLock::new(|| set(&["FALSE"]));
static NO_LEAF: LazyLock<Vec<u8>> = LazyLock::new(|| set(&["TRUE"]));

/// The encoded set of these values.
pub(super) fn set<S: AsRef<[u8]>>(values: &[S]) -> Vec<u8> {
    let mut content = Vec::new();
    for value in values {
        ber::put(&mut content, OCTET_STRING, value.as_ref());
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
    /// Whether one entry is read by its name.
    is_read: bool,
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
            is_read: false,
        }
    }

    /// The attributes where a request of this scope lists them: to read an entry is to want it whole.
    pub(super) fn in_scope(self, scope: Scope) -> Self {
        Self { is_read: scope == Scope::Base, ..self }
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
            Usage::Read => self.user && self.is_read,
        }
    }
}

/// The attributes to return of each contact, ready to be written.
#[derive(Debug)]
pub(super) struct Plan<'s> {
    /// How an entry is put together where everything may be copied.
    parts: Vec<Part>,
    /// All attributes one by one, for entries of which something is hidden, and for types only.
    columns: Vec<Column>,
    /// The fields that the attributes are made of.
    fields: FieldSet,
    types_only: bool,
    style: Style<'s>,
}

/// A piece of an entry.
#[derive(Debug)]
enum Part {
    /// The same for all entries.
    Constant(Vec<u8>),
    /// An attribute under its own name.
    Attribute(AttributeId),
    /// Attributes that stand together, under their own names.
    Block(Range<u8>),
    /// An attribute under the client's spelling, or made for the asker.
    Column(Column),
}

/// One attribute of entries, under one name.
#[derive(Clone, Debug)]
pub(super) struct Column {
    id: AttributeId,
    meaning: Meaning,
    fields: FieldSet,
    /// The encoded name.
    name: Vec<u8>,
}

/// An entry to write.
pub(super) struct EntryOf<'e> {
    pub(super) contact: &'e Contact,
    pub(super) prepared: &'e Prepared,
    /// What the asker may not see of it.
    pub(super) hidden: FieldSet,
    /// The entry's name behind its first component: `,ou=people,dc=pbx,dc=example`.
    pub(super) parent: &'e str,
    pub(super) around: &'e dyn Around,
    /// The photos that the plan asked for and the contact has. Those whose types alone are written
    /// may be empty.
    pub(super) photos: &'e [(PhotoSize, Vec<u8>)],
}

/// What an entry shows that is not on the contact's card.
pub(super) trait Around {
    /// The names of the entries that a reference of the contact means.
    fn references(&self, field: Field) -> Vec<String>;

    /// Whether the contact may be somebody's manager; cheap to tell.
    fn has_reports(&self) -> bool;

    /// The names of the entries of those whose manager the contact is.
    fn reports(&self) -> Vec<String>;

    /// What is known of the person's presence; None where nothing is, or nothing may be told.
    fn seen(&self) -> Option<&Seen>;
}

impl<'s> Plan<'s> {
    pub(super) fn new(selection: &Selection<'_>, types_only: bool, style: Style<'s>) -> Self {
        let (parts, columns, fields) = (Vec::new(), Vec::new(), FieldSet::EMPTY);
        let mut plan = Self { parts, columns, fields, types_only, style };
        let mut canonical = 0;
        for name in &selection.named {
            let Some(column) = Column::new(AttributeId::find(name), name) else { continue };
            if column.is_called(without_options(name)) {
                canonical |= column.id.bit();
            }
            plan.parts.push(column.part(name, &plan.style));
            plan.add(column);
        }
        for usage in [Usage::User, Usage::Read, Usage::Operational] {
            if selection.takes(usage) {
                plan.add_all(AttributeId::all_of(usage), canonical);
            }
        }
        plan
    }

    fn add(&mut self, column: Column) {
        self.fields = self.fields.union(column.fields);
        self.columns.push(column);
    }

    /// All attributes of a usage but those that were named. What may be copied is copied in blocks.
    fn add_all(&mut self, ids: Range<u8>, named: u64) {
        for id in ids.map(AttributeId).filter(|id| named & id.bit() == 0) {
            let column = id.get().and_then(|own| Column::new(Some(id), own.name.as_bytes()));
            let Some(column) = column else { continue };
            match (column.part(&[], &self.style), self.parts.last_mut()) {
                (Part::Attribute(_), Some(Part::Block(block))) if block.end == id.0 => {
                    block.end = id.0 + 1;
                }
                (Part::Attribute(_), _) => self.parts.push(Part::Block(id.0..id.0 + 1)),
                (part, _) => self.parts.push(part),
            }
            self.add(column);
        }
    }

    /// Appends the message of one entry. The scratch buffer is kept between calls.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        scratch: &mut Vec<u8>,
        id: &MessageId,
        entry: &EntryOf<'_>,
    ) {
        scratch.clear();
        if self.types_only || !self.fields.and(entry.hidden).is_empty() {
            for column in &self.columns {
                let values = column.values(entry, &self.style);
                column.put(scratch, values.as_deref().map(|set| self.shown(set)));
            }
        } else {
            for part in &self.parts {
                part.put(scratch, entry, &self.style);
            }
        }
        let by_id;
        let rdn = match self.style.uid {
            UidForm::Extension => entry.prepared.rdn(),
            UidForm::Id => {
                by_id = format!("uid={}", entry.contact.id);
                by_id.as_bytes()
            }
        };
        put_entry(out, id, &DnOf { rdn, parent: entry.parent }, scratch);
    }

    /// The sizes in which photos are to be written.
    pub(super) fn photos(&self) -> Vec<PhotoSize> {
        let named = |size: &PhotoSize| {
            self.columns.iter().any(|column| column.meaning == Meaning::Photo(*size))
        };
        [PhotoSize::Full, PhotoSize::Thumbnail].into_iter().filter(named).collect()
    }

    fn shown<'v>(&self, values: &'v [u8]) -> &'v [u8] {
        if self.types_only { &NO_VALUES } else { values }
    }
}

impl Part {
    fn put(&self, out: &mut Vec<u8>, entry: &EntryOf<'_>, style: &Style<'_>) {
        match self {
            Self::Constant(attribute) => out.extend_from_slice(attribute),
            Self::Attribute(id) => {
                out.extend_from_slice(entry.prepared.attribute(*id).unwrap_or_default());
            }
            Self::Block(ids) => out.extend_from_slice(entry.prepared.block(ids)),
            Self::Column(column) => column.put(out, column.values(entry, style).as_deref()),
        }
    }
}

impl Column {
    pub(super) fn new(id: Option<AttributeId>, name: &[u8]) -> Option<Self> {
        let id = id?;
        let meaning = id.get()?.meaning;
        let mut encoded = Vec::new();
        ber::put(&mut encoded, OCTET_STRING, name);
        Some(Self { id, meaning, fields: entry::fields(meaning), name: encoded })
    }

    /// Whether this is the attribute's own name, in any case.
    fn is_called(&self, name: &[u8]) -> bool {
        self.id.get().is_some_and(|own| own.name.as_bytes().eq_ignore_ascii_case(name))
    }

    /// The fastest way to write the column; an empty spelling is the attribute's own.
    fn part(&self, spelling: &[u8], style: &Style<'_>) -> Part {
        if style.changes(self.meaning) {
            return Part::Column(self.clone());
        }
        if let Some(values) = self.constant() {
            let mut attribute = Vec::new();
            put_attribute(&mut attribute, &self.name, values);
            return Part::Constant(attribute);
        }
        let own = self.id.get().is_some_and(|own| own.name.as_bytes() == spelling);
        let made = matches!(self.meaning, Meaning::Reference(_)) || !self.is_prepared();
        if !made && (own || spelling.is_empty()) {
            return Part::Attribute(self.id);
        }
        Part::Column(self.clone())
    }

    /// Whether prepared entries hold the values.
    fn is_prepared(&self) -> bool {
        self.id.get().is_some_and(|own| own.usage == Usage::User)
            && !matches!(self.meaning, Meaning::Reports | Meaning::Presence(_))
    }

    /// The values where they are the same for all entries.
    fn constant(&self) -> Option<&'static [u8]> {
        match self.meaning {
            Meaning::ObjectClass => Some(&CLASSES),
            Meaning::StructuralObjectClass => Some(&STRUCTURAL),
            Meaning::HasSubordinates => Some(&LEAF),
            Meaning::SubschemaSubentry => Some(&SUBSCHEMA),
            _ => None,
        }
    }

    fn put(&self, out: &mut Vec<u8>, values: Option<&[u8]>) {
        if let Some(values) = values {
            put_attribute(out, &self.name, values);
        }
    }

    /// The encoded set of values; None where there are none.
    pub(super) fn values<'e>(
        &self,
        entry: &EntryOf<'e>,
        style: &Style<'_>,
    ) -> Option<Cow<'e, [u8]>> {
        match self.copied(entry, style) {
            Some(values) => values.map(Cow::Borrowed),
            None => Some(self.made(entry, style)).filter(|set| *set != NO_VALUES).map(Cow::Owned),
        }
    }

    /// The values where they need not be made: `Some(None)` where there are none.
    fn copied<'e>(&self, entry: &EntryOf<'e>, style: &Style<'_>) -> Option<Option<&'e [u8]>> {
        if style.changes(self.meaning) {
            return None;
        }
        if let Some(constant) = self.constant() {
            return Some(Some(constant));
        }
        match self.meaning {
            Meaning::Photo(_) if entry.contact.photo.is_none() => Some(None),
            Meaning::Reports if !entry.around.has_reports() => Some(None),
            Meaning::Presence(_) if entry.around.seen().is_none() => Some(None),
            _ if !self.is_prepared() => None,
            Meaning::Reference(_) if entry.prepared.has(self.id) => None,
            _ if self.fields.and(entry.hidden).is_empty() => Some(entry.prepared.values(self.id)),
            _ if self.fields.without(entry.hidden).is_empty() => Some(None),
            _ => None,
        }
    }

    fn made(&self, entry: &EntryOf<'_>, style: &Style<'_>) -> Vec<u8> {
        match self.meaning {
            Meaning::EntryDn => {
                let uid = escaped(&style.uid.uid(entry.contact));
                set(&[format!("uid={uid}{}", entry.parent)])
            }
            Meaning::Reference(field) if entry.hidden.contains(field) => NO_VALUES.to_vec(),
            Meaning::Reference(field) => set(&entry.around.references(field)),
            Meaning::Reports => set(&entry.around.reports()),
            Meaning::Presence(part) => {
                let value = entry.around.seen().and_then(|seen| presence::value(part, seen));
                set(value.as_slice())
            }
            Meaning::Photo(size) => {
                let photo = entry.photos.iter().find(|(read, _)| *read == size);
                set(photo.map(|(_, jpeg)| jpeg).as_slice())
            }
            Meaning::HasSubordinates if style.has_entries(entry.contact) => NO_LEAF.clone(),
            Meaning::HasSubordinates => LEAF.clone(),
            meaning => {
                let mut values = Vec::new();
                entry::put_values(&mut values, meaning, (entry.contact, entry.hidden), style);
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

/// The encoded id of the request that is being answered.
pub(super) struct MessageId(Vec<u8>);

impl MessageId {
    pub(super) fn new(id: i32) -> Self {
        let mut encoded = Vec::new();
        ber::put_integer(&mut encoded, id);
        Self(encoded)
    }
}

/// Appends the message of an entry with these encoded attributes.
pub(super) fn put_entry(out: &mut Vec<u8>, id: &MessageId, dn: &DnOf<'_>, attributes: &[u8]) {
    let element = |content: usize| 1 + ber::length_bytes(content) + content;
    let name = dn.rdn.len() + dn.parent.len();
    let operation = element(name) + element(attributes.len());
    let message = id.0.len() + element(operation);
    out.reserve(element(message));
    out.push(SEQUENCE);
    ber::put_length(out, message);
    out.extend_from_slice(&id.0);
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
