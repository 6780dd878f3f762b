//! Recovery phrases: twelve words that stand for what a recovery key is made of (docs/protocol/04-authority.md, "The recovery phrase").
//! They are shown once and kept nowhere.

use bip39::{Error, Language, Mnemonic};
use pursuance_core::recovery::{RECOVERY_BYTES, RecoverySecret};
use zeroize::{Zeroize, Zeroizing};

use crate::api::{RecoveryWords, Trouble};
use crate::chance::random;

/// Words of a recovery phrase: 128 bits, and 4 by which a slip of the pen is noticed.
pub const RECOVERY_WORDS: usize = 12;

/// Longest text that is looked at.
const MAX_PHRASE_BYTES: usize = 512;

/// What a new phrase says.
pub(crate) fn fresh() -> RecoverySecret {
    let mut bytes = random::<RECOVERY_BYTES>();
    let secret = RecoverySecret::new(bytes);
    bytes.zeroize();
    secret
}

/// The words of a phrase, for the eyes of one person.
pub(crate) fn words(secret: &RecoverySecret) -> RecoveryWords {
    let phrase =
        Mnemonic::from_entropy_in(Language::English, secret.as_bytes()).expect("16 bytes are a length that there is");
    RecoveryWords::new(phrase.words().map(String::from).collect())
}

/// What a phrase says as it was typed: the case of letters and white space do not matter.
///
/// # Errors
/// [`Trouble::NotARecoveryPhrase`], with the place of the first word that stands in no list.
pub fn read(text: &str) -> Result<RecoverySecret, Trouble> {
    let not =
        |word: Option<usize>| Trouble::NotARecoveryPhrase { word: word.and_then(|at| u32::try_from(at + 1).ok()) };
    if text.len() > MAX_PHRASE_BYTES {
        return Err(not(None));
    }
    let typed: Vec<Zeroizing<String>> =
        text.split_whitespace().map(|word| Zeroizing::new(word.to_lowercase())).collect();
    let mut line = Zeroizing::new(String::with_capacity(MAX_PHRASE_BYTES));
    for (at, word) in typed.iter().enumerate() {
        if at > 0 {
            line.push(' ');
        }
        line.push_str(word);
    }
    let phrase = Mnemonic::parse_in_normalized(Language::English, &line).map_err(|error| match error {
        Error::UnknownWord(at) => not(Some(at)),
        _ => not(None),
    })?;
    let (mut entropy, bytes) = phrase.to_entropy_array();
    let secret = entropy.first_chunk::<RECOVERY_BYTES>().filter(|_| bytes == RECOVERY_BYTES);
    let secret = secret.map(|bytes| RecoverySecret::new(*bytes)).ok_or_else(|| not(None));
    entropy.zeroize();
    secret
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(secret: &RecoverySecret) -> String {
        words(secret).as_slice().join(" ")
    }

    /// Published with BIP 39.
    #[test]
    fn the_words_are_those_of_bip_39() {
        for (bytes, phrase) in [
            ([0; 16], "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"),
            ([0x7f; 16], "legal winner thank year wave sausage worth useful legal winner thank yellow"),
            ([0xff; 16], "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong"),
        ] {
            assert_eq!(spoken(&RecoverySecret::new(bytes)), phrase);
            assert_eq!(read(phrase).unwrap().as_bytes(), &bytes);
        }
    }

    #[test]
    fn a_phrase_is_read_as_people_write_and_nothing_else_is_one() {
        let secret = fresh();
        let phrase = spoken(&secret);
        assert_eq!(phrase.split(' ').count(), RECOVERY_WORDS);
        let untidy = format!("\n  {} \t", phrase.to_uppercase().replace(' ', "\n"));
        assert_eq!(read(&untidy).unwrap().as_bytes(), secret.as_bytes());
        let not = |word| Some(Trouble::NotARecoveryPhrase { word });
        let mut other: Vec<&str> = phrase.split(' ').collect();
        other[3] = "harbour";
        assert_eq!(read(&other.join(" ")).err(), not(Some(4)));
        // Another word of the list: the last one tells, mostly; of these two it always does.
        let about = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon";
        for wrong in [format!("{about} abandon"), format!("{about} zoo"), about.into(), String::new()] {
            assert_eq!(read(&wrong).err(), not(None), "{wrong}");
        }
        let longer = "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter always";
        assert_eq!(read(longer).err(), not(None), "of eighteen words");
        assert_eq!(read(&"abandon ".repeat(5_000)).err(), not(None));
        assert!(!format!("{:?}", words(&secret)).contains(other[0]));
    }
}
