//! The CardDAV door: clients' recorded sequences, and each promise by itself.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

#[path = "carddav/add_member.rs"]
mod add_member;
#[path = "carddav/attacks.rs"]
mod attacks;
#[path = "carddav/books.rs"]
mod books;
#[path = "carddav/company.rs"]
mod company;
#[path = "carddav/copies.rs"]
mod copies;
#[path = "carddav/copy_move.rs"]
mod copy_move;
#[path = "carddav/damage.rs"]
mod damage;
#[path = "carddav/directory.rs"]
mod directory;
#[path = "carddav/expanding.rs"]
mod expanding;
#[path = "carddav/following.rs"]
mod following;
#[path = "carddav/groups.rs"]
mod groups;
#[path = "carddav/large.rs"]
mod large;
#[path = "carddav/layouts.rs"]
mod layouts;
#[path = "carddav/limits.rs"]
mod limits;
#[path = "carddav/lives.rs"]
mod lives;
#[path = "carddav/merged.rs"]
mod merged;
#[path = "carddav/mkcol.rs"]
mod mkcol;
#[path = "carddav/multiget.rs"]
mod multiget;
#[path = "carddav/paging.rs"]
mod paging;
#[path = "carddav/photos.rs"]
mod photos;
#[path = "carddav/preconditions.rs"]
mod preconditions;
#[path = "carddav/principals.rs"]
mod principals;
#[path = "carddav/properties.rs"]
mod properties;
#[path = "carddav/proppatch.rs"]
mod proppatch;
#[path = "carddav/query.rs"]
mod query;
#[path = "carddav/reading.rs"]
mod reading;
#[path = "carddav/refusals.rs"]
mod refusals;
#[path = "carddav/renditions.rs"]
mod renditions;
#[path = "carddav/rights.rs"]
mod rights;
#[path = "carddav/script.rs"]
mod script;
#[path = "carddav/socket.rs"]
mod socket;
#[path = "carddav/syncing.rs"]
mod syncing;
#[path = "carddav/versions.rs"]
mod versions;
#[path = "carddav/world.rs"]
mod world;
#[path = "carddav/writing.rs"]
mod writing;
#[path = "carddav/xml.rs"]
mod xml;

#[tokio::test]
async fn thunderbird_discovers_syncs_and_recovers() {
    script::run(include_str!("carddav/clients/thunderbird.http")).await;
}

#[tokio::test]
async fn davx5_discovers_and_syncs() {
    script::run(include_str!("carddav/clients/davx5.http")).await;
}

#[tokio::test]
async fn evolution_reads_and_writes() {
    script::run(include_str!("carddav/clients/evolution.http")).await;
}

#[tokio::test]
async fn vdirsyncer_lists_and_writes() {
    script::run(include_str!("carddav/clients/vdirsyncer.http")).await;
}

#[tokio::test]
async fn an_iphone_gets_one_book_and_writes_into_it() {
    script::run(include_str!("carddav/clients/ios.http")).await;
}

#[tokio::test]
async fn a_mac_reads_everything_as_3_0_and_searches_the_directory() {
    script::run(include_str!("carddav/clients/macos.http")).await;
}

#[tokio::test]
async fn kde_lists_reads_and_writes() {
    script::run(include_str!("carddav/clients/kde.http")).await;
}

#[tokio::test]
async fn outlooks_synchronizer_reads_rights_and_tags() {
    script::run(include_str!("carddav/clients/outlook.http")).await;
}

#[tokio::test]
async fn pimsync_syncs_without_depth() {
    script::run(include_str!("carddav/clients/pimsync.http")).await;
}

#[tokio::test]
async fn em_client_writes_what_others_write_otherwise() {
    script::run(include_str!("carddav/clients/emclient.http")).await;
}

#[tokio::test]
async fn tsdav_queries_and_syncs() {
    script::run(include_str!("carddav/clients/tsdav.http")).await;
}

#[tokio::test]
async fn linphone_searches_while_somebody_calls() {
    script::run(include_str!("carddav/clients/linphone.http")).await;
}
