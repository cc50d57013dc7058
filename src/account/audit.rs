//! The audit log: who signed in, or failed to, and what administrators did.

use std::net::IpAddr;

use crate::contact::{OrganizationId, Timestamp};

/// The action of an entry that tells of a sign-in.
pub const SIGN_IN: &str = "sign-in";
/// Equal sign-ins are counted for this long, in seconds.
const MERGED_S: i64 = 60;

/// One line of the audit log. Equal sign-ins within a minute are one entry with a count, so that
/// three hundred phones that bind for each search do not bury what matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When it happened last.
    pub time: Timestamp,
    /// None: an operator's act beyond organizations, or a name that fits none.
    pub organization: Option<OrganizationId>,
    /// Who: `user:204.acme`, by the path segment that nobody else ever gets, with `app:ID` where an
    /// app password was used; `phone:NAME`, `token:ID`; for a refused sign-in the name as it was
    /// given.
    pub actor: Box<str>,
    pub address: Option<IpAddr>,
    /// `ldap`, `carddav` or `http`.
    pub door: Box<str>,
    /// [`SIGN_IN`], or method and path of an administrative act.
    pub action: Box<str>,
    /// `ok`, `refused`, `slowed`, `busy`, or the status of an act.
    pub outcome: Box<str>,
    /// How often.
    pub count: u32,
}

impl AuditEntry {
    /// What sign-ins have in common that are counted as one entry; None for all else.
    pub fn merge_key(&self) -> Option<String> {
        let Self { time, organization, actor, address, door, action, outcome, .. } = self;
        let minute = time.0.div_euclid(MERGED_S);
        let organization = organization.as_ref().map_or("", OrganizationId::as_str);
        let address = address.map(|address| address.to_string()).unwrap_or_default();
        // What was given as a name comes last: nothing in it passes for another part.
        (**action == *SIGN_IN)
            .then(|| format!("{minute} {door} {outcome} {address} {organization} {actor}"))
    }

    /// Counts another entry of the same key.
    pub fn absorb(&mut self, other: &Self) {
        self.time = self.time.max(other.time);
        self.count = self.count.saturating_add(other.count);
    }
}

/// When a credential was last used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// `app:ID`, `phone:ORGANIZATION/NAME`, `token:ID`.
    pub credential: Box<str>,
    pub time: Timestamp,
    pub address: Option<IpAddr>,
}

/// What is written at once, and what of the audit log is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    pub entries: Vec<AuditEntry>,
    pub uses: Vec<LastUse>,
    /// Entries before are removed.
    pub keep_since: Timestamp,
    /// Beyond that many, the oldest entries are removed.
    pub keep_entries: u32,
    /// What imports from before found is forgotten: they can no longer be undone.
    pub undo_since: Timestamp,
}

/// Which part of the audit log is wanted; newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// None: all organizations.
    pub organization: Option<OrganizationId>,
    /// Only entries with a lower number, for paging.
    pub before: Option<i64>,
    pub limit: u32,
}

/// An entry with the number it is kept under; later ones have higher numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    pub number: i64,
    pub entry: AuditEntry,
}
