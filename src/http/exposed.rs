//! What clients get that speak without TLS from networks which may not: the way to HTTPS.

use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, HOST, HeaderValue, LOCATION};
use hyper::http::uri::Authority;
use hyper::{Method, Request, Response, StatusCode};

use crate::http::Body;
use crate::http::answer::{empty, problem};

/// Where clients begin that are given no more than a host name (RFC 6764, 5); any method goes there.
const WELL_KNOWN: &str = "/.well-known/carddav";
const HTTPS_PORT: u16 = 443;
const REASON: &str = "this network may not use HTTP without TLS: use the https address, or let the \
                      operator name the network in plain_networks";

/// Refuses a request, or sends it to the port of the HTTPS listener. Nothing that the request says
/// of its sender is read.
pub(super) fn answer(request: &Request<Incoming>, https_port: Option<u16>) -> Response<Body> {
    let asks = matches!(*request.method(), Method::GET | Method::HEAD)
        || request.uri().path() == WELL_KNOWN;
    let target = https_port.filter(|_| asks).and_then(|port| target(request, port));
    let Some(target) = target else { return problem(StatusCode::FORBIDDEN, REASON) };
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    let headers = response.headers_mut();
    headers.insert(LOCATION, target);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The same address over HTTPS; None where the request does not say by which name it came.
fn target(request: &Request<Incoming>, port: u16) -> Option<HeaderValue> {
    let named = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let authority: Authority = match request.uri().authority() {
        Some(authority) => authority.clone(),
        None => named?.parse().ok()?,
    };
    let host = authority.host();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let port = if port == HTTPS_PORT { String::new() } else { format!(":{port}") };
    HeaderValue::from_str(&format!("https://{host}{port}{path}")).ok()
}
