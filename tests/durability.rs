//! An acknowledged write survives `kill -9`: writers at the CardDAV door, a server that dies under
//! them again and again, and a look at every card after each restart. With PostgreSQL the database's
//! server dies, too.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::cluster::Cluster;

#[path = "common/postgres.rs"]
mod cluster;

const ROUNDS: usize = 10;
/// Of a database's server, whose start takes longer.
const SERVER_ROUNDS: usize = 3;
const WRITERS: usize = 4;
const BOOK: &str = "/dav/homes/201.demo/personal";
/// `201:demo-201`
const CREDENTIALS: &str = "MjAxOmRlbW8tMjAx";
const START_SECONDS_MAX: u64 = 120;

#[test]
fn every_acknowledged_card_is_there_after_kill_9() {
    kill_again_and_again(&[]);
}

#[test]
fn every_acknowledged_card_is_in_postgresql_after_kill_9() {
    let Some(cluster) = Cluster::start() else { return };
    kill_again_and_again(&in_database(&cluster));
}

fn in_database(cluster: &Cluster) -> [String; 2] {
    ["--set".to_owned(), format!("store.url={}", cluster.url())]
}

fn kill_again_and_again(settings: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    let mut writers: Vec<Writer> = (0..WRITERS).map(Writer::new).collect();
    for round in 0..ROUNDS {
        let mut server = Server::start(folder.path(), settings);
        let found: usize = writers.iter_mut().map(|writer| writer.verify(&server)).sum();
        assert!(round == 0 || found > 0, "nothing was written before round {round}");
        let acknowledged = AtomicUsize::new(0);
        thread::scope(|scope| {
            for writer in &mut writers {
                let (server, acknowledged) = (&server.address, &acknowledged);
                scope.spawn(move || writer.write_until_the_end(server, acknowledged));
            }
            wait_for(&acknowledged, 20 + 37 * round % 60);
            server.process.kill().unwrap();
        });
    }
    let server = Server::start(folder.path(), settings);
    let found: usize = writers.iter_mut().map(|writer| writer.verify(&server)).sum();
    assert!(found >= ROUNDS, "only {found} cards are left");
}

#[test]
fn every_acknowledged_card_is_there_after_the_database_server_died() {
    let Some(mut cluster) = Cluster::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let settings = in_database(&cluster);
    let server = Server::start(folder.path(), &settings);
    let mut writers: Vec<Writer> = (0..WRITERS).map(Writer::new).collect();
    let acknowledged = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for writer in &mut writers {
            let (server, acknowledged, stop) = (&server.address, &acknowledged, &stop);
            scope.spawn(move || writer.write_through_failures(server, acknowledged, stop));
        }
        for round in 1..=SERVER_ROUNDS {
            let before = acknowledged.load(Ordering::Relaxed);
            wait_for(&acknowledged, before + 17 * round);
            cluster.crash();
            cluster.run();
        }
        // The same daemon writes again.
        let before = acknowledged.load(Ordering::Relaxed);
        wait_for(&acknowledged, before + 20);
        stop.store(true, Ordering::Relaxed);
    });
    drop(server);
    let server = Server::start(folder.path(), &settings);
    let found: usize = writers.iter_mut().map(|writer| writer.verify(&server)).sum();
    assert!(found >= SERVER_ROUNDS, "only {found} cards are left");
}

fn wait_for(acknowledged: &AtomicUsize, enough: usize) {
    let waited = Instant::now();
    while acknowledged.load(Ordering::Relaxed) < enough {
        assert!(waited.elapsed().as_secs() < START_SECONDS_MAX, "the writers are stuck");
        thread::yield_now();
    }
}

/// The real program with a data folder that outlives it.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path, settings: &[String]) -> Self {
        let listening = folder.join("listening.json");
        let _ = fs::remove_file(&listening);
        let mut process = Command::new(env!("CARGO_BIN_EXE_ringbook"))
            .args(["serve", "--demo", "--data"])
            .arg(folder)
            .args(settings)
            .args(["--set", "ldap.listen=127.0.0.1:0", "--set", "http.listen=127.0.0.1:0"])
            .args(["--set", "ldap.tls_listen=off", "--set", "http.tls_listen=off"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        loop {
            // The file is complete once its last brace is there.
            let text = fs::read_to_string(&listening).unwrap_or_default();
            if text.trim_end().ends_with('}') {
                let ports: serde_json::Value = serde_json::from_str(&text).unwrap();
                return Self { process, address: ports["http"].as_str().unwrap().to_owned() };
            }
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended: {ended:?}");
            assert!(start.elapsed().as_secs() < START_SECONDS_MAX, "the server does not start");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a card may be after a restart: as acknowledged, or as one of the later requests that the
/// server's end left without an answer. None: no such card.
#[derive(Default)]
struct Expected {
    acknowledged: Option<String>,
    unanswered: Vec<Option<String>>,
}

/// One client that makes, changes and removes cards of its own.
struct Writer {
    number: usize,
    steps: usize,
    cards: HashMap<String, Expected>,
}

impl Writer {
    fn new(number: usize) -> Self {
        Self { number, steps: 0, cards: HashMap::new() }
    }

    /// Writes until the server dies.
    fn write_until_the_end(&mut self, address: &str, acknowledged: &AtomicUsize) {
        let Ok(mut client) = Client::connect(address) else { return };
        while let Ok(status) = self.write(&mut client) {
            assert!(status < 500, "status {status}");
            acknowledged.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes until it is told to stop, though the store fails at times.
    fn write_through_failures(&mut self, at: &str, acknowledged: &AtomicUsize, stop: &AtomicBool) {
        let mut client = Client::connect(at).unwrap();
        while !stop.load(Ordering::Relaxed) {
            let status = self.write(&mut client).unwrap();
            acknowledged.fetch_add(usize::from(status < 500), Ordering::Relaxed);
        }
    }

    /// Takes the next step; tells how it was answered.
    fn write(&mut self, client: &mut Client) -> io::Result<u16> {
        let (name, body) = self.next_step();
        let card = self.cards.entry(name.clone()).or_default();
        card.unanswered.push(body.clone());
        let method = if body.is_some() { "PUT" } else { "DELETE" };
        let (status, _) = client.ask(method, &name, body.as_deref())?;
        let is_absent = status == 404 && body.is_none() && card.acknowledged.is_none();
        assert!(matches!(status, 200..=204 | 503 | 507) || is_absent, "{method} {name}: {status}");
        if status < 500 {
            *card = Expected { acknowledged: body, unanswered: Vec::new() };
        }
        Ok(status)
    }

    /// Three new cards, then a change of the first, then the removal of the second.
    fn next_step(&mut self) -> (String, Option<String>) {
        let step = self.steps;
        self.steps += 1;
        let group = step / 5;
        let (member, removed) = match step % 5 {
            3 => (0, false),
            4 => (1, true),
            new => (new, false),
        };
        let name = format!("{}-{group}-{member}.vcf", self.number);
        let body = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{name}\r\nFN:Step {step}\r\nN:{step};Step;;;\r\n\
             TEL;TYPE=WORK:+4930{step:07}\r\nEND:VCARD\r\n"
        );
        (name, (!removed).then_some(body))
    }

    /// Reads every card and returns how many there are.
    fn verify(&mut self, server: &Server) -> usize {
        let mut client = Client::connect(&server.address).unwrap();
        let mut found = 0;
        for (name, expected) in &mut self.cards {
            let (status, body) = client.ask("GET", name, None).unwrap();
            let seen = match status {
                200 => Some(body),
                404 => None,
                other => panic!("GET {name}: status {other}"),
            };
            let right = seen == expected.acknowledged || expected.unanswered.contains(&seen);
            assert!(right, "{name} is {seen:?}, acknowledged was {:?}", expected.acknowledged);
            found += usize::from(seen.is_some());
            *expected = Expected { acknowledged: seen, unanswered: Vec::new() };
        }
        found
    }
}

/// As much of an HTTP client as this test needs: one connection, one request after the other.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Status and body of the answer.
    fn ask(&mut self, method: &str, name: &str, body: Option<&str>) -> io::Result<(u16, String)> {
        let body = body.unwrap_or_default();
        let request = format!(
            "{method} {BOOK}/{name} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {CREDENTIALS}\r\n\
             Content-Type: text/vcard\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status_line = self.line()?;
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status: {status_line}")))?;
        let mut length = 0;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, String::from_utf8(body).map_err(io::Error::other)?))
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }
}
