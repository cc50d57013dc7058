//! A daemon over a store that holds secrets. Stores of different secrets are alike in all else, to the
//! revision and the identifiers.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ringbook::account::device::PhoneAccount;
use ringbook::account::group::{Member, SharedBook};
use ringbook::account::{OrganizationSettings, PresenceVisibility, Role, SecretHash, User};
use ringbook::auth::Authenticator;
use ringbook::config::{Config, Sources};
use ringbook::contact::book::{AddressBook, BookId, Group};
use ringbook::contact::card::{CardBuilder, Field, FieldSet};
use ringbook::contact::{Book, ContactId, Draft, OrganizationId, Revision, Timestamp};
use ringbook::daemon::{Daemon, Options};
use ringbook::directory::{Directory, Edit, Request};
use ringbook::store::sqlite::SqliteStore;
use tempfile::TempDir;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What the attackers may not learn. None: it is not there at all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Secret {
    /// The mobile number of Anna, which her organization hides from colleagues.
    pub(crate) mobile: Option<&'static str>,
    /// A user who is not listed, at extension 230, of department Support.
    pub(crate) unlisted: Option<&'static str>,
    /// A personal contact of Anna.
    pub(crate) personal: Option<&'static str>,
    /// A person, and a shared contact, of an organization that shares with nobody.
    pub(crate) stranger: Option<&'static str>,
    /// A contact in a shared book that Anna alone reads.
    pub(crate) restricted: Option<&'static str>,
    /// What Anna starred follows from it.
    pub(crate) device: Option<&'static str>,
}

pub(crate) const PASSWORD: &str = "correct horse";
pub(crate) const ANNA: u128 = 0xa;
pub(crate) const BERT: u128 = 0xb;
pub(crate) const UNLISTED: u128 = 0xc;
pub(crate) const PERSONAL: u128 = 0xd;
pub(crate) const STRANGER: u128 = 0xe;
pub(crate) const RESTRICTED: u128 = 0xf;
pub(crate) const STRANGE_SHARED: u128 = 0x10;
const ACME: u128 = 0x11;
const BOSS: u128 = 0x12;
const FILLER: u128 = 0x20;

/// The daemon of one secret.
pub(crate) struct World {
    /// Of the LDAP door.
    pub(crate) address: SocketAddr,
    pub(crate) http: SocketAddr,
    _folder: TempDir,
    daemon: Option<Daemon>,
}

fn contact_id(number: u128) -> ContactId {
    ContactId(Uuid::from_u128(number))
}

fn organization(id: &str) -> OrganizationId {
    OrganizationId::parse(id).unwrap()
}

fn settings(id: &str) -> Edit {
    Edit::PutOrganization(Box::new(OrganizationSettings {
        domain: format!("{id}.example"),
        suffix: format!("dc={id},dc=example"),
        area_code: "30".into(),
        hidden_numbers: FieldSet::of(&[Field::Mobile]),
        ..OrganizationSettings::new(organization(id))
    }))
}

fn draft(id: &str, book: Book, fields: &[(Field, &str)]) -> Draft {
    let mut card = CardBuilder::default();
    for (field, value) in fields {
        card.push(*field, value);
    }
    let (organization, card) = (organization(id), card.finish().unwrap());
    Draft { organization, book, name: None, uid: None, card, body: None, listed: true }
}

struct Filler<'a> {
    directory: &'a Directory,
    password: SecretHash,
}

impl Filler<'_> {
    /// One commit, so that the revisions of all worlds are the same.
    fn commit(&self, edit: Edit) {
        self.directory.commit_blocking(Request::one(edit)).unwrap();
    }

    fn put(&self, number: u128, draft: Draft) {
        self.commit(Edit::PutContact { id: contact_id(number), draft });
    }

    /// A commit that nobody of `acme` can see, instead of one that is not made.
    fn instead(&self, of: &str) {
        let name = format!("instead of {of}");
        let number = FILLER + u128::from(of.len() as u64);
        self.put(number, draft("rome", Book::Shared, &[(Field::FormattedName, &name)]));
    }

    fn user(&self, number: u128, extension: &str, role: Role, draft: Draft) {
        let user = User {
            id: contact_id(number),
            organization: draft.organization.clone(),
            extension: Some(extension.into()),
            login: None,
            email: None,
            role,
            password: Some(self.password.clone()),
            principal: format!("{extension}.{}", draft.organization).into(),
            listed_books: Some(vec![AddressBook::All, AddressBook::Favorites, support()]),
            carddav_layout: None,
            presence: PresenceVisibility::Shown,
            created: Timestamp(0),
        };
        self.put(number, draft);
        self.commit(Edit::PutUser(user));
    }

    fn everybody(&self, secret: &Secret) {
        let mut anna = vec![
            (Field::FormattedName, "Anna Adams"),
            (Field::Extension, "201"),
            (Field::Work, "+49 30 555 0001"),
            (Field::Department, "Support"),
        ];
        anna.extend(secret.mobile.map(|mobile| (Field::Mobile, mobile)));
        self.user(ANNA, "201", Role::User, draft("acme", Book::People, &anna));
        let bert = [
            (Field::FormattedName, "Bert"),
            (Field::Extension, "202"),
            (Field::Department, "Sales"),
        ];
        self.user(BERT, "202", Role::User, draft("acme", Book::People, &bert));
        let boss = [(Field::FormattedName, "Boss"), (Field::Extension, "900")];
        self.user(BOSS, "900", Role::Admin, draft("oslo", Book::People, &boss));
        self.put(ACME, draft("acme", Book::Shared, &[(Field::FormattedName, "Acme")]));
        let phone = PhoneAccount::new(organization("acme"), "sales", vec![self.password.clone()]);
        let sales = AddressBook::Group(Group::Department(BookId::parse("sales").unwrap()));
        self.commit(Edit::PutPhone(PhoneAccount { books: vec![sales], ..phone }));
    }

    fn secrets(&self, secret: &Secret) {
        let named = |id: &str, book, name: &str| {
            draft(id, book, &[(Field::FormattedName, name), (Field::Work, "+49 30 555 0777")])
        };
        match secret.unlisted {
            Some(name) => {
                let fields = [
                    (Field::FormattedName, name),
                    (Field::Extension, "230"),
                    (Field::Department, "Support"),
                ];
                let card = draft("acme", Book::People, &fields);
                self.user(UNLISTED, "230", Role::User, Draft { listed: false, ..card });
            }
            None => {
                self.instead("unlisted");
                self.instead("unlisted user");
            }
        }
        let contact = |number, of: Option<&'static str>, id: &str, book, what: &str| match of {
            Some(name) => self.put(number, named(id, book, name)),
            None => self.instead(what),
        };
        let personal = Book::Personal(contact_id(ANNA));
        contact(PERSONAL, secret.personal, "acme", personal, "personal contact");
        contact(STRANGER, secret.stranger, "rome", Book::People, "stranger at rome");
        contact(STRANGE_SHARED, secret.stranger, "rome", Book::Shared, "a shared stranger");
        let book = BookId::parse("board").unwrap();
        self.commit(Edit::PutSharedBook(SharedBook {
            organization: organization("acme"),
            id: book,
            name: secret.restricted.unwrap_or("Board").into(),
            readers: Some(vec![Member::User(contact_id(ANNA))]),
            writers: Vec::new(),
            revision: Revision(0),
        }));
        contact(
            RESTRICTED,
            secret.restricted,
            "acme",
            Book::SharedBook(book),
            "a contact of the board",
        );
        let starred = if secret.device.is_some() { ACME } else { BERT };
        let (user, contact) = (contact_id(ANNA), contact_id(starred));
        self.commit(Edit::Star { user, contact, starred: true });
    }
}

pub(crate) fn support() -> AddressBook {
    AddressBook::Group(Group::Department(BookId::parse("support").unwrap()))
}

fn noon() -> Timestamp {
    Timestamp(1_790_000_000)
}

impl World {
    pub(crate) async fn new(secret: &Secret) -> Self {
        let folder = TempDir::new().unwrap();
        fill(folder.path(), secret).await;
        let data = format!("data={}", folder.path().display());
        let settings = [
            data.as_str(),
            "organization.id=acme",
            "ldap.listen=127.0.0.1:0",
            "http.listen=127.0.0.1:0",
            "ldap.tls_listen=off",
            "http.tls_listen=off",
        ];
        let arguments = settings.iter().map(|text| (*text).to_owned()).collect();
        let config = Config::load(&Sources { arguments, ..Sources::default() }).unwrap();
        let daemon = Daemon::start(Options { config, ..Options::default() }).await.unwrap();
        let (address, http) = {
            let listening = daemon.listening();
            (listening.ldap.unwrap(), listening.http.unwrap())
        };
        Self { address, http, _folder: folder, daemon: Some(daemon) }
    }

    pub(crate) async fn stop(mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.stop().await;
        }
    }
}

/// Fills a store with the secrets and all that surrounds them.
async fn fill(folder: &Path, secret: &Secret) {
    let path = folder.join("ringbook.db");
    let store = SqliteStore::open(&path).unwrap();
    // The history has the same name in every world.
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute("UPDATE meta SET value = 'epoch' WHERE key = 'epoch'", []).unwrap();
    drop(file);
    let directory = Arc::new(Directory::open_with_clock(Box::new(store), noon).unwrap());
    let authenticator = Authenticator::new(Arc::clone(&directory), organization("acme"));
    let password = Zeroizing::new(PASSWORD.as_bytes().to_vec());
    let password = authenticator.hash(password).await.unwrap();
    let secret = *secret;
    let filled = tokio::task::spawn_blocking(move || {
        let filler = Filler { directory: &directory, password };
        filler.commit(settings("acme"));
        filler.commit(settings("rome"));
        filler.commit(settings("oslo"));
        filler.everybody(&secret);
        filler.secrets(&secret);
    });
    filled.await.unwrap();
}
