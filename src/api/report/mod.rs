//! The report of an import, as JSON, as a text, or as the rows to be corrected.

use axum::Json;
use axum::response::{IntoResponse, Response};
use hyper::{HeaderMap, header};

use crate::api::problem::Problem;
use crate::file::words::Language;
use crate::file::{Reason, Rule};

mod importer;
mod kept;
mod refused;
mod text;

pub(super) use importer::Importer;
pub(super) use kept::{Kept, hex};

/// In which form a report is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Text,
    /// The refused rows as CSV.
    Refused,
}

impl Format {
    /// The form that a request asks for: by name, else by what it accepts.
    ///
    /// # Errors
    /// 400 for another name.
    pub(super) fn asked(name: Option<&str>, headers: &HeaderMap) -> Result<Self, Problem> {
        match name {
            Some("json") => Ok(Self::Json),
            Some("text") => Ok(Self::Text),
            Some("refused" | "csv") => Ok(Self::Refused),
            Some(_) => {
                let reason = Reason::new(Rule::ParameterOneOf, [&"format", &"json, text, refused"]);
                Err(Problem::parameter("format", reason))
            }
            None => Ok(Self::accepted(headers)),
        }
    }

    fn accepted(headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        // The first kind that there is: nobody weighs reports by hundredths.
        let kinds = accepted.unwrap_or_default().split(',').map(|kind| {
            let kind = kind.split(';').next().unwrap_or_default();
            match kind.trim().to_ascii_lowercase().as_str() {
                "text/plain" => Some(Self::Text),
                "text/csv" => Some(Self::Refused),
                "application/json" | "*/*" => Some(Self::Json),
                _ => None,
            }
        });
        kinds.flatten().next().unwrap_or(Self::Json)
    }
}

/// A kept report in some form, for people who read a language.
pub(super) fn answer(kept: &Kept, format: Format, language: Language) -> Response {
    let content_language = (header::CONTENT_LANGUAGE, language.code());
    let vary = (header::VARY, "Accept, Accept-Language");
    match format {
        Format::Json => ([content_language, vary], Json(kept.told(language))).into_response(),
        Format::Text => {
            let kind = (header::CONTENT_TYPE, "text/plain; charset=utf-8");
            ([content_language, vary, kind], text::text_of(&kept.report, language)).into_response()
        }
        Format::Refused => {
            let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present");
            let name = (header::CONTENT_DISPOSITION, "attachment; filename=\"refused.csv\"");
            ([content_language, vary, kind, name], refused::csv(kept, language)).into_response()
        }
    }
}
