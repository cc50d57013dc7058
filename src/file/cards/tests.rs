//! Tests of vCard files: what is read of good, odd and broken ones, and that what is written reads back.

use crate::contact::ContactId;
use crate::contact::card::{Card, Field};
use crate::file::Rule;
use crate::file::cards::write::CardWriter;
use crate::file::export::Exported;
use crate::file::table::choice::Choice;
use crate::file::table::profiles::Profiles;
use crate::file::tests::{cards, exported, read, repeatable, try_read};

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
    assert_eq!(try_read(told, Some("windows-1251"), &Choice::auto()).unwrap().names(), ["Олег"]);
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
    let refused = try_read(b"BEGIN:VCARD", None, &Choice::auto()).unwrap();
    assert_eq!(refused.faults(), [(1, Rule::CardWithoutEnd)]);
    let told = Choice::parse(&Profiles::built_in(), Some("vcard"), None).unwrap();
    assert_eq!(try_read(b"", None, &told).unwrap_err().reason, Rule::NoCards.into());
    assert!(try_read(b"", None, &Choice::auto()).is_err(), "an empty table");
}

fn contact<'a>(id: u128, uid: &'a str, card: &'a Card) -> Exported<'a> {
    let id = ContactId(uuid::Uuid::from_u128(id));
    let (body, photo, starred, book, login, presence) = (None, None, false, None, None, None);
    Exported { id, uid, card, body, photo, starred, book, login, presence }
}

fn written(profile: &str, contacts: &[Exported<'_>]) -> String {
    let bytes = exported(&mut CardWriter::of(profile).unwrap(), contacts);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn what_a_client_made_goes_out_as_it_is() {
    let body = card("N:Doe;Jo;;;\r\nFN:Jo Doe\r\nitem1.TEL:1\r\nitem1.X-ABLabel:Boat\r\nX-SHOE:38");
    let read_card = read(&body).entries.remove(0).card;
    let exported = Exported { body: Some(body.as_bytes()), ..contact(1, "u", &read_card) };
    assert_eq!(written("vcard", &[exported]), body);
    assert_eq!(written("apple", &[exported]), body);
    for (profile, version) in [("vcard-4.0", "4.0"), ("vcard-2.1", "2.1")] {
        let text = written(profile, &[exported]);
        assert!(text.contains(&format!("VERSION:{version}\r\n")), "{text}");
        assert!(text.contains("X-SHOE:38\r\n") && text.contains("item1.X-ABLabel:Boat"), "{text}");
    }
    assert!(CardWriter::of("xivo").is_none());
}

#[test]
fn old_cards_say_foreign_letters_in_quoted_printable() {
    let card = read(card("FN:Jörg Müller\r\nTEL;TYPE=CELL,pref:1\r\nNOTE:a\\nb\\, c\\; d"))
        .entries
        .remove(0)
        .card;
    let text = written("vcard-2.1", &[contact(1, "u", &card)]);
    let name = "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg M=C3=BCller\r\n";
    assert!(text.contains(name), "{text}");
    assert!(text.contains("TEL;CELL;VOICE:1\r\n"), "{text}");
    assert!(text.contains("NOTE;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab, c\\; d\r\n"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 76), "{text}");
}

#[test]
fn apples_groups_bring_back_favorites_and_categories() {
    let bodies =
        [card("FN:Ann\r\nCATEGORIES:VIP"), card("FN:Bob\r\nUID:b"), card("FN:Cid\r\nUID:c")];
    let cards: Vec<Card> = bodies.iter().map(|body| read(body).entries.remove(0).card).collect();
    let ann = Exported { body: Some(bodies[0].as_bytes()), ..contact(1, "a-1", &cards[0]) };
    let bob = Exported { starred: true, ..contact(2, "b", &cards[1]) };
    let text = written("apple", &[ann, bob, contact(3, "c", &cards[2])]);
    assert_eq!(text.matches("X-ADDRESSBOOKSERVER-KIND:group").count(), 2, "{text}");
    let file = read(&text);
    assert_eq!((file.names(), file.faults()), (vec!["Ann", "Bob", "Cid"], vec![]));
    let starred: Vec<Option<bool>> = file.entries.iter().map(|entry| entry.starred).collect();
    assert_eq!(starred, [Some(false), Some(true), Some(false)]);
    assert_eq!(file.entries[0].uid.as_deref(), Some("a-1"), "a group must be able to name it");
    assert_eq!(all(&file.entries[0].card, Field::Category), ["VIP"]);
    let four = read(written("vcard-4.0", &[ann, bob]));
    assert_eq!((four.entries[0].starred, four.entries[1].starred), (Some(false), Some(true)));
    assert_eq!(read(written("vcard", &[ann, bob])).entries[1].starred, None);
}

proptest::proptest! {
    #![proptest_config(repeatable())]

    #[test]
    fn what_is_written_reads_back(cards in cards(), photo in proptest::option::of("[a-z]{1,99}")) {
        for profile in ["vcard", "vcard-2.1", "vcard-4.0", "apple"] {
            let photo = photo.as_ref().map(|photo| photo.as_bytes());
            let uids: Vec<String> = (0..cards.len()).map(|at| format!("uid-{at}")).collect();
            let pairs = uids.iter().zip(&cards);
            let contacts: Vec<Exported<'_>> =
                pairs.map(|(uid, card)| Exported { photo, ..contact(1, uid, card) }).collect();
            let text = written(profile, &contacts);
            let file = read(&text);
            proptest::prop_assert!(file.faults.is_empty(), "{:?}\n{}", file.faults, text);
            proptest::prop_assert_eq!(file.entries.len(), cards.len());
            for (entry, contact) in file.entries.iter().zip(&contacts) {
                proptest::prop_assert_eq!(&entry.card, contact.card, "{}", text);
                proptest::prop_assert_eq!(entry.uid.as_deref(), Some(contact.uid));
                proptest::prop_assert_eq!(entry.photo.as_deref(), photo);
                proptest::prop_assert!(entry.body.is_none(), "ours say nothing more:\n{}", text);
            }
        }
    }

    #[test]
    fn every_card_is_an_entry_or_a_fault(kinds in proptest::collection::vec(0..6_usize, 1..20)) {
        let parts = [
            card("FN:Good"),
            card("NOTE:nameless"),
            "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:No end\r\n".to_owned(),
            "BEGIN:VCARD\r\nVERSION:2.1\r\nFN:Two\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\nEND:VCARD\r\n".to_owned(),
            card("FN:Bad\r\nUID:u").replace("3.0", "1.0"),
            "\r\n".to_owned() + &card("ORG:Acme"),
        ];
        let text: String = kinds.iter().map(|kind| parts[*kind].as_str()).collect();
        let file = try_read(text.as_bytes(), None, &Choice::auto()).unwrap();
        let good = kinds.iter().filter(|kind| [0, 3, 5].contains(kind)).count();
        proptest::prop_assert_eq!(file.entries.len(), good);
        proptest::prop_assert_eq!(file.faults.len(), kinds.len() - good);
    }
}
