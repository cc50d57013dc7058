//! What becomes of column maps.

use crate::account::group::wrong_name;
use crate::account::import::{COLUMN_MAP_BYTES_MAX, COLUMN_MAPS_MAX, ColumnMapRecord};
use crate::contact::OrganizationId;
use crate::directory::CommitError;
use crate::directory::check::Checker;
use crate::store::{Key, Record};

impl Checker<'_> {
    pub(super) fn put_column_map(&mut self, map: ColumnMapRecord) -> Result<(), CommitError> {
        self.organization_exists(&map.organization)?;
        if let Some(wrong) = wrong_name(&map.name) {
            return Err(CommitError::WrongName(wrong));
        }
        let (count, max) = (map.columns.len(), COLUMN_MAP_BYTES_MAX);
        if count > max {
            return Err(CommitError::TooLong { what: "the column map", unit: "bytes", count, max });
        }
        let known = self.snapshot.column_map(&map.organization, &map.name);
        let all = self.snapshot.column_maps(&map.organization).count();
        if known.is_none() && all >= COLUMN_MAPS_MAX {
            return Err(CommitError::TooMany { what: "column maps", max: COLUMN_MAPS_MAX });
        }
        // It may be written in another way now.
        if let Some(known) = known.filter(|known| known.name != map.name) {
            self.remove(Key::ColumnMap(map.organization.clone(), known.name.clone()))?;
        }
        self.staged.column_maps.insert(map.organization.clone());
        self.put(Record::ColumnMap(map))
    }

    pub(super) fn remove_column_map(
        &mut self,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<(), CommitError> {
        let Some(known) = self.snapshot.column_map(organization, name) else { return Ok(()) };
        self.staged.column_maps.insert(organization.clone());
        self.remove(Key::ColumnMap(organization.clone(), known.name.clone()))
    }
}
