//! What relays send and people paste: cells, addresses, notes, tiles, frames, evidence (docs/protocol/01-wire.md).

use std::sync::LazyLock;

use pursuance_wire::limits::{MAX_NOTE_BYTES, MAX_POST_CELLS, MAX_SLOT_CELLS};
use pursuance_wire::log::{
    BundleId, Checkpoint, Evidence, HashTile, LogKey, LogSigner, NodeHash, Policy, Receipt, RelayHistory, SlotNumber,
    Span, TileId, UnverifiedNote, Witness, decode_bundle, encode_bundle, tiles_for_span,
};
use pursuance_wire::{BlockRange, Cell, Frame, FrameDecoder, RelayAddress};
use serde_json::Value;

use super::{Target, seeds, text};

/// The relay of the vectors.
static SIGNER: LazyLock<LogSigner> = LazyLock::new(|| LogSigner::from_seed(&[1; 32]));
static KEY: LazyLock<LogKey> = LazyLock::new(|| SIGNER.key());

#[test]
fn cells() {
    let seeds = [seeds::field("cell", "bytes"), seeds::field("post", "bytes")].concat();
    Target::new("cells", seeds, |bytes| {
        let split = Cell::split(bytes, MAX_POST_CELLS);
        if let Ok(cells) = &split {
            assert_eq!(cells.iter().flat_map(|cell| *cell.as_bytes()).collect::<Vec<u8>>(), bytes);
        }
        assert_eq!(Cell::try_from(bytes).is_ok(), split.as_ref().is_ok_and(|cells| cells.len() == 1));
        split.is_ok()
    })
    .run();
}

#[test]
fn address() {
    Target::new("address", seeds::field("address", "text"), |bytes| {
        let given = text(bytes);
        given.parse::<RelayAddress>().inspect(|address| assert_eq!(address.to_string(), given)).is_ok()
    })
    .run();
}

/// The witness of the vectors.
static WITNESS: LazyLock<Witness> = LazyLock::new(|| {
    let vkey = seeds::given("cosignature").find_map(|given| given["witness"].as_str()).expect("a witness");
    vkey.parse().expect("its key")
});

fn notes() -> Vec<Vec<u8>> {
    ["note", "checkpoint", "cosignature", "receipt", "policy"].map(|kind| seeds::field(kind, "note")).concat()
}

#[test]
fn note() {
    Target::new("note", notes(), |bytes| {
        let Ok(note) = UnverifiedNote::parse(bytes) else { return false };
        // Looked at as each kind, and as news of a relay.
        let _ = (Checkpoint::verify(bytes, &KEY), Receipt::verify(bytes, &KEY), Policy::verify(bytes, &KEY));
        let _ = RelayHistory::new(*KEY).examine(bytes);
        let _ = Checkpoint::verify(bytes, &KEY).map(|checkpoint| checkpoint.cosignature_of(&WITNESS));
        note.verify(&KEY)
            .inspect(|note| {
                assert_eq!(note.as_bytes(), bytes);
                let alone = UnverifiedNote::parse(&note.alone(&KEY)).and_then(|alone| alone.verify(&KEY));
                let alone = alone.expect("the relay's own");
                assert_eq!((alone.text(), alone.alone(&KEY)), (note.text(), alone.as_bytes().to_vec()));
            })
            .is_ok()
    })
    .run();
}

#[test]
fn witness() {
    Target::new("witness", seeds::field("witness", "text"), |bytes| {
        let given = text(bytes);
        given.parse::<Witness>().inspect(|witness| assert_eq!(witness.vkey(), given)).is_ok()
    })
    .run();
}

/// What stands in the witness's line behind the key id: time and signature.
#[test]
fn cosignature() {
    // Name, and base64 of key id, time and signature.
    fn blobs(note: &[u8]) -> Vec<Vec<u8>> {
        let lines = text(note);
        let of_witness = lines.lines().filter_map(|line| line.rsplit_once(' '));
        let of_witness = of_witness.filter(|(start, _)| start.ends_with(WITNESS.name()));
        of_witness.filter_map(|(_, blob)| data_encoding::BASE64.decode(blob.as_bytes()).ok()).collect()
    }
    let all = seeds::field("cosignature", "note").iter().flat_map(|note| blobs(note)).collect::<Vec<_>>();
    let seeds = all.into_iter().map(|blob| blob[4..].to_vec()).collect();
    let read: fn(&[u8]) -> bool = |bytes| {
        static PLAIN: LazyLock<Checkpoint> =
            LazyLock::new(|| Checkpoint::sign(&SIGNER, SlotNumber(29_000_000), 7, NodeHash([5; 32])));
        static KEY_ID: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let id = WITNESS.vkey();
            let id = id.split('+').nth(1).expect("a key id");
            data_encoding::HEXLOWER.decode(id.as_bytes()).expect("hexadecimal")
        });
        let blob = data_encoding::BASE64.encode(&[&KEY_ID[..], bytes].concat());
        let line = format!("\u{2014} {} {blob}\n", WITNESS.name());
        let note = [PLAIN.note().as_bytes(), line.as_bytes()].concat();
        let Ok(checkpoint) = Checkpoint::verify(&note, &KEY) else {
            assert!(bytes.is_empty() || note.len() > MAX_NOTE_BYTES, "whatever others add, it is the relay's");
            return false;
        };
        assert_eq!(checkpoint.note().alone(&KEY), PLAIN.note().as_bytes());
        RelayHistory::new(*KEY).examine(&note).expect("the first that is seen");
        let Ok(said) = checkpoint.cosignature_of(&WITNESS) else { return false };
        let seconds = said.expect("there is a line of the witness's");
        assert_eq!((bytes.len(), &bytes[..8]), (72, &seconds.to_be_bytes()[..]));
        true
    };
    Target { micros: 1_000, base_bytes: 16 << 10, ..Target::new("cosignature", seeds, read) }.run();
}

/// The texts of notes of a kind, to be changed and then signed: what lies behind the signature is reached so.
fn signed_target(name: &'static str, read: fn(&[u8]) -> bool) -> Target {
    let notes = seeds::field(name, "note").into_iter().filter_map(|note| UnverifiedNote::parse(&note).ok());
    let seeds = notes.map(|note| note.text().as_bytes().to_vec()).collect();
    Target { micros: 1_000, base_bytes: 16 << 10, ..Target::new(name, seeds, read) }
}

/// The text of a note, signed, with what is read from it, where it begins as notes of this kind do.
fn signed<T>(bytes: &[u8], kind: &str, read: impl FnOnce(&[u8]) -> Option<T>) -> Option<(T, Vec<u8>)> {
    let text = text(bytes);
    // Signing takes a hundred times longer than refusing.
    let origin = KEY.origin();
    let first = text.lines().next()?;
    let near = first.strip_prefix(origin.as_str()).is_some_and(|rest| rest == kind);
    let note = near.then(|| SIGNER.sign(&text).ok())??;
    Some((read(note.as_bytes())?, note.as_bytes().to_vec()))
}

#[test]
fn checkpoint() {
    signed_target("checkpoint", |bytes| {
        let read = |note: &[u8]| Checkpoint::verify(note, &KEY).ok();
        let Some((checkpoint, note)) = signed(bytes, "", read) else { return false };
        let again = Checkpoint::sign(&SIGNER, checkpoint.slot(), checkpoint.size(), *checkpoint.root());
        // Extension lines of later versions may follow.
        assert!(text(&note).starts_with(again.note().text()));
        RelayHistory::new(*KEY).examine(&note).expect("the first that is seen");
        true
    })
    .run();
}

#[test]
fn receipt() {
    signed_target("receipt", |bytes| {
        let Some((receipt, note)) = signed(bytes, " receipt", |note| Receipt::verify(note, &KEY).ok()) else {
            return false;
        };
        let again = Receipt::sign(&SIGNER, receipt.slot(), receipt.leaves()).expect("as many leaves");
        assert_eq!(again.note().as_bytes(), note);
        true
    })
    .run();
}

#[test]
fn policy() {
    signed_target("policy", |bytes| {
        let Some((policy, note)) = signed(bytes, " policy", |note| Policy::verify(note, &KEY).ok()) else {
            return false;
        };
        assert_eq!(policy.sign(&SIGNER).expect("within its limits").as_bytes(), note);
        true
    })
    .run();
}

#[test]
fn paths() {
    let seeds = [seeds::field("tile-path", "text"), seeds::field("block-range", "text")].concat();
    Target::new("paths", seeds, |bytes| {
        let given = text(bytes);
        let tile = given.strip_prefix("/tile/").unwrap_or(&given);
        let bundle = given.strip_prefix("/tile/entries/").unwrap_or(&given);
        let blocks = given.strip_prefix("/blocks/").unwrap_or(&given);
        let tile = TileId::parse(tile).map(|id| assert_eq!(id.path(), format!("/tile/{tile}")));
        let bundle = BundleId::parse(bundle).map(|id| assert_eq!(id.path(), format!("/tile/entries/{bundle}")));
        let blocks = BlockRange::parse(blocks).map(|range| assert_eq!(range.path(), format!("/blocks/{blocks}")));
        tile.is_ok() || bundle.is_ok() || blocks.is_ok()
    })
    .run();
}

/// A path, a line feed, and the body that is said to be there.
#[test]
fn tile_and_bundle() {
    let tiles = [(0, 0, 256), (0, 3, 7), (2, 0, 1)].map(|(level, index, width)| {
        let path = TileId::new(level, index, width).expect("a tile").path();
        [path.as_bytes(), b"\n", &vec![0x5a; 32 * usize::from(width)]].concat()
    });
    let bundles = seeds::given("bundle").filter_map(|given| {
        let width = given["width"].as_u64()?.try_into().ok()?;
        let path = BundleId::new(0, width).ok()?.path();
        Some([path.as_bytes(), b"\n", &seeds::bytes(given["bytes"].as_str()?)].concat())
    });
    Target::new("tile and bundle", bundles.chain(tiles).collect(), |bytes| {
        let Some(at) = bytes.iter().position(|byte| *byte == b'\n') else { return false };
        let (path, body) = (text(&bytes[..at]), &bytes[at + 1..]);
        let Some(path) = path.strip_prefix("/tile/") else { return false };
        if let Some(id) = path.strip_prefix("entries/").and_then(|path| BundleId::parse(path).ok()) {
            return decode_bundle(id, body).inspect(|cells| assert_eq!(encode_bundle(cells), body)).is_ok();
        }
        let Ok(id) = TileId::parse(path) else { return false };
        HashTile::decode(id, body).inspect(|tile| assert_eq!(tile.encode(), body)).is_ok()
    })
    .run();
}

/// Root, first cell, size, and the bodies of the tiles that a visit fetches.
#[test]
fn visit() {
    let seeds = seeds::given("span").filter_map(|given| {
        let mut bytes = seeds::bytes(given["root"].as_str()?);
        for number in ["first", "size"] {
            bytes.extend_from_slice(&given[number].as_u64()?.to_be_bytes());
        }
        let tiles = given["tiles"].as_array()?.iter();
        bytes.extend(tiles.flat_map(|tile| seeds::bytes(tile["bytes"].as_str().unwrap_or_default())));
        Some(bytes)
    });
    // The list of tiles is as long as the longest visit makes it.
    let read: fn(&[u8]) -> bool = |bytes| {
        let Some((root, rest)) = bytes.split_first_chunk::<32>() else { return false };
        let Some((first, rest)) = rest.split_first_chunk::<8>() else { return false };
        let Some((size, mut rest)) = rest.split_first_chunk::<8>() else { return false };
        let (first, size) = (u64::from_be_bytes(*first), u64::from_be_bytes(*size));
        let Ok(plan) = tiles_for_span(first, size) else { return false };
        let mut tiles = Vec::new();
        for id in plan {
            let Some((body, after)) = rest.split_at_checked(32 * usize::from(id.width())) else { return false };
            tiles.push(HashTile::decode(id, body).expect("of the length of its name"));
            rest = after;
        }
        let root = NodeHash(*root);
        let Ok(span) = Span::verify(first, size, &root, &tiles) else { return false };
        assert_eq!((span.first(), span.size(), span.root()), (first, size, &root));
        let checkpoint = Checkpoint::sign(&SIGNER, SlotNumber(9), size, root);
        let mut history = RelayHistory::new(*KEY);
        history.accept(&checkpoint, first, &tiles).expect("the same tiles");
        rest.is_empty()
    };
    Target { base_bytes: 512 << 10, micros: 1_000, ..Target::new("visit", seeds.collect(), read) }.run();
}

#[test]
fn frames() {
    let joined = seeds::given("frames").map(|given| {
        let pushes = given["pushes"].as_array().expect("a list").iter().filter_map(Value::as_str);
        pushes.flat_map(seeds::bytes).collect()
    });
    let read: fn(&[u8]) -> bool = |bytes| {
        let at_once = FrameDecoder::new().push(bytes);
        // However the bytes are cut, the same comes out.
        let mut decoder = FrameDecoder::new();
        let mut in_pieces = Ok(Vec::new());
        for piece in bytes.chunks(1 + bytes.len() / 7) {
            in_pieces = in_pieces.and_then(|frames: Vec<Frame>| Ok([frames, decoder.push(piece)?].concat()));
        }
        let Ok(frames) = at_once else {
            assert_eq!(in_pieces.err(), at_once.err());
            return false;
        };
        assert_eq!(in_pieces.as_ref(), Ok(&frames));
        let mut rest = bytes;
        for frame in &frames {
            assert!(frame.cells.len() <= MAX_SLOT_CELLS);
            let again = Frame::encode(&frame.note, &frame.cells).expect("within its limits");
            rest = rest.strip_prefix(&again[..]).expect("written as it was read");
            let _ = RelayHistory::new(*KEY).accept_frame(frame);
        }
        !frames.is_empty()
    };
    // The smallest frame has nine bytes, and takes ten times that where it is kept.
    Target { copies: 64, base_bytes: 16 << 10, micros: 500, ..Target::new("frames", joined.collect(), read) }.run();
}

#[test]
fn evidence() {
    let seeds = seeds::field("evidence", "bytes");
    let read: fn(&[u8]) -> bool = |bytes| {
        let Ok(found) = Evidence::decode(bytes) else { return false };
        assert_eq!(found.encode(), bytes);
        found.verify(&KEY).is_ok()
    };
    Target { micros: 1_000, base_bytes: 64 << 10, ..Target::new("evidence", seeds, read) }.run();
}
