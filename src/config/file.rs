//! The configuration file: TOML in, settings with their lines out.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::config::keys::Value;
use crate::config::{Fault, Place, Setting};

/// A larger file is no configuration.
const BYTES_MAX: u64 = 1024 * 1024;
/// Keys have two parts; deeper tables are unknown anyway.
const DEPTH_MAX: usize = 8;

/// The settings of a file, in the order of their keys.
pub(super) fn read(path: &Path) -> Result<Vec<Setting>, Fault> {
    let fault = |line, what| Fault::in_file(path, line, what);
    let mut text = String::new();
    let file = File::open(path).map_err(|error| fault(0, format!("cannot be read: {error}")))?;
    let read = file.take(BYTES_MAX + 1).read_to_string(&mut text);
    read.map_err(|error| fault(0, format!("cannot be read: {error}")))?;
    if text.len() as u64 > BYTES_MAX {
        return Err(fault(0, format!("has more than {BYTES_MAX} bytes")));
    }
    let text = text.as_str();
    let table = DeTable::parse(text).map_err(|error| {
        fault(error.span().map_or(0, |span| line(text, &span)), error.message().to_owned())
    })?;
    let mut settings = Vec::new();
    let place = |span: &Range<usize>| Place::File { path: path.to_owned(), line: line(text, span) };
    let reader = Reader { text, place: &place };
    reader.collect("", table.get_ref(), 0, &mut settings);
    Ok(settings)
}

struct Reader<'a> {
    text: &'a str,
    place: &'a dyn Fn(&Range<usize>) -> Place,
}

impl Reader<'_> {
    /// Adds the settings of a table and of the tables in it.
    fn collect(&self, prefix: &str, table: &DeTable<'_>, depth: usize, into: &mut Vec<Setting>) {
        for (name, value) in table {
            let dot = if prefix.is_empty() { "" } else { "." };
            let key = format!("{prefix}{dot}{}", name.get_ref());
            match value.get_ref() {
                DeValue::Table(inner) if depth < DEPTH_MAX => {
                    self.collect(&key, inner, depth + 1, into);
                }
                _ => {
                    let (place, value) = ((self.place)(&name.span()), self.value(value));
                    into.push(Setting { place, key, value });
                }
            }
        }
    }

    fn value(&self, value: &Spanned<DeValue<'_>>) -> Value {
        let found = match value.get_ref() {
            DeValue::String(text) => Some(Value::Text(text.to_string())),
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::Integer)
            }
            DeValue::Array(array) => texts(array).map(Value::List),
            _ => None,
        };
        let written = || self.text.get(value.span()).unwrap_or_default().to_owned();
        found.unwrap_or_else(|| Value::Other(written()))
    }
}

fn texts(array: &DeArray<'_>) -> Option<Vec<String>> {
    array.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
}

/// The line of a place, counted from 1.
fn line(text: &str, span: &Range<usize>) -> usize {
    1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count()
}
