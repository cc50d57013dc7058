//! Content lines: a vCard's bytes cut into lines that keep their raw bytes, and what each line says.

use std::borrow::Cow;
use std::ops::Range;

use crate::vcard::without_line_end;

/// A line with more parameters is kept but not understood.
const PARAMETERS_MAX: usize = 100;

/// One logical line: a property with its folded continuations, or something that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The bytes as they came, folds and line ends included. All lines joined are the input.
    pub raw: &'a [u8],
    /// The number of the first physical line, from 1.
    pub number: usize,
    /// None: a blank line, or text without a colon.
    pub content: Option<Content<'a>>,
}

impl Line<'_> {
    /// Whether there is nothing on the line.
    pub fn is_blank(&self) -> bool {
        self.raw.iter().all(u8::is_ascii_whitespace)
    }
}

/// What a line says, as the bytes after unfolding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content<'a> {
    unfolded: Cow<'a, [u8]>,
    group: Range<usize>,
    name: Range<usize>,
    parameters: Vec<Parameter>,
    value_at: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parameter {
    /// Empty where vCard 2.1 writes the value alone, as in `TEL;WORK:`.
    name: Range<usize>,
    value: Range<usize>,
}

impl Content<'_> {
    fn text(&self, range: &Range<usize>) -> &str {
        let bytes = self.unfolded.get(range.clone()).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The group before the name, such as `item1`; empty where there is none. Compare without
    /// case: Thunderbird writes groups and names back in upper case.
    pub fn group(&self) -> &str {
        self.text(&self.group)
    }

    /// The property name as written; see [`Content::is`].
    pub fn name(&self) -> &str {
        self.text(&self.name)
    }

    /// Whether this is the property, whatever the case of its name.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// The bytes behind the colon, unfolded but with all escapes and encodings.
    pub fn value(&self) -> &[u8] {
        self.unfolded.get(self.value_at..).unwrap_or_default()
    }

    /// The bytes before the value, with the colon.
    pub fn head(&self) -> &[u8] {
        self.unfolded.get(..self.value_at).unwrap_or_default()
    }

    /// All parameters as (name, value): quotes are gone, the escapes of RFC 6868 are not. The name
    /// of a bare one of vCard 2.1 is empty. A list such as `TYPE=a,b` is one value here.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|parameter| {
            let value = self.text(&parameter.value);
            let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            (self.text(&parameter.name), inner.unwrap_or(value))
        })
    }

    /// All parameters as (name, value) as they stand there, quotes and all.
    pub fn raw_parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|p| (self.text(&p.name), self.text(&p.value)))
    }

    /// The first value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters();
        parameters.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All types: `TYPE=a,b`, `TYPE="a,b"`, `TYPE=a;TYPE=b` and the bare ones of vCard 2.1.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        let named = |name: &str| name.is_empty() || name.eq_ignore_ascii_case("TYPE");
        let values = self.parameters().filter(move |(name, _)| named(name));
        values.flat_map(|(_, value)| value.split(',')).map(|kind| kind.trim_matches(['"', ' ']))
    }

    /// Whether the value is encoded this way, by `ENCODING=NAME` or by a bare `NAME`.
    pub fn is_encoded(&self, encoding: &str) -> bool {
        self.parameters().any(|(name, value)| {
            (name.is_empty() || name.eq_ignore_ascii_case("ENCODING"))
                && value.eq_ignore_ascii_case(encoding)
        })
    }

    /// Whether the value is binary data in Base64.
    pub fn is_base64(&self) -> bool {
        self.is_encoded("b") || self.is_encoded("base64")
    }

    /// Whether a following line goes on with data that vCard 2.1 programs did not indent.
    pub fn goes_on_in(&self, next: &Line<'_>) -> bool {
        self.is_base64() && next.content.is_none() && !next.is_blank()
    }
}

/// Cuts a text into its logical lines.
pub fn lines(bytes: &[u8]) -> Lines<'_> {
    // Very old programs end lines with CR alone.
    let end = if memchr::memchr(b'\n', bytes).is_some() { b'\n' } else { b'\r' };
    Lines { rest: bytes, number: 1, end }
}

/// An iterator over logical lines, see [`lines`].
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
    end: u8,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let number = self.number;
        let mut length = self.physical(0);
        let first = without_line_end(self.rest.get(..length)?);
        let mut unfolded = Cow::Borrowed(first);
        // After a soft break a space is text and folds nothing.
        if !first.ends_with(b"=") || !is_quoted_printable(first) {
            self.unfold(&mut length, &mut unfolded);
        }
        let mut content = Content::parse(unfolded);
        if let Some(encoded) = content.as_mut().filter(|c| c.is_encoded("QUOTED-PRINTABLE")) {
            self.join_soft_breaks(&mut length, encoded);
        }
        let (raw, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(Line { raw, number, content })
    }
}

impl<'a> Lines<'a> {
    /// The end of the physical line that begins at `from`.
    fn physical(&mut self, from: usize) -> usize {
        self.number += 1;
        let rest = self.rest.get(from..).unwrap_or_default();
        memchr::memchr(self.end, rest).map_or(self.rest.len(), |at| from + at + 1)
    }

    /// Takes in the continuations: lines that begin with a space or a tab.
    fn unfold(&mut self, length: &mut usize, unfolded: &mut Cow<'a, [u8]>) {
        while let Some(b' ' | b'\t') = self.rest.get(*length) {
            let start = *length;
            *length = self.physical(start);
            let more = self.rest.get(start + 1..*length).unwrap_or_default();
            unfolded.to_mut().extend_from_slice(without_line_end(more));
        }
    }

    /// Takes in what follows a soft line break (RFC 2045 6.7), which vCard 2.1 does not indent.
    fn join_soft_breaks(&mut self, length: &mut usize, content: &mut Content<'a>) {
        while content.unfolded.last() == Some(&b'=') && *length < self.rest.len() {
            let start = *length;
            *length = self.physical(start);
            let more = self.rest.get(start..*length).unwrap_or_default();
            let unfolded = content.unfolded.to_mut();
            unfolded.pop();
            unfolded.extend_from_slice(without_line_end(more));
        }
    }
}

impl<'a> Content<'a> {
    fn parse(unfolded: Cow<'a, [u8]>) -> Option<Self> {
        // A byte order mark before BEGIN belongs to the raw bytes only.
        let start = if unfolded.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let name_end = start + memchr::memchr2(b':', b';', unfolded.get(start..)?)?;
        let head = unfolded.get(start..name_end)?;
        std::str::from_utf8(head).ok()?;
        let dot = memchr::memchr(b'.', head).map(|at| start + at);
        let (group, name) = match dot {
            Some(dot) => (start..dot, dot + 1..name_end),
            None => (start..start, start..name_end),
        };
        let (parameters, value_at) = parameters(&unfolded, name_end, Quotes::Count)
            .or_else(|| parameters(&unfolded, name_end, Quotes::Ignore))?;
        (!name.is_empty()).then_some(Self { unfolded, group, name, parameters, value_at })
    }
}

fn is_quoted_printable(line: &[u8]) -> bool {
    Content::parse(Cow::Borrowed(line)).is_some_and(|c| c.is_encoded("QUOTED-PRINTABLE"))
}

/// How quotation marks in parameters are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    /// `:` and `;` between them belong to the value.
    Count,
    /// They are characters like others, for lines where one is missing.
    Ignore,
}

/// The parameters from `at`, where the name ends, and where the value begins.
fn parameters(line: &[u8], mut at: usize, quotes: Quotes) -> Option<(Vec<Parameter>, usize)> {
    let mut found = Vec::new();
    while line.get(at) == Some(&b';') {
        let start = at + 1;
        let end = start + end_of_parameter(line.get(start..)?, quotes)?;
        let equals = memchr::memchr(b'=', line.get(start..end)?).map(|offset| start + offset);
        found.push(match equals {
            Some(equals) => Parameter { name: start..equals, value: equals + 1..end },
            None => Parameter { name: start..start, value: start..end },
        });
        at = end;
        if found.len() > PARAMETERS_MAX {
            return None;
        }
    }
    (line.get(at) == Some(&b':')).then_some((found, at + 1))
}

fn end_of_parameter(rest: &[u8], quotes: Quotes) -> Option<usize> {
    let mut quoted = false;
    rest.iter().position(|byte| {
        if *byte == b'"' && quotes == Quotes::Count {
            quoted = !quoted;
        }
        !quoted && matches!(byte, b':' | b';')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(text: &str) -> Vec<(String, String)> {
        let contents = lines(text.as_bytes()).filter_map(|line| line.content);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        contents.map(|c| (c.name().to_owned(), text(c.value()))).collect()
    }

    fn one(text: &str) -> Content<'_> {
        lines(text.as_bytes()).next().and_then(|line| line.content).unwrap()
    }

    #[test]
    fn folded_lines_are_one() {
        let expected = [("NOTE".to_owned(), "a long text".to_owned()), ("FN".into(), "x".into())];
        assert_eq!(contents("NOTE:a lo\r\n ng\r\n\t text\r\nFN:x\r\n"), expected);
        assert_eq!(contents("NOTE:a lo\n ng\n  text\nFN:x"), expected);
        assert_eq!(contents("NOTE:a lo\r ng\r  text\rFN:x"), expected);
    }

    #[test]
    fn soft_breaks_are_joined_only_in_quoted_printable() {
        let text = "NOTE;ENCODING=QUOTED-PRINTABLE:a=\r\nb=\r\nc\r\nFN;QUOTED-PRINTABLE:=\r\nd\r\n";
        assert_eq!(contents(text), [("NOTE".into(), "abc".into()), ("FN".into(), "d".into())]);
        assert_eq!(contents("NOTE:a=\r\nFN:x\r\n").len(), 2);
        assert_eq!(contents("NOTE;QUOTED-PRINTABLE:a=\r\n b\r\n"), [("NOTE".into(), "a b".into())]);
    }

    #[test]
    fn groups_and_quoted_parameters_are_seen() {
        let line = one("ITEM1.Tel;TYPE=\"work,voice\";X-Q=\"a:b;c\";pref:+49 30;1:2");
        assert_eq!((line.group(), line.name(), line.value()), ("ITEM1", "Tel", &b"+49 30;1:2"[..]));
        assert_eq!(line.types().collect::<Vec<_>>(), ["work", "voice", "pref"]);
        assert_eq!(line.parameter("x-q"), Some("a:b;c"));
        assert!(line.is("TEL"));
    }

    #[test]
    fn a_missing_quotation_mark_costs_no_line() {
        let line = one("TEL;TYPE=\"work:123");
        assert_eq!(line.value(), b"123");
    }

    #[test]
    fn lines_without_a_colon_say_nothing() {
        assert_eq!(contents("hello\r\n\r\n:x\r\n;a:b\r\n"), []);
    }

    #[test]
    fn numbers_count_physical_lines() {
        let numbers: Vec<_> = lines(b"A:1\r\n 2\r\nB:3\nC:4").map(|line| line.number).collect();
        assert_eq!(numbers, [1, 3, 4]);
    }
}
