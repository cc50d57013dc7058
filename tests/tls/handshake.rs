//! Handshakes: versions, resumption, protocols that are none, and limits.

use std::io::{Read, Write};
use std::time::Instant;

use ldap3_proto::proto::LdapResultCode;
use rustls::HandshakeKind;
use rustls::version::{TLS12, TLS13};

use crate::client::{Ldap, Trust, ask, ending, message, search};
use crate::common::TestDaemon;

/// A client hello of TLS 1.1 or 1.0, as older phones send it.
fn old_hello(minor: u8) -> Vec<u8> {
    let mut hello = vec![3, minor];
    hello.extend([7; 32]);
    // No session; four ciphers that were usual; no compression.
    hello.extend([0, 0, 8, 0xc0, 0x13, 0xc0, 0x14, 0, 0x2f, 0, 0x35, 1, 0]);
    let length = u8::try_from(hello.len()).unwrap();
    [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length], &hello[..]].concat()
}

#[test]
fn both_doors_speak_tls_1_2_and_1_3() {
    let daemon = TestDaemon::demo();
    let authority = std::fs::read(daemon.data().join("certs/ca.crt")).unwrap();
    for version in [&TLS12, &TLS13] {
        let trust = Trust::with(&authority, &[version]);
        let mut ldap = Ldap::new(trust.connect(&daemon, daemon.ldaps()));
        assert_eq!(ldap.bind("201", "demo-201"), LdapResultCode::Success);
        assert_eq!(ldap.stream.conn.protocol_version(), Some(version.version));
        let https = trust.connect(&daemon, daemon.https());
        assert_eq!(ask(https, "GET /healthz", "").status, 200);
    }
}

#[test]
fn older_versions_are_refused_and_the_log_says_so() {
    let daemon = TestDaemon::empty();
    for minor in [1, 2] {
        let alert = ending(&daemon, daemon.ldaps(), &old_hello(minor));
        assert_eq!(alert.first(), Some(&0x15), "{alert:?}");
    }
    daemon.wait_for_log("TLS 1.1 or older", 2);
}

#[test]
fn sessions_are_resumed() {
    let daemon = TestDaemon::empty();
    let authority = std::fs::read(daemon.data().join("certs/ca.crt")).unwrap();
    for version in [&TLS12, &TLS13] {
        let trust = Trust::with(&authority, &[version]);
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut ldap = Ldap::new(trust.connect(&daemon, daemon.ldaps()));
            ldap.extensions();
            assert_eq!(ldap.stream.conn.handshake_kind(), Some(expected));
        }
        // What was agreed with one protocol is worth nothing at the other.
        let mut https = trust.connect(&daemon, daemon.https());
        assert_eq!(https.conn.handshake_kind(), Some(HandshakeKind::Full));
        https.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        https.read_to_end(&mut answer).unwrap();
        let https = trust.connect(&daemon, daemon.https());
        assert_eq!(https.conn.handshake_kind(), Some(HandshakeKind::Resumed));
    }
}

#[test]
fn every_phone_of_an_office_resumes_its_session() {
    let daemon = TestDaemon::empty();
    let trust = Trust::of(&daemon);
    // More than a server usually remembers by itself.
    let phones: Vec<Trust> = (0..300).map(|_| trust.anew()).collect();
    for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
        for phone in &phones {
            let mut ldap = Ldap::new(phone.connect(&daemon, daemon.ldaps()));
            ldap.extensions();
            assert_eq!(ldap.stream.conn.handshake_kind(), Some(expected));
        }
    }
}

#[test]
fn the_certificate_is_for_every_way_to_this_machine() {
    let daemon = TestDaemon::empty();
    let trust = Trust::of(&daemon);
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert!(trust.secure(daemon.connect(daemon.ldaps()), name).is_ok(), "{name}");
    }
    let error = trust.secure(daemon.connect(daemon.ldaps()), "other.example").unwrap_err();
    assert!(error.to_string().contains("not valid for name"), "{error}");
}

#[test]
fn a_client_that_does_not_trust_the_authority_is_named_in_the_log() {
    let (daemon, other) = (TestDaemon::empty(), TestDaemon::empty());
    let stranger = Trust::of(&other);
    assert!(stranger.secure(daemon.connect(daemon.https()), "localhost").is_err());
    daemon.wait_for_log("does not trust the certificate", 1);
}

#[test]
fn other_protocols_end_quickly() {
    let daemon = TestDaemon::start(&["--set", "limits.first_request_s=60"]);
    let begun = Instant::now();
    let http = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    for door in [daemon.ldaps(), daemon.https()] {
        // An alert is all that is said.
        assert!(ending(&daemon, door, http).len() <= 7);
    }
    assert_eq!(ending(&daemon, daemon.ldap(), &old_hello(3)), b"");
    assert!(!ending(&daemon, daemon.http(), &old_hello(3)).starts_with(b"HTTP/1.1 2"));
    assert!(begun.elapsed().as_secs() < 30, "nothing was waited for");
    daemon.wait_for_log("what came is no TLS", 2);
}

#[test]
fn a_handshake_has_a_time_limit() {
    let daemon = TestDaemon::start(&["--set", "limits.first_request_s=1"]);
    for door in [daemon.ldaps(), daemon.https()] {
        for beginning in [&b""[..], &[0x16], &old_hello(3)[..9]] {
            assert_eq!(ending(&daemon, door, beginning), b"", "{door}");
        }
    }
    // The time after the handshake is what is left of the same limit.
    let trust = Trust::of(&daemon);
    for door in [daemon.ldaps(), daemon.https()] {
        let mut silent = trust.connect(&daemon, door);
        let _ = silent.read_to_end(&mut Vec::new());
    }
    daemon.wait_for_log("no TLS handshake within 1 s", 6);
}

#[test]
fn connections_are_limited_at_every_door() {
    for held in 0..4 {
        let daemon = TestDaemon::start(&["--set", "limits.connections_per_address=1"]);
        let doors = [daemon.ldap(), daemon.http(), daemon.ldaps(), daemon.https()];
        let mut first = daemon.connect(doors[held]);
        // Whoever is answered has a place.
        let mut answered = |bytes: &[u8]| {
            first.write_all(bytes).unwrap();
            first.read_exact(&mut [0]).unwrap();
        };
        let _secure = match held {
            0 => {
                answered(&message(1, &search("", 0)));
                None
            }
            1 => {
                answered(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
                None
            }
            _ => Some(Trust::of(&daemon).secure(first.try_clone().unwrap(), "localhost").unwrap()),
        };
        for door in doors {
            assert_eq!(ending(&daemon, door, b""), b"", "{door} lets in a second one");
        }
    }
}
