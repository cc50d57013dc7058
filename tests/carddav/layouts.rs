//! Which home a program is told of.

use http_body_util::Full;
use ringbook::account::Layout;
use ringbook::account::device::{AppPassword, Door, Doors};
use ringbook::auth::{Credential, Principal};
use ringbook::contact::Timestamp;
use ringbook::directory::Edit;

use crate::script;
use crate::world::{World, propfind};

const SEPARATE: &str = "/dav/homes/204.acme/";
const MERGED: &str = "/dav/homes/204.acme.merged/";
const IPHONE: &str = "iOS/17.5 (21F79) dataaccessd/1.0";
const DAVX5: &str = "DAVx5/4.4-ose (2024/08/02; dav4jvm; okhttp/4.12.0) Android/14";

/// The home that a program of Anna's is told of.
async fn home(world: &World, principal: Principal, agent: &str) -> String {
    let path = "/dav/principals/204.acme/";
    let head = format!("PROPFIND {path}\nDepth: 0\nUser-Agent: {agent}");
    let body = Full::new(propfind("<C:addressbook-home-set/>").into_bytes().into());
    let answer = world.send_body(Some(principal), &head, body).await;
    let set = answer.rows().rows[0].found("C:addressbook-home-set").unwrap().to_owned();
    set.strip_prefix("D:href(").unwrap().strip_suffix(')').unwrap().to_owned()
}

/// Anna by an app password, which is there or not.
async fn with_app(world: &World, id: &str) -> Principal {
    let app = AppPassword {
        user: world.user("204").id,
        id: id.into(),
        name: "telephone".into(),
        doors: Doors::of([Door::Carddav]),
        hash: "00".into(),
        carddav_layout: None,
        created: Timestamp(0),
    };
    world.commit(vec![Edit::PutAppPassword(app)]).await;
    by_app(world, id)
}

fn by_app(world: &World, id: &str) -> Principal {
    Principal { credential: Credential::App(id.into()), ..world.principal("204") }
}

#[tokio::test]
async fn apples_programs_get_one_book_and_others_get_each() {
    let world = World::new().await;
    for (agent, expected) in [
        (IPHONE, MERGED),
        ("iOS/17.5 (21F79) accountsd/1.0", MERGED),
        ("macOS/14.4 (23E214) AddressBookCore/2633", MERGED),
        ("Mac OS X/10.11.2 (15C31f) AddressBook/1679.3", MERGED),
        (DAVX5, SEPARATE),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:153.0) Thunderbird/153.7.0", SEPARATE),
        ("Evolution/3.46.4", SEPARATE),
    ] {
        assert_eq!(home(&world, world.principal("204"), agent).await, expected, "{agent}");
    }
}

#[tokio::test]
async fn a_device_keeps_the_layout_that_it_got_first() {
    let world = World::new().await;
    let phone = with_app(&world, "phone").await;
    assert_eq!(home(&world, phone.clone(), IPHONE).await, MERGED);
    let remembered = world.directory.snapshot().app_passwords(world.user("204").id)[0].clone();
    assert_eq!(remembered.carddav_layout, Some(Layout::Merged));
    let revision = world.directory.snapshot().revision();
    assert_eq!(home(&world, phone.clone(), "Something new/1.0").await, MERGED, "it never flips");
    assert_eq!(home(&world, phone.clone(), IPHONE).await, MERGED);
    assert_eq!(world.directory.snapshot().revision(), revision, "one commit, once");
    world.set(|acme| acme.carddav_layout = Layout::Separate).await;
    assert_eq!(home(&world, phone.clone(), IPHONE).await, MERGED, "nor by the organization");
    let other = with_app(&world, "tablet").await;
    assert_eq!(home(&world, other, IPHONE).await, SEPARATE);
    world.set_user("204", |anna| anna.carddav_layout = Some(Layout::Separate)).await;
    assert_eq!(home(&world, phone, IPHONE).await, SEPARATE, "the user's own setting counts first");
}

#[tokio::test]
async fn what_an_organization_says_is_not_remembered() {
    let world = World::new().await;
    world.set(|acme| acme.carddav_layout = Layout::Merged).await;
    let app = with_app(&world, "android").await;
    assert_eq!(home(&world, app.clone(), DAVX5).await, MERGED);
    world.set(|acme| acme.carddav_layout = Layout::Auto).await;
    assert_eq!(home(&world, app.clone(), DAVX5).await, SEPARATE);
    world.set(|acme| acme.carddav_layout = Layout::Merged).await;
    assert_eq!(home(&world, app, DAVX5).await, SEPARATE, "the program decided once");
    let user = |layout| world.set_user("204", move |anna| anna.carddav_layout = layout);
    user(Some(Layout::Auto)).await;
    assert_eq!(home(&world, world.principal("204"), DAVX5).await, SEPARATE);
    assert_eq!(home(&world, world.principal("204"), IPHONE).await, MERGED);
    user(Some(Layout::Merged)).await;
    assert_eq!(home(&world, world.principal("204"), DAVX5).await, MERGED);
}

#[tokio::test]
async fn a_revoked_app_password_stays_revoked() {
    let world = World::new().await;
    with_app(&world, "lost").await;
    let anna = world.user("204").id;
    let layout = |layout| Edit::RememberLayout { user: anna, app: "lost".into(), layout };
    let remember = || layout(Layout::Merged);
    world.commit(vec![remember()]).await;
    world.commit(vec![layout(Layout::Separate)]).await;
    let remembered = world.directory.snapshot().app_passwords(anna)[0].carddav_layout;
    assert_eq!(remembered, Some(Layout::Merged), "the first one counts");
    world.commit(vec![Edit::RemoveAppPassword(anna, "lost".into())]).await;
    world.commit(vec![remember()]).await;
    assert!(world.directory.snapshot().app_passwords(anna).is_empty());
    with_app(&world, "lost").await;
    let removed = world
        .directory
        .commit(ringbook::directory::Request::one(Edit::RemoveAppPassword(anna, "lost".into())));
    let remembered = world.directory.commit(ringbook::directory::Request::one(remember()));
    let (removed, remembered) = tokio::join!(removed, remembered);
    assert!(removed.is_ok() && remembered.is_ok());
    assert!(world.directory.snapshot().app_passwords(anna).is_empty(), "in one transaction too");
}

#[tokio::test]
async fn contacts_on_macos_finds_one_book_with_everybody() {
    script::run(include_str!("clients/apple-merged.http")).await;
}
