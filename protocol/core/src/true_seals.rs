//! Whether an epoch's seals are what they should be: whoever holds its secret makes them again (docs/protocol/03-keys.md, K24).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use core::cell::RefCell;

use crate::authority::package_tag;
use crate::entry::Content;
use crate::id::{AuthorId, EntryId, EpochId, MemberId, RoleId};
use crate::op::{Op, RoleEpoch, Seal};
use crate::replica::Replica;

/// What was found in entries that introduce an epoch whose secret is held.
pub(crate) type Weighed = RefCell<BTreeMap<(EntryId, EpochId), Arc<Seals>>>;

/// The seals of one entry.
#[derive(Default)]
pub(crate) struct Seals {
    /// Ids of the packages that the secret is truly sealed to.
    to: BTreeSet<[u8; 32]>,
    /// Devices for which there is something else in its place.
    not_to: BTreeSet<AuthorId>,
}

/// Somebody made an epoch whose seals do not all open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FalseSeals {
    /// In which entry.
    pub entry: EntryId,
    /// Who made it.
    pub by: MemberId,
    /// For which role.
    pub role: RoleId,
    /// Whose devices were left out; only mine, where the secret is not held.
    pub to: BTreeSet<MemberId>,
    /// Whether the seals were made again and compared. Otherwise it is only known that one of them does not open here.
    pub is_proven: bool,
}

impl Replica {
    /// Whether an epoch that is held is one whose seals are all true (K24), in some entry that introduces it: anybody who holds it
    /// can introduce it once more, with seals that are none.
    pub(crate) fn is_true(&self, epoch: EpochId, role: RoleId) -> bool {
        self.introductions(epoch, role)
            .any(|(intro, made)| self.weigh(intro, made).is_none_or(|seals| seals.not_to.is_empty()))
    }

    /// Whether some entry that introduces an epoch for this role seals its secret to anybody: whoever signed it holds that.
    pub(crate) fn is_truly_sealed(&self, epoch: EpochId, role: RoleId) -> bool {
        let mut seals = self.introductions(epoch, role).filter_map(|(intro, made)| self.weigh(intro, made));
        seals.any(|seals| !seals.to.is_empty())
    }

    /// Whether an entry that introduces an epoch is known to have no false seals (K24), and some.
    pub(crate) fn seals_truly(&self, intro: EntryId, epoch: EpochId, role: RoleId) -> bool {
        let made = self.introduced_by(intro, epoch, role);
        let seals = made.and_then(|made| self.weigh(intro, made));
        seals.is_some_and(|seals| seals.not_to.is_empty() && !seals.to.is_empty())
    }

    /// Which seals of an entry are true (K2), by their tags; all, where the secret is not held: then there is nothing to compare with.
    pub(crate) fn truly_sealed(&self, intro: EntryId, made: &RoleEpoch) -> impl Fn(&Seal) -> bool + use<> {
        let tags = self.weigh(intro, made).map(|seals| seals.to.iter().map(package_tag).collect::<BTreeSet<_>>());
        move |seal| tags.as_ref().is_none_or(|tags| tags.contains(&seal.tag))
    }

    /// Whether an entry truly seals an epoch to a package; `None` where that was not looked at, or the package is none of its readers'.
    pub(crate) fn is_weighed_true(&self, entry: EntryId, epoch: EpochId, package: &[u8; 32]) -> Option<bool> {
        let seals = self.weighed.borrow().get(&(entry, epoch)).cloned()?;
        seals.to.contains(package).then_some(true)
    }

    /// Makes the seals of an entry again, once; `None` where the secret is not held.
    fn weigh(&self, intro: EntryId, made: &RoleEpoch) -> Option<Arc<Seals>> {
        if let Some(known) = self.weighed.borrow().get(&(intro, made.epoch)) {
            return Some(known.clone());
        }
        let (secret, entry) = (self.epochs.get(&made.epoch)?, self.logs.entry(intro)?);
        let mut seals = Seals::default();
        // One for each reader, in the order of their packages (K3).
        for ((id, package, author), seal) in
            self.authority.packages_of_epoch(&self.logs, entry, made.role).into_iter().zip(&made.seals)
        {
            let is_true = seal.sealed.len() == package.suite.seal_bytes()
                && secret.seal_to(self.pursuance, made.role, &package).is_ok_and(|expected| expected == seal.sealed);
            if is_true {
                seals.to.insert(id)
            } else {
                seals.not_to.insert(author)
            };
        }
        let seals = Arc::new(seals);
        self.weighed.borrow_mut().insert((intro, made.epoch), seals.clone());
        Some(seals)
    }

    /// Looks at all entries that introduce epochs which are held.
    pub(crate) fn weigh_all(&self) {
        for (epoch, role) in self.authority.epochs().keys() {
            for (intro, made) in self.introductions(*epoch, *role) {
                drop(self.weigh(intro, made));
            }
        }
    }

    /// Who made epochs whose seals do not all open, as far as that was looked at; oldest first.
    #[must_use]
    pub fn false_seals(&self) -> BTreeSet<FalseSeals> {
        let mut found = BTreeSet::new();
        for (epoch, role) in self.authority.epochs().keys() {
            for (intro, made) in self.introductions(*epoch, *role) {
                let is_held = self.epochs.contains_key(epoch);
                let devices = match self.weighed.borrow().get(&(intro, *epoch)) {
                    Some(seals) => seals.not_to.clone(),
                    None if !is_held && self.is_sealed_to_me(made) => BTreeSet::from([self.device.author()]),
                    None => continue,
                };
                let by = self.logs.entry(intro).and_then(|entry| self.authority.speaker(entry));
                let Some(by) = by.filter(|_| !devices.is_empty()) else { continue };
                let to = devices.iter().filter_map(|author| self.authority.member_of(*author)).collect();
                found.insert(FalseSeals { entry: intro, by, role: *role, to, is_proven: is_held });
            }
        }
        found
    }

    /// Whether something stands in an epoch's entry where the seal for a package of this device should be.
    fn is_sealed_to_me(&self, made: &RoleEpoch) -> bool {
        let mut mine = self.device.key_packages().map(|package| package_tag(&package.id()));
        mine.any(|mine| made.seals.iter().any(|seal| seal.tag == mine))
    }
}

/// The key package that comes with an entry.
pub(crate) fn own_package(content: &Content) -> Option<&crate::op::KeyPackage> {
    let Content::Public(ops) = content else { return None };
    ops.iter().find_map(|op| if let Op::KeyPackage(package) = op { Some(package) } else { None })
}
