//! Controls (RFC 4511 section 4.1.11): which are known, and what they ask of a search.

use ldap3_proto::proto::LdapResultCode;

use crate::ldap::ber::{self, ENUMERATED, INTEGER, OCTET_STRING, SEQUENCE};
use crate::ldap::control::paged::Paged;
use crate::ldap::control::sort::Sort;
use crate::ldap::control::view::View;
use crate::ldap::operation::Operation;
use crate::ldap::request::Control;
use crate::ldap::result::Outcome;

pub(super) mod answer;
mod gather;
mod list;
pub(super) mod paged;
mod sort;
mod view;

/// The control that switches referrals off; as there are none, it always holds (RFC 3296).
const MANAGE_DSA_IT: &str = "2.16.840.1.113730.3.4.2";
/// Forbids answers from copies; as there are none, it always holds (RFC 6171).
const DONT_USE_COPY: &str = "1.3.6.1.1.22";
/// Forbids to follow references to other domains (Active Directory); there are none.
const DOMAIN_SCOPE: &str = "1.2.840.113556.1.4.1339";

/// The controls that the Root DSE names.
pub(super) const SUPPORTED: [&str; 6] =
    [MANAGE_DSA_IT, DONT_USE_COPY, DOMAIN_SCOPE, paged::OID, sort::REQUEST, view::REQUEST];

/// What a known control is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Holds anyway, and has no value.
    Truism,
    Paged,
    Sort,
    View,
}

impl Kind {
    /// The control of an identifier, where it is known for an operation.
    fn of(oid: &[u8], operation: Operation) -> Option<Self> {
        let search = operation == Operation::Search;
        let reads = search || operation == Operation::Compare;
        let writes = matches!(
            operation,
            Operation::Modify | Operation::Add | Operation::Delete | Operation::ModifyDn
        );
        Some(match std::str::from_utf8(oid).ok()? {
            MANAGE_DSA_IT if reads || writes => Self::Truism,
            DONT_USE_COPY if reads => Self::Truism,
            DOMAIN_SCOPE if search => Self::Truism,
            paged::OID if search => Self::Paged,
            sort::REQUEST if search => Self::Sort,
            view::REQUEST if search => Self::View,
            _ => return None,
        })
    }
}

/// What the controls of a search ask for.
#[derive(Debug, Default)]
pub(super) struct Controls<'a> {
    pub(super) paged: Option<Paged<'a>>,
    pub(super) sort: Option<Sort<'a>>,
    pub(super) view: Option<View<'a>>,
}

impl<'a> Controls<'a> {
    /// Reads the controls of a request.
    ///
    /// # Errors
    /// What the client is told where one of them forbids an answer; the connection stays.
    pub(super) fn read(operation: Operation, sent: &[Control<'a>]) -> Result<Self, Outcome> {
        let mut controls = Self::default();
        // Nobody waits for what became of the others.
        if !operation.is_answered() {
            return Ok(controls);
        }
        for (at, control) in sent.iter().enumerate() {
            let Some(kind) = Kind::of(control.oid, operation) else {
                if control.critical {
                    let message = "a critical control is not known here for this operation";
                    return Err(Outcome::new(
                        LdapResultCode::UnavailableCriticalExtension,
                        message,
                    ));
                }
                continue;
            };
            if sent.iter().take(at).any(|other| other.oid == control.oid) {
                return Err(protocol_error("a control is there twice"));
            }
            controls.add(kind, control)?;
        }
        if controls.paged.is_some() && controls.view.is_some() {
            return Err(protocol_error("pages and a list view exclude each other"));
        }
        Ok(controls)
    }

    fn add(&mut self, kind: Kind, control: &Control<'a>) -> Result<(), Outcome> {
        let malformed = |what| move |_: ber::Malformed| protocol_error(what);
        let value = control.value.unwrap_or_default();
        match kind {
            Kind::Truism if value.is_empty() => {}
            Kind::Truism => return Err(protocol_error("this control has no value")),
            Kind::Paged => {
                let paged = Paged::read(value).map_err(malformed("the page control is malformed"));
                self.paged = Some(paged?);
            }
            Kind::Sort => {
                let sort = Sort::read(value, control.critical);
                self.sort = Some(sort.map_err(malformed("the sort control is malformed"))?);
            }
            Kind::View => {
                let view = View::read(value).map_err(malformed("the view control is malformed"));
                self.view = Some(view?);
            }
        }
        Ok(())
    }

    /// Whether the answer is all there is, in the order in which it is.
    pub(super) fn is_empty(&self) -> bool {
        self.paged.is_none() && self.sort.is_none() && self.view.is_none()
    }

    /// The outcome of a search that gave so many entries, all that there are: nothing was to be sorted
    /// or cut.
    pub(super) fn whole(&self, entries: u32) -> Outcome {
        let mut outcome = Outcome::success();
        let out = &mut outcome.controls;
        if self.paged.is_some() {
            paged::put_response(out, &[]);
        }
        if self.sort.is_some() && entries > 0 {
            sort::put_response(out, None);
        }
        if self.view.is_some() {
            view::put_response(out, entries, entries, view::SUCCESS);
        }
        outcome
    }
}

fn protocol_error(message: &'static str) -> Outcome {
    Outcome::new(LdapResultCode::ProtocolError, message)
}

/// Appends a response control. It is not critical, which is the default and so not said.
fn put(out: &mut Vec<u8>, oid: &str, value: &[u8]) {
    let mut control = Vec::with_capacity(oid.len() + value.len() + 12);
    ber::put(&mut control, OCTET_STRING, oid.as_bytes());
    ber::put(&mut control, OCTET_STRING, value);
    ber::put(out, SEQUENCE, &control);
}

fn put_number(out: &mut Vec<u8>, number: u32) {
    ber::put_integer(out, i32::try_from(number).unwrap_or(i32::MAX));
}

fn put_code(out: &mut Vec<u8>, code: u8) {
    ber::put(out, ENUMERATED, &[code]);
}

/// A number that is not negative; what is too large for an answer is cut.
fn number(reader: &mut ber::Reader<'_>) -> Result<u32, ber::Malformed> {
    let number = ber::integer(reader.expect(INTEGER)?)?;
    let number = u64::try_from(number).map_err(|_| ber::Malformed)?;
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(oid: &'static str, critical: bool, value: &'static [u8]) -> Control<'static> {
        Control { oid: oid.as_bytes(), critical, value: Some(value) }
    }

    #[track_caller]
    fn check(operation: Operation, sent: &[Control<'_>], expected: Option<LdapResultCode>) {
        let found = Controls::read(operation, sent).err().map(|outcome| outcome.code);
        assert_eq!(found, expected);
    }

    #[test]
    fn only_critical_controls_forbid_an_answer_where_they_mean_nothing() {
        let paged = [control(paged::OID, true, b"\x30\x05\x02\x01\x05\x04\x00")];
        let refused = Some(LdapResultCode::UnavailableCriticalExtension);
        check(Operation::Search, &paged, None);
        check(Operation::Bind, &paged, refused.clone());
        check(Operation::Unbind, &paged, None);
        let paged = [Control { critical: false, ..paged[0] }];
        check(Operation::Bind, &paged, None);
        let referrals = [control(MANAGE_DSA_IT, true, b"")];
        for operation in [Operation::Search, Operation::Compare, Operation::Modify] {
            check(operation, &referrals, None);
        }
        check(Operation::Extended, &referrals, refused);
    }

    #[test]
    fn what_cannot_be_meant_is_a_protocol_error() {
        let error = Some(LdapResultCode::ProtocolError);
        let paged = control(paged::OID, false, b"\x30\x05\x02\x01\x05\x04\x00");
        let view = control(
            view::REQUEST,
            false,
            b"\x30\x0e\x02\x01\x00\x02\x01\x02\xa0\x06\x02\x01\x01\x02\x01\x00",
        );
        check(Operation::Search, &[view], None);
        check(Operation::Search, &[paged, view], error.clone());
        check(Operation::Search, &[paged, paged], error.clone());
        for value in [&b""[..], b"\x30", b"\x30\x00", b"\x30\x05\x02\x01\xff\x04\x00", b"\x04\x00"]
        {
            let broken = Control { value: Some(value), ..paged };
            check(Operation::Search, &[broken], error.clone());
            check(Operation::Compare, &[broken], None);
        }
        check(Operation::Search, &[control(MANAGE_DSA_IT, false, b"x")], error);
        check(
            Operation::Search,
            &[control("1.2.3", false, b""), control("1.2.3", false, b"")],
            None,
        );
    }
}
