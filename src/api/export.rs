//! `GET /groups/{book}/export`: a book as a CSV file, written as it is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use hyper::header;
use serde::Deserialize;

use crate::api::asker::{self, Asker, Params};
use crate::api::contact_json::seen_card;
use crate::api::groups::blocking;
use crate::api::problem::Problem;
use crate::api::{Shared, groups};
use crate::auth::Principal;
use crate::auth::sight::Sight;
use crate::contact::card::Card;
use crate::contact::{ContactId, OrganizationId};
use crate::file::table::write::Export;
use crate::index::{Extent, Snapshot};

/// Contacts that are written at a time.
const STEP_CONTACTS: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportParams {
    #[serde(rename = "organization")]
    _organization: Option<String>,
    profile: Option<String>,
}

pub(super) async fn export(
    State(context): State<Shared>,
    asker: Asker,
    Path(book): Path<String>,
    Params(params): Params<ExportParams>,
) -> Result<Response, Problem> {
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?.id.clone();
    let (book, extent) = {
        let sight = asker.sight(&snapshot)?;
        let book = asker::book(&sight, &book)?;
        let present = |availability| groups::present(&context, &sight, availability);
        let extent = sight.extent(book, &present);
        (book, extent.ok_or_else(|| Problem::absent("group"))?)
    };
    let profile = params.profile.as_deref().unwrap_or("xivo");
    if profile != "xivo" {
        return Err(Problem::field("profile", "contacts are exported as xivo"));
    }
    let principal = asker.principal;
    let file =
        blocking(move || Ok(ExportFile::new(snapshot, organization, principal, &extent))).await?;
    let name = format!("attachment; filename=\"{book}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::new(file)).into_response())
}

/// The file; it holds its snapshot until it is sent.
struct ExportFile {
    snapshot: Arc<Snapshot>,
    organization: OrganizationId,
    principal: Principal,
    columns: Option<Export>,
    begun: bool,
    left: vec::IntoIter<ContactId>,
}

impl ExportFile {
    fn new(
        snapshot: Arc<Snapshot>,
        organization: OrganizationId,
        principal: Principal,
        extent: &Extent,
    ) -> Self {
        // Group cards are no contacts.
        let members = snapshot.members(&organization, extent);
        let contacts = members.filter(|row| !row.derived.group);
        let ids: Vec<ContactId> = contacts.map(|row| row.id).collect();
        let sight = Sight::of(&snapshot, &principal, &organization);
        let columns = sight.map(|sight| {
            let rows = ids.iter().filter_map(|id| sight.contact(*id));
            Export::of(rows.map(|row| seen_card(&sight, row.contact())))
        });
        let left = ids.into_iter();
        Self { snapshot, organization, principal, columns, begun: false, left }
    }

    /// The cards as the asker sees them.
    fn cards(&self, ids: &[ContactId]) -> Vec<(ContactId, Card)> {
        let sight = Sight::of(&self.snapshot, &self.principal, &self.organization);
        let Some(sight) = sight else { return Vec::new() };
        let rows = ids.iter().filter_map(|id| sight.contact(*id));
        rows.map(|row| (row.id, seen_card(&sight, row.contact()))).collect()
    }

    fn piece(&mut self) -> Option<Bytes> {
        let columns = self.columns.as_ref()?;
        if !self.begun {
            let header = columns.header().into();
            self.begun = true;
            return Some(header);
        }
        let ids: Vec<ContactId> = self.left.by_ref().take(STEP_CONTACTS).collect();
        if ids.is_empty() {
            return None;
        }
        let cards = self.cards(&ids);
        let columns = self.columns.as_ref()?;
        Some(columns.rows(cards.iter().map(|(id, card)| (*id, card))).into())
    }
}

impl HttpBody for ExportFile {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.piece().map(|piece| Ok(Frame::data(piece))))
    }
}
