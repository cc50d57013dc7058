//! Keys of requests: what was done already is answered by its report and not done again
//! (`Idempotency-Key`, draft-ietf-httpapi-idempotency-key-header).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::StatusCode;
use serde_json::Value;

use crate::account::import::{IMPORTS_MAX, ImportQuery};
use crate::api::problem::Problem;
use crate::api::report::{Importer, Kept, hex};
use crate::api::{Context, blocking};
use crate::contact::OrganizationId;
use crate::file::Rule;

/// A request with a key.
pub(super) struct Sent<'a> {
    pub(super) importer: &'a Importer,
    pub(super) key: &'a str,
    /// SHA-256 of the file.
    pub(super) digest: [u8; 32],
}

/// The requests with keys that are under way.
#[derive(Clone, Default)]
pub(in crate::api) struct Running(Arc<Mutex<BTreeSet<String>>>);

/// The right to do what a key stands for. Nobody else has it until it is dropped.
pub(super) struct Turn {
    running: Running,
    key: String,
}

impl Running {
    /// None where the same request is under way.
    pub(super) fn begin(&self, importer: &Importer, key: &str) -> Option<Turn> {
        let key = format!("{} {key}", importer.as_str());
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(key.clone()).then(|| Turn { running: self.clone(), key })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.running.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// The report of the import that the same importer made with the same key, if that is still kept.
///
/// # Errors
/// 422 where it was another file.
pub(super) async fn find(
    context: &Context,
    organization: &OrganizationId,
    sent: &Sent<'_>,
) -> Result<Option<Kept>, Problem> {
    let organization = organization.clone();
    let query = ImportQuery { organization, before: None, limit: IMPORTS_MAX };
    let all = blocking(context, move |directory| directory.imports(&query)).await?;
    let with_key =
        all.iter().filter(|import| *import.by == *sent.importer.as_str()).find_map(|import| {
            let summary: Value = serde_json::from_str(&import.summary).ok()?;
            (summary.get("key")?.as_str()? == sent.key).then_some((import.id.clone(), summary))
        });
    let Some((id, summary)) = with_key else { return Ok(None) };
    if summary.get("sha256").and_then(Value::as_str) != Some(&hex(&sent.digest)) {
        return Err(Problem::reason(StatusCode::UNPROCESSABLE_ENTITY, Rule::KeyReused));
    }
    let import = blocking(context, move |directory| directory.import(&id)).await?;
    Ok(import.and_then(|(import, _)| Kept::read(&import)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Principal;

    #[test]
    fn a_key_is_one_requests_at_a_time() {
        let (running, importer) = (Running::default(), Importer::of(&Principal::anonymous()));
        let turn = running.begin(&importer, "a");
        assert!(turn.is_some() && running.begin(&importer, "b").is_some());
        assert!(running.begin(&importer, "a").is_none());
        drop(turn);
        assert!(running.begin(&importer, "a").is_some());
    }
}
