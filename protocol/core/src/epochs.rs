//! Epochs of everyone: which one seals what is written now, who makes the next, who is still to be handed it
//! (docs/protocol/03-keys.md, "Coverage").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use crate::authority::{KnownEpoch, Presence, package_tag, readers_hash};
use crate::crypto::Seed;
use crate::devices::Device;
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, EpochId, RoleId};
use crate::keys::{CellKey, EpochSecret};
use crate::limits::{MAX_DEVICES, MAX_READERS};
use crate::op::{Op, RoleEpoch, Seal};
use crate::replica::Replica;

/// Who may read.
struct Readers {
    /// Devices that may now.
    now: BTreeSet<AuthorId>,
    /// The entries by which those came who may not any more.
    gone: BTreeSet<EntryId>,
}

impl Replica {
    /// The epoch that seals what is written now (K4): of those that count and are held, and that nobody can know who may not read
    /// now, the one of the senior author; then the least deep.
    #[must_use]
    pub fn usable_epoch(&self) -> Option<&EpochSecret> {
        let readers = self.readers();
        let counting = self.counting_epochs().filter(|(id, _)| self.epochs.contains_key(id));
        let covered = counting.filter(|(id, _)| self.is_covered(**id, &readers));
        let first = covered.min_by_key(|(_, known)| self.epoch_rank(known));
        first.and_then(|(id, _)| self.epochs.get(id))
    }

    /// Whether a new epoch is wanted: somebody who may know those there are may not read any more. Whoever holds none waits for
    /// a welcome instead.
    #[must_use]
    pub fn needs_epoch(&self) -> bool {
        let readers = self.readers();
        self.is_here()
            && self.counting_epochs().any(|(id, _)| self.epochs.contains_key(id))
            && !self.counting_epochs().any(|(id, _)| self.is_covered(*id, &readers))
    }

    /// Makes the next epoch, for all devices that read in the past of its entry; nothing from a device that may not sign.
    #[must_use]
    pub fn rotate(&self, now_seconds: u64, seed: &mut Seed) -> Option<Entry> {
        self.writer().ok()?;
        let by = self.my_grant()?;
        let secret = EpochSecret::new(seed.draw());
        let parents: Vec<EpochId> = self.newest_epochs().into_iter().take(MAX_READERS).collect();
        let backlinks = parents
            .iter()
            .filter_map(|parent| self.epochs.get(parent))
            .map(|older| secret.link_back(self.pursuance, RoleId::EVERYONE, older, seed.draw()));
        let backlinks = backlinks.collect();
        // Readers are those in the past of the entry, which names only some heads where there are many.
        let bare = self.sign_next(Content::Public(vec![Op::Leave]), by, None, now_seconds);
        let packages = self.authority.packages_before(&self.logs, &bare);
        let ids: Vec<[u8; 32]> = packages.iter().map(|(id, _)| *id).collect();
        let seals = packages.iter().map(|(id, package)| {
            let sealed = secret.seal_to(self.pursuance, RoleId::EVERYONE, package).ok()?;
            Some(Seal { tag: package_tag(id), sealed })
        });
        let op = Op::RoleEpoch(RoleEpoch {
            role: RoleId::EVERYONE,
            epoch: secret.id(),
            parents,
            readers: readers_hash(&ids),
            seals: seals.collect::<Option<Vec<Seal>>>()?,
            backlinks,
        });
        Some(self.sign_next(Content::Public(vec![op]), by, None, now_seconds))
    }

    /// Keys under which a cell of this own entry is to be read: by everybody who may read it, those too who do not know of the
    /// newest epoch yet. None while no epoch can be used.
    ///
    /// What introduces an epoch stands under each of its parents, and under itself for whoever is let in later. What was said
    /// before it and has no cell yet stands under what was usable then: so whoever is removed can read that they are, and of two
    /// parents the one that somebody knows whose removal the entry knows of is not used. A welcome may be for somebody who lags.
    #[must_use]
    pub fn cell_keys_for(&self, entry: &Entry) -> Vec<CellKey> {
        let parting = || {
            if self.is_here() && !self.is_overtaken() {
                None
            } else {
                self.usable_before(entry).or(self.youngest_epoch())
            }
        };
        let Some(usable) = self.usable_epoch().or_else(parting) else { return Vec::new() };
        let keys = |ids: &BTreeSet<EpochId>| -> Vec<CellKey> {
            ids.iter().filter_map(|id| self.epochs.get(id)).map(EpochSecret::cell_key).collect()
        };
        let ops = match &entry.body().content {
            Content::Public(ops) => &ops[..],
            Content::Role(_) => &[],
        };
        let made = ops.iter().find_map(|op| if let Op::RoleEpoch(made) = op { Some(made) } else { None });
        if let Some(made) = made {
            return keys(&made.parents.iter().copied().chain([made.epoch]).collect());
        }
        let later = self.introductions(usable.id()).any(|(intro, _)| self.logs.in_past(entry.id(), intro));
        let then = if later { self.usable_before(entry) } else { None };
        let mut under = BTreeSet::from([then.unwrap_or(usable).id()]);
        if ops.iter().any(|op| matches!(op, Op::Welcome(_))) {
            under.extend(self.parents_of(usable.id()).collect::<Vec<_>>());
        }
        keys(&under)
    }

    /// Devices that read everyone's epochs by right and cannot come to one of them, as far as is known here: to be welcomed; further
    /// devices of those who were let in come last.
    ///
    /// Once as many have been welcomed by one invite as it says, the rest is left to a person's decision: whoever holds a
    /// used link could otherwise let in any number, by naming none of those who came before.
    pub fn unwelcomed(&mut self) -> Vec<AuthorId> {
        let Some(epoch) = self.usable_epoch().map(EpochSecret::id) else { return Vec::new() };
        let older: Vec<EpochId> = self.held_epochs().filter(|older| *older != epoch).collect();
        let mut waiting: Vec<(u32, EntryId, Option<GrantRef>, AuthorId)> = Vec::new();
        let mut welcomed: BTreeMap<GrantRef, usize> = BTreeMap::new();
        let mut further = Vec::new();
        let mut handed = core::mem::take(&mut self.handed);
        for (id, member) in self.authority.present() {
            let (mut lacking, mut late) = (Vec::new(), Vec::new());
            for (author, device) in &member.devices {
                let known = |epoch: &EpochId| handed.contains(&(*epoch, *author));
                if !known(&epoch) || !older.iter().all(known) {
                    handed.extend(self.reachable(*author, device).into_iter().map(|epoch| (epoch, *author)));
                }
                let has = |epoch: &EpochId| handed.contains(&(*epoch, *author));
                if !has(&epoch) {
                    lacking.push(*author);
                } else if !older.iter().all(has) {
                    // Written by those who did not know of them.
                    late.push(*author);
                }
            }
            further.append(&mut late);
            if lacking.len() < member.devices.len() {
                // Who was let in is let in with all devices, as far as there may be so many.
                lacking.truncate(MAX_DEVICES.saturating_sub(member.devices.len() - lacking.len()));
                further.append(&mut lacking);
                if let Some(by) = member.invite {
                    *welcomed.entry(by).or_default() += 1;
                }
            } else if self.knew_before(&member.devices) {
                // Let in before, and left out only because two things happened at once.
                further.append(&mut lacking);
            } else {
                let entry = EntryId(id.0);
                waiting.push((self.logs.depth(entry).unwrap_or(0), entry, member.invite, member.author));
            }
        }
        self.handed = handed;
        waiting.sort_unstable();
        let mut due = Vec::new();
        for (_, _, invite, author) in waiting {
            let Some(by) = invite else { continue };
            let used = welcomed.entry(by).or_default();
            let uses = self.authority.invites().get(&by).map_or(0, |open| usize::from(open.invite.uses));
            if *used < uses {
                *used += 1;
                due.push(author);
            }
        }
        due.append(&mut further);
        due
    }

    /// Older secrets that an epoch brings along for whoever holds it (K9). They can be opened before the entry can be judged.
    pub(crate) fn linked_back(&self, op: &Op) -> Vec<EpochSecret> {
        let Op::RoleEpoch(made) = op else { return Vec::new() };
        let Some(secret) = self.epochs.get(&made.epoch) else { return Vec::new() };
        let unknown = made.backlinks.iter().filter(|link| !self.epochs.contains_key(&link.parent));
        unknown.filter_map(|link| secret.open_back(self.pursuance, made.role, link).ok()).collect()
    }

    /// Whether I hold a role, with this device.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.me().is_some() && self.absence().is_none()
    }

    /// The rank of my senior role; the last one, if I hold none.
    #[must_use]
    pub fn my_rank(&self) -> u8 {
        let me = self.me().and_then(|me| self.authority.members().get(&me));
        me.filter(|me| me.presence == Presence::Here).map_or(u8::MAX, |me| me.key.rank)
    }

    /// Epochs of everyone that count.
    fn counting_epochs(&self) -> impl Iterator<Item = (&EpochId, &KnownEpoch)> {
        self.authority.epochs().iter().filter(|(_, known)| known.role == RoleId::EVERYONE && known.counts)
    }

    /// Who may read now, and who came and may not.
    fn readers(&self) -> Readers {
        let now: BTreeSet<AuthorId> =
            self.authority.present().flat_map(|(_, member)| member.devices.keys().copied()).collect();
        let gone = self.authority.arrivals().filter(|(author, _)| !now.contains(author));
        Readers { gone: gone.flat_map(|(_, came_by)| came_by).collect(), now }
    }

    /// Coverage: whether everybody who can know an epoch may read now. Whoever knows a later one knows those that it follows. Whoever
    /// came unknown to the one who made it may be handed it this moment, by somebody who does not know yet that they went.
    fn is_covered(&self, epoch: EpochId, readers: &Readers) -> bool {
        let mut later = vec![epoch];
        let mut seen = BTreeSet::new();
        while let Some(id) = later.pop() {
            if !seen.insert(id) {
                continue;
            }
            let sealed = self.introductions(id).flat_map(|(_, made)| &made.seals);
            // A package that several published is one person's, who reads if any of them does.
            let all_read =
                { sealed }.all(|seal| self.authority.devices_with(seal.tag).any(|to| readers.now.contains(&to)));
            let made_by = self.introductions(id).filter_map(|(intro, _)| Some(self.logs.entry(intro)?.body().author));
            if !all_read || !made_by.chain(self.authority.handed(id)).all(|author| readers.now.contains(&author)) {
                return false;
            }
            let knows = |intro| readers.gone.iter().all(|came| self.logs.in_past(*came, intro));
            if !self.introductions(id).all(|(intro, _)| knows(intro)) {
                return false;
            }
            later.extend(self.authority.epochs_after(id).filter(|later| self.follows(*later, id)));
        }
        true
    }

    /// Whether whoever made an epoch that names another as its parent can have held that. Of somebody whose acts are held this is
    /// not believed: whoever is out sees the ids of epochs, and would have everybody make one more for each.
    fn follows(&self, later: EpochId, epoch: EpochId) -> bool {
        self.authority.epochs().get(&later).is_some_and(|known| known.counts)
            || self
                .introductions(later)
                .any(|(intro, _)| self.introductions(epoch).any(|(parent, _)| self.logs.in_past(parent, intro)))
    }

    /// The epoch that an own entry may stand under by what its author knew when they said it: nobody can know it of whom they knew
    /// that they went. Who came later is no reason against it. It need not count any more: so says its last words who is out. All
    /// who are here hold it, or one that leads back to it.
    fn usable_before(&self, said: &Entry) -> Option<&EpochSecret> {
        let packages = self.authority.packages_before(&self.logs, said);
        let tags = packages.iter().map(|(id, _)| package_tag(id));
        let then: BTreeSet<AuthorId> = tags.flat_map(|tag| self.authority.devices_with(tag)).collect();
        let known = |came_by: &EntryId| self.logs.in_past(*came_by, said.id());
        let out: BTreeMap<AuthorId, Vec<EntryId>> =
            self.authority.arrivals().filter(|(author, by)| !then.contains(author) && by.iter().all(known)).collect();
        let now = self.authority.devices().filter(|author| !out.contains_key(author)).collect();
        let readers = Readers { gone: out.into_values().flatten().collect(), now };
        let held = self.authority.epochs().iter().filter(|(id, _)| self.epochs.contains_key(id));
        let covered = held.filter(|(id, _)| self.is_covered(**id, &readers));
        let (id, _) = covered.min_by_key(|(_, known)| self.epoch_rank(known))?;
        self.epochs.get(id)
    }

    fn youngest_epoch(&self) -> Option<&EpochSecret> {
        let held = self.counting_epochs().filter(|(id, _)| self.epochs.contains_key(id));
        let (id, _) = held.max_by_key(|(_, known)| known.entries.first())?;
        self.epochs.get(id)
    }

    /// Entries that introduce an epoch: those that count, or all, where none does.
    fn introductions(&self, epoch: EpochId) -> impl Iterator<Item = (EntryId, &RoleEpoch)> {
        let entries = self.authority.epochs().get(&epoch).into_iter().flat_map(|known| &known.entries);
        entries.filter_map(move |(_, id)| match &self.logs.entry(*id)?.body().content {
            Content::Public(ops) => ops.iter().find_map(|op| match op {
                Op::RoleEpoch(made) if made.epoch == epoch => Some((*id, made)),
                _ => None,
            }),
            Content::Role(_) => None,
        })
    }

    fn parents_of(&self, epoch: EpochId) -> impl Iterator<Item = EpochId> {
        self.introductions(epoch).flat_map(|(_, made)| made.parents.iter().copied())
    }

    /// Epochs that none that is held follows, ascending.
    fn newest_epochs(&self) -> BTreeSet<EpochId> {
        let all = self.authority.epochs().iter().filter(|(_, known)| known.role == RoleId::EVERYONE);
        let all: BTreeSet<EpochId> = all.map(|(id, _)| *id).collect();
        // One that is not held may be held by nobody.
        let held = all.iter().filter(|id| self.epochs.contains_key(id));
        let followed: BTreeSet<EpochId> = held.flat_map(|id| self.parents_of(*id)).collect();
        all.difference(&followed).copied().collect()
    }

    fn epoch_rank(&self, known: &KnownEpoch) -> impl Ord + use<'_> {
        let place = known.entries.first().copied();
        let member =
            place.and_then(|(_, entry)| self.logs.entry(entry)).and_then(|entry| self.authority.speaker(entry));
        (member.and_then(|member| self.authority.seniority(member)), place)
    }

    /// Whether one of these devices was handed some epoch before.
    fn knew_before(&self, devices: &BTreeMap<AuthorId, Device>) -> bool {
        self.authority.epochs().keys().any(|epoch| {
            let sealed = self.introductions(*epoch).flat_map(|(_, made)| &made.seals);
            let mut sealed_to = sealed.flat_map(|seal| self.authority.devices_with(seal.tag));
            sealed_to.any(|to| devices.contains_key(&to))
                || self.authority.handed(*epoch).any(|to| devices.contains_key(&to))
        })
    }

    /// The epoch that a device is to be handed: the usable one, or another in which something was written that it cannot read.
    pub(crate) fn wanted_by(&self, to: AuthorId) -> Option<&EpochSecret> {
        let usable = self.usable_epoch()?;
        let device = self.authority.present().find_map(|(_, member)| member.devices.get(&to));
        let reached = device.map(|device| self.reachable(to, device));
        let lacks = |epoch: &EpochId| reached.as_ref().is_some_and(|reached| !reached.contains(epoch));
        if lacks(&usable.id()) {
            return Some(usable);
        }
        self.held_epochs().find(lacks).and_then(|id| self.epochs.get(&id)).or(Some(usable))
    }

    /// Whether a device of a member was not handed the usable epoch.
    pub(crate) fn lacks_epoch(&self, author: AuthorId) -> bool {
        let Some(usable) = self.usable_epoch().map(EpochSecret::id) else { return false };
        let device = self.authority.present().find_map(|(_, member)| member.devices.get(&author));
        device.is_some_and(|device| !self.reachable(author, device).contains(&usable))
    }

    /// Epochs of everyone that are held.
    fn held_epochs(&self) -> impl Iterator<Item = EpochId> + '_ {
        let everyone = self.authority.epochs().iter().filter(|(_, known)| known.role == RoleId::EVERYONE);
        everyone.map(|(id, _)| *id).filter(|id| self.epochs.contains_key(id))
    }

    /// Epochs that a device can come to by what it was handed. A seal in the entry that introduces an epoch is of use only to whoever
    /// can read that entry, which stands under its parents (K12); a later epoch leads back to those before it (K9).
    ///
    /// A list, not recursion: anybody can make a long row of epochs.
    fn reachable(&self, author: AuthorId, device: &Device) -> BTreeSet<EpochId> {
        let begins = |epoch: &EpochId| {
            let given = |sealed: &[u8]| self.is_seal_to(*epoch, device, sealed);
            self.authority.welcomes(*epoch, author).any(|welcome| given(&welcome.sealed))
                || self.introductions(*epoch).any(|(intro, made)| {
                    let own = self.logs.entry(intro).is_some_and(|entry| entry.body().author == author);
                    (own || made.parents.is_empty()) && self.is_sealed_in(made, device)
                })
        };
        // It stands under those parents that its author held, and links back to them.
        let leads_to = |made: &RoleEpoch, epoch| made.backlinks.iter().any(|link| link.parent == epoch);
        let mut open: Vec<EpochId> = self.authority.epochs().keys().filter(|epoch| begins(epoch)).copied().collect();
        let mut reached = BTreeSet::new();
        while let Some(epoch) = open.pop() {
            if reached.insert(epoch) {
                open.extend(self.leads_back(epoch));
                let later = self.authority.epochs_after(epoch).filter(|later| !reached.contains(later));
                open.extend(later.filter(|later| {
                    self.introductions(*later).any(|(_, made)| leads_to(made, epoch) && self.is_sealed_in(made, device))
                }));
            }
        }
        reached
    }

    /// Epochs whose secrets an epoch brings along; what cannot be held against it is believed.
    fn leads_back(&self, epoch: EpochId) -> impl Iterator<Item = EpochId> {
        let links = self.introductions(epoch).flat_map(|(_, made)| made.backlinks.iter().map(|link| (made.role, link)));
        let true_ones = links.filter(move |(role, link)| {
            self.epochs.get(&epoch).is_none_or(|secret| secret.open_back(self.pursuance, *role, link).is_ok())
        });
        true_ones.map(|(_, link)| link.parent)
    }

    fn is_sealed_in(&self, made: &RoleEpoch, device: &Device) -> bool {
        device.packages.iter().any(|held| {
            let tag = package_tag(&held.package.id());
            made.seals.iter().any(|seal| seal.tag == tag && self.is_seal_to(made.epoch, device, &seal.sealed))
        })
    }

    /// Whether a seal is the one that is made for this device (K2). The secret of an epoch that is not held makes none to compare with:
    /// then a seal is taken for a seal.
    fn is_seal_to(&self, epoch: EpochId, device: &Device, sealed: &[u8]) -> bool {
        let Some(secret) = self.epochs.get(&epoch) else { return true };
        device.packages.iter().any(|held| {
            let expected = secret.seal_to(self.pursuance, RoleId::EVERYONE, &held.package);
            expected.is_ok_and(|expected| expected[..] == *sealed)
        })
    }
}
