//! Where a row goes: the organization and the books that it names, else the import's target.

use rustc_hash::FxHashMap;

use crate::account::group::{NAME_CHARS_MAX, SharedBook, same_name, wrong_name};
use crate::contact::book::BookId;
use crate::contact::{Book, OrganizationId, Revision};
use crate::file::{Entry, Fault, Reason, Rule, shortened};
use crate::import::{Job, fault};
use crate::index::Snapshot;

/// The most books that one import makes.
const NEW_BOOKS_MAX: usize = 200;

/// A book of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) organization: OrganizationId,
    pub(super) book: Book,
}

/// All places of the rows so far; the first is the target.
pub(super) struct Places<'a> {
    job: &'a Job,
    snapshot: &'a Snapshot,
    all: Vec<Place>,
    /// The numbers of places.
    numbers: FxHashMap<Place, usize>,
    /// The shared books of organizations by [`same_name`], once a row names any; None: not for the
    /// importer.
    shared: FxHashMap<OrganizationId, FxHashMap<String, Option<Book>>>,
    /// Shared books that rows name and that are not there yet.
    pub(super) new: Vec<SharedBook>,
}

impl<'a> Places<'a> {
    pub(super) fn new(job: &'a Job, snapshot: &'a Snapshot) -> Self {
        let organization = job.target.organization.clone();
        let mut places = Self {
            job,
            snapshot,
            all: Vec::new(),
            numbers: FxHashMap::default(),
            shared: FxHashMap::default(),
            new: Vec::new(),
        };
        places.number(Place { organization, book: job.target.book });
        places
    }

    pub(super) fn all(&self) -> &[Place] {
        &self.all
    }

    /// The numbers of the places in which the row's contact belongs; at least one, each once.
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
            places.push(self.number(Place { organization: organization.clone(), book }));
        }
        places.sort_unstable();
        places.dedup();
        Ok(places)
    }

    fn number(&mut self, place: Place) -> usize {
        if let Some(number) = self.numbers.get(&place) {
            return *number;
        }
        let number = self.all.len();
        self.all.push(place.clone());
        self.numbers.insert(place, number);
        number
    }

    /// The shared book of a name, made where there is none.
    fn book(&mut self, organization: &OrganizationId, name: &str) -> Result<Book, Reason> {
        let (job, snapshot) = (self.job, self.snapshot);
        let shared = self.shared.entry(organization.clone()).or_insert_with(|| {
            let fillable = |book| (job.may_fill)(snapshot, organization, book).then_some(book);
            let books = snapshot.shared_books(organization);
            books.map(|b| (same_name(&b.name), fillable(Book::SharedBook(b.id)))).collect()
        });
        let name = name.trim();
        // Who may not fill a book does not learn whether it is there.
        let refused = || Reason::new(Rule::NoBook, [&shortened(name)]);
        if let Some(there) = shared.get(&same_name(name)) {
            return there.ok_or_else(refused);
        }
        if !job.makes_books || self.new.len() >= NEW_BOOKS_MAX {
            return Err(refused());
        }
        if wrong_name(name).is_some() {
            return Err(Reason::new(Rule::BookName, [&NAME_CHARS_MAX]));
        }
        let taken = |id| {
            snapshot.shared_book(organization, id).is_some()
                || self.new.iter().any(|book| book.organization == *organization && book.id == id)
        };
        let id = BookId::of_name(name, taken);
        let book = Book::SharedBook(id);
        shared.insert(same_name(name), Some(book));
        self.new.push(SharedBook {
            organization: organization.clone(),
            id,
            name: name.into(),
            readers: None,
            writers: Vec::new(),
            revision: Revision(0),
        });
        Ok(book)
    }
}
