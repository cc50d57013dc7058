//! A company behind its LDAP and HTTP doors, with a clock for the brakes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ldap3_proto::proto::LdapResultCode;
use ringbook::account::device::Door;
use ringbook::account::{OrganizationSettings, PresenceVisibility, Role, User};
use ringbook::api::{Api, Files};
use ringbook::auth::{Authenticator, UnauthenticatedBind};
use ringbook::carddav::Handler;
use ringbook::contact::card::{CardBuilder, Field};
use ringbook::contact::{Book, ContactId, Draft, OrganizationId};
use ringbook::directory::{Directory, Edit, Request, new_id};
use ringbook::net::gate::Gate;
use ringbook::net::rules::{Rules, Transport};
use ringbook::net::{Listener, Net};
use ringbook::presence::{Presence, SILENCE_DEFAULT_S};
use ringbook::store::sqlite::SqliteStore;
use ringbook::{http, ldap};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use crate::client::{Ask, Client, code};

pub(crate) const SUFFIX: &str = "dc=pbx,dc=com";
/// Name and password of the administrator 200, of Anna and of the office manager 202.
pub(crate) const ADMIN: &str = "200:admin-secret";
pub(crate) const ANNA: &str = "201:anna-secret";
const PATIENCE: Duration = Duration::from_secs(60);

/// Running doors and what stands behind them.
pub(crate) struct World {
    /// Of the LDAP door.
    pub(crate) address: SocketAddr,
    http: SocketAddr,
    pub(crate) directory: Arc<Directory>,
    pub(crate) organization: OrganizationId,
    seen: Arc<Mutex<Seen>>,
    passed_s: Arc<AtomicU64>,
    _net: Net,
}

/// How the doors see the connections that come from now on.
#[derive(Clone, Copy)]
struct Seen {
    address: IpAddr,
    transport: Transport,
}

/// An answer of the HTTP door.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        if self.body.is_empty() { Value::Null } else { serde_json::from_str(&self.body).unwrap() }
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(UnauthenticatedBind::Refuse).await
    }

    pub(crate) async fn start_with(unauthenticated: UnauthenticatedBind) -> Self {
        let directory = Directory::open(Box::new(SqliteStore::in_memory().unwrap())).unwrap();
        let directory = Arc::new(directory);
        let organization = OrganizationId::from("main");
        for (id, suffix) in [("main", SUFFIX), ("other", "dc=other,dc=org")] {
            let settings = settings(id, suffix);
            directory
                .commit(Request::one(Edit::PutOrganization(Box::new(settings))))
                .await
                .unwrap();
        }
        let (start, passed_s) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let clock = Arc::clone(&passed_s);
        let stopwatch =
            Arc::new(move || start + Duration::from_secs(clock.load(Ordering::Relaxed)));
        let authenticator = Arc::new(Authenticator::with_stopwatch(
            Arc::clone(&directory),
            organization.clone(),
            stopwatch,
        ));
        let localhost = Ipv4Addr::LOCALHOST.into();
        let seen = Seen { address: localhost, transport: Transport::Plain };
        let seen = Arc::new(Mutex::new(seen));
        let net = Net::new(Gate::new(1000, 1000), Rules::loopback(), PATIENCE);
        let doors = Doors { directory: &directory, authenticator: &authenticator, net: &net };
        let address = doors.ldap(&organization, &seen, unauthenticated).await;
        let http = doors.http(&seen).await;
        let world = Self { address, http, directory, organization, seen, passed_s, _net: net };
        world.fill(&authenticator).await;
        world
    }

    async fn fill(&self, authenticator: &Authenticator) {
        for (extension, name, role, organization) in [
            ("200", "admin", Role::Admin, "main"),
            ("201", "anna", Role::User, "main"),
            ("202", "olga", Role::OfficeManager, "main"),
            ("300", "xenia", Role::Admin, "other"),
        ] {
            let password = format!("{name}-secret").into_bytes();
            let password = authenticator.hash(Zeroizing::new(password)).await.unwrap();
            let id = new_id();
            let user = User {
                id,
                organization: OrganizationId::from(organization),
                extension: Some(extension.into()),
                login: Some(name.into()),
                email: Some(format!("{name}@{organization}.example").into()),
                role,
                password: Some(password),
                principal: format!("{extension}.{organization}").into(),
                listed_books: None,
                carddav_layout: None,
                presence: PresenceVisibility::Shown,
                created: ringbook::contact::Timestamp(0),
            };
            self.edit(Edit::PutUser(user)).await;
            self.put(organization, id, Book::People, name).await;
        }
        self.put("main", new_id(), Book::Shared, "Acme Supplies").await;
        let anna = self.user("201").id;
        self.put("main", new_id(), Book::Personal(anna), "Annas Aunt").await;
        let olga = self.user("202").id;
        self.put("main", new_id(), Book::Personal(olga), "Olgas Uncle").await;
    }

    async fn put(&self, organization: &str, id: ContactId, book: Book, name: &str) {
        let mut card = CardBuilder::default();
        card.push(Field::FormattedName, name);
        let (organization, card) = (OrganizationId::from(organization), card.finish().unwrap());
        let (uid, body) = (None, None);
        let draft = Draft { organization, book, name: None, uid, card, body, listed: true };
        self.edit(Edit::PutContact { id, draft }).await;
    }

    pub(crate) async fn edit(&self, edit: Edit) {
        self.directory.commit(Request::one(edit)).await.unwrap();
    }

    /// A user of the company.
    pub(crate) fn user(&self, extension: &str) -> User {
        let snapshot = self.directory.snapshot();
        snapshot.user_by_login(&self.organization, extension).unwrap().clone()
    }

    /// Connections that come from now on come from this address.
    pub(crate) fn come_from(&self, address: &str) {
        self.seen.lock().unwrap().address = address.parse().unwrap();
    }

    /// Connections that come from now on are encrypted.
    pub(crate) fn come_over_tls(&self) {
        self.seen.lock().unwrap().transport = Transport::Tls;
    }

    /// Lets time pass for the brakes.
    pub(crate) fn pass(&self, seconds: u64) {
        self.passed_s.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Sends a request as `NAME:PASSWORD`, with `Bearer TOKEN` or as nobody (""). The line is method
    /// and path; those that do not begin with `/` are of the API.
    pub(crate) async fn http(&self, who: &str, line: &str, body: &Value) -> Answer {
        let mut stream = self.http_stream().await;
        stream.write_all(&request(who, line, body, "close")).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.get(9..12).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// A connection to the HTTP door.
    pub(crate) async fn http_stream(&self) -> TcpStream {
        TcpStream::connect(self.http).await.unwrap()
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.http(who, &format!("GET {path}"), &Value::Null).await
    }

    pub(crate) async fn delete(&self, who: &str, path: &str) -> Answer {
        self.http(who, &format!("DELETE {path}"), &Value::Null).await
    }

    pub(crate) async fn post(&self, who: &str, path: &str, body: Value) -> Answer {
        self.http(who, &format!("POST {path}"), &body).await
    }

    /// Makes an app password and gives its id and secret.
    pub(crate) async fn app_password(&self, who: &str, doors: &[&str]) -> (String, String) {
        let body = json!({ "name": "device", "doors": doors });
        let made = self.post(who, "me/app-passwords", body).await.expect(201);
        (text(&made, "id"), text(&made, "secret"))
    }

    /// Makes a phone account with a secret of the test's.
    pub(crate) async fn phone(&self, name: &str, more: Value) {
        let mut body = more;
        body["name"] = json!(name);
        body["secret"] = json!(format!("{name}-secret"));
        self.post(ADMIN, "phones", body).await.expect(201);
    }

    /// A connection that has tried to sign in, with the result.
    pub(crate) async fn bind(&self, name: &str, password: &str) -> (Client, LdapResultCode) {
        let mut client = Client::connect(self).await;
        let code = client.bind(name, password).await;
        (client, code)
    }

    /// A connection that has signed in.
    pub(crate) async fn signed_in(&self, name: &str, password: &str) -> Client {
        Client::signed_in(self, name, password).await
    }

    /// A connection of a phone account whose secret is the test's.
    pub(crate) async fn phone_signed_in(&self, name: &str) -> Client {
        self.signed_in(&phone_dn(name), &format!("{name}-secret")).await
    }
}

pub(crate) fn phone_dn(name: &str) -> String {
    format!("cn={name},ou=services,{SUFFIX}")
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// The names that a search from the top finds.
pub(crate) async fn names(client: &mut Client) -> Vec<String> {
    let found = client.search(&Ask::sub(SUFFIX, "(cn=*)")).await;
    assert_eq!(found.code, LdapResultCode::Success);
    found.names().into_iter().map(str::to_owned).collect()
}

/// Asks once more, and expects to be told that the connection ends.
#[track_caller]
pub(crate) fn disconnected(client: &mut Client) -> impl Future<Output = ()> + '_ {
    let place = std::panic::Location::caller();
    async move {
        client.request(&Ask::sub(SUFFIX, "(cn=*)").encoded()).await;
        let notice = client.receive().await.unwrap();
        assert_eq!(notice.msgid, 0, "{place}: answered instead of disconnected");
        assert_eq!(code(notice.op), LdapResultCode::StrongerAuthRequired, "{place}");
        assert!(client.receive().await.is_none(), "{place}");
    }
}

/// The bytes of a request.
pub(crate) fn request(who: &str, line: &str, body: &Value, connection: &str) -> Vec<u8> {
    let (method, path) = line.split_once(' ').unwrap();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/api/v1/{path}") };
    let authorization = match who.split_once(':') {
        None if who.is_empty() => String::new(),
        None => format!("Authorization: {who}\r\n"),
        Some(_) => format!("Authorization: Basic {}\r\n", STANDARD.encode(who)),
    };
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: pbx\r\n{authorization}Content-Length: {length}\r\n\
         Connection: {connection}\r\n\r\n{body}"
    )
    .into_bytes()
}

struct Doors<'a> {
    directory: &'a Arc<Directory>,
    authenticator: &'a Arc<Authenticator>,
    net: &'a Net,
}

impl Doors<'_> {
    async fn ldap(
        &self,
        organization: &OrganizationId,
        seen: &Arc<Mutex<Seen>>,
        unauthenticated: UnauthenticatedBind,
    ) -> SocketAddr {
        let (directory, authenticator) =
            (Arc::clone(self.directory), Arc::clone(self.authenticator));
        let limits = ldap::Limits::default();
        let door = ldap::Door::new(directory, authenticator, organization.clone(), limits);
        let door = Arc::new(door.with_unauthenticated_bind(unauthenticated));
        let listener = Listener::bind("ldap", "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (address, seen) = (listener.address(), Arc::clone(seen));
        self.net.listen(listener, move |connection| {
            ldap::serve(as_seen(connection, &seen), Arc::clone(&door))
        });
        address
    }

    async fn http(&self, seen: &Arc<Mutex<Seen>>) -> SocketAddr {
        let (directory, authenticator) = (self.directory, self.authenticator);
        let presence =
            Presence::new(SILENCE_DEFAULT_S, Box::new(ringbook::directory::system_clock));
        let presence = Arc::new(presence);
        let site = Arc::new(http::Site::default());
        let api = Api::new(
            Arc::clone(directory),
            Arc::clone(authenticator),
            presence,
            site,
            Files::default(),
        );
        let api = Arc::new(api);
        let carddav = Arc::new(Handler::new(Arc::clone(directory)));
        let limits = http::Limits { first_request: PATIENCE, idle: PATIENCE, stalled: PATIENCE };
        let front = http::Front::new(Arc::clone(authenticator), limits)
            .mount("dav", Door::Carddav, carddav)
            .mount("api", Door::Http, api);
        let front = Arc::new(front);
        let listener = Listener::bind("http", "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (address, seen) = (listener.address(), Arc::clone(seen));
        self.net.listen(listener, move |connection| {
            Arc::clone(&front).serve(as_seen(connection, &seen))
        });
        address
    }
}

fn as_seen(
    mut connection: ringbook::net::Connection,
    seen: &Mutex<Seen>,
) -> ringbook::net::Connection {
    let Seen { address, transport } = *seen.lock().unwrap();
    connection.peer.set_ip(address);
    connection.transport = transport;
    connection
}

fn settings(id: &str, suffix: &str) -> OrganizationSettings {
    OrganizationSettings {
        name: id.to_owned(),
        domain: format!("{id}.example"),
        suffix: suffix.to_owned(),
        ..OrganizationSettings::new(OrganizationId::from(id))
    }
}
