//! The Depth header (RFC 4918 10.2).

use hyper::StatusCode;
use hyper::header::HeaderMap;

use crate::carddav::answer::error::Refusal;

/// How far a request reaches below its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    Zero,
    One,
    Infinity,
}

impl Depth {
    /// What a request says; None where it says nothing, which means something else to each method.
    ///
    /// # Errors
    /// 400 for any other value.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let Some(depth) = headers.get("depth") else { return Ok(None) };
        match depth.to_str().unwrap_or_default().trim() {
            "0" => Ok(Some(Self::Zero)),
            "1" => Ok(Some(Self::One)),
            depth if depth.eq_ignore_ascii_case("infinity") => Ok(Some(Self::Infinity)),
            _ => Err(Refusal::plain(StatusCode::BAD_REQUEST, "Depth is 0, 1 or infinity")),
        }
    }

    /// For methods and reports that are about one resource only.
    ///
    /// # Errors
    /// 400 for any other Depth than 0.
    pub(crate) fn must_be_zero(headers: &HeaderMap) -> Result<(), Refusal> {
        match Self::of(headers)? {
            None | Some(Self::Zero) => Ok(()),
            Some(_) => Err(Refusal::plain(StatusCode::BAD_REQUEST, "the Depth of this is 0")),
        }
    }

    /// For methods that are about a resource with all that is in it.
    ///
    /// # Errors
    /// 400 for any other Depth than infinity.
    pub(crate) fn must_be_infinity(headers: &HeaderMap) -> Result<(), Refusal> {
        match Self::of(headers)? {
            None | Some(Self::Infinity) => Ok(()),
            Some(_) => {
                Err(Refusal::plain(StatusCode::BAD_REQUEST, "the Depth of this is infinity"))
            }
        }
    }
}
