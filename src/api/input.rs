//! JSON bodies of requests: within a limit, one object, and every member known.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::StatusCode;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::api::JSON_BYTES_MAX;
use crate::api::problem::Problem;

/// The members of a JSON object; each is taken once.
#[derive(Debug)]
pub(super) struct Input(Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Input {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = collect(request.into_body()).await?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(Problem::bad("the body must be a JSON object")),
            Err(fault) => Err(Problem::bad(format!("the body is no JSON: {fault}"))),
        }
    }
}

/// A body that is text; whoever takes it reads it.
pub(super) struct Text(pub(super) String);

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = collect(request.into_body()).await?;
        let text = String::from_utf8(bytes.to_vec());
        text.map(Self).map_err(|_| Problem::bad("the body is not UTF-8"))
    }
}

async fn collect(body: Body) -> Result<Zeroizing<Vec<u8>>, Problem> {
    match Limited::new(body, JSON_BYTES_MAX).collect().await {
        Ok(collected) => Ok(Zeroizing::new(collected.to_bytes().to_vec())),
        Err(fault) if fault.is::<LengthLimitError>() => {
            let detail = format!("the body is larger than {JSON_BYTES_MAX} bytes");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail))
        }
        Err(_broken) => Err(Problem::bad("the body ends early")),
    }
}

impl From<Map<String, Value>> for Input {
    /// An object inside another one.
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
    }
}

impl Input {
    /// Takes a member out; `null` counts as a value.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Takes a text out; `null` and a missing member are none.
    ///
    /// # Errors
    /// 400 for other kinds of values, and for texts with control characters.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.contains(char::is_control) => {
                Ok(Some(text.trim().to_owned()))
            }
            Some(_) => Err(Problem::field(name, format!("{name} must be a text of one line"))),
        }
    }

    /// Takes a secret out.
    ///
    /// # Errors
    /// 400 for other kinds of values; they are not shown.
    pub(super) fn secret(&mut self, name: &str) -> Result<Option<Zeroizing<String>>, Problem> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(secret)) => Ok(Some(Zeroizing::new(secret))),
            Some(_) => Err(Problem::field(name, format!("{name} must be a text"))),
        }
    }

    /// Takes a text that must be there.
    ///
    /// # Errors
    /// 400 where it is missing or blank.
    pub(super) fn required(&mut self, name: &str) -> Result<String, Problem> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| Problem::field(name, format!("{name} is required")))
    }

    /// Takes `true` or `false` out.
    ///
    /// # Errors
    /// 400 for other kinds of values.
    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(Problem::field(name, format!("{name} must be true or false"))),
        }
    }

    /// Takes a list of texts out.
    ///
    /// # Errors
    /// 400 for other kinds of values.
    pub(super) fn list(&mut self, name: &str) -> Result<Option<Vec<String>>, Problem> {
        let wrong = || Problem::field(name, format!("{name} must be a list of texts"));
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(values)) => {
                let texts = values.into_iter().map(|value| match value {
                    Value::String(text) => Ok(text),
                    _ => Err(wrong()),
                });
                texts.collect::<Result<Vec<String>, Problem>>().map(Some)
            }
            Some(_) => Err(wrong()),
        }
    }

    /// What is left.
    pub(super) fn rest(self) -> Map<String, Value> {
        self.0
    }

    /// # Errors
    /// 400 where a member is left that nobody took.
    pub(super) fn must_be_empty(self) -> Result<(), Problem> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(Problem::field(name, format!("there is no member `{name}`"))),
        }
    }
}
