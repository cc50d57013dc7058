//! The report of an import as a text for people.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::api::report::kept::{list, sentence, text};
use crate::file::words::Language;

/// What is called how.
struct Labels {
    profile: &'static str,
    encoding: &'static str,
    group: &'static str,
    mode: &'static str,
    line: &'static str,
    /// Each count of the report, and what it is called.
    counts: [(&'static str, &'static str); 6],
    failed: &'static str,
    skipped: &'static str,
    notices: &'static str,
    changes: &'static str,
    ignored: &'static str,
    more: &'static str,
}

const ENGLISH: Labels = Labels {
    profile: "profile",
    encoding: "encoding",
    group: "group",
    mode: "mode",
    line: "line",
    counts: [
        ("created", "created"),
        ("updated", "updated"),
        ("unchanged", "unchanged"),
        ("removed", "removed"),
        ("skipped_rows", "skipped"),
        ("failed_rows", "refused"),
    ],
    failed: "Refused rows",
    skipped: "Skipped rows",
    notices: "Taken, but for this",
    changes: "Changes",
    ignored: "Ignored columns",
    more: "not listed",
};

const GERMAN: Labels = Labels {
    profile: "Profil",
    encoding: "Kodierung",
    group: "Gruppe",
    mode: "Modus",
    line: "Zeile",
    counts: [
        ("created", "neu"),
        ("updated", "geändert"),
        ("unchanged", "unverändert"),
        ("removed", "entfernt"),
        ("skipped_rows", "übersprungen"),
        ("failed_rows", "abgelehnt"),
    ],
    failed: "Abgelehnte Zeilen",
    skipped: "Übersprungene Zeilen",
    notices: "Übernommen, bis auf dies",
    changes: "Änderungen",
    ignored: "Nicht verwendete Spalten",
    more: "nicht aufgeführt",
};

const FRENCH: Labels = Labels {
    profile: "profil",
    encoding: "encodage",
    group: "groupe",
    mode: "mode",
    line: "ligne",
    counts: [
        ("created", "nouveaux"),
        ("updated", "modifiés"),
        ("unchanged", "inchangés"),
        ("removed", "supprimés"),
        ("skipped_rows", "ignorés"),
        ("failed_rows", "refusés"),
    ],
    failed: "Lignes refusées",
    skipped: "Lignes ignorées",
    notices: "Prises, sauf ceci",
    changes: "Modifications",
    ignored: "Colonnes non utilisées",
    more: "non listés",
};

const SPANISH: Labels = Labels {
    profile: "perfil",
    encoding: "codificación",
    group: "grupo",
    mode: "modo",
    line: "línea",
    counts: [
        ("created", "nuevos"),
        ("updated", "modificados"),
        ("unchanged", "sin cambios"),
        ("removed", "eliminados"),
        ("skipped_rows", "omitidos"),
        ("failed_rows", "rechazados"),
    ],
    failed: "Filas rechazadas",
    skipped: "Filas omitidas",
    notices: "Importadas, salvo esto",
    changes: "Cambios",
    ignored: "Columnas no usadas",
    more: "no listados",
};

const RUSSIAN: Labels = Labels {
    profile: "профиль",
    encoding: "кодировка",
    group: "группа",
    mode: "режим",
    line: "строка",
    counts: [
        ("created", "новых"),
        ("updated", "изменено"),
        ("unchanged", "без изменений"),
        ("removed", "удалено"),
        ("skipped_rows", "пропущено"),
        ("failed_rows", "отклонено"),
    ],
    failed: "Отклонённые строки",
    skipped: "Пропущенные строки",
    notices: "Принято, кроме этого",
    changes: "Изменения",
    ignored: "Неиспользованные столбцы",
    more: "не показано",
};

fn labels(language: Language) -> &'static Labels {
    match language {
        Language::English => &ENGLISH,
        Language::French => &FRENCH,
        Language::German => &GERMAN,
        Language::Russian => &RUSSIAN,
        Language::Spanish => &SPANISH,
    }
}

/// What stands before the number of a line.
pub(super) fn line_word(language: Language) -> &'static str {
    labels(language).line
}

/// The whole report, a line for each row.
pub(super) fn text_of(kept: &Map<String, Value>, language: Language) -> String {
    let labels = labels(language);
    let mut out = beginning(kept, labels);
    for (member, title, not_listed) in [
        ("failed", labels.failed, "failed_not_listed"),
        ("skipped", labels.skipped, "skipped_not_listed"),
        ("notices", labels.notices, ""),
    ] {
        let rows = list(kept, member);
        let lines = rows.iter().map(|row| refused(row, labels, language));
        section(&mut out, title, lines, count(kept, not_listed).map(|more| (more, labels.more)));
    }
    if let Some(kept) = kept.get("not_removed").filter(|kept| kept.is_object()) {
        let count = kept.get("count").and_then(Value::as_u64).unwrap_or_default();
        line(&mut out, &format!("\n{count}: {}", sentence(kept, language)));
    }
    let changes = list(kept, "changes").iter().map(|change| changed(change, labels));
    let more = count(kept, "changes_not_listed").map(|more| (more, labels.more));
    section(&mut out, labels.changes, changes, more);
    out
}

/// What the file is, and the counts.
fn beginning(kept: &Map<String, Value>, labels: &Labels) -> String {
    let mut out = String::new();
    let said = |member: &str| kept.get(member).and_then(Value::as_str);
    if let Some(name) = said("name") {
        line(&mut out, name);
    }
    let facts = [
        (labels.profile, said("profile")),
        (labels.encoding, said("encoding")),
        (labels.group, said("into")),
        (labels.mode, said("mode")),
    ];
    let facts = facts.iter().filter_map(|(label, fact)| Some(format!("{label}: {}", (*fact)?)));
    line(&mut out, &facts.collect::<Vec<_>>().join(", "));
    let counts = labels.counts.iter().map(|(member, label)| {
        let count = count(kept, member).unwrap_or_default();
        format!("{label}: {count}")
    });
    line(&mut out, &counts.collect::<Vec<_>>().join(", "));
    let ignored: Vec<&str> =
        list(kept, "ignored_columns").iter().filter_map(Value::as_str).collect();
    if !ignored.is_empty() {
        line(&mut out, &format!("{}: {}", labels.ignored, ignored.join(", ")));
    }
    out
}

fn section(
    out: &mut String,
    title: &str,
    lines: impl ExactSizeIterator<Item = String>,
    more: Option<(u64, &str)>,
) {
    if lines.len() == 0 {
        return;
    }
    line(out, &format!("\n{title}:"));
    for row in lines {
        line(out, &format!("  {row}"));
    }
    if let Some((more, label)) = more.filter(|(more, _)| *more > 0) {
        line(out, &format!("  … {label}: {more}"));
    }
}

fn refused(row: &Value, labels: &Labels, language: Language) -> String {
    let place = row.get("line").and_then(Value::as_u64);
    let place = place.map(|place| format!("{} {place}", labels.line));
    let value = Some(text(row, "value")).filter(|value| !value.is_empty());
    let parts =
        [place, Some(text(row, "field").to_owned()), value.map(|value| format!("“{value}”"))];
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    format!("{}: {}", parts.join(", "), sentence(row, language))
}

fn changed(change: &Value, labels: &Labels) -> String {
    let action = text(change, "action");
    let called = labels.counts.iter().find(|(member, _)| *member == action);
    let called = called.map_or(action, |(_, label)| label);
    let mut out = format!("{called}: {}", text(change, "name"));
    let list = |values: Option<&Value>| {
        let values = values.and_then(Value::as_array).into_iter().flatten();
        values.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    };
    for field in change.get("fields").and_then(Value::as_array).into_iter().flatten() {
        let (before, after) = (list(field.get("before")), list(field.get("after")));
        // Writing to a string never fails.
        let _ = write!(out, "; {}: {before} → {after}", text(field, "field"));
    }
    out
}

fn count(kept: &Map<String, Value>, member: &str) -> Option<u64> {
    kept.get(member).and_then(Value::as_u64)
}

/// Adds a line. Line ends in values would make them look like lines of the report.
fn line(out: &mut String, text: &str) {
    let (start, text) = match text.strip_prefix('\n') {
        Some(text) => ("\n", text),
        None => ("", text),
    };
    out.push_str(start);
    out.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
    out.push('\n');
}
