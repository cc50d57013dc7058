//! Mix files: the searches of one measurement, one a line.

use std::fs;
use std::path::Path;

use crate::ber::{Request, Search};

/// One search of a mix.
pub struct MixEntry {
    pub request: Request,
    /// Entries that a right answer has at least; None where the mix does not say.
    pub entries_min: Option<u32>,
    /// The filter, for messages.
    pub filter: String,
}

/// Reads a mix: tab-separated scope, base, size limit, attributes, filter and expected entries.
///
/// # Errors
/// A sentence that names the file and the line.
pub fn read(path: &Path) -> Result<Vec<MixEntry>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = text.lines().enumerate();
    let mut entries = vec![];
    for (index, line) in lines.filter(|(_, line)| !line.starts_with('#') && !line.is_empty()) {
        let at = |what: String| format!("{}:{}: {what}", path.display(), index + 1);
        entries.push(read_line(line).map_err(at)?);
    }
    if entries.is_empty() {
        return Err(format!("{}: no searches", path.display()));
    }
    shuffle(&mut entries);
    Ok(entries)
}

fn read_line(line: &str) -> Result<MixEntry, String> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [scope, base, entries_max, attributes, filter, expected] = fields[..] else {
        return Err(format!("{} columns instead of 6", fields.len()));
    };
    let entries_max = entries_max.parse().map_err(|_| format!("no size limit: {entries_max}"))?;
    let request = Request::search(&Search { scope, base, entries_max, attributes, filter })?;
    let entries_min = expected.parse().ok();
    Ok(MixEntry { request, entries_min, filter: filter.to_owned() })
}

/// The same disorder in each run, so that neighbours in the file are not neighbours on the wire.
fn shuffle(entries: &mut [MixEntry]) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for last in (1..entries.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        entries.swap(last, (state % (last as u64 + 1)) as usize);
    }
}
