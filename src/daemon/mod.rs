//! The composition root: opens the store, builds the directory, binds, mounts the doors, stops.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use zeroize::Zeroizing;

use crate::account::{Organization, Role};
use crate::auth::{Authenticator, HashError};
use crate::config::Config;
use crate::config::organization::Locale;
use crate::contact::OrganizationId;
use crate::contact::book::AddressBook;
use crate::daemon::doors::Doors;
use crate::daemon::folder::{Folder, FolderError};
use crate::daemon::notify::{READY, STOPPING, notify};
use crate::demo::{self, DemoError};
use crate::directory::{CommitError, Directory, Edit, Request, system_clock};
use crate::net::{BindError, Listener, Net};
use crate::presence::{Presence, SILENCE_DEFAULT_S};
use crate::store::StoreError;
use crate::store::sqlite::SqliteStore;

mod doors;
pub mod folder;
mod notify;
mod organization;

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
    #[error("{path}: {source}")]
    Store { path: PathBuf, source: StoreError },
    #[error(transparent)]
    Bind(#[from] BindError),
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
    options: Options,
    folder: Folder,
    directory: Arc<Directory>,
    listening: Listening,
}

/// What people and programs need to know of a started daemon.
pub struct Listening {
    pub ldap: SocketAddr,
    pub http: SocketAddr,
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
        let folder = Folder::open(&config.data)?;
        // Ports first: a start that fails for want of one makes no store.
        let ldap = Listener::bind("ldap", config.ldap_listen).await?;
        let http = Listener::bind("http", config.http_listen).await?;
        let directory = Arc::new(open(config)?);
        let id = settle(&directory, &options).await?;
        let authenticator = Arc::new(Authenticator::new(Arc::clone(&directory), id.clone()));
        if options.demo {
            demo::fill(&directory, &authenticator).await?;
        }
        let new_token = operator_token(&folder, &directory, &authenticator).await?;
        let listening = Listening {
            ldap: ldap.address(),
            http: http.address(),
            contacts: contacts(&directory, &id),
            organization: organization(&directory, &id)?,
            new_token,
        };
        let presence = Arc::new(Presence::new(SILENCE_DEFAULT_S, Box::new(system_clock)));
        let (authenticator, presence) = (&authenticator, &presence);
        let doors = Doors { directory: &directory, authenticator, presence, config };
        let net = doors.open(ldap, http, id).map_err(StartError::Threads)?;
        folder.tell_listening(&listening.json())?;
        notify(options.notify.as_deref(), READY);
        tracing::info!(ldap = %listening.ldap, http = %listening.http, "listening");
        Ok(Self { net, options, folder, directory, listening })
    }

    pub fn listening(&self) -> &Listening {
        &self.listening
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
        json!({ "ldap": self.ldap.to_string(), "http": self.http.to_string() }).to_string()
    }
}

fn refuse_demo_outside(options: &Options) -> Result<(), StartError> {
    let config = &options.config;
    let outside = [config.ldap_listen, config.http_listen]
        .into_iter()
        .find(|address| !address.ip().to_canonical().is_loopback());
    match outside {
        Some(address) if options.demo => Err(StartError::DemoOutside(address)),
        _ if options.demo && config.organization != Default::default() => {
            Err(StartError::DemoOrganization)
        }
        _ => Ok(()),
    }
}

fn open(config: &Config) -> Result<Directory, StartError> {
    let path = config.store_path();
    folder::make_private(&path)?;
    let store = SqliteStore::open(&path).and_then(|store| Directory::open(Box::new(store)));
    store.map_err(|source| StartError::Store { path, source })
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
        && authenticator.token(&secret).await.is_ok_and(|found| found.role == Role::Operator)
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
