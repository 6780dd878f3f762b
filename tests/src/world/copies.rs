//! What owners do to data folders: keep copies, and put an old one back (docs/threat-model.md).
//!
//! Whoever reads before writing never forks, as long as everything that had gone out can be read. Whoever writes first may
//! show two histories; nothing else breaks.

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::entry::Entry;
use pursuance_core::id::{AuthorId, EntryId};
use pursuance_wire::log::SlotNumber;

use super::World;
use super::node::Visited;
use super::relay::SLOT_SECONDS;

/// Who lives on from an old copy, and what that leads to.
#[derive(Default)]
pub struct PutBack {
    /// Relays that a node reads to the end before it writes, and since when.
    reads_first: BTreeMap<usize, (u64, BTreeSet<usize>)>,
    nodes: BTreeSet<usize>,
    /// Authors whose two histories are no surprise.
    may_fork: BTreeSet<AuthorId>,
    /// Entries that a copy lacked.
    pub(super) lost: BTreeSet<EntryId>,
}

impl PutBack {
    /// Whether a copy was ever put back here.
    pub(super) fn happened_to(&self, node: usize) -> bool {
        self.nodes.contains(&node)
    }

    pub(super) fn may_fork(&self, author: AuthorId) -> bool {
        self.may_fork.contains(&author)
    }
}

impl World {
    /// Whether a node's owner would say something now: not before a copy put back was brought up to date.
    pub(super) fn may_write(&self, node: usize) -> bool {
        self.put_back.reads_first.get(&node).is_none_or(|(_, unread)| unread.is_empty())
    }

    /// Whether it answers newcomers.
    pub(super) fn can_welcome(&self, node: usize) -> bool {
        self.may_write(node) && !self.nodes[node].is_overtaken()
    }

    pub(super) fn keep_a_copy(&mut self, node: usize) {
        if self.nodes[node].disk.own().next().is_some() {
            self.copies.insert(node, self.nodes[node].disk.clone());
        }
    }

    pub(super) fn put_back_a_copy(&mut self, node: usize) {
        let Some(copy) = self.copies.get(&node).cloned() else { return };
        let lost: Vec<Entry> = self.nodes[node].disk.own().filter(|entry| !copy.has(entry.id())).cloned().collect();
        let author = self.nodes[node].memory.replica.device().author();
        let relays: BTreeSet<usize> = copy.readings.keys().copied().collect();
        let all_can_be_read = lost.iter().all(|entry| !self.is_out(entry) || self.stands_somewhere(entry.id()))
            && relays.iter().all(|at| self.relays[*at].steady && !self.astray.contains(&(node, *at)));
        self.put_back.nodes.insert(node);
        self.note_put_back(node);
        self.put_back.lost.extend(lost.iter().map(Entry::id));
        if all_can_be_read && !self.put_back.may_fork(author) && !self.chance(4) {
            self.put_back.reads_first.insert(node, (self.now, relays));
            self.tally.note("old copy, reads first");
        } else {
            self.put_back.reads_first.remove(&node);
            self.put_back.may_fork.insert(author);
            self.tally.note("old copy, writes first");
        }
        self.nodes[node].put_back(copy);
        // What it knew of its relays it does not know any more.
        self.pending.iter_mut().filter(|pending| pending.node == node).for_each(|pending| pending.forgotten = true);
        self.accused.retain(|(accuser, _)| *accuser != node);
    }

    /// A node that was put back has read a relay up to a tree of after that.
    pub(super) fn has_read(&mut self, node: usize, at: usize, visited: &Visited) {
        let slot = self.nodes[node].seen(at).map(pursuance_wire::log::Checkpoint::slot);
        if let Some((since, unread)) = self.put_back.reads_first.get_mut(&node)
            && visited.to_the_end
            && slot.is_some_and(|slot| slot >= SlotNumber::at(*since, SLOT_SECONDS))
        {
            unread.remove(&at);
        }
    }

    /// Whether some cell with it has left the machine.
    fn is_out(&self, entry: &Entry) -> bool {
        self.exposed.contains_key(&(entry.body().author, entry.body().seq))
    }

    /// Whether everything that was sealed with it stands at a steady relay, or will with the running slot.
    pub(super) fn stands_somewhere(&self, id: EntryId) -> bool {
        self.batches.iter().filter(|batch| batch.carried.iter().any(|(entry, _)| entry.id() == id)).any(|batch| {
            let steady = self.relays.iter().filter(|relay| relay.steady);
            steady.into_iter().any(|relay| batch.leaves.iter().all(|leaf| relay.holds(usize::MAX, leaf)))
        })
    }
}
