//! The way from a card's text to its fields.

use std::collections::HashSet;

use crate::contact::card::Card;
use crate::vcard::fields::Fields;
use crate::vcard::line::{Content, Line, lines};
use crate::vcard::place::marks;
use crate::vcard::text::{decoded, unescaped};

/// Cards with more lines are refused.
pub(crate) const LINES_MAX: usize = 10_000;
/// Longer UIDs are refused: they are keys.
pub(crate) const UID_BYTES_MAX: usize = 1_000;

/// What a card says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// None where the client made none, as Nextcloud's web page once did.
    pub uid: Option<String>,
    /// The UIDs of a group's members, bare: without `urn:uuid:`. Each once, in the card's order.
    pub members: Vec<String>,
    /// The fields, sorted by field; the values of one field by preference, then as they came.
    pub card: Card,
    /// What was not understood and lives on in the stored text only.
    pub problems: Vec<Problem>,
    /// The names of properties with values that are in no field, such as `PHOTO`; each once.
    pub unread: Vec<String>,
}

/// A line that is in no field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Problem {
    /// From 1.
    pub line: usize,
    pub what: &'static str,
}

/// The text is not one card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct InvalidCard {
    /// From 1.
    pub line: usize,
    pub fault: Fault,
}

/// Why a text is not one card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the text is not UTF-8")]
    NotUtf8,
    #[error("BEGIN:VCARD is missing")]
    NoBegin,
    #[error("END:VCARD is missing")]
    NoEnd,
    #[error("VERSION is missing")]
    NoVersion,
    #[error("version `{0}` is none of 2.1, 3.0 and 4.0")]
    UnknownVersion(String),
    #[error("a second card begins")]
    TwoCards,
    #[error("the card has more than {LINES_MAX} lines")]
    TooManyLines,
    #[error("the UID is longer than {UID_BYTES_MAX} bytes")]
    LongUid,
    #[error("the card has no name, company, number or e-mail")]
    Nameless,
}

/// Reads a text that is one vCard in UTF-8.
///
/// # Errors
/// [`InvalidCard`] where it is not. Lines that are not understood are no error.
pub fn read(bytes: &[u8]) -> Result<Reading, InvalidCard> {
    if let Err(error) = std::str::from_utf8(bytes) {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        return Err(InvalidCard { line, fault: Fault::NotUtf8 });
    }
    let envelope = Envelope::open(bytes)?;
    let fields = Fields::of(&envelope.inside)?;
    let mut problems = envelope.problems;
    problems.extend(fields.problems.iter().cloned());
    problems.sort_by_key(|problem| problem.line);
    let (uid, unread) = (fields.uid.clone(), fields.unread.clone());
    let members = members(&envelope.inside);
    let nameless = |_| InvalidCard { line: envelope.begin, fault: Fault::Nameless };
    Ok(Reading { uid, members, card: fields.card().map_err(nameless)?, problems, unread })
}

/// A UID without the `urn:uuid:` before it, in any case: clients add it and leave it out.
pub fn bare_uid(uid: &str) -> &str {
    const PREFIX: &str = "urn:uuid:";
    let (start, rest) = uid.split_at_checked(PREFIX.len()).unwrap_or(("", uid));
    if start.eq_ignore_ascii_case(PREFIX) { rest } else { uid }
}

/// What Apple's group cards (X-ADDRESSBOOKSERVER-MEMBER) and those of vCard 4.0 (MEMBER) name.
fn members(lines: &[(usize, Content<'_>)]) -> Vec<String> {
    let is_member = |c: &Content<'_>| c.is("X-ADDRESSBOOKSERVER-MEMBER") || c.is("MEMBER");
    let mut seen = HashSet::new();
    let uids = lines.iter().filter(|(_, content)| is_member(content)).map(|(_, content)| {
        let value = decoded(content);
        bare_uid(unescaped(value.trim()).trim()).to_owned()
    });
    let fits = |uid: &String| !uid.is_empty() && uid.len() <= UID_BYTES_MAX;
    uids.filter(fits).filter(|uid| seen.insert(uid.clone())).collect()
}

/// The lines between BEGIN and END.
struct Envelope<'a> {
    begin: usize,
    inside: Vec<(usize, Content<'a>)>,
    problems: Vec<Problem>,
}

impl<'a> Envelope<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, InvalidCard> {
        let mut lines = lines(bytes).filter(|line| !line.is_blank());
        let begin = match lines.next() {
            Some(line) if marks(&line, "BEGIN") => line.number,
            other => {
                let line = other.map_or(1, |line| line.number);
                return Err(InvalidCard { line, fault: Fault::NoBegin });
            }
        };
        let mut envelope = Self { begin, inside: Vec::new(), problems: Vec::new() };
        let last = envelope.fill(&mut lines)?;
        for line in lines {
            if marks(&line, "BEGIN") {
                return Err(InvalidCard { line: line.number, fault: Fault::TwoCards });
            }
            envelope.problems.push(Problem { line: line.number, what: "text behind the card" });
        }
        envelope.check_version(last)?;
        Ok(envelope)
    }

    /// Takes the lines up to END and returns its number.
    fn fill(&mut self, lines: &mut impl Iterator<Item = Line<'a>>) -> Result<usize, InvalidCard> {
        let mut last = self.begin;
        // The AGENT of a vCard 2.1 is a card inside the card.
        let mut agent = false;
        while let Some(line) = lines.next() {
            last = line.number;
            if self.inside.len() >= LINES_MAX {
                return Err(InvalidCard { line: last, fault: Fault::TooManyLines });
            }
            if marks(&line, "END") {
                return Ok(last);
            }
            if marks(&line, "BEGIN") {
                if !agent || !pass_card(lines) {
                    return Err(InvalidCard { line: last, fault: Fault::TwoCards });
                }
                continue;
            }
            agent = line.content.as_ref().is_some_and(|content| content.is("AGENT"));
            match line.content {
                Some(content) => self.inside.push((last, content)),
                None => self.problems.push(Problem { line: last, what: "no property" }),
            }
        }
        Err(InvalidCard { line: last, fault: Fault::NoEnd })
    }

    fn check_version(&self, last: usize) -> Result<(), InvalidCard> {
        let version = self.inside.iter().find(|(_, content)| content.is("VERSION"));
        let Some((line, content)) = version else {
            return Err(InvalidCard { line: last, fault: Fault::NoVersion });
        };
        let version = content.value().trim_ascii();
        if [b"2.1", b"3.0", b"4.0"].contains(&version.try_into().unwrap_or(b"---")) {
            return Ok(());
        }
        let text: String = String::from_utf8_lossy(version).chars().take(20).collect();
        Err(InvalidCard { line: *line, fault: Fault::UnknownVersion(text) })
    }
}

/// Passes over what is left of a card within the card, and those within that; false where it does not end.
fn pass_card<'a>(lines: &mut impl Iterator<Item = Line<'a>>) -> bool {
    let mut depth = 1_usize;
    for line in lines {
        if marks(&line, "BEGIN") {
            depth += 1;
        } else if marks(&line, "END") {
            depth -= 1;
            if depth == 0 {
                return true;
            }
        }
    }
    false
}
