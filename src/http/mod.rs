//! The HTTP front: reads credentials, limits what comes in, and hands requests to the mounted doors.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper::{Request, Response};

use crate::auth::Principal;

pub mod answer;
mod connection;
mod credentials;
mod exposed;
mod front;
mod origin;
mod site;
mod watch;

#[cfg(test)]
mod tests;

pub use front::{Front, Limits};
pub use site::{Address, Certified, Site};

/// The body of an answer: whole or streamed.
pub type Body = BoxBody<Bytes, std::io::Error>;

/// An answer on its way.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Response<Body>> + Send + 'a>>;

/// A door behind the front, chosen by the first segment of the path.
pub trait Mount: Send + Sync {
    /// Answers one request. The mount enforces the size of the body while it reads it.
    fn handle(&self, request: Request<Incoming>, caller: Caller) -> Answer<'_>;
}

/// Who sent a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// None: no credentials were sent. Wrong ones never reach a mount.
    pub principal: Option<Principal>,
    /// The client, also behind a balancer or a trusted proxy. The port is 0 where those do not tell.
    pub peer: SocketAddr,
    /// Whether the request came over TLS, the whole way as far as trusted proxies tell.
    pub secure: bool,
}
