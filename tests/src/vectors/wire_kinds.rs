//! Kinds of vectors about what a relay may know (docs/protocol/01-wire.md).

use std::fmt::Debug;

use pursuance_wire::limits::MAX_POST_CELLS;
use pursuance_wire::log::{
    BundleId, Checkpoint, Evidence, HashTile, HistoryError, LogKey, NodeHash, Policy, Receipt, RelayHistory, Span,
    TileId, UnverifiedNote, Witness, decode_bundle, verify_consistency, verify_inclusion,
};
use pursuance_wire::{BlockRange, Cell, Frame, FrameDecoder, LeafHash, RelayAddress};
use serde_json::{Value, json};

use super::Kind;
use super::core_kinds::{hex, named};
use super::given::{Given, Malformed};

/// Name and function of each.
pub const KINDS: &[(&str, Kind)] = &[
    ("address", address),
    ("block-range", block_range),
    ("bundle", bundle),
    ("cell", cell),
    ("checkpoint", checkpoint),
    ("consistency", consistency),
    ("cosignature", cosignature),
    ("evidence", evidence),
    ("frames", frames),
    ("inclusion", inclusion),
    ("note", note),
    ("policy", policy),
    ("post", post),
    ("receipt", receipt),
    ("span", span),
    ("tile-path", tile_path),
    ("visits", visits),
    ("witness", witness),
];

fn outcome<T>(found: Result<T, impl Debug>, describe: impl FnOnce(T) -> Value) -> Value {
    found.map_or_else(named, |found| json!({"ok": describe(found)}))
}

fn leaves(cells: &[Cell]) -> Vec<String> {
    cells.iter().map(|cell| hex(&cell.leaf_hash().0)).collect()
}

fn cell(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(outcome(
        Cell::try_from(&given.bytes("bytes")?[..]),
        |cell| json!({"tag": hex(cell.tag()), "nonce": hex(cell.nonce()), "leaf": hex(&cell.leaf_hash().0)}),
    ))
}

fn post(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(outcome(Cell::split(&given.bytes("bytes")?, MAX_POST_CELLS), |cells| json!({"leaves": leaves(&cells)})))
}

fn address(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(outcome(given.text("text")?.parse::<RelayAddress>(), |address| {
        json!({
            "onion": hex(address.onion()),
            "log": hex(address.log_key().as_bytes()),
            "host": address.onion_host(),
            "origin": address.origin(),
        })
    }))
}

fn log_key(given: &Given<'_>) -> Result<LogKey, Malformed> {
    LogKey::new(given.exact("key")?).map_err(|_| Malformed::missing("key"))
}

fn note(given: &Given<'_>) -> Result<Value, Malformed> {
    let key = log_key(given)?;
    let read = UnverifiedNote::parse(&given.bytes("note")?).and_then(|note| note.verify(&key));
    Ok(outcome(read, |note| json!({"text": note.text()})))
}

fn checkpoint(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(outcome(
        Checkpoint::verify(&given.bytes("note")?, &log_key(given)?),
        |checkpoint| json!({"slot": checkpoint.slot().0, "size": checkpoint.size(), "root": hex(&checkpoint.root().0)}),
    ))
}

fn witness(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(outcome(
        given.text("text")?.parse::<Witness>(),
        |witness| json!({"name": witness.name(), "vkey": witness.vkey()}),
    ))
}

fn cosignature(given: &Given<'_>) -> Result<Value, Malformed> {
    let witness: Witness = given.text("witness")?.parse().map_err(|_| Malformed::missing("witness"))?;
    let checkpoint = Checkpoint::verify(&given.bytes("note")?, &log_key(given)?);
    let checkpoint = checkpoint.map_err(|_| Malformed::missing("note"))?;
    Ok(outcome(checkpoint.cosignature_of(&witness), |seconds| json!({"seconds": seconds})))
}

fn receipt(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(outcome(
        Receipt::verify(&given.bytes("note")?, &log_key(given)?),
        |receipt| json!({"slot": receipt.slot().0, "leaves": receipt.leaves().iter().map(|leaf| hex(&leaf.0)).collect::<Vec<_>>()}),
    ))
}

fn policy(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(outcome(
        Policy::verify(&given.bytes("note")?, &log_key(given)?),
        |policy| json!({"slot_seconds": policy.slot_seconds, "retention_days": policy.retention_days}),
    ))
}

fn frames(given: &Given<'_>) -> Result<Value, Malformed> {
    let mut decoder = FrameDecoder::new();
    let mut found = Vec::new();
    for bytes in given.byte_lists("pushes")? {
        match decoder.push(&bytes) {
            Err(error) => return Ok(named(error)),
            Ok(frames) => found.extend(frames),
        }
    }
    let describe = |frame: &Frame| json!({"note": hex(&frame.note), "leaves": leaves(&frame.cells)});
    Ok(json!({"ok": found.iter().map(describe).collect::<Vec<_>>()}))
}

fn tile_path(given: &Given<'_>) -> Result<Value, Malformed> {
    let text = given.text("text")?;
    if let Some(bundle) = text.strip_prefix("/tile/entries/") {
        return Ok(outcome(BundleId::parse(bundle), |id| json!({"index": id.index(), "width": id.width()})));
    }
    Ok(outcome(
        TileId::parse(text.strip_prefix("/tile/").unwrap_or("")),
        |id| json!({"level": id.level(), "index": id.index(), "width": id.width()}),
    ))
}

fn bundle(given: &Given<'_>) -> Result<Value, Malformed> {
    let id = BundleId::new(0, given.number("width")?).map_err(|_| Malformed::missing("width"))?;
    Ok(outcome(decode_bundle(id, &given.bytes("bytes")?), |cells| json!({"leaves": leaves(&cells)})))
}

fn block_range(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(outcome(BlockRange::parse(given.text("text")?), |range| json!({"first": range.first(), "count": range.count()})))
}

/// Tiles as a visit would have fetched them: each as wide as it is named.
fn tiles(given: &Given<'_>) -> Result<Vec<HashTile>, Malformed> {
    let read = |tile: &Given<'_>| {
        let id = TileId::new(tile.number("level")?, tile.number("index")?, tile.number("width")?);
        let id = id.map_err(|_| Malformed::missing("index"))?;
        HashTile::decode(id, &tile.bytes("bytes")?).map_err(|_| Malformed::missing("bytes"))
    };
    given.objects("tiles")?.iter().map(read).collect()
}

fn span(given: &Given<'_>) -> Result<Value, Malformed> {
    let root = NodeHash(given.exact("root")?);
    let verified = Span::verify(given.number("first")?, given.number("size")?, &root, &tiles(given)?);
    Ok(outcome(verified, |span| {
        let then = span.frontier_at(span.first()).map(|frontier| hex(&frontier.root().0));
        let last = span.size().checked_sub(1).and_then(|at| span.leaf(at)).map(|leaf| hex(&leaf.0));
        json!({"last_leaf": last, "root_at_first": then})
    }))
}

fn proof(given: &Given<'_>) -> Result<Vec<NodeHash>, Malformed> {
    let hashes = given.byte_lists("proof")?;
    hashes.into_iter().map(|hash| hash.try_into().map(NodeHash).map_err(|_| Malformed::missing("proof"))).collect()
}

fn inclusion(given: &Given<'_>) -> Result<Value, Malformed> {
    let (leaf, root) = (LeafHash(given.exact("leaf")?), NodeHash(given.exact("root")?));
    let verified = verify_inclusion(leaf, given.number("index")?, given.number("size")?, &proof(given)?, &root);
    Ok(outcome(verified, |()| json!({})))
}

fn consistency(given: &Given<'_>) -> Result<Value, Malformed> {
    let (older, newer) = (given.number("older")?, given.number("newer")?);
    let (older_root, newer_root) = (NodeHash(given.exact("older_root")?), NodeHash(given.exact("newer_root")?));
    Ok(outcome(verify_consistency(older, &older_root, newer, &newer_root, &proof(given)?), |()| json!({})))
}

fn visits(given: &Given<'_>) -> Result<Value, Malformed> {
    let key = log_key(given)?;
    let mut history = RelayHistory::new(key);
    for visit in given.objects("visits")? {
        let checkpoint = Checkpoint::verify(&visit.bytes("note")?, &key).map_err(|_| Malformed::missing("note"))?;
        match history.accept(&checkpoint, visit.number("first")?, &tiles(&visit)?) {
            Ok(_) => {}
            // Only a proof that convinces a stranger may be called one.
            Err(HistoryError::Forked(proof)) if proof.verify(&key).is_ok() => return Ok(json!({"error": "Forked"})),
            Err(error) => return Ok(named(error)),
        }
    }
    let newest = history.newest().ok_or_else(|| Malformed::missing("visits"))?;
    Ok(json!({"ok": {"slot": newest.slot().0, "size": newest.size()}}))
}

fn evidence(given: &Given<'_>) -> Result<Value, Malformed> {
    let key = log_key(given)?;
    let verified = Evidence::decode(&given.bytes("bytes")?).and_then(|evidence| evidence.verify(&key));
    Ok(outcome(verified, |()| json!({})))
}
