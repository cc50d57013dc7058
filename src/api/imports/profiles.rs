//! `GET /import/profiles`: the kinds of files that are read and written.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::export::{CARDS, LDIF};
use crate::api::problem::Problem;
use crate::file::Holds;

pub(in crate::api) async fn list(
    State(context): State<Shared>,
    _: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let tables = context.profiles.iter().map(|profile| {
        json!({ "name": profile.name, "title": profile.title, "holds": holds(profile.holds) })
    });
    let others = CARDS.iter().chain([&LDIF]).map(
        |(name, title)| json!({ "name": name, "title": title, "holds": holds(Holds::Either) }),
    );
    Ok(Json(json!({ "items": tables.chain(others).collect::<Vec<_>>() })))
}

fn holds(holds: Holds) -> &'static str {
    match holds {
        Holds::Contacts => "contacts",
        Holds::Users => "users",
        Holds::Either => "either",
    }
}
