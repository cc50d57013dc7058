//! Distinguished names: read in the forms of RFC 4514 and RFC 1779, written by RFC 4514.

use std::fmt;

use crate::auth::dn::parser::{Parser, without_oid};

mod parser;
#[cfg(test)]
mod tests;

/// More components than any directory has; longer names are refused.
const PAIRS_MAX: usize = 64;

/// Attribute types of names: object identifier, short and long name. All are known by the short.
const TYPES: [(&str, &str, &str); 14] = [
    ("2.5.4.3", "cn", "commonname"),
    ("2.5.4.4", "sn", "surname"),
    ("2.5.4.5", "serialnumber", "serialnumber"),
    ("2.5.4.6", "c", "countryname"),
    ("2.5.4.7", "l", "localityname"),
    ("2.5.4.8", "st", "stateorprovincename"),
    ("2.5.4.9", "street", "streetaddress"),
    ("2.5.4.10", "o", "organizationname"),
    ("2.5.4.11", "ou", "organizationalunitname"),
    ("2.5.4.42", "givenname", "gn"),
    ("0.9.2342.19200300.100.1.1", "uid", "userid"),
    ("0.9.2342.19200300.100.1.3", "mail", "rfc822mailbox"),
    ("0.9.2342.19200300.100.1.25", "dc", "domaincomponent"),
    ("1.2.840.113549.1.9.1", "emailaddress", "email"),
];

/// The text is no distinguished name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no distinguished name (RFC 4514)")]
pub struct NoDn;

/// A distinguished name, the most special component first. Empty for the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dn {
    rdns: Vec<Rdn>,
}

/// One component of a name, such as `uid=204`: one pair, rarely more.
#[derive(Clone, Debug)]
pub struct Rdn {
    pairs: Vec<Pair>,
}

/// An attribute type, lower case and short where it has a short name, and a value as written.
#[derive(Clone, Debug)]
struct Pair {
    kind: String,
    value: String,
}

impl Dn {
    /// Reads a name: RFC 4514, and with quotes, `;`, `OID.` and spaces as in RFC 1779.
    ///
    /// # Errors
    /// [`NoDn`] where the text is none, or has more than 64 components.
    pub fn parse(text: &str) -> Result<Self, NoDn> {
        let mut parser = Parser::new(text);
        let mut rdns = Vec::new();
        if parser.at_end() {
            return Ok(Self { rdns });
        }
        let mut pairs = Vec::new();
        for _ in 0..PAIRS_MAX {
            let (kind, value) = parser.pair().ok_or(NoDn)?;
            pairs.push(Pair { kind: canonical_type(kind), value });
            match parser.separator() {
                Some(b'+') => {}
                Some(b',' | b';') => rdns.push(Rdn { pairs: std::mem::take(&mut pairs) }),
                None if parser.at_end() => {
                    rdns.push(Rdn { pairs });
                    return Ok(Self { rdns });
                }
                _ => return Err(NoDn),
            }
        }
        Err(NoDn)
    }

    /// The components, the most special first.
    pub fn rdns(&self) -> &[Rdn] {
        &self.rdns
    }

    /// The components in front of a suffix; none of them where the name is the suffix itself.
    /// `None` where the name does not end in the suffix.
    pub fn below(&self, suffix: &Self) -> Option<&[Rdn]> {
        let at = self.rdns.len().checked_sub(suffix.rdns.len())?;
        let (front, back) = self.rdns.split_at(at);
        (back == suffix.rdns).then_some(front)
    }
}

impl Rdn {
    /// The type and value of a component that has just one of them, as nearly all do.
    pub fn single(&self) -> Option<(&str, &str)> {
        match self.pairs.as_slice() {
            [pair] => Some((&pair.kind, &pair.value)),
            _ => None,
        }
    }

    /// The value under a type, given by its short name in lower case.
    pub fn value_of(&self, kind: &str) -> Option<&str> {
        self.pairs.iter().find(|pair| pair.kind == kind).map(|pair| pair.value.as_str())
    }
}

/// The order of the pairs of one component means nothing.
impl PartialEq for Rdn {
    fn eq(&self, other: &Self) -> bool {
        self.pairs.len() == other.pairs.len()
            && self.pairs.iter().all(|pair| other.pairs.contains(pair))
    }
}

impl Eq for Rdn {}

/// Values compare as caseIgnoreMatch does: without case, runs of spaces as one.
impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && same_value(&self.value, &other.value)
    }
}

/// Whether two values of a name are the same under caseIgnoreMatch.
pub fn same_value(one: &str, other: &str) -> bool {
    let words = |text: &str| {
        text.split_whitespace().map(str::to_lowercase).collect::<Vec<String>>().join(" ")
    };
    one == other || one.eq_ignore_ascii_case(other) || words(one) == words(other)
}

/// The short name of a type in lower case: `OID.2.5.4.3` and `commonName` are `cn`.
fn canonical_type(kind: &str) -> String {
    let bare = without_oid(kind).to_ascii_lowercase();
    let known = TYPES.iter().find(|(oid, _, long)| *oid == bare || *long == bare);
    known.map_or(bare, |(_, short, _)| (*short).to_owned())
}

impl fmt::Display for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, rdn) in self.rdns.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            rdn.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Rdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, pair) in self.pairs.iter().enumerate() {
            if at > 0 {
                f.write_str("+")?;
            }
            write!(f, "{}={}", pair.kind, escaped(&pair.value))?;
        }
        Ok(())
    }
}

/// A value with what has a meaning in names escaped (RFC 4514 section 2.4).
pub fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    for (at, c) in value.char_indices() {
        match c {
            '\0'..='\u{1f}' => out.push_str(&format!("\\{:02X}", u32::from(c))),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.extend(['\\', c]),
            '#' if at == 0 => out.push_str("\\#"),
            ' ' if at == 0 || at == last => out.push_str("\\ "),
            _ => out.push(c),
        }
    }
    out
}
