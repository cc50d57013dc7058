//! Ringbook: one contact store behind LDAP, CardDAV and HTTP doors.
#![forbid(unsafe_code)]

pub mod account;
pub mod contact;
pub mod table;
