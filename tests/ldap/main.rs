//! The LDAP door over real sockets.

mod client;
mod connections;
mod filter;
mod phones;
mod reads;
mod sign_in;
mod world;
