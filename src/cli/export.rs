//! `ringbook export`: writes an address book as a file.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::{Method, Response};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::client::{Client, ClientError};
use crate::cli::{Connect, Status, say};

const SPINNER: &str = "{msg} {spinner} {bytes}, {bytes_per_sec}";

#[derive(Args, Clone, Debug)]
pub(super) struct ExportArguments {
    /// Address book or group: people, shared, shared-ID, personal or personal-ID (one's own),
    /// favorites, all, contacts, department-ID or site-ID
    #[arg(long, value_name = "BOOK", default_value = "people")]
    book: String,
    /// Kind of file: a kind of table such as xivo, google, outlook or yeastar, vcard, vcard-4.0,
    /// vcard-2.1, apple, or ldif
    #[arg(long, value_name = "NAME", default_value = "xivo")]
    profile: String,
    /// Put ' before cells that a spreadsheet would take for a formula; numbers such as +49… stay
    #[arg(long)]
    neutralize: bool,
    /// What stands in a column where a contact has nothing, as a JSON object such as
    /// {"context": "office", "protocol": "sccp"}
    #[arg(long, value_name = "JSON")]
    fill: Option<String>,
    /// File to write; the standard output where it is not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    connect: Connect,
}

pub(super) async fn run(arguments: ExportArguments) -> Result<Status, ClientError> {
    let client = Client::find(&arguments.connect)?;
    let path = ["groups", &arguments.book, "export"];
    let mut parameters = vec![("profile", arguments.profile.as_str())];
    if arguments.neutralize {
        parameters.push(("neutralize", "true"));
    }
    if let Some(fill) = &arguments.fill {
        parameters.push(("fill", fill));
    }
    let answer = client.send(Method::GET, &path, &parameters, None).await?;
    let bytes = save(&client, answer, arguments.out.as_deref()).await?;
    if arguments.connect.json && arguments.out.is_some() {
        let (book, profile) = (&arguments.book, &arguments.profile);
        let told = serde_json::json!({ "book": book, "profile": profile, "out": arguments.out, "bytes": bytes });
        say(&told.to_string());
    }
    Ok(Status::Done)
}

/// Writes an answer to a file or the standard output; its length in bytes.
pub(super) async fn save(
    client: &Client,
    answer: Response<Incoming>,
    path: Option<&Path>,
) -> Result<u64, ClientError> {
    let body = answer.into_body();
    match path {
        Some(path) => to_file(client, body, path).await,
        None => copy(client, body, &mut io::stdout().lock(), "the output").await,
    }
}

/// The file has its name only when it is whole.
async fn to_file(client: &Client, body: Incoming, path: &Path) -> Result<u64, ClientError> {
    let name = path.display().to_string();
    let failed = |source| ClientError::Io { what: name.clone(), source };
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let mut file = BufWriter::new(File::create(&unfinished).map_err(failed)?);
    let copied = copy(client, body, &mut file, &name).await;
    let named = copied.and_then(|bytes| {
        fs::rename(&unfinished, path).map_err(failed)?;
        Ok(bytes)
    });
    if named.is_err() {
        // What cannot be removed either stays, under a name that says what it is.
        let _ = fs::remove_file(&unfinished);
    }
    named
}

async fn copy(
    client: &Client,
    mut body: Incoming,
    output: &mut impl Write,
    name: &str,
) -> Result<u64, ClientError> {
    let failed = |source| ClientError::Io { what: name.to_owned(), source };
    let bar = bar(name, body.size_hint().exact());
    let mut written = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| client.protocol(&error))?;
        if let Some(bytes) = frame.data_ref() {
            output.write_all(bytes).map_err(failed)?;
            written += bytes.len() as u64;
            bar.set_position(written);
        }
    }
    output.flush().map_err(failed)?;
    bar.finish_and_clear();
    Ok(written)
}

/// Progress for people; not where the output itself goes to their terminal.
fn bar(name: &str, length: Option<u64>) -> ProgressBar {
    if !io::stderr().is_terminal() || io::stdout().is_terminal() && name == "the output" {
        return ProgressBar::hidden();
    }
    let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let bar = bar.with_message(name.to_owned());
    match ProgressStyle::with_template(SPINNER) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
