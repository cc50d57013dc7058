//! The properties there are: their names, and how an answer names them.

use crate::carddav::answer::multistatus::escape;
use crate::carddav::request::xml::{Element, Namespace};

macro_rules! properties {
    ($($variant:ident = $namespace:ident $local:literal;)*) => {
        /// A property that some resource has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Property { $($variant,)* }

        impl Property {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name as it stands in a body that begins with `multistatus::BEGIN`.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => properties!(@name $namespace $local),)* }
            }

            fn of(namespace: &Namespace, local: &str) -> Option<Self> {
                match (namespace, local) {
                    $((Namespace::$namespace, $local) => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
    (@name Dav $local:literal) => { $local };
    (@name CardDav $local:literal) => { concat!("C:", $local) };
    (@name CalendarServer $local:literal) => { concat!("CS:", $local) };
}

properties! {
    ResourceType = Dav "resourcetype";
    DisplayName = Dav "displayname";
    GetETag = Dav "getetag";
    GetContentType = Dav "getcontenttype";
    GetContentLength = Dav "getcontentlength";
    GetLastModified = Dav "getlastmodified";
    CreationDate = Dav "creationdate";
    CurrentUserPrincipal = Dav "current-user-principal";
    PrincipalUrl = Dav "principal-URL";
    AlternateUriSet = Dav "alternate-URI-set";
    GroupMemberSet = Dav "group-member-set";
    GroupMembership = Dav "group-membership";
    PrincipalCollectionSet = Dav "principal-collection-set";
    Owner = Dav "owner";
    Group = Dav "group";
    SupportedPrivilegeSet = Dav "supported-privilege-set";
    CurrentUserPrivilegeSet = Dav "current-user-privilege-set";
    Acl = Dav "acl";
    AclRestrictions = Dav "acl-restrictions";
    InheritedAclSet = Dav "inherited-acl-set";
    SupportedReportSet = Dav "supported-report-set";
    SyncToken = Dav "sync-token";
    ResourceId = Dav "resource-id";
    AddMember = Dav "add-member";
    QuotaUsedBytes = Dav "quota-used-bytes";
    GetCTag = CalendarServer "getctag";
    EmailAddressSet = CalendarServer "email-address-set";
    FirstName = CalendarServer "first-name";
    LastName = CalendarServer "last-name";
    AddressBookHomeSet = CardDav "addressbook-home-set";
    DirectoryGateway = CardDav "directory-gateway";
    PrincipalAddress = CardDav "principal-address";
    AddressBookDescription = CardDav "addressbook-description";
    SupportedAddressData = CardDav "supported-address-data";
    SupportedCollationSet = CardDav "supported-collation-set";
    MaxResourceSize = CardDav "max-resource-size";
    MaxImageSize = CardDav "max-image-size";
    AddressData = CardDav "address-data";
}

impl Property {
    /// Whether `allprop` means it: those that RFC 4918 15 defines.
    pub(crate) fn is_in_allprop(self) -> bool {
        use Property::{
            CreationDate, DisplayName, GetContentLength, GetContentType, GetETag, GetLastModified,
            ResourceType,
        };
        matches!(
            self,
            ResourceType
                | DisplayName
                | GetETag
                | GetContentType
                | GetContentLength
                | GetLastModified
                | CreationDate
        )
    }
}

/// A property by which a client asks, known or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Asked {
    Known(Property),
    Unknown { namespace: Box<str>, local: Box<str> },
}

impl Asked {
    pub(crate) fn of(element: &Element) -> Self {
        Self::named(&element.namespace, &element.local)
    }

    pub(crate) fn named(namespace: &Namespace, local: &str) -> Self {
        match Property::of(namespace, local) {
            Some(known) => Self::Known(known),
            None => Self::Unknown { namespace: namespace.uri().into(), local: local.into() },
        }
    }

    /// The length of a name that an answer repeats, with its namespace.
    pub(crate) fn name_bytes(&self) -> usize {
        match self {
            Self::Known(property) => property.name().len(),
            Self::Unknown { namespace, local } => namespace.len() + local.len(),
        }
    }

    /// Appends the property without a value.
    pub(crate) fn write_empty(&self, out: &mut Vec<u8>) {
        out.push(b'<');
        match self {
            Self::Known(property) => out.extend_from_slice(property.name().as_bytes()),
            Self::Unknown { namespace, local } => {
                out.extend_from_slice(local.as_bytes());
                out.extend_from_slice(b" xmlns=\"");
                let mut uri = Vec::with_capacity(namespace.len());
                escape(namespace.as_bytes(), &mut uri);
                for byte in uri {
                    match byte {
                        b'"' => out.extend_from_slice(b"&quot;"),
                        byte => out.push(byte),
                    }
                }
                out.push(b'"');
            }
        }
        out.extend_from_slice(b"/>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carddav::request::xml::read;

    #[test]
    fn unknown_properties_are_named_back_as_they_came() {
        let body = "<x:odd xmlns:x='urn:a&quot;&lt;b'/>";
        let asked = Asked::of(&read(body.as_bytes()).unwrap().unwrap());
        let mut out = Vec::new();
        asked.write_empty(&mut out);
        let again = Asked::of(&read(&out).unwrap().unwrap());
        assert_eq!(again, asked);
    }
}
