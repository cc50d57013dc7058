//! The group card of favorites: a client that changes its members gives stars and takes them back.

use hyper::{Response, StatusCode};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::carddav::answer::error::{Condition, Refusal, of_commit, uid_taken};
use crate::carddav::book::group_card::{Computed, MEMBERS_MAX, shown_uid};
use crate::carddav::book::view::View;
use crate::contact::derived::is_group;
use crate::contact::uid_key;
use crate::directory::{Edit, Request};
use crate::http::Body;
use crate::http::answer::empty;
use crate::vcard::read::Reading;

/// PUT of the group card. What is stored is who is a favorite and nothing else of the card, so that
/// the answer names no entity tag.
pub(crate) async fn put(
    view: &View,
    name: &str,
    reading: &Reading,
) -> Result<Response<Body>, Refusal> {
    let edits = edits(view, name, reading)?;
    let session = &view.session;
    let request = Request { edits, preconditions: Vec::new() };
    session.directory.commit(request).await.map_err(|error| of_commit(error, &view.href))?;
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

fn edits(view: &View, name: &str, reading: &Reading) -> Result<Vec<Edit>, Refusal> {
    let (Some(merged), Some(sight)) = (view.merged(), view.session.sight()) else {
        return Err(Refusal::not_found());
    };
    let group = Computed::Favorites;
    let id = group.id(merged).to_string();
    if reading.uid.as_deref().is_some_and(|uid| uid_key(uid) != id) {
        return Err(uid_taken(&view.href, name));
    }
    if !is_group(&reading.card) || reading.card.formatted_name() != group.name(&sight) {
        return Err(Refusal::missing_privilege(view.card_href(name), "write-content"));
    }
    if reading.members.len() > MEMBERS_MAX {
        let text = format!("the card of favorites has at most {MEMBERS_MAX} members");
        return Err(Refusal::violated(Condition::MaxResourceSize, text));
    }
    let user = merged.owner;
    let wanted: FxHashMap<String, &str> =
        reading.members.iter().map(|uid| (uid_key(uid).into_owned(), uid.as_str())).collect();
    let mut edits = Vec::new();
    let mut known = FxHashSet::default();
    for row in group.contacts(merged, &sight) {
        // Who is not on the card that the client had cannot be missing from it.
        let Some(uid) = shown_uid(merged, &sight, row.contact()) else { continue };
        let uid = uid_key(&uid).into_owned();
        if !wanted.contains_key(&uid) {
            edits.push(Edit::Star { user, contact: row.id, starred: false });
        }
        known.insert(uid);
    }
    for (key, uid) in wanted.iter().filter(|(key, _)| !known.contains(*key)) {
        edits.push(match merged.by_uid(sight.snapshot, key) {
            Some(row) => Edit::Star { user, contact: row.id, starred: true },
            // Clients may send the group before its members.
            None => Edit::StarPending { user, uid: (*uid).into(), starred: true },
        });
    }
    let forgotten = sight.snapshot.pending_stars(user);
    for uid in forgotten.filter(|uid| !wanted.contains_key(&*uid_key(uid))) {
        edits.push(Edit::StarPending { user, uid: uid.into(), starred: false });
    }
    Ok(edits)
}
