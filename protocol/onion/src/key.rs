//! The key of an onion service, held in memory alone (docs/protocol, chapter "How bytes travel").

use tor_hscrypto::pk::HsIdKeypair;
use tor_llcrypto::pk::ed25519::{ExpandedKeypair, Keypair};
use zeroize::Zeroizing;

use crate::OnionError;

/// Length of a seed (RFC 8032 private key) and of a public key.
const SEED_BYTES: usize = 32;

/// Length of an expanded secret: scalar, then hash prefix (Tor's rend-spec-v3, appendix C).
const EXPANDED_BYTES: usize = 64;

/// The encoding of the neutral point, the public key that belongs to a scalar of zero.
const NEUTRAL_POINT: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 1;
    point
};

/// The Ed25519 identity key of an onion service: whoever has it *is* that service.
///
/// Wiped from memory when dropped. It has no `Debug` output and is never written by this room;
/// the caller keeps it, as seed or as [`secret`](Self::secret).
#[derive(Clone)]
pub struct OnionKey {
    expanded: Zeroizing<[u8; EXPANDED_BYTES]>,
    public: [u8; 32],
}

impl OnionKey {
    /// The key that RFC 8032 derives from a 32-byte private key.
    pub fn from_seed(seed: &[u8; SEED_BYTES]) -> OnionKey {
        Self::from_keypair(&ExpandedKeypair::from(&Keypair::from_bytes(seed)))
    }

    /// A new key from the caller's randomness: `fill` must overwrite all 32 bytes with random ones.
    pub fn generate(fill: impl FnOnce(&mut [u8; SEED_BYTES])) -> OnionKey {
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        fill(&mut seed);
        Self::from_seed(&seed)
    }

    /// The key of a 64-byte expanded secret: scalar (little-endian, any representative) ‖ hash prefix.
    ///
    /// This is what [`secret`](Self::secret) returns, and the body of the secret key file of other Tor software.
    ///
    /// # Errors
    /// [`OnionError::BadKey`] when the scalar is zero modulo the group's order.
    pub fn from_expanded(expanded: &[u8; EXPANDED_BYTES]) -> Result<OnionKey, OnionError> {
        let keypair = ExpandedKeypair::from_secret_key_bytes(*expanded).ok_or(OnionError::BadKey)?;
        if keypair.public().to_bytes() == NEUTRAL_POINT {
            return Err(OnionError::BadKey);
        }
        Ok(Self::from_keypair(&keypair))
    }

    /// The public key, which is the onion address without its checksum and version.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    /// The expanded secret, for the caller's own (encrypted) storage.
    pub fn secret(&self) -> Zeroizing<[u8; EXPANDED_BYTES]> {
        self.expanded.clone()
    }

    /// The form that arti's keystore takes.
    pub(crate) fn keypair(&self) -> HsIdKeypair {
        let keypair =
            ExpandedKeypair::from_secret_key_bytes(*self.expanded).expect("these bytes came out of a keypair");
        HsIdKeypair::from(keypair)
    }

    fn from_keypair(keypair: &ExpandedKeypair) -> OnionKey {
        OnionKey { expanded: Zeroizing::new(keypair.to_secret_key_bytes()), public: keypair.public().to_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 1.
    const SEED: [u8; 32] = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49,
        0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
    ];
    const PUBLIC: [u8; 32] = [
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1,
        0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
    ];

    #[test]
    fn seed_gives_the_public_key_of_the_standard() {
        assert_eq!(OnionKey::from_seed(&SEED).public(), PUBLIC);
    }

    #[test]
    fn expanded_secret_gives_the_same_key() {
        let key = OnionKey::from_seed(&SEED);
        let again = OnionKey::from_expanded(&key.secret()).expect("a real key");
        assert_eq!(again.public(), PUBLIC);
        assert_eq!(*again.secret(), *key.secret());
    }

    #[test]
    fn clamped_scalar_of_other_tor_software_gives_the_same_key() {
        // SHA-512 of the seed, clamped: not reduced modulo the order, as a file on disk has it.
        let key = OnionKey::from_seed(&SEED);
        let mut clamped = *key.secret();
        clamped[..32].copy_from_slice(&[
            0x30, 0x7c, 0x83, 0x86, 0x4f, 0x28, 0x33, 0xcb, 0x42, 0x7a, 0x2e, 0xf1, 0xc0, 0x0a, 0x01, 0x3c, 0xfd, 0xff,
            0x27, 0x68, 0xd9, 0x80, 0xc0, 0xa3, 0xa5, 0x20, 0xf0, 0x06, 0x90, 0x4d, 0xe9, 0x4f,
        ]);
        assert_ne!(clamped, *key.secret());
        assert_eq!(OnionKey::from_expanded(&clamped).expect("a real key").public(), PUBLIC);
    }

    #[test]
    fn generate_uses_the_callers_randomness() {
        assert_eq!(OnionKey::generate(|seed| *seed = SEED).public(), PUBLIC);
    }

    #[test]
    fn zero_scalar_is_not_a_key() {
        assert!(matches!(OnionKey::from_expanded(&[0; 64]), Err(OnionError::BadKey)));
    }
}
