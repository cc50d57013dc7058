//! `ringbook imports`: what was imported into the running daemon, and taking it back.

use std::path::PathBuf;

use clap::Subcommand;
use hyper::Method;
use serde_json::Value;

use crate::cli::accounts::print;
use crate::cli::accounts_table::table;
use crate::cli::client::{Client, ClientError};
use crate::cli::export::save;
use crate::cli::import::report;
use crate::cli::{Connect, Status};

const IMPORTS: &str = "imports";

#[derive(Clone, Debug, Subcommand)]
pub(super) enum ImportsCommand {
    /// List the imports, newest first
    List {
        /// Imports at most: 1 to 1000
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
        #[command(flatten)]
        connect: Connect,
    },
    /// Show the report of one
    Show {
        /// Id of the import
        id: String,
        /// File for the refused rows, with their errors; corrected, it is imported in its turn
        #[arg(long, value_name = "FILE")]
        refused: Option<PathBuf>,
        /// Language of the reasons: en, de, fr, es or ru
        #[arg(long, value_name = "LANGUAGE")]
        language: Option<String>,
        #[command(flatten)]
        connect: Connect,
    },
    /// Take one back as a whole; refused where its contacts were changed since
    Undo {
        /// Id of the import
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
}

pub(super) async fn run(command: ImportsCommand) -> Result<Status, ClientError> {
    match command {
        ImportsCommand::List { limit, connect } => list(limit, &connect).await,
        ImportsCommand::Show { id, refused, language, connect } => {
            let client = Client::find(&connect)?.in_language(language.as_deref());
            if let Some(path) = refused {
                let parameters = [("format", "csv")];
                let answer = client.send(Method::GET, &[IMPORTS, &id], &parameters, None).await?;
                save(&client, answer, Some(&path)).await?;
                return Ok(Status::Done);
            }
            let shown = client.ask(Method::GET, &[IMPORTS, &id], &[], None).await?;
            print(&connect, &shown, || {
                let name = shown.get("name").and_then(Value::as_str).unwrap_or(&id);
                let mut lines = report::lines(name, &shown);
                lines.extend(report::changes(&shown));
                lines
            });
            Ok(Status::Done)
        }
        ImportsCommand::Undo { id, connect } => {
            let client = Client::find(&connect)?;
            let undone = client.ask(Method::POST, &[IMPORTS, &id, "undo"], &[], None).await?;
            print(&connect, &undone, || report::lines(&id, &undone));
            Ok(Status::Done)
        }
    }
}

async fn list(limit: u32, connect: &Connect) -> Result<Status, ClientError> {
    let limit = limit.to_string();
    let client = Client::find(connect)?;
    let listed = client.ask(Method::GET, &[IMPORTS], &[("limit", &limit)], None).await?;
    let items = listed.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    print(connect, &listed, || {
        let columns = ["id", "at", "by_name", "name", "profile", "into", "mode"];
        let counts = ["created", "updated", "removed", "failed_rows", "undone"];
        table(&items, &[&columns[..], &counts].concat())
    });
    Ok(Status::Done)
}
