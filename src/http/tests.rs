//! The front with real sockets.
