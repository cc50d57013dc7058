//! Writes contacts as the profile `xivo`: columns in alphabetical order with `id`, UTF-8, CR LF.

use std::borrow::Borrow;

use csv::{Terminator, WriterBuilder};

use crate::contact::ContactId;
use crate::contact::card::{Card, Field};
use crate::file::fields;

/// The columns that XiVO has, besides `id`. They are there even where no contact has a value.
const ALWAYS: [Field; 7] = [
    Field::GivenName,
    Field::FamilyName,
    Field::Work,
    Field::Email,
    Field::Company,
    Field::Fax,
    Field::Mobile,
];
/// The most columns for values of one field.
const VALUES_MAX: usize = 20;

/// What stands in one column.
#[derive(Clone, Copy)]
enum Source {
    Id,
    /// The value of this place, from 0, among those of the field.
    Value(Field, usize),
}

/// The columns of one export. As in XiVO's own, further columns are there where a contact needs
/// them, so that nothing is lost but postal addresses, which are no plain text.
pub struct Export {
    columns: Vec<(String, Source)>,
}

impl Export {
    /// The columns that these cards need.
    pub fn of(cards: impl Iterator<Item = impl Borrow<Card>>) -> Self {
        let mut counts: Vec<(Field, usize)> =
            fields::all().map(|field| (field, usize::from(ALWAYS.contains(&field)))).collect();
        for card in cards {
            let card = card.borrow();
            for (field, count) in &mut counts {
                let needed = match field {
                    Field::FormattedName => usize::from(!name_follows(card)),
                    _ => card.all(*field).count(),
                };
                *count = needed.min(VALUES_MAX).max(*count);
            }
        }
        let mut columns = vec![("id".to_owned(), Source::Id)];
        for (field, count) in counts {
            let name = fields::csv_name(field).unwrap_or_default();
            for place in 0..count {
                let name =
                    if place == 0 { name.to_owned() } else { format!("{name}{}", place + 1) };
                columns.push((name, Source::Value(field, place)));
            }
        }
        columns.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self { columns }
    }

    /// The first line.
    pub fn header(&self) -> Vec<u8> {
        lines(std::iter::once(self.columns.iter().map(|(name, _)| name.clone())))
    }

    /// The lines of some contacts.
    pub fn rows<'a>(&self, contacts: impl Iterator<Item = (ContactId, &'a Card)>) -> Vec<u8> {
        let cell = |id: ContactId, card: &Card, source: &Source| match source {
            Source::Id => id.to_string(),
            Source::Value(Field::Work, 0) => number(card).unwrap_or_default().to_owned(),
            Source::Value(field, place) => {
                card.all(*field).nth(*place).unwrap_or_default().to_owned()
            }
        };
        lines(
            contacts.map(|(id, card)| {
                self.columns.iter().map(move |(_, source)| cell(id, card, source))
            }),
        )
    }
}

/// XiVO's one number: the extension for those who have no other.
fn number(card: &Card) -> Option<&str> {
    card.first(Field::Work).or_else(|| card.first(Field::Extension))
}

/// Whether the formatted name is the one that the other fields make by themselves.
pub(crate) fn name_follows(card: &Card) -> bool {
    let mut rest = card.edit();
    rest.replace(Field::FormattedName, []);
    rest.finish().is_ok_and(|made| made.formatted_name() == card.formatted_name())
}

fn lines(rows: impl Iterator<Item = impl Iterator<Item = String>>) -> Vec<u8> {
    let mut writer =
        WriterBuilder::new().terminator(Terminator::CRLF).flexible(true).from_writer(Vec::new());
    for row in rows {
        // Writing to memory never fails.
        let _ = writer.write_record(row.map(String::into_bytes));
    }
    writer.into_inner().unwrap_or_default()
}
