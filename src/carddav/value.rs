//! The values of properties, but for what differs from card to card.

use std::sync::Arc;

use hyper::StatusCode;

use crate::carddav::elements::Wanted;
use crate::carddav::multistatus::{FOUND, RESPONSE_END, begin_row, end_propstat, escape};
use crate::carddav::path::Resource;
use crate::carddav::property::{Asked, Property};
use crate::carddav::row::Missing;
use crate::carddav::token::SyncToken;
use crate::carddav::view::{Session, View};
use crate::contact::Book;
use crate::contact::book::{AddressBook, Group};
use crate::contact::card::Field;

/// Larger cards are refused, in bytes.
pub(crate) const CARD_BYTES_MAX: usize = 10 << 20;

const READ_ONLY: &str = "<privilege><read/></privilege>\
    <privilege><read-current-user-privilege-set/></privilege>";

/// Outlook's synchronizer looks for `bind` and `unbind`, DAVx5 for `write-content`, Thunderbird for
/// `write` or a part of it; nobody concludes one from the other.
const READ_AND_WRITE: &str = "<privilege><read/></privilege><privilege><write/></privilege>\
    <privilege><write-content/></privilege><privilege><write-properties/></privilege>\
    <privilege><bind/></privilege><privilege><unbind/></privilege>\
    <privilege><read-current-user-privilege-set/></privilege>";

const BOOK_REPORTS: &str = "<supported-report><report><sync-collection/></report></supported-report>\
    <supported-report><report><C:addressbook-multiget/></report></supported-report>";

/// What clients write is kept as it is, in either version.
const ADDRESS_DATA: &str = "<C:address-data-type content-type=\"text/vcard\" version=\"3.0\"/>\
    <C:address-data-type content-type=\"text/vcard\" version=\"4.0\"/>";

pub(crate) fn open(property: Property, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(property.name().as_bytes());
    out.push(b'>');
}

pub(crate) fn close(property: Property, out: &mut Vec<u8>) {
    out.extend_from_slice(b"</");
    out.extend_from_slice(property.name().as_bytes());
    out.push(b'>');
}

fn value(property: Property, inner: &str, out: &mut Vec<u8>) {
    open(property, out);
    out.extend_from_slice(inner.as_bytes());
    close(property, out);
}

fn text(property: Property, inner: &str, out: &mut Vec<u8>) {
    open(property, out);
    escape(inner.as_bytes(), out);
    close(property, out);
}

fn href(property: Property, path: &str, out: &mut Vec<u8>) {
    open(property, out);
    out.extend_from_slice(b"<href>");
    escape(path.as_bytes(), out);
    out.extend_from_slice(b"</href>");
    close(property, out);
}

/// Appends a property that is the same for all cards of a book.
pub(crate) fn of_any_card(view: &View, property: Property, out: &mut Vec<u8>) {
    match property {
        Property::GetContentType => value(property, "text/vcard; charset=utf-8", out),
        Property::CurrentUserPrivilegeSet => value(property, privileges(view), out),
        Property::Owner => owner(view, out),
        Property::CurrentUserPrincipal => href(property, &view.session.principal_href(), out),
        Property::PrincipalCollectionSet => href(property, &Resource::Principals.href(), out),
        property => value(property, "", out),
    }
}

fn privileges(view: &View) -> &'static str {
    if view.writable().is_some() { READ_AND_WRITE } else { READ_ONLY }
}

/// Nobody owns what belongs to the organization.
fn owner(view: &View, out: &mut Vec<u8>) {
    match view.book {
        AddressBook::Home(Book::Personal(_) | Book::PersonalBook(..)) | AddressBook::Favorites => {
            href(Property::Owner, &view.session.principal_href(), out);
        }
        _ => value(Property::Owner, "", out),
    }
}

/// A resource that is no card.
pub(crate) enum Place<'a> {
    Book(&'a View),
    Other(&'a Arc<Session>, &'a Resource),
}

impl Place<'_> {
    /// Appends the row of this resource.
    pub(crate) fn row(&self, wanted: &Wanted, missing: Missing, out: &mut Vec<u8>) {
        begin_row(&self.href(), out);
        out.extend_from_slice(b"<propstat><prop>");
        let start = out.len();
        let mut absent = Vec::new();
        match wanted {
            Wanted::Names => self.names(out),
            Wanted::All(included) => {
                let all = Property::ALL.iter().filter(|property| property.is_in_allprop());
                for property in all {
                    self.property(*property, out);
                }
                let more = included.iter().filter(|asked| !is_in_allprop(asked));
                for asked in more {
                    self.asked(asked, out);
                }
            }
            Wanted::These(asked) => {
                absent.extend(asked.iter().filter(|asked| !self.asked(asked, out)));
            }
        }
        let tell = missing == Missing::Told && !absent.is_empty();
        if out.len() > start || !tell {
            out.extend_from_slice(FOUND);
            if tell {
                out.extend_from_slice(b"<propstat><prop>");
            }
        }
        if tell {
            absent.iter().for_each(|asked| asked.write_empty(out));
            end_propstat(StatusCode::NOT_FOUND, "", out);
        }
        out.extend_from_slice(RESPONSE_END);
    }

    fn href(&self) -> String {
        match self {
            Self::Book(view) => view.href.clone(),
            Self::Other(_, resource) => resource.href(),
        }
    }

    fn names(&self, out: &mut Vec<u8>) {
        let mut value = Vec::new();
        for property in Property::ALL {
            value.clear();
            if self.property(*property, &mut value) {
                Asked::Known(*property).write_empty(out);
            }
        }
    }

    fn asked(&self, asked: &Asked, out: &mut Vec<u8>) -> bool {
        match asked {
            Asked::Known(property) => self.property(*property, out),
            Asked::Unknown { .. } => false,
        }
    }

    /// Appends a property with its value; false where this resource has none of that name.
    fn property(&self, property: Property, out: &mut Vec<u8>) -> bool {
        let session = match self {
            Self::Book(view) => &view.session,
            Self::Other(session, _) => session,
        };
        match property {
            Property::CurrentUserPrincipal => href(property, &session.principal_href(), out),
            Property::PrincipalCollectionSet => href(property, &Resource::Principals.href(), out),
            _ => {
                return match self {
                    Self::Book(view) => of_book(view, property, out),
                    Self::Other(session, resource) => of_other(session, resource, property, out),
                };
            }
        }
        true
    }
}

fn is_in_allprop(asked: &Asked) -> bool {
    matches!(asked, Asked::Known(property) if property.is_in_allprop())
}

fn of_book(view: &View, property: Property, out: &mut Vec<u8>) -> bool {
    match property {
        Property::ResourceType => value(property, "<collection/><C:addressbook/>", out),
        Property::DisplayName => text(property, &title(view), out),
        Property::AddressBookDescription => text(property, &description(view), out),
        Property::CurrentUserPrivilegeSet => value(property, privileges(view), out),
        Property::Owner => owner(view, out),
        Property::SupportedReportSet => value(property, BOOK_REPORTS, out),
        // Both move with the same changes: clients watch the one or the other.
        Property::SyncToken | Property::GetCTag => {
            text(property, &SyncToken::current(view).to_string(), out);
        }
        Property::SupportedAddressData => value(property, ADDRESS_DATA, out),
        Property::MaxResourceSize => value(property, &CARD_BYTES_MAX.to_string(), out),
        _ => return false,
    }
    true
}

fn title(view: &View) -> String {
    view.session.sight().map(|sight| sight.title(view.book)).unwrap_or_default()
}

fn description(view: &View) -> String {
    let organization = view.session.snapshot.organization(view.organization());
    let organization = organization.map(|o| o.name.as_str()).unwrap_or_default();
    match view.book {
        AddressBook::Home(Book::Personal(_) | Book::PersonalBook(..)) => {
            format!("Contacts of {}", full_name(&view.session))
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
        AddressBook::Favorites => format!("Favorites of {}", full_name(&view.session)),
        AddressBook::Contacts | AddressBook::Status(_) => title(view),
    }
}

fn full_name(session: &Session) -> String {
    let user = &session.user;
    let card = session.snapshot.contact(&user.organization, user.id);
    match card.map(|row| row.contact().card.formatted_name()).filter(|name| !name.is_empty()) {
        Some(name) => name.to_owned(),
        None => user.principal.to_string(),
    }
}

fn of_other(
    session: &Arc<Session>,
    resource: &Resource,
    property: Property,
    out: &mut Vec<u8>,
) -> bool {
    match (resource, property) {
        (Resource::Principal(_), _) => return of_principal(session, property, out),
        (_, Property::ResourceType) => value(property, "<collection/>", out),
        (_, Property::CurrentUserPrivilegeSet) => value(property, READ_ONLY, out),
        (_, Property::SupportedReportSet) => value(property, "", out),
        (Resource::Home(_), Property::DisplayName) => text(property, &full_name(session), out),
        (Resource::Home(_), Property::Owner) => href(property, &session.principal_href(), out),
        _ => return false,
    }
    true
}

fn of_principal(session: &Session, property: Property, out: &mut Vec<u8>) -> bool {
    let user = &session.user;
    match property {
        // No collection: macOS takes a principal that is one for a place of books.
        Property::ResourceType => value(property, "<principal/>", out),
        Property::DisplayName => text(property, &full_name(session), out),
        Property::PrincipalUrl => href(property, &session.principal_href(), out),
        Property::AddressBookHomeSet => href(property, &session.home_href(), out),
        Property::ResourceId => href(property, &format!("urn:uuid:{}", user.id), out),
        Property::CurrentUserPrivilegeSet => value(property, READ_ONLY, out),
        Property::SupportedReportSet | Property::GroupMembership | Property::AlternateUriSet => {
            value(property, "", out);
        }
        Property::EmailAddressSet => {
            open(property, out);
            let card = session.snapshot.contact(&user.organization, user.id);
            let card = card.as_ref().map(|row| &row.contact().card);
            for email in card.iter().flat_map(|card| card.all(Field::Email)) {
                out.extend_from_slice(b"<CS:email-address>");
                escape(email.as_bytes(), out);
                out.extend_from_slice(b"</CS:email-address>");
            }
            close(property, out);
        }
        _ => return false,
    }
    true
}
