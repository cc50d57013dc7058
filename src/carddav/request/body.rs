//! Request bodies: read up to a limit.

use std::fmt;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};

use crate::carddav::answer::error::Refusal;
use crate::carddav::request::xml::{self, Element};

/// Larger XML bodies are refused.
const XML_BYTES_MAX: usize = 1 << 20;

/// Room for a body that is on its way; a longer one gets more as it comes.
const ROOM_BYTES_MAX: usize = 64 << 10;

/// An XML body; a larger one than allowed is 413.
pub(crate) async fn xml_body<B>(headers: &HeaderMap, body: B) -> Result<Option<Element>, Refusal>
where
    B: hyper::body::Body<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    let text = "the body is larger than a request of this kind may be";
    let too_large = || Refusal::plain(StatusCode::PAYLOAD_TOO_LARGE, text);
    let bytes = collect(headers, body, XML_BYTES_MAX).await?.ok_or_else(too_large)?;
    Ok(xml::read(&bytes)?)
}

/// As [`xml_body`], for a method whose bodies may be of other kinds elsewhere: those are 415.
pub(crate) async fn xml_body_only<B>(
    headers: &HeaderMap,
    body: B,
) -> Result<Option<Element>, Refusal>
where
    B: hyper::body::Body<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let other = kind.is_some_and(|kind| !kind.is_empty() && !is_xml(&kind.to_ascii_lowercase()));
    match xml_body(headers, body).await {
        Ok(None) => Ok(None),
        Err(refusal) if refusal.status != StatusCode::BAD_REQUEST => Err(refusal),
        _ if other => {
            let text = "a body of this method is XML";
            Err(Refusal::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, text))
        }
        answer => answer,
    }
}

fn is_xml(kind: &str) -> bool {
    matches!(kind, "application/xml" | "text/xml") || kind.ends_with("+xml")
}

/// The whole body; None where it is larger than allowed, which is found out as early as possible.
pub(crate) async fn collect<B>(
    headers: &HeaderMap,
    body: B,
    limit: usize,
) -> Result<Option<Vec<u8>>, Refusal>
where
    B: hyper::body::Body<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Ok(None);
    }
    let mut body = std::pin::pin!(body);
    // What is only announced takes no memory.
    let mut bytes = Vec::with_capacity(announced.unwrap_or(1024).min(ROOM_BYTES_MAX));
    while let Some(frame) = body.frame().await {
        let broken = |error: B::Error| {
            let text = format!("the body did not arrive whole: {error}");
            Refusal::plain(StatusCode::BAD_REQUEST, text)
        };
        // Trailers say nothing here.
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            return Ok(None);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Some(bytes))
}
