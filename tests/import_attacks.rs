//! What imports must not do for whom they are not: tell secrets, change betters, lose changes.
#![allow(clippy::unwrap_used)]

mod office;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use base64::Engine;
use office::{Office, operator, rows};
use ringbook::account::Role;
use ringbook::contact::card::{CardBuilder, Field};
use ringbook::contact::{Book, Draft, OrganizationId, Timestamp};
use ringbook::directory::{Edit, Request, new_id};
use serde_json::{Value, json};

fn csv(reply: &office::Reply) -> String {
    assert!(reply.status.is_success(), "{}", reply.text());
    reply.text()
}

#[tokio::test]
async fn columns_that_mean_nothing_may_hold_secrets_and_are_not_kept() {
    let office = Office::new().await;
    let file = "firstname,lastname,number,sip_secret\n\
        Anna,Adams,030111,geheim-1\nBernd,Braun,4.93E+11,geheim-2\nCleo,Cohn,030,1,geheim-3\n";
    let reply = office.import(&operator(), "?into=shared", file.as_bytes()).await;
    assert!(!reply.text().contains("geheim"), "{}", reply.text());
    let id = reply.expect(201)["id"].as_str().unwrap().to_owned();
    for format in ["refused", "text", "json"] {
        let path = format!("imports/{id}?format={format}");
        let kept = csv(&office.get(&operator(), &path).await);
        assert!(!kept.contains("geheim"), "{format}: {kept}");
    }
    let refused = csv(&office.get(&operator(), &format!("imports/{id}?format=refused")).await);
    assert!(refused.contains("Bernd,Braun,4.93E+11,,"), "{refused}");
}

#[tokio::test]
async fn nobody_changes_who_stands_above_them_by_a_file() {
    let office = Office::new().await;
    office.user("900", Role::Operator).await;
    let admin = office.user("901", Role::Admin).await;
    let file = "firstname|phonenumber|context|protocol|enableclient|username|password\n\
        Mallory|900|default|sip|1|root|mine-now\nAnna|1000|default|sip|||\n";
    let report = office.import(&admin, "?mode=update", file.as_bytes()).await.expect(201);
    assert_eq!(report["failed"][0]["rule"], "higher-role", "{report}");
    let user = office.get(&operator(), "users/900").await.expect(200);
    assert_eq!((&user["name"], &user["login"]), (&json!("User 900"), &Value::Null));
    assert_eq!(report["failed"][0]["value"], Value::Null, "what it is called is not told");
    let report =
        office.import(&operator(), "?mode=update&organization=main", file.as_bytes()).await;
    assert_eq!(report.expect(200)["updated"], 1);
}

#[tokio::test]
async fn two_rows_that_give_two_users_one_login_name_are_told_so() {
    let office = Office::new().await;
    office.user("900", Role::User).await;
    office.user("901", Role::User).await;
    let file = "firstname|phonenumber|context|protocol|enableclient|username|password\n\
        Anna|900|default|sip|1|anna|secret-1\nBernd|901|default|sip|1|anna|secret-1\n";
    let report = office.import(&operator(), "?mode=update", file.as_bytes()).await.expect(200);
    assert_eq!(
        (&report["updated"], &report["failed"][0]["rule"]),
        (&json!(1), &json!("login-twice"))
    );
}

#[tokio::test]
async fn uids_are_the_same_however_they_are_written() {
    let office = Office::new().await;
    let card = |uid: &str, name: &str| {
        format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nEND:VCARD\r\n")
    };
    let file = [
        card("urn:uuid:0190AAAA-0000-7000-8000-000000000001", "Anna"),
        card("0190aaaa-0000-7000-8000-000000000001", "Bernd"),
        card("URN:UUID:x", "Cleo"),
        card("x", "Dora"),
    ];
    let report = office.import(&operator(), "?into=shared", file.concat().as_bytes()).await;
    let report = report.expect(201);
    assert_eq!((&report["created"], rows(&report, "skipped").len()), (&json!(2), 2), "{report}");
    assert_eq!(report["skipped"][0]["rule"], "twice-uid");
}

#[tokio::test]
async fn a_report_shows_the_beginning_of_long_values() {
    let office = Office::new().await;
    let file =
        |note: &str| format!("firstname,number,notes\nAnna,030111,{}\n", note.repeat(30_000));
    office.import(&operator(), "?into=shared", file("a").as_bytes()).await.expect(201);
    let reply = office.import(&operator(), "?into=shared&mode=update", file("b").as_bytes()).await;
    assert!(reply.text().len() < 5_000, "{} bytes", reply.text().len());
    let book = format!(
        "First Name,Last Name,Business Number,Phonebook\nAnna,Adams,030222,\nBernd,Braun,030111,{}\n",
        "c".repeat(60_000)
    );
    let reply = office.import(&operator(), "?into=shared", book.as_bytes()).await;
    assert!(reply.text().len() < 5_000, "{} bytes", reply.text().len());
}

#[tokio::test]
async fn what_an_operator_put_into_several_organizations_is_for_operators() {
    let office = Office::new().await;
    let admin = office.user("900", Role::Admin).await;
    let beta = json!({
        "id": "beta", "name": "Beta", "suffix": "dc=beta", "domain": "beta.example", "region": "DE",
    });
    office.post(&operator(), "organizations", &beta).await.expect(201);
    let file = "entityid|firstname|phonenumber|context|protocol\n\
        1|Anna|1000|default|sip\n2|Bernd|1000|default|sip\n2|Bernd|10 00|default|sip\n";
    let path = "?organization=main&entities=%7B%222%22:%22beta%22%7D";
    let id = office.import(&operator(), path, file.as_bytes()).await.expect(201)["id"].clone();
    let path = format!("imports/{}", id.as_str().unwrap());
    office.get(&operator(), &path).await.expect(200);
    office.get(&admin, &path).await.expect(404);
    let listed = office.get(&admin, "imports").await.expect(200);
    assert_eq!(rows(&listed, "items").len(), 0, "{listed}");
}

#[tokio::test]
async fn a_row_does_not_make_a_contact_of_a_group_card() {
    let office = Office::new().await;
    let main = OrganizationId::from("main");
    let text = "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nUID:team\r\nFN:Team\r\n\
        MEMBER:urn:uuid:0190aaaa-0000-7000-8000-000000000001\r\nEND:VCARD\r\n";
    let reading = ringbook::vcard::read::read(text.as_bytes()).unwrap();
    let id = new_id();
    let draft = Draft {
        organization: main.clone(),
        book: Book::Shared,
        name: None,
        uid: Some("team".into()),
        card: reading.card,
        body: Some(text.as_bytes().into()),
        listed: true,
    };
    office.directory.commit(Request::one(Edit::PutContact { id, draft })).await.unwrap();
    let revision = || office.directory.snapshot().contact(&main, id).unwrap().revision;
    let before = revision();
    let file = format!("id,firstname,number\n{id},Anna,030111\n");
    for mode in ["update", "mirror"] {
        let path = format!("?into=shared&mode={mode}");
        office.import(&operator(), &path, file.as_bytes()).await;
        assert_eq!(revision(), before, "{mode}");
    }
    let uid = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:team\r\nFN:Anna\r\nEND:VCARD\r\n";
    office.import(&operator(), "?into=shared&mode=update", uid.as_bytes()).await;
    assert_eq!(revision(), before);
}

/// A change that somebody makes between the plan of an import and its commit.
#[tokio::test]
async fn what_changes_meanwhile_is_not_overwritten() {
    use ringbook::file::Rule;
    use ringbook::file::encoding::Survey;
    use ringbook::file::table::choice::Choice;
    use ringbook::file::table::profiles::Profiles;
    use ringbook::import::source::Source;
    use ringbook::import::{Hashes, Job, Means, Mode, Sight, Target, edits::edits, plan::plan};
    let office = Office::new().await;
    let main = OrganizationId::from("main");
    let id = office.contact(&operator(), "shared", "Anna").await;
    let bytes = format!("id,firstname,number\n{id},Anna,030111\n").into_bytes();
    let mut survey = Survey::default();
    survey.feed(&bytes);
    let text = survey.finish(None).unwrap();
    let opener = move || -> std::io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(std::io::Cursor::new(bytes.clone())))
    };
    let choice = Choice::parse(&Profiles::built_in(), None, None).unwrap();
    let source = Source { opener: Arc::new(opener), text, choice };
    let job = Job {
        target: Target { organization: main.clone(), book: Book::Shared, sight: Sight::Open },
        mode: Mode::Update,
        confirm: None,
        entities: BTreeMap::new(),
        importer: None,
        role: Role::Operator,
        may_fill: Arc::new(|_, _, _| true),
        makes_books: false,
        now: Timestamp(1000),
    };
    let means = Means { body: &|_| None, develop: &|_| Err(Rule::TooManyPhotos.into()) };
    let hashes = Hashes::new();
    let mut made = plan(&source, &job, office.directory.snapshot(), (&hashes, &means));
    let request = edits(&mut made, &source, &job, (&hashes, &means)).unwrap();
    let mut card = CardBuilder::default();
    card.push(Field::FormattedName, "Anna");
    card.push(Field::Note, "just written");
    let draft = Draft {
        organization: main,
        book: Book::Shared,
        name: None,
        uid: None,
        card: card.finish().unwrap(),
        body: None,
        listed: true,
    };
    let id = ringbook::contact::ContactId::parse(&id).unwrap();
    office.directory.commit(Request::one(Edit::PutContact { id, draft })).await.unwrap();
    let refused = office.directory.commit(request).await.unwrap_err();
    assert_eq!(refused, ringbook::directory::CommitError::Changed);
}

#[tokio::test]
async fn a_file_of_huge_pictures_does_not_take_the_machine_for_hours() {
    // The header of a picture of 5000 x 5000 pixels; the work of one that is whole is left to a machine
    // that has the time.
    let pixels = image::GrayImage::new(5000, 5000);
    let mut png = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let photo = base64::engine::general_purpose::STANDARD.encode(&png.get_ref()[..80]);
    let mut file = String::new();
    for n in 0..420 {
        file.push_str(&format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:N{n}\r\nPHOTO;ENCODING=b;TYPE=PNG:{photo}\r\nEND:VCARD\r\n"));
    }
    let office = Office::new().await;
    let report = office.import(&operator(), "?into=shared", file.as_bytes()).await.expect(201);
    assert_eq!(report["created"], 420);
    let rules = rows(&report, "notices").iter().map(|notice| notice["rule"].as_str().unwrap());
    let rules: Vec<&str> = rules.collect();
    assert_eq!((rules.len(), rules[399], rules[400]), (420, "photo-unusable", "too-many-photos"));
}
