//! Ed25519 with one predicate: ZIP-215, for which single and batch verification agree (RFC 8032; ZIP 215).

use curve25519_dalek::edwards::CompressedEdwardsY;
use ed25519_zebra::{Signature, VerificationKey, VerificationKeyBytes, batch};
use zeroize::Zeroizing;

use super::Seed;
use crate::id::AuthorId;

/// A signature as it travels.
pub type SignatureBytes = [u8; 64];

/// The signature is not this key's over this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not this key's signature over this message")]
pub struct BadSignature;

/// The key has a small order or is not written in its one canonical form: anybody could sign for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a weak key")]
pub struct WeakKey;

/// An author's, or an invite's, signing key.
pub struct SigningKey(ed25519_zebra::SigningKey);

impl SigningKey {
    /// From a seed (RFC 8032 calls it the private key).
    #[must_use]
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self(ed25519_zebra::SigningKey::from(**seed))
    }

    /// The verification key, which names the author.
    #[must_use]
    pub fn author(&self) -> AuthorId {
        AuthorId(VerificationKeyBytes::from(&self.0).into())
    }

    /// Signs a message that begins with its label.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> SignatureBytes {
        self.0.sign(message).into()
    }
}

/// The one check of log bytes.
///
/// # Errors
/// [`BadSignature`].
pub fn verify(key: &[u8; 32], message: &[u8], signature: &SignatureBytes) -> Result<(), BadSignature> {
    VerificationKey::try_from(VerificationKeyBytes::from(*key))
        .and_then(|key| key.verify(&Signature::from(*signature), message))
        .map_err(|_| BadSignature)
}

/// A signature with what it is to be checked against: key, message, signature.
pub type Signed<'a> = (&'a [u8; 32], &'a [u8], &'a SignatureBytes);

/// The same check for many at once, which is cheaper; it does not say which one is bad. Nobody may guess `seed` beforehand.
///
/// # Errors
/// [`BadSignature`] if at least one of them is.
pub fn verify_all<'a>(all: impl Iterator<Item = Signed<'a>>, seed: &mut Seed) -> Result<(), BadSignature> {
    let mut batch = batch::Verifier::new();
    for (key, message, signature) in all {
        batch.queue((VerificationKeyBytes::from(*key), Signature::from(*signature), message));
    }
    batch.verify(seed).map_err(|_| BadSignature)
}

/// Whether a key must be refused at admission.
#[must_use]
pub fn is_weak(key: &[u8; 32]) -> bool {
    CompressedEdwardsY(*key).decompress().is_none_or(|point| point.is_small_order() || point.compress().0 != *key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_verifies() {
        let key = SigningKey::from_seed(&Zeroizing::new([5; 32]));
        let signature = key.sign(b"message");
        assert_eq!(verify(&key.author().0, b"message", &signature), Ok(()));
        assert_eq!(verify(&key.author().0, b"messagf", &signature), Err(BadSignature));
        assert_eq!(verify(&[0xff; 32], b"message", &signature), Err(BadSignature));
        assert!(!is_weak(&key.author().0));
    }

    #[test]
    fn small_order_and_other_spellings_are_weak() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert!(is_weak(&identity));
        assert!(is_weak(&[0; 32]), "a point of order four");
        // y = p + 1: the identity in a second spelling.
        let mut spelling = [0xff; 32];
        spelling[0] = 0xee;
        spelling[31] = 0x7f;
        assert!(is_weak(&spelling));
        // ZIP-215 would accept a signature of zeros for the identity: the reason to refuse such keys.
        let mut zeros = [0; 64];
        zeros[0] = 1;
        assert_eq!(verify(&identity, b"anything", &zeros), Ok(()));
    }
}
