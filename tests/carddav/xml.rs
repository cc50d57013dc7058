//! Answers read as XML, the way strict clients read them.

use std::collections::BTreeMap;

use quick_xml::XmlVersion;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{NamespaceResolver, ResolveResult};
use quick_xml::reader::NsReader;

/// An element: its name with the prefix that is usual for its namespace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) children: Vec<Self>,
    pub(crate) text: String,
}

impl Node {
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text, or the elements inside as `name` or `name(…)`.
    pub(crate) fn value(&self) -> String {
        if self.children.is_empty() {
            return self.text.clone();
        }
        let inner = self.children.iter().map(|child| match child.value() {
            inner if inner.trim().is_empty() => child.name.clone(),
            inner => format!("{}({inner})", child.name),
        });
        inner.collect::<Vec<_>>().join(" ")
    }
}

/// Reads a document.
pub(crate) fn parse(text: &str) -> Node {
    let mut reader = NsReader::from_str(text);
    let mut open = vec![Node::default()];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => open.push(element(reader.resolver(), &start)),
            Event::Empty(start) => {
                let empty = element(reader.resolver(), &start);
                open.last_mut().unwrap().children.push(empty);
            }
            Event::End(_) => {
                let closed = open.pop().unwrap();
                open.last_mut().unwrap().children.push(closed);
            }
            Event::Text(text) => open.last_mut().unwrap().text += &text.xml10_content(),
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref().unwrap() {
                    Some(character) => character,
                    None => match &*reference.into_inner() {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        other => panic!("entity {other}"),
                    },
                };
                open.last_mut().unwrap().text.push(character);
            }
            Event::Decl(_) => {}
            Event::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(open.len(), 1, "an element does not end: {text}");
    open.remove(0).children.remove(0)
}

fn element(names: &NamespaceResolver, start: &BytesStart<'_>) -> Node {
    let (resolved, local) = names.resolve_element(start.name());
    let attributes = start.attributes().map(Result::unwrap);
    let attributes = attributes.filter(|attribute| attribute.key.as_namespace_binding().is_none());
    let attribute = |attribute: Attribute<'_>| {
        let (resolved, local) = names.resolve_attribute(attribute.key);
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned();
        (name(&resolved, local.as_ref()), value)
    };
    let attributes = attributes.map(attribute).collect();
    Node { name: name(&resolved, local.as_ref()), attributes, ..Node::default() }
}

fn name(resolved: &ResolveResult<'_>, local: &str) -> String {
    let namespace = match resolved {
        ResolveResult::Bound(namespace) => namespace.as_ref(),
        ResolveResult::Unbound => return local.to_owned(),
        ResolveResult::Unknown(_) => panic!("{local} has a prefix that is not declared"),
    };
    match namespace {
        "DAV:" => format!("D:{local}"),
        "urn:ietf:params:xml:ns:carddav" => format!("C:{local}"),
        "http://calendarserver.org/ns/" => format!("CS:{local}"),
        "http://www.w3.org/XML/1998/namespace" => format!("xml:{local}"),
        other => format!("{{{other}}}{local}"),
    }
}

/// A multistatus.
#[derive(Clone, Debug)]
pub(crate) struct Multistatus {
    pub(crate) rows: Vec<Row>,
    /// Empty where there is none.
    pub(crate) token: String,
}

/// One response of a multistatus.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) href: String,
    /// Of a response without properties.
    pub(crate) status: Option<u16>,
    /// Properties by the status of their propstat.
    pub(crate) properties: BTreeMap<(u16, String), String>,
    /// Elements of its error.
    pub(crate) error: String,
}

impl Row {
    /// The value of a property that was found.
    pub(crate) fn found(&self, property: &str) -> Option<&str> {
        self.properties.get(&(200, property.to_owned())).map(String::as_str)
    }

    pub(crate) fn has(&self, status: u16, property: &str) -> bool {
        self.properties.contains_key(&(status, property.to_owned()))
    }
}

impl Multistatus {
    pub(crate) fn row(&self, href: &str) -> &Row {
        self.rows.iter().find(|row| row.href == href).unwrap_or_else(|| panic!("{href}: {self:#?}"))
    }

    pub(crate) fn hrefs(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.href.as_str()).collect()
    }
}

pub(crate) fn multistatus(text: &str) -> Multistatus {
    let root = parse(text);
    assert_eq!(root.name, "D:multistatus");
    let token = root.child("D:sync-token").map(|token| token.text.clone()).unwrap_or_default();
    Multistatus { rows: root.all("D:response").map(row).collect(), token }
}

fn row(response: &Node) -> Row {
    let mut properties = BTreeMap::new();
    for (at, propstat) in response.all("D:propstat").enumerate() {
        let status = status(propstat.child("D:status").unwrap());
        assert!(status != 200 || at == 0, "Thunderbird wants the 200 propstat first");
        for property in &propstat.child("D:prop").unwrap().children {
            let twice = properties.insert((status, property.name.clone()), property.value());
            assert_eq!(twice, None, "{} is there twice", property.name);
        }
    }
    let href = response.child("D:href").unwrap().text.clone();
    let status = response.child("D:status").map(status);
    assert!(status.is_some() || response.child("D:propstat").is_some(), "an empty response");
    let error = response.child("D:error").map(Node::value).unwrap_or_default();
    Row { href, status, properties, error }
}

fn status(node: &Node) -> u16 {
    let text = &node.text;
    assert!(text != "HTTP/1.1 200" && text.starts_with("HTTP/1.1 "), "{text}");
    let code = text.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(code != 200 || text == "HTTP/1.1 200 OK", "clients compare this text");
    code
}
