//! Rows of cards: a request is compiled once, then each card is a few copies of bytes.

use std::borrow::Cow;
use std::io::Write;

use hyper::StatusCode;
use rustc_hash::FxHashMap;

use crate::carddav::answer::content::{self, Content};
use crate::carddav::answer::multistatus::{
    FOUND, RESPONSE_END, begin_row, end_propstat, escape, status_row,
};
use crate::carddav::answer::property::{Asked, Property};
use crate::carddav::answer::value;
use crate::carddav::book::view::View;
use crate::carddav::request::address_data::AddressData;
use crate::carddav::request::elements::Wanted;
use crate::carddav::write::kept::Kept;
use crate::contact::{Contact, ContactId, Revision, Timestamp};

/// Whether properties that are missing are told (RFC 8144 2.1, `Brief`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Told,
    LeftOut,
}

/// Whether a report may carry the cards themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// `address-data` is a property here.
    Given(AddressData),
    /// PROPFIND knows no `address-data` (RFC 6352 10.4).
    Unknown,
}

/// The row of any card of one book, but for what differs from card to card.
#[derive(Default)]
pub(crate) struct Plan {
    /// Up to and including the book's path.
    begin: Vec<u8>,
    pieces: Vec<Piece>,
    /// How the rows carry the cards, if they do.
    data: Option<AddressData>,
    needs_length: bool,
    /// The rows of cards of which the user keeps properties.
    special: FxHashMap<ContactId, Self>,
}

enum Piece {
    Text(Vec<u8>),
    ETag,
    Length,
    Modified,
    Created,
    Id,
    /// What differs in a book of several homes.
    OfHome(Property),
    Data,
}

impl Plan {
    pub(crate) fn new(view: &View, wanted: &Wanted, missing: Missing, data: Data) -> Self {
        let of = |kept| Self::of(view, &kept, wanted, (missing, &data));
        let special = Kept::of_cards(&view.session).into_iter();
        Self { special: special.map(|(id, kept)| (id, of(kept))).collect(), ..of(Kept::default()) }
    }

    fn of(view: &View, kept: &Kept<'_>, wanted: &Wanted, how: (Missing, &Data)) -> Self {
        let data = how.1;
        let mut begin = Vec::new();
        begin.extend_from_slice(b"<response><href>");
        begin.extend_from_slice(view.href.as_bytes());
        let mut plan = Self { begin, ..Self::default() };
        plan.text(b"</href>");
        match wanted {
            Wanted::Names => plan.names(kept, data),
            Wanted::All(included) => {
                let all = Property::ALL.iter().filter(|p| p.is_in_allprop());
                let all: Vec<Asked> = all.map(|p| Asked::Known(*p)).collect();
                // What `allprop` includes is not told where it is missing.
                let unknown = |asked: &Asked| matches!(asked, Asked::Unknown { .. });
                let all: Vec<Asked> = all.into_iter().chain(kept.names().filter(unknown)).collect();
                let more = included.iter().filter(|asked| !all.contains(asked)).cloned();
                let asked: Vec<Asked> = all.iter().cloned().chain(more).collect();
                plan.properties(view, kept, &asked, (Missing::LeftOut, data));
            }
            Wanted::These(asked) => plan.properties(view, kept, asked, how),
        }
        plan.text(RESPONSE_END);
        plan.needs_length = plan.pieces.iter().any(|piece| matches!(piece, Piece::Length));
        if let Data::Given(data) = data {
            let carried = plan.pieces.iter().any(|piece| matches!(piece, Piece::Data));
            plan.data = carried.then(|| data.clone());
        }
        plan
    }

    fn names(&mut self, kept: &Kept<'_>, data: &Data) {
        self.text(b"<propstat><prop>");
        for property in Property::ALL.iter().filter(|property| is_of_cards(**property, data)) {
            self.write(|out| Asked::Known(*property).write_empty(out));
        }
        self.write(|out| kept.names().for_each(|asked| asked.write_empty(out)));
        self.text(FOUND);
    }

    fn properties(
        &mut self,
        view: &View,
        kept: &Kept<'_>,
        asked: &[Asked],
        (missing, data): (Missing, &Data),
    ) {
        let has = |asked: &&Asked| match asked {
            Asked::Known(property) if is_of_cards(*property, data) => true,
            asked => kept.value(asked).is_some(),
        };
        let (found, absent): (Vec<&Asked>, Vec<&Asked>) = asked.iter().partition(has);
        let tell = missing == Missing::Told && !absent.is_empty();
        if !found.is_empty() || !tell {
            self.text(b"<propstat><prop>");
            for asked in found {
                match (kept.value(asked), asked) {
                    (Some(value), _) => self.text(value.as_bytes()),
                    (None, Asked::Known(property)) => self.property(view, *property, data),
                    (None, Asked::Unknown { .. }) => {}
                }
            }
            self.text(FOUND);
        }
        if tell {
            self.text(b"<propstat><prop>");
            self.write(|out| absent.iter().for_each(|asked| asked.write_empty(out)));
            self.write(|out| end_propstat(StatusCode::NOT_FOUND, "", out));
        }
    }

    fn property(&mut self, view: &View, property: Property, data: &Data) {
        let piece = match property {
            Property::GetETag => Piece::ETag,
            Property::GetContentLength => Piece::Length,
            Property::GetLastModified => Piece::Modified,
            Property::CreationDate => Piece::Created,
            Property::ResourceId => Piece::Id,
            Property::AddressData => Piece::Data,
            of_home if view.merged().is_some() && value::is_of_home(of_home) => {
                self.pieces.push(Piece::OfHome(of_home));
                return;
            }
            same_for_all => {
                self.write(|out| value::of_any_card(view, same_for_all, out));
                return;
            }
        };
        let attributes = match (property, data) {
            (Property::AddressData, Data::Given(data)) => data.attributes(),
            _ => "",
        };
        self.write(|out| value::open_with(property, attributes, out));
        self.pieces.push(piece);
        self.write(|out| value::close(property, out));
    }

    fn text(&mut self, text: &[u8]) {
        self.write(|out| out.extend_from_slice(text));
    }

    /// Adds to the last piece of text, so that neighbours are one copy.
    fn write(&mut self, add: impl FnOnce(&mut Vec<u8>)) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => add(text),
            _ => {
                let mut text = Vec::new();
                add(&mut text);
                self.pieces.push(Piece::Text(text));
            }
        }
    }

    /// Appends the row of a card under its own path.
    pub(crate) async fn row(&self, view: &View, contact: &Contact, out: &mut Vec<u8>) {
        let content = self.content(view, contact).await;
        self.row_of(view, contact, content, out).await;
    }

    /// Appends the row of a card under the path by which the client asked for it.
    pub(crate) async fn row_as(
        &self,
        view: &View,
        contact: &Contact,
        href: &str,
        out: &mut Vec<u8>,
    ) {
        let content = self.content(view, contact).await;
        match self.shaped(content).await {
            Content::Here(revision, bytes) => {
                self.begin_as(href, out);
                self.of_card(contact).finish(view, (contact, revision), &bytes, out).await;
            }
            Content::Gone => status_row(href, StatusCode::NOT_FOUND, out),
            Content::Broken => status_row(href, StatusCode::INTERNAL_SERVER_ERROR, out),
        }
    }

    /// The plan for one card.
    fn of_card(&self, contact: &Contact) -> &Self {
        self.special.get(&contact.id).unwrap_or(self)
    }

    /// Whether rows carry the cards.
    pub(crate) fn has_data(&self) -> bool {
        self.data.is_some()
    }

    /// What must be read of a card for its row.
    async fn content<'c>(&self, view: &View, contact: &'c Contact) -> Content<'c> {
        match self.data {
            Some(_) => content::read(view, contact).await,
            None => Content::Here(view.revision_of(contact), Cow::Borrowed(&[])),
        }
    }

    /// What was read as the rows carry it.
    async fn shaped<'c>(&self, content: Content<'c>) -> Content<'c> {
        match (&self.data, content) {
            (Some(data), Content::Here(revision, bytes)) => match data.shape(bytes).await {
                Some(bytes) => Content::Here(revision, bytes),
                None => Content::Broken,
            },
            (_, content) => content,
        }
    }

    /// Appends the row of a card that was read already.
    pub(crate) async fn row_of(
        &self,
        view: &View,
        contact: &Contact,
        content: Content<'_>,
        out: &mut Vec<u8>,
    ) {
        let status = match self.shaped(content).await {
            Content::Here(revision, bytes) => {
                out.extend_from_slice(&self.begin);
                view.write_name(contact, out);
                return self.of_card(contact).finish(view, (contact, revision), &bytes, out).await;
            }
            Content::Gone => StatusCode::NOT_FOUND,
            Content::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut href = view.href.clone().into_bytes();
        view.write_name(contact, &mut href);
        status_row(&String::from_utf8(href).unwrap_or_default(), status, out);
    }

    fn begin_as(&self, href: &str, out: &mut Vec<u8>) {
        begin_row(href, out);
        // The plan's first text begins with the end of the href.
        out.truncate(out.len().saturating_sub(b"</href>".len()));
    }

    /// Appends what stands behind the path.
    async fn finish(
        &self,
        view: &View,
        (contact, revision): (&Contact, Revision),
        card: &[u8],
        out: &mut Vec<u8>,
    ) {
        let length = match self.needs_length {
            true => content::length(view, contact).await,
            false => 0,
        };
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::ETag => view.write_etag(contact, revision, out),
                Piece::Length => drop(write!(out, "{length}")),
                Piece::Modified => http_date(contact.modified, out),
                Piece::Created => {
                    if let Ok(time) = jiff::Timestamp::from_second(contact.created.0) {
                        drop(write!(out, "{time}"));
                    }
                }
                Piece::Id => drop(write!(out, "<href>urn:uuid:{}</href>", contact.id)),
                Piece::OfHome(property) => value::of_card(view, contact, *property, out),
                Piece::Data => escape(card, out),
            }
        }
    }
}

/// Appends a time as HTTP writes it (RFC 9110 5.6.7).
pub(crate) fn http_date(time: Timestamp, out: &mut Vec<u8>) {
    let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
    if let Ok(time) = jiff::Timestamp::from_second(time.0) {
        // Only years beyond 9999 cannot be written.
        drop(printer.print_timestamp_rfc9110(&time, out));
    }
}

fn is_of_cards(property: Property, data: &Data) -> bool {
    match property {
        Property::ResourceType
        | Property::GetETag
        | Property::GetContentType
        | Property::GetContentLength
        | Property::GetLastModified
        | Property::CreationDate
        | Property::CurrentUserPrincipal
        | Property::PrincipalCollectionSet
        | Property::CurrentUserPrivilegeSet
        | Property::SupportedPrivilegeSet
        | Property::Acl
        | Property::AclRestrictions
        | Property::InheritedAclSet
        | Property::Group
        | Property::SupportedReportSet
        | Property::Owner
        | Property::ResourceId => true,
        Property::AddressData => matches!(data, Data::Given(_)),
        _ => false,
    }
}
