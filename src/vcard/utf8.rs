//! Cards whose bytes are not UTF-8, as programs of the time of vCard 2.1 wrote them, in UTF-8.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP};

use crate::vcard::convert::{Version, convert, version};
use crate::vcard::line::{Content, lines};
use crate::vcard::text::quoted_printable;
use crate::vcard::write::fold;

/// Parameters about how a value is encoded, which is another way then.
const ENCODINGS: [&str; 2] = ["CHARSET", "ENCODING"];

/// The card in UTF-8; the card itself where it is.
///
/// A line that is not is read in the character set that it names (`CHARSET`), else in `fallback`. One
/// that a program folded inside a character is folded elsewhere. Version 2.1 cannot say most
/// characters without naming a set, so such a card becomes one of version 3.0.
pub fn in_utf8<'a>(card: &'a [u8], fallback: &'static Encoding) -> Cow<'a, [u8]> {
    let shifts = memchr::memchr(b'\x1b', card).is_some();
    if !shifts && std::str::from_utf8(card).is_ok() {
        return Cow::Borrowed(card);
    }
    let mut out = Vec::with_capacity(card.len() + card.len() / 8);
    for line in lines(card) {
        let named = line.content.as_ref().and_then(named);
        let shifts = named == Some(ISO_2022_JP) && line.raw.contains(&b'\x1b');
        match &line.content {
            _ if !shifts && std::str::from_utf8(line.raw).is_ok() => {
                out.extend_from_slice(line.raw);
            }
            Some(content) => fold(&rewritten(content, named.unwrap_or(fallback)), &mut out),
            None => {
                let (text, _) = fallback.decode_without_bom_handling(line.raw);
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
    match version(&out) {
        Some(Version::V21) => Cow::Owned(convert(&out, Version::V30).into_owned()),
        _ => Cow::Owned(out),
    }
}

/// The character set that a line names.
fn named(content: &Content<'_>) -> Option<&'static Encoding> {
    Encoding::for_label(content.parameter("CHARSET")?.as_bytes())
}

/// The line, unfolded and without its encodings.
fn rewritten(content: &Content<'_>, encoding: &'static Encoding) -> String {
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) if encoding != ISO_2022_JP => text.to_owned(),
        _ => encoding.decode_without_bom_handling(bytes).0.into_owned(),
    };
    let head = text(content.head());
    let is_quoted = content.is_encoded("QUOTED-PRINTABLE");
    if !is_quoted && std::str::from_utf8(content.value()).is_ok() && encoding != ISO_2022_JP {
        return head + &text(content.value());
    }
    let value = if is_quoted {
        let plain = text(&quoted_printable(content.value()));
        plain.replace("\r\n", "\n").replace('\n', "\\n")
    } else {
        text(content.value())
    };
    [&head_without_encodings(content, is_quoted), ":", &value].concat()
}

fn head_without_encodings(content: &Content<'_>, is_quoted: bool) -> String {
    let dot = if content.group().is_empty() { "" } else { "." };
    let mut head = [content.group(), dot, content.name()].concat();
    for (name, value) in content.raw_parameters() {
        let is_encoding = ENCODINGS.iter().any(|known| name.eq_ignore_ascii_case(known));
        let is_bare =
            is_quoted && name.is_empty() && value.eq_ignore_ascii_case("QUOTED-PRINTABLE");
        if is_encoding || is_bare {
            continue;
        }
        head.push(';');
        if !name.is_empty() {
            head.extend([name, "="]);
        }
        head.push_str(value);
    }
    head
}

#[cfg(test)]
mod tests {
    use encoding_rs::{SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};

    use super::*;

    fn card(version: &str, lines: &[u8]) -> Vec<u8> {
        let begin = format!("BEGIN:VCARD\r\nVERSION:{version}\r\n");
        [begin.as_bytes(), lines, b"END:VCARD\r\n"].concat()
    }

    #[track_caller]
    fn check(version: &str, lines: &[u8], fallback: &'static Encoding, expected: &str) {
        let card = card(version, lines);
        let text = String::from_utf8(in_utf8(&card, fallback).into_owned()).unwrap();
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn a_card_in_utf8_stays_to_the_byte() {
        let lines = "FN:Jörg\r\nNOTE;CHARSET=windows-1251;QUOTED-PRINTABLE:=CE\r\n";
        let card = card("2.1", lines.as_bytes());
        assert!(matches!(in_utf8(&card, WINDOWS_1252), Cow::Borrowed(_)));
    }

    #[test]
    fn each_line_is_read_in_its_character_set() {
        let line = b"FN;CHARSET=Windows-1251:\xce\xeb\xe5\xe3\r\nTITLE:M\xfcller\r\n";
        check("2.1", line, WINDOWS_1252, "\r\nFN:Олег\r\n");
        check("2.1", line, WINDOWS_1252, "\r\nTITLE:Müller\r\n");
        check("2.1", line, WINDOWS_1252, "\r\nVERSION:3.0\r\n");
        check("3.0", b"item1.TITLE;X-A=b:\xcf\r\n", WINDOWS_1251, "item1.TITLE;X-A=b:П\r\n");
        check("3.0", b"FN;CHARSET=shift_jis:\x93\x63\x92\x86\r\n", WINDOWS_1251, "FN:田中");
        check("3.0", b"FN:\x93\x63\x92\x86\r\n", SHIFT_JIS, "FN:田中");
        check("2.1", b"FN;CHARSET=ISO-2022-JP:\x1b$BEDCf\x1b(B\r\n", WINDOWS_1252, "FN:田中");
    }

    #[test]
    fn quoted_values_with_bare_bytes_are_read_whole() {
        let line = b"NOTE;CHARSET=windows-1252;ENCODING=QUOTED-PRINTABLE:M=FCller=0D=0A=\r\nGr\xf6\xdfe\r\n";
        check("2.1", line, WINDOWS_1251, "\r\nNOTE:Müller\\nGröße\r\n");
    }

    #[test]
    fn a_character_cut_by_a_fold_is_whole_again() {
        check("3.0", b"FN:J\xc3\r\n \xb6rg\r\n", WINDOWS_1252, "FN:Jörg\r\n");
        check("3.0", b"NOTE:plain\r\nTITLE:\xfc\r\n", WINDOWS_1252, "NOTE:plain\r\nTITLE:ü");
    }
}
