//! Which lines of a text belong to the card: cards within the card and text around it do not.

use crate::vcard::line::{Content, Line, lines};

/// Where in a text a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Between BEGIN and END of the card.
    Own,
    /// The END of the card.
    End,
    /// Outside, or in a card within the card.
    Other,
}

/// The lines of a text, each with where it stands.
pub(super) fn placed(card: &[u8]) -> impl Iterator<Item = (Line<'_>, Place)> {
    let mut depth = 0_usize;
    lines(card).map(move |line| {
        let place = if marks(&line, "BEGIN") {
            depth += 1;
            Place::Other
        } else if marks(&line, "END") {
            depth = depth.saturating_sub(1);
            if depth == 0 { Place::End } else { Place::Other }
        } else {
            if depth == 1 { Place::Own } else { Place::Other }
        };
        (line, place)
    })
}

/// Whether the line is the BEGIN or END of a card.
pub(crate) fn marks(line: &Line<'_>, name: &str) -> bool {
    let is_card = |c: &Content<'_>| c.value().trim_ascii().eq_ignore_ascii_case(b"VCARD");
    line.content.as_ref().is_some_and(|content| content.is(name) && is_card(content))
}
