//! The one table of rights: role × book × operation, for every door.

use crate::account::Role;
use crate::auth::{Principal, Who};
use crate::contact::{Book, OrganizationId};

/// What somebody wants to do in a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Read,
    Write,
    /// Put contacts in, without learning what is there: administrators fill users' own books.
    Import,
}

/// The rows of the table: kinds of askers.
#[derive(Clone, Copy)]
enum Asker {
    Anonymous,
    Phone,
    User,
    OfficeManager,
    Admin,
    Operator,
}

/// The columns of the table: kinds of books.
#[derive(Clone, Copy)]
enum Kind {
    People,
    Shared,
    OwnPersonal,
    /// Somebody else's personal book: nobody learns that it exists.
    OtherPersonal,
}

/// One cell of the table.
#[derive(Clone, Copy)]
enum Right {
    Nothing,
    Import,
    Read,
    Write,
}

impl Right {
    fn allows(self, operation: Operation) -> bool {
        match (self, operation) {
            (Self::Write, _) => true,
            (Self::Read, operation) => operation == Operation::Read,
            (Self::Import, operation) => operation == Operation::Import,
            (Self::Nothing, _) => false,
        }
    }
}

/// Whether a principal may do something in a book of an organization. A "no" to reading means that
/// the book does not exist for the asker; doors answer as if it were absent.
///
/// Doors may offer less (CardDAV's `people` and `shared` are read-only for every role).
pub fn may(
    principal: &Principal,
    organization: &OrganizationId,
    book: Book,
    operation: Operation,
) -> bool {
    let asker = asker(principal);
    // Only an operator's token acts without an organization of its own.
    let inside = match &principal.organization {
        Some(own) => own == organization,
        None => matches!(asker, Asker::Operator),
    };
    inside && right(asker, kind(principal, book)).allows(operation)
}

/// The home books that a principal reads in its organization, in the order in which doors list
/// them. The limits of a phone account are the door's to apply: they are in the account.
pub fn readable_books(principal: &Principal) -> Vec<Book> {
    let own = principal.user().map(Book::Personal);
    let books = [Some(Book::People), Some(Book::Shared), own].into_iter().flatten();
    let right = |book: &Book| right(asker(principal), kind(principal, *book));
    books.filter(|book| right(book).allows(Operation::Read)).collect()
}

/// The table.
fn right(asker: Asker, kind: Kind) -> Right {
    use Asker::{Admin, Anonymous, OfficeManager, Operator, Phone, User};
    use Kind::{OtherPersonal, OwnPersonal, People, Shared};
    match (asker, kind) {
        (Anonymous, _) => Right::Nothing,
        (Phone, People | Shared) => Right::Read,
        (Phone, OwnPersonal | OtherPersonal) => Right::Nothing,
        (User | OfficeManager, People) | (User, Shared) => Right::Read,
        (OfficeManager, Shared) => Right::Write,
        (Admin | Operator, People | Shared) => Right::Write,
        (User | OfficeManager | Admin | Operator, OwnPersonal) => Right::Write,
        (User | OfficeManager, OtherPersonal) => Right::Nothing,
        (Admin | Operator, OtherPersonal) => Right::Import,
    }
}

fn asker(principal: &Principal) -> Asker {
    match (&principal.who, principal.role) {
        (Who::Anonymous, _) => Asker::Anonymous,
        (Who::Phone(_), _) => Asker::Phone,
        (Who::User(_) | Who::Token(_), Role::User) => Asker::User,
        (Who::User(_) | Who::Token(_), Role::OfficeManager) => Asker::OfficeManager,
        (Who::User(_) | Who::Token(_), Role::Admin) => Asker::Admin,
        (Who::User(_) | Who::Token(_), Role::Operator) => Asker::Operator,
    }
}

fn kind(principal: &Principal, book: Book) -> Kind {
    match book {
        Book::People => Kind::People,
        Book::Shared => Kind::Shared,
        Book::Personal(owner) if principal.user() == Some(owner) => Kind::OwnPersonal,
        Book::Personal(_) => Kind::OtherPersonal,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::contact::ContactId;

    const ME: ContactId = ContactId(Uuid::from_u128(1));
    const YOU: ContactId = ContactId(Uuid::from_u128(2));

    fn principal(who: Who, role: Role) -> Principal {
        let organization = Some(OrganizationId::from("main"));
        Principal { who, role, organization }
    }

    /// `expected`: for people, shared, own and another's personal book `w` (all), `r`, `i` or `-`.
    fn check(principal: &Principal, expected: &str) {
        let main = OrganizationId::from("main");
        let books = [Book::People, Book::Shared, Book::Personal(ME), Book::Personal(YOU)];
        let found: String = books
            .into_iter()
            .map(|book| {
                let may = |operation| may(principal, &main, book, operation);
                let all = [Operation::Read, Operation::Write, Operation::Import];
                match all.map(may) {
                    [true, true, true] => 'w',
                    [true, false, false] => 'r',
                    [false, false, true] => 'i',
                    [false, false, false] => '-',
                    _ => '!',
                }
            })
            .collect();
        assert_eq!(found, expected, "{principal:?}");
    }

    #[test]
    fn the_matrix_is_as_documented() {
        check(&Principal::anonymous(), "----");
        check(&principal(Who::Phone("phones".into()), Role::User), "rr--");
        check(&principal(Who::User(ME), Role::User), "rrw-");
        check(&principal(Who::User(ME), Role::OfficeManager), "rww-");
        check(&principal(Who::User(ME), Role::Admin), "wwwi");
        check(&principal(Who::Token("t".into()), Role::Admin), "wwii");
        check(&principal(Who::Token("t".into()), Role::Operator), "wwii");
        let operator =
            Principal { organization: None, ..principal(Who::Token("t".into()), Role::Operator) };
        check(&operator, "wwii");
    }

    #[test]
    fn nothing_crosses_organizations() {
        let other = OrganizationId::from("other");
        let admin = principal(Who::User(ME), Role::Admin);
        for book in [Book::People, Book::Shared, Book::Personal(ME)] {
            assert!(!may(&admin, &other, book, Operation::Read));
        }
    }

    #[test]
    fn a_missing_organization_alone_gives_no_rights() {
        let main = OrganizationId::from("main");
        let stray = Principal { organization: None, ..principal(Who::User(ME), Role::Admin) };
        assert!(!may(&stray, &main, Book::People, Operation::Read));
    }

    #[test]
    fn readable_books_agree_with_the_table() {
        let user = principal(Who::User(ME), Role::User);
        assert_eq!(readable_books(&user), [Book::People, Book::Shared, Book::Personal(ME)]);
        assert!(readable_books(&Principal::anonymous()).is_empty());
    }
}
