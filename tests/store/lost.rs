//! PostgreSQL goes away at the worst moments: what is told is what is true.

use std::thread;

use ringbook::contact::{Book, Contact, Revision};
use ringbook::store::postgres::PostgresStore;
use ringbook::store::{Change, Event, Store, StoreError};

use crate::cluster::Cluster;
use crate::proxy::{Cut, Proxy};
use crate::samples::{commit, contact, load, next, put, stored};

const COMMIT: &[u8] = b"COMMIT\0";
/// On its way before anything of a commit is written.
const BEGIN: &[u8] = b"START TRANSACTION";
/// Has the row of the contact that [`World::commit`] writes.
const INSERT: &[u8] = b"Made.vcf";

/// A server, a network to it that fails as planned, and a store that uses it.
struct World<'a> {
    cluster: &'a Cluster,
    proxy: Proxy,
    store: PostgresStore,
    /// What the store knows.
    known: Revision,
}

impl<'a> World<'a> {
    fn on(cluster: &'a Cluster) -> Self {
        let proxy = Proxy::to(cluster.socket());
        let mut store = PostgresStore::open(&proxy.url()).unwrap();
        let first = contact("First", Book::Shared, next(&mut store));
        let known = commit(&mut store, vec![put(&first, None)]);
        Self { cluster, proxy, store, known }
    }

    /// Another store of the same data, with a network that works.
    fn other(&self) -> PostgresStore {
        PostgresStore::open(&self.cluster.url()).unwrap()
    }

    /// The revision of the next commit.
    fn next(&self) -> Revision {
        Revision(self.known.0 + 1)
    }

    /// Commits a contact; says how often it was decided, too.
    fn commit(&mut self) -> (Contact, Result<Revision, StoreError>, usize) {
        let mut written = None;
        let mut decided = 0;
        let done = self.store.commit(self.known, &mut |_, at| {
            decided += 1;
            let made = contact("Made", Book::Shared, at);
            let change = put(&made, None);
            written = Some(made);
            vec![change]
        });
        assert!(self.proxy.has_cut());
        (written.unwrap(), done, decided)
    }

    /// What happened since the start.
    fn changes(&mut self) -> (Vec<Event>, Revision) {
        let seen = self.store.changes(self.known).unwrap();
        assert_eq!(self.other().changes(self.known).unwrap(), seen);
        seen
    }
}

#[test]
fn a_commit_is_done_once_wherever_the_connection_is_lost() {
    let Some(cluster) = Cluster::start() else { return };
    for (at, cut) in [
        (BEGIN, Cut::Request),
        (BEGIN, Cut::Answer),
        (INSERT, Cut::Request),
        (INSERT, Cut::Answer),
        (COMMIT, Cut::Request),
        (COMMIT, Cut::Answer),
    ] {
        let mut world = World::on(&cluster);
        world.proxy.plan(at, cut, || {});
        let next = world.next();
        let (made, done, decided) = world.commit();
        assert_eq!((done, decided), (Ok(next), 1), "{}", String::from_utf8_lossy(at));
        assert_eq!(world.changes(), (vec![Event::Put(stored(&made, None))], next));
    }
}

#[test]
fn a_commit_that_happened_is_told_though_another_followed() {
    let Some(cluster) = Cluster::start() else { return };
    let mut world = World::on(&cluster);
    let mut other = world.other();
    let next = world.next();
    let later = contact("Later", Book::Shared, Revision(next.0 + 1));
    let change = put(&later, None);
    world.proxy.plan(COMMIT, Cut::Answer, move || {
        commit(&mut other, vec![change]);
    });
    let (made, done, decided) = world.commit();
    assert_eq!((done, decided), (Ok(next), 1));
    let (events, at) = world.changes();
    assert_eq!(at, Revision(next.0 + 1));
    assert!(events.contains(&Event::Put(stored(&made, None))), "{events:?}");
    assert!(events.contains(&Event::Put(stored(&later, None))), "{events:?}");
}

#[test]
fn a_commit_that_did_not_happen_is_refused_where_another_came_before() {
    let Some(cluster) = Cluster::start() else { return };
    for at in [INSERT, COMMIT] {
        let mut world = World::on(&cluster);
        let mut other = world.other();
        let next = world.next();
        let first = contact("First", Book::Shared, next);
        let change = put(&first, None);
        world.proxy.plan(at, Cut::Request, move || {
            commit(&mut other, vec![change]);
        });
        let (_, done, decided) = world.commit();
        assert!(matches!(done, Err(StoreError::Unreachable(_))), "{done:?}");
        assert_eq!(decided, 1);
        assert_eq!(world.changes(), (vec![Event::Put(stored(&first, None))], next));
    }
}

#[test]
fn a_commit_of_unknown_end_is_not_called_refused() {
    let Some(cluster) = Cluster::start() else { return };
    for (cut, happened) in [(Cut::Answer, true), (Cut::Request, false)] {
        let mut world = World::on(&cluster);
        world.store = world.store.with_return_time_max(std::time::Duration::ZERO);
        world.proxy.plan_closed(COMMIT, cut);
        let (made, done, _) = world.commit();
        assert!(matches!(done, Err(StoreError::Unsure(_))), "{done:?}");
        let away = world.store.changes(world.known);
        assert!(matches!(away, Err(StoreError::Unreachable(_))), "{away:?}");
        world.proxy.open();
        let (events, _) = world.changes();
        let told = [Event::Put(stored(&made, None))];
        assert_eq!(events, if happened { told.as_slice() } else { &[] });
    }
}

#[test]
fn a_commit_that_the_server_ends_while_it_waits_for_a_standby_has_happened() {
    let Some(mut cluster) = Cluster::start() else { return };
    let mut store = PostgresStore::open(&cluster.url()).unwrap();
    cluster.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    cluster.crash();
    cluster.run();
    let made = contact("Made", Book::Shared, Revision(1));
    let change = put(&made, None);
    let (mut reader, server) = (store.reader().unwrap(), &cluster);
    let done = thread::scope(|scope| {
        let decide = move |_, _| vec![change.clone()];
        let commit = scope.spawn(move || store.commit(Revision(0), &mut { decide }));
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE wait_event = 'SyncRep'";
        while server.sql("postgres", end) == "0" {
            assert!(!commit.is_finished(), "it does not wait");
        }
        commit.join().unwrap()
    });
    assert_eq!(done, Ok(Revision(1)));
    let events = vec![Event::Put(stored(&made, None))];
    assert_eq!(reader.changes(Revision(0)), Ok((events, Revision(1))));
}

#[test]
fn a_commit_whose_connection_an_operator_ends_takes_another() {
    let Some(cluster) = Cluster::start() else { return };
    let mut one = PostgresStore::open(&cluster.url()).unwrap();
    let mut other = Some(PostgresStore::open(&cluster.url()).unwrap());
    let write = |at| vec![put(&contact("Made", Book::Shared, at), None)];
    let (first, second) = thread::scope(|scope| {
        let mut waiting = None;
        let first = one.commit(Revision(0), &mut |_, at| {
            let mut other = other.take().unwrap();
            let commit = scope.spawn(move || other.commit(Revision(0), &mut |_, at| write(at)));
            let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                       WHERE wait_event_type = 'Lock'";
            while cluster.sql("postgres", end) == "0" {
                assert!(!commit.is_finished(), "it does not wait");
            }
            waiting = Some(commit);
            write(at)
        });
        (first, waiting.unwrap().join().unwrap())
    });
    assert_eq!((first, second), (Ok(Revision(1)), Ok(Revision(2))));
}

#[test]
fn a_read_is_done_again_where_the_connection_is_lost() {
    let Some(cluster) = Cluster::start() else { return };
    for cut in [Cut::Request, Cut::Answer] {
        let mut world = World::on(&cluster);
        let all = world.changes();
        world.proxy.plan(BEGIN, cut, || {});
        assert_eq!(world.store.changes(world.known), Ok(all));
        assert!(world.proxy.has_cut());
    }
}

#[test]
fn a_server_that_comes_back_is_used_again() {
    let Some(mut cluster) = Cluster::start() else { return };
    let mut store = PostgresStore::open(&cluster.url()).unwrap();
    let mut reader = store.reader().unwrap();
    let first = contact("First", Book::Shared, Revision(1));
    let known = commit(&mut store, vec![put(&first, None)]);

    cluster.crash();
    let mut asked = false;
    let away = store.commit(known, &mut |_, _| {
        asked = true;
        Vec::<Change>::new()
    });
    assert!(matches!(away, Err(StoreError::Unreachable(_))), "{away:?}");
    assert!(!asked);
    assert!(matches!(reader.body(first.id), Err(StoreError::Unreachable(_))));

    cluster.run();
    assert_eq!(reader.changes(Revision(0)).unwrap().0, [Event::Put(stored(&first, None))]);
    let second = contact("Second", Book::Shared, Revision(2));
    let change = put(&second, None);
    assert_eq!(store.commit(known, &mut |_, _| vec![change.clone()]), Ok(Revision(2)));

    // Nobody has noticed yet that the connections are of the server's last life.
    cluster.crash();
    cluster.run();
    assert_eq!(reader.body(first.id).unwrap(), None);
    let third = contact("Third", Book::Shared, Revision(3));
    let change = put(&third, None);
    assert_eq!(store.commit(Revision(2), &mut |_, _| vec![change.clone()]), Ok(Revision(3)));
    assert_eq!(load(&mut store).0.len(), 3);
}
