//! The part of the contract that is about the audit log and the last uses of credentials.

use ringbook::account::audit::{AuditEntry, AuditQuery, LastUse, Notes, Numbered, SIGN_IN};
use ringbook::contact::{OrganizationId, Timestamp};
use ringbook::store::Store;

use crate::samples::main;

fn entry(actor: &str, action: &str, time: i64) -> AuditEntry {
    AuditEntry {
        time: Timestamp(time),
        organization: Some(main()),
        actor: actor.into(),
        address: Some([192, 0, 2, 1].into()),
        door: "ldap".into(),
        action: action.into(),
        outcome: "ok".into(),
        count: 1,
    }
}

fn notes(entries: Vec<AuditEntry>) -> Notes {
    Notes { entries, uses: Vec::new(), keep_since: Timestamp(0), keep_entries: 1000 }
}

fn all(store: &mut dyn Store) -> Vec<AuditEntry> {
    let query = AuditQuery { limit: 1000, ..AuditQuery::default() };
    store.audit(&query).unwrap().into_iter().map(|found| found.entry).collect()
}

/// Everything that a store must do with what happens beside its records.
pub(crate) fn beside_the_records(store: &mut dyn Store) {
    let (_, before) = store.changes(ringbook::contact::Revision(0)).unwrap();
    equal_sign_ins_are_counted_together(store);
    a_part_is_read_from_the_newest_on(store);
    what_is_too_old_or_too_much_goes(store);
    the_last_use_is_kept(store);
    let (_, after) = store.changes(ringbook::contact::Revision(0)).unwrap();
    assert_eq!(before, after, "none of it is a commit");
}

fn equal_sign_ins_are_counted_together(store: &mut dyn Store) {
    let strange = AuditEntry {
        organization: None,
        address: Some("2001:db8::1".parse().unwrap()),
        ..entry("a\0b'\u{1f600}", SIGN_IN, 60)
    };
    let act = entry("user:200.main", "POST /users", 61);
    store.note(&notes(vec![strange.clone(), act.clone(), act.clone()])).unwrap();
    // Later in the same minute, and in the next one.
    let again = AuditEntry { time: Timestamp(119), count: 4, ..strange.clone() };
    let next = AuditEntry { time: Timestamp(120), ..strange.clone() };
    store.note(&notes(vec![again.clone(), next.clone()])).unwrap();
    let merged = AuditEntry { count: 5, ..again };
    assert_eq!(all(store), [next, act.clone(), act, merged]);
}

fn a_part_is_read_from_the_newest_on(store: &mut dyn Store) {
    let other = OrganizationId::from("other");
    let theirs = AuditEntry { organization: Some(other.clone()), ..entry("x", "PUT /x", 200) };
    store.note(&notes(vec![theirs.clone()])).unwrap();
    let of_main = AuditQuery { organization: Some(main()), before: None, limit: 1 };
    let first = store.audit(&of_main).unwrap();
    let [Numbered { number, entry }] = first.as_slice() else { panic!("{first:?}") };
    assert_eq!(&*entry.action, "POST /users");
    let second = store.audit(&AuditQuery { before: Some(*number), ..of_main.clone() }).unwrap();
    assert!(second.len() == 1 && second[0].number < *number && second[0].entry == *entry);
    let end = AuditQuery { before: Some(second[0].number), ..of_main };
    assert_eq!(store.audit(&end).unwrap(), []);
    let query = AuditQuery { organization: Some(other), before: None, limit: 10 };
    assert_eq!(store.audit(&query).unwrap()[0].entry, theirs);
}

fn what_is_too_old_or_too_much_goes(store: &mut dyn Store) {
    let acts = |times: std::ops::Range<i64>| times.map(|time| entry("a", "PUT /a", time)).collect();
    store.note(&Notes { keep_since: Timestamp(1000), ..notes(acts(1000..1010)) }).unwrap();
    assert_eq!(all(store).len(), 10, "what was before is gone");
    store.note(&Notes { keep_entries: 3, ..notes(acts(1010..1012)) }).unwrap();
    let times: Vec<i64> = all(store).iter().map(|entry| entry.time.0).collect();
    assert_eq!(times, [1011, 1010, 1009]);
}

fn the_last_use_is_kept(store: &mut dyn Store) {
    let last = |time, address: [u8; 4]| LastUse {
        credential: "app:1".into(),
        time: Timestamp(time),
        address: Some(address.into()),
    };
    let mut keep = |last: LastUse| {
        store.note(&Notes { uses: vec![last], ..notes(Vec::new()) }).unwrap();
        store.last_uses(&["app:1".into(), "app:2".into()]).unwrap()
    };
    assert_eq!(keep(last(5, [192, 0, 2, 1])), [last(5, [192, 0, 2, 1])]);
    assert_eq!(keep(last(7, [192, 0, 2, 2])), [last(7, [192, 0, 2, 2])]);
    // What comes late, as from another daemon, does not win.
    assert_eq!(keep(last(6, [192, 0, 2, 3])), [last(7, [192, 0, 2, 2])]);
}
