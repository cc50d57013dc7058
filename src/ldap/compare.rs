//! Compares: whether an entry has a value (RFC 4511 section 4.10).

use ldap3_proto::proto::LdapResultCode;

use crate::auth::dn::Dn;
use crate::contact::Contact;
use crate::contact::query::{Gaze, Query, Truth};
use crate::ldap::attribute::AttributeId;
use crate::ldap::filter::{self, Context};
use crate::ldap::fixed::Fixed;
use crate::ldap::result::Outcome;
use crate::ldap::search::no_such_object;
use crate::ldap::session::Session;
use crate::ldap::tree::{Place, Tree};

impl Session {
    pub(super) fn compare(&self, dn: &str, attribute: &[u8], value: &[u8]) -> Outcome {
        let Ok(dn) = Dn::parse(dn) else {
            return Outcome::new(LdapResultCode::InvalidDNSyntax, "this is no distinguished name");
        };
        if dn.rdns().is_empty() {
            return fixed(&self.root_dse(), attribute, value);
        }
        let snapshot = self.door.directory.snapshot();
        let tree = Tree::of(&snapshot, &self.principal, &self.door.organization);
        let Some(tree) = tree else { return no_such_object("") };
        match tree.find(&dn) {
            Ok(Place::Suffix) if tree.is_empty() => no_such_object(""),
            Ok(Place::Suffix) => {
                fixed(&Fixed::suffix(tree.organization, &tree.suffix), attribute, value)
            }
            Ok(Place::Container(book)) => fixed(&tree.container_entry(book), attribute, value),
            Ok(Place::Contact(row)) => self.contact(&tree, row.contact(), attribute, value),
            Err(missing) => no_such_object(&missing.matched),
        }
    }

    fn contact(
        &self,
        tree: &Tree<'_>,
        contact: &Contact,
        attribute: &[u8],
        value: &[u8],
    ) -> Outcome {
        let contact_of = |dn: &Dn| tree.contact_of(dn);
        let context = Context::of(tree, &self.principal, &contact_of);
        let gaze = Gaze {
            hidden: tree.organization.hidden(self.principal.viewer().rendition(contact)),
            collation: &tree.organization.derivation.collation,
        };
        let truth = |query: Option<Query>| {
            query.map_or(Truth::Undefined, |query| query.matches(contact, &gaze))
        };
        let present = truth(filter::compile_presence(attribute));
        let equal = truth(filter::compile_equality(attribute, value, &context));
        verdict(attribute, present == Truth::True, equal)
    }
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
