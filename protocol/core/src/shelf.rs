//! What a replica need not hold in memory: it is fetched from a shelf when it is needed, and what changed is handed out to be
//! put there (docs/protocol/02-log.md, "Memory"). Entries and the lines of threads are put down; tasks stay.

use alloc::vec::Vec;

use crate::clock::{Clock, Dot};
use crate::entry::Entry;
use crate::id::{EntryId, TaskId};
use crate::logs::{Chain, Standing};
use crate::refusal::Refusal;
use crate::seal::TaskKey;
use crate::tasks::{Comment, Task};

/// Where a replica finds again what it put down.
///
/// A shelf that fails answers `None`, remembers why, and sees to it that nothing that followed is kept: the store takes its
/// transaction back and the replica is loaded anew.
pub trait Shelf {
    /// An entry that stands in the log.
    fn entry(&self, id: EntryId) -> Option<KeptEntry>;
    /// The entry at a place of a chain.
    fn at(&self, dot: Dot) -> Option<EntryId>;
}

/// The shelf of a replica that holds everything in memory.
pub struct Nothing;

impl Shelf for Nothing {
    fn entry(&self, _: EntryId) -> Option<KeptEntry> {
        None
    }

    fn at(&self, _: Dot) -> Option<EntryId> {
        None
    }
}

/// An entry with its place in the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEntry {
    /// The entry.
    pub entry: Entry,
    /// Its chain.
    pub chain: u32,
    /// Steps from the genesis.
    pub depth: u32,
    /// Its past, itself included.
    pub clock: Clock,
    /// Whether it counts.
    pub standing: Standing,
    /// Where it came among all entries, for listing them in this order.
    pub arrival: u64,
}

/// A task with its first key, as it is taken up again.
pub struct KeptTask {
    /// The task, without its thread.
    pub task: Task,
    /// Its key.
    pub key: TaskKey,
}

/// What a replica has that its shelf has not.
#[derive(Default)]
pub struct Changes {
    /// Entries that stand in the log now.
    pub entries: Vec<PlacedEntry>,
    /// Entries that something names now.
    pub named: Vec<EntryId>,
    /// Chains that are new or have grown, by number.
    pub chains: Vec<(u32, Chain)>,
    /// Tasks that changed.
    pub tasks: Vec<TaskId>,
    /// New lines of threads.
    pub comments: Vec<(TaskId, Comment)>,
    /// Items that are refused, and why.
    pub refused: Vec<(EntryId, u16, Refusal)>,
    /// Items that a newer version will understand.
    pub newer: Vec<(EntryId, u16)>,
    /// Items that wait for a key or for their task's creation; [`WHOLE_ENTRY`] where none of an entry's could be opened.
    pub unread: Vec<(EntryId, u16)>,
    /// Items that wait no longer.
    pub read: Vec<(EntryId, u16)>,
}

/// The item number that stands for all of an entry's items.
pub const WHOLE_ENTRY: u16 = u16::MAX;

/// An entry's place in the graph, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedEntry {
    /// Which entry.
    pub id: EntryId,
    /// Its place.
    pub dot: Dot,
    /// Steps from the genesis.
    pub depth: u32,
    /// Its clock: whole, or what it has more than that of the entry before it in its chain.
    pub clock: Vec<u8>,
    /// Whether the clock is whole.
    pub whole_clock: bool,
    /// Whether it belongs to the public layer.
    pub public: bool,
    /// Whether it counts.
    pub standing: Standing,
}
