//! Several values in one cell: a separator inside a value stands behind a backslash.

use std::borrow::Cow;

/// The values of a cell, trimmed; blank ones are left out. The separator may have spaces around it
/// (` ::: `), and then does not separate without them.
pub(super) fn parts<'a, 's>(
    cell: &'a str,
    separator: &'s str,
) -> impl Iterator<Item = Cow<'a, str>> + use<'a, 's> {
    Parts { rest: Some(cell), separator }.filter(|value| !value.is_empty())
}

/// Writes values as one cell, which [`parts`] reads back.
pub(super) fn join<'a>(values: impl Iterator<Item = Cow<'a, str>>, separator: &str) -> String {
    let mut cell = String::new();
    for value in values {
        if !cell.is_empty() {
            // Backslashes before a separator count in pairs.
            let slashes = cell.len() - cell.trim_end_matches('\\').len();
            if separator.starts_with(|c: char| !c.is_whitespace()) {
                cell.extend(std::iter::repeat_n('\\', slashes));
            }
            cell.push_str(separator);
        }
        escape(&value, separator.trim(), &mut cell);
    }
    cell
}

fn escape(value: &str, token: &str, into: &mut String) {
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once(token) {
        into.push_str(before);
        let slashes = before.len() - before.trim_end_matches('\\').len();
        into.extend(std::iter::repeat_n('\\', slashes + 1));
        into.push_str(token);
        rest = behind;
    }
    into.push_str(rest);
}

struct Parts<'a, 's> {
    rest: Option<&'a str>,
    separator: &'s str,
}

impl<'a> Iterator for Parts<'a, '_> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        let text = self.rest?;
        let token = self.separator.trim();
        let token = if token.is_empty() { self.separator } else { token };
        let spaced = self.separator.starts_with(char::is_whitespace) && token != self.separator;
        // What was unescaped so far, and where the search goes on.
        let mut value = String::new();
        let (mut begin, mut from) = (0, 0);
        let piece = |begin, end| text.get(begin..end).unwrap_or_default();
        while let Some(found) = piece(from, text.len()).find(token) {
            let (at, behind) = (from + found, from + found + token.len());
            let before = piece(begin, at);
            let bare = before.trim_end_matches('\\');
            let slashes = before.len() - bare.len();
            let apart = !spaced
                || (piece(0, at).ends_with(char::is_whitespace)
                    && piece(behind, text.len()).starts_with(char::is_whitespace));
            if slashes % 2 == 1 {
                value.push_str(bare);
                value.extend(std::iter::repeat_n('\\', slashes / 2));
                value.push_str(token);
                begin = behind;
            } else if apart {
                value.push_str(bare);
                value.extend(std::iter::repeat_n('\\', slashes / 2));
                self.rest = Some(piece(behind, text.len()));
                return Some(value.trim().to_owned().into());
            }
            from = behind;
        }
        self.rest = None;
        if value.is_empty() {
            return Some(piece(begin, text.len()).trim().into());
        }
        value.push_str(piece(begin, text.len()));
        Some(value.trim().to_owned().into())
    }
}
