//! The reader against hand-made messages, and against `ldap3_proto` as the oracle.

use ldap3_lber::Parser;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{LdapFilter, LdapMsg, LdapOp, LdapSearchRequest, LdapSearchScope};
use proptest::prelude::{Strategy, any};

use crate::ldap::request::{
    Assertion, Envelope, Filter, FilterLimits, Peek, Scope, SearchRequest, Substrings, Unreadable,
};

const LIMITS: FilterLimits = FilterLimits { depth_max: 50, terms_max: 1000 };

/// The messages of `tests/ldap/messages.txt`.
fn messages() -> Vec<(&'static str, Vec<u8>)> {
    let lines = include_str!("../../../tests/ldap/messages.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#'));
    // The lines between say how each is answered.
    let messages = lines.filter_map(|line| line.split_once('|'));
    messages.map(|(name, hex)| (name, bytes(hex))).collect()
}

fn message(name: &str) -> Vec<u8> {
    messages().into_iter().find(|(found, _)| *found == name).unwrap().1
}

fn bytes(hex: &str) -> Vec<u8> {
    let pair = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(pair).collect()
}

fn search(message: &[u8]) -> Result<SearchRequest<'_>, Unreadable> {
    SearchRequest::read(Envelope::read(message)?.operation.content, LIMITS)
}

#[test]
fn the_request_that_a_snom_phone_sent_is_read() {
    let message = message("snom_capture");
    let request = search(&message).unwrap();
    assert_eq!(request.base, b"dc=eventphone,dc=de");
    assert_eq!((request.scope, request.size_limit), (Scope::Subtree, 50));
    assert_eq!(request.attributes, [&b"sn"[..], b"l", b"telephoneNumber", b"jpegPhoto"]);
    let begins = |attribute| {
        Filter::Substrings(attribute, Substrings { initial: Some(b"mjam"), ..Default::default() })
    };
    assert_eq!(request.filter, Filter::Or(vec![begins(b"sn"), begins(b"l")]));
}

#[test]
fn limits_are_read_with_their_sign() {
    let size = |name: &str| search(&message(name)).unwrap().size_limit;
    assert_eq!(size("size_ffffffff_neg1"), 0);
    assert_eq!(size("size_nonminimal4"), 50);
    assert_eq!(size("size_5octets_padded"), 50);
    assert_eq!(size("size_5octet_uint31"), 0x7fff_ffff);
}

#[test]
fn long_lengths_and_any_true_are_read() {
    for name in ["long_form_0x84_lengths", "long_form_0x82_short", "long_form_on_strings"] {
        assert_eq!(
            search(&message(name)).unwrap().filter,
            Filter::Present(b"objectClass"),
            "{name}"
        );
    }
    assert!(search(&message("bool_types_0x01")).unwrap().types_only);
    assert!(search(&message("bool_types_0xff")).unwrap().types_only);
    assert_eq!(Envelope::read(&message("msgid_2byte_300")).unwrap().id, 300);
}

#[test]
fn values_need_not_be_utf_8() {
    let message = message("latin1_value");
    let Filter::Substrings(_, parts) = search(&message).unwrap().filter else { panic!() };
    assert_eq!(parts.initial, Some(&b"M\xfcller"[..]));
}

#[test]
fn extensible_matches_are_read() {
    let message = message("extensible_dnattrs");
    let expected =
        Assertion { rule: None, attribute: Some(b"ou"), value: b"Sales", dn_attributes: true };
    assert_eq!(search(&message).unwrap().filter, Filter::Extensible(expected));
}

#[test]
fn an_extensible_match_has_one_value() {
    let twice = request_content(b"\xa9\x0a\x81\x02cn\x83\x01a\x83\x01b");
    assert_eq!(SearchRequest::read(&twice, LIMITS), Err(Unreadable::Malformed));
}

#[test]
fn controls_keep_their_criticality_and_value() {
    let message = message("sss+vlv");
    let controls = Envelope::read(&message).unwrap().controls;
    assert_eq!(controls.iter().map(|c| c.critical).collect::<Vec<_>>(), [false, true]);
    assert_eq!(controls[1].oid, b"2.16.840.1.113730.3.4.9");
    assert!(controls[1].value.is_some());
}

#[test]
fn a_filter_has_limits() {
    let nested = |depth: usize| {
        let mut filter = vec![0x87, 1, b'a'];
        for _ in 1..depth {
            let mut outer = vec![0xa2];
            crate::ldap::ber::put_length(&mut outer, filter.len());
            outer.extend(filter);
            filter = outer;
        }
        filter
    };
    let read = |filter: &[u8]| {
        let content = request_content(filter);
        SearchRequest::read(&content, LIMITS).map(|_| ()).err()
    };
    assert_eq!(read(&nested(50)), None);
    assert_eq!(read(&nested(51)), Some(Unreadable::TooComplex));
    let wide = |terms: usize| {
        let mut filter = Vec::new();
        crate::ldap::ber::put(&mut filter, 0xa1, &[0x87, 1, b'a'].repeat(terms - 1));
        filter
    };
    assert_eq!(read(&wide(1000)), None);
    assert_eq!(read(&wide(1001)), Some(Unreadable::TooComplex));
}

#[test]
fn what_costs_more_counts_as_more_terms() {
    let put = crate::ldap::ber::put;
    let read = |filter: &[u8]| {
        let content = request_content(filter);
        SearchRequest::read(&content, LIMITS).map(|_| ()).err()
    };
    let approximate = |words: usize| {
        let (mut assertion, mut filter) = (Vec::new(), Vec::new());
        put(&mut assertion, 4, b"cn");
        put(&mut assertion, 4, "ab\u{a0}".repeat(words).as_bytes());
        put(&mut filter, 0xa8, &assertion);
        filter
    };
    assert_eq!(read(&approximate(1000)), None);
    assert_eq!(read(&approximate(1001)), Some(Unreadable::TooComplex));
    let presence = |terms: usize| {
        let (mut term, mut filter) = (Vec::new(), Vec::new());
        put(&mut term, 0x87, b"RingbookPresence;x");
        put(&mut filter, 0xa1, &term.repeat(terms));
        filter
    };
    assert_eq!(read(&presence(9)), None);
    assert_eq!(read(&presence(10)), Some(Unreadable::TooComplex));
}

#[test]
fn the_list_of_attributes_has_a_limit() {
    let read = |attributes: usize| {
        let mut content = request_content(&[0x87, 1, b'a']);
        content.truncate(content.len() - 2);
        crate::ldap::ber::put(&mut content, 0x30, &[4, 1, b'a'].repeat(attributes));
        SearchRequest::read(&content, LIMITS).map(|_| ()).err()
    };
    assert_eq!(read(1000), None);
    assert_eq!(read(1001), Some(Unreadable::TooComplex));
}

fn request_content(filter: &[u8]) -> Vec<u8> {
    let mut content = vec![4, 0, 10, 1, 2, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0];
    content.extend_from_slice(filter);
    content.extend([0x30, 0]);
    content
}

#[test]
fn the_id_of_a_malformed_message_is_readable() {
    let peek = Peek::at(&[0x30, 0x08, 2, 1, 5, 0x63, 3, 4, 9, 9]).unwrap();
    assert_eq!((peek.id, peek.operation), (5, 0x63));
    assert_eq!(Peek::at(&[0x30, 0x08, 2, 1, 0xff, 0x63, 0]), None, "negative");
    assert_eq!(Peek::at(b"GET / HTTP/1.0\r\n"), None);
}

/// What the oracle reads, in our words. Its non-strict form loses the attribute names.
fn as_ours(request: &LdapSearchRequest) -> SearchRequest<'_> {
    SearchRequest {
        base: request.base.as_bytes(),
        scope: match request.scope {
            LdapSearchScope::Base => Scope::Base,
            LdapSearchScope::OneLevel => Scope::One,
            LdapSearchScope::Subtree => Scope::Subtree,
            LdapSearchScope::Children => Scope::Children,
        },
        size_limit: 0,
        time_limit: 0,
        types_only: request.typesonly,
        filter: filter_as_ours(&request.filter),
        attributes: Vec::new(),
    }
}

fn filter_as_ours(filter: &LdapFilter) -> Filter<'_> {
    match filter {
        LdapFilter::And(all) => Filter::And(all.iter().map(filter_as_ours).collect()),
        LdapFilter::Or(any) => Filter::Or(any.iter().map(filter_as_ours).collect()),
        LdapFilter::Not(inner) => Filter::Not(Box::new(filter_as_ours(inner))),
        LdapFilter::Equality(name, value) => Filter::Equality(name.as_bytes(), value.as_bytes()),
        LdapFilter::GreaterOrEqual(name, value) => {
            Filter::AtLeast(name.as_bytes(), value.as_bytes())
        }
        LdapFilter::LessOrEqual(name, value) => Filter::AtMost(name.as_bytes(), value.as_bytes()),
        LdapFilter::Approx(name, value) => Filter::Approximate(name.as_bytes(), value.as_bytes()),
        LdapFilter::Present(name) => Filter::Present(name.as_bytes()),
        LdapFilter::Substring(name, parts) => Filter::Substrings(
            name.as_bytes(),
            Substrings {
                initial: parts.initial.as_ref().map(|part| part.as_bytes()),
                any: parts.any.iter().map(|part| part.as_bytes()).collect(),
                last: parts.final_.as_ref().map(|part| part.as_bytes()),
            },
        ),
        LdapFilter::Extensible(assertion) => Filter::Extensible(Assertion {
            rule: assertion.matching_rule.as_ref().map(|rule| rule.as_bytes()),
            attribute: assertion.type_.as_ref().map(|name| name.as_bytes()),
            value: assertion.match_value.as_bytes(),
            dn_attributes: assertion.dn_attributes,
        }),
    }
}

/// The search that the oracle reads in a message.
fn oracle(message: &[u8]) -> Option<(i32, LdapSearchRequest, usize)> {
    // The oracle reports unknown operations on standard output.
    if Peek::at(message)?.operation != 0x63 {
        return None;
    }
    let (rest, tag) = Parser::new(128).parse(message).ok()?;
    let message = LdapMsg::try_from(tag).ok().filter(|_| rest.is_empty())?;
    let criticals = message.ctrl.iter().filter(|control| is_critical(control)).count();
    match message.op {
        LdapOp::SearchRequest(request) => Some((message.msgid, request, criticals)),
        _ => None,
    }
}

fn is_critical(control: &LdapControl) -> bool {
    matches!(control, LdapControl::Unknown { criticality: true, .. })
}

/// Both read the same where both read a search.
fn agree(message: &[u8]) {
    let (Ok(envelope), Some((id, theirs, _))) = (Envelope::read(message), oracle(message)) else {
        return;
    };
    assert_eq!(envelope.id, id);
    if let Ok(ours) = SearchRequest::read(envelope.operation.content, LIMITS) {
        let ours = SearchRequest { size_limit: 0, time_limit: 0, attributes: Vec::new(), ..ours };
        assert_eq!(ours, as_ours(&theirs));
    }
}

#[test]
fn the_oracle_agrees_on_every_search_it_accepts() {
    let mut compared = 0;
    for (name, message) in messages() {
        agree(&message);
        if oracle(&message).is_some() {
            assert!(search(&message).is_ok(), "{name}");
            compared += 1;
        }
    }
    assert!(compared > 30, "{compared}");
}

fn changed_message() -> impl Strategy<Value = Vec<u8>> {
    let seeds = messages();
    let change = (any::<proptest::sample::Index>(), any::<u8>(), 0..4_u8);
    (0..seeds.len(), proptest::collection::vec(change, 1..6)).prop_map(move |(seed, changes)| {
        let mut message = seeds[seed].1.clone();
        for (place, byte, kind) in changes {
            if message.is_empty() {
                break;
            }
            let at = place.index(message.len());
            match kind {
                0 => message[at] = byte,
                1 => message[at] ^= 1 << (byte % 8),
                2 => message.insert(at, byte),
                _ => message.truncate(at),
            }
        }
        message
    })
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]
    #[test]
    fn changed_messages_break_nothing_and_mean_the_same_to_the_oracle(message in changed_message()) {
        let _ = Peek::at(&message);
        agree(&message);
    }

    #[test]
    fn no_bytes_break_the_reader(message in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = Envelope::read(&message);
        let _ = SearchRequest::read(&message, LIMITS);
    }
}
