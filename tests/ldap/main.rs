//! The LDAP door over real sockets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod accounts;
mod aliases;
mod attacks;
mod client;
mod connections;
mod filter;
mod mutations;
mod office;
mod phones;
mod presence;
mod reads;
mod sign_in;
mod tree;
mod world;
