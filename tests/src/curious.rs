//! A relay whose operator takes down everything that comes and thinks about it, for a hundred days (docs/threat-model.md, "What a
//! curious relay finds out").
//!
//! ```text
//! people ──come, write, answer, go──> clients ──visits, posts──> what the relay sees ──games──> its advantage over guessing
//! ```
//!
//! When posts leave, where visits begin and how many cells a post has is the product's own code; people, their hours and what they
//! write are made up, from a seed. This file is the world; `games` is what the operator tries.

mod games;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use pursuance_node::Pace;
use pursuance_node::sending::Sending;
use pursuance_node::visit::{first_of_visit, slot_before_window, windows_earlier};
use pursuance_wire::limits::{BLOCK_CELLS, MAX_POST_CELLS};
use pursuance_wire::log::{SlotNumber, window_start};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

pub use games::{Game, advantage};

const DAY: u64 = 86_400;
const HOUR: u64 = 3_600;
pub(crate) const SLOT_SECONDS: u32 = 60;
/// The first day; a midnight.
const BEGIN: u64 = 20_000 * DAY;
/// People are up from this hour on, and to that one.
const HOURS: (u64, u64) = (7, 23);
/// How long somebody stays, in the mean and at most.
const STAY: (f64, u64) = (2_400.0, 4 * HOUR);
/// Pause between two things that somebody says by themselves, while here, in the mean.
const OWN_PAUSE: f64 = 1_500.0;
/// Of what is said, so much is answered by somebody of the same pursuance who is here, after a while of this in the mean.
const ANSWERED: (f64, f64) = (0.35, 150.0);
/// One in so many stays begins with something that was written before, offline.
const WRITTEN_BEFORE: u32 = 3;
/// One in so many entries takes more than a cell.
const LONG: u32 = 10;

/// Where visits begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the first cell, always: what says nothing.
    First,
    /// Where the last one ended: what it would be without any defence.
    Exact,
    /// At the last 256th cell.
    Cells,
    /// At a window, without ever beginning earlier.
    Window,
    /// The same with windows of so many hours, counted from midnight.
    WindowOf(u64),
    /// As the product does.
    Product,
}

/// When posts leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    /// As the product does.
    By(Sending),
    /// At once, and dummies besides at a steady rate: a defence that is none.
    AtOnceAndDummies,
}

/// What is played.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Members of each pursuance on the relay.
    pub groups: Vec<usize>,
    /// Where visits begin.
    pub start: Start,
    /// When posts leave.
    pub leaves: Leaves,
    /// How long.
    pub days: u64,
}

/// A connection for reading.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    pub(crate) client: usize,
    pub(crate) at: u64,
    pub(crate) until: u64,
    /// The window that was asked for, and the first cell that was read.
    pub(crate) window: u64,
    pub(crate) first: u64,
    /// The log's size when it ended.
    pub(crate) end: u64,
}

/// Cells that came together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Post {
    pub(crate) client: usize,
    pub(crate) group: usize,
    pub(crate) at: u64,
    pub(crate) cells: usize,
    pub(crate) says_something: bool,
}

/// All that a relay saw, with the truth beside it.
pub struct Seen {
    pub(crate) visits: Vec<Visit>,
    pub(crate) posts: Vec<Post>,
    days: u64,
    clients: usize,
    read: u64,
}

/// What a day costs one member, in bytes of cells.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Posted.
    pub sent: u64,
    /// Read, also what was read before.
    pub read: u64,
}

impl Seen {
    /// What a day cost a member in the mean.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let cells: u64 = self.posts.iter().map(|post| post.cells as u64).sum();
        let each = |cells: u64| cells * pursuance_wire::cell::CELL_BYTES as u64 / (self.days * self.clients as u64);
        Cost { sent: each(cells), read: each(self.read) }
    }

    /// Things that were said, and visits: a run in which nothing happened proves nothing.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.posts.iter().filter(|post| post.says_something).count(), self.visits.len())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Come(usize),
    Go(usize),
    Write(usize),
    /// A post leaves, unless its client has gone since.
    Leave {
        client: usize,
        stay: u32,
        is_dummy: bool,
    },
}

#[derive(Default)]
struct Client {
    group: usize,
    /// Which stay this is, while here.
    stay: u32,
    here: Option<Visit>,
    /// How far the last visit read, and the slot that it ended in.
    read: Option<(u64, u64)>,
    outbox: usize,
    leaving: bool,
}

struct World {
    setting: Setting,
    rng: StdRng,
    pace: Pace,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    clients: Vec<Client>,
    /// The log's size after each post.
    sizes: BTreeMap<u64, u64>,
    size: u64,
    seen: Seen,
}

/// Lives through it.
#[must_use]
pub fn watch(setting: &Setting, seed: u64) -> Seen {
    let groups = setting.groups.iter().enumerate();
    let clients: Vec<Client> =
        groups.flat_map(|(group, members)| (0..*members).map(move |_| Client { group, ..Client::default() })).collect();
    let seen = Seen { visits: Vec::new(), posts: Vec::new(), days: setting.days, clients: clients.len(), read: 0 };
    let mut world = World {
        setting: setting.clone(),
        rng: StdRng::seed_from_u64(seed),
        pace: Pace::default(),
        events: BinaryHeap::new(),
        clients,
        sizes: BTreeMap::new(),
        size: 0,
        seen,
    };
    world.plan();
    while let Some(Reverse((now, event))) = world.events.pop() {
        world.happens(now, event);
    }
    world.seen
}

impl World {
    /// When everybody comes and goes.
    fn plan(&mut self) {
        for client in 0..self.clients.len() {
            for day in 0..self.setting.days {
                let mut free = BEGIN + day * DAY + HOURS.0 * HOUR;
                for _ in 0..self.rng.random_range(1..=3) {
                    let latest = BEGIN + day * DAY + HOURS.1 * HOUR;
                    if free + HOUR >= latest {
                        break;
                    }
                    let come = self.rng.random_range(free..latest);
                    let stay = (self.exponential(STAY.0) as u64).clamp(60, STAY.1);
                    self.at(come, Event::Come(client));
                    self.at(come + stay, Event::Go(client));
                    free = come + stay + 600;
                }
            }
        }
    }

    fn at(&mut self, when: u64, event: Event) {
        self.events.push(Reverse((when, event)));
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -(1.0 - self.rng.random::<f64>()).ln() * mean
    }

    fn happens(&mut self, now: u64, event: Event) {
        match event {
            Event::Come(client) => self.come(now, client),
            Event::Go(client) => self.go(now, client),
            Event::Write(client) => self.write(now, client),
            Event::Leave { client, stay, is_dummy } => {
                let is_here = self.clients[client].here.is_some() && self.clients[client].stay == stay;
                if is_here {
                    self.leave(now, client, is_dummy);
                }
            }
        }
    }

    fn come(&mut self, now: u64, client: usize) {
        let visit = self.visit(now, client);
        // Bodies come in whole blocks.
        let first = visit.first - visit.first % BLOCK_CELLS;
        self.seen.read += self.published(now).saturating_sub(first);
        self.clients[client].here = Some(visit);
        self.clients[client].stay += 1;
        if self.rng.random_range(0..WRITTEN_BEFORE) == 0 {
            self.put(client);
        }
        self.clients[client].leaving = false;
        self.plan_leave(now, client);
        if self.setting.leaves == Leaves::AtOnceAndDummies {
            self.plan_dummy(now, client);
        }
        let pause = self.exponential(OWN_PAUSE) as u64;
        self.at(now + pause, Event::Write(client));
    }

    fn visit(&mut self, now: u64, client: usize) -> Visit {
        let drawn = windows_earlier(self.rng.random_range(0..5));
        let (read, slot) = self.clients[client].read.unwrap_or((0, BEGIN / u64::from(SLOT_SECONDS)));
        let earlier = if self.setting.start == Start::Product { drawn } else { 0 };
        let window = match self.setting.start {
            Start::WindowOf(hours) => {
                let ended = SlotNumber(slot).end_unix_seconds(SLOT_SECONDS);
                SlotNumber(SlotNumber::at(ended - ended % (hours * HOUR), SLOT_SECONDS).0 - 1)
            }
            _ => slot_before_window(SlotNumber(slot), earlier, SLOT_SECONDS),
        };
        let by_time = self.published(window.end_unix_seconds(SLOT_SECONDS));
        let first = match self.setting.start {
            Start::First => 0,
            Start::Exact => read,
            Start::Cells => window_start(read),
            Start::Window | Start::WindowOf(_) | Start::Product => first_of_visit(read, earlier, by_time),
        };
        Visit { client, at: now, until: now, window: window.0, first, end: read }
    }

    fn go(&mut self, now: u64, client: usize) {
        let Some(mut visit) = self.clients[client].here.take() else { return };
        visit.until = now;
        visit.end = self.published(now);
        self.seen.read += visit.end.saturating_sub(self.published(visit.at));
        // The last slot that it heard of.
        self.clients[client].read = Some((visit.end, (now / u64::from(SLOT_SECONDS)).saturating_sub(1)));
        self.seen.visits.push(visit);
    }

    fn write(&mut self, now: u64, client: usize) {
        if self.clients[client].here.is_none() {
            return;
        }
        self.put(client);
        self.plan_leave(now, client);
        let pause = self.exponential(OWN_PAUSE) as u64;
        self.at(now + pause, Event::Write(client));
    }

    fn put(&mut self, client: usize) {
        let cells = if self.rng.random_range(0..LONG) == 0 { self.rng.random_range(2..6) } else { 1 };
        self.clients[client].outbox += cells;
    }

    fn pause(&mut self, sending: Sending, posts: u32) -> u64 {
        let left = sending.within(&self.pace).unwrap_or_default();
        let pause = sending.pause(&self.pace, left, posts, self.rng.random());
        (pause + Duration::from_millis(500)).as_secs()
    }

    fn plan_leave(&mut self, now: u64, client: usize) {
        let (sending, is_steady) = match self.setting.leaves {
            Leaves::By(sending) => (sending, sending == Sending::Steady),
            Leaves::AtOnceAndDummies => (Sending::AtOnce, false),
        };
        let one = &self.clients[client];
        if one.leaving || (one.outbox == 0 && !is_steady) {
            return;
        }
        let (stay, posts) = (one.stay, one.outbox.div_ceil(sending.cells_per_post()) as u32);
        self.clients[client].leaving = true;
        let pause = self.pause(sending, posts);
        self.at(now + pause, Event::Leave { client, stay, is_dummy: false });
    }

    fn plan_dummy(&mut self, now: u64, client: usize) {
        let (pause, stay) = (self.pause(Sending::Steady, 1), self.clients[client].stay);
        self.at(now + pause, Event::Leave { client, stay, is_dummy: true });
    }

    fn leave(&mut self, now: u64, client: usize, is_dummy: bool) {
        let most = match self.setting.leaves {
            Leaves::By(sending) => sending.cells_per_post(),
            Leaves::AtOnceAndDummies => MAX_POST_CELLS,
        };
        let one = &mut self.clients[client];
        let says = if is_dummy { 0 } else { one.outbox.min(most) };
        one.outbox -= says;
        let group = one.group;
        let cells = says.max(1);
        self.size += cells as u64;
        self.sizes.insert(now, self.size);
        self.seen.posts.push(Post { client, group, at: now, cells, says_something: says > 0 });
        if is_dummy {
            self.plan_dummy(now, client);
        } else {
            self.clients[client].leaving = false;
            self.plan_leave(now, client);
        }
        if says > 0 {
            self.answered(now, client, group);
        }
    }

    /// Somebody who reads it may answer.
    fn answered(&mut self, now: u64, by: usize, group: usize) {
        if self.rng.random::<f64>() >= ANSWERED.0 {
            return;
        }
        let readers = self.clients.iter().enumerate().filter(|(at, one)| *at != by && one.group == group);
        let here: Vec<usize> = readers.filter(|(_, one)| one.here.is_some()).map(|(at, _)| at).collect();
        if here.is_empty() {
            return;
        }
        let who = here[self.rng.random_range(0..here.len())];
        let slot = u64::from(SLOT_SECONDS);
        let read_at = now.div_ceil(slot) * slot;
        let pause = self.exponential(ANSWERED.1) as u64;
        self.at(read_at + pause, Event::Write(who));
    }

    /// The size that the log had at the end of the last slot by then.
    fn published(&self, at: u64) -> u64 {
        let slot = u64::from(SLOT_SECONDS);
        let ended = at - at % slot;
        self.sizes.range(..ended).next_back().map_or(0, |(_, size)| *size)
    }
}
