//! Ringbook: one contact store behind LDAP, CardDAV and HTTP doors.
#![forbid(unsafe_code)]

pub mod account;
pub mod api;
pub mod auth;
pub mod config;
pub mod contact;
pub mod directory;
pub mod http;
pub mod import;
pub mod index;
pub mod ldap;
pub mod net;
pub mod store;
pub mod table;
