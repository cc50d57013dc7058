//! Any file gives contacts or reasons.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringbook::import::file;
use ringbook::file::encoding::Survey;
use ringbook::file::table::choice::Choice;

fuzz_target!(|bytes: &[u8]| {
    let mut survey = Survey::default();
    survey.feed(bytes);
    let text = survey.finish(None);
    let choice = Choice::auto();
    file::parse(bytes, text, &choice);
});
