//! Reads the parts of a distinguished name, until the LDAP branch's parser is here.

/// One relative distinguished name: (attribute in lower case, value).
pub(super) type Rdn = Vec<(String, String)>;

/// The parts of a name such as `uid=204,ou=people,dc=pbx,dc=example`, from left to right.
pub(super) fn parse(text: &str) -> Option<Vec<Rdn>> {
    split(text, &[',', ';'])
        .into_iter()
        .map(|rdn| {
            split(rdn, &['+'])
                .into_iter()
                .map(|pair| {
                    let (attribute, value) = pair.split_once('=')?;
                    let attribute = attribute.trim().to_lowercase();
                    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
                    (!attribute.is_empty() && attribute.chars().all(plain))
                        .then(|| (attribute, unescape(value.trim())))
                })
                .collect()
        })
        .collect()
}

fn split<'a>(text: &'a str, separators: &[char]) -> Vec<&'a str> {
    let (mut escaped, mut quoted) = (false, false);
    text.split(|c: char| {
        let splits = !escaped && !quoted && separators.contains(&c);
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        splits
    })
    .collect()
}

fn unescape(value: &str) -> String {
    let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        let hex = behind.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let hex = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = match (byte, hex) {
            (b'\\', Some(escaped)) => {
                bytes.push(escaped);
                behind.get(2..).unwrap_or_default()
            }
            (b'\\', None) => {
                bytes.extend(behind.first());
                behind.get(1..).unwrap_or_default()
            }
            _ => {
                bytes.push(*byte);
                behind
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
