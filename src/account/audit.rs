//! The audit log: who signed in, or failed to, and what administrators did.

use std::net::IpAddr;

use crate::contact::{OrganizationId, Timestamp};

/// One line of the audit log. Equal sign-ins within a short time are one entry with a count, so that
/// three hundred phones that bind for each search do not bury what matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When it happened last.
    pub time: Timestamp,
    /// None: an operator's act beyond organizations, or a name that fits none.
    pub organization: Option<OrganizationId>,
    /// Who, as [`crate::account::audit`] shows it: `user:204`, `phone:phones`, `token:ID`; for a
    /// refused sign-in the name as it was given.
    pub actor: Box<str>,
    pub address: Option<IpAddr>,
    /// `ldap`, `carddav` or `http`.
    pub door: Box<str>,
    /// `sign-in`, or method and path of an administrative act.
    pub action: Box<str>,
    /// `ok`, `refused`, or the status.
    pub outcome: Box<str>,
    /// How often.
    pub count: u32,
}

/// When a credential was last used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// `app:ID`, `phone:ORGANIZATION/NAME`, `token:ID`.
    pub credential: Box<str>,
    pub time: Timestamp,
    pub address: Option<IpAddr>,
}

/// Which part of the audit log is wanted; newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// None: all organizations.
    pub organization: Option<OrganizationId>,
    /// Only entries with a lower number, for paging.
    pub before: Option<i64>,
    pub limit: usize,
}
