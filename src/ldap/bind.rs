//! Sign-in: simple binds and SASL PLAIN (RFC 4513, RFC 4616).

use ldap3_proto::proto::{LdapBindCred, LdapBindRequest, LdapResultCode, SaslCredentials};
use zeroize::Zeroizing;

use crate::auth::{Refused, UnauthenticatedBind};
use crate::ldap::result::Outcome;
use crate::ldap::session::Session;
use crate::net::rules::Transport;

/// The SASL mechanism of a name and a password in clear.
pub(super) const PLAIN: &str = "PLAIN";

impl Session {
    /// Signs in (RFC 4513 section 5.1). Whoever was signed in is not any more, whatever comes out.
    pub(super) async fn bind(&mut self, bind: LdapBindRequest) -> Outcome {
        self.principal = self.door.authenticator.anonymous(self.link.peer());
        // LDAPv2 is what some phones speak after a factory reset.
        if !matches!(bind.version, 2 | 3) {
            return Outcome::new(
                LdapResultCode::ProtocolError,
                "only LDAP versions 2 and 3 are known",
            );
        }
        match bind.cred {
            LdapBindCred::Simple(password) => self.simple(&bind.dn, Zeroizing::new(password)).await,
            LdapBindCred::SASL(sasl) if sasl.mechanism.eq_ignore_ascii_case(PLAIN) => {
                self.plain(sasl).await
            }
            LdapBindCred::SASL(_) | LdapBindCred::Unsupported => {
                let message = "known are simple binds and, over TLS, SASL PLAIN";
                Outcome::new(LdapResultCode::AuthMethodNotSupported, message)
            }
        }
    }

    async fn simple(&mut self, name: &str, password: Zeroizing<String>) -> Outcome {
        match (name.is_empty(), password.is_empty(), self.door.unauthenticated_bind) {
            (true, true, _) | (false, true, UnauthenticatedBind::Anonymous) => Outcome::success(),
            (false, true, UnauthenticatedBind::Refuse) => {
                let message = "a name without a password signs nobody in";
                Outcome::new(LdapResultCode::UnwillingToPerform, message)
            }
            (_, false, _) => self.sign_in(name, password.as_bytes()).await,
        }
    }

    /// `authorization NUL name NUL password` (RFC 4616 section 2); nobody acts for somebody else.
    async fn plain(&mut self, sasl: SaslCredentials) -> Outcome {
        let message = Zeroizing::new(sasl.credentials);
        if self.link.transport != Transport::Tls {
            let message = "PLAIN sends the password in clear: use StartTLS or LDAPS first";
            return Outcome::new(LdapResultCode::ConfidentialityRequired, message);
        }
        let parts: Vec<&[u8]> = message.split(|byte| *byte == 0).collect();
        let (Some([authorization, name]), Some(password)) = (
            parts.first_chunk::<2>().map(|parts| parts.map(std::str::from_utf8)),
            parts.get(2).filter(|_| parts.len() == 3),
        ) else {
            let message = "PLAIN needs an authorization identity, a name and a password";
            return Outcome::new(LdapResultCode::ProtocolError, message);
        };
        let (Ok(authorization), Ok(name)) = (authorization, name) else {
            return Outcome::new(LdapResultCode::ProtocolError, "names are UTF-8");
        };
        // `dn:` and `u:` are the forms of RFC 4513 section 5.2.1.8.
        let own = ["", "dn:", "u:"].into_iter();
        let mut own = own.filter_map(|form| authorization.strip_prefix(form));
        if !authorization.is_empty() && !own.any(|text| text == name) {
            let message = "nobody acts for somebody else: leave the authorization identity empty";
            return Outcome::new(LdapResultCode::InvalidCredentials, message);
        }
        self.sign_in(name, password).await
    }

    async fn sign_in(&mut self, name: &str, password: &[u8]) -> Outcome {
        match self.door.authenticator.sign_in(name, password, self.link.peer()).await {
            Ok(principal) => {
                self.principal = principal;
                Outcome::success()
            }
            Err(Refused::Credentials) => {
                tracing::info!(front = "ldap", peer = %self.link.peer, name, "sign-in refused");
                Outcome::new(LdapResultCode::InvalidCredentials, "wrong name or password")
            }
            Err(Refused::Unavailable) => {
                Outcome::new(LdapResultCode::Busy, "too many sign-ins at once; try again later")
            }
            Err(Refused::Later(_)) => {
                tracing::info!(front = "ldap", peer = %self.link.peer, name, "sign-in slowed down");
                let message = "too many wrong passwords; try again later";
                Outcome::new(LdapResultCode::Busy, message)
            }
        }
    }
}
