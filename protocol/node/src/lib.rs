//! What to do: the only client room with a clock, randomness, a disk and a network (docs/protocol/08-node.md).
//!
//! ```text
//! window ──request──> node ──> engine (one thread, owns everything) ──plan──> core
//!                               │  save, append, seal           ▲
//!                               ▼                               │ cells, receipts
//!                              store (one encrypted file)      workers (two a relay) ──visit, http──> transport
//! ```

pub mod api;
mod asker;
pub mod backup;
pub mod bridges;
pub mod bundle;
mod chance;
pub mod clock;
mod comparing;
mod devices;
mod engine;
mod evidence;
mod export;
#[cfg(test)]
mod figures;
mod folder;
#[cfg(test)]
mod growth;
mod held;
pub mod http;
pub mod import;
mod inbox;
mod inboxes;
mod local;
mod many;
mod news;
mod node;
mod outside;
pub mod own;
mod phrase;
pub mod recovery;
mod relays;
mod repair;
mod reposting;
mod requests;
mod rescue;
mod returning;
pub mod sending;
mod stack;
mod status;
mod storage;
pub mod store;
mod today;
pub mod transport;
pub mod vault;
mod views;
pub mod visit;
pub mod witnesses;
mod worker;

pub use clock::Clock;
pub use devices::CODE_SECONDS;
pub use held::MAX_UNDO;
pub use node::{Node, NodeConfig, Pace, TorChoice};
pub use pursuance_onion::log_filter;
pub use pursuance_wire::RelayAddress;
