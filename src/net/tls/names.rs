//! The names and addresses by which clients may reach this machine.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Machines with many containers have many addresses; certificates stay small.
const ADDRESSES_MAX: usize = 64;
/// Longest host name (RFC 1035, 2.3.4).
const HOST_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// What a client may check a certificate against.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    Host(String),
    Address(IpAddr),
}

impl Name {
    /// A host name; None for what no certificate can name.
    pub fn host(text: &str) -> Option<Self> {
        let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        let label =
            |label: &str| (1..=LABEL_BYTES_MAX).contains(&label.len()) && label.bytes().all(plain);
        let known = text.len() <= HOST_BYTES_MAX && text.split('.').all(label);
        known.then(|| Self::Host(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => f.write_str(host),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}

/// What this machine calls itself; None where that is no host name.
pub fn host() -> Option<String> {
    match Name::host(gethostname::gethostname().to_str()?)? {
        Name::Host(host) => Some(host),
        Name::Address(_) => None,
    }
}

/// Every name of this machine: its host name, `localhost`, and the addresses of its interfaces.
pub fn own() -> BTreeSet<Name> {
    // Where the interfaces cannot be asked, the loopback addresses and the name are still right.
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let addresses = interfaces.iter().map(if_addrs::Interface::ip);
    names(host().as_deref(), addresses)
}

fn names(host: Option<&str>, addresses: impl Iterator<Item = IpAddr>) -> BTreeSet<Name> {
    let hosts = [Some("localhost"), host].into_iter().flatten().filter_map(Name::host);
    let addresses: BTreeSet<IpAddr> = addresses.filter(|address| is_reachable(*address)).collect();
    let local = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let addresses = addresses.into_iter().take(ADDRESSES_MAX).chain(local).map(Name::Address);
    hosts.chain(addresses).collect()
}

/// Link-local IPv6 addresses need a zone, which no certificate can name (RFC 4007, 11).
fn is_reachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_unspecified(),
        IpAddr::V6(address) => !address.is_unspecified() && !address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: Option<&str>, addresses: &[&str], expected: &[&str]) {
        let addresses = addresses.iter().map(|text| text.parse().unwrap());
        let found: Vec<String> = names(host, addresses).iter().map(Name::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_machine_has_its_name_and_its_addresses() {
        check(
            Some("PBX-1.example"),
            &["192.0.2.7", "127.0.0.1", "2001:db8::7", "fe80::1", "::1"],
            &["localhost", "pbx-1.example", "127.0.0.1", "192.0.2.7", "::1", "2001:db8::7"],
        );
        check(None, &[], &["localhost", "127.0.0.1", "::1"]);
        check(Some("my_pbx"), &["0.0.0.0"], &["localhost", "127.0.0.1", "::1"]);
    }

    #[test]
    fn a_machine_with_very_many_addresses_is_still_found_on_loopback() {
        let many = (0..1000u32).map(|number| IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0001 + number)));
        let found = names(None, many);
        assert_eq!(found.len(), ADDRESSES_MAX + 3);
        assert!(found.contains(&Name::Address(IpAddr::V4(Ipv4Addr::LOCALHOST))));
    }

    #[test]
    fn this_machine_is_asked() {
        assert!(own().contains(&Name::Host("localhost".to_owned())));
    }
}
