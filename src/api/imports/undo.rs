//! `POST /imports/{id}/undo`: everything is again as it was before an import.

use axum::extract::{Path, State};
use axum::response::Response;
use hyper::{HeaderMap, StatusCode};
use serde_json::json;

use crate::api::asker::{Asker, NoParams, Params};
use crate::api::imports::Answer;
use crate::api::imports::history::{self, absent, find};
use crate::api::language::Reads;
use crate::api::problem::Problem;
use crate::api::report::Importer;
use crate::api::{Context, Shared};
use crate::auth::rights::Operation;
use crate::auth::sight::Sight;
use crate::directory::{Reach, Since, UndoError};
use crate::file::{Reason, Rule};

/// Answers with the report, as it is from now on.
pub(in crate::api) async fn undo(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
    (reads, headers): (Reads, HeaderMap),
) -> Result<Response, Problem> {
    let wanted = Answer::asked(None, &headers, reads)?;
    let undone = undone(&context, &asker, &id).await;
    undone.map_err(|refused| refused.told_in(wanted.language))?;
    history::report(&context, &asker, id, wanted).await
}

async fn undone(context: &Context, asker: &Asker, id: &str) -> Result<(), Problem> {
    let (import, books) = find(context, asker, id.to_owned()).await?;
    let snapshot = context.directory.snapshot();
    let sight = Sight::of(&snapshot, &asker.principal, &import.organization);
    let may = |sight: &Sight<'_>| books.iter().all(|book| sight.may(*book, Operation::Write));
    if !sight.as_ref().is_some_and(may) {
        return Err(Problem::reason(StatusCode::FORBIDDEN, Rule::UndoRight));
    }
    let by = Importer::of(&asker.principal);
    let reach = if asker.is_operator() { Reach::All } else { Reach::Organization };
    let undone = context.directory.undo(id, by.as_str(), reach).await;
    undone.map(drop).map_err(problem)
}

fn problem(fault: UndoError) -> Problem {
    let conflict = |reason: Reason| Problem::reason(StatusCode::CONFLICT, reason);
    match fault {
        UndoError::NoImport => absent(),
        UndoError::Undone(_) => conflict(Rule::UndoneAlready.into()),
        UndoError::Forgotten => conflict(Rule::NotUndoable.into()),
        UndoError::OtherOrganization => conflict(Rule::OtherOrganization.into()),
        UndoError::Changed { since, count } => {
            let changed = |since: &Since| {
                json!({
                    "id": since.id.to_string(), "name": since.name, "what": since.what.name(),
                })
            };
            let changed: Vec<_> = since.iter().map(changed).collect();
            let problem = conflict(Reason::new(Rule::ChangedSince, [&count]));
            problem.with("count", json!(count)).with("changed", json!(changed))
        }
        UndoError::Commit(fault) => fault.into(),
    }
}
