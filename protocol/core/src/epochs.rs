//! Epochs: which one seals what is written now, who makes the next
//! (docs/protocol/03-keys.md, "Coverage").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::authority::{KnownEpoch, Presence, package_tag, readers_hash};
use crate::crypto::Seed;
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, EpochId, MemberId, RoleId};
use crate::keys::{CellKey, EpochSecret};
use crate::limits::MAX_READERS;
use crate::op::{Backlink, Op, RoleEpoch, Seal};
use crate::plan::within;
use crate::refusal::Refusal;
use crate::replica::Replica;

/// After so long whoever may makes another epoch (K23).
pub const EPOCH_RENEWAL_SECONDS: u64 = 30 * 86_400;

/// How far ahead of this device's clock an epoch may claim to have been made, and be believed.
const CLOCK_OFF_SECONDS: u64 = 86_400;

/// Devices that epochs were sealed to, by the entry and the role: it is the same for ever.
pub(crate) type SealedThen = RefCell<BTreeMap<(EntryId, RoleId), Arc<BTreeSet<AuthorId>>>>;

/// Who may read.
struct Readers {
    /// Devices that may now.
    now: BTreeSet<AuthorId>,
    /// The entries by which those came who may not any more.
    gone: BTreeSet<EntryId>,
    /// Of a role with history since joining: members who may, with a device and a place.
    placed: BTreeSet<MemberId>,
}

impl Replica {
    /// The epoch that seals what is written now (K4): of those that count and are held, and that nobody can know who may not read
    /// now, and that no other of them follows, the one of the senior author; then the least deep.
    #[must_use]
    pub fn usable_epoch(&self) -> Option<&EpochSecret> {
        self.usable_epoch_of(RoleId::EVERYONE)
    }

    /// The same for what is said to a role.
    #[must_use]
    pub fn usable_epoch_of(&self, role: RoleId) -> Option<&EpochSecret> {
        let readers = self.readers(role);
        let counting = self.counting_epochs(role).filter(|(id, _)| self.epochs.contains_key(id));
        let covered = counting.filter(|(id, _)| self.is_covered(*id, role, &readers)).map(|(id, _)| id).collect();
        self.first_of(covered, role)
    }

    /// Whether what is said to a role is sealed with an epoch that is old by this device's clock, and it is for this device to make
    /// another (K23): so a leak that nobody noticed ends. Every device makes at most one of these in that time, whatever others claim.
    #[must_use]
    pub fn is_epoch_old(&self, role: RoleId, now_seconds: u64) -> bool {
        let Some(usable) = self.usable_epoch_of(role).map(EpochSecret::id) else { return false };
        let made = |author: Option<AuthorId>, epoch| {
            let entries = self.introductions(epoch, role).filter_map(|(intro, _)| self.logs.entry(intro));
            let entries = entries.filter(move |entry| author.is_none_or(|author| entry.body().author == author));
            entries.map(|entry| entry.body().claimed_seconds).max()
        };
        let is_old = made(None, usable).is_none_or(|claimed| {
            claimed > now_seconds.saturating_add(CLOCK_OFF_SECONDS)
                || now_seconds.saturating_sub(claimed) >= EPOCH_RENEWAL_SECONDS
        });
        let me = self.device.author();
        is_old && self.reading_grant(role).is_some() && { self.epochs_of(role) }
            .filter_map(|(id, _)| made(Some(me), id))
            .all(|mine| now_seconds.abs_diff(mine) >= EPOCH_RENEWAL_SECONDS)
    }

    /// Of some epochs that are held, the one to write with: one whose seals are all true (K24), that none other of these follows; then the
    /// senior author's; then the least deep, and of the least id.
    ///
    /// Seals are made again only of those that none follows: what a true one follows is not written with in any case.
    fn first_of(&self, mut some: BTreeSet<EpochId>, role: RoleId) -> Option<&EpochSecret> {
        loop {
            let last = self.last_of(&some, role);
            let (true_ones, false_ones): (Vec<EpochId>, Vec<EpochId>) =
                last.into_iter().partition(|id| self.is_true(*id, role));
            if false_ones.is_empty() {
                let known = |id: &EpochId| self.authority.epochs().get(&(*id, role));
                let first = { true_ones }.into_iter().min_by_key(|id| known(id).map(|known| self.epoch_rank(known)));
                return first.and_then(|id| self.epochs.get(&id));
            }
            some.retain(|id| !false_ones.contains(id));
        }
    }

    /// Of some epochs, those that none other of them follows.
    fn last_of(&self, some: &BTreeSet<EpochId>, role: RoleId) -> Vec<EpochId> {
        let made = |id| self.introductions(id, role).map(|(intro, _)| intro);
        // What names as its parent an epoch that is not there yet does not follow it: so of any there are, one is the last.
        let knew = |later, id: EpochId| made(later).any(|later| made(id).any(|intro| self.logs.in_past(intro, later)));
        let is_last = |id: &&EpochId| {
            !self.followers(**id, role).any(|later| some.contains(&later) && later != **id && knew(later, **id))
        };
        let last: Vec<EpochId> = some.iter().filter(is_last).copied().collect();
        // Only two who each introduce both epochs of the other can make a circle; then it is any of them.
        if last.is_empty() { some.first().copied().into_iter().collect() } else { last }
    }

    /// An epoch, and all that follow it.
    fn followers(&self, epoch: EpochId, role: RoleId) -> impl Iterator<Item = EpochId> {
        let (mut open, mut seen) = (vec![epoch], BTreeSet::new());
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(self.authority.epochs_after(id, role).filter(|later| self.follows(*later, id, role)));
            }
        }
        seen.into_iter()
    }

    /// Whether a new epoch is wanted: somebody who may know those there are may not read any more, or their seals are not true. Whoever
    /// holds none waits for a welcome instead. One that is not held is no reason to wait: it may be held by nobody.
    #[must_use]
    pub fn needs_epoch(&self) -> bool {
        self.is_here()
            && self.counting_epochs(RoleId::EVERYONE).any(|(id, _)| self.epochs.contains_key(&id))
            && self.usable_epoch().is_none()
    }

    /// Makes the next epoch, for all devices that read in the past of its entry; nothing from a device that may not sign, nor where there are
    /// more of them than an entry can name.
    #[must_use]
    pub fn rotate(&self, now_seconds: u64, seed: &mut Seed) -> Option<Entry> {
        self.writer().ok()?;
        self.rotate_for(RoleId::EVERYONE, now_seconds, seed).ok().map(|(entry, _)| entry)
    }

    /// The same for a role, with its secret.
    ///
    /// # Errors
    /// [`Refusal::NotAReader`] where I do not read what is said to it; [`Refusal::TooMany`] where more devices do than an entry can name:
    /// whoever adds devices without bound stops nothing but new epochs.
    pub(crate) fn rotate_for(
        &self,
        role: RoleId,
        now_seconds: u64,
        seed: &mut Seed,
    ) -> Result<(Entry, EpochSecret), Refusal> {
        let by = self.reading_grant(role).ok_or(Refusal::NotAReader)?;
        let secret = EpochSecret::new(seed.draw());
        let parents: Vec<EpochId> = self.newest_epochs(role).into_iter().take(MAX_READERS).collect();
        // Whoever came since opens this one, and none before it (K26).
        let leads_back = !self.authority.is_since_joining(role);
        let backlinks = parents
            .iter()
            .filter(|_| leads_back)
            .filter(|parent| self.is_made_for(**parent, role))
            .filter_map(|parent| self.epochs.get(parent))
            .map(|older| secret.link_back(self.pursuance, role, older, seed.draw()));
        let backlinks: Vec<Backlink> = backlinks.collect();
        // Readers are those in the past of the entry, which names only some heads where there are many.
        let bare = self.sign_next(Content::Public(vec![Op::Leave]), by, None, now_seconds);
        let packages = self.authority.packages_before(&self.logs, &bare, role);
        within(packages.len(), MAX_READERS)?;
        let ids: Vec<[u8; 32]> = packages.iter().map(|(id, _)| *id).collect();
        let seals = packages.iter().map(|(id, package)| {
            let sealed = secret.seal_to(self.pursuance, role, package).map_err(|_| Refusal::BadKeys)?;
            Ok(Seal { tag: package_tag(id), sealed })
        });
        let (epoch, readers) = (secret.id(), readers_hash(&ids));
        let mut made =
            RoleEpoch { role, epoch, parents, readers, seals: seals.collect::<Result<Vec<Seal>, _>>()?, backlinks };
        // An entry has no room for as many readers as there may be and as many epochs to follow: then it follows fewer of them.
        loop {
            let op = Op::RoleEpoch(made.clone());
            match self.try_sign_next(Content::Public(vec![op]), by, None, now_seconds) {
                Ok(entry) => return Ok((entry, secret)),
                Err(_) if made.parents.is_empty() => return Err(Refusal::TooMany { max: MAX_READERS as u32 }),
                Err(_) => self.follow_fewer(&mut made),
            }
        }
    }

    /// Leaves out half of the epochs that a new one follows: first those that it cannot lead back to, as nothing is to be lost; of the others
    /// the one that was used until now stays longest.
    fn follow_fewer(&self, made: &mut RoleEpoch) {
        let used = self.usable_epoch_of(made.role).or(self.youngest_epoch_of(made.role)).map(EpochSecret::id);
        let leads_back: BTreeSet<EpochId> = made.backlinks.iter().map(|link| link.parent).collect();
        let mut kept = made.parents.clone();
        kept.sort_by_key(|parent| (Some(*parent) != used, !leads_back.contains(parent), *parent));
        kept.truncate(made.parents.len() / 2);
        made.parents.retain(|parent| kept.contains(parent));
        made.backlinks.retain(|link| kept.contains(&link.parent));
    }

    /// The epoch with which something is said to a role now; where there is none that I can use, the entry that makes it comes with it.
    /// That of everyone is made before anything else is said.
    ///
    /// # Errors
    /// [`Refusal::NotWelcomedYet`]; as [`Self::rotate_for`].
    pub(crate) fn epoch_for(
        &self,
        role: RoleId,
        now_seconds: u64,
        seed: &mut Seed,
    ) -> Result<(Option<Entry>, EpochSecret), Refusal> {
        let usable = self.usable_epoch_of(role);
        if role == RoleId::EVERYONE || (usable.is_some() && !self.is_epoch_old(role, now_seconds)) {
            return usable.map(|usable| (None, usable.clone())).ok_or(Refusal::NotWelcomedYet);
        }
        let (entry, secret) = self.rotate_for(role, now_seconds, seed)?;
        Ok((Some(entry), secret))
    }

    /// A grant of mine by which I read what is said to a role: the senior one.
    pub(crate) fn reading_grant(&self, role: RoleId) -> Option<GrantRef> {
        let roles = self.authority.reading_roles(role);
        let me = self.authority.members().get(&self.me()?)?;
        if roles.contains(&RoleId::EVERYONE) {
            return Some(me.grant);
        }
        me.grants.iter().find(|grant| roles.contains(&grant.role)).map(|grant| grant.at)
    }

    /// Keys under which a cell of this own entry is to be read: by everybody who may read it, those too who do not know of the
    /// newest epoch yet. None while no epoch can be used.
    ///
    /// What introduces an epoch stands under each of its parents, and under itself for whoever is let in later. What was said
    /// before it and has no cell yet stands under what was usable then: so whoever is removed can read that they are, and of two
    /// parents the one that somebody knows whose removal the entry knows of is not used. A welcome may be for somebody who lags;
    /// and a device that had been taken out itself may be the one that recovers.
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
        let made = ops.iter().find_map(|op| match op {
            Op::RoleEpoch(made) if made.role == RoleId::EVERYONE => Some(made),
            _ => None,
        });
        if let Some(made) = made {
            return keys(&made.parents.iter().copied().chain([made.epoch]).collect());
        }
        let later =
            self.introductions(usable.id(), RoleId::EVERYONE).any(|(intro, _)| self.logs.in_past(entry.id(), intro));
        let then = if later { self.usable_before(entry) } else { None };
        let mut under = BTreeSet::from([then.unwrap_or(usable).id()]);
        if ops.iter().any(|op| matches!(op, Op::Welcome(_) | Op::Recover(_))) {
            under.extend(self.parents_of(usable.id(), RoleId::EVERYONE).collect::<Vec<_>>());
        }
        keys(&under)
    }

    /// Older secrets that an epoch brings along for whoever holds it (K9). They can be opened before the entry can be judged.
    pub(crate) fn linked_back(&self, op: &Op) -> Vec<EpochSecret> {
        let Op::RoleEpoch(made) = op else { return Vec::new() };
        let Some(secret) = self.epochs.get(&made.epoch) else { return Vec::new() };
        let unknown = made.backlinks.iter().filter(|link| !self.epochs.contains_key(&link.parent));
        unknown.filter_map(|link| secret.open_back(self.pursuance, made.role, link).ok()).collect()
    }

    /// Older secrets that the entries in the log which introduce an epoch bring along for whoever holds it (K9).
    pub(crate) fn linked_back_from(&self, epoch: EpochId) -> Vec<EpochSecret> {
        let Some(secret) = self.epochs.get(&epoch) else { return Vec::new() };
        let made = self.authority.roles_of_epoch(epoch).flat_map(|role| self.introductions(epoch, role));
        let links = made.flat_map(|(_, made)| made.backlinks.iter().map(|link| (made.role, link)));
        let unknown = links.filter(|(_, link)| !self.epochs.contains_key(&link.parent));
        unknown.filter_map(|(role, link)| secret.open_back(self.pursuance, role, link).ok()).collect()
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

    /// Epochs of a role, whatever became of who made them.
    fn epochs_of(&self, role: RoleId) -> impl Iterator<Item = (EpochId, &KnownEpoch)> {
        self.authority.epochs().iter().filter(move |((_, of), _)| *of == role).map(|((id, _), known)| (*id, known))
    }

    /// Those that count.
    fn counting_epochs(&self, role: RoleId) -> impl Iterator<Item = (EpochId, &KnownEpoch)> {
        self.epochs_of(role).filter(|(_, known)| known.counts)
    }

    /// Epochs of a role that are held.
    pub(crate) fn held_epochs(&self, role: RoleId) -> impl Iterator<Item = EpochId> + '_ {
        let held = self.epochs_of(role).map(|(id, _)| id).filter(|id| self.epochs.contains_key(id));
        held.filter(move |id| self.is_made_for(*id, role))
    }

    /// Whether an epoch that is held was made for this role. An epoch's id says nothing of its role, and whoever does not know of it yet can
    /// introduce it for another: it is believed of whoever truly sealed its secret to somebody (K2), as they hold it.
    fn is_made_for(&self, epoch: EpochId, role: RoleId) -> bool {
        self.authority.roles_of_epoch(epoch).nth(1).is_none() || self.is_truly_sealed(epoch, role)
    }

    /// Who may read what is said to a role now, and who could once and may not.
    fn readers(&self, role: RoleId) -> Readers {
        let now: BTreeSet<AuthorId> =
            self.authority.readers(role).flat_map(|(_, member)| member.devices.keys().copied()).collect();
        let gone = self.authority.arrivals(role).filter(|(author, _)| !now.contains(author));
        let is_since = self.authority.is_since_joining(role);
        let placed = if is_since { self.placed_readers(role) } else { BTreeSet::new() };
        Readers { gone: gone.flat_map(|(_, came_by)| came_by).collect(), now, placed }
    }

    /// Coverage: whether everybody who can know an epoch may read now. Whoever knows a later one knows those that it follows. Whoever
    /// came unknown to the one who made it may be handed it this moment, by somebody who does not know yet that they went.
    fn is_covered(&self, epoch: EpochId, role: RoleId, readers: &Readers) -> bool {
        // K27: whoever came since is not to read what was written with it before.
        if !readers.placed.iter().all(|member| self.is_epoch_for(*member, epoch, role)) {
            return false;
        }
        for id in self.followers(epoch, role) {
            let all_read = self.introductions(id, role).all(|(intro, made)| self.all_read(intro, made, readers));
            let made_by =
                self.introductions(id, role).filter_map(|(intro, _)| Some(self.logs.entry(intro)?.body().author));
            let handed = self.authority.handed(id, role);
            if !all_read || !made_by.chain(handed).all(|author| readers.now.contains(&author)) {
                return false;
            }
            let knows = |intro| readers.gone.iter().all(|came| self.logs.in_past(*came, intro));
            if !self.introductions(id, role).all(|(intro, _)| knows(intro)) || self.is_given_away(id, role, readers) {
                return false;
            }
        }
        true
    }

    /// Whether all devices that an entry seals an epoch to may read now.
    ///
    /// A seal's tag says which package it is to, and anybody can publish that of somebody else: then the entry's own past says whose it is.
    /// It is only looked at where a tag alone does not tell.
    fn all_read(&self, intro: EntryId, made: &RoleEpoch, readers: &Readers) -> bool {
        let mut is_shared = false;
        for seal in &made.seals {
            let reads = |to: &AuthorId| readers.now.contains(to);
            let mut known = self.authority.devices_with(seal.tag);
            let (mut some_read, mut some_do_not) = (false, false);
            while let Some(to) = known.next().filter(|_| !(some_read && some_do_not)) {
                (some_read, some_do_not) = (some_read || reads(&to), some_do_not || !reads(&to));
            }
            if !some_read {
                return false;
            }
            is_shared |= some_do_not;
        }
        !is_shared || self.sealed_to_in(intro, made.role).iter().all(|to| readers.now.contains(to))
    }

    /// Of a role's epochs, those that nobody can know who may not read what is said to it now.
    pub(crate) fn covered_epochs(&self, role: RoleId, epochs: BTreeSet<EpochId>) -> Vec<(RoleId, EpochId)> {
        let readers = self.readers(role);
        let covered = epochs.into_iter().filter(|epoch| self.is_covered(*epoch, role, &readers));
        covered.map(|epoch| (role, epoch)).collect()
    }

    /// Whether somebody sealed this epoch's secret to others, as if it were another role's. Anybody can say so: it is only believed of
    /// seals that are true. Which package a seal is to, the entry says, whether the device still is somebody's or not.
    fn is_given_away(&self, epoch: EpochId, role: RoleId, readers: &Readers) -> bool {
        let others = self.authority.roles_of_epoch(epoch).filter(|other| *other != role);
        let mut elsewhere = others.flat_map(|other| self.introductions(epoch, other));
        elsewhere.any(|(intro, made)| {
            let is_true = self.truly_sealed(intro, made);
            made.seals.iter().filter(|seal| is_true(seal)).any(|seal| {
                let mut to = self.authority.devices_with(seal.tag);
                to.any(|author| !readers.now.contains(&author))
            })
        })
    }

    /// Whether whoever made an epoch that names another as its parent can have held that. Of somebody whose acts are held this is
    /// not believed: whoever is out sees the ids of epochs, and would have everybody make one more for each.
    fn follows(&self, later: EpochId, epoch: EpochId, role: RoleId) -> bool {
        self.authority.epochs().get(&(later, role)).is_some_and(|known| known.counts)
            || self
                .introductions(later, role)
                .any(|(intro, _)| self.introductions(epoch, role).any(|(parent, _)| self.logs.in_past(parent, intro)))
    }

    /// The epoch that an own entry may stand under by what its author knew when they said it: nobody can know it of whom they knew
    /// that they went. Who came later is no reason against it. It need not count any more: so says its last words who is out. All
    /// who are here hold it, or one that leads back to it.
    fn usable_before(&self, said: &Entry) -> Option<&EpochSecret> {
        let everyone = RoleId::EVERYONE;
        let then = self.authority.devices_before(&self.logs, said);
        let known = |came_by: &EntryId| self.logs.in_past(*came_by, said.id());
        let out: BTreeMap<AuthorId, Vec<EntryId>> = self
            .authority
            .arrivals(everyone)
            .filter(|(author, by)| !then.contains(author) && by.iter().all(known))
            .collect();
        let now = self.authority.devices().filter(|author| !out.contains_key(author)).collect();
        let readers = Readers { gone: out.into_values().flatten().collect(), now, placed: BTreeSet::new() };
        let held = self.epochs_of(everyone).filter(|(id, _)| self.epochs.contains_key(id));
        let covered = held.filter(|(id, _)| self.is_covered(*id, everyone, &readers)).map(|(id, _)| id);
        let covered: BTreeSet<EpochId> = covered.collect();
        let is_known = |id: &&EpochId| self.introductions(**id, everyone).any(|(intro, _)| known(&intro));
        let known: BTreeSet<EpochId> = covered.iter().filter(is_known).copied().collect();
        self.first_of(if known.is_empty() { covered } else { known }, everyone)
    }

    /// Entries that introduce the epoch of everyone that is used now.
    pub(crate) fn introductions_of_usable(&self) -> Vec<EntryId> {
        let usable = self.usable_epoch().into_iter();
        usable.flat_map(|usable| self.introductions(usable.id(), RoleId::EVERYONE)).map(|(intro, _)| intro).collect()
    }

    pub(crate) fn youngest_epoch(&self) -> Option<&EpochSecret> {
        self.youngest_epoch_of(RoleId::EVERYONE)
    }

    fn youngest_epoch_of(&self, role: RoleId) -> Option<&EpochSecret> {
        let held = self.counting_epochs(role).filter(|(id, _)| self.epochs.contains_key(id));
        let (id, _) = held.max_by_key(|(_, known)| known.entries.first())?;
        self.epochs.get(&id)
    }

    /// Entries that introduce an epoch for a role: those that count, or all, where none does.
    pub(crate) fn introductions(&self, epoch: EpochId, role: RoleId) -> impl Iterator<Item = (EntryId, &RoleEpoch)> {
        let entries = self.authority.epochs().get(&(epoch, role)).into_iter().flat_map(|known| &known.entries);
        entries.filter_map(move |(_, id)| Some((*id, self.introduced_by(*id, epoch, role)?)))
    }

    /// What an entry says that introduces an epoch for a role.
    pub(crate) fn introduced_by(&self, intro: EntryId, epoch: EpochId, role: RoleId) -> Option<&RoleEpoch> {
        match &self.logs.entry(intro)?.body().content {
            Content::Public(ops) => ops.iter().find_map(|op| match op {
                Op::RoleEpoch(made) if (made.epoch, made.role) == (epoch, role) => Some(made),
                _ => None,
            }),
            Content::Role(_) => None,
        }
    }

    /// The devices that stand at the places of the seals of an entry which introduces an epoch (K3).
    pub(crate) fn sealed_to_in(&self, intro: EntryId, role: RoleId) -> Arc<BTreeSet<AuthorId>> {
        if let Some(known) = self.sealed_then.borrow().get(&(intro, role)) {
            return known.clone();
        }
        let Some(entry) = self.logs.entry(intro) else { return Arc::default() };
        let sealed = self.authority.packages_of_epoch(&self.logs, entry, role);
        let sealed: Arc<BTreeSet<AuthorId>> = Arc::new(sealed.into_iter().map(|(.., to)| to).collect());
        self.sealed_then.borrow_mut().insert((intro, role), sealed.clone());
        sealed
    }

    fn parents_of(&self, epoch: EpochId, role: RoleId) -> impl Iterator<Item = EpochId> {
        self.introductions(epoch, role).flat_map(|(_, made)| made.parents.iter().copied())
    }

    /// Epochs that none that is held follows, ascending.
    fn newest_epochs(&self, role: RoleId) -> BTreeSet<EpochId> {
        let all: BTreeSet<EpochId> = self.epochs_of(role).map(|(id, _)| id).collect();
        // One that is not held may be held by nobody.
        let held = all.iter().filter(|id| self.epochs.contains_key(id));
        let followed: BTreeSet<EpochId> = held.flat_map(|id| self.parents_of(*id, role)).collect();
        all.difference(&followed).copied().collect()
    }

    fn epoch_rank(&self, known: &KnownEpoch) -> impl Ord + use<'_> {
        let place = known.entries.first().copied();
        let member =
            place.and_then(|(_, entry)| self.logs.entry(entry)).and_then(|entry| self.authority.speaker(entry));
        (member.and_then(|member| self.authority.seniority(member)), place)
    }
}
