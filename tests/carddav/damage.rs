//! A store that lost a part of a contact: the card must not look deleted, or clients delete theirs.

use ringbook::account::Role;
use ringbook::directory::Edit;
use ringbook::store::sqlite::SqliteStore;

use crate::world::{PERSONAL, World, card, settings};

#[tokio::test]
async fn a_broken_card_stays_listed_and_can_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    let open = || SqliteStore::open(&path).unwrap();
    let world = World::empty(open());
    world.commit(vec![Edit::PutOrganization(Box::new(settings()))]).await;
    world.person("204", "Anna", "Adams", Role::User).await;
    let broken = world.put("a.vcf", &card("a", "Broken")).await;
    world.put("b.vcf", &card("b", "Whole")).await;
    let token = world.sync(PERSONAL, "", "").await.token;
    drop(world);
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute("UPDATE contact SET card = '', body = NULL WHERE name = 'a.vcf'", []).unwrap();
    let world = World::empty(open());
    let href = format!("{PERSONAL}a.vcf");
    let listed = world.propfind("204", PERSONAL, 1, "<D:getetag/>").await;
    assert_eq!(listed.row(&href).found("D:getetag"), Some(&*broken), "as clients know it");
    assert!(world.sync(PERSONAL, &token, "").await.rows.is_empty(), "nothing happened to it");
    assert_eq!(world.send("204", &format!("GET {href}")).await.status, 500);
    let report = format!(
        "REPORT {PERSONAL}\n\n<C:addressbook-multiget xmlns='DAV:' \
         xmlns:C='urn:ietf:params:xml:ns:carddav'><prop><C:address-data/></prop>\
         <href>{href}</href><href>{PERSONAL}b.vcf</href></C:addressbook-multiget>"
    );
    let rows = world.send("204", &report).await.rows();
    assert_eq!(rows.row(&href).status, Some(500));
    let whole = format!("{PERSONAL}b.vcf");
    assert!(rows.row(&whole).found("C:address-data").unwrap().contains("Whole"));
    // Whether the filter wants it is not known.
    let query = format!(
        "REPORT {PERSONAL}\nDepth: 1\n\n<C:addressbook-query xmlns='DAV:' \
         xmlns:C='urn:ietf:params:xml:ns:carddav'><prop><getetag/></prop><C:filter>\
         <C:prop-filter name='NOTE'><C:is-not-defined/></C:prop-filter></C:filter></C:addressbook-query>"
    );
    let rows = world.send("204", &query).await.rows();
    assert_eq!(rows.row(&href).status, Some(500));
    assert!(rows.row(&whole).found("D:getetag").is_some());
    let put = format!("PUT {href}\nIf-Match: {broken}\n\n{}", card("a", "Mended"));
    assert_eq!(world.send("204", &put).await.status, 204);
    assert!(world.send("204", &format!("GET {href}")).await.text().contains("Mended"));
}
