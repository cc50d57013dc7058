//! `/books`: further shared books, with readers and writers of their own.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use hyper::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::group::{Member, SharedBook};
use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::divisions::{new_id, with_members};
use crate::api::input::Input;
use crate::api::problem::Problem;
use crate::api::users;
use crate::auth::rights::Operation;
use crate::auth::sight::Sight;
use crate::contact::book::{AddressBook, BookId};
use crate::contact::{Book, Revision};
use crate::directory::{CommitError, Edit, Precondition, Request};

/// The most readers, and the most writers, of one book.
const MEMBERS_MAX: usize = 1000;

pub(super) async fn list(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let books = snapshot.shared_books(&sight.organization.id);
    let seen = books.filter(|book| sight.reads(Book::SharedBook(book.id).into()));
    let items: Vec<Value> = seen.map(|book| shown(&asker, &sight, book)).collect();
    Ok(Json(json!({ "items": items })))
}

pub(super) async fn show(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    Ok(Json(shown(&asker, &sight, find(&sight, &id)?)))
}

pub(super) async fn add(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Response, Problem> {
    asker.must_be_admin()?;
    let (id, name) = (input.text("id")?, input.required("name")?);
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let organization = sight.organization.id.clone();
    let taken = |id| snapshot.shared_book(&organization, id).is_some();
    let id = new_id(id.as_deref(), &name, taken)?;
    let new = SharedBook {
        organization: organization.clone(),
        id,
        name: name.into(),
        readers: None,
        writers: Vec::new(),
        revision: Revision(0),
    };
    let book = changed(&sight, new, input)?;
    let home = AddressBook::Home(Book::SharedBook(id));
    let free = Precondition::BookFree { organization: organization.clone(), book: home };
    let request = Request { edits: vec![Edit::PutSharedBook(book)], preconditions: vec![free] };
    context.directory.commit(request).await.map_err(|fault| match fault {
        CommitError::Changed => Problem::conflict("id", "somebody took the id meanwhile"),
        fault => fault.into(),
    })?;
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let json = Json(shown(&asker, &sight, find(&sight, id.as_str())?));
    let place = format!("/api/v1/books/{id}");
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], json).into_response())
}

pub(super) async fn change(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Json<Value>, Problem> {
    asker.must_be_admin()?;
    let _turn = context.authenticator.account_changes().await;
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    // Who left the organization since is no reason to refuse another change.
    let mut book = with_members(find(&sight, &id)?, &snapshot, |_| true);
    if let Some(name) = input.text("name")? {
        book.name = name.into();
    }
    let book = changed(&sight, book, input)?;
    context.directory.commit(Request::one(Edit::PutSharedBook(book))).await?;
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    Ok(Json(shown(&asker, &sight, find(&sight, &id)?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoveParams {
    #[serde(rename = "organization")]
    _organization: Option<String>,
    confirm: Option<usize>,
}

/// Removes the book. Its contacts go with it: whoever means that says how many.
pub(super) async fn remove(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    Params(params): Params<RemoveParams>,
) -> Result<StatusCode, Problem> {
    asker.must_be_admin()?;
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let id = find(&sight, &id)?.id;
    let organization = sight.organization.id.clone();
    let count = snapshot.count(&organization, Book::SharedBook(id).into());
    if count > 0 && params.confirm != Some(count) {
        let detail = format!("{count} contacts go with the book: say confirm={count}");
        return Err(Problem::conflict("confirm", detail).with("contacts", json!(count)));
    }
    context.directory.commit(Request::one(Edit::RemoveSharedBook(organization, id))).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn find<'s>(sight: &Sight<'s>, id: &str) -> Result<&'s SharedBook, Problem> {
    let absent = || Problem::absent("book");
    let id = BookId::parse(id).ok_or_else(absent)?;
    let seen = sight.reads(Book::SharedBook(id).into());
    let book = sight.snapshot.shared_book(&sight.organization.id, id);
    book.filter(|_| seen).ok_or_else(absent)
}

/// The book with the readers and writers of a request.
fn changed(
    sight: &Sight<'_>,
    mut book: SharedBook,
    mut input: Input,
) -> Result<SharedBook, Problem> {
    match input.take("readers") {
        None => {}
        Some(Value::Null) => book.readers = None,
        Some(list) => book.readers = Some(members(sight, "readers", &list)?),
    }
    if let Some(list) = input.take("writers") {
        book.writers = members(sight, "writers", &list)?;
    }
    input.must_be_empty()?;
    Ok(book)
}

fn members(sight: &Sight<'_>, field: &str, list: &Value) -> Result<Vec<Member>, Problem> {
    let wrong = || {
        let detail = format!(
            "{field} must be a list of at most {MEMBERS_MAX} extensions, department-ID or site-ID"
        );
        Problem::field(field, detail)
    };
    let names = list.as_array().filter(|names| names.len() <= MEMBERS_MAX).ok_or_else(wrong)?;
    let mut members = Vec::new();
    for name in names {
        let name = name.as_str().ok_or_else(wrong)?;
        let unknown = || Problem::field(field, format!("{field}: there is no `{name}`"));
        let member = member(sight, name).ok_or_else(unknown)?;
        if !members.contains(&member) {
            members.push(member);
        }
    }
    Ok(members)
}

fn member(sight: &Sight<'_>, name: &str) -> Option<Member> {
    if let Some(AddressBook::Group(group)) = AddressBook::parse(name, None)
        && sight.snapshot.group(&sight.organization.id, group).is_some()
    {
        return Some(Member::Group(group));
    }
    let user = users::find(sight.snapshot, sight.organization, name).ok()?;
    Some(Member::User(user.id))
}

/// The book; who reads and writes it is shown to administrators.
fn shown(asker: &Asker, sight: &Sight<'_>, book: &SharedBook) -> Value {
    let home = Book::SharedBook(book.id);
    let mut json = json!({
        "id": book.id.as_str(), "name": book.name, "group": AddressBook::Home(home).to_string(),
        "count": sight.count(home.into()), "writable": sight.may(home, Operation::Write),
    });
    let names = |members: &[Member]| -> Vec<String> {
        members.iter().filter_map(|member| name(sight, *member)).collect()
    };
    if let Some(json) = json.as_object_mut().filter(|_| asker.is_admin()) {
        json.insert("readers".to_owned(), json!(book.readers.as_deref().map(names)));
        json.insert("writers".to_owned(), json!(names(&book.writers)));
    }
    json
}

fn name(sight: &Sight<'_>, member: Member) -> Option<String> {
    match member {
        Member::User(id) => {
            let user = sight.snapshot.user(id)?;
            Some(user.extension.as_deref().map_or_else(|| id.to_string(), str::to_owned))
        }
        Member::Group(group) => {
            let there = sight.snapshot.group(&sight.organization.id, group);
            there.map(|record| AddressBook::Group(record.group).to_string())
        }
    }
}
