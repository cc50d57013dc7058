//! `ringbook phone`, `token`, `user app-password` and `audit`: credentials of devices and programs,
//! and who used them.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hyper::Method;
use serde_json::{Map, Value, json};

use crate::cli::accounts::{add, ask, change, list, print, secret};
use crate::cli::accounts_table::{record, table};
use crate::cli::client::ClientError;
use crate::cli::{Connect, Status};

const PHONES: &str = "phones";
const TOKENS: &str = "tokens";

#[derive(Clone, Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token and print its secret, which is never shown again
    Add {
        /// What the token is for
        name: String,
        /// user, office-manager, admin or operator
        #[arg(long, value_name = "ROLE", default_value = "admin")]
        role: String,
        /// What it may do of what its role may: read, write, import, presence or accounts; several are
        /// separated by commas. Everything where it is left out
        #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
        scope: Vec<String>,
        /// When the token ends, such as 2027-01-31T00:00:00Z
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        #[command(flatten)]
        connect: Connect,
    },
    /// List the tokens, without their secrets
    List {
        #[command(flatten)]
        connect: Connect,
    },
    /// Remove a token: it ends at once
    Remove {
        /// The token's public id
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum PhoneCommand {
    /// Make a phone account and print its secret, unless one is given
    Add {
        /// Name of the account: cn=NAME,ou=services,SUFFIX
        name: String,
        /// File whose first line is the secret; `-` is the standard input
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        #[command(flatten)]
        fields: PhoneFields,
        #[command(flatten)]
        connect: Connect,
    },
    /// List the phone accounts, without their secrets
    List {
        #[command(flatten)]
        connect: Connect,
    },
    /// Show one phone account
    Show {
        /// Name of the account
        name: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Change what is given; the rest stays
    Set {
        /// Name of the account
        name: String,
        #[command(flatten)]
        fields: PhoneFields,
        #[command(flatten)]
        connect: Connect,
    },
    /// Add a second secret and print it; both count until --finish
    Rotate {
        /// Name of the account
        name: String,
        /// Remove the older secret, when all phones have the new one
        #[arg(long, conflicts_with_all = ["secret_file", "replace_oldest"])]
        finish: bool,
        /// Push out the older of two secrets
        #[arg(long)]
        replace_oldest: bool,
        /// File whose first line is the secret; `-` is the standard input
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        #[command(flatten)]
        connect: Connect,
    },
    /// Remove a phone account: its phones are disconnected
    Remove {
        /// Name of the account
        name: String,
        #[command(flatten)]
        connect: Connect,
    },
}

/// An empty value clears a list: `--network ''`.
#[derive(Args, Clone, Debug)]
pub(super) struct PhoneFields {
    /// Network it may sign in from, such as 192.0.2.0/24; several are separated by commas
    #[arg(long, value_name = "NETWORK", value_delimiter = ',')]
    network: Vec<String>,
    /// Address book it sees, such as people or department-support; several are separated by commas
    #[arg(long, value_name = "BOOK", value_delimiter = ',')]
    book: Vec<String>,
    /// Extension of a user whose personal contacts and favorites it shows; several need --network
    /// and TLS
    #[arg(long, value_name = "EXTENSION", value_delimiter = ',')]
    acts_for: Vec<String>,
    /// How numbers are written: as-written, e164, national or dialled
    #[arg(long, value_name = "FORMAT")]
    number_format: Option<String>,
    /// given-first, family-first, or default: as in the organization
    #[arg(long, value_name = "ORDER")]
    name_order: Option<String>,
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum AppPasswordCommand {
    /// Make an app password and print it; it is never shown again
    Add {
        /// Extension of the user
        extension: String,
        /// Which device it is for
        name: String,
        /// Where it signs in: ldap:read, carddav or http; several are separated by commas
        #[arg(long, value_name = "DOOR", value_delimiter = ',', required = true)]
        door: Vec<String>,
        #[command(flatten)]
        connect: Connect,
    },
    /// List the app passwords of a user, without their secrets
    List {
        /// Extension of the user
        extension: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Remove an app password: the device is signed out at once
    Remove {
        /// Extension of the user
        extension: String,
        /// Public id of the app password
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
}

#[derive(Args, Clone, Debug)]
pub(super) struct AuditArguments {
    /// Entries at most, newest first: 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
    /// Only entries with a lower number
    #[arg(long, value_name = "NUMBER")]
    before: Option<i64>,
    #[command(flatten)]
    connect: Connect,
}

pub(super) async fn token(command: TokenCommand) -> Result<Status, ClientError> {
    match command {
        TokenCommand::Add { name, role, scope, expires, connect } => {
            let mut body = Map::new();
            body.insert("name".to_owned(), json!(name));
            body.insert("role".to_owned(), json!(role));
            body.insert("scopes".to_owned(), json!(scope));
            body.extend(expires.map(|time| ("expires".to_owned(), json!(time))));
            add(&connect, &[TOKENS], Value::Object(body), "secret").await
        }
        TokenCommand::List { connect } => {
            let columns = ["id", "name", "role", "scopes", "organization", "expires", "last_use"];
            list(&connect, &[TOKENS], &columns).await
        }
        TokenCommand::Remove { id, connect } => {
            change(&connect, Method::DELETE, &[TOKENS, &id], None).await
        }
    }
}

pub(super) async fn phone(command: PhoneCommand) -> Result<Status, ClientError> {
    match command {
        PhoneCommand::Add { name, secret_file, fields, connect } => {
            let mut body = fields.json();
            body.insert("name".to_owned(), json!(name));
            put_secret(&mut body, secret_file)?;
            add(&connect, &[PHONES], Value::Object(body), "secret").await
        }
        PhoneCommand::List { connect } => {
            let columns = ["name", "dn", "networks", "books", "acts_for", "secrets", "last_use"];
            list(&connect, &[PHONES], &columns).await
        }
        PhoneCommand::Show { name, connect } => {
            let shown = ask(&connect, Method::GET, &[PHONES, &name], None).await?;
            print(&connect, &shown, || record(&shown));
            Ok(Status::Done)
        }
        PhoneCommand::Set { name, fields, connect } => {
            let body = Some(Value::Object(fields.json()));
            change(&connect, Method::PATCH, &[PHONES, &name], body).await
        }
        PhoneCommand::Rotate { name, finish: true, connect, .. } => {
            let path = [PHONES, &name, "secrets", "oldest"];
            change(&connect, Method::DELETE, &path, None).await
        }
        PhoneCommand::Rotate { name, replace_oldest, secret_file, connect, .. } => {
            let mut body = Map::new();
            body.insert("replace_oldest".to_owned(), json!(replace_oldest));
            put_secret(&mut body, secret_file)?;
            add(&connect, &[PHONES, &name, "secrets"], Value::Object(body), "secret").await
        }
        PhoneCommand::Remove { name, connect } => {
            change(&connect, Method::DELETE, &[PHONES, &name], None).await
        }
    }
}

pub(super) async fn app_password(command: AppPasswordCommand) -> Result<Status, ClientError> {
    const USERS: &str = "users";
    const OWN: &str = "app-passwords";
    match command {
        AppPasswordCommand::Add { extension, name, door, connect } => {
            let body = json!({ "name": name, "doors": door });
            add(&connect, &[USERS, &extension, OWN], body, "secret").await
        }
        AppPasswordCommand::List { extension, connect } => {
            let columns = ["id", "name", "doors", "created", "last_use"];
            list(&connect, &[USERS, &extension, OWN], &columns).await
        }
        AppPasswordCommand::Remove { extension, id, connect } => {
            change(&connect, Method::DELETE, &[USERS, &extension, OWN, &id], None).await
        }
    }
}

pub(super) async fn audit(arguments: AuditArguments) -> Result<Status, ClientError> {
    let AuditArguments { limit, before, connect } = arguments;
    let (limit, before) = (limit.to_string(), before.map(|number| number.to_string()));
    let mut parameters = vec![("limit", limit.as_str())];
    parameters.extend(before.as_deref().map(|number| ("before", number)));
    let client = crate::cli::client::Client::find(&connect)?;
    let answer = client.ask(Method::GET, &["audit"], &parameters, None).await?;
    let columns = [
        "number",
        "time",
        "organization",
        "actor",
        "address",
        "door",
        "action",
        "outcome",
        "count",
    ];
    let items = answer.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    print(&connect, &answer, || table(&items, &columns));
    Ok(Status::Done)
}

impl PhoneFields {
    /// What was given, under the names of the API.
    fn json(self) -> Map<String, Value> {
        let mut body = Map::new();
        let lists = [("networks", self.network), ("books", self.book), ("acts_for", self.acts_for)];
        for (name, mut list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            list.retain(|text| !text.is_empty());
            body.insert(name.to_owned(), json!(list));
        }
        body.extend(self.number_format.map(|format| ("number_format".to_owned(), json!(format))));
        body.extend(self.name_order.map(|order| {
            let order = if order == "default" { Value::Null } else { json!(order) };
            ("name_order".to_owned(), order)
        }));
        body
    }
}

fn put_secret(body: &mut Map<String, Value>, file: Option<PathBuf>) -> Result<(), ClientError> {
    if let Some(file) = file {
        body.insert("secret".to_owned(), Value::from(secret(&file)?.as_str()));
    }
    Ok(())
}
