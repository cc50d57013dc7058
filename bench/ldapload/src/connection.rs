//! One connection: what it has sent, what it waits for, and the bytes on the way.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Instant;

use mio::net::TcpStream;
use socket2::{Domain, Socket, Type};

use crate::ber::{FIRST_ID, Message, Request, read_message};

const BUFFER_BYTES: usize = 64 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Connecting,
    Binding,
    Searching,
}

/// A search that waits for its answer.
pub struct Pending {
    pub id: u32,
    pub started: Instant,
    /// Position in the mix.
    pub entry: usize,
    /// Entries that came so far.
    pub entries: u32,
}

pub struct Connection {
    pub stream: TcpStream,
    pub stage: Stage,
    pub opened: Instant,
    pub pending: Vec<Pending>,
    out: Vec<u8>,
    written: usize,
    input: Vec<u8>,
    start: usize,
    end: usize,
    next_id: u32,
}

impl Connection {
    /// Begins to connect. `number` chooses the source address on loopback, so that many short
    /// connections do not run out of ports in TIME_WAIT.
    pub fn open(to: SocketAddrV4, number: u32) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        if to.ip().is_loopback() {
            let last = u8::try_from(number % 250 + 1).unwrap_or(1);
            let from = SocketAddrV4::new(Ipv4Addr::new(127, 0, 1, last), 0);
            socket.bind(&SocketAddr::from(from).into())?;
        }
        match socket.connect(&SocketAddr::from(to).into()) {
            Ok(()) => {}
            // EINPROGRESS: the poll tells when it is done.
            Err(error) if error.raw_os_error() == Some(115) => {}
            Err(error) => return Err(error),
        }
        Ok(Self {
            stream: TcpStream::from_std(socket.into()),
            stage: Stage::Connecting,
            opened: Instant::now(),
            pending: vec![],
            out: vec![],
            written: 0,
            input: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            next_id: FIRST_ID,
        })
    }

    /// Puts a request into the buffer and returns its message id.
    pub fn push(&mut self, request: &Request) -> u32 {
        let id = self.next_id;
        request.write(id, &mut self.out);
        self.next_id += 1;
        id
    }

    /// Writes what the socket takes.
    pub fn flush(&mut self) -> io::Result<()> {
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        self.out.clear();
        self.written = 0;
        Ok(())
    }

    /// Reads once into the buffer. `Ok(0)`: there is nothing more for now.
    pub fn fill(&mut self) -> io::Result<usize> {
        if self.end == self.input.len() {
            self.make_room();
        }
        match self.stream.read(&mut self.input[self.end..]) {
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed")),
            Ok(count) => {
                self.end += count;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn make_room(&mut self) {
        if self.start > 0 {
            self.input.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        } else {
            self.input.resize(self.input.len() * 2, 0);
        }
    }

    /// The next complete message in the buffer.
    pub fn next_message(&mut self) -> io::Result<Option<Message>> {
        let message = read_message(&self.input[self.start..self.end]).map_err(io::Error::other)?;
        match &message {
            Some(message) => self.start += message.length,
            None if self.start == self.end => (self.start, self.end) = (0, 0),
            None => {}
        }
        Ok(message)
    }
}
