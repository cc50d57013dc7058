//! Members that come and go without an edit of theirs, and what clients hear of it.

use ringbook::account::Role;
use ringbook::account::group::Member;
use ringbook::contact::ContactId;
use ringbook::contact::card::{Field, FieldSet};
use ringbook::directory::Edit;

use crate::company::{beta, department, path, suppliers};
use crate::world::{World, sync_request};
use crate::xml::Multistatus;

/// A client of one book.
struct Client<'w> {
    world: &'w World,
    who: &'static str,
    book: &'static str,
    token: String,
}

impl<'w> Client<'w> {
    /// A client that knows the book as it is.
    async fn of(world: &'w World, who: &'static str, book: &'static str) -> Self {
        let token = world.token(who, book).await;
        Self { world, who, book, token }
    }

    async fn ask(&self) -> Result<Multistatus, u16> {
        let request = sync_request(&path(self.who, self.book), &self.token, "");
        let answer = self.world.send(self.who, &request).await;
        if answer.status == 207 { Ok(answer.rows()) } else { Err(answer.status.as_u16()) }
    }

    /// What it hears: `+` or `-` with the contact.
    async fn hears(&mut self) -> Vec<(char, ContactId)> {
        let answer = self.ask().await.unwrap();
        let moved = answer.token != self.token;
        assert_eq!(moved, self.world.token(self.who, self.book).await != self.token);
        assert_eq!(moved, !answer.rows.is_empty(), "{} {}", self.who, self.book);
        self.token = answer.token;
        let heard = answer.rows.into_iter().map(|row| {
            let name = row.href.rsplit_once('/').unwrap().1.strip_suffix(".vcf").unwrap();
            let sign = if row.status == Some(404) { '-' } else { '+' };
            (sign, ContactId::parse(name).unwrap())
        });
        heard.collect()
    }
}

/// Ben (205) is of Support in Berlin.
async fn company() -> (World, ContactId) {
    let world = World::new().await;
    world.write_on_card("200", Field::Department, &["Sales"]).await;
    world.write_on_card("205", Field::Department, &["Support"]).await;
    world.write_on_card("205", Field::Site, &["Berlin"]).await;
    let ben = world.user("205").id;
    (world, ben)
}

#[tokio::test]
async fn a_change_of_department_or_site_is_heard_where_it_matters() {
    let (world, ben) = company().await;
    let of = |book| Client::of(&world, "204", book);
    let [mut support, mut sales, mut site] =
        [of("department-support").await, of("department-sales").await, of("site-berlin").await];
    world.write_on_card("205", Field::Department, &["Sales"]).await;
    assert_eq!(support.hears().await, [('-', ben)]);
    assert_eq!(sales.hears().await, [('+', ben)]);
    assert_eq!(site.hears().await, [('+', ben)], "the department is on the card");
    world.write_on_card("205", Field::Site, &[]).await;
    assert_eq!(site.hears().await, [('-', ben)]);
    assert_eq!(support.hears().await, []);
    world.write_on_card("205", Field::Department, &["Support", "Sales"]).await;
    assert_eq!(support.hears().await, [('+', ben)]);
    assert_eq!(sales.hears().await, [('+', ben)]);
    // Who is new and gone at once was never known.
    let mut fresh = Client::of(&world, "204", "department-support").await;
    let eve = world.person("209", "Eve", "Short", Role::User).await;
    world.write_on_card("209", Field::Department, &["Support"]).await;
    world.commit(vec![Edit::RemoveUser(eve)]).await;
    assert_eq!(fresh.hears().await, [('-', eve)]);
}

#[tokio::test]
async fn who_is_unlisted_is_gone_from_every_book_at_once() {
    let (world, ben) = company().await;
    world.star("204", ben, true).await;
    let mut clients = Vec::new();
    for book in ["people", "department-support", "site-berlin", "favorites", "all"] {
        clients.push(Client::of(&world, "204", book).await);
    }
    world.edit_person(ben, |draft| draft.listed = false).await;
    for client in &mut clients {
        assert_eq!(client.hears().await, [('-', ben)], "{}", client.book);
    }
    world.write_on_card("205", Field::Title, &["Spy"]).await;
    for client in &mut clients {
        assert_eq!(client.hears().await, [], "{}", client.book);
    }
    world.edit_person(ben, |draft| draft.listed = true).await;
    for client in &mut clients {
        assert_eq!(client.hears().await, [('+', ben)], "{}", client.book);
    }
    world.commit(vec![Edit::RemoveUser(ben)]).await;
    for client in &mut clients {
        assert_eq!(client.hears().await, [('-', ben)], "{}", client.book);
    }
}

#[tokio::test]
async fn stars_are_heard_by_whoever_gave_them() {
    let (world, ben) = company().await;
    let anna = world.user("204").id;
    let mut mine = Client::of(&world, "204", "favorites").await;
    let mut theirs = Client::of(&world, "205", "favorites").await;
    world.star("204", ben, true).await;
    assert_eq!(mine.hears().await, [('+', ben)]);
    world.star("204", anna, true).await;
    assert_eq!(mine.hears().await, [('+', anna)], "one may star oneself");
    world.write_on_card("204", Field::Mobile, &["+49 170 1"]).await;
    assert_eq!(mine.hears().await, [('+', anna)], "and sees one's own hidden number change");
    world.write_on_card("205", Field::Mobile, &["+49 170 2"]).await;
    assert_eq!(mine.hears().await, [], "but not that of others");
    world.star("204", ben, false).await;
    assert_eq!(mine.hears().await, [('-', ben)]);
    assert_eq!(theirs.hears().await, []);
    world.write_on_card("205", Field::Title, &["Boss"]).await;
    assert_eq!(mine.hears().await, [], "who is no favorite any more is of no interest");
    world.commit(vec![Edit::RemoveUser(ben)]).await;
    assert_eq!(mine.hears().await, []);
}

#[tokio::test]
async fn favorites_follow_the_readers_of_shared_books() {
    let (world, ben) = company().await;
    world.suppliers(None, Vec::new()).await;
    let steel = world.contact(suppliers(), "Steel").await;
    let gold = world.contact(suppliers(), "Gold").await;
    for contact in [steel, gold, ben] {
        world.star("204", contact, true).await;
    }
    let mut favorites = Client::of(&world, "204", "favorites").await;
    let book = Client::of(&world, "204", "shared-suppliers").await;
    let sales = || Some(vec![Member::Group(department("sales"))]);
    world.suppliers(sales(), Vec::new()).await;
    assert_eq!(book.ask().await.err(), Some(404), "the book is not there any more");
    let heard = favorites.hears().await;
    assert!(heard.contains(&('-', steel)) && !heard.contains(&('-', ben)), "{heard:?}");
    let name = format!("{}{steel}.vcf", path("204", "favorites"));
    assert_eq!(world.send("204", &format!("GET {name}")).await.status, 404);
    world.commit(vec![Edit::RemoveContact(gold)]).await;
    assert_eq!(favorites.hears().await, [], "what happens in the book is not heard");
    // Anna becomes one of Sales, and sees it again.
    world.write_on_card("204", Field::Department, &["Sales"]).await;
    assert!(favorites.hears().await.contains(&('+', steel)));
    assert_eq!(world.send("204", &format!("GET {name}")).await.status, 200);
    world.suppliers(sales(), vec![Member::User(ben)]).await;
    assert_eq!(favorites.hears().await, [], "other writers make no difference");
    world.commit(vec![Edit::RemoveContact(steel)]).await;
    assert!(favorites.hears().await.contains(&('-', steel)));
}

#[tokio::test]
async fn the_book_of_all_begins_anew_where_consent_or_dialling_changes() {
    let (world, _) = company().await;
    let zoe = world.found_beta().await;
    world.star("204", zoe, true).await;
    let mut all = Client::of(&world, "204", "all").await;
    let mut favorites = Client::of(&world, "204", "favorites").await;
    let people = world.token("204", "people").await;
    world.edit_beta(zoe, |draft| draft.listed = false).await;
    assert_eq!(all.hears().await, [('-', zoe)]);
    assert_eq!(favorites.hears().await, [('-', zoe)]);
    world.edit_beta(zoe, |draft| draft.listed = true).await;
    assert_eq!(all.hears().await, [('+', zoe)]);
    assert_eq!(favorites.hears().await, [('+', zoe)]);
    world.set_of(&beta(), |beta| beta.hidden_numbers = FieldSet::of(&[Field::Mobile])).await;
    assert_eq!(all.hears().await, [('+', zoe)], "told as any change is");
    assert_eq!(favorites.hears().await, [('+', zoe)]);
    world.set_of(&beta(), |beta| beta.inter_organization_prefix = "77".into()).await;
    assert_eq!(all.ask().await.err(), Some(403));
    assert_eq!(favorites.hears().await, [('+', zoe)]);
    let mut all = Client::of(&world, "204", "all").await;
    world.set_of(&beta(), |beta| beta.language = "fr".into()).await;
    assert_eq!(all.hears().await, [], "which says nothing here");
    world.set(|acme| acme.shares_with = Vec::new()).await;
    assert_eq!(all.ask().await.err(), Some(403));
    assert_eq!(favorites.hears().await, [('-', zoe)]);
    let all = Client::of(&world, "204", "all").await;
    world.edit_beta(zoe, |draft| draft.listed = false).await;
    assert_eq!(all.ask().await.unwrap().rows.len(), 0, "beta is no business of ours any more");
    assert_eq!(favorites.hears().await, []);
    assert_eq!(world.token("204", "people").await, people);
    world.edit_beta(zoe, |draft| draft.listed = true).await;
    world.set(|acme| acme.shares_with = vec![beta()]).await;
    assert_eq!(all.ask().await.err(), Some(403));
    assert_eq!(favorites.hears().await, [('+', zoe)]);
}

#[tokio::test]
async fn numbers_that_are_hidden_from_now_on_are_heard_by_those_who_saw_them() {
    let (world, ben) = company().await;
    world.set(|acme| acme.hidden_numbers = FieldSet::EMPTY).await;
    world.write_on_card("205", Field::Home, &["+49 30 1"]).await;
    let mut colleague = Client::of(&world, "204", "people").await;
    let mut department = Client::of(&world, "204", "department-support").await;
    let mut other = Client::of(&world, "204", "department-sales").await;
    let mut admin = Client::of(&world, "200", "people").await;
    let mut ben_himself = Client::of(&world, "205", "people").await;
    world.set(|acme| acme.hidden_numbers = FieldSet::of(&[Field::Home])).await;
    assert_eq!(colleague.hears().await, [('+', ben)], "only who has such a number");
    assert_eq!(department.hears().await, [('+', ben)]);
    assert_eq!(other.hears().await, []);
    assert_eq!(admin.hears().await, []);
    assert_eq!(ben_himself.hears().await, [], "nobody else has one");
    world.set(|acme| acme.language = "de".into()).await;
    assert_eq!(colleague.hears().await, []);
}

#[tokio::test]
async fn a_new_role_begins_anew_where_it_sees_other_cards() {
    let (world, ben) = company().await;
    world.suppliers(Some(Vec::new()), Vec::new()).await;
    let steel = world.contact(suppliers(), "Steel").await;
    for contact in [steel, ben] {
        world.star("204", contact, true).await;
    }
    let mut favorites = Client::of(&world, "204", "favorites").await;
    let mut people = Client::of(&world, "204", "people").await;
    let mut shared = Client::of(&world, "204", "shared").await;
    world.set_user("204", |user| user.role = Role::OfficeManager).await;
    assert!(favorites.hears().await.contains(&('+', steel)), "office managers see every book");
    assert_eq!(people.hears().await, []);
    world.set_user("204", |user| user.role = Role::Admin).await;
    assert_eq!(people.ask().await.err(), Some(403));
    assert_eq!(favorites.ask().await.err(), Some(403));
    assert_eq!(shared.hears().await, [], "the same cards for everybody");
}
