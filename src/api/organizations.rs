//! Organizations: operators make them, administrators set up what is theirs.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::account::{Organization, OrganizationSettings};
use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::input::Input;
use crate::api::organization_settings::{View, changed, shown, suffix};
use crate::api::problem::Problem;
use crate::contact::OrganizationId;
use crate::directory::{Edit, Request};

pub(super) async fn list(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let visible = snapshot.organizations().filter(|organization| sees(&asker, organization));
    let items: Vec<Value> = visible.map(|found| shown(found, &snapshot, view(&asker))).collect();
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
    let shown = found.map(|found| Json(shown(found, &snapshot, view(&asker))));
    shown.ok_or_else(|| Problem::absent("organization"))
}

pub(super) async fn add(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Response, Problem> {
    asker.must_be_operator()?;
    let id = input.required("id")?;
    let _turn = context.authenticator.account_changes().await;
    let wrong = || Problem::field("id", "an id has 1 to 63 of a-z, 0-9 and -");
    let id = OrganizationId::parse(&id).ok_or_else(wrong)?;
    if context.directory.snapshot().organization(&id).is_some() {
        let conflict = Problem::new(StatusCode::CONFLICT, "there is an organization with this id");
        return Err(conflict.with("field", json!("id")));
    }
    let settings = OrganizationSettings {
        name: input.required("name")?,
        domain: input.required("domain")?,
        suffix: suffix(&input.required("suffix")?)?,
        region: input.required("region")?,
        ..OrganizationSettings::new(id)
    };
    let settings = changed(settings, input, &context.directory.snapshot())?;
    let json = put(&context, &asker, settings).await?;
    Ok((StatusCode::CREATED, Json(json)).into_response())
}

pub(super) async fn change(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
    input: Input,
) -> Result<Json<Value>, Problem> {
    let _turn = context.authenticator.account_changes().await;
    let snapshot = context.directory.snapshot();
    let old = OrganizationId::parse(&id).and_then(|id| snapshot.organization(&id));
    let old = old.filter(|organization| sees(&asker, organization));
    let old = old.ok_or_else(|| Problem::absent("organization"))?;
    asker.must_be_admin()?;
    let settings = changed(old.settings(), input, &snapshot)?;
    if !asker.is_operator()
        && let Some(field) = operators_alone(old, &settings)
    {
        let refused = Problem::forbidden(format!("only operators change {field}"));
        return Err(refused.with("field", json!(field)));
    }
    put(&context, &asker, settings).await.map(Json)
}

async fn put(
    context: &Shared,
    asker: &Asker,
    settings: OrganizationSettings,
) -> Result<Value, Problem> {
    let organization = Organization::new(settings.clone());
    let organization =
        organization.map_err(|unknown| Problem::field("region", unknown.to_string()))?;
    context.directory.commit(Request::one(Edit::PutOrganization(Box::new(settings)))).await?;
    Ok(shown(&organization, &context.directory.snapshot(), view(asker)))
}

/// What belongs to operators and would change: names that must fit all organizations, and what others
/// learn of this one.
fn operators_alone(old: &OrganizationSettings, new: &OrganizationSettings) -> Option<&'static str> {
    let differs = [
        ("domain", old.domain != new.domain),
        ("suffix", old.suffix != new.suffix),
        ("shares_with", old.shares_with != new.shares_with),
        ("anonymous", old.anonymous != new.anonymous),
    ];
    differs.into_iter().find(|(_, differs)| *differs).map(|(name, _)| name)
}

fn sees(asker: &Asker, organization: &Organization) -> bool {
    asker.principal.organization.as_ref().is_none_or(|own| *own == organization.id)
}

fn view(asker: &Asker) -> View {
    if asker.is_admin() { View::Administrator } else { View::User }
}
