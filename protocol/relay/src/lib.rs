//! What merely waits: the relay, an append-only log of cells that can be held to account
//! (`docs/protocol/06-relay.md`, rules L1..).
//!
//! It depends on the wire and on how bytes travel, and on nothing that has a word for what it carries.
//!
//! ```text
//! door (onion service, loopback) ─> answer ─> readers ─> store (SQLite)
//!                                     └ post ─> sequencer, the one writer ─┘
//! ```

mod answer;
mod backup;
mod check;
mod data_dir;
mod door;
mod error;
pub mod limits;
mod patient;
mod readers;
mod record;
mod relay;
mod sequencer;
mod store;
mod turns;

pub use backup::{Restored, backup, restore};
pub use check::{Checked, Finding, check};
pub use door::Door;
pub use error::{Damage, PostRefusal, RelayError};
pub use relay::{Relay, RelayConfig, read_address};
pub use sequencer::Clock;
