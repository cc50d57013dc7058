//! Shows the daemon's JSON to people.

use serde_json::Value;

/// A list as aligned columns with a heading.
pub(super) fn table(rows: &[Value], columns: &[&str]) -> Vec<String> {
    let mut cells: Vec<Vec<String>> =
        vec![columns.iter().map(|name| name.to_uppercase()).collect()];
    cells.extend(rows.iter().map(|row| {
        columns.iter().map(|name| row.get(name).map(text).unwrap_or_default()).collect()
    }));
    let width = |at: usize| {
        cells.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns.len()).map(|at| width(at).unwrap_or_default()).collect();
    cells.iter().map(|row| aligned(row, &widths)).collect()
}

/// One object as `name: value` lines; what is empty is left out.
pub(super) fn record(answer: &Value) -> Vec<String> {
    let fields = answer.as_object().into_iter().flatten();
    let lines = fields.map(|(name, value)| (name, text(value)));
    lines
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| format!("{name}: {text}"))
        .collect()
}

fn aligned(row: &[String], widths: &[usize]) -> String {
    let pad = |(cell, width): (&String, &usize)| {
        format!("{cell}{}", " ".repeat(width.saturating_sub(cell.chars().count())))
    };
    let line: Vec<String> = row.iter().zip(widths).map(pad).collect();
    line.join("  ").trim_end().to_owned()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => fields.values().map(text).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_shown_in_columns() {
        let users =
            [json!({ "extension": "201", "name": "Jörg Müller" }), json!({ "extension": "7" })];
        let expected = ["EXTENSION  NAME", "201        Jörg Müller", "7"];
        assert_eq!(table(&users, &["extension", "name"]), expected);
        assert_eq!(table(&[], &["name"]), ["NAME"]);
    }

    #[test]
    fn a_record_is_shown_in_lines() {
        let user = json!({ "name": "Anna", "emails": ["a@x", "b@x"], "login": null,
            "numbers": [{ "type": "mobile", "value": "1" }] });
        assert_eq!(record(&user), ["emails: a@x, b@x", "name: Anna", "numbers: mobile 1"]);
    }
}
