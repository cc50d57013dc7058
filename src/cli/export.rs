//! `ringbook export`: writes an address book as a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;

use crate::cli::client::{Client, ClientError};
use crate::cli::{Connect, Status};

#[derive(Args, Clone, Debug)]
pub(super) struct ExportArguments {
    /// Address book: people or shared
    #[arg(long, value_name = "BOOK", default_value = "people")]
    book: String,
    /// Kind of file
    #[arg(long, value_name = "NAME", default_value = "xivo")]
    profile: String,
    /// File to write; the standard output where it is not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    connect: Connect,
}

pub(super) async fn run(arguments: ExportArguments) -> Result<Status, ClientError> {
    let client = Client::find(&arguments.connect)?;
    let path = ["groups", &arguments.book, "export"];
    let parameters = [("profile", arguments.profile.as_str())];
    let answer = client.send(Method::GET, &path, &parameters, None).await?;
    let body = answer.into_body();
    match &arguments.out {
        Some(path) => to_file(&client, body, path).await?,
        None => {
            let mut output = io::stdout().lock();
            copy(&client, body, &mut output, "the output").await?;
        }
    }
    Ok(Status::Done)
}

/// The file has its name only when it is whole.
async fn to_file(client: &Client, body: Incoming, path: &Path) -> Result<(), ClientError> {
    let name = path.display().to_string();
    let failed = |source| ClientError::Io { what: name.clone(), source };
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let mut file = BufWriter::new(File::create(&unfinished).map_err(failed)?);
    copy(client, body, &mut file, &name).await?;
    std::fs::rename(&unfinished, path).map_err(failed)
}

async fn copy(
    client: &Client,
    mut body: Incoming,
    output: &mut impl Write,
    name: &str,
) -> Result<(), ClientError> {
    let failed = |source| ClientError::Io { what: name.to_owned(), source };
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| client.protocol(&error))?;
        if let Some(bytes) = frame.data_ref() {
            output.write_all(bytes).map_err(failed)?;
        }
    }
    output.flush().map_err(failed)
}
