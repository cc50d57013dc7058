//! `POST /import`: a file into a book.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use hyper::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::asker::{Asker, Params};
use crate::api::import_run::{Done, Origin, Run, Sent};
use crate::api::language::Reads;
use crate::api::problem::Problem;
use crate::api::report::{self, Format, Importer};
use crate::api::{Context, PREFIX, Shared, file_name, upload};
use crate::auth::rights::Operation;
use crate::auth::sight as seen;
use crate::contact::{Book, OrganizationId};
use crate::file::words::Language;
use crate::file::{Reason, Rule};
use crate::import::Job;
use crate::import::report::Report;
use crate::import::source::Source;
use crate::index::Snapshot;

pub(super) mod history;
mod into;
pub(super) mod maps;
pub(super) mod profiles;
mod told;
pub(super) mod undo;

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
    name: Option<String>,
    format: Option<String>,
}

/// In which form and language a report is answered.
#[derive(Clone, Copy)]
struct Answer {
    format: Format,
    language: Language,
}

impl Answer {
    fn asked(
        format: Option<&str>,
        headers: &HeaderMap,
        Reads(language): Reads,
    ) -> Result<Self, Problem> {
        let format = Format::asked(format, headers).map_err(|fault| fault.told_in(language))?;
        Ok(Self { format, language })
    }
}

pub(super) async fn add(
    State(context): State<Shared>,
    asker: Asker,
    reads: Reads,
    Params(params): Params<ImportParams>,
    request: Request,
) -> Result<Response, Problem> {
    let wanted = Answer::asked(params.format.as_deref(), request.headers(), reads)?;
    let done = import(&context, &asker, &params, request).await;
    let answer = done.and_then(|done| answer(&done, wanted));
    answer.map_err(|refused| refused.told_in(wanted.language))
}

async fn import(
    context: &Context,
    asker: &Asker,
    params: &ImportParams,
    request: Request,
) -> Result<Done, Problem> {
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?.id.clone();
    // Everything is checked that can be before the file is read.
    let told = params.into.as_deref();
    let told = told.map(|into| into::book(asker, &snapshot, &organization, into)).transpose()?;
    let mode = told::mode(params.mode.as_deref())?;
    let columns = params.columns.as_deref();
    let saved = |name: &str| snapshot.column_map(&organization, name).map(|map| &*map.columns);
    let choice = told::choice(&context.profiles, params.profile.as_deref(), columns, saved)?;
    let charset = params.charset.clone().or_else(|| upload::charset(request.headers()));
    let charset = charset.as_deref().map(told::charset).transpose()?;
    let entities = told::entities(asker, &snapshot, params.entities.as_deref())?;
    drop(snapshot);
    let upload = upload::receive(request, &context.spool).await?;
    let of_part = || upload.charset.as_deref().map(told::charset).transpose();
    let charset = if charset.is_some() { charset } else { of_part()? };
    let name = params.name.as_deref().and_then(file_name::plain).or(upload.name);
    let origin =
        Origin { importer: Importer::of(&asker.principal), name, digest: upload.file.digest };
    let (text, opener) = upload.file.read(charset);
    let source = text.map(|text| Source { opener, text, choice });
    let opened = context.imports.open(Sent { source }).await?;
    let snapshot = context.directory.snapshot();
    let (source, about) = match opened {
        Ok(opened) => opened,
        Err(refused) => {
            let book = told.unwrap_or_else(|| into::own_or_shared(asker));
            let report = Report::new(mode, book, None).of_refused(refused);
            return Ok(Done::without_record(report, &origin));
        }
    };
    let target = into::target((asker, &snapshot), &organization, &about, told)?;
    let principal = asker.principal.clone();
    let may_fill = move |snapshot: &Snapshot, of: &OrganizationId, book: Book| {
        let sight = seen::Sight::of(snapshot, &principal, of);
        sight.is_some_and(|sight| sight.may(book, Operation::Import))
    };
    let makes_books = may_fill(&snapshot, &organization, Book::Shared);
    drop(snapshot);
    let job = Job {
        target,
        mode,
        confirm: params.confirm,
        entities,
        importer: asker.principal.user(),
        may_fill: Arc::new(may_fill),
        makes_books,
        now: (context.clock)(),
    };
    let run = if params.dry_run == Some(true) { Run::Dry } else { Run::Real };
    Ok(context.imports.run(source, job, origin, run).await?)
}

fn answer(done: &Done, wanted: Answer) -> Result<Response, Problem> {
    let Done { report, kept } = done;
    let Answer { format, language } = wanted;
    if let Some((removes, of)) = report.to_confirm {
        let reason = Reason::new(Rule::Confirm, [&removes, &of]);
        let problem = Problem::reason(StatusCode::CONFLICT, reason);
        let problem = problem.with("field", json!("confirm")).with("removes", json!(removes));
        return Err(problem.with("report", kept.told(language)));
    }
    if !report.is_usable() {
        let first = report.failed.rows.first().map(|fault| fault.reason.sentence(language));
        let reason = match first {
            Some(first) => Reason::new(Rule::NothingUsable, [&first]),
            None => Rule::NoContact.into(),
        };
        let problem = Problem::reason(StatusCode::BAD_REQUEST, reason);
        return Err(problem.with("report", kept.told(language)));
    }
    let status = if report.created > 0 { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = report::answer(kept, format, language);
    *response.status_mut() = status;
    let place = kept.report.get("id").and_then(Value::as_str);
    let place = place.and_then(|id| format!("{PREFIX}/imports/{id}").parse().ok());
    if let Some(place) = place {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}
