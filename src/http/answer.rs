//! Answers that are the same at every HTTP door.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde_json::json;

use crate::http::Body;

/// What asks a client to send a name and a password.
const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Basic realm=\"Ringbook\", charset=\"UTF-8\"");
/// Seconds after which a refused client may try again.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("5");

/// A body without bytes.
pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed()
}

/// A body of these bytes.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

/// A short text.
pub fn text(status: StatusCode, text: &str) -> Response<Body> {
    typed(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

/// An error in the form of RFC 9457.
pub fn problem(status: StatusCode, detail: &str) -> Response<Body> {
    let title = status.canonical_reason().unwrap_or("Error");
    let problem = json!({ "title": title, "status": status.as_u16(), "detail": detail });
    typed(status, "application/problem+json", problem.to_string())
}

/// Asks for credentials: 401 with a challenge (RFC 7617).
pub fn unauthorized(detail: &str) -> Response<Body> {
    let mut response = problem(StatusCode::UNAUTHORIZED, detail);
    response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE);
    response
}

/// Asks to try again later: 503.
pub fn unavailable(detail: &str) -> Response<Body> {
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, detail);
    response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S);
    response
}

/// Asks to slow down: 429 (RFC 6585) with the seconds to wait.
pub fn slow_down(detail: &str, seconds: u64) -> Response<Body> {
    let mut response = problem(StatusCode::TOO_MANY_REQUESTS, detail);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn typed(status: StatusCode, media_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(full(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
