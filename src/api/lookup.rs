//! `GET /lookup`: who has a number, for the telephone system and for people.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use hyper::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use crate::api::Shared;
use crate::api::asker::{Asker, Params};
use crate::api::contact_json::seen_card;
use crate::api::groups::blocking;
use crate::api::listing::LOOK_THROUGH;
use crate::api::problem::Problem;
use crate::auth::sight::{Sight, nobody_is_present};
use crate::contact::book::AddressBook;
use crate::contact::card::{Field, FieldSet};
use crate::contact::number::NumberPattern;
use crate::contact::query::{Gaze, Query, Truth};
use crate::contact::{Book, Contact};
use crate::file::fields;
use crate::index::Row;

/// Longer texts are no number.
const NUMBER_CHARS_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LookupParams {
    #[serde(rename = "organization")]
    _organization: Option<String>,
    number: String,
    format: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    /// The name alone: Asterisk's `CURL()` takes the body as it is.
    Text,
}

pub(super) async fn lookup(
    State(context): State<Shared>,
    asker: Asker,
    Params(params): Params<LookupParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let format = match params.format.as_deref() {
        Some("text") => Format::Text,
        Some("json") => Format::Json,
        Some(_) => return Err(Problem::field("format", "format must be json or text")),
        None if wants_text(&headers) => Format::Text,
        None => Format::Json,
    };
    blocking(move || {
        let snapshot = context.directory.snapshot();
        let sight = asker.sight(&snapshot)?;
        let numbering = &sight.organization.derivation.numbering;
        let wrong = || Problem::field("number", "number must have a digit");
        let number = Some(params.number.trim()).filter(|n| n.chars().count() <= NUMBER_CHARS_MAX);
        let pattern = NumberPattern::equals(number.ok_or_else(wrong)?, numbering);
        if matches!(&pattern, NumberPattern::Equals(forms) if forms.is_empty()) {
            return Err(wrong());
        }
        let query = Query::Number(Field::NUMBERS, pattern);
        let found = first(&sight, &query);
        Ok(answer(&sight, &query, found.as_ref().map(|row| row.contact()), format))
    })
    .await
}

/// The best of those who have the number: one's own contacts first, then people, then the others.
fn first<'s>(sight: &Sight<'s>, query: &Query) -> Option<Row<'s>> {
    let rank = |row: &Row<'_>| match row.book {
        Book::Personal(_) | Book::PersonalBook(..) => 0,
        Book::People => 1,
        Book::Shared => 2,
        Book::SharedBook(_) => 3,
    };
    let whole = sight.whole();
    let own = sight.search(&whole, query, LOOK_THROUGH).min_by_key(rank).map(|row| row.id);
    let neighbor = || {
        let all = sight.extent(AddressBook::All, &nobody_is_present)?;
        sight.search(&all, query, LOOK_THROUGH).next().map(|row| row.id)
    };
    sight.contact(own.or_else(neighbor)?)
}

fn answer(sight: &Sight<'_>, query: &Query, found: Option<&Contact>, format: Format) -> Response {
    let text = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    match (found, format) {
        (None, Format::Json) => Problem::absent("number").into_response(),
        // Whatever stands in the body would be shown as the caller's name.
        (None, Format::Text) => (StatusCode::NOT_FOUND, text, "").into_response(),
        (Some(contact), Format::Text) => {
            let card = seen_card(sight, contact);
            (text, one_line(card.formatted_name())).into_response()
        }
        (Some(contact), Format::Json) => {
            let card = seen_card(sight, contact);
            let own = contact.organization == sight.organization.id;
            let book = if own { contact.book.into() } else { AddressBook::All };
            Json(json!({
                "name": card.formatted_name(), "company": card.first(Field::Company),
                "book": book.to_string(), "id": contact.id.to_string(),
                "type": kind(sight, query, contact),
            }))
            .into_response()
        }
    }
}

/// Which of the contact's numbers it is.
fn kind(sight: &Sight<'_>, query: &Query, contact: &Contact) -> Option<&'static str> {
    let Query::Number(_, pattern) = query else { return None };
    let (hidden, collation) = (sight.hidden(contact), &sight.organization.derivation.collation);
    let has = |field: &Field| {
        let fields = FieldSet::of(&[*field]);
        let query = Query::Number(fields, pattern.clone());
        query.matches(contact, &Gaze { hidden, collation }) == Truth::True
    };
    Field::NUMBERS.iter().find(has).and_then(fields::json_name)
}

fn one_line(name: &str) -> String {
    name.split_whitespace().collect::<Vec<&str>>().join(" ")
}

fn wants_text(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.trim_start().starts_with("text/plain"))
}
