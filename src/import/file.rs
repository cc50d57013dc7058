//! A whole file in memory, read into entries and faults.

use std::collections::VecDeque;
use std::io::{self, Read};

use bytes::{Buf, Bytes};

use crate::table::encoding::{Charset, Survey, Text};
use crate::table::profile::{Choice, Holds};
use crate::table::{Entry, Fault, FileError, Row, TableReader};

/// The most faults that are collected; a file with more is refused as a whole.
const FAULTS_MAX: usize = 100_000;

/// A file as it was sent, and what was said about it.
#[derive(Debug)]
pub struct Upload {
    pub bytes: Pieces,
    pub choice: Choice,
    pub charset: Option<Charset>,
}

/// The bytes of a file in the pieces in which they came; those that were read are let go.
#[derive(Debug, Default)]
pub struct Pieces(VecDeque<Bytes>);

impl Pieces {
    pub fn push(&mut self, piece: Bytes) {
        self.0.push_back(piece);
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.0.front().is_some_and(Bytes::is_empty) {
            self.0.pop_front();
        }
        let Some(piece) = self.0.front_mut() else { return Ok(0) };
        let count = piece.len().min(buffer.len());
        if let Some(room) = buffer.get_mut(..count) {
            piece.copy_to_slice(room);
        }
        Ok(count)
    }
}

/// What a file says.
#[derive(Debug, Default)]
pub struct Parsed {
    /// None where no profile knows the file.
    pub profile: Option<&'static str>,
    pub holds: Option<Holds>,
    pub encoding: Option<&'static str>,
    pub delimiter: Option<char>,
    pub ignored_columns: Vec<String>,
    /// What the columns of extensions and user names are called.
    pub extension_column: Option<String>,
    pub login_column: Option<String>,
    pub entries: Vec<Entry>,
    pub faults: Vec<Fault>,
}

/// Reads a file. What is wrong with it as a whole is a fault too, and then no row of it is kept.
pub(super) fn parse(upload: Upload) -> Parsed {
    let mut parsed = Parsed::default();
    if let Err(refused) = read(upload, &mut parsed) {
        parsed.entries.clear();
        let (field, value) = (None, None);
        let line = refused.line().unwrap_or(1);
        parsed.faults.push(Fault { line, field, value, reason: refused.to_string() });
    }
    parsed
}

fn read(upload: Upload, parsed: &mut Parsed) -> Result<(), FileError> {
    let text = survey(&upload)?;
    parsed.encoding = Some(text.encoding_name());
    let mut table = TableReader::open(upload.bytes, text, &upload.choice)?;
    parsed.profile = Some(table.profile().name);
    parsed.holds = Some(table.profile().holds);
    parsed.delimiter = Some(table.delimiter());
    parsed.ignored_columns = table.ignored_columns().to_vec();
    parsed.extension_column = table.extension_column().map(str::to_owned);
    parsed.login_column = table.login_column().map(str::to_owned);
    while let Some(row) = table.next_row()? {
        match row {
            Row::Good(entry) => parsed.entries.push(*entry),
            Row::Bad(faults) => parsed.faults.extend(faults),
        }
        if parsed.faults.len() > FAULTS_MAX {
            parsed.faults.truncate(FAULTS_MAX);
            return Err(FileError::TooManyFaults);
        }
    }
    Ok(())
}

fn survey(upload: &Upload) -> Result<Text, FileError> {
    let mut survey = Survey::default();
    for piece in &upload.bytes.0 {
        survey.feed(piece);
    }
    survey.finish(upload.charset)
}
