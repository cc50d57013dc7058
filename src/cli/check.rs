//! `ringbook check`: what is wrong with configuration and store.

use std::path::Path;

use clap::Args;
use serde_json::json;

use crate::cli::serve::Settings;
use crate::cli::{Status, note, say};
use crate::store::CheckReport;
use crate::store::sqlite::check;

#[derive(Args, Clone, Debug)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    settings: Settings,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// Changes nothing, and may run beside a daemon.
pub(super) fn run(arguments: &CheckArguments) -> Status {
    let (config, _) = match arguments.settings.load() {
        Ok(loaded) => loaded,
        Err(error) => {
            note(&error.to_string());
            return Status::Nothing;
        }
    };
    let path = config.store_path();
    if !path.exists() {
        note(&format!("configuration: right\n{}: there is no store yet", path.display()));
        return Status::Nothing;
    }
    match check(&path) {
        Ok(report) => tell(&path, &report, arguments.json),
        Err(error) => {
            note(&format!("{}: {error}", path.display()));
            Status::Nothing
        }
    }
}

fn tell(path: &Path, report: &CheckReport, as_json: bool) -> Status {
    let CheckReport { contacts, users, problems } = report;
    if as_json {
        let store = path.display().to_string();
        let found =
            json!({ "store": store, "contacts": contacts, "users": users, "problems": problems });
        say(&found.to_string());
    } else {
        say("configuration: right");
        say(&format!("{}: {contacts} contacts, {users} users", path.display()));
        for problem in problems {
            say(&format!("  {problem}"));
        }
    }
    if problems.is_empty() { Status::Done } else { Status::Partly }
}
