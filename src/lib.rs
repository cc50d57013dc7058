//! Ringbook: one contact store behind LDAP, CardDAV and HTTP doors.
#![forbid(unsafe_code)]

pub mod account;
pub mod api;
pub mod auth;
pub mod carddav;
pub mod cli;
pub mod config;
pub mod contact;
pub mod daemon;
pub mod demo;
pub mod directory;
pub mod file;
pub mod http;
pub mod import;
pub mod index;
pub mod ldap;
pub mod net;
pub mod photo;
pub mod presence;
pub mod store;

pub mod vcard;
