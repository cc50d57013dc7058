//! Puts the doors behind their listeners.

use std::io;
use std::sync::Arc;

use crate::api::Api;
use crate::auth::Authenticator;
use crate::carddav::Handler;
use crate::config::Config;
use crate::contact::OrganizationId;
use crate::directory::Directory;
use crate::net::gate::Gate;
use crate::net::workers::Workers;
use crate::net::{Connection, Listener, Net};
use crate::presence::Presence;
use crate::{http, ldap};

/// What every door is made of.
pub(super) struct Doors<'a> {
    pub(super) directory: &'a Arc<Directory>,
    pub(super) authenticator: &'a Arc<Authenticator>,
    pub(super) presence: &'a Arc<Presence>,
    pub(super) config: &'a Config,
}

impl Doors<'_> {
    /// Serves both listeners. The organization is that of names without one.
    ///
    /// # Errors
    /// Where the operating system gives no threads for the phones.
    pub(super) fn open(
        &self,
        ldap: Listener,
        http: Listener,
        organization: OrganizationId,
    ) -> io::Result<Net> {
        let limits = &self.config.limits;
        let gate = Gate::new(limits.connections_max, limits.connections_per_address_max);
        let mut net = Net::new(gate, self.config.plain_networks.clone());
        let front = Arc::new(self.front());
        net.listen(http, move |connection| Arc::clone(&front).serve(connection));
        let door = Arc::new(self.phones(organization));
        net.listen_on(Workers::start("ldap")?, ldap, move |connection| {
            let Connection { stream, peer, stop } = connection;
            ldap::serve(stream, peer, Arc::clone(&door), stop)
        })?;
        Ok(net)
    }

    fn front(&self) -> http::Front {
        let carddav = Arc::new(Handler::new(Arc::clone(self.directory)));
        let (directory, presence) = (Arc::clone(self.directory), Arc::clone(self.presence));
        let api = Api::new(directory, Arc::clone(self.authenticator), presence);
        http::Front::new(Arc::clone(self.authenticator), self.http_limits())
            // Clients that are given no path ask at `/` who the user is.
            .mount("", "carddav", carddav.clone())
            .mount(".well-known", "carddav", carddav.clone())
            .mount("dav", "carddav", carddav)
            .mount("api", "api", Arc::new(api))
    }

    fn phones(&self, organization: OrganizationId) -> ldap::Door {
        let (directory, authenticator) =
            (Arc::clone(self.directory), Arc::clone(self.authenticator));
        ldap::Door::new(directory, authenticator, organization, self.ldap_limits())
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
