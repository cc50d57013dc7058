//! What an import changes: each row against what is there and against the rows before it.

use std::collections::HashMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::account::{Role, SecretHash};
use crate::contact::card::Field;
use crate::contact::{Book, ContactId, Draft, Timestamp, UserId};
use crate::directory::{Edit, new_id};
use crate::file::{Entry, Fault, Reason, Rule, shortened};
use crate::import::file::Parsed;
use crate::import::known::{Holder, Known};
use crate::import::person::{NewUser, is_taken_in, wrong_extension, wrong_login};
use crate::import::report::Skipped;
use crate::import::{Hashes, Sight, Target, fault};
use crate::index::{Extent, Snapshot};

/// The outcome for one state of the directory.
#[derive(Debug, Default)]
pub struct Plan {
    pub edits: Vec<Edit>,
    pub created: usize,
    pub skipped: Vec<Skipped>,
    /// Rows that are well written but do not go together with what is there.
    pub failed: Vec<Fault>,
    /// Places of the entries whose passwords have yet to be hashed.
    pub unhashed: Vec<usize>,
}

/// Plans to add the entries of a file: those that are there already are skipped.
pub fn plan(
    parsed: &Parsed,
    target: &Target,
    snapshot: &Snapshot,
    hashes: &Hashes,
    now: Timestamp,
) -> Plan {
    let Some(organization) = snapshot.organization(&target.organization) else {
        return Plan::default();
    };
    let extent = Extent::of(&[target.book]);
    let known = Known::new(&parsed.entries, snapshot, organization, &extent);
    let mut planner = Planner {
        parsed,
        target,
        snapshot,
        hashes,
        now,
        known,
        ids: FxHashMap::default(),
        uids: HashMap::new(),
        logins: HashMap::new(),
        principals: FxHashSet::default(),
        plan: Plan::default(),
    };
    for (at, entry) in parsed.entries.iter().enumerate() {
        planner.place(at, entry);
    }
    planner.plan
}

struct Planner<'a> {
    parsed: &'a Parsed,
    target: &'a Target,
    snapshot: &'a Snapshot,
    hashes: &'a Hashes,
    now: Timestamp,
    known: Known<'a>,
    /// What earlier rows have, with their lines.
    ids: FxHashMap<ContactId, u64>,
    uids: HashMap<&'a str, u64>,
    /// Extensions and user names, in lower case.
    logins: HashMap<String, u64>,
    principals: FxHashSet<Box<str>>,
    plan: Plan,
}

/// By what a row is the same as something else.
#[derive(Clone, Copy, Debug)]
enum By {
    Id,
    Uid,
    Extension,
    Name,
}

impl By {
    fn there(self) -> Rule {
        match self {
            Self::Id => Rule::SameId,
            Self::Uid => Rule::SameUid,
            Self::Extension => Rule::SameExtension,
            Self::Name => Rule::SameName,
        }
    }

    fn twice(self) -> Rule {
        match self {
            Self::Id => Rule::TwiceId,
            Self::Uid => Rule::TwiceUid,
            Self::Extension => Rule::TwiceExtension,
            Self::Name => Rule::TwiceName,
        }
    }
}

/// What stands against a row.
enum Obstacle<'a> {
    Same(Holder<'a>, By),
    Wrong(Fault),
}

impl<'a> Planner<'a> {
    /// Decides about one row.
    fn place(&mut self, at: usize, entry: &'a Entry) {
        match self.obstacle(entry) {
            Some(Obstacle::Wrong(fault)) => self.plan.failed.push(fault),
            Some(Obstacle::Same(Holder::There(_), _)) if self.target.sight == Sight::Blind => {
                self.plan.created += 1;
            }
            Some(Obstacle::Same(holder, what)) => {
                let skipped = skipped(entry, holder, what);
                self.plan.skipped.push(skipped);
            }
            None => self.create(at, entry),
        }
    }

    fn obstacle(&self, entry: &Entry) -> Option<Obstacle<'a>> {
        if let Some(same) = self.same_identity(entry) {
            return Some(same);
        }
        if self.target.book == Book::People
            && let Some(obstacle) = self.extension(entry)
        {
            return Some(obstacle);
        }
        if let Some(holder) = self.known.find(entry) {
            return Some(Obstacle::Same(holder, By::Name));
        }
        self.login(entry).map(Obstacle::Wrong)
    }

    fn same_identity(&self, entry: &Entry) -> Option<Obstacle<'a>> {
        let Target { organization, book, .. } = self.target;
        if let Some(id) = entry.id {
            if let Some(line) = self.ids.get(&id) {
                return Some(Obstacle::Same(Holder::Row(*line), By::Id));
            }
            let there = self.snapshot.contact(organization, id).filter(|row| row.book == *book);
            if let Some(there) = there {
                return Some(Obstacle::Same(Holder::There(there.contact()), By::Id));
            }
        }
        let uid = entry.uid.as_deref()?;
        if let Some(line) = self.uids.get(uid) {
            return Some(Obstacle::Same(Holder::Row(*line), By::Uid));
        }
        let there = self.snapshot.by_uid(organization, *book, uid)?;
        Some(Obstacle::Same(Holder::There(there.contact()), By::Uid))
    }

    fn extension(&self, entry: &Entry) -> Option<Obstacle<'a>> {
        let extension = entry.card.first(Field::Extension)?;
        let column = self.parsed.about.as_ref().and_then(|of| of.extension_column.as_deref());
        let wrong = |reason| Obstacle::Wrong(fault(entry.line, column, Some(extension), reason));
        if let Some(reason) = wrong_extension(extension) {
            return Some(wrong(reason));
        }
        if let Some(line) = self.logins.get(&extension.to_lowercase()) {
            return Some(Obstacle::Same(Holder::Row(*line), By::Extension));
        }
        let organization = &self.target.organization;
        let user = self.snapshot.user_by_login(organization, extension)?;
        let holds = |name: &Option<Box<str>>| {
            name.as_ref().is_some_and(|name| name.to_lowercase() == extension.to_lowercase())
        };
        let there = self.snapshot.contact(organization, user.id);
        match there {
            Some(there) if holds(&user.extension) => {
                Some(Obstacle::Same(Holder::There(there.contact()), By::Extension))
            }
            _ if holds(&user.login) || holds(&user.extension) => {
                Some(wrong(Rule::ExtensionTaken.into()))
            }
            _ => None,
        }
    }

    fn login(&self, entry: &Entry) -> Option<Fault> {
        let login = entry.login.as_deref()?;
        if self.target.book != Book::People {
            return None;
        }
        let column = self.parsed.about.as_ref().and_then(|of| of.login_column.as_deref());
        let wrong = |reason| Some(fault(entry.line, column, Some(login), reason));
        if let Some(reason) = wrong_login(login) {
            return wrong(reason);
        }
        if let Some(line) = self.logins.get(login) {
            return wrong(Reason::new(Rule::LoginTwice, [line]));
        }
        let holder = self.snapshot.user_by_login(&self.target.organization, login);
        let is =
            |name: &Option<Box<str>>| name.as_deref().is_some_and(|n| n.to_lowercase() == login);
        if holder.is_some_and(|user| is(&user.login) || is(&user.extension)) {
            return wrong(Rule::LoginTaken.into());
        }
        None
    }

    fn create(&mut self, at: usize, entry: &'a Entry) {
        if self.target.book != Book::People {
            return self.create_contact(entry);
        }
        match (&entry.password, self.hashes.get(&entry.line)) {
            (None, _) => self.create_user(entry, None),
            (Some(_), Some(Ok(hash))) => self.create_user(entry, Some(hash.clone())),
            (Some(_), Some(Err(refused))) => {
                let fault = fault(entry.line, Some("password"), None, refused.clone());
                self.plan.failed.push(fault);
            }
            (Some(_), None) => {
                self.plan.unhashed.push(at);
                self.create_user(entry, None);
            }
        }
    }

    fn create_contact(&mut self, entry: &'a Entry) {
        let draft = Draft {
            organization: self.target.organization.clone(),
            book: self.target.book,
            name: None,
            uid: entry.uid.clone(),
            card: entry.card.clone(),
            body: None,
            listed: true,
        };
        let id = self.taken(entry);
        self.plan.edits.push(Edit::PutContact { id, draft });
    }

    fn create_user(&mut self, entry: &'a Entry, password: Option<SecretHash>) {
        let extension = entry.card.first(Field::Extension).map(str::to_lowercase);
        let login = entry.login.as_deref().map(str::to_owned);
        self.logins.extend(extension.into_iter().chain(login).map(|name| (name, entry.line)));
        let id = self.taken(entry);
        let new = NewUser {
            id,
            organization: self.target.organization.clone(),
            card: entry.card.clone(),
            login: entry.login.clone(),
            password,
            role: Role::User,
            listed: true,
            created: self.now,
        };
        let is_taken = is_taken_in(self.snapshot);
        let (user, mut draft) =
            new.make(|segment| self.principals.contains(segment) || is_taken(segment));
        draft.uid = entry.uid.clone();
        self.principals.insert(user.principal.clone());
        self.plan.edits.push(Edit::PutContact { id, draft });
        self.plan.edits.push(Edit::PutUser(user));
    }

    /// Notes that a row is taken, and gives it its id: the one in the file, where nobody has that.
    fn taken(&mut self, entry: &'a Entry) -> UserId {
        self.plan.created += 1;
        self.known.add(entry);
        if let Some(uid) = entry.uid.as_deref() {
            self.uids.insert(uid, entry.line);
        }
        let Some(id) = entry.id else { return new_id() };
        self.ids.insert(id, entry.line);
        let mut organizations = self.snapshot.organizations();
        let somebodys = organizations.any(|of| self.snapshot.contact(&of.id, id).is_some());
        if somebodys { new_id() } else { id }
    }
}

fn skipped(entry: &Entry, holder: Holder<'_>, by: By) -> Skipped {
    let name = entry.card.formatted_name();
    let (reason, contact) = match holder {
        Holder::There(contact) => {
            let there = shortened(contact.card.formatted_name());
            (Reason::new(by.there(), [&there]), Some(contact.id))
        }
        Holder::Row(line) => (Reason::new(by.twice(), [&line]), None),
    };
    Skipped { fault: fault(entry.line, None, Some(name), reason), contact }
}
