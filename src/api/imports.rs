//! `POST /import`: a file into a book; `GET /imports/{id}`: what became of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use hyper::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::import_run::{Done, Run, Sent};
use crate::api::problem::Problem;
use crate::api::report_json::Importer;
use crate::api::upload;
use crate::auth::rights::Operation;
use crate::auth::sight as seen;
use crate::contact::OrganizationId;
use crate::contact::book::AddressBook;
use crate::contact::{Book, ContactId};
use crate::file::encoding::Charset;
use crate::file::table::profile::{Choice, ColumnMap};
use crate::file::{Holds, Rule};
use crate::import::file::Parsed;
use crate::import::{Sight, Target};
use crate::index::Snapshot;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportParams {
    #[serde(rename = "organization")]
    _organization: Option<String>,
    into: Option<String>,
    profile: Option<String>,
    mode: Option<String>,
    charset: Option<String>,
    columns: Option<String>,
    dry_run: Option<bool>,
}

pub(super) async fn add(
    State(context): State<Shared>,
    asker: Asker,
    Params(params): Params<ImportParams>,
    request: Request,
) -> Result<Response, Problem> {
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?.id.clone();
    // Everything is checked that can be before the file is read.
    let told = params.into.as_deref();
    let told = told.map(|into| book(&asker, &snapshot, &organization, into)).transpose()?;
    let choice = choice(&params)?;
    let named = params.charset.clone().or_else(|| upload::charset(request.headers()));
    let named = named.as_deref().map(charset).transpose()?;
    drop(snapshot);
    let upload = upload::receive(request, &context.spool).await?;
    let of_part = || upload.charset.as_deref().map(charset).transpose();
    let charset = if named.is_some() { named } else { of_part()? };
    let (text, opener) = upload.file.read(charset);
    let parsed = context.imports.read(Sent { text, opener, choice }).await?;
    let snapshot = context.directory.snapshot();
    let target = target((&asker, &snapshot), &organization, &parsed, told)?;
    let run = if params.dry_run == Some(true) { Run::Dry } else { Run::Real };
    let importer = Importer::of(&asker.principal);
    let done = context.imports.add(parsed, &target, importer, run).await?;
    Ok(answer(done))
}

fn answer(done: Done) -> Response {
    let Done { report, json } = done;
    if !report.is_usable() {
        let detail = match report.failed.first() {
            Some(fault) => format!("nothing of the file can be used: {}", fault.reason),
            None => "no contact found".to_owned(),
        };
        return Problem::bad(detail).with("report", json).into_response();
    }
    let place = json.get("id").and_then(Value::as_str);
    let place = place.and_then(|id| format!("/api/v1/imports/{id}").parse().ok());
    let status = if report.created > 0 { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = (status, Json(json)).into_response();
    if let Some(place) = place {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

fn choice(params: &ImportParams) -> Result<Choice, Problem> {
    match params.mode.as_deref() {
        None | Some("add") => {}
        Some("update" | "mirror") => {
            let detail = "this version only adds: mode=add; what is there already is skipped";
            return Err(Problem::field("mode", detail));
        }
        Some(_) => return Err(Problem::field("mode", "mode must be add")),
    }
    let columns = params.columns.as_deref().map(column_map).transpose()?;
    Choice::parse(params.profile.as_deref(), columns).map_err(|fault| {
        let field = match fault.reason.rule {
            Rule::UnknownProfile => "profile",
            _ => "columns",
        };
        Problem::field(field, fault.to_string())
    })
}

fn charset(name: &str) -> Result<Charset, Problem> {
    Charset::parse(name).map_err(|fault| Problem::field("charset", fault.to_string()))
}

fn column_map(text: &str) -> Result<ColumnMap, Problem> {
    let wrong = || {
        let detail = "columns must be a JSON object from header name to field, such as \
                      {\"Vorname\": \"given_name\", \"Telefon\": \"work\"}";
        Problem::field("columns", detail)
    };
    let map: Map<String, Value> = serde_json::from_str(text).map_err(|_| wrong())?;
    let pairs = map.iter().map(|(name, field)| Some((name.as_str(), field.as_str()?)));
    let pairs: Vec<(&str, &str)> = pairs.collect::<Option<_>>().ok_or_else(wrong)?;
    ColumnMap::new(pairs).map_err(|fault| Problem::field("columns", fault.to_string()))
}

/// What `into` may be.
const INTO: &str =
    "into must be people, shared, shared-ID, personal, personal-ID or personal:LOGIN";

/// The book that `into` names, where the asker may import into it.
fn book(
    asker: &Asker,
    snapshot: &Snapshot,
    organization: &OrganizationId,
    into: &str,
) -> Result<Book, Problem> {
    let book = match into.split_once(':') {
        None => match into {
            "personal" => own_book(asker)?,
            id => match AddressBook::parse(id, asker.principal.user()) {
                Some(AddressBook::Home(book)) => book,
                _ => return Err(Problem::field("into", INTO)),
            },
        },
        Some(("personal", login)) => {
            let user = snapshot.user_by_login(organization, login).map(|user| user.id);
            match user {
                Some(user) if asker.is_admin() || asker.principal.user() == Some(user) => {
                    Book::Personal(user)
                }
                None if asker.is_admin() => return Err(Problem::absent("user")),
                _ => {
                    let detail = "only administrators fill the personal books of others";
                    return Err(Problem::forbidden(detail));
                }
            }
        }
        Some(_) => return Err(Problem::field("into", INTO)),
    };
    may_import(asker, snapshot, organization, book)?;
    Ok(book)
}

fn own_book(asker: &Asker) -> Result<Book, Problem> {
    let without = || Problem::field("into", "a token has no personal book: say personal:LOGIN");
    asker.principal.user().map(Book::Personal).ok_or_else(without)
}

fn may_import(
    asker: &Asker,
    snapshot: &Snapshot,
    organization: &OrganizationId,
    book: Book,
) -> Result<(), Problem> {
    let sight = seen::Sight::of(snapshot, &asker.principal, organization);
    if sight.is_some_and(|sight| sight.may(book, Operation::Import)) {
        return Ok(());
    }
    Err(Problem::forbidden(match book {
        Book::People => "only administrators import people",
        Book::SharedBook(_) | Book::PersonalBook(..) => return Err(Problem::absent("group")),
        Book::Shared => "only office managers and administrators import shared contacts",
        Book::Personal(_) => "you may not import here",
    }))
}

/// Where the file goes: as told, else where its profile belongs.
fn target(
    (asker, snapshot): (&Asker, &Snapshot),
    organization: &OrganizationId,
    parsed: &Parsed,
    told: Option<Book>,
) -> Result<Target, Problem> {
    let holds = parsed.about.as_ref().map(|about| about.holds);
    let book = match (told, holds) {
        (Some(book), _) => book,
        (None, Some(Holds::Users)) => Book::People,
        (None, _) => asker.principal.user().map_or(Book::Shared, Book::Personal),
    };
    let profile = parsed.about.as_ref().map_or("", |about| &about.profile);
    match (holds, book) {
        (Some(Holds::Users), Book::Shared | Book::Personal(_) | Book::PersonalBook(..)) => {
            let detail = format!("a file of the profile {profile} holds users: into=people");
            return Err(Problem::field("into", detail));
        }
        (Some(Holds::Contacts), Book::People) => {
            let detail = format!(
                "a file of the profile {profile} holds contacts, not users: into=shared or \
                 personal"
            );
            return Err(Problem::field("into", detail));
        }
        _ => may_import(asker, snapshot, organization, book)?,
    }
    let seen = seen::Sight::of(snapshot, &asker.principal, organization);
    let open = seen.is_some_and(|seen| seen.may(book, Operation::Read));
    let sight = if open { Sight::Open } else { Sight::Blind };
    Ok(Target { organization: organization.clone(), book, sight })
}

pub(super) async fn show(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let absent = || Problem::absent("import");
    // Ids are UUIDs: nothing else goes to the store.
    ContactId::parse(&id).ok_or_else(absent)?;
    let directory = Arc::clone(&context.directory);
    let read = spawn_blocking(move || directory.import_report(&id)).await;
    let read = read.map_err(|_cancelled| absent())?;
    let kept = read.map_err(|fault| {
        tracing::error!(%fault, "a report was not read");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server's store cannot be read now")
    });
    let kept = kept?.ok_or_else(absent)?;
    let own = asker.principal.organization.as_ref();
    let json: Value = serde_json::from_str(&kept.json).map_err(|_| absent())?;
    let importer = Importer::of(&asker.principal);
    let by_asker = json.get("by").and_then(Value::as_str) == Some(importer.as_str());
    // Rows of a personal book's file are their owner's.
    let common = json.get("into") != Some(&json!("personal"));
    let inside = own.is_none_or(|own| *own == kept.organization);
    if inside && (by_asker || (common && asker.is_admin())) {
        Ok(Json(json))
    } else {
        Err(absent())
    }
}
