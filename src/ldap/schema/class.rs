//! Object classes as the schema publishes them (RFC 4512 section 4.1.1).

use crate::ldap::attribute::own;
use crate::ldap::schema::attribute_type::AttributeType;
use crate::ldap::schema::names;

/// A class. Of the attributes that the RFCs allow it, those are named that there are here.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) oid: &'static str,
    pub(super) name: &'static str,
    kind: &'static str,
    must: &'static [&'static str],
    may: &'static [&'static str],
}

impl Class {
    /// The definition of the class among all attributes.
    pub(super) fn definition(&self, types: &[AttributeType]) -> String {
        let Self { oid, name, kind, must, .. } = self;
        let mut may = self.may.to_vec();
        if *name == OWN {
            let known = |name: &str| CLASSES.iter().any(|class| class.names(name));
            let of_users = types.iter().filter(|own| own.is_of_users()).map(AttributeType::name);
            may.extend(of_users.filter(|name| !known(name)));
        }
        let above = match self.above() {
            Some(above) => format!(" SUP {above}"),
            None => String::new(),
        };
        let mut definition = format!("( {oid} NAME '{name}'{above} {kind}");
        for (keyword, list) in [("MUST", must.to_vec()), ("MAY", may)] {
            if !list.is_empty() {
                definition += &format!(" {keyword} {}", names(&list));
            }
        }
        definition + " )"
    }

    fn names(&self, attribute: &str) -> bool {
        self.must.contains(&attribute) || self.may.contains(&attribute)
    }

    /// The class that this one is a kind of.
    fn above(&self) -> Option<&'static str> {
        Some(match self.name {
            "top" => return None,
            "organizationalPerson" => "person",
            "inetOrgPerson" => "organizationalPerson",
            _ => "top",
        })
    }
}

/// The class of what no other class allows.
const OWN: &str = "ringbookContact";
const STRUCTURAL: &str = "STRUCTURAL";
const AUXILIARY: &str = "AUXILIARY";

pub(super) const CLASSES: &[Class] = &[
    Class { oid: "2.5.6.0", name: "top", kind: "ABSTRACT", must: &["objectClass"], may: &[] },
    Class {
        oid: "2.5.6.6",
        name: "person",
        kind: STRUCTURAL,
        must: &["sn", "cn"],
        may: &["telephoneNumber", "description"],
    },
    Class {
        oid: "2.5.6.7",
        name: "organizationalPerson",
        kind: STRUCTURAL,
        must: &[],
        may: &[
            "title",
            "facsimileTelephoneNumber",
            "street",
            "postalCode",
            "postalAddress",
            "physicalDeliveryOfficeName",
            "ou",
            "st",
            "l",
        ],
    },
    Class {
        oid: "2.16.840.1.113730.3.2.2",
        name: "inetOrgPerson",
        kind: STRUCTURAL,
        must: &[],
        may: &[
            "businessCategory",
            "departmentNumber",
            "displayName",
            "employeeType",
            "givenName",
            "homePhone",
            "initials",
            "jpegPhoto",
            "labeledURI",
            "mail",
            "manager",
            "mobile",
            "o",
            "pager",
            "secretary",
            "uid",
            "preferredLanguage",
        ],
    },
    Class { oid: own!("2.1"), name: OWN, kind: AUXILIARY, must: &[], may: &[] },
    Class {
        oid: "2.5.6.5",
        name: "organizationalUnit",
        kind: STRUCTURAL,
        must: &["ou"],
        may: &["description"],
    },
    Class {
        oid: "2.5.6.4",
        name: "organization",
        kind: STRUCTURAL,
        must: &["o"],
        may: &["description"],
    },
    Class {
        oid: "1.3.6.1.4.1.1466.344",
        name: "dcObject",
        kind: AUXILIARY,
        must: &["dc"],
        may: &[],
    },
    Class {
        oid: "2.5.17.0",
        name: "subentry",
        kind: STRUCTURAL,
        must: &["cn", "subtreeSpecification"],
        may: &[],
    },
    Class {
        oid: "2.5.20.1",
        name: "subschema",
        kind: AUXILIARY,
        must: &[],
        may: &["objectClasses", "attributeTypes", "matchingRules", "matchingRuleUse"],
    },
];
