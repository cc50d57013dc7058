//! What each kind of condition finds in a card.

use proptest::{prop_assert, proptest};

use crate::carddav::answer::error::Refusal;
use crate::carddav::report::filter::Filter;
use crate::carddav::request::xml::read;
use crate::contact::number::Numbering;

fn berlin() -> Numbering {
    Numbering::new("DE", "30", "0").unwrap()
}

/// A filter with these conditions; `test` is its attribute.
fn filter(test: &str, conditions: &str) -> Result<Filter, Refusal> {
    let body = format!(
        "<C:filter xmlns:C='urn:ietf:params:xml:ns:carddav' {test}>{conditions}</C:filter>"
    );
    Filter::of(&read(body.as_bytes()).unwrap().unwrap(), &berlin())
}

const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:Anna Ädams\r\nN:Ädams;Anna\\, Maria;;;\r\n\
    ORG:Acme\\; Sons;Sales\r\nNICKNAME:Annie,Nan\r\nitem1.TEL;TYPE=work,voice:(030) 555-0001\r\n\
    TEL;TYPE=CELL;X-NOTE=\"a,b\":tel:+49-170-204;ext=5\r\nEMAIL:anna@acme.example\r\n\
    EMAIL;PREF=1:adams@home.example\r\nNOTE:two\\nlines\r\n  of text\r\nitem1.X-ABLabel:Desk\r\n\
    BDAY:\r\nEND:VCARD\r\n";

#[track_caller]
fn finds(conditions: &str) -> bool {
    filter("", conditions).unwrap().wants(CARD.as_bytes(), &berlin())
}

/// A prop-filter with a text-match.
fn text(name: &str, attributes: &str, text: &str) -> String {
    format!(
        "<C:prop-filter name='{name}'><C:text-match {attributes}>{text}</C:text-match></C:prop-filter>"
    )
}

#[test]
fn properties_are_there_or_not() {
    let there = |name: &str| finds(&format!("<C:prop-filter name='{name}'/>"));
    for name in ["FN", "fn", "TEL", "item1.TEL", "ITEM1.tel", "X-ABLABEL", "BDAY"] {
        assert!(there(name), "{name}");
    }
    for name in ["PHOTO", "item2.TEL", "item1.FN", "X-OTHER"] {
        assert!(!there(name), "{name}");
        let absent = format!("<C:prop-filter name='{name}'><C:is-not-defined/></C:prop-filter>");
        assert!(finds(&absent), "{name}");
    }
    assert!(!finds("<C:prop-filter name='FN'><C:is-not-defined/></C:prop-filter>"));
}

#[test]
fn texts_are_compared_as_they_are_meant() {
    for (name, attributes, part) in [
        ("FN", "", "ÄDAMS"),
        ("FN", "match-type='starts-with'", "anna"),
        ("FN", "match-type='equals' collation='i;unicode-casemap'", "ANNA äDAMS"),
        ("EMAIL", "match-type='ends-with'", "@ACME.example"),
        ("EMAIL", "match-type='equals'", "adams@home.example"),
        ("NOTE", "", "lines of text"),
        ("NOTE", "", "two\nlines"),
        ("N", "match-type='equals'", "ädams;Anna, Maria;;;"),
        ("N", "match-type='equals'", "Anna, Maria"),
        ("ORG", "match-type='equals'", "Acme; Sons"),
        ("ORG", "match-type='starts-with'", "sales"),
        ("NICKNAME", "match-type='equals'", "nan"),
        ("item1.X-ABLabel", "", "desk"),
        ("FN", "collation='i;ascii-casemap'", "anna Ä"),
        ("X-ABLabel", "negate-condition='no'", ""),
    ] {
        assert!(finds(&text(name, attributes, part)), "{name} {attributes} {part}");
    }
    for (name, attributes, part) in [
        ("FN", "", "adams"),
        ("FN", "collation='i;ascii-casemap'", "ädams"),
        ("FN", "match-type='equals'", "Anna"),
        ("EMAIL", "match-type='starts-with'", "acme"),
        ("X-OTHER", "", ""),
        ("NICKNAME", "match-type='equals'", "ann"),
    ] {
        assert!(!finds(&text(name, attributes, part)), "{name} {attributes} {part}");
    }
}

#[test]
fn a_negation_is_met_by_a_line_that_does_not_match() {
    let no = "negate-condition='yes'";
    assert!(!finds(&text("FN", no, "anna")) && finds(&text("FN", no, "ben")));
    assert!(finds(&text("EMAIL", no, "acme")), "the other address has no acme");
    assert!(!finds(&text("EMAIL", no, "example")));
    assert!(!finds(&text("PHONETIC", no, "x")), "there is none that could be another");
    assert!(!finds(&text("TEL", no, "0")));
}

#[test]
fn numbers_are_found_by_what_they_mean_and_as_they_are_written() {
    for (kind, part) in [
        ("contains", "+4930"),
        ("contains", "+49 30 555"),
        ("contains", "0049 30 5550001"),
        ("contains", "555 00"),
        ("equals", "0305550001"),
        ("equals", "tel:+49305550001"),
        ("equals", "(030) 555-0001"),
        ("starts-with", "030 55"),
        ("ends-with", "0001"),
        ("equals", "+49170204"),
        ("contains", "-170-"),
        ("contains", ") 5"),
    ] {
        assert!(finds(&text("TEL", &format!("match-type='{kind}'"), part)), "{kind} {part}");
    }
    for (kind, part) in
        [("contains", "+4931"), ("equals", "5550"), ("starts-with", "555"), ("contains", "anna")]
    {
        assert!(!finds(&text("TEL", &format!("match-type='{kind}'"), part)), "{kind} {part}");
    }
    assert!(finds(&text("item1.TEL", "", "555")) && !finds(&text("item1.TEL", "", "170")));
}

#[test]
fn one_line_meets_all_of_allof() {
    let tel = |test: &str, number: &str| {
        finds(&format!(
            "<C:prop-filter name='TEL' test='{test}'><C:param-filter name='TYPE'>\
            <C:text-match match-type='equals'>work</C:text-match></C:param-filter>\
            <C:text-match>{number}</C:text-match></C:prop-filter>"
        ))
    };
    assert!(tel("allof", "555") && !tel("allof", "170"));
    assert!(tel("anyof", "170") && tel("anyof", "999") && !tel("allof", "999"));
}

#[test]
fn parameters_are_there_or_not_and_have_values() {
    let parameter = |name: &str, condition: &str| {
        finds(&format!(
            "<C:prop-filter name='TEL'><C:param-filter name='{name}'>{condition}</C:param-filter></C:prop-filter>"
        ))
    };
    let equals = |value: &str| format!("<C:text-match match-type='equals'>{value}</C:text-match>");
    assert!(parameter("type", "") && !parameter("PREF", ""));
    assert!(!parameter("TYPE", "<C:is-not-defined/>") && parameter("PREF", "<C:is-not-defined/>"));
    assert!(parameter("TYPE", &equals("VOICE")) && !parameter("TYPE", &equals("home")));
    assert!(parameter("X-NOTE", &equals("b")) && parameter("X-NOTE", &equals("a,b")));
    let other = "<C:text-match negate-condition='yes' match-type='equals'>cell</C:text-match>";
    assert!(parameter("TYPE", other));
    let old = b"BEGIN:VCARD\r\nVERSION:2.1\r\nTEL;HOME;VOICE:1\r\nEND:VCARD\r\n";
    let home = format!(
        "<C:prop-filter name='TEL'><C:param-filter name='TYPE'>{}</C:param-filter></C:prop-filter>",
        equals("home")
    );
    assert!(filter("", &home).unwrap().wants(old, &berlin()));
}

#[test]
fn conditions_are_joined() {
    let (yes, no) = (text("FN", "", "anna"), text("FN", "", "ben"));
    let wants = |test: &str, conditions: &str| {
        filter(test, conditions).unwrap().wants(CARD.as_bytes(), &berlin())
    };
    assert!(wants("", &format!("{no}{yes}")) && wants("test='anyof'", &format!("{no}{yes}")));
    assert!(!wants("test='allof'", &format!("{no}{yes}")) && wants("test='allof'", &yes));
    assert!(wants("", "") && wants("test='allof'", ""), "an empty filter wants everything");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    for (conditions, status) in [
        ("<C:prop-filter/>", 400),
        ("<C:prop-filter name=''/>", 400),
        ("<C:prop-filter name='FN' test='some'/>", 400),
        ("<C:prop-filter name='FN'><C:is-not-defined/><C:text-match/></C:prop-filter>", 400),
        ("<C:prop-filter name='FN'><C:text-match match-type='like'/></C:prop-filter>", 400),
        ("<C:prop-filter name='FN'><C:text-match negate-condition='1'/></C:prop-filter>", 400),
        ("<C:prop-filter name='TEL'><C:param-filter/></C:prop-filter>", 400),
        ("<C:prop-filter name='FN'><C:text-match collation='i;octet'/></C:prop-filter>", 403),
        ("<C:prop-filter name='FN'><C:near>x</C:near></C:prop-filter>", 403),
        ("<C:prop-filter name='F N'/>", 403),
        ("<C:prop-filter name='a.b.TEL'/>", 403),
        ("<C:prop-filter name='begin'/>", 403),
        ("<C:prop-filter name='PHOTO'><C:text-match>x</C:text-match></C:prop-filter>", 403),
        ("<C:text-match>x</C:text-match>", 403),
    ] {
        assert_eq!(filter("", conditions).unwrap_err().status, status, "{conditions}");
    }
    assert_eq!(filter("test='none'", "").unwrap_err().status, 400);
    let many = |count: usize| filter("", &"<C:prop-filter name='FN'/>".repeat(count));
    assert!(many(500).is_ok() && many(501).is_err());
}

proptest! {
    #[test]
    fn no_filter_fails_badly(
        body in "(<C:(prop-filter|param-filter|text-match|is-not-defined)( (name|test|match-type|negate-condition|collation)='(FN|TEL|allof|equals|yes|i;ascii-casemap|x|)'){0,2}(>|/>)|</C:(prop-filter|param-filter|text-match)>|1|ä){0,12}",
        card in "(BEGIN:VCARD\r\n)?((FN|TEL|N|item1\\.X)(;(TYPE=)?[a-z,\"]{0,3})?:[0-9a;,ä\\\\]{0,6}\r?\n){0,4}",
    ) {
        let body = format!("<C:filter xmlns:C='urn:ietf:params:xml:ns:carddav'>{body}</C:filter>");
        if let Ok(Some(element)) = read(body.as_bytes())
            && let Ok(filter) = Filter::of(&element, &berlin())
        {
            let wanted = filter.wants(card.as_bytes(), &berlin());
            prop_assert!(wanted || !filter.properties.is_empty());
            drop(filter.implied());
        }
    }
}
