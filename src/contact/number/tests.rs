//! Numbers in every form in which they are written and dialled.

use proptest::{prop_assert, prop_assume, proptest};

use crate::contact::number::{NumberFormat, NumberPattern, Numbering, is_plain};

fn berlin() -> Numbering {
    Numbering::new("DE", "30", "0").unwrap()
}

#[track_caller]
fn equal(asked: &str, stored: &str) -> bool {
    let pattern = NumberPattern::equals(asked, &berlin());
    berlin().forms(stored).iter().any(|form| pattern.matches(form))
}

#[track_caller]
fn parts(initial: Option<&str>, any: &[&str], last: Option<&str>, stored: &str) -> bool {
    let Some(pattern) = NumberPattern::parts(initial, any, last, &berlin()) else {
        return false;
    };
    berlin().forms(stored).iter().any(|form| pattern.matches(form))
}

#[test]
fn devices_get_numbers_as_they_want_them() {
    let written = |text: &str| NumberFormat::ALL.map(|format| berlin().formatted(text, format));
    let berlin = ["(030) 555-1234", "+49305551234", "0305551234", "00305551234"];
    assert_eq!(written("(030) 555-1234"), berlin);
    let london = ["+44 20 7946 0018", "+442079460018", "00442079460018", "000442079460018"];
    assert_eq!(written("+44 20 7946 0018"), london);
    for inside in ["101", "*55", "ask Anna"] {
        assert_eq!(written(inside), [inside; 4]);
    }
    let names = NumberFormat::ALL.map(NumberFormat::name);
    assert_eq!(names.map(NumberFormat::parse), NumberFormat::ALL.map(Some));
}

#[test]
fn one_number_however_it_is_written() {
    let spellings = [
        "+49 30 5551234",
        "004930 5551234",
        "030/555-1234",
        "(030) 555 12 34",
        "5551234",
        "+49 (0)30 5551234",
        "tel:+49-30-5551234",
        "493055512 34",
    ];
    for stored in &spellings[..7] {
        for asked in spellings {
            assert!(equal(asked, stored), "{asked} = {stored}");
        }
        assert!(parts(None, &[], Some("5551234"), stored), "*5551234 {stored}");
        assert!(parts(Some("+4930"), &[], None, stored), "+4930* {stored}");
        assert!(parts(Some("030 55"), &[], None, stored), "03055* {stored}");
        assert!(parts(None, &["5512"], None, stored), "*5512* {stored}");
        assert!(!parts(None, &["5513"], None, stored));
    }
    assert!(!equal("+49 40 5551234", "030 5551234"));
    assert!(equal("0 030 5551234", "+49305551234"), "with the outside-line prefix");
}

#[test]
fn a_lost_plus_or_zero_comes_back_where_it_is_certain() {
    for (damaged, whole) in [
        ("4915112345678", Some("+4915112345678")),
        ("493055512345", Some("+493055512345")),
        ("15112345678", Some("015112345678")),
        ("5555551111", None),
        ("5551234", None),
        ("015112345678", None),
        ("+4915112345678", None),
        ("1000", None),
        ("49151", None),
    ] {
        assert_eq!(berlin().restored(damaged).as_deref(), whole, "{damaged}");
    }
    let boston = Numbering::new("US", "617", "").unwrap();
    assert_eq!(boston.restored("16175551234"), None, "1 is dialled there");
}

#[test]
fn short_codes_mean_themselves() {
    assert!(equal("101", "101") && equal("*55", "*55"));
    assert!(!equal("101", "*101") && !equal("+49101", "101"));
    assert!(!parts(Some("49"), &[], None, "+49 30 5551234"), "extensions 49xx stay findable");
    assert_eq!(berlin().e164("101"), None);
}

#[test]
fn a_value_without_digits_matches_nothing() {
    assert!(!equal("foo", "101") && !parts(Some("foo"), &[], None, "101"));
    assert!(berlin().forms("anonymous").is_empty());
}

#[test]
fn other_regions_dial_otherwise() {
    let us = Numbering::new("us", "", "9").unwrap();
    assert_eq!(us.forms("(212) 555-0123")[0], "+12125550123");
    assert_eq!(us.forms("011 49 30 5551234")[0], "+49305551234");
    let ru = Numbering::new("RU", "", "").unwrap();
    assert_eq!(ru.forms("8 800 555 35 35")[0], "+78005553535");
    assert!(Numbering::new("XX", "", "").is_err());
}

#[test]
fn what_follows_a_number_is_no_part_of_it() {
    for stored in
        ["030 5551234 ext. 12", "tel:+49-30-5551234;ext=12", "0305551234,,12", "030 5551234x12"]
    {
        assert!(equal("030 5551234", stored), "{stored}");
    }
    assert_eq!(berlin().forms("0800-FLOWERS").last().map(String::as_str), Some("0800"));
}

#[test]
fn beginnings_may_have_the_outside_line_prefix() {
    for key in ["0030 555", "00305551", "0 0049 30", "0 030 55"] {
        assert!(parts(Some(key), &[], None, "+49 30 5551234"), "{key}*");
    }
    assert!(parts(None, &["0030555"], None, "+49 30 5551234"));
    assert!(!parts(Some("0030 556"), &[], None, "+49 30 5551234"));
}

proptest::proptest! {
    #[test]
    fn a_stored_number_is_found_by_itself(text in "[+0-9*#() /-]{1,20}") {
        let has_digit = text.contains(|c: char| c.is_ascii_digit());
        proptest::prop_assert_eq!(equal(&text, &text), has_digit);
    }

    /// Whoever dials it, in full or what comes first or last of it.
    #[test]
    fn a_number_of_berlin_is_found_in_every_form(subscriber in "[2-9][0-9]{6}", cut in 1..7_usize) {
        let forms = ["+49 30 ", "004930", "030/", "(030) ", "+49 (0)30-", "0 030 ", "4930", ""];
        for stored in &forms[..5] {
            let stored = format!("{stored}{subscriber}");
            for asked in forms {
                let asked = format!("{asked}{subscriber}");
                proptest::prop_assert!(equal(&asked, &stored));
            }
            let (first, last) = subscriber.split_at(cut);
            let initial = format!("030{first}");
            proptest::prop_assert!(parts(Some(&initial), &[], None, &stored));
            proptest::prop_assert!(parts(None, &[], Some(last), &stored));
            proptest::prop_assert!(parts(Some("+4930"), &[first], Some(last), &stored));
        }
    }

    #[test]
    fn any_text_is_read_without_harm(text in "\\PC{0,60}") {
        let forms = berlin().forms(&text);
        proptest::prop_assert!(forms.len() <= 2);
        for form in forms {
            proptest::prop_assert!(equal(&form, &form) && equal(&text, &text));
            proptest::prop_assert!(parts(Some(&form), &[], None, &form));
        }
    }
}

#[test]
fn plain_numbers_are_digits_and_what_divides_them() {
    for number in ["+49 30 123-45", "(030) 1.2/3", "*21*101#", ""] {
        assert!(is_plain(number), "{number}");
    }
    for number in
        ["0800 FLOWERS", "030 1234 ext. 5", "+49 (0)30 1", "030 1,2", "(+49) 30", "１２", "1;2"]
    {
        assert!(!is_plain(number), "{number}");
    }
}

proptest! {
    #[test]
    fn a_part_of_a_plain_number_is_found_by_its_digits(
        number in "[+]?[0-9 ()/.*-]{1,20}", from in 0usize..20, length in 1usize..20,
    ) {
        let number = number.trim();
        let end = (from + length).min(number.len());
        let text = number.get(from..end).unwrap_or_default();
        prop_assume!(is_plain(number) && text.contains(|c: char| c.is_ascii_digit()));
        prop_assert!(is_plain(text));
        prop_assert!(parts(None, &[text], None, number), "{} in {}", text, number);
        prop_assert!(from > 0 || parts(Some(text), &[], None, number), "{} begins {}", text, number);
        prop_assert!(end < number.len() || parts(None, &[], Some(text), number), "{} ends {}", text, number);
        prop_assert!(text != number || equal(text, number), "{}", text);
    }
}
