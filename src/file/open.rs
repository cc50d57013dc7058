//! Opens a file of contacts: finds out of which kind it is.

use std::io::{self, Read};

use crate::file::encoding::Text;
use crate::file::table::TableReader;
use crate::file::table::choice::Choice;
use crate::file::{FileError, Reason, Rows, Rule};

/// Begins to read a file anew. Some kinds of files are looked through before their rows are read.
pub type Opener = dyn Fn() -> io::Result<Box<dyn Read + Send>> + Send + Sync;

/// A reader of the file's rows.
///
/// # Errors
/// [`FileError`] where the file is of no kind that is known, or its beginning is wrong.
pub fn open(
    opener: &Opener,
    text: Text,
    choice: &Choice,
) -> Result<Box<dyn Rows + Send>, FileError> {
    Ok(Box::new(TableReader::open(begin(opener)?, text, choice)?))
}

/// The file from its first byte.
fn begin(opener: &Opener) -> Result<Box<dyn Read + Send>, FileError> {
    opener().map_err(|fault| FileError::whole(Reason::new(Rule::Unreadable, [&fault])))
}
