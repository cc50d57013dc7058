//! The one table of rights: who may do what in which address book.

use crate::account::Role;
use crate::auth::{Principal, Who};

/// What somebody wants to do in an address book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Read,
    Write,
    /// Put the contacts of a file into the book, without reading it.
    Import,
}

/// The rows of the table.
#[derive(Clone, Copy)]
enum Asker {
    Anonymous,
    Phone,
    User,
    OfficeManager,
    Admin,
    Operator,
}

/// The columns of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    People,
    Shared,
    /// A further shared book, for who is named among its writers.
    SharedWriter,
    SharedReader,
    SharedStranger,
    OwnPersonal,
    /// Somebody else's personal book: nobody learns that it exists.
    OtherPersonal,
    /// What the asker starred.
    Favorites,
    /// Any other view: it follows from cards and presence.
    Computed,
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

/// Whether a principal may do something in a book of this kind in their organization. A "no" to
/// reading means that the book does not exist for the asker; doors answer as if it were absent.
///
/// Doors may offer less: over CardDAV `people` is read-only for every role. What an organization
/// opens to anonymous askers, and what a phone account is limited to, is in their records; see
/// [`crate::auth::sight::Sight`].
pub(super) fn allows(principal: &Principal, kind: Kind, operation: Operation) -> bool {
    right(asker(principal), kind).allows(operation)
}

/// The table.
fn right(asker: Asker, kind: Kind) -> Right {
    use Asker::{Admin, Anonymous, OfficeManager, Operator, Phone, User};
    match (asker, kind) {
        (Anonymous, _) => Right::Nothing,
        (Phone, Kind::OtherPersonal | Kind::SharedStranger) => Right::Nothing,
        (Phone, _) => Right::Read,
        (User | OfficeManager, Kind::People) => Right::Read,
        (Admin | Operator, Kind::People) => Right::Write,
        (User, Kind::Shared | Kind::SharedReader) => Right::Read,
        (User, Kind::SharedWriter) => Right::Write,
        (User, Kind::SharedStranger) => Right::Nothing,
        (
            OfficeManager | Admin | Operator,
            Kind::Shared | Kind::SharedWriter | Kind::SharedReader | Kind::SharedStranger,
        ) => Right::Write,
        (User | OfficeManager | Admin | Operator, Kind::OwnPersonal | Kind::Favorites) => {
            Right::Write
        }
        (User | OfficeManager, Kind::OtherPersonal) => Right::Nothing,
        (Admin | Operator, Kind::OtherPersonal) => Right::Import,
        (User | OfficeManager | Admin | Operator, Kind::Computed) => Right::Read,
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::contact::{ContactId, OrganizationId};

    const KINDS: [Kind; 9] = [
        Kind::People,
        Kind::Shared,
        Kind::SharedWriter,
        Kind::SharedReader,
        Kind::SharedStranger,
        Kind::OwnPersonal,
        Kind::OtherPersonal,
        Kind::Favorites,
        Kind::Computed,
    ];

    /// `expected`: for each of [`KINDS`] `w` (all), `r`, `i` or `-`.
    #[track_caller]
    fn check(who: Who, role: Role, expected: &str) {
        let principal = Principal::new(who, role, Some(OrganizationId::from("main")));
        let found: String = KINDS
            .into_iter()
            .map(|kind| {
                let all = [Operation::Read, Operation::Write, Operation::Import];
                match all.map(|operation| allows(&principal, kind, operation)) {
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
        let me = || Who::User(ContactId(Uuid::from_u128(1)));
        let token = || Who::Token("t".into());
        check(Who::Anonymous, Role::User, "---------");
        check(Who::Phone("phones".into()), Role::User, "rrrr-r-rr");
        check(me(), Role::User, "rrwr-w-wr");
        check(me(), Role::OfficeManager, "rwwwww-wr");
        check(me(), Role::Admin, "wwwwwwiwr");
        check(token(), Role::User, "rrwr-w-wr");
        check(token(), Role::Admin, "wwwwwwiwr");
        check(token(), Role::Operator, "wwwwwwiwr");
    }
}
