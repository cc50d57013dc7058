//! The first row: the names of the columns, compared without case and spacing.

use crate::file::table::reader::Record;
use crate::file::{FileError, Reason, Rule};

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Header {
    columns: Vec<HeaderCell>,
}

/// The name of one column.
#[derive(Debug)]
pub(super) struct HeaderCell {
    /// As the file has it, for messages.
    pub(super) name: String,
    /// As it is compared, see [`key`].
    pub(super) key: String,
}

impl Header {
    /// # Errors
    /// [`FileError`] where a column has no name, two have the same, or a name is no text.
    pub(super) fn read(record: &Record<'_>) -> Result<Self, FileError> {
        let line = record.line;
        let mut columns: Vec<HeaderCell> = Vec::with_capacity(record.len());
        for name in record.cells() {
            if name.contains(|c: char| c.is_control() && !c.is_whitespace()) {
                return Err(FileError::at(line, Rule::NoText));
            }
            let cell = HeaderCell { name: name.trim().to_owned(), key: key(name) };
            if cell.key.is_empty() {
                let column = columns.len() + 1;
                let reason = Reason::new(Rule::EmptyHeaderCell, [&column]);
                return Err(FileError::at(line, reason));
            }
            columns.push(cell);
        }
        let mut keys: Vec<&str> = columns.iter().map(|column| column.key.as_str()).collect();
        keys.sort_unstable();
        let twice = keys.windows(2).find_map(|pair| match pair {
            [first, second] if first == second => Some((*first).to_owned()),
            _ => None,
        });
        match twice {
            Some(name) => Err(FileError::at(line, Reason::new(Rule::DuplicateHeader, [&name]))),
            None => Ok(Self { columns }),
        }
    }

    /// Of a file without a header: the columns are called by their numbers, from 1.
    pub(super) fn numbered(columns: usize) -> Self {
        let cell = |number: usize| HeaderCell { name: number.to_string(), key: String::new() };
        Self { columns: (1..=columns).map(cell).collect() }
    }

    pub(super) fn columns(&self) -> &[HeaderCell] {
        &self.columns
    }

    /// The names as the file has them; none where it has no header.
    pub(super) fn names(&self) -> Vec<String> {
        let named = self.columns.iter().filter(|cell| !cell.key.is_empty());
        named.map(|cell| cell.name.clone()).collect()
    }

    /// The names as the file has them, cut for a message.
    pub(super) fn summary(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|cell| cell.name.as_str()).collect();
        crate::file::shortened(&names.join(", "))
    }
}

/// A name as it is compared: trimmed, in lower case, with single spaces.
pub(super) fn key(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}
