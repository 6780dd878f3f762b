//! A simulated client: the real core over a disk that can be all that is left, and the real checks of a relay's answers
//! (docs/protocol/08-node.md).

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::cell::{CellContent, Fragment, open_cell, seal_entries};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Content, Entry, UnverifiedEntry};
use pursuance_core::founding::{Founding, found};
use pursuance_core::fragment::{Assembly, Fragments};
use pursuance_core::id::{AuthorId, EntryId, PursuanceId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{CellKey, DeviceKeys, EpochSecret};
use pursuance_core::link::InviteLink;
use pursuance_core::logs::Append;
use pursuance_core::op::{Op, Since};
use pursuance_core::plan::{Authored, Circumstances, ImportTask};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_wire::limits::{BLOCK_CELLS, MAX_FETCH_BLOCKS, MAX_POST_CELLS};
use pursuance_wire::log::{
    CellsError, Checkpoint, Evidence, HashTile, HistoryError, Receipt, ReceiptError, ReceiptState, RelayHistory, Span,
    SpanError, Standing, TileError, tiles_for_span, window_start,
};
use pursuance_wire::{BlockRange, Cell, CellLengthError, LeafHash, RelayAddress};
use rand::RngExt;
use rand::rngs::StdRng;

use super::Defence;
use super::disk::{Disk, Door, Draft, Line, Post, Reading, Whose};
use super::relay::Relay;

/// Where a step is cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// It is not.
    Never,
    /// Just before its transaction is saved.
    BeforeSave,
    /// Just after.
    AfterSave,
}

/// Where a relay stops answering in the course of a visit, and how many slots behind it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hearing {
    /// Answers until it falls silent; `None`: it does not.
    pub answers: Option<u32>,
    /// Checkpoints behind the newest, but never behind what the client has seen.
    pub behind: usize,
}

impl Hearing {
    /// Everything is answered.
    pub const GOOD: Self = Self { answers: None, behind: 0 };
}

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

/// What a visit brought.
#[derive(Debug, Default)]
pub struct Visited {
    /// Cells that a key of the pursuance opened.
    pub opened: Vec<LeafHash>,
    /// Receipts found broken, with the proof.
    pub broken: Vec<(Receipt, Evidence)>,
    /// Entries that were new.
    pub news: usize,
    /// Long entries put together from parts.
    pub assembled: usize,
}

/// Cells sealed, and the entries in them.
pub struct Sealed {
    /// The cells.
    pub cells: Vec<Cell>,
    /// Author, place and id of each entry in them.
    pub carried: Vec<(AuthorId, u32, EntryId)>,
}

/// What a crash destroys.
pub struct Memory {
    /// The state.
    pub replica: Replica,
    histories: BTreeMap<usize, RelayHistory>,
    fragments: BTreeMap<Door, Fragments>,
    look_back: BTreeSet<usize>,
}

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
    /// How wrong its clock is, in seconds.
    pub clock_wrong_seconds: i64,
    /// Out of reach until then.
    pub offline_until: u64,
    /// Commands that take the last one back.
    pub undo: Vec<Command>,
    directory: Vec<RelayAddress>,
    without: Option<Defence>,
}

impl Memory {
    fn rebuild(disk: &Disk, pursuance: PursuanceId, directory: &[RelayAddress]) -> Self {
        let mut replica = Replica::new(pursuance, DeviceKeys::from_seed(disk.device_seed));
        for secret in &disk.epochs {
            replica.learn_epoch(EpochSecret::new(*secret));
        }
        for (entry, _) in &disk.entries {
            replica.append(Entry::from_store(entry.bytes()).expect("what was saved can be read"));
        }
        replica.take_learned();
        let histories = disk.readings.iter().filter_map(|(relay, reading)| {
            let (note, frontier) = reading.newest.clone()?;
            let key = directory[*relay].log_key();
            Some((*relay, RelayHistory::restore(key, &note, frontier).expect("what was saved belongs together")))
        });
        let histories = histories.collect();
        let mut fragments: BTreeMap<Door, Fragments> = BTreeMap::new();
        for (door, part) in &disk.parts {
            fragments.entry(*door).or_default().insert(part.clone());
        }
        Self { replica, histories, fragments, look_back: BTreeSet::new() }
    }
}

impl Node {
    fn with_disk(
        number: usize,
        pursuance: PursuanceId,
        disk: Disk,
        directory: Vec<RelayAddress>,
        without: Option<Defence>,
    ) -> Self {
        let memory = Memory::rebuild(&disk, pursuance, &directory);
        Self {
            number,
            pursuance,
            disk,
            memory,
            clock_wrong_seconds: 0,
            offline_until: 0,
            undo: Vec::new(),
            directory,
            without,
        }
    }

    /// Founds a pursuance on these relays.
    pub fn found(
        number: usize,
        relays: &[usize],
        directory: Vec<RelayAddress>,
        now: u64,
        rng: &mut StdRng,
        without: Option<Defence>,
    ) -> Self {
        let device_seed: [u8; 32] = rng.random();
        let founding = Founding {
            name: "Harbour watch".into(),
            mission: String::new(),
            my_name: format!("member {number}"),
            relays: relays.iter().map(|relay| directory[*relay]).collect(),
        };
        let founded = found(&founding, &DeviceKeys::from_seed(device_seed), now, &mut Seed::new(rng.random()))
            .expect("good texts");
        let mut disk = Disk::new(device_seed);
        disk.save(Draft {
            entries: founded.entries.into_iter().map(|entry| (entry, Whose::Own)).collect(),
            epochs: vec![*founded.epoch.as_bytes()],
            ..Draft::default()
        });
        Self::with_disk(number, founded.pursuance, disk, directory, without)
    }

    /// Begins with a link and nothing else.
    pub fn with_link(
        number: usize,
        link: InviteLink,
        directory: Vec<RelayAddress>,
        rng: &mut StdRng,
        without: Option<Defence>,
    ) -> Self {
        let mut disk = Disk::new(rng.random());
        let pursuance = link.pursuance;
        let at = directory.iter().position(|address| *address == link.relay).expect("a relay of this world");
        let reading = Reading { first: link.from_index, next: link.from_index, newest: None };
        disk.readings.insert(at, reading);
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
        self.memory = Memory::rebuild(&self.disk, self.pursuance, &self.directory);
    }

    /// Its own clock.
    #[must_use]
    pub fn clock(&self, now: u64) -> u64 {
        now.saturating_add_signed(self.clock_wrong_seconds)
    }

    /// Whether it holds parts of an entry that is not whole.
    #[must_use]
    pub fn has_parts(&self) -> bool {
        self.memory.fragments.values().any(|parts| parts.pending_bytes() > 0)
    }

    /// The relays it uses.
    #[must_use]
    pub fn relays(&self) -> Vec<usize> {
        let named = self.memory.replica.authority().relays();
        let link = self.disk.link.as_ref().map(|link| link.relay);
        let used = if named.is_empty() { link.as_slice() } else { named };
        used.iter().filter_map(|relay| self.directory.iter().position(|address| address == relay)).collect()
    }

    /// The newest checkpoint accepted from a relay.
    #[must_use]
    pub fn seen(&self, at: usize) -> Option<&Checkpoint> {
        self.memory.histories.get(&at).and_then(RelayHistory::newest)
    }

    /// Lines of a relay that wait to be posted.
    #[must_use]
    pub fn waiting(&self, at: usize) -> Vec<usize> {
        self.disk.lines(at).filter(|(_, line)| line.post == Post::Waiting).map(|(number, _)| number).collect()
    }

    /// One visit: a checkpoint, its tiles, receipts, and the bodies not read yet, all held against each other.
    ///
    /// # Errors
    /// [`Stop`]; nothing has changed then.
    pub fn visit(
        &mut self,
        at: usize,
        relay: &mut Relay,
        mut hearing: Hearing,
        rng: &mut StdRng,
        crash: Crash,
    ) -> Result<Visited, Stop> {
        let mut history = self.history(at);
        let seen = history.newest().map(Checkpoint::slot);
        answer(&mut hearing)?;
        let note = relay.checkpoint(self.number, seen, hearing.behind).ok_or(Stop::NoAnswer)?;
        let standing = history.examine(&note)?;
        let mut reading = self.disk.readings.get(&at).cloned().unwrap_or_default();
        let from = self.read_from(at, reading.next);
        let held_size = history.newest().map(Checkpoint::size);
        let checkpoint = match (standing, history.newest()) {
            (Standing::Newer(checkpoint), _) => checkpoint,
            (Standing::Known, Some(held)) if from < held.size() => held.clone(),
            (Standing::Known, _) => return Err(Stop::Nothing),
        };
        let mut first = window_start(from.min(held_size.unwrap_or(from)).min(checkpoint.size()));
        if rng.random_range(0..4) == 0 {
            first = window_start(first.saturating_sub(1));
        }
        let mut tiles = Vec::new();
        for id in tiles_for_span(first, checkpoint.size())? {
            answer(&mut hearing)?;
            tiles.push(HashTile::decode(id, &relay.tile(self.number, id).ok_or(Stop::NoAnswer)?)?);
        }
        let span = history.accept(&checkpoint, first, &tiles)?;
        let mut cells = Vec::new();
        for range in BlockRange::covering(reading.next.max(span.first())..span.size()) {
            answer(&mut hearing)?;
            let bytes = relay.blocks(self.number, range, span.size());
            let limit = (MAX_FETCH_BLOCKS * BLOCK_CELLS) as usize;
            let mut block = match Cell::split(&bytes, limit) {
                Err(_) if self.lacks(Defence::Bodies) => Vec::new(),
                block => block?,
            };
            let wanted = range.cells(span.size());
            if !self.lacks(Defence::Bodies) {
                span.check_cells(wanted.clone(), &block)?;
            }
            block.truncate((wanted.end - wanted.start) as usize);
            // A block begins before the first cell that was not read: reading that again would hide what was lost.
            cells.extend(block.into_iter().skip(reading.next.saturating_sub(wanted.start) as usize));
        }

        let mut visited = Visited::default();
        let mut draft = Draft::default();
        if !self.lacks(Defence::Inclusion) {
            self.judge_receipts(at, &checkpoint, &span, &mut draft, &mut visited)?;
        }
        reading.next = span.size().max(reading.next);
        reading.newest =
            Some((checkpoint.note().as_bytes().to_vec(), history.frontier().expect("just accepted").clone()));
        self.read(&cells, &mut reading, &mut draft, &mut visited);
        self.save_reading(at, reading, draft, crash)?;
        self.memory.histories.insert(at, history);
        Ok(visited)
    }

    /// Takes the frames of all slots since the newest checkpoint held, as a stream brings them.
    ///
    /// # Errors
    /// [`Stop`]; nothing has changed then.
    pub fn listen(&mut self, at: usize, relay: &Relay, crash: Crash) -> Result<Visited, Stop> {
        let mut history = self.history(at);
        let held = history.newest().ok_or(Stop::Nothing)?.clone();
        let mut reading = self.disk.readings.get(&at).cloned().unwrap_or_default();
        if reading.next != held.size() {
            return Err(Stop::Nothing);
        }
        let mut visited = Visited::default();
        let mut draft = Draft::default();
        let mut cells = Vec::new();
        for frame in relay.frames_after(&held) {
            if history.accept_frame(&frame)?.is_some() {
                cells.extend(frame.cells);
            }
        }
        let newest = history.newest().expect("at least what was held");
        reading.next = newest.size();
        reading.newest = Some((newest.note().as_bytes().to_vec(), history.frontier().expect("as newest").clone()));
        self.read(&cells, &mut reading, &mut draft, &mut visited);
        self.save_reading(at, reading, draft, crash)?;
        self.memory.histories.insert(at, history);
        Ok(visited)
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// [`Stop::Refused`], [`Stop::Crashed`].
    pub fn command(&mut self, command: &Command, now: u64, rng: &mut StdRng) -> Result<Authored, Stop> {
        let since = self.disk.readings.iter();
        let since =
            since.map(|(at, reading)| Since { relay: *self.directory[*at].log_key().as_bytes(), index: reading.first });
        let since = since.collect();
        let mut seed = Seed::new(rng.random());
        let mut with = Circumstances { now_seconds: self.clock(now), seed: &mut seed, since };
        Ok(self.memory.replica.command(command, &mut with)?)
    }

    /// Imports a list of tasks.
    ///
    /// # Errors
    /// [`Stop::Refused`], [`Stop::Crashed`].
    pub fn import(&mut self, rows: &[ImportTask], now: u64, rng: &mut StdRng) -> Result<Authored, Stop> {
        let mut seed = Seed::new(rng.random());
        let mut with = Circumstances { now_seconds: self.clock(now), seed: &mut seed, since: Vec::new() };
        Ok(self.memory.replica.import(rows, &mut with)?)
    }

    /// Saves own entries, then appends them.
    ///
    /// # Errors
    /// [`Stop::Crashed`].
    pub fn commit(&mut self, entries: &[Entry], crash: Crash) -> Result<(), Stop> {
        let draft =
            Draft { entries: entries.iter().map(|entry| (entry.clone(), Whose::Own)).collect(), ..Draft::default() };
        self.save(draft, crash)?;
        for entry in entries {
            self.memory.replica.append(entry.clone());
        }
        Ok(())
    }

    /// Signs a welcome for one device that waits for it.
    pub fn welcome(&mut self, now: u64, rng: &mut StdRng) -> Option<Entry> {
        if !self.memory.replica.is_member() {
            return None;
        }
        let waiting = self.memory.replica.unwelcomed();
        let to = *waiting.get(rng.random_range(0..waiting.len().max(1)))?;
        self.memory.replica.welcome(to, self.clock(now))
    }

    /// Signs the first entry, once the preview can be read.
    ///
    /// # Errors
    /// [`Stop::Nothing`] when it cannot be, or was signed before; [`Stop::Refused`].
    pub fn join(&self, now: u64) -> Result<Entry, Stop> {
        let link = self.disk.link.as_ref().ok_or(Stop::Nothing)?;
        if self.disk.own().next().is_some() {
            return Err(Stop::Nothing);
        }
        let mut preview = Preview::new(self.pursuance, link.invite, link.secret.clone());
        self.disk.entries.iter().for_each(|(entry, _)| preview.add(entry.clone()));
        preview.view().ok_or(Stop::Nothing)?;
        let name = format!("member {}", self.number);
        Ok(preview.join(self.memory.replica.device(), &name, self.clock(now))?)
    }

    /// Saves the join, and from where on each relay is to be read.
    ///
    /// # Errors
    /// [`Stop::Crashed`].
    pub fn commit_join(&mut self, entry: Entry, crash: Crash) -> Result<(), Stop> {
        let link = self.disk.link.clone().expect("only who has a link joins");
        let mut preview = Preview::new(self.pursuance, link.invite, link.secret);
        self.disk.entries.iter().for_each(|(entry, _)| preview.add(entry.clone()));
        let since: BTreeMap<[u8; 32], u64> = preview.since().iter().map(|since| (since.relay, since.index)).collect();
        self.commit(&[entry], crash)?;
        for at in self.relays() {
            let first = since.get(self.directory[at].log_key().as_bytes()).copied().unwrap_or(0);
            let known = self.disk.readings.entry(at).or_default();
            *known = Reading { first, next: first, newest: known.newest.clone() };
        }
        Ok(())
    }

    /// Seals own entries that no cell carries yet.
    ///
    /// # Errors
    /// [`Stop::Nothing`], [`Stop::Crashed`].
    pub fn seal(&mut self, rng: &mut StdRng, crash: Crash) -> Result<Sealed, Stop> {
        let own: Vec<Entry> = self.disk.own().cloned().collect();
        let sealed = self.seal_these(&own, rng)?;
        let relays = self.relays();
        let line = |cell, relay: usize| {
            let since = self.seen(relay).map_or(0, Checkpoint::size);
            Line { cell, relay, since, post: Post::Waiting }
        };
        let draft = Draft {
            lines: (0..sealed.0.cells.len())
                .flat_map(|cell| relays.iter().map(move |relay| (cell, *relay)))
                .map(|(cell, relay)| line(cell, relay))
                .collect(),
            cells: sealed.0.cells.clone(),
            cargo: sealed.1,
            ..Draft::default()
        };
        self.save(draft, crash)?;
        Ok(sealed.0)
    }

    /// Seals entries for all doors behind which they are needed and do not stand yet; saves nothing.
    ///
    /// # Errors
    /// [`Stop::Nothing`].
    pub fn seal_these(&self, own: &[Entry], rng: &mut StdRng) -> Result<(Sealed, Vec<(EntryId, Door)>), Stop> {
        let mut behind: Vec<(CellKey, Vec<&Entry>)> = Vec::new();
        for entry in own {
            for (key, entries) in self.doors(entry) {
                if self.disk.cargo.contains(&(entry.id(), *key.id())) {
                    continue;
                }
                match behind.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, waiting)) => waiting.extend(entries),
                    None => behind.push((key, entries)),
                }
            }
        }
        let mut seed = Seed::new(rng.random());
        let mut sealed = Sealed { cells: Vec::new(), carried: Vec::new() };
        let mut cargo = Vec::new();
        for (key, entries) in behind {
            sealed.cells.extend(seal_entries(&key, entries.iter().map(|entry| (entry.id(), entry.bytes())), &mut seed));
            cargo.extend(entries.iter().map(|entry| (entry.id(), *key.id())));
            sealed.carried.extend(entries.iter().map(|entry| (entry.body().author, entry.body().seq, entry.id())));
        }
        if sealed.cells.is_empty() { Err(Stop::Nothing) } else { Ok((sealed, cargo)) }
    }

    /// The next cells to be posted to a relay.
    #[must_use]
    pub fn next_post(&self, at: usize, rng: &mut StdRng) -> (Vec<usize>, Vec<Cell>) {
        let mut lines = self.waiting(at);
        if rng.random_range(0..4) == 0 {
            // Nothing promises that what was said first is posted first.
            lines.reverse();
        }
        lines.truncate(rng.random_range(1..=MAX_POST_CELLS));
        let cells = lines.iter().map(|line| self.disk.cells[self.disk.outbox[*line].cell].clone()).collect();
        (lines, cells)
    }

    /// Takes the answer to a post.
    ///
    /// # Errors
    /// [`Stop`]; the cells will be posted again.
    pub fn take_receipt(
        &mut self,
        at: usize,
        lines: &[usize],
        cells: &[Cell],
        note: Option<Vec<u8>>,
        crash: Crash,
    ) -> Result<(), Stop> {
        let note = match note {
            None if self.lacks(Defence::Reposts) => Vec::new(),
            note => note.ok_or(Stop::NoAnswer)?,
        };
        if !self.lacks(Defence::Receipts) && !note.is_empty() {
            let receipt = Receipt::verify(&note, &self.directory[at].log_key())?;
            let leaves: Vec<LeafHash> = cells.iter().map(Cell::leaf_hash).collect();
            receipt.check_leaves(&leaves)?;
        }
        let posts = lines.iter().map(|line| (*line, Post::Handed(note.clone()))).collect();
        self.save(Draft { posts, ..Draft::default() }, crash)
    }

    fn lacks(&self, defence: Defence) -> bool {
        self.without == Some(defence)
    }

    fn history(&self, at: usize) -> RelayHistory {
        let known = self.memory.histories.get(&at).filter(|_| !self.lacks(Defence::Consistency));
        known.cloned().unwrap_or_else(|| RelayHistory::new(self.directory[at].log_key()))
    }

    /// A visit must reach back to where receipted cells can stand.
    fn read_from(&self, at: usize, next: u64) -> u64 {
        if self.memory.look_back.contains(&at) {
            return 0;
        }
        let handed = self.disk.lines(at).filter(|(_, line)| matches!(line.post, Post::Handed(_)));
        handed.map(|(_, line)| line.since).fold(next, u64::min)
    }

    fn judge_receipts(
        &mut self,
        at: usize,
        checkpoint: &Checkpoint,
        span: &Span,
        draft: &mut Draft,
        visited: &mut Visited,
    ) -> Result<(), Stop> {
        let mut look_back = false;
        for (number, line) in self.disk.lines(at) {
            let Post::Handed(note) = &line.post else { continue };
            if note.is_empty() || self.lacks(Defence::Receipts) {
                continue;
            }
            let receipt = Receipt::verify(note, &self.directory[at].log_key())?;
            match receipt.judge(checkpoint, span) {
                ReceiptState::Kept(_) => draft.posts.push((number, Post::Seen)),
                ReceiptState::NotDue => {}
                ReceiptState::NotSeen => look_back = true,
                ReceiptState::Broken(evidence) => {
                    draft.posts.push((number, Post::Waiting));
                    visited.broken.push((receipt, evidence));
                }
            }
        }
        if look_back {
            self.memory.look_back.insert(at);
        } else {
            self.memory.look_back.remove(&at);
        }
        Ok(())
    }

    fn keys(&self) -> Vec<CellKey> {
        let mut keys = self.memory.replica.cell_keys();
        if let Some(link) = &self.disk.link {
            let own = CellKey::of_invite(&link.secret.cell_secret());
            if !keys.contains(&own) {
                keys.push(own);
            }
        }
        keys
    }

    /// Opens what can be opened; where new keys appear, all of the relay is to be read again.
    fn read(&mut self, cells: &[Cell], reading: &mut Reading, draft: &mut Draft, visited: &mut Visited) {
        let keys = self.keys();
        for cell in cells {
            let Some((key, content)) = keys.iter().find_map(|key| Some((key, open_cell(key, cell)?))) else { continue };
            visited.opened.push(cell.leaf_hash());
            match content {
                CellContent::Entries(entries) => {
                    entries.iter().for_each(|bytes| self.take_bytes(bytes, draft, visited));
                }
                CellContent::Fragment(part) => self.take_part(*key.id(), part, draft, visited),
            }
        }
        draft.epochs.extend(self.memory.replica.take_learned().iter().map(|secret| *secret.as_bytes()));
        if !self.lacks(Defence::ReadAgain) && self.keys().len() > keys.len() {
            reading.next = reading.first;
        }
    }

    fn take_bytes(&mut self, bytes: &[u8], draft: &mut Draft, visited: &mut Visited) {
        let Ok(entry) = UnverifiedEntry::decode(bytes) else { return };
        let verified = if self.lacks(Defence::Signatures) {
            Entry::from_store(bytes).ok()
        } else {
            entry.verify(self.pursuance).ok()
        };
        let Some(entry) = verified else { return };
        let append = self.memory.replica.append(entry.clone()).append;
        let waits = matches!(append, Append::Gap { .. });
        if matches!(append, Append::Appended | Append::Equivocation { .. })
            || (waits && !self.lacks(Defence::KeepsWaiting))
        {
            visited.news += 1;
            draft.entries.push((entry, Whose::Others));
        }
    }

    fn take_part(&mut self, door: Door, part: Fragment, draft: &mut Draft, visited: &mut Visited) {
        if self.disk.has(part.entry) || draft.entries.iter().any(|(entry, _)| entry.id() == part.entry) {
            return;
        }
        match self.memory.fragments.entry(door).or_default().insert(part.clone()) {
            Assembly::Kept => {
                if !self.lacks(Defence::KeepsParts) {
                    draft.parts.push((door, part));
                }
            }
            Assembly::Whole(entry) => {
                visited.assembled += 1;
                if let Ok(entry) = entry.verify(self.pursuance) {
                    self.take_bytes(entry.bytes(), draft, visited);
                }
            }
            Assembly::Ignored => {}
        }
    }

    /// Behind which doors an own entry is to stand, and what is to stand there with it.
    fn doors<'n>(&'n self, entry: &'n Entry) -> Vec<(CellKey, Vec<&'n Entry>)> {
        let replica = &self.memory.replica;
        let mut doors = Vec::new();
        let first = match &entry.body().content {
            Content::Public(ops) => ops.first(),
            Content::Role(_) => None,
        };
        if let Some(Op::Join(_)) = first {
            let link = self.disk.link.as_ref().expect("only who has a link joins");
            return vec![(CellKey::of_invite(&link.secret.cell_secret()), vec![entry])];
        }
        let Some(epoch) = replica.usable_epoch() else { return doors };
        doors.push((epoch.cell_key(), vec![entry]));
        match first {
            Some(Op::Invite(invite)) => {
                let id = pursuance_core::entry::GrantRef { entry: entry.id(), op: 0 };
                doors.push((CellKey::of_invite(&invite.cell_secret), replica.preview_entries(id)));
            }
            Some(Op::Welcome(welcome)) => {
                let member = replica.authority().member_of(welcome.to);
                let invite = member.and_then(|member| replica.authority().members()[&member].invite);
                if let Some(open) = invite.and_then(|invite| replica.authority().invites().get(&invite)) {
                    doors.push((CellKey::of_invite(&open.invite.cell_secret), vec![entry]));
                }
            }
            _ => {}
        }
        doors
    }

    fn save_reading(&mut self, at: usize, reading: Reading, mut draft: Draft, crash: Crash) -> Result<(), Stop> {
        if self.lacks(Defence::OneTransaction) {
            self.disk.save(Draft { reading: Some((at, reading)), ..Draft::default() });
        } else {
            draft.reading = Some((at, reading));
        }
        self.save(draft, crash)
    }

    fn save(&mut self, draft: Draft, crash: Crash) -> Result<(), Stop> {
        if crash == Crash::BeforeSave {
            return Err(Stop::Crashed);
        }
        self.disk.save(draft);
        Ok(())
    }
}

fn answer(hearing: &mut Hearing) -> Result<(), Stop> {
    match &mut hearing.answers {
        Some(0) => Err(Stop::NoAnswer),
        Some(left) => {
            *left -= 1;
            Ok(())
        }
        None => Ok(()),
    }
}
