//! Tests of how a file's encoding is found and read.

use super::*;

/// The text of a file, with the name of its encoding.
fn read(bytes: &[u8], told: Option<&str>) -> Result<(String, &'static str), FileError> {
    let mut survey = Survey::default();
    for piece in bytes.chunks(3) {
        survey.feed(piece);
    }
    let text = survey.finish(told.map(Charset::parse).transpose()?)?;
    let mut reader = Utf8Reader::new(bytes, text);
    let mut out = Vec::new();
    while reader.fill(&mut out)? {}
    Ok((String::from_utf8(out).unwrap(), text.encoding_name()))
}

fn encode(text: &str, charset: &str) -> Vec<u8> {
    Encoding::for_label(charset.as_bytes()).unwrap().encode(text).0.into_owned()
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

#[test]
fn a_mark_says_the_encoding() {
    let check = |bytes: &[u8], encoding| {
        assert_eq!(read(bytes, None), Ok(("Jürgen".to_owned(), encoding)));
        assert_eq!(read(bytes, Some("latin1")), Ok(("Jürgen".to_owned(), encoding)));
    };
    check("\u{feff}Jürgen".as_bytes(), "UTF-8");
    check(&utf16("\u{feff}Jürgen", u16::to_le_bytes), "UTF-16LE");
    check(&utf16("\u{feff}Jürgen", u16::to_be_bytes), "UTF-16BE");
}

#[test]
fn utf16_shows_by_its_zeros() {
    assert_eq!(read(&utf16("Jürgen", u16::to_le_bytes), None).unwrap().1, "UTF-16LE");
    assert_eq!(read(&utf16("Jürgen", u16::to_be_bytes), None).unwrap().1, "UTF-16BE");
    assert_eq!(read(b"a\0b", None).unwrap(), ("a\0b".to_owned(), "UTF-8"));
    // Only what stands between Russian words has zeros.
    let russian = "Имя\tФамилия\tОрганизация\r\nИван\tИванов\tООО Ландыш\r\n";
    assert_eq!(read(&utf16(russian, u16::to_le_bytes), None).unwrap().1, "UTF-16LE");
    assert_eq!(read(&utf16(russian, u16::to_be_bytes), None).unwrap().1, "UTF-16BE");
}

#[test]
fn a_code_page_is_told_or_guessed() {
    let latin1 = encode("name\nJürgen Grüß\n", "latin1");
    assert_eq!(read(&latin1, Some("latin-1")).unwrap().0, "name\nJürgen Grüß\n");
    assert_eq!(read(&latin1, None).unwrap(), ("name\nJürgen Grüß\n".to_owned(), "windows-1252"));
    let russian = encode("Иванов Иван Петрович", "windows-1251");
    assert_eq!(read(&russian, None).unwrap().1, "windows-1251");
    assert_eq!(
        read(b"a", Some("klingon")),
        Err(FileError::whole(Reason::new(Rule::UnknownCharset, [&"klingon"])))
    );
}

#[test]
fn the_first_bad_byte_is_named() {
    let at = BadByte { offset: 8, line: 3 };
    let damaged = damaged(UTF_8, at);
    assert_eq!(read(b"name\nA\nJ\xfcrgen", Some("utf-8")), Err(damaged));
    let mut survey = Survey::default();
    survey.feed(b"name\r\nA\r\nJ\xfcrgen");
    let refused = survey.finish(None).unwrap().only_if_told().unwrap_err();
    let at = BadByte { offset: 10, line: 3 };
    assert_eq!((refused.line, refused.reason.rule), (Some(at.line), Rule::NotUtf8));
    assert!(refused.to_string().contains("looks like windows-1252"));
    assert_eq!(read(b"Anna \xc3", Some("utf-8")).unwrap_err().reason.rule, Rule::Damaged);
}

#[test]
fn damaged_utf8_is_no_code_page() {
    let rule = |bytes: &[u8]| read(bytes, None).map(|(_, name)| name).map_err(|e| e.reason.rule);
    let names = "Jürgen Grüß, Søren Ågård, Zoë\n".as_bytes();
    assert_eq!(rule(&[names, b"J\xfcrgen\n"].concat()), Err(Rule::Damaged));
    assert_eq!(rule("Jürgen Grü".as_bytes().split_last().unwrap().1), Err(Rule::Damaged));
    // Few letters that look like UTF-8 are an accident, as in this name.
    let russian = encode("Name\nПётр\nФёдор Петрович\n", "windows-1251");
    assert_eq!(rule(&russian), Ok("windows-1251"));
    assert_eq!(rule(b"Andr\xe9"), Ok("windows-1252"));
}

#[test]
fn other_formats_are_called_by_their_name() {
    let check = |bytes: &[u8], rule| {
        assert_eq!(read(bytes, None).unwrap_err().reason.rule, rule);
    };
    check(b"PK\x03\x04\x14\0\x06\0", Rule::Workbook);
    check(b"\xd0\xcf\x11\xe0\xa1\xb1", Rule::OldWorkbook);
    check(b"%PDF-1.7", Rule::Pdf);
    check(b"\xff\xd8\xff\xe0", Rule::Picture);
    check(b"\n  <html><body>", Rule::Markup);
    check(b"{\"contacts\": []}", Rule::Json);
}
