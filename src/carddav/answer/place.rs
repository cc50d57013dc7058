//! Resources that are no cards, and their rows.

use std::sync::Arc;

use hyper::StatusCode;

use crate::carddav::answer::multistatus::{FOUND, RESPONSE_END, begin_row, end_propstat};
use crate::carddav::answer::property::{Asked, Property};
use crate::carddav::answer::row::Missing;
use crate::carddav::answer::value::{created, href, of_anything, of_book, text, value};
use crate::carddav::book::path::Resource;
use crate::carddav::book::principal::{self, name_of};
use crate::carddav::book::privilege::{self, Rights};
use crate::carddav::book::quota;
use crate::carddav::book::view::{Session, View};
use crate::carddav::request::elements::Wanted;
use crate::carddav::write::kept::Kept;

/// The reports that every resource answers.
const REPORTS: &[&str] =
    &["expand-property", "acl-principal-prop-set", "principal-match", "principal-property-search"];

/// The value of `supported-report-set`: what every resource answers, and these.
pub(crate) fn reports(more: &[&str]) -> String {
    let all = more.iter().chain(REPORTS);
    let one = |name| format!("<supported-report><report><{name}/></report></supported-report>");
    all.map(one).collect()
}

/// A resource that is no card.
pub(crate) enum Place<'a> {
    Book(&'a View),
    Other(&'a Arc<Session>, &'a Resource),
}

impl Place<'_> {
    /// Appends the row of this resource.
    pub(crate) fn row(&self, wanted: &Wanted, missing: Missing, out: &mut Vec<u8>) {
        begin_row(&self.href(), out);
        out.extend_from_slice(b"<propstat><prop>");
        let start = out.len();
        let mut absent = Vec::new();
        let kept = self.kept();
        match wanted {
            Wanted::Names => self.names(&kept, out),
            Wanted::All(included) => {
                let all = Property::ALL.iter().filter(|property| property.is_in_allprop());
                for property in all {
                    self.asked(&Asked::Known(*property), &kept, out);
                }
                // What users keep is in it too (RFC 4918 9.1).
                let kept_names: Vec<Asked> = kept.names().filter(is_unknown).collect();
                let more = included.iter().filter(|more| !is_in_allprop(more));
                let more = more.filter(|more| !kept_names.contains(more));
                for asked in kept_names.iter().chain(more) {
                    self.asked(asked, &kept, out);
                }
            }
            Wanted::These(asked) => {
                absent.extend(asked.iter().filter(|asked| !self.asked(asked, &kept, out)));
            }
        }
        let tell = missing == Missing::Told && !absent.is_empty();
        if out.len() > start || !tell {
            out.extend_from_slice(FOUND);
            if tell {
                out.extend_from_slice(b"<propstat><prop>");
            }
        }
        if tell {
            absent.iter().for_each(|asked| asked.write_empty(out));
            end_propstat(StatusCode::NOT_FOUND, "", out);
        }
        out.extend_from_slice(RESPONSE_END);
    }

    fn href(&self) -> String {
        match self {
            Self::Book(view) => view.href.clone(),
            Self::Other(session, resource) => resource.href(&***session),
        }
    }

    fn names(&self, kept: &Kept<'_>, out: &mut Vec<u8>) {
        let mut value = Vec::new();
        let all = Property::ALL.iter().map(|property| Asked::Known(*property));
        for asked in all.chain(kept.names().filter(is_unknown)) {
            value.clear();
            if self.asked(&asked, kept, &mut value) {
                asked.write_empty(out);
            }
        }
    }

    /// What the user keeps of this resource.
    pub(crate) fn kept(&self) -> Kept<'_> {
        match self {
            Self::Book(view) => Kept::of_book(&view.session, view.book),
            Self::Other(session, resource) => Kept::of(session, resource),
        }
    }

    /// Appends a property with its value, which may be one that the user keeps; false where this
    /// resource has none of that name.
    pub(crate) fn asked(&self, asked: &Asked, kept: &Kept<'_>, out: &mut Vec<u8>) -> bool {
        if let Some(value) = kept.value(asked) {
            out.extend_from_slice(value.as_bytes());
            return true;
        }
        match asked {
            Asked::Known(property) => self.property(*property, out),
            Asked::Unknown { .. } => false,
        }
    }

    /// Appends a property with its value; false where this resource has none of that name.
    fn property(&self, property: Property, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Book(view) => {
                of_anything(&view.session, property, out) || of_book(view, property, out)
            }
            Self::Other(session, resource) => {
                of_anything(session, property, out) || of_other(session, resource, property, out)
            }
        }
    }
}

fn is_unknown(asked: &Asked) -> bool {
    matches!(asked, Asked::Unknown { .. })
}

fn is_in_allprop(asked: &Asked) -> bool {
    matches!(asked, Asked::Known(property) if property.is_in_allprop())
}

fn of_other(
    session: &Arc<Session>,
    resource: &Resource,
    property: Property,
    out: &mut Vec<u8>,
) -> bool {
    let user = &session.user;
    match (resource, property) {
        (Resource::Principal(id), _) => {
            let user = session.user_of(id);
            return user.is_some_and(|user| principal::property(session, user, property, out));
        }
        (_, Property::ResourceType) => value(property, "<collection/>", out),
        (Resource::Principals, Property::SupportedReportSet) => {
            value(property, &reports(&["principal-search-property-set"]), out);
        }
        (_, Property::SupportedReportSet) => value(property, &reports(&[]), out),
        (Resource::Home(_), Property::DisplayName) => text(property, &name_of(session, user), out),
        (Resource::Home(_), Property::Owner) => href(property, &session.principal_href(), out),
        (Resource::Home(_), Property::QuotaUsedBytes) => {
            let own = session.sight().map(|sight| sight.personal(user.id)).unwrap_or_default();
            value(property, &quota::used_bytes(session, &own).to_string(), out);
        }
        (Resource::Home(_), Property::CreationDate) => return created(user.created, out),
        (Resource::Home(_), _) => {
            return privilege::property(session, Rights::Members, property, out);
        }
        _ => return privilege::property(session, Rights::Read, property, out),
    }
    true
}
