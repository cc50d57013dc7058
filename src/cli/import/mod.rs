//! `ringbook import`: sends files to the running daemon and tells what became of their rows.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use hyper::Method;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::cli::client::{Client, ClientError};
use crate::cli::export::save;
use crate::cli::outgoing::Upload;
use crate::cli::{Connect, Status, note, say};

pub(super) mod report;
mod watch;

/// What the daemon takes at most.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
const BAR: &str = "{msg} {bar:40} {bytes}/{total_bytes}";
/// Where the length of the input is not known.
const SPINNER: &str = "{msg} {spinner} {bytes}";

#[derive(Args, Clone, Debug)]
pub(super) struct ImportArguments {
    /// Files to import; `-` is the standard input
    #[arg(required_unless_present = "watch", conflicts_with = "watch", value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    how: How,
    /// Name of the file in history and reports. Default: its own
    #[arg(long, value_name = "NAME", conflicts_with = "watch")]
    name: Option<String>,
    /// Only say what would happen: a table of the contacts before and after
    #[arg(long, conflicts_with = "watch")]
    dry_run: bool,
    /// File for the refused rows, with their errors; corrected, it is imported in its turn
    #[arg(long, value_name = "FILE", conflicts_with = "watch")]
    refused: Option<PathBuf>,
    /// Import each file that comes into this folder, and move it to done/ or failed/ with its
    /// report, until SIGTERM
    #[arg(long, value_name = "FOLDER")]
    watch: Option<PathBuf>,
    /// Only what is in the watched folder now; for timers
    #[arg(long, requires = "watch")]
    once: bool,
    /// Seconds between two looks into the watched folder
    #[arg(long, requires = "watch", value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    every: f64,
    #[command(flatten)]
    connect: Connect,
}

/// How files are understood, and what they may change.
#[derive(Args, Clone, Debug, Default)]
struct How {
    /// Address book: people, shared, shared-ID, personal or personal-ID (one's own) or
    /// personal:LOGIN. Default: what the kind of file is for
    #[arg(long, value_name = "BOOK")]
    into: Option<String>,
    /// Kind of file, such as xivo-users, google, outlook, vcard or ldif; recognised where it is not
    /// given
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// add skips contacts that are there already, update changes what differs, mirror also removes
    /// what the file lacks. Default: add
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// How many contacts mirror removes, where that is more than a tenth
    #[arg(long, value_name = "N")]
    confirm: Option<u64>,
    /// Encoding of the file, such as windows-1252; recognised where it is not given
    #[arg(long, value_name = "NAME")]
    charset: Option<String>,
    /// Columns of a custom file: a JSON object from header name to field, or an array of fields for
    /// a file without a header
    #[arg(long, value_name = "JSON", conflicts_with = "map")]
    columns: Option<String>,
    /// Column map that the daemon keeps under this name
    #[arg(long, value_name = "NAME", conflicts_with = "profile")]
    map: Option<String>,
    /// Extensions that each context of a XiVO file has, as JSON
    #[arg(long, value_name = "JSON")]
    ranges: Option<String>,
    /// Organizations that the entities of a XiVO file are, as JSON
    #[arg(long, value_name = "JSON")]
    entities: Option<String>,
    /// Language of the reasons: en, de, fr, es or ru
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
}

/// A file on its way.
struct Sent<'a> {
    name: &'a str,
    /// What stands in the daemon's history.
    told: Option<String>,
    /// See [`Upload`].
    key: Option<String>,
    reader: Box<dyn Read + Send>,
    length: Option<u64>,
}

pub(super) async fn run(arguments: ImportArguments) -> Result<Status, ClientError> {
    if let Some(folder) = &arguments.watch {
        return watch::run(&arguments, folder).await;
    }
    if arguments.refused.is_some() && arguments.files.len() > 1 {
        let detail = "--refused is for one file: import them one by one";
        return Err(ClientError::Input(detail.to_owned()));
    }
    let client = Client::find(&arguments.connect)?;
    let client = client.in_language(arguments.how.language.as_deref());
    let mut statuses = Vec::new();
    for file in &arguments.files {
        let name = file.display().to_string();
        statuses.push(match import(&client, &arguments, file).await {
            Ok(report) => {
                let status = tell(&name, &report, &arguments);
                keep_refused(&client, &arguments, &report).await?;
                status
            }
            Err(error) => {
                note(&format!("{name}: {error}"));
                if let ClientError::Refused { problem, .. } = &error
                    && let Some(report) = problem.get("report")
                {
                    tell(&name, report, &arguments);
                }
                Status::Nothing
            }
        });
    }
    Ok(report::together(&statuses))
}

async fn import(
    client: &Client,
    arguments: &ImportArguments,
    path: &Path,
) -> Result<Value, ClientError> {
    let (reader, length) = open(path)?;
    let own = path.file_name().filter(|_| length.is_some()).map(|name| name.to_string_lossy());
    let told = arguments.name.clone().or_else(|| own.map(Into::into));
    let name = &path.display().to_string();
    let more: &[_] = if arguments.dry_run { &[("dry_run", "true")] } else { &[] };
    send(client, &arguments.how, Sent { name, told, key: None, reader, length }, more).await
}

/// Sends a file with a progress bar; the report.
async fn send(
    client: &Client,
    how: &How,
    file: Sent<'_>,
    more: &[(&str, &str)],
) -> Result<Value, ClientError> {
    let bar = bar(file.name, file.length);
    let progress = bar.clone();
    let mut upload =
        Upload::file(file.reader, file.length, Box::new(move |sent| progress.inc(sent)));
    (upload.name, upload.key) = (file.told, file.key);
    let (profile, confirm) = (how.profile(), how.confirm.map(|count| count.to_string()));
    let mut parameters = how.parameters(profile.as_deref(), confirm.as_deref());
    parameters.extend(more);
    let answer = client.send(Method::POST, &["import"], &parameters, Some(upload)).await;
    bar.finish_and_clear();
    client.json(answer?).await
}

impl How {
    fn profile(&self) -> Option<String> {
        let saved = self.map.as_ref().map(|name| format!("custom:{name}"));
        saved.or_else(|| self.profile.clone())
    }

    fn parameters<'a>(
        &'a self,
        profile: Option<&'a str>,
        confirm: Option<&'a str>,
    ) -> Vec<(&'a str, &'a str)> {
        let told = [
            ("into", self.into.as_deref()),
            ("profile", profile),
            ("mode", self.mode.as_deref()),
            ("confirm", confirm),
            ("charset", self.charset.as_deref()),
            ("columns", self.columns.as_deref()),
            ("ranges", self.ranges.as_deref()),
            ("entities", self.entities.as_deref()),
        ];
        told.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// A file with its length, or the standard input.
fn open(path: &Path) -> Result<(Box<dyn Read + Send>, Option<u64>), ClientError> {
    if path == Path::new("-") {
        return Ok((Box::new(Limited { source: io::stdin(), left: FILE_BYTES_MAX }), None));
    }
    let failed = |source| ClientError::Io { what: "cannot be read".to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return Ok((Box::new(Limited { source: file, left: FILE_BYTES_MAX }), None));
    }
    if metadata.len() > FILE_BYTES_MAX {
        return Err(too_large());
    }
    Ok((Box::new(file), Some(metadata.len())))
}

fn too_large() -> ClientError {
    ClientError::Input(format!("has more than {} MiB", FILE_BYTES_MAX / 1024 / 1024))
}

/// What comes from a source without a length, up to a limit, beyond which it is an error.
struct Limited<R> {
    source: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        let left = self.left.checked_sub(count as u64);
        self.left = left.ok_or_else(|| io::Error::other(too_large().to_string()))?;
        Ok(count)
    }
}

fn bar(name: &str, length: Option<u64>) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let bar = bar.with_message(report::plain(name));
    match ProgressStyle::with_template(if length.is_some() { BAR } else { SPINNER }) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// What became of the rows of one file.
fn tell(name: &str, report: &Value, arguments: &ImportArguments) -> Status {
    if arguments.connect.json {
        say(&report.to_string());
    } else {
        report::lines(name, report).iter().for_each(|line| say(line));
        if arguments.dry_run {
            report::changes(report).iter().for_each(|line| say(line));
        }
    }
    report::status(report)
}

/// Writes the refused rows of an import where `--refused` asks for them.
async fn keep_refused(
    client: &Client,
    arguments: &ImportArguments,
    report: &Value,
) -> Result<(), ClientError> {
    let Some(path) = &arguments.refused else { return Ok(()) };
    let Some(id) = report.get("id").and_then(Value::as_str) else {
        note("the refused rows are written of imports, not of a dry run");
        return Ok(());
    };
    let answer = client.send(Method::GET, &["imports", id], &[("format", "csv")], None).await?;
    save(client, answer, Some(path)).await.map(|_bytes| ())
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.05..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("from 0.05 to 3600 seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_is_not_sent() {
        let how = How { mode: Some("update".to_owned()), ..How::default() };
        assert_eq!(how.parameters(None, None), [("mode", "update")]);
        let how = How { map: Some("portal".to_owned()), ..How::default() };
        assert_eq!(how.profile().as_deref(), Some("custom:portal"));
    }

    #[test]
    fn an_input_without_a_length_has_a_limit() {
        let read = |bytes: &[u8]| {
            let mut all = Vec::new();
            Limited { source: bytes, left: 4 }.read_to_end(&mut all).map(|_| all)
        };
        assert_eq!(read(b"abcd").unwrap(), b"abcd");
        assert!(read(b"abcde").unwrap_err().to_string().contains("more than 64 MiB"));
    }
}
