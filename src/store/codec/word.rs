//! Short words of the model as the store writes them.

use crate::contact::derived::NameOrder;
use crate::contact::{Book, ContactId};
use crate::store::codec::{Decoded, Undecodable};

pub(in crate::store) fn book_text(book: Book) -> String {
    match book {
        Book::People => "people".to_owned(),
        Book::Shared => "shared".to_owned(),
        Book::Personal(owner) => format!("personal:{owner}"),
    }
}

pub(super) fn book(text: &str) -> Decoded<Book> {
    match text {
        "people" => Ok(Book::People),
        "shared" => Ok(Book::Shared),
        _ => {
            let owner = text.strip_prefix("personal:").and_then(ContactId::parse);
            owner.map(Book::Personal).ok_or(Undecodable("book"))
        }
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
