//! What one person does by itself, or at once, in several pursuances: whoever reads two of them is not to see it in both in one moment
//! (docs/protocol/08-node.md, N69).

use std::time::{Duration, Instant};

use pursuance_core::id::PursuanceId;

use crate::chance::{below, up_to};
use crate::held::Held;
use crate::node::Pace;
use crate::store::{Changes, Number, Store, StoreError};

/// How far before the clock what nobody typed may claim to have been said.
const CLAIMED_BEFORE_SECONDS: u64 = 3_600;

/// The meta value of a pursuance of which cells wait to be posted.
const APART: &[u8] = &[1];

/// Its name.
fn apart_name(pursuance: PursuanceId) -> String {
    format!("apart {pursuance}")
}

impl Held {
    /// Draws when this pursuance does what all do.
    pub(crate) fn set_apart(&mut self, store: &Store, pace: &Pace) -> Result<(), StoreError> {
        let due = || Some(Instant::now() + up_to(pace.apart));
        self.package_due = due();
        self.draw_package_delay(pace);
        let waits = store.meta(&apart_name(self.id))?.as_deref() == Some(APART);
        self.post_due = if waits { due() } else { None };
        Ok(())
    }

    /// Draws how long the next key package waits.
    pub(super) fn draw_package_delay(&mut self, pace: &Pace) {
        self.package_delay = up_to(pace.max_package_delay);
    }

    /// A time to claim for what nobody typed: drawn from the last hour, and not before this device's last word here.
    pub(crate) fn claimed_lately(&self, now_seconds: u64) -> u64 {
        let last = self.replica.logs().tip(self.replica.device().author()).map_or(0, |tip| tip.claimed_seconds);
        let room = now_seconds.saturating_sub(last).min(CLAIMED_BEFORE_SECONDS);
        now_seconds - below(room + 1)
    }

    /// Seals for no relay yet: it is posted after a while, or with the next cell that is sealed here.
    pub(crate) fn seal_apart(&mut self, store: &mut Store, wait: Duration) -> Result<(), StoreError> {
        if self.seal_with(store, &[], |w, held| w.set_meta(&apart_name(held.id), APART))? {
            self.post_due = Some(Instant::now() + wait);
        }
        Ok(())
    }

    /// Has what was sealed apart posted to these relays.
    pub(crate) fn post_apart(&mut self, store: &mut Store, relays: &[Number]) -> Result<(), StoreError> {
        store.write(|w| self.no_longer_apart(w, relays))?;
        self.post_due = None;
        Ok(())
    }

    /// The same, in the transaction of something else.
    pub(super) fn no_longer_apart(&self, w: &Changes<'_>, relays: &[Number]) -> Result<(), StoreError> {
        relays.iter().try_for_each(|relay| w.post_all_to(self.number, *relay))?;
        w.forget_meta(&apart_name(self.id))
    }
}
