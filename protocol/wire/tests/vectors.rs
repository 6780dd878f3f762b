//! Makes the vectors of this room (`tests/vectors/README.md`) and holds the committed ones against it.
//!
//! `WRITE_VECTORS=1 cargo test -p pursuance-wire --test vectors` writes them anew; a change of a committed
//! vector is a change of the format.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::{BASE32_NOPAD, BASE64, HEXLOWER};
use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::log::tree::{complete_root, empty_root};
use pursuance_wire::log::{
    BundleId, Checkpoint, Evidence, Frontier, HashTile, HistoryError, LogSigner, NodeHash, Policy, Posting, Receipt,
    RelayHistory, SlotNumber, Span, TileId, UnverifiedNote, Witness, consistency_proof, decode_bundle, encode_bundle,
    inclusion_proof, tiles_for_span, verify_consistency, verify_inclusion,
};
use pursuance_wire::{BlockRange, Cell, Frame, FrameDecoder, LeafHash, RelayAddress};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/wire");

/// Path within the folder, and content.
type Vectors = BTreeMap<PathBuf, Value>;

#[test]
fn the_committed_vectors_are_what_the_code_says() {
    let vectors = all();
    if std::env::var_os("WRITE_VECTORS").is_some() {
        for (path, vector) in &vectors {
            let path = Path::new(FOLDER).join(path);
            fs::create_dir_all(path.parent().expect("in a folder")).expect("writable");
            let text = serde_json::to_string_pretty(vector).expect("JSON");
            fs::write(path, text + "\n").expect("writable");
        }
    }
    let mut committed = BTreeSet::new();
    for folder in fs::read_dir(FOLDER).expect("the vectors are there") {
        for file in fs::read_dir(folder.expect("readable").path()).expect("a folder") {
            committed.insert(file.expect("readable").path());
        }
    }
    assert_eq!(committed, vectors.keys().map(|path| Path::new(FOLDER).join(path)).collect());
    for (path, vector) in &vectors {
        let text = fs::read_to_string(Path::new(FOLDER).join(path)).expect("readable");
        let found: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(found, *vector, "{}", path.display());
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let refused = vector["expect"].get("error").is_some();
        assert_eq!(refused, name.starts_with("bad-"), "{}: {}", path.display(), vector["expect"]);
    }
}

/// Collects the vectors of one kind.
struct Kind<'a> {
    vectors: &'a mut Vectors,
    folder: &'static str,
    kind: &'static str,
    outcome: fn(&Value) -> Value,
}

impl Kind<'_> {
    fn add(&mut self, name: &str, comment: &str, given: Value) {
        let expect = (self.outcome)(&given);
        let vector = json!({"kind": self.kind, "comment": comment, "given": given, "expect": expect});
        let path = Path::new(self.folder).join(format!("{name}.json"));
        assert!(self.vectors.insert(path, vector).is_none(), "{name} is there twice");
    }
}

fn all() -> Vectors {
    let mut vectors = Vectors::new();
    cells(&mut vectors);
    addresses(&mut vectors);
    notes(&mut vectors);
    checkpoints(&mut vectors);
    witnesses(&mut vectors);
    cosignatures(&mut vectors);
    receipts(&mut vectors);
    policies(&mut vectors);
    frames(&mut vectors);
    tiles(&mut vectors);
    proofs(&mut vectors);
    histories(&mut vectors);
    vectors
}

// What is given.

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn signer(seed: u8) -> LogSigner {
    LogSigner::from_seed(&[seed; 32])
}

fn key() -> String {
    hex(signer(1).key().as_bytes())
}

fn cell(n: u8) -> Cell {
    Cell::from_bytes([n; CELL_BYTES])
}

fn leaf(n: u64) -> LeafHash {
    pursuance_wire::log::leaf_hash(&n.to_be_bytes())
}

/// A log in memory.
struct Log(Vec<Vec<NodeHash>>);

impl Log {
    fn new(leaves: impl Iterator<Item = LeafHash>) -> Self {
        let mut levels = vec![leaves.map(NodeHash::from).collect::<Vec<_>>()];
        while levels.last().is_some_and(|level| level.len() >= 256) {
            let (tiles, _) = levels.last().expect("not empty").as_chunks::<256>();
            levels.push(tiles.iter().map(|tile| complete_root(tile).expect("256")).collect());
        }
        Self(levels)
    }

    fn root(&self, size: u64) -> NodeHash {
        let mut frontier = Frontier::new();
        self.0[0][..size as usize].iter().for_each(|hash| frontier.append(LeafHash(hash.0)));
        frontier.root()
    }

    fn node(&self, level: u8, index: u64) -> Option<NodeHash> {
        let (start, count) = ((index << level) as usize, 1 << level);
        complete_root(self.0[0].get(start..start + count)?)
    }

    fn tiles(&self, first: u64, size: u64) -> Value {
        let plan = tiles_for_span(first, size).expect("within the limits").into_iter().map(|id| {
            let start = id.index() as usize * 256;
            let hashes = &self.0[usize::from(id.level())][start..start + usize::from(id.width())];
            let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
            json!({"level": id.level(), "index": id.index(), "width": id.width(), "bytes": hex(&bytes)})
        });
        plan.collect()
    }

    fn note(&self, slot: u64, size: u64) -> String {
        hex(Checkpoint::sign(&signer(1), SlotNumber(slot), size, self.root(size)).note().as_bytes())
    }
}

// How what is given is read.

fn bytes(given: &Value) -> Vec<u8> {
    HEXLOWER.decode(given.as_str().expect("hexadecimal").as_bytes()).expect("hexadecimal")
}

fn hash(given: &Value) -> NodeHash {
    NodeHash(bytes(given).try_into().expect("32 bytes"))
}

fn hashes(given: &Value) -> Vec<NodeHash> {
    given.as_array().expect("a list").iter().map(hash).collect()
}

fn number(given: &Value) -> u64 {
    given.as_u64().expect("a number")
}

fn error(error: impl Debug) -> Value {
    json!({"error": format!("{error:?}")})
}

fn outcome<T>(found: Result<T, impl Debug>, describe: impl Fn(T) -> Value) -> Value {
    found.map_or_else(error, |found| json!({"ok": describe(found)}))
}

fn leaves(cells: &[Cell]) -> Vec<String> {
    cells.iter().map(|cell| hex(cell.leaf_hash().as_bytes())).collect()
}

// One function for each folder.

fn cells(vectors: &mut Vectors) {
    let mut kind = Kind {
        vectors: &mut *vectors,
        folder: "cell",
        kind: "cell",
        outcome: |given| {
            outcome(
                Cell::try_from(&bytes(&given["bytes"])[..]),
                |cell| json!({"tag": hex(cell.tag()), "nonce": hex(cell.nonce()), "leaf": hex(cell.leaf_hash().as_bytes())}),
            )
        },
    };
    let numbered: Vec<u8> = (0..CELL_BYTES).map(|at| at as u8).collect();
    kind.add("ok-any-bytes", "any 2,048 bytes are a cell", json!({"bytes": hex(&numbered)}));
    kind.add("bad-one-byte-short", "W1", json!({"bytes": hex(&numbered[1..])}));
    kind.add("bad-one-byte-long", "W1", json!({"bytes": hex(&[&numbered[..], &[0]].concat())}));
    kind.add("bad-empty", "W1", json!({"bytes": ""}));
    let mut kind = Kind {
        vectors,
        folder: "cell",
        kind: "post",
        outcome: |given| outcome(Cell::split(&bytes(&given["bytes"]), 4), |cells| json!({"leaves": leaves(&cells)})),
    };
    let body = |count: u8| -> String { (0..count).map(|n| hex(cell(n).as_bytes())).collect() };
    kind.add("ok-post-of-four", "the most that one post carries", json!({"bytes": body(4)}));
    kind.add("bad-post-of-five", "W2", json!({"bytes": body(5)}));
    kind.add("bad-post-cut", "W2: not a whole number of cells", json!({"bytes": &body(2)[..body(2).len() - 2]}));
}

fn addresses(vectors: &mut Vectors) {
    let mut kind = Kind {
        vectors,
        folder: "address",
        kind: "address",
        outcome: |given| {
            outcome(given["text"].as_str().expect("a text").parse::<RelayAddress>(), |address| {
                json!({
                    "onion": hex(address.onion()),
                    "log": hex(address.log_key().as_bytes()),
                    "host": address.onion_host(),
                    "origin": address.origin(),
                })
            })
        },
    };
    let good = RelayAddress::new(*signer(2).key().as_bytes(), *signer(1).key().as_bytes()).expect("keys").to_string();
    let (onion, log) = good.split_once('/').expect("two halves");
    let name = onion.strip_suffix(".onion").expect("an onion name");
    let raw = BASE32_NOPAD.decode(name.to_uppercase().as_bytes()).expect("base32");
    let bent = |at: usize, to: u8| {
        let mut raw = raw.clone();
        raw[at] = to;
        format!("{}.onion/{log}", BASE32_NOPAD.encode(&raw).to_lowercase())
    };
    let cases = [
        ("ok-plain", "the form that a relay prints", good.clone()),
        ("bad-empty", "nothing was pasted", String::new()),
        ("bad-clearnet-name", "W3", format!("relay.example.org/{log}")),
        ("bad-onion-as-subdomain", "W3", format!("{onion}.example.org/{log}")),
        ("bad-ipv4", "W3", format!("192.0.2.7/{log}")),
        ("bad-ipv6", "W3", format!("[2001:db8::7]/{log}")),
        ("bad-loopback", "W3", format!("127.0.0.1:8080/{log}")),
        ("bad-loopback-ipv6", "W3", format!("[::1]:8080/{log}")),
        ("bad-localhost", "W3", format!("localhost/{log}")),
        ("bad-scheme", "W3", format!("http://{good}")),
        ("bad-port", "W3", format!("{onion}:80/{log}")),
        ("bad-onion-version-2", "W4: an address of the old kind", format!("expyuzz4wqqyqhjn.onion/{log}")),
        ("bad-onion-version-4", "W4", bent(34, 4)),
        ("bad-onion-checksum", "W4: one bit differs", bent(32, raw[32] ^ 1)),
        ("bad-onion-key-bit", "W4: one bit of the key differs", bent(0, raw[0] ^ 1)),
        ("bad-upper-case", "W4: one address has one text", good.to_uppercase().replace(".ONION", ".onion")),
        ("bad-truncated-onion", "W4: copied from the third character on", good[2..].to_owned()),
        ("bad-only-onion", "W5: the second half is missing", onion.to_owned()),
        ("bad-truncated-log-key", "W5: the last character is missing", good[..good.len() - 1].to_owned()),
        ("bad-weak-log-key", "W5: a key under which anybody can sign", format!("{onion}/{}", "a".repeat(52))),
        ("bad-log-key-not-base32", "W5", format!("{onion}/{}", "1".repeat(52))),
    ];
    for (name, comment, text) in cases {
        kind.add(name, comment, json!({"text": text}));
    }
}

fn notes(vectors: &mut Vectors) {
    let mut kind = Kind {
        vectors,
        folder: "note",
        kind: "note",
        outcome: |given| {
            let key = pursuance_wire::log::LogKey::new(hash(&given["key"]).0).expect("a usable key");
            let read = UnverifiedNote::parse(&bytes(&given["note"])).and_then(|note| note.verify(&key));
            outcome(read, |note| json!({"text": note.text()}))
        },
    };
    let good = signer(1).sign("one\n\ntwo\n").expect("a note").as_bytes().to_vec();
    let text = String::from_utf8(good.clone()).expect("text");
    let line = text.lines().last().expect("a signature").to_owned() + "\n";
    let witness = "\u{2014} witness.example AAAAAAE=\n";
    let blob = BASE64.decode(line.trim().rsplit(' ').next().expect("base64").as_bytes()).expect("base64");
    let resigned = |blob: &[u8]| {
        let start = line.rfind(' ').expect("a space");
        text.replace(&line, &format!("{} {}\n", &line[..start], BASE64.encode(blob)))
    };
    let mut flipped = blob.clone();
    flipped[40] ^= 1;
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("ok-plain", "an empty line within the text is text", good.clone()),
        (
            "ok-strangers-signature",
            "a signature by another key is passed over",
            [&good[..], witness.as_bytes()].concat(),
        ),
        ("bad-changed-text", "W11", text.replace("two", "too").into_bytes()),
        ("bad-flipped-signature", "W11", resigned(&flipped).into_bytes()),
        ("bad-short-signature", "W11", resigned(&blob[..67]).into_bytes()),
        ("bad-signature-in-two-pieces", "W12: a second text of one signature, each piece with its padding", {
            let start = line.rfind(' ').expect("a space");
            text.replace(&line, &format!("{} {}\n", &line[..start], in_two_pieces(&blob))).into_bytes()
        }),
        ("bad-other-key-id", "W11", resigned(&[&[0; 4], &blob[4..]].concat()).into_bytes()),
        ("bad-other-key", "W11", signer(2).sign("one\n").expect("a note").as_bytes().to_vec()),
        ("bad-signed-twice", "W11", [&good[..], line.as_bytes()].concat()),
        ("bad-no-signature", "W10", b"one\n\n".to_vec()),
        ("bad-no-empty-line", "W10", b"one\n".to_vec()),
        ("bad-last-newline-missing", "W10", good[..good.len() - 1].to_vec()),
        ("bad-signature-line", "W10: two spaces", text.replace("\u{2014} ", "\u{2014}  ").into_bytes()),
        ("bad-not-utf8", "W10", [&[0xff], &good[..]].concat()),
        ("bad-control-character", "W10", text.replace("two", "t\two").into_bytes()),
        ("bad-carriage-return", "W10", text.replace('\n', "\r\n").into_bytes()),
        ("bad-too-long", "W10: 8,193 bytes", vec![b'a'; 8_193]),
        ("bad-too-many-signatures", "W10: 17", [&good[..], witness.repeat(16).as_bytes()].concat()),
        ("bad-empty", "W10", Vec::new()),
    ];
    for (name, comment, note) in cases {
        kind.add(name, comment, json!({"key": key(), "note": hex(&note)}));
    }
}

fn checkpoints(vectors: &mut Vectors) {
    let mut kind = Kind {
        vectors,
        folder: "checkpoint",
        kind: "checkpoint",
        outcome: |given| {
            let key = pursuance_wire::log::LogKey::new(hash(&given["key"]).0).expect("a usable key");
            outcome(
                Checkpoint::verify(&bytes(&given["note"]), &key),
                |checkpoint| json!({"slot": checkpoint.slot().0, "size": checkpoint.size(), "root": hex(checkpoint.root().as_bytes())}),
            )
        },
    };
    let origin = signer(1).key().origin();
    let root = BASE64.encode(&empty_root().0);
    let cases = [
        ("ok-empty-log", "the root is the hash of nothing", format!("{origin}\n0\n{root}\nslot 29000000\n")),
        ("ok-later-extension", "further lines are passed over", format!("{origin}\n7\n{root}\nslot 1\nkey x\n")),
        ("bad-origin-of-another-log", "W13", format!("{}\n7\n{root}\nslot 1\n", signer(2).key().origin())),
        ("bad-receipt-as-checkpoint", "W13", format!("{origin} receipt\n7\n{root}\nslot 1\n")),
        ("bad-size-leading-zero", "W12", format!("{origin}\n07\n{root}\nslot 1\n")),
        ("bad-size-negative", "W12", format!("{origin}\n-7\n{root}\nslot 1\n")),
        (
            "bad-size-absurd",
            "W13: more cells than a log may hold",
            format!("{origin}\n18446744073709551615\n{root}\nslot 1\n"),
        ),
        ("bad-root-short", "W12", format!("{origin}\n7\nAAAA\nslot 1\n")),
        (
            "bad-root-in-two-pieces",
            "W12: a second text of one hash, each piece with its padding",
            format!("{origin}\n7\n{}\nslot 1\n", in_two_pieces(&BASE64.decode(root.as_bytes()).expect("a hash"))),
        ),
        (
            "bad-root-trailing-bits",
            "W12: a second text of one hash",
            format!("{origin}\n7\n{}\nslot 1\n", root.replace("U=", "V=")),
        ),
        ("bad-slot-missing", "W13", format!("{origin}\n7\n{root}\n")),
        ("bad-slot-not-first", "W13", format!("{origin}\n7\n{root}\nkey x\nslot 1\n")),
        ("bad-slot-leading-zero", "W12", format!("{origin}\n7\n{root}\nslot 01\n")),
        ("bad-extensions-too-many", "W13: nine", format!("{origin}\n7\n{root}\nslot 1\n{}", "x\n".repeat(8))),
    ];
    for (name, comment, text) in cases {
        let note = signer(1).sign(&text).expect("a note");
        kind.add(name, comment, json!({"key": key(), "note": hex(note.as_bytes())}));
    }
    let lent = signer(2).sign(&format!("{origin}\n7\n{root}\nslot 1\n")).expect("a note");
    kind.add("bad-signed-by-another", "W11", json!({"key": key(), "note": hex(lent.as_bytes())}));
}

const WITNESS: &str = "witness.example/w1";
const TIME: u64 = 1_700_000_000;

/// Key id and text of a key of a name and a type.
fn typed_key(name: &str, key_type: u8, key: &[u8]) -> ([u8; 4], String) {
    let typed = [&[key_type], key].concat();
    let digest = Sha256::new().chain_update(name).chain_update(b"\n").chain_update(&typed).finalize();
    let id = [digest[0], digest[1], digest[2], digest[3]];
    (id, format!("{name}+{}+{}", hex(&id), BASE64.encode(&typed)))
}

fn witnesses(vectors: &mut Vectors) {
    let mut kind = Kind {
        vectors,
        folder: "witness",
        kind: "witness",
        outcome: |given| {
            outcome(
                given["text"].as_str().expect("a text").parse::<Witness>(),
                |witness| json!({"name": witness.name(), "vkey": witness.vkey()}),
            )
        },
    };
    let raw = *signer(9).key().as_bytes();
    let (_, good) = typed_key(WITNESS, 4, &raw);
    let cases = [
        ("ok-plain", "the form in which witnesses are handed around", good.clone()),
        (
            "ok-published",
            "the key of a witness of public logs",
            "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2".into(),
        ),
        ("ok-longest-name", "255 bytes", typed_key(&"w".repeat(255), 4, &raw).1),
        ("bad-empty", "W29", String::new()),
        ("bad-name-alone", "W29", WITNESS.into()),
        ("bad-name-missing", "W29", good[WITNESS.len()..].into()),
        ("bad-name-space", "W29", typed_key("a b", 4, &raw).1),
        ("bad-name-control-character", "W29", typed_key("a\u{7}b", 4, &raw).1),
        ("bad-name-long", "W29: 256 bytes", typed_key(&"w".repeat(256), 4, &raw).1),
        ("bad-other-name", "W29: the key id is of another name", good.replacen("w1", "w2", 1)),
        ("bad-key-id", "W29", good.replacen(&hex(&typed_key(WITNESS, 4, &raw).0), "00000000", 1)),
        ("bad-key-id-of-type-1", "W29", {
            let (as_log, as_witness) = (typed_key(WITNESS, 1, &raw).0, typed_key(WITNESS, 4, &raw).0);
            good.replacen(&hex(&as_witness), &hex(&as_log), 1)
        }),
        ("bad-key-type-1", "W29: a key that signs notes", typed_key(WITNESS, 1, &raw).1),
        ("bad-key-type-6", "W29: a key of ML-DSA-44", typed_key(WITNESS, 6, &[7; 1_312]).1),
        ("bad-key-short", "W29", typed_key(WITNESS, 4, &raw[1..]).1),
        ("bad-key-long", "W29", typed_key(WITNESS, 4, &[&raw[..], &[0]].concat()).1),
        ("bad-key-weak", "W5: a key under which anybody can sign", typed_key(WITNESS, 4, &[0; 32]).1),
        ("bad-key-no-point", "W5", typed_key(WITNESS, 4, &[&[2], &[0; 31][..]].concat()).1),
        ("bad-key-cut", "W12", good[..good.len() - 1].into()),
        ("bad-too-long", "W29: 2,049 bytes", "w".repeat(2_049)),
    ];
    for (name, comment, text) in cases {
        kind.add(name, comment, json!({"text": text}));
    }
}

fn cosignatures(vectors: &mut Vectors) {
    let mut kind = Kind {
        vectors,
        folder: "witness",
        kind: "cosignature",
        outcome: |given| {
            let key = pursuance_wire::log::LogKey::new(hash(&given["key"]).0).expect("a usable key");
            let witness: Witness = given["witness"].as_str().expect("a text").parse().expect("a witness");
            let checkpoint = Checkpoint::verify(&bytes(&given["note"]), &key).expect("the relay's");
            outcome(checkpoint.cosignature_of(&witness), |seconds| json!({"seconds": seconds}))
        },
    };
    let raw = *signer(9).key().as_bytes();
    let (id, witness) = typed_key(WITNESS, 4, &raw);
    let plain = Checkpoint::sign(&signer(1), SlotNumber(29_000_000), 7, NodeHash([5; 32]));
    let text = plain.note().text();
    // A signature over any text is what a note's last line holds behind the key id.
    let sign = |seed: u8, over: &str| {
        let note = signer(seed).sign(over).expect("a note").as_bytes().to_vec();
        let line = String::from_utf8(note).expect("text");
        BASE64.decode(line.trim_end().rsplit(' ').next().expect("base64").as_bytes()).expect("base64")[4..].to_vec()
    };
    let message = |seconds: u64, text: &str| format!("cosignature/v1\ntime {seconds}\n{text}");
    let line = |name: &str, blob: &[u8]| format!("\u{2014} {name} {}\n", BASE64.encode(blob));
    let blob = |seed: u8, said: u64, signed: u64, text: &str| {
        [&id[..], &said.to_be_bytes(), &sign(seed, &message(signed, text))].concat()
    };
    let good = blob(9, TIME, TIME, text);
    let mut flipped = good.clone();
    flipped[40] ^= 1;
    let latest = i64::MAX as u64;
    let own = line(WITNESS, &good);
    let other = |name: &str, key_type: u8| line(name, &[&typed_key(name, key_type, &raw).0, &good[4..]].concat());
    let cases = [
        ("ok-cosigned", "the witness signed, and says when", own.clone()),
        ("ok-among-others", "lines of strangers are passed over", other("witness.example/w2", 4) + &own),
        ("ok-latest-time", "2^63 - 1", line(WITNESS, &blob(9, latest, latest, text))),
        ("ok-not-cosigned", "nobody else signed", String::new()),
        ("ok-other-key-id", "a stranger of the same name", line(WITNESS, &[&[0; 4], &good[4..]].concat())),
        ("ok-key-id-of-type-1", "the key id of a key that signs notes is a stranger's", other(WITNESS, 1)),
        ("ok-other-name", "the witness's signature under another name is a stranger's", other("witness.example/w2", 4)),
        ("ok-key-id-under-other-name", "a stranger of the same key id", line("witness.example/w2", &good)),
        ("bad-cosignature-wrong-key", "W29", line(WITNESS, &blob(8, TIME, TIME, text))),
        (
            "bad-cosignature-wrong-time",
            "W29: another time than the one signed",
            line(WITNESS, &blob(9, TIME + 1, TIME, text)),
        ),
        ("bad-cosignature-time-too-late", "W29: 2^63", line(WITNESS, &blob(9, latest + 1, latest + 1, text))),
        (
            "bad-cosignature-altered-text",
            "W29: signed for another slot",
            line(WITNESS, &blob(9, TIME, TIME, &text.replace("29000000", "29000001"))),
        ),
        (
            "bad-cosignature-without-time",
            "W29: the text alone was signed",
            line(WITNESS, &[&id[..], &sign(9, text)].concat()),
        ),
        ("bad-cosignature-flipped", "W29", line(WITNESS, &flipped)),
        ("bad-cosignature-short", "W29", line(WITNESS, &good[..75])),
        ("bad-cosignature-long", "W29", line(WITNESS, &[&good[..], &[0]].concat())),
        ("bad-cosignature-twice", "W29: the same line", own.repeat(2)),
        (
            "bad-cosignature-two-times",
            "W29: two lines by one key",
            own + &line(WITNESS, &blob(9, TIME + 60, TIME + 60, text)),
        ),
    ];
    for (name, comment, lines) in cases {
        let note = [plain.note().as_bytes(), lines.as_bytes()].concat();
        kind.add(name, comment, json!({"key": key(), "witness": witness, "note": hex(&note)}));
    }
}

fn receipts(vectors: &mut Vectors) {
    let mut kind = Kind {
        vectors,
        folder: "receipt",
        kind: "receipt",
        outcome: |given| {
            let key = pursuance_wire::log::LogKey::new(hash(&given["key"]).0).expect("a usable key");
            outcome(Receipt::verify(&bytes(&given["note"]), &key), |receipt| {
                let leaves: Vec<String> = receipt.leaves().iter().map(|leaf| hex(leaf.as_bytes())).collect();
                json!({"slot": receipt.slot().0, "leaves": leaves})
            })
        },
    };
    let origin = signer(1).key().origin();
    let line = |n| BASE64.encode(leaf(n).as_bytes()) + "\n";
    let cases = [
        ("ok-one", "one cell", format!("{origin} receipt\nslot 5\n{}", line(0))),
        (
            "ok-four",
            "four cells, in the order posted",
            format!("{origin} receipt\nslot 5\n{}{}{}{}", line(3), line(1), line(2), line(0)),
        ),
        ("bad-none", "W14", format!("{origin} receipt\nslot 5\n")),
        ("bad-five", "W14", format!("{origin} receipt\nslot 5\n{}", line(0).repeat(5))),
        ("bad-checkpoint-as-receipt", "W14", format!("{origin}\nslot 5\n{}", line(0))),
        ("bad-of-another-log", "W14", format!("{} receipt\nslot 5\n{}", signer(2).key().origin(), line(0))),
        ("bad-slot", "W14", format!("{origin} receipt\nslot five\n{}", line(0))),
        ("bad-leaf", "W12", format!("{origin} receipt\nslot 5\n{}AAAA\n", line(0))),
        (
            "bad-leaf-in-two-pieces",
            "W12: a second text of one hash, each piece with its padding",
            format!("{origin} receipt\nslot 5\n{}\n", in_two_pieces(leaf(0).as_bytes())),
        ),
    ];
    for (name, comment, text) in cases {
        let note = signer(1).sign(&text).expect("a note");
        kind.add(name, comment, json!({"key": key(), "note": hex(note.as_bytes())}));
    }
}

/// As many characters as these bytes have in one piece, and some libraries read them.
fn in_two_pieces(bytes: &[u8]) -> String {
    let (first, second) = bytes.split_at(17);
    BASE64.encode(first) + &BASE64.encode(second)
}

fn policies(vectors: &mut Vectors) {
    let mut kind = Kind {
        vectors,
        folder: "policy",
        kind: "policy",
        outcome: |given| {
            let key = pursuance_wire::log::LogKey::new(hash(&given["key"]).0).expect("a usable key");
            outcome(
                Policy::verify(&bytes(&given["note"]), &key),
                |policy| json!({"slot_seconds": policy.slot_seconds, "retention_days": policy.retention_days}),
            )
        },
    };
    let good = Policy { slot_seconds: 60, retention_days: 30, posting: Posting::Open };
    let text = good.sign(&signer(1)).expect("within the limits").text().to_owned();
    let cases = [
        ("ok-usual", "the usual one", text.clone()),
        ("bad-slot-too-long", "W16", text.replace("slot_seconds 60", "slot_seconds 301")),
        ("bad-line-missing", "W16", text.replace("block_cells 16\n", "")),
        ("bad-other-block", "W16", text.replace("block_cells 16", "block_cells 32")),
        ("bad-posting-unknown", "W16", text.replace("posting open", "posting tokens")),
        ("bad-more-lines", "W16", text.clone() + "more\n"),
        ("bad-checkpoint-as-policy", "W16", text.replace(" policy", "")),
    ];
    for (name, comment, text) in cases {
        let note = signer(1).sign(&text).expect("a note");
        kind.add(name, comment, json!({"key": key(), "note": hex(note.as_bytes())}));
    }
}

fn frames(vectors: &mut Vectors) {
    let mut kind = Kind {
        vectors,
        folder: "frame",
        kind: "frames",
        outcome: |given| {
            let mut decoder = FrameDecoder::new();
            let mut found = Vec::new();
            for push in given["pushes"].as_array().expect("a list") {
                match decoder.push(&bytes(push)) {
                    Err(refused) => return error(refused),
                    Ok(frames) => found.extend(frames),
                }
            }
            let describe = |frame: &Frame| json!({"note": hex(&frame.note), "leaves": leaves(&frame.cells)});
            json!({"ok": found.iter().map(describe).collect::<Vec<_>>()})
        },
    };
    let two = [Frame::encode(b"one", &[cell(1), cell(2)]).expect("small"), Frame::encode(b"two", &[]).expect("small")]
        .concat();
    let (head, tail) = two.split_at(5);
    kind.add(
        "ok-two-cut-anywhere",
        "bytes come as they like",
        json!({"pushes": [hex(head), hex(&tail[..3_000]), hex(&tail[3_000..])]}),
    );
    kind.add("ok-unfinished", "nothing yet", json!({"pushes": [hex(&two[..2_000])]}));
    kind.add("bad-note-empty", "W20", json!({"pushes": ["00000000"]}));
    kind.add("bad-note-absurd", "W20", json!({"pushes": ["ffffffff"]}));
    kind.add("bad-cells-absurd", "W20: one more than a slot takes", json!({"pushes": ["000000016e00001001"]}));
}

fn tiles(vectors: &mut Vectors) {
    let mut kind = Kind {
        vectors: &mut *vectors,
        folder: "tile",
        kind: "tile-path",
        outcome: |given| {
            let text = given["text"].as_str().expect("a text");
            if let Some(bundle) = text.strip_prefix("/tile/entries/") {
                return outcome(BundleId::parse(bundle), |id| json!({"index": id.index(), "width": id.width()}));
            }
            outcome(
                TileId::parse(text.strip_prefix("/tile/").unwrap_or("")),
                |id| json!({"level": id.level(), "index": id.index(), "width": id.width()}),
            )
        },
    };
    let cases = [
        ("ok-path-full", "a full tile", "/tile/0/x001/x234/067"),
        ("ok-path-partial", "a partial tile", "/tile/1/000.p/8"),
        ("ok-path-bundle", "an entry bundle", "/tile/entries/x001/067.p/255"),
        ("bad-path-leading-zeros", "W17", "/tile/0/x000/067"),
        ("bad-path-two-digits", "W17", "/tile/0/67"),
        ("bad-path-full-with-width", "W17", "/tile/0/067.p/256"),
        ("bad-path-width-zero", "W17", "/tile/0/067.p/0"),
        ("bad-path-level", "W17: no log is that large", "/tile/6/000"),
        ("bad-path-index", "W17: no log is that large", "/tile/0/x005/x000/x000/000"),
        ("bad-path-sign", "W17", "/tile/0/+67"),
    ];
    for (name, comment, text) in cases {
        kind.add(name, comment, json!({"text": text}));
    }
    let mut kind = Kind {
        vectors: &mut *vectors,
        folder: "tile",
        kind: "bundle",
        outcome: |given| {
            let id = BundleId::new(0, number(&given["width"]) as u16).expect("a width");
            outcome(decode_bundle(id, &bytes(&given["bytes"])), |cells| json!({"leaves": leaves(&cells)}))
        },
    };
    let good = encode_bundle(&[cell(1), cell(2)]);
    let mut bent = good.clone();
    bent[2_051] = 9;
    kind.add("ok-bundle", "two cells", json!({"width": 2, "bytes": hex(&good)}));
    kind.add("bad-bundle-cut", "W17", json!({"width": 2, "bytes": hex(&good[..good.len() - 1])}));
    kind.add("bad-bundle-wider", "W17", json!({"width": 3, "bytes": hex(&good)}));
    kind.add("bad-bundle-entry", "W17: an entry that is no cell", json!({"width": 2, "bytes": hex(&bent)}));
    let mut kind = Kind {
        vectors,
        folder: "tile",
        kind: "block-range",
        outcome: |given| {
            let text = given["text"].as_str().expect("a text");
            outcome(BlockRange::parse(text), |range| json!({"first": range.first(), "count": range.count()}))
        },
    };
    kind.add("ok-blocks", "the most blocks at once", json!({"text": "3/64"}));
    kind.add("bad-blocks-too-many", "W18", json!({"text": "3/65"}));
    kind.add("bad-blocks-none", "W18", json!({"text": "3/0"}));
    kind.add("bad-blocks-leading-zero", "W18", json!({"text": "03/1"}));
    kind.add("bad-blocks-absurd", "W18", json!({"text": "18446744073709551615/64"}));
}

/// Reads tiles as a visit would have fetched them.
fn read_tiles(given: &Value) -> Vec<HashTile> {
    let read = |tile: &Value| {
        let (level, index) = (number(&tile["level"]) as u8, number(&tile["index"]));
        let id = TileId::new(level, index, number(&tile["width"]) as u16).expect("a tile");
        HashTile::decode(id, &bytes(&tile["bytes"])).expect("as wide as named")
    };
    given.as_array().expect("a list").iter().map(read).collect()
}

fn proofs(vectors: &mut Vectors) {
    let log = Log::new((0..600).map(leaf));
    let mut kind = Kind {
        vectors: &mut *vectors,
        folder: "proof",
        kind: "span",
        outcome: |given| {
            let tiles = read_tiles(&given["tiles"]);
            let span = Span::verify(number(&given["first"]), number(&given["size"]), &hash(&given["root"]), &tiles);
            outcome(span, |span| {
                let then = span.frontier_at(span.first()).expect("within").root();
                let last = span.size().checked_sub(1).and_then(|at| span.leaf(at)).map(|leaf| hex(leaf.as_bytes()));
                json!({"last_leaf": last, "root_at_first": hex(then.as_bytes())})
            })
        },
    };
    let given = |first: u64, size: u64, tiles: Value| json!({"first": first, "size": size, "root": hex(&log.root(size).0), "tiles": tiles});
    kind.add("ok-span-empty", "an empty log needs no tile", given(0, 0, json!([])));
    kind.add("ok-span-whole", "from the first cell", given(0, 300, log.tiles(0, 300)));
    kind.add("ok-span-window", "from the last window", given(512, 600, log.tiles(512, 600)));
    let mut tiles = log.tiles(256, 600);
    let bend = |tiles: &mut Value, at: usize| {
        let text = tiles[at]["bytes"].as_str().expect("hexadecimal");
        let other = if text.starts_with('0') { "1" } else { "0" };
        tiles[at]["bytes"] = json!(other.to_owned() + &text[1..]);
    };
    kind.add("bad-span-tile-missing", "W19", given(256, 600, json!([tiles[0], tiles[1]])));
    kind.add("bad-span-order", "W19", given(256, 600, json!([tiles[1], tiles[0], tiles[2]])));
    kind.add("bad-span-start", "W19: not the start of a window", given(255, 600, json!([])));
    kind.add("bad-span-start-late", "W19", given(768, 600, json!([])));
    kind.add("bad-span-too-long", "W19", json!({"first": 0, "size": 1_048_577, "root": hex(&[0; 32]), "tiles": []}));
    kind.add("bad-span-absurd", "W19", json!({"first": 0, "size": u64::MAX, "root": hex(&[0; 32]), "tiles": []}));
    bend(&mut tiles, 0);
    kind.add("bad-span-full-tile", "W19: one hash of a full tile differs", given(256, 600, tiles.clone()));
    let mut tiles = log.tiles(256, 600);
    bend(&mut tiles, 1);
    kind.add("bad-span-edge-tile", "W19: one hash at the edge differs", given(256, 600, tiles));

    let mut kind = Kind {
        vectors: &mut *vectors,
        folder: "proof",
        kind: "inclusion",
        outcome: |given| {
            let (leaf, proof) = (LeafHash(hash(&given["leaf"]).0), hashes(&given["proof"]));
            let (index, size) = (number(&given["index"]), number(&given["size"]));
            outcome(verify_inclusion(leaf, index, size, &proof, &hash(&given["root"])), |()| json!({}))
        },
    };
    let list = |proof: &[NodeHash]| proof.iter().map(|hash| hex(&hash.0)).collect::<Vec<_>>();
    let proof = inclusion_proof(5, 11, |level, index| log.node(level, index)).expect("in the log");
    let given = |index: u64, size: u64, proof: &[NodeHash]| json!({"leaf": hex(leaf(5).as_bytes()), "index": index, "size": size, "proof": list(proof), "root": hex(&log.root(11).0)});
    kind.add("ok-inclusion", "RFC 6962, section 2.1.1", given(5, 11, &proof));
    kind.add("bad-inclusion-other-index", "W8", given(4, 11, &proof));
    kind.add("bad-inclusion-outside", "W8", given(11, 11, &proof));
    kind.add("bad-inclusion-short", "W8", given(5, 11, &proof[1..]));
    let mut kind = Kind {
        vectors,
        folder: "proof",
        kind: "consistency",
        outcome: |given| {
            let proof = hashes(&given["proof"]);
            let (older, newer) = (number(&given["older"]), number(&given["newer"]));
            let roots = (hash(&given["older_root"]), hash(&given["newer_root"]));
            outcome(verify_consistency(older, &roots.0, newer, &roots.1, &proof), |()| json!({}))
        },
    };
    let proof = consistency_proof(7, 11, |level, index| log.node(level, index)).expect("in the log");
    let given = |older: u64, root: NodeHash, proof: &[NodeHash]| json!({"older": older, "older_root": hex(&root.0), "newer": 11, "newer_root": hex(&log.root(11).0), "proof": list(proof)});
    kind.add("ok-consistency", "RFC 6962, section 2.1.2", given(7, log.root(7), &proof));
    kind.add("bad-consistency-other-past", "W8", given(7, log.root(6), &proof));
    kind.add("bad-consistency-empty-past", "W8", given(0, empty_root(), &proof));
    kind.add("bad-consistency-larger-past", "W8", given(12, log.root(12), &proof));
    kind.add("bad-consistency-short", "W8", given(7, log.root(7), &proof[1..]));
}

fn histories(vectors: &mut Vectors) {
    let log = Log::new((0..300).map(leaf));
    let other = Log::new((0..300).map(|n| leaf(if n == 3 { 1_003 } else { n })));
    let mut kind = Kind {
        vectors: &mut *vectors,
        folder: "proof",
        kind: "visits",
        outcome: |given| {
            let key = pursuance_wire::log::LogKey::new(hash(&given["key"]).0).expect("a usable key");
            let mut history = RelayHistory::new(key);
            for visit in given["visits"].as_array().expect("a list") {
                let checkpoint = Checkpoint::verify(&bytes(&visit["note"]), &key).expect("a checkpoint");
                match history.accept(&checkpoint, number(&visit["first"]), &read_tiles(&visit["tiles"])) {
                    Ok(_) => {}
                    Err(HistoryError::Forked(evidence)) => {
                        evidence.verify(&key).expect("a proof convinces everybody");
                        return json!({"error": "Forked"});
                    }
                    Err(refused) => return error(refused),
                }
            }
            let newest = history.newest().expect("a visit was made");
            json!({"ok": {"slot": newest.slot().0, "size": newest.size()}})
        },
    };
    let visit = |log: &Log, slot: u64, first: u64, size: u64| json!({"note": log.note(slot, size), "first": first, "tiles": log.tiles(first, size)});
    let given = |visits: Vec<Value>| json!({"key": key(), "visits": visits});
    let start = || visit(&log, 5, 0, 270);
    kind.add(
        "ok-visits-grown",
        "the log grows, and stays in another slot",
        given(vec![start(), visit(&log, 6, 256, 300), visit(&log, 9, 256, 300)]),
    );
    kind.add("bad-visits-one-slot-two-trees", "W23", given(vec![start(), visit(&other, 5, 0, 270)]));
    kind.add("bad-visits-smaller-later", "W24", given(vec![start(), visit(&log, 6, 256, 269)]));
    kind.add("bad-visits-one-size-two-roots", "W24", given(vec![start(), visit(&other, 6, 256, 270)]));
    kind.add("bad-visits-other-past", "W25: an older cell differs", given(vec![start(), visit(&other, 6, 0, 300)]));
    kind.add("bad-visits-stale", "W22: an older slot than seen", given(vec![start(), visit(&log, 4, 256, 260)]));
    kind.add("bad-visits-start-late", "W25", given(vec![visit(&log, 5, 0, 20), visit(&log, 6, 256, 300)]));

    let mut kind = Kind {
        vectors,
        folder: "proof",
        kind: "evidence",
        outcome: |given| {
            let key = pursuance_wire::log::LogKey::new(hash(&given["key"]).0).expect("a usable key");
            outcome(Evidence::decode(&bytes(&given["bytes"])).and_then(|found| found.verify(&key)), |()| json!({}))
        },
    };
    let trees = |one: String, two: String| Evidence::TwoTrees { one: bytes(&json!(one)), other: bytes(&json!(two)) };
    let receipt = Receipt::sign(&signer(1), SlotNumber(5), &[leaf(900)]).expect("one cell");
    let broken = |slot: u64, size: u64| Evidence::BrokenReceipt {
        receipt: receipt.note().as_bytes().to_vec(),
        checkpoint: bytes(&json!(log.note(slot, size))),
        leaves: (0..size).map(leaf).collect(),
    };
    let past = |newer: &Log| Evidence::NotAPrefix {
        older: bytes(&json!(log.note(5, 10))),
        newer: bytes(&json!(newer.note(6, 20))),
        first: 0,
        tiles: read_tiles(&newer.tiles(0, 20)),
    };
    let forked = trees(log.note(5, 10), other.note(5, 10));
    let cases = [
        ("ok-evidence-two-trees", "one slot, two trees", forked.encode()),
        (
            "ok-evidence-smaller-later",
            "a smaller tree in a later slot",
            trees(log.note(5, 10), log.note(6, 9)).encode(),
        ),
        ("ok-evidence-other-past", "an older tree that is not the beginning", past(&other).encode()),
        ("ok-evidence-broken-receipt", "due, and not in the tree", broken(5, 20).encode()),
        ("bad-evidence-honest-growth", "W27", trees(log.note(5, 10), log.note(6, 11)).encode()),
        ("bad-evidence-honest-past", "W27", past(&log).encode()),
        ("bad-evidence-not-due", "W27", broken(4, 20).encode()),
        ("bad-evidence-cut", "W27", forked.encode()[..300].to_vec()),
        ("bad-evidence-version", "W27", b"pursuance evidence 2\n\x01".to_vec()),
    ];
    for (name, comment, file) in cases {
        kind.add(name, comment, json!({"key": key(), "bytes": hex(&file)}));
    }
}
