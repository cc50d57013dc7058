//! The methods that change something.

pub(crate) mod copy_move;
pub(crate) mod favorites;
pub(crate) mod kept;
pub(crate) mod patch;
pub(crate) mod personal_book;
pub(crate) mod photo;
pub(crate) mod proppatch;
pub(crate) mod put;
pub(crate) mod upload;
