//! Which books there are for whom, who writes them, and that all others are not there.

use ringbook::account::Role;
use ringbook::account::group::Member;
use ringbook::contact::book::AddressBook;
use ringbook::contact::card::{Field, FieldSet};
use ringbook::contact::{Book, ContactId, Draft};
use ringbook::directory::Edit;

use crate::company::{beta, department, path, suppliers};
use crate::world::{World, acme, card, propfind};
use crate::xml::parse;

/// Acme with departments, a site, a shared book that Anna (204) reads and Ben (205) writes, an office
/// manager (202), and beta next door.
async fn company() -> World {
    let world = World::new().await;
    world.write_on_card("204", Field::Department, &["R&D, Berlin"]).await;
    world.write_on_card("205", Field::Department, &["Support"]).await;
    world.write_on_card("205", Field::Site, &["Berlin"]).await;
    world.person("202", "Olga", "Office", Role::OfficeManager).await;
    world.person("203", "Stan", "Stranger", Role::User).await;
    let ben = Member::User(world.user("205").id);
    world.suppliers(Some(vec![Member::Group(department("r-d-berlin"))]), vec![ben]).await;
    world.contact(suppliers(), "Supplier of steel").await;
    world.found_beta().await;
    world
}

async fn listed(world: &World, extension: &str) -> Vec<String> {
    let home = format!("/dav/homes/{extension}.acme/");
    let rows = world.propfind(extension, &home, 1, "<D:resourcetype/>").await;
    assert!(
        rows.rows
            .iter()
            .skip(1)
            .all(|row| { row.found("D:resourcetype") == Some("D:collection C:addressbook") })
    );
    let books = rows.hrefs().into_iter().skip(1);
    books.map(|href| href.strip_prefix(&home).unwrap().trim_end_matches('/').to_owned()).collect()
}

#[tokio::test]
async fn the_home_lists_homes_and_the_views_that_are_wanted() {
    let world = company().await;
    assert_eq!(listed(&world, "204").await, ["personal", "shared", "shared-suppliers", "people"]);
    assert_eq!(listed(&world, "203").await, ["personal", "shared", "people"]);
    let book = |id: &str| AddressBook::parse(id, None).unwrap();
    let wanted = ["site-berlin", "favorites", "department-gone", "people", "status-busy"];
    world.set(|acme| acme.listed_books = wanted.map(book).to_vec()).await;
    assert_eq!(
        listed(&world, "203").await,
        ["personal", "shared", "people", "site-berlin", "favorites"]
    );
    let own = ["all", "contacts", "department-support", "all", "shared-suppliers"];
    world.set_user("203", |user| user.listed_books = Some(own.map(book).to_vec())).await;
    assert_eq!(
        listed(&world, "203").await,
        ["personal", "shared", "people", "all", "department-support"],
        "one's own wish counts, once, and gives no rights"
    );
    world.set_user("203", |user| user.listed_books = Some(Vec::new())).await;
    assert_eq!(listed(&world, "203").await, ["personal", "shared", "people"]);
}

#[tokio::test]
async fn every_book_says_what_it_is() {
    let world = company().await;
    let props = "<D:displayname/><C:addressbook-description/><D:owner/><D:supported-report-set/>\
        <C:supported-address-data/><C:max-resource-size/><CS:getctag/><D:sync-token/>";
    for (book, title, description, owned) in [
        ("personal", "Personal contacts", "Contacts of Anna Adams", true),
        ("shared", "Shared contacts", "Contacts of Acme <Ltd>", false),
        ("shared-suppliers", "R&D <suppliers>", "Contacts of Acme <Ltd>: R&D <suppliers>", false),
        ("people", "Coworkers", "People of Acme <Ltd>", false),
        ("favorites", "Favorites", "Favorites of Anna Adams", true),
        ("all", "All users", "People of Acme <Ltd> and of organizations that share theirs", false),
        (
            "department-r-d-berlin",
            "R&D, Berlin",
            "People of Acme <Ltd>, department R&D, Berlin",
            false,
        ),
        ("site-berlin", "Berlin", "People of Acme <Ltd>, site Berlin", false),
    ] {
        let rows = world.propfind("204", &path("204", book), 0, props).await;
        let found = |property| rows.rows[0].found(property).unwrap();
        assert_eq!(found("D:displayname"), title);
        assert_eq!(found("C:addressbook-description"), description);
        let owner = if owned { "D:href(/dav/principals/204.acme/)" } else { "" };
        assert_eq!(found("D:owner"), owner, "{book}");
        assert!(found("D:supported-report-set").contains("D:sync-collection"), "{book}");
        assert_eq!(found("CS:getctag"), found("D:sync-token"));
        assert_eq!(found("C:max-resource-size"), "10485760");
    }
}

/// What a user may do in a book, found out by trying: `w` write, `r` read, `-` nothing.
async fn rights(world: &World, extension: &str, book: &str) -> char {
    let href = path(extension, book);
    let request = |method: &str, name: &str| {
        let request = format!("{method} {href}{name}\nDepth: 0\n\n{}", card("probe", "Probe"));
        async move { world.send(extension, &request).await }
    };
    let put = request("PUT", "probe.vcf").await;
    let delete = request("DELETE", "probe.vcf").await;
    let options = request("OPTIONS", "").await;
    let allows = options.header("allow").contains("PUT");
    assert_eq!(allows, options.header("allow").contains("DELETE"));
    if put.status == 404 {
        assert_eq!((delete.status.as_u16(), options.status.as_u16()), (404, 404), "{book}");
        return '-';
    }
    let rows = world.propfind(extension, &href, 1, "<D:current-user-privilege-set/>").await;
    let privileges: Vec<&str> =
        rows.rows.iter().map(|row| row.found("D:current-user-privilege-set").unwrap()).collect();
    let writes = privileges.iter().all(|set| set.contains("D:write)") && set.contains("D:unbind"));
    assert!(privileges.iter().all(|set| set.contains("D:write") == writes), "{privileges:?}");
    assert_eq!(writes, allows, "{extension} {book}");
    if put.status == 201 {
        assert_eq!((delete.status.as_u16(), writes), (204, true), "{extension} {book}");
        return 'w';
    }
    let expected = format!("D:resource(D:href({href}) D:privilege(D:bind))");
    let error = parse(&put.text());
    assert_eq!((put.status.as_u16(), writes), (403, false), "{extension} {book}");
    assert_eq!(error.child("D:need-privileges").unwrap().value(), expected);
    assert_eq!(delete.status, 404, "the card is not there");
    // A card that is there is neither replaced nor removed.
    let members = world.propfind(extension, &href, 1, "<D:getetag/>").await;
    for member in members.hrefs().into_iter().skip(1) {
        for (method, on, privilege) in
            [("PUT", member, "write-content"), ("DELETE", href.as_str(), "unbind")]
        {
            let request = format!("{method} {member}\n\n{}", card("x", "X"));
            let answer = world.send(extension, &request).await;
            assert_eq!(answer.status, 403, "{method} {member}");
            let expected = format!("D:resource(D:href({on}) D:privilege(D:{privilege}))");
            let error = parse(&answer.text());
            assert_eq!(error.child("D:need-privileges").unwrap().value(), expected);
        }
    }
    let after = world.propfind(extension, &href, 1, "<D:getetag/>").await;
    assert_eq!(after.hrefs(), members.hrefs());
    'r'
}

#[tokio::test]
async fn who_reads_and_writes_which_book() {
    const BOOKS: [&str; 11] = [
        "personal",
        "shared",
        "shared-suppliers",
        "people",
        "favorites",
        "all",
        "department-support",
        "site-berlin",
        "department-none",
        "shared-none",
        "status-busy",
    ];
    let world = company().await;
    for extension in ["200", "202", "203", "204", "205"] {
        let supplier = world.user("205").id;
        world.star(extension, supplier, true).await;
    }
    for (extension, expected) in [
        ("203", "wr-rrrrr---"),
        ("204", "wrrrrrrr---"),
        ("205", "wrwrrrrr---"),
        ("202", "wwwrrrrr---"),
        ("200", "wwwrrrrr---"),
    ] {
        let mut found = String::new();
        for book in BOOKS {
            found.push(rights(&world, extension, book).await);
        }
        assert_eq!(found, expected, "{extension}");
    }
}

#[tokio::test]
async fn nobody_gets_more_than_they_signed_in_with() {
    let world = company().await;
    let mut principal = world.principal("200");
    principal.role = Role::User;
    let name = format!("{}{}.vcf", path("200", "people"), world.user("205").id);
    let answer = world.send_body(Some(principal), &format!("GET {name}"), String::new()).await;
    assert!(!answer.text().contains("+49 170"), "an app password is no administrator");
    let stale = world.principal("202");
    world.set_user("202", |user| user.role = Role::User).await;
    let request = format!("PUT {}x.vcf", path("202", "shared"));
    let answer = world.send_body(Some(stale), &request, card("x", "X")).await;
    assert_eq!(answer.status, 403, "and a role that was taken away counts no more");
}

#[tokio::test]
async fn shared_contacts_are_kept_to_the_byte_for_everybody() {
    let world = company().await;
    let body = "BEGIN:VCARD\nVERSION:3.0\nuid:a\nfn:Steel\nITEM1.X-ABLABEL:x\nEND:VCARD";
    let name = format!("{}mine%20.vcf", path("205", "shared-suppliers"));
    let put = world.send("205", &format!("PUT {name}\nIf-None-Match: *\n\n{body}")).await;
    assert_eq!(put.status, 201);
    let read = world.send("204", &format!("GET {}", name.replace("205.", "204."))).await;
    assert_eq!((read.text().as_str(), read.header("etag")), (body, put.header("etag")));
    let taken = world
        .send("202", &format!("PUT {}\n\n{}", name.replace("205.", "202."), card("b", "B")))
        .await;
    assert_eq!(taken.status, 403, "it has another UID");
    assert!(taken.text().contains("no-uid-conflict"));
    let stale = format!("PUT {name}\nIf-Match: \"0\"\n\n{body}");
    assert_eq!(world.send("205", &stale).await.status, 412);
    let delete =
        format!("DELETE {}\nIf-Match: {}", name.replace("205.", "202."), put.header("etag"));
    assert_eq!(world.send("202", &delete).await.status, 204);
    assert_eq!(
        world.send("204", &format!("GET {}", name.replace("205.", "204."))).await.status,
        404
    );
}

#[tokio::test]
async fn views_name_cards_by_id() {
    let world = company().await;
    let put = world
        .send("205", &format!("PUT {}x.vcf\n\n{}", path("205", "shared-suppliers"), card("x", "X")))
        .await;
    let snapshot = world.directory.snapshot();
    let id = snapshot.by_name(&acme(), suppliers(), "x.vcf").unwrap().id;
    world.star("204", id, true).await;
    let favorites = path("204", "favorites");
    let rows = world.propfind("204", &favorites, 1, "<D:getetag/>").await;
    assert_eq!(rows.hrefs(), [favorites.clone(), format!("{favorites}{id}.vcf")]);
    assert_eq!(rows.rows[1].found("D:getetag"), Some(put.header("etag")), "the same card");
    let read = world.send("204", &format!("GET {favorites}{id}.vcf")).await;
    assert_eq!(read.text(), card("x", "X"));
    let upper = id.to_string().to_uppercase();
    for other in
        ["x.vcf".to_owned(), format!("{upper}.vcf"), format!("{id}"), format!("{{{id}}}.vcf")]
    {
        let read = world.send("204", &format!("GET {favorites}{other}")).await;
        assert_eq!(read.status, 404, "{other}");
    }
}

#[tokio::test]
async fn what_may_not_be_seen_is_not_there() {
    let world = company().await;
    let snapshot = world.directory.snapshot();
    let (anna, ben, dora) = (world.user("204").id, world.user("205").id, world.user("206").id);
    let zoe = snapshot.user_by_principal("300.beta").unwrap().id;
    let secret = world.contact(Book::Personal(ben), "Secret").await;
    let theirs = world.contact(suppliers(), "Theirs").await;
    world.star("205", secret, true).await;
    for id in [dora, secret, theirs] {
        // A star gives no right.
        world.star("203", id, true).await;
    }
    let own = |book: &str, name: &str| format!("{}{name}", path("203", book));
    let hidden: [(&str, &[ContactId]); 8] = [
        ("people", &[dora, zoe, secret]),
        ("all", &[dora, secret]),
        ("personal", &[secret, anna]),
        ("shared", &[theirs, anna]),
        ("favorites", &[anna, dora, secret, theirs]),
        ("department-support", &[anna, zoe]),
        ("site-berlin", &[anna]),
        ("contacts", &[dora, zoe, secret, theirs]),
    ];
    let named = |id: &ContactId| format!("{id}.vcf");
    let cards = |(book, ids): (&str, &[ContactId])| -> Vec<String> {
        ids.iter().map(|id| own(book, &named(id))).collect()
    };
    let mut guesses: Vec<String> = hidden.into_iter().flat_map(cards).collect();
    guesses.push("/dav/homes/203.acme/contacts/".to_owned());
    guesses.push("/dav/homes/203.acme.merged/people/".to_owned());
    guesses.push(path("205", "contacts"));
    for book in ["shared-suppliers", "department-none", "site-support", "status-busy"] {
        guesses.push(own(book, ""));
        guesses.push(own(book, &format!("{ben}.vcf")));
        guesses.push(own(book, &format!("{theirs}.vcf")));
    }
    guesses.push(format!("{}{secret}.vcf", path("205", "personal")));
    guesses.push(path("205", "department-support"));
    guesses.push(format!("/dav/homes/300.beta/people/{zoe}.vcf"));
    let nonsense = own("people", "nonsense.vcf");
    for method in ["PROPFIND", "GET", "HEAD", "REPORT", "PROPPATCH", "DELETE"] {
        let body = match method {
            "PROPFIND" => propfind("<D:getetag/>"),
            "REPORT" => "<sync-collection xmlns='DAV:'><sync-token/><prop/></sync-collection>".into(),
            "PROPPATCH" => "<propertyupdate xmlns='DAV:'><set><prop><displayname/></prop></set></propertyupdate>".into(),
            _ => String::new(),
        };
        let ask = |path: &str| format!("{method} {path}\nDepth: 0\n\n{body}");
        let expected = world.send("203", &ask(&nonsense)).await;
        assert_eq!(expected.status, 404);
        for guess in &guesses {
            let answer = world.send("203", &ask(guess)).await;
            assert_eq!(answer.status, 404, "{method} {guess}");
            assert_eq!(answer.body, expected.body, "{method} {guess}");
            assert_eq!(answer.headers, expected.headers, "{method} {guess}");
        }
    }
    guesses.push(nonsense);
    let hrefs: String = guesses.iter().map(|href| format!("<href>{href}</href>")).collect();
    for book in ["people", "all", "favorites", "personal", "shared", "department-support"] {
        let body = format!(
            "<C:addressbook-multiget xmlns:C='urn:ietf:params:xml:ns:carddav' xmlns='DAV:'><prop><getetag/>\
            <C:address-data/></prop>{hrefs}</C:addressbook-multiget>"
        );
        let request = format!("REPORT {}\n\n{body}", path("203", book));
        let rows = world.send("203", &request).await.rows();
        assert_eq!(rows.hrefs(), guesses, "{book}");
        for row in rows.rows {
            assert_eq!((row.status, row.properties.len()), (Some(404), 0), "{}", row.href);
            assert_eq!(row.error, "");
        }
    }
}

#[tokio::test]
async fn people_of_others_are_seen_as_those_show_them() {
    let world = company().await;
    let zoe = world.directory.snapshot().user_by_principal("300.beta").unwrap().id;
    let read = || async {
        let mut cards = Vec::new();
        // An administrator here is none there.
        for extension in ["204", "200"] {
            let path = format!("{}{zoe}.vcf", path(extension, "all"));
            let answer = world.send(extension, &format!("GET {path}")).await;
            cards.push((answer.header("etag").to_owned(), answer.text()));
        }
        assert_eq!(cards[0], cards[1]);
        cards.remove(0)
    };
    let (tag, card) = read().await;
    assert!(card.contains("FN:Zoe Zander\r\n") && card.contains("+49 171 300"), "{card}");
    assert!(card.contains("TEL;TYPE=WORK,VOICE:+494012345\r\n"), "{card}");
    assert!(!card.contains(":300\r\n"), "nobody here can dial the extension: {card}");
    world.set_of(&beta(), |beta| beta.inter_organization_prefix = "77".into()).await;
    let (dialled, card) = read().await;
    assert!(card.contains(":77300\r\n"), "{card}");
    world.set_of(&beta(), |beta| beta.hidden_numbers = FieldSet::of(&[Field::Mobile])).await;
    let (hidden, card) = read().await;
    assert!(!card.contains("171"), "{card}");
    assert!(tag != dialled && dialled != hidden && tag != hidden);
    world.set_of(&beta(), |beta| beta.shares_with = Vec::new()).await;
    let path = format!("{}{zoe}.vcf", path("204", "all"));
    assert_eq!(world.send("204", &format!("GET {path}")).await.status, 404);
}

#[tokio::test]
async fn a_stored_card_of_a_person_tells_colleagues_no_hidden_number() {
    let world = World::new().await;
    let ben = world.user("205").id;
    for note in ["short".to_owned(), "long ".repeat(2000)] {
        let stored = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{ben}\r\nFN:Ben\r\nTEL;TYPE=CELL:+49 170 205\r\nNOTE:{note}\r\nEND:VCARD\r\n"
        );
        let row = world.directory.snapshot().contact(&acme(), ben).unwrap().shared();
        let draft = Draft {
            body: Some(stored.as_bytes().into()),
            ..crate::world::draft(Book::People, row.card.edit())
        };
        world.commit(vec![Edit::PutContact { id: ben, draft }]).await;
        for (extension, whole) in [("204", false), ("200", true), ("205", true)] {
            let name = format!("{}{ben}.vcf", path(extension, "people"));
            let card = world.send(extension, &format!("GET {name}")).await;
            assert_eq!(card.text() == stored, whole, "{}", card.text());
            assert_eq!(card.text().contains("+49 170"), whole);
            let props = "<D:getcontentlength/><D:getetag/>";
            let rows = world.propfind(extension, &name, 0, props).await;
            let length = card.body.len().to_string();
            assert_eq!(rows.rows[0].found("D:getcontentlength"), Some(length.as_str()));
            assert_eq!(rows.rows[0].found("D:getetag"), Some(card.header("etag")));
        }
    }
}
