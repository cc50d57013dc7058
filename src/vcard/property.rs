//! A property that is written anew: in no version's encoding, until it is written in one.

use crate::vcard::convert::ONLY_IN_4;
use crate::vcard::convert::media::is_media;
use crate::vcard::line::Content;
use crate::vcard::text::{decoded, escape, split, unescaped};
use crate::vcard::write::fold;

/// Further types of a property are left out.
const TYPES_MAX: usize = 100;
/// Bare parameters of vCard 2.1 that say how the value is written, not what kind it is.
const BARE_ENCODINGS: [&str; 9] =
    ["QUOTED-PRINTABLE", "BASE64", "B", "7BIT", "8BIT", "INLINE", "CID", "CONTENT-ID", "BINARY"];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) group: String,
    /// In upper case; other names than ours are as they came.
    pub(super) name: String,
    /// All types, one by one.
    pub(super) types: Vec<String>,
    /// The other parameters, as they are written: quotes and escapes are in the value.
    pub(super) parameters: Vec<(String, String)>,
    /// Whether the value is binary data in Base64.
    pub(super) base64: bool,
    /// Unfolded, with the escapes of vCard 3.0 and 4.0.
    pub(super) value: String,
}

impl Property {
    pub(super) fn new(group: &str, name: &str, value: String) -> Self {
        Self { group: group.to_owned(), name: name.to_owned(), value, ..Self::default() }
    }

    pub(super) fn of(content: &Content<'_>) -> Self {
        let group: String = content.group().chars().filter(char::is_ascii_graphic).collect();
        let group = group.replace(['"', ',', '='], "");
        let mut property = Self::new(&group, content.name(), String::new());
        if content.name().bytes().any(|byte| byte.is_ascii_lowercase()) && !is_extension(content) {
            property.name.make_ascii_uppercase();
        }
        let value = decoded(content);
        let may_be_data = is_media(&property.name) || is_extension(content);
        property.base64 = content.is_base64() && may_be_data && value.bytes().all(is_base64);
        property.value = match () {
            () if property.base64 => value.chars().filter(|c| !c.is_whitespace()).collect(),
            () => value.replace('\n', "\\n"),
        };
        for (name, value) in content.raw_parameters() {
            property.take(name, value);
        }
        property
    }

    fn take(&mut self, name: &str, value: &str) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if name.is_empty() || is("TYPE") {
            let bare = name.is_empty();
            for kind in value.split(',').map(|kind| kind.trim_matches(['"', ' '])) {
                let said = |known: &&str| bare && kind.eq_ignore_ascii_case(known);
                if bare && (kind.eq_ignore_ascii_case("URL") || kind.eq_ignore_ascii_case("URI")) {
                    self.parameters.push(("VALUE".into(), "uri".into()));
                } else if !BARE_ENCODINGS.iter().any(said) {
                    self.add_type(kind);
                }
            }
        } else if !(is("CHARSET") || is("ENCODING") && is_known_encoding(value)) {
            self.parameters.push((name.to_owned(), value.to_owned()));
        }
    }

    fn add_type(&mut self, kind: &str) {
        let room = self.types.len() < TYPES_MAX;
        if room && !kind.is_empty() && !self.has_type(kind) {
            self.types.push(kind.to_owned());
        }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The group by which lines belong together.
    pub(super) fn group_key(&self) -> Option<String> {
        (!self.group.is_empty()).then(|| self.group.to_ascii_lowercase())
    }

    /// The first value of a parameter, without its quotes.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let (_, value) = parameters.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(inner(value))
    }

    /// Removes a parameter and gives what [`Property::parameter`] gave.
    pub(super) fn take_parameter(&mut self, name: &str) -> Option<String> {
        let value = self.parameter(name)?.to_owned();
        self.parameters.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
        Some(value)
    }

    /// Adds a parameter, with its value as it is to be written.
    pub(super) fn put_parameter(&mut self, name: &str, value: &str) {
        self.parameters.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn has_type(&self, kind: &str) -> bool {
        self.types.iter().any(|found| found.eq_ignore_ascii_case(kind))
    }

    /// Removes a type and says whether it was there.
    pub(super) fn take_type(&mut self, kind: &str) -> bool {
        let before = self.types.len();
        self.types.retain(|found| !found.eq_ignore_ascii_case(kind));
        self.types.len() < before
    }

    /// How much the property is preferred to others of its name, from 1; see RFC 6350 5.3.
    pub(super) fn preference(&self) -> Option<u8> {
        let named = |name: &str| self.parameter(name).and_then(|text| text.parse().ok());
        let pref = || self.has_type("pref").then_some(1);
        named("PREF").or_else(|| named("X-PREF")).or_else(pref)
    }

    /// The value's kind as `VALUE` names it, in lower case; empty where it does not.
    pub(super) fn value_kind(&self) -> String {
        self.parameter("VALUE").unwrap_or_default().to_ascii_lowercase()
    }

    /// The value as one text, without its escapes.
    pub(super) fn text(&self) -> String {
        unescaped(&self.value).into_owned()
    }

    /// Gives the property this text as its value.
    pub(super) fn set_text(&mut self, text: &str) {
        self.value.clear();
        escape(text, &mut self.value);
    }

    /// Gives the property this URI as its value. Commas and semicolons of URIs are not escaped.
    pub(super) fn set_uri(&mut self, uri: &str) {
        self.value = uri.replace('\\', "\\\\").replace('\n', "\\n");
    }

    /// Writes text with the escapes that it must have and no others.
    pub(super) fn clean(&mut self) {
        self.value = match shape(&self.name, &self.value_kind()) {
            Shape::Text => clean(&self.value),
            Shape::List => joined(split(&self.value, ',').map(clean), ","),
            Shape::Components => joined(split(&self.value, ';').map(clean), ";"),
            Shape::Lists => {
                let list = |part| joined(split(part, ',').map(clean), ",");
                joined(split(&self.value, ';').map(list), ";")
            }
            Shape::Uri => {
                let uri = self.text();
                return self.set_uri(uri.trim());
            }
            Shape::Other => return,
        };
    }

    /// Appends the property as a folded line. What can stand in no card's line is left out.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if !is_token(&self.name) {
            return;
        }
        let mut line = String::with_capacity(self.value.len() + 64);
        // Behind a dot of its own a name that has one is no group.
        if !self.group.is_empty() || self.name.contains('.') {
            line.extend([&self.group, "."]);
        }
        line.push_str(&self.name);
        if self.base64 {
            line.push_str(";ENCODING=b");
        }
        for (name, value) in self.parameters.iter().filter(|(name, _)| is_name(name)) {
            line.extend([";", name, "="]);
            push_parameter(value, &mut line);
        }
        for (at, kind) in self.types.iter().enumerate() {
            line.push_str(if at == 0 { ";TYPE=" } else { "," });
            push_parameter(kind, &mut line);
        }
        line.push(':');
        line.extend(self.value.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }));
        fold(&line, out);
    }
}

fn is_extension(content: &Content<'_>) -> bool {
    let starts = |start: &str| {
        content.name().get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start))
    };
    starts("X-") && !starts(ONLY_IN_4)
}

fn is_known_encoding(value: &str) -> bool {
    ["QUOTED-PRINTABLE", "7BIT", "8BIT", "B", "BASE64"]
        .iter()
        .any(|known| value.eq_ignore_ascii_case(known))
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=".contains(&byte)
}

pub(super) fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !b"\":;,=".contains(&b))
}

pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

fn inner(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

/// Appends a parameter's value: as it is where that can be read again, else quoted.
pub(super) fn push_parameter(value: &str, line: &mut String) {
    if is_readable(value) {
        return line.push_str(value);
    }
    let plain = value.chars().filter(|c| *c != '"').map(|c| if c.is_control() { ' ' } else { c });
    line.push('"');
    line.extend(plain);
    line.push('"');
}

/// Whether a value is made of quoted and plain parts with commas between them.
fn is_readable(value: &str) -> bool {
    let mut quoted = false;
    let mut before = ',';
    for character in value.chars() {
        match character {
            '"' if quoted => quoted = false,
            '"' if before == ',' => quoted = true,
            '"' => return false,
            ':' | ';' if !quoted => return false,
            // Nothing may follow a closing quotation mark but a comma.
            c if before == '"' && !quoted && c != ',' => return false,
            c if c.is_control() && c != '\t' => return false,
            _ => {}
        }
        // An opening mark counts as text, or the next character would seem to follow a closing one.
        before = if character == '"' && quoted { 'q' } else { character };
    }
    !quoted
}

/// How a value is put together.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Text,
    /// Texts with commas between them.
    List,
    /// Texts with semicolons between them.
    Components,
    /// Components that are lists.
    Lists,
    Uri,
    /// Not known, so kept as it is.
    Other,
}

pub(super) fn shape(name: &str, kind: &str) -> Shape {
    match name {
        "N" | "ADR" => Shape::Lists,
        "ORG" | "GENDER" => Shape::Components,
        "CATEGORIES" | "NICKNAME" => Shape::List,
        "FN" | "NOTE" | "TITLE" | "ROLE" | "EMAIL" | "PRODID" | "MAILER" | "LABEL" | "CLASS"
        | "SORT-STRING" | "X-MANAGER" | "X-ASSISTANT" | "X-SPOUSE" => Shape::Text,
        name if name.eq_ignore_ascii_case("X-ABLABEL") => Shape::Text,
        "TEL" | "UID" | "RELATED" if kind == "uri" => Shape::Uri,
        "TEL" | "UID" | "RELATED" => Shape::Text,
        "URL" | "IMPP" | "SOURCE" | "FBURL" | "CALURI" | "CALADRURI" | "MEMBER" => Shape::Uri,
        _ => Shape::Other,
    }
}

fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(&unescaped(text), &mut out);
    out
}

fn joined(parts: impl Iterator<Item = String>, separator: &str) -> String {
    let mut out = String::new();
    for (at, part) in parts.enumerate() {
        out.push_str(if at == 0 { "" } else { separator });
        out.push_str(&part);
    }
    out
}
