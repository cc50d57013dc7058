//! TLS: a certificate with its key becomes the configuration of handshakes, and can be replaced.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ServerConfig;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, InconsistentKeys, PeerIncompatible};
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::net::stream::Encrypted;

pub mod authority;
pub mod names;

#[cfg(test)]
mod tests;

/// Certificates of one chain at most; public authorities send up to four.
const CHAIN_MAX: usize = 10;
/// Records that travel together, for each connection; larger ones go out without a copy.
const WRITE_BYTES: usize = 4 * 1024;

/// A certificate chain and the key that belongs to it.
#[derive(Clone, Debug)]
pub struct Identity(Arc<CertifiedKey>);

impl PartialEq for Identity {
    /// One certificate belongs to one key only.
    fn eq(&self, other: &Self) -> bool {
        self.0.cert == other.0.cert
    }
}

impl Eq for Identity {}

/// What is wrong with a certificate or its key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("{0}")]
    Certificate(String),
    #[error("{0}")]
    Key(String),
}

impl Identity {
    /// Reads a chain, the server's certificate first, and its key, both in PEM.
    ///
    /// # Errors
    /// [`IdentityError`] says which of the two is wrong, and what is allowed.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        let chain = certificates(chain).map_err(IdentityError::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| IdentityError::Key(no_key(key, &error)))?;
        let found = CertifiedKey::from_der(chain, key, &ring::default_provider());
        found.map(|found| Self(Arc::new(found))).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => IdentityError::Key(
                "the key does not belong to the first certificate of the chain".to_owned(),
            ),
            rustls::Error::InvalidCertificate(error) => {
                IdentityError::Certificate(format!("the first certificate is unusable: {error}"))
            }
            error => IdentityError::Key(format!("the key is unusable: {error}")),
        })
    }
}

fn certificates(chain: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(chain).take(CHAIN_MAX + 1).collect();
    match found {
        Ok(found) if found.is_empty() => {
            Err("there is no certificate in it; allowed is PEM, the server's first".to_owned())
        }
        Ok(found) if found.len() > CHAIN_MAX => {
            Err(format!("there are more than {CHAIN_MAX} certificates in it"))
        }
        Ok(found) => Ok(found),
        Err(error) => Err(format!("it is no PEM: {error}")),
    }
}

fn no_key(text: &[u8], error: &pem::Error) -> String {
    let allowed = "allowed is PEM with an ECDSA, RSA or Ed25519 key that needs no password";
    let encrypted = text.windows(9).any(|nine| nine == b"ENCRYPTED");
    match error {
        _ if encrypted => format!("the key needs a password; {allowed}"),
        pem::Error::NoItemsFound => format!("there is no key in it; {allowed}"),
        error => format!("it is no PEM: {error}; {allowed}"),
    }
}

/// What is spoken over TLS; clients may ask for it (ALPN, RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Http,
    /// Has no name that clients could ask for.
    Ldap,
}

/// Makes handshakes for one protocol: TLS 1.2 and 1.3, with tickets to resume sessions.
#[derive(Debug)]
pub struct Acceptor {
    protocol: Protocol,
    shown: RwLock<Shown>,
}

#[derive(Debug)]
struct Shown {
    identity: Identity,
    config: Arc<ServerConfig>,
}

impl Acceptor {
    /// # Errors
    /// Where the operating system gives no random numbers for the tickets' keys.
    pub fn new(protocol: Protocol, identity: Identity) -> io::Result<Self> {
        let config = server_config(protocol, &identity).map_err(io::Error::other)?;
        Ok(Self { protocol, shown: RwLock::new(Shown { identity, config: Arc::new(config) }) })
    }

    /// Shows another certificate from the next handshake on. Tickets that were given out are worth
    /// nothing then, so that every client gets to see it. Open connections stay as they are.
    ///
    /// # Errors
    /// As [`Acceptor::new`]; everything is as before then.
    pub fn replace(&self, identity: &Identity) -> io::Result<()> {
        let config = server_config(self.protocol, identity).map_err(io::Error::other)?;
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        if shown.identity != *identity {
            *shown = Shown { identity: identity.clone(), config: Arc::new(config) };
        }
        Ok(())
    }

    /// Shakes hands with a client. Takes as long as the client likes.
    ///
    /// # Errors
    /// [`reason`] explains them.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Encrypted> {
        let config = Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner).config);
        let stream = BufWriter::with_capacity(WRITE_BYTES, stream);
        match TlsAcceptor::from(config).accept(stream).into_fallible().await {
            Ok(stream) => Ok(stream),
            Err((error, mut stream)) => {
                // The alert that tells the client why is still to be sent.
                drop(stream.flush().await);
                Err(error)
            }
        }
    }
}

fn server_config(protocol: Protocol, identity: &Identity) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&identity.0))));
    config.ticketer = ring::Ticketer::new()?;
    config.alpn_protocols = match protocol {
        Protocol::Http => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        Protocol::Ldap => Vec::new(),
    };
    Ok(config)
}

/// Why a handshake failed, in words that help whoever set up the client.
pub fn reason(error: &io::Error) -> String {
    use AlertDescription::{BadCertificate, CertificateUnknown, DecryptError, UnknownCA};
    use PeerIncompatible::{
        NoCipherSuitesInCommon, NoKxGroupsInCommon, NoSignatureSchemesInCommon,
        SignatureAlgorithmsExtensionRequired, Tls12NotOffered, Tls12NotOfferedOrEnabled,
    };
    let known = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let hint = match known {
        Some(rustls::Error::PeerIncompatible(
            SignatureAlgorithmsExtensionRequired | Tls12NotOffered | Tls12NotOfferedOrEnabled,
        )) => "the client offers TLS 1.1 or older, and needs 1.2 or 1.3; see docs/tls.md",
        Some(rustls::Error::PeerIncompatible(
            NoCipherSuitesInCommon | NoKxGroupsInCommon | NoSignatureSchemesInCommon,
        )) => {
            "the client offers no cipher that is known here: it needs ECDHE with AES-GCM or \
             ChaCha20, and the certificate's kind of key (ECDSA, RSA); see docs/tls.md"
        }
        Some(rustls::Error::AlertReceived(
            BadCertificate | CertificateUnknown | DecryptError | UnknownCA,
        )) => "the client does not trust the certificate; install its authority there",
        Some(rustls::Error::InvalidMessage(_)) => "what came is no TLS",
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the client left; perhaps it does not trust the certificate"
        }
        _ => return error.to_string(),
    };
    format!("{hint} ({error})")
}
