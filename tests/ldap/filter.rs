//! Encodes filters from their text form (RFC 4515).

use crate::client::element;

/// The filter as it is sent.
pub(crate) fn encoded(text: &str) -> Vec<u8> {
    let (filter, rest) = filter(text);
    assert_eq!(rest, "", "behind {text}");
    filter
}

fn filter(text: &str) -> (Vec<u8>, &str) {
    let inner = text.strip_prefix('(').unwrap_or_else(|| panic!("a filter: {text}"));
    match inner.as_bytes().first() {
        Some(b'&') => list(0xa0, &inner[1..]),
        Some(b'|') => list(0xa1, &inner[1..]),
        Some(b'!') => {
            let (content, rest) = filter(&inner[1..]);
            (element(0xa2, &content), rest.strip_prefix(')').unwrap())
        }
        _ => {
            let (term, rest) = inner.split_once(')').unwrap();
            (self::term(term), rest)
        }
    }
}

fn list(tag: u8, mut text: &str) -> (Vec<u8>, &str) {
    let mut content = Vec::new();
    while text.starts_with('(') {
        let (encoded, rest) = filter(text);
        content.extend(encoded);
        text = rest;
    }
    (element(tag, &content), text.strip_prefix(')').unwrap())
}

fn term(term: &str) -> Vec<u8> {
    let (left, value) = term.split_once('=').unwrap();
    let pair = |name: &str| [element(4, name.as_bytes()), element(4, &bytes(value))].concat();
    if let Some(name) = left.strip_suffix('>') {
        return element(0xa5, &pair(name));
    }
    if let Some(name) = left.strip_suffix('<') {
        return element(0xa6, &pair(name));
    }
    if let Some(name) = left.strip_suffix('~') {
        return element(0xa8, &pair(name));
    }
    if let Some(assertion) = left.strip_suffix(':') {
        return element(0xa9, &extensible(assertion, &bytes(value)));
    }
    if value == "*" {
        return element(0x87, left.as_bytes());
    }
    if !value.contains('*') {
        return element(0xa3, &pair(left));
    }
    let parts: Vec<&str> = value.split('*').collect();
    let last = parts.len() - 1;
    let encoded = parts.iter().enumerate().filter(|(_, part)| !part.is_empty());
    let encoded: Vec<u8> = encoded
        .flat_map(|(at, part)| {
            let tag = if at == 0 {
                0x80
            } else if at == last {
                0x82
            } else {
                0x81
            };
            element(tag, &bytes(part))
        })
        .collect();
    element(0xa4, &[element(4, left.as_bytes()), element(0x30, &encoded)].concat())
}

/// `attribute:dn:rule`, each of which may be missing.
fn extensible(assertion: &str, value: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&str> = assertion.split(':').collect();
    let in_name = parts.iter().position(|part| *part == "dn").map(|at| parts.remove(at));
    let (attribute, rule) = (parts[0], parts.get(1).copied().unwrap_or_default());
    let given = |tag, text: &str| match text {
        "" => Vec::new(),
        text => element(tag, text.as_bytes()),
    };
    let in_name = if in_name.is_some() { element(0x84, &[0xff]) } else { Vec::new() };
    [given(0x81, rule), given(0x82, attribute), element(0x83, value), in_name].concat()
}

/// A value with its `\28` escapes resolved.
fn bytes(value: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        if c == '\\' {
            bytes.push(u8::from_str_radix(&rest[1..3], 16).unwrap());
            rest = &rest[3..];
        } else {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[c.len_utf8()..];
        }
    }
    bytes
}
