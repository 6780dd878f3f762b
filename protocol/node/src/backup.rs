//! Backups: a copy of everything that is a device of its own, sealed under a passphrase; and the way back
//! (docs/protocol/08-node.md, section 11).
//!
//! ```text
//! age | "pursuance backup\n" | version u32 | database key 32 | the database's pages |       numbers big-endian
//! ```
//!
//! The running device adds the copy's device in each pursuance before the copy is made, and the copy holds that device's
//! seed in place of its own: no key that signs here is ever in a backup.

pub(crate) mod age;
mod copy;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use pursuance_core::entry::UnverifiedEntry;
use pursuance_core::id::PursuanceId;
use pursuance_core::keys::DeviceKeys;
use pursuance_core::refusal::Refusal;
use rusqlite::InterruptHandle;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::api::{Reply, Trouble};
use crate::backup::age::{AgeError, Opening, Sealing};
use crate::backup::copy::{Copy, Substitute};
use crate::chance::{random, up_to};
use crate::engine::{Message, Open, Surroundings};
use crate::folder::{self, Folder};
use crate::held::Held;
use crate::outside::{NewFile, refused};
use crate::requests::refused as refused_by_rules;
use crate::stack;
use crate::storage::trouble_of;
use crate::store::{KeptStanding, Number, StoreError, connect};
use crate::vault::{self, DatabaseKey};

/// What the keys of a backup are derived with.
pub use crate::backup::age::{OutputTooLong, hkdf_sha256};

/// Longest backup that is looked at.
pub const MAX_BACKUP_BYTES: u64 = 8 * 1024 * 1024 * 1024;

const MAGIC: &[u8; 17] = b"pursuance backup\n";
const VERSION: u32 = 1;
const KEY_BYTES: usize = 32;
const HEAD_BYTES: usize = MAGIC.len() + 4 + KEY_BYTES;
/// What is read of the copy at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Tells backups apart: drawn for each, since one that ended may be heard of when the next one runs, after a lock too.
pub(crate) type Run = [u8; 16];

/// A backup that is being written in a thread of its own; dropping it stops it, and nothing of it stays.
pub(crate) struct Backup {
    run: Run,
    interrupt: InterruptHandle,
    stop: Arc<AtomicBool>,
    whole: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Backup {
    /// Which it is.
    pub(crate) const fn run(&self) -> Run {
        self.run
    }
}

impl Drop for Backup {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.interrupt.interrupt();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread works with.
struct Job {
    run: Run,
    copy: Copy,
    at: PathBuf,
    key: Box<DatabaseKey>,
    substitutes: BTreeMap<Number, Substitute>,
    file: NewFile,
    path: String,
    passphrase: Zeroizing<String>,
    work: u8,
    stop: Arc<AtomicBool>,
    /// All of it was written: from then on somebody may have it, whatever becomes of its name.
    whole: Arc<AtomicBool>,
}

impl Open {
    /// Adds the copy's devices, fixes what is copied, and has the rest done beside everything else; the asker is answered at
    /// the end.
    pub(crate) fn begin_backup(
        &mut self,
        around: &Surroundings,
        path: String,
        passphrase: Zeroizing<String>,
        reply: oneshot::Sender<Result<Reply, Trouble>>,
    ) {
        let job = match self.job(around, path, passphrase) {
            Ok(job) => job,
            Err(trouble) => {
                let _ = reply.send(Err(trouble));
                return;
            }
        };
        let (interrupt, engine) = (job.copy.interrupt_handle(), around.inbox.clone());
        let (run, stop, whole) = (job.run, job.stop.clone(), job.whole.clone());
        let thread = stack::spawn("backup", move || answer(job, &engine, reply));
        if let Ok(thread) = thread {
            self.backup = Some(Backup { run, interrupt, stop, whole, thread: Some(thread) });
        }
    }

    /// Takes note that a backup ended, if it is the one that runs.
    pub(crate) fn backed_up(&mut self, run: Run) {
        if self.backup.as_ref().is_some_and(|backup| backup.run() == run) {
            self.end_backup();
        }
    }

    /// Takes note that it ended. The devices of one that did not become whole are there for the next.
    fn end_backup(&mut self) {
        let Some(backup) = self.backup.take() else { return };
        let whole = backup.whole.clone();
        drop(backup);
        if whole.load(Ordering::Relaxed) {
            self.spare_devices.clear();
        }
    }

    fn job(&mut self, around: &Surroundings, path: String, passphrase: Zeroizing<String>) -> Result<Job, Trouble> {
        if self.backup.as_ref().and_then(|backup| backup.thread.as_ref()).is_some_and(|thread| !thread.is_finished()) {
            return Err(Trouble::BackupRunning);
        }
        // One that ended a moment ago was not heard yet.
        self.end_backup();
        let file = NewFile::beside(Path::new(&path), around.folder.path())?;
        let pursuances: Vec<_> = self.held.keys().copied().collect();
        pursuances.iter().try_for_each(|pursuance| self.no_import(*pursuance))?;
        // All are signed before any is saved: where one refuses, nothing is left behind.
        let now_seconds = around.clock.now_seconds();
        let (mut substitutes, mut added) = (BTreeMap::new(), Vec::new());
        for (id, held) in &self.held {
            let spare = self.spare_devices.get(id).filter(|seed| held.has_device(&DeviceKeys::from_seed(***seed)));
            let seed = spare.cloned().unwrap_or_else(|| Zeroizing::new(random::<32>()));
            if spare.is_some() {
                added.push((*id, DeviceKeys::from_seed(*seed).author(), None));
            } else if held.standing == KeptStanding::Member {
                let device = DeviceKeys::from_seed(*seed);
                let claimed_seconds = held.claimed_lately(now_seconds);
                match held.replica.add_device(&device, claimed_seconds) {
                    Ok(entry) => added.push((*id, device.author(), Some(entry))),
                    // Whoever is told may remove older ones; a copy that only reads would tell them too late.
                    Err(refusal @ Refusal::TooMany { .. }) => return Err(refused_by_rules(refusal)),
                    // One where I am out is no reason to lose the others: the copy only reads there.
                    Err(_) => {}
                }
            }
            let starts_over = held.standing != KeptStanding::Member;
            substitutes.insert(held.number, Substitute { seed, starts_over });
        }
        let several = added.len() > 1;
        for (id, device, entry) in added {
            let held = self.held.get_mut(&id).ok_or(Trouble::NoSuchPursuance)?;
            let relays = self.relays.wanted_numbers(held.number);
            // What somebody has said does not wait with it.
            held.seal(&mut self.store, &relays)?;
            if let Some(entry) = entry {
                held.commit(&mut self.store, &[entry], |_, _| Ok(()))?;
                self.spare_devices.insert(id, substitutes[&held.number].seed.clone());
            }
            // It holds what this hands it; left out, it would be handed by itself, everywhere when the program starts next.
            while held.replica.unwelcomed().contains(&device) {
                let claimed_seconds = held.claimed_lately(now_seconds);
                if !held.welcome(&mut self.store, device, &relays, claimed_seconds)? {
                    break;
                }
            }
            // In cells before the copy is made, so that the copy can hand over the same ones if this device never does.
            if several {
                held.seal_apart(&mut self.store, up_to(around.pace.apart))?;
            } else {
                held.seal(&mut self.store, &relays)?;
            }
        }
        self.relays.wake_posters();
        let (at, key) = (around.folder.backup_copy(), vault::fresh_key());
        let copy = Copy::begin(&around.folder.database(), &self.key, &at, &key)?;
        let (stop, whole) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let work = around.pace.backup_work;
        Ok(Job { run: random(), copy, at, key, substitutes, file, path, passphrase, work, stop, whole })
    }
}

impl Held {
    /// Whether it is a device of mine now.
    fn has_device(&self, device: &DeviceKeys) -> bool {
        let mine = self.replica.me().and_then(|me| self.replica.authority().members().get(&me));
        mine.is_some_and(|mine| mine.devices.contains_key(&device.author()))
    }
}

fn answer(job: Job, engine: &Sender<Message>, reply: oneshot::Sender<Result<Reply, Trouble>>) {
    let (run, at, path) = (job.run, job.at.clone(), job.path.clone());
    let stop = job.stop.clone();
    // Whatever it fails of when it is stopped: it was stopped.
    let written = write(job).map_err(|trouble| if stop.load(Ordering::Relaxed) { Trouble::Locked } else { trouble });
    let _ = folder::remove_database(&at);
    // First, so that whoever is answered may ask for the next one.
    let _ = engine.send(Message::BackedUp { run });
    let _ = reply.send(written.map(|bytes| Reply::Written { path, bytes }));
}

fn write(job: Job) -> Result<u64, Trouble> {
    job.copy.run(Some(&job.substitutes))?;
    let mut copy = File::open(&job.at).map_err(trouble_of)?;
    let mut sealing = Sealing::begin(job.file, &job.passphrase, job.work).map_err(|error| refused(&error))?;
    let head = Zeroizing::new([MAGIC, &VERSION.to_be_bytes()[..], &job.key[..]].concat());
    sealing.add(&head).map_err(|error| refused(&error))?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        if job.stop.load(Ordering::Relaxed) {
            return Err(Trouble::Locked);
        }
        match copy.read(&mut piece).map_err(trouble_of)? {
            0 => break,
            bytes => sealing.add(&piece[..bytes]).map_err(|error| refused(&error))?,
        }
    }
    let file = sealing.finish().map_err(|error| refused(&error))?;
    job.whole.store(true, Ordering::Relaxed);
    file.keep()
}

/// Takes a backup apart into a database at `folder`'s place with the given key. Nothing but that database stays.
pub(crate) fn restore(folder: &Folder, path: &Path, passphrase: &str, key: &DatabaseKey) -> Result<(), Trouble> {
    let unpacked = folder.restore_copy();
    let its_key = unpack(path, passphrase, &unpacked)?;
    let half = folder.database().with_extension("half");
    let copy = Copy::begin(&unpacked, &its_key, &half, key).map_err(no_backup)?;
    copy.run(None).map_err(no_backup)?;
    folder::remove_database(&unpacked).map_err(trouble_of)?;
    verify(&half, key).map_err(no_backup)?;
    File::open(&half).and_then(|file| file.sync_all()).map_err(trouble_of)?;
    std::fs::rename(&half, folder.database()).map_err(trouble_of)?;
    folder::sync_parent(&folder.database()).map_err(trouble_of)?;
    Ok(())
}

/// A backup is a file like any other: what it says that others signed is looked at again.
fn verify(database: &Path, key: &DatabaseKey) -> Result<(), StoreError> {
    let connection = connect(database, key)?;
    let mut entries =
        connection.prepare("SELECT pursuance.id, entry.bytes FROM entry JOIN pursuance ON number = pursuance")?;
    let mut rows = entries.query([])?;
    while let Some(row) = rows.next()? {
        let (pursuance, bytes) = (PursuanceId(row.get(0)?), row.get::<_, Vec<u8>>(1)?);
        let entry = UnverifiedEntry::decode(&bytes).map_err(|_| StoreError::Damaged)?;
        entry.verify(pursuance).map_err(|_| StoreError::Damaged)?;
    }
    Ok(())
}

/// What a backup's own database fails of is the backup's fault, except for the disk's.
fn no_backup(error: StoreError) -> Trouble {
    match error {
        StoreError::Damaged => Trouble::NotABackup,
        other => other.into(),
    }
}

/// Opens a backup's bytes and writes its database to `to`; the key of that database.
///
/// Holds one chunk of 64 KiB at a time; costs what the file asks for, within the limits of section 11.
///
/// # Errors
/// [`Trouble::NotABackup`], [`Trouble::WrongPassphrase`], [`Trouble::NewerFile`], and what reading or writing fails of.
pub fn unseal(from: impl Read, passphrase: &str, to: &mut impl Write) -> Result<Box<DatabaseKey>, Trouble> {
    let mut opening = Opening::begin(from, passphrase)?;
    let first = opening.next()?.ok_or(Trouble::NotABackup)?;
    let (head, rest) = first.split_first_chunk::<HEAD_BYTES>().ok_or(Trouble::NotABackup)?;
    let (version, key) =
        head.strip_prefix(MAGIC).and_then(|rest| rest.split_first_chunk()).ok_or(Trouble::NotABackup)?;
    match u32::from_be_bytes(*version) {
        VERSION => {}
        0 => return Err(Trouble::NotABackup),
        found => return Err(Trouble::NewerFile { found, known: VERSION }),
    }
    let mut its_key = Box::new(Zeroizing::new([0; KEY_BYTES]));
    its_key.copy_from_slice(key);
    to.write_all(rest).map_err(trouble_of)?;
    while let Some(chunk) = opening.next()? {
        to.write_all(&chunk).map_err(trouble_of)?;
    }
    Ok(its_key)
}

/// Opens the file and writes its database to `to`; the key of that database.
fn unpack(path: &Path, passphrase: &str, to: &Path) -> Result<Box<DatabaseKey>, Trouble> {
    let file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Trouble::NoSuchFile,
        _ => trouble_of(error),
    })?;
    let metadata = file.metadata().map_err(trouble_of)?;
    if !metadata.is_file() {
        return Err(Trouble::NoSuchFile);
    }
    if metadata.len() > MAX_BACKUP_BYTES {
        return Err(Trouble::NotABackup);
    }
    folder::remove_database(to).map_err(trouble_of)?;
    let mut unpacked = folder::private_file(to).map_err(trouble_of)?;
    unseal(file.take(MAX_BACKUP_BYTES), passphrase, &mut unpacked)
}

impl From<AgeError> for Trouble {
    fn from(error: AgeError) -> Self {
        match error {
            AgeError::NotAge | AgeError::Damaged => Self::NotABackup,
            AgeError::WrongPassphrase => Self::WrongPassphrase,
            AgeError::Disk(error) => trouble_of(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSPHRASE: &str = "a long enough passphrase";

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut sealing = Sealing::begin(Vec::new(), PASSPHRASE, 4).unwrap();
        sealing.add(plain).unwrap();
        sealing.finish().unwrap()
    }

    #[test]
    fn what_is_inside_has_a_head_and_a_version() {
        let open = |plain: &[u8]| {
            let mut pages = Vec::new();
            unseal(&sealed(plain)[..], PASSPHRASE, &mut pages).map(|key| (**key, pages))
        };
        let of_version = |version: u32| [MAGIC, &version.to_be_bytes()[..], &[5; 32], b"pages"].concat();
        assert_eq!(open(&of_version(1)), Ok(([5; 32], b"pages".to_vec())));
        assert_eq!(open(&of_version(2)), Err(Trouble::NewerFile { found: 2, known: 1 }));
        assert_eq!(open(&of_version(0)), Err(Trouble::NotABackup));
        for bytes in 0..HEAD_BYTES {
            assert_eq!(open(&of_version(1)[..bytes]), Err(Trouble::NotABackup), "{bytes}");
        }
        assert_eq!(
            open(b"a tar archive, or whatever else somebody sealed for themselves, longer than a head"),
            Err(Trouble::NotABackup)
        );
    }

    /// A file by somebody who knows how they are made: its rows hold what nobody signed.
    #[test]
    fn what_others_did_not_sign_is_not_taken_from_a_backup() {
        let dir = tempfile::tempdir().unwrap();
        drop(copy::tests::filled(dir.path()));
        let folder = Folder::enter(&dir.path().join("fresh")).unwrap();
        let file = dir.path().join("backup.age");
        let (key, version) = (copy::tests::key(7), VERSION.to_be_bytes());
        let outcome = |key: &DatabaseKey| {
            let pages = std::fs::read(dir.path().join("store")).unwrap();
            std::fs::write(&file, sealed(&[MAGIC, &version[..], &key[..], &pages].concat())).unwrap();
            restore(&folder, &file, PASSPHRASE, &copy::tests::key(9))
        };
        assert_eq!(outcome(&key), Err(Trouble::NotABackup));
        // Without those rows it is one.
        let connection = connect(&dir.path().join("store"), &key).unwrap();
        connection.execute_batch("DELETE FROM entry").unwrap();
        drop(connection);
        assert_eq!(outcome(&key), Ok(()));
        assert_eq!(outcome(&copy::tests::key(8)), Err(Trouble::NotABackup), "a key that is not its database's");
    }
}
