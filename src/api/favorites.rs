//! Favorites: what a user starred, one contact at a time.

use axum::extract::{Path, State};
use hyper::StatusCode;

use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::problem::Problem;
use crate::contact::{ContactId, UserId};
use crate::directory::{Edit, Request};

/// Stars of one user.
const STARS_MAX: usize = 10_000;

pub(super) async fn add(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<StatusCode, Problem> {
    let user = user(&asker)?;
    let _turn = context.authenticator.account_changes().await;
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let row = ContactId::parse(&id).and_then(|id| sight.contact(id));
    let row = row.filter(|row| !row.derived.group).ok_or_else(|| Problem::absent("contact"))?;
    let starred = snapshot.stars(user).filter(|star| star.starred && star.contact != row.id);
    if starred.count() >= STARS_MAX {
        let detail = format!("a user has at most {STARS_MAX} favorites: take one back first");
        return Err(Problem::conflict("id", detail));
    }
    let edit = Edit::Star { user, contact: row.id, starred: true };
    context.directory.commit(Request::one(edit)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn remove(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<StatusCode, Problem> {
    let user = user(&asker)?;
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let id = ContactId::parse(&id);
    // A star may outlast the right to see its contact.
    let starred = |id: &ContactId| snapshot.star(user, *id).is_some_and(|star| star.starred);
    let known = id.filter(|id| starred(id) || sight.contact(*id).is_some());
    let contact = known.ok_or_else(|| Problem::absent("contact"))?;
    let edit = Edit::Star { user, contact, starred: false };
    context.directory.commit(Request::one(edit)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose favorites are meant.
fn user(asker: &Asker) -> Result<UserId, Problem> {
    let none = || Problem::forbidden("only users have favorites: sign in as one");
    asker.principal.user().ok_or_else(none)
}
