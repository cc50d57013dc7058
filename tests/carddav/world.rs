//! A directory with a few users, and the CardDAV handler before it, without sockets.

use std::fmt::Display;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::header::HeaderMap;
use hyper::{Request, Response, StatusCode};

use ringbook::account::{OrganizationSettings, PresenceVisibility, Role, User};
use ringbook::auth::{Principal, Who};
use ringbook::carddav::Handler;
use ringbook::contact::card::{CardBuilder, Field, FieldSet};
use ringbook::contact::{Book, ContactId, Draft, OrganizationId, Timestamp};
use ringbook::directory::{Directory, Edit, Request as Commit, new_id};
use ringbook::http::{Body as Streamed, Caller};
use ringbook::store::sqlite::SqliteStore;

use crate::xml::{Multistatus, multistatus};

pub(crate) const PERSONAL: &str = "/dav/homes/204.acme/personal/";
pub(crate) const PEOPLE: &str = "/dav/homes/204.acme/people/";
pub(crate) const SHARED: &str = "/dav/homes/204.acme/shared/";

/// Organization `acme`: Anna (204), Ben (205) and the administrator Carla (200), who have mobile
/// numbers that colleagues do not see; Dora (206), who is not listed; one shared contact.
pub(crate) struct World {
    pub(crate) directory: Arc<Directory>,
    handler: Handler,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The rows of a 207.
    pub(crate) fn rows(&self) -> Multistatus {
        assert_eq!(self.status, 207, "{}", self.text());
        multistatus(&self.text())
    }
}

pub(crate) fn acme() -> OrganizationId {
    OrganizationId::from("acme")
}

impl World {
    /// A world without any organization. Each commit has a second of its own.
    pub(crate) fn empty(store: SqliteStore) -> Self {
        static SECONDS: AtomicI64 = AtomicI64::new(1_700_000_000);
        let clock = || Timestamp(SECONDS.fetch_add(1, Ordering::Relaxed));
        let directory = Directory::open_with_clock(Box::new(store), clock).unwrap();
        let directory = Arc::new(directory);
        let handler = Handler::new(Arc::clone(&directory));
        Self { directory, handler }
    }

    pub(crate) async fn new() -> Self {
        let world = Self::empty(SqliteStore::in_memory().unwrap());
        world.commit(vec![Edit::PutOrganization(Box::new(settings()))]).await;
        world.person("204", "Anna", "Adams", Role::User).await;
        world.person("205", "Ben", "Brown", Role::User).await;
        world.person("200", "Carla", "Clark", Role::Admin).await;
        let dora = world.person("206", "Dora", "Dunn", Role::User).await;
        world.edit_person(dora, |draft| draft.listed = false).await;
        let mut card = CardBuilder::default();
        card.push(Field::Company, "Supplier & Sons").push(Field::Work, "+49 30 12345");
        let id = ContactId::parse("00000000-0000-4000-8000-000000000001").unwrap();
        let draft = draft(Book::Shared, card);
        world.commit(vec![Edit::PutContact { id, draft }]).await;
        world
    }

    pub(crate) async fn commit(&self, edits: Vec<Edit>) {
        let request = Commit { edits, preconditions: Vec::new() };
        self.directory.commit(request).await.unwrap();
    }

    pub(crate) async fn person(
        &self,
        extension: &str,
        given: &str,
        family: &str,
        role: Role,
    ) -> ContactId {
        let id = new_id();
        let mut card = CardBuilder::default();
        card.push(Field::FormattedName, &format!("{given} {family}"));
        card.push(Field::GivenName, given).push(Field::FamilyName, family);
        card.push(Field::Extension, extension);
        card.push(Field::Mobile, &format!("+49 170 {extension}"));
        card.push(Field::Email, &format!("{}@acme.example", given.to_lowercase()));
        let user = account(id, &acme(), extension, role);
        let draft = draft(Book::People, card);
        self.commit(vec![Edit::PutContact { id, draft }, Edit::PutUser(user)]).await;
        id
    }

    pub(crate) fn user(&self, extension: &str) -> User {
        let snapshot = self.directory.snapshot();
        snapshot.user_by_principal(&format!("{extension}.acme")).unwrap().clone()
    }

    pub(crate) async fn edit_person(&self, id: ContactId, edit: impl FnOnce(&mut Draft)) {
        let snapshot = self.directory.snapshot();
        let row = snapshot.contact(&acme(), id).unwrap();
        let mut draft = Draft { listed: row.listed, ..draft(Book::People, row.card.edit()) };
        edit(&mut draft);
        self.commit(vec![Edit::PutContact { id, draft }]).await;
    }

    /// Sends a request written as text: method and path, headers, a blank line, the body.
    pub(crate) async fn send(&self, extension: &str, request: &str) -> Answer {
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        self.send_bytes(extension, head, body.as_bytes().to_vec()).await
    }

    /// As [`World::send`], with a body of any bytes.
    pub(crate) async fn send_bytes(&self, extension: &str, head: &str, body: Vec<u8>) -> Answer {
        let principal = (!extension.is_empty()).then(|| self.principal(extension));
        self.send_body(principal, head, Full::new(Bytes::from(body))).await
    }

    pub(crate) fn principal(&self, extension: &str) -> Principal {
        let user = self.user(extension);
        let organization = Some(user.organization);
        Principal::new(Who::User(user.id), user.role, organization)
    }

    /// As [`World::send`], with any body of anybody.
    pub(crate) async fn send_body<B>(
        &self,
        principal: Option<Principal>,
        head: &str,
        body: B,
    ) -> Answer
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Display,
    {
        let mut lines = head.lines();
        let (method, path) = lines.next().unwrap().trim().split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            request = request.header(name.trim(), value.trim());
        }
        let request = request.body(body).unwrap();
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
        let caller = Caller { principal, peer, secure: true };
        let (parts, body) = self.answer(request, caller).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The answer to a request, its body still to be read.
    pub(crate) async fn answer<B>(&self, request: Request<B>, caller: Caller) -> Response<Streamed>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Display,
    {
        self.handler.answer(request, caller).await
    }

    /// PUTs a card of Anna's and returns its entity tag.
    pub(crate) async fn put(&self, name: &str, body: &str) -> String {
        let answer = self.send("204", &format!("PUT {PERSONAL}{name}\n\n{body}")).await;
        assert!(answer.status.is_success(), "{} {}", answer.status, answer.text());
        answer.header("etag").to_owned()
    }

    pub(crate) async fn propfind(
        &self,
        extension: &str,
        path: &str,
        depth: u8,
        props: &str,
    ) -> Multistatus {
        let body = propfind(props);
        let head = format!("PROPFIND {path}\nDepth: {depth}\n\n{body}");
        self.send(extension, &head).await.rows()
    }

    /// A sync-collection of Anna's; `extra` goes into the body.
    pub(crate) async fn sync(&self, path: &str, token: &str, extra: &str) -> Multistatus {
        self.send("204", &sync_request(path, token, extra)).await.rows()
    }
}

/// The CPU time of this thread, on which a test's requests are answered: it does not tell what else
/// the machine does.
pub(crate) fn cpu_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

pub(crate) fn sync_request(path: &str, token: &str, extra: &str) -> String {
    format!(
        "REPORT {path}\nDepth: 1\n\n<sync-collection xmlns=\"DAV:\"><sync-token>{token}</sync-token>\
        <sync-level>1</sync-level>{extra}<prop><getetag/></prop></sync-collection>"
    )
}

pub(crate) fn propfind(props: &str) -> String {
    format!(
        "<D:propfind xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\" \
        xmlns:CS=\"http://calendarserver.org/ns/\"><D:prop>{props}</D:prop></D:propfind>"
    )
}

pub(crate) fn card(uid: &str, name: &str) -> String {
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\nEND:VCARD\r\n")
}

/// A user with an extension and no password.
pub(crate) fn account(
    id: ContactId,
    organization: &OrganizationId,
    extension: &str,
    role: Role,
) -> User {
    User {
        id,
        organization: organization.clone(),
        extension: Some(extension.into()),
        login: None,
        email: None,
        role,
        password: None,
        principal: format!("{extension}.{organization}").into(),
        listed_books: None,
        carddav_layout: None,
        presence: PresenceVisibility::Shown,
        created: Timestamp(0),
    }
}

pub(crate) fn draft(book: Book, card: CardBuilder) -> Draft {
    let card = card.finish().unwrap();
    Draft { organization: acme(), book, name: None, uid: None, card, body: None, listed: true }
}

pub(crate) fn settings() -> OrganizationSettings {
    OrganizationSettings {
        name: "Acme <Ltd>".into(),
        domain: "acme.example".into(),
        suffix: "dc=acme".into(),
        area_code: "30".into(),
        hidden_numbers: FieldSet::of(&[Field::Mobile]),
        ..OrganizationSettings::new(acme())
    }
}
