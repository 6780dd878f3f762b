//! A simulated client: the real core over a disk that can be all that is left (docs/protocol/08-node.md).
//!
//! ```text
//! this file: what it is, how it starts, what it says      boundary: what is saved when
//! visit: a relay's answers    reading: cells come in      sealing: cells go out
//! ```

mod boundary;
mod desks;
mod epoch;
mod reading;
mod sealing;
mod visit;

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::Entry;
use pursuance_core::founding::{Founding, found_with};
use pursuance_core::fragment::Fragments;
use pursuance_core::id::{EntryId, PursuanceId};
use pursuance_core::keys::{DeviceKeys, EpochSecret};
use pursuance_core::link::InviteLink;
use pursuance_core::op::Since;
use pursuance_core::plan::{Authored, Circumstances, ImportTask};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_core::rule::RuleTable;
use pursuance_wire::log::{
    CellsError, Checkpoint, HistoryError, LogKey, ReceiptError, RelayHistory, SpanError, TileError,
};
use pursuance_wire::{CellLengthError, RelayAddress};
use rand::RngExt;
use rand::rngs::StdRng;

use super::Defence;
use super::disk::{Disk, Door, Draft, Post, Reading, Whose};
pub use boundary::{Boundary, Fuse, Side};
use desks::is_for_a_role;
pub use epoch::introduced;
pub use sealing::{Sealed, is_join};
pub use visit::{Hearing, Visited};

/// Why a step came to nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// The node crashed.
    Crashed,
    /// There was nothing to do.
    Nothing,
    /// The rules do not allow it.
    Refused(Refusal),
    /// The relay did not answer.
    NoAnswer,
    /// Its checkpoint is not accepted.
    History(HistoryError),
    /// A tile is none.
    Tile(TileError),
    /// Nothing can be asked for.
    Span(SpanError),
    /// The bodies are no cells.
    Length(CellLengthError),
    /// The bodies are not the log's.
    Cells(CellsError),
    /// The receipt is none, or for other cells.
    Receipt(ReceiptError),
}

macro_rules! stop_from {
    ($($error:ty => $variant:ident),*) => {
        $(impl From<$error> for Stop {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}
stop_from!(
    Refusal => Refused, HistoryError => History, TileError => Tile, SpanError => Span, CellLengthError => Length,
    CellsError => Cells, ReceiptError => Receipt
);

/// What a crash destroys.
pub struct Memory {
    /// The state.
    pub replica: Replica,
    histories: BTreeMap<usize, RelayHistory>,
    fragments: BTreeMap<Door, Fragments>,
    /// Relays of which the next visit begins at the first cell: a promise is overdue.
    prove: BTreeSet<usize>,
    /// Relays that are to be read again: what the visit under way brings is not counted.
    behind: BTreeSet<usize>,
    /// Own entries since the start.
    said: BTreeSet<EntryId>,
    /// A secret is held, and what it opens may not have been read.
    unread: bool,
}

/// How wrong a clock is.
#[derive(Debug, Clone, Copy, Default)]
pub enum Clock {
    /// It is right.
    #[default]
    Right,
    /// Always so many seconds ahead, or behind.
    Off(i64),
    /// Another time whenever somebody looks, at most so many seconds off.
    Jumping(i64),
}

/// Relays as clients find them in the log: addresses, and the log keys in them.
pub type Directory = Vec<(RelayAddress, LogKey)>;

/// One device in one pursuance.
pub struct Node {
    /// Its number in the world; relays tell clients apart by it when they lie.
    pub number: usize,
    /// Which pursuance.
    pub pursuance: PursuanceId,
    /// What survives.
    pub disk: Disk,
    /// What does not.
    pub memory: Memory,
    /// Burns down at the durable boundaries.
    pub fuse: Fuse,
    /// Its clock.
    pub clock: Clock,
    /// Out of reach until then.
    pub offline_until: u64,
    /// Commands that take the last one back.
    pub undo: Vec<Command>,
    directory: Directory,
    without: Option<Defence>,
}

impl Memory {
    fn rebuild(disk: &Disk, pursuance: PursuanceId, directory: &Directory, without: Option<Defence>) -> Self {
        let mut replica = Replica::new(pursuance, DeviceKeys::from_seed(disk.device_seed));
        for secret in &disk.epochs {
            replica.learn_epoch(EpochSecret::new(*secret));
        }
        for secret in &disk.lists {
            replica.take_up_list_secret(EpochSecret::new(*secret));
        }
        for (entry, whose) in &disk.entries {
            let entry = Entry::from_store(entry.bytes()).expect("what was saved can be read");
            if *whose == Whose::Own || without == Some(Defence::StopsOvertaken) {
                replica.append(entry);
            } else {
                replica.receive(entry);
            }
        }
        let unread = !replica.take_learned().is_empty() && !disk.member;
        let histories = disk.checkpoints.iter().map(|(relay, (note, frontier))| {
            let restored = RelayHistory::restore(directory[*relay].1, note, frontier.clone());
            (*relay, restored.expect("what was saved belongs together"))
        });
        let histories = histories.collect();
        let mut fragments: BTreeMap<Door, Fragments> = BTreeMap::new();
        for (door, part) in &disk.parts {
            fragments.entry(*door).or_default().insert(part.clone());
        }
        let (prove, behind, said) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { replica, histories, fragments, prove, behind, said, unread }
    }
}

impl Node {
    fn with_disk(
        number: usize,
        pursuance: PursuanceId,
        disk: Disk,
        directory: Directory,
        without: Option<Defence>,
    ) -> Self {
        let memory = Memory::rebuild(&disk, pursuance, &directory, without);
        Self {
            number,
            pursuance,
            disk,
            memory,
            fuse: Fuse::default(),
            clock: Clock::Right,
            offline_until: 0,
            undo: Vec::new(),
            directory,
            without,
        }
    }

    /// Founds a pursuance on these relays, which begins at these places there.
    pub fn found(
        number: usize,
        relays: &[(usize, u64)],
        rules: RuleTable,
        directory: Directory,
        now: u64,
        rng: &mut StdRng,
        without: Option<Defence>,
    ) -> Self {
        let device_seed: [u8; 32] = rng.random();
        let founding = Founding {
            name: "Harbour watch".into(),
            mission: String::new(),
            my_name: format!("member {number}"),
            relays: relays.iter().map(|(relay, _)| directory[*relay].0).collect(),
        };
        let device = DeviceKeys::from_seed(device_seed);
        let founded = found_with(&founding, rules, &device, now, &mut seed(rng, without)).expect("good texts");
        let mut disk = Disk::new(device_seed);
        disk.save(Draft {
            entries: founded.entries.into_iter().map(|entry| (entry, Whose::Own)).collect(),
            epochs: vec![*founded.epoch.as_bytes()],
            readings: relays.iter().map(|(at, first)| (*at, Reading { first: *first, next: *first })).collect(),
            member: true,
            ..Draft::default()
        });
        disk.wanted.extend(relays.iter().map(|(at, _)| *at));
        Self::with_disk(number, founded.pursuance, disk, directory, without)
    }

    /// Begins with a link and nothing else.
    pub fn with_link(
        number: usize,
        link: InviteLink,
        directory: Directory,
        rng: &mut StdRng,
        without: Option<Defence>,
    ) -> Self {
        let mut disk = Disk::new(rng.random());
        let pursuance = link.pursuance;
        let at = directory.iter().position(|(address, _)| *address == link.relay).expect("a relay of this world");
        disk.readings.insert(at, Reading { first: link.from_index, next: link.from_index });
        disk.wanted.insert(at);
        disk.link = Some(link);
        Self::with_disk(number, pursuance, disk, directory, without)
    }

    /// What must be the same after a crash: the state, and how many entries stand in the log.
    #[must_use]
    pub fn state(&self) -> ([u8; 32], usize) {
        (self.memory.replica.digest(), self.memory.replica.logs().len())
    }

    /// Loses everything that was not saved, and starts again.
    pub fn crash(&mut self) {
        if self.without == Some(Defence::OldCopies) {
            self.disk.set_back();
        }
        self.start();
    }

    /// Its owner puts back an old copy of the data folder.
    pub fn put_back(&mut self, copy: Disk) {
        self.disk = copy;
        self.undo.clear();
        self.start();
    }

    fn start(&mut self) {
        self.memory = Memory::rebuild(&self.disk, self.pursuance, &self.directory, self.without);
        if self.memory.unread && !self.lacks(Defence::TakesUpReading) {
            self.read_again().expect("no fuse is lit at a start");
        }
        self.memory.behind.clear();
        self.want_relays().expect("no fuse is lit at a start");
    }

    /// What its clock shows.
    #[must_use]
    pub fn clock(&self, now: u64, rng: &mut StdRng) -> u64 {
        now.saturating_add_signed(match self.clock {
            Clock::Right => 0,
            Clock::Off(seconds) => seconds,
            Clock::Jumping(seconds) => rng.random_range(-seconds..=seconds),
        })
    }

    /// Whether it holds parts of an entry that is not whole.
    #[must_use]
    pub fn has_parts(&self) -> bool {
        self.memory.fragments.values().any(|parts| parts.pending_bytes() > 0)
    }

    /// Whether its own log was seen further along elsewhere: it signs nothing more.
    #[must_use]
    pub const fn is_overtaken(&self) -> bool {
        self.memory.replica.is_overtaken()
    }

    /// The relays it uses: those that the log names, once it is in.
    #[must_use]
    pub fn relays(&self) -> Vec<usize> {
        let named = self.memory.replica.authority().relays();
        let used = match &self.disk.link {
            Some(link) if named.is_empty() || !self.disk.member => std::slice::from_ref(&link.relay),
            _ => named,
        };
        used.iter().filter_map(|relay| self.directory.iter().position(|(address, _)| address == relay)).collect()
    }

    /// The newest checkpoint accepted from a relay.
    #[must_use]
    pub fn seen(&self, at: usize) -> Option<&Checkpoint> {
        self.memory.histories.get(&at).and_then(RelayHistory::newest)
    }

    /// Whether a visit to a relay that shows so many cells could bring anything.
    #[must_use]
    pub fn misses_something(&self, at: usize, size: u64) -> bool {
        self.seen(at).is_none_or(|seen| seen.size() != size)
            || self.disk.readings.get(&at).is_none_or(|reading| reading.next != size)
            || self.disk.lines(at).any(|(_, line)| matches!(line.post, Post::Handed(_)))
    }

    /// Lines of a relay that wait to be posted.
    #[must_use]
    pub fn waiting(&self, at: usize) -> Vec<usize> {
        self.disk.lines(at).filter(|(_, line)| line.post == Post::Waiting).map(|(number, _)| number).collect()
    }

    /// Plans a command.
    ///
    /// # Errors
    /// [`Stop::Refused`].
    pub fn command(&mut self, command: &Command, now: u64, rng: &mut StdRng) -> Result<Authored, Stop> {
        let since = self.disk.readings.iter();
        let since = since.map(|(at, reading)| Since { relay: *self.directory[*at].1.as_bytes(), index: reading.first });
        let since = since.collect();
        let now_seconds = self.clock(now, rng);
        let mut seed = seed(rng, self.without);
        let mut with = Circumstances { now_seconds, seed: &mut seed, since };
        let authored = self.memory.replica.command(command, &mut with)?;
        Ok(if self.lacks(Defence::RoleCoverage) { self.uncovered(authored, &mut seed) } else { authored })
    }

    /// Plans an import of tasks.
    ///
    /// # Errors
    /// [`Stop::Refused`].
    pub fn import(&mut self, rows: &[ImportTask], now: u64, rng: &mut StdRng) -> Result<Authored, Stop> {
        let now_seconds = self.clock(now, rng);
        let mut seed = seed(rng, self.without);
        let mut with = Circumstances { now_seconds, seed: &mut seed, since: Vec::new() };
        Ok(self.memory.replica.import(rows, &mut with)?)
    }

    /// Saves own entries, then appends them.
    ///
    /// # Errors
    /// [`Stop::Crashed`].
    pub fn commit(&mut self, entries: &[Entry]) -> Result<(), Stop> {
        self.commit_at(Boundary::Entry, entries)
    }

    fn commit_at(&mut self, boundary: Boundary, entries: &[Entry]) -> Result<(), Stop> {
        let epochs = self.epochs_of_roles_in(entries);
        let kept = entries.iter().map(|entry| (entry.clone(), Whose::Own)).collect();
        let draft = Draft { entries: kept, epochs: epochs.clone(), ..Draft::default() };
        self.save(boundary, draft)?;
        for entry in entries {
            self.memory.said.insert(entry.id());
            self.memory.replica.append(entry.clone());
        }
        if !epochs.is_empty() {
            // They are on the disk already.
            self.memory.replica.take_learned();
        }
        Ok(())
    }

    /// Whether it holds an entry of its own device that was not written here.
    #[must_use]
    pub fn has_read_itself(&self) -> bool {
        let me = self.memory.replica.device().author();
        self.disk.entries.iter().any(|(entry, whose)| *whose == Whose::Others && entry.body().author == me)
    }

    /// Whether somebody waits for its welcome, or for a task.
    pub fn owes_something(&mut self) -> bool {
        let replica = &mut self.memory.replica;
        replica.is_member() && !(replica.unwelcomed().is_empty() && replica.unhanded().is_empty())
    }

    /// Signs a welcome for one device that waits for it.
    pub fn welcome(&mut self, now: u64, rng: &mut StdRng) -> Option<Entry> {
        if !self.memory.replica.is_member() {
            return None;
        }
        let waiting = self.memory.replica.unwelcomed();
        let to = *waiting.get(rng.random_range(0..waiting.len().max(1)))?;
        let now_seconds = self.clock(now, rng);
        let welcome = self.memory.replica.welcome(to, now_seconds);
        welcome.filter(|entry| !self.lacks(Defence::WelcomesToRoles) || !is_for_a_role(entry))
    }

    /// Signs the first entry, once the preview can be read.
    ///
    /// # Errors
    /// [`Stop::Nothing`] when it cannot be, or was signed before; [`Stop::Refused`].
    pub fn join(&self, now: u64, rng: &mut StdRng) -> Result<Entry, Stop> {
        if self.disk.own().next().is_some() {
            return Err(Stop::Nothing);
        }
        let preview = self.preview().ok_or(Stop::Nothing)?;
        preview.view().ok_or(Stop::Nothing)?;
        let name = format!("member {}", self.number);
        Ok(preview.join(self.memory.replica.device(), &name, self.clock(now, rng))?)
    }

    /// Saves the join.
    ///
    /// # Errors
    /// [`Stop::Crashed`].
    pub fn commit_join(&mut self, entry: Entry) -> Result<(), Stop> {
        self.commit_at(Boundary::Join, &[entry])
    }

    fn lacks(&self, defence: Defence) -> bool {
        self.without == Some(defence)
    }

    fn save(&mut self, boundary: Boundary, draft: Draft) -> Result<(), Stop> {
        self.fuse.pass(boundary, Side::Before)?;
        self.disk.save(draft);
        self.fuse.pass(boundary, Side::After)
    }
}

/// What a client draws from: new each time, or always the same.
fn seed(rng: &mut StdRng, without: Option<Defence>) -> Seed {
    let fresh = rng.random();
    Seed::new(if without == Some(Defence::FreshRandomness) { [7; 32] } else { fresh })
}
