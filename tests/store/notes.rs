//! The part of the contract that is about the audit log and the last uses of credentials.

use ringbook::account::audit::{AuditEntry, AuditQuery, LastUse, Notes, SIGN_IN};
use ringbook::contact::Timestamp;
use ringbook::store::Store;

use crate::samples::{load, main};

/// What a door lets through as a name.
const NAME_BYTES_MAX: usize = 1024;

pub(crate) fn notes_are_kept(store: &mut dyn Store) {
    let before = load(store).1;
    notes_read_back(store);
    sign_ins_of_a_minute_are_counted(store);
    old_and_surplus_entries_go(store);
    assert_eq!(load(store).1, before, "notes move no revision");
}

fn entry(actor: &str, action: &str, time: i64) -> AuditEntry {
    AuditEntry {
        time: Timestamp(time),
        organization: Some(main()),
        actor: actor.into(),
        address: Some([192, 0, 2, 7].into()),
        door: "http".into(),
        action: action.into(),
        outcome: "ok".into(),
        count: 1,
    }
}

fn note(store: &mut dyn Store, entries: &[&AuditEntry]) {
    let entries = entries.iter().copied().cloned().collect();
    let keep_since = Timestamp(i64::MIN);
    let keep_entries = u32::MAX;
    store.note(&Notes { entries, keep_since, keep_entries, ..Notes::default() }).unwrap();
}

/// The newest entries.
fn newest(store: &mut dyn Store, limit: u32) -> Vec<AuditEntry> {
    let query = AuditQuery { limit, ..AuditQuery::default() };
    store.audit(&query).unwrap().into_iter().map(|found| found.entry).collect()
}

fn notes_read_back(store: &mut dyn Store) {
    let of_all = AuditEntry { organization: None, address: None, ..entry("a", "POST /x", 600) };
    let odd = entry(&"\0\u{1}ü'".repeat(NAME_BYTES_MAX / 5), SIGN_IN, 601);
    let act = entry("b", "DELETE /x", 602);
    note(store, &[&of_all, &odd, &act]);
    assert_eq!(newest(store, 3), [act.clone(), odd.clone(), of_all]);
    let query = AuditQuery { organization: Some(main()), before: None, limit: 1 };
    let first = store.audit(&query).unwrap().remove(0);
    assert_eq!(first.entry, act);
    let second = store.audit(&AuditQuery { before: Some(first.number), ..query }).unwrap();
    assert_eq!(second.into_iter().map(|found| found.entry).collect::<Vec<_>>(), [odd]);

    let last = |credential: &str, time| LastUse {
        credential: credential.into(),
        time: Timestamp(time),
        address: None,
    };
    for uses in [vec![last("app:\0", 5), last("token:1", 5)], vec![last("token:1", 4)]] {
        let keep_since = Timestamp(i64::MIN);
        let keep_entries = u32::MAX;
        store.note(&Notes { uses, keep_since, keep_entries, ..Notes::default() }).unwrap();
    }
    let asked = ["token:1", "never", "app:\0"].map(Into::into);
    let found = store.last_uses(&asked).unwrap();
    assert_eq!(found, [last("token:1", 5), last("app:\0", 5)], "an older use changes nothing");
}

fn sign_ins_of_a_minute_are_counted(store: &mut dyn Store) {
    let (early, late) = (entry("c", SIGN_IN, 1200), entry("c", SIGN_IN, 1210));
    note(store, &[&late, &early]);
    note(store, &[&early]);
    assert_eq!(newest(store, 1), [AuditEntry { count: 3, ..late }]);
    let refused = AuditEntry { outcome: "refused".into(), ..early };
    note(store, &[&refused]);
    assert_eq!(newest(store, 1), [refused]);
}

fn old_and_surplus_entries_go(store: &mut dyn Store) {
    let acts: Vec<AuditEntry> = (0..5).map(|n| entry("d", "PUT /x", 3000 + n)).collect();
    note(store, &acts.iter().collect::<Vec<_>>());
    let keep = |keep_since, keep_entries| Notes {
        keep_since: Timestamp(keep_since),
        keep_entries,
        ..Notes::default()
    };
    store.note(&keep(3001, u32::MAX)).unwrap();
    assert_eq!(newest(store, 100).last(), Some(&acts[1]));
    store.note(&keep(0, 2)).unwrap();
    assert_eq!(newest(store, 100), [acts[4].clone(), acts[3].clone()]);
}
