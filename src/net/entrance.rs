//! What lies between a socket and a door: limits, the PROXY header, the TLS handshake.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::net::gate::{Admission, Gate, Refusal};
use crate::net::proxy::{self, ProxyError, Source};
use crate::net::rules::{Current, Rules, Transport};
use crate::net::stream::Stream;
use crate::net::tls;
use crate::net::{Connection, Encryption};

/// What all listeners share.
#[derive(Clone, Debug)]
pub(super) struct Entrance {
    pub(super) gate: Arc<Gate>,
    pub(super) rules: Arc<Current>,
    /// From the accept to the end of a handshake.
    pub(super) patience: Duration,
    pub(super) stop: CancellationToken,
}

/// A connection that has a place, and is no more than a socket yet.
pub(super) struct Visitor {
    stream: TcpStream,
    peer: SocketAddr,
    rules: Arc<Rules>,
    /// None: a balancer says whose connection it is.
    client: Option<SocketAddr>,
    admission: Admission,
    accepted: Instant,
    patience: Duration,
    stop: CancellationToken,
}

/// Why a connection never got to its door.
#[derive(Debug, thiserror::Error)]
pub(super) enum Turned {
    #[error(transparent)]
    Full(#[from] Refusal),
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    #[error("TLS: {}", tls::reason(.0))]
    Tls(io::Error),
    #[error("no {what} within {} s (limits.first_request_s)", patience.as_secs_f32())]
    Late { what: &'static str, patience: Duration },
    #[error("the daemon stops")]
    Stopped,
}

impl Entrance {
    /// Takes a place for a new connection.
    ///
    /// # Errors
    /// [`Refusal`] where there is none.
    pub(super) fn admit(&self, stream: TcpStream, peer: SocketAddr) -> Result<Visitor, Refusal> {
        let rules = self.rules.get();
        let (admission, client) = if rules.proxy_protocol.contain(peer.ip()) {
            (Gate::admit_balancer(&self.gate)?, None)
        } else {
            (Gate::admit(&self.gate, peer.ip())?, Some(peer))
        };
        let (accepted, patience, stop) = (Instant::now(), self.patience, self.stop.clone());
        Ok(Visitor { stream, peer, rules, client, admission, accepted, patience, stop })
    }
}

impl Visitor {
    /// Reads what comes before the door's own bytes. The place is held by what is returned.
    ///
    /// # Errors
    /// [`Turned`] says why there is no connection.
    pub(super) async fn come_in(
        mut self,
        encryption: Encryption,
    ) -> Result<(Connection, Admission), Turned> {
        let (stop, deadline) = (self.stop.clone(), self.accepted + self.patience);
        let late = |what, patience| move |_elapsed| Turned::Late { what, patience };
        let patience = self.patience;
        let begun = async {
            let client = match self.client {
                Some(client) => client,
                None => {
                    let named = timeout_at(deadline, self.client_of_balancer());
                    named.await.map_err(late("PROXY header", patience))??
                }
            };
            let shaken = timeout_at(deadline, self.encrypt(encryption, client));
            shaken.await.map_err(late("TLS handshake", patience))?
        };
        tokio::select! {
            biased;
            came = begun => came,
            () = stop.cancelled() => Err(Turned::Stopped),
        }
    }

    async fn client_of_balancer(&mut self) -> Result<SocketAddr, Turned> {
        let client = match proxy::read(&mut self.stream).await? {
            Source::Client(client) => SocketAddr::new(client.ip().to_canonical(), client.port()),
            Source::Balancer => self.peer,
        };
        self.admission.belongs_to(client.ip())?;
        Ok(client)
    }

    async fn encrypt(
        self,
        encryption: Encryption,
        peer: SocketAddr,
    ) -> Result<(Connection, Admission), Turned> {
        let Self { stream, rules, admission, accepted, stop, .. } = self;
        let plain = rules.without_tls(peer.ip());
        let (stream, transport, start_tls) = match encryption {
            Encryption::Never => (Stream::Plain(stream), plain, None),
            Encryption::OnRequest(acceptor) => (Stream::Plain(stream), plain, Some(acceptor)),
            Encryption::AtOnce(acceptor) => {
                let stream = acceptor.accept(stream).await.map_err(Turned::Tls)?;
                (Stream::Tls(Box::new(stream)), Transport::Tls, None)
            }
        };
        let connection = Connection { stream, peer, transport, rules, accepted, start_tls, stop };
        Ok((connection, admission))
    }
}
