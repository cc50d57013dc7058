//! A map that forgets what was not looked at for long, and never grows beyond a bound.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;

/// Two generations: what is touched is young; when the young are too many they become the old, and
/// the old are forgotten.
pub(super) struct Aging<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    young_max: usize,
}

impl<K: Copy + Eq + Hash, V> Aging<K, V> {
    /// A map of up to twice as many entries.
    pub(super) fn new(young_max: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), young_max }
    }

    /// The entry, which is young from now on.
    pub(super) fn get(&mut self, key: K) -> Option<&mut V> {
        if let Some(value) = self.old.remove(&key) {
            self.put(key, value);
        }
        self.young.get_mut(&key)
    }

    /// As [`Aging::get`]; made where there is none.
    pub(super) fn get_or_new(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        if self.get(key).is_none() {
            self.put(key, V::default());
        }
        self.young.entry(key).or_default()
    }

    pub(super) fn put(&mut self, key: K, value: V) {
        if self.young.len() >= self.young_max && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    pub(super) fn remove(&mut self, key: K) {
        self.young.remove(&key);
        self.old.remove(&key);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_touched_stays_and_the_rest_makes_room() {
        let mut map: Aging<u32, u32> = Aging::new(10);
        *map.get_or_new(0) = 7;
        for key in 1..1000 {
            *map.get_or_new(key) = key;
            assert_eq!(map.get(0), Some(&mut 7), "{key}");
            assert!(map.len() <= 20);
        }
        assert_eq!(map.get(1), None);
        assert_eq!(map.get(999), Some(&mut 999));
        map.remove(0);
        assert_eq!(map.get(0), None);
    }
}
