//! The keys: name, what is allowed, and how a value gets into the configuration.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use crate::account::networks::Networks;
use crate::auth::UnauthenticatedBind;
use crate::auth::dn::Dn;
use crate::config::store::{self, StorePlace};
use crate::config::{Config, PublicUrl};
use crate::contact::OrganizationId;
use crate::contact::derived::NameOrder;
use crate::contact::number::Numbering;

/// A value as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// From environment or command line: a text, a number, or a list with commas.
    Loose(String),
    Text(String),
    Integer(i64),
    List(Vec<String>),
    /// Something that no key takes, as it was written.
    Other(String),
}

/// One key.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// Ends the sentence "allowed is …".
    pub(super) allowed: &'static str,
    /// None: the value is not allowed.
    pub(super) set: fn(&mut Config, &Value) -> Option<()>,
}

const ADDRESS: &str = "an IP address and a port, such as 127.0.0.1:3890 or [::1]:0, or off";
const NETWORKS: &str = "a list of networks, such as [\"127.0.0.0/8\", \"::1\"]";
const PEM: &str = "the path of a file in PEM, or empty for a certificate that Ringbook makes";
const SECONDS: &str = "a number of seconds from 1 to 86400";
const COUNT: &str = "a number from 1 to 1000000";
/// Further names of a certificate.
const NAMES_MAX: usize = 32;
const BYTES: &str = "a number of bytes from 1024 to 67108864";

/// Shortens the table: a key whose value is parsed by one function and put into one field.
macro_rules! keys {
    ($($name:literal, $allowed:expr, $parse:expr => $($field:ident).+;)*) => {
        /// Every key, in the order of `conf/ringbook.toml`.
        pub(super) const KEYS: &[Key] = &[$(Key {
            name: $name,
            allowed: $allowed,
            set: |config, value| {
                config.$($field).+ = $parse(value)?;
                Some(())
            },
        },)*];
    };
}

keys! {
    "data", "the path of a folder", path => data;
    "ldap.listen", ADDRESS, address => ldap_listen;
    "ldap.tls_listen", ADDRESS, address => ldap_tls_listen;
    "ldap.unauthenticated_bind", "refuse or anonymous", unauthenticated_bind
        => unauthenticated_bind;
    "http.listen", ADDRESS, address => http_listen;
    "http.tls_listen", ADDRESS, address => http_tls_listen;
    "http.public_url", "an address without a path, such as https://contacts.example.com, or empty",
        public_url => public_url;
    "tls.certificate", PEM, file => tls.certificate;
    "tls.key", PEM, file => tls.key;
    "tls.names", "a list of host names and IP addresses, such as [\"ldap.example.com\"]", host_names
        => tls.names;
    "store.url", "sqlite:FILE, where {data} stands for the data folder, or \
        postgres://USER:PASSWORD@HOST/DATABASE", store_url => store;
    "import.profiles", "the path of a folder, or empty", file => import_profiles;
    "organization.id", "1 to 63 of a-z, 0-9 and -", organization_id => organization.id;
    "organization.name", "1 to 64 characters", name => organization.name;
    "organization.domain", "a domain name, such as example.com", domain => organization.domain;
    "organization.suffix", "a distinguished name, such as dc=example,dc=com", suffix
        => organization.suffix;
    "organization.region", "an ISO 3166 country code, such as DE or US, or auto", region
        => organization.region;
    "organization.area_code", "up to 8 digits", digits => organization.area_code;
    "organization.language", "a language tag, such as de or pt-BR, or auto", language
        => organization.language;
    "organization.name_order", "given-first or family-first", name_order
        => organization.name_order;
    "organization.outside_line", "up to 8 digits", digits => organization.outside_line;
    "plain_networks", NETWORKS, networks => plain_networks;
    "proxy_protocol", NETWORKS, networks => proxy_protocol;
    "trusted_proxies", NETWORKS, networks => trusted_proxies;
    "limits.connections", COUNT, count => limits.connections_max;
    "limits.connections_per_address", COUNT, count => limits.connections_per_address_max;
    "limits.first_request_s", SECONDS, seconds => limits.first_request;
    "limits.http_idle_s", SECONDS, seconds => limits.http_idle;
    "limits.http_stalled_s", SECONDS, seconds => limits.http_stalled;
    "limits.ldap_idle_s", SECONDS, seconds => limits.ldap_idle;
    "limits.ldap_message_bytes", BYTES, bytes => limits.ldap_message_bytes_max;
    "limits.ldap_message_bytes_before_bind", BYTES, bytes
        => limits.ldap_message_bytes_before_bind_max;
    "limits.ldap_filter_depth", "a number from 1 to 100", depth => limits.ldap_filter_depth_max;
    "limits.ldap_filter_terms", COUNT, count => limits.ldap_filter_terms_max;
    "limits.ldap_operations", COUNT, count => limits.ldap_operations_max;
    "limits.look_through", "a number from 1 to 1000000000", rows => limits.look_through;
    "limits.presence_silence_s", SECONDS, seconds => limits.presence_silence;
    "limits.stop_s", SECONDS, seconds => limits.stop;
}

/// What to say of a key that is none: the keys of the same table, else the tables.
pub(super) fn unknown(key: &str) -> String {
    let table = key.split_once('.').map_or(key, |(table, _)| table);
    let inside = |known: &&str| known.split_once('.').is_some_and(|(found, _)| found == table);
    let mut near: Vec<&str> = KEYS.iter().map(|known| known.name).filter(inside).collect();
    if near.is_empty() {
        near = KEYS.iter().map(|known| known.name.split('.').next().unwrap_or_default()).collect();
        near.dedup();
    }
    format!("{key}: unknown key; known are {}", near.join(", "))
}

impl Value {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Loose(text) | Self::Text(text) => Some(text.trim()),
            Self::Integer(_) | Self::List(_) | Self::Other(_) => None,
        }
    }

    fn integer(&self) -> Option<i64> {
        match self {
            Self::Loose(text) => text.parse().ok(),
            Self::Integer(number) => Some(*number),
            Self::Text(_) | Self::List(_) | Self::Other(_) => None,
        }
    }

    fn list(&self) -> Option<Vec<&str>> {
        let filled = |text: &&str| !text.is_empty();
        match self {
            Self::Loose(text) => Some(text.split(',').map(str::trim).filter(filled).collect()),
            Self::List(texts) => Some(texts.iter().map(String::as_str).collect()),
            Self::Text(_) | Self::Integer(_) | Self::Other(_) => None,
        }
    }

    /// The value of a key as it may be shown.
    pub(super) fn shown(&self, key: &str) -> String {
        match self.text().filter(|_| key == "store.url") {
            Some(url) => format!("`{}`", store::shown(url)),
            None => self.to_string(),
        }
    }

    fn within(&self, range: RangeInclusive<i64>) -> Option<u64> {
        let number = self.integer().filter(|number| range.contains(number))?;
        u64::try_from(number).ok()
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loose(text) | Self::Text(text) => write!(f, "`{text}`"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::List(texts) => write!(f, "{texts:?}"),
            Self::Other(written) => write!(f, "`{written}`"),
        }
    }
}

fn path(value: &Value) -> Option<PathBuf> {
    value.text().filter(|text| !text.is_empty()).map(PathBuf::from)
}

/// None: this listener is off.
fn address(value: &Value) -> Option<Option<SocketAddr>> {
    match value.text()? {
        "" | "off" => Some(None),
        text => text.parse().ok().map(Some),
    }
}

/// None: the address that clients ask.
fn public_url(value: &Value) -> Option<Option<PublicUrl>> {
    let text = value.text()?;
    if text.is_empty() {
        return Some(None);
    }
    let text = text.strip_suffix('/').unwrap_or(text);
    let (scheme, authority) = text.split_once("://")?;
    let (secure, port) = match scheme {
        "https" => (true, 443),
        "http" => (false, 80),
        _ => return None,
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, digits)) if !digits.ends_with(']') => (host, digits.parse().ok()?),
        _ => (authority, port),
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let known = match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().is_ok(),
        None => is_host_name(host),
    };
    let host = bare.unwrap_or(host).to_ascii_lowercase();
    (known && port != 0).then_some(Some(PublicUrl { secure, host, port }))
}

fn file(value: &Value) -> Option<Option<PathBuf>> {
    let text = value.text()?;
    Some((!text.is_empty()).then(|| PathBuf::from(text)))
}

fn host_names(value: &Value) -> Option<Vec<String>> {
    let names = value.list()?;
    let known = |text: &&str| text.parse::<IpAddr>().is_ok() || is_host_name(text);
    let allowed = names.len() <= NAMES_MAX && names.iter().all(known);
    allowed.then(|| names.into_iter().map(str::to_ascii_lowercase).collect())
}

fn is_host_name(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(plain);
    text.len() <= 253 && text.split('.').all(label)
}

fn store_url(value: &Value) -> Option<StorePlace> {
    StorePlace::parse(value.text()?)
}

fn organization_id(value: &Value) -> Option<Option<OrganizationId>> {
    OrganizationId::parse(value.text()?).map(Some)
}

fn name(value: &Value) -> Option<Option<String>> {
    let text = value.text()?;
    let allowed = (1..=64).contains(&text.chars().count()) && !text.contains(char::is_control);
    allowed.then(|| Some(text.to_owned()))
}

fn domain(value: &Value) -> Option<Option<String>> {
    let text = value.text()?.to_ascii_lowercase();
    is_host_name(&text).then_some(Some(text))
}

fn suffix(value: &Value) -> Option<Option<String>> {
    let text = value.text()?;
    let dn = Dn::parse(text).ok()?;
    (!dn.rdns().is_empty()).then(|| Some(text.to_owned()))
}

fn region(value: &Value) -> Option<Option<String>> {
    match value.text()? {
        "auto" => Some(None),
        text => {
            let region = text.to_ascii_uppercase();
            Numbering::new(&region, "", "").is_ok().then_some(Some(region))
        }
    }
}

fn language(value: &Value) -> Option<Option<String>> {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    match value.text()? {
        "auto" => Some(None),
        text => {
            let allowed = (2..=35).contains(&text.len()) && text.bytes().all(plain);
            allowed.then(|| Some(text.to_owned()))
        }
    }
}

fn digits(value: &Value) -> Option<Option<String>> {
    let text = value.text()?;
    let allowed = text.len() <= 8 && text.bytes().all(|c| c.is_ascii_digit());
    allowed.then(|| Some(text.to_owned()))
}

fn name_order(value: &Value) -> Option<Option<NameOrder>> {
    match value.text()? {
        "given-first" => Some(Some(NameOrder::GivenFirst)),
        "family-first" => Some(Some(NameOrder::FamilyFirst)),
        _ => None,
    }
}

fn unauthenticated_bind(value: &Value) -> Option<UnauthenticatedBind> {
    match value.text()? {
        "refuse" => Some(UnauthenticatedBind::Refuse),
        "anonymous" => Some(UnauthenticatedBind::Anonymous),
        _ => None,
    }
}

fn networks(value: &Value) -> Option<Networks> {
    Networks::parse(value.list()?).ok()
}

fn count(value: &Value) -> Option<usize> {
    value.within(1..=1_000_000).and_then(|count| usize::try_from(count).ok())
}

fn rows(value: &Value) -> Option<usize> {
    value.within(1..=1_000_000_000).and_then(|count| usize::try_from(count).ok())
}

fn bytes(value: &Value) -> Option<usize> {
    value.within(1024..=64 * 1024 * 1024).and_then(|count| usize::try_from(count).ok())
}

/// Deeper filters could exhaust the stack.
fn depth(value: &Value) -> Option<usize> {
    value.within(1..=100).and_then(|count| usize::try_from(count).ok())
}

fn seconds(value: &Value) -> Option<Duration> {
    value.within(1..=86_400).map(Duration::from_secs)
}
