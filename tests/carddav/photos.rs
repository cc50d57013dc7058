//! Photos in cards: what a client sends stays as it is, and cards that are written here carry them.

use std::io::Cursor;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, Rgb, RgbImage};
use ringbook::contact::ContactId;
use ringbook::contact::photo::{PhotoSize, Picture};
use ringbook::directory::Edit;
use ringbook::photo::develop;
use ringbook::photo::portrait::portrait;
use ringbook::vcard::photo::image;

use crate::world::{PEOPLE, PERSONAL, SHARED, World, acme, card};

/// A card with a line before its end.
fn with_line(line: &str) -> String {
    card("a", "A").replace("END:", &format!("{line}\r\nEND:"))
}

fn with_photo(picture: &Picture) -> String {
    with_line(&format!("PHOTO;ENCODING=b;TYPE=JPEG:{}", STANDARD.encode(&picture.jpeg)))
}

/// The digest of the photo that the only contact of Anna's has.
fn digest(world: &World) -> Option<u64> {
    let snapshot = world.directory.snapshot();
    let home = ringbook::contact::Book::Personal(world.user("204").id);
    snapshot.by_name(&acme(), home, "a.vcf").unwrap().photo.map(|photo| photo.digest)
}

#[tokio::test]
async fn a_photo_comes_and_goes_with_the_card_that_a_client_sends() {
    let world = World::new().await;
    let (one, two) = (portrait(1).unwrap(), portrait(2).unwrap());
    let first = world.put("a.vcf", &with_photo(&one)).await;
    let before = digest(&world);
    assert!(before.is_some());
    world.put("a.vcf", &with_photo(&one)).await;
    assert_eq!(digest(&world), before, "the same image is the same photo");
    let got = world.send("204", &format!("GET {PERSONAL}a.vcf")).await;
    assert_eq!(got.text(), with_photo(&one), "to the byte");
    assert_ne!(world.put("a.vcf", &with_photo(&two)).await, first);
    assert_ne!(digest(&world), before);
    world.put("a.vcf", &card("a", "A")).await;
    assert_eq!(digest(&world), None);
    let id = {
        let home = ringbook::contact::Book::Personal(world.user("204").id);
        world.directory.snapshot().by_name(&acme(), home, "a.vcf").unwrap().id
    };
    assert_eq!(world.directory.photo(id, PhotoSize::Full).unwrap(), None);
}

#[tokio::test]
async fn a_photo_that_cannot_be_used_harms_nothing() {
    let world = World::new().await;
    for line in [
        "PHOTO;ENCODING=b;TYPE=JPEG:AAAA",
        "PHOTO;ENCODING=b;TYPE=JPEG:%",
        "PHOTO;VALUE=uri:http://127.0.0.1:9/a.jpg",
        "PHOTO;VALUE=uri:file:///etc/passwd",
        "PHOTO:data:image/svg+xml;base64,PHN2Zy8+",
    ] {
        world.put("a.vcf", &with_photo(&portrait(1).unwrap())).await;
        assert!(digest(&world).is_some());
        world.put("a.vcf", &with_line(line)).await;
        assert_eq!(digest(&world), None, "{line}");
        let got = world.send("204", &format!("GET {PERSONAL}a.vcf")).await;
        assert_eq!(got.text(), with_line(line));
    }
}

#[tokio::test]
async fn cards_that_are_written_here_carry_the_photo() {
    let world = World::new().await;
    let supplier = ContactId::parse("00000000-0000-4000-8000-000000000001").unwrap();
    let (anna, picture) = (world.user("204").id, Arc::new(portrait(1).unwrap()));
    for (id, book, name) in
        [(anna, PEOPLE, format!("{anna}.vcf")), (supplier, SHARED, format!("{supplier}.vcf"))]
    {
        let href = format!("{book}{name}");
        let get =
            async || world.send("205", &format!("GET {}", href.replacen("204", "205", 1))).await;
        let before = get().await;
        assert_eq!(image(&before.body), None);
        let token = world.sync(book, "", "").await.token;
        world.commit(vec![Edit::PutPhoto { id, picture: Some(Arc::clone(&picture)) }]).await;
        let after = get().await;
        assert!(image(&after.body).is_some_and(|jpeg| *jpeg == *picture.jpeg), "{}", after.text());
        assert_ne!(after.header("etag"), before.header("etag"));
        assert_ne!(after.header("last-modified"), before.header("last-modified"));
        assert_eq!(after.header("content-length"), after.body.len().to_string());
        assert!(after.text().lines().all(|line| line.len() <= 75));
        assert!(after.text().contains("\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/"));
        let changed = world.sync(book, &token, "").await;
        assert_eq!(changed.rows.len(), 1, "who synchronizes is told");
        consistent(&world, book, &href).await;
        world.commit(vec![Edit::PutPhoto { id, picture: None }]).await;
        assert_eq!(image(&get().await.body), None);
    }
}

#[tokio::test]
async fn a_photo_that_is_sent_back_stays_as_good_as_it_is() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let home = ringbook::contact::Book::Personal(world.user("204").id);
    let id = world.directory.snapshot().by_name(&acme(), home, "a.vcf").unwrap().id;
    let noise = |x: u32, y: u32| ((x * 7919 + y * y * 104_729) >> 3) as u8;
    let noise = RgbImage::from_fn(90, 90, |x, y| Rgb([noise(x, y), noise(y, x), 0]));
    let mut file = Cursor::new(Vec::new());
    noise.write_to(&mut file, ImageFormat::Png).unwrap();
    let picture = Arc::new(develop(file.into_inner()).await.unwrap());
    let worse = develop(picture.jpeg.to_vec()).await.unwrap();
    assert_ne!(worse.photo, picture.photo);
    world.commit(vec![Edit::PutPhoto { id, picture: Some(Arc::clone(&picture)) }]).await;
    for name in ["Anna", "Hanna"] {
        world.put("a.vcf", &with_photo(&picture).replace("FN:A", &format!("FN:{name}"))).await;
        assert_eq!(digest(&world), Some(picture.photo.digest));
    }
    world.put("a.vcf", &with_photo(&portrait(2).unwrap())).await;
    assert_ne!(digest(&world), Some(picture.photo.digest));
}

/// PROPFIND and multiget say of a card what a GET gives.
async fn consistent(world: &World, book: &str, href: &str) {
    let card = world.send("204", &format!("GET {href}")).await;
    assert!(image(&card.body).is_some());
    let props = "<D:getetag/><D:getcontentlength/>";
    let found = world.propfind("204", href, 0, props).await;
    assert_eq!(found.rows[0].found("D:getcontentlength").unwrap(), card.body.len().to_string());
    assert_eq!(found.rows[0].found("D:getetag").unwrap(), card.header("etag"));
    let multiget = format!(
        "REPORT {book}\n\n<C:addressbook-multiget xmlns:D=\"DAV:\" \
         xmlns:C=\"urn:ietf:params:xml:ns:carddav\"><D:prop><D:getetag/><D:getcontentlength/>\
         <C:address-data/></D:prop><D:href>{href}</D:href></C:addressbook-multiget>"
    );
    let rows = world.send("204", &multiget).await.rows().rows;
    assert_eq!(rows[0].found("D:getetag").unwrap(), card.header("etag"));
    assert_eq!(rows[0].found("D:getcontentlength").unwrap(), card.body.len().to_string());
    let unfolded = |text: &str| text.replace('\r', "");
    assert_eq!(unfolded(rows[0].found("C:address-data").unwrap()), unfolded(&card.text()));
}
