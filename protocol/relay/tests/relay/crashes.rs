//! `kill -9` under load, again and again: what was receipted or shown stands (rules L5, L9, L16).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pursuance_wire::log::{Checkpoint, Frontier, LogKey, Receipt, RelayHistory, TileId};
use pursuance_wire::{Cell, FrameDecoder, LeafHash};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::program::{Process, command, run};
use crate::rig::{Answer, Chance, Client, cell, number};

const POSTERS: u64 = 4;
const READERS: u64 = 3;
/// Numbers of cells that one poster may use in one life.
const NUMBERS: u64 = 100_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// What visitors hold of a relay over all its lives.
#[derive(Default)]
struct Held {
    /// Every checkpoint that anybody was ever given.
    checkpoints: BTreeMap<u64, Checkpoint>,
    /// Every cell that anybody ever posted.
    posted: HashSet<LeafHash>,
    /// Every receipt that anybody was ever given.
    receipts: Vec<Receipt>,
    /// Posts without an answer, to be repeated.
    unanswered: Vec<Vec<Cell>>,
}

type Shared = Arc<Mutex<Held>>;

impl Held {
    fn take_checkpoint(&mut self, note: &[u8], key: &LogKey) {
        let checkpoint = Checkpoint::verify(note, key).expect("signed by the relay");
        let slot = checkpoint.slot().0;
        let before = self.checkpoints.entry(slot).or_insert_with(|| checkpoint.clone());
        assert_eq!(*before, checkpoint, "slot {slot} has two checkpoints"); // L9
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_a_relay_keeps_what_it_receipted_and_showed() {
    let kills = number("PURSUANCE_KILLS").unwrap_or(20);
    let mut chance = Chance::printed("PURSUANCE_SEED");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let held = Shared::default();
    let mut history = None;
    let mut early = 0;
    for life in 0..kills {
        if life > 0 && chance.below(5) == 0 {
            // While it opens what the last kill left.
            let mut child = command(dir.path()).args(["--listen", "127.0.0.1:0"]).spawn().expect("starts");
            tokio::time::sleep(Duration::from_millis(chance.below(60))).await;
            child.kill().expect("ours");
            child.wait().expect("ours");
            early += 1;
            continue;
        }
        let process = Process::start(dir.path());
        let key = process.address.log_key();
        let history = history.get_or_insert_with(|| RelayHistory::new(key));
        assert_eq!(history.key(), &key);
        // What any visitor does: nothing may have been forked or rolled back.
        let first = history.newest().map_or(0, Checkpoint::size) / 256 * 256;
        let (checkpoint, _, _) = process.connect().await.visit(history, first).await;
        held.lock().expect("no panic").take_checkpoint(checkpoint.note().as_bytes(), &key);
        let mut visitors = JoinSet::new();
        for poster in 0..POSTERS {
            visitors.spawn(post_on(process.port, key, held.clone(), (life * POSTERS + poster) * NUMBERS));
        }
        for reader in 0..READERS {
            visitors.spawn(read_on(process.port, key, held.clone(), reader));
        }
        tokio::time::sleep(moment(&mut chance)).await;
        process.signal("-KILL");
        while let Some(ended) = visitors.join_next().await {
            ended.expect("no visitor was told anything wrong");
        }
        assert!(!process.ended().0);
        if chance.below(3) == 0 {
            // So long that the slot of the kill gets no checkpoint any more, but by what was made durable before.
            tokio::time::sleep(Duration::from_millis(1_200)).await;
        }
    }
    judge(Process::start(dir.path()), &held, &mut history.expect("lived once"), dir.path()).await;
    println!("{kills} kills, {early} of them while it opened");
}

/// When the next kill comes: any time, or around the end of a slot, where checkpoints are signed, kept and shown.
fn moment(chance: &mut Chance) -> Duration {
    if chance.below(3) == 0 {
        return Duration::from_millis(chance.below(1_200));
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let left_millis = 1_000 - u64::from(since.subsec_millis());
    Duration::from_micros((left_millis + 1_000 * chance.below(2)) * 1_000 + chance.below(15_000))
        - Duration::from_millis(1)
}

async fn connect(port: u16) -> Option<Client<TcpStream>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    Some(Client { stream, host: "x".to_owned() })
}

/// Sends a request; `None` when the relay is gone.
async fn ask(client: &mut Client<TcpStream>, request: &[u8]) -> Option<Answer> {
    client.stream.write_all(request).await.ok()?;
    client.answer().await
}

/// Posts until the relay is gone, first what had no answer in an earlier life.
async fn post_on(port: u16, key: LogKey, held: Shared, mut next: u64) {
    let Some(mut client) = connect(port).await else { return };
    loop {
        let repeated = held.lock().expect("no panic").unanswered.pop();
        let cells = repeated.unwrap_or_else(|| (next..next + 1 + next % 4).map(cell).collect());
        next += cells.len() as u64;
        let leaves: Vec<LeafHash> = cells.iter().map(Cell::leaf_hash).collect();
        held.lock().expect("no panic").posted.extend(&leaves);
        let body: Vec<u8> = cells.iter().flat_map(|cell| *cell.as_bytes()).collect();
        let head = format!("POST /post HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
        let answer = ask(&mut client, &[head.as_bytes(), &body].concat()).await;
        match answer.as_ref().map(|answer| answer.status) {
            Some(200) => {
                let receipt = Receipt::verify(&answer.expect("matched").body, &key).expect("signed by the relay");
                receipt.check_leaves(&leaves).expect("for these cells");
                held.lock().expect("no panic").receipts.push(receipt);
            }
            Some(status) => {
                assert!([429, 503].contains(&status), "{status}");
                held.lock().expect("no panic").unanswered.push(cells);
                let Some(other) = connect(port).await else { return };
                client = other;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            None => return held.lock().expect("no panic").unanswered.push(cells),
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// Collects checkpoints until the relay is gone: by asking for the newest, or from a stream.
async fn read_on(port: u16, key: LogKey, held: Shared, reader: u64) {
    let Some(mut client) = connect(port).await else { return };
    if reader > 0 {
        while let Some(answer) = ask(&mut client, b"GET /checkpoint HTTP/1.1\r\nhost: x\r\n\r\n").await {
            if answer.status == 429 {
                let Some(other) = connect(port).await else { return };
                client = other;
                continue;
            }
            held.lock().expect("no panic").take_checkpoint(&answer.body, &key);
            tokio::time::sleep(Duration::from_millis(reader)).await;
        }
        return;
    }
    if client.stream.write_all(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n").await.is_err()
        || client.head().await.is_none()
    {
        return;
    }
    let mut decoder = FrameDecoder::new();
    while let Some(chunk) = client.chunk_or_end().await {
        for frame in decoder.push(&chunk).expect("a frame") {
            let mut held = held.lock().expect("no panic");
            held.take_checkpoint(&frame.note, &key);
            assert!(frame.cells.iter().all(|cell| held.posted.contains(&cell.leaf_hash())), "never posted");
        }
    }
}

/// Holds the last life against everything that was said in the lives before.
async fn judge(process: Process, held: &Shared, history: &mut RelayHistory, dir: &std::path::Path) {
    let held = std::mem::take(&mut *held.lock().expect("no panic"));
    let due = held.receipts.iter().map(|receipt| receipt.slot()).max().expect("many");
    let mut client = process.connect().await;
    let until = Instant::now() + PATIENCE;
    let newest = loop {
        let first = history.newest().expect("visited").size() / 256 * 256;
        let (checkpoint, _, _) = client.visit(history, first).await;
        if checkpoint.slot() >= due {
            break checkpoint;
        }
        assert!(Instant::now() < until, "no checkpoint of slot {due}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    // All that the relay says of slots that are over.
    let mut of_slots = BTreeMap::new();
    let oldest = *held.checkpoints.keys().next().expect("many");
    for slot in oldest..=newest.slot().0 {
        let mut client = process.connect().await;
        let answer = client.get(&format!("/checkpoint/{slot}")).await;
        match answer.status {
            200 => {
                _ = of_slots.insert(slot, Checkpoint::verify(&answer.body, &process.address.log_key()).expect("signed"))
            }
            404 => assert!(!held.checkpoints.contains_key(&slot), "the checkpoint of slot {slot} has gone"),
            other => panic!("{other}"),
        }
    }
    let mut places: HashMap<LeafHash, u64> = HashMap::new();
    let mut frontier = Frontier::new();
    let mut agreed = 0;
    let mut awaited = of_slots.values().collect::<Vec<_>>();
    awaited.sort_by_key(|checkpoint| checkpoint.size());
    let mut awaited = awaited.into_iter().peekable();
    for index in 0..newest.size().div_ceil(256) {
        let width = (newest.size() - index * 256).min(256) as u16;
        let tile = process.connect().await.tile(TileId::new(0, index, width).expect("small")).await;
        for hash in tile.hashes() {
            while let Some(checkpoint) = awaited.next_if(|checkpoint| checkpoint.size() == frontier.size()) {
                assert_eq!(frontier.root(), *checkpoint.root(), "slot {} is of another tree", checkpoint.slot());
                agreed += 1;
            }
            let leaf = LeafHash(hash.0);
            assert!(held.posted.contains(&leaf), "nobody ever posted what stands at {}", frontier.size());
            assert_eq!(places.insert(leaf, frontier.size()), None, "nothing is there twice");
            frontier.append(leaf);
        }
    }
    agreed += awaited.filter(|last| (last.size(), *last.root()) == (frontier.size(), frontier.root())).count();
    assert_eq!(agreed, of_slots.len(), "every checkpoint of every life is of this tree");
    for (slot, given) in &held.checkpoints {
        assert_eq!(of_slots.get(slot), Some(given), "slot {slot}");
    }
    for receipt in &held.receipts {
        let (_, by_then) = of_slots.range(receipt.slot().0..).next().expect("the newest is late enough");
        for leaf in receipt.leaves() {
            let place = places.get(leaf).unwrap_or_else(|| panic!("receipted for slot {} and lost", receipt.slot()));
            assert!(*place < by_then.size(), "receipted for slot {}, and later in the tree", receipt.slot());
        }
    }
    let check = run(["check", dir.to_str().expect("text")]);
    assert!(check.status.success(), "{check:?}");
    assert!(held.receipts.len() > 100, "only {} receipts: nothing was shown", held.receipts.len());
    println!(
        "{} receipts, {} cells, {} checkpoints given out",
        held.receipts.len(),
        places.len(),
        held.checkpoints.len()
    );
    process.signal("-TERM");
    assert!(process.ended().0);
}
