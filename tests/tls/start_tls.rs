//! StartTLS (RFC 4511 section 4.14).

use std::io::Write;
use std::net::TcpStream;

use ldap3_proto::proto::{LdapOp, LdapResultCode};

use crate::client::{
    Ldap, START_TLS, Secure, Trust, WHO_AM_I, bind, code, extended, message, search,
};
use crate::common::TestDaemon;

const SUFFIX: &str = "dc=pbx,dc=example";
const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";

fn plain(daemon: &TestDaemon) -> Ldap<TcpStream> {
    Ldap::new(daemon.connect(daemon.ldap()))
}

/// The same connection over TLS.
fn start_tls(daemon: &TestDaemon, mut client: Ldap<TcpStream>) -> Ldap<Secure> {
    client.send(&extended(START_TLS));
    let LdapOp::ExtendedResponse(response) = client.receive().unwrap().op else {
        panic!("an extended response");
    };
    assert_eq!(
        (response.res.code, response.name),
        (LdapResultCode::Success, Some(START_TLS.into()))
    );
    Ldap::new(Trust::of(daemon).secure(client.stream, "localhost").unwrap())
}

#[test]
fn a_connection_goes_over_to_tls() {
    let daemon = TestDaemon::demo();
    let mut client = start_tls(&daemon, plain(&daemon));
    assert_eq!(client.bind("201", "demo-201"), LdapResultCode::Success);
    assert_eq!(client.who_am_i(), format!("dn:uid=201,ou=people,{SUFFIX}"));
}

#[test]
fn who_signed_in_in_clear_is_not_signed_in_over_tls() {
    let daemon = TestDaemon::demo();
    let mut client = plain(&daemon);
    assert_eq!(client.bind("201", "demo-201"), LdapResultCode::Success);
    assert_ne!(client.who_am_i(), "");
    let mut client = start_tls(&daemon, client);
    assert_eq!(client.who_am_i(), "");
    // The first reply is the last: there is no entry for nobody.
    assert_eq!(client.ask(&search(SUFFIX, 2)), LdapResultCode::Success);
}

#[test]
fn it_is_offered_where_it_works_only() {
    let daemon = TestDaemon::empty();
    let mut client = plain(&daemon);
    assert_eq!(client.extensions(), [START_TLS, WHO_AM_I]);
    let mut client = start_tls(&daemon, client);
    assert_eq!(client.extensions(), [WHO_AM_I, PASSWORD_MODIFY]);
    let mut ldaps = Ldap::new(Trust::of(&daemon).connect(&daemon, daemon.ldaps()));
    assert_eq!(ldaps.extensions(), [WHO_AM_I, PASSWORD_MODIFY]);
}

#[test]
fn it_is_refused_where_tls_is_on() {
    let daemon = TestDaemon::empty();
    let mut over = start_tls(&daemon, plain(&daemon));
    let mut ldaps = Ldap::new(Trust::of(&daemon).connect(&daemon, daemon.ldaps()));
    for client in [&mut over, &mut ldaps] {
        assert_eq!(client.ask(&extended(START_TLS)), LdapResultCode::OperationsError);
        assert_eq!(client.who_am_i(), "", "the connection stays");
    }
}

#[test]
fn a_request_with_a_value_is_malformed() {
    let daemon = TestDaemon::empty();
    let mut client = plain(&daemon);
    let with_value = [&extended(START_TLS)[..], &[0x81, 1, 7]].concat();
    let mut request = with_value;
    request[1] += 3;
    assert_eq!(client.ask(&request), LdapResultCode::ProtocolError);
    start_tls(&daemon, client);
}

#[test]
fn what_follows_the_request_in_clear_is_never_answered() {
    let daemon = TestDaemon::demo();
    let mut client = plain(&daemon);
    let injected =
        [message(1, &extended(START_TLS)), message(2, &bind("201", "demo-201"))].concat();
    client.stream.write_all(&injected).unwrap();
    let refusal = client.receive().unwrap();
    assert_eq!((refusal.msgid, code(refusal.op)), (1, LdapResultCode::OperationsError));
    let notice = client.receive().unwrap();
    assert_eq!((notice.msgid, code(notice.op)), (0, LdapResultCode::ProtocolError));
    assert!(client.receive().is_none());
    // Half a message is no better.
    let mut client = plain(&daemon);
    let half = [&message(1, &extended(START_TLS))[..], &[0x30]].concat();
    client.stream.write_all(&half).unwrap();
    assert_eq!(code(client.receive().unwrap().op), LdapResultCode::OperationsError);
}

#[test]
fn what_is_injected_after_the_answer_breaks_the_handshake() {
    let daemon = TestDaemon::demo();
    let mut client = plain(&daemon);
    assert_eq!(client.ask(&extended(START_TLS)), LdapResultCode::Success);
    let _ = client.stream.write_all(&message(2, &bind("201", "demo-201")));
    assert!(Trust::of(&daemon).secure(client.stream, "localhost").is_err());
    daemon.wait_for_log("StartTLS: what came is no TLS", 1);
}

#[test]
fn a_client_that_never_begins_is_not_waited_for() {
    let daemon = TestDaemon::start(&["--set", "limits.first_request_s=1"]);
    let mut client = plain(&daemon);
    assert_eq!(client.ask(&extended(START_TLS)), LdapResultCode::Success);
    assert!(client.receive().is_none());
    daemon.wait_for_log("StartTLS: timed out", 1);
}
