//! A company with every kind of book, account and neighbor: `main` shares with `paris`, not with `rome`.

use std::sync::Arc;

use ldap3_proto::proto::LdapResultCode;
use ringbook::account::device::PhoneAccount;
use ringbook::account::group::{Member, SharedBook};
use ringbook::account::networks::Networks;
use ringbook::account::{OrganizationSettings, PresenceVisibility, Role, SecretHash, User};
use ringbook::contact::book::{AddressBook, Availability, BookId, Group};
use ringbook::contact::card::{CardBuilder, Field, FieldSet};
use ringbook::contact::{Book, ContactId, Draft, OrganizationId, Revision, Timestamp, UserId};
use ringbook::directory::{Edit, new_id, system_clock};
use ringbook::ldap::{Limits, serve};
use ringbook::net::Connection;
use ringbook::net::rules::Transport;
use ringbook::net::stream::Stream;
use ringbook::presence::{News, Phone, Presence, SILENCE_DEFAULT_S};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::client::Client;
use crate::world::{SUFFIX, Values, World, hash, settings};

/// Of every account.
const PASSWORD: &str = "office-secret";

/// What there is besides, which some askers must not learn of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Besides {
    Nothing,
    /// What a plain user does not see.
    Secrets,
    /// What only a phone of another department does not see.
    Others,
}

pub(crate) struct Office {
    pub(crate) world: World,
    pub(crate) anna: UserId,
    pub(crate) bert: UserId,
    pub(crate) marie: UserId,
    presence: Arc<Presence>,
    secret: SecretHash,
}

impl Office {
    pub(crate) async fn open() -> Self {
        Self::with(Besides::Secrets).await
    }

    pub(crate) async fn with(besides: Besides) -> Self {
        let presence = Arc::new(Presence::new(SILENCE_DEFAULT_S, Box::new(system_clock)));
        let (world, authenticator) =
            World::open(&organizations(), Limits::default(), Arc::clone(&presence)).await;
        let secret = hash(&authenticator, PASSWORD).await;
        let [anna, bert, marie] = [new_id(), new_id(), new_id()];
        let office = Self { world, anna, bert, marie, presence, secret };
        office.people(besides).await;
        office.neighbors(besides).await;
        office.contacts(besides).await;
        office.phones().await;
        if besides == Besides::Others {
            office.others().await;
        }
        office
    }

    async fn people(&self, besides: Besides) {
        use Field::{Assistant, Department, FamilyName, GivenName, Manager, Mobile, Site, Work};
        let secret =
            |field, value| if besides == Besides::Secrets { (field, value) } else { (field, "") };
        let (vera, anna, bert) = (new_id(), self.anna.to_string(), self.bert.to_string());
        let (marie, vera_text) = (self.marie.to_string(), vera.to_string());
        let people: [(UserId, &str, Values<'_>); 6] = [
            (
                self.anna,
                "101",
                &[
                    (GivenName, "Anna"),
                    (FamilyName, "Adams"),
                    (Department, "Support"),
                    (Department, "Sales"),
                    (Site, "#1"),
                    (Work, "030/1234567"),
                    secret(Mobile, "+49 170 5551111"),
                    secret(Manager, &vera_text),
                    (Assistant, &bert),
                ],
            ),
            (
                self.bert,
                "102",
                &[
                    (GivenName, "Bert"),
                    (FamilyName, "Berg"),
                    (Department, "R&D, Berlin"),
                    (Site, "Berlin"),
                    (Manager, &anna),
                    (Manager, &marie),
                    secret(Mobile, "+49 170 5552222"),
                ],
            ),
            (new_id(), "103", &[(GivenName, "Cleo"), (FamilyName, "Cole"), (Department, "Sales")]),
            (new_id(), "104", &[(GivenName, "Dora"), (FamilyName, "Dorn")]),
            (new_id(), "", &[(GivenName, "Emil"), (FamilyName, "Ernst"), (Department, "Support")]),
            (new_id(), "105", &[(GivenName, "Gina"), (FamilyName, "Gold"), (Site, "Berlin")]),
        ];
        for (id, extension, card) in people {
            self.person("main", (id, extension), card).await;
        }
        if besides == Besides::Secrets {
            let card = [(GivenName, "Vera"), (FamilyName, "Veil"), (Department, "Support")];
            self.user("main", vera, "199").await;
            let draft = Draft { listed: false, ..draft("main", Book::People, &card) };
            self.world.edit(Edit::PutContact { id: vera, draft }).await;
            self.is(vera, Availability::Busy);
        }
        self.is(self.anna, Availability::Busy);
        self.is(self.bert, Availability::Available);
    }

    async fn neighbors(&self, besides: Besides) {
        use Field::{FamilyName, GivenName, Manager, Mobile, Work};
        let pierre = new_id();
        let pierre_text = pierre.to_string();
        let card = [
            (GivenName, "Marie"),
            (FamilyName, "Martin"),
            (Work, "01 23 45 67 89"),
            (Mobile, "+33 6 12 34 56 78"),
            (Manager, pierre_text.as_str()),
        ];
        self.person("paris", (self.marie, "201"), &card).await;
        self.person("paris", (pierre, "202"), &[(GivenName, "Pierre")]).await;
        if besides == Besides::Secrets {
            self.person("rome", (new_id(), "301"), &[(GivenName, "Mario")]).await;
        }
    }

    async fn contacts(&self, besides: Besides) {
        let name = |name| [(Field::FormattedName, name), (Field::Mobile, "+49 171 7654321")];
        let acme = self.contact(Book::Shared, &name("Acme")).await;
        let aunt = self.contact(Book::Personal(self.anna), &name("Aunt")).await;
        for contact in [self.bert, acme, aunt, self.marie] {
            self.star(self.anna, contact).await;
        }
        if besides == Besides::Secrets {
            let brother = self.contact(Book::Personal(self.bert), &name("Brother")).await;
            for contact in [self.anna, brother] {
                self.star(self.bert, contact).await;
            }
            self.world.edit(Edit::PutSharedBook(self.suppliers())).await;
            self.contact(Book::SharedBook(suppliers()), &name("Bolts")).await;
        }
    }

    fn suppliers(&self) -> SharedBook {
        SharedBook {
            organization: OrganizationId::from("main"),
            id: suppliers(),
            name: "A/B \"Lieferanten\" = #2".into(),
            readers: Some(vec![Member::User(self.anna)]),
            writers: Vec::new(),
            revision: Revision(0),
        }
    }

    async fn phones(&self) {
        let support = AddressBook::Group(Group::Department(BookId::parse("support").unwrap()));
        for (name, books, acts_for) in [
            ("phones", vec![], vec![]),
            ("support", vec![support], vec![]),
            ("anna", vec![], vec![self.anna]),
            ("desk", vec![AddressBook::PEOPLE, AddressBook::SHARED], vec![self.anna, self.bert]),
        ] {
            let networks = Networks::loopback();
            self.phone(PhoneAccount { books, acts_for, networks, ..self.account(name) }).await;
        }
    }

    async fn others(&self) {
        use Field::{Department, GivenName, Manager, Mobile, Site};
        let anna = self.anna.to_string();
        let card = [
            (GivenName, "Gus"),
            (Department, "Ghosts"),
            (Site, "Ghost town"),
            (Manager, anna.as_str()),
            (Mobile, "+49 170 5553333"),
        ];
        self.person("main", (new_id(), "150"), &card).await;
        self.contact(Book::Shared, &[(Field::Company, "Ghost Ltd.")]).await;
        self.person("paris", (new_id(), "250"), &card).await;
    }

    /// A phone account with the password of all.
    pub(crate) fn account(&self, name: &str) -> PhoneAccount {
        PhoneAccount::new(OrganizationId::from("main"), name, vec![self.secret.clone()])
    }

    pub(crate) async fn phone(&self, account: PhoneAccount) {
        self.world.edit(Edit::PutPhone(account)).await;
    }

    async fn user(&self, organization: &str, id: UserId, extension: &str) {
        let role = match extension {
            "103" => Role::OfficeManager,
            "104" => Role::Admin,
            _ => Role::User,
        };
        let given = (!extension.is_empty()).then(|| Box::from(extension));
        let user = User {
            id,
            organization: OrganizationId::from(organization),
            login: None,
            email: None,
            role,
            password: given.is_some().then(|| self.secret.clone()),
            principal: id.to_string().into(),
            extension: given,
            listed_books: None,
            carddav_layout: None,
            presence: PresenceVisibility::Shown,
            created: Timestamp(0),
        };
        self.world.edit(Edit::PutUser(user)).await;
    }

    /// Hides a user's presence from others.
    pub(crate) async fn hide_presence(&self, user: UserId) {
        let user = self.world.directory.snapshot().user(user).unwrap().clone();
        let presence = PresenceVisibility::Hidden;
        self.world.edit(Edit::PutUser(User { presence, ..user })).await;
    }

    pub(crate) async fn person(
        &self,
        organization: &str,
        (id, extension): (UserId, &str),
        card: Values<'_>,
    ) {
        self.user(organization, id, extension).await;
        let values: Vec<_> = card.iter().copied().chain([(Field::Extension, extension)]).collect();
        let draft = draft(organization, Book::People, &values);
        self.world.edit(Edit::PutContact { id, draft }).await;
    }

    pub(crate) async fn contact(&self, book: Book, card: Values<'_>) -> ContactId {
        let id = new_id();
        self.world.edit(Edit::PutContact { id, draft: draft("main", book, card) }).await;
        id
    }

    pub(crate) async fn star(&self, user: UserId, contact: ContactId) {
        self.world.edit(Edit::Star { user, contact, starred: true }).await;
    }

    /// Changes the settings of the company.
    pub(crate) async fn set(&self, change: impl FnOnce(&mut OrganizationSettings)) {
        let snapshot = self.world.directory.snapshot();
        let mut settings = snapshot.organization(&self.world.organization).unwrap().settings();
        change(&mut settings);
        self.world.edit(Edit::PutOrganization(Box::new(settings))).await;
    }

    /// Tells whether somebody can be called.
    pub(crate) fn is(&self, person: ContactId, availability: Availability) {
        let phone = match availability {
            Availability::Available => Phone::Idle,
            Availability::Busy => Phone::InCall,
            Availability::Offline => Phone::Unavailable,
        };
        self.tell(person, News { phone: Some(Some(phone)), ..News::default() });
    }

    pub(crate) fn tell(&self, person: ContactId, news: News) {
        self.presence.tell(&self.world.organization, "test", [(person, news)]);
    }

    /// A client that has signed in as a user, by extension, or as a phone account.
    pub(crate) async fn client(&self, name: &str) -> Client {
        let mut client = self.secured().await;
        let phone = format!("cn={name},ou=services,{SUFFIX}");
        let name = if name.starts_with(|c: char| c.is_ascii_digit()) { name } else { &phone };
        assert_eq!(client.bind(name, PASSWORD).await, LdapResultCode::Success, "{name}");
        client
    }

    /// Somebody who has not signed in.
    pub(crate) async fn visitor(&self) -> Client {
        Client::connect(&self.world).await
    }

    /// A connection that counts as one over TLS.
    async fn secured(&self) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let connection = Connection {
            stream: Stream::Plain(stream),
            peer,
            transport: Transport::Tls,
            rules: Arc::default(),
            accepted: Instant::now(),
            start_tls: None,
            stop: self.world.stop.clone(),
        };
        tokio::spawn(serve(connection, Arc::clone(&self.world.door)));
        Client::over(client)
    }
}

pub(crate) fn suppliers() -> BookId {
    BookId::parse("suppliers").unwrap()
}

fn organizations() -> [OrganizationSettings; 3] {
    let id = OrganizationId::from;
    let hidden = FieldSet::of(&[Field::Mobile]);
    let main = settings("main", SUFFIX, "pbx.com", hidden);
    let paris = settings("paris", "dc=paris,dc=fr", "paris.fr", FieldSet::EMPTY);
    let rome = settings("rome", "dc=rome,dc=it", "rome.it", FieldSet::EMPTY);
    [
        OrganizationSettings { shares_with: vec![id("paris"), id("rome")], ..main },
        OrganizationSettings {
            shares_with: vec![id("main")],
            region: "FR".into(),
            area_code: String::new(),
            inter_organization_prefix: "81".into(),
            ..paris
        },
        rome,
    ]
}

fn draft(organization: &str, book: Book, values: Values<'_>) -> Draft {
    let mut card = CardBuilder::default();
    for (field, value) in values {
        card.push(*field, value);
    }
    Draft {
        organization: OrganizationId::from(organization),
        book,
        name: None,
        uid: None,
        card: card.finish().unwrap(),
        body: None,
        listed: true,
    }
}
