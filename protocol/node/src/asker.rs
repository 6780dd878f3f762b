//! Whoever waits for the end of something that is done step by step, between other work.

use tokio::sync::oneshot;

use crate::api::{Reply, Trouble};

/// Hears how it ended; if it never ends, that it was stopped.
pub(crate) struct Asker {
    reply: Option<oneshot::Sender<Result<Reply, Trouble>>>,
    stopped: Trouble,
}

impl Asker {
    /// `stopped` is what is answered where it is dropped.
    pub(crate) const fn new(reply: oneshot::Sender<Result<Reply, Trouble>>, stopped: Trouble) -> Self {
        Self { reply: Some(reply), stopped }
    }

    pub(crate) fn answer(mut self, outcome: Result<Reply, Trouble>) {
        self.send(outcome);
    }

    fn send(&mut self, outcome: Result<Reply, Trouble>) {
        if let Some(reply) = self.reply.take() {
            // Whoever waits no longer need not know.
            let _ = reply.send(outcome);
        }
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        let stopped = self.stopped.clone();
        self.send(Err(stopped));
    }
}
