//! Who comes back after longer than relays keep anything, and lacks what was said meanwhile (docs/protocol/08-node.md, N67).

use pursuance_core::clock::Clock;
use pursuance_core::entry::Entry;
use pursuance_core::id::{AuthorId, EntryId};
use pursuance_core::logs::{Chain, Logs};

use crate::comparing::DAY_SECONDS;
use crate::engine::{Open, Surroundings};
use crate::held::Held;
use crate::store::{Number, Store, StoreError};

/// Something that a device said which had said nothing for a day: no relay drops anything sooner (W16).
pub(crate) struct Returned {
    author: AuthorId,
    /// The claimed time of what it said before.
    heard_seconds: u64,
    /// All that it knew when it said this.
    past: Clock,
}

/// The same, of an entry that does not stand in the log yet.
pub(crate) struct Silence {
    author: AuthorId,
    heard_seconds: u64,
}

impl Silence {
    /// `None` for who has said nothing here before, or something less than a day before.
    pub(crate) fn before(entry: &Entry, logs: &Logs) -> Option<Self> {
        let author = entry.body().author;
        let heard_seconds = logs.heard_of_seconds(author);
        let is_long = heard_seconds > 0 && entry.body().claimed_seconds.saturating_sub(heard_seconds) >= DAY_SECONDS;
        is_long.then_some(Self { author, heard_seconds })
    }

    /// Once the entry stands in the log and is still in memory.
    pub(crate) fn ended_by(self, entry: EntryId, logs: &Logs) -> Option<(AuthorId, Returned)> {
        let Self { author, heard_seconds } = self;
        Some((author, Returned { author, heard_seconds, past: logs.past(entry)? }))
    }
}

impl Held {
    /// Whether who came back lacks something that others say they said before a time.
    fn lacks_older(&self, store: &Store, returned: &Returned, than_seconds: u64) -> Result<bool, StoreError> {
        for (number, chain) in (0u32..).zip(self.replica.logs().chains()) {
            let Chain { first: (first, _), tip, .. } = *chain;
            let lacked = returned.past.end(number).max(first);
            if chain.author == returned.author || lacked > tip.seq {
                continue;
            }
            if tip.claimed_seconds < than_seconds {
                return Ok(true);
            }
            let oldest = store.entry_at(self.number, number, lacked)?;
            if oldest.is_some_and(|entry| entry.body().claimed_seconds < than_seconds) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Open {
    /// Has it looked at whether relays still have what these lack.
    pub(crate) fn welcome_back<'a>(
        &mut self,
        around: &Surroundings,
        pursuance: Number,
        returned: impl Iterator<Item = &'a Returned>,
    ) -> Result<(), StoreError> {
        let relays = self.relays.wanted(pursuance).into_iter();
        let days = relays.filter_map(|address| self.relays.known[&address].retention_days).min();
        let Some(held) = self.held.values().find(|held| held.number == pursuance && !held.is_silent()) else {
            return Ok(());
        };
        let Some(days) = days else { return Ok(()) };
        // What may be dropped within a day is gone before it is read.
        let kept_seconds = u64::from(days.saturating_sub(1)) * DAY_SECONDS;
        let kept_from = around.clock.now_seconds().saturating_sub(kept_seconds);
        for back in returned.filter(|back| back.heard_seconds < kept_from) {
            if held.lacks_older(&self.store, back, kept_from)? {
                let due = std::time::Instant::now() + around.pace.repost_delay();
                return self.reposting.want(&mut self.store, held.id, due);
            }
        }
        Ok(())
    }
}
