//! Records as the rows that every store keeps: a new kind of record is added here and nowhere else.

mod account;
mod contact;
mod device;
mod group;
mod import;
mod object;
mod property;
mod record;
mod word;

pub(super) use contact::{
    CONTACT_COLUMNS, ContactRow, REMEMBERED_COLUMNS, StoredBody, TombstoneRow,
};
pub(super) use record::{
    NOT_REMEMBERED, RecordRow, Row, record_event, remembered, remembered_contact, removed_row, row,
};
pub(super) use word::{book_text, groups_text, photo_text};

/// Why a stored text is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is missing or wrong")]
pub(super) struct Undecodable(pub(super) &'static str);

type Decoded<T> = Result<T, Undecodable>;
