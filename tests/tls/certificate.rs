//! Certificates of a running daemon: made, configured, replaced.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ldap3_proto::proto::LdapResultCode;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PKCS_ECDSA_P384_SHA384};
use tempfile::TempDir;

use crate::client::{Ldap, Secure, Trust, shown};
use crate::common::{Answer, FREE_PORTS, TestDaemon, ringbook};

const CONNECTIONS: usize = 100;

/// An authority of somebody else, with the files that it gave.
struct Files {
    folder: TempDir,
    authority: Issuer<'static, KeyPair>,
}

impl Files {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec![]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        let files = Self { folder, authority: Issuer::new(parameters, key) };
        files.renew();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces certificate and key.
    fn renew(&self) {
        // Another kind of key than Ringbook would make.
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.authority).unwrap();
        fs::write(self.path("server.pem"), certificate.pem()).unwrap();
        fs::write(self.path("key.pem"), key.serialize_pem()).unwrap();
    }

    /// The arguments of a daemon that shows the certificate.
    fn arguments(&self) -> [String; 4] {
        let set = |key: &str, name: &str| format!("{key}={}", self.path(name).display());
        let (certificate, key) = (set("tls.certificate", "server.pem"), set("tls.key", "key.pem"));
        ["--set".to_owned(), certificate, "--set".to_owned(), key]
    }

    fn daemon(&self) -> TestDaemon {
        let arguments = self.arguments();
        TestDaemon::start(&arguments.each_ref().map(String::as_str))
    }

    fn trust(&self) -> Trust {
        Trust::file(&self.path("ca.pem"))
    }
}

/// The certificate that a new client sees at a door.
fn seen(daemon: &TestDaemon, trust: &Trust, door: SocketAddr) -> Vec<u8> {
    shown(&trust.anew().connect(daemon, door))
}

fn many(daemon: &TestDaemon, trust: &Trust, door: SocketAddr) -> Vec<Secure> {
    (0..CONNECTIONS).map(|_| trust.connect(daemon, door)).collect()
}

/// Makes the daemon read its settings again, for the so-many-th time.
fn hang_up(daemon: &TestDaemon, times: usize) {
    daemon.signal("HUP");
    daemon.wait_for_log("SIGHUP: ", times);
}

#[test]
fn a_certificate_is_replaced_while_connections_are_open() {
    let files = Files::new();
    let (daemon, trust) = (files.daemon(), files.trust());
    let ldaps = many(&daemon, &trust, daemon.ldaps());
    let https = many(&daemon, &trust, daemon.https());
    let old = shown(&ldaps[0]);
    // The clients know sessions that they could resume.
    let mut ldaps: Vec<_> = ldaps.into_iter().map(Ldap::new).collect();
    assert_eq!(ldaps[0].bind("", ""), LdapResultCode::Success);
    files.renew();
    assert_eq!(seen(&daemon, &trust, daemon.ldaps()), old, "nothing was asked for");
    hang_up(&daemon, 1);
    for door in [daemon.ldaps(), daemon.https()] {
        let new = seen(&daemon, &trust, door);
        assert_ne!(new, old);
        assert_eq!(shown(&trust.connect(&daemon, door)), new, "a known client sees it too");
    }
    for client in &mut ldaps {
        assert_eq!(client.bind("", ""), LdapResultCode::Success);
    }
    for client in https {
        let answer = crate::client::ask(client, "GET /healthz", "");
        assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
    }
}

#[test]
fn a_broken_certificate_leaves_the_old_one() {
    let files = Files::new();
    let (daemon, trust) = (files.daemon(), files.trust());
    let old = seen(&daemon, &trust, daemon.https());
    let key = fs::read(files.path("key.pem")).unwrap();
    files.renew();
    fs::write(files.path("key.pem"), key).unwrap();
    hang_up(&daemon, 1);
    let log = daemon.log();
    let told = log.lines().find(|line| line.contains("the old certificate stays")).unwrap();
    assert!(told.contains("ERROR") && told.contains("key.pem"), "{told}");
    assert!(told.contains("does not belong"), "{told}");
    for door in [daemon.ldaps(), daemon.https()] {
        assert_eq!(seen(&daemon, &trust, door), old);
    }
    files.renew();
    hang_up(&daemon, 2);
    assert_ne!(seen(&daemon, &trust, daemon.https()), old);
}

#[test]
fn a_certificate_that_was_made_outlives_restarts() {
    let mut daemon = TestDaemon::empty();
    let trust = Trust::of(&daemon);
    let (first, https) =
        (seen(&daemon, &trust, daemon.ldaps()), seen(&daemon, &trust, daemon.https()));
    assert_eq!(first, https);
    daemon.restart();
    assert_eq!(seen(&daemon, &trust, daemon.ldaps()), first);
    hang_up(&daemon, 1);
    assert_eq!(seen(&daemon, &trust, daemon.ldaps()), first);
    fs::remove_file(daemon.data().join("certs/server.key")).unwrap();
    hang_up(&daemon, 2);
    assert_ne!(seen(&daemon, &trust, daemon.ldaps()), first, "and its authority is the same");
    let mode = |name: &str| {
        let metadata = fs::metadata(daemon.data().join("certs").join(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!((mode("ca.key"), mode("server.key"), mode("ca.crt")), (0o600, 0o600, 0o644));
}

/// Runs a `serve` that must not start; gives what it says.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = ringbook(folder).arg("serve").args(FREE_PORTS).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_certificate_that_cannot_be_used_stops_the_start() {
    let (files, folder) = (Files::new(), TempDir::new().unwrap());
    fs::remove_file(files.path("server.pem")).unwrap();
    let arguments = files.arguments();
    let error = refused(folder.path(), &arguments.each_ref().map(String::as_str));
    assert!(error.contains("tls.certificate: ") && error.contains("server.pem: cannot"), "{error}");
    assert!(!folder.path().join("ringbook-data/ringbook.db").exists());
    let config = folder.path().join("x.toml");
    fs::write(&config, "[tls]\nkey = '/x'\n").unwrap();
    let error = refused(folder.path(), &["--config", &config.display().to_string()]);
    assert!(error.contains("x.toml:2: tls.key: tls.certificate is not set"), "{error}");
}

#[test]
fn the_greeting_names_what_clients_must_install() {
    let folder = TempDir::new().unwrap();
    let mut process = ringbook(folder.path())
        .args(["serve", "--lan"])
        .args(FREE_PORTS)
        .args(["--set", "http.listen=0.0.0.0:0", "--set", "ldap.listen=off"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let stdout = std::io::BufReader::new(process.stdout.take().unwrap());
    let lines = std::io::BufRead::lines(stdout).map_while(Result::ok);
    let mut said = String::new();
    for line in lines.take_while(|line| line != "Ctrl-C stops.") {
        said.push_str(&line);
        said.push('\n');
    }
    let listening = fs::read_to_string(folder.path().join("ringbook-data/listening.json")).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    for part in ["install ringbook-data/certs/ca.crt", "ldaps://127.0.0.1:", "127.0.0.0/8, ::1/128"]
    {
        assert!(said.contains(part), "no `{part}` in: {said}");
    }
    assert!(!said.contains("ldap://"), "{said}");
    let listening: serde_json::Value = serde_json::from_str(&listening).unwrap();
    assert!(listening["ldap"].is_null(), "{listening}");
    assert!(listening["http"].as_str().unwrap().starts_with("0.0.0.0:"), "{listening}");
}

#[test]
fn a_daemon_without_a_door_does_not_start() {
    let folder = TempDir::new().unwrap();
    let doors = ["ldap.listen", "ldap.tls_listen", "http.listen", "http.tls_listen"];
    let off: Vec<String> = doors.iter().map(|door| format!("{door}=off")).collect();
    let arguments: Vec<&str> = off.iter().flat_map(|off| ["--set", off]).collect();
    assert!(refused(folder.path(), &arguments).contains("every listener is off"));
}

#[test]
fn the_demo_never_leaves_this_machine() {
    let folder = TempDir::new().unwrap();
    let output = ringbook(folder.path()).args(["serve", "--demo", "--lan"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && error.contains("loopback"), "{error}");
    let error = refused(folder.path(), &["--demo", "--set", "ldap.tls_listen=0.0.0.0:0"]);
    assert!(error.contains("loopback") && error.contains("0.0.0.0:0"), "{error}");
}

#[test]
fn an_answer_over_tls_is_the_same() {
    let daemon = TestDaemon::demo();
    let secure = Trust::of(&daemon).connect(&daemon, daemon.https());
    let headers = "Authorization: Basic MjAxOmRlbW8tMjAx\r\nDepth: 0\r\n";
    let over_tls = crate::client::ask(secure, "PROPFIND /dav/homes/201.demo/", headers);
    let plain = daemon.connect(daemon.http());
    let in_clear: Answer = crate::client::ask(plain, "PROPFIND /dav/homes/201.demo/", headers);
    assert_eq!((over_tls.status, over_tls.text()), (207, in_clear.text()));
}
