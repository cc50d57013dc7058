//! Groups that a file has beside its contacts: which contacts are favorites, and of which categories.

use std::borrow::Borrow;
use std::sync::LazyLock;

use crate::contact::derived::fnv1a;
use crate::contact::fold::fold;
use crate::file::{Fault, Reason, Rule, shortened};

/// Further groups, and members beyond, are reported and left out.
const GROUPS_MAX: usize = 10_000;
const MEMBERS_MAX: usize = 1_000_000;
/// A longer name of a group is cut.
const NAME_CHARS_MAX: usize = 255;

/// What programs call the group of favorites, folded: Ringbook, Apple and Google in the languages of reports,
/// and in those of Outlook's headers.
const FAVORITES: [&str; 22] = [
    "favorites",
    "favourites",
    "favorite",
    "favourite",
    "starred",
    "starred in android",
    "favoriten",
    "markiert",
    "favoris",
    "suivis",
    "favoritos",
    "destacados",
    "избранное",
    "избранные",
    "помеченные",
    "preferiti",
    "speciali",
    "favorieten",
    "met ster",
    "ulubione",
    "oznaczone gwiazdka",
    "com estrela",
];

/// Whether a group or category of this name means favorites.
pub(super) fn means_favorites(name: &str) -> bool {
    static FOLDED: LazyLock<Vec<String>> =
        LazyLock::new(|| FAVORITES.iter().map(|name| fold(name)).collect());
    let name = name.trim().trim_start_matches("* ");
    name.len() <= NAME_CHARS_MAX && FOLDED.contains(&fold(name))
}

/// The groups of a file; a few bytes for each member, whatever it is called.
#[derive(Default)]
pub(super) struct Groups {
    groups: Vec<Group>,
    /// Sorted when all are there.
    members: Vec<Member>,
    has_favorites: bool,
    faults: Vec<Fault>,
}

struct Group {
    line: u64,
    name: Box<str>,
    is_favorites: bool,
    members: usize,
}

struct Member {
    /// A hash of what the group calls the contact.
    key: u64,
    group: u32,
    seen: bool,
}

/// What groups say of a contact.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Membership {
    /// None where the file has no group of favorites.
    pub(super) starred: Option<bool>,
    pub(super) categories: Vec<Box<str>>,
}

impl Groups {
    /// Adds a group; members are named by keys that [`Groups::of`] is asked for.
    pub(super) fn add(
        &mut self,
        line: u64,
        name: &str,
        members: impl IntoIterator<Item = impl Borrow<str>>,
    ) {
        let name: String = name.chars().take(NAME_CHARS_MAX).collect();
        let before = self.members.len();
        let place = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        for key in members {
            let member = Member { key: fnv1a(key.borrow()), group: place, seen: false };
            self.members.push(member);
            if self.members.len() > MEMBERS_MAX {
                break;
            }
        }
        if self.groups.len() >= GROUPS_MAX || self.members.len() > MEMBERS_MAX {
            self.members.truncate(before);
            let reason = Reason::new(Rule::TooManyGroups, [&GROUPS_MAX, &MEMBERS_MAX]);
            return self.faults.push(fault(line, &name, reason));
        }
        let members = self.members.len() - before;
        let is_favorites = means_favorites(&name);
        self.has_favorites |= is_favorites;
        self.groups.push(Group { line, name: name.into(), is_favorites, members });
    }

    /// All groups are there.
    pub(super) fn settle(&mut self) {
        self.members.sort_unstable_by_key(|member| (member.key, member.group));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.faults.is_empty()
    }

    /// What the groups say of a contact that has these keys.
    pub(super) fn of<'k>(&mut self, keys: impl IntoIterator<Item = &'k str>) -> Membership {
        let mut membership = Membership::default();
        if self.has_favorites {
            membership.starred = Some(false);
        }
        for key in keys {
            let key = fnv1a(key);
            let start = self.members.partition_point(|member| member.key < key);
            let members = self.members.iter_mut().skip(start);
            for member in members.take_while(|member| member.key == key) {
                member.seen = true;
                match self.groups.get(member.group as usize) {
                    Some(group) if group.is_favorites => membership.starred = Some(true),
                    Some(group) if !membership.categories.contains(&group.name) => {
                        membership.categories.push(group.name.clone());
                    }
                    _ => {}
                }
            }
        }
        membership
    }

    /// What is wrong with the groups, once all contacts were asked for.
    pub(super) fn faults(&mut self) -> Vec<Fault> {
        let mut missing = vec![0_usize; self.groups.len()];
        for member in self.members.iter().filter(|member| !member.seen) {
            if let Some(count) = missing.get_mut(member.group as usize) {
                *count += 1;
            }
        }
        let mut faults = std::mem::take(&mut self.faults);
        for (group, missing) in self.groups.iter().zip(missing).filter(|(_, missing)| *missing > 0)
        {
            let reason = Reason::new(Rule::GroupMembers, [&missing, &group.members]);
            faults.push(fault(group.line, &group.name, reason));
        }
        faults
    }
}

fn fault(line: u64, name: &str, reason: Reason) -> Fault {
    Fault { line, field: None, value: Some(shortened(name)), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_say_who_is_a_favorite_and_of_which_categories() {
        let mut groups = Groups::default();
        groups.add(1, "Customers", ["a", "b"]);
        groups.add(9, "Избранное", ["b", "gone"]);
        groups.settle();
        let a = groups.of(["a"]);
        assert_eq!((a.starred, a.categories), (Some(false), vec!["Customers".into()]));
        let b = groups.of(["other", "b"]);
        assert_eq!((b.starred, b.categories.len()), (Some(true), 1));
        assert_eq!(groups.of(["c"]), Membership { starred: Some(false), categories: vec![] });
        let faults = groups.faults();
        assert_eq!(faults.len(), 1);
        assert_eq!(
            (faults[0].line, &faults[0].reason.values[..]),
            (9, &["1".into(), "2".into()][..])
        );
    }

    #[test]
    fn a_file_without_favorites_does_not_tell() {
        let mut groups = Groups::default();
        groups.add(1, "Friends", ["a"]);
        groups.settle();
        assert_eq!(groups.of(["a"]).starred, None);
        assert!(groups.faults().is_empty());
    }

    #[test]
    fn favorites_have_many_names() {
        for name in ["Favorites", "FAVORITEN", " Favoris ", "* starred", "Избранное", "Ulubione"]
        {
            assert!(means_favorites(name), "{name}");
        }
        assert!(!means_favorites("Favorite customers"));
    }

    #[test]
    fn groups_beyond_the_limit_are_reported() {
        let mut groups = Groups::default();
        let too_many = (0..=MEMBERS_MAX).map(|at| at.to_string());
        groups.add(3, "Everybody", too_many);
        groups.add(4, "Few", ["1"]);
        groups.settle();
        assert_eq!(groups.of(["1"]).categories, ["Few".into()]);
        let faults = groups.faults();
        assert_eq!(
            (faults.len(), faults[0].line, faults[0].reason.rule),
            (1, 3, Rule::TooManyGroups)
        );
    }
}
