//! The first row: the names of the columns, compared without case and spacing.

use rustc_hash::FxHashSet;

use crate::file::table::reader::Record;
use crate::file::{FileError, Reason, Rule};

/// What stands behind the key of a name that was there already. French Outlook calls the title and
/// the job title alike; a profile that knows both says `Titre` and `Titre (second)`.
const SECOND: &str = " (second)";

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Header {
    line: u64,
    columns: Vec<HeaderCell>,
    /// How many columns without a name stand behind the others; rows have nothing there.
    pub(super) trailing: usize,
}

/// The name of one column.
#[derive(Debug)]
pub(super) struct HeaderCell {
    /// As the file has it, for messages.
    pub(super) name: String,
    /// As it is compared, see [`key`].
    pub(super) key: String,
    /// Whether a column before it has the same name.
    pub(super) second: bool,
}

impl Header {
    /// # Errors
    /// [`FileError`] where a column has no name, three have the same, or a name is no text.
    pub(super) fn read(record: &Record<'_>) -> Result<Self, FileError> {
        let line = record.line;
        let mut names: Vec<&str> = record.cells().collect();
        if names.iter().any(|name| name.contains(|c: char| c.is_control() && !c.is_whitespace())) {
            return Err(FileError::at(line, Rule::NoText));
        }
        // Thunderbird wrote a comma behind the last column, too; Excel writes several.
        let named =
            names.iter().rposition(|name| !name.trim().is_empty()).map_or(0, |last| last + 1);
        let trailing = if named > 1 { names.len() - named } else { 0 };
        names.truncate(names.len() - trailing);
        let mut columns: Vec<HeaderCell> = Vec::with_capacity(names.len());
        let mut seen = FxHashSet::default();
        for name in names {
            let bare = key(name);
            if bare.is_empty() {
                let column = columns.len() + 1;
                return Err(FileError::at(line, Reason::new(Rule::EmptyHeaderCell, [&column])));
            }
            let second = seen.contains(&bare);
            let key = if second { format!("{bare}{SECOND}") } else { bare.clone() };
            if !seen.insert(key.clone()) {
                return Err(twice(line, &bare));
            }
            columns.push(HeaderCell { name: name.trim().to_owned(), key, second });
        }
        Ok(Self { line, columns, trailing })
    }

    /// The fault of the first column that has the name of another and means nothing by that.
    pub(super) fn twice(&self, means: impl Fn(&str) -> bool) -> Option<FileError> {
        let cell = self.columns.iter().find(|cell| cell.second && !means(&cell.key))?;
        Some(twice(self.line, cell.key.strip_suffix(SECOND).unwrap_or(&cell.key)))
    }

    /// Of a file without a header: the columns are called by their numbers, from 1.
    pub(super) fn numbered(columns: usize) -> Self {
        let cell = |number: usize| HeaderCell {
            name: number.to_string(),
            key: String::new(),
            second: false,
        };
        Self { line: 1, columns: (1..=columns).map(cell).collect(), trailing: 0 }
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

fn twice(line: u64, name: &str) -> FileError {
    FileError::at(line, Reason::new(Rule::DuplicateHeader, [&name]))
}

/// A name as it is compared: trimmed, in lower case, with single spaces and straight apostrophes.
pub(super) fn key(name: &str) -> String {
    let key = name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ");
    if key.contains('’') { key.replace('’', "'") } else { key }
}
