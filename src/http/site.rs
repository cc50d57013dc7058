//! The address by which clients reach the HTTP doors, as far as that is certain.

use std::fmt;
use std::net::Ipv6Addr;
use std::sync::{PoisonError, RwLock};

use hyper::http::uri::Authority;

/// What no other machine reaches.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Where a client speaks to: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub secure: bool,
    /// A host name or an IP address, without brackets.
    pub host: String,
    pub port: u16,
}

/// What the listeners' certificate says.
#[derive(Clone, Debug, Default)]
pub struct Certified {
    /// The names and addresses that it is for; `*.` ones among them.
    pub hosts: Vec<String>,
    /// The certificate of our own authority in PEM, where that issued it.
    pub authority: Option<String>,
}

/// What is known of the addresses of the HTTP doors.
#[derive(Debug, Default)]
pub struct Site {
    /// What the operator says.
    public: Option<Address>,
    /// The ports of the listeners that there are.
    http_port: Option<u16>,
    https_port: Option<u16>,
    certified: RwLock<Certified>,
}

impl Site {
    pub fn new(public: Option<Address>, http_port: Option<u16>, https_port: Option<u16>) -> Self {
        Self { public, http_port, https_port, certified: RwLock::default() }
    }

    /// Takes over what the certificate says that is shown from now on.
    pub fn show(&self, certified: Certified) {
        *self.certified.write().unwrap_or_else(PoisonError::into_inner) = certified;
    }

    /// The address for a client that asked an authority (`Host`), over TLS or not. A host counts
    /// only where the certificate is for it: anybody can send any header, and another name would
    /// be of no use over TLS. In its place stands a name of the certificate.
    pub fn address(&self, asked: Option<&Authority>, secure: bool) -> Address {
        if let Some(public) = &self.public {
            return public.clone();
        }
        let certified = self.certified();
        let known = asked.filter(|asked| certified.is_for(bare(asked.host())));
        let host = known.map_or_else(|| certified.best(), |asked| bare(asked.host()).to_owned());
        let port = known.map(|known| known.port_u16());
        match (secure, port) {
            (true, Some(port)) => Address { secure, host, port: port.unwrap_or(443) },
            // Whoever came without TLS is told of it.
            _ if self.https_port.is_some() || secure => {
                Address { secure: true, host, port: self.https_port.unwrap_or(443) }
            }
            (_, port) => {
                let port = port.map(|port| port.unwrap_or(80)).or(self.http_port);
                Address { secure, host, port: port.unwrap_or(80) }
            }
        }
    }

    /// The certificate that clients of an address must install, in PEM: that of our own authority,
    /// where it issued the certificate which they see.
    pub fn authority_for(&self, address: &Address) -> Option<String> {
        let certified = self.certified();
        let sees = address.secure && certified.is_for(&address.host);
        certified.authority.filter(|_| sees)
    }

    fn certified(&self) -> Certified {
        self.certified.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Certified {
    fn is_for(&self, host: &str) -> bool {
        let below = host.split_once('.').map(|(_, domain)| domain);
        self.hosts.iter().any(|known| {
            known.eq_ignore_ascii_case(host)
                || known.strip_prefix("*.").is_some_and(|domain| {
                    below.is_some_and(|below| below.eq_ignore_ascii_case(domain))
                })
        })
    }

    /// The name that most clients can use: one with a domain, else any that is not this machine's
    /// alone.
    fn best(&self) -> String {
        let names = || {
            let usable =
                |host: &&String| !host.starts_with("*.") && !LOOPBACK.contains(&host.as_str());
            self.hosts.iter().filter(usable)
        };
        let is_name = |host: &&String| host.contains(|c: char| c.is_ascii_alphabetic());
        let is_host = |host: &&String| is_name(host) && !host.contains(':');
        let full = names().find(|host| is_host(host) && host.contains('.'));
        let found = full.or_else(|| names().find(is_host)).or_else(|| names().next());
        found.map_or_else(|| "localhost".to_owned(), Clone::clone)
    }
}

/// A host without the brackets of IPv6.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

impl Address {
    /// Whether no other machine reaches it.
    pub fn is_local(&self) -> bool {
        LOOPBACK.iter().any(|local| self.host.eq_ignore_ascii_case(local))
    }

    pub fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// Host and port as they stand in URLs.
    pub fn authority(&self) -> String {
        let host = match self.host.parse::<Ipv6Addr>() {
            Ok(address) => format!("[{address}]"),
            Err(_) => self.host.clone(),
        };
        match (self.secure, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

impl fmt::Display for Address {
    /// As a URL without a path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTS: [&str; 6] =
        ["localhost", "pbx", "pbx.acme.example", "*.wild.example", "192.0.2.7", "2001:db8::7"];

    fn site(hosts: &[&str], https_port: Option<u16>) -> Site {
        let site = Site::new(None, Some(8080), https_port);
        let hosts = hosts.iter().map(ToString::to_string).collect();
        site.show(Certified { hosts, authority: Some("own".to_owned()) });
        site
    }

    fn asked(host: &str) -> Option<Authority> {
        (!host.is_empty()).then(|| host.parse().unwrap())
    }

    #[test]
    fn a_host_counts_where_the_certificate_is_for_it() {
        let check = |host, secure, expected: &str| {
            let found = site(&HOSTS, Some(8443)).address(asked(host).as_ref(), secure);
            assert_eq!(found.to_string(), expected, "{host} {secure}");
        };
        check("PBX.acme.example:8443", true, "https://PBX.acme.example:8443");
        check("pbx.acme.example", true, "https://pbx.acme.example");
        check("any.wild.example:9000", true, "https://any.wild.example:9000");
        check("192.0.2.7:8443", true, "https://192.0.2.7:8443");
        check("[2001:db8::7]:8443", true, "https://[2001:db8::7]:8443");
        for other in ["evil.example", "a.b.wild.example", "wild.example", ""] {
            check(other, true, "https://pbx.acme.example:8443");
        }
        check("192.0.2.7:8080", false, "https://192.0.2.7:8443");
        check("evil.example:8080", false, "https://pbx.acme.example:8443");
    }

    #[test]
    fn without_an_https_listener_the_way_is_as_the_client_came() {
        let site = site(&HOSTS, None);
        let check = |host, secure, expected: &str| {
            assert_eq!(site.address(asked(host).as_ref(), secure).to_string(), expected);
        };
        check("pbx:8080", false, "http://pbx:8080");
        check("pbx", false, "http://pbx");
        check("evil.example", false, "http://pbx.acme.example:8080");
        // A proxy speaks TLS for it.
        check("pbx.acme.example", true, "https://pbx.acme.example");
        check("evil.example", true, "https://pbx.acme.example");
    }

    #[test]
    fn the_best_name_is_one_that_others_can_use() {
        let best = |hosts: &[&str]| site(hosts, Some(443)).address(None, true).host;
        assert_eq!(best(&["localhost", "pbx", "127.0.0.1", "192.0.2.7"]), "pbx");
        assert_eq!(best(&["localhost", "127.0.0.1", "::1", "192.0.2.7"]), "192.0.2.7");
        assert_eq!(best(&["*.wild.example", "2001:db8::7"]), "2001:db8::7");
        assert_eq!(best(&["localhost", "::1"]), "localhost");
    }

    #[test]
    fn what_the_operator_says_counts_before_all() {
        let public = Address { secure: true, host: "contacts.example".to_owned(), port: 443 };
        let site = Site::new(Some(public.clone()), Some(8080), Some(8443));
        site.show(Certified { hosts: vec!["pbx".to_owned()], authority: Some("own".to_owned()) });
        assert_eq!(site.address(asked("pbx:8443").as_ref(), true), public);
        assert_eq!(site.authority_for(&public), None, "a proxy has another certificate");
        let hosts = vec!["contacts.example".to_owned()];
        site.show(Certified { hosts, authority: Some("own".to_owned()) });
        assert_eq!(site.authority_for(&public).as_deref(), Some("own"));
        assert_eq!(site.authority_for(&Address { secure: false, ..public }), None);
    }
}
