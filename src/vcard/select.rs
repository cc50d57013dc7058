//! Cards with some of their properties only (RFC 6352 10.4.2).

use crate::vcard::line::lines;
use crate::vcard::place::marks;

/// A property that a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// None: whatever group the property is in, or none.
    pub group: Option<String>,
    /// The property's name, in any case.
    pub name: String,
    /// The property without its value.
    pub novalue: bool,
}

/// The card with these properties only.
pub fn select(card: &[u8], wanted: &[Wanted]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines(card) {
        let envelope = marks(&line, "BEGIN") || marks(&line, "END");
        let asked = |name: &str| wanted.iter().any(|w| w.name.eq_ignore_ascii_case(name));
        let named = line.content.as_ref().is_some_and(|c| c.is("VERSION") || asked(c.name()));
        if envelope || named {
            out.extend_from_slice(line.raw);
        }
    }
    out
}
