//! The report of an import: what happened to each row.

use jiff::Timestamp as Instant;
use serde::Serialize;

use crate::auth::{Principal, Who};
use crate::contact::{Book, ContactId, Timestamp};
use crate::import::Target;
use crate::import::file::Parsed;
use crate::import::plan::Plan;
use crate::table::Fault;

/// The most rows that are listed; the others are counted.
const LISTED_MAX: usize = 100_000;

/// What happened to a file, as the API shows it and the store keeps it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// None where nothing was kept: a dry run, or nothing usable.
    id: Option<String>,
    profile: Option<&'static str>,
    encoding: Option<&'static str>,
    delimiter: Option<char>,
    into: &'static str,
    pub(super) created: usize,
    updated: usize,
    unchanged: usize,
    removed: usize,
    skipped: Vec<Listed>,
    failed: Vec<Listed>,
    /// Rows that are in neither list because the lists are full.
    not_listed: usize,
    /// Columns that mean nothing here.
    ignored_columns: Vec<String>,
    /// Who may read the report.
    by: Option<Importer>,
    /// When it was made.
    at: Option<String>,
}

/// A row of a list.
#[derive(Clone, Debug, Serialize)]
struct Listed {
    line: u64,
    field: Option<String>,
    value: Option<String>,
    reason: String,
    /// The contact that was there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
}

/// Who made an import. Reports hold rows of files, so nobody else reads those of personal books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Importer(String);

impl Importer {
    pub fn of(principal: &Principal) -> Self {
        Self(match &principal.who {
            Who::Anonymous => "anonymous".to_owned(),
            Who::User(id) => format!("user {id}"),
            Who::Phone(name) => format!("phone {name}"),
            Who::Token(id) => format!("token {id}"),
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A row that was left out because its contact is there already.
#[derive(Clone, Debug)]
pub(super) struct Skipped {
    pub(super) fault: Fault,
    pub(super) contact: Option<ContactId>,
}

impl Report {
    pub(super) fn new(parsed: &Parsed, target: &Target, plan: &Plan) -> Self {
        let into = match target.book {
            Book::People => "people",
            Book::Shared => "shared",
            Book::Personal(_) => "personal",
        };
        let listed = |fault: &Fault, contact: Option<ContactId>| Listed {
            line: fault.line,
            field: fault.field.clone(),
            value: fault.value.clone(),
            reason: fault.reason.clone(),
            contact: contact.map(|id| id.to_string()),
        };
        let mut failed: Vec<&Fault> = parsed.faults.iter().chain(&plan.failed).collect();
        failed.sort_by_key(|fault| fault.line);
        let not_listed =
            failed.len().saturating_sub(LISTED_MAX) + plan.skipped.len().saturating_sub(LISTED_MAX);
        let skipped = plan.skipped.iter().take(LISTED_MAX);
        Self {
            id: None,
            profile: parsed.profile,
            encoding: parsed.encoding,
            delimiter: parsed.delimiter,
            into,
            created: plan.created,
            updated: 0,
            unchanged: 0,
            removed: 0,
            skipped: skipped.map(|row| listed(&row.fault, row.contact)).collect(),
            failed: failed.iter().take(LISTED_MAX).map(|fault| listed(fault, None)).collect(),
            not_listed,
            ignored_columns: parsed.ignored_columns.clone(),
            by: None,
            at: None,
        }
    }

    pub(super) fn keep(&mut self, id: &str, importer: &Importer, at: Timestamp) {
        self.id = Some(id.to_owned());
        self.by = Some(importer.clone());
        self.at = Instant::from_second(at.0).ok().map(|instant| instant.to_string());
    }

    /// Whether any row of the file says something that can be kept.
    pub fn is_usable(&self) -> bool {
        self.created > 0 || !self.skipped.is_empty()
    }

    /// The name under which the report is kept, if it is.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether anything was made, or would be.
    pub fn has_created(&self) -> bool {
        self.created > 0
    }

    /// The first reason why rows failed.
    pub fn first_reason(&self) -> Option<&str> {
        self.failed.first().map(|row| row.reason.as_str())
    }

    /// The report as JSON text.
    pub fn json(&self) -> String {
        // Only maps with keys that are no strings fail, and there are none.
        serde_json::to_string(self).unwrap_or_default()
    }
}
