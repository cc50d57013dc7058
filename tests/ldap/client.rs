//! A client that writes its requests byte by byte and reads the replies with `ldap3_proto`.

use ldap3_lber::Parser;
use ldap3_lber::structure::{PL, StructureTag};
use ldap3_proto::proto::{LdapMsg, LdapOp, LdapResultCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::filter;
use crate::world::World;

pub(crate) const BASE: u8 = 0;
pub(crate) const ONE: u8 = 1;
pub(crate) const SUB: u8 = 2;
pub(crate) const CHILDREN: u8 = 3;

/// A connection to a [`World`].
pub(crate) struct Client {
    stream: TcpStream,
    received: Vec<u8>,
    last_id: u8,
    /// The controls of the last message that was received: identifiers and values.
    pub(crate) controls: Vec<(String, Vec<u8>)>,
}

/// An entry that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) dn: String,
    pub(crate) attributes: Vec<(String, Vec<String>)>,
}

impl Entry {
    pub(crate) fn values(&self, name: &str) -> &[String] {
        let found = self.attributes.iter().find(|(found, _)| found == name);
        found.map_or(&[], |(_, values)| values)
    }

    pub(crate) fn first(&self, name: &str) -> &str {
        self.values(name).first().map_or("", String::as_str)
    }
}

/// What a search gave.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) entries: Vec<Entry>,
    pub(crate) code: LdapResultCode,
    pub(crate) matched: String,
    pub(crate) message: String,
    pub(crate) controls: Vec<(String, Vec<u8>)>,
}

impl Found {
    pub(crate) fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.first("cn")).collect()
    }

    pub(crate) fn dns(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.dn.as_str()).collect()
    }
}

/// A search to send.
pub(crate) struct Ask<'a> {
    pub(crate) base: &'a str,
    pub(crate) scope: u8,
    pub(crate) limit: u32,
    pub(crate) types_only: bool,
    pub(crate) filter: &'a str,
    pub(crate) attributes: &'a [&'a str],
}

impl<'a> Ask<'a> {
    /// A subtree search for names.
    pub(crate) fn sub(base: &'a str, filter: &'a str) -> Self {
        Self { base, scope: SUB, limit: 0, types_only: false, filter, attributes: &["cn"] }
    }

    /// The content of the request.
    pub(crate) fn encoded(&self) -> Vec<u8> {
        let mut content = element(4, self.base.as_bytes());
        content.extend([0x0a, 1, self.scope, 0x0a, 1, 0]);
        content.extend(element(2, &i64::from(self.limit).to_be_bytes()));
        content.extend([2, 1, 0, 1, 1, u8::from(self.types_only)]);
        content.extend(filter::encoded(self.filter));
        let names: Vec<u8> =
            self.attributes.iter().flat_map(|name| element(4, name.as_bytes())).collect();
        content.extend(element(0x30, &names));
        element(0x63, &content)
    }
}

/// A BER element with its length in the longest form that clients use.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let mut element = vec![tag];
    match content.len() {
        short @ 0..128 => element.push(short as u8),
        _ => {
            element.push(0x84);
            element.extend(length);
        }
    }
    element.extend_from_slice(content);
    element
}

/// The bytes of a recorded message.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// A message around an operation.
pub(crate) fn message(id: u8, operation: &[u8], controls: &[u8]) -> Vec<u8> {
    element(0x30, &[&[2, 1, id], operation, controls].concat())
}

/// A bind request.
pub(crate) fn bind(version: u8, name: &str, password: &str) -> Vec<u8> {
    let mut content = vec![2, 1, version];
    content.extend(element(4, name.as_bytes()));
    content.extend(element(0x80, password.as_bytes()));
    element(0x60, &content)
}

impl Client {
    pub(crate) async fn connect(world: &World) -> Self {
        Self::over(TcpStream::connect(world.address).await.unwrap())
    }

    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::new(), last_id: 0, controls: Vec::new() }
    }

    /// A client that has signed in.
    pub(crate) async fn signed_in(world: &World, name: &str, password: &str) -> Self {
        let mut client = Self::connect(world).await;
        assert_eq!(client.bind(name, password).await, LdapResultCode::Success);
        client
    }

    /// A phone with the shared account.
    pub(crate) async fn phone(world: &World) -> Self {
        Self::signed_in(world, "cn=phones,ou=services,dc=pbx,dc=com", "phones-secret").await
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends an operation under the next message id.
    pub(crate) async fn request(&mut self, operation: &[u8]) -> u8 {
        self.request_with(operation, &[]).await
    }

    /// As [`Client::request`], with encoded controls.
    pub(crate) async fn request_with(&mut self, operation: &[u8], controls: &[Vec<u8>]) -> u8 {
        // One byte, and never negative.
        self.last_id = self.last_id % 127 + 1;
        let controls = match controls {
            [] => Vec::new(),
            controls => element(0xa0, &controls.concat()),
        };
        self.send(&message(self.last_id, operation, &controls)).await;
        self.last_id
    }

    /// The next message; `None` where the connection has ended.
    pub(crate) async fn receive(&mut self) -> Option<LdapMsg> {
        loop {
            if let Ok((rest, mut tag)) = Parser::new(32).parse(&self.received) {
                let rest = rest.to_vec();
                self.received = rest;
                self.controls = take_controls(&mut tag);
                return Some(LdapMsg::try_from(tag).unwrap());
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.received.extend_from_slice(&bytes[..count]),
            }
        }
    }

    /// The result code of the next message, which answers the last request.
    pub(crate) async fn result(&mut self) -> LdapResultCode {
        let message = self.receive().await.unwrap();
        assert_eq!(message.msgid, i32::from(self.last_id));
        code(message.op)
    }

    pub(crate) async fn bind(&mut self, name: &str, password: &str) -> LdapResultCode {
        self.request(&bind(3, name, password)).await;
        self.result().await
    }

    pub(crate) async fn search(&mut self, ask: &Ask<'_>) -> Found {
        self.request(&ask.encoded()).await;
        self.found().await
    }

    pub(crate) async fn search_with(&mut self, ask: &Ask<'_>, controls: &[Vec<u8>]) -> Found {
        self.request_with(&ask.encoded(), controls).await;
        self.found().await
    }

    /// The replies to a search.
    pub(crate) async fn found(&mut self) -> Found {
        let mut entries = Vec::new();
        loop {
            match self.receive().await.unwrap().op {
                LdapOp::SearchResultEntry(entry) => {
                    let text = |value: Vec<u8>| String::from_utf8(value).unwrap();
                    let attributes = entry.attributes.into_iter();
                    let attributes = attributes
                        .map(|a| (a.atype, a.vals.into_iter().map(text).collect()))
                        .collect();
                    entries.push(Entry { dn: entry.dn, attributes });
                }
                LdapOp::SearchResultDone(done) => {
                    let (matched, message) = (done.matcheddn, done.message);
                    let controls = std::mem::take(&mut self.controls);
                    return Found { entries, code: done.code, matched, message, controls };
                }
                other => panic!("not of a search: {other:?}"),
            }
        }
    }

    /// Whether the server still answers.
    pub(crate) async fn is_alive(&mut self) -> bool {
        let root = Ask { scope: BASE, ..Ask::sub("", "(objectClass=*)") };
        self.search(&root).await.code == LdapResultCode::Success
    }
}

/// The result code of a reply.
pub(crate) fn code(reply: LdapOp) -> LdapResultCode {
    match reply {
        LdapOp::BindResponse(response) => response.res.code,
        LdapOp::ExtendedResponse(response) => response.res.code,
        LdapOp::SearchResultDone(result)
        | LdapOp::ModifyResponse(result)
        | LdapOp::AddResponse(result)
        | LdapOp::DelResponse(result)
        | LdapOp::ModifyDNResponse(result)
        | LdapOp::CompareResult(result) => result.code,
        other => panic!("no result: {other:?}"),
    }
}

/// The messages that these bytes are; None where they are anything else.
pub(crate) fn messages_of(mut bytes: &[u8]) -> Option<Vec<LdapMsg>> {
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let (rest, tag) = Parser::new(32).parse(bytes).ok()?;
        messages.push(LdapMsg::try_from(tag).ok()?);
        bytes = rest;
    }
    Some(messages)
}

/// Takes the controls out of a message: `ldap3_proto` does not read all that there may be.
fn take_controls(message: &mut StructureTag) -> Vec<(String, Vec<u8>)> {
    let PL::C(parts) = &mut message.payload else { panic!("a message") };
    let Some(controls) = parts.get(2).cloned() else { return Vec::new() };
    parts.truncate(2);
    let PL::C(controls) = controls.payload else { panic!("controls") };
    let primitive = |tag: &StructureTag| match &tag.payload {
        PL::P(bytes) => bytes.clone(),
        PL::C(_) => panic!("not constructed"),
    };
    let read = |control: &StructureTag| {
        let PL::C(parts) = &control.payload else { panic!("a control") };
        (String::from_utf8(primitive(&parts[0])).unwrap(), primitive(&parts[parts.len() - 1]))
    };
    controls.iter().map(read).collect()
}
