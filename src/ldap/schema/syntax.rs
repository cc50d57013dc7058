//! The syntaxes of attributes and matching rules (RFC 4517 section 3.3).

/// A syntax as the schema publishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ldap) struct Syntax {
    pub(in crate::ldap) oid: &'static str,
    pub(in crate::ldap) name: &'static str,
}

impl Syntax {
    /// Whether values are text that people read and dial: rules for one such syntax order all.
    pub(in crate::ldap) fn is_text(self) -> bool {
        [TEXT, IA5, NUMERIC, TELEPHONE, FAX, POSTAL].contains(&self)
    }
}

macro_rules! syntaxes {
    ($($constant:ident = $oid:literal $name:literal;)*) => {
        $(pub(in crate::ldap) const $constant: Syntax = Syntax { oid: $oid, name: $name };)*

        /// All of them.
        pub(super) const ALL: &[Syntax] = &[$($constant,)*];
    };
}

syntaxes! {
    ATTRIBUTE_TYPE = "1.3.6.1.4.1.1466.115.121.1.3" "Attribute Type Description";
    BOOLEAN = "1.3.6.1.4.1.1466.115.121.1.7" "Boolean";
    DN = "1.3.6.1.4.1.1466.115.121.1.12" "DN";
    TEXT = "1.3.6.1.4.1.1466.115.121.1.15" "Directory String";
    FAX = "1.3.6.1.4.1.1466.115.121.1.22" "Facsimile Telephone Number";
    TIME = "1.3.6.1.4.1.1466.115.121.1.24" "Generalized Time";
    IA5 = "1.3.6.1.4.1.1466.115.121.1.26" "IA5 String";
    INTEGER = "1.3.6.1.4.1.1466.115.121.1.27" "INTEGER";
    JPEG = "1.3.6.1.4.1.1466.115.121.1.28" "JPEG";
    MATCHING_RULE = "1.3.6.1.4.1.1466.115.121.1.30" "Matching Rule Description";
    MATCHING_RULE_USE = "1.3.6.1.4.1.1466.115.121.1.31" "Matching Rule Use Description";
    NUMERIC = "1.3.6.1.4.1.1466.115.121.1.36" "Numeric String";
    OBJECT_CLASS = "1.3.6.1.4.1.1466.115.121.1.37" "Object Class Description";
    OID = "1.3.6.1.4.1.1466.115.121.1.38" "OID";
    OCTETS = "1.3.6.1.4.1.1466.115.121.1.40" "Octet String";
    POSTAL = "1.3.6.1.4.1.1466.115.121.1.41" "Postal Address";
    SUBTREE = "1.3.6.1.4.1.1466.115.121.1.45" "SubtreeSpecification";
    TELEPHONE = "1.3.6.1.4.1.1466.115.121.1.50" "Telephone Number";
    LDAP_SYNTAX = "1.3.6.1.4.1.1466.115.121.1.54" "LDAP Syntax Description";
    SUBSTRINGS = "1.3.6.1.4.1.1466.115.121.1.58" "Substring Assertion";
    UUID = "1.3.6.1.1.16.1" "UUID";
}
