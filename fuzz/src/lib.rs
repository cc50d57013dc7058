//! The demo company in memory, for targets that need somebody to ask.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode};
use ringbook::auth::{Authenticator, Principal, Who};
use ringbook::carddav::Handler;
use ringbook::demo;
use ringbook::directory::Directory;
use ringbook::http::Caller;
use ringbook::store::sqlite::SqliteStore;
use tokio::runtime::{Builder, Runtime};

pub mod file;
pub mod ldap;

/// A directory with the demo company, and who checks its passwords.
pub struct World {
    pub runtime: Runtime,
    pub directory: Arc<Directory>,
    pub authenticator: Arc<Authenticator>,
}

/// One for all inputs.
pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let store = SqliteStore::in_memory().unwrap();
    let directory = Arc::new(Directory::open(Box::new(store)).unwrap());
    let organization = demo::organization().id;
    let authenticator = Arc::new(Authenticator::new(Arc::clone(&directory), organization));
    runtime.block_on(demo::fill(&directory, &authenticator)).unwrap();
    World { runtime, directory, authenticator }
});

/// Sends a request to the CardDAV door as user 201 of the demo and reads the whole answer.
pub fn ask_carddav(request: Request<Full<Bytes>>) -> Option<StatusCode> {
    let organization = demo::organization().id;
    let snapshot = WORLD.directory.snapshot();
    let user = snapshot.user_by_login(&organization, "201")?;
    let principal = Principal::new(Who::User(user.id), user.role, Some(organization));
    let peer = "127.0.0.1:1".parse().unwrap();
    let caller = Caller { principal: Some(principal), peer, secure: false };
    WORLD.runtime.block_on(async {
        let handler = Handler::new(WORLD.directory.clone());
        let answer = handler.answer(request, caller).await;
        let status = answer.status();
        assert!(answer.into_body().collect().await.is_ok());
        Some(status)
    })
}
