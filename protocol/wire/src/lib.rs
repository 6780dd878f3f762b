//! What a relay may know: cells, its address, its append-only log, and the limits of all of them.
//!
//! Specified in `docs/protocol/01-wire.md` (rules W1..) and, for the relay's requests and answers,
//! `docs/protocol/06-relay.md` (rules L1..). Everything here is pure: bytes in, values or typed errors
//! out. No clock, randomness, disk or network; the relay and the client room bring those.
//!
//! ```text
//! cell ──leaf hash──> log::tree ──tiles──> log::span ──checked against──> log::checkpoint ──by── log::history
//! ```
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod address;
pub mod block;
pub mod cell;
pub mod frame;
pub mod limits;
pub mod log;
mod text;

pub use address::{AddressError, RelayAddress};
pub use block::{BlockRange, BlockRangeError};
pub use cell::{Cell, CellLengthError, LeafHash};
pub use frame::{Frame, FrameDecoder, FrameError};
