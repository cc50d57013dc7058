//! What conversion must hold, and examples of each property.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, prop_oneof, proptest};
use proptest::sample::select;
use proptest::test_runner::{RngSeed, TestCaseError};
use proptest::{prop_assert, prop_assert_eq};

use crate::contact::card::Field;
use crate::vcard::convert::{Version, convert, version};
use crate::vcard::line::lines;
use crate::vcard::read::read;

fn card(version: &str, inside: &str) -> String {
    format!("BEGIN:VCARD\r\nVERSION:{version}\r\n{inside}\r\nEND:VCARD\r\n")
}

fn to(version: Version, card: &str) -> String {
    String::from_utf8(convert(card.as_bytes(), version).into_owned()).unwrap()
}

/// The lines of a card but for its envelope, unfolded.
fn inside(card: &str) -> Vec<String> {
    let unfolded = card.replace("\r\n ", "");
    let frame = ["BEGIN:VCARD", "END:VCARD", "VERSION:3.0", "VERSION:4.0"];
    unfolded.lines().filter(|line| !frame.contains(line)).map(str::to_owned).collect()
}

/// Lines of 3.0 are these lines of 4.0, and the other way round.
#[track_caller]
fn same(three: &str, four: &str) {
    let head = "FN:A\r\nN:A;;;;";
    let (three, four) = (format!("{head}\r\n{three}"), format!("{head}\r\n{four}"));
    assert_eq!(inside(&to(Version::V40, &card("3.0", &three))), inside(&four), "up");
    assert_eq!(inside(&to(Version::V30, &card("4.0", &four))), inside(&three), "down");
}

#[track_caller]
fn up(three: &str, four: &str) {
    let made = to(Version::V40, &card("3.0", &format!("FN:A\r\n{three}")));
    assert_eq!(inside(&made), inside(&format!("FN:A\r\n{four}")));
}

#[track_caller]
fn down(four: &str, three: &str) {
    let head = "FN:A\r\nN:A;;;;";
    let made = to(Version::V30, &card("4.0", &format!("{head}\r\n{four}")));
    assert_eq!(inside(&made), inside(&format!("{head}\r\n{three}")));
}

#[test]
fn a_card_of_the_version_stays_as_it_is() {
    let odd = "BEGIN:VCARD\nversion:3.0\nFN:x\n\nEND:VCARD";
    assert_eq!(convert(odd.as_bytes(), Version::V30), odd.as_bytes());
    assert_eq!(version(odd.as_bytes()), Some(Version::V30));
    assert_eq!(convert(b"FN:x", Version::V40), &b"FN:x"[..]);
    assert_eq!(version(b"VERSION:5.0"), None);
}

#[test]
fn groups_and_unknown_properties_pass_through() {
    same("item1.TEL:1\r\nitem1.X-ABLabel:Barn", "item1.TEL:1\r\nitem1.X-ABLabel:Barn");
    same("X-SHOE;SIZE=\"a:b\",c;X-E=:38\\x,;", "X-SHOE;SIZE=\"a:b\",c;X-E=:38\\x,;");
    same("HOBBY;INDEX=1;LEVEL=high:a\\,b", "HOBBY;INDEX=1;LEVEL=high:a\\,b");
    same("NOTE;X-A=^'a^n^^:x", "NOTE;X-A=^'a^n^^:x");
    same("CALURI:http://a.example/;b,c", "CALURI:http://a.example/;b,c");
    same("CATEGORIES:a\\,b,c", "CATEGORIES:a\\,b,c");
}

#[test]
fn preferences_keep_their_order() {
    same("TEL;TYPE=home:1\r\nTEL;TYPE=work,pref:2", "TEL;TYPE=home:1\r\nTEL;PREF=1;TYPE=work:2");
    same(
        "EMAIL;X-PREF=20;TYPE=INTERNET:b\r\nEMAIL;TYPE=INTERNET,pref:a",
        "EMAIL;PREF=20:b\r\nEMAIL;PREF=1:a",
    );
    down("TEL;PREF=30:a\r\nTEL;PREF=10:b\r\nTEL:c", "TEL;X-PREF=30:a\r\nTEL;TYPE=pref:b\r\nTEL:c");
    same("LANG;X-PREF=2:fr", "LANG;PREF=2:fr");
    up("TEL;type=CELL;type=pref:1\r\nTEL;type=pref:2", "TEL;PREF=1;TYPE=CELL:1\r\nTEL;PREF=1:2");
}

#[test]
fn types_have_one_form() {
    up(
        "TEL;WORK;VOICE:1\r\nTEL;type=\"a,b\";TYPE=c:2",
        "TEL;TYPE=WORK,VOICE:1\r\nTEL;TYPE=a,b,c:2",
    );
    down("TEL;VALUE=text;TYPE=\"cell,voice\":1", "TEL;TYPE=cell,voice:1");
    up("EMAIL;type=INTERNET;type=WORK:a@b", "EMAIL;TYPE=WORK:a@b");
    same("EMAIL;TYPE=x400:a", "EMAIL;TYPE=x400:a");
}

#[test]
fn data_is_base64_in_3_and_a_uri_in_4() {
    same("PHOTO;ENCODING=b;TYPE=JPEG:aGVs", "PHOTO:data:image/jpeg;base64,aGVs");
    same(
        "LOGO;X-A=1;VALUE=uri;TYPE=PNG:http://a.example/l,1",
        "LOGO;X-A=1;MEDIATYPE=image/png:http://a.example/l,1",
    );
    same("SOUND;ENCODING=b;TYPE=OGG:aGVs", "SOUND:data:audio/ogg;base64,aGVs");
    same("KEY;ENCODING=b;TYPE=PGP:aGVs", "KEY:data:application/pgp-keys;base64,aGVs");
    same("PHOTO;ENCODING=b;TYPE=PNG,home:aGVs", "PHOTO;TYPE=home:data:image/png;base64,aGVs");
    same("PHOTO;ENCODING=b:aGVs", "PHOTO:data:application/octet-stream;base64,aGVs");
    up("PHOTO;ENCODING=B:/9j/AA\r\n  AA", "PHOTO:data:image/jpeg;base64,/9j/AAAA");
    up("PHOTO:https\\://a.example/p", "PHOTO:https://a.example/p");
    down("PHOTO:data:image/png\\;base64\\,aGVs", "PHOTO;ENCODING=b;TYPE=PNG:aGVs");
    down("KEY;VALUE=text:abc", "KEY:abc");
    same("X-DATA;ENCODING=b:aGVs", "X-DATA;ENCODING=b:aGVs");
}

#[test]
fn groups_of_apple_are_groups_of_4() {
    let member = "urn:uuid:03a0e51f-d1aa-4385-8a53-e29025acd8af";
    same(
        &format!("X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:{member}"),
        &format!("KIND:group\r\nMEMBER:{member}"),
    );
    up("X-AddressBookServer-Kind:Group", "KIND:Group");
    down("KIND:individual", "NOTE:x".split_at(0).0);
    down("KIND:org", "KIND:org\r\nX-ABShowAs:COMPANY");
}

#[test]
fn dates_have_the_forms_of_their_version() {
    same("BDAY:1985-04-12", "BDAY:19850412");
    same("BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-17", "BDAY:--0517");
    same("BDAY;VALUE=date-time:1953-10-15T23:10:00-05:00", "BDAY:19531015T231000-0500");
    same("X-VCARD4-BDAY:1985-04", "BDAY:1985-04");
    same("X-VCARD4-BDAY;VALUE=text:circa 1800", "BDAY;VALUE=text:circa 1800");
    up("BDAY:--05-17", "BDAY:--0517");
    let other = "X-APPLE-OMIT-YEAR=1604";
    up(&format!("BDAY;{other}:1985-04-12"), &format!("BDAY;{other}:19850412"));
    up("BDAY:in May", "BDAY;VALUE=text:in May");
    up("BDAY:\r\nREV:20240501T101112Z", "REV:20240501T101112Z");
    same("REV:2024-05-01T10:11:12Z", "REV:20240501T101112Z");
    same("DEATHDATE:20000101", "DEATHDATE:20000101");
}

#[test]
fn anniversaries_are_labelled_dates() {
    let three = "item1.X-ABDATE:2010-06-12\r\nitem1.X-ABLabel:_$!<Anniversary>!$_";
    same(three, "item1.ANNIVERSARY:20100612");
    down("ANNIVERSARY:20100612", three);
    down(
        "item1.TEL:1\r\nANNIVERSARY:--0612",
        "item1.TEL:1\r\nitem2.X-ABDATE;X-APPLE-OMIT-YEAR=1604:1604-06-12\r\nitem2.X-ABLabel:_$!<Anniversary>!$_",
    );
    up("X-ANNIVERSARY:2010-06-12", "ANNIVERSARY:20100612");
    let other = "item1.X-ABDATE:2010-06-12\r\nitem1.X-ABLabel:_$!<Other>!$_";
    same(other, other);
    same("X-VCARD4-ANNIVERSARY:2010", "ANNIVERSARY:2010");
}

#[test]
fn uids_are_uris_in_4() {
    let id = "4fbe8971-0bc3-424c-9c26-36c3e1eff6b1";
    same(&format!("UID:{id}"), &format!("UID:urn:uuid:{id}"));
    same("UID:abc", "UID;VALUE=text:abc");
    up("UID:http://a.example/", "UID:http://a.example/");
}

#[test]
fn related_people_have_types_or_labels() {
    let eva = "item1.X-ABRELATEDNAMES:Eva\r\nitem1.X-ABLabel:_$!<Spouse>!$_";
    same(eva, "item1.RELATED;VALUE=text;TYPE=spouse:Eva");
    down("RELATED;VALUE=text;TYPE=spouse:Eva", eva);
    same(
        "item1.X-ABRELATEDNAMES:Eva\r\nitem1.X-ABLabel:_$!<Mother>!$_",
        "item1.RELATED;VALUE=text;TYPE=x-mother:Eva",
    );
    same(
        "item1.X-ABRELATEDNAMES:Eva\r\nitem1.X-ABLabel:Kin",
        "item1.RELATED;VALUE=text;TYPE=kin:Eva",
    );
    same(
        "item1.X-ABRELATEDNAMES;TYPE=x-boss:Eva\r\nitem1.X-ABLabel:Boss",
        "item1.RELATED;VALUE=text;TYPE=x-boss:Eva",
    );
    same(
        "item1.X-ABRELATEDNAMES:Eva\r\nitem1.X-ABLabel:Schwager",
        "item1.RELATED;VALUE=text:Eva\r\nitem1.X-ABLabel:Schwager",
    );
    same(
        "X-MANAGER:Boss\r\nX-ASSISTANT:Al\\, B",
        "RELATED;VALUE=text;TYPE=x-manager:Boss\r\nRELATED;VALUE=text;TYPE=x-assistant:Al\\, B",
    );
    same("RELATED;VALUE=uri;TYPE=x-manager:urn:uuid:1", "RELATED;TYPE=x-manager:urn:uuid:1");
    same("AGENT;VALUE=uri:http://a.example/", "RELATED;TYPE=agent:http://a.example/");
    up("X-SPOUSE:Eva", "RELATED;VALUE=text;TYPE=spouse:Eva");
}

#[test]
fn numbers_are_texts_in_3() {
    down("TEL;VALUE=uri;TYPE=cell:tel:+1-555", "TEL;TYPE=cell:+1-555");
    same("TEL;X-TEL=\"ext=12\":+1-555 ext. 12", "TEL;VALUE=uri:tel:+1-555;ext=12");
    same(
        "TEL;X-TEL=\"phone-context=a.example\":7042",
        "TEL;VALUE=uri:tel:7042;phone-context=a.example",
    );
    up("TEL;X-TEL=\"ext=12\":+1-777", "TEL:+1-777");
    same("TEL;VALUE=uri:sip:a@b", "TEL;VALUE=uri:sip:a@b");
    let number = |text: String| read(text.as_bytes()).unwrap().card;
    let four = card("4.0", "FN:A\r\nTEL;VALUE=uri:tel:+1-555;ext=12");
    assert_eq!(number(to(Version::V30, &four)), number(four));
}

#[test]
fn what_only_one_version_names_is_kept() {
    same("X-GENDER:M;Fellow", "GENDER:M;Fellow");
    up("X-GENDER:Female", "GENDER:F");
    same("GEO:37.386013;-122.082932", "GEO:geo:37.386013,-122.082932");
    same("X-VCARD4-GEO:geo:1,2,3;u=5", "GEO:geo:1,2,3;u=5");
    same("TZ:-05:00", "TZ;VALUE=utc-offset:-0500");
    same("TZ;VALUE=text:Europe/Berlin", "TZ:Europe/Berlin");
    up("X-JABBER:a@b\r\nX-SKYPE:c", "IMPP:xmpp:a@b\r\nIMPP:skype:c");
    same("IMPP;X-SERVICE-TYPE=Jabber:xmpp:a", "IMPP;X-SERVICE-TYPE=Jabber:xmpp:a");
}

#[test]
fn labels_of_addresses_are_parameters_in_4() {
    let three = "ADR;TYPE=home:;;Weg 1;Bonn;;;\r\nLABEL;TYPE=home:Weg 1\\nBonn";
    same(three, "ADR;LABEL=Weg 1^nBonn;TYPE=home:;;Weg 1;Bonn;;;");
    same("LABEL;TYPE=work:x\\, y", "ADR;LABEL=\"x, y\";TYPE=work:;;;;;;");
    up(
        "LABEL;TYPE=work:2\r\nADR;WORK:;;1\r\nADR;HOME:;;2",
        "ADR;LABEL=2;TYPE=WORK:;;1\r\nADR;TYPE=HOME:;;2",
    );
    down("ADR;LABEL=\"a\\nb ^'c^'\":;;1", "ADR:;;1;;;;\r\nLABEL:a\\nb \"c\"");
}

#[test]
fn names_are_made_where_3_must_have_them() {
    let made = |four: &str| inside(&to(Version::V30, &card("4.0", four)));
    assert_eq!(made("FN:Jane van Doe"), ["FN:Jane van Doe", "N;X-DERIVED=TRUE:Doe;Jane van;;;"]);
    assert_eq!(made("FN:A, B\r\nKIND:group")[1], "N;X-DERIVED=TRUE:A\\, B;;;;");
    assert_eq!(made("KIND:org\r\nFN:Acme")[2], "N;X-DERIVED=TRUE:;;;;");
    let both = made("FN;ALTID=1;LANGUAGE=en:One\r\nFN;ALTID=1;PREF=1:Two\r\nN:;;;;");
    assert_eq!(both, ["X-VCARD4-FN;ALTID=1;LANGUAGE=en:One", "FN;ALTID=1;X-PREF=1:Two", "N:;;;;"]);
    for four in [
        "FN:Jane van Doe",
        "FN:x\r\nKIND:group",
        "FN:a\r\nFN;PREF=2:b\r\nN:b;;;;\r\nN;ALTID=1:c;;;;",
    ] {
        let four = card("4.0", four);
        let three = to(Version::V30, &four);
        assert_eq!(to(Version::V40, &three), four);
        assert_eq!(read(three.as_bytes()).unwrap().card, read(four.as_bytes()).unwrap().card);
    }
    let renamed = card("3.0", "FN:Jo Doe\r\nN;X-DERIVED=TRUE:Roe;Jo;;;");
    assert_eq!(inside(&to(Version::V40, &renamed)), ["FN:Jo Doe", "N:Roe;Jo;;;"]);
    let sorted = "FN:x\r\nN:Harten;Rene;;;\r\nSORT-STRING:Harten\\,Rene";
    let four = to(Version::V40, &card("3.0", sorted));
    assert_eq!(inside(&four), ["FN:x", "N;SORT-AS=\"Harten,Rene\":Harten;Rene;;;"]);
    assert_eq!(to(Version::V30, &four), card("3.0", sorted));
}

#[test]
fn version_2_1_loses_its_encodings() {
    let old = concat!(
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;LANGUAGE=de;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCl=\r\n",
        "ler;J\r\nTEL;WORK;VOICE:1\r\nEMAIL;PREF;INTERNET:a@b\r\nURL;URL:http://x.example\r\n",
        "ADR;WORK;ENCODING=QUOTED-PRINTABLE:;;Weg 5=0D=0A2. Stock;Bonn\r\nBDAY:19850412\r\n",
        "PHOTO;TYPE=JPEG;ENCODING=BASE64:\r\n aGVs\r\nbG8h\r\n\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:x;y\r\n",
        "END:VCARD\r\nEND:VCARD\r\n",
    );
    let expected = [
        "FN:J Müller",
        "N;LANGUAGE=de:Müller;J;;;",
        "TEL;TYPE=WORK,VOICE:1",
        "EMAIL;TYPE=PREF,INTERNET:a@b",
        "URL;VALUE=uri:http://x.example",
        "ADR;TYPE=WORK:;;Weg 5\\n2. Stock;Bonn;;;",
        "BDAY:1985-04-12",
        "PHOTO;ENCODING=b;TYPE=JPEG:aGVsbG8h",
        "AGENT:BEGIN:VCARD\\nFN:x\\;y\\nEND:VCARD\\n",
    ];
    assert_eq!(inside(&to(Version::V30, old)), expected);
    let four = inside(&to(Version::V40, old));
    assert_eq!(four[3], "EMAIL;PREF=1:a@b");
    assert_eq!(four[7], "PHOTO:data:image/jpeg;base64,aGVsbG8h");
}

#[test]
fn long_lines_are_folded_between_characters() {
    let three = to(Version::V30, &card("4.0", &format!("FN:{}\r\nN:;;;;", "Ünï ".repeat(100))));
    assert!(three.split("\r\n").all(|line| line.len() <= 75), "{three}");
    assert!(three.split("\r\n").filter(|line| line.len() >= 74).count() > 5, "{three}");
}

#[test]
fn large_cards_cost_little() {
    let groups: String =
        (0..3_000).map(|n| format!("item{n}.RELATED;VALUE=text;TYPE=friend:F\r\nitem{n}.X-ABLabel:x{n}\r\nANNIVERSARY:20100612\r\n")).collect();
    let four = card(
        "4.0",
        &format!("{groups}FN:x\r\nPHOTO:data:image/png;base64,{}", "A".repeat(5 << 20)),
    );
    let three = to(Version::V30, &four);
    assert!(inside(&three).len() > 9_000);
    assert!(inside(&to(Version::V40, &three)).len() > 6_000);
    let labels = "ADR;TYPE=a:;;x\r\nLABEL;TYPE=a:y\r\n".repeat(4_000);
    assert_eq!(inside(&to(Version::V40, &card("3.0", &labels))).len(), 4_001);
}

/// A line of a card of any version, as clients write them.
fn line() -> impl Strategy<Value = String> {
    let any_of = |words: &'static str| select(words.split('|').collect::<Vec<_>>());
    let name = any_of(concat!(
        "FN|N|TEL|EMAIL|ADR|ORG|BDAY|ANNIVERSARY|X-ABDATE|RELATED|X-ABRELATEDNAMES|X-MANAGER|",
        "X-ABLabel|PHOTO|KEY|UID|GEO|TZ|LABEL|GENDER|X-GENDER|IMPP|X-JABBER|KIND|MEMBER|NOTE|",
        "SORT-STRING|REV|X-OTHER|CATEGORIES|AGENT|URL|X-VCARD4-BDAY|X-DATA",
    ));
    let parameter = any_of(concat!(
        "|||;TYPE=pref|;TYPE=work,voice|;type=\"home,pref\"|;PREF=1|;PREF=7|;X-PREF=3|;VALUE=uri|",
        ";VALUE=text|;VALUE=date|;ENCODING=b|;TYPE=JPEG|;QUOTED-PRINTABLE|;WORK|;X-A=\"b;c\"|",
        ";X-A=\"|;LABEL=\"a\\nb\"|;SORT-AS=x|;X-TEL=\"ext=1\"|;X-DERIVED=TRUE|",
        ";X-APPLE-OMIT-YEAR=1604|;MEDIATYPE=image/png|;TYPE=x-manager|;TYPE=spouse",
    ));
    let value = any_of(concat!(
        "19850412|1985-04-12|--0412|1604-05-17|1985|20240501T101112Z|tel:+1-5;ext=1|+1-5 ext. 1|",
        "urn:uuid:03a0e51f-d1aa-4385-8a53-e29025acd8af|data:image/png;base64,aGVs|aGVsbG8h|",
        "http://a.example/x,y;z|1;2|geo:1,2|_$!<Anniversary>!$_|_$!<Manager>!$_|group|org|M;x|",
        "-05:00|;;;;||a;b;c;d;e|Doe, Jane",
    ));
    let value = prop_oneof![value.prop_map(str::to_owned), "[ -~äö日]{0,30}"];
    (select(vec!["", "", "item1.", "ITEM1.", "item2.", "x."]), name, vec(parameter, 0..3), value)
        .prop_map(|(group, name, parameters, value)| {
            format!("{group}{name}{}:{value}\r\n", parameters.concat())
        })
}

fn any_card() -> impl Strategy<Value = String> {
    let version = select(vec!["2.1", "3.0", "4.0"]);
    (version, vec(line(), 0..12)).prop_map(|(version, lines)| card(version, &lines.concat()))
}

/// Cards of pieces that mean something where they stand by chance.
pub(in crate::vcard) fn any_mess() -> impl Strategy<Value = String> {
    let pieces = concat!(
        "\r\n|\r\n|\r\n|\n| |\t|;|;|:|:|,|\\|\"|=|.|^|^n|ü|0|1|-|T|Z|TEL|N|FN|ADR|BDAY|PHOTO|ORG|X-A|",
        "UID|RELATED|KIND|NOTE|LABEL|GEO|AGENT|BEGIN:VCARD|END:VCARD|TYPE=|pref|PREF=|VALUE=|uri|",
        "ENCODING=|b|QUOTED-PRINTABLE|BASE64|data:|tel:|ext=|item1.|X-ABLabel|X-ABRELATEDNAMES|",
        "X-TEL=|X-DERIVED=|SORT-AS=|CHARSET=|=C3|VERSION:4.0|_$!<Friend>!$_|1985|0412|IMPP|X-SIP",
    );
    let piece = select(pieces.split('|').collect::<Vec<_>>());
    (select(vec!["2.1", "3.0", "4.0"]), vec(piece, 0..40))
        .prop_map(|(version, pieces)| card(version, &format!("TEL:9\r\n{}", pieces.concat())))
}

#[test]
fn the_best_address_stays_the_best_under_whichever_name_it_stands() {
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A\r\nIMPP;PREF=7:sip:a@b\r\n\
        X-JABBER;TYPE=pref:c@d\r\nRELATED;PREF=7;VALUE=text;TYPE=x-manager:Ben\r\n\
        X-MANAGER;TYPE=pref:Carla\r\nEND:VCARD\r\n";
    let even = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A\r\nX-JABBER;PREF=7:c@d\r\nIMPP;PREF=7:sip:a@b\r\n\
        RELATED;PREF=7;TYPE=x-manager:urn:uuid:03a0e51f-d1aa-4385-8a53-e29025acd8af\r\n\
        X-MANAGER;PREF=7:Carla\r\nEND:VCARD\r\n";
    let first = |card: &[u8], field| read(card).unwrap().card.first(field).map(str::to_owned);
    for (card, field) in [card, even]
        .into_iter()
        .flat_map(|card| [Field::Address, Field::Manager].map(|field| (card, field)))
    {
        let expected = first(card.as_bytes(), field);
        let three = to(Version::V30, card);
        assert_eq!(first(three.as_bytes(), field), expected, "{three}");
    }
}

#[test]
fn a_name_behind_two_dots_is_no_other_property() {
    let card = "BEGIN:VCARD\r\nVERSION:2.1\r\nFN:A\r\n..tel:1\r\nEND:VCARD\r\n";
    for version in [Version::V30, Version::V40] {
        let other = to(version, card);
        assert_eq!(read(other.as_bytes()).unwrap().card, read(card.as_bytes()).unwrap().card);
    }
}

#[test]
fn an_agent_that_is_no_address_is_a_text() {
    let card =
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:A;;;;\r\nFN:A\r\nAGENT;VALUE=uri:Ben\r\nEND:VCARD\r\n";
    let once = to(Version::V40, card);
    assert!(once.contains("RELATED;VALUE=text;TYPE=agent:Ben"), "{once}");
    let again = to(Version::V40, &to(Version::V30, &once));
    assert_eq!(again, to(Version::V40, &to(Version::V30, &again)));
}

fn says_the_same(text: &str) -> Result<(), TestCaseError> {
    let Ok(reading) = read(text.as_bytes()) else { return Ok(()) };
    for version in [Version::V21, Version::V30, Version::V40] {
        let other = to(version, text);
        let again = read(other.as_bytes());
        prop_assert_eq!(again.map(|r| r.card), Ok(reading.card.clone()), "{}", other);
    }
    Ok(())
}

/// The same cards each time, for a gate must not fail by chance; `PROPTEST_RNG_SEED=N` makes others,
/// and so do the fuzz targets.
pub(in crate::vcard) fn repeatable() -> ProptestConfig {
    match ProptestConfig::default() {
        config if config.rng_seed == RngSeed::Random => {
            ProptestConfig { rng_seed: RngSeed::Fixed(6350), ..config }
        }
        chosen => chosen,
    }
}

proptest! {
    #![proptest_config(repeatable())]

    #[test]
    fn a_mess_says_the_same_in_each_version(text in any_mess()) {
        says_the_same(&text)?;
    }

    #[test]
    fn what_a_card_says_is_said_in_each_version(text in any_card()) {
        says_the_same(&text)?;
    }

    #[test]
    fn the_way_there_and_back_comes_to_rest(text in any_card()) {
        // Labels of more than one address may change places once more.
        if text.matches("LABEL").count() > 1 {
            return Ok(());
        }
        for (first, then) in [(Version::V30, Version::V40), (Version::V40, Version::V30)] {
            let again = |text: &str| to(then, &to(first, text));
            // What is no longer said by a type is said by a label first, which makes a group.
            let one = again(&again(&text));
            let two = again(&one);
            prop_assert_eq!(&two, &again(&two), "{}", one);
        }
    }

    #[test]
    fn what_goes_out_is_in_good_form(text in any_card()) {
        for version in [Version::V30, Version::V40].into_iter().filter(|v| convert(text.as_bytes(), *v) != text.as_bytes()) {
            let text = to(version, &text);
            prop_assert!(text.split("\r\n").all(|line| line.len() <= 75));
            for line in lines(text.as_bytes()) {
                let content = line.content.ok_or_else(|| TestCaseError::fail(text.clone()))?;
                for (name, value) in content.raw_parameters() {
                    prop_assert!(!name.is_empty() && value.matches('"').count() % 2 == 0, "{}", text);
                }
            }
            let count = |name: &str| lines(text.as_bytes()).filter(|l| l.content.as_ref().is_some_and(|c| c.is(name))).count();
            prop_assert_eq!(count("VERSION"), 1);
            if version == Version::V30 {
                prop_assert_eq!((count("FN"), count("N")), (1, 1), "{}", text);
            }
        }
    }
}
