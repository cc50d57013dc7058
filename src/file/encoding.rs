//! Finds out how the bytes of a file stand for characters, and reads them as UTF-8.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::file::{FileError, Reason, Rule};

/// What is looked at for marks of other formats and for the zero bytes of UTF-16.
const HEAD_BYTES: usize = 4096;
/// What is looked at to guess a code page, from the first byte on that is no UTF-8.
const GUESS_BYTES_MAX: usize = 1024 * 1024;
/// So many letters beyond ASCII that are UTF-8 are no accident: what comes behind them and is not, is
/// damage.
const UTF8_LETTERS_MIN: usize = 6;
/// How much is decoded at a time.
const STEP_BYTES: usize = 32 * 1024;

/// An encoding that the sender names: a label of the WHATWG encoding standard, or a spelling of one
/// with other hyphens (`latin-1`, `utf_8`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charset(&'static Encoding);

impl Charset {
    /// # Errors
    /// [`FileError`] with the name.
    pub fn parse(name: &str) -> Result<Self, FileError> {
        let name = name.trim().trim_matches('"');
        let hyphens = name.replace('_', "-");
        let bare = hyphens.replace('-', "");
        let spellings = [name, &hyphens, &bare].into_iter();
        let known = spellings.filter_map(|spelling| Encoding::for_label(spelling.as_bytes()));
        known
            .map(Self)
            .next()
            .ok_or_else(|| FileError::whole(Reason::new(Rule::UnknownCharset, [&name])))
    }
}

/// Where a file is not what its encoding says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadByte {
    /// Counted from 0.
    pub offset: u64,
    /// Counted from 1.
    pub line: u64,
}

/// The outcome of a [`Survey`]: how to read the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    encoding: &'static Encoding,
    mark_bytes: usize,
    /// Nobody named the encoding and no mark says it.
    guessed: bool,
    /// Where the file stops being UTF-8.
    not_utf8: Option<BadByte>,
}

impl Text {
    /// The encoding's name in the report, such as `UTF-8` or `windows-1252`.
    pub fn encoding_name(&self) -> &'static str {
        self.encoding.name()
    }

    pub(super) fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    /// How many bytes of a byte order mark stand before the text.
    pub(super) fn mark_bytes(&self) -> usize {
        self.mark_bytes
    }

    /// For profiles that take another encoding than UTF-8 only where the sender names it.
    ///
    /// # Errors
    /// [`FileError`] where the encoding was found by looking.
    pub fn only_if_told(&self) -> Result<(), FileError> {
        if self.encoding == UTF_8 || !self.guessed {
            return Ok(());
        }
        let at = self.not_utf8.unwrap_or(BadByte { offset: 0, line: 1 });
        let name = self.encoding.name();
        let charset = name.to_lowercase();
        let reason = Reason::new(Rule::NotUtf8, [&name, &at.offset, &at.line, &charset]);
        Err(FileError::at(at.line, reason))
    }
}

/// Looks at all bytes of a file before it is read.
pub struct Survey {
    head: Vec<u8>,
    decoder: Decoder,
    lines: LineCounter,
    offset: u64,
    /// How many letters beyond ASCII were UTF-8, before the first bad byte.
    letters: usize,
    bad: Option<BadByte>,
    detector: EncodingDetector,
    detector_bytes_left: usize,
}

impl Default for Survey {
    fn default() -> Self {
        Self {
            head: Vec::new(),
            decoder: UTF_8.new_decoder_without_bom_handling(),
            lines: LineCounter::default(),
            offset: 0,
            letters: 0,
            bad: None,
            detector: EncodingDetector::new(Iso2022JpDetection::Deny),
            detector_bytes_left: GUESS_BYTES_MAX,
        }
    }
}

impl Survey {
    /// Takes the next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        let missing = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(missing));
        if self.bad.is_none() {
            self.check(bytes, false);
        }
        if self.bad.is_some() && self.detector_bytes_left > 0 {
            let looked_at = bytes.len().min(self.detector_bytes_left);
            self.detector.feed(bytes.get(..looked_at).unwrap_or_default(), false);
            self.detector_bytes_left -= looked_at;
        }
    }

    /// Looks for the first byte that is no UTF-8.
    fn check(&mut self, bytes: &[u8], last: bool) {
        let mut scratch = [0; 4096];
        let mut rest = bytes;
        loop {
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(rest, &mut scratch, last);
            if self.letters < UTF8_LETTERS_MIN {
                let decoded = scratch.get(..written).unwrap_or_default();
                self.letters += decoded.iter().filter(|byte| **byte >= 0xc0).count();
            }
            let (done, behind) = rest.split_at_checked(read).unwrap_or((rest, &[]));
            self.lines.count(done);
            self.offset += read as u64;
            rest = behind;
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    let back = u64::from(length) + u64::from(after);
                    let offset = self.offset.saturating_sub(back);
                    self.bad = Some(BadByte { offset, line: self.lines.line() });
                    return;
                }
            }
        }
    }

    /// Decides how the file is to be read. A byte order mark counts more than what the sender
    /// says, and that more than what the bytes look like.
    ///
    /// # Errors
    /// [`FileError`] where the file is no text, or not in the encoding that was named.
    pub fn finish(mut self, told: Option<Charset>) -> Result<Text, FileError> {
        let bad_inside = self.bad.is_some();
        if !bad_inside {
            self.check(&[], true);
        }
        // A file that ends inside a letter was cut off.
        let utf8_letters_min = if bad_inside { UTF8_LETTERS_MIN } else { 1 };
        let text = |encoding, mark_bytes, guessed| Text {
            encoding,
            mark_bytes,
            guessed,
            not_utf8: self.bad,
        };
        if let Some((encoding, mark_bytes)) = Encoding::for_bom(&self.head) {
            return match self.bad {
                Some(at) if encoding == UTF_8 => Err(damaged(encoding, at)),
                _ => Ok(text(encoding, mark_bytes, encoding != UTF_8 && told.is_none())),
            };
        }
        if let Some(rule) = other_format(&self.head) {
            return Err(FileError::whole(rule));
        }
        match (told, self.bad, utf16_by_zeros(&self.head)) {
            (Some(Charset(encoding)), Some(at), _) if encoding == UTF_8 => {
                Err(damaged(encoding, at))
            }
            (Some(Charset(encoding)), _, _) => Ok(text(encoding, 0, false)),
            (None, _, Some(encoding)) => Ok(text(encoding, 0, true)),
            (None, None, None) => Ok(text(UTF_8, 0, false)),
            (None, Some(at), None) if self.letters >= utf8_letters_min => Err(damaged(UTF_8, at)),
            (None, Some(_), None) => {
                self.detector.feed(&[], true);
                Ok(text(self.detector.guess(None, Utf8Detection::Deny), 0, true))
            }
        }
    }
}

fn damaged(encoding: &'static Encoding, at: BadByte) -> FileError {
    let reason = Reason::new(Rule::Damaged, [&at.offset, &at.line, &encoding.name()]);
    FileError::at(at.line, reason)
}

/// UTF-16 without a mark: Latin letters, delimiters and line ends have a zero in every other byte,
/// and other text has no zeros.
fn utf16_by_zeros(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.len() / 2;
    let zeros = |first: usize| head.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
    let (high_first, low_first) = (zeros(0), zeros(1));
    if pairs < 2 {
        return None;
    }
    // A stray zero in other text stands next to no line end.
    let first_end = head.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    let is_half = |at: usize| head.get(at).is_none_or(|byte| *byte == 0);
    let ends_with_zero_before = first_end.is_none_or(|at| at % 2 == 1 && is_half(at - 1));
    let ends_with_zero_behind = first_end.is_none_or(|at| at % 2 == 0 && is_half(at + 1));
    match () {
        () if high_first * 16 > pairs && low_first * 8 < high_first => {
            ends_with_zero_before.then_some(UTF_16BE)
        }
        () if low_first * 16 > pairs && high_first * 8 < low_first => {
            ends_with_zero_behind.then_some(UTF_16LE)
        }
        () => None,
    }
}

/// What a file is that was meant to be a table but is none.
fn other_format(head: &[u8]) -> Option<Rule> {
    let text_start = head.trim_ascii_start();
    let marks: [(&[u8], Rule); 8] = [
        (b"PK\x03\x04", Rule::Workbook),
        (b"\xd0\xcf\x11\xe0", Rule::OldWorkbook),
        (b"%PDF", Rule::Pdf),
        (b"\x1f\x8b", Rule::Gzip),
        (b"\x89PNG", Rule::Picture),
        (b"\xff\xd8\xff", Rule::Picture),
        (b"<", Rule::Markup),
        (b"{", Rule::Json),
    ];
    let found = marks.into_iter().find(|(mark, _)| text_start.starts_with(mark));
    found.map(|(_, rule)| rule)
}

/// Counts line ends: LF, CR and CR LF.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LineCounter {
    ends: u64,
    behind_cr: bool,
}

impl LineCounter {
    /// Takes the next bytes, of text in an encoding that has ASCII's line ends.
    pub(super) fn count(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\r' || (*byte == b'\n' && !self.behind_cr) {
                self.ends += 1;
            }
            self.behind_cr = *byte == b'\r';
        }
    }

    /// The line on which the next byte stands; the LF of a CR LF stands on the line behind.
    pub(super) fn line(&self) -> u64 {
        self.ends + 1
    }
}

/// Reads a source as UTF-8.
pub(super) struct Utf8Reader<R> {
    source: R,
    text: Text,
    decoder: Decoder,
    mark_bytes_left: usize,
    offset: u64,
    lines: LineCounter,
}

impl<R: Read> Utf8Reader<R> {
    pub(super) fn new(source: R, text: Text) -> Self {
        let decoder = text.encoding.new_decoder_without_bom_handling();
        let mark_bytes_left = text.mark_bytes;
        Self { source, text, decoder, mark_bytes_left, offset: 0, lines: LineCounter::default() }
    }

    /// Adds the next piece of the text to `out`. False at the end of the file.
    pub(super) fn fill(&mut self, out: &mut Vec<u8>) -> Result<bool, FileError> {
        let mut input = [0; STEP_BYTES];
        let read = loop {
            match self.source.read(&mut input) {
                Ok(read) => break read,
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                Err(fault) => {
                    return Err(FileError::whole(Reason::new(Rule::Unreadable, [&fault])));
                }
            }
        };
        let bytes = input.get(..read).unwrap_or_default();
        let mark = self.mark_bytes_left.min(bytes.len());
        self.mark_bytes_left -= mark;
        self.offset += mark as u64;
        self.decode(bytes.get(mark..).unwrap_or_default(), read == 0, out)?;
        Ok(read > 0)
    }

    fn decode(&mut self, bytes: &[u8], last: bool, out: &mut Vec<u8>) -> Result<(), FileError> {
        let mut rest = bytes;
        loop {
            let start = out.len();
            out.resize(start + STEP_BYTES * 2, 0);
            let room = out.get_mut(start..).unwrap_or_default();
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(rest, room, last);
            out.truncate(start + written);
            self.lines.count(out.get(start..).unwrap_or_default());
            self.offset += read as u64;
            rest = rest.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    let back = u64::from(length) + u64::from(after);
                    let at = BadByte {
                        offset: self.offset.saturating_sub(back),
                        line: self.lines.line(),
                    };
                    return Err(damaged(self.text.encoding, at));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
