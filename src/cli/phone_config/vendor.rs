//! Makes of phones: their settings as templates, and what they can do. `docs/phones/` says where each
//! of it comes from.

use std::fmt;

use clap::ValueEnum;

/// How a phone speaks to the LDAP door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Security {
    /// Readable on the way
    None,
    Starttls,
    Ldaps,
}

impl fmt::Display for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Starttls => "starttls",
            Self::Ldaps => "ldaps",
        })
    }
}

/// How values are written in a kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Texts and attributes of XML.
    Xml,
    /// One setting in a line, up to its end.
    Line,
}

/// A make of phones.
#[derive(Debug)]
pub(super) struct Vendor {
    /// As the command line and the files in `docs/phones/` say it.
    pub(super) name: &'static str,
    /// As people say it.
    pub(super) title: &'static str,
    pub(super) template: &'static str,
    pub(super) syntax: Syntax,
    /// What no value can have in it, because the vendor's syntax has no way to write it.
    pub(super) cannot_hold: &'static str,
    /// What it can do, the best first.
    pub(super) securities: &'static [Security],
    /// How its files end.
    pub(super) extension: &'static str,
}

impl Vendor {
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        VENDORS.iter().find(|vendor| vendor.name == name)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        VENDORS.iter().map(|vendor| vendor.name)
    }
}

const ALL: &[Security] = &[Security::Ldaps, Security::Starttls, Security::None];
const LDAPS: &[Security] = &[Security::Ldaps, Security::None];
const CLEAR: &[Security] = &[Security::None];

/// A vendor with XML files that can hold every text.
const fn xml(
    name: &'static str,
    title: &'static str,
    template: &'static str,
    securities: &'static [Security],
) -> Vendor {
    let (syntax, cannot_hold, extension) = (Syntax::Xml, "", "xml");
    Vendor { name, title, template, syntax, cannot_hold, securities, extension }
}

/// A vendor with one setting in each line.
const fn lines(
    name: &'static str,
    title: &'static str,
    template: &'static str,
    securities: &'static [Security],
) -> Vendor {
    let (syntax, cannot_hold, extension) = (Syntax::Line, "", "cfg");
    Vendor { name, title, template, syntax, cannot_hold, securities, extension }
}

/// The template of a file in `conf/phones/`.
macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("../../../conf/phones/", $name, ".tmpl"))
    };
}

pub(super) const VENDORS: &[Vendor] = &[
    lines("akuvox", "Akuvox", template!("akuvox"), LDAPS),
    // A sign-in over plain TCP would be DIGEST-MD5, which is not offered.
    Vendor {
        cannot_hold: "\" ",
        extension: "txt",
        ..lines("avaya", "Avaya", template!("avaya"), &[Security::Ldaps, Security::Starttls])
    },
    xml("cisco-mpp", "Cisco", template!("cisco-mpp"), ALL),
    xml("cisco-spa", "Cisco SPA", template!("cisco-spa"), CLEAR),
    xml("fanvil", "Fanvil", template!("fanvil"), ALL),
    Vendor { extension: "txt", ..lines("generic", "Desk", template!("generic"), ALL) },
    xml("gigaset", "Gigaset", template!("gigaset"), ALL),
    xml("gigaset-p", "Gigaset", template!("snom"), LDAPS),
    xml("grandstream", "Grandstream", template!("grandstream"), LDAPS),
    xml("htek", "Htek", template!("htek"), CLEAR),
    Vendor {
        extension: "rc",
        ..lines(
            "linphone",
            "Linphone",
            template!("linphone"),
            &[Security::Starttls, Security::None],
        )
    },
    // Name, password and server are one setting, joined by these.
    Vendor { cannot_hold: ":@", ..lines("mitel", "Mitel", template!("mitel"), CLEAR) },
    Vendor { cannot_hold: "\"", ..lines("panasonic", "Panasonic", template!("panasonic"), LDAPS) },
    xml("poly", "Poly", template!("poly"), LDAPS),
    xml("sangoma", "Sangoma", template!("sangoma"), CLEAR),
    xml("snom", "Snom", template!("snom"), LDAPS),
    lines("vtech", "VTech", template!("vtech"), CLEAR),
    lines("yealink", "Yealink", template!("yealink"), ALL),
];
