//! The way to a relay: Tor, or a loopback address that the program was started with (docs/protocol/08-node.md, section 3).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use std::{fs, io};

use pursuance_onion::{Bridge, Isolation, OnionError, OnionStream, Progress, Tor, TorConfig};
use pursuance_wire::RelayAddress;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zeroize::Zeroize;

/// The port of every relay inside Tor.
const ONION_PORT: u16 = 80;

/// In Tor's folder: how often the bridges had been changed when it was last started there; missing, never.
const BRIDGES_NUMBER: &str = "bridges-number";

/// How long a loopback connection may take.
const LOOPBACK_CONNECT_SECONDS: u64 = 10;

/// What a stream is for; two purposes never share a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Fetching checkpoints, tiles, blocks and the stream.
    Read,
    /// Posting cells.
    Post,
}

/// Why a relay was not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Tor is off and no loopback address stands in for this relay.
    #[error("there is no way to this relay")]
    NoWay,
    /// Tor has no usable directory of the network yet.
    #[error("Tor is not ready")]
    TorNotReady,
    /// The way is there, the relay did not answer.
    #[error("the relay was not reached")]
    NotReached,
}

/// All ways to relays that this program has.
pub struct Transport {
    loopback: HashMap<RelayAddress, SocketAddr>,
    /// `None`: Tor is off.
    tor_config: Option<TorConfig>,
    tor: Mutex<TorState>,
    bridges: Mutex<Bridges>,
    /// For reading; posts never share one.
    isolations: Mutex<HashMap<RelayAddress, Isolation>>,
}

/// Bridges, as they are given.
#[derive(Default)]
struct Bridges {
    lines: String,
    parsed: Vec<Bridge>,
    /// How often they were changed: what Tor keeps on the disk is of one of these numbers.
    number: u64,
    /// The lines cannot be read: nothing is reached in their place.
    unreadable: bool,
}

/// Tor starts when the first relay needs it, and no earlier.
enum TorState {
    NotStarted,
    Running(Tor),
    /// Until arti has let go of its folders.
    Stopping(JoinHandle<()>),
    /// Its settings or its folder cannot be used; only another start of the program can help.
    Unusable,
}

/// How far Tor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TorStage {
    /// Off, or not needed yet.
    Asleep,
    /// Finding its way; percent done.
    Starting(u8),
    /// Ready.
    Ready,
    /// Held up: no network, a censor, a wrong clock, or settings that cannot be used.
    Unreachable,
}

impl Transport {
    /// With the loopback substitutions of the command line and, unless it is `None`, what Tor starts with.
    #[must_use]
    pub fn new(loopback: impl IntoIterator<Item = (RelayAddress, SocketAddr)>, tor_config: Option<TorConfig>) -> Self {
        Self {
            loopback: loopback.into_iter().collect(),
            tor_config,
            tor: Mutex::new(TorState::NotStarted),
            bridges: Mutex::default(),
            isolations: Mutex::default(),
        }
    }

    /// Whether this relay is reached without Tor.
    #[must_use]
    pub fn is_loopback(&self, relay: &RelayAddress) -> bool {
        self.loopback.contains_key(relay)
    }

    /// Whether Tor is the way to this relay.
    #[must_use]
    pub fn needs_tor(&self, relay: &RelayAddress) -> bool {
        self.tor_config.is_some() && !self.is_loopback(relay)
    }

    /// Whether any relay is reached without Tor.
    #[must_use]
    pub fn has_loopback(&self) -> bool {
        !self.loopback.is_empty()
    }

    /// How far Tor is.
    #[must_use]
    pub fn tor_stage(&self) -> TorStage {
        match &*self.tor.lock().expect("no holder of this lock can panic") {
            TorState::NotStarted if self.bridges.lock().expect("no holder of this lock can panic").unreadable => {
                TorStage::Unreachable
            }
            TorState::NotStarted | TorState::Stopping(_) => TorStage::Asleep,
            TorState::Unusable => TorStage::Unreachable,
            TorState::Running(tor) => match *tor.progress().borrow() {
                Progress { ready: true, .. } => TorStage::Ready,
                Progress { blocked: Some(_), .. } => TorStage::Unreachable,
                Progress { percent, .. } => TorStage::Starting(percent),
            },
        }
    }

    /// Has Tor reached by these bridges, which were changed `number` times by now; one that runs with others ends, and what it
    /// kept of them on the disk goes. Where lines cannot be read, it does not start.
    pub fn set_bridges(self: &Arc<Self>, runtime: &Handle, lines: String, parsed: Option<Vec<Bridge>>, number: u64) {
        let mut bridges = self.bridges.lock().expect("no holder of this lock can panic");
        let changed = bridges.number != number;
        *bridges = Bridges { lines, unreadable: parsed.is_none(), parsed: parsed.unwrap_or_default(), number };
        drop(bridges);
        if changed {
            self.rest(runtime);
        }
        self.forget_other_bridges();
    }

    /// The lines of the bridges, and whether one needs another program.
    #[must_use]
    pub fn bridges(&self) -> (String, bool) {
        let bridges = self.bridges.lock().expect("no holder of this lock can panic");
        (bridges.lines.clone(), bridges.parsed.iter().any(Bridge::needs_program))
    }

    /// Removes what Tor kept while it was reached by other bridges, unless it runs: their lines stand there. Whether nothing of it is left.
    fn forget_other_bridges(&self) -> bool {
        let Some(config) = &self.tor_config else { return true };
        // Held until all is gone: Tor does not start meanwhile.
        let state = self.tor.lock().expect("no holder of this lock can panic");
        let number = self.bridges.lock().expect("no holder of this lock can panic").number;
        match &*state {
            TorState::NotStarted => forget_other_bridges(config, number),
            TorState::Running(_) | TorState::Stopping(_) | TorState::Unusable => false,
        }
    }

    /// Opens a stream to a relay, on a circuit of this relay and purpose alone.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(&self, relay: &RelayAddress, purpose: Purpose) -> Result<Stream, ConnectError> {
        if let Some(address) = self.loopback.get(relay) {
            let connecting = TcpStream::connect(address);
            return match timeout(Duration::from_secs(LOOPBACK_CONNECT_SECONDS), connecting).await {
                Ok(Ok(stream)) => Ok(Stream::Loopback(stream)),
                _ => Err(ConnectError::NotReached),
            };
        }
        let tor = self.tor()?;
        let isolation = self.isolation(relay, purpose);
        match tor.connect(relay.onion(), ONION_PORT, &isolation).await {
            Ok(stream) => Ok(Stream::Onion(stream)),
            Err(OnionError::NotReady | OnionError::Outdated | OnionError::Stopped) => Err(ConnectError::TorNotReady),
            Err(error) => {
                tracing::debug!(%error, "a relay was not reached");
                Err(ConnectError::NotReached)
            }
        }
    }

    fn tor(&self) -> Result<Tor, ConnectError> {
        let config = self.tor_config.as_ref().ok_or(ConnectError::NoWay)?;
        let mut state = self.tor.lock().expect("no holder of this lock can panic");
        if let TorState::NotStarted = *state {
            let bridges = self.bridges.lock().expect("no holder of this lock can panic");
            if bridges.unreadable {
                return Err(ConnectError::TorNotReady);
            }
            if !forget_other_bridges(config, bridges.number) {
                return Err(ConnectError::TorNotReady);
            }
            let started = Tor::start(TorConfig { bridges: bridges.parsed.clone(), ..config.clone() });
            let number = config.state_dir.join(BRIDGES_NUMBER);
            let started = started.and_then(|tor| match fs::write(number, bridges.number.to_string()) {
                Ok(()) => Ok(tor),
                Err(source) => Err(OnionError::Directory { path: config.state_dir.clone(), source }),
            });
            *state = match started {
                Ok(tor) => TorState::Running(tor),
                Err(error) => {
                    tracing::error!(%error, "Tor cannot be started");
                    TorState::Unusable
                }
            };
        }
        match &*state {
            TorState::Running(tor) => Ok(tor.clone()),
            TorState::NotStarted | TorState::Stopping(_) | TorState::Unusable => Err(ConnectError::TorNotReady),
        }
    }

    fn isolation(&self, relay: &RelayAddress, purpose: Purpose) -> Isolation {
        // Each post goes its own way: posts that shared a circuit would say that they come from one place.
        if purpose == Purpose::Post {
            return Isolation::new();
        }
        let mut isolations = self.isolations.lock().expect("no holder of this lock can panic");
        isolations.entry(*relay).or_insert_with(Isolation::new).clone()
    }

    /// Has Tor rest, and forgets by which bridges it is reached until they are set again.
    pub fn forget(self: &Arc<Self>, runtime: &Handle) {
        self.rest(runtime);
        let mut bridges = self.bridges.lock().expect("no holder of this lock can panic");
        bridges.lines.zeroize();
        bridges.parsed.clear();
    }

    /// Has Tor rest: nothing is sent any more, and which relays it knows is forgotten. The next stream starts it again.
    pub fn rest(self: &Arc<Self>, runtime: &Handle) {
        self.isolations.lock().expect("no holder of this lock can panic").clear();
        let mut state = self.tor.lock().expect("no holder of this lock can panic");
        // Where it does not run, it stays as it is.
        *state = match std::mem::replace(&mut *state, TorState::NotStarted) {
            TorState::Running(tor) => {
                let resting = self.clone();
                // It waits for this lock before it says how it ended.
                TorState::Stopping(runtime.spawn(async move { resting.stopped(tor.stop().await) }))
            }
            other => other,
        };
    }

    fn stopped(&self, released: bool) {
        let mut state = self.tor.lock().expect("no holder of this lock can panic");
        if let TorState::Stopping(_) = &*state {
            // A second arti on the same folder would run without its guards.
            *state = if released { TorState::NotStarted } else { TorState::Unusable };
        }
        drop(state);
        if released {
            self.forget_other_bridges();
        } else {
            tracing::error!("Tor does not let go of its folder");
        }
    }

    /// Ends Tor for good.
    pub async fn stop(&self) {
        let state =
            std::mem::replace(&mut *self.tor.lock().expect("no holder of this lock can panic"), TorState::Unusable);
        match state {
            TorState::Running(tor) => drop(tor.stop().await),
            TorState::Stopping(stopping) => drop(stopping.await),
            TorState::NotStarted | TorState::Unusable => {}
        }
    }
}

/// Removes Tor's folders, unless they are of this number of changes. Whether nothing else is left.
fn forget_other_bridges(config: &TorConfig, number: u64) -> bool {
    let kept = fs::read_to_string(config.state_dir.join(BRIDGES_NUMBER));
    if kept.map_or(0, |kept| kept.parse().unwrap_or(0)) == number {
        return true;
    }
    [&config.state_dir, &config.cache_dir].into_iter().all(|dir| match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::error!(kind = %error.kind(), "what Tor kept of other bridges cannot be removed");
            false
        }
        _ => true,
    })
}

/// An open stream to a relay.
#[allow(clippy::large_enum_variant, reason = "there are a few at a time, and nearly all are onion streams")]
pub enum Stream {
    /// To this computer itself.
    Loopback(TcpStream),
    /// Through Tor.
    Onion(OnionStream),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Loopback(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Onion(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Loopback(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Onion(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Loopback(stream) => Pin::new(stream).poll_flush(cx),
            Self::Onion(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Loopback(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Onion(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use pursuance_wire::log::LogSigner;

    pub(crate) fn relay() -> RelayAddress {
        let key = |seed| *LogSigner::from_seed(&[seed; 32]).key().as_bytes();
        RelayAddress::new(key(1), key(2)).expect("both are keys")
    }

    #[tokio::test]
    async fn without_tor_and_loopback_there_is_no_way() {
        let transport = Transport::new([], None);
        assert!(matches!(transport.connect(&relay(), Purpose::Read).await, Err(ConnectError::NoWay)));
    }

    #[tokio::test]
    async fn loopback_stands_in_for_one_relay() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let transport = Transport::new([(relay(), address)], None);
        assert!(transport.is_loopback(&relay()));
        assert!(transport.connect(&relay(), Purpose::Read).await.is_ok());
        drop(listener);
        assert!(matches!(transport.connect(&relay(), Purpose::Post).await, Err(ConnectError::NotReached)));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_never_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        let config =
            TorConfig { state_dir: place("state"), cache_dir: place("cache"), toml: None, bridges: Vec::new() };
        let transport = Arc::new(Transport::new([], Some(config)));
        let set = |lines: &str, parsed| transport.set_bridges(&Handle::current(), lines.into(), parsed, 0);
        set("of another version", None);
        assert_eq!(transport.tor_stage(), TorStage::Unreachable);
        assert!(matches!(transport.connect(&relay(), Purpose::Read).await, Err(ConnectError::TorNotReady)));
        assert!(!place("state").exists(), "Tor was not started");
        set("", Some(Vec::new()));
        assert_eq!(transport.tor_stage(), TorStage::Asleep);
    }

    #[test]
    fn what_is_kept_of_other_bridges_goes() {
        let dir = tempfile::tempdir().unwrap();
        let (state_dir, cache_dir) = (dir.path().join("state"), dir.path().join("cache"));
        let config =
            TorConfig { state_dir: state_dir.clone(), cache_dir: cache_dir.clone(), toml: None, bridges: Vec::new() };
        let made = |number: Option<&str>| {
            for dir in [&state_dir, &cache_dir] {
                fs::create_dir_all(dir).unwrap();
                fs::write(dir.join("guards"), "192.0.2.7").unwrap();
            }
            number.iter().for_each(|number| fs::write(state_dir.join(BRIDGES_NUMBER), number).unwrap());
        };
        for (kept, number, stays) in
            [(None, 0, true), (Some("3"), 3, true), (None, 1, false), (Some("3"), 4, false), (Some("3"), 0, false)]
        {
            made(kept);
            assert!(forget_other_bridges(&config, number));
            assert_eq!((state_dir.exists(), cache_dir.exists()), (stays, stays), "{kept:?} {number}");
            fs::remove_dir_all(&state_dir).ok();
        }
        assert!(forget_other_bridges(&config, 5), "nothing is there");
    }
}
