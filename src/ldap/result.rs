//! Results of operations, and the one buffer that replies are written through.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use bytes::BytesMut;
use ldap3_lber::structure::StructureTag;
use ldap3_lber::write::encode_into;
use ldap3_proto::proto::{
    LdapBindResponse, LdapExtendedResponse, LdapMsg, LdapOp, LdapResult, LdapResultCode,
};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::ldap::ber::{self, ENUMERATED, OCTET_STRING, Reader, SEQUENCE};
use crate::ldap::operation::Operation;
use crate::ldap::start_tls::START_TLS;

/// Entries are sent in batches of about this size: one write for most searches.
const BATCH_BYTES: usize = 64 * 1024;
/// A buffer that grew beyond this is not kept between operations.
const KEPT_BYTES_MAX: usize = 256 * 1024;
/// Tag of a search's last reply.
const SEARCH_RESULT_DONE: u8 = 0x65;
/// Tag of a message's controls.
const CONTROLS: u8 = 0xa0;
/// Name of the message that a server sends before it ends a connection (RFC 4511 section 4.4.1).
const NOTICE_OF_DISCONNECTION: &str = "1.3.6.1.4.1.1466.20036";

/// How an operation ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) code: LdapResultCode,
    /// The part of the base that exists, where it does not in whole.
    pub(super) matched: String,
    /// For people who read traces.
    pub(super) message: Cow<'static, str>,
    /// Encoded controls of a search's last reply.
    pub(super) controls: Vec<u8>,
}

impl Outcome {
    pub(super) fn new(code: LdapResultCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, matched: String::new(), message: message.into(), controls: Vec::new() }
    }

    pub(super) fn success() -> Self {
        Self::new(LdapResultCode::Success, "")
    }

    fn result(self) -> LdapResult {
        let Self { code, matched, message, .. } = self;
        LdapResult { code, matcheddn: matched, message: message.into(), referral: Vec::new() }
    }
}

/// Replies on their way to the client. Writing can be given up between any two polls without
/// losing or doubling a byte, so a search may be abandoned while a batch is being sent.
#[derive(Debug)]
pub(super) struct Replies<W> {
    writer: W,
    /// Whole messages.
    pub(super) out: Vec<u8>,
    /// Entries so far, for the log.
    pub(super) entries: u64,
    /// How many bytes of `out` are sent.
    sent: usize,
    /// Where in `out` the piece ends that is being sent.
    piece_end: usize,
    pieces: Pieces,
    write_timeout: Duration,
}

/// How much is handed over at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pieces {
    /// All there is.
    All,
    /// One message: over TLS each gets a record of its own. libcurl (7.88) reads one message whenever
    /// its socket has something, and would wait for ever for those that came in the same record.
    Messages,
}

impl Pieces {
    /// The length of the first piece of these whole messages.
    fn first_length(self, messages: &[u8]) -> usize {
        match self {
            Self::All => messages.len(),
            Self::Messages => {
                Reader::new(messages).next().map_or(messages.len(), |message| message.whole.len())
            }
        }
    }
}

impl<W: AsyncWrite + Unpin> Replies<W> {
    pub(super) fn new(writer: W, pieces: Pieces, write_timeout: Duration) -> Self {
        Self { writer, out: Vec::new(), entries: 0, sent: 0, piece_end: 0, pieces, write_timeout }
    }

    /// Whether enough is gathered for a batch.
    pub(super) fn is_batch(&self) -> bool {
        self.out.len() >= BATCH_BYTES
    }

    /// Sends what is gathered.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        while let Some(rest) = self.out.get(self.sent..).filter(|rest| !rest.is_empty()) {
            if self.sent >= self.piece_end {
                self.piece_end = self.sent + self.pieces.first_length(rest);
            }
            let piece = rest.get(..self.piece_end - self.sent).unwrap_or(rest);
            let written = timeout(self.write_timeout, self.writer.write(piece)).await??;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.sent += written;
        }
        (self.sent, self.piece_end) = (0, 0);
        if self.out.capacity() > KEPT_BYTES_MAX {
            self.out = Vec::new();
        }
        self.out.clear();
        timeout(self.write_timeout, self.writer.flush()).await?
    }

    /// The writing half, for what comes after these replies.
    pub(super) fn into_writer(self) -> W {
        self.writer
    }

    /// Says that nothing more comes.
    pub(super) async fn shut_down(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.writer.shutdown().await
    }

    /// Appends the last reply to a search.
    pub(super) fn search_done(&mut self, id: i32, outcome: &Outcome) {
        let mut result = Vec::with_capacity(outcome.matched.len() + outcome.message.len() + 16);
        ber::put(&mut result, ENUMERATED, &[code_byte(&outcome.code)]);
        ber::put(&mut result, OCTET_STRING, outcome.matched.as_bytes());
        ber::put(&mut result, OCTET_STRING, outcome.message.as_bytes());
        let mut message = Vec::with_capacity(result.len() + outcome.controls.len() + 20);
        ber::put_integer(&mut message, id);
        ber::put(&mut message, SEARCH_RESULT_DONE, &result);
        if !outcome.controls.is_empty() {
            ber::put(&mut message, CONTROLS, &outcome.controls);
        }
        ber::put(&mut self.out, SEQUENCE, &message);
    }

    /// Appends the reply to an operation that has only a result.
    pub(super) fn result(&mut self, id: i32, operation: Operation, outcome: Outcome) {
        let reply = match operation {
            Operation::Search => return self.search_done(id, &outcome),
            Operation::Bind => {
                LdapOp::BindResponse(LdapBindResponse { res: outcome.result(), saslcreds: None })
            }
            Operation::Modify => LdapOp::ModifyResponse(outcome.result()),
            Operation::Add => LdapOp::AddResponse(outcome.result()),
            Operation::Delete => LdapOp::DelResponse(outcome.result()),
            Operation::ModifyDn => LdapOp::ModifyDNResponse(outcome.result()),
            Operation::Compare => LdapOp::CompareResult(outcome.result()),
            Operation::Extended => return self.extended(id, outcome, None),
            Operation::Unbind | Operation::Abandon => return,
        };
        self.message(id, reply);
    }

    pub(super) fn extended(&mut self, id: i32, outcome: Outcome, value: Option<Vec<u8>>) {
        let reply = LdapExtendedResponse { res: outcome.result(), name: None, value };
        self.message(id, LdapOp::ExtendedResponse(reply));
    }

    /// Appends the consent to StartTLS; what follows it on the wire is TLS.
    pub(super) fn start_tls(&mut self, id: i32) {
        let (res, name) = (Outcome::success().result(), Some(START_TLS.to_owned()));
        self.message(id, LdapOp::ExtendedResponse(LdapExtendedResponse { res, name, value: None }));
    }

    /// Appends the notice that the connection ends, and why.
    pub(super) fn notice_of_disconnection(&mut self, code: LdapResultCode, message: &'static str) {
        let res = Outcome::new(code, message).result();
        let name = Some(NOTICE_OF_DISCONNECTION.to_owned());
        self.message(0, LdapOp::ExtendedResponse(LdapExtendedResponse { res, name, value: None }));
    }

    fn message(&mut self, id: i32, reply: LdapOp) {
        let mut encoded = BytesMut::new();
        // Writing into memory does not fail.
        if encode_into(&mut encoded, StructureTag::from(LdapMsg::new(id, reply))).is_ok() {
            self.out.extend_from_slice(&encoded);
        }
    }
}

/// The code on the wire. All that searches end with are below 128.
fn code_byte(code: &LdapResultCode) -> u8 {
    u8::try_from(code.clone() as i64).unwrap_or(LdapResultCode::Other as u8)
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use super::*;

    /// Takes at most so many bytes of each write, and remembers every write.
    struct Writes {
        bytes_max: usize,
        taken: Vec<Vec<u8>>,
    }

    impl AsyncWrite for Writes {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let taken = &bytes[..bytes.len().min(self.bytes_max)];
            self.taken.push(taken.to_owned());
            Poll::Ready(Ok(taken.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// The lengths of what is written for two replies of 14 bytes each, twice.
    async fn lengths(pieces: Pieces, bytes_max: usize) -> Vec<usize> {
        let writes = Writes { bytes_max, taken: vec![] };
        let mut replies = Replies::new(writes, pieces, Duration::from_secs(60));
        for id in [1, 3] {
            replies.search_done(id, &Outcome::success());
            replies.search_done(id + 1, &Outcome::success());
            replies.flush().await.unwrap();
        }
        replies.into_writer().taken.iter().map(Vec::len).collect()
    }

    #[tokio::test]
    async fn replies_travel_together_or_message_by_message() {
        assert_eq!(lengths(Pieces::All, 100).await, [28, 28]);
        assert_eq!(lengths(Pieces::Messages, 100).await, [14, 14, 14, 14]);
        assert_eq!(lengths(Pieces::Messages, 9).await, [9, 5, 9, 5, 9, 5, 9, 5]);
    }
}
