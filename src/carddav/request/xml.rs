//! XML in requests: read into a small tree, with limits and without anything a DAV body never needs.

use std::borrow::Cow;

use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{NamespaceResolver, QName, ResolveResult};
use quick_xml::reader::NsReader;

mod write;

pub(crate) use write::write;

/// Deeper bodies are refused.
const DEPTH_MAX: usize = 50;
/// Elements with more attributes are refused: each is compared with all others.
const ATTRIBUTES_MAX: usize = 100;
/// Bodies with more elements and attributes are refused: one of a byte in the body takes a hundred here.
const NODES_MAX: usize = 50_000;
/// Longer names of namespaces are refused, in bytes: each element and attribute has its own copy.
const NAMESPACE_BYTES_MAX: usize = 500;

/// The namespaces that are known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Namespace {
    /// `DAV:`
    Dav,
    /// `urn:ietf:params:xml:ns:carddav`
    CardDav,
    /// `http://calendarserver.org/ns/`
    CalendarServer,
    /// Any other; empty for names in none.
    Other(Box<str>),
}

pub(crate) const CARDDAV: &str = "urn:ietf:params:xml:ns:carddav";
pub(crate) const CALENDARSERVER: &str = "http://calendarserver.org/ns/";
/// The namespace of `xml:lang`, which needs no declaration.
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of declarations of namespaces.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

impl Namespace {
    pub(crate) fn of(uri: &str) -> Self {
        match uri {
            "DAV:" => Self::Dav,
            CARDDAV => Self::CardDav,
            CALENDARSERVER => Self::CalendarServer,
            other => Self::Other(other.into()),
        }
    }

    pub(crate) fn uri(&self) -> &str {
        match self {
            Self::Dav => "DAV:",
            Self::CardDav => CARDDAV,
            Self::CalendarServer => CALENDARSERVER,
            Self::Other(uri) => uri,
        }
    }
}

/// An element with what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) namespace: Namespace,
    pub(crate) local: Box<str>,
    /// As it was written; empty where there was none.
    pub(crate) prefix: Box<str>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<Self>,
    /// All text directly in the element.
    pub(crate) text: String,
    /// Where it stands in its parent's text, in bytes.
    pub(crate) position: usize,
}

/// An attribute that declares no namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// Empty for those without a prefix, as all of DAV are.
    pub(crate) namespace: Box<str>,
    pub(crate) prefix: Box<str>,
    pub(crate) local: Box<str>,
    pub(crate) value: Box<str>,
}

impl Element {
    pub(crate) fn is(&self, namespace: &Namespace, local: &str) -> bool {
        self.namespace == *namespace && *self.local == *local
    }

    pub(crate) fn is_dav(&self, local: &str) -> bool {
        self.is(&Namespace::Dav, local)
    }

    /// The first child of this name in `DAV:`.
    pub(crate) fn dav(&self, local: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is_dav(local))
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attribute_in("", name)
    }

    pub(crate) fn attribute_in(&self, namespace: &str, name: &str) -> Option<&str> {
        let is = |found: &&Attribute| *found.namespace == *namespace && *found.local == *name;
        self.attributes.iter().find(is).map(|found| &*found.value)
    }
}

/// Why a body is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XmlError {
    #[error("the body is not UTF-8")]
    NotUtf8,
    #[error("the body is no well-formed XML: {0}")]
    Malformed(String),
    #[error("a document type declaration is not accepted")]
    DocumentType,
    #[error("elements are nested deeper than {DEPTH_MAX}")]
    TooDeep,
    #[error("the body has more than {NODES_MAX} elements and attributes")]
    TooMany,
}

fn malformed(what: impl ToString) -> XmlError {
    XmlError::Malformed(what.to_string())
}

/// Reads a body. None where it is blank.
///
/// # Errors
/// [`XmlError`] where it is no XML, or XML with more than elements, attributes and text.
pub(crate) fn read(body: &[u8]) -> Result<Option<Element>, XmlError> {
    let text = std::str::from_utf8(body).map_err(|_| XmlError::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Ok(None);
    }
    let mut reader = NsReader::from_str(text);
    let mut tree = Tree::default();
    loop {
        let event = reader.read_event().map_err(malformed)?;
        match event {
            Event::Start(start) => tree.open(element(reader.resolver(), &start)?)?,
            Event::Empty(start) => {
                tree.open(element(reader.resolver(), &start)?)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.text(&text.xml10_content())?,
            Event::CData(text) => tree.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(character)) => tree.text(character.encode_utf8(&mut [0; 4]))?,
                Ok(None) => tree.text(entity(&reference.into_inner())?)?,
                Err(error) => return Err(malformed(error)),
            },
            Event::DocType(_) => return Err(XmlError::DocumentType),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof => return tree.finish().map(Some),
        }
    }
}

/// The only entities there are without a document type.
fn entity(name: &str) -> Result<&'static str, XmlError> {
    Ok(match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "apos" => "'",
        "quot" => "\"",
        _ => return Err(malformed("an unknown entity")),
    })
}

fn element(names: &NamespaceResolver, start: &BytesStart<'_>) -> Result<Element, XmlError> {
    let (resolved, local) = names.resolve_element(start.name());
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(malformed)?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        if attributes.len() == ATTRIBUTES_MAX {
            return Err(malformed("an element has very many attributes"));
        }
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
        let (resolved, local) = names.resolve_attribute(attribute.key);
        let read = Attribute {
            namespace: namespace(&resolved)?.into(),
            prefix: prefix(attribute.key)?,
            local: name(local.as_ref())?,
            value: value.map_err(malformed)?.into(),
        };
        // The reader compares prefixes, of which several may be of one namespace.
        let same =
            |other: &Attribute| (&other.namespace, &other.local) == (&read.namespace, &read.local);
        if attributes.iter().any(same) {
            return Err(malformed("an element has an attribute twice"));
        }
        attributes.push(read);
    }
    let uri = namespace(&resolved)?;
    if matches!(&*uri, XML | XMLNS) {
        return Err(malformed("no element has a namespace of XML itself"));
    }
    Ok(Element {
        namespace: Namespace::of(&uri),
        local: name(local.as_ref())?,
        prefix: prefix(start.name())?,
        attributes,
        children: Vec::new(),
        text: String::new(),
        position: 0,
    })
}

fn namespace<'a>(resolved: &ResolveResult<'a>) -> Result<Cow<'a, str>, XmlError> {
    match resolved {
        ResolveResult::Bound(namespace) => {
            let written = namespace.into_inner();
            if written.len() > NAMESPACE_BYTES_MAX {
                return Err(malformed("a namespace has a very long name"));
            }
            // The reader leaves entities in it as they are written, and does not see by them that a
            // prefix is given to a namespace that has its own (Namespaces in XML 1.0 3).
            match unescape(written).map_err(malformed)? {
                Cow::Owned(name) if name == XML || name == XMLNS => {
                    Err(malformed("a namespace of XML itself is declared"))
                }
                name => Ok(name),
            }
        }
        ResolveResult::Unbound => Ok("".into()),
        ResolveResult::Unknown(_) => Err(malformed("a namespace prefix is not declared")),
    }
}

fn prefix(of: QName<'_>) -> Result<Box<str>, XmlError> {
    of.prefix().map_or_else(|| Ok("".into()), |prefix| name(prefix.into_inner()))
}

fn name(text: &str) -> Result<Box<str>, XmlError> {
    let characters = || malformed("a name has characters that names do not have");
    is_name(text).then(|| text.into()).ok_or_else(characters)
}

/// Whether a text is a name without a colon (XML 1.0 2.3), which the reader does not ask: then it can
/// be written into an answer as it is.
pub(crate) fn is_name(name: &str) -> bool {
    let first = |c: char| match c {
        'A'..='Z' | '_' | 'a'..='z' => true,
        '\u{c0}'..='\u{2ff}' => !matches!(c, '\u{d7}' | '\u{f7}'),
        '\u{370}'..='\u{1fff}' => c != '\u{37e}',
        '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' => true,
        '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' => true,
        c => matches!(c, '\u{10000}'..='\u{effff}'),
    };
    let other = |c: char| {
        let more = matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}');
        more || first(c) || matches!(c, '\u{203f}' | '\u{2040}')
    };
    name.starts_with(first) && name.chars().all(other)
}

/// The elements that are open, and the root once it is closed.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    /// Elements and attributes.
    nodes: usize,
}

impl Tree {
    fn open(&mut self, mut element: Element) -> Result<(), XmlError> {
        if self.root.is_some() {
            return Err(malformed("there are two root elements"));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(XmlError::TooDeep);
        }
        self.nodes += 1 + element.attributes.len();
        if self.nodes > NODES_MAX {
            return Err(XmlError::TooMany);
        }
        element.position = self.open.last().map_or(0, |parent| parent.text.len());
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) -> Result<(), XmlError> {
        let closed =
            self.open.pop().ok_or_else(|| malformed("an element ends that never began"))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => self.root = Some(closed),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(malformed("there is text outside the root element")),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, XmlError> {
        match self.root {
            Some(root) if self.open.is_empty() => Ok(root),
            _ => Err(malformed("an element does not end")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::*;

    fn fails(body: &str) -> XmlError {
        read(body.as_bytes()).unwrap_err()
    }

    #[test]
    fn namespaces_are_resolved() {
        let body = r#"<?xml version="1.0"?><propfind xmlns="DAV:"><prop>
            <x:getctag xmlns:x="http://calendarserver.org/ns/"/><bare xmlns=""/>
            <C:address-data xmlns:C="urn:ietf:params:xml:ns:carddav" version="4.0"/></prop></propfind>"#;
        let root = read(body.as_bytes()).unwrap().unwrap();
        let prop = root.dav("prop").unwrap();
        assert!(prop.children[0].is(&Namespace::CalendarServer, "getctag"));
        assert!(prop.children[1].is(&Namespace::Other("".into()), "bare"));
        assert_eq!(prop.children[2].attribute("version"), Some("4.0"));
    }

    #[test]
    fn text_is_put_together() {
        let body = "<href xmlns='DAV:'>/a&amp;b<!-- no -->&#x2F;<![CDATA[<c>]]></href>";
        assert_eq!(read(body.as_bytes()).unwrap().unwrap().text, "/a&b/<c>");
    }

    #[test]
    fn a_blank_body_says_nothing() {
        assert_eq!(read(b"").unwrap(), None);
        assert_eq!(read(b" \r\n").unwrap(), None);
    }

    #[test]
    fn what_is_no_xml_is_refused() {
        for body in [
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "x<a/>",
            "<a/>x",
            "text",
            "<x:a/>",
            "<a b='1' b='2'/>",
            "<a>&unknown;</a>",
            "<a>&#0;</a>",
            "</a>",
            "<a b=c/>",
            "<1/>",
            "<a\"/>",
            "<?xml version='1.0'?>",
        ] {
            assert!(matches!(fails(body), XmlError::Malformed(_)), "{body}");
        }
        assert_eq!(read(b"<a>\xff</a>"), Err(XmlError::NotUtf8));
    }

    #[test]
    fn bombs_are_refused() {
        let laughs = "<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        assert_eq!(fails(laughs), XmlError::DocumentType);
        assert_eq!(fails("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"), XmlError::DocumentType);
        let deep = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert!(read(deep(50).as_bytes()).is_ok());
        assert_eq!(fails(&deep(51)), XmlError::TooDeep);
        assert_eq!(fails(&"<a>".repeat(100_000)), XmlError::TooDeep);
        let wide = |count: usize| {
            let attributes: String = (0..count).map(|n| format!(" a{n}=''")).collect();
            read(format!("<a{attributes}/>").as_bytes())
        };
        assert!(wide(100).is_ok() && wide(101).is_err());
        let many = |count: usize| read(format!("<a>{}</a>", "<b c=''/>".repeat(count)).as_bytes());
        assert!(many(24_999).is_ok());
        assert_eq!(many(25_000), Err(XmlError::TooMany));
    }

    proptest! {
        #[test]
        fn no_body_fails_badly(body in "(<[/?!]?|[a-c:]|>|=|\"|'|&|;|#|/>|xmlns|\\[CDATA\\[|\\]\\]| ){0,40}") {
            drop(read(body.as_bytes()));
        }
    }
}
