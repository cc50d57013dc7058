//! Filters become searches: three-valued logic over what the attributes mean.

use std::sync::Arc;

use crate::auth::dn::Dn;
use crate::contact::card::{Field, FieldSet, PostalPart};
use crate::contact::derived::Derivation;
use crate::contact::number::NumberPattern;
use crate::contact::query::{Query, TextPattern, Truth};
use crate::contact::words::Fit;
use crate::contact::{Book, ContactId};
use crate::ldap::attribute::{
    AttributeId, Meaning, OBJECT_CLASSES, STRUCTURAL_CLASS, without_options,
};
use crate::ldap::entry::UidForm;
use crate::ldap::plan::SUBSCHEMA_DN;
use crate::ldap::request::{Filter, Substrings, text};
use crate::ldap::schema;
use crate::ldap::style::Style;
use crate::ldap::time;
use crate::presence::Seen;

mod extensible;
mod ordering;
mod postal;
mod presence;
mod shape;
#[cfg(test)]
mod tests;

const NOTHING: Query = Query::Constant(Truth::False);
const EVERYTHING: Query = Query::Constant(Truth::True);
/// The fields whose words are found in any order, as people type them.
const NAMES: FieldSet = FieldSet::of(&[Field::FormattedName, Field::FamilyName, Field::GivenName]);

/// What a filter is read against.
pub(super) struct Context<'a> {
    pub(super) derivation: &'a Derivation,
    pub(super) style: Style<'a>,
    pub(super) names: &'a dyn Names,
}

/// What names mean to the asker, and in the entries that are searched.
pub(super) trait Names {
    /// The contact that any name of it means, where the asker may see it.
    fn contact(&self, dn: &Dn) -> Option<ContactId>;

    /// The contact whose entry, of those that are searched, has this name.
    fn entry(&self, dn: &Dn) -> Option<ContactId>;

    /// The entries that have a value behind the first component of their names, under a type or
    /// under any.
    fn behind(&self, kind: Option<&str>, value: &str) -> Query;

    /// The entries in which the asker sees a reference of this kind.
    fn with_reference(&self, field: Field) -> Query;

    /// The managers of a person.
    fn managers_of(&self, id: ContactId) -> Query;

    /// The entries of managers of people whom the asker sees.
    fn with_reports(&self) -> Query;

    /// The people of whose presence something holds, as far as the asker may know it.
    fn whose_presence(&self, holds: &dyn Fn(&Seen) -> bool) -> Query;
}

/// Whether a term stands under an even or an odd number of NOTs. Only entries for which the whole
/// filter is True are found, so Undefined may count as False here and as True there; the index
/// then never sees it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    Plain,
    Negated,
}

impl Sense {
    fn undefined(self) -> Query {
        match self {
            Self::Plain => NOTHING,
            Self::Negated => EVERYTHING,
        }
    }

    fn negation(self) -> Self {
        match self {
            Self::Plain => Self::Negated,
            Self::Negated => Self::Plain,
        }
    }
}

/// The search that a filter means.
pub(super) fn compile(filter: &Filter<'_>, context: &Context<'_>) -> Query {
    context.filter(filter, Sense::Plain)
}

/// The truth of `attribute = value`, as compare operations ask for it. `None` where the attribute
/// is not known or the value is not of its kind.
pub(super) fn compile_equality(
    attribute: &[u8],
    value: &[u8],
    context: &Context<'_>,
) -> Option<Query> {
    context.equality(meaning(attribute)?, value)
}

/// The search for entries that have the attribute; `None` where it is not known.
pub(super) fn compile_presence(attribute: &[u8], context: &Context<'_>) -> Option<Query> {
    Some(context.present(meaning(attribute)?))
}

/// What an attribute description means in a filter; `None` where it is not known.
fn meaning(description: &[u8]) -> Option<Meaning> {
    let name = without_options(description);
    if name.eq_ignore_ascii_case(b"name") || name == b"2.5.4.41" {
        // Every name of a person is a subtype of it (RFC 4519 section 2.18); SARK's phones ask so.
        return Some(Meaning::Texts(NAMES));
    }
    AttributeId::find(name)?.get().map(|found| found.meaning)
}

impl Context<'_> {
    fn filter(&self, filter: &Filter<'_>, sense: Sense) -> Query {
        match filter {
            Filter::And(all) => shape::all(all.iter().map(|inner| self.filter(inner, sense))),
            Filter::Or(any) => {
                let any = any.iter().map(|inner| self.filter(inner, sense));
                match sense {
                    Sense::Plain => shape::any_merged(any),
                    Sense::Negated => shape::any(any),
                }
            }
            Filter::Not(inner) => shape::not(self.filter(inner, sense.negation())),
            term => self.term(term).unwrap_or_else(|| sense.undefined()),
        }
    }

    /// A filter without parts; `None` where it is Undefined.
    fn term(&self, filter: &Filter<'_>) -> Option<Query> {
        match filter {
            Filter::Equality(name, value) => self.equality(meaning(name)?, value),
            Filter::Substrings(name, parts) => self.substrings(meaning(name)?, parts),
            Filter::AtLeast(name, value) => self.at_least(meaning(name)?, value),
            Filter::AtMost(name, value) => self.at_most(meaning(name)?, value),
            Filter::Present(name) => Some(self.present(meaning(name)?)),
            Filter::Approximate(name, value) => self.approximate(meaning(name)?, value),
            Filter::Extensible(assertion) => self.extensible(assertion),
            Filter::And(_) | Filter::Or(_) | Filter::Not(_) => None,
        }
    }

    fn equality(&self, meaning: Meaning, value: &[u8]) -> Option<Query> {
        if let (Meaning::EntryUuid, Ok(bytes)) = (meaning, <[u8; 16]>::try_from(value)) {
            // wazo-dird asks by the 16 bytes of the UUID.
            return Some(Query::Id(ContactId(uuid::Uuid::from_bytes(bytes))));
        }
        let text = &*text(value);
        let query = match meaning {
            Meaning::Name(field) => text_equality(self.name(field), text),
            Meaning::Texts(fields) => text_equality(fields, text),
            Meaning::Numbers(fields) => self.number(fields, text),
            Meaning::Postal(part) => postal::equality(part, text),
            Meaning::Reference(field) => {
                let dn = Dn::parse(text).ok()?;
                self.names.contact(&dn).map_or(NOTHING, |id| {
                    Query::Exact(FieldSet::of(&[field]), id.to_string().into_boxed_str())
                })
            }
            Meaning::Reports => {
                let dn = Dn::parse(text).ok()?;
                self.names.contact(&dn).map_or(NOTHING, |id| self.names.managers_of(id))
            }
            Meaning::Presence(part) => self.presence(part, &presence::Test::Equals(text))?,
            Meaning::Uid => uid_query(text, self.style.uid, self.derivation),
            Meaning::ObjectClass => class(text, &OBJECT_CLASSES),
            Meaning::StructuralObjectClass => class(text, &[STRUCTURAL_CLASS]),
            Meaning::EntryUuid => Query::Id(ContactId::parse(text)?),
            Meaning::EntryDn => {
                let dn = Dn::parse(text).ok()?;
                self.names.entry(&dn).map_or(NOTHING, Query::Id)
            }
            Meaning::Modified => {
                let time = time::parse(text)?;
                Query::And(vec![Query::ModifiedSince(time), Query::ModifiedUntil(time)])
            }
            Meaning::Created => {
                let time = time::parse(text)?;
                Query::And(vec![Query::CreatedSince(time), Query::CreatedUntil(time)])
            }
            Meaning::HasSubordinates => self.subordinates(text),
            Meaning::SubschemaSubentry => {
                Query::Constant((Dn::parse(text) == Dn::parse(SUBSCHEMA_DN)).into())
            }
            Meaning::Photo(_) => return None,
        };
        Some(query)
    }

    /// The fields under which a name is found: where the account sees names in an order of its own,
    /// also that which they begin with.
    fn name(&self, field: Field) -> FieldSet {
        let first = self.style.name_begins_with().filter(|_| field == Field::FormattedName);
        let found = FieldSet::of(&[field]);
        first.map_or(found, |first| found.union(FieldSet::of(&[first])))
    }

    fn subordinates(&self, text: &str) -> Query {
        let parents = self.style.with_entries.iter().copied().collect();
        let parents = match self.style.with_entries {
            [] => NOTHING,
            _ => Query::Among(Arc::new(parents)),
        };
        match text.to_ascii_uppercase().as_str() {
            "TRUE" => parents,
            "FALSE" => shape::not(parents),
            _ => NOTHING,
        }
    }

    fn present(&self, meaning: Meaning) -> Query {
        match meaning {
            Meaning::Texts(fields) if fields.contains(Field::FormattedName) => EVERYTHING,
            Meaning::Texts(fields) | Meaning::Numbers(fields) => Query::Present(fields),
            Meaning::Postal(PostalPart::Whole) => Query::Present(FieldSet::of(&[Field::Postal])),
            Meaning::Postal(part) => postal::present(part),
            Meaning::Reference(field) => self.names.with_reference(field),
            Meaning::Reports => self.names.with_reports(),
            Meaning::Presence(part) => self.with_presence(part),
            Meaning::Photo(_) => Query::HasPhoto,
            _ => EVERYTHING,
        }
    }

    fn number(&self, fields: FieldSet, text: &str) -> Query {
        Query::Number(fields, NumberPattern::equals(text, &self.derivation.numbering))
    }

    fn substrings(&self, meaning: Meaning, parts: &Substrings<'_>) -> Option<Query> {
        let given = |part: &&[u8]| !part.is_empty();
        let initial = parts.initial.filter(given).map(text);
        let any: Vec<_> =
            parts.any.iter().filter(|part| given(part)).map(|part| text(part)).collect();
        let last = parts.last.filter(given).map(text);
        if initial.is_none() && any.is_empty() && last.is_none() {
            return Some(self.present(meaning));
        }
        let any: Vec<&str> = any.iter().map(|part| &**part).collect();
        let parts = Parts { initial: initial.as_deref(), any: &any, last: last.as_deref() };
        let numbers = |fields| {
            let Parts { initial, any, last } = parts;
            let pattern = NumberPattern::parts(initial, any, last, &self.derivation.numbering);
            Query::Number(fields, pattern.unwrap_or(NumberPattern::Equals(Vec::new())))
        };
        let query = match meaning {
            Meaning::Name(field) => text_parts(self.name(field), parts),
            Meaning::Texts(fields) => text_parts(fields, parts),
            Meaning::Numbers(fields) => numbers(fields),
            Meaning::Uid => {
                let extension = numbers(FieldSet::of(&[Field::Extension]));
                Query::And(vec![extension, Query::Book(Book::People)])
            }
            Meaning::Postal(part) => postal::parts(part, parts),
            Meaning::Presence(part) => {
                self.presence(part, &presence::Test::Parts(parts.pattern()))?
            }
            _ => return None,
        };
        Some(query)
    }

    /// `~=` finds texts that contain every word of the value; for the rest it is equality.
    fn approximate(&self, meaning: Meaning, value: &[u8]) -> Option<Query> {
        let contains = |word: &str| {
            let text = |fields| Query::Text(fields, TextPattern::contains(word));
            match meaning {
                Meaning::Name(field) => Some(text(self.name(field))),
                Meaning::Texts(fields) => Some(text(fields)),
                Meaning::Postal(part) => Some(postal::contains(part, word)),
                _ => None,
            }
        };
        let text = text(value);
        let words: Option<Vec<Query>> = text.split_whitespace().map(contains).collect();
        match words {
            Some(words) if !words.is_empty() => Some(shape::all(words.into_iter())),
            _ => self.equality(meaning, value),
        }
    }
}

/// The parts of a substring filter that are not empty.
#[derive(Clone, Copy)]
struct Parts<'p> {
    initial: Option<&'p str>,
    any: &'p [&'p str],
    last: Option<&'p str>,
}

impl Parts<'_> {
    fn pattern(self) -> TextPattern {
        TextPattern::parts(self.initial, self.any, self.last)
    }
}

/// Phones that send a literal value mean a name in either order.
fn text_equality(fields: FieldSet, text: &str) -> Query {
    let words = Some(text).filter(|_| is_name(fields));
    let words = words.and_then(|text| TextPattern::words(text, Fit::Whole));
    Query::Text(fields, words.unwrap_or_else(|| TextPattern::equals(text)))
}

/// `jo ad*` and `*jo ad*` are names whose words begin so, in any order: people type them so, and
/// phones put the stars. Every name that begins with `jo ad` is one of them.
fn text_parts(fields: FieldSet, parts: Parts<'_>) -> Query {
    let text = match (parts.initial, parts.any, parts.last) {
        (Some(text), [], None) | (None, &[text], None) if is_name(fields) => text,
        _ => return Query::Text(fields, parts.pattern()),
    };
    match TextPattern::words(text, Fit::Beginnings) {
        Some(words) if parts.initial.is_some() => Query::Text(fields, words),
        Some(words) => {
            let contained = Query::Text(fields, parts.pattern());
            Query::Or(vec![Query::Text(fields, words), contained])
        }
        None => Query::Text(fields, parts.pattern()),
    }
}

fn is_name(fields: FieldSet) -> bool {
    fields.without(NAMES).is_empty()
}

/// A person is called by the extension, whoever has none by the contact id. Under [`UidForm::Id`]
/// everybody is called by that as well.
pub(super) fn uid_query(text: &str, form: UidForm, derivation: &Derivation) -> Query {
    let extension = FieldSet::of(&[Field::Extension]);
    let people = Query::Book(Book::People);
    if let Some(id) = ContactId::parse(text) {
        let called = match form {
            UidForm::Extension => shape::all([people, Query::Present(extension)].into_iter()),
            UidForm::Id => NOTHING,
        };
        return shape::all([Query::Id(id), shape::not(called)].into_iter());
    }
    let exact = Query::Exact(extension, text.into());
    match NumberPattern::equals(text, &derivation.numbering) {
        NumberPattern::Equals(forms) if forms.is_empty() => Query::And(vec![people, exact]),
        pattern => Query::And(vec![Query::Number(extension, pattern), people, exact]),
    }
}

fn class(name: &str, classes: &[&str]) -> Query {
    let name = schema::class_name(name);
    Query::Constant(classes.iter().any(|class| class.eq_ignore_ascii_case(name)).into())
}
