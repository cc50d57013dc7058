//! The bytes of a card, from wherever they are kept.

use std::borrow::Cow;
use std::sync::Arc;

use crate::carddav::view::View;
use crate::contact::{Body, Contact, Revision};
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

/// Reads a card as this user sees it.
pub(crate) async fn read<'a>(view: &View, contact: &'a Contact) -> Content<'a> {
    let revision = view.revision_of(contact);
    match view.body(contact) {
        Body::Inline(bytes) => Content::Here(revision, Cow::Borrowed(bytes)),
        Body::Written => Content::Here(revision, Cow::Owned(written(view, contact))),
        Body::Stored(_) => stored(view, contact).await,
    }
}

/// The length of what [`read`] gives, without reading from the store.
pub(crate) fn length(view: &View, contact: &Contact) -> usize {
    match view.body(contact) {
        Body::Inline(bytes) => bytes.len(),
        Body::Written => written(view, contact).len(),
        Body::Stored(length) => usize::try_from(*length).unwrap_or_default(),
    }
}

fn written(view: &View, contact: &Contact) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    write(&contact.vcard_uid(), contact.modified, &view.card(contact), &mut out);
    out
}

async fn stored(view: &View, contact: &Contact) -> Content<'static> {
    let directory = Arc::clone(&view.session.directory);
    let id = contact.id;
    match tokio::task::spawn_blocking(move || directory.body(id)).await {
        Ok(Ok(Some((revision, bytes)))) => Content::Here(revision, Cow::Owned(bytes)),
        Ok(Ok(None)) => Content::Gone,
        Ok(Err(error)) => {
            tracing::error!(%error, contact = %id, "a card could not be read");
            Content::Broken
        }
        Err(error) => {
            tracing::error!(%error, contact = %id, "reading a card failed");
            Content::Broken
        }
    }
}
