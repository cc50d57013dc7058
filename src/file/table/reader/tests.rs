//! Tests of how text is split into records.

use proptest::prelude::{any, proptest};

use super::*;
use crate::file::encoding::Survey;

/// The records of a file with their lines; what is no record as a word.
fn records(bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
    let mut survey = Survey::default();
    survey.feed(bytes);
    let Ok(text) = survey.finish(None) else { return Vec::new() };
    let mut reader = RecordReader::open(bytes, text).unwrap();
    let mut found = Vec::new();
    loop {
        let word = |line, word: &str| (line, vec![word.to_owned()]);
        found.push(match reader.step().unwrap() {
            Step::Record(record) => (record.line, record.cells().map(str::to_owned).collect()),
            Step::TooLarge { line, .. } => word(line, "too large"),
            Step::Unterminated { line } => word(line, "unterminated"),
            Step::End => return found,
        });
    }
}

#[track_caller]
fn check(text: &str, expected: &[(u64, &[&str])]) {
    let found = records(text.as_bytes());
    let found: Vec<(u64, Vec<&str>)> = found
        .iter()
        .map(|(line, cells)| (*line, cells.iter().map(String::as_str).collect()))
        .collect();
    let expected: Vec<(u64, Vec<&str>)> =
        expected.iter().map(|(line, cells)| (*line, cells.to_vec())).collect();
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn the_delimiter_with_the_most_columns_wins() {
    check("a,b;c,d\n1,2,3\n", &[(1, &["a", "b;c", "d"]), (2, &["1", "2", "3"])]);
    check("a;b\n", &[(1, &["a", "b"])]);
    check("a|b|c,d\n", &[(1, &["a", "b", "c,d"])]);
    check("a\tb\n", &[(1, &["a", "b"])]);
    check("\"a,b,c\";d\n", &[(1, &["a,b,c", "d"])]);
    check("a\n1\n", &[(1, &["a"]), (2, &["1"])]);
    check("sep=;\r\na,b,c;d\r\n", &[(2, &["a,b,c", "d"])]);
    check("\"SEP=|\"\na|b\n", &[(2, &["a", "b"])]);
}

#[test]
fn lines_are_counted_however_they_end() {
    check("a,b\n1,2\n3,4\n", &[(1, &["a", "b"]), (2, &["1", "2"]), (3, &["3", "4"])]);
    check("a,b\r\n1,2\r\n3,4", &[(1, &["a", "b"]), (2, &["1", "2"]), (3, &["3", "4"])]);
    check("a,b\r1,2\r3,4", &[(1, &["a", "b"]), (2, &["1", "2"]), (3, &["3", "4"])]);
    check("\n\na,b\r\n\r\n1,2\n\n", &[(3, &["a", "b"]), (5, &["1", "2"])]);
}

#[test]
fn a_record_stands_on_its_first_line() {
    check(
        "a,b\r\n\"x\r\ny\",2\r\n3,\"say \"\"hi\"\"\"\r\n",
        &[(1, &["a", "b"]), (2, &["x\r\ny", "2"]), (4, &["3", "say \"hi\""])],
    );
    check("a,b\n5\" pipe,2\n", &[(1, &["a", "b"]), (2, &["5\" pipe", "2"])]);
}

#[test]
fn a_missing_closing_quote_is_found() {
    check(
        "a,b\n1,2\n\"Ann,1\nBob,2\n",
        &[(1, &["a", "b"]), (2, &["1", "2"]), (3, &["unterminated"])],
    );
    check("a\n\"", &[(1, &["a"]), (2, &["unterminated"])]);
    check("a\n\"x\"", &[(1, &["a"]), (2, &["x"])]);
}

#[test]
fn large_cells_and_records_are_read_past() {
    let cell = |bytes: usize| "x".repeat(bytes);
    let text = format!(
        "a,b\n{},1\n{},2\n\"{}\",3\n{}\nlast,4\n",
        cell(CELL_BYTES_MAX),
        cell(CELL_BYTES_MAX + 1),
        cell(10_000_000),
        ",".repeat(100_000),
    );
    let found = records(text.as_bytes());
    let words: Vec<&str> = found.iter().map(|(_, cells)| cells[0].as_str()).collect();
    let largest = cell(CELL_BYTES_MAX);
    assert_eq!(words, ["a", &largest, "too large", "too large", "too large", "last"]);
    assert_eq!(found.last().unwrap().0, 6);
}

proptest! {
    #[test]
    fn any_text_ends(text in any::<String>()) {
        records(text.as_bytes());
    }

    #[test]
    fn records_are_kept_apart(rows in proptest::collection::vec("[a-z\",;|\r\n\t]{0,6}", 1..20)) {
        let quoted: Vec<String> =
            rows.iter().map(|cell| format!("\"{}\"\r\n", cell.replace('"', "\"\""))).collect();
        let found = records(quoted.concat().as_bytes());
        let cells: Vec<&String> = found.iter().map(|(_, cells)| &cells[0]).collect();
        proptest::prop_assert_eq!(cells, rows.iter().collect::<Vec<_>>());
    }
}
