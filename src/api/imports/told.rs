//! What a request says about how its file is to be read.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::api::asker::Asker;
use crate::api::imports::maps;
use crate::api::problem::Problem;
use crate::contact::OrganizationId;
use crate::file::encoding::Charset;
use crate::file::table::choice::{Choice, ColumnMap};
use crate::file::table::profiles::Profiles;
use crate::file::table::ranges::Ranges;
use crate::file::{Reason, Rule};
use crate::import::Mode;
use crate::index::Snapshot;

/// Before the name of a map that is saved.
const SAVED: &str = "custom:";
const KEY: &str = "idempotency-key";
/// The longest key.
const KEY_BYTES_MAX: usize = 200;

pub(super) fn mode(name: Option<&str>) -> Result<Mode, Problem> {
    let names = || Mode::ALL.map(Mode::name).join(", ");
    let unknown = || Reason::new(Rule::ParameterOneOf, [&"mode", &names()]);
    let mode = name.map_or(Some(Mode::Add), Mode::parse);
    mode.ok_or_else(|| Problem::parameter("mode", unknown()))
}

pub(super) fn charset(name: &str) -> Result<Charset, Problem> {
    Charset::parse(name).map_err(|fault| Problem::parameter("charset", fault.reason))
}

/// What the request calls itself, so that it is done once however often it is sent.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(key) = headers.get(KEY) else { return Ok(None) };
    let key = key.to_str().unwrap_or_default().trim().trim_matches('"');
    if (1..=KEY_BYTES_MAX).contains(&key.len()) {
        return Ok(Some(key.to_owned()));
    }
    let reason = Reason::new(Rule::Key, [&KEY_BYTES_MAX]);
    Err(Problem::reason(StatusCode::BAD_REQUEST, reason))
}

/// The profile by its name, or a map of the columns as JSON, or `custom:NAME` of one that is saved.
pub(super) fn choice<'a>(
    profiles: &Arc<Profiles>,
    profile: Option<&'a str>,
    columns: Option<&'a str>,
    saved: impl Fn(&str) -> Option<&'a str>,
) -> Result<Choice, Problem> {
    let (profile, columns) = match (profile.and_then(|of| of.strip_prefix(SAVED)), columns) {
        (None, columns) => (profile, columns),
        (Some(name), None) => (None, Some(saved(name).ok_or_else(|| maps::absent(name))?)),
        (Some(_), Some(_)) => {
            let reason = Reason::new(Rule::ColumnsNotTaken, [&profile.unwrap_or_default()]);
            return Err(Problem::parameter("columns", reason));
        }
    };
    let columns = columns.map(column_map).transpose()?;
    Choice::parse(profiles, profile, columns).map_err(|fault| {
        let parameter = match fault.reason.rule {
            Rule::UnknownProfile => "profile",
            _ => "columns",
        };
        Problem::parameter(parameter, fault.reason)
    })
}

/// `{"Vorname": "given_name"}`, or `["given_name", "work"]` for a file without a header.
pub(super) fn column_map(text: &str) -> Result<ColumnMap, Problem> {
    let wrong = || Problem::parameter("columns", Rule::ColumnsShape);
    let map = match serde_json::from_str(text).map_err(|_| wrong())? {
        Value::Object(map) => {
            let pairs = map.iter().map(|(name, field)| Some((name.as_str(), field.as_str()?)));
            let pairs: Vec<(&str, &str)> = pairs.collect::<Option<_>>().ok_or_else(wrong)?;
            ColumnMap::named(pairs)
        }
        Value::Array(fields) => {
            let fields: Vec<&str> =
                fields.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(wrong)?;
            ColumnMap::ordered(fields)
        }
        _ => return Err(wrong()),
    };
    map.map_err(|fault| Problem::parameter("columns", fault.reason))
}

/// `{"default": "1000-1999, 2500"}`: the numbers that the contexts of a users file have.
pub(super) fn ranges(text: &str) -> Result<Ranges, Problem> {
    let map: BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|_| Problem::parameter("ranges", Rule::RangesShape))?;
    let pairs = map.iter().map(|(context, ranges)| (context.as_str(), ranges.as_str()));
    Ranges::new(pairs).map_err(|fault| Problem::parameter("ranges", fault.reason))
}

/// `{"1": "acme"}`: the organizations that the `entityid`s of a users file mean.
pub(super) fn entities(
    asker: &Asker,
    snapshot: &Snapshot,
    text: Option<&str>,
) -> Result<BTreeMap<Box<str>, OrganizationId>, Problem> {
    let Some(text) = text else { return Ok(BTreeMap::new()) };
    if asker.principal.organization.is_some() {
        return Err(Problem::reason(StatusCode::FORBIDDEN, Rule::OperatorsOnly));
    }
    let wrong = |reason: Reason| Problem::parameter("entities", reason);
    let map: BTreeMap<Box<str>, String> =
        serde_json::from_str(text).map_err(|_| wrong(Rule::EntitiesShape.into()))?;
    let known = |(entity, id): (Box<str>, String)| {
        let organization = snapshot.organization(&OrganizationId::from(&id));
        let unknown = || wrong(Reason::new(Rule::NoOrganization, [&id]));
        Ok((entity, organization.ok_or_else(unknown)?.id.clone()))
    };
    map.into_iter().map(known).collect()
}
