//! Files of contacts as text: what their bytes, rows and values say, and what is wrong with them.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::contact::ContactId;
use crate::contact::card::{Card, Field};

pub mod cards;
mod date;
pub mod encoding;
pub mod export;
pub mod fields;
mod groups;
pub mod ldif;
mod lines;
mod open;
pub mod reason;
pub mod rule;
pub mod table;
pub mod words;

pub use open::{Opener, open};
pub use reason::Reason;
pub use rule::Rule;

/// The most rows of a file.
pub const ROWS_MAX: u64 = 1_000_000;
/// How much of a value or row is shown in a report.
const SHOWN_CHARS_MAX: usize = 120;

/// Why a whole file, or the rest of it, cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct FileError {
    /// The line at fault, where there is one.
    pub line: Option<u64>,
    pub reason: Reason,
}

impl FileError {
    /// About the file as a whole.
    pub fn whole(reason: impl Into<Reason>) -> Self {
        Self { line: None, reason: reason.into() }
    }

    pub fn at(line: u64, reason: impl Into<Reason>) -> Self {
        Self { line: Some(line), reason: reason.into() }
    }
}

/// What the rows of a file stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    Contacts,
    /// Users of the organization.
    Users,
    Either,
}

/// What a row, a card or an entry of a file says, once it is understood.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// First physical line, from 1.
    pub line: u64,
    /// The contact id that an export wrote.
    pub id: Option<ContactId>,
    /// vCard UID.
    pub uid: Option<Box<str>>,
    pub card: Card,
    /// The vCard from which the card was read, to be kept as it is.
    pub body: Option<Arc<[u8]>>,
    /// An image as the file has it, of any format; nobody has looked into it.
    pub photo: Option<Arc<[u8]>>,
    /// User name, lower case.
    pub login: Option<Box<str>>,
    pub password: Option<Zeroizing<String>>,
    /// Whether it is a favorite of whoever the file is from; None where the file does not tell.
    pub starred: Option<bool>,
    /// Names of the shared books in which it belongs; none: where the import as a whole goes.
    pub books: Vec<Box<str>>,
    /// What the telephone system calls the organization (`entityid`).
    pub entity: Option<Box<str>>,
    /// Whether others may see if the user is there (`enablehint`); None where the file does not tell.
    pub presence: Option<bool>,
}

/// Passwords are not shown.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, id, uid, card, login, starred, books, .. } = self;
        let mut debug = f.debug_struct("Entry");
        debug.field("line", line).field("id", id).field("uid", uid).field("card", card);
        debug.field("login", login).field("starred", starred).field("books", books);
        debug.finish_non_exhaustive()
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
    pub reason: Reason,
}

/// What the next row is.
#[derive(Debug)]
pub enum Row {
    Good(Box<Entry>),
    /// One or more faults of one row.
    Bad(Vec<Fault>),
}

/// How many values of each field a row of the file can say. An update leaves a contact's further
/// values and other fields as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covers {
    /// Each field once, with a number of values that may be `usize::MAX`.
    pub fields: Vec<(Field, usize)>,
    /// The kinds of postal address: `work`, `home` or empty.
    pub postal: Vec<&'static str>,
    pub photo: bool,
}

/// What a file is as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The profile's name, or `vcard` or `ldif`.
    pub profile: Box<str>,
    pub holds: Holds,
    /// Between the cells of a table.
    pub delimiter: Option<char>,
    /// The columns of a table, as the file calls them.
    pub header: Vec<String>,
    /// The columns that mean nothing here, as the file calls them.
    pub ignored_columns: Vec<String>,
    /// What the columns of extensions and user names are called.
    pub extension_column: Option<String>,
    pub login_column: Option<String>,
    pub covers: Covers,
}

/// A file that is read row by row; memory does not grow with it.
pub trait Rows {
    /// What the beginning of the file told.
    fn about(&self) -> &About;

    /// The next row; none at the end of the file. A file that ends inside a row has its last row
    /// refused: the rows before it are good.
    ///
    /// # Errors
    /// [`FileError`] where the file cannot be read on; nothing of it should be kept then.
    fn next_row(&mut self) -> Result<Option<Row>, FileError>;

    /// The cells of the row that was read last, without secrets; none where the file is no table or
    /// the row was too large.
    fn raw(&self) -> Option<Vec<String>>;
}

/// A value cut to what a report shows.
pub fn shortened(value: &str) -> String {
    match value.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests;
