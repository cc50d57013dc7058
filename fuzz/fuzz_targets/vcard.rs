//! The lines of a card are its bytes, and reading never fails badly.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringbook::vcard::{line, photo, read};

fuzz_target!(|bytes: &[u8]| {
    let joined: Vec<u8> = line::lines(bytes).flat_map(|line| line.raw.to_vec()).collect();
    assert_eq!(joined, bytes);
    let _ = read::read(bytes);
    let bare = photo::with_photo(bytes, None);
    assert_eq!(photo::image(&bare), None);
});
