//! The part of a sorted list that a view shows.

use std::io;
use std::ops::Range;

use ldap3_proto::proto::LdapResultCode;
use tokio::io::AsyncWrite;

use crate::contact::ContactId;
use crate::contact::query::Query;
use crate::ldap::control::answer::{Given, gather, give_fixed, give_items};
use crate::ldap::control::gather::Gathered;
use crate::ldap::control::sort::{self, ADMIN_LIMIT_EXCEEDED, Order, Refusal};
use crate::ldap::control::view::{self, Target, View};
use crate::ldap::fixed::Fixed;
use crate::ldap::result::{Outcome, Replies};
use crate::ldap::run::{Ended, Run, Start};

/// Before all contacts of a rank.
const NOBODY: ContactId = ContactId(uuid::Uuid::nil());

/// A list whose entries are counted.
enum Listed<'i> {
    /// It is in name order: so many contacts, then the entries that are none.
    Natural(u32),
    Gathered(Gathered<'i>),
}

/// Gives the part of a list around the target of a view.
pub(super) async fn give<W: AsyncWrite + Unpin>(
    mut run: Run<'_>,
    entries: (&[Fixed], &Query),
    (order, view): (&Order<'_>, &View<'_>),
    replies: &mut Replies<W>,
) -> io::Result<Outcome> {
    let listed = match order.is_natural {
        true => count(&run, entries.1).await.map(Listed::Natural),
        false => gather(&run, entries, order).await.map(|mut gathered| {
            gathered.keep_first(run.list_max);
            Listed::Gathered(gathered)
        }),
    };
    let placed = match &listed {
        Ok(listed) => place(&run, entries, (order, view), listed).await,
        Err(outcome) => Err(outcome.clone()),
    };
    let (listed, (position, count)) = match (listed, placed) {
        (Ok(listed), Ok(placed)) => (listed, placed),
        (Err(outcome), _) | (_, Err(outcome)) => return Ok(too_long(outcome)),
    };
    let Some(position) = position else { return Ok(refused(count, view::OFFSET_RANGE_ERROR)) };
    let window = view.window(position, count);
    let given = match listed {
        Listed::Natural(contacts) => {
            window_of(&mut run, entries, (contacts, window), replies).await?
        }
        Listed::Gathered(mut gathered) => {
            give_items(&mut run, gathered.window(window), replies).await?
        }
    };
    let mut outcome = match given {
        Given::Stopped(outcome) => outcome,
        Given::All | Given::Page(_) => Outcome::success(),
    };
    if run.budget.given > 0 {
        sort::put_response(&mut outcome.controls, None);
    }
    view::put_response(&mut outcome.controls, position, count, view::SUCCESS);
    Ok(outcome)
}

/// There is no such part of the list.
pub(super) fn refused(count: u32, result: u8) -> Outcome {
    let message = match result {
        view::SORT_CONTROL_MISSING => "a list view needs the sort control as well",
        view::OFFSET_RANGE_ERROR => "the offset is outside of the list",
        _ => "the list cannot be sorted like that",
    };
    let mut outcome = Outcome::new(LdapResultCode::VirtualListViewError, message);
    view::put_response(&mut outcome.controls, 0, count, result);
    outcome
}

/// The list was not read to its end.
fn too_long(mut outcome: Outcome) -> Outcome {
    if outcome.code == LdapResultCode::AdminLimitExceeded {
        let refusal = Refusal { code: ADMIN_LIMIT_EXCEEDED, attribute: b"" };
        sort::put_response(&mut outcome.controls, Some(&refusal));
        view::put_response(&mut outcome.controls, 0, 0, ADMIN_LIMIT_EXCEEDED);
    }
    outcome
}

/// The target's position in the list, and how many entries there are. The position is one behind the
/// last where no entry has such a value; None where the offset is out of range.
async fn place(
    run: &Run<'_>,
    (fixed, query): (&[Fixed], &Query),
    (order, view): (&Order<'_>, &View<'_>),
    listed: &Listed<'_>,
) -> Result<(Option<u32>, u32), Outcome> {
    let count = match listed {
        Listed::Natural(contacts) => {
            let fixed = u32::try_from(fixed.len()).unwrap_or(u32::MAX);
            contacts.saturating_add(fixed).min(run.list_max)
        }
        Listed::Gathered(gathered) => gathered.len(),
    };
    let before = match (view.target, listed) {
        (Target::Offset(offset, taken_to_be), _) => {
            return Ok((view::position(offset, taken_to_be, count), count));
        }
        (Target::Value(value), Listed::Gathered(gathered)) => {
            gathered.before(&order.of_value(value))
        }
        (Target::Value(value), Listed::Natural(contacts)) => {
            let mut behind = 0_u32;
            if let Some(matches) = run.matches(query) {
                let matches = matches.after(&order.of_name(value), NOBODY);
                run.each(matches, usize::MAX, |_| behind = behind.saturating_add(1)).await?;
            }
            contacts.saturating_sub(behind)
        }
    };
    Ok((Some(before.min(count).saturating_add(1)), count))
}

async fn count(run: &Run<'_>, query: &Query) -> Result<u32, Outcome> {
    let mut contacts = 0_u32;
    if let Some(matches) = run.matches(query) {
        run.each(matches, usize::MAX, |_| contacts = contacts.saturating_add(1)).await?;
    }
    Ok(contacts)
}

/// Gives the entries at these places of a list in name order.
async fn window_of<W: AsyncWrite + Unpin>(
    run: &mut Run<'_>,
    (fixed, query): (&[Fixed], &Query),
    (contacts, window): (u32, Range<u32>),
    replies: &mut Replies<W>,
) -> io::Result<Given> {
    run.budget.set_page(window.end.saturating_sub(window.start));
    let mut ended = Ended::All;
    if window.start < contacts {
        ended = run.contacts(query, Start::Skip(window.start), replies).await?;
    }
    if matches!(ended, Ended::All) {
        // Entries that are no contacts have no name.
        let start = usize::try_from(window.start.saturating_sub(contacts)).unwrap_or(usize::MAX);
        ended = give_fixed(run, fixed.get(start..).unwrap_or_default(), replies);
    }
    Ok(match ended {
        Ended::Stopped(outcome) => Given::Stopped(outcome),
        Ended::All | Ended::Page(_) => Given::All,
    })
}
