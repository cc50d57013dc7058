//! The demo company: about 80 people, shared and personal contacts, and accounts to try.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::account::device::PhoneAccount;
use crate::account::group::{Member, SharedBook};
use crate::account::{OrganizationSettings, PresenceVisibility, Role, SecretHash, User};
use crate::auth::{Authenticator, HashError};
use crate::contact::book::{AddressBook, BookId, GroupKind};
use crate::contact::card::{Card, CardBuilder, Field, FieldSet, NamelessCard};
use crate::contact::{Book, ContactId, Draft, OrganizationId, Revision, UserId};
use crate::directory::{CommitError, Directory, Edit, Request, new_id, system_clock};
use crate::photo::Unusable;
use crate::photo::portrait::portrait;

/// `given name|family name|department|site|title|local part of the e-mail`; the extensions count
/// up from [`FIRST_EXTENSION`]. The first of a department leads it.
const PEOPLE: &str = include_str!("people.txt");
/// `book|given name|family name|company|number|e-mail|note`; a book is `shared`, a further shared
/// one, or an extension.
const CONTACTS: &str = include_str!("contacts.txt");

const FIRST_EXTENSION: usize = 200;
/// Extensions that can sign in, with `demo-EXTENSION`.
const ACCOUNTS: [(&str, Role); 3] =
    [("200", Role::Admin), ("201", Role::User), ("202", Role::OfficeManager)];
/// Who starred whom: extensions, and names of shared contacts.
const STARS: [(&str, &str); 7] = [
    ("200", "201"),
    ("200", "Steuerbüro Ahlers"),
    ("201", "202"),
    ("201", "205"),
    ("201", "Taxi Berlin"),
    ("202", "201"),
    ("202", "Hausmeister"),
];
/// How many people have a photo, from the first on.
const PORTRAITS: u32 = 8;
/// A further shared book: the buyers read it, and their leader writes it.
const SUPPLIERS: (&str, &str) = ("suppliers", "Lieferanten");
const SUPPLIERS_READERS: &str = "Einkauf";
const SUPPLIERS_WRITER: &str = "204";
/// The phone account and its secret.
const PHONES: &str = "phones";

/// Why the demo could not be filled in.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("the store holds other organizations already; use an empty data folder (--data DIR)")]
    NotEmpty,
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Photo(#[from] Unusable),
    #[error("a line of the demo is wrong: {0}")]
    Line(&'static str),
}

/// The demo company.
pub fn organization() -> OrganizationSettings {
    OrganizationSettings {
        name: "Demo GmbH".to_owned(),
        domain: "pbx.example".to_owned(),
        suffix: "dc=pbx,dc=example".to_owned(),
        region: "DE".to_owned(),
        area_code: "30".to_owned(),
        language: "de".to_owned(),
        self_edit: FieldSet::of(&[Field::Mobile, Field::Home, Field::Title, Field::Note]),
        self_edit_photo: true,
        listed_books: vec![AddressBook::Favorites],
        ..OrganizationSettings::new(OrganizationId::from("demo"))
    }
}

/// Fills an empty store. A demo store stays as it is, with what was done in it.
///
/// # Errors
/// [`DemoError::NotEmpty`] where the store holds anything else.
pub async fn fill(directory: &Directory, authenticator: &Authenticator) -> Result<(), DemoError> {
    let settings = organization();
    let id = settings.id.clone();
    let snapshot = directory.snapshot();
    if snapshot.organizations().any(|other| other.id != id) {
        return Err(DemoError::NotEmpty);
    }
    if snapshot.users(&id).next().is_some() {
        return Ok(());
    }
    if snapshot.organization(&id).is_none() {
        directory.commit(Request::one(Edit::PutOrganization(Box::new(settings)))).await?;
    }
    let company = Company { id, domain: "pbx.example" };
    let (first, second, third, phones) = tokio::join!(
        hash(authenticator, "demo-200"),
        hash(authenticator, "demo-201"),
        hash(authenticator, "demo-202"),
        hash(authenticator, PHONES),
    );
    let people = company.people([first?, second?, third?])?;
    let contacts = company.contacts(&people)?;
    let phone = PhoneAccount::new(company.id.clone(), PHONES, vec![phones?]);
    let mut edits = vec![Edit::PutPhone(phone)];
    let stars = stars(&people, &contacts)?;
    let suppliers = company.suppliers(&people)?;
    for (number, (user, card)) in (0..).zip(people) {
        let id = user.id;
        edits.push(company.put(id, Book::People, card));
        edits.push(Edit::PutUser(user));
        if number < PORTRAITS {
            edits.push(Edit::PutPhoto { id, picture: Some(Arc::new(portrait(number)?)) });
        }
    }
    // A book needs its readers, a contact its book or owner, a star its contact.
    edits.push(suppliers);
    edits.extend(contacts);
    edits.extend(stars);
    directory.commit(Request { edits, preconditions: Vec::new() }).await?;
    Ok(())
}

async fn hash(authenticator: &Authenticator, password: &str) -> Result<SecretHash, HashError> {
    authenticator.hash(Zeroizing::new(password.as_bytes().to_vec())).await
}

/// The user of an extension.
fn of_extension(people: &[(User, Card)], extension: &str) -> Option<UserId> {
    let found = people.iter().find(|(user, _)| user.extension.as_deref() == Some(extension));
    found.map(|(user, _)| user.id)
}

fn stars(people: &[(User, Card)], contacts: &[Edit]) -> Result<Vec<Edit>, DemoError> {
    let named = |name: &str| {
        contacts.iter().find_map(|edit| match edit {
            Edit::PutContact { id, draft } => (draft.card.formatted_name() == name).then_some(*id),
            _ => None,
        })
    };
    let star = |(user, starred): (&'static str, &'static str)| {
        let contact = of_extension(people, starred).or_else(|| named(starred));
        let (user, contact) = of_extension(people, user).zip(contact)?;
        Some(Edit::Star { user, contact, starred: true })
    };
    STARS.into_iter().map(|line| star(line).ok_or(DemoError::Line(line.1))).collect()
}

struct Company {
    id: OrganizationId,
    domain: &'static str,
}

impl Company {
    /// The users with their cards; the first three get these passwords.
    fn people(&self, passwords: [SecretHash; 3]) -> Result<Vec<(User, Card)>, DemoError> {
        let mut passwords = passwords.into_iter();
        let mut leaders: Vec<(&str, UserId)> = Vec::new();
        let mut people = Vec::new();
        for (at, line) in PEOPLE.lines().enumerate() {
            let wrong = || DemoError::Line(line);
            let [given, family, department, site, title, mail] = fields(line).ok_or_else(wrong)?;
            let id = new_id();
            let mut builder = CardBuilder::default();
            builder.push(Field::FormattedName, &formatted(given, family));
            builder.push(Field::GivenName, given).push(Field::FamilyName, family);
            builder.push(Field::Company, "Demo GmbH").push(Field::Department, department);
            builder.push(Field::Site, site).push(Field::Title, title);
            let (extension, email) = self.numbers(at, mail, &mut builder);
            let leader = leaders.iter().find(|(led, _)| *led == department);
            if let Some((_, leader)) = leader.or_else(|| leaders.first()) {
                builder.push(Field::Manager, &leader.to_string());
            }
            if leader.is_none() {
                leaders.push((department, id));
            }
            let account = ACCOUNTS.iter().find(|(found, _)| *found == extension);
            let user = User {
                id,
                organization: self.id.clone(),
                principal: format!("{extension}.{}", self.id).into(),
                extension: Some(extension.into()),
                login: None,
                email: Some(email.into()),
                role: account.map_or(Role::User, |(_, role)| *role),
                password: account.and_then(|_| passwords.next()),
                listed_books: None,
                carddav_layout: None,
                presence: PresenceVisibility::Shown,
                created: system_clock(),
            };
            people.push((user, builder.finish().map_err(|NamelessCard| wrong())?));
        }
        Ok(people)
    }

    /// Adds what can be dialled; gives extension and e-mail.
    fn numbers(&self, at: usize, mail: &str, builder: &mut CardBuilder) -> (String, String) {
        let extension = (FIRST_EXTENSION + at).to_string();
        let email = format!("{mail}@{}", self.domain);
        builder.push(Field::Extension, &extension);
        builder.push(Field::Work, &format!("+49 30 555 {at:04}"));
        if at % 3 == 1 {
            builder.push(Field::Mobile, &format!("0151 555{:05}", 20_000 + 7 * at));
        }
        builder.push(Field::Email, &email);
        (extension, email)
    }

    fn contacts(&self, people: &[(User, Card)]) -> Result<Vec<Edit>, DemoError> {
        let book = |name: &str| match AddressBook::parse(name, None) {
            Some(AddressBook::Home(book)) => Some(book),
            _ => of_extension(people, name).map(Book::Personal),
        };
        let contact = |line: &'static str| {
            let wrong = || DemoError::Line(line);
            let [home, given, family, company, number, email, note] =
                fields(line).ok_or_else(wrong)?;
            let mut builder = CardBuilder::default();
            builder.push(Field::GivenName, given).push(Field::FamilyName, family);
            builder.push(Field::Company, company).push(Field::Work, number);
            builder.push(Field::Email, email).push(Field::Note, note);
            let card = builder.finish().map_err(|NamelessCard| wrong())?;
            Ok(self.put(new_id(), book(home).ok_or_else(wrong)?, card))
        };
        CONTACTS.lines().map(contact).collect()
    }

    fn suppliers(&self, people: &[(User, Card)]) -> Result<Edit, DemoError> {
        let (id, name) = SUPPLIERS;
        let wrong = || DemoError::Line(name);
        let readers = GroupKind::Department.group(BookId::of_name(SUPPLIERS_READERS, |_| false));
        let writer = of_extension(people, SUPPLIERS_WRITER).ok_or_else(wrong)?;
        Ok(Edit::PutSharedBook(SharedBook {
            organization: self.id.clone(),
            id: BookId::parse(id).ok_or_else(wrong)?,
            name: name.into(),
            readers: Some(vec![Member::Group(readers)]),
            writers: vec![Member::User(writer)],
            revision: Revision(0),
        }))
    }

    fn put(&self, id: ContactId, book: Book, card: Card) -> Edit {
        let organization = self.id.clone();
        let (name, uid, body) = (None, None, None::<Arc<[u8]>>);
        Edit::PutContact {
            id,
            draft: Draft { organization, book, name, uid, card, body, listed: true },
        }
    }
}

fn fields<const N: usize>(line: &'static str) -> Option<[&'static str; N]> {
    line.split('|').collect::<Vec<_>>().try_into().ok()
}

/// Chinese and Japanese names are written family name first, without a space.
fn formatted(given: &str, family: &str) -> String {
    let ideographic = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    if family.contains(ideographic) {
        format!("{family}{given}")
    } else {
        format!("{given} {family}")
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::account::device::Door;
    use crate::auth::Peer;
    use crate::store::sqlite::SqliteStore;

    const HERE: Peer =
        Peer { door: Door::Ldap, address: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false };

    fn empty() -> (Arc<Directory>, Authenticator) {
        let directory = Directory::open(Box::new(SqliteStore::in_memory().unwrap())).unwrap();
        let directory = Arc::new(directory);
        (Arc::clone(&directory), Authenticator::new(directory, OrganizationId::from("demo")))
    }

    #[tokio::test]
    async fn the_demo_is_as_documented() {
        let (directory, authenticator) = empty();
        fill(&directory, &authenticator).await.unwrap();
        let snapshot = directory.snapshot();
        let demo = OrganizationId::from("demo");
        assert_eq!(snapshot.count(&demo, Book::People.into()), 80);
        assert_eq!(snapshot.count(&demo, Book::Shared.into()), 9);
        let suppliers = BookId::parse("suppliers").unwrap();
        assert_eq!(snapshot.count(&demo, Book::SharedBook(suppliers).into()), 4);
        let groups = snapshot.groups(&demo).map(|record| record.group.kind());
        let groups: Vec<GroupKind> = groups.collect();
        assert_eq!(groups.iter().filter(|kind| **kind == GroupKind::Department).count(), 5);
        assert_eq!(groups.len(), 8);
        for (login, role) in ACCOUNTS {
            let password = format!("demo-{login}");
            let principal = authenticator.sign_in(login, password.as_bytes(), HERE).await.unwrap();
            assert_eq!(principal.role, role, "{login}");
            let personal = Book::Personal(principal.user().unwrap());
            assert!(snapshot.count(&demo, personal.into()) > 0, "{login}");
            assert!(snapshot.stars(principal.user().unwrap()).count() > 1, "{login}");
        }
        let phones = "cn=phones,ou=services,dc=pbx,dc=example";
        authenticator.sign_in(phones, b"phones", HERE).await.unwrap();
        let anna = snapshot.user_by_login(&demo, "anna.adams@pbx.example").unwrap();
        let card = snapshot.contact(&demo, anna.id).unwrap();
        assert_eq!(card.card.formatted_name(), "Anna Adams");
        assert_eq!(card.card.first(Field::Work), Some("+49 30 555 0001"));
    }

    #[tokio::test]
    async fn a_demo_store_is_kept_and_another_one_refused() {
        let (directory, authenticator) = empty();
        fill(&directory, &authenticator).await.unwrap();
        let revision = directory.snapshot().revision();
        fill(&directory, &authenticator).await.unwrap();
        assert_eq!(directory.snapshot().revision(), revision);

        let (directory, authenticator) = empty();
        let main = OrganizationSettings { id: OrganizationId::from("main"), ..organization() };
        directory.commit(Request::one(Edit::PutOrganization(Box::new(main)))).await.unwrap();
        let refused = fill(&directory, &authenticator).await;
        assert!(matches!(refused, Err(DemoError::NotEmpty)));
    }
}
