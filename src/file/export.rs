//! What is written of a contact, and the trait that every kind of written file fulfils.

use crate::contact::ContactId;
use crate::contact::card::Card;

/// What an export says of one contact. The card is as the asker sees it.
#[derive(Clone, Copy, Debug)]
pub struct Exported<'a> {
    pub id: ContactId,
    /// vCard UID.
    pub uid: &'a str,
    pub card: &'a Card,
    /// The vCard that a client made, where there is one and the asker sees all of it.
    pub body: Option<&'a [u8]>,
    /// A JPEG.
    pub photo: Option<&'a [u8]>,
    /// Whether it is a favorite of the asker.
    pub starred: bool,
    /// The name of the shared book that holds it; none for other books.
    pub book: Option<&'a str>,
    /// User name of a person.
    pub login: Option<&'a str>,
    /// Whether others may see if the user is there; none for contacts that are no users.
    pub presence: Option<bool>,
}

/// Writes a file. All contacts are considered first, then all are written, in the same order.
pub trait FileWriter: Send {
    /// Whether contacts need their photos; reading them takes a while.
    fn wants_photos(&self) -> bool {
        false
    }

    /// Notes what the file needs for a contact, such as further columns.
    fn consider(&mut self, contact: &Exported<'_>);

    /// Writes what stands before the contacts.
    fn begin(&self, out: &mut Vec<u8>);

    fn contact(&self, contact: &Exported<'_>, out: &mut Vec<u8>);

    /// Writes what stands behind the contacts.
    fn end(&self, out: &mut Vec<u8>);
}
