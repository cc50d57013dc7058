//! Threads with a runtime of their own, for connections whose requests are short and many.
//!
//! The shared runtime wakes other threads to spread work; for a search of a few microseconds that
//! costs more than the search. Here a connection stays on the thread that accepted it.

use std::io;
use std::num::NonZero;
use std::thread::{JoinHandle, available_parallelism};

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

/// The threads; dropping this ends them and what still runs on them.
#[derive(Debug)]
pub struct Workers {
    workers: Vec<Worker>,
    stop: CancellationToken,
}

#[derive(Debug)]
struct Worker {
    handle: Handle,
    /// None once it is awaited.
    thread: Option<JoinHandle<()>>,
}

impl Workers {
    /// Starts a thread for every two processors, at least one: the others do the rest, such as
    /// password hashes.
    ///
    /// # Errors
    /// Where the operating system gives no more threads.
    pub fn start(name: &str) -> io::Result<Self> {
        let processors = available_parallelism().map_or(1, NonZero::get);
        let mut started = Self { workers: Vec::new(), stop: CancellationToken::new() };
        for _ in 0..processors.div_ceil(2) {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let (handle, stop) = (runtime.handle().clone(), started.stop.clone());
            let run = move || runtime.block_on(stop.cancelled());
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run)?;
            started.workers.push(Worker { handle, thread: Some(thread) });
        }
        Ok(started)
    }

    pub(super) fn handles(&self) -> impl Iterator<Item = &Handle> {
        self.workers.iter().map(|worker| &worker.handle)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.cancel();
        for thread in self.workers.iter_mut().filter_map(|worker| worker.thread.take()) {
            // A worker that panicked has said so; there is nothing left to wait for.
            let _ = thread.join();
        }
    }
}
