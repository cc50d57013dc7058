//! An edited card says what it should. The input is the new texts, a NUL, and the card.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringbook::contact::Timestamp;
use ringbook::contact::card::Field;
use ringbook::vcard::edit::edit;
use ringbook::vcard::read::read;

const FIELDS: [Field; 6] =
    [Field::Note, Field::Mobile, Field::Email, Field::Category, Field::Company, Field::Title];
/// Values beyond are cut when they are read.
const BYTES_MAX: usize = 4 << 10;

fuzz_target!(|bytes: &[u8]| {
    let Some(end) = bytes.iter().position(|byte| *byte == 0) else { return };
    let (texts, card) = (&bytes[..end], &bytes[end + 1..]);
    let (Ok(texts), Ok(old)) = (std::str::from_utf8(texts), read(card)) else { return };
    let mut builder = old.card.edit();
    for (at, text) in texts.lines().enumerate().take(FIELDS.len()) {
        let field = FIELDS[at];
        let values: Vec<String> = text.split('|').map(str::to_owned).collect();
        builder.replace(field, values.iter().map(String::as_str));
    }
    let Ok(new) = builder.finish() else { return };
    let edited = edit(card, &old.card, &new, Timestamp(0));
    let again = read(&edited).unwrap();
    assert_eq!(again.uid, old.uid);
    let odd = |c: char| c.is_control() && !matches!(c, '\r' | '\n');
    let plain = bytes.len() < BYTES_MAX && !String::from_utf8_lossy(card).chars().any(odd);
    if plain && !texts.contains("tel:") {
        assert!(again.card.all(Field::Note).eq(new.all(Field::Note)));
        assert!(again.card.all(Field::Title).eq(new.all(Field::Title)));
    }
});
