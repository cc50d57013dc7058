//! Bodies of answers in the form that the HTTP front sends.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};

use crate::http::Body;

/// A body that can be shared between threads, as the front's must be: axum's is sent, never shared.
struct Exclusive(Mutex<axum::body::Body>);

/// The front's form of a body.
pub(super) fn shared(body: axum::body::Body) -> Body {
    Exclusive(Mutex::new(body)).map_err(std::io::Error::other).boxed()
}

impl HttpBody for Exclusive {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let body = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        Pin::new(body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
