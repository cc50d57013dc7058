//! Writes contacts as the profile `xivo`, some at a time.

use std::borrow::Borrow;

use crate::contact::ContactId;
use crate::contact::card::Card;
use crate::file::export::{Exported, FileWriter};
use crate::file::table::cell::Formulas;
use crate::file::table::profiles::Profiles;
use crate::file::table::writer::TableWriter;

pub(crate) use crate::file::table::said::name_follows;

/// The columns of one export.
pub struct Export {
    writer: Option<TableWriter>,
}

impl Export {
    /// The columns that these cards need.
    pub fn of(cards: impl Iterator<Item = impl Borrow<Card>>) -> Self {
        let profiles = Profiles::built_in();
        let xivo = profiles.by_name("xivo");
        let mut writer = xivo.map(|xivo| TableWriter::new(xivo, Formulas::AsTheyAre));
        for card in cards {
            let contact = exported(ContactId(uuid::Uuid::nil()), card.borrow());
            writer.iter_mut().for_each(|writer| writer.consider(&contact));
        }
        Self { writer }
    }

    /// The first line.
    pub fn header(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.writer.iter().for_each(|writer| writer.begin(&mut out));
        out
    }

    /// The lines of some contacts.
    pub fn rows<'a>(&self, contacts: impl Iterator<Item = (ContactId, &'a Card)>) -> Vec<u8> {
        let mut out = Vec::new();
        for (id, card) in contacts {
            self.writer.iter().for_each(|writer| writer.contact(&exported(id, card), &mut out));
        }
        out
    }
}

fn exported(id: ContactId, card: &Card) -> Exported<'_> {
    Exported {
        id,
        uid: "",
        card,
        body: None,
        photo: None,
        starred: false,
        book: None,
        login: None,
        presence: None,
    }
}
