//! What happens to every request: limits, sign-in, dispatch, one line in the log.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use crate::account::device::{Door, Scope};
use crate::auth::{self, Authenticator, Peer, Principal, Refused};
use crate::http::answer::{empty, problem, slow_down, text, unauthorized, unavailable};
use crate::http::connection;
use crate::http::credentials::{self, Credentials};
use crate::http::exposed;
use crate::http::origin::Origin;
use crate::http::watch::Patience;
use crate::http::{Body, Caller, Mount};
use crate::net::Connection;
use crate::net::rules::Transport;

/// Longest path with query that is looked at.
const PATH_BYTES_MAX: usize = 8 * 1024;

/// What the log shows of a long path.
const PATH_LOGGED_BYTES: usize = 200;

/// How long the HTTP door waits for its clients.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the connection to the first complete request.
    pub first_request: Duration,
    /// Between requests, and while a client does not read its answer.
    pub idle: Duration,
    /// While the body of a request is awaited, or the request is worked on.
    pub stalled: Duration,
}

/// The HTTP front with the doors behind it.
pub struct Front {
    authenticator: Arc<Authenticator>,
    limits: Limits,
    /// Where clients are sent that need TLS.
    https_port: Option<u16>,
    mounts: Vec<Mounted>,
}

struct Mounted {
    segment: &'static str,
    door: Door,
    mount: Arc<dyn Mount>,
}

impl Front {
    pub fn new(authenticator: Arc<Authenticator>, limits: Limits) -> Self {
        Self { authenticator, limits, https_port: None, mounts: Vec::new() }
    }

    /// Sends clients that need TLS to the listener on this port.
    #[must_use]
    pub fn https_port(self, https_port: Option<u16>) -> Self {
        Self { https_port, ..self }
    }

    /// Hands requests whose path begins with a segment to a mount. The door decides which app
    /// passwords count.
    #[must_use]
    pub fn mount(mut self, segment: &'static str, door: Door, mount: Arc<dyn Mount>) -> Self {
        self.mounts.push(Mounted { segment, door, mount });
        self
    }

    /// Serves one connection.
    pub async fn serve(self: Arc<Self>, connection: Connection) {
        connection::serve(self, connection).await;
    }

    pub(super) fn patience(&self) -> Patience {
        let Limits { first_request, idle, stalled } = self.limits;
        Patience { first: first_request, idle, stalled }
    }

    /// Answers one request and logs it.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        origin: Origin,
    ) -> Response<Body> {
        let begun = Instant::now();
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let (response, door, principal) = self.dispatch(request, origin).await;
        let response = if method == Method::HEAD { without_body(response) } else { response };
        let line = Line { door, principal, peer: origin.client, method, path, begun };
        line.log(response.status());
        response
    }

    async fn dispatch(
        &self,
        request: Request<Incoming>,
        origin: Origin,
    ) -> (Response<Body>, Door, Option<Principal>) {
        const OWN: Door = Door::Http;
        if let Some(refusal) = too_long(&request) {
            return (refusal, OWN, None);
        }
        if origin.transport == Transport::Exposed {
            // A proxy has its own idea of where HTTPS is.
            let https_port = self.https_port.filter(|_| !origin.forwarded);
            return (exposed::answer(&request, https_port), OWN, None);
        }
        if let Some(health) = health(&request) {
            return (health, OWN, None);
        }
        let segment = request.uri().path().split('/').nth(1).unwrap_or_default();
        let Some(mounted) = self.mounts.iter().find(|mounted| mounted.segment == segment) else {
            return (problem(StatusCode::NOT_FOUND, "there is nothing at this path"), OWN, None);
        };
        let (address, secure) = (origin.client.ip(), origin.transport == Transport::Tls);
        let principal =
            match self.sign_in(&request, Peer { door: mounted.door, address, secure }).await {
                Ok(principal) => principal,
                Err(refusal) => return (refusal, mounted.door, None),
            };
        let caller = Caller { principal: principal.clone(), peer: origin.client, secure };
        (mounted.mount.handle(request, caller).await, mounted.door, principal)
    }

    /// Who sent a request; None: no credentials were sent.
    async fn sign_in(
        &self,
        request: &Request<Incoming>,
        peer: Peer,
    ) -> Result<Option<Principal>, Response<Body>> {
        let checked = match credentials::read(request.headers()) {
            Credentials::None => return Ok(None),
            Credentials::Basic { name, password } => {
                self.authenticator.sign_in(&name, &password, peer).await
            }
            Credentials::Bearer(secret) => self.authenticator.token(&secret, peer),
            Credentials::Unusable => Err(Refused::Credentials),
        };
        let principal = checked.map_err(|refused| refusal(&refused))?;
        let scope = carddav_scope(request.method());
        if peer.door == Door::Carddav && !principal.allows(scope) {
            let detail = format!("this token does not have the scope `{}`", scope.name());
            return Err(problem(StatusCode::FORBIDDEN, &detail));
        }
        Ok(Some(principal))
    }
}

fn refusal(refused: &Refused) -> Response<Body> {
    let detail = refused.to_string();
    match refused {
        Refused::Credentials => unauthorized(&detail),
        Refused::Unavailable => unavailable(&detail),
        Refused::Later(wait) => slow_down(&detail, auth::seconds(*wait)),
    }
}

/// What a token needs for a CardDAV request; the HTTP API looks for itself.
fn carddav_scope(method: &Method) -> Scope {
    match method.as_str() {
        "GET" | "HEAD" | "OPTIONS" | "PROPFIND" | "REPORT" => Scope::Read,
        _ => Scope::Write,
    }
}

/// What the log says of a request: never its query, which may hold names, and never its headers.
struct Line {
    door: Door,
    principal: Option<Principal>,
    peer: SocketAddr,
    method: Method,
    path: String,
    begun: Instant,
}

impl Line {
    /// What went wrong is seen without asking for it; a client that syncs is not.
    fn log(self, status: StatusCode) {
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    door = %self.door,
                    principal = %self.principal.unwrap_or_else(Principal::anonymous),
                    peer = %self.peer,
                    method = %self.method,
                    path = self.path.get(..PATH_LOGGED_BYTES).unwrap_or(&self.path),
                    status = status.as_u16(),
                    took_us = self.begun.elapsed().as_micros(),
                    "request"
                )
            };
        }
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => log!(info),
            _ if status.is_server_error() => log!(warn),
            _ => log!(debug),
        }
    }
}

fn too_long(request: &Request<Incoming>) -> Option<Response<Body>> {
    let length = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    (length > PATH_BYTES_MAX).then(|| {
        problem(StatusCode::URI_TOO_LONG, &format!("a path has at most {PATH_BYTES_MAX} bytes"))
    })
}

/// What load balancers and service managers ask. A daemon that stops no longer accepts them.
fn health(request: &Request<Incoming>) -> Option<Response<Body>> {
    let answer = match request.uri().path() {
        "/healthz" => "ok",
        "/readyz" => "ready",
        _ => return None,
    };
    let asks = matches!(*request.method(), Method::GET | Method::HEAD);
    Some(if asks {
        text(StatusCode::OK, answer)
    } else {
        problem(StatusCode::METHOD_NOT_ALLOWED, "allowed: GET, HEAD")
    })
}

/// The answer to HEAD: that to GET without its body (RFC 9110, 9.3.2).
fn without_body(response: Response<Body>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        head.headers.entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
    }
    Response::from_parts(head, empty())
}
