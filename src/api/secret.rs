//! Answers that carry a secret: shown once, and kept by no cache on the way.

use axum::Json;
use axum::response::{IntoResponse, Response};
use hyper::{StatusCode, header};
use serde_json::{Value, json};

/// The answer to a request that made an account: what it looks like, with its secret.
pub(super) fn created_with_secret(mut shown: Value, secret: &str) -> Response {
    if let Some(members) = shown.as_object_mut() {
        members.insert("secret".to_owned(), json!(secret));
    }
    (StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(shown)).into_response()
}
