//! How bytes travel: Tor through arti, set up once, with keys that come from memory (docs/protocol, chapter "How bytes travel").
//!
//! This room knows onion keys, ports and byte streams, and no word of what is said over them.
//! A [`Tor`] is started once per process and state directory; it bootstraps by itself.
//! [`Tor::connect`] opens a stream to an onion service, [`Tor::serve`] runs one.
//! Nothing here can open a clearnet connection other than arti's own to its guard.
//!
//! ```no_run
//! # async fn example() -> Result<(), pursuance_onion::OnionError> {
//! use pursuance_onion::{Isolation, OnionKey, Tor, TorConfig};
//! use tokio::io::AsyncWriteExt;
//!
//! let tor = Tor::start(TorConfig { state_dir: "tor/state".into(), cache_dir: "tor/cache".into(), toml: None, bridges: vec![] })?;
//! let key = OnionKey::from_seed(&[7; 32]); // in earnest: 32 random bytes
//! let mut service = tor.serve(&key, 80).await?;
//! tokio::spawn(async move {
//!     while let Some(mut stream) = service.accept().await {
//!         let _ = stream.write_all(b"hello").await;
//!         let _ = stream.shutdown().await; // streams buffer: flush or shut down
//!     }
//! });
//! let _stream = tor.connect(&key.public(), 80, &Isolation::new()).await?;
//! # Ok(())
//! # }
//! ```

mod bridge;
mod error;
mod key;
mod progress;
mod service;
mod settings;
mod stream;
mod tor;

pub use bridge::{Bridge, BridgeError, bridge_program};
pub use error::OnionError;
pub use key::OnionKey;
pub use progress::{Blocked, Progress};
pub use service::OnionService;
pub use settings::TorConfig;
pub use stream::{Isolation, OnionStream};
pub use tor::Tor;

/// The filter that programs should give their `tracing` subscriber for everything below this room.
///
/// arti shortens onion addresses in what it logs, but the last letters still carry a few bits of
/// the key; the crates that name addresses are therefore quiet but for errors. `tor_netdir` warns
/// without end on networks of a handful of relays. This crate itself never logs an address or a key.
pub const LOG_FILTER: &str = "warn,arti_client=error,tor_hsclient=error,tor_hsservice=error,tor_netdir=error";
