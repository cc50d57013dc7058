//! A file that is read several times, each time from its first row.

use std::sync::Arc;

use crate::file::encoding::Text;
use crate::file::table::choice::Choice;
use crate::file::{Entry, FileError, Opener, Row, Rows, open};

/// Where the rows of an import come from.
#[derive(Clone)]
pub struct Source {
    pub opener: Arc<Opener>,
    /// How the bytes stand for text.
    pub text: Text,
    pub choice: Choice,
}

impl Source {
    /// Begins to read.
    ///
    /// # Errors
    /// [`FileError`] where the file is of no known kind.
    pub fn rows(&self) -> Result<Box<dyn Rows + Send>, FileError> {
        open(&*self.opener, self.text, &self.choice)
    }

    /// All good rows.
    ///
    /// # Errors
    /// [`FileError`] where the file cannot be read.
    pub fn entries(&self, mut take: impl FnMut(Entry)) -> Result<(), FileError> {
        let mut rows = self.rows()?;
        while let Some(row) = rows.next_row()? {
            if let Row::Good(entry) = row {
                take(*entry);
            }
        }
        Ok(())
    }
}
