//! Certificates: what is issued, how long it fits, and what is said of wrong ones.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use x509_parser::pem::parse_x509_pem;

use super::authority::{Issued, authority_lasts, end, found, issue, leaf_fits, name};
use super::names::Name;
use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const EC_KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

/// A day in 2026.
fn now() -> SystemTime {
    UNIX_EPOCH + DAY * 20_600
}

fn names(texts: &[&str]) -> BTreeSet<Name> {
    let name = |text: &&str| match text.parse() {
        Ok(address) => Name::Address(address),
        Err(_) => Name::host(text).unwrap(),
    };
    texts.iter().map(name).collect()
}

fn authority() -> Issued {
    found("Ringbook authority of pbx", None, now()).unwrap()
}

fn leaf(authority: &Issued, texts: &[&str]) -> Issued {
    issue(authority, &names(texts), now()).unwrap()
}

#[test]
fn a_server_gets_what_clients_ask_for() {
    let authority = authority();
    let leaf = leaf(&authority, &["pbx.example", "localhost", "192.0.2.7", "::1"]);
    let (_, pem) = parse_x509_pem(leaf.certificate.as_bytes()).unwrap();
    let leaf = pem.parse_x509().unwrap();
    let (_, pem) = parse_x509_pem(authority.certificate.as_bytes()).unwrap();
    let authority = pem.parse_x509().unwrap();
    leaf.verify_signature(Some(authority.public_key())).unwrap();
    assert_eq!(leaf.issuer(), authority.subject());
    let days = |found: &x509_parser::certificate::X509Certificate<'_>| {
        let validity = found.validity();
        (validity.not_after.timestamp() - validity.not_before.timestamp()) / 86_400
    };
    // Apple's systems refuse more than 825 days.
    assert_eq!((days(&leaf), days(&authority)), (820, 3650));
    let purpose = leaf.extended_key_usage().unwrap().unwrap().value;
    assert!(purpose.server_auth && !purpose.client_auth && !purpose.any);
    assert!(leaf.key_usage().unwrap().unwrap().value.digital_signature());
    assert!(!leaf.is_ca());
    let constraints = authority.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca);
    assert_eq!(constraints.value.path_len_constraint, Some(0));
    let usage = authority.key_usage().unwrap().unwrap().value;
    assert!(usage.key_cert_sign() && !usage.digital_signature());
}

#[test]
fn a_certificate_fits_while_names_authority_and_time_do() {
    let (authority, other) = (authority(), authority());
    let texts = ["pbx.example", "192.0.2.7", "2001:db8::7"];
    let leaf = leaf(&authority, &texts).certificate;
    let fits = |authority: &Issued, texts: &[&str], at| {
        leaf_fits(&leaf, &authority.certificate, &names(texts), at)
    };
    assert!(fits(&authority, &texts, now()));
    assert!(!fits(&other, &texts, now()), "the other authority has the same name");
    assert!(!fits(&authority, &texts[1..], now()));
    assert!(!fits(&authority, &["pbx.example", "192.0.2.8", "2001:db8::7"], now()));
    assert!(fits(&authority, &texts, now() + DAY * 758));
    assert!(!fits(&authority, &texts, now() + DAY * 759), "60 days are left");
    assert!(!fits(&authority, &texts, now() - DAY * 2), "the clock was wrong when it was made");
    assert!(!leaf_fits("", &authority.certificate, &names(&texts), now()));
    assert_eq!(end(&leaf), Some(now() + DAY * 819));
}

#[test]
fn an_authority_gets_a_new_certificate_for_its_key() {
    let old = authority();
    assert!(authority_lasts(&old.certificate, now() + DAY * 3283));
    assert!(!authority_lasts(&old.certificate, now() + DAY * 3284));
    assert!(authority_lasts(&old.certificate, UNIX_EPOCH), "the clock is wrong");
    assert!(!authority_lasts("", now()));
    let later = now() + DAY * 3284;
    let new = found(&name(&old.certificate).unwrap(), Some(&old.key), later).unwrap();
    assert!(authority_lasts(&new.certificate, later));
    let texts = names(&["pbx.example"]);
    let leaf = issue(&new, &texts, later).unwrap();
    // Who has installed the old certificate only still trusts what is issued.
    assert!(leaf_fits(&leaf.certificate, &old.certificate, &texts, later));
    let number = |issued: &Issued| {
        let (_, pem) = parse_x509_pem(issued.certificate.as_bytes()).unwrap();
        pem.parse_x509().unwrap().raw_serial().to_vec()
    };
    assert_ne!(number(&old), number(&new));
}

#[test]
fn an_authority_whose_parts_do_not_belong_together_issues_nothing() {
    let (one, other) = (authority(), authority());
    let refused = |certificate: &str, key: &str| {
        let mixed = Issued { certificate: certificate.into(), key: key.to_owned().into() };
        issue(&mixed, &names(&["x"]), now()).err().unwrap().to_string()
    };
    assert!(refused(&one.certificate, &other.key).contains("does not belong"));
    assert!(refused(&one.certificate, "").contains("key cannot be read"));
    assert!(refused("", &one.key).contains("certificate cannot be read"));
}

/// What is said of a wrong certificate or key.
fn check(chain: &str, key: &str, expected: &str) {
    let error = Identity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap_err();
    let is_key = matches!(error, IdentityError::Key(_));
    let error = format!("{}: {error}", if is_key { "key" } else { "certificate" });
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn a_wrong_certificate_or_key_is_explained() {
    let authority = authority();
    let (one, other) = (leaf(&authority, &["x"]), leaf(&authority, &["x"]));
    check(&one.certificate, &other.key, "key: the key does not belong to the first certificate");
    check("", &one.key, "certificate: there is no certificate in it");
    check(&one.key, &one.key, "certificate: there is no certificate in it");
    check(&one.certificate.repeat(11), &one.key, "certificate: there are more than 10");
    check("-----BEGIN CERTIFICATE-----\nAAAA\n", &one.key, "certificate: it is no PEM");
    check(&one.certificate, &one.certificate, "key: there is no key in it; allowed is PEM");
    let locked = one.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    check(&one.certificate, &locked, "key: the key needs a password");
    check(&one.certificate, EC_KEY, "key: the key is unusable");
    check(EC_KEY, &one.key, "certificate: there is no certificate");
    let chain = format!("{}{}", one.certificate, authority.certificate);
    assert!(Identity::from_pem(chain.as_bytes(), one.key.as_bytes()).is_ok());
}

#[test]
fn a_failed_handshake_is_explained() {
    let check = |error: rustls::Error, part: &str| {
        let found = reason(&io::Error::new(io::ErrorKind::InvalidData, error));
        assert!(found.contains(part), "{found}");
    };
    check(PeerIncompatible::SignatureAlgorithmsExtensionRequired.into(), "TLS 1.1 or older");
    check(PeerIncompatible::Tls12NotOffered.into(), "TLS 1.1 or older");
    check(PeerIncompatible::NoCipherSuitesInCommon.into(), "needs ECDHE");
    check(PeerIncompatible::NoKxGroupsInCommon.into(), "needs ECDHE");
    check(rustls::Error::AlertReceived(AlertDescription::UnknownCA), "does not trust");
    check(rustls::InvalidMessage::InvalidContentType.into(), "no TLS");
    check(rustls::Error::HandshakeNotComplete, "handshake not complete");
    assert!(reason(&io::ErrorKind::UnexpectedEof.into()).contains("the client left"));
    assert!(reason(&io::ErrorKind::ConnectionReset.into()).contains("reset"));
}
