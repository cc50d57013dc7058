//! What a run counts, and how it is told.

use std::time::Duration;

/// Steps of the histogram in each power of two.
const STEPS: usize = 64;
/// Everything below 2^6 ns counts as that.
const LOWEST_POWER: usize = 6;

/// Answers of one run, counted after the warm-up.
pub struct Tally {
    histogram: Vec<u64>,
    pub done: u64,
    pub entries: u64,
    pub bytes: u64,
    /// Answers with fewer entries than the mix expects.
    pub short: u64,
    /// Answers with another result than success or sizeLimitExceeded, and broken connections.
    pub errors: u64,
    pub first_error: Option<String>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            histogram: vec![0; STEPS * 64],
            done: 0,
            entries: 0,
            bytes: 0,
            short: 0,
            errors: 0,
            first_error: None,
        }
    }
}

impl Tally {
    /// Counts one answer.
    pub fn answer(&mut self, took: Duration, entries: u32) {
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1 << LOWEST_POWER);
        let power = nanoseconds.ilog2() as usize;
        let step = (nanoseconds >> (power - LOWEST_POWER)) as usize % STEPS;
        self.histogram[(power - LOWEST_POWER) * STEPS + step] += 1;
        self.done += 1;
        self.entries += u64::from(entries);
    }

    pub fn error(&mut self, what: String) {
        self.errors += 1;
        self.first_error.get_or_insert(what);
    }

    pub fn short(&mut self, what: String) {
        self.short += 1;
        self.first_error.get_or_insert(what);
    }

    /// The time in microseconds below which this share of the answers lies.
    pub fn quantile_us(&self, share: f64) -> f64 {
        let wanted = (share * self.done as f64).ceil() as u64;
        let mut seen = 0;
        for (index, count) in self.histogram.iter().enumerate() {
            seen += count;
            if seen >= wanted && *count > 0 {
                let nanoseconds = ((STEPS + index % STEPS) as u64) << (index / STEPS);
                return nanoseconds as f64 / 1000.0;
            }
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_two_percent() {
        let mut tally = Tally::default();
        for microseconds in 1..=1000 {
            tally.answer(Duration::from_micros(microseconds), 1);
        }
        assert!((490.0..=510.0).contains(&tally.quantile_us(0.5)), "{}", tally.quantile_us(0.5));
        assert!((970.0..=1000.0).contains(&tally.quantile_us(0.99)));
        assert_eq!(tally.entries, 1000);
    }
}
