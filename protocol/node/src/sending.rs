//! When posts leave: after a while that a person chooses, or at a rate that says nothing (docs/protocol/08-node.md, N62).

use std::time::Duration;

use pursuance_wire::Cell;
use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::limits::MAX_POST_CELLS;
use serde::{Deserialize, Serialize};

use crate::api::{Reply, Trouble};
use crate::chance::random;
use crate::engine::Open;
use crate::node::Pace;
use crate::store::{Store, StoreError};

/// Name of the meta value that keeps it.
const SENDING: &str = "sending";

/// So many times the mean pause is the longest one at a steady rate.
const MAX_STEADY_MEANS: f64 = 8.0;

/// When posts leave this computer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
pub enum Sending {
    /// After a moment.
    #[default]
    AtOnce,
    /// Each at a random moment of the next ten minutes.
    WithinMinutes,
    /// Each at a random moment of the next hour.
    WithinHour,
    /// One cell at a time, at random moments that are five minutes apart in the mean, whether there is something to say or not.
    Steady,
}

impl Sending {
    /// All of them, the most prompt first.
    pub const ALL: [Self; 4] = [Self::AtOnce, Self::WithinMinutes, Self::WithinHour, Self::Steady];

    /// Most cells of one post. Where all posts are to look the same, they have the same length.
    #[must_use]
    pub const fn cells_per_post(self) -> usize {
        if matches!(self, Self::Steady) { 1 } else { MAX_POST_CELLS }
    }

    /// In how long all that waits leaves, if it is to leave within a time.
    #[must_use]
    pub const fn within(self, pace: &Pace) -> Option<Duration> {
        match self {
            Self::WithinMinutes => Some(pace.some_minutes),
            Self::WithinHour => Some(pace.an_hour),
            Self::AtOnce | Self::Steady => None,
        }
    }

    /// The pause before the next post, by a number drawn evenly from 0 to 1.
    ///
    /// What leaves within a time does so in `left` of it: each of so many `posts` at a moment of its own, whichever is the
    /// first of them. At a steady rate it is distributed exponentially: how long ago the last post was, or the program was started, says nothing about
    /// when the next one comes.
    #[must_use]
    pub fn pause(self, pace: &Pace, left: Duration, posts: u32, drawn: f64) -> Duration {
        match self {
            Self::AtOnce => pace.max_post_delay.mul_f64(drawn),
            Self::WithinMinutes | Self::WithinHour => {
                left.mul_f64(1.0 - (1.0 - drawn).powf(1.0 / f64::from(posts.max(1))))
            }
            Self::Steady => pace.steady_pause.mul_f64((-(1.0 - drawn).ln()).min(MAX_STEADY_MEANS)),
        }
    }
}

/// What is posted where there is nothing to say: nobody can tell it from a cell that says something.
pub(crate) fn dummy() -> Cell {
    Cell::from_bytes(random::<CELL_BYTES>())
}

/// As it was kept.
pub(crate) fn kept_sending(store: &Store) -> Result<Sending, StoreError> {
    let Some(bytes) = store.meta(SENDING)? else { return Ok(Sending::default()) };
    serde_json::from_slice(&bytes).map_err(|_| StoreError::Damaged)
}

impl Open {
    pub(crate) fn set_sending(&mut self, sending: Sending) -> Result<Reply, Trouble> {
        let bytes = serde_json::to_vec(&sending).map_err(|_| Trouble::Malformed)?;
        self.store.write(|w| w.set_meta(SENDING, &bytes))?;
        self.sending = sending;
        // What waits is to leave by the new choice.
        self.relays.wake_posters();
        Ok(Reply::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_within_their_bounds_and_have_their_means() {
        let pace = Pace::default();
        for (sending, most, mean) in [
            (Sending::AtOnce, 2.0, 1.0),
            (Sending::WithinMinutes, 600.0, 300.0),
            (Sending::WithinHour, 3_600.0, 1_800.0),
            (Sending::Steady, 300.0 * MAX_STEADY_MEANS, 300.0),
        ] {
            let draws = 100_000;
            let pauses = (0..draws).map(|n| {
                let left = sending.within(&pace).unwrap_or_default();
                sending.pause(&pace, left, 1, f64::from(n) / f64::from(draws)).as_secs_f64()
            });
            let pauses: Vec<f64> = pauses.collect();
            assert!(pauses.iter().all(|pause| (0.0..=most).contains(pause)), "{sending:?}");
            let found = pauses.iter().sum::<f64>() / f64::from(draws);
            assert!((found / mean - 1.0).abs() < 0.01, "{sending:?}: {found}");
        }
    }

    #[test]
    fn what_waits_together_leaves_within_the_time() {
        let pace = Pace::default();
        let (sending, draws) = (Sending::WithinHour, 1_000);
        for drawn in (0..=draws).map(|n| f64::from(n) / f64::from(draws)) {
            let mut left = pace.an_hour;
            for posts in (1..=50).rev() {
                // Never later than that, and in the mean a part of it for each.
                left = left.checked_sub(sending.pause(&pace, left, posts, drawn)).expect("within what is left");
            }
        }
        let firsts = (0..draws).map(|n| sending.pause(&pace, pace.an_hour, 4, f64::from(n) / f64::from(draws)));
        let mean = firsts.sum::<Duration>() / draws;
        assert!(
            (mean.as_secs_f64() / 720.0 - 1.0).abs() < 0.01,
            "a fifth of an hour, as of four moments in it: {mean:?}"
        );
    }

    #[test]
    fn a_dummy_is_drawn_anew() {
        assert_ne!(dummy().as_bytes(), dummy().as_bytes());
    }
}
