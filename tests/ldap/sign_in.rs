//! Who is signed in, and what they see.
