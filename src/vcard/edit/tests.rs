//! What edits must hold, and examples of each kind of line.

use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_oneof, proptest};
use proptest::sample::{Index, select};
use proptest::test_runner::TestCaseError;
use proptest::{prelude::any, prop_assert_eq};

use crate::contact::Timestamp;
use crate::contact::card::{Card, CardBuilder, Field, PostalAddress};
use crate::vcard::convert::tests::{any_mess, repeatable};
use crate::vcard::edit::{edit, revised};
use crate::vcard::line::lines;
use crate::vcard::read::read;

const NOW: Timestamp = Timestamp(1_790_000_000);

/// Cards as programs write them.
const DIALECTS: [&str; 6] = [
    concat!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Apple Inc.//macOS 14.5//EN\r\nN:Müller;Jürgen;K.;Dr.;\r\n",
        "FN:Dr. Jürgen K. Müller\r\nNICKNAME:Jogi\r\nORG:Größe & Söhne GmbH;Vertrieb\\, Süd;\r\nTITLE:Leiter\r\n",
        "EMAIL;type=INTERNET;type=WORK;type=pref:j@example.de\r\nitem1.EMAIL;type=INTERNET:jogi@example.org\r\n",
        "item1.X-ABLabel:_$!<Other>!$_\r\nTEL;type=CELL;type=VOICE;type=pref:+49 171 1\r\nTEL;type=MAIN:+49 30 1234-0\r\n",
        "item2.TEL:+49 30 1234-56\r\nitem2.X-ABLabel:Durchwahl\r\nitem3.ADR;type=WORK;type=pref:;;Hauptstraße 5\\nHinterhaus;Berlin;;10115;De\r\n utschland\r\n",
        "item3.X-ABADR:de\r\nitem4.URL;type=pref:https\\://www.example.de/a\\,b\r\nitem4.X-ABLabel:_$!<HomePage>!$_\r\n",
        "item5.X-ABRELATEDNAMES;type=pref:Anna\r\nitem5.X-ABLabel:_$!<Assistant>!$_\r\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-05-17\r\n",
        "NOTE:Zeile 1\\nZeile 2\\; mit\r\nIMPP;X-SERVICE-TYPE=Jabber;type=pref:xmpp:j@jabber.example\r\nX-PHONETIC-FIRST-NAME:Juergen\r\n",
        "CATEGORIES:Kunden,VIP\r\nPHOTO;ENCODING=b;TYPE=JPEG:RCCC\r\n PP3m\r\nREV:2024-05-01T10:11:12Z\r\nEND:VCARD\r\n",
    ),
    concat!(
        "BEGIN:VCARD\nVERSION:4.0\nEMAIL;PREF=1:anna@example.org\nEMAIL;TYPE=work;PREF=2:a@work.example\nFN:Anna Šimková\n",
        "N;SORT-AS=\"Simkova,Anna\":Šimková;Anna;;;\nTEL;VALUE=TEXT;TYPE=work:+420 123\nTEL;VALUE=uri;TYPE=\"cell,voice\";PREF=1:tel:+420-601;ext=12\n",
        "TEL;TYPE=work;PREF=5:9\nORG:Firma s.r.o.\nBDAY;VALUE=DATE:--0512\nADR;LABEL=\"Ulice 1\\nPraha\";TYPE=home:;;Ulice 1;Praha;;11000;CZ\n",
        "RELATED;TYPE=x-manager:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6\nUID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1\nREV:20240501T101112Z\nEND:VCARD\n",
    ),
    concat!(
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;LANGUAGE=de;CHARSET=Windows-1252;ENCODING=QUOTED-PRINTABLE:M=FCller;J=FCrgen\r\nFN;CHARSET=UTF-8;QUOTED-PRINTABLE:J=C3=BC=\r\nrgen\r\n",
        "ORG:Contoso;Sales\r\nTEL;WORK;VOICE:+49 (30) 1\r\nTEL;CELL;PREF:+49 171\r\nADR;WORK;ENCODING=QUOTED-PRINTABLE:;;Weg 5=0D=0A2. Stock;Berlin;;10115\r\n",
        "EMAIL;PREF;INTERNET:jm@contoso.example\r\nPHOTO;TYPE=JPEG;ENCODING=BASE64:\r\n RCCC\r\nPP3m\r\n\r\nREV:20240501T101112Z\r\nEND:VCARD\r\n",
    ),
    "BEGIN:VCARD\r\nVERSION:3.0\r\nORG:Acme\r\nORG;TYPE=pref:Zenith;Lab;West\r\nTEL:1\r\nTEL:2\r\nitem9.TEL;TYPE=HOME:3\r\nX-JABBER:a@b\r\nSORT-STRING:acme\r\nCATEGORIES:a,,b\r\nCATEGORIES;TYPE=pref:c\\,d\r\nEND:VCARD",
    "BEGIN:VCARD\rVERSION:3.0\rN:;;;;\rFN:x\rX-MANAGER:Boss\rX-ASSISTANT:Al\rKIND:org\rEND:VCARD\r",
    "\u{feff}BEGIN:VCARD\r\nVERSION:4.0\r\nN:;;;;\r\nFN;ALTID=1;LANGUAGE=en:One\r\nFN;ALTID=1;PREF=1:Two\r\nITEM1.EMAIL:a@x\r\nITEM1.X-ABLABEL:Private\r\nLANG;PREF=2:fr\r\nLANG;PREF=1:de\r\nNOTE:a\\,b\r\nEND:VCARD\r\ntext behind\r\n",
];

fn with(card: &Card, changes: &[(Field, &[&str])]) -> Card {
    let mut builder = card.edit();
    for (field, values) in changes {
        builder.replace(*field, values.iter().copied());
    }
    builder.finish().unwrap()
}

fn edited(card: &str, changes: &[(Field, &[&str])]) -> String {
    let old = read(card.as_bytes()).unwrap().card;
    let new = with(&old, changes);
    String::from_utf8(edit(card.as_bytes(), &old, &new, NOW)).unwrap()
}

/// What lines went and came, in their order.
#[track_caller]
fn check(card: &str, changes: &[(Field, &[&str])], went: &[&str], came: &[&str]) {
    let text = edited(card, changes);
    let raw = |text: &str| -> Vec<String> {
        lines(text.as_bytes()).map(|line| String::from_utf8_lossy(line.raw).into_owned()).collect()
    };
    let (old, new) = (raw(card), raw(&text));
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        let plain = |line: &String| line.replace("\r\n ", "").trim_end().to_owned();
        these
            .iter()
            .filter(|line| !those.contains(line))
            .map(plain)
            .filter(|l| !l.starts_with("REV"))
            .collect()
    };
    assert_eq!(
        (only(&old, &new), only(&new, &old)),
        (
            went.iter().map(|s| (*s).to_owned()).collect(),
            came.iter().map(|s| (*s).to_owned()).collect()
        ),
        "{text}"
    );
}

#[test]
fn a_value_that_changes_keeps_its_line() {
    let [apple, thunderbird, outlook, ..] = DIALECTS;
    check(
        apple,
        &[(Field::OtherNumber, &["+49 30 7"])],
        &["item2.TEL:+49 30 1234-56"],
        &["item2.TEL:+49 30 7"],
    );
    check(
        thunderbird,
        &[(Field::Mobile, &["+420-7"]), (Field::Work, &["9", "1 2"])],
        &[
            "TEL;VALUE=TEXT;TYPE=work:+420 123",
            "TEL;VALUE=uri;TYPE=\"cell,voice\";PREF=1:tel:+420-601;ext=12",
        ],
        &[
            "TEL;VALUE=TEXT;TYPE=work:1 2".replace(";VALUE=TEXT", "").as_str(),
            "TEL;VALUE=uri;TYPE=\"cell,voice\";PREF=1:tel:+420-7",
        ],
    );
    check(
        outlook,
        &[(Field::GivenName, &["Ása"])],
        &["N;LANGUAGE=de;CHARSET=Windows-1252;ENCODING=QUOTED-PRINTABLE:M=FCller;J=FCrgen"],
        &["N;LANGUAGE=de;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;=C3=81sa;;;"],
    );
}

#[test]
fn a_value_that_goes_takes_its_line_and_label() {
    check(
        DIALECTS[0],
        &[(Field::OtherNumber, &[]), (Field::Assistant, &[]), (Field::Postal, &[])],
        &[
            "item2.TEL:+49 30 1234-56",
            "item2.X-ABLabel:Durchwahl",
            "item3.ADR;type=WORK;type=pref:;;Hauptstraße 5\\nHinterhaus;Berlin;;10115;Deutschland",
            "item3.X-ABADR:de",
            "item5.X-ABRELATEDNAMES;type=pref:Anna",
            "item5.X-ABLabel:_$!<Assistant>!$_",
        ],
        &[],
    );
    check(
        DIALECTS[5],
        &[(Field::Email, &[])],
        &["ITEM1.EMAIL:a@x", "ITEM1.X-ABLABEL:Private"],
        &[],
    );
}

#[test]
fn a_label_of_two_lines_stays_with_the_second() {
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\na.TEL:1\r\nA.EMAIL:b@c\r\na.X-ABLabel:Barn\r\nEND:VCARD\r\n";
    check(card, &[(Field::OtherNumber, &[])], &["a.TEL:1"], &[]);
}

#[test]
fn an_address_changes_part_by_part() {
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:x\r\nADR;LABEL=old;X-A=1;TYPE=\"dom,home\":PO 1;Rear;Weg 1;Bonn;;5\\;3;\r\nEND:VCARD\r\n";
    let old = read(card.as_bytes()).unwrap().card;
    let old = PostalAddress::parse(old.first(Field::Postal).unwrap());
    let went = "ADR;LABEL=old;X-A=1;TYPE=\"dom,home\":PO 1;Rear;Weg 1;Bonn;;5\\;3;";
    let moved = PostalAddress { locality: "Köln", kind: "work", ..old }.value();
    check(
        card,
        &[(Field::Postal, &[&moved])],
        &[went],
        &["ADR;X-A=1;TYPE=dom;TYPE=work:PO 1;Rear;Weg 1;Köln;;5\\;3;"],
    );
    let street = PostalAddress { street: "Weg 2", ..old }.value();
    check(
        card,
        &[(Field::Postal, &[&street])],
        &[went],
        &["ADR;X-A=1;TYPE=\"dom,home\":;;Weg 2;Bonn;;5\\;3;"],
    );
}

#[test]
fn new_values_are_written_in_the_card_s_version() {
    let all: &[(Field, &[&str])] = &[
        (Field::Home, &["7"]),
        (Field::Manager, &["Bo"]),
        (Field::Birthday, &["--04-12"]),
        (Field::Role, &["é\nè"]),
        (Field::Email, &["new@x"]),
    ];
    let bare = |version: &str| format!("BEGIN:VCARD\r\nVERSION:{version}\r\nFN:x\r\nEND:VCARD\r\n");
    check(
        &bare("3.0"),
        all,
        &[],
        &[
            "ROLE:é\\nè",
            "TEL;TYPE=HOME,VOICE:7",
            "EMAIL;TYPE=INTERNET:new@x",
            "X-MANAGER:Bo",
            "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12",
        ],
    );
    check(
        &bare("4.0"),
        all,
        &[],
        &[
            "ROLE:é\\nè",
            "TEL;TYPE=HOME,VOICE:7",
            "EMAIL:new@x",
            "RELATED;VALUE=text;TYPE=x-manager:Bo",
            "BDAY:--0412",
        ],
    );
    check(
        &bare("2.1"),
        all,
        &[],
        &[
            "ROLE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=A9=0D=0A=C3=A8",
            "TEL;HOME;VOICE:7",
            "EMAIL;INTERNET:new@x",
            "X-MANAGER:Bo",
            "BDAY:--04-12",
        ],
    );
}

#[test]
fn lists_change_part_by_part() {
    check(
        DIALECTS[0],
        &[(Field::Category, &["Kunden", "X, Y", "VIP"])],
        &["CATEGORIES:Kunden,VIP"],
        &["CATEGORIES:Kunden,X\\, Y,VIP"],
    );
    check(
        DIALECTS[3],
        &[(Field::Category, &["c,d", "b"])],
        &["CATEGORIES:a,,b"],
        &["CATEGORIES:,b"],
    );
    check(DIALECTS[3], &[(Field::Category, &["c,d"])], &["CATEGORIES:a,,b"], &[]);
    check(DIALECTS[3], &[(Field::Company, &["Zenith", "Apex"])], &["ORG:Acme"], &["ORG:Apex"]);
    check(
        DIALECTS[3],
        &[(Field::Department, &["Lab"])],
        &["ORG;TYPE=pref:Zenith;Lab;West"],
        &["ORG;TYPE=pref:Zenith;Lab"],
    );
}

#[test]
fn another_order_of_numbers_moves_their_lines() {
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nTEL;TYPE=pref;X-A=1:1\r\nitem1.TEL;TYPE=work:2\r\nEND:VCARD\r\n";
    check(
        card,
        &[(Field::Work, &["2", "1"])],
        &["TEL;TYPE=pref;X-A=1:1", "item1.TEL;TYPE=work:2"],
        &["item1.TEL;TYPE=work;TYPE=pref:2", "TEL;X-A=1:1"],
    );
    check(card, &[(Field::Work, &["1", "3", "2"])], &[], &["TEL;TYPE=WORK,VOICE:3"]);
}

#[test]
fn rev_tells_the_time_of_the_change() {
    let note: &[(Field, &[&str])] = &[(Field::Note, &["new"])];
    assert!(edited(DIALECTS[0], note).contains("\r\nREV:2026-09-21T14:13:20Z\r\n"));
    assert!(edited(DIALECTS[1], note).contains("\nREV:20260921T141320Z\n"));
    assert!(!edited(DIALECTS[3], note).contains("REV:"));
    assert_eq!(edited(DIALECTS[0], &[]), DIALECTS[0], "nothing changed");
    let again = String::from_utf8(revised(DIALECTS[2].as_bytes(), NOW)).unwrap();
    assert_eq!(again, DIALECTS[2].replace("20240501T101112Z", "20260921T141320Z"));
}

#[test]
fn a_card_that_cannot_be_read_stays_as_it_is() {
    let mut builder = CardBuilder::default();
    builder.push(Field::FormattedName, "x");
    let old = builder.clone().finish().unwrap();
    let new = with(&old, &[(Field::Note, &["n"])]);
    assert_eq!(edit(b"FN:x", &old, &new, NOW), b"FN:x");
}

#[test]
fn large_cards_cost_little() {
    let numbers: String = (0..3_000)
        .map(|n| format!("item{n}.TEL:{n}\r\nitem{n}.X-ABLabel:home {n}\r\nCATEGORIES:c{n},\r\n"))
        .collect();
    let card = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nNOTE:{}\r\n{numbers}END:VCARD\r\n",
        "n".repeat(5 << 20)
    );
    let old = read(card.as_bytes()).unwrap().card;
    let backwards: Vec<&str> = old.all(Field::Home).collect::<Vec<_>>().into_iter().rev().collect();
    assert!(backwards.len() > 500);
    let new =
        with(&old, &[(Field::Home, &backwards), (Field::Category, &["z"]), (Field::Note, &["a"])]);
    let text = edit(card.as_bytes(), &old, &new, NOW);
    assert!(text.len() < 1 << 20);
}

fn value(field: Field) -> proptest::strategy::BoxedStrategy<String> {
    let text = prop_oneof!["[ -~]{1,20}", "[a-zäß,;:\\\\\n^\"日=]{1,40}"];
    match field {
        Field::Postal => (select(vec!["work", "home", ""]), vec("[ -~äö\n]{0,12}", 5))
            .prop_map(|(kind, parts)| {
                let [street, locality, region, code, country] =
                    [0, 1, 2, 3, 4].map(|at: usize| parts[at].as_str());
                PostalAddress { kind, street, locality, region, code, country }.value()
            })
            .boxed(),
        Field::Kind => select(vec!["group", "org"]).prop_map(str::to_owned).boxed(),
        Field::Birthday => select(vec!["1985-04-12", "--04-12", "in May; or, June"])
            .prop_map(str::to_owned)
            .boxed(),
        Field::Manager | Field::Assistant => {
            prop_oneof![text, select(vec!["f81d4fae-7dec-11d0-a765-00a0c91e6bf7".to_owned()])]
                .boxed()
        }
        Field::Address => prop_oneof!["[a-z@]{1,9}", "(sip|xmpp|x):[a-z@,;]{1,9}"].boxed(),
        _ => text.boxed(),
    }
}

/// New values of a field: old ones by their index, and others.
fn change() -> impl Strategy<Value = (Field, Vec<Result<Index, String>>)> {
    select(Field::ALL.to_vec()).prop_flat_map(|field| {
        let one = prop_oneof![any::<Index>().prop_map(Ok), value(field).prop_map(Err)];
        (proptest::prelude::Just(field), vec(one, 0..4))
    })
}

/// What a vCard holds once.
fn is_single(field: Field) -> bool {
    matches!(
        field,
        Field::FormattedName
            | Field::FamilyName
            | Field::GivenName
            | Field::MiddleName
            | Field::NamePrefix
            | Field::NameSuffix
            | Field::Kind
    )
}

fn changed(old: &Card, changes: &[(Field, Vec<Result<Index, String>>)]) -> Option<Card> {
    let mut builder = old.edit();
    for (field, values) in changes {
        let known: Vec<&str> = old.all(*field).collect();
        let mut values: Vec<&str> = values
            .iter()
            .filter_map(|value| match value {
                Ok(index) if known.is_empty() => {
                    let _ = index;
                    None
                }
                Ok(index) => Some(*index.get(&known)),
                Err(text) => Some(text.as_str()),
            })
            .collect();
        values.truncate(if is_single(*field) { 1 } else { 4 });
        builder.replace(*field, values);
    }
    builder.finish().ok()
}

/// The properties that a field may stand in.
fn names(field: Field) -> &'static [&'static str] {
    match field {
        Field::FormattedName => &["FN"],
        Field::FamilyName
        | Field::GivenName
        | Field::MiddleName
        | Field::NamePrefix
        | Field::NameSuffix => &["N", "FN"],
        Field::PhoneticFamilyName | Field::PhoneticGivenName => {
            &["N", "SORT-STRING", "X-PHONETIC-FIRST-NAME", "X-PHONETIC-LAST-NAME"]
        }
        Field::Company | Field::Department => &["ORG", "FN"],
        Field::Nickname => &["NICKNAME", "FN"],
        Field::Category => &["CATEGORIES"],
        Field::Manager | Field::Assistant => {
            &["RELATED", "X-MANAGER", "X-ASSISTANT", "X-ABRELATEDNAMES"]
        }
        Field::Address => &["IMPP", "X-JABBER"],
        Field::Postal => &["ADR", "X-ABADR"],
        Field::Kind => &["KIND", "X-ADDRESSBOOKSERVER-KIND"],
        Field::Birthday => &["BDAY"],
        Field::Note => &["NOTE"],
        Field::Url => &["URL"],
        Field::Title => &["TITLE"],
        Field::Role => &["ROLE"],
        Field::Language => &["LANG"],
        Field::Email => &["EMAIL", "FN"],
        Field::Site => &["X-RINGBOOK-SITE"],
        Field::VoicemailBox => &["X-RINGBOOK-VOICEMAIL"],
        _ => &["TEL", "FN"],
    }
}

fn others(text: &[u8], changed: &[Field]) -> Vec<String> {
    let about = |name: &str| {
        ["REV", "X-ABLABEL"]
            .iter()
            .copied()
            .chain(changed.iter().flat_map(|field| names(*field).iter().copied()))
            .any(|known| name.eq_ignore_ascii_case(known))
    };
    lines(text)
        .filter(|line| !line.content.as_ref().is_some_and(|content| about(content.name())))
        .map(|line| String::from_utf8_lossy(line.raw).into_owned())
        .collect()
}

/// Changes a card and looks whether it says what it should, and nothing else changed.
fn is_edited(
    card: &str,
    changes: &[(Field, Vec<Result<Index, String>>)],
) -> Result<(), TestCaseError> {
    let Ok(old) = read(card.as_bytes()) else { return Ok(()) };
    let Some(new) = changed(&old.card, changes) else { return Ok(()) };
    let bytes = edit(card.as_bytes(), &old.card, &new, NOW);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let reading = read(&bytes).map_err(|e| TestCaseError::fail(format!("{e}: {text}")))?;
    for field in Field::ALL {
        let is: Vec<&str> = reading.card.all(*field).collect();
        let wanted: Vec<&str> = new.all(*field).collect();
        prop_assert_eq!(is, wanted, "{:?} in {}", field, text);
    }
    prop_assert_eq!(reading.uid, old.uid);
    let differs = |field: &Field| !old.card.all(*field).eq(new.all(*field));
    let fields: Vec<Field> = Field::ALL.iter().copied().filter(differs).collect();
    prop_assert_eq!(others(&bytes, &fields), others(card.as_bytes(), &fields));
    Ok(())
}

proptest! {
    #![proptest_config(repeatable())]

    #[test]
    fn what_was_edited_is_read(dialect in select(DIALECTS.to_vec()), changes in vec(change(), 1..4)) {
        is_edited(dialect, &changes)?;
    }

    #[test]
    fn a_mess_is_edited_too(card in any_mess(), changes in vec(change(), 1..3)) {
        is_edited(&card, &changes)?;
    }
}
