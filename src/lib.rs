//! Ringbook: one contact store behind LDAP, CardDAV and HTTP doors.
#![forbid(unsafe_code)]

pub mod account;
pub mod contact;
pub mod directory;
pub mod index;
pub mod store;
pub mod table;
