//! An office in memory, and its HTTP API without sockets.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::{Method, Request, StatusCode, header};
use ringbook::account::device::Door;
use ringbook::account::{OrganizationSettings, Role};
use ringbook::api::{Api, Files};
use ringbook::auth::{Authenticator, Peer, Principal, Who};
use ringbook::contact::{OrganizationId, Timestamp};
use ringbook::directory::{Directory, Edit, Request as Commit};
use ringbook::http::{Caller, Certified, Site};
use ringbook::presence::{Presence, SILENCE_DEFAULT_S};
use ringbook::store::sqlite::SqliteStore;
use serde_json::{Value, json};

/// A phone on this machine.
pub(crate) const PHONE: Peer =
    Peer { door: Door::Ldap, address: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: true };

/// A directory with one organization, and the door to it.
pub(crate) struct Office {
    pub(crate) directory: Arc<Directory>,
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) presence: Arc<Presence>,
    api: Api,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(json) => json,
            Err(fault) => panic!("{fault}: {}", self.text()),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The JSON of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}

/// The settings of an organization in Berlin.
pub(crate) fn settings(id: &str) -> OrganizationSettings {
    OrganizationSettings {
        name: id.to_uppercase(),
        domain: format!("{id}.example"),
        suffix: format!("dc={id},dc=example"),
        region: "DE".to_owned(),
        area_code: "30".to_owned(),
        language: "de".to_owned(),
        ..OrganizationSettings::new(OrganizationId::from(id))
    }
}

/// A server that clients reach as pbx.acme.example, with a certificate of its own authority.
fn site() -> Arc<Site> {
    let site = Site::new(None, Some(8080), Some(8443));
    let hosts = vec!["localhost".to_owned(), "pbx.acme.example".to_owned()];
    let pem = "-----BEGIN CERTIFICATE-----\nAQID\nBAUG\n-----END CERTIFICATE-----\n";
    site.show(Certified { hosts, authority: Some(pem.to_owned()) });
    Arc::new(site)
}

impl Office {
    pub(crate) async fn new() -> Self {
        let store = SqliteStore::in_memory().unwrap();
        let directory = Arc::new(Directory::open(Box::new(store)).unwrap());
        let main = Edit::PutOrganization(Box::new(settings("main")));
        directory.commit(Commit::one(main)).await.unwrap();
        let organization = OrganizationId::from("main");
        let authenticator = Arc::new(Authenticator::new(Arc::clone(&directory), organization));
        let presence = Arc::new(Presence::new(SILENCE_DEFAULT_S, Box::new(|| Timestamp(1000))));
        let site = site();
        let api = Api::new(
            Arc::clone(&directory),
            Arc::clone(&authenticator),
            Arc::clone(&presence),
            site,
            Files::default(),
        );
        Self { directory, authenticator, presence, api }
    }

    /// Sends a request as somebody.
    pub(crate) async fn send(&self, who: &Principal, request: Request<Vec<u8>>) -> Reply {
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let caller = Caller { principal: Some(who.clone()), peer, secure: true };
        let caller = match who.who {
            Who::Anonymous => Caller { principal: None, ..caller },
            _ => caller,
        };
        let response = self.api.respond(request.map(axum::body::Body::from), caller).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, who: &Principal, path: &str) -> Reply {
        self.send(who, request(Method::GET, path, Vec::new())).await
    }

    pub(crate) async fn delete(&self, who: &Principal, path: &str) -> Reply {
        self.send(who, request(Method::DELETE, path, Vec::new())).await
    }

    pub(crate) async fn post(&self, who: &Principal, path: &str, body: &Value) -> Reply {
        self.send(who, request(Method::POST, path, body.to_string().into_bytes())).await
    }

    pub(crate) async fn patch(&self, who: &Principal, path: &str, body: &Value) -> Reply {
        self.send(who, request(Method::PATCH, path, body.to_string().into_bytes())).await
    }

    pub(crate) async fn put(&self, who: &Principal, path: &str, body: &Value) -> Reply {
        self.send(who, request(Method::PUT, path, body.to_string().into_bytes())).await
    }

    /// Makes a contact and says which.
    pub(crate) async fn contact(&self, who: &Principal, group: &str, name: &str) -> String {
        let body = json!({ "group": group, "name": name });
        let made = self.post(who, "contacts", &body).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// Imports a file.
    pub(crate) async fn import(&self, who: &Principal, query: &str, file: &[u8]) -> Reply {
        let path = format!("import{query}");
        self.send(who, request(Method::POST, &path, file.to_vec())).await
    }

    /// Makes a user and says who that is.
    pub(crate) async fn user(&self, extension: &str, role: Role) -> Principal {
        let user = json!({
            "extension": extension, "name": format!("User {extension}"), "role": role.name(),
        });
        let made = self.post(&operator(), "users", &user).await.expect(201);
        let id = ringbook::contact::ContactId::parse(made["id"].as_str().unwrap()).unwrap();
        let organization = Some(OrganizationId::from("main"));
        Principal::new(Who::User(id), role, organization)
    }

    /// The names in a group, as somebody sees them.
    pub(crate) async fn names(&self, who: &Principal, group: &str) -> Vec<String> {
        let found = self.get(who, &format!("groups/{group}/contacts?limit=1000")).await.expect(200);
        let items = found["items"].as_array().unwrap();
        items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    }
}

/// An operator's token.
pub(crate) fn operator() -> Principal {
    Principal::new(Who::Token("op".into()), Role::Operator, None)
}

pub(crate) fn nobody() -> Principal {
    Principal::anonymous()
}

pub(crate) fn request(method: Method, path: &str, body: Vec<u8>) -> Request<Vec<u8>> {
    let length = body.len();
    let uri = format!("/api/v1/{path}");
    let builder = Request::builder().method(method).uri(uri);
    builder.header(header::CONTENT_LENGTH, length).body(body).unwrap()
}

/// How many rows a list of a report has.
#[track_caller]
pub(crate) fn rows<'a>(report: &'a Value, list: &str) -> &'a Vec<Value> {
    match report[list].as_array() {
        Some(rows) => rows,
        None => panic!("no list {list} in {report}"),
    }
}
