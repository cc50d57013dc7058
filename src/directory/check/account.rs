//! What becomes of users.

use crate::account::device::AppPassword;
use crate::account::{Layout, User};
use crate::contact::{Book, ContactId, UserId};
use crate::directory::CommitError;
use crate::directory::check::Checker;
use crate::index::Extent;
use crate::store::{Key, Record, RetiredPrincipal};

impl Checker<'_> {
    pub(super) fn put_user(&mut self, user: User) -> Result<(), CommitError> {
        self.organization_exists(&user.organization)?;
        let old = self.state().user(user.id);
        let given = old.and_then(|old| old.extension).filter(|_| !self.undoing);
        if let Some(extension) = given.filter(|given| user.extension.as_ref() != Some(given)) {
            return Err(CommitError::ExtensionFixed { extension });
        }
        let taken = |login: &Option<Box<str>>| {
            let holder = self.state().login(&user.organization, login.as_ref()?)?;
            (holder != user.id).then(|| login.clone())?
        };
        if let Some(extension) = taken(&user.extension) {
            return Err(CommitError::ExtensionTaken { extension });
        }
        if let Some(login) = taken(&user.login) {
            return Err(CommitError::LoginTaken { login });
        }
        if self.state().principal_holder(&user.principal).is_some_and(|holder| holder != user.id) {
            return Err(CommitError::LoginTaken { login: user.principal });
        }
        self.staged.put_user(&user);
        self.put(Record::User(user))
    }

    /// An app password that was revoked meanwhile stays so.
    pub(super) fn remember_layout(
        &mut self,
        user: UserId,
        app: &str,
        layout: Layout,
    ) -> Result<(), CommitError> {
        let known = self.snapshot.app_passwords(user).iter().find(|known| *known.id == *app);
        match known.filter(|known| known.carddav_layout.is_none()) {
            Some(known) => {
                self.staged.keepers.insert(user);
                let carddav_layout = Some(layout);
                self.put(Record::AppPassword(AppPassword { carddav_layout, ..known.clone() }))
            }
            None => Ok(()),
        }
    }

    pub(super) fn remove_user(&mut self, id: UserId) -> Result<(), CommitError> {
        let user = self.state().user(id).ok_or(CommitError::NoUser(id))?;
        let organization = &user.organization;
        let further = self.snapshot.personal_books(id).map(|book| Book::PersonalBook(id, book.id));
        let homes: Vec<Book> = [Book::Personal(id)].into_iter().chain(further).collect();
        let extent = Extent::of(&homes);
        let personal = self.snapshot.members(organization, &extent);
        let personal: Vec<ContactId> = personal.map(|row| row.id).collect();
        for contact in personal.into_iter().chain([id]) {
            if let Some(old) = self.state().contact(organization, contact) {
                self.drop_contact(&old);
            }
        }
        self.staged.remove_user(id);
        for app in self.snapshot.app_passwords(id) {
            self.remove(Key::AppPassword(id, app.id.clone()))?;
        }
        for star in self.snapshot.stars(id) {
            self.remove(Key::Star(id, star.contact))?;
        }
        self.forget_keeping(id)?;
        self.put(Record::Retired(RetiredPrincipal { segment: user.principal.clone(), user: id }))?;
        self.remove(Key::User(id))
    }
}
