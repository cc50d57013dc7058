//! Names as they are typed on the keys of a telephone (ITU-T E.161): `Adams` is 23267.

/// The keys that a spelling is typed on; 0 is the space. None where it has other letters than
/// those on the keys.
pub(super) fn keys_of(spelling: &str) -> Option<String> {
    let mut keys = String::with_capacity(spelling.len());
    for c in spelling.chars() {
        keys.push(match c {
            'a'..='c' => '2',
            'd'..='f' => '3',
            'g'..='i' => '4',
            'j'..='l' => '5',
            'm'..='o' => '6',
            'p'..='s' => '7',
            't'..='v' => '8',
            'w'..='z' => '9',
            '0'..='9' => c,
            ' ' | '-' => '0',
            _ if c.is_ascii_punctuation() => continue,
            _ => return None,
        });
    }
    Some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_typed_on_keys() {
        assert_eq!(keys_of("adams").as_deref(), Some("23267"));
        assert_eq!(keys_of("o'neill, hans-peter").as_deref(), Some("66345504267073837"));
        assert_eq!(keys_of("room 5").as_deref(), Some("766605"));
        assert_eq!(keys_of("иван"), None);
        assert_eq!(keys_of("IVAN"), None);
    }
}
