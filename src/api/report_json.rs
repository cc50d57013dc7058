//! The report of an import as JSON, as it is answered and kept.

use serde_json::{Value, json};

use crate::api::contact_json::time;
use crate::auth::{Principal, Who};
use crate::contact::Timestamp;
use crate::contact::book::AddressBook;
use crate::file::{Fault, Reason, fields};
use crate::import::report::{Change, Report, Skipped};

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
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "skipped": report.skipped.rows.iter().map(skipped).collect::<Vec<_>>(),
        "failed": report.failed.rows.iter().map(row).collect::<Vec<_>>(),
        "failed_rows": report.failed_rows,
        "not_listed": report.skipped.beyond + report.failed.beyond,
        "notices": report.notices.rows.iter().map(row).collect::<Vec<_>>(),
        "changes": report.changes.rows.iter().map(change).collect::<Vec<_>>(),
        "changes_not_listed": report.changes.beyond,
        "not_removed": report.not_removed.as_ref().map(not_removed),
        "new_books": report.new_books,
        "mode": report.mode.name(),
        "ignored_columns": report.about.as_ref().map_or(&[][..], |about| &about.ignored_columns),
        "by": kept.map(|kept| kept.by.as_str()),
        "at": kept.and_then(|kept| time(kept.at)),
    })
}

fn change(change: &Change) -> Value {
    let fields = change.fields.iter().map(|field| {
        let name = fields::json_name(field.field).unwrap_or("postal");
        json!({ "field": name, "before": field.before, "after": field.after })
    });
    json!({
        "line": change.line,
        "action": change.action.name(),
        "contact": change.contact.map(|id| id.to_string()),
        "name": change.name,
        "fields": fields.collect::<Vec<_>>(),
    })
}

fn not_removed((count, reason): &(usize, Reason)) -> Value {
    json!({ "count": count, "rule": reason.rule.code(), "reason": reason.to_string() })
}

fn row(fault: &Fault) -> Value {
    json!({
        "line": fault.line, "field": fault.field, "value": fault.value,
        "rule": fault.reason.rule.code(), "reason": fault.reason.to_string(),
    })
}

fn skipped(skipped: &Skipped) -> Value {
    let mut row = row(&skipped.fault);
    if let (Some(contact), Some(members)) = (skipped.contact, row.as_object_mut()) {
        members.insert("contact".to_owned(), json!(contact.to_string()));
    }
    row
}
