//! The profile `xivo`: personal contacts as XiVO and Wazo export them (wazo-dird `personal`).

use crate::contact::card::Field;
use crate::file::Holds;
use crate::file::table::profile::{Column, Kind, Profile, To};

/// Columns in any order. XiVO keeps columns of any other name too: those that are called like one
/// of our fields are kept, the others are named in the report.
pub(super) static PROFILE: Profile = Profile {
    name: "xivo",
    holds: Holds::Contacts,
    utf8_unless_told: true,
    columns: &[
        Column::field("firstname", Field::GivenName),
        Column::field("lastname", Field::FamilyName),
        Column::field("number", Field::Work),
        Column::field("email", Field::Email),
        Column::field("company", Field::Company),
        Column::field("fax", Field::Fax),
        Column::field("mobile", Field::Mobile),
        Column::new("id", To::Id, Kind::Text),
    ],
    sign_in_flag: None,
    rules: |_| Vec::new(),
};
