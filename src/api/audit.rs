//! `GET /audit`: who signed in, or failed to, and what administrators did.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::audit::{AuditQuery, Numbered};
use crate::api::asker::{Asker, Params};
use crate::api::contact_json::time;
use crate::api::problem::Problem;
use crate::api::{Shared, blocking};

/// Entries of one answer: unless asked otherwise, and at most.
const LIMIT: u32 = 100;
const LIMIT_MAX: u32 = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditParams {
    organization: Option<String>,
    /// Only entries with a lower number.
    before: Option<i64>,
    limit: Option<u32>,
}

/// Administrators read what belongs to their organization, operators everything.
pub(super) async fn list(
    State(context): State<Shared>,
    asker: Asker,
    Params(params): Params<AuditParams>,
) -> Result<Json<Value>, Problem> {
    asker.must_be_admin()?;
    let limit = params.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::field("limit", format!("limit can be 1 to {LIMIT_MAX}")));
    }
    let organization = match (asker.is_operator(), &params.organization) {
        (true, None) => None,
        _ => Some(asker.organization(&context.directory.snapshot())?.id.clone()),
    };
    let query = AuditQuery { organization, before: params.before, limit };
    let found = blocking(&context, move |directory| directory.audit(&query)).await?;
    let full = u32::try_from(found.len()) == Ok(limit);
    let next = found.last().filter(|_| full).map(|last| last.number);
    let items: Vec<Value> = found.iter().map(shown).collect();
    Ok(Json(json!({ "items": items, "next": next })))
}

fn shown(Numbered { number, entry }: &Numbered) -> Value {
    json!({
        "number": number, "time": time(entry.time),
        "organization": entry.organization.as_ref().map(ToString::to_string),
        "actor": entry.actor, "address": entry.address.map(|address| address.to_string()),
        "door": entry.door, "action": entry.action, "outcome": entry.outcome,
        "count": entry.count,
    })
}
