//! Which networks may do what; can change while the daemon runs.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use crate::account::networks::Networks;

/// What is known of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// May use LDAP and HTTP without TLS.
    pub plain: Networks,
    /// Begin each connection with a PROXY header; nobody else may.
    pub proxy_protocol: Networks,
    /// HTTP proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count.
    pub trusted_proxies: Networks,
}

/// How a connection, or a request that a trusted proxy passed on, is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// In clear, from a network that may do so.
    Plain,
    /// In clear, from elsewhere: passwords and contacts could be read on the way.
    Exposed,
    Tls,
}

impl Rules {
    /// Nobody but this machine, and no proxies.
    pub fn loopback() -> Self {
        Self { plain: Networks::loopback(), ..Self::default() }
    }

    /// How a client without TLS counts.
    pub fn without_tls(&self, client: IpAddr) -> Transport {
        if self.plain.contain(client) { Transport::Plain } else { Transport::Exposed }
    }
}

/// The rules of the moment.
#[derive(Debug)]
pub(super) struct Current(RwLock<Arc<Rules>>);

impl Current {
    pub(super) fn new(rules: Rules) -> Self {
        Self(RwLock::new(Arc::new(rules)))
    }

    pub(super) fn get(&self) -> Arc<Rules> {
        Arc::clone(&*self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set(&self, rules: Rules) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }
}
