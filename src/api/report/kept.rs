//! The report of an import in the form that is kept: reasons as rules and values, to be told in
//! whatever language it is read.

use serde_json::{Map, Value, json};

use crate::contact::book::AddressBook;
use crate::file::words::Language;
use crate::file::{Fault, Reason, Rule, fields};
use crate::import::report::{Change, Report, Skipped};

/// The members that are lists of rows with reasons.
const ROWS: [&str; 3] = ["skipped", "failed", "notices"];
/// The members that only the file of refused rows shows.
const REFUSED: [&str; 3] = ["header", "refused", "refused_not_kept"];

/// A report as it is kept, without who made it and when.
pub(in crate::api) fn kept(report: &Report) -> Map<String, Value> {
    let about = report.about.as_ref();
    let json = json!({
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
        "notices": report.notices.rows.iter().map(row).collect::<Vec<_>>(),
        "changes": report.changes.rows.iter().map(change).collect::<Vec<_>>(),
        "changes_not_listed": report.changes.beyond,
        "not_removed": report.not_removed.as_ref().map(not_removed),
        "new_books": report.new_books,
        "ignored_columns": about.map_or(&[][..], |about| &about.ignored_columns),
        "header": about.map_or(&[][..], |about| &about.header),
        "refused": report.refused.rows,
        "refused_not_kept": report.refused.left_out,
    });
    match json {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// A kept report for people who read a language.
pub(in crate::api) fn told(kept: &Map<String, Value>, language: Language) -> Value {
    let mut report = kept.clone();
    report.retain(|name, _| !REFUSED.contains(&name.as_str()));
    for list in ROWS {
        let rows = report.get_mut(list).and_then(Value::as_array_mut);
        rows.into_iter().flatten().for_each(|row| tell(row, language));
    }
    if let Some(not_removed) = report.get_mut("not_removed") {
        tell(not_removed, language);
    }
    Value::Object(report)
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
