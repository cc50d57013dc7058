//! The refused rows of an import as CSV, to be corrected and imported again.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::api::report::Kept;
use crate::api::report::kept::{list, sentence, text};
use crate::api::report::text::line_word;
use crate::file::table::plain::lines;
use crate::file::words::Language;
use crate::file::{Reason, Rule};

/// The column that says what is wrong with a row. One that the file has already is from such a
/// file, and what it says is over.
const ERROR: &str = "error";

/// The columns of the file and one with the reasons. Of files that are no tables: line, field, value
/// and reason.
pub(super) fn csv(kept: &Kept, language: Language) -> Vec<u8> {
    let Some(refused) = kept.refused.as_ref().and_then(Value::as_object) else {
        return faults(&kept.report, language);
    };
    let header: Vec<&str> = list(refused, "header").iter().filter_map(Value::as_str).collect();
    let delimiter = refused.get("delimiter").and_then(Value::as_str);
    let delimiter = delimiter.and_then(|delimiter| delimiter.bytes().next());
    let is_error = |name: &&str| name.trim().eq_ignore_ascii_case(ERROR);
    let old = header.iter().position(is_error);
    let width = header.len();
    let reasons = reasons(&kept.report, language);
    let unlisted = Reason::from(Rule::NotListed).sentence(language);
    let mut rows: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for row in list(refused, "rows") {
        let line = row.get(0).and_then(Value::as_u64).unwrap_or_default();
        let cells = row.get(1).and_then(Value::as_array).into_iter().flatten();
        let mut cells: Vec<&str> = cells.filter_map(Value::as_str).collect();
        // Where cells are missing, the reason still stands in its own column.
        cells.resize(cells.len().max(width), "");
        rows.insert(line, with_error(cells, old, reasons.get(&line).unwrap_or(&unlisted)));
    }
    // Rows that were not kept, for their size or because a secret may be anywhere in them.
    let unkept = reasons.iter().filter(|(line, _)| !rows.contains_key(line));
    let unkept: Vec<(u64, String)> = unkept
        .map(|(line, reason)| (*line, format!("{} {line}: {reason}", line_word(language))))
        .collect();
    for (line, reason) in &unkept {
        rows.insert(*line, with_error(vec![""; width], old, reason));
    }
    let first = with_error(header.clone(), old, ERROR);
    lines(delimiter.unwrap_or(b','), std::iter::once(first).chain(rows.into_values()))
}

fn faults(kept: &Map<String, Value>, language: Language) -> Vec<u8> {
    let told = |row: &Value| (line(row).to_string(), sentence(row, language));
    let failed: Vec<(&Value, (String, String))> =
        list(kept, "failed").iter().map(|row| (row, told(row))).collect();
    let rows = failed.iter().map(|(row, (line, reason))| {
        vec![line.as_str(), text(row, "field"), text(row, "value"), reason]
    });
    lines(b',', std::iter::once(vec!["line", "field", "value", ERROR]).chain(rows))
}

fn with_error<'a>(mut cells: Vec<&'a str>, old: Option<usize>, error: &'a str) -> Vec<&'a str> {
    if let Some(old) = old.filter(|old| *old < cells.len()) {
        cells.remove(old);
    }
    cells.push(error);
    cells
}

/// What is wrong with each row, by its line.
fn reasons(kept: &Map<String, Value>, language: Language) -> BTreeMap<u64, String> {
    let mut reasons: BTreeMap<u64, String> = BTreeMap::new();
    for row in list(kept, "failed") {
        let reason = match text(row, "field") {
            "" => sentence(row, language),
            field => format!("{field}: {}", sentence(row, language)),
        };
        let all = reasons.entry(line(row)).or_default();
        if !all.is_empty() {
            all.push_str("; ");
        }
        all.push_str(&reason);
    }
    reasons
}

fn line(row: &Value) -> u64 {
    row.get("line").and_then(Value::as_u64).unwrap_or_default()
}
