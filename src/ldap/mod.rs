//! The LDAP door: what phones and softphones ask, answered from the directory (RFC 4511).
//!
//! A connection cuts its bytes into messages (`framing`); the session answers one after the other
//! (`session`); a search reads its request without copying (`request`), finds its base in the tree
//! that the asker sees (`tree`), covers what is below (`target`), becomes a query (`filter`), and is
//! run (`run`): its entries are copied out of prepared ones (`entry`, `plan`) under the names they have
//! there (`naming`). Controls ask for pages, another order or a part of a list (`control`). What there
//! may be in entries is published (`schema`).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::auth::seal::Sealer;
use crate::auth::{Authenticator, UnauthenticatedBind};
use crate::contact::OrganizationId;
use crate::directory::{Directory, system_clock};
use crate::ldap::request::FilterLimits;
use crate::ldap::session::{Link, Session};
use crate::net::Connection;
use crate::net::rules::Transport;
use crate::net::stream::Stream;
use crate::net::tls::reason;
use crate::presence::{Presence, SILENCE_DEFAULT_S};

mod attribute;
mod ber;
mod bind;
mod compare;
mod connection;
mod control;
mod entry;
mod filter;
mod fixed;
mod framing;
mod inbox;
mod naming;
mod operation;
mod password;
mod photo;
mod plan;
mod presence;
mod request;
mod result;
mod rule;
mod run;
mod schema;
mod search;
mod session;
mod start_tls;
mod style;
mod target;
mod time;
mod tree;

/// What all connections share.
pub struct Door {
    directory: Arc<Directory>,
    authenticator: Arc<Authenticator>,
    /// The listener's: its suffix is shown to those who have not signed in.
    organization: OrganizationId,
    limits: Limits,
    presence: Arc<Presence>,
    unauthenticated_bind: UnauthenticatedBind,
    /// Seals the cookies of pages.
    sealer: Sealer,
}

impl Door {
    pub fn new(
        directory: Arc<Directory>,
        authenticator: Arc<Authenticator>,
        organization: OrganizationId,
        limits: Limits,
    ) -> Self {
        let presence = Arc::new(Presence::new(SILENCE_DEFAULT_S, Box::new(system_clock)));
        let unauthenticated_bind = UnauthenticatedBind::default();
        let sealer = Sealer::default();
        Self {
            directory,
            authenticator,
            organization,
            limits,
            presence,
            unauthenticated_bind,
            sealer,
        }
    }

    /// The door, where a name without a password is this.
    pub fn with_unauthenticated_bind(self, unauthenticated_bind: UnauthenticatedBind) -> Self {
        Self { unauthenticated_bind, ..self }
    }

    /// The door, with people in `ou=status`.
    pub fn with_presence(self, presence: Arc<Presence>) -> Self {
        Self { presence, ..self }
    }
}

/// How much a client may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    pub message_bytes_max: usize,
    /// Before somebody signed in.
    pub message_bytes_max_before_bind: usize,
    pub filter_depth_max: usize,
    pub filter_terms_max: usize,
    /// Messages of one connection that are received while others wait for their answer.
    pub operations_max: usize,
    /// How many contacts a search may examine that no index helps.
    pub look_through: usize,
    /// Phones keep connections open between calls.
    pub idle_timeout: Duration,
    /// For the first message of a connection, and for the rest of each.
    pub message_timeout: Duration,
    /// For a client that does not take what it asked for.
    pub write_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 256 * 1024,
            message_bytes_max_before_bind: 8 * 1024,
            filter_depth_max: 50,
            filter_terms_max: 1000,
            operations_max: 32,
            look_through: 200_000,
            idle_timeout: Duration::from_secs(3600),
            message_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(60),
        }
    }
}

impl Limits {
    fn filter(&self) -> FilterLimits {
        FilterLimits { depth_max: self.filter_depth_max, terms_max: self.filter_terms_max }
    }
}

/// Serves one connection until it ends.
///
/// When the daemon stops, the running operation is answered, then the client gets a notice of
/// disconnection.
pub async fn serve(connection: Connection, door: Arc<Door>) {
    let peer = connection.peer;
    if let Err(fault) = talk(connection, door).await {
        tracing::debug!(front = "ldap", %peer, %fault, "connection lost");
    }
}

/// As [`serve`] on any stream, for a client that may do without TLS and cannot ask for it.
pub async fn serve_in_clear<S>(
    stream: S,
    peer: SocketAddr,
    door: Arc<Door>,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let first_by = Instant::now() + door.limits.message_timeout;
    let link = Link { peer, transport: Transport::Plain, start_tls: false };
    if let Err(fault) = connection::run(stream, Session::new(door, link), first_by, &stop).await {
        tracing::debug!(front = "ldap", %peer, %fault, "connection lost");
    }
}

/// Speaks LDAP, and speaks it anew over TLS where the client asks for that.
async fn talk(connection: Connection, door: Arc<Door>) -> io::Result<()> {
    let Connection { stream, peer, transport, accepted, start_tls, stop, .. } = connection;
    let patience = door.limits.message_timeout;
    let link = Link { peer, transport, start_tls: start_tls.is_some() };
    let session = Session::new(Arc::clone(&door), link);
    let asked = connection::run(stream, session, accepted + patience, &stop).await?;
    let (Some(Stream::Plain(stream)), Some(acceptor)) = (asked, start_tls) else { return Ok(()) };
    let shaken = tokio::select! {
        shaken = timeout(patience, acceptor.accept(stream)) => shaken,
        () = stop.cancelled() => return Ok(()),
    };
    let stream = match shaken.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into())) {
        Ok(stream) => Stream::Tls(Box::new(stream)),
        Err(error) => {
            let reason = reason(&error);
            tracing::info!(front = "ldap", %peer, "StartTLS: {reason}");
            return Ok(());
        }
    };
    // Who signed in before is not signed in any more: somebody else may have done that.
    let link = Link { peer, transport: Transport::Tls, start_tls: false };
    let session = Session::new(door, link);
    connection::run(stream, session, Instant::now() + patience, &stop).await.map(drop)
}
