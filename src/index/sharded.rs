//! A map that is cheap to copy after a small change: only the touched part is cloned.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

/// With 100 000 keys a part holds about 400.
const PARTS: usize = 256;

/// A hash map in parts that copies share.
#[derive(Debug)]
pub(super) struct Sharded<K, V> {
    parts: Arc<Vec<Arc<FxHashMap<K, V>>>>,
}

impl<K, V> Clone for Sharded<K, V> {
    fn clone(&self) -> Self {
        Self { parts: Arc::clone(&self.parts) }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Default for Sharded<K, V> {
    fn default() -> Self {
        Self { parts: Arc::new(vec![Arc::default(); PARTS]) }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Sharded<K, V> {
    fn part_of<Q: Hash + ?Sized>(key: &Q) -> usize {
        // The upper bits choose the part; the map inside uses the lower ones.
        (FxBuildHasher.hash_one(key) >> 40) as usize % PARTS
    }

    pub(super) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.parts.get(Self::part_of(key))?.get(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if let Some(part) = Arc::make_mut(&mut self.parts).get_mut(Self::part_of(&key)) {
            Arc::make_mut(part).insert(key, value);
        }
    }

    pub(super) fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.get(key)?;
        Arc::make_mut(Arc::make_mut(&mut self.parts).get_mut(Self::part_of(key))?).remove(key)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.parts.iter().flat_map(|part| part.values())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.parts.iter().flat_map(|part| part.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_does_not_see_later_changes() {
        let mut map = Sharded::default();
        map.insert("a".to_owned(), 1);
        let before = map.clone();
        map.insert("b".to_owned(), 2);
        map.remove("a");
        assert_eq!((before.get("a"), before.get("b")), (Some(&1), None));
        assert_eq!((map.get("a"), map.get("b")), (None, Some(&2)));
        assert_eq!(map.values().count(), 1);
    }
}
