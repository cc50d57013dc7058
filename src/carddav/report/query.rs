//! The report addressbook-query (RFC 6352 8.6): the cards of a book that a filter wants.

use crate::account::Organization;
use crate::carddav::answer::content::{self, Content};
use crate::carddav::answer::error::{Condition, Refusal};
use crate::carddav::answer::multistatus::{BEGIN, END, cut_row};
use crate::carddav::answer::row::{Data, Plan};
use crate::carddav::answer::stream::{self, Sink};
use crate::carddav::book::path::Resource;
use crate::carddav::book::view::View;
use crate::carddav::report::filter::Filter;
use crate::carddav::request::address_data::AddressData;
use crate::carddav::request::depth::Depth;
use crate::carddav::request::elements::Wanted;
use crate::carddav::request::prefer::Preferences;
use crate::carddav::request::xml::Element;
use crate::contact::query::{self, Truth};
use crate::contact::{Body as Stored, Contact};
use crate::http::Body;
use crate::index::Step;

/// What a query may cost, in cards whose lines are looked at. One that is not in memory costs more.
const EFFORT_MAX: usize = 200_000;
const STORED_EFFORT: usize = 20;
/// A card costs as much again for each so many conditions.
const CONDITIONS_PER_EFFORT: usize = 50;
/// The directory tells no more at once.
const DIRECTORY_ROWS_MAX: usize = 500;
/// Other requests are looked after when so many cards were looked at.
const CARDS_PER_STEP: usize = 200;
/// The index passes over more of them in the same time.
const ROWS_PER_STEP: usize = 2000;

/// What of a book is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Members,
    /// One card.
    Card(Box<str>),
    /// The collection itself, which is no card.
    Nothing,
}

impl Scope {
    /// Without a Depth, the members are meant: RFC 6352 8.6 takes it for 0, which finds nothing.
    pub(crate) fn of(resource: &Resource, depth: Option<Depth>) -> Self {
        match (resource, depth) {
            (Resource::Card(_, _, name), _) => Self::Card(name.clone()),
            (_, Some(Depth::Zero)) => Self::Nothing,
            _ => Self::Members,
        }
    }
}

/// Which cards are wanted, and what of it the index knows.
pub(crate) struct Query {
    filter: Filter,
    implied: query::Query,
    /// Rows at most.
    limit: Option<usize>,
    /// What a card costs that is in memory.
    card_effort: usize,
    effort_max: usize,
}

impl Query {
    /// Reads the filter as the organization of the asker dials.
    ///
    /// # Errors
    /// See [`Filter::of`].
    pub(crate) fn new(
        view: &View,
        filter: Option<&Element>,
        limit: Option<usize>,
    ) -> Result<Self, Refusal> {
        let organization = organization(view).ok_or_else(Refusal::not_found)?;
        let filter = match filter {
            Some(filter) => Filter::of(filter, &organization.derivation.numbering)?,
            None => Filter::everything(),
        };
        if view.is_directory() && filter.properties.is_empty() {
            let text = "the directory is searched, not listed: a filter names what is looked for";
            let condition = Condition::SupportedFilter { blamed: String::new() };
            return Err(Refusal::violated(condition, text));
        }
        // More are found by asking more exactly.
        let limit = match view.is_directory() {
            true => Some(limit.map_or(DIRECTORY_ROWS_MAX, |limit| limit.min(DIRECTORY_ROWS_MAX))),
            false => limit,
        };
        let implied = filter.implied().unwrap_or(query::Query::Constant(Truth::True));
        let card_effort = 1 + filter.conditions() / CONDITIONS_PER_EFFORT;
        Ok(Self { filter, implied, limit, card_effort, effort_max: EFFORT_MAX })
    }
}

fn organization(view: &View) -> Option<&Organization> {
    view.session.snapshot.organization(view.organization())
}

/// Answers with the cards that are wanted, in name order, as they are found.
pub(crate) async fn answer(
    view: View,
    (wanted, data): (Wanted, AddressData),
    (query, scope): (Query, Scope),
    preferences: Preferences,
) -> Body {
    let write = move |mut sink: Sink| async move {
        let plan = Plan::new(&view, &wanted, preferences.missing, Data::Given(data));
        sink.buffer.extend_from_slice(BEGIN);
        let mut run = Run { view: &view, query: &query, plan, sink, rows: 0, effort: 0, looked: 0 };
        let found = match &scope {
            Scope::Members => run.members().await,
            Scope::Card(name) => match view.find(name) {
                Some(card) => run.card(card.contact()).await,
                None => Found::All,
            },
            Scope::Nothing => Found::All,
        };
        let mut sink = run.sink;
        if found == Found::Some {
            cut_row(&view.href, &mut sink.buffer);
        }
        sink.buffer.extend_from_slice(END);
        sink
    };
    stream::body(write).await
}

/// Whether everything was found that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    All,
    Some,
}

/// One query on its way through a book.
struct Run<'a> {
    view: &'a View,
    query: &'a Query,
    plan: Plan,
    sink: Sink,
    /// Written so far.
    rows: usize,
    effort: usize,
    /// Cards since others had their turn.
    looked: usize,
}

impl Run<'_> {
    async fn members(&mut self) -> Found {
        let view = self.view;
        let mut matches = view.search(&self.query.implied, self.query.effort_max);
        loop {
            match matches.step(ROWS_PER_STEP) {
                Step::Found(row) if !view.shows(row.contact()) => {}
                Step::Found(row) => {
                    if self.card(row.contact()).await == Found::Some {
                        return Found::Some;
                    }
                }
                Step::Paused => tokio::task::yield_now().await,
                Step::End if matches.exceeded() => return Found::Some,
                Step::End => break,
            }
        }
        // Computed ones are in no index.
        for group in view.group_cards() {
            if self.card(&group).await == Found::Some {
                return Found::Some;
            }
        }
        Found::All
    }

    /// Writes the row of a card, if it is wanted; [`Found::Some`] where that is too much.
    async fn card(&mut self, contact: &Contact) -> Found {
        if self.query.filter.properties.is_empty() {
            return self.write(contact, None).await;
        }
        let looked_at = self.query.card_effort;
        self.effort += match self.view.body(contact) {
            Stored::Stored(_) => STORED_EFFORT * looked_at,
            Stored::Inline(_) | Stored::Written | Stored::Broken => looked_at,
        };
        if self.effort > self.query.effort_max {
            return Found::Some;
        }
        self.looked += 1;
        if self.looked.is_multiple_of(CARDS_PER_STEP) {
            tokio::task::yield_now().await;
        }
        let content = content::without_photo(self.view, contact).await;
        let wanted = match &content {
            Content::Here(_, card) => self.wants(card),
            Content::Gone => false,
            // Whether it is wanted is not known; it must not look deleted.
            Content::Broken => true,
        };
        if !wanted {
            return Found::All;
        }
        // Photos are read of those cards only that are wanted.
        let incomplete = contact.photo.is_some() && self.plan.has_data();
        self.write(contact, (!incomplete).then_some(content)).await
    }

    fn wants(&self, card: &[u8]) -> bool {
        let numbering = organization(self.view).map(|o| &o.derivation.numbering);
        numbering.is_some_and(|numbering| self.query.filter.wants(card, numbering))
    }

    async fn write(&mut self, contact: &Contact, content: Option<Content<'_>>) -> Found {
        if self.query.limit.is_some_and(|limit| self.rows >= limit) {
            return Found::Some;
        }
        self.rows += 1;
        let (view, out) = (self.view, &mut self.sink.buffer);
        match content {
            Some(content) => self.plan.row_of(view, contact, content, out).await,
            None => self.plan.row(view, contact, out).await,
        }
        self.sink.row_done().await;
        Found::All
    }
}

#[cfg(test)]
mod tests;
