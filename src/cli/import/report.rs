//! The report of an import in lines for people, and what it says of success.

use serde_json::{Value, json};

use crate::cli::Status;
use crate::cli::accounts_table::table;

const COUNTS: [&str; 6] = ["created", "updated", "unchanged", "removed", "skipped", "failed"];

/// What became of the rows of a file, with those that did not go in.
pub(in crate::cli) fn lines(name: &str, report: &Value) -> Vec<String> {
    let counts = COUNTS.map(|what| match what {
        "skipped" => (what, report.get("skipped_rows").map_or_else(|| count(report, what), number)),
        "failed" => (what, failed(report)),
        _ => (what, count(report, what)),
    });
    let counts: Vec<String> = counts
        .iter()
        .filter(|(what, count)| *count > 0 || *what == "created")
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    let mut lines = vec![format!("{}: {}", plain(name), counts.join(", "))];
    let ignored = rows(report, "ignored_columns").iter().filter_map(Value::as_str);
    let ignored: Vec<&str> = ignored.collect();
    if !ignored.is_empty() {
        lines.push(format!("  columns that mean nothing here: {}", plain(&ignored.join(", "))));
    }
    let books = rows(report, "new_books").iter().filter_map(Value::as_str);
    lines.extend(books.map(|name| format!("  new book: {}", plain(name))));
    if let Some(left) = report.get("not_removed").filter(|left| left.is_object()) {
        let (count, reason) = (text(left, "count"), plain(&text(left, "reason")));
        lines.push(format!("  {count} not removed: {reason}"));
    }
    for (list, what) in [("skipped", "skipped"), ("notices", "note"), ("failed", "failed")] {
        lines.extend(rows(report, list).iter().map(|row| format!("  {}", row_line(what, row))));
    }
    beyond(report, "not_listed", &mut lines);
    lines
}

/// The contacts before and after, as a table.
pub(in crate::cli) fn changes(report: &Value) -> Vec<String> {
    let shown = |change: &&Value| text(change, "action") != "unchanged";
    let rows: Vec<Value> = rows(report, "changes").iter().filter(shown).flat_map(change).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let mut lines = table(&rows, &["what", "line", "name", "field", "change"]);
    beyond(report, "changes_not_listed", &mut lines);
    lines
}

/// A row of the table for each field; what they have in common stands in the first.
fn change(change: &Value) -> Vec<Value> {
    let fields = rows(change, "fields").iter().map(|field| {
        let values = |when| {
            let values: Vec<&str> = rows(field, when).iter().filter_map(Value::as_str).collect();
            plain(&values.join("; "))
        };
        let told = match (values("before"), values("after")) {
            (before, after) if before.is_empty() => after,
            (before, after) if after.is_empty() => format!("{before} → (removed)"),
            (before, after) => format!("{before} → {after}"),
        };
        (plain(&text(field, "field")), told)
    });
    let mut fields: Vec<(String, String)> = fields.collect();
    if fields.is_empty() {
        fields.push(Default::default());
    }
    let first = [text(change, "action"), text(change, "line"), text(change, "name")];
    let rows = fields.into_iter().enumerate().map(|(at, (field, told))| {
        let [what, line, name] = if at == 0 { first.clone() } else { Default::default() };
        json!({ "what": what, "line": line, "name": plain(&name), "field": field, "change": told })
    });
    rows.collect()
}

/// How much of the file went in.
pub(in crate::cli) fn status(report: &Value) -> Status {
    match (failed(report), kept(report)) {
        (0, _) => Status::Done,
        (_, 0) => Status::Nothing,
        _ => Status::Partly,
    }
}

/// Files that went in wholly, partly and not at all make one that went in partly.
pub(super) fn together(statuses: &[Status]) -> Status {
    match statuses {
        [] => Status::Nothing,
        [first, rest @ ..] if rest.iter().all(|status| status == first) => *first,
        _ => Status::Partly,
    }
}

/// Text out of a file, with what would move a terminal's cursor made visible.
pub(in crate::cli) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}

/// `line 7: failed: number "abc": is no telephone number`.
fn row_line(what: &str, row: &Value) -> String {
    let mut line = format!("line {}: {what}: ", text(row, "line"));
    let (field, value) = (text(row, "field"), text(row, "value"));
    if !field.is_empty() {
        line.push_str(&plain(&field));
        if !value.is_empty() {
            line.push_str(&format!(" \"{}\"", plain(&value)));
        }
        line.push_str(": ");
    }
    line + &plain(&text(row, "reason"))
}

fn beyond(report: &Value, what: &str, lines: &mut Vec<String>) {
    match count(report, what) {
        0 => {}
        more => lines.push(format!("  and {more} more")),
    }
}

fn text(row: &Value, name: &str) -> String {
    match row.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A count, or the length of a list.
fn count(report: &Value, what: &str) -> u64 {
    match report.get(what) {
        Some(Value::Array(rows)) => rows.len() as u64,
        Some(number) => number.as_u64().unwrap_or(0),
        None => 0,
    }
}

/// Rows that were refused; one may have several faults.
fn failed(report: &Value) -> u64 {
    report.get("failed_rows").map_or_else(|| count(report, "failed"), number)
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// Rows that the directory holds now, by this import or before it.
fn kept(report: &Value) -> u64 {
    ["created", "updated", "unchanged", "removed", "skipped"]
        .map(|what| count(report, what))
        .iter()
        .sum()
}

fn rows<'a>(report: &'a Value, what: &str) -> &'a [Value] {
    report.get(what).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_told_in_lines() {
        let failed =
            json!([{ "line": 7, "field": "number", "value": "a\tb", "reason": "no number" }]);
        let skipped = json!([{ "line": 2, "reason": "is there" }]);
        let report = json!({ "created": 3, "updated": 0, "skipped": skipped, "failed": failed,
            "ignored_columns": ["Shoe", "Hat\u{1b}[2J"], "not_listed": 4 });
        assert_eq!(
            lines("x.csv", &report),
            [
                "x.csv: 3 created, 1 skipped, 1 failed",
                "  columns that mean nothing here: Shoe, Hat\\u{1b}[2J",
                "  line 2: skipped: is there",
                "  line 7: failed: number \"a\\tb\": no number",
                "  and 4 more",
            ]
        );
        assert_eq!(status(&report), Status::Partly);
        let more = json!({ "created": 0, "removed": 2, "failed_rows": 1, "failed": [
            { "line": 3, "reason": "one" }, { "line": 3, "reason": "two" },
        ], "notices": [{ "line": 2, "field": "Photo", "reason": "no photo" }],
            "new_books": ["Sales"], "not_removed": { "count": 5, "reason": "rows failed" } });
        assert_eq!(
            lines("x", &more),
            [
                "x: 0 created, 2 removed, 1 failed",
                "  new book: Sales",
                "  5 not removed: rows failed",
                "  line 2: note: Photo: no photo",
                "  line 3: failed: one",
                "  line 3: failed: two",
            ]
        );
    }

    #[test]
    fn changes_are_a_table_of_before_and_after() {
        let fields = |fields: &[(&str, &[&str], &[&str])]| -> Vec<Value> {
            let field = |(field, before, after): &(&str, &[&str], &[&str])| json!({ "field": field, "before": before, "after": after });
            fields.iter().map(field).collect()
        };
        let title = [("title", &["Chefin"][..], &["Direktorin"][..]), ("fax", &["1"], &[])];
        let report = json!({ "changes_not_listed": 5, "changes": [
            { "line": 2, "action": "created", "name": "Jörg", "fields": fields(&[("work", &[], &["1", "2"])]) },
            { "line": 3, "action": "updated", "name": "Eva", "fields": fields(&title) },
            { "line": 4, "action": "unchanged", "name": "Uwe", "fields": [] },
            { "line": null, "action": "removed", "name": "Ida", "fields": [] },
        ] });
        assert_eq!(
            changes(&report),
            [
                "WHAT     LINE  NAME  FIELD  CHANGE",
                "created  2     Jörg  work   1; 2",
                "updated  3     Eva   title  Chefin → Direktorin",
                "                     fax    1 → (removed)",
                "removed        Ida",
                "  and 5 more",
            ]
        );
        assert!(changes(&json!({ "changes": [] })).is_empty());
    }

    #[test]
    fn the_status_says_how_much_was_done() {
        assert_eq!(status(&json!({ "created": 0, "failed": [{}] })), Status::Nothing);
        assert_eq!(status(&json!({ "created": 0, "failed": [] })), Status::Done);
        assert_eq!(status(&json!({ "removed": 1, "failed": [{}] })), Status::Partly);
        assert_eq!(together(&[Status::Done, Status::Done]), Status::Done);
        assert_eq!(together(&[Status::Done, Status::Nothing]), Status::Partly);
        assert_eq!(together(&[Status::Nothing, Status::Nothing]), Status::Nothing);
    }
}
