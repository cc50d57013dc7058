//! The certificate that the listeners show: a configured one, or one from an authority that is made
//! in the data folder.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::config::TlsKeys;
use crate::daemon::folder::{Folder, FolderError};
use crate::http::Certified;
use crate::net::tls::authority::{self, AuthorityError, Issued};
use crate::net::tls::names::{self, Name};
use crate::net::tls::{Identity, IdentityError};

/// Certificates and keys in the data folder: of the authority, and of the server.
const FOLDER: &str = "certs";
const AUTHORITY: &str = "certs/ca.crt";
const AUTHORITY_KEY: &str = "certs/ca.key";
const LEAF: &str = "certs/server.crt";
const LEAF_KEY: &str = "certs/server.key";
/// A larger file is no certificate.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Somebody should know so long before a configured certificate ends.
const NOTICE: Duration = Duration::from_secs(14 * 24 * 60 * 60);
const OTHERS_READ: u32 = 0o004;

/// What the listeners show.
pub(super) struct Shown {
    pub(super) identity: Identity,
    /// The certificate that clients must install; None where they know who issued theirs.
    pub(super) authority: Option<PathBuf>,
    /// What clients may check.
    pub(super) certified: Certified,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("{key}: {path}: {what}")]
    Configured { key: &'static str, path: PathBuf, what: String },
    #[error(
        "{folder}: {source}; put back ca.crt and ca.key from a backup, or remove both for a new \
         authority, which clients must then install"
    )]
    Authority { folder: PathBuf, source: AuthorityError },
    #[error("the certificate that was made is unusable: {0}")]
    Made(#[from] IdentityError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("TLS cannot begin: {0}")]
    Begin(#[from] std::io::Error),
}

/// Reads the configured certificate, or the own one; that is made or renewed where it must be.
///
/// # Errors
/// [`CertificateError`] names the file.
pub(super) fn load(
    folder: &Folder,
    keys: &TlsKeys,
    now: SystemTime,
) -> Result<Shown, CertificateError> {
    match (&keys.certificate, &keys.key) {
        (Some(certificate), Some(key)) => {
            let (identity, hosts) = configured(certificate, key, now)?;
            Ok(Shown { identity, authority: None, certified: Certified { hosts, authority: None } })
        }
        _ => {
            let mut names = names::own();
            names.extend(keys.names.iter().filter_map(|text| further(text)));
            let identity = own(folder, &names, now)?;
            let hosts = names.iter().map(Name::to_string).collect();
            let authority = folder.read(AUTHORITY)?.map(|text| text.to_string());
            let certified = Certified { hosts, authority };
            Ok(Shown { identity, authority: Some(folder.path(AUTHORITY)), certified })
        }
    }
}

fn further(text: &str) -> Option<Name> {
    text.parse().ok().map(Name::Address).or_else(|| Name::host(text))
}

/// A configured certificate with its key, and what it is for.
fn configured(
    certificate: &Path,
    key: &Path,
    now: SystemTime,
) -> Result<(Identity, Vec<String>), CertificateError> {
    let wrong = |name: &'static str, path: &Path| {
        let path = path.to_owned();
        move |what| CertificateError::Configured { key: name, path, what }
    };
    let chain = read(certificate).map_err(wrong("tls.certificate", certificate))?;
    let secret = read(key).map_err(wrong("tls.key", key))?;
    let identity = Identity::from_pem(&chain, &secret).map_err(|error| match error {
        IdentityError::Certificate(what) => wrong("tls.certificate", certificate)(what),
        IdentityError::Key(what) => wrong("tls.key", key)(what),
    })?;
    let path = certificate.display();
    let text = std::str::from_utf8(&chain).ok();
    match text.and_then(authority::end) {
        Some(end) if end <= now => tracing::warn!("{path}: the certificate has expired"),
        Some(end) if end <= now + NOTICE => {
            tracing::warn!("{path}: the certificate expires within 14 days");
        }
        _ => {}
    }
    let mode = fs::metadata(key).map_or(0, |metadata| metadata.permissions().mode());
    if mode & OTHERS_READ != 0 {
        tracing::warn!("{}: everybody on this machine can read the key", key.display());
    }
    Ok((identity, text.map(authority::hosts).unwrap_or_default()))
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let mut bytes = Zeroizing::new(Vec::new());
    let file = File::open(path).map_err(cannot)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("has more than {FILE_BYTES_MAX} bytes"));
    }
    Ok(bytes)
}

/// The certificate for these names, from the authority in the folder.
fn own(
    folder: &Folder,
    names: &BTreeSet<Name>,
    now: SystemTime,
) -> Result<Identity, CertificateError> {
    folder.make(FOLDER)?;
    if let Some(found) = kept(folder, names, now) {
        return Ok(found);
    }
    let authority = own_authority(folder, now)?;
    let leaf = authority::issue(&authority, names, now)
        .map_err(|source| CertificateError::Authority { folder: folder.path(FOLDER), source })?;
    let identity = Identity::from_pem(leaf.certificate.as_bytes(), leaf.key.as_bytes())?;
    folder.write(LEAF_KEY, &leaf.key, 0o600)?;
    folder.write(LEAF, &leaf.certificate, 0o644)?;
    let named: Vec<String> = names.iter().map(Name::to_string).collect();
    tracing::info!(names = named.join(" "), "made a certificate");
    Ok(identity)
}

/// The server's certificate as it was left, where it still fits.
fn kept(folder: &Folder, names: &BTreeSet<Name>, now: SystemTime) -> Option<Identity> {
    let text = |name| String::from_utf8(read(&folder.path(name)).ok()?.to_vec()).ok();
    let (authority, leaf) = (text(AUTHORITY)?, text(LEAF)?);
    let fits = authority::authority_lasts(&authority, now)
        && authority::leaf_fits(&leaf, &authority, names, now);
    let key = fits.then(|| read(&folder.path(LEAF_KEY)).ok()).flatten()?;
    Identity::from_pem(leaf.as_bytes(), &key).ok()
}

/// The authority as it was left. One that is not there is made; one that ends soon gets a new
/// certificate for its key.
fn own_authority(folder: &Folder, now: SystemTime) -> Result<Issued, CertificateError> {
    let wrong = |source| CertificateError::Authority { folder: folder.path(FOLDER), source };
    let certificate = folder.read(AUTHORITY)?;
    let key = folder.read(AUTHORITY_KEY)?;
    let authority = match (certificate, key) {
        (Some(certificate), Some(key)) if authority::authority_lasts(&certificate, now) => {
            return Ok(Issued { certificate: certificate.to_string(), key });
        }
        (Some(_), None) => {
            let what = "ca.key is not there".to_owned();
            return Err(wrong(AuthorityError::Key(what)));
        }
        (Some(certificate), Some(key)) => {
            let name = authority::name(&certificate).ok_or_else(|| {
                wrong(AuthorityError::Certificate("ca.crt is no certificate".to_owned()))
            })?;
            let path = folder.path(AUTHORITY);
            tracing::warn!("the authority ends soon: install its new certificate {path:?}");
            authority::found(&name, Some(&key), now)
        }
        (None, key) => {
            let host = names::host().unwrap_or_else(|| "localhost".to_owned());
            // People tell several of them apart by their number.
            let number = Uuid::new_v4().as_fields().0;
            let name = format!("Ringbook authority of {host} ({number:08x})");
            authority::found(&name, key.as_ref().map(|key| key.as_str()), now)
        }
    };
    let authority = authority.map_err(wrong)?;
    // The key first: a certificate without its key would be of no use.
    folder.write(AUTHORITY_KEY, &authority.key, 0o600)?;
    folder.write(AUTHORITY, &authority.certificate, 0o644)?;
    Ok(authority)
}

#[cfg(test)]
mod tests;
