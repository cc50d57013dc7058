//! One card of a file: what it says, or why it cannot be kept.

use std::borrow::Cow;

use encoding_rs::Encoding;

use crate::contact::card::Field;
use crate::contact::uid_key;
use crate::file::cards::split::CARD_BYTES_MAX;
use crate::file::groups::{Groups, Membership};
use crate::file::{Entry, Reason, Rule, shortened};
use crate::vcard::convert::{convert, version};
use crate::vcard::edit::amend;
use crate::vcard::line::{Content, lines};
use crate::vcard::photo::image;
use crate::vcard::read::{Fault, InvalidCard, LINES_MAX, Reading, UID_BYTES_MAX, read};
use crate::vcard::text::decoded;
use crate::vcard::utf8::in_utf8;
use crate::vcard::write::{PRODUCT, write};

/// The category by which Google's address book marks favorites.
const STARRED: &str = "starred";

/// A card that is understood: its text in UTF-8 and what it says.
pub(super) struct Said<'a> {
    text: Cow<'a, [u8]>,
    pub(super) reading: Reading,
}

impl<'a> Said<'a> {
    /// Reads a card; bytes that are no UTF-8 and name no character set are of `fallback`.
    ///
    /// # Errors
    /// Why the card cannot be kept.
    pub(super) fn by(card: &'a [u8], fallback: &'static Encoding) -> Result<Self, Reason> {
        let text = with_usual_ends(in_utf8(without_mark(card), fallback));
        let (text, reading) = match read(&text) {
            Err(InvalidCard { fault: Fault::NoVersion, .. }) => {
                let text = with_version(&text);
                let reading = read(&text);
                (Cow::Owned(text), reading)
            }
            reading => (text, reading),
        };
        let reading = reading.map_err(|invalid| reason(&invalid.fault))?;
        Ok(Self { text, reading })
    }

    /// The contact, with what the file's groups say of it.
    pub(super) fn entry(self, line: u64, groups: &mut Groups) -> Entry {
        let uid = self.reading.uid.clone();
        let key = uid.as_deref().map(uid_key);
        let membership = groups.of(key.as_deref());
        let starred = membership.starred;
        let (said, is_starred) = self.with_categories(membership);
        let has_photo = said.reading.unread.iter().any(|name| name == "PHOTO");
        let photo = has_photo.then(|| image(&said.text)).flatten();
        let body = (!said.is_ours(photo.as_deref())).then(|| said.text.into_owned().into());
        Entry {
            line,
            uid: uid.map(Into::into),
            card: said.reading.card,
            body,
            photo: photo.map(Into::into),
            starred: if is_starred { Some(true) } else { starred },
            ..Entry::default()
        }
    }

    /// The card with the categories that groups give it and without Google's mark of favorites, and
    /// whether it had that.
    fn with_categories(self, membership: Membership) -> (Self, bool) {
        let old: Vec<&str> = self.reading.card.all(Field::Category).collect();
        let is_mark = |name: &str| name.trim_start_matches("* ").eq_ignore_ascii_case(STARRED);
        let is_starred = old.iter().any(|name| is_mark(name));
        let of_groups = membership.categories.iter().map(|name| &**name);
        let added: Vec<&str> = of_groups.filter(|name| !old.contains(name)).collect();
        if added.is_empty() && !is_starred {
            return (self, false);
        }
        let mut card = self.reading.card.edit();
        let kept = old.iter().copied().filter(|name| !is_mark(name));
        card.replace(Field::Category, kept.chain(added));
        let Ok(card) = card.finish() else { return (self, is_starred) };
        let text = amend(&self.text, &self.reading.card, &card);
        match read(&text) {
            Ok(reading) => (Self { text: Cow::Owned(text), reading }, is_starred),
            Err(_) => (self, is_starred),
        }
    }

    /// Whether the card is one that we write of its fields, so that these are all that there is to
    /// keep.
    fn is_ours(&self, photo: Option<&[u8]>) -> bool {
        let Some(uid) = &self.reading.uid else { return false };
        if memchr::memmem::find(&self.text, PRODUCT.as_bytes()).is_none() {
            return false;
        }
        let mut written = Vec::with_capacity(self.text.len());
        write(uid, None, &self.reading.card, photo, &mut written);
        version(&self.text)
            .is_some_and(|version| same_lines(&self.text, &convert(&written, version)))
    }
}

/// Whether two cards have the same lines but for the time of the last change, however folded.
fn same_lines(one: &[u8], other: &[u8]) -> bool {
    let own = |card| {
        let contents = lines(card).filter_map(|line| line.content);
        contents.filter(|content: &Content<'_>| !content.is("REV"))
    };
    let same = |(one, other): (Content<'_>, Content<'_>)| {
        one.head().eq_ignore_ascii_case(other.head()) && one.value() == other.value()
    };
    own(one).count() == own(other).count() && own(one).zip(own(other)).all(same)
}

fn without_mark(card: &[u8]) -> &[u8] {
    card.strip_prefix(b"\xef\xbb\xbf").unwrap_or(card)
}

/// A card whose lines end with CR alone or with CR CR LF, with usual ends: no client reads those.
fn with_usual_ends(card: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let end = if memchr::memchr(b'\n', &card).is_some() { b'\n' } else { b'\r' };
    if end == b'\n' && memchr::memmem::find(&card, b"\r\r\n").is_none() {
        return card;
    }
    let mut out = Vec::with_capacity(card.len() + card.len() / 32);
    for line in card.split_inclusive(|byte| *byte == end) {
        let mut bare = line;
        while let [rest @ .., b'\r' | b'\n'] = bare {
            bare = rest;
        }
        out.extend_from_slice(bare);
        if bare.len() < line.len() {
            out.extend_from_slice(b"\r\n");
        }
    }
    Cow::Owned(out)
}

/// A card that does not say its version, with the one that it looks like.
fn with_version(card: &[u8]) -> Vec<u8> {
    let quoted = |content: Content<'_>| content.is_encoded("QUOTED-PRINTABLE");
    let is_old = lines(card).filter_map(|line| line.content).any(quoted);
    let version = if is_old { "VERSION:2.1\r\n" } else { "VERSION:3.0\r\n" };
    let begin = lines(card).next().map_or(0, |line| line.raw.len());
    let (begin, rest) = card.split_at_checked(begin).unwrap_or((card, &[]));
    [begin, version.as_bytes(), rest].concat()
}

fn reason(fault: &Fault) -> Reason {
    match fault {
        Fault::Nameless => Rule::Nameless.into(),
        Fault::NoEnd => Rule::CardWithoutEnd.into(),
        Fault::UnknownVersion(version) => Reason::new(Rule::CardVersion, [version]),
        Fault::TooManyLines => Reason::new(Rule::CardTooLarge, [&CARD_BYTES_MAX, &LINES_MAX]),
        Fault::LongUid => Reason::new(Rule::LongUid, [&UID_BYTES_MAX]),
        Fault::NoBegin | Fault::NoVersion | Fault::TwoCards | Fault::NotUtf8 => {
            Rule::CardDamaged.into()
        }
    }
}

/// Something by which people recognise a card that cannot be kept: its first name, company, number
/// or e-mail.
pub(super) fn shown(card: &[u8], fallback: &'static Encoding) -> Option<String> {
    let text = in_utf8(card, fallback);
    let telling = ["FN", "N", "ORG", "EMAIL", "TEL", "NICKNAME", "UID"];
    let said = |name: &&str| {
        let mut contents = lines(&text).filter_map(|line| line.content);
        let content =
            contents.find(|c| c.is(name) && c.value().iter().any(|b| !b" ;,".contains(b)))?;
        let value = decoded(&content).into_owned();
        Some(shortened(value.trim()))
    };
    telling.iter().find_map(said)
}
