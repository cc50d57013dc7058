//! Settings: where they come from, which wins, and what is said of wrong ones.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::config::organization::Locale;

const EXAMPLE: &str = include_str!("../../conf/ringbook.toml");
const PRODUCTION: &str = include_str!("../../conf/production.toml");

/// The configuration of a file with this text, an environment and arguments.
fn load(text: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Result<Config, String> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("x.toml");
    fs::write(&file, text).unwrap();
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let sources = Sources {
        file: Some(file),
        environment: environment.iter().map(owned).collect(),
        arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
        listen_on: None,
    };
    let start = format!("{}/", folder.path().display());
    Config::load(&sources).map_err(|error| error.to_string().replace(&start, ""))
}

fn check_error(text: &str, expected: &str) {
    let error = load(text, &[], &[]).unwrap_err();
    assert!(error.starts_with(expected), "{error}\nshould begin with\n{expected}");
}

#[test]
fn nothing_needs_to_be_set() {
    assert_eq!(load("", &[], &[]), Ok(Config::default()));
    assert_eq!(Config::default().store(), StorePlace::File("ringbook-data/ringbook.db".into()));
}

/// The example with its keys, as somebody would write it who sets all of them.
fn uncommented() -> String {
    let set = |line: &str| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase()) => {
            setting.to_owned()
        }
        _ => line.to_owned(),
    };
    EXAMPLE.lines().map(set).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_sets_nothing_and_shows_every_default() {
    assert_eq!(load(EXAMPLE, &[], &[]), Ok(Config::default()));
    let mut shown = load(&uncommented(), &[], &[]).unwrap();
    let locale = Locale::default();
    let defaults = Config::default();
    assert_eq!(shown.organization.first(&locale), defaults.organization.first(&locale));
    shown.organization = OrganizationKeys::default();
    assert_eq!(shown, defaults);
}

#[test]
fn the_example_names_every_key() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.toml");
    fs::write(&path, uncommented()).unwrap();
    let mut named: Vec<String> =
        file::read(&path).unwrap().into_iter().map(|setting| setting.key).collect();
    let mut known: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    named.sort();
    known.sort_unstable();
    assert_eq!(named, known);
}

#[test]
fn the_example_for_production_can_be_used() {
    let config = load(PRODUCTION, &[], &[]).unwrap();
    assert_eq!(config.store(), StorePlace::File("/var/lib/ringbook/ringbook.db".into()));
    let ports = [config.ldap_listen, config.ldap_tls_listen, config.http_tls_listen];
    assert_eq!(ports.map(|address| address.map(|found| found.port())), [389, 636, 443].map(Some));
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let file =
        "[ldap]\nlisten = '127.0.0.1:1'\n[http]\nlisten = '127.0.0.1:1'\n[limits]\nstop_s = 1";
    let environment =
        [("RINGBOOK_LDAP_LISTEN", "127.0.0.1:2"), ("RINGBOOK_HTTP_LISTEN", "[::1]:2")];
    let config = load(file, &environment, &["http.listen = 127.0.0.1:3"]).unwrap();
    assert_eq!(config.limits.stop, Duration::from_secs(1));
    assert_eq!(config.ldap_listen, "127.0.0.1:2".parse().ok());
    assert_eq!(config.http_listen, "127.0.0.1:3".parse().ok());
}

#[test]
fn lists_and_numbers_can_be_given_everywhere() {
    let expected = Networks::parse(["10.0.0.0/8", "::1"]).unwrap();
    for config in [
        load("plain_networks = ['10.0.0.0/8', '::1']\nlimits.stop_s = 7", &[], &[]),
        load(
            "",
            &[("RINGBOOK_PLAIN_NETWORKS", "10.0.0.0/8, ::1"), ("RINGBOOK_LIMITS_STOP_S", "7")],
            &[],
        ),
        load("", &[], &["plain_networks=10.0.0.0/8,::1", "limits.stop_s=7"]),
    ] {
        let config = config.unwrap();
        assert_eq!((config.plain_networks, config.limits.stop.as_secs()), (expected.clone(), 7));
    }
}

#[test]
fn a_door_can_be_off_or_on_all_addresses() {
    let config = load("ldap.listen = 'off'\nhttp.tls_listen = ''", &[], &[]).unwrap();
    assert_eq!((config.ldap_listen, config.http_tls_listen), (None, None));
    assert_eq!(config.ldap_tls_listen, Config::default().ldap_tls_listen);
    let sources = Sources {
        arguments: vec!["http.listen=127.0.0.1:80".to_owned()],
        listen_on: Some(IpAddr::from([0, 0, 0, 0])),
        ..Sources::default()
    };
    let config = Config::load(&sources).unwrap();
    let all = [config.ldap_listen, config.ldap_tls_listen, config.http_listen];
    let expected = ["0.0.0.0:3890", "0.0.0.0:6360", "127.0.0.1:80"];
    assert_eq!(all, expected.map(|text| text.parse().ok()));
    assert_eq!(config.http_tls_listen, "0.0.0.0:8443".parse().ok());
}

#[test]
fn a_certificate_needs_its_key() {
    check_error(
        "[tls]\n\nkey = '/x'",
        "x.toml:3: tls.key: tls.certificate is not set; allowed is both",
    );
    let half = load("tls.certificate = '/x'", &[("RINGBOOK_TLS_KEY", "")], &[]).unwrap_err();
    assert!(half.starts_with("x.toml:1: tls.certificate: tls.key is not set"), "{half}");
    let half = load("", &[], &["tls.key=/x"]).unwrap_err();
    assert!(half.starts_with("command line: tls.key: "), "{half}");
    let both = load("tls.certificate = '/x'", &[("RINGBOOK_TLS_KEY", "/y")], &[]).unwrap();
    assert_eq!(both.tls.key.as_deref(), Some(Path::new("/y")));
    assert_eq!(load("tls.certificate = ''\ntls.key = ''", &[], &[]), Ok(Config::default()));
}

#[test]
fn the_public_address_has_a_scheme_and_a_host() {
    let url = |text: &str| load(&format!("http.public_url = '{text}'"), &[], &[]);
    let check = |text: &str, secure, host: &str, port| {
        let expected = PublicUrl { secure, host: host.to_owned(), port };
        assert_eq!(url(text).unwrap().public_url, Some(expected), "{text}");
    };
    check("https://Contacts.example.com/", true, "contacts.example.com", 443);
    check("http://192.0.2.7:8080", false, "192.0.2.7", 8080);
    check("https://[2001:db8::7]", true, "2001:db8::7", 443);
    check("https://[2001:db8::7]:8443", true, "2001:db8::7", 8443);
    assert_eq!(url("").unwrap().public_url, None);
    for wrong in [
        "contacts.example.com",
        "ftp://x",
        "https://",
        "https://x/dav",
        "https://x:0",
        "https://x:70000",
        "https://me@x",
        "https://[x]",
        "https://2001:db8::7",
    ] {
        assert!(url(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_wrong_setting_is_named_with_line_key_and_what_is_allowed() {
    check_error(
        "# ports\n\n[ldap]\nlisten = 'localhost:389'",
        "x.toml:4: ldap.listen: `localhost:389` is not allowed; allowed is an IP address and a port",
    );
    check_error(
        "limits.stop_s = 0",
        "x.toml:1: limits.stop_s: 0 is not allowed; allowed is a number of seconds",
    );
    check_error("http.tls_listen = 'on'", "x.toml:1: http.tls_listen: `on` is not allowed");
    check_error(
        "tls.key = 7",
        "x.toml:1: tls.key: 7 is not allowed; allowed is the path of a file",
    );
    check_error("tls.names = ['a b']", "x.toml:1: tls.names: [\"a b\"] is not allowed");
    check_error("proxy_protocol = true", "x.toml:1: proxy_protocol: `true` is not allowed");
    check_error("trusted_proxies = ['x']", "x.toml:1: trusted_proxies: [\"x\"] is not allowed");
    check_error("limits.stop_s = '7'", "x.toml:1: limits.stop_s: `7` is not allowed");
    check_error("data = true", "x.toml:1: data: `true` is not allowed; allowed is the path");
    check_error("plain_networks = ['10/8']", "x.toml:1: plain_networks: [\"10/8\"] is not allowed");
    check_error(
        "[organization]\nregion = 'XX'",
        "x.toml:2: organization.region: `XX` is not allowed",
    );
    check_error("[organization]\nsuffix = 'pbx'", "x.toml:2: organization.suffix: `pbx`");
    check_error(
        "store.url = 'mysql://me:secret@x'",
        "x.toml:1: store.url: `mysql` is not allowed; allowed is sqlite:FILE",
    );
    check_error("store.url = 'sqlite:'", "x.toml:1: store.url: `sqlite:` is not allowed");
}

#[test]
fn the_password_of_a_database_is_in_no_text() {
    let config = load("store.url = 'postgres://me:secret@x/y'", &[], &[]).unwrap();
    assert!(!format!("{config:?}").contains("secret"));
    let StorePlace::Database(url) = config.store() else { panic!("{config:?}") };
    assert_eq!(*url, "postgres://me:secret@x/y");
    let wrong = load("store.url = 'mysql://me:secret@x/y'", &[], &[]).unwrap_err();
    assert!(!wrong.contains("secret"), "{wrong}");
}

#[test]
fn an_unknown_key_is_named_with_the_known_ones() {
    check_error("[ldap]\nlistn = 1", "x.toml:2: ldap.listn: unknown key; known are ldap.listen");
    check_error("\nport = 389", "x.toml:2: port: unknown key; known are data, ldap, http, tls, st");
    check_error("a.b.c.d.e.f.g.h.i.j.k = 1", "x.toml:1: a.b.c");
}

#[test]
fn broken_toml_is_named_with_its_line() {
    check_error("data = 'x'\n[ldap\n", "x.toml:2: ");
    check_error("data = 'x'\ndata = 'y'\n", "x.toml:2: ");
}

#[test]
fn every_fault_is_reported_at_once() {
    let environment = [("RINGBOOK_DATA", ""), ("RINGBOOK_SERVICE_PORT", "80")];
    let error = load("x = 1", &environment, &["ldap.listen=x", "help"]).unwrap_err();
    let starts = ["command line: help: allowed is KEY=VALUE", "x.toml:1: x: unknown key"];
    let rest = ["environment variable RINGBOOK_DATA: data: `` ", "command line: ldap.listen: `x`"];
    let starts: Vec<_> = starts.into_iter().chain(rest).collect();
    assert_eq!(error.lines().count(), starts.len(), "{error}");
    for (line, start) in error.lines().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let sources = Sources { file: Some(PathBuf::from("/nowhere/x.toml")), ..Sources::default() };
    let error = Config::load(&sources).unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/x.toml: cannot be read: "), "{error}");
}
