//! `POST /import`: a file into a book.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use hyper::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::asker::{Asker, Params};
use crate::api::import_run::{Done, ImportError, Origin, Run, Sent};
use crate::api::language::Reads;
use crate::api::problem::Problem;
use crate::api::report::{self, Format, Importer, Kept};
use crate::api::{Context, PREFIX, Shared, file_name, upload};
use crate::auth::rights::Operation;
use crate::auth::sight as seen;
use crate::contact::{Book, OrganizationId};
use crate::file::encoding::Charset;
use crate::file::table::choice::Choice;
use crate::file::words::Language;
use crate::file::{About, Reason, Rule};
use crate::import::report::Report;
use crate::import::source::Source;
use crate::import::{Job, Mode};
use crate::index::Snapshot;

pub(super) mod history;
mod into;
pub(super) mod keys;
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
    ranges: Option<String>,
    name: Option<String>,
    format: Option<String>,
}

/// In which form and language a report is answered.
#[derive(Clone, Copy)]
struct Answer {
    format: Format,
    language: Language,
}

/// What became of a request.
enum Outcome {
    Done(Box<Done>),
    /// It was done already: the report of then.
    Known(Kept),
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
    let outcome = import(&context, &asker, &params, request).await;
    let answer = outcome.and_then(|outcome| match outcome {
        Outcome::Done(done) => answer(&done, wanted),
        Outcome::Known(kept) => Ok(with_place(&kept, StatusCode::OK, wanted)),
    });
    answer.map_err(|refused| refused.told_in(wanted.language))
}

/// What a request asks for, as far as it is known before the file is read.
struct Asked {
    organization: OrganizationId,
    book: Option<Book>,
    mode: Mode,
    choice: Choice,
    charset: Option<Charset>,
    entities: BTreeMap<Box<str>, OrganizationId>,
    key: Option<String>,
    run: Run,
}

impl Asked {
    fn of(
        context: &Context,
        asker: &Asker,
        params: &ImportParams,
        headers: &HeaderMap,
    ) -> Result<Self, Problem> {
        let snapshot = context.directory.snapshot();
        let organization = asker.organization(&snapshot)?;
        let numbering = organization.derivation.numbering.clone();
        let organization = organization.id.clone();
        let into = params.into.as_deref();
        let book =
            into.map(|into| into::book(asker, &snapshot, &organization, into)).transpose()?;
        let columns = params.columns.as_deref();
        let saved = |name: &str| snapshot.column_map(&organization, name).map(|map| &*map.columns);
        let choice = told::choice(&context.profiles, params.profile.as_deref(), columns, saved)?;
        let ranges = params.ranges.as_deref().map(told::ranges).transpose()?;
        let charset = params.charset.clone().or_else(|| upload::charset(headers));
        Ok(Self {
            book,
            mode: told::mode(params.mode.as_deref())?,
            choice: choice.with_ranges(ranges.unwrap_or_default()).with_numbering(numbering),
            charset: charset.as_deref().map(told::charset).transpose()?,
            entities: told::entities(asker, &snapshot, params.entities.as_deref())?,
            key: told::key(headers)?,
            run: if params.dry_run == Some(true) { Run::Dry } else { Run::Real },
            organization,
        })
    }
}

async fn import(
    context: &Shared,
    asker: &Asker,
    params: &ImportParams,
    request: Request,
) -> Result<Outcome, Problem> {
    let asked = Asked::of(context, asker, params, request.headers())?;
    let upload = upload::receive(request, &context.spool).await?;
    let of_part = || upload.charset.as_deref().map(told::charset).transpose();
    let charset = if asked.charset.is_some() { asked.charset } else { of_part()? };
    let name = params.name.as_deref().and_then(file_name::plain).or(upload.name);
    let (importer, digest) = (Importer::of(&asker.principal), upload.file.digest);
    let key = asked.key.as_deref().filter(|_| asked.run == Run::Real);
    let turn =
        key.map(|key| context.keys.begin(&importer, key).ok_or_else(under_way)).transpose()?;
    if let Some(key) = key {
        let sent = keys::Sent { importer: &importer, key, digest };
        if let Some(known) = keys::find(context, &asked.organization, &sent).await? {
            return Ok(Outcome::Known(known));
        }
    }
    let origin = Origin { importer, key: asked.key.clone(), name, digest };
    let (text, opener) = upload.file.read(charset);
    let source = text.map(|text| Source { opener, text, choice: asked.choice.clone() });
    match context.imports.open(Sent { source }).await? {
        Ok((source, about)) => {
            let job = job(context, asker, params, (&asked, &about))?;
            let (context, run) = (Arc::clone(context), asked.run);
            // What has begun ends, and keeps its turn until then, even where nobody waits any more.
            let running = tokio::spawn(async move {
                let done = context.imports.run(source, job, origin, run).await;
                drop(turn);
                done
            });
            let done = running.await.map_err(|_cancelled| ImportError::Cancelled)?;
            Ok(Outcome::Done(Box::new(done?)))
        }
        Err(refused) => {
            let book = asked.book.unwrap_or_else(|| into::own_or_shared(asker));
            let report = Report::new(asked.mode, book, None).of_refused(refused);
            Ok(Outcome::Done(Box::new(Done::without_record(report, &origin))))
        }
    }
}

fn under_way() -> Problem {
    let detail = "a request with this key is under way: ask again later";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
}

fn job(
    context: &Context,
    asker: &Asker,
    params: &ImportParams,
    (asked, about): (&Asked, &About),
) -> Result<Job, Problem> {
    let snapshot = context.directory.snapshot();
    let target = into::target((asker, &snapshot), &asked.organization, about, asked.book)?;
    let principal = asker.principal.clone();
    let may_fill = move |snapshot: &Snapshot, of: &OrganizationId, book: Book| {
        let sight = seen::Sight::of(snapshot, &principal, of);
        sight.is_some_and(|sight| sight.may(book, Operation::Import))
    };
    let makes_books = may_fill(&snapshot, &asked.organization, Book::Shared);
    Ok(Job {
        target,
        mode: asked.mode,
        confirm: params.confirm,
        entities: asked.entities.clone(),
        importer: asker.principal.user(),
        may_fill: Arc::new(may_fill),
        makes_books,
        now: (context.clock)(),
    })
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
    if !report.is_usable() && format != Format::Json {
        let mut response = report::answer(kept, format, language);
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(response);
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
    Ok(with_place(kept, status, wanted))
}

/// A report, and where it is kept.
fn with_place(kept: &Kept, status: StatusCode, wanted: Answer) -> Response {
    let mut response = report::answer(kept, wanted.format, wanted.language);
    *response.status_mut() = status;
    let place = kept.report.get("id").and_then(Value::as_str);
    let place = place.and_then(|id| format!("{PREFIX}/imports/{id}").parse().ok());
    if let Some(place) = place {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}
