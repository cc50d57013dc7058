//! Reads the text of a distinguished name piece by piece.

/// A cursor over the text.
pub(super) struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// Whether nothing but white space is left.
    pub(super) fn at_end(&mut self) -> bool {
        self.skip_space();
        self.rest.is_empty()
    }

    /// The next attribute type and value.
    pub(super) fn pair(&mut self) -> Option<(&'a str, String)> {
        let (kind, rest) = self.rest.split_once('=')?;
        let kind = kind.trim_matches(is_space);
        if !is_type(without_oid(kind)) {
            return None;
        }
        self.rest = rest;
        self.skip_space();
        let value = match self.rest.as_bytes().first() {
            Some(b'"') => self.quoted()?,
            Some(b'#') => self.hex()?,
            _ => self.plain()?,
        };
        self.skip_space();
        Some((kind, value))
    }

    /// The separator behind a pair.
    pub(super) fn separator(&mut self) -> Option<u8> {
        let found = self.rest.bytes().next().filter(|c| matches!(c, b',' | b';' | b'+'))?;
        self.advance(1);
        Some(found)
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches(is_space);
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// A value up to a separator. Spaces at its end count only where they are escaped.
    fn plain(&mut self) -> Option<String> {
        let mut value = Vec::new();
        let mut kept = 0;
        while let Some(c) = self.rest.chars().next() {
            match c {
                ',' | ';' | '+' => break,
                '\\' => {
                    self.escape(&mut value)?;
                    kept = value.len();
                }
                '"' => return None,
                _ => {
                    self.copy(c, &mut value);
                    if !is_space(c) {
                        kept = value.len();
                    }
                }
            }
        }
        value.truncate(kept);
        String::from_utf8(value).ok()
    }

    /// `"a value, with anything"` (RFC 1779).
    fn quoted(&mut self) -> Option<String> {
        self.advance(1);
        let mut value = Vec::new();
        loop {
            match self.rest.chars().next()? {
                '"' => {
                    self.advance(1);
                    return String::from_utf8(value).ok();
                }
                '\\' => self.escape(&mut value)?,
                c => self.copy(c, &mut value),
            }
        }
    }

    /// `#04024869`: the BER encoding of a string (RFC 4514 section 2.4).
    fn hex(&mut self) -> Option<String> {
        self.advance(1);
        let mut encoded = Vec::new();
        while let Some(byte) = self.hex_pair() {
            encoded.push(byte);
            self.advance(2);
        }
        // Only string types with short lengths appear in names.
        match encoded.as_slice() {
            [0x04 | 0x0c | 0x13 | 0x16, length, value @ ..]
                if *length < 0x80 && usize::from(*length) == value.len() =>
            {
                String::from_utf8(value.to_vec()).ok()
            }
            _ => None,
        }
    }

    /// `\,` or `\C3`; several of the latter make up one character.
    fn escape(&mut self, value: &mut Vec<u8>) -> Option<()> {
        self.advance(1);
        if let Some(byte) = self.hex_pair() {
            value.push(byte);
            self.advance(2);
            return Some(());
        }
        let c = self.rest.chars().next()?;
        self.copy(c, value);
        Some(())
    }

    fn hex_pair(&self) -> Option<u8> {
        let pair = self.rest.get(..2).filter(|pair| pair.bytes().all(|c| c.is_ascii_hexdigit()))?;
        u8::from_str_radix(pair, 16).ok()
    }

    fn copy(&mut self, c: char, value: &mut Vec<u8>) {
        value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        self.advance(c.len_utf8());
    }
}

/// A type without the mark that RFC 1779 puts before numbers.
pub(super) fn without_oid(kind: &str) -> &str {
    let mark = kind.get(..4).filter(|mark| mark.eq_ignore_ascii_case("oid."));
    mark.and_then(|mark| kind.get(mark.len()..)).unwrap_or(kind)
}

/// A name or an object identifier (RFC 4512 section 1.4).
fn is_type(kind: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let arc = |arc: &str| !arc.is_empty() && arc.bytes().all(|c| c.is_ascii_digit());
    kind.starts_with(|c: char| c.is_ascii_alphabetic()) && kind.chars().all(name)
        || kind.split('.').all(arc)
}

/// What may stand around the parts of a name; other white space belongs to the values.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}
