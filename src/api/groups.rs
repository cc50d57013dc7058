//! Address books as groups: which there are, and the contacts of one.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::api::asker::{self, Asker, NoParams, Params};
use crate::api::contact_json::Shower;
use crate::api::listing::{LOOK_THROUGH, ListParams, Listing};
use crate::api::problem::Problem;
use crate::api::{Context, Shared};
use crate::auth::rights::Operation;
use crate::auth::sight::Sight;
use crate::contact::ContactId;
use crate::contact::book::{AddressBook, Availability};
use crate::contact::query::Query;
use crate::presence::Users;

pub(super) async fn list(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let items = blocking(move || {
        let snapshot = context.directory.snapshot();
        let sight = asker.sight(&snapshot)?;
        let listed = listed(&sight);
        let group = |book: AddressBook| {
            let writable = match book {
                // Stars are given and taken one by one.
                AddressBook::Home(_) | AddressBook::Favorites => sight.may(book, Operation::Write),
                _ => false,
            };
            json!({
                "id": book.to_string(), "name": sight.title(book), "writable": writable,
                "count": count(&context, &sight, book), "listed": listed.contains(&book),
            })
        };
        Ok(sight.books().into_iter().map(group).collect::<Vec<Value>>())
    });
    Ok(Json(json!({ "items": items.await? })))
}

/// The books that clients which synchronize are shown: the homes, and what the user, else the
/// organization, chose besides.
fn listed(sight: &Sight<'_>) -> Vec<AddressBook> {
    let user = sight.owner().and_then(|owner| sight.snapshot.user(owner));
    let chosen = user.and_then(|user| user.listed_books.as_ref());
    let chosen = chosen.unwrap_or(&sight.organization.listed_books);
    let homes = sight.homes().iter().map(|home| AddressBook::Home(*home));
    homes.chain(chosen.iter().copied()).collect()
}

/// How many contacts of a book are listed.
fn count(context: &Context, sight: &Sight<'_>, book: AddressBook) -> usize {
    let present = |availability| present(context, sight, availability);
    let Some(extent) = sight.extent(book, &present) else { return 0 };
    let everything = Query::And(Vec::new());
    match book {
        // No group cards are among these.
        AddressBook::Group(_) | AddressBook::All | AddressBook::PEOPLE => sight.count(book),
        _ => None,
    }
    .unwrap_or_else(|| sight.search(&extent, &everything, usize::MAX).count())
}

/// Who is in an availability.
pub(super) fn present(context: &Context, sight: &Sight<'_>, availability: Availability) -> Users {
    context.presence.ids(&sight.organization.id, availability)
}

pub(super) async fn contacts(
    State(context): State<Shared>,
    asker: Asker,
    Path(book): Path<String>,
    Params(params): Params<ListParams>,
) -> Result<Json<Value>, Problem> {
    blocking(move || part(&context, &asker, &book, &params)).await.map(Json)
}

/// `GET /contacts`: all contacts of the organization that the asker sees.
pub(super) async fn everything(
    State(context): State<Shared>,
    asker: Asker,
    Params(params): Params<ListParams>,
) -> Result<Json<Value>, Problem> {
    let book = AddressBook::Contacts.to_string();
    blocking(move || part(&context, &asker, &book, &params)).await.map(Json)
}

fn part(
    context: &Context,
    asker: &Asker,
    book: &str,
    params: &ListParams,
) -> Result<Value, Problem> {
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let book = asker::book(&sight, book)?;
    let listing = Listing::of(params, sight.organization)?;
    let query = params.query(&sight.organization.derivation.numbering);
    let present = |availability| present(context, &sight, availability);
    let extent = sight.extent(book, &present).ok_or_else(|| Problem::absent("group"))?;
    let found = sight.search(&extent, &query, LOOK_THROUGH);
    let find = |id: ContactId| sight.contact(id);
    let part = listing.part(found, |row| sight.hidden(row.contact()), find);
    let shower = Shower { sight: &sight, presence: &context.presence };
    let items = part.rows.iter().map(|row| shower.contact(row.contact()).into()).collect();
    Ok(part.answer(items))
}

/// Runs what may take a while off the threads that serve others meanwhile.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let stopping = |_| Problem::stopping();
    spawn_blocking(work).await.map_err(stopping)?
}
