//! Changes of properties, as PROPPATCH and MKCOL ask for them: read, judged, and told.

use hyper::StatusCode;
use rustc_hash::FxHashMap;

use crate::account::property::{
    DavProperty, KeptAt, NAME_BYTES_MAX, PROPERTIES_MAX, VALUE_BYTES_MAX,
};
use crate::carddav::answer::error::Refusal;
use crate::carddav::answer::multistatus::{FOUND, end_propstat, escape};
use crate::carddav::answer::property::Asked;
use crate::carddav::request::elements::bad_request;
use crate::carddav::request::xml::{self, Attribute, Element};
use crate::carddav::write::kept::is_of_users;
use crate::contact::UserId;
use crate::directory::Edit;

/// Deeper values are refused: they are read again within an answer.
const DEPTH_MAX: usize = 40;

/// Properties that RFCs say the server computes, though it does not have them here.
const COMPUTED: [&str; 5] = [
    "lockdiscovery",
    "supportedlock",
    "quota-available-bytes",
    "supported-method-set",
    "supported-live-property-set",
];

/// One property and what shall become of it.
pub(crate) struct Change<'a> {
    pub(crate) asked: Asked,
    pub(crate) element: &'a Element,
    /// The element as it is kept; None: the property goes.
    value: Option<String>,
}

/// Why a change is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Protected,
    /// Larger or deeper than what is kept, or one more than is kept.
    TooMuch,
    /// RFC 5689 3.3
    ResourceType,
}

/// The changes of a `propertyupdate` or `mkcol`, in their order.
///
/// # Errors
/// 400 where there are more than a user keeps.
pub(crate) fn changes(root: &Element) -> Result<Vec<Change<'_>>, Refusal> {
    let mut changes = Vec::new();
    for step in root.children.iter().filter(|child| child.is_dav("set") || child.is_dav("remove")) {
        for prop in step.children.iter().filter(|child| child.is_dav("prop")) {
            // The language of a value may be told around it (RFC 4918 4.3).
            let language = [prop, step, root].into_iter().find_map(language);
            changes.extend(prop.children.iter().map(|element| Change {
                asked: Asked::of(element),
                element,
                value: step.is_dav("set").then(|| kept(element, language)),
            }));
        }
    }
    match changes.len() <= PROPERTIES_MAX {
        true => Ok(changes),
        false => Err(bad_request("a request changes at most 1000 properties")),
    }
}

fn language(element: &Element) -> Option<&str> {
    element.attribute_in(xml::XML, "lang")
}

fn kept(element: &Element, inherited: Option<&str>) -> String {
    let mut element = element.clone();
    if let Some(inherited) = inherited.filter(|_| language(&element).is_none()) {
        element.attributes.push(Attribute {
            namespace: xml::XML.into(),
            prefix: "xml".into(),
            local: "lang".into(),
            value: inherited.into(),
        });
    }
    let mut out = Vec::new();
    xml::write(&element, &[], &mut out);
    String::from_utf8(out).unwrap_or_default()
}

impl Change<'_> {
    /// What stands against the change where users may keep properties.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let (namespace, local) = (self.element.namespace.uri(), &*self.element.local);
        match self.asked {
            Asked::Known(property) if !is_of_users(property) => return Some(Fault::Protected),
            _ if self.element.is_dav(local) && COMPUTED.contains(&local) => {
                return Some(Fault::Protected);
            }
            _ => {}
        }
        let too_long = self.value.as_ref().is_some_and(|value| value.len() > VALUE_BYTES_MAX)
            || namespace.len() + local.len() > NAME_BYTES_MAX;
        (too_long || depth(self.element) > DEPTH_MAX).then_some(Fault::TooMuch)
    }

    /// The edits that leave each property as its last change does.
    pub(crate) fn edits(changes: &[Self], user: UserId, place: KeptAt) -> Vec<Edit> {
        let mut last: FxHashMap<(&str, &str), &Self> = FxHashMap::default();
        for change in changes {
            last.insert((change.element.namespace.uri(), &change.element.local), change);
        }
        let is_last = |change: &&Self| {
            let name = (change.element.namespace.uri(), &*change.element.local);
            last.get(&name).is_some_and(|last| std::ptr::eq(*last, *change))
        };
        changes.iter().filter(is_last).map(|change| change.edit(user, place)).collect()
    }

    pub(crate) fn sets(&self) -> bool {
        self.value.is_some()
    }

    fn edit(&self, user: UserId, place: KeptAt) -> Edit {
        let (namespace, local) = (self.element.namespace.uri().into(), self.element.local.clone());
        match &self.value {
            Some(value) => {
                let value = value.as_str().into();
                Edit::PutProperty(DavProperty { user, place, namespace, local, value })
            }
            None => Edit::RemoveProperty { user, place, namespace, local },
        }
    }
}

fn depth(element: &Element) -> usize {
    1 + element.children.iter().map(depth).max().unwrap_or_default()
}

/// Appends what became of each property: all were changed, or none, and then those without a fault
/// failed because of the others (RFC 4918 9.2.1).
pub(crate) fn told(changes: &[Change<'_>], faults: &[Option<Fault>], out: &mut Vec<u8>) {
    if faults.iter().all(Option::is_none) {
        propstat(changes.iter(), out);
        return out.extend_from_slice(FOUND);
    }
    for fault in [Some(Fault::ResourceType), Some(Fault::Protected), Some(Fault::TooMuch), None] {
        let judged = changes.iter().zip(faults).filter(|(_, found)| **found == fault);
        let mut of_fault = judged.map(|(change, _)| change).peekable();
        if of_fault.peek().is_some() {
            propstat(of_fault, out);
            let (status, error) = status(fault);
            end_propstat(status, &error, out);
        }
    }
}

fn propstat<'a>(changes: impl Iterator<Item = &'a Change<'a>>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<propstat><prop>");
    let mut told: Vec<&Asked> = Vec::new();
    for change in changes {
        // A property that is set and removed again is told once.
        if !told.contains(&&change.asked) {
            change.asked.write_empty(out);
            told.push(&change.asked);
        }
    }
}

fn status(fault: Option<Fault>) -> (StatusCode, String) {
    let described = |text: String| {
        let mut out = b"<responsedescription>".to_vec();
        escape(text.as_bytes(), &mut out);
        out.extend_from_slice(b"</responsedescription>");
        String::from_utf8(out).unwrap_or_default()
    };
    match fault {
        None => (StatusCode::FAILED_DEPENDENCY, String::new()),
        Some(Fault::Protected) => {
            let error = "<error><cannot-modify-protected-property/></error>";
            (StatusCode::FORBIDDEN, error.to_owned())
        }
        Some(Fault::ResourceType) => {
            let text = "only address books are made here: collection and CARDDAV:addressbook";
            let error = format!("<error><valid-resourcetype/></error>{}", described(text.into()));
            (StatusCode::FORBIDDEN, error)
        }
        Some(Fault::TooMuch) => {
            let text = format!(
                "a property has at most {VALUE_BYTES_MAX} bytes, {NAME_BYTES_MAX} in its name, \
                {DEPTH_MAX} levels; a user keeps a limited number of them"
            );
            (StatusCode::INSUFFICIENT_STORAGE, described(text))
        }
    }
}
