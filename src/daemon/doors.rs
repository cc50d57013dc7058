//! Puts the doors behind their listeners.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::account::device::Door;
use crate::api::{Api, Files};
use crate::auth::Authenticator;
use crate::carddav::Handler;
use crate::config::{Config, PublicUrl};
use crate::contact::OrganizationId;
use crate::daemon::{Listening, StartError};
use crate::directory::Directory;
use crate::file::table::profiles::Profiles;
use crate::http::{Address, Site};
use crate::net::gate::Gate;
use crate::net::rules::Rules;
use crate::net::tls::{Acceptor, Identity, Protocol};
use crate::net::workers::Workers;
use crate::net::{BindError, Encryption, Listener, Net};
use crate::presence::Presence;
use crate::{http, ldap};

/// What is known of networks.
pub(super) fn rules(config: &Config) -> Rules {
    Rules {
        plain: config.plain_networks.clone(),
        proxy_protocol: config.proxy_protocol.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
    }
}

/// Where clients reach the HTTP doors. Its certificate is still to be shown.
pub(super) fn site(listening: &Listening, config: &Config) -> Site {
    let port = |address: Option<SocketAddr>| address.map(|found| found.port());
    let public = config.public_url.clone().map(|PublicUrl { secure, host, port }| Address {
        secure,
        host,
        port,
    });
    Site::new(public, port(listening.http), port(listening.https))
}

/// The bound sockets; None where a door is off.
pub(super) struct Listeners {
    pub(super) ldap: Option<Listener>,
    pub(super) ldaps: Option<Listener>,
    pub(super) http: Option<Listener>,
    pub(super) https: Option<Listener>,
}

impl Listeners {
    /// Binds what is configured.
    ///
    /// # Errors
    /// Where an address cannot be had, or none is configured.
    pub(super) async fn bind(config: &Config) -> Result<Self, StartError> {
        let bound = Self {
            ldap: bind("ldap", config.ldap_listen).await?,
            ldaps: bind("ldaps", config.ldap_tls_listen).await?,
            http: bind("http", config.http_listen).await?,
            https: bind("https", config.http_tls_listen).await?,
        };
        let Self { ldap, ldaps, http, https } = &bound;
        let any = [ldap, ldaps, http, https].into_iter().flatten().next().is_some();
        if any { Ok(bound) } else { Err(StartError::NoListener) }
    }

    /// The address of one of them, with its real port.
    pub(super) fn address(listener: &Option<Listener>) -> Option<SocketAddr> {
        listener.as_ref().map(Listener::address)
    }
}

async fn bind(
    door: &'static str,
    address: Option<SocketAddr>,
) -> Result<Option<Listener>, BindError> {
    match address {
        Some(address) => Listener::bind(door, address).await.map(Some),
        None => Ok(None),
    }
}

/// How each protocol begins TLS. Tickets of one are worth nothing at the other.
pub(super) struct Secured {
    ldap: Arc<Acceptor>,
    http: Arc<Acceptor>,
}

impl Secured {
    pub(super) fn new(identity: &Identity) -> io::Result<Self> {
        let acceptor = |protocol| Acceptor::new(protocol, identity.clone()).map(Arc::new);
        Ok(Self { ldap: acceptor(Protocol::Ldap)?, http: acceptor(Protocol::Http)? })
    }

    /// Shows another certificate from now on.
    pub(super) fn replace(&self, identity: &Identity) -> io::Result<()> {
        self.ldap.replace(identity)?;
        self.http.replace(identity)
    }
}

/// What every door is made of.
pub(super) struct Doors<'a> {
    pub(super) directory: &'a Arc<Directory>,
    pub(super) authenticator: &'a Arc<Authenticator>,
    pub(super) presence: &'a Arc<Presence>,
    pub(super) site: &'a Arc<Site>,
    pub(super) config: &'a Config,
    /// Of imports and exports.
    pub(super) profiles: &'a Arc<Profiles>,
}

impl Doors<'_> {
    /// Serves all listeners. The organization is that of names without one.
    ///
    /// # Errors
    /// Where the operating system gives no threads for the phones.
    pub(super) fn open(
        &self,
        listeners: Listeners,
        secured: &Secured,
        organization: OrganizationId,
    ) -> io::Result<Net> {
        let Listeners { ldap, ldaps, http, https } = listeners;
        let limits = &self.config.limits;
        let gate = Gate::new(limits.connections_max, limits.connections_per_address_max);
        let mut net = Net::new(gate, rules(self.config), limits.first_request);
        let https_port = https.as_ref().map(|listener| listener.address().port());
        let front = Arc::new(self.front().https_port(https_port));
        let at_once = Encryption::AtOnce(Arc::clone(&secured.http));
        let https = https.map(|listener| listener.encrypted(at_once));
        for listener in [http, https].into_iter().flatten() {
            let front = Arc::clone(&front);
            net.listen(listener, move |connection| Arc::clone(&front).serve(connection));
        }
        let door = Arc::new(self.phones(organization));
        let on_request = Encryption::OnRequest(Arc::clone(&secured.ldap));
        let at_once = Encryption::AtOnce(Arc::clone(&secured.ldap));
        let ldap = ldap.map(|listener| listener.encrypted(on_request));
        let ldaps = ldaps.map(|listener| listener.encrypted(at_once));
        let phones = [ldap, ldaps].into_iter().flatten().collect();
        net.listen_on(Workers::start("ldap")?, phones, move |connection| {
            ldap::serve(connection, Arc::clone(&door))
        })?;
        Ok(net)
    }

    fn front(&self) -> http::Front {
        let carddav = Arc::new(Handler::new(Arc::clone(self.directory)));
        let (directory, presence) = (Arc::clone(self.directory), Arc::clone(self.presence));
        let site = Arc::clone(self.site);
        let profiles = Arc::clone(self.profiles);
        let files = Files { folder: self.config.data.clone(), profiles };
        let api = Api::new(directory, Arc::clone(self.authenticator), presence, site, files);
        http::Front::new(Arc::clone(self.authenticator), self.http_limits())
            // Clients that are given no path ask at `/` who the user is.
            .mount("", Door::Carddav, carddav.clone())
            .mount(".well-known", Door::Carddav, carddav.clone())
            .mount("dav", Door::Carddav, carddav)
            .mount("api", Door::Http, Arc::new(api))
    }

    fn phones(&self, organization: OrganizationId) -> ldap::Door {
        let (directory, authenticator) =
            (Arc::clone(self.directory), Arc::clone(self.authenticator));
        let door = ldap::Door::new(directory, authenticator, organization, self.ldap_limits());
        let door = door.with_presence(Arc::clone(self.presence));
        door.with_unauthenticated_bind(self.config.unauthenticated_bind)
    }

    fn http_limits(&self) -> http::Limits {
        let limits = &self.config.limits;
        http::Limits {
            first_request: limits.first_request,
            idle: limits.http_idle,
            stalled: limits.http_stalled,
        }
    }

    fn ldap_limits(&self) -> ldap::Limits {
        let limits = &self.config.limits;
        ldap::Limits {
            message_bytes_max: limits.ldap_message_bytes_max,
            message_bytes_max_before_bind: limits.ldap_message_bytes_before_bind_max,
            filter_depth_max: limits.ldap_filter_depth_max,
            filter_terms_max: limits.ldap_filter_terms_max,
            operations_max: limits.ldap_operations_max,
            look_through: limits.look_through,
            idle_timeout: limits.ldap_idle,
            message_timeout: limits.first_request,
            ..ldap::Limits::default()
        }
    }
}
