//! Balancers that speak the PROXY protocol in front of the doors.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};

use ldap3_proto::proto::LdapResultCode;

use crate::client::{Ldap, Trust, ask, bind, ending, message};
use crate::common::TestDaemon;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A daemon behind a balancer on this machine.
fn balanced(further: &[&str]) -> TestDaemon {
    TestDaemon::start(&[&["--set", "proxy_protocol=127.0.0.1"], further].concat())
}

/// The header of version 2 for a client.
fn header(client: &str) -> Vec<u8> {
    let IpAddr::V4(address) = client.parse().unwrap() else { panic!("an IPv4 address") };
    let addresses = [&address.octets()[..], &[127, 0, 0, 1, 0x10, 0, 0, 1]].concat();
    [SIGNATURE, &[0x21, 0x11, 0, 12], &addresses].concat()
}

/// A connection that begins with these bytes.
fn begun(daemon: &TestDaemon, door: SocketAddr, beginning: &[u8]) -> TcpStream {
    let mut stream = daemon.connect(door);
    stream.write_all(beginning).unwrap();
    stream
}

#[test]
fn the_header_comes_before_everything_at_every_door() {
    let daemon = balanced(&["--demo"]);
    let trust = Trust::of(&daemon);
    let head = header("127.0.0.9");
    let mut ldap = Ldap::new(begun(&daemon, daemon.ldap(), &head));
    assert_eq!(ldap.bind("201", "demo-201"), LdapResultCode::Success);
    let ldaps = begun(&daemon, daemon.ldaps(), b"PROXY TCP4 127.0.0.9 127.0.0.1 4096 636\r\n");
    let mut ldaps = Ldap::new(trust.secure(ldaps, "localhost").unwrap());
    assert_eq!(ldaps.bind("201", "demo-201"), LdapResultCode::Success);
    let http = begun(&daemon, daemon.http(), &head);
    assert_eq!(ask(http, "GET /healthz", "").status, 200);
    let https = begun(&daemon, daemon.https(), &head);
    let https = trust.secure(https, "localhost").unwrap();
    assert_eq!(ask(https, "GET /healthz", "").status, 200);
}

#[test]
fn the_client_counts_and_not_the_balancer() {
    let daemon = balanced(&["--demo", "--set", "limits.connections_per_address=1"]);
    let connect = |client: &str| Ldap::new(begun(&daemon, daemon.ldap(), &header(client)));
    // One of plain_networks, and one that is not.
    let mut near = connect("127.0.0.9");
    assert_eq!(near.bind("201", "demo-201"), LdapResultCode::Success);
    let mut far = connect("203.0.113.9");
    assert_eq!(far.bind("201", "demo-201"), LdapResultCode::ConfidentialityRequired);
    assert!(connect("203.0.113.9").receive().is_none(), "a second one of the same address");
    daemon.wait_for_log("too many connections from this address", 1);
    let http = begun(&daemon, daemon.http(), &header("203.0.113.10"));
    assert_eq!(ask(http, "POST /api/v1/import", "").status, 403);
    // The balancer looks whether the daemon is alive.
    let local = [SIGNATURE, &[0x20, 0, 0, 0]].concat();
    let own = begun(&daemon, daemon.http(), &local);
    assert_eq!(ask(own, "GET /healthz", "").status, 200);
}

#[test]
fn a_balancer_without_its_header_is_refused() {
    let daemon = balanced(&[]);
    let bind = message(1, &bind("", ""));
    let doors = [daemon.ldap(), daemon.ldaps(), daemon.http(), daemon.https()];
    for (count, door) in doors.into_iter().enumerate() {
        for beginning in [&bind[..], b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", &[0x16, 3, 1]] {
            assert_eq!(ending(&daemon, door, beginning), b"", "{door}");
        }
        daemon.wait_for_log("the PROXY header is missing", 3 * (count + 1));
    }
}

#[test]
fn nobody_else_may_send_one() {
    let daemon = TestDaemon::empty();
    let line = b"PROXY TCP4 127.0.0.9 127.0.0.1 1 2\r\n";
    for head in [&header("127.0.0.9"), &line[..]] {
        let bind = [head, &message(1, &bind("", ""))].concat();
        assert_eq!(ending(&daemon, daemon.ldap(), &bind), b"");
        let request =
            [head, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"].concat();
        let answered = ending(&daemon, daemon.http(), &request);
        assert!(answered.starts_with(b"HTTP/1.1 400") || answered.is_empty());
        for door in [daemon.ldaps(), daemon.https()] {
            let stream = begun(&daemon, door, head);
            assert!(Trust::of(&daemon).secure(stream, "localhost").is_err());
        }
    }
}

#[test]
fn headers_that_are_wrong_endless_or_slow_are_refused() {
    let daemon = balanced(&["--set", "limits.first_request_s=1"]);
    let endless = [SIGNATURE, &[0x21, 0x11, 0xff, 0xff]].concat();
    let unix = [SIGNATURE, &[0x21, 0x31, 0, 0]].concat();
    let line = [&b"PROXY TCP4 "[..], &[b'1'; 200]].concat();
    for (beginning, told) in [
        (&endless[..], "has more than 4096 bytes"),
        (&unix, "names no IP address"),
        (&line, "is malformed"),
        (b"PROXY TCP4 1.2.3", "no PROXY header within 1 s"),
        (&SIGNATURE[..9], "no PROXY header within 1 s"),
        (b"", "no PROXY header within 1 s"),
    ] {
        assert_eq!(ending(&daemon, daemon.ldaps(), beginning), b"");
        daemon.wait_for_log(told, 1);
    }
    // What a slow balancer has used up is gone for the handshake.
    let mut slow = begun(&daemon, daemon.https(), &header("127.0.0.9"));
    assert_eq!(slow.read_to_end(&mut Vec::new()).unwrap_or(0), 0);
    daemon.wait_for_log("no TLS handshake within 1 s", 1);
}
