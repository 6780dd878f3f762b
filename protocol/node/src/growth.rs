//! What a long history costs: opening, writing and reading on, and memory, at two sizes. What is allocated, what the database
//! does and what is read from the disk is counted, so that the result is the same on every machine.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use allocation_counter::{AllocationInfo, measure};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::Entry;
use pursuance_core::founding::{Founding, found};
use pursuance_core::id::{EntryId, TaskId};
use pursuance_core::keys::DeviceKeys;
use pursuance_core::logs::Standing;
use pursuance_core::plan::{Circumstances, ImportTask};
use pursuance_core::replica::Replica;
use pursuance_core::task::Status;
use pursuance_wire::Cell;
use zeroize::Zeroizing;

use crate::chance::random;
use crate::held::{Held, Ingested};
use crate::store::{KeptStanding, Number, SCHEMA_VERSION, Store, StoreError};

const SMALL_ENTRIES: usize = 1_000;
const TASKS: usize = 50;
/// Tasks of a large list.
const LIST_TASKS: usize = 3_127;
const BATCH: usize = 250;
const NOW_SECONDS: u64 = 1_790_000_000;
/// What a process with a large history may hold more than before it opened it.
const MAX_RESIDENT_KIB: u64 = 32 << 10;
/// What may be read more after a long history: the ways to the rows of a larger table are a page or two longer.
const LONGER_WAYS_BYTES: u64 = 128 << 10;
/// The folder that a process of its own opens, and the cells that it reads there.
const DIR: &str = "PURSUANCE_GROWTH_DIR";
const CELLS: &str = "cells";

/// Entries that are held at once.
const MOST_RESTOOD: usize = 10_000;

/// Memory for holding any number of entries at once.
const MAX_RESTAND_BYTES: u64 = 8 << 20;

/// Entries of the large history: `PURSUANCE_GROWTH_ENTRIES` for the long run.
fn large_entries() -> usize {
    std::env::var("PURSUANCE_GROWTH_ENTRIES").map_or(5_000, |text| text.parse().expect("a number of entries"))
}

fn open(dir: &Path) -> Store {
    Store::open(&dir.join("store"), &Zeroizing::new([7; 32])).unwrap()
}

/// What something took.
#[derive(Debug)]
struct Cost {
    allocations: u64,
    allocated_bytes: u64,
    /// Held at once, above what was held before.
    peak_bytes: u64,
    /// Of the database's own machine.
    steps: u64,
    /// From files, by this thread.
    read_bytes: u64,
}

impl Cost {
    fn of(steps: &AtomicU64, run: impl FnOnce()) -> Self {
        let (steps_before, read_before) = (steps.load(Ordering::Relaxed), read_bytes());
        let took = measure(run);
        Self {
            allocations: took.count_total,
            allocated_bytes: took.bytes_total,
            peak_bytes: took.bytes_max,
            steps: steps.load(Ordering::Relaxed) - steps_before,
            read_bytes: read_bytes() - read_before,
        }
    }

    /// Each with what it may be more after a long history, besides half as much again.
    const fn figures(&self) -> [(&'static str, u64, u64); 5] {
        [
            ("allocations", self.allocations, 0),
            ("bytes allocated", self.allocated_bytes, 0),
            ("bytes at once", self.peak_bytes, 0),
            ("steps of the database", self.steps, 0),
            ("bytes read", self.read_bytes, LONGER_WAYS_BYTES),
        ]
    }
}

fn read_bytes() -> u64 {
    field("/proc/thread-self/io", "rchar:")
}

/// A number in one of the files by which the kernel tells of a process.
fn field(file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// A founder's store, and a second device of theirs. It numbers chains as the founder's does, so both share what is put down.
pub(crate) struct Pair {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) held: Held,
    other: Replica,
    tasks: Vec<TaskId>,
    relay: Number,
    said: u64,
    newest: Vec<Entry>,
    pub(crate) stored: usize,
}

impl Pair {
    /// Two devices, some tasks.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let device = DeviceKeys::from_seed([1; 32]);
        let founding = Founding {
            name: "Harbour watch".into(),
            mission: String::new(),
            my_name: "Maya".into(),
            relays: vec![crate::transport::tests::relay()],
        };
        let founded = found(&founding, &device, NOW_SECONDS, &mut Seed::new([2; 32])).unwrap();
        let stored = founded.entries.len();
        let (held, relay) = store
            .write(|w| {
                let number = w.add_pursuance(founded.pursuance, KeptStanding::Member, &[1; 32], "", NOW_SECONDS)?;
                let mut held = Held::new(number, founded.pursuance, KeptStanding::Member, &[1; 32], None, NOW_SECONDS);
                w.add_epoch(number, founded.epoch.as_bytes())?;
                held.found(w, founded.entries.clone())?;
                Ok((held, w.relay(&crate::transport::tests::relay())?))
            })
            .unwrap();
        let mut other = Replica::new(founded.pursuance, DeviceKeys::from_seed([3; 32]));
        other.learn_epoch(founded.epoch);
        for entry in founded.entries {
            other.receive(entry);
        }
        let mut pair = Self { dir, store, held, other, tasks: Vec::new(), relay, said: 0, newest: Vec::new(), stored };
        let added = pair.held.replica.add_device(pair.other.device(), NOW_SECONDS).unwrap();
        pair.commit(vec![added]);
        for task in 0..TASKS {
            let create = Command::create_task(&format!("Task {task}"));
            let authored = pair.plan_here(&create);
            pair.tasks.extend(authored.1);
            pair.commit(authored.0);
        }
        pair
    }

    fn plan_here(&mut self, command: &Command) -> (Vec<Entry>, Option<TaskId>) {
        self.said += 1;
        plan(&self.held.replica, command, self.said)
    }

    /// An own change, saved; the other device hears of it before the shelf has it.
    fn commit(&mut self, entries: Vec<Entry>) {
        let Self { store, held, other, .. } = self;
        store
            .write(|w| {
                let shelf = w.shelf(held.number);
                entries.iter().for_each(|entry| drop(other.receive_from(entry.clone(), &shelf)));
                shelf.check()
            })
            .unwrap();
        self.held.commit(&mut self.store, &entries, |_, _| Ok(())).unwrap();
        self.stored += entries.len();
    }

    /// Ten entries of the other device about a task that nobody else cares for.
    fn quiet(&mut self) -> Vec<EntryId> {
        self.said += 1;
        let (entries, task) = plan(&self.other, &Command::create_task("Quiet"), self.said);
        let mut written = entries;
        self.other.append(written[0].clone());
        for n in 0..9 {
            self.said += 1;
            let (task, text) = (task.unwrap(), format!("Nothing new on watch {n}"));
            let entries = plan(&self.other, &Command::Comment { task, text }, self.said).0;
            self.other.append(entries[0].clone());
            written.extend(entries);
        }
        let ids = written.iter().map(Entry::id).collect();
        self.read(written);
        ids
    }

    /// Somebody says something about a task, or changes it.
    fn wish(&self, n: usize) -> Command {
        let task = self.tasks[n * 7 % self.tasks.len()];
        match n % 4 {
            0 => Command::SetTitle { task, title: format!("Task as of {n}") },
            1 if n % 8 == 1 => Command::SetStatus { task, status: Status::Doing },
            1 => Command::SetStatus { task, status: Status::Open },
            _ => Command::Comment {
                task,
                text: format!("What was seen on watch {n}, in a line or two as people write them"),
            },
        }
    }

    /// Entries of the other device, as they come from a relay.
    pub(crate) fn other_writes(&mut self, from: usize, count: usize) -> Vec<Entry> {
        let wishes: Vec<Command> = (from..from + count).map(|n| self.wish(n)).collect();
        self.other_does(&wishes)
    }

    /// The same for these commands, each by itself.
    pub(crate) fn other_does(&mut self, wishes: &[Command]) -> Vec<Entry> {
        let Self { store, held, other, said, .. } = self;
        let mut written = Vec::new();
        store
            .write(|w| {
                let shelf = w.shelf(held.number);
                for wish in wishes {
                    *said += 1;
                    for entry in plan(other, wish, *said).0 {
                        other.append_from(entry.clone(), &shelf);
                        written.push(entry);
                    }
                }
                shelf.check()
            })
            .unwrap();
        written
    }

    /// So many tasks more, one entry each, made by the other device and read here; their cells.
    pub(crate) fn grow_tasks(&mut self, tasks: usize) -> Vec<Cell> {
        let mut all = Vec::new();
        for from in (0..tasks).step_by(BATCH) {
            let wishes = (from..tasks.min(from + BATCH)).map(|n| Command::create_task(&format!("Task {n}")));
            let written = self.other_does(&wishes.collect::<Vec<_>>());
            let sealed = cells(&self.held, written);
            self.stored += BATCH.min(tasks - from);
            self.held.ingest(&mut self.store, &sealed, |_| Ok(())).unwrap();
            all.extend(sealed);
            drop(self.other.take_changes());
            self.other.put_down();
        }
        all
    }

    /// A store of somebody who has read only what was stored first.
    pub(crate) fn newcomer(&self, dir: &Path, first: usize) -> (Store, Held) {
        let mut store = open(dir);
        let number =
            store.write(|w| w.add_pursuance(self.held.id, KeptStanding::Member, &[9; 32], "", NOW_SECONDS)).unwrap();
        for secret in self.store.epochs(self.held.number).unwrap() {
            store.write(|w| w.add_epoch(number, &secret)).unwrap();
        }
        let kept = &store.pursuances().unwrap()[0];
        let mut held = Held::load(&mut store, kept).unwrap();
        let began = self.store.entries(self.held.number).unwrap().into_iter().take(first);
        let began = began.map(|stored| Entry::from_store(&stored.bytes).unwrap()).collect();
        // Sealed by who was there: the newcomer has derived nothing yet.
        held.ingest(&mut store, &cells(&self.held, began), |_| Ok(())).unwrap();
        (store, held)
    }

    /// One own change, saved, with its cells.
    pub(crate) fn changes_here(&mut self, n: usize) {
        let wish = self.wish(n);
        let entries = self.plan_here(&wish).0;
        self.held.commit(&mut self.store, &entries, |_, _| Ok(())).unwrap();
        assert!(self.held.seal(&mut self.store, &[self.relay]).unwrap());
        self.stored += entries.len();
        self.newest = entries;
    }

    /// The other device hears of the newest own change.
    pub(crate) fn tell_other(&mut self) {
        self.newest.drain(..).for_each(|entry| drop(self.other.receive(entry)));
    }

    /// A task that has a thread.
    pub(crate) fn talked_about(&self, n: usize) -> TaskId {
        self.tasks[n % self.tasks.len()]
    }

    /// Reads whatever bytes as if cells with them had come.
    pub(crate) fn read_sealed(&mut self, entries: &[(EntryId, Vec<u8>)]) {
        let key = self.held.replica.usable_epoch().unwrap().cell_key();
        let bytes = entries.iter().map(|(id, bytes)| (*id, bytes.as_slice()));
        let cells = pursuance_core::cell::seal_entries(&key, bytes, &mut Seed::new([6; 32]));
        self.held.ingest(&mut self.store, &cells, |_| Ok(())).unwrap();
    }

    /// Both write until this many entries are stored; every own one reaches a relay.
    pub(crate) fn grow_to(&mut self, entries: usize) {
        while self.stored < entries {
            let theirs = self.other_writes(self.stored, BATCH.min(entries - self.stored));
            self.read(theirs);
            let own = self.wish(self.stored);
            let own = self.plan_here(&own).0;
            self.commit(own);
            self.hand_over();
            drop(self.other.take_changes());
            self.other.put_down();
        }
        assert_eq!(self.store.entry_count(self.held.number).unwrap() as usize, self.stored);
        let own = self.other.device().author();
        assert_eq!(self.other.logs().tip(own), self.held.replica.logs().tip(own));
    }

    fn read(&mut self, entries: Vec<Entry>) {
        self.stored += entries.len();
        self.held.take_in(&mut self.store, entries).unwrap();
    }

    fn hand_over(&mut self) {
        self.held.seal(&mut self.store, &[self.relay]).unwrap();
        let waiting = self.store.waiting_cells(self.relay, 0, usize::MAX).unwrap();
        self.store
            .write(|w| {
                waiting
                    .iter()
                    .try_for_each(|cell| w.set_handed(cell.number, &cell.cell.leaf_hash(), self.relay, b"r", 1))
            })
            .unwrap();
        self.held.refresh_posted(&self.store).unwrap();
    }

    /// What is held is loaded again.
    fn reload(&mut self) {
        let kept = &self.store.pursuances().unwrap()[0];
        self.held = Held::load(&mut self.store, kept).unwrap();
    }

    /// Entries stand otherwise, from one moment to the next; what that took.
    fn restand(&mut self, flips: &[(EntryId, Standing)]) -> AllocationInfo {
        measure(|| self.held.restand(&mut self.store, flips).unwrap())
    }

    /// All role entries, of both devices.
    fn role_entries(&self) -> Vec<EntryId> {
        self.store.role_entries().unwrap()
    }

    /// Forgets what was derived and opens again.
    pub(crate) fn derive_again(&mut self) {
        let number = self.held.number;
        self.store
            .write(|w| {
                w.forget_derived(number)?;
                w.run("UPDATE pursuance SET derived = 0 WHERE number = ?1", [number])
            })
            .unwrap();
        self.reload();
    }

    /// Closes, and measures opening, one own change with its cells, and ten new entries of another device.
    fn costs(mut self) -> (Self, [(&'static str, Cost); 3]) {
        let steps = Arc::new(AtomicU64::new(0));
        drop(self.store);
        let mut again = None;
        let opening = Cost::of(&steps, || {
            let mut store = open(self.dir.path());
            store.count_steps(steps.clone()).unwrap();
            let kept = &store.pursuances().unwrap()[0];
            let held = Held::load(&mut store, kept).unwrap();
            again = Some((store, held));
        });
        (self.store, self.held) = again.unwrap();
        let wish = self.wish(self.said as usize * 4 + 2);
        let mut written = Vec::new();
        let change = Cost::of(&steps, || {
            written = plan(&self.held.replica, &wish, self.said + 1).0;
            self.held.commit(&mut self.store, &written, |_, _| Ok(())).unwrap();
            assert!(self.held.seal(&mut self.store, &[self.relay]).unwrap());
        });
        self.said += 1;
        self.stored += written.len();
        written.into_iter().for_each(|entry| drop(self.other.receive(entry)));
        let ten = self.other_writes(self.said as usize, 10);
        assert_eq!(ten.len(), 10);
        let cells = cells(&self.held, ten);
        self.stored += 10;
        let reading = Cost::of(&steps, || {
            assert!(self.held.ingest(&mut self.store, &cells, |_| Ok(())).unwrap().news);
        });
        drop(self.store);
        self.store = open(self.dir.path());
        (self, [("opening", opening), ("one change", change), ("ten new entries", reading)])
    }

    fn import_tasks(&mut self) {
        let rows =
            (0..LIST_TASKS).map(|n| ImportTask { title: format!("Item {n} of the list"), ..ImportTask::default() });
        let rows: Vec<ImportTask> = rows.collect();
        let mut with = Circumstances { now_seconds: NOW_SECONDS, seed: &mut Seed::new([4; 32]), since: Vec::new() };
        let entries = self.held.replica.import(&rows, &mut with).unwrap().entries;
        self.commit(entries);
    }

    /// What a process holds more than before, that opens this, writes one change and reads ten new entries: with what was derived
    /// as it is, and when it has to be derived again.
    fn resident_kib(mut self) -> [u64; 2] {
        let ten = self.other_writes(self.said as usize, 10);
        let cells = cells(&self.held, ten);
        let bytes: Vec<u8> = cells.iter().flat_map(|cell| *cell.as_bytes()).collect();
        std::fs::write(self.dir.path().join(CELLS), bytes).unwrap();
        drop(self.store);
        let as_it_is = opened_by_a_process(self.dir.path());
        let mut store = open(self.dir.path());
        assert_eq!(store.entry_count(self.held.number).unwrap() as usize, self.stored + 11);
        store.write(|w| w.run("UPDATE pursuance SET derived = 0 WHERE number = ?1", [self.held.number])).unwrap();
        drop(store);
        [as_it_is, opened_by_a_process(self.dir.path())]
    }
}

fn opened_by_a_process(dir: &Path) -> u64 {
    let told = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "growth::opened_alone", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .output()
        .unwrap();
    let said = String::from_utf8(told.stdout).unwrap();
    assert!(told.status.success(), "{said}{}", String::from_utf8_lossy(&told.stderr));
    said.lines().find_map(|line| line.split_once("resident KiB: ")).unwrap().1.parse().unwrap()
}

fn plan(replica: &Replica, command: &Command, n: u64) -> (Vec<Entry>, Option<TaskId>) {
    let mut bytes = [9; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    bytes[8..16].copy_from_slice(&replica.device().author().0[..8]);
    let mut seed = Seed::new(bytes);
    let mut with = Circumstances { now_seconds: NOW_SECONDS + n, seed: &mut seed, since: Vec::new() };
    match replica.command(command, &mut with) {
        Ok(authored) => (authored.entries, authored.task),
        // Another title or status than the one it has: said instead.
        Err(_) => {
            let (Command::SetStatus { task, .. } | Command::SetTitle { task, .. }) = command else {
                panic!("a comment")
            };
            let text = "The same again".into();
            (replica.command(&Command::Comment { task: *task, text }, &mut with).unwrap().entries, None)
        }
    }
}

#[test]
fn a_long_history_costs_what_a_short_one_does() {
    let large_entries = large_entries();
    let mut pair = Pair::new();
    let mut costs = Vec::new();
    let mut restood = Vec::new();
    let quiet = pair.quiet();
    for entries in [SMALL_ENTRIES, large_entries] {
        pair.grow_to(entries);
        restood.push([Standing::Held, Standing::Counts].map(|standing| {
            let flips: Vec<_> = quiet.iter().map(|id| (*id, standing)).collect();
            pair.restand(&flips).bytes_total
        }));
        let (again, taken) = pair.costs();
        taken.iter().for_each(|(what, cost)| println!("{entries} entries, {what}: {cost:?}"));
        costs.push(taken);
        pair = again;
    }
    for ((what, small), (_, large)) in costs[0].iter().zip(&costs[1]) {
        for ((figure, small, more), (_, large, _)) in small.figures().into_iter().zip(large.figures()) {
            assert!(large <= small * 3 / 2 + more, "{what}: {large} {figure} where it was {small}");
        }
    }
    assert!(restood[1].iter().zip(restood[0]).all(|(large, small)| *large <= small * 3 / 2), "ten held: {restood:?}");
    // Nearly everything is held at once, and counts again: so much and no more is in memory for it.
    let mut all: Vec<EntryId> = pair.role_entries();
    all.truncate(MOST_RESTOOD);
    for standing in [Standing::Held, Standing::Counts] {
        let flips: Vec<_> = all.iter().map(|id| (*id, standing)).collect();
        let began = std::time::Instant::now();
        let took = pair.restand(&flips);
        println!("{} entries {standing:?} at once: {} B at most, {:?}", flips.len(), took.bytes_max, began.elapsed());
        assert!(took.bytes_max < MAX_RESTAND_BYTES, "{} bytes at once", took.bytes_max);
    }
    // With as many tasks as a large list has, which stay in memory whatever the history.
    pair.import_tasks();
    let (entries, kib) = (pair.stored, pair.resident_kib());
    println!("{entries} entries and {LIST_TASKS} tasks, opened, and derived again: {kib:?} KiB above an empty process");
    assert!(kib.iter().all(|kib| *kib < MAX_RESIDENT_KIB), "{kib:?} KiB");
}

#[test]
#[ignore = "a process of its own, started by the test above"]
fn opened_alone() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let now = |what| field("/proc/self/status", what);
    let (before, code) = (now("VmRSS:"), now("RssFile:"));
    let mut store = open(Path::new(&dir));
    let kept = &store.pursuances().unwrap()[0];
    let mut held = Held::load(&mut store, kept).unwrap();
    let cells = Cell::split(&std::fs::read(Path::new(&dir).join(CELLS)).unwrap(), usize::MAX).unwrap();
    held.ingest(&mut store, &cells, |_| Ok(())).unwrap();
    let task = held.replica.tasks().iter().next().unwrap().0;
    let said = Command::Comment { task, text: "One more".into() };
    held.commit(&mut store, &plan(&held.replica, &said, u64::MAX / 2).0, |_, _| Ok(())).unwrap();
    // The program's own code comes into memory as it runs, more of it in a build for tests; it is no part of what is held.
    println!("resident KiB: {}", now("VmHWM:") - before - (now("RssFile:") - code));
}

#[test]
fn what_is_kept_is_what_would_be_derived_again() {
    let mut pair = Pair::new();
    pair.grow_to(SMALL_ENTRIES);
    // Two that come in the wrong order, the first of which never comes, and an item that waits for it.
    let lost = pair.other_writes(5_000, 2);
    pair.read(lost[1..].to_vec());
    pair.reload();
    let kept = rows(&pair.store);
    pair.store.write(|w| w.forget_derived(pair.held.number)).unwrap();
    assert_ne!(rows(&pair.store), kept);
    let number = pair.held.number;
    pair.store.write(|w| w.run("UPDATE pursuance SET derived = 0 WHERE number = ?1", [number])).unwrap();
    pair.reload();
    assert_eq!(rows(&pair.store), kept);
    // And the one that was missing finds both waiting.
    pair.read(lost[..1].to_vec());
    assert!(pair.held.replica.logs().announced().is_empty());
    assert_eq!(pair.store.waiting_entries(number).unwrap().len(), 0);
    drop(pair.dir);
}

/// What is kept of a task is a cache: where it cannot be read, everything is derived again, and the vault opens.
#[test]
fn a_task_that_cannot_be_read_is_derived_again() {
    let mut pair = Pair::new();
    pair.grow_to(2 * BATCH);
    pair.reload();
    let (kept, number) = (rows(&pair.store), pair.held.number);
    let spoil = "UPDATE task SET bytes = x'ff' WHERE rowid = (SELECT MAX(rowid) FROM task WHERE pursuance = ?1)";
    pair.store.write(|w| w.run(spoil, [number])).unwrap();
    assert_ne!(rows(&pair.store), kept);
    pair.reload();
    assert_eq!(rows(&pair.store), kept);
    drop(pair.dir);
}

#[test]
fn a_shelf_that_fails_keeps_nothing() {
    let mut pair = Pair::new();
    pair.grow_to(2 * BATCH);
    pair.reload();
    let before = rows(&pair.store);
    let theirs = pair.other_writes(9_000, 1);
    // The entries that are to be named are gone from the disk behind the replica's back.
    let number = pair.held.number;
    pair.store
        .write(|w| w.run("UPDATE entry SET clock = x'ff' WHERE pursuance = ?1 AND public = 0", [number]))
        .unwrap();
    let behind = rows(&pair.store);
    assert!(matches!(pair.held.take_in(&mut pair.store, theirs), Err(StoreError::Damaged)));
    assert_ne!(behind, before);
    assert_eq!(rows(&pair.store), behind, "nothing of the transaction is there");
}

#[test]
fn a_store_of_an_older_schema_is_derived_when_it_is_opened() {
    let mut pair = Pair::new();
    pair.grow_to(2 * BATCH);
    let own = pair.wish(2);
    let own = pair.plan_here(&own).0;
    pair.commit(own);
    let (kept, unhanded) = (rows(&pair.store), pair.held.kept_entries());
    assert_eq!(unhanded, 1);
    let key = Zeroizing::new([7; 32]);
    for schema in 1..SCHEMA_VERSION {
        let old = pair.dir.path().join(format!("old-{schema}"));
        pair.store.write_as_schema(schema, &old, &key).unwrap();
        let mut store = Store::open(&old, &key).unwrap();
        assert!(!store.is_derived(pair.held.number).unwrap());
        let held = Held::load(&mut store, &pair.store.pursuances().unwrap()[0]).unwrap();
        assert_eq!((rows(&store), held.kept_entries()), (kept.clone(), unhanded));
        assert!(store.is_derived(pair.held.number).unwrap());
    }
}

#[test]
fn what_is_held_and_counts_again_is_kept_as_it_would_be_derived() {
    const ROUNDS: usize = 12;
    let drawn: [u8; 32] = random();
    println!("seed {drawn:?}");
    let mut seed = Seed::new(drawn);
    let mut pair = Pair::new();
    pair.grow_to(2 * BATCH);
    let mut held: BTreeSet<EntryId> = BTreeSet::new();
    for round in 0..ROUNDS {
        // One in eight, whatever it is about.
        let chosen = pair.role_entries().into_iter().filter(|_| seed.draw::<1>()[0] < 32);
        let flips = chosen.map(|id| (id, if held.remove(&id) { Standing::Counts } else { Standing::Held }));
        let flips: Vec<_> = flips.collect();
        held.extend(flips.iter().filter(|(_, standing)| *standing == Standing::Held).map(|(id, _)| *id));
        pair.restand(&flips);
        // What leans on a task that is not there waits, and is there when it is.
        let theirs = pair.other_writes(10_000 + round * 10, 10);
        pair.read(theirs);
        if round % 4 == 3 {
            pair.reload();
        }
    }
    let kept = rows(&pair.store);
    let waiting = "SELECT 1 FROM item WHERE state = 2";
    assert!(!held.is_empty() && !pair.store.dump(waiting).unwrap().is_empty(), "creations are among what is held");
    pair.derive_again();
    assert_ne!(rows(&pair.store), kept);
    let held: Vec<_> = held.into_iter().map(|id| (id, Standing::Held)).collect();
    pair.restand(&held);
    assert!(rows(&pair.store) == kept, "what was kept is not what would be derived");
    // And all of it counts again.
    pair.derive_again();
    let all = rows(&pair.store);
    pair.restand(&held);
    pair.restand(&held.iter().map(|(id, _)| (*id, Standing::Counts)).collect::<Vec<_>>());
    assert!(rows(&pair.store) == all, "something was lost");
}

/// Entries as they travel.
pub(crate) fn cells(held: &Held, entries: Vec<Entry>) -> Vec<Cell> {
    let key = held.replica.usable_epoch().unwrap().cell_key();
    let bytes = entries.iter().map(|entry| (entry.id(), entry.bytes()));
    pursuance_core::cell::seal_entries(&key, bytes, &mut Seed::new([5; 32]))
}

/// Everything that was derived, as text.
fn rows(store: &Store) -> Vec<String> {
    ["chain", "task", "comment", "item", "touch"]
        .into_iter()
        .map(|table| format!("SELECT * FROM {table} ORDER BY 1, 2, 3"))
        .chain(["SELECT id, chain, depth, clock, whole_clock, public, standing, unnamed FROM entry ORDER BY id".into()])
        .flat_map(|sql| store.dump(&sql).unwrap())
        .collect()
}

impl Held {
    /// Lets entries stand otherwise, as a verdict would.
    fn restand(&mut self, store: &mut Store, flips: &[(EntryId, Standing)]) -> Result<(), StoreError> {
        store.write(|w| {
            let shelf = w.shelf(self.number);
            self.replica.restand(flips, &shelf);
            shelf.check()?;
            self.keep_derived(w)
        })?;
        self.put_down();
        Ok(())
    }

    /// Reads entries as if their cells had come.
    fn take_in(&mut self, store: &mut Store, entries: Vec<Entry>) -> Result<Ingested, StoreError> {
        let cells = cells(self, entries);
        self.ingest(store, &cells, |_| Ok(()))
    }
}
