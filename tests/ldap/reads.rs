//! Reading: trees, scopes, attributes, limits and compares.
