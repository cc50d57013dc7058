//! When credentials were last used, for the lists that show them.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::account::audit::LastUse;
use crate::api::contact_json::time;
use crate::api::problem::Problem;
use crate::api::{Context, blocking};

/// Adds `last_use` to credentials in a list, each with its key.
pub(super) async fn add(
    context: &Context,
    mut items: Vec<Value>,
    keys: Vec<Box<str>>,
) -> Result<Vec<Value>, Problem> {
    let asked = keys.clone();
    let found = blocking(context, move |directory| directory.last_uses(&asked)).await?;
    let found: HashMap<&str, &LastUse> =
        found.iter().map(|last| (&*last.credential, last)).collect();
    for (item, key) in items.iter_mut().zip(&keys) {
        let last = found.get(&**key).map(|last| {
            json!({ "time": time(last.time), "address": last.address.map(|a| a.to_string()) })
        });
        if let Some(members) = item.as_object_mut() {
            members.insert("last_use".to_owned(), json!(last));
        }
    }
    Ok(items)
}

/// As [`add`], for one.
pub(super) async fn add_one(
    context: &Context,
    item: Value,
    key: Box<str>,
) -> Result<Value, Problem> {
    let items = add(context, vec![item], vec![key]).await?;
    Ok(items.into_iter().next().unwrap_or_default())
}
