//! The command line: what is asked, and which command does it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tokio::runtime::Runtime;

use crate::cli::client::ClientError;

mod accounts;
mod accounts_table;
mod check;
mod client;
mod devices;
mod export;
mod greeting;
mod groups;
mod history;
mod import;
mod organizations;
mod outgoing;
mod phone_config;
mod serve;

/// How a command ended, as the exit status tells scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Done,
    /// Some rows were refused.
    Partly,
    Nothing,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Done => Self::from(0),
            Status::Partly => Self::from(1),
            Status::Nothing => Self::from(2),
        }
    }
}

/// Serves a PBX's contacts over LDAP to desk phones, over CardDAV to mail and mobile clients, and
/// over HTTP.
#[derive(Debug, Parser)]
#[command(name = "ringbook", version, propagate_version = true)]
#[command(after_help = "Exit status: 0 done, 1 some rows were refused, 2 nothing was done.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon until SIGTERM or SIGINT. Needs no configuration.
    Serve(serve::ServeArguments),
    /// Send files of contacts to the running daemon: tables, vCards, LDIF.
    Import(Box<import::ImportArguments>),
    /// List imports, show their reports, and take them back.
    #[command(subcommand)]
    Imports(history::ImportsCommand),
    /// Write an address book of the running daemon as a file.
    Export(export::ExportArguments),
    /// Manage users.
    #[command(subcommand)]
    User(accounts::UserCommand),
    /// Manage tokens: secrets for programs at the HTTP door.
    #[command(subcommand)]
    Token(devices::TokenCommand),
    /// Manage phone accounts: read-only sign-ins for devices at the LDAP door.
    #[command(subcommand)]
    Phone(devices::PhoneCommand),
    /// Print the LDAP settings of phones, filled in, in the form of their vendor.
    PhoneConfig(phone_config::PhoneConfigArguments),
    /// Show who signed in, or failed to, and what administrators did.
    Audit(devices::AuditArguments),
    /// Manage organizations.
    #[command(subcommand)]
    Organization(organizations::OrganizationCommand),
    /// Manage departments.
    #[command(subcommand)]
    Department(groups::DivisionCommand),
    /// Manage sites.
    #[command(subcommand)]
    Site(groups::DivisionCommand),
    /// Manage further shared books, with readers and writers of their own.
    #[command(subcommand)]
    Book(groups::BookCommand),
    /// Look at configuration and store without changing them, and say what is wrong.
    Check(check::CheckArguments),
}

/// Which daemon a command speaks to.
#[derive(Args, Clone, Debug)]
struct Connect {
    /// Address of the daemon, such as http://127.0.0.1:8080. Default: the one that runs with the
    /// data folder
    #[arg(long, env = "RINGBOOK_URL", value_name = "URL")]
    url: Option<String>,
    /// Token to sign in with; better given by the environment, which other users do not see.
    /// Default: the operator's token in the data folder
    #[arg(long, env = "RINGBOOK_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// Data folder of the daemon on this machine
    #[arg(long, env = "RINGBOOK_DATA", value_name = "DIR", default_value = "ringbook-data")]
    data: PathBuf,
    /// Organization to work in; needed where the daemon has several and the token is an operator's
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// Print what the daemon answered, as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command that the arguments ask for.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to the output and is no failure. Nothing can be done where that is closed.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match cli.command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Import(arguments) => speak(import::run(*arguments)),
        Command::Imports(command) => speak(history::run(command)),
        Command::Export(arguments) => speak(export::run(arguments)),
        Command::User(command) => speak(accounts::user(command)),
        Command::Organization(command) => speak(organizations::organization(command)),
        Command::Department(command) => speak(groups::department(command)),
        Command::Site(command) => speak(groups::site(command)),
        Command::Book(command) => speak(groups::book(command)),
        Command::Token(command) => speak(devices::token(command)),
        Command::Phone(command) => speak(devices::phone(command)),
        Command::PhoneConfig(arguments) => speak(phone_config::run(arguments)),
        Command::Audit(arguments) => speak(devices::audit(arguments)),
        Command::Check(arguments) => check::run(&arguments),
    }
    .into()
}

/// Runs a command that speaks to a daemon, and says why it did nothing.
fn speak(command: impl Future<Output = Result<Status, ClientError>>) -> Status {
    let done = match runtime() {
        Ok(runtime) => runtime.block_on(command),
        Err(source) => Err(ClientError::Io { what: "starting".to_owned(), source }),
    };
    done.unwrap_or_else(|error| fail(&error))
}

fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Says what went wrong; nothing was done.
fn fail(error: &dyn std::error::Error) -> Status {
    note(&format!("ringbook: {error}"));
    Status::Nothing
}

/// A line for people, beside what scripts read.
#[expect(clippy::print_stderr, reason = "this is what the error output is for")]
fn note(line: &str) {
    eprintln!("{line}");
}

/// A line of output. A closed output is no failure: `ringbook user list | head -1`.
fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent_and_explained() {
        Cli::command().debug_assert();
        explained(&Cli::command());
    }

    fn explained(command: &clap::Command) {
        let name = command.get_name();
        assert!(name == "ringbook" || command.get_about().is_some(), "{name} has no help");
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{name} {} has no help", argument.get_id());
        }
        command.get_subcommands().for_each(explained);
    }
}
