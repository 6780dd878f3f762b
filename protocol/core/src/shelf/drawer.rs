//! A shelf for tests, as a store is one.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;

use super::{ItemNote, KeptEntry, PlacedEntry, Shelf, ThreadChange, Touch, WHOLE_ENTRY};
use crate::clock::Dot;
use crate::entry::{Content, Entry};
use crate::id::{AuthorId, EntryId, TaskId};
use crate::kept::decode_task;
use crate::logs::{Chain, Standing};
use crate::replica::Replica;
use crate::tasks::Comment;

/// A shelf as a store is one.
#[derive(Default)]
pub(crate) struct Drawer {
    pub(crate) kept: RefCell<Kept>,
}

#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) entries: BTreeMap<EntryId, KeptEntry>,
    pub(crate) by_dot: BTreeMap<Dot, EntryId>,
    pub(crate) public: BTreeSet<EntryId>,
    pub(crate) named: BTreeSet<EntryId>,
    pub(crate) chains: BTreeMap<u32, Chain>,
    pub(crate) touches: BTreeMap<TaskId, BTreeSet<(EntryId, u16)>>,
    pub(crate) tasks: BTreeMap<TaskId, Vec<u8>>,
    pub(crate) threads: BTreeMap<TaskId, Vec<Comment>>,
    pub(crate) items: BTreeMap<(EntryId, u16), ItemNote>,
}

impl Kept {
    fn keep(&mut self, replica: &mut Replica) {
        let changes = replica.take_changes();
        for placed in changes.entries {
            let entry = replica.logs.entry(placed.id).unwrap().clone();
            let before =
                entry.body().prev.filter(|_| !placed.whole_clock).map(|prev| self.entries[&prev].clock.clone());
            let mut clock = before.unwrap_or_default();
            clock.decode_onto(&placed.clock).unwrap();
            let PlacedEntry { id, dot: Dot { chain, .. }, depth, standing, .. } = placed;
            let arrival = self.entries.len() as u64;
            self.by_dot.insert(placed.dot, id);
            self.entries.insert(id, KeptEntry { entry, chain, depth, clock, standing, arrival });
            if placed.public {
                self.public.insert(id);
            }
        }
        self.named.extend(changes.named);
        self.chains.extend(changes.chains);
        for (id, standing) in changes.restood {
            self.entries.get_mut(&id).unwrap().standing = standing;
        }
        for (task, entry, item) in changes.touches {
            self.touches.entry(task).or_default().insert((entry, item));
        }
        for task in changes.tasks {
            replica.kept_task(task).map(|bytes| self.tasks.insert(task, bytes));
        }
        for (task, change) in changes.threads {
            let thread = self.threads.entry(task).or_default();
            match change {
                ThreadChange::Emptied => thread.clear(),
                ThreadChange::Line(line) => thread.push(line),
            }
        }
        for (entry, item, note) in changes.items {
            self.items.insert((entry, item), note);
        }
        self.items.retain(|_, note| *note != ItemNote::Nothing);
    }
}

impl Shelf for Drawer {
    fn entry(&self, id: EntryId) -> Option<KeptEntry> {
        self.kept.borrow().entries.get(&id).cloned()
    }

    fn at(&self, dot: Dot) -> Option<EntryId> {
        self.kept.borrow().by_dot.get(&dot).copied()
    }

    fn touching(&self, task: TaskId) -> Vec<(Touch, Standing)> {
        let kept = self.kept.borrow();
        let touches = kept.touches.get(&task).into_iter().flatten().map(|(id, item)| (&kept.entries[id], *item));
        let touch = |depth, entry: &Entry, item| Touch { depth, entry: entry.id(), item };
        touches.map(|(kept, item)| (touch(kept.depth, &kept.entry, item), kept.standing)).collect()
    }

    fn touched_by(&self, entry: EntryId) -> Vec<TaskId> {
        let kept = self.kept.borrow();
        let touched = kept.touches.iter().filter(|(_, items)| items.iter().any(|(id, _)| *id == entry));
        touched.map(|(task, _)| *task).collect()
    }

    fn held_by(&self, author: AuthorId, most: usize) -> Vec<EntryId> {
        let kept = self.kept.borrow();
        let held = kept.entries.values().filter(|kept| kept.standing == Standing::Held && is_role(&kept.entry));
        held.filter(|kept| kept.entry.body().author == author).map(|kept| kept.entry.id()).take(most).collect()
    }

    fn unread(&self) -> Vec<EntryId> {
        let kept = self.kept.borrow();
        kept.items.keys().filter(|(_, item)| *item == WHOLE_ENTRY).map(|(id, _)| *id).collect()
    }

    fn lighten(&self, replica: &mut Replica) {
        self.kept.borrow_mut().keep(replica);
        replica.put_down();
    }
}

impl Drawer {
    /// The program ends and begins again; what waited for other entries comes again.
    pub(crate) fn restart(&self, old: &Replica, mut replica: Replica, came: &[Entry]) -> Replica {
        let kept = self.kept.borrow();
        old.epochs.values().for_each(|secret| replica.learn_epoch(secret.clone()));
        old.list_secrets.values().for_each(|secret| replica.take_up_list_secret(secret.clone()));
        let mut public: Vec<KeptEntry> = kept.public.iter().map(|id| kept.entries[id].clone()).collect();
        public.sort_by_key(|kept| (kept.depth, kept.arrival));
        let mentioned = public.iter().flat_map(|kept| kept.entry.mentions());
        let mentioned =
            mentioned.filter_map(|id| kept.entries.get(&id)).filter(|kept| is_role(&kept.entry)).cloned().collect();
        let unnamed = kept.entries.iter().filter(|(id, _)| !kept.named.contains(*id)).map(|(_, kept)| kept.clone());
        let chains = kept.chains.values().cloned().collect();
        replica.take_up(chains, kept.entries.len() as u64, public, unnamed.collect(), mentioned);
        for (task, bytes) in &kept.tasks {
            replica.take_up_task(*task, decode_task(bytes).unwrap());
        }
        replica.forced.clone_from(&old.forced);
        drop(kept);
        let waiting = self.unread();
        waiting.into_iter().for_each(|id| replica.take_up_unread(id, self));
        came.iter().for_each(|entry| drop(replica.append_from(entry.clone(), self)));
        self.lighten(&mut replica);
        replica
    }
}

pub(crate) fn is_role(entry: &Entry) -> bool {
    matches!(entry.body().content, Content::Role(_))
}
