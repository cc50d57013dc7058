//! From vCard 3.0 to 2.1, which old telephones, FRITZ!Box and Outlook read.

use crate::vcard::property::{Property, Shape, is_name, is_token, push_parameter, shape};
use crate::vcard::text::{split, unescaped};
use crate::vcard::write::{LINE_END, LINE_OCTETS_MAX, fold};

/// The types that vCard 2.1 knows without `TYPE=`.
const BARE_TYPES: [&str; 15] = [
    "HOME", "WORK", "PREF", "VOICE", "FAX", "MSG", "CELL", "PAGER", "BBS", "MODEM", "CAR", "ISDN",
    "VIDEO", "INTERNET", "X400",
];

/// The card made of properties of version 3.0.
pub(super) fn written(properties: &[Property], length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(length + length / 8 + 64);
    fold("BEGIN:VCARD", &mut out);
    fold("VERSION:2.1", &mut out);
    for property in properties.iter().filter(|property| is_token(&property.name)) {
        put(property, &mut out);
    }
    fold("END:VCARD", &mut out);
    out
}

fn put(property: &Property, out: &mut Vec<u8>) {
    let mut head = String::new();
    if !property.group.is_empty() || property.name.contains('.') {
        head.extend([&property.group, "."]);
    }
    head.push_str(&property.name);
    for kind in &property.types {
        let is_bare = BARE_TYPES.iter().any(|known| kind.eq_ignore_ascii_case(known));
        head.push_str(if is_bare { ";" } else { ";TYPE=" });
        if is_bare {
            head.push_str(&kind.to_ascii_uppercase())
        } else {
            push_parameter(kind, &mut head)
        }
    }
    for (name, value) in property.parameters.iter().filter(|(name, _)| is_name(name)) {
        head.extend([";", name, "="]);
        push_parameter(value, &mut head);
    }
    if property.base64 {
        fold(&[&head, ";ENCODING=BASE64:", &property.value].concat(), out);
        // A blank line ends the value.
        return out.extend_from_slice(LINE_END.as_bytes());
    }
    let shape = shape(&property.name, &property.value_kind());
    let value = value(property, shape);
    let is_plain = value.bytes().all(|byte| (b' '..=b'~').contains(&byte) || byte == b'\t');
    let is_long = head.len() + value.len() >= LINE_OCTETS_MAX && !value.starts_with(' ');
    let may_break = !matches!(shape, Shape::Uri | Shape::Other) && is_long;
    if is_plain && !may_break {
        out.extend_from_slice([&head, ":", &value, LINE_END].concat().as_bytes());
    } else {
        let charset = if value.is_ascii() { "" } else { ";CHARSET=UTF-8" };
        let head = [&head, charset, ";ENCODING=QUOTED-PRINTABLE:"].concat();
        quoted_printable(&head, &value, out);
    }
}

/// The value with the escapes of vCard 2.1 and bare line ends.
fn value(property: &Property, shape: Shape) -> String {
    let parts = |separator: char| {
        let parts = split(&property.value, separator).map(|part| escaped(part, &['\\', ';', ',']));
        parts.collect::<Vec<String>>().join(&separator.to_string())
    };
    match shape {
        Shape::Text => escaped(&property.value, &['\\', ';']),
        Shape::List => parts(','),
        Shape::Components => parts(';'),
        Shape::Lists => {
            let list = |part| {
                let values = split(part, ',').map(|value| escaped(value, &['\\', ';', ',']));
                values.collect::<Vec<String>>().join(",")
            };
            split(&property.value, ';').map(list).collect::<Vec<String>>().join(";")
        }
        Shape::Uri | Shape::Other => property.value.clone(),
    }
}

fn escaped(text: &str, special: &[char]) -> String {
    let mut value = String::with_capacity(text.len());
    for character in unescaped(text).chars() {
        if special.contains(&character) {
            value.push('\\');
        }
        value.push(character);
    }
    value
}

/// Appends a line in quoted-printable with soft breaks (RFC 2045 6.7).
fn quoted_printable(head: &str, value: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(head.as_bytes());
    let mut room = LINE_OCTETS_MAX.saturating_sub(head.len());
    let mut bytes = value.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let is_last = bytes.peek().is_none();
        let encoded = match byte {
            b'\n' => "=0D=0A".to_owned(),
            b' ' | b'\t' if is_last => format!("={byte:02X}"),
            b'!'..=b'<' | b'>'..=b'~' | b' ' | b'\t' => char::from(byte).to_string(),
            byte => format!("={byte:02X}"),
        };
        // The mark of the break needs a place too.
        if encoded.len() >= room {
            out.extend_from_slice(b"=\r\n");
            room = LINE_OCTETS_MAX;
        }
        room -= encoded.len();
        out.extend_from_slice(encoded.as_bytes());
    }
    out.extend_from_slice(LINE_END.as_bytes());
}
