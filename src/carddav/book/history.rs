//! The book of all contacts over time: computed from the histories of its homes, kept nowhere.

use rustc_hash::FxHashMap;

use crate::auth::sight::Sight;
use crate::carddav::book::group_card::Computed;
use crate::carddav::book::member::{Change, Member};
use crate::carddav::book::merged::{Hidden, Merged, id_of};
use crate::contact::book::{AddressBook, Group};
use crate::contact::{Book, ContactId, Revision};
use crate::index::{BookChange, Row};

impl Merged {
    /// What happened after a revision, in the order of revisions. It costs what the changes of the
    /// homes cost, whatever the number of members.
    pub(crate) fn changes<'s>(&self, sight: &Sight<'s>, since: Revision) -> Vec<Change<'s>> {
        let mut story = Story::new(self, sight, since);
        for home in &self.homes {
            story.hear_of(*home);
        }
        story.tell()
    }

    /// Moves whenever a card of the book changes.
    pub(crate) fn revision(&self, sight: &Sight<'_>) -> Revision {
        let (last, home) = self.last_of_homes(sight);
        let last_star = self.last_star(sight);
        let shown = home.is_none_or(|home| last_star >= last || self.shows_last_of(sight, home));
        let bound = last.max(last_star);
        if shown { bound } else { self.last_told(sight, bound) }
    }

    /// The last change in the homes, and in which it was.
    fn last_of_homes(&self, sight: &Sight<'_>) -> (Revision, Option<Book>) {
        let of = |home: &Book| match (home, &self.people) {
            (Book::People, Some(few)) => {
                let departments = few.departments.iter();
                let departments = departments.map(|group| sight.revision((*group).into()));
                departments.max().max(Some(sight.revision(AddressBook::Favorites)))
            }
            _ => Some(sight.revision((*home).into())),
        };
        let last = self.homes.iter().map(|home| (of(home).unwrap_or_default(), Some(*home)));
        last.max_by_key(|(revision, _)| *revision).unwrap_or_default()
    }

    /// The last time that a star was given to a member, or taken from one.
    fn last_star(&self, sight: &Sight<'_>) -> Revision {
        let stars = sight.snapshot.stars(self.owner);
        let shown = stars.filter(|star| {
            let row = sight.snapshot.contact(&self.organization, star.contact);
            row.is_some_and(|row| self.has(row.contact()))
        });
        shown.map(|star| star.revision).max().unwrap_or_default()
    }

    /// Whether the last change of a home is seen here. Nothing hides one's own cards, nor all of many
    /// that changed at once.
    fn shows_last_of(&self, sight: &Sight<'_>, home: Book) -> bool {
        if home == self.personal() || (home == Book::People && self.people.is_some()) {
            return true;
        }
        let (book, class) = (home.into(), sight.class(home.into()));
        let only = sight.snapshot.last_changed(&self.organization, book, class);
        only.is_none_or(|id| {
            let row = sight.snapshot.contact(&self.organization, id);
            row.is_some_and(|row| self.shows(sight.snapshot, row.contact()))
        })
    }

    /// The last change that is told: looks back further and further.
    fn last_told(&self, sight: &Sight<'_>, bound: Revision) -> Revision {
        let mut back = 1;
        loop {
            let since = Revision(bound.0.saturating_sub(back));
            match self.changes(sight, since).last() {
                Some(last) => return last.revision(),
                None if since == Revision(0) => return since,
                None => back = back.saturating_mul(2),
            }
        }
    }
}

/// What is heard of the homes, until it is clear what to tell.
struct Story<'m, 's> {
    merged: &'m Merged,
    sight: &'m Sight<'s>,
    since: Revision,
    /// Contacts that may be seen otherwise than before.
    touched: FxHashMap<ContactId, Revision>,
    /// Names under which there may be nothing any more.
    gone: FxHashMap<String, (Revision, Hidden)>,
    /// The groups of the book, and when their cards may have changed.
    groups: Vec<(Computed, Revision)>,
    changes: Vec<Change<'s>>,
}

impl<'m, 's> Story<'m, 's> {
    fn new(merged: &'m Merged, sight: &'m Sight<'s>, since: Revision) -> Self {
        let groups = Computed::all(merged, sight);
        Self {
            merged,
            sight,
            since,
            touched: FxHashMap::default(),
            gone: FxHashMap::default(),
            groups: groups.into_iter().map(|group| (group, Revision(0))).collect(),
            changes: Vec::new(),
        }
    }

    fn hear_of(&mut self, home: Book) {
        let (sight, since) = (self.sight, self.since);
        match (home, &self.merged.people) {
            (Book::People, Some(few)) => {
                let views = few.departments.iter().map(|group| AddressBook::from(*group));
                for view in views.chain([AddressBook::Favorites]) {
                    let changes = sight.changes(view, since);
                    changes.into_iter().for_each(|change| self.hear(home, change));
                }
            }
            _ => {
                let changes = sight.changes(home.into(), since);
                changes.into_iter().for_each(|change| self.hear(home, change));
            }
        }
    }

    fn hear(&mut self, home: Book, change: BookChange<'s>) {
        match change {
            BookChange::Put(revision, row) => {
                self.touch(row.id, revision);
                let name = self.merged.name(row.contact());
                self.touch_twins(row.book, Some(&row.vcard_uid()), &name, revision);
            }
            BookChange::Gone { revision, contact, name, uid } => {
                self.touch(contact, revision);
                let own = home == self.merged.personal();
                let name = if own { name.to_string() } else { format!("{contact}.vcf") };
                self.touch_twins(home, uid.as_deref(), &name, revision);
                let uid = uid.map(String::from);
                self.leave(name, revision, Hidden { id: contact, book: home, uid });
            }
        }
    }

    fn touch(&mut self, id: ContactId, revision: Revision) {
        let last = self.touched.entry(id).or_default();
        *last = revision.max(*last);
    }

    fn leave(&mut self, name: String, revision: Revision, left: Hidden) {
        let (last, _) = self.gone.entry(name).or_insert((revision, left));
        *last = revision.max(*last);
    }

    /// Contacts that this card hides, or hid.
    fn touch_twins(&mut self, home: Book, uid: Option<&str>, name: &str, revision: Revision) {
        let (merged, snapshot) = (self.merged, self.sight.snapshot);
        let behind = merged.homes.iter().skip_while(|known| **known != home).skip(1);
        let same_uid = uid.into_iter().flat_map(|uid| {
            let behind = behind.clone();
            behind.filter_map(move |home| snapshot.by_uid(&merged.organization, *home, uid))
        });
        let named = id_of(name).filter(|_| home == merged.personal());
        let same_name = named.and_then(|id| snapshot.contact(&merged.organization, id));
        let twins: Vec<Row<'s>> = same_uid.chain(same_name).collect();
        for twin in twins.iter().filter(|twin| merged.has(twin.contact())) {
            self.touch(twin.id, revision);
        }
    }

    /// The group cards whose name or members may be others.
    fn hear_of_groups(&mut self) {
        let (merged, sight) = (self.merged, self.sight);
        for (group, last) in &mut self.groups {
            *last = match group {
                Computed::Of(of) => sight.revision((*of).into()),
                // There from the beginning, with members or without.
                Computed::Favorites => Revision(1),
            };
        }
        if merged.people.is_none() {
            self.hear_of_removed_groups();
        }
        for star in sight.snapshot.stars(merged.owner) {
            let row = sight.snapshot.contact(&merged.organization, star.contact);
            if row.is_some_and(|row| merged.has(row.contact())) {
                self.touch_group(Computed::Favorites, star.revision);
            }
        }
    }

    /// Groups that are there no more had no members any more.
    fn hear_of_removed_groups(&mut self) {
        let left = self.sight.snapshot.groups_left(&self.merged.organization, self.since);
        let there =
            |group: &Group| self.groups.iter().any(|(known, _)| *known == Computed::Of(*group));
        let removed: Vec<_> = left.into_iter().filter(|(group, _)| !there(group)).collect();
        self.groups.extend(removed.into_iter().map(|(group, last)| (Computed::Of(group), last)));
    }

    fn touch_group(&mut self, group: Computed, revision: Revision) {
        if let Some((_, last)) = self.groups.iter_mut().find(|(known, _)| *known == group) {
            *last = revision.max(*last);
        }
    }

    fn touch_groups_of(&mut self, contact: ContactId, groups: &[Group], revision: Revision) {
        for group in groups {
            self.touch_group(Computed::Of(*group), revision);
        }
        if self.sight.snapshot.star(self.merged.owner, contact).is_some() {
            self.touch_group(Computed::Favorites, revision);
        }
    }

    fn tell(mut self) -> Vec<Change<'s>> {
        self.hear_of_groups();
        for (id, revision) in std::mem::take(&mut self.touched) {
            self.tell_of(id, revision);
        }
        for (name, (revision, left)) in std::mem::take(&mut self.gone) {
            self.touch_groups_of(left.id, &[], revision);
            self.tell_gone(name, revision, &left);
        }
        for (group, revision) in std::mem::take(&mut self.groups) {
            if revision > self.since {
                self.tell_group(group, revision);
            }
        }
        self.changes.sort_by_key(Change::revision);
        self.changes
    }

    /// Tells what a contact is now.
    fn tell_of(&mut self, id: ContactId, revision: Revision) {
        let (merged, snapshot) = (self.merged, self.sight.snapshot);
        let Some(row) = snapshot.contact(&merged.organization, id) else { return };
        self.touch_groups_of(id, &row.groups, revision);
        let hider = match merged.has(row.contact()) {
            true => merged.hider(snapshot, row.contact()),
            false => None,
        };
        match hider {
            None if merged.has(row.contact()) => {
                self.changes.push(Change::Put(revision, Member::Row(row)));
            }
            // The same card hid it all the time.
            Some(hider) if hider.revision <= self.since => {}
            // What happened to it since it is hidden is not seen.
            hider => {
                let at = hider.map_or(revision, |hider| hider.revision);
                let left = Hidden { id, book: row.book, uid: None };
                self.leave(merged.name(row.contact()), at, left);
            }
        }
    }

    fn tell_gone(&mut self, name: String, revision: Revision, left: &Hidden) {
        let (merged, snapshot) = (self.merged, self.sight.snapshot);
        let own = left.book == merged.personal();
        let hider = (!own).then(|| merged.hider_of(snapshot, left)).flatten();
        // It is gone since it is hidden, if it was there at all.
        let revision = hider.map_or(revision, |hider| hider.revision.min(revision));
        // A name may be another card's now.
        if revision > self.since && merged.find(snapshot, &name).is_none() {
            self.changes.push(Change::Gone(revision, name.into()));
        }
    }

    fn tell_group(&mut self, group: Computed, revision: Revision) {
        let (merged, sight) = (self.merged, self.sight);
        let name = format!("{}.vcf", group.id(merged));
        if merged.find(sight.snapshot, &name).is_some() {
            return;
        }
        self.changes.push(match group.card(merged, sight) {
            Some(card) => Change::Put(revision, Member::Group(card)),
            None => Change::Gone(revision, name.into()),
        });
    }
}
