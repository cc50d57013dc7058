//! Single contacts by their id.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use hyper::{HeaderMap, StatusCode, header};
use serde_json::Value;

use crate::account::Organization;
use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::contact_json;
use crate::api::problem::Problem;
use crate::auth::rights::Operation;
use crate::auth::sight::Sight;
use crate::contact::{Book, ContactId, Revision};
use crate::directory::{Edit, Precondition, Request};
use crate::index::{Row, Snapshot};

pub(super) async fn show(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<Response, Problem> {
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?;
    let row = find(&asker, &snapshot, organization, &id)?;
    let viewer = asker.principal.viewer();
    let revision = row.revision_for(viewer.rendition(&row));
    let json = contact_json::contact(&row, organization, viewer);
    Ok(([(header::ETAG, entity_tag(revision))], Json(Value::Object(json))).into_response())
}

pub(super) async fn remove(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?;
    let row = find(&asker, &snapshot, organization, &id)?;
    if !asker.sight(&snapshot)?.may(row.book, Operation::Write) {
        return Err(Problem::forbidden("this group is read-only for you"));
    }
    let user = snapshot.user(row.id).filter(|_| row.book == Book::People);
    if user.is_some_and(|user| user.role > asker.principal.role) {
        return Err(Problem::forbidden("this user has a higher role than you"));
    }
    let preconditions = unchanged(&headers, &row)?.into_iter().collect();
    let edits = vec![Edit::RemoveContact(row.id)];
    context.directory.commit(Request { edits, preconditions }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The contact that the asker sees under this id.
fn find<'a>(
    asker: &'a Asker,
    snapshot: &'a Snapshot,
    organization: &Organization,
    id: &str,
) -> Result<Row<'a>, Problem> {
    let absent = || Problem::absent("contact");
    let sight = Sight::of(snapshot, &asker.principal, &organization.id).ok_or_else(absent)?;
    let id = ContactId::parse(id).ok_or_else(absent)?;
    let row = snapshot.contact(&organization.id, id).or_else(|| sight.contact(id));
    let visible = |row: &Row<'_>| {
        let own = asker.principal.user() == Some(row.id);
        let unlisted = row.book == Book::People && (own || asker.is_admin());
        unlisted || sight.sees(row)
    };
    row.filter(visible).ok_or_else(absent)
}

fn entity_tag(revision: Revision) -> String {
    format!("\"{}\"", revision.0)
}

/// The condition of an `If-Match` header (RFC 9110 section 13.1.1).
fn unchanged(headers: &HeaderMap, row: &Row<'_>) -> Result<Option<Precondition>, Problem> {
    let Some(tags) = headers.get(header::IF_MATCH).and_then(|tags| tags.to_str().ok()) else {
        return Ok(None);
    };
    let current = entity_tag(row.revision);
    if tags.trim() == "*" {
        return Ok(None);
    }
    if tags.split(',').any(|tag| tag.trim() == current) {
        let condition = Precondition::AtRevision { id: row.id, revision: row.revision };
        return Ok(Some(condition));
    }
    Err(Problem::new(StatusCode::PRECONDITION_FAILED, "the contact was changed meanwhile"))
}
