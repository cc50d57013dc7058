//! What the fields of a card are called in JSON and in the headers of CSV files.

use crate::contact::card::Field;

/// Each field with its name in JSON and in `columns`, and its name in CSV headers.
const NAMES: &[(Field, &str, &str)] = &[
    (Field::FormattedName, "name", "displayname"),
    (Field::GivenName, "given_name", "firstname"),
    (Field::FamilyName, "family_name", "lastname"),
    (Field::MiddleName, "middle_name", "middlename"),
    (Field::NamePrefix, "prefix", "prefix"),
    (Field::NameSuffix, "suffix", "suffix"),
    (Field::Nickname, "nickname", "nickname"),
    (Field::PhoneticGivenName, "phonetic_given_name", "phoneticfirstname"),
    (Field::PhoneticFamilyName, "phonetic_family_name", "phoneticlastname"),
    (Field::Company, "company", "company"),
    (Field::Department, "department", "department"),
    (Field::Site, "site", "site"),
    (Field::Title, "title", "title"),
    (Field::Role, "role", "role"),
    (Field::Extension, "extension", "extension"),
    (Field::Work, "work", "number"),
    (Field::Mobile, "mobile", "mobile"),
    (Field::Home, "home", "home"),
    (Field::Fax, "fax", "fax"),
    (Field::Pager, "pager", "pager"),
    (Field::OtherNumber, "other", "other"),
    (Field::Did, "did", "did"),
    (Field::VoicemailBox, "voicemail", "voicemail"),
    (Field::Email, "email", "email"),
    (Field::Address, "address", "address"),
    (Field::Manager, "manager", "manager"),
    (Field::Assistant, "assistant", "assistant"),
    (Field::Note, "note", "note"),
    (Field::Url, "url", "url"),
    (Field::Birthday, "birthday", "birthday"),
    (Field::Category, "category", "category"),
    (Field::Language, "language", "language"),
];

/// The field that a column map means: the names of JSON, in any case.
pub fn by_json_name(name: &str) -> Option<Field> {
    let name = name.trim().to_ascii_lowercase();
    NAMES.iter().find(|(_, json, _)| *json == name).map(|(field, _, _)| *field)
}

/// The field's name in JSON, and the type of a number or an e-mail. Postal addresses and kinds of
/// card have none: they are no plain text.
pub fn json_name(field: Field) -> Option<&'static str> {
    NAMES.iter().find(|(named, _, _)| *named == field).map(|(_, json, _)| *json)
}

/// All names for columns of plain text, for messages.
pub fn json_names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(_, json, _)| *json)
}

/// The field's name in CSV headers that we write.
pub(super) fn csv_name(field: Field) -> Option<&'static str> {
    NAMES.iter().find(|(named, _, _)| *named == field).map(|(_, _, csv)| *csv)
}

/// The fields in the order of their table.
pub(super) fn all() -> impl Iterator<Item = Field> {
    NAMES.iter().map(|(field, _, _)| *field)
}

/// The field of a column that no profile lists: any of our own names; a number behind it makes a
/// further value (`number2`).
pub(super) fn by_header_key(key: &str) -> Option<Field> {
    let bare = key.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end();
    let named = |(_, json, csv): &&(Field, &str, &str)| *csv == bare || *json == bare;
    NAMES.iter().find(named).map(|(field, _, _)| *field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_both_spellings() {
        assert_eq!(by_header_key("number2"), Some(Field::Work));
        assert_eq!(by_header_key("given_name"), Some(Field::GivenName));
        assert_eq!(by_header_key("shoe size"), None);
        assert_eq!(by_json_name(" Mobile "), Some(Field::Mobile));
        assert_eq!(json_name(Field::Postal), None);
    }

    #[test]
    fn no_name_means_two_fields() {
        for (field, json, csv) in NAMES {
            assert_eq!(by_header_key(json), Some(*field));
            assert_eq!(by_header_key(csv), Some(*field));
        }
    }
}
