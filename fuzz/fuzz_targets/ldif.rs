//! Any LDIF gives contacts or reasons, and what was read of it is written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringbook::file::export::{Exported, FileWriter};
use ringbook::file::ldif::write::LdifWriter;
use ringbook_fuzz::file::{anyone, read};

fuzz_target!(|bytes: &[u8]| {
    for entry in read(bytes, "ldif") {
        let mut writer = LdifWriter::new("dc=acme");
        let mut out = Vec::new();
        let exported = Exported { photo: entry.photo.as_deref(), ..anyone(&entry.card) };
        writer.consider(&exported);
        writer.begin(&mut out);
        writer.contact(&exported, &mut out);
        writer.end(&mut out);
        let again = read(&out, "ldif");
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].starred, Some(true));
    }
});
