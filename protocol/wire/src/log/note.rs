//! Signed notes (C2SP signed-note) with the relay's Ed25519 key (`docs/protocol/01-wire.md`, section 3).
//!
//! ```text
//! text, each line ended by a newline
//! <empty line>
//! — pursuance.relay/<log key> <base64 of 4 bytes key id, 64 bytes signature>
//! ```

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use data_encoding::BASE64;
use ed25519_zebra::{Signature, SigningKey, VerificationKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::address::{base32, unbase32};
use crate::limits::{MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES};
use crate::text::base64;

/// Start of every relay's origin and note key name; the log key in base32 follows. // W9
pub const ORIGIN_PREFIX: &str = "pursuance.relay/";

/// Type byte of an Ed25519 key in C2SP signed-note, part of the key id.
const KEY_TYPE_ED25519: u8 = 1;
const SIGNATURE_LINE_START: &str = "\u{2014} ";
pub(super) const KEY_ID_BYTES: usize = 4;
pub(super) const SIGNATURE_BYTES: usize = 64;

/// Public key that signs a relay's notes: a canonical Ed25519 point, not of small order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogKey([u8; 32]);

/// Why 32 bytes are no usable key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogKeyError {
    /// Not a point of the curve.
    #[error("the bytes are not a point of the curve")]
    NotAPoint,
    /// A second encoding of a point.
    #[error("the bytes are not the canonical form of a key")]
    NotCanonical,
    /// A point of small order, under which anybody can sign.
    #[error("the key is weak: anybody can sign with it")]
    Weak,
}

impl LogKey {
    /// Takes a public key after checking it. // W5
    ///
    /// # Errors
    /// The bytes are not a usable key.
    pub fn new(bytes: [u8; 32]) -> Result<Self, LogKeyError> {
        let key = VerificationKey::try_from(bytes).map_err(|_| LogKeyError::NotAPoint)?;
        let [first, middle @ .., last] = bytes;
        let above_the_field = first >= 0xed && middle == [0xff; 30] && last & 0x7f == 0x7f;
        if above_the_field {
            return Err(LogKeyError::NotCanonical);
        }
        // The signature (R = neutral point, s = 0) holds for a key exactly when the key has small order.
        let mut forged = [0; SIGNATURE_BYTES];
        forged[0] = 1;
        if key.verify(&Signature::from(forged), b"").is_ok() {
            return Err(LogKeyError::Weak);
        }
        Ok(Self(bytes))
    }

    /// The key that an origin names: only in the one form that [`LogKey::origin`] writes. // W9
    pub fn of_origin(origin: &str) -> Option<Self> {
        let bytes = unbase32(origin.strip_prefix(ORIGIN_PREFIX)?).ok()?;
        Self::new(bytes).ok().filter(|key| key.origin() == origin)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Origin of the log that this key signs, and name of the key in notes.
    pub fn origin(&self) -> String {
        format!("{ORIGIN_PREFIX}{}", base32(&self.0))
    }

    fn key_id(&self) -> [u8; KEY_ID_BYTES] {
        key_id(&self.origin(), KEY_TYPE_ED25519, &self.0)
    }

    /// The key in the text form of stock tools: `<name>+<hex key id>+<base64 of type and key>`.
    pub fn vkey(&self) -> String {
        vkey(&self.origin(), KEY_TYPE_ED25519, &self.0)
    }

    /// Whether this key signed these bytes (Ed25519, ZIP-215).
    pub(super) fn signed(&self, signature: [u8; SIGNATURE_BYTES], message: &[u8]) -> bool {
        let key = VerificationKey::try_from(self.0).expect("a log key is a point");
        key.verify(&Signature::from(signature), message).is_ok()
    }
}

/// First 4 bytes of SHA-256 over name, newline, type and key (C2SP signed-note).
pub(super) fn key_id(name: &str, key_type: u8, key: &[u8; 32]) -> [u8; KEY_ID_BYTES] {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', key_type]).chain_update(key);
    let digest: [u8; 32] = hash.finalize().into();
    [digest[0], digest[1], digest[2], digest[3]]
}

/// A verifier key of C2SP signed-note.
pub(super) fn vkey(name: &str, key_type: u8, key: &[u8; 32]) -> String {
    let id = data_encoding::HEXLOWER.encode(&key_id(name, key_type, key));
    let mut typed = [key_type; 33];
    typed[1..].copy_from_slice(key);
    format!("{name}+{id}+{}", BASE64.encode(&typed))
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

/// The relay's own key with which it signs notes. Wiped when dropped.
pub struct LogSigner(Zeroizing<SigningKey>);

impl LogSigner {
    /// The signer of a secret seed of 32 random bytes (RFC 8032).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Zeroizing::new(SigningKey::from(*seed)))
    }

    /// The public key.
    pub fn key(&self) -> LogKey {
        LogKey(VerificationKey::from(&*self.0).into())
    }

    /// Signs a text, which must end with a newline and hold no control characters but newlines.
    ///
    /// # Errors
    /// The text is no note text, or the note would be too long.
    pub fn sign(&self, text: &str) -> Result<Note, NoteError> {
        check_text(text)?;
        let key = self.key();
        let signature: [u8; SIGNATURE_BYTES] = self.0.sign(text.as_bytes()).into();
        let blob = [key.key_id().as_slice(), &signature].concat();
        let line = format!("{SIGNATURE_LINE_START}{} {}\n", key.origin(), BASE64.encode(&blob));
        let bytes = format!("{text}\n{line}").into_bytes();
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong { found_bytes: bytes.len() });
        }
        Ok(Note { bytes, text_bytes: text.len() })
    }
}

/// Why bytes are not a note of the expected key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Beyond the limit.
    #[error("a note of {found_bytes} bytes is too long")]
    TooLong {
        /// Bytes found.
        found_bytes: usize,
    },
    /// Not UTF-8.
    #[error("the note is not UTF-8")]
    NotUtf8,
    /// A control character other than a newline.
    #[error("the note holds the control character {byte:#04x}")]
    ControlCharacter {
        /// The character.
        byte: u8,
    },
    /// No empty line between text and signatures, or text without a newline at its end.
    #[error("the note has no signatures after an empty line")]
    NoSignatures,
    /// A signature line in another form than C2SP's.
    #[error("signature line {line} is malformed")]
    SignatureLine {
        /// Which one, counted from 1.
        line: usize,
    },
    /// More signature lines than the limit.
    #[error("the note has more than 16 signatures")]
    TooManySignatures,
    /// None of the signatures is by the expected key.
    #[error("the note is not signed by {origin}")]
    UnknownKey {
        /// Name of the expected key.
        origin: String,
    },
    /// Two signatures by the expected key.
    #[error("the note is signed twice by the same key")]
    DoubleSignature,
    /// The signature by the expected key does not verify.
    #[error("the note's signature is wrong")]
    BadSignature,
}

/// A note whose form is right and whose signature nobody has looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedNote {
    bytes: Vec<u8>,
    text_bytes: usize,
}

impl UnverifiedNote {
    /// Reads the form of a note. // W10
    ///
    /// # Errors
    /// Too long, not text, or without well-formed signature lines.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong { found_bytes: bytes.len() });
        }
        let whole = core::str::from_utf8(bytes).map_err(|_| NoteError::NotUtf8)?;
        check_characters(whole)?;
        // The signatures follow the last empty line: a text may hold empty lines itself.
        let text_bytes = whole.rfind("\n\n").ok_or(NoteError::NoSignatures)? + 1;
        let note = Self { bytes: bytes.to_vec(), text_bytes };
        let lines = &whole[text_bytes + 1..];
        if lines.is_empty() || !lines.ends_with('\n') {
            return Err(NoteError::NoSignatures);
        }
        for (at, line) in lines.lines().enumerate() {
            if at >= MAX_NOTE_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            signature_line(line).ok_or(NoteError::SignatureLine { line: at + 1 })?;
        }
        Ok(note)
    }

    /// The text; nothing of it is known to be true.
    pub fn text(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.text_bytes]).expect("checked when parsed")
    }

    /// Checks the one signature by `key`; signatures of strangers are passed over. // W11
    ///
    /// # Errors
    /// No signature by this key, two, or a wrong one.
    pub fn verify(self, key: &LogKey) -> Result<Note, NoteError> {
        let origin = key.origin();
        let id = key.key_id();
        let mut own = signature_lines(&self.bytes[self.text_bytes + 1..])
            .filter(|(_, name, blob)| *name == origin && blob[..KEY_ID_BYTES] == id);
        let Some((_, _, blob)) = own.next() else {
            return Err(NoteError::UnknownKey { origin });
        };
        if own.next().is_some() {
            return Err(NoteError::DoubleSignature);
        }
        drop(own);
        let signature =
            <[u8; SIGNATURE_BYTES]>::try_from(&blob[KEY_ID_BYTES..]).map_err(|_| NoteError::BadSignature)?;
        if !key.signed(signature, self.text().as_bytes()) {
            return Err(NoteError::BadSignature);
        }
        Ok(Note { bytes: self.bytes, text_bytes: self.text_bytes })
    }
}

/// A note that the relay's key has signed. Keeps the bytes received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    bytes: Vec<u8>,
    text_bytes: usize,
}

impl Note {
    /// The signed text, its last newline included.
    pub fn text(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.text_bytes]).expect("checked when parsed")
    }

    /// The whole note as received.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same without the signatures of others: whatever they add, it has one form and one length.
    pub fn alone(&self, key: &LogKey) -> Vec<u8> {
        let (origin, id) = (key.origin(), key.key_id());
        let mut bytes = self.bytes[..=self.text_bytes].to_vec();
        let lines = signature_lines(&self.bytes[self.text_bytes + 1..]);
        for (line, ..) in lines.filter(|(_, name, blob)| *name == origin && blob[..KEY_ID_BYTES] == id) {
            bytes.extend_from_slice(line.as_bytes());
            bytes.push(b'\n');
        }
        bytes
    }

    /// Name, and key id with signature, of each of its signatures.
    pub(super) fn signatures(&self) -> impl Iterator<Item = (&str, Vec<u8>)> {
        signature_lines(&self.bytes[self.text_bytes + 1..]).map(|(_, name, blob)| (name, blob))
    }
}

/// The signature lines of a note that was parsed: the whole line, its name, and its key id with the signature.
pub(super) fn signature_lines(bytes: &[u8]) -> impl Iterator<Item = (&str, &str, Vec<u8>)> {
    let lines = core::str::from_utf8(bytes).expect("checked when parsed").lines();
    lines.filter_map(|line| signature_line(line).map(|(name, blob)| (line, name, blob)))
}

pub(super) fn check_characters(text: &str) -> Result<(), NoteError> {
    match text.bytes().find(|byte| (*byte < 0x20 && *byte != b'\n') || *byte == 0x7f) {
        Some(byte) => Err(NoteError::ControlCharacter { byte }),
        None => Ok(()),
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    check_characters(text)?;
    if !text.ends_with('\n') {
        return Err(NoteError::NoSignatures);
    }
    Ok(())
}

/// Name, and key id with signature, of a well-formed signature line.
fn signature_line(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, blob) = line.strip_prefix(SIGNATURE_LINE_START)?.split_once(' ')?;
    if !is_key_name(name) {
        return None;
    }
    let blob = base64(blob)?;
    (blob.len() > KEY_ID_BYTES).then_some((name, blob))
}

/// Whether a key of a note can be called so (C2SP signed-note).
pub(super) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('+') && !name.chars().any(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use signed_note::{Note as TheirNote, StandardVerifier, VerifierList};

    const TEXT: &str = "first line\n\nsecond line\n";

    fn signer() -> LogSigner {
        LogSigner::from_seed(&[7; 32])
    }

    fn verify(bytes: &[u8]) -> Result<Note, NoteError> {
        UnverifiedNote::parse(bytes)?.verify(&signer().key())
    }

    #[test]
    fn signed_note_the_crate_verifies_what_we_sign() {
        let note = signer().sign(TEXT).unwrap();
        let verifier = StandardVerifier::new(&signer().key().vkey()).unwrap();
        let theirs = TheirNote::from_bytes(note.as_bytes()).unwrap();
        let (verified, unknown) = theirs.verify(&VerifierList::new(std::vec![std::boxed::Box::new(verifier)])).unwrap();
        assert_eq!((verified.len(), unknown.len()), (1, 0));
        assert_eq!(theirs.text(), note.text().as_bytes());
    }

    #[test]
    fn what_is_signed_verifies_and_keeps_its_bytes() {
        let note = signer().sign(TEXT).unwrap();
        let verified = verify(note.as_bytes()).unwrap();
        assert_eq!(verified, note);
        assert_eq!(verified.text(), TEXT);
    }

    #[test]
    fn strangers_signatures_are_passed_over() {
        let mut bytes = signer().sign(TEXT).unwrap().as_bytes().to_vec();
        bytes.extend_from_slice("\u{2014} witness.example AAAAAAE=\n".as_bytes());
        assert!(verify(&bytes).is_ok());
        let line = std::str::from_utf8(&bytes).unwrap().lines().nth(4).unwrap().to_owned();
        let twice = [&bytes[..], line.as_bytes(), b"\n"].concat();
        assert_eq!(verify(&twice), Err(NoteError::DoubleSignature));
        let many = [&bytes[..], &"\u{2014} w AAAAAAE=\n".repeat(16).into_bytes()].concat();
        assert_eq!(verify(&many), Err(NoteError::TooManySignatures));
    }

    #[test]
    fn another_key_or_form_is_refused() {
        let note = signer().sign(TEXT).unwrap();
        let good = std::str::from_utf8(note.as_bytes()).unwrap();
        let other = LogSigner::from_seed(&[8; 32]);
        let origin = signer().key().origin();
        let by_other = other.sign(TEXT).unwrap();
        assert_eq!(verify(by_other.as_bytes()), Err(NoteError::UnknownKey { origin: origin.clone() }));
        let renamed = String::from_utf8(by_other.as_bytes().to_vec()).unwrap();
        let renamed = renamed.replace(&other.key().origin(), &origin);
        assert_eq!(verify(renamed.as_bytes()), Err(NoteError::UnknownKey { origin }));
        let changed = good.replace("second", "sekond");
        assert_eq!(verify(changed.as_bytes()), Err(NoteError::BadSignature));
        assert_eq!(verify(&good.as_bytes()[..good.len() - 1]), Err(NoteError::NoSignatures));
        assert_eq!(verify(TEXT.as_bytes()), Err(NoteError::SignatureLine { line: 1 }));
        assert_eq!(verify(b"text\n"), Err(NoteError::NoSignatures));
        assert_eq!(verify(b"text\n\n"), Err(NoteError::NoSignatures));
        assert_eq!(verify(b""), Err(NoteError::NoSignatures));
        assert_eq!(verify(b"a\tb\n\n- x\n"), Err(NoteError::ControlCharacter { byte: 9 }));
        assert_eq!(verify(b"a\xff\n\n"), Err(NoteError::NotUtf8));
        assert_eq!(verify(&[b'a'; 8_193]), Err(NoteError::TooLong { found_bytes: 8_193 }));
        let padded = good.replace("= \n", "=\n").replacen("\u{2014} ", "\u{2014}  ", 1);
        assert_eq!(verify(padded.as_bytes()), Err(NoteError::SignatureLine { line: 1 }));
        assert_eq!(signer().sign("no newline"), Err(NoteError::NoSignatures));
        assert_eq!(signer().sign("a\rb\n"), Err(NoteError::ControlCharacter { byte: 13 }));
    }

    #[test]
    fn weak_and_malformed_keys_are_refused() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert_eq!(LogKey::new(neutral), Err(LogKeyError::Weak));
        assert_eq!(LogKey::new([0; 32]), Err(LogKeyError::Weak)); // y = 0: order 4
        let mut above = [0xff; 32];
        above[31] = 0x7f; // y = 2^255 - 1 = p + 18
        assert!(LogKey::new(above).is_err());
        above[0] = 0xf0; // y = p + 3, whose point exists
        assert_eq!(LogKey::new(above), Err(LogKeyError::NotCanonical));
        let mut none = [0; 32];
        none[0] = 2; // no point has y = 2
        assert_eq!(LogKey::new(none), Err(LogKeyError::NotAPoint));
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_noticed(at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let mut bytes = signer().sign(TEXT).unwrap().as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(verify(&bytes).is_err());
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = verify(&bytes);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}\n\n(\u{2014} \\PC{0,40}\n){0,3}") {
            let _ = verify(text.as_bytes());
        }
    }
}
