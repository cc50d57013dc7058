//! A throw-away PostgreSQL server: its own folder, a socket in it, gone when dropped.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each test file uses some of it")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tempfile::TempDir;

/// Where Debian keeps the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Longest start; only a hanging server needs it.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    /// Addresses to listen on besides the socket, with further settings.
    settings: Vec<String>,
    server: Option<Server>,
}

struct Server {
    process: Child,
    log: JoinHandle<()>,
}

impl Cluster {
    /// A server with an empty database `ringbook` of the user `ringbook`. None, with a message:
    /// PostgreSQL is not installed. In CI that is a failure.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// As [`Cluster::start`], with further settings.
    pub(crate) fn start_with(settings: &[String]) -> Option<Self> {
        let Some(programs) = programs() else {
            let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!ci, "PostgreSQL must be installed in CI (Debian: postgresql)");
            eprintln!("skipped: PostgreSQL's initdb is not installed (Debian: postgresql)");
            return None;
        };
        let folder = TempDir::new().unwrap();
        if is_root() {
            // The server refuses to be root; Debian's package brings the user.
            let chown = Command::new("chown").arg("postgres:").arg(folder.path()).status();
            assert!(chown.unwrap().success(), "there is no user postgres");
        }
        let mut cluster = Self { programs, folder, settings: settings.to_vec(), server: None };
        let data = cluster.data();
        let made = cluster
            .program("initdb")
            .args(["--no-sync", "--no-instructions", "-A", "trust", "-U", "postgres"])
            .args(["-E", "UTF8", "--locale=C.UTF-8", "-D"])
            .arg(data)
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success(), "initdb failed");
        cluster.run();
        cluster.sql("postgres", "CREATE ROLE ringbook LOGIN");
        cluster.sql("postgres", "CREATE DATABASE ringbook OWNER ringbook");
        Some(cluster)
    }

    /// Starts the server, and waits until it answers.
    pub(crate) fn run(&mut self) {
        let mut process = self
            .program("postgres")
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(self.socket())
            .args(["-c", "log_destination=stderr", "-c", "logging_collector=off"])
            .args(self.settings.iter().flat_map(|setting| ["-c", setting]))
            .args(if self.listens() { [].as_slice() } else { &["-c", "listen_addresses="] })
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let (tell, ready) = mpsc::channel();
        let path = self.folder.path().join("log");
        let log = thread::spawn(move || {
            let mut log = String::new();
            for line in lines.map_while(Result::ok) {
                if line.contains("ready to accept") {
                    let _ = tell.send(());
                }
                log.push_str(&line);
                log.push('\n');
                let _ = fs::write(&path, &log);
            }
        });
        let ready = ready.recv_timeout(PATIENCE);
        self.server = Some(Server { process, log });
        assert!(ready.is_ok(), "PostgreSQL does not start: {}", self.log());
    }

    fn listens(&self) -> bool {
        self.settings.iter().any(|setting| setting.starts_with("listen_addresses"))
    }

    /// Ends the server as a crash would: what is not on its disk is lost.
    pub(crate) fn crash(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let kill = format!("kill -QUIT {}", server.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        server.process.wait().unwrap();
        server.log.join().unwrap();
    }

    /// What the server logged since its start.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The folder of the server's socket.
    pub(crate) fn socket(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Address of the database `ringbook`, for its owner.
    pub(crate) fn url(&self) -> String {
        self.url_of("ringbook", "ringbook")
    }

    pub(crate) fn url_of(&self, user: &str, database: &str) -> String {
        url_at(self.socket(), user, database)
    }

    /// Executes statements as the superuser, and returns the rows as lines.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = self.program("psql");
        psql.arg("-h").arg(self.socket()).args([
            "-U",
            "postgres",
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
        ]);
        let output = psql.args([database, "-c", sql]).output().unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Writes one database into another, new one, as a restored backup.
    pub(crate) fn restore(&self, from: &str, to: &str) {
        let backup = self.folder.path().join(format!("{from}.sql"));
        let mut dump = self.program("pg_dump");
        dump.arg("-h").arg(self.socket()).args(["-U", "postgres", "-f"]).arg(&backup).arg(from);
        assert!(dump.status().unwrap().success());
        self.sql("postgres", &format!("CREATE DATABASE {to} OWNER ringbook"));
        let mut psql = self.program("psql");
        psql.arg("-h").arg(self.socket()).args(["-U", "postgres", "-Xq", "-v", "ON_ERROR_STOP=1"]);
        let restored = psql.args([to, "-f"]).arg(&backup).stdout(Stdio::null()).status();
        assert!(restored.unwrap().success());
    }

    /// A program of PostgreSQL.
    fn program(&self, name: &str) -> Command {
        self.command(&self.programs.join(name))
    }

    /// A command of the user who owns the folder, in it; it ends with this thread.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "QUIT"]);
        if is_root() {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        command.arg(program).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.crash();
    }
}

/// Address of a database behind the socket in a folder.
pub(crate) fn url_at(socket: &Path, user: &str, database: &str) -> String {
    let socket = socket.to_str().unwrap().replace('/', "%2F");
    format!("postgres://{user}@{socket}/{database}")
}

/// The programs of the newest version that is installed.
fn programs() -> Option<PathBuf> {
    let installed = fs::read_dir(DEBIAN).into_iter().flatten().map_while(Result::ok);
    let version = |path: &PathBuf| -> u32 {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.parse().ok()).unwrap_or(0)
    };
    let newest = installed.map(|entry| entry.path()).max_by_key(version)?.join("bin");
    newest.join("initdb").exists().then_some(newest)
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
