//! The only place that names AEAD, HPKE, X25519 and signatures; every label stands here (docs/protocol/03-keys.md, "Labels").

pub mod aead;
pub mod hash;
pub mod kem;
pub mod sign;

pub use aead::{NONCE_BYTES, OpenError, TAG_BYTES, open, open_vault_key, seal, seal_vault_key};
pub use hash::{Seed, derive_key, hash, hash_stream, keyed_hash};
pub use kem::{KemError, KemSecret, KeySuite};
pub use sign::{BadSignature, SignatureBytes, Signed, SigningKey, WeakKey, is_weak, verify, verify_all};

/// Domain labels. One use each; a label never changes its meaning.
pub mod label {
    /// Id of an entry: hash over its body.
    pub const ENTRY_ID: &str = "pursuance 1 entry id";
    /// Prefix of the message that an author signs.
    pub const ENTRY_SIGNATURE: &[u8] = b"pursuance 1 entry signature";
    /// Prefix of the message that an invite key signs for a joiner.
    pub const JOIN_SIGNATURE: &[u8] = b"pursuance 1 join signature";
    /// Prefix of the message that a device signs to become a member's.
    pub const DEVICE_SIGNATURE: &[u8] = b"pursuance 1 device signature";
    /// Prefix of the message that a recovery key signs to become a member's.
    pub const RECOVERY_KEY_SIGNATURE: &[u8] = b"pursuance 1 recovery key signature";
    /// Prefix of the message that a recovery key signs to bring its member back on a new device.
    pub const RECOVER_SIGNATURE: &[u8] = b"pursuance 1 recover signature";
    /// Prefix of the message that a recovery key signs to let its member's further device in.
    pub const ENROL_SIGNATURE: &[u8] = b"pursuance 1 enrol signature";
    /// Pursuance and the entropy of a recovery phrase to the signing seed of the recovery key.
    pub const RECOVERY_SIGN: &str = "pursuance 1 recovery signing seed";
    /// What the phrase of two people is made of.
    pub const PHRASE: &str = "pursuance 1 phrase";
    /// Id of an epoch: commitment to its secret.
    pub const EPOCH_ID: &str = "pursuance 1 epoch id";
    /// Epoch secret to the key that seals cells.
    pub const EPOCH_CELL: &str = "pursuance 1 epoch cell key";
    /// Epoch secret to the key that recognises cells.
    pub const EPOCH_DETECT: &str = "pursuance 1 epoch detection key";
    /// Epoch secret to the key that seals task keys for the role.
    pub const EPOCH_WRAP: &str = "pursuance 1 epoch wrap key";
    /// Epoch secret, package id and what it is bound to, to the randomness of one seal.
    pub const EPOCH_SEAL_SEED: &str = "pursuance 1 epoch seal randomness";
    /// Epoch secret to the key that seals the secrets of older epochs.
    pub const EPOCH_BACKLINK: &str = "pursuance 1 epoch backlink key";
    /// Associated data of such a seal.
    pub const BACKLINK_AD: &[u8] = b"pursuance 1 backlink";
    /// Info string of a seal of an epoch secret to a device.
    pub const EPOCH_SEAL_INFO: &[u8] = b"pursuance 1 epoch seal";
    /// The readers an epoch was sealed to.
    pub const READERS: &str = "pursuance 1 readers";
    /// Signatures under a proposal, by which what follows from them is remembered.
    pub const SIGNATURES: &str = "pursuance 1 signatures";
    /// Id of a key package.
    pub const PACKAGE_ID: &str = "pursuance 1 key package id";
    /// Invite secret to the signing seed of the invite key.
    pub const INVITE_SIGN: &str = "pursuance 1 invite signing seed";
    /// Invite secret to the secret of its cells.
    pub const INVITE_CELLS: &str = "pursuance 1 invite cell secret";
    /// Invite cell secret to the id of the key.
    pub const INVITE_ID: &str = "pursuance 1 invite key id";
    /// Invite cell secret to the key that seals cells.
    pub const INVITE_CELL: &str = "pursuance 1 invite cell key";
    /// Invite cell secret to the key that recognises cells.
    pub const INVITE_DETECT: &str = "pursuance 1 invite detection key";
    /// Checksum of an invite link.
    pub const LINK_CHECKSUM: &str = "pursuance 1 link checksum";
    /// Checksum of a code for a further device.
    pub const CODE_CHECKSUM: &str = "pursuance 1 code checksum";
    /// Code secret to the id of its key.
    pub const CODE_ID: &str = "pursuance 1 code key id";
    /// Code secret to the key that seals cells.
    pub const CODE_CELL: &str = "pursuance 1 code cell key";
    /// Code secret to the key that recognises cells.
    pub const CODE_DETECT: &str = "pursuance 1 code detection key";
    /// Device seed to the signing seed.
    pub const DEVICE_SIGN: &str = "pursuance 1 device signing seed";
    /// Device seed to the secret of its key package.
    pub const DEVICE_PACKAGE: &str = "pursuance 1 device package secret";
    /// Associated data of a cell.
    pub const CELL_AD: &[u8] = b"pursuance 1 cell";
    /// Associated data of the part of an entry sealed to an audience.
    pub const AUDIENCE_AD: &[u8] = b"pursuance 1 audience";
    /// Associated data of one sealed item.
    pub const ITEM_AD: &[u8] = b"pursuance 1 item";
    /// Task key and nonce to the commitment shown beside an item.
    pub const ITEM_COMMIT: &str = "pursuance 1 item commitment";
    /// Task key to its AEAD key.
    pub const ITEM_KEY: &str = "pursuance 1 item key";
    /// Where a task was created, to its id.
    pub const TASK_ID: &str = "pursuance 1 task id";
    /// Associated data of the database key in the vault file.
    pub const VAULT_AD: &[u8] = b"pursuance 1 vault";
    /// Digest of a whole state, for comparisons.
    pub const STATE_DIGEST: &str = "pursuance 1 state digest";
}
