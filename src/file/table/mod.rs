//! Tables of contacts as text (CSV): what each column of a known kind of file means.

use std::io::Read;
use std::sync::Arc;

use crate::contact::card::Field;
use crate::file::encoding::Text;
use crate::file::table::choice::{Choice, ColumnMap, Told};
use crate::file::table::column::To;
use crate::file::table::header::Header;
use crate::file::table::layout::Layout;
use crate::file::table::reader::{RecordReader, Step};
use crate::file::{About, Fault, FileError, ROWS_MAX, Reason, Row, Rows, Rule};

mod arrange;
pub mod cell;
mod check;
pub mod choice;
mod column;
mod header;
mod layout;
mod list;
pub mod load;
pub mod plain;
pub mod profile;
pub mod profiles;
pub mod ranges;
mod reader;
mod row;
mod rules;
pub mod said;
pub mod writer;

/// Reads a table row by row.
pub struct TableReader<R> {
    records: RecordReader<R>,
    layout: Layout,
    about: About,
    rows: u64,
    done: bool,
}

impl<R: Read> TableReader<R> {
    /// Reads the header and settles what the columns mean.
    ///
    /// # Errors
    /// [`FileError`] where the file is no table that a profile knows.
    pub fn open(source: R, text: Text, choice: &Choice) -> Result<Self, FileError> {
        let mut records = RecordReader::open(source, text)?;
        let header = match choice.told() {
            Told::Custom(ColumnMap::Ordered(fields)) => Header::numbered(fields.len()),
            _ => header(&mut records)?,
        };
        let mut layout = match choice.told() {
            Told::Auto => {
                let fit = choice.profiles.recognise(&header);
                let twice = |unknown| header.twice(|_| false).unwrap_or(unknown);
                Layout::fitting(fit.map_err(twice)?, &header)?
            }
            Told::Named(name) => Layout::fitting(choice.profiles.told(name, &header)?, &header)?,
            Told::Custom(map) => Layout::told(map, &header)?,
        };
        if layout.profile.utf8_unless_told {
            text.only_if_told()?;
        }
        layout.ranges = Arc::clone(&choice.ranges);
        layout.numbering = choice.numbering.clone();
        let about = About {
            profile: layout.profile.name.clone(),
            holds: layout.profile.holds,
            delimiter: Some(records.delimiter()),
            header: header.names(),
            ignored_columns: layout.ignored().to_vec(),
            extension_column: layout.column_to(To::Field(Field::Extension)).map(str::to_owned),
            login_column: layout.column_to(To::Login).map(str::to_owned),
            covers: layout.covers(),
        };
        Ok(Self { records, layout, about, rows: 0, done: false })
    }
}

fn header<R: Read>(records: &mut RecordReader<R>) -> Result<Header, FileError> {
    match records.step()? {
        Step::Record(record) => Header::read(&record),
        Step::End => Err(FileError::whole(Rule::NoRows)),
        Step::Unterminated { line } => Err(FileError::at(line, Rule::Unterminated)),
        Step::TooLarge { line, .. } => {
            let (bytes, cells) = (reader::RECORD_BYTES_MAX, reader::CELLS_MAX);
            Err(FileError::at(line, Reason::new(Rule::HeaderTooLarge, [&bytes, &cells])))
        }
    }
}

impl<R: Read> Rows for TableReader<R> {
    fn about(&self) -> &About {
        &self.about
    }

    fn next_row(&mut self) -> Result<Option<Row>, FileError> {
        if self.done {
            return Ok(None);
        }
        let wrong = |line, reason| Row::Bad(vec![Fault { line, field: None, value: None, reason }]);
        let row = match self.records.step()? {
            Step::Record(record) => self.layout.read(&record),
            Step::End if self.rows == 0 => return Err(FileError::whole(Rule::NoRows)),
            Step::End => return Ok(None),
            Step::TooLarge { line, reason } => wrong(line, reason),
            Step::Unterminated { line } => {
                self.done = true;
                wrong(line, Rule::Unterminated.into())
            }
        };
        self.rows += 1;
        if self.rows > ROWS_MAX {
            return Err(FileError::whole(Reason::new(Rule::TooManyRows, [&ROWS_MAX])));
        }
        Ok(Some(row))
    }

    fn raw(&self) -> Option<Vec<String>> {
        self.layout.shown(&self.records.last()?)
    }
}

#[cfg(test)]
mod tests;
