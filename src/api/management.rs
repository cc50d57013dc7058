//! `GET /users/{user}/organization`: who stands above and below a person, and where they belong.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::contact_json::Shower;
use crate::api::groups::blocking;
use crate::api::listing::LOOK_THROUGH;
use crate::api::problem::Problem;
use crate::api::users;
use crate::auth::sight::{Sight, nobody_is_present};
use crate::contact::book::AddressBook;
use crate::contact::card::{Field, FieldSet};
use crate::contact::query::Query;
use crate::contact::{Contact, ContactId};

/// Subordinates of one answer.
const SUBORDINATES_MAX: usize = 1000;

pub(super) async fn show(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    blocking(move || {
        let snapshot = context.directory.snapshot();
        let sight = asker.sight(&snapshot)?;
        let user = users::find(&snapshot, sight.organization, &name)?;
        let row = snapshot.contact(&sight.organization.id, user.id);
        let seen = |contact: &Contact| {
            asker.is_admin() || asker.principal.user() == Some(contact.id) || sight.sees(contact)
        };
        let row = row.filter(|row| seen(row.contact())).ok_or_else(|| Problem::absent("user"))?;
        let shower = Shower { sight: &sight, presence: &context.presence };
        Ok(Json(json!({
            "managers": named(shower, row.contact(), Field::Manager),
            "assistants": named(shower, row.contact(), Field::Assistant),
            "subordinates": subordinates(shower, row.id),
            "groups": groups(&sight, row.contact()),
        })))
    })
    .await
}

/// Those whom a card names, as far as they are seen: people, or names of strangers.
fn named(shower: Shower<'_>, contact: &Contact, field: Field) -> Vec<Value> {
    let person = |value: &str| match ContactId::parse(value) {
        Some(id) => shower.sight.contact(id).map(|row| shower.person(row.contact())),
        None => Some(json!({ "name": value })),
    };
    shower.card(contact).all(field).filter_map(person).collect()
}

fn subordinates(shower: Shower<'_>, manager: ContactId) -> Vec<Value> {
    let sight = shower.sight;
    let manager = manager.to_string().into();
    let query = Query::Exact(FieldSet::of(&[Field::Manager]), manager);
    let Some(people) = sight.extent(AddressBook::PEOPLE, &nobody_is_present) else {
        return Vec::new();
    };
    let found = sight.search(&people, &query, LOOK_THROUGH).take(SUBORDINATES_MAX);
    found.map(|row| shower.person(row.contact())).collect()
}

/// The departments and sites of a person, as far as they are seen.
fn groups(sight: &Sight<'_>, contact: &Contact) -> Vec<Value> {
    let books = contact.groups.iter().map(|group| AddressBook::Group(*group));
    let seen = books.filter(|book| sight.reads(*book));
    seen.map(|book| json!({ "group": book.to_string(), "name": sight.title(book) })).collect()
}
