//! How entries are written for one asker: which `uid`, numbers and names as a phone account wants them.

use std::borrow::Cow;

use crate::account::device::PhoneAccount;
use crate::contact::card::{Card, Field, FieldSet};
use crate::contact::derived::NameOrder;
use crate::contact::number::{NumberFormat, Numbering};
use crate::contact::{Contact, UserId};
use crate::ldap::attribute::Meaning;
use crate::ldap::entry::UidForm;

const EXTENSION: FieldSet = FieldSet::of(&[Field::Extension]);

/// How the entries of one search differ from the prepared ones.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style<'s> {
    pub(super) uid: UidForm,
    /// None: as they are written.
    numbers: Option<(NumberFormat, &'s Numbering)>,
    /// None: as the cards say.
    names: Option<NameOrder>,
    /// The people whose entries have others below them.
    pub(super) with_entries: &'s [UserId],
}

impl<'s> Style<'s> {
    pub(super) fn new(
        uid: UidForm,
        phone: Option<&PhoneAccount>,
        numbering: &'s Numbering,
        with_entries: &'s [UserId],
    ) -> Self {
        let format = phone.map_or(NumberFormat::AsWritten, |phone| phone.number_format);
        let numbers = (format != NumberFormat::AsWritten).then_some((format, numbering));
        Self { uid, numbers, names: phone.and_then(|phone| phone.name_order), with_entries }
    }

    /// Whether an attribute cannot be copied from prepared entries.
    pub(super) fn changes(&self, meaning: Meaning) -> bool {
        match meaning {
            Meaning::Uid => self.uid == UidForm::Id,
            Meaning::Numbers(fields) => {
                self.numbers.is_some() && !fields.without(EXTENSION).is_empty()
            }
            Meaning::Name(Field::FormattedName) => self.names.is_some(),
            Meaning::HasSubordinates => !self.with_entries.is_empty(),
            _ => false,
        }
    }

    /// A number as it is shown. Extensions are dialled as they are.
    pub(super) fn number<'n>(&self, field: Field, number: &'n str) -> Cow<'n, str> {
        match self.numbers {
            Some((format, numbering)) if field != Field::Extension => {
                numbering.formatted(number, format).into()
            }
            _ => number.into(),
        }
    }

    /// The name as it is shown. A card that does not tell the parts keeps its name.
    pub(super) fn name<'c>(&self, card: &'c Card) -> Cow<'c, str> {
        let part = |field| card.first(field);
        let parts = (part(Field::GivenName), part(Field::FamilyName));
        let (Some(order), (Some(given), Some(family))) = (self.names, parts) else {
            return card.formatted_name().into();
        };
        let given = match part(Field::MiddleName) {
            Some(middle) => format!("{given} {middle}"),
            None => given.to_owned(),
        };
        match order {
            NameOrder::GivenFirst => format!("{given} {family}").into(),
            NameOrder::FamilyFirst => format!("{family} {given}").into(),
        }
    }

    /// The field that a written name begins with, where this account sees names in an order of its
    /// own: they are found by it too.
    pub(super) fn name_begins_with(&self) -> Option<Field> {
        Some(match self.names? {
            NameOrder::GivenFirst => Field::GivenName,
            NameOrder::FamilyFirst => Field::FamilyName,
        })
    }

    /// Whether the contact's entry has others below it.
    pub(super) fn has_entries(&self, contact: &Contact) -> bool {
        self.with_entries.contains(&contact.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::OrganizationId;
    use crate::contact::card::CardBuilder;

    fn with_style(format: NumberFormat, order: Option<NameOrder>, check: impl Fn(&Style<'_>)) {
        let numbering = Numbering::new("DE", "30", "0").unwrap();
        let mut phone = PhoneAccount::new(OrganizationId::from("main"), "p", Vec::new());
        phone.number_format = format;
        phone.name_order = order;
        check(&Style::new(UidForm::Extension, Some(&phone), &numbering, &[]));
    }

    #[test]
    fn numbers_are_written_as_the_account_wants_them() {
        for (format, number, extension) in [
            (NumberFormat::AsWritten, "030/1234567", "12345"),
            (NumberFormat::E164, "+49301234567", "12345"),
            (NumberFormat::National, "0301234567", "12345"),
            (NumberFormat::Dialled, "00301234567", "12345"),
        ] {
            with_style(format, None, |style| {
                assert_eq!(style.number(Field::Work, "030/1234567"), number);
                assert_eq!(style.number(Field::Extension, "12345"), extension);
            });
        }
    }

    #[test]
    fn names_are_written_in_the_order_of_the_account() {
        let card = |values: &[(Field, &str)]| {
            let mut card = CardBuilder::default();
            for (field, value) in values {
                card.push(*field, value);
            }
            card.finish().unwrap()
        };
        let anna = card(&[
            (Field::FormattedName, "Dr. Anna Adams"),
            (Field::GivenName, "Anna"),
            (Field::FamilyName, "Adams"),
        ]);
        let acme = card(&[(Field::Company, "Acme")]);
        for (order, expected) in [
            (None, "Dr. Anna Adams"),
            (Some(NameOrder::GivenFirst), "Anna Adams"),
            (Some(NameOrder::FamilyFirst), "Adams Anna"),
        ] {
            with_style(NumberFormat::AsWritten, order, |style| {
                assert_eq!(style.name(&anna), expected);
                assert_eq!(style.name(&acme), "Acme");
            });
        }
    }
}
