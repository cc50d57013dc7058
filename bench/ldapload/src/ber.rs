//! The little of LDAP's BER that a client of searches needs (RFC 4511 section 5.1).

/// Message ids start here, so that each takes four octets and can be patched in place.
pub const FIRST_ID: u32 = 0x0100_0000;

pub const SEARCH_ENTRY: u8 = 0x64;
pub const SEARCH_DONE: u8 = 0x65;
pub const SEARCH_REFERENCE: u8 = 0x73;
pub const BIND_RESPONSE: u8 = 0x61;
pub const EXTENDED_RESPONSE: u8 = 0x78;

/// A request that is encoded once; only its message id changes.
#[derive(Clone)]
pub struct Request {
    bytes: Vec<u8>,
    id_at: usize,
}

impl Request {
    fn new(operation: &[u8]) -> Self {
        let mut body = vec![2, 4, 0, 0, 0, 0];
        body.extend_from_slice(operation);
        let mut bytes = vec![];
        element(0x30, &body, &mut bytes);
        let id_at = bytes.len() - body.len() + 2;
        Self { bytes, id_at }
    }

    pub fn bind(dn: &str, password: &str) -> Self {
        let mut body = vec![2, 1, 3];
        element(4, dn.as_bytes(), &mut body);
        element(0x80, password.as_bytes(), &mut body);
        Self::operation(0x60, &body)
    }

    pub fn unbind() -> Self {
        Self::operation(0x42, &[])
    }

    /// A search without aliases and time limit.
    ///
    /// # Errors
    /// What is wrong with the filter or the scope.
    pub fn search(search: &Search<'_>) -> Result<Self, String> {
        let scope = match search.scope {
            "base" => 0,
            "one" => 1,
            "sub" => 2,
            other => return Err(format!("no scope: {other}")),
        };
        let mut body = vec![];
        element(4, search.base.as_bytes(), &mut body);
        element(10, &[scope], &mut body);
        element(10, &[0], &mut body);
        element(2, integer(&search.entries_max.to_be_bytes()), &mut body);
        element(2, &[0], &mut body);
        element(1, &[0], &mut body);
        crate::filter::encode(search.filter, &mut body)?;
        let mut attributes = vec![];
        for name in search.attributes.split(',').filter(|name| !name.is_empty()) {
            element(4, name.as_bytes(), &mut attributes);
        }
        element(0x30, &attributes, &mut body);
        Ok(Self::operation(0x63, &body))
    }

    fn operation(tag: u8, body: &[u8]) -> Self {
        let mut operation = vec![];
        element(tag, body, &mut operation);
        Self::new(&operation)
    }

    /// Appends the request under this message id.
    pub fn write(&self, id: u32, out: &mut Vec<u8>) {
        let at = out.len() + self.id_at;
        out.extend_from_slice(&self.bytes);
        out[at..at + 4].copy_from_slice(&id.to_be_bytes());
    }
}

/// What a search asks for.
pub struct Search<'a> {
    pub scope: &'a str,
    pub base: &'a str,
    /// 0: no limit.
    pub entries_max: u32,
    /// Separated by commas; `*` for all.
    pub attributes: &'a str,
    /// RFC 4515 text.
    pub filter: &'a str,
}

/// The octets of a non-negative integer without those that say nothing (X.690 section 8.3.2).
fn integer(octets: &[u8]) -> &[u8] {
    let mut rest = octets;
    while let [0, next, ..] = rest
        && *next < 0x80
    {
        rest = &rest[1..];
    }
    rest
}

/// Appends one element with a definite length.
pub fn element(tag: u8, body: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    let length = (body.len() as u32).to_be_bytes();
    match body.len() {
        0..0x80 => out.push(length[3]),
        0x80..0x1_0000 => out.extend([0x82, length[2], length[3]]),
        _ => out.extend([0x84, length[0], length[1], length[2], length[3]]),
    }
    out.extend_from_slice(body);
}

/// One message at the start of a buffer.
pub struct Message {
    /// Octets it takes in all.
    pub length: usize,
    pub id: u32,
    pub operation: u8,
    /// The result code, where the operation has one.
    pub code: u8,
}

/// Reads the message at the start of the buffer. `Ok(None)`: it is not complete yet.
///
/// # Errors
/// The bytes are no LDAP message.
pub fn read_message(buffer: &[u8]) -> Result<Option<Message>, String> {
    match buffer.first() {
        None => return Ok(None),
        Some(0x30) => {}
        Some(other) => return Err(format!("no LDAP message: it begins with {other:02x}")),
    }
    let mut at = 1;
    let Some(length) = read_length(buffer, &mut at) else { return Ok(None) };
    let end = at + length;
    if buffer.len() < end {
        return Ok(None);
    }
    at += 1;
    let id_length = read_length(buffer, &mut at).ok_or("a message without an id")?;
    let id = buffer[at..at + id_length].iter().fold(0, |id, octet| id << 8 | u32::from(*octet));
    at += id_length;
    let operation = buffer[at];
    at += 1;
    read_length(buffer, &mut at).ok_or("an operation without a length")?;
    let has_code = matches!(operation, SEARCH_DONE | BIND_RESPONSE | EXTENDED_RESPONSE);
    let code = if has_code { buffer[at + 2] } else { 0 };
    Ok(Some(Message { length: end, id, operation, code }))
}

fn read_length(buffer: &[u8], at: &mut usize) -> Option<usize> {
    let first = *buffer.get(*at)?;
    *at += 1;
    if first < 0x80 {
        return Some(usize::from(first));
    }
    let mut length = 0;
    for _ in 0..first & 0x7f {
        length = length << 8 | usize::from(*buffer.get(*at)?);
        *at += 1;
    }
    Some(length)
}
