//! Cuts a vCard file into its cards, one at a time.

use std::io::Read;

use crate::file::lines::{Lines, Physical};
use crate::file::{FileError, shortened};
use crate::vcard::line::{Content, lines};
use crate::vcard::place::marks;

/// Larger cards are reported, and read past.
pub(super) const CARD_BYTES_MAX: usize = 10 << 20;
/// Lines that begin or end a card are no longer.
const MARK_BYTES_MAX: usize = 200;

/// What a part of the file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// From BEGIN to END.
    Card(&'a [u8]),
    /// Another card begins before it ends, or the file is over.
    NoEnd(&'a [u8]),
    TooLarge,
    /// Lines outside of cards: the beginning of the first one that says anything.
    Outside(String),
}

/// Reads a file card by card; memory is bounded by the largest that is taken.
pub(super) struct Splitter<R> {
    lines: Lines<R>,
    card: Vec<u8>,
    /// A card that ended where the next one began.
    ended: Vec<u8>,
    /// The line of a BEGIN that was read already; it is in `card`.
    begun: Option<u64>,
}

/// What a line is to cards.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Begin,
    End,
    /// A card within the card follows (vCard 2.1).
    Agent,
    Blank,
    None,
}

impl<R: Read> Splitter<R> {
    pub(super) fn new(lines: Lines<R>) -> Self {
        Self { lines, card: Vec::new(), ended: Vec::new(), begun: None }
    }

    /// The next part, with its first line.
    ///
    /// # Errors
    /// [`FileError`] where the file cannot be read on.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Part<'_>)>, FileError> {
        if let Some(line) = self.begun.take() {
            return self.rest_of_card(line).map(Some);
        }
        let mut outside: Option<(u64, String)> = None;
        while let Some(line) = self.lines.next(CARD_BYTES_MAX)? {
            let number = line.number;
            match mark(&line) {
                Mark::Begin => {
                    self.card.clear();
                    self.card.extend_from_slice(line.bytes);
                    let Some((first, text)) = outside else {
                        return self.rest_of_card(number).map(Some);
                    };
                    self.begun = Some(number);
                    return Ok(Some((first, Part::Outside(text))));
                }
                Mark::Blank => {}
                _ if outside.is_none() => {
                    let text = String::from_utf8_lossy(line.bytes);
                    outside = Some((number, shortened(text.trim())));
                }
                _ => {}
            }
        }
        Ok(outside.map(|(line, text)| (line, Part::Outside(text))))
    }

    /// The card that begins on a line, which is in `card`.
    fn rest_of_card(&mut self, first: u64) -> Result<(u64, Part<'_>), FileError> {
        let (mut depth, mut agent, mut too_large) = (1_usize, false, false);
        let mut next = None;
        while let Some(line) = self.lines.next(CARD_BYTES_MAX)? {
            let mark = mark(&line);
            if mark == Mark::Begin && !agent {
                next = Some((line.number, line.bytes.to_vec()));
                break;
            }
            too_large |= !line.whole || self.card.len() + line.bytes.len() > CARD_BYTES_MAX;
            if !too_large {
                self.card.extend_from_slice(line.bytes);
            }
            match mark {
                Mark::Begin => depth += 1,
                Mark::End => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            agent = mark == Mark::Agent || agent && mark == Mark::Blank;
        }
        let Some((number, begin)) = next else {
            return Ok((first, self.part(depth, too_large)));
        };
        self.begun = Some(number);
        self.ended = std::mem::replace(&mut self.card, begin);
        Ok((first, if too_large { Part::TooLarge } else { Part::NoEnd(&self.ended) }))
    }

    fn part(&self, depth: usize, too_large: bool) -> Part<'_> {
        match () {
            () if too_large => Part::TooLarge,
            () if depth > 0 => Part::NoEnd(&self.card),
            () => Part::Card(&self.card),
        }
    }
}

fn mark(line: &Physical<'_>) -> Mark {
    if line.is_blank() {
        return Mark::Blank;
    }
    let may_be = line.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line.bytes);
    let first = may_be.first().map(u8::to_ascii_uppercase);
    let starts = matches!(first, Some(b'B' | b'E' | b'A'));
    if !(starts || memchr::memchr(b'.', may_be.get(..32).unwrap_or(may_be)).is_some())
        || line.bytes.len() > MARK_BYTES_MAX
    {
        return Mark::None;
    }
    let Some(line) = lines(line.bytes).next() else { return Mark::None };
    let is_agent = |c: &Content<'_>| c.is("AGENT") && c.value().trim_ascii().is_empty();
    match () {
        () if marks(&line, "BEGIN") => Mark::Begin,
        () if marks(&line, "END") => Mark::End,
        () if line.content.as_ref().is_some_and(is_agent) => Mark::Agent,
        () => Mark::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::encoding::Survey;

    /// Each part with its first line: `c` a card, `n` one without end, `l` too large, or the text.
    fn parts(text: &str) -> Vec<(u64, String)> {
        let mut survey = Survey::default();
        survey.feed(text.as_bytes());
        let lines = Lines::bytes(text.as_bytes(), survey.finish(None).unwrap());
        let mut splitter = Splitter::new(lines);
        let mut found = Vec::new();
        while let Some((line, part)) = splitter.next().unwrap() {
            let first = |card: &[u8]| {
                let card = String::from_utf8_lossy(card).into_owned();
                assert!(card.to_uppercase().starts_with("BEGIN"), "{card}");
                let mut lines = card.split(['\r', '\n']).filter(|line| !line.is_empty());
                lines.nth(1).unwrap_or_default().to_owned()
            };
            let what = match part {
                Part::Card(card) => format!("c {}", first(card)),
                Part::NoEnd(card) => format!("n {}", first(card)),
                Part::TooLarge => "l".to_owned(),
                Part::Outside(text) => text,
            };
            found.push((line, what));
        }
        found
    }

    #[track_caller]
    fn check(text: &str, expected: &[(u64, &str)]) {
        let expected: Vec<(u64, String)> =
            expected.iter().map(|(line, what)| (*line, (*what).to_owned())).collect();
        for end in ["\n", "\r\n", "\r", "\r\r\n"] {
            assert_eq!(parts(&text.replace('\n', end)), expected, "{end:?}");
        }
    }

    #[test]
    fn cards_are_found_between_other_text() {
        check(
            "\nBEGIN:VCARD\nFN:a\nEND:VCARD\n\n\nbegin:vcard \nFN:b\nEND:vCard\n",
            &[(2, "c FN:a"), (7, "c FN:b")],
        );
        check(
            "Hello\nworld\n\nBEGIN:VCARD\nFN:a\nEND:VCARD\nBye\n",
            &[(1, "Hello"), (4, "c FN:a"), (7, "Bye")],
        );
    }

    #[test]
    fn a_card_within_a_card_belongs_to_it() {
        let agent = "AGENT:\nBEGIN:VCARD\nFN:x\nAGENT:\n\nBEGIN:VCARD\nEND:VCARD\nEND:VCARD\n";
        check(
            &format!("BEGIN:VCARD\nFN:a\n{agent}END:VCARD\nBEGIN:VCARD\nFN:b\nEND:VCARD"),
            &[(1, "c FN:a"), (12, "c FN:b")],
        );
    }

    #[test]
    fn a_missing_end_costs_one_card() {
        check(
            "BEGIN:VCARD\nFN:a\nBEGIN:VCARD\nFN:b\nEND:VCARD\nBEGIN:VCARD\nFN:c\n",
            &[(1, "n FN:a"), (3, "c FN:b"), (6, "n FN:c")],
        );
        check(
            "BEGIN:VCARD\nFN:a\nAGENT:\nBEGIN:VCARD\nEND:VCARD\nBEGIN:VCARD\nFN:b\nEND:VCARD\n",
            &[(1, "n FN:a"), (6, "c FN:b")],
        );
    }

    #[test]
    fn a_card_that_is_too_large_is_read_past() {
        let large = format!("BEGIN:VCARD\nNOTE:{}\nEND:VCARD\n", "x".repeat(CARD_BYTES_MAX));
        let many = format!("BEGIN:VCARD\n{}END:VCARD\n", "NOTE:many\n".repeat(CARD_BYTES_MAX / 9));
        for large in [large, many] {
            let text = format!("{large}BEGIN:VCARD\nFN:b\nEND:VCARD\n");
            let found = parts(&text);
            assert_eq!(found[0], (1, "l".to_owned()));
            assert_eq!(found[1].1, "c FN:b");
        }
    }
}
