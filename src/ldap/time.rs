//! Generalized Time (RFC 4517 section 3.3.13).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::contact::Timestamp;

/// The time as `20261122101500Z`.
pub(super) fn written(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_second(time.0).unwrap_or_default();
    time.strftime("%Y%m%d%H%M%SZ").to_string()
}

/// Reads a time: minutes, seconds and fraction may be missing, the zone is `Z` or an offset.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let zone_at = text.find(['Z', '+', '-'])?;
    let (clock, zone) = text.split_at_checked(zone_at)?;
    let (whole, _fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
    if !matches!(whole.len(), 10 | 12 | 14) || !whole.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let padded = format!("{whole:0<14}");
    let clock = DateTime::strptime("%Y%m%d%H%M%S", padded).ok()?;
    let utc = clock.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    Some(Timestamp(utc - offset_seconds(zone)?))
}

/// The seconds that a zone such as `+0100` is ahead of UTC.
fn offset_seconds(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, digits) = zone.split_at_checked(1)?;
    let (hours, minutes) = match digits.len() {
        2 => (digits, "0"),
        4 => digits.split_at_checked(2)?,
        _ => return None,
    };
    let seconds = hours.parse::<u16>().ok()? * 3600 + minutes.parse::<u16>().ok()? * 60;
    let seconds = i64::from(seconds);
    Some(if sign == "-" { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_every_form_are_read() {
        let noon = Timestamp(1_795_348_800);
        for text in [
            "20261122120000Z",
            "20261122120000.0Z",
            "202611221200Z",
            "2026112212Z",
            "20261122130000+0100",
            "2026112207-05",
        ] {
            assert_eq!(parse(text), Some(noon), "{text}");
        }
        assert_eq!(written(noon), "20261122120000Z");
        for text in ["", "Z", "20261122120000", "20261322120000Z", "2026112212000Z", "x", "+é"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
