//! `GET /groups/{book}/export`: a book as a file of any profile, written as it is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use hyper::header;
use serde::Deserialize;

use crate::api::asker::{self, Asker, Params};
use crate::api::export_file::{ExportFile, Sending};
use crate::api::groups::blocking;
use crate::api::language::Reads;
use crate::api::problem::Problem;
use crate::api::{Shared, groups};
use crate::file::cards::write::CardWriter;
use crate::file::export::FileWriter;
use crate::file::ldif::write::LdifWriter;
use crate::file::table::cell::Formulas;
use crate::file::table::profiles::Profiles;
use crate::file::table::writer::TableWriter;
use crate::file::{Reason, Rule};

/// The profile of a file that nobody asks for otherwise.
const PROFILE: &str = "xivo";
/// The profiles of vCards, with what people call them.
pub(super) const CARDS: [(&str, &str); 4] = [
    ("vcard", "vCard 3.0"),
    ("vcard-4.0", "vCard 4.0"),
    ("vcard-2.1", "vCard 2.1"),
    ("apple", "vCard 3.0 with Apple's groups"),
];
/// The profile of entries of a directory, with what people call it.
pub(super) const LDIF: (&str, &str) = ("ldif", "LDIF");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportParams {
    #[serde(rename = "organization")]
    _organization: Option<String>,
    profile: Option<String>,
    /// Whether cells that a spreadsheet would run as formulas are made harmless.
    neutralize: Option<bool>,
    fill: Option<String>,
}

/// What is said about the file.
struct How<'a> {
    formulas: Formulas,
    /// What stands in columns that have no value, as JSON.
    fill: Option<&'a str>,
    /// The DN above entries of LDIF.
    base: &'a str,
}

/// A kind of file.
struct Kind {
    writer: Box<dyn FileWriter>,
    media_type: &'static str,
    /// How names of such files end.
    ending: &'static str,
}

pub(super) async fn export(
    State(context): State<Shared>,
    asker: Asker,
    Path(book): Path<String>,
    Params(params): Params<ExportParams>,
    Reads(language): Reads,
) -> Result<Response, Problem> {
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?;
    let (organization, suffix) = (organization.id.clone(), organization.suffix.clone());
    let (book, extent) = {
        let sight = asker.sight(&snapshot)?;
        let book = asker::book(&sight, &book)?;
        let present = |availability| groups::present(&context, &sight, availability);
        let extent = sight.extent(book, &present);
        (book, extent.ok_or_else(|| Problem::absent("group"))?)
    };
    let formulas = match params.neutralize {
        Some(true) => Formulas::Neutral,
        Some(false) | None => Formulas::AsTheyAre,
    };
    let profile = params.profile.as_deref().unwrap_or(PROFILE);
    let base = format!("ou={book},{suffix}");
    let how = How { formulas, fill: params.fill.as_deref(), base: &base };
    let kind = kind(&context.profiles, profile, &how).map_err(|fault| fault.told_in(language))?;
    let Kind { writer, media_type, ending } = kind;
    let (directory, principal) = (Arc::clone(&context.directory), asker.principal);
    let begun = move || {
        let whose = (principal, organization);
        Ok(ExportFile::begin(directory, snapshot, whose, &extent, writer))
    };
    let file = blocking(begun).await?;
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{book}.{ending}\"")),
    ];
    Ok((headers, Body::new(Sending::new(file))).into_response())
}

/// The writer of a profile; entries of LDIF stand below the base.
fn kind(profiles: &Profiles, name: &str, how: &How<'_>) -> Result<Kind, Problem> {
    if let Some(profile) = profiles.by_name(name) {
        let mut writer = Box::new(TableWriter::new(profile, how.formulas));
        if let Some(fill) = how.fill {
            let wrong = |reason| Problem::parameter("fill", reason);
            let told: BTreeMap<String, String> =
                serde_json::from_str(fill).map_err(|_| wrong(Rule::FillShape.into()))?;
            for (column, text) in told {
                writer.fill_with(&column, text).map_err(wrong)?;
            }
        }
        let media_type = "text/csv; charset=utf-8; header=present";
        return Ok(Kind { writer, media_type, ending: "csv" });
    }
    if name == LDIF.0 {
        let writer = Box::new(LdifWriter::new(how.base));
        return Ok(Kind { writer, media_type: "text/x-ldif; charset=utf-8", ending: "ldif" });
    }
    let unknown = || {
        let tables = profiles.names().collect::<Vec<_>>().join(", ");
        let cards = CARDS.map(|(name, _)| name).join(", ");
        let known = format!("{tables}, {cards}, {}", LDIF.0);
        Problem::parameter("profile", Reason::new(Rule::UnknownProfile, [&name, &known]))
    };
    let writer = Box::new(CardWriter::of(name).ok_or_else(unknown)?);
    let media_type = match name {
        // Of before vCards had a registered type (RFC 6350, 10.1).
        "vcard-2.1" => "text/x-vcard; charset=utf-8",
        "vcard-4.0" => "text/vcard; charset=utf-8; version=4.0",
        _ => "text/vcard; charset=utf-8; version=3.0",
    };
    Ok(Kind { writer, media_type, ending: "vcf" })
}
