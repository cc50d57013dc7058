//! Queries by the index find what a walk through the book finds.
