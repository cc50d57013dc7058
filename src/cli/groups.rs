//! `ringbook department`, `site` and `book`: what contacts of the running daemon are grouped by.

use clap::{Args, Subcommand};
use hyper::Method;
use serde_json::{Map, Value, json};

use crate::cli::accounts::{ask, change, list, print};
use crate::cli::accounts_table::record;
use crate::cli::client::{Client, ClientError};
use crate::cli::organizations::{texts, values};
use crate::cli::{Connect, Status};

/// What stands for a book's readers where everybody is one.
const EVERYBODY: &str = "everybody";

#[derive(Clone, Debug, Subcommand)]
pub(super) enum DivisionCommand {
    /// Make one; it is also made when a person's card names a new one
    Add {
        /// Name that people see
        name: String,
        /// Permanent id; made of the name where it is missing
        #[arg(long, value_name = "ID")]
        id: Option<String>,
        #[command(flatten)]
        connect: Connect,
    },
    /// List all
    List {
        #[command(flatten)]
        connect: Connect,
    },
    /// Show one
    Show {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        connect: Connect,
    },
    /// Give it another name, on its members' cards too
    Set {
        #[command(flatten)]
        named: Named,
        /// Name that people see
        #[arg(long, value_name = "NAME")]
        name: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Remove one without members
    Remove {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        connect: Connect,
    },
}

#[derive(Args, Clone, Debug)]
pub(super) struct Named {
    /// Permanent id
    id: String,
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum BookCommand {
    /// Make a further shared book
    Add {
        /// Name that people see
        name: String,
        /// Permanent id; made of the name where it is missing
        #[arg(long, value_name = "ID")]
        id: Option<String>,
        #[command(flatten)]
        members: Members,
        #[command(flatten)]
        connect: Connect,
    },
    /// List the further shared books
    List {
        #[command(flatten)]
        connect: Connect,
    },
    /// Show one book
    Show {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        connect: Connect,
    },
    /// Change what is given; the rest stays
    Set {
        #[command(flatten)]
        named: Named,
        /// Name that people see
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        #[command(flatten)]
        members: Members,
        #[command(flatten)]
        connect: Connect,
    },
    /// Remove a book with its contacts
    Remove {
        #[command(flatten)]
        named: Named,
        /// How many contacts go with the book
        #[arg(long, value_name = "COUNT")]
        confirm: Option<usize>,
        #[command(flatten)]
        connect: Connect,
    },
}

#[derive(Args, Clone, Debug)]
pub(super) struct Members {
    /// Who reads it: everybody, or extensions, department-ID and site-ID, separated by commas
    #[arg(long, value_name = "LIST")]
    readers: Option<String>,
    /// Who writes it besides office managers and administrators; "" for nobody
    #[arg(long, value_name = "LIST")]
    writers: Option<String>,
}

pub(super) async fn department(command: DivisionCommand) -> Result<Status, ClientError> {
    division("departments", command).await
}

pub(super) async fn site(command: DivisionCommand) -> Result<Status, ClientError> {
    division("sites", command).await
}

async fn division(kind: &str, command: DivisionCommand) -> Result<Status, ClientError> {
    match command {
        DivisionCommand::Add { name, id, connect } => {
            make(&connect, kind, texts([("name", Some(name)), ("id", id)]).collect()).await
        }
        DivisionCommand::List { connect } => {
            list(&connect, &[kind], &["id", "name", "count"]).await
        }
        DivisionCommand::Show { named, connect } => show(&connect, &[kind, &named.id]).await,
        DivisionCommand::Set { named, name, connect } => {
            let body = Some(json!({ "name": name }));
            change(&connect, Method::PATCH, &[kind, &named.id], body).await
        }
        DivisionCommand::Remove { named, connect } => {
            change(&connect, Method::DELETE, &[kind, &named.id], None).await
        }
    }
}

pub(super) async fn book(command: BookCommand) -> Result<Status, ClientError> {
    const BOOKS: &str = "books";
    match command {
        BookCommand::Add { name, id, members, connect } => {
            let mut body: Map<String, Value> = texts([("name", Some(name)), ("id", id)]).collect();
            body.extend(members.json());
            make(&connect, BOOKS, body).await
        }
        BookCommand::List { connect } => {
            list(&connect, &[BOOKS], &["id", "name", "count", "readers", "writers"]).await
        }
        BookCommand::Show { named, connect } => show(&connect, &[BOOKS, &named.id]).await,
        BookCommand::Set { named, name, members, connect } => {
            let mut body = members.json();
            body.extend(texts([("name", name)]));
            let body = Some(Value::Object(body));
            change(&connect, Method::PATCH, &[BOOKS, &named.id], body).await
        }
        BookCommand::Remove { named, confirm, connect } => {
            let confirm = confirm.map(|count| count.to_string());
            let confirm: Vec<(&str, &str)> =
                confirm.iter().map(|count| ("confirm", count.as_str())).collect();
            let client = Client::find(&connect)?;
            client.ask(Method::DELETE, &[BOOKS, &named.id], &confirm, None).await?;
            Ok(Status::Done)
        }
    }
}

impl Members {
    fn json(&self) -> Map<String, Value> {
        let readers = self.readers.as_deref().map(|list| match list {
            EVERYBODY => Value::Null,
            list => json!(values(list)),
        });
        let writers = self.writers.as_deref().map(|list| json!(values(list)));
        let given = [("readers", readers), ("writers", writers)];
        given.into_iter().filter_map(|(name, list)| Some((name.to_owned(), list?))).collect()
    }
}

/// Makes something and prints its id: on a line of its own for scripts.
async fn make(
    connect: &Connect,
    kind: &str,
    body: Map<String, Value>,
) -> Result<Status, ClientError> {
    let made = ask(connect, Method::POST, &[kind], Some(&Value::Object(body))).await?;
    print(connect, &made, || {
        made.get("id").and_then(Value::as_str).into_iter().map(str::to_owned).collect()
    });
    Ok(Status::Done)
}

async fn show(connect: &Connect, path: &[&str]) -> Result<Status, ClientError> {
    let shown = ask(connect, Method::GET, path, None).await?;
    print(connect, &shown, || record(&shown));
    Ok(Status::Done)
}
