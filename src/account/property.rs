//! What users' contact programs keep here besides cards: WebDAV properties, and writes that were refused.

use crate::contact::book::AddressBook;
use crate::contact::{ContactId, Revision, UserId};

/// The longest value of a property, in bytes.
pub const VALUE_BYTES_MAX: usize = 16 << 10;
/// The longest namespace and name of a property together, in bytes.
pub const NAME_BYTES_MAX: usize = 500;
/// A user keeps at most this many properties.
pub const PROPERTIES_MAX: usize = 1000;
/// All their values together have at most this many bytes: they are kept in memory.
pub const PROPERTIES_BYTES_MAX: usize = 1 << 20;
/// Of refused writes, the latest are remembered.
pub const REVERTED_MAX: usize = 1000;

/// A property that a user set (RFC 4918 15, "dead"). Other users do not see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DavProperty {
    pub user: UserId,
    pub place: KeptAt,
    /// XML namespace; empty for none.
    pub namespace: Box<str>,
    /// Name in the namespace.
    pub local: Box<str>,
    /// The element with all that is in it, as XML that needs no context.
    pub value: Box<str>,
}

/// What a property is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeptAt {
    /// The user's principal and home, in whichever layout.
    Home,
    Book(AddressBook),
    /// A contact of one of the user's own books.
    Card(ContactId),
}

/// A write that was refused while the client was told that it is done: what the client has under this
/// name is no longer what is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reverted {
    pub user: UserId,
    pub book: AddressBook,
    /// The last path segment of the card, whether there is one or not.
    pub name: Box<str>,
    /// When that was.
    pub revision: Revision,
}
