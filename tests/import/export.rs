//! Groups as files of each profile.

use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::json;

use crate::office::{Office, operator, rows};
use crate::{PERSONAL, USERS_1};
use ringbook::account::Role;

async fn profiles(office: &Office) -> Vec<(String, String)> {
    let list = office.get(&operator(), "import/profiles").await.expect(200);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    rows(&list, "items").iter().map(|item| (text(&item["name"]), text(&item["holds"]))).collect()
}

#[tokio::test]
async fn each_group_is_there_in_each_profile() {
    let office = Office::new().await;
    office.import(&operator(), "?into=people", USERS_1).await.expect(201);
    office.import(&operator(), "?into=shared", PERSONAL).await.expect(201);
    let user = office.user("201", Role::User).await;
    office.import(&user, "", PERSONAL).await.expect(201);
    let groups = ["people", "shared", "personal", "favorites", "all", "contacts", "status-offline"];
    let profiles = profiles(&office).await;
    assert!(profiles.len() > 5, "{profiles:?}");
    for (profile, _) in &profiles {
        for group in groups {
            let path = format!("groups/{group}/export?profile={profile}");
            let reply = office.get(&user, &path).await;
            assert_eq!(reply.status, 200, "{path}");
            let cards = profile.starts_with("vcard") || profile == "apple";
            let (kind, ending) = match profile.as_str() {
                "ldif" => ("text/x-ldif", "ldif"),
                _ if cards => ("vcard", "vcf"),
                _ => ("text/csv", "csv"),
            };
            let media_type = reply.headers[CONTENT_TYPE].to_str().unwrap();
            let disposition = reply.headers[CONTENT_DISPOSITION].to_str().unwrap();
            assert!(media_type.contains(kind), "{path}: {media_type}");
            let name = format!("attachment; filename=\"{group}.{ending}\"");
            assert_eq!(disposition, name, "{path}");
            if matches!(group, "shared" | "personal") {
                assert!(reply.text().contains("Doe"), "{path}: {}", reply.text());
            }
        }
    }
}

#[tokio::test]
async fn what_is_exported_is_imported_again() {
    for profile in ["xivo", "vcard", "vcard-4.0", "vcard-2.1", "apple", "ldif"] {
        let office = Office::new().await;
        office.import(&operator(), "?into=shared", PERSONAL).await.expect(201);
        let path = format!("groups/shared/export?profile={profile}");
        let file = office.get(&operator(), &path).await.body;
        let same = office.import(&operator(), "?into=shared", &file).await.expect(200);
        assert_eq!((&same["created"], &same["failed_rows"]), (&json!(0), &json!(0)), "{profile}");
        let empty = Office::new().await;
        let report = empty.import(&operator(), "?into=shared", &file).await.expect(201);
        assert_eq!(report["created"], 1, "{profile}: {report}");
        let one = async |office: &Office| {
            let found = office.get(&operator(), "groups/shared/contacts").await.expect(200);
            let contact = &found["items"][0];
            ["name", "numbers", "emails", "company"].map(|field| contact[field].clone())
        };
        assert_eq!(one(&empty).await, one(&office).await, "{profile}");
    }
}

#[tokio::test]
async fn an_export_shows_what_the_asker_sees() {
    let office = Office::new().await;
    let user = office.user("201", Role::User).await;
    let file =
        b"firstname,phonenumber,context,protocol,mobilephonenumber\nAnn,1,default,sip,0171\n";
    office.import(&operator(), "?into=people", file).await.expect(201);
    let hidden = json!({ "hidden_numbers": ["mobile"] });
    office.patch(&operator(), "organizations/main", &hidden).await.expect(200);
    for profile in ["xivo", "vcard"] {
        let path = format!("groups/people/export?profile={profile}");
        assert!(!office.get(&user, &path).await.text().contains("0171"), "{profile}");
        assert!(office.get(&operator(), &path).await.text().contains("0171"), "{profile}");
    }
    office.get(&user, "groups/personal-x/export").await.expect(404);
    let unknown = office.get(&user, "groups/people/export?profile=klingon").await.expect(400);
    assert_eq!(
        (&unknown["field"], &unknown["rule"]),
        (&json!("profile"), &json!("unknown-profile"))
    );
}

#[tokio::test]
async fn formulas_are_made_harmless_where_asked_for_and_numbers_stay() {
    let office = Office::new().await;
    let file = "firstname,number,company\n=1+1,+49 30 1,@SUM(A1)\n";
    office.import(&operator(), "?into=shared", file.as_bytes()).await.expect(201);
    let text = async |query: &str| {
        office.get(&operator(), &format!("groups/shared/export{query}")).await.text()
    };
    let plain = text("").await;
    assert!(plain.contains("@SUM(A1)") && !plain.contains("'@SUM"), "{plain}");
    let neutral = text("?neutralize=true").await;
    assert!(neutral.contains("'@SUM(A1)") && neutral.contains("'=1+1"), "{neutral}");
    assert!(neutral.contains(",+49 30 1"), "{neutral}");
}

#[tokio::test]
async fn people_are_called_by_their_names() {
    let office = Office::new().await;
    let user = async |extension: &str, name: &str, managers: &[&str]| {
        let body = json!({ "extension": extension, "name": name, "managers": managers });
        let made = office.post(&operator(), "users", &body).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    };
    let boss = user("1", "Bea Boss", &[]).await;
    let twin = user("2", "Tim Twin", &[]).await;
    user("3", "Tim Twin", &[]).await;
    user("4", "Ann", &[&boss]).await;
    user("5", "Bob", &[&twin]).await;
    let file = office.get(&operator(), "groups/people/export").await.text();
    assert!(file.contains("Bea Boss"), "{file}");
    let ann = file.lines().find(|line| line.contains("Ann")).unwrap();
    assert!(ann.contains("Bea Boss") && !file.contains(&format!(",{boss},4")), "{file}");
    let bob = file.lines().find(|line| line.contains("Bob")).unwrap();
    assert!(!bob.contains(&twin) && !bob.contains("Tim Twin"), "two have the name: {bob}");
}

#[tokio::test]
async fn a_clients_card_goes_out_as_it_is() {
    let office = Office::new().await;
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u-1\r\nFN:Ann Smith\r\nN:Smith;Ann;;;\r\n\
                item1.TEL:0171 1\r\nitem1.X-ABLabel:Boat\r\nX-SHOE:41\r\nEND:VCARD\r\n";
    office.import(&operator(), "?into=shared", card.as_bytes()).await.expect(201);
    let file = office.get(&operator(), "groups/shared/export?profile=vcard").await.text();
    assert!(file.contains("item1.X-ABLabel:Boat") && file.contains("X-SHOE:41"), "{file}");
}
