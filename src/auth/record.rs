//! What the audit log is told of sign-ins.

use crate::account::audit::{AuditEntry, LastUse, SIGN_IN};
use crate::auth::{Authenticator, Credential, Peer, Principal, Refused, Who};
use crate::contact::OrganizationId;
use crate::directory::system_clock;
use crate::index::Snapshot;

/// What is kept of a long name.
const NAME_CHARS_MAX: usize = 100;

/// Somebody as the audit log names them.
pub fn actor(snapshot: &Snapshot, principal: &Principal) -> String {
    match (&principal.who, &principal.credential) {
        (Who::Anonymous, _) => "anonymous".to_owned(),
        (Who::User(id), credential) => {
            let user = snapshot.user(*id);
            let name = user.map_or_else(|| id.to_string(), |user| user.principal.to_string());
            match credential {
                Credential::App(app) => format!("user:{name} app:{app}"),
                _ => format!("user:{name}"),
            }
        }
        (Who::Phone(name), _) => format!("phone:{name}"),
        (Who::Token(id), _) => format!("token:{id}"),
    }
}

impl Authenticator {
    /// Enters a sign-in, and the use of the credential. The organization is what the name fixed.
    pub(super) fn record(
        &self,
        name: &str,
        organization: Option<&OrganizationId>,
        outcome: &Result<Principal, Refused>,
        peer: Peer,
    ) {
        let snapshot = self.directory.snapshot();
        let actor = match outcome {
            Ok(principal) => actor(&snapshot, principal),
            Err(_) => {
                let plain = name.trim().chars().filter(|c| !c.is_control());
                plain.take(NAME_CHARS_MAX).collect()
            }
        };
        let (time, address) = (system_clock(), Some(peer.address.to_canonical()));
        self.directory.note(AuditEntry {
            time,
            organization: organization.cloned(),
            actor: actor.into(),
            address,
            door: peer.door.to_string().into(),
            action: SIGN_IN.into(),
            outcome: word(outcome).into(),
            count: 1,
        });
        let key = outcome.as_ref().ok().and_then(|principal| key(&snapshot, principal));
        if let Some(credential) = key {
            self.directory.note_use(LastUse { credential, time, address });
        }
    }
}

fn word(outcome: &Result<Principal, Refused>) -> &'static str {
    match outcome {
        Ok(_) => "ok",
        Err(Refused::Credentials) => "refused",
        Err(Refused::Unavailable) => "busy",
        Err(Refused::Later(_)) => "slowed",
    }
}

/// By what the last use of a credential is kept; a password has none.
fn key(snapshot: &Snapshot, principal: &Principal) -> Option<Box<str>> {
    match (&principal.who, &principal.credential) {
        (Who::User(id), Credential::App(app)) => {
            let found = snapshot.app_passwords(*id).iter().find(|found| found.id == *app);
            found.map(|app| app.key())
        }
        (Who::Phone(name), _) => {
            let phone = snapshot.phone(principal.organization.as_ref()?, name);
            phone.map(|phone| phone.key())
        }
        (Who::Token(id), _) => snapshot.token(id).map(|token| token.key()),
        _ => None,
    }
}
