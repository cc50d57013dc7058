//! The fields of a card: what each of its lines adds.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::contact::card::{Card, CardBuilder, Field, NamelessCard, PostalAddress};
use crate::vcard::convert::ONLY_IN_4;
use crate::vcard::convert::name::{DERIVED, is_derived};
use crate::vcard::convert::telephone::{TEL_PARAMETERS, without_extension};
use crate::vcard::convert::up::messaging_scheme;
use crate::vcard::line::Content;
use crate::vcard::read::{Fault, InvalidCard, Problem, UID_BYTES_MAX, bare_uid};
use crate::vcard::telephone;
use crate::vcard::text::{decoded, has_scheme, parameter_text, split, unescaped};

/// A longer value is cut in the fields; the stored text keeps it whole.
const VALUE_BYTES_MAX: usize = 16 << 10;
/// Values beyond these bytes together are in the stored text only.
const CARD_BYTES_MAX: usize = 64 << 10;
/// What a value counts beyond its bytes.
const VALUE_COST_BYTES: usize = 32;
/// What a value without a preference counts as; `PREF` goes from 1 to 100 (RFC 6350 5.3).
pub(crate) const NO_PREFERENCE: u8 = u8::MAX;

/// Where in a card a value stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number under which [`Fields::of`] was given the line.
    pub(crate) line: usize,
    /// Which part of the line's value, where it has several, from 0.
    pub(crate) part: usize,
}

/// The [`Place::part`] of what parameters of N say.
pub(crate) const SORT_AS_PART: usize = usize::MAX;

/// A value of a field, with the line that says it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) field: Field,
    pub(crate) preference: u8,
    pub(crate) text: String,
    pub(crate) place: Place,
}

/// Collects the values of a card.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) uid: Option<String>,
    /// The label of each group that has one, by the group in lower case.
    labels: HashMap<String, String>,
    /// The first FN as it stands there.
    formatted_name: String,
    values: Vec<Found>,
    /// Where the values of the present line stand.
    place: Place,
    /// What the values take together.
    bytes: usize,
    /// Whether a value of the present line did not fit.
    is_cut: bool,
    pub(crate) problems: Vec<Problem>,
    pub(crate) unread: Vec<String>,
    /// The same, to look them up: a card has up to ten thousand names.
    known_unread: HashSet<String>,
}

impl Fields {
    /// Reads the lines between BEGIN and END, with their numbers.
    pub(crate) fn of(lines: &[(usize, Content<'_>)]) -> Result<Self, InvalidCard> {
        let named = lines.iter().find(|(_, content)| content.is("FN"));
        let formatted_name = named.map(|(_, content)| unescaped(&decoded(content)).into_owned());
        let formatted_name = formatted_name.unwrap_or_default();
        let mut fields = Self { labels: labels(lines), formatted_name, ..Self::default() };
        for (number, content) in lines {
            let before = fields.values.len();
            fields.place = Place { line: *number, part: 0 };
            fields.take(*number, content)?;
            if fields.values.len() == before {
                fields.pass_over(content);
            }
        }
        Ok(fields)
    }

    fn take(&mut self, line: usize, content: &Content<'_>) -> Result<(), InvalidCard> {
        let name = content.name().to_ascii_uppercase();
        let whole = decoded(content);
        let value = whole.get(..whole.floor_char_boundary(CARD_BYTES_MAX)).unwrap_or_default();
        match name.strip_prefix(ONLY_IN_4).unwrap_or(&name) {
            "UID" => {
                let uid = unescaped(value.trim()).into_owned();
                if uid.len() > UID_BYTES_MAX {
                    return Err(InvalidCard { line, fault: Fault::LongUid });
                }
                if self.uid.is_none() && !uid.is_empty() {
                    self.uid = Some(uid);
                }
            }
            "N" => self.name(content, value),
            "ORG" => self.organization(content, value),
            "ADR" => self.postal(content, value),
            "TEL" => {
                let field = telephone::field_of(content, self.label(content));
                self.add(field, content, number(content, value));
            }
            "SORT-STRING" => self.sort_as(content, &unescaped(value)),
            "NICKNAME" => self.list(Field::Nickname, content, value),
            "CATEGORIES" => self.list(Field::Category, content, value),
            "BDAY" => self.add(Field::Birthday, content, birthday(content, value)),
            "KIND" | "X-ADDRESSBOOKSERVER-KIND" => {
                let kind = value.trim().to_ascii_lowercase();
                let kind = if kind == "individual" { String::new() } else { kind };
                self.add(Field::Kind, content, Cow::Owned(kind));
            }
            "RELATED" | "X-ABRELATEDNAMES" => self.related(content, value),
            name => self.plain(name, content, value),
        }
        if std::mem::take(&mut self.is_cut) {
            self.problems.push(Problem { line, what: "too long to be found as a whole" });
        }
        Ok(())
    }

    fn plain(&mut self, name: &str, content: &Content<'_>, value: &str) {
        if let Some(field) = text_field(name) {
            let value = unescaped(value);
            match field {
                Field::Manager | Field::Assistant => self.person(field, content, &value),
                _ => self.add(field, content, value),
            }
        } else if let Some(scheme) = messaging_scheme(name) {
            let address = unescaped(value);
            let address = address.trim();
            let is_uri = has_scheme(address) || address.is_empty();
            let uri = if is_uri { address.to_owned() } else { [scheme, ":", address].concat() };
            self.add(Field::Address, content, Cow::Owned(uri));
        }
    }

    /// Remembers a line of which no field holds anything.
    fn pass_over(&mut self, content: &Content<'_>) {
        let name = content.name().to_ascii_uppercase();
        let written_anew = ["VERSION", "PRODID", "REV", "UID"].contains(&name.as_str());
        let says_nothing = content.parameter(DERIVED).is_some()
            || content.value().iter().all(|byte| b"; ,".contains(byte))
            || content.is("KIND")
            || content.is("X-ADDRESSBOOKSERVER-KIND");
        // A label may have chosen the field of the line that it is about; it is a text still.
        if !written_anew && !says_nothing && self.known_unread.insert(name.clone()) {
            self.unread.push(name);
        }
    }

    fn add(&mut self, field: Field, content: &Content<'_>, value: Cow<'_, str>) {
        let value = value.trim();
        let room = CARD_BYTES_MAX.saturating_sub(self.bytes).min(VALUE_BYTES_MAX);
        let kept = value.get(..value.floor_char_boundary(room)).unwrap_or_default();
        self.is_cut |= kept.len() < value.len();
        if !kept.is_empty() {
            self.bytes += kept.len() + VALUE_COST_BYTES;
            let (preference, text, place) = (preference(content), kept.to_owned(), self.place);
            self.values.push(Found { field, preference, text, place });
        }
    }

    fn list(&mut self, field: Field, content: &Content<'_>, value: &str) {
        for (at, part) in split(value, ',').enumerate() {
            self.place.part = at;
            self.add(field, content, unescaped(part));
        }
    }

    fn name(&mut self, content: &Content<'_>, value: &str) {
        let parts = [
            Field::FamilyName,
            Field::GivenName,
            Field::MiddleName,
            Field::NamePrefix,
            Field::NameSuffix,
        ];
        // A second N is another way to write the first (ALTID); the card has one name.
        let derived = content.parameter(DERIVED).is_some();
        if self.values.iter().any(|found| parts.contains(&found.field))
            || (derived && is_derived(value, &self.formatted_name))
        {
            return;
        }
        for (at, (field, part)) in parts.into_iter().zip(split(value, ';')).enumerate() {
            self.place.part = at;
            self.add(field, content, component(part));
        }
        self.place.part = SORT_AS_PART;
        let sort_as = content.parameter("SORT-AS").map(parameter_text).unwrap_or_default();
        self.sort_as(content, &sort_as);
    }

    /// By what a person is sorted: SORT-AS of 4.0, SORT-STRING of 3.0.
    fn sort_as(&mut self, content: &Content<'_>, text: &str) {
        let fields = [Field::PhoneticFamilyName, Field::PhoneticGivenName];
        for (field, part) in fields.into_iter().zip(text.split(',')) {
            self.add(field, content, Cow::Borrowed(part));
        }
    }

    fn organization(&mut self, content: &Content<'_>, value: &str) {
        let fields = std::iter::once(Field::Company).chain(std::iter::repeat(Field::Department));
        for (at, (field, part)) in fields.zip(split(value, ';')).enumerate() {
            self.place.part = at;
            self.add(field, content, unescaped(part));
        }
    }

    fn postal(&mut self, content: &Content<'_>, value: &str) {
        self.add(Field::Postal, content, Cow::Owned(postal_address(content, value)));
    }

    fn related(&mut self, content: &Content<'_>, value: &str) {
        let label = self.label(content).unwrap_or_default().to_ascii_lowercase();
        let is = |role: &str| {
            label.contains(role)
                || content.types().any(|t| t.eq_ignore_ascii_case(&format!("x-{role}")))
        };
        let field = if is("manager") {
            Field::Manager
        } else if is("assistant") {
            Field::Assistant
        } else {
            return;
        };
        self.person(field, content, &unescaped(value));
    }

    /// Somebody by name or by UID.
    fn person(&mut self, field: Field, content: &Content<'_>, value: &str) {
        self.add(field, content, Cow::Borrowed(bare_uid(value.trim())));
    }

    fn label(&self, content: &Content<'_>) -> Option<&str> {
        let group = Some(content.group()).filter(|group| !group.is_empty())?;
        self.labels.get(&group.to_ascii_lowercase()).map(String::as_str)
    }

    /// The values as [`Fields::card`] takes them: by field and preference.
    pub(crate) fn sorted(mut self) -> Vec<Found> {
        self.values.sort_by_key(|found| (found.field, found.preference));
        self.values
    }

    /// The finished card.
    pub(crate) fn card(self) -> Result<Card, NamelessCard> {
        let mut builder = CardBuilder::default();
        let mut named = false;
        for found in self.sorted() {
            // Further FN lines are translations (RFC 6350 6.2.1); phones show one name.
            let is_name = found.field == Field::FormattedName;
            if is_name && std::mem::replace(&mut named, true) {
                continue;
            }
            builder.push(found.field, &found.text);
        }
        builder.finish()
    }
}

/// The address that an ADR with this decoded value is read as.
pub(crate) fn postal_address(content: &Content<'_>, value: &str) -> String {
    let mut parts = split(value, ';').map(component);
    let mut next = || parts.next().unwrap_or_default();
    let (office_box, extended, street) = (next(), next(), next());
    let street = [street, extended, office_box];
    let street: Vec<&str> =
        street.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    let has = |kind: &str| content.types().any(|found| found.eq_ignore_ascii_case(kind));
    let address = PostalAddress {
        kind: if has("home") {
            "home"
        } else if has("work") {
            "work"
        } else {
            ""
        },
        street: &street.join("\n"),
        locality: &next(),
        region: &next(),
        code: &next(),
        country: &next(),
    };
    address.value()
}

fn labels(lines: &[(usize, Content<'_>)]) -> HashMap<String, String> {
    let labelled = lines.iter().filter(|(_, c)| !c.group().is_empty() && c.is("X-ABLABEL"));
    let label = |c: &Content<'_>| (c.group().to_ascii_lowercase(), decoded(c).into_owned());
    labelled.map(|(_, content)| label(content)).collect()
}

/// The fields whose whole value is one text.
fn text_field(name: &str) -> Option<Field> {
    Some(match name {
        "FN" => Field::FormattedName,
        "X-PHONETIC-FIRST-NAME" => Field::PhoneticGivenName,
        "X-PHONETIC-LAST-NAME" => Field::PhoneticFamilyName,
        "TITLE" => Field::Title,
        "ROLE" => Field::Role,
        "EMAIL" => Field::Email,
        "IMPP" => Field::Address,
        "NOTE" => Field::Note,
        "URL" => Field::Url,
        "LANG" => Field::Language,
        "X-MANAGER" | "X-MS-MANAGER" | "X-EVOLUTION-MANAGER" => Field::Manager,
        "X-ASSISTANT" | "X-MS-ASSISTANT" | "X-EVOLUTION-ASSISTANT" => Field::Assistant,
        "X-RINGBOOK-SITE" => Field::Site,
        "X-RINGBOOK-VOICEMAIL" => Field::VoicemailBox,
        _ => return None,
    })
}

/// `PREF=1` is the best (4.0); `TYPE=pref` (3.0) and a bare `PREF` (2.1) say the same.
fn preference(content: &Content<'_>) -> u8 {
    // `X-PREF` is what conversion to 3.0 makes of preferences behind the first.
    let named = |name: &str| content.parameter(name).and_then(|text| text.parse().ok());
    if let Some(preference) = named("PREF").or_else(|| named("X-PREF")) {
        return preference;
    }
    let preferred = content.types().any(|kind| kind.eq_ignore_ascii_case("pref"));
    if preferred { 1 } else { NO_PREFERENCE }
}

/// A component of N or ADR: values of a list within it are joined, as in `Jr.,M.D.`.
fn component(part: &str) -> Cow<'_, str> {
    if !part.contains(',') {
        return unescaped(part);
    }
    let values: Vec<Cow<'_, str>> = split(part, ',').map(unescaped).collect();
    let values: Vec<&str> = values.iter().map(|v| v.trim()).filter(|v| !v.is_empty()).collect();
    Cow::Owned(values.join(" "))
}

/// A number as text: `tel:+49-30-1;ext=5` (RFC 3966) is `+49-30-1`.
fn number<'a>(content: &Content<'_>, value: &'a str) -> Cow<'a, str> {
    let value = unescaped(value.trim());
    match value.split_at_checked(4) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tel:") => {
            Cow::Owned(rest.split(';').next().unwrap_or_default().to_owned())
        }
        _ => without_extension(value, content.parameter(TEL_PARAMETERS)),
    }
}

/// A birthday as `1985-04-12` or `--04-12` where it is written in a form of RFC 6350 4.3.1 or
/// Apple's, else as it came.
fn birthday<'a>(content: &Content<'_>, value: &'a str) -> Cow<'a, str> {
    let date = value.trim().split('T').next().unwrap_or_default();
    let omitted = content.parameter("X-APPLE-OMIT-YEAR");
    let digits: String = date.chars().filter(char::is_ascii_digit).collect();
    let plain = date.chars().all(|c| c.is_ascii_digit() || c == '-');
    let (year, day) = match (plain, digits.len()) {
        (true, 8) => digits.split_at(4),
        (true, 4) if date.starts_with("--") => ("-", digits.as_str()),
        _ => return unescaped(value),
    };
    let year = if omitted == Some(year) { "-" } else { year };
    let (month, day) = day.split_at(2);
    Cow::Owned(format!("{year}-{month}-{day}"))
}
