//! XChaCha20-Poly1305 (RFC 8439; draft-irtf-cfrg-xchacha-03). It does not commit to its key: what must be one reading
//! carries a commitment beside it. ChaCha20-Poly1305 with its short nonce is for backups alone, whose format asks for it.

use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::label;

/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 24;
/// Bytes that sealing adds.
pub const TAG_BYTES: usize = 16;

/// It did not open: another key, another associated data, or other bytes. Nothing more is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it did not open")]
pub struct OpenError;

/// Seals `plain`; the result is [`TAG_BYTES`] longer.
///
/// # Panics
/// Never for anything that fits in memory (the limit of the cipher is 256 GiB).
#[must_use]
pub fn seal(key: &[u8; 32], nonce: &[u8; NONCE_BYTES], associated: &[u8], plain: &[u8]) -> Vec<u8> {
    XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(*nonce), Payload { msg: plain, aad: associated })
        .expect("shorter than 256 GiB")
}

/// Opens what [`seal`] made.
///
/// # Errors
/// [`OpenError`] for anything that this key did not seal with this nonce and associated data.
pub fn open(key: &[u8; 32], nonce: &[u8; NONCE_BYTES], associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: associated })
        .map_err(|_| OpenError)
}

/// Bytes of a nonce of ChaCha20-Poly1305.
pub const SHORT_NONCE_BYTES: usize = 12;

/// Seals with ChaCha20-Poly1305 (RFC 8439) and no associated data; the caller never uses a nonce twice with one key.
///
/// # Panics
/// Never for anything that fits in memory (the limit of the cipher is 256 GiB).
#[must_use]
pub fn seal_short(key: &[u8; 32], nonce: &[u8; SHORT_NONCE_BYTES], plain: &[u8]) -> Vec<u8> {
    ChaCha20Poly1305::new(key.into()).encrypt(&Nonce::from(*nonce), plain).expect("shorter than 256 GiB")
}

/// Opens what [`seal_short`] made.
///
/// # Errors
/// [`OpenError`] for anything that this key did not seal with this nonce.
pub fn open_short(
    key: &[u8; 32],
    nonce: &[u8; SHORT_NONCE_BYTES],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    ChaCha20Poly1305::new(key.into()).decrypt(&Nonce::from(*nonce), sealed).map(Zeroizing::new).map_err(|_| OpenError)
}

/// Bytes of a sealed database key.
pub const SEALED_VAULT_KEY_BYTES: usize = 32 + TAG_BYTES;

/// Seals the database key under the key made from the passphrase; `header` (salt, parameters) is bound to it.
#[must_use]
pub fn seal_vault_key(
    passphrase_key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    header: &[u8],
    database_key: &[u8; 32],
) -> [u8; SEALED_VAULT_KEY_BYTES] {
    let associated = [label::VAULT_AD, header].concat();
    seal(passphrase_key, nonce, &associated, database_key).try_into().expect("a sealed key is a key and a tag long")
}

/// Opens what [`seal_vault_key`] made.
///
/// # Errors
/// [`OpenError`]: another passphrase, or another header.
pub fn open_vault_key(
    passphrase_key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    header: &[u8],
    sealed: &[u8; SEALED_VAULT_KEY_BYTES],
) -> Result<Zeroizing<[u8; 32]>, OpenError> {
    let associated = [label::VAULT_AD, header].concat();
    let plain = Zeroizing::new(open(passphrase_key, nonce, &associated, sealed)?);
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(&plain);
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 8439, 2.8.2, but without associated data: the cipher text is the same.
    #[test]
    fn the_short_nonce_is_that_of_the_standard() {
        let key: [u8; 32] = core::array::from_fn(|i| 0x80 + u8::try_from(i).unwrap());
        let nonce = [7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47];
        let plain: &[u8] = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
        let sealed = seal_short(&key, &nonce, plain);
        assert_eq!(sealed[..8], [0xd3, 0x1a, 0x8d, 0x34, 0x64, 0x8e, 0x60, 0xdb]);
        assert_eq!(open_short(&key, &nonce, &sealed).unwrap()[..], plain[..]);
        assert_eq!(open_short(&key, &nonce, &sealed[1..]), Err(OpenError));
    }

    #[test]
    fn opens_only_what_was_sealed() {
        let sealed = seal(&[1; 32], &[2; 24], b"ad", b"plain");
        assert_eq!(sealed.len(), 5 + TAG_BYTES);
        assert_eq!(open(&[1; 32], &[2; 24], b"ad", &sealed).as_deref(), Ok(&b"plain"[..]));
        assert_eq!(open(&[3; 32], &[2; 24], b"ad", &sealed), Err(OpenError));
        assert_eq!(open(&[1; 32], &[2; 24], b"da", &sealed), Err(OpenError));
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&[1; 32], &[2; 24], b"ad", &flipped), Err(OpenError));
        }
    }
}
