//! Keys that are made anew, handed out and erased (docs/protocol/03-keys.md).

use std::time::{Duration, Instant};

use pursuance_core::crypto::Seed;
use pursuance_core::id::RoleId;

use crate::chance::{random, up_to};
use crate::held::{Held, new_entry};
use crate::node::Pace;
use crate::store::{Store, StoreError};

/// How often it is looked whether the key package is to be renewed.
const PACKAGE_CHECK: Duration = Duration::from_secs(600);

impl Held {
    /// Whether another epoch is wanted: nobody may write with those there are (coverage), or they are old (K23).
    fn wants_epoch(&self, now_seconds: u64) -> bool {
        self.replica.needs_epoch() || self.replica.is_epoch_old(RoleId::EVERYONE, now_seconds)
    }

    /// Sets when the next epoch is made, if one is wanted and nobody else makes it. Where the last one is merely old there is time: in other
    /// pursuances of this person it may be as old.
    pub(crate) fn await_epoch(&mut self, pace: &Pace, now_seconds: u64) {
        let wanted = self.wants_epoch(now_seconds);
        self.epoch_due = self.epoch_due.filter(|_| wanted);
        if !wanted {
            return;
        }
        let (now, urgent) = (Instant::now(), self.replica.needs_epoch());
        // Somebody may have gone since it was only old.
        if self.epoch_due.is_none_or(|due| urgent && due > now + pace.max_epoch_delay) {
            let apart = if urgent { Duration::ZERO } else { up_to(pace.apart) };
            self.epoch_due = Some(now + pace.epoch_delay(self.replica.my_rank()) + apart);
        }
    }

    /// Makes the next epoch, if one is wanted; whether it did.
    pub(crate) fn make_epoch(&mut self, store: &mut Store, now_seconds: u64) -> Result<bool, StoreError> {
        self.epoch_due = None;
        if !self.wants_epoch(now_seconds) {
            return Ok(false);
        }
        let claimed_seconds = if self.replica.needs_epoch() { now_seconds } else { self.claimed_lately(now_seconds) };
        let Some(entry) = self.replica.rotate(claimed_seconds, &mut Seed::new(random())) else { return Ok(false) };
        self.commit(store, std::slice::from_ref(&entry), |_, _| Ok(()))?;
        self.seal_due = Some(Instant::now());
        Ok(true)
    }

    /// Takes out a device of mine once more that came back because a grant was taken from me (D6); whether it did.
    pub(crate) fn take_out_again(&mut self, store: &mut Store, now_seconds: u64) -> Result<bool, StoreError> {
        let Some(entry) = self.replica.take_out_again(now_seconds) else { return Ok(false) };
        self.commit(store, &[entry], |_, _| Ok(()))?;
        Ok(true)
    }

    /// Publishes another key package, if it is time (K20); whether it did. Two that were once renewed at the same time are not for ever.
    pub(crate) fn renew_package(
        &mut self,
        store: &mut Store,
        pace: &Pace,
        now_seconds: u64,
    ) -> Result<bool, StoreError> {
        self.package_due = Some(Instant::now() + PACKAGE_CHECK);
        if !self.replica.needs_package(now_seconds.saturating_sub(self.package_delay.as_secs())) {
            return Ok(false);
        }
        let claimed_seconds = self.claimed_lately(now_seconds);
        let Some((entry, secret)) = self.replica.renew_package(claimed_seconds, &mut Seed::new(random())) else {
            return Ok(false);
        };
        self.draw_package_delay(pace);
        // Kept before what it is sealed by can be opened by nothing else.
        store.write(|w| {
            w.add_package(self.number, &secret)?;
            let shelf = w.shelf(self.number);
            w.add_entry(self.number, &new_entry(&entry, true))?;
            self.replica.append_from(entry, &shelf);
            shelf.check()?;
            self.keep_derived(w)
        })?;
        self.replica.hold_package(secret);
        self.put_down();
        self.refresh_posted(store)?;
        self.seal_due = Some(Instant::now());
        Ok(true)
    }

    /// Erases private halves of key packages to which nothing can come any more that others would not hand on again (K21): where all
    /// relays have what says so, and everything there was read. Says whether there were any.
    pub(crate) fn erase_packages(&mut self, store: &mut Store) -> Result<bool, StoreError> {
        let mut spent = Vec::new();
        for (package, second) in self.replica.spent_packages() {
            if store.is_in_all_logs(self.number, second)? {
                spent.push(package);
            }
        }
        if spent.is_empty() {
            return Ok(false);
        }
        spent.iter().for_each(|package| self.replica.erase_package(package));
        store.write(|w| w.keep_keys(self.number, self.replica.device()))?;
        Ok(true)
    }
}
