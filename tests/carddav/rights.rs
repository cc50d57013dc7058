//! Rights as clients read them (RFC 3744), and the methods that resources announce and refuse.

use crate::world::{Answer, PEOPLE, PERSONAL, SHARED, World, card, propfind};
use crate::xml::{Node, parse};

const HOME: &str = "/dav/homes/204.acme/";
const OWN: &str = "/dav/principals/204.acme/";
const READ: &[&str] = &["read", "read-acl", "read-current-user-privilege-set"];
const WRITE: &[&str] = &["write", "write-content", "write-properties", "bind", "unbind"];
const NONE: &[&str] = &[];

async fn world() -> World {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    world
}

/// The element of a property.
async fn property(world: &World, path: &str, name: &str) -> Node {
    let body = propfind(&format!("<D:{name}/>"));
    let text = world.send("204", &format!("PROPFIND {path}\nDepth: 0\n\n{body}")).await.text();
    let mut row = parse(&text).children.remove(0);
    row.children.remove(1).children.remove(0).children.remove(0)
}

fn privileges(of: &Node) -> Vec<String> {
    of.all("D:privilege").map(|one| one.value().trim_start_matches("D:").to_owned()).collect()
}

#[tokio::test]
async fn aggregates_are_told_with_their_parts() {
    let world = world().await;
    let members = &["write-properties", "bind", "unbind"][..];
    for (path, more) in [
        (PERSONAL, WRITE),
        ("/dav/homes/204.acme/personal/a.vcf", WRITE),
        (PEOPLE, NONE),
        (SHARED, NONE),
        ("/dav/homes/204.acme/favorites/", NONE),
        (HOME, members),
        (OWN, &members[..1]),
        ("/dav/principals/205.acme/", NONE),
        ("/dav/", NONE),
        ("/", NONE),
    ] {
        let expected: Vec<&str> = READ.iter().chain(more).copied().collect();
        let set = property(&world, path, "current-user-privilege-set").await;
        assert_eq!(privileges(&set), expected, "{path}");
        let acl = property(&world, path, "acl").await;
        let [ace] = acl.children.as_slice() else { panic!("{path}") };
        assert_eq!(ace.child("D:principal").unwrap().value(), format!("D:href({OWN})"));
        assert_eq!(privileges(ace.child("D:grant").unwrap()), expected, "{path}");
        assert!(ace.child("D:protected").is_some());
    }
}

/// The privileges of a supported-privilege and all below it.
fn below(supported: &Node, out: &mut Vec<String>) {
    out.extend(privileges(supported));
    assert!(!supported.child("D:description").unwrap().text.is_empty());
    supported.all("D:supported-privilege").for_each(|part| below(part, out));
}

#[tokio::test]
async fn the_privileges_there_are_form_a_tree() {
    let world = world().await;
    for path in [PERSONAL, HOME, OWN, "/dav/", "/dav/homes/204.acme/personal/a.vcf"] {
        let set = property(&world, path, "supported-privilege-set").await;
        let all = set.child("D:supported-privilege").unwrap();
        assert_eq!(privileges(all), ["all"]);
        let (mut found, mut parts) = (Vec::new(), Vec::new());
        below(all, &mut found);
        for privilege in READ.iter().chain(WRITE).chain(&["write-acl"]) {
            assert!(found.contains(&(*privilege).to_owned()), "{privilege}");
        }
        let write = all.all("D:supported-privilege").find(|one| privileges(one) == ["write"]);
        below(write.unwrap(), &mut parts);
        assert_eq!(parts, WRITE);
    }
    let restrictions = property(&world, PERSONAL, "acl-restrictions").await;
    assert_eq!(restrictions.value(), "D:grant-only D:no-invert");
    for empty in ["inherited-acl-set", "group"] {
        assert!(property(&world, PERSONAL, empty).await.children.is_empty());
    }
}

#[tokio::test]
async fn rights_are_not_changed_over_carddav() {
    let world = world().await;
    let body = "<acl xmlns='DAV:'><ace><principal><all/></principal><grant><privilege><all/></privilege></grant></ace></acl>";
    for path in [PERSONAL, PEOPLE, HOME, OWN, "/dav/homes/204.acme/personal/a.vcf"] {
        let answer = world.send("204", &format!("ACL {path}\n\n{body}")).await;
        assert_eq!(answer.status, 403);
        let expected = format!("D:resource(D:href({path}) D:privilege(D:write-acl))");
        let error = parse(&answer.text());
        assert_eq!(error.child("D:need-privileges").unwrap().value(), expected);
    }
    let other = world.send("204", &format!("ACL /dav/homes/205.acme/personal/\n\n{body}")).await;
    assert_eq!(other.status, 404);
}

async fn options(world: &World, path: &str) -> Answer {
    world.send("204", &format!("OPTIONS {path}")).await
}

#[tokio::test]
async fn every_resource_announces_what_it_answers() {
    let world = world().await;
    let plain = "OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, REPORT";
    let book = "OPTIONS, GET, HEAD, POST, PUT, DELETE, PROPFIND, PROPPATCH, REPORT";
    let own = "OPTIONS, GET, HEAD, PUT, DELETE, COPY, MOVE, PROPFIND, PROPPATCH, REPORT";
    let others = "OPTIONS, GET, HEAD, COPY, PROPFIND, PROPPATCH, REPORT";
    let ben = format!("{PEOPLE}{}.vcf", world.user("205").id);
    for (path, allow) in [
        ("/", plain),
        ("/dav/", plain),
        ("/dav/principals/", plain),
        (OWN, plain),
        (HOME, plain),
        (PERSONAL, book),
        (PEOPLE, plain),
        (SHARED, plain),
        (ben.as_str(), others),
        ("/dav/homes/204.acme/personal/a.vcf", own),
        ("/dav/homes/204.acme/personal/new.vcf", own),
    ] {
        let answer = options(&world, path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("allow"), allow, "{path}");
        let classes = "1, 3, access-control, addressbook, extended-mkcol";
        assert_eq!(answer.header("dav"), classes, "{path}: no locks, so no class 2");
    }
    assert_eq!(options(&world, "/dav/homes/205.acme/").await.status, 404);
}

#[tokio::test]
async fn other_methods_are_told_which_there_are() {
    let world = world().await;
    for path in ["/dav/", PERSONAL, PEOPLE, "/dav/homes/204.acme/personal/a.vcf"] {
        let allow = options(&world, path).await.header("allow").to_owned();
        for (method, status) in [
            ("TRACE", 405),
            ("LOCK", 405),
            ("UNLOCK", 405),
            ("MKCALENDAR", 405),
            ("PATCH", 405),
            ("SEARCH", 405),
            ("BREW", 501),
        ] {
            let answer = world.send("204", &format!("{method} {path}")).await;
            assert_eq!(answer.status.as_u16(), status, "{method} {path}");
            assert_eq!(answer.header("allow"), allow);
        }
    }
}
