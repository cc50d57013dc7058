//! Where phones find the LDAP door, and how they speak to it.

use std::net::SocketAddr;

use serde_json::Value;

use crate::cli::Connect;
use crate::cli::client::ClientError;
use crate::cli::phone_config::template::default_port;
use crate::cli::phone_config::vendor::{Security, Vendor};
use crate::daemon::folder::LISTENING;

/// What the command line says of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) security: Option<Security>,
}

/// The listeners for LDAP of the daemon on this machine.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Listeners {
    ldap: Option<SocketAddr>,
    ldaps: Option<SocketAddr>,
}

impl Listeners {
    /// Those of the data folder; None where another daemon is spoken to.
    pub(super) fn of(connect: &Connect) -> Option<Self> {
        if connect.url.is_some() {
            return None;
        }
        let text = std::fs::read_to_string(connect.data.join(LISTENING)).ok()?;
        let json: Value = serde_json::from_str(&text).ok()?;
        let address = |door: &str| json.get(door)?.as_str()?.parse().ok();
        Some(Self { ldap: address("ldap"), ldaps: address("ldaps") })
    }

    fn serving(self, security: Security) -> Option<SocketAddr> {
        if security == Security::Ldaps { self.ldaps } else { self.ldap }
    }
}

/// Host, port and security that phones of this vendor are set to.
///
/// # Errors
/// Where the vendor cannot do what is wanted, no such listener is on, or nothing tells the host.
pub(super) fn choose(
    vendor: &Vendor,
    wanted: &Wanted,
    listeners: Option<Listeners>,
) -> Result<(String, u16, Security), ClientError> {
    let is_on = |security: &Security| listeners.is_none_or(|on| on.serving(*security).is_some());
    let security = match wanted.security {
        Some(security) if !vendor.securities.contains(&security) => {
            let known: Vec<String> = vendor.securities.iter().map(Security::to_string).collect();
            let known = known.join(", ");
            let detail = format!("{} phones know {known}, not {security}", vendor.title);
            return Err(ClientError::Input(detail));
        }
        Some(security) => security,
        None => *vendor.securities.iter().find(|security| is_on(security)).ok_or_else(|| {
            ClientError::Input(format!("the daemon has no LDAP listener for {}", vendor.title))
        })?,
    };
    let listener = listeners.map(|on| on.serving(security));
    if listener == Some(None) {
        let detail = format!("the daemon has no LDAP listener for {security}");
        return Err(ClientError::Input(detail));
    }
    let listener = listener.flatten();
    let known = listener.map(|address| address.ip()).filter(|ip| !ip.is_unspecified());
    let host = wanted.host.clone().or_else(|| known.map(|ip| ip.to_string()));
    let host = host.ok_or_else(|| {
        let detail = "say by --host which name or address the phones reach Ringbook by";
        ClientError::Input(detail.to_owned())
    })?;
    let port = wanted.port.or_else(|| listener.map(|address| address.port()));
    Ok((host, port.unwrap_or_else(|| default_port(security)), security))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, wanted: &Wanted, listeners: Option<Listeners>) -> Result<String, String> {
        let chosen = choose(Vendor::find(name).unwrap(), wanted, listeners);
        chosen
            .map(|(host, port, security)| format!("{host} {port} {security}"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn phones_are_set_to_the_best_that_they_and_the_daemon_can_do() {
        let address = |text: &str| Some(text.parse().unwrap());
        let both = Listeners { ldap: address("192.0.2.1:389"), ldaps: address("192.0.2.1:636") };
        let clear = Listeners { ldaps: None, ..both };
        let any = Listeners { ldap: address("0.0.0.0:3890"), ldaps: address("[::]:6360") };
        let none = Wanted::default();
        let ok = |name, on| check(name, &none, Some(on)).unwrap();
        assert_eq!(ok("yealink", both), "192.0.2.1 636 ldaps");
        assert_eq!(ok("linphone", both), "192.0.2.1 389 starttls");
        assert_eq!(ok("sangoma", both), "192.0.2.1 389 none");
        assert_eq!(ok("yealink", clear), "192.0.2.1 389 starttls");
        assert_eq!(ok("snom", clear), "192.0.2.1 389 none");
        assert!(check("snom", &none, Some(Listeners::default())).unwrap_err().contains("listener"));
        assert!(check("yealink", &none, Some(any)).unwrap_err().contains("--host"));
        assert!(check("yealink", &none, None).unwrap_err().contains("--host"));
        let host = Wanted { host: Some("pbx".to_owned()), ..none };
        assert_eq!(check("yealink", &host, Some(any)).unwrap(), "pbx 6360 ldaps");
        assert_eq!(check("yealink", &host, None).unwrap(), "pbx 636 ldaps");
        let starttls = Wanted { security: Some(Security::Starttls), port: Some(1389), ..host };
        assert_eq!(check("yealink", &starttls, Some(both)).unwrap(), "pbx 1389 starttls");
        let refused = check("snom", &starttls, Some(both)).unwrap_err();
        assert_eq!(refused, "Snom phones know ldaps, none, not starttls");
        let ldaps = Wanted { security: Some(Security::Ldaps), ..starttls };
        assert!(check("yealink", &ldaps, Some(clear)).unwrap_err().contains("no LDAP listener"));
    }
}
