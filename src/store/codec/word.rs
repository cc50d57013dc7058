//! Short words of the model as the store writes them.

use std::sync::Arc;

use crate::account::Layout;
use crate::account::networks::Networks;
use crate::account::property::KeptAt;
use crate::contact::book::{AddressBook, Group};
use crate::contact::derived::NameOrder;
use crate::contact::photo::Photo;
use crate::contact::{Book, ContactId};
use crate::store::codec::{Decoded, Undecodable};

/// A book's id; that of a personal one names the owner.
pub(in crate::store) fn book_text(book: AddressBook) -> String {
    match book {
        AddressBook::Home(Book::Personal(owner) | Book::PersonalBook(owner, _)) => {
            format!("{book}:{owner}")
        }
        book => book.to_string(),
    }
}

pub(super) fn address_book(text: &str) -> Decoded<AddressBook> {
    let (id, owner) = match text.split_once(':') {
        Some((id, owner)) => (id, ContactId::parse(owner)),
        None => (text, None),
    };
    AddressBook::parse(id, owner).ok_or(Undecodable("book"))
}

pub(super) fn book(text: &str) -> Decoded<Book> {
    match address_book(text)? {
        AddressBook::Home(book) => Ok(book),
        _ => Err(Undecodable("book")),
    }
}

pub(super) fn books_text(books: &[AddressBook]) -> Vec<String> {
    books.iter().map(|book| book_text(*book)).collect()
}

pub(super) fn books<'a>(texts: impl Iterator<Item = &'a str>) -> Decoded<Vec<AddressBook>> {
    texts.map(address_book).collect()
}

/// Networks, separated by commas.
pub(super) fn networks(text: &str) -> Decoded<Networks> {
    let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
    Networks::parse(texts).map_err(|_| Undecodable("networks"))
}

/// Departments and sites, separated by spaces.
pub(in crate::store) fn groups_text(groups: &[Group]) -> String {
    let ids = groups.iter().map(|group| AddressBook::Group(*group).to_string());
    ids.collect::<Vec<String>>().join(" ")
}

pub(super) fn groups(text: &str) -> Decoded<Arc<[Group]>> {
    text.split_whitespace().map(group).collect()
}

pub(super) fn group(text: &str) -> Decoded<Group> {
    match address_book(text)? {
        AddressBook::Group(group) => Ok(group),
        _ => Err(Undecodable("department or site")),
    }
}

/// What a contact knows of its photo: digest and length, as in `00c0ffee00c0ffee 34567`.
pub(in crate::store) fn photo_text(photo: &Photo) -> String {
    format!("{:016x} {}", photo.digest, photo.jpeg_bytes)
}

pub(super) fn photo(text: &str) -> Decoded<Photo> {
    let parts = text.split_once(' ').and_then(|(digest, length)| {
        Some((u64::from_str_radix(digest, 16).ok()?, length.parse().ok()?))
    });
    let (digest, jpeg_bytes) = parts.ok_or(Undecodable("photo"))?;
    Ok(Photo { digest, jpeg_bytes })
}

pub(super) fn layout(text: &str) -> Decoded<Layout> {
    Layout::parse(text).ok_or(Undecodable("carddav_layout"))
}

/// What a property is of: `home`, a book, or `card:` with the contact's id.
pub(super) fn place_text(place: KeptAt) -> String {
    match place {
        KeptAt::Home => "home".to_owned(),
        KeptAt::Book(book) => book_text(book),
        KeptAt::Card(id) => format!("card:{id}"),
    }
}

pub(super) fn place(text: &str) -> Decoded<KeptAt> {
    match text.split_once(':') {
        None if text == "home" => Ok(KeptAt::Home),
        Some(("card", id)) => ContactId::parse(id).map(KeptAt::Card).ok_or(Undecodable("card")),
        _ => address_book(text).map(KeptAt::Book),
    }
}

pub(super) fn name_order_text(order: NameOrder) -> &'static str {
    match order {
        NameOrder::GivenFirst => "given-first",
        NameOrder::FamilyFirst => "family-first",
    }
}

pub(super) fn name_order(text: &str) -> NameOrder {
    match text {
        "family-first" => NameOrder::FamilyFirst,
        _ => NameOrder::GivenFirst,
    }
}
