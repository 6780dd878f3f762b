//! A relay's log in memory, honest or not, for the tests of this room.

use std::format;
use std::string::String;
use std::vec::Vec;

use data_encoding::BASE64;
use ed25519_zebra::{SigningKey, VerificationKey};
use sha2::{Digest, Sha256};

use crate::cell::{CELL_BYTES, Cell, LeafHash};
use crate::limits::TILE_HASHES;
use crate::log::checkpoint::Checkpoint;
use crate::log::note::{LogSigner, Note};
use crate::log::slot::SlotNumber;
use crate::log::span::tiles_for_span;
use crate::log::tile::{HashTile, TileId};
use crate::log::tree::{Frontier, NodeHash, complete_root, leaf_hash};

/// A log that signs whatever it is asked to.
pub(crate) struct World {
    pub(crate) signer: LogSigner,
    levels: Vec<Vec<NodeHash>>,
}

impl World {
    /// A log of these leaves.
    pub(crate) fn of(leaves: &[LeafHash]) -> Self {
        let mut levels = std::vec![leaves.iter().map(|leaf| NodeHash::from(*leaf)).collect::<Vec<_>>()];
        while levels.last().is_some_and(|level| level.len() >= TILE_HASHES as usize) {
            let below = levels.last().expect("the leaves are there");
            let (full, _) = below.as_chunks::<{ TILE_HASHES as usize }>();
            levels.push(full.iter().map(|tile| complete_root(tile).expect("256 is a power of two")).collect());
        }
        Self { signer: LogSigner::from_seed(&[5; 32]), levels }
    }

    /// A log of `size` leaves that are told apart by `salt`.
    pub(crate) fn sized(size: u64, salt: u64) -> Self {
        Self::of(&(0..size).map(|n| leaf(n, salt)).collect::<Vec<_>>())
    }

    pub(crate) fn size(&self) -> u64 {
        self.levels[0].len() as u64
    }

    pub(crate) fn leaves(&self) -> Vec<LeafHash> {
        self.levels[0].iter().map(|hash| LeafHash(hash.0)).collect()
    }

    pub(crate) fn frontier(&self, size: u64) -> Frontier {
        let mut frontier = Frontier::new();
        self.leaves()[..size as usize].iter().for_each(|leaf| frontier.append(*leaf));
        frontier
    }

    pub(crate) fn checkpoint(&self, slot: u64, size: u64) -> Checkpoint {
        Checkpoint::sign(&self.signer, SlotNumber(slot), size, self.frontier(size).root())
    }

    /// The same, signed by a witness too.
    pub(crate) fn cosigned(&self, slot: u64, size: u64) -> Checkpoint {
        let note = cosigned(self.checkpoint(slot, size).note(), 9, "witness.example/w1", 1_700_000_000);
        Checkpoint::verify(&note, &self.signer.key()).expect("its own")
    }

    pub(crate) fn tile(&self, id: TileId) -> HashTile {
        let start = (id.index() * TILE_HASHES) as usize;
        let hashes = &self.levels[usize::from(id.level())][start..start + usize::from(id.width())];
        HashTile::decode(id, &hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>()).expect("as wide as named")
    }

    pub(crate) fn tiles(&self, first: u64, size: u64) -> Vec<HashTile> {
        tiles_for_span(first, size).expect("within the limits").into_iter().map(|id| self.tile(id)).collect()
    }
}

/// A note with one line more: that of a witness of this seed and name.
pub(crate) fn cosigned(note: &Note, seed: u8, name: &str, time_seconds: u64) -> Vec<u8> {
    let line = cosignature_line(seed, name, time_seconds, note.text());
    [note.as_bytes(), line.as_bytes()].concat()
}

/// A witness signs a text and when it saw it, as C2SP tlog-cosignature says.
pub(crate) fn cosignature_line(seed: u8, name: &str, time_seconds: u64, text: &str) -> String {
    let signer = SigningKey::from([seed; 32]);
    let key: [u8; 32] = VerificationKey::from(&signer).into();
    let signature: [u8; 64] = signer.sign(format!("cosignature/v1\ntime {time_seconds}\n{text}").as_bytes()).into();
    let id = Sha256::new().chain_update(name).chain_update(b"\n\x04").chain_update(key).finalize();
    let blob = [&id[..4], &time_seconds.to_be_bytes(), &signature].concat();
    format!("\u{2014} {name} {}\n", BASE64.encode(&blob))
}

pub(crate) fn leaf(n: u64, salt: u64) -> LeafHash {
    leaf_hash(&[n.to_be_bytes(), salt.to_be_bytes()].concat())
}

pub(crate) fn cell(n: u64) -> Cell {
    Cell::from_bytes(core::array::from_fn::<u8, CELL_BYTES, _>(|at| n.to_be_bytes()[at % 8]))
}
