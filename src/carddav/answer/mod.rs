//! What an answer says: rows of properties and cards, refusals, bodies that stream.

pub(crate) mod content;
pub(crate) mod error;
pub(crate) mod etag;
pub(crate) mod multistatus;
pub(crate) mod place;
pub(crate) mod property;
pub(crate) mod row;
pub(crate) mod stream;
pub(crate) mod value;
