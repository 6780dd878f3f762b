//! Messages of Secure Scuttlebutt as ssb-validate and ssb-verify-signatures take them: JSON, a chain for each author.

use data_encoding::{BASE64, HEXLOWER};
use ed25519_zebra::{SigningKey, VerificationKey};
use sha2::{Digest, Sha256};
use ssb_validate::message_value::validate_message_value_hash_chain;
use ssb_verify_signatures::{par_verify_message_values, verify_message_value};

/// Messages of several authors in turns, each with a text of this many bytes.
pub fn write(authors: usize, messages: usize, payload: usize) -> Vec<String> {
    let keys: Vec<SigningKey> = (0..authors).map(|n| SigningKey::from([60 + n as u8; 32])).collect();
    let mut last: Vec<Option<String>> = vec![None; authors];
    (0..messages)
        .map(|n| {
            let key = &keys[n % authors];
            let author = BASE64.encode(<[u8; 32]>::from(VerificationKey::from(key)).as_slice());
            let previous = last[n % authors].as_ref().map_or("null".to_owned(), |id| format!("\"%{id}.sha256\""));
            let text = HEXLOWER.encode(&vec![n as u8; payload.div_ceil(2)]);
            let unsigned = format!(
                "{{\n  \"previous\": {previous},\n  \"author\": \"@{author}.ed25519\",\n  \"sequence\": {},\n  \
                 \"timestamp\": {},\n  \"hash\": \"sha256\",\n  \"content\": {{\n    \"type\": \"post\",\n    \
                 \"text\": \"{text}\"\n  }}",
                n / authors + 1,
                1_790_000_000_000_u64 + n as u64,
            );
            let signature = key.sign(format!("{unsigned}\n}}").as_bytes()).to_bytes();
            let message = format!("{unsigned},\n  \"signature\": \"{}.sig.ed25519\"\n}}", BASE64.encode(&signature));
            last[n % authors] = Some(BASE64.encode(&Sha256::digest(message.as_bytes())));
            message
        })
        .collect()
}

/// Takes messages in one at a time: form, hash, link, signature.
///
/// # Panics
/// When one is refused.
pub fn take_in(authors: usize, messages: &[String]) {
    validate(authors, messages);
    messages.iter().for_each(|message| verify_message_value(message, None).expect("signed"));
}

/// The same, all signatures at once.
///
/// # Panics
/// When one is refused.
pub fn take_in_at_once(authors: usize, messages: &[String]) {
    validate(authors, messages);
    par_verify_message_values(messages, None, Some(messages.len())).expect("signed");
}

fn validate(authors: usize, messages: &[String]) {
    for (n, message) in messages.iter().enumerate() {
        let previous = n.checked_sub(authors).map(|before| &messages[before]);
        validate_message_value_hash_chain(message, previous).expect("a chain");
    }
}
