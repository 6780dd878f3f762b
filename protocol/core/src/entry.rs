//! One signed, hash-chained entry of an author's log (docs/protocol/02-log.md, "Entry").

use alloc::vec::Vec;

use crate::codec::{DecodeError, Reader, Writer, require_canonical};
use crate::crypto::{self, Seed, SignatureBytes, SigningKey, label};
use crate::id::{AuthorId, EntryId, EpochId, PursuanceId, RoleId};
use crate::limits::{MAX_AUDIENCES, MAX_CHECKPOINTS, MAX_ENTRY_BYTES, MAX_HEADS, MAX_ITEM_BYTES, MAX_ITEMS, MAX_OPS};
use crate::op::{Op, number};

/// The version of entries written and read here.
pub const ENTRY_VERSION: u64 = 1;
/// The suite written and read here: BLAKE3, Ed25519 (ZIP-215), XChaCha20-Poly1305, HPKE.
pub const ENTRY_SUITE: u64 = 1;

/// A grant, or an invite: the entry that made it and the op in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct GrantRef {
    /// The entry.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
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
    /// E10: a genesis, a join or a recovery that does not stand alone at seq 0, or `by` is missing.
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
        self.check_genesis(pursuance)?;
        crypto::verify(&self.body.author.0, &signed_message(pursuance, self.id), &self.signature)
            .map_err(|_| VerifyError::Signature)?; // E11
        self.into_signed()
    }

    /// Checks many at once: the same answers as [`Self::verify`] gives for each, in the same order, sooner. If one signature is bad
    /// all are checked again one at a time. Nobody may guess `seed` beforehand: who can could make bad signatures cancel out.
    #[must_use]
    pub fn verify_all(all: Vec<Self>, pursuance: PursuanceId, seed: &mut Seed) -> Vec<Result<Entry, VerifyError>> {
        let messages: Vec<Vec<u8>> = all.iter().map(|entry| signed_message(pursuance, entry.id)).collect();
        let signed = all.iter().zip(&messages);
        let signed = signed.map(|(entry, message)| (&entry.body.author.0, message.as_slice(), &entry.signature));
        let all_good = crypto::verify_all(signed, seed).is_ok();
        all.into_iter()
            .map(|entry| match all_good {
                true => entry.check_genesis(pursuance).and_then(|()| entry.into_signed()),
                false => entry.verify(pursuance),
            })
            .collect()
    }

    fn check_genesis(&self, pursuance: PursuanceId) -> Result<(), VerifyError> {
        match self.body.is_genesis() && self.id != pursuance.genesis() {
            true => Err(VerifyError::ForeignGenesis), // E13
            false => Ok(()),
        }
    }

    /// After its signature was found good.
    fn into_signed(self) -> Result<Entry, VerifyError> {
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
    /// Entries that its ops are about, other than by what they lean on: what a removal leaves, what is ratified.
    pub fn mentions(&self) -> impl Iterator<Item = EntryId> + '_ {
        let ops = match &self.body().content {
            Content::Public(ops) => &ops[..],
            Content::Role(_) => &[],
        };
        ops.iter()
            .flat_map(|op| match op {
                Op::Remove(remove) => remove.pins.as_slice(),
                Op::Ratify(entries) => entries.as_slice(),
                Op::Propose(propose) => match &*propose.op {
                    Op::Remove(remove) => remove.pins.as_slice(),
                    _ => &[],
                },
                _ => &[],
            })
            .copied()
    }

    /// Signs a body; it is decoded again, so that nothing leaves that would not be accepted.
    ///
    /// # Panics
    /// If the body breaks the rules of its own form: that is a bug of the caller.
    #[must_use]
    pub fn sign(key: &SigningKey, pursuance: Option<PursuanceId>, body: &Body) -> Self {
        Self::try_sign(key, pursuance, body).expect("own bodies are well formed")
    }

    /// The same of a body that what others said may have made too long.
    ///
    /// # Errors
    /// [`EntryError`], if the body breaks the rules of its own form.
    ///
    /// # Panics
    /// If the key is not the author's: that is a bug of the caller.
    pub fn try_sign(key: &SigningKey, pursuance: Option<PursuanceId>, body: &Body) -> Result<Self, EntryError> {
        assert_eq!(key.author(), body.author, "an entry is signed by its author");
        let body_bytes = body.encode();
        let id = id_of(&body_bytes);
        // Only the genesis is signed before its pursuance has a name: it gives the name.
        let pursuance = pursuance.unwrap_or(PursuanceId(id.0));
        let signature = key.sign(&signed_message(pursuance, id));
        let signed = UnverifiedEntry::decode(&envelope(&body_bytes, &signature))?;
        Ok(signed.verify(pursuance).expect("own signatures verify"))
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
        let opens = |op: &Op| matches!(op.number(), number::GENESIS | number::JOIN | number::RECOVER);
        let begins = matches!(ops, [Op::Genesis(_) | Op::Join(_) | Op::Recover(_)]) && self.seq == 0;
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

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use zeroize::Zeroizing;

    use super::*;

    const PURSUANCE: PursuanceId = PursuanceId([7; 32]);

    fn body(author: AuthorId, seq: u32) -> Body {
        Body {
            author,
            seq,
            prev: (seq > 0).then_some(EntryId([1; 32])),
            heads: Vec::new(),
            by: Some(GrantRef { entry: EntryId([2; 32]), op: 0 }),
            claimed_seconds: 1,
            checkpoints: Vec::new(),
            content: Content::Public(vec![Op::SetRelays(Vec::new())]),
        }
    }

    fn signed(author: u8, seq: u32) -> UnverifiedEntry {
        let key = SigningKey::from_seed(&Zeroizing::new([author; 32]));
        let entry = Entry::sign(&key, Some(PURSUANCE), &body(key.author(), seq));
        UnverifiedEntry::decode(entry.bytes()).unwrap()
    }

    /// By the identity, for which ZIP-215 takes a signature of any point of small order and zero.
    fn by_a_weak_key(seq: u32, point: u8) -> UnverifiedEntry {
        let mut author = [0; 32];
        author[0] = 1;
        let mut signature = [0; 64];
        signature[0] = point;
        UnverifiedEntry::decode(&envelope(&body(AuthorId(author), seq).encode(), &signature)).unwrap()
    }

    /// One of each kind that is judged in its own way.
    fn some(kind: u8, author: u8, seq: u32) -> UnverifiedEntry {
        let mut entry = signed(author, seq);
        match kind {
            0 => entry.signature[40] ^= 1,
            1 => entry.signature[..32].fill(0xff), // no point
            2 => entry.signature[32..].fill(0xff), // no scalar
            3 => entry.body.author = AuthorId([0xff; 32]),
            4 => return by_a_weak_key(seq, 1),
            5 => return by_a_weak_key(seq, 0), // a point of order four: only the check with the cofactor takes it
            _ => {}
        }
        entry
    }

    fn agree(all: Vec<UnverifiedEntry>, seed: [u8; 32]) -> Vec<Result<Entry, VerifyError>> {
        let single: Vec<_> = all.iter().cloned().map(|entry| entry.verify(PURSUANCE)).collect();
        assert_eq!(UnverifiedEntry::verify_all(all, PURSUANCE, &mut Seed::new(seed)), single);
        single
    }

    #[test]
    fn many_at_once_are_judged_as_one_at_a_time() {
        assert_eq!(agree(Vec::new(), [0; 32]), []);
        let good: Vec<_> = (0..40).map(|n| signed(n % 8, n.into())).collect();
        assert!(agree(good, [0; 32]).iter().all(Result::is_ok));
        for kind in 0..6 {
            assert_eq!(agree(vec![some(kind, 9, 0)], [1; 32]).len(), 1);
            // Those that are weak and nothing else do not spoil the whole.
            let mixed = (0..20).map(|n| if n == 7 { some(kind, 9, 0) } else { signed(n, n.into()) }).collect();
            let judged = agree(mixed, [kind; 32]);
            let why = if kind < 4 { VerifyError::Signature } else { VerifyError::WeakKey };
            assert_eq!(judged[7], Err(why));
            assert_eq!(judged.iter().filter(|judged| judged.is_ok()).count(), 19);
        }
        assert!(agree((0..6).map(|kind| some(kind, 9, 5)).collect(), [3; 32])[4..].iter().all(Result::is_ok));
    }

    #[test]
    fn any_mixture_is_judged_as_one_at_a_time() {
        const SEED: u64 = 20_261_121;
        println!("seed {SEED}");
        let mut chance = StdRng::seed_from_u64(SEED);
        for _ in 0..60 {
            let (spoilt, count) = (chance.random_range(0..4_u32), chance.random_range(1..24));
            let all = (0..count).map(|_| {
                let kind = if chance.random_range(0..8) < spoilt { chance.random_range(0..6) } else { 9 };
                some(kind, chance.random_range(0..5), chance.random_range(0..3))
            });
            let all = all.collect();
            agree(all, chance.random());
        }
    }

    #[test]
    fn signatures_that_cancel_out_are_bad_both_ways() {
        // s + 1 and s - 1: without random weights their sum would be what it should.
        let (mut more, mut less) = (signed(1, 1), signed(2, 2));
        more.signature[32] = more.signature[32].wrapping_add(1);
        less.signature[32] = less.signature[32].wrapping_sub(1);
        assert_ne!((more.signature[32], less.signature[32]), (0, 255), "no carry: choose another seq");
        assert!(agree(vec![more, less], [4; 32]).iter().all(Result::is_err));
    }
}
