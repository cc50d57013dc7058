//! Listeners for every door: bind, accept, limit, and stop together.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::net::entrance::Entrance;
use crate::net::gate::Gate;
use crate::net::rules::{Current, Rules, Transport};
use crate::net::stream::Stream;
use crate::net::tls::Acceptor;
use crate::net::workers::Workers;

mod entrance;
pub mod gate;
pub mod proxy;
pub mod rules;
pub mod stream;
pub mod tls;
pub mod workers;

/// Pauses after a failed accept, such as for want of file descriptors.
const BACK_OFF_MIN: Duration = Duration::from_millis(10);
const BACK_OFF_MAX: Duration = Duration::from_secs(1);

/// Why a listener could not be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for {door}: {source}")]
pub struct BindError {
    pub door: &'static str,
    pub address: SocketAddr,
    pub source: io::Error,
}

/// Whether connections are encrypted.
#[derive(Clone, Debug)]
pub enum Encryption {
    Never,
    /// When the client asks for it (LDAP's StartTLS).
    OnRequest(Arc<Acceptor>),
    /// From the first byte, or from the one behind the PROXY header.
    AtOnce(Arc<Acceptor>),
}

/// A bound socket whose connections wait to be accepted.
#[derive(Debug)]
pub struct Listener {
    door: &'static str,
    address: SocketAddr,
    socket: TcpListener,
    encryption: Encryption,
}

impl Listener {
    /// Binds a socket; port 0 takes any free one.
    ///
    /// # Errors
    /// [`BindError`] says which door and address.
    pub async fn bind(door: &'static str, address: SocketAddr) -> Result<Self, BindError> {
        let failed = |source| BindError { door, address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { door, address, socket, encryption: Encryption::Never })
    }

    /// The listener with this kind of connections; nothing is encrypted unless this says so.
    #[must_use]
    pub fn encrypted(self, encryption: Encryption) -> Self {
        Self { encryption, ..self }
    }

    /// The address with its real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// One accepted connection.
#[derive(Debug)]
pub struct Connection {
    pub stream: Stream,
    /// The client: of the socket, or what a balancer says of it.
    pub peer: SocketAddr,
    pub transport: Transport,
    /// What was known of networks when it came.
    pub rules: Arc<Rules>,
    /// When it was accepted; the time to the first request counts from here.
    pub accepted: Instant,
    /// What to shake hands with where the client may ask for TLS.
    pub start_tls: Option<Arc<Acceptor>>,
    /// Cancelled when the daemon stops: finish what was begun, then close.
    pub stop: CancellationToken,
}

/// Everything that listens, and how it stops.
#[derive(Debug)]
pub struct Net {
    entrance: Entrance,
    tasks: TaskTracker,
    /// Those of [`Net::listen_on`], kept until everything has stopped.
    workers: Vec<Workers>,
}

impl Net {
    /// The patience is from the accept to the end of a TLS handshake.
    pub fn new(gate: Gate, rules: Rules, patience: Duration) -> Self {
        let entrance = Entrance {
            gate: Arc::new(gate),
            rules: Arc::new(Current::new(rules)),
            patience,
            stop: CancellationToken::new(),
        };
        Self { entrance, tasks: TaskTracker::new(), workers: Vec::new() }
    }

    /// The limits on connections.
    pub fn gate(&self) -> &Gate {
        &self.entrance.gate
    }

    /// Goes by other rules from the next connection on.
    pub fn change_rules(&self, rules: Rules) {
        self.entrance.rules.set(rules);
    }

    /// Cancelled by [`Net::stop`].
    pub fn stopping(&self) -> CancellationToken {
        self.entrance.stop.clone()
    }

    /// Accepts connections until the stop and serves each in a task of its own.
    pub fn listen<F, S>(&self, listener: Listener, serve: F)
    where
        F: Fn(Connection) -> S + Send + Sync + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        self.accept_on(&Handle::current(), listener, Arc::new(serve));
    }

    /// As [`Net::listen`] for several listeners, on threads of their own: a connection stays where
    /// it was accepted.
    ///
    /// # Errors
    /// Where the operating system cannot share a listener among the threads.
    pub fn listen_on<F, S>(
        &mut self,
        workers: Workers,
        listeners: Vec<Listener>,
        serve: F,
    ) -> io::Result<()>
    where
        F: Fn(Connection) -> S + Send + Sync + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let serve = Arc::new(serve);
        for Listener { door, address, socket, encryption } in listeners {
            let socket = socket.into_std()?;
            for handle in workers.handles() {
                let socket = {
                    // Its events go to the worker.
                    let _worker = handle.enter();
                    TcpListener::from_std(socket.try_clone()?)?
                };
                let encryption = encryption.clone();
                let listener = Listener { door, address, socket, encryption };
                self.accept_on(handle, listener, Arc::clone(&serve));
            }
        }
        self.workers.push(workers);
        Ok(())
    }

    fn accept_on<F, S>(&self, handle: &Handle, listener: Listener, serve: Arc<F>)
    where
        F: Fn(Connection) -> S + Send + Sync + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let (entrance, tasks) = (self.entrance.clone(), self.tasks.clone());
        let stop = entrance.stop.clone();
        let accepting = async move {
            let door = listener.door;
            let accept = async {
                loop {
                    let (stream, peer) = accept(&listener).await;
                    let visitor = match entrance.admit(stream, peer) {
                        Ok(visitor) => visitor,
                        Err(refusal) => {
                            tracing::info!(door, %peer, "connection refused: {refusal}");
                            continue;
                        }
                    };
                    let (encryption, serve) = (listener.encryption.clone(), Arc::clone(&serve));
                    tasks.spawn(async move {
                        match visitor.come_in(encryption).await {
                            Ok((connection, _admission)) => serve(connection).await,
                            Err(error) => {
                                tracing::info!(door, %peer, "connection refused: {error}");
                            }
                        }
                    });
                }
            };
            tokio::select! {
                () = accept => {}
                () = stop.cancelled() => {}
            }
        };
        self.tasks.spawn_on(accepting, handle);
    }

    /// Closes the listeners and waits until the connections have finished, up to a deadline.
    ///
    /// # Errors
    /// The number of connections that were still busy then.
    pub async fn stop(&self, deadline: Duration) -> Result<(), usize> {
        self.entrance.stop.cancel();
        self.tasks.close();
        timeout(deadline, self.tasks.wait()).await.map_err(|_late| self.tasks.len())
    }
}

/// The next connection; failures are waited out.
async fn accept(listener: &Listener) -> (TcpStream, SocketAddr) {
    let mut pause = BACK_OFF_MIN;
    loop {
        match listener.socket.accept().await {
            Ok((stream, peer)) => {
                // Answers are written whole: waiting for more would only delay them.
                let _ = stream.set_nodelay(true);
                // One host is one, whether its IPv4 address comes in IPv6's form or not.
                return (stream, SocketAddr::new(peer.ip().to_canonical(), peer.port()));
            }
            Err(error) if passing(&error) => {}
            Err(error) => {
                tracing::warn!(door = listener.door, %error, "cannot accept a connection");
                sleep(pause).await;
                pause = (pause * 2).min(BACK_OFF_MAX);
            }
        }
    }
}

/// Whether only the one connection failed, before it was accepted.
fn passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests;
