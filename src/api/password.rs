//! `PUT /me/password`: a user changes the own password.

use axum::Extension;
use axum::extract::State;
use hyper::StatusCode;
use serde_json::json;

use crate::account::device::Door;
use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::input::Input;
use crate::api::problem::Problem;
use crate::auth::{NotChanged, Peer, Refused};
use crate::http::Caller;

/// The old password is needed although somebody signed in: the browser may stand open. Everything
/// that signed in with it ends.
pub(super) async fn change(
    State(context): State<Shared>,
    Extension(caller): Extension<Caller>,
    asker: Asker,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<StatusCode, Problem> {
    if asker.principal.owner_of_credentials().is_none() {
        return Err(Problem::forbidden(NotChanged::NotOwner.to_string()));
    }
    let mut text = |name: &str| {
        let secret = input.secret(name)?.filter(|secret| !secret.is_empty());
        secret.ok_or_else(|| Problem::field(name, format!("{name} is required")))
    };
    let (old, new) = (text("old")?, text("new")?);
    input.must_be_empty()?;
    let peer = Peer { door: Door::Http, address: caller.peer.ip(), secure: caller.secure };
    let change = context.authenticator.change_password(&asker.principal, (&old, &new), peer);
    change.await.map_err(not_changed)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Not 401: whoever asks has signed in.
fn not_changed(fault: NotChanged) -> Problem {
    match fault {
        NotChanged::NotOwner => Problem::forbidden(fault.to_string()),
        NotChanged::Old(Refused::Credentials) => {
            Problem::forbidden("the old password is wrong").with("field", json!("old"))
        }
        NotChanged::Old(other) => other.into(),
        NotChanged::Unfit(reason) => Problem::field("new", reason),
        NotChanged::Hash(error) => error.into(),
        NotChanged::Meanwhile => Problem::new(StatusCode::CONFLICT, fault.to_string()),
        NotChanged::Commit(error) => error.into(),
    }
}
