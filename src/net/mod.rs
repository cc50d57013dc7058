//! Listeners for every door: bind, accept, limit, and stop together.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::account::networks::Networks;
use crate::net::gate::{Admission, Gate, Refusal};
use crate::net::workers::Workers;

pub mod gate;
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

/// A bound socket whose connections wait to be accepted.
#[derive(Debug)]
pub struct Listener {
    door: &'static str,
    address: SocketAddr,
    socket: TcpListener,
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
        Ok(Self { door, address, socket })
    }

    /// The address with its real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// One accepted connection.
#[derive(Debug)]
pub struct Connection {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    /// Cancelled when the daemon stops: finish what was begun, then close.
    pub stop: CancellationToken,
}

/// Everything that listens, and how it stops.
#[derive(Debug)]
pub struct Net {
    gate: Arc<Gate>,
    /// Who may speak without TLS; nobody else is let in while there is no TLS.
    plain: Arc<Networks>,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Those of [`Net::listen_on`], kept until everything has stopped.
    workers: Vec<Workers>,
}

impl Net {
    pub fn new(gate: Gate, plain: Networks) -> Self {
        let (gate, plain) = (Arc::new(gate), Arc::new(plain));
        Self {
            gate,
            plain,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            workers: Vec::new(),
        }
    }

    /// Cancelled by [`Net::stop`].
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Accepts connections until the stop and serves each in a task of its own.
    pub fn listen<F, S>(&self, listener: Listener, serve: F)
    where
        F: Fn(Connection) -> S + Send + Sync + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        self.accept_on(&Handle::current(), listener, Arc::new(serve));
    }

    /// As [`Net::listen`], on threads of their own: a connection stays where it was accepted.
    ///
    /// # Errors
    /// Where the operating system cannot share the listener among the threads.
    pub fn listen_on<F, S>(
        &mut self,
        workers: Workers,
        listener: Listener,
        serve: F,
    ) -> io::Result<()>
    where
        F: Fn(Connection) -> S + Send + Sync + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let Listener { door, address, socket } = listener;
        let socket = socket.into_std()?;
        let serve = Arc::new(serve);
        for handle in workers.handles() {
            let socket = {
                // Its events go to the worker.
                let _worker = handle.enter();
                TcpListener::from_std(socket.try_clone()?)?
            };
            self.accept_on(handle, Listener { door, address, socket }, Arc::clone(&serve));
        }
        self.workers.push(workers);
        Ok(())
    }

    fn accept_on<F, S>(&self, handle: &Handle, listener: Listener, serve: Arc<F>)
    where
        F: Fn(Connection) -> S + Send + Sync + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let (gate, plain) = (Arc::clone(&self.gate), Arc::clone(&self.plain));
        let (stop, tasks) = (self.stop.clone(), self.tasks.clone());
        let accepting = async move {
            let door = listener.door;
            let accept = async {
                loop {
                    let (stream, peer) = accept(&listener).await;
                    match admit(&gate, &plain, peer) {
                        Ok(admission) => {
                            let stop = stop.clone();
                            let connection = Connection { stream, peer, stop };
                            let served = serve(connection);
                            tasks.spawn(async move {
                                served.await;
                                drop(admission);
                            });
                        }
                        Err(refusal) => {
                            tracing::info!(door, %peer, "connection refused: {refusal}")
                        }
                    }
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
        self.stop.cancel();
        self.tasks.close();
        timeout(deadline, self.tasks.wait()).await.map_err(|_late| self.tasks.len())
    }
}

fn admit(gate: &Arc<Gate>, plain: &Networks, peer: SocketAddr) -> Result<Admission, Refusal> {
    if !plain.contain(peer.ip()) {
        return Err(Refusal::Plain);
    }
    Gate::admit(gate, peer.ip())
}

/// The next connection; failures are waited out.
async fn accept(listener: &Listener) -> (TcpStream, SocketAddr) {
    let mut pause = BACK_OFF_MIN;
    loop {
        match listener.socket.accept().await {
            Ok((stream, peer)) => {
                // Answers are written whole: waiting for more would only delay them.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
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
