//! `ringbook import --watch`: imports the files that come into a folder, each of them once.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::cli::client::{Client, ClientError};
use crate::cli::export::save;
use crate::cli::import::watch::claim::{Claim, Ending};
use crate::cli::import::watch::folder::{Folder, Mark};
use crate::cli::import::{ImportArguments, Sent, open, report, send};
use crate::cli::{Status, note, say};

mod claim;
mod folder;

/// Looks of `--once`: the first, and those that show that a file does not change.
const LOOKS_ONCE: u32 = 3;
/// Longest wait for a daemon that is away.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest wait for an answer; the same import may be asked for again.
const ANSWER: Duration = Duration::from_secs(30 * 60);
/// What an import that is under way gets when the program is to stop.
const STOP: Duration = Duration::from_secs(10);
/// How often a file may break the connection or the daemon before it goes to failed/.
const BREAKS_MAX: u32 = 5;

pub(super) async fn run(arguments: &ImportArguments, folder: &Path) -> Result<Status, ClientError> {
    let io = |source| ClientError::Io { what: folder.display().to_string(), source };
    let kinds = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    let [Ok(mut terminate), Ok(mut interrupt)] = kinds else {
        return Err(io(io::Error::other("cannot listen for signals")));
    };
    let folder = Folder::open(folder).map_err(io)?;
    let mut watch = Watch { arguments, folder, breaks: HashMap::new(), said: String::new() };
    let (stopping, mut statuses, mut away) = (AtomicBool::new(false), Vec::new(), 0);
    for look in 1.. {
        let round = {
            let mut round = pin!(watch.round(&stopping, &mut statuses));
            tokio::select! {
                round = &mut round => round,
                () = asked(&mut terminate, &mut interrupt) => {
                    stopping.store(true, Ordering::Relaxed);
                    // What is not finished by then goes on at the next start.
                    let _ = timeout(STOP, round).await;
                    return Ok(Status::Done);
                }
            }
        };
        let waits = round.map_err(|source| watch.fault(source))?;
        away = if waits { away + 1 } else { 0 };
        if arguments.once && (waits || look >= LOOKS_ONCE) {
            return Ok(if waits { Status::Nothing } else { ended(&statuses) });
        }
        if !arguments.once {
            statuses.clear();
        }
        tokio::select! {
            () = sleep(pause(arguments.every, away)) => {}
            () = asked(&mut terminate, &mut interrupt) => return Ok(Status::Done),
        }
    }
    Ok(Status::Done)
}

async fn asked(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// The time between two rounds; longer and longer while the daemon is away.
fn pause(every: f64, away: u32) -> Duration {
    let every = Duration::from_secs_f64(every);
    match away {
        0 => every,
        _ => every.max(Duration::from_millis(500)).saturating_mul(1 << away.min(10)).min(PATIENCE),
    }
}

fn ended(statuses: &[Status]) -> Status {
    if statuses.is_empty() { Status::Done } else { report::together(statuses) }
}

struct Watch<'a> {
    arguments: &'a ImportArguments,
    folder: Folder,
    /// How often each import ended without an answer.
    breaks: HashMap<Uuid, u32>,
    /// The last complaint, so that each is made once.
    said: String,
}

/// What one attempt came to.
enum Attempt {
    Ended(Ending, Value),
    /// The daemon is away, or cannot do it now.
    Later(ClientError),
    /// Nobody knows what became of it, or the daemon fails at this file.
    Broken(ClientError),
    /// Somebody wrote to the file meanwhile.
    Changed,
}

impl Watch<'_> {
    /// Imports what was left and what is complete; whether something waits for the daemon.
    async fn round(
        &mut self,
        stopping: &AtomicBool,
        statuses: &mut Vec<Status>,
    ) -> io::Result<bool> {
        let mut waits = false;
        for claim in Claim::left(&self.folder.path)? {
            if stopping.load(Ordering::Relaxed) {
                return Ok(false);
            }
            match self.finish(&claim).await? {
                Some(status) => statuses.push(status),
                None => waits = true,
            }
        }
        // The folder is looked at in every round, so that looks are counted.
        for name in self.folder.look()? {
            if waits || stopping.load(Ordering::Relaxed) {
                break;
            }
            let claim = match Claim::take(&self.folder.path, &name) {
                Ok(claim) => claim,
                // Whoever put it there took it away again.
                Err(fault) if fault.kind() == io::ErrorKind::NotFound => continue,
                Err(fault) => return Err(fault),
            };
            match self.finish(&claim).await? {
                Some(status) => statuses.push(status),
                None => waits = true,
            }
        }
        Ok(waits)
    }

    /// Brings a claim to its end; none where that must wait.
    async fn finish(&mut self, claim: &Claim) -> io::Result<Option<Status>> {
        if claim.resume()?.is_some() {
            return Ok(Some(Status::Done));
        }
        let (ending, answer) = match self.attempt(claim).await? {
            Attempt::Ended(ending, answer) => (ending, answer),
            Attempt::Changed => {
                self.complain(&format!("{}: changed while it was imported", shown(claim)));
                claim.give_back()?;
                return Ok(Some(Status::Done));
            }
            Attempt::Later(error) => {
                self.complain(&format!("{}: waits: {error}", shown(claim)));
                return Ok(None);
            }
            Attempt::Broken(error) => {
                let breaks = self.breaks.entry(claim.key).or_default();
                *breaks += 1;
                if *breaks < BREAKS_MAX {
                    self.complain(&format!("{}: is tried again: {error}", shown(claim)));
                    return Ok(None);
                }
                let detail = format!("given up after {BREAKS_MAX} attempts: {error}");
                (Ending::Failed, json!({ "detail": detail }))
            }
        };
        self.breaks.remove(&claim.key);
        self.said.clear();
        self.end(claim, ending, &answer).map(Some)
    }

    async fn attempt(&self, claim: &Claim) -> io::Result<Attempt> {
        let path = claim.file();
        let before = Mark::of(&fs::symlink_metadata(&path)?);
        let client = match Client::find(&self.arguments.connect) {
            Ok(client) => client.in_language(self.arguments.how.language.as_deref()),
            Err(error) => return Ok(Attempt::Later(error)),
        };
        let answer = timeout(ANSWER, self.import(&client, claim)).await;
        let answer = answer.unwrap_or_else(|late| Err(client.protocol(&late)));
        if Mark::of(&fs::symlink_metadata(&path)?) != before {
            return Ok(Attempt::Changed);
        }
        Ok(match answer {
            Ok(report) => Attempt::Ended(Ending::Done, report),
            Err(error) => judge(error),
        })
    }

    /// Sends the file, and fetches the refused rows; the report.
    async fn import(&self, client: &Client, claim: &Claim) -> Result<Value, ClientError> {
        let unreadable = |fault: ClientError| ClientError::Input(fault.to_string());
        let (reader, length) = open(&claim.file()).map_err(unreadable)?;
        let (name, told) = (shown(claim), claim.name.to_string_lossy().into_owned());
        let key = Some(claim.key.to_string());
        let file = Sent { name: &name, told: Some(told), key, reader, length };
        let report = send(client, &self.arguments.how, file, &[]).await?;
        let refused = report.get("failed").and_then(Value::as_array);
        let id = report.get("id").and_then(Value::as_str);
        if let Some(id) = id.filter(|_| refused.is_some_and(|rows| !rows.is_empty())) {
            let path = ["imports", id];
            match client.send(Method::GET, &path, &[("format", "csv")], None).await {
                Ok(answer) => drop(save(client, answer, Some(&claim.refused())).await?),
                // The report names the rows too.
                Err(ClientError::Refused { status, .. }) if status.is_client_error() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(report)
    }

    /// Writes the report, moves the file, and says so.
    fn end(&self, claim: &Claim, ending: Ending, answer: &Value) -> io::Result<Status> {
        let name = shown(claim);
        // A refusal has the report inside, where there is one.
        let inner = answer.get("report").unwrap_or(answer);
        let mut lines = Vec::new();
        if let Some(detail) = answer.get("detail").and_then(Value::as_str) {
            lines.push(format!("{name}: {}", report::plain(detail)));
        }
        if inner.get("created").is_some() {
            lines.extend(report::lines(&name, inner));
        }
        let text = lines.join("\n") + "\n";
        let json = serde_json::to_string_pretty(answer).unwrap_or_default();
        let path = claim.end(ending, &json, &text)?;
        if self.arguments.connect.json {
            let told =
                json!({ "file": name, "moved_to": path.to_string_lossy(), "report": answer });
            say(&told.to_string());
        } else {
            lines.first().into_iter().for_each(|line| say(line));
        }
        Ok(match ending {
            Ending::Done => report::status(answer),
            Ending::Failed => Status::Nothing,
        })
    }

    /// Says what stands in the way, once.
    fn complain(&mut self, complaint: &str) {
        if self.said != complaint {
            note(complaint);
            complaint.clone_into(&mut self.said);
        }
    }

    fn fault(&self, source: io::Error) -> ClientError {
        ClientError::Io { what: self.folder.path.display().to_string(), source }
    }
}

/// Whether another attempt may come to more.
fn judge(error: ClientError) -> Attempt {
    match error {
        ClientError::Refused { status, problem, detail } => {
            let error = ClientError::Refused { status, detail, problem: problem.clone() };
            match status {
                // The daemon starts, stops, is busy, or does not know our token yet.
                StatusCode::UNAUTHORIZED
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT => Attempt::Later(error),
                status if status.is_server_error() => Attempt::Broken(error),
                _ if problem.is_object() => Attempt::Ended(Ending::Failed, problem),
                _ => Attempt::Ended(Ending::Failed, json!({ "detail": error.to_string() })),
            }
        }
        ClientError::Protocol { .. } => Attempt::Broken(error),
        ClientError::Input(detail) => Attempt::Ended(Ending::Failed, json!({ "detail": detail })),
        ClientError::NoDaemon(_)
        | ClientError::NoToken(_)
        | ClientError::Url(_)
        | ClientError::Io { .. } => Attempt::Later(error),
    }
}

fn shown(claim: &Claim) -> String {
    report::plain(&claim.name.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_for_a_daemon_grows_up_to_a_minute() {
        let seconds = |away| pause(2.0, away).as_secs();
        assert_eq!([0, 1, 2, 3, 4, 5, 99].map(seconds), [2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn a_file_fails_by_its_own_fault_only() {
        let refused = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            judge(ClientError::Refused { status, detail: String::new(), problem: json!({}) })
        };
        for status in [400, 403, 404, 409, 413] {
            assert!(matches!(refused(status), Attempt::Ended(Ending::Failed, _)), "{status}");
        }
        for status in [401, 429, 503] {
            assert!(matches!(refused(status), Attempt::Later(_)), "{status}");
        }
        assert!(matches!(refused(500), Attempt::Broken(_)));
        assert!(matches!(judge(ClientError::Input("x".to_owned())), Attempt::Ended(..)));
        assert!(matches!(judge(ClientError::NoDaemon("x".to_owned())), Attempt::Later(_)));
    }
}
