//! What tests of several kinds of files need: a file that is read as a whole, and contacts of all kinds.

use std::io::{self, Read};
use std::sync::Arc;

use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert, prop_oneof};
use proptest::proptest;
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

/// Lines of vCard files and of LDIF, whole and broken, and bytes that are none of them.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let lines = prop::sample::select(vec![
        "BEGIN:VCARD\r\n",
        "END:VCARD\n",
        "VERSION:2.1\n",
        "VERSION:4.0\r\n",
        "FN:Anna\n",
        "N:;;;;\n",
        "TEL;WORK;ENCODING=QUOTED-PRINTABLE:=31=\n",
        "PHOTO;ENCODING=b:AAAA\n",
        "AGENT:BEGIN:VCARD\n",
        "X-ADDRESSBOOKSERVER-KIND:group\n",
        "MEMBER:urn:uuid:a\n",
        "UID:a\n",
        " folded\n",
        "\r\r\n",
        "version: 1\n",
        "dn: cn=Anna\n",
        "dn:: Y249QQ==\n",
        "cn: Anna\n",
        "mail:: !!\n",
        "\n",
        "jpegPhoto:< file:///etc/passwd\n",
        "changetype: delete\n",
        "objectClass: groupOfNames\n",
        "member: cn=Anna\n",
        "telephoneNumber: 204\n",
        ":\n",
        "-\n",
        "# remark\n",
    ]);
    let piece = prop_oneof![
        9 => lines.prop_map(|line| line.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(repeatable())]

    #[test]
    fn any_cards_and_entries_end_in_rows_or_a_reason(rest in pieces()) {
        for start in ["BEGIN:VCARD\n", "version: 1\n", "dn: cn=A\n"] {
            let bytes = [start.as_bytes(), &rest].concat();
            // Nothing panics or hangs; a file that is read says something of what is in it.
            if let Ok(file) = try_read(&bytes, None, &Choice::auto()) {
                let said = file.entries.len() + file.faults.len();
                prop_assert!(said > 0, "{}", String::from_utf8_lossy(&bytes));
            }
        }
    }
}
