//! A client that speaks TLS, and as much LDAP as these tests need.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use ldap3_lber::Parser;
use ldap3_proto::proto::{LdapMsg, LdapOp, LdapResultCode};
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use crate::common::{Answer, TestDaemon};

pub(crate) const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
pub(crate) const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12, &rustls::version::TLS13];

/// A connection over TLS.
pub(crate) type Secure = StreamOwned<ClientConnection, TcpStream>;

/// What a client trusts, and the sessions that it could resume.
#[derive(Clone)]
pub(crate) struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Trusts the authority that the daemon made.
    pub(crate) fn of(daemon: &TestDaemon) -> Self {
        Self::file(&daemon.data().join("certs/ca.crt"))
    }

    /// Trusts the certificate in this file.
    pub(crate) fn file(path: &Path) -> Self {
        Self::with(&fs::read(path).unwrap(), BOTH)
    }

    pub(crate) fn with(pem: &[u8], versions: &[&'static SupportedProtocolVersion]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self(Arc::new(config))
    }

    /// The same trust without any session to resume.
    pub(crate) fn anew(&self) -> Self {
        let mut config = ClientConfig::clone(&self.0);
        config.resumption = Resumption::in_memory_sessions(8);
        Self(Arc::new(config))
    }

    /// Shakes hands on a connection, with the server of this name.
    pub(crate) fn secure(&self, mut stream: TcpStream, name: &str) -> io::Result<Secure> {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut connection = ClientConnection::new(Arc::clone(&self.0), name).unwrap();
        while connection.is_handshaking() {
            connection.complete_io(&mut stream)?;
        }
        Ok(StreamOwned::new(connection, stream))
    }

    /// A connection to a door of the daemon.
    pub(crate) fn connect(&self, daemon: &TestDaemon, door: SocketAddr) -> Secure {
        self.secure(daemon.connect(door), "localhost").unwrap()
    }
}

/// The certificate that the server showed.
pub(crate) fn shown(secure: &Secure) -> Vec<u8> {
    secure.conn.peer_certificates().unwrap()[0].to_vec()
}

/// An LDAP client on any stream.
pub(crate) struct Ldap<S> {
    pub(crate) stream: S,
    last_id: u8,
}

impl<S: Read + Write> Ldap<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, last_id: 0 }
    }

    /// Sends an operation under the next message id.
    pub(crate) fn send(&mut self, operation: &[u8]) {
        self.last_id += 1;
        self.stream.write_all(&message(self.last_id, operation)).unwrap();
    }

    /// The next message; None where the connection has ended.
    pub(crate) fn receive(&mut self) -> Option<LdapMsg> {
        let mut bytes = vec![0; 2];
        self.stream.read_exact(&mut bytes).ok()?;
        let length = match bytes[1] {
            short @ 0..0x80 => usize::from(short),
            long => {
                let mut digits = vec![0; usize::from(long & 0x7f)];
                self.stream.read_exact(&mut digits).ok()?;
                bytes.extend(&digits);
                digits.iter().fold(0, |sum, digit| (sum << 8) | usize::from(*digit))
            }
        };
        let mut content = vec![0; length];
        self.stream.read_exact(&mut content).ok()?;
        bytes.extend(content);
        let (_, tag) = Parser::new(32).parse(&bytes).unwrap();
        Some(LdapMsg::try_from(tag).unwrap())
    }

    /// The result of an operation.
    pub(crate) fn ask(&mut self, operation: &[u8]) -> LdapResultCode {
        self.send(operation);
        code(self.receive().unwrap().op)
    }

    pub(crate) fn bind(&mut self, name: &str, password: &str) -> LdapResultCode {
        self.ask(&bind(name, password))
    }

    /// Who is signed in, as the server sees it.
    pub(crate) fn who_am_i(&mut self) -> String {
        self.send(&extended(WHO_AM_I));
        match self.receive().unwrap().op {
            LdapOp::ExtendedResponse(response) => {
                String::from_utf8(response.value.unwrap_or_default()).unwrap()
            }
            other => panic!("{other:?}"),
        }
    }

    /// The extended operations that the server says it knows.
    pub(crate) fn extensions(&mut self) -> Vec<String> {
        self.send(&search("", 0));
        let LdapOp::SearchResultEntry(entry) = self.receive().unwrap().op else {
            panic!("an entry");
        };
        assert_eq!(code(self.receive().unwrap().op), LdapResultCode::Success);
        let found = entry.attributes.into_iter().find(|a| a.atype == "supportedExtension");
        let values = found.unwrap().vals.into_iter();
        values.map(|value| String::from_utf8(value).unwrap()).collect()
    }
}

/// A message around an operation.
pub(crate) fn message(id: u8, operation: &[u8]) -> Vec<u8> {
    element(0x30, &[&[2, 1, id], operation].concat())
}

pub(crate) fn bind(name: &str, password: &str) -> Vec<u8> {
    let content =
        [&[2, 1, 3], &element(4, name.as_bytes())[..], &element(0x80, password.as_bytes())];
    element(0x60, &content.concat())
}

pub(crate) fn extended(name: &str) -> Vec<u8> {
    element(0x77, &element(0x80, name.as_bytes()))
}

/// A search for everything below a base, with all attributes.
pub(crate) fn search(base: &str, scope: u8) -> Vec<u8> {
    let limits = [0x0a, 1, scope, 0x0a, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0];
    let present = element(0x87, b"objectClass");
    let names = element(0x30, &[element(4, b"*"), element(4, b"+")].concat());
    element(0x63, &[&element(4, base.as_bytes()), &limits[..], &present, &names].concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    assert!(length < 0x80, "short elements only");
    [&[tag, length], content].concat()
}

/// The result code of a reply.
pub(crate) fn code(reply: LdapOp) -> LdapResultCode {
    match reply {
        LdapOp::BindResponse(response) => response.res.code,
        LdapOp::ExtendedResponse(response) => response.res.code,
        LdapOp::SearchResultDone(result) | LdapOp::CompareResult(result) => result.code,
        other => panic!("no result: {other:?}"),
    }
}

/// Sends an HTTP request, and reads the answer up to the end of the connection.
pub(crate) fn ask(mut stream: impl Read + Write, line: &str, headers: &str) -> Answer {
    let head =
        format!("{line} HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    Answer::read(stream)
}

/// Whether a door ends a connection that begins with these bytes, with what it says last.
pub(crate) fn ending(daemon: &TestDaemon, door: SocketAddr, beginning: &[u8]) -> Vec<u8> {
    let mut stream = daemon.connect(door);
    let _ = stream.write_all(beginning);
    let mut last = Vec::new();
    // A reset ends it too; a daemon that waits would run into the timeout.
    if let Err(error) = stream.read_to_end(&mut last) {
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{door}");
    }
    last
}
