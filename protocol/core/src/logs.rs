//! All authors' logs as one graph: appending, gaps, two histories, what is in whose past (docs/protocol/02-log.md, "Appending").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use crate::entry::Entry;
use crate::id::{AuthorId, EntryId};
use crate::limits::{
    MAX_HEADS, MAX_WAITING_BYTES, MAX_WAITING_PER_AUTHOR, MAX_WAITING_PER_STRANGER, MAX_WAITING_STRANGERS,
};
use crate::refusal::Refusal;

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Append {
    /// It stands in the log.
    Appended,
    /// It stood there already, or waits already.
    Duplicate,
    /// It waits for these.
    Gap {
        /// Entries named that are not held.
        missing: Vec<EntryId>,
    },
    /// It stands in the log beside another of the same author at the same seq: two histories.
    Equivocation {
        /// The one that was there first.
        other: EntryId,
    },
    /// R0: its seq does not follow its prev, or its prev is another author's. It is kept nowhere.
    Malformed,
    /// Too many wait already; it will have to be read again.
    Full,
    /// The first entry of somebody whom no rule lets in. It is kept nowhere: whoever holds a link could fill the log.
    Refused(Refusal),
}

/// The graph of entries held.
#[derive(Default)]
pub struct Logs {
    nodes: Vec<Node>,
    by_id: BTreeMap<EntryId, usize>,
    authors: Vec<AuthorLog>,
    author_index: BTreeMap<AuthorId, usize>,
    tips: BTreeSet<usize>,
    waiting: BTreeMap<EntryId, Waiting>,
    waits_for: BTreeMap<EntryId, Vec<EntryId>>,
    waiting_by_author: BTreeMap<AuthorId, usize>,
    waiting_bytes: usize,
}

struct Node {
    entry: Entry,
    author: usize,
    depth: u32,
    /// By author index: how many entries of that author are in the past, itself included.
    clock: Vec<u32>,
}

struct AuthorLog {
    id: AuthorId,
    /// By seq; more than one where the author shows two histories.
    chain: Vec<Vec<usize>>,
    forked: bool,
}

struct Waiting {
    entry: Entry,
    missing: usize,
}

impl Logs {
    /// Appends an entry. Entries that waited for it and are whole now are put on `released`, in an order in which they can
    /// be appended; the caller appends them next.
    pub fn append(&mut self, entry: Entry, released: &mut Vec<Entry>) -> Append {
        let Some(missing) = self.missing(&entry) else { return Append::Duplicate };
        if !missing.is_empty() {
            return self.wait(entry, missing);
        }
        if !self.follows(&entry) {
            return Append::Malformed;
        }
        self.insert(entry, released)
    }

    /// Entries that this one names and that are not held; `None` when it stands in the log, or waits, already.
    #[must_use]
    pub fn missing(&self, entry: &Entry) -> Option<BTreeSet<EntryId>> {
        if self.by_id.contains_key(&entry.id()) || self.waiting.contains_key(&entry.id()) {
            return None;
        }
        Some(entry.body().named().filter(|id| !self.by_id.contains_key(id)).collect())
    }

    /// Whether `older` is in the past that an entry names: appended or not, the answer is the same.
    #[must_use]
    pub fn names_in_past(&self, older: EntryId, entry: &Entry) -> bool {
        entry.body().named().any(|named| named == older || self.in_past(older, named))
    }

    /// The entry with this id, if it stands in the log.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.by_id.get(&id).map(|at| &self.nodes[*at].entry)
    }

    /// Steps from the genesis: greater than that of anything in its past.
    #[must_use]
    pub fn depth(&self, id: EntryId) -> Option<u32> {
        self.by_id.get(&id).map(|at| self.nodes[*at].depth)
    }

    /// Whether `older` is in the past of `newer` (nothing is in its own past).
    #[must_use]
    pub fn in_past(&self, older: EntryId, newer: EntryId) -> bool {
        let (Some(&older), Some(&newer)) = (self.by_id.get(&older), self.by_id.get(&newer)) else { return false };
        if older == newer {
            return false;
        }
        let author = self.nodes[older].author;
        let seq = self.nodes[older].entry.body().seq;
        let reached = self.nodes[newer].clock.get(author).is_some_and(|count| *count > seq);
        // A count says which entries of an author are meant only while the author has one history.
        reached && (!self.authors[author].forked || self.reaches(newer, older))
    }

    /// The newest entry of an author; the first branch, where there are two.
    #[must_use]
    pub fn tip(&self, author: AuthorId) -> Option<&Entry> {
        let log = &self.authors[*self.author_index.get(&author)?];
        log.chain.last()?.first().map(|at| &self.nodes[*at].entry)
    }

    /// The heads that an author's next entry names: newest entries of others that count, the oldest of them first.
    #[must_use]
    pub fn heads_for(&self, author: AuthorId, counts: &dyn Fn(EntryId) -> bool) -> Vec<EntryId> {
        let own = self.tip(author).map(Entry::id);
        let mut tips: Vec<&Node> = self.tips.iter().map(|at| &self.nodes[*at]).collect();
        tips.sort_by_key(|node| (node.depth, node.entry.id()));
        let mut heads: Vec<EntryId> = tips
            .into_iter()
            .map(|node| node.entry.id())
            .filter(|id| Some(*id) != own && counts(*id))
            .take(MAX_HEADS)
            .collect();
        heads.sort_unstable();
        heads
    }

    /// Entries in the order in which they were appended.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.nodes.iter().map(|node| &node.entry)
    }

    /// How many stand in the log.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Authors that show two histories.
    pub fn forked(&self) -> impl Iterator<Item = AuthorId> + '_ {
        self.authors.iter().filter(|log| log.forked).map(|log| log.id)
    }

    /// Both bodies of the first place at which an author shows two histories.
    #[must_use]
    pub fn fork_of(&self, author: AuthorId) -> Option<(EntryId, EntryId)> {
        let log = &self.authors[*self.author_index.get(&author)?];
        let pair = log.chain.iter().find(|at_seq| at_seq.len() > 1)?;
        Some((self.nodes[pair[0]].entry.id(), self.nodes[pair[1]].entry.id()))
    }

    /// Entries that are announced (named by others) and have not arrived, with the author of one that names them.
    #[must_use]
    pub fn announced(&self) -> Vec<EntryId> {
        self.waits_for.keys().filter(|id| !self.waiting.contains_key(id)).copied().collect()
    }

    /// The newest claimed time of an author's entries.
    #[must_use]
    pub fn heard_of_seconds(&self, author: AuthorId) -> u64 {
        self.tip(author).map_or(0, |entry| entry.body().claimed_seconds)
    }

    /// Whether some entry by another author has this one in its past.
    #[must_use]
    pub fn seen_by_others(&self, id: EntryId) -> bool {
        let Some(&at) = self.by_id.get(&id) else { return false };
        let author = self.nodes[at].author;
        self.authors.iter().enumerate().filter(|(other, _)| *other != author).any(|(_, log)| {
            log.chain.last().into_iter().flatten().any(|tip| self.in_past(id, self.nodes[*tip].entry.id()))
        })
    }

    fn wait(&mut self, entry: Entry, missing: BTreeSet<EntryId>) -> Append {
        let author = entry.body().author;
        let stranger = |author: &AuthorId| !self.author_index.contains_key(author);
        let waiting = self.waiting_by_author.get(&author).copied().unwrap_or(0);
        let full = if stranger(&author) {
            // Strangers share few places among themselves, so that they cannot take those of members.
            let strangers = self.waiting_by_author.keys().filter(|author| stranger(author)).count();
            waiting >= MAX_WAITING_PER_STRANGER || (waiting == 0 && strangers >= MAX_WAITING_STRANGERS)
        } else {
            waiting >= MAX_WAITING_PER_AUTHOR
        };
        if full || self.waiting_bytes + entry.bytes().len() > MAX_WAITING_BYTES {
            return Append::Full;
        }
        self.waiting_bytes += entry.bytes().len();
        *self.waiting_by_author.entry(author).or_default() += 1;
        for id in &missing {
            self.waits_for.entry(*id).or_default().push(entry.id());
        }
        self.waiting.insert(entry.id(), Waiting { missing: missing.len(), entry });
        Append::Gap { missing: missing.into_iter().collect() }
    }

    /// R0: seq = prev's + 1, in the same author's log; no head is the author's own past or another of its branches below.
    fn follows(&self, entry: &Entry) -> bool {
        let body = entry.body();
        body.prev.is_none_or(|prev| {
            self.entry(prev).is_some_and(|prev| {
                prev.body().author == body.author && prev.body().seq.checked_add(1) == Some(body.seq)
            })
        })
    }

    fn insert(&mut self, entry: Entry, released: &mut Vec<Entry>) -> Append {
        let id = entry.id();
        let at = self.nodes.len();
        let author = self.author_number(entry.body().author);
        let parents: Vec<usize> = entry.body().named().map(|id| self.by_id[&id]).collect();
        let depth = parents.iter().map(|p| self.nodes[*p].depth + 1).max().unwrap_or(0);
        let mut clock = vec![0; self.authors.len()];
        for parent in &parents {
            for (count, other) in clock.iter_mut().zip(&self.nodes[*parent].clock) {
                *count = (*count).max(*other);
            }
        }
        let seq = entry.body().seq;
        clock[author] = clock[author].max(seq + 1);
        let chain = &mut self.authors[author].chain;
        let place = seq as usize;
        if chain.len() == place {
            chain.push(Vec::new());
        }
        // The prev is held, so a place beyond the end cannot be.
        let other = chain[place].first().copied();
        chain[place].push(at);
        self.authors[author].forked |= other.is_some();
        for parent in parents {
            self.tips.remove(&parent);
        }
        self.tips.insert(at);
        self.by_id.insert(id, at);
        self.nodes.push(Node { entry, author, depth, clock });
        self.release(id, released);
        match other {
            None => Append::Appended,
            Some(other) => Append::Equivocation { other: self.nodes[other].entry.id() },
        }
    }

    fn author_number(&mut self, author: AuthorId) -> usize {
        if let Some(number) = self.author_index.get(&author) {
            return *number;
        }
        self.author_index.insert(author, self.authors.len());
        self.authors.push(AuthorLog { id: author, chain: Vec::new(), forked: false });
        self.authors.len() - 1
    }

    fn release(&mut self, id: EntryId, released: &mut Vec<Entry>) {
        for waiting_id in self.waits_for.remove(&id).unwrap_or_default() {
            let Some(waiting) = self.waiting.get_mut(&waiting_id) else { continue };
            waiting.missing -= 1;
            if waiting.missing == 0
                && let Some(waiting) = self.waiting.remove(&waiting_id)
            {
                self.waiting_bytes -= waiting.entry.bytes().len();
                let author = waiting.entry.body().author;
                if let Some(count) = self.waiting_by_author.get_mut(&author) {
                    *count -= 1;
                    if *count == 0 {
                        self.waiting_by_author.remove(&author);
                    }
                }
                released.push(waiting.entry);
            }
        }
    }

    /// Walks back from `newer`, never below the depth of `older`; a loop, so that a long chain cannot overflow the stack.
    fn reaches(&self, newer: usize, older: usize) -> bool {
        let floor = self.nodes[older].depth;
        let mut seen = BTreeSet::new();
        let mut open = vec![newer];
        while let Some(at) = open.pop() {
            if at == older {
                return true;
            }
            if self.nodes[at].depth > floor && seen.insert(at) {
                open.extend(self.nodes[at].entry.body().named().map(|id| self.by_id[&id]));
            }
        }
        false
    }
}
