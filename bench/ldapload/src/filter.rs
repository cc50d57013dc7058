//! A search filter's text (RFC 4515) to its bytes: and, or, not, equality, presence, substrings,
//! `>=`, `<=` and `~=`.

use crate::ber::element;

/// Appends the encoded filter.
///
/// # Errors
/// Where the text stops being a filter.
pub fn encode(text: &str, out: &mut Vec<u8>) -> Result<(), String> {
    let mut reader = Reader { text: text.as_bytes(), at: 0 };
    reader.filter(out).map_err(|what| format!("{what} at {} of the filter {text}", reader.at))
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Result<u8, &'static str> {
        self.text.get(self.at).copied().ok_or("unexpected end")
    }

    fn take(&mut self) -> Result<u8, &'static str> {
        let octet = self.peek()?;
        self.at += 1;
        Ok(octet)
    }

    fn filter(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        if self.take()? != b'(' {
            return Err("no `(`");
        }
        match self.peek()? {
            b'&' => self.set(0xa0, out)?,
            b'|' => self.set(0xa1, out)?,
            b'!' => self.set(0xa2, out)?,
            _ => self.item(out)?,
        }
        if self.take()? == b')' { Ok(()) } else { Err("no `)`") }
    }

    fn set(&mut self, tag: u8, out: &mut Vec<u8>) -> Result<(), &'static str> {
        self.at += 1;
        let mut members = vec![];
        while self.peek()? == b'(' {
            self.filter(&mut members)?;
        }
        element(tag, &members, out);
        Ok(())
    }

    fn item(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        let start = self.at;
        while self.peek()? != b'=' {
            self.at += 1;
        }
        let (attribute, comparison) = match &self.text[start..self.at] {
            [attribute @ .., b'>'] => (attribute, 0xa5),
            [attribute @ .., b'<'] => (attribute, 0xa6),
            [attribute @ .., b'~'] => (attribute, 0xa8),
            attribute => (attribute, 0xa3),
        };
        self.at += 1;
        let mut parts = vec![vec![]];
        while self.peek()? != b')' {
            match self.take()? {
                b'*' => parts.push(vec![]),
                b'\\' => {
                    let octet = self.hexadecimal()? << 4 | self.hexadecimal()?;
                    parts[..].last_mut().ok_or("no part")?.push(octet);
                }
                octet => parts[..].last_mut().ok_or("no part")?.push(octet),
            }
        }
        write_item(attribute, comparison, &parts, out);
        Ok(())
    }

    fn hexadecimal(&mut self) -> Result<u8, &'static str> {
        let digit = char::from(self.take()?).to_digit(16).ok_or("no hexadecimal digit")?;
        u8::try_from(digit).map_err(|_| "no hexadecimal digit")
    }
}

fn write_item(attribute: &[u8], comparison: u8, parts: &[Vec<u8>], out: &mut Vec<u8>) {
    let mut body = vec![];
    element(4, attribute, &mut body);
    match parts {
        [value] => {
            element(4, value, &mut body);
            element(comparison, &body, out);
        }
        [first, last] if first.is_empty() && last.is_empty() => element(0x87, attribute, out),
        [first, between @ .., last] => {
            let mut pieces = vec![];
            let between = between.iter().map(|part| (0x81, part));
            for (tag, part) in std::iter::once((0x80, first)).chain(between).chain([(0x82, last)]) {
                if !part.is_empty() {
                    element(tag, part, &mut pieces);
                }
            }
            element(0x30, &pieces, &mut body);
            element(0xa4, &body, out);
        }
        [] => {}
    }
}

#[cfg(test)]
mod tests {
    use super::encode;

    fn check(text: &str, expected: &[u8]) {
        let mut out = vec![];
        encode(text, &mut out).unwrap();
        assert_eq!(out, expected, "{text}");
    }

    #[test]
    fn filters_are_encoded_as_rfc_4511_says() {
        check("(a=b)", &[0xa3, 6, 4, 1, b'a', 4, 1, b'b']);
        check("(a=*)", &[0x87, 1, b'a']);
        check("(a=b*)", &[0xa4, 8, 4, 1, b'a', 0x30, 3, 0x80, 1, b'b']);
        check("(a=*b)", &[0xa4, 8, 4, 1, b'a', 0x30, 3, 0x82, 1, b'b']);
        check("(!(a>=\\2a))", &[0xa2, 8, 0xa5, 6, 4, 1, b'a', 4, 1, b'*']);
    }

    #[test]
    fn a_broken_filter_is_refused() {
        for text in ["", "a=b", "(a=b", "(&(a=b)", "(a=\\2)"] {
            assert!(encode(text, &mut vec![]).is_err(), "{text}");
        }
    }
}
