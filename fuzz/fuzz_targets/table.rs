//! Any file gives contacts or reasons, and what is read can be written as any profile.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringbook::contact::ContactId;
use ringbook::file::encoding::Survey;
use ringbook::file::export::{Exported, FileWriter};
use ringbook::file::table::TableReader;
use ringbook::file::table::cell::Formulas;
use ringbook::file::table::choice::Choice;
use ringbook::file::table::profiles::Profiles;
use ringbook::file::table::writer::TableWriter;
use ringbook::file::{Row, Rows};

fuzz_target!(|bytes: &[u8]| {
    let mut survey = Survey::default();
    survey.feed(bytes);
    let Ok(text) = survey.finish(None) else { return };
    let Ok(mut rows) = TableReader::open(bytes, text, &Choice::auto()) else { return };
    let mut last = None;
    while let Ok(Some(row)) = rows.next_row() {
        rows.raw();
        if let Row::Good(entry) = row {
            last = Some(entry);
        }
    }
    let Some(entry) = last else { return };
    let profiles = Profiles::built_in();
    let Some(profile) = profiles.by_name(&rows.about().profile) else { return };
    let contact = Exported {
        id: ContactId(Default::default()),
        uid: "",
        card: &entry.card,
        body: None,
        photo: None,
        starred: false,
        book: None,
        login: None,
        presence: None,
    };
    let mut writer = TableWriter::new(profile, Formulas::Neutral);
    let mut out = Vec::new();
    writer.consider(&contact);
    writer.begin(&mut out);
    writer.contact(&contact, &mut out);
    writer.end(&mut out);
});
