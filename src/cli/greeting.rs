//! What `ringbook serve` says once it listens: where the doors are, and what to do next.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::Path;

use crate::cli::say;
use crate::config::Config;
use crate::daemon::Listening;

/// Where the daemon keeps its data unless told otherwise.
const DATA: &str = "ringbook-data";

/// Says where the doors are and what to do next.
pub(super) fn greet(listening: &Listening, config: &Config, demo: bool) {
    let Listening { organization, contacts, new_token, .. } = listening;
    let data = config.data.display();
    say(&format!(
        "Ringbook {}: {} (organization `{}`, {contacts} contacts), data in {data}",
        env!("CARGO_PKG_VERSION"),
        organization.name,
        organization.id,
    ));
    doors(listening, config);
    if let Some(token) = new_token.as_ref().filter(|_| io::stdout().is_terminal()) {
        let token = token.as_str();
        say(&format!("The operator's token, also in {data}/operator-token: {token}"));
    }
    say("Next:");
    if demo {
        try_the_demo(listening)
    } else {
        fill(&config.data)
    }
    say("Ctrl-C stops.");
}

fn doors(listening: &Listening, config: &Config) {
    let Listening { ldap, ldaps, http, https, organization, authority, .. } = listening;
    let suffix = &organization.suffix;
    let at = |address: &SocketAddr| reachable(address, listening.host.as_deref());
    for (address, scheme) in [(ldap, "ldap"), (ldaps, "ldaps")] {
        if let Some(address) = address {
            let (name, address) = (scheme.to_uppercase(), at(address));
            say(&format!("  {name:8} {scheme}://{address}   base {suffix}"));
        }
    }
    for (address, scheme) in [(http, "http"), (https, "https")] {
        if let Some(address) = address {
            let (name, address) = (scheme.to_uppercase(), at(address));
            say(&format!(
                "  {name:8} {scheme}://{address}/api/v1/   CardDAV {scheme}://{address}/dav/"
            ));
        }
    }
    if let Some(authority) = authority {
        let path = authority.display();
        say(&format!(
            "  TLS      install {path} on phones and computers, so that they trust this server"
        ));
    }
    if [ldap, http].into_iter().flatten().any(|address| !address.ip().is_loopback()) {
        let networks = config.plain_networks.to_string();
        let networks = if networks.is_empty() { "nobody" } else { &networks };
        say(&format!("  Without TLS (plain_networks): {networks}"));
    }
}

/// An address that others can use, where the daemon listens on all there are.
fn reachable(address: &SocketAddr, host: Option<&str>) -> String {
    match host {
        Some(host) if address.ip().is_unspecified() => format!("{host}:{}", address.port()),
        _ => address.to_string(),
    }
}

fn try_the_demo(listening: &Listening) {
    let Listening { ldap, http, organization, .. } = listening;
    let suffix = &organization.suffix;
    if let Some(ldap) = ldap {
        say(&format!(
            "  ldapsearch -x -H ldap://{ldap} -D 201 -w demo-201 -b {suffix} '(sn=mull*)' cn telephoneNumber"
        ));
    }
    if let Some(http) = http {
        say(&format!(
            "  curl -u 201:demo-201 -X PROPFIND -H 'Depth: 1' http://{http}/dav/homes/201.demo/"
        ));
    }
}

fn fill(data: &Path) {
    let data = match data == Path::new(DATA) {
        true => String::new(),
        false => format!(" --data {}", data.display()),
    };
    say(&format!("  ringbook import people.csv --into people{data}"));
    say(&format!("  ringbook phone add phones{data}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_one_name_for_others() {
        let check = |address: &str, host, expected: &str| {
            assert_eq!(reachable(&address.parse().unwrap(), host), expected);
        };
        check("0.0.0.0:389", Some("pbx.example"), "pbx.example:389");
        check("[::]:389", Some("pbx.example"), "pbx.example:389");
        check("[::]:389", None, "[::]:389");
        check("192.0.2.7:389", Some("pbx.example"), "192.0.2.7:389");
    }
}
