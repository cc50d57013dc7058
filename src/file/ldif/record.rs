//! Cuts LDIF (RFC 2849) into its records: folded lines, comments and Base64 are undone.

use std::io::Read;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::file::lines::Lines;
use crate::file::{Fault, FileError, Reason, Rule, shortened};

/// Larger records, and those with more lines, are reported and read past.
pub(super) const RECORD_BYTES_MAX: usize = 10 << 20;
pub(super) const RECORD_LINES_MAX: usize = 10_000;
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// One record: an entry, a change, or what programs write around them.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// First line, from 1.
    pub(super) line: u64,
    pub(super) items: Vec<Item>,
    /// Lines that are not understood.
    pub(super) faults: Vec<Fault>,
    pub(super) too_large: bool,
}

/// An attribute with a value.
#[derive(Debug)]
pub(super) struct Item {
    /// In lower case and without options such as `;lang-de`.
    pub(super) name: String,
    pub(super) value: Value,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// What is no text, such as a photo.
    Bytes(Vec<u8>),
    /// A place where the value stands.
    Url(String),
}

impl Item {
    /// The value as text; none of what is none.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Bytes(_) | Value::Url(_) => None,
        }
    }

    /// The value as it stands in the file; none of what stands elsewhere.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match &self.value {
            Value::Text(text) => Some(text.as_bytes()),
            Value::Bytes(bytes) => Some(bytes),
            Value::Url(_) => None,
        }
    }
}

/// Reads a file record by record; memory is bounded by the largest that is taken.
pub(super) struct Records<R> {
    lines: Lines<R>,
    /// The first line of a record that was read already.
    next: Option<(u64, Vec<u8>)>,
}

/// A line with its continuations.
struct Logical {
    line: u64,
    bytes: Vec<u8>,
}

impl<R: Read> Records<R> {
    pub(super) fn new(lines: Lines<R>) -> Self {
        Self { lines, next: None }
    }

    /// The next record.
    ///
    /// # Errors
    /// [`FileError`] where the file cannot be read on.
    pub(super) fn next(&mut self) -> Result<Option<Record>, FileError> {
        let mut logical: Vec<Logical> = Vec::new();
        let (mut bytes, mut too_large, mut has_dn) = (0, false, false);
        if let Some((line, bytes)) = self.next.take() {
            has_dn = true;
            logical.push(Logical { line, bytes });
        }
        while let Some(line) = self.lines.next(RECORD_BYTES_MAX)? {
            if line.is_blank() && !is_continuation(line.bytes) {
                if logical.iter().all(Logical::is_comment) {
                    logical.clear();
                    continue;
                }
                break;
            }
            let text = without_end(line.bytes);
            if let Some(more) = text.strip_prefix(b" ").or_else(|| text.strip_prefix(b"\t"))
                && let Some(last) = logical.last_mut()
            {
                bytes += more.len();
                too_large |= !line.whole || bytes > RECORD_BYTES_MAX;
                if !too_large {
                    last.bytes.extend_from_slice(more);
                }
                continue;
            }
            let is_dn = text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(b"dn:"));
            if is_dn && std::mem::replace(&mut has_dn, true) {
                // The blank line between two records is missing.
                self.next = Some((line.number, text.to_vec()));
                break;
            }
            bytes += text.len();
            too_large |=
                !line.whole || bytes > RECORD_BYTES_MAX || logical.len() >= RECORD_LINES_MAX;
            if !too_large || logical.is_empty() {
                logical.push(Logical { line: line.number, bytes: text.to_vec() });
            }
        }
        logical.retain(|line| !line.is_comment());
        let Some(first) = logical.first() else { return Ok(None) };
        let mut record = Record { line: first.line, too_large, ..Record::default() };
        if !too_large {
            logical.iter().for_each(|line| record.take(line));
        }
        Ok(Some(record))
    }
}

impl Logical {
    fn is_comment(&self) -> bool {
        self.bytes.first() == Some(&b'#')
    }
}

impl Record {
    fn take(&mut self, line: &Logical) {
        // Ends a part of a change.
        if line.bytes == b"-" {
            return;
        }
        let mut fault = |field: Option<&str>, rule: Rule, value: &[u8]| {
            let value = Some(shortened(&String::from_utf8_lossy(value)));
            let field = field.map(str::to_owned);
            self.faults.push(Fault { line: line.line, field, value, reason: rule.into() });
        };
        let colon = memchr::memchr(b':', &line.bytes);
        let (name, rest) = colon.and_then(|at| line.bytes.split_at_checked(at)).unwrap_or_default();
        let name = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
        let name = name.split(';').next().unwrap_or_default();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_name) {
            return fault(None, Rule::LdifLine, &line.bytes);
        }
        let value = match rest {
            [b':', b':', encoded @ ..] => {
                let encoded: Vec<u8> =
                    encoded.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
                let Ok(bytes) = BASE64.decode(&encoded) else {
                    return fault(Some(name), Rule::LdifBase64, &encoded);
                };
                String::from_utf8(bytes).map_or_else(|e| Value::Bytes(e.into_bytes()), Value::Text)
            }
            [b':', b'<', url @ ..] => Value::Url(text(url)),
            [_, value @ ..] => Value::Text(text(value)),
            [] => return fault(None, Rule::LdifLine, &line.bytes),
        };
        self.items.push(Item { name: name.to_owned(), value });
    }

    /// The first value of an attribute, where that is a text.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of an attribute that are texts.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.items.iter().filter(move |item| item.name == name).filter_map(Item::text)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// A line of spaces may be a part of the one before.
fn is_continuation(line: &[u8]) -> bool {
    matches!(without_end(line), [b' ', _, ..])
}

fn without_end(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b'\r' | b'\n'] = line {
        line = rest;
    }
    line
}

/// What is wrong with a record as a whole.
pub(super) fn too_large() -> Reason {
    Reason::new(Rule::EntryTooLarge, [&RECORD_BYTES_MAX, &RECORD_LINES_MAX])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::encoding::Survey;

    fn records(text: &str) -> Vec<Record> {
        let mut survey = Survey::default();
        survey.feed(text.as_bytes());
        let lines = Lines::decoded(text.as_bytes(), survey.finish(None).unwrap());
        let mut records = Records::new(lines);
        std::iter::from_fn(|| records.next().unwrap()).collect()
    }

    fn items(record: &Record) -> Vec<(&str, &str)> {
        record.items.iter().map(|item| (item.name.as_str(), item.text().unwrap())).collect()
    }

    #[test]
    fn folded_lines_comments_and_base64_are_undone() {
        let text = "version: 1\n# a comment\n  that goes on\ndn: cn=A\n dam\nCN;lang-de:: SsO8cmdl\n bg==\nx:no space\n\n\n#end\n";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let records = records(&text);
            assert_eq!(records.len(), 1);
            let expected =
                [("version", "1"), ("dn", "cn=Adam"), ("cn", "Jürgen"), ("x", "no space")];
            assert_eq!(items(&records[0]), expected);
        }
    }

    #[test]
    fn records_are_parted_by_blank_lines_or_by_their_names() {
        let records = records("dn: a\nb: 1\n\n\ndn: c\ndn: d\nb: 2\n");
        let lines: Vec<u64> = records.iter().map(|record| record.line).collect();
        assert_eq!(lines, [1, 5, 6]);
        assert_eq!(items(&records[2]), [("dn", "d"), ("b", "2")]);
    }

    #[test]
    fn lines_that_are_not_understood_are_told() {
        let record = &records("dn: a\nnonsense\n: b\nphoto:: ****\nkey:< file:///etc/passwd\n")[0];
        let faults: Vec<(u64, Rule)> =
            record.faults.iter().map(|fault| (fault.line, fault.reason.rule)).collect();
        assert_eq!(faults, [(2, Rule::LdifLine), (3, Rule::LdifLine), (4, Rule::LdifBase64)]);
        assert_eq!(record.items[1].value, Value::Url("file:///etc/passwd".to_owned()));
    }

    #[test]
    fn a_record_that_is_too_large_is_read_past() {
        let long = format!("dn: a\nb: {}\n", "x".repeat(RECORD_BYTES_MAX));
        let folded = format!("dn: a\nb: 1\n{}", " xxxxxxxxx\n".repeat(RECORD_BYTES_MAX / 9));
        let many = format!("dn: a\n{}", "b: 1\n".repeat(RECORD_LINES_MAX));
        for large in [long, folded, many] {
            let records = records(&format!("{large}\ndn: c\n"));
            assert!(records[0].too_large && records[0].line == 1);
            assert_eq!(items(&records[1]), [("dn", "c")]);
        }
    }
}
