//! The schema (RFC 4512 section 4): what there may be in entries, made from the table of attributes.

use std::sync::LazyLock;

use crate::auth::dn::Dn;
use crate::directory::system_clock;
use crate::ldap::attribute::{Attribute, AttributeId};
use crate::ldap::fixed::Fixed;
use crate::ldap::rule::{MatchingRule, RULES};
use crate::ldap::schema::attribute_type::{AttributeType, OTHERS};
use crate::ldap::schema::class::CLASSES;
use crate::ldap::schema::syntax::Syntax;
use crate::ldap::time;

mod attribute_type;
mod class;
pub(super) mod syntax;

/// The value of the entry's `cn`.
pub(super) const NAME: &str = "subschema";

/// The attributes of the entry with their values. The schema is that of the program, so that it has
/// not changed since the program began.
static DEFINITIONS: LazyLock<Vec<(&'static str, Vec<String>)>> = LazyLock::new(|| {
    let types: Vec<AttributeType> = all_types().collect();
    let begun = time::written(system_clock());
    vec![
        ("objectClasses", CLASSES.iter().map(|class| class.definition(&types)).collect()),
        ("attributeTypes", types.iter().map(AttributeType::definition).collect()),
        ("ldapSyntaxes", syntax::ALL.iter().map(definition_of_syntax).collect()),
        ("matchingRules", RULES.iter().map(definition_of_rule).collect()),
        ("matchingRuleUse", RULES.iter().filter_map(|rule| rule_use(rule, &types)).collect()),
        ("createTimestamp", vec![begun.clone()]),
        ("modifyTimestamp", vec![begun]),
    ]
});

/// Whether this is the name of the schema's entry.
pub(super) fn is_named(dn: &Dn) -> bool {
    let [only] = dn.rdns() else { return false };
    only.single().is_some_and(|(kind, name)| kind == "cn" && name.eq_ignore_ascii_case(NAME))
}

/// The entry that publishes the schema.
pub(super) fn entry() -> Fixed {
    Fixed::subschema(&DEFINITIONS)
}

/// The syntax of an attribute's values.
pub(super) fn syntax_of(attribute: &'static Attribute) -> Syntax {
    AttributeType::of(attribute).syntax
}

/// The name of a class that is asked for by its object identifier; any other name as it is.
pub(super) fn class_name(asked: &str) -> &str {
    CLASSES.iter().find(|class| class.oid == asked).map_or(asked, |class| class.name)
}

fn all_types() -> impl Iterator<Item = AttributeType> {
    let of_contacts = AttributeId::all().map(|(_, attribute)| AttributeType::of(attribute));
    of_contacts.chain(OTHERS.iter().cloned())
}

/// A list of object identifiers or names (`oids` of RFC 4512 section 4.1).
fn names(names: &[&str]) -> String {
    match names {
        [only] => (*only).to_owned(),
        several => format!("( {} )", several.join(" $ ")),
    }
}

fn definition_of_syntax(syntax: &Syntax) -> String {
    format!("( {} DESC '{}' )", syntax.oid, syntax.name)
}

fn definition_of_rule(rule: &MatchingRule) -> String {
    format!("( {} NAME '{}' SYNTAX {} )", rule.oid, rule.name, rule.syntax.oid)
}

/// Which attributes a rule is for; None where it is for none.
fn rule_use(rule: &MatchingRule, types: &[AttributeType]) -> Option<String> {
    let using = types.iter().filter(|own| own.rules().any(|name| name == rule.name));
    let using: Vec<&str> = using.map(AttributeType::name).collect();
    let definition = || format!("( {} NAME '{}' APPLIES {} )", rule.oid, rule.name, names(&using));
    (!using.is_empty()).then(definition)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::attribute::OBJECT_CLASSES;

    #[test]
    fn every_attribute_has_an_object_identifier_of_its_own() {
        let mut oids: Vec<&str> = all_types().map(|own| own.oid).collect();
        for oid in &oids {
            let arcs = oid.split('.').all(|arc| arc.bytes().all(|c| c.is_ascii_digit()));
            assert!(arcs && oid.contains('.'), "{oid:?}: the aliases name the identifier");
        }
        oids.sort_unstable();
        assert!(oids.windows(2).all(|pair| pair[0] != pair[1]), "{oids:?}");
    }

    #[test]
    fn every_rule_that_an_attribute_names_is_known() {
        for own in all_types() {
            for name in own.rules() {
                assert!(RULES.iter().any(|rule| rule.name == name), "{name} of {}", own.oid);
            }
            assert!(syntax::ALL.contains(&own.syntax));
        }
    }

    #[test]
    fn every_class_of_contacts_is_published() {
        for name in OBJECT_CLASSES {
            assert!(CLASSES.iter().any(|class| class.name == name), "{name}");
        }
    }

    #[test]
    fn the_entry_is_found_in_any_case() {
        for name in ["cn=Subschema", "CN=subschema", "2.5.4.3=SUBSCHEMA"] {
            assert!(is_named(&Dn::parse(name).unwrap()), "{name}");
        }
        for name in ["", "cn=schema", "ou=subschema", "cn=subschema,dc=pbx", "cn=subschema+ou=x"] {
            assert!(!is_named(&Dn::parse(name).unwrap()), "{name}");
        }
    }
}
