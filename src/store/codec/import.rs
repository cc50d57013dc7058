//! What belongs to imports as JSON texts.

use serde_json::json;

use crate::account::import::ColumnMapRecord;
use crate::contact::OrganizationId;
use crate::store::codec::Decoded;
use crate::store::codec::object::Object;

pub(super) fn column_map_text(map: &ColumnMapRecord) -> String {
    json!({ "columns": map.columns, "updated": map.updated.0 }).to_string()
}

pub(super) fn column_map(organization: &str, name: &str, text: &str) -> Decoded<ColumnMapRecord> {
    let object = Object::parse(text)?;
    Ok(ColumnMapRecord {
        organization: OrganizationId::from(organization),
        name: name.into(),
        columns: object.text("columns")?.into(),
        updated: object.time("updated")?,
    })
}
