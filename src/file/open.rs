//! Opens a file of contacts: finds out of which kind it is.

use std::io::{self, Read};

use crate::file::cards::CardReader;
use crate::file::encoding::Text;
use crate::file::ldif::LdifReader;
use crate::file::lines::Lines;
use crate::file::table::TableReader;
use crate::file::table::choice::{Choice, Told};
use crate::file::{FileError, Reason, Rows, Rule};

/// How much of a file is looked at to find the first card; text may stand before it.
const HEAD_BYTES: usize = 64 * 1024;

/// Begins to read a file anew. Some kinds of files are looked through before their rows are read.
pub type Opener = dyn Fn() -> io::Result<Box<dyn Read + Send>> + Send + Sync;

/// What is read in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Cards,
    Ldif,
    Table,
}

/// A reader of the file's rows.
///
/// # Errors
/// [`FileError`] where the file is of no kind that is known, or its beginning is wrong.
pub fn open(
    opener: &Opener,
    text: Text,
    choice: &Choice,
) -> Result<Box<dyn Rows + Send>, FileError> {
    let kind = match choice.told() {
        Told::Named(name) if &**name == "ldif" => Kind::Ldif,
        Told::Named(name) if Choice::OTHERS.contains(&&**name) => Kind::Cards,
        Told::Named(_) | Told::Custom(_) => Kind::Table,
        Told::Auto => kind_of(Lines::bytes(begin(opener)?, text))?,
    };
    Ok(match kind {
        Kind::Cards => Box::new(CardReader::open(opener, text)?),
        Kind::Ldif => Box::new(LdifReader::open(opener, text)?),
        Kind::Table => Box::new(TableReader::open(begin(opener)?, text, choice)?),
    })
}

/// The file from its first byte.
///
/// # Errors
/// [`FileError`] where it cannot be read.
pub(super) fn begin(opener: &Opener) -> Result<Box<dyn Read + Send>, FileError> {
    opener().map_err(|fault| FileError::whole(Reason::new(Rule::Unreadable, [&fault])))
}

/// What the first lines look like. A cell of a table may be a card: it stands within quotes.
fn kind_of<R: Read>(mut lines: Lines<R>) -> Result<Kind, FileError> {
    let (mut bytes, mut quoted, mut first) = (0, false, true);
    while let Some(line) = lines.next(HEAD_BYTES)? {
        let text = line.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line.bytes).trim_ascii();
        if text.eq_ignore_ascii_case(b"BEGIN:VCARD") && !quoted {
            return Ok(Kind::Cards);
        }
        if first && begins_ldif(text) {
            return Ok(Kind::Ldif);
        }
        first &= text.is_empty() || text.starts_with(b"#");
        quoted ^= memchr::memchr_iter(b'"', text).count() % 2 == 1;
        bytes += line.bytes.len();
        if bytes > HEAD_BYTES || !line.whole {
            break;
        }
    }
    Ok(Kind::Table)
}

/// Whether a line is one by which LDIF begins (RFC 2849): a version, or the name of an entry.
fn begins_ldif(line: &[u8]) -> bool {
    let start = |start: &[u8]| {
        let head = line.get(..start.len()).filter(|head| head.eq_ignore_ascii_case(start));
        head.and_then(|_| line.get(start.len()..))
    };
    let is_number = |rest: &[u8]| rest.trim_ascii().iter().all(u8::is_ascii_digit);
    start(b"version:").is_some_and(is_number) || start(b"dn:").is_some()
}
