//! Receives messages, and looks out for those that concern the operation that is running.

use std::future::pending;
use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout, timeout_at};

use crate::ldap::Limits;
use crate::ldap::ber;
use crate::ldap::framing::Frame;
use crate::ldap::operation::Operation;
use crate::ldap::request::{Envelope, Peek};

/// Room that is made for reads, and the room below which it is made anew: most requests are smaller.
const READ_BYTES: usize = 4 * 1024;
const READ_BYTES_MIN: usize = 1024;
/// What is still read of a client that is told that its connection ends, so that it gets to know.
const DRAINED_BYTES_MAX: usize = 1024 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// What came next.
#[derive(Debug)]
pub(super) enum Arrival {
    Message(BytesMut),
    /// The client sends no more.
    End,
    /// A message that is longer than allowed, with its id where that has arrived.
    TooLong(Option<Peek>),
    /// No LDAP.
    Foreign,
    /// Nothing came for too long.
    Silence,
}

/// Why an operation shall stop before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interruption {
    Abandoned,
    Unbound,
}

/// The receiving half of a connection.
#[derive(Debug)]
pub(super) struct Inbox<R> {
    reader: R,
    buffer: BytesMut,
    /// How far `buffer` was looked through for abandons: whole messages.
    seen_bytes: usize,
    seen_messages: usize,
    /// Messages that wait in `buffer` and need no answer any more.
    abandoned: Vec<i32>,
    ended: bool,
    /// Whether a message has come yet.
    begun: bool,
    /// When the first message must be there in whole.
    first_by: Instant,
}

impl<R: AsyncRead + Unpin> Inbox<R> {
    pub(super) fn new(reader: R, first_by: Instant) -> Self {
        Self {
            reader,
            buffer: BytesMut::new(),
            seen_bytes: 0,
            seen_messages: 0,
            abandoned: Vec::new(),
            ended: false,
            begun: false,
            first_by,
        }
    }

    /// Whether no message has come yet: then it need not be an LDAP client.
    pub(super) fn is_untouched(&self) -> bool {
        !self.begun
    }

    /// Whether nothing waits that was received.
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The reading half, for what comes after the messages. What was received and waits is lost.
    pub(super) fn into_reader(self) -> R {
        self.reader
    }

    /// Waits for the next message.
    pub(super) async fn next(&mut self, bytes_max: usize, limits: &Limits) -> io::Result<Arrival> {
        // Of a message whose beginning is there; it does not move with each byte.
        let mut whole_by = None;
        loop {
            match Frame::peek(&self.buffer, bytes_max) {
                Frame::Message(bytes) => {
                    if let Some(message) = self.take(bytes) {
                        return Ok(Arrival::Message(message));
                    }
                }
                Frame::TooLong => return Ok(Arrival::TooLong(Peek::at(&self.buffer))),
                Frame::Foreign => return Ok(Arrival::Foreign),
                Frame::Incomplete if self.ended => return Ok(Arrival::End),
                Frame::Incomplete => {
                    let deadline = match self.begun {
                        false => self.first_by,
                        true if self.buffer.is_empty() => Instant::now() + limits.idle_timeout,
                        true => {
                            *whole_by.get_or_insert_with(|| Instant::now() + limits.message_timeout)
                        }
                    };
                    match timeout_at(deadline, self.receive()).await {
                        Ok(received) => received?,
                        Err(_elapsed) => return Ok(Arrival::Silence),
                    }
                }
            }
        }
    }

    /// Cuts off the next message; `None` where it was abandoned while it waited.
    fn take(&mut self, bytes: usize) -> Option<BytesMut> {
        let message = self.buffer.split_to(bytes);
        self.begun = true;
        self.seen_bytes = self.seen_bytes.saturating_sub(bytes);
        self.seen_messages = self.seen_messages.saturating_sub(1);
        if self.abandoned.is_empty() {
            return Some(message);
        }
        let id = Peek::at(&message).map(|peek| peek.id);
        let at = self.abandoned.iter().position(|abandoned| Some(*abandoned) == id);
        match at {
            Some(at) => {
                self.abandoned.swap_remove(at);
                None
            }
            None => Some(message),
        }
    }

    /// Goes on receiving while an operation runs, and returns when that shall stop. Giving this up
    /// loses nothing.
    pub(super) async fn watch(
        &mut self,
        running: i32,
        bytes_max: usize,
        limits: &Limits,
    ) -> Interruption {
        loop {
            if let Some(interruption) = self.look(running, bytes_max) {
                return interruption;
            }
            let full = self.buffer.len() > bytes_max || self.seen_messages >= limits.operations_max;
            if full || self.ended || self.receive().await.is_err() {
                // What is left is dealt with when the operation is done.
                return pending().await;
            }
        }
    }

    /// Looks at the messages that have arrived since the last time.
    fn look(&mut self, running: i32, bytes_max: usize) -> Option<Interruption> {
        loop {
            let rest = self.buffer.get(self.seen_bytes..)?;
            let Frame::Message(bytes) = Frame::peek(rest, bytes_max) else { return None };
            let message = rest.get(..bytes)?;
            self.seen_bytes += bytes;
            self.seen_messages += 1;
            match Peek::at(message).and_then(|peek| Operation::of_tag(peek.operation)) {
                Some(Operation::Unbind) => return Some(Interruption::Unbound),
                Some(Operation::Abandon) => match abandoned(message) {
                    Some(id) if id == running => return Some(Interruption::Abandoned),
                    Some(id) if self.abandoned.len() < self.seen_messages => {
                        self.abandoned.push(id);
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }

    async fn receive(&mut self) -> io::Result<()> {
        if self.buffer.capacity() - self.buffer.len() < READ_BYTES_MIN {
            self.buffer.reserve(READ_BYTES);
        }
        let received = self.reader.read_buf(&mut self.buffer).await;
        self.ended |= !matches!(received, Ok(1..));
        received.map(|_| ())
    }

    /// Reads and forgets: closing with bytes unread would take back what was last sent.
    pub(super) async fn drain(&mut self) {
        let mut drained = 0;
        let all = async {
            while !self.ended && drained < DRAINED_BYTES_MAX {
                self.buffer.clear();
                if self.receive().await.is_err() {
                    return;
                }
                drained += self.buffer.len();
            }
        };
        // Either way the connection is closed next.
        let _ = timeout(DRAIN_TIMEOUT, all).await;
    }
}

/// The id of the message that an abandon request means.
fn abandoned(message: &[u8]) -> Option<i32> {
    let envelope = Envelope::read(message).ok()?;
    i32::try_from(ber::integer(envelope.operation.content).ok()?).ok()
}
