//! Principals (RFC 3744 2, 4): the user who asks, and the colleagues whom they see.

use std::borrow::Cow;
use std::sync::Arc;

use crate::account::User;
use crate::carddav::answer::multistatus::escape;
use crate::carddav::answer::place::reports;
use crate::carddav::answer::property::Property;
use crate::carddav::answer::value::{close, created, href, open, text, value};
use crate::carddav::book::path::{DIRECTORY, Resource};
use crate::carddav::book::privilege::{self, Rights};
use crate::carddav::book::view::Session;
use crate::contact::Book;
use crate::contact::book::AddressBook;
use crate::contact::card::{Card, Field};

const PEOPLE: AddressBook = AddressBook::Home(Book::People);

impl Session {
    /// The user of a principal: the asker, or a listed person of the same organization whom the asker
    /// sees. Nobody learns of others, and of nobody else's home.
    pub(crate) fn user_of(&self, principal: &str) -> Option<&User> {
        if *principal == *self.user.principal {
            return Some(&self.user);
        }
        let user = self.snapshot.user_by_principal(principal)?;
        let here = user.organization == self.user.organization;
        (here && self.sight()?.member(PEOPLE, user.id).is_some()).then_some(user)
    }
}

/// What a user is called; one without a name by the path segment.
pub(crate) fn name_of(session: &Session, user: &User) -> String {
    let card = session.snapshot.contact(&user.organization, user.id);
    match card.map(|row| row.contact().card.formatted_name()).filter(|name| !name.is_empty()) {
        Some(name) => name.to_owned(),
        None => user.principal.to_string(),
    }
}

/// Hands on what the asker sees of a user's card.
fn with_card(session: &Arc<Session>, user: &User, use_it: impl FnOnce(&Card)) {
    let Some(row) = session.snapshot.contact(&user.organization, user.id) else { return };
    let people = session.book(&session.user.principal, PEOPLE);
    let card = match &people {
        Some(view) => view.card(row.contact()),
        None if user.id == session.user.id => Cow::Borrowed(&row.contact().card),
        None => return,
    };
    use_it(&card);
}

/// Appends a property of a principal; false where it has none of that name.
pub(crate) fn property(
    session: &Arc<Session>,
    user: &User,
    property: Property,
    out: &mut Vec<u8>,
) -> bool {
    let own = user.id == session.user.id;
    let own_href = || Resource::Principal(user.principal.clone()).href(&**session);
    let rights = if own { Rights::Properties } else { Rights::Read };
    match property {
        // No collection: macOS takes a principal that is one for a place of books.
        Property::ResourceType => value(property, "<principal/>", out),
        Property::DisplayName => text(property, &name_of(session, user), out),
        Property::PrincipalUrl | Property::Owner => href(property, &own_href(), out),
        Property::AddressBookHomeSet if own => href(property, &session.home_href(), out),
        Property::DirectoryGateway if own => {
            let directory = Resource::Book(DIRECTORY.into(), AddressBook::All);
            href(property, &directory.href(&**session), out);
        }
        Property::CreationDate if own => return created(user.created, out),
        Property::PrincipalAddress => return address(session, user, out),
        Property::ResourceId => href(property, &format!("urn:uuid:{}", user.id), out),
        Property::SupportedReportSet => value(property, &reports(&[]), out),
        // Nobody is a member of another principal.
        Property::GroupMembership | Property::GroupMemberSet | Property::AlternateUriSet => {
            value(property, "", out);
        }
        Property::EmailAddressSet => emails(session, user, out),
        Property::FirstName => return of_card(session, user, (property, Field::GivenName), out),
        Property::LastName => return of_card(session, user, (property, Field::FamilyName), out),
        property => return privilege::property(session, rights, property, out),
    }
    true
}

/// The user's card (RFC 6352 7.1.2) among the people, as the asker sees it.
fn address(session: &Arc<Session>, user: &User, out: &mut Vec<u8>) -> bool {
    let people = session.book(&session.user.principal, PEOPLE);
    let sight = session.sight();
    let row = sight.as_ref().and_then(|sight| sight.member(PEOPLE, user.id));
    let Some((people, row)) = people.zip(row) else { return false };
    href(Property::PrincipalAddress, &people.card_href(&row.resource_name()), out);
    true
}

fn emails(session: &Arc<Session>, user: &User, out: &mut Vec<u8>) {
    open(Property::EmailAddressSet, out);
    with_card(session, user, |card| {
        for email in card.all(Field::Email) {
            out.extend_from_slice(b"<CS:email-address>");
            escape(email.as_bytes(), out);
            out.extend_from_slice(b"</CS:email-address>");
        }
    });
    close(Property::EmailAddressSet, out);
}

fn of_card(
    session: &Arc<Session>,
    user: &User,
    (property, field): (Property, Field),
    out: &mut Vec<u8>,
) -> bool {
    let mut found = false;
    with_card(session, user, |card| {
        if let Some(first) = card.first(field) {
            text(property, first, out);
            found = true;
        }
    });
    found
}
