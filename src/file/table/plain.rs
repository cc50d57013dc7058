//! Rows of text as CSV, whatever their columns mean.

use crate::file::table::cell::{self, Formulas};

/// The rows with a delimiter between their cells, quoted where needed, each ended by CR LF. Whoever
/// opens them in a spreadsheet did not write them, so formulas are neutral.
pub fn lines<'a>(
    delimiter: u8,
    rows: impl IntoIterator<Item = impl IntoIterator<Item = &'a str>>,
) -> Vec<u8> {
    let mut out = Vec::new();
    for row in rows {
        for (at, value) in row.into_iter().enumerate() {
            if at > 0 {
                out.push(delimiter);
            }
            cell::write(value, delimiter, Formulas::Neutral, &mut out);
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_need_it() {
        let rows = [vec!["a;b", "c,d"], vec!["\"e\"", "f\ng", ""]];
        let text = lines(b';', rows);
        assert_eq!(text, b"\"a;b\";c,d\r\n\"\"\"e\"\"\";\"f\ng\";\r\n");
    }

    #[test]
    fn a_refused_formula_does_not_run_in_a_spreadsheet() {
        let text = lines(b',', [vec!["=HYPERLINK(A1)", "+49 30 1", "=A1+1"]]);
        assert_eq!(text, b"'=HYPERLINK(A1),+49 30 1,'=A1+1\r\n");
    }
}
