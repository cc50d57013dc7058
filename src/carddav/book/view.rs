//! Who asks, and an address book as this user sees it.

use std::borrow::Cow;
use std::io::Write;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use crate::account::{Layout, RefusedWrites, User};
use crate::auth::Principal;
use crate::auth::rights::Operation;
use crate::auth::sight::Sight;
use crate::carddav::answer::error::Refusal;
use crate::carddav::book::group_card::{Computed, is_computed};
use crate::carddav::book::member::{Change, Member};
use crate::carddav::book::merged::{self, Merged};
use crate::carddav::book::path::{DIRECTORY, Resource, encoded, write_id, write_name};
use crate::contact::book::AddressBook;
use crate::contact::card::{Card, FieldSet};
use crate::contact::derived::fnv1a;
use crate::contact::query::Query;
use crate::contact::{
    Body, Book, Contact, ContactId, OrganizationId, Rendition, Revision, bare_uid,
};
use crate::directory::Directory;
use crate::index::{BookChange, Extent, Matches, Search, Snapshot, Viewer};

/// One request's user and the picture of the directory that it is answered from.
pub(crate) struct Session {
    pub(crate) directory: Arc<Directory>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) principal: Principal,
    pub(crate) user: User,
    pub(crate) client: Client,
    /// That of the book of all contacts, once it was asked for.
    merged_revision: OnceLock<Revision>,
}

/// Programs that need an answer of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Thunderbird,
    /// Contacts on macOS, iOS and iPadOS.
    Apple,
    Other,
}

impl Session {
    /// The session of a user as of now; None where the account is gone. Nobody gets more than they
    /// signed in with.
    pub(crate) fn new(
        directory: &Arc<Directory>,
        mut principal: Principal,
        client: Client,
    ) -> Option<Self> {
        let snapshot = directory.snapshot();
        let user = snapshot.user(principal.user()?)?.clone();
        principal.role = principal.role.min(user.role);
        let (directory, merged_revision) = (Arc::clone(directory), OnceLock::new());
        Some(Self { directory, snapshot, principal, user, client, merged_revision })
    }

    /// The same user's session as of now.
    pub(crate) fn renewed(&self) -> Option<Self> {
        Self::new(&self.directory, self.principal.clone(), self.client)
    }

    /// Whether a client is told that its write is done although the user has no right to it.
    pub(crate) fn takes_for_done(&self, refusal: &Refusal) -> bool {
        let organization = self.snapshot.organization(&self.user.organization);
        refusal.is_missing_privilege()
            && organization.is_some_and(|of| of.refused_writes == RefusedWrites::Revert)
    }

    /// What the user sees.
    pub(crate) fn sight(&self) -> Option<Sight<'_>> {
        Sight::of(&self.snapshot, &self.principal, &self.user.organization)
    }

    pub(crate) fn principal_href(&self) -> String {
        Resource::Principal(self.user.principal.clone()).href(self)
    }

    /// Whether a resource is there for this user. Other users' homes are not.
    pub(crate) fn sees(self: &Arc<Self>, resource: &Resource) -> bool {
        match resource {
            Resource::Top | Resource::Root => true,
            Resource::Principals | Resource::Homes => true,
            Resource::Principal(id) => self.user_of(id).is_some(),
            Resource::Home(id) => self.home_layout(id).is_some(),
            Resource::Book(id, book) => self.book(id, *book).is_some(),
            Resource::Card(id, book, name) => {
                self.book(id, *book).is_some_and(|view| view.find(name).is_some())
            }
        }
    }

    /// The book in the home of this id; None where this user must not know of it.
    pub(crate) fn book(self: &Arc<Self>, home: &str, book: AddressBook) -> Option<View> {
        if *home == *DIRECTORY {
            return View::directory(Arc::clone(self));
        }
        let merged = self.home_layout(home)? == Layout::Merged;
        if merged != (book == AddressBook::Contacts) {
            return None;
        }
        View::new(Arc::clone(self), home, book)
    }
}

/// A book as one user sees it.
pub(crate) struct View {
    pub(crate) session: Arc<Session>,
    /// The path segment of the home through which it is seen.
    pub(crate) home: Box<str>,
    pub(crate) book: AddressBook,
    /// Path of the collection.
    pub(crate) href: String,
    viewer: Viewer,
    /// What this user does not see of colleagues.
    hidden: FieldSet,
    extent: Extent,
    /// Ends each ETag: a restored store counts its revisions again.
    epoch: String,
    /// How the contacts come together, in the book of all.
    merged: Option<Merged>,
    /// The cards whose tag is another one since a write was refused while the client was told that it
    /// is done.
    reverted: FxHashMap<Box<str>, Revision>,
}

impl View {
    fn new(session: Arc<Session>, home: &str, book: AddressBook) -> Option<Self> {
        let sight = session.sight()?;
        let merged = match book {
            AddressBook::Contacts => Some(Merged::of(&sight)?),
            _ => None,
        };
        let extent = match &merged {
            Some(merged) => merged.extent(),
            None => sight.collection(book)?,
        };
        let (viewer, hidden) = (sight.viewer, sight.organization.hidden(Rendition::Reduced));
        let href = Resource::Book(home.into(), book).href(&*session);
        let epoch = format!("{:08x}", fnv1a(session.snapshot.epoch()) & 0xffff_ffff);
        let home = home.into();
        let reverted = session.snapshot.reverted(session.user.id, book, Revision(0));
        let reverted = reverted.map(|r| (r.name.clone(), r.revision)).collect();
        drop(sight);
        Some(Self { session, home, book, href, viewer, hidden, extent, epoch, merged, reverted })
    }

    /// The search-only book: everybody of [`AddressBook::All`] and the shared contacts. One's own are on
    /// the device that searches here.
    fn directory(session: Arc<Session>) -> Option<Self> {
        let mut view = Self::new(session, DIRECTORY, AddressBook::All)?;
        if let Some(sight) = view.session.sight() {
            let homes = sight.homes().iter().filter(|home| **home != Book::People);
            view.extent.books.extend(homes.filter(|home| home.owner().is_none()));
        }
        Some(view)
    }

    /// Whether this is the book that is searched and not listed.
    pub(crate) fn is_directory(&self) -> bool {
        *self.home == *DIRECTORY
    }

    pub(crate) fn organization(&self) -> &OrganizationId {
        &self.session.user.organization
    }

    /// The home to which a card under a new name goes; None where the user makes none here over
    /// CardDAV. Views are read-only: a client's "move" out of one would delete the contact. So are
    /// people: deleting a contact on a telephone must not delete a user of the PBX. In the book of all
    /// contacts new cards are one's own.
    pub(crate) fn writable(&self) -> Option<Book> {
        match (self.book, &self.merged) {
            (AddressBook::Home(home), _) => self.may_write(home).then_some(home),
            (_, Some(merged)) => Some(merged.personal()).filter(|home| self.may_write(*home)),
            _ => None,
        }
    }

    /// The home in which a card of the book may be written or deleted; None where it is read-only.
    pub(crate) fn writable_at(&self, card: &Member<'_>) -> Option<Book> {
        match card {
            Member::Group(_) => None,
            Member::Row(row) if self.merged.is_some() => {
                Some(row.book).filter(|home| self.may_write(*home))
            }
            Member::Row(_) => self.writable(),
        }
    }

    /// The group whose computed card has this name, be there one now or not.
    pub(crate) fn computed(&self, name: &str) -> Option<Computed> {
        let merged = self.merged.as_ref()?;
        Computed::of_id(merged, &self.session.sight()?, merged::id_of(name)?)
    }

    /// The name of the card that has a UID here already, if that is another one than this. Homes are
    /// checked by the directory.
    pub(crate) fn uid_holder(&self, uid: &str, own: Option<&Contact>) -> Option<String> {
        let merged = self.merged.as_ref()?;
        let holder = merged.by_uid(&self.session.snapshot, uid);
        if let Some(row) = holder.filter(|row| own.is_none_or(|own| own.id != row.id)) {
            return Some(self.name(row.contact()));
        }
        let id = ContactId::parse(bare_uid(uid))?;
        Computed::of_id(merged, &self.session.sight()?, id).map(|_| format!("{id}.vcf"))
    }

    /// Whether something under a name may be changed, or made.
    pub(crate) fn may_change(&self, name: &str) -> bool {
        match self.find(name) {
            Some(member) => self.may_change_card(member.contact()),
            None => self.computed(name).is_none() && self.writable().is_some(),
        }
    }

    /// Whether a card of the book may be changed; that of the favorites is, for its members.
    pub(crate) fn may_change_card(&self, card: &Contact) -> bool {
        match &self.merged {
            Some(merged) if is_computed(card) => card.id == Computed::Favorites.id(merged),
            Some(_) => self.may_write(card.book),
            None => self.writable().is_some(),
        }
    }

    fn may_write(&self, home: Book) -> bool {
        let sight = self.session.sight();
        home != Book::People && sight.is_some_and(|sight| sight.may(home, Operation::Write))
    }

    /// How the contacts come together, in the book of all.
    pub(crate) fn merged(&self) -> Option<&Merged> {
        self.merged.as_ref()
    }

    /// The rendition of the book as a whole.
    pub(crate) fn class(&self) -> Rendition {
        self.session.sight().map_or(Rendition::Reduced, |sight| sight.class(self.book))
    }

    /// The rendition of one card: users see their own card whole.
    fn rendition(&self, contact: &Contact) -> Rendition {
        self.viewer.rendition(contact)
    }

    /// The revision of a card as this user sees it.
    pub(crate) fn revision_of(&self, contact: &Contact) -> Revision {
        contact.revision_for(self.rendition(contact))
    }

    fn is_foreign(&self, contact: &Contact) -> bool {
        contact.organization != self.session.user.organization
    }

    /// The fields of a card that this user sees. People of other organizations come without what those
    /// hide.
    pub(crate) fn card<'a>(&self, contact: &'a Contact) -> Cow<'a, Card> {
        let reduced = self.rendition(contact) == Rendition::Reduced && !self.is_foreign(contact);
        match reduced && !self.hidden.is_empty() {
            true => Cow::Owned(contact.card.without(self.hidden)),
            false => Cow::Borrowed(&contact.card),
        }
    }

    /// The vCard that was stored for a card. A stored one may tell more of a person than this user
    /// sees: then it is written from the fields that they do see.
    pub(crate) fn body<'a>(&self, contact: &'a Contact) -> &'a Body {
        match (self.rendition(contact), &contact.body) {
            (Rendition::Full, body) | (_, body @ Body::Broken) => body,
            (Rendition::Reduced, _) => &Body::Written,
        }
    }

    /// The card of this name, if it is in the book.
    pub(crate) fn find(&self, name: &str) -> Option<Member<'_>> {
        self.find_by(&self.session.sight()?, name)
    }

    /// As [`View::find`], for who looks for many names.
    pub(crate) fn find_by<'s>(&'s self, sight: &Sight<'s>, name: &str) -> Option<Member<'s>> {
        if let Some(merged) = &self.merged {
            let row = merged.find(&self.session.snapshot, name).map(Member::Row);
            return row.or_else(|| {
                let group = Computed::of_id(merged, sight, merged::id_of(name)?)?;
                group.card(merged, sight).map(Member::Group)
            });
        }
        let id = match self.book {
            AddressBook::Home(home) => {
                self.session.snapshot.by_name(self.organization(), home, name)?.id
            }
            _ => merged::id_of(name)?,
        };
        if self.is_directory() {
            let row = sight.contact(id).filter(|row| row.book.owner().is_none());
            return row.map(Member::Row);
        }
        sight.member(self.book, id).map(Member::Row)
    }

    /// Whether a contact that is in the book's homes is a member.
    pub(crate) fn shows(&self, contact: &Contact) -> bool {
        let shows = |merged: &Merged| merged.shows(&self.session.snapshot, contact);
        self.merged.as_ref().is_none_or(shows)
    }

    /// All cards in name order, computed ones behind.
    pub(crate) fn members(&self) -> impl Iterator<Item = Member<'_>> {
        let rows = self.session.snapshot.members(self.organization(), &self.extent);
        let rows = rows.filter(|row| self.shows(row.contact())).map(Member::Row);
        rows.chain(self.group_cards().into_iter().map(Member::Group))
    }

    /// The group cards that are computed.
    pub(crate) fn group_cards(&self) -> Vec<Arc<Contact>> {
        let Some((merged, sight)) = self.merged.as_ref().zip(self.session.sight()) else {
            return Vec::new();
        };
        let cards = Computed::all(merged, &sight).into_iter();
        let cards = cards.filter_map(|group| group.card(merged, &sight));
        let free = |card: &Arc<Contact>| {
            merged.find(&self.session.snapshot, &card.resource_name()).is_none()
        };
        cards.filter(free).collect()
    }

    /// The cards that match a query as this user sees them, in name order, found one by one; at most
    /// so many rows are looked at where the index does not help.
    pub(crate) fn search<'a>(&'a self, query: &'a Query, look_through: usize) -> Matches<'a> {
        self.session.snapshot.search_members(&Search {
            organization: self.organization(),
            extent: &self.extent,
            query,
            viewer: self.viewer,
            unlisted: false,
            look_through,
        })
    }

    /// Moves whenever a card of the book, as this user sees it, changes.
    pub(crate) fn revision(&self) -> Revision {
        let Some(sight) = self.session.sight() else { return Revision(0) };
        let last = match &self.merged {
            Some(merged) => *self.session.merged_revision.get_or_init(|| merged.revision(&sight)),
            None => sight.revision(self.book),
        };
        self.reverted.values().copied().fold(last, Revision::max)
    }

    /// Moves when other cards are seen for other reasons.
    pub(crate) fn mark(&self) -> u64 {
        match &self.merged {
            Some(merged) => merged.mark(),
            None => self.session.sight().map(|sight| sight.mark(self.book)).unwrap_or_default(),
        }
    }

    /// What changed after a revision, in the order of revisions.
    pub(crate) fn changes(&self, since: Revision) -> Vec<Change<'_>> {
        let Some(sight) = self.session.sight() else { return Vec::new() };
        let mut changes = match &self.merged {
            Some(merged) => merged.changes(&sight, since),
            None => {
                let changes = sight.changes(self.book, since).into_iter();
                changes.map(|change| self.change(change)).collect()
            }
        };
        self.add_reverted(since, &mut changes);
        changes
    }

    fn change<'s>(&self, change: BookChange<'s>) -> Change<'s> {
        match change {
            BookChange::Put(revision, row) => Change::Put(revision, Member::Row(row)),
            BookChange::Gone { revision, contact, name, .. } => match self.book {
                AddressBook::Home(_) => Change::Gone(revision, name),
                _ => Change::Gone(revision, format!("{contact}.vcf").into()),
            },
        }
    }

    /// Adds what clients must hear of since a write of theirs was refused.
    fn add_reverted<'s>(&'s self, since: Revision, changes: &mut Vec<Change<'s>>) {
        let mut later = self.reverted.iter().filter(|(_, revision)| **revision > since).peekable();
        if later.peek().is_none() {
            return;
        }
        let mut later: FxHashMap<&str, Revision> = later.map(|(name, at)| (&**name, *at)).collect();
        for change in changes.iter_mut() {
            let at = later.remove(self.name_of(change).as_str()).unwrap_or_default();
            let (Change::Put(revision, _) | Change::Gone(revision, _)) = change;
            *revision = at.max(*revision);
        }
        for (name, revision) in later {
            changes.push(match self.find(name) {
                Some(member) => Change::Put(revision, member),
                None => Change::Gone(revision, name.into()),
            });
        }
        changes.sort_by_key(Change::revision);
    }

    /// Appends the entity tag of a card, with its quotation marks: the same bytes, the same tag.
    pub(crate) fn write_etag(&self, contact: &Contact, revision: Revision, out: &mut Vec<u8>) {
        // Writing to memory does not fail.
        drop(match self.is_foreign(contact) {
            // What is seen of another organization's people changes with its settings as well.
            true => write!(out, "\"{}-{:x}", revision.0, fnv1a(contact.card.as_str())),
            false => write!(out, "\"{}-{}", revision.0, class_letter(self.rendition(contact))),
        });
        let reverted = (!self.reverted.is_empty()).then(|| self.reverted.get(&*self.name(contact)));
        if let Some(at) = reverted.flatten() {
            drop(write!(out, "r{}", at.0));
        }
        drop(write!(out, "-{}\"", self.epoch));
    }

    pub(crate) fn etag(&self, contact: &Contact) -> String {
        self.etag_at(contact, self.revision_of(contact))
    }

    pub(crate) fn etag_at(&self, contact: &Contact, revision: Revision) -> String {
        let mut out = Vec::with_capacity(32);
        self.write_etag(contact, revision, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Appends the last segment of a card's path. Views name cards by id: in its home another card may
    /// have the same name.
    pub(crate) fn write_name(&self, contact: &Contact, out: &mut Vec<u8>) {
        match &contact.name {
            Some(name) if self.keeps_name(contact) => write_name(name, out),
            _ => write_id(contact.id, out),
        }
    }

    /// The name of a card, not encoded.
    pub(crate) fn name(&self, contact: &Contact) -> String {
        match self.keeps_name(contact) {
            true => contact.resource_name(),
            false => format!("{}.vcf", contact.id),
        }
    }

    fn keeps_name(&self, contact: &Contact) -> bool {
        match &self.merged {
            Some(merged) => contact.book == merged.personal(),
            None => matches!(self.book, AddressBook::Home(_)),
        }
    }

    /// The name under which a client knows a card of which something is told.
    pub(crate) fn name_of(&self, change: &Change<'_>) -> String {
        match change {
            Change::Put(_, member) => self.name(member),
            Change::Gone(_, name) => name.to_string(),
        }
    }

    /// The path of a card of this book.
    pub(crate) fn card_href(&self, name: &str) -> String {
        format!("{}{}", self.href, encoded(name))
    }
}

pub(crate) fn class_letter(rendition: Rendition) -> char {
    match rendition {
        Rendition::Full => 'f',
        Rendition::Reduced => 'r',
    }
}
