//! Splits text into records: delimiter, quotes, line ends and limits (RFC 4180 and what Excel adds).

use std::io::Read;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::file::encoding::{LineCounter, Text, Utf8Reader};
use crate::file::{FileError, Reason, Rule};

/// The largest cell; a longer one is reported and its record left out.
pub(super) const CELL_BYTES_MAX: usize = 64 * 1024;
/// The largest record; the rest of a longer one is read past and never kept.
pub(super) const RECORD_BYTES_MAX: usize = 1024 * 1024;
/// The most cells of a record.
pub(super) const CELLS_MAX: usize = 1024;
/// How much of the file is looked at to find the delimiter: the header is expected to fit.
const HEAD_BYTES: usize = 64 * 1024;

/// Which characters may stand between cells; the earlier one where two are as frequent.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// One record. Line numbers are physical and count from 1; a record's is its first line.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) line: u64,
    text: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Record<'a> {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (text, ends) = (self.text, self.ends);
        ends.iter().scan(0, move |start, end| {
            let cell = text.get(*start..*end).unwrap_or_default();
            *start = *end;
            // The decoder gave valid UTF-8, and delimiters are ASCII.
            Some(str::from_utf8(cell).unwrap_or_default())
        })
    }
}

/// What reading on gave.
#[derive(Debug)]
pub(super) enum Step<'a> {
    Record(Record<'a>),
    /// The record is beyond a limit.
    TooLarge {
        line: u64,
        reason: Reason,
    },
    /// The file ends inside the quotes of the record that begins on this line.
    Unterminated {
        line: u64,
    },
    End,
}

/// Reads a file record by record; memory does not grow with the file.
pub(super) struct RecordReader<R> {
    source: Utf8Reader<R>,
    delimiter: u8,
    csv: Reader,
    input: Vec<u8>,
    at: usize,
    ended: bool,
    lines: LineCounter,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// Line, bytes and cells of the record that was read last, where it was whole.
    last: Option<(u64, usize, usize)>,
}

/// How the parts of a record were collected.
enum Collected {
    Whole { bytes: usize, cells: usize },
    TooLarge,
    Unterminated,
    Nothing,
}

impl<R: Read> RecordReader<R> {
    /// Begins to read: skips a `sep=` line and finds the delimiter.
    ///
    /// # Errors
    /// [`FileError`] where the beginning cannot be read.
    pub(super) fn open(source: R, text: Text) -> Result<Self, FileError> {
        let mut source = Utf8Reader::new(source, text);
        let mut input = Vec::new();
        let mut ended = false;
        while !ended && input.len() < HEAD_BYTES {
            ended = !source.fill(&mut input)?;
        }
        let (delimiter, at) = match separator_line(&input) {
            Some(found) => found,
            None => (likely_delimiter(&input), 0),
        };
        let mut lines = LineCounter::default();
        lines.count(input.get(..at).unwrap_or_default());
        let csv = ReaderBuilder::new().delimiter(delimiter).build();
        let (text, ends) = (vec![0; 4096], vec![0; 64]);
        Ok(Self { source, delimiter, csv, input, at, ended, lines, text, ends, last: None })
    }

    pub(super) fn delimiter(&self) -> char {
        char::from(self.delimiter)
    }

    /// Reads the next record; lines without any character are skipped.
    ///
    /// # Errors
    /// [`FileError`] where the file cannot be read on.
    pub(super) fn step(&mut self) -> Result<Step<'_>, FileError> {
        self.skip_line_ends()?;
        let line = self.lines.line();
        self.last = None;
        Ok(match self.collect()? {
            Collected::Nothing => Step::End,
            Collected::Unterminated => Step::Unterminated { line },
            Collected::TooLarge => {
                let reason = Reason::new(Rule::RowTooLarge, [&RECORD_BYTES_MAX, &CELLS_MAX]);
                Step::TooLarge { line, reason }
            }
            Collected::Whole { bytes, cells } => {
                self.last = Some((line, bytes, cells));
                let record = self.record(line, bytes, cells);
                match record.cells().position(|cell| cell.len() > CELL_BYTES_MAX) {
                    None => Step::Record(record),
                    Some(cell) => {
                        let column = cell + 1;
                        let reason = Reason::new(Rule::CellTooLarge, [&column, &CELL_BYTES_MAX]);
                        Step::TooLarge { line, reason }
                    }
                }
            }
        })
    }

    /// The record that was read last, where it was not beyond a limit.
    pub(super) fn last(&self) -> Option<Record<'_>> {
        self.last.map(|(line, bytes, cells)| self.record(line, bytes, cells))
    }

    fn record(&self, line: u64, bytes: usize, cells: usize) -> Record<'_> {
        let text = self.text.get(..bytes).unwrap_or_default();
        let ends = self.ends.get(..cells).unwrap_or_default();
        Record { line, text, ends }
    }

    /// Makes sure there is input unless the file has ended.
    fn refill(&mut self) -> Result<(), FileError> {
        while self.at == self.input.len() && !self.ended {
            self.input.clear();
            self.at = 0;
            self.ended = !self.source.fill(&mut self.input)?;
        }
        Ok(())
    }

    fn skip_line_ends(&mut self) -> Result<(), FileError> {
        loop {
            self.refill()?;
            let rest = self.input.get(self.at..).unwrap_or_default();
            let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.lines.count(rest.get(..blank).unwrap_or_default());
            self.at += blank;
            if blank < rest.len() || rest.is_empty() {
                return Ok(());
            }
        }
    }

    fn collect(&mut self) -> Result<Collected, FileError> {
        let (mut bytes, mut cells, mut started, mut kept) = (0, 0, false, true);
        loop {
            self.refill()?;
            let rest = self.input.get(self.at..).unwrap_or_default();
            // A line end finishes the last record, unless that is inside quotes.
            let last = rest.is_empty() && started;
            let input = if last { b"\n" } else { rest };
            let text = self.text.get_mut(bytes..).unwrap_or_default();
            let ends = self.ends.get_mut(cells..).unwrap_or_default();
            let (result, read, written, ended) = self.csv.read_record(input, text, ends);
            if !last {
                self.lines.count(rest.get(..read).unwrap_or_default());
                self.at += read;
            }
            started |= read > 0;
            bytes += written;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty if last => {
                    self.csv.reset();
                    return Ok(Collected::Unterminated);
                }
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record if kept => return Ok(Collected::Whole { bytes, cells }),
                ReadRecordResult::Record => return Ok(Collected::TooLarge),
                ReadRecordResult::End => return Ok(Collected::Nothing),
                ReadRecordResult::OutputFull if self.text.len() < RECORD_BYTES_MAX => {
                    self.text.resize(self.text.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < CELLS_MAX => {
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    (bytes, cells, kept) = (0, 0, false);
                }
            }
        }
    }
}

/// Excel's first line `sep=;`: the delimiter, and where the next line begins.
fn separator_line(input: &[u8]) -> Option<(u8, usize)> {
    let line_bytes = input.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    let line = input.get(..line_bytes.unwrap_or(input.len()))?;
    let bare = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match bare {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter]
            if DELIMITERS.contains(delimiter) =>
        {
            Some((*delimiter, line.len()))
        }
        _ => None,
    }
}

/// The delimiter that makes the most columns of the header; those inside quotes make none.
fn likely_delimiter(input: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    let content = input.iter().skip_while(|byte| matches!(byte, b'\r' | b'\n'));
    for byte in content {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            _ if quoted => {}
            _ => {
                let place = DELIMITERS.iter().position(|delimiter| delimiter == byte);
                if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                    *count += 1;
                }
            }
        }
    }
    let most = counts.iter().max().copied().unwrap_or_default();
    let winner = DELIMITERS.iter().zip(counts).find(|(_, count)| *count == most);
    winner.map_or(b',', |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests;
