//! What attributes of LDIF mean: those of inetOrgPerson (RFC 2798), Thunderbird, Active Directory and ours.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::contact::card::{Field, PostalPart};

/// Which of two addresses a part belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Work,
    Home,
}

/// What an attribute says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Field(Field),
    /// The name that counts most, as Active Directory and Thunderbird show it.
    DisplayName,
    /// A part of an address; the whole has `$` between its lines (RFC 4517 3.3.28).
    Postal(Place, PostalPart),
    PostOfficeBox(Place),
    /// A URI with a label behind it (RFC 2079).
    LabeledUri,
    /// `smtp:` and an address, and kinds that are no e-mail.
    ProxyAddress,
    /// An address of AOL's messenger.
    Aim,
    /// A person by name; what it names is a DN.
    Person(Field),
    BirthYear,
    BirthMonth,
    BirthDay,
    Photo,
    /// A small photo, where there is no other.
    Thumbnail,
    /// User name, or in our entries the extension or the contact id.
    Uid,
    EntryUuid,
    /// Active Directory's identity, in its own order of bytes.
    ObjectGuid,
    ObjectClass,
    Member,
    /// Of the entry, not of the contact: not worth a word.
    Nothing,
}

impl Meaning {
    /// What an attribute means, in lower case; none of an unknown one.
    pub(super) fn of(name: &str) -> Option<Self> {
        static NAMES: LazyLock<HashMap<&str, Meaning>> = LazyLock::new(|| {
            let names = TABLE.iter();
            names
                .flat_map(|(meaning, names)| names.split(' ').map(|name| (name, *meaning)))
                .collect()
        });
        NAMES.get(name).copied()
    }
}

const fn field(field: Field) -> Meaning {
    Meaning::Field(field)
}

const fn work(part: PostalPart) -> Meaning {
    Meaning::Postal(Place::Work, part)
}

const fn home(part: PostalPart) -> Meaning {
    Meaning::Postal(Place::Home, part)
}

/// Meanings with the names that have them, in lower case.
const TABLE: &[(Meaning, &str)] = &[
    (Meaning::DisplayName, "displayname"),
    (field(Field::FormattedName), "cn commonname name calleridname accountname"),
    (field(Field::GivenName), "givenname gn firstname"),
    (field(Field::FamilyName), "sn surname lastname"),
    (field(Field::MiddleName), "initials middlename"),
    (field(Field::NamePrefix), "personaltitle"),
    (field(Field::NameSuffix), "generationqualifier"),
    (field(Field::Nickname), "mozillanickname xmozillanickname nickname"),
    (
        field(Field::PhoneticGivenName),
        "mozillaphoneticfirstname phoneticfirstname msds-phoneticfirstname",
    ),
    (
        field(Field::PhoneticFamilyName),
        "mozillaphoneticlastname phoneticlastname msds-phoneticlastname",
    ),
    (field(Field::Company), "o organizationname company companyname"),
    (field(Field::Department), "ou organizationalunitname department departmentnumber orgunit"),
    (field(Field::Site), "physicaldeliveryofficename"),
    (field(Field::Title), "title"),
    (field(Field::Role), "employeetype"),
    (field(Field::Extension), "ipphone otheripphone extension ext"),
    (field(Field::Work), "telephonenumber accountnumber workphone"),
    (
        field(Field::Mobile),
        "mobile mobiletelephonenumber mobilenumber cell cellphone carphone othermobile",
    ),
    (field(Field::Home), "homephone hometelephonenumber homenumber otherhomephone"),
    (field(Field::Fax), "facsimiletelephonenumber fax otherfacsimiletelephonenumber"),
    (field(Field::Pager), "pager pagertelephonenumber pagerphone otherpager"),
    (field(Field::OtherNumber), "othertelephone otherphone telephoneassistant"),
    (field(Field::VoicemailBox), "ringbookvoicemail"),
    (
        field(Field::Email),
        "mail rfc822mailbox email mozillasecondemail xmozillasecondemail othermailbox",
    ),
    (Meaning::ProxyAddress, "proxyaddresses"),
    (Meaning::LabeledUri, "labeleduri labeledurl imhandle msrtcsip-primaryuseraddress"),
    (Meaning::Aim, "nsaimid nscpaimscreenname"),
    (field(Field::Url), "mozillaworkurl workurl mozillahomeurl homeurl wwwhomepage url"),
    (
        work(PostalPart::Street),
        "street streetaddress mozillaworkstreet mozillaworkstreet2 workstreet2",
    ),
    (work(PostalPart::Locality), "l locality localityname mozillaworklocalityname"),
    (work(PostalPart::Region), "st region stateorprovincename mozillaworkstate"),
    (work(PostalPart::Code), "postalcode zip mozillaworkpostalcode"),
    (work(PostalPart::Country), "c co countryname mozillaworkcountryname"),
    (work(PostalPart::Whole), "postaladdress registeredaddress"),
    (Meaning::PostOfficeBox(Place::Work), "postofficebox"),
    (home(PostalPart::Street), "mozillahomestreet mozillahomestreet2 homestreet"),
    (home(PostalPart::Locality), "mozillahomelocalityname"),
    (home(PostalPart::Region), "mozillahomestate"),
    (home(PostalPart::Code), "mozillahomepostalcode"),
    (home(PostalPart::Country), "mozillahomecountryname"),
    (home(PostalPart::Whole), "homepostaladdress mozillahomepostaladdress"),
    (Meaning::Person(Field::Manager), "manager"),
    (Meaning::Person(Field::Assistant), "secretary assistant msexchassistantname"),
    (field(Field::Note), "description notes comment info"),
    (field(Field::Category), "businesscategory"),
    (field(Field::Language), "preferredlanguage"),
    (Meaning::BirthYear, "birthyear"),
    (Meaning::BirthMonth, "birthmonth"),
    (Meaning::BirthDay, "birthday"),
    (Meaning::Photo, "jpegphoto photo"),
    (Meaning::Thumbnail, "thumbnailphoto"),
    (Meaning::Uid, "uid userid samaccountname"),
    (Meaning::EntryUuid, "entryuuid"),
    (Meaning::ObjectGuid, "objectguid"),
    (Meaning::ObjectClass, "objectclass"),
    (Meaning::Member, "member uniquemember"),
    (
        Meaning::Nothing,
        "dn version changetype control creatorsname modifiersname createtimestamp modifytimestamp \
         structuralobjectclass subschemasubentry hassubordinates entrydn entrycsn contextcsn numsubordinates \
         distinguishedname objectcategory instancetype whencreated whenchanged usncreated usnchanged \
         objectsid dscorepropagationdata directreports memberof ringbookpresence ringbookphonestatus \
         ringbookagentstatus ringbookstatustext ringbooklastseen mozillausehtmlmail xmozillausehtmlmail",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_two_things() {
        let names: Vec<&str> = TABLE.iter().flat_map(|(_, names)| names.split(' ')).collect();
        let different: std::collections::HashSet<&&str> = names.iter().collect();
        assert_eq!(different.len(), names.len());
        assert!(names.iter().all(|name| *name == name.to_ascii_lowercase() && !name.is_empty()));
    }

    #[test]
    fn attributes_of_each_program_are_known() {
        assert_eq!(Meaning::of("facsimiletelephonenumber"), Some(Meaning::Field(Field::Fax)));
        assert_eq!(Meaning::of("mozillanickname"), Some(Meaning::Field(Field::Nickname)));
        assert_eq!(Meaning::of("othermobile"), Some(Meaning::Field(Field::Mobile)));
        assert_eq!(Meaning::of("shoesize"), None);
    }
}
