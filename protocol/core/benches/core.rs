//! How long the hot paths of this room take (docs/benchmarks.md): what comes in, held against the bare signature check.

use std::fs;
use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use ed25519_zebra::{Signature, VerificationKey, VerificationKeyBytes, batch};
use pursuance_core::cell::{open_cell, recognises, seal_entries};
use pursuance_core::command::Command;
use pursuance_core::crypto::{Seed, label};
use pursuance_core::entry::{AudienceSeal, Body, Content, Entry, GrantRef, RolePart, UnverifiedEntry};
use pursuance_core::founding::{Founding, found};
use pursuance_core::id::{AuthorId, EntryId, PursuanceId, TaskId};
use pursuance_core::keys::{CellKey, DeviceKeys, EpochSecret};
use pursuance_core::logs::{Append, Logs};
use pursuance_core::plan::Circumstances;
use pursuance_core::replica::Replica;
use pursuance_core::seal::{Where, open_audience, open_item};

/// Entries of one round of the comparison.
const ENTRIES: usize = 1_024;
/// Authors of the page of which all signatures are checked at once.
const AUTHORS: usize = 8;
/// Rounds; the median counts.
const ROUNDS: usize = 21;

fn main() {
    compare_with_bare_verify();
    compare_many_with_bare_batch();
    pass_over_foreign_cells();
    divan::main();
}

/// A founder and what she wrote: tasks, claims, comments.
struct World {
    pursuance: PursuanceId,
    epoch: EpochSecret,
    replica: Replica,
    entries: Vec<Entry>,
    task: TaskId,
}

impl World {
    fn new(comments: usize) -> Self {
        let device = DeviceKeys::from_seed([1; 32]);
        let founding = Founding {
            name: "Harbour watch".into(),
            mission: String::new(),
            my_name: "Maya".into(),
            relays: Vec::new(),
        };
        let founded = found(&founding, &device, 1_790_000_000, &mut Seed::new([2; 32])).expect("good texts");
        let mut replica = Replica::new(founded.pursuance, device);
        for entry in &founded.entries {
            replica.append(entry.clone());
        }
        let create = Command::CreateTask {
            title: "Photograph the permits".into(),
            parent: None,
            assignees: vec![],
            labels: vec![],
            due: None,
            priority: 0,
            home: None,
        };
        let mut world = Self {
            pursuance: founded.pursuance,
            epoch: founded.epoch,
            replica,
            entries: founded.entries,
            task: TaskId([0; 16]),
        };
        world.task = world.act(0, &create).expect("a task");
        for step in 0..comments {
            let text = format!("On my way, and this is line {step} of what there is to say about it.");
            world.act(step as u64 + 1, &Command::Comment { task: world.task, text });
        }
        world
    }

    fn act(&mut self, step: u64, command: &Command) -> Option<TaskId> {
        let mut bytes = [3; 32];
        bytes[..8].copy_from_slice(&step.to_be_bytes());
        let mut seed = Seed::new(bytes);
        let mut with = Circumstances { now_seconds: 1_790_000_000 + step, seed: &mut seed, since: Vec::new() };
        let authored = self.replica.command(command, &mut with).expect("allowed");
        for entry in &authored.entries {
            self.replica.append(entry.clone());
        }
        self.entries.extend(authored.entries);
        authored.task
    }

    /// The newest comment, sealed to everyone.
    fn comment(&self) -> &Entry {
        self.entries.last().expect("it wrote something")
    }
}

/// The three things that a signature check takes: key, message, signature.
type Signed = ([u8; 32], Vec<u8>, [u8; 64]);

fn signed(entry: &Entry, pursuance: PursuanceId) -> Signed {
    let message = [label::ENTRY_SIGNATURE, &pursuance.0, &entry.id().0].concat();
    (entry.body().author.0, message, *entry.bytes().last_chunk().expect("an entry ends with its signature"))
}

fn bare_verify((key, message, signature): &Signed) {
    VerificationKey::try_from(VerificationKeyBytes::from(*key))
        .and_then(|key| key.verify(&Signature::from(*signature), message))
        .expect("it was signed");
}

/// Everything between received bytes and an entry that stands in its author's log.
fn take(logs: &mut Logs, pursuance: PursuanceId, bytes: &[u8], released: &mut Vec<Entry>) {
    let entry = UnverifiedEntry::decode(bytes).expect("strict").verify(pursuance).expect("signed");
    assert_eq!(logs.append(entry, released), Append::Appended);
}

/// L1: both in one program, turn by turn, in processor time; the ratio is that of the goal.
fn compare_with_bare_verify() {
    let world = World::new(ENTRIES);
    let received: Vec<Vec<u8>> = world.entries.iter().map(|entry| entry.bytes().to_vec()).collect();
    let bare: Vec<Signed> = world.entries.iter().map(|entry| signed(entry, world.pursuance)).collect();
    let (mut bare_nanos, mut ours_nanos, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let bare_time = processor_nanos(|| bare.iter().for_each(|signed| bare_verify(black_box(signed))));
        let ours_time = processor_nanos(|| {
            let (mut logs, mut released) = (Logs::default(), Vec::new());
            received.iter().for_each(|bytes| take(&mut logs, world.pursuance, black_box(bytes), &mut released));
            black_box(&logs);
        });
        bare_nanos.push(bare_time / received.len() as f64);
        ours_nanos.push(ours_time / received.len() as f64);
        ratios.push(bare_time / ours_time);
    }
    let bytes: usize = received.iter().map(Vec::len).sum();
    println!(
        "L1: {} entries of {} bytes on average, median of {ROUNDS} rounds",
        received.len(),
        bytes / received.len()
    );
    println!("    bare verify                       {:6.1} us", median(&mut bare_nanos) / 1e3);
    println!("    decode, hash, verify, append      {:6.1} us", median(&mut ours_nanos) / 1e3);
    println!("    bare / ours                       {:6.3}   (goal: at least 0.80)", median(&mut ratios));
}

/// What eight devices wrote in turn, as after an absence: the text of the world's comments under eight keys.
fn of_eight_authors(world: &World) -> Vec<Entry> {
    let devices: Vec<DeviceKeys> = (0..AUTHORS).map(|n| DeviceKeys::from_seed([20 + n as u8; 32])).collect();
    let mut last: Vec<Option<EntryId>> = vec![None; AUTHORS];
    let mut written = Vec::new();
    for (n, entry) in world.entries.iter().rev().take(ENTRIES).enumerate() {
        let (device, last) = (&devices[n % AUTHORS], &mut last[n % AUTHORS]);
        let author: AuthorId = device.author();
        let by = Some(GrantRef { entry: world.entries[0].id(), op: 0 });
        let heads = Vec::new();
        let body = Body { author, seq: (n / AUTHORS) as u32, prev: *last, heads, by, ..entry.body().clone() };
        let entry = Entry::sign(&device.signing, Some(world.pursuance), &body);
        *last = Some(entry.id());
        written.push(entry);
    }
    written
}

/// L2: a page of entries of eight authors; all signatures at once, and one at a time, beside both bare bounds, turn by turn.
fn compare_many_with_bare_batch() {
    let world = World::new(ENTRIES);
    let written = of_eight_authors(&world);
    let received: Vec<Vec<u8>> = written.iter().map(|entry| entry.bytes().to_vec()).collect();
    let bare: Vec<Signed> = written.iter().map(|entry| signed(entry, world.pursuance)).collect();
    let mut nanos: [Vec<f64>; 4] = Default::default();
    let mut keep = |which: usize, work: &mut dyn FnMut()| {
        nanos[which].push(processor_nanos(work) / ENTRIES as f64);
    };
    for round in 0..ROUNDS {
        let mut seed = Seed::new([round as u8; 32]);
        keep(0, &mut || bare.iter().for_each(|signed| bare_verify(black_box(signed))));
        keep(1, &mut || {
            let mut batch = batch::Verifier::new();
            for (key, message, signature) in black_box(&bare) {
                batch.queue((VerificationKeyBytes::from(*key), Signature::from(*signature), message));
            }
            batch.verify(&mut seed).expect("all are signed");
        });
        keep(2, &mut || {
            let (mut logs, mut released) = (Logs::default(), Vec::new());
            logs.append(world.entries[0].clone(), &mut released);
            received.iter().for_each(|bytes| take(&mut logs, world.pursuance, black_box(bytes), &mut released));
            black_box(&logs);
        });
        keep(3, &mut || {
            let (mut logs, mut released) = (Logs::default(), Vec::new());
            logs.append(world.entries[0].clone(), &mut released);
            let all = received.iter().map(|bytes| UnverifiedEntry::decode(black_box(bytes)).expect("strict")).collect();
            for entry in UnverifiedEntry::verify_all(all, world.pursuance, &mut Seed::new([round as u8; 32])) {
                assert_eq!(logs.append(entry.expect("signed"), &mut released), Append::Appended);
            }
            black_box(&logs);
        });
    }
    let [single, batch, ours_single, ours] = nanos.map(|mut nanos| median(&mut nanos) / 1e3);
    println!("L2: a page of {ENTRIES} entries of {AUTHORS} authors, median of {ROUNDS} rounds");
    println!("    bare verify, one at a time        {single:6.1} us");
    println!("    bare verify, all at once          {batch:6.1} us");
    println!("    decode, verify, append, one by one{ours_single:6.1} us");
    println!("    decode, verify all, append        {ours:6.1} us   (bare batch / ours {:.3})", batch / ours);
}

/// D1: a cell that is nobody's, passed over by every key held; processor time, for one key and for 64.
fn pass_over_foreign_cells() {
    const CELLS: usize = 4_096;
    let world = World::new(1);
    let mut seed = Seed::new([5; 32]);
    let entry = world.comment();
    let cells: Vec<_> = (0..CELLS)
        .flat_map(|_| seal_entries(&world.epoch.cell_key(), [(entry.id(), entry.bytes())].into_iter(), &mut seed))
        .collect();
    println!("D1: {CELLS} foreign cells, median of {ROUNDS} rounds");
    let mut bare: Vec<f64> = Vec::new();
    for _ in 0..ROUNDS {
        bare.push(processor_nanos(|| {
            for cell in &cells {
                black_box(blake3::keyed_hash(black_box(&[6; 32]), &cell.as_bytes()[..24]));
            }
        }));
    }
    println!("    bare keyed BLAKE3 of 24 bytes     {:6.3} us", median(&mut bare) / 1e3 / CELLS as f64);
    for keys in [1_u8, 64] {
        let keys: Vec<CellKey> = (0..keys).map(|n| EpochSecret::new([100 + n; 32]).cell_key()).collect();
        let mut nanos: Vec<f64> = Vec::new();
        for _ in 0..ROUNDS {
            nanos.push(processor_nanos(|| {
                for cell in &cells {
                    assert!(!keys.iter().any(|key| recognises(key, black_box(cell))));
                }
            }));
        }
        let each = median(&mut nanos) / 1e3 / (CELLS * keys.len()) as f64;
        println!("    for each key of {:2}                {each:6.3} us   (goal: at most 0.1)", keys.len());
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Processor time of this thread, where the system tells it; else time that passed.
fn processor_nanos(work: impl FnOnce()) -> f64 {
    let used = || {
        // The system counts it up when the thread waits.
        thread::sleep(Duration::from_micros(1));
        fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse::<f64>().ok()
    };
    let (before, started) = (used(), Instant::now());
    work();
    match (before, used()) {
        (Some(before), Some(after)) if after > before => after - before,
        _ => started.elapsed().as_nanos() as f64,
    }
}

#[divan::bench]
fn verify_bare(bencher: divan::Bencher<'_, '_>) {
    let world = World::new(1);
    let signed = signed(world.comment(), world.pursuance);
    bencher.bench_local(|| bare_verify(black_box(&signed)));
}

#[divan::bench]
fn verify_entry(bencher: divan::Bencher<'_, '_>) {
    let world = World::new(1);
    let bytes = world.comment().bytes();
    bencher.bench_local(|| {
        UnverifiedEntry::decode(black_box(bytes)).expect("strict").verify(world.pursuance).expect("signed")
    });
}

#[divan::bench]
fn decode_entry(bencher: divan::Bencher<'_, '_>) {
    let world = World::new(1);
    let bytes = world.comment().bytes();
    bencher.bench_local(|| UnverifiedEntry::decode(black_box(bytes)).expect("strict"));
}

#[divan::bench]
fn decode_entry_with_key_package(bencher: divan::Bencher<'_, '_>) {
    let world = World::new(0);
    let bytes = world.entries[1].bytes();
    bencher.bench_local(|| UnverifiedEntry::decode(black_box(bytes)).expect("strict"));
}

#[divan::bench]
fn append_whole(bencher: divan::Bencher<'_, '_>) {
    let world = World::new(64);
    // Sealed items are opened, judged and folded too.
    bencher
        .counter(divan::counter::ItemsCount::new(world.entries.len()))
        .with_inputs(|| Replica::new(world.pursuance, DeviceKeys::from_seed([1; 32])))
        .bench_local_values(|mut replica| {
            for entry in &world.entries {
                replica.append(entry.clone());
            }
            replica
        });
}

#[divan::bench]
fn write_comment(bencher: divan::Bencher<'_, '_>) {
    let world = World::new(1);
    let command = Command::Comment { task: world.task, text: "On my way".into() };
    bencher.bench_local(|| {
        let mut seed = Seed::new([4; 32]);
        let mut with = Circumstances { now_seconds: 1_790_000_000, seed: &mut seed, since: Vec::new() };
        world.replica.command(black_box(&command), &mut with).map(|authored| authored.entries).expect("allowed")
    });
}

#[divan::bench]
fn seal_one_cell(bencher: divan::Bencher<'_, '_>) {
    let world = World::new(1);
    let (key, entry) = (world.epoch.cell_key(), world.comment());
    let mut seed = Seed::new([5; 32]);
    bencher.bench_local(|| seal_entries(black_box(&key), [(entry.id(), entry.bytes())].into_iter(), &mut seed));
}

#[divan::bench]
fn open_one_cell(bencher: divan::Bencher<'_, '_>) {
    let world = World::new(1);
    let (key, entry) = (world.epoch.cell_key(), world.comment());
    let cells = seal_entries(&key, [(entry.id(), entry.bytes())].into_iter(), &mut Seed::new([5; 32]));
    bencher.bench_local(|| open_cell(black_box(&key), &cells[0]).expect("our own"));
}

#[divan::bench]
fn pass_over_a_foreign_cell(bencher: divan::Bencher<'_, '_>) {
    let world = World::new(1);
    let foreign = EpochSecret::new([6; 32]).cell_key();
    let entry = world.comment();
    let cells =
        seal_entries(&world.epoch.cell_key(), [(entry.id(), entry.bytes())].into_iter(), &mut Seed::new([5; 32]));
    bencher.bench_local(|| recognises(black_box(&foreign), &cells[0]));
}

fn part(entry: &Entry) -> (&RolePart, &AudienceSeal) {
    match &entry.body().content {
        Content::Role(part) => (part, &part.audiences[0]),
        Content::Public(_) => panic!("a sealed entry"),
    }
}

#[divan::bench]
fn open_one_item(bencher: divan::Bencher<'_, '_>) {
    let world = World::new(0);
    let entry = world.entries.last().expect("the task's creation, which gives its key");
    let at = Where {
        pursuance: world.pursuance,
        author: entry.body().author,
        seq: entry.body().seq,
        by: entry.body().by.expect("it leans on a grant"),
    };
    let (part, audience) = part(entry);
    bencher.bench_local(|| {
        let hints = open_audience(at, black_box(audience), &world.epoch, part.items.len()).expect("sealed to us");
        let key = hints[0].key.as_ref().expect("new to the audience");
        open_item(at, 0, &part.items[0], key).expect("its key").expect("strict")
    });
}
