//! vCard files: many cards of any version, with group cards that make favorites and categories.

mod entry;
mod split;
pub mod write;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::Read;

use encoding_rs::Encoding;

use crate::contact::card::Field;
use crate::contact::derived::is_group;
use crate::contact::uid_key;
use crate::file::cards::entry::{Said, shown};
use crate::file::cards::split::{CARD_BYTES_MAX, Part, Splitter};
use crate::file::encoding::Text;
use crate::file::groups::Groups;
use crate::file::lines::Lines;
use crate::file::open::{Opener, begin};
use crate::file::{About, Covers, Fault, FileError, Holds, ROWS_MAX, Reason, Row, Rows, Rule};
use crate::vcard::read::LINES_MAX;

/// What only our own cards can say.
const OURS: [Field; 4] = [Field::Extension, Field::Did, Field::Site, Field::VoicemailBox];
const MAKER: &[u8] = b"-//Ringbook//";

/// Reads a file card by card. A pass before collects its groups.
pub struct CardReader {
    cards: Splitter<Box<dyn Read + Send>>,
    /// Of bytes that are no UTF-8 on lines that name no character set.
    fallback: &'static Encoding,
    groups: Groups,
    about: About,
    /// How many cards and texts outside of cards were read.
    parts: u64,
    /// Whether anything was told of the file: an empty group alone says nothing.
    told: bool,
    /// What is to be told at the end, once that is reached.
    left: Option<VecDeque<Fault>>,
}

/// What a first look at the whole file found.
#[derive(Default)]
struct Overview {
    groups: Groups,
    /// Whether any card of it was written by us.
    is_ours: bool,
}

impl CardReader {
    /// Looks through the file for groups and begins to read it.
    ///
    /// # Errors
    /// [`FileError`] where the file cannot be read.
    pub fn open(opener: &Opener, text: Text) -> Result<Self, FileError> {
        let fallback = text.encoding();
        let overview = overview(Splitter::new(Lines::bytes(begin(opener)?, text)), fallback)?;
        let cards = Splitter::new(Lines::bytes(begin(opener)?, text));
        let about = about(overview.is_ours);
        let groups = overview.groups;
        Ok(Self { cards, fallback, groups, about, parts: 0, told: false, left: None })
    }

    /// What is left to be told of a file that was read to its end.
    fn rest(&mut self) -> Result<Option<Row>, FileError> {
        let left = self.left.get_or_insert_with(|| self.groups.faults().into());
        let next = left.pop_front();
        self.told |= next.is_some();
        if !self.told {
            return Err(FileError::whole(Rule::NoCards));
        }
        Ok(next.map(|fault| Row::Bad(vec![fault])))
    }
}

impl Rows for CardReader {
    fn about(&self) -> &About {
        &self.about
    }

    fn next_row(&mut self) -> Result<Option<Row>, FileError> {
        while self.left.is_none() {
            let Some((line, part)) = self.cards.next()? else { break };
            self.parts += 1;
            if self.parts > ROWS_MAX {
                return Err(FileError::whole(Reason::new(Rule::TooManyRows, [&ROWS_MAX])));
            }
            if let Some(row) = row(line, part, self.fallback, &mut self.groups) {
                self.told = true;
                return Ok(Some(row));
            }
        }
        self.rest()
    }

    fn raw(&self) -> Option<Vec<String>> {
        None
    }
}

/// What a part of the file is; none of a group, which is no contact.
fn row(line: u64, part: Part<'_>, fallback: &'static Encoding, groups: &mut Groups) -> Option<Row> {
    let bad = |value: Option<String>, reason: Reason| {
        Some(Row::Bad(vec![Fault { line, field: None, value, reason }]))
    };
    let card = match part {
        Part::Card(card) => card,
        Part::NoEnd(card) => return bad(shown(card, fallback), Rule::CardWithoutEnd.into()),
        Part::TooLarge => {
            return bad(None, Reason::new(Rule::CardTooLarge, [&CARD_BYTES_MAX, &LINES_MAX]));
        }
        Part::Outside(text) => return bad(Some(text), Rule::OutsideCards.into()),
    };
    let said = match Said::by(card, fallback) {
        Ok(said) => said,
        Err(reason) => return bad(shown(card, fallback), reason),
    };
    if !is_group(&said.reading.card) {
        return Some(Row::Good(Box::new(said.entry(line, groups))));
    }
    // A group is told by its members; what else it says has no place.
    let own = |(field, _): (Field, &str)| field == Field::Email || Field::NUMBERS.contains(field);
    match said.reading.card.iter().any(own) {
        true => bad(shown(card, fallback), Rule::GroupOwnNumbers.into()),
        false => None,
    }
}

fn overview<R: Read>(
    mut cards: Splitter<R>,
    fallback: &'static Encoding,
) -> Result<Overview, FileError> {
    let mut overview = Overview::default();
    let maker = memchr::memmem::Finder::new(MAKER);
    while let Some((line, part)) = cards.next()? {
        let Part::Card(card) = part else { continue };
        overview.is_ours |= maker.find(card).is_some();
        if !names_a_group(card) {
            continue;
        }
        let Ok(said) = Said::by(card, fallback) else { continue };
        if is_group(&said.reading.card) {
            let members = said.reading.members.iter().map(|uid| uid_key(uid));
            overview.groups.add(line, said.reading.card.formatted_name(), members);
        }
    }
    overview.groups.settle();
    Ok(overview)
}

/// Whether a card has the word at all: most have not, and need not be understood twice.
fn names_a_group(card: &[u8]) -> bool {
    let is_word =
        |at: usize| card.get(at..at + 5).is_some_and(|w| w.eq_ignore_ascii_case(b"group"));
    memchr::memchr2_iter(b'g', b'G', card).any(is_word)
}

/// Cards can say everything but a few fields, which only ours have.
fn about(is_ours: bool) -> About {
    let can = |field: &Field| {
        !matches!(field, Field::Kind | Field::Postal) && (is_ours || !OURS.contains(field))
    };
    let fields = Field::ALL.iter().copied().filter(can).map(|field| (field, usize::MAX));
    About {
        profile: "vcard".into(),
        holds: Holds::Either,
        delimiter: None,
        header: Vec::new(),
        ignored_columns: Vec::new(),
        extension_column: Some("TEL".to_owned()),
        login_column: None,
        covers: Covers { fields: fields.collect(), postal: vec!["work", "home", ""], photo: true },
    }
}
