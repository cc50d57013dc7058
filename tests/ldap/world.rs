//! A small company behind the LDAP door, on a port of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ringbook::account::device::PhoneAccount;
use ringbook::account::networks::Networks;
use ringbook::account::{
    AnonymousAccess, OrganizationSettings, PresenceVisibility, Role, SecretHash, User,
};
use ringbook::auth::Authenticator;
use ringbook::contact::book::AddressBook;
use ringbook::contact::card::{CardBuilder, Field, FieldSet};
use ringbook::contact::{Book, ContactId, Draft, OrganizationId, Timestamp};
use ringbook::directory::{Directory, Edit, Request, new_id, system_clock};
use ringbook::ldap::{Door, Limits, serve};
use ringbook::net::gate::Gate;
use ringbook::net::rules::Rules;
use ringbook::net::{Listener, Net};
use ringbook::presence::{Presence, SILENCE_DEFAULT_S};
use ringbook::store::sqlite::SqliteStore;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// The suffix of the company, which is what most phones are set to.
pub(crate) const SUFFIX: &str = "dc=pbx,dc=com";
pub(crate) const PEOPLE: &str = "ou=people,dc=pbx,dc=com";
/// Who is in `ou=people`, in two orders.
pub(crate) const BY_NAME: [&str; 6] =
    ["Jane Doe", "John Smith", "Max Müller", "Nora Nobody", "Ryan Giggs", "Tom Riddle"];
pub(crate) const BY_SURNAME: [&str; 6] =
    ["Jane Doe", "Ryan Giggs", "Max Müller", "Nora Nobody", "Tom Riddle", "John Smith"];

/// A running door and what stands behind it.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) door: Arc<Door>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) organization: OrganizationId,
    /// Ends all connections.
    pub(crate) stop: CancellationToken,
}

/// The fields of a card.
pub(crate) type Values<'a> = &'a [(Field, &'a str)];

impl World {
    /// The company of `tests/ldap/phones.txt`.
    pub(crate) async fn start() -> Self {
        Self::start_with(Limits::default(), FieldSet::EMPTY).await
    }

    pub(crate) async fn start_with(limits: Limits, hidden_numbers: FieldSet) -> Self {
        let organizations =
            [("main", SUFFIX, "pbx.com"), ("other", "dc=other,dc=org", "other.org")];
        let organizations =
            organizations.map(|(id, suffix, domain)| settings(id, suffix, domain, hidden_numbers));
        let nobody = Arc::new(Presence::new(SILENCE_DEFAULT_S, Box::new(system_clock)));
        let (world, authenticator) = Self::open(&organizations, limits, nobody).await;
        world.fill(&authenticator).await;
        world
    }

    /// A door to the first of these organizations, which are empty.
    pub(crate) async fn open(
        organizations: &[OrganizationSettings],
        limits: Limits,
        presence: Arc<Presence>,
    ) -> (Self, Arc<Authenticator>) {
        let directory = Directory::open(Box::new(SqliteStore::in_memory().unwrap())).unwrap();
        let directory = Arc::new(directory);
        for settings in organizations {
            let edit = Edit::PutOrganization(Box::new(settings.clone()));
            directory.commit(Request::one(edit)).await.unwrap();
        }
        let organization = organizations[0].id.clone();
        let authenticator =
            Arc::new(Authenticator::new(Arc::clone(&directory), organization.clone()));
        let door = Door::new(
            Arc::clone(&directory),
            Arc::clone(&authenticator),
            organization.clone(),
            limits,
        );
        let net = Net::new(Gate::new(1000, 1000), Rules::loopback(), Duration::from_secs(30));
        let listener = Listener::bind("ldap", "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (address, stop) = (listener.address(), net.stopping());
        let door = Arc::new(door.with_presence(presence));
        let served = Arc::clone(&door);
        net.listen(listener, move |connection| serve(connection, Arc::clone(&served)));
        (Self { address, door, directory, organization, stop }, authenticator)
    }

    async fn fill(&self, authenticator: &Authenticator) {
        let (john, jane) = self.people().await;
        self.shared().await;
        for (owner, name) in [(john, "Jonas Privat"), (jane, "Josephine Privat")] {
            let card = [(Field::FormattedName, name), (Field::Mobile, "+49 170 5551234")];
            self.contact(Book::Personal(owner), &card).await;
        }
        self.unlisted().await;
        for (id, password) in [(john, "john-secret"), (jane, "jane-secret")] {
            let mut user = self.directory.snapshot().user(id).unwrap().clone();
            user.password = Some(hash(authenticator, password).await);
            self.edit(Edit::PutUser(user)).await;
        }
        for (name, books) in [("phones", vec![]), ("lobby", vec![AddressBook::PEOPLE])] {
            let secrets = vec![hash(authenticator, &format!("{name}-secret")).await];
            let phone = PhoneAccount::new(self.organization.clone(), name, secrets);
            self.edit(Edit::PutPhone(PhoneAccount { books, ..phone })).await;
        }
    }

    async fn people(&self) -> (ContactId, ContactId) {
        use Field::{Department, Email, FamilyName, GivenName, Home, Manager, Mobile, Work};
        let card = [
            (GivenName, "John"),
            (FamilyName, "Smith"),
            (Department, "Sales"),
            (Work, "+49 30 123101"),
            (Mobile, "0170 30666"),
            (Email, "john.smith@pbx.com"),
        ];
        let john = self.person(Some("101"), &card).await;
        let card = [
            (GivenName, "Jane"),
            (FamilyName, "Doe"),
            (Work, "030/1234567"),
            (Home, "+49 30 666"),
            (Manager, &john.to_string()),
            (Email, "jane@pbx.com"),
        ];
        let jane = self.person(Some("102"), &card).await;
        self.person(Some("103"), &[(GivenName, "Max"), (FamilyName, "Müller")]).await;
        self.person(Some("104"), &[(GivenName, "Tom"), (FamilyName, "Riddle")]).await;
        self.person(Some("110"), &[(GivenName, "Ryan"), (FamilyName, "Giggs")]).await;
        let card = [(GivenName, "Nora"), (FamilyName, "Nobody"), (Work, "0123 4567890")];
        self.person(None, &card).await;
        (john, jane)
    }

    async fn shared(&self) {
        use Field::{Company, FamilyName, FormattedName, GivenName, Kind, Note, Work};
        let company = [(Company, "Acme Supplies"), (Work, "+49 40 12345678")];
        let anna = [
            (GivenName, "Анна"),
            (FamilyName, "Иванова"),
            (Work, "+7 495 1234567"),
            (Note, "Meister"),
        ];
        let group = [(FormattedName, "All of us"), (Kind, "group")];
        for card in [&company[..], &anna, &group] {
            self.contact(Book::Shared, card).await;
        }
    }

    async fn unlisted(&self) {
        let id = new_id();
        let mut draft = self.draft(Book::People, &[(Field::FormattedName, "Jack Unlisted")]);
        draft.listed = false;
        self.edit(Edit::PutUser(self.user(id, Some("199"), None))).await;
        self.edit(Edit::PutContact { id, draft }).await;
    }

    /// A user with a card; the extension is on the card as well.
    pub(crate) async fn person(&self, extension: Option<&str>, values: Values<'_>) -> ContactId {
        let id = new_id();
        let number = extension.map(|extension| (Field::Extension, extension));
        let values: Vec<_> = number.into_iter().chain(values.iter().copied()).collect();
        let email = values.iter().find(|(field, _)| *field == Field::Email).map(|(_, text)| *text);
        self.edit(Edit::PutUser(self.user(id, extension, email))).await;
        self.edit(Edit::PutContact { id, draft: self.draft(Book::People, &values) }).await;
        id
    }

    pub(crate) async fn contact(&self, book: Book, values: Values<'_>) -> ContactId {
        let id = new_id();
        self.edit(Edit::PutContact { id, draft: self.draft(book, values) }).await;
        id
    }

    /// Lets everybody on this machine read the shared contacts.
    pub(crate) async fn open_shared(&self) {
        let networks = Networks::parse(["127.0.0.1/32"]).unwrap();
        let anonymous = Some(AnonymousAccess { books: vec![AddressBook::SHARED], networks });
        let settings = settings("main", SUFFIX, "pbx.com", FieldSet::EMPTY);
        let settings = OrganizationSettings { anonymous, ..settings };
        self.edit(Edit::PutOrganization(Box::new(settings))).await;
    }

    /// Many contacts in one commit.
    pub(crate) async fn crowd(&self, count: usize) {
        let edits = (0..count).map(|number| {
            let values =
                [(Field::GivenName, "Member"), (Field::FamilyName, &*format!("{number:05}"))];
            Edit::PutContact { id: new_id(), draft: self.draft(Book::Shared, &values) }
        });
        let request = Request { edits: edits.collect(), preconditions: Vec::new() };
        self.directory.commit(request).await.unwrap();
    }

    pub(crate) async fn edit(&self, edit: Edit) {
        self.directory.commit(Request::one(edit)).await.unwrap();
    }

    fn user(&self, id: ContactId, extension: Option<&str>, email: Option<&str>) -> User {
        User {
            id,
            organization: self.organization.clone(),
            extension: extension.map(Into::into),
            login: None,
            email: email.map(Into::into),
            role: Role::User,
            password: None,
            principal: extension.map_or_else(|| id.to_string(), |e| format!("{e}.main")).into(),
            listed_books: None,
            carddav_layout: None,
            presence: PresenceVisibility::Shown,
            created: Timestamp(0),
        }
    }

    fn draft(&self, book: Book, values: Values<'_>) -> Draft {
        let mut card = CardBuilder::default();
        for (field, value) in values {
            card.push(*field, value);
        }
        Draft {
            organization: self.organization.clone(),
            book,
            name: None,
            uid: None,
            card: card.finish().unwrap(),
            body: None,
            listed: true,
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) async fn hash(authenticator: &Authenticator, password: &str) -> SecretHash {
    authenticator.hash(Zeroizing::new(password.as_bytes().to_vec())).await.unwrap()
}

pub(crate) fn settings(
    id: &str,
    suffix: &str,
    domain: &str,
    hidden_numbers: FieldSet,
) -> OrganizationSettings {
    OrganizationSettings {
        name: "Example".into(),
        domain: domain.into(),
        suffix: suffix.into(),
        area_code: "30".into(),
        outside_line: "0".into(),
        language: "de".into(),
        hidden_numbers,
        ..OrganizationSettings::new(OrganizationId::from(id))
    }
}
