//! The PROXY protocol, versions 1 and 2: how a balancer tells whom it speaks for.
//!
//! Source: "The PROXY protocol", versions 1 and 2, of the HAProxy project.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt};

/// What version 2 begins with.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// What version 1 begins with; as many bytes as the signature are there in any case.
const WORD: &[u8] = b"PROXY ";
/// Longest line of version 1 with its end.
const LINE_BYTES_MAX: usize = 107;
/// Addresses and extensions of version 2; a certificate of the balancer's client may be in them.
const REST_BYTES_MAX: usize = 4096;

/// Whom a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Client(SocketAddr),
    /// The balancer speaks for itself: it looks whether the daemon is alive.
    Balancer,
}

/// Why there is no source.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    #[error("the PROXY header is missing (proxy_protocol)")]
    Missing,
    #[error("the PROXY header is malformed")]
    Malformed,
    #[error("the PROXY header has more than {REST_BYTES_MAX} bytes")]
    TooLong,
    #[error("the PROXY header names no IP address")]
    NoAddress,
    #[error("the balancer left: {0}")]
    Io(#[from] io::Error),
}

/// Reads the header, and not a byte of what follows it.
///
/// # Errors
/// [`ProxyError`]; nothing more should be read of the connection then.
pub async fn read<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Source, ProxyError> {
    let mut begin = [0; SIGNATURE.len()];
    // Whoever sends no header may wait for an answer to less.
    let mut filled = 0;
    while filled < begin.len() {
        let room = begin.get_mut(filled..).unwrap_or_default();
        match reader.read(room).await? {
            0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            count => filled += count,
        }
        let known = begin.get(..filled).unwrap_or_default();
        if !SIGNATURE.starts_with(known) && !is_line(known) {
            return Err(ProxyError::Missing);
        }
    }
    if begin == SIGNATURE { read_binary(reader).await } else { read_line(reader, &begin).await }
}

fn is_line(begin: &[u8]) -> bool {
    begin.iter().zip(WORD).all(|(found, expected)| found == expected)
}

/// Version 2: version and command, family, length, addresses, extensions.
async fn read_binary<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Source, ProxyError> {
    let mut head = [0; 4];
    reader.read_exact(&mut head).await?;
    let [command, family, high, low] = head;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > REST_BYTES_MAX {
        return Err(ProxyError::TooLong);
    }
    let mut rest = vec![0; length];
    reader.read_exact(&mut rest).await?;
    match (command, family) {
        (0x20, _) => Ok(Source::Balancer),
        // TCP over IPv4: both addresses, then both ports.
        (0x21, 0x11) => {
            let [a, b, c, d, _, _, _, _, high, low] = array(&rest)?;
            Ok(client(Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low])))
        }
        (0x21, 0x21) => {
            let bytes: [u8; 34] = array(&rest)?;
            let (address, rest) = bytes.split_at(16);
            let port = rest.get(16..18).map_or(Err(ProxyError::Malformed), array)?;
            let address: [u8; 16] = array(address)?;
            Ok(client(Ipv6Addr::from(address), u16::from_be_bytes(port)))
        }
        (0x21, _) => Err(ProxyError::NoAddress),
        _ => Err(ProxyError::Malformed),
    }
}

fn client(address: impl Into<IpAddr>, port: u16) -> Source {
    Source::Client(SocketAddr::new(address.into(), port))
}

/// The first bytes of what may be longer.
fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], ProxyError> {
    bytes.first_chunk().copied().ok_or(ProxyError::Malformed)
}

/// Version 1: a line of words. Its end is looked for byte by byte, as what follows is not ours.
async fn read_line<R: AsyncRead + Unpin>(
    reader: &mut R,
    begin: &[u8],
) -> Result<Source, ProxyError> {
    let mut line = begin.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() >= LINE_BYTES_MAX {
            return Err(ProxyError::Malformed);
        }
        line.push(reader.read_u8().await?);
    }
    let line = std::str::from_utf8(&line).map_err(|_error| ProxyError::Malformed)?;
    let words: Vec<&str> = line.trim_end_matches("\r\n").split(' ').collect();
    match words.as_slice() {
        ["PROXY", "UNKNOWN", ..] => Ok(Source::Balancer),
        ["PROXY", "TCP4", source, destination, source_port, destination_port] => {
            let address: Ipv4Addr = word(source)?;
            let _: (Ipv4Addr, u16) = (word(destination)?, word(destination_port)?);
            Ok(client(address, word(source_port)?))
        }
        ["PROXY", "TCP6", source, destination, source_port, destination_port] => {
            let address: Ipv6Addr = word(source)?;
            let _: (Ipv6Addr, u16) = (word(destination)?, word(destination_port)?);
            Ok(client(address, word(source_port)?))
        }
        _ => Err(ProxyError::Malformed),
    }
}

fn word<T: std::str::FromStr>(text: &str) -> Result<T, ProxyError> {
    text.parse().map_err(|_error| ProxyError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a connection that begins with these bytes comes from, and what is left of it.
    fn source(mut bytes: &[u8]) -> (Result<Source, String>, &[u8]) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(read(&mut bytes)).map_err(|error| error.to_string());
        (found, bytes)
    }

    /// A header of version 2.
    fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, rest].concat()
    }

    fn of_client(client: SocketAddr, extensions: &[u8]) -> Vec<u8> {
        let ports = [client.port().to_be_bytes(), 636u16.to_be_bytes()].concat();
        let (family, addresses) = match client.ip() {
            IpAddr::V4(v4) => (0x11, [v4.octets(), [192, 0, 2, 1]].concat()),
            IpAddr::V6(v6) => (0x21, [v6.octets(), [9; 16]].concat()),
        };
        binary(0x21, family, &[&addresses, &ports[..], extensions].concat())
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: Result<&str, &str>) {
        let (found, _) = source(bytes);
        match expected {
            Ok("") => assert_eq!(found, Ok(Source::Balancer)),
            Ok(client) => assert_eq!(found, Ok(Source::Client(client.parse().unwrap()))),
            Err(part) => {
                let error = found.unwrap_err();
                assert!(error.contains(part), "{error}");
            }
        }
    }

    #[test]
    fn both_versions_name_the_client() {
        check(&of_client("192.0.2.7:4321".parse().unwrap(), b""), Ok("192.0.2.7:4321"));
        check(
            &of_client("[2001:db8::7]:1".parse().unwrap(), b"\x04\0\x01x"),
            Ok("[2001:db8::7]:1"),
        );
        check(b"PROXY TCP4 192.0.2.7 192.0.2.1 4321 636\r\n", Ok("192.0.2.7:4321"));
        check(b"PROXY TCP6 2001:db8::7 2001:db8::1 65535 636\r\n", Ok("[2001:db8::7]:65535"));
    }

    #[test]
    fn a_balancer_may_speak_for_itself() {
        check(&binary(0x20, 0, b""), Ok(""));
        check(&binary(0x20, 0x11, b"some bytes"), Ok(""));
        check(b"PROXY UNKNOWN\r\n", Ok(""));
        check(b"PROXY UNKNOWN ffff:: ffff:: 1 2\r\n", Ok(""));
    }

    #[test]
    fn what_is_no_header_is_refused_at_its_first_byte() {
        check(b"\x16", Err("missing"));
        check(b"0", Err("missing"));
        check(b"GET / HTTP/1.1\r\n\r\n", Err("missing"));
        check(b"PROXX ", Err("missing"));
        check(b"\r\n\r\n\0\r\nQUIX\n", Err("missing"));
        check(b"", Err("left"));
        check(b"PRO", Err("left"));
    }

    #[test]
    fn malformed_headers_are_refused() {
        check(&binary(0x31, 0x11, &[0; 12]), Err("malformed"));
        check(&binary(0x22, 0x11, &[0; 12]), Err("malformed"));
        check(&binary(0x21, 0x11, &[0; 9]), Err("malformed"));
        check(&binary(0x21, 0x21, &[0; 33]), Err("malformed"));
        check(&binary(0x21, 0x31, &[0; 216]), Err("no IP address"));
        check(&binary(0x21, 0, b""), Err("no IP address"));
        check(b"PROXY TCP4 192.0.2.7 192.0.2.1 4321\r\n", Err("malformed"));
        check(b"PROXY TCP4 2001:db8::7 192.0.2.1 4321 636\r\n", Err("malformed"));
        check(b"PROXY TCP4 192.0.2.7 192.0.2.1 65536 636\r\n", Err("malformed"));
        check(b"PROXY TCP4  192.0.2.7 192.0.2.1 1 636\r\n", Err("malformed"));
        check(b"PROXY UDP4 192.0.2.7 192.0.2.1 1 636\r\n", Err("malformed"));
    }

    #[test]
    fn endless_headers_are_refused_before_they_are_read() {
        let long = [&SIGNATURE[..], &[0x20, 0, 0x10, 0x01], &[7; 9]].concat();
        let (found, rest) = source(&long);
        assert!(found.unwrap_err().contains("more than 4096 bytes"));
        assert_eq!(rest, [7; 9]);
        let line = [b"PROXY TCP4 ".to_vec(), vec![b'1'; 200]].concat();
        let (found, rest) = source(&line);
        assert!(found.unwrap_err().contains("malformed"));
        assert_eq!(line.len() - rest.len(), LINE_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn every_client_is_named_and_what_follows_is_left(
            address in prop_oneof![
                any::<[u8; 4]>().prop_map(IpAddr::from),
                any::<[u8; 16]>().prop_map(IpAddr::from),
            ],
            port: u16,
            extensions in proptest::collection::vec(any::<u8>(), 0..300),
            rest in proptest::collection::vec(any::<u8>(), 0..50),
        ) {
            let client = SocketAddr::new(address, port);
            let bytes = [of_client(client, &extensions), rest.clone()].concat();
            prop_assert_eq!(source(&bytes), (Ok(Source::Client(client)), &rest[..]));
            let family = if address.is_ipv4() { "TCP4" } else { "TCP6" };
            let line = format!("PROXY {family} {address} {address} {port} 636\r\n");
            let bytes = [line.into_bytes(), rest.clone()].concat();
            prop_assert_eq!(source(&bytes), (Ok(Source::Client(client)), &rest[..]));
        }

        #[test]
        fn no_bytes_do_harm(
            begin in prop_oneof![Just(SIGNATURE.to_vec()), Just(b"PROXY ".to_vec()), Just(vec![])],
            rest in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let bytes = [begin, rest].concat();
            let (found, left) = source(&bytes);
            prop_assert!(found.is_ok() || bytes.len() - left.len() <= 16 + REST_BYTES_MAX);
        }
    }
}
