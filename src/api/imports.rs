//! `POST /import`: a file into a book; `GET /imports/{id}`: what became of it.

use std::collections::BTreeMap;
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
use crate::api::report_json::{self, Importer};
use crate::api::upload::{self, Upload};
use crate::auth::rights::Operation;
use crate::auth::sight as seen;
use crate::contact::OrganizationId;
use crate::contact::book::AddressBook;
use crate::contact::{Book, ContactId};
use crate::file::encoding::Charset;
use crate::file::table::choice::{Choice, ColumnMap};
use crate::file::table::profiles::Profiles;
use crate::file::{About, Holds, Rule};
use crate::import::report::Report;
use crate::import::{Job, Mode, Sight, Target};
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
    confirm: Option<usize>,
    entities: Option<String>,
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
    let (mode, choice) = (mode(&params)?, choice(&params)?);
    let named = params.charset.clone().or_else(|| upload::charset(request.headers()));
    let charset = named.as_deref().map(Charset::parse).transpose();
    let charset = charset.map_err(|fault| Problem::field("charset", fault.to_string()))?;
    drop(snapshot);
    let bytes = upload::receive(request, &context.upload_memory).await?;
    let sent = Sent { source: Upload { bytes, choice, charset }.source() };
    let opened = context.imports.open(sent).await?;
    let snapshot = context.directory.snapshot();
    let (source, about) = match opened {
        Ok(opened) => opened,
        Err(refused) => {
            let book = told.unwrap_or_else(|| own_or_shared(&asker));
            let report = Report::new(mode, book, None).of_refused(refused);
            let json = report_json::report(&report, None);
            return Ok(answer(Done { report, json }));
        }
    };
    let target = target((&asker, &snapshot), &organization, &about, told)?;
    let principal = asker.principal.clone();
    let may_fill = move |snapshot: &Snapshot, of: &OrganizationId, book: Book| {
        let sight = seen::Sight::of(snapshot, &principal, of);
        sight.is_some_and(|sight| sight.may(book, Operation::Import))
    };
    let makes_books = may_fill(&snapshot, &organization, Book::Shared);
    let job = Job {
        target,
        mode,
        confirm: params.confirm,
        entities: entities(&asker, &snapshot, params.entities.as_deref())?,
        importer: asker.principal.user(),
        may_fill: Arc::new(may_fill),
        makes_books,
        now: (context.clock)(),
    };
    drop(snapshot);
    let run = if params.dry_run == Some(true) { Run::Dry } else { Run::Real };
    let importer = Importer::of(&asker.principal);
    let done = context.imports.run(source, job, importer, run).await?;
    Ok(answer(done))
}

fn answer(done: Done) -> Response {
    let Done { report, json } = done;
    if let Some((removes, of)) = report.to_confirm {
        let detail = format!(
            "this would remove {removes} of {of} contacts, more than a tenth: say confirm={removes} \
             where that is right"
        );
        let problem = Problem::conflict("confirm", detail).with("removes", json!(removes));
        return problem.with("report", json).into_response();
    }
    if !report.is_usable() {
        let detail = match report.failed.rows.first() {
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

fn mode(params: &ImportParams) -> Result<Mode, Problem> {
    let mode = params.mode.as_deref().map_or(Some(Mode::Add), Mode::parse);
    mode.ok_or_else(|| Problem::field("mode", "mode must be add, update or mirror"))
}

/// `{"1": "acme"}`: the organizations that the `entityid`s of a users file mean.
fn entities(
    asker: &Asker,
    snapshot: &Snapshot,
    text: Option<&str>,
) -> Result<BTreeMap<Box<str>, OrganizationId>, Problem> {
    let Some(text) = text else { return Ok(BTreeMap::new()) };
    if asker.principal.organization.is_some() {
        return Err(Problem::forbidden("only operators fill several organizations"));
    }
    let wrong = |detail: String| Problem::field("entities", detail);
    let map: BTreeMap<Box<str>, String> = serde_json::from_str(text).map_err(|_| {
        wrong("entities must be a JSON object from entityid to organization".to_owned())
    })?;
    let known = |(entity, id): (Box<str>, String)| {
        let organization = snapshot.organization(&OrganizationId::from(&id));
        let organization = organization.ok_or_else(|| wrong(format!("there is no `{id}`")))?;
        Ok((entity, organization.id.clone()))
    };
    map.into_iter().map(known).collect()
}

fn choice(params: &ImportParams) -> Result<Choice, Problem> {
    let columns = params.columns.as_deref().map(column_map).transpose()?;
    let profiles = Profiles::built_in();
    Choice::parse(&profiles, params.profile.as_deref(), columns).map_err(|fault| {
        let field = match fault.reason.rule {
            Rule::UnknownProfile => "profile",
            _ => "columns",
        };
        Problem::field(field, fault.to_string())
    })
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
    ColumnMap::named(pairs).map_err(|fault| Problem::field("columns", fault.to_string()))
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

fn own_or_shared(asker: &Asker) -> Book {
    asker.principal.user().map_or(Book::Shared, Book::Personal)
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
    about: &About,
    told: Option<Book>,
) -> Result<Target, Problem> {
    let book = match (told, about.holds) {
        (Some(book), _) => book,
        (None, Holds::Users) => Book::People,
        (None, _) => own_or_shared(asker),
    };
    let profile = &about.profile;
    match (about.holds, book) {
        (Holds::Users, Book::Shared | Book::Personal(_) | Book::PersonalBook(..)) => {
            let detail = format!("a file of the profile {profile} holds users: into=people");
            return Err(Problem::field("into", detail));
        }
        (Holds::Contacts, Book::People) => {
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
    let read = spawn_blocking(move || directory.import(&id)).await;
    let read = read.map_err(|_cancelled| absent())?;
    let kept = read.map_err(|fault| {
        tracing::error!(%fault, "a report was not read");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server's store cannot be read now")
    });
    let (kept, _) = kept?.ok_or_else(absent)?;
    let own = asker.principal.organization.as_ref();
    let json: Value = serde_json::from_str(&kept.report).map_err(|_| absent())?;
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
