//! Secrets of a pursuance and what is derived from them (docs/protocol/03-keys.md).

use alloc::vec::Vec;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::crypto::{self, KemSecret, KeySuite, SigningKey, label};
use crate::id::{AuthorId, EpochId, PursuanceId, RoleId};
use crate::op::{Backlink, KeyPackage};

/// One device's keys in one pursuance, all from a seed of 32 random bytes.
pub struct DeviceKeys {
    seed: Zeroizing<[u8; 32]>,
    /// Signs its entries.
    pub signing: SigningKey,
    /// Opens what is sealed to it.
    pub package: KemSecret,
    /// Its public half, computed once: an X-Wing key takes longer to make than an entry to check.
    key_package: KeyPackage,
}

impl DeviceKeys {
    /// From the seed, with a key package of X-Wing.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self::of_suite(KeySuite::XWing, seed)
    }

    /// From the seed, with a key package of this suite.
    #[must_use]
    pub fn of_suite(suite: KeySuite, seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        let signing = Zeroizing::new(crypto::derive_key(label::DEVICE_SIGN, &seed));
        let package = KemSecret::from_device_seed(suite, &seed);
        let key_package = KeyPackage { suite: package.suite(), public: package.public() };
        Self { signing: SigningKey::from_seed(&signing), package, key_package, seed }
    }

    /// What is to be kept of it.
    #[must_use]
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// Its author name.
    #[must_use]
    pub fn author(&self) -> AuthorId {
        self.signing.author()
    }

    /// The public half of its sealing key.
    #[must_use]
    pub const fn key_package(&self) -> &KeyPackage {
        &self.key_package
    }
}

/// A role epoch's secret.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct EpochSecret([u8; 32]);

impl EpochSecret {
    /// From 32 random bytes, or from where it was kept.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What is to be kept of it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The id that commits to it (K1).
    #[must_use]
    pub fn id(&self) -> EpochId {
        EpochId(crypto::hash(label::EPOCH_ID, &[&self.0]))
    }

    /// The key of its cells.
    #[must_use]
    pub fn cell_key(&self) -> CellKey {
        CellKey {
            id: self.id().0,
            detect: crypto::derive_key(label::EPOCH_DETECT, &self.0),
            seal: crypto::derive_key(label::EPOCH_CELL, &self.0),
        }
    }

    /// The key that seals task keys for the role.
    pub(crate) fn wrap_key(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(crypto::derive_key(label::EPOCH_WRAP, &self.0))
    }

    /// Sealed to a device; bound to pursuance, role and epoch.
    ///
    /// # Errors
    /// [`crypto::KemError`] when the package is not a key.
    pub fn seal_to(
        &self,
        pursuance: PursuanceId,
        role: RoleId,
        package: &KeyPackage,
    ) -> Result<Vec<u8>, crypto::KemError> {
        let associated = seal_associated(pursuance, role, self.id());
        crypto::kem::seal_secret(package.suite, &package.public, &package.id(), &associated, &self.0)
    }

    /// Opens a seal made to this device; the secret must be the one that the epoch's id commits to.
    ///
    /// # Errors
    /// [`crypto::KemError::NotForMe`].
    pub fn open_seal(
        pursuance: PursuanceId,
        role: RoleId,
        epoch: EpochId,
        device: &DeviceKeys,
        sealed: &[u8],
    ) -> Result<Self, crypto::KemError> {
        let associated = seal_associated(pursuance, role, epoch);
        let secret = Self(*device.package.open(&associated, sealed)?);
        if secret.id() == epoch { Ok(secret) } else { Err(crypto::KemError::NotForMe) } // K1
    }

    /// The secret of an older epoch of the role, for whoever holds this one (K9).
    #[must_use]
    pub fn link_back(
        &self,
        pursuance: PursuanceId,
        role: RoleId,
        older: &Self,
        nonce: [u8; crypto::NONCE_BYTES],
    ) -> Backlink {
        let associated = backlink_associated(pursuance, role, self.id(), older.id());
        let key = Zeroizing::new(crypto::derive_key(label::EPOCH_BACKLINK, &self.0));
        let sealed = crypto::seal(&key, &nonce, &associated, &older.0);
        let sealed = sealed.try_into().expect("a secret and a tag");
        Backlink { parent: older.id(), nonce, sealed }
    }

    /// Opens what [`Self::link_back`] made; the secret must be the one that the older epoch's id commits to.
    ///
    /// # Errors
    /// [`crypto::OpenError`].
    pub fn open_back(&self, pursuance: PursuanceId, role: RoleId, link: &Backlink) -> Result<Self, crypto::OpenError> {
        let associated = backlink_associated(pursuance, role, self.id(), link.parent);
        let key = Zeroizing::new(crypto::derive_key(label::EPOCH_BACKLINK, &self.0));
        let plain = Zeroizing::new(crypto::open(&key, &link.nonce, &associated, &link.sealed)?);
        let secret = Self(plain.as_slice().try_into().map_err(|_| crypto::OpenError)?);
        if secret.id() == link.parent { Ok(secret) } else { Err(crypto::OpenError) } // K1
    }
}

fn backlink_associated(pursuance: PursuanceId, role: RoleId, newer: EpochId, older: EpochId) -> Vec<u8> {
    [label::BACKLINK_AD, &pursuance.0, &role.0.to_be_bytes(), &newer.0, &older.0].concat()
}

fn seal_associated(pursuance: PursuanceId, role: RoleId, epoch: EpochId) -> Vec<u8> {
    [&pursuance.0[..], &role.0.to_be_bytes(), &epoch.0].concat()
}

/// The secret that an invite link carries.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct InviteSecret([u8; 32]);

impl InviteSecret {
    /// From 32 random bytes, or from a link.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What the link carries.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key that signs joins.
    #[must_use]
    pub fn signing(&self) -> SigningKey {
        SigningKey::from_seed(&Zeroizing::new(crypto::derive_key(label::INVITE_SIGN, &self.0)))
    }

    /// The secret of its cells, which members learn from the invite.
    #[must_use]
    pub fn cell_secret(&self) -> [u8; 32] {
        crypto::derive_key(label::INVITE_CELLS, &self.0)
    }
}

/// What seals, opens and recognises cells.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CellKey {
    pub(crate) id: [u8; 32],
    pub(crate) detect: [u8; 32],
    pub(crate) seal: [u8; 32],
}

impl CellKey {
    /// The key of an invite's cells.
    #[must_use]
    pub fn of_invite(cell_secret: &[u8; 32]) -> Self {
        Self {
            id: crypto::hash(label::INVITE_ID, &[cell_secret]),
            detect: crypto::derive_key(label::INVITE_DETECT, cell_secret),
            seal: crypto::derive_key(label::INVITE_CELL, cell_secret),
        }
    }

    /// Its id; not secret, and bound to each cell.
    #[must_use]
    pub const fn id(&self) -> &[u8; 32] {
        &self.id
    }
}
