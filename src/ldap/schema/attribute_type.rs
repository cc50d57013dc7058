//! Attribute types as the schema publishes them (RFC 4512 section 4.1.2).

use crate::contact::card::PostalPart;
use crate::ldap::attribute::{Attribute, Meaning, PresencePart, Usage, own};
use crate::ldap::schema::syntax::{self, Syntax};

/// By which rules values are compared: equality, order, parts.
type Rules = [Option<&'static str>; 3];

const NO_RULES: Rules = [None; 3];
const TEXT: Rules =
    [Some("caseIgnoreMatch"), Some("caseIgnoreOrderingMatch"), Some("caseIgnoreSubstringsMatch")];
const IA5: Rules = [Some("caseIgnoreIA5Match"), None, Some("caseIgnoreIA5SubstringsMatch")];
const POSTAL: Rules = [Some("caseIgnoreListMatch"), None, Some("caseIgnoreListSubstringsMatch")];
const NUMBER: Rules = [Some("telephoneNumberMatch"), None, Some("telephoneNumberSubstringsMatch")];
const NAME: Rules = [Some("distinguishedNameMatch"), None, None];
const OID: Rules = [Some("objectIdentifierMatch"), None, None];
const BOOLEAN: Rules = [Some("booleanMatch"), None, None];
const INTEGER: Rules = [Some("integerMatch"), None, None];
const TIME: Rules = [Some("generalizedTimeMatch"), Some("generalizedTimeOrderingMatch"), None];
const UUID: Rules = [Some("UUIDMatch"), Some("UUIDOrderingMatch"), None];
const DEFINITION: Rules = [Some("objectIdentifierFirstComponentMatch"), None, None];

/// What an attribute is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// What users keep in entries.
    User,
    /// What the directory tells of entries.
    Directory,
    /// What a server tells of itself.
    Server,
}

/// An attribute type.
#[derive(Clone, Debug)]
pub(super) struct AttributeType {
    pub(super) oid: &'static str,
    /// The name in answers, and the others.
    name: &'static str,
    aliases: Aliases,
    rules: Rules,
    pub(super) syntax: Syntax,
    single: bool,
    purpose: Purpose,
}

/// Names and identifiers.
type Aliases = &'static [&'static str];

impl AttributeType {
    /// The type of an attribute of contacts.
    pub(super) fn of(attribute: &'static Attribute) -> Self {
        let is_oid = |name: &&&str| name.starts_with(|c: char| c.is_ascii_digit());
        let (rules, syntax) = comparison(attribute);
        let purpose = match attribute.usage {
            Usage::User | Usage::Read => Purpose::User,
            Usage::Operational => Purpose::Directory,
        };
        let single = matches!(attribute.meaning, Meaning::Presence(_))
            || purpose == Purpose::Directory
            || attribute.name == "displayName";
        Self {
            oid: attribute.aliases.iter().find(is_oid).copied().unwrap_or_default(),
            name: attribute.name,
            aliases: attribute.aliases,
            rules,
            syntax,
            single,
            purpose,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn is_of_users(&self) -> bool {
        self.purpose == Purpose::User
    }

    /// The rules by which values are compared.
    pub(super) fn rules(&self) -> impl Iterator<Item = &'static str> {
        self.rules.into_iter().flatten()
    }

    pub(super) fn definition(&self) -> String {
        let others = self.aliases.iter().filter(|name| name.starts_with(char::is_alphabetic));
        let all: Vec<String> =
            [&self.name].into_iter().chain(others).map(|name| format!("'{name}'")).collect();
        let mut definition = match all.as_slice() {
            [only] => format!("( {} NAME {only}", self.oid),
            several => format!("( {} NAME ( {} )", self.oid, several.join(" ")),
        };
        for (keyword, rule) in ["EQUALITY", "ORDERING", "SUBSTR"].into_iter().zip(self.rules) {
            if let Some(rule) = rule {
                definition += &format!(" {keyword} {rule}");
            }
        }
        definition += &format!(" SYNTAX {}", self.syntax.oid);
        if self.single {
            definition += " SINGLE-VALUE";
        }
        definition += match self.purpose {
            Purpose::User => " )",
            Purpose::Directory => " NO-USER-MODIFICATION USAGE directoryOperation )",
            Purpose::Server => " NO-USER-MODIFICATION USAGE dSAOperation )",
        };
        definition
    }
}

/// How the values of an attribute of contacts are compared, and what they look like.
fn comparison(attribute: &Attribute) -> (Rules, Syntax) {
    match (attribute.name, attribute.meaning) {
        ("mail", _) => (IA5, syntax::IA5),
        ("facsimileTelephoneNumber", _) => (NO_RULES, syntax::FAX),
        ("jpegPhoto", _) => (NO_RULES, syntax::JPEG),
        ("thumbnailPhoto", _) => (NO_RULES, syntax::OCTETS),
        (_, Meaning::Numbers(_)) => (NUMBER, syntax::TELEPHONE),
        (_, Meaning::Postal(PostalPart::Whole)) => (POSTAL, syntax::POSTAL),
        (_, Meaning::Reference(_) | Meaning::Reports) => (NAME, syntax::DN),
        (_, Meaning::EntryDn | Meaning::SubschemaSubentry) => (NAME, syntax::DN),
        (_, Meaning::ObjectClass | Meaning::StructuralObjectClass) => (OID, syntax::OID),
        (_, Meaning::EntryUuid) => (UUID, syntax::UUID),
        (_, Meaning::Created | Meaning::Modified) => (TIME, syntax::TIME),
        (_, Meaning::Presence(PresencePart::LastSeen)) => (TIME, syntax::TIME),
        (_, Meaning::HasSubordinates) => (BOOLEAN, syntax::BOOLEAN),
        _ => (TEXT, syntax::TEXT),
    }
}

const fn directory(oid: &'static str, name: &'static str, syntax: Syntax) -> AttributeType {
    let (rules, purpose) = (DEFINITION, Purpose::Directory);
    AttributeType { oid, name, aliases: &[], rules, syntax, single: false, purpose }
}

const fn server(
    oid: &'static str,
    name: &'static str,
    rules: Rules,
    syntax: Syntax,
) -> AttributeType {
    let purpose = Purpose::Server;
    AttributeType { oid, name, aliases: &[], rules, syntax, single: false, purpose }
}

/// The attributes that only entries have which are no contacts.
pub(super) const OTHERS: &[AttributeType] = &[
    AttributeType {
        oid: "0.9.2342.19200300.100.1.25",
        name: "dc",
        aliases: &["domainComponent"],
        rules: IA5,
        syntax: syntax::IA5,
        single: true,
        purpose: Purpose::User,
    },
    AttributeType {
        rules: NO_RULES,
        single: true,
        ..directory("2.5.18.6", "subtreeSpecification", syntax::SUBTREE)
    },
    directory("2.5.21.4", "matchingRules", syntax::MATCHING_RULE),
    directory("2.5.21.5", "attributeTypes", syntax::ATTRIBUTE_TYPE),
    directory("2.5.21.6", "objectClasses", syntax::OBJECT_CLASS),
    directory("2.5.21.8", "matchingRuleUse", syntax::MATCHING_RULE_USE),
    directory("1.3.6.1.4.1.1466.101.120.16", "ldapSyntaxes", syntax::LDAP_SYNTAX),
    server("1.3.6.1.4.1.1466.101.120.5", "namingContexts", NAME, syntax::DN),
    server(own!("1.100"), "defaultNamingContext", NAME, syntax::DN),
    server("1.3.6.1.4.1.1466.101.120.7", "supportedExtension", OID, syntax::OID),
    server("1.3.6.1.4.1.1466.101.120.13", "supportedControl", OID, syntax::OID),
    server("1.3.6.1.4.1.1466.101.120.14", "supportedSASLMechanisms", TEXT, syntax::TEXT),
    server("1.3.6.1.4.1.1466.101.120.15", "supportedLDAPVersion", INTEGER, syntax::INTEGER),
    server("1.3.6.1.4.1.4203.1.3.5", "supportedFeatures", OID, syntax::OID),
    AttributeType { single: true, ..server("1.3.6.1.1.4", "vendorName", TEXT, syntax::TEXT) },
    AttributeType { single: true, ..server("1.3.6.1.1.5", "vendorVersion", TEXT, syntax::TEXT) },
];
