//! Rows of cards: a request is compiled once, then each card is a few copies of bytes.

use std::io::Write;

use hyper::StatusCode;

use crate::carddav::content::{self, Content};
use crate::carddav::elements::Wanted;
use crate::carddav::multistatus::{
    FOUND, RESPONSE_END, begin_row, end_propstat, escape, status_row,
};
use crate::carddav::property::{Asked, Property};
use crate::carddav::value;
use crate::carddav::view::View;
use crate::contact::{Contact, Revision, Timestamp};

/// Whether properties that are missing are told (RFC 8144 2.1, `Brief`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Told,
    LeftOut,
}

/// Whether a report may carry the cards themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// `address-data` is a property here.
    Given,
    /// PROPFIND knows no `address-data` (RFC 6352 10.4).
    Unknown,
}

/// The row of any card of one book, but for what differs from card to card.
pub(crate) struct Plan {
    /// Up to and including the book's path.
    begin: Vec<u8>,
    pieces: Vec<Piece>,
    needs_data: bool,
}

enum Piece {
    Text(Vec<u8>),
    ETag,
    Length,
    Modified,
    Created,
    Id,
    Data,
}

impl Plan {
    pub(crate) fn new(view: &View, wanted: &Wanted, missing: Missing, data: Data) -> Self {
        let mut begin = Vec::new();
        begin.extend_from_slice(b"<response><href>");
        begin.extend_from_slice(view.href.as_bytes());
        let mut plan = Self { begin, pieces: Vec::new(), needs_data: false };
        plan.text(b"</href>");
        match wanted {
            Wanted::Names => plan.names(data),
            Wanted::All(included) => {
                let all = Property::ALL.iter().filter(|p| p.is_in_allprop());
                let all: Vec<Asked> = all.map(|p| Asked::Known(*p)).collect();
                // What `allprop` includes is not told where it is missing.
                let more = included.iter().filter(|asked| !all.contains(asked)).cloned();
                let asked: Vec<Asked> = all.iter().cloned().chain(more).collect();
                plan.properties(view, &asked, Missing::LeftOut, data);
            }
            Wanted::These(asked) => plan.properties(view, asked, missing, data),
        }
        plan.text(RESPONSE_END);
        plan.needs_data = plan.pieces.iter().any(|piece| matches!(piece, Piece::Data));
        plan
    }

    fn names(&mut self, data: Data) {
        self.text(b"<propstat><prop>");
        for property in Property::ALL.iter().filter(|property| is_of_cards(**property, data)) {
            self.write(|out| Asked::Known(*property).write_empty(out));
        }
        self.text(FOUND);
    }

    fn properties(&mut self, view: &View, asked: &[Asked], missing: Missing, data: Data) {
        let has = |asked: &&Asked| matches!(asked, Asked::Known(p) if is_of_cards(*p, data));
        let (found, absent): (Vec<&Asked>, Vec<&Asked>) = asked.iter().partition(has);
        let tell = missing == Missing::Told && !absent.is_empty();
        if !found.is_empty() || !tell {
            self.text(b"<propstat><prop>");
            for asked in found {
                if let Asked::Known(property) = asked {
                    self.property(view, *property);
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

    fn property(&mut self, view: &View, property: Property) {
        let piece = match property {
            Property::GetETag => Piece::ETag,
            Property::GetContentLength => Piece::Length,
            Property::GetLastModified => Piece::Modified,
            Property::CreationDate => Piece::Created,
            Property::ResourceId => Piece::Id,
            Property::AddressData => Piece::Data,
            same_for_all => {
                self.write(|out| value::of_any_card(view, same_for_all, out));
                return;
            }
        };
        self.write(|out| value::open(property, out));
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
        if self.needs_data {
            let mut href = view.href.clone().into_bytes();
            view.write_name(contact, &mut href);
            let href = String::from_utf8(href).unwrap_or_default();
            return self.row_with_data(view, contact, &href, out).await;
        }
        out.extend_from_slice(&self.begin);
        view.write_name(contact, out);
        self.finish(view, &Card::without_data(view, contact), out);
    }

    /// Appends the row of a card under the path by which the client asked for it.
    pub(crate) async fn row_as(
        &self,
        view: &View,
        contact: &Contact,
        href: &str,
        out: &mut Vec<u8>,
    ) {
        if self.needs_data {
            return self.row_with_data(view, contact, href, out).await;
        }
        self.begin_as(href, out);
        self.finish(view, &Card::without_data(view, contact), out);
    }

    async fn row_with_data(&self, view: &View, contact: &Contact, href: &str, out: &mut Vec<u8>) {
        match content::read(view, contact).await {
            Content::Here(revision, bytes) => {
                self.begin_as(href, out);
                self.finish(view, &Card { contact, revision, data: &bytes }, out);
            }
            Content::Gone => status_row(href, StatusCode::NOT_FOUND, out),
            Content::Broken => status_row(href, StatusCode::INTERNAL_SERVER_ERROR, out),
        }
    }

    fn begin_as(&self, href: &str, out: &mut Vec<u8>) {
        begin_row(href, out);
        // The plan's first text begins with the end of the href.
        out.truncate(out.len().saturating_sub(b"</href>".len()));
    }

    fn finish(&self, view: &View, card: &Card<'_>, out: &mut Vec<u8>) {
        let Card { contact, revision, data } = *card;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::ETag => view.write_etag(contact, revision, out),
                Piece::Length => drop(write!(out, "{}", content::length(view, contact))),
                Piece::Modified => http_date(contact.modified, out),
                Piece::Created => {
                    if let Ok(time) = jiff::Timestamp::from_second(contact.created.0) {
                        drop(write!(out, "{time}"));
                    }
                }
                Piece::Id => drop(write!(out, "<href>urn:uuid:{}</href>", contact.id)),
                Piece::Data => escape(data, out),
            }
        }
    }
}

/// A card and what was read of it.
struct Card<'a> {
    contact: &'a Contact,
    revision: Revision,
    data: &'a [u8],
}

impl<'a> Card<'a> {
    fn without_data(view: &View, contact: &'a Contact) -> Self {
        Self { contact, revision: view.revision_of(contact), data: &[] }
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

fn is_of_cards(property: Property, data: Data) -> bool {
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
        Property::AddressData => data == Data::Given,
        _ => false,
    }
}
