//! One contract for every store, and what each store does besides.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod contract;
mod samples;
mod sqlite;
