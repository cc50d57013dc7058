//! What becomes of organizations.

use std::sync::Arc;

use crate::account::{Organization, OrganizationSettings};
use crate::contact::card::FieldSet;
use crate::contact::{Contact, OrganizationId, Rendition};
use crate::directory::CommitError;
use crate::directory::check::Checker;
use crate::store::{Change, Record, StoredContact};

impl Checker<'_> {
    pub(super) fn put_organization(
        &mut self,
        settings: OrganizationSettings,
    ) -> Result<(), CommitError> {
        let (suffix, domain) = (normal(&settings.suffix), settings.domain.to_lowercase());
        let holds = |a: &str, b: &str| a == b || a.ends_with(&format!(",{b}"));
        for other in self.snapshot.organizations().filter(|other| other.id != settings.id) {
            let theirs = normal(&other.suffix);
            let nested = holds(&suffix, &theirs) || holds(&theirs, &suffix);
            if nested || other.domain == domain {
                return Err(CommitError::SuffixTaken);
            }
        }
        let organization = Organization::new(settings.clone())?;
        let old = self.snapshot.organization(&organization.id);
        let was = old.map(|old| old.hidden(Rendition::Reduced)).unwrap_or_default();
        let now = organization.hidden(Rendition::Reduced);
        self.show_anew(&organization.id, was.without(now).union(now.without(was)));
        self.staged.organizations = true;
        self.put(Record::Organization(Box::new(settings)))
    }

    /// Moves the reduced rendition of each person whose card has one of these fields: colleagues see
    /// another card from now on.
    fn show_anew(&mut self, organization: &OrganizationId, fields: FieldSet) {
        if fields.is_empty() {
            return;
        }
        for row in self.snapshot.people(organization) {
            if !row.card.iter().any(|(field, _)| fields.contains(field)) {
                continue;
            }
            let reduced_revision = self.staged.revision;
            let contact = Arc::new(Contact { reduced_revision, ..row.contact().clone() });
            self.staged.put_contact(&contact);
            self.changes.push(Change::Put(Record::Contact(StoredContact { contact, body: None })));
        }
    }
}

/// A suffix without what makes no difference to its names.
fn normal(suffix: &str) -> String {
    let parts = suffix
        .split(',')
        .map(|part| part.split('=').map(str::trim).collect::<Vec<&str>>().join("=").to_lowercase());
    parts.collect::<Vec<String>>().join(",")
}
