//! The one task that owns all mutable state: requests and news come in, entries and views go out (docs/protocol/08-node.md, section 6).

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use pursuance_core::id::PursuanceId;
use pursuance_core::link::InviteLink;
use pursuance_wire::RelayAddress;
use pursuance_wire::log::Witness;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use zeroize::Zeroizing;

use crate::api::{
    AppView, ChosenKey, PursuanceRow, Query, Reply, Request, Stage, Standing, StorageTrouble, Trouble, View,
};
use crate::asker::Asker;
use crate::backup::{self, Backup};
use crate::bridges;
use crate::bundle::BundleReading;
use crate::clock::Clock;
use crate::export::save_folder;
use crate::folder::Folder;
use crate::held::Held;
use crate::import;
use crate::import::job::ImportJob;
use crate::local::{kept_keys, kept_lock_after};
use crate::node::Pace;
use crate::relays::{Reach, Relays};
use crate::repair::Repair;
use crate::reposting::Reposting;
use crate::rescue;
use crate::sending::{Sending, kept_sending};
use crate::stack::wipe_stack;
use crate::status;
use crate::storage::{CHECKED, Check, Storage, TRIED, is_check_due, trouble_of};
use crate::store::{KeptStanding, Store, StoreError};
use crate::transport::{TorStage, Transport};
use crate::vault::{self, DatabaseKey, MAX_PASSPHRASE_BYTES, MIN_PASSPHRASE_CHARS, VaultError};
use crate::witnesses::{self, kept_witnesses};
use crate::worker::{PosterNews, ReaderNews};

/// How often the engine looks around without being asked: Tor's progress, a relay that went silent.
const LOOK_AROUND: Duration = Duration::from_secs(1);

/// What comes in.
pub(crate) enum Message {
    /// From the window.
    Request(Request, oneshot::Sender<Result<Reply, Trouble>>),
    /// From the window.
    View(Query, oneshot::Sender<Result<View, Trouble>>),
    /// From the task that reads a relay.
    Reader { relay: RelayAddress, run: u64, news: ReaderNews },
    /// From the task that posts to a relay.
    Poster { relay: RelayAddress, run: u64, news: PosterNews },
    /// From the thread that writes a backup: it ends.
    BackedUp { run: backup::Run },
    /// From the thread that checks all pages.
    Checked { run: u64, outcome: Result<(), StoreError> },
    /// The end.
    Stop(oneshot::Sender<()>),
}

/// What the engine works with, open or not.
pub(crate) struct Surroundings {
    pub(crate) folder: Folder,
    pub(crate) clock: Clock,
    pub(crate) pace: Pace,
    pub(crate) transport: Arc<Transport>,
    pub(crate) runtime: Handle,
    pub(crate) inbox: Sender<Message>,
}

/// The machine.
pub(crate) struct Engine {
    around: Surroundings,
    seq: watch::Sender<u64>,
    open: Option<Open>,
    tor_shown: TorStage,
    storage_shown: Option<StorageTrouble>,
    runs: u64,
}

/// What is there while the vault is open; dropping it drops the keys.
pub(crate) struct Open {
    pub(crate) store: Store,
    pub(crate) held: BTreeMap<PursuanceId, Held>,
    pub(crate) relays: Relays,
    pub(crate) reach: Reach,
    pub(crate) import: Option<ImportJob>,
    pub(crate) backup: Option<Backup>,
    /// Seeds of the devices that were added for a backup, while none of it is whole: the next one takes them. In memory only.
    pub(crate) spare_devices: BTreeMap<PursuanceId, Zeroizing<[u8; 32]>>,
    /// Bundles that are read in, one after the other.
    pub(crate) bundles: VecDeque<BundleReading>,
    /// For further connections: a copy, a check.
    pub(crate) key: Box<DatabaseKey>,
    pub(crate) storage: Storage,
    /// Keys that this person chose.
    pub(crate) keys: Vec<ChosenKey>,
    /// After how many minutes without a key or a pointer the window locks.
    pub(crate) lock_after: Option<u16>,
    /// When posts leave.
    pub(crate) sending: Sending,
    pub(crate) reposting: Reposting,
    pub(crate) repair: Repair,
    /// Whose cosignatures are shown.
    pub(crate) witnesses: Vec<Witness>,
    /// Something was erased, now or in the last run, that may stand in older pages.
    pub(crate) unswept: bool,
}

impl Engine {
    pub(crate) fn new(
        folder: Folder,
        clock: Clock,
        pace: Pace,
        transport: Arc<Transport>,
        runtime: Handle,
        inbox: Sender<Message>,
        seq: watch::Sender<u64>,
    ) -> Self {
        let tor_shown = transport.tor_stage();
        Self {
            around: Surroundings { folder, clock, pace, transport, runtime, inbox },
            seq,
            open: None,
            tor_shown,
            storage_shown: None,
            runs: 0,
        }
    }

    /// Until [`Message::Stop`].
    pub(crate) fn run(mut self, inbox: &Receiver<Message>) {
        loop {
            let wait = self.next_due().map_or(LOOK_AROUND, |due| due.saturating_duration_since(Instant::now()));
            match inbox.recv_timeout(wait.min(LOOK_AROUND)) {
                Ok(Message::Stop(stopped)) => {
                    self.open = None;
                    // Before anybody is told: the folder is free and the database closed.
                    drop(self);
                    let _ = stopped.send(());
                    return;
                }
                Ok(message) => self.handle(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.look_around();
        }
    }

    fn handle(&mut self, message: Message) {
        // Also where it is refused, or fails: whatever is not a look may have changed something.
        if !matches!(message, Message::View(..)) {
            self.forget();
        }
        match message {
            Message::Request(Request::Import { pursuance, file, text, fields }, reply) => {
                let asker = Asker::new(reply, Trouble::ImportCancelled);
                match self.open.as_mut() {
                    Some(open) => {
                        let list = import::read(&file, &text, fields.as_deref());
                        open.begin_import(&self.around, pursuance, list, asker);
                    }
                    None => asker.answer(Err(Trouble::Locked)),
                }
                self.bump();
            }
            Message::Request(Request::Backup { path, passphrase }, reply) => {
                let passphrase = Zeroizing::new(passphrase);
                match (is_passphrase(&passphrase), self.open.as_mut()) {
                    (Err(trouble), _) => drop(reply.send(Err(trouble))),
                    (_, None) => drop(reply.send(Err(Trouble::Locked))),
                    (Ok(()), Some(open)) => open.begin_backup(&self.around, path, passphrase, reply),
                }
                self.bump();
                self.mend(false);
            }
            Message::Request(Request::ImportBundle { path }, reply) => {
                let asker = Asker::new(reply, Trouble::Locked);
                if let Some(open) = self.open.as_mut() {
                    open.begin_bundle(&path, asker);
                }
            }
            Message::Request(request, reply) => {
                let outcome = self.request(request);
                if outcome.is_ok() {
                    self.bump();
                }
                // Before anybody is told: what they look at next is what the disk has.
                self.mend(outcome == Err(Trouble::Damaged));
                let _ = reply.send(outcome);
            }
            Message::View(query, reply) => {
                let view = self.view(&query);
                self.mend(view == Err(Trouble::Damaged));
                let _ = reply.send(view);
            }
            Message::Reader { relay, run, news } => {
                let changed = self.open.as_mut().map(|open| open.reader_news(&self.around, &relay, run, news));
                self.settle(changed);
            }
            Message::Poster { relay, run, news } => {
                let changed = self.open.as_mut().map(|open| open.poster_news(&self.around, &relay, run, news));
                self.settle(changed);
            }
            Message::Checked { run, outcome } => {
                let now_seconds = self.around.clock.now_seconds();
                let changed = self.open.as_mut().map(|open| open.checked(now_seconds, run, outcome));
                self.settle(changed);
            }
            Message::BackedUp { run } => {
                if let Some(open) = self.open.as_mut() {
                    open.backed_up(run);
                }
            }
            Message::Stop(_) => {}
        }
    }

    /// What was due, and what shows.
    fn look_around(&mut self) {
        let changed = self.open.as_mut().map(|open| open.look_around(&self.around));
        self.settle(changed);
        if self.open.as_mut().is_some_and(|open| open.step_import(&self.around)) {
            self.bump();
            self.mend(false);
        }
        if let Some(step) = self.open.as_mut().and_then(|open| open.step_bundle(&self.around)) {
            if step.shows {
                self.bump();
            } else {
                self.forget();
            }
            if let Some((asker, outcome)) = step.end {
                self.mend(outcome == Err(Trouble::Damaged));
                asker.answer(outcome);
            }
        }
        let tor = self.around.transport.tor_stage();
        let storage = self.storage();
        if tor != self.tor_shown || storage != self.storage_shown {
            self.tor_shown = tor;
            self.storage_shown = storage;
            self.bump();
        }
    }

    fn settle(&mut self, changed: Option<Result<bool, StoreError>>) {
        let damaged = matches!(changed, Some(Err(StoreError::Damaged | StoreError::Newer { .. })));
        match changed {
            Some(Ok(true)) => self.bump(),
            Some(Ok(false)) | None => {}
            Some(Err(error)) => tracing::error!(%error, "the database failed"),
        }
        self.mend(damaged);
    }

    /// After a write that failed, what is in memory may be ahead of the disk (N16): it is read again from there. A
    /// connection that met a damaged page is of no use any more; if nothing can be read again, the vault is closed, and
    /// unlocking says why.
    fn mend(&mut self, damaged: bool) {
        let Some(open) = self.open.as_mut() else { return };
        let failed = open.store.health().take_failed();
        if !failed && !damaged {
            return;
        }
        let Some(open) = self.open.take() else { return };
        self.runs += 1;
        match open.read_again(&self.around, self.runs, damaged) {
            Ok(open) => self.open = Some(open),
            Err(error) => tracing::error!(%error, "the database cannot be read"),
        }
        self.bump();
    }

    fn storage(&self) -> Option<StorageTrouble> {
        let open = self.open.as_ref()?;
        open.store.trouble().or_else(|| open.storage.damaged.then_some(StorageTrouble::Damaged))
    }

    fn bump(&mut self) {
        self.forget();
        self.seq.send_modify(|seq| *seq += 1);
    }

    /// What was kept of the last state to answer from is not true any more.
    fn forget(&mut self) {
        if let Some(open) = self.open.as_mut() {
            open.forget_places();
        }
    }

    fn next_due(&self) -> Option<Instant> {
        let open = self.open.as_ref()?;
        if open.import.is_some() || !open.bundles.is_empty() {
            return Some(Instant::now());
        }
        if open.storage.rest_until.is_some() {
            return open.storage.rest_until;
        }
        open.held.values().filter_map(Held::next_due).min()
    }

    fn request(&mut self, request: Request) -> Result<Reply, Trouble> {
        match request {
            Request::CreateVault { .. }
            | Request::Unlock { .. }
            | Request::Restore { .. }
            | Request::Rescue { .. }
            | Request::ChangePassphrase { .. }
            | Request::Lock => {
                let answer = self.turn_key(request);
                wipe_stack();
                answer
            }
            Request::MakeRecoveryPhrase { .. }
            | Request::DeclareRecovery { .. }
            | Request::AnswerCode { .. }
            | Request::Recover { .. } => {
                let answer = self.pass_on(request);
                wipe_stack();
                answer
            }
            other => self.pass_on(other),
        }
    }

    /// What is asked of an open vault. Never part of its caller, which wipes what lies beyond its own frame.
    #[inline(never)]
    fn pass_on(&mut self, request: Request) -> Result<Reply, Trouble> {
        let open = self.open.as_mut().ok_or(Trouble::Locked)?;
        open.request(&self.around, request)
    }

    /// Opens and closes: whatever handles a passphrase or the database's key. Never part of its caller, which wipes what
    /// lies beyond its own frame.
    #[inline(never)]
    fn turn_key(&mut self, request: Request) -> Result<Reply, Trouble> {
        match request {
            Request::CreateVault { passphrase } => self.create_vault(&Zeroizing::new(passphrase)),
            Request::Unlock { passphrase } => self.unlock(&Zeroizing::new(passphrase)),
            Request::Restore { path, backup_passphrase, passphrase } => {
                self.restore(&path, &Zeroizing::new(backup_passphrase), &Zeroizing::new(passphrase))
            }
            Request::Rescue { passphrase, folder } => self.rescue(&Zeroizing::new(passphrase), &folder),
            Request::ChangePassphrase { old, new } => {
                self.change_passphrase(&Zeroizing::new(old), &Zeroizing::new(new))
            }
            _ => {
                self.open = None;
                self.around.transport.forget(&self.around.runtime);
                Ok(Reply::Done)
            }
        }
    }

    fn create_vault(&mut self, passphrase: &str) -> Result<Reply, Trouble> {
        if self.around.folder.holds_something() {
            return Err(Trouble::VaultExists);
        }
        is_passphrase(passphrase)?;
        let making = self.around.folder.make().map_err(trouble_of)?;
        let key = vault::fresh_key();
        let store = Store::open(&self.around.folder.database(), &key)?;
        vault::create(&self.around.folder.vault(), passphrase, self.around.pace.vault_cost, &key)?;
        self.runs += 1;
        let open = Open::begin(&self.around, self.runs, store, key)?;
        making.done().map_err(trouble_of)?;
        self.open = Some(open);
        Ok(Reply::Done)
    }

    fn restore(&mut self, path: &str, backup_passphrase: &str, passphrase: &str) -> Result<Reply, Trouble> {
        if self.around.folder.holds_something() {
            return Err(Trouble::VaultExists);
        }
        is_passphrase(passphrase)?;
        let folder = &self.around.folder;
        let making = folder.make().map_err(trouble_of)?;
        let key = vault::fresh_key();
        backup::restore(folder, Path::new(path), backup_passphrase, &key)?;
        let store = Store::open(&folder.database(), &key)?;
        vault::create(&folder.vault(), passphrase, self.around.pace.vault_cost, &key)?;
        self.runs += 1;
        let open = Open::begin(&self.around, self.runs, store, key).map_err(|error| match error {
            StoreError::Damaged => Trouble::NotABackup,
            other => other.into(),
        })?;
        making.done().map_err(trouble_of)?;
        self.open = Some(open);
        Ok(Reply::Done)
    }

    fn rescue(&mut self, passphrase: &str, to: &str) -> Result<Reply, Trouble> {
        if self.open.is_some() {
            return Err(Trouble::VaultExists);
        }
        let folder = &self.around.folder;
        if !folder.vault().exists() || !folder.database().exists() {
            return Err(if folder.holds_something() { Trouble::Damaged } else { Trouble::NoVault });
        }
        let key = vault::open(&folder.vault(), passphrase)?;
        rescue::rescue(folder, &key, Path::new(to))
    }

    fn unlock(&mut self, passphrase: &str) -> Result<Reply, Trouble> {
        if self.open.is_some() {
            return Ok(Reply::Done);
        }
        if !self.around.folder.holds_something() {
            return Err(Trouble::NoVault);
        }
        if !self.around.folder.vault().exists() || !self.around.folder.database().exists() {
            // One without the other: nobody can open it, and nothing must be written over it.
            return Err(Trouble::Damaged);
        }
        if passphrase.len() > MAX_PASSPHRASE_BYTES {
            return Err(Trouble::WrongPassphrase);
        }
        let key = vault::open(&self.around.folder.vault(), passphrase)?;
        let store = Store::open(&self.around.folder.database(), &key)?;
        self.runs += 1;
        self.open = Some(Open::begin(&self.around, self.runs, store, key)?);
        Ok(Reply::Done)
    }

    fn change_passphrase(&mut self, old: &str, new: &str) -> Result<Reply, Trouble> {
        let open = self.open.as_ref().ok_or(Trouble::Locked)?;
        is_passphrase(new)?;
        if old.len() > MAX_PASSPHRASE_BYTES {
            return Err(Trouble::WrongPassphrase);
        }
        let path = self.around.folder.vault();
        if **vault::open(&path, old)? != **open.key {
            // The vault of another database was put here: what it says about this one is nothing to build on.
            return Err(Trouble::Damaged);
        }
        vault::replace(&path, new, self.around.pace.vault_cost, &open.key)?;
        Ok(Reply::Done)
    }

    fn view(&mut self, query: &Query) -> Result<View, Trouble> {
        match (query, &mut self.open) {
            (Query::App, _) => Ok(View::App(self.app())),
            (_, None) => Err(Trouble::Locked),
            (query, Some(open)) => open.view(&self.around, query),
        }
    }

    fn app(&self) -> AppView {
        let stage = match &self.open {
            Some(_) => Stage::Open,
            None if self.around.folder.holds_something() => Stage::Locked,
            None => Stage::Fresh,
        };
        AppView {
            seq: *self.seq.borrow(),
            stage,
            data_folder: self.around.folder.path().display().to_string(),
            pursuances: self.open.as_ref().map(|open| open.rows(&self.around)).unwrap_or_default(),
            offline: self.open.as_ref().is_some_and(|open| open.reach == Reach::Offline),
            asks_tor: self.open.as_ref().is_some_and(|open| open.asks_tor(&self.around)),
            loopback: self.around.transport.has_loopback(),
            clock_off_seconds: self.open.as_ref().and_then(|open| open.relays.clock_off_seconds()),
            import: self.open.as_ref().and_then(Open::import_state),
            save_folder: save_folder(self.around.folder.path()).display().to_string(),
            storage: self.storage(),
            keys: self.open.as_ref().map(|open| open.keys.clone()).unwrap_or_default(),
            lock_after: self.open.as_ref().and_then(|open| open.lock_after),
            sending: self.open.as_ref().map(|open| open.sending).unwrap_or_default(),
            bridges: self.open.as_ref().map(|_| bridges::view(&self.around)).unwrap_or_default(),
            witnesses: self.open.as_ref().map(|open| witnesses::view(&open.witnesses)).unwrap_or_default(),
        }
    }
}

impl Open {
    /// Takes up where the last run ended.
    fn begin(around: &Surroundings, run: u64, store: Store, key: Box<DatabaseKey>) -> Result<Self, StoreError> {
        let mut open = Self::load(around, store, key, run)?;
        bridges::take_up(around, &open.store)?;
        open.take_up(around)?;
        open.check_if_due(around, run);
        Ok(open)
    }

    fn load(around: &Surroundings, mut store: Store, key: Box<DatabaseKey>, run: u64) -> Result<Self, StoreError> {
        let mut held = BTreeMap::new();
        for kept in store.pursuances()? {
            let mut loaded = Held::load(&mut store, &kept)?;
            loaded.set_apart(&store, &around.pace)?;
            held.insert(kept.id, loaded);
        }
        let relays = Relays::load(&store, run)?;
        let reach = Reach::kept(store.meta(OFFLINE)?.as_deref());
        let keys = kept_keys(&store)?;
        let lock_after = kept_lock_after(&store)?;
        let sending = kept_sending(&store)?;
        let reposting = Reposting::load(&store, held.keys())?;
        let repair = Repair::load(&store, held.keys())?;
        let witnesses = kept_witnesses(&store)?;
        Ok(Self {
            store,
            held,
            relays,
            reach,
            import: None,
            backup: None,
            spare_devices: BTreeMap::new(),
            bundles: VecDeque::new(),
            key,
            storage: Storage::default(),
            keys,
            lock_after,
            sending,
            reposting,
            repair,
            witnesses,
            unswept: true,
        })
    }

    /// The same as the disk has it. Relays' tasks start again after a while.
    fn read_again(self, around: &Surroundings, run: u64, damaged: bool) -> Result<Self, StoreError> {
        let Self { mut store, held, relays, import, backup, spare_devices, key, mut storage, .. } = self;
        // Their tasks end with them.
        drop(relays);
        storage.damaged |= damaged;
        storage.rest(&around.pace);
        if damaged {
            store = store.reopen(&around.folder.database(), &key)?;
        }
        let mut open = Self::load(around, store, key, run)?;
        open.storage = storage;
        open.import = import;
        (open.backup, open.spare_devices) = (backup, spare_devices);
        for (pursuance, before) in held {
            if let Some(held) = open.held.get_mut(&pursuance) {
                held.undo = before.undo;
            }
        }
        Ok(open)
    }

    /// What was due; after writes that failed, nothing for a while, and then first whether writing works.
    fn look_around(&mut self, around: &Surroundings) -> Result<bool, StoreError> {
        let now = Instant::now();
        if self.storage.is_resting(now) {
            return Ok(false);
        }
        if self.storage.rest_until.is_some() {
            let now_seconds = around.clock.now_seconds();
            self.store.write(|w| w.set_meta(TRIED, &now_seconds.to_be_bytes()))?;
            self.storage.rest_until = None;
            self.take_up(around)?;
            return Ok(true);
        }
        self.repost(around)?;
        let repaired = self.repair(around)?;
        Ok(self.do_what_is_due(around)? || repaired)
    }

    /// Starts the check of all pages unless it was made lately. If it cannot be started, the next opening tries again.
    fn check_if_due(&mut self, around: &Surroundings, run: u64) {
        let checked = self.store.meta(CHECKED).unwrap_or_default();
        if is_check_due(checked.as_deref(), around.clock.now_seconds()) {
            let check = Check::start(around.folder.database(), &self.key, run, around.inbox.clone());
            self.storage.check = check.inspect_err(|error| tracing::warn!(%error, "pages are not checked")).ok();
        }
    }

    /// Takes what the check found.
    fn checked(&mut self, now_seconds: u64, run: u64, outcome: Result<(), StoreError>) -> Result<bool, StoreError> {
        if self.storage.check.as_ref().is_none_or(|check| check.run() != run) {
            return Ok(false);
        }
        self.storage.check = None;
        match outcome {
            Ok(()) => self.store.write(|w| w.set_meta(CHECKED, &now_seconds.to_be_bytes())).map(|()| false),
            Err(StoreError::Damaged) => {
                tracing::error!("a page of the database is damaged");
                self.storage.damaged = true;
                Ok(true)
            }
            // Interrupted, or the disk refused to be read: the next opening tries again.
            Err(_) => Ok(false),
        }
    }

    /// Brings readings, outboxes and workers in step with the relays that each pursuance names now.
    pub(crate) fn settle_relays(&mut self, around: &Surroundings) -> Result<(), StoreError> {
        for held in self.held.values() {
            self.relays.want(&mut self.store, held)?;
        }
        self.relays.run_workers(around, self.reach);
        Ok(())
    }

    /// Whether a relay is wanted that is reached by Tor, and nobody said yet whether Tor may be used.
    fn asks_tor(&self, around: &Surroundings) -> bool {
        let is_wanted = |address: &RelayAddress| self.relays.readings.keys().any(|(_, at)| at == address);
        self.reach == Reach::Unasked
            && self.relays.known.keys().any(|address| is_wanted(address) && around.transport.needs_tor(address))
    }

    fn rows(&self, around: &Surroundings) -> Vec<PursuanceRow> {
        let mut rows: Vec<PursuanceRow> = self
            .held
            .values()
            .map(|held| PursuanceRow {
                pursuance: held.id,
                name: held.name(),
                standing: match held.standing {
                    KeptStanding::Invited => Standing::Invited,
                    KeptStanding::Waiting => Standing::Waiting,
                    KeptStanding::Member => Standing::Member,
                },
                status: status::line(held, &self.relays, self.reach, around.transport.as_ref()),
                can_undo: !held.undo.is_empty(),
                sample: held.sample,
            })
            .collect();
        rows.sort_by_key(|row| (row.name.to_lowercase(), row.pursuance));
        rows
    }
}

/// Name of the meta value that keeps the wish to stay offline.
pub(crate) const OFFLINE: &str = "offline";

impl Held {
    /// What it is called; empty while an invite's preview has not arrived.
    pub(crate) fn name(&self) -> String {
        let authority = self.replica.authority();
        let in_log = authority.genesis().map(|_| authority.name().to_owned());
        in_log.or_else(|| self.preview.as_ref()?.view().map(|view| view.name)).unwrap_or_default()
    }
}

impl From<VaultError> for Trouble {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::WrongPassphrase => Self::WrongPassphrase,
            VaultError::Damaged => Self::Damaged,
            VaultError::Newer { found, known } => Self::NewerFile { found, known },
            VaultError::Disk(error) => trouble_of(error),
        }
    }
}

/// Whether something may be sealed under it.
fn is_passphrase(passphrase: &str) -> Result<(), Trouble> {
    if passphrase.chars().count() < MIN_PASSPHRASE_CHARS {
        return Err(Trouble::PassphraseTooShort { min_chars: MIN_PASSPHRASE_CHARS as u32 });
    }
    if passphrase.len() > MAX_PASSPHRASE_BYTES {
        return Err(Trouble::Malformed);
    }
    Ok(())
}

/// The link of a text, or what is wrong with it.
pub(crate) fn parse_link(text: &str) -> Result<InviteLink, Trouble> {
    use pursuance_core::link::LinkError;
    InviteLink::parse(text).map_err(|error| match error {
        LinkError::NotAnInvite => Trouble::NotAnInvite,
        LinkError::NotWhole => Trouble::LinkTruncated,
        LinkError::Newer => Trouble::LinkNewer,
    })
}

#[cfg(test)]
mod tests;
