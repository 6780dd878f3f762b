//! The way to a relay: Tor, or a loopback address that the program was started with (docs/protocol/08-node.md, section 3).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use pursuance_onion::{Bridge, Isolation, OnionError, OnionStream, Progress, Tor, TorConfig};
use pursuance_wire::RelayAddress;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The port of every relay inside Tor.
const ONION_PORT: u16 = 80;

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

/// Bridges, as they are given and as they were when Tor started.
#[derive(Default)]
struct Bridges {
    lines: String,
    parsed: Vec<Bridge>,
    /// The lines cannot be read: nothing is reached in their place.
    unreadable: bool,
    started_with: Option<String>,
}

/// Tor starts when the first relay needs it, and no earlier.
enum TorState {
    NotStarted,
    Running(Tor),
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
            TorState::NotStarted => TorStage::Asleep,
            TorState::Unusable => TorStage::Unreachable,
            TorState::Running(tor) => match *tor.progress().borrow() {
                Progress { ready: true, .. } => TorStage::Ready,
                Progress { blocked: Some(_), .. } => TorStage::Unreachable,
                Progress { percent, .. } => TorStage::Starting(percent),
            },
        }
    }

    /// Has Tor reached by these bridges when it starts; one that runs stays as it is. Where lines cannot be read, it does not start.
    pub fn set_bridges(&self, lines: String, parsed: Option<Vec<Bridge>>) {
        let mut bridges = self.bridges.lock().expect("no holder of this lock can panic");
        bridges.unreadable = parsed.is_none();
        (bridges.lines, bridges.parsed) = (lines, parsed.unwrap_or_default());
    }

    /// The lines of the bridges, whether one needs another program, and whether Tor runs with others.
    #[must_use]
    pub fn bridges(&self) -> (String, bool, bool) {
        let bridges = self.bridges.lock().expect("no holder of this lock can panic");
        let waits = bridges.started_with.as_ref().is_some_and(|lines| *lines != bridges.lines);
        (bridges.lines.clone(), bridges.parsed.iter().any(Bridge::needs_program), waits)
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
            let mut bridges = self.bridges.lock().expect("no holder of this lock can panic");
            if bridges.unreadable {
                return Err(ConnectError::TorNotReady);
            }
            bridges.started_with = Some(bridges.lines.clone());
            let config = TorConfig { bridges: bridges.parsed.clone(), ..config.clone() };
            *state = match Tor::start(config) {
                Ok(tor) => TorState::Running(tor),
                Err(error) => {
                    tracing::error!(%error, "Tor cannot be started");
                    TorState::Unusable
                }
            };
        }
        match &*state {
            TorState::Running(tor) => Ok(tor.clone()),
            TorState::NotStarted | TorState::Unusable => Err(ConnectError::TorNotReady),
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

    /// Ends Tor, if it runs.
    pub async fn stop(&self) {
        let state =
            std::mem::replace(&mut *self.tor.lock().expect("no holder of this lock can panic"), TorState::Unusable);
        if let TorState::Running(tor) = state {
            tor.stop().await;
        }
    }
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
        let transport = Transport::new([], Some(config));
        transport.set_bridges("of another version".into(), None);
        assert_eq!(transport.tor_stage(), TorStage::Unreachable);
        assert!(matches!(transport.connect(&relay(), Purpose::Read).await, Err(ConnectError::TorNotReady)));
        assert!(!place("state").exists(), "Tor was not started");
        transport.set_bridges(String::new(), Some(Vec::new()));
        assert_eq!(transport.tor_stage(), TorStage::Asleep);
    }
}
