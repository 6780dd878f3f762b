//! The words of a task that everything else uses (docs/protocol/05-tasks.md).

/// Where a task stands; fixed, so that two pursuances understand each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum Status {
    /// Somebody thinks it should be done.
    Suggested = 0,
    /// To be done.
    Open = 1,
    /// Somebody is at it.
    Doing = 2,
    /// Done, waiting for a second look.
    Review = 3,
    /// Done.
    Done = 4,
    /// Will not be done.
    Dropped = 5,
}

impl Status {
    /// The status with this number.
    #[must_use]
    pub const fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Suggested,
            1 => Self::Open,
            2 => Self::Doing,
            3 => Self::Review,
            4 => Self::Done,
            5 => Self::Dropped,
            _ => return None,
        })
    }
}
