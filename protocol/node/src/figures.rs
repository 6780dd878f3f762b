//! What the node costs beside its parts and its bounds: goals L4, L5 and L6 of docs/benchmarks.md. Printed on request, never judged.
//!
//! ```text
//! ./x bench node
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use pursuance_core::cell::{CellContent, open_cell, seal_entries};
use pursuance_core::crypto::Seed;
use pursuance_core::day::Day;
use pursuance_core::entry::{Entry, UnverifiedEntry};
use pursuance_core::filter::Filter;
use pursuance_core::id::PursuanceId;
use pursuance_core::keys::DeviceKeys;
use pursuance_core::order::Order;
use pursuance_core::pages::{Dropped, PageQuery};
use pursuance_core::replica::Replica;
use zeroize::Zeroizing;

use crate::api::{Query, Request, View};
use crate::growth::{Pair, cells};
use crate::held::{Held, new_entry};
use crate::storage::CHECKED;
use crate::store::{KeptStanding, Store, connect};
use crate::vault::{self, VaultCost};
use crate::{Clock, Node, NodeConfig, Pace, TorChoice};

const PAGE_ENTRIES: usize = 1_000;
const ROUNDS: usize = 9;
const PASSPHRASE: &str = "a long walk along the harbour";
/// Rounds of what takes long.
const REBUILD_ROUNDS: usize = 3;
const SMALL_ENTRIES: usize = 1_000;

/// Entries of the large history of L5 and L6: `PURSUANCE_GROWTH_ENTRIES` says another number.
fn large_entries() -> usize {
    std::env::var("PURSUANCE_GROWTH_ENTRIES").map_or(100_000, |text| text.parse().expect("a number of entries"))
}

/// L4: a page of 1,000 entries as its cells come from a relay, and each step of that alone, turn by turn.
#[test]
#[ignore = "figures, on request"]
fn figures_of_a_synced_page() {
    let mut pair = Pair::new();
    pair.grow_to(SMALL_ENTRIES);
    let pursuance = pair.held.id;
    let dir = tempfile::tempdir().unwrap();
    let mut bare = Store::open(&dir.path().join("store"), &Zeroizing::new([7; 32])).unwrap();
    let number = bare.write(|w| w.add_pursuance(pursuance, KeptStanding::Member, &[1; 32], "", 1)).unwrap();
    let mut memory = Replica::new(pursuance, DeviceKeys::from_seed([1; 32]));
    for secret in pair.store.epochs(pair.held.number).unwrap() {
        memory.learn_epoch(pursuance_core::keys::EpochSecret::new(*secret));
    }
    for stored in pair.store.entries(pair.held.number).unwrap() {
        memory.append(Entry::from_store(&stored.bytes).unwrap());
    }
    let mut steps: [Vec<f64>; 6] = Default::default();
    for round in 0..ROUNDS {
        let page = pair.other_writes(10_000 * (round + 1), PAGE_ENTRIES);
        let key = pair.held.replica.usable_epoch().unwrap().cell_key();
        let bytes = page.iter().map(|entry| (entry.id(), entry.bytes()));
        let cells = seal_entries(&key, bytes, &mut Seed::new([round as u8; 32]));
        steps[0].push(millis(|| _ = pair.held.ingest(&mut pair.store, &cells, |_| Ok(())).unwrap()));
        let mut opened: Vec<Vec<u8>> = Vec::new();
        steps[1].push(millis(|| {
            for cell in &cells {
                if let Some(CellContent::Entries(entries)) = open_cell(&key, cell) {
                    opened.extend(entries);
                }
            }
        }));
        assert_eq!(opened.len(), PAGE_ENTRIES);
        let mut decoded = Vec::new();
        steps[2].push(millis(|| decoded.extend(opened.iter().map(|bytes| UnverifiedEntry::decode(bytes).unwrap()))));
        let mut verified: Vec<Entry> = Vec::new();
        steps[3].push(millis(|| {
            let all = UnverifiedEntry::verify_all(std::mem::take(&mut decoded), pursuance, &mut Seed::new([9; 32]));
            verified.extend(all.into_iter().map(Result::unwrap));
        }));
        steps[4].push(millis(|| {
            bare.write(|w| verified.iter().try_for_each(|entry| w.add_entry(number, &new_entry(entry, false))))
                .unwrap();
        }));
        steps[5].push(millis(|| verified.drain(..).for_each(|entry| drop(memory.receive(entry)))));
    }
    let [whole, open, decode, verify, insert, derive] = steps.map(|mut times| median(&mut times));
    let sum = open + decode + verify + insert + derive;
    println!("L4: a page of {PAGE_ENTRIES} entries, processor time of the thread, median of {ROUNDS}");
    println!("    whole                     {whole:7.1} ms");
    println!("    open the cells            {open:7.1} ms");
    println!("    decode                    {decode:7.1} ms");
    println!("    verify, all at once       {verify:7.1} ms");
    println!("    SQLCipher, the entries    {insert:7.1} ms");
    println!("    derive, in memory         {derive:7.1} ms");
    println!("    whole / sum of the parts  {:7.2}      (goal: at most 1.5)", whole / sum);
}

/// L5: everything derived from all stored entries again, beside reading their rows, turn by turn.
#[test]
#[ignore = "figures, on request"]
fn figures_of_deriving_again() {
    let mut pair = Pair::new();
    pair.grow_to(large_entries());
    let (mut derived, mut scanned) = (Vec::new(), Vec::new());
    for _ in 0..REBUILD_ROUNDS {
        derived.push(millis(|| pair.derive_again()));
        scanned.push(scan(&pair.dir.path().join("store"), pair.stored));
    }
    let [derived, scanned] = [median(&mut derived), median(&mut scanned)];
    println!("L5: {} entries, processor time of the thread, median of {REBUILD_ROUNDS}", pair.stored);
    println!("    all derived again         {derived:7.0} ms");
    println!("    SQLCipher, their rows     {scanned:7.0} ms");
    println!("    derived / rows            {:7.1}      (goal: at most 3)", derived / scanned);
}

/// Milliseconds for reading the bytes of all entries in the order in which they came.
fn scan(file: &Path, entries: usize) -> f64 {
    let connection = connect(file, &Zeroizing::new([7; 32])).unwrap();
    let mut bytes = 0;
    let mut rows = 0;
    let took = millis(|| {
        let mut all = connection.prepare("SELECT bytes FROM entry ORDER BY arrival").unwrap();
        let mut all = all.query([]).unwrap();
        while let Some(row) = all.next().unwrap() {
            bytes += row.get_ref(0).unwrap().as_blob().unwrap().len();
            rows += 1;
        }
    });
    assert!(rows == entries && bytes > 100 * rows);
    took
}

/// L6: from the passphrase to the first page of the tree, at two sizes, beside opening the database and reading a row.
#[test]
#[ignore = "figures, on request"]
fn figures_of_an_unlock() {
    let dir = tempfile::tempdir().unwrap();
    vault::create(&dir.path().join("real"), PASSPHRASE, VaultCost::DEFAULT, &Zeroizing::new([7; 32])).unwrap();
    let derivation = millis(|| drop(vault::open(&dir.path().join("real"), PASSPHRASE).unwrap()));
    println!(
        "L6: key derivation of a vault, once, on one core: {derivation:.0} ms of processor time; apart from what follows"
    );
    let mut pair = Pair::new();
    let mut firsts = Vec::new();
    for entries in [SMALL_ENTRIES, large_entries()] {
        pair.grow_to(entries);
        // Else the check of all pages, which is due once a day, would run beside.
        let now_seconds = Clock::System.now_seconds();
        pair.store.write(|w| w.set_meta(CHECKED, &now_seconds.to_be_bytes())).unwrap();
        let folder = dir.path().join(entries.to_string());
        fs::create_dir(&folder).unwrap();
        // Nothing writes meanwhile.
        for file in ["store", "store-wal"] {
            fs::copy(pair.dir.path().join(file), folder.join(file)).unwrap();
        }
        vault::create(&folder.join("vault"), PASSPHRASE, VaultCost::TRIAL, &Zeroizing::new([7; 32])).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (mut unlock, mut bare) = (Vec::new(), Vec::new());
        runtime.block_on(unlock_and_look(&folder, pair.held.id));
        for _ in 0..ROUNDS {
            unlock.push(runtime.block_on(unlock_and_look(&folder, pair.held.id)));
            bare.push(open_and_read(&folder.join("store")));
        }
        let [unlock_millis, unlock_used] = halves(&unlock);
        let [bare_millis, bare_used] = halves(&bare);
        firsts.push(unlock_millis);
        println!(
            "    {} entries: first page after {unlock_millis:.2} ms ({unlock_used:.2} of processor time), SQLCipher open and \
             first read {bare_millis:.2} ms ({bare_used:.2}): {:.1} x (goal: at most 5)",
            pair.stored,
            unlock_millis / bare_millis
        );
    }
    println!("    large / small: {:.2} (goal: at most 1.2)", firsts[1] / firsts[0]);
}

/// T1 to T4: tasks that come from elsewhere, one change from there and one from here, and one task with its thread, at several
/// sizes. What TaskChampion needs: tests/peers/champion.
#[test]
#[ignore = "figures, on request"]
fn figures_of_tasks() {
    for tasks in [1_000, 10_000, 100_000].into_iter().filter(|&tasks| tasks <= most_tasks()) {
        let mut pair = Pair::new();
        let began = pair.stored;
        let all = pair.grow_tasks(tasks);
        let page = |held: &Held| {
            let (folded, filter) = (BTreeSet::new(), Filter::parse("", Day::of_seconds(0)));
            let (dropped, all) = (Dropped::Hidden, &held.replica.all_places(&Order::default()));
            let query = PageQuery { first: 0, folded: &folded, filter: &filter, dropped, around: None, all };
            held.replica.tree_page(&query, &|_| true)
        };
        let dir = tempfile::tempdir().unwrap();
        let (mut store, mut held) = pair.newcomer(dir.path(), began);
        let fresh = millis(|| {
            for some in all.chunks(PAGE_ENTRIES) {
                held.ingest(&mut store, some, |_| Ok(())).unwrap();
            }
            assert_eq!(page(&held).total as usize, tasks + 50);
        });
        println!("T: {tasks} tasks, processor time of the thread, median of {ROUNDS}");
        println!("    T1 fresh, all of them     {fresh:9.1} ms, signatures and keys included");
        let [mut remote, mut local, mut opened, mut point] = [const { Vec::new() }; 4];
        let connection = connect(&pair.dir.path().join("store"), &Zeroizing::new([7; 32])).unwrap();
        for round in 0..ROUNDS {
            let theirs = pair.other_writes(1_000_000 + round * 4, 1);
            let sealed = cells(&pair.held, theirs);
            remote.push(millis(|| {
                assert!(pair.held.ingest(&mut pair.store, &sealed, |_| Ok(())).unwrap().news);
                drop(page(&pair.held));
            }));
            local.push(millis(|| pair.changes_here(2_000_000 + round * 4)));
            pair.tell_other();
            let task = pair.talked_about(round);
            // The tree that it is opened from was shown before.
            let all = pair.held.replica.all_places(&Order::default());
            opened.push(millis(|| {
                let thread = pair.store.thread(pair.held.number, task).unwrap();
                assert!(pair.held.replica.task_with_thread(task, &all, &thread, &|_| true).is_some());
            }));
            point.push(millis(|| {
                let read = "SELECT bytes FROM entry WHERE arrival = ?1";
                let bytes: Vec<u8> =
                    connection.query_row(read, [(began + round * 97) as i64], |row| row.get(0)).unwrap();
                assert!(!bytes.is_empty());
            }));
        }
        let [remote, local, opened, point] = [&mut remote, &mut local, &mut opened, &mut point].map(|all| median(all));
        println!("    T2 one remote change      {remote:9.2} ms, the first page drawn included");
        println!("    T3 one local change       {local:9.2} ms, with its cells");
        println!(
            "    T4 a task and its thread  {opened:9.3} ms; one row of SQLCipher {point:.3} ms: {:.1} x (goal: at most 10)",
            opened / point
        );
    }
}

/// Tasks of the largest list: `PURSUANCE_TASKS` says another number.
fn most_tasks() -> usize {
    std::env::var("PURSUANCE_TASKS").map_or(10_000, |text| text.parse().expect("a number of tasks"))
}

/// Milliseconds that passed, and that processors worked for it.
async fn unlock_and_look(folder: &Path, pursuance: PursuanceId) -> [f64; 2] {
    let config =
        NodeConfig { data_dir: folder.into(), loopback: Vec::new(), tor: TorChoice::Off, clock: Clock::System };
    let node = Node::start_with(config, Pace::hurried()).unwrap();
    let (before, began) = (all_threads_millis(), Instant::now());
    node.request(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    let View::Tree(tree) = node.view(Query::tree(pursuance)).await.unwrap() else { panic!("a tree") };
    let took = [began.elapsed().as_secs_f64() * 1e3, all_threads_millis() - before];
    assert!(!tree.rows.is_empty());
    node.stop().await;
    took
}

fn open_and_read(file: &Path) -> [f64; 2] {
    let (before, began) = (all_threads_millis(), Instant::now());
    let connection = connect(file, &Zeroizing::new([7; 32])).unwrap();
    let bytes: Vec<u8> =
        connection.query_row("SELECT bytes FROM entry ORDER BY arrival LIMIT 1", [], |row| row.get(0)).unwrap();
    let took = [began.elapsed().as_secs_f64() * 1e3, all_threads_millis() - before];
    assert!(!bytes.is_empty());
    took
}

/// The medians of what passed and of what was used.
fn halves(taken: &[[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|half| median(&mut taken.iter().map(|took| took[half]).collect::<Vec<_>>()))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Milliseconds of processor time that this thread takes.
fn millis(work: impl FnOnce()) -> f64 {
    let used = || {
        wait();
        nanos(Path::new("/proc/thread-self")) / 1e6
    };
    let before = used();
    work();
    used() - before
}

/// Processor time of all threads that there are.
fn all_threads_millis() -> f64 {
    wait();
    let threads = fs::read_dir("/proc/self/task").unwrap();
    threads.map(|thread| nanos(&thread.unwrap().path())).sum::<f64>() / 1e6
}

/// The system counts up the time of a thread when it waits.
fn wait() {
    thread::sleep(Duration::from_micros(1));
}

/// Of a thread, up to when it last waited.
fn nanos(folder: &Path) -> f64 {
    let text = fs::read_to_string(folder.join("schedstat")).unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}
