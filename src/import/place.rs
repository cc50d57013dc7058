//! Where a row goes: the organization and the books that it names, else the import's target.

use crate::account::group::{NAME_CHARS_MAX, SharedBook, same_name};
use crate::contact::book::BookId;
use crate::contact::{Book, OrganizationId, Revision};
use crate::file::{Entry, Fault, Reason, Rule};
use crate::import::{Job, fault};
use crate::index::Snapshot;

/// The most books that one import makes.
const NEW_BOOKS_MAX: usize = 200;

/// A book of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) organization: OrganizationId,
    pub(super) book: Book,
}

/// All places of the rows so far; the first is the target.
pub(super) struct Places<'a> {
    job: &'a Job,
    snapshot: &'a Snapshot,
    all: Vec<Place>,
    /// Shared books that rows name and that are not there yet.
    pub(super) new: Vec<SharedBook>,
}

impl<'a> Places<'a> {
    pub(super) fn new(job: &'a Job, snapshot: &'a Snapshot) -> Self {
        let organization = job.target.organization.clone();
        let all = vec![Place { organization, book: job.target.book }];
        Self { job, snapshot, all, new: Vec::new() }
    }

    pub(super) fn all(&self) -> &[Place] {
        &self.all
    }

    /// The numbers of the places in which the row's contact belongs; at least one.
    pub(super) fn of(&mut self, entry: &Entry) -> Result<Vec<usize>, Fault> {
        let target = &self.job.target;
        let entity = entry.entity.as_deref().and_then(|entity| self.job.entities.get(entity));
        let organization = entity.unwrap_or(&target.organization).clone();
        let takes_books = matches!(target.book, Book::Shared | Book::SharedBook(_));
        if entry.books.is_empty() || !takes_books {
            let place = Place { organization, book: target.book };
            return Ok(vec![self.number(place)]);
        }
        let mut places = Vec::new();
        for name in &entry.books {
            let wrong = |reason| fault(entry.line, None, Some(name), reason);
            let book = self.book(&organization, name).map_err(wrong)?;
            let place = self.number(Place { organization: organization.clone(), book });
            if !places.contains(&place) {
                places.push(place);
            }
        }
        Ok(places)
    }

    fn number(&mut self, place: Place) -> usize {
        let known = self.all.iter().position(|known| *known == place);
        known.unwrap_or_else(|| {
            self.all.push(place);
            self.all.len() - 1
        })
    }

    /// The shared book of a name, made where there is none.
    fn book(&mut self, organization: &OrganizationId, name: &str) -> Result<Book, Reason> {
        let name = name.trim();
        let same = |book: &&SharedBook| same_name(&book.name) == same_name(name);
        let there = self.snapshot.shared_books(organization).find(same);
        if let Some(there) = there {
            let book = Book::SharedBook(there.id);
            let may = (self.job.may_fill)(self.snapshot, organization, book);
            // Who may not fill it does not learn whether it is there.
            return if may { Ok(book) } else { Err(Reason::new(Rule::NoBook, [&name])) };
        }
        let made = self.new.iter().filter(|book| book.organization == *organization).find(same);
        if let Some(made) = made {
            return Ok(Book::SharedBook(made.id));
        }
        if !self.job.makes_books || self.new.len() >= NEW_BOOKS_MAX {
            return Err(Reason::new(Rule::NoBook, [&name]));
        }
        if name.is_empty()
            || name.chars().count() > NAME_CHARS_MAX
            || name.contains(char::is_control)
        {
            return Err(Reason::new(Rule::BookName, [&NAME_CHARS_MAX]));
        }
        let taken = |id| {
            self.snapshot.shared_book(organization, id).is_some()
                || self.new.iter().any(|book| book.organization == *organization && book.id == id)
        };
        let id = BookId::of_name(name, taken);
        self.new.push(SharedBook {
            organization: organization.clone(),
            id,
            name: name.into(),
            readers: None,
            writers: Vec::new(),
            revision: Revision(0),
        });
        Ok(Book::SharedBook(id))
    }
}
