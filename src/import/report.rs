//! The report of an import: what happens to each row.

use crate::contact::{Book, ContactId};
use crate::file::{About, Fault};
use crate::import::Target;
use crate::import::file::Parsed;
use crate::import::plan::Plan;

/// The most rows of a list; the others are counted.
const LISTED_MAX: usize = 100_000;

/// What an import does, and with which rows it does nothing.
#[derive(Clone, Debug)]
pub struct Report {
    /// How the file was read; None where that was not found out.
    pub about: Option<About>,
    pub encoding: Option<&'static str>,
    pub book: Book,
    /// How many contacts it makes.
    pub created: usize,
    pub skipped: Vec<Skipped>,
    /// In the order of lines; a row may have several faults.
    pub failed: Vec<Fault>,
    /// Rows and faults that are in neither list because it is full.
    pub not_listed: usize,
}

/// A row that was left out because its contact is there already.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// The value is the contact's name.
    pub fault: Fault,
    /// The contact that is there; None where it is an earlier row of the file.
    pub contact: Option<ContactId>,
}

impl Report {
    /// The report of a plan; the plan keeps what the edits need.
    pub fn new(parsed: &Parsed, target: &Target, plan: &mut Plan) -> Self {
        let mut failed = std::mem::take(&mut plan.failed);
        failed.extend_from_slice(&parsed.faults);
        failed.sort_by_key(|fault| fault.line);
        let mut skipped = std::mem::take(&mut plan.skipped);
        let beyond = |rows: usize| rows.saturating_sub(LISTED_MAX);
        let not_listed = beyond(failed.len()) + beyond(skipped.len());
        failed.truncate(LISTED_MAX);
        skipped.truncate(LISTED_MAX);
        Self {
            about: parsed.about.clone(),
            encoding: parsed.encoding,
            book: target.book,
            created: plan.created,
            skipped,
            failed,
            not_listed,
        }
    }

    /// Whether any row of the file says something that can be kept.
    pub fn is_usable(&self) -> bool {
        self.created > 0 || !self.skipped.is_empty()
    }
}
