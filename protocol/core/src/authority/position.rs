//! Seniority: which of two concurrent acts is judged first (R1, R4; docs/protocol/04-authority.md, "Seniority").

use alloc::vec::Vec;

use super::switch::{Switch, on};
use crate::id::EntryId;

/// A step of a path: seq, op index and entry of a grant, an invite or an AddDevice.
pub type Step = (u32, u16, EntryId);

/// Intrinsic seniority of a grant (R1): compare rank first, then path; a prefix is senior to its extensions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeniorityKey {
    /// Rank of the role, 0 highest.
    pub rank: u8,
    /// Steps from the genesis.
    pub path: Vec<Step>,
}

/// Where an act stands among all acts; less is senior. Nothing restricts what stands at its own place or before it (R4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Rank of the role, 0 highest.
    pub rank: u8,
    /// Where in that rank.
    pub place: Place,
}

/// See [`Position::place`]; in the order of seniority.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Decided by a majority: before all holders of the rank (R8).
    Majority,
    /// Decided by fewer: after that, and still before all holders (R8).
    Fewer,
    /// Done by one holder.
    Holder {
        /// The path of the grant leaned on.
        path: Vec<Step>,
        /// What orders acts of one grant.
        tail: Tail,
    },
    /// After everything.
    Last,
}

/// See [`Place::Holder`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tail {
    /// Recovering: before leaving too, so that who holds an old device does not leave in the member's name.
    Recovery,
    /// Just before what the holder does: leaving, a suspended device (R3).
    Before,
    /// What a device of the holder does: the devices that added it, from the first one.
    Device(Vec<Step>),
}

impl SeniorityKey {
    /// Where acts of a device leaning on a grant with this key stand.
    #[must_use]
    pub fn position(&self, device: Vec<Step>) -> Position {
        self.with(Tail::Device(if on(Switch::R1Device) { device } else { Vec::new() }))
    }

    /// Where coming back by the recovery key stands.
    #[must_use]
    pub fn recovery(&self) -> Position {
        self.with(if on(Switch::R1Recovery) { Tail::Recovery } else { Tail::Before })
    }

    /// Just before all acts leaning on a grant with this key.
    #[must_use]
    pub fn before(&self) -> Position {
        self.with(if on(Switch::R1Before) { Tail::Before } else { Tail::Device(Vec::new()) })
    }

    fn with(&self, tail: Tail) -> Position {
        let rank = if on(Switch::R1Rank) { self.rank } else { 0 };
        let path = if on(Switch::R1Path) { self.path.clone() } else { Vec::new() };
        Position { rank, place: Place::Holder { path, tail } }
    }
}

impl Position {
    /// After everything: no limit.
    pub const LAST: Self = Self { rank: u8::MAX, place: Place::Last };

    /// The place of decisions by a majority of holders of this rank.
    #[must_use]
    pub const fn majority(rank: u8) -> Self {
        Self { rank, place: Place::Majority }
    }

    /// The place of decisions by fewer.
    #[must_use]
    pub const fn fewer(rank: u8) -> Self {
        Self { rank, place: Place::Fewer }
    }

    /// The first place after this one, where this is a decision's.
    #[must_use]
    pub fn next(&self) -> Self {
        let place = match &self.place {
            Place::Majority => Place::Fewer,
            Place::Fewer => Place::Holder { path: Vec::new(), tail: Tail::Recovery },
            Place::Holder { .. } | Place::Last => Place::Last,
        };
        Self { rank: self.rank, place }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_stand_before_holders_and_holders_before_whom_they_let_in() {
        let step = |n: u8| (u32::from(n), 0, EntryId([n; 32]));
        let key = |rank, path: &[u8]| SeniorityKey { rank, path: path.iter().map(|n| step(*n)).collect() };
        let founder = key(1, &[]).position(Vec::new());
        let order = [
            key(0, &[5]).position(Vec::new()),
            Position::majority(1),
            Position::fewer(1),
            key(1, &[]).recovery(),
            key(1, &[]).before(),
            founder.clone(),
            key(1, &[]).position(alloc::vec![step(1)]),
            key(1, &[1]).before(),
            key(1, &[1]).position(Vec::new()),
            key(1, &[1, 9]).position(Vec::new()),
            key(1, &[2]).position(Vec::new()),
            Position::majority(2),
            Position::LAST,
        ];
        assert!(order.is_sorted_by(|a, b| a < b));
        assert!(Position::majority(1).next() == Position::fewer(1) && Position::fewer(1).next() <= founder);
        assert!(Position::fewer(1).next() > Position::fewer(1));
    }
}
