//! Answers to searches that ask for pages, an order or a part of a list.

use std::io;

use ldap3_proto::proto::LdapResultCode;
use tokio::io::AsyncWrite;

use crate::contact::query::{Query, Truth};
use crate::ldap::control::Controls;
use crate::ldap::control::gather::{Gathered, Item};
use crate::ldap::control::list;
use crate::ldap::control::paged::{self, Place, Tie};
use crate::ldap::control::sort::{self, ADMIN_LIMIT_EXCEEDED, Order, Refusal};
use crate::ldap::control::view;
use crate::ldap::fixed::Fixed;
use crate::ldap::result::{Outcome, Replies};
use crate::ldap::run::{Ended, Full, Run, Start, size_limit_exceeded};

const NOTHING: Query = Query::Constant(Truth::False);

/// How an answer ended, its last reply aside.
pub(super) enum Given {
    All,
    /// There is more behind this place.
    Page(Place),
    Stopped(Outcome),
}

/// Answers with what the controls ask for. The entries that are no contacts are in the order of
/// their names.
pub(in crate::ldap) async fn give<W: AsyncWrite + Unpin>(
    mut run: Run<'_>,
    fixed: &[Fixed],
    (controls, cookies): (&Controls<'_>, &paged::Sequence<'_>),
    replies: &mut Replies<W>,
) -> io::Result<Outcome> {
    let Controls { paged, sort, view } = controls;
    if paged.is_some_and(|paged| paged.is_end()) {
        return Ok(controls.whole(0));
    }
    let order = match sort.as_ref().map(|sort| sort.order(run.target)).transpose() {
        Ok(order) => Ok(order),
        Err(refusal) if view.is_some() || sort.as_ref().is_some_and(|sort| sort.critical) => {
            return Ok(unsorted(&refusal, view.is_some()));
        }
        Err(refusal) => Err(refusal),
    };
    let query = run.query().unwrap_or(NOTHING);
    let asked_order = order.as_ref().ok().and_then(Option::as_ref);
    if let Some(view) = view {
        return match asked_order {
            Some(order) => list::give(run, (fixed, &query), (order, view), replies).await,
            None => Ok(list::refused(0, view::SORT_CONTROL_MISSING)),
        };
    }
    let gathers = asked_order.filter(|order| !order.is_natural);
    let place = match paged.map(|paged| paged.place(cookies, gathers.is_some())).transpose() {
        Ok(place) => place.flatten(),
        Err(outcome) => return Ok(outcome),
    };
    let before = place.as_ref().map_or(0, |place| place.given);
    run.budget.resume(before);
    run.budget.set_page(paged.map_or(u32::MAX, |paged| paged.entries_max()));
    let given = match gathers {
        Some(order) => sorted(&mut run, (fixed, &query), order, place.as_ref(), replies).await?,
        None => {
            let last = asked_order.is_some();
            stream(&mut run, (fixed, &query), last, place.as_ref(), replies).await?
        }
    };
    let mut out = Vec::new();
    let too_many = Refusal { code: ADMIN_LIMIT_EXCEEDED, attribute: b"" };
    match (&order, &given) {
        (Err(refusal), _) => sort::put_response(&mut out, Some(refusal)),
        (Ok(Some(_)), _) if run.budget.given > before => sort::put_response(&mut out, None),
        (Ok(Some(_)), Given::Stopped(outcome))
            if outcome.code == LdapResultCode::AdminLimitExceeded =>
        {
            sort::put_response(&mut out, Some(&too_many));
        }
        _ => {}
    }
    if paged.is_some() {
        let cookie = match &given {
            Given::Page(place) => cookies.cookie(place).unwrap_or_default(),
            Given::All | Given::Stopped(_) => Vec::new(),
        };
        paged::put_response(&mut out, &cookie);
    }
    let outcome = match given {
        Given::Stopped(outcome) => outcome,
        Given::All | Given::Page(_) => Outcome::success(),
    };
    Ok(Outcome { controls: out, ..outcome })
}

/// The client insists on an order that there is not (RFC 2891 section 2).
fn unsorted(refusal: &Refusal<'_>, view: bool) -> Outcome {
    let mut outcome = match view {
        true => list::refused(0, view::UNWILLING_TO_PERFORM),
        false => {
            let message = "the entries cannot be sorted like that";
            Outcome::new(LdapResultCode::UnavailableCriticalExtension, message)
        }
    };
    sort::put_response(&mut outcome.controls, Some(refusal));
    outcome
}

/// Gives entries in the order in which they are: by name, with those that are no contacts before or
/// behind all others.
async fn stream<W: AsyncWrite + Unpin>(
    run: &mut Run<'_>,
    (fixed, query): (&[Fixed], &Query),
    fixed_last: bool,
    place: Option<&Place>,
    replies: &mut Replies<W>,
) -> io::Result<Given> {
    let tie = place.map(|place| &place.tie);
    let (fixed, start) = match tie {
        None => (fixed, Some(Start::First)),
        Some(Tie::Fixed(dn)) => {
            let behind = fixed.partition_point(|entry| entry.dn() <= dn.as_str());
            let start = (!fixed_last).then_some(Start::First);
            (fixed.get(behind..).unwrap_or_default(), start)
        }
        Some(Tie::Contact(key, id)) => {
            (if fixed_last { fixed } else { &[] }, Some(Start::After(key, *id)))
        }
    };
    for is_fixed in [!fixed_last, fixed_last] {
        let ended = match (is_fixed, start) {
            (true, _) => give_fixed(run, fixed, replies),
            (false, Some(start)) => run.contacts(query, start, replies).await?,
            (false, None) => Ended::All,
        };
        match ended {
            Ended::All => {}
            Ended::Stopped(outcome) => return Ok(Given::Stopped(outcome)),
            Ended::Page(tie) => {
                // Where this part has given nothing, the page was full when it began.
                let before = || fixed.last().filter(|_| !fixed_last).map_or("", Fixed::dn);
                let tie = tie.unwrap_or_else(|| Tie::Fixed(before().to_owned()));
                return Ok(Given::Page(Place { key: None, tie, given: run.budget.given }));
            }
        }
    }
    Ok(Given::All)
}

pub(super) fn give_fixed<W: AsyncWrite + Unpin>(
    run: &mut Run<'_>,
    fixed: &[Fixed],
    replies: &mut Replies<W>,
) -> Ended {
    let mut last = None;
    for entry in fixed {
        match run.budget.take() {
            Ok(()) => run.write_fixed(entry, replies),
            Err(Full::Size) => return Ended::Stopped(size_limit_exceeded()),
            Err(Full::Page) => return Ended::Page(last),
        }
        last = Some(Tie::Fixed(entry.dn().to_owned()));
    }
    Ended::All
}

/// Gives entries in an order for which they must be gathered first.
async fn sorted<W: AsyncWrite + Unpin>(
    run: &mut Run<'_>,
    (fixed, query): (&[Fixed], &Query),
    order: &Order<'_>,
    place: Option<&Place>,
    replies: &mut Replies<W>,
) -> io::Result<Given> {
    let mut gathered = match gather(run, (fixed, query), order).await {
        Ok(gathered) => gathered,
        Err(outcome) => return Ok(Given::Stopped(outcome)),
    };
    if let Some(place) = place {
        gathered.keep_behind(place);
    }
    let wanted = run.budget.wanted();
    give_items(run, gathered.window(0..wanted.saturating_add(1)), replies).await
}

/// The entries of a query, with what they are sorted by.
pub(super) async fn gather<'i>(
    run: &Run<'i>,
    (fixed, query): (&'i [Fixed], &'i Query),
    order: &Order<'_>,
) -> Result<Gathered<'i>, Outcome> {
    let mut gathered = Gathered::default();
    for entry in fixed {
        gathered.push(order.of_fixed(entry), Item::Fixed(entry));
    }
    if let Some(matches) = run.matches(query) {
        let mut take = |row| gathered.push(order.of_contact(row, run), Item::Contact(row));
        run.each(matches, run.look_through, &mut take).await?;
    }
    Ok(gathered)
}

/// Gives entries that are in order, as many as there may be.
pub(super) async fn give_items<W: AsyncWrite + Unpin>(
    run: &mut Run<'_>,
    items: &[(Box<[u8]>, Item<'_>)],
    replies: &mut Replies<W>,
) -> io::Result<Given> {
    let mut scratch = Vec::new();
    let mut last: Option<&(Box<[u8]>, Item<'_>)> = None;
    for gathered in items {
        match (run.budget.take(), last) {
            (Ok(()), _) => {}
            (Err(Full::Size), _) => return Ok(Given::Stopped(size_limit_exceeded())),
            (Err(Full::Page), Some((key, item))) => {
                return Ok(Given::Page(item.place(Some(key.clone()), run.budget.given)));
            }
            (Err(Full::Page), None) => break,
        }
        let (_, item) = gathered;
        match item {
            Item::Fixed(entry) => run.write_fixed(entry, replies),
            Item::Contact(row) => {
                if let Err(outcome) = run.write(*row, &mut scratch, replies).await {
                    return Ok(Given::Stopped(outcome));
                }
            }
        }
        last = Some(gathered);
        if replies.is_batch() {
            replies.flush().await?;
        }
    }
    Ok(Given::All)
}
