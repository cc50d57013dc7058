//! Access control as clients see it (RFC 3744 3 and 5): who may do what follows from the
//! organization's settings, and is told here.

use crate::carddav::answer::multistatus::escape;
use crate::carddav::answer::property::Property;
use crate::carddav::answer::value::{close, open, value};
use crate::carddav::book::view::{Session, View};
use crate::contact::Contact;

/// What a user may do with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    Read,
    /// Keep properties there.
    Properties,
    /// Make and remove collections in it too.
    Members,
    Write,
}

/// Outlook's synchronizer looks for `bind` and `unbind`, DAVx5 for `write-content`, Thunderbird for
/// `write` or a part of it; nobody concludes one from the other. So aggregates and their parts are
/// both told (RFC 3744 5.4).
const PRIVILEGES: &[(&str, Rights)] = &[
    ("read", Rights::Read),
    ("read-acl", Rights::Read),
    ("read-current-user-privilege-set", Rights::Read),
    ("write", Rights::Write),
    ("write-content", Rights::Write),
    ("write-properties", Rights::Properties),
    ("bind", Rights::Members),
    ("unbind", Rights::Members),
];

/// Nobody has `write-acl` here, and so nobody has `all`.
const SUPPORTED: &str = "<supported-privilege><privilege><all/></privilege><abstract/>\
    <description xml:lang=\"en\">Everything</description>\
    <supported-privilege><privilege><read/></privilege>\
    <description xml:lang=\"en\">Read contacts and properties</description>\
    <supported-privilege><privilege><read-acl/></privilege>\
    <description xml:lang=\"en\">Read one's own rights as a list</description></supported-privilege>\
    <supported-privilege><privilege><read-current-user-privilege-set/></privilege>\
    <description xml:lang=\"en\">Read one's own rights</description></supported-privilege>\
    </supported-privilege>\
    <supported-privilege><privilege><write/></privilege>\
    <description xml:lang=\"en\">Change everything but rights</description>\
    <supported-privilege><privilege><write-content/></privilege>\
    <description xml:lang=\"en\">Change contacts</description></supported-privilege>\
    <supported-privilege><privilege><write-properties/></privilege>\
    <description xml:lang=\"en\">Change properties</description></supported-privilege>\
    <supported-privilege><privilege><bind/></privilege>\
    <description xml:lang=\"en\">Add members</description></supported-privilege>\
    <supported-privilege><privilege><unbind/></privilege>\
    <description xml:lang=\"en\">Remove members</description></supported-privilege>\
    </supported-privilege>\
    <supported-privilege><privilege><write-acl/></privilege><abstract/>\
    <description xml:lang=\"en\">Change rights, which nobody does over CardDAV</description>\
    </supported-privilege></supported-privilege>";

impl Rights {
    /// The rights in a book and on its cards.
    pub(crate) fn in_book(view: &View) -> Self {
        if view.writable().is_some() { Self::Write } else { Self::Read }
    }

    /// The rights on one card of a book that shows those of several.
    pub(crate) fn on_card(view: &View, card: &Contact) -> Self {
        if view.may_change_card(card) { Self::Write } else { Self::Read }
    }

    fn include(self, wanted: Self) -> bool {
        let rank = |rights| match rights {
            Self::Read => 0,
            Self::Properties => 1,
            Self::Members => 2,
            Self::Write => 3,
        };
        rank(wanted) <= rank(self)
    }

    fn write(self, out: &mut Vec<u8>) {
        for (privilege, _) in PRIVILEGES.iter().filter(|(_, wanted)| self.include(*wanted)) {
            out.extend_from_slice(b"<privilege><");
            out.extend_from_slice(privilege.as_bytes());
            out.extend_from_slice(b"/></privilege>");
        }
    }
}

/// Appends a property of access control; false where it is another one.
pub(crate) fn property(
    session: &Session,
    rights: Rights,
    property: Property,
    out: &mut Vec<u8>,
) -> bool {
    match property {
        Property::SupportedPrivilegeSet => value(property, SUPPORTED, out),
        Property::AclRestrictions => value(property, "<grant-only/><no-invert/>", out),
        // No resource inherits rights, and none has a group.
        Property::InheritedAclSet | Property::Group => value(property, "", out),
        Property::CurrentUserPrivilegeSet => {
            open(property, out);
            rights.write(out);
            close(property, out);
        }
        Property::Acl => {
            open(property, out);
            out.extend_from_slice(b"<ace><principal><href>");
            escape(session.principal_href().as_bytes(), out);
            out.extend_from_slice(b"</href></principal><grant>");
            rights.write(out);
            out.extend_from_slice(b"</grant><protected/></ace>");
            close(property, out);
        }
        _ => return false,
    }
    true
}
