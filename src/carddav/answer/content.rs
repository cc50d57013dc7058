//! The bytes of a card, from wherever they are kept.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;

use crate::carddav::book::view::View;
use crate::carddav::request::address_data::AddressData;
use crate::contact::photo::PhotoSize;
use crate::contact::{Body, Contact, Revision};
use crate::directory::Directory;
use crate::vcard::photo::written_bytes;
use crate::vcard::write::write;

/// What a read of a card found.
pub(crate) enum Content<'a> {
    /// The bytes, and the revision they are of, which may be newer than the snapshot's.
    Here(Revision, Cow<'a, [u8]>),
    /// Deleted after the snapshot was taken.
    Gone,
    /// The store does not give it; it must not look deleted.
    Broken,
}

/// Reads a card as this user sees it, in the version that it is stored in.
pub(crate) async fn read<'a>(view: &View, contact: &'a Contact) -> Content<'a> {
    let revision = view.revision_of(contact);
    match view.body(contact) {
        Body::Inline(bytes) => Content::Here(revision, Cow::Borrowed(bytes)),
        Body::Written if contact.photo.is_none() => {
            Content::Here(revision, Cow::Owned(written(view, contact, None)))
        }
        Body::Written => with_photo(view, contact).await,
        Body::Stored(_) => stored(view, contact).await,
        Body::Broken => Content::Broken,
    }
}

/// As [`read`], for who does not look at the photo: what nobody stored has a blank one.
pub(crate) async fn without_photo<'a>(view: &View, contact: &'a Contact) -> Content<'a> {
    match view.body(contact) {
        Body::Written => {
            let photo: Option<&[u8]> = contact.photo.map(|_| [].as_slice());
            Content::Here(view.revision_of(contact), Cow::Owned(written(view, contact, photo)))
        }
        _ => read(view, contact).await,
    }
}

/// The length of a whole card in the usual version. Large cards are read for it, since the version in
/// which they are stored is not known; where one cannot be read now, it is the stored length.
pub(crate) async fn length(view: &View, contact: &Contact) -> usize {
    let stored = match view.body(contact) {
        Body::Written => {
            let photo = contact.photo.map(|photo| photo.jpeg_bytes.get() as usize);
            return written(view, contact, None).len() + photo.map_or(0, written_bytes);
        }
        Body::Inline(bytes) => bytes.len(),
        Body::Stored(length) => usize::try_from(*length).unwrap_or_default(),
        Body::Broken => 0,
    };
    match read(view, contact).await {
        Content::Here(_, card) => {
            let card = AddressData::USUAL.shape(card).await;
            card.map_or(stored, |card| card.len())
        }
        Content::Gone | Content::Broken => stored,
    }
}

fn written(view: &View, contact: &Contact, photo: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::with_capacity(512 + photo.map_or(0, |jpeg| written_bytes(jpeg.len())));
    write(&contact.vcard_uid(), Some(contact.modified), &view.card(contact), photo, &mut out);
    out
}

async fn stored(view: &View, contact: &Contact) -> Content<'static> {
    let id = contact.id;
    match blocking(view, contact, move |directory| directory.body(id)).await {
        Some(Some((revision, bytes))) => Content::Here(revision, Cow::Owned(bytes)),
        Some(None) => Content::Gone,
        None => Content::Broken,
    }
}

/// A photo that was changed after the snapshot was taken comes with the card as it was: the next
/// synchronization, for which the card has another revision, sets that right.
async fn with_photo(view: &View, contact: &Contact) -> Content<'static> {
    let id = contact.id;
    let photo = blocking(view, contact, move |directory| directory.photo(id, PhotoSize::Full));
    let Some(photo) = photo.await else { return Content::Broken };
    let jpeg = photo.as_ref().map(|(_, jpeg)| jpeg.as_slice());
    Content::Here(view.revision_of(contact), Cow::Owned(written(view, contact, jpeg)))
}

/// Asks the store, on a thread that may block; None where it does not answer.
async fn blocking<T, E>(
    view: &View,
    contact: &Contact,
    ask: impl FnOnce(&Directory) -> Result<T, E> + Send + 'static,
) -> Option<T>
where
    T: Send + 'static,
    E: Display + Send + 'static,
{
    let directory = Arc::clone(&view.session.directory);
    match tokio::task::spawn_blocking(move || ask(&directory)).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::error!(%error, contact = %contact.id, "a card could not be read");
            None
        }
        Err(error) => {
            tracing::error!(%error, contact = %contact.id, "reading a card failed");
            None
        }
    }
}
