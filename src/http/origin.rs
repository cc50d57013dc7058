//! Where a request comes from: the connection's client, or what a trusted proxy says of its own.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;

use crate::net::rules::{Rules, Transport};

/// What proxies tell of the client and of its connection to them. They append to a list, or begin it.
const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// The port is 0 where a proxy does not tell it.
    pub(super) client: SocketAddr,
    pub(super) transport: Transport,
    /// Whether a trusted proxy passed it on.
    pub(super) forwarded: bool,
}

impl Origin {
    /// The origin of a request that came from a peer over its transport.
    pub(super) fn of(
        headers: &HeaderMap,
        peer: SocketAddr,
        transport: Transport,
        rules: &Rules,
    ) -> Self {
        if !rules.trusted_proxies.contain(peer.ip()) {
            return Self { client: peer, transport, forwarded: false };
        }
        let client = client(headers, rules).unwrap_or(peer);
        let transport = match is_https(headers) {
            Some(true) => Transport::Tls,
            // The proxy does not say; then the part of the way that is known counts.
            None if transport == Transport::Tls => Transport::Tls,
            Some(false) | None => rules.without_tls(client.ip()),
        };
        Self { client, transport, forwarded: true }
    }
}

/// The last address of the list that is no trusted proxy itself: what stands before it was sent by
/// whoever has that address, and proves nothing.
fn client(headers: &HeaderMap, rules: &Rules) -> Option<SocketAddr> {
    let mut nearest = None;
    for text in elements(headers, FORWARDED_FOR).rev() {
        let Some(address) = text.and_then(address) else { return nearest };
        nearest = Some(address);
        if !rules.trusted_proxies.contain(address.ip()) {
            return nearest;
        }
    }
    nearest
}

/// Whether every proxy on the way was asked over TLS; None where they do not say.
fn is_https(headers: &HeaderMap) -> Option<bool> {
    let mut told = elements(headers, FORWARDED_PROTO).peekable();
    told.peek()?;
    Some(told.all(|text| text.is_some_and(|text| text.eq_ignore_ascii_case("https"))))
}

/// The elements of all headers of this name in order; None for one that is no text.
fn elements<'h>(
    headers: &'h HeaderMap,
    name: &'h str,
) -> impl DoubleEndedIterator<Item = Option<&'h str>> {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    values.into_iter().flat_map(|value| {
        let texts: Vec<_> = match value.to_str() {
            Ok(text) => text.split(',').map(|text| Some(text.trim())).collect(),
            Err(_) => vec![None],
        };
        texts
    })
}

/// An address as proxies write it: with or without a port or brackets.
fn address(text: &str) -> Option<SocketAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let found = match bare.parse::<IpAddr>() {
        Ok(address) => SocketAddr::new(address, 0),
        Err(_) => text.parse().ok()?,
    };
    Some(SocketAddr::new(found.ip().to_canonical(), found.port()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::networks::Networks;

    const PROXY: &str = "192.0.2.1:80";

    /// The client and its transport, where a request without TLS has these headers.
    fn check(peer: &str, headers: &[(&'static str, &str)], client: &str, transport: Transport) {
        let rules = Rules {
            plain: Networks::parse(["10.0.0.0/8"]).unwrap(),
            trusted_proxies: Networks::parse(["192.0.2.0/24"]).unwrap(),
            ..Rules::default()
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let peer: SocketAddr = peer.parse().unwrap();
        let plain = rules.without_tls(peer.ip());
        let found = Origin::of(&map, peer, plain, &rules);
        let forwarded = rules.trusted_proxies.contain(peer.ip());
        let client = client.parse().unwrap();
        assert_eq!(found, Origin { client, transport, forwarded }, "{headers:?}");
        // The same connection over TLS: only what the proxy says can make it worse.
        let over_tls = Origin::of(&map, peer, Transport::Tls, &rules).transport;
        let told_plain = forwarded && is_https(&map) == Some(false);
        let expected = if told_plain { transport } else { Transport::Tls };
        assert_eq!(over_tls, expected, "{headers:?} over TLS");
    }

    #[test]
    fn nobody_but_a_trusted_proxy_speaks_for_others() {
        let told = [(FORWARDED_FOR, "10.1.1.1"), (FORWARDED_PROTO, "https")];
        check("203.0.113.9:99", &told, "203.0.113.9:99", Transport::Exposed);
        check("10.9.9.9:99", &told, "10.9.9.9:99", Transport::Plain);
        check(PROXY, &told, "10.1.1.1:0", Transport::Tls);
    }

    #[test]
    fn a_proxy_tells_of_its_client() {
        let to = |text: &'static str| [(FORWARDED_FOR, text)];
        check(PROXY, &to("10.1.1.1"), "10.1.1.1:0", Transport::Plain);
        check(PROXY, &to("203.0.113.9"), "203.0.113.9:0", Transport::Exposed);
        check(PROXY, &to("203.0.113.9:4321"), "203.0.113.9:4321", Transport::Exposed);
        check(PROXY, &to("2001:db8::7"), "[2001:db8::7]:0", Transport::Exposed);
        check(PROXY, &to("[2001:db8::7]"), "[2001:db8::7]:0", Transport::Exposed);
        check(PROXY, &to("[2001:db8::7]:4321"), "[2001:db8::7]:4321", Transport::Exposed);
        check(PROXY, &[], PROXY, Transport::Exposed);
    }

    #[test]
    fn what_the_client_itself_sent_proves_nothing() {
        let forged = [(FORWARDED_FOR, "10.1.1.1, 203.0.113.9, 192.0.2.7")];
        check(PROXY, &forged, "203.0.113.9:0", Transport::Exposed);
        let lines = [(FORWARDED_FOR, "10.1.1.1"), (FORWARDED_FOR, "203.0.113.9")];
        check(PROXY, &lines, "203.0.113.9:0", Transport::Exposed);
        check(PROXY, &[(FORWARDED_FOR, "10.1.1.1, unknown")], PROXY, Transport::Exposed);
        check(
            PROXY,
            &[(FORWARDED_FOR, "10.1.1.1, x, 192.0.2.7")],
            "192.0.2.7:0",
            Transport::Exposed,
        );
    }

    #[test]
    fn only_tls_on_the_whole_way_is_secure() {
        let told = |proto: &'static str| [(FORWARDED_FOR, "203.0.113.9"), (FORWARDED_PROTO, proto)];
        check(PROXY, &told("HTTPS"), "203.0.113.9:0", Transport::Tls);
        for proto in ["http", "https, http", "http, https", "", "wss"] {
            check(PROXY, &told(proto), "203.0.113.9:0", Transport::Exposed);
        }
    }
}
