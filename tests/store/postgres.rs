//! The store in a PostgreSQL database: the contract, and what only a server can do to it.

use ringbook::store::postgres::PostgresStore;

use crate::cluster::Cluster;
use crate::contract::{contract, shared_contract};

fn open(cluster: &Cluster) -> PostgresStore {
    PostgresStore::open(&cluster.url()).unwrap()
}

#[test]
fn postgresql_keeps_the_contract() {
    let Some(cluster) = Cluster::start() else { return };
    contract(&mut open(&cluster));
    shared_contract(&|| Box::new(open(&cluster)));
}
