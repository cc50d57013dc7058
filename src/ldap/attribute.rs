//! The attributes of entries: their names, the aliases that phones use, and what they mean.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use crate::contact::card::{Field, FieldSet, PostalPart};
use crate::contact::photo::PhotoSize;

/// Longer attribute descriptions than this are of no attribute that is known here.
const NAME_BYTES_MAX: usize = 64;

/// The object classes of a contact's entry.
pub(super) const OBJECT_CLASSES: [&str; 5] =
    ["top", "person", "organizationalPerson", "inetOrgPerson", "ringbookContact"];

/// The structural one of [`OBJECT_CLASSES`].
pub(super) const STRUCTURAL_CLASS: &str = "inetOrgPerson";

/// A part of what is known of a person's presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PresencePart {
    /// `available`, `busy` or `offline`.
    Availability,
    Phone,
    Agent,
    /// The person's own words.
    Text,
    /// When a person who is offline was last there.
    LastSeen,
}

/// Where the values of an attribute come from, and how filters compare them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Texts that every entry has.
    Name(Field),
    Texts(FieldSet),
    Numbers(FieldSet),
    /// A part of the postal addresses; the locality stands behind the sites.
    Postal(PostalPart),
    /// A JPEG, read from the store.
    Photo(PhotoSize),
    /// Names of persons here, as DNs.
    Reference(Field),
    /// The names of those whose manager a person is.
    Reports,
    /// What telephone systems tell of a person now.
    Presence(PresencePart),
    /// The value of the entry's first name component.
    Uid,
    ObjectClass,
    StructuralObjectClass,
    EntryUuid,
    EntryDn,
    Created,
    Modified,
    /// Entries of contacts never have any below them.
    HasSubordinates,
    /// The entry that describes the attributes.
    SubschemaSubentry,
}

/// When an attribute is returned without being named (RFC 4511 section 4.5.1.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    /// With `*`.
    User,
    /// With `*`, where one entry is read by its name: telephones that search for everything do not mean
    /// pictures of everybody.
    Read,
    /// With `+` (RFC 3673).
    Operational,
}

/// One attribute.
#[derive(Debug)]
pub(super) struct Attribute {
    /// The name in answers, unless the client asked by another.
    pub(super) name: &'static str,
    /// Object identifier and other names; clients find their own spelling in the answer.
    pub(super) aliases: &'static [&'static str],
    pub(super) meaning: Meaning,
    pub(super) usage: Usage,
}

/// The place of an attribute in [`ATTRIBUTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AttributeId(pub(super) u8);

impl AttributeId {
    /// Every attribute, in the order in which `*` and `+` return them.
    pub(super) fn all() -> impl Iterator<Item = (Self, &'static Attribute)> {
        (0..).map(Self).zip(&ATTRIBUTES)
    }

    /// The attribute of a description, whatever its case; options such as `;lang-de` are ignored.
    pub(super) fn find(description: &[u8]) -> Option<Self> {
        let name = without_options(description);
        let mut lower = [0; NAME_BYTES_MAX];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        NAMES.get(&*lower).copied()
    }

    /// The attribute's bit in a set of them.
    pub(super) fn bit(self) -> u64 {
        1_u64.checked_shl(self.0.into()).unwrap_or(0)
    }

    /// The attributes of a usage: they stand together.
    pub(super) fn all_of(usage: Usage) -> Range<u8> {
        let of_usage = |(_, attribute): &(Self, &Attribute)| attribute.usage == usage;
        let mut ids = Self::all().filter(of_usage).map(|(id, _)| id.0);
        let first = ids.next().unwrap_or(0);
        first..ids.last().map_or(first, |last| last + 1)
    }

    pub(super) fn get(self) -> Option<&'static Attribute> {
        ATTRIBUTES.get(usize::from(self.0))
    }
}

/// The attribute description up to its options (RFC 4512 section 2.5).
pub(super) fn without_options(description: &[u8]) -> &[u8] {
    description.split(|byte| *byte == b';').next().unwrap_or_default()
}

static NAMES: LazyLock<HashMap<Box<[u8]>, AttributeId>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    for (id, attribute) in AttributeId::all() {
        for name in attribute.aliases.iter().chain([&attribute.name]) {
            names.insert(name.to_ascii_lowercase().into_bytes().into_boxed_slice(), id);
        }
    }
    names
});

const fn user(name: &'static str, aliases: &'static [&'static str], meaning: Meaning) -> Attribute {
    Attribute { name, aliases, meaning, usage: Usage::User }
}

const fn operational(
    name: &'static str,
    aliases: &'static [&'static str],
    meaning: Meaning,
) -> Attribute {
    Attribute { name, aliases, meaning, usage: Usage::Operational }
}

const fn photo(name: &'static str, aliases: &'static [&'static str], size: PhotoSize) -> Attribute {
    Attribute { name, aliases, meaning: Meaning::Photo(size), usage: Usage::Read }
}

const fn texts(fields: &[Field]) -> Meaning {
    Meaning::Texts(FieldSet::of(fields))
}

const fn numbers(fields: &[Field]) -> Meaning {
    Meaning::Numbers(FieldSet::of(fields))
}

/// Identifiers of our own, below one that a UUID gives to whoever makes it (ITU-T X.667).
macro_rules! own {
    ($number:literal) => {
        concat!("2.25.80981694473632303912438094741718288211.", $number)
    };
}
pub(super) use own;

/// The number fields of `telephoneNumber` in the order of their values: phones show the first.
pub(super) const TELEPHONE: [Field; 4] =
    [Field::Extension, Field::Work, Field::Did, Field::OtherNumber];

/// All attributes of contacts. The aliases are those that phones and softphones ask for: Grandstream
/// (`CallerIDName` …), Cisco (`otherphone`), iOS (`IMHandle`), Asterisk modules (`homeTelephoneNumber`)
/// and others.
pub(super) static ATTRIBUTES: [Attribute; 51] = [
    user("objectClass", &["2.5.4.0"], Meaning::ObjectClass),
    user("uid", &["0.9.2342.19200300.100.1.1", "userid"], Meaning::Uid),
    user(
        "cn",
        &["2.5.4.3", "commonName", "name", "2.5.4.41", "CallerIDName", "AccountName"],
        Meaning::Name(Field::FormattedName),
    ),
    user("displayName", &["2.16.840.1.113730.3.1.241"], Meaning::Name(Field::FormattedName)),
    user("sn", &["2.5.4.4", "surname", "LastName"], Meaning::Name(Field::FamilyName)),
    user("givenName", &["2.5.4.42", "gn", "FirstName"], texts(&[Field::GivenName])),
    user("initials", &["2.5.4.43"], texts(&[Field::MiddleName])),
    user("personalTitle", &["0.9.2342.19200300.100.1.40"], texts(&[Field::NamePrefix])),
    user("generationQualifier", &["2.5.4.44"], texts(&[Field::NameSuffix])),
    user(
        "o",
        &["2.5.4.10", "organizationName", "company", "companyName"],
        texts(&[Field::Company]),
    ),
    user(
        "ou",
        &["2.5.4.11", "organizationalUnitName", "department", "orgunit"],
        texts(&[Field::Department]),
    ),
    user("departmentNumber", &["2.16.840.1.113730.3.1.2"], texts(&[Field::Department])),
    user("title", &["2.5.4.12"], texts(&[Field::Title])),
    user("employeeType", &["2.16.840.1.113730.3.1.4"], texts(&[Field::Role])),
    user("telephoneNumber", &["2.5.4.20", "AccountNumber"], numbers(&TELEPHONE)),
    user(
        "ipPhone",
        &["1.2.840.113556.1.4.721", "extension", "ext", "number"],
        numbers(&[Field::Extension]),
    ),
    user(
        "mobile",
        &[
            "0.9.2342.19200300.100.1.41",
            "mobileTelephoneNumber",
            "MobileNumber",
            "cell",
            "cellphone",
            "carphone",
        ],
        numbers(&[Field::Mobile]),
    ),
    user(
        "homePhone",
        &["0.9.2342.19200300.100.1.20", "homeTelephoneNumber", "HomeNumber"],
        numbers(&[Field::Home]),
    ),
    user("facsimileTelephoneNumber", &["2.5.4.23", "fax"], numbers(&[Field::Fax])),
    user(
        "pager",
        &["0.9.2342.19200300.100.1.42", "pagerTelephoneNumber", "pagerphone"],
        numbers(&[Field::Pager]),
    ),
    user(
        "otherTelephone",
        &["1.2.840.113556.1.2.18", "otherPhone", "other"],
        numbers(&[Field::OtherNumber]),
    ),
    user("mail", &["0.9.2342.19200300.100.1.3", "rfc822Mailbox", "email"], texts(&[Field::Email])),
    user("labeledURI", &["1.3.6.1.4.1.250.1.57", "IMHandle"], texts(&[Field::Address, Field::Url])),
    user("street", &["2.5.4.9", "streetAddress"], Meaning::Postal(PostalPart::Street)),
    user("postalCode", &["2.5.4.17", "zip"], Meaning::Postal(PostalPart::Code)),
    user("l", &["2.5.4.7", "locality", "localityName"], Meaning::Postal(PostalPart::Locality)),
    user("st", &["2.5.4.8", "region", "stateOrProvinceName"], Meaning::Postal(PostalPart::Region)),
    user("c", &["2.5.4.6", "co", "countryName"], Meaning::Postal(PostalPart::Country)),
    user("postalAddress", &["2.5.4.16"], Meaning::Postal(PostalPart::Whole)),
    user("physicalDeliveryOfficeName", &["2.5.4.19"], texts(&[Field::Site])),
    user("manager", &["0.9.2342.19200300.100.1.10"], Meaning::Reference(Field::Manager)),
    user("directReports", &["1.2.840.113556.1.2.436"], Meaning::Reports),
    user("secretary", &["0.9.2342.19200300.100.1.21"], Meaning::Reference(Field::Assistant)),
    user("description", &["2.5.4.13", "notes"], texts(&[Field::Note])),
    user("businessCategory", &["2.5.4.15"], texts(&[Field::Category])),
    user("preferredLanguage", &["2.16.840.1.113730.3.1.39"], texts(&[Field::Language])),
    user("ringbookVoicemail", &[own!("1.1")], texts(&[Field::VoicemailBox])),
    user("ringbookPresence", &[own!("1.2")], Meaning::Presence(PresencePart::Availability)),
    user("ringbookPhoneStatus", &[own!("1.3")], Meaning::Presence(PresencePart::Phone)),
    user("ringbookAgentStatus", &[own!("1.4")], Meaning::Presence(PresencePart::Agent)),
    user("ringbookStatusText", &[own!("1.5")], Meaning::Presence(PresencePart::Text)),
    user("ringbookLastSeen", &[own!("1.6")], Meaning::Presence(PresencePart::LastSeen)),
    photo("jpegPhoto", &["0.9.2342.19200300.100.1.60"], PhotoSize::Full),
    photo("thumbnailPhoto", &["2.16.840.1.113730.3.1.35"], PhotoSize::Thumbnail),
    operational("structuralObjectClass", &["2.5.21.9"], Meaning::StructuralObjectClass),
    operational("entryUUID", &["1.3.6.1.1.16.4"], Meaning::EntryUuid),
    operational("entryDN", &["1.3.6.1.1.20"], Meaning::EntryDn),
    operational("createTimestamp", &["2.5.18.1"], Meaning::Created),
    operational("modifyTimestamp", &["2.5.18.2"], Meaning::Modified),
    operational("hasSubordinates", &["2.5.18.9"], Meaning::HasSubordinates),
    operational("subschemaSubentry", &["2.5.18.10"], Meaning::SubschemaSubentry),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(description: &str) -> &'static str {
        AttributeId::find(description.as_bytes()).map_or("", |id| id.get().unwrap().name)
    }

    #[test]
    fn names_are_found_in_any_case_and_by_every_alias() {
        for (asked, name) in [
            ("cn", "cn"),
            ("CallerIDName", "cn"),
            ("telephonenumber", "telephoneNumber"),
            ("AccountNumber", "telephoneNumber"),
            ("extension", "ipPhone"),
            ("cell", "mobile"),
            ("Mobile", "mobile"),
            ("homeTelephoneNumber", "homePhone"),
            ("otherphone", "otherTelephone"),
            ("2.5.4.4", "sn"),
            ("cn;lang-de", "cn"),
            ("jpegPhoto;binary", "jpegPhoto"),
            ("ThumbnailPhoto", "thumbnailPhoto"),
            ("moblie", ""),
            ("", ""),
            (";binary", ""),
        ] {
            assert_eq!(found(asked), name, "{asked}");
        }
        assert_eq!(found(&"x".repeat(500)), "");
    }

    #[test]
    fn no_name_is_of_two_attributes() {
        let names = ATTRIBUTES.iter().map(|attribute| 1 + attribute.aliases.len()).sum::<usize>();
        assert_eq!(NAMES.len(), names);
        assert!(ATTRIBUTES.len() < 64, "a prepared entry marks them in 64 bits");
        for usage in [Usage::User, Usage::Read, Usage::Operational] {
            let all = AttributeId::all().filter(|(_, attribute)| attribute.usage == usage);
            assert_eq!(AttributeId::all_of(usage).len(), all.count(), "they stand together");
        }
    }
}
