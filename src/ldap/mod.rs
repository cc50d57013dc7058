//! The LDAP door: what phones and softphones ask, answered from the directory (RFC 4511).

mod attribute;
mod ber;
mod request;
