//! What a replica need not hold in memory: it is fetched from a shelf when it is needed, and what changed is handed out to be
//! put there (docs/protocol/02-log.md, "Memory"). Entries and the lines of threads are put down; tasks stay.

use alloc::vec::Vec;

use crate::clock::{Clock, Dot};
use crate::entry::Entry;
use crate::id::{AuthorId, EntryId, TaskId};
use crate::logs::{Chain, Standing};
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::task_keys::HeldKey;
use crate::tasks::{Comment, Task};

#[cfg(test)]
pub(crate) mod drawer;
#[cfg(test)]
mod tests;

/// Where a replica finds again what it put down.
///
/// A shelf that fails answers `None`, remembers why, and sees to it that nothing that followed is kept: the store takes its
/// transaction back and the replica is loaded anew.
pub trait Shelf {
    /// An entry that stands in the log.
    fn entry(&self, id: EntryId) -> Option<KeptEntry>;
    /// The entry at a place of a chain.
    fn at(&self, dot: Dot) -> Option<EntryId>;
    /// Items about a task, of every entry in the log whose list was opened, and how that entry stands; in no order.
    fn touching(&self, task: TaskId) -> Vec<(Touch, Standing)>;
    /// The tasks that an entry's items are about, as far as its list was opened.
    fn touched_by(&self, entry: EntryId) -> Vec<TaskId>;
    /// Role entries of an author that are held, oldest first, at most so many.
    fn held_by(&self, author: AuthorId, most: usize) -> Vec<EntryId>;
    /// Role entries with items that could not be opened, because no list of theirs is for me.
    fn unread(&self) -> Vec<EntryId>;
    /// Takes what changed so far and has the replica put down what it need not hold: called in the middle of long work, so that
    /// it needs no more memory than a part of it.
    fn lighten(&self, replica: &mut Replica);
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

    fn touching(&self, _: TaskId) -> Vec<(Touch, Standing)> {
        Vec::new()
    }

    fn touched_by(&self, _: EntryId) -> Vec<TaskId> {
        Vec::new()
    }

    fn held_by(&self, _: AuthorId, _: usize) -> Vec<EntryId> {
        Vec::new()
    }

    fn unread(&self) -> Vec<EntryId> {
        Vec::new()
    }

    fn lighten(&self, _: &mut Replica) {}
}

/// An item that is about a task. The order is one in which items can be taken: nothing comes before what it has in its past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touch {
    /// Steps of its entry from the genesis.
    pub depth: u32,
    /// Its entry.
    pub entry: EntryId,
    /// Which item of that.
    pub item: u16,
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

/// A task with its keys, as it is taken up again.
pub struct KeptTask {
    /// The task, without its thread.
    pub task: Task,
    /// Its keys.
    pub keys: Vec<HeldKey>,
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
    /// Entries whose standing is another than was handed out.
    pub restood: Vec<(EntryId, Standing)>,
    /// Which items are about which task.
    pub touches: Vec<(TaskId, EntryId, u16)>,
    /// Tasks that changed.
    pub tasks: Vec<TaskId>,
    /// What became of threads, in order.
    pub threads: Vec<(TaskId, ThreadChange)>,
    /// What became of items, in order; [`WHOLE_ENTRY`] where none of an entry's could be opened.
    pub items: Vec<(EntryId, u16, ItemNote)>,
}

/// What became of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThreadChange {
    /// It is made again from here on.
    Emptied,
    /// A new line.
    Line(Comment),
}

/// What is to be remembered of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemNote {
    /// Nothing: it was taken, or its entry is held.
    Nothing,
    /// It is refused, and why.
    Refused(Refusal),
    /// A newer version will understand it.
    Newer,
    /// It waits for a key, or for its task's creation.
    Waits,
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
