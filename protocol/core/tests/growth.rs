//! A history as long as a chain of entries gets: nothing that takes it in, releases what waited, or lets go of it needs a deep
//! stack (docs/protocol/02-log.md, "The one door").

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Body, Content, Entry, GrantRef};
use pursuance_core::founding::{Founding, MEMBER, found};
use pursuance_core::id::{AuthorId, EntryId, PursuanceId, RoleId, TaskId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{DeviceKeys, EpochSecret, InviteSecret};
use pursuance_core::limits::{MAX_WAITING_BYTES, MAX_WAITING_PER_AUTHOR};
use pursuance_core::logs::Append;
use pursuance_core::plan::Circumstances;
use pursuance_core::replica::Replica;
use pursuance_core::seal::{GivesKey, Item, TaskKey, Where, seal_items, task_id};
use pursuance_core::task_op::TaskOp;

const NOW_SECONDS: u64 = 1_790_000_000;
/// Far less than any thread has: a call for each entry of a waiting batch would not fit.
const STACK_BYTES: usize = 128 << 10;
/// The key of the task about which everything is said.
const TASK_KEY: [u8; 32] = [5; 32];

/// Entries of the chain: `PURSUANCE_CHAIN_ENTRIES` for the long run.
fn chain_entries() -> usize {
    std::env::var("PURSUANCE_CHAIN_ENTRIES").map_or(20_000, |text| text.parse().expect("a number of entries"))
}

#[test]
fn growth_of_one_log_needs_no_stack() {
    let entries = chain_entries();
    let Beginning { mut reader, pursuance, epoch, mut writers, .. } = Beginning::new(1);
    let (sender, batches) = sync_channel(4);
    let writing = thread::spawn(move || {
        let mut left = entries;
        while left > 0 {
            // With the one that they wait for, as many as may wait.
            let batch = left.min(MAX_WAITING_PER_AUTHOR + 1);
            let batch = (0..batch).map(|_| writers[0].next(pursuance, &epoch, vec![])).collect::<Vec<Entry>>();
            left -= batch.len();
            sender.send(batch).expect("somebody reads");
        }
    });
    in_a_small_stack(move || {
        let writer = take_in(&mut reader, &batches);
        assert_eq!(reader.logs().tip(writer).expect("it wrote").seq as usize, entries + 1);
        assert_eq!(reader.tree(&|_| false).rows[0].title, format!("Title {entries}"));
        println!("a log of {entries} entries: {} KiB at most", resident_kib());
        drop(reader);
    });
    writing.join().expect("all is written");
}

/// Takes batches in as they come: one in order, the next from its end, so that all but its first entry wait for that one.
fn take_in(reader: &mut Replica, batches: &Receiver<Vec<Entry>>) -> AuthorId {
    let mut writer = None;
    for (number, batch) in batches.iter().enumerate() {
        writer = Some(batch[0].body().author);
        if number % 2 == 0 {
            batch.into_iter().for_each(|entry| assert_eq!(reader.append(entry).append, Append::Appended));
            continue;
        }
        let mut backwards = batch.into_iter().rev().peekable();
        while let Some(entry) = backwards.next() {
            let appended = reader.append(entry).append;
            let waits = matches!(appended, Append::Gap { .. });
            assert!(waits == backwards.peek().is_some(), "{appended:?}");
        }
    }
    writer.expect("something came")
}

#[test]
fn growth_of_one_chain_through_many_logs_needs_no_stack() {
    let mut one = Beginning::new(1);
    let sample = one.writers[0].next(one.pursuance, &one.epoch, vec![]).bytes().len();
    // Each names the one before, its own or another's, and all wait for the first: as much as may wait at all.
    let entries = chain_entries().min(MAX_WAITING_BYTES / (sample + 64));
    let Beginning { mut reader, pursuance, epoch, mut writers, .. } =
        Beginning::new(entries.div_ceil(MAX_WAITING_PER_AUTHOR));
    let mut chain: Vec<Entry> = Vec::with_capacity(entries);
    for writer in &mut writers {
        for place in 0..MAX_WAITING_PER_AUTHOR.min(entries - chain.len()) {
            let before = chain.last().filter(|_| place == 0).map(Entry::id);
            chain.push(writer.next(pursuance, &epoch, before.into_iter().collect()));
        }
    }
    let last = chain.last().expect("some").id();
    let before = reader.logs().len();
    in_a_small_stack(move || {
        // Many that wait are let go of.
        let mut lost = Replica::new(pursuance, DeviceKeys::from_seed([9; 32]));
        reader.logs().iter().for_each(|entry| drop(lost.append(entry.clone())));
        for entry in chain[1..].iter().rev() {
            assert!(matches!(lost.append(entry.clone()).append, Append::Gap { .. }));
        }
        drop(lost);
        // And many are released at once.
        let mut backwards = chain.into_iter().rev().peekable();
        while let Some(entry) = backwards.next() {
            let appended = reader.append(entry);
            if backwards.peek().is_none() {
                assert_eq!((appended.append, appended.entries.len()), (Append::Appended, entries));
            }
        }
        assert_eq!(reader.logs().len(), before + entries);
        assert!(reader.logs().entry(last).is_some());
        println!("a chain of {entries} entries: {} KiB at most", resident_kib());
        drop(reader);
    });
}

fn in_a_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(run).expect("a thread");
    thread.join().expect("it comes to its end");
}

/// The most that this process has held.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A member's device, and the newest entry of its log.
struct Writer {
    device: DeviceKeys,
    by: GrantRef,
    task: TaskId,
    tip: EntryId,
    seq: u32,
}

/// A founder, members who have written nothing yet but their joins, and a task.
struct Beginning {
    reader: Replica,
    pursuance: PursuanceId,
    epoch: EpochSecret,
    writers: Vec<Writer>,
}

impl Beginning {
    fn new(members: usize) -> Self {
        let founding =
            Founding { name: "Harbour watch".into(), mission: String::new(), my_name: "Maya".into(), relays: vec![] };
        let device = device(0);
        let founded = found(&founding, &device, NOW_SECONDS, &mut Seed::new([1; 32])).expect("good texts");
        let (pursuance, epoch) = (founded.pursuance, founded.epoch);
        let mut reader = Replica::new(pursuance, device);
        founded.entries.into_iter().for_each(|entry| drop(reader.append(entry)));
        let uses = u16::try_from(members).expect("few");
        let invite = Command::Invite { role: MEMBER, uses, reviewed: false };
        let mut with = Circumstances { now_seconds: NOW_SECONDS, seed: &mut Seed::new([2; 32]), since: Vec::new() };
        let invite = reader.command(&invite, &mut with).expect("allowed");
        invite.entries.into_iter().for_each(|entry| drop(reader.append(entry)));
        let (grant, secret) = invite.invite.expect("an invite");
        let mut preview = Preview::new(pursuance, grant.entry, InviteSecret::new(*secret.as_bytes()));
        reader.preview_entries(grant).into_iter().for_each(|entry| preview.add(entry.clone()));
        let writers = (1..=members).map(|n| Writer::new(n, &preview, &mut reader, &epoch)).collect();
        Self { reader, pursuance, epoch, writers }
    }
}

impl Writer {
    /// Joins, and creates a task.
    fn new(n: usize, preview: &Preview, reader: &mut Replica, epoch: &EpochSecret) -> Self {
        let device = device(n);
        let join = preview.join(&device, &format!("Sailor {n}"), NOW_SECONDS).expect("a use is left");
        assert_eq!(reader.append(join.clone()).append, Append::Appended);
        let by = GrantRef { entry: join.id(), op: 0 };
        let first = Where { pursuance: reader.pursuance(), author: device.author(), seq: 1, by };
        let task = task_id(first, 0, &TaskKey::new(TASK_KEY));
        let mut writer = Self { device, by, task, tip: join.id(), seq: 0 };
        let ops = vec![TaskOp::Create { parent: None }, TaskOp::SetTitle("Title 0".into())];
        let created = writer.write(reader.pursuance(), epoch, vec![], GivesKey::Yes, ops);
        assert_eq!(reader.append(created).append, Append::Appended);
        writer
    }

    /// Its next entry: another title for its task.
    fn next(&mut self, pursuance: PursuanceId, epoch: &EpochSecret, heads: Vec<EntryId>) -> Entry {
        let ops = vec![TaskOp::SetTitle(format!("Title {}", self.seq))];
        self.write(pursuance, epoch, heads, GivesKey::No, ops)
    }

    fn write(
        &mut self,
        pursuance: PursuanceId,
        epoch: &EpochSecret,
        heads: Vec<EntryId>,
        gives_key: GivesKey,
        ops: Vec<TaskOp>,
    ) -> Entry {
        self.seq += 1;
        let at = Where { pursuance, author: self.device.author(), seq: self.seq, by: self.by };
        let item = Item { task: self.task, generation: 0, key: TaskKey::new(TASK_KEY), gives_key, ops };
        let mut seed = [7; 32];
        seed[..4].copy_from_slice(&self.seq.to_be_bytes());
        let body = Body {
            author: at.author,
            seq: at.seq,
            prev: Some(self.tip),
            heads,
            by: Some(at.by),
            claimed_seconds: NOW_SECONDS,
            checkpoints: vec![],
            content: Content::Role(seal_items(at, RoleId::EVERYONE, epoch, &[item], &mut Seed::new(seed))),
        };
        let entry = Entry::sign(&self.device.signing, Some(pursuance), &body);
        self.tip = entry.id();
        entry
    }
}

fn device(n: usize) -> DeviceKeys {
    let mut seed = [0xd; 32];
    seed[..8].copy_from_slice(&(n as u64).to_be_bytes());
    DeviceKeys::from_seed(seed)
}
