//! One signed, hash-chained entry of an author's log (docs/protocol/02-log.md, "Entry").

use alloc::vec::Vec;

use crate::codec::{DecodeError, Reader, Writer, require_canonical};
use crate::crypto::{self, SignatureBytes, SigningKey, label};
use crate::id::{AuthorId, EntryId, EpochId, PursuanceId, RoleId};
use crate::limits::{MAX_AUDIENCES, MAX_CHECKPOINTS, MAX_ENTRY_BYTES, MAX_HEADS, MAX_ITEM_BYTES, MAX_ITEMS, MAX_OPS};
use crate::op::{Op, number};

/// The version of entries written and read here.
pub const ENTRY_VERSION: u64 = 1;
/// The suite written and read here: BLAKE3, Ed25519 (ZIP-215), XChaCha20-Poly1305, HPKE.
pub const ENTRY_SUITE: u64 = 1;

/// A grant, or an invite: the entry that made it and the op in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantRef {
    /// The entry.
    pub entry: EntryId,
    /// The op's index in it.
    pub op: u16,
}

/// Yesterday's last checkpoint of a relay, as its author saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CheckpointSeen {
    /// The relay's log key.
    pub relay: [u8; 32],
    /// The slot.
    pub slot: u64,
    /// SHA-256 of the checkpoint's text.
    pub hash: [u8; 32],
}

/// What an entry says, apart from who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Whose log.
    pub author: AuthorId,
    /// Its place in that log, from 0.
    pub seq: u32,
    /// The author's entry before it; `None` only at 0.
    pub prev: Option<EntryId>,
    /// Newest entries of others, sorted, at most `MAX_HEADS`.
    pub heads: Vec<EntryId>,
    /// What every op of it leans on; `None` only for the genesis.
    pub by: Option<GrantRef>,
    /// The author's clock, seconds since 1970: shown, and never decides.
    pub claimed_seconds: u64,
    /// Relay checkpoints, sorted, at most `MAX_CHECKPOINTS`.
    pub checkpoints: Vec<CheckpointSeen>,
    /// One layer.
    pub content: Content,
}

/// The layer of an entry and what it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Read and judged by every member.
    Public(Vec<Op>),
    /// Sealed; judged by its readers.
    Role(RolePart),
}

/// The sealed layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolePart {
    /// Who can read, sorted by role.
    pub audiences: Vec<AudienceSeal>,
    /// What is said, one task an item.
    pub items: Vec<ItemSeal>,
}

/// What one audience needs to read the items: which tasks, and the keys of new ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceSeal {
    /// The role.
    pub role: RoleId,
    /// The epoch it is sealed under.
    pub epoch: EpochId,
    /// Nonce of the seal.
    pub nonce: [u8; crypto::NONCE_BYTES],
    /// Sealed list, one line an item.
    pub sealed: Vec<u8>,
}

/// Ops about one task, sealed with the task's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemSeal {
    /// Commits to the key: the seal itself does not.
    pub commit: [u8; 32],
    /// Nonce of the seal.
    pub nonce: [u8; crypto::NONCE_BYTES],
    /// Sealed ops.
    pub sealed: Vec<u8>,
}

/// Why bytes are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// E1: longer than `MAX_ENTRY_BYTES`.
    #[error("E1: longer than an entry may be")]
    TooLong,
    /// E2 to E4: not strict bytes.
    #[error("E2: {0}")]
    Decode(#[from] DecodeError),
    /// E5: written by a newer version or suite; to be kept.
    #[error("E5: needs a newer Pursuance (version {version}, suite {suite})")]
    Newer {
        /// Its version.
        version: u64,
        /// Its suite.
        suite: u64,
    },
    /// E6: public ops and sealed items in one entry.
    #[error("E6: mixed layers")]
    MixedLayers,
    /// E7: neither ops nor items.
    #[error("E7: says nothing")]
    Empty,
    /// E8: seq 0 with a prev, or another without.
    #[error("E8: seq and prev do not match")]
    SeqAndPrev,
    /// E9: heads, checkpoints or audiences repeated, unsorted, or naming prev.
    #[error("E9: not in order")]
    NotSorted,
    /// E10: a genesis or a join that does not stand alone at seq 0, or `by` is missing.
    #[error("E10: not a possible beginning of a log")]
    Beginning,
}

/// Why a decoded entry was not accepted as its author's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// E11: the signature is not this author's over this entry in this pursuance.
    #[error("E11: not this author's signature in this pursuance")]
    Signature,
    /// E12: the author's key is weak.
    #[error("E12: a weak author key")]
    WeakKey,
    /// E13: a genesis that is not this pursuance's.
    #[error("E13: the genesis of another pursuance")]
    ForeignGenesis,
}

/// Decoded, and nothing more is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedEntry {
    bytes: Vec<u8>,
    id: EntryId,
    body: Body,
    signature: SignatureBytes,
}

/// An entry whose signature was checked; only [`UnverifiedEntry::verify`] and [`Entry::sign`] make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    bytes: Vec<u8>,
    id: EntryId,
    body: Body,
}

impl UnverifiedEntry {
    /// Strict decoding of received bytes.
    ///
    /// # Errors
    /// [`EntryError`]; nothing is allocated beyond the size of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::TooLong); // E1
        }
        let mut r = Reader::new(bytes);
        r.array(2)?;
        let body_bytes = r.bytes(MAX_ENTRY_BYTES)?;
        let signature = r.exact()?;
        r.end()?;
        let body = Body::decode(body_bytes)?;
        require_canonical(bytes, &envelope(body_bytes, &signature))?; // E4
        Ok(Self { bytes: bytes.into(), id: id_of(body_bytes), body, signature })
    }

    /// Checks the signature in a pursuance.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(self, pursuance: PursuanceId) -> Result<Entry, VerifyError> {
        if self.body.is_genesis() && self.id != pursuance.genesis() {
            return Err(VerifyError::ForeignGenesis); // E13
        }
        crypto::verify(&self.body.author.0, &signed_message(pursuance, self.id), &self.signature)
            .map_err(|_| VerifyError::Signature)?; // E11
        if self.body.seq == 0 && crypto::is_weak(&self.body.author.0) {
            return Err(VerifyError::WeakKey); // E12
        }
        Ok(Entry { bytes: self.bytes, id: self.id, body: self.body })
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// What it claims.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }
}

impl Entry {
    /// Signs a body; it is decoded again, so that nothing leaves that would not be accepted.
    ///
    /// # Panics
    /// If the body breaks the rules of its own form: that is a bug of the caller.
    #[must_use]
    pub fn sign(key: &SigningKey, pursuance: Option<PursuanceId>, body: &Body) -> Self {
        assert_eq!(key.author(), body.author, "an entry is signed by its author");
        let body_bytes = body.encode();
        let id = id_of(&body_bytes);
        // Only the genesis is signed before its pursuance has a name: it gives the name.
        let pursuance = pursuance.unwrap_or(PursuanceId(id.0));
        let signature = key.sign(&signed_message(pursuance, id));
        UnverifiedEntry::decode(&envelope(&body_bytes, &signature))
            .expect("own bodies are well formed")
            .verify(pursuance)
            .expect("own signatures verify")
    }

    /// An entry that was verified before it was saved in the encrypted store; its signature is not checked again.
    ///
    /// # Errors
    /// [`EntryError`], if the stored bytes are damaged.
    pub fn from_store(bytes: &[u8]) -> Result<Self, EntryError> {
        let UnverifiedEntry { bytes, id, body, .. } = UnverifiedEntry::decode(bytes)?;
        Ok(Self { bytes, id, body })
    }

    /// The bytes as received.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// What it says.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }
}

impl Body {
    /// Whether it founds a pursuance.
    #[must_use]
    pub fn is_genesis(&self) -> bool {
        matches!(&self.content, Content::Public(ops) if matches!(ops.first(), Some(Op::Genesis(_))))
    }

    /// All entries it names: prev, heads, and what it leans on.
    pub fn named(&self) -> impl Iterator<Item = EntryId> + '_ {
        self.prev.into_iter().chain(self.heads.iter().copied()).chain(self.by.map(|by| by.entry))
    }

    fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.array(11).uint(ENTRY_VERSION).uint(ENTRY_SUITE).bytes(&self.author.0).uint(self.seq.into());
        w.bytes(self.prev.as_ref().map_or(&[][..], |prev| &prev.0));
        w.array(self.heads.len());
        for head in &self.heads {
            w.bytes(&head.0);
        }
        match self.by {
            None => w.array(0),
            Some(by) => w.array(2).bytes(&by.entry.0).uint(by.op.into()),
        };
        w.uint(self.claimed_seconds).array(self.checkpoints.len());
        for seen in &self.checkpoints {
            w.array(3).bytes(&seen.relay).uint(seen.slot).bytes(&seen.hash);
        }
        let (ops, part) = match &self.content {
            Content::Public(ops) => (&ops[..], None),
            Content::Role(part) => (&[][..], Some(part)),
        };
        w.array(ops.len());
        for op in ops {
            op.write(&mut w);
        }
        match part {
            None => {
                w.array(0);
            }
            Some(part) => part.write(&mut w),
        }
        w.finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        let mut r = Reader::new(bytes);
        let fields = r.list(usize::MAX)?;
        let (version, suite) = (r.uint()?, r.uint()?);
        if version != ENTRY_VERSION || suite != ENTRY_SUITE {
            return Err(EntryError::Newer { version, suite }); // E5
        }
        if fields != 11 {
            return Err(DecodeError::Structure.into());
        }
        let author = AuthorId(r.exact()?);
        let seq = r.small()?;
        let prev = r.exact_or_none()?.map(EntryId);
        let mut heads = Vec::new();
        for _ in 0..r.list(MAX_HEADS)? {
            heads.push(EntryId(r.exact()?));
        }
        let by = match r.list(2)? {
            0 => None,
            2 => Some(GrantRef { entry: EntryId(r.exact()?), op: r.small()? }),
            _ => return Err(DecodeError::Structure.into()),
        };
        let claimed_seconds = r.uint()?;
        let mut checkpoints = Vec::new();
        for _ in 0..r.list(MAX_CHECKPOINTS)? {
            r.array(3)?;
            checkpoints.push(CheckpointSeen { relay: r.exact()?, slot: r.uint()?, hash: r.exact()? });
        }
        let mut ops = Vec::new();
        for _ in 0..r.list(MAX_OPS)? {
            ops.push(Op::read(&mut r)?);
        }
        let part = RolePart::read(&mut r)?;
        r.end()?;
        let content = match (ops.is_empty(), part) {
            (false, None) => Content::Public(ops),
            (true, Some(part)) => Content::Role(part),
            (false, Some(_)) => return Err(EntryError::MixedLayers), // E6
            (true, None) => return Err(EntryError::Empty),           // E7
        };
        let body = Self { author, seq, prev, heads, by, claimed_seconds, checkpoints, content };
        body.check_form()?;
        require_canonical(bytes, &body.encode())?; // E4
        Ok(body)
    }

    fn check_form(&self) -> Result<(), EntryError> {
        if (self.seq == 0) != self.prev.is_none() {
            return Err(EntryError::SeqAndPrev); // E8
        }
        let sorted = self.heads.is_sorted_by(|a, b| a < b)
            && self.checkpoints.is_sorted_by(|a, b| a.relay < b.relay)
            && self.prev.is_none_or(|prev| !self.heads.contains(&prev));
        let audiences_sorted = match &self.content {
            Content::Public(_) => true,
            Content::Role(part) => part.audiences.is_sorted_by(|a, b| a.role < b.role),
        };
        if !sorted || !audiences_sorted {
            return Err(EntryError::NotSorted); // E9
        }
        let ops = match &self.content {
            Content::Public(ops) => &ops[..],
            Content::Role(_) => &[],
        };
        // By number: one with a number inside that has no meaning here is no beginning either.
        let opens = |op: &Op| matches!(op.number(), number::GENESIS | number::JOIN);
        let begins = matches!(ops, [Op::Genesis(_) | Op::Join(_)]) && self.seq == 0;
        let genesis = self.is_genesis();
        if (ops.iter().any(opens) && !begins) || genesis != self.by.is_none() || (genesis && !self.heads.is_empty()) {
            return Err(EntryError::Beginning); // E10
        }
        Ok(())
    }
}

impl RolePart {
    fn write(&self, w: &mut Writer) {
        w.array(2).array(self.audiences.len());
        for audience in &self.audiences {
            w.array(4)
                .uint(audience.role.0.into())
                .bytes(&audience.epoch.0)
                .bytes(&audience.nonce)
                .bytes(&audience.sealed);
        }
        w.array(self.items.len());
        for item in &self.items {
            w.array(3).bytes(&item.commit).bytes(&item.nonce).bytes(&item.sealed);
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        match r.list(2)? {
            0 => return Ok(None),
            2 => {}
            _ => return Err(DecodeError::Structure),
        }
        let mut audiences = Vec::new();
        for _ in 0..r.list(MAX_AUDIENCES)? {
            r.array(4)?;
            audiences.push(AudienceSeal {
                role: RoleId(r.small()?),
                epoch: EpochId(r.exact()?),
                nonce: r.exact()?,
                sealed: r.bytes(MAX_ITEM_BYTES)?.into(),
            });
        }
        let mut items = Vec::new();
        for _ in 0..r.list(MAX_ITEMS)? {
            r.array(3)?;
            items.push(ItemSeal { commit: r.exact()?, nonce: r.exact()?, sealed: r.bytes(MAX_ITEM_BYTES)?.into() });
        }
        if audiences.is_empty() || items.is_empty() {
            return Err(DecodeError::Structure);
        }
        Ok(Some(Self { audiences, items }))
    }
}

fn envelope(body_bytes: &[u8], signature: &SignatureBytes) -> Vec<u8> {
    let mut w = Writer::new();
    w.array(2).bytes(body_bytes).bytes(signature);
    w.finish()
}

fn id_of(body_bytes: &[u8]) -> EntryId {
    EntryId(crypto::hash(label::ENTRY_ID, &[body_bytes]))
}

fn signed_message(pursuance: PursuanceId, id: EntryId) -> Vec<u8> {
    [label::ENTRY_SIGNATURE, &pursuance.0, &id.0].concat()
}
