//! The project's files as the rules see them: Rust code without comments, texts and tests.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::{Path, PathBuf};

/// One Rust file.
pub(crate) struct Source {
    /// From the project's root, with `/`.
    pub(crate) path: String,
    /// The file as it is.
    pub(crate) text: String,
    /// The file with comments, literals and test code blanked out; everything stays where it is.
    pub(crate) code: String,
}

impl Source {
    /// The module's path without `src/`, `mod` and the ending: `store/sqlite`, `ldap`, `main`.
    pub(crate) fn module(&self) -> &str {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let path = path.strip_suffix(".rs").unwrap_or(path);
        path.strip_suffix("/mod").unwrap_or(path)
    }

    /// The top-level module that the file belongs to.
    pub(crate) fn top_level(&self) -> &str {
        self.module().split('/').next().unwrap_or_default()
    }

    /// The 1-based line of an offset into the code.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.code[..offset].matches('\n').count() + 1
    }

    /// `path:line` of an offset into the code.
    pub(crate) fn place(&self, offset: usize) -> String {
        format!("{}:{}", self.path, self.line(offset))
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the project as text.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All Rust files below a folder of the project, in the order of their paths.
pub(crate) fn rust_files(folder: &str) -> Vec<Source> {
    let paths = files_below(&root().join(folder));
    let paths = paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    paths.map(|path| source(&path)).collect()
}

fn source(path: &Path) -> Source {
    let path = relative(path);
    let text = read(&path);
    let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
    let code = if is_test { blank(&text) } else { without_tests(&without_words(&text)) };
    Source { path, text, code }
}

/// The path from the project's root.
pub(crate) fn relative(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

/// All files below a folder but build results and what tools hide, sorted.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let skipped = matches!(&*name, ".git" | "target" | "ringbook-data" | "__pycache__");
            match path.is_dir() {
                true if !skipped => folders.push(path),
                false if !skipped => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// The names of `[dependencies]` in Cargo.toml, as code writes them.
pub(crate) fn dependencies() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let lines = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| line.split_once(" =")).map(|(name, _)| name.replace('-', "_")).collect()
}

/// Offsets where `word` stands in the code as the start of a path or a name of its own.
pub(crate) fn paths_that_start_with<'a>(
    code: &'a str,
    word: &'a str,
) -> impl Iterator<Item = usize> + 'a {
    let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '#');
    code.match_indices(word)
        .filter(move |(at, _)| !code[..*at].chars().next_back().is_some_and(part_of_name))
        .map(|(at, _)| at)
}

/// The names that follow `crate::` at an offset: one, or those of a group in braces.
pub(crate) fn names_after(rest: &str) -> Vec<&str> {
    let name = |text: &'_ str| text.find(|c: char| !c.is_alphanumeric() && c != '_');
    let first = |text| &text[..name(text).unwrap_or(text.len())];
    let Some(group) = rest.strip_prefix('{') else { return vec![first(rest)] };
    let mut names = vec![];
    let (mut depth, mut start) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && c.is_alphanumeric() => {
                names.push(first(&group[at..]));
                start = false;
            }
            _ => {}
        }
    }
    names
}

/// As many spaces as the text has octets; lines stay.
fn blank(text: &str) -> String {
    text.bytes().map(|octet| if octet == b'\n' { '\n' } else { ' ' }).collect()
}

/// Blanks comments and the insides of texts and characters.
pub(crate) fn without_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = word_length(rest, out.chars().next_back()).unwrap_or(0);
        if taken > 0 {
            out.push_str(&blank(&rest[..taken]));
            rest = &rest[taken..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// The length of the comment or literal at the start; None where there is none.
fn word_length(rest: &str, before: Option<char>) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    if rest.starts_with('"') {
        return Some(quoted_length(rest, '"'));
    }
    let in_name = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if rest.starts_with('r') && (!in_name || before == Some('b')) {
        let hashes = rest[1..].find(|c| c != '#')?;
        let open = 1 + hashes;
        rest[open..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        let end = rest[open + 1..].find(&close).map(|at| open + 1 + at + close.len());
        return Some(end.unwrap_or(rest.len()));
    }
    // A quote that is no lifetime: an escape, or one character and a quote.
    let mut characters = rest.strip_prefix('\'')?.chars();
    match (characters.next()?, characters.next()?) {
        ('\\', _) | (_, '\'') => Some(quoted_length(rest, '\'')),
        _ => None,
    }
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Blanks every item behind `#[cfg(test)]`, to its semicolon or closing brace.
pub(crate) fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        let end = at + item_length(&rest[at..]);
        out.push_str(&rest[..at]);
        out.push_str(&blank(&rest[at..end]));
        rest = &rest[end..];
    }
    out + rest
}

fn item_length(item: &str) -> usize {
    let mut depth = 0;
    for (at, c) in item.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}
