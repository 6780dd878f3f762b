//! Every decoder refuses what is hostile with its typed error, and allocates no more than its named limit on the way.

use pursuance_core::cell::{CellContent, Fragment, open_cell};
use pursuance_core::codec::DecodeError;
use pursuance_core::entry::{EntryError, UnverifiedEntry};
use pursuance_core::fragment::{Assembly, Fragments};
use pursuance_core::id::EntryId;
use pursuance_core::keys::EpochSecret;
use pursuance_core::limits::{
    FRAGMENT_BYTES, MAX_ENTRY_BYTES, MAX_FRAGMENTS, MAX_ITEM_BYTES, MAX_ITEM_OPS, MAX_OPS, MAX_PENDING_FRAGMENT_BYTES,
};
use pursuance_core::link::{InviteLink, LinkError};
use pursuance_core::task_op::decode_ops;
use pursuance_wire::cell::CELL_PLAIN_BYTES;
use pursuance_wire::limits::{MAX_EVIDENCE_BYTES, MAX_NOTE_BYTES, MAX_SLOT_CELLS, MAX_TREE_CELLS};
use pursuance_wire::log::{
    BundleId, Checkpoint, CheckpointError, Evidence, EvidenceError, HashTile, HistoryError, LogSigner, NodeHash,
    NoteError, Policy, Receipt, ReceiptState, RelayHistory, SlotNumber, Span, SpanError, TileError, TileId,
    UnverifiedNote, decode_bundle, tiles_for_span,
};
use pursuance_wire::{AddressError, Cell, FrameDecoder, FrameError, LeafHash, RelayAddress};

use super::make::cell::{long_entry, seal_plain};
use super::make::raw::{V, head, wide_head};
use super::make::{Cast, envelope, signed};
use super::memory::peak_bytes;

/// What a refusal may cost where nothing has been read yet.
const NOTHING_YET_BYTES: usize = 1_024;
/// Copies of an entry that reading it takes at most: its ops, the bytes written again to compare, and those of the op that
/// is being written, in buffers that grow by doubling.
const COPIES_OF_AN_ENTRY: usize = 8;

fn refused_within<T, E: PartialEq + std::fmt::Debug>(
    limit_bytes: usize,
    expected: E,
    read: impl FnOnce() -> Result<T, E>,
) {
    let (peak, found) = peak_bytes(|| read().err());
    assert_eq!(found, Some(expected));
    assert!(peak <= limit_bytes, "{peak} bytes, {limit_bytes} allowed");
}

fn nested(bytes: usize) -> Vec<u8> {
    vec![0x81; bytes]
}

#[test]
fn an_entry_beyond_its_length_is_not_looked_at() {
    let long = vec![0x82; MAX_ENTRY_BYTES + 1];
    refused_within(0, EntryError::TooLong, || UnverifiedEntry::decode(&long));
    let very_long = vec![0; 64 << 20];
    refused_within(0, EntryError::TooLong, || UnverifiedEntry::decode(&very_long));
}

#[test]
fn an_entry_of_absurd_lengths_allocates_nothing() {
    let structure = || EntryError::Decode(DecodeError::Structure);
    for major in [2, 3, 4, 5] {
        for width in [1, 2, 4, 8] {
            let absurd = wide_head(major, u64::MAX >> (64 - 8 * width), width);
            refused_within(NOTHING_YET_BYTES, structure(), || UnverifiedEntry::decode(&absurd));
            let body = [&head(4, 2)[..], &absurd].concat();
            refused_within(NOTHING_YET_BYTES, structure(), || UnverifiedEntry::decode(&body));
        }
    }
    // In every place of a body where a list or a string may stand.
    let cast = Cast::new();
    for entry in &cast.entries {
        let tree = super::make::body_tree(entry);
        let V::Array(fields) = tree else { panic!("a body is an array") };
        for at in 0..fields.len() {
            for major in [2, 4] {
                let mut bent = fields.clone();
                bent[at] = V::Raw(wide_head(major, u64::MAX, 8));
                let bytes = envelope(&V::Array(bent).encode(), &[0; 64]);
                let (peak, found) = peak_bytes(|| UnverifiedEntry::decode(&bytes).is_err());
                assert!(found, "field {at}");
                assert!(peak <= COPIES_OF_AN_ENTRY * bytes.len(), "field {at}: {peak} bytes");
            }
        }
    }
}

#[test]
fn a_megabyte_of_nested_garbage_is_no_entry() {
    let deep = nested(1_000_000);
    refused_within(NOTHING_YET_BYTES, EntryError::Decode(DecodeError::Structure), || UnverifiedEntry::decode(&deep));
    let inside = envelope(&deep, &[0; 64]);
    refused_within(NOTHING_YET_BYTES, EntryError::Decode(DecodeError::Structure), || UnverifiedEntry::decode(&inside));
}

#[test]
fn the_longest_entry_takes_a_few_copies_of_itself() {
    let cast = Cast::new();
    let (id, bytes) = long_entry(&cast, MAX_ENTRY_BYTES - 400);
    assert!(bytes.len() <= MAX_ENTRY_BYTES);
    let (peak, entry) = peak_bytes(|| UnverifiedEntry::decode(&bytes).map(|entry| entry.id()));
    assert_eq!(entry, Ok(id));
    assert!(peak <= COPIES_OF_AN_ENTRY * MAX_ENTRY_BYTES, "{peak} bytes");

    // As many ops as allowed, each as small as can be: small things have their cost too.
    let body = {
        let mut tree = super::make::body_tree(&cast.entries[super::make::at::INVITE]);
        tree.list()[9] = V::Array(vec![V::Array(vec![V::Uint(900), V::Bytes(vec![])]); MAX_OPS]);
        tree.encode()
    };
    let bytes = signed(&cast.maya_keys(), cast.pursuance, &body);
    let (peak, entry) = peak_bytes(|| UnverifiedEntry::decode(&bytes).is_ok());
    assert!(entry && peak <= 64 << 10, "{peak} bytes");
}

#[test]
fn task_ops_within_their_limits() {
    let absurd = wide_head(4, u64::MAX, 8);
    refused_within(NOTHING_YET_BYTES, DecodeError::TooLong, || decode_ops(&absurd));
    let deep = nested(1_000_000);
    refused_within(NOTHING_YET_BYTES, DecodeError::Structure, || decode_ops(&deep));
    let one_too_many = [&head(4, MAX_ITEM_OPS as u64 + 1)[..], &vec![0; 1_000_000]].concat();
    refused_within(NOTHING_YET_BYTES, DecodeError::TooLong, || decode_ops(&one_too_many));
    let long = V::Array(vec![V::Array(vec![V::Uint(900), V::Bytes(vec![0; MAX_ITEM_BYTES + 1])])]).encode();
    refused_within(NOTHING_YET_BYTES, DecodeError::TooLong, || decode_ops(&long));
}

#[test]
fn a_cell_costs_a_few_cells_whatever_is_in_it() {
    let epoch = EpochSecret::new([1; 32]);
    let key = epoch.cell_key();
    let smallest_entries: Vec<u8> =
        [0].into_iter().chain([0, 1, 7].into_iter().cycle().take(CELL_PLAIN_BYTES - 1)).collect();
    let absurd_entry = [&[0, 0xff, 0xff][..], &[7; CELL_PLAIN_BYTES - 3]].concat();
    let absurd_fragment = [&[1][..], &[0xff; CELL_PLAIN_BYTES - 1]].concat();
    for (plain, opens) in [(smallest_entries, true), (absurd_entry, false), (absurd_fragment, false)] {
        let cell = seal_plain(&epoch, &plain, [9; 24], &epoch.id().0);
        let (peak, found) = peak_bytes(|| open_cell(&key, &cell));
        assert_eq!(found.is_some(), opens);
        assert!(peak <= 64 << 10, "{peak} bytes");
        if let Some(CellContent::Entries(entries)) = found {
            assert_eq!(entries.len(), (CELL_PLAIN_BYTES - 1) / 3);
        }
    }
    let foreign = seal_plain(&EpochSecret::new([2; 32]), &[0; CELL_PLAIN_BYTES], [9; 24], &[0; 32]);
    let (peak, found) = peak_bytes(|| open_cell(&key, &foreign));
    assert!(found.is_none() && peak == 0, "a foreign cell is told by its tag alone: {peak} bytes");
}

fn part(entry: u64, count: u16, index: u16, bytes: Vec<u8>) -> Fragment {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&entry.to_be_bytes());
    Fragment { entry: EntryId(id), count, index, bytes }
}

#[test]
fn unfinished_fragments_stay_within_their_limit() {
    for (bytes, what) in [(1, "the shortest"), (FRAGMENT_BYTES, "the longest")] {
        let (peak, kept_bytes) = peak_bytes(|| {
            let mut fragments = Fragments::default();
            for entry in 0..20_000 {
                assert_eq!(fragments.insert(part(entry, 2, 1, vec![7; bytes])), Assembly::Kept);
            }
            fragments.pending_bytes()
        });
        assert!(kept_bytes <= MAX_PENDING_FRAGMENT_BYTES, "{what}: {kept_bytes} kept");
        assert!(peak <= 3 * MAX_PENDING_FRAGMENT_BYTES / 2, "{what}: {peak} bytes");
    }
}

#[test]
fn parts_that_make_no_entry_are_tried_within_bounds() {
    // Two candidates at every index: whoever posts them cannot make the reader try more than a few combinations.
    let (peak, whole) = peak_bytes(|| {
        let mut fragments = Fragments::default();
        let count = (MAX_FRAGMENTS / 8) as u16;
        let mut whole = 0;
        for candidate in 0..3 {
            for index in 0..count {
                let outcome = fragments.insert(part(1, count, index, vec![candidate; FRAGMENT_BYTES]));
                whole += usize::from(matches!(outcome, Assembly::Whole(_)));
            }
        }
        whole
    });
    assert_eq!(whole, 0);
    assert!(peak <= 2 * MAX_PENDING_FRAGMENT_BYTES, "{peak} bytes");
}

#[test]
fn a_link_of_a_megabyte_is_not_looked_at() {
    let long = format!("pursuance:{}", "a".repeat(1 << 20));
    refused_within(0, LinkError::NotAnInvite, || InviteLink::parse(&long).map(drop));
    let longest = format!("pursuance:{}", "a".repeat(1_000));
    refused_within(16 << 10, LinkError::NotWhole, || InviteLink::parse(&longest).map(drop));
    let spaces = " ".repeat(1 << 20);
    refused_within(0, LinkError::NotAnInvite, || InviteLink::parse(&spaces).map(drop));
}

#[test]
fn an_address_of_a_megabyte_is_not_looked_at() {
    let long = "a".repeat(1 << 20);
    refused_within(0, AddressError::TooLong, || long.parse::<RelayAddress>());
    let dots = ".onion".repeat(80);
    refused_within(NOTHING_YET_BYTES, AddressError::OnionLength { found_chars: 474 }, || dots.parse::<RelayAddress>());
}

#[test]
fn notes_of_any_kind_are_refused_by_their_length() {
    let key = LogSigner::from_seed(&[1; 32]).key();
    let long = vec![b'\n'; 1 << 20];
    let error = || NoteError::TooLong { found_bytes: 1 << 20 };
    refused_within(0, error(), || UnverifiedNote::parse(&long));
    refused_within(0, error().into(), || Checkpoint::verify(&long, &key));
    refused_within::<_, pursuance_wire::log::ReceiptError>(0, error().into(), || Receipt::verify(&long, &key));
    refused_within::<_, pursuance_wire::log::PolicyError>(0, error().into(), || Policy::verify(&long, &key));
    // The most that fits: lines, signatures, one endless signature.
    let lines = "\u{2014} w AAAAAAE=\n".repeat(400);
    for text in
        ["\n".repeat(MAX_NOTE_BYTES), format!("a\n\n{lines}"), format!("a\n\n\u{2014} w {}\n", "A".repeat(8_000))]
    {
        let (peak, refused) =
            peak_bytes(|| UnverifiedNote::parse(text.as_bytes()).and_then(|note| note.verify(&key)).is_err());
        assert!(refused);
        assert!(peak <= 4 * MAX_NOTE_BYTES, "{peak} bytes");
    }
}

#[test]
fn tiles_and_bundles_have_the_length_of_their_name() {
    let id = TileId::new(0, 0, 256).expect("a tile");
    let long = vec![0; 1 << 20];
    refused_within(0, TileError::Length { found_bytes: 1 << 20, expected_bytes: 8_192 }, || {
        HashTile::decode(id, &long)
    });
    let (peak, refused) = peak_bytes(|| decode_bundle(BundleId::new(0, 1).expect("a bundle"), &long).is_err());
    assert!(refused && peak == 0, "{peak} bytes");
    // The right length in all, and a wrong one within: cells are taken one by one.
    let bundle = vec![0xff; 256 * 2_050];
    let (peak, refused) = peak_bytes(|| decode_bundle(BundleId::new(0, 256).expect("a bundle"), &bundle).is_err());
    assert!(refused && peak <= 8 << 10, "{peak} bytes");
    for (first, size) in [(0, u64::MAX), (0, MAX_TREE_CELLS), (256, 0), (1, 5)] {
        let (peak, refused) = peak_bytes(|| tiles_for_span(first, size).is_err());
        assert!(refused && peak == 0, "{first}..{size}: {peak} bytes");
    }
    let root = NodeHash([0; 32]);
    refused_within(NOTHING_YET_BYTES, SpanError::WrongTile { at: 0 }, || Span::verify(0, 5, &root, &[]));
}

#[test]
fn a_stream_holds_what_came_and_not_what_is_claimed() {
    refused_within(NOTHING_YET_BYTES, FrameError::NoteLength { found_bytes: u32::MAX }, || {
        FrameDecoder::new().push(&[0xff; 64])
    });
    let cells_claimed = |count: u32| [&1_u32.to_be_bytes()[..], b"n", &count.to_be_bytes()].concat();
    let bytes = cells_claimed(u32::MAX);
    refused_within(NOTHING_YET_BYTES, FrameError::TooManyCells { found: u32::MAX }, || {
        FrameDecoder::new().push(&bytes)
    });
    let bytes = cells_claimed(MAX_SLOT_CELLS as u32);
    let (peak, frames) = peak_bytes(|| FrameDecoder::new().push(&bytes).map(|frames| frames.len()));
    assert_eq!(frames, Ok(0));
    assert!(peak <= NOTHING_YET_BYTES, "{peak} bytes for a slot of which nothing came");
    // A megabyte of the smallest frames.
    let small = cells_claimed(0).repeat(100_000);
    let (peak, frames) = peak_bytes(|| FrameDecoder::new().push(&small).map(|frames| frames.len()));
    assert_eq!(frames, Ok(100_000));
    assert!(peak <= 24 * small.len(), "{peak} bytes for {} received", small.len());
}

#[test]
fn evidence_is_refused_by_its_length() {
    let heading = b"pursuance evidence 1\n";
    let long = vec![0; MAX_EVIDENCE_BYTES + 1];
    refused_within(0, EvidenceError::TooLong { found_bytes: MAX_EVIDENCE_BYTES + 1 }, || Evidence::decode(&long));
    for kind in [1, 2, 3] {
        let absurd = [&heading[..], &[kind], &[0xff; 4]].concat();
        let expected = EvidenceError::TooLong { found_bytes: u32::MAX as usize };
        refused_within(NOTHING_YET_BYTES, expected, || Evidence::decode(&absurd));
    }
}

// What a relay may try, judged from the wire alone.

fn leaf(n: u64) -> LeafHash {
    pursuance_wire::log::leaf_hash(&n.to_be_bytes())
}

/// A log of so many leaves; `salt` makes another one.
fn checkpoint(signer: &LogSigner, slot: u64, leaves: &[LeafHash]) -> (Checkpoint, Vec<HashTile>) {
    let mut frontier = pursuance_wire::log::Frontier::new();
    leaves.iter().for_each(|leaf| frontier.append(*leaf));
    let tiles = tiles_for_span(0, leaves.len() as u64).expect("small").into_iter().map(|id| {
        let bytes: Vec<u8> = leaves.iter().flat_map(|leaf| leaf.0).collect();
        HashTile::decode(id, &bytes).expect("one partial tile")
    });
    (Checkpoint::sign(signer, SlotNumber(slot), leaves.len() as u64, frontier.root()), tiles.collect())
}

fn visited(signer: &LogSigner, leaves: &[LeafHash]) -> RelayHistory {
    let mut history = RelayHistory::new(signer.key());
    let (first, tiles) = checkpoint(signer, 5, leaves);
    history.accept(&first, 0, &tiles).expect("a first visit");
    history
}

/// The evidence in an error convinces a stranger who holds nothing but the relay's key, and no other relay is convicted.
fn convicts(error: HistoryError, signer: &LogSigner) {
    let HistoryError::Forked(evidence) = error else { panic!("no proof: {error}") };
    let file = evidence.encode();
    assert_eq!(Evidence::decode(&file).expect("a file").verify(&signer.key()), Ok(()));
    assert!(Evidence::decode(&file).expect("a file").verify(&LogSigner::from_seed(&[2; 32]).key()).is_err());
}

#[test]
fn a_checkpoint_that_does_not_continue_the_log_convicts() {
    let signer = LogSigner::from_seed(&[1; 32]);
    let seen: Vec<LeafHash> = (0..20).map(leaf).collect();
    let mut history = visited(&signer, &seen);
    let other: Vec<LeafHash> = (0..30).map(|n| leaf(if n == 3 { 1_003 } else { n })).collect();
    let (offered, tiles) = checkpoint(&signer, 6, &other);
    let error = history.accept(&offered, 0, &tiles).expect_err("another past");
    convicts(error, &signer);
    let (smaller, _) = checkpoint(&signer, 6, &seen[..19]);
    convicts(history.examine(smaller.note().as_bytes()).expect_err("it shrank"), &signer);
    assert_eq!(history.newest().map(Checkpoint::size), Some(20), "what was held stays");
}

#[test]
fn two_roots_for_one_slot_convict() {
    let signer = LogSigner::from_seed(&[1; 32]);
    let history = visited(&signer, &(0..20).map(leaf).collect::<Vec<_>>());
    let (again, _) = checkpoint(&signer, 5, &(1..21).map(leaf).collect::<Vec<_>>());
    convicts(history.examine(again.note().as_bytes()).expect_err("the slot was seen"), &signer);
}

#[test]
fn a_checkpoint_of_another_origin_is_refused() {
    let (signer, other) = (LogSigner::from_seed(&[1; 32]), LogSigner::from_seed(&[2; 32]));
    let history = visited(&signer, &[leaf(0)]);
    let (theirs, _) = checkpoint(&other, 6, &[leaf(0), leaf(1)]);
    let wrong = HistoryError::Checkpoint(CheckpointError::WrongOrigin);
    assert_eq!(history.examine(theirs.note().as_bytes()), Err(wrong));
    let lent =
        other.sign(&theirs.note().text().replace(&other.key().origin(), &signer.key().origin())).expect("a note");
    assert!(matches!(
        history.examine(lent.as_bytes()),
        Err(HistoryError::Checkpoint(CheckpointError::Note(NoteError::UnknownKey { .. })))
    ));
}

#[test]
fn an_old_checkpoint_is_stale() {
    let signer = LogSigner::from_seed(&[1; 32]);
    let seen: Vec<LeafHash> = (0..20).map(leaf).collect();
    let history = visited(&signer, &seen);
    let (old, _) = checkpoint(&signer, 4, &seen[..10]);
    let stale = HistoryError::Stale { found: SlotNumber(4), held: SlotNumber(5) };
    assert_eq!(history.examine(old.note().as_bytes()), Err(stale));
}

#[test]
fn a_receipt_without_inclusion_convicts() {
    let signer = LogSigner::from_seed(&[1; 32]);
    let posted = Cell::from_bytes([7; 2_048]).leaf_hash();
    let receipt = Receipt::sign(&signer, SlotNumber(6), &[posted]).expect("one cell");
    let judge = |slot: u64, leaves: &[LeafHash]| {
        let (checkpoint, tiles) = checkpoint(&signer, slot, leaves);
        let span = Span::verify(0, checkpoint.size(), checkpoint.root(), &tiles).expect("its tiles");
        receipt.judge(&checkpoint, &span)
    };
    let without: Vec<LeafHash> = (0..9).map(leaf).collect();
    let with = [&without[..], &[posted]].concat();
    assert_eq!(judge(5, &without), ReceiptState::NotDue);
    assert_eq!(judge(6, &with), ReceiptState::Kept(vec![9]));
    let ReceiptState::Broken(evidence) = judge(6, &without) else { panic!("the promise is broken") };
    assert_eq!(Evidence::decode(&evidence.encode()).expect("a file").verify(&signer.key()), Ok(()));
}
