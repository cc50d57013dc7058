//! The real program in a temporary folder, on ports of the system's choice.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The last line of the greeting: everything listens.
const GREETED: &str = "Ctrl-C stops.";
/// Every door on a port of the system's choice.
pub(crate) const FREE_PORTS: [&str; 8] = [
    "--set",
    "ldap.listen=127.0.0.1:0",
    "--set",
    "ldap.tls_listen=127.0.0.1:0",
    "--set",
    "http.listen=127.0.0.1:0",
    "--set",
    "http.tls_listen=127.0.0.1:0",
];
/// Longest wait for an answer; only a hanging daemon needs it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon of its own for each test; killed when dropped, with everything it kept.
pub(crate) struct TestDaemon {
    process: Child,
    folder: TempDir,
    arguments: Vec<String>,
}

#[allow(dead_code, reason = "each test file uses some of it")]
impl TestDaemon {
    /// A daemon with an empty store.
    pub(crate) fn empty() -> Self {
        Self::start(&[])
    }

    /// A daemon with the demo company.
    pub(crate) fn demo() -> Self {
        Self::start(&["--demo"])
    }

    /// A daemon with further arguments of `serve`.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let folder = TempDir::new().unwrap();
        let process = spawn(folder.path(), &arguments);
        Self { process, folder, arguments }
    }

    /// Kills the daemon as a power cut would, and starts it again with the same data.
    pub(crate) fn restart_after_kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = spawn(self.folder.path(), &self.arguments);
    }

    /// Stops the daemon gracefully and starts it again with the same data.
    pub(crate) fn restart(&mut self) {
        assert!(self.stop().success(), "{}", self.log());
        self.process = spawn(self.folder.path(), &self.arguments);
    }

    /// Asks the daemon to stop, and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.process.wait().unwrap()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the daemon logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Waits until the daemon has logged a text so many times: what it logs of a connection may come
    /// after that connection's end.
    pub(crate) fn wait_for_log(&self, text: &str, times: usize) {
        let begun = Instant::now();
        while self.log().matches(text).count() < times {
            assert!(begun.elapsed() < PATIENCE, "no `{text}` in: {}", self.log());
            std::thread::yield_now();
        }
    }

    pub(crate) fn ldap(&self) -> SocketAddr {
        self.listening("ldap")
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.listening("http")
    }

    pub(crate) fn ldaps(&self) -> SocketAddr {
        self.listening("ldaps")
    }

    pub(crate) fn https(&self) -> SocketAddr {
        self.listening("https")
    }

    fn listening(&self, door: &str) -> SocketAddr {
        let text = fs::read_to_string(self.data().join("listening.json")).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        json[door].as_str().unwrap().parse().unwrap()
    }

    /// The secret of the operator's token.
    pub(crate) fn token(&self) -> String {
        fs::read_to_string(self.data().join("operator-token")).unwrap().trim().to_owned()
    }

    /// Runs a command of the program with this daemon's data folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let data = self.data();
        ringbook(self.folder.path()).args(arguments).arg("--data").arg(data).output().unwrap()
    }

    /// Sends a request as a user (`201:demo-201`), with a token (`Bearer rb_…`) or as nobody ("").
    /// The line is method and path.
    pub(crate) fn ask(&self, who: &str, line: &str, body: &[u8]) -> Answer {
        self.ask_with(who, line, &[], body)
    }

    /// As [`TestDaemon::ask`], with further headers.
    pub(crate) fn ask_with(
        &self,
        who: &str,
        line: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut head = format!("{line} HTTP/1.1\r\nHost: localhost\r\n");
        head.push_str(&authorization(who));
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()));
        let mut stream = self.connect(self.http());
        stream.write_all(head.as_bytes()).unwrap();
        // A refusal may come before the body has gone out.
        let _ = stream.write_all(body);
        Answer::read(stream)
    }

    /// A connection that gives up rather than hang.
    pub(crate) fn connect(&self, address: SocketAddr) -> TcpStream {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

impl Drop for TestDaemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

#[allow(dead_code, reason = "each test file uses some of it")]
impl Answer {
    /// Reads an answer up to the end of its connection.
    pub(crate) fn read(mut stream: impl Read) -> Self {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.get(9..12).and_then(|text| text.parse().ok()).unwrap_or_default();
        let body = bytes.split_off((end + 4).min(bytes.len()));
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        Self { status, body: if chunked { unchunked(&body) } else { body }, head }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The program, away from the settings of whoever runs the tests.
#[allow(dead_code, reason = "each test file uses some of it")]
pub(crate) fn ringbook(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringbook"));
    command.env_clear().current_dir(folder).stdin(Stdio::null());
    command
}

fn spawn(folder: &Path, arguments: &[String]) -> Child {
    let log = File::create(folder.join("log")).unwrap();
    let mut process = ringbook(folder)
        .args(["serve", "--data", "data"])
        .args(FREE_PORTS)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.as_mut().unwrap()).lines();
    let greeted = lines.map_while(Result::ok).any(|line| line == GREETED);
    let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
    assert!(greeted, "the daemon did not start: {}", log());
    process
}

fn authorization(who: &str) -> String {
    match who.split_once(':') {
        None if who.is_empty() => String::new(),
        None => format!("Authorization: {who}\r\n"),
        Some(_) => format!("Authorization: Basic {}\r\n", base64(who.as_bytes())),
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&body[..end]).unwrap_or_default();
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default(), 16);
        let Some(size) = size.ok().filter(|size| *size > 0) else { break };
        let chunk = &body[end + 2..];
        whole.extend_from_slice(&chunk[..size.min(chunk.len())]);
        body = chunk.get(size + 2..).unwrap_or_default();
    }
    whole
}
