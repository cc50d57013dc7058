//! The report of an import in the form that is kept: reasons as rules and values, to be told in
//! whatever language it is read.

use serde_json::{Map, Value, json};

use crate::account::import::Import;
use crate::contact::Book;
use crate::contact::book::AddressBook;
use crate::file::words::Language;
use crate::file::{Fault, Reason, Rule, fields};
use crate::import::Job;
use crate::import::report::{Change, Report, Skipped};

/// The members that are lists of rows with reasons.
const ROWS: [&str; 3] = ["skipped", "failed", "notices"];
/// The members of a report that lists of imports show, too.
const SUMMARY: [&str; 12] = [
    "name",
    "sha256",
    "profile",
    "into",
    "other_books",
    "mode",
    "created",
    "updated",
    "unchanged",
    "removed",
    "skipped_rows",
    "failed_rows",
];

/// A report as it is kept.
pub(in crate::api) struct Kept {
    pub(in crate::api) report: Map<String, Value>,
    /// The rows that were refused, without secrets; none where the file is no table, or they are
    /// too large.
    pub(in crate::api) refused: Option<Value>,
}

impl Kept {
    /// Without who made the import, and when.
    pub(in crate::api) fn of(report: &Report) -> Self {
        let about = report.about.as_ref();
        let refused = about.filter(|_| !report.refused.rows.is_empty()).map(|about| {
            json!({
                "header": about.header,
                "delimiter": about.delimiter,
                "rows": report.refused.rows,
            })
        });
        let report = match json(report) {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        Self { report, refused }
    }

    /// What was kept; none where it is not what this version writes.
    pub(in crate::api) fn read(import: &Import) -> Option<Self> {
        let refused = import.refused.as_deref();
        Some(Self {
            report: serde_json::from_str(&import.report).ok()?,
            refused: refused.and_then(|refused| serde_json::from_str(refused).ok()),
        })
    }

    /// What lists of imports show, and what tells whose it is.
    pub(in crate::api) fn summary(&self, job: &Job, key: Option<&str>) -> Value {
        let member = |name: &str| (name.to_owned(), self.report.get(name).cloned().into());
        let mut summary: Map<String, Value> = SUMMARY.into_iter().map(member).collect();
        let owner = match job.target.book {
            Book::Personal(owner) | Book::PersonalBook(owner, _) => Some(owner.to_string()),
            Book::People | Book::Shared | Book::SharedBook(_) => None,
        };
        summary.insert("owner".to_owned(), json!(owner));
        summary.insert("several".to_owned(), json!(job.is_of_several()));
        summary.insert("key".to_owned(), json!(key));
        Value::Object(summary)
    }

    /// The report for people who read a language.
    pub(in crate::api) fn told(&self, language: Language) -> Value {
        let mut report = self.report.clone();
        for list in ROWS {
            let rows = report.get_mut(list).and_then(Value::as_array_mut);
            rows.into_iter().flatten().for_each(|row| tell(row, language));
        }
        if let Some(not_removed) = report.get_mut("not_removed") {
            tell(not_removed, language);
        }
        Value::Object(report)
    }
}

fn json(report: &Report) -> Value {
    let about = report.about.as_ref();
    json!({
        "profile": about.map(|about| &about.profile),
        "encoding": report.encoding,
        "delimiter": about.and_then(|about| about.delimiter),
        "into": AddressBook::Home(report.book).to_string(),
        "mode": report.mode.name(),
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "skipped": report.skipped.rows.iter().map(skipped).collect::<Vec<_>>(),
        "failed": report.failed.rows.iter().map(row).collect::<Vec<_>>(),
        "failed_rows": report.failed_rows,
        "not_listed": report.skipped.beyond + report.failed.beyond,
        "skipped_not_listed": report.skipped.beyond,
        "failed_not_listed": report.failed.beyond,
        "skipped_rows": report.skipped.count(),
        "refused_not_kept": report.refused.left_out,
        "notices": report.notices.rows.iter().map(row).collect::<Vec<_>>(),
        "changes": report.changes.rows.iter().map(change).collect::<Vec<_>>(),
        "changes_not_listed": report.changes.beyond,
        "not_removed": report.not_removed.as_ref().map(not_removed),
        "new_books": report.new_books,
        "other_books": report.other_books.iter().map(|book| AddressBook::Home(*book).to_string()).collect::<Vec<_>>(),
        "ignored_columns": about.map_or(&[][..], |about| &about.ignored_columns),
    })
}

/// A digest as text.
pub(in crate::api) fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a row is in a list.
pub(super) fn sentence(row: &Value, language: Language) -> String {
    // Reports of older versions have the sentence only.
    reason(row).map_or_else(|| text(row, "reason").to_owned(), |reason| reason.sentence(language))
}

pub(super) fn text<'a>(row: &'a Value, member: &str) -> &'a str {
    row.get(member).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn list<'a>(kept: &'a Map<String, Value>, member: &str) -> &'a [Value] {
    kept.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn reason(row: &Value) -> Option<Reason> {
    let rule = Rule::by_code(row.get("rule")?.as_str()?)?;
    let values = row.get("values")?.as_array()?.iter();
    Some(Reason { rule, values: values.filter_map(Value::as_str).map(Box::from).collect() })
}

/// Puts the sentence in the place of its values.
fn tell(row: &mut Value, language: Language) {
    let sentence = sentence(row, language);
    if let Some(members) = row.as_object_mut() {
        members.remove("values");
        members.insert("reason".to_owned(), sentence.into());
    }
}

fn row(fault: &Fault) -> Value {
    let Reason { rule, values } = &fault.reason;
    json!({
        "line": fault.line, "field": fault.field, "value": fault.value,
        "rule": rule.code(), "values": values,
    })
}

fn skipped(skipped: &Skipped) -> Value {
    let mut row = row(&skipped.fault);
    if let (Some(contact), Some(members)) = (skipped.contact, row.as_object_mut()) {
        members.insert("contact".to_owned(), json!(contact.to_string()));
    }
    row
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
    json!({ "count": count, "rule": reason.rule.code(), "values": reason.values })
}
