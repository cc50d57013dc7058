//! Who is there already: contacts with the same name and any number or e-mail in common.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::account::Organization;
use crate::contact::card::{Card, Field, FieldSet, Packed};
use crate::contact::fold::fold;
use crate::contact::number::Numbering;
use crate::contact::{Book, Contact};
use crate::file::Entry;
use crate::import::everybody;
use crate::index::{Extent, Snapshot};

/// Namesakes with the same number or e-mail that are told apart by their extension, at most.
const ALIKE_MAX: usize = 16;
/// Ends a chain of links.
const NONE: u32 = u32::MAX;

/// Numbers that identify a contact. An extension does so by itself, see `plan`.
const NUMBERS: FieldSet = Field::NUMBERS.without(FieldSet::of(&[Field::Extension]));

/// Who has a name: a contact of the book, or an earlier row of the file.
#[derive(Clone, Debug)]
pub(super) enum Holder {
    There(Arc<Contact>),
    Row(u64),
}

/// The names of a file, as hashes: eight bytes a row.
pub(super) struct Names {
    state: RandomState,
    all: FxHashSet<u64>,
    again: FxHashSet<u64>,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { state: RandomState::new(), all: FxHashSet::default(), again: FxHashSet::default() }
    }

    pub(super) fn note(&mut self, entry: &Entry) {
        let name = self.hash(&fold(entry.card.formatted_name()));
        if !self.all.insert(name) {
            self.again.insert(name);
        }
    }

    fn hash(&self, folded: &str) -> u64 {
        self.state.hash_one(folded)
    }

    /// The hash of a name together with a number or e-mail.
    fn with(&self, name: u64, identifier: &str) -> u64 {
        self.state.hash_one((name, identifier))
    }
}

/// The contacts of a book that have a name of the file, and the rows before. Found by hashes, so that
/// memory holds some ten bytes for each name, number and e-mail.
pub(super) struct Known<'a> {
    names: &'a Names,
    numbering: &'a Numbering,
    members: Vec<Member>,
    /// Where the chain of those with a name, or a name and a number or e-mail, begins.
    chains: FxHashMap<u64, u32>,
    /// Places in `members`, each with the next link of its chain.
    links: Vec<(u32, u32)>,
}

struct Member {
    holder: Holder,
    extension: Option<u64>,
}

impl<'a> Known<'a> {
    /// Looks through the book once, for the names of the file.
    pub(super) fn new(
        names: &'a Names,
        snapshot: &Snapshot,
        organization: &'a Organization,
        book: Book,
    ) -> Self {
        let mut known = Self {
            names,
            numbering: &organization.derivation.numbering,
            members: Vec::new(),
            chains: FxHashMap::default(),
            links: Vec::new(),
        };
        for contact in everybody(snapshot, &organization.id, &Extent::of(&[book])) {
            let name = first_text(&contact.derived.texts).map(|name| names.hash(name));
            if let Some(name) = name.filter(|name| names.all.contains(name)) {
                let identifiers = kept_identifiers(&contact);
                known.put(Holder::There(contact.shared()), &contact.card, (name, &identifiers));
            }
        }
        known
    }

    /// Who is the same as this entry: has its name, and a number or e-mail of it where it has any.
    pub(super) fn find(&self, entry: &Entry) -> Option<Holder> {
        let name = self.names.hash(&fold(entry.card.formatted_name()));
        self.chains.get(&name)?;
        let extension = self.extension(&entry.card);
        let identifiers = self.identifiers(&entry.card);
        if identifiers.is_empty() {
            return self.compatible(name, extension);
        }
        let keys = identifiers.iter().map(|identifier| self.names.with(name, identifier));
        keys.into_iter().find_map(|key| self.compatible(key, extension))
    }

    /// The first of a chain that has no other extension.
    fn compatible(&self, key: u64, extension: Option<u64>) -> Option<Holder> {
        let mut link = self.chains.get(&key).copied()?;
        while let Some((place, next)) = self.links.get(link as usize) {
            let member = self.members.get(*place as usize)?;
            if member.extension.is_none() || extension.is_none() || member.extension == extension {
                return Some(member.holder.clone());
            }
            link = *next;
        }
        None
    }

    /// Remembers an entry that is taken, for the rows behind it.
    pub(super) fn add(&mut self, entry: &Entry) {
        let name = self.names.hash(&fold(entry.card.formatted_name()));
        // Only names that come again are ever asked for.
        if self.names.again.contains(&name) {
            let identifiers = self.identifiers(&entry.card);
            self.put(Holder::Row(entry.line), &entry.card, (name, &identifiers));
        }
    }

    fn put(&mut self, holder: Holder, card: &Card, (name, identifiers): (u64, &[String])) {
        let Ok(place) = u32::try_from(self.members.len()) else { return };
        self.members.push(Member { holder, extension: self.extension(card) });
        let names = self.names;
        let keys = identifiers.iter().map(|identifier| names.with(name, identifier));
        for key in std::iter::once(name).chain(keys) {
            self.link(key, place);
        }
    }

    /// Adds a place to the end of a chain.
    fn link(&mut self, key: u64, place: u32) {
        let Ok(new) = u32::try_from(self.links.len()) else { return };
        let mut at = match self.chains.entry(key) {
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(new);
                self.links.push((place, NONE));
                return;
            }
            std::collections::hash_map::Entry::Occupied(chain) => *chain.get(),
        };
        for _ in 1..ALIKE_MAX {
            match self.links.get_mut(at as usize) {
                Some((_, next)) if *next == NONE => {
                    *next = new;
                    self.links.push((place, NONE));
                    return;
                }
                Some((_, next)) => at = *next,
                None => return,
            }
        }
    }

    fn extension(&self, card: &Card) -> Option<u64> {
        card.first(Field::Extension).map(|extension| self.names.hash(extension))
    }

    fn identifiers(&self, card: &Card) -> Vec<String> {
        let mut identifiers = emails(card);
        for (_, number) in card.iter().filter(|(field, _)| NUMBERS.contains(*field)) {
            identifiers.extend(self.numbering.forms(number));
        }
        identifiers
    }
}

/// The folded formatted name, as it was kept with the contact.
fn first_text(texts: &Packed) -> Option<&str> {
    texts.iter().find(|(field, _)| *field == Field::FormattedName).map(|(_, text)| text)
}

fn kept_identifiers(contact: &Contact) -> Vec<String> {
    let mut identifiers = emails(&contact.card);
    let numbers = contact.derived.numbers.iter().filter(|(field, _)| NUMBERS.contains(*field));
    identifiers.extend(numbers.map(|(_, form)| form.to_owned()));
    identifiers
}

fn emails(card: &Card) -> Vec<String> {
    card.all(Field::Email).map(str::to_lowercase).collect()
}
