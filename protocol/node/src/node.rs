//! The node's door: start it, ask it, look at it, watch it, stop it (docs/protocol/08-node.md, section 9).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use pursuance_onion::TorConfig;
use pursuance_wire::RelayAddress;
use tokio::sync::{oneshot, watch};

use crate::api::{Query, Reply, Request, Trouble, View};
use crate::backup::age::BACKUP_WORK;
use crate::chance::up_to;
use crate::clock::Clock;
use crate::engine::{Engine, Message};
use crate::folder::{Folder, FolderError};
use crate::http::Patience;
use crate::storage::trouble_of;
use crate::transport::Transport;
use crate::vault::VaultCost;

/// What a node is started with.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// Where everything is kept; made if it is missing. One node at a time.
    pub data_dir: PathBuf,
    /// Relays that a loopback address stands in for: for the demo and tests, never stored.
    pub loopback: Vec<(RelayAddress, SocketAddr)>,
    /// Whether Tor is used.
    pub tor: TorChoice,
    /// Where the time comes from.
    pub clock: Clock,
}

/// Whether Tor is used, and on which network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TorChoice {
    /// Not at all: relays without a loopback address cannot be reached.
    Off,
    /// It starts when the first relay needs it.
    On {
        /// arti's settings over the defaults: for bridges or a private network. `None`: the public network.
        toml: Option<String>,
    },
}

/// How long things take and wait. The default is for people; tests hurry.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// What one guess of a passphrase costs, for vaults made from now on.
    pub vault_cost: VaultCost,
    /// The same for backups: 2 to this power times 1 KiB of memory.
    pub backup_work: u8,
    /// How long a relay may take.
    pub patience: Patience,
    /// How long an own entry waits for company before it is sealed into a cell.
    pub company: Duration,
    /// Each relay gets its copy after a random while of at most this.
    pub max_post_delay: Duration,
    /// The same for who would rather not be that prompt, and for who would rather not at all.
    pub some_minutes: Duration,
    /// See `some_minutes`.
    pub an_hour: Duration,
    /// Pause between two posts at a steady rate, in the mean.
    pub steady_pause: Duration,
    /// A newcomer is welcomed after a random while of at most this, if nobody else did before.
    pub max_welcome_delay: Duration,
    /// Who welcomed somebody by another's invite waits this long, and at most twice as long, before it posts again what a relay may have
    /// dropped, if nobody else does.
    pub repost_delay: Duration,
    /// What one relay has and another lacks for so long is told; after so much longer it is posted there again.
    pub lacks_after: Duration,
    /// See `lacks_after`.
    pub repair_after: Duration,
    /// Where somebody may not read any more, whoever did not see to it makes the next epoch after a random while of at most this, if
    /// nobody else did before; who stands high waits less.
    pub max_epoch_delay: Duration,
    /// What is done by itself, or at once, in several pursuances is done in each after a random while of at most this: done in one moment it
    /// would show whoever reads two of them that it is one person.
    pub apart: Duration,
    /// A key package is renewed so much later than it could be, at most; drawn for each.
    pub max_package_delay: Duration,
    /// Pause after the first failure; doubled with each further one.
    pub first_retry: Duration,
    /// Longest pause between two tries.
    pub max_retry: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            vault_cost: VaultCost::DEFAULT,
            backup_work: BACKUP_WORK,
            patience: Patience::DEFAULT,
            company: Duration::from_secs(2),
            max_post_delay: Duration::from_secs(2),
            some_minutes: Duration::from_secs(600),
            an_hour: Duration::from_secs(3_600),
            steady_pause: Duration::from_secs(300),
            max_welcome_delay: Duration::from_secs(10),
            repost_delay: Duration::from_secs(300),
            lacks_after: Duration::from_secs(600),
            repair_after: Duration::from_secs(6 * 3_600),
            max_epoch_delay: Duration::from_secs(600),
            apart: Duration::from_secs(2 * 3_600),
            max_package_delay: Duration::from_secs(3 * 86_400),
            first_retry: Duration::from_secs(2),
            max_retry: Duration::from_secs(300),
        }
    }
}

impl Pace {
    /// For tests: nothing waits longer than it must, and vaults cost next to nothing.
    #[must_use]
    pub fn hurried() -> Self {
        let short = Duration::from_secs(5);
        Self {
            vault_cost: VaultCost::TRIAL,
            backup_work: 4,
            patience: Patience { head: short, idle: short, answer: Duration::from_secs(20) },
            company: Duration::from_millis(30),
            max_post_delay: Duration::from_millis(10),
            some_minutes: Duration::from_secs(3),
            an_hour: Duration::from_secs(3_600),
            steady_pause: Duration::from_millis(100),
            max_welcome_delay: Duration::from_millis(50),
            repost_delay: Duration::from_secs(20),
            lacks_after: Duration::from_secs(2),
            repair_after: Duration::from_secs(8),
            max_epoch_delay: Duration::from_millis(400),
            apart: Duration::from_millis(200),
            max_package_delay: Duration::from_secs(12 * 3_600),
            first_retry: Duration::from_millis(50),
            max_retry: Duration::from_millis(400),
        }
    }

    /// The pause after this many failures in a row, at least one; the last quarter of it is random.
    pub(crate) fn retry(&self, failures: u32) -> Duration {
        let doubled = self.first_retry.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(self.max_retry);
        doubled.mul_f64(0.75) + up_to(doubled.mul_f64(0.25))
    }

    /// Half of it by rank, half by chance, so that not all begin at once.
    pub(crate) fn epoch_delay(&self, rank: u8) -> Duration {
        let half = self.max_epoch_delay / 2;
        half.mul_f64(f64::from(rank.min(4)) / 4.0) + up_to(half)
    }

    pub(crate) fn repost_delay(&self) -> Duration {
        self.repost_delay + up_to(self.repost_delay)
    }

    /// The pause before a relay is given what it lacks, once it was read to its end: who wrote it may only wait for it too.
    pub(crate) fn repair_delay(&self) -> Duration {
        let part = self.repair_after / 12;
        part + up_to(part * 2)
    }

    pub(crate) fn welcome_delay(&self) -> Duration {
        up_to(self.max_welcome_delay)
    }
}

/// A running node; cheap to clone.
#[derive(Clone)]
pub struct Node {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Sender<Message>,
    seq: watch::Receiver<u64>,
    transport: Arc<Transport>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Whoever lets go of the last clone without [`Node::stop`] waits here: a thread that still reads a database while the
/// process ends reads what SQLCipher has already given back.
impl Drop for Inner {
    fn drop(&mut self) {
        let Some(thread) = self.thread.get_mut().ok().and_then(Option::take) else { return };
        let (reply, _) = oneshot::channel();
        if self.engine.send(Message::Stop(reply)).is_ok() {
            let _ = thread.join();
        }
    }
}

impl Node {
    /// Takes the folder and starts; within a tokio runtime. The vault is closed.
    ///
    /// # Errors
    /// [`Trouble::InUse`], [`Trouble::DiskFull`], [`Trouble::ReadOnly`], [`Trouble::Disk`].
    pub fn start(config: NodeConfig) -> Result<Self, Trouble> {
        Self::start_with(config, Pace::default())
    }

    /// As [`Node::start`], at another pace.
    ///
    /// # Errors
    /// As [`Node::start`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start_with(config: NodeConfig, pace: Pace) -> Result<Self, Trouble> {
        let folder = Folder::enter(&config.data_dir).map_err(|error| match error {
            FolderError::InUse => Trouble::InUse,
            FolderError::Disk(error) => trouble_of(error),
        })?;
        let tor_config = match config.tor {
            TorChoice::Off => None,
            TorChoice::On { toml } => Some(TorConfig {
                state_dir: folder.tor_state(),
                cache_dir: folder.tor_cache(),
                toml,
                bridges: Vec::new(),
            }),
        };
        let transport = Arc::new(Transport::new(config.loopback, tor_config));
        let (engine, inbox) = channel();
        let (seq_sender, seq) = watch::channel(1);
        let runtime = tokio::runtime::Handle::current();
        let machine = Engine::new(folder, config.clock, pace, transport.clone(), runtime, engine.clone(), seq_sender);
        let thread =
            std::thread::Builder::new().name("engine".into()).spawn(move || machine.run(&inbox)).map_err(trouble_of)?;
        Ok(Self { inner: Arc::new(Inner { engine, seq, transport, thread: Mutex::new(Some(thread)) }) })
    }

    /// Has something done.
    ///
    /// # Errors
    /// [`Trouble`]; nothing has changed then.
    pub async fn request(&self, request: Request) -> Result<Reply, Trouble> {
        let (reply, answer) = oneshot::channel();
        self.inner.engine.send(Message::Request(request, reply)).map_err(|_| Trouble::Locked)?;
        answer.await.unwrap_or(Err(Trouble::Locked))
    }

    /// Looks at something.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn view(&self, query: Query) -> Result<View, Trouble> {
        let (reply, answer) = oneshot::channel();
        self.inner.engine.send(Message::View(query, reply)).map_err(|_| Trouble::Locked)?;
        answer.await.unwrap_or(Err(Trouble::Locked))
    }

    /// `AppView.seq`: grows with every change of anything shown.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.inner.seq.clone()
    }

    /// Closes everything and gives the folder back; other clones are dead afterwards.
    pub async fn stop(self) {
        let (reply, stopped) = oneshot::channel();
        if self.inner.engine.send(Message::Stop(reply)).is_ok() {
            let _ = stopped.await;
        }
        let thread = self.inner.thread.lock().expect("no holder of this lock can panic").take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        self.inner.transport.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_limit() {
        let pace = Pace::default();
        for (failures, least, most) in
            [(1, 1_500, 2_000), (2, 3_000, 4_000), (5, 24_000, 32_000), (60, 225_000, 300_000)]
        {
            let pause = pace.retry(failures).as_millis();
            assert!((least..=most).contains(&pause), "{failures} failures: {pause} ms");
        }
    }
}
