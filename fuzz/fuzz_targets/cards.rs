//! Any vCard file gives contacts or reasons, and what was read of it is written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringbook::file::cards::write::CardWriter;
use ringbook::file::export::{Exported, FileWriter};
use ringbook_fuzz::file::{anyone, read};

fuzz_target!(|bytes: &[u8]| {
    for entry in read(bytes, "vcard") {
        let exported = Exported { body: entry.body.as_deref(), ..anyone(&entry.card) };
        for profile in ["vcard", "vcard-2.1", "vcard-4.0", "apple"] {
            let Some(mut writer) = CardWriter::of(profile) else { continue };
            let mut out = Vec::new();
            writer.consider(&exported);
            writer.contact(&exported, &mut out);
            assert_eq!(read(&out, "vcard").len(), 1, "{}", String::from_utf8_lossy(&out));
            writer.end(&mut out);
        }
    }
});
