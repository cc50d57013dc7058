//! Tests of the files of Google and Thunderbird.

use super::{File, broken, read, values};
use crate::contact::card::{Card, Field, PostalAddress};
use crate::file::Rule;

fn all(card: &Card, field: Field) -> Vec<&str> {
    card.all(field).collect()
}

const GOOGLE: &str = "First Name,Last Name,Organization Name,Labels,E-mail 1 - Label,E-mail 1 - Value,\
    Phone 1 - Label,Phone 1 - Value,Phone 2 - Label,Phone 2 - Value,Address 1 - Label,\
    Address 1 - Formatted,Address 1 - Street,Address 1 - City,Address 1 - PO Box,Address 1 - Country";

fn google(row: &str) -> File {
    let file = read(&format!("{GOOGLE}\r\n{row}\r\n")).unwrap();
    assert_eq!(&*file.profile, "google");
    file
}

#[test]
fn the_label_of_a_number_is_that_of_its_row() {
    let file = read(&format!(
        "{GOOGLE}\nJane,Smith,,,,,Mobile,1,Work,2,,,,,,\nJohn,Doe,,,,,* Work Fax,3,,4,,,,,,\n"
    ))
    .unwrap();
    let [jane, john] = &file.entries[..] else { panic!("{file:?}") };
    assert_eq!(all(&jane.card, Field::Mobile), ["1"]);
    assert_eq!(all(&jane.card, Field::Work), ["2"]);
    assert_eq!(all(&john.card, Field::Fax), ["3"]);
    assert_eq!(all(&john.card, Field::OtherNumber), ["4"]);
}

#[test]
fn a_cell_may_hold_several_values() {
    let file = google(
        "Jane,,,Work ::: Sales:::1 ::: * starred ::: * myContacts,*,a@b.de ::: c@d.de,Mobile,\
         +1 555-010-3000 ::: +44 7911 123456,,,,,,,,",
    );
    let entry = &file.entries[0];
    assert_eq!(all(&entry.card, Field::Category), ["Work", "Sales:::1"]);
    assert_eq!(entry.starred, Some(true));
    assert_eq!(all(&entry.card, Field::Email), ["a@b.de", "c@d.de"]);
    assert_eq!(all(&entry.card, Field::Mobile), ["+1 555-010-3000", "+44 7911 123456"]);
    let plain = google("Jane,,,* My Contacts ::: * Friends,,,,,,,,,,,,");
    assert_eq!(plain.entries[0].starred, Some(false));
    assert_eq!(all(&plain.entries[0].card, Field::Category), ["Friends"]);
    assert_eq!(google("Jane,,,,,,,,,,,,,,,").entries[0].starred, None, "nothing is told");
}

#[test]
fn an_address_is_read_in_parts_or_as_a_whole() {
    let whole = google("Jane,,,,,,,,,,Home,\"1 Main St\r\nSpringfield\",,,,");
    let address = PostalAddress::parse(whole.entries[0].card.first(Field::Postal).unwrap());
    assert_eq!((address.kind, address.street), ("home", "1 Main St\nSpringfield"));
    let parts = google("Jane,,,,,,,,,,Work,\"1 Main St\nX\",1 Main St,Springfield,PO 5,US");
    let address = PostalAddress::parse(parts.entries[0].card.first(Field::Postal).unwrap());
    assert_eq!((address.kind, address.street), ("work", "1 Main St\nPO 5"));
    assert_eq!((address.locality, address.country), ("Springfield", "US"));
}

#[test]
fn a_rounded_number_behind_a_label_is_refused() {
    let file = google("Jane,,,,,,Mobile,4.91512E+11,,,,,,,,");
    assert_eq!(file.faults[0].field.as_deref(), Some("Phone 1 - Value"));
    assert_eq!(file.faults[0].reason.rule, Rule::Scientific);
}

#[test]
fn sorting_names_of_google_are_no_names() {
    let file = read(
        "First Name,Last Name,File As,Phone 1 - Value\nJohn,Doe,\"Doe, John\",1\nJohn,Doe,Johnny,1\n",
    )
    .unwrap();
    let names: Vec<&str> = file.entries.iter().map(|e| e.card.formatted_name()).collect();
    assert_eq!(names, ["John Doe", "Johnny"]);
}

#[test]
fn the_old_form_of_google_is_another_profile() {
    let file = read(
        "Name,Given Name,Family Name,Birthday,Group Membership,E-mail 1 - Type,E-mail 1 - Value,\
         Phone 1 - Type,Phone 1 - Value,Organization 1 - Name,Organization 1 - Title,\
         Relation 1 - Type,Relation 1 - Value,Website 1 - Type,Website 1 - Value\n\
         Jane Smith,Jane,Smith, --11-02,* myContacts,* Work,jane@example.com,Mobile,555,Acme,Boss,\
         Manager,Ann,Profile,https://example.com\n",
    )
    .unwrap();
    assert_eq!(&*file.profile, "google-old");
    assert_eq!(
        values(&file.entries[0].card),
        [
            (Field::FormattedName, "Jane Smith"),
            (Field::FamilyName, "Smith"),
            (Field::GivenName, "Jane"),
            (Field::Company, "Acme"),
            (Field::Title, "Boss"),
            (Field::Mobile, "555"),
            (Field::Email, "jane@example.com"),
            (Field::Manager, "Ann"),
            (Field::Url, "https://example.com"),
            (Field::Birthday, "--11-02"),
        ]
    );
}

const THUNDERBIRD: &str = "First Name,Last Name,Display Name,Primary Email,Secondary Email,Work Phone,\
    Home Address,Home Address 2,Home City,Home Post Code,Organisation,Web Page 1,Web Page 2,\
    Birth Year,Birth Month,Birth Day,Custom 1,Notes,";

#[test]
fn thunderbirds_trailing_comma_is_no_column() {
    let file = read(&format!(
        "{THUNDERBIRD}\nAnn,Adams,Ann A.,a@b.de,c@d.de,1,Weg 1,Hof,Berlin,10115,Acme,x.de,y.de,\
         1970,11,5,,note,\nBob,,,,,,,,,,,,,,2,29,,,\nEve,,,,,,,,,,,,,,2,,,,odd\n"
    ))
    .unwrap();
    assert_eq!((&*file.profile, &file.ignored[..]), ("thunderbird", &[][..]));
    let card = &file.entries[0].card;
    assert_eq!(card.formatted_name(), "Ann A.");
    assert_eq!(all(card, Field::Email), ["a@b.de", "c@d.de"]);
    assert_eq!(all(card, Field::Url), ["x.de", "y.de"]);
    assert_eq!(card.first(Field::Birthday), Some("1970-11-05"));
    let address = PostalAddress::parse(card.first(Field::Postal).unwrap());
    assert_eq!((address.kind, address.street, address.code), ("home", "Weg 1\nHof", "10115"));
    assert_eq!(file.entries[1].card.first(Field::Birthday), Some("--02-29"));
    assert_eq!((file.faults.len(), file.faults[0].line), (1, 4), "a value in no column");
    assert_eq!(broken(read("firstname,,number\nA,B,1\n")), Rule::EmptyHeaderCell);
}
