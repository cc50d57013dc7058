//! One connection: its thread, its settings, its prepared statements and its transactions.

use std::collections::HashMap;
use std::future::Future;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, IsolationLevel, Row, Statement, Transaction};

use crate::store::StoreError;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::tls::Tls;
use crate::store::postgres::url::PostgresUrl;
use crate::store::postgres::wait::wait;

/// A server that says nothing for this long is given up. Longer than it works on one statement.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Rows on their way at a time: a load never holds all of them twice.
const ROWS_FETCHED: i32 = 500;
/// What each connection asks for. A server that is told to acknowledge commits before they are on
/// its disk (`synchronous_commit = off`) does not do so here; stricter settings stay.
const SETTINGS: &str = "
    SET statement_timeout = '30s';
    SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '60s';
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') = 'off';
";
/// PostgreSQL 13: `pg_current_xact_id`.
const VERSION_MIN: i32 = 130_000;

pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection. Once a fault says that it is lost, it is of no further use.
pub(super) struct Session {
    client: Client,
    statements: HashMap<String, Statement>,
}

/// What a transaction is for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// All statements see the database of one moment.
    Read,
    /// Each statement sees what was committed before it: what a lock waited for, too.
    Write,
}

/// One transaction; rolled back where it is not committed.
pub(super) struct Work<'a> {
    transaction: Transaction<'a>,
    statements: &'a mut HashMap<String, Statement>,
}

/// Runs work that waits for the database.
pub(super) fn run<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let silent = || Fault::Lost(format!("no answer for {} s", SILENCE_MAX.as_secs()));
    wait(SILENCE_MAX, work).unwrap_or_else(|| Err(silent()))
}

impl Session {
    /// Connects, and checks that the server is one to write to.
    pub(super) fn connect(url: &PostgresUrl) -> Result<Self, Fault> {
        let client = connect(url)?;
        let session = Self { client, statements: HashMap::new() };
        run(session.prepare_server())?;
        Ok(session)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    async fn prepare_server(&self) -> Result<(), Fault> {
        self.client.batch_execute(SETTINGS).await?;
        let sql = "SELECT pg_is_in_recovery(), current_setting('server_version_num')::int, \
                   current_setting('server_encoding'), current_setting('fsync')";
        let row = self.client.query_one(sql, &[]).await?;
        let refused = |what: String| Err(StoreError::Refused(what).into());
        if cell::<bool>(&row, 0)? {
            return refused("the server is a read-only standby".to_owned());
        }
        if cell::<i32>(&row, 1)? < VERSION_MIN {
            return refused("PostgreSQL 13 or later is needed".to_owned());
        }
        let encoding: String = cell(&row, 2)?;
        if encoding != "UTF8" {
            return refused(format!("the database's encoding is {encoding}; UTF8 is needed"));
        }
        if cell::<String>(&row, 3)? == "off" {
            tracing::warn!("the PostgreSQL server has fsync off: a power cut may lose everything");
        }
        Ok(())
    }

    /// Begins a transaction.
    pub(super) async fn begin(&mut self, purpose: Purpose) -> Result<Work<'_>, Fault> {
        let (level, read_only) = match purpose {
            Purpose::Read => (IsolationLevel::RepeatableRead, true),
            Purpose::Write => (IsolationLevel::ReadCommitted, false),
        };
        let transaction = self.client.build_transaction();
        let transaction = transaction.isolation_level(level).read_only(read_only).start().await?;
        Ok(Work { transaction, statements: &mut self.statements })
    }
}

impl Work<'_> {
    /// A statement that is prepared once for each connection.
    pub(super) async fn statement(&mut self, sql: &str) -> Result<Statement, Fault> {
        if let Some(found) = self.statements.get(sql) {
            return Ok(found.clone());
        }
        let statement = self.transaction.prepare(sql).await?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// The only row of an answer, where there is one.
    pub(super) async fn row(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
    ) -> Result<Option<Row>, Fault> {
        let statement = self.statement(sql).await?;
        Ok(self.transaction.query_opt(&statement, parameters).await?)
    }

    /// Tells each row of an answer; only some of them are in memory at a time.
    pub(super) async fn each(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
        mut tell: impl FnMut(&Row),
    ) -> Result<(), Fault> {
        let statement = self.statement(sql).await?;
        let portal = self.transaction.bind(&statement, parameters).await?;
        loop {
            let rows = self.transaction.query_portal(&portal, ROWS_FETCHED).await?;
            rows.iter().for_each(&mut tell);
            if i32::try_from(rows.len()).is_ok_and(|count| count < ROWS_FETCHED) {
                return Ok(());
            }
        }
    }

    /// Executes a prepared statement. It is on its way once this is first polled.
    pub(super) async fn execute(
        &self,
        statement: &Statement,
        parameters: Parameters<'_>,
    ) -> Result<(), Fault> {
        self.transaction.execute(statement, parameters).await?;
        Ok(())
    }

    /// Executes statements that are used once.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Fault> {
        Ok(self.transaction.batch_execute(sql).await?)
    }

    /// Commits. Where this says [`Fault::Lost`], the commit may have happened.
    pub(super) async fn commit(self) -> Result<(), Fault> {
        Ok(self.transaction.commit().await?)
    }
}

/// A value of a row of our own making.
pub(super) fn cell<'a, T>(row: &'a Row, at: usize) -> Result<T, Fault>
where
    T: tokio_postgres::types::FromSql<'a>,
{
    row.try_get(at).map_err(|fault| StoreError::Damaged(fault.to_string()).into())
}

/// Starts the thread that carries one connection. It ends with the connection.
fn connect(url: &PostgresUrl) -> Result<Client, Fault> {
    let tls = Tls::trusting(url.authorities.as_deref())?;
    let config = url.config.clone();
    let (tell, told) = mpsc::sync_channel(1);
    let failed = |fault: std::io::Error| Fault::from(StoreError::Failed(fault.to_string()));
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let carry = move || {
        runtime.block_on(async move {
            let connection = match config.connect(tls).await {
                Ok((client, connection)) => {
                    // Fails where the caller has given up: dropping the client closes it.
                    let _ = tell.send(Ok(client));
                    connection
                }
                Err(fault) => {
                    let _ = tell.send(Err(fault));
                    return;
                }
            };
            if let Err(fault) = connection.await {
                let fault = StoreError::from(Fault::from(fault));
                tracing::warn!(%fault, "a connection to the database ended");
            }
        });
    };
    thread::Builder::new().name("postgres".into()).spawn(carry).map_err(failed)?;
    match told.recv_timeout(SILENCE_MAX) {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Fault::Lost("the server does not finish the connection".to_owned())),
    }
}
