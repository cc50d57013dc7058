//! Sync: what changed, what is gone, limits that resume, and tokens that are not ours.

use std::collections::BTreeMap;

use ringbook::contact::card::Field;

use crate::world::{PEOPLE, PERSONAL, World, card, sync_request};

const LIMIT_2: &str = "<limit><nresults>2</nresults></limit>";

#[tokio::test]
async fn changes_and_deletions_are_told_once() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    world.put("b.vcf", &card("b", "B")).await;
    world.send("204", &format!("DELETE {PERSONAL}b.vcf")).await;
    let first = world.sync(PERSONAL, "", "").await;
    assert_eq!(first.hrefs(), [format!("{PERSONAL}a.vcf")], "no deletions at the beginning");
    let second = world.sync(PERSONAL, &first.token, "").await;
    assert_eq!((second.rows.len(), &second.token), (0, &first.token));
    let etag = world.put("c.vcf", &card("c", "C")).await;
    world.send("204", &format!("DELETE {PERSONAL}a.vcf")).await;
    let third = world.sync(PERSONAL, &first.token, "").await;
    assert_eq!(third.row(&format!("{PERSONAL}c.vcf")).found("D:getetag"), Some(etag.as_str()));
    assert_eq!(third.row(&format!("{PERSONAL}a.vcf")).status, Some(404));
    assert_eq!(third.rows.len(), 2);
    assert!(world.sync(PERSONAL, &third.token, "").await.rows.is_empty());
}

#[tokio::test]
async fn the_token_is_the_one_of_propfind() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let props = "<D:sync-token/><CS:getctag/>";
    let before = world.propfind("204", PERSONAL, 0, props).await;
    let token = before.rows[0].found("D:sync-token").unwrap().to_owned();
    assert_eq!(world.sync(PERSONAL, "", "").await.token, token);
    assert_eq!(before.rows[0].found("CS:getctag"), Some(token.as_str()));
    world.put("b.vcf", &card("b", "B")).await;
    let after = world.propfind("204", PERSONAL, 0, props).await;
    assert_ne!(after.rows[0].found("CS:getctag"), before.rows[0].found("CS:getctag"));
    let people = world.propfind("204", PEOPLE, 0, props).await;
    world.put("c.vcf", &card("c", "C")).await;
    let same = world.propfind("204", PEOPLE, 0, props).await;
    assert_eq!(same.rows[0].found("CS:getctag"), people.rows[0].found("CS:getctag"), "only mine");
}

/// Syncs with a limit until nothing is left, as a client does: href to entity tag.
async fn sync_all(
    world: &World,
    mut token: String,
    known: &mut BTreeMap<String, String>,
) -> String {
    for _ in 0..100 {
        let page = world.sync(PERSONAL, &token, LIMIT_2).await;
        let mut more = false;
        for row in &page.rows {
            match row.status {
                Some(404) => drop(known.remove(&row.href)),
                Some(507) => {
                    assert_eq!(
                        (row.href.as_str(), row.error.as_str()),
                        (PERSONAL, "D:number-of-matches-within-limits")
                    );
                    more = true;
                }
                _ => drop(known.insert(row.href.clone(), row.found("D:getetag").unwrap().into())),
            }
        }
        assert!(page.rows.len() <= 2 + usize::from(more));
        token = page.token;
        if !more {
            return token;
        }
    }
    panic!("no end")
}

async fn listed(world: &World) -> BTreeMap<String, String> {
    let rows = world.propfind("204", PERSONAL, 1, "<D:getetag/>").await.rows;
    let cards = rows.iter().skip(1);
    cards.map(|row| (row.href.clone(), row.found("D:getetag").unwrap().to_owned())).collect()
}

#[tokio::test]
async fn a_limit_resumes_until_everything_is_known() {
    let world = World::new().await;
    for name in ["e", "d", "c", "b", "a"] {
        world.put(&format!("{name}.vcf"), &card(name, name)).await;
    }
    let mut known = BTreeMap::new();
    let token = sync_all(&world, String::new(), &mut known).await;
    assert_eq!(known, listed(&world).await);
    for name in ["a", "b", "x", "y", "z"] {
        world.put(&format!("{name}.vcf"), &card(name, &format!("New {name}"))).await;
    }
    for name in ["c", "d", "e"] {
        world.send("204", &format!("DELETE {PERSONAL}{name}.vcf")).await;
    }
    sync_all(&world, token, &mut known).await;
    assert_eq!(known, listed(&world).await);
}

#[tokio::test]
async fn who_begins_with_a_limit_hears_of_no_older_deletion() {
    let world = World::new().await;
    for name in ["a", "b", "c", "d", "e"] {
        world.put(&format!("{name}.vcf"), &card(name, name)).await;
    }
    for name in ["b", "d", "e"] {
        world.send("204", &format!("DELETE {PERSONAL}{name}.vcf")).await;
    }
    for name in ["f", "g"] {
        world.put(&format!("{name}.vcf"), &card(name, name)).await;
    }
    let first = world.sync(PERSONAL, "", LIMIT_2).await;
    let expected = ["a.vcf", "c.vcf"].map(|name| format!("{PERSONAL}{name}"));
    assert_eq!(first.hrefs()[..2], expected);
    assert_eq!(first.rows[2].status, Some(507));
    world.send("204", &format!("DELETE {PERSONAL}a.vcf")).await;
    let second = world.sync(PERSONAL, &first.token, "").await;
    let gone: Vec<&str> = second
        .rows
        .iter()
        .filter(|row| row.status == Some(404))
        .map(|row| row.href.as_str())
        .collect();
    assert_eq!(gone, [format!("{PERSONAL}a.vcf")], "only what it was told of");
    assert_eq!(second.rows.len(), 3);
}

#[tokio::test]
async fn changes_between_pages_are_not_lost() {
    let world = World::new().await;
    for name in ["a", "b", "c", "d"] {
        world.put(&format!("{name}.vcf"), &card(name, name)).await;
    }
    let first = world.sync(PERSONAL, "", LIMIT_2).await;
    assert_eq!(first.rows.len(), 3);
    world.put("a.vcf", &card("a", "Changed")).await;
    world.send("204", &format!("DELETE {PERSONAL}b.vcf")).await;
    world.send("204", &format!("DELETE {PERSONAL}d.vcf")).await;
    let mut known: BTreeMap<String, String> = first
        .rows
        .iter()
        .filter_map(|row| Some((row.href.clone(), row.found("D:getetag")?.to_owned())))
        .collect();
    sync_all(&world, first.token, &mut known).await;
    assert_eq!(known, listed(&world).await);
}

#[tokio::test]
async fn one_commit_of_many_cards_is_paged_too() {
    use ringbook::contact::{Book, Draft};
    use ringbook::directory::{Edit, new_id};
    let world = World::new().await;
    world.put("z.vcf", &card("z", "Z")).await;
    let anna = world.user("204");
    let edits = (0..7).map(|at| {
        let mut builder = ringbook::contact::card::CardBuilder::default();
        builder.push(Field::FormattedName, &format!("Import {at}"));
        let card = builder.finish().unwrap();
        let (organization, book) = (anna.organization.clone(), Book::Personal(anna.id));
        let draft =
            Draft { organization, book, name: None, uid: None, card, body: None, listed: true };
        Edit::PutContact { id: new_id(), draft }
    });
    world.commit(edits.collect()).await;
    let mut known = BTreeMap::new();
    sync_all(&world, String::new(), &mut known).await;
    assert_eq!((known.len(), &known), (8, &listed(&world).await));
}

#[tokio::test]
async fn tokens_that_are_not_ours_are_refused() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let token = world.sync(PERSONAL, "", "").await.token;
    let cut = token.rsplit_once(':').unwrap().0;
    for bad in [
        "1",
        "http://radicale.org/ns/sync/1",
        "urn:ringbook:sync:",
        cut,
        &format!("{token}0000"),
        &format!("{cut}:-1"),
        &format!("{cut}:+1"),
        &format!("{token}:a"),
        &format!("{token}:a:1:2"),
        &format!("{token}:%FF:1"),
        &token.replace("personal", "people"),
        &token.replace("204", "205"),
        &token.replace("urn:ringbook:sync:", "urn:ringbook:sync:0"),
        &world.sync(PEOPLE, "", "").await.token,
    ] {
        let answer = world.send("204", &sync_request(PERSONAL, bad, "")).await;
        assert_eq!(answer.status, 403, "{bad}");
        assert!(answer.text().contains("<valid-sync-token/>"));
        let request = sync_request(PERSONAL, bad, "").replacen(
            "\n",
            "\nUser-Agent: X Thunderbird/153.7.0\n",
            1,
        );
        let answer = world.send("204", &request).await;
        assert_eq!(answer.status, 400, "{bad}");
        assert!(answer.text().contains("<valid-sync-token/>"));
    }
}

#[tokio::test]
async fn a_hidden_number_moves_only_the_views_that_show_it() {
    let world = World::new().await;
    let ben = world.user("205");
    let token = |who: &'static str| {
        let world = &world;
        async move {
            let book = format!("/dav/homes/{who}.acme/people/");
            let rows = world.propfind(who, &book, 0, "<D:sync-token/>").await;
            rows.rows[0].found("D:sync-token").unwrap().to_owned()
        }
    };
    let before = [token("204").await, token("205").await, token("200").await];
    world
        .edit_person(ben.id, |draft| {
            let mut card = draft.card.edit();
            card.replace(Field::Mobile, ["+49 170 99"]);
            draft.card = card.finish().unwrap();
        })
        .await;
    let after = [token("204").await, token("205").await, token("200").await];
    assert_eq!(before[0], after[0], "a colleague sees nothing of it");
    assert_ne!(before[1], after[1], "it is Ben's own card");
    assert_ne!(before[2], after[2], "an administrator sees it");
    let request = sync_request("/dav/homes/205.acme/people/", &before[1], "");
    let changes = world.send("205", &request).await.rows();
    assert_eq!(changes.hrefs(), [format!("/dav/homes/205.acme/people/{}.vcf", ben.id)]);
    let name = format!("/dav/homes/205.acme/people/{}.vcf", ben.id);
    let listed = world.propfind("205", &name, 0, "<D:getetag/>").await;
    assert_eq!(listed.rows[0].found("D:getetag"), changes.rows[0].found("D:getetag"));
}

#[tokio::test]
async fn who_leaves_the_list_is_told_as_gone() {
    let world = World::new().await;
    let ben = world.user("205").id;
    let token = world.sync(PEOPLE, "", "").await.token;
    world.edit_person(ben, |draft| draft.listed = false).await;
    let changes = world.sync(PEOPLE, &token, "").await;
    assert_eq!(changes.row(&format!("{PEOPLE}{ben}.vcf")).status, Some(404));
    world.edit_person(ben, |draft| draft.listed = true).await;
    let changes = world.sync(PEOPLE, &changes.token, "").await;
    assert!(changes.row(&format!("{PEOPLE}{ben}.vcf")).found("D:getetag").is_some());
}

#[tokio::test]
async fn a_new_role_begins_a_new_history() {
    use ringbook::account::{Role, User};
    use ringbook::directory::Edit;
    let world = World::new().await;
    let token = world.sync(PEOPLE, "", "").await.token;
    world.commit(vec![Edit::PutUser(User { role: Role::Admin, ..world.user("204") })]).await;
    assert_eq!(world.send("204", &sync_request(PEOPLE, &token, "")).await.status, 403);
    assert_eq!(world.sync(PEOPLE, "", "").await.rows.len(), 3);
}

#[tokio::test]
async fn only_books_sync() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    for path in [
        "/dav/",
        "/dav/homes/204.acme/",
        "/dav/principals/204.acme/",
        "/dav/homes/204.acme/personal/a.vcf",
    ] {
        let answer = world.send("204", &sync_request(path, "", "")).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.text().contains("<supported-report/>"));
    }
    let request = sync_request(PERSONAL, "", "").replace("Depth: 1", "Depth: infinity");
    assert_eq!(world.send("204", &request).await.status, 400);
}
