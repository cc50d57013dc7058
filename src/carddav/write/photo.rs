//! The photo that a client's card carries.

use std::sync::Arc;

use crate::contact::ContactId;
use crate::contact::photo::{Photo, Picture};
use crate::directory::Edit;
use crate::photo::{develop, digest};
use crate::vcard::photo::image;
use crate::vcard::read::Reading;

/// What a card says of a photo.
pub(crate) struct Carried {
    /// The image as it was sent, until a photo is made of it.
    image: Option<Vec<u8>>,
    digest: Option<u64>,
    picture: Option<Arc<Picture>>,
}

impl Carried {
    /// What was read of a card, and its bytes.
    pub(crate) fn of(reading: &Reading, card: &[u8]) -> Self {
        let any = reading.unread.iter().any(|property| property == "PHOTO");
        let image = any.then(|| image(card)).flatten();
        let digest = image.as_deref().map(digest);
        Self { image, digest, picture: None }
    }

    /// The edit that gives the photo to a contact; None where the client sends back what it got, for
    /// a photo that is made of a photo looks worse each time. An image that cannot be used stays in the
    /// card alone.
    pub(crate) async fn edit(&mut self, id: ContactId, old: Option<Photo>) -> Option<Edit> {
        if old.is_some_and(|old| Some(old.digest) == self.digest) {
            return None;
        }
        if let Some(image) = self.image.take() {
            match develop(image).await {
                Ok(picture) => self.picture = Some(Arc::new(picture)),
                Err(fault) => tracing::info!(%fault, "the photo of a card cannot be used"),
            }
        }
        Some(Edit::PutPhoto { id, picture: self.picture.clone() })
    }
}
