//! Presence: who can be called now, as the telephone system tells it and as users see it.

use axum::Json;
use axum::extract::{Path, State};
use hyper::StatusCode;
use jiff::Timestamp as Instant;
use serde_json::{Map, Value, json};

use crate::account::device::Scope;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::contact_json::Shower;
use crate::api::groups::blocking;
use crate::api::input::Input;
use crate::api::listing::{LOOK_THROUGH, ListParams, Listing};
use crate::api::problem::Problem;
use crate::api::{Context, Shared, users};
use crate::auth::Who;
use crate::auth::sight::{Sight, nobody_is_present};
use crate::contact::book::AddressBook;
use crate::contact::query::Query;
use crate::contact::{ContactId, Timestamp, UserId};
use crate::index::Snapshot;
use crate::presence::{Agent, Client, News, Phone};

/// Users of one batch.
const ITEMS_MAX: usize = 5000;
/// The longest text that a user shows.
const TEXT_CHARS_MAX: usize = 200;

pub(super) async fn list(
    State(context): State<Shared>,
    asker: Asker,
    Params(params): Params<ListParams>,
) -> Result<Json<Value>, Problem> {
    blocking(move || part(&context, &asker, &params)).await.map(Json)
}

fn part(context: &Context, asker: &Asker, params: &ListParams) -> Result<Value, Problem> {
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let organization = sight.organization;
    let listing = Listing::of(params, organization)?;
    let told = sight.whose_presence_is_known(context.presence.told_of(&organization.id));
    let told = Query::Among(told);
    let query = Query::And(vec![params.query(&organization.derivation.numbering), told]);
    let people = sight.extent(AddressBook::PEOPLE, &nobody_is_present);
    let people = people.ok_or_else(|| Problem::absent("group"))?;
    let found = sight.search(&people, &query, LOOK_THROUGH);
    let find = |id: ContactId| sight.contact(id);
    let part = listing.part(found, |row| sight.hidden(row.contact()), find);
    let shower = Shower { sight: &sight, presence: &context.presence };
    let item = |contact| {
        let mut item = shower.presence(contact)?;
        let card = shower.card(contact);
        item.insert("id".to_owned(), json!(contact.id.to_string()));
        item.insert("name".to_owned(), json!(card.formatted_name()));
        let extension = sight.snapshot.user(contact.id).and_then(|user| user.extension.clone());
        item.insert("extension".to_owned(), json!(extension));
        Some(Value::Object(item))
    };
    let items = part.rows.iter().filter_map(|row| item(row.contact())).collect();
    Ok(part.answer(items))
}

pub(super) async fn put(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    _: Params<NoParams>,
    input: Input,
) -> Result<StatusCode, Problem> {
    let snapshot = context.directory.snapshot();
    may_tell(&asker, &snapshot)?;
    let sight = asker.sight(&snapshot)?;
    let user = known(&asker, &sight, &name).ok_or_else(|| Problem::absent("user"))?;
    let news = news(input.rest())?;
    let feeder = asker.principal.to_string();
    context.presence.tell(&sight.organization.id, &feeder, [(user, news)]);
    Ok(StatusCode::NO_CONTENT)
}

/// Takes news of many users. An empty batch only says that the feeder is there.
pub(super) async fn add(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    may_tell(&asker, &snapshot)?;
    let sight = asker.sight(&snapshot)?;
    let wrong = || {
        let detail = format!("items must be a list of at most {ITEMS_MAX} objects");
        Problem::field("items", detail)
    };
    let Some(Value::Array(items)) = input.take("items") else { return Err(wrong()) };
    input.must_be_empty()?;
    if items.len() > ITEMS_MAX {
        return Err(wrong());
    }
    let (mut told, mut unknown) = (Vec::new(), Vec::new());
    for (at, item) in items.into_iter().enumerate() {
        let Value::Object(mut item) = item else { return Err(wrong()) };
        let at = |problem: Problem| problem.with("item", json!(at));
        let name = item.remove("extension").or_else(|| item.remove("id"));
        let Some(Value::String(name)) = name else {
            return Err(at(Problem::field("extension", "an item needs an extension or an id")));
        };
        let news = news(item).map_err(at)?;
        match known(&asker, &sight, &name) {
            Some(user) => told.push((user, news)),
            None => unknown.push(name),
        }
    }
    let count = told.len();
    let feeder = asker.principal.to_string();
    context.presence.tell(&sight.organization.id, &feeder, told);
    Ok(Json(json!({ "told": count, "unknown": unknown })))
}

/// Administrators tell presence, and tokens that are made for it.
fn may_tell(asker: &Asker, snapshot: &Snapshot) -> Result<(), Problem> {
    let scopes = match &asker.principal.who {
        Who::Token(id) => snapshot.token(id).map(|token| token.scopes.as_slice()),
        _ => None,
    };
    let may = match scopes.unwrap_or_default() {
        [] => asker.is_admin(),
        scopes => scopes.contains(&Scope::Presence),
    };
    let detail = "presence is told by administrators and by tokens with the scope presence";
    if may { Ok(()) } else { Err(Problem::forbidden(detail)) }
}

/// The user of a name, where the asker may know that there is one.
fn known(asker: &Asker, sight: &Sight<'_>, name: &str) -> Option<UserId> {
    let user = users::find(sight.snapshot, sight.organization, name).ok()?;
    let row = sight.snapshot.contact(&sight.organization.id, user.id)?;
    (asker.is_admin() || sight.sees(row.contact())).then_some(user.id)
}

fn news(mut members: Map<String, Value>) -> Result<News, Problem> {
    let mut news = News::default();
    if let Some(value) = members.remove("client") {
        news.client = Some(state("client", &value, Client::parse, Client::ALL, Client::name)?);
    }
    if let Some(value) = members.remove("phone") {
        news.phone = Some(state("phone", &value, Phone::parse, Phone::ALL, Phone::name)?);
    }
    if let Some(value) = members.remove("agent") {
        news.agent = Some(state("agent", &value, Agent::parse, Agent::ALL, Agent::name)?);
    }
    if let Some(value) = members.remove("text") {
        news.text = Some(text(&value)?);
    }
    if let Some(value) = members.remove("last_seen").filter(|value| !value.is_null()) {
        let time = value.as_str().and_then(|text| text.parse::<Instant>().ok());
        let detail = "last_seen must be a time such as 2026-07-01T08:30:00Z";
        let time = time.ok_or_else(|| Problem::field("last_seen", detail))?;
        news.last_seen = Some(Timestamp(time.as_second()));
    }
    match members.keys().next() {
        None => Ok(news),
        Some(name) => Err(Problem::field(name, format!("there is no member `{name}`"))),
    }
}

fn state<T: Copy>(
    member: &str,
    value: &Value,
    parse: impl Fn(&str) -> Option<T>,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<Option<T>, Problem> {
    let wrong = || {
        let names: Vec<&str> = all.iter().map(|state| name(*state)).collect();
        Problem::field(member, format!("{member} must be null, {}", names.join(", ")))
    };
    match value {
        Value::Null => Ok(None),
        Value::String(text) => parse(text).map(Some).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn text(value: &Value) -> Result<Option<Box<str>>, Problem> {
    let fine =
        |text: &&str| text.chars().count() <= TEXT_CHARS_MAX && !text.contains(char::is_control);
    let wrong = || {
        let detail = format!("text must be one line of at most {TEXT_CHARS_MAX} characters");
        Problem::field("text", detail)
    };
    match value {
        Value::Null => Ok(None),
        Value::String(text) => {
            let text = Some(text.trim()).filter(fine).ok_or_else(wrong)?;
            Ok(Some(text).filter(|text| !text.is_empty()).map(Into::into))
        }
        _ => Err(wrong()),
    }
}
