//! A network that fails at a chosen moment: it stands between a store and its server.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

use crate::cluster::url_at;

/// The name that PostgreSQL's clients look for in a socket folder.
const SOCKET: &str = ".s.PGSQL.5432";

/// What happens to the message that the network fails at.
#[derive(Clone, Copy)]
pub(crate) enum Cut {
    /// The server never gets it.
    Request,
    /// The server gets it and answers; the client never gets the answer.
    Answer,
}

/// A cut that is to come.
pub(crate) struct Plan {
    /// Bytes of the message.
    pub(crate) at: &'static [u8],
    pub(crate) cut: Cut,
    /// Happens when the server is rid of the connection, and before the client learns of it.
    pub(crate) then: Box<dyn FnOnce() + Send>,
}

pub(crate) struct Proxy {
    folder: TempDir,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    plan: Option<Plan>,
    /// No connection goes through.
    closed: bool,
}

impl Proxy {
    /// A network to the server whose socket is in this folder.
    pub(crate) fn to(server: &Path) -> Self {
        let folder = TempDir::new().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let listener = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        let (server, shared) = (server.join(SOCKET), Arc::clone(&state));
        // It ends with the process: a listener has nobody to tell it to stop.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if !shared.lock().unwrap().closed {
                    connect(client, &server, &shared);
                }
            }
        });
        Self { folder, state }
    }

    pub(crate) fn url(&self) -> String {
        url_at(self.folder.path(), "ringbook", "ringbook")
    }

    pub(crate) fn plan(&self, at: &'static [u8], cut: Cut, then: impl FnOnce() + Send + 'static) {
        self.state.lock().unwrap().plan = Some(Plan { at, cut, then: Box::new(then) });
    }

    /// Closes the network when the server is rid of the connection that is cut.
    pub(crate) fn plan_closed(&self, at: &'static [u8], cut: Cut) {
        let state = Arc::clone(&self.state);
        self.plan(at, cut, move || state.lock().unwrap().closed = true);
    }

    /// Whether the last plan was carried out.
    pub(crate) fn has_cut(&self) -> bool {
        self.state.lock().unwrap().plan.is_none()
    }

    pub(crate) fn open(&self) {
        self.state.lock().unwrap().closed = false;
    }
}

fn connect(mut client: UnixStream, server: &Path, state: &Arc<Mutex<State>>) {
    let mut server = UnixStream::connect(server).unwrap();
    let (mut answers, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let state = Arc::clone(state);
    let muted = Arc::new(AtomicBool::new(false));
    let silent = Arc::clone(&muted);
    let back = thread::spawn(move || {
        let pass =
            |bytes: &[u8]| silent.load(Ordering::SeqCst) || to_client.write_all(bytes).is_ok();
        copy(&mut answers, pass);
        if !silent.load(Ordering::SeqCst) {
            let _ = to_client.shutdown(Shutdown::Both);
        }
    });
    thread::spawn(move || {
        let mut found = None;
        copy(&mut client, |bytes| {
            let mut state = state.lock().unwrap();
            let is_meant =
                |plan: &mut Plan| bytes.windows(plan.at.len()).any(|part| part == plan.at);
            found = state.plan.take_if(is_meant);
            let Some(plan) = &found else { return server.write_all(bytes).is_ok() };
            muted.store(true, Ordering::SeqCst);
            if matches!(plan.cut, Cut::Answer) {
                server.write_all(bytes).unwrap();
            }
            false
        });
        // The server does what it was asked for, finds nobody to answer, and closes.
        let _ = server.shutdown(Shutdown::Write);
        back.join().unwrap();
        if let Some(plan) = found {
            (plan.then)();
        }
        let _ = client.shutdown(Shutdown::Both);
    });
}

fn copy(from: &mut UnixStream, mut to: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if !to(&buffer[..read]) {
            return;
        }
    }
}
