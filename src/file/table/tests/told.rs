//! Tests of column maps, of what files can say, and of what spreadsheets do to them.

use super::{File, broken, custom, read, read_as, reasons, values};
use crate::contact::card::{Field, PostalAddress};
use crate::contact::number::Numbering;
use crate::file::encoding::Survey;
use crate::file::table::TableReader;
use crate::file::table::choice::{Choice, ColumnMap};
use crate::file::{Covers, FileError, Rows, Rule};

/// Reads a file without a header.
fn ordered(fields: &[&str], text: &str) -> Result<File, FileError> {
    let map = ColumnMap::ordered(fields.iter().copied())?;
    read_as(text.as_bytes(), &custom(map), None)
}

fn covers(text: &str) -> Covers {
    let mut survey = Survey::default();
    survey.feed(text.as_bytes());
    let text_of = survey.finish(None).unwrap();
    let reader = TableReader::open(text.as_bytes(), text_of, &Choice::auto()).unwrap();
    reader.about().covers.clone()
}

#[test]
fn a_file_without_a_header_is_read_by_the_order_of_its_columns() {
    let fields = ["given_name", "family_name", "work", "", "postal.home.city"];
    let file = ordered(&fields, "John,Test,100,101,Rome\nJane,Test,200,x\n").unwrap();
    assert_eq!(file.entries[0].line, 1);
    let card = &file.entries[0].card;
    assert_eq!(card.first(Field::Work), Some("100"));
    let address = PostalAddress::parse(card.first(Field::Postal).unwrap());
    assert_eq!((address.kind, address.locality), ("home", "Rome"));
    assert_eq!(reasons(&file)[0].0, 2, "the row is too short");
    assert_eq!(broken(ordered(&["shoe"], "1\n")), Rule::UnknownField);
    let wrong = ordered(&["work"], "4.9E+11\n").unwrap();
    assert_eq!(wrong.faults[0].field.as_deref(), Some("1"), "columns are called by their number");
}

#[test]
fn a_map_may_say_more_than_fields() {
    let map = ColumnMap::named([
        ("Wer", "name"),
        ("Stern", "starred"),
        ("Buch", "book"),
        ("Tag", "birthday.day"),
        ("Monat", "birthday.month"),
    ]);
    let text = "Wer;Stern;Buch;Tag;Monat;error\nAnn;x;Lieferanten;2;11;\nBob;;;;;old\n";
    let file = read_as(text.as_bytes(), &custom(map.unwrap()), None).unwrap();
    assert_eq!(file.ignored, [] as [&str; 0], "our own column of reasons is no news");
    let [ann, bob] = &file.entries[..] else { panic!("{file:?}") };
    assert_eq!((ann.starred, bob.starred), (Some(true), None));
    assert_eq!(&*ann.books[0], "Lieferanten");
    assert_eq!(ann.card.first(Field::Birthday), Some("--11-02"));
}

#[test]
fn a_file_covers_what_its_columns_say() {
    let xivo = covers("firstname,number,number2,email,id\nA,1,2,,\n");
    assert_eq!(xivo.fields, [(Field::GivenName, 1), (Field::Work, 2), (Field::Email, 1)]);
    let google = covers(
        "First Name,Labels,Phone 1 - Label,Phone 1 - Value,Address 1 - Label,Address 1 - City\n\
         A,,,,,\n",
    );
    let count = |field| google.fields.iter().find(|(known, _)| *known == field).map(|(_, c)| *c);
    assert_eq!(count(Field::Category), Some(usize::MAX));
    assert_eq!(count(Field::Mobile), Some(usize::MAX), "a file has as many phones as are needed");
    assert_eq!((count(Field::GivenName), count(Field::Email)), (Some(1), None));
    let mut kinds = google.postal.clone();
    kinds.sort_unstable();
    assert_eq!(kinds, ["", "home", "work"]);
    let thunderbird = covers("Display Name,Home City,Birth Day,Birth Month\nA,,,\n");
    assert_eq!(thunderbird.postal, ["home"]);
    assert_eq!(thunderbird.fields, [(Field::FormattedName, 1), (Field::Birthday, 1)]);
}

#[test]
fn what_spreadsheets_spoil_is_mended_or_refused() {
    let file = read(
        "firstname,number\nA,\"=\"\"0049151\"\"\"\nB,'+49151\nC,#NAME?\nD,4.91512E11\n\
         E,\"4,91512E+11\"\nF,=49151+1\nG,12E3\n",
    )
    .unwrap();
    let numbers: Vec<&str> =
        file.entries.iter().filter_map(|entry| entry.card.first(Field::Work)).collect();
    assert_eq!(numbers, ["0049151", "+49151", "12E3"]);
    let found: Vec<(u64, Rule)> = file.faults.iter().map(|f| (f.line, f.reason.rule)).collect();
    assert_eq!(
        found,
        [(4, Rule::Formula), (5, Rule::Scientific), (6, Rule::Scientific), (7, Rule::Formula)]
    );
}

#[test]
fn a_lost_plus_comes_back() {
    let berlin = Numbering::new("DE", "30", "").unwrap();
    let choice = Choice::auto().with_numbering(berlin);
    let text = "firstname,number,mobile,extension\nA,4915112345678,15112345678,4915112345679\nB,5555551111,,\n";
    let file = read_as(text.as_bytes(), &choice, None).unwrap();
    let [a, b] = &file.entries[..] else { panic!("{file:?}") };
    assert_eq!(a.card.first(Field::Work), Some("+4915112345678"));
    assert_eq!(a.card.first(Field::Mobile), Some("015112345678"));
    assert_eq!(a.card.first(Field::Extension), Some("4915112345679"), "a name, no outside number");
    assert_eq!(b.card.first(Field::Work), Some("5555551111"), "nobody knows");
    let as_it_is = read_as(text.as_bytes(), &Choice::auto(), None).unwrap();
    assert_eq!(as_it_is.entries[0].card.first(Field::Work), Some("4915112345678"));
}

#[test]
fn values_of_one_field_stand_in_the_order_of_the_profile() {
    let file = read("Work Phone,Secondary Email,Primary Email,Display Name\n1,b@c,a@b,Ann\n");
    assert_eq!(
        values(&file.unwrap().entries[0].card),
        [
            (Field::FormattedName, "Ann"),
            (Field::Work, "1"),
            (Field::Email, "a@b"),
            (Field::Email, "b@c"),
        ]
    );
}
