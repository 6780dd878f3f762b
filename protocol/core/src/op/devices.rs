//! Devices of one member, and the key that brings a lost member back (docs/protocol/04-authority.md, "Devices").

use alloc::vec::Vec;

use super::KeyPackage;
use crate::codec::{DecodeError, Reader, Writer};
use crate::crypto::{self, SignatureBytes, SigningKey, label};
use crate::devices::device_message;
use crate::id::{AuthorId, MemberId, PursuanceId};
use crate::keys::DeviceKeys;

/// See [`super::Op::AddDevice`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddDevice {
    /// The new device.
    pub author: AuthorId,
    /// Its sealing key.
    pub package: KeyPackage,
    /// By the new device, over pursuance, member and key package: nobody makes it a device of somebody else.
    pub signature: SignatureBytes,
}

/// See [`super::Op::RecoveryKey`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryKey {
    /// Its public half, an Ed25519 key.
    pub key: [u8; 32],
    /// By that key, over pursuance and member: nobody makes somebody else's key theirs.
    pub signature: SignatureBytes,
}

/// See [`super::Op::Recover`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recover {
    /// The new device's sealing key.
    pub package: KeyPackage,
    /// By the new device, over what a device signs to become a member's.
    pub signature: SignatureBytes,
    /// By the recovery key, over pursuance, member, new device and key package.
    pub recovery: SignatureBytes,
}

impl RecoveryKey {
    /// Makes this key that member's.
    #[must_use]
    pub fn new(pursuance: PursuanceId, member: MemberId, key: &SigningKey) -> Self {
        Self { key: key.author().0, signature: key.sign(&recovery_key_message(pursuance, member)) }
    }

    /// Whether the key is sound and its holder agreed.
    #[must_use]
    pub fn is_agreed(&self, pursuance: PursuanceId, member: MemberId) -> bool {
        let message = recovery_key_message(pursuance, member);
        !crypto::is_weak(&self.key) && crypto::verify(&self.key, &message, &self.signature).is_ok()
    }
}

impl Recover {
    /// Makes this new device that member's, with the recovery key.
    #[must_use]
    pub fn new(pursuance: PursuanceId, member: MemberId, device: &DeviceKeys, key: &SigningKey) -> Self {
        let package = device.key_package().clone();
        let signature = device.signing.sign(&device_message(pursuance, member, &package));
        let recovery = key.sign(&recover_message(pursuance, member, device.author(), &package));
        Self { package, signature, recovery }
    }

    /// Whether the new device and the holder of the recovery key agreed.
    #[must_use]
    pub fn is_agreed(&self, pursuance: PursuanceId, member: MemberId, author: AuthorId, key: &[u8; 32]) -> bool {
        let device = device_message(pursuance, member, &self.package);
        let recovery = recover_message(pursuance, member, author, &self.package);
        !crypto::is_weak(&author.0)
            && crypto::verify(&author.0, &device, &self.signature).is_ok()
            && crypto::verify(key, &recovery, &self.recovery).is_ok()
    }
}

/// What a recovery key signs to become a member's.
#[must_use]
pub fn recovery_key_message(pursuance: PursuanceId, member: MemberId) -> Vec<u8> {
    [label::RECOVERY_KEY_SIGNATURE, &pursuance.0, &member.0].concat()
}

/// What a recovery key signs to bring its member back on a new device.
#[must_use]
pub fn recover_message(pursuance: PursuanceId, member: MemberId, author: AuthorId, package: &KeyPackage) -> Vec<u8> {
    [label::RECOVER_SIGNATURE, &pursuance.0, &member.0, &author.0, &package.id()].concat()
}

pub(crate) fn read_add_device(r: &mut Reader<'_>) -> Result<AddDevice, DecodeError> {
    r.array(3)?;
    Ok(AddDevice { author: AuthorId(r.exact()?), package: KeyPackage::read(r)?, signature: r.exact()? })
}

pub(crate) fn write_add_device(w: &mut Writer, added: &AddDevice) {
    w.array(3).bytes(&added.author.0);
    added.package.write(w);
    w.bytes(&added.signature);
}

pub(super) fn read_recovery_key(r: &mut Reader<'_>) -> Result<RecoveryKey, DecodeError> {
    r.array(2)?;
    Ok(RecoveryKey { key: r.exact()?, signature: r.exact()? })
}

pub(super) fn write_recover(w: &mut Writer, recover: &Recover) {
    w.array(3);
    recover.package.write(w);
    w.bytes(&recover.signature).bytes(&recover.recovery);
}

pub(super) fn read_recover(r: &mut Reader<'_>) -> Result<Recover, DecodeError> {
    r.array(3)?;
    Ok(Recover { package: KeyPackage::read(r)?, signature: r.exact()?, recovery: r.exact()? })
}
