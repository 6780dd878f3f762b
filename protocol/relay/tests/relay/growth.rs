//! A large log costs what a small one costs: to open, to read at its end, to keep in memory.
//!
//! Counted are bytes that the process reads, processor time and resident memory; no time that passes.

use std::path::Path;

use pursuance_wire::Cell;
use pursuance_wire::log::tree::complete_root;
use pursuance_wire::log::{Checkpoint, Frontier, LogSigner, NodeHash, RelayHistory, SlotNumber};
use rusqlite::{Connection, params};

use crate::program::{Process, command};
use crate::rig::{cell, number};

const SMALL_CELLS: u64 = 10_000;
/// In the ordinary run; `PURSUANCE_RELAY_CELLS` says more.
const LARGE_CELLS: u64 = 100_000;
const MAX_RESIDENT_BYTES: u64 = 64 << 20;
/// What opening may read, whatever the size: pages on the way down the trees of the database.
const MAX_OPENING_BYTES: u64 = 4 << 20;
const FETCHES: u64 = 400;
const SCHEMA: &str = include_str!("../fixtures/format-1.sql");

/// Writes the database of a relay with this many cells, all in one checkpoint.
fn write_log(dir: &Path, cells: u64) {
    let mut db = Connection::open(dir.join("relay.sqlite")).expect("opens");
    db.execute_batch(
        "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536",
    )
    .expect("set");
    let tx = db.transaction().expect("begins");
    for statement in SCHEMA.split_inclusive(";\n").filter(|part| part.starts_with("CREATE ")) {
        tx.execute_batch(statement).expect("the schema of the dump");
    }
    let signer = LogSigner::from_seed(&[2; 32]);
    tx.execute("INSERT INTO relay VALUES (1, ?1, ?2, 1)", params![[1u8; 32], [2u8; 32]]).expect("written");
    let mut levels: Vec<Vec<NodeHash>> = vec![Vec::new()];
    let mut counts = vec![0i64];
    let mut frontier = Frontier::new();
    {
        let mut insert_cell = tx.prepare("INSERT INTO cells VALUES (?1, ?2, ?3)").expect("a statement");
        let mut insert_hash = tx.prepare("INSERT INTO hashes VALUES (?1, ?2, ?3)").expect("a statement");
        for n in 0..cells {
            let cell: Cell = cell(n);
            let leaf = cell.leaf_hash();
            insert_cell.execute(params![n as i64, leaf.as_bytes(), cell.as_bytes().as_slice()]).expect("written");
            frontier.append(leaf);
            let (mut level, mut hash) = (0, NodeHash::from(leaf));
            loop {
                insert_hash.execute(params![level as i64, counts[level], hash.as_bytes()]).expect("written");
                counts[level] += 1;
                levels[level].push(hash);
                if levels[level].len() < 256 {
                    break;
                }
                hash = complete_root(&levels[level]).expect("a power of two");
                levels[level].clear();
                level += 1;
                if level == levels.len() {
                    levels.push(Vec::new());
                    counts.push(0);
                }
            }
        }
    }
    let checkpoint = Checkpoint::sign(&signer, SlotNumber(1_700_000_000), cells, frontier.root());
    tx.execute(
        "INSERT INTO checkpoints VALUES (?1, ?2, ?3)",
        params![1_700_000_000i64, cells as i64, checkpoint.note().as_bytes()],
    )
    .expect("written");
    tx.pragma_update(None, "user_version", 1).expect("set");
    tx.commit().expect("written");
}

/// Bytes that the process has read from files and sockets so far.
fn read_bytes(process: &Process) -> u64 {
    field(&format!("/proc/{}/io", process.child.id()), "rchar:")
}

fn resident_bytes(process: &Process) -> u64 {
    field(&format!("/proc/{}/status", process.child.id()), "VmHWM:") << 10
}

fn field(file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).expect("proc(5)");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("proc(5)");
    line.split_whitespace().next().expect("a number").parse().expect("a number")
}

/// Processor time of all threads of the process, which all wait now.
fn used_micros(process: &Process) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{}/task", process.child.id())).expect("proc(5)");
    let used_nanos = |thread: std::io::Result<std::fs::DirEntry>| {
        let text =
            std::fs::read_to_string(thread.expect("proc(5)").path().join("schedstat")).expect("it has not ended");
        text.split(' ').next().expect("three numbers").parse::<u64>().expect("a number")
    };
    threads.map(used_nanos).sum::<u64>() / 1_000
}

struct Cost {
    opening_bytes: u64,
    visit_bytes: u64,
    fetch_bytes: u64,
    fetch_micros: u64,
    resident_bytes: u64,
}

async fn cost(cells: u64) -> Cost {
    let dir = tempfile::tempdir().expect("a temporary directory");
    write_log(dir.path(), cells);
    // A slot of five minutes would be better, but what a slot's end costs is the same in both.
    let process = Process::of(command(dir.path()).args(["--listen", "127.0.0.1:0", "--retention-days", "3650"]));
    let opening_bytes = read_bytes(&process);
    let mut client = process.connect().await;
    let mut history = RelayHistory::new(process.address.log_key());
    let before = read_bytes(&process);
    let (checkpoint, _, last) = client.visit(&mut history, cells / 256 * 256).await;
    assert_eq!((checkpoint.size(), last.len() as u64), (cells, cells % 256));
    let visit_bytes = read_bytes(&process) - before;
    let (before, began) = (read_bytes(&process), used_micros(&process));
    let block = cells / 16 - 1;
    for _ in 0..FETCHES {
        assert_eq!(client.get(&format!("/blocks/{block}/1")).await.status, 200);
    }
    let (fetch_bytes, fetch_micros) = (read_bytes(&process) - before, used_micros(&process) - began);
    // From all over the log, and a few new cells.
    for n in 0..FETCHES {
        let answer = client.get(&format!("/blocks/{}/1", n * 7_919 % (cells / 16))).await;
        assert_eq!(answer.status, 200);
    }
    for n in 0..100 {
        client.post_cells(&[cell(cells + n)], &process.address).await;
    }
    let cost = Cost { opening_bytes, visit_bytes, fetch_bytes, fetch_micros, resident_bytes: resident_bytes(&process) };
    process.signal("-TERM");
    assert!(process.ended().0);
    cost
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_log_costs_what_a_small_one_costs() {
    // Both end in the middle of a tile.
    let large_cells = number("PURSUANCE_RELAY_CELLS").unwrap_or(LARGE_CELLS) / 256 * 256 + 16;
    let small = cost(SMALL_CELLS / 256 * 256 + 16).await;
    let large = cost(large_cells).await;
    for (cells, cost) in [(SMALL_CELLS, &small), (large_cells, &large)] {
        println!(
            "{cells} cells: opening reads {} KiB, a visit of the last {} KiB, {FETCHES} fetches {} KiB and {} us; {} KiB resident",
            cost.opening_bytes >> 10,
            cost.visit_bytes >> 10,
            cost.fetch_bytes >> 10,
            cost.fetch_micros,
            cost.resident_bytes >> 10
        );
        assert!(cost.opening_bytes < MAX_OPENING_BYTES);
        assert!(cost.resident_bytes < MAX_RESIDENT_BYTES);
    }
    // A level more of a tree in the database is a page more on the way down; what grows with the log would be many.
    assert!(large.visit_bytes < 2 * small.visit_bytes + (1 << 20));
    assert!(large.fetch_bytes < 2 * small.fetch_bytes + (1 << 20));
    assert!(large.fetch_micros <= 2 * small.fetch_micros + 100_000, "processor time grows with the log");
}
