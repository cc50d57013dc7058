//! The values of properties, but for what differs from card to card.

use crate::account::group::PersonalBook;
use crate::carddav::answer::multistatus::escape;
use crate::carddav::answer::place::reports;
use crate::carddav::answer::property::Property;
use crate::carddav::book::path::Resource;
use crate::carddav::book::principal::name_of;
use crate::carddav::book::privilege::{self, Rights};
use crate::carddav::book::quota;
use crate::carddav::book::view::{Session, View};
use crate::carddav::report::token::SyncToken;
use crate::contact::book::{AddressBook, Group};
use crate::contact::{Book, Contact, Timestamp};

/// Larger cards are refused, in bytes.
pub(crate) const CARD_BYTES_MAX: usize = 10 << 20;

/// The largest image that a card of the largest size holds in base64, with room for the rest, in bytes.
const IMAGE_BYTES_MAX: usize = 7 << 20;

/// What is asked of any number of cards of a book.
const BOOK_REPORTS: &[&str] = &["sync-collection", "C:addressbook-multiget", "C:addressbook-query"];
/// What is asked of one card, and of the book that is only searched.
const CARD_REPORTS: &[&str] = &["C:addressbook-multiget", "C:addressbook-query"];

const COLLATIONS: &str = "<C:supported-collation>i;ascii-casemap</C:supported-collation>\
    <C:supported-collation>i;unicode-casemap</C:supported-collation>";

/// What clients write is kept as it is, in either version.
const ADDRESS_DATA: &str = "<C:address-data-type content-type=\"text/vcard\" version=\"3.0\"/>\
    <C:address-data-type content-type=\"text/vcard\" version=\"4.0\"/>";

pub(crate) fn open(property: Property, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(property.name().as_bytes());
    out.push(b'>');
}

/// As [`open`], with attributes that need no escaping and begin with a space.
pub(crate) fn open_with(property: Property, attributes: &str, out: &mut Vec<u8>) {
    open(property, out);
    if !attributes.is_empty() {
        out.pop();
        out.extend_from_slice(attributes.as_bytes());
        out.push(b'>');
    }
}

pub(crate) fn close(property: Property, out: &mut Vec<u8>) {
    out.extend_from_slice(b"</");
    out.extend_from_slice(property.name().as_bytes());
    out.push(b'>');
}

pub(crate) fn value(property: Property, inner: &str, out: &mut Vec<u8>) {
    open(property, out);
    out.extend_from_slice(inner.as_bytes());
    close(property, out);
}

pub(crate) fn text(property: Property, inner: &str, out: &mut Vec<u8>) {
    open(property, out);
    escape(inner.as_bytes(), out);
    close(property, out);
}

pub(crate) fn href(property: Property, path: &str, out: &mut Vec<u8>) {
    open(property, out);
    out.extend_from_slice(b"<href>");
    escape(path.as_bytes(), out);
    out.extend_from_slice(b"</href>");
    close(property, out);
}

/// Appends when something was made; false where that is not known.
pub(crate) fn created(time: Timestamp, out: &mut Vec<u8>) -> bool {
    let time = jiff::Timestamp::from_second(time.0).ok().filter(|_| time.0 > 0);
    let Some(time) = time else { return false };
    value(Property::CreationDate, &time.to_string(), out);
    true
}

/// Appends a property that every resource has alike; false where it is another one.
pub(crate) fn of_anything(session: &Session, property: Property, out: &mut Vec<u8>) -> bool {
    match property {
        Property::CurrentUserPrincipal => href(property, &session.principal_href(), out),
        Property::PrincipalCollectionSet => {
            href(property, &Resource::Principals.href(session), out)
        }
        _ => return false,
    }
    true
}

/// Appends a property that is the same for all cards of a book.
pub(crate) fn of_any_card(view: &View, property: Property, out: &mut Vec<u8>) {
    let session = &view.session;
    match property {
        Property::GetContentType => value(property, "text/vcard; charset=utf-8", out),
        Property::SupportedReportSet => value(property, &reports(CARD_REPORTS), out),
        Property::Owner => owner(view, out),
        _ if of_anything(session, property, out) => {}
        _ if privilege::property(session, Rights::in_book(view), property, out) => {}
        property => value(property, "", out),
    }
}

/// Whether a property depends on the home of a card.
pub(crate) fn is_of_home(property: Property) -> bool {
    matches!(property, Property::CurrentUserPrivilegeSet | Property::Acl | Property::Owner)
}

/// Appends such a property of a card.
pub(crate) fn of_card(view: &View, card: &Contact, property: Property, out: &mut Vec<u8>) {
    let session = &view.session;
    match property {
        Property::Owner if card.book.owner().is_some() => {
            href(property, &session.principal_href(), out);
        }
        Property::Owner => value(property, "", out),
        _ => drop(privilege::property(session, Rights::on_card(view, card), property, out)),
    }
}

/// Nobody owns what belongs to the organization.
fn owner(view: &View, out: &mut Vec<u8>) {
    match is_own(view) {
        true => href(Property::Owner, &view.session.principal_href(), out),
        false => value(Property::Owner, "", out),
    }
}

fn is_own(view: &View) -> bool {
    match view.book {
        AddressBook::Home(home) => home.owner().is_some(),
        book => book == AddressBook::Favorites,
    }
}

/// Appends a property of a book; false where it has none of that name.
pub(crate) fn of_book(view: &View, property: Property, out: &mut Vec<u8>) -> bool {
    match property {
        // As Apple's server describes it (draft-daboo-carddav-directory-gateway).
        Property::ResourceType if view.is_directory() => {
            value(property, "<collection/><C:addressbook/><C:directory/>", out);
        }
        Property::ResourceType => value(property, "<collection/><C:addressbook/>", out),
        Property::SyncToken | Property::GetCTag if view.is_directory() => return false,
        Property::SupportedReportSet if view.is_directory() => {
            value(property, &reports(CARD_REPORTS), out);
        }
        Property::DisplayName => text(property, &title(view), out),
        Property::AddressBookDescription => text(property, &description(view), out),
        Property::Owner => owner(view, out),
        Property::SupportedReportSet => value(property, &reports(BOOK_REPORTS), out),
        // Both move with the same changes: clients watch the one or the other.
        Property::SyncToken | Property::GetCTag => {
            text(property, &SyncToken::current(view).to_string(), out);
        }
        Property::SupportedAddressData => value(property, ADDRESS_DATA, out),
        Property::SupportedCollationSet => value(property, COLLATIONS, out),
        Property::MaxResourceSize => value(property, &CARD_BYTES_MAX.to_string(), out),
        Property::MaxImageSize => value(property, &IMAGE_BYTES_MAX.to_string(), out),
        Property::ResourceId => href(property, &resource_id(view), out),
        Property::AddMember if view.writable().is_some() => {
            href(property, &format!("{}?add-member", view.href), out);
        }
        Property::QuotaUsedBytes => match view.book {
            AddressBook::Home(home) if home.owner().is_some() => {
                let used = quota::used_bytes(&view.session, &[home]);
                value(property, &used.to_string(), out);
            }
            _ => return false,
        },
        Property::CreationDate if is_own(view) => {
            let made = further(view).map_or(view.session.user.created, |book| book.created);
            return created(made, out);
        }
        property => {
            return privilege::property(&view.session, Rights::in_book(view), property, out);
        }
    }
    true
}

/// A book is one resource for each user, who sees it in their own way (RFC 5842 3.1).
fn resource_id(view: &View) -> String {
    let user = view.session.user.id;
    if view.is_directory() {
        return format!("urn:ringbook:directory:{user}");
    }
    let id = format!("urn:ringbook:book:{user}:{}", view.book);
    match further(view) {
        // Another book may come under an id that was free again.
        Some(book) => format!("{id}:{}", book.created.0),
        None => id,
    }
}

/// The record of a further personal book.
fn further(view: &View) -> Option<&PersonalBook> {
    let AddressBook::Home(Book::PersonalBook(owner, id)) = view.book else { return None };
    view.session.snapshot.personal_book(owner, id)
}

fn title(view: &View) -> String {
    if view.is_directory() {
        return "Directory".to_owned();
    }
    view.session.sight().map(|sight| sight.title(view.book)).unwrap_or_default()
}

fn description(view: &View) -> String {
    let organization = view.session.snapshot.organization(view.organization());
    let organization = organization.map(|o| o.name.as_str()).unwrap_or_default();
    if view.is_directory() {
        return format!("People and shared contacts of {organization}, to be searched");
    }
    match view.book {
        AddressBook::Home(Book::Personal(_) | Book::PersonalBook(..)) => {
            format!("Contacts of {}", name_of(&view.session, &view.session.user))
        }
        AddressBook::Home(Book::People) => format!("People of {organization}"),
        AddressBook::Home(Book::SharedBook(_)) => {
            format!("Contacts of {organization}: {}", title(view))
        }
        AddressBook::Home(Book::Shared) => format!("Contacts of {organization}"),
        AddressBook::Group(Group::Department(_)) => {
            format!("People of {organization}, department {}", title(view))
        }
        AddressBook::Group(Group::Site(_)) => {
            format!("People of {organization}, site {}", title(view))
        }
        AddressBook::All => {
            format!("People of {organization} and of organizations that share theirs")
        }
        AddressBook::Favorites => {
            format!("Favorites of {}", name_of(&view.session, &view.session.user))
        }
        AddressBook::Contacts | AddressBook::Status(_) => title(view),
    }
}
