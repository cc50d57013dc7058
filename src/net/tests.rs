//! Listeners with real sockets.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::net::tls::authority::{found, issue};
use crate::net::tls::names::own;
use crate::net::tls::{Identity, Protocol};

const LOOPBACK: &str = "127.0.0.1:0";
const PATIENCE: Duration = Duration::from_secs(10);

/// A net whose only door echoes one byte per connection, and where it listens.
async fn echo(gate: Gate) -> (Net, SocketAddr) {
    let net = Net::new(gate, Rules::loopback(), PATIENCE);
    let listener = Listener::bind("echo", LOOPBACK.parse().unwrap()).await.unwrap();
    let address = listener.address();
    net.listen(listener, |mut connection| async move {
        let byte = connection.stream.read_u8().await.unwrap_or_default();
        let _ = connection.stream.write_u8(byte).await;
    });
    (net, address)
}

/// Sends a byte; None where the connection is closed instead of answered.
async fn answer(stream: &mut TcpStream) -> Option<u8> {
    let _ = stream.write_u8(7).await;
    stream.read_u8().await.ok()
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed() {
    let (_net, address) = echo(Gate::new(9, 1)).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    // The second is accepted after the first, as they came.
    let mut second = TcpStream::connect(address).await.unwrap();
    assert_eq!(answer(&mut second).await, None);
    assert_eq!(answer(&mut first).await, Some(7));
}

#[tokio::test]
async fn connections_are_served_on_threads_of_their_own() {
    let mut net = Net::new(Gate::new(9, 9), Rules::loopback(), PATIENCE);
    let listener = Listener::bind("echo", LOOPBACK.parse().unwrap()).await.unwrap();
    let address = listener.address();
    let here = std::thread::current().id();
    let serve = move |mut connection: Connection| async move {
        let elsewhere = std::thread::current().id() != here;
        let _ = connection.stream.read_u8().await;
        let _ = connection.stream.write_u8(u8::from(elsewhere)).await;
    };
    net.listen_on(Workers::start("echo").unwrap(), vec![listener], serve).unwrap();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert_eq!(answer(&mut stream).await, Some(1));
    }
    assert_eq!(net.stop(PATIENCE).await, Ok(()));
}

#[tokio::test]
async fn a_stop_waits_for_what_was_begun_and_lets_nobody_in() {
    let (net, address) = echo(Gate::new(9, 9)).await;
    let mut begun = TcpStream::connect(address).await.unwrap();
    // Answered, so accepted: the next one is then accepted too.
    assert_eq!(answer(&mut begun).await, Some(7));
    let mut begun = TcpStream::connect(address).await.unwrap();
    while net.tasks.len() < 2 {
        tokio::task::yield_now().await;
    }
    let stop = net.stop(PATIENCE);
    let client = async {
        net.stopping().cancelled().await;
        answer(&mut begun).await
    };
    let (stopped, answer) = tokio::join!(stop, client);
    assert_eq!((stopped, answer), (Ok(()), Some(7)));
    assert!(TcpStream::connect(address).await.is_err());
}

/// A certificate of an authority that nobody knows.
fn identity() -> Identity {
    let now = std::time::SystemTime::now();
    let leaf = issue(&found("nobody", None, now).unwrap(), &own(), now).unwrap();
    Identity::from_pem(leaf.certificate.as_bytes(), leaf.key.as_bytes()).unwrap()
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_handshake() {
    let net = Net::new(Gate::new(9, 9), Rules::loopback(), PATIENCE);
    let listener = Listener::bind("echo", LOOPBACK.parse().unwrap()).await.unwrap();
    let address = listener.address();
    let acceptor = Acceptor::new(Protocol::Ldap, identity()).unwrap();
    let listener = listener.encrypted(Encryption::AtOnce(Arc::new(acceptor)));
    net.listen(listener, |_| std::future::pending());
    let _silent = TcpStream::connect(address).await.unwrap();
    while net.tasks.len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(net.stop(PATIENCE / 2).await, Ok(()));
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let (net, address) = echo(Gate::new(9, 9)).await;
    let _silent = TcpStream::connect(address).await.unwrap();
    while net.tasks.len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(net.stop(Duration::ZERO).await, Err(1));
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let (_net, address) = echo(Gate::new(9, 9)).await;
    let error = Listener::bind("ldap", address).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot listen on {address} for ldap: ")));
}
