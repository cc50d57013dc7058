//! Entries that are no contacts: Root DSE, suffix and containers. They are few and small, so each
//! is made when it is asked for.

use crate::account::Organization;
use crate::auth::dn::{Dn, same_value};
use crate::contact::fold::fold;
use crate::contact::query::Truth;
use crate::ldap::attribute::{AttributeId, Meaning, Usage, without_options};
use crate::ldap::ber;
use crate::ldap::bind::PLAIN;
use crate::ldap::control;
use crate::ldap::naming::has_component;
use crate::ldap::password;
use crate::ldap::plan::{DnOf, MessageId, SUBSCHEMA_DN, Selection, put_attribute, put_entry, set};
use crate::ldap::request::{Assertion, Filter, Substrings, text};
use crate::ldap::schema;
use crate::ldap::session::Link;
use crate::ldap::start_tls::START_TLS;
use crate::net::rules::Transport;

/// The extended operation that tells who is signed in (RFC 4532).
pub(super) const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
/// The feature of asking for all operational attributes by `+` (RFC 3673).
const ALL_OPERATIONAL: &str = "1.3.6.1.4.1.4203.1.5.1";
/// The feature of empty AND and OR filters (RFC 4526).
const ABSOLUTE_FILTERS: &str = "1.3.6.1.4.1.4203.1.5.3";

/// An entry with its attributes in order.
#[derive(Debug)]
pub(super) struct Fixed {
    dn: String,
    attributes: Vec<(&'static str, Usage, Vec<String>)>,
}

impl Fixed {
    /// The entry that describes the server (RFC 4512 section 5.1). Only what works is in it.
    pub(super) fn root_dse(suffix: Option<String>, link: Link) -> Self {
        let mut entry = Self::new(String::new(), &["top"]);
        for name in ["namingContexts", "defaultNamingContext"] {
            entry.operational(name, suffix.as_deref().into_iter());
        }
        entry.operational("supportedLDAPVersion", ["3"].into_iter());
        let mechanisms = (link.transport == Transport::Tls).then_some(PLAIN);
        entry.operational("supportedSASLMechanisms", mechanisms.into_iter());
        let secure = link.transport == Transport::Tls;
        let extensions = [
            link.start_tls.then_some(START_TLS),
            Some(WHO_AM_I),
            secure.then_some(password::MODIFY),
        ];
        entry.operational("supportedExtension", extensions.into_iter().flatten());
        entry.operational("supportedControl", control::SUPPORTED.into_iter());
        entry.operational("supportedFeatures", [ALL_OPERATIONAL, ABSOLUTE_FILTERS].into_iter());
        entry.operational("vendorName", ["Ringbook"].into_iter());
        entry.operational("vendorVersion", [env!("CARGO_PKG_VERSION")].into_iter());
        entry.operational("subschemaSubentry", [SUBSCHEMA_DN].into_iter());
        entry
    }

    /// The entry of the schema (RFC 4512 section 4.2).
    pub(super) fn subschema(definitions: &[(&'static str, Vec<String>)]) -> Self {
        let mut entry = Self::new(SUBSCHEMA_DN.to_owned(), &["top", "subentry", "subschema"]);
        entry.user("cn", schema::NAME);
        // It is of the whole tree.
        entry.operational("subtreeSpecification", ["{}"].into_iter());
        entry.operational("structuralObjectClass", ["subentry"].into_iter());
        for (name, values) in definitions {
            entry.operational(name, values.iter().map(String::as_str));
        }
        entry.operational("subschemaSubentry", [SUBSCHEMA_DN].into_iter());
        entry
    }

    /// The top of an organization's tree.
    pub(super) fn suffix(organization: &Organization, suffix: &Dn) -> Self {
        let first = suffix.rdns().first().and_then(|rdn| rdn.single());
        let mut entry = Self::new(suffix.to_string(), &["top", "dcObject", "organization"]);
        if let Some(("dc", value)) = first {
            entry.user("dc", value);
        }
        entry.user("o", &organization.name);
        entry.describe_tree("organization", true);
        entry
    }

    /// An `ou`, below which the entries of a book or other containers are.
    pub(super) fn container(ou: &str, dn: String, has_entries: bool) -> Self {
        let mut entry = Self::new(dn, &["top", "organizationalUnit"]);
        entry.user("ou", ou);
        entry.describe_tree("organizationalUnit", has_entries);
        entry
    }

    fn new(dn: String, classes: &[&str]) -> Self {
        let classes = classes.iter().map(|class| (*class).to_owned()).collect();
        Self { dn, attributes: vec![("objectClass", Usage::User, classes)] }
    }

    fn user(&mut self, name: &'static str, value: &str) {
        self.attributes.push((name, Usage::User, vec![value.to_owned()]));
    }

    fn operational<'v>(&mut self, name: &'static str, values: impl Iterator<Item = &'v str>) {
        let values: Vec<String> = values.map(str::to_owned).collect();
        if !values.is_empty() {
            self.attributes.push((name, Usage::Operational, values));
        }
    }

    fn describe_tree(&mut self, class: &'static str, has_subordinates: bool) {
        let dn = self.dn.clone();
        let subordinates = if has_subordinates { "TRUE" } else { "FALSE" };
        self.operational("structuralObjectClass", [class].into_iter());
        self.operational("entryDN", [dn.as_str()].into_iter());
        self.operational("hasSubordinates", [subordinates].into_iter());
        self.operational("subschemaSubentry", [SUBSCHEMA_DN].into_iter());
    }

    pub(super) fn dn(&self) -> &str {
        &self.dn
    }

    /// The values of the attribute of this name, in any case.
    pub(super) fn values_of(&self, name: &str) -> &[String] {
        let found = self.attributes.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        found.map(|(_, _, values)| values.as_slice()).unwrap_or_default()
    }

    /// Appends the message of the entry.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        id: i32,
        selection: &Selection<'_>,
        types_only: bool,
    ) {
        let mut attributes = Vec::new();
        for (name, usage, values) in &self.attributes {
            for spelling in selection.spellings(name, *usage) {
                let mut encoded = Vec::new();
                ber::put(&mut encoded, ber::OCTET_STRING, spelling);
                let values = if types_only { set::<&str>(&[]) } else { set(values) };
                put_attribute(&mut attributes, &encoded, &values);
            }
        }
        put_entry(
            out,
            &MessageId::new(id),
            &DnOf { rdn: self.dn.as_bytes(), parent: "" },
            &attributes,
        );
    }

    /// Whether the filter is true of the entry.
    pub(super) fn matches(&self, filter: &Filter<'_>) -> Truth {
        match filter {
            Filter::And(all) => fold_truths(all.iter().map(|f| self.matches(f)), Truth::False),
            Filter::Or(any) => fold_truths(any.iter().map(|f| self.matches(f)), Truth::True),
            Filter::Not(inner) => match self.matches(inner) {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                Truth::Undefined => Truth::Undefined,
            },
            Filter::Present(name) => self.values(name, |values| !values.is_empty()),
            Filter::Equality(name, value) | Filter::Approximate(name, value) => {
                self.compare(name, value)
            }
            Filter::Substrings(name, parts) => {
                self.values(name, |values| values.iter().any(|value| has_parts(value, parts)))
            }
            Filter::Extensible(assertion) => self.extensible(assertion),
            Filter::AtLeast(..) | Filter::AtMost(..) => Truth::Undefined,
        }
    }

    fn extensible(&self, assertion: &Assertion<'_>) -> Truth {
        let Some(name) = assertion.attribute else { return Truth::Undefined };
        let kind = std::str::from_utf8(without_options(name));
        let (Ok(kind), Ok(value)) = (kind, std::str::from_utf8(assertion.value)) else {
            return Truth::Undefined;
        };
        let dn = Dn::parse(&self.dn).unwrap_or_default();
        match assertion.dn_attributes && has_component(&dn, Some(kind), value) {
            true => Truth::True,
            false => self.compare(name, assertion.value),
        }
    }

    /// Whether the attribute has the value.
    pub(super) fn compare(&self, name: &[u8], value: &[u8]) -> Truth {
        let value = &text(value);
        let meaning = AttributeId::find(name).and_then(AttributeId::get).map(|own| own.meaning);
        if meaning == Some(Meaning::EntryDn) {
            let Ok(asked) = Dn::parse(value) else { return Truth::Undefined };
            let own = Dn::parse(&self.dn).unwrap_or_default();
            return self.values(name, |values| !values.is_empty() && own == asked);
        }
        let value = match meaning {
            Some(Meaning::ObjectClass | Meaning::StructuralObjectClass) => {
                schema::class_name(value)
            }
            _ => value,
        };
        self.values(name, |values| values.iter().any(|known| same_value(known, value)))
    }

    /// Whether the entry has the attribute at all.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        self.values(name, |values| !values.is_empty()) == Truth::True
    }

    fn values(&self, name: &[u8], holds: impl Fn(&[String]) -> bool) -> Truth {
        let name = without_options(name);
        let same = |known: &str| known.as_bytes().eq_ignore_ascii_case(name);
        match self.attributes.iter().find(|(known, ..)| same(known)) {
            Some((_, _, values)) => holds(values).into(),
            None if AttributeId::find(name).is_some() => Truth::False,
            None => Truth::Undefined,
        }
    }
}

/// AND where `False` decides, OR where `True` does (RFC 4511 section 4.5.1.7).
fn fold_truths(truths: impl Iterator<Item = Truth>, decisive: Truth) -> Truth {
    let mut result = if decisive == Truth::False { Truth::True } else { Truth::False };
    for truth in truths {
        if truth == decisive {
            return decisive;
        }
        if truth == Truth::Undefined {
            result = Truth::Undefined;
        }
    }
    result
}

fn has_parts(value: &str, parts: &Substrings<'_>) -> bool {
    let text = |part: &[u8]| std::str::from_utf8(part).map(fold).ok();
    let value = fold(value);
    let mut rest = value.as_str();
    if let Some(initial) = parts.initial {
        let Some(behind) = text(initial).and_then(|initial| rest.strip_prefix(&*initial)) else {
            return false;
        };
        rest = behind;
    }
    if let Some(last) = parts.last {
        let Some(before) = text(last).and_then(|last| rest.strip_suffix(&*last)) else {
            return false;
        };
        rest = before;
    }
    parts.any.iter().all(|part| {
        let Some(part) = text(part) else { return false };
        let behind = rest.find(&*part).and_then(|at| rest.get(at + part.len()..));
        behind.inspect(|behind| rest = behind).is_some()
    })
}

/// Whether a filter asks for containers: `objectClass=organizationalUnit` as a positive term.
/// Others must not find them, or address books show them as cards.
pub(super) fn demands_containers(filter: &Filter<'_>) -> bool {
    match filter {
        Filter::And(inner) | Filter::Or(inner) => inner.iter().any(demands_containers),
        Filter::Equality(name, value) => {
            without_options(name).eq_ignore_ascii_case(b"objectClass")
                && schema::class_name(&text(value)).eq_ignore_ascii_case("organizationalUnit")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_on_containers_have_three_values() {
        let people = Fixed::container("people", "ou=people,dc=x".into(), true);
        let equal = |name: &'static [u8], value: &'static [u8]| Filter::Equality(name, value);
        let ou = equal(b"OU", b"People");
        assert_eq!(people.matches(&ou), Truth::True);
        assert_eq!(people.matches(&equal(b"cn", b"x")), Truth::False);
        assert_eq!(people.matches(&equal(b"nonsense", b"x")), Truth::Undefined);
        let not = Filter::Not(Box::new(equal(b"nonsense", b"x")));
        assert_eq!(people.matches(&not), Truth::Undefined);
        assert_eq!(people.matches(&Filter::Or(vec![not, ou])), Truth::True);
        let parts = Substrings { initial: Some(b"pe"), any: vec![b"op"], last: Some(b"e") };
        assert_eq!(people.matches(&Filter::Substrings(b"ou", parts)), Truth::True);
    }

    #[test]
    fn containers_are_found_only_by_their_class() {
        let class = || Filter::Equality(b"objectclass", b"OrganizationalUnit");
        assert!(demands_containers(&Filter::And(vec![Filter::Present(b"cn"), class()])));
        assert!(!demands_containers(&Filter::Not(Box::new(class()))));
        assert!(!demands_containers(&Filter::Present(b"objectClass")));
        let by_oid = Filter::Equality(b"objectClass", b"2.5.6.5");
        assert!(demands_containers(&by_oid));
        let people = Fixed::container("people", "ou=people,dc=x".into(), true);
        assert_eq!(people.matches(&by_oid), Truth::True);
        assert_eq!(people.compare(b"structuralObjectClass", b"2.5.6.5"), Truth::True);
    }
}
