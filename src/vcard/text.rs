//! The text inside values: escapes, lists, components, quoted-printable, and parameters' own escapes.

use std::borrow::Cow;

use encoding_rs::Encoding;

use crate::vcard::line::Content;

/// The value's text after its transfer encoding, with its escapes.
///
/// Bytes that are no UTF-8 are read in the `CHARSET` that the line names, else as ISO 8859-1, which
/// vCard 2.1 programs often wrote. Encoded line ends are LF.
pub fn decoded<'a>(content: &'a Content<'_>) -> Cow<'a, str> {
    let bytes = content.value();
    if !content.is_encoded("QUOTED-PRINTABLE") {
        return utf8_or_latin1(Cow::Borrowed(bytes));
    }
    let bytes = quoted_printable(bytes);
    let label = content.parameter("CHARSET").filter(|_| std::str::from_utf8(&bytes).is_err());
    let text = match label.and_then(|label| Encoding::for_label(label.as_bytes())) {
        Some(encoding) => encoding.decode_without_bom_handling(&bytes).0.into_owned(),
        None => utf8_or_latin1(Cow::Owned(bytes)).into_owned(),
    };
    Cow::Owned(if text.contains('\r') { text.replace("\r\n", "\n") } else { text })
}

fn utf8_or_latin1(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    let latin1 = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
    match bytes {
        Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(latin1(bytes)),
        },
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Cow::Owned(text),
            Err(error) => Cow::Owned(latin1(error.as_bytes())),
        },
    }
}

/// RFC 2045 6.7; what is no valid escape stays as it is.
pub(super) fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        let digits = (*byte == b'=').then(|| tail.split_at_checked(2)).flatten();
        match digits.and_then(|(digits, after)| Some((hex(digits)?, after))) {
            Some((decoded, after)) => {
                text.push(decoded);
                rest = after;
            }
            None => text.push(*byte),
        }
    }
    text
}

fn hex(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Text without its escapes (RFC 6350 3.4): `\n`, `\,`, `\;`, `\:`, `\\`. Other backslashes are text.
pub fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('n' | 'N') => plain.push('\n'),
            Some(escaped @ ('\\' | ',' | ';' | ':')) => plain.push(escaped),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    Cow::Owned(plain)
}

/// Cuts a value at an unescaped `;` or `,`. The parts keep their escapes.
pub fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    text.split(move |character| {
        let cuts = character == separator && !escaped;
        escaped = character == '\\' && !escaped;
        cuts
    })
}

/// Appends text with the escapes of RFC 2426 5.8.4 (the same in vCard 4.0).
pub fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(is_escaped) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = special.chars();
        match characters.next() {
            Some('\n') => out.push_str("\\n"),
            Some(escaped @ ('\\' | ',' | ';')) => out.extend(['\\', escaped]),
            // Left over from a packed card; no vCard may hold it.
            _ => out.push(' '),
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

fn is_escaped(character: char) -> bool {
    matches!(character, '\\' | ',' | ';') || (character.is_control() && character != '\t')
}

/// A parameter's value without the escapes of RFC 6868: `^n`, `^^`, `^'`.
pub fn parameter_text(value: &str) -> Cow<'_, str> {
    if !value.contains('^') {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        let escape = (character == '^').then(|| characters.clone().next()).flatten();
        let meant = match escape {
            Some('n') => '\n',
            Some('^') => '^',
            Some('\'') => '"',
            _ => {
                plain.push(character);
                continue;
            }
        };
        plain.push(meant);
        characters.next();
    }
    Cow::Owned(plain)
}

/// Whether a value begins like a URI (RFC 3986 3.1). The colon may be escaped.
pub(super) fn has_scheme(value: &str) -> bool {
    let Some((scheme, _)) = value.split_once(':') else { return false };
    let scheme = scheme.strip_suffix('\\').unwrap_or(scheme);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.len() > 1
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// Text as a parameter's value, with the escapes of RFC 6868, quoted where it must be.
pub(super) fn parameter_value(text: &str) -> String {
    let mut value = String::with_capacity(text.len() + 2);
    for character in text.chars() {
        match character {
            '\n' => value.push_str("^n"),
            '^' => value.push_str("^^"),
            '"' => value.push_str("^'"),
            c if c.is_control() && c != '\t' => value.push(' '),
            c => value.push(c),
        }
    }
    if value.contains([':', ';', ',']) { format!("\"{value}\"") } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vcard::line::lines;

    #[test]
    fn escapes_read_back() {
        for text in ["a,b;c\\d\ne", "\\n is no line end", "", "C:\\temp"] {
            let mut escaped = String::new();
            escape(text, &mut escaped);
            assert_eq!(unescaped(&escaped), text);
        }
        assert_eq!(unescaped("a\\:b\\x\\"), "a:b\\x\\");
    }

    #[test]
    fn only_unescaped_separators_cut() {
        assert_eq!(split(r"a\;b;c\\;d;", ';').collect::<Vec<_>>(), [r"a\;b", r"c\\", "d", ""]);
    }

    #[test]
    fn quoted_printable_is_read_in_utf8_and_latin1() {
        let text = |line: &str| {
            let content = lines(line.as_bytes()).next().unwrap().content.unwrap();
            decoded(&content).into_owned()
        };
        assert_eq!(text("FN;ENCODING=QUOTED-PRINTABLE:M=C3=BCller =ZZ="), "Müller =ZZ=");
        assert_eq!(text("FN;QUOTED-PRINTABLE:M=FCller"), "Müller");
        assert_eq!(text("FN:M=C3=BCller"), "M=C3=BCller");
        let cyrillic = "FN;CHARSET=windows-1251;ENCODING=QUOTED-PRINTABLE:=CE=EB=E5=E3";
        assert_eq!(text(cyrillic), "Олег");
        assert_eq!(text("NOTE;CHARSET=none;QUOTED-PRINTABLE:a=0D=0Ab=FC"), "a\nbü");
    }

    #[test]
    fn parameters_have_escapes_of_their_own() {
        assert_eq!(parameter_text("a^nb^^c^'d^x^"), "a\nb^c\"d^x^");
        assert_eq!(parameter_value("a\nb^c\"d"), "a^nb^^c^'d");
        assert_eq!(parameter_value("a;b"), "\"a;b\"");
    }
}
