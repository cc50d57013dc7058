//! The report of an import as JSON, as it is answered and kept.

use serde_json::{Value, json};

use crate::api::contact_json::time;
use crate::auth::{Principal, Who};
use crate::contact::Timestamp;
use crate::contact::book::AddressBook;
use crate::file::Fault;
use crate::import::report::{Report, Skipped};

/// Who made an import. Reports hold rows of files, so nobody else reads those of personal books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Importer(String);

/// Under which name a report is kept, and what of its making.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) by: Importer,
    pub(super) at: Timestamp,
}

impl Importer {
    pub(super) fn of(principal: &Principal) -> Self {
        Self(match &principal.who {
            Who::Anonymous => "anonymous".to_owned(),
            Who::User(id) => format!("user {id}"),
            Who::Phone(name) => format!("phone {name}"),
            Who::Token(id) => format!("token {id}"),
        })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The report; `kept` is none for a dry run and where nothing was usable.
pub(super) fn report(report: &Report, kept: Option<&Kept>) -> Value {
    json!({
        "id": kept.map(|kept| &kept.id),
        "profile": report.about.as_ref().map(|about| &about.profile),
        "encoding": report.encoding,
        "delimiter": report.about.as_ref().and_then(|about| about.delimiter),
        "into": AddressBook::Home(report.book).to_string(),
        "created": report.created,
        "updated": 0,
        "unchanged": 0,
        "removed": 0,
        "skipped": report.skipped.iter().map(skipped).collect::<Vec<_>>(),
        "failed": report.failed.iter().map(row).collect::<Vec<_>>(),
        "not_listed": report.not_listed,
        "ignored_columns": report.about.as_ref().map_or(&[][..], |about| &about.ignored_columns),
        "by": kept.map(|kept| kept.by.as_str()),
        "at": kept.and_then(|kept| time(kept.at)),
    })
}

fn row(fault: &Fault) -> Value {
    json!({
        "line": fault.line, "field": fault.field, "value": fault.value, "reason": fault.reason.to_string(),
    })
}

fn skipped(skipped: &Skipped) -> Value {
    let mut row = row(&skipped.fault);
    if let (Some(contact), Some(members)) = (skipped.contact, row.as_object_mut()) {
        members.insert("contact".to_owned(), json!(contact.to_string()));
    }
    row
}
