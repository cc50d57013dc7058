//! `/import/maps`: what the columns of files mean, kept under names for the profile `custom:NAME`.

use axum::Json;
use axum::extract::{Path, State};
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::account::import::ColumnMapRecord;
use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::contact_json::time;
use crate::api::imports::told;
use crate::api::input::Text;
use crate::api::language::Reads;
use crate::api::problem::Problem;
use crate::auth::rights::Operation;
use crate::contact::Book;
use crate::directory::{Edit, Request};
use crate::file::{Reason, Rule};
use crate::index::Snapshot;

/// The maps of the organization, for everybody in it: whoever has a book of their own imports.
pub(in crate::api) async fn list(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?;
    let maps = snapshot.column_maps(&organization.id).map(shown);
    Ok(Json(json!({ "items": maps.collect::<Vec<_>>() })))
}

pub(in crate::api) async fn show(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    _: Params<NoParams>,
    Reads(language): Reads,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?;
    let map = snapshot.column_map(&organization.id, &name);
    map.map(shown).map(Json).ok_or_else(|| absent(&name).told_in(language))
}

/// The body is the map, as `columns` of an import takes it.
pub(in crate::api) async fn put(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    (_, Reads(language)): (Params<NoParams>, Reads),
    Text(columns): Text,
) -> Result<StatusCode, Problem> {
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?.id.clone();
    may_change(&asker, &snapshot).map_err(|refused| refused.told_in(language))?;
    told::column_map(&columns).map_err(|wrong| wrong.told_in(language))?;
    let is_new = snapshot.column_map(&organization, &name).is_none();
    let map = ColumnMapRecord {
        organization,
        name: name.into(),
        columns: columns.into(),
        updated: (context.clock)(),
    };
    drop(snapshot);
    context.directory.commit(Request::one(Edit::PutColumnMap(map))).await?;
    Ok(if is_new { StatusCode::CREATED } else { StatusCode::NO_CONTENT })
}

pub(in crate::api) async fn remove(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    _: Params<NoParams>,
    Reads(language): Reads,
) -> Result<StatusCode, Problem> {
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?.id.clone();
    may_change(&asker, &snapshot).map_err(|refused| refused.told_in(language))?;
    let there = snapshot.column_map(&organization, &name).is_some();
    drop(snapshot);
    if !there {
        return Err(absent(&name).told_in(language));
    }
    let remove = Edit::RemoveColumnMap(organization, name.into());
    context.directory.commit(Request::one(remove)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn absent(name: &str) -> Problem {
    Problem::reason(StatusCode::NOT_FOUND, Reason::new(Rule::NoMap, [&name]))
}

/// The maps belong to everybody, so they are changed by whoever fills everybody's book.
fn may_change(asker: &Asker, snapshot: &Snapshot) -> Result<(), Problem> {
    if asker.sight(snapshot)?.may(Book::Shared, Operation::Import) {
        return Ok(());
    }
    Err(Problem::reason(StatusCode::FORBIDDEN, Rule::MapRight))
}

fn shown(map: &ColumnMapRecord) -> Value {
    let columns: Value = serde_json::from_str(&map.columns).unwrap_or_default();
    json!({ "name": map.name, "columns": columns, "updated": time(map.updated) })
}
