//! BER as LDAP uses it (RFC 4511 section 5.1): a reader that borrows, and the writer of replies.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// The bits of a tag that say its class and whether it is constructed.
const UNIVERSAL_PRIMITIVE_MASK: u8 = 0xe0;
/// Tags with this number go on in further bytes; LDAP has none.
const LONG_TAG: u8 = 0x1f;

/// The bytes are not what the protocol says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// What the first bytes of an element say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) tag: u8,
    /// Bytes of tag and length.
    pub(super) bytes: usize,
    /// Bytes of the content.
    pub(super) content: usize,
}

impl Header {
    /// Reads a header; `None` where more bytes are needed to tell.
    pub(super) fn read(input: &[u8]) -> Result<Option<Self>, Malformed> {
        let (tag, first) = match input {
            [tag, ..] if tag & LONG_TAG == LONG_TAG => return Err(Malformed),
            [tag, first, ..] => (*tag, *first),
            _ => return Ok(None),
        };
        if first < 0x80 {
            return Ok(Some(Self { tag, bytes: 2, content: first.into() }));
        }
        // 0x80 would be the indefinite length, which LDAP forbids. Long forms of short lengths,
        // with zeros in front, are allowed (Active Directory's clients and Microsoft stacks).
        let digits = usize::from(first & 0x7f);
        if digits == 0 || digits > size_of::<u64>() {
            return Err(Malformed);
        }
        let Some(length) = input.get(2..2 + digits) else { return Ok(None) };
        let content = length.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        let content = usize::try_from(content).map_err(|_| Malformed)?;
        Ok(Some(Self { tag, bytes: 2 + digits, content }))
    }

    /// Bytes of the whole element.
    pub(super) fn total(self) -> usize {
        self.bytes.saturating_add(self.content)
    }
}

/// One element: its tag, its content, and the bytes of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// Reads the elements of a constructed one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(content: &'a [u8]) -> Self {
        Self { rest: content }
    }

    /// The bytes that are not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn next(&mut self) -> Result<Element<'a>, Malformed> {
        let header = Header::read(self.rest)?.ok_or(Malformed)?;
        let (whole, rest) = self.rest.split_at_checked(header.total()).ok_or(Malformed)?;
        let content = whole.get(header.bytes..).ok_or(Malformed)?;
        self.rest = rest;
        Ok(Element { tag: header.tag, content, whole })
    }

    /// The next element, which has this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        let element = self.next()?;
        if element.tag == tag { Ok(element.content) } else { Err(Malformed) }
    }

    /// The next element where it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Malformed> {
        if self.rest.first() == Some(&tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    /// The next element, a primitive value of any universal type: some phones tag strings and
    /// enumerations as other types.
    pub(super) fn primitive(&mut self) -> Result<&'a [u8], Malformed> {
        let element = self.next()?;
        let universal = element.tag & UNIVERSAL_PRIMITIVE_MASK == 0;
        if universal { Ok(element.content) } else { Err(Malformed) }
    }

    pub(super) fn boolean(&mut self) -> Result<bool, Malformed> {
        boolean(self.expect(BOOLEAN)?)
    }
}

/// The value of a BOOLEAN; every byte but zero is true.
pub(super) fn boolean(content: &[u8]) -> Result<bool, Malformed> {
    match content {
        [byte] => Ok(*byte != 0),
        _ => Err(Malformed),
    }
}

/// The value of an INTEGER with its sign. Bytes that only repeat the sign are allowed: Snom sends
/// `02 02 00 32`.
pub(super) fn integer(content: &[u8]) -> Result<i64, Malformed> {
    let negative = content.first().ok_or(Malformed)? & 0x80 != 0;
    let sign = if negative { 0xff } else { 0 };
    let start = content.iter().position(|byte| *byte != sign).unwrap_or(content.len());
    let digits = content.get(start..).unwrap_or_default();
    let value = digits
        .iter()
        .fold(i64::from(negative).wrapping_neg(), |sum, byte| (sum << 8) | i64::from(*byte));
    let fits = digits.len() < size_of::<i64>();
    if fits { Ok(value) } else { Err(Malformed) }
}

/// Appends a length in its shortest form.
pub(super) fn put_length(out: &mut Vec<u8>, length: usize) {
    let bytes = length.to_be_bytes();
    match (length, bytes) {
        (0..0x80, [.., low]) => out.push(low),
        (0x80..0x100, [.., low]) => out.extend([0x81, low]),
        (0x100..0x1_0000, [.., high, low]) => out.extend([0x82, high, low]),
        _ => {
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            let digits = bytes.get(zeros..).unwrap_or_default();
            out.push(0x80 | digits.len() as u8);
            out.extend_from_slice(digits);
        }
    }
}

/// How many bytes [`put_length`] appends.
pub(super) fn length_bytes(length: usize) -> usize {
    match length {
        0..0x80 => 1,
        _ => 1 + size_of::<usize>() - length.leading_zeros() as usize / 8,
    }
}

/// Appends an element with this content.
pub(super) fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    put_length(out, content.len());
    out.extend_from_slice(content);
}

/// Appends a message id or another number that is not negative.
pub(super) fn put_integer(out: &mut Vec<u8>, value: i32) {
    let bytes = value.to_be_bytes();
    let zeros = bytes.iter().take(3).take_while(|byte| **byte == 0).count();
    // One zero stays where the number would look negative without it.
    let start = match bytes.get(zeros) {
        Some(byte) if byte & 0x80 != 0 => zeros.saturating_sub(1),
        _ => zeros,
    };
    put(out, INTEGER, bytes.get(start..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_every_form_are_read() {
        let header = |bytes: &[u8]| Header::read(bytes).map(|h| h.map(|h| (h.bytes, h.content)));
        assert_eq!(header(&[0x30, 0x05]), Ok(Some((2, 5))));
        assert_eq!(header(&[0x30, 0x82, 0, 5]), Ok(Some((4, 5))));
        assert_eq!(header(&[0x30, 0x84, 0, 0, 0, 5]), Ok(Some((6, 5))));
        assert_eq!(header(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]), Ok(Some((6, 0x7fff_ffff))));
        assert_eq!(header(&[0x30, 0x84, 0, 0]), Ok(None));
        assert_eq!(header(&[0x30]), Ok(None));
        assert_eq!(header(&[0x30, 0x80, 0, 0]), Err(Malformed), "indefinite");
        assert_eq!(header(&[0x3f, 0x01]), Err(Malformed), "tag of several bytes");
        assert_eq!(header(&[0x30, 0xff]), Err(Malformed));
    }

    #[test]
    fn integers_keep_their_sign_and_may_be_padded() {
        assert_eq!(integer(&[0x00, 0x32]), Ok(50));
        assert_eq!(integer(&[0, 0, 0, 0, 0x32]), Ok(50));
        assert_eq!(integer(&[0xff]), Ok(-1));
        assert_eq!(integer(&[0x80]), Ok(-128));
        assert_eq!(integer(&[0x00, 0xff]), Ok(255));
        assert_eq!(integer(&[0x7f, 0xff, 0xff, 0xff]), Ok(i64::from(i32::MAX)));
        assert_eq!(integer(&[0]), Ok(0));
        assert_eq!(integer(&[]), Err(Malformed));
        assert_eq!(integer(&[1; 9]), Err(Malformed));
    }

    #[test]
    fn what_is_written_reads_back() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536, 1 << 24] {
            let mut out = vec![SEQUENCE];
            put_length(&mut out, length);
            assert_eq!(out.len(), 1 + length_bytes(length));
            let header = Header::read(&out).unwrap().unwrap();
            assert_eq!((header.bytes, header.content), (out.len(), length));
        }
        for value in [0, 1, 127, 128, 255, 256, 32_768, 8_388_608, i32::MAX] {
            let mut out = Vec::new();
            put_integer(&mut out, value);
            let content = Reader::new(&out).expect(INTEGER).unwrap();
            assert_eq!(integer(content), Ok(i64::from(value)));
        }
    }
}
