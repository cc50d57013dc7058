//! Writes contacts as entries of inetOrgPerson, which OpenLDAP's ldapadd and Thunderbird take.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::contact::ContactId;
use crate::contact::card::{Field, PostalAddress, PostalPart};
use crate::contact::derived::surname;
use crate::file::export::{Exported, FileWriter};

/// Longer lines are folded (RFC 2849 note 10 recommends it).
const LINE_OCTETS_MAX: usize = 76;
const CLASSES: [&str; 4] = ["top", "person", "organizationalPerson", "inetOrgPerson"];
const FAVORITES: &str = "Favorites";

/// The attributes of fields that are written as they are. A directory without a schema of its own
/// has no others: what is not here does not go into LDIF.
const ATTRIBUTES: [(Field, &str); 17] = [
    (Field::GivenName, "givenName"),
    (Field::MiddleName, "initials"),
    (Field::Company, "o"),
    (Field::Department, "ou"),
    (Field::Title, "title"),
    (Field::Role, "employeeType"),
    (Field::Site, "physicalDeliveryOfficeName"),
    (Field::Mobile, "mobile"),
    (Field::Home, "homePhone"),
    (Field::Fax, "facsimileTelephoneNumber"),
    (Field::Pager, "pager"),
    (Field::Email, "mail"),
    (Field::Address, "labeledURI"),
    (Field::Url, "labeledURI"),
    (Field::Note, "description"),
    (Field::Category, "businessCategory"),
    (Field::Language, "preferredLanguage"),
];
/// The fields of `telephoneNumber` in their order; phones show the first.
const TELEPHONE: [Field; 4] = [Field::Extension, Field::Work, Field::Did, Field::OtherNumber];

/// Writes entries below one name.
pub struct LdifWriter {
    /// The DN of the entry above; blank for none, which Thunderbird does not need.
    base: Box<str>,
    /// The DNs of favorites.
    favorites: Vec<String>,
}

impl LdifWriter {
    /// A writer of entries below this DN.
    pub fn new(base: &str) -> Self {
        Self { base: base.into(), favorites: Vec::new() }
    }

    /// The name of an entry; the first component is as it is to stand there.
    fn dn(&self, first: &str) -> String {
        if self.base.is_empty() { first.to_owned() } else { [first, ",", &self.base].concat() }
    }
}

impl FileWriter for LdifWriter {
    fn wants_photos(&self) -> bool {
        true
    }

    fn consider(&mut self, contact: &Exported<'_>) {
        if contact.starred {
            self.favorites.push(self.dn(&format!("uid={}", contact.id)));
        }
    }

    fn begin(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"version: 1\n\n");
    }

    fn contact(&self, contact: &Exported<'_>, out: &mut Vec<u8>) {
        let Exported { id, card, .. } = contact;
        let mut values = Attributes { out, written: Vec::new() };
        values.put("dn", &self.dn(&format!("uid={id}")));
        CLASSES.iter().for_each(|class| values.put("objectClass", class));
        values.put("uid", &id.to_string());
        // By this the telephone number is known again as the extension.
        card.all(Field::Extension).for_each(|extension| values.put("uid", extension));
        values.put("cn", card.formatted_name());
        // Who has a given name alone gets the whole name, which reads back as none.
        let given_only =
            card.first(Field::FamilyName).is_none() && card.first(Field::GivenName).is_some();
        let name = if given_only { card.formatted_name() } else { surname(card) };
        values.put("sn", name);
        for field in TELEPHONE {
            card.all(field).for_each(|number| values.put("telephoneNumber", number));
        }
        for (field, value) in card.iter() {
            if let Some((_, name)) = ATTRIBUTES.iter().find(|(known, _)| *known == field) {
                match *name {
                    "labeledURI" => values.put(name, &uri(value)),
                    name => values.put(name, value),
                }
            }
            match field {
                Field::Manager => values.put("manager", &person(value)),
                Field::Assistant => values.put("secretary", &person(value)),
                _ => {}
            }
        }
        let addresses = card.all(Field::Postal).map(PostalAddress::parse);
        let (home, work): (Vec<_>, Vec<_>) = addresses.partition(|address| address.kind == "home");
        work.first().into_iter().for_each(|first| values.parts(first));
        work.iter().for_each(|address| values.put("postalAddress", &whole(address)));
        home.iter().for_each(|address| values.put("homePostalAddress", &whole(address)));
        if let Some(jpeg) = contact.photo {
            put_encoded("jpegPhoto", jpeg, values.out);
        }
        values.out.push(b'\n');
    }

    fn end(&self, out: &mut Vec<u8>) {
        if self.favorites.is_empty() {
            return;
        }
        put("dn", &self.dn(&format!("cn={FAVORITES}")), out);
        put("objectClass", "top", out);
        put("objectClass", "groupOfNames", out);
        put("cn", FAVORITES, out);
        self.favorites.iter().for_each(|dn| put("member", dn, out));
        out.push(b'\n');
    }
}

/// The attributes of one entry. The values of one are a set: none comes twice, whatever its case.
struct Attributes<'a> {
    out: &'a mut Vec<u8>,
    written: Vec<(&'static str, String)>,
}

impl Attributes<'_> {
    fn put(&mut self, name: &'static str, value: &str) {
        let value = value.trim();
        let key = (name, value.to_lowercase());
        if value.is_empty() || self.written.contains(&key) {
            return;
        }
        put(name, value, self.out);
        self.written.push(key);
    }

    /// The parts of an address; the country has no attribute here and stands in the whole only.
    fn parts(&mut self, address: &PostalAddress<'_>) {
        self.put("street", address.street);
        self.put("l", address.locality);
        self.put("st", address.region);
        self.put("postalCode", address.code);
    }
}

/// All lines of an address (RFC 4517 3.3.28).
fn whole(address: &PostalAddress<'_>) -> String {
    let text = address.part(PostalPart::Whole);
    text.replace('\\', "\\5C").replace('$', "\\24").replace('\n', "$")
}

/// A URI; behind a space would stand its label (RFC 2079).
fn uri(value: &str) -> String {
    value.split_whitespace().collect::<Vec<&str>>().join("%20")
}

/// Somebody as a DN: by the id where the directory knows them, else by name.
fn person(value: &str) -> String {
    match ContactId::parse(value) {
        Some(id) => format!("uid={id}"),
        None => format!("cn={}", escaped(value)),
    }
}

/// A value in a DN (RFC 4514 2.4).
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for (at, character) in value.char_indices() {
        match character {
            c if c.is_ascii_control() => out.push_str(&format!("\\{:02X}", u32::from(c))),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=' => out.extend(['\\', character]),
            '#' if at == 0 => out.push_str("\\#"),
            _ => out.push(character),
        }
    }
    out
}

/// Appends an attribute, in Base64 where RFC 2849 asks for it.
fn put(name: &str, value: &str, out: &mut Vec<u8>) {
    let plain = value.bytes().all(|byte| byte.is_ascii() && !b"\0\r\n".contains(&byte));
    if !plain || value.starts_with([' ', ':', '<']) || value.ends_with(' ') {
        return put_encoded(name, value.as_bytes(), out);
    }
    fold(&[name, ": ", value].concat(), out);
}

fn put_encoded(name: &str, value: &[u8], out: &mut Vec<u8>) {
    let mut line = [name, ":: "].concat();
    STANDARD.encode_string(value, &mut line);
    fold(&line, out);
}

fn fold(line: &str, out: &mut Vec<u8>) {
    let (first, rest) = line.as_bytes().split_at(line.len().min(LINE_OCTETS_MAX));
    out.extend_from_slice(first);
    for part in rest.chunks(LINE_OCTETS_MAX - 1) {
        out.extend_from_slice(b"\n ");
        out.extend_from_slice(part);
    }
    out.push(b'\n');
}
