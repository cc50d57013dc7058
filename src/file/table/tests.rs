//! Tests of whole files: what comes out of each row.

use proptest::prelude::{any, proptest};

use super::*;
use crate::contact::card::{Card, Field};
use crate::file::Entry;
use crate::file::encoding::{Charset, Survey};
use crate::file::table::profiles::Profiles;

mod common;
mod mail;
mod outlook;
mod telephone;
mod told;
mod written;

/// Everything that is read from one file.
#[derive(Debug)]
struct File {
    profile: Box<str>,
    ignored: Vec<String>,
    entries: Vec<Entry>,
    faults: Vec<Fault>,
}

fn read_as(bytes: &[u8], choice: &Choice, charset: Option<&str>) -> Result<File, FileError> {
    let mut survey = Survey::default();
    survey.feed(bytes);
    let text = survey.finish(charset.map(Charset::parse).transpose()?)?;
    let mut reader = TableReader::open(bytes, text, choice)?;
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    while let Some(row) = reader.next_row()? {
        match row {
            Row::Good(entry) => entries.push(*entry),
            Row::Bad(found) => faults.extend(found),
        }
    }
    let About { profile, ignored_columns: ignored, .. } = reader.about().clone();
    Ok(File { profile, ignored, entries, faults })
}

fn choice(name: Option<&str>, columns: Option<ColumnMap>) -> Result<Choice, FileError> {
    Choice::parse(&Profiles::built_in(), name, columns)
}

fn custom(columns: ColumnMap) -> Choice {
    choice(None, Some(columns)).unwrap()
}

fn read(text: &str) -> Result<File, FileError> {
    read_as(text.as_bytes(), &Choice::auto(), None)
}

/// Reads a file of users: the header, and one row.
fn user(header: &str, row: &str) -> File {
    let file = read(&format!("{header}\n{row}\n")).unwrap();
    assert_eq!(&*file.profile, "xivo-users");
    file
}

fn values(card: &Card) -> Vec<(Field, &str)> {
    card.iter().collect()
}

/// The rule that a file breaks as a whole.
fn broken<T: std::fmt::Debug>(read: Result<T, FileError>) -> Rule {
    read.unwrap_err().reason.rule
}

/// The faults as (line, field, reason).
fn reasons(file: &File) -> Vec<(u64, &str, String)> {
    let shown = |fault: &Fault| fault.reason.to_string();
    file.faults.iter().map(|f| (f.line, f.field.as_deref().unwrap_or(""), shown(f))).collect()
}

const XIVO: &str = "firstname,lastname,number,email,company,fax,mobile\n";
const USER: &str = "entityid|firstname|lastname|phonenumber|context|protocol|mobilephonenumber";

#[test]
fn a_personal_contact_is_read_whatever_the_order_of_the_columns() {
    let file = read(&format!("{XIVO}John,Doe,5555551111,my@email,xivo,5555552222,5555553333\n"));
    let first = file.unwrap();
    let other = read(
        " Mobile ;FAX;company;email;number;LastName;firstname\r\n\
         5555553333;5555552222;xivo;my@email;5555551111;Doe;John\r\n",
    )
    .unwrap();
    assert_eq!((&*first.profile, &*other.profile), ("xivo", "xivo"));
    for card in [&first.entries[0].card, &other.entries[0].card] {
        assert_eq!(card.formatted_name(), "John Doe");
        for (field, value) in [
            (Field::GivenName, "John"),
            (Field::FamilyName, "Doe"),
            (Field::Work, "5555551111"),
            (Field::Email, "my@email"),
            (Field::Company, "xivo"),
            (Field::Fax, "5555552222"),
            (Field::Mobile, "5555553333"),
        ] {
            assert_eq!(card.all(field).collect::<Vec<_>>(), [value]);
        }
    }
}

#[test]
fn rows_of_another_width_are_named_and_the_others_read() {
    let file = read(
        "firstname,lastname\nalice,aldertion\ni,love,commas,,,,,,,,,,,,\nbob,bodkartan\nalone\n",
    )
    .unwrap();
    let names: Vec<&str> = file.entries.iter().map(|e| e.card.formatted_name()).collect();
    assert_eq!(names, ["alice aldertion", "bob bodkartan"]);
    let lines: Vec<u64> = file.faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [3, 5]);
    assert!(
        file.faults[0].reason.to_string().starts_with("too many fields: 15 where the header has 2")
    );
    assert!(file.faults[1].reason.to_string().starts_with("missing fields: 1"));
}

#[test]
fn further_columns_are_kept_where_a_field_is_called_so() {
    let file = read("firstname,number,number2,department,shoe size\nAnn,1,2,R&D,38\n").unwrap();
    assert_eq!(file.ignored, ["shoe size"]);
    assert_eq!(
        values(&file.entries[0].card),
        [
            (Field::FormattedName, "Ann"),
            (Field::GivenName, "Ann"),
            (Field::Department, "R&D"),
            (Field::Work, "1"),
            (Field::Work, "2")
        ]
    );
}

#[test]
fn a_header_at_fault_refuses_the_file() {
    let duplicate = FileError::at(1, Reason::new(Rule::DuplicateHeader, [&"firstname"]));
    assert_eq!(read("firstname, FirstName,number\nA,B,1\n").unwrap_err(), duplicate);
    let empty = FileError::at(1, Reason::new(Rule::EmptyHeaderCell, [&2]));
    assert_eq!(read("firstname,,number\nA,B,1\n").unwrap_err(), empty);
    assert_eq!(broken(read("John,Doe,555\n")), Rule::UnknownHeader);
    assert_eq!(read("\u{1}\u{2}a,b\n1,2\n").unwrap_err(), FileError::at(1, Rule::NoText));
    assert_eq!(read("firstname,lastname\n").unwrap_err(), FileError::whole(Rule::NoRows));
    assert_eq!(read("").unwrap_err(), FileError::whole(Rule::NoRows));
    assert_eq!(read("\u{feff}\r\n\r\n").unwrap_err(), FileError::whole(Rule::NoRows));
    let nameless = read("lastname|phonenumber|context|protocol\nDoe|1|default|sip\n");
    assert_eq!(broken(nameless), Rule::MissingColumn);
}

#[test]
fn an_encoding_that_nobody_told_refuses_the_file() {
    let bytes = b"firstname,number\nJ\xfcrgen,1\n";
    let refused = read_as(bytes, &Choice::auto(), None).unwrap_err();
    assert_eq!(refused.reason.rule, Rule::NotUtf8);
    assert_eq!(refused.line, Some(2));
    let told = read_as(bytes, &Choice::auto(), Some("ISO-8859-15")).unwrap();
    assert_eq!(told.entries[0].card.formatted_name(), "Jürgen");
    let columns = ColumnMap::named([("firstname", "given_name")]).unwrap();
    let guessed = read_as(bytes, &custom(columns), None).unwrap();
    assert_eq!(guessed.entries[0].card.formatted_name(), "Jürgen");
    assert_eq!(guessed.ignored, ["number"]);
}

#[test]
fn utf16_is_told_or_recognised() {
    let text = "\u{feff}firstname\nJürgen\n";
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let refused = read_as(&bytes, &Choice::auto(), None).unwrap_err();
    assert!(refused.to_string().contains("it looks like UTF-16BE"), "{refused}");
    let columns = ColumnMap::named([("firstname", "given_name")]).unwrap();
    for (choice, charset) in [(Choice::auto(), Some("utf-16")), (custom(columns), None)] {
        let file = read_as(&bytes, &choice, charset).unwrap();
        assert_eq!(file.entries[0].card.formatted_name(), "Jürgen");
    }
}

#[test]
fn spoilt_values_are_refused_and_odd_ones_kept() {
    let file = read(
        "firstname,number\nAnn,4.91512E+11\nBob,0049151234567\n\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",5551\n\
         +SUM(A1),5552\nNul\0,1\n,\n",
    )
    .unwrap();
    let names: Vec<&str> = file.entries.iter().map(|e| e.card.formatted_name()).collect();
    assert_eq!(names, ["Bob", "=HYPERLINK(\"http://x\",\"y\")", "+SUM(A1)"]);
    let found = reasons(&file);
    assert!(matches!(found[..], [(2, "number", _), (6, "firstname", _), (7, "", _)]), "{found:?}");
    assert_eq!(file.faults[0].value.as_deref(), Some("4.91512E+11"));
}

#[test]
fn a_user_has_sections() {
    let file = user(USER, "1|John|Doe|1000|default|sip|00123456789");
    let card = &file.entries[0].card;
    assert_eq!(card.first(Field::Extension), Some("1000"));
    assert_eq!(card.first(Field::Mobile), Some("00123456789"));
    let broken = user(USER, "x||Doe|10a0||iax|");
    let mut found: Vec<&str> = reasons(&broken).iter().map(|(_, field, _)| *field).collect();
    found.sort_unstable();
    assert_eq!(found, ["context", "entityid", "firstname", "phonenumber", "protocol"]);
    assert!(user(USER, "1|John|Doe||||").faults.is_empty(), "no line at all");
}

#[test]
fn voicemail_needs_a_language_in_either_spelling() {
    for mailbox in ["voicemailmailbox", "voicemailnumber"] {
        let header = format!(
            "firstname|language|phonenumber|context|protocol|voicemailname|{mailbox}|voicemailpassword|voicemailemail"
        );
        let file = user(&header, "Ann|en_US|1000|default|sip|Ann|1000|s3cret|ann@example.com");
        let card = &file.entries[0].card;
        assert_eq!(card.first(Field::VoicemailBox), Some("1000"));
        assert_eq!(card.first(Field::Email), Some("ann@example.com"));
        assert_eq!(card.first(Field::Language), Some("en_US"));
        assert!(!card.as_str().contains("s3cret"));
        let broken = user(&header, "Ann||1000|default|sip||1000|s3cret|nowhere");
        let found = reasons(&broken);
        let fields: Vec<&str> = found.iter().map(|(_, field, _)| *field).collect();
        assert_eq!(fields, ["voicemailemail", "voicemailname", "language"], "{found:?}");
        assert!(!format!("{broken:?}").contains("s3cret"));
    }
}

#[test]
fn incoming_calls_give_the_outside_number() {
    let header =
        "entityid|firstname|lastname|phonenumber|context|protocol|incallexten|incallcontext";
    let file = user(header, "1|John|Doe|1000|default|sip|2050|from-extern");
    assert_eq!(file.entries[0].card.first(Field::Did), Some("2050"));
    let broken = user(header, "1|John|Doe|1000|default|sip|2050|");
    assert!(matches!(reasons(&broken)[..], [(2, "incallcontext", _)]));
}

#[test]
fn who_may_sign_in_needs_name_and_password() {
    let header = "firstname|phonenumber|context|protocol|linesecret|enableclient|username|password";
    let file = user(header, "Ann|1|default|sip|line-secret|1|Ann.A|pass-word");
    assert_eq!(file.entries[0].login.as_deref(), Some("ann.a"));
    assert_eq!(file.entries[0].password.as_ref().unwrap().as_str(), "pass-word");
    assert!(!format!("{file:?}").contains("pass-word") && !format!("{file:?}").contains("secret"));
    let off = user(header, "Ann|1|default|sip||0|ann|pass-word");
    assert!(off.entries[0].login.is_none() && off.entries[0].password.is_none());
    let broken = user(header, "Ann|1|default|sccp|line-secret|1||\n");
    let found: Vec<&str> = reasons(&broken).iter().map(|(_, field, _)| *field).collect();
    assert_eq!(found, ["username", "password", "linesecret"]);
    assert!(!format!("{broken:?}").contains("line-secret"));
    let wide = user(header, "Ann|1|default|sip|line-secret|1|ann|pass-word|more");
    assert_eq!(wide.faults[0].value, None, "the row may hold a secret anywhere");
}

#[test]
fn columns_can_be_told() {
    let map = [("Vorname", "given_name"), ("Durchwahl", "extension"), ("Kennwort", "password")];
    let told = custom(ColumnMap::named(map).unwrap());
    let file = read_as("VORNAME;durchwahl;Kennwort\nÄnne;12;geheim\n".as_bytes(), &told, None);
    let entry = &file.unwrap().entries[0];
    assert_eq!(entry.card.first(Field::Extension), Some("12"));
    assert!(entry.password.is_some());
    let refused = read_as(b"Vorname\nA\n", &told, None).unwrap_err();
    assert_eq!(refused.reason, Reason::new(Rule::MissingColumn, [&"durchwahl", &"Vorname"]));
    assert_eq!(broken(ColumnMap::named([("a", "shoe")])), Rule::UnknownField);
    assert_eq!(broken(choice(Some("custom"), None)), Rule::NoColumns);
    assert_eq!(broken(choice(Some("lookout"), None)), Rule::UnknownProfile);
}

proptest! {
    #[test]
    fn any_bytes_end_in_rows_or_a_reason(bytes in any::<Vec<u8>>(), charset in any::<bool>()) {
        let _ = read_as(&bytes, &Choice::auto(), charset.then_some("windows-1252"));
        let rest = [XIVO.as_bytes(), &bytes].concat();
        let _ = read_as(&rest, &Choice::auto(), charset.then_some("shift_jis"));
    }

    #[test]
    fn good_rows_and_refused_rows_are_all_rows(
        rows in proptest::collection::vec("[ab,\"|;0-9E+.]{1,12}", 1..30)
    ) {
        let text = format!("{XIVO}{}\n", rows.join("\n"));
        let file = read(&text).unwrap();
        let mut lines: Vec<u64> = file.faults.iter().map(|fault| fault.line).collect();
        lines.extend(file.entries.iter().map(|entry| entry.line));
        lines.sort_unstable();
        lines.dedup();
        let has_quotes = text.contains('"');
        let all: Vec<u64> = (2..2 + rows.len() as u64).collect();
        proptest::prop_assert!(has_quotes || lines == all, "{:?}", lines);
        proptest::prop_assert_eq!(lines.first(), Some(&2));
    }
}
