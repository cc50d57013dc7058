//! Which new value takes the place of which old one.

use std::collections::{HashMap, VecDeque};

/// Where a new value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// An old value, by its index.
    Kept(usize),
    /// It takes the place of an old value.
    Changed(usize),
    New,
}

impl Slot {
    /// The index of the old value.
    pub(super) fn base(&self) -> Option<usize> {
        match self {
            Self::Kept(at) | Self::Changed(at) => Some(*at),
            Self::New => None,
        }
    }
}

/// The place of each new value: that of an equal old one, else of one that goes and stands between
/// the same neighbours.
pub(super) fn match_up(old: &[&str], new: &[&str]) -> Vec<Slot> {
    let mut equal: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (at, value) in old.iter().enumerate() {
        equal.entry(value).or_default().push_back(at);
    }
    let mut kept = vec![false; old.len()];
    let mut slots: Vec<Slot> = Vec::with_capacity(new.len());
    for value in new {
        let at = equal.get_mut(value).and_then(VecDeque::pop_front);
        if let Some(kept) = at.and_then(|at| kept.get_mut(at)) {
            *kept = true;
        }
        slots.push(at.map_or(Slot::New, Slot::Kept));
    }
    // Old values that go, by how many before them stay.
    let mut free: HashMap<usize, VecDeque<usize>> = HashMap::new();
    let mut before = 0;
    for (at, kept) in kept.iter().enumerate() {
        if *kept {
            before += 1;
        } else {
            free.entry(before).or_default().push_back(at);
        }
    }
    before = 0;
    for slot in &mut slots {
        if *slot != Slot::New {
            before += 1;
        } else if let Some(at) = free.get_mut(&before).and_then(VecDeque::pop_front) {
            *slot = Slot::Changed(at);
        }
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let (kept, changed, new) = (Slot::Kept, Slot::Changed, Slot::New);
        assert_eq!(match_up(&["a", "b", "c"], &["a", "x", "c"]), [kept(0), changed(1), kept(2)]);
        assert_eq!(match_up(&["a", "b"], &["b", "x"]), [kept(1), new]);
        assert_eq!(match_up(&["a", "b"], &["b", "a"]), [kept(1), kept(0)]);
        assert_eq!(match_up(&["a", "a"], &["a"]), [kept(0)]);
        assert_eq!(match_up(&["a"], &["x", "y"]), [changed(0), new]);
    }
}
