//! The certificates in the data folder, over years and accidents.

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A data folder whose certificates are looked at.
struct World {
    path: PathBuf,
    folder: Folder,
    _parent: tempfile::TempDir,
}

fn world() -> World {
    let parent = tempfile::tempdir().unwrap();
    let folder = Folder::open(parent.path()).unwrap();
    World { path: parent.path().to_owned(), folder, _parent: parent }
}

fn names(texts: &[&str]) -> BTreeSet<Name> {
    texts.iter().map(|text| Name::host(text).unwrap()).collect()
}

impl World {
    fn at(&self, host: &str, now: SystemTime) -> Result<Identity, String> {
        own(&self.folder, &names(&["localhost", host]), now).map_err(|error| error.to_string())
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path.join(name)).unwrap()
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path.join(name)).unwrap().permissions().mode() & 0o777
    }

    /// The configured certificate, from two files in the folder.
    fn configured(&self, certificate: &str, key: &str) -> Result<Identity, String> {
        let path = |name| self.path.join(name);
        configured(&path(certificate), &path(key), SystemTime::now())
            .map(|(identity, _)| identity)
            .map_err(|error| error.to_string())
    }
}

#[test]
fn keys_are_for_their_owner_only() {
    let world = world();
    world.at("pbx", SystemTime::now()).unwrap();
    let modes = ["certs", AUTHORITY, AUTHORITY_KEY, LEAF, LEAF_KEY].map(|name| world.mode(name));
    assert_eq!(modes, [0o700, 0o644, 0o600, 0o644, 0o600]);
}

#[test]
fn a_certificate_is_kept_until_it_no_longer_fits() {
    let (world, now) = (world(), SystemTime::now());
    let first = world.at("pbx", now).unwrap();
    let authority = world.text(AUTHORITY);
    assert_eq!(world.at("pbx", now + DAY * 700), Ok(first.clone()));
    let renewed = world.at("pbx", now + DAY * 800).unwrap();
    assert_ne!(renewed, first);
    let moved = world.at("other", now + DAY * 800).unwrap();
    assert_ne!(moved, renewed);
    assert_eq!(world.text(AUTHORITY), authority, "nobody has to install anything");
}

#[test]
fn an_authority_lasts_ten_years_and_its_key_for_ever() {
    let (world, now) = (world(), SystemTime::now());
    world.at("pbx", now).unwrap();
    let (certificate, key) = (world.text(AUTHORITY), world.text(AUTHORITY_KEY));
    let later = now + DAY * 365 * 11;
    world.at("pbx", later).unwrap();
    assert_ne!(world.text(AUTHORITY), certificate);
    assert_eq!(world.text(AUTHORITY_KEY), key);
    assert!(authority::authority_lasts(&world.text(AUTHORITY), later));
    fs::remove_file(world.path.join(AUTHORITY)).unwrap();
    world.at("pbx", later).unwrap();
    assert_eq!(world.text(AUTHORITY_KEY), key);
}

#[test]
fn a_broken_server_certificate_is_made_anew() {
    let (world, now) = (world(), SystemTime::now());
    for (name, text) in [(LEAF, "x"), (LEAF_KEY, ""), (LEAF, "")] {
        let before = world.at("pbx", now).unwrap();
        fs::write(world.path.join(name), text).unwrap();
        assert_ne!(world.at("pbx", now).unwrap(), before);
    }
    let other = self::world();
    other.at("pbx", now).unwrap();
    fs::copy(other.path.join(LEAF_KEY), world.path.join(LEAF_KEY)).unwrap();
    world.at("pbx", now).unwrap();
    assert_ne!(world.text(LEAF_KEY), other.text(LEAF_KEY), "it belonged to another certificate");
}

#[test]
fn a_broken_authority_is_never_replaced_in_silence() {
    let (world, other, now) = (world(), world(), SystemTime::now());
    world.at("pbx", now).unwrap();
    other.at("pbx", now).unwrap();
    let (certificate, key) = (world.text(AUTHORITY), world.text(AUTHORITY_KEY));
    let check = |name: &str, text: &str, part: &str| {
        fs::write(world.path.join(AUTHORITY), &certificate).unwrap();
        fs::write(world.path.join(AUTHORITY_KEY), &key).unwrap();
        fs::write(world.path.join(name), text).unwrap();
        let error = world.at("new", now).unwrap_err();
        let advice = error.contains("certs: ") && error.contains("put back ca.crt and ca.key");
        assert!(advice && error.contains(part), "{error}");
    };
    check(AUTHORITY_KEY, "x", "key cannot be read");
    check(AUTHORITY_KEY, &other.text(AUTHORITY_KEY), "does not belong");
    check(AUTHORITY, "x", "ca.crt is no certificate");
}

#[test]
fn an_authority_may_be_kept_elsewhere_while_nothing_is_to_issue() {
    let (world, now) = (world(), SystemTime::now());
    let before = world.at("pbx", now).unwrap();
    fs::remove_file(world.path.join(AUTHORITY_KEY)).unwrap();
    assert_eq!(world.at("pbx", now), Ok(before));
    let error = world.at("pbx", now + DAY * 800).unwrap_err();
    assert!(error.contains("ca.key is not there"), "{error}");
}

#[test]
fn a_wrong_file_is_named_with_its_key() {
    let world = world();
    world.at("pbx", SystemTime::now()).unwrap();
    assert!(world.configured(LEAF, LEAF_KEY).is_ok());
    let check = |certificate, key, start: &str, file: &str, part: &str| {
        let error = world.configured(certificate, key).unwrap_err();
        let named = format!("{start}: {}", world.path.join(file).display());
        assert!(error.starts_with(&named) && error.contains(part), "{error}");
    };
    check("gone", LEAF_KEY, "tls.certificate", "gone", "cannot be read");
    check(LEAF, "gone", "tls.key", "gone", "cannot be read");
    check(LEAF_KEY, LEAF_KEY, "tls.certificate", LEAF_KEY, "no certificate");
    check(LEAF, LEAF, "tls.key", LEAF, "no key");
    check(LEAF, AUTHORITY_KEY, "tls.key", AUTHORITY_KEY, "does not belong");
    fs::write(world.path.join("long"), vec![b'x'; 1024 * 1024 + 1]).unwrap();
    check("long", LEAF_KEY, "tls.certificate", "long", "more than 1048576 bytes");
}

#[test]
fn further_names_come_from_the_configuration() {
    let world = world();
    let keys = TlsKeys {
        names: vec!["ldap.example".to_owned(), "192.0.2.200".to_owned()],
        ..TlsKeys::default()
    };
    let shown = load(&world.folder, &keys, SystemTime::now()).unwrap();
    assert_eq!(shown.authority, Some(world.path.join(AUTHORITY)));
    let mut expected = names::own();
    expected.extend(names(&["ldap.example"]));
    expected.insert(Name::Address("192.0.2.200".parse().unwrap()));
    let (leaf, authority) = (world.text(LEAF), world.text(AUTHORITY));
    assert!(authority::leaf_fits(&leaf, &authority, &expected, SystemTime::now()));
}
