//! Texts that PostgreSQL can hold: it has no U+0000, which a vCard's UID may have.

use std::borrow::Cow;

const ESCAPE: char = '\u{1}';
const NUL: char = '\0';

/// The text as it is stored: U+0001 stands before what follows for U+0000 (`0`) and itself (`1`).
pub(super) fn stored(text: &str) -> Cow<'_, str> {
    if !text.contains([NUL, ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            NUL => out.extend([ESCAPE, '0']),
            ESCAPE => out.extend([ESCAPE, '1']),
            plain => out.push(plain),
        }
    }
    Cow::Owned(out)
}

/// The reverse of [`stored`].
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(ESCAPE) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ESCAPE => out.push(if characters.next() == Some('0') { NUL } else { ESCAPE }),
            plain => out.push(plain),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_reads_back_and_is_stored_without_nul() {
        for text in ["", "uid", "a\0b", "\u{1}0", "\0\u{1}1\0", "\u{1}"] {
            let held = stored(text);
            assert!(!held.contains(NUL), "{text:?}");
            assert_eq!(plain(&held), text);
        }
    }
}
