//! A file of contacts that is written while it is sent, a few contacts at a time.

use std::cell::OnceCell;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use axum::body::{Bytes, HttpBody};
use hyper::body::Frame;
use rustc_hash::FxHashMap;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::api::contact_json::seen_card;
use crate::auth::Principal;
use crate::auth::sight::{Sight, nobody_is_present};
use crate::contact::book::AddressBook;
use crate::contact::card::{Card, Field};
use crate::contact::fold::fold;
use crate::contact::photo::PhotoSize;
use crate::contact::query::{Query, Truth};
use crate::contact::{Body, Book, Contact, ContactId, OrganizationId};
use crate::directory::Directory;
use crate::file::export::{Exported, FileWriter};
use crate::index::{Extent, Snapshot};

/// Contacts that are written at a time; with photos fewer.
const STEP_CONTACTS: usize = 200;
const STEP_WITH_PHOTOS: usize = 20;
/// Fields that may hold the ids of people, which mean nothing elsewhere.
const REFERENCES: [Field; 2] = [Field::Manager, Field::Assistant];

/// The file; it holds its snapshot until it is sent.
pub(super) struct ExportFile {
    directory: Arc<Directory>,
    snapshot: Arc<Snapshot>,
    principal: Principal,
    organization: OrganizationId,
    writer: Box<dyn FileWriter>,
    names: Names,
    stage: Stage,
}

/// How many people have a name, folded; made when somebody is first referred to.
type Names = OnceCell<FxHashMap<String, usize>>;

enum Stage {
    Begin(Vec<ContactId>),
    Contacts(vec::IntoIter<ContactId>),
    Done,
}

/// A contact as the asker sees it.
struct Seen {
    id: ContactId,
    uid: String,
    card: Card,
    body: Option<Arc<[u8]>>,
    photo: Option<Vec<u8>>,
    starred: bool,
    book: Option<Box<str>>,
    login: Option<Box<str>>,
    presence: Option<bool>,
}

/// Whether large things are read that only the written file shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Fields,
    Everything,
}

impl ExportFile {
    /// Looks at all contacts, for what the file needs. Blocks.
    pub(super) fn begin(
        directory: Arc<Directory>,
        snapshot: Arc<Snapshot>,
        (principal, organization): (Principal, OrganizationId),
        extent: &Extent,
        writer: Box<dyn FileWriter>,
    ) -> Self {
        // Group cards are no contacts.
        let members = snapshot.members(&organization, extent);
        let contacts = members.filter(|row| !row.derived.group);
        let ids: Vec<ContactId> = contacts.map(|row| row.id).collect();
        let (names, stage) = (Names::default(), Stage::Begin(Vec::new()));
        let mut file = Self { directory, snapshot, principal, organization, writer, names, stage };
        for some in ids.chunks(STEP_CONTACTS) {
            for seen in file.seen(some, Depth::Fields) {
                file.writer.consider(&seen.exported());
            }
        }
        file.stage = Stage::Begin(ids);
        file
    }

    /// The next piece; none at the end. Blocks.
    fn piece(&mut self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Begin(ids) => {
                self.writer.begin(&mut out);
                self.stage = Stage::Contacts(ids.into_iter());
            }
            Stage::Contacts(mut left) => {
                let photos = self.writer.wants_photos();
                let step = if photos { STEP_WITH_PHOTOS } else { STEP_CONTACTS };
                let ids: Vec<ContactId> = left.by_ref().take(step).collect();
                if ids.is_empty() {
                    self.writer.end(&mut out);
                } else {
                    let depth = if photos { Depth::Everything } else { Depth::Fields };
                    for seen in self.seen(&ids, depth) {
                        self.writer.contact(&seen.exported(), &mut out);
                    }
                    self.stage = Stage::Contacts(left);
                }
            }
            Stage::Done => return None,
        }
        Some(out)
    }

    fn seen(&self, ids: &[ContactId], depth: Depth) -> Vec<Seen> {
        let sight = Sight::of(&self.snapshot, &self.principal, &self.organization);
        let Some(sight) = sight else { return Vec::new() };
        let contacts = ids.iter().filter_map(|id| sight.contact(*id));
        contacts.map(|row| self.seen_one(&sight, row.contact(), depth)).collect()
    }

    fn seen_one(&self, sight: &Sight<'_>, contact: &Contact, depth: Depth) -> Seen {
        let card = seen_card(sight, contact);
        // A client's card shows everything: it is for those from whom nothing is hidden.
        let whole = depth == Depth::Everything && card == contact.card;
        let star = sight.owner().and_then(|owner| sight.snapshot.star(owner, contact.id));
        let user = sight.snapshot.user(contact.id).filter(|_| sight.viewer.full);
        let book = match contact.book {
            Book::SharedBook(id) => self.snapshot.shared_book(&contact.organization, id),
            _ => None,
        };
        Seen {
            id: contact.id,
            uid: contact.vcard_uid(),
            card: self.with_names(sight, card),
            body: if whole { self.body(contact) } else { None },
            photo: if depth == Depth::Everything { self.photo(contact) } else { None },
            starred: star.is_some_and(|star| star.starred),
            book: book.map(|book| book.name.clone()),
            login: user.and_then(|user| user.login.clone()),
            presence: user.map(|user| user.presence.is_shown()),
        }
    }

    /// A card that calls the people to whom it refers by what an import finds them by: their name
    /// where nobody else has it, else their extension. Others are left out.
    fn with_names(&self, sight: &Sight<'_>, card: Card) -> Card {
        if REFERENCES.iter().all(|field| card.first(*field).is_none()) {
            return card;
        }
        let mut named = card.edit();
        for field in REFERENCES {
            let names: Vec<String> =
                card.all(field).filter_map(|value| self.called(sight, value)).collect();
            named.replace(field, names.iter().map(String::as_str));
        }
        // It keeps its name, whatever becomes of its references.
        named.finish().unwrap_or(card)
    }

    fn called(&self, sight: &Sight<'_>, value: &str) -> Option<String> {
        let Some(id) = ContactId::parse(value) else { return Some(value.to_owned()) };
        let person = sight.contact(id)?;
        let name = person.card.formatted_name();
        let names = self.names.get_or_init(|| names(sight));
        match names.get(&fold(name)) {
            Some(1) => Some(name.to_owned()),
            _ => person.card.first(Field::Extension).map(str::to_owned),
        }
    }

    fn body(&self, contact: &Contact) -> Option<Arc<[u8]>> {
        match &contact.body {
            Body::Written | Body::Broken => None,
            Body::Inline(bytes) => Some(Arc::clone(bytes)),
            // One that is gone meanwhile is written from the fields.
            Body::Stored(_) => self.directory.body(contact.id).ok()?.map(|(_, body)| body.into()),
        }
    }

    fn photo(&self, contact: &Contact) -> Option<Vec<u8>> {
        contact.photo?;
        self.directory.photo(contact.id, PhotoSize::Full).ok()?.map(|(_, jpeg)| jpeg)
    }
}

/// How many of the people whom the asker sees have a name.
fn names(sight: &Sight<'_>) -> FxHashMap<String, usize> {
    let mut names: FxHashMap<String, usize> = FxHashMap::default();
    let everybody = Query::Constant(Truth::True);
    if let Some(people) = sight.extent(AddressBook::PEOPLE, &nobody_is_present) {
        for row in sight.search(&people, &everybody, usize::MAX) {
            *names.entry(fold(row.card.formatted_name())).or_default() += 1;
        }
    }
    names
}

impl Seen {
    fn exported(&self) -> Exported<'_> {
        Exported {
            id: self.id,
            uid: &self.uid,
            card: &self.card,
            body: self.body.as_deref(),
            photo: self.photo.as_deref(),
            starred: self.starred,
            book: self.book.as_deref(),
            login: self.login.as_deref(),
            presence: self.presence,
        }
    }
}

/// The file as the body of an answer. Each piece is written on a thread that may block, when the
/// client has taken the one before.
pub(super) struct Sending(State);

enum State {
    Waiting(Box<ExportFile>),
    Writing(JoinHandle<(Box<ExportFile>, Option<Vec<u8>>)>),
    Done,
}

impl Sending {
    pub(super) fn new(file: ExportFile) -> Self {
        Self(State::Waiting(Box::new(file)))
    }
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            match std::mem::replace(&mut self.0, State::Done) {
                State::Waiting(mut file) => {
                    let writing = spawn_blocking(move || {
                        let piece = file.piece();
                        (file, piece)
                    });
                    self.0 = State::Writing(writing);
                }
                State::Writing(mut writing) => {
                    let Poll::Ready(written) = Pin::new(&mut writing).poll(context) else {
                        self.0 = State::Writing(writing);
                        return Poll::Pending;
                    };
                    match written {
                        Ok((_, None)) => return Poll::Ready(None),
                        Ok((file, Some(piece))) => {
                            self.0 = State::Waiting(file);
                            if !piece.is_empty() {
                                return Poll::Ready(Some(Ok(Frame::data(piece.into()))));
                            }
                        }
                        // The client learns that the file is not whole.
                        Err(stopped) => {
                            return Poll::Ready(Some(Err(io::Error::other(stopped))));
                        }
                    }
                }
                State::Done => return Poll::Ready(None),
            }
        }
    }
}
