//! A whole file, read into entries and faults.

use std::io::Read;

use crate::table::encoding::Text;
use crate::table::profile::{Choice, Holds};
use crate::table::{Entry, Fault, FileError, Row, TableReader};

/// The most faults that are collected; a file with more is refused as a whole.
const FAULTS_MAX: usize = 100_000;

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

/// Reads a file, given how its bytes stand for text. What is wrong with it as a whole is a fault
/// too, and then no row of it is kept.
pub fn parse(source: impl Read, text: Result<Text, FileError>, choice: &Choice) -> Parsed {
    let mut parsed = Parsed::default();
    if let Err(refused) = text.and_then(|text| read(source, text, choice, &mut parsed)) {
        parsed.entries.clear();
        let (field, value) = (None, None);
        let line = refused.line().unwrap_or(1);
        parsed.faults.push(Fault { line, field, value, reason: refused.to_string() });
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
