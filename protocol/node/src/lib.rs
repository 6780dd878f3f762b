//! What to do: the only client room with a clock, randomness, a disk and a network (docs/protocol/08-node.md).

pub mod api;
pub mod clock;
pub mod folder;
pub mod http;
pub mod import;
pub mod store;
pub mod transport;
pub mod vault;
