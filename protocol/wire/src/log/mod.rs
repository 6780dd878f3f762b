//! The relay's append-only log that can be held to account (`docs/protocol/01-wire.md`, sections 3 to 5).
//!
//! RFC 6962 Merkle tree over cells, read by C2SP tlog-tiles, signed by C2SP notes. What a reader must
//! check is in [`history`] (one call for each visit) and what a stranger can check in [`evidence`].

pub mod checkpoint;
pub mod evidence;
pub mod history;
pub mod note;
pub mod policy;
pub mod proof;
pub mod receipt;
pub mod slot;
pub mod span;
pub mod tile;
pub mod tree;
pub mod witness;
#[cfg(test)]
pub(crate) mod world;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use evidence::{Evidence, EvidenceError};
pub use history::{Compared, HistoryError, RelayHistory, Standing};
pub use note::{LogKey, LogKeyError, LogSigner, Note, NoteError, UnverifiedNote};
pub use policy::{Policy, PolicyError, Posting};
pub use proof::{ProofError, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};
pub use receipt::{Receipt, ReceiptError, ReceiptState};
pub use slot::SlotNumber;
pub use span::{CellsError, Span, SpanError, first_provable, tiles_for_span, tiles_to_tie, window_start};
pub use tile::{BundleError, BundleId, HashTile, TileError, TileId, decode_bundle, encode_bundle};
pub use tree::{Frontier, FrontierError, NodeHash, leaf_hash, node_hash};
pub use witness::{CosignatureError, Witness, WitnessError};
