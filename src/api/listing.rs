//! Lists of contacts: sorted by what the asker sees, in parts that a cursor joins.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::Organization;
use crate::api::cursor::{Cursor, is_cut};
use crate::api::problem::Problem;
use crate::contact::ContactId;
use crate::contact::card::{Field, FieldSet};
use crate::contact::number::{NumberPattern, Numbering};
use crate::contact::query::{Query, TextPattern};
use crate::index::{Matches, Row};

/// Contacts of one answer where the asker names no limit, and at most.
const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1000;
/// Words of a search at most; each costs a look at the index.
const WORDS_MAX: usize = 16;
/// Rows that a search without an indexed word looks at.
pub(super) const LOOK_THROUGH: usize = 200_000;

/// What a list can be sorted by besides the name, under the names of JSON.
const SORTS: [(&str, Field); 8] = [
    ("family_name", Field::FamilyName),
    ("given_name", Field::GivenName),
    ("company", Field::Company),
    ("department", Field::Department),
    ("site", Field::Site),
    ("title", Field::Title),
    ("extension", Field::Extension),
    ("email", Field::Email),
];

/// What a list can be asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParams {
    #[serde(rename = "organization")]
    _organization: Option<String>,
    pub(super) q: Option<String>,
    sort: Option<String>,
    order: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

impl ListParams {
    /// All words of `q`, each in any text or number.
    pub(super) fn query(&self, numbering: &Numbering) -> Query {
        let words = self.q.as_deref().unwrap_or_default().split_whitespace().take(WORDS_MAX);
        let word = |word: &str| {
            let text = Query::Text(Field::TEXTS, TextPattern::contains(word));
            let digits = word.contains(|c: char| c.is_ascii_digit());
            let number = NumberPattern::parts(None, &[word], None, numbering).filter(|_| digits);
            let number = number.map(|pattern| Query::Number(Field::NUMBERS, pattern));
            Query::Or([Some(text), number].into_iter().flatten().collect())
        };
        Query::And(words.map(word).collect())
    }
}

/// As lists are sorted where nobody asks for more, and as the index finds.
const BY_NAME: Sort = Sort { field: None, descending: false };

/// How a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sort {
    /// None: by name, as the organization sorts names.
    pub(super) field: Option<Field>,
    pub(super) descending: bool,
}

impl Sort {
    fn of(params: &ListParams) -> Result<Self, Problem> {
        let named = |name: &str| SORTS.iter().find(|(known, _)| *known == name);
        let field = match params.sort.as_deref() {
            None | Some("name") => None,
            Some(name) => Some(named(name).map(|(_, field)| *field).ok_or_else(|| {
                let names: Vec<&str> = SORTS.iter().map(|(name, _)| *name).collect();
                Problem::field("sort", format!("sort must be name, {}", names.join(", ")))
            })?),
        };
        let descending = match params.order.as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err(Problem::field("order", "order must be asc or desc")),
        };
        Ok(Self { field, descending })
    }

    /// The name of the order, for cursors.
    pub(super) fn name(self) -> String {
        let named = SORTS.iter().find(|(_, field)| Some(*field) == self.field);
        let order = if self.descending { "desc" } else { "asc" };
        format!("{}.{order}", named.map_or("name", |(name, _)| name))
    }

    /// Which of two contacts comes first.
    fn compare(self, one: &Place, other: &Place) -> Ordering {
        let ascending = (&one.key, one.id).cmp(&(&other.key, other.id));
        if self.descending { ascending.reverse() } else { ascending }
    }

    /// Where a contact stands. What the asker does not see of it sorts as if it were not there: those
    /// without a value come last in either order.
    fn place(self, row: &Row<'_>, hidden: FieldSet, organization: &Organization) -> Place {
        let Some(field) = self.field else {
            return Place { key: row.derived.sort_key.to_vec(), id: row.id };
        };
        let value = row.card.first(field).filter(|_| !hidden.contains(field));
        let mut key = vec![u8::from(value.is_some() == self.descending)];
        if let Some(value) = value {
            if field == Field::Extension {
                // By value: 99 comes before 100.
                key.extend(value.len().to_be_bytes());
                key.extend(value.to_lowercase().as_bytes());
            } else {
                key.extend(organization.derivation.collation.sort_key(value).iter());
            }
        }
        // Ties go by name. Sort keys have no zero byte.
        key.push(0);
        key.extend(row.derived.sort_key.iter());
        Place { key, id: row.id }
    }
}

/// Where a contact stands in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) key: Vec<u8>,
    pub(super) id: ContactId,
}

/// A part of a list that is asked for.
pub(super) struct Listing<'a> {
    organization: &'a Organization,
    sort: Sort,
    limit: usize,
    after: Option<Place>,
}

/// The part, to be shown.
pub(super) struct Part<'a> {
    pub(super) rows: Vec<Row<'a>>,
    next: Option<Cursor>,
    /// Whether rows were left unexamined.
    exceeded: bool,
}

impl<'a> Listing<'a> {
    /// # Errors
    /// 400 where a parameter has no such value.
    pub(super) fn of(params: &ListParams, organization: &'a Organization) -> Result<Self, Problem> {
        let limit = params.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Problem::field("limit", format!("limit must be 1 to {LIMIT_MAX}")));
        }
        let sort = Sort::of(params)?;
        let wrong = || {
            let detail = "the cursor must come from an answer to the same question: begin again";
            Problem::field("cursor", detail)
        };
        let after = match params.cursor.as_deref() {
            None => None,
            Some(text) => {
                let cursor = Cursor::parse(text).ok_or_else(wrong)?;
                let place = cursor.place_in(sort, organization.derivation.fingerprint);
                Some(place.ok_or_else(wrong)?)
            }
        };
        Ok(Self { organization, sort, limit, after })
    }

    /// The part of what was found. `hidden` says what the asker does not see of a contact, `find`
    /// finds one that they see.
    pub(super) fn part<'r>(
        &self,
        found: Matches<'r>,
        hidden: impl Fn(&Row<'r>) -> FieldSet,
        find: impl Fn(ContactId) -> Option<Row<'r>>,
    ) -> Part<'r> {
        let place = |row: &Row<'r>| self.sort.place(row, hidden(row), self.organization);
        let after = self.after.clone().map(|after| {
            let known = find(after.id).filter(|_| is_cut(&after)).map(|row| place(&row));
            known.filter(|known| known.key.starts_with(&after.key)).unwrap_or(after)
        });
        let (mut rows, exceeded) = if self.sort == BY_NAME {
            self.in_name_order(found, after.as_ref())
        } else {
            self.in_order(found, after.as_ref(), place)
        };
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let fingerprint = self.organization.derivation.fingerprint;
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| Cursor::new(self.sort, fingerprint, place(row)));
        Part { rows, next, exceeded }
    }

    /// The index finds in name order: what is behind the part is never looked at.
    fn in_name_order<'r>(&self, found: Matches<'r>, after: Option<&Place>) -> (Vec<Row<'r>>, bool) {
        let mut found = match after {
            Some(place) => found.after(&place.key, place.id),
            None => found,
        };
        let rows = found.by_ref().take(self.limit + 1).collect();
        (rows, found.exceeded())
    }

    /// Looks at all that is found, and keeps no more than the part.
    fn in_order<'r>(
        &self,
        mut found: Matches<'r>,
        after: Option<&Place>,
        place: impl Fn(&Row<'r>) -> Place,
    ) -> (Vec<Row<'r>>, bool) {
        let mut first: BinaryHeap<Ranked<'r>> = BinaryHeap::new();
        for row in found.by_ref() {
            let ranked = Ranked { sort: self.sort, place: place(&row), row };
            let passed = |after| self.sort.compare(&ranked.place, after).is_le();
            if after.is_some_and(passed) {
                continue;
            }
            if first.len() <= self.limit {
                first.push(ranked);
            } else if let Some(mut last) = first.peek_mut()
                && ranked < *last
            {
                *last = ranked;
            }
        }
        let rows = first.into_sorted_vec().into_iter().map(|ranked| ranked.row).collect();
        (rows, found.exceeded())
    }
}

impl Part<'_> {
    /// The answer: the rows as they are shown, with the cursor of the next part.
    pub(super) fn answer(&self, items: Vec<Value>) -> Value {
        let next = self.next.as_ref().map(Cursor::to_string);
        json!({ "items": items, "next": next, "complete": !self.exceeded })
    }
}

/// A row that knows where it stands.
struct Ranked<'r> {
    sort: Sort,
    place: Place,
    row: Row<'r>,
}

impl PartialEq for Ranked<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Ranked<'_> {}

impl PartialOrd for Ranked<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sort.compare(&self.place, &other.place)
    }
}
