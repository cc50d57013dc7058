//! Rows of text as CSV, whatever their columns mean.

use csv::{Terminator, WriterBuilder};

/// The rows with a delimiter between their cells, quoted where needed, each ended by CR LF.
pub fn lines<'a>(
    delimiter: u8,
    rows: impl IntoIterator<Item = impl IntoIterator<Item = &'a str>>,
) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(Terminator::CRLF)
        .flexible(true)
        .from_writer(Vec::new());
    for row in rows {
        // Writing to memory never fails.
        let _ = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
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
}
