//! Witnesses (C2SP tlog-cosignature, with Ed25519): strangers who follow a relay's log and sign its checkpoints too
//! (`docs/protocol/01-wire.md`, section 4).
//!
//! ```text
//! the key:   <name>+<key id, 8 hexadecimal digits>+<base64 of 0x04, key 32>
//! the line:  — <name> <base64 of key id 4, time 8, signature 64>
//! signed:    cosignature/v1
//!            time <time, decimal>
//!            <text of the checkpoint>
//! ```

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::str::FromStr;

use crate::limits::{MAX_COSIGNATURE_SECONDS, MAX_WITNESS_KEY_BYTES, MAX_WITNESS_NAME_BYTES};
use crate::log::checkpoint::Checkpoint;
use crate::log::note::{
    KEY_ID_BYTES, LogKey, LogKeyError, SIGNATURE_BYTES, check_characters, is_key_name, key_id, vkey,
};
use crate::text::base64;

/// Type byte of a key that signs cosignatures with Ed25519 (C2SP signed-note).
const KEY_TYPE_COSIGNATURE: u8 = 4;
const TIME_BYTES: usize = 8;

/// Whose cosignatures are believed: a name, and a key that is usable as a relay's is (W5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Witness {
    name: String,
    key: LogKey,
}

/// Why a text is no witness's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// Beyond the limit.
    #[error("a witness's key of {found_bytes} bytes is too long")]
    TooLong {
        /// Bytes found.
        found_bytes: usize,
    },
    /// Not a name, a key id and a key.
    #[error("this is not a name, a key id and a key")]
    Form,
    /// A name that no key of a note can have, or a longer one.
    #[error("a witness cannot be called so")]
    Name,
    /// A key of another kind, which signs no cosignatures that are read here.
    #[error("a key of type {found:#04x} signs no cosignatures that are read here")]
    KeyType {
        /// The type.
        found: u8,
    },
    /// The key id is not that of name and key: something of the text was changed.
    #[error("the key id is not that of the name and the key")]
    KeyId,
    /// The key is none.
    #[error(transparent)]
    Key(#[from] LogKeyError),
}

/// Why a line with a witness's name and key id is no cosignature of theirs. It says nothing about the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// Two lines by the same key.
    #[error("two cosignatures by the same key")]
    Double,
    /// Not a time and a signature.
    #[error("a cosignature has 72 bytes, not {found_bytes}")]
    Length {
        /// Bytes found.
        found_bytes: usize,
    },
    /// A time that no cosignature may name.
    #[error("a cosignature names the time {seconds}")]
    Time {
        /// Seconds since 1970.
        seconds: u64,
    },
    /// It does not verify.
    #[error("the cosignature is wrong")]
    BadSignature,
}

impl Witness {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name and key in the text form in which witnesses are handed around.
    pub fn vkey(&self) -> String {
        vkey(&self.name, KEY_TYPE_COSIGNATURE, self.key.as_bytes())
    }

    /// The one cosignature by this witness among the lines of a note: when it was made, in seconds since 1970 by the witness's clock.
    fn cosignature<'a>(
        &self,
        text: &str,
        lines: impl Iterator<Item = (&'a str, Vec<u8>)>,
    ) -> Result<Option<u64>, CosignatureError> {
        let id = key_id(&self.name, KEY_TYPE_COSIGNATURE, self.key.as_bytes());
        let mut mine = lines.filter(|(name, blob)| *name == self.name && blob[..KEY_ID_BYTES] == id);
        let Some((_, blob)) = mine.next() else { return Ok(None) };
        if mine.next().is_some() {
            return Err(CosignatureError::Double);
        }
        let blob = &blob[KEY_ID_BYTES..];
        let length = CosignatureError::Length { found_bytes: blob.len() };
        let (time, signature) = blob.split_first_chunk::<TIME_BYTES>().ok_or(length)?;
        let signature = <[u8; SIGNATURE_BYTES]>::try_from(signature).map_err(|_| length)?;
        let seconds = u64::from_be_bytes(*time);
        if seconds > MAX_COSIGNATURE_SECONDS {
            return Err(CosignatureError::Time { seconds });
        }
        let message = format!("cosignature/v1\ntime {seconds}\n{text}");
        if !self.key.signed(signature, message.as_bytes()) {
            return Err(CosignatureError::BadSignature);
        }
        Ok(Some(seconds))
    }
}

impl FromStr for Witness {
    type Err = WitnessError;

    /// Reads a verifier key in its only form. // W29
    fn from_str(text: &str) -> Result<Self, WitnessError> {
        if text.len() > MAX_WITNESS_KEY_BYTES {
            return Err(WitnessError::TooLong { found_bytes: text.len() });
        }
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(WitnessError::Form);
        };
        if !is_key_name(name) || check_characters(name).is_err() || name.len() > MAX_WITNESS_NAME_BYTES {
            return Err(WitnessError::Name);
        }
        let id = data_encoding::HEXLOWER.decode(id.as_bytes()).ok().filter(|id| id.len() == KEY_ID_BYTES);
        let (id, typed) = (id.ok_or(WitnessError::Form)?, base64(key).ok_or(WitnessError::Form)?);
        let (&found, key) = typed.split_first().ok_or(WitnessError::Form)?;
        if found != KEY_TYPE_COSIGNATURE {
            return Err(WitnessError::KeyType { found });
        }
        let key = <[u8; 32]>::try_from(key).map_err(|_| WitnessError::Form)?;
        if id != key_id(name, KEY_TYPE_COSIGNATURE, &key) {
            return Err(WitnessError::KeyId);
        }
        Ok(Self { name: name.into(), key: LogKey::new(key)? })
    }
}

impl Checkpoint {
    /// When a witness signed this checkpoint, in seconds since 1970 by its clock; `None` if it did not. Lines of others are passed
    /// over. // W29
    ///
    /// # Errors
    /// A line has the witness's name and key id and is no cosignature of this checkpoint, or there are two.
    pub fn cosignature_of(&self, witness: &Witness) -> Result<Option<u64>, CosignatureError> {
        witness.cosignature(self.note().text(), self.note().signatures())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::note::{LogSigner, UnverifiedNote, signature_lines};
    use crate::log::slot::SlotNumber;
    use crate::log::tree::empty_root;
    use crate::log::world::{cosignature_line, cosigned};
    use data_encoding::BASE64;
    use proptest::prelude::*;
    use signed_note::{Signature, key_id as their_key_id};
    use std::string::ToString;

    const NAME: &str = "witness.example/w1";
    const TIME: u64 = 1_700_000_000;

    /// The key of the witness with this seed.
    fn key(seed: u8, name: &str) -> String {
        vkey(name, KEY_TYPE_COSIGNATURE, LogSigner::from_seed(&[seed; 32]).key().as_bytes())
    }

    fn witness() -> Witness {
        key(9, NAME).parse().unwrap()
    }

    fn relay() -> LogSigner {
        LogSigner::from_seed(&[3; 32])
    }

    fn plain() -> Checkpoint {
        Checkpoint::sign(&relay(), SlotNumber(9), 5, empty_root())
    }

    /// What the witness is seen to have said in a checkpoint with these lines added.
    fn seen(lines: &str) -> Result<Option<u64>, CosignatureError> {
        let note = [plain().note().as_bytes(), lines.as_bytes()].concat();
        Checkpoint::verify(&note, &relay().key()).expect("the relay's, whatever others add").cosignature_of(&witness())
    }

    /// The witness's line, its blob changed.
    fn bent(change: impl Fn(&mut Vec<u8>)) -> String {
        let line = cosignature_line(9, NAME, TIME, plain().note().text());
        let (start, blob) = line.trim_end().rsplit_once(' ').unwrap();
        let mut blob = BASE64.decode(blob.as_bytes()).unwrap();
        change(&mut blob);
        format!("{start} {}\n", BASE64.encode(&blob))
    }

    #[test]
    fn what_a_witness_of_a_public_log_published_verifies() {
        // A checkpoint of the log arche2025h1.staging.ct.transparency.dev of May 2026, with the cosignature of the witness remora.n621.de.
        let note = "arche2025h1.staging.ct.transparency.dev\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n\
            \u{2014} arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n\
            \u{2014} remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n";
        let vkey = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
        let remora: Witness = vkey.parse().unwrap();
        assert_eq!((remora.name(), &*remora.vkey()), ("remora.n621.de", vkey));
        let (text, lines) = note.split_at(note.find("\n\n").unwrap() + 1);
        let lines = || signature_lines(&lines.as_bytes()[1..]).map(|(_, name, blob)| (name, blob));
        assert_eq!(remora.cosignature(text, lines()), Ok(Some(1_779_573_024)));
        let smaller = text.replace("1432088532", "1432088531");
        assert_eq!(remora.cosignature(&smaller, lines()), Err(CosignatureError::BadSignature));
    }

    #[test]
    fn signed_note_the_crate_reads_the_same_name_and_key_id() {
        let line = cosignature_line(9, NAME, TIME, plain().note().text());
        let theirs = Signature::from_bytes(line.trim_end().as_bytes()).unwrap();
        let typed = [&[KEY_TYPE_COSIGNATURE], &witness().key.as_bytes()[..]].concat();
        assert_eq!((theirs.name(), theirs.id()), (NAME, their_key_id(NAME, &typed)));
        assert_eq!(witness().vkey().split('+').nth(1), Some(&*format!("{:08x}", theirs.id())));
    }

    #[test]
    fn a_cosignature_says_when() {
        assert_eq!(seen(""), Ok(None));
        let line = cosignature_line(9, NAME, TIME, plain().note().text());
        assert_eq!(seen(&line), Ok(Some(TIME)));
        for time in [0, MAX_COSIGNATURE_SECONDS] {
            assert_eq!(seen(&cosignature_line(9, NAME, time, plain().note().text())), Ok(Some(time)));
        }
        // Whatever else stands there.
        let others = cosignature_line(8, NAME, TIME, plain().note().text()) + "\u{2014} witness.example/w1 AAAAAAE=\n";
        assert_eq!(seen(&(others.clone() + &line)), Ok(Some(TIME)));
        assert_eq!(seen(&others), Ok(None));
        assert_eq!(seen(&cosignature_line(9, "witness.example/w2", TIME, plain().note().text())), Ok(None));
        // Nor is it this witness's where the key id is the same and the name is not.
        assert_eq!(seen(&line.replace(NAME, "witness.example/w2")), Ok(None));
        // The relay's own key under its own name is no witness.
        assert_eq!(plain().cosignature_of(&key(3, &relay().key().origin()).parse().unwrap()), Ok(None));
    }

    #[test]
    fn what_a_witness_did_not_sign_is_told_from_silence() {
        let wrong = Err(CosignatureError::BadSignature);
        assert_eq!(seen(&bent(|blob| blob[11] ^= 1)), wrong, "another time");
        assert_eq!(seen(&bent(|blob| blob[12] ^= 1)), wrong, "another signature");
        assert_eq!(seen(&bent(|blob| blob[4] |= 0x80)), Err(CosignatureError::Time { seconds: TIME | 1 << 63 }));
        assert_eq!(seen(&bent(|blob| blob[0] ^= 1)), Ok(None), "another key id is somebody else's");
        assert_eq!(seen(&bent(|blob| blob.truncate(75))), Err(CosignatureError::Length { found_bytes: 71 }));
        assert_eq!(seen(&bent(|blob| blob.truncate(5))), Err(CosignatureError::Length { found_bytes: 1 }));
        assert_eq!(seen(&bent(|blob| blob.push(0))), Err(CosignatureError::Length { found_bytes: 73 }));
        let other = plain().note().text().replace("slot 9", "slot 8");
        assert_eq!(seen(&cosignature_line(9, NAME, TIME, &other)), wrong, "another checkpoint");
        let line = bent(|_| {});
        assert_eq!(seen(&(line.clone() + &line)), Err(CosignatureError::Double));
        assert_eq!(seen(&(line + &bent(|blob| blob.truncate(5)))), Err(CosignatureError::Double));
        // A plain signature over the text, under the name: other key id, other kind.
        let signed = relay().sign(plain().note().text()).unwrap();
        let last = signed.signatures().next().unwrap().1;
        assert_eq!(
            seen(&bent(|blob| blob.splice(4.., last[4..].iter().copied()).for_each(drop))),
            Err(CosignatureError::Length { found_bytes: 64 })
        );
    }

    #[test]
    fn without_the_lines_of_others_a_note_is_as_it_was_signed() {
        let key = relay().key();
        let many = (1..=15).fold(plain().note().clone(), |note, seed| {
            let bytes = cosigned(&note, seed, NAME, TIME);
            UnverifiedNote::parse(&bytes).unwrap().verify(&key).unwrap()
        });
        assert!(many.as_bytes().len() > 1_024);
        assert_eq!(many.alone(&key), plain().note().as_bytes());
        // Also where the relay's line is not the first.
        let line = cosignature_line(9, NAME, TIME, plain().note().text());
        let first = std::str::from_utf8(plain().note().as_bytes()).unwrap().replace("\n\n", &format!("\n\n{line}"));
        let first = UnverifiedNote::parse(first.as_bytes()).unwrap().verify(&key).unwrap();
        assert_eq!(first.alone(&key), plain().note().as_bytes());
    }

    #[test]
    fn a_key_has_one_form_and_each_other_has_its_error() {
        let good = key(9, NAME);
        assert_eq!(good.parse::<Witness>().unwrap().vkey(), good);
        let raw = *LogSigner::from_seed(&[9; 32]).key().as_bytes();
        let named = |name: &str| key(9, name).parse::<Witness>().map(|witness| witness.name.len());
        assert_eq!(named(&"w".repeat(255)), Ok(255));
        let cases = [
            (String::new(), WitnessError::Form),
            (NAME.to_string(), WitnessError::Form),
            (good.rsplit_once('+').unwrap().0.to_string(), WitnessError::Form),
            (good[..good.len() - 4].to_string(), WitnessError::Form),
            (format!(" {good}"), WitnessError::Name),
            (format!("{good}\n"), WitnessError::Form),
            (good[NAME.len()..].to_string(), WitnessError::Name),
            (key(9, "a b"), WitnessError::Name),
            (key(9, "a\u{2003}b"), WitnessError::Name),
            (key(9, "a\u{7f}b"), WitnessError::Name),
            (key(9, &"w".repeat(256)), WitnessError::Name),
            (vkey(NAME, 1, &raw), WitnessError::KeyType { found: 1 }),
            (vkey(NAME, 6, &raw), WitnessError::KeyType { found: 6 }),
            (format!("w+00000000+{}", BASE64.encode(&[6; 1_313])), WitnessError::KeyType { found: 6 }),
            (format!("w+0000000+{}", BASE64.encode(&[4; 33])), WitnessError::Form),
            (format!("w+000000000+{}", BASE64.encode(&[4; 33])), WitnessError::Form),
            (good.replacen('w', "v", 1), WitnessError::KeyId),
            (good.replacen(&good[NAME.len() + 1..NAME.len() + 9], "00000000", 1), WitnessError::KeyId),
            (vkey(NAME, 4, &[0; 32]), WitnessError::Key(LogKeyError::Weak)),
            ("w".repeat(2_049), WitnessError::TooLong { found_bytes: 2_049 }),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Witness>(), Err(error), "{text:?}");
        }
        // One text for one key: neither another case of the id, nor other bits behind the key.
        let upper =
            good.split('+').enumerate().map(|(at, part)| if at == 1 { part.to_uppercase() } else { part.into() });
        let upper = upper.collect::<Vec<_>>().join("+");
        assert!(upper == good || upper.parse::<Witness>() == Err(WitnessError::Form));
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_noticed(at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let line = bent(|blob| { let at = at.index(blob.len()); blob[at] ^= 1 << bit; });
            prop_assert!(!matches!(seen(&line), Ok(Some(_))));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}(\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]{40,44}=?)?") {
            if let Ok(witness) = text.parse::<Witness>() {
                prop_assert_eq!(witness.vkey(), text);
            }
        }

        #[test]
        fn no_line_panics(blob in proptest::collection::vec(any::<u8>(), 0..90)) {
            let line = bent(|whole| { whole.truncate(4); whole.extend_from_slice(&blob); });
            if blob.is_empty() {
                return Ok(());
            }
            prop_assert!(!matches!(seen(&line), Ok(Some(_))));
        }
    }
}
