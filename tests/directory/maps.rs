//! Column maps that an organization keeps.
#![allow(clippy::unwrap_used)]

use ringbook::account::import::{COLUMN_MAP_BYTES_MAX, COLUMN_MAPS_MAX, ColumnMapRecord};
use ringbook::contact::{OrganizationId, Timestamp};
use ringbook::directory::{CommitError, Directory, Edit, Request};

use crate::{commit, directory, main, open, settings};

fn map(name: &str, columns: &str) -> ColumnMapRecord {
    let (name, columns) = (name.into(), columns.into());
    ColumnMapRecord { organization: main(), name, columns, updated: Timestamp(1) }
}

fn names(directory: &Directory) -> Vec<String> {
    directory.snapshot().column_maps(&main()).map(|map| map.name.to_string()).collect()
}

fn refused(directory: &Directory, map: ColumnMapRecord) -> CommitError {
    directory.commit_blocking(Request::one(Edit::PutColumnMap(map))).unwrap_err()
}

#[test]
fn a_column_map_is_found_by_its_name_in_any_case() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    let directory = open(&path);
    commit(
        &directory,
        Edit::PutOrganization(Box::new(settings("main", "dc=pbx,dc=example", "pbx.example"))),
    );
    for name in ["leads", "Alt", "Leads", "LEADS", "leads"] {
        commit(&directory, Edit::PutColumnMap(map(name, name)));
        let snapshot = directory.snapshot();
        assert!(snapshot.column_map(&main(), "lEADS").is_some());
        assert_eq!(snapshot.column_map(&main(), name), Some(&map(name, name)));
    }
    assert_eq!(names(&directory), ["Alt", "leads"]);
    commit(&directory, Edit::RemoveColumnMap(main(), "ALT".into()));
    commit(&directory, Edit::RemoveColumnMap(main(), "never".into()));
    drop(directory);
    assert_eq!(names(&open(&path)), ["leads"], "after a start, too");
}

#[test]
fn another_organization_has_its_own_column_maps() {
    let directory = directory();
    commit(
        &directory,
        Edit::PutOrganization(Box::new(settings("other", "dc=other", "other.example"))),
    );
    let other = OrganizationId::parse("other").unwrap();
    commit(&directory, Edit::PutColumnMap(map("leads", "ours")));
    let theirs = ColumnMapRecord { organization: other.clone(), ..map("leads", "theirs") };
    commit(&directory, Edit::PutColumnMap(theirs.clone()));
    commit(&directory, Edit::RemoveColumnMap(main(), "leads".into()));
    let snapshot = directory.snapshot();
    assert_eq!(snapshot.column_map(&main(), "leads"), None);
    assert_eq!(snapshot.column_map(&other, "leads"), Some(&theirs));
    let nowhere = OrganizationId::parse("nowhere").unwrap();
    let lost = ColumnMapRecord { organization: nowhere.clone(), ..theirs };
    assert_eq!(refused(&directory, lost), CommitError::NoOrganization(nowhere));
}

#[test]
fn column_maps_have_limits() {
    let directory = directory();
    let max = COLUMN_MAP_BYTES_MAX;
    let (longest, longer) = ("x".repeat(max), "x".repeat(max + 1));
    commit(&directory, Edit::PutColumnMap(map(&"n".repeat(64), &longest)));
    let too_long =
        CommitError::TooLong { what: "the column map", unit: "bytes", count: max + 1, max };
    assert_eq!(refused(&directory, map("leads", &longer)), too_long);
    for wrong in [" ", &"n".repeat(65), "a\nb"] {
        let fault = refused(&directory, map(wrong, "{}"));
        assert!(matches!(fault, CommitError::WrongName(_)), "{wrong:?}: {fault}");
    }
    for n in 1..COLUMN_MAPS_MAX {
        commit(&directory, Edit::PutColumnMap(map(&format!("m{n}"), "{}")));
    }
    let too_many = CommitError::TooMany { what: "column maps", max: COLUMN_MAPS_MAX };
    assert_eq!(refused(&directory, map("one more", "{}")), too_many);
    commit(&directory, Edit::PutColumnMap(map("M1", "changed")));
    assert_eq!(names(&directory).len(), COLUMN_MAPS_MAX);
}
