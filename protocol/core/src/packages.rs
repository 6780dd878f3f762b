//! This device's key package: when it is renewed, and when an old private half may be erased (docs/protocol/03-keys.md, "Device keys").

use alloc::vec;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::authority::HeldPackage;
use crate::crypto::{KemSecret, KeySuite, Seed};
use crate::entry::{Content, Entry};
use crate::id::{AuthorId, EntryId};
use crate::limits::MAX_PACKAGES;
use crate::op::{KeyPackage, Op};
use crate::replica::Replica;

/// After so long a device publishes another key package (K20).
pub const PACKAGE_RENEWAL_SECONDS: u64 = 30 * 86_400;

/// After so long it tries again, where the last one that it published does not count.
const PACKAGE_RETRY_SECONDS: u64 = 86_400;

impl Replica {
    /// Whether this device is to publish another key package (K20): the newest is old by this device's own clock, or from a time that is
    /// far off; or what others seal to, after something senior took others' effect away, was erased here.
    #[must_use]
    pub fn needs_package(&self, now_seconds: u64) -> bool {
        let author = self.device.author();
        let published = self.authority.published(author);
        let age = |entry: EntryId| {
            let claimed = self.logs.entry(entry).map(|entry| entry.body().claimed_seconds);
            claimed.map_or(u64::MAX, |claimed| now_seconds.abs_diff(claimed))
        };
        let (Some((_, last, _)), Ok(me)) = (published.last(), self.writer()) else { return false };
        let mine = self.authority.members().get(&me).and_then(|me| me.devices.get(&author));
        let Some(newest) = mine.and_then(|device| device.packages.last()) else { return false };
        let is_held = self.device.key_packages().any(|held| *held == newest.package);
        let is_due = age(newest.entry) >= PACKAGE_RENEWAL_SECONDS || !is_held;
        is_due && published.len() < MAX_PACKAGES && (newest.entry == *last || age(*last) >= PACKAGE_RETRY_SECONDS)
    }

    /// Makes another key package and the entry that publishes it; nothing from a device that may not sign. Its private half is to be kept
    /// before the entry is appended, and held ([`Self::hold_package`]).
    #[must_use]
    pub fn renew_package(&self, now_seconds: u64, seed: &mut Seed) -> Option<(Entry, KemSecret)> {
        self.writer().ok()?;
        let secret = KemSecret::from_private(KeySuite::XWing, Zeroizing::new(seed.draw()));
        let package = KeyPackage { suite: secret.suite(), public: secret.public() };
        let entry = self.sign_next(Content::Public(vec![Op::KeyPackage(package)]), self.my_grant()?, None, now_seconds);
        Some((entry, secret))
    }

    /// Holds the private half of a package of this device, newer than those that are held.
    pub fn hold_package(&mut self, secret: KemSecret) {
        self.device.hold(secret);
    }

    /// Packages whose private halves are held and may be erased, each with the entry that must be known to all relays before (K21): the
    /// device has published two newer ones.
    #[must_use]
    pub fn spent_packages(&self) -> Vec<([u8; 32], EntryId)> {
        let author = self.device.author();
        let published = self.authority.published(author);
        let mine = self.me().and_then(|me| self.authority.members()[&me].devices.get(&author));
        let newest = mine.and_then(|device| device.packages.last()).map(|newest| newest.package.id());
        let held = self.device.key_packages().map(KeyPackage::id).filter(|id| newest != Some(*id));
        let spent = held.filter_map(|id| {
            let (seq, ..) = published.iter().rev().find(|(.., package)| package.id() == id)?;
            Some((id, self.authority.second_after(author, *seq)?))
        });
        spent.collect()
    }

    /// Forgets the private half of a package; the newest stays.
    pub fn erase_package(&mut self, package: &[u8; 32]) {
        self.device.erase(package);
    }

    /// Whether a device that was sealed something in an entry can be expected to have opened it, or to be able to still (K22): it keeps
    /// the private half of a package until it knows of what came before the second newer one.
    pub(crate) fn is_kept_for(&self, author: AuthorId, package: &HeldPackage, entry: EntryId) -> bool {
        let second = self.authority.second_after(author, package.seq);
        second.is_none_or(|second| second == entry || self.logs.in_past(entry, second))
    }
}
