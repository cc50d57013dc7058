//! Which kind of number a TEL line holds, and how a kind is written.

use crate::contact::card::Field;
use crate::vcard::line::Content;

/// The field of a TEL line, by its types and the label of its group (`X-ABLabel`).
///
/// A number without a type is a work number: phones ask for `telephoneNumber` first.
pub(crate) fn field_of(content: &Content<'_>, label: Option<&str>) -> Field {
    let types: Vec<String> = content.types().map(str::to_ascii_lowercase).collect();
    let has = |names: &[&str]| types.iter().any(|kind| names.contains(&kind.as_str()));
    if has(&["x-extension"]) {
        Field::Extension
    } else if has(&["x-did"]) {
        Field::Did
    } else if has(&["fax"]) {
        Field::Fax
    } else if has(&["pager", "beeper"]) {
        Field::Pager
    } else if has(&["cell", "mobile", "iphone"]) {
        Field::Mobile
    } else if has(&["home"]) {
        Field::Home
    } else if has(&["work", "main"]) {
        Field::Work
    } else if let Some(label) = label {
        field_of_label(label)
    } else if has(&["other", "car", "isdn", "bbs", "modem", "video", "textphone"]) {
        Field::OtherNumber
    } else {
        Field::Work
    }
}

/// Apple and Google put kinds of their own into a label, as in `_$!<HomeFAX>!$_`.
fn field_of_label(label: &str) -> Field {
    let label = label.to_ascii_lowercase();
    let has = |names: &[&str]| names.iter().any(|name| label.contains(name));
    if has(&["fax"]) {
        Field::Fax
    } else if has(&["pager"]) {
        Field::Pager
    } else if has(&["mobile", "cell", "iphone"]) {
        Field::Mobile
    } else if has(&["home"]) {
        Field::Home
    } else if has(&["work", "main"]) {
        Field::Work
    } else {
        Field::OtherNumber
    }
}

/// The parameters that [`field_of`] reads as this field; None where it holds no number.
pub(crate) fn parameters_of(field: Field) -> Option<&'static str> {
    Some(match field {
        Field::Extension => ";TYPE=WORK,VOICE,X-EXTENSION",
        Field::Work => ";TYPE=WORK,VOICE",
        Field::Mobile => ";TYPE=CELL,VOICE",
        Field::Home => ";TYPE=HOME,VOICE",
        Field::Fax => ";TYPE=WORK,FAX",
        Field::Pager => ";TYPE=PAGER",
        Field::OtherNumber => ";TYPE=OTHER,VOICE",
        Field::Did => ";TYPE=WORK,VOICE,X-DID",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vcard::line::lines;

    fn field(line: &str, label: Option<&str>) -> Field {
        field_of(&lines(line.as_bytes()).next().unwrap().content.unwrap(), label)
    }

    #[test]
    fn types_say_the_kind_of_number() {
        assert_eq!(field("TEL;TYPE=WORK,VOICE,PREF:1", None), Field::Work);
        assert_eq!(field("TEL;HOME;FAX:1", None), Field::Fax);
        assert_eq!(field("TEL;type=IPHONE;type=CELL;type=VOICE:1", None), Field::Mobile);
        assert_eq!(field("TEL;VALUE=uri;TYPE=\"voice,home\":tel:1", None), Field::Home);
        assert_eq!(field("TEL;TYPE=CAR:1", None), Field::OtherNumber);
    }

    #[test]
    fn a_number_without_a_type_is_a_work_number() {
        assert_eq!(field("TEL:1", None), Field::Work);
        assert_eq!(field("TEL;TYPE=VOICE:1", None), Field::Work);
    }

    #[test]
    fn labels_count_where_types_say_nothing() {
        assert_eq!(field("item1.TEL;type=pref:1", Some("_$!<HomeFAX>!$_")), Field::Fax);
        assert_eq!(field("item1.TEL:1", Some("Summer house")), Field::OtherNumber);
        assert_eq!(field("item1.TEL;type=HOME:1", Some("Summer house")), Field::Home);
    }

    #[test]
    fn what_is_written_is_read_as_the_same_field() {
        for kind in Field::NUMBERS.iter() {
            let parameters = parameters_of(kind).unwrap();
            assert_eq!(field(&format!("TEL{parameters}:1"), None), kind);
        }
    }
}
