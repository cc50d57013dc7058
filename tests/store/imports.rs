//! Imports: what is kept of them.

use ringbook::account::import::{IMPORTS_MAX, Import, ImportOverview, ImportQuery, Undone};
use ringbook::contact::{OrganizationId, Revision, Timestamp};
use ringbook::store::{Change, Store};

use crate::samples::{commit, load, main};

/// An import as a request brings it.
pub(crate) fn import(id: &str) -> Import {
    Import {
        id: id.into(),
        organization: main(),
        created: Timestamp(3),
        by: "user \0 Anna".into(),
        summary: "{\"created\":1}".into(),
        report: format!("{{\"long\":\"{}\"}}", "x".repeat(100_000)).into(),
        refused: Some("Name,error\n\u{1}Ärger\0,\"no, never\"\n".into()),
        undone: None,
    }
}

fn made(store: &mut dyn Store, import: Import) -> Revision {
    commit(store, vec![Change::Import(Box::new(import))])
}

fn query(before: Option<&str>, limit: u32) -> ImportQuery {
    ImportQuery { organization: main(), before: before.map(Into::into), limit }
}

fn ids(found: &[ImportOverview]) -> Vec<&str> {
    found.iter().map(|import| &*import.id).collect()
}

pub(crate) fn imports_are_kept(store: &mut dyn Store) {
    let (whole, _) = load(store);
    let first = made(store, import("i1"));
    let elsewhere = OrganizationId::parse("other").unwrap();
    made(store, Import { organization: elsewhere, ..import("i2") });
    let at = made(store, Import { refused: None, ..import("i3") });
    let undone = Undone { at: Timestamp(9), by: "Bert".into() };
    commit(store, vec![Change::Undone { import: "i3".into(), undone: undone.clone() }]);
    let undone = Some(undone);
    let third = Import { refused: None, undone: undone.clone(), ..import("i3") };
    assert_eq!(store.import("i1"), Ok(Some((import("i1"), first))));
    assert_eq!(store.import("i3"), Ok(Some((third, at))));
    assert_eq!(store.import("i4"), Ok(None));
    assert_eq!(load(store).0, whole, "they are no events");
    let found = store.imports(&query(None, 10)).unwrap();
    let told = |id: &str, revision, undone: &Option<Undone>| ImportOverview {
        id: id.into(),
        organization: main(),
        created: Timestamp(3),
        by: "user \0 Anna".into(),
        summary: "{\"created\":1}".into(),
        has_refused: undone.is_none(),
        undone: undone.clone(),
        undoable: undone.is_none(),
        revision,
    };
    assert_eq!(found, [told("i3", at, &undone), told("i1", first, &None)], "newest first");
    assert_eq!(ids(&store.imports(&query(None, 1)).unwrap()), ["i3"]);
    assert_eq!(ids(&store.imports(&query(Some("i3"), 1)).unwrap()), ["i1"]);
    assert_eq!(ids(&store.imports(&query(Some("i1"), 1)).unwrap()), [] as [&str; 0]);
    the_oldest_imports_go(store);
}

fn the_oldest_imports_go(store: &mut dyn Store) {
    let name = |n: u32| format!("j{n:04}");
    let mut at = load(store).1;
    for n in 0..IMPORTS_MAX {
        let import = Import { report: "{}".into(), ..import(&name(n)) };
        let mut change = Some(Change::Import(Box::new(import)));
        at = store.commit(at, &mut |_, _| change.take().into_iter().collect()).unwrap();
    }
    let all = store.imports(&query(None, u32::MAX)).unwrap();
    assert_eq!(all.len(), IMPORTS_MAX as usize);
    assert_eq!(ids(&all).last(), Some(&"j0000"));
    made(store, import("j9999"));
    let all = store.imports(&query(None, u32::MAX)).unwrap();
    assert_eq!((ids(&all).first(), ids(&all).last()), (Some(&"j9999"), Some(&"j0001")));
    assert_eq!(all.len(), IMPORTS_MAX as usize);
    assert!(store.import("i2").unwrap().is_some(), "another organization's stay");
}

/// What a release before kept of an import.
pub(crate) const OLD_BODY: &str = r#"{"created":7,"organization":"main","report":"{\"by\":\"token t1\",\"created\":2,\"failed\":[{\"line\":3,\"value\":\"\\u0000\"}],\"id\":\"old\",\"into\":\"shared\",\"profile\":\"outlook\",\"skipped\":[]}"}"#;

/// What it becomes.
pub(crate) fn an_old_import_is_listed(store: &mut dyn Store) {
    let (kept, revision) = store.import("old").unwrap().unwrap();
    assert_eq!((revision, kept.created, &*kept.by), (Revision(1), Timestamp(7), "token t1"));
    assert_eq!(kept.organization, main());
    assert!(kept.report.starts_with("{\"by\":\"token t1\",\"created\":2,"), "{}", kept.report);
    let summary: serde_json::Value = serde_json::from_str(&kept.summary).unwrap();
    let told = r#"{"profile":"outlook","into":"shared","created":2,"skipped":0,"failed":1}"#;
    assert_eq!(summary, serde_json::from_str::<serde_json::Value>(told).unwrap());
    assert_eq!(ids(&store.imports(&query(None, 10)).unwrap()), ["old"]);
}
