//! One entry of LDIF: which kind of thing it is, and what it says of a contact.

use uuid::Uuid;

use crate::contact::ContactId;
use crate::contact::card::{Card, CardBuilder, Field, NamelessCard};
use crate::file::Entry;
use crate::file::ldif::attribute::Meaning;
use crate::file::ldif::postal::Addresses;
use crate::file::ldif::record::{Item, Record};

/// Classes of people, companies and whoever else has numbers.
const CONTACTS: [&str; 15] = [
    "person",
    "organizationalperson",
    "inetorgperson",
    "residentialperson",
    "pilotperson",
    "user",
    "contact",
    "posixaccount",
    "account",
    "mozillaabpersonalpha",
    "mozillaabpersonobsolete",
    "evolutionperson",
    "ringbookcontact",
    "officeperson",
    "zimbraaccount",
];
const GROUPS: [&str; 4] = ["groupofnames", "groupofuniquenames", "groupofentries", "group"];
/// What ldapsearch writes behind the entries, and referrals among them.
const FOOTER: [&str; 6] = ["search", "result", "ref", "control", "matcheddn", "version"];
/// Longer user names are none.
const LOGIN_CHARS_MAX: usize = 64;

/// What a record is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Contact,
    Group,
    /// Nothing that anybody wants to keep.
    Footer,
    /// An instruction to change an entry, of this kind.
    Change(&'a str),
    NoDn,
    /// An entry of another class.
    Other(&'a str),
}

impl<'a> Kind<'a> {
    pub(super) fn of(record: &'a Record) -> Self {
        let is_footer = |item: &Item| FOOTER.contains(&item.name.as_str());
        if record.items.iter().all(is_footer) && record.faults.is_empty() {
            return Self::Footer;
        }
        if record.first("dn").is_none() {
            return Self::NoDn;
        }
        if let Some(change) = record.first("changetype").filter(|c| !c.eq_ignore_ascii_case("add"))
        {
            return Self::Change(change);
        }
        let classes: Vec<&str> = record.all("objectclass").collect();
        let is = |known: &[&str]| {
            classes.iter().any(|class| known.contains(&class.to_ascii_lowercase().as_str()))
        };
        match classes.last() {
            // Computers of Active Directory are persons too.
            Some(class) if is(&["computer"]) => Self::Other(class),
            None => Self::Contact,
            _ if is(&CONTACTS) => Self::Contact,
            _ if is(&GROUPS) => Self::Group,
            Some(class) => Self::Other(class),
        }
    }
}

/// The contact that a record is; its groups are not looked at.
///
/// # Errors
/// [`NamelessCard`] where it has no name, company, number or e-mail.
pub(super) fn entry(record: &Record) -> Result<Entry, NamelessCard> {
    let mut values = Values::default();
    let (mut photo, mut thumbnail) = (None, None);
    let mut entry = Entry { line: record.line, ..Entry::default() };
    for item in &record.items {
        match Meaning::of(&item.name) {
            Some(Meaning::Photo) if photo.is_none() => photo = item.bytes(),
            Some(Meaning::Thumbnail) if thumbnail.is_none() => thumbnail = item.bytes(),
            Some(Meaning::ObjectGuid) => entry.uid = item.bytes().and_then(guid).map(Into::into),
            Some(Meaning::EntryUuid) => entry.id = item.text().and_then(ContactId::parse),
            Some(meaning) => {
                // A text in another encoding is kept as it can be read.
                let text = match item.text() {
                    Some(text) => text.to_owned(),
                    None => String::from_utf8_lossy(item.bytes().unwrap_or_default()).into_owned(),
                };
                values.take(meaning, text.trim());
            }
            None => {}
        }
    }
    if values.name.is_none() {
        values.name = record.first("dn").and_then(|dn| named_by(dn, "cn"));
    }
    let uid = std::mem::take(&mut values.uid);
    values.take_extension(&uid);
    for uid in uid.iter().filter(|uid| !values.has(Field::Extension, uid)) {
        match ContactId::parse(uid).filter(|_| uid.len() == 36) {
            Some(id) => entry.id = entry.id.or(Some(id)),
            None if is_login(uid) => entry.login = Some(uid.to_lowercase().into()),
            None => {}
        }
    }
    entry.photo = photo.or(thumbnail).filter(|image| !image.is_empty()).map(Into::into);
    entry.card = values.card()?;
    Ok(entry)
}

/// What the attributes of one entry say.
#[derive(Default)]
struct Values {
    name: Option<String>,
    shown: Option<String>,
    values: Vec<(Field, String)>,
    addresses: Addresses,
    proxies: Vec<String>,
    uid: Vec<String>,
    /// Year, month and day.
    birthday: (Option<u16>, Option<u16>, Option<u16>),
}

impl Values {
    fn take(&mut self, meaning: Meaning, text: &str) {
        if text.is_empty() {
            return;
        }
        match meaning {
            Meaning::DisplayName => {
                self.shown = self.shown.take().or_else(|| Some(text.to_owned()))
            }
            Meaning::Field(Field::FormattedName) => {
                self.name = self.name.take().or_else(|| Some(text.to_owned()));
            }
            Meaning::Field(field) => self.push(field, text),
            Meaning::Postal(place, part) => self.addresses.take(place, part, text),
            Meaning::PostOfficeBox(place) => self.addresses.take_box(place, text),
            Meaning::LabeledUri => {
                // RFC 2079: a label may stand behind the URI.
                let uri = text.split_whitespace().next().unwrap_or_default();
                let is_page = uri.contains("://") || !uri.contains(':');
                self.push(if is_page { Field::Url } else { Field::Address }, uri);
            }
            Meaning::Aim => self.push(Field::Address, &["aim:", text].concat()),
            Meaning::ProxyAddress => {
                let mail =
                    text.split_at_checked(5).filter(|(s, _)| s.eq_ignore_ascii_case("smtp:"));
                self.proxies.extend(mail.map(|(_, mail)| mail.to_owned()));
            }
            Meaning::Person(field) => {
                let name = named_by(text, "uid").or_else(|| named_by(text, ""));
                self.push(field, name.as_deref().unwrap_or(text));
            }
            Meaning::Uid => self.uid.push(text.to_owned()),
            Meaning::BirthYear => self.birthday.0 = text.parse().ok(),
            Meaning::BirthMonth => self.birthday.1 = text.parse().ok(),
            Meaning::BirthDay => self.birthday.2 = text.parse().ok(),
            _ => {}
        }
    }

    fn push(&mut self, field: Field, text: &str) {
        if !self.has(field, text) {
            self.values.push((field, text.to_owned()));
        }
    }

    fn has(&self, field: Field, text: &str) -> bool {
        self.values.iter().any(|(found, value)| *found == field && value == text)
    }

    /// An extension is a telephone number too, in our entries: the one by which the entry is named
    /// where no attribute of its own says it.
    fn take_extension(&mut self, uid: &[String]) {
        if !self.values.iter().any(|(field, _)| *field == Field::Extension) {
            let named: Vec<&String> = uid.iter().filter(|uid| self.has(Field::Work, uid)).collect();
            let named = named.into_iter().map(|extension| (Field::Extension, extension.clone()));
            self.values.extend(named);
        }
        let all = [Field::Extension, Field::OtherNumber];
        let others = self.values.iter().filter(|(field, _)| all.contains(field));
        let others: Vec<String> = others.map(|(_, value)| value.clone()).collect();
        self.values.retain(|(field, value)| *field != Field::Work || !others.contains(value));
    }

    /// The card, sorted by field.
    fn card(mut self) -> Result<Card, NamelessCard> {
        let sites: Vec<String> = self.all(Field::Site);
        for address in self.addresses.values(&sites) {
            self.push(Field::Postal, &address);
        }
        for mail in std::mem::take(&mut self.proxies) {
            let is_same = |known: &String| known.eq_ignore_ascii_case(&mail);
            if !self.all(Field::Email).iter().any(is_same) {
                self.push(Field::Email, &mail);
            }
        }
        if let (year, Some(month), Some(day)) = self.birthday {
            let year = year.map_or_else(|| "-".to_owned(), |year| format!("{year:04}"));
            self.push(Field::Birthday, &format!("{year}-{month:02}-{day:02}"));
        }
        let name = self.shown.take().or_else(|| self.name.take());
        self.forget_made_surname(name.as_deref());
        self.values.sort_by_key(|(field, _)| *field);
        let mut card = CardBuilder::default();
        card.push(Field::FormattedName, name.as_deref().unwrap_or_default());
        for (field, value) in &self.values {
            card.push(*field, value);
        }
        card.finish()
    }

    /// Each entry must have a surname: of who has none it is the name or the company.
    fn forget_made_surname(&mut self, name: Option<&str>) {
        let has_given = self.values.iter().any(|(field, _)| *field == Field::GivenName);
        let companies = self.all(Field::Company);
        let name = name.unwrap_or_default();
        let is_made = |surname: &String| {
            let is_company = companies.contains(surname);
            surname == name || is_company && !(has_given && name.contains(surname.as_str()))
        };
        self.values.retain(|(field, value)| *field != Field::FamilyName || !is_made(value));
    }

    fn all(&self, field: Field) -> Vec<String> {
        let of_field = self.values.iter().filter(|(found, _)| *found == field);
        of_field.map(|(_, value)| value.clone()).collect()
    }
}

fn is_login(uid: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || r"\/,=".contains(c);
    uid.chars().count() <= LOGIN_CHARS_MAX && !uid.contains(odd)
}

/// The identity that Active Directory gives: the first three parts have their bytes reversed.
fn guid(bytes: &[u8]) -> Option<String> {
    bytes.try_into().ok().map(|bytes| Uuid::from_bytes_le(bytes).to_string())
}

/// The value of the first component of a DN, where that is of this attribute; any for an empty name.
fn named_by(dn: &str, attribute: &str) -> Option<String> {
    let (name, rest) = dn.split_once('=')?;
    if !(attribute.is_empty() || name.trim().eq_ignore_ascii_case(attribute)) {
        return None;
    }
    let mut bytes = Vec::new();
    let mut rest = rest.trim_start().as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail.split_at_checked(2), tail.split_first()) {
            (b',' | b'+', _, _) => break,
            (b'\\', Some((digits, behind)), _) if digits.iter().all(u8::is_ascii_hexdigit) => {
                let byte = str::from_utf8(digits).map(|digits| u8::from_str_radix(digits, 16));
                bytes.extend(byte.into_iter().flatten());
                rest = behind;
            }
            (b'\\', _, Some((escaped, behind))) => {
                bytes.push(*escaped);
                rest = behind;
            }
            _ => bytes.push(*byte),
        }
    }
    let value = String::from_utf8_lossy(&bytes).trim().to_owned();
    (!value.is_empty()).then_some(value)
}

/// The form in which DNs are compared: without case, and without spaces around separators.
pub(super) fn dn_key(dn: &str) -> String {
    let parts = |text: &str, separator: char| {
        let parts = text.split(separator).map(str::trim);
        parts.collect::<Vec<&str>>().join(&separator.to_string())
    };
    parts(&parts(dn, ','), '=').to_lowercase()
}
