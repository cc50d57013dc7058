//! What is written reads back as the same name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringbook::auth::dn::Dn;

fuzz_target!(|text: &str| {
    if let Ok(name) = Dn::parse(text) {
        assert_eq!(Dn::parse(&name.to_string()).as_ref(), Ok(&name), "{name}");
    }
});
