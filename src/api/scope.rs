//! The one table of what a token with scopes may ask for.

use hyper::Method;

use crate::account::device::Scope;

/// What a path needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Every token may.
    Nothing,
    Scope(Scope),
}

const READ: Needs = Needs::Scope(Scope::Read);
const WRITE: Needs = Needs::Scope(Scope::Write);
const IMPORT: Needs = Needs::Scope(Scope::Import);
const PRESENCE: Needs = Needs::Scope(Scope::Presence);
const ACCOUNTS: Needs = Needs::Scope(Scope::Accounts);

/// Path below `/api/v1` with all that is below it, what reading needs, what changing needs. The
/// first row that fits counts; a path without a row is closed to tokens with scopes.
const TABLE: &[(&str, Needs, Needs)] = &[
    ("/openapi.json", Needs::Nothing, Needs::Nothing),
    ("/me/app-passwords", ACCOUNTS, ACCOUNTS),
    ("/me/password", ACCOUNTS, ACCOUNTS),
    ("/me/books", READ, WRITE),
    ("/me", Needs::Nothing, Needs::Nothing),
    ("/groups", READ, WRITE),
    ("/contacts", READ, WRITE),
    ("/favorites", READ, WRITE),
    ("/lookup", READ, READ),
    ("/blocklist", READ, WRITE),
    ("/allowlist", READ, WRITE),
    ("/presence", READ, PRESENCE),
    ("/import", IMPORT, IMPORT),
    ("/imports", IMPORT, IMPORT),
    ("/setup", READ, ACCOUNTS),
    ("/users/{user}/app-passwords", ACCOUNTS, ACCOUNTS),
    ("/users/{user}", READ, ACCOUNTS),
    ("/users", ACCOUNTS, ACCOUNTS),
    ("/departments", READ, ACCOUNTS),
    ("/sites", READ, ACCOUNTS),
    ("/books", READ, ACCOUNTS),
    ("/organizations", ACCOUNTS, ACCOUNTS),
    ("/phones", ACCOUNTS, ACCOUNTS),
    ("/tokens", ACCOUNTS, ACCOUNTS),
    ("/audit", ACCOUNTS, ACCOUNTS),
    ("/settings", ACCOUNTS, ACCOUNTS),
    ("/backup", ACCOUNTS, ACCOUNTS),
];

/// What a request needs, by its method and by its path as the routes have it; None: no scope is
/// enough.
pub(super) fn needs(method: &Method, path: &str) -> Option<Needs> {
    let below = |row: &str| {
        path.strip_prefix(row).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let (_, read, change) = TABLE.iter().find(|(row, _, _)| below(row))?;
    Some(if is_read(method) { *read } else { *change })
}

/// Whether a method changes nothing.
pub(super) fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn each_path_of_the_description_has_a_row() {
        let description: Value = serde_json::from_str(include_str!("openapi.json")).unwrap();
        let paths = description["paths"].as_object().unwrap();
        for path in paths.keys() {
            assert!(needs(&Method::GET, path).is_some(), "{path} is closed to tokens with scopes");
        }
    }

    #[test]
    fn a_path_needs_what_the_table_says() {
        let check = |method, path, expected| assert_eq!(needs(&method, path), expected, "{path}");
        check(Method::GET, "/users/{user}", Some(READ));
        check(Method::PATCH, "/users/{user}", Some(ACCOUNTS));
        check(Method::GET, "/users", Some(ACCOUNTS));
        check(Method::GET, "/users/{user}/app-passwords/{id}", Some(ACCOUNTS));
        check(Method::GET, "/contacts/{id}/photo", Some(READ));
        check(Method::DELETE, "/contacts", Some(WRITE));
        check(Method::GET, "/contactsx", None);
        check(Method::GET, "/anything", None);
    }
}
