//! Rules that no compiler checks: who may use whom, what a file looks like, what documents promise.

use std::fs;
use std::path::Path;

use crate::source::{
    Source, dependencies, files_below, names_after, paths_that_start_with, read, relative, root,
    rust_files,
};

#[path = "tidy/source.rs"]
mod source;

/// Who uses whom: (module, what it uses). Arrows point down only; a door uses no other door and
/// never the store. A new arrow is a design decision: its commit says why.
const ARROWS: &[(&str, &str)] = &[
    ("main", "cli"),
    ("cli", "config daemon store"),
    (
        "daemon",
        "account api auth carddav config contact demo directory file http ldap net presence store",
    ),
    ("demo", "account auth contact directory photo"),
    ("config", "account auth contact"),
    // Doors.
    ("ldap", "account auth contact directory index net presence"),
    ("carddav", "account auth contact directory http index photo vcard"),
    ("api", "account auth contact directory file http import index photo presence vcard"),
    ("net", "account"),
    ("http", "account auth net"),
    ("auth", "account contact directory index"),
    // Formats.
    ("photo", "contact"),
    ("vcard", "contact"),
    ("file", "contact vcard"),
    ("import", "account contact directory file index vcard"),
    // The core.
    ("directory", "account contact index store"),
    ("presence", "contact"),
    // The store says in its own words what changed; the index and the directory understand them.
    ("index", "account contact store"),
    ("store", "account contact"),
    // The model.
    ("account", "contact"),
    ("contact", ""),
];

/// Which module may use which outside crate; `*` for crates that say nothing about a module's
/// business. The doors' crates stay in their doors, so that each can be replaced alone.
const OWNERS: &[(&str, &str)] = &[
    ("any_ascii", "contact"),
    ("arc_swap", "directory"),
    ("argon2", "auth"),
    ("axum", "api"),
    ("base64", "file/ldif http vcard"),
    ("blake2", "auth photo"),
    ("bytes", "http carddav ldap cli"),
    ("caseless", "contact/fold"),
    ("chardetng", "file"),
    ("clap", "cli"),
    ("csv_core", "file"),
    ("encoding_rs", "file vcard"),
    ("gethostname", "net"),
    ("getrandom", "auth"),
    ("http_body_util", "http carddav api cli"),
    ("hyper", "http carddav api cli"),
    ("hyper_util", "http cli"),
    ("icu_collator", "contact/collation"),
    ("icu_locale_core", "contact/collation"),
    ("if_addrs", "net"),
    ("image", "photo"),
    ("indicatif", "cli"),
    ("jiff", "api carddav ldap vcard"),
    ("ldap3_lber", "ldap"),
    ("ldap3_proto", "ldap"),
    ("memchr", "*"),
    ("mimalloc", "main"),
    ("percent_encoding", "api carddav cli store/postgres"),
    ("qrcode", "api/setup"),
    ("quick_xml", "carddav"),
    ("rcgen", "net"),
    ("rlibphonenumber", "contact/number"),
    ("rusqlite", "store/sqlite"),
    ("rustc_hash", "*"),
    ("rustls", "net store/postgres"),
    ("serde", "api file/table"),
    ("serde_json", "api cli daemon http store/codec"),
    ("sha2", "api"),
    ("subtle", "auth"),
    ("tempfile", "api"),
    ("thiserror", "*"),
    ("tokio", "cli demo ldap carddav api net http auth directory photo store/postgres"),
    ("tokio_postgres", "store/postgres"),
    ("tokio_rustls", "net store/postgres"),
    ("tokio_util", "net ldap"),
    ("toml", "config file/table"),
    ("tower", "api"),
    ("tracing", "*"),
    ("tracing_subscriber", "cli"),
    ("unicode_normalization", "contact"),
    ("uuid", "*"),
    ("x509_parser", "net"),
    ("zeroize", "*"),
];

const LINES_MAX: usize = 500;

/// Fails with every fault found, and with what to do about them.
fn check(faults: Vec<String>, advice: &str) {
    assert!(faults.is_empty(), "\n  {}\n{advice}\n", faults.join("\n  "));
}

#[test]
fn modules_use_only_what_lies_below_them() {
    let mut faults = vec![];
    let mut arrows: Vec<(&str, &str)> = ARROWS
        .iter()
        .flat_map(|(module, used)| used.split_whitespace().map(|used| (*module, used)))
        .collect();
    let all = arrows.clone();
    for source in rust_files("src").iter().filter(|source| source.module() != "lib") {
        let own = source.top_level();
        for (at, used) in used_modules(source).into_iter().filter(|(_, used)| used != own) {
            if !all.contains(&(own, used.as_str())) {
                faults.push(format!("{}: `{own}` may not use `{used}`", source.place(at)));
            }
            arrows.retain(|arrow| *arrow != (own, used.as_str()));
        }
    }
    let idle = arrows.iter().map(|(module, used)| format!("`{module}` does not use `{used}`"));
    faults.extend(idle);
    check(faults, "Move the code to where it belongs, or argue for a change of ARROWS.");
}

/// The top-level modules that a file names, with where it does.
fn used_modules(source: &Source) -> Vec<(usize, String)> {
    let mut used = vec![];
    for word in ["crate::", "ringbook::"] {
        for at in paths_that_start_with(&source.code, word) {
            let names = names_after(&source.code[at + word.len()..]);
            used.extend(names.into_iter().map(|name| (at, name.to_owned())));
        }
    }
    used
}

#[test]
fn every_outside_crate_has_its_owners() {
    let sources = rust_files("src");
    let dependencies = dependencies();
    let mut faults = vec![];
    for name in &dependencies {
        let Some((_, owners)) = OWNERS.iter().find(|(owned, _)| owned == name) else {
            faults.push(format!("Cargo.toml: `{name}` has no owner in the table"));
            continue;
        };
        let path = format!("{name}::");
        let mut idle: Vec<&str> = owners.split(' ').filter(|owner| *owner != "*").collect();
        for source in &sources {
            for at in paths_that_start_with(&source.code, &path) {
                if !owners.split(' ').any(|owner| owner == "*" || is_in(source, owner)) {
                    faults.push(format!("{}: `{name}` belongs to {owners}", source.place(at)));
                }
                idle.retain(|owner| !is_in(source, owner));
            }
        }
        faults.extend(idle.iter().map(|owner| format!("`{owner}` does not use `{name}`")));
    }
    for (name, _) in OWNERS.iter().filter(|(name, _)| !dependencies.iter().any(|d| d == name)) {
        faults.push(format!("`{name}` is in the table and not in Cargo.toml"));
    }
    check(faults, "Go through the owner's own types, or argue for a change of OWNERS.");
}

/// Whether the file is the module of this path or lies in it.
fn is_in(source: &Source, module: &str) -> bool {
    let rest = source.module().strip_prefix(module);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[test]
fn every_file_says_what_it_is_and_stays_short() {
    let mut faults = vec![];
    for folder in ["src", "tests", "bench"] {
        for source in rust_files(folder) {
            if !source.text.starts_with("//! ") {
                faults.push(format!("{}: the first line is no `//! ` sentence", source.path));
            }
            let lines = source.text.lines().count();
            if lines > LINES_MAX {
                faults.push(format!("{}: {lines} lines, at most {LINES_MAX}", source.path));
            }
        }
    }
    check(faults, "One file holds one idea, and its first line says which.");
}

#[test]
fn nothing_is_left_unfinished() {
    let marks = [
        concat!("to", "do!"),
        concat!("unimple", "mented!"),
        concat!("FIX", "ME"),
        concat!("TO", "DO"),
        concat!("#[ig", "nore"),
    ];
    let mut faults = vec![];
    for source in ["src", "tests"].into_iter().flat_map(rust_files) {
        for (index, line) in source.text.lines().enumerate() {
            for mark in marks.iter().filter(|mark| line.contains(**mark)) {
                faults.push(format!("{}:{}: `{mark}`", source.path, index + 1));
            }
        }
    }
    check(faults, "Finish it, or leave it out and say so in CHANGELOG.md.");
}

#[test]
fn imports_name_what_they_take() {
    let mut faults = vec![];
    for source in rust_files("src") {
        for (mark, what) in [("::*", "a glob import"), ("super::super", "`super::super`")] {
            for (at, _) in source.code.match_indices(mark) {
                faults.push(format!("{}: {what}", source.place(at)));
            }
        }
    }
    check(faults, "Name what is used, with a path from `crate::`.");
}

#[test]
fn nothing_in_src_panics_on_purpose() {
    // A reader of ours may have a method `expect` that takes no message and returns an error.
    let marks = [".unwrap()", ".expect(\"", "panic!("];
    let mut faults = vec![];
    for source in rust_files("src") {
        for mark in marks {
            let code = |at: &usize| !source.code[*at..].starts_with(' ');
            let found = source.text.match_indices(mark).map(|(at, _)| at).filter(code);
            faults.extend(found.map(|at| format!("{}: `{mark}`", source.place(at))));
        }
    }
    check(faults, "Return an error, or write the code so that it cannot happen.");
}

#[test]
fn the_architecture_names_every_module_and_no_other() {
    let text = read("ARCHITECTURE.md");
    let map = text.split("## Code map").nth(1).unwrap_or_default();
    let map = map.split("\n## ").next().unwrap_or_default();
    let lines = map.lines().filter_map(|line| line.strip_prefix("- `"));
    let named: Vec<&str> = lines.filter_map(|line| line.split('`').next()).collect();
    let sources = rust_files("src");
    let exists = |module: &str| {
        let inside = format!("{module}/");
        sources.iter().any(|s| s.module() == module || s.module().starts_with(&inside))
    };
    let mut faults: Vec<String> = sources
        .iter()
        .map(Source::top_level)
        .filter(|module| *module != "lib" && !named.contains(module))
        .map(|module| format!("`{module}` is missing"))
        .collect();
    faults.dedup();
    let gone = named.iter().filter(|module| !exists(module));
    faults.extend(gone.map(|module| format!("there is no module `{module}`")));
    check(faults, "The list below `## Code map` in ARCHITECTURE.md has a line for each module.");
}

#[test]
fn the_readme_names_the_two_commands() {
    let readme = read("README.md");
    let commands = ["cargo run --release -- serve --demo", "cargo test"];
    let missing = commands.iter().filter(|command| !readme.contains(**command));
    let faults = missing.map(|command| format!("README.md does not say `{command}`")).collect();
    check(faults, "A newcomer needs both commands.");
}

#[test]
fn no_file_refers_to_a_single_machine() {
    let marks = [concat!("/wo", "rk/"), concat!("../sha", "red")];
    let mut faults = vec![];
    for path in files_below(root()) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (index, line) in text.lines().enumerate() {
            for mark in marks.iter().filter(|mark| line.contains(**mark)) {
                faults.push(format!("{}:{}: `{mark}`", relative(&path), index + 1));
            }
        }
    }
    check(faults, "The project stands alone: name nothing that its users do not have.");
}

#[test]
fn documents_link_to_files_that_exist() {
    let mut faults = vec![];
    for path in
        files_below(root()).iter().filter(|path| path.extension().is_some_and(|e| e == "md"))
    {
        let text = fs::read_to_string(path).unwrap();
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for link in links.filter(|link| !link.is_empty() && !link.contains(':')) {
            if !folder.join(link).exists() {
                faults.push(format!("{}: there is no {link}", relative(path)));
            }
        }
    }
    check(faults, "Correct the link, or write the file.");
}

#[test]
fn comments_texts_and_tests_are_no_code() {
    let check = |text: &str, expected: &str| {
        let code = source::without_tests(&source::without_words(text));
        assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{text}");
    };
    check("a // b\nc /* d */ e", "a c e");
    check(
        r##"f("x\"y", r#"z"w"#, b"u", 'v', '\'', &'static str)"##,
        "f( , , b , , , &'static str)",
    );
    check("a\n#[cfg(test)]\nmod tests { fn b() {} }\nc", "a c");
    check("#[cfg(test)]\nmod tests;\nc", "c");
}

#[test]
fn grouped_imports_are_seen() {
    assert_eq!(names_after("contact::{card, fold};"), ["contact"]);
    assert_eq!(
        names_after("{account::Role, contact::{card, fold}, index};"),
        ["account", "contact", "index"]
    );
}
