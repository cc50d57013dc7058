//! Cuts a stream into physical lines, whatever ends them; memory is bounded by the longest that is wanted.

use std::io::{self, Read};

use crate::file::encoding::{Text, Utf8Reader};
use crate::file::{FileError, Reason, Rule};

/// How much is read at a time.
const STEP_BYTES: usize = 32 * 1024;
/// Some programs end lines with CR CR LF. This many CR are looked at to find the LF.
const ENDS_MAX: usize = 4;
/// What is kept of a line that is too long.
const HEAD_BYTES: usize = 256;

/// A line of the file with its end.
#[derive(Debug)]
pub(super) struct Physical<'a> {
    /// From 1.
    pub(super) number: u64,
    pub(super) bytes: &'a [u8],
    /// Whether these are all of its bytes.
    pub(super) whole: bool,
}

impl Physical<'_> {
    pub(super) fn is_blank(&self) -> bool {
        // Files from DOS end with a Ctrl-Z.
        self.bytes.iter().all(|byte| byte.is_ascii_whitespace() || matches!(byte, 0 | 0x1a))
    }
}

/// Reads a file line by line.
pub(super) struct Lines<R> {
    source: Source<R>,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    /// How many lines were read.
    count: u64,
    /// The beginning of a line that was too long.
    head: Vec<u8>,
}

impl<R: Read> Lines<R> {
    /// The lines in UTF-8.
    pub(super) fn decoded(source: R, text: Text) -> Self {
        Self::of(Source::Decoded(Box::new(Utf8Reader::new(source, text))))
    }

    /// The bytes as they are, where the encoding has ASCII's line ends and letters; else in UTF-8.
    pub(super) fn bytes(source: R, text: Text) -> Self {
        match text.encoding().is_ascii_compatible() {
            true => Self::of(Source::Raw { source, mark_bytes_left: text.mark_bytes() }),
            false => Self::decoded(source, text),
        }
    }

    fn of(source: Source<R>) -> Self {
        Self { source, buffer: Vec::new(), at: 0, ended: false, count: 0, head: Vec::new() }
    }

    /// The next line; of one with more than `bytes_max` only the beginning.
    ///
    /// # Errors
    /// [`FileError`] where the file cannot be read on.
    pub(super) fn next(&mut self, bytes_max: usize) -> Result<Option<Physical<'_>>, FileError> {
        let mut searched = 0;
        let mut cut = false;
        let length = loop {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            if let Some(length) = end_of_line(rest, searched, self.ended) {
                break length;
            }
            if self.ended {
                if rest.is_empty() && !cut {
                    return Ok(None);
                }
                break rest.len();
            }
            searched = rest.len().saturating_sub(ENDS_MAX);
            if rest.len() > bytes_max {
                if !std::mem::replace(&mut cut, true) {
                    self.head.clear();
                    self.head.extend_from_slice(rest.get(..HEAD_BYTES).unwrap_or(rest));
                }
                self.at += searched;
                searched = 0;
            }
            self.fill()?;
        };
        self.count += 1;
        let start = self.at;
        self.at += length;
        let bytes = self.buffer.get(start..self.at).unwrap_or_default();
        let bytes = if cut { &self.head } else { bytes };
        let whole = !cut && bytes.len() <= bytes_max;
        Ok(Some(Physical { number: self.count, bytes, whole }))
    }

    fn fill(&mut self) -> Result<(), FileError> {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.ended = !self.source.fill(&mut self.buffer)?;
        Ok(())
    }
}

/// The length of the first line with its end, of which `from` bytes hold none; none where more of the
/// file may be needed to tell.
fn end_of_line(rest: &[u8], from: usize, is_last: bool) -> Option<usize> {
    let at = from + memchr::memchr2(b'\r', b'\n', rest.get(from..)?)?;
    if rest.get(at) == Some(&b'\n') {
        return Some(at + 1);
    }
    let behind = rest.get(at..)?;
    let returns = behind.iter().take(ENDS_MAX).take_while(|byte| **byte == b'\r').count();
    match behind.get(returns) {
        Some(b'\n') => Some(at + returns + 1),
        None if !is_last => None,
        _ => Some(at + 1),
    }
}

enum Source<R> {
    Raw { source: R, mark_bytes_left: usize },
    Decoded(Box<Utf8Reader<R>>),
}

impl<R: Read> Source<R> {
    /// Adds the next piece of the file to `out`. False at its end.
    fn fill(&mut self, out: &mut Vec<u8>) -> Result<bool, FileError> {
        let (source, mark) = match self {
            Self::Decoded(reader) => return reader.fill(out),
            Self::Raw { source, mark_bytes_left } => (source, mark_bytes_left),
        };
        let mut input = [0; STEP_BYTES];
        let read = loop {
            match source.read(&mut input) {
                Ok(read) => break read,
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                Err(fault) => {
                    return Err(FileError::whole(Reason::new(Rule::Unreadable, [&fault])));
                }
            }
        };
        let skipped = read.min(*mark);
        *mark -= skipped;
        out.extend_from_slice(input.get(skipped..read).unwrap_or_default());
        Ok(read > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::encoding::Survey;

    fn lines(bytes: &[u8], bytes_max: usize) -> Vec<(u64, String, bool)> {
        let mut survey = Survey::default();
        survey.feed(bytes);
        let text = survey.finish(None).unwrap();
        let mut lines = Lines::bytes(bytes, text);
        let mut found = Vec::new();
        while let Some(line) = lines.next(bytes_max).unwrap() {
            let text = String::from_utf8_lossy(line.bytes).into_owned();
            found.push((line.number, text, line.whole));
        }
        found
    }

    #[test]
    fn any_end_is_one() {
        for end in ["\n", "\r", "\r\n", "\r\r\n"] {
            let text = ["a", "b", "", "c"].join(end);
            let found = lines(text.as_bytes(), 100);
            let expected: Vec<String> =
                ["a", "b", "", "c"].map(|line| line.to_owned() + end).into();
            let texts: Vec<String> = found.iter().map(|(_, text, _)| text.clone()).collect();
            assert_eq!(texts.concat(), text);
            assert_eq!(texts.get(..3), expected.get(..3), "{end:?}");
            assert_eq!(found.last().unwrap().0, 4);
        }
        assert_eq!(lines("\u{feff}a\n".as_bytes(), 100), [(1, "a\n".to_owned(), true)]);
    }

    #[test]
    fn a_line_that_is_too_long_costs_no_other() {
        let text = format!("a\n{}\nb\n", "x".repeat(200_000));
        let found = lines(text.as_bytes(), 1000);
        assert_eq!(found.len(), 3);
        assert!(found[1].1.len() <= HEAD_BYTES && !found[1].2);
        assert_eq!(found[2], (3, "b\n".to_owned(), true));
    }
}
