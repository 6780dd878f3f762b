//! Every limit of the relay, by name (`docs/protocol/06-relay.md`, section 4). Units stand last.
//!
//! What is a property of the format (cells of a post, blocks of a request) is in `pursuance_wire::limits`.

use std::time::Duration;

/// Connections served at once, unless the operator says otherwise.
pub const DEFAULT_MAX_CONNECTIONS: usize = 512;

/// Connections beyond the limit that are told so; further ones are just closed.
pub const MAX_REFUSED_CONNECTIONS: usize = 64;

/// How long telling a connection that there are too many may take.
pub const REFUSAL_SECONDS: u64 = 5;

/// Of the connections, those that may be streams.
pub const MAX_STREAMS: usize = 256;

/// Requests on one connection; the next one is answered 429 and closes it.
pub const MAX_CONNECTION_REQUESTS: u64 = 1_024;

/// [`Patience::head`], usually.
pub const HEAD_SECONDS: u64 = 150;

/// [`Patience::body`], usually.
pub const BODY_SECONDS: u64 = 60;

/// [`Patience::write`], usually.
pub const WRITE_SECONDS: u64 = 120;

/// How long the relay waits for a visitor. // L13
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the head of a request, and between requests.
    pub head: Duration,
    /// For the body of a post.
    pub body: Duration,
    /// For the visitor to take anything of an answer.
    pub write: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(HEAD_SECONDS),
            body: Duration::from_secs(BODY_SECONDS),
            write: Duration::from_secs(WRITE_SECONDS),
        }
    }
}

/// Bytes of the head of a request.
pub const MAX_HEAD_BYTES: usize = 8_192;

/// Header lines of a request.
pub const MAX_HEADERS: usize = 32;

/// Posts waiting for the disk; further ones are answered 503.
pub const MAX_WAITING_POSTS: usize = 1_024;

/// Posts that one commit takes together.
pub const MAX_COMMIT_POSTS: usize = 256;

/// Answers that read the database at once; further ones wait.
pub const MAX_READERS: usize = 4;

/// Cells of an answer held in memory at once.
pub const READ_CELLS: u64 = 16;

/// Published slots that a slow stream may lag behind before it is cut.
pub const MAX_STREAM_LAG_SLOTS: usize = 4;

/// Bytes of a frame that a stream is given at once: what a connection buffers of it.
pub const STREAM_PIECE_BYTES: usize = 16 << 10;

/// Cells whose expired bodies are dropped in one go, so that posts do not wait long. Whole blocks.
pub const MAX_EXPIRED_CELLS: u64 = 4_096;

/// Old checkpoints that are dropped in one go.
pub const MAX_PRUNED_CHECKPOINTS: u64 = 1_024;

/// What a check names at most of what it found.
pub const MAX_FINDINGS: usize = 10;

/// Under pressure a connection may be ended this long after its last request, or after it came. // L17
pub const TURN_SECONDS: u64 = 10;

/// How long open answers may take after the relay was told to stop.
pub const STOP_SECONDS: u64 = 10;

/// Longest pause between two looks at the clock.
pub const TICK_MILLIS: u64 = 250;

/// Days that bodies are kept, unless the operator says otherwise.
pub const DEFAULT_RETENTION_DAYS: u32 = 30;

/// Length of a slot, unless the operator says otherwise.
pub const DEFAULT_SLOT_SECONDS: u32 = 60;

/// Size of the database beyond which posts are refused, unless the operator says otherwise.
pub const DEFAULT_MAX_DISK_BYTES: u64 = 20 << 30;

/// Least size that the operator may allow.
pub const MIN_DISK_BYTES: u64 = 1 << 20;
