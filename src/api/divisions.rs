//! Departments and sites: records that people belong to by what stands on their cards.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use hyper::{StatusCode, header};
use serde_json::{Value, json};

use crate::account::group::{GroupRecord, Member, SharedBook, kind_name};
use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::input::Input;
use crate::api::problem::Problem;
use crate::auth::sight::{Sight, nobody_is_present};
use crate::contact::OrganizationId;
use crate::contact::book::{AddressBook, BookId, Group, GroupKind};
use crate::directory::{CommitError, Edit, Precondition, Request};
use crate::index::Snapshot;

pub(super) fn routes() -> Router<Shared> {
    let departments = Router::new()
        .route("/departments", get(list).post(add))
        .route("/departments/{id}", get(show).patch(change).delete(remove))
        .layer(Extension(GroupKind::Department));
    let sites = Router::new()
        .route("/sites", get(list).post(add))
        .route("/sites/{id}", get(show).patch(change).delete(remove))
        .layer(Extension(GroupKind::Site));
    departments.merge(sites)
}

async fn list(
    State(context): State<Shared>,
    Extension(kind): Extension<GroupKind>,
    asker: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let records = snapshot.groups(&sight.organization.id);
    let records = records.filter(|record| record.group.kind() == kind);
    let seen = records.filter(|record| sight.reads(AddressBook::Group(record.group)));
    let items: Vec<Value> = seen.map(|record| shown(&sight, record)).collect();
    Ok(Json(json!({ "items": items })))
}

async fn show(
    State(context): State<Shared>,
    Extension(kind): Extension<GroupKind>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let record = find(&sight, kind, &id)?;
    Ok(Json(shown(&sight, record)))
}

async fn add(
    State(context): State<Shared>,
    Extension(kind): Extension<GroupKind>,
    asker: Asker,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Response, Problem> {
    asker.must_be_admin()?;
    let (id, name) = (input.text("id")?, input.required("name")?);
    input.must_be_empty()?;
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?.id.clone();
    let taken = |id| snapshot.group(&organization, kind.group(id)).is_some();
    let group = kind.group(new_id(id.as_deref(), &name, taken)?);
    let book = AddressBook::Group(group);
    let free = Precondition::BookFree { organization: organization.clone(), book };
    let record = GroupRecord { organization: organization.clone(), group, name: name.into() };
    let request = Request { edits: vec![Edit::PutGroup(record)], preconditions: vec![free] };
    context.directory.commit(request).await.map_err(|fault| match fault {
        CommitError::Changed => Problem::conflict("id", "somebody took the id meanwhile"),
        fault => fault.into(),
    })?;
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let record = snapshot.group(&organization, group).ok_or_else(|| absent(kind))?;
    let place = format!("/api/v1/{}s/{}", kind_name(kind), group.id());
    let json = Json(shown(&sight, record));
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], json).into_response())
}

async fn change(
    State(context): State<Shared>,
    (Extension(kind), Path(id)): (Extension<GroupKind>, Path<String>),
    asker: Asker,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Json<Value>, Problem> {
    asker.must_be_admin()?;
    let name = input.text("name")?;
    input.must_be_empty()?;
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let old = find(&sight, kind, &id)?;
    if let Some(name) = name {
        let record = GroupRecord { name: name.into(), ..old.clone() };
        context.directory.commit(Request::one(Edit::PutGroup(record))).await?;
    }
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    Ok(Json(shown(&sight, find(&sight, kind, &id)?)))
}

async fn remove(
    State(context): State<Shared>,
    Extension(kind): Extension<GroupKind>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<StatusCode, Problem> {
    asker.must_be_admin()?;
    let _turn = context.authenticator.account_changes().await;
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let group = find(&sight, kind, &id)?.group;
    let organization = sight.organization.id.clone();
    // A later department of the same id inherits nothing.
    let mut edits = unnamed(&snapshot, &organization, group);
    edits.push(Edit::RemoveGroup(organization, group));
    context.directory.commit(Request { edits, preconditions: Vec::new() }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a department or site from the readers and writers of all shared books.
fn unnamed(snapshot: &Snapshot, organization: &OrganizationId, group: Group) -> Vec<Edit> {
    let is = |member: &Member| *member == Member::Group(group);
    let books = snapshot.shared_books(organization);
    let naming = books.filter(|book| book.readers.iter().flatten().chain(&book.writers).any(is));
    naming.map(|book| Edit::PutSharedBook(with_members(book, snapshot, |m| !is(m)))).collect()
}

/// The book with those of its readers and writers who are still there and wanted.
pub(super) fn with_members(
    book: &SharedBook,
    snapshot: &Snapshot,
    wanted: impl Fn(&Member) -> bool,
) -> SharedBook {
    let organization = &book.organization;
    let is_there = |member: &Member| match member {
        Member::User(id) => snapshot.user(*id).is_some(),
        Member::Group(group) => snapshot.group(organization, *group).is_some(),
    };
    let mut book = book.clone();
    book.writers.retain(|member| is_there(member) && wanted(member));
    if let Some(readers) = &mut book.readers {
        readers.retain(|member| is_there(member) && wanted(member));
    }
    book
}

/// The id that is given, or one made of the name.
pub(super) fn new_id(
    given: Option<&str>,
    name: &str,
    taken: impl Fn(BookId) -> bool,
) -> Result<BookId, Problem> {
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        return Ok(BookId::of_name(name, taken));
    };
    let wrong = || Problem::field("id", "an id has 1 to 32 of a-z, 0-9 and -");
    let id = BookId::parse(given).ok_or_else(wrong)?;
    if taken(id) {
        return Err(Problem::conflict("id", format!("the id {id} is taken")));
    }
    Ok(id)
}

fn find<'s>(sight: &Sight<'s>, kind: GroupKind, id: &str) -> Result<&'s GroupRecord, Problem> {
    let group = BookId::parse(id).map(|id| kind.group(id));
    let seen = group.filter(|group| sight.reads(AddressBook::Group(*group)));
    let record = seen.and_then(|group| sight.snapshot.group(&sight.organization.id, group));
    record.ok_or_else(|| absent(kind))
}

fn absent(kind: GroupKind) -> Problem {
    Problem::absent(kind_name(kind))
}

fn shown(sight: &Sight<'_>, record: &GroupRecord) -> Value {
    let book = AddressBook::Group(record.group);
    let count = sight.count(book).or_else(|| {
        let extent = sight.extent(book, &nobody_is_present)?;
        Some(sight.snapshot.members(&sight.organization.id, &extent).count())
    });
    json!({
        "id": record.group.id().as_str(), "name": record.name, "group": book.to_string(),
        "count": count,
    })
}
