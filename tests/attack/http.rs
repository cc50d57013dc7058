//! What an attacker asks over CardDAV and the HTTP API.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::guesses;
use crate::world::{ANNA, BERT, PERSONAL, RESTRICTED, STRANGE_SHARED, STRANGER, UNLISTED, World};

const PROPFIND: &str = "<propfind xmlns='DAV:'><allprop/></propfind>";

/// A request: what it is, and its body.
struct Question {
    line: String,
    headers: &'static str,
    body: String,
}

fn ask_for(line: String) -> Question {
    Question { line, headers: "", body: String::new() }
}

/// Asks everything, and keeps what came back.
pub(crate) async fn ask(
    world: &World,
    name: &str,
    password: &str,
    answers: &mut Vec<(String, String)>,
) {
    let mut questions = api();
    questions.extend(dav());
    for question in questions {
        let answer = send(world, (name, password), &question).await;
        answers.push((format!("{name} {} {}", question.line, question.body), answer));
    }
}

async fn send(world: &World, (name, password): (&str, &str), question: &Question) -> String {
    let Question { line, headers, body } = question;
    let mut request =
        format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}");
    if !name.is_empty() {
        let encoded = BASE64_STANDARD.encode(format!("{name}:{password}"));
        request += &format!("Authorization: Basic {encoded}\r\n");
    }
    request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let mut stream = TcpStream::connect(world.http).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let lines = answer.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
    lines.collect::<Vec<_>>().join("\n")
}

fn secret_ids() -> impl Iterator<Item = Uuid> {
    let numbers = [UNLISTED, PERSONAL, STRANGER, RESTRICTED, STRANGE_SHARED, 0x99];
    numbers.into_iter().map(Uuid::from_u128)
}

fn api() -> Vec<Question> {
    let get = |path: String| ask_for(format!("GET /api/v1/{path}"));
    let mut questions = Vec::new();
    for path in [
        "groups",
        "me",
        "groups/people/contacts",
        "groups/all/contacts",
        "groups/contacts/contacts",
        "groups/favorites/contacts",
        "groups/shared-board/contacts",
        "groups/personal/contacts",
        "groups/department-support/contacts",
        "groups/people/contacts?sort=mobile",
        "groups/people/contacts?sort=name&order=desc&limit=1",
        "groups/people/export",
        "groups/all/export",
        "groups/shared-board/export",
        "users",
        "users/230",
        "users/231",
        "users/201",
        "users/201/organization",
        "departments",
        "sites",
        "presence",
        "imports",
        "tokens",
        "phones",
        "organizations",
        "organizations/rome",
        "groups/people/contacts?organization=rome",
        "users/900?organization=rome",
        "contacts",
        "users/201/app-passwords",
        "users/230/app-passwords",
        "shared-books",
        "books",
    ] {
        questions.push(get(path.to_owned()));
    }
    for guess in guesses() {
        let guess = guess.replace('+', "%2B").replace(' ', "%20");
        questions.push(get(format!("lookup?number={guess}")));
        for book in ["people", "all", "contacts", "shared"] {
            questions.push(get(format!("groups/{book}/contacts?q={guess}")));
        }
    }
    questions.push(get("lookup?number=%2B49305550777".to_owned()));
    for id in secret_ids() {
        questions.push(get(format!("contacts/{id}")));
        questions.push(get(format!("users/{id}")));
        questions.push(get(format!("contacts/{id}/photo")));
        for line in [
            format!("PUT /api/v1/favorites/{id}"),
            format!("DELETE /api/v1/favorites/{id}"),
            format!("DELETE /api/v1/contacts/{id}"),
        ] {
            questions.push(ask_for(line));
        }
        let patch = Question {
            line: format!("PATCH /api/v1/contacts/{id}"),
            headers: "Content-Type: application/json\r\n",
            body: "{\"note\":\"seen\"}".to_owned(),
        };
        questions.push(patch);
    }
    questions
}

fn dav() -> Vec<Question> {
    let mut questions = Vec::new();
    let homes = ["202.acme", "201.acme", "230.acme", "900.rome", "231.acme"];
    let books = [
        "personal",
        "shared",
        "people",
        "all",
        "favorites",
        "department-support",
        "shared-board",
        "contacts",
        "status-busy",
        "department-nothing",
    ];
    let propfind = |path: String, headers| Question {
        line: format!("PROPFIND {path}"),
        headers,
        body: PROPFIND.to_owned(),
    };
    for home in homes {
        questions.push(propfind(format!("/dav/principals/{home}/"), "Depth: 0\r\n"));
        questions.push(propfind(format!("/dav/homes/{home}/"), "Depth: 1\r\n"));
        for book in books {
            let path = format!("/dav/homes/{home}/{book}/");
            questions.push(propfind(path.clone(), "Depth: 1\r\n"));
            questions.push(report(&path, SYNC.to_owned()));
            questions.push(report(&path, multiget(&path)));
            for id in secret_ids() {
                questions.push(ask_for(format!("GET {path}{id}.vcf")));
            }
            questions.push(ask_for(format!("DELETE {path}{}.vcf", Uuid::from_u128(PERSONAL))));
        }
    }
    questions
}

const SYNC: &str = "<sync-collection xmlns='DAV:'><sync-token/><sync-level>1</sync-level>\
    <prop><getetag/></prop></sync-collection>";

fn report(path: &str, body: String) -> Question {
    Question { line: format!("REPORT {path}"), headers: "Depth: 1\r\n", body }
}

fn multiget(path: &str) -> String {
    let known = [ANNA, BERT].map(Uuid::from_u128);
    let hrefs = secret_ids().chain(known).flat_map(|id| {
        let own = format!("{path}{id}.vcf");
        let theirs = format!("/dav/homes/201.acme/personal/{id}.vcf");
        [own, theirs]
    });
    let hrefs: String = hrefs.map(|href| format!("<D:href>{href}</D:href>")).collect();
    format!(
        "<C:addressbook-multiget xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'>\
         <D:prop><D:getetag/><C:address-data/></D:prop>{hrefs}</C:addressbook-multiget>"
    )
}
