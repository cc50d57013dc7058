//! Password modify (RFC 3062): users change their own password, over TLS and with the old one.

use ldap3_proto::proto::LdapResultCode;
use zeroize::Zeroizing;

use crate::account::audit::AuditEntry;
use crate::auth::{NotChanged, Refused, actor};
use crate::contact::UserId;
use crate::directory::system_clock;
use crate::ldap::ber::{Malformed, Reader, SEQUENCE};
use crate::ldap::request::text;
use crate::ldap::result::Outcome;
use crate::ldap::session::Session;
use crate::net::rules::Transport;

/// The extended operation.
pub(super) const MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";
/// What the audit log calls it.
const ACTION: &str = "password modify";
/// Tags of the request.
const USER_IDENTITY: u8 = 0x80;
const OLD: u8 = 0x81;
const NEW: u8 = 0x82;

/// The value of a request (section 2). Passwords that are no UTF-8 are Latin-1, as at a bind.
#[derive(Default)]
struct Change {
    user: Option<String>,
    old: Option<Zeroizing<String>>,
    new: Option<Zeroizing<String>>,
}

impl Change {
    fn read(value: &[u8]) -> Result<Self, Malformed> {
        if value.is_empty() {
            return Ok(Self::default());
        }
        let mut outer = Reader::new(value);
        let mut reader = Reader::new(outer.expect(SEQUENCE)?);
        let user = reader.optional(USER_IDENTITY)?.filter(|user| !user.is_empty());
        let user = user.map(|user| text(user).into_owned());
        let mut secret = |tag| {
            let secret = reader.optional(tag)?.filter(|secret| !secret.is_empty());
            Ok(secret.map(|secret| Zeroizing::new(text(secret).into_owned())))
        };
        let (old, new) = (secret(OLD)?, secret(NEW)?);
        let whole = outer.is_empty() && reader.is_empty();
        if whole { Ok(Self { user, old, new }) } else { Err(Malformed) }
    }
}

impl Session {
    /// Changes the password of whoever is signed in, who stays signed in.
    pub(super) async fn modify_password(&mut self, value: &[u8]) -> Outcome {
        let (old, new) = match self.wanted(value) {
            Ok(wanted) => wanted,
            Err(outcome) => return outcome,
        };
        let (passwords, peer) = ((old.as_str(), new.as_str()), self.link.peer());
        let authenticator = &self.door.authenticator;
        match authenticator.change_password(&self.principal, passwords, peer).await {
            Ok(principal) => {
                self.note("ok");
                self.principal = principal;
                Outcome::success()
            }
            Err(fault) => {
                self.note("refused");
                let (code, message) = told(&fault);
                Outcome::new(code, message)
            }
        }
    }

    /// The old password and the new one, where whoever asks may change it at all.
    fn wanted(&self, value: &[u8]) -> Result<(Zeroizing<String>, Zeroizing<String>), Outcome> {
        if self.link.transport != Transport::Tls {
            let message =
                "a password is changed over TLS only: use StartTLS, LDAPS or the web page";
            return Err(Outcome::new(LdapResultCode::ConfidentialityRequired, message));
        }
        let Some(id) = self.principal.owner_of_credentials() else {
            let (code, message) = told(&NotChanged::NotOwner);
            return Err(Outcome::new(code, message));
        };
        let change = Change::read(value).map_err(|Malformed| {
            let message = "the value of a password modify request is malformed";
            Outcome::new(LdapResultCode::ProtocolError, message)
        })?;
        if change.user.is_some_and(|name| !self.is_own_name(id, &name)) {
            let message = "users change their own password only; an administrator changes those of \
                           others with the HTTP API";
            return Err(Outcome::new(LdapResultCode::InsufficentAccessRights, message));
        }
        let unwilling = |message| Outcome::new(LdapResultCode::UnwillingToPerform, message);
        let forgotten = "the old password is needed; who has forgotten it asks an administrator";
        let old = change.old.ok_or_else(|| unwilling(forgotten))?;
        let made = "no passwords are made up here: send the new one, or use the web page";
        Ok((old, change.new.ok_or_else(|| unwilling(made))?))
    }

    /// Whether a name is one that the user signs in with; also as an authorization identity
    /// (RFC 4513 section 5.2.1.8).
    fn is_own_name(&self, id: UserId, name: &str) -> bool {
        let forms = ["", "dn:", "u:"].into_iter().filter_map(|form| name.strip_prefix(form));
        let peer = self.link.peer();
        forms.into_iter().any(|name| self.door.authenticator.is_named(id, name, peer))
    }

    /// Enters the change in the audit log.
    fn note(&self, outcome: &str) {
        let peer = self.link.peer();
        self.door.directory.note(AuditEntry {
            time: system_clock(),
            organization: self.principal.organization.clone(),
            actor: actor(&self.door.directory.snapshot(), &self.principal).into(),
            address: Some(peer.address.to_canonical()),
            door: peer.door.to_string().into(),
            action: ACTION.into(),
            outcome: outcome.into(),
            count: 1,
        });
    }
}

/// What the client is told of a change that failed.
fn told(fault: &NotChanged) -> (LdapResultCode, String) {
    let code = match fault {
        NotChanged::NotOwner => LdapResultCode::InsufficentAccessRights,
        NotChanged::Old(Refused::Credentials) => {
            return (LdapResultCode::InvalidCredentials, "the old password is wrong".to_owned());
        }
        NotChanged::Old(_) | NotChanged::Hash(_) | NotChanged::Meanwhile => LdapResultCode::Busy,
        NotChanged::Unfit(_) => LdapResultCode::ConstraintViolation,
        NotChanged::Commit(_) => {
            return (LdapResultCode::Unavailable, "the change could not be saved".to_owned());
        }
    };
    (code, fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &[u8]) -> Option<[Option<String>; 3]> {
        let change = Change::read(value).ok()?;
        let text = |secret: Option<Zeroizing<String>>| secret.map(|text| text.to_string());
        Some([change.user, text(change.old), text(change.new)])
    }

    #[test]
    fn each_part_of_a_request_may_be_missing() {
        let text = |text: &str| Some(text.to_owned());
        let whole = b"\x30\x0c\x80\x01a\x81\x02b\xe4\x82\x03c\xc3\xa4";
        assert_eq!(read(whole), Some([text("a"), text("b\u{e4}"), text("c\u{e4}")]));
        assert_eq!(read(b""), Some([None, None, None]));
        assert_eq!(read(b"\x30\x00"), Some([None, None, None]));
        assert_eq!(read(b"\x30\x03\x82\x01c"), Some([None, None, text("c")]));
        assert_eq!(
            read(b"\x30\x02\x81\x00"),
            Some([None, None, None]),
            "an empty password is none"
        );
        assert_eq!(read(b"\x30\x02\x80\x00"), Some([None, None, None]), "and so is an empty name");
        for broken in [&b"\x30"[..], b"\x30\x01\x80", b"\x04\x00", b"\x30\x00\x30\x00"] {
            assert_eq!(read(broken), None);
        }
        assert_eq!(read(b"\x30\x06\x82\x01c\x81\x01b"), None, "in another order");
    }
}
