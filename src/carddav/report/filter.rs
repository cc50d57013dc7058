//! Filters of addressbook-query (RFC 6352 10.5), read from XML and refused where they ask for what
//! cannot be answered.

use crate::carddav::answer::error::{Condition, Refusal};
use crate::carddav::report::text_match::{Collation, MatchType, TextMatch};
use crate::carddav::request::elements::bad_request;
use crate::carddav::request::xml::{self, CARDDAV, Element, Namespace};
use crate::contact::number::{NumberPattern, Numbering, is_plain};

/// More conditions are refused: each is looked at with each card.
const CONDITIONS_MAX: usize = 500;
/// Longer names name no property.
const NAME_BYTES_MAX: usize = 100;
/// Nobody searches in what these hold: whether they are there can be asked.
const BINARY: [&str; 4] = ["PHOTO", "LOGO", "SOUND", "KEY"];

/// Which cards are wanted. Without conditions: all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) test: Test,
    pub(crate) properties: Vec<PropFilter>,
}

/// Whether one condition is enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Test {
    #[default]
    AnyOf,
    AllOf,
}

/// A condition on the lines of one property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PropFilter {
    /// Of lines in this group only, where one is told.
    pub(crate) group: Option<Box<str>>,
    pub(crate) name: Box<str>,
    pub(crate) condition: Of<(Test, Vec<LineFilter>)>,
}

/// What must be true of a property or a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Of<T> {
    Defined,
    NotDefined,
    /// There is one of which this is true.
    Matching(T),
}

/// A condition on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LineFilter {
    Value(TextMatch),
    /// Of a TEL: as it is written, or by the meaning of the number.
    Number(TextMatch, NumberPattern),
    Parameter(ParamFilter),
}

/// A condition on the parameters of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParamFilter {
    pub(crate) name: Box<str>,
    pub(crate) condition: Of<TextMatch>,
}

impl Test {
    /// Whether the conditions are met, of which there is at least one.
    pub(crate) fn holds<T>(self, conditions: &[T], is_met: impl FnMut(&T) -> bool) -> bool {
        match self {
            Self::AnyOf => conditions.iter().any(is_met),
            Self::AllOf => conditions.iter().all(is_met),
        }
    }

    fn of(element: &Element) -> Result<Self, Refusal> {
        match element.attribute("test") {
            None | Some("anyof") => Ok(Self::AnyOf),
            Some("allof") => Ok(Self::AllOf),
            Some(_) => Err(bad_request("a test is anyof or allof")),
        }
    }
}

impl PropFilter {
    /// Whether the property has this name, whatever its case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

impl Filter {
    /// Every card, as clients ask by an empty filter or none (Linphone's synchronization).
    pub(crate) fn everything() -> Self {
        Self { test: Test::AnyOf, properties: Vec::new() }
    }

    /// How many conditions there are on properties, values and parameters.
    pub(crate) fn conditions(&self) -> usize {
        let inside = |property: &PropFilter| match &property.condition {
            Of::Matching((_, conditions)) => conditions.len(),
            Of::Defined | Of::NotDefined => 0,
        };
        self.properties.iter().map(|property| 1 + inside(property)).sum()
    }

    /// Reads a `CARDDAV:filter`. `numbering` says how the asker's organization dials.
    ///
    /// # Errors
    /// 403 where a property, parameter or collation is not supported, 400 where it is no filter.
    pub(crate) fn of(element: &Element, numbering: &Numbering) -> Result<Self, Refusal> {
        let mut reader = Reader { conditions: 0, numbering };
        let properties = element.children.iter().map(|child| match named(child, "prop-filter") {
            true => reader.prop_filter(child),
            false => Err(unsupported(child)),
        });
        let properties = properties.collect::<Result<_, _>>()?;
        Ok(Self { test: Test::of(element)?, properties })
    }
}

struct Reader<'n> {
    conditions: usize,
    numbering: &'n Numbering,
}

impl Reader<'_> {
    fn prop_filter(&mut self, element: &Element) -> Result<PropFilter, Refusal> {
        self.count(element)?;
        let whole = name(element)?;
        let (group, name) = match whole.split_once('.') {
            Some((group, name)) => (Some(group), name),
            None => (None, whole),
        };
        let is_name = |name: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(plain)
        };
        let envelope = ["BEGIN", "END"].iter().any(|no| name.eq_ignore_ascii_case(no));
        if !is_name(name) || group.is_some_and(|group| !is_name(group)) || envelope {
            return Err(unsupported(element));
        }
        let test = Test::of(element)?;
        let condition = condition(element, |conditions| {
            let read = conditions.iter().map(|child| self.line_filter(name, element, child));
            Ok((test, read.collect::<Result<_, _>>()?))
        })?;
        Ok(PropFilter { group: group.map(Into::into), name: name.into(), condition })
    }

    fn line_filter(
        &mut self,
        property: &str,
        whole: &Element,
        element: &Element,
    ) -> Result<LineFilter, Refusal> {
        self.count(whole)?;
        if named(element, "param-filter") {
            return self.param_filter(element).map(LineFilter::Parameter);
        }
        let binary = BINARY.iter().any(|name| property.eq_ignore_ascii_case(name));
        if !named(element, "text-match") || binary {
            return Err(unsupported(whole));
        }
        let text = text_match(element)?;
        let number = property.eq_ignore_ascii_case("TEL").then(|| self.number(&text)).flatten();
        Ok(match number {
            Some(number) => LineFilter::Number(text, number),
            None => LineFilter::Value(text),
        })
    }

    fn param_filter(&mut self, element: &Element) -> Result<ParamFilter, Refusal> {
        let name = name(element)?.into();
        let condition = condition(element, |conditions| match conditions {
            [one] if named(one, "text-match") => text_match(one),
            [_] => Err(unsupported(element)),
            _ => Err(bad_request("a param-filter has one condition")),
        })?;
        Ok(ParamFilter { name, condition })
    }

    /// What is asked of a number, where the text is one or a part of one.
    fn number(&self, text: &TextMatch) -> Option<NumberPattern> {
        let part = text.text.trim();
        let part = part.strip_prefix("tel:").unwrap_or(part);
        if !is_plain(part) || !part.contains(|c: char| c.is_ascii_digit()) {
            return None;
        }
        match text.kind {
            MatchType::Equals => Some(NumberPattern::equals(part, self.numbering)),
            MatchType::Contains => NumberPattern::parts(None, &[part], None, self.numbering),
            MatchType::StartsWith => NumberPattern::parts(Some(part), &[], None, self.numbering),
            MatchType::EndsWith => NumberPattern::parts(None, &[], Some(part), self.numbering),
        }
    }

    fn count(&mut self, element: &Element) -> Result<(), Refusal> {
        self.conditions += 1;
        let few = self.conditions <= CONDITIONS_MAX;
        let text = format!("a filter has at most {CONDITIONS_MAX} conditions");
        few.then_some(()).ok_or_else(|| violated(element, text))
    }
}

/// What an element says of the property or parameter that it names.
fn condition<T>(
    element: &Element,
    matching: impl FnOnce(&[Element]) -> Result<T, Refusal>,
) -> Result<Of<T>, Refusal> {
    let absent = element.children.iter().any(|child| named(child, "is-not-defined"));
    match element.children.as_slice() {
        [] => Ok(Of::Defined),
        [_] if absent => Ok(Of::NotDefined),
        _ if absent => Err(bad_request("is-not-defined stands alone")),
        conditions => matching(conditions).map(Of::Matching),
    }
}

fn text_match(element: &Element) -> Result<TextMatch, Refusal> {
    let collation =
        element.attribute("collation").map_or(Some(Collation::UnicodeCasemap), Collation::parse);
    let collation = collation.ok_or_else(|| {
        let text = "collations are i;unicode-casemap and i;ascii-casemap";
        Refusal::violated(Condition::SupportedCollation, text)
    })?;
    let kind = element.attribute("match-type").map_or(Some(MatchType::Contains), MatchType::parse);
    let kind = kind
        .ok_or_else(|| bad_request("a match-type is equals, contains, starts-with or ends-with"))?;
    let negated = match element.attribute("negate-condition") {
        None | Some("no") => false,
        Some("yes") => true,
        Some(_) => return Err(bad_request("a negate-condition is yes or no")),
    };
    if !element.children.is_empty() {
        return Err(bad_request("a text-match holds text"));
    }
    Ok(TextMatch::new(&element.text, kind, collation).negated(negated))
}

fn named(element: &Element, local: &str) -> bool {
    element.is(&Namespace::CardDav, local)
}

fn name(element: &Element) -> Result<&str, Refusal> {
    let name = element.attribute("name").filter(|name| !name.is_empty());
    name.ok_or_else(|| bad_request("prop-filter and param-filter have a name"))
}

fn unsupported(element: &Element) -> Refusal {
    violated(element, "cards cannot be searched by this".to_owned())
}

/// Names the element that is to blame, as RFC 6352 8.6 wants it.
fn violated(element: &Element, text: String) -> Refusal {
    let mut blamed = Vec::new();
    if named(element, "prop-filter") || named(element, "param-filter") {
        let bare = Element { children: Vec::new(), text: String::new(), ..element.clone() };
        xml::write(&bare, &[("", "DAV:"), ("C", CARDDAV)], &mut blamed);
    }
    let blamed = String::from_utf8(blamed).unwrap_or_default();
    Refusal::violated(Condition::SupportedFilter { blamed }, text)
}
