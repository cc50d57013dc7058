//! The report of an import: what happens to each row.

use crate::contact::{Book, ContactId};
use crate::file::{About, Fault, FileError, Reason, shortened};
use crate::import::Mode;
pub use crate::import::merge::FieldChange;

/// The most rows of a list; the others are counted.
const LISTED_MAX: usize = 10_000;
/// The most changes that are listed.
const CHANGES_MAX: usize = 1_000;
/// Of a field, so many values before and after a change are listed.
const VALUES_MAX: usize = 20;
/// How much of refused rows is kept, in bytes of their cells.
const REFUSED_BYTES_MAX: usize = 8 << 20;

/// A list that is full at some point; what comes behind is counted.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    pub rows: Vec<T>,
    /// How many are not in the list.
    pub beyond: usize,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), beyond: 0 }
    }
}

impl<T> Listed<T> {
    fn push(&mut self, row: T, most: usize) {
        if self.rows.len() < most {
            self.rows.push(row);
        } else {
            self.beyond += 1;
        }
    }

    /// How many there are in all.
    pub fn count(&self) -> usize {
        self.rows.len() + self.beyond
    }
}

/// What an import does, and with which rows it does nothing.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the file is; None where that was not found out.
    pub about: Option<About>,
    pub encoding: Option<&'static str>,
    pub mode: Mode,
    pub book: Book,
    pub created: usize,
    pub updated: usize,
    /// Rows that say what is there.
    pub unchanged: usize,
    /// Contacts that a mirror takes away.
    pub removed: usize,
    pub skipped: Listed<Skipped>,
    /// In the order of lines; a row may have several faults.
    pub failed: Listed<Fault>,
    pub failed_rows: usize,
    /// What of rows that were taken was left out, such as a photo that is none.
    pub notices: Listed<Fault>,
    pub changes: Listed<Change>,
    pub refused: Refused,
    /// Why a mirror removes less than the file lacks, and how many it leaves.
    pub not_removed: Option<(usize, Reason)>,
    /// A mirror would remove more than a tenth: how many of how many. They go only where the importer
    /// says so.
    pub to_confirm: Option<(usize, usize)>,
    /// Books of the target's organization, besides the target, in which rows belong.
    pub other_books: Vec<Book>,
    /// The names of shared books that rows name and that are made.
    pub new_books: Vec<Box<str>>,
}

/// A row that was left out because its contact is there already.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// The value is the contact's name.
    pub fault: Fault,
    /// The contact that is there; None where it is an earlier row of the file.
    pub contact: Option<ContactId>,
}

/// What happens to a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Created,
    Updated,
    Removed,
}

impl Action {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Removed => "removed",
        }
    }
}

/// A contact that an import changes.
#[derive(Clone, Debug)]
pub struct Change {
    /// The row's; None where the contact goes because the file lacks it.
    pub line: Option<u64>,
    pub action: Action,
    /// None for one that is made.
    pub contact: Option<ContactId>,
    pub name: Box<str>,
    pub fields: Vec<FieldChange>,
}

impl Change {
    /// With the beginnings of long values only.
    fn shortened(mut self) -> Self {
        self.name = shortened(&self.name).into();
        for field in &mut self.fields {
            for values in [&mut field.before, &mut field.after] {
                values.truncate(VALUES_MAX);
                values.iter_mut().for_each(|value| *value = shortened(value));
            }
        }
        self
    }
}

/// Refused rows as the file has them, without secrets, to be corrected and sent again.
#[derive(Clone, Debug, Default)]
pub struct Refused {
    pub rows: Vec<(u64, Vec<String>)>,
    bytes: usize,
    /// Rows that found no room.
    pub left_out: usize,
}

impl Refused {
    fn push(&mut self, line: u64, cells: Vec<String>) {
        let bytes: usize = cells.iter().map(|cell| cell.len() + size_of::<String>()).sum();
        if self.bytes + bytes > REFUSED_BYTES_MAX {
            self.left_out += 1;
        } else {
            self.bytes += bytes;
            self.rows.push((line, cells));
        }
    }
}

impl Report {
    pub fn new(mode: Mode, book: Book, encoding: Option<&'static str>) -> Self {
        Self {
            about: None,
            encoding,
            mode,
            book,
            created: 0,
            updated: 0,
            unchanged: 0,
            removed: 0,
            skipped: Listed::default(),
            failed: Listed::default(),
            failed_rows: 0,
            notices: Listed::default(),
            changes: Listed::default(),
            refused: Refused::default(),
            not_removed: None,
            to_confirm: None,
            other_books: Vec::new(),
            new_books: Vec::new(),
        }
    }

    /// The report of a file that cannot be read: nothing of it is kept.
    #[must_use]
    pub fn of_refused(self, refused: FileError) -> Self {
        let mut report =
            Self { about: self.about, ..Self::new(self.mode, self.book, self.encoding) };
        let (field, value) = (None, None);
        let line = refused.line.unwrap_or(1);
        report.failed.push(Fault { line, field, value, reason: refused.reason }, LISTED_MAX);
        report.failed_rows = 1;
        report
    }

    /// Notes what is wrong with one row.
    pub(super) fn fail(&mut self, line: u64, faults: Vec<Fault>, cells: Option<Vec<String>>) {
        self.failed_rows += 1;
        for fault in faults {
            self.failed.push(fault, LISTED_MAX);
        }
        if let Some(cells) = cells {
            self.refused.push(line, cells);
        }
    }

    pub(super) fn skip(&mut self, skipped: Skipped) {
        self.skipped.push(skipped, LISTED_MAX);
    }

    pub(super) fn notice(&mut self, notice: Fault) {
        self.notices.push(notice, LISTED_MAX);
    }

    pub(super) fn change(&mut self, change: impl FnOnce() -> Change) {
        if self.changes.rows.len() < CHANGES_MAX {
            self.changes.rows.push(change().shortened());
        } else {
            self.changes.beyond += 1;
        }
    }

    /// Whether any row of the file says something that can be kept.
    pub fn is_usable(&self) -> bool {
        self.created + self.updated + self.unchanged + self.removed + self.skipped.count() > 0
    }

    /// Whether anything is to be written.
    pub fn changes_anything(&self) -> bool {
        self.created + self.updated + self.removed > 0
    }
}
