//! Stand-in until the core lands: a store that keeps nothing.
/// A failure of the store.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);
/// A place that keeps.
pub trait Store: Send {}
/// The SQLite store.
pub mod sqlite {
    use std::path::Path;

    use crate::store::{Store, StoreError};
    /// Keeps nothing.
    pub struct SqliteStore;
    impl Store for SqliteStore {}
    impl SqliteStore {
        pub fn open(_path: &Path) -> Result<Self, StoreError> {
            Ok(Self)
        }
        pub fn in_memory() -> Result<Self, StoreError> {
            Ok(Self)
        }
    }
}
