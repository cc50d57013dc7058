//! Contacts and what is left of them, as columns.

use std::sync::Arc;

use uuid::Uuid;

use crate::contact::card::{Card, Packed};
use crate::contact::derived::{Derived, is_group};
use crate::contact::{
    BODY_INLINE_BYTES_MAX, Body, Contact, ContactId, OrganizationId, Revision, Timestamp,
};
use crate::store::codec::{Decoded, Undecodable, word};
use crate::store::{Event, Record, StoredContact, Tombstone};

/// The columns of a [`ContactRow`], in its order. A body beyond the inline limit is only measured.
pub(in crate::store) const CONTACT_COLUMNS: &str = "id, organization, book, name, uid, card, \
    CASE WHEN length(body) <= 4096 THEN body END, length(body), listed, created, modified, \
    revision, reduced_revision, texts, numbers, sort_key, fingerprint, member_of, photo";
const _: () = assert!(BODY_INLINE_BYTES_MAX == 4096, "CONTACT_COLUMNS names the same limit");

/// What an import remembers of a contact: everything but the keys that its organization's settings
/// make.
pub(in crate::store) const REMEMBERED_COLUMNS: &str = "id, organization, book, name, uid, card, \
    body, listed, created, modified, revision, reduced_revision, member_of, photo";

/// A row of the contact table as it is read.
pub(in crate::store) struct ContactRow<'a> {
    pub(in crate::store) id: Uuid,
    pub(in crate::store) organization: &'a str,
    pub(in crate::store) book: &'a str,
    pub(in crate::store) name: Option<&'a str>,
    pub(in crate::store) uid: Option<&'a str>,
    pub(in crate::store) card: &'a str,
    pub(in crate::store) body: Option<&'a [u8]>,
    pub(in crate::store) body_length: Option<i64>,
    pub(in crate::store) listed: bool,
    pub(in crate::store) created: i64,
    pub(in crate::store) modified: i64,
    pub(in crate::store) revision: i64,
    pub(in crate::store) reduced_revision: i64,
    pub(in crate::store) texts: &'a str,
    pub(in crate::store) numbers: &'a str,
    pub(in crate::store) sort_key: &'a [u8],
    pub(in crate::store) fingerprint: i64,
    pub(in crate::store) member_of: &'a str,
    pub(in crate::store) photo: Option<&'a str>,
}

impl ContactRow<'_> {
    /// What the row tells; a broken one is told as such.
    pub(in crate::store) fn event(self) -> Event {
        match self.contact() {
            Ok(contact) => Event::Put(Record::Contact(StoredContact {
                contact: Arc::new(contact),
                body: None,
            })),
            Err(fault) => Event::Broken {
                key: format!("contact {}", self.id),
                reason: fault.to_string(),
                rest: self.rest().map(Arc::new),
            },
        }
    }

    /// What is left of a broken row, where it tells the book.
    fn rest(self) -> Option<Contact> {
        let whole = ContactRow { body_length: None, member_of: "", photo: None, ..self };
        let mut contact = whole.told().ok()?;
        contact.body = Body::Broken;
        contact.derived.group = true;
        Some(contact)
    }

    fn contact(&self) -> Decoded<Contact> {
        // A contact has a name at least.
        match Card::from_stored(self.card).iter().next() {
            Some(_) => self.told(),
            None => Err(Undecodable("card")),
        }
    }

    fn told(&self) -> Decoded<Contact> {
        let card = Card::from_stored(self.card);
        Ok(Contact {
            id: ContactId(self.id),
            organization: OrganizationId::from(self.organization),
            book: word::book(self.book)?,
            name: self.name.map(Into::into),
            uid: self.uid.map(Into::into),
            body: match (self.body, self.body_length) {
                (_, None) => Body::Written,
                (Some(bytes), _) => Body::Inline(bytes.into()),
                (None, Some(length)) => {
                    Body::Stored(u32::try_from(length).map_err(|_| Undecodable("body"))?)
                }
            },
            photo: self.photo.map(word::photo).transpose()?,
            listed: self.listed,
            groups: word::groups(self.member_of)?,
            created: Timestamp(self.created),
            modified: Timestamp(self.modified),
            revision: Revision(self.revision.cast_unsigned()),
            reduced_revision: Revision(self.reduced_revision.cast_unsigned()),
            derived: Derived {
                texts: Packed::from_stored(self.texts),
                numbers: Packed::from_stored(self.numbers),
                sort_key: self.sort_key.into(),
                fingerprint: self.fingerprint.cast_unsigned(),
                group: is_group(&card),
            },
            card,
        })
    }
}

/// What a write does to the body column.
pub(in crate::store) enum StoredBody<'a> {
    Set(Option<&'a [u8]>),
    /// The row keeps the one that it has.
    Keep,
}

impl StoredContact {
    /// The vCard bytes to be written.
    pub(in crate::store) fn stored_body(&self) -> StoredBody<'_> {
        match (&self.contact.body, &self.body) {
            (Body::Written, _) => StoredBody::Set(None),
            (Body::Inline(bytes), _) => StoredBody::Set(Some(bytes)),
            (Body::Stored(_), Some(bytes)) => StoredBody::Set(Some(bytes)),
            (Body::Stored(_), None) | (Body::Broken, _) => StoredBody::Keep,
        }
    }
}

/// A row of the tombstone table as it is read.
pub(in crate::store) struct TombstoneRow<'a> {
    pub(in crate::store) organization: &'a str,
    pub(in crate::store) book: &'a str,
    pub(in crate::store) contact: Uuid,
    pub(in crate::store) name: &'a str,
    pub(in crate::store) uid: Option<&'a str>,
    pub(in crate::store) revision: i64,
}

impl TombstoneRow<'_> {
    /// What the row tells; a broken one is told as such.
    pub(in crate::store) fn event(&self) -> Event {
        match word::address_book(self.book) {
            Ok(book) => Event::Leave(Tombstone {
                organization: OrganizationId::from(self.organization),
                book,
                contact: ContactId(self.contact),
                name: self.name.into(),
                uid: self.uid.map(Into::into),
                revision: Revision(self.revision.cast_unsigned()),
            }),
            Err(fault) => Event::Broken {
                key: format!("tombstone {}", self.contact),
                reason: fault.to_string(),
                rest: None,
            },
        }
    }
}
