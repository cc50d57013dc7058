//! What the driver's errors mean.

use std::error::Error;

use tokio_postgres::error::{DbError, Severity};

use crate::store::StoreError;

/// Why a piece of work with the database ended.
#[derive(Debug)]
pub(super) enum Fault {
    /// The connection is gone, and with it what was not committed. Another one may do.
    Lost(String),
    /// The database said no.
    Refused(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Lost(why) => Self::Unreachable(why),
            Fault::Refused(error) => error,
        }
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) => of_server(said),
            None => Self::Lost(chain(&error)),
        }
    }
}

/// Errors of PostgreSQL 15, appendix A, by what an operator does about them. An error that ends the
/// connection says nothing of what was asked for: a server that is shut down while a COMMIT waits for
/// a standby has committed, and one whose log's disk is full may have.
fn of_server(said: &DbError) -> Fault {
    // Details name values of rows; they are no business of a log.
    let text = format!("{} ({})", said.message(), said.code().code());
    Fault::Refused(match said.code().code() {
        "25006" | "42501" | "3D000" => StoreError::Refused(text),
        code if code.starts_with("28") => StoreError::Refused(text),
        code if code.starts_with("08") || code.starts_with("57P") => return Fault::Lost(text),
        _ if is_fatal(said) => return Fault::Lost(text),
        "53100" => StoreError::Full(text),
        "55P03" | "57014" | "40001" | "40P01" => StoreError::Busy(text),
        "42P01" | "42703" | "XX001" | "XX002" => StoreError::Damaged(text),
        _ => StoreError::Failed(text),
    })
}

/// Whether the server closes the connection with this error.
fn is_fatal(said: &DbError) -> bool {
    matches!(said.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
}

fn chain(error: &tokio_postgres::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
