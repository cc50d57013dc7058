//! The closed loop: each connection keeps its number of searches in flight, all in one thread.

use std::io;
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::ber::{self, Message, Request};
use crate::connection::{Connection, Pending, Stage};
use crate::mix::MixEntry;
use crate::process;
use crate::tally::Tally;

/// sizeLimitExceeded (RFC 4511 appendix A.2): the answer of a search whose limit cuts the result.
const SIZE_LIMIT_EXCEEDED: u8 = 4;
/// A run stops at once when this much goes wrong.
const ERRORS_MAX: u64 = 100;

/// What to do to which server.
pub struct Plan {
    pub server: SocketAddrV4,
    pub connections: usize,
    /// Searches in flight on each connection.
    pub pipeline: usize,
    /// Connect, bind, search once, unbind, and again.
    pub sessions: bool,
    pub bind: Option<Request>,
    pub warmup: Duration,
    pub measured: Duration,
    pub server_pid: u32,
}

/// What a run showed.
pub struct Outcome {
    pub tally: Tally,
    pub seconds: f64,
    pub server_cpu_s: f64,
    pub client_cpu_s: f64,
}

/// Runs the mix for the planned time.
///
/// # Errors
/// The server cannot be reached, or the machine refuses sockets.
pub fn run(plan: &Plan, mix: &[MixEntry]) -> io::Result<Outcome> {
    let mut load = Load {
        plan,
        mix,
        poll: Poll::new()?,
        next: 0,
        opened: 0,
        tally: Tally::default(),
        measuring: false,
    };
    let mut connections =
        (0..plan.connections).map(|slot| load.open(slot)).collect::<io::Result<Vec<_>>>()?;
    load.turn(&mut connections, Instant::now() + plan.warmup)?;
    load.measuring = true;
    let (start, cpu) = (Instant::now(), clocks(plan));
    load.turn(&mut connections, start + plan.measured)?;
    let (seconds, end) = (start.elapsed().as_secs_f64(), clocks(plan));
    Ok(Outcome {
        tally: load.tally,
        seconds,
        server_cpu_s: end.0 - cpu.0,
        client_cpu_s: end.1 - cpu.1,
    })
}

fn clocks(plan: &Plan) -> (f64, f64) {
    (process::cpu_seconds(plan.server_pid), process::cpu_seconds(std::process::id()))
}

struct Load<'a> {
    plan: &'a Plan,
    mix: &'a [MixEntry],
    poll: Poll,
    /// The next search of the mix.
    next: usize,
    /// Connections opened so far.
    opened: u32,
    tally: Tally,
    measuring: bool,
}

impl Load<'_> {
    fn open(&mut self, slot: usize) -> io::Result<Connection> {
        self.opened += 1;
        let mut connection = Connection::open(self.plan.server, self.opened)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut connection.stream, Token(slot), interest)?;
        Ok(connection)
    }

    /// Serves the connections until this time.
    fn turn(&mut self, connections: &mut [Connection], until: Instant) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        while Instant::now() < until {
            self.poll.poll(&mut events, Some(Duration::from_millis(50)))?;
            for event in &events {
                let slot = event.token().0;
                let ended = match self.serve(&mut connections[slot]) {
                    Ok(ended) => ended,
                    Err(error) => {
                        self.tally.error(error.to_string());
                        true
                    }
                };
                if self.tally.errors > ERRORS_MAX {
                    return Err(io::Error::other(
                        self.tally.first_error.take().unwrap_or_default(),
                    ));
                }
                if ended {
                    connections[slot] = self.open(slot)?;
                }
            }
        }
        Ok(())
    }

    /// Does what one connection is ready for; true when it has ended.
    fn serve(&mut self, connection: &mut Connection) -> io::Result<bool> {
        if connection.stage == Stage::Connecting {
            if let Some(error) = connection.stream.take_error()? {
                return Err(error);
            }
            if connection.stream.peer_addr().is_err() {
                return Ok(false);
            }
            self.begin(connection);
        }
        let ended = self.read(connection)?;
        if ended {
            connection.push(&Request::unbind());
        } else if connection.stage == Stage::Searching && !self.plan.sessions {
            while connection.pending.len() < self.plan.pipeline {
                self.search(connection, Instant::now());
            }
        }
        connection.flush()?;
        Ok(ended)
    }

    fn begin(&mut self, connection: &mut Connection) {
        match &self.plan.bind {
            Some(bind) => {
                connection.push(bind);
                connection.stage = Stage::Binding;
            }
            None => self.bound(connection),
        }
    }

    fn bound(&mut self, connection: &mut Connection) {
        connection.stage = Stage::Searching;
        if self.plan.sessions {
            self.search(connection, connection.opened);
        }
    }

    fn search(&mut self, connection: &mut Connection, started: Instant) {
        let entry = self.next;
        self.next = (self.next + 1) % self.mix.len();
        let id = connection.push(&self.mix[entry].request);
        connection.pending.push(Pending { id, started, entry, entries: 0 });
    }

    /// Takes all answers that are there; true when a session is over.
    fn read(&mut self, connection: &mut Connection) -> io::Result<bool> {
        loop {
            let count = connection.fill()?;
            if count == 0 {
                return Ok(false);
            }
            if self.measuring {
                self.tally.bytes += count as u64;
            }
            while let Some(message) = connection.next_message()? {
                self.receive(connection, &message)?;
                if self.plan.sessions && message.operation == ber::SEARCH_DONE {
                    return Ok(true);
                }
            }
        }
    }

    fn receive(&mut self, connection: &mut Connection, message: &Message) -> io::Result<()> {
        let of = |pending: &Pending| pending.id == message.id;
        match message.operation {
            ber::SEARCH_ENTRY | ber::SEARCH_REFERENCE => {
                if let Some(pending) = connection.pending.iter_mut().find(|pending| of(pending)) {
                    pending.entries += 1;
                }
            }
            ber::SEARCH_DONE => {
                if let Some(at) = connection.pending.iter().position(of) {
                    let pending = connection.pending.swap_remove(at);
                    self.count(&pending, message.code);
                }
            }
            ber::BIND_RESPONSE if message.code == 0 => self.bound(connection),
            ber::BIND_RESPONSE => {
                return Err(io::Error::other(format!("bind: result {}", message.code)));
            }
            _ => {
                return Err(io::Error::other("unexpected message, such as a disconnection notice"));
            }
        }
        Ok(())
    }

    fn count(&mut self, pending: &Pending, code: u8) {
        if !self.measuring {
            return;
        }
        let wanted = &self.mix[pending.entry];
        if code != 0 && code != SIZE_LIMIT_EXCEEDED {
            self.tally.error(format!("{}: result {code}", wanted.filter));
        }
        if let Some(least) = wanted.entries_min.filter(|least| pending.entries < *least) {
            let got = pending.entries;
            self.tally.short(format!("{}: {got} entries instead of {least}", wanted.filter));
        }
        self.tally.answer(pending.started.elapsed(), pending.entries);
    }
}
