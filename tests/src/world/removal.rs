//! Who goes, which epochs follow, and what must be true of those who are out (docs/protocol/03-keys.md, "Coverage").
//!
//! - Members who are here and hold the same write under the same epoch.
//! - Whoever is out reads nothing that was sealed by somebody who knew it, whatever cells and secrets they were given: but that
//!   they are out and what came before that, new epochs, joins and welcomes, the last words of others who are out or overtaken,
//!   and what the maker of an epoch had said before they knew and had not sent yet.
//! - What they wrote outside of the removal's past has no effect.
//! - One device makes at most one epoch for each who went, for each copy from which it lived on.

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::authority::Presence;
use pursuance_core::command::Command;
use pursuance_core::entry::{Content, Entry};
use pursuance_core::founding::ORGANISER;
use pursuance_core::id::{AuthorId, EntryId, MemberId};
use pursuance_core::keys::{CellKey, DeviceKeys, EpochSecret};
use pursuance_core::logs::Standing;
use pursuance_core::op::Op;
use pursuance_core::replica::Replica;
use pursuance_wire::Cell;
use rand::RngExt;

use super::node::{Sealed, introduced, is_join};
use super::outsider::{Outsider, public};
use super::{Broken, Defence, World};

/// Most members of a group who are removed or go.
const MAX_DEPARTURES: usize = 5;

/// Most epochs that one device makes for each who went.
const MAX_EPOCHS_PER_DEPARTURE: usize = 1;

/// What is known of removals from outside.
#[derive(Default)]
pub struct Removals {
    /// What was known when an entry was first sealed.
    knew: BTreeMap<EntryId, Knew>,
    /// All epoch secrets that were ever on a node's disk.
    secrets: BTreeMap<usize, BTreeSet<[u8; 32]>>,
    /// Copies from which a node lived on.
    put_back: BTreeMap<usize, usize>,
    /// What all members of a group together know in the end.
    together: BTreeMap<usize, Replica>,
}

impl Removals {
    /// All epoch secrets that were ever on a node's disk.
    pub(super) fn secrets_of(&self, node: usize) -> impl Iterator<Item = [u8; 32]> + '_ {
        self.secrets.get(&node).into_iter().flatten().copied()
    }
}

/// Who was known to have gone.
struct Knew {
    departures: BTreeSet<EntryId>,
    /// Who held no role any more. Somebody who went may have been given one by whoever did not know it.
    out: BTreeSet<MemberId>,
}

impl World {
    /// Governs, where it is that course and somebody wants to; whether they did.
    pub(super) fn govern(&mut self, node: usize) -> Result<bool, Broken> {
        // Some wait longer than others.
        if !self.course.has_removals() {
            return Ok(false);
        }
        if self.chance(12) {
            self.epoch_at_last(node)?;
        }
        if !self.chance(4) || !self.may_write(node) || !self.nodes[node].memory.replica.is_member() {
            return Ok(false);
        }
        if !self.is_ready(node)? {
            return Ok(false);
        }
        let group = self.group_of(node);
        if self.has_desks(group) {
            return self.govern_desks(node);
        }
        let replica = &self.nodes[node].memory.replica;
        let me = replica.me();
        let others = replica.authority().present().map(|(id, _)| id).filter(|id| Some(*id) != me);
        let others: Vec<MemberId> = others.collect();
        if others.is_empty() {
            return Ok(false);
        }
        let member = others[self.rng.random_range(0..others.len())];
        let gone = self.kept.values().filter(|(of, entry)| *of == group && departs(entry)).count();
        let command = match self.rng.random_range(0..8) {
            0..=2 => Command::Grant { member, role: ORGANISER },
            _ if gone >= MAX_DEPARTURES => return Ok(false),
            3 => Command::Leave,
            _ => Command::RemoveMember { member, roles: Vec::new() },
        };
        let Ok(authored) = self.nodes[node].command(&command, self.now, &mut self.rng) else { return Ok(false) };
        self.tally.note(match command {
            Command::Grant { .. } => "grant",
            Command::Leave => "leave",
            _ => "removal",
        });
        self.say(node, authored, None)?;
        // At once, or something comes in between: a crash, another's epoch, nothing at all.
        if self.rng.random() && self.without != Some(Defence::CompletesEpochs) {
            self.make_epoch(node)?;
        }
        Ok(true)
    }

    /// Makes the epoch that is wanted before something is written; whether nothing is in the way of writing any more.
    pub(super) fn is_ready(&mut self, node: usize) -> Result<bool, Broken> {
        self.epoch_at_last(node)?;
        let waits = self.course.has_removals() && self.nodes[node].wants_epoch();
        Ok(!waits || self.without == Some(Defence::CompletesEpochs))
    }

    /// Makes the epoch that is wanted: before writing, or after a while because nobody else has.
    pub(super) fn epoch_at_last(&mut self, node: usize) -> Result<(), Broken> {
        if self.without == Some(Defence::CompletesEpochs) { Ok(()) } else { self.make_epoch(node) }
    }

    fn make_epoch(&mut self, node: usize) -> Result<(), Broken> {
        if !self.course.has_removals() || !self.may_write(node) {
            return Ok(());
        }
        let Some(entry) = self.nodes[node].next_epoch(self.now, &mut self.rng) else { return Ok(()) };
        if self.attempt(node, |world| world.nodes[node].commit_epoch(entry))?.is_ok() {
            self.tally.note("epoch");
        } else {
            self.tally.note("crash at an epoch");
        }
        self.look(node);
        Ok(())
    }

    /// Takes down who was known to have gone when these were sealed, if it was saved.
    pub(super) fn note_sealed(&mut self, node: usize, sealed: &Sealed) {
        if !self.course.has_removals() {
            return;
        }
        let replica = &self.nodes[node].memory.replica;
        let knew = || Knew {
            departures: replica.logs().iter().filter(|entry| departs(entry)).map(Entry::id).collect(),
            out: {
                let members = replica.authority().members().iter();
                members.filter(|(_, member)| member.presence != Presence::Here).map(|(id, _)| *id).collect()
            },
        };
        for (entry, door) in &sealed.carried {
            if self.nodes[node].disk.cargo.contains(&(entry.id(), *door)) {
                self.removals.knew.entry(entry.id()).or_insert_with(knew);
            }
        }
    }

    pub(super) fn note_secrets(&mut self, node: usize) {
        if self.course.has_removals() {
            self.removals.secrets.entry(node).or_default().extend(&self.nodes[node].disk.epochs);
        }
    }

    pub(super) fn note_put_back(&mut self, node: usize) {
        *self.removals.put_back.entry(node).or_default() += 1;
    }

    /// What all members of a group know together.
    pub(super) fn known_together(&self, group: usize) -> Option<&Replica> {
        self.removals.together.get(&group)
    }

    /// Whether all members together know that a device's member does not belong to its group any more.
    pub(super) fn has_gone(&self, author: AuthorId) -> bool {
        self.removals.together.values().any(|together| {
            let authority = together.authority();
            authority.member_of(author).is_some_and(|id| authority.members()[&id].presence != Presence::Here)
        })
    }

    /// Whether a device makes no epoch any more: its member has gone, or it is overtaken.
    pub(super) fn is_silent(&self, author: AuthorId) -> bool {
        let is_it = |node: &&super::node::Node| node.memory.replica.device().author() == author;
        self.has_gone(author) || self.nodes.iter().find(is_it).is_some_and(super::node::Node::is_overtaken)
    }

    /// Sorts out who has gone: of the members those who have not heard of it, and of the others all.
    pub(super) fn who_is_in(
        &mut self,
        group: usize,
        mut members: Vec<usize>,
        mut others: Vec<usize>,
    ) -> (Vec<usize>, Vec<usize>) {
        if !self.course.has_removals() {
            return (members, others);
        }
        if members.is_empty() {
            self.tally.note("everybody has gone");
            return (members, Vec::new());
        }
        let mut together = Replica::new(self.groups[group].pursuance, DeviceKeys::from_seed(self.rng.random()));
        for node in &members {
            self.nodes[*node].memory.replica.logs().iter().for_each(|entry| {
                together.append(entry.clone());
            });
        }
        self.removals.together.insert(group, together);
        let author = |node: usize| self.nodes[node].memory.replica.device().author();
        let gone: BTreeSet<usize> =
            self.groups[group].nodes.iter().copied().filter(|node| self.has_gone(author(*node))).collect();
        for _ in members.iter().filter(|node| gone.contains(node)) {
            self.tally.note("has not heard that it is out");
        }
        for _ in others.iter().filter(|node| gone.contains(node)) {
            self.tally.note("out");
        }
        members.retain(|node| !gone.contains(node));
        others.retain(|node| !gone.contains(node));
        (members, others)
    }

    /// What removals promise, where it is that course.
    pub(super) fn check_removals(
        &mut self,
        group: usize,
        members: &[usize],
        lost: &BTreeSet<EntryId>,
    ) -> Result<(), Broken> {
        let Some(together) = self.removals.together.get(&group) else { return Ok(()) };
        for node in members {
            self.check_effects(*node)?;
        }
        for node in &self.groups[group].nodes {
            self.check_outsider(group, *node, together)?;
        }
        self.check_storm(group, together)?;
        self.check_epochs(members, lost)
    }

    /// Members write under one epoch.
    fn check_epochs(&self, members: &[usize], lost: &BTreeSet<EntryId>) -> Result<(), Broken> {
        let can_make = members.iter().any(|node| self.can_welcome(*node));
        let holds = |node: usize| -> Vec<bool> {
            let logs = self.nodes[node].memory.replica.logs();
            lost.iter().map(|id| logs.entry(*id).is_some()).collect()
        };
        let usable = |node: usize| self.nodes[node].memory.replica.usable_epoch().map(EpochSecret::id);
        for node in members {
            if can_make && usable(*node).is_none() && self.can_welcome(*node) {
                return Err(Broken::NoEpoch { node: *node });
            }
            let other = members.iter().find(|other| holds(**other) == holds(*node) && usable(**other) != usable(*node));
            if let Some(other) = other {
                return Err(Broken::OtherEpoch { node: *node, other: *other });
            }
        }
        Ok(())
    }

    /// Epochs are made because somebody went, and once by each.
    fn check_storm(&self, group: usize, together: &Replica) -> Result<(), Broken> {
        let kept = || self.kept.values().filter(|(of, _)| *of == group).map(|(_, entry)| entry);
        let void = |entry: &&Entry| {
            is_join(entry) && together.logs().standing(entry.id()).is_some_and(|now| now != Standing::Counts)
        };
        // Where roles are given and taken, so many a time.
        let moves = |entry: &&Entry| {
            self.has_desks(group) && public(entry).any(|op| matches!(op, Op::Grant(_) | Op::RevokeGrant(_)))
        };
        let went = kept().filter(|entry| departs(entry) || void(entry) || moves(entry)).count();
        for node in &self.groups[group].nodes {
            let author = self.nodes[*node].memory.replica.device().author();
            let next = |entry: &&Entry| introduced(entry).is_some_and(|made| !made.parents.is_empty());
            let made = kept().filter(next).filter(|entry| entry.body().author == author).count();
            let most = went * MAX_EPOCHS_PER_DEPARTURE * (1 + self.removals.put_back.get(node).copied().unwrap_or(0));
            if made > most {
                return Err(Broken::TooManyEpochs { node: *node, made, most });
            }
        }
        Ok(())
    }

    /// Nothing has an effect that somebody wrote who was removed at that time. Whoever was given another role meanwhile may hold
    /// that one all the same.
    fn check_effects(&self, node: usize) -> Result<(), Broken> {
        let replica = &self.nodes[node].memory.replica;
        let logs = replica.logs();
        for entry in logs.iter().filter(|entry| self.has_gone(entry.body().author)) {
            let Some(member) = replica.authority().speaker(entry) else { continue };
            let outside = departures(replica, member).into_iter().any(|departure| {
                let by = entry.body().by.map(|by| by.entry);
                departure != entry.id()
                    && !logs.in_past(entry.id(), departure)
                    && by.is_some_and(|by| logs.in_past(by, departure))
                    && logs.standing(departure) == Some(Standing::Counts)
            });
            if outside && logs.standing(entry.id()) == Some(Standing::Counts) {
                return Err(Broken::HasEffect { node, entry: entry.id() });
            }
        }
        Ok(())
    }

    /// Whoever is out reads nothing of what was sealed since that was known.
    fn check_outsider(&self, group: usize, node: usize, together: &Replica) -> Result<(), Broken> {
        let author = self.nodes[node].memory.replica.device().author();
        let Some(member) = together.authority().member_of(author).filter(|_| self.has_gone(author)) else {
            return Ok(());
        };
        let logs = together.logs();
        let departures = departures(together, member);
        let counts = |id: &EntryId| logs.standing(*id) == Some(Standing::Counts);
        let departures: Vec<EntryId> = departures.into_iter().filter(counts).collect();
        if departures.is_empty() {
            return Ok(());
        }
        for entry in self.outsider(group, node).read() {
            let id = entry.id();
            let Some(knew) = self.removals.knew.get(&id).filter(|knew| knew.out.contains(&member)) else { continue };
            if entry.body().author == author {
                continue;
            }
            let open = is_join(&entry) || public(&entry).any(|op| matches!(op, Op::RoleEpoch(_) | Op::Welcome(_)));
            // Who is out or overtaken makes no epoch any more, and says the rest under what they hold (K12); who makes an epoch, under
            // what was usable then.
            let goes = |last: &Entry| {
                let (last, body) = (last.body(), entry.body());
                last.author == body.author && last.seq >= body.seq && last.content == Content::Public(vec![Op::Leave])
            };
            let gone = self.is_silent(entry.body().author) || logs.iter().any(goes);
            let makes = |made: &Entry| {
                made.body().author == entry.body().author && introduced(made).is_some() && logs.in_past(id, made.id())
            };
            let before_an_epoch = gone || logs.iter().any(makes);
            let secret = departures.iter().any(|departure| {
                knew.departures.contains(departure)
                    && *departure != id
                    && !logs.in_past(id, *departure)
                    && (logs.in_past(*departure, id) || !before_an_epoch)
            });
            if secret && !open {
                return Err(Broken::ReadByOutsider { node, entry: id });
            }
        }
        Ok(())
    }

    /// Somebody with all cells that there are, and all secrets they ever held.
    fn outsider(&self, group: usize, node: usize) -> Outsider {
        let on_relays = self.relays.iter().flat_map(|relay| relay.log().cells());
        let on_disks = self.groups[group].nodes.iter().flat_map(|node| &self.nodes[*node].disk.cells);
        let cells: BTreeMap<_, &Cell> = on_relays.chain(on_disks).map(|cell| (cell.leaf_hash(), cell)).collect();
        let disk = &self.nodes[node].disk;
        let link = disk.link.iter().map(|link| CellKey::of_invite(&link.secret.cell_secret()));
        let secrets = self.removals.secrets.get(&node).into_iter().flatten();
        let secrets = secrets.map(|secret| EpochSecret::new(*secret)).map(|secret| (secret.id(), secret));
        Outsider {
            pursuance: self.groups[group].pursuance,
            device: DeviceKeys::from_seed(disk.device_seed),
            cells: cells.into_values().cloned().collect(),
            invites: link.collect(),
            secrets: secrets.collect(),
            entries: BTreeMap::new(),
        }
    }
}

/// Whether it says that somebody goes.
pub(super) fn departs(entry: &Entry) -> bool {
    public(entry).any(|op| matches!(op, Op::Remove(_) | Op::Leave))
}

/// Entries by which this member is to go.
fn departures(replica: &Replica, member: MemberId) -> Vec<EntryId> {
    let says = |entry: &&Entry| {
        public(entry).any(|op| match op {
            Op::Remove(remove) => remove.member == member,
            Op::Leave => replica.authority().speaker(entry) == Some(member),
            _ => false,
        })
    };
    replica.logs().iter().filter(says).map(Entry::id).collect()
}
