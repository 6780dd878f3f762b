//! What a long history costs: opening, writing and reading on, and memory, at two sizes. What is allocated is counted, so that
//! the result is the same on every machine.

use std::path::Path;

use allocation_counter::{AllocationInfo, measure};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::Entry;
use pursuance_core::founding::{Founding, found};
use pursuance_core::id::TaskId;
use pursuance_core::keys::DeviceKeys;
use pursuance_core::plan::Circumstances;
use pursuance_core::replica::Replica;
use pursuance_core::task::Status;
use zeroize::Zeroizing;

use crate::held::{Held, Ingested};
use crate::store::{KeptStanding, Number, Store, StoreError};

const SMALL_ENTRIES: usize = 1_000;
const TASKS: usize = 50;
const BATCH: usize = 250;
const NOW_SECONDS: u64 = 1_790_000_000;

/// Entries of the large history: `PURSUANCE_GROWTH_ENTRIES` for the long run.
fn large_entries() -> usize {
    std::env::var("PURSUANCE_GROWTH_ENTRIES").map_or(5_000, |text| text.parse().expect("a number of entries"))
}

fn open(dir: &Path) -> Store {
    Store::open(&dir.join("store"), &Zeroizing::new([7; 32])).unwrap()
}

/// A founder's store, and a second device of theirs that holds everything in memory.
struct Pair {
    dir: tempfile::TempDir,
    store: Store,
    held: Held,
    other: Replica,
    tasks: Vec<TaskId>,
    relay: Number,
    said: u64,
}

impl Pair {
    fn new() -> Self {
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
        let mut pair = Self { dir, store, held, other, tasks: Vec::new(), relay, said: 0 };
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

    /// An own change, saved; the other device hears of it.
    fn commit(&mut self, entries: Vec<Entry>) {
        self.held.commit(&mut self.store, &entries, |_, _| Ok(())).unwrap();
        for entry in entries {
            self.other.receive(entry);
        }
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
    fn other_writes(&mut self, from: usize, count: usize) -> Vec<Entry> {
        let mut written = Vec::new();
        for n in from..from + count {
            self.said += 1;
            let command = self.wish(n);
            for entry in plan(&self.other, &command, self.said).0 {
                self.other.append(entry.clone());
                written.push(entry);
            }
        }
        written
    }

    /// Both write until this many entries are stored; every own one reaches a relay.
    fn grow_to(&mut self, entries: usize) {
        let mut n = self.stored();
        while n < entries {
            let theirs = self.other_writes(n, BATCH);
            self.read(theirs);
            let own = self.wish(n);
            let own = self.plan_here(&own).0;
            self.commit(own);
            self.hand_over();
            n = self.stored();
        }
    }

    fn read(&mut self, entries: Vec<Entry>) {
        self.held.take_in(&mut self.store, entries).unwrap();
    }

    fn hand_over(&mut self) {
        self.held.seal(&mut self.store, &[self.relay]).unwrap();
        let waiting = self.store.waiting_cells(self.relay, usize::MAX).unwrap();
        self.store
            .write(|w| waiting.iter().try_for_each(|cell| w.set_handed(cell.number, self.relay, b"r", 1)))
            .unwrap();
        self.held.refresh_posted(&self.store).unwrap();
    }

    fn stored(&self) -> usize {
        self.store.entry_count(self.held.number).unwrap() as usize
    }

    /// Closes and opens again; what that took.
    fn reopen(&mut self) -> AllocationInfo {
        let kept = &self.store.pursuances().unwrap()[0];
        let mut again = None;
        let took = measure(|| again = Some(Held::load(&mut self.store, kept).unwrap()));
        self.held = again.unwrap();
        took
    }

    /// What one own change takes.
    fn write_one(&mut self) -> AllocationInfo {
        let command = self.wish(self.said as usize * 4 + 2);
        let mut written = Vec::new();
        let took = measure(|| {
            written = self.plan_here(&command).0;
            self.held.commit(&mut self.store, &written, |_, _| Ok(())).unwrap();
        });
        written.into_iter().for_each(|entry| drop(self.other.receive(entry)));
        self.hand_over();
        took
    }

    /// What reading ten new entries takes.
    fn read_ten(&mut self) -> AllocationInfo {
        let ten = self.other_writes(self.said as usize, 10);
        assert_eq!(ten.len(), 10);
        measure(|| self.held.take_in(&mut self.store, ten.clone()).map(drop).unwrap())
    }
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
    let mut figures = Vec::new();
    for entries in [SMALL_ENTRIES, large_entries] {
        pair.grow_to(entries);
        let opened = pair.reopen();
        let (wrote, read) = (pair.write_one(), pair.read_ten());
        println!(
            "{entries} entries: opening allocates {} B and keeps {} B, a change {} B, ten new entries {} B",
            opened.bytes_total, opened.bytes_current, wrote.bytes_total, read.bytes_total
        );
        figures.push([opened.bytes_total, wrote.bytes_total, read.bytes_total]);
        assert!(opened.bytes_current < 32 << 20, "{} bytes are held for {entries} entries", opened.bytes_current);
    }
    for (small, large) in figures[0].into_iter().zip(figures[1]) {
        assert!(
            large * 2 < small * 3,
            "{SMALL_ENTRIES} entries: {small} bytes, {large_entries} entries: {large} bytes"
        );
    }
}

#[test]
fn what_is_kept_is_what_would_be_derived_again() {
    let mut pair = Pair::new();
    pair.grow_to(SMALL_ENTRIES);
    // Two that come in the wrong order, the first of which never comes, and an item that waits for it.
    let lost = pair.other_writes(5_000, 2);
    pair.read(lost[1..].to_vec());
    pair.reopen();
    let kept = rows(&pair.store);
    pair.store.write(|w| w.forget_derived(pair.held.number)).unwrap();
    assert_ne!(rows(&pair.store), kept);
    let number = pair.held.number;
    pair.store.write(|w| w.run("UPDATE pursuance SET derived = 0 WHERE number = ?1", [number])).unwrap();
    pair.reopen();
    assert_eq!(rows(&pair.store), kept);
    // And the one that was missing finds both waiting.
    pair.read(lost[..1].to_vec());
    assert!(pair.held.replica.logs().announced().is_empty());
    assert_eq!(pair.store.waiting_entries(number).unwrap().len(), 0);
    drop(pair.dir);
}

#[test]
fn a_shelf_that_fails_keeps_nothing() {
    let mut pair = Pair::new();
    pair.grow_to(2 * BATCH);
    pair.reopen();
    let before = rows(&pair.store);
    // The entries that are to be named are gone from the disk behind the replica's back.
    let number = pair.held.number;
    pair.store
        .write(|w| w.run("UPDATE entry SET clock = x'ff' WHERE pursuance = ?1 AND public = 0", [number]))
        .unwrap();
    let theirs = pair.other_writes(9_000, 1);
    let behind = rows(&pair.store);
    assert!(matches!(pair.held.take_in(&mut pair.store, theirs), Err(StoreError::Damaged)));
    assert_ne!(behind, before);
    assert_eq!(rows(&pair.store), behind, "nothing of the transaction is there");
}

#[test]
fn a_store_of_schema_1_is_derived_when_it_is_opened() {
    let mut pair = Pair::new();
    pair.grow_to(2 * BATCH);
    let own = pair.wish(2);
    let own = pair.plan_here(&own).0;
    pair.commit(own);
    let (kept, unhanded) = (rows(&pair.store), pair.held.kept_entries());
    assert_eq!(unhanded, 1);
    let old = pair.dir.path().join("old");
    let key = Zeroizing::new([7; 32]);
    pair.store.write_as_schema_1(&old, &key).unwrap();
    let mut store = Store::open(&old, &key).unwrap();
    assert!(!store.is_derived(pair.held.number).unwrap());
    let held = Held::load(&mut store, &pair.store.pursuances().unwrap()[0]).unwrap();
    assert_eq!((rows(&store), held.kept_entries()), (kept, unhanded));
    assert!(store.is_derived(pair.held.number).unwrap());
}

/// Everything that was derived, as text.
fn rows(store: &Store) -> Vec<String> {
    ["chain", "task", "comment", "item"]
        .into_iter()
        .map(|table| format!("SELECT * FROM {table} ORDER BY 1, 2, 3"))
        .chain(["SELECT id, chain, depth, clock, whole_clock, public, standing, unnamed FROM entry ORDER BY id".into()])
        .flat_map(|sql| store.dump(&sql).unwrap())
        .collect()
}

impl Held {
    /// Reads entries as if their cells had come.
    fn take_in(&mut self, store: &mut Store, entries: Vec<Entry>) -> Result<Ingested, StoreError> {
        let mut seed = Seed::new([5; 32]);
        let key = self.replica.usable_epoch().unwrap().cell_key();
        let bytes = entries.iter().map(|entry| (entry.id(), entry.bytes()));
        let cells = pursuance_core::cell::seal_entries(&key, bytes, &mut seed);
        self.ingest(store, &cells, |_| Ok(()))
    }
}
