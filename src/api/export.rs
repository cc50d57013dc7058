//! `GET /groups/{book}/export`: a book as a CSV file, written as it is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use hyper::{StatusCode, header};
use serde::Deserialize;
use tokio::task::spawn_blocking;

use crate::api::Shared;
use crate::api::asker::{self, Asker, Params};
use crate::api::problem::Problem;
use crate::auth::sight::nobody_is_present;
use crate::contact::ContactId;
use crate::contact::OrganizationId;
use crate::contact::card::{Card, Field};
use crate::index::{Extent, Snapshot, Viewer};
use crate::table::write::Export;

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
        let extent = sight.extent(book, &nobody_is_present);
        (book, extent.ok_or_else(|| Problem::absent("group"))?)
    };
    let profile = params.profile.as_deref().unwrap_or("xivo");
    if profile != "xivo" {
        return Err(Problem::field("profile", "contacts are exported as xivo"));
    }
    let viewer = asker.principal.viewer();
    let file = spawn_blocking(move || ExportFile::new(snapshot, organization, viewer, &extent));
    let stopping = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping");
    let file = file.await.map_err(stopping)?;
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
    viewer: Viewer,
    columns: Option<Export>,
    begun: bool,
    left: vec::IntoIter<ContactId>,
}

impl ExportFile {
    fn new(
        snapshot: Arc<Snapshot>,
        organization: OrganizationId,
        viewer: Viewer,
        extent: &Extent,
    ) -> Self {
        // Group cards are no contacts.
        let members = snapshot.members(&organization, extent);
        let contacts = members.filter(|row| row.card.first(Field::Kind).is_none());
        let ids: Vec<ContactId> = contacts.map(|row| row.id).collect();
        let left = Vec::new().into_iter();
        let mut file = Self { snapshot, organization, viewer, columns: None, begun: false, left };
        let cards = ids.iter().filter_map(|id| file.card(*id)).map(|(_, card)| card);
        file.columns = Some(Export::of(cards));
        file.left = ids.into_iter();
        file
    }

    /// The card without what the viewer may not see.
    fn card(&self, id: ContactId) -> Option<(ContactId, Card)> {
        let row = self.snapshot.contact(&self.organization, id);
        let row = row.or_else(|| self.snapshot.neighbor(&self.organization, id))?;
        let (contact, organization) =
            (row.contact(), self.snapshot.organization(&self.organization)?);
        let hidden = self.viewer.hidden(contact, organization);
        Some((id, contact.card.without(hidden)))
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
        let cards: Vec<(ContactId, Card)> =
            ids.into_iter().filter_map(|id| self.card(id)).collect();
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
