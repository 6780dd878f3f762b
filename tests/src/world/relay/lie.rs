//! The lies that a relay can tell one client, and what becomes of a post (docs/protocol/01-wire.md, section 5).

/// A lie that a relay tells one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lie {
    /// A later tree in which a cell that the client has seen is another.
    RewrittenPast,
    /// Another tree for a slot whose tree the client has seen.
    TwoTrees,
    /// A smaller tree in a later slot.
    Shrunk,
    /// A genuine checkpoint that is older than the newest one seen.
    RolledBack,
    /// A tree of its own for the client, which lacks cells of the tree of everybody and goes on until that is shown again.
    HiddenBranch,
    /// A tree for the client alone, of a slot that has not ended.
    PrivateTip,
    /// Bytes that are no note of this relay.
    GarbageNote,
    /// A checkpoint signed by another key.
    ForeignNote,
    /// A bit changed in a hash tile.
    GarbageTile,
    /// A bit changed in a cell, or cells left out.
    GarbageCells,
    /// A receipt for cells that never come into the tree.
    EmptyReceipt,
    /// A receipt for other cells.
    OtherReceipt,
    /// A receipt by another key.
    ForgedReceipt,
}

impl Lie {
    /// Every lie.
    pub const ALL: [Self; 13] = [
        Self::RewrittenPast,
        Self::TwoTrees,
        Self::Shrunk,
        Self::RolledBack,
        Self::HiddenBranch,
        Self::PrivateTip,
        Self::GarbageNote,
        Self::ForeignNote,
        Self::GarbageTile,
        Self::GarbageCells,
        Self::EmptyReceipt,
        Self::OtherReceipt,
        Self::ForgedReceipt,
    ];

    /// Whether it is told in the answer to a post.
    #[must_use]
    pub const fn is_about_a_post(self) -> bool {
        matches!(self, Self::EmptyReceipt | Self::OtherReceipt | Self::ForgedReceipt)
    }

    /// Whether whoever was told it cannot come back to that relay.
    #[must_use]
    pub const fn lasts(self) -> bool {
        matches!(self, Self::HiddenBranch | Self::PrivateTip)
    }
}

/// What becomes of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostFate {
    /// Taken and receipted.
    Taken,
    /// Taken, but the answer does not arrive.
    AnswerLost,
    /// Neither taken nor answered.
    Lost,
    /// Answered with a lie.
    Lie(Lie),
}
