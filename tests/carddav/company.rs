//! What happens in the companies: departments, shared books, stars, settings, and a second company.

use ringbook::account::group::{Member, SharedBook};
use ringbook::account::{OrganizationSettings, Role, User};
use ringbook::contact::book::{BookId, Group};
use ringbook::contact::card::{CardBuilder, Field};
use ringbook::contact::{Book, ContactId, Draft, OrganizationId, Revision};
use ringbook::directory::{Edit, new_id};

use crate::world::{World, account, acme, draft};

pub(crate) fn beta() -> OrganizationId {
    OrganizationId::from("beta")
}

pub(crate) fn suppliers() -> Book {
    Book::SharedBook(BookId::parse("suppliers").unwrap())
}

pub(crate) fn department(id: &str) -> Group {
    Group::Department(BookId::parse(id).unwrap())
}

impl World {
    /// Changes the settings of acme.
    pub(crate) async fn set(&self, edit: impl FnOnce(&mut OrganizationSettings)) {
        self.set_of(&acme(), edit).await;
    }

    pub(crate) async fn set_of(
        &self,
        id: &OrganizationId,
        edit: impl FnOnce(&mut OrganizationSettings),
    ) {
        let mut settings = self.directory.snapshot().organization(id).unwrap().settings();
        edit(&mut settings);
        self.commit(vec![Edit::PutOrganization(Box::new(settings))]).await;
    }

    /// Changes an account of acme.
    pub(crate) async fn set_user(&self, extension: &str, edit: impl FnOnce(&mut User)) {
        let mut user = self.user(extension);
        edit(&mut user);
        self.commit(vec![Edit::PutUser(user)]).await;
    }

    /// Replaces the values of a field on a person's card.
    pub(crate) async fn write_on_card(&self, extension: &str, field: Field, values: &[&str]) {
        let id = self.user(extension).id;
        let edit = |draft: &mut Draft| {
            let mut card = draft.card.edit();
            card.replace(field, values.iter().copied());
            draft.card = card.finish().unwrap();
        };
        self.edit_person(id, edit).await;
    }

    /// Makes the shared book `suppliers`, or changes who reads and writes it.
    pub(crate) async fn suppliers(&self, readers: Option<Vec<Member>>, writers: Vec<Member>) {
        let (id, name) = (BookId::parse("suppliers").unwrap(), "R&D <suppliers>".into());
        let organization = acme();
        let revision = Revision(0);
        let book = SharedBook { organization, id, name, readers, writers, revision };
        self.commit(vec![Edit::PutSharedBook(book)]).await;
    }

    /// Puts a contact of acme into a book.
    pub(crate) async fn contact(&self, book: Book, name: &str) -> ContactId {
        let id = new_id();
        let mut card = CardBuilder::default();
        card.push(Field::FormattedName, name);
        let draft = draft(book, card);
        self.commit(vec![Edit::PutContact { id, draft }]).await;
        id
    }

    pub(crate) async fn star(&self, extension: &str, contact: ContactId, starred: bool) {
        let user = self.user(extension).id;
        self.commit(vec![Edit::Star { user, contact, starred }]).await;
    }

    /// Founds beta: Zoe (300), whose mobile number beta hides. Acme and beta share their people.
    pub(crate) async fn found_beta(&self) -> ContactId {
        let settings = OrganizationSettings {
            area_code: "40".into(),
            suffix: "dc=beta".into(),
            shares_with: vec![acme()],
            ..OrganizationSettings::new(beta())
        };
        self.commit(vec![Edit::PutOrganization(Box::new(settings))]).await;
        self.set(|acme| acme.shares_with = vec![beta()]).await;
        let id = new_id();
        let mut card = CardBuilder::default();
        card.push(Field::FormattedName, "Zoe Zander").push(Field::Extension, "300");
        card.push(Field::Work, "12345").push(Field::Mobile, "+49 171 300");
        let draft = Draft { organization: beta(), ..draft(Book::People, card) };
        let user = account(id, &beta(), "300", Role::User);
        self.commit(vec![Edit::PutContact { id, draft }, Edit::PutUser(user)]).await;
        id
    }

    /// Changes a person of beta.
    pub(crate) async fn edit_beta(&self, id: ContactId, edit: impl FnOnce(&mut Draft)) {
        let row = self.directory.snapshot().contact(&beta(), id).unwrap().shared();
        let new = draft(Book::People, row.card.edit());
        let mut draft = Draft { organization: beta(), listed: row.listed, ..new };
        edit(&mut draft);
        self.commit(vec![Edit::PutContact { id, draft }]).await;
    }

    /// The sync token of a user's book.
    pub(crate) async fn token(&self, extension: &str, book: &str) -> String {
        let rows = self.propfind(extension, &path(extension, book), 0, "<D:sync-token/>").await;
        rows.rows[0].found("D:sync-token").unwrap().to_owned()
    }
}

/// The path of a user's book.
pub(crate) fn path(extension: &str, book: &str) -> String {
    let merged = if book == "contacts" { ".merged" } else { "" };
    format!("/dav/homes/{extension}.acme{merged}/{book}/")
}
