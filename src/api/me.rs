//! `GET /me`: who signed in, and what they see.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::problem::Problem;
use crate::auth::Who;

pub(super) async fn show(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let principal = &asker.principal;
    let books = match &principal.organization {
        Some(_) => asker.sight(&snapshot)?.books(),
        None => Vec::new(),
    };
    let books = books.iter().map(ToString::to_string);
    let mut me = json!({
        "role": principal.role.name(),
        "organization": principal.organization.as_ref().map(ToString::to_string),
        "groups": books.collect::<Vec<_>>(),
    });
    let more = match &principal.who {
        Who::User(id) => {
            let user = snapshot.user(*id).ok_or_else(|| Problem::absent("user"))?;
            let card = snapshot.contact(&user.organization, user.id);
            json!({
                "kind": "user", "id": id.to_string(), "extension": user.extension,
                "login": user.login, "email": user.email, "principal": user.principal,
                "name": card.map(|card| card.card.formatted_name().to_owned()),
            })
        }
        Who::Token(id) => {
            let token = snapshot.token(id).ok_or_else(|| Problem::absent("token"))?;
            json!({ "kind": "token", "id": id, "name": token.name })
        }
        Who::Phone(name) => json!({ "kind": "phone", "name": name }),
        Who::Anonymous => json!({ "kind": "anonymous" }),
    };
    if let (Some(me), Value::Object(more)) = (me.as_object_mut(), more) {
        me.extend(more);
    }
    Ok(Json(me))
}
