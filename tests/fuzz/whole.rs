//! Whole vectors with a change in any of their texts, through the program that strangers run.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use pursuance_tests::vectors::{Kind, Reason, kinds, outcome};
use serde_json::Value;

use super::{Target, seeds};

/// Longer vectors are left out: most of a change would hit nothing but one long text.
const MAX_SEED_BYTES: usize = 8 << 10;

static KINDS: LazyLock<BTreeMap<&'static str, Kind>> = LazyLock::new(kinds);

#[test]
fn vector() {
    let texts = seeds::vectors().iter().map(|vector| vector.to_string().into_bytes());
    let seeds = texts.filter(|text| text.len() < MAX_SEED_BYTES).collect();
    let read: fn(&[u8]) -> bool = |bytes| {
        let Ok(vector) = serde_json::from_slice::<Value>(bytes) else { return false };
        match outcome(&vector, &KINDS) {
            Err(Reason::Panicked) => panic!("the code under test panicked"),
            found => found.is_ok_and(|found| found == vector["expect"]),
        }
    };
    let target = Target::new("vector", seeds, read);
    Target { base_bytes: 4 << 20, copies: 64, micros: 10_000, share: 4, ..target }.run();
}
