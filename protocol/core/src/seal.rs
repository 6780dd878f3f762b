//! The role layer's two seals: items under task keys, and for each audience the list that opens them
//! (docs/protocol/03-keys.md, "Task keys").

use alloc::vec::Vec;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::codec::{DecodeError, Reader, Writer};
use crate::crypto::{self, Seed, label};
use crate::entry::{AudienceSeal, GrantRef, ItemSeal, RolePart};
use crate::id::{AuthorId, EpochId, PursuanceId, RoleId, TaskId};
use crate::keys::EpochSecret;
use crate::limits::MAX_ITEMS;
use crate::task_op::{TaskOp, decode_ops, encode_ops};

/// Key of one task's generation.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct TaskKey(pub(crate) [u8; 32]);

impl TaskKey {
    /// From 32 random bytes, or from a list sealed to an audience.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// Where a role part stands: bound to each of its seals, so that none can be moved.
#[derive(Clone, Copy)]
pub struct Where {
    /// The pursuance.
    pub pursuance: PursuanceId,
    /// The author.
    pub author: AuthorId,
    /// The entry's place in that author's log.
    pub seq: u32,
    /// What the entry leans on: tells two histories of one device apart.
    pub by: GrantRef,
}

/// What is to be said about one task.
pub struct Item {
    /// Which.
    pub task: TaskId,
    /// The generation of its key.
    pub generation: u32,
    /// The key.
    pub key: TaskKey,
    /// Whether the audience learns the key with this entry.
    pub gives_key: GivesKey,
    /// What is said.
    pub ops: Vec<TaskOp>,
}

/// Whether an entry hands out the task's key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum GivesKey {
    /// The task is new to the audience.
    Yes,
    /// The audience has it.
    No,
}

/// One line of the list sealed to an audience.
pub struct ItemHint {
    /// Which task.
    pub task: TaskId,
    /// The generation of its key.
    pub generation: u32,
    /// The key, where it is new to the audience.
    pub key: Option<TaskKey>,
}

/// The id of a task created as item `item` of this entry under this key (T1). It commits to its first key, so that nobody
/// can hand out another one for it.
#[must_use]
pub fn task_id(at: Where, item: u16, key: &TaskKey) -> TaskId {
    let hash = crypto::hash(label::TASK_ID, &[&place(at), &item.to_be_bytes(), &key.0]);
    TaskId(*hash.first_chunk().expect("a hash is longer than an id"))
}

/// Seals items to one audience.
#[must_use]
pub fn seal_items(at: Where, role: RoleId, epoch: &EpochSecret, items: &[Item], seed: &mut Seed) -> RolePart {
    let mut hints = Writer::new();
    hints.array(items.len());
    let mut sealed_items = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let key = match item.gives_key {
            GivesKey::Yes => &item.key.0[..],
            GivesKey::No => &[],
        };
        hints.array(3).bytes(&item.task.0).uint(item.generation.into()).bytes(key);
        let nonce = seed.draw();
        let sealed = crypto::seal(&item_key(&item.key), &nonce, &item_associated(at, index), &encode_ops(&item.ops));
        sealed_items.push(ItemSeal { commit: commit(&item.key, &nonce), nonce, sealed });
    }
    let nonce = seed.draw();
    let epoch_id = epoch.id();
    let sealed = crypto::seal(
        &epoch.wrap_key(),
        &nonce,
        &audience_associated(at, role, epoch_id),
        &Zeroizing::new(hints.finish()),
    );
    RolePart { audiences: alloc::vec![AudienceSeal { role, epoch: epoch_id, nonce, sealed }], items: sealed_items }
}

/// Opens the list sealed to an audience: one line for each item.
///
/// # Errors
/// [`DecodeError`] when it does not open or is not strict: for every reader alike.
pub fn open_audience(
    at: Where,
    audience: &AudienceSeal,
    epoch: &EpochSecret,
    items: usize,
) -> Result<Vec<ItemHint>, DecodeError> {
    let associated = audience_associated(at, audience.role, audience.epoch);
    let plain = Zeroizing::new(
        crypto::open(&epoch.wrap_key(), &audience.nonce, &associated, &audience.sealed)
            .map_err(|_| DecodeError::Structure)?,
    );
    let mut r = Reader::new(&plain);
    let mut again = Writer::new();
    if r.list(MAX_ITEMS)? != items {
        return Err(DecodeError::Structure);
    }
    again.array(items);
    let mut hints = Vec::with_capacity(items);
    for _ in 0..items {
        r.array(3)?;
        let (task, generation, key): (TaskId, u32, Option<[u8; 32]>) =
            (TaskId(r.exact()?), r.small()?, r.exact_or_none()?);
        again.array(3).bytes(&task.0).uint(generation.into()).bytes(key.as_ref().map_or(&[][..], |key| key));
        hints.push(ItemHint { task, generation, key: key.map(TaskKey) });
    }
    r.end()?;
    crate::codec::require_canonical(&plain, &Zeroizing::new(again.finish()))?;
    Ok(hints)
}

/// What one item says; `None` when this is not its key.
#[must_use]
pub fn open_item(at: Where, index: usize, item: &ItemSeal, key: &TaskKey) -> Option<Result<Vec<TaskOp>, DecodeError>> {
    if commit(key, &item.nonce) != item.commit {
        return None;
    }
    let plain = crypto::open(&item_key(key), &item.nonce, &item_associated(at, index), &item.sealed);
    Some(plain.map_err(|_| DecodeError::Structure).and_then(|plain| decode_ops(&plain)))
}

fn item_key(key: &TaskKey) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(crypto::derive_key(label::ITEM_KEY, &key.0))
}

/// The cipher opens under more than one key for whoever arranges it; this says which one was meant (K6).
fn commit(key: &TaskKey, nonce: &[u8; crypto::NONCE_BYTES]) -> [u8; 32] {
    crypto::keyed_hash(&crypto::derive_key(label::ITEM_COMMIT, &key.0), nonce)
}

fn item_associated(at: Where, index: usize) -> Vec<u8> {
    let index = u16::try_from(index).expect("at most MAX_ITEMS");
    [label::ITEM_AD, &place(at), &index.to_be_bytes()].concat()
}

fn audience_associated(at: Where, role: RoleId, epoch: EpochId) -> Vec<u8> {
    [label::AUDIENCE_AD, &place(at), &role.0.to_be_bytes(), &epoch.0].concat()
}

/// 102 bytes that no two entries share, unless a device shows two histories after one beginning.
fn place(at: Where) -> Vec<u8> {
    [&at.pursuance.0[..], &at.author.0, &at.seq.to_be_bytes(), &at.by.entry.0, &at.by.op.to_be_bytes()].concat()
}
