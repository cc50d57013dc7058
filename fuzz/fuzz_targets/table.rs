//! Any file gives contacts or reasons.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringbook::import::file;
use ringbook::file::encoding::Survey;
use ringbook::file::table::profile::Choice;

fuzz_target!(|bytes: &[u8]| {
    let mut survey = Survey::default();
    survey.feed(bytes);
    let text = survey.finish(None);
    let Ok(choice) = Choice::parse(None, None) else { return };
    file::parse(bytes, text, &choice);
});
