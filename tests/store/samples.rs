//! Records for tests, and short ways to write and read them.

use std::sync::Arc;

use ringbook::account::{BaseAlias, Layout, OrganizationSettings, RefusedWrites};
use ringbook::contact::book::{AddressBook, BookId, Group};
use ringbook::contact::card::{CardBuilder, Field, FieldSet};
use ringbook::contact::derived::{Derivation, KeypadSearch, NameOrder};
use ringbook::contact::number::Numbering;
use ringbook::contact::{Body, Book, Contact, OrganizationId, Revision, Timestamp};
use ringbook::directory::new_id;
use ringbook::store::{Change, Event, Record, Store, StoredContact};

/// Commits for somebody who knows everything.
pub(crate) fn commit(store: &mut dyn Store, changes: Vec<Change>) -> Revision {
    let (_, since) = load(store);
    let mut changes = Some(changes);
    store.commit(since, &mut |_, _| changes.take().unwrap()).unwrap()
}

/// The revision of the next commit.
pub(crate) fn next(store: &mut dyn Store) -> Revision {
    Revision(load(store).1.0 + 1)
}

pub(crate) fn load(store: &mut dyn Store) -> (Vec<Event>, Revision) {
    let mut events = Vec::new();
    let at = store.load(&mut |event| events.push(event)).unwrap();
    (events, at)
}

pub(crate) fn main() -> OrganizationId {
    OrganizationId::parse("main").unwrap()
}

pub(crate) fn organization() -> OrganizationSettings {
    OrganizationSettings {
        name: "Ringbook".into(),
        domain: "pbx.example".into(),
        suffix: "dc=pbx,dc=example".into(),
        area_code: "30".into(),
        outside_line: "0".into(),
        language: "de".into(),
        name_order: NameOrder::FamilyFirst,
        hidden_numbers: FieldSet::of(&[Field::Mobile]),
        base_aliases: vec![BaseAlias { base: "dc=phonebook".into(), book: AddressBook::All }],
        keypad_search: true,
        carddav_layout: Layout::Separate,
        people_on_devices_max: 7,
        refused_writes: RefusedWrites::Revert,
        ..OrganizationSettings::new(main())
    }
}

/// A department.
pub(crate) fn support() -> Group {
    BookId::parse("support").map(Group::Department).unwrap()
}

/// A contact as the directory makes it for the commit that has this revision.
pub(crate) fn contact(name: &str, book: Book, at: Revision) -> Contact {
    let mut card = CardBuilder::default();
    card.push(Field::GivenName, name).push(Field::Work, "030 555 1234");
    let card = card.finish().unwrap();
    let numbering = Numbering::new("DE", "30", "0").unwrap();
    Contact {
        id: new_id(),
        organization: main(),
        book,
        name: Some(format!("{name}.vcf").into()),
        uid: None,
        derived: Derivation::new(numbering, "de", NameOrder::FamilyFirst, KeypadSearch::Off)
            .derive(&card),
        card,
        body: Body::Written,
        photo: None,
        listed: true,
        groups: if book == Book::People { [support()].into() } else { Arc::default() },
        created: Timestamp(1),
        modified: Timestamp(2),
        revision: at,
        reduced_revision: Revision(at.0 / 2),
    }
}

pub(crate) fn stored(contact: &Contact, body: Option<&Arc<[u8]>>) -> Record {
    Record::Contact(StoredContact { contact: Arc::new(contact.clone()), body: body.cloned() })
}

pub(crate) fn put(contact: &Contact, body: Option<&Arc<[u8]>>) -> Change {
    Change::Put(stored(contact, body))
}
