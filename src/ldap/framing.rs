//! Cuts the stream of bytes into messages, within limits.

use crate::ldap::ber::{Header, SEQUENCE};

/// What the bytes received so far begin with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A whole message of this many bytes.
    Message(usize),
    /// More bytes are needed.
    Incomplete,
    /// A message that is longer than allowed.
    TooLong,
    /// No message, but perhaps HTTP or TLS.
    Foreign,
}

impl Frame {
    /// Looks at the next message. Its length is checked before any of it is waited for.
    pub(super) fn peek(buffer: &[u8], bytes_max: usize) -> Self {
        match buffer.first() {
            None => return Self::Incomplete,
            Some(&SEQUENCE) => {}
            Some(_) => return Self::Foreign,
        }
        match Header::read(buffer) {
            Ok(None) => Self::Incomplete,
            Ok(Some(header)) if header.total() > bytes_max => Self::TooLong,
            Ok(Some(header)) if header.total() > buffer.len() => Self::Incomplete,
            Ok(Some(header)) => Self::Message(header.total()),
            Err(_) => Self::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: Frame) {
        assert_eq!(Frame::peek(bytes, 100), expected);
    }

    #[test]
    fn messages_are_cut_by_their_length() {
        check(b"", Frame::Incomplete);
        check(&[0x30], Frame::Incomplete);
        check(&[0x30, 3, 2, 1], Frame::Incomplete);
        check(&[0x30, 3, 2, 1, 1, 0x30], Frame::Message(5));
        check(&[0x30, 0x84, 0, 0, 0, 3, 2, 1, 1], Frame::Message(9));
    }

    #[test]
    fn a_long_message_is_refused_before_it_is_received() {
        check(&[0x30, 99], Frame::TooLong);
        check(&[0x30, 98], Frame::Incomplete);
        check(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], Frame::TooLong);
        check(&[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Frame::TooLong);
    }

    #[test]
    fn other_protocols_are_told_by_their_first_byte() {
        check(b"GET / HTTP/1.0\r\n", Frame::Foreign);
        check(&[0x16, 3, 1, 0, 0xa5], Frame::Foreign);
        check(&[0x30, 0x80, 2, 1], Frame::Foreign);
    }
}
