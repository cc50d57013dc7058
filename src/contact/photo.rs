//! A contact's photo: what the contact knows of it, and the photo itself on its way to the store.

use std::num::NonZeroU32;

/// What a contact knows of its photo. The photo itself stays in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Photo {
    /// Tells one photo from another; another photo has another digest.
    pub digest: u64,
    /// The length of [`Picture::jpeg`].
    pub jpeg_bytes: NonZeroU32,
}

/// A photo in both sizes, as baseline JPEGs without any metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub photo: Photo,
    pub jpeg: Box<[u8]>,
    pub thumbnail: Box<[u8]>,
}

/// Which JPEG of a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhotoSize {
    Full,
    Thumbnail,
}
