//! Secrets of a pursuance and what is derived from them (docs/protocol/03-keys.md).

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::crypto::{self, KemSecret, KeySuite, SigningKey, label};
use crate::id::{AuthorId, EpochId, PursuanceId, RoleId};
use crate::op::{Backlink, KeyPackage};

/// One device's keys in one pursuance. From a seed of 32 random bytes come the key that signs and the first key package; later packages are
/// of their own randomness (K20).
pub struct DeviceKeys {
    root: Root,
    /// Signs its entries.
    pub signing: SigningKey,
    /// Open what is sealed to it, oldest first; never none.
    packages: Vec<OwnPackage>,
}

/// From what a device's keys come. In a box, so that what holds it can move without copying it.
enum Root {
    /// The seed: it gives the key that signs, and the first package.
    Seed(Box<Zeroizing<[u8; 32]>>),
    /// The private key that signs, alone: the first package was erased, and with it what gives it.
    Signing(Box<Zeroizing<[u8; 32]>>),
}

/// What is to be kept of a device's keys, besides the packages that it made later.
#[derive(Clone, Copy)]
pub enum DeviceRoot<'a> {
    /// The seed of everything that was not renewed.
    Seed(&'a [u8; 32]),
    /// The private key that signs: the first package was erased.
    Signing(&'a [u8; 32]),
}

/// A key package of this device.
struct OwnPackage {
    secret: KemSecret,
    /// The public half, computed once: an X-Wing key takes longer to make than an entry to check.
    public: KeyPackage,
}

impl OwnPackage {
    fn new(secret: KemSecret) -> Self {
        let public = KeyPackage { suite: secret.suite(), public: secret.public() };
        Self { secret, public }
    }
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
        let seed = Box::new(Zeroizing::new(seed));
        let signing = Zeroizing::new(crypto::derive_key(label::DEVICE_SIGN, &seed));
        let first = OwnPackage::new(KemSecret::from_device_seed(suite, &seed));
        Self { signing: SigningKey::from_seed(&signing), packages: vec![first], root: Root::Seed(seed) }
    }

    /// From the private key that signs, where the first package was erased, and the oldest that was not.
    #[must_use]
    pub fn from_signing(private: [u8; 32], package: KemSecret) -> Self {
        let private = Box::new(Zeroizing::new(private));
        let packages = vec![OwnPackage::new(package)];
        Self { signing: SigningKey::from_seed(&private), packages, root: Root::Signing(private) }
    }

    /// Holds one more package: a newer one than those that are held.
    pub fn hold(&mut self, package: KemSecret) {
        self.packages.push(OwnPackage::new(package));
    }

    /// Forgets the private half of a package, and the seed with it where that gives it (K21). The newest stays.
    pub fn erase(&mut self, package: &[u8; 32]) {
        let Some(at) = self.packages.iter().position(|own| own.public.id() == *package) else { return };
        if at + 1 == self.packages.len() {
            return;
        }
        let erased = self.packages.remove(at);
        if let Root::Seed(seed) = &self.root
            && *erased.secret.private() == crypto::derive_key(label::DEVICE_PACKAGE, seed)
        {
            let signing = crypto::derive_key(label::DEVICE_SIGN, seed);
            self.root = Root::Signing(Box::new(Zeroizing::new(signing)));
        }
    }

    /// What is to be kept of it, besides the packages that it made later.
    #[must_use]
    pub fn root(&self) -> DeviceRoot<'_> {
        match &self.root {
            Root::Seed(seed) => DeviceRoot::Seed(seed),
            Root::Signing(private) => DeviceRoot::Signing(private),
        }
    }

    /// The seed, or what is left of it ([`Self::root`]).
    #[must_use]
    pub fn seed(&self) -> &[u8; 32] {
        match self.root() {
            DeviceRoot::Seed(kept) | DeviceRoot::Signing(kept) => kept,
        }
    }

    /// Its author name.
    #[must_use]
    pub fn author(&self) -> AuthorId {
        self.signing.author()
    }

    /// The public half of its newest package.
    ///
    /// # Panics
    /// Never: there is one.
    #[must_use]
    pub fn key_package(&self) -> &KeyPackage {
        &self.packages.last().expect("the newest is never erased").public
    }

    /// The public halves of all packages whose private halves are held, oldest first.
    pub fn key_packages(&self) -> impl Iterator<Item = &KeyPackage> {
        self.packages.iter().map(|own| &own.public)
    }

    /// The private halves that are held, oldest first.
    pub fn privates(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.packages.iter().map(|own| own.secret.private())
    }

    /// Opens what was sealed to any package that is held; the newest is tried first.
    ///
    /// # Errors
    /// [`crypto::KemError::NotForMe`].
    pub fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, crypto::KemError> {
        let mut newest_first = self.packages.iter().rev();
        newest_first.find_map(|own| own.secret.open(associated, sealed).ok()).ok_or(crypto::KemError::NotForMe)
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
        let secret = Self(*device.open(&associated, sealed)?);
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
