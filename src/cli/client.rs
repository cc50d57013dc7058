//! Speaks to a daemon's HTTP door, as the account commands and the import do.

use std::io;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_TYPE, HOST, HeaderValue,
};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::cli::Connect;
use crate::cli::outgoing::{Outgoing, Upload};
use crate::daemon::folder::{LISTENING, operator_token};

/// Longest wait for a connection; an import may work for longer on its answer.
const CONNECT: Duration = Duration::from_secs(10);
/// A longer JSON answer is refused.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Kept in a path segment or a query value as they are (RFC 3986, unreserved).
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');
/// Kept in a file name as they are (RFC 8187, `attr-char`, those of them that are common).
const PLAIN_NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// draft-ietf-httpapi-idempotency-key-header
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    #[error(
        "no daemon runs with the data folder {0}; start `ringbook serve`, or name one with --url"
    )]
    NoDaemon(String),
    #[error("there is no token for {0}; give one by RINGBOOK_TOKEN or --token")]
    NoToken(String),
    #[error("`{0}` is no address of a daemon, such as http://127.0.0.1:8080")]
    Url(String),
    #[error("{what}: {source}")]
    Io { what: String, source: io::Error },
    #[error("{address} does not answer as a ringbook does: {reason}")]
    Protocol { address: String, reason: String },
    /// The daemon's own words.
    #[error("{detail} ({status})")]
    Refused {
        status: StatusCode,
        detail: String,
        /// The whole answer; it has the `report` of an import of which nothing could be used.
        problem: Value,
    },
    #[error("{0}")]
    Input(String),
}

/// A daemon with the credentials for it.
#[derive(Debug)]
pub(super) struct Client {
    address: String,
    token: Zeroizing<String>,
    organization: Option<String>,
    language: Option<String>,
}

impl Client {
    /// Finds the daemon and the token that the arguments mean.
    pub(super) fn find(connect: &Connect) -> Result<Self, ClientError> {
        let address = match &connect.url {
            Some(url) => address(url)?,
            None => local(connect)?,
        };
        let token = match (&connect.token, &connect.url) {
            (Some(token), _) => Some(Zeroizing::new(token.clone())),
            // The operator's token of this machine is not for another daemon.
            (None, Some(_)) => None,
            (None, None) => operator_token(&connect.data),
        };
        let token = token.ok_or_else(|| ClientError::NoToken(address.clone()))?;
        let organization = connect.organization.clone();
        Ok(Self { address, token, organization, language: None })
    }

    /// Asks for reasons in this language, such as `de`.
    pub(super) fn in_language(self, language: Option<&str>) -> Self {
        Self { language: language.map(str::to_owned), ..self }
    }

    /// Sends a request to a path below `/api/v1/`, given in segments, with parameters.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &[&str],
        parameters: &[(&str, &str)],
        upload: Option<Upload>,
    ) -> Result<Response<Incoming>, ClientError> {
        let io = |source| ClientError::Io { what: self.address.clone(), source };
        let connection = timeout(CONNECT, TcpStream::connect(&self.address)).await;
        let stream = connection.map_err(|_late| io(io::ErrorKind::TimedOut.into()))?.map_err(io)?;
        let handshake = http1::handshake::<_, Outgoing>(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| self.protocol(&error))?;
        tokio::spawn(connection);
        let request = self.request(method, &self.target(path, parameters), upload)?;
        let response = sender.send_request(request).await.map_err(|error| self.unsent(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let answer = self.json(response).await.unwrap_or_default();
        Err(refused(status, answer))
    }

    /// As [`Client::send`], for an answer in JSON; null where there is none.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &[&str],
        parameters: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, ClientError> {
        let response = self.send(method, path, parameters, body.map(Upload::json)).await?;
        self.json(response).await
    }

    /// The JSON of an answer; null where it has no body.
    pub(super) async fn json(&self, response: Response<Incoming>) -> Result<Value, ClientError> {
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| self.protocol(&*error))?.to_bytes();
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|error| self.protocol(&error))
    }

    /// Why a request was not answered: what was to be sent could not be read, or the daemon failed.
    fn unsent(&self, error: &hyper::Error) -> ClientError {
        use std::error::Error as _;
        match error.source().filter(|_| error.is_user()) {
            Some(own) => ClientError::Input(own.to_string()),
            None => self.protocol(error),
        }
    }

    pub(super) fn protocol(&self, error: &dyn std::error::Error) -> ClientError {
        ClientError::Protocol { address: self.address.clone(), reason: error.to_string() }
    }

    fn request(
        &self,
        method: Method,
        target: &str,
        upload: Option<Upload>,
    ) -> Result<Request<Outgoing>, ClientError> {
        let wrong = |_error| ClientError::Input("the token is no token".to_owned());
        let bearer = Zeroizing::new(format!("Bearer {}", self.token.as_str()));
        let mut bearer = HeaderValue::from_str(&bearer).map_err(wrong)?;
        bearer.set_sensitive(true);
        let request = Request::builder().method(method).uri(target).header(HOST, &self.address);
        let request = request.header(AUTHORIZATION, bearer);
        let mut request = request;
        if let Some(upload) = &upload {
            request = request.header(CONTENT_TYPE, upload.media_type);
            if let Some(name) = &upload.name {
                let name = utf8_percent_encode(name, PLAIN_NAME);
                let value = format!("attachment; filename*=UTF-8''{name}");
                request = request.header(CONTENT_DISPOSITION, value);
            }
            if let Some(key) = &upload.key {
                request = request.header(IDEMPOTENCY_KEY, key);
            }
        }
        if let Some(language) = &self.language {
            request = request.header(ACCEPT_LANGUAGE, language);
        }
        request.body(Outgoing(upload)).map_err(|error| self.protocol(&error))
    }

    fn target(&self, path: &[&str], parameters: &[(&str, &str)]) -> String {
        let plain = |text: &str| utf8_percent_encode(text, PLAIN).to_string();
        let mut target = "/api/v1".to_owned();
        for segment in path {
            target.push('/');
            target.push_str(&plain(segment));
        }
        let organization = self.organization.as_deref().map(|id| ("organization", id));
        for (at, (name, value)) in parameters.iter().copied().chain(organization).enumerate() {
            target.push(if at == 0 { '?' } else { '&' });
            target.push_str(&format!("{name}={}", plain(value)));
        }
        target
    }
}

/// Host and port of a URL. There is no TLS in this version, and a path in front of ours means a
/// proxy that would need it.
fn address(url: &str) -> Result<String, ClientError> {
    let wrong = || ClientError::Url(url.to_owned());
    let uri: Uri = url.parse().map_err(|_error| wrong())?;
    let plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/");
    let authority = uri.authority().filter(|_| plain).ok_or_else(wrong)?;
    Ok(match authority.port() {
        Some(_) => authority.as_str().to_owned(),
        None => format!("{authority}:80"),
    })
}

/// Where the daemon of a data folder listens.
fn local(connect: &Connect) -> Result<String, ClientError> {
    let text = std::fs::read_to_string(connect.data.join(LISTENING)).ok();
    let json: Option<Value> = text.and_then(|text| serde_json::from_str(&text).ok());
    let http = json.as_ref().and_then(|json| json.get("http")?.as_str());
    let none = || ClientError::NoDaemon(connect.data.display().to_string());
    http.map(str::to_owned).ok_or_else(none)
}

/// What the daemon says of a refusal, in its own words where it has any.
fn refused(status: StatusCode, problem: Value) -> ClientError {
    let text = |name: &str| problem.get(name).and_then(Value::as_str);
    let detail =
        text("detail").or_else(|| text("title")).unwrap_or("the daemon refused").to_owned();
    ClientError::Refused { status, detail, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_from_a_url() {
        let ok = |url: &str| address(url).ok();
        assert_eq!(ok("http://127.0.0.1:8080").as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(ok("http://[::1]:8080/").as_deref(), Some("[::1]:8080"));
        assert_eq!(ok("http://pbx.example").as_deref(), Some("pbx.example:80"));
        for url in ["https://pbx.example", "127.0.0.1:8080", "http://pbx.example/ringbook", ""] {
            assert_eq!(ok(url), None, "{url}");
        }
    }

    #[test]
    fn paths_and_parameters_are_encoded() {
        let client = Client {
            address: "127.0.0.1:1".to_owned(),
            token: Zeroizing::default(),
            organization: Some("demo".to_owned()),
            language: None,
        };
        let target = client.target(&["users", "a/b?"], &[("columns", "{\"Näm\":\"x\"}")]);
        assert_eq!(
            target,
            "/api/v1/users/a%2Fb%3F?columns=%7B%22N%C3%A4m%22:%22x%22%7D&organization=demo"
        );
    }
}
