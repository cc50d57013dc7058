//! Names of every form, and what becomes of them.

use crate::auth::dn::{Dn, NoDn};

#[track_caller]
fn check(text: &str, written: &str) {
    let dn = Dn::parse(text).unwrap();
    assert_eq!(dn.to_string(), written);
    assert_eq!(Dn::parse(written).unwrap(), dn, "what goes out reads back");
}

#[test]
fn names_are_read_in_rfc_4514_form() {
    check("uid=204,ou=people,dc=pbx,dc=example", "uid=204,ou=people,dc=pbx,dc=example");
    check("OU=Verzeichnis 1, dc=starface, dc=pbx", "ou=Verzeichnis 1,dc=starface,dc=pbx");
    check(r"cn=R\26D\, Berlin,dc=x", r"cn=R&D\, Berlin,dc=x");
    check(r"cn=M\C3\BCller,dc=x", "cn=Müller,dc=x");
    check(r"cn=\#1 \ ,dc=x", r"cn=\#1 \ ,dc=x");
    check("cn=a+uid=b,dc=x", "cn=a+uid=b,dc=x");
    check("cn=,dc=x", "cn=,dc=x");
    check("cn=a=b,dc=x", "cn=a=b,dc=x");
    check("  ", "");
}

#[test]
fn names_are_read_in_rfc_1779_form() {
    check(r#"CN="Anna, Adams" ; OU = people;DC=x"#, r"cn=Anna\, Adams,ou=people,dc=x");
    check("OID.2.5.4.3=anna,0.9.2342.19200300.100.1.25=x", "cn=anna,dc=x");
    check("commonName=#0c0548616c6c6f,dc=x", "cn=Hallo,dc=x");
}

#[test]
fn what_is_no_name_is_refused() {
    for text in ["asterisk", "cn=a,", ",cn=a", "cn=\"a", "=a", "cn=a\\", "cn=#zz", "cn=\\ff"] {
        assert_eq!(Dn::parse(text), Err(NoDn), "{text}");
    }
    assert_eq!(Dn::parse(&"cn=a,".repeat(65)), Err(NoDn));
}

#[test]
fn names_compare_without_case_and_runs_of_spaces() {
    let parse = |text: &str| Dn::parse(text).unwrap();
    assert_eq!(parse("OU=Verzeichnis  1,DC=Pbx"), parse("ou=verzeichnis 1,dc=pbx"));
    assert_eq!(parse("cn=ÄRGER"), parse("cn=ärger"));
    assert_eq!(parse("cn=a+uid=b"), parse("uid=B+cn=A"));
    assert_ne!(parse("cn=muller"), parse("cn=müller"));
}

#[test]
fn a_name_below_a_suffix_gives_what_stands_in_front() {
    let suffix = Dn::parse("dc=pbx,dc=example").unwrap();
    let dn = Dn::parse("uid=204,ou=people,dc=PBX,dc=example").unwrap();
    let front = dn.below(&suffix).unwrap();
    assert_eq!(front[0].single(), Some(("uid", "204")));
    assert_eq!(front[1].value_of("ou"), Some("people"));
    assert_eq!(suffix.below(&suffix), Some(&[][..]));
    assert_eq!(Dn::parse("dc=example").unwrap().below(&suffix), None);
    assert_eq!(Dn::parse("ou=people,dc=pbx,dc=com").unwrap().below(&suffix), None);
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,40}") {
        if let Ok(dn) = Dn::parse(&text) {
            proptest::prop_assert_eq!(Dn::parse(&dn.to_string()), Ok(dn));
        }
    }

    #[test]
    fn every_value_can_be_written(value in "\\PC{0,20}") {
        let written = format!("cn={},dc=x", super::escaped(&value));
        let dn = Dn::parse(&written).unwrap();
        proptest::prop_assert_eq!(dn.rdns()[0].value_of("cn"), Some(value.as_str()));
    }
}

/// Found by fuzzing: such names would not read back.
#[test]
fn a_type_is_a_name_or_numbers() {
    for text in ["oid.\n=x", "oid.oid.2=x", "2..5=x", "-a=x", "2a=x", "=x", "a.b=x"] {
        assert_eq!(Dn::parse(text), Err(NoDn), "{text}");
    }
}
