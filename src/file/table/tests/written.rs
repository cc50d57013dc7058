//! Tests of written files: what is read back, profile by profile.

use std::sync::Arc;

use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use super::{File, choice, read_as};
use crate::contact::ContactId;
use crate::contact::card::{Card, CardBuilder, Field, PostalAddress, PostalPart};
use crate::file::export::{Exported, FileWriter};
use crate::file::fields;
use crate::file::table::cell::Formulas;
use crate::file::table::check::Check;
use crate::file::table::column::To;
use crate::file::table::profile::Profile;
use crate::file::table::profiles::Profiles;
use crate::file::table::writer::TableWriter;

const ID: ContactId = ContactId(uuid::Uuid::from_u128(7));

fn exported(card: &Card) -> Exported<'_> {
    Exported {
        id: ID,
        uid: "uid",
        card,
        body: None,
        photo: None,
        starred: true,
        book: None,
        login: None,
        presence: None,
    }
}

fn card(values: &[(Field, &str)]) -> Card {
    let mut builder = CardBuilder::default();
    for (field, value) in values {
        builder.push(*field, value);
    }
    builder.finish().unwrap()
}

fn write(profile: &str, cards: &[Card], formulas: Formulas) -> String {
    let profiles = Profiles::built_in();
    let mut writer = TableWriter::new(profiles.by_name(profile).unwrap(), formulas);
    let mut out = Vec::new();
    cards.iter().for_each(|card| writer.consider(&exported(card)));
    writer.begin(&mut out);
    cards.iter().for_each(|card| writer.contact(&exported(card), &mut out));
    writer.end(&mut out);
    String::from_utf8(out).unwrap()
}

fn back(profile: &str, text: &str) -> File {
    read_as(text.as_bytes(), &choice(Some(profile), None).unwrap(), None).unwrap()
}

#[test]
fn xivos_columns_are_in_alphabetical_order_with_id() {
    let ann = card(&[(Field::GivenName, "Ann"), (Field::Home, "2"), (Field::Extension, "204")]);
    assert_eq!(
        write("xivo", &[ann], Formulas::AsTheyAre),
        "company,email,extension,fax,firstname,home,id,lastname,mobile,number\r\n\
         ,,204,,Ann,2,00000000-0000-0000-0000-000000000007,,,204\r\n"
    );
    assert_eq!(
        write("xivo", &[], Formulas::AsTheyAre),
        "company,email,fax,firstname,id,lastname,mobile,number\r\n"
    );
}

#[test]
fn google_has_columns_for_the_widest_contact() {
    let ann = card(&[
        (Field::GivenName, "Ann"),
        (Field::Work, "1"),
        (Field::Work, "2"),
        (Field::Mobile, "3"),
        (Field::Category, "* ours"),
    ]);
    let text = write("google", &[ann, card(&[(Field::Email, "b@c.de")])], Formulas::AsTheyAre);
    assert!(text.contains(",Phone 3 - Label,Phone 3 - Value,") && !text.contains("Phone 4"));
    assert!(text.contains("E-mail 1 - Label") && !text.contains("E-mail 2"), "{text}");
    assert!(text.contains(",\\* ours ::: * myContacts ::: * starred,"), "{text}");
    assert!(text.contains(",Work,1,Work,2,Mobile,3,"), "{text}");
}

#[test]
fn a_name_is_not_lost_where_the_profile_has_no_column_for_it() {
    let desk = card(&[(Field::FormattedName, "Front Desk"), (Field::Company, "Acme")]);
    let file = back("google", &write("google", std::slice::from_ref(&desk), Formulas::AsTheyAre));
    assert_eq!(file.entries[0].card, desk);
}

#[test]
fn neutral_files_read_back() {
    let odd =
        card(&[(Field::GivenName, "=1+1"), (Field::Company, "'="), (Field::Work, "+49 30 1")]);
    let text = write("xivo", std::slice::from_ref(&odd), Formulas::Neutral);
    assert!(text.contains(",'=1+1,") && text.contains(",+49 30 1\r\n"), "{text}");
    assert_eq!(back("xivo", &text).entries[0].card, odd);
}

/// How many values of a field a profile can say; each has a column or a label.
fn sayable(profile: &Profile, field: Field) -> usize {
    let many = |to: To| match to {
        To::Labelled(group) => {
            let labels = &profile.labels[group.0];
            labels.other == Some(field) || labels.of.iter().any(|(_, known)| *known == field)
        }
        _ => false,
    };
    let written = || profile.columns.iter().filter(|column| column.written);
    if profile.further || written().any(|column| many(column.to)) {
        return usize::MAX;
    }
    let of_field = || written().filter(|column| column.to == To::Field(field));
    let dates = written().filter(|c| field == Field::Birthday && matches!(c.to, To::Birthday(_)));
    match of_field().any(|column| column.split.is_some() || column.name.contains('#')) {
        true => usize::MAX,
        false => of_field().count() + dates.count().min(1),
    }
}

/// Whether a profile cannot have every text in a field.
fn is_limited(profile: &Profile, field: Field) -> bool {
    let limited = |check: &Check| {
        check.chars_max.is_some()
            || check.chars.is_some()
            || check.not_chars.is_some()
            || !check.one_of.is_empty()
            || !check.none_of.is_empty()
    };
    let of_field = profile.columns.iter().filter(|column| column.to == To::Field(field));
    let mut of_field = of_field.into_iter();
    !Field::NUMBERS.contains(field)
        && of_field.any(|column| limited(&column.check) || !column.section.is_empty())
}

/// The kinds of addresses that have columns for their parts, and whether labels tell others.
fn postal_kinds(profile: &Profile) -> (Vec<&'static str>, bool) {
    let parts = profile.columns.iter().filter_map(|column| match column.to {
        To::Postal(to) if column.written && to.part == PostalPart::Street => Some(to.kind),
        _ => None,
    });
    let parts: Vec<Option<&'static str>> = parts.collect();
    (parts.iter().copied().flatten().collect(), parts.contains(&None))
}

/// Text that delimiters, quotes, lists and spreadsheets may spoil.
fn awkward() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{1,6}",
        "[\",;=+@|:'\\\\\n\t* \u{a0}-]{1,6}x",
        "x[\",;=+@|:'\\\\\n\t* -]{1,6}",
        "[a:; \\\\]{1,9}b",
        select(vec![
            "a ::: b",
            "=1+2",
            "'=x",
            "=\"1\"",
            "\\",
            "* starred",
            "\\* x",
            "Ünïcødé 🎉",
            "שלום",
            "'",
            "sep=;",
            "4.9E+11x",
            "\"",
            "a\"b",
            "-",
            "@x",
            "+",
            "a\n\nb",
            "１",
            "0/0/00",
        ])
        .prop_map(str::to_owned),
    ]
}

/// A value that programs with rules for it take too.
fn value_of(field: Field) -> proptest::strategy::BoxedStrategy<String> {
    match field {
        Field::Extension => "[1-9][0-9]{2}".boxed(),
        Field::VoicemailBox | Field::Did => "[1-9][0-9]{3,8}".boxed(),
        field if Field::NUMBERS.contains(field) => "\\+?[0-9]{5,12}".boxed(),
        Field::Email => "[a-z]{1,6}@[a-z]{1,6}\\.de".boxed(),
        Field::Language => select(vec!["de_DE", "fr_FR"]).prop_map(str::to_owned).boxed(),
        Field::Birthday => select(vec!["1985-04-12", "--04-12"]).prop_map(str::to_owned).boxed(),
        _ => awkward().boxed(),
    }
}

fn any_field() -> impl Strategy<Value = (Field, String)> {
    let all: Vec<Field> = fields::all().filter(|f| *f != Field::FormattedName).collect();
    select(all).prop_flat_map(|field| (Just(field), value_of(field)))
}

fn address() -> impl Strategy<Value = (Field, String)> {
    let kind = select(vec!["work", "home", ""]);
    (kind, awkward(), awkward(), awkward()).prop_map(|(kind, street, locality, code)| {
        let address = PostalAddress {
            kind,
            street: &street,
            locality: &locality,
            code: &code,
            region: "R",
            country: "",
        };
        (Field::Postal, address.value())
    })
}

/// A contact that fulfils what any profile requires.
fn contact() -> impl Strategy<Value = Card> {
    let values = proptest::collection::vec(prop_oneof![4 => any_field(), 1 => address()], 0..9);
    (values, awkward(), any::<bool>()).prop_map(|(mut values, name, named)| {
        let once = |field: Field| {
            let single = [Field::Extension, Field::Language, Field::VoicemailBox, Field::Birthday];
            single.contains(&field)
        };
        let mut builder = CardBuilder::default();
        builder.push(Field::GivenName, &format!("A {name}")).push(Field::Mobile, "0151");
        builder.push(Field::Extension, "204").push(Field::Language, "en_US");
        if named {
            builder.push(Field::FormattedName, "Miss A");
        }
        values.retain(|(field, _)| *field != Field::Extension && *field != Field::Language);
        let mut seen = Vec::new();
        for (field, value) in values {
            if !once(field) || !seen.contains(&field) {
                builder.push(field, &value);
            }
            seen.push(field);
        }
        builder.finish().unwrap()
    })
}

/// The same contacts each time.
fn repeatable() -> ProptestConfig {
    let config =
        ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    ProptestConfig { rng_seed: RngSeed::Fixed(6), ..config }
}

#[track_caller]
fn reads_back(profile: &Arc<Profile>, cards: &[Card], formulas: Formulas) {
    let text = write(&profile.name, cards, formulas);
    let file = back(&profile.name, &text);
    assert!(file.faults.is_empty(), "{}: {:?}\n{text}", profile.name, file.faults);
    assert_eq!(file.entries.len(), cards.len(), "{}\n{text}", profile.name);
    let (postal_apart, postal_labels) = postal_kinds(profile);
    for (entry, card) in file.entries.iter().zip(cards) {
        for field in fields::all() {
            let expected: Vec<&str> = card.all(field).take(sayable(profile, field)).collect();
            let found: Vec<&str> = entry.card.all(field).collect();
            // Some programs take digits only.
            let plus = |values: &[&str]| -> Vec<String> {
                values.iter().map(|value| value.replacen('+', "00", 1)).collect()
            };
            let is_number = Field::NUMBERS.contains(field);
            let stands_in = matches!(field, Field::Work | Field::FormattedName);
            let found = if stands_in { found.get(..expected.len()).unwrap_or(&[]) } else { &found };
            if is_limited(profile, field) {
                continue;
            }
            if is_number {
                assert_eq!(plus(found), plus(&expected), "{}: {field:?}\n{text}", profile.name);
            } else {
                assert_eq!(found, expected, "{}: {field:?}\n{text}", profile.name);
            }
        }
        for kind in ["work", "home", ""] {
            let of = |card: &Card| -> Vec<String> {
                let all = card.all(Field::Postal);
                let of = all.filter(|value| PostalAddress::parse(value).kind == kind);
                of.map(str::to_owned).collect()
            };
            let count = match (postal_apart.contains(&kind), postal_labels) {
                (true, _) => 1,
                (false, true) => usize::MAX,
                (false, false) => continue,
            };
            let expected: Vec<String> = of(card).into_iter().take(count).collect();
            assert_eq!(of(&entry.card), expected, "{}: {kind}\n{text}", profile.name);
        }
    }
}

proptest! {
    #![proptest_config(repeatable())]

    #[test]
    fn what_any_profile_writes_reads_back(
        cards in proptest::collection::vec(contact(), 1..4),
        neutral in any::<bool>(),
    ) {
        let formulas = if neutral { Formulas::Neutral } else { Formulas::AsTheyAre };
        for profile in Profiles::built_in().iter() {
            reads_back(profile, &cards, formulas);
        }
    }

    #[test]
    fn an_export_is_recognised_as_what_it_is(card in contact()) {
        for profile in Profiles::built_in().iter() {
            let text = write(&profile.name, std::slice::from_ref(&card), Formulas::AsTheyAre);
            let file = read_as(text.as_bytes(), &choice(None, None).unwrap(), None).unwrap();
            prop_assert_eq!(&*file.profile, &*profile.name);
            prop_assert!(!file.ignored.iter().any(|name| name == "id"));
        }
    }
}
