//! Simple paged results (RFC 2696): the cookie says where an answer ended.
//!
//! Nothing is kept between two pages. The cookie holds the place in the order behind which the next
//! page begins, so that entries that do not change are neither lost nor doubled whatever happens to
//! others. Its seal is made over who asked and for what: a cookie is good for nothing else.

use ldap3_proto::proto::LdapResultCode;

use crate::auth::Principal;
use crate::auth::seal::{SEAL_BYTES, Sealer};
use crate::contact::ContactId;
use crate::ldap::ber::{self, ENUMERATED, INTEGER, Malformed, OCTET_STRING, Reader, SEQUENCE};
use crate::ldap::control::{number, put, put_number};
use crate::ldap::result::Outcome;

/// Of the request's control and of the answer's.
pub(super) const OID: &str = "1.2.840.113556.1.4.319";
/// Tags inside a cookie.
const KEY: u8 = 0x80;
const FIXED: u8 = 0x81;
const CONTACT: u8 = 0x82;

/// The control of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ldap) struct Paged<'a> {
    /// Entries of a page. 0 at the start is no limit; later it ends the sequence.
    size: u32,
    cookie: &'a [u8],
}

impl<'a> Paged<'a> {
    pub(super) fn read(value: &'a [u8]) -> Result<Self, Malformed> {
        let mut outer = Reader::new(value);
        let mut reader = Reader::new(outer.expect(SEQUENCE)?);
        let paged = Self { size: number(&mut reader)?, cookie: reader.expect(OCTET_STRING)? };
        if outer.is_empty() && reader.is_empty() { Ok(paged) } else { Err(Malformed) }
    }

    /// Whether the client wants no further page.
    pub(in crate::ldap) fn is_end(&self) -> bool {
        self.size == 0 && !self.cookie.is_empty()
    }

    /// How many entries the page has at most.
    pub(in crate::ldap) fn entries_max(&self) -> u32 {
        if self.size == 0 { u32::MAX } else { self.size }
    }

    /// Where the page begins, in an order with or without keys of its own.
    ///
    /// # Errors
    /// What the client is told where the cookie was not given for this sequence.
    pub(in crate::ldap) fn place(
        &self,
        sequence: &Sequence<'_>,
        has_keys: bool,
    ) -> Result<Option<Place>, Outcome> {
        if self.cookie.is_empty() {
            return Ok(None);
        }
        let place = sequence.open(self.cookie).filter(|place| place.key.is_some() == has_keys);
        let place = place.ok_or_else(|| {
            let message = "the cookie of the page control is of another search, account or run of \
                           the server: begin with an empty one";
            Outcome::new(LdapResultCode::UnwillingToPerform, message)
        });
        place.map(Some)
    }
}

/// Appends the control of an answer; an empty cookie says that there is nothing more. How many
/// entries there are in all is not told, as that would cost a walk through them.
pub(in crate::ldap) fn put_response(out: &mut Vec<u8>, cookie: &[u8]) {
    let mut content = Vec::with_capacity(cookie.len() + 8);
    put_number(&mut content, 0);
    ber::put(&mut content, OCTET_STRING, cookie);
    let mut value = Vec::with_capacity(content.len() + 4);
    ber::put(&mut value, SEQUENCE, &content);
    put(out, OID, &value);
}

/// The place of an entry in the order of an answer, whether the entry is still there or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ldap) struct Place {
    /// What it was sorted by, where the client chose the order.
    pub(in crate::ldap) key: Option<Box<[u8]>>,
    pub(in crate::ldap) tie: Tie,
    /// Entries so far, this one included.
    pub(in crate::ldap) given: u32,
}

/// What decides between entries that are otherwise equal. No two entries have the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ldap) enum Tie {
    /// The name of an entry that is no contact.
    Fixed(String),
    /// Rank by name, and the contact.
    Contact(Box<[u8]>, ContactId),
}

/// The sequence of pages that a cookie is good for.
pub(in crate::ldap) struct Sequence<'q> {
    pub(in crate::ldap) sealer: &'q Sealer,
    pub(in crate::ldap) principal: &'q Principal,
    /// The search request.
    pub(in crate::ldap) content: &'q [u8],
    /// The value of the sort control.
    pub(in crate::ldap) sort: &'q [u8],
}

impl Sequence<'_> {
    /// A cookie behind which an answer goes on at a place.
    pub(in crate::ldap) fn cookie(&self, place: &Place) -> Option<Vec<u8>> {
        let mut cookie = vec![0; SEAL_BYTES];
        put_number(&mut cookie, place.given);
        if let Some(key) = &place.key {
            ber::put(&mut cookie, KEY, key);
        }
        match &place.tie {
            Tie::Fixed(dn) => ber::put(&mut cookie, FIXED, dn.as_bytes()),
            Tie::Contact(key, id) => {
                let tie = [id.0.as_bytes(), &**key].concat();
                ber::put(&mut cookie, CONTACT, &tie);
            }
        }
        let (seal, place) = cookie.split_first_chunk_mut::<SEAL_BYTES>()?;
        *seal = self.seal(place)?;
        Some(cookie)
    }

    fn open(&self, cookie: &[u8]) -> Option<Place> {
        let (seal, place) = cookie.split_first_chunk::<SEAL_BYTES>()?;
        let genuine = self.parts(place, |parts| self.sealer.is_genuine(seal, parts));
        let mut reader = Reader::new(genuine.then_some(place)?);
        let given = number(&mut reader).ok()?;
        let key = reader.optional(KEY).ok()?.map(Box::from);
        let tie = reader.next().ok()?;
        let tie = match tie.tag {
            FIXED => Tie::Fixed(String::from_utf8(tie.content.to_vec()).ok()?),
            _ => {
                let (id, key) = tie.content.split_first_chunk()?;
                Tie::Contact(key.into(), ContactId(uuid::Uuid::from_bytes(*id)))
            }
        };
        Some(Place { key, tie, given })
    }

    fn seal(&self, place: &[u8]) -> Option<[u8; SEAL_BYTES]> {
        self.parts(place, |parts| self.sealer.seal(parts))
    }

    /// Gives away all that a cookie is bound to: who asks, base, scope, filter, attributes and order.
    /// Limits may be others on the next page.
    fn parts<T>(&self, place: &[u8], seal: impl FnOnce(&[&[u8]]) -> T) -> T {
        let who = format!("{} {:?}", self.principal, self.principal.organization);
        let [base, scope, filter, attributes] = parts_of(self.content).unwrap_or_default();
        seal(&[who.as_bytes(), base, scope, filter, attributes, self.sort, place])
    }
}

/// Base, scope, filter and attributes of a search request that was read before.
fn parts_of(content: &[u8]) -> Result<[&[u8]; 4], Malformed> {
    let mut reader = Reader::new(content);
    let (base, scope) = (reader.expect(OCTET_STRING)?, reader.primitive()?);
    reader.expect(ENUMERATED)?;
    reader.expect(INTEGER)?;
    reader.expect(INTEGER)?;
    reader.boolean()?;
    let filter = reader.next()?.whole;
    Ok([base, scope, filter, reader.expect(SEQUENCE)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Role;
    use crate::auth::Who;
    use crate::contact::OrganizationId;

    fn phone(name: &str, organization: &str) -> Principal {
        let organization = Some(OrganizationId::from(organization));
        Principal::new(Who::Phone(name.into()), Role::User, organization)
    }

    /// A search for `(cn=*)` with these limits.
    fn search(base: u8, limit: u8) -> Vec<u8> {
        let mut content = vec![4, 1, base, 10, 1, 2, 10, 1, 0, 2, 1, limit, 2, 1, 0, 1, 1, 0];
        content.extend(b"\x87\x02cn\x30\x00");
        content
    }

    fn sequence<'q>(
        sealer: &'q Sealer,
        principal: &'q Principal,
        content: &'q [u8],
        sort: &'q [u8],
    ) -> Sequence<'q> {
        Sequence { sealer, principal, content, sort }
    }

    #[test]
    fn a_cookie_holds_the_place() {
        let (sealer, asker, content) = (Sealer::default(), phone("p", "main"), search(b'x', 0));
        let sequence = sequence(&sealer, &asker, &content, b"");
        let id = ContactId(uuid::Uuid::from_u128(7));
        for place in [
            Place { key: None, tie: Tie::Fixed("ou=people,dc=x".to_owned()), given: 1 },
            Place { key: None, tie: Tie::Contact([1, 2].into(), id), given: 300 },
            Place { key: Some([0, 9].into()), tie: Tie::Contact([].into(), id), given: 70_000 },
        ] {
            let cookie = sequence.cookie(&place).unwrap();
            let paged = Paged { size: 5, cookie: &cookie };
            assert_eq!(paged.place(&sequence, place.key.is_none()).ok(), None);
            assert_eq!(paged.place(&sequence, place.key.is_some()), Ok(Some(place)));
        }
    }

    #[test]
    fn a_cookie_is_good_for_its_query_and_asker_only() {
        let (sealer, asker, content) = (Sealer::default(), phone("p", "main"), search(b'x', 0));
        let own = sequence(&sealer, &asker, &content, b"sort");
        let place = Place { key: None, tie: Tie::Fixed("dc=x".to_owned()), given: 1 };
        let cookie = own.cookie(&place).unwrap();
        let opens = |sequence: &Sequence<'_>| sequence.open(&cookie).is_some();
        assert!(opens(&own));
        assert!(opens(&sequence(&sealer, &asker, &search(b'x', 9), b"sort")), "another limit");
        assert!(!opens(&sequence(&sealer, &asker, &search(b'y', 0), b"sort")), "another base");
        assert!(!opens(&sequence(&sealer, &asker, &content, b"")), "another order");
        assert!(
            !opens(&sequence(&sealer, &phone("q", "main"), &content, b"sort")),
            "another phone"
        );
        assert!(!opens(&sequence(&sealer, &phone("p", "rome"), &content, b"sort")), "of that name");
        assert!(!opens(&sequence(&Sealer::default(), &asker, &content, b"sort")), "another start");
        for at in 0..cookie.len() {
            let mut damaged = cookie.clone();
            damaged[at] ^= 1;
            assert_eq!(own.open(&damaged), None);
            assert_eq!(own.open(&cookie[..at]), None);
        }
    }
}
