//! The operations of the protocol, and what `ldap3_proto` reads of all but searches and compares.

use ldap3_lber::Parser;
use ldap3_lber::structure::{PL, StructureTag};
use ldap3_proto::proto::LdapOp;

use crate::ldap::ber::{Element, Malformed};

/// Nothing but filters, which are read elsewhere, is nested deeper.
const DEPTH_MAX: usize = 16;

/// A request's operation (RFC 4511 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Bind,
    Unbind,
    Search,
    Modify,
    Add,
    Delete,
    ModifyDn,
    Compare,
    Abandon,
    Extended,
}

impl Operation {
    pub(super) fn of_tag(tag: u8) -> Option<Self> {
        Some(match tag {
            0x60 => Self::Bind,
            0x42 => Self::Unbind,
            0x63 => Self::Search,
            0x66 => Self::Modify,
            0x68 => Self::Add,
            0x4a => Self::Delete,
            0x6c => Self::ModifyDn,
            0x6e => Self::Compare,
            0x50 => Self::Abandon,
            0x77 => Self::Extended,
            _ => return None,
        })
    }

    /// Whether clients wait for a reply.
    pub(super) fn is_answered(self) -> bool {
        !matches!(self, Self::Unbind | Self::Abandon)
    }
}

/// Reads an operation that [`Operation::of_tag`] knows; others would be reported on standard output.
pub(super) fn decode(operation: Element<'_>) -> Result<LdapOp, Malformed> {
    let (rest, mut tag) = Parser::new(DEPTH_MAX).parse(operation.whole).map_err(|_| Malformed)?;
    if !rest.is_empty() {
        return Err(Malformed);
    }
    if Operation::of_tag(operation.tag) != Some(Operation::Extended) {
        accept_latin_1(&mut tag);
    }
    LdapOp::try_from(tag).map_err(|_| Malformed)
}

/// Names and passwords that are no UTF-8 are Latin-1: LDAPv2 phones send that.
fn accept_latin_1(tag: &mut StructureTag) {
    match &mut tag.payload {
        PL::C(inner) => inner.iter_mut().for_each(accept_latin_1),
        PL::P(bytes) if std::str::from_utf8(bytes).is_err() => {
            *bytes = bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes();
        }
        PL::P(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use ldap3_proto::proto::LdapBindCred;

    use super::*;
    use crate::ldap::ber::Reader;

    #[test]
    fn a_latin_1_password_is_read_as_text() {
        let bind = b"\x60\x0f\x02\x01\x02\x04\x03204\x80\x05p\xe4\xdf1\x21";
        let Ok(LdapOp::BindRequest(bind)) = decode(Reader::new(bind).next().unwrap()) else {
            panic!("a bind");
        };
        assert!(matches!(bind.cred, LdapBindCred::Simple(password) if password == "päß1!"));
    }

    #[test]
    fn unknown_operations_are_none() {
        for tag in [0x64, 0x65, 0x78, 0x7e, 0x30, 0x40] {
            assert_eq!(Operation::of_tag(tag), None);
        }
    }
}
