//! How many connections may be open: in all, and from one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts the open connections of all listeners.
#[derive(Debug)]
pub struct Gate {
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    connections_max: usize,
    per_address_max: usize,
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
}

/// A place among the open connections; given back when dropped.
#[derive(Debug)]
pub struct Admission {
    gate: Arc<Gate>,
    /// None while a balancer has not said whom it speaks for.
    address: Option<IpAddr>,
}

impl Gate {
    pub fn new(connections_max: usize, per_address_max: usize) -> Self {
        let open = Open { connections_max, per_address_max, all: 0, by_address: HashMap::new() };
        Self { open: Mutex::new(open) }
    }

    /// Other limits, for connections from now on.
    pub fn limit(&self, connections_max: usize, per_address_max: usize) {
        let mut open = self.lock();
        (open.connections_max, open.per_address_max) = (connections_max, per_address_max);
    }

    /// A place for one more connection.
    ///
    /// # Errors
    /// [`Refusal`] where there is none.
    pub fn admit(gate: &Arc<Self>, address: IpAddr) -> Result<Admission, Refusal> {
        let mut admission = Self::admit_balancer(gate)?;
        admission.belongs_to(address)?;
        Ok(admission)
    }

    /// A place for a connection of which only the balancer is known yet.
    ///
    /// # Errors
    /// [`Refusal`] where there is none.
    pub fn admit_balancer(gate: &Arc<Self>) -> Result<Admission, Refusal> {
        let mut open = gate.lock();
        if open.all >= open.connections_max {
            return Err(Refusal::Full);
        }
        open.all += 1;
        Ok(Admission { gate: Arc::clone(gate), address: None })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admission {
    /// Counts the connection for its address from now on.
    ///
    /// # Errors
    /// [`Refusal`] where the address has too many.
    pub fn belongs_to(&mut self, address: IpAddr) -> Result<(), Refusal> {
        let address = household(address);
        let mut open = self.gate.lock();
        let per_address_max = open.per_address_max;
        let here = open.by_address.entry(address).or_default();
        if *here >= per_address_max {
            return Err(Refusal::FullAddress);
        }
        *here += 1;
        self.address = Some(address);
        Ok(())
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut open = self.gate.lock();
        open.all = open.all.saturating_sub(1);
        let Some(address) = self.address else { return };
        if let Some(here) = open.by_address.get_mut(&address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                open.by_address.remove(&address);
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
    fn what_a_balancer_passes_on_counts_for_the_client() {
        let gate = Arc::new(Gate::new(3, 1));
        let mut first = Gate::admit_balancer(&gate).unwrap();
        let mut second = Gate::admit_balancer(&gate).unwrap();
        assert_eq!(first.belongs_to(address("192.0.2.1")), Ok(()));
        assert_eq!(second.belongs_to(address("192.0.2.1")), Err(Refusal::FullAddress));
        drop(second);
        let _other = Gate::admit(&gate, address("192.0.2.2")).unwrap();
        let _third = Gate::admit_balancer(&gate).unwrap();
        assert_eq!(Gate::admit_balancer(&gate).err(), Some(Refusal::Full));
    }

    #[test]
    fn limits_can_change_while_connections_are_open() {
        let gate = Arc::new(Gate::new(1, 1));
        let _one = Gate::admit(&gate, address("192.0.2.1")).unwrap();
        gate.limit(3, 2);
        let _two = Gate::admit(&gate, address("192.0.2.1")).unwrap();
        assert_eq!(Gate::admit(&gate, address("192.0.2.1")).err(), Some(Refusal::FullAddress));
    }

    #[test]
    fn addresses_without_connections_are_forgotten() {
        let gate = Arc::new(Gate::new(9, 9));
        drop(Gate::admit(&gate, address("192.0.2.1")).unwrap());
        assert!(gate.lock().by_address.is_empty());
    }
}
