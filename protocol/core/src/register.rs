//! Values that several may write at once: what no later write has replaced (R11, docs/protocol/05-tasks.md, "Concurrency").

use alloc::vec::Vec;

use crate::clock::Dot;
use crate::id::{EntryId, MemberId};
use crate::logs::Logs;

/// Where a write stands: entry, item, op. Two writes of one entry follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The entry.
    pub entry: EntryId,
    /// The item in it.
    pub item: u16,
    /// The op in that.
    pub op: u16,
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write<T> {
    /// What was written.
    pub value: T,
    /// By whom.
    pub by: MemberId,
    /// Where.
    pub at: Place,
    /// The entry's place in its chain.
    pub dot: Dot,
}

/// A multi-value register: the writes that are in no other write's past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register<T> {
    writes: Vec<Write<T>>,
}

impl<T> Default for Register<T> {
    fn default() -> Self {
        Self { writes: Vec::new() }
    }
}

impl<T> Register<T> {
    /// Takes a write; whatever the order of calls, the result is the same. Its entry is in memory, and so are those of the
    /// writes here, unless the write's entry is the newest of all.
    pub fn write(&mut self, write: Write<T>, logs: &Logs) {
        if self.writes.iter().any(|other| other.at == write.at || replaces(logs, other, &write)) {
            return;
        }
        self.writes.retain(|other| !replaces(logs, &write, other));
        // By place, so that the same writes are the same register.
        let at = self.writes.partition_point(|other| other.at < write.at);
        self.writes.insert(at, write);
    }

    /// With these writes, as they were kept.
    #[must_use]
    pub const fn from_kept(writes: Vec<Write<T>>) -> Self {
        Self { writes }
    }

    /// Writes side by side, by place.
    #[must_use]
    pub fn writes(&self) -> &[Write<T>] {
        &self.writes
    }

    /// Writes side by side; the first is the one shown: by seniority of the writer, then by place.
    pub fn ranked<K: Ord>(&self, seniority: impl Fn(MemberId) -> K) -> Vec<&Write<T>> {
        let mut ranked: Vec<&Write<T>> = self.writes.iter().collect();
        ranked.sort_by_key(|write| (seniority(write.by), write.at));
        ranked
    }

    /// The one shown.
    pub fn shown<K: Ord>(&self, seniority: impl Fn(MemberId) -> K) -> Option<&T> {
        self.ranked(seniority).first().map(|write| &write.value)
    }
}

impl Register<bool> {
    /// An observed-remove element is there if any write side by side says so: adding wins against a concurrent removal (T7).
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.writes.iter().any(|write| write.value)
    }
}

fn replaces<T>(logs: &Logs, newer: &Write<T>, older: &Write<T>) -> bool {
    if newer.at.entry == older.at.entry {
        (newer.at.item, newer.at.op) > (older.at.item, older.at.op)
    } else {
        logs.dot_in_past(older.dot, newer.at.entry)
    }
}
