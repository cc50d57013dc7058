//! The store in a PostgreSQL database: the contract, and what only a server can do to it.

use std::fs;
use std::thread;

use ringbook::contact::{Book, Revision};
use ringbook::store::postgres::{PostgresStore, check};
use ringbook::store::{Event, Store, StoreError};

use crate::cluster::Cluster;
use crate::contract::{contract, shared_contract};
use crate::imports::{OLD_BODY, an_old_import_is_listed};
use crate::samples::{commit, contact, load, put, stored};

fn open(cluster: &Cluster) -> PostgresStore {
    PostgresStore::open(&cluster.url()).unwrap()
}

fn refused(url: &str) -> StoreError {
    PostgresStore::open(url).err().unwrap()
}

#[test]
fn postgresql_keeps_the_contract() {
    let Some(cluster) = Cluster::start() else { return };
    contract(&mut open(&cluster));
    shared_contract(&|| Box::new(open(&cluster)));
}

/// A killed server loses nothing that the system has in memory, so only this tells what a power cut
/// would do.
#[test]
fn each_commit_reaches_the_disk_before_it_is_acknowledged() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.sql("postgres", "ALTER ROLE ringbook SET synchronous_commit = off");
    let mut store = open(&cluster);
    cluster.sql(
        "ringbook",
        "CREATE TABLE seen (setting text);
         GRANT INSERT ON seen TO ringbook;
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN INSERT INTO seen VALUES (current_setting(''synchronous_commit'')),
                  (current_setting(''statement_timeout'')); RETURN NEW; END';
         CREATE TRIGGER note AFTER UPDATE ON meta FOR EACH ROW EXECUTE FUNCTION note()",
    );
    commit(&mut store, vec![put(&contact("Anna", Book::Shared, Revision(1)), None)]);
    assert_eq!(cluster.sql("ringbook", "SELECT setting FROM seen"), "on\n30s");
}

#[test]
fn a_store_that_another_holds_is_busy_and_then_free() {
    let Some(cluster) = Cluster::start() else { return };
    let (mut one, mut other) = (open(&cluster), open(&cluster));
    let mut held = None;
    let done = one.commit(Revision(0), &mut |_, at| {
        held = Some(other.commit(Revision(0), &mut |_, _| panic!("nothing may be decided")));
        vec![put(&contact("One", Book::Shared, at), None)]
    });
    assert_eq!(done, Ok(Revision(1)));
    assert!(matches!(held, Some(Err(StoreError::Busy(_)))), "{held:?}");
    let change = put(&contact("Other", Book::Shared, Revision(2)), None);
    assert_eq!(other.commit(Revision(1), &mut |_, _| vec![change.clone()]), Ok(Revision(2)));
}

#[test]
fn a_database_opens_again_with_the_same_history() {
    let Some(cluster) = Cluster::start() else { return };
    assert_eq!(check(&cluster.url()), Ok(None), "no tables yet");
    let mut store = open(&cluster);
    let anna = contact("Anna", Book::Shared, Revision(1));
    let at = commit(&mut store, vec![put(&anna, None)]);
    let mut again = open(&cluster);
    assert_eq!(again.epoch(), store.epoch());
    assert_eq!(load(&mut again), (vec![Event::Put(stored(&anna, None))], at));
    assert_eq!(check(&cluster.url()).unwrap().unwrap().contacts, 1);
}

#[test]
fn many_can_open_an_empty_database_at_once() {
    let Some(cluster) = Cluster::start() else { return };
    let mut epochs: Vec<String> = thread::scope(|scope| {
        let open = || open(&cluster).epoch().unwrap();
        let opening: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        opening.into_iter().map(|opening| opening.join().unwrap()).collect()
    });
    epochs.dedup();
    assert_eq!(epochs.len(), 1, "{epochs:?}");
}

#[test]
fn a_restored_backup_begins_a_new_history() {
    let Some(cluster) = Cluster::start() else { return };
    let mut store = open(&cluster);
    let anna = contact("Anna", Book::Shared, Revision(1));
    let at = commit(&mut store, vec![put(&anna, None)]);
    cluster.restore("ringbook", "restored");
    let restored = cluster.url_of("ringbook", "restored");
    let mut copy = PostgresStore::open(&restored).unwrap();
    assert_ne!(copy.epoch(), store.epoch());
    assert_eq!(load(&mut copy), (vec![Event::Put(stored(&anna, None))], at));
    assert_eq!(PostgresStore::open(&restored).unwrap().epoch(), copy.epoch(), "one new history");
}

#[test]
fn a_backup_that_is_restored_under_a_running_store_is_noticed() {
    let Some(mut cluster) = Cluster::start() else { return };
    let mut store = open(&cluster);
    let anna = contact("Anna", Book::Shared, Revision(1));
    let known = commit(&mut store, vec![put(&anna, None)]);
    cluster.sql("ringbook", "UPDATE meta SET value = '0' WHERE key = 'revision'");
    let behind = store.commit(known, &mut |_, _| panic!("nothing may be decided"));
    assert!(matches!(&behind, Err(StoreError::Damaged(why)) if why.contains("restored")));
    assert!(matches!(store.changes(known), Err(StoreError::Damaged(_))));
    // Another history, which has gone further since.
    cluster.sql("ringbook", "UPDATE meta SET value = '9' WHERE key = 'revision'");
    cluster.sql("ringbook", "UPDATE meta SET value = 'other' WHERE key = 'epoch'");
    cluster.crash();
    cluster.run();
    let other = store.changes(known);
    assert!(
        matches!(&other, Err(StoreError::Damaged(why)) if why.contains("history")),
        "{other:?}"
    );
}

#[test]
fn a_newer_format_is_refused() {
    let Some(cluster) = Cluster::start() else { return };
    drop(open(&cluster));
    cluster.sql("ringbook", "UPDATE meta SET value = '999' WHERE key = 'format'");
    let newer = refused(&cluster.url());
    assert!(matches!(newer, StoreError::Newer { found: 999, .. }), "{newer}");
    assert_eq!(check(&cluster.url()), Err(newer));
}

#[test]
fn a_database_from_before_photos_is_brought_up_to_date() {
    let Some(cluster) = Cluster::start() else { return };
    let mut store = open(&cluster);
    commit(&mut store, vec![put(&contact("Anna", Book::Shared, Revision(1)), None)]);
    let whole = load(&mut store);
    drop(store);
    cluster.sql("ringbook", "ALTER TABLE contact DROP COLUMN photo");
    cluster.sql("ringbook", "DROP TABLE photo");
    cluster.sql("ringbook", "ALTER TABLE tombstone DROP COLUMN uid");
    cluster.sql("ringbook", BEFORE_IMPORTS);
    let old = format!("INSERT INTO record VALUES ('import', 'old', 1, '{OLD_BODY}', 1)");
    cluster.sql("ringbook", &old);
    cluster.sql("ringbook", "UPDATE meta SET value = '2' WHERE key = 'format'");
    let report = check(&cluster.url()).unwrap().unwrap();
    assert_eq!((report.contacts, report.problems), (1, vec![]), "a check reads it as it is");
    let mut store = open(&cluster);
    assert_eq!(load(&mut store), whole);
    an_old_import_is_listed(&mut store);
}

/// Takes away what imports made necessary.
const BEFORE_IMPORTS: &str = "DROP TABLE import; DROP TABLE created_contact;
    DROP TABLE former_contact; DROP TABLE former_photo; DROP TABLE former_record;";

#[test]
fn a_broken_row_is_told_and_the_others_are_read() {
    let Some(cluster) = Cluster::start() else { return };
    let mut store = open(&cluster);
    let whole = contact("Anna", Book::Shared, Revision(1));
    let broken = contact("Bert", Book::Shared, Revision(1));
    commit(&mut store, vec![put(&whole, None), put(&broken, None)]);
    let update = format!("UPDATE contact SET book = 'attic' WHERE id = '{}'", broken.id);
    cluster.sql("ringbook", &update);
    let (events, _) = load(&mut store);
    assert!(events.contains(&Event::Put(stored(&whole, None))));
    let told =
        |event: &Event| matches!(event, Event::Broken { reason, .. } if reason.contains("book"));
    assert!(events.iter().any(told), "{events:?}");
    let report = check(&cluster.url()).unwrap().unwrap();
    assert_eq!((report.contacts, report.problems.len()), (1, 1));
}

#[test]
fn a_full_disk_and_missing_rights_are_named_and_nothing_is_kept() {
    let Some(cluster) = Cluster::start() else { return };
    let mut store = open(&cluster);
    let change = put(&contact("Anna", Book::Shared, Revision(1)), None);
    cluster.sql(
        "ringbook",
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN RAISE EXCEPTION USING ERRCODE = ''53100''; END';
         CREATE TRIGGER full_disk BEFORE INSERT ON contact EXECUTE FUNCTION full_disk()",
    );
    let mut try_it = || store.commit(Revision(0), &mut |_, _| vec![change.clone()]);
    let full = try_it();
    assert!(matches!(full, Err(StoreError::Full(_))), "{full:?}");
    cluster.sql("ringbook", "DROP TRIGGER full_disk ON contact");
    cluster.sql("ringbook", "REVOKE INSERT ON contact FROM ringbook");
    let forbidden = try_it();
    assert!(matches!(forbidden, Err(StoreError::Refused(_))), "{forbidden:?}");
    cluster.sql("ringbook", "GRANT INSERT ON contact TO ringbook");
    assert_eq!(try_it(), Ok(Revision(1)));
}

#[test]
fn a_user_who_may_not_make_tables_can_use_them() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.sql("postgres", "CREATE ROLE daemon LOGIN");
    let url = cluster.url_of("daemon", "ringbook");
    assert!(matches!(refused(&url), StoreError::Refused(_)), "there are no tables yet");
    drop(open(&cluster));
    cluster.sql(
        "ringbook",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO daemon",
    );
    contract(&mut PostgresStore::open(&url).unwrap());
}

#[test]
fn databases_that_cannot_hold_a_store_are_refused() {
    let Some(mut cluster) = Cluster::start() else { return };
    let absent = refused(&cluster.url_of("ringbook", "absent"));
    assert!(matches!(absent, StoreError::Refused(_)), "{absent:?}");
    cluster.sql(
        "postgres",
        "CREATE DATABASE latin OWNER ringbook ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    );
    let latin = refused(&cluster.url_of("ringbook", "latin"));
    assert!(matches!(&latin, StoreError::Refused(why) if why.contains("UTF8")), "{latin:?}");
    cluster.crash();
    fs::write(cluster.data().join("standby.signal"), "").unwrap();
    cluster.run();
    let standby = refused(&cluster.url());
    assert!(matches!(&standby, StoreError::Refused(why) if why.contains("standby")), "{standby:?}");
}

#[test]
fn tls_is_used_with_the_right_name_and_authority_only() {
    // An address of this test's own, as PostgreSQL takes no port of the system's choice.
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    let address = format!("127.{}.{middle}.{low}", 100 + high);
    let Some(mut cluster) = Cluster::start_with(&[format!("listen_addresses={address}")]) else {
        return;
    };
    for name in ["server", "other"] {
        let made = cluster
            .command("/usr/bin/openssl".as_ref())
            .args([
                "req",
                "-x509",
                "-nodes",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
            ])
            .args(["-subj", "/CN=test", "-addext", "subjectAltName=DNS:db.test"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-keyout", &format!("data/{name}.key"), "-out", &format!("data/{name}.crt")])
            .stderr(std::process::Stdio::null())
            .status();
        assert!(made.unwrap().success(), "openssl makes no certificate");
    }
    cluster.sql("postgres", "ALTER SYSTEM SET ssl = on");
    cluster.sql("postgres", "ALTER ROLE ringbook PASSWORD 's3cr3t'");
    let rule = "hostssl all all 127.0.0.0/8 scram-sha-256\n";
    fs::write(cluster.data().join("pg_hba.conf"), format!("local all all trust\n{rule}")).unwrap();
    cluster.crash();
    cluster.run();

    let url = |password: &str, name: &str, tls: &str| {
        format!("postgres://ringbook:{password}@{name}/ringbook?hostaddr={address}&sslmode={tls}")
    };
    let trusting = |authority: &str| {
        format!("verify-full&sslrootcert={}/{authority}.crt", cluster.data().display())
    };
    let server = trusting("server");
    contract(&mut PostgresStore::open(&url("s3cr3t", "db.test", &server)).unwrap());
    for (wrong, why) in [
        (url("s3cr3t", "elsewhere.test", &server), "not valid for name"),
        (url("s3cr3t", "db.test", &trusting("other")), "invalid peer certificate"),
        (url("s3cr3t", "db.test", "disable"), "28000"),
        (url("s3cr3ts", "db.test", &server), "28P01"),
    ] {
        let fault = refused(&wrong).to_string();
        assert!(fault.contains(why) && !fault.contains("s3cr3t"), "{fault}");
    }
}
