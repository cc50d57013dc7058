//! StartTLS (RFC 4511 section 4.14), and what is answered before it where TLS is a must.

use ldap3_proto::proto::LdapResultCode;

use crate::auth::dn::Dn;
use crate::ldap::ber::{ENUMERATED, Malformed, OCTET_STRING, Reader};
use crate::ldap::operation::Operation;
use crate::ldap::request::{Envelope, text};
use crate::ldap::result::Outcome;
use crate::ldap::schema;
use crate::ldap::session::{Link, Next};
use crate::net::rules::Transport;

/// The extended operation that asks for TLS.
pub(super) const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// Name and value of an extended request.
const REQUEST_NAME: u8 = 0x80;
const REQUEST_VALUE: u8 = 0x81;

/// Whether a message asks for TLS.
pub(super) fn is_asked(operation: Operation, envelope: &Envelope<'_>) -> bool {
    let name = Reader::new(envelope.operation.content).expect(REQUEST_NAME);
    operation == Operation::Extended && name == Ok(START_TLS.as_bytes())
}

/// Whether the connection goes over to TLS, or why it does not.
pub(super) fn answer(link: Link, envelope: &Envelope<'_>) -> Result<Next, Outcome> {
    let mut request = Reader::new(envelope.operation.content);
    let value = request.expect(REQUEST_NAME).and_then(|_| request.optional(REQUEST_VALUE));
    if value != Ok(None) {
        let message = "a StartTLS request has no value";
        return Err(Outcome::new(LdapResultCode::ProtocolError, message));
    }
    if link.transport == Transport::Tls {
        let message = "TLS is on already";
        return Err(Outcome::new(LdapResultCode::OperationsError, message));
    }
    if !link.start_tls {
        let message = "there is no TLS here";
        return Err(Outcome::new(LdapResultCode::ProtocolError, message));
    }
    Ok(Next::StartTls(envelope.id))
}

/// The refusal of a message that must not be sent in clear from where it comes; None for one that
/// may. What the message holds, such as a password, is not looked at.
pub(super) fn refusal(
    link: Link,
    operation: Operation,
    envelope: &Envelope<'_>,
) -> Option<Outcome> {
    let open = match operation {
        Operation::Unbind | Operation::Abandon => true,
        Operation::Search => reads_server(envelope.operation.content) == Ok(true),
        _ => is_asked(operation, envelope),
    };
    let message = "this network may not use LDAP without TLS: use StartTLS or LDAPS, or let the \
                   operator name the network in plain_networks";
    let refused = link.transport == Transport::Exposed && !open;
    refused.then(|| Outcome::new(LdapResultCode::ConfidentialityRequired, message))
}

/// Whether a search is for an entry that describes the server: its own, or that of the schema.
fn reads_server(content: &[u8]) -> Result<bool, Malformed> {
    let mut search = Reader::new(content);
    let (base, scope) = (search.expect(OCTET_STRING)?, search.expect(ENUMERATED)?);
    let schema = || Dn::parse(&text(base)).is_ok_and(|base| schema::is_named(&base));
    Ok(scope == [0] && (base.is_empty() || schema()))
}
