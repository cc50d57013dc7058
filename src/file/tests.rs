//! What tests of several kinds of files need: a file that is read as a whole, and contacts of all kinds.

use std::io::{self, Read};
use std::sync::Arc;

use proptest::prelude::{ProptestConfig, Strategy};
use proptest::test_runner::RngSeed;

use crate::contact::card::{Card, CardBuilder, Field, PostalAddress};
use crate::file::encoding::{Charset, Survey};
use crate::file::export::{Exported, FileWriter};
use crate::file::open::open;
use crate::file::table::choice::Choice;
use crate::file::{About, Entry, Fault, FileError, Row, Rule};

/// What a file says.
#[derive(Debug)]
pub(super) struct File {
    pub(super) about: About,
    pub(super) entries: Vec<Entry>,
    pub(super) faults: Vec<Fault>,
}

impl File {
    /// Lines and rules of the faults.
    pub(super) fn faults(&self) -> Vec<(u64, Rule)> {
        self.faults.iter().map(|fault| (fault.line, fault.reason.rule)).collect()
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.card.formatted_name()).collect()
    }
}

pub(super) fn try_read(
    bytes: &[u8],
    charset: Option<&str>,
    choice: &Choice,
) -> Result<File, FileError> {
    let mut survey = Survey::default();
    survey.feed(bytes);
    let text = survey.finish(charset.map(Charset::parse).transpose()?)?;
    let bytes: Arc<[u8]> = bytes.into();
    let opener = move || Ok(Box::new(io::Cursor::new(Arc::clone(&bytes))) as Box<dyn Read + Send>);
    let mut rows = open(&opener, text, choice)?;
    let (about, mut entries, mut faults) = (rows.about().clone(), Vec::new(), Vec::new());
    while let Some(row) = rows.next_row()? {
        match row {
            Row::Good(entry) => entries.push(*entry),
            Row::Bad(found) => faults.extend(found),
        }
    }
    Ok(File { about, entries, faults })
}

pub(super) fn read(text: impl AsRef<[u8]>) -> File {
    try_read(text.as_ref(), None, &Choice::auto()).unwrap()
}

/// The file of some contacts.
pub(super) fn exported(writer: &mut dyn FileWriter, contacts: &[Exported<'_>]) -> Vec<u8> {
    contacts.iter().for_each(|contact| writer.consider(contact));
    let mut out = Vec::new();
    writer.begin(&mut out);
    contacts.iter().for_each(|contact| writer.contact(contact, &mut out));
    writer.end(&mut out);
    out
}

/// The same contacts each time; `PROPTEST_RNG_SEED=N` makes others.
pub(super) fn repeatable() -> ProptestConfig {
    match ProptestConfig::default() {
        config if config.rng_seed == RngSeed::Random => {
            ProptestConfig { rng_seed: RngSeed::Fixed(2849), ..config }
        }
        chosen => chosen,
    }
}

/// Contacts as a client or a form could make them, with awkward characters. The values of a field
/// stand together, in the order in which cards are read.
pub(super) fn cards() -> impl Strategy<Value = Vec<Card>> {
    let text = "\\PC{1,12}|[\",;:\\\\=+@|\n\t $^-]{1,8}x|x{60,90} ü\n[a-z=]{70}|[а-я ]{1,40}";
    let field = proptest::sample::select(Field::ALL.to_vec());
    let values = proptest::collection::vec((field, text), 1..10);
    proptest::collection::vec(values.prop_filter_map("a nameless card", card), 1..6)
}

fn card(mut values: Vec<(Field, String)>) -> Option<Card> {
    // Of some fields a card has one value.
    let is_single = |field: Field| (Field::FormattedName..=Field::NameSuffix).contains(&field);
    values.push((Field::GivenName, "Zoe".to_owned()));
    values.retain(|(field, value)| *field != Field::Kind && !value.trim().is_empty());
    values.sort_by_key(|(field, _)| *field);
    values.dedup_by(|(next, value), (field, before)| {
        next == field && (is_single(*field) || value == before)
    });
    let mut card = CardBuilder::default();
    for (field, value) in values {
        let address =
            PostalAddress { kind: "work", street: &value, code: "1", ..Default::default() };
        let value = if field == Field::Postal { address.value() } else { value.clone() };
        card.push(field, &value);
    }
    card.finish().ok()
}
