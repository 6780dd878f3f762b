//! Cases about the standards that nobody published: what was published with one thing changed, keys that are none, and
//! ZIP-215's points of small order.

use std::collections::BTreeMap;
use std::path::PathBuf;

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::CompressedEdwardsY;
use data_encoding::HEXLOWER;
use pursuance_tests::vectors::core_kinds::hex;
use serde_json::{Value, json};

use super::{Shelf, Vectors};

/// Everything that follows from what was published.
pub fn all(published: &BTreeMap<PathBuf, Value>) -> Vectors {
    let mut shelf = Shelf(Vectors::new());
    for (path, vector) in published {
        let name = path.file_stem().expect("a file").to_string_lossy();
        // Of the many that differ in lengths only, one is enough; a weak key signs anything, so there is nothing to notice.
        let many = name.contains("-wycheproof-") && !name.ends_with("-wycheproof-64-bytes");
        if let Some(case) = name.strip_prefix("ok-").filter(|_| !many && !name.contains("-speccheck-")) {
            changed(&mut shelf, case, vector);
        }
    }
    lengths(&mut shelf);
    public_keys(&mut shelf, published);
    small_order(&mut shelf);
    shelf.0
}

/// Where a field is changed, and by which error that is noticed.
const CHANGES: &[(&str, &str, &[&str])] = &[
    ("hpke", "NotForMe", &["private", "info", "associated", "encapsulated", "sealed"]),
    ("x-wing", "SharedSecret", &["private", "randomness", "shared_secret"]),
    ("x-wing", "NotForMe", &["encapsulated"]),
    ("xchacha20-poly1305", "OpenError", &["key", "nonce", "associated", "sealed"]),
    ("chacha20-poly1305", "OpenError", &["key", "nonce", "sealed"]),
    ("ed25519", "BadSignature", &["key", "message", "signature"]),
];

/// One bit flipped in the beginning, the middle and the end of a field, and the field one byte shorter and longer where its
/// length is free.
fn changed(shelf: &mut Shelf, case: &str, vector: &Value) {
    let kind = vector["kind"].as_str().expect("a kind");
    for (_, error, fields) in CHANGES.iter().filter(|(of, ..)| *of == kind) {
        for field in *fields {
            let bytes = HEXLOWER.decode(vector["given"][field].as_str().expect("bytes").as_bytes()).expect("hex");
            let mut put = |what: &str, bytes: &[u8]| {
                let mut given = vector["given"].clone();
                given[field] = hex(bytes).into();
                let case = format!("bad-{case}-{}-{what}", field.replace('_', "-"));
                shelf.add(kind, &case, given, json!({"error": error}));
            };
            // X25519 ignores the lowest three bits of a private key and the highest one.
            let bits = [
                ("begins-otherwise", 3),
                ("differs-within", bytes.len() / 2 * 8 + 4),
                ("ends-otherwise", (bytes.len() * 8).saturating_sub(3)),
            ];
            for (what, bit) in bits.into_iter().filter(|_| !bytes.is_empty()) {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                put(what, &flipped);
            }
            if ["info", "associated", "sealed", "message"].contains(field) {
                put("is-longer", &[&bytes[..], &[0]].concat());
                if let Some((_, shorter)) = bytes.split_last() {
                    put("is-shorter", shorter);
                }
            }
        }
    }
}

/// As much as HKDF gives, and one byte more; seals shorter than a tag.
fn lengths(shelf: &mut Shelf) {
    let given = |bytes: usize| json!({"secret": "0b", "salt": "", "info": "", "bytes": bytes});
    shelf.add("hkdf-sha256", "bad-more-than-255-hashes", given(8_161), json!({"error": "OutputTooLong"}));
    shelf.add("hkdf-sha256", "bad-65536-bytes", given(65_536), json!({"error": "OutputTooLong"}));
    for bytes in [0, 15] {
        let (key, sealed) = ("00".repeat(32), "00".repeat(bytes));
        let given = json!({"key": key, "nonce": "00".repeat(24), "associated": "", "sealed": sealed});
        shelf.add("xchacha20-poly1305", &format!("bad-sealed-{bytes}-bytes"), given, json!({"error": "OpenError"}));
        let given = json!({"key": key, "nonce": "00".repeat(12), "sealed": sealed});
        shelf.add("chacha20-poly1305", &format!("bad-sealed-{bytes}-bytes"), given, json!({"error": "OpenError"}));
    }
    for (suite, bytes) in [("x25519", 32), ("x-wing", 1_120)] {
        for (what, encapsulated, sealed) in [
            ("nothing", 0, 0),
            ("no-key", 0, 16),
            ("key-cut", bytes - 1, 0),
            ("no-text", bytes, 0),
            ("tag-cut", bytes, 15),
        ] {
            let given = json!({
                "suite": suite, "private": "11".repeat(32), "info": "", "associated": "",
                "encapsulated": "09".repeat(encapsulated), "sealed": "00".repeat(sealed),
            });
            shelf.add("hpke", &format!("bad-{suite}-{what}"), given, json!({"error": "NotForMe"}));
        }
    }
}

/// Public keys that cannot be sealed to (RFC 9180, 7.1.4; FIPS 203, 7.2), and one that can although half of it is nothing: X-Wing
/// leaves it to its other half.
fn public_keys(shelf: &mut Shelf, published: &BTreeMap<PathBuf, Value>) {
    let mut put = |case: &str, suite: &str, public: &[u8]| {
        let expect = if case.starts_with("ok-") { json!({"ok": {}}) } else { json!({"error": "BadPublicKey"}) };
        shelf.add("hpke-public", case, json!({"suite": suite, "public": hex(public)}), expect);
    };
    for (index, point) in EIGHT_TORSION.iter().enumerate() {
        put(&format!("bad-x25519-of-small-order-{index}"), "x25519", &point.to_montgomery().0);
    }
    // The field's prime and one more: nothing and one, written another way; with the highest bit, which is ignored.
    for (case, first, last) in
        [("p", 0xed, 0x7f), ("p-and-one", 0xee, 0x7f), ("p-high-bit", 0xed, 0xff), ("p-and-one-high-bit", 0xee, 0xff)]
    {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (first, last);
        put(&format!("bad-x25519-{case}"), "x25519", &bytes);
    }
    for bytes in [0, 31, 33] {
        put(&format!("bad-x25519-{bytes}-bytes"), "x25519", &vec![9; bytes]);
    }
    let of = |vector: &Value| vector["kind"] == "hpke-public" && vector["given"]["suite"] == "x-wing";
    let good = published.values().find(|vector| of(vector)).expect("one was published");
    let good = HEXLOWER.decode(good["given"]["public"].as_str().expect("bytes").as_bytes()).expect("hex");
    let mut bent = good.clone();
    bent[1_184..].fill(0);
    put("ok-x-wing-x25519-half-of-small-order", "x-wing", &bent);
    // The first coefficient of ML-KEM's half: 3,329 and the most that fits, where 3,328 is the most that is allowed.
    for coefficient in [3_329_u16, 4_095] {
        let mut bent = good.clone();
        bent[0] = coefficient as u8;
        bent[1] = bent[1] & 0xf0 | (coefficient >> 8) as u8;
        put(&format!("bad-x-wing-coefficient-{coefficient}"), "x-wing", &bent);
    }
    put("bad-x-wing-a-byte-short", "x-wing", &good[1..]);
    put("bad-x-wing-a-byte-more", "x-wing", &[&good[..], &[0]].concat());
    put("bad-x-wing-only-x25519", "x-wing", &good[1_184..]);
    put("bad-x-wing-nothing", "x-wing", &[]);
}

/// Every key and every R of small order in every spelling, with s = 0: ZIP-215 takes all 196 over any message, and few others
/// do. All these keys are weak.
fn small_order(shelf: &mut Shelf) {
    let mut points: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.compress().0).collect();
    // Other spellings of y = 1, y = -1 and y = 0: with the sign of a zero, and above the prime.
    for (first, last) in [(0x01, 0x80), (0xec, 0xff), (0xed, 0x7f), (0xed, 0xff), (0xee, 0x7f), (0xee, 0xff)] {
        let mut bytes = if first == 1 { [0; 32] } else { [0xff; 32] };
        (bytes[0], bytes[31]) = (first, last);
        let point = CompressedEdwardsY(bytes).decompress().expect("ZIP-215 reads it");
        assert!(point.is_small_order() && point.compress().0 != bytes);
        points.push(bytes);
    }
    let signature = |key: &[u8; 32], r: &[u8; 32], s: &[u8; 32]| json!({"key": hex(key), "message": hex(b"Zcash"), "signature": hex(&[&r[..], s].concat())});
    let pairs = || points.iter().flat_map(|key| points.iter().map(move |r| (key, r)));
    let all: Vec<Value> = pairs().map(|(key, r)| signature(key, r, &[0; 32])).collect();
    assert_eq!(all.len(), 196);
    shelf.add_with(
        "ed25519-batch",
        "ok-zip-215-small-order",
        "each key and each R of small order, in each spelling, with s = 0",
        json!({"signatures": all}),
        json!({"ok": {"good": 196, "weak": 196}}),
    );
    for at in [0, 97, 195] {
        let mut one_bad = all.clone();
        let (key, r) = pairs().nth(at).expect("196");
        let mut s = [0; 32];
        s[0] = 1;
        one_bad[at] = signature(key, r, &s);
        let expect = json!({"error": "BadSignature", "bad": [at]});
        shelf.add("ed25519-batch", &format!("bad-one-of-196-at-{at}"), json!({"signatures": one_bad}), expect);
    }
    let order = (-curve25519_dalek::Scalar::ONE).to_bytes();
    let mut not_reduced = order;
    not_reduced[0] += 1;
    let given = signature(&points[0], &points[0], &not_reduced);
    shelf.add("ed25519", "bad-s-is-the-order", given, json!({"error": "BadSignature"}));
    for (at, key) in points.iter().enumerate() {
        let given = signature(key, &points[0], &[0; 32]);
        shelf.add("ed25519", &format!("ok-zip-215-weak-key-{at:02}"), given, json!({"ok": {"weak": true}}));
    }
    // y = 2 is on no point, however its sign.
    for last in [0, 0x80] {
        let mut no_point = [0; 32];
        (no_point[0], no_point[31]) = (2, last);
        for (what, key, r) in [("key", &no_point, &points[0]), ("r", &points[0], &no_point)] {
            let given = signature(key, r, &[0; 32]);
            shelf.add("ed25519", &format!("bad-{what}-is-no-point-{last}"), given, json!({"error": "BadSignature"}));
        }
    }
}
