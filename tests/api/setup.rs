//! Accounts without typing: Apple's profile, and the page with its QR code.

use hyper::header::HeaderName;
use hyper::{Method, header};
use ringbook::account::Role;
use ringbook::auth::{Peer, Principal};
use serde_json::json;

use crate::office::{Office, PHONE, Reply, nobody, operator, request};

const PROFILE: &str = "setup/apple.mobileconfig";
const PAGE: &str = "setup/qr";
const SECOND: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A user who showed a password, and the office.
async fn office() -> (Office, Principal) {
    let office = Office::new().await;
    let user =
        json!({ "extension": "204", "name": "Anna <&> Adams", "password": "a-long-password" });
    office.post(&operator(), "users", &user).await.expect(201);
    let anna = sign_in(&office, "204", "a-long-password").await;
    (office, anna)
}

async fn sign_in(office: &Office, name: &str, password: &str) -> Principal {
    let peer = Peer { door: ringbook::account::device::Door::Carddav, ..PHONE };
    office.authenticator.sign_in(name, password.as_bytes(), peer).await.unwrap()
}

/// Asks as a browser would: by a host name, with further headers.
async fn ask(
    office: &Office,
    who: &Principal,
    method: Method,
    path: &str,
    headers: &[(HeaderName, &str)],
) -> Reply {
    let mut request = request(method, path, Vec::new());
    for (name, value) in headers {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    office.send(who, request).await
}

/// The values of a property list's keys, one below the other.
fn values(plist: &str, key: &str) -> Vec<String> {
    let key = format!("<key>{key}</key>\n");
    let parts = plist.split(&key).skip(1);
    parts.map(|part| part.lines().next().unwrap().to_owned()).collect()
}

/// What a phone's camera reads in the first code of the page, which is for Android.
fn scanned(page: &str) -> String {
    read_code(page, 1)
}

fn read_code(page: &str, number: usize) -> String {
    let svg = page.split("<svg").nth(number).unwrap().split("</svg>").next().unwrap();
    let side: usize =
        svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let dark = svg.split("<path d=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut modules = vec![false; side * side];
    for module in dark.split('M').skip(1) {
        let (x, rest) = module.split_once(' ').unwrap();
        let y = rest.split('h').next().unwrap();
        modules[y.parse::<usize>().unwrap() * side + x.parse::<usize>().unwrap()] = true;
    }
    let scale = 4;
    let dark = |x: usize, y: usize| if modules[y / scale * side + x / scale] { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side * scale, side * scale, dark);
    let codes = image.detect_grids();
    assert_eq!(codes.len(), 1);
    codes[0].decode().unwrap().1
}

const HOST: (HeaderName, &str) = (header::HOST, "pbx.acme.example:8443");

#[tokio::test]
async fn the_profile_has_what_an_iphone_needs_and_no_password() {
    let (office, anna) = office().await;
    let reply = ask(&office, &anna, Method::GET, PROFILE, &[HOST]).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.headers[header::CONTENT_TYPE], "application/x-apple-aspen-config");
    assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
    let plist = reply.text();
    let check = |key, expected: &[&str]| assert_eq!(values(&plist, key), expected, "{key}");
    check("CardDAVHostName", &["<string>pbx.acme.example</string>"]);
    check("CardDAVPort", &["<integer>8443</integer>"]);
    check("CardDAVUseSSL", &["<true/>"]);
    check("CardDAVUsername", &["<string>204</string>"]);
    check("CardDAVPassword", &[]);
    check(
        "PayloadDescription",
        &["<string>Adds the contacts of Anna &lt;&amp;&gt; Adams to this device.</string>"],
    );
    // The server's certificate is by its own authority: the device must know it.
    check("PayloadContent", &["<array>", "<data>AQIDBAUG</data>"]);
    let kinds = ["com.apple.carddav.account", "com.apple.security.root", "Configuration"];
    let mut found = values(&plist, "PayloadType");
    found.sort();
    let mut expected = kinds.map(|kind| format!("<string>{kind}</string>"));
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_profile_replaces_the_one_before_and_no_other() {
    let (office, anna) = office().await;
    let bert = office.user("205", Role::User).await;
    let ids = async |who: &Principal, key| {
        values(&ask(&office, who, Method::GET, PROFILE, &[HOST]).await.text(), key)
    };
    for key in ["PayloadUUID", "PayloadIdentifier"] {
        let (first, again) = (ids(&anna, key).await, ids(&anna, key).await);
        assert_eq!(first, again, "{key}");
        let others = ids(&bert, key).await;
        let (own, authority) = first.split_at(2);
        assert!(own.iter().all(|id| !others.contains(id)), "{key}: {own:?} {others:?}");
        assert!(others.contains(&authority[0]), "the authority is the same one");
    }
}

#[tokio::test]
async fn a_posted_profile_brings_a_password_for_carddav_alone() {
    let (office, anna) = office().await;
    let reply = ask(&office, &anna, Method::POST, PROFILE, &[HOST]).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let found = values(&reply.text(), "CardDAVPassword").remove(0);
    let secret = found.trim_start_matches("<string>").trim_end_matches("</string>");
    let by_app = sign_in(&office, "204", secret).await;
    assert_eq!(by_app.user(), anna.user());
    let refused = office.authenticator.sign_in("204", secret.as_bytes(), PHONE).await;
    assert!(refused.is_err(), "it is not for LDAP");
    let listed = office.get(&anna, "me/app-passwords").await.expect(200);
    assert_eq!(listed["items"][0]["doors"], json!(["carddav"]));
    assert_eq!(listed["items"][0]["name"], "Apple");
    // A lost device makes itself no other key.
    let reply = ask(&office, &by_app, Method::POST, PROFILE, &[HOST]).await;
    assert_eq!(reply.status, 403);
    assert!(!ask(&office, &by_app, Method::GET, PAGE, &[HOST]).await.text().contains("<form"));
}

#[tokio::test]
async fn what_makes_a_password_is_in_the_audit_log() {
    let (office, anna) = office().await;
    ask(&office, &anna, Method::POST, PAGE, &[HOST]).await;
    let listed = office.get(&anna, "me/app-passwords").await.expect(200);
    let id = listed["items"][0]["id"].as_str().unwrap();
    let log = office.get(&operator(), "audit").await.expect(200);
    let expected = format!("POST /setup/qr -> {id}");
    let actions = log["items"].as_array().unwrap().iter().map(|item| &item["action"]);
    assert!(actions.clone().any(|action| *action == expected), "{:?}", actions.collect::<Vec<_>>());
}

#[tokio::test]
async fn the_code_opens_davx5_with_address_and_name() {
    let (office, anna) = office().await;
    let page = ask(&office, &anna, Method::GET, PAGE, &[HOST]).await.text();
    assert_eq!(scanned(&page), "davx5://204@pbx.acme.example:8443/dav/");
    assert!(page.contains("href=\"davx5://204@pbx.acme.example:8443/dav/\""));
    let page = ask(&office, &anna, Method::POST, PAGE, &[HOST]).await.text();
    let secret = page.split("class=\"secret\">").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(scanned(&page), format!("davx5://204:{secret}@pbx.acme.example:8443/dav/"));
    sign_in(&office, "204", secret).await;
}

#[tokio::test]
async fn the_other_code_loads_the_profile() {
    let (office, anna) = office().await;
    let page = ask(&office, &anna, Method::GET, PAGE, &[HOST]).await.text();
    let url = "https://pbx.acme.example:8443/api/v1/setup/apple.mobileconfig";
    assert_eq!(read_code(&page, 2), url);
}

#[tokio::test]
async fn the_page_loads_nothing_and_runs_nothing() {
    let (office, anna) = office().await;
    let reply = ask(&office, &anna, Method::GET, PAGE, &[HOST]).await;
    assert_eq!(reply.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    let (policy, page) =
        (reply.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap(), reply.text());
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'"
        )
    );
    assert!(page.contains(&format!("<style nonce=\"{nonce}\">")));
    for never in ["<script", "src=", "url(", "@import", "style=\"", "<link"] {
        assert!(!page.contains(never), "{never}");
    }
    assert!(page.contains("Anna &lt;&amp;&gt; Adams"), "names are escaped");
    let again = ask(&office, &anna, Method::GET, PAGE, &[HOST]).await;
    assert_ne!(again.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap(), policy);
}

#[tokio::test]
async fn the_page_speaks_the_language_of_the_browser() {
    let (office, anna) = office().await;
    for (accepted, code, title) in [
        ("de-DE,de;q=0.9,en;q=0.8", "de", "Kontakte auf Ihren Geräten"),
        ("en-US,en;q=0.9", "en", "Contacts on your devices"),
    ] {
        let headers = [HOST, (header::ACCEPT_LANGUAGE, accepted)];
        let reply = ask(&office, &anna, Method::GET, PAGE, &headers).await;
        assert_eq!(reply.headers[header::CONTENT_LANGUAGE], code);
        assert!(reply.text().contains(&format!("<html lang=\"{code}\">")));
        assert!(reply.text().contains(title));
    }
}

#[tokio::test]
async fn a_forged_host_gets_into_nothing() {
    let (office, anna) = office().await;
    for host in ["evil.example", "evil.example:443", "\"><b>", "pbx.acme.example.evil.example"] {
        let headers = [(header::HOST, host)];
        for path in [PROFILE, PAGE] {
            let text = ask(&office, &anna, Method::GET, path, &headers).await.text();
            assert!(!text.contains("evil") && !text.contains("<b>"), "{host} {path}");
            assert!(text.contains("pbx.acme.example"), "{host} {path}");
        }
    }
}

#[tokio::test]
async fn another_sites_page_makes_no_password() {
    let (office, anna) = office().await;
    let foreign = [
        (SECOND, "cross-site"),
        (SECOND, "same-site"),
        (header::ORIGIN, "https://evil.example"),
        (header::ORIGIN, "null"),
    ];
    for header in foreign {
        for path in [PROFILE, PAGE] {
            let reply = ask(&office, &anna, Method::POST, path, &[HOST, header.clone()]).await;
            assert_eq!(reply.status, 403, "{header:?}");
        }
    }
    let listed = office.get(&anna, "me/app-passwords").await.expect(200);
    assert_eq!(listed["items"], json!([]));
    for own in [(SECOND, "same-origin"), (header::ORIGIN, "https://pbx.acme.example:8443")] {
        let reply = ask(&office, &anna, Method::POST, PAGE, &[HOST, own]).await;
        assert_eq!(reply.status, 200);
    }
}

#[tokio::test]
async fn only_users_have_something_to_set_up() {
    let (office, _) = office().await;
    for path in [PROFILE, PAGE] {
        for method in [Method::GET, Method::POST] {
            let reply = ask(&office, &operator(), method.clone(), path, &[HOST]).await;
            assert_eq!(reply.status, 404, "{method} {path}");
            let reply = ask(&office, &nobody(), method.clone(), path, &[HOST]).await;
            assert_eq!(reply.status, 401, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_name_that_means_somebody_else_is_not_shown() {
    let (office, _) = office().await;
    let other = json!({ "id": "other", "name": "Other", "domain": "other.example",
        "suffix": "dc=other", "region": "DE" });
    office.post(&operator(), "organizations", &other).await.expect(201);
    let user = json!({ "extension": "204", "name": "Olga", "password": "a-long-password" });
    office.post(&operator(), "users?organization=other", &user).await.expect(201);
    let olga = sign_in(&office, "204@other.example", "a-long-password").await;
    let plist = ask(&office, &olga, Method::GET, PROFILE, &[HOST]).await.text();
    assert_eq!(values(&plist, "CardDAVUsername"), ["<string>204@other.example</string>"]);
    let page = ask(&office, &olga, Method::GET, PAGE, &[HOST]).await.text();
    assert_eq!(scanned(&page), "davx5://204%40other.example@pbx.acme.example:8443/dav/");
}
