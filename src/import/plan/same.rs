//! Who is the same as a row: a contact that is there, or an earlier row.

use crate::contact::card::Field;
use crate::contact::{Book, uid_key};
use crate::file::{Entry, Fault, Rule};
use crate::import::fault;
use crate::import::known::{Holder, Known};
use crate::import::person::wrong_extension;
use crate::import::place::Place;
use crate::import::plan::Planner;

/// By what a row is the same as something else.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    Id,
    Uid,
    Extension,
    Name,
}

impl By {
    pub(super) fn there(self) -> Rule {
        match self {
            Self::Id => Rule::SameId,
            Self::Uid => Rule::SameUid,
            Self::Extension => Rule::SameExtension,
            Self::Name => Rule::SameName,
        }
    }

    pub(super) fn twice(self) -> Rule {
        match self {
            Self::Id => Rule::TwiceId,
            Self::Uid => Rule::TwiceUid,
            Self::Extension => Rule::TwiceExtension,
            Self::Name => Rule::TwiceName,
        }
    }
}

impl<'a> Planner<'a> {
    /// Who is the same as the row: by id, UID, extension, or name with a number or e-mail.
    pub(super) fn holder(
        &mut self,
        entry: &Entry,
        place: &Place,
        number: usize,
    ) -> Result<Option<(Holder, By)>, Fault> {
        let found = match self.same_identity(entry, place, number) {
            Some(found) => Some(found),
            None => match self.same_extension(entry, place)? {
                Some(found) => Some(found),
                None => self
                    .known(number, place)
                    .and_then(|known| known.find(entry).map(|holder| (holder, By::Name))),
            },
        };
        let Some((Holder::There(contact), by)) = found else { return Ok(found) };
        Ok(match self.matched.get(&contact.id) {
            Some(line) => Some((Holder::Row(*line), by)),
            None => Some((Holder::There(contact), by)),
        })
    }

    pub(super) fn known(&mut self, number: usize, place: &Place) -> Option<&mut Known<'a>> {
        while self.known.len() <= number {
            let at = self.places.all().get(self.known.len()).unwrap_or(place);
            let organization = self.snapshot.organization(&at.organization)?;
            self.known.push(Known::new(self.names, self.snapshot, organization, at.book));
        }
        self.known.get_mut(number)
    }

    fn same_identity(&self, entry: &Entry, place: &Place, number: usize) -> Option<(Holder, By)> {
        if let Some(id) = entry.id {
            if let Some(line) = self.ids.line((number, id)) {
                return Some((Holder::Row(line), By::Id));
            }
            let there = self.snapshot.contact(&place.organization, id);
            if let Some(there) = there.filter(|row| row.book == place.book) {
                return Some((Holder::There(there.shared()), By::Id));
            }
        }
        let uid = entry.uid.as_deref()?;
        if let Some(line) = self.uids.line((number, &*uid_key(uid))) {
            return Some((Holder::Row(line), By::Uid));
        }
        let there = self.snapshot.by_uid(&place.organization, place.book, uid)?;
        Some((Holder::There(there.shared()), By::Uid))
    }

    fn same_extension(&self, entry: &Entry, place: &Place) -> Result<Option<(Holder, By)>, Fault> {
        let extension = entry.card.first(Field::Extension);
        let Some(extension) = extension.filter(|_| place.book == Book::People) else {
            return Ok(None);
        };
        let column = self.about.extension_column.as_deref();
        let wrong = |reason| fault(entry.line, column, Some(extension), reason);
        if let Some(reason) = wrong_extension(extension) {
            return Err(wrong(reason));
        }
        let folded = extension.to_lowercase();
        if let Some(line) = self.logins.line((&place.organization, &*folded)) {
            return Ok(Some((Holder::Row(line), By::Extension)));
        }
        let user = self.snapshot.user_by_login(&place.organization, extension);
        let Some(user) = user else { return Ok(None) };
        let holds = |name: &Option<Box<str>>| {
            name.as_ref().is_some_and(|name| name.to_lowercase() == folded)
        };
        match self.snapshot.contact(&place.organization, user.id) {
            Some(there) if holds(&user.extension) => {
                Ok(Some((Holder::There(there.shared()), By::Extension)))
            }
            _ if holds(&user.login) || holds(&user.extension) => {
                Err(wrong(Rule::ExtensionTaken.into()))
            }
            _ => Ok(None),
        }
    }
}
