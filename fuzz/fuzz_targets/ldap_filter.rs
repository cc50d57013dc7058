//! Any bytes as the filter of a search: read, compiled and run; the connection answers or closes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringbook_fuzz::ldap;

/// A search of everything below the suffix, in front of its filter.
const HEAD: &[u8] =
    b"\x04\x11dc=pbx,dc=example\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00";

fuzz_target!(|filter: &[u8]| {
    let content = [HEAD, filter, b"\x30\x04\x04\x02cn"].concat();
    let operation = ldap::element(0x63, &content);
    ldap::talk(&ldap::element(0x30, &[b"\x02\x01\x02", &operation[..]].concat()));
});
