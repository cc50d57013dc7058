//! Imports: what the rows of a file change in a book, given what is there.

use std::collections::HashMap;

use crate::account::SecretHash;
use crate::contact::{Book, OrganizationId};
use crate::file::{Fault, Reason};

pub mod file;
mod known;
pub mod person;
pub mod plan;
pub mod report;

/// Where a file goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub organization: OrganizationId,
    pub book: Book,
    pub sight: Sight,
}

/// Whether the importer may know what is in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    Open,
    /// An administrator fills somebody's own book: what was there already is left alone, and
    /// reported as if it had been put in.
    Blind,
}

/// Hashes of passwords by the line of their row; or why a password is none.
pub type Hashes = HashMap<u64, Result<SecretHash, Reason>>;

/// A fault of a row as a whole or of one of its columns.
fn fault(line: u64, field: Option<&str>, value: Option<&str>, reason: Reason) -> Fault {
    let value = value.map(crate::file::shortened);
    Fault { line, field: field.map(str::to_owned), value, reason }
}
