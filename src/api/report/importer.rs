//! Who made an import, as it is kept with its report.

use crate::auth::{Principal, Who};

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
}
