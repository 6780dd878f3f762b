//! Slots: the relay's clock ticks, one checkpoint each (`docs/protocol/01-wire.md`, section 4).

use core::fmt;

/// Number of a slot: whole slot lengths since 1970 (Unix time, no leap seconds).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotNumber(pub u64);

impl SlotNumber {
    /// The slot that contains a moment. `slot_seconds` is the policy's, at least 1; 0 counts as 1.
    pub fn at(unix_seconds: u64, slot_seconds: u32) -> Self {
        Self(unix_seconds / u64::from(slot_seconds.max(1)))
    }

    /// First second after this slot: when its checkpoint is published.
    pub fn end_unix_seconds(self, slot_seconds: u32) -> u64 {
        self.0.saturating_add(1).saturating_mul(u64::from(slot_seconds.max(1)))
    }

    /// The slot after this one.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Whole seconds that a checkpoint of this slot is old at a moment; 0 if the slot has not ended.
    /// Says only what to show or ask, no verdict rests on it.
    pub fn age_seconds(self, unix_seconds: u64, slot_seconds: u32) -> u64 {
        unix_seconds.saturating_sub(self.end_unix_seconds(slot_seconds))
    }
}

impl fmt::Display for SlotNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_ends_where_the_next_begins() {
        let slot = SlotNumber::at(119, 60);
        assert_eq!(slot, SlotNumber(1));
        assert_eq!(slot.end_unix_seconds(60), 120);
        assert_eq!(SlotNumber::at(120, 60), slot.next());
        assert_eq!(slot.age_seconds(119, 60), 0);
        assert_eq!(slot.age_seconds(150, 60), 30);
    }

    #[test]
    fn absurd_numbers_do_not_overflow() {
        assert_eq!(SlotNumber(u64::MAX).next(), SlotNumber(u64::MAX));
        assert_eq!(SlotNumber(u64::MAX).end_unix_seconds(300), u64::MAX);
        assert_eq!(SlotNumber::at(7, 0), SlotNumber(7));
    }
}
