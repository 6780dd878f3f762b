//! How what a simulated client says goes out: sealed once for every door, saved, posted to every relay
//! (docs/protocol/08-node.md, "The engine").

use std::collections::BTreeSet;

use pursuance_core::cell::seal_entries;
use pursuance_core::entry::{Content, Entry};
use pursuance_core::id::EntryId;
use pursuance_core::keys::CellKey;
use pursuance_core::op::Op;
use pursuance_wire::limits::MAX_POST_CELLS;
use pursuance_wire::log::Receipt;
use pursuance_wire::{Cell, LeafHash};
use rand::RngExt;
use rand::rngs::StdRng;

use super::{Boundary, Node, Stop};
use crate::world::Defence;
use crate::world::disk::{Door, Draft, Line, Post, Reading};

/// Cells sealed together, and the entries in them.
#[derive(Default)]
pub struct Sealed {
    /// The cells.
    pub cells: Vec<Cell>,
    /// The entries, each with the door behind which it stands in these cells.
    pub carried: Vec<(Entry, Door)>,
}

impl Node {
    /// Seals own entries that no cell carries yet.
    ///
    /// # Errors
    /// [`Stop::Nothing`], [`Stop::Crashed`]; `sealed` holds what was sealed even if it was not saved.
    pub fn seal(&mut self, rng: &mut StdRng, sealed: &mut Sealed) -> Result<(), Stop> {
        let mut own: Vec<Entry> = self.disk.own().cloned().collect();
        if self.lacks(Defence::SealsLeftovers) {
            own.retain(|entry| self.memory.said.contains(&entry.id()));
        }
        let cargo;
        (*sealed, cargo) = self.seal_these(&own, rng)?;
        let lines = |cell| self.disk.wanted.iter().map(move |relay| Line { cell, relay: *relay, post: Post::Waiting });
        let draft = Draft {
            lines: (0..sealed.cells.len()).flat_map(lines).collect(),
            cells: sealed.cells.clone(),
            cargo,
            ..Draft::default()
        };
        self.save(Boundary::Cells, draft)
    }

    /// Seals entries for all doors behind which they are needed and do not stand yet; saves nothing.
    ///
    /// # Errors
    /// [`Stop::Nothing`].
    pub fn seal_these(&self, own: &[Entry], rng: &mut StdRng) -> Result<(Sealed, Vec<(EntryId, Door)>), Stop> {
        let mut behind: Vec<(CellKey, Vec<&Entry>)> = Vec::new();
        for entry in own {
            for (key, entries) in self.doors(entry) {
                if self.disk.cargo.contains(&(entry.id(), *key.id())) {
                    continue;
                }
                let at = behind.iter().position(|(known, _)| *known == key).unwrap_or(behind.len());
                if at == behind.len() {
                    behind.push((key.clone(), Vec::new()));
                }
                let waiting = &mut behind[at].1;
                for entry in entries {
                    let carried = self.disk.cargo.contains(&(entry.id(), *key.id()));
                    if !carried && !waiting.iter().any(|other| other.id() == entry.id()) {
                        waiting.push(entry);
                    }
                }
            }
        }
        let mut seed = super::seed(rng, self.without);
        let mut sealed = Sealed::default();
        let mut cargo = Vec::new();
        for (key, entries) in behind {
            sealed.cells.extend(seal_entries(&key, entries.iter().map(|entry| (entry.id(), entry.bytes())), &mut seed));
            cargo.extend(entries.iter().map(|entry| (entry.id(), *key.id())));
            sealed.carried.extend(entries.iter().map(|entry| ((*entry).clone(), *key.id())));
        }
        if sealed.cells.is_empty() { Err(Stop::Nothing) } else { Ok((sealed, cargo)) }
    }

    /// Joins that an entry names, and those that they name.
    fn joins_named<'n>(&'n self, entry: &Entry) -> Vec<&'n Entry> {
        let logs = self.memory.replica.logs();
        let mut joins: Vec<&Entry> = Vec::new();
        let mut open: Vec<EntryId> = entry.body().heads.clone();
        while let Some(id) = open.pop() {
            let Some(join) = logs.entry(id).filter(|entry| is_join(entry)) else { continue };
            if !joins.iter().any(|known| known.id() == id) {
                joins.push(join);
                open.extend(&join.body().heads);
            }
        }
        joins
    }

    /// Puts all own cells into the outbox of relays that are posted to from now on.
    pub(super) fn want_relays(&mut self) -> Result<(), Stop> {
        let known: BTreeSet<usize> = self.disk.wanted.clone();
        for at in self.relays().into_iter().filter(|at| !known.contains(at)) {
            let cells = 0..self.disk.cells.len();
            let more_lines = cells.map(|cell| Line { cell, relay: at, post: Post::Waiting }).collect();
            let readings = if self.disk.readings.contains_key(&at) {
                Vec::new()
            } else {
                let first = self.since().map_or(0, |since| since(at));
                vec![(at, Reading { first, next: first })]
            };
            self.save(Boundary::Relay, Draft { wanted: Some(at), readings, more_lines, ..Draft::default() })?;
        }
        Ok(())
    }

    /// The next cells to be posted to a relay.
    #[must_use]
    pub fn next_post(&self, at: usize, rng: &mut StdRng) -> (Vec<usize>, Vec<Cell>) {
        let mut lines = self.waiting(at);
        if rng.random_range(0..4) == 0 {
            // Nothing promises that what was said first is posted first.
            lines.reverse();
        }
        lines.truncate(rng.random_range(1..=MAX_POST_CELLS));
        let cells = lines.iter().map(|line| self.disk.cells[self.disk.outbox[*line].cell].clone()).collect();
        (lines, cells)
    }

    /// Takes the answer to a post.
    ///
    /// # Errors
    /// [`Stop`]; the cells will be posted again.
    pub fn take_receipt(
        &mut self,
        at: usize,
        lines: &[usize],
        cells: &[Cell],
        note: Option<Vec<u8>>,
    ) -> Result<(), Stop> {
        let note = match note {
            None if self.lacks(Defence::Reposts) => Vec::new(),
            note => note.ok_or(Stop::NoAnswer)?,
        };
        if !self.lacks(Defence::Receipts) && !note.is_empty() {
            let receipt = Receipt::verify(&note, &self.directory[at].1)?;
            let leaves: Vec<LeafHash> = cells.iter().map(Cell::leaf_hash).collect();
            receipt.check_leaves(&leaves)?;
        }
        let posts = lines.iter().map(|line| (*line, Post::Handed(note.clone()))).collect();
        self.save(Boundary::Receipt, Draft { posts, ..Draft::default() })
    }

    /// Behind which doors an own entry is to stand, and what is to stand there with it.
    fn doors<'n>(&'n self, entry: &'n Entry) -> Vec<(CellKey, Vec<&'n Entry>)> {
        let replica = &self.memory.replica;
        let mut doors = Vec::new();
        let first = match &entry.body().content {
            Content::Public(ops) => ops.first(),
            Content::Role(_) => None,
        };
        if is_join(entry) {
            let link = self.disk.link.as_ref().expect("only who has a link joins");
            return vec![(CellKey::of_invite(&link.secret.cell_secret()), vec![entry])];
        }
        // An entry is sealed once, under the keys of that time.
        if self.disk.cargo.range((entry.id(), [u8::MIN; 32])..=(entry.id(), [u8::MAX; 32])).next().is_some() {
            return doors;
        }
        let keys = self.epoch_keys(entry);
        if keys.is_empty() {
            return doors;
        }
        // A join came by one relay, under its invite's key. Whoever names it brings it to where the naming is read.
        let mut carried = if self.lacks(Defence::CarriesJoins) { Vec::new() } else { self.joins_named(entry) };
        carried.push(entry);
        doors.extend(keys.into_iter().map(|key| (key, carried.clone())));
        match first {
            Some(Op::Invite(invite)) => {
                let id = pursuance_core::entry::GrantRef { entry: entry.id(), op: 0 };
                doors.push((CellKey::of_invite(&invite.cell_secret), replica.preview_entries(id)));
            }
            Some(Op::Welcome(welcome)) => {
                let member = replica.authority().member_of(welcome.to);
                let invite = member.and_then(|member| replica.authority().members()[&member].invite);
                if let Some(open) = invite.and_then(|invite| replica.authority().invites().get(&invite)) {
                    doors.push((CellKey::of_invite(&open.invite.cell_secret), vec![entry]));
                }
            }
            _ => {}
        }
        doors
    }
}

/// Whether this is how somebody came.
pub fn is_join(entry: &Entry) -> bool {
    matches!(&entry.body().content, Content::Public(ops) if matches!(ops.first(), Some(Op::Join(_))))
}
