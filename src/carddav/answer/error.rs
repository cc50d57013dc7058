//! Refusals: a status, the violated condition in the body (RFC 4918 16) and a sentence for people.

use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use crate::carddav::answer::multistatus::{self, XML};
use crate::carddav::request::xml::{CARDDAV, XmlError};
use crate::directory::CommitError;
use crate::http::Body;
use crate::http::answer::{full, unauthorized};

/// A request that is not done.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    condition: Option<Condition>,
    text: String,
    allow: Option<&'static str>,
}

/// The preconditions of the RFCs that clients look for.
#[derive(Debug)]
pub(crate) enum Condition {
    /// RFC 4918 9.1.1
    PropfindFiniteDepth,
    /// RFC 6352 6.3.1.1
    CollectionLocationOk,
    /// RFC 5689 3.3
    ValidResourceType,
    /// RFC 3253 3.6
    SupportedReport,
    /// RFC 6578 3.2
    ValidSyncToken,
    /// RFC 6578 3.3
    SyncTraversalSupported,
    /// RFC 3744 9.4, RFC 5323 3.15.1
    NumberOfMatchesWithinLimits,
    /// RFC 3744 7.1.1: which privilege is missing on which resource.
    NeedPrivileges {
        href: String,
        privilege: &'static str,
    },
    /// RFC 6352 6.3.2.1
    ValidAddressData,
    SupportedAddressData,
    /// RFC 6352 5.1.1.1
    SupportedAddressDataConversion,
    /// RFC 6352 8.6: the prop-filter or param-filter that is to blame, as XML.
    SupportedFilter {
        blamed: String,
    },
    SupportedCollation,
    MaxResourceSize,
    /// The href of the card that has the UID.
    NoUidConflict {
        href: String,
    },
}

impl Refusal {
    /// A status and a sentence.
    pub(crate) fn plain(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, condition: None, text: text.into(), allow: None }
    }

    /// 403 with a condition and a sentence.
    pub(crate) fn violated(condition: Condition, text: impl Into<String>) -> Self {
        Self { condition: Some(condition), ..Self::plain(StatusCode::FORBIDDEN, text) }
    }

    pub(crate) fn not_found() -> Self {
        Self::plain(StatusCode::NOT_FOUND, "there is nothing here")
    }

    pub(crate) fn missing_privilege(href: String, privilege: &'static str) -> Self {
        let text = "this address book is read-only over CardDAV";
        Self::violated(Condition::NeedPrivileges { href, privilege }, text)
    }

    /// Whether the user has no right to do it.
    pub(crate) fn is_missing_privilege(&self) -> bool {
        matches!(self.condition, Some(Condition::NeedPrivileges { .. }))
    }

    /// The same refusal under another status, for clients that mistake the right one.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// With the methods that are answered, as 405 must tell them.
    pub(crate) fn with_allow(self, methods: &'static str) -> Self {
        Self { allow: Some(methods), ..self }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        // Thunderbird adds no account of a server that never challenges.
        if self.status == StatusCode::UNAUTHORIZED {
            return unauthorized(&self.text);
        }
        let (kind, body) = match &self.condition {
            Some(condition) => (XML, error_body(condition, &self.text)),
            None => ("text/plain; charset=utf-8", format!("{}\n", self.text).into_bytes()),
        };
        let mut response = Response::new(full(body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(methods) = self.allow {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
        }
        response
    }
}

fn error_body(condition: &Condition, text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(400);
    out.extend_from_slice(multistatus::DECLARATION);
    out.extend_from_slice(format!("<error xmlns=\"DAV:\" xmlns:C=\"{CARDDAV}\">").as_bytes());
    match condition {
        Condition::NeedPrivileges { href, privilege } => {
            out.extend_from_slice(b"<need-privileges><resource><href>");
            multistatus::escape(href.as_bytes(), &mut out);
            let rest = format!(
                "</href><privilege><{privilege}/></privilege></resource></need-privileges>"
            );
            out.extend_from_slice(rest.as_bytes());
        }
        Condition::NoUidConflict { href } => {
            out.extend_from_slice(b"<C:no-uid-conflict><href>");
            multistatus::escape(href.as_bytes(), &mut out);
            out.extend_from_slice(b"</href></C:no-uid-conflict>");
        }
        Condition::PropfindFiniteDepth => out.extend_from_slice(b"<propfind-finite-depth/>"),
        Condition::CollectionLocationOk => {
            out.extend_from_slice(b"<C:addressbook-collection-location-ok/>");
        }
        Condition::ValidResourceType => out.extend_from_slice(b"<valid-resourcetype/>"),
        Condition::SupportedReport => out.extend_from_slice(b"<supported-report/>"),
        Condition::NumberOfMatchesWithinLimits => {
            out.extend_from_slice(b"<number-of-matches-within-limits/>");
        }
        Condition::ValidSyncToken => out.extend_from_slice(b"<valid-sync-token/>"),
        Condition::SyncTraversalSupported => out.extend_from_slice(b"<sync-traversal-supported/>"),
        Condition::ValidAddressData => out.extend_from_slice(b"<C:valid-address-data/>"),
        Condition::SupportedAddressData => out.extend_from_slice(b"<C:supported-address-data/>"),
        Condition::SupportedAddressDataConversion => {
            out.extend_from_slice(b"<C:supported-address-data-conversion/>");
        }
        Condition::SupportedFilter { blamed } => {
            out.extend_from_slice(
                format!("<C:supported-filter>{blamed}</C:supported-filter>").as_bytes(),
            );
        }
        Condition::SupportedCollation => out.extend_from_slice(b"<C:supported-collation/>"),
        Condition::MaxResourceSize => out.extend_from_slice(b"<C:max-resource-size/>"),
    }
    // RFC 4918 leaves room for a sentence but has no name for it. This one is that of Apple's server,
    // which clients and test suites take for what it is.
    out.extend_from_slice(
        b"<error-description xmlns=\"http://twistedmatrix.com/xml_namespace/dav/\">",
    );
    multistatus::escape(text.as_bytes(), &mut out);
    out.extend_from_slice(b"</error-description></error>\n");
    out
}

impl From<XmlError> for Refusal {
    fn from(error: XmlError) -> Self {
        Self::plain(StatusCode::BAD_REQUEST, error.to_string())
    }
}

/// What a refused commit is here. `book_href` is the path of the book that was written.
pub(crate) fn of_commit(error: CommitError, book_href: &str) -> Refusal {
    match error {
        CommitError::Changed | CommitError::NameTaken { .. } => precondition_failed(),
        CommitError::NoContact(_) | CommitError::NoBook(_) | CommitError::NoUser(_) => {
            Refusal::not_found()
        }
        CommitError::UidTaken { name } => uid_taken(book_href, &name),
        CommitError::TooMany { .. } => {
            Refusal::plain(StatusCode::INSUFFICIENT_STORAGE, error.to_string())
        }
        CommitError::Store(error) => {
            tracing::error!(%error, "a card was not stored");
            Refusal::plain(StatusCode::INSUFFICIENT_STORAGE, "the store does not take it now")
        }
        CommitError::Unsure(_) => {
            Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, "the store was lost; ask what it has")
        }
        CommitError::Closed => {
            Refusal::plain(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping")
        }
        other => {
            tracing::error!(error = %other, "a card was refused for what CardDAV never asks");
            Refusal::plain(StatusCode::INTERNAL_SERVER_ERROR, "the card was not stored")
        }
    }
}

pub(crate) fn precondition_failed() -> Refusal {
    Refusal::plain(StatusCode::PRECONDITION_FAILED, "the card is not as the request expects it")
}

pub(crate) fn uid_taken(book_href: &str, name: &str) -> Refusal {
    let href = format!("{book_href}{}", crate::carddav::book::path::encoded(name));
    Refusal::violated(
        Condition::NoUidConflict { href },
        "the UID belongs to another card of this address book",
    )
}
