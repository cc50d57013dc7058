//! Single cells: what spreadsheets do to them, and how they are written.

/// What to do with cells that a spreadsheet would run as formulas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Formulas {
    /// Cells are written as they are.
    #[default]
    AsTheyAre,
    /// Cells that begin with `=`, `+`, `-` or `@` are written behind an apostrophe, unless they are
    /// telephone numbers.
    Neutral,
}

/// With these begins what a spreadsheet takes for a formula.
const SIGNS: [char; 4] = ['=', '+', '-', '@'];
/// What stands in telephone numbers besides digits and letters.
const IN_NUMBERS: &str = " ()./-*#\u{a0}";

/// The text that a cell means: without the apostrophe that keeps a spreadsheet from running it, and
/// without `="…"`, which keeps it from rounding it.
pub(super) fn meant(cell: &str) -> &str {
    let cell = cell.trim();
    if let Some(bare) = cell.strip_prefix('\'')
        && bare.trim_start_matches('\'').starts_with(SIGNS)
    {
        return bare;
    }
    let quoted = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    quoted.filter(|text| !text.contains('"')).map_or(cell, str::trim)
}

/// Adds a cell that reads back to a value; see [`meant`].
pub(super) fn write(value: &str, delimiter: u8, formulas: Formulas, out: &mut Vec<u8>) {
    let neutral = formulas == Formulas::Neutral && value.starts_with(SIGNS) && !is_number(value);
    // Spaces around a value mean nothing: lines of an address may have some.
    let apostrophe = neutral || meant(value) != value.trim();
    let special = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\r' | b'\n');
    let quoted = value.bytes().any(special) || value.starts_with(' ') || value.ends_with(' ');
    if quoted {
        out.push(b'"');
    }
    if apostrophe {
        out.push(b'\'');
    }
    if !quoted {
        return out.extend_from_slice(value.as_bytes());
    }
    for byte in value.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Whether a value is a telephone number, whatever its sign.
fn is_number(value: &str) -> bool {
    let rest = value.strip_prefix(['+', '-']).unwrap_or_default();
    rest.chars().any(|c| c.is_ascii_digit())
        && rest.chars().all(|c| c.is_ascii_digit() || IN_NUMBERS.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &str, formulas: Formulas) -> String {
        let mut out = Vec::new();
        write(value, b',', formulas, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_space_around_a_value_needs_no_apostrophe() {
        assert_eq!(written(" Weg 1 ", Formulas::AsTheyAre), "\" Weg 1 \"");
    }

    #[test]
    fn formulas_are_neutral_and_numbers_keep_their_plus() {
        for (value, neutral) in [
            ("=SUM(A1)", "'=SUM(A1)"),
            ("+SUM(A1)", "'+SUM(A1)"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("=1,2", "\"'=1,2\""),
            ("+49 (0)30 555-1", "+49 (0)30 555-1"),
            ("+4930", "+4930"),
            ("+", "'+"),
            ("anna@example.com", "anna@example.com"),
        ] {
            assert_eq!(written(value, Formulas::Neutral), neutral);
            assert_eq!(written(value, Formulas::AsTheyAre), value.replace("=1,2", "\"=1,2\""));
            assert_eq!(meant(neutral.trim_matches('"')), value);
        }
    }

    #[test]
    fn what_keeps_a_spreadsheet_off_is_not_part_of_the_text() {
        assert_eq!(meant("=\"0049151\""), "0049151");
        assert_eq!(meant("'+49151"), "+49151");
        assert_eq!(meant(" '=1 "), "=1");
        assert_eq!(meant("''=1"), "'=1");
        for plain in ["'tis", "=\"a\"&\"b\"", "='x'", "'", "="] {
            assert_eq!(meant(plain), plain);
        }
        for odd in ["'=1", "''=1", "=\"x\"", "'+49"] {
            let cell = written(odd, Formulas::AsTheyAre);
            let quoted = cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"'));
            let text = quoted.map_or_else(|| cell.clone(), |cell| cell.replace("\"\"", "\""));
            assert_eq!(meant(&text), odd);
        }
    }
}
