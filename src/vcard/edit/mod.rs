//! Changes of a card that a client made: only the lines that are meant become other ones.

mod order;
mod rewrite;
mod several;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use crate::contact::Timestamp;
use crate::contact::card::{Card, CardBuilder, Field, FieldSet};
use crate::vcard::convert::named;
use crate::vcard::edit::order::{Slot, match_up};
use crate::vcard::edit::rewrite::Pen;
use crate::vcard::fields::{Fields, Found, NO_PREFERENCE, SORT_AS_PART};
use crate::vcard::line::{Content, Line};
use crate::vcard::place::{Place, placed};
use crate::vcard::write::fold;

/// The parts of N, in their order.
const NAME_PARTS: [Field; 5] =
    [Field::FamilyName, Field::GivenName, Field::MiddleName, Field::NamePrefix, Field::NameSuffix];
const PHONETIC: [Field; 2] = [Field::PhoneticFamilyName, Field::PhoneticGivenName];

/// The card with the fields changed in which `new` differs from `old`, which is what the card said
/// when it was read. All other lines stay as they are, to the byte, and so do the version, the UID,
/// and the parameters and groups of lines that get another value. A line whose value goes, goes with
/// the label that is of it alone. REV, where there is one, becomes the time of the change.
///
/// A card that [`read`](crate::vcard::read::read) refuses comes back as it is.
pub fn edit(card: &[u8], old: &Card, new: &Card, modified: Timestamp) -> Vec<u8> {
    edited(card, old, new, Some(modified))
}

/// The same for a card that was not changed here, but understood: the time of its last change stays.
pub fn amend(card: &[u8], old: &Card, new: &Card) -> Vec<u8> {
    edited(card, old, new, None)
}

fn edited(card: &[u8], old: &Card, new: &Card, modified: Option<Timestamp>) -> Vec<u8> {
    let Some(mut editor) = Editor::open(card) else { return card.to_vec() };
    let changed: Vec<Field> =
        Field::ALL.iter().copied().filter(|field| !old.all(*field).eq(new.all(*field))).collect();
    editor.change(FieldSet::of(&changed), new);
    if !editor.touched() {
        return card.to_vec();
    }
    editor.remove_labels();
    if let Some(modified) = modified {
        editor.revise(modified);
    }
    editor.written()
}

/// The card with the time of a change in its REV, where it has one.
pub fn revised(card: &[u8], modified: Timestamp) -> Vec<u8> {
    let Some(mut editor) = Editor::open(card) else { return card.to_vec() };
    editor.revise(modified);
    editor.written()
}

struct Editor<'a> {
    pen: Pen,
    lines: Vec<Source<'a>>,
    /// What the card says, by field and preference; places are indices of lines.
    values: Vec<Found>,
    /// New lines, each before the line of this index.
    before: HashMap<usize, Vec<String>>,
    /// New lines before END.
    appended: Vec<String>,
}

struct Source<'a> {
    raw: &'a [u8],
    place: Place,
    /// None in lines that belong to other ones, or to nothing.
    content: Option<Content<'a>>,
    becomes: Becomes,
}

/// What is to become of a line.
enum Becomes {
    Same,
    /// Another line: unfolded, without its end.
    Other(String),
    Nothing,
}

impl<'a> Editor<'a> {
    fn open(card: &'a [u8]) -> Option<Self> {
        let mut lines: Vec<Source<'a>> = Vec::new();
        let mut inside: Vec<(usize, Content<'a>)> = Vec::new();
        let mut version = None;
        for (at, (Line { raw, content, .. }, place)) in placed(card).enumerate() {
            let own = content.as_ref().filter(|_| place == Place::Own);
            if let Some(content) = own {
                version = version.or_else(|| content.is("VERSION").then(|| named(content))?);
                inside.push((at, content.clone()));
            }
            lines.push(Source { raw, place, content, becomes: Becomes::Same });
        }
        let values = Fields::of(&inside).ok()?.sorted();
        let line_end = lines.first().map_or("\r\n", |line| line_end(line.raw));
        let pen = Pen { version: version?, line_end };
        let (before, appended) = (HashMap::new(), Vec::new());
        Some(Self { pen, lines, values, before, appended })
    }

    fn change(&mut self, fields: FieldSet, new: &Card) {
        if NAME_PARTS.iter().any(|part| fields.contains(*part)) {
            self.change_name(new);
        }
        if fields.contains(Field::Company) || fields.contains(Field::Department) {
            self.change_organization(new);
        }
        let phonetic = PHONETIC.iter().any(|field| fields.contains(*field));
        let fields = if phonetic && self.forget_sort_as() {
            fields.union(FieldSet::of(&PHONETIC))
        } else {
            fields
        };
        for field in fields.iter() {
            match field {
                Field::Nickname | Field::Category => self.change_list(field, new),
                Field::Company | Field::Department | Field::FormattedName => {}
                field if NAME_PARTS.contains(&field) => {}
                field => self.change_lines(field, new),
            }
        }
        self.change_formatted_name(fields, new);
    }

    /// FN, which a card may lack as long as what it is made of gives the same.
    fn change_formatted_name(&mut self, fields: FieldSet, new: &Card) {
        if self.values.iter().any(|found| found.field == Field::FormattedName) {
            if fields.contains(Field::FormattedName) {
                self.change_lines(Field::FormattedName, new);
            }
            return;
        }
        let mut rest = CardBuilder::default();
        // As the card will be read: sorted by field.
        for field in Field::ALL.iter().filter(|field| **field != Field::FormattedName) {
            new.all(*field).for_each(|value| {
                rest.push(*field, value);
            });
        }
        if rest.finish().map_or(true, |made| made.formatted_name() != new.formatted_name()) {
            let line = self.pen.new_line(Field::FormattedName, new.formatted_name());
            self.appended.push(line);
        }
    }

    /// The values of a field in their order, as indices of [`Editor::values`].
    fn base(&self, field: Field) -> Vec<usize> {
        let all = self.values.iter().enumerate().filter(|(_, found)| found.field == field);
        // The others are translations.
        let most = if field == Field::FormattedName { 1 } else { usize::MAX };
        all.map(|(at, _)| at).take(most).collect()
    }

    fn found(&self, at: usize) -> Option<&Found> {
        self.values.get(at)
    }

    fn line_of(&self, at: usize) -> usize {
        self.found(at).map(|found| found.place.line).unwrap_or_default()
    }

    fn text_of(&self, at: usize) -> &str {
        self.found(at).map(|found| found.text.as_str()).unwrap_or_default()
    }

    fn content(&self, line: usize) -> Option<&Content<'a>> {
        self.lines.get(line)?.content.as_ref()
    }

    fn becomes(&mut self, line: usize, becomes: Becomes) {
        if let Some(source) = self.lines.get_mut(line) {
            source.becomes = becomes;
        }
    }

    /// A field of which each value has a line of its own.
    fn change_lines(&mut self, field: Field, new: &Card) {
        let base = self.base(field);
        let targets: Vec<&str> = new.all(field).collect();
        let old: Vec<&str> = base.iter().map(|at| self.text_of(*at)).collect();
        let slots = match_up(&old, &targets);
        let used: HashSet<usize> = slots.iter().filter_map(Slot::base).collect();
        let gone = (0..base.len()).filter(|at| !used.contains(at));
        let gone: Vec<usize> = gone.filter_map(|at| base.get(at).copied()).collect();
        for at in gone {
            self.becomes(self.line_of(at), Becomes::Nothing);
        }
        if self.keeps_order(&base, &slots) {
            self.change_in_place(field, &base, &slots, &targets);
        } else {
            self.reorder(field, &base, &slots, &targets);
        }
    }

    /// Whether what stays is in its order already, and new values need no preference to be in theirs.
    fn keeps_order(&self, base: &[usize], slots: &[Slot]) -> bool {
        let old: Vec<usize> = slots.iter().filter_map(Slot::base).collect();
        let mut new_before = false;
        let preferred = slots.iter().any(|slot| {
            let after_new = std::mem::replace(&mut new_before, matches!(slot, Slot::New));
            let found = slot.base().and_then(|at| base.get(at)).and_then(|at| self.found(*at));
            after_new && found.is_some_and(|found| found.preference < NO_PREFERENCE)
        });
        old.is_sorted() && !preferred
    }

    fn change_in_place(&mut self, field: Field, base: &[usize], slots: &[Slot], texts: &[&str]) {
        let mut next = None;
        let mut new: Vec<(Option<usize>, String)> = Vec::new();
        for (slot, text) in slots.iter().zip(texts).rev() {
            let line = slot.base().and_then(|at| base.get(at)).map(|at| self.line_of(*at));
            if let (Slot::Changed(_), Some(line)) = (slot, line)
                && let Some(content) = self.content(line)
            {
                let text = self.pen.changed_line(field, content, text);
                self.becomes(line, Becomes::Other(text));
            }
            next = line.or(next);
            if matches!(slot, Slot::New) {
                new.push((next, self.pen.new_line(field, text)));
            }
        }
        for (next, line) in new.into_iter().rev() {
            match next {
                Some(next) => self.before.entry(next).or_default().push(line),
                None => self.appended.push(line),
            }
        }
    }

    /// Puts lines at each other's places. The first alone is preferred, if one was before.
    fn reorder(&mut self, field: Field, base: &[usize], slots: &[Slot], texts: &[&str]) {
        let was_preferred =
            |at: &usize| self.found(*at).is_some_and(|found| found.preference < NO_PREFERENCE);
        let mut prefer = base.iter().any(was_preferred);
        let mut lines: Vec<(bool, String)> = Vec::new();
        for (slot, text) in slots.iter().zip(texts) {
            let at = slot.base().and_then(|at| base.get(at));
            let content = at.and_then(|at| self.content(self.line_of(*at)));
            let line = match (slot, content) {
                (Slot::Kept(_), Some(content)) => self.pen.same_line(content),
                (Slot::Changed(_), Some(content)) => self.pen.changed_line(field, content, text),
                _ => self.pen.new_line(field, text),
            };
            let line = self.pen.with_preference(&line, std::mem::take(&mut prefer));
            lines.push((content.is_some(), line));
        }
        let kept = slots.iter().filter_map(Slot::base).filter_map(|at| base.get(at));
        let mut places: Vec<usize> = kept.map(|at| self.line_of(*at)).collect();
        places.sort_unstable();
        let mut places = places.into_iter();
        let mut waiting = Vec::new();
        for (existed, line) in lines {
            waiting.push(line);
            if !existed {
                continue;
            }
            if let (Some(place), Some(line)) = (places.next(), waiting.pop()) {
                self.before.entry(place).or_default().append(&mut waiting);
                self.becomes(place, Becomes::Other(line));
            }
        }
        self.appended.append(&mut waiting);
    }

    /// Takes out by what a person is sorted where it stands with other things, and says whether it
    /// did: what is left of it is written as lines of its own.
    fn forget_sort_as(&mut self) -> bool {
        let is_sort = |found: &Found| {
            PHONETIC.contains(&found.field)
                && (found.place.part == SORT_AS_PART || self.is(found.place.line, "SORT-STRING"))
        };
        let lines: HashSet<usize> =
            self.values.iter().filter(|found| is_sort(found)).map(|f| f.place.line).collect();
        let keep =
            |found: &Found| !PHONETIC.contains(&found.field) || !lines.contains(&found.place.line);
        self.values.retain(keep);
        for line in &lines {
            let Some(source) = self.lines.get_mut(*line) else { continue };
            let Some(content) = &source.content else { continue };
            source.becomes = match (&source.becomes, content.is("N")) {
                (Becomes::Other(text), true) => Becomes::Other(self.pen.without_sort_as(text)),
                (_, true) => {
                    let same = self.pen.same_line(content);
                    Becomes::Other(self.pen.without_sort_as(&same))
                }
                (_, false) => Becomes::Nothing,
            };
        }
        !lines.is_empty()
    }

    fn is(&self, line: usize, name: &str) -> bool {
        self.content(line).is_some_and(|content| content.is(name))
    }

    fn touched(&self) -> bool {
        let same = self.lines.iter().all(|line| matches!(line.becomes, Becomes::Same));
        !same || !self.before.is_empty() || !self.appended.is_empty()
    }

    /// Takes the labels of groups out of which the last other line went.
    fn remove_labels(&mut self) {
        let is_about = |content: &Content<'_>| content.is("X-ABLABEL") || content.is("X-ABADR");
        let group = |content: &Content<'_>| content.group().to_ascii_lowercase();
        let mut went = HashSet::new();
        let mut stay = HashSet::new();
        for line in self.lines.iter().filter(|line| line.place == Place::Own) {
            match &line.content {
                Some(content) if !content.group().is_empty() && !is_about(content) => {
                    match line.becomes {
                        Becomes::Nothing => went.insert(group(content)),
                        _ => stay.insert(group(content)),
                    };
                }
                _ => {}
            }
        }
        // Lines that changed places took their groups with them.
        for line in self.lines.iter_mut().filter(|line| line.place == Place::Own) {
            if let Some(content) = line.content.as_ref().filter(|content| is_about(content)) {
                let group = group(content);
                if went.contains(&group) && !stay.contains(&group) {
                    line.becomes = Becomes::Nothing;
                }
            }
        }
    }

    fn revise(&mut self, modified: Timestamp) {
        for line in self.lines.iter_mut().filter(|line| line.place == Place::Own) {
            if let Some(content) = line.content.as_ref().filter(|content| content.is("REV")) {
                line.becomes = Becomes::Other(self.pen.revision(content, modified));
            }
        }
    }

    fn written(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            for new in self.before.get(&at).into_iter().flatten() {
                self.put(new, &mut out);
            }
            if line.place == Place::End {
                self.appended.iter().for_each(|new| self.put(new, &mut out));
            }
            match &line.becomes {
                Becomes::Same => out.extend_from_slice(line.raw),
                Becomes::Other(text) => self.put(text, &mut out),
                Becomes::Nothing => {}
            }
        }
        out
    }

    fn put(&self, line: &str, out: &mut Vec<u8>) {
        let end = self.pen.line_end.as_bytes();
        if rewrite::is_quoted(line) {
            // A fold may not follow a `=`, and vCard 2.1 asks for none.
            out.extend_from_slice(line.as_bytes());
            return out.extend_from_slice(end);
        }
        let mut folded = Vec::with_capacity(line.len() + line.len() / 16 + 2);
        fold(line, &mut folded);
        if self.pen.line_end == "\r\n" {
            return out.append(&mut folded);
        }
        for part in folded.split_inclusive(|byte| *byte == b'\n') {
            out.extend_from_slice(part.strip_suffix(b"\r\n").unwrap_or(part));
            out.extend_from_slice(end);
        }
    }
}

fn line_end(raw: &[u8]) -> &'static str {
    match raw {
        [.., b'\r', b'\n'] => "\r\n",
        [.., b'\n'] => "\n",
        [.., b'\r'] => "\r",
        _ => "\r\n",
    }
}
