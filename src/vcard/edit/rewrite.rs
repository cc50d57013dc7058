//! Single lines: with another value, or new, in the card's version.

use crate::contact::card::{Field, PostalAddress};
use crate::contact::{ContactId, Timestamp};
use crate::vcard::convert::Version;
use crate::vcard::convert::telephone::TEL_PARAMETERS;
use crate::vcard::convert::up::messaging_scheme;
use crate::vcard::fields::postal_address;
use crate::vcard::line::{Content, lines};
use crate::vcard::telephone;
use crate::vcard::text::{decoded, escape, has_scheme, split, unescaped};

const QUOTED: &str = ";CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE";
/// Parameters about how a value is encoded: ours is encoded anew.
const ENCODINGS: [&str; 2] = ["ENCODING", "CHARSET"];
const NO_YEAR: &str = "1604";

/// How this card's lines are written.
pub(super) struct Pen {
    pub(super) version: Version,
    pub(super) line_end: &'static str,
}

/// Whether a line's value is quoted-printable.
pub(super) fn is_quoted(line: &str) -> bool {
    let content = lines(line.as_bytes()).next().and_then(|line| line.content);
    content.is_some_and(|content| content.is_encoded("QUOTED-PRINTABLE"))
}

impl Pen {
    /// The line as it is, unfolded.
    pub(super) fn same_line(&self, content: &Content<'_>) -> String {
        let (head, value) = (content.head(), content.value());
        String::from_utf8_lossy(&[head, value].concat()).into_owned()
    }

    /// The line with another value.
    pub(super) fn changed_line(&self, field: Field, content: &Content<'_>, text: &str) -> String {
        match field {
            Field::Postal => self.postal(content, &PostalAddress::parse(text)),
            Field::Birthday => {
                self.birthday(without(content, &["VALUE", "X-APPLE-OMIT-YEAR"]), text)
            }
            Field::Manager | Field::Assistant => self.person(content, text),
            Field::Url => self.line(&without(content, &[]), &uri(text)),
            Field::Address => self.address(content, text),
            field if Field::NUMBERS.contains(field) => self.number(content, text),
            _ => self.line(&without(content, &[]), &self.escaped(text)),
        }
    }

    /// A line for a value that had none.
    pub(super) fn new_line(&self, field: Field, text: &str) -> String {
        if let Some(parameters) = telephone::parameters_of(field) {
            return self.line(&["TEL", &self.types(parameters)].concat(), &self.escaped(text));
        }
        let name = match field {
            Field::FormattedName => "FN",
            Field::PhoneticGivenName => "X-PHONETIC-FIRST-NAME",
            Field::PhoneticFamilyName => "X-PHONETIC-LAST-NAME",
            Field::Site => "X-RINGBOOK-SITE",
            Field::VoicemailBox => "X-RINGBOOK-VOICEMAIL",
            Field::Title => "TITLE",
            Field::Role => "ROLE",
            Field::Note => "NOTE",
            Field::Language => "LANG",
            Field::Kind if self.version == Version::V40 => "KIND",
            Field::Kind => "X-ADDRESSBOOKSERVER-KIND",
            Field::Email if self.version == Version::V40 => "EMAIL",
            Field::Email => {
                return self
                    .line(&["EMAIL", &self.types(";TYPE=INTERNET")].concat(), &self.escaped(text));
            }
            Field::Address => return self.line("IMPP", &uri(text)),
            Field::Url => return self.line("URL", &uri(text)),
            Field::Birthday => return self.birthday("BDAY".to_owned(), text),
            Field::Postal => {
                let address = PostalAddress::parse(text);
                let kind = match address.kind {
                    "work" => ";TYPE=WORK",
                    "home" => ";TYPE=HOME",
                    _ => "",
                };
                let value = self.address_value(&address);
                return self.line(&["ADR", &self.types(kind)].concat(), &value);
            }
            Field::Manager => return self.new_person("manager", text),
            Field::Assistant => return self.new_person("assistant", text),
            // Lines of several values are written by those who know the others.
            _ => "NOTE",
        };
        self.line(name, &self.escaped(text))
    }

    /// A line of a head without encodings and a value with its escapes.
    pub(super) fn line(&self, head: &str, value: &str) -> String {
        let plain = value.bytes().all(|byte| (b' '..=b'~').contains(&byte) || byte == b'\t');
        if self.version != Version::V21 || plain {
            return [head, ":", value].concat();
        }
        let mut line = [head, QUOTED, ":"].concat();
        for byte in value.replace('\n', "\r\n").bytes() {
            match byte {
                b' '..=b'<' | b'>'..=b'~' => line.push(char::from(byte)),
                byte => line.push_str(&format!("={byte:02X}")),
            }
        }
        line
    }

    /// Text with escapes. vCard 2.1 knows only that of the semicolon; its line ends are encoded.
    pub(super) fn escaped(&self, text: &str) -> String {
        let mut value = String::with_capacity(text.len() + 8);
        escape(text, &mut value);
        if self.version == Version::V21 {
            value.clear();
            for character in text.chars() {
                if matches!(character, '\\' | ';') {
                    value.push('\\');
                }
                value.push(character);
            }
        }
        value
    }

    /// A part of a list, in which commas part.
    pub(super) fn escaped_part(&self, text: &str) -> String {
        let value = self.escaped(text);
        if self.version == Version::V21 { value.replace(',', "\\,") } else { value }
    }

    /// Types as this version writes them: bare in 2.1.
    fn types(&self, parameters: &str) -> String {
        match self.version {
            Version::V21 => parameters.replace("TYPE=", "").replace(',', ";"),
            Version::V30 | Version::V40 => parameters.to_owned(),
        }
    }

    fn number(&self, content: &Content<'_>, text: &str) -> String {
        let value = decoded(content);
        let tel = value.trim().get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("tel:"));
        let is_uri = |byte: u8| byte.is_ascii_hexdigit() || b"+*#-.()".contains(&byte);
        match tel {
            Some(scheme) if text.bytes().all(is_uri) => {
                self.line(&without(content, &[TEL_PARAMETERS]), &[scheme, text].concat())
            }
            _ => {
                let head = without(content, &[TEL_PARAMETERS, "VALUE"]);
                self.line(&head, &self.escaped(text))
            }
        }
    }

    /// A messenger's address: a URI, or in properties of one messenger what follows the scheme.
    fn address(&self, content: &Content<'_>, text: &str) -> String {
        let Some(scheme) = messaging_scheme(content.name()) else {
            return self.line(&without(content, &[]), &uri(text));
        };
        let bare = text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix(':'));
        match bare.filter(|bare| !has_scheme(bare) && !bare.is_empty() && bare.trim() == *bare) {
            Some(bare) => self.line(&without(content, &[]), &self.escaped(bare)),
            None if has_scheme(text) => self.line(&without(content, &[]), &uri(text)),
            None => self.line(&[&group(content), "IMPP"].concat(), &uri(text)),
        }
    }

    /// `1985-04-12` or `--04-12` in the form of the version; other texts as they are.
    fn birthday(&self, mut head: String, text: &str) -> String {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let shape: String =
            text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
        let value = match (shape.as_str(), self.version) {
            ("9999-99-99", Version::V40) => digits,
            ("9999-99-99", _) => text.to_owned(),
            ("--99-99", Version::V40) => ["--", &digits].concat(),
            ("--99-99", Version::V30) => {
                head.push_str(";X-APPLE-OMIT-YEAR=");
                head.push_str(NO_YEAR);
                [NO_YEAR, text.get(1..).unwrap_or_default()].concat()
            }
            (_, Version::V40) => {
                head.push_str(";VALUE=text");
                self.escaped(text)
            }
            _ => self.escaped(text),
        };
        self.line(&head, &value)
    }

    fn postal(&self, content: &Content<'_>, address: &PostalAddress<'_>) -> String {
        let decoded = decoded(content);
        let mut parts = split(&decoded, ';');
        let mut raw: Vec<String> =
            (0..7).map(|_| parts.next().unwrap_or_default().to_owned()).collect();
        let old = postal_address(content, &decoded);
        let old = PostalAddress::parse(&old);
        let pairs = [
            (2, old.street, address.street),
            (3, old.locality, address.locality),
            (4, old.region, address.region),
            (5, old.code, address.code),
            (6, old.country, address.country),
        ];
        for (at, _, new) in pairs.into_iter().filter(|(_, old, new)| old != new) {
            if let Some(part) = raw.get_mut(at) {
                *part = self.escaped_part(new);
            }
            if at == 2 {
                // The street that is shown holds these two as well.
                raw.iter_mut().take(2).for_each(String::clear);
            }
        }
        // The label was of the old address.
        let mut head = without(content, &["LABEL"]);
        if old.kind != address.kind {
            head = without_types(&head, &["home", "work"]);
            if !address.kind.is_empty() {
                head.push_str(&self.types(&format!(";TYPE={}", address.kind)));
            }
        }
        self.line(&head, &raw.join(";"))
    }

    fn address_value(&self, address: &PostalAddress<'_>) -> String {
        let PostalAddress { street, locality, region, code, country, .. } = address;
        let parts = [street, locality, region, code, country].map(|part| self.escaped_part(part));
        [";;", &parts.join(";")].concat()
    }

    /// Somebody by name or by UID, in RELATED, X-MANAGER or X-ABRELATEDNAMES.
    fn person(&self, content: &Content<'_>, text: &str) -> String {
        if !content.is("RELATED") {
            return self.line(&without(content, &["VALUE"]), &self.escaped(text));
        }
        let mut head = without(content, &["VALUE"]);
        let value = match ContactId::parse(text) {
            Some(id) => format!("urn:uuid:{id}"),
            None => self.escaped(text),
        };
        match (self.version, ContactId::parse(text)) {
            (_, None) => head.push_str(";VALUE=text"),
            (Version::V40, Some(_)) => {}
            (_, Some(_)) => head.push_str(";VALUE=uri"),
        }
        self.line(&head, &value)
    }

    fn new_person(&self, role: &str, text: &str) -> String {
        match (ContactId::parse(text), self.version) {
            (Some(id), Version::V40) => format!("RELATED;TYPE=x-{role}:urn:uuid:{id}"),
            (Some(id), _) => format!("RELATED;VALUE=uri;TYPE=x-{role}:urn:uuid:{id}"),
            (None, Version::V40) => {
                self.line(&format!("RELATED;VALUE=text;TYPE=x-{role}"), &self.escaped(text))
            }
            (None, _) => self.line(&format!("X-{}", role.to_uppercase()), &self.escaped(text)),
        }
    }

    /// A line that is preferred to all others of its property, or to none.
    pub(super) fn with_preference(&self, line: &str, preferred: bool) -> String {
        let Some(content) = lines(line.as_bytes()).next().and_then(|line| line.content) else {
            return line.to_owned();
        };
        let head = head_without(&content, &["PREF", "X-PREF"]);
        let mut head = without_types(&head, &["pref"]);
        if preferred {
            head.push_str(match self.version {
                Version::V21 => ";PREF",
                Version::V30 => ";TYPE=pref",
                Version::V40 => ";PREF=1",
            });
        }
        [&head, ":", &String::from_utf8_lossy(content.value())].concat()
    }

    pub(super) fn without_sort_as(&self, line: &str) -> String {
        match lines(line.as_bytes()).next().and_then(|line| line.content) {
            Some(content) => {
                let value = String::from_utf8_lossy(content.value()).into_owned();
                [&head_without(&content, &["SORT-AS"]), ":", &value].concat()
            }
            None => line.to_owned(),
        }
    }

    /// REV with another time, in the form of the old one.
    pub(super) fn revision(&self, content: &Content<'_>, modified: Timestamp) -> String {
        let time = jiff::Timestamp::from_second(modified.0).unwrap_or_default().to_string();
        let basic = self.version == Version::V40 || !content.value().contains(&b'-');
        let time = if basic { time.replace(['-', ':'], "") } else { time };
        [&without(content, &["VALUE"]), ":", &time].concat()
    }
}

/// The head of a line whose value is written anew, without the colon.
pub(super) fn without(content: &Content<'_>, names: &[&str]) -> String {
    if !content.is_encoded("QUOTED-PRINTABLE") && content.parameter("CHARSET").is_none() {
        return head_without(content, names);
    }
    head_without(content, &[names, &ENCODINGS].concat())
}

/// The head without some parameters, as it is but for them. Bare encodings go with ENCODING.
fn head_without(content: &Content<'_>, names: &[&str]) -> String {
    let mut head = [&group(content), content.name()].concat();
    let goes = |name: &str| names.iter().any(|gone| name.eq_ignore_ascii_case(gone));
    for (name, value) in content.raw_parameters() {
        let bare = name.is_empty() && value.eq_ignore_ascii_case("QUOTED-PRINTABLE");
        if goes(name) || (bare && goes("ENCODING")) {
            continue;
        }
        head.push(';');
        if !name.is_empty() {
            head.extend([name, "="]);
        }
        head.push_str(value);
    }
    head
}

fn without_types(head: &str, gone: &[&str]) -> String {
    let line = [head, ":"].concat();
    let Some(content) = lines(line.as_bytes()).next().and_then(|line| line.content) else {
        return head.to_owned();
    };
    let mut kept = [&group(&content), content.name()].concat();
    let goes = |kind: &str| {
        let kind = kind.trim_matches(['"', ' ']);
        gone.iter().any(|gone| kind.eq_ignore_ascii_case(gone))
    };
    for (name, value) in content.raw_parameters() {
        let is_type = name.is_empty() || name.eq_ignore_ascii_case("TYPE");
        let mut value = value.to_owned();
        if is_type && value.split(',').any(goes) {
            let plain = value.replace('"', "");
            let left: Vec<&str> = plain.split(',').filter(|kind| !goes(kind)).collect();
            if left.is_empty() {
                continue;
            }
            value = left.join(",");
        }
        kept.push(';');
        if !name.is_empty() {
            kept.extend([name, "="]);
        }
        kept.push_str(&value);
    }
    kept
}

fn group(content: &Content<'_>) -> String {
    if content.group().is_empty() { String::new() } else { [content.group(), "."].concat() }
}

/// A URI as a value: its commas and semicolons are not escaped.
fn uri(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

/// Whether a part, as it stands there, holds any text.
pub(super) fn says(part: &str) -> bool {
    !unescaped(part).trim().is_empty()
}
