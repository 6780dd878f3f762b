//! The clock: it advises, and never decides (docs/protocol/08-node.md, section 7).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far this computer's clock may be from a relay's slots before the person is told.
pub const CLOCK_TOLERANCE_SECONDS: u64 = 600;

/// Where the time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clock {
    /// The computer's own.
    #[default]
    System,
    /// The computer's own, moved, for tests: positive is ahead.
    Offset {
        /// By how much.
        seconds: i64,
    },
}

impl Clock {
    /// Seconds since 1970.
    #[must_use]
    pub fn now_seconds(self) -> u64 {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        match self {
            Self::System => system,
            Self::Offset { seconds } => system.saturating_add_signed(seconds),
        }
    }
}

/// How far `now_seconds` is from the slot that a relay's newest checkpoint names: positive when this clock is ahead.
/// `None` within [`CLOCK_TOLERANCE_SECONDS`].
///
/// The relay publishes at the end of a slot; the slot's end is what its clock said then.
#[must_use]
pub fn off_seconds(now_seconds: u64, slot: u64, slot_seconds: u32) -> Option<i64> {
    let relay_seconds = slot.saturating_add(1).saturating_mul(slot_seconds.into());
    let off = i128::from(now_seconds) - i128::from(relay_seconds);
    // A checkpoint may be one slot old when it is read.
    let tolerance = CLOCK_TOLERANCE_SECONDS + u64::from(slot_seconds);
    (off.unsigned_abs() > tolerance.into())
        .then(|| i64::try_from(off).unwrap_or(if off > 0 { i64::MAX } else { i64::MIN }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_off_is_told_and_ten_minutes_are_not() {
        let slot = 29_000_000;
        let now = (slot + 1) * 60;
        assert_eq!(off_seconds(now, slot, 60), None);
        assert_eq!(off_seconds(now + 600, slot, 60), None);
        assert_eq!(off_seconds(now - 600, slot, 60), None);
        assert_eq!(off_seconds(now + 86_400, slot, 60), Some(86_400));
        assert_eq!(off_seconds(now - 86_400, slot, 60), Some(-86_400));
        assert_eq!(off_seconds(0, u64::MAX, 300), Some(i64::MIN));
        assert_eq!(off_seconds(u64::MAX, 0, 1), Some(i64::MAX));
    }

    #[test]
    fn an_offset_moves_the_clock() {
        let system = Clock::System.now_seconds();
        let moved = Clock::Offset { seconds: -86_400 }.now_seconds();
        assert!((86_399..=86_401).contains(&(system - moved)));
    }
}
