//! Who is there already: contacts with the same name and any number or e-mail in common.

use rustc_hash::FxHashMap;

use crate::account::Organization;
use crate::contact::Contact;
use crate::contact::card::{Card, Field, FieldSet, Packed};
use crate::contact::fold::fold;
use crate::contact::number::Numbering;
use crate::contact::query::{Query, Truth};
use crate::file::Entry;
use crate::index::{Extent, Search, Snapshot, Viewer};

/// Namesakes with the same number or e-mail that are told apart by their extension, at most.
const ALIKE_MAX: usize = 16;

static EVERYTHING: Query = Query::Constant(Truth::True);

/// Numbers that identify a contact. An extension does so by itself, see `plan`.
const NUMBERS: FieldSet = Field::NUMBERS.without(FieldSet::of(&[Field::Extension]));

/// Who has a name: a contact of the book, or an earlier row of the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Holder<'a> {
    There(&'a Contact),
    Row(u64),
}

/// The contacts of a book that have a name of the file, and the rows before.
pub(super) struct Known<'a> {
    numbering: &'a Numbering,
    names: FxHashMap<String, Namesakes<'a>>,
}

/// Everybody with one name.
#[derive(Default)]
struct Namesakes<'a> {
    /// Rows of the file that have the name.
    rows: usize,
    members: Vec<Member<'a>>,
    /// Members by number and e-mail.
    by_identifier: FxHashMap<String, Vec<usize>>,
}

#[derive(Clone, Copy)]
struct Member<'a> {
    holder: Holder<'a>,
    extension: Option<&'a str>,
}

impl<'a> Known<'a> {
    /// Looks through the book once, for the names of the file.
    pub(super) fn new(
        entries: &'a [Entry],
        snapshot: &'a Snapshot,
        organization: &'a Organization,
        book: &'a Extent,
    ) -> Self {
        let mut names: FxHashMap<String, Namesakes<'a>> = FxHashMap::default();
        for entry in entries {
            names.entry(fold(entry.card.formatted_name())).or_default().rows += 1;
        }
        let contacts = snapshot.search(&Search {
            organization: &organization.id,
            extent: book,
            query: &EVERYTHING,
            viewer: Viewer { full: true, person: None },
            unlisted: true,
            look_through: usize::MAX,
        });
        for contact in contacts.map(|row| row.contact()) {
            let name = first_text(&contact.derived.texts);
            if let Some(namesakes) = name.and_then(|name| names.get_mut(name)) {
                let identifiers = kept_identifiers(contact);
                namesakes.add(member(Holder::There(contact), &contact.card), identifiers);
            }
        }
        Self { numbering: &organization.derivation.numbering, names }
    }

    /// Who is the same as this entry: has its name, and a number or e-mail of it where it has any.
    pub(super) fn find(&self, entry: &Entry) -> Option<Holder<'a>> {
        let namesakes = self.names.get(&fold(entry.card.formatted_name()))?;
        if namesakes.members.is_empty() {
            return None;
        }
        let identifiers = self.identifiers(&entry.card);
        let extension = entry.card.first(Field::Extension);
        let compatible = |member: &&Member<'_>| {
            let (Some(theirs), Some(ours)) = (member.extension, extension) else { return true };
            theirs == ours
        };
        let found = if identifiers.is_empty() {
            namesakes.members.iter().find(compatible)
        } else {
            let lists = identifiers.iter().filter_map(|id| namesakes.by_identifier.get(id));
            let members = lists.flatten().filter_map(|at| namesakes.members.get(*at));
            members.into_iter().find(compatible)
        };
        found.map(|member| member.holder)
    }

    /// Remembers an entry that is taken, for the rows behind it.
    pub(super) fn add(&mut self, entry: &'a Entry) {
        let key = fold(entry.card.formatted_name());
        // Only names that come again are ever asked for.
        let again = self.names.get(&key).is_some_and(|namesakes| namesakes.rows > 1);
        let identifiers = if again { self.identifiers(&entry.card) } else { return };
        if let Some(namesakes) = self.names.get_mut(&key) {
            namesakes.add(member(Holder::Row(entry.line), &entry.card), identifiers);
        }
    }

    fn identifiers(&self, card: &Card) -> Vec<String> {
        let mut identifiers = emails(card);
        for (_, number) in card.iter().filter(|(field, _)| NUMBERS.contains(*field)) {
            identifiers.extend(self.numbering.forms(number));
        }
        identifiers
    }
}

impl<'a> Namesakes<'a> {
    fn add(&mut self, member: Member<'a>, identifiers: Vec<String>) {
        let place = self.members.len();
        self.members.push(member);
        for identifier in identifiers {
            let alike = self.by_identifier.entry(identifier).or_default();
            if alike.len() < ALIKE_MAX {
                alike.push(place);
            }
        }
    }
}

fn member<'a>(holder: Holder<'a>, card: &'a Card) -> Member<'a> {
    Member { holder, extension: card.first(Field::Extension) }
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
