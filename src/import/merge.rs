//! What a row changes on the card of a contact that is there.

use crate::contact::card::{Card, Field, NamelessCard, PostalAddress};
use crate::file::Covers;
use crate::file::table::said::name_follows;
use crate::import::Mode;

/// One field of a card that a row changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    pub field: Field,
    pub before: Vec<String>,
    pub after: Vec<String>,
}

/// The card as the row wants it, and what differs from the old one; nothing where nothing does.
///
/// # Errors
/// [`NamelessCard`] where a mirror leaves nothing to call the contact by.
pub(super) fn merged(
    old: &Card,
    row: &Card,
    covers: &Covers,
    mode: Mode,
) -> Result<(Card, Vec<FieldChange>), NamelessCard> {
    let mut changes = Vec::new();
    let mut builder = old.edit();
    for (field, capacity) in &covers.fields {
        let after = match field {
            Field::Postal => postal(old, row, covers, mode),
            field => values(old, row, (*field, *capacity), mode),
        };
        if !old.all(*field).eq(after.iter().map(String::as_str)) {
            builder.replace(*field, after.iter().map(String::as_str));
            let before = old.all(*field).map(str::to_owned).collect();
            changes.push(FieldChange { field: *field, before, after });
        }
    }
    if changes.is_empty() {
        return Ok((old.clone(), changes));
    }
    let told = covers.fields.iter().any(|(field, _)| *field == Field::FormattedName);
    if !told && name_follows(old) {
        builder.replace(Field::FormattedName, []);
    }
    Ok((builder.finish()?, changes))
}

/// The values of a field: those that the row can tell are its own, further ones stay.
fn values(old: &Card, row: &Card, (field, capacity): (Field, usize), mode: Mode) -> Vec<String> {
    let mut told: Vec<&str> = row.all(field).collect();
    let there = old.all(field);
    if field == Field::Category && capacity != usize::MAX {
        // A column that can say one mark says nothing of the others.
        let mut all: Vec<&str> = there.collect();
        all.extend(told.iter().filter(|value| !old.all(field).any(|known| known == **value)));
        return all.into_iter().map(str::to_owned).collect();
    }
    if told.is_empty() && mode != Mode::Mirror {
        return there.map(str::to_owned).collect();
    }
    let further: Vec<&str> = there.skip(capacity).filter(|value| !told.contains(value)).collect();
    told.extend(further);
    told.into_iter().map(str::to_owned).collect()
}

/// Postal addresses are told by kind: those of a kind replace one another in their order.
fn postal(old: &Card, row: &Card, covers: &Covers, mode: Mode) -> Vec<String> {
    let kind_of = |value: &str| PostalAddress::parse(value).kind.to_owned();
    let mut told: Vec<Option<&str>> = row.all(Field::Postal).map(Some).collect();
    let mut after: Vec<String> = Vec::new();
    for value in old.all(Field::Postal) {
        let kind = kind_of(value);
        let same = |new: &&mut Option<&str>| new.is_some_and(|new| kind_of(new) == kind);
        match told.iter_mut().find(same).and_then(Option::take) {
            Some(new) => after.push(new.to_owned()),
            None if mode == Mode::Mirror && covers.postal.contains(&kind.as_str()) => {}
            None => after.push(value.to_owned()),
        }
    }
    after.extend(told.into_iter().flatten().map(str::to_owned));
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::card::CardBuilder;

    fn card(values: &[(Field, &str)]) -> Card {
        let mut builder = CardBuilder::default();
        for (field, value) in values {
            builder.push(*field, value);
        }
        builder.finish().unwrap()
    }

    fn covers(fields: &[(Field, usize)]) -> Covers {
        Covers { fields: fields.to_vec(), postal: vec!["work"], photo: false }
    }

    const ANNA: &[(Field, &str)] = &[
        (Field::FormattedName, "Anna Adams"),
        (Field::GivenName, "Anna"),
        (Field::FamilyName, "Adams"),
        (Field::Mobile, "1"),
        (Field::Mobile, "2"),
        (Field::Category, "sales"),
    ];

    #[test]
    fn an_empty_cell_keeps_in_an_update_and_clears_in_a_mirror() {
        let row = card(&[(Field::GivenName, "Anna")]);
        let told = covers(&[(Field::GivenName, 1), (Field::FamilyName, 1), (Field::Mobile, 1)]);
        let (same, changes) = merged(&card(ANNA), &row, &told, Mode::Update).unwrap();
        assert_eq!((same, changes.len()), (card(ANNA), 0));
        let (cleared, changes) = merged(&card(ANNA), &row, &told, Mode::Mirror).unwrap();
        assert_eq!(cleared.formatted_name(), "Anna", "the name is made of its parts");
        assert_eq!(cleared.all(Field::Mobile).collect::<Vec<_>>(), ["2"]);
        assert_eq!(changes.len(), 2);
        assert_eq!(
            (&*changes[1].before, &*changes[1].after),
            (&["1".into(), "2".into()][..], &["2".into()][..])
        );
    }

    #[test]
    fn what_the_file_has_no_room_for_stays() {
        let row = card(&[(Field::GivenName, "Anna"), (Field::Mobile, "3")]);
        let one = covers(&[(Field::Mobile, 1)]);
        let (new, _) = merged(&card(ANNA), &row, &one, Mode::Mirror).unwrap();
        assert_eq!(new.all(Field::Mobile).collect::<Vec<_>>(), ["3", "2"]);
        assert_eq!(new.first(Field::FamilyName), Some("Adams"));
        let all = covers(&[(Field::Mobile, usize::MAX)]);
        let (new, _) = merged(&card(ANNA), &row, &all, Mode::Update).unwrap();
        assert_eq!(new.all(Field::Mobile).collect::<Vec<_>>(), ["3"]);
    }

    #[test]
    fn a_single_mark_does_not_end_the_others() {
        let row = card(&[(Field::GivenName, "Anna"), (Field::Category, "boss")]);
        let (new, _) =
            merged(&card(ANNA), &row, &covers(&[(Field::Category, 1)]), Mode::Update).unwrap();
        assert_eq!(new.all(Field::Category).collect::<Vec<_>>(), ["sales", "boss"]);
    }

    #[test]
    fn addresses_are_told_by_kind() {
        let address = |kind: &'static str, street: &'static str| {
            PostalAddress { kind, street, ..Default::default() }.value()
        };
        let (home, work, new) = (address("home", "A"), address("work", "B"), address("work", "C"));
        let old = card(&[(Field::Company, "x"), (Field::Postal, &home), (Field::Postal, &work)]);
        let row = card(&[(Field::Company, "x"), (Field::Postal, &new)]);
        let told = covers(&[(Field::Postal, usize::MAX)]);
        let (moved, _) = merged(&old, &row, &told, Mode::Update).unwrap();
        assert_eq!(moved.all(Field::Postal).collect::<Vec<_>>(), [&home, &new]);
        let without = card(&[(Field::Company, "x")]);
        let (cleared, _) = merged(&old, &without, &told, Mode::Mirror).unwrap();
        assert_eq!(
            cleared.all(Field::Postal).collect::<Vec<_>>(),
            [&home],
            "no room for home addresses"
        );
    }
}
