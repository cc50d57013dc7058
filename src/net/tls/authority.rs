//! A certificate authority of one's own, and the server certificates that it issues.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType, SerialNumber, date_time_ymd,
};
use uuid::Uuid;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::pem::parse_x509_pem;
use zeroize::Zeroizing;

use crate::net::tls::names::Name;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// An authority is installed by hand on every client.
const AUTHORITY_LIFE: Duration = DAY.saturating_mul(3650);
/// A certificate for the same key follows so long before the end, to be installed in time.
const AUTHORITY_REST: Duration = DAY.saturating_mul(365);
/// Apple's systems refuse more than 825 days.
const LEAF_LIFE: Duration = DAY.saturating_mul(820);
const LEAF_REST: Duration = DAY.saturating_mul(60);
/// Clocks of phones go wrong.
const SKEW: Duration = DAY;

/// A certificate and its key, both in PEM.
#[derive(Clone)]
pub struct Issued {
    pub certificate: String,
    pub key: Zeroizing<String>,
}

/// What is wrong with an authority.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    #[error("the authority's certificate cannot be read: {0}")]
    Certificate(String),
    #[error("the authority's key cannot be read: {0}")]
    Key(String),
    #[error("the authority's key does not belong to its certificate")]
    OtherKey,
    #[error("no certificate can be made: {0}")]
    Make(String),
}

/// Makes an authority, or a new certificate for one of which the key is there: those who trust the
/// old certificate trust what is issued.
///
/// # Errors
/// Where the key is none, or no key can be made.
pub fn found(name: &str, key: Option<&str>, now: SystemTime) -> Result<Issued, AuthorityError> {
    let key = match key {
        Some(key) => read_key(key)?,
        None => KeyPair::generate().map_err(making)?,
    };
    let mut parameters = parameters(name, now, AUTHORITY_LIFE);
    // It issues for servers only, and never another authority.
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = parameters.self_signed(&key).map_err(making)?;
    Ok(Issued { certificate: certificate.pem(), key: Zeroizing::new(key.serialize_pem()) })
}

/// Issues a certificate for a server of these names, with a key of its own.
///
/// # Errors
/// Where the authority cannot be used.
pub fn issue(
    authority: &Issued,
    names: &BTreeSet<Name>,
    now: SystemTime,
) -> Result<Issued, AuthorityError> {
    let issuer_key = read_key(&authority.key)?;
    let belongs = |found: &X509Certificate<'_>| {
        found.public_key().raw == issuer_key.subject_public_key_info()
    };
    match with(&authority.certificate, belongs) {
        Some(true) => {}
        Some(false) => return Err(AuthorityError::OtherKey),
        None => return Err(AuthorityError::Certificate("it is no PEM".to_owned())),
    }
    let issuer = Issuer::from_ca_cert_pem(&authority.certificate, issuer_key)
        .map_err(|error| AuthorityError::Certificate(error.to_string()))?;
    let key = KeyPair::generate().map_err(making)?;
    let mut parameters = parameters("Ringbook", now, LEAF_LIFE);
    parameters.is_ca = IsCa::ExplicitNoCa;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    parameters.subject_alt_names = names.iter().map(alternative).collect::<Result<_, _>>()?;
    let certificate = parameters.signed_by(&key, &issuer).map_err(making)?;
    Ok(Issued { certificate: certificate.pem(), key: Zeroizing::new(key.serialize_pem()) })
}

fn read_key(key: &str) -> Result<KeyPair, AuthorityError> {
    KeyPair::from_pem(key).map_err(|error| AuthorityError::Key(error.to_string()))
}

fn making(error: rcgen::Error) -> AuthorityError {
    AuthorityError::Make(error.to_string())
}

fn parameters(name: &str, now: SystemTime, life: Duration) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, "Ringbook");
    subject.push(DnType::CommonName, name);
    parameters.distinguished_name = subject;
    let begin = now.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(SKEW);
    parameters.not_before = date_time_ymd(1970, 1, 1) + begin;
    parameters.not_after = date_time_ymd(1970, 1, 1) + begin + life;
    // Two certificates of one issuer never share a number (RFC 5280, 4.1.2.2).
    parameters.serial_number = Some(SerialNumber::from(Uuid::new_v4().as_bytes().to_vec()));
    parameters
}

fn alternative(name: &Name) -> Result<SanType, AuthorityError> {
    Ok(match name {
        Name::Host(host) => SanType::DnsName(host.as_str().try_into().map_err(making)?),
        Name::Address(address) => SanType::IpAddress(*address),
    })
}

/// Whether an authority's certificate lasts long enough to issue others by it. One that seems to be
/// of the future does: a wrong clock must not replace what clients have installed.
pub fn authority_lasts(certificate: &str, now: SystemTime) -> bool {
    end(certificate).is_some_and(|end| now + AUTHORITY_REST < end)
}

/// Whether a server's certificate was issued by the authority, has exactly these names, and lasts.
pub fn leaf_fits(
    certificate: &str,
    authority: &str,
    names: &BTreeSet<Name>,
    now: SystemTime,
) -> bool {
    let issuer = with(authority, |found| (found.subject().as_raw().to_vec(), own_key_id(found)));
    let fits = |leaf: &X509Certificate<'_>| {
        let by = (leaf.issuer().as_raw().to_vec(), issuer_key_id(leaf));
        issuer.as_ref() == Some(&by) && named(leaf) == *names && leaf_lasts(leaf, now)
    };
    with(certificate, fits).unwrap_or(false)
}

/// The name of a certificate's subject; None for what is none.
pub fn name(certificate: &str) -> Option<String> {
    let common = |found: &X509Certificate<'_>| {
        let mut names = found.subject().iter_common_name();
        names.next().and_then(|name| name.as_str().ok()).map(str::to_owned)
    };
    with(certificate, common).flatten()
}

/// What a certificate is for: host names, `*.` ones among them, and addresses, all in lower case.
/// Empty for what is none.
pub fn hosts(certificate: &str) -> Vec<String> {
    let hosts = |found: &X509Certificate<'_>| {
        let Ok(Some(names)) = found.subject_alternative_name() else { return Vec::new() };
        let names = names.value.general_names.iter();
        let text = |name: &GeneralName<'_>| match name {
            GeneralName::DNSName(host) => Some(host.to_ascii_lowercase()),
            GeneralName::IPAddress(bytes) => address(bytes).map(|found| found.to_string()),
            _ => None,
        };
        names.filter_map(text).collect()
    };
    with(certificate, hosts).unwrap_or_default()
}

/// When a certificate ends; None for what is none.
pub fn end(certificate: &str) -> Option<SystemTime> {
    with(certificate, |found| time(found.validity().not_after.timestamp()))
}

fn with<T>(certificate: &str, look: impl FnOnce(&X509Certificate<'_>) -> T) -> Option<T> {
    let (_, pem) = parse_x509_pem(certificate.as_bytes()).ok()?;
    let certificate = pem.parse_x509().ok()?;
    Some(look(&certificate))
}

fn leaf_lasts(certificate: &X509Certificate<'_>, now: SystemTime) -> bool {
    let validity = certificate.validity();
    let (begin, end) =
        (time(validity.not_before.timestamp()), time(validity.not_after.timestamp()));
    begin <= now && now + LEAF_REST < end
}

fn time(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

fn named(certificate: &X509Certificate<'_>) -> BTreeSet<Name> {
    let Ok(Some(found)) = certificate.subject_alternative_name() else { return BTreeSet::new() };
    let names = found.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(host) => Name::host(host),
            GeneralName::IPAddress(bytes) => address(bytes).map(Name::Address),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(v4).into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|v6| Ipv6Addr::from(v6).into())
}

fn own_key_id(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    })
}

fn issuer_key_id(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => Some(id.key_identifier.as_ref()?.0.to_vec()),
        _ => None,
    })
}
