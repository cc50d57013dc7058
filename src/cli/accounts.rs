//! `ringbook user`: the users of the running daemon, and how accounts are asked for and shown.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use hyper::Method;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::cli::accounts_table::{record, table};
use crate::cli::client::{Client, ClientError};
use crate::cli::devices::{AppPasswordCommand, app_password};
use crate::cli::{Connect, Status, note, say};

/// A longer password is refused.
const SECRET_BYTES_MAX: u64 = 1024;

#[derive(Clone, Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make a user
    Add {
        /// The internal number; it is never changed
        extension: String,
        #[command(flatten)]
        fields: UserFields,
        #[command(flatten)]
        connect: Connect,
    },
    /// List the users
    List {
        #[command(flatten)]
        connect: Connect,
    },
    /// Show one user
    Show {
        #[command(flatten)]
        user: Named,
        #[command(flatten)]
        connect: Connect,
    },
    /// Change what is given; the rest stays
    Set {
        #[command(flatten)]
        user: Named,
        #[command(flatten)]
        fields: UserFields,
        #[command(flatten)]
        connect: Connect,
    },
    /// Manage a user's app passwords: one secret for each device
    #[command(subcommand)]
    AppPassword(AppPasswordCommand),
    /// Remove a user with the personal contacts
    Remove {
        #[command(flatten)]
        user: Named,
        #[command(flatten)]
        connect: Connect,
    },
}

#[derive(Args, Clone, Debug)]
pub(super) struct Named {
    /// Extension of the user
    extension: String,
}

#[derive(Args, Clone, Debug)]
pub(super) struct UserFields {
    /// First name
    #[arg(long, value_name = "NAME")]
    given_name: Option<String>,
    /// Last name
    #[arg(long, value_name = "NAME")]
    family_name: Option<String>,
    /// E-mail; in the organization's domain it is a login name too
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Department
    #[arg(long, value_name = "NAME")]
    department: Option<String>,
    /// Site
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
    /// Job title
    #[arg(long, value_name = "TITLE")]
    title: Option<String>,
    /// Number: TYPE:NUMBER, such as mobile:+491515550001; may be given several times
    #[arg(long, value_name = "TYPE:NUMBER")]
    number: Vec<String>,
    /// User name to sign in with, besides the extension
    #[arg(long, value_name = "NAME")]
    login: Option<String>,
    /// user, office-manager or admin
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Whether the directory lists this user
    #[arg(long, value_name = "BOOL")]
    listed: Option<bool>,
    /// File whose first line is the password; `-` is the standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub(super) async fn user(command: UserCommand) -> Result<Status, ClientError> {
    const USERS: &str = "users";
    match command {
        UserCommand::Add { extension, fields, connect } => {
            let mut body = fields.json()?;
            body.insert("extension".to_owned(), Value::from(extension));
            change(&connect, Method::POST, &[USERS], Some(Value::Object(body))).await
        }
        UserCommand::List { connect } => {
            list(&connect, &[USERS], &["extension", "name", "login", "role", "listed"]).await
        }
        UserCommand::Show { user, connect } => {
            let shown = ask(&connect, Method::GET, &[USERS, &user.extension], None).await?;
            print(&connect, &shown, || record(&shown));
            Ok(Status::Done)
        }
        UserCommand::Set { user, fields, connect } => {
            let body = Some(Value::Object(fields.json()?));
            change(&connect, Method::PATCH, &[USERS, &user.extension], body).await
        }
        UserCommand::AppPassword(command) => app_password(command).await,
        UserCommand::Remove { user, connect } => {
            change(&connect, Method::DELETE, &[USERS, &user.extension], None).await
        }
    }
}

impl UserFields {
    /// The fields that were given, under the names of the API.
    fn json(self) -> Result<Map<String, Value>, ClientError> {
        let mut body = Map::new();
        let texts = [
            ("given_name", self.given_name),
            ("family_name", self.family_name),
            ("department", self.department),
            ("site", self.site),
            ("title", self.title),
            ("login", self.login),
            ("role", self.role),
        ];
        for (name, text) in texts {
            body.extend(text.map(|text| (name.to_owned(), Value::from(text))));
        }
        body.extend(self.email.map(|email| ("emails".to_owned(), json!([email]))));
        body.extend(self.listed.map(|listed| ("listed".to_owned(), Value::from(listed))));
        if !self.number.is_empty() {
            let numbers: Result<Value, _> = self.number.iter().map(|text| number(text)).collect();
            body.insert("numbers".to_owned(), numbers?);
        }
        if let Some(file) = self.password_file {
            body.insert("password".to_owned(), Value::from(secret(&file)?.as_str()));
        }
        Ok(body)
    }
}

fn number(text: &str) -> Result<Value, ClientError> {
    let wrong = || ClientError::Input(format!("`{text}` is not TYPE:NUMBER"));
    let (kind, value) = text.split_once(':').ok_or_else(wrong)?;
    Ok(json!({ "type": kind, "value": value }))
}

/// The first line of a file. Secrets are no arguments, because every user of the machine sees those.
pub(super) fn secret(path: &Path) -> Result<Zeroizing<String>, ClientError> {
    let failed = |source| ClientError::Io { what: path.display().to_string(), source };
    let mut text = Zeroizing::new(String::new());
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(failed)?)
    };
    source.take(SECRET_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    match text.lines().next().filter(|line| !line.is_empty()) {
        Some(line) => Ok(Zeroizing::new(line.to_owned())),
        None => Err(ClientError::Input(format!("{}: the first line is empty", path.display()))),
    }
}

pub(super) async fn ask(
    connect: &Connect,
    method: Method,
    path: &[&str],
    body: Option<&Value>,
) -> Result<Value, ClientError> {
    Client::find(connect)?.ask(method, path, &[], body).await
}

/// Prints a list.
pub(super) async fn list(
    connect: &Connect,
    what: &[&str],
    columns: &[&str],
) -> Result<Status, ClientError> {
    let items = pages(&Client::find(connect)?, what).await?;
    let answer = json!({ "items": items });
    print(connect, &answer, || table(&items, columns));
    Ok(Status::Done)
}

/// All items of a list, page after page.
pub(super) async fn pages(client: &Client, what: &[&str]) -> Result<Vec<Value>, ClientError> {
    let mut items = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let parameters: Vec<(&str, &str)> =
            cursor.iter().map(|at| ("cursor", at.as_str())).collect();
        let mut page = client.ask(Method::GET, what, &parameters, None).await?;
        if let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) {
            items.extend(found);
        }
        let next = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if next.is_none() || next == cursor {
            break;
        }
        cursor = next;
    }
    Ok(items)
}

pub(super) async fn change(
    connect: &Connect,
    method: Method,
    path: &[&str],
    body: Option<Value>,
) -> Result<Status, ClientError> {
    let answer = ask(connect, method, path, body.as_ref()).await?;
    if connect.json && !answer.is_null() {
        say(&answer.to_string());
    }
    Ok(Status::Done)
}

/// Makes an account and prints the secret that the daemon made: on a line of its own for scripts.
pub(super) async fn add(
    connect: &Connect,
    what: &[&str],
    body: Value,
    secret: &str,
) -> Result<Status, ClientError> {
    let answer = ask(connect, Method::POST, what, Some(&body)).await?;
    print(connect, &answer, || {
        let shown = answer.get(secret).and_then(Value::as_str);
        if shown.is_some() {
            note("Keep the secret now; it is never shown again.");
        }
        shown.into_iter().map(str::to_owned).collect()
    });
    Ok(Status::Done)
}

pub(super) fn print(connect: &Connect, answer: &Value, lines: impl FnOnce() -> Vec<String>) {
    let lines = if connect.json { vec![answer.to_string()] } else { lines() };
    lines.iter().for_each(|line| say(line));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_first_line_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "word with spaces \r\nsecond line\n").unwrap();
        assert_eq!(secret(&path).unwrap().as_str(), "word with spaces ");
        std::fs::write(&path, "\n").unwrap();
        assert!(secret(&path).is_err());
        assert!(secret(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_number_has_a_type() {
        let mobile = json!({ "type": "mobile", "value": "+49 151 5550001" });
        assert_eq!(number("mobile:+49 151 5550001").unwrap(), mobile);
        assert!(number("+49 151 5550001").is_err());
    }
}
