//! The demo company in memory, for targets that need somebody to ask.

use std::sync::{Arc, LazyLock};

use ringbook::auth::Authenticator;
use ringbook::demo;
use ringbook::directory::Directory;
use ringbook::store::sqlite::SqliteStore;
use tokio::runtime::{Builder, Runtime};

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
