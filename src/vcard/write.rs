//! The way from a contact's fields to a vCard 3.0 (RFC 2426), for contacts that no client wrote.

use crate::contact::card::{Card, Field, PostalAddress};
use crate::contact::{ContactId, Timestamp};
use crate::vcard::text::escape;
use crate::vcard::{photo, telephone};

/// Longer lines are folded (RFC 2426 2.6).
pub(super) const LINE_OCTETS_MAX: usize = 75;
pub(super) const LINE_END: &str = "\r\n";
/// The line that says whose card it is.
pub const PRODUCT: &str = "PRODID:-//Ringbook//Ringbook//EN";

/// Appends the card as text, with a JPEG as its photo and the time of the last change where that is to
/// be told. The same contact always gives the same bytes: ETags rely on it.
pub fn write(
    uid: &str,
    modified: Option<Timestamp>,
    card: &Card,
    photo: Option<&[u8]>,
    out: &mut Vec<u8>,
) {
    let parts = Parts::of(card);
    let mut writer = Writer { line: String::with_capacity(128), out };
    writer.head(uid);
    let time = modified.map(|modified| jiff::Timestamp::from_second(modified.0));
    if let Some(Ok(time)) = time {
        writer.plain(&format!("REV:{time}"));
    }
    writer.text("FN", parts.formatted_name);
    writer.name(&parts);
    writer.organization(&parts);
    writer.list("NICKNAME", &parts.nicknames);
    writer.list("CATEGORIES", &parts.categories);
    for (field, value) in card.iter() {
        writer.value(field, value);
    }
    if let Some(jpeg) = photo {
        photo::write(jpeg, writer.out);
    }
    writer.plain("END:VCARD");
}

/// Appends a group card as Apple's programs know it: version 3.0, the members by UID. The same group
/// always gives the same bytes: it says nothing of the time, which its members do not tell.
pub fn group<'a>(uid: &str, name: &str, members: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
    let mut writer = Writer { line: String::with_capacity(128), out };
    writer.head(uid);
    writer.text("FN", name);
    writer.property("N", "", |line| {
        escape(name, line);
        line.push_str(";;;;");
    });
    writer.plain("X-ADDRESSBOOKSERVER-KIND:group");
    for member in members {
        writer.uri("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid", member);
    }
    writer.plain("END:VCARD");
}

/// The values that stand together in one property.
#[derive(Default)]
struct Parts<'a> {
    formatted_name: &'a str,
    /// The components of N in their order.
    name: [Vec<&'a str>; 5],
    companies: Vec<&'a str>,
    departments: Vec<&'a str>,
    nicknames: Vec<&'a str>,
    categories: Vec<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(card: &'a Card) -> Self {
        let mut parts = Self { formatted_name: card.formatted_name(), ..Self::default() };
        for (field, value) in card.iter() {
            let [family, given, middle, prefix, suffix] = &mut parts.name;
            let list = match field {
                Field::FamilyName => family,
                Field::GivenName => given,
                Field::MiddleName => middle,
                Field::NamePrefix => prefix,
                Field::NameSuffix => suffix,
                Field::Company => &mut parts.companies,
                Field::Department => &mut parts.departments,
                Field::Nickname => &mut parts.nicknames,
                Field::Category => &mut parts.categories,
                _ => continue,
            };
            list.push(value);
        }
        parts
    }
}

struct Writer<'a> {
    line: String,
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn head(&mut self, uid: &str) {
        self.plain("BEGIN:VCARD");
        self.plain("VERSION:3.0");
        self.plain(PRODUCT);
        self.text("UID", uid);
    }

    /// A property that holds one value of a field.
    fn value(&mut self, field: Field, value: &str) {
        if let Some(parameters) = telephone::parameters_of(field) {
            return self.property("TEL", parameters, |line| escape(value, line));
        }
        let name = match field {
            Field::PhoneticGivenName => "X-PHONETIC-FIRST-NAME",
            Field::PhoneticFamilyName => "X-PHONETIC-LAST-NAME",
            Field::Site => "X-RINGBOOK-SITE",
            Field::Title => "TITLE",
            Field::Role => "ROLE",
            Field::VoicemailBox => "X-RINGBOOK-VOICEMAIL",
            Field::Note => "NOTE",
            Field::Birthday => "BDAY",
            Field::Language => "LANG",
            Field::Kind => "X-ADDRESSBOOKSERVER-KIND",
            Field::Email => {
                return self.property("EMAIL", ";TYPE=INTERNET", |line| escape(value, line));
            }
            Field::Address => return self.uri("IMPP", value),
            Field::Url => return self.uri("URL", value),
            Field::Postal => return self.postal(&PostalAddress::parse(value)),
            Field::Manager => return self.reference("manager", "X-MANAGER", value),
            Field::Assistant => return self.reference("assistant", "X-ASSISTANT", value),
            // In `Parts`.
            _ => return,
        };
        self.text(name, value);
    }

    fn name(&mut self, parts: &Parts<'_>) {
        self.property("N", "", |line| {
            for (at, part) in parts.name.iter().enumerate() {
                line.push_str(if at == 0 { "" } else { ";" });
                join(part, line);
            }
        });
        // Apple sorts and shows a card without a person's name by its company only with this.
        let is_person = parts.name.iter().any(|part| !part.is_empty());
        if !is_person && parts.companies.first() == Some(&parts.formatted_name) {
            self.plain("X-ABShowAs:COMPANY");
        }
    }

    fn organization(&mut self, parts: &Parts<'_>) {
        let (first, others) = parts.companies.split_first().unwrap_or((&"", &[]));
        if !first.is_empty() || !parts.departments.is_empty() {
            self.property("ORG", "", |line| {
                escape(first, line);
                for department in &parts.departments {
                    line.push(';');
                    escape(department, line);
                }
            });
        }
        for company in others {
            self.text("ORG", company);
        }
    }

    fn postal(&mut self, address: &PostalAddress<'_>) {
        let parameters = match address.kind {
            "work" => ";TYPE=WORK",
            "home" => ";TYPE=HOME",
            _ => "",
        };
        let PostalAddress { street, locality, region, code, country, .. } = address;
        self.property("ADR", parameters, |line| {
            line.push(';');
            for part in [street, locality, region, code, country] {
                line.push(';');
                escape(part, line);
            }
        });
    }

    /// A person: by id where the directory knows them, else by name.
    fn reference(&mut self, role: &str, name: &str, value: &str) {
        match ContactId::parse(value) {
            Some(id) => self.plain(&format!("RELATED;VALUE=uri;TYPE=x-{role}:urn:uuid:{id}")),
            None => self.text(name, value),
        }
    }

    fn list(&mut self, name: &str, values: &[&str]) {
        if !values.is_empty() {
            self.property(name, "", |line| join(values, line));
        }
    }

    fn text(&mut self, name: &str, value: &str) {
        self.property(name, "", |line| escape(value, line));
    }

    /// URIs hold commas and semicolons of their own, which are not escaped.
    fn uri(&mut self, name: &str, value: &str) {
        let uri = value.replace('\\', "\\\\").replace('\n', "\\n");
        self.plain(&format!("{name}:{uri}"));
    }

    fn property(&mut self, name: &str, parameters: &str, value: impl FnOnce(&mut String)) {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        line.push_str(name);
        line.push_str(parameters);
        line.push(':');
        value(&mut line);
        self.plain(&line);
        self.line = line;
    }

    fn plain(&mut self, line: &str) {
        fold(line, self.out);
    }
}

/// Appends a line, folded where it is too long but never inside a character.
pub(super) fn fold(line: &str, out: &mut Vec<u8>) {
    let mut rest = line;
    let mut room = LINE_OCTETS_MAX;
    while rest.len() > room {
        let (part, more) = rest.split_at(rest.floor_char_boundary(room));
        out.extend_from_slice(part.as_bytes());
        out.extend_from_slice(b"\r\n ");
        rest = more;
        room = LINE_OCTETS_MAX - 1;
    }
    out.extend_from_slice(rest.as_bytes());
    out.extend_from_slice(LINE_END.as_bytes());
}

fn join(values: &[&str], line: &mut String) {
    for (at, value) in values.iter().enumerate() {
        line.push_str(if at == 0 { "" } else { "," });
        escape(value, line);
    }
}
