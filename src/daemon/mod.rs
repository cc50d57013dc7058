//! The composition root: opens the store, builds the directory, binds, mounts the doors, stops.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::json;
use zeroize::Zeroizing;

use crate::account::{Organization, Role};
use crate::auth::{Authenticator, HashError};
use crate::config::organization::Locale;
use crate::config::{Config, Limits, StorePlace};
use crate::contact::OrganizationId;
use crate::contact::book::AddressBook;
use crate::daemon::certificates::CertificateError;
use crate::daemon::doors::{Doors, Listeners, Secured};
use crate::daemon::folder::{Folder, FolderError};
use crate::daemon::notify::{READY, STOPPING, notify};
use crate::daemon::profiles::ProfilesError;
use crate::demo::{self, DemoError};
use crate::directory::{CommitError, Directory, Edit, Request, system_clock};
use crate::http::Site;
use crate::net::tls::names;
use crate::net::{BindError, Net};
use crate::presence::Presence;
use crate::store::postgres::{self, PostgresStore};
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, StoreError};

pub mod certificates;
mod doors;
pub mod folder;
mod notify;
mod organization;
mod profiles;

/// Name of the operator's token in the store.
const OPERATOR: &str = "operator-token";

/// What a daemon is started with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub config: Config,
    pub locale: Locale,
    /// Fill an empty store with the demo company.
    pub demo: bool,
    /// The service manager's socket (`NOTIFY_SOCKET`).
    pub notify: Option<OsString>,
}

/// Why the daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("{place}: {source}")]
    Store { place: String, source: StoreError },
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Profiles(#[from] ProfilesError),
    #[error("every listener is off; allowed is an address for one of them, such as ldap.listen")]
    NoListener,
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("no threads for the LDAP door: {0}")]
    Threads(std::io::Error),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error("the operator's token cannot be made: {0}")]
    Token(#[from] HashError),
    #[error("there is no organization `{id}` in the store (organization.id); known are {known}")]
    NoOrganization { id: OrganizationId, known: String },
    #[error("the demo company: {0}")]
    Demo(#[from] DemoError),
    #[error(
        "--demo listens on loopback addresses only, because its passwords are known; {0} is none"
    )]
    DemoOutside(SocketAddr),
    #[error("--demo brings an organization of its own; leave out the organization.* settings")]
    DemoOrganization,
}

/// A daemon that answers requests.
pub struct Daemon {
    net: Net,
    secured: Secured,
    site: Arc<Site>,
    options: Options,
    folder: Folder,
    directory: Arc<Directory>,
    listening: Listening,
}

/// What people and programs need to know of a started daemon.
pub struct Listening {
    /// Where each door listens; None: it does not.
    pub ldap: Option<SocketAddr>,
    pub ldaps: Option<SocketAddr>,
    pub http: Option<SocketAddr>,
    pub https: Option<SocketAddr>,
    /// What this machine calls itself.
    pub host: Option<String>,
    /// The authority's certificate, which clients must install to trust this server.
    pub authority: Option<PathBuf>,
    pub organization: Organization,
    /// Contacts of people and shared contacts.
    pub contacts: usize,
    /// Set where the operator's token is new.
    pub new_token: Option<Zeroizing<String>>,
}

impl Daemon {
    /// Starts everything. Must run inside the runtime that will serve.
    ///
    /// # Errors
    /// [`StartError`]; nothing listens then.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        refuse_demo_outside(&options)?;
        let Options { config, .. } = &options;
        let profiles = profiles::load(config.import_profiles.as_deref())?;
        let folder = Folder::open(&config.data)?;
        // Ports first: a start that fails for want of one makes no store.
        let listeners = Listeners::bind(config).await?;
        let shown = certificates::load(&folder, &config.tls, SystemTime::now())?;
        let secured = Secured::new(&shown.identity).map_err(CertificateError::Begin)?;
        let directory = Arc::new(open(config)?);
        let id = settle(&directory, &options).await?;
        let authenticator = Arc::new(Authenticator::new(Arc::clone(&directory), id.clone()));
        if options.demo {
            demo::fill(&directory, &authenticator).await?;
        }
        let new_token = operator_token(&folder, &directory, &authenticator).await?;
        let listening = Listening {
            ldap: Listeners::address(&listeners.ldap),
            ldaps: Listeners::address(&listeners.ldaps),
            http: Listeners::address(&listeners.http),
            https: Listeners::address(&listeners.https),
            host: names::host(),
            authority: shown.authority,
            contacts: contacts(&directory, &id),
            organization: organization(&directory, &id)?,
            new_token,
        };
        let presence = presence(&config.limits);
        let site = Arc::new(doors::site(&listening, config));
        site.show(shown.certified);
        let (authenticator, presence) = (&authenticator, &presence);
        let doors = Doors {
            directory: &directory,
            authenticator,
            presence,
            site: &site,
            config,
            profiles: &profiles,
        };
        let net = doors.open(listeners, &secured, id).map_err(StartError::Threads)?;
        let json = listening.json();
        folder.tell_listening(&json)?;
        notify(options.notify.as_deref(), READY);
        tracing::info!("listening: {json}");
        Ok(Self { net, secured, site, options, folder, directory, listening })
    }

    pub fn listening(&self) -> &Listening {
        &self.listening
    }

    /// Takes over what can change while the daemon runs: the certificate and its files, the names
    /// in the one that is made, networks, and the limits on connections. Connections stay; the new
    /// settings are for those that come.
    ///
    /// # Errors
    /// Where the new certificate cannot be used: the old one stays, and all else is taken over.
    pub fn reload(&self, config: &Config) -> Result<(), CertificateError> {
        let limits = &config.limits;
        self.net.change_rules(doors::rules(config));
        self.net.gate().limit(limits.connections_max, limits.connections_per_address_max);
        self.show_certificate(config)
    }

    /// Makes the own certificate anew where it nears its end or this machine is called otherwise.
    /// A configured one is read only when asked for by [`Daemon::reload`].
    ///
    /// # Errors
    /// As [`Daemon::reload`].
    pub fn renew(&self, config: &Config) -> Result<(), CertificateError> {
        if config.tls.certificate.is_some() { Ok(()) } else { self.show_certificate(config) }
    }

    fn show_certificate(&self, config: &Config) -> Result<(), CertificateError> {
        let shown = certificates::load(&self.folder, &config.tls, SystemTime::now())?;
        self.secured.replace(&shown.identity)?;
        self.site.show(shown.certified);
        Ok(())
    }

    /// Finishes what was begun, closes everything and gives the data folder back.
    pub async fn stop(self) {
        notify(self.options.notify.as_deref(), STOPPING);
        tracing::info!("stopping");
        self.folder.forget_listening();
        if let Err(busy) = self.net.stop(self.options.config.limits.stop).await {
            tracing::warn!(busy, "connections were still busy at the stop");
        }
        drop(self.directory);
    }
}

impl Listening {
    /// The content of `listening.json`.
    fn json(&self) -> String {
        let Self { ldap, ldaps, http, https, .. } = self;
        let text = |address: &Option<SocketAddr>| address.map(|found| found.to_string());
        let [ldap, ldaps, http, https] = [ldap, ldaps, http, https].map(text);
        json!({ "ldap": ldap, "ldaps": ldaps, "http": http, "https": https }).to_string()
    }
}

fn refuse_demo_outside(options: &Options) -> Result<(), StartError> {
    let config = &options.config;
    let doors =
        [config.ldap_listen, config.ldap_tls_listen, config.http_listen, config.http_tls_listen];
    let outside = |address: &SocketAddr| !address.ip().to_canonical().is_loopback();
    match doors.into_iter().flatten().find(outside) {
        Some(address) if options.demo => Err(StartError::DemoOutside(address)),
        _ if options.demo && config.organization != Default::default() => {
            Err(StartError::DemoOrganization)
        }
        _ => Ok(()),
    }
}

fn open(config: &Config) -> Result<Directory, StartError> {
    let (place, store): (String, Result<Box<dyn Store>, StoreError>) = match config.store() {
        StorePlace::File(path) => {
            folder::make_private(&path)?;
            let store = SqliteStore::open(&path).map(|store| Box::new(store) as _);
            (path.display().to_string(), store)
        }
        StorePlace::Database(url) => {
            let store = PostgresStore::open(&url).map(|store| Box::new(store) as _);
            (postgres::shown(&url), store)
        }
    };
    store.and_then(Directory::open).map_err(|source| StartError::Store { place, source })
}

async fn settle(directory: &Directory, options: &Options) -> Result<OrganizationId, StartError> {
    if options.demo {
        return Ok(demo::organization().id);
    }
    organization::settle(directory, &options.config.organization, &options.locale).await
}

fn organization(directory: &Directory, id: &OrganizationId) -> Result<Organization, StartError> {
    let snapshot = directory.snapshot();
    let missing = || StartError::NoOrganization { id: id.clone(), known: String::new() };
    snapshot.organization(id).cloned().ok_or_else(missing)
}

/// The table that all doors share.
fn presence(limits: &Limits) -> Arc<Presence> {
    let silence_s = i64::try_from(limits.presence_silence.as_secs()).unwrap_or(i64::MAX);
    Arc::new(Presence::new(silence_s, Box::new(system_clock)))
}

fn contacts(directory: &Directory, id: &OrganizationId) -> usize {
    let snapshot = directory.snapshot();
    [AddressBook::PEOPLE, AddressBook::SHARED]
        .map(|book| snapshot.count(id, book))
        .into_iter()
        .sum()
}

/// Makes the operator's token at the first start, and a new one for a folder whose token is gone
/// or does not fit the store. The old one is worth nothing then.
async fn operator_token(
    folder: &Folder,
    directory: &Directory,
    authenticator: &Authenticator,
) -> Result<Option<Zeroizing<String>>, StartError> {
    if let Some(secret) = folder.operator_token()
        && authenticator.token_of(&secret).is_some_and(|found| found.role == Role::Operator)
    {
        return Ok(None);
    }
    let (token, secret) = Authenticator::new_token(Role::Operator, None, OPERATOR)?;
    let snapshot = directory.snapshot();
    let old = snapshot.tokens().filter(|found| &*found.name == OPERATOR);
    let mut edits: Vec<Edit> = old.map(|found| Edit::RemoveToken(found.id.clone())).collect();
    edits.push(Edit::PutToken(token));
    directory.commit(Request { edits, preconditions: Vec::new() }).await?;
    folder.keep_operator_token(&secret)?;
    Ok(Some(secret))
}
