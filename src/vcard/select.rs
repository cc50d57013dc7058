//! Cards with some of their properties only (RFC 6352 10.4.2).

use std::collections::HashMap;

use crate::vcard::line::Content;
use crate::vcard::place::{Place, placed};
use crate::vcard::write::fold;

/// What no card is valid without (RFC 2426, RFC 6350), and by what clients know it again. The RFC
/// lets a server leave out what was not asked for; sabre/dav keeps these too.
const KEPT: [&str; 4] = ["VERSION", "UID", "FN", "N"];

/// A property that a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// None: whatever group the property is in, or none.
    pub group: Option<String>,
    /// The property's name, in any case.
    pub name: String,
    /// The property without its value. Another wish for the property, with its value, counts more.
    pub novalue: bool,
}

/// The card with these properties and those that make it a card. The lines stay as they are, but for
/// those without their value. Costs what the card and the wishes are long.
pub fn select(card: &[u8], wanted: &[Wanted]) -> Vec<u8> {
    let wishes = Wishes::of(wanted);
    let mut out = Vec::new();
    let mut lines = placed(card).peekable();
    let mut begun = false;
    while let Some((line, place)) = lines.next() {
        let Some(content) = &line.content else { continue };
        match place {
            Place::Own => {}
            Place::End => out.extend_from_slice(line.raw),
            Place::Other if begun => {}
            Place::Other => {
                begun = true;
                out.extend_from_slice(line.raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line.raw));
            }
        }
        if place != Place::Own {
            continue;
        }
        let shown = wishes.shown(content);
        match shown {
            Shown::Whole => out.extend_from_slice(line.raw),
            Shown::WithoutValue => fold(&String::from_utf8_lossy(content.head()), &mut out),
            Shown::Not => {}
        }
        while let Some((more, _)) = lines.next_if(|(next, _)| content.goes_on_in(next)) {
            if shown == Shown::Whole {
                out.extend_from_slice(more.raw);
            }
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Whole,
    WithoutValue,
    Not,
}

/// How properties are shown, by `NAME` and `GROUP.NAME` in upper case.
struct Wishes(HashMap<String, Shown>);

impl Wishes {
    fn of(wanted: &[Wanted]) -> Self {
        let mut wishes = HashMap::new();
        for Wanted { group, name, novalue } in wanted {
            let key = match group {
                Some(group) => [group, ".", name].concat(),
                None => name.clone(),
            };
            let shown = if *novalue { Shown::WithoutValue } else { Shown::Whole };
            let wish = wishes.entry(key.to_ascii_uppercase()).or_insert(shown);
            if shown == Shown::Whole {
                *wish = shown;
            }
        }
        for name in KEPT {
            wishes.entry(name.to_owned()).or_insert(Shown::Whole);
        }
        // Without it nobody could read the rest.
        wishes.insert("VERSION".to_owned(), Shown::Whole);
        Self(wishes)
    }

    fn shown(&self, content: &Content<'_>) -> Shown {
        let name = content.name().to_ascii_uppercase();
        let anywhere = self.0.get(&name).copied();
        let grouped = (!content.group().is_empty()).then(|| {
            let key = [&content.group().to_ascii_uppercase(), ".", &name].concat();
            self.0.get(&key).copied()
        });
        match (anywhere, grouped.flatten()) {
            (Some(Shown::Whole), _) | (_, Some(Shown::Whole)) => Shown::Whole,
            (Some(shown), _) | (None, Some(shown)) => shown,
            (None, None) => Shown::Not,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = concat!(
        "\u{feff}BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nFN:Zoe\r\nN:;Zoe;;;\r\nitem1.tel;TYPE=CELL:1\r\n",
        "TEL:2\r\nAGENT:\r\nBEGIN:VCARD\r\nTEL:3\r\nEND:VCARD\r\nnonsense\r\nNOTE;X-A=\"b:c\":long\r\n  text\r\n",
        "PHOTO;ENCODING=BASE64:AAAA\r\nBBBB\r\n\r\nEND:VCARD\r\nTEL:4\r\n",
    );

    /// What is left of the card for wishes as `NAME`, `GROUP.NAME`, and `-NAME` without the value.
    fn left(wishes: &[&str]) -> String {
        let wanted = wishes.iter().map(|wish| {
            let (novalue, name) =
                wish.strip_prefix('-').map_or((false, *wish), |name| (true, name));
            let (group, name) = name.split_once('.').map_or((None, name), |(g, n)| (Some(g), n));
            Wanted { group: group.map(str::to_owned), name: name.to_owned(), novalue }
        });
        String::from_utf8(select(CARD.as_bytes(), &wanted.collect::<Vec<_>>())).unwrap()
    }

    fn framed(inside: &str) -> String {
        let head = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nFN:Zoe\r\nN:;Zoe;;;\r\n";
        format!("{head}{inside}END:VCARD\r\n")
    }

    #[test]
    fn what_makes_it_a_card_is_always_there() {
        assert_eq!(left(&[]), framed(""));
        assert_eq!(left(&["VERSION", "X-SHOE"]), framed(""));
        assert!(left(&["-FN", "-VERSION"]).contains("VERSION:3.0\r\nUID:u\r\nFN:\r\nN:;Zoe"));
    }

    #[test]
    fn a_name_without_a_group_means_all_groups() {
        assert_eq!(left(&["Tel"]), framed("item1.tel;TYPE=CELL:1\r\nTEL:2\r\n"));
        assert_eq!(left(&["ITEM1.TEL"]), framed("item1.tel;TYPE=CELL:1\r\n"));
        assert_eq!(left(&["item2.TEL"]), framed(""));
    }

    #[test]
    fn a_property_without_its_value_keeps_its_parameters() {
        assert_eq!(left(&["-NOTE"]), framed("NOTE;X-A=\"b:c\":\r\n"));
        for both in [["NOTE", "-NOTE"], ["-NOTE", "note"]] {
            assert_eq!(left(&both), framed("NOTE;X-A=\"b:c\":long\r\n  text\r\n"));
        }
        assert_eq!(left(&["-TEL", "item1.TEL"]), framed("item1.tel;TYPE=CELL:1\r\nTEL:\r\n"));
    }

    #[test]
    fn data_on_lines_of_its_own_comes_with_its_property() {
        assert_eq!(left(&["PHOTO"]), framed("PHOTO;ENCODING=BASE64:AAAA\r\nBBBB\r\n"));
        assert_eq!(left(&["-PHOTO"]), framed("PHOTO;ENCODING=BASE64:\r\n"));
    }
}
