//! A program that keeps a copy of a collection, and synchronizes it now and then.

use std::collections::{BTreeMap, BTreeSet};

use crate::company::path;
use crate::world::World;
use crate::xml::{Multistatus, Row};

/// The copy.
pub(crate) struct Client {
    pub(crate) who: &'static str,
    book: &'static str,
    pub(crate) token: String,
    pub(crate) cards: BTreeMap<String, (String, String)>,
    /// While it begins anew: what it was told since.
    told: Option<BTreeSet<String>>,
}

impl Client {
    pub(crate) fn new(who: &'static str, book: &'static str) -> Self {
        Self { who, book, token: String::new(), cards: BTreeMap::new(), told: None }
    }

    pub(crate) fn path(&self) -> String {
        path(self.who, self.book)
    }

    /// Asks for what is new; the status where that fails.
    pub(crate) async fn ask(
        &self,
        world: &World,
        limit: Option<usize>,
    ) -> Result<Multistatus, u16> {
        let limit = limit.map(|limit| format!("<limit><nresults>{limit}</nresults></limit>"));
        let request = format!(
            "REPORT {}\n\n<sync-collection xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\">\
            <sync-token>{}</sync-token><sync-level>1</sync-level>{}\
            <prop><getetag/><C:address-data/></prop></sync-collection>",
            self.path(),
            self.token,
            limit.unwrap_or_default(),
        );
        let answer = world.send(self.who, &request).await;
        if answer.status == 207 { Ok(answer.rows()) } else { Err(answer.status.as_u16()) }
    }

    /// Synchronizes, up to some pages.
    pub(crate) async fn sync(&mut self, world: &World, limit: Option<usize>, pages: usize) {
        let mut left = pages;
        while left > 0 {
            if self.token.is_empty() {
                self.told.get_or_insert_default();
            }
            let answer = match self.ask(world, limit).await {
                Ok(answer) => answer,
                Err(403) => {
                    assert!(!self.token.is_empty());
                    (self.token, self.told) = (String::new(), None);
                    continue;
                }
                Err(status) => {
                    assert_eq!(status, 404);
                    (self.token, self.told) = (String::new(), None);
                    self.cards.clear();
                    return;
                }
            };
            left -= 1;
            if !self.take(answer) {
                return;
            }
        }
    }

    /// Takes over an answer; whether there is more.
    fn take(&mut self, answer: Multistatus) -> bool {
        let is_first = self.token.is_empty();
        let mut more = false;
        for row in answer.rows {
            match row.status {
                Some(404) => {
                    assert!(!is_first, "nothing is gone at the beginning");
                    self.cards.remove(&row.href);
                }
                Some(507) => more = true,
                Some(status) => panic!("{status}"),
                None => {
                    if let Some(told) = &mut self.told {
                        told.insert(row.href.clone());
                    }
                    let (tag, card) = content(&row);
                    // The card is fetched where the tag is another one.
                    if self.cards.get(&row.href).is_none_or(|(known, _)| *known != tag) {
                        self.cards.insert(row.href, (tag, card));
                    }
                }
            }
        }
        self.token = answer.token;
        if !more && let Some(told) = self.told.take() {
            self.cards.retain(|href, _| told.contains(href));
        }
        more
    }
}

/// Entity tag and card of a row.
pub(crate) fn content(row: &Row) -> (String, String) {
    let found = |property| row.found(property).unwrap().to_owned();
    (found("D:getetag"), found("C:address-data"))
}
