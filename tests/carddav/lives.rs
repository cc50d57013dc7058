//! Random lives of two companies: clients that synchronize now and then end with what is there.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::proptest;
use ringbook::account::group::{Member, SharedBook};
use ringbook::account::{OrganizationSettings, Role, User};
use ringbook::contact::book::{BookId, Group};
use ringbook::contact::card::{CardBuilder, Field, FieldSet};
use ringbook::contact::{Book, ContactId, Draft, OrganizationId, Revision};
use ringbook::directory::{Edit, Request};
use ringbook::store::sqlite::SqliteStore;
use uuid::Uuid;

use crate::copies::{Client, content};
use crate::world::{World, account, acme, card, settings};

/// Who synchronizes: users 0 to 2 of acme.
const VIEWERS: [&str; 3] = ["200", "201", "202"];
/// What they synchronize.
const BOOKS: [&str; 10] = [
    "contacts",
    "personal",
    "shared",
    "shared-suppliers",
    "people",
    "favorites",
    "all",
    "department-support",
    "department-sales",
    "site-berlin",
];
/// People of acme; further ones are of the other company.
const OWN: usize = 5;
const PEOPLE: usize = 7;
/// Other contacts, which change their books.
const CONTACTS: usize = 4;

/// What happens.
#[derive(Clone, Debug)]
enum Deed {
    Name(usize, u8),
    Number(usize, Field, u8),
    Department(usize, Option<&'static str>),
    Site(usize, bool),
    Listed(usize, bool),
    RemovePerson,
    Star(usize, usize, bool),
    Put(usize, u8, u8),
    Remove(usize),
    Write(u8, u8),
    Delete(u8),
    Readers(u8),
    Hidden(bool, Vec<Field>),
    Consent(bool, bool),
    Prefix(bool),
    Role(Role),
    /// A user's own card of somebody, with the UID of theirs.
    Own(usize, u8),
    /// Whether there are too many people for devices.
    Crowd(bool),
}

impl Deed {
    /// Whether a collection's token may move although no card does: others could be seen, or otherwise.
    fn may_move(&self, path: &str) -> bool {
        if path.ends_with("/contacts/") {
            // A hidden member of a group, or a favorite of another organization, may have changed.
            return !matches!(self, Self::Hidden(..) | Self::Write(..) | Self::Put(..));
        }
        match self {
            Self::Role(_) | Self::Consent(..) | Self::Prefix(_) => true,
            // Somebody who is not seen may have the star.
            Self::Star(who, ..) => path.ends_with(&format!("{}.acme/favorites/", VIEWERS[*who])),
            _ => false,
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Do(Deed),
    /// Of a viewer and a book, with a limit of rows and of pages.
    Sync(usize, usize, Option<usize>, usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let department = prop_oneof![Just(None), Just(Some("Support")), Just(Some("Sales"))];
    let number = prop_oneof![Just(Field::Mobile), Just(Field::Home)];
    let hidden = prop_oneof![
        Just(vec![]),
        Just(vec![Field::Mobile]),
        Just(vec![Field::Mobile, Field::Home])
    ];
    let role = prop_oneof![Just(Role::User), Just(Role::OfficeManager), Just(Role::Admin)];
    let contact = 0..PEOPLE + CONTACTS;
    prop_oneof![
        (0..PEOPLE, 0..3_u8).prop_map(|(who, name)| Deed::Name(who, name)),
        (0..PEOPLE, number, 0..3_u8).prop_map(|(who, field, n)| Deed::Number(who, field, n)),
        (0..OWN, department).prop_map(|(who, name)| Deed::Department(who, name)),
        (0..OWN, any::<bool>()).prop_map(|(who, there)| Deed::Site(who, there)),
        (0..PEOPLE, any::<bool>()).prop_map(|(who, listed)| Deed::Listed(who, listed)),
        (0..VIEWERS.len(), contact, any::<bool>())
            .prop_map(|(who, what, on)| { Deed::Star(who, what, on) }),
        (0..CONTACTS, 0..3_u8, 0..3_u8).prop_map(|(at, book, name)| Deed::Put(at, book, name)),
        (0..CONTACTS).prop_map(Deed::Remove),
        (0..3_u8, 0..3_u8).prop_map(|(name, text)| Deed::Write(name, text)),
        (0..3_u8).prop_map(Deed::Delete),
        (0..4_u8).prop_map(Deed::Readers),
        (any::<bool>(), hidden).prop_map(|(own, fields)| Deed::Hidden(own, fields)),
        (any::<bool>(), any::<bool>()).prop_map(|(own, given)| Deed::Consent(own, given)),
        any::<bool>().prop_map(Deed::Prefix),
        role.prop_map(Deed::Role),
        (0..PEOPLE, 0..3_u8).prop_map(|(who, text)| Deed::Own(who, text)),
        any::<bool>().prop_map(Deed::Crowd),
        Just(Deed::RemovePerson),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let limit = prop_oneof![Just(None), (1..4_usize).prop_map(Some)];
    prop_oneof![
        2 => deed().prop_map(Step::Do),
        3 => (0..VIEWERS.len(), 0..BOOKS.len(), limit, 1..4_usize)
            .prop_map(|(who, book, limit, pages)| Step::Sync(who, book, limit, pages)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whoever_synchronizes_ends_with_what_is_there(steps in vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(live(steps));
    }
}

async fn live(steps: Vec<Step>) {
    let world = World::empty(SqliteStore::in_memory().unwrap());
    found(&world).await;
    let mut clients: Vec<Client> = (0..VIEWERS.len() * BOOKS.len()).map(client).collect();
    let mut before = photograph(&world).await;
    for step in steps {
        match step {
            Step::Sync(who, book, limit, pages) => {
                clients[who * BOOKS.len() + book].sync(&world, limit, pages).await;
            }
            Step::Do(deed) => {
                happen(&world, &deed).await;
                let after = photograph(&world).await;
                compare(&deed, &before, &after);
                before = after;
            }
        }
    }
    for client in &mut clients {
        client.sync(&world, None, 1).await;
        let there = &before[&client.path()];
        let there = there.as_ref().map(|there| there.cards.clone()).unwrap_or_default();
        assert_eq!(client.cards, there, "{}", client.path());
    }
}

#[tokio::test]
async fn a_restart_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let open = || SqliteStore::open(&folder.path().join("ringbook.db")).unwrap();
    let world = World::empty(open());
    found(&world).await;
    for deed in [Deed::Consent(true, true), Deed::Consent(false, true), Deed::Star(0, 5, true)] {
        happen(&world, &deed).await;
    }
    let first = photograph(&world).await;
    for deed in [
        Deed::Star(0, 1, true),
        Deed::Star(0, PEOPLE, true),
        Deed::Name(2, 1),
        Deed::Number(0, Field::Mobile, 1),
        Deed::Number(1, Field::Mobile, 1),
        Deed::Department(1, None),
        Deed::Site(3, true),
        Deed::Listed(3, false),
        Deed::Put(0, 1, 0),
        Deed::Put(1, 0, 0),
        Deed::Remove(1),
        Deed::Write(0, 0),
        Deed::Write(1, 0),
        Deed::Delete(1),
        Deed::Hidden(true, vec![Field::Mobile]),
        Deed::Listed(6, false),
        Deed::Name(5, 2),
        Deed::Star(0, 1, false),
        Deed::RemovePerson,
        Deed::Number(0, Field::Mobile, 2),
    ] {
        happen(&world, &deed).await;
    }
    let last = photograph(&world).await;
    let told = changes(&world, &first).await;
    drop(world);
    let world = World::empty(open());
    assert_eq!(photograph(&world).await, last);
    assert_eq!(changes(&world, &first).await, told);
}

/// What clients are told who know the collections as they were.
async fn changes(
    world: &World,
    known: &BTreeMap<String, Option<Picture>>,
) -> Vec<Vec<(String, Option<u16>)>> {
    let mut told = Vec::new();
    for mut client in (0..VIEWERS.len() * BOOKS.len()).map(client) {
        let Some(known) = &known[&client.path()] else { continue };
        client.token.clone_from(&known.token);
        let rows = client.ask(world, None).await.unwrap().rows.into_iter();
        let mut rows: Vec<_> = rows.map(|row| (row.href, row.status)).collect();
        rows.sort();
        told.push(rows);
    }
    told
}

/// A collection as somebody sees it.
#[derive(Clone, Debug, PartialEq)]
struct Picture {
    token: String,
    /// Href to entity tag and card.
    cards: BTreeMap<String, (String, String)>,
}

/// All collections as all viewers see them; None where there is none.
async fn photograph(world: &World) -> BTreeMap<String, Option<Picture>> {
    let mut pictures = BTreeMap::new();
    for client in (0..VIEWERS.len() * BOOKS.len()).map(client) {
        let answer = client.ask(world, None).await;
        let picture = answer.ok().map(|answer| Picture {
            cards: answer.rows.iter().map(|row| (row.href.clone(), content(row))).collect(),
            token: answer.token,
        });
        pictures.insert(client.path(), picture);
    }
    pictures
}

/// Tokens move with what is seen and not otherwise; so do entity tags.
fn compare(
    deed: &Deed,
    before: &BTreeMap<String, Option<Picture>>,
    after: &BTreeMap<String, Option<Picture>>,
) {
    for (path, after) in after {
        let (Some(before), Some(after)) = (&before[path], after) else { continue };
        let same = before.cards == after.cards;
        if !same || !deed.may_move(path) {
            assert_eq!(before.token == after.token, same, "{path} {deed:?} {before:#?} {after:#?}");
        }
        for (href, (tag, card)) in &after.cards {
            let Some((old_tag, old_card)) = before.cards.get(href) else { continue };
            if old_card != card || !matches!(deed, Deed::Role(_)) {
                assert_eq!(old_tag == tag, old_card == card, "{href} {deed:?}");
            }
        }
    }
}

fn beta() -> OrganizationId {
    OrganizationId::from("beta")
}

fn organization(who: usize) -> OrganizationId {
    if who < OWN { acme() } else { beta() }
}

fn id(at: usize) -> ContactId {
    ContactId(Uuid::from_u128(0x1000 + at as u128))
}

fn client(at: usize) -> Client {
    Client::new(VIEWERS[at / BOOKS.len()], BOOKS[at % BOOKS.len()])
}

/// Both companies, with all their people.
async fn found(world: &World) {
    let here = OrganizationSettings { hidden_numbers: FieldSet::EMPTY, ..settings() };
    world.commit(vec![Edit::PutOrganization(Box::new(here))]).await;
    let beta = OrganizationSettings {
        area_code: "40".into(),
        suffix: "dc=beta".into(),
        ..OrganizationSettings::new(beta())
    };
    world.commit(vec![Edit::PutOrganization(Box::new(beta))]).await;
    for who in 0..PEOPLE {
        let mut card = CardBuilder::default();
        let extension = format!("20{who}");
        card.push(Field::FormattedName, &format!("Person {who}"));
        card.push(Field::Extension, &extension);
        let role = [Role::User, Role::OfficeManager, Role::Admin].get(who).copied();
        let user = account(id(who), &organization(who), &extension, role.unwrap_or(Role::User));
        let draft = draft(organization(who), Book::People, card);
        world.commit(vec![put(id(who), draft), Edit::PutUser(user)]).await;
    }
    world.commit(vec![Edit::PutSharedBook(suppliers(0))]).await;
    for (who, department) in [(0, "Support"), (1, "Sales")] {
        happen(world, &Deed::Department(who, Some(department))).await;
    }
}

fn draft(organization: OrganizationId, book: Book, card: CardBuilder) -> Draft {
    let card = card.finish().unwrap();
    Draft { organization, ..crate::world::draft(book, card.edit()) }
}

fn put(id: ContactId, draft: Draft) -> Edit {
    Edit::PutContact { id, draft }
}

fn suppliers(readers: u8) -> SharedBook {
    let readers = match readers {
        0 => None,
        1 => Some(vec![Member::User(id(0))]),
        2 => Some(vec![Member::Group(Group::Department(BookId::parse("support").unwrap()))]),
        _ => Some(Vec::new()),
    };
    let (id, name) = (BookId::parse("suppliers").unwrap(), "Suppliers".into());
    let organization = acme();
    SharedBook { organization, id, name, readers, writers: Vec::new(), revision: Revision(0) }
}

async fn happen(world: &World, deed: &Deed) {
    let snapshot = world.directory.snapshot();
    let person = |who: usize, edit: &dyn Fn(&mut Draft)| {
        let row = snapshot.contact(&organization(who), id(who))?;
        let mut draft = draft(organization(who), Book::People, row.card.edit());
        draft.listed = row.listed;
        edit(&mut draft);
        Some(put(id(who), draft))
    };
    let card = |who: usize, field: Field, values: &[&str]| {
        person(who, &|draft| {
            let mut card = draft.card.edit();
            card.replace(field, values.iter().copied());
            draft.card = card.finish().unwrap();
        })
    };
    let settings = |own: bool, edit: &dyn Fn(&mut OrganizationSettings)| {
        let id = if own { acme() } else { beta() };
        let mut settings = snapshot.organization(&id).unwrap().settings();
        edit(&mut settings);
        Some(Edit::PutOrganization(Box::new(settings)))
    };
    let edit = match *deed {
        Deed::Name(who, name) => card(who, Field::FormattedName, &[&format!("P {who} {name}")]),
        Deed::Number(who, field, 0) => card(who, field, &[]),
        Deed::Number(who, field, n) => card(who, field, &[&format!("+49 170 5550{n}")]),
        Deed::Department(who, name) => card(who, Field::Department, name.as_slice()),
        Deed::Site(who, there) => card(who, Field::Site, if there { &["Berlin"] } else { &[] }),
        Deed::Listed(who, listed) => person(who, &|draft| draft.listed = listed),
        Deed::RemovePerson => Some(Edit::RemoveUser(id(OWN - 1))),
        Deed::Star(who, what, starred) => {
            Some(Edit::Star { user: id(who), contact: id(what), starred })
        }
        Deed::Crowd(is_large) => {
            settings(true, &|s| s.people_on_devices_max = if is_large { 2 } else { 5000 })
        }
        Deed::Put(at, book, name) => {
            let suppliers = Book::SharedBook(BookId::parse("suppliers").unwrap());
            let books = [Book::Shared, suppliers, Book::Personal(id(0))];
            let mut card = CardBuilder::default();
            card.push(Field::FormattedName, &format!("Contact {at} {name}"));
            // The UIDs of the first three are those that a client gives to cards of its own.
            let uid = (at < 3).then(|| format!("UID-{at}").into());
            let draft = Draft { uid, ..draft(acme(), books[usize::from(book)], card) };
            Some(put(id(PEOPLE + at), draft))
        }
        Deed::Remove(at) => Some(Edit::RemoveContact(id(PEOPLE + at))),
        Deed::Write(..) | Deed::Delete(_) | Deed::Own(..) => return write(world, deed).await,
        Deed::Readers(readers) => Some(Edit::PutSharedBook(suppliers(readers))),
        Deed::Hidden(own, ref fields) => {
            settings(own, &|s| s.hidden_numbers = FieldSet::of(fields))
        }
        Deed::Consent(own, given) => settings(own, &|settings| {
            let other = if own { beta() } else { acme() };
            settings.shares_with = given.then_some(other).into_iter().collect();
        }),
        Deed::Prefix(there) => settings(false, &|settings| {
            settings.inter_organization_prefix = if there { "77".into() } else { String::new() };
        }),
        Deed::Role(role) => {
            Some(Edit::PutUser(User { role, ..snapshot.user(id(0)).unwrap().clone() }))
        }
    };
    // What is impossible does not happen.
    let request = Request { edits: edit.into_iter().collect(), preconditions: Vec::new() };
    drop(world.directory.commit(request).await);
}

/// What a client does in its own book.
async fn write(world: &World, deed: &Deed) {
    let path = |name: String| format!("/dav/homes/200.acme/personal/{name}.vcf");
    let request = match deed {
        Deed::Write(name, text) => {
            let card = card(&format!("UID-{name}"), &format!("Text {text}"));
            format!("PUT {}\n\n{card}", path(name.to_string()))
        }
        Deed::Delete(name) => format!("DELETE {}", path(name.to_string())),
        Deed::Own(who, 0) => format!("DELETE {}", path(format!("own-{who}"))),
        Deed::Own(who, text) => {
            let card = card(&id(*who).to_string().to_uppercase(), &format!("Own {text}"));
            format!("PUT {}\n\n{card}", path(format!("own-{who}")))
        }
        _ => return,
    };
    let status = world.send("200", &request).await.status;
    assert!(status.is_success() || status == 404 || status == 403, "{status}");
}
