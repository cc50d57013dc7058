//! The session of one connection: who is signed in, and what becomes of each message. No sockets.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use ldap3_proto::proto::{LdapExtendedRequest, LdapOp, LdapResultCode};
use tokio::io::AsyncWrite;
use zeroize::Zeroizing;

use crate::account::device;
use crate::auth::dn::{Dn, escaped};
use crate::auth::{Peer, Principal, Who, sign_in_dn};
use crate::ldap::compare::CompareRequest;
use crate::ldap::control::Controls;
use crate::ldap::fixed::WHO_AM_I;
use crate::ldap::operation::{Operation, decode};
use crate::ldap::password;
use crate::ldap::request::{Envelope, Peek, SearchRequest, Unreadable};
use crate::ldap::result::{Outcome, Pieces, Replies};
use crate::ldap::search::Asked;
use crate::ldap::{Door, Limits, start_tls};
use crate::net::rules::Transport;

/// What a connection does after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Continue,
    /// The client has been told why, or asked for it.
    Close,
    /// Answers the request of this id and goes over to TLS.
    StartTls(i32),
}

/// What a session knows of its connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// The client, also behind a balancer.
    pub(super) peer: SocketAddr,
    pub(super) transport: Transport,
    /// Whether the client may ask for TLS.
    pub(super) start_tls: bool,
}

impl Link {
    pub(super) fn peer(&self) -> Peer {
        let (address, secure) = (self.peer.ip(), self.transport == Transport::Tls);
        Peer { door: device::Door::Ldap, address, secure }
    }
}

/// The state between the messages of one connection.
pub(super) struct Session {
    pub(super) door: Arc<Door>,
    pub(super) link: Link,
    pub(super) principal: Principal,
}

impl Session {
    pub(super) fn new(door: Arc<Door>, link: Link) -> Self {
        let principal = door.authenticator.anonymous(link.peer());
        Self { door, link, principal }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.door.limits
    }

    /// How replies are handed over.
    pub(super) fn pieces(&self) -> Pieces {
        match self.link.transport {
            Transport::Tls => Pieces::Messages,
            Transport::Plain | Transport::Exposed => Pieces::All,
        }
    }

    /// The longest message that is taken now.
    pub(super) fn message_bytes_max(&self) -> usize {
        match self.principal.who {
            Who::Anonymous => self.door.limits.message_bytes_max_before_bind,
            _ => self.door.limits.message_bytes_max,
        }
    }

    /// Answers a message.
    ///
    /// # Errors
    /// Those of the connection that the replies go to.
    pub(super) async fn handle<W: AsyncWrite + Unpin>(
        &mut self,
        message: &[u8],
        replies: &mut Replies<W>,
    ) -> io::Result<Next> {
        let Ok(envelope) = Envelope::read(message) else { return Ok(malformed(message, replies)) };
        let Some(operation) = Operation::of_tag(envelope.operation.tag) else {
            return Ok(malformed(message, replies));
        };
        let peer = self.link.peer();
        if self.principal.who == Who::Anonymous {
            self.principal = self.door.authenticator.anonymous(peer);
        } else if !self.door.authenticator.still_valid(&self.principal, peer) {
            let principal = &self.principal;
            tracing::info!(front = "ldap", peer = %self.link.peer, %principal, "disconnected");
            let message = "the account that signed in is no longer valid";
            replies.notice_of_disconnection(LdapResultCode::StrongerAuthRequired, message);
            return Ok(Next::Close);
        }
        let controls = match Controls::read(operation, &envelope.controls) {
            Ok(controls) => controls,
            Err(outcome) => {
                replies.result(envelope.id, operation, outcome);
                return Ok(Next::Continue);
            }
        };
        if let Some(outcome) = start_tls::refusal(self.link, operation, &envelope) {
            replies.result(envelope.id, operation, outcome);
            return Ok(Next::Continue);
        }
        if start_tls::is_asked(operation, &envelope) {
            return Ok(start_tls::answer(self.link, &envelope).unwrap_or_else(|outcome| {
                replies.result(envelope.id, operation, outcome);
                Next::Continue
            }));
        }
        match operation {
            Operation::Unbind => Ok(Next::Close),
            // Nothing is running: operations are answered one after the other.
            Operation::Abandon => Ok(Next::Continue),
            Operation::Search => {
                self.search_message(message, (&envelope, &controls), replies).await
            }
            Operation::Compare => match CompareRequest::read(envelope.operation.content) {
                Ok(request) => {
                    let begun = Instant::now();
                    self.done(
                        envelope.id,
                        operation,
                        (begun, self.compare(request), None),
                        replies,
                    );
                    Ok(Next::Continue)
                }
                Err(_) => Ok(malformed(message, replies)),
            },
            _ => match decode(envelope.operation) {
                Ok(request) => {
                    self.other(envelope.id, operation, request, replies).await;
                    Ok(Next::Continue)
                }
                Err(_) => Ok(malformed(message, replies)),
            },
        }
    }

    async fn search_message<W: AsyncWrite + Unpin>(
        &self,
        message: &[u8],
        (envelope, controls): (&Envelope<'_>, &Controls<'_>),
        replies: &mut Replies<W>,
    ) -> io::Result<Next> {
        let (begun, entries) = (Instant::now(), replies.entries);
        let content = envelope.operation.content;
        let outcome = match SearchRequest::read(content, self.limits().filter()) {
            Ok(request) => {
                let asked = Asked { id: envelope.id, request: &request, content, controls };
                self.search(asked, replies).await?
            }
            Err(Unreadable::TooComplex) => Outcome::new(
                LdapResultCode::AdminLimitExceeded,
                "the filter is too long or too deep, or too many attributes are asked for",
            ),
            Err(Unreadable::Malformed) => return Ok(malformed(message, replies)),
        };
        tracing::debug!(
            front = "ldap",
            peer = %self.link.peer,
            principal = %self.principal,
            operation = "search",
            result = ?outcome.code,
            entries = replies.entries - entries,
            took_us = begun.elapsed().as_micros(),
        );
        replies.search_done(envelope.id, &outcome);
        Ok(Next::Continue)
    }

    async fn other<W: AsyncWrite + Unpin>(
        &mut self,
        id: i32,
        operation: Operation,
        request: LdapOp,
        replies: &mut Replies<W>,
    ) {
        let begun = Instant::now();
        let mut value = None;
        let outcome = match request {
            LdapOp::BindRequest(bind) => self.bind(bind).await,
            LdapOp::ExtendedRequest(request) => {
                let (outcome, answer) = self.extended(request).await;
                value = answer;
                outcome
            }
            _ => Outcome::new(
                LdapResultCode::UnwillingToPerform,
                "the directory is not changed by LDAP; use the web page, the HTTP API or CardDAV",
            ),
        };
        self.done(id, operation, (begun, outcome, value), replies);
    }

    /// Replies to an operation that is no search.
    fn done<W: AsyncWrite + Unpin>(
        &self,
        id: i32,
        operation: Operation,
        (begun, outcome, value): (Instant, Outcome, Option<Vec<u8>>),
        replies: &mut Replies<W>,
    ) {
        tracing::debug!(
            front = "ldap",
            peer = %self.link.peer,
            principal = %self.principal,
            ?operation,
            result = ?outcome.code,
            took_us = begun.elapsed().as_micros(),
        );
        match operation {
            Operation::Extended => replies.extended(id, outcome, value),
            _ => replies.result(id, operation, outcome),
        }
    }

    async fn extended(&mut self, request: LdapExtendedRequest) -> (Outcome, Option<Vec<u8>>) {
        match request.name.as_str() {
            WHO_AM_I => (Outcome::success(), Some(self.who_am_i().into_bytes())),
            password::MODIFY => {
                let value = Zeroizing::new(request.value.unwrap_or_default());
                (self.modify_password(&value).await, None)
            }
            _ => {
                let message = "this extended operation is not known here";
                (Outcome::new(LdapResultCode::ProtocolError, message), None)
            }
        }
    }

    /// The authorization identity (RFC 4532 section 2.2): empty for nobody.
    fn who_am_i(&self) -> String {
        let snapshot = self.door.directory.snapshot();
        let organization = self.principal.organization.as_ref();
        let Some(organization) = organization.and_then(|id| snapshot.organization(id)) else {
            return String::new();
        };
        match &self.principal.who {
            Who::User(id) => {
                let user = snapshot.user(*id);
                user.map(|user| format!("dn:{}", sign_in_dn(user, organization)))
                    .unwrap_or_default()
            }
            Who::Phone(name) => {
                let suffix = Dn::parse(&organization.suffix).unwrap_or_default();
                format!("dn:cn={},ou=services,{suffix}", escaped(name))
            }
            Who::Anonymous | Who::Token(_) => String::new(),
        }
    }
}

/// Tells the client that its message was malformed, on the message's id where that can be read,
/// and that the connection ends: what follows may not be what it seems.
fn malformed<W: AsyncWrite + Unpin>(message: &[u8], replies: &mut Replies<W>) -> Next {
    let text = "the message is malformed";
    let peek = Peek::at(message);
    let operation = peek.and_then(|peek| Operation::of_tag(peek.operation));
    if let (Some(peek), Some(operation)) = (peek, operation) {
        replies.result(peek.id, operation, Outcome::new(LdapResultCode::ProtocolError, text));
    }
    replies.notice_of_disconnection(LdapResultCode::ProtocolError, text);
    Next::Close
}
