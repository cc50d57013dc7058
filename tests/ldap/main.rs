//! The LDAP door over real sockets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod accounts;
mod aliases;
mod attacks;
mod client;
mod connections;
mod control;
mod filter;
mod matching;
mod messages;
mod mutations;
mod office;
mod paged;
mod phones;
mod photos;
mod presence;
mod reads;
mod schema;
mod sign_in;
mod sort;
mod tree;
mod view;
mod world;
