//! Answers that carry a secret: shown once, and kept by no cache on the way.

use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use hyper::{StatusCode, header};
use serde_json::{Value, json};

use crate::api::gate::Made;

/// The answer to a request that made an account: what it looks like, with its secret.
pub(super) fn created_with_secret(mut shown: Value, secret: &str) -> Response {
    let made = ["id", "name"].into_iter().find_map(|key| shown.get(key)?.as_str());
    let made = Extension(Made(made.unwrap_or_default().to_owned()));
    if let Some(members) = shown.as_object_mut() {
        members.insert("secret".to_owned(), json!(secret));
    }
    (StatusCode::CREATED, made, [(header::CACHE_CONTROL, "no-store")], Json(shown)).into_response()
}
