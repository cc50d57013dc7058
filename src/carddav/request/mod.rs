//! What a request says: its headers and its body, read into types.

pub(crate) mod accept;
pub(crate) mod address_data;
pub(crate) mod body;
pub(crate) mod depth;
pub(crate) mod elements;
pub(crate) mod if_header;
pub(crate) mod precondition;
pub(crate) mod prefer;
pub(crate) mod xml;
