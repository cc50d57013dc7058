//! Any bytes in place of a PROXY header end in a client or a refusal, after a bounded part of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringbook::net::proxy;
use ringbook_fuzz::WORLD;

/// The header of version 2 with as much behind it as is taken.
const BYTES_MAX: usize = 16 + 4096;

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    let _ = WORLD.runtime.block_on(proxy::read(&mut rest));
    assert!(bytes.len() - rest.len() <= BYTES_MAX);
});
