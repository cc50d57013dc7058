//! A whole file, read into entries and faults.

use std::io::Read;

use crate::file::encoding::Text;
use crate::file::table::TableReader;
use crate::file::table::choice::Choice;
use crate::file::{About, Entry, Fault, FileError, Row, Rows, Rule};

/// The most faults that are collected; a file with more is refused as a whole.
const FAULTS_MAX: usize = 100_000;

/// What a file says.
#[derive(Debug, Default)]
pub struct Parsed {
    /// None where no profile knows the file.
    pub about: Option<About>,
    pub encoding: Option<&'static str>,
    pub entries: Vec<Entry>,
    pub faults: Vec<Fault>,
}

/// Reads a file, given how its bytes stand for text. What is wrong with it as a whole is a fault
/// too, and then no row of it is kept.
pub fn parse(source: impl Read, text: Result<Text, FileError>, choice: &Choice) -> Parsed {
    let mut parsed = Parsed::default();
    if let Err(refused) = text.and_then(|text| read(source, text, choice, &mut parsed)) {
        parsed.entries.clear();
        let (field, value) = (None, None);
        let line = refused.line.unwrap_or(1);
        parsed.faults.push(Fault { line, field, value, reason: refused.reason });
    }
    parsed
}

fn read(
    source: impl Read,
    text: Text,
    choice: &Choice,
    parsed: &mut Parsed,
) -> Result<(), FileError> {
    parsed.encoding = Some(text.encoding_name());
    let mut table = TableReader::open(source, text, choice)?;
    parsed.about = Some(table.about().clone());
    while let Some(row) = table.next_row()? {
        match row {
            Row::Good(entry) => parsed.entries.push(*entry),
            Row::Bad(faults) => parsed.faults.extend(faults),
        }
        if parsed.faults.len() > FAULTS_MAX {
            parsed.faults.truncate(FAULTS_MAX);
            return Err(FileError::whole(Rule::TooManyFaults));
        }
    }
    Ok(())
}
