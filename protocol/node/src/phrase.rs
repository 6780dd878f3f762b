//! Four words that two people compare aloud (docs/protocol/07-joining.md, "The phrase").

use bip39::Language;

use crate::vault::{VaultCost, derive};

/// Words of a phrase.
pub const PHRASE_WORDS: usize = 4;

/// Bits of a word: its place in the list of 2,048.
const WORD_BITS: u32 = 11;

/// What it costs to try one: whoever wants another key to have the same 44 bits pays it 2^44 times.
const COST: VaultCost = VaultCost { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

/// The same for all: what is stretched is different for any two people and any invite.
const SALT: &[u8] = b"pursuance 1 phrase words";

/// The words for what [`phrase_with`](pursuance_core::replica::Replica::phrase_with) gives; takes some tenths of a second.
#[must_use]
pub fn phrase(made_of: &[u8; 32]) -> [&'static str; PHRASE_WORDS] {
    let stretched = derive(made_of, COST, SALT).expect("constant parameters that are possible");
    let (first, _) = stretched.split_first_chunk().expect("32 bytes");
    let bits = u64::from_be_bytes(*first);
    let list = Language::English.word_list();
    core::array::from_fn(|at| {
        let shift = u64::BITS - WORD_BITS * (at as u32 + 1);
        list[(bits >> shift) as usize % list.len()]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_for_both_and_another_for_anybody_else() {
        let words = phrase(&[7; 32]);
        assert_eq!(words, phrase(&[7; 32]));
        let mut other = [7; 32];
        other[31] ^= 1;
        assert_ne!(words, phrase(&other));
        assert!(words.iter().all(|word| word.len() >= 3 && word.is_ascii()));
    }

    #[test]
    fn the_list_is_the_one_of_bip_39() {
        let list = Language::English.word_list();
        assert_eq!((list.len(), list[0], list[2047]), (1 << WORD_BITS, "abandon", "zoo"));
    }
}
