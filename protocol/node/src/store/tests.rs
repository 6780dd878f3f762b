//! What the store promises, tried on real files.

use pursuance_core::id::AuthorId;
use pursuance_core::keys::DeviceKeys;
use pursuance_wire::RelayAddress;

use super::*;

const KEY: [u8; 32] = [7; 32];

fn key() -> DatabaseKey {
    Zeroizing::new(KEY)
}

fn open(dir: &tempfile::TempDir) -> Result<Store> {
    Store::open(&dir.path().join("store"), &key())
}

fn with_pursuance() -> (tempfile::TempDir, Store, Number) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir).unwrap();
    let number = store.write(|w| w.add_pursuance(PursuanceId([1; 32]), KeptStanding::Member, &[2; 32], "", 5)).unwrap();
    (dir, store, number)
}

fn entry(id: u8, own: bool) -> (EntryId, Vec<u8>, bool) {
    (EntryId([id; 32]), vec![id; 100], own)
}

fn add(store: &mut Store, pursuance: Number, (id, bytes, own): &(EntryId, Vec<u8>, bool)) {
    let entry = NewEntry { id: *id, author: AuthorId([9; 32]), seq: u32::from(id.0[0]), own: *own, bytes };
    store.write(|w| w.add_entry(pursuance, &entry)).unwrap();
}

fn cell(byte: u8) -> Cell {
    Cell::from_bytes([byte; pursuance_wire::cell::CELL_BYTES])
}

fn relay_address() -> RelayAddress {
    crate::transport::tests::relay()
}

#[test]
fn parts_that_never_become_whole_do_not_fill_the_disk() {
    let (_dir, mut store, number) = with_pursuance();
    let part = |key: u8, n: u64| {
        let mut entry = [0; 32];
        entry[..8].copy_from_slice(&n.to_be_bytes());
        KeptFragment { cell_key: [key; 32], entry: EntryId(entry), parts: 2, part: 0, bytes: vec![1] }
    };
    let most = MAX_KEPT_FRAGMENTS;
    store
        .write(|w| {
            (0..most + 50).try_for_each(|n| w.add_fragment(number, &part(1, n)))?;
            (0..10).try_for_each(|n| w.add_fragment(number, &part(2, n)))?;
            w.forget_fragments(number)
        })
        .unwrap();
    let kept = store.fragments(number).unwrap();
    let of = |key: u8| kept.iter().filter(|part| part.cell_key == [key; 32]).collect::<Vec<_>>();
    assert_eq!((of(1).len() as u64, of(2).len()), (most, 10), "the newest under each key");
    assert_eq!(of(1)[0].entry, part(1, 50).entry);
}

#[test]
fn what_was_written_is_there_again() {
    let (dir, mut store, number) = with_pursuance();
    add(&mut store, number, &entry(1, true));
    add(&mut store, number, &entry(2, false));
    add(&mut store, number, &entry(1, true));
    store
        .write(|w| {
            w.add_epoch(number, &[3; 32])?;
            w.add_epoch(number, &[3; 32])?;
            w.add_own_invite(number, EntryId([1; 32]), "link")?;
            w.add_newer_entry(number, b"newer")?;
            w.set_meta("offline", &[1])
        })
        .unwrap();
    drop(store);
    let store = open(&dir).unwrap();
    let kept = store.pursuances().unwrap();
    assert_eq!((kept.len(), kept[0].id, *kept[0].device_seed), (1, PursuanceId([1; 32]), [2; 32]));
    assert_eq!((kept[0].standing, kept[0].link.is_none(), kept[0].since_seconds), (KeptStanding::Member, true, 5));
    let entries = store.entries(number).unwrap();
    assert_eq!(entries.iter().map(|e| (e.bytes[0], e.own)).collect::<Vec<_>>(), [(1, true), (2, false)]);
    assert_eq!(store.epochs(number).unwrap().len(), 1);
    assert_eq!(*store.own_invites(number).unwrap()[0].1, "link");
    assert_eq!(store.newer_entries(number).unwrap(), [b"newer"]);
    assert_eq!(store.meta("offline").unwrap(), Some(vec![1]));
    assert_eq!(store.meta("other").unwrap(), None);
}

#[test]
fn what_a_device_does_not_hold_is_not_kept() {
    let (dir, mut store, number) = with_pursuance();
    let package = |byte: u8| KemSecret::from_private(KeySuite::X25519, Zeroizing::new([byte; 32]));
    let mut device = DeviceKeys::from_seed([2; 32]);
    let ids: Vec<[u8; 32]> = (3..6)
        .map(|byte| {
            store.write(|w| w.add_package(number, &package(byte))).unwrap();
            device.hold(package(byte));
            device.key_package().id()
        })
        .collect();
    let kept = |store: &Store| -> (bool, Vec<u8>) {
        let spent = store.pursuances().unwrap()[0].seed_spent;
        (spent, store.packages(number).unwrap().iter().map(|package| package.private()[0]).collect())
    };
    store.write(|w| w.keep_keys(number, &device)).unwrap();
    assert_eq!(kept(&store), (false, vec![3, 4, 5]));
    device.erase(&ids[1]);
    store.write(|w| w.keep_keys(number, &device)).unwrap();
    assert_eq!(kept(&store), (false, vec![3, 5]));
    let first = DeviceKeys::from_seed([2; 32]).key_package().id();
    for package in [first, ids[0], ids[2]] {
        device.erase(&package);
    }
    store.write(|w| w.keep_keys(number, &device)).unwrap();
    assert_eq!(kept(&store), (true, vec![5]), "the newest stays, whoever asks");
    assert!(store.sweep().unwrap());
    drop(store);
    let store = open(&dir).unwrap();
    let again = DeviceKeys::from_signing(*store.pursuances().unwrap()[0].device_seed, package(5));
    assert_eq!((again.author(), again.key_package()), (DeviceKeys::from_seed([2; 32]).author(), device.key_package()));
}

#[test]
fn what_is_in_all_logs_is_in_those_that_are_used() {
    let (_dir, mut store, number) = with_pursuance();
    let own = entry(1, true);
    add(&mut store, number, &own);
    let address = |byte: u8| {
        let key = |byte| pursuance_core::crypto::SigningKey::from_seed(&Zeroizing::new([byte; 32])).author().0;
        RelayAddress::new(key(byte), key(byte + 1)).unwrap()
    };
    assert!(!store.is_in_all_logs(number, own.0).unwrap(), "nobody has it");
    let relays = store
        .write(|w| {
            let relays = [w.relay(&address(1))?, w.relay(&address(3))?];
            relays.iter().try_for_each(|relay| w.want_relay(number, *relay, 0))?;
            (1..3).try_for_each(|byte| w.add_cell(number, &cell(byte), &[own.0], Door::Epoch, &relays))?;
            Ok(relays)
        })
        .unwrap();
    for (byte, relay) in [(1, 0), (2, 0), (1, 1), (2, 1)] {
        assert!(!store.is_in_all_logs(number, own.0).unwrap());
        store.write(|w| w.set_seen(&cell(byte).leaf_hash(), relays[relay])).unwrap();
    }
    assert!(store.is_in_all_logs(number, own.0).unwrap());
    store.write(|w| w.want_relay(number, w.relay(&address(5))?, 0)).unwrap();
    assert!(!store.is_in_all_logs(number, own.0).unwrap(), "another relay, which has nothing yet");
}

#[test]
fn a_failed_change_leaves_no_trace() {
    let (_dir, mut store, number) = with_pursuance();
    let failed: Result<()> = store.write(|w| {
        w.add_epoch(number, &[3; 32])?;
        Err(StoreError::Disk)
    });
    assert!(failed.is_err());
    assert!(store.epochs(number).unwrap().is_empty());
}

#[test]
fn the_file_says_nothing_without_the_key() {
    let (dir, mut store, number) = with_pursuance();
    let secret = b"a title that nobody else may read";
    let entry = NewEntry { id: EntryId([1; 32]), author: AuthorId([9; 32]), seq: 0, own: true, bytes: secret };
    store.write(|w| w.add_entry(number, &entry)).unwrap();
    let found = |needle: &[u8]| {
        std::fs::read_dir(dir.path()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    };
    assert!(!found(secret) && !found(b"SQLite format 3") && !found(b"CREATE TABLE") && !found(&[9; 32]));
    // Control: the same search finds it in the open store.
    assert_eq!(store.entries(number).unwrap()[0].bytes, secret);
}

#[test]
fn another_key_or_changed_pages_are_damage() {
    let (dir, mut store, number) = with_pursuance();
    for id in 0..100 {
        add(&mut store, number, &(EntryId([id; 32]), vec![id; 1_000], false));
    }
    drop(store);
    let path = dir.path().join("store");
    assert!(matches!(Store::open(&path, &Zeroizing::new([8; 32])), Err(StoreError::Damaged)));
    let whole = std::fs::read(&path).unwrap();
    assert!(whole.len() > 50_000);
    // What opening does not look at, the check in the background does.
    let open_and_check = || {
        drop(open(&dir)?);
        crate::storage::whole(&connect(&path, &key())?)
    };
    open_and_check().unwrap();
    for at in [0, 20, 4_096 * 3 + 7, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        assert!(matches!(open_and_check(), Err(StoreError::Damaged)), "byte {at}");
    }
    for bytes in [0, 1, 100, 4_096, whole.len() / 2, whole.len() - 4_096] {
        std::fs::write(&path, &whole[..bytes]).unwrap();
        assert!(matches!(open_and_check(), Err(StoreError::Damaged)), "cut to {bytes}");
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(open(&dir).unwrap().entries(number).unwrap().len(), 100);
}

/// As `connect` says; the moment is short, so that a single run sees it seldom.
#[test]
fn the_first_to_open_are_many_at_once() {
    let told = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::opened_by_many_at_once", "--ignored"])
        .env(FIRST, "1")
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stdout));
}

const FIRST: &str = "PURSUANCE_TEST_FIRST";
const FIRST_THREADS: usize = 8;

#[test]
#[ignore = "a process of its own, started by the test above"]
fn opened_by_many_at_once() {
    if std::env::var_os(FIRST).is_none() {
        return;
    }
    let start = std::sync::Barrier::new(FIRST_THREADS);
    let opened = || {
        let dir = tempfile::tempdir().unwrap();
        start.wait();
        open(&dir).unwrap();
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..FIRST_THREADS).map(|_| scope.spawn(opened)).collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn a_newer_schema_is_named_and_not_touched() {
    let (dir, store, _) = with_pursuance();
    store.connection.pragma_update(None, "user_version", 9).unwrap();
    store.connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").ok();
    drop(store);
    let path = dir.path().join("store");
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(open(&dir), Err(StoreError::Newer { found: 9, known: SCHEMA_VERSION })));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_half_made_database_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("store.half"), b"a crash left this").unwrap();
    assert!(open(&dir).unwrap().pursuances().unwrap().is_empty());
}

#[test]
fn a_cell_goes_to_every_relay_once() {
    let (_dir, mut store, number) = with_pursuance();
    add(&mut store, number, &entry(1, true));
    add(&mut store, number, &entry(2, true));
    add(&mut store, number, &entry(3, false));
    let own = [EntryId([1; 32]), EntryId([2; 32])];
    let unsealed = |store: &Store| store.unsealed_entries(number).unwrap().iter().map(|e| e[0]).collect::<Vec<_>>();
    let unhanded = |store: &Store| store.unhanded_entries(number, None).unwrap().into_iter().collect::<Vec<_>>();
    assert!(unsealed(&store).is_empty(), "they wait for others");
    store.connection.execute("UPDATE entry SET chain = 0", []).unwrap();
    assert_eq!((unsealed(&store), unhanded(&store)), (vec![1, 2], own.to_vec()));
    let relay = store
        .write(|w| {
            let relay = w.relay(&relay_address())?;
            assert_eq!(relay, w.relay(&relay_address())?);
            w.add_cell(number, &cell(1), &[own[0]], Door::Epoch, &[relay])?;
            w.add_cell(number, &cell(2), &[own[0]], Door::Epoch, &[relay])?;
            w.add_cell(number, &cell(3), &[own[1]], Door::Epoch, &[])?;
            Ok(relay)
        })
        .unwrap();
    assert_eq!((unsealed(&store), unhanded(&store)), (vec![], own.to_vec()));

    let waiting = store.waiting_cells(relay, 0, 10).unwrap();
    assert_eq!(waiting.iter().map(|w| w.cell.as_bytes()[0]).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(store.post_counts(number, relay).unwrap(), PostCounts { handed: 0, waiting: 2 });
    // Handed is an entry only when all its cells are.
    store.write(|w| w.set_handed(waiting[0].number, &waiting[0].cell.leaf_hash(), relay, b"receipt", 7)).unwrap();
    assert_eq!(unhanded(&store), own);
    store.write(|w| w.set_handed(waiting[1].number, &waiting[1].cell.leaf_hash(), relay, b"receipt", 7)).unwrap();
    assert_eq!(unhanded(&store), own[1..]);
    assert_eq!(store.open_receipts(relay).unwrap().len(), 2);
    store.write(|w| w.set_seen(&cell(1).leaf_hash(), relay)).unwrap();
    let open = store.open_receipts(relay).unwrap();
    assert_eq!((open.len(), open[0].leaf, open[0].due_slot), (1, cell(2).leaf_hash(), 7));
    // A receipt that comes after the cell was seen does not open it again.
    store.write(|w| w.set_handed(waiting[0].number, &waiting[0].cell.leaf_hash(), relay, b"receipt", 7)).unwrap();
    assert_eq!(store.open_receipts(relay).unwrap().len(), 1);
    assert_eq!(store.post_counts(number, relay).unwrap(), PostCounts { handed: 2, waiting: 0 });

    store.write(|w| w.post_all_to(number, relay)).unwrap();
    assert_eq!(store.waiting_cells(relay, 0, 10).unwrap().len(), 1);
}

#[test]
fn one_post_is_of_one_pursuance() {
    let (_dir, mut store, first) = with_pursuance();
    let relay = store
        .write(|w| {
            let second = w.add_pursuance(PursuanceId([7; 32]), KeptStanding::Member, &[3; 32], "", 6)?;
            let relay = w.relay(&relay_address())?;
            for (pursuance, byte) in [(first, 1), (second, 2), (first, 3), (second, 4)] {
                w.add_cell(pursuance, &cell(byte), &[], Door::Epoch, &[relay])?;
            }
            Ok(relay)
        })
        .unwrap();
    let after = |store: &Store, after| -> Vec<u8> {
        store.waiting_cells(relay, after, 10).unwrap().iter().map(|waiting| waiting.cell.as_bytes()[0]).collect()
    };
    // They take turns, and begin again behind the last.
    assert_eq!((after(&store, first), after(&store, first + 1)), (vec![2, 4], vec![1, 3]));
    assert_eq!(store.waiting_count(relay).unwrap(), 4);
    let next = |store: &Store| after(store, 0);
    assert_eq!(next(&store), [1, 3]);
    for waiting in store.waiting_cells(relay, 0, 10).unwrap() {
        store.write(|w| w.set_handed(waiting.number, &waiting.cell.leaf_hash(), relay, b"receipt", 7)).unwrap();
    }
    assert_eq!(next(&store), [2, 4]);
}

#[test]
fn a_receipt_for_a_cell_that_was_dropped_is_not_taken_for_another() {
    let (_dir, mut store, number) = with_pursuance();
    let relay = store
        .write(|w| {
            let relay = w.relay(&relay_address())?;
            w.want_relay(number, relay, 0)?;
            w.add_cells_again(number, &[cell(1)], relay)?;
            Ok(relay)
        })
        .unwrap();
    let posted = store.waiting_cells(relay, 0, 1).unwrap().remove(0);
    // It was seen in the log, and dropped; its row is given away again.
    let again = store
        .write(|w| {
            w.set_seen(&cell(1).leaf_hash(), relay)?;
            w.drop_cells_spent()?;
            w.add_cells_again(number, &[cell(2)], relay)
        })
        .unwrap();
    assert_eq!(again, [posted.number], "the case that this is about");
    store.write(|w| w.set_handed(posted.number, &posted.cell.leaf_hash(), relay, b"late", 7)).unwrap();
    assert_eq!(store.post_counts(number, relay).unwrap(), PostCounts { handed: 0, waiting: 1 });
    store.write(|w| w.set_handed(again[0], &cell(2).leaf_hash(), relay, b"its own", 7)).unwrap();
    assert_eq!(store.post_counts(number, relay).unwrap(), PostCounts { handed: 1, waiting: 0 });
}

#[test]
fn relays_and_readings_are_kept() {
    let (_dir, mut store, number) = with_pursuance();
    let relay = store
        .write(|w| {
            let relay = w.relay(&relay_address())?;
            w.want_relay(number, relay, 256)?;
            w.set_reading(number, relay, 256, 900)?;
            w.leave_relay(number, relay)?;
            w.want_relay(number, relay, 0)?;
            w.set_checkpoint(relay, 77, b"note", &[1; 64])?;
            w.set_slot_seconds(relay, 60)?;
            w.set_reached(relay, 123)?;
            w.set_fault(relay, Some(Fault::Forked), b"proof")?;
            w.set_fault(relay, Some(Fault::Stale), b"another")?;
            Ok(relay)
        })
        .unwrap();
    let kept = &store.relays().unwrap()[0];
    assert_eq!((kept.checkpoint.as_slice(), kept.peaks.len(), kept.slot_seconds), (&b"note"[..], 64, Some(60)));
    assert_eq!(
        (kept.reached_seconds, kept.fault, kept.has_evidence, store.evidence(relay).unwrap().as_slice()),
        (Some(123), Some(Fault::Stale), true, &b"proof"[..])
    );
    assert_eq!(
        store.readings().unwrap(),
        [KeptReading { pursuance: number, relay, first: 256, next: 900, wanted: true }]
    );
    assert_eq!(store.checkpoint_seen(relay, 77).unwrap().as_deref(), Some(&b"note"[..]));
    assert_eq!(store.checkpoint_seen(relay, 78).unwrap(), None);
}

#[test]
fn a_dropped_pursuance_takes_everything_along() {
    let (_dir, mut store, number) = with_pursuance();
    add(&mut store, number, &entry(1, true));
    store
        .write(|w| {
            let relay = w.relay(&relay_address())?;
            w.want_relay(number, relay, 0)?;
            w.add_cell(number, &cell(1), &[EntryId([1; 32])], Door::Invite, &[relay])?;
            w.drop_pursuance(number)
        })
        .unwrap();
    for table in ["pursuance", "entry", "cell", "cargo", "outbox", "reading"] {
        let count: i64 =
            store.connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0, "{table}");
    }
}

#[test]
fn lines_that_may_name_somebody_are_found_without_the_others() {
    let (_dir, mut store, number) = with_pursuance();
    let other = store.write(|w| w.add_pursuance(PursuanceId([2; 32]), KeptStanding::Member, &[2; 32], "", 5)).unwrap();
    let steps = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    store.count_steps(steps.clone()).unwrap();
    let mut lines = 0_u32;
    let mut say = |store: &mut Store, pursuance: Number, texts: &[&str]| {
        store
            .write(|w| {
                texts.iter().try_for_each(|text| {
                    lines += 1;
                    let sql = "INSERT INTO comment (pursuance, task, depth, entry, item, op, author, by, chain, seq, claimed, text)
                        VALUES (?1, ?2, ?3, ?4, 0, 0, ?4, ?4, 1, ?3, ?3, ?5)";
                    w.run(sql, params![pursuance, [1_u8; 16], lines, [9_u8; 32], text])
                })
            })
            .unwrap();
    };
    let found = |store: &Store, most: u32| {
        let before = steps.load(std::sync::atomic::Ordering::Relaxed);
        let found = store.lines_with_at(number, most).unwrap();
        let texts: Vec<String> = found.into_iter().map(|line| line.comment).collect();
        (texts, steps.load(std::sync::atomic::Ordering::Relaxed) - before)
    };
    say(&mut store, number, &["@Ben one", "nothing", "two, @Ben"]);
    say(&mut store, other, &["@Ben elsewhere"]);
    drop(found(&store, 10));
    let (texts, few) = found(&store, 10);
    assert_eq!(texts, ["two, @Ben", "@Ben one"]);
    say(&mut store, number, &["nobody is named in this line"; 5_000]);
    assert_eq!(found(&store, 10), (texts, few), "what names nobody costs nothing");
    say(&mut store, number, &["three@", "nothing"]);
    assert_eq!(found(&store, 2).0, ["three@", "two, @Ben"]);
}

/// The committed files of older schemas; made by `write_the_fixture`, never changed.
#[test]
fn files_of_older_schemas_are_read() {
    for schema in 1..SCHEMA_VERSION {
        let dir = tempfile::tempdir().unwrap();
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
        std::fs::copy(format!("{fixtures}/store-schema-{schema}"), dir.path().join("store")).unwrap();
        let store = open(&dir).unwrap();
        let kept = store.pursuances().unwrap();
        assert_eq!((kept.len(), kept[0].id), (1, PursuanceId([1; 32])));
        // What was derived in another form is derived again: all of these were.
        assert!(!store.is_derived(kept[0].number).unwrap(), "schema {schema}");
        assert_eq!(store.entries(kept[0].number).unwrap().len(), 2);
        assert_eq!(store.relays().unwrap()[0].address, relay_address());
        let relay = store.relays().unwrap()[0].number;
        assert_eq!(store.waiting_cells(relay, 0, 10).unwrap()[0].cell, cell(4));
    }
}

#[test]
#[ignore = "writes the fixture of the current schema into the folder named by PURSUANCE_FIXTURE_DIR"]
fn write_the_fixture() {
    let folder = std::env::var("PURSUANCE_FIXTURE_DIR").expect("where to write it");
    let (dir, mut store, number) = with_pursuance();
    add(&mut store, number, &entry(1, true));
    add(&mut store, number, &entry(2, false));
    store
        .write(|w| {
            let relay = w.relay(&relay_address())?;
            w.want_relay(number, relay, 0)?;
            w.add_epoch(number, &[3; 32])?;
            w.add_cell(number, &cell(4), &[EntryId([1; 32])], Door::Epoch, &[relay])
        })
        .unwrap();
    drop(store);
    let target = std::path::Path::new(&folder).join(format!("store-schema-{SCHEMA_VERSION}"));
    std::fs::copy(dir.path().join("store"), target).unwrap();
}
