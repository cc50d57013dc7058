//! The report addressbook-multiget: any number of hrefs, each answered by itself.

use crate::world::{Answer, PEOPLE, PERSONAL, SHARED, World, card};

fn body(hrefs: &str) -> String {
    format!(
        "<C:addressbook-multiget xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'>\
        <prop><getetag/><C:address-data/></prop>{hrefs}</C:addressbook-multiget>"
    )
}

async fn ask(world: &World, head: &str, hrefs: &[&str]) -> Answer {
    let hrefs: String = hrefs.iter().map(|href| format!("<href>{href}</href>")).collect();
    world.send("204", &format!("REPORT {head}\n\n{}", body(&hrefs))).await
}

#[tokio::test]
async fn the_depth_does_not_matter() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let href = format!("{PERSONAL}a.vcf");
    for depth in ["", "\nDepth: 0", "\nDepth: 1", "\nDepth: infinity"] {
        let rows = ask(&world, &format!("{PERSONAL}{depth}"), &[&href]).await.rows();
        assert_eq!(rows.rows[0].found("C:address-data"), Some(card("a", "A").as_str()), "{depth}");
    }
    assert_eq!(ask(&world, &format!("{PERSONAL}\nDepth: deep"), &[&href]).await.status, 400);
}

#[tokio::test]
async fn a_card_itself_answers_for_its_book() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let href = format!("{PERSONAL}a.vcf");
    assert!(ask(&world, &href, &[&href]).await.rows().rows[0].found("D:getetag").is_some());
}

#[tokio::test]
async fn hrefs_of_other_books_and_homes_are_not_there() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let ben = format!("{PEOPLE}{}.vcf", world.user("205").id);
    let hrefs = [
        &ben,
        &format!("{SHARED}00000000-0000-4000-8000-000000000001.vcf"),
        &format!("{PERSONAL}a.vcf").replace("204.", "205."),
        &format!("{PERSONAL}b.vcf"),
        "/dav/principals/204.acme/",
        "a.vcf",
        "",
        "https://other.example",
    ];
    let rows = ask(&world, PERSONAL, &hrefs).await.rows();
    assert_eq!(rows.hrefs(), hrefs, "each as it was asked for");
    assert!(rows.rows.iter().all(|row| row.status == Some(404)), "{rows:?}");
}

#[tokio::test]
async fn an_href_that_stands_twice_is_answered_twice() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let (href, other) = (format!("{PERSONAL}a.vcf"), format!("{PERSONAL}%61.vcf"));
    let rows = ask(&world, PERSONAL, &[&href, &other, &href]).await.rows();
    assert_eq!(rows.hrefs(), [&href, &other, &href]);
    assert!(rows.rows.iter().all(|row| row.found("C:address-data").is_some()));
}

#[tokio::test]
async fn as_many_hrefs_as_a_body_holds_are_answered() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let hrefs: String = (0..15_000).map(|at| format!("<href>{PERSONAL}{at}.vcf</href>")).collect();
    let answer = world.send("204", &format!("REPORT {PERSONAL}\n\n{}", body(&hrefs))).await;
    assert_eq!(answer.rows().rows.len(), 15_000);
    let larger = body(&hrefs.repeat(2));
    assert_eq!(world.send("204", &format!("REPORT {PERSONAL}\n\n{larger}")).await.status, 413);
    assert_eq!(world.send("204", &format!("REPORT {PERSONAL}\n\n{}", body(""))).await.status, 400);
}
