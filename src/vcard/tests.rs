//! What reading and writing cards must hold for any card, and examples of each dialect.

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::TestCaseError;
use proptest::{collection, prop_assert_eq};

use crate::contact::Timestamp;
use crate::contact::card::{Card, CardBuilder, Field, PostalAddress};
use crate::vcard::line::lines;
use crate::vcard::read::{Fault, read};
use crate::vcard::write::{group, write};

fn card(text: &str) -> Card {
    let text = format!("BEGIN:VCARD\r\nVERSION:3.0\r\n{text}\r\nEND:VCARD\r\n");
    read(text.as_bytes()).unwrap().card
}

fn all(card: &Card, field: Field) -> Vec<&str> {
    card.all(field).collect()
}

fn written(card: &Card) -> String {
    let mut out = Vec::new();
    write("u-1", Some(Timestamp(1_790_000_000)), card, None, &mut out);
    String::from_utf8(out).unwrap()
}

fn fault(text: &str) -> (usize, Fault) {
    let invalid = read(text.as_bytes()).unwrap_err();
    (invalid.line, invalid.fault)
}

#[test]
fn a_card_in_version_3_is_read() {
    let text = concat!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:abc\r\nN:Müller;Hans;Karl;Dr.;Jr.,M.D.\r\n",
        "FN:Dr. Hans Müller\r\nORG:Acme\\, Inc.;Sales;North\r\nTITLE:Head\\nof it\r\n",
        "TEL;TYPE=CELL,VOICE:0170 1\r\nTEL;TYPE=CELL,PREF:0170 2\r\n",
        "item1.EMAIL;type=INTERNET;type=pref:a@x.example\r\nitem1.X-ABLabel:Office\r\n",
        "ADR;TYPE=HOME:;Rear;Weg 1;Bonn;;53111;DE\r\nCATEGORIES:a\\,b,c\r\nNICKNAME:Hansi\r\n",
        "URL:http\\://x.example/;a\r\nX-RINGBOOK-SITE:Bonn\r\nX-ODD;X=1:kept\r\nEND:VCARD\r\n\r\n",
    );
    let reading = read(text.as_bytes()).unwrap();
    assert_eq!(reading.uid.as_deref(), Some("abc"));
    assert_eq!(reading.problems, []);
    let card = reading.card;
    assert_eq!(card.formatted_name(), "Dr. Hans Müller");
    assert_eq!(card.first(Field::FamilyName), Some("Müller"));
    assert_eq!(card.first(Field::NameSuffix), Some("Jr. M.D."));
    assert_eq!(card.first(Field::Company), Some("Acme, Inc."));
    assert_eq!(all(&card, Field::Department), ["Sales", "North"]);
    assert_eq!(card.first(Field::Title), Some("Head\nof it"));
    assert_eq!(all(&card, Field::Mobile), ["0170 2", "0170 1"]);
    assert_eq!(all(&card, Field::Category), ["a,b", "c"]);
    assert_eq!(card.first(Field::Url), Some("http://x.example/;a"));
    assert_eq!(card.first(Field::Site), Some("Bonn"));
    let address = PostalAddress::parse(card.first(Field::Postal).unwrap());
    assert_eq!((address.kind, address.street, address.code), ("home", "Weg 1\nRear", "53111"));
}

#[test]
fn a_card_in_version_4_is_read() {
    let text = concat!(
        "BEGIN:VCARD\nVERSION:4.0\nUID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1\nFN:One\n",
        "FN;PREF=1:Two\nN;SORT-AS=\"Harten,Rene\":van der Harten;Rene;;;\n",
        "TEL;VALUE=uri;PREF=2;TYPE=\"voice,work\":tel:+1-555-1;ext=12\nTEL;TYPE=work;PREF=1:22\n",
        "EMAIL;PREF=20:b@x.example\nEMAIL;PREF=10:a@x.example\nLANG:fr\nKIND:Individual\n",
        "RELATED;TYPE=x-manager:urn:uuid:03a0e51f-d1aa-4385-8a53-e29025acd8af\nBDAY:--0412\n",
        "END:VCARD\n",
    );
    let reading = read(text.as_bytes()).unwrap();
    assert_eq!(reading.uid.as_deref(), Some("urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1"));
    let card = reading.card;
    assert_eq!(all(&card, Field::FormattedName), ["Two"]);
    assert_eq!(card.first(Field::PhoneticFamilyName), Some("Harten"));
    assert_eq!(all(&card, Field::Work), ["22", "+1-555-1"]);
    assert_eq!(all(&card, Field::Email), ["a@x.example", "b@x.example"]);
    assert_eq!(card.first(Field::Birthday), Some("--04-12"));
    assert_eq!(card.first(Field::Manager), Some("03a0e51f-d1aa-4385-8a53-e29025acd8af"));
    assert_eq!(card.first(Field::Kind), None);
}

#[test]
fn what_is_in_no_field_is_named() {
    let unread = |lines: &str| {
        let text = format!("BEGIN:VCARD\nVERSION:3.0\nUID:u\nREV:1\nFN:A\n{lines}\nEND:VCARD\n");
        read(text.as_bytes()).unwrap().unread
    };
    assert!(unread("N:;;;;\nTEL;TYPE=CELL:1\nADR:;;Weg 1;;;;\nKIND:individual\nNOTE:").is_empty());
    let more = "PHOTO;ENCODING=b:AAAA\nX-SHOE:38\nitem1.TEL:1\nitem1.X-ABLabel:Barn\nX-shoe:39";
    assert_eq!(unread(more), ["PHOTO", "X-SHOE", "X-ABLABEL"]);
}

#[test]
fn a_card_in_version_2_1_is_read() {
    let text = concat!(
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BC=\r\n",
        "ller;Hans\r\nTEL;WORK;VOICE:1\r\nTEL;CELL:2\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:Inner\r\n",
        "END:VCARD\r\nX-MS-MANAGER:Boss\r\nBDAY:19850412\r\nEND:VCARD\r\n",
    );
    let card = read(text.as_bytes()).unwrap().card;
    assert_eq!(card.formatted_name(), "Hans Müller");
    assert_eq!((all(&card, Field::Work), all(&card, Field::Mobile)), (vec!["1"], vec!["2"]));
    assert_eq!(card.first(Field::Manager), Some("Boss"));
    assert_eq!(card.first(Field::Birthday), Some("1985-04-12"));
}

#[test]
fn labels_and_groups_of_apple_are_understood() {
    let text = concat!(
        "item1.TEL;type=pref:1\r\nITEM1.X-ABLABEL:_$!<Main>!$_\r\n",
        "item2.X-ABRELATEDNAMES:Eva\r\nitem2.X-ABLabel:_$!<Assistant>!$_\r\n",
        "FN:Team\r\nX-ADDRESSBOOKSERVER-KIND:group\r\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12",
    );
    let card = card(text);
    assert_eq!(all(&card, Field::Work), ["1"]);
    assert_eq!(card.first(Field::Assistant), Some("Eva"));
    assert_eq!(card.first(Field::Kind), Some("group"));
    assert_eq!(card.first(Field::Birthday), Some("--04-12"));
}

#[test]
fn a_card_without_a_name_is_named_by_what_it_has() {
    assert_eq!(card("N:;;;;\r\nORG:Acme;").formatted_name(), "Acme");
    assert_eq!(card("TEL:+49 30 1").formatted_name(), "+49 30 1");
}

#[test]
fn an_invalid_card_is_refused_with_its_line() {
    assert_eq!(fault(""), (1, Fault::NoBegin));
    assert_eq!(fault("\r\nFN:x"), (2, Fault::NoBegin));
    assert_eq!(fault("BEGIN:VCARD\nVERSION:3.0\nFN:x"), (3, Fault::NoEnd));
    assert_eq!(fault("BEGIN:VCARD\nFN:x\nEND:VCARD"), (3, Fault::NoVersion));
    let unknown = Fault::UnknownVersion("5.0".to_owned());
    assert_eq!(fault("BEGIN:VCARD\nVERSION:5.0\nFN:x\nEND:VCARD"), (2, unknown));
    let one = "BEGIN:VCARD\nVERSION:3.0\nFN:x\nEND:VCARD\n";
    assert_eq!(fault(&format!("{one}{one}")), (5, Fault::TwoCards));
    assert_eq!(fault("BEGIN:VCARD\nVERSION:3.0\nBEGIN:VCARD\nEND:VCARD"), (3, Fault::TwoCards));
    assert_eq!(fault("BEGIN:VCARD\nVERSION:3.0\nNOTE:x\nEND:VCARD"), (1, Fault::Nameless));
    let invalid = read(b"BEGIN:VCARD\nVERSION:3.0\nFN:M\xfcller\nEND:VCARD").unwrap_err();
    assert_eq!((invalid.line, invalid.fault), (3, Fault::NotUtf8));
}

#[test]
fn lines_that_are_not_understood_are_told() {
    let text = "BEGIN:VCARD\nVERSION:3.0\nFN:x\nnonsense\nEND:VCARD\ntrailing";
    let problems: Vec<String> =
        read(text.as_bytes()).unwrap().problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["line 4: no property", "line 6: text behind the card"]);
}

#[test]
fn huge_values_are_cut_in_the_fields() {
    let note = "ü".repeat(20_000);
    let text = format!("BEGIN:VCARD\nVERSION:3.0\nFN:x\nNOTE:{note}\nEND:VCARD");
    let reading = read(text.as_bytes()).unwrap();
    assert_eq!(reading.card.first(Field::Note).map(str::len), Some(16 << 10));
    assert_eq!(reading.problems.len(), 1);
}

#[test]
fn endless_lists_cost_little() {
    for line in ["CATEGORIES:", "N:", "ADR:"] {
        for separator in [",", ";", "x,", "x;"] {
            let list = separator.repeat(1_000_000);
            let text = format!("BEGIN:VCARD\nVERSION:3.0\nFN:x\n{line}{list}\nEND:VCARD");
            assert!(read(text.as_bytes()).unwrap().card.as_str().len() < 200 << 10);
        }
    }
}

#[test]
fn a_person_is_written_as_clients_expect_it() {
    let mut builder = CardBuilder::default();
    builder.push(Field::FormattedName, "Anna Adams").push(Field::GivenName, "Anna");
    builder.push(Field::FamilyName, "Adams").push(Field::Company, "Demo; Co");
    builder.push(Field::Department, "R&D, Berlin").push(Field::Extension, "201");
    builder.push(Field::Work, "+49 30 555 0001").push(Field::Email, "a@x.example");
    let text = written(&builder.finish().unwrap());
    let expected = concat!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Ringbook//Ringbook//EN\r\nUID:u-1\r\n",
        "REV:2026-09-21T14:13:20Z\r\nFN:Anna Adams\r\nN:Adams;Anna;;;\r\n",
        "ORG:Demo\\; Co;R&D\\, Berlin\r\nTEL;TYPE=WORK,VOICE,X-EXTENSION:201\r\n",
        "TEL;TYPE=WORK,VOICE:+49 30 555 0001\r\nEMAIL;TYPE=INTERNET:a@x.example\r\nEND:VCARD\r\n",
    );
    assert_eq!(text, expected);
}

#[test]
fn a_company_is_shown_as_one_by_apple() {
    let mut builder = CardBuilder::default();
    builder.push(Field::Company, "Acme");
    let text = written(&builder.finish().unwrap());
    assert!(text.contains("N:;;;;\r\nX-ABShowAs:COMPANY\r\nORG:Acme\r\n"), "{text}");
}

#[test]
fn long_lines_are_folded_between_characters() {
    let mut builder = CardBuilder::default();
    builder.push(Field::FormattedName, &"Ünï ".repeat(100));
    let card = builder.finish().unwrap();
    let text = written(&card);
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    assert!(text.split("\r\n").any(|line| line.len() >= 74), "{text}");
    assert_eq!(read(text.as_bytes()).unwrap().card, card);
}

/// Fields that hold what a card has once, or as a list.
fn field() -> impl Strategy<Value = Field> {
    let fields: Vec<Field> = Field::ALL.to_vec();
    proptest::sample::select(fields)
}

fn value(field: Field) -> proptest::strategy::BoxedStrategy<String> {
    let text = prop_oneof!["[ -~]{1,40}", "[a-zA-Zäöüß,;:\\\\\n^\"日本]{1,90}", any::<String>()];
    match field {
        Field::Postal => collection::vec("[ -~äöü\n]{0,30}", 5)
            .prop_map(|parts| {
                let [street, locality, region, code, country] =
                    [0, 1, 2, 3, 4].map(|at| &parts[at]);
                PostalAddress { kind: "work", street, locality, region, code, country }.value()
            })
            .boxed(),
        Field::Kind => prop_oneof![Just("group"), Just("org")].prop_map(str::to_owned).boxed(),
        _ => text.boxed(),
    }
}

fn entry() -> impl Strategy<Value = (Field, String)> {
    field().prop_flat_map(|field| value(field).prop_map(move |value| (field, value)))
}

/// Cards as other doors make them: what a card has once is there once.
fn any_card() -> impl Strategy<Value = Option<Card>> {
    collection::vec(entry(), 0..12).prop_map(|mut values| {
        values.sort_by_key(|(field, _)| *field);
        let mut builder = CardBuilder::default();
        let mut seen = Vec::new();
        for (field, value) in &values {
            let repeats =
                Field::NUMBERS.contains(*field) || matches!(field, Field::Email | Field::Category);
            if repeats || !seen.contains(field) {
                // The unit separator parts a postal address and is no text elsewhere.
                let plain = value.replace('\u{1f}', " ");
                builder.push(*field, if *field == Field::Postal { value } else { &plain });
                seen.push(*field);
            }
        }
        builder.finish().ok()
    })
}

fn reads_back(card: &Card) -> Result<(), TestCaseError> {
    let text = written(card);
    let reading = read(text.as_bytes()).map_err(|e| TestCaseError::fail(format!("{e}: {text}")))?;
    prop_assert_eq!(reading.uid.as_deref(), Some("u-1"));
    for field in Field::ALL {
        prop_assert_eq!(all(&reading.card, *field), all(card, *field), "{:?} in {}", field, text);
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same_card(card in any_card()) {
        if let Some(card) = card {
            reads_back(&card)?;
        }
    }

    #[test]
    fn lines_joined_are_the_input(bytes in collection::vec(any::<u8>(), 0..300)) {
        let joined: Vec<u8> = lines(&bytes).flat_map(|line| line.raw.to_vec()).collect();
        prop_assert_eq!(joined, bytes);
    }

    #[test]
    fn lines_of_card_like_text_joined_are_the_input(text in "([A-C.;=:\"\r\n \t]|QUOTED-PRINTABLE){0,60}") {
        let joined: Vec<u8> = lines(text.as_bytes()).flat_map(|line| line.raw.to_vec()).collect();
        prop_assert_eq!(joined, text.into_bytes());
    }

    #[test]
    fn reading_never_fails_badly(bytes in collection::vec(any::<u8>(), 0..300)) {
        drop(read(&bytes));
    }

    #[test]
    fn reading_a_card_of_odd_lines_never_fails_badly(inside in "((N|TEL|ADR|ORG|BDAY|RELATED)[;:][A-Za-z0-9;:=,\\\\\"^üT-]{0,30}\r\n){0,8}") {
        let text = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\n{inside}END:VCARD");
        read(text.as_bytes()).unwrap();
    }
}

/// What clients send and servers often refuse.
#[test]
fn cards_that_are_a_little_wrong_are_read() {
    let good = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zoe\r\nTEL;TYPE=CELL:1\r\nEND:VCARD\r\n";
    let expected = read(good.as_bytes()).unwrap().card;
    for odd in [
        good.trim_end().to_owned(),
        format!("{good}\r\n\r\n"),
        format!("\r\n{good}"),
        format!("\u{feff}{good}"),
        good.replace("\r\n", "\n"),
        good.replace("\r\n", "\r"),
        good.replace("\r\n", "\r\r\n"),
        good.replace("FN", "N:;;;;\r\nFN"),
        good.replace("TEL;TYPE=", "ITEM1.TEL;"),
        good.replace("TEL;TYPE=CELL", "tel;type=\"cell,voice\""),
        good.replace("VERSION:3.0", "version: 3.0 "),
        good.replace("BEGIN:VCARD", "begin:vcard"),
        good.replace("VERSION:3.0\r\nFN:Zoe\r\n", "FN:Zoe\r\nVERSION:4.0\r\n"),
        good.replace("FN:Zoe", "FN:\r\n  Zoe"),
        good.replace("FN:Zoe\r\n", "FN:Zoe\r\n\r\n"),
    ] {
        let reading = read(odd.as_bytes()).unwrap_or_else(|error| panic!("{error}: {odd}"));
        assert_eq!((reading.card, reading.uid), (expected.clone(), None), "{odd}");
    }
}

#[test]
fn members_of_groups_are_bare_uids() {
    let members = |lines: &str| {
        let text = format!("BEGIN:VCARD\nVERSION:3.0\nFN:A\n{lines}\nEND:VCARD\n");
        read(text.as_bytes()).unwrap().members
    };
    let apple =
        "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:A-1\nx-AddressBookServer-Member:URN:UUID:b\\,c";
    assert_eq!(members(apple), ["A-1", "b,c"]);
    assert_eq!(
        members("MEMBER:urn:uuid:a\nmember;PREF=1: urn:uuid:a\nMEMBER:\nMEMBER:d"),
        ["a", "d"]
    );
    assert_eq!(members(&format!("MEMBER:{}", "x".repeat(2_000))), Vec::<String>::new());
}

#[test]
fn a_group_is_written_as_apple_expects_it() {
    let mut out = Vec::new();
    let members = ["a", "03a0e51f-d1aa-4385-8a53-e29025acd8af"];
    group("g;1", "Sales, North", members.into_iter(), &mut out);
    let text = String::from_utf8(out).unwrap();
    let expected = concat!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Ringbook//Ringbook//EN\r\nUID:g\\;1\r\n",
        "FN:Sales\\, North\r\nN:Sales\\, North;;;;\r\n",
        "X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a\r\n",
        "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:03a0e51f-d1aa-4385-8a53-e29025acd8af\r\n",
        "END:VCARD\r\n",
    );
    assert_eq!(text, expected);
    let reading = read(text.as_bytes()).unwrap();
    assert_eq!(reading.members, members);
    assert_eq!(reading.card.first(Field::Kind), Some("group"));
}
