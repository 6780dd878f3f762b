//! Sealing entries into cells and opening them again (docs/protocol/03-keys.md, "Cells").

use alloc::vec::Vec;

use pursuance_wire::cell::{CELL_NONCE_BYTES, CELL_PLAIN_BYTES, CELL_TAG_BYTES, Cell};

use crate::crypto::{self, Seed, label};
use crate::id::EntryId;
use crate::keys::CellKey;
use crate::limits::{FRAGMENT_BYTES, MAX_FRAGMENTS};

/// What a cell carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellContent {
    /// Whole entries, as bytes that nobody has looked at.
    Entries(Vec<Vec<u8>>),
    /// A part of a long one.
    Fragment(Fragment),
}

/// A part of a long entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// The entry that the parts make.
    pub entry: EntryId,
    /// How many parts there are, 2 to `MAX_FRAGMENTS`.
    pub count: u16,
    /// Which this is, from 0.
    pub index: u16,
    /// `FRAGMENT_BYTES` bytes, or what is left in the last.
    pub bytes: Vec<u8>,
}

const KIND_ENTRIES: u8 = 0;
const KIND_FRAGMENT: u8 = 1;
const FRAGMENT_HEAD_BYTES: usize = 1 + 32 + 2 + 2 + 2;
const _: () = assert!(FRAGMENT_HEAD_BYTES + FRAGMENT_BYTES <= CELL_PLAIN_BYTES);

/// The longest entry that needs no fragments.
pub const MAX_WHOLE_ENTRY_BYTES: usize = CELL_PLAIN_BYTES - 1 - 2;

/// Seals entries, in order, into as few cells as that order allows.
#[must_use]
pub fn seal_entries<'e>(
    key: &CellKey,
    entries: impl Iterator<Item = (EntryId, &'e [u8])>,
    seed: &mut Seed,
) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut open: Vec<u8> = Vec::new();
    for (id, bytes) in entries {
        if bytes.len() > MAX_WHOLE_ENTRY_BYTES {
            close(key, &mut open, &mut cells, seed);
            for plain in fragments(id, bytes) {
                cells.push(seal_plain(key, plain, seed));
            }
            continue;
        }
        if open.len() + 2 + bytes.len() > CELL_PLAIN_BYTES {
            close(key, &mut open, &mut cells, seed);
        }
        if open.is_empty() {
            open.push(KIND_ENTRIES);
        }
        open.extend_from_slice(&short(bytes.len()));
        open.extend_from_slice(bytes);
    }
    close(key, &mut open, &mut cells, seed);
    cells
}

/// A cell with nothing in it, which fills up a file.
#[must_use]
pub fn empty_cell(key: &CellKey, seed: &mut Seed) -> Cell {
    seal_plain(key, alloc::vec![KIND_ENTRIES], seed)
}

/// Whether the tag says that this key sealed the cell; one in 2^64 foreign cells says so too.
#[must_use]
pub fn recognises(key: &CellKey, cell: &Cell) -> bool {
    tag(key, cell.nonce()) == *cell.tag()
}

/// Opens a cell with a key; nothing is said about why it did not.
#[must_use]
pub fn open_cell(key: &CellKey, cell: &Cell) -> Option<CellContent> {
    if !recognises(key, cell) {
        return None;
    }
    let plain = crypto::open(&key.seal, cell.nonce(), &associated(key), cell.sealed()).ok()?;
    read_plain(&plain)
}

fn close(key: &CellKey, open: &mut Vec<u8>, cells: &mut Vec<Cell>, seed: &mut Seed) {
    if !open.is_empty() {
        cells.push(seal_plain(key, core::mem::take(open), seed));
    }
}

fn fragments(id: EntryId, bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let count = bytes.len().div_ceil(FRAGMENT_BYTES);
    assert!(count <= MAX_FRAGMENTS, "an entry is at most MAX_ENTRY_BYTES long");
    bytes.chunks(FRAGMENT_BYTES).enumerate().map(move |(index, part)| {
        let mut plain = Vec::with_capacity(FRAGMENT_HEAD_BYTES + part.len());
        plain.push(KIND_FRAGMENT);
        plain.extend_from_slice(&id.0);
        plain.extend_from_slice(&short(count));
        plain.extend_from_slice(&short(index));
        plain.extend_from_slice(&short(part.len()));
        plain.extend_from_slice(part);
        plain
    })
}

fn short(value: usize) -> [u8; 2] {
    u16::try_from(value).expect("lengths within a cell fit in 16 bits").to_be_bytes()
}

fn seal_plain(key: &CellKey, mut plain: Vec<u8>, seed: &mut Seed) -> Cell {
    plain.resize(CELL_PLAIN_BYTES, 0);
    let nonce: [u8; CELL_NONCE_BYTES] = seed.draw();
    let sealed = crypto::seal(&key.seal, &nonce, &associated(key), &plain);
    let sealed = sealed.as_slice().try_into().expect("a sealed plain text fills a cell");
    Cell::from_parts(&tag(key, &nonce), &nonce, sealed)
}

fn tag(key: &CellKey, nonce: &[u8; CELL_NONCE_BYTES]) -> [u8; CELL_TAG_BYTES] {
    let mut tag = [0; CELL_TAG_BYTES];
    tag.copy_from_slice(&crypto::keyed_hash(&key.detect, nonce)[..CELL_TAG_BYTES]);
    tag
}

/// The cipher does not commit to its key, so the key's id is part of what is authenticated.
fn associated(key: &CellKey) -> Vec<u8> {
    [label::CELL_AD, &key.id].concat()
}

fn read_plain(plain: &[u8]) -> Option<CellContent> {
    let (kind, rest) = plain.split_first()?;
    match *kind {
        KIND_ENTRIES => read_entries(rest),
        KIND_FRAGMENT => read_fragment(rest),
        _ => None,
    }
}

fn read_entries(mut rest: &[u8]) -> Option<CellContent> {
    let mut entries = Vec::new();
    while let Some((len, after)) = rest.split_first_chunk::<2>() {
        let len = usize::from(u16::from_be_bytes(*len));
        if len == 0 {
            break;
        }
        let (entry, after) = after.split_at_checked(len)?;
        entries.push(entry.to_vec());
        rest = after;
    }
    padded(rest).then_some(CellContent::Entries(entries))
}

fn read_fragment(rest: &[u8]) -> Option<CellContent> {
    let (id, rest) = rest.split_first_chunk::<32>()?;
    let (count, rest) = rest.split_first_chunk::<2>()?;
    let (index, rest) = rest.split_first_chunk::<2>()?;
    let (len, rest) = rest.split_first_chunk::<2>()?;
    let (count, index) = (u16::from_be_bytes(*count), u16::from_be_bytes(*index));
    let len = usize::from(u16::from_be_bytes(*len));
    let (bytes, rest) = rest.split_at_checked(len)?;
    let last = usize::from(index) + 1 == usize::from(count);
    let full = len == FRAGMENT_BYTES || (last && (1..=FRAGMENT_BYTES).contains(&len));
    if usize::from(count) > MAX_FRAGMENTS || count < 2 || index >= count || !full || !padded(rest) {
        return None;
    }
    Some(CellContent::Fragment(Fragment { entry: EntryId(*id), count, index, bytes: bytes.to_vec() }))
}

fn padded(rest: &[u8]) -> bool {
    rest.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::EpochSecret;
    use alloc::vec;

    fn key(byte: u8) -> CellKey {
        EpochSecret::new([byte; 32]).cell_key()
    }

    #[test]
    fn small_ones_share_a_cell_and_long_ones_take_many() {
        let (small, long) = (vec![1; 300], vec![2; 5_000]);
        let ids = [EntryId([1; 32]), EntryId([2; 32]), EntryId([3; 32])];
        let all = [(ids[0], &small[..]), (ids[1], &small[..]), (ids[2], &long[..])];
        let cells = seal_entries(&key(1), all.into_iter(), &mut Seed::new([9; 32]));
        assert_eq!(cells.len(), 1 + 3);
        assert_eq!(open_cell(&key(1), &cells[0]), Some(CellContent::Entries(vec![small.clone(), small])));
        let mut whole = Vec::new();
        for (at, cell) in cells[1..].iter().enumerate() {
            let Some(CellContent::Fragment(part)) = open_cell(&key(1), cell) else { panic!("a fragment") };
            assert_eq!((part.entry, part.count, usize::from(part.index)), (ids[2], 3, at));
            whole.extend(part.bytes);
        }
        assert_eq!(whole, long);
        assert!(cells.iter().all(|cell| open_cell(&key(2), cell).is_none()));
    }

    #[test]
    fn a_flipped_bit_anywhere_opens_nothing() {
        let bytes = [7; 10];
        let cell = &seal_entries(&key(1), [(EntryId([1; 32]), &bytes[..])].into_iter(), &mut Seed::new([9; 32]))[0];
        for bit in 0..pursuance_wire::cell::CELL_BYTES * 8 {
            let mut bytes = *cell.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let flipped = Cell::try_from(&bytes[..]).expect("of the right size");
            assert_eq!(open_cell(&key(1), &flipped), None, "bit {bit}");
        }
    }

    #[test]
    fn padding_that_is_not_zero_is_refused() {
        let mut plain = vec![0; CELL_PLAIN_BYTES];
        assert_eq!(read_plain(&plain), Some(CellContent::Entries(vec![])));
        plain[CELL_PLAIN_BYTES - 1] = 1;
        assert_eq!(read_plain(&plain), None);
        assert_eq!(read_plain(&[2; CELL_PLAIN_BYTES]), None, "another kind");
        assert_eq!(read_plain(&[]), None);
    }
}
