//! No key seals two texts under one nonce, whoever holds it (docs/protocol/03-keys.md): everything that was sealed in a world is
//! taken down, with what says under which key and nonce.
//!
//! The keys themselves are not needed. A cell's tag and an item's commitment follow from key and nonce alone, so that two of
//! them are the same where both are; audience lists and backlinks name their epoch, from whose secret their key follows; and the
//! key of a seal to a device, with its only nonce, is used once for each encapsulated key.

use std::collections::BTreeMap;

use pursuance_core::entry::{Content, Entry};
use pursuance_core::op::Op;
use pursuance_wire::Cell;

use super::{Broken, World};

/// A key with a nonce, as others can tell it from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Under {
    Cell { tag: Vec<u8>, nonce: [u8; 24] },
    Item { commit: [u8; 32] },
    Audience { epoch: [u8; 32], nonce: [u8; 24] },
    Backlink { epoch: [u8; 32], nonce: [u8; 24] },
    Device { encapsulated: Vec<u8> },
}

/// Bytes of an epoch's secret sealed to a device, behind the encapsulated key.
const SEALED_SECRET_BYTES: usize = 48;

/// What was sealed under which key and nonce.
#[derive(Default)]
pub struct Nonces(BTreeMap<Under, Vec<u8>>);

impl Nonces {
    /// How many were taken down.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Takes down one; whether it is the only text under them. The same cipher text again is no other text.
    fn take(&mut self, under: Under, sealed: &[u8]) -> bool {
        self.0.entry(under).or_insert_with(|| sealed.into()) == sealed
    }

    fn take_cell(&mut self, cell: &Cell) -> bool {
        self.take(Under::Cell { tag: cell.tag().to_vec(), nonce: *cell.nonce() }, cell.sealed())
    }

    fn take_entry(&mut self, entry: &Entry) -> bool {
        match &entry.body().content {
            Content::Role(part) => {
                let items = part.items.iter().map(|item| (Under::Item { commit: item.commit }, &item.sealed[..]));
                let audiences = part.audiences.iter().map(|audience| {
                    (Under::Audience { epoch: audience.epoch.0, nonce: audience.nonce }, &audience.sealed[..])
                });
                items.chain(audiences).collect::<Vec<_>>().into_iter().all(|(under, sealed)| self.take(under, sealed))
            }
            Content::Public(ops) => ops.iter().all(|op| match op {
                Op::RoleEpoch(made) => {
                    let epoch = made.epoch.0;
                    made.seals.iter().all(|seal| self.take_device(&seal.sealed))
                        && made
                            .backlinks
                            .iter()
                            .all(|link| self.take(Under::Backlink { epoch, nonce: link.nonce }, &link.sealed))
                }
                Op::Welcome(welcome) => self.take_device(&welcome.sealed),
                _ => true,
            }),
        }
    }

    fn take_device(&mut self, sealed: &[u8]) -> bool {
        let (encapsulated, body) = sealed.split_at(sealed.len() - SEALED_SECRET_BYTES);
        self.take(Under::Device { encapsulated: encapsulated.into() }, body)
    }
}

impl World {
    /// Takes down an entry that was saved.
    pub(super) fn note_nonces(&mut self, node: usize, entry: &Entry) -> Result<(), Broken> {
        if self.nonces.take_entry(entry) { Ok(()) } else { Err(Broken::NonceTwice { node }) }
    }

    /// Takes down cells that were sealed, whether they were saved or not.
    pub(super) fn note_cell_nonces(&mut self, node: usize, cells: &[Cell]) -> Result<(), Broken> {
        if cells.iter().all(|cell| self.nonces.take_cell(cell)) { Ok(()) } else { Err(Broken::NonceTwice { node }) }
    }
}
