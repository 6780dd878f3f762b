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

/// What everything below this room may log, whatever else is asked for.
///
/// arti shortens onion addresses in what it logs, but the last letters still carry a few bits of the key; the crates that name
/// them are therefore quiet but for errors. Below warnings its crates tell of bridges line by line. `tor_netdir` warns without
/// end on networks of a handful of relays. A target stands for all that begin with it.
const LOG_CEILING: &str = "arti=error,tor_=warn,tor_hsclient=error,tor_hsservice=error,tor_netdir=error";

/// The filter that programs give their `tracing` subscriber: what they ask for, and of what is below this room no more than it may
/// say. This crate itself never logs an address or a key.
#[must_use]
pub fn log_filter(asked: &str) -> String {
    format!("{asked},{LOG_CEILING}")
}
