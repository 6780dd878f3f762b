//! Key packages, and epochs on their way to readers (docs/protocol/03-keys.md).

use alloc::vec::Vec;

use crate::codec::{DecodeError, Reader, Writer};
use crate::crypto::{KeySuite, NONCE_BYTES, TAG_BYTES};
use crate::id::{AuthorId, EpochId, RoleId};
use crate::limits::MAX_READERS;

/// See [`super::Op::KeyPackage`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPackage {
    /// Which key encapsulation.
    pub suite: KeySuite,
    /// Its public key.
    pub public: Vec<u8>,
}

/// See [`super::Op::RoleEpoch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleEpoch {
    /// Whose epoch.
    pub role: RoleId,
    /// Commitment to its secret.
    pub epoch: EpochId,
    /// Epochs it follows.
    pub parents: Vec<EpochId>,
    /// Hash over the readers' package ids, sorted: no list is sent.
    pub readers: [u8; 32],
    /// One seal a reader, in the order of the package ids.
    pub seals: Vec<Seal>,
    /// Secrets of parents for whoever can open this one, ascending by parent; of those that its author held.
    pub backlinks: Vec<Backlink>,
}

/// The secret of an older epoch, sealed under a newer one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Backlink {
    /// The older epoch: one of the parents.
    pub parent: EpochId,
    /// Nonce of the seal.
    pub nonce: [u8; NONCE_BYTES],
    /// Its secret, sealed.
    pub sealed: [u8; SEALED_SECRET_BYTES],
}

/// One seal of an epoch secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// First bytes of the package id, so that a reader finds its own.
    pub tag: [u8; 8],
    /// HPKE encapsulation and ciphertext.
    pub sealed: Vec<u8>,
}

/// See [`super::Op::Welcome`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// Whose epoch.
    pub role: RoleId,
    /// Which.
    pub epoch: EpochId,
    /// The device that is to read.
    pub to: AuthorId,
    /// HPKE encapsulation and ciphertext.
    pub sealed: Vec<u8>,
}

/// Bytes of an epoch's secret, sealed under another one.
pub const SEALED_SECRET_BYTES: usize = 32 + TAG_BYTES;
/// Most bytes of a seal that any suite makes.
const MAX_SEAL_BYTES: usize = 2_048;
/// Most bytes of a public key of any suite.
const MAX_PUBLIC_KEY_BYTES: usize = 2_048;

impl KeyPackage {
    /// Its id, which seals and reader lists use.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        crate::crypto::hash(crate::crypto::label::PACKAGE_ID, &[&[self.suite as u8], &self.public])
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(2).uint(self.suite as u64).bytes(&self.public);
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array(2)?;
        let suite = KeySuite::from_number(r.small()?).ok_or(DecodeError::UnknownNumber)?;
        let public = r.bytes(MAX_PUBLIC_KEY_BYTES)?;
        if public.len() != suite.public_bytes() {
            return Err(DecodeError::Structure);
        }
        Ok(Self { suite, public: public.into() })
    }
}

pub(super) fn write_role_epoch(w: &mut Writer, epoch: &RoleEpoch) {
    w.array(6).uint(epoch.role.0.into()).bytes(&epoch.epoch.0).array(epoch.parents.len());
    for parent in &epoch.parents {
        w.bytes(&parent.0);
    }
    w.bytes(&epoch.readers).array(epoch.seals.len());
    for seal in &epoch.seals {
        w.array(2).bytes(&seal.tag).bytes(&seal.sealed);
    }
    w.array(epoch.backlinks.len());
    for link in &epoch.backlinks {
        w.array(3).bytes(&link.parent.0).bytes(&link.nonce).bytes(&link.sealed);
    }
}

pub(super) fn read_role_epoch(r: &mut Reader<'_>) -> Result<RoleEpoch, DecodeError> {
    r.array(6)?;
    let role = RoleId(r.small()?);
    let epoch = EpochId(r.exact()?);
    let mut parents = Vec::new();
    for _ in 0..r.list(MAX_READERS)? {
        parents.push(EpochId(r.exact()?));
    }
    if !parents.is_sorted_by(|a, b| a < b) {
        return Err(DecodeError::NotSorted);
    }
    let readers = r.exact()?;
    let mut seals = Vec::new();
    for _ in 0..r.list(MAX_READERS)? {
        r.array(2)?;
        seals.push(Seal { tag: r.exact()?, sealed: r.bytes(MAX_SEAL_BYTES)?.into() });
    }
    let backlinks = crate::codec::read_ascending(r, MAX_READERS, |r| {
        r.array(3)?;
        let parent = EpochId(r.exact()?);
        if parents.binary_search(&parent).is_err() {
            return Err(DecodeError::Structure);
        }
        Ok(Backlink { parent, nonce: r.exact()?, sealed: r.exact()? })
    })?;
    Ok(RoleEpoch { role, epoch, parents, readers, seals, backlinks })
}

pub(super) fn read_welcome(r: &mut Reader<'_>) -> Result<Welcome, DecodeError> {
    r.array(4)?;
    Ok(Welcome {
        role: RoleId(r.small()?),
        epoch: EpochId(r.exact()?),
        to: AuthorId(r.exact()?),
        sealed: r.bytes(MAX_SEAL_BYTES)?.into(),
    })
}

pub(super) fn write_welcome(w: &mut Writer, welcome: &Welcome) {
    w.array(4).uint(welcome.role.0.into()).bytes(&welcome.epoch.0).bytes(&welcome.to.0).bytes(&welcome.sealed);
}
