//! What an import changes: each row against what is there and against the rows before it.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use zeroize::Zeroizing;

use crate::account::User;
use crate::account::group::SharedBook;
use crate::contact::card::Field;
use crate::contact::{Book, Contact, ContactId, OrganizationId, Revision, UserId, uid_key};
use crate::directory::new_id;
use crate::file::{About, Entry, Fault, FileError, ROWS_MAX, Reason, Row, Rule, shortened};
use crate::import::differs::{changes_body, changes_photo, changes_star, changes_user, new_card};
use crate::import::known::{Holder, Known, Names};
use crate::import::person::wrong_login;
use crate::import::place::{Place, Places};
use crate::import::plan::same::By;
use crate::import::references::References;
use crate::import::report::{Action, Change, Report, Skipped};
use crate::import::seen::Seen;
use crate::import::source::Source;
use crate::import::{Hashes, Job, Means, Mode, Sight, fault};
use crate::index::Snapshot;

mod missing;
mod same;

/// What becomes of a good row in one of its places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Nothing,
    Create(ContactId),
    Update(ContactId),
}

/// The outcome for one state of the directory.
pub struct Plan {
    pub report: Report,
    /// The state for which it is made.
    pub snapshot: Arc<Snapshot>,
    /// Of all good rows in their order, for each of their places.
    pub(super) decisions: Vec<Decision>,
    /// Each as it was found.
    pub(super) removals: Vec<(ContactId, Revision)>,
    pub(super) books: Vec<SharedBook>,
    /// Passwords that have yet to be hashed, by line.
    pub unhashed: Vec<(u64, Zeroizing<String>)>,
}

/// Decides about all rows of a file. A file that cannot be read to its end changes nothing.
pub fn plan(
    source: &Source,
    job: &Job,
    snapshot: Arc<Snapshot>,
    (hashes, means): (&Hashes, &Means<'_>),
) -> Plan {
    let encoding = Some(source.text.encoding_name());
    let report = Report::new(job.mode, job.target.book, encoding);
    let mut plan = Plan {
        report,
        snapshot: Arc::clone(&snapshot),
        decisions: Vec::new(),
        removals: Vec::new(),
        books: Vec::new(),
        unhashed: Vec::new(),
    };
    if let Err(refused) = decide(source, job, (hashes, means), (&snapshot, &mut plan)) {
        let report = plan.report.of_refused(refused);
        let (decisions, removals, books) = (Vec::new(), Vec::new(), Vec::new());
        return Plan { report, snapshot, decisions, removals, books, unhashed: Vec::new() };
    }
    plan
}

fn decide(
    source: &Source,
    job: &Job,
    (hashes, means): (&Hashes, &Means<'_>),
    (snapshot, plan): (&Snapshot, &mut Plan),
) -> Result<(), FileError> {
    let mut rows = source.rows()?;
    let about = rows.about().clone();
    plan.report.about = Some(about.clone());
    let mut names = Names::new();
    source.entries(|entry| names.note(&entry))?;
    let mut planner = Planner {
        job,
        snapshot,
        hashes,
        means,
        about: &about,
        names: &names,
        places: Places::new(job, snapshot),
        known: Vec::new(),
        references: References::new(snapshot, &job.target.organization),
        ids: Seen::default(),
        uids: Seen::default(),
        logins: Seen::default(),
        matched: FxHashMap::default(),
        plan,
    };
    while let Some(row) = rows.next_row()? {
        let raw = || rows.raw();
        match row {
            Row::Good(entry) => planner.row(*entry, &raw),
            Row::Bad(faults) => {
                let line = faults.first().map_or(0, |fault| fault.line);
                planner.plan.report.fail(line, faults, raw());
            }
        }
        // A row may go into many books.
        if planner.plan.decisions.len() as u64 > ROWS_MAX {
            return Err(FileError::whole(Reason::new(Rule::TooManyRows, [&ROWS_MAX])));
        }
    }
    planner.finish();
    Ok(())
}

struct Planner<'a> {
    job: &'a Job,
    snapshot: &'a Snapshot,
    hashes: &'a Hashes,
    means: &'a Means<'a>,
    about: &'a About,
    names: &'a Names,
    places: Places<'a>,
    /// By the number of the place.
    known: Vec<Known<'a>>,
    references: References<'a>,
    /// What earlier rows have.
    ids: Seen,
    uids: Seen,
    /// Extensions and user names, in lower case.
    logins: Seen,
    /// Contacts that earlier rows mean, with their lines.
    matched: FxHashMap<ContactId, u64>,
    plan: &'a mut Plan,
}

impl<'a> Planner<'a> {
    /// Decides about one row.
    fn row(&mut self, entry: Entry, raw: &dyn Fn() -> Option<Vec<String>>) {
        let Some(entry) = self.with_references(entry, raw) else { return };
        let places = match self.places.of(&entry) {
            Ok(places) => places,
            Err(fault) => return self.plan.report.fail(entry.line, vec![fault], raw()),
        };
        for number in places {
            let Some(place) = self.places.all().get(number).cloned() else { continue };
            let decision = match self.decide(&entry, &place, number) {
                Ok(decision) => decision,
                Err(fault) => {
                    self.plan.report.fail(entry.line, vec![fault], raw());
                    Decision::Nothing
                }
            };
            self.plan.decisions.push(decision);
        }
    }

    fn with_references(
        &mut self,
        entry: Entry,
        raw: &dyn Fn() -> Option<Vec<String>>,
    ) -> Option<Entry> {
        let line = entry.line;
        match resolved(&mut self.references, entry) {
            Ok(entry) => Some(entry),
            Err(fault) => {
                self.plan.report.fail(line, vec![fault], raw());
                None
            }
        }
    }

    fn decide(&mut self, entry: &Entry, place: &Place, number: usize) -> Result<Decision, Fault> {
        match self.holder(entry, place, number)? {
            Some((Holder::Row(line), by)) => {
                let reason = Reason::new(by.twice(), [&line]);
                let fault = fault(entry.line, None, Some(entry.card.formatted_name()), reason);
                self.plan.report.skip(Skipped { fault, contact: None });
                Ok(Decision::Nothing)
            }
            Some((Holder::There(contact), by)) => self.found(entry, &contact, by),
            None => self.create(entry, place, number),
        }
    }

    /// A row whose contact is there.
    fn found(&mut self, entry: &Entry, contact: &Contact, by: By) -> Result<Decision, Fault> {
        self.matched.insert(contact.id, entry.line);
        if self.job.target.sight == Sight::Blind {
            self.plan.report.created += 1;
            return Ok(Decision::Nothing);
        }
        if self.job.mode == Mode::Add {
            let there = shortened(contact.card.formatted_name());
            let reason = Reason::new(by.there(), [&there]);
            let fault = fault(entry.line, None, Some(entry.card.formatted_name()), reason);
            self.plan.report.skip(Skipped { fault, contact: Some(contact.id) });
            return Ok(Decision::Nothing);
        }
        if contact.derived.group {
            return Err(fault(entry.line, None, None, Rule::GroupCard.into()));
        }
        let user = self.snapshot.user(contact.id).filter(|_| contact.book == Book::People);
        self.may_update(entry, contact, user)?;
        let (card, fields) = new_card(entry, contact, &self.about.covers, self.job.mode)
            .map_err(|_nameless| fault(entry.line, None, None, Rule::Nameless.into()))?;
        let same = fields.is_empty()
            && card == contact.card
            && !changes_body(entry, contact, self.means)
            && !changes_photo(entry, contact, self.means)
            && user.is_none_or(|user| !changes_user(entry, user))
            && !changes_star(self.job, self.snapshot, entry, contact.id);
        if same {
            self.plan.report.unchanged += 1;
            return Ok(Decision::Nothing);
        }
        if user.is_some() {
            self.note_logins(entry, &contact.organization);
        }
        self.needs_hash(entry, user.is_some_and(|user| user.password.is_none()));
        self.plan.report.updated += 1;
        self.plan.report.change(|| Change {
            line: Some(entry.line),
            action: Action::Updated,
            contact: Some(contact.id),
            name: card.formatted_name().into(),
            fields,
        });
        Ok(Decision::Update(contact.id))
    }

    fn may_update(
        &self,
        entry: &Entry,
        contact: &Contact,
        user: Option<&User>,
    ) -> Result<(), Fault> {
        let Some(user) = user else { return Ok(()) };
        if user.role > self.job.role {
            return Err(fault(entry.line, None, None, Rule::HigherRole.into()));
        }
        let (new, given) =
            (entry.card.first(Field::Extension), contact.card.first(Field::Extension));
        if let (Some(new), Some(given)) = (new, given.filter(|given| Some(*given) != new)) {
            let column = self.about.extension_column.as_deref();
            let reason = Reason::new(Rule::ExtensionFixed, [&given]);
            return Err(fault(entry.line, column, Some(new), reason));
        }
        if let Some(extension) = new
            && let Some(line) =
                self.logins.line((&contact.organization, &*extension.to_lowercase()))
        {
            let column = self.about.extension_column.as_deref();
            let reason = Reason::new(Rule::TwiceExtension, [&line]);
            return Err(fault(entry.line, column, Some(extension), reason));
        }
        self.login_is_free(entry, &contact.organization, Some(contact.id))
    }

    fn login_is_free(
        &self,
        entry: &Entry,
        organization: &OrganizationId,
        own: Option<UserId>,
    ) -> Result<(), Fault> {
        let Some(login) = entry.login.as_deref() else { return Ok(()) };
        let column = self.about.login_column.as_deref();
        let wrong = |reason| Err(fault(entry.line, column, Some(login), reason));
        if let Some(reason) = wrong_login(login) {
            return wrong(reason);
        }
        if let Some(line) = self.logins.line((organization, login)) {
            return wrong(Reason::new(Rule::LoginTwice, [&line]));
        }
        let holder = self.snapshot.user_by_login(organization, login);
        let is =
            |name: &Option<Box<str>>| name.as_deref().is_some_and(|n| n.to_lowercase() == login);
        let other = holder.filter(|user| Some(user.id) != own);
        match other.is_some_and(|user| is(&user.login) || is(&user.extension)) {
            true => wrong(Rule::LoginTaken.into()),
            false => Ok(()),
        }
    }

    fn create(&mut self, entry: &Entry, place: &Place, number: usize) -> Result<Decision, Fault> {
        if place.book == Book::People {
            self.login_is_free(entry, &place.organization, None)?;
            if entry.password.is_some()
                && let Some(Err(refused)) = self.hashes.get(&entry.line)
            {
                return Err(fault(entry.line, Some("password"), None, refused.clone()));
            }
            self.needs_hash(entry, true);
            self.note_logins(entry, &place.organization);
        }
        let id = self.new_id(entry, number);
        if let Some(extension) = entry.card.first(Field::Extension) {
            self.references.note(extension, id);
        }
        if let Some(uid) = entry.uid.as_deref() {
            self.uids.note((number, &*uid_key(uid)), entry.line);
        }
        if let Some(known) = self.known(number, place) {
            known.add(entry);
        }
        self.plan.report.created += 1;
        if self.job.target.sight == Sight::Open {
            self.plan.report.change(|| Change {
                line: Some(entry.line),
                action: Action::Created,
                contact: None,
                name: entry.card.formatted_name().into(),
                fields: Vec::new(),
            });
        }
        Ok(Decision::Create(id))
    }

    /// The names by which the row's user signs in are no other row's.
    fn note_logins(&mut self, entry: &Entry, organization: &OrganizationId) {
        let extension = entry.card.first(Field::Extension).map(str::to_lowercase);
        for name in extension.iter().map(|name| &**name).chain(entry.login.as_deref()) {
            self.logins.note((organization, name), entry.line);
        }
    }

    /// The id in the file, where nobody has that.
    fn new_id(&mut self, entry: &Entry, number: usize) -> ContactId {
        let Some(id) = entry.id else { return new_id() };
        self.ids.note((number, id), entry.line);
        let elsewhere = self.ids.line(id).is_some();
        self.ids.note(id, entry.line);
        let mut organizations = self.snapshot.organizations();
        let somebodys = organizations.any(|of| self.snapshot.contact(&of.id, id).is_some());
        if somebodys || elsewhere { new_id() } else { id }
    }

    fn needs_hash(&mut self, entry: &Entry, without_password: bool) {
        let password = entry.password.as_ref().filter(|_| without_password);
        let missing = password.filter(|_| !self.hashes.contains_key(&entry.line));
        if let Some(password) = missing {
            self.plan.unhashed.push((entry.line, password.clone()));
        }
    }

    /// What a mirror removes, once all rows are known.
    fn finish(mut self) {
        if self.job.mode == Mode::Mirror && self.job.target.sight == Sight::Open {
            self.remove_what_is_missing();
        }
        let target = &self.job.target;
        let others = self.places.all().iter().skip(1);
        let others = others.filter(|place| place.organization == target.organization);
        self.plan.report.other_books = others.map(|place| place.book).collect();
        self.plan.report.new_books = self.places.new.iter().map(|book| book.name.clone()).collect();
        self.plan.books = std::mem::take(&mut self.places.new);
    }
}

/// The row with ids for the managers and assistants whom it names. A card that is kept as it is keeps
/// their names.
pub(super) fn resolved(references: &mut References<'_>, entry: Entry) -> Result<Entry, Fault> {
    if entry.body.is_some() {
        return Ok(entry);
    }
    let line = entry.line;
    let nameless = |_| fault(line, None, None, Rule::Nameless.into());
    let card = references.resolved(entry.card).map_err(nameless)?;
    Ok(Entry { card, ..entry })
}

impl Job {
    /// Whether rows may go to further organizations.
    pub(crate) fn is_of_several(&self) -> bool {
        self.entities.values().any(|of| *of != self.target.organization)
    }

    /// Whose favorites a file tells: the owner's of a personal book, else the importer's.
    pub(super) fn stars_of(&self) -> Option<UserId> {
        self.target.book.owner().or(self.importer)
    }
}
