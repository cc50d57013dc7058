//! The way from a card's text to its fields.

use std::borrow::Cow;

use crate::contact::card::{Card, CardBuilder, Field, PostalAddress};
use crate::vcard::line::{Content, Line, lines};
use crate::vcard::telephone;
use crate::vcard::text::{decoded, parameter_text, split, unescaped};

/// Cards with more lines are refused.
const LINES_MAX: usize = 10_000;
/// Longer UIDs are refused: they are keys.
const UID_BYTES_MAX: usize = 1_000;
/// A longer value is cut in the fields; the stored text keeps it whole.
const VALUE_BYTES_MAX: usize = 16 << 10;
/// Values beyond these bytes together are in the stored text only.
const CARD_BYTES_MAX: usize = 64 << 10;
/// What a value without a preference counts as; `PREF` goes from 1 to 100 (RFC 6350 5.3).
const NO_PREFERENCE: u8 = u8::MAX;

/// What a card says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// None where the client made none, as Nextcloud's web page once did.
    pub uid: Option<String>,
    /// The fields, sorted by field; the values of one field by preference, then as they came.
    pub card: Card,
    /// What was not understood and lives on in the stored text only.
    pub problems: Vec<Problem>,
}

/// A line that is in no field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Problem {
    /// From 1.
    pub line: usize,
    pub what: &'static str,
}

/// The text is not one card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct InvalidCard {
    /// From 1.
    pub line: usize,
    pub fault: Fault,
}

/// Why a text is not one card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the text is not UTF-8")]
    NotUtf8,
    #[error("BEGIN:VCARD is missing")]
    NoBegin,
    #[error("END:VCARD is missing")]
    NoEnd,
    #[error("VERSION is missing")]
    NoVersion,
    #[error("version `{0}` is none of 2.1, 3.0 and 4.0")]
    UnknownVersion(String),
    #[error("a second card begins")]
    TwoCards,
    #[error("the card has more than {LINES_MAX} lines")]
    TooManyLines,
    #[error("the UID is longer than {UID_BYTES_MAX} bytes")]
    LongUid,
    #[error("the card has no name, company, number or e-mail")]
    Nameless,
}

/// Reads a text that is one vCard in UTF-8.
///
/// # Errors
/// [`InvalidCard`] where it is not. Lines that are not understood are no error.
pub fn read(bytes: &[u8]) -> Result<Reading, InvalidCard> {
    if let Err(error) = std::str::from_utf8(bytes) {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        return Err(InvalidCard { line, fault: Fault::NotUtf8 });
    }
    let envelope = Envelope::open(bytes)?;
    let mut fields = Fields { labels: labels(&envelope.inside), ..Fields::default() };
    for (number, content) in &envelope.inside {
        fields.take(*number, content)?;
    }
    let mut problems = envelope.problems;
    problems.append(&mut fields.problems);
    problems.sort_by_key(|problem| problem.line);
    let uid = fields.uid.take();
    let nameless = |_| InvalidCard { line: envelope.begin, fault: Fault::Nameless };
    Ok(Reading { uid, card: fields.card().map_err(nameless)?, problems })
}

/// The lines between BEGIN and END.
struct Envelope<'a> {
    begin: usize,
    inside: Vec<(usize, Content<'a>)>,
    problems: Vec<Problem>,
}

impl<'a> Envelope<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, InvalidCard> {
        let mut lines = lines(bytes).filter(|line| !line.is_blank());
        let begin = match lines.next() {
            Some(line) if marks(&line, "BEGIN") => line.number,
            other => {
                let line = other.map_or(1, |line| line.number);
                return Err(InvalidCard { line, fault: Fault::NoBegin });
            }
        };
        let mut envelope = Self { begin, inside: Vec::new(), problems: Vec::new() };
        let last = envelope.fill(&mut lines)?;
        for line in lines {
            if marks(&line, "BEGIN") {
                return Err(InvalidCard { line: line.number, fault: Fault::TwoCards });
            }
            envelope.problems.push(Problem { line: line.number, what: "text behind the card" });
        }
        envelope.check_version(last)?;
        Ok(envelope)
    }

    /// Takes the lines up to END and returns its number.
    fn fill(&mut self, lines: &mut impl Iterator<Item = Line<'a>>) -> Result<usize, InvalidCard> {
        let mut last = self.begin;
        // The AGENT of a vCard 2.1 is a card inside the card.
        let mut agent = false;
        while let Some(line) = lines.next() {
            last = line.number;
            if self.inside.len() >= LINES_MAX {
                return Err(InvalidCard { line: last, fault: Fault::TooManyLines });
            }
            if marks(&line, "END") {
                return Ok(last);
            }
            if marks(&line, "BEGIN") {
                if !agent || !lines.any(|line| marks(&line, "END")) {
                    return Err(InvalidCard { line: last, fault: Fault::TwoCards });
                }
                continue;
            }
            agent = line.content.as_ref().is_some_and(|content| content.is("AGENT"));
            match line.content {
                Some(content) => self.inside.push((last, content)),
                None => self.problems.push(Problem { line: last, what: "no property" }),
            }
        }
        Err(InvalidCard { line: last, fault: Fault::NoEnd })
    }

    fn check_version(&self, last: usize) -> Result<(), InvalidCard> {
        let version = self.inside.iter().find(|(_, content)| content.is("VERSION"));
        let Some((line, content)) = version else {
            return Err(InvalidCard { line: last, fault: Fault::NoVersion });
        };
        let version = content.value().trim_ascii();
        if [b"2.1", b"3.0", b"4.0"].contains(&version.try_into().unwrap_or(b"---")) {
            return Ok(());
        }
        let text: String = String::from_utf8_lossy(version).chars().take(20).collect();
        Err(InvalidCard { line: *line, fault: Fault::UnknownVersion(text) })
    }
}

fn marks(line: &Line<'_>, name: &str) -> bool {
    let is_card = |c: &Content<'_>| c.value().trim_ascii().eq_ignore_ascii_case(b"VCARD");
    line.content.as_ref().is_some_and(|content| content.is(name) && is_card(content))
}

/// The label of each group that has one: (lower-case group, label).
fn labels(inside: &[(usize, Content<'_>)]) -> Vec<(String, String)> {
    let labelled = inside.iter().filter(|(_, c)| !c.group().is_empty() && c.is("X-ABLABEL"));
    let label = |c: &Content<'_>| (c.group().to_ascii_lowercase(), decoded(c).into_owned());
    labelled.map(|(_, content)| label(content)).collect()
}

/// Collects the values of a card.
#[derive(Default)]
struct Fields {
    uid: Option<String>,
    labels: Vec<(String, String)>,
    values: Vec<(Field, u8, String)>,
    bytes: usize,
    problems: Vec<Problem>,
}

impl Fields {
    fn take(&mut self, line: usize, content: &Content<'_>) -> Result<(), InvalidCard> {
        let name = content.name().to_ascii_uppercase();
        let value = decoded(content);
        let before = self.values.len();
        match name.as_str() {
            "UID" => {
                let uid = unescaped(value.trim()).into_owned();
                if uid.len() > UID_BYTES_MAX {
                    return Err(InvalidCard { line, fault: Fault::LongUid });
                }
                if self.uid.is_none() && !uid.is_empty() {
                    self.uid = Some(uid);
                }
            }
            "N" => self.name(content, &value),
            "ORG" => self.organization(content, &value),
            "ADR" => self.postal(content, &value),
            "TEL" => {
                let field = telephone::field_of(content, self.label(content));
                self.add(field, content, number(&value));
            }
            "NICKNAME" => self.list(Field::Nickname, content, &value),
            "CATEGORIES" => self.list(Field::Category, content, &value),
            "BDAY" => self.add(Field::Birthday, content, birthday(content, &value)),
            "KIND" | "X-ADDRESSBOOKSERVER-KIND" => {
                let kind = value.trim().to_ascii_lowercase();
                let kind = if kind == "individual" { String::new() } else { kind };
                self.add(Field::Kind, content, Cow::Owned(kind));
            }
            "RELATED" | "X-ABRELATEDNAMES" => self.related(content, &value),
            name => {
                if let Some(field) = text_field(name) {
                    self.add(field, content, unescaped(&value));
                }
            }
        }
        self.keep_to_limit(line, before);
        Ok(())
    }

    fn add(&mut self, field: Field, content: &Content<'_>, value: Cow<'_, str>) {
        if !value.trim().is_empty() {
            self.values.push((field, preference(content), value.into_owned()));
        }
    }

    fn list(&mut self, field: Field, content: &Content<'_>, value: &str) {
        for part in split(value, ',') {
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
        if self.values.iter().any(|(field, ..)| parts.contains(field)) {
            return;
        }
        for (field, part) in parts.into_iter().zip(split(value, ';')) {
            self.add(field, content, component(part));
        }
        let sort_as = content.parameter("SORT-AS").map(parameter_text).unwrap_or_default();
        for (field, part) in [Field::PhoneticFamilyName, Field::PhoneticGivenName]
            .into_iter()
            .zip(sort_as.split(','))
        {
            self.add(field, content, Cow::Borrowed(part));
        }
    }

    fn organization(&mut self, content: &Content<'_>, value: &str) {
        let fields = std::iter::once(Field::Company).chain(std::iter::repeat(Field::Department));
        for (field, part) in fields.zip(split(value, ';')) {
            self.add(field, content, unescaped(part));
        }
    }

    fn postal(&mut self, content: &Content<'_>, value: &str) {
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
        self.add(Field::Postal, content, Cow::Owned(address.value()));
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
        let value = unescaped(value);
        let bare = value.trim().strip_prefix("urn:uuid:").unwrap_or(&value);
        self.add(field, content, Cow::Borrowed(bare));
    }

    fn label(&self, content: &Content<'_>) -> Option<&str> {
        let group = content.group();
        let mut labels = self.labels.iter().filter(|_| !group.is_empty());
        let found = labels.find(|(labelled, _)| labelled.eq_ignore_ascii_case(group));
        found.map(|(_, label)| label.as_str())
    }

    /// Cuts the values added since `before` down to what the fields may hold.
    fn keep_to_limit(&mut self, line: usize, before: usize) {
        let mut cut = false;
        for (_, _, value) in self.values.iter_mut().skip(before) {
            let allowed = VALUE_BYTES_MAX.min(CARD_BYTES_MAX.saturating_sub(self.bytes));
            if value.len() > allowed {
                value.truncate(value.floor_char_boundary(allowed));
                cut = true;
            }
            self.bytes += value.len() + 2;
        }
        if cut {
            self.problems.push(Problem { line, what: "too long to be found as a whole" });
        }
    }

    fn card(mut self) -> Result<Card, crate::contact::card::NamelessCard> {
        self.values.sort_by_key(|(field, preference, _)| (*field, *preference));
        let mut builder = CardBuilder::default();
        let mut named = false;
        for (field, _, value) in &self.values {
            // Further FN lines are translations (RFC 6350 6.2.1); phones show one name.
            if *field == Field::FormattedName && std::mem::replace(&mut named, true) {
                continue;
            }
            builder.push(*field, value);
        }
        builder.finish()
    }
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
        "IMPP" | "X-SIP" | "X-JABBER" => Field::Address,
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
    if let Some(preference) = content.parameter("PREF").and_then(|text| text.parse().ok()) {
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
fn number(value: &str) -> Cow<'_, str> {
    let value = value.trim();
    match value.split_at_checked(4) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tel:") => {
            Cow::Borrowed(rest.split(';').next().unwrap_or_default())
        }
        _ => unescaped(value),
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
