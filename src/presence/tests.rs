//! What the table says as news come and time passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::contact::book::Availability::{self, Available, Busy, Offline};
use crate::contact::{ContactId, OrganizationId, Timestamp, UserId};
use crate::presence::{Client, News, Phone, Presence, SILENCE_DEFAULT_S};

struct World {
    presence: Presence,
    now: Arc<AtomicI64>,
    main: OrganizationId,
}

impl World {
    fn new() -> Self {
        let now = Arc::new(AtomicI64::new(1000));
        let clock = Arc::clone(&now);
        let clock = Box::new(move || Timestamp(clock.load(Ordering::SeqCst)));
        let presence = Presence::new(SILENCE_DEFAULT_S, clock);
        Self { presence, now, main: OrganizationId::from("main") }
    }

    fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    fn phone(&self, feeder: &str, user: u128, phone: Phone) {
        let news = News { phone: Some(Some(phone)), ..News::default() };
        self.presence.tell(&self.main, feeder, [(id(user), news)]);
    }

    fn client(&self, feeder: &str, user: u128, client: Client) {
        let news = News { client: Some(Some(client)), ..News::default() };
        self.presence.tell(&self.main, feeder, [(id(user), news)]);
    }

    fn heartbeat(&self, feeder: &str) {
        self.presence.tell(&self.main, feeder, []);
    }

    fn availability(&self, user: u128) -> Option<Availability> {
        let seen = self.presence.seen(&self.main, id(user));
        let found = seen.and_then(|seen| seen.availability);
        let in_groups = Availability::ALL.into_iter().filter(|availability| {
            self.presence.ids(&self.main, *availability).contains(&id(user))
        });
        assert_eq!(in_groups.collect::<Vec<_>>(), found.into_iter().collect::<Vec<_>>());
        let whose = self.presence.whose(&self.main, |seen| seen.availability.is_some());
        assert_eq!(whose.contains(&id(user)), found.is_some());
        found
    }

    fn last_seen(&self, user: u128) -> Option<i64> {
        self.presence.seen(&self.main, id(user))?.last_seen.map(|time| time.0)
    }
}

fn id(user: u128) -> UserId {
    ContactId(uuid::Uuid::from_u128(user))
}

#[test]
fn a_user_goes_from_group_to_group() {
    let world = World::new();
    assert_eq!(world.availability(1), None);
    for (phone, expected) in
        [(Phone::Idle, Available), (Phone::InCall, Busy), (Phone::Unavailable, Offline)]
    {
        world.phone("pbx", 1, phone);
        assert_eq!(world.availability(1), Some(expected));
    }
    assert_eq!(world.availability(2), None);
    world.presence.forget(&world.main, id(1));
    assert_eq!(world.availability(1), None);
}

#[test]
fn a_silent_feeder_means_unknown() {
    let world = World::new();
    world.phone("pbx", 1, Phone::Idle);
    world.pass(SILENCE_DEFAULT_S - 1);
    assert_eq!(world.availability(1), Some(Available));
    world.pass(1);
    assert_eq!(world.availability(1), None);
    assert_eq!(world.last_seen(1), Some(1000), "when the feeder was last heard");
    world.heartbeat("pbx");
    assert_eq!(world.availability(1), Some(Available), "it is there again");
}

#[test]
fn a_feeder_that_is_heard_keeps_all_that_it_told() {
    let world = World::new();
    world.phone("pbx", 1, Phone::Idle);
    world.phone("other", 2, Phone::Idle);
    for _ in 0..3 {
        world.pass(SILENCE_DEFAULT_S - 1);
        world.heartbeat("pbx");
    }
    assert_eq!((world.availability(1), world.availability(2)), (Some(Available), None));
}

#[test]
fn each_part_is_as_old_as_its_own_feeder() {
    let world = World::new();
    world.client("app", 1, Client::Meeting);
    world.phone("pbx", 1, Phone::Idle);
    assert_eq!(world.availability(1), Some(Busy));
    world.pass(SILENCE_DEFAULT_S - 1);
    world.heartbeat("pbx");
    world.pass(1);
    assert_eq!(world.availability(1), Some(Available), "nobody knows of the meeting any more");
}

#[test]
fn who_went_offline_was_last_seen_then() {
    let world = World::new();
    world.phone("pbx", 1, Phone::InCall);
    assert_eq!(world.last_seen(1), None, "who is there has no last time");
    world.pass(60);
    world.phone("pbx", 1, Phone::Unavailable);
    world.pass(60);
    world.phone("pbx", 1, Phone::Unavailable);
    assert_eq!(world.last_seen(1), Some(1060));
    let told = News { last_seen: Some(Timestamp(900)), ..News::default() };
    world.presence.tell(&world.main, "pbx", [(id(2), told)]);
    assert_eq!((world.availability(2), world.last_seen(2)), (None, Some(900)));
}

#[test]
fn what_is_not_said_stays_and_what_is_taken_back_goes() {
    let world = World::new();
    world.phone("pbx", 1, Phone::InCall);
    let text = News { text: Some(Some("at lunch".into())), ..News::default() };
    world.presence.tell(&world.main, "pbx", [(id(1), text)]);
    let seen = world.presence.seen(&world.main, id(1)).unwrap();
    assert_eq!((seen.phone, seen.text.as_deref()), (Some(Phone::InCall), Some("at lunch")));
    let back = News { phone: Some(None), ..News::default() };
    world.presence.tell(&world.main, "pbx", [(id(1), back)]);
    assert_eq!(world.availability(1), None);
}

#[test]
fn the_groups_are_the_same_until_something_changes() {
    let world = World::new();
    world.phone("pbx", 1, Phone::Idle);
    let of = || world.presence.ids(&world.main, Available);
    let first = of();
    world.phone("pbx", 1, Phone::Ringing);
    world.pass(10);
    world.heartbeat("pbx");
    assert!(Arc::ptr_eq(&first, &of()));
    world.phone("pbx", 2, Phone::Idle);
    assert!(!Arc::ptr_eq(&first, &of()));
}

#[test]
fn organizations_are_apart() {
    let world = World::new();
    world.phone("pbx", 1, Phone::Idle);
    let other = OrganizationId::from("other");
    assert!(world.presence.ids(&other, Available).is_empty());
    assert_eq!(world.presence.seen(&other, id(1)), None);
}
