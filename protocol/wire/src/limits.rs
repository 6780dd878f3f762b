//! Every limit of the wire, by name (`docs/protocol/01-wire.md`, section 8).
//!
//! A decoder checks the limit before it allocates. Units stand last in the name.

/// Cells that one post may carry.
pub const MAX_POST_CELLS: usize = 4;

/// Cells of a block, the unit in which bodies are fetched.
pub const BLOCK_CELLS: u64 = 16;

/// Blocks that one request may ask for.
pub const MAX_FETCH_BLOCKS: u64 = 64;

/// Hashes of a full hash tile, and entries of a full entry bundle (C2SP tlog-tiles, height 8).
pub const TILE_HASHES: u64 = 256;

/// Highest tile level that a tree of [`MAX_TREE_CELLS`] can have.
pub const MAX_TILE_LEVEL: u8 = 5;

/// Cells that a log may ever hold; a checkpoint of a larger size is refused.
pub const MAX_TREE_CELLS: u64 = 1 << 40;

/// Cells between the start of a visit and its checkpoint (32 MiB of leaf hashes).
pub const MAX_SPAN_CELLS: u64 = 1 << 20;

/// Bytes of a signed note: checkpoint, receipt or policy.
pub const MAX_NOTE_BYTES: usize = 8_192;

/// Signature lines of a note, those of strangers included.
pub const MAX_NOTE_SIGNATURES: usize = 16;

/// Bytes of a witness's name.
pub const MAX_WITNESS_NAME_BYTES: usize = 255;

/// Bytes of a witness's key in its text form that are looked at before it is refused as too long: also those of longer kinds of keys,
/// which are named as such.
pub const MAX_WITNESS_KEY_BYTES: usize = 2_048;

/// Latest time that a cosignature may name (C2SP tlog-cosignature), in seconds since 1970.
pub const MAX_COSIGNATURE_SECONDS: u64 = i64::MAX as u64;

/// Extension lines of a checkpoint, the slot line included.
pub const MAX_EXTENSION_LINES: usize = 8;

/// Cells that a relay takes in one slot, and so the cells of one stream frame (8 MiB).
pub const MAX_SLOT_CELLS: usize = 4_096;

/// Shortest slot that a policy may name.
pub const MIN_SLOT_SECONDS: u32 = 1;

/// Longest slot that a policy may name.
pub const MAX_SLOT_SECONDS: u32 = 300;

/// Longest retention that a policy may name.
pub const MAX_RETENTION_DAYS: u32 = 3_650;

/// Characters of the text form of a relay address.
pub const RELAY_ADDRESS_CHARS: usize = 56 + ".onion/".len() + 52;

/// Characters of an address text that are looked at before it is refused as too long.
pub const MAX_ADDRESS_CHARS: usize = 512;

/// Bytes of an evidence file.
pub const MAX_EVIDENCE_BYTES: usize = 48 << 20;

/// Characters of a tile path.
pub const MAX_TILE_PATH_CHARS: usize = 64;
