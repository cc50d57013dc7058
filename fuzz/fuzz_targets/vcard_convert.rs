//! A card that is read can be converted, and says the same in the other version.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringbook::vcard::convert::{Version, convert, version};
use ringbook::vcard::read::read;

/// Values beyond are cut when they are read.
const BYTES_MAX: usize = 8 << 10;

fuzz_target!(|bytes: &[u8]| {
    let reading = read(bytes);
    for to in [Version::V30, Version::V40] {
        let converted = convert(bytes, to);
        assert_eq!(converted, convert(bytes, to));
        let Ok(reading) = &reading else { continue };
        assert_eq!(version(&converted), Some(to));
        let again = read(&converted).unwrap();
        let plain = bytes.len() < BYTES_MAX && !bytes.iter().any(|byte| *byte < b'\t');
        if plain && !String::from_utf8_lossy(bytes).chars().any(odd) {
            assert_eq!(again.card, reading.card);
        }
    }
});

/// What stands in no card's line.
fn odd(character: char) -> bool {
    character.is_control() && !matches!(character, '\r' | '\n' | '\t')
}
