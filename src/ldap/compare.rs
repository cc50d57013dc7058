//! Compares: whether an entry has a value (RFC 4511 section 4.10).

use ldap3_proto::proto::LdapResultCode;

use crate::auth::dn::Dn;
use crate::contact::Contact;
use crate::contact::query::{Gaze, Query, Truth};
use crate::ldap::attribute::AttributeId;
use crate::ldap::ber::{Malformed, OCTET_STRING, Reader, SEQUENCE};
use crate::ldap::filter;
use crate::ldap::fixed::Fixed;
use crate::ldap::request::{Scope, text};
use crate::ldap::result::Outcome;
use crate::ldap::search::no_such_object;
use crate::ldap::session::Session;
use crate::ldap::target::{Target, containers};
use crate::ldap::tree::{Place, Tree};

/// A compare request; a value may be no text, as that of `entryUUID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CompareRequest<'a> {
    dn: &'a [u8],
    attribute: &'a [u8],
    value: &'a [u8],
}

impl<'a> CompareRequest<'a> {
    /// Reads the content of a compare request.
    pub(super) fn read(content: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(content);
        let dn = reader.expect(OCTET_STRING)?;
        let mut assertion = Reader::new(reader.expect(SEQUENCE)?);
        let (attribute, value) = (assertion.expect(OCTET_STRING)?, assertion.primitive()?);
        let whole = reader.is_empty() && assertion.is_empty();
        if whole { Ok(Self { dn, attribute, value }) } else { Err(Malformed) }
    }
}

impl Session {
    pub(super) fn compare(&self, request: CompareRequest<'_>) -> Outcome {
        let CompareRequest { dn, attribute, value } = request;
        let Ok(dn) = Dn::parse(&text(dn)) else {
            return Outcome::new(LdapResultCode::InvalidDNSyntax, "this is no distinguished name");
        };
        if let Some(entry) = self.of_server(&dn, Scope::Base) {
            return fixed(&entry, attribute, value);
        }
        let snapshot = self.door.directory.snapshot();
        let (principal, presence) = (&self.principal, self.presence());
        let present = |availability| presence.users(availability);
        let tree = Tree::of(&snapshot, principal, &self.door.organization, presence, &present);
        let Ok(tree) = tree else { return no_such_object("") };
        let place = match tree.find(&dn) {
            Ok(place) => place,
            Err(missing) => return no_such_object(&missing.matched),
        };
        let contact = match place {
            Place::Contact(_, row) => Some(row),
            Place::Actor(user) => tree.sight.contact(user),
            Place::Suffix | Place::Container(_) => None,
        };
        let target = Target::new(&tree, place, Scope::Base);
        match (contact, containers(&tree, place, Scope::Base).first()) {
            (Some(row), _) => contact_has(&target, row.contact(), attribute, value),
            (None, Some(entry)) => fixed(entry, attribute, value),
            (None, None) => no_such_object(&tree.missing(place).matched),
        }
    }
}

fn contact_has(
    target: &Target<'_, '_>,
    contact: &Contact,
    attribute: &[u8],
    value: &[u8],
) -> Outcome {
    let (context, sight) = (target.context(), target.sight());
    let gaze =
        Gaze { hidden: sight.hidden(contact), collation: &sight.organization.derivation.collation };
    let truth = |query: Option<Query>| {
        query.map_or(Truth::Undefined, |query| query.matches(contact, &gaze))
    };
    let present = truth(filter::compile_presence(attribute, &context));
    let equal = truth(filter::compile_equality(attribute, value, &context));
    verdict(attribute, present == Truth::True, equal)
}

fn fixed(entry: &Fixed, attribute: &[u8], value: &[u8]) -> Outcome {
    verdict(attribute, entry.has(attribute), entry.compare(attribute, value))
}

/// A hidden attribute is compared as one that is not there.
fn verdict(attribute: &[u8], present: bool, equal: Truth) -> Outcome {
    match (present, equal) {
        (true, Truth::True) => Outcome::new(LdapResultCode::CompareTrue, ""),
        (true, Truth::False) => Outcome::new(LdapResultCode::CompareFalse, ""),
        (true, Truth::Undefined) => Outcome::new(
            LdapResultCode::InvalidAttributeSyntax,
            "values of this attribute look otherwise",
        ),
        (false, _) if AttributeId::find(attribute).is_some() => {
            Outcome::new(LdapResultCode::NoSuchAttribute, "the entry has no such attribute")
        }
        (false, _) => {
            Outcome::new(LdapResultCode::UndefinedAttributeType, "the attribute is not known here")
        }
    }
}
