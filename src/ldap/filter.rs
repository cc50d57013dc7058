//! Filters become searches: three-valued logic over what the attributes mean.

use std::sync::Arc;

use crate::auth::dn::Dn;
use crate::contact::card::{Field, FieldSet};
use crate::contact::derived::Derivation;
use crate::contact::number::NumberPattern;
use crate::contact::query::{Query, TextPattern, Truth};
use crate::contact::{Book, ContactId};
use crate::ldap::attribute::{
    AttributeId, Meaning, OBJECT_CLASSES, PostalPart, STRUCTURAL_CLASS, without_options,
};
use crate::ldap::entry::UidForm;
use crate::ldap::plan::SUBSCHEMA_DN;
use crate::ldap::request::{Assertion, Filter, Substrings};
use crate::ldap::rule::{self, Rule};
use crate::ldap::style::Style;
use crate::ldap::time;
use crate::presence::Seen;

mod presence;
mod shape;
#[cfg(test)]
mod tests;

const NOTHING: Query = Query::Constant(Truth::False);
const EVERYTHING: Query = Query::Constant(Truth::True);
/// Separates the parts of a postal address in the keys it is found by.
const POSTAL_SEPARATOR: char = '\u{1f}';

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
    context.equality(AttributeId::find(attribute)?.get()?.meaning, value)
}

/// The search for entries that have the attribute; `None` where it is not known.
pub(super) fn compile_presence(attribute: &[u8], context: &Context<'_>) -> Option<Query> {
    Some(context.present(AttributeId::find(attribute)?.get()?.meaning))
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
        let meaning = |name: &[u8]| AttributeId::find(name)?.get().map(|found| found.meaning);
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
        let text = std::str::from_utf8(value).ok()?;
        let query = match meaning {
            Meaning::Name(field) => Query::Text(self.name(field), TextPattern::equals(text)),
            Meaning::Texts(fields) => Query::Text(fields, TextPattern::equals(text)),
            Meaning::Numbers(fields) => self.number(fields, text),
            Meaning::Postal(part) => postal(part, &postal_equality(part, text)),
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
            Meaning::Presence(part) => self.presence(part, &presence::Test::equals(text))?,
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
            Meaning::HasSubordinates => self.subordinates(text),
            Meaning::SubschemaSubentry => {
                Query::Constant((Dn::parse(text) == Dn::parse(SUBSCHEMA_DN)).into())
            }
            Meaning::Created => return None,
            Meaning::Never => NOTHING,
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
            Meaning::Texts(fields) | Meaning::Numbers(fields) => Query::Present(fields),
            Meaning::Postal(PostalPart::Locality) => {
                Query::Present(FieldSet::of(&[Field::Postal, Field::Site]))
            }
            Meaning::Postal(_) => Query::Present(FieldSet::of(&[Field::Postal])),
            Meaning::Reference(field) => self.names.with_reference(field),
            Meaning::Reports => self.names.with_reports(),
            Meaning::Presence(part) => self.with_presence(part),
            Meaning::Never => NOTHING,
            _ => EVERYTHING,
        }
    }

    fn number(&self, fields: FieldSet, text: &str) -> Query {
        Query::Number(fields, NumberPattern::equals(text, &self.derivation.numbering))
    }

    fn substrings(&self, meaning: Meaning, parts: &Substrings<'_>) -> Option<Query> {
        let given = |part: &&[u8]| !part.is_empty();
        let text = |part: &[u8]| std::str::from_utf8(part).map(str::to_owned);
        let initial = parts.initial.filter(given).map(text).transpose().ok()?;
        let any = parts.any.iter().filter(|part| given(part)).map(|part| text(part));
        let any = any.collect::<Result<Vec<String>, _>>().ok()?;
        let last = parts.last.filter(given).map(text).transpose().ok()?;
        if initial.is_none() && any.is_empty() && last.is_none() {
            return Some(self.present(meaning));
        }
        let any: Vec<&str> = any.iter().map(String::as_str).collect();
        let (initial, last) = (initial.as_deref(), last.as_deref());
        let pattern = || TextPattern::parts(initial, &any, last);
        let numbers = |fields| {
            let numbering = &self.derivation.numbering;
            let pattern = NumberPattern::parts(initial, &any, last, numbering);
            Query::Number(fields, pattern.unwrap_or(NumberPattern::Equals(Vec::new())))
        };
        let query = match meaning {
            Meaning::Name(field) => Query::Text(self.name(field), pattern()),
            Meaning::Texts(fields) => Query::Text(fields, pattern()),
            Meaning::Numbers(fields) => numbers(fields),
            Meaning::Uid => {
                let extension = numbers(FieldSet::of(&[Field::Extension]));
                Query::And(vec![extension, Query::Book(Book::People)])
            }
            Meaning::Postal(part) => postal(part, &postal_parts(initial, &any, last)),
            Meaning::Presence(part) => self.presence(part, &presence::Test::text(pattern()))?,
            Meaning::Never => NOTHING,
            _ => return None,
        };
        Some(query)
    }

    fn at_least(&self, meaning: Meaning, value: &[u8]) -> Option<Query> {
        let text = std::str::from_utf8(value).ok()?;
        let pattern = || TextPattern::at_least(text, &self.derivation.collation);
        match meaning {
            Meaning::Name(field) => Some(Query::Text(FieldSet::of(&[field]), pattern())),
            Meaning::Texts(fields) => Some(Query::Text(fields, pattern())),
            Meaning::Modified => Some(Query::ModifiedSince(time::parse(text)?)),
            Meaning::Presence(part) => {
                self.presence(part, &presence::Test::at_least(text, pattern()))
            }
            _ => None,
        }
    }

    fn at_most(&self, meaning: Meaning, value: &[u8]) -> Option<Query> {
        let text = std::str::from_utf8(value).ok()?;
        let pattern = || TextPattern::at_most(text, &self.derivation.collation);
        let is_text = matches!(meaning, Meaning::Name(_) | Meaning::Texts(_));
        if is_text && pattern() == TextPattern::AtLeast(Box::default()) {
            // Poly's upper bound `zz` is none.
            return Some(self.present(meaning));
        }
        match meaning {
            Meaning::Name(field) => Some(Query::Text(FieldSet::of(&[field]), pattern())),
            Meaning::Texts(fields) => Some(Query::Text(fields, pattern())),
            Meaning::Modified => Some(Query::ModifiedUntil(time::parse(text)?)),
            Meaning::Presence(part) => {
                self.presence(part, &presence::Test::at_most(text, pattern()))
            }
            _ => None,
        }
    }

    /// `~=` finds texts that contain a spelling of the value; for the rest it is equality.
    fn approximate(&self, meaning: Meaning, value: &[u8]) -> Option<Query> {
        let pattern = || std::str::from_utf8(value).ok().map(TextPattern::contains);
        match meaning {
            Meaning::Name(field) => Some(Query::Text(self.name(field), pattern()?)),
            Meaning::Texts(fields) => Some(Query::Text(fields, pattern()?)),
            _ => self.equality(meaning, value),
        }
    }

    /// `attribute:dn:rule:=value` (RFC 4511 section 4.5.1.7.7).
    fn extensible(&self, assertion: &Assertion<'_>) -> Option<Query> {
        let rule = assertion.rule.map(|name| rule::find(name).ok_or(()));
        let rule = rule.transpose().ok()?;
        let of_entry = match (assertion.attribute, rule) {
            (Some(name), _) => {
                let found = AttributeId::find(name).and_then(AttributeId::get);
                found.and_then(|found| self.equality(found.meaning, assertion.value))
            }
            (None, Some(Rule::Text)) => {
                let text = std::str::from_utf8(assertion.value).ok()?;
                Some(Query::Text(Field::TEXTS, TextPattern::equals(text)))
            }
            (None, Some(Rule::Number)) => {
                let text = std::str::from_utf8(assertion.value).ok()?;
                Some(self.number(Field::NUMBERS, text))
            }
            (None, Some(Rule::Other) | None) => None,
        };
        if !assertion.dn_attributes {
            return of_entry;
        }
        let of_name = self.in_name(assertion.attribute, assertion.value)?;
        Some(shape::any([of_entry.unwrap_or(NOTHING), of_name].into_iter()))
    }

    /// Which entries have the value in the components of their names.
    fn in_name(&self, attribute: Option<&[u8]>, value: &[u8]) -> Option<Query> {
        let value = std::str::from_utf8(value).ok()?;
        let kind = match attribute.map(without_options) {
            Some(name) => Some(match AttributeId::find(name).and_then(AttributeId::get) {
                Some(known) => known.name,
                None => std::str::from_utf8(name).ok()?,
            }),
            None => None,
        };
        let asked = kind.is_none_or(|kind| kind.eq_ignore_ascii_case("uid"));
        let uid = asked.then(|| uid_query(value, self.style.uid, self.derivation));
        let behind = self.names.behind(kind, value);
        Some(shape::any([Some(behind), uid].into_iter().flatten()))
    }
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
    Query::Constant(classes.iter().any(|class| class.eq_ignore_ascii_case(name)).into())
}

/// The pattern of one part among all parts of an address; the locality is a site's name too.
fn postal(part: PostalPart, pattern: &PostalPattern) -> Query {
    let address = Query::Text(FieldSet::of(&[Field::Postal]), pattern.address.clone());
    match part {
        PostalPart::Locality => {
            let site = Query::Text(FieldSet::of(&[Field::Site]), pattern.site.clone());
            Query::Or(vec![site, address])
        }
        _ => address,
    }
}

struct PostalPattern {
    site: TextPattern,
    address: TextPattern,
}

fn postal_equality(part: PostalPart, text: &str) -> PostalPattern {
    let begins = format!("{POSTAL_SEPARATOR}{text}");
    let whole = format!("{begins}{POSTAL_SEPARATOR}");
    let address = match part {
        // The country is the last part.
        PostalPart::Country => TextPattern::ends_with(&begins),
        // Nobody knows all of an address as it is written here.
        PostalPart::Whole => TextPattern::contains(&begins),
        _ => TextPattern::contains(&whole),
    };
    PostalPattern { site: TextPattern::equals(text), address }
}

fn postal_parts(initial: Option<&str>, any: &[&str], last: Option<&str>) -> PostalPattern {
    let begins = initial.map(|text| format!("{POSTAL_SEPARATOR}{text}"));
    let mut parts: Vec<&str> = begins.iter().map(String::as_str).collect();
    parts.extend(any);
    parts.extend(last);
    PostalPattern {
        site: TextPattern::parts(initial, any, last),
        address: TextPattern::parts(None, &parts, None),
    }
}
