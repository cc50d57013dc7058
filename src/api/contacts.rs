//! Single contacts by their id: made, shown, changed and removed.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use hyper::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::asker::{self, Asker, NoParams, Params};
use crate::api::card_edit::CardEdit;
use crate::api::client_card::changed;
use crate::api::contact_json::Shower;
use crate::api::input::Input;
use crate::api::problem::Problem;
use crate::api::user_edit::contended;
use crate::api::{Context, Shared};
use crate::auth::rights::Operation;
use crate::auth::sight::Sight;
use crate::contact::book::AddressBook;
use crate::contact::card::{Card, CardBuilder, Field};
use crate::contact::{Book, ContactId, Draft, Rendition, Revision};
use crate::directory::{CommitError, Edit, Precondition, Request, new_id};
use crate::index::{Extent, Row};

/// How often a change is tried again because another one came first.
pub(super) const ATTEMPTS_MAX: usize = 5;
/// Contacts that are removed at once.
const IDS_MAX: usize = 1000;

/// Members of a contact that are shown and not set. A client may send back what it got.
const SHOWN_ONLY: [&str; 9] = [
    "id",
    "group",
    "vcard_uid",
    "created",
    "modified",
    "photo",
    "favorite",
    "presence",
    "organization",
];

pub(super) async fn show(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<Response, Problem> {
    shown(&context, &asker, &id, StatusCode::OK)
}

/// The contact as it is now. The tag is of the card: stars and presence come and go without it.
fn shown(
    context: &Context,
    asker: &Asker,
    id: &str,
    status: StatusCode,
) -> Result<Response, Problem> {
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let row = find(asker, &sight, id)?;
    let json = Shower { sight: &sight, presence: &context.presence }.contact(row.contact());
    let tag = [(header::ETAG, entity_tag(&sight, &row))];
    Ok((status, tag, Json(Value::Object(json))).into_response())
}

pub(super) async fn add(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Response, Problem> {
    let group = input.text("group")?;
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let book = home(&sight, group.as_deref())?;
    let card = edit(input)?.finish(CardBuilder::default())?;
    let organization = sight.organization.id.clone();
    let (id, listed) = (new_id(), true);
    let draft = Draft { organization, book, name: None, uid: None, card, body: None, listed };
    context.directory.commit(Request::one(Edit::PutContact { id, draft })).await?;
    let mut response = shown(&context, &asker, &id.to_string(), StatusCode::CREATED)?;
    if let Ok(place) = format!("/api/v1/contacts/{id}").parse() {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// What becomes of the fields that a request does not name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    Stays,
    Goes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeParams {
    #[serde(rename = "organization")]
    _organization: Option<String>,
    rewrite: Option<bool>,
}

pub(super) async fn change(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    (Params(params), headers): (Params<ChangeParams>, HeaderMap),
    input: Input,
) -> Result<Response, Problem> {
    put(&context, (&asker, &headers), &id, (params, Rest::Stays), input).await
}

pub(super) async fn replace(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    (Params(params), headers): (Params<ChangeParams>, HeaderMap),
    input: Input,
) -> Result<Response, Problem> {
    put(&context, (&asker, &headers), &id, (params, Rest::Goes), input).await
}

async fn put(
    context: &Shared,
    (asker, headers): (&Asker, &HeaderMap),
    id: &str,
    (params, rest): (ChangeParams, Rest),
    mut input: Input,
) -> Result<Response, Problem> {
    let group = input.text("group")?;
    let edit = edit(input)?;
    for _ in 0..ATTEMPTS_MAX {
        let snapshot = context.directory.snapshot();
        let sight = asker.sight(&snapshot)?;
        let row = find(asker, &sight, id)?;
        may_write(&sight, &row)?;
        stays_in(&row, group.as_deref())?;
        unchanged(headers, &sight, &row)?;
        let card = match rest {
            Rest::Stays => edit.finish(edit.begin(&row.card))?,
            Rest::Goes => edit.finish(unsaid(&row.card))?,
        };
        if card == row.card {
            return shown(context, asker, id, StatusCode::OK);
        }
        let rewrite = params.rewrite == Some(true);
        let draft = match changed(&context.directory, row.shared(), &card, rewrite).await? {
            Some((body, card)) => Draft { body: Some(body), ..draft_of(&row, card) },
            None => draft_of(&row, card),
        };
        match context.directory.commit(rewritten(&row, draft)).await {
            // Looked at again: If-Match may stand against it now.
            Err(CommitError::Changed) => {}
            done => {
                done?;
                return shown(context, asker, id, StatusCode::OK);
            }
        }
    }
    Err(contended())
}

/// A card that says what nobody can say in JSON, as another one did: what kind of card it is.
fn unsaid(card: &Card) -> CardBuilder {
    let mut builder = CardBuilder::default();
    card.all(Field::Kind).for_each(|kind| {
        builder.push(Field::Kind, kind);
    });
    builder
}

/// The contact with another card, where it still is as it was read.
fn rewritten(row: &Row<'_>, draft: Draft) -> Request {
    let condition = Precondition::AtRevision { id: row.id, revision: row.revision };
    Request { edits: vec![Edit::PutContact { id: row.id, draft }], preconditions: vec![condition] }
}

/// The contact as it is, with another card that no client wrote.
pub(super) fn draft_of(row: &Row<'_>, card: Card) -> Draft {
    Draft {
        organization: row.organization.clone(),
        book: row.book,
        name: row.name.clone(),
        uid: row.uid.clone(),
        card,
        body: None,
        listed: row.listed,
    }
}

pub(super) async fn remove(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let request = {
        let snapshot = context.directory.snapshot();
        let sight = asker.sight(&snapshot)?;
        let row = find(&asker, &sight, &id)?;
        may_write(&sight, &row)?;
        let condition = unchanged(&headers, &sight, &row)?;
        let edits = vec![Edit::RemoveContact(row.id)];
        Request { edits, preconditions: condition.into_iter().collect() }
    };
    context.directory.commit(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /contacts/delete`: several contacts, or none of them where one stands against it.
pub(super) async fn remove_some(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Json<Value>, Problem> {
    let ids = input.list("ids")?.filter(|ids| ids.len() <= IDS_MAX);
    let ids = ids.ok_or_else(|| {
        Problem::field("ids", format!("ids must be a list of at most {IDS_MAX} contact ids"))
    })?;
    input.must_be_empty()?;
    let request = {
        let snapshot = context.directory.snapshot();
        let sight = asker.sight(&snapshot)?;
        let mut known = BTreeSet::new();
        for id in &ids {
            let told = |problem: Problem| problem.with("id", json!(id));
            let row = find(&asker, &sight, id).map_err(told)?;
            may_write(&sight, &row).map_err(told)?;
            known.insert(row.id);
        }
        removal(known)
    };
    let removed = request.edits.len();
    context.directory.commit(request).await?;
    Ok(Json(json!({ "removed": removed })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClearParams {
    #[serde(rename = "organization")]
    _organization: Option<String>,
    book: String,
}

/// `DELETE /contacts?book=personal`: all of one's own contacts.
pub(super) async fn clear(
    State(context): State<Shared>,
    asker: Asker,
    Params(params): Params<ClearParams>,
) -> Result<Json<Value>, Problem> {
    let request = {
        let snapshot = context.directory.snapshot();
        let sight = asker.sight(&snapshot)?;
        if params.book != "personal" {
            return Err(Problem::field("book", "only book=personal can be emptied at once"));
        }
        let AddressBook::Home(book) = asker::book(&sight, &params.book)? else {
            return Err(Problem::absent("group"));
        };
        let extent = Extent::of(&[book]);
        let members = snapshot.members(&sight.organization.id, &extent);
        removal(members.map(|row| row.id).collect())
    };
    let removed = request.edits.len();
    context.directory.commit(request).await?;
    Ok(Json(json!({ "removed": removed })))
}

fn removal(ids: BTreeSet<ContactId>) -> Request {
    let edits = ids.into_iter().map(Edit::RemoveContact).collect();
    Request { edits, preconditions: Vec::new() }
}

/// The contact that the asker sees under this id. Administrators see the cards of the unlisted, and
/// everybody their own. Group cards are no contacts.
pub(super) fn find<'s>(asker: &Asker, sight: &Sight<'s>, id: &str) -> Result<Row<'s>, Problem> {
    let absent = || Problem::absent("contact");
    let id = ContactId::parse(id).ok_or_else(absent)?;
    let unlisted = || {
        let row = sight.snapshot.contact(&sight.organization.id, id)?;
        let own = asker.principal.user() == Some(row.id);
        (row.book == Book::People && (own || asker.is_admin())).then_some(row)
    };
    let row = sight.contact(id).or_else(unlisted);
    row.filter(|row| !row.derived.group).ok_or_else(absent)
}

/// Where a new contact goes: the personal book, unless another one is named.
fn home(sight: &Sight<'_>, group: Option<&str>) -> Result<Book, Problem> {
    let personal = sight.owner().map(|owner| AddressBook::Home(Book::Personal(owner)));
    let book = match group {
        Some(name) => asker::book(sight, name)?,
        None => personal.ok_or_else(|| Problem::field("group", "group is required"))?,
    };
    match book {
        AddressBook::Home(Book::People) => {
            Err(Problem::forbidden("people are users: make them under /users"))
        }
        AddressBook::Home(home) if sight.may(home, Operation::Write) => Ok(home),
        AddressBook::Home(_) => Err(Problem::forbidden("this group is read-only for you")),
        _ => Err(Problem::field("group", "contacts live in shared, shared-ID or personal")),
    }
}

pub(super) fn may_write(sight: &Sight<'_>, row: &Row<'_>) -> Result<(), Problem> {
    if row.book == Book::People {
        return Err(Problem::forbidden("people are users: they change under /users"));
    }
    if sight.may(row.book, Operation::Write) {
        return Ok(());
    }
    Err(Problem::forbidden("this group is read-only for you"))
}

fn stays_in(row: &Row<'_>, group: Option<&str>) -> Result<(), Problem> {
    let here = AddressBook::from(row.book).to_string();
    if group.is_none_or(|group| group == here) {
        return Ok(());
    }
    let detail = "a contact stays in its group: make it anew in the other one";
    Err(Problem::field("group", detail))
}

fn edit(input: Input) -> Result<CardEdit, Problem> {
    let mut members = input.rest();
    members.retain(|name, _| !SHOWN_ONLY.contains(&name.as_str()));
    CardEdit::read(members)
}

/// The tag of what the asker sees of the card.
fn entity_tag(sight: &Sight<'_>, row: &Row<'_>) -> String {
    let rendition = sight.viewer.rendition(row.contact());
    let Revision(revision) = row.revision_for(rendition);
    match rendition {
        Rendition::Full => format!("\"{revision}\""),
        Rendition::Reduced => format!("\"{revision}-r\""),
    }
}

/// The condition of an `If-Match` header (RFC 9110 section 13.1.1).
fn unchanged(
    headers: &HeaderMap,
    sight: &Sight<'_>,
    row: &Row<'_>,
) -> Result<Option<Precondition>, Problem> {
    let Some(tags) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let tags = tags.to_str().unwrap_or_default();
    if tags.trim() == "*" {
        return Ok(None);
    }
    let current = entity_tag(sight, row);
    if tags.split(',').any(|tag| tag.trim() == current) {
        let condition = Precondition::AtRevision { id: row.id, revision: row.revision };
        return Ok(Some(condition));
    }
    Err(Problem::new(StatusCode::PRECONDITION_FAILED, "the contact was changed meanwhile"))
}
