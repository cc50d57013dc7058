//! A tree as XML again: names, attributes, text and what is inside come back equal; comments do not.

use crate::carddav::answer::multistatus::escape;
use crate::carddav::request::xml::{Element, XML};

/// Appends an element. `scope` are the namespaces that are declared around it, as prefix and URI; all
/// others it declares itself, also that it is in none, so that it can stand anywhere. Elements are as deep as [`crate::carddav::request::xml::read`] lets them be.
pub(crate) fn write(element: &Element, scope: &[(&str, &str)], out: &mut Vec<u8>) {
    let mut scope = scope.to_vec();
    let mut new = Vec::new();
    let of_attributes = element.attributes.iter();
    let of_attributes = of_attributes.map(|attribute| (&*attribute.prefix, &*attribute.namespace));
    let named = std::iter::once((&*element.prefix, element.namespace.uri()));
    for (prefix, uri) in named.chain(of_attributes.filter(|(prefix, _)| !prefix.is_empty())) {
        let bound = scope.iter().rev().find(|(bound, _)| *bound == prefix).map(|(_, uri)| *uri);
        if bound != Some(uri) && uri != XML {
            scope.push((prefix, uri));
            new.push((prefix, uri));
        }
    }
    out.push(b'<');
    name(&element.prefix, &element.local, out);
    for attribute in &element.attributes {
        out.push(b' ');
        name(&attribute.prefix, &attribute.local, out);
        quoted(&attribute.value, out);
    }
    for (prefix, uri) in new {
        out.extend_from_slice(b" xmlns");
        if !prefix.is_empty() {
            out.push(b':');
            out.extend_from_slice(prefix.as_bytes());
        }
        quoted(uri, out);
    }
    if element.children.is_empty() && element.text.is_empty() {
        return out.extend_from_slice(b"/>");
    }
    out.push(b'>');
    inside(element, &scope, out);
    out.extend_from_slice(b"</");
    name(&element.prefix, &element.local, out);
    out.push(b'>');
}

/// The children, each where it stood in the text.
fn inside(element: &Element, scope: &[(&str, &str)], out: &mut Vec<u8>) {
    let text = element.text.as_bytes();
    let mut written = 0;
    for child in &element.children {
        escape(text.get(written..child.position).unwrap_or_default(), out);
        written = written.max(child.position);
        write(child, scope, out);
    }
    escape(text.get(written..).unwrap_or_default(), out);
}

fn name(prefix: &str, local: &str, out: &mut Vec<u8>) {
    if !prefix.is_empty() {
        out.extend_from_slice(prefix.as_bytes());
        out.push(b':');
    }
    out.extend_from_slice(local.as_bytes());
}

/// White space is written as references, or readers would make blanks of it (XML 1.0 3.3.3).
fn quoted(value: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"='");
    let mut escaped = Vec::with_capacity(value.len());
    escape(value.as_bytes(), &mut escaped);
    for byte in escaped {
        match byte {
            b'\'' => out.extend_from_slice(b"&apos;"),
            b'\t' => out.extend_from_slice(b"&#9;"),
            b'\n' => out.extend_from_slice(b"&#10;"),
            byte => out.push(byte),
        }
    }
    out.push(b'\'');
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::*;
    use crate::carddav::request::xml::read;

    fn written(body: &str) -> String {
        let mut out = Vec::new();
        write(&read(body.as_bytes()).unwrap().unwrap(), &[], &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn namespaces_are_declared_where_they_are_needed() {
        for (body, expected) in [
            ("<D:a xmlns:D=\"DAV:\" xmlns:unused='urn:u'/>", "<D:a xmlns:D='DAV:'/>"),
            ("<a xml:lang=\"en\">x</a>", "<a xml:lang='en' xmlns=''>x</a>"),
            (
                "<a xmlns='DAV:'><b xmlns=''>1</b><x:c xmlns:x='urn:x' x:y='1' z='2'/></a>",
                "<a xmlns='DAV:'><b xmlns=''>1</b><x:c x:y='1' z='2' xmlns:x='urn:x'/></a>",
            ),
            (
                "<x:a xmlns:x='urn:1'><x:a xmlns:x='urn:2'/><x:b/></x:a>",
                "<x:a xmlns:x='urn:1'><x:a xmlns:x='urn:2'/><x:b/></x:a>",
            ),
        ] {
            assert_eq!(written(body), expected);
        }
    }

    #[test]
    fn text_stays_between_the_elements_where_it_was() {
        let mixed = "<a xmlns=''>one &lt;<b/> two<c>3</c><d/>]]&gt;</a>";
        assert_eq!(written(mixed), mixed);
    }

    #[test]
    fn what_is_declared_around_it_is_not_declared_again() {
        let element = read(b"<a xmlns='DAV:' xmlns:x='urn:x'><x:b/></a>").unwrap().unwrap();
        let mut out = Vec::new();
        write(&element, &[("", "DAV:")], &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "<a><x:b xmlns:x='urn:x'/></a>");
    }

    #[test]
    fn attributes_keep_their_white_space() {
        let element = read(b"<a b='&#9;&#10;&#13; &apos;&quot;&lt;'/>").unwrap().unwrap();
        assert_eq!(&*element.attributes[0].value, "\t\n\r '\"<");
        assert_eq!(
            read(written("<a b='&#9;&#10;&#13; &apos;&quot;&lt;'/>").as_bytes()).unwrap(),
            Some(element)
        );
    }

    proptest! {
        #[test]
        fn what_was_read_reads_back_equal(
            body in "(<(x:)?[ab]( (y:)?[cd]='[ef]?')?( xmlns(:[xy])?='(urn:[12])?')?(>|/>)|</(x:)?[ab]>|[ghi ]|&lt;){0,20}"
        ) {
            let body = format!("<r xmlns:x='urn:1' xmlns:y='urn:2'>{body}</r>");
            if let Ok(Some(element)) = read(body.as_bytes()) {
                let mut out = Vec::new();
                write(&element, &[], &mut out);
                prop_assert_eq!(read(&out).unwrap(), Some(element));
            }
        }
    }
}
