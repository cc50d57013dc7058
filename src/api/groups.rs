//! Address books as groups: which there are, and the contacts of one.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Shared;
use crate::api::asker::{self, Asker, NoParams, Params};
use crate::api::contact_json;
use crate::api::problem::Problem;
use crate::auth::rights::Operation;
use crate::auth::sight::nobody_is_present;
use crate::contact::card::Field;
use crate::contact::number::{NumberPattern, Numbering};
use crate::contact::query::{Query, TextPattern};

/// Contacts of one answer where the asker names no limit, and at most.
const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1000;
/// Words of a search at most; each costs a look at the index.
const WORDS_MAX: usize = 16;
/// Rows that a search without an indexed word looks at.
const LOOK_THROUGH: usize = 200_000;

pub(super) async fn list(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let groups: Vec<Value> = sight
        .books()
        .into_iter()
        .map(|book| {
            json!({
                "id": book.to_string(), "name": sight.title(book), "count": sight.count(book),
                "writable": sight.may(book, Operation::Write),
            })
        })
        .collect();
    Ok(Json(json!({ "items": groups })))
}

/// What a list can be asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParams {
    #[serde(rename = "organization")]
    _organization: Option<String>,
    q: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(super) async fn contacts(
    State(context): State<Shared>,
    asker: Asker,
    Path(book): Path<String>,
    Params(params): Params<ListParams>,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let book = asker::book(&sight, &book)?;
    let page = Page::of(&params)?;
    let query = words(params.q.as_deref(), &sight.organization.derivation.numbering);
    let extent = sight.extent(book, &nobody_is_present).ok_or_else(|| Problem::absent("group"))?;
    let mut found = sight.search(&extent, &query, LOOK_THROUGH);
    let rows = found.by_ref().skip(page.start).take(page.limit);
    let items: Vec<Value> = rows
        .map(|row| contact_json::contact(&row, sight.organization, sight.viewer).into())
        .collect();
    let more = found.next().is_some();
    Ok(Json(page.answer(items, more, found.exceeded())))
}

/// Which part of a list is asked for.
pub(super) struct Page {
    pub(super) start: usize,
    pub(super) limit: usize,
}

impl Page {
    pub(super) fn of(params: &ListParams) -> Result<Self, Problem> {
        let limit = params.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Problem::field("limit", format!("limit must be 1 to {LIMIT_MAX}")));
        }
        let start = match params.cursor.as_deref() {
            None => 0,
            Some(cursor) => cursor
                .parse()
                .map_err(|_| Problem::field("cursor", "the cursor must come from an answer"))?,
        };
        Ok(Self { start, limit })
    }

    /// The answer, with the cursor of the next page; and whether rows were left unexamined.
    pub(super) fn answer(&self, items: Vec<Value>, more: bool, exceeded: bool) -> Value {
        let next = more.then(|| (self.start + items.len()).to_string());
        json!({ "items": items, "next": next, "complete": !exceeded })
    }
}

impl ListParams {
    pub(super) fn query(&self, numbering: &Numbering) -> Query {
        words(self.q.as_deref(), numbering)
    }
}

/// All words, each in any text or number.
fn words(text: Option<&str>, numbering: &Numbering) -> Query {
    let words = text.unwrap_or_default().split_whitespace().take(WORDS_MAX);
    let word = |word: &str| {
        let text = Query::Text(Field::TEXTS, TextPattern::contains(word));
        let digits = word.contains(|c: char| c.is_ascii_digit());
        let number = NumberPattern::parts(None, &[word], None, numbering).filter(|_| digits);
        let number = number.map(|pattern| Query::Number(Field::NUMBERS, pattern));
        Query::Or([Some(text), number].into_iter().flatten().collect())
    };
    Query::And(words.map(word).collect())
}
