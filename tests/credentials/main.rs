//! Credentials at real doors: who signs in with what, from where, for how long, and what is kept.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod anonymous;
mod app_passwords;
mod audit;
mod brakes;
#[path = "../ldap/client.rs"]
#[allow(dead_code, reason = "the LDAP tests use all of it")]
mod client;
#[path = "../ldap/filter.rs"]
mod filter;
mod live;
mod modify;
mod password;
mod phones;
mod sasl;
mod tokens;
mod world;
