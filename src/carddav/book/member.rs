//! What is in an address book, and what happened to it.

use std::ops::Deref;
use std::sync::Arc;

use crate::contact::{Contact, Revision};
use crate::index::Row;

/// A member of a book.
#[derive(Clone, Debug)]
pub(crate) enum Member<'s> {
    Row(Row<'s>),
    /// A group card that is computed.
    Group(Arc<Contact>),
}

impl Member<'_> {
    pub(crate) fn contact(&self) -> &Contact {
        match self {
            Self::Row(row) => row.contact(),
            Self::Group(card) => card,
        }
    }
}

impl Deref for Member<'_> {
    type Target = Contact;

    fn deref(&self) -> &Contact {
        self.contact()
    }
}

/// What happened to a member of a book.
#[derive(Debug)]
pub(crate) enum Change<'s> {
    /// It is new or changed.
    Put(Revision, Member<'s>),
    /// There is nothing under this name any more.
    Gone(Revision, Box<str>),
}

impl Change<'_> {
    /// When it happened.
    pub(crate) fn revision(&self) -> Revision {
        match self {
            Self::Put(revision, _) | Self::Gone(revision, _) => *revision,
        }
    }
}
