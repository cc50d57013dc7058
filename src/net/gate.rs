//! How many connections may be open: in all, and from one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts the open connections of all listeners.
#[derive(Debug)]
pub struct Gate {
    connections_max: usize,
    per_address_max: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Why a connection was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("too many connections (limits.connections)")]
    Full,
    #[error("too many connections from this address (limits.connections_per_address)")]
    FullAddress,
    #[error("not from plain_networks, and there is no TLS here")]
    Plain,
}

/// A place among the open connections; given back when dropped.
#[derive(Debug)]
pub struct Admission {
    gate: Arc<Gate>,
    address: IpAddr,
}

impl Gate {
    pub fn new(connections_max: usize, per_address_max: usize) -> Self {
        Self { connections_max, per_address_max, open: Mutex::default() }
    }

    /// A place for one more connection.
    ///
    /// # Errors
    /// [`Refusal`] where there is none.
    pub fn admit(gate: &Arc<Self>, address: IpAddr) -> Result<Admission, Refusal> {
        let address = household(address);
        let mut open = gate.lock();
        if open.all >= gate.connections_max {
            return Err(Refusal::Full);
        }
        let here = open.by_address.entry(address).or_default();
        if *here >= gate.per_address_max {
            return Err(Refusal::FullAddress);
        }
        *here += 1;
        open.all += 1;
        Ok(Admission { gate: Arc::clone(gate), address })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut open = self.gate.lock();
        open.all = open.all.saturating_sub(1);
        if let Some(here) = open.by_address.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

/// The address to count by: one IPv6 host has a whole /64 to choose from (RFC 4291, 2.5.4).
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_limits_are_kept_in_all_and_per_address() {
        let gate = Arc::new(Gate::new(3, 2));
        let admit = |text| Gate::admit(&gate, address(text));
        let first = admit("192.0.2.1").unwrap();
        let _second = admit("::ffff:192.0.2.1").unwrap();
        assert_eq!(admit("192.0.2.1").err(), Some(Refusal::FullAddress));
        let _third = admit("192.0.2.2").unwrap();
        assert_eq!(admit("192.0.2.3").err(), Some(Refusal::Full));
        drop(first);
        admit("192.0.2.1").unwrap();
    }

    #[test]
    fn one_ipv6_network_counts_as_one_address() {
        let gate = Arc::new(Gate::new(9, 1));
        let _one = Gate::admit(&gate, address("2001:db8::1")).unwrap();
        let refused = Gate::admit(&gate, address("2001:db8::2")).err();
        assert_eq!(refused, Some(Refusal::FullAddress));
        Gate::admit(&gate, address("2001:db8:0:1::1")).unwrap();
    }

    #[test]
    fn addresses_without_connections_are_forgotten() {
        let gate = Arc::new(Gate::new(9, 9));
        drop(Gate::admit(&gate, address("192.0.2.1")).unwrap());
        assert!(gate.lock().by_address.is_empty());
    }
}
