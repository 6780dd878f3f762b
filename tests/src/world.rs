//! The simulated world: one thread, one seed, a virtual clock; members with disks that survive crashes, relays that fail
//! and lie, and what must be true of all of them (docs/protocol, P1 to P8).
//!
//! ```text
//! seed -> steps (act, seal, post, visit, listen, crash, lie, put an old copy back) -> faults stop -> settle -> check
//!          |  every step: no two bodies at one seq, no nonce twice, nothing foreign opened, state after a crash as before
//!          '- with a defence switched off (`Defence`), some world must break
//! ```
//!
//! This file is the world and its course. `life` is what nodes do, `lies` what relays do to them, `copies` what owners do to
//! data folders, `removal` who goes and what follows, `desks` roles that read their own tasks, `outsider` who reads whatever their
//! secrets lead to, `nonces` what was sealed, `check` what must be true when all is quiet.

mod check;
mod copies;
mod desks;
pub mod disk;
mod lies;
mod life;
pub mod node;
mod nonces;
mod outsider;
pub mod relay;
mod removal;
mod report;
mod wish;

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::entry::Entry;
use pursuance_core::founding::starting_rules;
use pursuance_core::id::{AuthorId, EntryId, PursuanceId, TaskId};
use pursuance_core::link::InviteLink;
use pursuance_wire::{Cell, LeafHash};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use disk::{Disk, Door, Post};
use node::{Clock, Directory, Node};
use relay::{PostFate, Relay, SLOT_SECONDS};
pub use report::{Broken, Defence, Tally};

/// Most relays of a world; a pursuance names no more.
const MAX_RELAYS: usize = 4;

/// Most devices of the greater pursuance of a world.
const MAX_NODES: usize = 7;

/// Slots after which a world that does not come to rest is looked at as it is.
const MAX_SETTLING_SLOTS: usize = 60;

/// One pursuance of the world.
struct Group {
    pursuance: PursuanceId,
    relays: Vec<usize>,
    founder: usize,
    nodes: Vec<usize>,
    max_nodes: usize,
    links: Vec<String>,
}

/// Cells that were sealed together.
struct Batch {
    group: usize,
    leaves: Vec<LeafHash>,
    carried: Vec<(Entry, Door)>,
}

/// Something that was said, and what must be seen of it.
struct Said {
    group: usize,
    entry: EntryId,
    comment: Option<String>,
    task: Option<TaskId>,
}

/// What happens in a world besides what may happen in any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Nothing.
    Ordinary,
    /// The relay by which somebody joins is often gone for good as soon as a member has read the join.
    JoinsAreLost,
    /// Members are removed and go, and epochs follow.
    Removals,
    /// The same, where roles read their own tasks, are given and taken, and tasks are opened and closed.
    Desks,
}

impl Course {
    /// Whether members are removed and go.
    const fn has_removals(self) -> bool {
        matches!(self, Self::Removals | Self::Desks)
    }
}

/// A whole world.
pub struct World {
    rng: StdRng,
    now: u64,
    course: Course,
    without: Option<Defence>,
    calm: bool,
    /// Whether nodes crash.
    crashes: bool,
    groups: Vec<Group>,
    nodes: Vec<Node>,
    /// Whether people here say more of tasks: fields, checklists, relations, repetitions.
    says_details: bool,
    relays: Vec<Relay>,
    /// Cells on their way whose sender has given up: when they arrive, where, from whom.
    late: Vec<(u64, usize, usize, Vec<Cell>)>,
    batches: Vec<Batch>,
    /// The batch of each cell.
    truth: BTreeMap<LeafHash, usize>,
    /// In which batch a node has let an entry out behind a door.
    sealed_as: BTreeMap<(usize, EntryId, Door), usize>,
    exposed: BTreeMap<(AuthorId, u32), EntryId>,
    /// All entries that were ever on their author's disk, with their group.
    kept: BTreeMap<EntryId, (usize, Entry)>,
    said: Vec<Said>,
    said_number: u64,
    /// Cells that a steady relay has signed for.
    receipted: BTreeSet<(usize, LeafHash)>,
    pending: Vec<lies::Pending>,
    /// Nodes that a relay has led onto a branch or shown a private tip.
    astray: BTreeSet<(usize, usize)>,
    /// Nodes that hold a proof against a relay.
    accused: BTreeSet<(usize, usize)>,
    copies: BTreeMap<usize, Disk>,
    put_back: copies::PutBack,
    removals: removal::Removals,
    desks: desks::Desks,
    nonces: nonces::Nonces,
    tally: Tally,
}

/// From this seed on people say more of tasks; what worlds before it found stays found.
pub const FIRST_WITH_DETAILS: u64 = 1_000;

/// Lives through one world from its seed.
///
/// # Errors
/// [`Broken`]: what was not as it must be.
pub fn run(seed: u64, course: Course, without: Option<Defence>) -> Result<Tally, Broken> {
    let mut world = World::new(seed, course, without);
    if !world.chance(4) || course == Course::Desks {
        world.gather()?;
    }
    let steps = match course {
        Course::Removals => 120..300,
        Course::Desks => 80..200,
        Course::Ordinary | Course::JoinsAreLost => 60..220,
    };
    for _ in 0..world.rng.random_range(steps) {
        world.step()?;
    }
    world.crashes = false;
    world.settle()?;
    world.check()?;
    *world.tally.counts.entry("sealed text").or_default() += world.nonces.count() as u64;
    Ok(world.tally)
}

impl World {
    fn new(seed: u64, course: Course, without: Option<Defence>) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let now = 1_790_000_000 + rng.random_range(0..1_000_000);
        let (count, steady) = match course {
            Course::Ordinary | Course::Removals | Course::Desks => {
                let count = [1, 1, 2, 2, 2, 2, 3, 3, 3, MAX_RELAYS][rng.random_range(0..10)];
                (count, rng.random_range(0..count))
            }
            // Links lead to the first.
            Course::JoinsAreLost => {
                let count = rng.random_range(2..=MAX_RELAYS);
                (count, count - 1)
            }
        };
        let relays: Vec<Relay> = (0..count)
            .map(|at| {
                let strangers =
                    if rng.random_range(0..4) > 0 { rng.random_range(0..20) } else { rng.random_range(200..530) };
                // In most worlds with several relays, only one is to be relied on for ever.
                let steady = at == steady || rng.random_range(0..3) == 0;
                Relay::new(&mut rng, strangers, steady, now)
            })
            .collect();
        let mut world = Self {
            rng,
            now,
            says_details: seed >= FIRST_WITH_DETAILS,
            course,
            without,
            calm: false,
            crashes: true,
            groups: Vec::new(),
            nodes: Vec::new(),
            relays,
            late: Vec::new(),
            batches: Vec::new(),
            truth: BTreeMap::new(),
            sealed_as: BTreeMap::new(),
            exposed: BTreeMap::new(),
            kept: BTreeMap::new(),
            said: Vec::new(),
            said_number: 0,
            receipted: BTreeSet::new(),
            pending: Vec::new(),
            astray: BTreeSet::new(),
            accused: BTreeSet::new(),
            copies: BTreeMap::new(),
            put_back: copies::PutBack::default(),
            removals: removal::Removals::default(),
            desks: desks::Desks::default(),
            nonces: nonces::Nonces::default(),
            tally: Tally::default(),
        };
        let all: Vec<usize> = (0..count).collect();
        let max_nodes =
            if world.chance(8) || course.has_removals() { MAX_NODES } else { world.rng.random_range(2..=5) };
        world.found(&all, max_nodes);
        let max_nodes = world.rng.random_range(1..=2);
        world.found(&[steady], max_nodes);
        world
    }

    fn found(&mut self, relays: &[usize], max_nodes: usize) {
        let founder = self.nodes.len();
        let from_end = self.rng.random();
        let from = |at: &usize| (*at, if from_end { self.relays[*at].log().size() } else { 0 });
        let places: Vec<(usize, u64)> = relays.iter().map(from).collect();
        let rules = if self.has_desks(self.groups.len()) { desks::rules() } else { starting_rules() };
        let node = Node::found(founder, &places, rules, self.directory(), self.now, &mut self.rng, self.without);
        self.groups.push(Group {
            pursuance: node.pursuance,
            relays: relays.to_vec(),
            founder,
            nodes: vec![founder],
            max_nodes,
            links: Vec::new(),
        });
        self.nodes.push(node);
        self.note_kept(founder).expect("it has just begun");
    }

    fn directory(&self) -> Directory {
        self.relays.iter().map(Relay::address).collect()
    }

    fn group_of(&self, node: usize) -> usize {
        let group = self.groups.iter().position(|group| group.nodes.contains(&node));
        group.expect("every node is in a group")
    }

    fn chance(&mut self, one_in: u32) -> bool {
        self.rng.random_range(0..one_in) == 0
    }

    fn step(&mut self) -> Result<(), Broken> {
        let seconds = match self.rng.random_range(0..40) {
            0 => self.rng.random_range(3_600..300_000),
            1..=20 => self.rng.random_range(1..20),
            _ => self.rng.random_range(20..120),
        };
        self.pass(seconds);
        self.trouble();
        if self.chance(3) {
            self.newcomer();
        }
        let node = if self.course == Course::Desks && !self.chance(8) {
            self.any_at_desks()
        } else {
            self.rng.random_range(0..self.nodes.len())
        };
        if self.chance(30) {
            self.keep_a_copy(node);
        }
        if self.course == Course::Desks && self.chance(40) {
            self.steal(node);
        }
        if self.nodes[node].offline_until > self.now && !self.chance(3) {
            // Without a network people still write.
            return self.act(node);
        }
        let relays = self.nodes[node].relays();
        let Some(at) = (!relays.is_empty()).then(|| relays[self.rng.random_range(0..relays.len())]) else {
            return Ok(());
        };
        if self.govern(node)? {
            return Ok(());
        }
        match self.rng.random_range(0..400) {
            0..112 if self.course == Course::Desks => {
                self.act(node)?;
                self.act(node)
            }
            0..112 => self.act(node),
            112..132 => self.say_in_parts(node, at),
            132..176 => self.seal(node),
            176..248 => self.post(node, at),
            248..328 => self.visit(node, at),
            328..336 => self.listen(node, at),
            336..358 => self.welcome(node),
            358..366 => self.crash_idle(node),
            366..370 => {
                self.nodes[node].offline_until = self.now + self.rng.random_range(60..20_000);
                self.tally.note("offline");
                Ok(())
            }
            370..374 => {
                self.nodes[node].clock = match self.rng.random_range(0..4) {
                    0 => Clock::Right,
                    1 => Clock::Off(self.rng.random_range(-40_000_000..40_000_000)),
                    2 => Clock::Off(self.rng.random_range(-6..=6) * 3_600),
                    _ => Clock::Jumping(self.rng.random_range(1..1_000_000)),
                };
                self.tally.note("wrong clock");
                Ok(())
            }
            374..378 => {
                self.put_back_a_copy(node);
                Ok(())
            }
            _ => self.lie(node, at),
        }
    }

    /// Most worlds begin with people who have found each other already.
    fn gather(&mut self) -> Result<(), Broken> {
        if self.course == Course::Desks {
            self.staff()?;
            self.calm = false;
            return Ok(());
        }
        let founder = self.groups[0].founder;
        self.act(founder)?;
        for _ in 0..MAX_NODES {
            self.newcomer();
            if self.course == Course::JoinsAreLost {
                // One after the other, so that there are members who have not read the next one's join.
                self.settle()?;
            }
        }
        self.settle()?;
        self.calm = false;
        Ok(())
    }

    /// Time passes: cells that were on their way arrive, relays publish.
    fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        let (arrived, late): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.late).into_iter().partition(|(when, ..)| *when <= self.now || self.calm);
        self.late = late;
        for (_, at, from, cells) in arrived {
            if self.relays[at].is_up(self.now) {
                self.relays[at].post(from, &cells, PostFate::AnswerLost, self.now);
                self.tally.note("late post");
            }
        }
        for relay in &mut self.relays {
            if !self.calm {
                relay.shuffle(&mut self.rng);
            }
            relay.publish(self.now);
        }
    }

    fn newcomer(&mut self) {
        let group = self.rng.random_range(0..self.groups.len());
        let Group { links, nodes, max_nodes, .. } = &self.groups[group];
        if links.is_empty() || nodes.len() >= *max_nodes {
            return;
        }
        let text = &links[self.rng.random_range(0..links.len())];
        let link = InviteLink::parse(text).expect("a whole link");
        let number = self.nodes.len();
        let node = Node::with_link(number, link, self.directory(), &mut self.rng, self.without);
        self.nodes.push(node);
        self.groups[group].nodes.push(number);
        self.tally.note("newcomer");
    }

    /// Faults and lies stop, everybody is online, until nothing moves any more.
    fn settle(&mut self) -> Result<(), Broken> {
        self.calm = true;
        for at in 0..self.relays.len() {
            self.relays[at].mend();
            if !self.relays[at].steady && !self.chance(4) {
                self.relays[at].show_the_truth();
            }
        }
        let mut quiet = 0;
        let mut before = Vec::new();
        for _ in 0..MAX_SETTLING_SLOTS {
            self.pass(u64::from(SLOT_SECONDS));
            for node in 0..self.nodes.len() {
                for at in self.nodes[node].disk.readings.keys().copied().collect::<Vec<_>>() {
                    if self.nodes[node].misses_something(at, self.relays[at].log().size()) {
                        self.visit(node, at)?;
                    }
                }
                // Whoever comes first answers; the others see it in the next slot.
                if self.chance(2) {
                    self.welcome(node)?;
                }
                if self.course.has_removals() && self.chance(2) {
                    self.epoch_at_last(node)?;
                }
                self.seal(node)?;
                for at in self.nodes[node].relays() {
                    while self.relays[at].is_up(self.now) && !self.nodes[node].waiting(at).is_empty() {
                        self.post(node, at)?;
                    }
                }
            }
            let mut now: Vec<usize> = self.relays.iter().map(|relay| relay.log().leaves().len()).collect();
            now.extend(self.nodes.iter().map(|node| node.memory.replica.logs().len()));
            now.extend(
                self.nodes
                    .iter()
                    .map(|node| node.disk.outbox.iter().filter(|line| matches!(line.post, Post::Handed(_))).count()),
            );
            quiet = if now == before { quiet + 1 } else { 0 };
            before = now;
            let unanswered =
                (0..self.nodes.len()).any(|node| self.can_welcome(node) && self.nodes[node].owes_something());
            let unfinished = (0..self.nodes.len()).any(|node| self.may_write(node) && self.nodes[node].wants_epoch());
            if quiet >= 3 && !unanswered && !unfinished {
                break;
            }
        }
        Ok(())
    }
}

/// The role that links offer in this world.
const OFFERED: pursuance_core::id::RoleId = pursuance_core::founding::MEMBER;
