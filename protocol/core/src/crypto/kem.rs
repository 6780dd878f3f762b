//! Sealing to a device's key package: HPKE base mode (RFC 9180), X-Wing by default, X25519 by a rule of the group.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::{X25519HkdfSha256, XWing};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal_with_rng};
use zeroize::Zeroizing;

use super::{derive_key, hash_stream, label};

/// The key encapsulation of a key package; the numbers are on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum KeySuite {
    /// X-Wing: ML-KEM-768 and X25519 (draft-connolly-cfrg-xwing-kem).
    XWing = 1,
    /// X25519 alone (RFC 9180, DHKEM(X25519, HKDF-SHA256)).
    X25519 = 2,
}

impl KeySuite {
    /// The suite with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::XWing),
            2 => Some(Self::X25519),
            _ => None,
        }
    }

    /// Bytes of a public key.
    #[must_use]
    pub const fn public_bytes(self) -> usize {
        match self {
            Self::XWing => 1216,
            Self::X25519 => 32,
        }
    }

    /// Bytes of a seal of a 32-byte secret.
    #[must_use]
    pub const fn seal_bytes(self) -> usize {
        match self {
            Self::XWing => 1120 + 32 + 16,
            Self::X25519 => 32 + 32 + 16,
        }
    }
}

/// Why a seal could not be made or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KemError {
    /// The public key has the wrong size or is not a key.
    #[error("not a public key of this suite")]
    BadPublicKey,
    /// The seal has the wrong size, or is not for this key.
    #[error("not a seal for this key")]
    NotForMe,
}

/// The private half of a key package.
///
/// In a box: what holds it can move without copying it.
pub struct KemSecret {
    suite: KeySuite,
    secret: Box<Zeroizing<[u8; 32]>>,
}

impl KemSecret {
    /// From the private key of the suite's standard: an X25519 scalar, or the seed of an X-Wing key.
    #[must_use]
    pub fn from_private(suite: KeySuite, private: Zeroizing<[u8; 32]>) -> Self {
        Self { suite, secret: Box::new(private) }
    }

    /// What is to be kept of it.
    #[must_use]
    pub fn private(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Derived from the device's seed.
    #[must_use]
    pub fn from_device_seed(suite: KeySuite, device_seed: &[u8; 32]) -> Self {
        Self::from_private(suite, Zeroizing::new(derive_key(label::DEVICE_PACKAGE, device_seed)))
    }

    /// Its suite.
    #[must_use]
    pub const fn suite(&self) -> KeySuite {
        self.suite
    }

    /// The public half, [`KeySuite::public_bytes`] long.
    ///
    /// # Panics
    /// Never: both suites take any 32 bytes as a private key.
    #[must_use]
    pub fn public(&self) -> Vec<u8> {
        match self.suite {
            KeySuite::XWing => {
                let secret =
                    <XWing as Kem>::PrivateKey::from_bytes(&**self.secret).expect("32 bytes are a private key");
                XWing::sk_to_pk(&secret).to_bytes().to_vec()
            }
            KeySuite::X25519 => {
                let secret = x25519_dalek::StaticSecret::from(**self.secret);
                x25519_dalek::PublicKey::from(&secret).as_bytes().to_vec()
            }
        }
    }

    /// Opens a seal of an epoch's secret made to the public half.
    ///
    /// # Errors
    /// [`KemError::NotForMe`].
    pub fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, KemError> {
        if sealed.len() != self.suite.seal_bytes() {
            return Err(KemError::NotForMe);
        }
        let plain = self.open_base(label::EPOCH_SEAL_INFO, associated, sealed)?;
        let mut secret = Zeroizing::new([0; 32]);
        secret.copy_from_slice(&plain);
        Ok(secret)
    }

    /// Opens what [`seal_base`] made, of any length, under an info string.
    ///
    /// # Errors
    /// [`KemError::NotForMe`]: another key, info or associated data, or other bytes.
    pub fn open_base(&self, info: &[u8], associated: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KemError> {
        match self.suite {
            KeySuite::XWing => open_with::<XWing>(&self.secret, info, associated, sealed),
            KeySuite::X25519 => open_with::<X25519HkdfSha256>(&self.secret, info, associated, sealed),
        }
    }
}

/// Whether bytes are a public key that can be sealed to.
#[must_use]
pub fn is_public_key(suite: KeySuite, public: &[u8]) -> bool {
    seal_secret(suite, public, &[0; 32], &[], &[0; 32]).is_ok()
}

/// Seals a secret to a public key; the randomness comes from the secret, `package_id` and what the seal is bound to, so that
/// every reader can compute a disputed seal again.
///
/// # Errors
/// [`KemError::BadPublicKey`].
pub fn seal_secret(
    suite: KeySuite,
    public: &[u8],
    package_id: &[u8; 32],
    associated: &[u8],
    secret: &[u8; 32],
) -> Result<Vec<u8>, KemError> {
    let mut randomness = Zeroizing::new([0; SEAL_RANDOM_BYTES]);
    hash_stream(label::EPOCH_SEAL_SEED, &[secret, package_id, associated], &mut *randomness); // K2
    seal_base(suite, public, label::EPOCH_SEAL_INFO, associated, secret, &randomness)
}

/// Bytes of randomness that a seal may take: X-Wing takes all, X25519 the first 32, from which it derives the sender's key as
/// RFC 9180 derives one (`ikmE`).
pub const SEAL_RANDOM_BYTES: usize = 64;

/// Seals to a public key in HPKE's base mode: the encapsulated key, then the cipher text. The randomness decides all of it, so
/// nobody may guess it, and it is never used for another text.
///
/// # Errors
/// [`KemError::BadPublicKey`].
pub fn seal_base(
    suite: KeySuite,
    public: &[u8],
    info: &[u8],
    associated: &[u8],
    plain: &[u8],
    randomness: &[u8; SEAL_RANDOM_BYTES],
) -> Result<Vec<u8>, KemError> {
    match suite {
        KeySuite::XWing => seal_with::<XWing>(public, info, associated, plain, Drawn(randomness)),
        KeySuite::X25519 => seal_with::<X25519HkdfSha256>(public, info, associated, plain, Drawn(randomness)),
    }
}

fn seal_with<K: Kem>(
    public: &[u8],
    info: &[u8],
    associated: &[u8],
    plain: &[u8],
    mut randomness: Drawn<'_>,
) -> Result<Vec<u8>, KemError> {
    let public = K::PublicKey::from_bytes(public).map_err(|_| KemError::BadPublicKey)?;
    let (encapsulated, sealed) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, K>(
        &OpModeS::Base,
        &public,
        info,
        plain,
        associated,
        &mut randomness,
    )
    .map_err(|_| KemError::BadPublicKey)?;
    let mut out = encapsulated.to_bytes().to_vec();
    out.extend_from_slice(&sealed);
    Ok(out)
}

fn open_with<K: Kem>(
    secret: &[u8; 32],
    info: &[u8],
    associated: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KemError> {
    let secret = K::PrivateKey::from_bytes(secret).map_err(|_| KemError::NotForMe)?;
    let (encapsulated, body) = sealed.split_at_checked(K::EncappedKey::size()).ok_or(KemError::NotForMe)?;
    let encapsulated = K::EncappedKey::from_bytes(encapsulated).map_err(|_| KemError::NotForMe)?;
    let mode = OpModeR::Base;
    single_shot_open::<ChaCha20Poly1305, HkdfSha256, K>(&mode, &secret, &encapsulated, info, body, associated)
        .map(Zeroizing::new)
        .map_err(|_| KemError::NotForMe)
}

/// The generator that `hpke` draws from: bytes that were drawn before, once each.
struct Drawn<'a>(&'a [u8]);

impl hpke::rand_core::TryRng for Drawn<'_> {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Self::Error> {
        let (now, later) = self.0.split_at_checked(to.len()).expect("a seal draws at most SEAL_RANDOM_BYTES");
        to.copy_from_slice(now);
        self.0 = later;
        Ok(())
    }
}

impl hpke::rand_core::TryCryptoRng for Drawn<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_suites_seal_and_open() {
        for suite in [KeySuite::XWing, KeySuite::X25519] {
            let mine = KemSecret::from_device_seed(suite, &[1; 32]);
            let other = KemSecret::from_device_seed(suite, &[2; 32]);
            let public = mine.public();
            assert_eq!(public.len(), suite.public_bytes());
            let sealed = seal_secret(suite, &public, &[3; 32], b"ad", &[4; 32]).expect("a good key");
            assert_eq!(sealed.len(), suite.seal_bytes());
            assert_eq!(mine.open(b"ad", &sealed).map(|secret| *secret), Ok([4; 32]));
            assert_eq!(mine.open(b"da", &sealed).map(|secret| *secret), Err(KemError::NotForMe));
            assert_eq!(other.open(b"ad", &sealed).map(|secret| *secret), Err(KemError::NotForMe));
            assert_eq!(mine.open(b"ad", &sealed[1..]).map(|secret| *secret), Err(KemError::NotForMe));
            let again = seal_secret(suite, &public, &[3; 32], b"ad", &[4; 32]).expect("a good key");
            assert_eq!(sealed, again, "a disputed seal can be computed again");
            assert_eq!(seal_secret(suite, &public[1..], &[3; 32], b"ad", &[4; 32]), Err(KemError::BadPublicKey));
        }
        // RFC 7748: an all-zero shared secret must be refused.
        assert_eq!(seal_secret(KeySuite::X25519, &[0; 32], &[3; 32], b"", &[4; 32]), Err(KemError::BadPublicKey));
    }
}
