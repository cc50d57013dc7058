//! Tests of signing in.
