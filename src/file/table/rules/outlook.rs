//! The rules of the profile `outlook`: addresses of Exchange, Google's groups.

use std::borrow::Cow;

use crate::contact::card::Field;
use crate::file::table::rules::{Cells, Draft, Place, Places, Rules};

/// How Exchange writes an address that is no e-mail (X.500).
const EXCHANGE: &str = "/o=";
/// Google's group of all contacts; its CSV for Outlook marks favorites by `starred`.
const GOOGLE_ALL: &str = "mycontacts";
const GOOGLE_STARRED: &str = "starred";

#[derive(Debug)]
struct Outlook {
    /// Address and display name.
    emails: [(Place, Place); 3],
}

pub(super) fn bind(places: &Places<'_>) -> Box<dyn Rules> {
    let email = |address: &str, shown: &str| (places.of(address), places.of(shown));
    Box::new(Outlook {
        emails: [
            email("E-mail Address", "E-mail Display Name"),
            email("E-mail 2 Address", "E-mail 2 Display Name"),
            email("E-mail 3 Address", "E-mail 3 Display Name"),
        ],
    })
}

impl Rules for Outlook {
    fn finish<'a>(&self, cells: &Cells<'a>, draft: &mut Draft<'a>) {
        for (address, shown) in &self.emails {
            if is_exchange(cells.get(*address)) {
                replace_email(draft, cells.get(*address), in_parentheses(cells.get(*shown)));
            }
        }
        google_groups(draft);
    }
}

/// `/o=Example/ou=…/cn=Recipients/cn=anna`: the address of a mailbox inside Exchange.
fn is_exchange(address: &str) -> bool {
    address.get(..EXCHANGE.len()).is_some_and(|start| start.eq_ignore_ascii_case(EXCHANGE))
}

/// The address in `Anna Adams (anna@example.com)`.
fn in_parentheses(shown: &str) -> Option<&str> {
    let (_, behind) = shown.rsplit_once('(')?;
    let address = behind.strip_suffix(')')?.trim();
    address.contains('@').then_some(address)
}

fn replace_email<'a>(draft: &mut Draft<'a>, old: &str, new: Option<&'a str>) {
    let is_old = |(field, text): &(Field, Cow<'_, str>)| *field == Field::Email && **text == *old;
    let Some(at) = draft.values.iter().position(is_old) else { return };
    match (new, draft.values.get_mut(at)) {
        (Some(new), Some((_, text))) => *text = new.into(),
        _ => _ = draft.values.remove(at),
    }
}

/// `myContacts;starred` says what Google's own CSV says by `* myContacts ::: * starred`.
fn google_groups(draft: &mut Draft<'_>) {
    let is = |value: &(Field, Cow<'_, str>), name: &str| {
        let bare = value.1.trim_start_matches("* ");
        value.0 == Field::Category && bare.eq_ignore_ascii_case(name)
    };
    if draft.values.iter().any(|value| is(value, GOOGLE_ALL)) {
        let starred = draft.values.iter().any(|value| is(value, GOOGLE_STARRED));
        draft.entry.starred = Some(starred);
        draft.values.retain(|value| !is(value, GOOGLE_ALL) && !is(value, GOOGLE_STARRED));
    }
}
