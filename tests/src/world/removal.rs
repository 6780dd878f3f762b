//! Who goes, which epochs follow, and what must be true of those who are out (docs/protocol/03-keys.md, "Coverage").
//!
//! - Members who are here and hold the same write under the same epoch.
//! - Whoever is out reads nothing that was sealed by somebody who knew it, whatever cells and secrets they were given: but that
//!   they are out and what came before that, new epochs, joins and welcomes, the last words of others who are out, and what
//!   the maker of an epoch had said before they knew and had not sent yet.
//! - What they wrote outside of the removal's past has no effect.
//! - One device makes at most one epoch for each who went, for each copy from which it lived on.

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::authority::{Presence, package_tag};
use pursuance_core::cell::{CellContent, open_cell};
use pursuance_core::command::Command;
use pursuance_core::entry::{Content, Entry, UnverifiedEntry};
use pursuance_core::founding::ORGANISER;
use pursuance_core::fragment::{Assembly, Fragments};
use pursuance_core::id::{AuthorId, EntryId, EpochId, MemberId, PursuanceId};
use pursuance_core::keys::{CellKey, DeviceKeys, EpochSecret};
use pursuance_core::logs::Standing;
use pursuance_core::op::{Op, RoleEpoch};
use pursuance_core::replica::Replica;
use pursuance_wire::Cell;
use rand::RngExt;

use super::disk::Door;
use super::node::{Sealed, introduced, is_join};
use super::{Broken, Course, Defence, World};

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
        if self.course != Course::Removals {
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
        let waits = self.course == Course::Removals && self.nodes[node].wants_epoch();
        Ok(!waits || self.without == Some(Defence::CompletesEpochs))
    }

    /// Makes the epoch that is wanted: before writing, or after a while because nobody else has.
    pub(super) fn epoch_at_last(&mut self, node: usize) -> Result<(), Broken> {
        if self.without == Some(Defence::CompletesEpochs) { Ok(()) } else { self.make_epoch(node) }
    }

    fn make_epoch(&mut self, node: usize) -> Result<(), Broken> {
        if self.course != Course::Removals || !self.may_write(node) {
            return Ok(());
        }
        let Some(entry) = self.nodes[node].next_epoch(self.now, &mut self.rng) else { return Ok(()) };
        if self.attempt(node, |world| world.nodes[node].commit_epoch(entry))?.is_ok() {
            self.tally.note("epoch");
        } else {
            self.tally.note("crash at an epoch");
        }
        Ok(())
    }

    /// Takes down who was known to have gone when these were sealed, if it was saved.
    pub(super) fn note_sealed(&mut self, node: usize, sealed: &Sealed) {
        if self.course != Course::Removals {
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
        if self.course == Course::Removals {
            self.removals.secrets.entry(node).or_default().extend(&self.nodes[node].disk.epochs);
        }
    }

    pub(super) fn note_put_back(&mut self, node: usize) {
        *self.removals.put_back.entry(node).or_default() += 1;
    }

    /// Whether all members together know that a device's member does not belong to its group any more.
    pub(super) fn has_gone(&self, author: AuthorId) -> bool {
        self.removals.together.values().any(|together| {
            let authority = together.authority();
            authority.member_of(author).is_some_and(|id| authority.members()[&id].presence != Presence::Here)
        })
    }

    /// Sorts out who has gone: of the members those who have not heard of it, and of the others all.
    pub(super) fn who_is_in(
        &mut self,
        group: usize,
        mut members: Vec<usize>,
        mut others: Vec<usize>,
    ) -> (Vec<usize>, Vec<usize>) {
        if self.course != Course::Removals {
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
        let went = kept().filter(|entry| departs(entry) || void(entry)).count();
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
            // Who is out says the rest under what they hold; who makes an epoch, under what was usable then.
            let goes = |last: &Entry| {
                let (last, body) = (last.body(), entry.body());
                last.author == body.author && last.seq >= body.seq && last.content == Content::Public(vec![Op::Leave])
            };
            let gone = self.has_gone(entry.body().author) || logs.iter().any(goes);
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

/// Reads as far as secrets lead, in no order, and asks nobody whether it counts.
struct Outsider {
    pursuance: PursuanceId,
    device: DeviceKeys,
    cells: Vec<Cell>,
    invites: Vec<CellKey>,
    secrets: BTreeMap<EpochId, EpochSecret>,
    entries: BTreeMap<EntryId, Entry>,
}

impl Outsider {
    fn read(mut self) -> Vec<Entry> {
        let mut fragments: BTreeMap<Door, Fragments> = BTreeMap::new();
        let mut tried: BTreeSet<Door> = BTreeSet::new();
        loop {
            let keys = self.secrets.values().map(EpochSecret::cell_key).chain(self.invites.iter().cloned());
            let keys: Vec<CellKey> = keys.filter(|key| tried.insert(*key.id())).collect();
            if keys.is_empty() {
                return self.entries.into_values().collect();
            }
            let mut found = Vec::new();
            self.cells.retain(|cell| {
                let Some((door, content)) = keys.iter().find_map(|key| Some((*key.id(), open_cell(key, cell)?))) else {
                    return true;
                };
                match content {
                    CellContent::Entries(entries) => {
                        found.extend(entries.iter().filter_map(|bytes| UnverifiedEntry::decode(bytes).ok()));
                    }
                    CellContent::Fragment(part) => {
                        if let Assembly::Whole(entry) = fragments.entry(door).or_default().insert(part) {
                            found.push(*entry);
                        }
                    }
                }
                false
            });
            for entry in found.into_iter().filter_map(|entry| entry.verify(self.pursuance).ok()) {
                self.entries.insert(entry.id(), entry);
            }
            while self.follow() {}
        }
    }

    /// Takes what is sealed to it, or follows backlinks, in everything read; whether that brought anything.
    fn follow(&mut self) -> bool {
        let me = self.device.author();
        let mine = package_tag(&self.device.key_package().id());
        let mut found = Vec::new();
        let open =
            |role, epoch, sealed: &[u8]| EpochSecret::open_seal(self.pursuance, role, epoch, &self.device, sealed).ok();
        for op in self.entries.values().flat_map(public) {
            match op {
                Op::RoleEpoch(RoleEpoch { role, epoch, seals, backlinks, .. }) => {
                    match self.secrets.get(epoch) {
                        Some(secret) => {
                            let links = backlinks.iter().filter(|link| !self.secrets.contains_key(&link.parent));
                            found.extend(links.filter_map(|link| secret.open_back(self.pursuance, *role, link).ok()));
                        }
                        None => {
                            let seals = seals.iter().filter(|seal| seal.tag == mine);
                            found.extend(seals.filter_map(|seal| open(*role, *epoch, &seal.sealed)));
                        }
                    };
                }
                Op::Welcome(welcome) if welcome.to == me && !self.secrets.contains_key(&welcome.epoch) => {
                    found.extend(open(welcome.role, welcome.epoch, &welcome.sealed));
                }
                Op::Invite(invite) => {
                    let key = CellKey::of_invite(&invite.cell_secret);
                    if !self.invites.contains(&key) {
                        self.invites.push(key);
                    }
                }
                _ => {}
            }
        }
        let before = self.secrets.len();
        self.secrets.extend(found.into_iter().map(|secret| (secret.id(), secret)));
        self.secrets.len() > before
    }
}

fn public(entry: &Entry) -> std::slice::Iter<'_, Op> {
    match &entry.body().content {
        Content::Public(ops) => ops.iter(),
        Content::Role(_) => [].iter(),
    }
}

/// Whether it says that somebody goes.
fn departs(entry: &Entry) -> bool {
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
