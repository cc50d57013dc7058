//! The door behind the HTTP front, with real sockets and passwords.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ringbook::account::User;
use ringbook::account::device::Door;
use ringbook::auth::Authenticator;
use ringbook::carddav::Handler;
use ringbook::directory::Edit;
use ringbook::http::{Front, Limits};
use ringbook::net::gate::Gate;
use ringbook::net::rules::Rules;
use ringbook::net::{Listener, Net};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use crate::world::{PERSONAL, World, acme, card, propfind};

/// `204:secret`
const AUTHORIZATION: &str = "Authorization: Basic MjA0OnNlY3JldA==";

struct Server {
    world: World,
    address: SocketAddr,
    _net: Net,
}

impl Server {
    async fn start() -> Self {
        let world = World::new().await;
        let authenticator = Authenticator::new(Arc::clone(&world.directory), acme());
        let password = authenticator.hash(Zeroizing::new(b"secret".to_vec())).await.unwrap();
        let anna = User { password: Some(password), ..world.user("204") };
        world.commit(vec![Edit::PutUser(anna)]).await;
        let wait = Duration::from_secs(60);
        let limits = Limits { first_request: wait, idle: wait, stalled: wait };
        let handler = Arc::new(Handler::new(Arc::clone(&world.directory)));
        let mut front = Front::new(Arc::new(authenticator), limits);
        for segment in ["", ".well-known", "dav"] {
            front = front.mount(segment, Door::Carddav, Arc::clone(&handler) as _);
        }
        let front = Arc::new(front);
        let net = Net::new(Gate::new(100, 100), Rules::loopback(), wait);
        let listener = Listener::bind("http", "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.address();
        net.listen(listener, move |connection| Arc::clone(&front).serve(connection));
        Self { world, address, _net: net }
    }

    /// Sends bytes on a connection of its own and reads until the server closes it.
    async fn ask(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = head.replace('\n', "\r\n");
        let request = format!("{head}\r\nHost: pbx\r\nConnection: close\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

#[tokio::test]
async fn passwords_and_redirects_work_over_the_wire() {
    let server = Server::start().await;
    let redirect = server.ask("PROPFIND /.well-known/carddav HTTP/1.1\nDepth: 0", "").await;
    assert!(redirect.starts_with("HTTP/1.1 301 "), "{redirect}");
    assert!(redirect.contains("location: /dav/\r\n"), "{redirect}");
    let challenge = server.ask("PROPFIND / HTTP/1.1\nDepth: 0", "").await;
    assert!(challenge.starts_with("HTTP/1.1 401 "), "{challenge}");
    let wrong = "PROPFIND / HTTP/1.1\nDepth: 0\nAuthorization: Basic MjA0Ondyb25n";
    assert!(server.ask(wrong, "").await.starts_with("HTTP/1.1 401 "));
    let right = format!("PROPFIND / HTTP/1.1\nDepth: 0\n{AUTHORIZATION}");
    let answer = server.ask(&right, "").await;
    assert!(answer.starts_with("HTTP/1.1 207 Multi-Status\r\n"), "{answer}");
    assert!(answer.contains("content-length: "), "a small answer has a length: {answer}");
}

#[tokio::test]
async fn a_card_may_come_in_chunks() {
    let server = Server::start().await;
    let chunks: String = card("a", "Chunked")
        .as_bytes()
        .chunks(7)
        .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk)))
        .collect();
    let head = format!(
        "PUT {PERSONAL}a.vcf HTTP/1.1\nContent-Type: text/vcard\nTransfer-Encoding: chunked\n{AUTHORIZATION}"
    );
    let answer = server.ask(&head, &format!("{chunks}0\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let get = server.ask(&format!("GET {PERSONAL}a.vcf HTTP/1.1\n{AUTHORIZATION}"), "").await;
    assert!(get.ends_with(&format!("\r\n\r\n{}", card("a", "Chunked"))), "{get}");
    let head = server.ask(&format!("HEAD {PERSONAL}a.vcf HTTP/1.1\n{AUTHORIZATION}"), "").await;
    let length = format!("content-length: {}\r\n", card("a", "Chunked").len());
    assert!(head.contains(&length) && head.ends_with("\r\n\r\n"), "{head}");
}

#[tokio::test]
async fn a_client_may_ask_before_it_sends_the_card() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let body = card("a", "A");
    let head = format!(
        "PUT {PERSONAL}a.vcf HTTP/1.1\r\nHost: pbx\r\nConnection: close\r\nExpect: 100-continue\r\n\
        Content-Length: {}\r\n{AUTHORIZATION}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go = [0; 25];
    stream.read_exact(&mut go).await.unwrap();
    assert_eq!(&go, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    // A card that is refused anyway is never asked for.
    let large = format!(
        "PUT {PERSONAL}b.vcf HTTP/1.1\nExpect: 100-continue\nContent-Length: 99999999\n{AUTHORIZATION}"
    );
    assert!(server.ask(&large, "").await.starts_with("HTTP/1.1 403 "));
}

#[tokio::test]
async fn a_large_answer_is_streamed_and_may_be_abandoned() {
    let server = Server::start().await;
    for at in 0..300 {
        server.world.put(&format!("{at}.vcf"), &card(&at.to_string(), "Name")).await;
    }
    let body = propfind("<D:getetag/><D:current-user-privilege-set/><D:supported-report-set/>");
    let head = format!(
        "PROPFIND {PERSONAL} HTTP/1.1\nDepth: 1\nContent-Length: {}\n{AUTHORIZATION}",
        body.len()
    );
    let answer = server.ask(&head, &body).await;
    assert!(answer.contains("transfer-encoding: chunked\r\n"), "{answer:.300}");
    assert_eq!(answer.matches("<response>").count(), 301);
    assert!(answer.ends_with("</multistatus>\n\r\n0\r\n\r\n"));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!("{}\r\nHost: pbx\r\n\r\n{body}", head.replace('\n', "\r\n"));
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 100]).await.unwrap();
    drop(stream);
    assert!(server.ask(&head, &body).await.starts_with("HTTP/1.1 207 "));
}
