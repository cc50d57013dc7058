//! Synchronization in parts, and what it costs.

use std::collections::BTreeMap;
use std::time::Duration;

use ringbook::contact::card::{CardBuilder, Field};
use ringbook::contact::{Book, ContactId};
use ringbook::directory::{Edit, new_id};
use uuid::Uuid;

use crate::company::path;
use crate::merged::{CONTACTS, told};
use crate::world::{PERSONAL, World, card, cpu_time, draft, sync_request};

/// A program that keeps a copy: href to entity tag.
struct Client<'w> {
    world: &'w World,
    book: String,
    token: String,
    cards: BTreeMap<String, String>,
}

impl<'w> Client<'w> {
    fn new(world: &'w World, book: &str) -> Self {
        Self { world, book: book.to_owned(), token: String::new(), cards: BTreeMap::new() }
    }

    /// One answer with a limit; whether there is more.
    async fn page(&mut self, limit: usize) -> bool {
        let is_first = self.token.is_empty();
        let limited = format!("<limit><nresults>{limit}</nresults></limit>");
        let page = self.world.sync(&self.book, &self.token, &limited).await;
        let mut more = false;
        for row in &page.rows {
            match row.status {
                Some(404) => {
                    assert!(!is_first, "nothing is gone at the beginning");
                    self.cards.remove(&row.href);
                }
                Some(507) => {
                    assert_eq!(row.href, self.book);
                    assert_eq!(row.error, "D:number-of-matches-within-limits");
                    more = true;
                }
                _ => {
                    let etag = row.found("D:getetag").unwrap().to_owned();
                    self.cards.insert(row.href.clone(), etag);
                }
            }
        }
        assert!(page.rows.len() <= limit + usize::from(more));
        assert!(!page.token.is_empty());
        self.token = page.token;
        more
    }

    async fn sync(&mut self, limit: usize) {
        while self.page(limit).await {}
    }

    /// The cards as PROPFIND lists them.
    async fn listed(&self) -> BTreeMap<String, String> {
        let rows = self.world.propfind("204", &self.book, 1, "<D:getetag/>").await.rows;
        let cards = rows.into_iter().skip(1);
        cards.map(|row| (row.href.clone(), row.found("D:getetag").unwrap().to_owned())).collect()
    }
}

fn person(at: usize, department: &str) -> Edit {
    let mut card = CardBuilder::default();
    card.push(Field::FormattedName, &format!("P {at}")).push(Field::Department, department);
    Edit::PutContact { id: id(at), draft: draft(Book::People, card) }
}

fn id(at: usize) -> ContactId {
    ContactId(Uuid::from_u128(0xa000 + at as u128))
}

#[tokio::test]
async fn every_book_is_read_in_parts() {
    let world = World::new().await;
    world.commit((0..20).map(|at| person(at, "Support")).collect()).await;
    for name in ["c", "a", "b"] {
        world.put(&format!("{name}.vcf"), &card(name, name)).await;
    }
    for at in 0..5 {
        world.star("204", id(at), true).await;
    }
    for book in ["personal", "people", "favorites", "department-support", "all", "contacts"] {
        for limit in [1, 3, 7, 100] {
            let mut client = Client::new(&world, &path("204", book));
            client.sync(limit).await;
            assert_eq!(client.cards, client.listed().await, "{book} {limit}");
            assert!(!client.page(limit).await, "{book} {limit}");
        }
    }
}

#[tokio::test]
async fn what_changes_between_the_parts_is_not_lost() {
    let world = World::new().await;
    world.commit((0..12).map(|at| person(at, "Support")).collect()).await;
    let mut client = Client::new(&world, CONTACTS);
    assert!(client.page(4).await);
    world.put("p3.vcf", &card(&id(3).to_string(), "My P 3")).await;
    world.commit(vec![Edit::RemoveContact(id(0)), person(1, "Sales"), person(50, "Sales")]).await;
    assert!(client.page(4).await);
    world.send("204", &format!("DELETE {PERSONAL}p3.vcf")).await;
    world.star("204", id(5), true).await;
    client.sync(2).await;
    assert_eq!(client.cards, client.listed().await);
    // From here on with changes of all kinds, one row at a time.
    world.put("p5.vcf", &card(&id(5).to_string(), "My P 5")).await;
    world.star("204", id(6), true).await;
    world.commit(vec![Edit::RemoveContact(id(7))]).await;
    client.sync(1).await;
    assert_eq!(client.cards, client.listed().await);
}

#[tokio::test]
async fn tokens_of_other_books_and_from_the_future_are_refused() {
    let world = World::new().await;
    let token = world.sync(CONTACTS, "", "").await.token;
    let (cut, revision) = token.rsplit_once(':').unwrap();
    let later = format!("{cut}:{}", revision.parse::<u64>().unwrap() + 1);
    let people = world.sync(&path("204", "people"), "", "").await.token;
    for bad in [later, people, token.replace("contacts", "people"), cut.to_owned(), "x".into()] {
        let answer = world.send("204", &sync_request(CONTACTS, &bad, "")).await;
        assert_eq!(answer.status, 403, "{bad}");
        assert!(answer.text().contains("<valid-sync-token/>"));
    }
    let answer = world.send("204", &sync_request(&path("204", "people"), &token, "")).await;
    assert_eq!(answer.status, 403, "a token of the book of all is of no use elsewhere");
}

#[tokio::test]
async fn depth_is_one_zero_or_none_and_the_level_is_one() {
    let world = World::new().await;
    for book in [PERSONAL, CONTACTS] {
        let request = sync_request(book, "", "");
        for depth in ["Depth: 0\n", "Depth: 1\n", ""] {
            let request = request.replace("Depth: 1\n", depth);
            assert_eq!(world.send("204", &request).await.status, 207, "{book} {depth}");
        }
        for level in ["infinite", "infinity"] {
            let deep = request.replace(">1</sync-level>", &format!(">{level}</sync-level>"));
            let answer = world.send("204", &deep).await;
            assert_eq!(answer.status, 403);
            assert!(answer.text().contains("<sync-traversal-supported/>"), "{}", answer.text());
        }
        let odd = request.replace(">1</sync-level>", ">2</sync-level>");
        assert_eq!(world.send("204", &odd).await.status, 400);
    }
}

#[tokio::test]
async fn who_came_and_went_since_the_token_is_at_most_told_as_gone() {
    let world = World::new().await;
    let token = world.sync(CONTACTS, "", "").await.token;
    let id = new_id();
    let mut builder = CardBuilder::default();
    builder.push(Field::FormattedName, "Short");
    let put = Edit::PutContact { id, draft: draft(Book::Shared, builder) };
    world.commit(vec![put]).await;
    world.commit(vec![Edit::RemoveContact(id)]).await;
    let changes = world.sync(CONTACTS, &token, "").await;
    assert_eq!(told(&changes, CONTACTS), [format!("-{id}.vcf")]);
}

#[tokio::test]
async fn ten_changes_of_a_large_merged_book_cost_ten() {
    let world = World::new().await;
    let person = |at: usize| person(at, &format!("D {}", at % 40));
    world.commit((0..4000).map(person).collect()).await;
    world.put("own.vcf", &card(&id(0).to_string(), "Mine")).await;
    let begun = cpu_time();
    let token = world.sync(CONTACTS, "", "").await.token;
    let whole = cpu_time() - begun;
    for at in 1..11 {
        let mut card = CardBuilder::default();
        card.push(Field::FormattedName, &format!("New {at}"));
        card.push(Field::Department, &format!("D {}", at % 40));
        let edit = Edit::PutContact { id: id(at), draft: draft(Book::People, card) };
        world.commit(vec![edit]).await;
    }
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let begun = cpu_time();
        let answer = world.sync(CONTACTS, &token, "").await;
        best = best.min(cpu_time() - begun);
        assert_eq!(answer.rows.len(), 10 + 10, "the people, and their departments");
    }
    // Twenty rows of four thousand.
    assert!(best * 10 < whole, "{best:?} of {whole:?}");
}
