//! A first fuzz in an ordinary test: seeded mutations of the committed vectors reach every decoder, and none panics or dawdles.
//!
//! Bytes that are sealed or signed are mutated before they are sealed or signed, so that what lies behind is reached too.
//! `PURSUANCE_MUTATIONS` sets the number of executions for each decoder, `PURSUANCE_MUTATION_SEED` the seed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use pursuance_core::cell::{CellContent, open_cell};
use pursuance_core::crypto::{self, label};
use pursuance_core::entry::{Entry, UnverifiedEntry};
use pursuance_core::fragment::Fragments;
use pursuance_core::link::InviteLink;
use pursuance_core::task_op::decode_ops;
use pursuance_tests::vectors::{kinds, outcome};
use pursuance_wire::cell::CELL_PLAIN_BYTES;
use pursuance_wire::log::{
    BundleId, Checkpoint, Evidence, LogSigner, Policy, Receipt, TileId, UnverifiedNote, decode_bundle,
};
use pursuance_wire::{BlockRange, Cell, FrameDecoder, RelayAddress};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use super::make::cell::seal_plain;
use super::make::{Cast, signed};
use super::vectors::{committed, folder};

/// Executions of each decoder, where nothing else is said.
const EXECUTIONS: u64 = 20_000;
/// What is longer than this is not done with hostile bytes.
const LONGEST: Duration = Duration::from_secs(2);
/// Bytes of a mutated input; growth beyond is cut.
const MAX_MUTATED_BYTES: usize = 8 << 10;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The strings of one field of all vectors of a kind, as bytes.
fn corpus(kind: &str, field: &str) -> Vec<Vec<u8>> {
    let of_kind = committed(&folder()).into_values().filter(|vector| vector["kind"] == kind);
    let texts: Vec<Value> = of_kind.map(|vector| vector["given"][field].clone()).collect();
    let flat = texts.iter().flat_map(|value| match value {
        Value::Array(list) => list.clone(),
        other => vec![other.clone()],
    });
    let found: Vec<Vec<u8>> = flat
        .filter_map(|value| {
            let text = value.as_str()?;
            Some(data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap_or_else(|_| text.into()))
        })
        .collect();
    assert!(!found.is_empty(), "no {field} in vectors of {kind}");
    found
}

/// Heads and numbers at which readers change their mind.
const TELLING: [&[u8]; 16] = [
    &[0],
    &[0xff],
    &[0x17],
    &[0x18, 0x17],
    &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x40],
    &[0x58, 0x20],
    &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x5f],
    &[0x80],
    &[0x98, 0x40],
    &[0x9f],
    &[0xa0],
    &[0xc0],
    &[0xf6],
    &[0xff, 0xff],
];

fn mutated(rng: &mut StdRng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = corpus[rng.random_range(0..corpus.len())].clone();
    for _ in 0..rng.random_range(1..5) {
        let at = rng.random_range(0..=bytes.len());
        let some = rng.random_range(0..=16).min(bytes.len() - at);
        match rng.random_range(0..8) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
            2 if at < bytes.len() => bytes[at] = rng.random(),
            3 => drop(bytes.drain(at..at + some)),
            4 => bytes.truncate(at),
            5 => {
                let copy = bytes[at..at + some].to_vec();
                let to = rng.random_range(0..=bytes.len());
                bytes.splice(to..to, copy);
            }
            6 => {
                let other = &corpus[rng.random_range(0..corpus.len())];
                let from = rng.random_range(0..=other.len());
                let piece = other[from..(from + 64).min(other.len())].to_vec();
                bytes.splice(at..at + some, piece);
            }
            _ => {
                let telling = TELLING[rng.random_range(0..TELLING.len())];
                let end = (at + telling.len()).min(bytes.len());
                bytes.splice(at..end, telling.iter().copied());
            }
        }
    }
    bytes.truncate(MAX_MUTATED_BYTES);
    bytes
}

/// Feeds mutations to a decoder; `try_one` says whether it was accepted. Some must be refused, or nothing was tested.
fn fuzz(name: &str, share: u64, corpus: &[Vec<u8>], mut try_one: impl FnMut(&[u8], &mut StdRng) -> bool) {
    let seed = setting("PURSUANCE_MUTATION_SEED", 1);
    let executions = (setting("PURSUANCE_MUTATIONS", EXECUTIONS) / share).max(1);
    let mut accepted = 0;
    for round in 0..executions {
        let mut rng = StdRng::seed_from_u64(seed ^ round << 20);
        let bytes = mutated(&mut rng, corpus);
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| try_one(&bytes, &mut rng)));
        let taken = started.elapsed();
        let what = || format!("{name}, seed {seed}, round {round}: {}", data_encoding::HEXLOWER.encode(&bytes));
        accepted += u64::from(outcome.unwrap_or_else(|_| panic!("it panicked: {}", what())));
        assert!(taken < LONGEST, "it took {taken:?}: {}", what());
    }
    println!("{name}: {executions} executions, {accepted} accepted");
    assert!(accepted < executions, "{name}: every mutation was accepted");
}

#[test]
fn entries() {
    let cast = Cast::new();
    fuzz("entry", 1, &corpus("entry", "entry"), |bytes, _| {
        UnverifiedEntry::decode(bytes).is_ok_and(|entry| entry.verify(cast.pursuance).is_ok())
    });
    let bodies: Vec<Vec<u8>> = cast.entries.iter().map(body_of).collect();
    let maya = cast.maya_keys();
    fuzz("signed body", 1, &bodies, |body, _| {
        let bytes = super::make::envelope(body, &[0; 64]);
        // Signing takes longer than refusing: only what is well formed is signed.
        UnverifiedEntry::decode(&bytes).is_ok()
            && UnverifiedEntry::decode(&signed(&maya, cast.pursuance, body))
                .is_ok_and(|entry| entry.verify(cast.pursuance).is_ok())
    });
}

fn body_of(entry: &Entry) -> Vec<u8> {
    super::make::body_tree(entry).encode()
}

/// Well-formed mutations signed by a member are appended to a whole log, and the state is read afterwards.
#[test]
fn logs() {
    let cast = Cast::new();
    let (maya, ben) = (cast.maya_keys(), cast.ben_keys());
    let bodies: Vec<Vec<u8>> = cast.entries.iter().map(body_of).collect();
    let mut replica = None;
    let mut since = 0;
    fuzz("log", 4, &bodies, |body, rng| {
        let signer = if rng.random() { &maya } else { &ben };
        let mut tree = body.to_vec();
        // The author stands after two small numbers; without this nearly every signature would be a stranger's.
        if let Some(author) = tree.get_mut(5..37) {
            author.copy_from_slice(&signer.author().0);
        }
        let Ok(entry) = UnverifiedEntry::decode(&signed(signer, cast.pursuance, &tree)) else { return false };
        let Ok(entry) = entry.verify(cast.pursuance) else { return false };
        let replica = replica.get_or_insert_with(|| {
            let mut replica = pursuance_core::replica::Replica::new(cast.pursuance, cast.maya_keys());
            cast.entries.iter().for_each(|entry| drop(replica.append(entry.clone())));
            replica
        });
        replica.append(entry);
        since += 1;
        if since % 50 == 0 {
            let _ = (
                replica.digest(),
                replica.people(),
                replica.tree(&|_| true),
                replica.unwelcomed(),
                replica.cell_keys(),
            );
        }
        true
    });
}

#[test]
fn sealed_things() {
    let cast = Cast::new();
    fuzz("task ops", 1, &corpus("task-ops", "ops"), |bytes, _| decode_ops(bytes).is_ok());
    fuzz("cell bytes", 1, &corpus("opened-cell", "cell"), |bytes, _| {
        let key = cast.epoch.cell_key();
        Cell::try_from(bytes).is_ok_and(|cell| open_cell(&key, &cell).is_some())
    });
    let plains = plain_texts(&cast);
    let mut fragments = Fragments::default();
    fuzz("cell text", 1, &plains, |bytes, rng| {
        let mut plain = bytes.to_vec();
        plain.resize(CELL_PLAIN_BYTES, 0);
        let cell = seal_plain(&cast.epoch, &plain, rng.random(), &cast.epoch.id().0);
        match open_cell(&cast.epoch.cell_key(), &cell) {
            None => false,
            Some(CellContent::Entries(_)) => true,
            Some(CellContent::Fragment(fragment)) => {
                fragments.insert(fragment);
                if rng.random_range(0..500) == 0 {
                    fragments = Fragments::default();
                }
                true
            }
        }
    });
}

/// The opened texts of the cells that the vectors hold.
fn plain_texts(cast: &Cast) -> Vec<Vec<u8>> {
    let key = crypto::derive_key(label::EPOCH_CELL, cast.epoch.as_bytes());
    let associated = [label::CELL_AD, &cast.epoch.id().0].concat();
    let cells = corpus("opened-cell", "cell").into_iter().filter_map(|bytes| Cell::try_from(&bytes[..]).ok());
    cells.filter_map(|cell| crypto::open(&key, cell.nonce(), &associated, cell.sealed()).ok()).collect()
}

#[test]
fn links_and_addresses() {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    fuzz("link", 1, &corpus("link", "text"), |bytes, _| InviteLink::parse(&text(bytes)).is_ok());
    let bodies = vec![
        data_encoding::BASE32_NOPAD
            .decode(
                corpus("link", "text")
                    .iter()
                    .find(|link| link.len() > 200)
                    .map(|link| text(link).trim_start_matches("pursuance:").to_uppercase())
                    .expect("a whole link")
                    .as_bytes(),
            )
            .expect("base32"),
    ];
    fuzz("link with its checksum", 1, &bodies, |bytes, _| {
        let body = &bytes[..bytes.len().saturating_sub(4)];
        let sum = crypto::hash(label::LINK_CHECKSUM, &[body]);
        let code = data_encoding::BASE32_NOPAD.encode(&[body, &sum[..4]].concat());
        InviteLink::parse(&format!("pursuance:{code}")).is_ok()
    });
    fuzz("address", 1, &corpus("address", "text"), |bytes, _| text(bytes).parse::<RelayAddress>().is_ok());
}

#[test]
fn what_relays_say() {
    let signer = LogSigner::from_seed(&[1; 32]);
    let key = signer.key();
    let notes = ["note", "checkpoint", "receipt", "policy"].map(|kind| corpus(kind, "note")).concat();
    fuzz("note", 1, &notes, |bytes, _| UnverifiedNote::parse(bytes).and_then(|note| note.verify(&key)).is_ok());
    let texts: Vec<Vec<u8>> = notes
        .iter()
        .filter_map(|note| UnverifiedNote::parse(note).ok().map(|note| note.text().as_bytes().to_vec()))
        .collect();
    fuzz("signed text", 2, &texts, |bytes, _| {
        let Ok(note) = signer.sign(&String::from_utf8_lossy(bytes)) else { return false };
        let read = (
            Checkpoint::verify(note.as_bytes(), &key),
            Receipt::verify(note.as_bytes(), &key),
            Policy::verify(note.as_bytes(), &key),
        );
        read.0.is_ok() || read.1.is_ok() || read.2.is_ok()
    });
    let streams = corpus("frames", "pushes");
    fuzz("frames", 1, &streams, |bytes, rng| {
        let mut decoder = FrameDecoder::new();
        let (head, tail) = bytes.split_at(rng.random_range(0..=bytes.len()));
        decoder.push(head).and_then(|_| decoder.push(tail)).is_ok()
    });
    let path = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_start_matches("/tile/").replace("entries/", "");
    fuzz("tile path", 1, &corpus("tile-path", "text"), |bytes, _| {
        TileId::parse(&path(bytes)).is_ok() | BundleId::parse(&path(bytes)).is_ok()
    });
    fuzz("block range", 1, &corpus("block-range", "text"), |bytes, _| {
        BlockRange::parse(&String::from_utf8_lossy(bytes)).is_ok()
    });
    fuzz("bundle", 1, &corpus("bundle", "bytes"), |bytes, _| {
        decode_bundle(BundleId::new(0, 2).expect("a bundle"), bytes).is_ok()
    });
    fuzz("evidence", 1, &corpus("evidence", "bytes"), |bytes, _| {
        Evidence::decode(bytes).and_then(|found| found.verify(&key)).is_ok()
    });
}

/// Whole vectors with a mutation in any of their texts, through the program that strangers run.
#[test]
fn whole_vectors() {
    let kinds = kinds();
    let all: Vec<Value> = committed(&folder()).into_values().collect();
    let texts: Vec<Vec<u8>> = all
        .iter()
        .map(|vector| vector.to_string().into_bytes())
        .filter(|text| text.len() < MAX_MUTATED_BYTES)
        .collect();
    fuzz("vector", 2, &texts, |bytes, _| {
        let Ok(vector) = serde_json::from_slice::<Value>(bytes) else { return false };
        match outcome(&vector, &kinds) {
            Err(pursuance_tests::vectors::Reason::Panicked) => panic!("the code under test panicked"),
            found => found.is_ok_and(|found| found == vector["expect"]),
        }
    });
}
