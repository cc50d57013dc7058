//! Errors as problem details (RFC 9457), and the one place where core errors become status codes.

use axum::response::{IntoResponse, Response};
use hyper::{StatusCode, header};
use serde_json::{Map, Value, json};

use crate::api::import_run::ImportError;
use crate::auth::{HashError, Refused, seconds};
use crate::directory::CommitError;
use crate::file::words::Language;
use crate::file::{Reason, Rule};

/// A refusal, with what would be right.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    /// The detail, where it is told in several languages.
    reason: Option<Reason>,
    /// Seconds after which the request may be sent again.
    retry_after_s: Option<u64>,
    /// Members beside those of the RFC.
    more: Map<String, Value>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), reason: None, retry_after_s: None, more: Map::new() }
    }

    /// A refusal that is told in several languages: in English until [`Self::told_in`].
    pub(super) fn reason(status: StatusCode, reason: impl Into<Reason>) -> Self {
        let reason = reason.into();
        let problem = Self::new(status, reason.to_string());
        let problem = problem.with("rule", json!(reason.rule.code()));
        Self { reason: Some(reason), ..problem }
    }

    /// 400 for one parameter of the request, in several languages.
    pub(super) fn parameter(name: &str, reason: impl Into<Reason>) -> Self {
        Self::reason(StatusCode::BAD_REQUEST, reason).with("field", json!(name))
    }

    /// The same for people who read a language.
    pub(super) fn told_in(mut self, language: Language) -> Self {
        if let Some(reason) = &self.reason {
            self.detail = reason.sentence(language);
        }
        self
    }

    /// 400.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 400 for one member or parameter of the request.
    pub(super) fn field(field: &str, detail: impl Into<String>) -> Self {
        Self::bad(detail).with("field", json!(field))
    }

    /// 403.
    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// 404, the same for what is not there and for what the asker may not see.
    pub(super) fn absent(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }

    /// 503 where the store does not answer.
    pub(super) fn unreadable(fault: &dyn std::error::Error) -> Self {
        tracing::error!(%fault, "the store cannot be read");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server's store does not answer now")
    }

    /// 409 about one member or parameter of the request.
    pub(super) fn conflict(field: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail).with("field", json!(field))
    }

    /// 503.
    pub(super) fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping")
    }

    #[cfg(test)]
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut problem = self.more;
        let title = self.status.canonical_reason().unwrap_or("Error");
        problem.insert("title".to_owned(), json!(title));
        problem.insert("status".to_owned(), json!(self.status.as_u16()));
        problem.insert("detail".to_owned(), json!(self.detail));
        let body = Value::Object(problem).to_string();
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status, kind, body).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = "Basic realm=\"Ringbook\", charset=\"UTF-8\"";
            let challenge = header::HeaderValue::from_static(challenge);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(wait) = self.retry_after_s {
            let wait = header::HeaderValue::from(wait);
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        response
    }
}

impl From<CommitError> for Problem {
    fn from(fault: CommitError) -> Self {
        let conflict = |field: &str| {
            Self::new(StatusCode::CONFLICT, fault.to_string()).with("field", json!(field))
        };
        match &fault {
            CommitError::Changed => Self::new(StatusCode::PRECONDITION_FAILED, fault.to_string()),
            CommitError::NoContact(_) => Self::absent("contact"),
            CommitError::NoUser(_) => Self::absent("user"),
            CommitError::NoOrganization(_) => Self::absent("organization"),
            CommitError::NameTaken { .. } => conflict("name"),
            CommitError::UidTaken { .. } => conflict("uid"),
            CommitError::ExtensionTaken { .. } | CommitError::ExtensionFixed { .. } => {
                conflict("extension")
            }
            CommitError::LoginTaken { .. } => conflict("login"),
            CommitError::SuffixTaken => conflict("suffix"),
            CommitError::WrongName(_) => Self::field("name", fault.to_string()),
            CommitError::GroupTaken { .. } => conflict("name"),
            CommitError::GroupInUse { members } => {
                conflict("members").with("members", json!(members))
            }
            CommitError::TooLong { .. } => Self::bad(fault.to_string()),
            CommitError::TooMany { .. } => Self::new(StatusCode::CONFLICT, fault.to_string()),
            CommitError::NoBook(_) => Self::absent("group"),
            CommitError::Region(_) => Self::field("region", fault.to_string()),
            CommitError::Unsure(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, fault.to_string()),
            CommitError::Store(fault) => {
                tracing::error!(%fault, "a change was not stored");
                let detail = "the server's store does not take it now: nothing was kept";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, detail)
            }
            CommitError::Closed => Self::stopping(),
        }
    }
}

impl From<ImportError> for Problem {
    fn from(fault: ImportError) -> Self {
        match fault {
            ImportError::Commit(fault) => fault.into(),
            ImportError::Contended => {
                Self::reason(StatusCode::SERVICE_UNAVAILABLE, Rule::Contended)
            }
            ImportError::Unreadable(fault) => {
                Self::reason(StatusCode::SERVICE_UNAVAILABLE, fault.reason)
            }
            ImportError::Cancelled => Self::stopping(),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let detail = refused.to_string();
        match refused {
            Refused::Credentials => Self::new(StatusCode::UNAUTHORIZED, detail),
            Refused::Unavailable => Self::new(StatusCode::SERVICE_UNAVAILABLE, detail),
            Refused::Later(wait) => {
                let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, detail);
                Self { retry_after_s: Some(seconds(wait)), ..problem }
            }
        }
    }
}

impl From<HashError> for Problem {
    fn from(fault: HashError) -> Self {
        match fault {
            HashError::Length => Self::field("password", fault.to_string()),
            HashError::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, fault.to_string()),
            HashError::Failed => {
                tracing::error!(%fault, "password");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, fault.to_string())
            }
        }
    }
}
