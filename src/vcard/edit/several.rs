//! Lines of several values: N, ORG, NICKNAME and CATEGORIES.

use std::collections::{BTreeMap, HashSet};

use crate::contact::card::{Card, Field};
use crate::vcard::convert::name::DERIVED;
use crate::vcard::edit::order::{Slot, match_up};
use crate::vcard::edit::rewrite::{says, without};
use crate::vcard::edit::{Becomes, Editor, NAME_PARTS};
use crate::vcard::place::Place;
use crate::vcard::text::{decoded, split};

/// Further lines of ORG are left alone.
const ORGANIZATIONS_MAX: usize = 100;

impl Editor<'_> {
    /// The components of N: those that stay keep their text.
    pub(super) fn change_name(&mut self, new: &Card) {
        let spoken = self.values.iter().find(|found| NAME_PARTS.contains(&found.field));
        let spoken = spoken.map(|found| found.place.line);
        let line = spoken.or_else(|| (0..self.lines.len()).find(|line| self.is_own(*line, "N")));
        let content = line.and_then(|line| self.content(line));
        let decoded = content.map(decoded).unwrap_or_default();
        // An N of which nothing is read says nothing, or was made for version 3.0.
        let mut parts = split(if spoken.is_none() { "" } else { &decoded }, ';');
        let mut raw: Vec<String> =
            (0..NAME_PARTS.len()).map(|_| parts.next().unwrap_or_default().to_owned()).collect();
        raw.extend(parts.map(str::to_owned));
        for (at, field) in NAME_PARTS.iter().enumerate() {
            let old = self.values.iter().filter(|found| found.field == *field);
            if old.map(|found| found.text.as_str()).eq(new.all(*field)) {
                continue;
            }
            let values: Vec<String> = new.all(*field).map(|v| self.pen.escaped_part(v)).collect();
            if let Some(part) = raw.get_mut(at) {
                *part = values.join(",");
            }
        }
        let head = content.map_or_else(|| "N".to_owned(), |content| without(content, &[DERIVED]));
        let text = self.pen.line(&head, &raw.join(";"));
        match line {
            Some(line) => self.becomes(line, Becomes::Other(text)),
            None => self.appended.push(text),
        }
    }

    fn is_own(&self, line: usize, name: &str) -> bool {
        self.lines.get(line).is_some_and(|line| line.place == Place::Own) && self.is(line, name)
    }

    /// ORG: companies each have a line; the departments stand behind the first.
    pub(super) fn change_organization(&mut self, new: &Card) {
        let own = |field: Field| field == Field::Company || field == Field::Department;
        let mut lines: Vec<usize> = Vec::new();
        for found in self.values.iter().filter(|found| own(found.field)) {
            if !lines.contains(&found.place.line) && lines.len() < ORGANIZATIONS_MAX {
                lines.push(found.place.line);
            }
        }
        lines.sort_by_key(|line| self.rank(*line));
        let companies: Vec<&str> = new.all(Field::Company).collect();
        let departments: Vec<&str> = new.all(Field::Department).collect();
        let values = |field: Field| self.values.iter().filter(move |found| found.field == field);
        let same_departments = values(Field::Department)
            .map(|found| found.text.as_str())
            .eq(departments.iter().copied());
        if same_departments && values(Field::Company).count() == companies.len() {
            return self.rename_companies(&companies);
        }
        let (first, others) = companies.split_first().map_or(("", &[][..]), |(f, o)| (*f, o));
        let mut texts: Vec<String> = Vec::new();
        if !first.is_empty() || !departments.is_empty() {
            let parts = std::iter::once(first).chain(departments);
            let parts: Vec<String> = parts.map(|part| self.pen.escaped(part)).collect();
            texts.push(parts.join(";"));
        }
        texts.extend(others.iter().map(|company| self.pen.escaped(company)));
        let mut texts = texts.into_iter();
        for line in lines {
            let head = self.content(line).map(|content| without(content, &["SORT-AS"]));
            let becomes = match (texts.next(), head) {
                (Some(text), Some(head)) => Becomes::Other(self.pen.line(&head, &text)),
                _ => Becomes::Nothing,
            };
            self.becomes(line, becomes);
        }
        for text in texts {
            let line = self.pen.line("ORG", &text);
            self.appended.push(line);
        }
    }

    /// How a line comes among those of its property.
    fn rank(&self, line: usize) -> (u8, usize) {
        let found = self.values.iter().find(|found| found.place.line == line);
        (found.map_or(u8::MAX, |found| found.preference), line)
    }

    fn rename_companies(&mut self, companies: &[&str]) {
        let base = self.base(Field::Company);
        for (at, company) in base.into_iter().zip(companies) {
            let line = self.line_of(at);
            let Some(content) = self.content(line).filter(|_| self.text_of(at) != *company) else {
                continue;
            };
            let decoded = decoded(content);
            let mut parts: Vec<String> = split(&decoded, ';').map(str::to_owned).collect();
            if let Some(first) = parts.first_mut() {
                *first = self.pen.escaped(company);
            }
            let text = self.pen.line(&without(content, &["SORT-AS"]), &parts.join(";"));
            self.becomes(line, Becomes::Other(text));
        }
    }

    /// A field whose values stand in lists with commas.
    pub(super) fn change_list(&mut self, field: Field, new: &Card) {
        let base = self.base(field);
        let targets: Vec<&str> = new.all(field).collect();
        let old: Vec<&str> = base.iter().map(|at| self.text_of(*at)).collect();
        let mut slots = match_up(&old, &targets);
        let in_order = slots.iter().filter_map(Slot::base).is_sorted();
        if !in_order {
            // All go into the first line.
            slots = targets.iter().map(|_| Slot::New).collect();
        }
        let mut lists = self.lists(&base);
        let last = base.last().map(|at| self.line_of(*at));
        let first = base.first().map(|at| self.line_of(*at));
        let used: HashSet<usize> = slots.iter().filter_map(Slot::base).collect();
        for at in (0..base.len()).filter(|at| !used.contains(at)) {
            self.part(&mut lists, &base, at, |part| *part = None);
        }
        let mut new_parts: Vec<String> = Vec::new();
        for (slot, text) in slots.iter().zip(&targets) {
            let text = self.pen.escaped_part(text);
            let Some(at) = slot.base() else {
                new_parts.push(text);
                continue;
            };
            let inserted = std::mem::take(&mut new_parts);
            self.part(&mut lists, &base, at, |part| {
                let own = match slot {
                    Slot::Changed(_) => text,
                    _ => part.take().unwrap_or_default(),
                };
                *part = Some(inserted.into_iter().chain([own]).collect::<Vec<_>>().join(","));
            });
        }
        let place = if in_order { last } else { first };
        match place.and_then(|line| lists.get_mut(&line)) {
            Some(list) => list.extend(new_parts.into_iter().map(Some)),
            None if new_parts.is_empty() => {}
            None => {
                let name = if field == Field::Nickname { "NICKNAME" } else { "CATEGORIES" };
                let line = self.pen.line(name, &new_parts.join(","));
                self.appended.push(line);
            }
        }
        self.write_lists(lists);
    }

    /// The lists of the lines that hold these values, part by part as they stand there.
    fn lists(&self, base: &[usize]) -> BTreeMap<usize, Vec<Option<String>>> {
        let mut lists = BTreeMap::new();
        for at in base {
            let line = self.line_of(*at);
            let Some(content) = self.content(line).filter(|_| !lists.contains_key(&line)) else {
                continue;
            };
            let decoded = decoded(content);
            lists.insert(line, split(&decoded, ',').map(|part| Some(part.to_owned())).collect());
        }
        lists
    }

    fn part(
        &self,
        lists: &mut BTreeMap<usize, Vec<Option<String>>>,
        base: &[usize],
        at: usize,
        change: impl FnOnce(&mut Option<String>),
    ) {
        let found = base.get(at).and_then(|at| self.found(*at));
        let list =
            found.and_then(|found| lists.get_mut(&found.place.line)?.get_mut(found.place.part));
        if let Some(part) = list {
            change(part);
        }
    }

    fn write_lists(&mut self, lists: BTreeMap<usize, Vec<Option<String>>>) {
        for (line, parts) in lists {
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            let Some(content) = self.content(line) else { continue };
            let text = parts.join(",");
            let becomes = if text == decoded(content) {
                Becomes::Same
            } else if parts.iter().any(|part| says(part)) {
                Becomes::Other(self.pen.line(&without(content, &[]), &text))
            } else {
                Becomes::Nothing
            };
            self.becomes(line, becomes);
        }
    }
}
