//! `GET /imports`: what was imported, by whom; `GET /imports/{id}`: what became of each row.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use hyper::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::account::import::{IMPORTS_MAX, Import, ImportOverview, ImportQuery, Undone};
use crate::api::asker::{Asker, Params};
use crate::api::contact_json::time;
use crate::api::imports::Answer;
use crate::api::language::Reads;
use crate::api::problem::Problem;
use crate::api::report::{self, Importer, Kept};
use crate::api::{Context, Shared, blocking};
use crate::auth::rights::Operation;
use crate::auth::sight::Sight;
use crate::contact::book::AddressBook;
use crate::contact::{Book, ContactId};
use crate::file::Rule;
use crate::index::Snapshot;

/// Imports of one answer: unless asked otherwise, and at most.
const LIMIT: usize = 50;
const LIMIT_MAX: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ListParams {
    #[serde(rename = "organization")]
    _organization: Option<String>,
    /// Only imports before this one.
    before: Option<String>,
    limit: Option<usize>,
}

/// The imports that the asker may see, newest first.
pub(in crate::api) async fn list(
    State(context): State<Shared>,
    asker: Asker,
    Params(params): Params<ListParams>,
) -> Result<Json<Value>, Problem> {
    let limit = params.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::field("limit", format!("limit can be 1 to {LIMIT_MAX}")));
    }
    if params.before.as_deref().is_some_and(|id| ContactId::parse(id).is_none()) {
        return Err(Problem::field("before", "before must be the id of an import"));
    }
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?.id.clone();
    let before = params.before.map(String::into_boxed_str);
    // All that are kept: which of them the asker may see is not the store's business.
    let query = ImportQuery { organization, before, limit: IMPORTS_MAX };
    let found = blocking(&context, move |directory| directory.imports(&query)).await?;
    let sight = asker.sight(&snapshot)?;
    let visible = |import: &ImportOverview| {
        Source::read(&import.by, &import.summary).is_some_and(|of| of.is_seen(&asker, &sight))
    };
    let mut seen = found.iter().filter(|import| visible(import));
    let items: Vec<Value> =
        seen.by_ref().take(limit).map(|import| shown(&snapshot, import)).collect();
    let more = seen.next().is_some();
    let next = items.last().filter(|_| more).map(|last| last["id"].clone());
    Ok(Json(json!({ "items": items, "next": next })))
}

fn shown(snapshot: &Snapshot, import: &ImportOverview) -> Value {
    let mut item: Map<String, Value> = serde_json::from_str(&import.summary).unwrap_or_default();
    item.remove("owner");
    item.remove("several");
    item.remove("key");
    item.extend([
        ("id".to_owned(), json!(import.id)),
        ("at".to_owned(), json!(time(import.created))),
        ("by".to_owned(), json!(import.by)),
        ("by_name".to_owned(), json!(Importer::name(&import.by, snapshot))),
        ("has_refused".to_owned(), json!(import.has_refused)),
        ("undone".to_owned(), undone(import.undone.as_ref(), snapshot)),
        ("undoable".to_owned(), json!(import.undoable)),
    ]);
    Value::Object(item)
}

fn undone(undone: Option<&Undone>, snapshot: &Snapshot) -> Value {
    undone.map_or(Value::Null, |undone| {
        let by_name = Importer::name(&undone.by, snapshot);
        json!({ "at": time(undone.at), "by": undone.by, "by_name": by_name })
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ShowParams {
    #[serde(rename = "organization")]
    _organization: Option<String>,
    format: Option<String>,
}

pub(in crate::api) async fn show(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    Params(params): Params<ShowParams>,
    (reads, headers): (Reads, HeaderMap),
) -> Result<Response, Problem> {
    let wanted = Answer::asked(params.format.as_deref(), &headers, reads)?;
    report(&context, &asker, id, wanted).await
}

/// The report of an import, where the asker may see it.
pub(super) async fn report(
    context: &Context,
    asker: &Asker,
    id: String,
    wanted: Answer,
) -> Result<Response, Problem> {
    let found = find(context, asker, id).await;
    let (import, _) = found.map_err(|absent| absent.told_in(wanted.language))?;
    let mut kept = Kept::read(&import).ok_or_else(|| absent().told_in(wanted.language))?;
    let undone = undone(import.undone.as_ref(), &context.directory.snapshot());
    kept.report.insert("undone".to_owned(), undone);
    Ok(report::answer(&kept, wanted.format, wanted.language))
}

/// An import that the asker may see, and its book.
///
/// # Errors
/// 404, whether there is none or the asker may not see it.
pub(super) async fn find(
    context: &Context,
    asker: &Asker,
    id: String,
) -> Result<(Import, Vec<Book>), Problem> {
    // Ids are UUIDs: nothing else goes to the store.
    ContactId::parse(&id).ok_or_else(absent)?;
    let read = blocking(context, move |directory| directory.import(&id)).await?;
    let (import, _) = read.ok_or_else(absent)?;
    let snapshot = context.directory.snapshot();
    let sight = Sight::of(&snapshot, &asker.principal, &import.organization);
    let sight = sight.ok_or_else(absent)?;
    let source = Source::read(&import.by, &import.summary).ok_or_else(absent)?;
    let books = source.books();
    if source.is_seen(asker, &sight) { Ok((import, books)) } else { Err(absent()) }
}

pub(super) fn absent() -> Problem {
    Problem::reason(StatusCode::NOT_FOUND, Rule::NoImport)
}

/// From whom an import is, and into which book.
struct Source<'a> {
    by: &'a str,
    book: Book,
    /// Further books that rows named.
    others: Vec<Book>,
    /// Whether contacts of several organizations are in the file.
    several: bool,
}

impl<'a> Source<'a> {
    fn read(by: &'a str, summary: &str) -> Option<Self> {
        let summary: Map<String, Value> = serde_json::from_str(summary).ok()?;
        let several = summary.get("several").and_then(Value::as_bool).unwrap_or_default();
        let owner = summary.get("owner").and_then(Value::as_str).and_then(ContactId::parse);
        let others = summary.get("other_books").and_then(Value::as_array).into_iter().flatten();
        let others = others.filter_map(|book| match AddressBook::parse(book.as_str()?, owner)? {
            AddressBook::Home(book) => Some(book),
            _ => None,
        });
        let others = others.collect();
        match AddressBook::parse(summary.get("into")?.as_str()?, owner)? {
            AddressBook::Home(book) => Some(Self { by, book, others, several }),
            _ => None,
        }
    }

    /// All books in which the import may have changed contacts.
    fn books(&self) -> Vec<Book> {
        std::iter::once(self.book).chain(self.others.iter().copied()).collect()
    }

    /// Reports hold rows of files. Those of a personal book are for its owner and for who made
    /// the import; those of common books for who may import there and did, and for administrators;
    /// those of several organizations for operators.
    fn is_seen(&self, asker: &Asker, sight: &Sight<'_>) -> bool {
        if self.several && !asker.is_operator() {
            return false;
        }
        let own = self.by == Importer::of(&asker.principal).as_str();
        match self.book {
            Book::Personal(owner) | Book::PersonalBook(owner, _) => {
                let filled = own && sight.may(self.book, Operation::Import);
                filled || (own && asker.principal.user() == Some(owner))
            }
            book => asker.is_admin() || (own && sight.may(book, Operation::Import)),
        }
    }
}
