//! An auditor who knows nothing of Pursuance: C2SP's formats, read by other people's crates.

use std::cell::RefCell;
use std::collections::BTreeMap;

use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{
    Hash, Tile, TileHashReader, TileReader, check_record, check_tree, prove_record, prove_tree, record_hash, tree_hash,
};
use tokio::net::TcpStream;

use crate::rig::{Client, Rig, cell};

/// Fetches tiles by the paths that the other crate makes.
struct Fetched {
    bodies: BTreeMap<String, Vec<u8>>,
    wanted: RefCell<Vec<String>>,
}

impl TileReader for Fetched {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let paths: Vec<String> = tiles.iter().map(|tile| path(tile, "")).collect();
        self.wanted.borrow_mut().extend(paths.iter().filter(|path| !self.bodies.contains_key(*path)).cloned());
        paths.iter().map(|path| self.bodies.get(path).cloned().ok_or(tlog_tiles::Error::InvalidTile)).collect()
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// The crate writes the older form `tile/8/<level>/..`; tlog-tiles drops the height.
fn path(tile: &Tile, kind: &str) -> String {
    let theirs = tile.path();
    let rest = theirs.strip_prefix("tile/8/").unwrap_or_else(|| theirs.strip_prefix("tile/").expect("a tile path"));
    format!("/tile/{kind}{rest}")
}

/// Tries again after fetching what was missing, until the query has all it needs.
async fn with_tiles<T>(
    client: &mut Client<TcpStream>,
    fetched: &mut Fetched,
    query: impl Fn(&Fetched) -> Result<T, tlog_tiles::Error>,
) -> T {
    for _ in 0..20 {
        match query(fetched) {
            Ok(found) => return found,
            Err(error) => {
                let wanted: Vec<String> = fetched.wanted.borrow_mut().drain(..).collect();
                assert!(!wanted.is_empty(), "{error:?}");
                for path in wanted {
                    let answer = client.get(&path).await;
                    assert_eq!(answer.status, 200, "{path}");
                    fetched.bodies.insert(path, answer.body);
                }
            }
        }
    }
    panic!("the auditor never had enough");
}

async fn checkpoint(client: &mut Client<TcpStream>, rig: &Rig) -> tlog_tiles::Checkpoint {
    let body = client.get("/checkpoint").await.body;
    let verifier = StandardVerifier::new(&rig.address.log_key().vkey()).expect("a key that the crate reads");
    let note = Note::from_bytes(&body).expect("a note");
    note.verify(&VerifierList::new(vec![Box::new(verifier)])).expect("signed");
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).expect("a checkpoint");
    assert_eq!(checkpoint.origin(), rig.address.origin());
    checkpoint
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_tools_audit_the_log() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    let mut client = rig.connect().await;
    let post = async |client: &mut Client<TcpStream>, cells: std::ops::Range<u64>| {
        for start in cells.clone().step_by(4) {
            let cells: Vec<_> = (start..(start + 4).min(cells.end)).map(cell).collect();
            client.post_cells(&cells, &rig.address).await;
        }
    };
    post(&mut client, 0..300).await;
    rig.end_slot().await;
    let older = checkpoint(&mut client, &rig).await;
    post(&mut client, 300..530).await;
    rig.end_slot().await;
    let newer = checkpoint(&mut client, &rig).await;
    assert_eq!((older.size(), newer.size()), (300, 530));

    let (size, root) = (newer.size(), Hash(newer.hash().0));
    let mut fetched = Fetched { bodies: BTreeMap::new(), wanted: RefCell::default() };
    let read = |fetched: &Fetched| tree_hash(size, &TileHashReader::new(size, root, fetched));
    assert_eq!(with_tiles(&mut client, &mut fetched, read).await.0, root.0);
    let prove = |fetched: &Fetched| prove_tree(size, 300, &TileHashReader::new(size, root, fetched));
    let proof = with_tiles(&mut client, &mut fetched, prove).await;
    check_tree(&proof, size, root, 300, Hash(older.hash().0)).expect("the log only grew");

    // Every entry of every bundle is the leaf that the tree holds.
    let mut index = 0;
    for bundle in ["/tile/entries/000", "/tile/entries/001", "/tile/entries/002.p/18"] {
        let body = client.get(bundle).await.body;
        let mut rest = &body[..];
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (entry, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
            assert_eq!(entry, cell(index).as_bytes());
            if index % 101 == 0 {
                let prove = |fetched: &Fetched| prove_record(size, index, &TileHashReader::new(size, root, fetched));
                let proof = with_tiles(&mut client, &mut fetched, prove).await;
                check_record(&proof, size, root, index, record_hash(entry)).expect("in the tree");
            }
            index += 1;
            rest = after;
        }
    }
    assert_eq!(index, 530);
    rig.stop().await;
}
