//! `PUT /me/password`: a user changes the own password.

use axum::Extension;
use axum::extract::State;
use hyper::StatusCode;
use serde_json::json;
use zeroize::Zeroizing;

use crate::account::User;
use crate::account::device::Door;
use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::input::Input;
use crate::api::problem::Problem;
use crate::auth::{Peer, Refused, unfit};
use crate::directory::{Edit, Request};
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
    let id = asker.principal.owner_of_credentials().ok_or_else(|| {
        Problem::forbidden("sign in with your login name and password to change the password")
    })?;
    let mut text = |name: &str| {
        let secret = input.secret(name)?.filter(|secret| !secret.is_empty());
        secret.ok_or_else(|| Problem::field(name, format!("{name} is required")))
    };
    let (old, new) = (text("old")?, text("new")?);
    input.must_be_empty()?;
    let peer = Peer { door: Door::Http, address: caller.peer.ip(), secure: caller.secure };
    context.authenticator.confirm(id, old.as_bytes(), peer).await.map_err(refused)?;
    if new == old {
        return Err(Problem::field("new", "the new password is the old one"));
    }
    let absent = || Problem::absent("user");
    if let Some(reason) = unfit(&new, context.directory.snapshot().user(id).ok_or_else(absent)?) {
        return Err(Problem::field("new", reason));
    }
    let bytes = Zeroizing::new(new.as_bytes().to_vec());
    let hash = context.authenticator.hash(bytes).await?;
    let _turn = context.account_changes.lock().await;
    let snapshot = context.directory.snapshot();
    let user = snapshot.user(id).ok_or_else(absent)?;
    // An administrator may have changed it while argon2 ran.
    if !context.authenticator.still_valid(&asker.principal, peer) {
        let detail = "the account was changed meanwhile; sign in again";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    let user = User { password: Some(hash), ..user.clone() };
    context.directory.commit(Request::one(Edit::PutUser(user))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Not 401: whoever asks has signed in.
fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::Credentials => {
            Problem::forbidden("the old password is wrong").with("field", json!("old"))
        }
        other => other.into(),
    }
}
