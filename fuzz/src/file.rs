//! Files that are read as a whole.

use std::io::{Cursor, Read};
use std::sync::Arc;

use ringbook::contact::ContactId;
use ringbook::contact::card::Card;
use ringbook::file::encoding::Survey;
use ringbook::file::export::Exported;
use ringbook::file::open;
use ringbook::file::table::choice::Choice;
use ringbook::file::table::profiles::Profiles;
use ringbook::file::{Entry, Row};

/// The contacts of a file; none where it cannot be read.
pub fn read(bytes: &[u8], profile: &str) -> Vec<Entry> {
    let mut survey = Survey::default();
    survey.feed(bytes);
    let Ok(text) = survey.finish(None) else { return Vec::new() };
    let Ok(choice) = Choice::parse(&Profiles::built_in(), Some(profile), None) else {
        return Vec::new();
    };
    let bytes: Arc<[u8]> = bytes.into();
    let opener = move || Ok(Box::new(Cursor::new(Arc::clone(&bytes))) as Box<dyn Read + Send>);
    let Ok(mut rows) = open(&opener, text, &choice) else { return Vec::new() };
    let mut entries = Vec::new();
    while let Ok(Some(row)) = rows.next_row() {
        match row {
            Row::Good(entry) => entries.push(*entry),
            Row::Bad(faults) => assert!(!faults.is_empty()),
        }
    }
    entries
}

/// A contact with these fields, which is a favorite.
pub fn anyone(card: &Card) -> Exported<'_> {
    let id = ContactId::parse("00000000-0000-0000-0000-000000000001").unwrap();
    let (body, photo, book, login, presence) = (None, None, None, None, None);
    Exported { id, uid: "u", card, body, photo, starred: true, book, login, presence }
}
