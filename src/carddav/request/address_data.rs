//! What a report wants of the cards themselves (RFC 6352 10.4): their version, and which properties.

use std::borrow::Cow;

use crate::carddav::answer::error::{Condition, Refusal};
use crate::carddav::request::elements::bad_request;
use crate::carddav::request::xml::{Element, Namespace};
use crate::vcard::convert::{Version, convert, version};
use crate::vcard::select::{Wanted, select};

/// Requests for more properties are refused: each line of a card is compared with each.
const PROPERTIES_MAX: usize = 500;
/// Larger cards are converted on a thread of their own.
const AT_ONCE_BYTES_MAX: usize = 64 << 10;

/// The shape in which cards are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AddressData {
    pub(crate) version: Version,
    /// Whether the client said which version it wants.
    pub(crate) named: bool,
    /// None: whole cards.
    properties: Option<Vec<Wanted>>,
}

impl AddressData {
    /// Whole cards in the version that everybody reads: macOS gives up a whole book for one card in
    /// 4.0.
    pub(crate) const USUAL: Self = Self { version: Version::V30, named: false, properties: None };

    /// Whole cards in a version.
    pub(crate) fn in_version(version: Version) -> Self {
        Self { version, ..Self::USUAL }
    }

    /// What the body of a report asks for.
    ///
    /// # Errors
    /// 403 for what is no vCard 3.0 or 4.0 (RFC 6352 8.6, 8.7).
    pub(crate) fn of(report: &Element) -> Result<Self, Refusal> {
        let asked = report.dav("prop").map(|prop| prop.children.as_slice()).unwrap_or_default();
        let mut found = asked.iter().filter(|p| p.is(&Namespace::CardDav, "address-data"));
        let first = found.next().map_or(Ok(Self::USUAL), Self::of_element)?;
        // An answer has one value of a property.
        found.try_for_each(|other| Self::of_element(other).map(drop))?;
        Ok(first)
    }

    fn of_element(element: &Element) -> Result<Self, Refusal> {
        let kind = element.attribute("content-type").unwrap_or("text/vcard");
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let asked = element.attribute("version").map(str::trim);
        let version = match asked {
            None | Some("3.0") => Version::V30,
            Some("4.0") => Version::V40,
            Some(_) => return Err(not_supported()),
        };
        if !kind.eq_ignore_ascii_case("text/vcard") {
            return Err(not_supported());
        }
        let properties = element.children.iter().filter(|p| p.is(&Namespace::CardDav, "prop"));
        let properties: Vec<Wanted> = properties.map(property).collect::<Result<_, _>>()?;
        if properties.len() > PROPERTIES_MAX {
            return Err(bad_request("address-data names at most 500 properties"));
        }
        let properties = (!properties.is_empty()).then_some(properties);
        Ok(Self { version, named: asked.is_some(), properties })
    }

    /// The attributes of an answer's `address-data`: those that the client asked for.
    pub(crate) fn attributes(&self) -> &'static str {
        match (self.named, self.version) {
            (false, _) => "",
            (true, Version::V40) => " content-type=\"text/vcard\" version=\"4.0\"",
            (true, _) => " content-type=\"text/vcard\" version=\"3.0\"",
        }
    }

    /// A stored card as it is wanted; None where that fails, which only a stopping server lets happen.
    pub(crate) async fn shape<'a>(&self, card: Cow<'a, [u8]>) -> Option<Cow<'a, [u8]>> {
        if self.properties.is_none() && version(&card) == Some(self.version) {
            return Some(card);
        }
        if card.len() <= AT_ONCE_BYTES_MAX {
            return Some(self.shaped(card));
        }
        let (data, card) = (self.clone(), card.into_owned());
        let shape = move || data.shaped(Cow::Owned(card)).into_owned();
        tokio::task::spawn_blocking(shape).await.ok().map(Cow::Owned)
    }

    fn shaped<'a>(&self, card: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
        let converted = match card {
            Cow::Borrowed(card) => convert(card, self.version),
            Cow::Owned(card) => match convert(&card, self.version) {
                Cow::Owned(converted) => Cow::Owned(converted),
                Cow::Borrowed(_) => Cow::Owned(card),
            },
        };
        match &self.properties {
            Some(wanted) => Cow::Owned(select(&converted, wanted)),
            None => converted,
        }
    }
}

fn property(element: &Element) -> Result<Wanted, Refusal> {
    let name = element.attribute("name").map(str::trim).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| bad_request("a prop of address-data has a name"))?;
    let novalue = match element.attribute("novalue") {
        None | Some("no") => false,
        Some("yes") => true,
        Some(_) => return Err(bad_request("novalue is yes or no")),
    };
    let (group, name) = match name.split_once('.') {
        Some((group, name)) => (Some(group.to_owned()), name),
        None => (None, name),
    };
    Ok(Wanted { group, name: name.to_owned(), novalue })
}

fn not_supported() -> Refusal {
    let text = "cards are text/vcard in version 3.0 or 4.0";
    Refusal::violated(Condition::SupportedAddressData, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carddav::request::xml::read;

    fn of(data: &str) -> Result<AddressData, Refusal> {
        let body = format!(
            "<r xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'><prop>{data}</prop></r>"
        );
        AddressData::of(&read(body.as_bytes()).unwrap().unwrap())
    }

    #[test]
    fn cards_come_whole_and_in_3_0_unless_asked_otherwise() {
        for data in
            ["", "<getetag/>", "<C:address-data/>", "<C:address-data><C:allprop/></C:address-data>"]
        {
            assert_eq!(of(data).unwrap(), AddressData::USUAL, "{data}");
        }
        let four = of("<C:address-data content-type='text/vcard' version='4.0'/>").unwrap();
        assert_eq!((four.version, four.named), (Version::V40, true));
    }

    #[test]
    fn properties_are_named_with_or_without_a_group() {
        let data = "<C:address-data><C:prop name='FN'/><C:prop name='item1.TEL' novalue='yes'/></C:address-data>";
        let expected = vec![
            Wanted { group: None, name: "FN".into(), novalue: false },
            Wanted { group: Some("item1".into()), name: "TEL".into(), novalue: true },
        ];
        assert_eq!(of(data).unwrap().properties, Some(expected));
        for data in ["<C:prop/>", "<C:prop name='FN' novalue='maybe'/>"] {
            assert_eq!(
                of(&format!("<C:address-data>{data}</C:address-data>")).unwrap_err().status,
                400
            );
        }
        let many = "<C:prop name='FN'/>".repeat(PROPERTIES_MAX + 1);
        assert_eq!(
            of(&format!("<C:address-data>{many}</C:address-data>")).unwrap_err().status,
            400
        );
    }

    #[test]
    fn other_kinds_of_cards_are_refused() {
        for data in [
            "version='2.1'",
            "version='5'",
            "content-type='text/html'",
            "content-type='application/json'",
        ] {
            assert_eq!(of(&format!("<C:address-data {data}/>")).unwrap_err().status, 403, "{data}");
        }
        assert_eq!(of("<C:address-data/><C:address-data version='9'/>").unwrap_err().status, 403);
    }
}
