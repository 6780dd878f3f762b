//! Who has to make room when all places are taken (`docs/protocol/06-relay.md`, section 4).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// The connections that may be ended, by when they came or last asked; streams are not among them. // L17
#[derive(Default)]
pub(crate) struct Turns {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    next: u64,
    waiting: BTreeMap<u64, (Instant, Arc<Notify>)>,
}

/// A connection's place in the queue, until dropped.
pub(crate) struct Turn {
    turns: Arc<Turns>,
    ended: Arc<Notify>,
    ticket: Mutex<Option<u64>>,
}

impl Turns {
    /// A new connection is last in the queue.
    pub(crate) fn join(self: &Arc<Self>) -> Turn {
        let turn = Turn { turns: self.clone(), ended: Arc::default(), ticket: Mutex::default() };
        turn.renew();
        turn
    }

    /// Ends the connection that has not asked for anything for the longest time, if that is `least` at least.
    pub(crate) fn end_first(&self, least: Duration) -> bool {
        let mut queue = self.queue();
        let Some((&ticket, (since, _))) = queue.waiting.first_key_value() else { return false };
        if since.elapsed() < least {
            return false;
        }
        let (_, ended) = queue.waiting.remove(&ticket).expect("it was the first a moment ago");
        ended.notify_one();
        true
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Every change is one insertion or removal: a panic elsewhere leaves the queue whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// The connection has asked for something: it goes to the end of the queue.
    pub(crate) fn renew(&self) {
        let mut ticket = self.ticket();
        let mut queue = self.turns.queue();
        if let Some(old) = ticket.take()
            && queue.waiting.remove(&old).is_none()
        {
            return; // it has been ended
        }
        let new = queue.next;
        queue.next += 1;
        queue.waiting.insert(new, (Instant::now(), self.ended.clone()));
        *ticket = Some(new);
    }

    /// The connection has become a stream, which has limits of its own.
    pub(crate) fn leave(&self) {
        if let Some(ticket) = self.ticket().take() {
            self.turns.queue().waiting.remove(&ticket);
        }
    }

    /// Resolves when the connection has to make room.
    pub(crate) async fn over(&self) {
        self.ended.notified().await;
    }

    fn ticket(&self) -> MutexGuard<'_, Option<u64>> {
        self.ticket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asked_longest_ago_makes_room() {
        let turns = Arc::new(Turns::default());
        assert!(!turns.end_first(Duration::ZERO), "nobody is there");
        let [first, second, third] = [turns.join(), turns.join(), turns.join()];
        first.renew();
        third.leave();
        assert!(!turns.end_first(Duration::from_secs(3_600)), "nobody has had their time");
        assert!(turns.end_first(Duration::ZERO));
        second.over().await;
        second.renew();
        assert!(turns.end_first(Duration::ZERO));
        first.over().await;
        assert!(!turns.end_first(Duration::ZERO), "a stream stays, and who was ended does not come back");
        drop((first, second, third));
        drop(turns.join());
        assert!(!turns.end_first(Duration::ZERO), "who has gone need not be ended");
    }
}
