//! The role layer's two seals: items under task keys, and for each audience the list that opens them
//! (docs/protocol/03-keys.md, "Task keys").

use alloc::vec::Vec;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::codec::{DecodeError, Reader, Writer, read_ascending};
use crate::crypto::{self, Seed, label};
use crate::entry::{AudienceSeal, GrantRef, ItemSeal, RolePart};
use crate::id::{AuthorId, EpochId, PursuanceId, RoleId, TaskId};
use crate::keys::{DeviceKeys, EpochSecret};
use crate::limits::{MAX_ITEM_BYTES, MAX_ITEMS, MAX_LIST_SEALS};
use crate::op::KeyPackage;
use crate::task_op::{TaskOp, decode_ops, encode_ops};

/// Key of one task's generation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Zeroize, ZeroizeOnDrop)]
pub struct TaskKey(pub(crate) [u8; 32]);

impl core::fmt::Debug for TaskKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TaskKey(..)")
    }
}

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

/// Whom a list is sealed to.
pub enum Addressee<'a> {
    /// The readers of a role, who hold this epoch of it.
    Role(RoleId, &'a EpochSecret),
    /// Single devices, by their key packages; at most `MAX_LIST_SEALS`.
    Devices(&'a [&'a KeyPackage]),
}

/// A list of an entry: whom it is sealed to, and the keys of which items it carries.
pub struct List<'a> {
    /// To whom.
    pub to: Addressee<'a>,
    /// Whether it carries the key of every item, of those that say so ([`Item::gives_key`]), or of none.
    pub carries: Carries,
}

/// See [`List::carries`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// The key of every item.
    All,
    /// Of the items that say so.
    AsItemsSay,
    /// No key.
    None,
}

/// Seals items to one role.
#[must_use]
pub fn seal_items(at: Where, role: RoleId, epoch: &EpochSecret, items: &[Item], seed: &mut Seed) -> RolePart {
    seal_items_to(at, &[List { to: Addressee::Role(role, epoch), carries: Carries::AsItemsSay }], items, seed)
}

/// Seals items, and a list of them to each of these; roles ascend, and devices come last.
#[must_use]
pub fn seal_items_to(at: Where, lists: &[List<'_>], items: &[Item], seed: &mut Seed) -> RolePart {
    let mut sealed_items = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let nonce = seed.draw();
        let plain = Zeroizing::new(encode_ops(&item.ops));
        let sealed = crypto::seal(&item_key(&item.key), &nonce, &item_associated(at, index), &plain);
        sealed_items.push(ItemSeal { commit: commit(&item.key, &nonce), nonce, sealed });
    }
    let audiences = lists.iter().map(|list| seal_list(at, list, items, seed)).collect();
    RolePart { audiences, items: sealed_items }
}

fn seal_list(at: Where, list: &List<'_>, items: &[Item], seed: &mut Seed) -> AudienceSeal {
    let mut hints = Writer::new();
    hints.array(items.len());
    for item in items {
        let carried = match list.carries {
            Carries::All => true,
            Carries::AsItemsSay => item.gives_key == GivesKey::Yes,
            Carries::None => false,
        };
        let key = if carried { &item.key.0[..] } else { &[] };
        hints.array(3).bytes(&item.task.0).uint(item.generation.into()).bytes(key);
    }
    let hints = Zeroizing::new(hints.finish());
    let seal = |role, epoch: &EpochSecret, nonce| {
        crypto::seal(&epoch.wrap_key(), nonce, &audience_associated(at, role, epoch.id()), &hints)
    };
    match list.to {
        Addressee::Role(role, epoch) => {
            let nonce = seed.draw();
            AudienceSeal { role, epoch: epoch.id(), nonce, sealed: seal(role, epoch, &nonce) }
        }
        Addressee::Devices(packages) => {
            let (role, secret, nonce) = (RoleId::DEVICES, EpochSecret::new(seed.draw()), seed.draw());
            // A package that is no key was refused by everybody; what is left out here is found by nobody.
            let seals = packages.iter().filter_map(|package| secret.seal_to(at.pursuance, role, package).ok());
            let mut seals: Vec<Vec<u8>> = seals.collect();
            // In an order that says nothing about whose they are.
            seals.sort_unstable();
            seals.dedup();
            let mut w = Writer::new();
            w.array(2).array(seals.len());
            for sealed in &seals {
                w.bytes(sealed);
            }
            w.bytes(&seal(role, &secret, &nonce));
            AudienceSeal { role, epoch: secret.id(), nonce, sealed: w.finish() }
        }
    }
}

/// The secret of a list for single devices, if it is for this one (K15).
///
/// # Errors
/// [`DecodeError`] when it is not such a list: for everybody alike.
pub fn open_list_secret(
    at: Where,
    audience: &AudienceSeal,
    device: &DeviceKeys,
) -> Result<Option<EpochSecret>, DecodeError> {
    let (seals, _) = parts_for_devices(audience)?;
    let open =
        |sealed: &&[u8]| EpochSecret::open_seal(at.pursuance, RoleId::DEVICES, audience.epoch, device, sealed).ok();
    Ok(seals.iter().find_map(open))
}

/// The seals of a list for single devices, and the list.
fn parts_for_devices(audience: &AudienceSeal) -> Result<(Vec<&[u8]>, &[u8]), DecodeError> {
    let mut r = Reader::new(&audience.sealed);
    r.array(2)?;
    let seals = read_ascending(&mut r, MAX_LIST_SEALS, |r| r.bytes(MAX_ITEM_BYTES))?;
    let list = r.bytes(MAX_ITEM_BYTES)?;
    r.end()?;
    let mut again = Writer::new();
    again.array(2).array(seals.len());
    for sealed in &seals {
        again.bytes(sealed);
    }
    again.bytes(list);
    crate::codec::require_canonical(&audience.sealed, &again.finish())?;
    Ok((seals, list))
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
    let sealed = match audience.role {
        RoleId::DEVICES => parts_for_devices(audience)?.1,
        _ => &audience.sealed,
    };
    let plain = Zeroizing::new(
        crypto::open(&epoch.wrap_key(), &audience.nonce, &associated, sealed).map_err(|_| DecodeError::Structure)?,
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

/// Finds an item's key among these by its commitment (K6), derived once for each.
pub struct Finder<'a, T>(Vec<(&'a TaskKey, Zeroizing<[u8; 32]>, T)>);

impl<'a, T: Copy> Finder<'a, T> {
    /// Among these, each with what is to be answered where it fits.
    #[must_use]
    pub fn new(keys: impl Iterator<Item = (&'a TaskKey, T)>) -> Self {
        Self(
            keys.map(|(key, what)| (key, Zeroizing::new(crypto::derive_key(label::ITEM_COMMIT, &key.0)), what))
                .collect(),
        )
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one that an item is sealed with.
    #[must_use]
    pub fn find(&self, item: &ItemSeal) -> Option<(&'a TaskKey, T)> {
        let fits = |commitment: &[u8; 32]| crypto::keyed_hash(commitment, &item.nonce) == item.commit;
        self.0.iter().find(|(_, commitment, _)| fits(commitment)).map(|(key, _, what)| (*key, *what))
    }
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
