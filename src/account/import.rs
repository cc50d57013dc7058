//! What is kept of imports.

use crate::contact::{OrganizationId, Revision, Timestamp};

/// Of an organization, at most this many imports are kept; the oldest go.
pub const IMPORTS_MAX: u32 = 1000;
/// An import can be undone for this many days, as far as it is among the last of its organization.
pub const UNDO_DAYS: i64 = 30;
pub const UNDO_IMPORTS: u32 = 20;
const DAY_S: i64 = 24 * 3600;

/// An import that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// A UUIDv7: later imports have greater ids.
    pub id: Box<str>,
    pub organization: OrganizationId,
    pub created: Timestamp,
    /// Who made it.
    pub by: Box<str>,
    /// What a list of imports shows, as a small JSON object.
    pub summary: Box<str>,
    /// The whole report as JSON; may be megabytes.
    pub report: Box<str>,
    /// The rows that were refused, as CSV without secrets.
    pub refused: Option<Box<str>>,
    pub undone: Option<Undone>,
}

/// Who undid an import, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    pub at: Timestamp,
    pub by: Box<str>,
}

/// What a list tells of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOverview {
    pub id: Box<str>,
    pub organization: OrganizationId,
    pub created: Timestamp,
    pub by: Box<str>,
    pub summary: Box<str>,
    /// Whether rows were refused.
    pub has_refused: bool,
    pub undone: Option<Undone>,
    /// Whether what it found is still remembered.
    pub undoable: bool,
    /// The revision of its commit.
    pub revision: Revision,
}

/// At this time, imports that were made before can no longer be undone.
pub fn undo_since(now: Timestamp) -> Timestamp {
    Timestamp(now.0 - UNDO_DAYS * DAY_S)
}

/// An organization keeps at most this many column maps.
pub const COLUMN_MAPS_MAX: usize = 200;
/// The longest column map, in bytes.
pub const COLUMN_MAP_BYTES_MAX: usize = 64 << 10;

/// What the columns of a table hold, kept under a name to be used again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnMapRecord {
    pub organization: OrganizationId,
    /// As [`wrong_name`] allows, unique among the organization's under [`same_name`].
    ///
    /// [`wrong_name`]: crate::account::group::wrong_name
    /// [`same_name`]: crate::account::group::same_name
    pub name: Box<str>,
    /// As JSON.
    pub columns: Box<str>,
    pub updated: Timestamp,
}

/// Which imports are wanted; newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportQuery {
    pub organization: OrganizationId,
    /// Only those with a lower id, for paging.
    pub before: Option<Box<str>>,
    pub limit: u32,
}
