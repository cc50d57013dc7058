//! `ringbook import`: sends files to the running daemon and tells what became of their rows.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::Args;
use hyper::Method;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::cli::client::{Client, ClientError, Upload};
use crate::cli::{Connect, Status, note, say};

/// What the daemon takes at most.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
const BAR: &str = "{msg} {bar:40} {bytes}/{total_bytes}";

#[derive(Args, Clone, Debug)]
pub(super) struct ImportArguments {
    /// Files to import; `-` is the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Address book: people, shared, personal (one's own) or personal:LOGIN. Default: what the
    /// kind of file is for
    #[arg(long, value_name = "BOOK")]
    into: Option<String>,
    /// Kind of file: xivo, xivo-users or custom; recognised where it is not given
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// What happens to rows that are there already: add skips them
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// Encoding of the file, such as windows-1252; recognised where it is not given
    #[arg(long, value_name = "NAME")]
    charset: Option<String>,
    /// Columns of a custom file: a JSON object from header name to field
    #[arg(long, value_name = "JSON")]
    columns: Option<String>,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(super) async fn run(arguments: ImportArguments) -> Result<Status, ClientError> {
    let client = Client::find(&arguments.connect)?;
    let mut statuses = Vec::new();
    for file in &arguments.files {
        let name = file.display().to_string();
        statuses.push(match import(&client, &arguments, file).await {
            Ok(report) => tell(&name, &report, arguments.connect.json),
            Err(error) => {
                note(&format!("{name}: {error}"));
                if let ClientError::Refused { report: Some(report), .. } = &error {
                    tell(&name, report, arguments.connect.json);
                }
                Status::Nothing
            }
        });
    }
    Ok(together(&statuses))
}

async fn import(
    client: &Client,
    arguments: &ImportArguments,
    file: &Path,
) -> Result<Value, ClientError> {
    let bytes = read(file)?;
    let bar = bar(file, bytes.len() as u64);
    let progress = bar.clone();
    let upload = Upload {
        media_type: "text/csv",
        bytes,
        progress: Box::new(move |sent| progress.inc(sent)),
    };
    let told = [
        ("into", &arguments.into),
        ("profile", &arguments.profile),
        ("mode", &arguments.mode),
        ("charset", &arguments.charset),
        ("columns", &arguments.columns),
    ];
    let told = told.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    let mut parameters: Vec<(&str, &str)> = told.collect();
    if arguments.dry_run {
        parameters.push(("dry_run", "true"));
    }
    let answer = client.send(Method::POST, &["import"], &parameters, Some(upload)).await;
    bar.finish_and_clear();
    client.json(answer?).await
}

/// The whole file; a larger one than the daemon takes is refused here.
fn read(path: &Path) -> Result<Bytes, ClientError> {
    let failed = |source| ClientError::Io { what: "cannot be read".to_owned(), source };
    let mut bytes = Vec::new();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(failed)?)
    };
    source.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(ClientError::Input("has more than 64 MiB".to_owned()));
    }
    Ok(bytes.into())
}

fn bar(file: &Path, length: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length).with_message(file.display().to_string());
    match ProgressStyle::with_template(BAR) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// What became of the rows of one file.
fn tell(name: &str, report: &Value, as_json: bool) -> Status {
    if as_json {
        say(&report.to_string());
    } else {
        for line in lines(name, report) {
            say(&line);
        }
    }
    match (rows(report, "failed").len(), kept(report)) {
        (0, _) => Status::Done,
        (_, 0) => Status::Nothing,
        _ => Status::Partly,
    }
}

fn lines(name: &str, report: &Value) -> Vec<String> {
    let counts = ["created", "updated", "unchanged", "removed", "skipped", "failed"];
    let counts = counts.map(|what| (what, count(report, what)));
    let counts: Vec<String> = counts
        .iter()
        .filter(|(what, count)| *count > 0 || *what == "created")
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    let mut lines = vec![format!("{name}: {}", counts.join(", "))];
    for what in ["skipped", "failed"] {
        lines.extend(rows(report, what).iter().map(|row| format!("  {}", row_line(what, row))));
    }
    lines
}

/// `line 7: failed: number "abc": is no telephone number`.
fn row_line(what: &str, row: &Value) -> String {
    let text = |name: &str| match row.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let mut line = format!("line {}: {what}: ", text("line"));
    let (field, value) = (text("field"), text("value"));
    if !field.is_empty() {
        line.push_str(&field);
        if !value.is_empty() {
            line.push_str(&format!(" {value:?}"));
        }
        line.push_str(": ");
    }
    line + &text("reason")
}

/// A count, or the length of a list.
fn count(report: &Value, what: &str) -> u64 {
    match report.get(what) {
        Some(Value::Array(rows)) => rows.len() as u64,
        Some(number) => number.as_u64().unwrap_or(0),
        None => 0,
    }
}

/// Rows that the directory holds now, by this import or before it.
fn kept(report: &Value) -> u64 {
    ["created", "updated", "unchanged", "skipped"].map(|what| count(report, what)).iter().sum()
}

fn rows<'a>(report: &'a Value, what: &str) -> &'a [Value] {
    report.get(what).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Files that went in wholly, partly and not at all make one that went in partly.
fn together(statuses: &[Status]) -> Status {
    match statuses {
        [] => Status::Nothing,
        [first, rest @ ..] if rest.iter().all(|status| status == first) => *first,
        _ => Status::Partly,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_is_told_in_lines() {
        let failed =
            json!([{ "line": 7, "field": "number", "value": "a\tb", "reason": "no number" }]);
        let report = json!({ "created": 3, "updated": 0, "skipped": [{ "line": 2, "reason": "is there" }], "failed": failed });
        assert_eq!(
            lines("x.csv", &report),
            [
                "x.csv: 3 created, 1 skipped, 1 failed",
                "  line 2: skipped: is there",
                "  line 7: failed: number \"a\\tb\": no number",
            ]
        );
        assert_eq!(tell("x.csv", &report, false), Status::Partly);
    }

    #[test]
    fn the_status_says_how_much_was_done() {
        assert_eq!(tell("x", &json!({ "created": 0, "failed": [{}] }), true), Status::Nothing);
        assert_eq!(tell("x", &json!({ "created": 0, "failed": [] }), true), Status::Done);
        assert_eq!(together(&[Status::Done, Status::Done]), Status::Done);
        assert_eq!(together(&[Status::Done, Status::Nothing]), Status::Partly);
        assert_eq!(together(&[Status::Nothing, Status::Nothing]), Status::Nothing);
    }
}
