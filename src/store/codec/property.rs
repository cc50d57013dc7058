//! Properties and refused writes as keys and JSON texts.

use serde_json::json;

use crate::account::property::{DavProperty, KeptAt, Reverted};
use crate::contact::book::AddressBook;
use crate::contact::{Revision, UserId};
use crate::store::codec::object::Object;
use crate::store::codec::{Decoded, Undecodable, word};

/// What identifies a property besides its user: `PLACE/LOCAL NAMESPACE`.
pub(super) fn property_key(place: KeptAt, namespace: &str, local: &str) -> String {
    format!("{}/{local} {namespace}", word::place_text(place))
}

/// The reverse of [`property_key`]: place, namespace, local name.
pub(super) fn property_name(key: &str) -> Decoded<(KeptAt, &str, &str)> {
    let (place, name) = key.split_once('/').ok_or(Undecodable("key"))?;
    let (local, namespace) = name.split_once(' ').ok_or(Undecodable("key"))?;
    Ok((word::place(place)?, namespace, local))
}

pub(super) fn property_text(property: &DavProperty) -> String {
    json!({ "value": property.value }).to_string()
}

pub(super) fn property(user: UserId, key: &str, text: &str) -> Decoded<DavProperty> {
    let (place, namespace, local) = property_name(key)?;
    let value = Object::parse(text)?.text("value")?.into();
    Ok(DavProperty { user, place, namespace: namespace.into(), local: local.into(), value })
}

/// What identifies a refused write besides its user: `BOOK/NAME`.
pub(super) fn reverted_key(book: AddressBook, name: &str) -> String {
    format!("{}/{name}", word::book_text(book))
}

/// The reverse of [`reverted_key`].
pub(super) fn reverted_name(key: &str) -> Decoded<(AddressBook, &str)> {
    let (book, name) = key.split_once('/').ok_or(Undecodable("key"))?;
    Ok((word::address_book(book)?, name))
}

pub(super) fn reverted_text(reverted: &Reverted) -> String {
    json!({ "revision": reverted.revision.0 }).to_string()
}

pub(super) fn reverted(user: UserId, key: &str, text: &str) -> Decoded<Reverted> {
    let (book, name) = reverted_name(key)?;
    let revision = Revision(Object::parse(text)?.number("revision")?);
    Ok(Reverted { user, book, name: name.into(), revision })
}
