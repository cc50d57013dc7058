//! Reads one row by the layout of its file: an entry, or all that is wrong with it.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::contact::ContactId;
use crate::contact::card::{CardBuilder, Field, NamelessCard, PostalAddress, PostalPart};
use crate::file::date::date;
use crate::file::table::cell;
use crate::file::table::column::To;
use crate::file::table::layout::{Address, Bound, FieldOf, Layout, Value};
use crate::file::table::list;
use crate::file::table::reader::Record;
use crate::file::table::rules::{Broken, Cells, Draft};
use crate::file::{Entry, Fault, Reason, Row, Rule, shortened};

impl Layout {
    /// The entry of a row, or all that is wrong with it.
    pub(super) fn read(&self, record: &Record<'_>) -> Row {
        if !self.fits(record) {
            return Row::Bad(vec![self.wrong_width(record)]);
        }
        let line = record.line;
        let mut cells = Cells { cells: self.meant(record) };
        let mut faults = self.faults(line, &cells);
        self.leave_out_nothing(&mut cells);
        let mut draft = self.draft(line, &cells, &mut faults);
        self.mend_numbers(&mut draft);
        if let Some(rules) = &self.rules
            && faults.is_empty()
        {
            rules.finish(&cells, &mut draft);
        }
        match finished(draft) {
            Ok(entry) if faults.is_empty() => Row::Good(Box::new(entry)),
            Ok(_) => Row::Bad(faults),
            Err(NamelessCard) => {
                let (field, value, reason) = (None, None, Rule::Nameless.into());
                faults.push(Fault { line, field, value, reason });
                Row::Bad(faults)
            }
        }
    }

    /// The cells of a record without secrets. None where nobody knows which cell is which, and one
    /// may be a secret.
    pub(super) fn shown(&self, record: &Record<'_>) -> Option<Vec<String>> {
        if !self.fits(record) {
            let harmless = !self.columns.iter().any(Bound::is_secret);
            return harmless.then(|| record.cells().map(str::to_owned).collect());
        }
        let cells = self.columns.iter().zip(record.cells().chain(std::iter::repeat("")));
        let shown = |(column, cell): (&Bound, &str)| match column.is_secret() {
            true => String::new(),
            false => cell.to_owned(),
        };
        Some(cells.map(shown).collect())
    }

    /// Whether it is known which cell is which.
    fn fits(&self, record: &Record<'_>) -> bool {
        let (cells, columns) = (record.len(), self.columns.len());
        match cells.checked_sub(columns) {
            None => self.profile.short_rows,
            Some(beyond) => {
                let spare = self.trailing.max(self.profile.spare_cells);
                beyond <= spare && record.cells().skip(columns).all(str::is_empty)
            }
        }
    }

    /// What the cells mean; secrets are taken as they are.
    fn meant<'a>(&self, record: &Record<'a>) -> Vec<&'a str> {
        let cells = self.columns.iter().zip(record.cells());
        let text = |(column, text): (&Bound, &'a str)| match column.is_secret() {
            true => text.trim(),
            false => cell::meant(text),
        };
        cells.map(text).collect()
    }

    fn wrong_width(&self, record: &Record<'_>) -> Fault {
        let (found, wanted) = (record.len(), self.columns.len());
        let rule = if found > wanted { Rule::TooManyCells } else { Rule::TooFewCells };
        let reason = Reason::new(rule, [&found, &wanted]);
        let row = || shortened(&record.cells().collect::<Vec<_>>().join(","));
        // Which cell is which is unknown, so the row is shown only where none can be a secret.
        let secrets = self.profile.columns.iter().any(|column| column.to == To::Password)
            || self.columns.iter().any(Bound::is_secret);
        let value = (!secrets && self.ignored().is_empty()).then(row);
        Fault { line: record.line, field: None, value, reason }
    }

    /// Makes cells empty whose values stand for none.
    fn leave_out_nothing(&self, cells: &mut Cells<'_>) {
        for (at, values) in &self.nothing {
            if let Some(cell) = cells.cells.get_mut(*at)
                && values.iter().any(|value| value.eq_ignore_ascii_case(cell))
            {
                *cell = "";
            }
        }
    }

    /// What is wrong with single cells, with sections, and between cells.
    fn faults(&self, line: u64, cells: &Cells<'_>) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (column, value) in self.columns.iter().zip(&cells.cells) {
            if let Some(reason) = column.check.wrong(value) {
                faults.push(column.fault(line, value, reason));
            }
        }
        for (number, context) in &self.in_contexts {
            let value = |at: usize| cells.cells.get(at).copied().unwrap_or_default();
            let wrong = || self.ranges.wrong(value(*context), value(*number));
            let reason = (!value(*number).is_empty()).then(wrong).flatten();
            if let Some((reason, column)) = reason.zip(self.columns.get(*number)) {
                faults.push(column.fault(line, value(*number), reason));
            }
        }
        let mut fault_of = |column: &str, reason| {
            let field = Some(self.name_of(column).to_owned());
            faults.push(Fault { line, field, value: None, reason });
        };
        let blank = |at: &usize| cells.cells.get(*at).is_none_or(|value| value.is_empty());
        for section in &self.sections {
            if !section.name.is_empty() && section.columns.iter().all(blank) {
                continue;
            }
            for (name, at) in &section.required {
                if at.as_ref().is_some_and(|at| !blank(at)) {
                    continue;
                }
                let reason = match &*section.name {
                    "" => Reason::new(Rule::Required, [name]),
                    section => Reason::new(Rule::RequiredInSection, [name, &section]),
                };
                fault_of(name, reason);
            }
        }
        if let Some(rules) = &self.rules {
            let mut broken = Vec::new();
            rules.check(cells, &mut broken);
            for Broken { column, reason } in broken {
                fault_of(column, reason);
            }
        }
        for (places, names) in &self.requires {
            if places.iter().all(blank) {
                let reason = Reason::new(Rule::RequiredOne, [names]);
                faults.push(Fault { line, field: None, value: None, reason });
            }
        }
        faults
    }

    fn draft<'a>(&self, line: u64, cells: &Cells<'a>, faults: &mut Vec<Fault>) -> Draft<'a> {
        let entry = Entry { line, ..Entry::default() };
        let mut draft = Draft { values: Vec::with_capacity(self.values.len()), entry };
        for value in &self.values {
            self.read_value(value, cells, &mut draft);
        }
        for address in &self.addresses {
            if let Some(value) = self.postal(address, cells) {
                draft.push(Field::Postal, value);
            }
        }
        let [year, month, day] = self.birthday.map(|at| at.and_then(|at| cells.cells.get(at)));
        if let Some(date) = birthday(year, month, day) {
            draft.push(Field::Birthday, date);
        }
        for at in &self.others {
            let Some((column, value)) = self.columns.get(*at).zip(cells.cells.get(*at)) else {
                continue;
            };
            if !value.is_empty() {
                self.read_other(column, value, &mut draft.entry, faults);
            }
        }
        draft
    }

    fn read_value<'a>(&self, value: &Value, cells: &Cells<'a>, draft: &mut Draft<'a>) {
        let text = cells.cells.get(value.at).copied().unwrap_or_default();
        if text.is_empty() {
            return;
        }
        let field = match &value.field {
            // An export to XiVO has the extension in both columns, since XiVO knows one only.
            FieldOf::Known(Field::Work)
                if self.extension.and_then(|at| cells.cells.get(at)) == Some(&text) =>
            {
                return;
            }
            FieldOf::Known(field) => Some(*field),
            FieldOf::Labelled(group, labels) => {
                let labels = labels.iter().filter_map(|at| cells.cells.get(*at)).copied();
                self.labelled(group.0, labels)
            }
        };
        let Some(field) = field else { return };
        match &value.split {
            None if field == Field::Birthday => {
                if let Some(date) = date(text, self.dates) {
                    draft.push(field, date);
                }
            }
            None => draft.push(field, with_plain_line_ends(text)),
            Some(split) => {
                if value.system.starred.is_some() {
                    draft.entry.starred.get_or_insert(false);
                }
                for part in list::parts(text, split) {
                    if let Some(part) = value.system.kept(part, &mut draft.entry.starred) {
                        draft.push(field, part);
                    }
                }
            }
        }
    }

    /// Gives numbers back what a spreadsheet took from them.
    fn mend_numbers(&self, draft: &mut Draft<'_>) {
        let Some(numbering) = &self.numbering else { return };
        for (field, value) in &mut draft.values {
            if *field != Field::Extension
                && Field::NUMBERS.contains(*field)
                && let Some(whole) = numbering.restored(value)
            {
                *value = whole.into();
            }
        }
    }

    /// The field that labels tell; the last of them counts that is known.
    fn labelled<'a>(&self, group: usize, labels: impl Iterator<Item = &'a str>) -> Option<Field> {
        let table = self.profile.labels.get(group)?;
        let mut field = None;
        for label in labels.filter(|label| !label.is_empty()) {
            let known = table.of.iter().any(|(name, _)| name.eq_ignore_ascii_case(label));
            if known || field.is_none() {
                field = table.meaning(label);
            }
        }
        field.or(table.other)
    }

    fn postal(&self, address: &Address, cells: &Cells<'_>) -> Option<String> {
        let text = |at: usize| cells.cells.get(at).copied().unwrap_or_default();
        let part = |part: PostalPart| -> Cow<'_, str> {
            let columns = address.parts.iter().filter(|(known, _)| *known == part);
            let texts = columns.map(|(_, at)| with_plain_line_ends(text(*at)));
            let mut lines = texts.filter(|line| !line.is_empty());
            let first = lines.next().unwrap_or_default();
            lines.fold(first, |all, line| format!("{all}\n{line}").into())
        };
        if address.parts.iter().all(|(_, at)| text(*at).is_empty()) {
            return None;
        }
        let [street, locality, region, code, country] = PostalPart::ALL.map(part);
        let in_parts = [&street, &locality, &region, &code, &country];
        let whole = in_parts.iter().all(|part| part.trim().is_empty());
        let street = if whole { part(PostalPart::Whole) } else { street };
        let label = address.label.map(text).unwrap_or_default();
        let kind = address.kind.or_else(|| self.profile.postal_labels.meaning(label));
        let value = PostalAddress {
            kind: kind.unwrap_or_default(),
            street: &street,
            locality: &locality,
            region: &region,
            code: &code,
            country: &country,
        };
        Some(value.value()).filter(|value| !value.is_empty())
    }

    fn read_other(&self, column: &Bound, value: &str, entry: &mut Entry, faults: &mut Vec<Fault>) {
        match column.to {
            To::Id => match ContactId::parse(value) {
                Some(found) => entry.id = Some(found),
                None => {
                    let reason = Rule::NoContactId.into();
                    faults.push(column.fault(entry.line, value, reason));
                }
            },
            To::Uid => entry.uid = Some(value.into()),
            To::Login => entry.login = Some(value.to_lowercase().into()),
            To::Password => entry.password = Some(Zeroizing::new(value.to_owned())),
            To::Entity => entry.entity = Some(value.into()),
            To::Presence => entry.presence = Some(value != "0"),
            To::Starred => entry.starred = Some(is_yes(value)),
            To::Book => {
                let names = match column.split.as_deref() {
                    Some(split) => list::parts(value, split).map(Into::into).collect(),
                    None => vec![Box::from(value)],
                };
                entry.books.extend(names);
            }
            _ => {}
        }
    }
}

impl Bound {
    fn fault(&self, line: u64, value: &str, reason: Reason) -> Fault {
        let value = (!self.is_secret()).then(|| shortened(value));
        Fault { line, field: Some(self.name.clone()), value, reason }
    }
}

/// The entry with its card. Values stand in the order of the fields.
fn finished(mut draft: Draft<'_>) -> Result<Entry, NamelessCard> {
    if !draft.values.is_sorted_by_key(|(field, _)| *field) {
        draft.values.sort_by_key(|(field, _)| *field);
    }
    let mut builder = CardBuilder::default();
    for (field, value) in &draft.values {
        builder.push(*field, value);
    }
    Ok(Entry { card: builder.finish()?, ..draft.entry })
}

/// `1985-04-12`, or `--04-12` where the year is not told.
fn birthday(year: Option<&&str>, month: Option<&&str>, day: Option<&&str>) -> Option<String> {
    let number = |text: Option<&&str>| text.and_then(|text| text.parse::<u16>().ok());
    let (month, day) = (number(month)?, number(day)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    Some(match number(year).filter(|year| *year > 0) {
        Some(year) => format!("{year:04}-{month:02}-{day:02}"),
        None => format!("--{month:02}-{day:02}"),
    })
}

fn is_yes(value: &str) -> bool {
    ["1", "true", "yes", "x", "on"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}

fn with_plain_line_ends(value: &str) -> Cow<'_, str> {
    if value.contains('\r') {
        value.replace("\r\n", "\n").replace('\r', "\n").into()
    } else {
        value.into()
    }
}
