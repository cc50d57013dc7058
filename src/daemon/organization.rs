//! Which organization the listeners belong to; the first start makes one.

use crate::account::Organization;
use crate::config::organization::{Locale, OrganizationKeys};
use crate::contact::OrganizationId;
use crate::daemon::StartError;
use crate::directory::{Directory, Edit, Request};

/// The listeners' organization: the one that is configured, else the only one there is. An empty
/// store gets one. What is configured of it counts at every start.
pub(super) async fn settle(
    directory: &Directory,
    keys: &OrganizationKeys,
    locale: &Locale,
) -> Result<OrganizationId, StartError> {
    let known: Vec<Organization> = directory.snapshot().organizations().cloned().collect();
    let settings = match chosen(&known, keys)? {
        None => keys.first(locale),
        Some(organization) => {
            let kept = organization.settings();
            let mut wanted = kept.clone();
            keys.apply(&mut wanted);
            if wanted == kept {
                return Ok(kept.id);
            }
            wanted
        }
    };
    let id = settings.id.clone();
    directory.commit(Request::one(Edit::PutOrganization(Box::new(settings)))).await?;
    Ok(id)
}

/// None where the store is empty.
fn chosen<'a>(
    known: &'a [Organization],
    keys: &OrganizationKeys,
) -> Result<Option<&'a Organization>, StartError> {
    let id = keys.id();
    let found = known.iter().find(|organization| organization.id == id);
    match (found, known) {
        (Some(found), _) => Ok(Some(found)),
        (None, []) => Ok(None),
        (None, [only]) if keys.id.is_none() => Ok(Some(only)),
        (None, _) => {
            let ids: Vec<&str> = known.iter().map(|other| other.id.as_str()).collect();
            Err(StartError::NoOrganization { id, known: ids.join(", ") })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::SqliteStore;

    fn directory() -> Directory {
        Directory::open(Box::new(SqliteStore::in_memory().unwrap())).unwrap()
    }

    async fn settled(directory: &Directory, keys: &OrganizationKeys) -> Result<String, String> {
        let settled = settle(directory, keys, &Locale::default()).await;
        settled.map(|id| id.to_string()).map_err(|error| error.to_string())
    }

    fn keys(id: Option<&str>, area_code: Option<&str>) -> OrganizationKeys {
        OrganizationKeys {
            id: id.map(OrganizationId::from),
            area_code: area_code.map(str::to_owned),
            ..OrganizationKeys::default()
        }
    }

    #[tokio::test]
    async fn the_first_start_makes_one_and_later_ones_find_it() {
        let directory = directory();
        assert_eq!(settled(&directory, &keys(Some("acme"), Some("30"))).await, Ok("acme".into()));
        let revision = directory.snapshot().revision();
        assert_eq!(settled(&directory, &keys(None, None)).await, Ok("acme".into()));
        assert_eq!(directory.snapshot().revision(), revision, "nothing was configured anew");
        assert_eq!(settled(&directory, &keys(None, Some("89"))).await, Ok("acme".into()));
        let snapshot = directory.snapshot();
        let area_code = snapshot.organizations().next().map(|found| found.area_code.clone());
        assert_eq!(area_code.as_deref(), Some("89"));
    }

    #[tokio::test]
    async fn an_organization_that_is_not_there_is_named() {
        let directory = directory();
        settled(&directory, &keys(Some("acme"), None)).await.unwrap();
        let error = settled(&directory, &keys(Some("other"), None)).await.unwrap_err();
        assert!(error.contains("`other`") && error.contains("acme"), "{error}");
    }
}
