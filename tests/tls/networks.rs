//! Networks: who may speak without TLS, and whom HTTP proxies speak for.

use std::io::{Read, Write};
use std::net::TcpStream;

use ldap3_proto::proto::{LdapOp, LdapResultCode};

use crate::client::{Ldap, START_TLS, Trust, WHO_AM_I, ask, bind, extended, search};
use crate::common::TestDaemon;

/// `201:demo-201`
const ANNA: &str = "Authorization: Basic MjAxOmRlbW8tMjAx\r\nDepth: 0\r\n";
const HOME: &str = "/dav/homes/201.demo/";

/// A daemon that trusts a network far away and not this machine.
fn daemon() -> TestDaemon {
    TestDaemon::start(&["--demo", "--set", "plain_networks=192.0.2.0/24"])
}

/// The status and the target of a redirect.
fn answer(stream: impl Read + Write, line: &str, headers: &str) -> (u16, String) {
    let answer = ask(stream, line, headers);
    assert!(answer.header("www-authenticate").is_none(), "no password is asked for: {answer:?}");
    (answer.status, answer.header("location").unwrap_or_default().to_owned())
}

#[test]
fn strangers_are_told_to_use_tls_before_they_send_a_password() {
    let daemon = daemon();
    let mut client = Ldap::new(daemon.connect(daemon.ldap()));
    assert_eq!(client.extensions(), [START_TLS, WHO_AM_I], "this much may be read");
    let suffix = "dc=pbx,dc=example";
    client.send(&search("cn=Subschema", 0));
    let replies = [client.receive().unwrap().op, client.receive().unwrap().op];
    assert!(matches!(replies, [LdapOp::SearchResultEntry(_), LdapOp::SearchResultDone(_)]));
    let whole_tree = search("", 2);
    for refused in [
        bind("201", "demo-201"),
        bind("201", "wrong"),
        bind("", ""),
        search(suffix, 0),
        whole_tree,
        extended(WHO_AM_I),
        extended("1.3.6.1.4.1.4203.1.11.1"),
        vec![0x6e, 0],
    ] {
        // A wrong password and a malformed request are not even looked at.
        client.send(&refused);
        let reply = client.receive().unwrap().op;
        assert_eq!(crate::client::code(reply), LdapResultCode::ConfidentialityRequired);
    }
    assert_eq!(client.ask(&extended(START_TLS)), LdapResultCode::Success);
    let mut client = Ldap::new(Trust::of(&daemon).secure(client.stream, "localhost").unwrap());
    assert_eq!(client.bind("201", "demo-201"), LdapResultCode::Success);
    assert_eq!(client.who_am_i(), format!("dn:uid=201,ou=people,{suffix}"));
}

#[test]
fn everybody_may_come_over_tls() {
    let daemon = daemon();
    let trust = Trust::of(&daemon);
    let mut ldaps = Ldap::new(trust.connect(&daemon, daemon.ldaps()));
    assert_eq!(ldaps.bind("201", "demo-201"), LdapResultCode::Success);
    let https = trust.connect(&daemon, daemon.https());
    assert_eq!(ask(https, &format!("PROPFIND {HOME}"), ANNA).status, 207);
}

#[test]
fn strangers_without_tls_are_shown_the_way_to_https() {
    let daemon = daemon();
    let connect = || daemon.connect(daemon.http());
    let there = |path: &str| format!("https://localhost:{}{path}", daemon.https().port());
    for method in ["GET", "HEAD"] {
        let found = answer(connect(), &format!("{method} /api/v1/groups?x=1"), ANNA);
        assert_eq!(found, (307, there("/api/v1/groups?x=1")));
    }
    let discovery = answer(connect(), "PROPFIND /.well-known/carddav", ANNA);
    assert_eq!(discovery, (307, there("/.well-known/carddav")));
    for line in [format!("PROPFIND {HOME}"), format!("PUT {HOME}personal/x.vcf"), "POST /".into()] {
        assert_eq!(answer(connect(), &line, ANNA), (403, String::new()), "{line}");
    }
    let told = ask(connect(), "POST /api/v1/import", ANNA);
    assert_eq!(told.header("content-type"), Some("application/problem+json"));
    assert!(told.text().contains("plain_networks"), "{}", told.text());
    // A name that is none leads nowhere.
    let strange = "GET / HTTP/1.1\r\nHost: a\"b\r\nConnection: close\r\n\r\n";
    let mut stream = connect();
    stream.write_all(strange.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 403"), "{text}");
}

#[test]
fn there_is_no_way_to_https_where_that_is_off() {
    let daemon = TestDaemon::start(&[
        "--set",
        "plain_networks=192.0.2.0/24",
        "--set",
        "http.tls_listen=off",
    ]);
    let found = answer(daemon.connect(daemon.http()), "GET /healthz", "");
    assert_eq!(found, (403, String::new()));
}

#[test]
fn only_a_trusted_proxy_speaks_for_others() {
    let trusting = TestDaemon::start(&[
        "--demo",
        "--set",
        "trusted_proxies=127.0.0.1",
        "--set",
        "plain_networks=192.0.2.0/24",
    ]);
    let propfind = |daemon: &TestDaemon, headers: &str| {
        let line = format!("PROPFIND {HOME}");
        ask(daemon.connect(daemon.http()), &line, &format!("{ANNA}{headers}")).status
    };
    let told = |client: &str, proto: &str| {
        format!("X-Forwarded-For: {client}\r\nX-Forwarded-Proto: {proto}\r\n")
    };
    assert_eq!(propfind(&trusting, &told("203.0.113.9", "https")), 207);
    assert_eq!(propfind(&trusting, &told("203.0.113.9", "http")), 403);
    assert_eq!(propfind(&trusting, &told("192.0.2.9", "http")), 207);
    assert_eq!(propfind(&trusting, ""), 403);
    // A proxy has its own idea of where HTTPS is.
    let http = told("203.0.113.9", "http");
    let found = answer(trusting.connect(trusting.http()), "GET /", &http);
    assert_eq!(found, (403, String::new()));
    assert_eq!(propfind(&daemon(), &told("192.0.2.9", "https")), 403);
}

#[test]
fn networks_can_change_while_the_daemon_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ringbook.toml");
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    write("plain_networks = ['192.0.2.0/24']\n");
    let daemon = TestDaemon::start(&["--config", &file.display().to_string()]);
    let connect = || Ldap::<TcpStream>::new(daemon.connect(daemon.ldap()));
    let mut stranger = connect();
    assert_eq!(stranger.bind("", ""), LdapResultCode::ConfidentialityRequired);
    write("plain_networks = ['127.0.0.0/8']\nlimits.connections_per_address = 2\n");
    daemon.signal("HUP");
    daemon.wait_for_log("SIGHUP: ", 1);
    let mut friend = connect();
    assert_eq!(friend.bind("", ""), LdapResultCode::Success);
    assert!(connect().receive().is_none(), "a third one at a time");
    write("plain_networks = 7\n");
    daemon.signal("HUP");
    daemon.wait_for_log("SIGHUP: ", 2);
    daemon.wait_for_log("ringbook.toml:1: plain_networks: 7 is not allowed", 1);
    assert_eq!(friend.bind("", ""), LdapResultCode::Success);
    assert_eq!(stranger.bind("", ""), LdapResultCode::ConfidentialityRequired);
}
