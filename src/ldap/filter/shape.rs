//! Puts the terms of a filter together in the shape that is searched fastest.

use crate::contact::query::{Query, Truth};

/// Longer lists are not searched for terms that can be merged.
const MERGED_TERMS_MAX: usize = 100;

/// All of these, without those that are always true.
pub(super) fn all(queries: impl Iterator<Item = Query>) -> Query {
    let mut terms = Vec::new();
    for query in queries {
        match query {
            Query::Constant(Truth::True) => {}
            Query::Constant(Truth::False) => return query,
            Query::And(inner) => terms.extend(inner),
            _ => terms.push(query),
        }
    }
    single(terms, Query::And).unwrap_or(Query::Constant(Truth::True))
}

/// Any of these, without those that never are.
pub(super) fn any(queries: impl Iterator<Item = Query>) -> Query {
    let mut terms = Vec::new();
    for query in queries {
        match query {
            Query::Constant(Truth::False) => {}
            Query::Constant(Truth::True) => return query,
            Query::Or(inner) => terms.extend(inner),
            _ => terms.push(query),
        }
    }
    single(terms, Query::Or).unwrap_or(Query::Constant(Truth::False))
}

/// [`any`], with the same pattern on several attributes as one term: phones ask
/// `(|(cn=J*)(sn=J*))`. A hidden field makes the separate terms Undefined, which differs from
/// False under NOT; so this is for terms that are not under one.
pub(super) fn any_merged(queries: impl Iterator<Item = Query>) -> Query {
    match any(queries) {
        Query::Or(terms) if terms.len() <= MERGED_TERMS_MAX => {
            let mut merged: Vec<Query> = Vec::with_capacity(terms.len());
            for term in terms {
                if !merged.iter_mut().any(|into| merge(into, &term)) {
                    merged.push(term);
                }
            }
            single(merged, Query::Or).unwrap_or(Query::Constant(Truth::False))
        }
        query => query,
    }
}

fn merge(into: &mut Query, term: &Query) -> bool {
    match (into, term) {
        (Query::Text(fields, pattern), Query::Text(more, same)) if pattern == same => {
            *fields = fields.union(*more);
            true
        }
        (Query::Number(fields, pattern), Query::Number(more, same)) if pattern == same => {
            *fields = fields.union(*more);
            true
        }
        (Query::Present(fields), Query::Present(more)) => {
            *fields = fields.union(*more);
            true
        }
        _ => false,
    }
}

pub(super) fn not(query: Query) -> Query {
    match query {
        Query::Constant(Truth::True) => Query::Constant(Truth::False),
        Query::Constant(Truth::False) => Query::Constant(Truth::True),
        Query::Not(inner) => *inner,
        query => Query::Not(Box::new(query)),
    }
}

/// The only term, or the list of them; `None` where there are none.
fn single(mut terms: Vec<Query>, list: fn(Vec<Query>) -> Query) -> Option<Query> {
    match terms.len() {
        0 => None,
        1 => terms.pop(),
        _ => Some(list(terms)),
    }
}
