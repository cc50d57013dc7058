//! Cards and queries as proptest makes them.

use proptest::prelude::*;
use ringbook::account::{Organization, OrganizationSettings};
use ringbook::contact::book::{BookId, Group};
use ringbook::contact::card::{Card, CardBuilder, Field, FieldSet, PostalAddress, PostalPart};
use ringbook::contact::derived::NameOrder;
use ringbook::contact::number::NumberPattern;
use ringbook::contact::query::{Bound, Query, TextPattern, Truth};
use ringbook::contact::words::Fit;
use ringbook::contact::{Book, OrganizationId};

pub(crate) const GIVEN: [&str; 15] = [
    "Юлия",
    "小明",
    "Hans-Peter",
    "Anna",
    "Max",
    "Jürgen",
    "Иван",
    "Γιώργος",
    "José",
    "Łukasz",
    "Li",
    "山田",
    "Hanna",
    "A",
    "Özgür",
];
pub(crate) const FAMILY: [&str; 13] = [
    "王",
    "Щербаков",
    "(Adams) -Quincy",
    "Müller",
    "Mueller",
    "Adams",
    "Иванов",
    "Straße",
    "O'Neill",
    "van der Berg",
    "Ng",
    "Żak",
    "Smith",
];
const NUMBERS: [&str; 11] = [
    "0800-FLOWERS",
    "+49 30 5551234;ext=7",
    "030 5551234",
    "+49 30 5551234",
    "101",
    "1010",
    "*55",
    "0171 2345678",
    "+1 212 555 0123",
    "5551234",
    "004940123456",
];
const TEXT_KEYS: [&str; 36] = [
    "yulia",
    "shch",
    "scherbakov",
    "j",
    "wangxiao",
    "xiaoming",
    "やまだ",
    "yamada",
    "1",
    "weg 1",
    "berlin",
    "peter",
    "-",
    "(ad",
    "quincy)",
    "a\0n",
    "m",
    "mu",
    "mul",
    "müller",
    "mueller",
    "a",
    "an",
    "anna",
    "иван",
    "ivanov",
    "smith",
    "strasse",
    "ber",
    "x",
    "zz",
    "",
    "na",
    "van der",
    "ł",
    "5",
];
const WORD_KEYS: [&str; 12] = [
    "an ad",
    "müller j",
    "a b c",
    "peter, hans",
    "quincy adams",
    "smith anna",
    "xiaoming wang",
    "iv yul",
    "yamada ta",
    "van der berg li",
    "a a",
    "o'neill x",
];
const NUMBER_KEYS: [&str; 14] = [
    "1",
    "10",
    "101",
    "*55",
    "030",
    "0305551234",
    "5551234",
    "+49",
    "+4930",
    "4930555",
    "234",
    "foo",
    "+",
    "00",
];
const DEPARTMENTS: [&str; 3] = ["Support", "R&D, Berlin", "Sales"];

pub(crate) fn suppliers() -> BookId {
    BookId::parse("suppliers").unwrap()
}

pub(crate) fn homes() -> Vec<Book> {
    vec![Book::People, Book::Shared, Book::SharedBook(suppliers())]
}

pub(crate) fn departments() -> Vec<Group> {
    let ids = ["support", "r-d-berlin", "sales"].into_iter();
    ids.map(|id| Group::Department(BookId::parse(id).unwrap())).collect()
}

pub(crate) fn main() -> OrganizationId {
    OrganizationId::parse("main").unwrap()
}

pub(crate) fn settings() -> OrganizationSettings {
    OrganizationSettings {
        name: "Main".into(),
        domain: "pbx.example".into(),
        suffix: "dc=pbx,dc=example".into(),
        area_code: "30".into(),
        outside_line: "0".into(),
        language: "de".into(),
        name_order: NameOrder::FamilyFirst,
        keypad_search: true,
        hidden_numbers: FieldSet::of(&[Field::Mobile]),
        ..OrganizationSettings::new(main())
    }
}

pub(crate) fn card() -> impl Strategy<Value = Card> {
    let pick = |from: &'static [&'static str]| proptest::option::of(proptest::sample::select(from));
    let numbers = (pick(&NUMBERS), pick(&NUMBERS));
    let readings = (pick(&["やまだ", "ヤマダ"]), pick(&["たろう", "Tarō"]));
    let names = (pick(&GIVEN), pick(&FAMILY), readings);
    let address = (pick(&["Weg 1", "Улица 5"]), pick(&["Berlin", "Köln"]));
    (names, address, numbers, pick(&["Acme", "Müller AG"]), pick(&DEPARTMENTS)).prop_map(
        |((given, family, readings), (street, locality), (work, mobile), company, department)| {
            let mut card = CardBuilder::default();
            let (street, locality) = (street.unwrap_or_default(), locality.unwrap_or_default());
            let address = PostalAddress { street, locality, code: "10115", ..Default::default() };
            let address = Some(address.value()).filter(|_| !street.is_empty());
            let values = [
                (Field::PhoneticFamilyName, readings.0),
                (Field::PhoneticGivenName, readings.1),
                (Field::Postal, address.as_deref()),
                (Field::GivenName, given),
                (Field::FamilyName, family),
                (Field::Work, work),
                (Field::Mobile, mobile),
                (Field::Company, Some(company.unwrap_or("Nobody"))),
                (Field::Department, department),
            ];
            for (field, value) in values {
                card.push(field, value.unwrap_or_default());
            }
            card.finish().unwrap()
        },
    )
}

fn fields() -> impl Strategy<Value = FieldSet> {
    let texts =
        [Field::FormattedName, Field::FamilyName, Field::GivenName, Field::Company, Field::Note];
    proptest::sample::subsequence(texts.to_vec(), 1..=3).prop_map(|fields| FieldSet::of(&fields))
}

fn number_fields() -> impl Strategy<Value = FieldSet> {
    let numbers = [Field::Work, Field::Mobile, Field::Extension];
    proptest::sample::subsequence(numbers.to_vec(), 1..=2).prop_map(|fields| FieldSet::of(&fields))
}

fn text_pattern() -> impl Strategy<Value = TextPattern> {
    let key = || proptest::sample::select(&TEXT_KEYS[..]);
    let some = || proptest::option::of(key());
    prop_oneof![
        key().prop_map(TextPattern::equals),
        (some(), proptest::collection::vec(key(), 0..3), some())
            .prop_map(|(initial, any, last)| TextPattern::parts(initial, &any, last)),
        (word_key(), any::<bool>()).prop_map(|(key, whole)| {
            let fit = if whole { Fit::Whole } else { Fit::Beginnings };
            TextPattern::words(key, fit).unwrap()
        }),
        // Typed on the keys of a telephone.
        proptest::sample::select(&["2", "23", "266", "8260337", "0"][..])
            .prop_map(TextPattern::contains),
    ]
}

fn word_key() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&WORD_KEYS[..])
}

fn bound() -> impl Strategy<Value = Bound> {
    let key = proptest::sample::select(&TEXT_KEYS[..]);
    (key, 0..3).prop_map(|(key, kind)| match kind {
        0 => Bound::AtLeast(key.into()),
        1 => Bound::AtMost(key.into()),
        _ => Bound::Below(key.into()),
    })
}

fn postal_part() -> impl Strategy<Value = PostalPart> {
    proptest::sample::select(vec![
        PostalPart::Street,
        PostalPart::Locality,
        PostalPart::Region,
        PostalPart::Code,
        PostalPart::Whole,
    ])
}

fn number_query() -> impl Strategy<Value = Query> {
    let key = || proptest::sample::select(&NUMBER_KEYS[..]);
    let some = || proptest::option::of(key());
    (number_fields(), some(), some(), some(), key()).prop_map(
        |(fields, initial, any, last, whole)| {
            let organization = Organization::new(settings()).unwrap();
            let numbering = &organization.derivation.numbering;
            if initial.is_none() && any.is_none() && last.is_none() {
                return Query::Number(fields, NumberPattern::equals(whole, numbering));
            }
            let any: Vec<&str> = any.into_iter().collect();
            match NumberPattern::parts(initial, &any, last, numbering) {
                Some(pattern) => Query::Number(fields, pattern),
                None => Query::Constant(Truth::False),
            }
        },
    )
}

fn number_range() -> impl Strategy<Value = Query> {
    let key = proptest::sample::select(&NUMBER_KEYS[..]);
    (number_fields(), key, any::<bool>()).prop_map(|(fields, key, least)| {
        let organization = Organization::new(settings()).unwrap();
        let numbering = &organization.derivation.numbering;
        let pattern = match least {
            true => NumberPattern::at_least(key, numbering),
            false => NumberPattern::at_most(key, numbering),
        };
        pattern.map_or(Query::Constant(Truth::False), |pattern| Query::Number(fields, pattern))
    })
}

pub(crate) fn query() -> impl Strategy<Value = Query> {
    let leaf = prop_oneof![
        6 => (fields(), text_pattern()).prop_map(|(fields, pattern)| Query::Text(fields, pattern)),
        4 => number_query(),
        1 => number_range(),
        1 => (fields(), bound()).prop_map(|(fields, bound)| Query::Range(fields, bound)),
        1 => (postal_part(), text_pattern()).prop_map(|(part, pattern)| Query::Address(part, pattern)),
        1 => (postal_part(), bound()).prop_map(|(part, bound)| Query::AddressRange(part, bound)),
        1 => fields().prop_map(Query::Present),
        1 => number_fields().prop_map(Query::Present),
        1 => number_fields().prop_map(Query::NumberInWords),
        1 => proptest::sample::select(vec![Truth::True, Truth::False, Truth::Undefined]).prop_map(Query::Constant),
        1 => proptest::sample::select(homes()).prop_map(Query::Book),
        1 => proptest::sample::select(departments()).prop_map(Query::Group),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Query::And),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Query::Or),
            inner.prop_map(|query| Query::Not(Box::new(query))),
        ]
    })
}
