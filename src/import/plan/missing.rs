//! What a mirror removes: the contacts that the file lacks.

use crate::account::Role;
use crate::contact::{Body, Book};
use crate::file::Rule;
use crate::import::everybody;
use crate::import::plan::Planner;
use crate::import::report::{Action, Change};
use crate::index::Extent;

impl Planner<'_> {
    pub(super) fn remove_what_is_missing(&mut self) {
        let (mut missing, mut of, mut protected) = (Vec::new(), 0, 0);
        for place in self.places.all() {
            let extent = Extent::of(&[place.book]);
            for row in everybody(self.snapshot, &place.organization, &extent) {
                of += 1;
                if self.matched.contains_key(&row.id) || row.body == Body::Broken {
                    continue;
                }
                let user = self.snapshot.user(row.id).filter(|_| place.book == Book::People);
                if user.is_some_and(|user| user.role >= Role::Admin)
                    || self.job.importer == Some(row.id)
                {
                    protected += 1;
                } else {
                    missing.push(row.shared());
                }
            }
        }
        if missing.is_empty() && protected == 0 {
            return;
        }
        if self.plan.report.failed_rows > 0 && !missing.is_empty() {
            let reason = Rule::KeptForFaults.into();
            self.plan.report.not_removed = Some((missing.len() + protected, reason));
            return;
        }
        if protected > 0 {
            self.plan.report.not_removed = Some((protected, Rule::AdministratorsStay.into()));
        }
        if missing.len() * 10 > of && self.job.confirm != Some(missing.len()) {
            self.plan.report.to_confirm = Some((missing.len(), of));
        }
        self.plan.report.removed = missing.len();
        for contact in &missing {
            self.plan.report.change(|| Change {
                line: None,
                action: Action::Removed,
                contact: Some(contact.id),
                name: contact.card.formatted_name().into(),
                fields: Vec::new(),
            });
        }
        self.plan.removals = missing.iter().map(|contact| (contact.id, contact.revision)).collect();
    }
}
