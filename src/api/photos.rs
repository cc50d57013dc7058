//! `/contacts/{id}/photo`: photos of contacts and people.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Request, StatusCode};
use serde::Deserialize;

use crate::api::asker::{Asker, NoParams, Params};
use crate::api::client_card::bytes_of;
use crate::api::contacts::{ATTEMPTS_MAX, draft_of, find, may_write};
use crate::api::problem::Problem;
use crate::api::user_edit::contended;
use crate::api::users::may_change;
use crate::api::{Shared, blocking};
use crate::auth::sight::Sight;
use crate::contact::photo::{Photo, PhotoSize, Picture};
use crate::contact::{Body as CardBody, Book, Draft};
use crate::directory::{CommitError, Edit, Precondition, Request as Commit, system_clock};
use crate::index::Row;
use crate::photo::{BYTES_MAX, Unusable, develop};
use crate::vcard::edit::revised;
use crate::vcard::photo::with_photo;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShowParams {
    #[serde(rename = "organization")]
    _organization: Option<String>,
    #[serde(default)]
    size: Size,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Size {
    #[default]
    Full,
    Thumbnail,
}

/// `GET`: always a JPEG of our own making.
pub(super) async fn show(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    Params(params): Params<ShowParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, photo) = {
        let snapshot = context.directory.snapshot();
        let sight = asker.sight(&snapshot)?;
        let row = find(&asker, &sight, &id)?;
        (row.id, row.photo.ok_or_else(|| Problem::absent("photo"))?)
    };
    if names(&headers, &header::IF_NONE_MATCH, &entity_tag(photo.digest, params.size)) {
        let tag = [(header::ETAG, entity_tag(photo.digest, params.size))];
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    let size = match params.size {
        Size::Full => PhotoSize::Full,
        Size::Thumbnail => PhotoSize::Thumbnail,
    };
    let read = blocking(&context, move |directory| directory.photo(id, size)).await?;
    let (digest, jpeg) = read.ok_or_else(|| Problem::absent("photo"))?;
    let answer = [
        (header::CONTENT_TYPE, "image/jpeg".to_owned()),
        (header::ETAG, entity_tag(digest, params.size)),
        // Whether the asker may still see it is asked each time.
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((answer, jpeg).into_response())
}

/// `PUT`: the body is the image.
pub(super) async fn put(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
    request: Request<Body>,
) -> Result<StatusCode, Problem> {
    // Who may not is told before the image has come.
    {
        let snapshot = context.directory.snapshot();
        let sight = asker.sight(&snapshot)?;
        let row = find(&asker, &sight, &id)?;
        may_change_photo(&asker, &sight, &row)?;
    }
    let (parts, body) = request.into_parts();
    let picture = develop(received(body).await?).await.map_err(unusable)?;
    let had = change(&context, (&asker, &parts.headers), &id, Some(Arc::new(picture))).await?;
    Ok(if had.is_some() { StatusCode::NO_CONTENT } else { StatusCode::CREATED })
}

pub(super) async fn remove(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let had = change(&context, (&asker, &headers), &id, None).await?;
    had.map(|_| StatusCode::NO_CONTENT).ok_or_else(|| Problem::absent("photo"))
}

/// Gives the contact another photo or none, and says which it had.
async fn change(
    context: &Shared,
    (asker, headers): (&Asker, &HeaderMap),
    id: &str,
    picture: Option<Arc<Picture>>,
) -> Result<Option<Photo>, Problem> {
    for _ in 0..ATTEMPTS_MAX {
        let snapshot = context.directory.snapshot();
        let sight = asker.sight(&snapshot)?;
        let row = find(asker, &sight, id)?;
        may_change_photo(asker, &sight, &row)?;
        may_happen(headers, row.photo)?;
        let mut edits = vec![Edit::PutPhoto { id: row.id, picture: picture.clone() }];
        if row.body != CardBody::Written {
            let card = bytes_of(&context.directory, row.shared()).await?;
            let card = with_photo(&card, picture.as_ref().map(|picture| &*picture.jpeg));
            let card = revised(&card, system_clock());
            let draft = Draft { body: Some(card.into()), ..draft_of(&row, row.card.clone()) };
            edits.insert(0, Edit::PutContact { id: row.id, draft });
        }
        let condition = Precondition::AtRevision { id: row.id, revision: row.revision };
        let request = Commit { edits, preconditions: vec![condition] };
        match context.directory.commit(request).await {
            Err(CommitError::Changed) => {}
            done => return done.map(|_| row.photo).map_err(Into::into),
        }
    }
    Err(contended())
}

/// As for the other fields of the card. Of people, one's own photo may be open to oneself.
fn may_change_photo(asker: &Asker, sight: &Sight<'_>, row: &Row<'_>) -> Result<(), Problem> {
    if row.book != Book::People {
        return may_write(sight, row);
    }
    if row.organization != sight.organization.id {
        return Err(Problem::forbidden("people of other organizations are read-only"));
    }
    if asker.is_admin() {
        return sight.snapshot.user(row.id).map_or(Ok(()), |user| may_change(asker, user));
    }
    if asker.principal.user() != Some(row.id) {
        return Err(Problem::forbidden("only administrators change the photos of others"));
    }
    match sight.organization.self_edit_photo {
        true => Ok(()),
        false => Err(Problem::forbidden("only administrators change photos of people here")),
    }
}

/// The conditions of a change (RFC 9110 section 13.1) are about the photo, not about the contact.
fn may_happen(headers: &HeaderMap, photo: Option<Photo>) -> Result<(), Problem> {
    let tag = photo.map(|photo| entity_tag(photo.digest, Size::Full));
    let named = |header| tag.as_ref().is_some_and(|tag| names(headers, header, tag));
    let stale = headers.contains_key(header::IF_MATCH) && !named(&header::IF_MATCH);
    if stale || named(&header::IF_NONE_MATCH) {
        let detail = "the photo is another one, or there is one already";
        return Err(Problem::new(StatusCode::PRECONDITION_FAILED, detail));
    }
    Ok(())
}

fn names(headers: &HeaderMap, header: &HeaderName, tag: &str) -> bool {
    let tags = headers.get_all(header).iter().filter_map(|tags| tags.to_str().ok());
    let mut tags = tags.flat_map(|tags| tags.split(',')).map(str::trim);
    tags.any(|named| named == "*" || named.trim_start_matches("W/") == tag)
}

fn entity_tag(digest: u64, size: Size) -> String {
    match size {
        Size::Full => format!("\"{digest:016x}\""),
        Size::Thumbnail => format!("\"{digest:016x}-thumbnail\""),
    }
}

async fn received(body: Body) -> Result<Vec<u8>, Problem> {
    match Limited::new(body, BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes().to_vec()),
        Err(fault) if fault.is::<LengthLimitError>() => Err(unusable(Unusable::TooLong)),
        Err(_broken) => Err(Problem::bad("the image ends early")),
    }
}

fn unusable(fault: Unusable) -> Problem {
    let status = match fault {
        Unusable::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
        Unusable::OtherFormat => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Unusable::TooLarge | Unusable::Damaged(_) => StatusCode::BAD_REQUEST,
        Unusable::Failed => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Problem::new(status, fault.to_string())
}
