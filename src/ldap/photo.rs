//! Photos on their way from the store into entries, where a search names their attributes.

use std::sync::Arc;

use crate::contact::photo::PhotoSize;
use crate::directory::Directory;
use crate::index::Row;

/// Reads the photos that a search asks for, those of one entry after the other.
pub(super) struct Photos<'d> {
    directory: &'d Arc<Directory>,
    sizes: Vec<PhotoSize>,
    types_only: bool,
}

impl<'d> Photos<'d> {
    pub(super) fn new(
        directory: &'d Arc<Directory>,
        sizes: Vec<PhotoSize>,
        types_only: bool,
    ) -> Self {
        Self { directory, sizes, types_only }
    }

    /// The photos of a contact, on a thread that may block; without bytes where their types are
    /// enough. None: the store does not answer.
    pub(super) async fn of(&self, row: Row<'_>) -> Option<Vec<(PhotoSize, Vec<u8>)>> {
        // An empty list is of no entry, and costs nothing.
        if self.sizes.is_empty() || row.contact().photo.is_none() {
            return Some(Vec::new());
        }
        let (id, sizes) = (row.id, self.sizes.clone());
        if self.types_only {
            return Some(sizes.into_iter().map(|size| (size, Vec::new())).collect());
        }
        let directory = Arc::clone(self.directory);
        let read = tokio::task::spawn_blocking(move || {
            let read = |size| {
                let photo = directory.photo(id, size);
                photo.map(|photo| photo.map(|(_, jpeg)| (size, jpeg)))
            };
            sizes.into_iter().map(read).collect::<Result<Vec<_>, _>>()
        });
        match read.await {
            Ok(Ok(photos)) => Some(photos.into_iter().flatten().collect()),
            Ok(Err(error)) => {
                tracing::error!(%error, contact = %id, "a photo could not be read");
                None
            }
            Err(error) => {
                tracing::error!(%error, contact = %id, "reading a photo failed");
                None
            }
        }
    }
}
