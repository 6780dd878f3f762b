//! Kinds of vectors about a relay's log and what is fetched of it (docs/protocol/01-wire.md).

use std::fmt::Debug;

use pursuance_wire::log::{
    BundleId, Checkpoint, Evidence, HashTile, HistoryError, LogKey, NodeHash, RelayHistory, Span, TileId,
    decode_bundle, verify_consistency, verify_inclusion,
};
use pursuance_wire::{BlockRange, Cell, LeafHash};
use serde_json::{Value, json};

use super::Kind;
use super::core_kinds::{hex, named};
use super::given::{Given, Malformed};

/// Cells of a post.
const POST_CELLS: usize = 4;

/// Name and function of each.
pub const KINDS: &[(&str, Kind)] = &[
    ("block-range", block_range),
    ("bundle", bundle),
    ("cell", cell),
    ("consistency", consistency),
    ("evidence", evidence),
    ("inclusion", inclusion),
    ("post", post),
    ("span", span),
    ("tile-path", tile_path),
    ("visits", visits),
];

fn outcome<T>(found: Result<T, impl Debug>, describe: impl Fn(T) -> Value) -> Value {
    found.map_or_else(named, |found| json!({"ok": describe(found)}))
}

fn leaves(cells: &[Cell]) -> Value {
    json!({"leaves": cells.iter().map(|cell| hex(cell.leaf_hash().as_bytes())).collect::<Vec<_>>()})
}

fn cell(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(outcome(
        Cell::try_from(&given.bytes("bytes")?[..]),
        |cell| json!({"tag": hex(cell.tag()), "nonce": hex(cell.nonce()), "leaf": hex(cell.leaf_hash().as_bytes())}),
    ))
}

fn post(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(outcome(Cell::split(&given.bytes("bytes")?, POST_CELLS), |cells| leaves(&cells)))
}

fn block_range(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(outcome(BlockRange::parse(given.text("text")?), |range| json!({"first": range.first(), "count": range.count()})))
}

fn tile_path(given: &Given<'_>) -> Result<Value, Malformed> {
    let text = given.text("text")?;
    if let Some(bundle) = text.strip_prefix("/tile/entries/") {
        return Ok(outcome(BundleId::parse(bundle), |id| json!({"index": id.index(), "width": id.width()})));
    }
    let tile = text.strip_prefix("/tile/").ok_or_else(|| Malformed::missing("text"))?;
    Ok(outcome(TileId::parse(tile), |id| json!({"level": id.level(), "index": id.index(), "width": id.width()})))
}

fn bundle(given: &Given<'_>) -> Result<Value, Malformed> {
    let id = BundleId::new(0, given.number("width")?).map_err(|_| Malformed::missing("width"))?;
    Ok(outcome(decode_bundle(id, &given.bytes("bytes")?), |cells| leaves(&cells)))
}

fn tiles(given: &Given<'_>) -> Result<Vec<HashTile>, Malformed> {
    let read = |tile: &Given<'_>| {
        let id = TileId::new(tile.number("level")?, tile.number("index")?, tile.number("width")?);
        let id = id.map_err(|_| Malformed::missing("width"))?;
        HashTile::decode(id, &tile.bytes("bytes")?).map_err(|_| Malformed::missing("bytes"))
    };
    given.objects("tiles")?.iter().map(read).collect()
}

fn span(given: &Given<'_>) -> Result<Value, Malformed> {
    let root = NodeHash(given.exact("root")?);
    let span = Span::verify(given.number("first")?, given.number("size")?, &root, &tiles(given)?);
    Ok(outcome(span, |span| {
        let then = span.frontier_at(span.first()).map(|frontier| hex(frontier.root().as_bytes()));
        let last = span.size().checked_sub(1).and_then(|at| span.leaf(at)).map(|leaf| hex(leaf.as_bytes()));
        json!({"last_leaf": last, "root_at_first": then})
    }))
}

fn proof(given: &Given<'_>) -> Result<Vec<NodeHash>, Malformed> {
    let hash = |bytes: Vec<u8>| bytes.try_into().map(NodeHash).map_err(|_| Malformed::missing("proof"));
    given.byte_lists("proof")?.into_iter().map(hash).collect()
}

fn inclusion(given: &Given<'_>) -> Result<Value, Malformed> {
    let (leaf, root) = (LeafHash(given.exact("leaf")?), NodeHash(given.exact("root")?));
    let (index, size) = (given.number("index")?, given.number("size")?);
    Ok(outcome(verify_inclusion(leaf, index, size, &proof(given)?, &root), |()| json!({})))
}

fn consistency(given: &Given<'_>) -> Result<Value, Malformed> {
    let (older, newer) = (given.number("older")?, given.number("newer")?);
    let (older_root, newer_root) = (NodeHash(given.exact("older_root")?), NodeHash(given.exact("newer_root")?));
    Ok(outcome(verify_consistency(older, &older_root, newer, &newer_root, &proof(given)?), |()| json!({})))
}

fn log_key(given: &Given<'_>) -> Result<LogKey, Malformed> {
    LogKey::new(given.exact("key")?).map_err(|_| Malformed::missing("key"))
}

fn visits(given: &Given<'_>) -> Result<Value, Malformed> {
    let key = log_key(given)?;
    let mut history = RelayHistory::new(key);
    for visit in given.objects("visits")? {
        let checkpoint = Checkpoint::verify(&visit.bytes("note")?, &key).map_err(|_| Malformed::missing("note"))?;
        match history.accept(&checkpoint, visit.number("first")?, &tiles(&visit)?) {
            Ok(_) => {}
            // A proof is too long to be written out; what counts is that it convinces.
            Err(HistoryError::Forked(evidence)) if evidence.verify(&key).is_ok() => {
                return Ok(json!({"error": "Forked"}));
            }
            Err(refused) => return Ok(named(refused)),
        }
    }
    let newest = history.newest().ok_or_else(|| Malformed::missing("visits"))?;
    Ok(json!({"ok": {"slot": newest.slot().0, "size": newest.size()}}))
}

fn evidence(given: &Given<'_>) -> Result<Value, Malformed> {
    let key = log_key(given)?;
    Ok(outcome(Evidence::decode(&given.bytes("bytes")?).and_then(|found| found.verify(&key)), |()| json!({})))
}
