//! What a file that was sent is called.

use hyper::HeaderMap;
use hyper::header::CONTENT_DISPOSITION;
use percent_encoding::percent_decode_str;

/// Longer names are cut.
const CHARS_MAX: usize = 200;

/// The name in `Content-Disposition` (RFC 6266): `filename*` before `filename`.
pub(super) fn of_headers(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_DISPOSITION)?;
    let value = String::from_utf8_lossy(value.as_bytes());
    let parameters = parameters(&value);
    let named = |name: &str| {
        let found = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    let name =
        named("filename*").and_then(extended).or_else(|| named("filename").map(str::to_owned));
    plain(&name?)
}

/// A name without folders and signs that do not belong there. None where nothing is left.
pub(super) fn plain(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect();
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The parameters behind the first `;`, without their quotes.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = value.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, behind)) = rest.split_once('=') {
        let (text, next) = match behind.trim_start().strip_prefix('"') {
            Some(quoted) => quoted_text(quoted),
            None => {
                let (text, next) = behind.split_once(';').unwrap_or((behind, ""));
                (text.trim().to_owned(), next)
            }
        };
        found.push((name.trim_matches([' ', '\t', ';']).to_owned(), text));
        rest = next;
    }
    found
}

/// What stands before the closing quote, and what behind it.
fn quoted_text(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut signs = quoted.char_indices();
    while let Some((at, c)) = signs.next() {
        match c {
            '"' => return (text, quoted.get(at + 1..).unwrap_or_default()),
            // Browsers of old put Windows' paths in here as they were, so only quotes and
            // backslashes are escaped.
            '\\' => match signs.clone().next() {
                Some((_, escaped @ ('"' | '\\'))) => {
                    text.push(escaped);
                    signs.next();
                }
                _ => text.push('\\'),
            },
            c => text.push(c),
        }
    }
    (text, "")
}

/// A value with its encoding and language before it (RFC 8187): only UTF-8 is known.
fn extended(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _language, text) = (parts.next()?, parts.next()?, parts.next()?);
    let text = percent_decode_str(text).decode_utf8().ok()?;
    charset.eq_ignore_ascii_case("utf-8").then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_each_spelling() {
        let check = |value: &str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_DISPOSITION, value.parse().unwrap());
            assert_eq!(of_headers(&headers).as_deref(), expected, "{value}");
        };
        check("attachment; filename=\"a b.csv\"", Some("a b.csv"));
        check("attachment; FileName=a.csv; size=3", Some("a.csv"));
        check("form-data; name=\"file\"; filename=\"a;=\\\"b\\\".csv\"", Some("a;=\"b\".csv"));
        check("attachment; filename=\"x.csv\"; filename*=UTF-8''J%C3%B6rg.csv", Some("Jörg.csv"));
        check("attachment; filename*=latin-1''J%F6rg.csv; filename=x.csv", Some("x.csv"));
        check("attachment; filename=\"C:\\\\Users\\\\me\\\\a.csv\"", Some("a.csv"));
        check("attachment; filename=\"C:\\Users\\a.csv\"", Some("a.csv"));
        check("attachment; filename=\"../../etc/passwd\"", Some("passwd"));
        check("attachment; filename=\"unclosed", Some("unclosed"));
        check("attachment; filename=\"/\"", None);
        check("attachment", None);
    }

    #[test]
    fn a_name_is_one_line_and_no_longer_than_needed() {
        assert_eq!(plain("a\r\nb.csv").as_deref(), Some("ab.csv"));
        assert_eq!(plain(&"é".repeat(500)).map(|name| name.chars().count()), Some(CHARS_MAX));
    }
}
