//! TLS at every door: certificates, handshakes, StartTLS, and who may speak without it.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;

mod certificate;
mod client;
mod handshake;
mod networks;
mod proxy;
mod start_tls;
