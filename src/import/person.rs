//! Makes users: the account with its permanent names, and the person card.

use crate::account::{PresenceVisibility, Role, SecretHash, User};
use crate::contact::card::{Card, Field};
use crate::contact::{Book, Draft, OrganizationId, Timestamp, UserId};
use crate::file::{Reason, Rule};
use crate::index::Snapshot;

/// The longest extension and the longest user name.
const EXTENSION_CHARS_MAX: usize = 32;
const LOGIN_CHARS_MAX: usize = 64;

/// A user to be made.
#[derive(Debug)]
pub struct NewUser {
    pub id: UserId,
    pub organization: OrganizationId,
    /// The extension, names and numbers are on it.
    pub card: Card,
    /// User name, lower case.
    pub login: Option<Box<str>>,
    pub password: Option<SecretHash>,
    pub role: Role,
    pub listed: bool,
    pub presence: PresenceVisibility,
    pub created: Timestamp,
}

impl NewUser {
    /// The account and the card. `is_taken` says which CardDAV path segments are somebody's.
    pub fn make(self, is_taken: impl Fn(&str) -> bool) -> (User, Draft) {
        let extension = self.card.first(Field::Extension);
        let user = User {
            id: self.id,
            organization: self.organization.clone(),
            extension: extension.map(Into::into),
            login: self.login,
            email: email(&self.card),
            role: self.role,
            password: self.password,
            principal: segment(extension, self.id, &self.organization, is_taken),
            listed_books: None,
            carddav_layout: None,
            presence: self.presence,
            created: self.created,
        };
        (user, person_draft(self.organization, self.card, self.listed))
    }
}

/// The draft of a person's card.
pub fn person_draft(organization: OrganizationId, card: Card, listed: bool) -> Draft {
    Draft { organization, book: Book::People, name: None, uid: None, card, body: None, listed }
}

/// The login name that a card's first e-mail makes.
pub fn email(card: &Card) -> Option<Box<str>> {
    let first = card.first(Field::Email).filter(|email| email.contains('@'))?;
    Some(first.to_lowercase().into())
}

/// The permanent path segment: `204.acme`, for a later holder of 204 `204-2.acme`, and of users
/// without extension `UUID.acme`.
fn segment(
    extension: Option<&str>,
    id: UserId,
    organization: &OrganizationId,
    is_taken: impl Fn(&str) -> bool,
) -> Box<str> {
    let Some(extension) = extension else { return format!("{id}.{organization}").into() };
    let first = format!("{extension}.{organization}");
    if !is_taken(&first) {
        return first.into();
    }
    let later = (2_u64..).map(|holder| format!("{extension}-{holder}.{organization}"));
    let free = later.into_iter().find(|segment| !is_taken(segment));
    free.unwrap_or_else(|| format!("{id}.{organization}")).into()
}

/// Whether a path segment is somebody's in a snapshot.
pub fn is_taken_in(snapshot: &Snapshot) -> impl Fn(&str) -> bool {
    |segment| snapshot.principal_holder(segment).is_some()
}

/// What is wrong with an extension: it stands in DNs, in paths and on dial pads.
pub fn wrong_extension(extension: &str) -> Option<Reason> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "*#+-_.".contains(c);
    let fine = extension.chars().all(allowed)
        && extension.len() <= EXTENSION_CHARS_MAX
        && extension.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | '#'));
    (!fine).then(|| Reason::new(Rule::Extension, [&EXTENSION_CHARS_MAX]))
}

/// What is wrong with a user name. Signs that tell other kinds of login names apart are not for it.
pub fn wrong_login(login: &str) -> Option<Reason> {
    let length = login.chars().count();
    let odd = |c: char| c.is_whitespace() || c.is_control() || r"\/,=".contains(c);
    let fine = (1..=LOGIN_CHARS_MAX).contains(&length) && !login.contains(odd);
    (!fine).then(|| Reason::new(Rule::Login, [&LOGIN_CHARS_MAX]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::new_id;

    #[test]
    fn a_later_holder_gets_a_segment_of_its_own() {
        let acme = OrganizationId::from("acme");
        let id = new_id();
        let of = |extension, taken: &[&str]| {
            segment(extension, id, &acme, |segment| taken.contains(&segment)).to_string()
        };
        assert_eq!(of(Some("204"), &[]), "204.acme");
        assert_eq!(of(Some("204"), &["204.acme"]), "204-2.acme");
        assert_eq!(of(Some("204"), &["204.acme", "204-2.acme"]), "204-3.acme");
        assert_eq!(of(None, &[]), format!("{id}.acme"));
    }

    #[test]
    fn names_that_would_be_misread_are_refused() {
        assert_eq!(wrong_extension("204"), None);
        assert_eq!(wrong_extension("*21"), None);
        assert!(wrong_extension("20/4").is_some() && wrong_extension("-4").is_some());
        assert_eq!(wrong_login("anna.adams"), None);
        assert!(wrong_login("uid=anna").is_some() && wrong_login("an na").is_some());
    }
}
