//! Organizations: operators make them and set them up.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::account::{Organization, OrganizationSettings};
use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::input::Input;
use crate::api::problem::Problem;
use crate::auth::dn::Dn;
use crate::contact::OrganizationId;
use crate::contact::card::{Field, FieldSet};
use crate::contact::derived::NameOrder;
use crate::directory::{Edit, Request};
use crate::table::fields;

/// The longest text of a setting.
const TEXT_CHARS_MAX: usize = 255;

pub(super) async fn list(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let visible = snapshot.organizations().filter(|organization| sees(&asker, organization));
    let items: Vec<Value> = visible.map(shown).collect();
    Ok(Json(json!({ "items": items })))
}

pub(super) async fn show(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let found = OrganizationId::parse(&id).and_then(|id| snapshot.organization(&id));
    let found = found.filter(|organization| sees(&asker, organization));
    found.map(|found| Json(shown(found))).ok_or_else(|| Problem::absent("organization"))
}

pub(super) async fn add(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Response, Problem> {
    asker.must_be_operator()?;
    let id = input.required("id")?;
    let _turn = context.account_changes.lock().await;
    let wrong = || Problem::field("id", "an id has 1 to 63 of a-z, 0-9 and -");
    let id = OrganizationId::parse(&id).ok_or_else(wrong)?;
    if context.directory.snapshot().organization(&id).is_some() {
        let conflict = Problem::new(StatusCode::CONFLICT, "there is an organization with this id");
        return Err(conflict.with("field", json!("id")));
    }
    let settings = OrganizationSettings {
        name: input.required("name")?,
        domain: input.required("domain")?,
        suffix: input.required("suffix")?,
        region: input.required("region")?,
        ..OrganizationSettings::new(id)
    };
    let settings = changed(settings, input)?;
    let json = put(&context, settings).await?;
    Ok((StatusCode::CREATED, Json(json)).into_response())
}

pub(super) async fn change(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
    input: Input,
) -> Result<Json<Value>, Problem> {
    asker.must_be_operator()?;
    let _turn = context.account_changes.lock().await;
    let snapshot = context.directory.snapshot();
    let old = OrganizationId::parse(&id).and_then(|id| snapshot.organization(&id));
    let old = old.filter(|organization| sees(&asker, organization));
    let old = old.ok_or_else(|| Problem::absent("organization"))?;
    let settings = changed(old.settings(), input)?;
    put(&context, settings).await.map(Json)
}

async fn put(context: &Shared, settings: OrganizationSettings) -> Result<Value, Problem> {
    check(&settings)?;
    let organization = Organization::new(settings.clone());
    let organization =
        organization.map_err(|unknown| Problem::field("region", unknown.to_string()))?;
    context.directory.commit(Request::one(Edit::PutOrganization(settings))).await?;
    Ok(shown(&organization))
}

/// The settings with the members of a request in their place.
fn changed(
    mut settings: OrganizationSettings,
    mut input: Input,
) -> Result<OrganizationSettings, Problem> {
    for (name, place) in [
        ("name", &mut settings.name),
        ("domain", &mut settings.domain),
        ("suffix", &mut settings.suffix),
        ("region", &mut settings.region),
        ("area_code", &mut settings.area_code),
        ("outside_line", &mut settings.outside_line),
        ("language", &mut settings.language),
    ] {
        if let Some(text) = input.text(name)? {
            *place = text;
        }
    }
    if let Some(order) = input.text("name_order")? {
        settings.name_order = match order.as_str() {
            "given-first" => NameOrder::GivenFirst,
            "family-first" => NameOrder::FamilyFirst,
            _ => {
                let detail = "name_order must be given-first or family-first";
                return Err(Problem::field("name_order", detail));
            }
        };
    }
    if let Some(names) = input.list("hidden_numbers")? {
        settings.hidden_numbers = hidden(&names)?;
    }
    input.must_be_empty()?;
    Ok(settings)
}

fn hidden(names: &[String]) -> Result<FieldSet, Problem> {
    let number = |name: &String| {
        let field = fields::by_json_name(name).filter(|field| Field::NUMBERS.contains(*field));
        field.ok_or_else(|| {
            let detail = format!("hidden_numbers: `{name}` is no type of number, such as mobile");
            Problem::field("hidden_numbers", detail)
        })
    };
    let fields: Vec<Field> = names.iter().map(number).collect::<Result<_, _>>()?;
    Ok(FieldSet::of(&fields))
}

fn check(settings: &OrganizationSettings) -> Result<(), Problem> {
    let OrganizationSettings { name, domain, suffix, area_code, outside_line, language, .. } =
        settings;
    let texts = [("name", name), ("domain", domain), ("suffix", suffix)];
    for (field, text) in texts {
        if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX {
            let detail = format!("{field} must have 1 to {TEXT_CHARS_MAX} characters");
            return Err(Problem::field(field, detail));
        }
    }
    let label = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.');
    if !domain.chars().all(label) {
        return Err(Problem::field("domain", "domain must be a mail domain, such as example.com"));
    }
    if !Dn::parse(suffix).is_ok_and(|dn| !dn.rdns().is_empty()) {
        return Err(Problem::field("suffix", "suffix must be a DN, such as dc=example,dc=com"));
    }
    for (field, digits) in [("area_code", area_code), ("outside_line", outside_line)] {
        if digits.len() > 10 || !digits.bytes().all(|c| c.is_ascii_digit()) {
            return Err(Problem::field(field, format!("{field} must be digits")));
        }
    }
    let tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if language.is_empty() || language.len() > 35 || !language.chars().all(tag) {
        return Err(Problem::field("language", "language must be a tag such as de or pt-BR"));
    }
    Ok(())
}

fn sees(asker: &Asker, organization: &Organization) -> bool {
    asker.principal.organization.as_ref().is_none_or(|own| *own == organization.id)
}

fn shown(organization: &Organization) -> Value {
    let hidden = organization.hidden_numbers.iter().filter_map(fields::json_name);
    let order = match organization.name_order {
        NameOrder::GivenFirst => "given-first",
        NameOrder::FamilyFirst => "family-first",
    };
    json!({
        "id": organization.id.as_str(), "name": organization.name, "domain": organization.domain,
        "suffix": organization.suffix, "region": organization.region,
        "area_code": organization.area_code, "outside_line": organization.outside_line,
        "language": organization.language, "name_order": order,
        "hidden_numbers": hidden.collect::<Vec<_>>(),
    })
}
