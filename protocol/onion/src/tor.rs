//! One arti per state directory: start, bootstrap, connect, serve (docs/protocol, chapter "How bytes travel").

use std::collections::HashSet;
use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arti_client::{ErrorKind, HasKind, TorClient};
use futures::StreamExt;
use safelog::DisplayRedacted;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tor_hscrypto::pk::{HsId, HsIdKey};
use tor_hsservice::HsNickname;
use tor_hsservice::config::OnionServiceConfigBuilder;
use tor_rtcompat::PreferredRuntime;

use crate::error::{connect_error, start_error};
use crate::service::MAX_STREAMS_PER_CIRCUIT;
use crate::{Blocked, Isolation, OnionError, OnionKey, OnionService, OnionStream, Progress, TorConfig};

/// How long [`Tor::connect`] tries, the wait for the bootstrap included.
const CONNECT_SECONDS: u64 = 120;

/// Pause after a failed bootstrap, doubled up to the greatest.
const FIRST_RETRY_SECONDS: u64 = 1;
const MAX_RETRY_SECONDS: u64 = 300;

/// How often readiness is looked at without a sign from arti: a directory can also expire by the clock alone.
const PROGRESS_SECONDS: u64 = 5;

/// How long [`Tor::stop`] waits for arti to let go of its directories.
const STOP_SECONDS: u64 = 10;

/// How often it looks whether the other clones are gone.
const STOP_POLL_MILLIS: u64 = 20;

/// Threads that arti runs on.
const THREADS: usize = 2;

/// Our own lock: arti's leaves a second user of the directory running without saved state.
const LOCK_FILE: &str = "in-use";

/// Where arti keeps the introduction points of services, below the state directory.
const SERVICES_DIR: &str = "hss";

type Arti = Arc<TorClient<PreferredRuntime>>;

/// A running Tor client, bootstrapping or ready. Cheap to clone; it ends with its last clone and service.
#[derive(Clone)]
pub struct Tor(Arc<Running>);

struct Running {
    arti: Arti,
    progress: watch::Receiver<Progress>,
    served: Mutex<HashSet<[u8; 32]>>,
    next_service: AtomicU64,
    /// arti's own, because some of its tasks hold each other and end only with their runtime. Taken when dropped.
    runtime: Option<Runtime>,
    /// Released after arti, which is declared before it.
    _lock: File,
}

impl Running {
    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("only drop takes it")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Does not wait, because the one who drops may be a task.
            runtime.shutdown_background();
        }
    }
}

impl Tor {
    /// Starts arti on threads of its own and returns at once; it bootstraps in the background, again and again
    /// until it succeeds.
    ///
    /// # Errors
    /// What is wrong with the settings or the directories; never the state of the network.
    pub fn start(config: TorConfig) -> Result<Tor, OnionError> {
        // An Err means that the process has a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = config.to_arti()?;
        make_private(&config.state_dir)?;
        make_private(&config.cache_dir)?;
        let lock = lock(&config.state_dir)?;
        forget_services(&config.state_dir)?;

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("tor")
            .enable_all()
            .build()
            .map_err(OnionError::NoThreads)?;
        let entered = runtime.enter();
        let arti = TorClient::with_runtime(PreferredRuntime::current().expect("entered above"))
            .config(settings)
            .create_unbootstrapped()
            .map_err(|error| start_error(&error, &config.state_dir));
        drop(entered);
        let arti = match arti {
            Ok(arti) => arti,
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };

        let (report, progress) = watch::channel(Progress::default());
        let report = Arc::new(report);
        runtime.spawn(bootstrap(arti.clone(), report.clone()));
        runtime.spawn(watch_progress(arti.clone(), report));
        Ok(Tor(Arc::new(Running {
            arti,
            progress,
            served: Mutex::default(),
            next_service: AtomicU64::new(0),
            runtime: Some(runtime),
            _lock: lock,
        })))
    }

    /// The bootstrap as it proceeds; the channel closes when this Tor has ended.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.0.progress.clone()
    }

    /// Waits, without a limit of its own, until streams can be opened.
    ///
    /// # Errors
    /// [`OnionError::Outdated`], when waiting is in vain.
    pub async fn ready(&self) -> Result<(), OnionError> {
        let mut progress = self.progress();
        let now = *progress
            .wait_for(|now| now.ready || now.blocked == Some(Blocked::Outdated))
            .await
            .map_err(|_| OnionError::Stopped)?;
        if now.ready { Ok(()) } else { Err(OnionError::Outdated) }
    }

    /// Opens a stream to the onion service with this public key, on a circuit of this isolation's own.
    /// Waits for the bootstrap, and gives up after two minutes.
    ///
    /// Not retried: a service that has just started takes a while to be found, so callers try again.
    ///
    /// # Errors
    /// [`OnionError::BadAddress`] when the bytes are no public key; [`OnionError::NotReady`] when the bootstrap took all
    /// the time; [`NotFound`](OnionError::NotFound), [`Unreachable`](OnionError::Unreachable),
    /// [`Refused`](OnionError::Refused), [`TimedOut`](OnionError::TimedOut) or [`PathFailed`](OnionError::PathFailed)
    /// by where it failed.
    pub async fn connect(&self, onion: &[u8; 32], port: u16, isolation: &Isolation) -> Result<OnionStream, OnionError> {
        let onion = HsId::from(*onion);
        HsIdKey::try_from(onion).map_err(|_| OnionError::BadAddress)?;
        let name = onion.display_unredacted().to_string();
        let prefs = isolation.prefs();
        let arti = self.0.arti.clone();
        // On arti's runtime, so that its sockets are there too; and a set, so that whoever stops waiting stops it.
        let mut connecting = JoinSet::new();
        let attempt = async move { arti.connect_with_prefs((name.as_str(), port), &prefs).await };
        let connected = async {
            self.ready().await?;
            connecting.spawn_on(attempt, self.0.runtime().handle());
            let ended = connecting.join_next().await.expect("spawned above");
            // The task is not aborted while we wait, so it can only have ended with the runtime, or by arti's panic.
            ended.map_err(|_| OnionError::Stopped)?.map(OnionStream::opened).map_err(|error| connect_error(&error))
        };
        match timeout(Duration::from_secs(CONNECT_SECONDS), connected).await {
            Ok(outcome) => outcome,
            Err(_) if self.0.progress.borrow().ready => Err(OnionError::TimedOut),
            Err(_) => Err(OnionError::NotReady),
        }
    }

    /// Starts the onion service of this key on one port; it becomes reachable some seconds after the bootstrap.
    ///
    /// The key goes into arti's keystore in memory, where a copy stays until this Tor has ended.
    ///
    /// # Errors
    /// [`OnionError::AlreadyServed`] when this Tor serves the key already, [`OnionError::Fault`] when arti fails.
    pub async fn serve(&self, key: &OnionKey, port: u16) -> Result<OnionService, OnionError> {
        let served = Served::claim(self, key.public())?;
        // arti names files after this, so it says nothing about the key.
        let number = self.0.next_service.fetch_add(1, Ordering::Relaxed);
        let nickname: HsNickname = format!("s{number}").parse().expect("a letter and digits are a nickname");
        let settings = OnionServiceConfigBuilder::default()
            .nickname(nickname)
            .max_concurrent_streams_per_circuit(MAX_STREAMS_PER_CIRCUIT)
            .build()
            .map_err(OnionError::UnusableSettings)?;
        // arti looks for the runtime it is called in.
        let _entered = self.0.runtime().enter();
        let (running, introductions) = self
            .0
            .arti
            .launch_onion_service_with_hsid(settings, key.keypair())
            .map_err(|error| OnionError::Fault { kind: error.kind() })?
            .expect("a service is enabled unless its settings say otherwise");
        Ok(OnionService::new(served, running, introductions, port, self.0.runtime().handle()))
    }

    /// Waits, up to ten seconds, until the other clones are gone and no service runs, and until arti has closed everything
    /// and released its directories. Whether it did: then they can be started on again.
    pub async fn stop(self) -> bool {
        let limit = Duration::from_secs(STOP_SECONDS);
        let mut shared = self.0;
        let stopped = async {
            let running = loop {
                match Arc::try_unwrap(shared) {
                    Ok(running) => break running,
                    Err(others) => shared = others,
                }
                sleep(Duration::from_millis(STOP_POLL_MILLIS)).await;
            };
            let released = running.arti.wait_for_stop();
            drop(running);
            released.await;
        };
        timeout(limit, stopped).await.is_ok()
    }
}

/// The exclusive right of a service to its key; keeps its Tor running.
pub(crate) struct Served {
    tor: Tor,
    onion: [u8; 32],
}

impl Served {
    fn claim(tor: &Tor, onion: [u8; 32]) -> Result<Served, OnionError> {
        let fresh = tor.0.served.lock().expect("no holder of this lock can panic").insert(onion);
        if fresh { Ok(Served { tor: tor.clone(), onion }) } else { Err(OnionError::AlreadyServed) }
    }

    pub(crate) fn onion(&self) -> [u8; 32] {
        self.onion
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.tor.0.served.lock().expect("no holder of this lock can panic").remove(&self.onion);
    }
}

/// Bootstraps until it has succeeded once; from then on arti keeps itself up.
async fn bootstrap(arti: Arti, report: Arc<watch::Sender<Progress>>) {
    let mut pause = Duration::from_secs(FIRST_RETRY_SECONDS);
    loop {
        match arti.bootstrap().await {
            Ok(()) => return,
            Err(error) if error.kind() == ErrorKind::SoftwareDeprecated => {
                report.send_replace(Progress::OUTDATED);
                return;
            }
            Err(error) => tracing::info!(kind = %error.kind(), "Tor did not bootstrap, trying again"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(MAX_RETRY_SECONDS));
    }
}

async fn watch_progress(arti: Arti, report: Arc<watch::Sender<Progress>>) {
    let mut signs = arti.bootstrap_events();
    loop {
        let now = Progress::from_arti(&arti.bootstrap_status());
        report.send_if_modified(|known| {
            let news = *known != now && *known != Progress::OUTDATED;
            if news {
                *known = now;
            }
            news
        });
        // No sign (Err) and no more signs (None) are alike: look again.
        if let Ok(None) = timeout(Duration::from_secs(PROGRESS_SECONDS), signs.next()).await {
            sleep(Duration::from_secs(PROGRESS_SECONDS)).await;
        }
    }
}

/// Makes a directory that nobody else can enter, with its parents; one that exists is left as it is.
fn make_private(path: &Path) -> Result<(), OnionError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| OnionError::Directory { path: path.to_owned(), source })
}

fn lock(state_dir: &Path) -> Result<File, OnionError> {
    let failed = |source| OnionError::Directory { path: state_dir.to_owned(), source };
    let file =
        File::options().write(true).create(true).truncate(false).open(state_dir.join(LOCK_FILE)).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OnionError::DirectoryInUse { path: state_dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Removes what arti saved about the services of the last run: the keys that it belongs to were in memory alone.
fn forget_services(state_dir: &Path) -> Result<(), OnionError> {
    match std::fs::remove_dir_all(state_dir.join(SERVICES_DIR)) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(OnionError::Directory { path: state_dir.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_user_at_a_time() {
        let dir = std::env::temp_dir().join(format!("pursuance-onion-lock-{}", std::process::id()));
        make_private(&dir).expect("the temporary directory is writable");
        let held = lock(&dir).expect("nobody else knows this directory");
        assert!(matches!(lock(&dir), Err(OnionError::DirectoryInUse { .. })));
        drop(held);
        lock(&dir).expect("released");
        std::fs::remove_dir_all(&dir).expect("ours");
    }

    #[test]
    fn services_of_the_last_run_are_forgotten() {
        let dir = std::env::temp_dir().join(format!("pursuance-onion-forget-{}", std::process::id()));
        make_private(&dir.join(SERVICES_DIR).join("s0")).expect("the temporary directory is writable");
        forget_services(&dir).expect("ours");
        assert!(!dir.join(SERVICES_DIR).exists());
        forget_services(&dir).expect("nothing to forget is no error");
        std::fs::remove_dir_all(&dir).expect("ours");
    }

    #[test]
    fn bad_settings_leave_nothing_behind() {
        let dir = std::env::temp_dir().join("pursuance-onion-never-made");
        let config = TorConfig {
            state_dir: dir.clone(),
            cache_dir: dir.clone(),
            toml: Some("= no".to_owned()),
            bridges: Vec::new(),
        };
        assert!(matches!(Tor::start(config), Err(OnionError::UnreadableSettings(_))));
        assert!(!dir.exists());
    }
}
