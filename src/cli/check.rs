//! `ringbook check`: what is wrong with configuration and store.

use clap::Args;
use serde_json::json;

use crate::cli::serve::Settings;
use crate::cli::{Status, note, say};
use crate::config::StorePlace;
use crate::store::{CheckReport, postgres, sqlite};

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
    let (place, found) = match config.store() {
        StorePlace::File(path) => {
            let found = path.exists().then(|| sqlite::check(&path)).transpose();
            (path.display().to_string(), found)
        }
        StorePlace::Database(url) => (postgres::shown(&url), postgres::check(&url)),
    };
    match found {
        Ok(Some(report)) => tell(&place, &report, arguments.json),
        Ok(None) => {
            note(&format!("configuration: right\n{place}: there is no store yet"));
            Status::Nothing
        }
        Err(error) => {
            note(&format!("{place}: {error}"));
            Status::Nothing
        }
    }
}

fn tell(store: &str, report: &CheckReport, as_json: bool) -> Status {
    let CheckReport { contacts, users, problems } = report;
    if as_json {
        let found =
            json!({ "store": store, "contacts": contacts, "users": users, "problems": problems });
        say(&found.to_string());
    } else {
        say("configuration: right");
        say(&format!("{store}: {contacts} contacts, {users} users"));
        for problem in problems {
            say(&format!("  {problem}"));
        }
    }
    if problems.is_empty() { Status::Done } else { Status::Partly }
}
