//! The front with real sockets.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use super::*;
use crate::account::Role;
use crate::account::device::Door;
use crate::account::networks::Networks;
use crate::auth::Authenticator;
use crate::contact::OrganizationId;
use crate::directory::{Directory, Edit, Request as Commit};
use crate::http::answer::{full, text};
use crate::net::gate::Gate;
use crate::net::rules::{Rules, Transport};
use crate::net::stream::Stream;
use crate::net::{Connection, Listener, Net};
use crate::store::sqlite::SqliteStore;

const PATIENT: Limits = Limits {
    first_request: Duration::from_secs(30),
    idle: Duration::from_secs(30),
    stalled: Duration::from_secs(30),
};

/// A door that tells who asked, after it has read the body.
struct Whoami;

impl Mount for Whoami {
    fn handle(&self, request: Request<Incoming>, caller: Caller) -> Answer<'_> {
        Box::pin(async move {
            let Ok(body) = request.into_body().collect().await else {
                return text(StatusCode::BAD_REQUEST, "no body");
            };
            let who =
                caller.principal.map_or_else(|| "nobody".to_owned(), |found| found.to_string());
            Response::new(full(format!("{who} sent {}", body.to_bytes().len())))
        })
    }
}

/// A door that tells what it knows of the client.
struct Whence;

impl Mount for Whence {
    fn handle(&self, _: Request<Incoming>, caller: Caller) -> Answer<'_> {
        Box::pin(async move {
            let how = if caller.secure { "over TLS" } else { "in clear" };
            Response::new(full(format!("{} {how}", caller.peer.ip())))
        })
    }
}

struct World {
    net: Net,
    front: Arc<Front>,
    address: SocketAddr,
    token: String,
}

async fn world(limits: Limits) -> World {
    world_with(limits, Rules::loopback()).await
}

async fn world_with(limits: Limits, rules: Rules) -> World {
    let directory = Directory::open(Box::new(SqliteStore::in_memory().unwrap())).unwrap();
    let (token, secret) = Authenticator::new_token(Role::Operator, None, "test").unwrap();
    directory.commit(Commit::one(Edit::PutToken(token))).await.unwrap();
    let authenticator = Authenticator::new(Arc::new(directory), OrganizationId::from("main"));
    let front = Front::new(Arc::new(authenticator), limits)
        .mount("who", Door::Http, Arc::new(Whoami))
        .mount("whence", Door::Http, Arc::new(Whence));
    let front = Arc::new(front);
    let net = Net::new(Gate::new(9, 9), rules, limits.first_request);
    let listener = Listener::bind("http", "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.address();
    let served = Arc::clone(&front);
    net.listen(listener, move |connection| Arc::clone(&served).serve(connection));
    World { net, front, address, token: secret.to_string() }
}

impl World {
    async fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// The whole answer to one request on a connection of its own.
    async fn ask(&self, request: &str) -> String {
        let request = format!("{request}\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        rest(self.send(&request).await).await
    }
}

async fn rest(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or(answer)
}

#[tokio::test]
async fn a_mount_learns_who_asks() {
    let world = world(PATIENT).await;
    assert!(world.ask("GET /who HTTP/1.1").await.ends_with("\r\n\r\nnobody sent 0"));
    let bearer = format!("GET /who/am/i HTTP/1.1\r\nAuthorization: Bearer {}", world.token);
    assert!(world.ask(&bearer).await.contains("\r\n\r\ntoken:"));
}

#[tokio::test]
async fn wrong_credentials_never_reach_a_mount() {
    let world = world(PATIENT).await;
    for value in ["Bearer rb_1_2", "Basic MjA0OnNlY3JldA==", "Digest x", "Basic"] {
        let answer = world.ask(&format!("GET /who HTTP/1.1\r\nAuthorization: {value}")).await;
        assert_eq!(status(&answer), "401", "{answer}");
        assert!(answer.contains("www-authenticate: Basic realm=\"Ringbook\""), "{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
    }
}

#[tokio::test]
async fn a_mount_learns_where_a_request_comes_from() {
    let rules = Rules { trusted_proxies: Networks::loopback(), ..Rules::loopback() };
    let world = world_with(PATIENT, rules).await;
    let own = world.ask("GET /whence HTTP/1.1").await;
    assert!(own.ends_with("\r\n\r\n127.0.0.1 in clear"), "{own}");
    let told = "GET /whence HTTP/1.1\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto:";
    let secure = world.ask(&format!("{told} https")).await;
    assert!(secure.ends_with("\r\n\r\n203.0.113.9 over TLS"), "{secure}");
    let exposed = world.ask(&format!("{told} http")).await;
    assert_eq!(status(&exposed), "403", "{exposed}");
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let world = world(PATIENT).await;
    for path in ["/", "/whom", "//who", "/WHO", "/%77ho"] {
        let answer = world.ask(&format!("GET {path} HTTP/1.1")).await;
        assert_eq!(status(&answer), "404", "{path}");
    }
}

#[tokio::test]
async fn endless_paths_and_headers_are_refused() {
    let world = world(PATIENT).await;
    let long = "x".repeat(9000);
    assert_eq!(status(&world.ask(&format!("GET /who/{long} HTTP/1.1")).await), "414");
    let many = "\r\nX: y".repeat(101);
    assert_eq!(status(&world.ask(&format!("GET /who HTTP/1.1{many}")).await), "431");
}

#[tokio::test]
async fn the_answer_to_head_has_no_body() {
    let world = world(PATIENT).await;
    let answer = world.ask("HEAD /who HTTP/1.1").await;
    assert!(answer.contains("content-length: 13") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert!(world.ask("GET /healthz HTTP/1.1").await.ends_with("\r\n\r\nok\n"));
    assert_eq!(status(&world.ask("HEAD /readyz HTTP/1.1").await), "200");
    assert_eq!(status(&world.ask("POST /readyz HTTP/1.1").await), "405");
}

#[tokio::test]
async fn silent_connections_are_closed() {
    let soon = Duration::from_millis(50);
    let world = world(Limits { first_request: soon, idle: soon, stalled: soon }).await;
    for beginning in
        ["", "P", "PRI * HTTP/2.0\r\n", "GET /who HTT", "GET /who HTTP/1.1\r\nHost: x\r\n"]
    {
        assert_eq!(rest(world.send(beginning).await).await, "", "{beginning:?}");
    }
    let answered = rest(world.send("GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await).await;
    assert_eq!(status(&answered), "200", "and then closed, without being asked to");
    let stalled = "POST /who HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf";
    assert_eq!(rest(world.send(stalled).await).await, "");
}

#[tokio::test]
async fn the_time_to_the_first_request_begins_with_the_connection() {
    let world = world(PATIENT).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let _silent = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    // A handshake has used it up.
    let connection = Connection {
        stream: Stream::Plain(stream),
        peer,
        transport: Transport::Tls,
        rules: Arc::default(),
        accepted: Instant::now().checked_sub(PATIENT.first_request).unwrap(),
        start_tls: None,
        stop: world.net.stopping(),
    };
    let served = timeout(PATIENT.first_request / 2, Arc::clone(&world.front).serve(connection));
    assert_eq!(served.await, Ok(()));
}

#[tokio::test]
async fn a_stop_finishes_the_request() {
    let world = world(PATIENT).await;
    let half = "POST /who HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
    let mut stream = world.send(half).await;
    let mut continues = [0; 25];
    stream.read_exact(&mut continues).await.unwrap();
    assert_eq!(status(std::str::from_utf8(&continues).unwrap()), "100");
    let client = async {
        world.net.stopping().cancelled().await;
        stream.write_all(b"something").await.unwrap();
        rest(stream).await
    };
    let (stopped, answer) = tokio::join!(world.net.stop(PATIENT.idle), client);
    assert_eq!(stopped, Ok(()));
    assert!(answer.ends_with("nobody sent 9"), "{answer}");
}
