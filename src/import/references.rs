//! Managers and assistants: the people whom a row means by an extension, a login name or a name.

use rustc_hash::FxHashMap;

use crate::contact::card::{Card, Field, NamelessCard};
use crate::contact::fold::fold;
use crate::contact::{ContactId, OrganizationId};
use crate::index::Snapshot;

/// The fields that refer to people.
const REFERENCES: [Field; 2] = [Field::Manager, Field::Assistant];

/// Finds people of an organization, and those whom the file makes.
pub(super) struct References<'a> {
    snapshot: &'a Snapshot,
    organization: &'a OrganizationId,
    /// Who has a name; None where several have it. Made when first asked for.
    by_name: Option<FxHashMap<String, Option<ContactId>>>,
    /// People of the file by extension.
    made: FxHashMap<Box<str>, ContactId>,
}

impl<'a> References<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, organization: &'a OrganizationId) -> Self {
        Self { snapshot, organization, by_name: None, made: FxHashMap::default() }
    }

    /// Notes somebody whom the file makes.
    pub(super) fn note(&mut self, extension: &str, id: ContactId) {
        self.made.insert(extension.into(), id);
    }

    /// The card with ids for the people whom it names; names of unknown people stay.
    pub(super) fn resolved(&mut self, card: Card) -> Result<Card, NamelessCard> {
        if REFERENCES.iter().all(|field| card.first(*field).is_none()) {
            return Ok(card);
        }
        let mut builder = card.edit();
        for field in REFERENCES {
            let found = |value: &str| {
                self.find(value).map_or_else(|| value.to_owned(), |id| id.to_string())
            };
            let values: Vec<String> = card.all(field).map(found).collect();
            builder.replace(field, values.iter().map(String::as_str));
        }
        builder.finish()
    }

    fn find(&mut self, value: &str) -> Option<ContactId> {
        if ContactId::parse(value).is_some() {
            return None;
        }
        if let Some(made) = self.made.get(value) {
            return Some(*made);
        }
        if let Some(user) = self.snapshot.user_by_login(self.organization, value) {
            return Some(user.id);
        }
        let (snapshot, organization) = (self.snapshot, self.organization);
        let by_name = self.by_name.get_or_insert_with(|| {
            let mut names: FxHashMap<String, Option<ContactId>> = FxHashMap::default();
            for person in snapshot.people(organization) {
                let name = fold(person.card.formatted_name());
                names.entry(name).and_modify(|one| *one = None).or_insert(Some(person.id));
            }
            names
        });
        by_name.get(&fold(value)).copied().flatten()
    }
}
