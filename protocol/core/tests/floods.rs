//! Members who send too much: what it costs stays within the limits of docs/protocol/02-log.md, and others go on.
//!
//! Costs are bytes and numbers of allocations of this thread, which are the same at every run; no clock decides.

use allocation_counter::measure;
use pursuance_core::authority::Verdict;
use pursuance_core::cell::Fragment;
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Body, Content, Entry, GrantRef};
use pursuance_core::founding::{Founding, MEMBER, found};
use pursuance_core::fragment::{Assembly, Fragments};
use pursuance_core::id::{EntryId, RoleId, TaskId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{DeviceKeys, InviteSecret};
use pursuance_core::limits::{
    FRAGMENT_BYTES, MAX_ENTRY_BYTES, MAX_HEADS, MAX_PENDING_FRAGMENT_BYTES, MAX_WAITING_BYTES, MAX_WAITING_PER_AUTHOR,
    MAX_WAITING_PER_STRANGER, MAX_WAITING_STRANGERS,
};
use pursuance_core::logs::Append;
use pursuance_core::op::Op;
use pursuance_core::plan::{Authored, Circumstances};
use pursuance_core::replica::Replica;
use pursuance_core::seal::{GivesKey, Item, TaskKey, Where, seal_items, task_id};
use pursuance_core::task_op::TaskOp;

const NOW_SECONDS: u64 = 1_790_000_000;
/// Entries of a flood.
const FLOOD: usize = 10_000;
/// Histories of one device that all change one task.
const HISTORIES: usize = 200;
/// The key of Eve's task.
const EVES_KEY: [u8; 32] = [5; 32];
/// What an entry may take in memory, for each of its bytes and by itself: once as it came, once read, and its place.
const COPIES_OF_AN_ENTRY: usize = 4;
const PLACE_BYTES: usize = 4 << 10;
/// How much more an entry of another member may cost after a flood than before.
const DEARER: u64 = 4;

#[test]
fn ten_thousand_entries_with_sixteen_heads_each() {
    let mut world = World::new();
    let before = world.cost_of_maya();
    let mut flood: Vec<Entry> = Vec::new();
    for n in 0..FLOOD {
        // Old entries as well as new ones: each is a way back that somebody might walk.
        let heads = (1..=MAX_HEADS).filter_map(|back| Some(flood.get(n.checked_sub(1 + back * (1 + n % 600))?)?.id()));
        flood.push(world.eve_next(flood.last(), heads.collect(), vec![unknown(n)]));
    }
    assert_eq!(flood[FLOOD - 1].body().heads.len(), MAX_HEADS);
    let bytes: usize = flood.iter().map(|entry| entry.bytes().len()).sum();
    let held = measure(|| flood.iter().for_each(|entry| assert_eq!(world.maya.take(entry), Append::Appended)));
    let allowed = COPIES_OF_AN_ENTRY * bytes + FLOOD * PLACE_BYTES;
    assert!(held.bytes_max as usize <= allowed, "{} bytes, {allowed} allowed", held.bytes_max);
    let after = world.cost_of_maya();
    assert!(after <= DEARER * before, "{before} allocations before, {after} after");
    world.maya_and_ben_agree();
}

#[test]
fn a_thousand_entries_in_one_place() {
    let mut world = World::new();
    let before = world.cost_of_maya();
    let forks: Vec<Entry> = (0..1_000).map(|n| world.eve_next(None, vec![], vec![unknown(n)])).collect();
    let mut seen = 0;
    for entry in &forks {
        seen += usize::from(matches!(world.maya.take(entry), Append::Equivocation { .. }));
    }
    assert_eq!(seen, forks.len() - 1, "all but the first are a second history");
    assert_eq!(world.maya.logs().forked().collect::<Vec<_>>(), [world.eve.author()]);
    // Others name at most so many of them, and what they write costs no more for it.
    let after = world.cost_of_maya();
    assert!(after <= DEARER * before, "{before} allocations before, {after} after");
    // Each of the thousand is continued: the graph is walked where a count cannot say which branch is meant.
    for entry in &forks {
        let next = world.eve_next(Some(entry), vec![], vec![unknown(0)]);
        assert!(matches!(world.maya.take(&next), Append::Appended | Append::Equivocation { .. }));
    }
    let after = world.cost_of_maya();
    assert!(after <= DEARER * before, "{before} allocations before, {after} after they went on");
    world.maya_and_ben_agree();
}

#[test]
fn many_histories_that_change_one_task() {
    let mut world = World::new();
    let (task, created) = world.eve_creates();
    assert_eq!(world.maya.take(&created), Append::Appended);
    let rename = Command::SetTitle { task, title: "By Maya".into() };
    let before = measure(|| drop(world.command_of_maya(&rename))).count_total;
    for n in 0..HISTORIES {
        let entry = world.eve_renames(task, &created, &format!("Title {n}"));
        assert!(matches!(world.maya.take(&entry), Append::Appended | Append::Equivocation { .. }));
    }
    // Others go on, and what was said side by side lies ever deeper.
    for n in 0..10 * HISTORIES {
        let said = world.ben_says(&format!("Other {n}"));
        assert_eq!(world.maya.take(&said), Append::Appended);
    }
    // An entry names sixteen of the newest at most, the least deep first: after these all are named.
    for n in 0..=HISTORIES / MAX_HEADS {
        world.command_of_maya(&create(&format!("Task {n}")));
    }
    let titles = world.maya.task_view(task, &|_| false).expect("it is shown").other_titles.len();
    assert!(titles >= HISTORIES - 1, "{titles} side by side");
    let after = measure(|| drop(world.command_of_maya(&rename))).count_total;
    // Dear, and bounded: for each history the log is walked back once, as far as the histories lie back.
    let allowed = DEARER * before + (HISTORIES * world.maya.logs().len()) as u64;
    assert!(after <= allowed, "{before} allocations before, {after} after, {allowed} allowed");
    world.maya_and_ben_agree();
}

#[test]
fn the_same_entries_again_and_again_leave_nothing() {
    let mut world = World::new();
    let entry = world.eve_next(None, vec![], vec![unknown(1)]);
    let waits = world.eve_next(Some(&entry), vec![EntryId([9; 32])], vec![unknown(2)]);
    assert_eq!(world.maya.take(&entry), Append::Appended);
    assert!(matches!(world.maya.take(&waits), Append::Gap { .. }));
    let left = measure(|| {
        for _ in 0..FLOOD / 2 {
            assert_eq!(world.maya.take(&entry), Append::Duplicate);
            assert_eq!(world.maya.take(&waits), Append::Duplicate);
        }
    });
    assert_eq!((left.count_current, left.bytes_current), (0, 0));
    world.maya_and_ben_agree();
}

#[test]
fn what_names_unknown_entries_waits_within_its_limits() {
    let mut world = World::new();
    let before = world.cost_of_maya();
    // A member, then strangers, who need no link for this.
    let mut waiting = 0;
    let mut full = 0;
    let mut count = |append| match append {
        Append::Gap { .. } => waiting += 1,
        Append::Full => full += 1,
        other => panic!("{other:?}"),
    };
    for n in 0..2 * MAX_WAITING_PER_AUTHOR {
        count(world.maya.take(&world.eve_next(None, vec![unheard(n)], vec![unknown(n)])));
    }
    for stranger in 0..MAX_WAITING_STRANGERS + 10 {
        let device = device(1_000 + stranger);
        for n in 0..MAX_WAITING_PER_STRANGER + 1 {
            count(world.maya.take(&world.stranger_says(&device, n)));
        }
    }
    assert_eq!(waiting, MAX_WAITING_PER_AUTHOR + MAX_WAITING_STRANGERS * MAX_WAITING_PER_STRANGER);
    assert!(full > MAX_WAITING_PER_AUTHOR);
    let after = world.cost_of_maya();
    assert!(after <= DEARER * before, "{before} allocations before, {after} after");
    // Members have places of their own: what Ben says out of order still waits for what it names, and is shown then.
    let first = world.ben_says("First");
    let second = world.ben_says("Second");
    assert!(matches!(world.maya.take(&second), Append::Gap { .. }));
    assert_eq!(world.maya.take(&first), Append::Appended);
    assert!(world.maya.logs().entry(second.id()).is_some());
    world.maya_and_ben_agree();
}

#[test]
fn the_longest_entries_wait_within_their_bytes() {
    let mut world = World::new();
    let mut full = 0;
    let held = measure(|| {
        for n in 0..MAX_WAITING_BYTES / MAX_ENTRY_BYTES + 20 {
            let op = Op::Unknown { number: 900, arguments: vec![0x5a; MAX_ENTRY_BYTES - 1_000] };
            let entry = world.eve_next(None, vec![unheard(n)], vec![op]);
            full += usize::from(world.maya.take(&entry) == Append::Full);
        }
    });
    assert!(full >= 19, "{full} did not fit");
    let allowed = COPIES_OF_AN_ENTRY * (MAX_WAITING_BYTES + 4 * MAX_ENTRY_BYTES);
    assert!(held.bytes_max as usize <= allowed, "{} bytes, {allowed} allowed", held.bytes_max);
    world.maya_and_ben_agree();
}

#[test]
fn fragments_that_never_complete_keep_no_other_entry_out() {
    let mut world = World::new();
    let long = world.long_entry_of_ben();
    let parts: Vec<Fragment> = (0..)
        .zip(long.bytes().chunks(FRAGMENT_BYTES))
        .map(|(index, bytes)| Fragment { entry: long.id(), count: 3, index, bytes: bytes.to_vec() })
        .collect();
    assert_eq!(parts.len(), 3);
    let mut fragments = Fragments::default();
    let junk = |n: usize, index| Fragment { entry: unheard(n), count: 512, index, bytes: vec![7; FRAGMENT_BYTES] };
    let most = MAX_PENDING_FRAGMENT_BYTES / FRAGMENT_BYTES;
    let held = measure(|| {
        // One after another of many entries, and many of a few.
        (0..FLOOD).for_each(|n| drop(fragments.insert(junk(n, 0))));
        (0..FLOOD).for_each(|n| drop(fragments.insert(junk(n / 500, (n % 500) as u16))));
        // What stands closer together than all that fits is read, though junk comes between.
        let gap = (0..most / 4).map(|n| junk(FLOOD + n, 0));
        assert_eq!(fragments.insert(parts[0].clone()), Assembly::Kept);
        gap.for_each(|part| drop(fragments.insert(part)));
        assert_eq!(fragments.insert(parts[2].clone()), Assembly::Kept);
        let Assembly::Whole(whole) = fragments.insert(parts[1].clone()) else { panic!("it is whole") };
        let whole = whole.verify(world.maya.pursuance()).expect("Ben's");
        assert_eq!(world.maya.append(whole).append, Append::Appended);
    });
    assert!(fragments.pending_bytes() <= MAX_PENDING_FRAGMENT_BYTES);
    let allowed = 3 * MAX_PENDING_FRAGMENT_BYTES / 2 + COPIES_OF_AN_ENTRY * long.bytes().len() + PLACE_BYTES;
    assert!(held.bytes_max as usize <= allowed, "{} bytes, {allowed} allowed", held.bytes_max);
    world.maya_and_ben_agree();
}

// People

fn device(n: usize) -> DeviceKeys {
    let mut seed = [0xd; 32];
    seed[..8].copy_from_slice(&(n as u64).to_be_bytes());
    DeviceKeys::from_seed(seed)
}

/// The id of an entry that will never come.
fn unheard(n: usize) -> EntryId {
    let mut id = [0xee; 32];
    id[..8].copy_from_slice(&(n as u64).to_be_bytes());
    EntryId(id)
}

fn unknown(n: usize) -> Op {
    Op::Unknown { number: 900, arguments: n.to_be_bytes().to_vec() }
}

trait Takes {
    fn take(&mut self, entry: &Entry) -> Append;
}

impl Takes for Replica {
    fn take(&mut self, entry: &Entry) -> Append {
        self.append(entry.clone()).append
    }
}

/// Maya founded; Ben is a member, and so is Eve, whose client writes what it likes.
struct World {
    maya: Replica,
    ben: Replica,
    eve: DeviceKeys,
    eves_join: Entry,
    said: u64,
}

impl World {
    fn new() -> Self {
        let founder = device(1);
        let founding = Founding {
            name: "Harbour watch".into(),
            mission: "Know what is built there".into(),
            my_name: "Maya".into(),
            relays: vec![],
        };
        let founded = found(&founding, &founder, NOW_SECONDS, &mut Seed::new([1; 32])).expect("good texts");
        let mut maya = Replica::new(founded.pursuance, founder);
        founded.entries.iter().for_each(|entry| drop(maya.take(entry)));
        let mut world = Self {
            ben: Replica::new(founded.pursuance, device(2)),
            eves_join: founded.entries[0].clone(),
            maya,
            eve: device(3),
            said: 2,
        };
        let invite = world.command_of_maya(&Command::Invite { role: MEMBER, uses: 9, reviewed: false });
        let (grant, secret) = invite.invite.expect("an invite");
        let mut preview = Preview::new(founded.pursuance, grant.entry, InviteSecret::new(*secret.as_bytes()));
        world.maya.preview_entries(grant).into_iter().for_each(|entry| preview.add(entry.clone()));
        for (n, name) in [(2, "Ben"), (3, "Eve")] {
            let join = preview.join(&device(n), name, NOW_SECONDS).expect("a use is left");
            assert_eq!(world.maya.take(&join), Append::Appended);
            let welcome = world.maya.welcome(device(n).author(), NOW_SECONDS).expect("the epoch is held");
            assert_eq!(world.maya.take(&welcome), Append::Appended);
            world.eves_join = join;
        }
        let entries: Vec<Entry> = world.maya.logs().iter().cloned().collect();
        entries.iter().for_each(|entry| drop(world.ben.take(entry)));
        assert!(world.ben.is_member());
        world
    }

    fn seed(&mut self) -> Seed {
        self.said += 1;
        let mut seed = [0x5e; 32];
        seed[..8].copy_from_slice(&self.said.to_be_bytes());
        Seed::new(seed)
    }

    fn command_of_maya(&mut self, command: &Command) -> Authored {
        let mut seed = self.seed();
        let mut with = Circumstances { now_seconds: NOW_SECONDS, seed: &mut seed, since: Vec::new() };
        let authored = self.maya.command(command, &mut with).expect("allowed");
        authored.entries.iter().for_each(|entry| assert_eq!(self.maya.take(entry), Append::Appended));
        authored
    }

    /// What it costs Maya to write a task, and to read one of Ben's: in allocations.
    fn cost_of_maya(&mut self) -> u64 {
        let theirs = self.ben_says("From Ben");
        measure(|| {
            self.command_of_maya(&create("From Maya"));
            assert_eq!(self.maya.take(&theirs), Append::Appended);
        })
        .count_total
    }

    fn command_of_ben(&mut self, command: &Command) -> Authored {
        let mut seed = self.seed();
        let mut with = Circumstances { now_seconds: NOW_SECONDS, seed: &mut seed, since: Vec::new() };
        let authored = self.ben.command(command, &mut with).expect("allowed");
        authored.entries.iter().for_each(|entry| assert_eq!(self.ben.take(entry), Append::Appended));
        authored
    }

    fn ben_says(&mut self, title: &str) -> Entry {
        self.command_of_ben(&create(title)).entries.remove(0)
    }

    /// An entry of three fragments, whose past Maya holds.
    fn long_entry_of_ben(&mut self) -> Entry {
        let created = self.command_of_ben(&create("With much to say"));
        assert_eq!(self.maya.take(&created.entries[0]), Append::Appended);
        let task = created.task.expect("a task");
        self.command_of_ben(&Command::SetBody { task, body: "word ".repeat(900) }).entries.remove(0)
    }

    /// Eve's next entry after this one of hers, with whatever it names and says.
    fn eve_next(&self, prev: Option<&Entry>, mut heads: Vec<EntryId>, ops: Vec<Op>) -> Entry {
        let prev = prev.unwrap_or(&self.eves_join);
        heads.sort_unstable();
        heads.dedup();
        heads.retain(|head| *head != prev.id());
        let body = Body {
            author: self.eve.author(),
            seq: prev.body().seq + 1,
            prev: Some(prev.id()),
            heads,
            by: Some(GrantRef { entry: self.eves_join.id(), op: 0 }),
            claimed_seconds: NOW_SECONDS,
            checkpoints: vec![],
            content: Content::Public(ops),
        };
        Entry::sign(&self.eve.signing, Some(self.maya.pursuance()), &body)
    }

    /// Eve's first task.
    fn eve_creates(&self) -> (TaskId, Entry) {
        let task = task_id(self.eves_place(1), 0, &TaskKey::new(EVES_KEY));
        let ops = vec![TaskOp::Create { parent: None }, TaskOp::SetTitle("By Eve".into())];
        (task, self.eve_seals(&self.eves_join, task, GivesKey::Yes, ops))
    }

    /// One of many entries that follow its creation: another title for it.
    fn eve_renames(&self, task: TaskId, created: &Entry, title: &str) -> Entry {
        self.eve_seals(created, task, GivesKey::No, vec![TaskOp::SetTitle(title.into())])
    }

    fn eve_seals(&self, prev: &Entry, task: TaskId, gives_key: GivesKey, ops: Vec<TaskOp>) -> Entry {
        let place = self.eves_place(prev.body().seq + 1);
        let epoch = self.maya.usable_epoch().expect("a member");
        let item = Item { task, generation: 0, key: TaskKey::new(EVES_KEY), gives_key, ops };
        let part = seal_items(place, RoleId::EVERYONE, epoch, &[item], &mut Seed::new([7; 32]));
        let mut body = self.eve_next(Some(prev), vec![], vec![unknown(0)]).body().clone();
        body.content = Content::Role(part);
        Entry::sign(&self.eve.signing, Some(place.pursuance), &body)
    }

    fn eves_place(&self, seq: u32) -> Where {
        let by = GrantRef { entry: self.eves_join.id(), op: 0 };
        Where { pursuance: self.maya.pursuance(), author: self.eve.author(), seq, by }
    }

    /// An entry of somebody who never joined.
    fn stranger_says(&self, device: &DeviceKeys, n: usize) -> Entry {
        let by = self.eves_join.body().by;
        let (seq, prev) = (1, Some(unheard(n)));
        let content = Content::Public(vec![unknown(n)]);
        let body = Body {
            author: device.author(),
            seq,
            prev,
            heads: vec![],
            by,
            claimed_seconds: NOW_SECONDS,
            checkpoints: vec![],
            content,
        };
        Entry::sign(&device.signing, Some(self.maya.pursuance()), &body)
    }

    /// What honest members said counts and is shown, and they see the same once they have the same.
    fn maya_and_ben_agree(&mut self) {
        let said = self.ben_says("After the flood");
        assert!(matches!(self.maya.take(&said), Append::Appended));
        assert_eq!(self.maya.authority().verdict(said.id()), Some(&Verdict::Counts));
        let entries: Vec<Entry> = self.maya.logs().iter().cloned().collect();
        for entry in &entries {
            self.ben.take(entry);
        }
        let [maya, ben] = [&self.maya, &self.ben].map(|replica| {
            let rows = replica.tree(&|_| false).rows.into_iter();
            rows.map(|row| (row.task, row.title, row.status, row.depth)).collect::<Vec<_>>()
        });
        assert_eq!(maya, ben);
        assert!(maya.iter().any(|(_, title, ..)| title == "After the flood"));
    }
}

fn create(title: &str) -> Command {
    Command::create_task(title)
}
