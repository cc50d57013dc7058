//! What there is: the user who asks, their homes, address books and cards, and who may do what.

pub(crate) mod allow;
pub(crate) mod group_card;
pub(crate) mod history;
pub(crate) mod layout;
pub(crate) mod member;
pub(crate) mod merged;
pub(crate) mod path;
pub(crate) mod principal;
pub(crate) mod privilege;
pub(crate) mod quota;
pub(crate) mod view;
