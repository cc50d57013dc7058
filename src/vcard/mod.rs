//! vCard: a content-line layer that loses nothing, and the way from a card's text to its fields and back.
//!
//! Versions 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350) are read and written. Nothing here does I/O.

pub mod convert;
pub mod edit;
mod fields;
pub mod line;
pub mod photo;
pub(crate) mod place;
mod property;
pub mod read;
pub mod select;
mod telephone;
pub mod text;
pub mod utf8;
pub mod write;

#[cfg(test)]
mod tests;

/// The line without the line ends behind it. Some phones write CR CR LF.
fn without_line_end(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b'\r' | b'\n'] = line {
        line = rest;
    }
    line
}
