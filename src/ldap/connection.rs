//! One connection: messages in, replies out, until one of the two sides ends it.

use std::io;
use std::pin::pin;

use ldap3_proto::proto::LdapResultCode;
use tokio::io::{AsyncRead, AsyncWrite, split};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::ldap::inbox::{Arrival, Inbox, Interruption};
use crate::ldap::operation::Operation;
use crate::ldap::request::Peek;
use crate::ldap::result::{Outcome, Replies};
use crate::ldap::session::{Next, Session};

/// Why a connection ends.
enum Ending {
    /// The client is gone or wants to go.
    Client,
    /// The bytes are no LDAP: there is nobody to tell.
    Foreign,
    /// The client is told why.
    Notice(LdapResultCode, &'static str),
    /// The client was told why.
    Told,
    /// The client is told that TLS begins, and so it does.
    StartTls,
}

/// Serves the connection until it ends, or until it goes over to TLS: then its stream is given
/// back. The first message must be there by the deadline.
pub(super) async fn run<S>(
    stream: S,
    mut session: Session,
    first_by: Instant,
    stop: &CancellationToken,
) -> io::Result<Option<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limits = session.limits().clone();
    let (reader, writer) = split(stream);
    let mut inbox = Inbox::new(reader, first_by);
    let mut replies = Replies::new(writer, session.pieces(), limits.write_timeout);
    let mut stopped = pin!(stop.cancelled());
    let ending = loop {
        let bytes_max = session.message_bytes_max();
        let arrival = tokio::select! {
            biased;
            () = &mut stopped => {
                break Ending::Notice(LdapResultCode::Unavailable, "the server stops");
            }
            arrival = inbox.next(bytes_max, &limits) => arrival?,
        };
        let message = match arrival {
            Arrival::Message(message) => message,
            other => break ending(other, &inbox, &mut replies),
        };
        match answer(&mut session, message, &mut inbox, &mut replies).await? {
            None => {}
            Some(ending) => break ending,
        }
    };
    match ending {
        Ending::StartTls => Ok(Some(inbox.into_reader().unsplit(replies.into_writer()))),
        ending => end(ending, inbox, replies).await.map(|()| None),
    }
}

/// Answers one message; gives the reason where the connection ends with it.
async fn answer<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    session: &mut Session,
    mut message: bytes::BytesMut,
    inbox: &mut Inbox<R>,
    replies: &mut Replies<W>,
) -> io::Result<Option<Ending>> {
    let peek = Peek::at(&message);
    let running = peek.map_or(0, |peek| peek.id);
    let (bytes_max, limits) = (session.message_bytes_max(), session.limits().clone());
    let outcome = {
        let work = async {
            let next = session.handle(&message, replies).await?;
            replies.flush().await?;
            io::Result::Ok(next)
        };
        tokio::select! {
            biased;
            next = work => next.map(Ok),
            interruption = inbox.watch(running, bytes_max, &limits) => Ok(Err(interruption)),
        }
    };
    let operation = peek.and_then(|peek| Operation::of_tag(peek.operation));
    if matches!(operation, Some(Operation::Bind | Operation::Extended)) {
        // Passwords stay in memory no longer than needed.
        message.fill(0);
    }
    match outcome? {
        Ok(Next::Continue) => Ok(None),
        Ok(Next::Close) => Ok(Some(Ending::Told)),
        Ok(Next::StartTls(id)) => start_tls(id, inbox, replies).await.map(Some),
        Err(Interruption::Unbound) => Ok(Some(Ending::Client)),
        Err(Interruption::Abandoned) => {
            // An entry may have been sent by half.
            replies.flush().await?;
            Ok(None)
        }
    }
}

/// Consents to TLS. What came in clear behind the request may be an attacker's, who wants it taken for
/// something that came over TLS; the request itself is then no longer to be trusted either.
async fn start_tls<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    id: i32,
    inbox: &Inbox<R>,
    replies: &mut Replies<W>,
) -> io::Result<Ending> {
    if !inbox.is_empty() {
        let message = "nothing may follow a StartTLS request before its answer";
        let outcome = Outcome::new(LdapResultCode::OperationsError, message);
        replies.result(id, Operation::Extended, outcome);
        return Ok(Ending::Notice(LdapResultCode::ProtocolError, message));
    }
    replies.start_tls(id);
    replies.flush().await?;
    Ok(Ending::StartTls)
}

/// What to do about something that is no message.
fn ending<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    arrival: Arrival,
    inbox: &Inbox<R>,
    replies: &mut Replies<W>,
) -> Ending {
    match arrival {
        Arrival::Message(_) | Arrival::End => Ending::Client,
        Arrival::Foreign if inbox.is_untouched() => Ending::Foreign,
        Arrival::Foreign => {
            Ending::Notice(LdapResultCode::ProtocolError, "this is no LDAP message")
        }
        Arrival::Silence => Ending::Notice(LdapResultCode::Unavailable, "idle for too long"),
        Arrival::TooLong(peek) => {
            let reason = "the message is longer than this server takes";
            let operation = peek.and_then(|peek| Operation::of_tag(peek.operation));
            if let (Some(peek), Some(operation)) = (peek, operation) {
                let outcome = Outcome::new(LdapResultCode::ProtocolError, reason);
                replies.result(peek.id, operation, outcome);
            }
            Ending::Notice(LdapResultCode::ProtocolError, reason)
        }
    }
}

async fn end<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    ending: Ending,
    mut inbox: Inbox<R>,
    mut replies: Replies<W>,
) -> io::Result<()> {
    match ending {
        Ending::Client | Ending::Foreign | Ending::StartTls => replies.shut_down().await,
        Ending::Notice(code, message) => {
            replies.notice_of_disconnection(code, message);
            replies.shut_down().await?;
            inbox.drain().await;
            Ok(())
        }
        Ending::Told => {
            replies.shut_down().await?;
            inbox.drain().await;
            Ok(())
        }
    }
}
