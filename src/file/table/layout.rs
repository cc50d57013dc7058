//! Binds the columns of one file to a profile, and reads its rows by that.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::contact::ContactId;
use crate::contact::card::{CardBuilder, Field, NamelessCard};
use crate::file::table::header::Header;
use crate::file::table::profile::{Choice, Column, Kind, Profile, To};
use crate::file::table::reader::Record;
use crate::file::{Entry, Fault, FileError, Reason, Row, Rule, fields, shortened};

/// What each column of one file means.
pub(super) struct Layout {
    profile: &'static Profile,
    columns: Vec<Bound>,
    /// The places of the columns in the order of the fields, so that a card does not depend on the
    /// order of the columns: phones show the first value.
    order: Vec<usize>,
    ignored: Vec<String>,
}

/// A column of the file.
struct Bound {
    /// As the file calls it.
    name: String,
    to: To,
    kind: Kind,
    /// The profile's column, where it is one of those.
    of_profile: Option<&'static Column>,
}

impl Layout {
    /// # Errors
    /// [`FileError::MissingColumn`] where a column is missing that every row needs.
    pub(super) fn bind(
        profile: &'static Profile,
        choice: &Choice,
        header: &Header,
    ) -> Result<Self, FileError> {
        let (columns, order, ignored) = (Vec::new(), Vec::new(), Vec::new());
        let mut layout = Self { profile, columns, order, ignored };
        for cell in header.columns() {
            let of_profile = profile.column(&cell.key);
            let column = match choice {
                Choice::Custom(map) => map.column(&cell.key).map(told),
                _ => of_profile.copied().or_else(|| fields::by_header_key(&cell.key).map(ours)),
            };
            if column.is_none() {
                layout.ignored.push(shortened(&cell.name));
            }
            let (to, kind) = column.map_or((To::Nothing, Kind::Text), |c| (c.to, c.kind));
            layout.columns.push(Bound { name: cell.name.clone(), to, kind, of_profile });
        }
        let mut order: Vec<(Option<(Field, usize)>, usize)> =
            layout.columns.iter().enumerate().map(|(at, column)| (column.rank(), at)).collect();
        order.sort_unstable();
        layout.order = order.into_iter().map(|(_, at)| at).collect();
        let needed = profile.columns.iter().filter(|c| c.required && c.section.is_empty());
        let bound = |column: &Column| layout.position(column.name).is_some();
        match needed.into_iter().find(|column| !bound(column)) {
            None => Ok(layout),
            Some(column) => {
                let reason = Reason::new(Rule::MissingColumn, [&column.name, &header.summary()]);
                Err(FileError::whole(reason))
            }
        }
    }

    pub(super) fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// What the column that goes there is called in the file.
    pub(super) fn column_to(&self, to: To) -> Option<&str> {
        self.columns.iter().find(|column| column.to == to).map(|column| column.name.as_str())
    }

    /// The cells of a record without secrets. None where nobody knows which cell is which, and one
    /// may be a secret.
    pub(super) fn shown(&self, record: &Record<'_>) -> Option<Vec<String>> {
        let secret = |column: &Bound| column.kind == Kind::Secret || column.to == To::Password;
        if record.len() != self.columns.len() {
            let harmless = !self.columns.iter().any(secret);
            return harmless.then(|| record.cells().map(str::to_owned).collect());
        }
        let cells = self.columns.iter().zip(record.cells());
        let shown = |(column, cell): (&Bound, &str)| match secret(column) {
            true => String::new(),
            false => cell.to_owned(),
        };
        Some(cells.map(shown).collect())
    }

    fn position(&self, column: &str) -> Option<usize> {
        let is = |bound: &Bound| bound.of_profile.is_some_and(|found| found.name == column);
        self.columns.iter().position(is)
    }

    /// The entry of a row, or all that is wrong with it.
    pub(super) fn read(&self, record: &Record<'_>) -> Row {
        let line = record.line;
        if record.len() != self.columns.len() {
            return Row::Bad(vec![self.wrong_width(record)]);
        }
        let cells: Vec<&str> = record.cells().map(str::trim).collect();
        let mut faults: Vec<Fault> = self.faults(line, &cells);
        match self.entry(line, &cells) {
            Ok(entry) if faults.is_empty() => Row::Good(Box::new(entry)),
            Ok(_) => Row::Bad(faults),
            Err(fault) => {
                faults.push(fault);
                Row::Bad(faults)
            }
        }
    }

    fn wrong_width(&self, record: &Record<'_>) -> Fault {
        let (found, wanted) = (record.len(), self.columns.len());
        let reason = if found > wanted {
            Reason::new(Rule::TooManyCells, [&found, &wanted])
        } else {
            Reason::new(Rule::TooFewCells, [&found, &wanted])
        };
        let row = || shortened(&record.cells().collect::<Vec<_>>().join(","));
        // Which cell is which is unknown, so the row is shown only where none can be a secret.
        let harmless = !self.profile.has_secrets() && !self.keeps_password();
        let value = (harmless && self.ignored.is_empty()).then(row);
        Fault { line: record.line, field: None, value, reason }
    }

    fn keeps_password(&self) -> bool {
        self.columns.iter().any(|column| column.to == To::Password)
    }

    /// What is wrong with single cells, with sections, and between cells.
    fn faults<'a>(&'a self, line: u64, cells: &'a [&'a str]) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (column, value) in self.columns.iter().zip(cells) {
            if let Some(reason) = wrong(column.kind, value) {
                faults.push(column.fault(line, value, reason));
            }
        }
        let cell = |name: &str| -> Option<&'a str> {
            let value = cells.get(self.position(name)?)?;
            (!value.is_empty()).then_some(*value)
        };
        for column in self.profile.columns.iter().filter(|column| column.required) {
            let section = column.section;
            let in_section = |c: &&Column| c.section == section && cell(c.name).is_some();
            let used = section.is_empty() || self.profile.columns.iter().any(|c| in_section(&c));
            if used && cell(column.name).is_none() {
                let reason = match section {
                    "" => Reason::new(Rule::Required, [&column.name]),
                    _ => Reason::new(Rule::RequiredInSection, [&column.name, &section]),
                };
                faults.push(self.fault_of(line, column.name, reason));
            }
        }
        for broken in (self.profile.rules)(&cell) {
            faults.push(self.fault_of(line, broken.column, broken.reason));
        }
        faults
    }

    /// A fault of a column that may be missing in the file.
    fn fault_of(&self, line: u64, column: &str, reason: Reason) -> Fault {
        let bound = self.position(column).and_then(|at| self.columns.get(at));
        let name = bound.map_or(column, |bound| bound.name.as_str());
        Fault { line, field: Some(name.to_owned()), value: None, reason }
    }

    fn entry(&self, line: u64, cells: &[&str]) -> Result<Entry, Fault> {
        let mut builder = CardBuilder::default();
        let (mut id, mut uid, mut login, mut password) = (None, None, None, None);
        let mut first_bad = None;
        let ordered = self.order.iter().filter_map(|at| self.columns.get(*at).zip(cells.get(*at)));
        for (column, value) in ordered.filter(|(_, value)| !value.is_empty()) {
            match column.to {
                // An export to XiVO has the extension in both columns, since XiVO knows one only.
                To::Field(Field::Work) if Some(*value) == self.extension(cells) => {}
                To::Field(field) => _ = builder.push(field, &with_plain_line_ends(value)),
                To::Id => match ContactId::parse(value) {
                    Some(found) => id = Some(found),
                    None => {
                        first_bad = Some(column.fault(line, value, Rule::NoContactId.into()));
                    }
                },
                To::Uid => uid = Some((*value).into()),
                To::Login => login = Some(value.to_lowercase().into()),
                To::Password => password = Some(Zeroizing::new((*value).to_owned())),
                To::Nothing => {}
            }
        }
        if let Some(fault) = first_bad {
            return Err(fault);
        }
        if !self.signs_in(cells) {
            (login, password) = (None, None);
        }
        let nameless = |NamelessCard| {
            let (field, value, reason) = (None, None, Rule::Nameless.into());
            Fault { line, field, value, reason }
        };
        let card = builder.finish().map_err(nameless)?;
        Ok(Entry { line, id, uid, card, login, password, ..Entry::default() })
    }

    fn extension<'a>(&self, cells: &[&'a str]) -> Option<&'a str> {
        let at = self.columns.iter().position(|c| c.to == To::Field(Field::Extension))?;
        cells.get(at).copied()
    }

    fn signs_in(&self, cells: &[&str]) -> bool {
        let Some(flag) = self.profile.sign_in_flag else { return true };
        self.position(flag).and_then(|at| cells.get(at)) == Some(&"1")
    }
}

impl Bound {
    /// Where a value goes, and for further values of a field (`number2`) which it is.
    fn rank(&self) -> Option<(Field, usize)> {
        let To::Field(field) = self.to else { return None };
        let bare = self.name.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = self.name.get(bare.len()..).and_then(|digits| digits.parse().ok());
        Some((field, number.unwrap_or_default()))
    }

    fn fault(&self, line: u64, value: &str, reason: Reason) -> Fault {
        let secret = self.kind == Kind::Secret || self.to == To::Password;
        let value = (!secret).then(|| shortened(value));
        Fault { line, field: Some(self.name.clone()), value, reason }
    }
}

/// A column of a map that the sender told.
fn told(to: To) -> Column {
    match to {
        To::Field(field) => ours(field),
        To::Password => Column::new("", to, Kind::Secret),
        _ => Column::new("", to, Kind::Text),
    }
}

/// A column that no profile lists but that is called like one of our fields.
fn ours(field: Field) -> Column {
    Column::field("", field)
}

/// What is wrong with a value, and what would be right. Empty cells are never wrong by themselves.
fn wrong(kind: Kind, value: &str) -> Option<Reason> {
    if value.is_empty() {
        return None;
    }
    let forbidden = |c: &char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if let Some(control) = value.chars().find(forbidden) {
        let shown = format!("U+{:04X}", u32::from(control));
        return Some(Reason::new(Rule::Control, [&shown]));
    }
    match kind {
        Kind::Text | Kind::Secret => None,
        Kind::Number => scientific(value).then(|| Rule::Scientific.into()),
        Kind::Digits => {
            let fine = value.len() <= 40 && value.bytes().all(|byte| byte.is_ascii_digit());
            (!fine).then(|| Rule::Digits.into())
        }
        Kind::Flag => (!matches!(value, "0" | "1")).then(|| Rule::Flag.into()),
        Kind::Email => {
            let halves = value.split_once('@');
            let fine = halves.is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty());
            let fine = fine && !value.contains(char::is_whitespace);
            (!fine).then(|| Rule::Email.into())
        }
        Kind::OneOf(allowed) => {
            let reason = || Reason::new(Rule::OneOf, [&allowed.join(", ")]);
            (!allowed.contains(&value)).then(reason)
        }
    }
}

/// `4.91512E+11`: a number as Excel shows and saves it in a narrow column.
fn scientific(value: &str) -> bool {
    let Some((mantissa, exponent)) = value.split_once(['E', 'e']) else { return false };
    let Some(exponent) = exponent.strip_prefix('+') else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    digits(whole) && digits(fraction) && digits(exponent)
}

fn with_plain_line_ends(value: &str) -> Cow<'_, str> {
    if value.contains('\r') {
        value.replace("\r\n", "\n").replace('\r', "\n").into()
    } else {
        value.into()
    }
}
