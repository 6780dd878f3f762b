//! What nodes do, and where they are cut short: say, seal, post, visit, listen, welcome, join (docs/protocol/08-node.md, "The engine").

use std::collections::BTreeSet;

use pursuance_core::entry::Entry;
use pursuance_core::link::InviteLink;
use pursuance_core::plan::Authored;
use pursuance_core::refusal::Refusal;
use pursuance_wire::Cell;
use rand::RngExt;

use super::node::{Hearing, Sealed, Side, Stop, Visited};
use super::relay::{PostFate, SLOT_SECONDS};
use super::{Batch, Broken, Course, Defence, Said, World};

/// Most durable boundaries that a node passes before a crash in one step.
const MAX_FUSE: u32 = 12;

impl World {
    /// Carries out a step of a node that may be cut short by a crash, at any durable boundary.
    pub(super) fn attempt<T>(
        &mut self,
        node: usize,
        step: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<Result<T, Stop>, Broken> {
        let lit = self.crashes && self.chance(6);
        let mut first = false;
        let mut before = None;
        if lit {
            let boundaries =
                if self.chance(2) { self.rng.random_range(0..2) } else { self.rng.random_range(0..MAX_FUSE) };
            first = boundaries == 0;
            before = first.then(|| self.nodes[node].whole());
            self.nodes[node].fuse.light(boundaries);
        }
        let done = step(self);
        let burnt = self.nodes[node].fuse.put_out();
        self.note_kept(node)?;
        if let Some((boundary, side)) = burnt {
            *self.tally.crashes.entry((boundary, side)).or_default() += 1;
            self.nodes[node].crash();
            self.tally.note("crash");
            // Nothing of the step was saved: all is as before it.
            if first && side == Side::Before && self.without != Some(Defence::OldCopies) {
                let before = before.expect("looked at before the step");
                if self.nodes[node].whole() != before {
                    return Err(Broken::Rebuilt { node });
                }
            }
        }
        Ok(done)
    }

    /// A crash between two steps: everything in memory is on the disk.
    pub(super) fn crash_idle(&mut self, node: usize) -> Result<(), Broken> {
        let before = self.nodes[node].whole();
        self.nodes[node].crash();
        self.tally.note("crash");
        if self.without != Some(Defence::OldCopies) && self.nodes[node].whole() != before {
            return Err(Broken::Rebuilt { node });
        }
        Ok(())
    }

    /// Takes down what is on the disk of its author.
    ///
    /// # Errors
    /// Something new was written although the device has seen its own log further along, or a nonce was used twice.
    pub(super) fn note_kept(&mut self, node: usize) -> Result<(), Broken> {
        let group = self.group_of(node);
        self.note_secrets(node);
        let known = self.kept.len();
        let own = self.nodes[node].disk.own().rev();
        let new: Vec<Entry> = own.take_while(|entry| !self.kept.contains_key(&entry.id())).cloned().collect();
        // Oldest first, as each names what was there before.
        for entry in new.into_iter().rev() {
            self.note_nonces(node, &entry)?;
            self.kept.insert(entry.id(), (group, entry.clone()));
            self.note_gifts(group, &entry);
        }
        if self.kept.len() > known && self.nodes[node].has_read_itself() {
            return Err(Broken::WroteOn { node });
        }
        Ok(())
    }

    pub(super) fn act(&mut self, node: usize) -> Result<(), Broken> {
        if !self.may_write(node) {
            return Ok(());
        }
        if !self.is_ready(node)? {
            return Ok(());
        }
        match self.wish(node) {
            Some((authored, comment)) => self.say(node, authored, comment),
            None => Ok(()),
        }
    }

    /// Something long is said, and somebody reads the part of it that has been posted so far.
    pub(super) fn say_in_parts(&mut self, node: usize, at: usize) -> Result<(), Broken> {
        if !self.may_write(node) {
            return Ok(());
        }
        if !self.is_ready(node)? {
            return Ok(());
        }
        let Some((authored, comment)) = self.long_wish(node) else { return Ok(()) };
        self.say(node, authored, comment)?;
        self.seal(node)?;
        self.post(node, at)?;
        self.pass(u64::from(SLOT_SECONDS));
        let nodes = &self.groups[self.group_of(node)].nodes;
        let reader = nodes[self.rng.random_range(0..nodes.len())];
        if self.nodes[reader].disk.readings.contains_key(&at) { self.visit(reader, at) } else { Ok(()) }
    }

    pub(super) fn say(&mut self, node: usize, authored: Authored, comment: Option<String>) -> Result<(), Broken> {
        if self.without == Some(Defence::SaveFirst)
            && let Ok((sealed, _)) = self.nodes[node].seal_these(&authored.entries, &mut self.rng)
        {
            self.register(node, &sealed)?;
            self.let_out(node, &sealed.cells)?;
        }
        let group = self.group_of(node);
        if let Some(first) = authored.entries.first() {
            self.said.push(Said { group, entry: first.id(), comment, task: authored.task });
        }
        let before = self.before(node);
        let done = self.attempt(node, |world| world.nodes[node].commit(&authored.entries))?;
        self.note_said(node, &authored.entries, before);
        if done.is_err() {
            return Ok(());
        }
        self.nodes[node].undo = authored.undo;
        if let Some((grant, secret)) = authored.invite {
            let relays = self.nodes[node].relays();
            let relay = relays.first().copied().unwrap_or(self.groups[group].relays[0]);
            let from_index = self.nodes[node].seen(relay).map_or(0, |seen| seen.size());
            let link = InviteLink {
                pursuance: self.groups[group].pursuance,
                relay: self.relays[relay].address().0,
                invite: grant.entry,
                from_index,
                secret,
            };
            self.groups[group].links.push(link.to_text().to_string());
            self.tally.note("invite");
        }
        self.tally.note("command");
        Ok(())
    }

    pub(super) fn seal(&mut self, node: usize) -> Result<(), Broken> {
        let mut sealed = Sealed::default();
        let done = self.attempt(node, |world| world.nodes[node].seal(&mut world.rng, &mut sealed))?;
        self.register(node, &sealed)?;
        if self.without == Some(Defence::SaveCellsFirst) {
            self.let_out(node, &sealed.cells)?;
        }
        if done.is_ok() {
            self.tally.note("sealed");
        }
        Ok(())
    }

    /// Takes down which cells carry what.
    fn register(&mut self, node: usize, sealed: &Sealed) -> Result<(), Broken> {
        self.note_cell_nonces(node, &sealed.cells)?;
        let number = self.batches.len();
        let leaves: Vec<_> = sealed.cells.iter().map(Cell::leaf_hash).collect();
        self.truth.extend(leaves.iter().map(|leaf| (*leaf, number)));
        self.batches.push(Batch { group: self.group_of(node), leaves, carried: sealed.carried.clone() });
        self.note_sealed(node, sealed);
        Ok(())
    }

    /// Without some defence, cells go out before they are saved.
    fn let_out(&mut self, node: usize, cells: &[Cell]) -> Result<(), Broken> {
        let Some(at) = self.nodes[node].relays().first().copied() else { return Ok(()) };
        self.arrive(node, cells)?;
        self.relays[at].post(node, cells, PostFate::AnswerLost, self.now);
        Ok(())
    }

    pub(super) fn welcome(&mut self, node: usize) -> Result<(), Broken> {
        if !self.may_write(node) {
            return Ok(());
        }
        let Some(entry) = self.nodes[node].welcome(self.now, &mut self.rng) else { return self.hand_on(node) };
        if self.attempt(node, |world| world.nodes[node].commit(&[entry]))?.is_ok() {
            self.tally.note("welcome");
            if self.course == Course::JoinsAreLost {
                self.lose_joins(node);
            }
        }
        self.look(node);
        Ok(())
    }

    fn join(&mut self, node: usize) -> Result<(), Broken> {
        if !self.may_write(node) {
            return Ok(());
        }
        match self.nodes[node].join(self.now, &mut self.rng) {
            Ok(entry) => {
                if self.attempt(node, |world| world.nodes[node].commit_join(entry))?.is_ok() {
                    self.tally.note("join");
                }
            }
            Err(Stop::Refused(Refusal::InviteUsedUp)) => self.tally.note("invite used up"),
            Err(_) => {}
        }
        Ok(())
    }

    pub(super) fn post(&mut self, node: usize, at: usize) -> Result<(), Broken> {
        let (lines, cells) = self.nodes[node].next_post(at, &mut self.rng);
        if cells.is_empty() || !self.relays[at].is_up(self.now) {
            return Ok(());
        }
        let fate = match self.rng.random_range(0..10) {
            _ if self.calm => PostFate::Taken,
            0 => PostFate::AnswerLost,
            1 | 2 => PostFate::Lost,
            _ => PostFate::Taken,
        };
        let late = fate == PostFate::Lost && self.rng.random();
        if late {
            self.late.push((self.now + self.rng.random_range(1..5_000), at, node, cells.clone()));
        }
        if late || fate != PostFate::Lost {
            self.arrive(node, &cells)?;
        }
        let astray = self.relays[at].leads_astray(node);
        let note = self.relays[at].post(node, &cells, fate, self.now);
        match fate {
            PostFate::Taken if self.relays[at].steady && !astray => {
                self.receipted.extend(cells.iter().map(|cell| (at, cell.leaf_hash())));
            }
            PostFate::Taken => {}
            PostFate::AnswerLost => self.tally.note("answer lost"),
            _ => self.tally.note("post lost"),
        }
        let done = self.attempt(node, |world| world.nodes[node].take_receipt(at, &lines, &cells, note))?;
        match done {
            Err(stop @ Stop::Receipt(_)) => Err(Broken::FalseAlarm { node, relay: at, stop: Box::new(stop) }),
            _ => Ok(()),
        }
    }

    /// What comes out of a machine is out for ever: two bodies at one place are a fork, and the same entry in two cells
    /// shows a relay that they belong together.
    pub(super) fn arrive(&mut self, node: usize, cells: &[Cell]) -> Result<(), Broken> {
        let batches: BTreeSet<usize> =
            cells.iter().filter_map(|cell| self.truth.get(&cell.leaf_hash()).copied()).collect();
        for batch in batches {
            for (entry, door) in &self.batches[batch].carried {
                let (author, seq) = (entry.body().author, entry.body().seq);
                if *self.exposed.entry((author, seq)).or_insert(entry.id()) != entry.id()
                    && !self.put_back.may_fork(author)
                {
                    return Err(Broken::Equivocation { author, seq });
                }
                let first = *self.sealed_as.entry((node, entry.id(), *door)).or_insert(batch);
                let forgetful = matches!(self.without, Some(Defence::OldCopies | Defence::SaveFirst));
                if first != batch && !forgetful && !self.put_back.happened_to(node) {
                    return Err(Broken::SealedTwice { node, entry: entry.id() });
                }
            }
        }
        Ok(())
    }

    pub(super) fn visit(&mut self, node: usize, at: usize) -> Result<(), Broken> {
        if !self.relays[at].is_up(self.now) {
            return Ok(());
        }
        let hearing = match self.rng.random_range(0..8) {
            _ if self.calm => Hearing::GOOD,
            0 => Hearing { answers: Some(self.rng.random_range(0..5)), behind: 0 },
            1 => Hearing { answers: None, behind: self.rng.random_range(1..4) },
            _ => Hearing::GOOD,
        };
        let mut visited = Visited::default();
        let done = self.attempt(node, |world| {
            world.nodes[node].visit(at, &mut world.relays[at], hearing, &mut world.rng, &mut visited)
        })?;
        self.learn(node, at, done, &visited)?;
        self.join(node)?;
        // Crashes come where they hurt.
        if self.crashes && self.nodes[node].has_parts() {
            self.tally.note("crash amid parts");
            self.crash_idle(node)?;
        }
        Ok(())
    }

    pub(super) fn listen(&mut self, node: usize, at: usize) -> Result<(), Broken> {
        if !self.relays[at].is_up(self.now) {
            return Ok(());
        }
        let mut visited = Visited::default();
        let done = self.attempt(node, |world| world.nodes[node].listen(at, &world.relays[at], &mut visited))?;
        if done.is_ok() {
            self.tally.note("stream");
        }
        self.learn(node, at, done, &visited)
    }
}
