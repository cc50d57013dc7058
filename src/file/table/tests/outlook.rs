//! Tests of Outlook's files: the classic program in several languages, Outlook.com, Google's CSV for it.

use super::{File, choice, read_as, values};
use crate::contact::ContactId;
use crate::contact::card::{Card, CardBuilder, Field, PostalAddress};
use crate::file::Rule;
use crate::file::export::{Exported, FileWriter};
use crate::file::table::cell::Formulas;
use crate::file::table::choice::Choice;
use crate::file::table::profile::Names;
use crate::file::table::profiles::Profiles;
use crate::file::table::writer::TableWriter;

macro_rules! fixture {
    ($name:literal) => {
        read(include_bytes!(concat!("../../../../tests/fixtures/csv/outlook_", $name, ".csv")))
    };
}

fn read(bytes: &[u8]) -> File {
    let file = read_as(bytes, &Choice::auto(), None).unwrap();
    assert_eq!((&*file.profile, file.ignored.len()), ("outlook", 0), "{:?}", file.ignored);
    file
}

fn all(card: &Card, field: Field) -> Vec<&str> {
    card.all(field).collect()
}

fn write(cards: &[Card]) -> String {
    let profiles = Profiles::built_in();
    let profile = profiles.by_name("outlook").unwrap();
    let mut writer = TableWriter::new(profile, Formulas::AsTheyAre);
    let id = ContactId(uuid::Uuid::from_u128(7));
    let exported = |card| Exported {
        id,
        uid: "uid",
        card,
        body: None,
        photo: None,
        starred: false,
        book: None,
        login: None,
        presence: None,
    };
    cards.iter().for_each(|card| writer.consider(&exported(card)));
    let mut out = Vec::new();
    writer.begin(&mut out);
    cards.iter().for_each(|card| writer.contact(&exported(card), &mut out));
    writer.end(&mut out);
    String::from_utf8(out).unwrap()
}

fn postal(kind: &str, street: &str, locality: &str) -> String {
    PostalAddress { kind, street, locality, ..PostalAddress::default() }.value()
}

#[test]
fn every_number_of_a_classic_contact_is_kept_and_the_most_used_comes_first() {
    let file = fixture!("classic_en_cp1252");
    let zoe = &file.entries[0].card;
    assert_eq!(zoe.formatted_name(), "Zoë Ann O'Neill");
    let ends = |field| {
        let last_two = |number: &str| number[number.len() - 2..].parse::<u32>().unwrap();
        zoe.all(field).map(last_two).collect::<Vec<u32>>()
    };
    assert_eq!(ends(Field::Work), [0, 1, 8], "business, business 2, company");
    assert_eq!(ends(Field::Mobile), [1, 2, 3], "mobile, radio, car");
    assert_eq!(ends(Field::Home), [3, 4]);
    assert_eq!(ends(Field::Fax), [2, 5, 7], "business, home, other");
    assert_eq!(ends(Field::OtherNumber), [6, 12, 9, 10, 11], "other, primary, the rest");
    assert_eq!(ends(Field::Pager), [5]);
}

#[test]
fn the_other_fields_of_a_classic_contact_are_kept() {
    let file = fixture!("classic_en_cp1252");
    let zoe = &file.entries[0].card;
    let emails = ["zoe@harbour.example", "zoe.oneill@mail.example", "sales@harbour.example"];
    assert_eq!(all(zoe, Field::Email), emails);
    assert_eq!(all(zoe, Field::Category), ["Business", "Key Customer"]);
    for (field, value) in [
        (Field::NamePrefix, "Dr."),
        (Field::NameSuffix, "Jr."),
        (Field::Title, "Head of Sales"),
        (Field::Role, "Engineer"),
        (Field::Site, "Cardiff Bay"),
        (Field::Manager, "Bob Boss"),
        (Field::Assistant, "Ivor Penry"),
        (Field::Birthday, "1985-03-17"),
        (Field::Note, "Likes \"long\" calls\nnever before ten"),
        (Field::Url, "https://harbour.example/"),
    ] {
        assert_eq!(all(zoe, field), [value]);
    }
    let addresses: Vec<PostalAddress<'_>> =
        zoe.all(Field::Postal).map(PostalAddress::parse).collect();
    assert_eq!(addresses[0].street, "1 Harbour Street\nPier 7\nFloor 3");
    assert_eq!((addresses[0].kind, addresses[0].country), ("work", "United Kingdom"));
    assert_eq!((addresses[1].kind, addresses[1].locality), ("home", "Penarth"));
    assert_eq!((addresses[2].kind, addresses[2].street), ("", "3 Lake View\nBox 12"));
}

#[test]
fn what_outlook_writes_for_nothing_is_nothing() {
    let file = fixture!("classic_en_cp1252");
    assert_eq!(
        values(&file.entries[1].card),
        [
            (Field::FormattedName, "Quay Café"),
            (Field::Company, "Quay Café"),
            (Field::Work, "+44 29 2018 0100"),
            (Field::Category, "Supplier"),
        ]
    );
    assert_eq!(file.entries.len(), 4);
    let [empty] = &file.faults[..] else { panic!("{:?}", file.faults) };
    assert_eq!((empty.line, empty.reason.rule), (8, Rule::Nameless));
}

#[test]
fn an_address_inside_exchange_is_no_email() {
    let file = fixture!("classic_en_cp1252");
    assert_eq!(all(&file.entries[2].card, Field::Email), ["owen@harbour.example"]);
    let text = "First Name,Last Name,E-mail Address,E-mail Display Name,E-mail 2 Address\r\n\
                Ann,Lee,/O=ACME/OU=X/CN=ANN,Ann Lee,ann@acme.example\r\n";
    assert_eq!(all(&read(text.as_bytes()).entries[0].card, Field::Email), ["ann@acme.example"]);
}

#[test]
fn german_files_of_several_years_are_read() {
    let file = fixture!("de_2013_cp1252");
    let jordis = &file.entries[0].card;
    assert_eq!(jordis.formatted_name(), "Jördis Weiß");
    assert_eq!(all(jordis, Field::Home), ["089 555 020", "089 555 021"]);
    assert_eq!(all(jordis, Field::Manager), ["Kurt Köhler"]);
    assert_eq!(all(jordis, Field::Assistant), ["Anja Öz"]);
    assert_eq!(all(jordis, Field::Birthday), ["1985-03-17"]);
    assert_eq!(all(jordis, Field::Note), ["Preis: 5 €\nbitte nur vormittags"]);
    assert_eq!(all(&file.entries[1].card, Field::Birthday), ["1961-02-01"]);
    // The names of 2007, as Excel saves them.
    let file = fixture!("de_sep");
    let anna = &file.entries[0].card;
    assert_eq!(all(anna, Field::Company), ["Bäckerei; Café"]);
    assert_eq!(all(anna, Field::Home), ["030 555 031"]);
    assert_eq!(all(anna, Field::Birthday), [""; 0]);
    assert_eq!(all(anna, Field::Category), ["Freunde", "Büro"]);
}

#[test]
fn russian_files_are_read_in_both_encodings() {
    for file in [fixture!("ru_windows1251"), fixture!("ru_utf16_tab")] {
        let irina = &file.entries[0].card;
        assert_eq!(irina.formatted_name(), "Ирина Петровна Ёлкина");
        assert_eq!(all(irina, Field::Work), ["8 (495) 555-01-01", "8 (495) 555-01-02"]);
        assert_eq!(all(irina, Field::Mobile), ["+7 916 555-01-04"]);
        assert_eq!(all(irina, Field::Birthday), ["1985-03-17"]);
        assert_eq!(all(irina, Field::Category), ["Деловые", "Важное"]);
        assert_eq!(file.entries.len(), 2);
    }
}

#[test]
fn french_files_have_two_columns_of_one_name() {
    let file = fixture!("fr_cp1252");
    let herve = &file.entries[0].card;
    assert_eq!(all(herve, Field::NamePrefix), ["M."]);
    assert_eq!(all(herve, Field::Title), ["Gérant"]);
    assert_eq!(all(herve, Field::Birthday), ["1985-03-17"]);
    assert_eq!(all(herve, Field::Postal).len(), 1);
}

#[test]
fn a_second_column_of_a_name_is_refused_where_it_means_nothing() {
    let refused = |text: &str| {
        let refused = read_as(text.as_bytes(), &Choice::auto(), None).unwrap_err();
        (refused.line, refused.reason.to_string())
    };
    let twice = |name: &str| (Some(1), format!("the header has the column `{name}` twice"));
    assert_eq!(refused("First Name,Last Name,Last Name\r\na,b,c\r\n"), twice("last name"));
    assert_eq!(refused("what,what,ever\r\na,b,c\r\n"), twice("what"));
    assert_eq!(refused("Titre,Titre,Titre,Prénom,Nom\r\na,b,c,d,e\r\n"), twice("titre"));
}

#[test]
fn spanish_outlook_leaves_names_in_english() {
    let file = fixture!("es_cp1252");
    let inigo = &file.entries[0].card;
    assert_eq!(inigo.formatted_name(), "Íñigo Núñez");
    assert_eq!(all(inigo, Field::Home), ["+34 987 000 002"]);
    assert_eq!(all(inigo, Field::Mobile), ["+34 600 000 003"]);
    assert_eq!(all(inigo, Field::Email), ["inigo@sol.example", "inigo@casa.example"]);
}

#[test]
fn outlook_com_and_google_have_further_columns() {
    let file = fixture!("com");
    let taro = &file.entries[0].card;
    assert_eq!(all(taro, Field::Nickname), ["Taro"]);
    assert_eq!(all(taro, Field::PhoneticFamilyName), ["やまだ"]);
    assert_eq!(all(taro, Field::Address), ["sip:taro@yamada.example"]);
    assert_eq!(all(taro, Field::Birthday), ["1985-03-17"]);
    let file = fixture!("google");
    let [nora, lars] = &file.entries[..] else { panic!("{:?}", file.entries) };
    assert_eq!((nora.starred, lars.starred), (Some(true), Some(false)));
    assert_eq!(all(&nora.card, Field::Category), [""; 0]);
    // The whole address counts where the parts are not there.
    assert_eq!(PostalAddress::parse(nora.card.first(Field::Postal).unwrap()).code, "5003");
    assert_eq!(all(&lars.card, Field::Postal), [postal("work", "Storgata 2\nOslo 0155", "")]);
}

#[test]
fn names_that_lost_their_letters_are_known() {
    let text = "Vorname,Nachname,Stra\u{fffd}e gesch\u{fffd}ftlich,Telefon gesch\u{fffd}ftlich\r\n\
                Uwe,Ott,Am Markt 1,+49 30 1\r\n";
    let file = read(text.as_bytes());
    assert_eq!(all(&file.entries[0].card, Field::Work), ["+49 30 1"]);
    assert_eq!(all(&file.entries[0].card, Field::Postal), [postal("work", "Am Markt 1", "")]);
    // Longer names that begin so are others.
    let mut names = Names::default();
    assert!(names.add("Société Yomi", 1));
    assert_eq!(names.find("soci\u{fffd}t\u{fffd}"), None);
    assert_eq!(names.find("soci\u{fffd}t\u{fffd} yomi").map(|found| found.column), Some(1));
}

#[test]
fn every_language_names_every_column_that_is_kept() {
    let profiles = Profiles::built_in();
    let outlook = profiles.by_name("outlook").unwrap();
    let languages: Vec<&str> = outlook.languages.iter().map(|of| &*of.language).collect();
    assert_eq!(languages, ["de", "es", "fr", "it", "nl", "pl", "pt", "ru"]);
    // These are called so in that language too; columns of Outlook.com are in English everywhere.
    let same = ["Suffix", "Pager", "ISDN", "Notes", "Profession"];
    for (at, column) in outlook.columns.iter().enumerate().take(92) {
        for language in &outlook.languages {
            let named = language.names.means(at) || same.contains(&&*column.name);
            let nothing = column.to == crate::file::table::column::To::Nothing;
            assert!(named || nothing, "{}: {}", language.language, column.name);
        }
    }
}

#[test]
fn the_classic_columns_are_written_and_others_where_they_are_needed() {
    let header = |cards: &[Card]| -> Vec<String> {
        let text = write(cards);
        text.lines().next().unwrap().split(',').map(str::to_owned).collect()
    };
    let classic = header(&[]);
    assert_eq!(classic.len(), 92);
    assert_eq!(
        (&*classic[0], &*classic[14], &*classic[91]),
        ("Title", "Business Country/Region", "Web Page")
    );
    let mut builder = CardBuilder::default();
    builder.push(Field::GivenName, "Ann").push(Field::Nickname, "Annie");
    for email in ["a@x.example", "b@x.example", "c@x.example", "d@x.example"] {
        builder.push(Field::Email, email);
    }
    let ann = builder.finish().unwrap();
    assert_eq!(header(std::slice::from_ref(&ann))[92..], ["nickname", "email4"]);
    assert_eq!(read(write(std::slice::from_ref(&ann)).as_bytes()).entries[0].card, ann);
}

#[test]
fn what_was_read_is_written_and_read_again() {
    for file in [fixture!("classic_en_cp1252"), fixture!("de_2013_cp1252"), fixture!("com")] {
        let cards: Vec<Card> = file.entries.into_iter().map(|entry| entry.card).collect();
        let again = read(write(&cards).as_bytes());
        assert_eq!(again.faults, []);
        let again: Vec<Card> = again.entries.into_iter().map(|entry| entry.card).collect();
        assert_eq!(again, cards);
    }
}

#[test]
fn the_profile_can_be_told() {
    let told = choice(Some("outlook"), None).unwrap();
    let file = read_as("Nombre,Notes\r\nAna,x\r\n".as_bytes(), &told, None).unwrap();
    assert_eq!(file.entries[0].card.formatted_name(), "Ana");
}

#[test]
fn empty_cells_at_the_end_of_a_row_may_be_missing() {
    let text = "First Name,Last Name,Mobile Phone,Web Page\r\nAnn,Lee,0171 1\r\nBob,Ott,,\r\n\
                Too,Many,Cells,In,This\r\nTwo,More,,,,\r\n";
    let file = read(text.as_bytes());
    assert_eq!(file.entries[0].card.first(Field::Mobile), Some("0171 1"));
    let lines: Vec<u64> = file.faults.iter().map(|fault| fault.line).collect();
    assert_eq!((file.entries.len(), &lines[..]), (2, &[4, 5][..]));
}

#[test]
fn a_translation_of_the_folder_stands_for_the_one_that_is_built_in() {
    let german = |dates: &str| {
        format!(
            "profile = \"outlook\"\nlanguage = \"de\"\ndates = \"{dates}\"\n\
             [names]\n\"Fernsprecher\" = \"Business Phone\"\n"
        )
    };
    let profiles = Profiles::with([("outlook.de", &*german("dmy"))].into_iter()).unwrap();
    let languages = &profiles.by_name("outlook").unwrap().languages;
    let german_names: Vec<&Names> =
        languages.iter().filter(|of| *of.language == *"de").map(|of| &of.names).collect();
    assert_eq!(german_names.len(), 1);
    assert!(german_names[0].find("fernsprecher").is_some());
    let wrong = Profiles::with([("outlook.de", &*german("dym"))].into_iter()).unwrap_err();
    assert_eq!(wrong.to_string(), "outlook.de.toml: dates: `dym` is none of dmy, mdy, ymd");
}
