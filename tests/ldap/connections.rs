//! Connections: pipelines, abandons, broken and foreign messages.

use std::sync::Arc;
use std::time::Duration;

use ldap3_proto::proto::{LdapOp, LdapResultCode};
use ringbook::contact::card::FieldSet;
use ringbook::ldap::{Limits, serve};
use ringbook::net::Connection;
use ringbook::net::rules::Transport;
use ringbook::net::stream::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use crate::client::{Ask, Client, bind, bytes, code, element, message};
use crate::world::{SUFFIX, World};

const NOTICE: i32 = 0;

/// The hand-made message of this name.
pub(crate) fn recorded(name: &str) -> Vec<u8> {
    let mut lines = include_str!("messages.txt").lines();
    let hex = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('|')).unwrap();
    bytes(hex)
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    let mut all = message(1, &bind(3, "101", "john-secret"), &[]);
    for id in 2..30 {
        all.extend(message(id, &Ask::sub(SUFFIX, "(sn=smith)").encoded(), &[]));
    }
    client.send(&all).await;
    assert_eq!(code(client.receive().await.unwrap().op), LdapResultCode::Success);
    for id in 2..30 {
        assert_eq!(client.receive().await.unwrap().msgid, id);
        assert_eq!(client.receive().await.unwrap().msgid, id);
    }
}

#[tokio::test]
async fn bytes_may_come_one_by_one() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    for byte in recorded("two_pdus_pipelined") {
        client.send(&[byte]).await;
    }
    assert_eq!(code(client.receive().await.unwrap().op), LdapResultCode::Success);
    assert_eq!(code(client.receive().await.unwrap().op), LdapResultCode::NoSuchObject);
}

#[tokio::test]
async fn an_abandoned_search_stops() {
    let world = World::start().await;
    world.crowd(4000).await;
    let mut client = Client::phone(&world).await;
    let everything = Ask { attributes: &["*", "+"], ..Ask::sub(SUFFIX, "(objectClass=*)") };
    client.send(&message(50, &everything.encoded(), &[])).await;
    client.send(&message(51, &everything.encoded(), &[])).await;
    assert_eq!(client.receive().await.unwrap().msgid, 50);
    // The first is running, the second waits.
    client.send(&message(52, &[0x50, 1, 51], &[])).await;
    client.send(&message(53, &[0x50, 1, 50], &[])).await;
    client.send(&message(54, &Ask::sub(SUFFIX, "(sn=smith)").encoded(), &[])).await;
    let mut entries = 0;
    let next = loop {
        let message = client.receive().await.unwrap();
        match message.op {
            LdapOp::SearchResultEntry(_) if message.msgid == 50 => entries += 1,
            _ => break message.msgid,
        }
    };
    assert_eq!(next, 54, "neither of the abandoned searches is ended by a result");
    assert!(entries < 4000, "{entries}");
}

#[tokio::test]
async fn many_requests_may_wait_for_a_slow_reader() {
    let limits = Limits { operations_max: 4, ..Limits::default() };
    let world = World::start_with(limits, FieldSet::EMPTY).await;
    world.crowd(1000).await;
    let mut client = Client::phone(&world).await;
    let everything = Ask { attributes: &["*", "+"], ..Ask::sub(SUFFIX, "(objectClass=*)") };
    for id in 50..70 {
        client.send(&message(id, &everything.encoded(), &[])).await;
    }
    for _ in 50..70 {
        let found = client.found().await;
        assert_eq!((found.entries.len(), found.code), (1008, LdapResultCode::Success));
    }
}

#[tokio::test]
async fn the_client_may_leave_at_any_time() {
    let world = World::start().await;
    world.crowd(4000).await;
    let everything = Ask { attributes: &["*", "+"], ..Ask::sub(SUFFIX, "(objectClass=*)") };
    let mut client = Client::phone(&world).await;
    client.request(&everything.encoded()).await;
    client.receive().await.unwrap();
    client.request(&[0x42, 0]).await;
    while client.receive().await.is_some() {}
    let mut client = Client::phone(&world).await;
    client.request(&everything.encoded()).await;
    drop(client);
    assert!(Client::connect(&world).await.is_alive().await);
}

#[tokio::test]
async fn a_stop_is_announced() {
    let world = World::start().await;
    let mut client = Client::phone(&world).await;
    assert!(client.is_alive().await);
    world.stop.cancel();
    let notice = client.receive().await.unwrap();
    assert_eq!((notice.msgid, code(notice.op)), (NOTICE, LdapResultCode::Unavailable));
    assert!(client.receive().await.is_none());
}

#[tokio::test]
async fn a_long_message_is_refused() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    let long = |bytes: usize| Ask::sub(SUFFIX, &format!("(cn={})", "x".repeat(bytes))).encoded();
    client.request(&long(9 * 1024)).await;
    assert_eq!(client.result().await, LdapResultCode::ProtocolError);
    let notice = client.receive().await.unwrap();
    assert_eq!((notice.msgid, code(notice.op)), (NOTICE, LdapResultCode::ProtocolError));
    assert!(client.receive().await.is_none());

    let mut client = Client::phone(&world).await;
    client.request(&long(255 * 1024)).await;
    assert_eq!(client.found().await.code, LdapResultCode::Success);
    client.send(&recorded("huge_length")).await;
    let notice = client.receive().await.unwrap();
    assert_eq!((notice.msgid, code(notice.op)), (NOTICE, LdapResultCode::ProtocolError));
    assert!(client.receive().await.is_none());
}

#[tokio::test]
async fn malformed_messages_are_answered_on_their_id() {
    let world = World::start().await;
    let broken_filter = element(0x63, &[&element(4, b"")[..], &[10, 1, 2, 9, 9, 9]].concat());
    for (operation, answered) in [
        (broken_filter, true),
        (element(0x60, &[9, 9]), true),
        (element(0x65, &[]), false),
        (element(0x7e, &[]), false),
    ] {
        let mut client = Client::phone(&world).await;
        client.request(&operation).await;
        if answered {
            assert_eq!(client.result().await, LdapResultCode::ProtocolError);
        }
        let notice = client.receive().await.unwrap();
        assert_eq!((notice.msgid, code(notice.op)), (NOTICE, LdapResultCode::ProtocolError));
        assert!(client.receive().await.is_none());
    }
}

#[tokio::test]
async fn other_protocols_are_cut_off_at_once() {
    let world = World::start().await;
    for name in ["http_garbage", "tls_clienthello_on_389"] {
        let mut client = Client::connect(&world).await;
        client.send(&recorded(name)).await;
        assert!(client.receive().await.is_none(), "{name}");
    }
}

#[tokio::test]
async fn values_that_are_no_utf_8_do_not_cost_the_connection() {
    let world = World::start().await;
    let mut client = Client::phone(&world).await;
    for name in ["latin1_value", "latin1_base"] {
        client.send(&recorded(name)).await;
        assert_eq!(client.found().await.code, LdapResultCode::NoSuchObject, "{name}");
    }
    let latin_1 = Ask::sub(SUFFIX, "(|(sn=M\\fcller)(sn=smith))");
    assert_eq!(client.search(&latin_1).await.names(), ["John Smith", "Max Müller"]);
}

#[tokio::test]
async fn silent_connections_end() {
    let short = Duration::from_millis(20);
    let limits = Limits { idle_timeout: short, message_timeout: short, ..Limits::default() };
    let world = World::start_with(limits, FieldSet::EMPTY).await;
    for beginning in [&[][..], &[0x30, 0x20, 2, 1], &message(1, &bind(3, "", ""), &[])] {
        let mut client = Client::connect(&world).await;
        client.send(beginning).await;
        let mut last = None;
        while let Some(message) = client.receive().await {
            last = Some(message);
        }
        let notice = last.unwrap();
        assert_eq!((notice.msgid, code(notice.op)), (NOTICE, LdapResultCode::Unavailable));
    }
}

#[tokio::test]
async fn the_time_to_the_first_message_begins_with_the_connection() {
    let world = World::start().await;
    let patience = Limits::default().message_timeout;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let _silent = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    // A handshake has used it up.
    let connection = Connection {
        stream: Stream::Plain(stream),
        peer,
        transport: Transport::Tls,
        rules: Arc::default(),
        accepted: Instant::now().checked_sub(patience).unwrap(),
        start_tls: None,
        stop: world.stop.clone(),
    };
    let served = serve(connection, Arc::clone(&world.door));
    assert_eq!(timeout(patience / 2, served).await, Ok(()));
}

#[tokio::test]
async fn a_message_that_trickles_in_is_not_waited_for() {
    let limits = Limits { message_timeout: Duration::from_millis(100), ..Limits::default() };
    let world = World::start_with(limits, FieldSet::EMPTY).await;
    let long = message(1, &Ask::sub(SUFFIX, &format!("(cn={})", "x".repeat(4000))).encoded(), &[]);
    for begun in [false, true] {
        let (mut reader, mut writer) =
            TcpStream::connect(world.address).await.unwrap().into_split();
        if begun {
            writer.write_all(&message(1, &bind(3, "", ""), &[])).await.unwrap();
            reader.read_exact(&mut [0; 14]).await.unwrap();
        }
        // Whole after 20 seconds, and never silent for long.
        let message = long.clone();
        let trickle = tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(5));
            for byte in message {
                tick.tick().await;
                if writer.write_all(&[byte]).await.is_err() {
                    return;
                }
            }
        });
        let mut last = Vec::new();
        let _ = reader.read_to_end(&mut last).await;
        let text = String::from_utf8_lossy(&last);
        assert!(text.contains("idle for too long"), "{text}");
        trickle.abort();
    }
}

#[tokio::test]
async fn a_filter_beyond_its_limits_is_refused_and_the_connection_stays() {
    let world = World::start().await;
    let mut client = Client::phone(&world).await;
    let deep = format!("{}(cn=x){}", "(!".repeat(50), ")".repeat(50));
    let wide = format!("(|{})", "(cn=x)".repeat(1000));
    for filter in [deep, wide] {
        let found = client.search(&Ask::sub(SUFFIX, &filter)).await;
        assert_eq!(found.code, LdapResultCode::AdminLimitExceeded);
    }
    assert!(client.is_alive().await);
}
