//! One contract for every store, and what each store does besides.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod audit;
#[path = "../common/postgres.rs"]
mod cluster;
mod contract;
mod lost;
mod postgres;
mod proxy;
mod samples;
mod sqlite;
