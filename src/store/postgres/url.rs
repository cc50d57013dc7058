//! Where a database is: `postgres://USER:PASSWORD@HOST/DATABASE?…`, and how it is reached.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::store::StoreError;

/// How long one try to connect may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// A peer that acknowledges nothing for this long is gone.
const UNACKNOWLEDGED_TIME_MAX: Duration = Duration::from_secs(20);

/// A checked address of a database. It holds the password: only [`fmt::Display`] is for eyes.
#[derive(Clone)]
pub(super) struct PostgresUrl {
    pub(super) config: Config,
    /// Certificates of the authorities that the server's must come from. None: no TLS.
    pub(super) authorities: Option<PathBuf>,
}

/// What the URL says of TLS.
#[derive(Default)]
struct Tls {
    mode: Option<String>,
    authorities: Option<PathBuf>,
}

impl PostgresUrl {
    /// Reads a URL as PostgreSQL's own programs write it (libpq, "Connection URIs").
    ///
    /// # Errors
    /// [`StoreError::Settings`] says what is not allowed; it never shows the password.
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let (rest, tls) = without_tls(text)?;
        let mut config: Config = rest.parse().map_err(|fault: tokio_postgres::Error| {
            let reason = std::error::Error::source(&fault).map(ToString::to_string);
            settings(reason.unwrap_or_else(|| fault.to_string()))
        })?;
        if config.get_hosts().is_empty() {
            return Err(settings("it names no host".to_owned()));
        }
        if config.get_user().is_none() || config.get_dbname().is_none() {
            return Err(settings("it must name user and database".to_owned()));
        }
        let authorities = authorities(&config, tls)?;
        config
            .ssl_mode(if authorities.is_some() { SslMode::Require } else { SslMode::Disable })
            .application_name("ringbook")
            .connect_timeout(CONNECT_TIME_MAX)
            .tcp_user_timeout(UNACKNOWLEDGED_TIME_MAX)
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3);
        Ok(Self { config, authorities })
    }
}

/// Takes `sslmode` and `sslrootcert` out: their values mean more here than to the driver.
fn without_tls(text: &str) -> Result<(String, Tls), StoreError> {
    let mut tls = Tls::default();
    let Some((head, query)) = text.split_once('?') else { return Ok((text.to_owned(), tls)) };
    let mut kept = Vec::new();
    for part in query.split('&') {
        match part.split_once('=') {
            Some(("sslmode", mode)) => tls.mode = Some(mode.to_owned()),
            Some(("sslrootcert", path)) => {
                let path = percent_encoding::percent_decode_str(path).decode_utf8();
                let path = path.map_err(|_| settings("sslrootcert is no path".to_owned()))?;
                tls.authorities = Some(PathBuf::from(path.as_ref()));
            }
            _ => kept.push(part),
        }
    }
    let mark = if kept.is_empty() { "" } else { "?" };
    Ok((format!("{head}{mark}{}", kept.join("&")), tls))
}

/// Decides for or against TLS. There is no mode between: one that does not check the certificate
/// protects from nobody who can answer in the server's place.
fn authorities(config: &Config, tls: Tls) -> Result<Option<PathBuf>, StoreError> {
    let example = "sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt";
    match (tls.mode.as_deref(), tls.authorities) {
        (Some("disable"), _) => Ok(None),
        (Some("verify-full"), Some(path)) => Ok(Some(path)),
        (Some("verify-full"), None) => Err(settings(format!(
            "sslmode=verify-full needs the file of the authorities, such as {example}"
        ))),
        (None, _) if config.get_hosts().iter().all(is_local) => Ok(None),
        (None, _) => Err(settings(format!(
            "a host that is not this machine needs {example}, or sslmode=disable where the network \
             is trusted"
        ))),
        (Some(mode), _) => Err(settings(format!(
            "sslmode={mode} is not supported, as it does not check whose certificate it is; allowed \
             are sslmode=disable and {example}"
        ))),
    }
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    }
}

fn settings(what: String) -> StoreError {
    StoreError::Settings(what)
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        let hosts = hosts.collect::<Vec<_>>().join(",");
        write!(f, "postgres://{hosts}/{}", self.config.get_dbname().unwrap_or_default())
    }
}

/// A URL as it may be shown: without user and password.
pub fn shown(url: &str) -> String {
    PostgresUrl::parse(url).map_or_else(|_| "store.url".to_owned(), |url| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3cr3t";

    fn refused(url: &str) -> String {
        PostgresUrl::parse(url).err().unwrap().to_string()
    }

    #[test]
    fn the_password_is_never_shown() {
        let url = format!("postgres://ringbook:{SECRET}@db1,db2/books?sslmode=disable");
        assert_eq!(PostgresUrl::parse(&url).unwrap().to_string(), "postgres://db1,db2/books");
        for wrong in
            ["db:port/books", "db/books", "db/books?sslmode=require", "/", "db/b?color=red"]
        {
            let message = refused(&format!("postgres://ringbook:{SECRET}@{wrong}"));
            assert!(!message.contains(SECRET), "{message}");
        }
    }

    #[test]
    fn only_this_machine_is_reached_without_a_word_on_tls() {
        for local in ["127.0.0.1", "[::1]", "localhost", "%2Frun%2Fpostgresql"] {
            let url = PostgresUrl::parse(&format!("postgres://r@{local}/r")).unwrap();
            assert_eq!(url.config.get_ssl_mode(), SslMode::Disable, "{local}");
        }
        assert!(refused("postgres://r@db.example/r").contains("verify-full"));
        assert!(refused("postgres://r@localhost,db.example/r").contains("verify-full"));
        assert!(PostgresUrl::parse("postgres://r@db.example/r?sslmode=disable").is_ok());
    }

    #[test]
    fn tls_is_checked_in_full_or_not_used() {
        let full = "postgres://r@db.example/r?sslmode=verify-full&sslrootcert=%2Fca.pem";
        let url = PostgresUrl::parse(full).unwrap();
        assert_eq!(url.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(url.authorities, Some(PathBuf::from("/ca.pem")));
        assert!(refused("postgres://r@localhost/r?sslmode=verify-full").contains("sslrootcert"));
        for mode in ["allow", "prefer", "require", "verify-ca", ""] {
            let message = refused(&format!("postgres://r@localhost/r?sslmode={mode}"));
            assert!(message.contains("not supported"), "{message}");
        }
    }

    #[test]
    fn user_and_database_are_named() {
        assert!(refused("postgres://localhost/r").contains("user"));
        assert!(refused("postgres://r@localhost").contains("database"));
    }
}
