//! The simulated world: one thread, one seed, a virtual clock; members with disks that survive crashes, relays that fail
//! and lie, and what must be true of all of them (docs/protocol, P1 to P8).
//!
//! ```text
//! seed -> steps (act, seal, post, visit, listen, crash, lie) -> faults stop -> settle -> check
//!          |  every step: no two bodies at one seq, nothing foreign opened, state after a crash as before
//!          '- with a defence switched off (`Defence`), some world must break
//! ```

pub mod check;
pub mod disk;
pub mod node;
pub mod relay;
mod report;
mod wish;

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::cell::seal_entries;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Content, Entry};
use pursuance_core::founding::MEMBER;
use pursuance_core::id::{AuthorId, EntryId, PursuanceId, TaskId};
use pursuance_core::link::InviteLink;
use pursuance_core::op::Op;
use pursuance_core::plan::Authored;
use pursuance_core::refusal::Refusal;
use pursuance_wire::log::{Evidence, HistoryError};
use pursuance_wire::{Cell, LeafHash, RelayAddress};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use disk::{Post, Reading};
use node::{Crash, Hearing, Node, Sealed, Stop, Visited};
use relay::{Lie, PostFate, Relay, SLOT_SECONDS, dummy};
pub use report::{Broken, Defence, Tally};

/// One pursuance of the world.
struct Group {
    pursuance: PursuanceId,
    relays: Vec<usize>,
    founder: usize,
    nodes: Vec<usize>,
    max_nodes: usize,
    links: Vec<String>,
}

/// A lie that shows only later.
struct Pending {
    lie: Lie,
    node: usize,
    relay: usize,
    leaves: Vec<LeafHash>,
    noticed: bool,
}

/// Author, place and id of each entry in a cell.
type Carried = Vec<(AuthorId, u32, EntryId)>;

/// A whole world.
pub struct World {
    rng: StdRng,
    now: u64,
    without: Option<Defence>,
    calm: bool,
    groups: Vec<Group>,
    nodes: Vec<Node>,
    relays: Vec<Relay>,
    /// Cells on their way whose sender has given up.
    late: Vec<(u64, usize, Vec<Cell>)>,
    /// Which group sealed a cell, and what it carries.
    truth: BTreeMap<LeafHash, (usize, Carried)>,
    exposed: BTreeMap<(AuthorId, u32), EntryId>,
    kept: Vec<(usize, EntryId)>,
    joins: BTreeSet<EntryId>,
    comments: Vec<(usize, String)>,
    tasks: Vec<(usize, TaskId)>,
    receipted: BTreeSet<(usize, LeafHash)>,
    pending: Vec<Pending>,
    said: u64,
    tally: Tally,
}

/// Lives through one world from its seed.
///
/// # Errors
/// [`Broken`]: what was not as it must be.
pub fn run(seed: u64, without: Option<Defence>) -> Result<Tally, Broken> {
    let mut world = World::new(seed, without);
    if !world.chance(4) {
        world.gather()?;
    }
    for _ in 0..world.rng.random_range(80..260) {
        world.step()?;
    }
    world.settle()?;
    world.check()?;
    Ok(world.tally)
}

impl World {
    fn new(seed: u64, without: Option<Defence>) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let now = 1_790_000_000 + rng.random_range(0..1_000_000);
        let count = if rng.random_range(0..5) < 3 { 1 } else { 2 };
        let relays: Vec<Relay> = (0..count)
            .map(|_| {
                let strangers = if rng.random() { rng.random_range(0..20) } else { rng.random_range(200..530) };
                Relay::new(&mut rng, strangers, now)
            })
            .collect();
        let mut world = Self {
            rng,
            now,
            without,
            calm: false,
            groups: Vec::new(),
            nodes: Vec::new(),
            relays,
            late: Vec::new(),
            truth: BTreeMap::new(),
            exposed: BTreeMap::new(),
            kept: Vec::new(),
            joins: BTreeSet::new(),
            comments: Vec::new(),
            tasks: Vec::new(),
            receipted: BTreeSet::new(),
            pending: Vec::new(),
            said: 0,
            tally: Tally::default(),
        };
        let all: Vec<usize> = (0..world.relays.len()).collect();
        let max_nodes = world.rng.random_range(2..=5);
        world.found(&all, max_nodes);
        let max_nodes = world.rng.random_range(1..=2);
        world.found(&[0], max_nodes);
        world
    }

    fn found(&mut self, relays: &[usize], max_nodes: usize) {
        let founder = self.nodes.len();
        let mut node = Node::found(founder, relays, self.directory(), self.now, &mut self.rng, self.without);
        if self.rng.random() {
            for at in relays {
                let size = self.relays[*at].log().size();
                node.disk.readings.insert(*at, Reading { first: size, next: size, newest: None });
            }
        }
        let group = self.groups.len();
        self.kept.extend(node.disk.own().map(|entry| (group, entry.id())));
        self.groups.push(Group {
            pursuance: node.pursuance,
            relays: relays.to_vec(),
            founder,
            nodes: vec![founder],
            max_nodes,
            links: Vec::new(),
        });
        self.nodes.push(node);
    }

    fn directory(&self) -> Vec<RelayAddress> {
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
        let node = self.rng.random_range(0..self.nodes.len());
        if self.nodes[node].offline_until > self.now && !self.chance(3) {
            // Without a network people still write.
            return self.act(node);
        }
        let relays = self.nodes[node].relays();
        let Some(at) = (!relays.is_empty()).then(|| relays[self.rng.random_range(0..relays.len())]) else {
            return Ok(());
        };
        match self.rng.random_range(0..100) {
            0..=27 => self.act(node),
            28..=32 => self.say_in_parts(node, at),
            33..=43 => self.seal(node),
            44..=61 => self.post(node, at),
            62..=81 => self.visit(node, at),
            82..=83 => self.listen(node, at),
            84..=89 => self.welcome(node),
            90 | 91 => {
                let before = self.nodes[node].state();
                self.crash(node, before)
            }
            92 => {
                self.nodes[node].offline_until = self.now + self.rng.random_range(60..20_000);
                self.tally.note("offline");
                Ok(())
            }
            93 => {
                self.nodes[node].clock_wrong_seconds = self.rng.random_range(-40_000_000..40_000_000);
                Ok(())
            }
            _ => self.lie(node, at),
        }
    }

    /// Most worlds begin with people who have found each other already.
    fn gather(&mut self) -> Result<(), Broken> {
        let founder = self.groups[0].founder;
        self.act(founder)?;
        for _ in 0..6 {
            self.newcomer();
        }
        self.settle()?;
        self.calm = false;
        Ok(())
    }

    /// Time passes: cells that were on their way arrive, relays publish.
    fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        let (arrived, late) =
            std::mem::take(&mut self.late).into_iter().partition(|(when, ..)| *when <= self.now || self.calm);
        self.late = late;
        let arrived: Vec<(u64, usize, Vec<Cell>)> = arrived;
        for (_, at, cells) in arrived {
            if self.relays[at].is_up(self.now) {
                self.relays[at].post(&cells, PostFate::AnswerLost, self.now);
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

    /// What befalls relays: strangers' cells, cells again, restarts, entries smuggled in by a member.
    fn trouble(&mut self) {
        let at = self.rng.random_range(0..self.relays.len());
        match self.rng.random_range(0..30) {
            0..=2 => {
                let cell = dummy(&mut self.rng);
                self.relays[at].slip_in(cell);
            }
            3..=4 => {
                if let Some(cell) = self.relays[at].any_cell(&mut self.rng) {
                    self.relays[at].slip_in(cell);
                    self.tally.note("cell repeated");
                }
            }
            5 => {
                let up_again = self.now + self.rng.random_range(1..400);
                self.relays[at].restart(up_again);
                self.tally.note("relay restarted");
            }
            6 if self.chance(4) => self.smuggle(at),
            _ => {}
        }
    }

    /// A member seals entries of another pursuance under the key of its own.
    fn smuggle(&mut self, at: usize) {
        let (from, to) = if self.rng.random() { (0, 1) } else { (1, 0) };
        let stolen = self.nodes[self.groups[from].founder].memory.replica.logs().iter();
        let stolen: Vec<Entry> = stolen.take(2).cloned().collect();
        let member = &self.nodes[self.groups[to].founder].memory.replica;
        let key = member.usable_epoch().expect("a founder has one").cell_key();
        let mut seed = Seed::new(self.rng.random());
        for cell in seal_entries(&key, stolen.iter().map(|entry| (entry.id(), entry.bytes())), &mut seed) {
            self.truth.insert(cell.leaf_hash(), (to, Vec::new()));
            self.relays[at].slip_in(cell);
        }
        self.tally.note("foreign entry smuggled in");
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

    fn roll_crash(&mut self) -> Crash {
        match self.rng.random_range(0..20) {
            _ if self.calm => Crash::Never,
            0 | 1 => Crash::BeforeSave,
            2 => Crash::AfterSave,
            _ => Crash::Never,
        }
    }

    /// Carries out a step of a node that may be cut short by a crash.
    fn attempt<T>(
        &mut self,
        node: usize,
        step: impl FnOnce(&mut Self, Crash) -> Result<T, Stop>,
    ) -> Result<Result<T, Stop>, Broken> {
        let crash = self.roll_crash();
        let before = (crash == Crash::BeforeSave).then(|| self.nodes[node].state());
        let done = step(self, crash);
        if crash == Crash::Never {
            return Ok(done);
        }
        let saved = match before {
            Some(before) => before,
            None => self.nodes[node].state(),
        };
        self.crash(node, saved)?;
        Ok(done)
    }

    fn crash(&mut self, node: usize, saved: ([u8; 32], usize)) -> Result<(), Broken> {
        self.nodes[node].crash();
        self.tally.note("crash");
        if self.without != Some(Defence::OldCopies) && self.nodes[node].state() != saved {
            return Err(Broken::Rebuilt { node });
        }
        Ok(())
    }

    fn act(&mut self, node: usize) -> Result<(), Broken> {
        match self.wish(node) {
            Some((authored, comment)) => self.say(node, authored, comment),
            None => Ok(()),
        }
    }

    /// Something long is said, and somebody reads the part of it that has been posted so far.
    fn say_in_parts(&mut self, node: usize, at: usize) -> Result<(), Broken> {
        let Some((authored, comment)) = self.long_wish(node) else { return Ok(()) };
        self.say(node, authored, comment)?;
        self.seal(node)?;
        self.post(node, at)?;
        self.pass(u64::from(SLOT_SECONDS));
        let nodes = &self.groups[self.group_of(node)].nodes;
        let reader = nodes[self.rng.random_range(0..nodes.len())];
        self.visit(reader, at)
    }

    fn say(&mut self, node: usize, authored: Authored, comment: Option<String>) -> Result<(), Broken> {
        if self.without == Some(Defence::SaveFirst) {
            let sealed = self.nodes[node].seal_these(&authored.entries, &mut self.rng);
            if let Ok((sealed, _)) = sealed {
                self.register(node, &sealed);
                let at = self.nodes[node].relays()[0];
                self.arrive(&sealed.cells)?;
                self.relays[at].post(&sealed.cells, PostFate::AnswerLost, self.now);
            }
        }
        let done = self.attempt(node, |world, crash| world.nodes[node].commit(&authored.entries, crash))?;
        if done.is_err() {
            return Ok(());
        }
        let group = self.group_of(node);
        self.kept.extend(authored.entries.iter().map(|entry| (group, entry.id())));
        self.comments.extend(comment.map(|text| (group, text)));
        self.tasks.extend(authored.task.map(|task| (group, task)));
        self.nodes[node].undo = authored.undo;
        if let Some((grant, secret)) = authored.invite {
            let relay = self.groups[group].relays[self.rng.random_range(0..self.groups[group].relays.len())];
            let from_index = self.nodes[node].seen(relay).map_or(0, |seen| seen.size());
            let link = InviteLink {
                pursuance: self.groups[group].pursuance,
                relay: self.relays[relay].address(),
                invite: grant.entry,
                from_index,
                secret,
            };
            self.groups[group].links.push(link.to_text().to_string());
            self.tally.note("invite");
        }
        self.tally.note("command");
        Ok(())
    }

    fn seal(&mut self, node: usize) -> Result<(), Broken> {
        let sealed = self.attempt(node, |world, crash| world.nodes[node].seal(&mut world.rng, crash))?;
        if let Ok(sealed) = sealed {
            self.register(node, &sealed);
            self.tally.note("sealed");
        }
        Ok(())
    }

    fn register(&mut self, node: usize, sealed: &Sealed) {
        let group = self.group_of(node);
        for cell in &sealed.cells {
            self.truth.insert(cell.leaf_hash(), (group, sealed.carried.clone()));
        }
    }

    fn welcome(&mut self, node: usize) -> Result<(), Broken> {
        let Some(entry) = self.nodes[node].welcome(self.now, &mut self.rng) else { return Ok(()) };
        let entries = [entry];
        if self.attempt(node, |world, crash| world.nodes[node].commit(&entries, crash))?.is_ok() {
            self.kept.push((self.group_of(node), entries[0].id()));
            self.tally.note("welcome");
        }
        Ok(())
    }

    fn join(&mut self, node: usize) -> Result<(), Broken> {
        match self.nodes[node].join(self.now) {
            Ok(entry) => {
                let id = entry.id();
                let done = self.attempt(node, |world, crash| world.nodes[node].commit_join(entry, crash))?;
                if done.is_ok() {
                    self.kept.push((self.group_of(node), id));
                    self.joins.insert(id);
                    self.tally.note("join");
                }
            }
            Err(Stop::Refused(Refusal::InviteUsedUp)) => self.tally.note("invite used up"),
            Err(_) => {}
        }
        Ok(())
    }

    fn post(&mut self, node: usize, at: usize) -> Result<(), Broken> {
        let (lines, cells) = self.nodes[node].next_post(at, &mut self.rng);
        if cells.is_empty() || !self.relays[at].is_up(self.now) {
            return Ok(());
        }
        let fate = match self.rng.random_range(0..10) {
            _ if self.calm => PostFate::Taken,
            0 => PostFate::AnswerLost,
            1 | 2 => PostFate::Lost,
            _ => PostFate::Taken,
        };
        if fate == PostFate::Lost && self.rng.random() {
            self.late.push((self.now + self.rng.random_range(1..5_000), at, cells.clone()));
        }
        self.arrive(&cells)?;
        let note = self.relays[at].post(&cells, fate, self.now);
        match fate {
            PostFate::Taken => self.receipted.extend(cells.iter().map(|cell| (at, cell.leaf_hash()))),
            PostFate::AnswerLost => self.tally.note("answer lost"),
            _ => self.tally.note("post lost"),
        }
        let done =
            self.attempt(node, |world, crash| world.nodes[node].take_receipt(at, &lines, &cells, note, crash))?;
        match done {
            Err(stop @ Stop::Receipt(_)) => Err(Broken::FalseAlarm { node, relay: at, stop: Box::new(stop) }),
            _ => Ok(()),
        }
    }

    /// What comes out of a machine is out for ever: two bodies at one place are a fork.
    fn arrive(&mut self, cells: &[Cell]) -> Result<(), Broken> {
        for cell in cells {
            let Some((_, carried)) = self.truth.get(&cell.leaf_hash()) else { continue };
            for (author, seq, id) in carried {
                if *self.exposed.entry((*author, *seq)).or_insert(*id) != *id {
                    return Err(Broken::Equivocation { author: *author, seq: *seq });
                }
            }
        }
        Ok(())
    }

    fn visit(&mut self, node: usize, at: usize) -> Result<(), Broken> {
        if !self.relays[at].is_up(self.now) {
            return Ok(());
        }
        let hearing = match self.rng.random_range(0..8) {
            _ if self.calm => Hearing::GOOD,
            0 => Hearing { answers: Some(self.rng.random_range(0..5)), behind: 0 },
            1 => Hearing { answers: None, behind: self.rng.random_range(1..4) },
            _ => Hearing::GOOD,
        };
        let done = self.attempt(node, |world, crash| {
            world.nodes[node].visit(at, &mut world.relays[at], hearing, &mut world.rng, crash)
        })?;
        self.learn(node, at, done)?;
        self.join(node)?;
        // Crashes come where they hurt.
        if !self.calm && self.nodes[node].has_parts() {
            self.tally.note("crash amid parts");
            let before = self.nodes[node].state();
            self.crash(node, before)?;
        }
        Ok(())
    }

    fn listen(&mut self, node: usize, at: usize) -> Result<(), Broken> {
        if !self.relays[at].is_up(self.now) || self.pending.iter().any(|one| (one.node, one.relay) == (node, at)) {
            return Ok(());
        }
        let done = self.attempt(node, |world, crash| world.nodes[node].listen(at, &world.relays[at], crash))?;
        if done.is_ok() {
            self.tally.note("stream");
        }
        self.learn(node, at, done)
    }

    /// What came of a visit to a relay that was honest this time.
    fn learn(&mut self, node: usize, at: usize, done: Result<Visited, Stop>) -> Result<(), Broken> {
        match done {
            Ok(visited) => {
                self.tally.note("visit");
                self.look_at(node, at, &visited)
            }
            Err(Stop::Crashed | Stop::Nothing) => Ok(()),
            Err(Stop::NoAnswer) => {
                self.tally.note("no answer");
                Ok(())
            }
            Err(Stop::History(HistoryError::Forked(evidence))) => {
                self.convince(node, at, &evidence)?;
                let told = self
                    .pending
                    .iter_mut()
                    .find(|one| one.lie == Lie::HiddenBranch && (one.node, one.relay) == (node, at));
                match told {
                    Some(pending) => {
                        pending.noticed = true;
                        Ok(())
                    }
                    None => {
                        let stop = Box::new(Stop::History(HistoryError::Forked(evidence)));
                        Err(Broken::FalseAlarm { node, relay: at, stop })
                    }
                }
            }
            Err(stop) => Err(Broken::FalseAlarm { node, relay: at, stop: Box::new(stop) }),
        }
    }

    fn look_at(&mut self, node: usize, at: usize, visited: &Visited) -> Result<(), Broken> {
        let group = self.group_of(node);
        if visited.opened.iter().any(|leaf| self.truth.get(leaf).is_none_or(|(sealed_by, _)| *sealed_by != group)) {
            return Err(Broken::OpenedForeign { node });
        }
        for (receipt, evidence) in &visited.broken {
            self.convince(node, at, evidence)?;
            let told = self.pending.iter_mut().find(|one| {
                // A branch without what was receipted breaks the receipt, too.
                let empty = one.leaves.iter().any(|leaf| receipt.leaves().contains(leaf));
                (one.node, one.relay) == (node, at) && (empty || one.lie == Lie::HiddenBranch)
            });
            match told {
                Some(pending) => pending.noticed = true,
                None => {
                    let stop = Box::new(Stop::Nothing);
                    return Err(Broken::FalseAlarm { node, relay: at, stop });
                }
            }
        }
        for _ in 0..visited.assembled {
            self.tally.note("long entry");
        }
        Ok(())
    }

    /// Evidence as a file, in the hands of somebody who knows only the relay's key.
    fn convince(&mut self, node: usize, at: usize, evidence: &Evidence) -> Result<(), Broken> {
        let key = self.relays[at].address().log_key();
        let read = Evidence::decode(&evidence.encode());
        let convinced = read.is_ok_and(|read| read == *evidence && read.verify(&key).is_ok());
        if convinced { Ok(()) } else { Err(Broken::NoProof { node }) }
    }

    /// A relay lies to one client, which must notice: at once, or when the truth comes by.
    fn lie(&mut self, node: usize, at: usize) -> Result<(), Broken> {
        let lie = Lie::ALL[self.rng.random_range(0..Lie::ALL.len())];
        // Whoever is shown a branch of its own cannot come back to that relay: another must be honest.
        let spare = at == 1 && self.nodes[node].relays().len() == 2;
        if !self.relays[at].is_up(self.now)
            || (lie == Lie::HiddenBranch && !spare)
            || self.pending.iter().any(|one| (one.node, one.relay) == (node, at))
        {
            return Ok(());
        }
        if lie.is_about_a_post() { self.lie_about_a_post(node, at, lie) } else { self.lie_about_the_log(node, at, lie) }
    }

    fn lie_about_a_post(&mut self, node: usize, at: usize, lie: Lie) -> Result<(), Broken> {
        let (lines, cells) = self.nodes[node].next_post(at, &mut self.rng);
        let leaves: Vec<LeafHash> = cells.iter().map(Cell::leaf_hash).collect();
        let on_its_way = self.late.iter().flat_map(|(.., cells)| cells).any(|cell| leaves.contains(&cell.leaf_hash()));
        if cells.is_empty() || on_its_way || leaves.iter().any(|leaf| self.relays[at].holds(leaf)) {
            return Ok(());
        }
        self.arrive(&cells)?;
        let note = self.relays[at].post(&cells, PostFate::Lie(lie), self.now);
        let done = self.nodes[node].take_receipt(at, &lines, &cells, note, Crash::Never);
        *self.tally.lies.entry(lie).or_default() += 1;
        match (lie, done) {
            (Lie::EmptyReceipt, Ok(())) => {
                self.pending.push(Pending { lie, node, relay: at, leaves, noticed: false });
                Ok(())
            }
            (Lie::OtherReceipt | Lie::ForgedReceipt, Err(Stop::Receipt(_))) => Ok(()),
            _ => Err(Broken::Believed { lie, node }),
        }
    }

    fn lie_about_the_log(&mut self, node: usize, at: usize, lie: Lie) -> Result<(), Broken> {
        let seen = self.nodes[node].seen(at).cloned();
        if !self.relays[at].deceive(node, lie, seen.as_ref(), &mut self.rng) {
            return Ok(());
        }
        let done = self.nodes[node].visit(at, &mut self.relays[at], Hearing::GOOD, &mut self.rng, Crash::Never);
        if !self.relays[at].confess() {
            // Nothing was asked that could be answered with it.
            return self.learn(node, at, done);
        }
        *self.tally.lies.entry(lie).or_default() += 1;
        match (lie, done) {
            (Lie::RewrittenPast | Lie::TwoTrees | Lie::Shrunk, Err(Stop::History(HistoryError::Forked(evidence)))) => {
                self.convince(node, at, &evidence)
            }
            (Lie::RolledBack, Err(Stop::History(HistoryError::Stale { .. })))
            | (Lie::GarbageNote | Lie::ForeignNote, Err(Stop::History(HistoryError::Checkpoint(_))))
            | (Lie::GarbageTile, Err(Stop::Tile(_) | Stop::History(HistoryError::Span(_))))
            | (Lie::GarbageCells, Err(Stop::Length(_) | Stop::Cells(_))) => Ok(()),
            (Lie::HiddenBranch, Ok(visited)) => {
                self.pending.push(Pending { lie, node, relay: at, leaves: Vec::new(), noticed: false });
                self.look_at(node, at, &visited)
            }
            _ => Err(Broken::Believed { lie, node }),
        }
    }

    /// Faults and lies stop, everybody is online, until nothing moves any more.
    fn settle(&mut self) -> Result<(), Broken> {
        self.calm = true;
        self.relays.iter_mut().for_each(Relay::mend);
        let mut quiet = 0;
        let mut before = Vec::new();
        for _ in 0..60 {
            self.pass(u64::from(SLOT_SECONDS));
            for node in 0..self.nodes.len() {
                for at in self.nodes[node].relays() {
                    self.visit(node, at)?;
                }
                // Whoever comes first answers; the others see it in the next slot.
                if self.chance(2) {
                    self.welcome(node)?;
                }
                self.seal(node)?;
                for at in self.nodes[node].relays() {
                    while !self.nodes[node].waiting(at).is_empty() {
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
            let unanswered = self
                .nodes
                .iter_mut()
                .any(|node| node.memory.replica.is_member() && !node.memory.replica.unwelcomed().is_empty());
            if quiet >= 3 && !unanswered {
                break;
            }
        }
        Ok(())
    }
}

fn is_join(entry: &Entry) -> bool {
    matches!(&entry.body().content, Content::Public(ops) if matches!(ops.first(), Some(Op::Join(_))))
}

/// The role that links offer in this world.
const OFFERED: pursuance_core::id::RoleId = MEMBER;
