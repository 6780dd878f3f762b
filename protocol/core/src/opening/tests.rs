//! Whatever comes in whatever order, and however often it is held in between: what stands in the end says what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::string::String;
use std::vec;
use std::vec::Vec;
use std::{format, println};

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};

use crate::command::Command;
use crate::crypto::Seed;
use crate::detail::{Detail, Element, Relation, Repeat, Unit};
use crate::entry::Entry;
use crate::founding::{Founding, MEMBER, found};
use crate::id::{EntryId, RoleId, TaskId};
use crate::joining::Preview;
use crate::keys::{DeviceKeys, EpochSecret, InviteSecret};
use crate::logs::Standing;
use crate::plan::{Circumstances, ImportTask};
use crate::register::Register;
use crate::replica::Replica;
use crate::rule::{Conditions, Object, Rule, Verb};
use crate::seal::{GivesKey, Item, TaskKey, task_id};
use crate::shelf::drawer::{Drawer, is_role};
use crate::shelf::{ItemNote, Nothing, Shelf};
use crate::task::Status;
use crate::task_op::TaskOp;
use crate::tasks::{Comment, marks_looked_at};

/// Histories of the ordinary run; `PURSUANCE_RESTAND_HISTORIES` for the long one.
fn histories() -> u64 {
    std::env::var("PURSUANCE_RESTAND_HISTORIES").map_or(60, |text| text.parse().expect("a number of histories"))
}

/// Three members who write, two of them honestly.
pub(crate) struct World {
    rng: StdRng,
    now_seconds: u64,
    /// Of the founder's device.
    pub(crate) maya: [u8; 32],
    pub(crate) members: Vec<Replica>,
    tasks: Vec<TaskId>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut world = Self {
            rng: StdRng::seed_from_u64(seed),
            now_seconds: 1_790_000_000,
            maya: [0; 32],
            members: Vec::new(),
            tasks: Vec::new(),
        };
        let founding = Founding {
            name: "Harbour watch".into(),
            mission: String::new(),
            my_name: "Maya".into(),
            relays: Vec::new(),
        };
        world.maya = world.rng.random();
        let device = DeviceKeys::from_seed(world.maya);
        let mut drawn = Seed::new(world.rng.random());
        let founded = found(&founding, &device, world.now_seconds, &mut drawn).unwrap();
        let mut maya = Replica::new(founded.pursuance, device);
        founded.entries.into_iter().for_each(|entry| drop(maya.append(entry)));
        world.members.push(maya);
        let invite = world.plan(0, &Command::Invite { role: MEMBER, uses: 9, reviewed: false }).invite.unwrap();
        for name in ["Ben", "Kim"] {
            let maya = &mut world.members[0];
            let secret = InviteSecret::new(*invite.1.as_bytes());
            let mut preview = Preview::new(maya.pursuance(), invite.0.entry, secret);
            maya.logs().iter().for_each(|entry| preview.add(entry.clone()));
            let device = DeviceKeys::from_seed(world.rng.random());
            let (author, mut replica) = (device.author(), Replica::new(maya.pursuance(), device));
            let join = preview.join(replica.device(), name, world.now_seconds).unwrap();
            maya.append(join);
            let welcome = maya.welcome(author, world.now_seconds).unwrap();
            maya.append(welcome);
            maya.logs().iter().for_each(|entry| drop(replica.append(entry.clone())));
            assert!(replica.is_member());
            world.members.push(replica);
        }
        world
    }

    pub(crate) fn with<T>(&mut self, work: impl FnOnce(&mut Circumstances<'_>) -> T) -> T {
        self.now_seconds += 10;
        let mut seed = Seed::new(self.rng.random());
        work(&mut Circumstances { now_seconds: self.now_seconds, seed: &mut seed, since: Vec::new() })
    }

    /// A change by one of them; what is refused is not done.
    pub(crate) fn plan(&mut self, who: usize, command: &Command) -> crate::plan::Authored {
        let mut members = core::mem::take(&mut self.members);
        let authored = self.with(|with| members[who].command(command, with));
        let authored = authored.unwrap_or_else(|_| crate::plan::Authored {
            entries: Vec::new(),
            undo: Vec::new(),
            task: None,
            invite: None,
        });
        authored.entries.iter().for_each(|entry| drop(members[who].append(entry.clone())));
        self.members = members;
        self.tasks.extend(authored.task);
        authored
    }

    /// Items as nobody honest would write them.
    fn sign(&mut self, who: usize, items: &[Item]) -> Entry {
        let members = core::mem::take(&mut self.members);
        let entry = self.with(|with| {
            let (signer, audience) = (&members[who], members[who].audience(RoleId::EVERYONE, with).unwrap());
            signer.sign_items(items, &audience, signer.my_grant().unwrap(), None, with)
        });
        self.members = members;
        entry
    }

    pub(crate) fn meet(&mut self, a: usize, b: usize) {
        for (from, to) in [(a, b), (b, a)] {
            let entries: Vec<Entry> = self.members[from].logs().iter().cloned().collect();
            entries.into_iter().for_each(|entry| drop(self.members[to].append(entry)));
        }
    }

    /// A key of a task that anybody knows: not everybody need have read the task.
    fn key(&self, task: TaskId) -> TaskKey {
        self.members
            .iter()
            .find_map(|replica| replica.task_keys.of_generation(task, 0).next())
            .expect("somebody made it")
            .clone()
    }

    fn item(&self, task: TaskId, ops: Vec<TaskOp>) -> Item {
        Item { task, generation: 0, key: self.key(task), gives_key: GivesKey::No, ops }
    }

    fn step(&mut self, n: usize) {
        let who = self.rng.random_range(0..3);
        let (a, b) = (self.tasks.choose(&mut self.rng).copied(), self.tasks.choose(&mut self.rng).copied());
        let known =
            |world: &Self, task: Option<TaskId>| task.filter(|task| world.members[who].tasks.task(*task).is_some());
        let command = match (self.rng.random_range(0..21), a) {
            (0..=1, _) | (_, None) => {
                let (title, parent) = (format!("task {n}"), known(self, b));
                Command::CreateTask {
                    title,
                    parent,
                    assignees: vec![],
                    labels: vec!["l0".into()],
                    due: None,
                    priority: 2,
                    home: None,
                }
            }
            (2, Some(task)) => Command::SetTitle { task, title: format!("title {n}") },
            (3, Some(task)) => Command::MoveTask { task, parent: known(self, b) },
            (4, Some(task)) => Command::Claim { task },
            (5, Some(task)) => Command::SetStatus { task, status: Status::Done },
            (6, Some(task)) => Command::SetStatus { task, status: Status::Doing },
            (7, Some(task)) => Command::AddLabel { task, label: format!("l{}", n % 3) },
            (8, Some(task)) => Command::RemoveLabel { task, label: format!("l{}", n % 3) },
            (9, Some(task)) => Command::Assign { task, member: self.members[n % 3].me().unwrap() },
            (10..=12, Some(task)) => Command::Comment { task, text: format!("line {n}") },
            (17, Some(task)) => {
                let detail =
                    if n.is_multiple_of(2) { Detail::Effort(n as u32) } else { Detail::Why(format!("why {n}")) };
                Command::SetDetail { task, detail }
            }
            (18, Some(task)) => {
                let element = match known(self, b) {
                    Some(task) => Element::Relation { relation: Relation::WaitsFor, task },
                    None => Element::Skill { skill: "driving".into() },
                };
                Command::SetElement { task, element, there: !n.is_multiple_of(3) }
            }
            (19, Some(task)) => Command::AddCheck { task, text: format!("check {n}"), after: None },
            (20, Some(task)) => {
                let repeat = Repeat { every: 1, unit: Unit::Weeks };
                Command::SetDetail { task, detail: Detail::Repeat(Some(repeat)) }
            }
            (13, Some(_)) => return self.import(who, n),
            (14, Some(task)) => return self.write_oddly(task, b.unwrap(), n),
            (15, Some(_)) => return self.create_twice(n),
            (_, Some(task)) => {
                // Whoever was handed a key can write before having read the creation.
                let item = self.item(task, vec![TaskOp::Comment(format!("early {n}")), TaskOp::Claim]);
                let entry = self.sign(who, &[item]);
                self.members[who].append(entry);
                return;
            }
        };
        self.plan(who, &command);
    }

    fn import(&mut self, who: usize, n: usize) {
        let row =
            |parent, title: String| ImportTask { parent, title, owner: Some("w01".into()), ..ImportTask::default() };
        let rows = [row(None, format!("row {n}")), row(Some(0), format!("below {n}"))];
        let mut members = core::mem::take(&mut self.members);
        let authored = self.with(|with| members[who].import(&rows, with)).unwrap();
        authored.entries.into_iter().for_each(|entry| drop(members[who].append(entry)));
        self.tasks = members
            .iter()
            .flat_map(|replica| replica.tasks.iter().map(|(id, _)| id))
            .chain(self.tasks.iter().copied())
            .collect();
        self.tasks.sort_unstable();
        self.tasks.dedup();
        self.members = members;
    }

    /// Refused, of a newer version, under another key, twice about one task, about a task that nobody made.
    fn write_oddly(&mut self, a: TaskId, b: TaskId, n: usize) {
        let mut items = vec![
            self.item(a, vec![TaskOp::SetTitle(format!("odd {n}"))]),
            self.item(b, vec![TaskOp::Comment(format!("odd {n}")), TaskOp::SetOwner("w02".into())]),
            self.item(b, vec![TaskOp::SetOwner(format!("w{n}"))]),
            self.item(a, vec![TaskOp::Unknown { number: 900, arguments: vec![1] }]),
            Item { key: TaskKey::new([4; 32]), ..self.item(b, vec![TaskOp::Comment("garbage".into())]) },
            Item { task: TaskId([7; 16]), ..self.item(b, vec![TaskOp::Comment("nowhere".into())]) },
            self.item(a, vec![TaskOp::Create { parent: None }]),
        ];
        items.shuffle(&mut self.rng);
        let entry = self.sign(2, &items);
        self.members[2].append(entry);
    }

    /// A device with two histories creates one task in both.
    fn create_twice(&mut self, n: usize) {
        let at = self.members[2].place_after(self.members[2].my_grant().unwrap(), None);
        let key = TaskKey::new(self.rng.random());
        let task = task_id(at, 0, &key);
        let create = |ops: &[TaskOp]| Item {
            task,
            generation: 0,
            key: key.clone(),
            gives_key: GivesKey::Yes,
            ops: [&[TaskOp::Create { parent: None }], ops].concat(),
        };
        let part = TaskOp::PartOf { import: [5; 16], of: 7 };
        let first = self.sign(2, &[create(&[TaskOp::SetTitle(format!("twice {n}")), part])]);
        let also = Item {
            task,
            generation: 0,
            key: key.clone(),
            gives_key: GivesKey::No,
            ops: vec![TaskOp::Comment("also".into())],
        };
        let second = self.sign(2, &[create(&[TaskOp::Comment("the other".into())]), also]);
        self.members[2].append(first);
        if self.rng.random_bool(0.5) {
            let entry = self.sign(
                2,
                &[Item {
                    task,
                    generation: 0,
                    key: key.clone(),
                    gives_key: GivesKey::No,
                    ops: vec![TaskOp::Comment("between".into())],
                }],
            );
            self.members[2].append(entry);
        }
        self.members[2].append(second);
        self.tasks.push(task);
    }
}

/// A dump of what is kept in a drawer.
fn dump_in(drawer: &Drawer, replica: &Replica) -> Vec<String> {
    let kept = drawer.kept.borrow();
    for (task, bytes) in &kept.tasks {
        assert_eq!(replica.kept_task(*task).as_ref(), Some(bytes));
    }
    dump(replica, &kept.threads, &kept.items, &kept.touches)
}

/// A dump of a replica that holds everything in memory.
fn dump_of(replica: &Replica) -> Vec<String> {
    let tasks = &replica.tasks;
    let refused = tasks.refused().iter().map(|(at, refusal)| (*at, ItemNote::Refused(refusal.clone())));
    let newer = tasks.newer_items().iter().map(|at| (*at, ItemNote::Newer));
    let items = refused.chain(newer).chain(tasks.waiting().iter().map(|at| (*at, ItemNote::Waits)));
    let threads = tasks.iter().map(|(id, task)| (id, task.comments.clone())).collect();
    dump(replica, &threads, &items.collect(), &replica.touches)
}

/// All that the role layer has, without what differs from one computer to the next.
fn dump(
    replica: &Replica,
    threads: &BTreeMap<TaskId, Vec<Comment>>,
    items: &BTreeMap<(EntryId, u16), ItemNote>,
    touches: &BTreeMap<TaskId, BTreeSet<(EntryId, u16)>>,
) -> Vec<String> {
    fn register<T: core::fmt::Debug>(name: &str, register: &Register<T>) -> String {
        let writes =
            register.writes().iter().map(|write| format!("{:?} by {:?} at {:?}; ", write.value, write.by, write.at));
        format!("  {name}: {}", writes.collect::<String>())
    }
    let mut lines = Vec::new();
    for (id, task) in replica.tasks.iter() {
        lines.push(format!("{id:?} {:?} {:?} {}", task.created, task.import, task.comment_count));
        lines.push(format!("  own: {:?}", task.newest_own.map(|(_, entry)| entry)));
        lines.push(register("parent", &task.parent));
        lines.push(register("title", &task.title));
        lines.push(register("body", &task.body));
        lines.push(register("step", &task.step));
        lines.push(register("ending", &task.ending));
        lines.push(register("owner", &task.owner));
        lines.push(register("due", &task.due));
        lines.push(register("priority", &task.priority));
        lines.extend(task.claims.iter().map(|(member, there)| register(&format!("claim {member:?}"), there)));
        lines.extend(task.assignees.iter().map(|(member, there)| register(&format!("asked {member:?}"), there)));
        lines.extend(task.labels.iter().map(|(label, there)| register(label, there)));
        let mut thread: Vec<_> = threads.get(&id).into_iter().flatten().collect();
        thread.sort();
        assert_eq!(thread.len(), task.comment_count as usize);
        lines.extend(thread.iter().map(|line| format!("  {:?} {:?} {:?} {}", line.depth, line.at, line.by, line.text)));
    }
    lines.extend(items.iter().map(|(at, note)| format!("{at:?} {note:?}")));
    lines.push(format!(
        "keys {:?}",
        replica.task_keys.all().map(|(task, held)| (task, held.generation)).collect::<Vec<_>>()
    ));
    lines.extend(touches.iter().map(|(task, items)| format!("{task:?} {items:?}")));
    lines
}

/// A history, the secret that opens it, and what stands in the end.
struct History {
    world: World,
    entries: Vec<Entry>,
    secret: EpochSecret,
    held: BTreeSet<EntryId>,
}

impl History {
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        for n in 0..70 {
            world.step(n);
            if n % 3 == 0 {
                let (a, b) = (world.rng.random_range(0..3), world.rng.random_range(0..3));
                world.meet(a, b);
            }
        }
        for (a, b) in [(0, 1), (0, 2), (0, 1)] {
            world.meet(a, b);
        }
        let entries: Vec<Entry> = world.members[0].logs().iter().cloned().collect();
        let secret = world.members[0].usable_epoch().unwrap().clone();
        // Sometimes all of somebody's, sometimes some of everybody's.
        let of = world.members[world.rng.random_range(0..3)].device().author();
        let all_of_one = world.rng.random_bool(0.3);
        let mut held = BTreeSet::new();
        for entry in entries.iter().filter(|entry| is_role(entry)) {
            let chance = if all_of_one { f64::from(u8::from(entry.body().author == of)) } else { 0.3 };
            if world.rng.random_bool(chance) {
                held.insert(entry.id());
            }
        }
        Self { world, entries, secret, held }
    }

    /// A replica that knows from the beginning what stands in the end.
    fn plain(&self, device: [u8; 32]) -> Replica {
        let mut replica = self.empty(device);
        replica.learn_epoch(self.secret.clone());
        replica.forced = self.held.iter().map(|id| (*id, Standing::Held)).collect();
        self.entries.iter().for_each(|entry| drop(replica.append(entry.clone())));
        replica
    }

    /// Everything comes in this order, and is held and counts again in between; in the end it stands as it shall.
    fn arrive(&self, order: &[Entry], device: [u8; 32], drawer: Option<&Drawer>, rng: &mut StdRng) -> Replica {
        let shelf: &dyn Shelf = drawer.map_or(&Nothing, |drawer| drawer);
        let mut replica = self.empty(device);
        let roles: Vec<EntryId> = order.iter().filter(|entry| is_role(entry)).map(Entry::id).collect();
        let any = |rng: &mut StdRng| if rng.random_bool(0.5) { Standing::Held } else { Standing::Counts };
        let final_one = |id| if self.held.contains(&id) { Standing::Held } else { Standing::Counts };
        // Where much is made again in the end, what was wrong before does not show: every other time little is.
        let calm = rng.random_bool(0.5);
        let first = |id, rng: &mut StdRng| if calm { final_one(id) } else { any(rng) };
        replica.forced = roles.iter().map(|id| (*id, first(*id, rng))).collect();
        let late = rng.random_range(0..=order.len());
        for (index, entry) in order.iter().enumerate() {
            if index == late {
                replica.learn_epoch_from(self.secret.clone(), shelf);
            }
            replica.append_from(entry.clone(), shelf);
            if rng.random_bool(if calm { 0.02 } else { 0.2 }) {
                let some = rng.random_range(0..if calm { 3 } else { 20 });
                let flipped: Vec<_> = roles.sample(rng, some).map(|id| (*id, any(rng))).collect();
                replica.restand(&flipped, shelf);
            }
            if rng.random_bool(0.3) {
                shelf.lighten(&mut replica);
            }
            if rng.random_bool(0.03)
                && let Some(drawer) = drawer
            {
                drawer.lighten(&mut replica);
                replica = drawer.restart(&replica, self.empty(device), &order[..=index]);
            }
        }
        replica.learn_epoch_from(self.secret.clone(), shelf);
        let mut flips: Vec<_> = roles
            .iter()
            .map(|id| (*id, final_one(*id)))
            .filter(|(id, standing)| {
                replica.logs.fetch(*id, shelf);
                replica.logs.standing(*id) != Some(*standing) || (!calm && rng.random_bool(0.1))
            })
            .collect();
        flips.shuffle(rng);
        let chunk = rng.random_range(1..=flips.len().max(1));
        flips.chunks(chunk).for_each(|some| replica.restand(some, shelf));
        replica
    }

    fn empty(&self, device: [u8; 32]) -> Replica {
        Replica::new(self.world.members[0].pursuance(), DeviceKeys::from_seed(device))
    }
}

fn assert_same(found: &[String], expected: &[String], seed: u64) {
    let differs = expected.iter().zip(found).find(|(a, b)| a != b);
    assert!(found == expected, "seed {seed}: {differs:?}");
}

#[test]
fn what_stands_says_what_there_is() {
    // What was met, so that nobody takes an easy history for a hard one.
    let mut met = [0; 5];
    for seed in 0..histories() {
        println!("seed {seed}");
        let mut history = History::new(seed);
        let mut rng = StdRng::seed_from_u64(seed ^ 0x5eed);
        for round in 0..3 {
            // As Maya, who follows her own changes, and as somebody who learns the secret late.
            let device = if round == 2 { [9; 32] } else { history.world.maya };
            let plain = history.plain(device);
            let mut order = history.entries.clone();
            if round > 0 {
                order.shuffle(&mut rng);
            }
            let (in_memory, with_shelf) = (history.arrive(&order, device, None, &mut rng), Drawer::default());
            assert_eq!(in_memory.digest(), plain.digest(), "seed {seed}, round {round}");
            assert_same(&dump_of(&in_memory), &dump_of(&plain), seed);
            let mut replica = history.arrive(&order, device, Some(&with_shelf), &mut rng);
            with_shelf.lighten(&mut replica);
            assert_same(&dump_in(&with_shelf, &replica), &dump_of(&plain), seed);
            let replica = with_shelf.restart(&replica, history.empty(device), &[]);
            assert_same(&dump_in(&with_shelf, &replica), &dump_of(&plain), seed);

            let me = plain.device().author();
            let mine = |id: &&EntryId| plain.logs.entry(**id).unwrap().body().author == me;
            let mine: BTreeSet<EntryId> = history.held.iter().filter(mine).copied().collect();
            for held in [in_memory.held(usize::MAX, &Nothing), replica.held(usize::MAX, &with_shelf)] {
                assert_eq!(held.into_iter().map(|held| held.entry).collect::<BTreeSet<_>>(), mine);
            }
        }
        let plain = history.plain(history.world.maya);
        let early = plain.tasks.waiting().iter().filter(|(entry, _)| !history.held.contains(entry)).count();
        let tasks = history.world.tasks.iter().filter(|task| plain.tasks.task(**task).is_none()).count();
        let kinds = [history.held.len(), plain.tasks.refused().len(), plain.tasks.needs_newer().len(), early, tasks];
        met.iter_mut().zip(kinds).for_each(|(met, kind)| *met += kind);
        // What was held and counts again is there as if it had never been held.
        let mut again = history.plain(history.world.maya);
        let counts = history.held.iter().map(|id| (*id, Standing::Counts));
        again.restand(&counts.collect::<Vec<_>>(), &Nothing);
        history.held.clear();
        assert_same(&dump_of(&again), &dump_of(&history.plain(history.world.maya)), seed);
    }
    println!("held, refused, newer, waiting, tasks not there: {met:?}");
    assert!(met.iter().all(|met| *met > 0), "{met:?}");
}

/// Whoever says thousands of times of a task that it is not good yet, and that it is, makes nothing dear that is said later.
#[test]
fn marks_are_looked_at_once_and_only_where_a_line_asks() {
    let mut world = World::new(1);
    let rule = Rule {
        role: MEMBER,
        verb: Verb::Review,
        object: Object::Role(RoleId::EVERYONE),
        conditions: Conditions::ALWAYS,
        quorum: None,
    };
    world.plan(0, &Command::SetRule { rule, present: true });
    world.meet(0, 1);
    let task = world.plan(1, &Command::create_task_for(RoleId::EVERYONE, "Count the boats")).task.unwrap();
    for good in [false, true] {
        let reviews = vec![TaskOp::Review { good }; 64];
        let items: Vec<Item> = (0..64).map(|_| world.item(task, reviews.clone())).collect();
        let said = world.sign(1, &items);
        world.members[1].append(said);
    }
    let seen = world.members[1].tasks.task(task).unwrap();
    assert_eq!(seen.marks.len(), 2 * 64 * 64);
    let before = marks_looked_at();
    assert_eq!(seen.agreed_now().len(), 64 * 64);
    assert_eq!(marks_looked_at() - before, 2 * 64 * 64);
    let before = marks_looked_at();
    let comment = world.item(task, vec![TaskOp::Comment("twelve".into())]);
    let said = world.sign(1, &[comment]);
    world.members[1].append(said);
    assert_eq!(world.members[1].tasks.task(task).unwrap().comment_count, 1);
    assert_eq!(marks_looked_at() - before, 0);
}
