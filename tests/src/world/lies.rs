//! What relays do to nodes, and what nodes must make of it: every lie is noticed at once, or when the truth comes by
//! (docs/protocol/08-node.md, "Visits, streams, posts").

use std::collections::BTreeSet;

use pursuance_core::cell::seal_entries;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::Entry;
use pursuance_core::id::EntryId;
use pursuance_core::keys::EpochSecret;
use pursuance_wire::log::{Evidence, HistoryError};
use pursuance_wire::{Cell, LeafHash, RelayAddress};
use rand::RngExt;

use super::node::{Hearing, Stop, Visited};
use super::relay::{Lie, PostFate, dummy};
use super::{Batch, Broken, World};

/// A receipt for nothing, which shows only later.
pub struct Pending {
    pub(super) node: usize,
    pub(super) relay: usize,
    leaves: Vec<LeafHash>,
    pub(super) noticed: bool,
    /// Its victim put back an old copy, in which the receipt may be and may not be.
    pub(super) forgotten: bool,
}

impl World {
    /// What befalls relays: strangers' cells, cells again, restarts, old copies, silence, entries smuggled in by a member.
    pub(super) fn trouble(&mut self) {
        let at = self.rng.random_range(0..self.relays.len());
        match self.rng.random_range(0..30) {
            0..=2 => {
                let cell = dummy(&mut self.rng);
                self.relays[at].slip_in(cell);
            }
            3..=4 => {
                if let Some(cell) = self.relays[at].any_cell(&mut self.rng) {
                    self.relays[at].slip_in(cell);
                    self.tally.note("cell repeated");
                }
            }
            5 => {
                let up_again = self.now + self.rng.random_range(1..400);
                self.relays[at].restart(up_again);
                self.tally.note("relay restarted");
            }
            6 if self.chance(4) => self.smuggle(at),
            7 if !self.relays[at].steady && self.chance(8) && self.relays[at].set_back(&mut self.rng) => {
                self.tally.note("relay set back");
            }
            8 if !self.relays[at].steady && self.chance(16) => {
                self.relays[at].go();
                self.tally.note("relay gone");
            }
            _ => {}
        }
    }

    /// Relays by which somebody joined are gone, unless they are to be relied on, where a member has not read the join yet: it
    /// will never come there by that relay.
    pub(super) fn lose_joins(&mut self, node: usize) {
        let nodes = &self.groups[self.group_of(node)].nodes;
        let lacks = |join: EntryId| {
            let members = nodes.iter().map(|node| &self.nodes[*node]).filter(|node| node.disk.member);
            members.into_iter().any(|member| member.memory.replica.logs().entry(join).is_none())
        };
        let waiting = nodes.iter().map(|node| &self.nodes[*node].disk).filter(|disk| !disk.member);
        let unread = waiting.filter(|disk| disk.own().next().is_some_and(|join| lacks(join.id())));
        let relays: BTreeSet<RelayAddress> =
            unread.filter_map(|disk| disk.link.as_ref()).map(|link| link.relay).collect();
        for relay in self.relays.iter_mut().filter(|relay| relays.contains(&relay.address().0) && !relay.steady) {
            relay.go();
            self.tally.note("join lost");
        }
    }

    /// A member seals entries of another pursuance under the key of its own.
    fn smuggle(&mut self, at: usize) {
        let (from, to) = if self.rng.random() { (0, 1) } else { (1, 0) };
        let stolen = self.nodes[self.groups[from].founder].memory.replica.logs().iter();
        let stolen: Vec<Entry> = stolen.take(2).cloned().collect();
        let member = &self.nodes[self.groups[to].founder].memory.replica;
        let Some(key) = member.usable_epoch().map(EpochSecret::cell_key) else { return };
        let mut seed = Seed::new(self.rng.random());
        let cells = seal_entries(&key, stolen.iter().map(|entry| (entry.id(), entry.bytes())), &mut seed);
        let leaves: Vec<LeafHash> = cells.iter().map(Cell::leaf_hash).collect();
        self.truth.extend(leaves.iter().map(|leaf| (*leaf, self.batches.len())));
        self.batches.push(Batch { group: to, leaves, carried: Vec::new() });
        cells.into_iter().for_each(|cell| self.relays[at].slip_in(cell));
        self.tally.note("foreign entry smuggled in");
    }

    /// What came of a visit.
    pub(super) fn learn(
        &mut self,
        node: usize,
        at: usize,
        done: Result<(), Stop>,
        visited: &Visited,
    ) -> Result<(), Broken> {
        self.look_at(node, at, visited)?;
        let suspect = self.is_suspect(node, at);
        match done {
            Ok(()) => {
                self.tally.note("visit");
                self.has_read(node, at, visited);
                Ok(())
            }
            Err(Stop::Nothing) => {
                self.has_read(node, at, visited);
                Ok(())
            }
            Err(Stop::Crashed) => Ok(()),
            Err(Stop::NoAnswer) => {
                self.tally.note("no answer");
                Ok(())
            }
            Err(Stop::History(HistoryError::Forked(evidence))) if suspect => {
                self.accused.insert((node, at));
                self.tally.note("fork noticed");
                self.convince(node, at, &evidence)
            }
            // What was there is not there any more, or not yet again.
            Err(
                Stop::History(HistoryError::Stale { .. } | HistoryError::FrameMismatch)
                | Stop::Tile(_)
                | Stop::Cells(_),
            ) if suspect => Ok(()),
            Err(stop) => Err(Broken::FalseAlarm { node, relay: at, stop: Box::new(stop) }),
        }
    }

    /// Whether this relay may have forked for this node.
    pub(super) fn is_suspect(&self, node: usize, at: usize) -> bool {
        self.relays[at].set_back || self.astray.contains(&(node, at))
    }

    fn look_at(&mut self, node: usize, at: usize, visited: &Visited) -> Result<(), Broken> {
        let group = self.group_of(node);
        let foreign = |leaf: &LeafHash| self.truth.get(leaf).is_none_or(|batch| self.batches[*batch].group != group);
        if visited.opened.iter().any(foreign) {
            return Err(Broken::OpenedForeign { node });
        }
        let suspect = self.is_suspect(node, at);
        for (receipt, evidence) in &visited.broken {
            self.convince(node, at, evidence)?;
            let mut told = false;
            for pending in &mut self.pending {
                if (pending.node, pending.relay) == (node, at)
                    && pending.leaves.iter().any(|leaf| receipt.leaves().contains(leaf))
                {
                    (told, pending.noticed) = (true, true);
                }
            }
            if told {
                self.accused.insert((node, at));
            } else if !suspect {
                return Err(Broken::FalseAlarm { node, relay: at, stop: Box::new(Stop::Nothing) });
            }
        }
        for _ in 0..visited.assembled {
            self.tally.note("long entry");
        }
        Ok(())
    }

    /// Evidence as a file, in the hands of somebody who knows only the relay's key.
    fn convince(&mut self, node: usize, at: usize, evidence: &Evidence) -> Result<(), Broken> {
        let read = Evidence::decode(&evidence.encode());
        let convinced = read.is_ok_and(|read| read == *evidence && read.verify(&self.relays[at].address().1).is_ok());
        if convinced { Ok(()) } else { Err(Broken::NoProof { node, relay: at }) }
    }

    /// A relay lies to one client, which must notice: at once, or when the truth comes by.
    pub(super) fn lie(&mut self, node: usize, at: usize) -> Result<(), Broken> {
        // Whoever is shown a branch of its own cannot come back to that relay: another must be steady.
        let lasting = !self.relays[at].steady && self.nodes[node].disk.member;
        let lie = match self.rng.random_range(0..8) {
            0 if lasting => Lie::HiddenBranch,
            1 if lasting => Lie::PrivateTip,
            _ => Lie::ALL[self.rng.random_range(0..Lie::ALL.len())],
        };
        if !self.relays[at].is_up(self.now)
            || (lie.lasts() && !lasting)
            || self.is_suspect(node, at)
            || self.pending.iter().any(|one| (one.node, one.relay, one.noticed) == (node, at, false) && !one.forgotten)
        {
            return Ok(());
        }
        if lie.is_about_a_post() { self.lie_about_a_post(node, at, lie) } else { self.lie_about_the_log(node, at, lie) }
    }

    fn lie_about_a_post(&mut self, node: usize, at: usize, lie: Lie) -> Result<(), Broken> {
        let (lines, cells) = self.nodes[node].next_post(at, &mut self.rng);
        let leaves: Vec<LeafHash> = cells.iter().map(Cell::leaf_hash).collect();
        let on_its_way = self.late.iter().flat_map(|(.., cells)| cells).any(|cell| leaves.contains(&cell.leaf_hash()));
        if cells.is_empty() || on_its_way || leaves.iter().any(|leaf| self.relays[at].holds(node, leaf)) {
            return Ok(());
        }
        self.arrive(node, &cells)?;
        let note = self.relays[at].post(node, &cells, PostFate::Lie(lie), self.now);
        let done = self.nodes[node].take_receipt(at, &lines, &cells, note);
        *self.tally.lies.entry(lie).or_default() += 1;
        match (lie, done) {
            (Lie::EmptyReceipt, Ok(())) => {
                self.pending.push(Pending { node, relay: at, leaves, noticed: false, forgotten: false });
                Ok(())
            }
            (Lie::OtherReceipt | Lie::ForgedReceipt, Err(Stop::Receipt(_))) => Ok(()),
            _ => Err(Broken::Believed { lie, node }),
        }
    }

    fn lie_about_the_log(&mut self, node: usize, at: usize, lie: Lie) -> Result<(), Broken> {
        let seen = self.nodes[node].seen(at).cloned();
        if !self.relays[at].deceive(node, lie, seen.as_ref(), &mut self.rng) {
            return Ok(());
        }
        let mut visited = Visited::default();
        let done = self.nodes[node].visit(at, &mut self.relays[at], Hearing::GOOD, &mut self.rng, &mut visited);
        self.note_kept(node)?;
        if !self.relays[at].confess() {
            // Nothing was asked that could be answered with it.
            return self.learn(node, at, done, &visited);
        }
        if lie.lasts() {
            self.astray.insert((node, at));
        }
        self.look_at(node, at, &visited)?;
        *self.tally.lies.entry(lie).or_default() += 1;
        match (lie, done) {
            (Lie::RewrittenPast | Lie::TwoTrees | Lie::Shrunk, Err(Stop::History(HistoryError::Forked(evidence)))) => {
                self.accused.insert((node, at));
                self.convince(node, at, &evidence)
            }
            (Lie::RolledBack, Err(Stop::History(HistoryError::Stale { .. })))
            | (Lie::GarbageNote | Lie::ForeignNote, Err(Stop::History(HistoryError::Checkpoint(_))))
            | (Lie::GarbageTile, Err(Stop::Tile(_) | Stop::History(HistoryError::Span(_))))
            | (Lie::GarbageCells, Err(Stop::Length(_) | Stop::Cells(_))) => Ok(()),
            // Nothing to be seen by itself. `check` looks whether it came to light.
            (Lie::HiddenBranch | Lie::PrivateTip, Ok(())) => Ok(()),
            _ => Err(Broken::Believed { lie, node }),
        }
    }
}
