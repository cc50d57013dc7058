//! PHOTO lines: the image that a card carries, and cards with another one.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::vcard::line::{Content, Line};
use crate::vcard::place::{Place, placed};
use crate::vcard::write::{LINE_END, LINE_OCTETS_MAX, fold};

/// Some programs leave padding out, and some pad with bits that mean nothing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// What stands before a photo, in each version.
const HEAD_2_1: &str = "PHOTO;ENCODING=BASE64;TYPE=JPEG:";
const HEAD_3_0: &str = "PHOTO;ENCODING=b;TYPE=JPEG:";
const HEAD_4_0: &str = "PHOTO:data:image/jpeg;base64,";
const FOLD: &str = "\r\n ";

/// The first image that stands in the card itself. What a URI names elsewhere is not fetched.
pub fn image(card: &[u8]) -> Option<Vec<u8>> {
    let mut lines = placed(card).filter(|(_, place)| *place == Place::Own).peekable();
    while let Some((line, _)) = lines.next() {
        let Some(photo) = photo(&line) else { continue };
        let Some(start) = base64_of(photo) else { continue };
        let mut text = start.to_vec();
        while let Some((more, _)) = lines.next_if(|(next, _)| photo.goes_on_in(next)) {
            text.extend_from_slice(more.raw);
        }
        text.retain(|byte| !byte.is_ascii_whitespace());
        if let Some(image) = BASE64.decode(text).ok().filter(|image| !image.is_empty()) {
            return Some(image);
        }
    }
    None
}

/// The card with this JPEG as its only photo, or without any. All other bytes stay as they are.
pub fn with_photo(card: &[u8], jpeg: Option<&[u8]>) -> Vec<u8> {
    let head = placed(card).find_map(|(line, _)| head(&line)).unwrap_or(HEAD_3_0);
    let mut new = jpeg;
    let mut out = Vec::with_capacity(card.len() + jpeg.map_or(0, |jpeg| written_bytes(jpeg.len())));
    let mut lines = placed(card).peekable();
    while let Some((line, place)) = lines.next() {
        let old = photo(&line).filter(|_| place == Place::Own);
        if let Some(jpeg) = new.take_if(|_| old.is_some() || place == Place::End) {
            put(head, jpeg, &mut out);
        }
        match old {
            Some(old) => while lines.next_if(|(next, _)| old.goes_on_in(next)).is_some() {},
            None => out.extend_from_slice(line.raw),
        }
    }
    out
}

/// Appends a photo as vCard 3.0 has it.
pub(super) fn write(jpeg: &[u8], out: &mut Vec<u8>) {
    put(HEAD_3_0, jpeg, out);
}

/// How many bytes a photo of this length takes in a vCard 3.0.
pub fn written_bytes(jpeg_bytes: usize) -> usize {
    let line = HEAD_3_0.len() + jpeg_bytes.div_ceil(3) * 4;
    let folds = line.saturating_sub(LINE_OCTETS_MAX).div_ceil(LINE_OCTETS_MAX - 1);
    line + folds * FOLD.len() + LINE_END.len()
}

fn put(head: &str, jpeg: &[u8], out: &mut Vec<u8>) {
    let mut line = head.to_owned();
    BASE64.encode_string(jpeg, &mut line);
    fold(&line, out);
    if head == HEAD_2_1 {
        // A blank line ends the value there.
        out.extend_from_slice(LINE_END.as_bytes());
    }
}

fn photo<'l>(line: &'l Line<'_>) -> Option<&'l Content<'l>> {
    line.content.as_ref().filter(|content| content.is("PHOTO"))
}

fn head(line: &Line<'_>) -> Option<&'static str> {
    let content = line.content.as_ref().filter(|content| content.is("VERSION"))?;
    Some(match content.value().trim_ascii() {
        b"2.1" => HEAD_2_1,
        b"4.0" => HEAD_4_0,
        _ => HEAD_3_0,
    })
}

/// The value of a PHOTO, where it is an image in Base64. A `data` URI (RFC 2397) is one; some
/// programs write its marks as if they were text.
fn base64_of<'c>(photo: &'c Content<'_>) -> Option<&'c [u8]> {
    let value = photo.value().trim_ascii();
    let scheme = value.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"data:"));
    if !scheme {
        return photo.is_base64().then_some(value);
    }
    let comma = memchr::memchr(b',', value)?;
    let (kind, data) = value.split_at_checked(comma)?;
    let kind = kind.strip_suffix(b"\\").unwrap_or(kind);
    let encoding = kind.rsplit(|byte| *byte == b';').next()?;
    encoding.eq_ignore_ascii_case(b"base64").then(|| data.get(1..))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(version: &str, lines: &str) -> String {
        format!("BEGIN:VCARD\r\nVERSION:{version}\r\nFN:Zoe\r\n{lines}X-SHOE:38\r\nEND:VCARD\r\n")
    }

    #[test]
    fn images_are_found_in_each_version() {
        for (version, photo) in [
            ("3.0", "PHOTO;ENCODING=b;TYPE=JPEG:aGVs\r\n bG8h\r\n"),
            (
                "3.0",
                "item1.photo;X-ABCROP-RECTANGLE=ABClipRect_1&0&0&9&9&x;TYPE=jpeg;encoding=B:aGVsbG8h\n",
            ),
            (
                "3.0",
                "PHOTO;VALUE=uri:https://photos.example/a.jpg\r\nPHOTO;ENCODING=BASE64:aGVsbG8h\r\n",
            ),
            ("2.1", "PHOTO;BASE64;JPEG:\r\n aGVs\r\n bG8h\r\n\r\n"),
            ("2.1", "PHOTO;ENCODING=BASE64;TYPE=JPEG:aGVs\r\nbG8h\r\n\r\n"),
            ("4.0", "PHOTO:data:image/jpeg;base64,aGVsbG8h\r\n"),
            ("4.0", "PHOTO;PREF=1:Data:image/png;charset=x;BASE64,aGVs\r\n bG8h\r\n"),
            ("4.0", "PHOTO:data:image/jpeg\\;base64\\,aGVsbG8h\r\n"),
        ] {
            assert_eq!(
                image(card(version, photo).as_bytes()).as_deref(),
                Some(&b"hello!"[..]),
                "{photo}"
            );
        }
        let unpadded = card("3.0", "PHOTO;ENCODING=b:aGVsbG8\r\n");
        assert_eq!(image(unpadded.as_bytes()).as_deref(), Some(&b"hello"[..]));
    }

    #[test]
    fn what_stands_elsewhere_is_no_image() {
        for photo in [
            "",
            "PHOTO:\r\n",
            "PHOTO;ENCODING=b:\r\n",
            "PHOTO;ENCODING=b:%%%%\r\n",
            "PHOTO;VALUE=uri:http://127.0.0.1/a.jpg\r\n",
            "PHOTO:file:///etc/passwd\r\n",
            "PHOTO;VALUE=uri:cid:aGVsbG8h\r\n",
            "PHOTO:data:image/svg+xml,<svg/>\r\n",
            "PHOTO:data:\r\n",
            "LOGO;ENCODING=b:aGVsbG8h\r\n",
            "AGENT:\r\nBEGIN:VCARD\r\nPHOTO;ENCODING=b:aGVsbG8h\r\nEND:VCARD\r\n",
        ] {
            assert_eq!(image(card("3.0", photo).as_bytes()), None, "{photo}");
        }
        assert_eq!(image(b"PHOTO;ENCODING=b:aGVsbG8h"), None);
    }

    #[test]
    fn another_photo_changes_nothing_but_the_photo() {
        let hello = |version, line: &str| (card(version, line), version);
        for (old, version) in [
            hello("3.0", ""),
            hello("3.0", "PHOTO;ENCODING=b:AAAA\r\n BBBB\r\n"),
            hello("3.0", "PHOTO;VALUE=uri:http://a.example/b\r\nphoto;ENCODING=b:AAAA\r\n"),
            hello("2.1", "PHOTO;BASE64:AAAA\r\nBBBB\r\n\r\n"),
            hello("4.0", "x.PHOTO:data:image/jpeg;base64,AAAA\r\n"),
        ] {
            let new = with_photo(old.as_bytes(), Some(b"hello!"));
            assert_eq!(image(&new).as_deref(), Some(&b"hello!"[..]), "{old}");
            let lines = |text: &str| {
                let mut kept: Vec<String> = text.lines().map(str::to_owned).collect();
                let strange = ["PHOTO", "photo", "x.PHOTO", " BBBB", "BBBB"];
                kept.retain(|line| {
                    !line.is_empty() && !strange.iter().any(|s| line.starts_with(s))
                });
                kept
            };
            let text = String::from_utf8(new.clone()).unwrap();
            assert_eq!(lines(&text), lines(&old));
            let photos: Vec<&str> = text.lines().filter(|line| line.contains("aGVsbG8h")).collect();
            let expected = match version {
                "2.1" => "PHOTO;ENCODING=BASE64;TYPE=JPEG:aGVsbG8h",
                "4.0" => "PHOTO:data:image/jpeg;base64,aGVsbG8h",
                _ => "PHOTO;ENCODING=b;TYPE=JPEG:aGVsbG8h",
            };
            assert_eq!(photos, [expected], "{text}");
            let without = with_photo(&new, None);
            assert_eq!(image(&without), None);
            assert_eq!(lines(std::str::from_utf8(&without).unwrap()), lines(&old));
        }
        let bare = card("3.0", "");
        let plain = with_photo(&with_photo(bare.as_bytes(), Some(b"hello!")), None);
        assert_eq!(plain, bare.as_bytes(), "to the byte");
    }

    #[test]
    fn the_length_of_a_photo_is_known_before_it_is_read() {
        for bytes in (1..400).chain([40_000]) {
            let mut out = Vec::new();
            write(&vec![7; bytes], &mut out);
            assert_eq!(out.len(), written_bytes(bytes), "{bytes}");
            assert!(out.split(|byte| *byte == b'\n').all(|line| line.len() <= LINE_OCTETS_MAX + 1));
            let card = [b"BEGIN:VCARD\r\nVERSION:3.0\r\n".as_slice(), &out, b"END:VCARD"].concat();
            assert_eq!(image(&card), Some(vec![7; bytes]));
        }
    }
}
