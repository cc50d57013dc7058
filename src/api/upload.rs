//! Receives a file: as the body or as a part of a form, within a limit.

use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use http_body_util::BodyExt;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::{HeaderMap, StatusCode};

use crate::api::file_name;
use crate::api::problem::Problem;
use crate::api::spool::{self, FILE_BYTES_MAX, Spool, Spooled};
use crate::file::{Reason, Rule};

/// What a form may have around its file.
const FORM_BYTES_MAX: u64 = 64 * 1024;

/// A file as it was sent, and what was said about it.
pub(super) struct Upload {
    pub(super) file: Spooled,
    pub(super) name: Option<String>,
    /// The encoding that the media type of a form's part names.
    pub(super) charset: Option<String>,
}

/// The file of a request.
///
/// # Errors
/// 413 where it is too large, 400 where it is not all there, 503 and 507 where there is no room.
pub(super) async fn receive(request: Request, spool: &Spool) -> Result<Upload, Problem> {
    let headers = request.headers();
    let announced = headers.get(CONTENT_LENGTH).and_then(|l| l.to_str().ok()?.parse().ok());
    if announced.is_some_and(|bytes: u64| bytes > FILE_BYTES_MAX + FORM_BYTES_MAX) {
        return Err(spool::too_large());
    }
    if media_type(headers).starts_with("multipart/") {
        let form = Multipart::from_request(request, &()).await;
        return part(
            form.map_err(|refused| bad(Reason::new(Rule::Form, [&refused.body_text()])))?,
            spool,
        )
        .await;
    }
    let name = file_name::of_headers(headers);
    let file = whole(request.into_body(), spool).await?;
    Ok(Upload { file, name, charset: None })
}

/// The `charset` of the media type, as XiVO's clients send it.
pub(super) fn charset(headers: &HeaderMap) -> Option<String> {
    let media_type = media_type(headers);
    let mut parameters = media_type.split(';').skip(1).filter_map(|p| p.split_once('='));
    let charset = parameters.find(|(name, _)| name.trim() == "charset");
    charset.map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim().to_ascii_lowercase()
}

async fn whole(mut body: Body, spool: &Spool) -> Result<Spooled, Problem> {
    let mut file = spool.begin().await?;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_broken| bad(Rule::EndsEarly))?;
        if let Ok(piece) = frame.into_data() {
            file = file.push(piece).await?;
        }
    }
    file.finish().await
}

/// The first part that is a file.
async fn part(mut form: Multipart, spool: &Spool) -> Result<Upload, Problem> {
    let mut other_bytes = 0;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        if field.file_name().is_some() || field.name() == Some("file") {
            let name = field.file_name().and_then(file_name::plain);
            let charset = charset(field.headers());
            return Ok(Upload { file: content(field, spool).await?, name, charset });
        }
        while let Some(piece) = field.chunk().await.map_err(broken)? {
            other_bytes += piece.len() as u64;
            if other_bytes > FORM_BYTES_MAX {
                return Err(bad(Rule::FormTooLong));
            }
        }
    }
    Err(bad(Rule::FormWithoutFile))
}

async fn content(mut field: Field<'_>, spool: &Spool) -> Result<Spooled, Problem> {
    let mut file = spool.begin().await?;
    while let Some(piece) = field.chunk().await.map_err(broken)? {
        file = file.push(piece).await?;
    }
    file.finish().await
}

fn broken(fault: MultipartError) -> Problem {
    bad(Reason::new(Rule::Form, [&fault.body_text()]))
}

fn bad(reason: impl Into<Reason>) -> Problem {
    Problem::reason(StatusCode::BAD_REQUEST, reason)
}
