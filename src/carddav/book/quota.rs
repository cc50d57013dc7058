//! What a user's own contacts take in the store (RFC 4331). Nothing limits it, so nothing is told of what is left.

use crate::carddav::book::view::Session;
use crate::contact::{Body, Book, Contact};
use crate::index::Extent;

/// The bytes of the cards in some of a user's books, photos included.
pub(crate) fn used_bytes(session: &Session, books: &[Book]) -> u64 {
    let extent = Extent::of(books);
    let cards = session.snapshot.members(&session.user.organization, &extent);
    cards.map(|row| bytes_of(row.contact())).sum()
}

fn bytes_of(contact: &Contact) -> u64 {
    match &contact.body {
        Body::Inline(bytes) => bytes.len() as u64,
        Body::Stored(length) => u64::from(*length),
        // A client's card has its photo in it; ours has fields and a photo.
        Body::Written | Body::Broken => {
            let photo = contact.photo.map_or(0, |photo| u64::from(photo.jpeg_bytes.get()));
            contact.card.as_str().len() as u64 + photo
        }
    }
}
