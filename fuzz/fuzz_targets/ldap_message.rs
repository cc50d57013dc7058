//! Any bytes behind a bind end in replies or a closed connection.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringbook_fuzz::ldap;

fuzz_target!(|bytes: &[u8]| ldap::talk(bytes));
