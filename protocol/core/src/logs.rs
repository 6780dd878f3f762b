//! All authors' logs as one graph: appending, gaps, two histories, what is in whose past (docs/protocol/02-log.md, "Appending").
//!
//! A *chain* is one history of an author: where an author shows two, the second is a chain that begins where they part. So a
//! clock with a number for each chain answers exactly what is in whose past, and nobody walks the graph. Chains are numbered
//! in the order in which this store met them; the numbers never leave it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::clock::{Clock, Dot};
use crate::entry::{Content, Entry};
use crate::id::{AuthorId, EntryId};
use crate::limits::{
    MAX_HEADS, MAX_WAITING_BYTES, MAX_WAITING_PER_AUTHOR, MAX_WAITING_PER_STRANGER, MAX_WAITING_STRANGERS,
};
use crate::refusal::Refusal;
use crate::shelf::{Changes, KeptEntry, PlacedEntry, Shelf};

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

/// Whether an entry counts, in one word.
#[derive(serde::Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts", rename = "EntryStanding"))]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// It does.
    Counts = 0,
    /// It never does.
    Refused = 1,
    /// A newer version will tell.
    NeedsNewer = 2,
    /// It was permitted and has no effect now; it can again.
    Held = 3,
}

/// One history of an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Whose.
    pub author: AuthorId,
    /// The first entry of this chain, and its seq: 0, or where a second history begins.
    pub first: (u32, EntryId),
    /// Where it begins beside another chain: the entry there that was here first.
    pub beside: Option<EntryId>,
    /// The newest entry.
    pub tip: Tip,
    /// Seq of the first entry that no other author's entry has in its past.
    pub seen_end: u32,
}

/// The newest entry of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// Which entry.
    pub id: EntryId,
    /// Its place in the author's log.
    pub seq: u32,
    /// Its claimed time.
    pub claimed_seconds: u64,
}

/// The graph of entries: those in memory, and of all others what their chains say.
#[derive(Default)]
#[cfg_attr(test, derive(Clone))]
pub struct Logs {
    nodes: BTreeMap<EntryId, KeptEntry>,
    by_dot: BTreeMap<Dot, EntryId>,
    chains: Vec<Chain>,
    by_author: BTreeMap<AuthorId, Vec<u32>>,
    /// Entries that nothing names yet.
    tips: BTreeSet<EntryId>,
    arrivals: u64,
    waiting: BTreeMap<EntryId, Waiting>,
    waits_for: BTreeMap<EntryId, Vec<EntryId>>,
    waiting_by_author: BTreeMap<AuthorId, usize>,
    waiting_bytes: usize,
    placed: Vec<EntryId>,
    named: Vec<EntryId>,
    grown: BTreeSet<u32>,
    /// Standings that are not what a shelf has.
    restood: BTreeMap<EntryId, Standing>,
}

#[cfg_attr(test, derive(Clone))]
struct Waiting {
    entry: Entry,
    missing: usize,
}

impl Logs {
    /// Appends an entry whose neighbours were fetched ([`Self::fetch_for`]). Entries that waited for it and are whole now are
    /// put on `released`, in an order in which they can be appended; the caller appends them next.
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

    /// Fetches what appending an entry needs: itself, where it stands in the log already, what it names, and what another
    /// history of its author has in its place.
    pub fn fetch_for(&mut self, entry: &Entry, shelf: &dyn Shelf) {
        self.fetch(entry.id(), shelf);
        for named in entry.body().named().chain(entry.mentions()) {
            self.fetch(named, shelf);
        }
        if self.tip(entry.body().author).is_some_and(|tip| tip.seq >= entry.body().seq) {
            for dot in self.dots(entry.body().author, entry.body().seq) {
                if !self.by_dot.contains_key(&dot)
                    && let Some(beside) = shelf.at(dot)
                {
                    self.fetch(beside, shelf);
                }
            }
        }
    }

    /// Brings an entry into memory, if it stands in the log.
    pub fn fetch(&mut self, id: EntryId, shelf: &dyn Shelf) {
        if !self.nodes.contains_key(&id)
            && let Some(kept) = shelf.entry(id)
        {
            self.put_back(kept);
        }
    }

    /// Takes back an entry that stands in the log.
    pub fn put_back(&mut self, mut kept: KeptEntry) {
        if let Some(standing) = self.restood.get(&kept.entry.id()) {
            kept.standing = *standing;
        }
        let (id, dot) = (kept.entry.id(), Dot { chain: kept.chain, seq: kept.entry.body().seq });
        self.by_dot.insert(dot, id);
        self.nodes.insert(id, kept);
    }

    /// Takes back what is known of the chains, in the order of their numbers, the entries that nothing names, and how many
    /// entries there are.
    pub fn put_back_chains(&mut self, chains: Vec<Chain>, tips: BTreeSet<EntryId>, arrivals: u64) {
        for (number, chain) in (0u32..).zip(&chains) {
            self.by_author.entry(chain.author).or_default().push(number);
        }
        self.chains = chains;
        self.tips = tips;
        self.arrivals = arrivals;
    }

    /// Puts everything down that can be fetched again: all but the public layer and what nothing names yet.
    pub fn put_down(&mut self) {
        let tips = &self.tips;
        self.nodes.retain(|id, node| is_public(&node.entry) || tips.contains(id));
        let nodes = &self.nodes;
        self.by_dot.retain(|_, id| nodes.contains_key(id));
    }

    /// Hands out what changed since the last call.
    pub(crate) fn take_changes(&mut self, changes: &mut Changes) {
        changes.entries.extend(self.placed.iter().map(|id| self.placed_entry(*id)));
        changes.named.append(&mut self.named);
        let grown = core::mem::take(&mut self.grown);
        changes.chains.extend(grown.into_iter().map(|number| (number, self.chains[number as usize].clone())));
        self.placed.clear();
        changes.restood.extend(core::mem::take(&mut self.restood));
    }

    /// Entries that this one names and that are not held; `None` when it stands in the log, or waits, already.
    #[must_use]
    pub fn missing(&self, entry: &Entry) -> Option<BTreeSet<EntryId>> {
        if self.nodes.contains_key(&entry.id()) || self.waiting.contains_key(&entry.id()) {
            return None;
        }
        Some(entry.body().named().filter(|id| !self.nodes.contains_key(id)).collect())
    }

    /// Whether `older` is in the past that an entry names: appended or not, the answer is the same. Of one that stands in the log,
    /// what it names may be in memory no more.
    #[must_use]
    pub fn names_in_past(&self, older: EntryId, entry: &Entry) -> bool {
        self.in_past(older, entry.id())
            || entry.body().named().any(|named| named == older || self.in_past(older, named))
    }

    /// The entry with this id, if it is in memory.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.nodes.get(&id).map(|node| &node.entry)
    }

    /// Steps from the genesis: greater than that of anything in its past.
    #[must_use]
    pub fn depth(&self, id: EntryId) -> Option<u32> {
        self.nodes.get(&id).map(|node| node.depth)
    }

    /// The chain and place of an entry in memory.
    #[must_use]
    pub fn dot(&self, id: EntryId) -> Option<Dot> {
        self.nodes.get(&id).map(dot_of)
    }

    /// Whether `older` is in the past of `newer` (nothing is in its own past); both in memory.
    #[must_use]
    pub fn in_past(&self, older: EntryId, newer: EntryId) -> bool {
        older != newer && self.dot(older).is_some_and(|older| self.dot_in_past(older, newer))
    }

    /// Whether the entry at a place is in the past of `newer`, or is `newer`, which is in memory.
    #[must_use]
    pub fn dot_in_past(&self, older: Dot, newer: EntryId) -> bool {
        self.nodes.get(&newer).is_some_and(|newer| newer.clock.holds(older))
    }

    /// The entry at a place of a chain, if it is in memory.
    #[must_use]
    pub fn at(&self, dot: Dot) -> Option<EntryId> {
        self.by_dot.get(&dot).copied()
    }

    /// The past of an entry in memory, itself not included.
    #[must_use]
    pub fn past(&self, id: EntryId) -> Option<Clock> {
        let node = self.nodes.get(&id)?;
        let (first, _) = self.chains.get(node.chain as usize)?.first;
        Some(node.clock.without(dot_of(node), first))
    }

    /// The past of an entry, appended or not. Of one that stands in the log it was kept: what it names may be in memory no more. What
    /// one that does not yet names is in memory.
    #[must_use]
    pub fn past_of(&self, entry: &Entry) -> Clock {
        if let Some(past) = self.past(entry.id()) {
            return past;
        }
        let mut clock = Clock::default();
        for named in entry.body().named().filter_map(|named| self.nodes.get(&named)) {
            clock.join(&named.clock);
        }
        clock
    }

    /// What an entry in memory has in its past, itself included.
    #[must_use]
    pub fn clock(&self, id: EntryId) -> Option<&Clock> {
        self.nodes.get(&id).map(|node| &node.clock)
    }

    /// Whether two entries of an author at one place are among those that `holds` names.
    #[must_use]
    pub fn shows_two_histories(&self, author: AuthorId, holds: impl Fn(Dot) -> bool) -> bool {
        let chains = self.by_author.get(&author).map_or(&[][..], Vec::as_slice);
        let branches = chains.iter().map(|number| self.chains[*number as usize].first.0);
        { branches }.any(|seq| self.dots(author, seq).into_iter().filter(|dot| holds(*dot)).count() > 1)
    }

    /// Chains, by their numbers.
    #[must_use]
    pub fn chains(&self) -> &[Chain] {
        &self.chains
    }

    /// Notes the verdict on an entry in memory.
    pub fn set_standing(&mut self, id: EntryId, standing: Standing) {
        if let Some(node) = self.nodes.get_mut(&id).filter(|node| node.standing != standing) {
            node.standing = standing;
            self.restood.insert(id, standing);
        }
    }

    /// Notes how an entry that stands in the log stands now, in memory or not.
    pub(crate) fn restand(&mut self, id: EntryId, standing: Standing) {
        if let Some(node) = self.nodes.get_mut(&id) {
            node.standing = standing;
        }
        self.restood.insert(id, standing);
    }

    /// How an entry stands, if it is in memory or its standing is newer than what a shelf has.
    #[must_use]
    pub fn standing(&self, id: EntryId) -> Option<Standing> {
        self.nodes.get(&id).map(|node| node.standing).or_else(|| self.restood.get(&id).copied())
    }

    /// Entries in memory that are held, of one author.
    pub(crate) fn held_by(&self, author: AuthorId) -> impl Iterator<Item = EntryId> + '_ {
        let held = self.nodes.values().filter(|node| node.standing == Standing::Held);
        held.map(|node| &node.entry).filter(move |entry| entry.body().author == author).map(Entry::id)
    }

    /// The newest entry of an author; of the first branch, where two are as long.
    #[must_use]
    pub fn tip(&self, author: AuthorId) -> Option<Tip> {
        let chains = self.by_author.get(&author)?;
        let longest = chains.iter().map(|number| (&self.chains[*number as usize], core::cmp::Reverse(*number)));
        longest.max_by_key(|(chain, first)| (chain.tip.seq, *first)).map(|(chain, _)| chain.tip)
    }

    /// The heads that an author's next entry names: newest entries of others that are not refused, the oldest of them first.
    #[must_use]
    pub fn heads_for(&self, author: AuthorId) -> Vec<EntryId> {
        let own = self.tip(author).map(|tip| tip.id);
        let mut tips: Vec<&KeptEntry> = self.tips.iter().filter_map(|id| self.nodes.get(id)).collect();
        tips.sort_by_key(|node| (node.depth, node.entry.id()));
        let mut heads: Vec<EntryId> = tips
            .into_iter()
            .filter(|node| node.standing != Standing::Refused)
            .map(|node| node.entry.id())
            .filter(|id| Some(*id) != own)
            .take(MAX_HEADS)
            .collect();
        heads.sort_unstable();
        heads
    }

    /// Entries in memory, in the order in which they were appended.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        let mut nodes: Vec<&KeptEntry> = self.nodes.values().collect();
        nodes.sort_unstable_by_key(|node| node.arrival);
        nodes.into_iter().map(|node| &node.entry)
    }

    /// How many are in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// How many have been appended, in memory or not.
    #[must_use]
    pub const fn arrivals(&self) -> u64 {
        self.arrivals
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Authors that show two histories.
    pub fn forked(&self) -> impl Iterator<Item = AuthorId> + '_ {
        self.by_author.iter().filter(|(_, chains)| chains.len() > 1).map(|(author, _)| *author)
    }

    /// Both bodies of the first place at which an author shows two histories.
    #[must_use]
    pub fn fork_of(&self, author: AuthorId) -> Option<(EntryId, EntryId)> {
        let chains = self.by_author.get(&author)?.iter().map(|number| &self.chains[*number as usize]);
        let branches = chains.filter_map(|chain| Some((chain.first.0, chain.beside?, chain.first.1)));
        branches.min_by_key(|(seq, ..)| *seq).map(|(_, beside, first)| (beside, first))
    }

    /// Entries that are announced (named by others) and have not arrived.
    #[must_use]
    pub fn announced(&self) -> Vec<EntryId> {
        self.waits_for.keys().filter(|id| !self.waiting.contains_key(id)).copied().collect()
    }

    /// Whether an entry waits for others.
    #[must_use]
    pub fn is_waiting(&self, id: EntryId) -> bool {
        self.waiting.contains_key(&id)
    }

    /// The newest claimed time of an author's entries.
    #[must_use]
    pub fn heard_of_seconds(&self, author: AuthorId) -> u64 {
        self.tip(author).map_or(0, |tip| tip.claimed_seconds)
    }

    /// Whether some entry by another author has the one at this place in its past.
    #[must_use]
    pub fn seen_by_others(&self, dot: Dot) -> bool {
        self.chains.get(dot.chain as usize).is_some_and(|chain| chain.seen_end > dot.seq)
    }

    fn placed_entry(&self, id: EntryId) -> PlacedEntry {
        let node = &self.nodes[&id];
        let prev = node.entry.body().prev.and_then(|prev| self.nodes.get(&prev));
        // Whole ones at fixed distances, so that reading one back never takes more than a few steps.
        let whole =
            |node: &KeptEntry| is_public(&node.entry) || node.entry.body().seq.is_multiple_of(WHOLE_CLOCK_EVERY);
        let prev = prev.filter(|prev| prev.chain == node.chain && !whole(node));
        PlacedEntry {
            id,
            dot: dot_of(node),
            depth: node.depth,
            clock: node.clock.encode_since(prev.map_or(&Clock::default(), |prev| &prev.clock)),
            whole_clock: prev.is_none(),
            public: is_public(&node.entry),
            standing: node.standing,
        }
    }

    fn wait(&mut self, entry: Entry, missing: BTreeSet<EntryId>) -> Append {
        let author = entry.body().author;
        let stranger = |author: &AuthorId| !self.by_author.contains_key(author);
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

    fn insert(&mut self, entry: Entry, released: &mut Vec<Entry>) -> Append {
        let (id, author, seq) = (entry.id(), entry.body().author, entry.body().seq);
        let (mut clock, mut depth) = (Clock::default(), 0);
        for parent in entry.body().named().map(|named| &self.nodes[&named]) {
            clock.join(&parent.clock);
            depth = depth.max(parent.depth + 1);
        }
        let beside = self.beside(author, seq);
        let chain = self.chain_for(&entry, beside);
        clock.add(Dot { chain, seq });
        self.see(author, &clock);
        for named in entry.body().named() {
            if self.tips.remove(&named) {
                self.named.push(named);
            }
        }
        self.tips.insert(id);
        self.placed.push(id);
        let arrival = self.arrivals;
        self.arrivals += 1;
        self.put_back(KeptEntry { entry, chain, depth, clock, standing: Standing::Counts, arrival });
        self.release(id, released);
        match beside {
            None => Append::Appended,
            Some(other) => Append::Equivocation { other },
        }
    }

    /// What another history of an author has at a place: of several, the one that came first.
    fn beside(&self, author: AuthorId, seq: u32) -> Option<EntryId> {
        let there = self.dots(author, seq).into_iter().filter_map(|dot| self.nodes.get(self.by_dot.get(&dot)?));
        there.min_by_key(|node| node.arrival).map(|node| node.entry.id())
    }

    /// Where an author's chains have an entry with this seq of their own.
    fn dots(&self, author: AuthorId, seq: u32) -> Vec<Dot> {
        let chains = self.by_author.get(&author).map_or(&[][..], Vec::as_slice);
        let has = |number: &&u32| {
            let chain = &self.chains[**number as usize];
            (chain.first.0..=chain.tip.seq).contains(&seq)
        };
        chains.iter().filter(has).map(|chain| Dot { chain: *chain, seq }).collect()
    }

    /// The chain that an entry makes longer, or a new one.
    fn chain_for(&mut self, entry: &Entry, beside: Option<EntryId>) -> u32 {
        let body = entry.body();
        let tip = Tip { id: entry.id(), seq: body.seq, claimed_seconds: body.claimed_seconds };
        let goes_on = body.prev.map(|prev| self.nodes[&prev].chain);
        let number = match goes_on.filter(|chain| Some(self.chains[*chain as usize].tip.id) == body.prev) {
            Some(number) => {
                self.chains[number as usize].tip = tip;
                number
            }
            None => {
                let number = u32::try_from(self.chains.len()).expect("fewer chains than entries fit in memory");
                let first = (body.seq, entry.id());
                self.chains.push(Chain { author: body.author, first, beside, tip, seen_end: 0 });
                self.by_author.entry(body.author).or_default().push(number);
                number
            }
        };
        self.grown.insert(number);
        number
    }

    /// Notes how far an author's newest entry has seen the chains of others.
    fn see(&mut self, author: AuthorId, clock: &Clock) {
        for (number, end) in clock.iter() {
            let chain = &mut self.chains[number as usize];
            if chain.author != author && chain.seen_end < end {
                chain.seen_end = end;
                self.grown.insert(number);
            }
        }
    }

    /// R0: seq = prev's + 1, in the same author's log.
    fn follows(&self, entry: &Entry) -> bool {
        let body = entry.body();
        body.prev.is_none_or(|prev| {
            self.entry(prev).is_some_and(|prev| {
                prev.body().author == body.author && prev.body().seq.checked_add(1) == Some(body.seq)
            })
        })
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
}

/// Entries between two of a chain whose clock is kept whole.
const WHOLE_CLOCK_EVERY: u32 = 32;

fn dot_of(node: &KeptEntry) -> Dot {
    Dot { chain: node.chain, seq: node.entry.body().seq }
}

fn is_public(entry: &Entry) -> bool {
    matches!(entry.body().content, Content::Public(_))
}
