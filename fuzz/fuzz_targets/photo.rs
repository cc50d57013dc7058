//! Bytes from outside as an image: a photo within its limits, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringbook::photo::picture;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(picture) = picture(bytes) {
        assert!(picture.jpeg.starts_with(b"\xff\xd8") && picture.thumbnail.starts_with(b"\xff\xd8"));
    }
});
