//! Photos: read where an attribute names them, and never otherwise.

use std::sync::Arc;

use ldap3_proto::proto::{LdapOp, LdapResultCode, LdapSearchResultEntry};
use ringbook::contact::Book;
use ringbook::contact::card::Field;
use ringbook::contact::photo::Picture;
use ringbook::directory::Edit;
use ringbook::photo::portrait::portrait;

use crate::client::{Ask, BASE, Client};
use crate::world::{SUFFIX, World};

const JOHN: &str = "uid=101,ou=people,dc=pbx,dc=com";
const ALL: &str = "(objectClass=*)";

/// A world in which John, and one of Jane's contacts, have photos.
async fn world() -> (World, Arc<Picture>, Arc<Picture>) {
    let world = World::start().await;
    let (johns, private) = (Arc::new(portrait(1).unwrap()), Arc::new(portrait(2).unwrap()));
    let find = |name: &str| {
        let snapshot = world.directory.snapshot();
        let mut people = snapshot.people(&world.organization);
        people.find(|row| row.card.formatted_name() == name).unwrap().id
    };
    let (john, jane) = (find("John Smith"), find("Jane Doe"));
    let secret = world.contact(Book::Personal(jane), &[(Field::FormattedName, "Jill")]).await;
    for (id, picture) in [(john, &johns), (secret, &private)] {
        world.edit(Edit::PutPhoto { id, picture: Some(Arc::clone(picture)) }).await;
    }
    (world, johns, private)
}

async fn entries(client: &mut Client, ask: &Ask<'_>) -> Vec<LdapSearchResultEntry> {
    client.request(&ask.encoded()).await;
    let mut entries = Vec::new();
    loop {
        match client.receive().await.unwrap().op {
            LdapOp::SearchResultEntry(entry) => entries.push(entry),
            LdapOp::SearchResultDone(done) => {
                assert_eq!(done.code, LdapResultCode::Success);
                return entries;
            }
            other => panic!("not of a search: {other:?}"),
        }
    }
}

/// What John's entry has under the attributes that are asked for.
async fn of_john(
    client: &mut Client,
    types_only: bool,
    names: &[&str],
) -> Vec<(String, Vec<Vec<u8>>)> {
    let ask = Ask { scope: BASE, types_only, attributes: names, ..Ask::sub(JOHN, ALL) };
    let mut found = entries(client, &ask).await;
    assert_eq!(found.len(), 1);
    let attributes = found.remove(0).attributes.into_iter();
    attributes.map(|attribute| (attribute.atype, attribute.vals)).collect()
}

#[tokio::test]
async fn photos_come_under_the_spelling_that_was_asked_for() {
    let (world, photo, _) = world().await;
    let mut phone = Client::phone(&world).await;
    let (full, thumbnail) = (photo.jpeg.to_vec(), photo.thumbnail.to_vec());
    for (asked, expected) in [
        ("jpegPhoto", &full),
        ("JPEGPHOTO;binary", &full),
        ("0.9.2342.19200300.100.1.60", &full),
        ("thumbnailPhoto", &thumbnail),
        ("thumbnailphoto;binary", &thumbnail),
    ] {
        let found = of_john(&mut phone, false, &[asked]).await;
        assert_eq!(found, [(asked.to_owned(), vec![expected.clone()])], "{asked}");
    }
    let both = of_john(&mut phone, false, &["thumbnailPhoto", "sn", "jpegPhoto"]).await;
    let names: Vec<&str> = both.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["thumbnailPhoto", "sn", "jpegPhoto"]);
    assert_eq!((&both[0].1[0], &both[2].1[0]), (&thumbnail, &full));
}

#[tokio::test]
async fn photos_come_where_they_are_named_and_where_one_entry_is_read() {
    let (world, ..) = world().await;
    let mut phone = Client::phone(&world).await;
    for (names, expected) in [
        (&[][..], &["jpegPhoto", "thumbnailPhoto"][..]),
        (&["*"], &["jpegPhoto", "thumbnailPhoto"]),
        (&["cn", "*", "jpegphoto"], &["jpegphoto", "thumbnailPhoto"]),
        (&["+"], &[]),
        (&["1.1"], &[]),
        (&["cn"], &[]),
    ] {
        let is_photo = |(name, _): &&(String, _)| name.to_lowercase().contains("photo");
        let read = of_john(&mut phone, false, names).await;
        let shown: Vec<&str> = read.iter().filter(is_photo).map(|(name, _)| &**name).collect();
        assert_eq!(shown, expected, "{names:?}");
        // Who searches for everybody does not mean pictures of everybody.
        let search = Ask { attributes: names, ..Ask::sub(SUFFIX, "(sn=smith)") };
        let found = entries(&mut phone, &search).await;
        let named = names.iter().any(|name| name.contains("photo"));
        let shown = found[0].attributes.iter().any(|found| found.atype.contains("hoto"));
        assert_eq!(shown, named, "{names:?}");
    }
    let with_star = of_john(&mut phone, false, &["*", "jpegPhoto"]).await;
    assert_eq!(with_star.iter().filter(|(name, _)| name == "jpegPhoto").count(), 1);
    let types = of_john(&mut phone, true, &["jpegPhoto", "thumbnailPhoto", "pager"]).await;
    let expected = ["jpegPhoto", "thumbnailPhoto"].map(|name| (name.to_owned(), Vec::new()));
    assert_eq!(types, expected);
}

#[tokio::test]
async fn whoever_has_a_photo_is_found_by_it() {
    let (world, ..) = world().await;
    let mut jane = Client::signed_in(&world, "102", "jane-secret").await;
    let mut phone = Client::phone(&world).await;
    for filter in ["(jpegPhoto=*)", "(thumbnailPhoto=*)", "(&(jpegPhoto;binary=*)(cn=J*))"] {
        let ask = Ask { attributes: &["cn", "jpegPhoto"], ..Ask::sub(SUFFIX, filter) };
        let found: Vec<String> =
            entries(&mut jane, &ask).await.into_iter().map(|entry| entry.dn).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(entries(&mut phone, &ask).await.len(), 1, "nobody else sees Jane's contacts");
    }
    let without = Ask::sub("ou=people,dc=pbx,dc=com", "(!(jpegPhoto=*))");
    assert_eq!(entries(&mut phone, &without).await.len(), 5);
    // There is no rule by which photos are equal (RFC 2798 section 2.6): Undefined.
    let equal = Ask::sub(SUFFIX, "(|(jpegPhoto=x)(!(jpegPhoto=x))(!(thumbnailPhoto>=x)))");
    assert_eq!(entries(&mut phone, &equal).await.len(), 0);
}

#[tokio::test]
async fn a_photo_that_is_taken_away_is_gone() {
    let (world, photo, _) = world().await;
    let mut phone = Client::phone(&world).await;
    let names = ["jpegPhoto", "modifyTimestamp"];
    assert_eq!(of_john(&mut phone, false, &names).await[0].1[0], photo.jpeg.to_vec());
    let snapshot = world.directory.snapshot();
    let john = snapshot.people(&world.organization).find(|row| row.photo.is_some()).unwrap().id;
    let other = Arc::new(portrait(3).unwrap());
    world.edit(Edit::PutPhoto { id: john, picture: Some(Arc::clone(&other)) }).await;
    assert_eq!(of_john(&mut phone, false, &names).await[0].1[0], other.jpeg.to_vec());
    world.edit(Edit::PutPhoto { id: john, picture: None }).await;
    let left = of_john(&mut phone, false, &names).await;
    assert_eq!(left.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["modifyTimestamp"]);
}
