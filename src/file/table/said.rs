//! What a contact says to the columns of a profile: its values, sorted by where they can stand.

use crate::contact::card::{Card, Field, FieldSet, PostalAddress};
use crate::file::table::arrange::Source;
use crate::file::table::column::To;
use crate::file::table::profile::{Labels, Profile};

/// The fields that a profile has columns for.
#[derive(Clone, Debug)]
pub(super) struct Sayable {
    fields: FieldSet,
    /// For each table of labels the fields that stand for.
    labelled: Vec<FieldSet>,
    /// How many values of a field have a column of their own.
    apart: Vec<(Field, usize)>,
    /// The kinds of addresses that have columns of their own.
    postal_apart: Vec<&'static str>,
    further: bool,
    /// Whether rows need a given or a family name.
    needs_name: bool,
}

impl Sayable {
    pub(super) fn of(profile: &Profile) -> Self {
        let mut fields = Vec::new();
        let mut apart: Vec<(Field, usize)> = Vec::new();
        let mut postal_apart = Vec::new();
        let written = profile.columns.iter().filter(|column| column.written);
        for column in written {
            match column.to {
                To::Field(field) => {
                    fields.push(field);
                    let many = column.split.is_some() || column.name.contains('#');
                    let count = if many { usize::MAX } else { 1 };
                    match apart.iter_mut().find(|(known, _)| *known == field) {
                        Some((_, known)) => *known = known.saturating_add(count),
                        None => apart.push((field, count)),
                    }
                }
                To::Birthday(_) => fields.push(Field::Birthday),
                To::Postal(to) => postal_apart.extend(to.kind),
                _ => {}
            }
        }
        let labelled: Vec<FieldSet> = profile.labels.iter().map(meanings).collect();
        let all = labelled.iter().fold(FieldSet::of(&fields), |all, some| all.union(*some));
        let names = [To::Field(Field::GivenName), To::Field(Field::FamilyName)];
        let is_name = |at: &usize| profile.columns.get(*at).is_some_and(|c| names.contains(&c.to));
        let needs_name = profile.columns.iter().any(|c| c.required && names.contains(&c.to))
            || profile.requires.iter().any(|list| list.iter().any(is_name));
        let further = profile.further;
        Self { fields: all, labelled, apart, postal_apart, further, needs_name }
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.further || self.fields.contains(field)
    }

    /// How many values of a field have columns of their own.
    pub(super) fn apart(&self, field: Field) -> usize {
        self.apart.iter().find(|(known, _)| *known == field).map_or(0, |(_, count)| *count)
    }
}

/// The fields that a table of labels can tell.
fn meanings(labels: &Labels<Field>) -> FieldSet {
    let fields: Vec<Field> =
        labels.of.iter().map(|(_, field)| *field).chain(labels.other).collect();
    FieldSet::of(&fields)
}

/// The values of one contact.
#[derive(Debug)]
pub(super) struct Said<'a> {
    pub(super) card: &'a Card,
    values: Vec<(Field, &'a str)>,
    /// For each table of labels the values that have no column of their own.
    pub(super) labelled: Vec<Vec<(Field, &'a str)>>,
    addresses: Vec<PostalAddress<'a>>,
    /// Addresses that have no columns of their own.
    pub(super) further_addresses: Vec<PostalAddress<'a>>,
}

impl<'a> Said<'a> {
    pub(super) fn of(card: &'a Card, sayable: &Sayable) -> Self {
        let mut values: Vec<(Field, &str)> =
            card.iter().filter(|(field, _)| *field != Field::Postal).collect();
        stand_in(&mut values, card, sayable);
        let addresses: Vec<PostalAddress<'_>> =
            card.all(Field::Postal).map(PostalAddress::parse).collect();
        let apart = |address: &&PostalAddress<'_>| !sayable.postal_apart.contains(&address.kind);
        let further_addresses = addresses.iter().filter(apart).copied().collect();
        let group = |fields: &FieldSet| {
            let mut group = Vec::new();
            for field in fields.iter() {
                let further = values.iter().filter(|(found, _)| *found == field);
                group.extend(further.skip(sayable.apart(field)).copied());
            }
            group
        };
        let labelled = sayable.labelled.iter().map(group).collect();
        Self { card, values, labelled, addresses, further_addresses }
    }

    /// The values of a field in order.
    pub(super) fn all(&self, field: Field) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(found, _)| *found == field).map(|(_, value)| *value)
    }

    /// A value of a table of labels with its field.
    pub(super) fn labelled(&self, group: usize, number: usize) -> Option<(Field, &'a str)> {
        self.labelled.get(group).and_then(|values| values.get(number)).copied()
    }

    /// Whether a column that has no text of its own belongs to something that is there.
    pub(super) fn has_value_of(&self, source: Source) -> bool {
        match source {
            Source::Label(group, number) => self.labelled(group, number).is_some(),
            Source::AddressLabel(number) => number < self.further_addresses.len(),
            _ => true,
        }
    }

    /// The first address of a kind.
    pub(super) fn address(&self, kind: &str) -> Option<PostalAddress<'a>> {
        self.addresses.iter().find(|address| address.kind == kind).copied()
    }
}

/// Values of fields that the profile lacks stand in for others, rather than be lost: outside numbers
/// and extensions for work numbers, the whole name for a given name.
fn stand_in<'a>(values: &mut Vec<(Field, &'a str)>, card: &'a Card, sayable: &Sayable) {
    let lacks = |field: &Field| !sayable.has(*field);
    for field in [Field::Did, Field::Extension].into_iter().filter(lacks) {
        values.extend(card.all(field).map(|value| (Field::Work, value)));
    }
    let has = |field| card.first(field).is_some();
    // XiVO knows one number only.
    if sayable.further && !has(Field::Work) {
        values.extend(card.first(Field::Extension).map(|value| (Field::Work, value)));
    }
    let parts = has(Field::GivenName) || has(Field::FamilyName) || has(Field::MiddleName);
    let unnamed = lacks(&Field::FormattedName) && !parts;
    if unnamed && (sayable.needs_name || !name_follows(card)) {
        values.push((Field::GivenName, card.formatted_name()));
    }
}

/// Whether the formatted name is the one that the other fields make by themselves.
pub(crate) fn name_follows(card: &Card) -> bool {
    let mut rest = card.edit();
    rest.replace(Field::FormattedName, []);
    rest.finish().is_ok_and(|made| made.formatted_name() == card.formatted_name())
}
