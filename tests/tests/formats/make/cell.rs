//! Cells and fragments: what opens, and what opens to nothing (K7, K8).

use pursuance_core::cell::seal_entries;
use pursuance_core::crypto::{self, Seed, label};
use pursuance_core::id::EntryId;
use pursuance_core::keys::{CellKey, EpochSecret};
use pursuance_core::limits::FRAGMENT_BYTES;
use pursuance_wire::Cell;
use pursuance_wire::cell::CELL_PLAIN_BYTES;
use serde_json::{Value, json};

use super::raw::V;
use super::{Cast, Shelf, at, body_tree, hex, id_of, signed};

pub fn make(cast: &Cast, shelf: &mut Shelf) {
    opened(cast, shelf);
    plain_texts(cast, shelf);
    fragments(cast, shelf);
}

fn given(key: &str, secret: &[u8; 32], cell: &[u8]) -> Value {
    json!({"key": {key: hex(secret)}, "cell": hex(cell)})
}

/// A long entry of Maya's: a thousand times the same op that nobody knows, and its bytes.
pub fn long_entry(cast: &Cast, bytes: usize) -> (EntryId, Vec<u8>) {
    let mut tree = body_tree(&cast.entries[at::INVITE]);
    tree.list()[9] = V::Array(vec![V::Array(vec![V::Uint(900), V::Bytes(vec![0x5a; bytes])])]);
    let body = tree.encode();
    (id_of(&body), signed(&cast.maya_keys(), cast.pursuance, &body))
}

fn opened(cast: &Cast, shelf: &mut Shelf) {
    let secret = cast.epoch.as_bytes();
    let epoch = cast.epoch.cell_key();
    let invite = CellKey::of_invite(&cast.invite_secret.cell_secret());
    let small: Vec<_> = [at::INVITE, at::TASK, at::CLAIM].map(|of| &cast.entries[of]).into();
    let list = || small.iter().map(|entry| (entry.id(), entry.bytes()));
    let cells = seal_entries(&epoch, list(), &mut Seed::new([0x64; 32]));
    assert_eq!(cells.len(), 1, "three small entries share a cell");
    let cell = *cells[0].as_bytes();
    let entries = json!({"ok": {"entries": small.iter().map(|entry| hex(entry.bytes())).collect::<Vec<_>>()}});
    shelf.add("opened-cell", "ok-three-entries", given("epoch", secret, &cell), entries.clone());
    let by_invite = seal_entries(&invite, list(), &mut Seed::new([0x65; 32]));
    shelf.add(
        "opened-cell",
        "ok-under-the-invite",
        given("invite", cast.invite_secret.as_bytes(), by_invite[0].as_bytes()),
        entries,
    );

    let nothing = || json!("nothing");
    shelf.add("opened-cell", "bad-another-epoch", given("epoch", &[0x79; 32], &cell), nothing());
    shelf.add(
        "opened-cell",
        "bad-invite-cell-under-the-epoch",
        given("epoch", secret, by_invite[0].as_bytes()),
        nothing(),
    );
    shelf.add("opened-cell", "bad-zeros", given("epoch", secret, &[0; 2_048]), nothing());
    let random: [u8; 2_048] = Seed::new([0x66; 32]).draw();
    shelf.add("opened-cell", "bad-dummy", given("epoch", secret, &random), nothing());
    for (case, at) in
        [("tag", 0), ("nonce", 8), ("ciphertext", 32), ("ciphertext-end", 2_031), ("authentication", 2_047)]
    {
        let mut flipped = cell;
        flipped[at] ^= 1;
        shelf.add("opened-cell", &format!("bad-flipped-bit-in-{case}"), given("epoch", secret, &flipped), nothing());
    }
    // A tag that fits alone proves nothing: the body is another's.
    let other = seal_entries(&epoch, list(), &mut Seed::new([0x67; 32]));
    let spliced = [&cell[..32], &other[0].as_bytes()[32..]].concat();
    shelf.add("opened-cell", "bad-head-and-body-of-two-cells", given("epoch", secret, &spliced), nothing());
    let length = |found: usize| json!({"error": format!("NotOneCell {{ found_bytes: {found} }}")});
    shelf.add("opened-cell", "bad-one-byte-short", given("epoch", secret, &cell[..2_047]), length(2_047));
    shelf.add("opened-cell", "bad-two-cells", given("epoch", secret, &[cell, cell].concat()), length(4_096));
    shelf.add("opened-cell", "bad-no-bytes", given("epoch", secret, &[]), length(0));
}

/// Seals any plain text as a cell, by the letter of the specification.
pub fn seal_plain(epoch: &EpochSecret, plain: &[u8], nonce: [u8; 24], key_id: &[u8; 32]) -> Cell {
    let detect = crypto::derive_key(label::EPOCH_DETECT, epoch.as_bytes());
    let tag = crypto::keyed_hash(&detect, &nonce);
    let key = crypto::derive_key(label::EPOCH_CELL, epoch.as_bytes());
    let sealed = crypto::seal(&key, &nonce, &[label::CELL_AD, key_id].concat(), plain);
    Cell::from_parts(
        tag.first_chunk().expect("32 bytes hold 8"),
        &nonce,
        sealed.as_slice().try_into().expect("fills a cell"),
    )
}

fn plain_texts(cast: &Cast, shelf: &mut Shelf) {
    let mut nonce = 0;
    let mut seal = |begins: &[u8]| {
        let mut plain = begins.to_vec();
        plain.resize(CELL_PLAIN_BYTES, 0);
        nonce += 1;
        *seal_plain(&cast.epoch, &plain, [nonce; 24], &cast.epoch.id().0).as_bytes()
    };
    let mut add = |case: &str, cell: [u8; 2_048], expect: Value| {
        shelf.add("opened-cell", case, given("epoch", cast.epoch.as_bytes(), &cell), expect);
    };
    let nothing = || json!("nothing");
    add("ok-no-entries", seal(&[0]), json!({"ok": {"entries": []}}));
    add("ok-garbage-as-an-entry", seal(&[0, 0, 3, 1, 2, 3]), json!({"ok": {"entries": ["010203"]}}));
    let full = [&[0, 0x07, 0xcd][..], &[0xaa; 1_997]].concat();
    add("ok-one-entry-fills-the-cell", seal(&full), json!({"ok": {"entries": ["aa".repeat(1_997)]}}));
    let one_left = [&[0, 0x07, 0xcc][..], &[0xaa; 1_996]].concat();
    add("ok-one-byte-left", seal(&one_left), json!({"ok": {"entries": ["aa".repeat(1_996)]}}));
    add("bad-one-byte-left-that-is-not-zero", seal(&[&one_left[..], &[1]].concat()), nothing());
    add("bad-entry-runs-past-the-end", seal(&[0, 0x07, 0xce]), nothing());
    add("bad-entry-of-absurd-length", seal(&[0, 0xff, 0xff]), nothing());
    add("bad-padding-not-zero", seal(&[0, 0, 1, 7, 0, 0, 0, 1]), nothing());
    add("bad-unknown-kind", seal(&[2]), nothing());
    add("bad-unknown-kind-255", seal(&[0xff; 2_000]), nothing());
    let fragment = |count: u16, index: u16, len: u16, bytes: usize| {
        let mut plain = vec![1];
        plain.extend_from_slice(&[0x99; 32]);
        for number in [count, index, len] {
            plain.extend_from_slice(&number.to_be_bytes());
        }
        plain.extend(std::iter::repeat_n(0xbb, bytes));
        plain
    };
    let ok = |count: u16, index: u16, bytes: usize| {
        json!({"ok": {"fragment": {
            "entry": hex(&[0x99; 32]), "count": count, "index": index, "bytes": "bb".repeat(bytes),
        }}})
    };
    let full = FRAGMENT_BYTES as u16;
    add("ok-first-fragment", seal(&fragment(2, 0, full, FRAGMENT_BYTES)), ok(2, 0, FRAGMENT_BYTES));
    add("ok-last-fragment", seal(&fragment(512, 511, 1, 1)), ok(512, 511, 1));
    add("bad-fragment-alone", seal(&fragment(1, 0, full, FRAGMENT_BYTES)), nothing());
    add("bad-fragment-of-none", seal(&fragment(0, 0, full, FRAGMENT_BYTES)), nothing());
    add("bad-fragment-beyond-its-count", seal(&fragment(2, 2, full, FRAGMENT_BYTES)), nothing());
    add("bad-fragment-at-the-largest-index", seal(&fragment(2, u16::MAX, full, FRAGMENT_BYTES)), nothing());
    add("bad-fragment-of-513", seal(&fragment(513, 0, full, FRAGMENT_BYTES)), nothing());
    add("bad-short-fragment-in-the-middle", seal(&fragment(3, 1, 5, 5)), nothing());
    add("bad-empty-last-fragment", seal(&fragment(2, 1, 0, 0)), nothing());
    add("bad-fragment-too-long", seal(&fragment(2, 1, full + 1, FRAGMENT_BYTES + 1)), nothing());
    add("bad-fragment-of-absurd-length", seal(&fragment(2, 1, u16::MAX, 0)), nothing());
    add("bad-fragment-with-padding-not-zero", seal(&fragment(2, 1, 5, 6)), nothing());
    let foreign = seal_plain(&cast.epoch, &[0; CELL_PLAIN_BYTES], [0xf0; 24], &[9; 32]);
    add("bad-bound-to-another-key-id", *foreign.as_bytes(), nothing());
}

fn fragments(cast: &Cast, shelf: &mut Shelf) {
    let (id, bytes) = long_entry(cast, 4_000);
    let part = |index: usize| {
        let chunk = bytes.chunks(FRAGMENT_BYTES).nth(index).expect("three parts");
        json!({"entry": hex(&id.0), "count": 3, "index": index, "bytes": hex(chunk)})
    };
    assert_eq!(bytes.len().div_ceil(FRAGMENT_BYTES), 3);
    let whole = || json!({"whole": hex(&id.0)});
    let with = |mut part: Value, field: &str, value: Value| {
        part[field] = value;
        part
    };
    let mut spoiled_bytes = bytes[..FRAGMENT_BYTES].to_vec();
    spoiled_bytes[700] ^= 1;
    let spoiled = with(part(0), "bytes", json!(hex(&spoiled_bytes)));
    let mut third = spoiled_bytes.clone();
    third[701] ^= 1;
    let mut add = |case: &str, parts: &[Value], outcomes: Value| {
        shelf.add("fragments", case, json!({"fragments": parts}), json!({"ok": outcomes}));
    };
    add("ok-in-order", &[part(0), part(1), part(2)], json!(["kept", "kept", whole()]));
    add("ok-in-reverse", &[part(2), part(1), part(0)], json!(["kept", "kept", whole()]));
    add(
        "ok-each-twice",
        &[part(0), part(0), part(1), part(1), part(2)],
        json!(["kept", "ignored", "kept", "ignored", whole()]),
    );
    add("ok-again-after-it-was-whole", &[part(0), part(1), part(2), part(2)], json!(["kept", "kept", whole(), "kept"]));
    add(
        "ok-a-spoiled-part-beside-the-good-one",
        &[spoiled.clone(), part(1), part(2), part(0)],
        json!(["kept", "kept", "kept", whole()]),
    );
    add(
        "ok-the-good-one-first",
        &[part(0), spoiled.clone(), part(1), part(2)],
        json!(["kept", "kept", "kept", whole()]),
    );
    let third = with(part(0), "bytes", json!(hex(&third)));
    add(
        "bad-third-candidate",
        &[spoiled.clone(), third, part(0), part(1), part(2)],
        json!(["kept", "kept", "ignored", "kept", "kept"]),
    );
    let other_count = |index: u16| with(with(part(1), "index", json!(index)), "count", json!(4));
    add("bad-another-count", &[part(0), other_count(1), part(1), part(2)], json!(["kept", "ignored", "kept", whole()]));
    // Parts of another count must leave no trace: not even an empty place that counts as a part.
    add(
        "bad-another-count-fills-no-place",
        &[part(0), other_count(1), other_count(2), spoiled, part(1)],
        json!(["kept", "ignored", "ignored", "kept", "kept"]),
    );
    let named = |part: Value| with(part, "entry", json!(hex(&[7; 32])));
    add(
        "bad-parts-do-not-hash-to-the-id",
        &[named(part(0)), named(part(1)), named(part(2))],
        json!(["kept", "kept", "kept"]),
    );
    add(
        "ok-parts-of-two-entries",
        &[part(0), named(part(1)), part(1), part(2)],
        json!(["kept", "kept", "kept", whole()]),
    );
}
