//! One contract for every store, and what each store does besides.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

#[path = "../common/postgres.rs"]
mod cluster;
mod contract;
mod imports;
mod lost;
mod notes;
mod postgres;
mod proxy;
mod samples;
mod sqlite;
mod undo;
