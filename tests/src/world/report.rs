//! What can be left out, what can break, and what happened: the words in which a world reports.

use std::collections::BTreeMap;

use pursuance_core::id::{AuthorId, EntryId};

use super::node::{Boundary, Side, Stop};
use super::relay::Lie;

/// Something that an honest client does, to be left out once on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defence {
    /// A new tree must continue the one seen before.
    Consistency,
    /// Bodies are held against the tree.
    Bodies,
    /// Receipts are held against the tree.
    Inclusion,
    /// A receipt's signature and cells are checked.
    Receipts,
    /// What no receipt came for is posted again.
    Reposts,
    /// What is said is saved before it is handed to anyone.
    SaveFirst,
    /// A device never goes on from an old copy of its log.
    OldCopies,
    /// How far a relay was read is saved with what was read.
    OneTransaction,
    /// With new keys, cells are read again.
    ReadAgain,
    /// Entries are verified.
    Signatures,
    /// Entries that wait for others are saved.
    KeepsWaiting,
    /// Parts of long entries are saved.
    KeepsParts,
    /// Where a receipt is overdue, the log is read from its first cell.
    LooksBack,
    /// Proofs of a relay's misconduct are saved.
    KeepsProofs,
    /// Cells are saved before they are posted, so that they are sealed once.
    SaveCellsFirst,
    /// What was saved and not sealed before a crash is sealed after it.
    SealsLeftovers,
    /// Whoever crashed between a secret and reading again with it reads again after it.
    TakesUpReading,
    /// Whoever names somebody's join brings it to where the naming is read.
    CarriesJoins,
    /// A device that finds its own log further along elsewhere signs nothing more.
    StopsOvertaken,
    /// Nothing is written under an epoch that somebody knows who may not read.
    Coverage,
    /// What introduces an epoch stands under those that it follows.
    EpochUnderParents,
    /// What introduces an epoch stands under that epoch too.
    EpochUnderItself,
    /// What comes before an epoch stands under what was usable then.
    PastUnderItsEpoch,
    /// An epoch that somebody else is to make, and does not, is made.
    CompletesEpochs,
    /// Nothing is said to a role under an epoch that somebody knows who does not read it.
    RoleCoverage,
    /// Whoever comes to read a role is handed its epochs.
    WelcomesToRoles,
    /// Whoever may read a task and has no way to its keys is handed them.
    HandsOn,
    /// Whatever is drawn at random is drawn from a new seed each time.
    FreshRandomness,
}

impl Defence {
    /// Every one; some world breaks without it.
    pub const ALL: [Self; 28] = [
        Self::Consistency,
        Self::Bodies,
        Self::Inclusion,
        Self::Receipts,
        Self::Reposts,
        Self::SaveFirst,
        Self::OldCopies,
        Self::OneTransaction,
        Self::ReadAgain,
        Self::Signatures,
        Self::KeepsWaiting,
        Self::KeepsParts,
        Self::LooksBack,
        Self::KeepsProofs,
        Self::SaveCellsFirst,
        Self::SealsLeftovers,
        Self::TakesUpReading,
        Self::CarriesJoins,
        Self::StopsOvertaken,
        Self::Coverage,
        Self::EpochUnderParents,
        Self::EpochUnderItself,
        Self::PastUnderItsEpoch,
        Self::CompletesEpochs,
        Self::RoleCoverage,
        Self::WelcomesToRoles,
        Self::HandsOn,
        Self::FreshRandomness,
    ];
}

/// What was not as it must be. Nodes and relays are named by their number.
#[derive(Debug, Clone, PartialEq)]
pub enum Broken {
    /// Two members of one pursuance have different states.
    Diverged {
        /// A member.
        node: usize,
        /// Another.
        other: usize,
    },
    /// Somebody whose join counts was never welcomed.
    NotAdmitted {
        /// Who.
        node: usize,
    },
    /// An entry that its author had saved is not in a member's log.
    Lost {
        /// The member.
        node: usize,
        /// The entry.
        entry: EntryId,
    },
    /// An honest entry does not count, or an item of it.
    Refused {
        /// At whom.
        node: usize,
        /// The entry.
        entry: EntryId,
    },
    /// A member still waits for entries that nobody brings.
    Missing {
        /// The member.
        node: usize,
        /// How many.
        entries: usize,
    },
    /// A comment or a task appears another number of times than once.
    NotOnce {
        /// At whom.
        node: usize,
        /// How often.
        times: usize,
    },
    /// Two different bodies of an honest author at one place left its machine.
    Equivocation {
        /// Whose.
        author: AuthorId,
        /// The place.
        seq: u32,
    },
    /// A lie was believed.
    Believed {
        /// Which.
        lie: Lie,
        /// By whom.
        node: usize,
    },
    /// A relay that told this client no lie was accused.
    FalseAlarm {
        /// Who accused.
        node: usize,
        /// Whom.
        relay: usize,
        /// Of what.
        stop: Box<Stop>,
    },
    /// A proof of misconduct is gone, or does not convince a stranger.
    NoProof {
        /// Whose.
        node: usize,
        /// Against whom.
        relay: usize,
    },
    /// A node holds a tree that is not the beginning of the one shown to it now, and knows nothing of it.
    Unnoticed {
        /// Which.
        node: usize,
        /// Whose tree.
        relay: usize,
    },
    /// Entries wait for others, and nothing says that those are missing.
    NoGap {
        /// At whom.
        node: usize,
    },
    /// An author's two histories are not shown as such.
    ForkUnseen {
        /// At whom.
        node: usize,
        /// Whose.
        author: AuthorId,
    },
    /// A device that had found its own log further along elsewhere wrote on.
    WroteOn {
        /// Which.
        node: usize,
    },
    /// Two texts were sealed under one key with one nonce.
    NonceTwice {
        /// By whom, the second time.
        node: usize,
    },
    /// The same entry left a machine in two cells.
    SealedTwice {
        /// Whose.
        node: usize,
        /// Which.
        entry: EntryId,
    },
    /// A cell of another pursuance, or of nobody, was opened.
    OpenedForeign {
        /// By whom.
        node: usize,
    },
    /// An entry stands in a log that its author has never saved.
    NeverSaved {
        /// In whose.
        node: usize,
    },
    /// An entry of another pursuance stands in a log.
    TookForeign {
        /// In whose.
        node: usize,
    },
    /// The state rebuilt from the disk is another than before the crash.
    Rebuilt {
        /// Whose.
        node: usize,
    },
    /// The same entries in another order give another state.
    Order {
        /// Whose.
        node: usize,
    },
    /// Somebody who is out can read what was sealed by somebody who knew that.
    ReadByOutsider {
        /// Who can.
        node: usize,
        /// What.
        entry: EntryId,
    },
    /// Somebody opens what was said about a task by somebody who took them for no reader.
    ReadByNoReader {
        /// Who can: whoever has what that node had; one more than there are is the holder of a link.
        node: usize,
        /// What.
        entry: EntryId,
    },
    /// A reader does not open what another reader could hand them.
    Unread {
        /// Who cannot.
        node: usize,
        /// What.
        entry: EntryId,
    },
    /// No epoch can be used, although there are members who could make one.
    NoEpoch {
        /// At whom.
        node: usize,
    },
    /// Two members who hold the same write under different epochs.
    OtherEpoch {
        /// A member.
        node: usize,
        /// Another.
        other: usize,
    },
    /// More epochs were made than people went.
    TooManyEpochs {
        /// By whom.
        node: usize,
        /// How many.
        made: usize,
        /// How many are allowed.
        most: usize,
    },
    /// An entry of somebody removed, outside of the removal's past, has an effect.
    HasEffect {
        /// At whom.
        node: usize,
        /// The entry.
        entry: EntryId,
    },
    /// A cell that an honest answer receipted is not in the relay's tree.
    ReceiptedLost {
        /// Where.
        relay: usize,
    },
}

/// What happened in a world: so that a run can show what it tried.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// How often, by name.
    pub counts: BTreeMap<&'static str, u64>,
    /// Lies told.
    pub lies: BTreeMap<Lie, u64>,
    /// Crashes at durable boundaries.
    pub crashes: BTreeMap<(Boundary, Side), u64>,
}

impl Tally {
    pub(super) fn note(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Adds another world's.
    pub fn add(&mut self, other: &Self) {
        other.counts.iter().for_each(|(what, count)| *self.counts.entry(what).or_default() += count);
        other.lies.iter().for_each(|(lie, count)| *self.lies.entry(*lie).or_default() += count);
        other.crashes.iter().for_each(|(place, count)| *self.crashes.entry(*place).or_default() += count);
    }
}
