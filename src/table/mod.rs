//! Tables of contacts as text (CSV): what each column of a known kind of file means.

use std::fmt;
use std::io::Read;

use zeroize::Zeroizing;

use crate::contact::ContactId;
use crate::contact::card::{Card, Field};
use crate::table::encoding::{BadByte, Text};
use crate::table::header::Header;
use crate::table::layout::Layout;
use crate::table::profile::{Choice, Profile, To};
use crate::table::reader::{RecordReader, Step};

pub mod encoding;
pub mod fields;
mod header;
mod layout;
pub mod profile;
mod reader;
pub mod write;
mod xivo;
mod xivo_users;

/// The most rows of a file.
pub const ROWS_MAX: u64 = 1_000_000;
/// How much of a value or row is shown in a report.
const SHOWN_CHARS_MAX: usize = 120;

/// Why a whole file, or the rest of it, cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("no contact found: the file has no row behind the header")]
    NoRows,
    #[error("this is {0}, no CSV file: export it as CSV (UTF-8) and send that")]
    OtherFormat(&'static str),
    #[error("`{0}` is no known character set; try utf-8, windows-1252 or iso-8859-15")]
    UnknownCharset(String),
    #[error(
        "the file is not UTF-8: it looks like {looks_like} (byte {}, line {}); save it as UTF-8, \
         or say `charset={}`", at.offset, at.line, looks_like.to_lowercase()
    )]
    NotUtf8 { at: BadByte, looks_like: &'static str },
    #[error(
        "byte {} (line {}) is not {encoding}: the file is damaged or in another encoding", at.offset,
        at.line
    )]
    Damaged { at: BadByte, encoding: &'static str },
    #[error("the file could not be read: {0}")]
    Unreadable(String),
    #[error("column {column} of the header has no name")]
    EmptyHeaderCell { line: u64, column: usize },
    #[error("the first line is no text: is this a CSV file?")]
    NoText { line: u64 },
    #[error("the header has the column `{name}` twice")]
    DuplicateHeader { line: u64, name: String },
    #[error("the header is too large: {reason}")]
    HeaderTooLarge { line: u64, reason: String },
    #[error("a quote that opens in this row is never closed: the file ends inside it")]
    Unterminated { line: u64 },
    #[error(
        "no profile knows the header `{found}`: known are {expected}; or say `columns`, a JSON \
         object from header name to field"
    )]
    UnknownHeader { found: String, expected: String },
    #[error("the header has no column `{name}`; it has `{found}`")]
    MissingColumn { name: String, found: String },
    #[error("there is no profile `{0}`; there are auto, xivo, xivo-users and custom")]
    UnknownProfile(String),
    #[error("the profile custom needs `columns`, a JSON object from header name to field")]
    NoColumns,
    #[error("`columns` goes with the profile custom, not with `{0}`")]
    ColumnsNotTaken(String),
    #[error(
        "there is no field `{0}`; there are id, uid, login, password, ignore and {names}",
        names = fields::json_names().collect::<Vec<_>>().join(", ")
    )]
    UnknownField(String),
    #[error("the file has more than {ROWS_MAX} rows: send it in parts")]
    TooManyRows,
    #[error("too many rows are wrong: nothing was kept; correct the first ones and send it again")]
    TooManyFaults,
}

impl FileError {
    /// The line at fault, where there is one.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::NotUtf8 { at, .. } | Self::Damaged { at, .. } => Some(at.line),
            Self::EmptyHeaderCell { line, .. }
            | Self::NoText { line }
            | Self::DuplicateHeader { line, .. }
            | Self::HeaderTooLarge { line, .. }
            | Self::Unterminated { line } => Some(*line),
            _ => None,
        }
    }
}

/// What a row says, once it is understood.
#[derive(PartialEq, Eq)]
pub struct Entry {
    /// First physical line of the row, from 1.
    pub line: u64,
    /// The contact id that an export wrote.
    pub id: Option<ContactId>,
    /// vCard UID.
    pub uid: Option<Box<str>>,
    pub card: Card,
    /// User name, lower case.
    pub login: Option<Box<str>>,
    pub password: Option<Zeroizing<String>>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, id, uid, card, login, .. } = self;
        f.debug_tuple("Entry").field(line).field(id).field(uid).field(card).field(login).finish()
    }
}

/// Why a row was refused, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// First physical line of the row, from 1.
    pub line: u64,
    /// The column, as the file calls it; none where the row as a whole is at fault.
    pub field: Option<String>,
    /// The value, never a secret.
    pub value: Option<String>,
    pub reason: String,
}

/// What the next row is.
#[derive(Debug)]
pub enum Row {
    Good(Box<Entry>),
    /// One or more faults of one row.
    Bad(Vec<Fault>),
}

/// Reads a file row by row.
pub struct TableReader<R> {
    records: RecordReader<R>,
    layout: Layout,
    rows: u64,
    done: bool,
}

impl<R: Read> TableReader<R> {
    /// Reads the header and settles what the columns mean.
    ///
    /// # Errors
    /// [`FileError`] where the file is no table that a profile knows.
    pub fn open(source: R, text: Text, choice: &Choice) -> Result<Self, FileError> {
        let mut records = RecordReader::open(source, text)?;
        let header = match records.step()? {
            Step::Record(record) => Header::read(&record)?,
            Step::End => return Err(FileError::NoRows),
            Step::Unterminated { line } => return Err(FileError::Unterminated { line }),
            Step::TooLarge { line, reason } => {
                return Err(FileError::HeaderTooLarge { line, reason });
            }
        };
        let profile = choice.profile(&header)?;
        if profile.utf8_unless_told {
            text.only_if_told()?;
        }
        let layout = Layout::bind(profile, choice, &header)?;
        Ok(Self { records, layout, rows: 0, done: false })
    }

    pub fn profile(&self) -> &'static Profile {
        self.layout.profile()
    }

    pub fn delimiter(&self) -> char {
        self.records.delimiter()
    }

    /// The columns that mean nothing here, as the file calls them.
    pub fn ignored_columns(&self) -> &[String] {
        self.layout.ignored()
    }

    /// What the column with extensions is called.
    pub fn extension_column(&self) -> Option<&str> {
        self.layout.column_to(To::Field(Field::Extension))
    }

    /// What the column with user names is called.
    pub fn login_column(&self) -> Option<&str> {
        self.layout.column_to(To::Login)
    }

    /// The next row; none at the end of the file. A file that ends inside quotes has its last row
    /// refused: the rows before it are good.
    ///
    /// # Errors
    /// [`FileError`] where the file cannot be read on; nothing of it should be kept then.
    pub fn next_row(&mut self) -> Result<Option<Row>, FileError> {
        if self.done {
            return Ok(None);
        }
        let row = match self.records.step()? {
            Step::Record(record) => self.layout.read(&record),
            Step::End if self.rows == 0 => return Err(FileError::NoRows),
            Step::End => return Ok(None),
            Step::TooLarge { line, reason } => {
                Row::Bad(vec![Fault { line, field: None, value: None, reason }])
            }
            Step::Unterminated { line } => {
                self.done = true;
                let reason = FileError::Unterminated { line }.to_string();
                Row::Bad(vec![Fault { line, field: None, value: None, reason }])
            }
        };
        self.rows += 1;
        if self.rows > ROWS_MAX { Err(FileError::TooManyRows) } else { Ok(Some(row)) }
    }
}

/// A value cut to what a report shows.
pub(crate) fn shortened(value: &str) -> String {
    match value.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests;
