//! Into which book a file goes, and whether the asker may put it there.

use hyper::StatusCode;

use crate::api::asker::Asker;
use crate::api::problem::Problem;
use crate::auth::rights::Operation;
use crate::auth::sight as seen;
use crate::contact::book::AddressBook;
use crate::contact::{Book, OrganizationId};
use crate::file::{About, Holds, Reason, Rule};
use crate::import::{Sight, Target};
use crate::index::Snapshot;

/// The book that `into` names, where the asker may import into it.
pub(super) fn book(
    asker: &Asker,
    snapshot: &Snapshot,
    organization: &OrganizationId,
    into: &str,
) -> Result<Book, Problem> {
    let book = match into.split_once(':') {
        None => match into {
            "personal" => own_book(asker)?,
            id => match AddressBook::parse(id, asker.principal.user()) {
                Some(AddressBook::Home(book)) => book,
                _ => return Err(Problem::parameter("into", Rule::Into)),
            },
        },
        Some(("personal", login)) => {
            let user = snapshot.user_by_login(organization, login).map(|user| user.id);
            match user {
                Some(user) if asker.is_admin() || asker.principal.user() == Some(user) => {
                    Book::Personal(user)
                }
                None if asker.is_admin() => return Err(Problem::absent("user")),
                _ => return Err(forbidden(Rule::OthersBook)),
            }
        }
        Some(_) => return Err(Problem::parameter("into", Rule::Into)),
    };
    may_import(asker, snapshot, organization, book)?;
    Ok(book)
}

/// Where a file goes where nobody says.
pub(super) fn own_or_shared(asker: &Asker) -> Book {
    asker.principal.user().map_or(Book::Shared, Book::Personal)
}

/// Where the file goes: as told, else where its profile belongs.
pub(super) fn target(
    (asker, snapshot): (&Asker, &Snapshot),
    organization: &OrganizationId,
    about: &About,
    told: Option<Book>,
) -> Result<Target, Problem> {
    let book = match (told, about.holds) {
        (Some(book), _) => book,
        (None, Holds::Users) => Book::People,
        (None, _) => own_or_shared(asker),
    };
    let elsewhere = |rule| {
        let reason = Reason::new(rule, [&about.profile]);
        Err(Problem::parameter("into", reason))
    };
    match (about.holds, book) {
        (
            Holds::Users,
            Book::Shared | Book::SharedBook(_) | Book::Personal(_) | Book::PersonalBook(..),
        ) => return elsewhere(Rule::UsersElsewhere),
        (Holds::Contacts, Book::People) => return elsewhere(Rule::ContactsElsewhere),
        _ => may_import(asker, snapshot, organization, book)?,
    }
    let seen = seen::Sight::of(snapshot, &asker.principal, organization);
    let open = seen.is_some_and(|seen| seen.may(book, Operation::Read));
    let sight = if open { Sight::Open } else { Sight::Blind };
    Ok(Target { organization: organization.clone(), book, sight })
}

fn own_book(asker: &Asker) -> Result<Book, Problem> {
    let without = || Problem::parameter("into", Rule::NoPersonalBook);
    asker.principal.user().map(Book::Personal).ok_or_else(without)
}

fn may_import(
    asker: &Asker,
    snapshot: &Snapshot,
    organization: &OrganizationId,
    book: Book,
) -> Result<(), Problem> {
    let sight = seen::Sight::of(snapshot, &asker.principal, organization);
    if sight.is_some_and(|sight| sight.may(book, Operation::Import)) {
        return Ok(());
    }
    Err(match book {
        Book::People => forbidden(Rule::PeopleBook),
        Book::SharedBook(_) | Book::PersonalBook(..) => Problem::absent("group"),
        Book::Shared => forbidden(Rule::SharedBook),
        Book::Personal(_) => forbidden(Rule::NotHere),
    })
}

fn forbidden(rule: Rule) -> Problem {
    Problem::reason(StatusCode::FORBIDDEN, rule)
}
