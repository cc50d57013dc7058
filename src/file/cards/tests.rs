//! Tests of vCard files: what is read of good, odd and broken ones, and that what is written reads back.

use std::io::{self, Read};
use std::sync::Arc;

use crate::contact::ContactId;
use crate::contact::card::{Card, Field};
use crate::file::cards::write::CardWriter;
use crate::file::encoding::{Charset, Survey};
use crate::file::export::{Exported, FileWriter};
use crate::file::open::open;
use crate::file::table::choice::Choice;
use crate::file::{About, Entry, Fault, FileError, Row, Rule};

/// What a file says.
#[derive(Debug)]
struct File {
    about: About,
    entries: Vec<Entry>,
    faults: Vec<Fault>,
}

impl File {
    /// Lines and rules of the faults.
    fn faults(&self) -> Vec<(u64, Rule)> {
        self.faults.iter().map(|fault| (fault.line, fault.reason.rule)).collect()
    }

    fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.card.formatted_name()).collect()
    }
}

fn try_read(bytes: &[u8], charset: Option<&str>) -> Result<File, FileError> {
    let mut survey = Survey::default();
    survey.feed(bytes);
    let text = survey.finish(charset.map(Charset::parse).transpose()?)?;
    let bytes: Arc<[u8]> = bytes.into();
    let opener = move || Ok(Box::new(io::Cursor::new(Arc::clone(&bytes))) as Box<dyn Read + Send>);
    let mut rows = open(&opener, text, &Choice::auto())?;
    let (about, mut entries, mut faults) = (rows.about().clone(), Vec::new(), Vec::new());
    while let Some(row) = rows.next_row()? {
        match row {
            Row::Good(entry) => entries.push(*entry),
            Row::Bad(found) => faults.extend(found),
        }
    }
    Ok(File { about, entries, faults })
}

fn read(text: impl AsRef<[u8]>) -> File {
    try_read(text.as_ref(), None).unwrap()
}

fn card(inside: &str) -> String {
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\n{inside}\r\nEND:VCARD\r\n")
}

fn all(card: &Card, field: Field) -> Vec<&str> {
    card.all(field).collect()
}

#[test]
fn a_file_of_many_cards_gives_all_of_them() {
    let old =
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Doe;John\r\nTEL;WORK;VOICE:+49 30 1\r\nEND:VCARD\r\n";
    let new = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Zoe\r\nUID:urn:uuid:1\r\nTEL;VALUE=uri:tel:+49-30-2\r\nEND:VCARD\r\n";
    let file = read([old, &card("FN:Ann\r\nORG:Acme"), "\r\n\r\n", new].concat());
    assert_eq!(file.names(), ["John Doe", "Ann", "Zoe"]);
    assert_eq!(file.faults(), []);
    assert_eq!(file.entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [1, 6, 13]);
    assert_eq!(file.entries[2].uid.as_deref(), Some("urn:uuid:1"));
    assert_eq!(file.entries[0].body.as_deref(), Some(old.as_bytes()), "kept to the byte");
    assert_eq!((&*file.about.profile, file.about.delimiter), ("vcard", None));
}

#[test]
fn any_line_end_will_do() {
    let text = [card("FN:Ann\r\nNOTE:a\r\n b"), card("FN:Bob")].concat();
    for end in ["\n", "\r", "\r\r\n"] {
        let file = read(text.replace("\r\n", end));
        assert_eq!(file.names(), ["Ann", "Bob"], "{end:?}");
        assert_eq!(file.entries[0].card.first(Field::Note), Some("ab"), "{end:?}");
        let body = String::from_utf8(file.entries[1].body.as_deref().unwrap().to_vec()).unwrap();
        assert!(end == "\n" || body == card("FN:Bob"), "clients get usual line ends: {body:?}");
    }
}

#[test]
fn a_broken_card_costs_no_other() {
    let text = [
        "From: someone\r\n\r\n".to_owned(),
        card("FN:Ann"),
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Lost\r\n".to_owned(),
        card("NOTE:nobody\r\nUID:77"),
        "BEGIN:VCARD\r\nVERSION:9.0\r\nFN:New\r\nEND:VCARD\r\n".to_owned(),
        card(&format!("FN:Long\r\nUID:{}", "x".repeat(1001))),
        card("FN:Bob"),
        "FN:Stray\r\nEND:VCARD\r\n".to_owned(),
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Cut off\r\n".to_owned(),
    ]
    .concat();
    let file = read(&text);
    assert_eq!(file.names(), ["Ann", "Bob"]);
    let expected = [
        (1, Rule::OutsideCards),
        (7, Rule::CardWithoutEnd),
        (10, Rule::Nameless),
        (15, Rule::CardVersion),
        (19, Rule::LongUid),
        (28, Rule::OutsideCards),
        (30, Rule::CardWithoutEnd),
    ];
    assert_eq!(file.faults(), expected);
    let values: Vec<&str> = file.faults.iter().filter_map(|f| f.value.as_deref()).collect();
    assert_eq!(values, ["From: someone", "Lost", "77", "New", "Long", "FN:Stray", "Cut off"]);
}

#[test]
fn cards_are_known_by_what_they_have() {
    let file = read([card("ORG:Acme;Sales"), card("TEL:1"), card("EMAIL:a@b.example")].concat());
    assert_eq!(file.names(), ["Acme", "1", "a@b.example"]);
    assert!(file.entries.iter().all(|entry| entry.uid.is_none()));
}

#[test]
fn a_missing_version_is_made_up() {
    let file = read("BEGIN:VCARD\r\nFN;QUOTED-PRINTABLE:J=C3=B6rg\r\nEND:VCARD\r\n");
    assert_eq!(file.names(), ["Jörg"]);
    let body = String::from_utf8(file.entries[0].body.as_deref().unwrap().to_vec()).unwrap();
    assert!(body.starts_with("BEGIN:VCARD\r\nVERSION:2.1\r\nFN"), "{body}");
}

#[test]
fn an_agent_is_no_contact_of_its_own() {
    let agent = "AGENT:\r\nBEGIN:VCARD\r\nVERSION:2.1\r\nFN:Secret\r\nTEL:9\r\nEND:VCARD\r\n";
    let text = format!("BEGIN:VCARD\r\nVERSION:2.1\r\nFN:James\r\n{agent}TEL:1\r\nEND:VCARD\r\n");
    let file = read([text, card("FN:Bob")].concat());
    assert_eq!(file.names(), ["James", "Bob"]);
    assert_eq!(all(&file.entries[0].card, Field::Work), ["1"]);
}

#[test]
fn cards_in_old_character_sets_become_utf8() {
    let mut bytes = b"BEGIN:VCARD\r\nVERSION:2.1\r\n".to_vec();
    bytes.extend(b"FN;CHARSET=windows-1251:\xce\xeb\xe5\xe3\r\n");
    bytes.extend(b"ORG;CHARSET=Shift_JIS;ENCODING=QUOTED-PRINTABLE:=93=63=\r\n=92=86\r\n");
    bytes.extend(b"TITLE;CHARSET=ISO-8859-1:Gesch\xe4ftsf\xfchrer\r\nEND:VCARD\r\n");
    let file = read(&bytes);
    let entry = &file.entries[0];
    assert_eq!(entry.card.formatted_name(), "Олег");
    assert_eq!(entry.card.first(Field::Company), Some("田中"));
    assert_eq!(entry.card.first(Field::Title), Some("Geschäftsführer"));
    let body = std::str::from_utf8(entry.body.as_deref().unwrap()).unwrap();
    assert!(body.contains("VERSION:3.0\r\n") && body.contains("FN:Олег\r\n"), "{body}");
    let told = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:\xce\xeb\xe5\xe3\r\nEND:VCARD\r\n";
    assert_eq!(try_read(told, Some("windows-1251")).unwrap().names(), ["Олег"]);
}

#[test]
fn utf16_needs_no_mark() {
    let text = card("FN:Олег Иванов\r\nNOTE:Абвгдежзиклмнопрстуфхцчшщэюя абвгдежзиклмнопрстуфхц");
    for to_bytes in [u16::to_be_bytes, u16::to_le_bytes] {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(to_bytes).collect();
        let file = read(&bytes);
        assert_eq!(file.names(), ["Олег Иванов"]);
        assert_eq!(file.entries[0].body.as_deref(), Some(text.as_bytes()));
    }
}

#[test]
fn photos_are_decoded_and_never_fetched() {
    let photo = |line: &str| {
        let file = read(card(&format!("FN:Ann\r\n{line}")));
        assert_eq!(file.faults(), []);
        file.entries[0].photo.as_deref().map(<[u8]>::to_vec)
    };
    assert_eq!(photo("PHOTO;ENCODING=b;TYPE=JPEG:aGVs\r\n bG8h"), Some(b"hello!".to_vec()));
    assert_eq!(photo("PHOTO:data:image/png;base64,aGVsbG8h"), Some(b"hello!".to_vec()));
    assert_eq!(photo("PHOTO;VALUE=uri:http://127.0.0.1:1/a.jpg"), None);
    let old = "BEGIN:VCARD\nVERSION:2.1\nFN:A\nPHOTO;BASE64:\n aGVs\n bG8h\n\nEND:VCARD\n";
    assert_eq!(read(old).entries[0].photo.as_deref(), Some(&b"hello!"[..]));
}

#[test]
fn groups_make_favorites_and_categories() {
    let group = |name: &str, members: &[&str]| {
        let lines: String = members
            .iter()
            .map(|uid| format!("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{uid}\r\n"))
            .collect();
        card(&format!("FN:{name}\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n{lines}UID:g-{name}"))
    };
    let text = [
        group("Favoriten", &["a", "b"]),
        card("FN:Ann\r\nUID:a\r\nREV:2020-01-01T00:00:00Z\r\nCATEGORIES:Old"),
        card("FN:Bob\r\nUID:urn:uuid:b"),
        card("FN:Cid\r\nUID:c"),
        "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nFN:VIP\r\nMEMBER:urn:uuid:a\r\nMEMBER:urn:uuid:x\r\nEND:VCARD\r\n".to_owned(),
    ];
    let file = read(text.concat());
    assert_eq!(file.names(), ["Ann", "Bob", "Cid"]);
    let starred: Vec<Option<bool>> = file.entries.iter().map(|entry| entry.starred).collect();
    assert_eq!(starred, [Some(true), Some(true), Some(false)]);
    let ann = &file.entries[0];
    assert_eq!(all(&ann.card, Field::Category), ["Old", "VIP"]);
    let body = std::str::from_utf8(ann.body.as_deref().unwrap()).unwrap();
    assert_eq!(body, text[1].replace("Old", "Old,VIP"), "the card says it too");
    assert_eq!(file.entries[1].body.as_deref(), Some(text[2].as_bytes()));
    assert_eq!(file.faults(), [(26, Rule::GroupMembers)]);
}

#[test]
fn googles_star_is_no_category() {
    let file = read(card("FN:Ann\r\nCATEGORIES:myContacts,starred,Sales"));
    assert_eq!(file.entries[0].starred, Some(true));
    assert_eq!(all(&file.entries[0].card, Field::Category), ["myContacts", "Sales"]);
    assert_eq!(read(card("FN:Ann")).entries[0].starred, None);
}

#[test]
fn a_group_with_numbers_is_reported() {
    let group = card("FN:Hotline\r\nX-ADDRESSBOOKSERVER-KIND:group\r\nTEL:1");
    let file = read([group, card("FN:Ann")].concat());
    assert_eq!((file.names(), file.faults()), (vec!["Ann"], vec![(1, Rule::GroupOwnNumbers)]));
}

#[test]
fn a_file_without_cards_is_refused() {
    let refused = try_read(b"BEGIN:VCARD", None).unwrap();
    assert_eq!(refused.faults(), [(1, Rule::CardWithoutEnd)]);
    let mut survey = Survey::default();
    survey.feed(b"");
    let text = survey.finish(None).unwrap();
    let choice = Choice::auto();
    let empty = || Ok(Box::new(io::empty()) as Box<dyn Read + Send>);
    let told =
        Choice::parse(&crate::file::table::profiles::Profiles::built_in(), Some("vcard"), None);
    let mut rows = open(&empty, text, &told.unwrap()).unwrap();
    assert_eq!(rows.next_row().unwrap_err().reason, Rule::NoCards.into());
    assert!(open(&empty, text, &choice).is_err(), "an empty table");
}
