//! Who made an import, as it is kept with its report.

use crate::auth::{Principal, Who};
use crate::contact::ContactId;
use crate::index::Snapshot;

/// Who made an import. Reports hold rows of files, so nobody else reads those of personal books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api) struct Importer(String);

impl Importer {
    pub(in crate::api) fn of(principal: &Principal) -> Self {
        Self(match &principal.who {
            Who::Anonymous => "anonymous".to_owned(),
            Who::User(id) => format!("user {id}"),
            Who::Phone(name) => format!("phone {name}"),
            Who::Token(id) => format!("token {id}"),
        })
    }

    pub(in crate::api) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of who made an import, where that is a user who is still there.
    pub(in crate::api) fn name(kept: &str, snapshot: &Snapshot) -> Option<String> {
        let user = snapshot.user(ContactId::parse(kept.strip_prefix("user ")?)?)?;
        let card = snapshot.contact(&user.organization, user.id)?;
        Some(card.card.formatted_name().to_owned())
    }
}
