//! Which of a user's homes a contact program is told of.

use hyper::header::{HeaderMap, USER_AGENT};

use crate::account::Layout;
use crate::auth::Credential;
use crate::carddav::book::merged;
use crate::carddav::book::path::{MERGED, Resource};
use crate::carddav::book::view::{Client, Session};
use crate::contact::book::AddressBook;
use crate::directory::{Edit, Request};

impl Client {
    /// The program that sends these headers, as far as it matters.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        match agent {
            Some(agent) if agent.contains("Thunderbird") => Self::Thunderbird,
            Some(agent) if is_apple(agent) => Self::Apple,
            _ => Self::Other,
        }
    }
}

/// Whether a program is one of Apple's: `iOS/17.5 (21F79) dataaccessd/1.0`, `macOS/14.4 (23E214)
/// AddressBookCore/2633`, `Mac OS X/10.11.2 (15C31f) AddressBook/1679.3`. Browsers and programs of
/// others name the system otherwise.
fn is_apple(agent: &str) -> bool {
    const SYSTEMS: [&str; 5] = ["iOS/", "iPadOS/", "macOS/", "Mac OS X/", "Mac+OS+X/"];
    const PROGRAMS: [&str; 5] =
        ["accountsd", "dataaccessd", "AddressBook", "Contacts", "Preferences"];
    let is_program = |product: &str| PROGRAMS.iter().any(|program| product.starts_with(program));
    SYSTEMS.iter().any(|system| agent.starts_with(system))
        || agent.split_ascii_whitespace().any(is_program)
}

/// What decides the layout.
struct Choice {
    layout: Layout,
    /// The program decided: another one would have got another.
    by_program: bool,
}

impl Session {
    /// The home that this program is told of.
    pub(crate) fn home(&self) -> Box<str> {
        match self.layout() {
            Layout::Merged => format!("{}{MERGED}", self.user.principal).into(),
            Layout::Auto | Layout::Separate => self.user.principal.clone(),
        }
    }

    pub(crate) fn home_href(&self) -> String {
        Resource::Home(self.home()).href(self)
    }

    /// The layout of one of the user's homes; None for a home of nobody or of somebody else.
    pub(crate) fn home_layout(&self, home: &str) -> Option<Layout> {
        match home.strip_prefix(&*self.user.principal)? {
            "" => Some(Layout::Separate),
            MERGED => Some(Layout::Merged),
            _ => None,
        }
    }

    /// The books that a home lists: the homes of contacts, one's own first since macOS uses only the
    /// first one, and of the views those that the user or the organization wants listed, be they there
    /// or not. All others answer at their paths too.
    pub(crate) fn listed_books(&self, home: &str) -> Vec<AddressBook> {
        let Some(sight) = self.sight() else { return Vec::new() };
        if self.home_layout(home) == Some(Layout::Merged) {
            return vec![AddressBook::Contacts];
        }
        let mut homes = sight.homes().to_vec();
        homes.sort_by_key(|home| merged::place(*home));
        let mut books: Vec<AddressBook> = homes.into_iter().map(AddressBook::Home).collect();
        if !merged::fits_devices(&sight) {
            books.retain(|book| *book != AddressBook::PEOPLE);
            books.extend(merged::own_departments(&sight).into_iter().map(AddressBook::Group));
            books.push(AddressBook::Favorites);
        }
        let wanted = self.user.listed_books.as_ref();
        for book in wanted.unwrap_or(&sight.organization.listed_books) {
            let view =
                matches!(book, AddressBook::Favorites | AddressBook::All | AddressBook::Group(_));
            if view && !books.contains(book) {
                books.push(*book);
            }
        }
        books
    }

    /// The layout that this program is told of.
    pub(crate) fn layout(&self) -> Layout {
        self.choice().layout
    }

    /// The user's own setting counts first, then what this device got before, then the organization's.
    fn choice(&self) -> Choice {
        let organization = self.snapshot.organization(&self.user.organization);
        let organization = organization.map_or(Layout::Auto, |of| of.carddav_layout);
        let given = match self.user.carddav_layout {
            Some(Layout::Auto) => self.remembered().unwrap_or(Layout::Auto),
            Some(own) => own,
            None => self.remembered().unwrap_or(organization),
        };
        match (given, self.client) {
            (Layout::Auto, Client::Apple) => Choice { layout: Layout::Merged, by_program: true },
            (Layout::Auto, _) => Choice { layout: Layout::Separate, by_program: true },
            (layout, _) => Choice { layout, by_program: false },
        }
    }

    fn app(&self) -> Option<&str> {
        match &self.principal.credential {
            Credential::App(id) => Some(id),
            _ => None,
        }
    }

    fn remembered(&self) -> Option<Layout> {
        let id = self.app()?;
        let mut apps = self.snapshot.app_passwords(self.user.id).iter();
        apps.find(|app| *app.id == *id)?.carddav_layout
    }

    /// Keeps with the app password what the program decided, once: a device whose next version names
    /// itself otherwise would get everybody anew, and keep the others.
    pub(crate) async fn remember_layout(&self) {
        let (choice, Some(app)) = (self.choice(), self.app()) else { return };
        if !choice.by_program {
            return;
        }
        let (user, app, layout) = (self.user.id, app.into(), choice.layout);
        let request = Request::one(Edit::RememberLayout { user, app, layout });
        if let Err(error) = self.directory.commit(request).await {
            tracing::warn!(%error, "the layout of an app password was not remembered");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apples_programs_name_themselves() {
        for agent in [
            "iOS/17.5 (21F79) dataaccessd/1.0",
            "iOS/12.1.4 (16D57) accountsd/1.0",
            "iOS/8.4 (12H143) Preferences/1.0",
            "macOS/14.4 (23E214) AddressBookCore/2633",
            "macOS/13.0 (22A380) Contacts/2650",
            "Mac OS X/10.11.2 (15C31f) AddressBook/1679.3",
            "Mac+OS+X/10.8 (12A269) AddressBook/1167",
            "AddressBook/6.1 (1083) CardDAVPlugin/200 CFNetwork/520.2.5 Mac_OS_X/10.7.2 (11C74)",
            "accountsd/1.0",
        ] {
            assert!(is_apple(agent), "{agent}");
        }
        for agent in [
            "DAVx5/4.4-ose (2024/08/02; dav4jvm; okhttp/4.12.0) Android/14",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:153.0) Gecko/20100101 Firefox/153.0",
            "Evolution/3.46.4",
            "vdirsyncer/0.21.0",
            "eMClient/10.0",
            "BusyContacts-1.6.6",
            "",
        ] {
            assert!(!is_apple(agent), "{agent}");
        }
    }
}
