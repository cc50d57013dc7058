//! Settings from file, environment and arguments: complete and checked, or an error that names
//! where, which key, and what is allowed.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::account::networks::Networks;
use crate::auth::UnauthenticatedBind;
use crate::config::keys::{KEYS, Value};
use crate::config::organization::OrganizationKeys;

mod file;
mod keys;
pub mod organization;
mod store;

#[cfg(test)]
mod tests;

pub use store::StorePlace;

/// Everything that can be set before the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Folder of everything that the daemon keeps.
    pub data: PathBuf,
    /// Where each door listens; None: it does not.
    pub ldap_listen: Option<SocketAddr>,
    pub ldap_tls_listen: Option<SocketAddr>,
    pub http_listen: Option<SocketAddr>,
    pub http_tls_listen: Option<SocketAddr>,
    /// Where clients reach the HTTP doors, if not at the address that they ask.
    pub public_url: Option<PublicUrl>,
    /// What a name without a password is at LDAP.
    pub unauthenticated_bind: UnauthenticatedBind,
    pub tls: TlsKeys,
    store: StorePlace,
    /// Folder of further profiles for imports and exports.
    pub import_profiles: Option<PathBuf>,
    /// Of the listeners' organization.
    pub organization: OrganizationKeys,
    /// Networks that may use LDAP and HTTP without TLS.
    pub plain_networks: Networks,
    /// Balancers: each of their connections begins with a PROXY header.
    pub proxy_protocol: Networks,
    /// HTTP proxies whose `X-Forwarded-…` headers count.
    pub trusted_proxies: Networks,
    pub limits: Limits,
}

/// Which certificate the daemon shows: one of these files, or one that it makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsKeys {
    /// The chain, the server's certificate first. Set exactly where `key` is.
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// Further host names and addresses for the certificate that the daemon makes.
    pub names: Vec<String>,
}

/// The scheme, the host and the port of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    pub secure: bool,
    /// A host name or an IP address, without brackets.
    pub host: String,
    pub port: u16,
}

/// Limits on what comes from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open connections of all listeners.
    pub connections_max: usize,
    pub connections_per_address_max: usize,
    /// From a connection to its first complete request.
    pub first_request: Duration,
    /// Silence between two HTTP requests.
    pub http_idle: Duration,
    /// Silence while an HTTP request is sent or worked on.
    pub http_stalled: Duration,
    /// Silence between two LDAP requests.
    pub ldap_idle: Duration,
    /// Bytes of an LDAP message, after and before a sign-in.
    pub ldap_message_bytes_max: usize,
    pub ldap_message_bytes_before_bind_max: usize,
    pub ldap_filter_depth_max: usize,
    pub ldap_filter_terms_max: usize,
    /// LDAP requests of one connection that wait for their answer.
    pub ldap_operations_max: usize,
    /// Contacts that a search examines which no index helps.
    pub look_through: usize,
    /// Silence after which what a telephone system told of presence is unknown.
    pub presence_silence: Duration,
    /// What a stop waits for requests to finish.
    pub stop: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self::listening_on(Ipv4Addr::LOCALHOST.into())
    }
}

impl Config {
    /// The defaults, with every door on its port of this address.
    fn listening_on(address: IpAddr) -> Self {
        let at = |port| Some(SocketAddr::new(address, port));
        Self {
            data: PathBuf::from("ringbook-data"),
            ldap_listen: at(3890),
            ldap_tls_listen: at(6360),
            http_listen: at(8080),
            http_tls_listen: at(8443),
            public_url: None,
            unauthenticated_bind: UnauthenticatedBind::default(),
            tls: TlsKeys::default(),
            store: StorePlace::default(),
            import_profiles: None,
            organization: OrganizationKeys::default(),
            plain_networks: Networks::loopback(),
            proxy_protocol: Networks::default(),
            trusted_proxies: Networks::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 4000,
            connections_per_address_max: 500,
            first_request: Duration::from_secs(10),
            http_idle: Duration::from_secs(60),
            http_stalled: Duration::from_secs(300),
            ldap_idle: Duration::from_secs(3600),
            ldap_message_bytes_max: 256 * 1024,
            ldap_message_bytes_before_bind_max: 8 * 1024,
            ldap_filter_depth_max: 50,
            ldap_filter_terms_max: 1000,
            ldap_operations_max: 32,
            look_through: 200_000,
            presence_silence: Duration::from_secs(300),
            stop: Duration::from_secs(10),
        }
    }
}

/// Where settings come from; each of them wins over the ones before it.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub file: Option<PathBuf>,
    /// All variables; those that begin with `RINGBOOK_` count.
    pub environment: Vec<(String, String)>,
    /// `KEY=VALUE` of the command line.
    pub arguments: Vec<String>,
    /// The address of doors for which no setting names another. Default: loopback.
    pub listen_on: Option<IpAddr>,
}

/// One setting, before anybody knows whether it is right.
#[derive(Debug)]
struct Setting {
    place: Place,
    key: String,
    value: Value,
}

/// Where a setting stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File { path: PathBuf, line: usize },
    Environment(String),
    Argument,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    place: Place,
    what: String,
}

/// Everything that is wrong with the settings, one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<Fault>);

impl std::error::Error for ConfigError {}

impl Config {
    /// The settings of all sources over the defaults.
    ///
    /// # Errors
    /// [`ConfigError`] lists every fault with its place.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let mut faults = Vec::new();
        let mut settings = Vec::new();
        if let Some(path) = &sources.file {
            match file::read(path) {
                Ok(found) => settings.extend(found),
                Err(fault) => faults.push(fault),
            }
        }
        settings.extend(from_environment(&sources.environment));
        for argument in &sources.arguments {
            match from_argument(argument) {
                Ok(found) => settings.push(found),
                Err(fault) => faults.push(fault),
            }
        }
        let mut config = sources.listen_on.map_or_else(Self::default, Self::listening_on);
        let places: Vec<_> =
            settings.iter().map(|setting| (setting.key.clone(), setting.place.clone())).collect();
        faults.extend(settings.into_iter().filter_map(|setting| config.set(setting).err()));
        if faults.is_empty() {
            faults.extend(config.tls.half(&places));
        }
        if faults.is_empty() { Ok(config) } else { Err(ConfigError(faults)) }
    }

    /// Where contacts and accounts are kept.
    pub fn store(&self) -> StorePlace {
        self.store.inside(&self.data)
    }

    fn set(&mut self, setting: Setting) -> Result<(), Fault> {
        let Setting { place, key, value } = setting;
        let Some(found) = KEYS.iter().find(|known| known.name == key) else {
            return Err(Fault { place, what: keys::unknown(&key) });
        };
        (found.set)(self, &value).ok_or_else(|| {
            let (allowed, value) = (found.allowed, value.shown(found.name));
            Fault { place, what: format!("{key}: {value} is not allowed; allowed is {allowed}") }
        })
    }
}

impl TlsKeys {
    /// What is wrong where there is a certificate without its key, or a key without its certificate.
    fn half(&self, places: &[(String, Place)]) -> Option<Fault> {
        let (set, missing) = match (&self.certificate, &self.key) {
            (Some(_), None) => ("tls.certificate", "tls.key"),
            (None, Some(_)) => ("tls.key", "tls.certificate"),
            _ => return None,
        };
        let (_, place) = places.iter().rev().find(|(key, _)| key == set)?;
        let what = format!(
            "{set}: {missing} is not set; allowed is both, each the path of a file in PEM, or neither"
        );
        Some(Fault { place: place.clone(), what })
    }
}

/// Variables that are no key's are left alone: service managers set some of their own.
fn from_environment(variables: &[(String, String)]) -> impl Iterator<Item = Setting> {
    KEYS.iter().filter_map(|key| {
        let variable = variable(key.name);
        let (_, text) = variables.iter().find(|(name, _)| *name == variable)?;
        let (place, value) = (Place::Environment(variable), Value::Loose(text.clone()));
        Some(Setting { place, key: key.name.to_owned(), value })
    })
}

/// `RINGBOOK_LDAP_LISTEN` for `ldap.listen`.
fn variable(key: &str) -> String {
    format!("RINGBOOK_{}", key.replace('.', "_").to_ascii_uppercase())
}

fn from_argument(argument: &str) -> Result<Setting, Fault> {
    let place = Place::Argument;
    let Some((key, text)) = argument.split_once('=') else {
        let what = format!("{argument}: allowed is KEY=VALUE, such as ldap.listen=127.0.0.1:0");
        return Err(Fault { place, what });
    };
    Ok(Setting { place, key: key.trim().to_owned(), value: Value::Loose(text.trim().to_owned()) })
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File { path, line: 0 } => write!(f, "{}: ", path.display())?,
            Place::File { path, line } => write!(f, "{}:{line}: ", path.display())?,
            Place::Environment(variable) => write!(f, "environment variable {variable}: ")?,
            Place::Argument => f.write_str("command line: ")?,
        }
        f.write_str(&self.what)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.0.iter().enumerate() {
            let line = if at == 0 { "" } else { "\n" };
            write!(f, "{line}{fault}")?;
        }
        Ok(())
    }
}

impl Fault {
    fn in_file(path: &Path, line: usize, what: String) -> Self {
        Self { place: Place::File { path: path.to_owned(), line }, what }
    }
}
