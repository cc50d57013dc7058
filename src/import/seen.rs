//! What rows of the file had before: each key with the line that had it first.

use std::hash::{BuildHasher, Hash, RandomState};

use rustc_hash::FxHashMap;

/// Keys of earlier rows. Only their hashes are kept; nobody who writes a file knows the hash function.
#[derive(Default)]
pub(super) struct Seen {
    state: RandomState,
    lines: FxHashMap<u64, u64>,
}

impl Seen {
    /// The line of the row that had this key.
    pub(super) fn line(&self, key: impl Hash) -> Option<u64> {
        self.lines.get(&self.state.hash_one(key)).copied()
    }

    /// Notes the first line of a key.
    pub(super) fn note(&mut self, key: impl Hash, line: u64) {
        self.lines.entry(self.state.hash_one(key)).or_insert(line);
    }
}
