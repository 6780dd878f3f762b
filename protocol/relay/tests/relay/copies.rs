//! Older copies, backups, and databases of another time (rules L8, L16, L18).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use pursuance_relay::{Damage, Finding, Relay, RelayConfig, RelayError, backup, check, restore};
use pursuance_wire::Cell;
use pursuance_wire::log::{Checkpoint, RelayHistory};
use rusqlite::Connection;

use crate::program::{refusal, run};
use crate::rig::{Rig, SLOT_SECONDS, START_MILLIS, cell, config};

const SLOT_MILLIS: u64 = SLOT_SECONDS as u64 * 1_000;
const DATABASE: &str = "relay.sqlite";
const RECORD: &str = "newest-checkpoint";
/// What the older version left: slots of a second, six cells of one repeated byte each, checkpoints of 0 to 4 cells.
const FORMAT_1: &str = include_str!("../fixtures/format-1.sql");
const FORMAT_1_LAST_SLOT: u64 = 1_795_248_114;

async fn post(rig: &Rig, numbers: std::ops::Range<u64>) {
    let mut client = rig.connect().await;
    for n in numbers {
        client.post_cells(&[cell(n)], &rig.address).await;
    }
}

fn copy_all(from: &Path, to: &Path) {
    for file in fs::read_dir(from).expect("ours") {
        let file = file.expect("ours");
        fs::copy(file.path(), to.join(file.file_name())).expect("ours");
    }
}

fn refused(data: &Path) -> RelayError {
    match Relay::open(&config(data)) {
        Ok(_) => panic!("served"),
        Err(error) => error,
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_database_is_noticed_by_the_record_and_becomes_a_new_relay() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join(DATABASE);
    let rig = Rig::start(dir.path()).await;
    post(&rig, 0..5).await;
    rig.end_slot().await;
    let now = rig.now_slot() * SLOT_MILLIS;
    rig.stop().await;
    let older = fs::read(&file).expect("there");
    let rig = Rig::start_with(&config(dir.path()), now).await;
    post(&rig, 5..8).await;
    let signed = rig.end_slot().await;
    let address = rig.address;
    rig.stop().await;
    let newer = fs::read(&file).expect("there");
    let record = fs::read(dir.path().join(RECORD)).expect("there");

    fs::write(&file, &older).expect("ours");
    let error = refused(dir.path()); // L16
    assert!(matches!(error, RelayError::NotNewest { signed: 8, held: 5, .. }), "{error}");
    let said = refusal(&run(["serve", "--listen", "127.0.0.1:0", "--data", text(dir.path())]));
    assert!(said.contains("older copy") && said.contains("pursuance-relay restore"), "{said}");
    assert_eq!(fs::read(&file).expect("there"), older, "nothing was changed");
    assert_eq!(fs::read(dir.path().join(RECORD)).expect("there"), record);
    let found = check(dir.path()).expect("readable").findings;
    assert_eq!(found, [Finding::NotNewest { slot: signed.slot().0, size: 8 }]);

    // The database gone, or the record, or not this relay's.
    fs::write(&file, []).expect("ours");
    assert!(matches!(refused(dir.path()), RelayError::Damaged { what: Damage::Empty }));
    assert_eq!(fs::metadata(&file).expect("there").len(), 0, "no new keys are made where there were some");
    fs::write(&file, &newer).expect("ours");
    fs::remove_file(dir.path().join(RECORD)).expect("ours");
    assert!(matches!(refused(dir.path()), RelayError::NoRecord { .. }));
    assert_eq!(check(dir.path()).expect("readable").findings, [Finding::NoRecord]);
    for garbage in [Vec::new(), vec![7; 100_000], record[1..].to_vec()] {
        fs::write(dir.path().join(RECORD), garbage).expect("ours");
        assert!(matches!(refused(dir.path()), RelayError::Damaged { what: Damage::Record }));
        assert_eq!(check(dir.path()).expect("readable").findings, [Finding::WrongRecord]);
    }
    fs::write(dir.path().join(RECORD), &record).expect("ours");
    assert_eq!(check(dir.path()).expect("readable").findings, []);

    // What is left of the older copy is still of use, under another name.
    fs::write(&file, &older).expect("ours");
    let other = tempfile::tempdir().expect("a temporary directory");
    let restored = restore(dir.path(), other.path()).expect("sound");
    assert_eq!(restored.cells, 5);
    assert_ne!(restored.address, address);
    let rig = Rig::start_with(&config(other.path()), now + 7 * SLOT_MILLIS).await;
    assert_eq!(rig.address, restored.address);
    assert_eq!(rig.newest().await.size(), 5);
    post(&rig, 3..9).await;
    rig.end_slot().await;
    let mut history = RelayHistory::new(rig.address.log_key());
    let (_, _, cells) = rig.connect().await.visit(&mut history, 0).await;
    assert_eq!(cells, (0..9).map(cell).collect::<Vec<Cell>>(), "what it had, once, and what came since");
    rig.stop().await;
    assert!(matches!(restore(dir.path(), other.path()), Err(RelayError::NotEmpty { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_signed_just_before_a_crash_stays_the_only_one_of_its_slot() {
    let (dir, crashed) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let rig = Rig::start(dir.path()).await;
    post(&rig, 0..3).await;
    let now = rig.now_slot() * SLOT_MILLIS;
    rig.stop().await;
    copy_all(dir.path(), crashed.path());
    let rig = Rig::start_with(&config(dir.path()), now).await;
    let signed = rig.end_slot().await;
    rig.stop().await;
    // The crash came after the record and before the database.
    fs::copy(dir.path().join(RECORD), crashed.path().join(RECORD)).expect("ours");
    // Its clock has gone on, and a cell came that the checkpoint does not cover.
    let rig = Rig::start_with(&config(crashed.path()), now).await;
    assert_eq!(rig.newest().await, signed); // L16
    let receipt = rig.connect().await.post_cells(&[cell(3)], &rig.address).await;
    assert!(receipt.slot() > signed.slot());
    rig.set_clock(now + SLOT_MILLIS + 1);
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(rig.newest().await, signed, "L9");
    assert_eq!(rig.end_slot().await.size(), 4);
    assert_eq!(check(crashed.path()).expect("readable").findings, []);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_the_format_before_is_brought_up_to_date() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join(DATABASE);
    Connection::open(&file).expect("opens").execute_batch(FORMAT_1).expect("a dump");
    assert_eq!(check(dir.path()).expect("readable").findings, [], "format 1 has no record");
    let old = RelayConfig { slot_seconds: None, ..config(dir.path()) };
    let clock = std::sync::Arc::new(|| (FORMAT_1_LAST_SLOT + 3) * 1_000);
    let relay = Relay::open_with_clock(&old, clock).expect("brought up to date");
    let key = relay.address().log_key();
    relay.close();
    let checked = check(dir.path()).expect("readable");
    assert_eq!((checked.cells, checked.held, checked.checkpoints), (6, 6, 7));
    assert_eq!(checked.findings, []);
    let record = fs::read(dir.path().join(RECORD)).expect("made");
    assert_eq!(Checkpoint::verify(&record, &key).expect("signed").size(), 6);
    let db = Connection::open(&file).expect("opens");
    let format: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a row");
    assert_eq!(format, 2);
    // From now on the record must be there.
    db.execute("DELETE FROM checkpoints WHERE size > 4", []).expect("changes");
    drop(db);
    fs::remove_file(dir.path().join(RECORD)).expect("ours");
    assert!(matches!(Relay::open(&old), Err(RelayError::NoRecord { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_running_relay_is_one_moment_of_it_without_its_keys() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    post(&rig, 0..300).await;
    rig.end_slot().await;
    let file = dir.path().join("a ?#% name.backup");
    // While posts come in.
    let posting = async {
        let mut client = rig.connect().await;
        for n in 300..600 {
            client.post_cells(&[cell(n)], &rig.address).await;
        }
    };
    let (data, target) = (dir.path().to_owned(), file.clone());
    let writing = tokio::task::spawn_blocking(move || backup(&data, &target).expect("written"));
    let ((), written) = tokio::join!(posting, async { writing.await.expect("no panic") });
    assert_eq!(written.findings, []);
    assert!((300..=600).contains(&written.cells));
    assert_eq!(check(&file).expect("readable"), written);
    let bytes = fs::read(&file).expect("there");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    let db = Connection::open(dir.path().join(DATABASE)).expect("opens");
    for seed in ["onion_seed", "log_seed"] {
        let seed: Vec<u8> = db.query_row(&format!("SELECT {seed} FROM relay"), [], |row| row.get(0)).expect("a row");
        assert!(
            fs::read(dir.path().join(DATABASE)).expect("there").windows(32).any(|bytes| bytes == seed)
                || fs::read(dir.path().join("relay.sqlite-wal")).expect("there").windows(32).any(|bytes| bytes == seed)
        );
        assert!(!bytes.windows(32).any(|bytes| bytes == seed), "a key is in the backup");
    }
    drop(db);
    rig.end_slot().await;
    let now = rig.now_slot() * SLOT_MILLIS;
    let before = rig.newest().await;

    // By the program: to a file that is there, from a folder where nothing is, and for real.
    let said = refusal(&run(["backup", text(dir.path()), text(&file)]));
    assert!(said.contains("cannot be written"), "{said}");
    let empty = tempfile::tempdir().expect("a temporary directory");
    let said = refusal(&run(["backup", text(empty.path()), text(&empty.path().join("x"))]));
    assert!(said.contains("there is no relay in"), "{said}");
    let second = empty.path().join("second");
    let done = run(["backup", text(dir.path()), text(&second)]);
    assert_eq!(
        String::from_utf8_lossy(&done.stdout),
        "backup 600 cells, 600 of them held, 2 tile levels, 3 checkpoints\nsound all of it belongs together\n"
    );
    assert!(done.status.success());
    rig.stop().await;

    // A backup is no relay.
    let fake = tempfile::tempdir().expect("a temporary directory");
    fs::copy(&second, fake.path().join(DATABASE)).expect("ours");
    assert!(matches!(refused(fake.path()), RelayError::IsBackup));
    let restored = tempfile::tempdir().expect("a temporary directory");
    let done = run(["restore", text(&second), text(restored.path())]);
    let said = String::from_utf8(done.stdout).expect("text");
    assert!(done.status.success() && said.starts_with("restored 600 cells\naddress "), "{said}");
    let rig = Rig::start_with(&config(restored.path()), now).await;
    assert!(said.contains(&rig.address.to_string()));
    let newest = rig.newest().await;
    assert_eq!((newest.slot(), newest.size(), newest.root()), (before.slot(), 600, before.root()));
    let (_, _, cells) = rig.connect().await.visit(&mut RelayHistory::new(rig.address.log_key()), 0).await;
    assert_eq!(cells, (0..600).map(cell).collect::<Vec<Cell>>());
    rig.stop().await;
    assert_eq!(check(restored.path()).expect("readable").findings, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_was_killed_leaves_no_relay_and_can_be_run_again() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let source = dir.path().join("source");
    let rig = Rig::start(&source).await;
    let mut client = rig.connect().await;
    for n in (0..1_600).step_by(4) {
        client.post_cells(&[n, n + 1, n + 2, n + 3].map(cell), &rig.address).await;
    }
    rig.end_slot().await;
    rig.stop().await;
    let restoring = |target: &Path| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pursuance-relay"));
        command.arg("restore").arg(&source).arg(target);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().expect("starts")
    };
    let whole = dir.path().join("whole");
    let began = std::time::Instant::now();
    assert!(restoring(&whole).wait().expect("ours").success());
    let took = began.elapsed();
    let (mut halves, mut refusals) = (0, 0);
    for part in 1..=40 {
        let target = dir.path().join(format!("killed {part}"));
        let mut killed = restoring(&target);
        std::thread::sleep(took * part / 40);
        killed.kill().expect("ours");
        killed.wait().expect("ours");
        // Where nothing is but the lock a relay would begin afresh, as it should.
        let left = fs::read_dir(&target).map_or(0, |files| files.filter(is_no_lock).count());
        if left > 0 {
            halves += 1;
            match Relay::open(&config(&target)) {
                Ok(relay) => relay.close(),
                Err(RelayError::HalfRestored { .. }) => refusals += 1,
                Err(error) => panic!("{error}"),
            }
        }
        match restore(&source, &target) {
            Ok(restored) => assert_eq!(restored.cells, 1_600),
            Err(error) => assert!(matches!(error, RelayError::NotEmpty { .. }), "{error}"),
        }
        let checked = check(&target).expect("readable");
        assert_eq!((checked.cells, checked.held, checked.findings), (1_600, 1_600, Vec::new()), "killed at {part}/40");
    }
    println!("{halves} of 40 were killed on the way, {refusals} of them refused");

    // Whatever was left, also of the restore of another log.
    let (database, record) =
        (fs::read(whole.join(DATABASE)).expect("there"), fs::read(whole.join(RECORD)).expect("there"));
    for (written, wal, recorded) in
        [(0, None, None), (70_000, Some(&b"half"[..]), None), (database.len(), None, Some(&record))]
    {
        let target = tempfile::tempdir().expect("a temporary directory");
        let part = target.path().join("relay.sqlite.part");
        fs::write(&part, &database[..written]).expect("ours");
        wal.iter().for_each(|wal| fs::write(target.path().join("relay.sqlite.part-wal"), wal).expect("ours"));
        recorded.iter().for_each(|record| fs::write(target.path().join(RECORD), record).expect("ours"));
        let said = refusal(&run(["serve", "--listen", "127.0.0.1:0", "--data", text(target.path())]));
        assert!(said.contains("a restore into") && said.contains("run it again"), "{said}");
        assert_eq!(fs::read(&part).expect("there").len(), written, "nothing was changed");
        assert_eq!(restore(&source, target.path()).expect("sound").cells, 1_600);
        let mut files: Vec<_> =
            fs::read_dir(target.path()).expect("ours").map(|file| file.expect("ours").file_name()).collect();
        files.sort();
        assert_eq!(files, ["in-use", RECORD, DATABASE]);
        assert_eq!(check(target.path()).expect("readable").findings, []);
        let modes =
            files.iter().map(|file| fs::metadata(target.path().join(file)).expect("there").permissions().mode());
        modes.for_each(|mode| assert_eq!(mode & 0o777, 0o600));
        Relay::open(&config(target.path())).expect("a relay").close();
    }
    // The record of a relay whose database has been lost is nobody's leftover.
    let lost = tempfile::tempdir().expect("a temporary directory");
    fs::write(lost.path().join(RECORD), &record).expect("ours");
    for _ in 0..2 {
        assert!(matches!(restore(&source, lost.path()), Err(RelayError::Damaged { what: Damage::Empty })));
        assert_eq!(fs::read(lost.path().join(RECORD)).expect("there"), record);
    }
}

fn is_no_lock(file: &std::io::Result<fs::DirEntry>) -> bool {
    file.as_ref().is_ok_and(|file| file.file_name() != "in-use")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_checkpoints_are_dropped_with_the_cells_they_cover() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let brief = RelayConfig { retention_days: 1, ..config(dir.path()) };
    let rig = Rig::start_with(&brief, START_MILLIS).await;
    let first = rig.now_slot();
    let mut given = Vec::new();
    for n in 0..20 {
        post(&rig, n..n + 1).await;
        given.push(rig.end_slot().await);
    }
    assert_eq!(rig.connect().await.get(&format!("/checkpoint/{first}")).await.status, 200);
    // A day and ten slots later: the first ten slots are over their time, the newest of them is still needed.
    rig.set_clock(START_MILLIS + 86_400_000 + 10 * SLOT_MILLIS);
    rig.end_slot().await;
    let status = async |slot: u64| rig.connect().await.get(&format!("/checkpoint/{slot}")).await.status;
    while status(first).await == 200 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for at in 0..20 {
        let expected = if at < 9 { 410 } else { 200 };
        assert_eq!(status(first + at).await, expected, "slot {at}"); // L12
    }
    assert_eq!(status(first + 30).await, 404, "a slot that nobody was awake for");
    assert_eq!(rig.connect().await.get("/blocks/0/1").await.status, 200, "not all of the block is over its time");
    rig.stop().await;
    let checked = check(dir.path()).expect("readable");
    assert_eq!((checked.cells, checked.held, checked.checkpoints), (20, 20, 12 + 1 - 1));
    assert_eq!(checked.findings, []);
    // A restart leaves it at that, and the block goes when all of it is over its time.
    let rig = Rig::start_with(&brief, START_MILLIS + 86_400_000 + 12 * SLOT_MILLIS).await;
    assert_eq!(rig.newest().await.size(), 20);
    rig.set_clock(START_MILLIS + 86_400_000 + 16 * SLOT_MILLIS);
    rig.end_slot().await;
    while rig.connect().await.get("/blocks/0/1").await.status == 200 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    rig.stop().await;
    let checked = check(dir.path()).expect("readable");
    assert_eq!((checked.cells, checked.held), (20, 4));
    assert_eq!(checked.findings, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_names_what_is_wrong_and_changes_nothing() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    post(&rig, 0..300).await;
    let slot = rig.now_slot();
    rig.end_slot().await;
    post(&rig, 300..303).await;
    // While it runs.
    let running = check(dir.path()).expect("readable");
    assert_eq!((running.cells, running.held, running.levels, running.checkpoints), (303, 303, 2, 2));
    assert_eq!(running.findings, []);
    rig.stop().await;
    let file = dir.path().join(DATABASE);
    let good = fs::read(&file).expect("there");
    let zero = "zeroblob(32)";
    for (sql, finding) in [
        (format!("UPDATE hashes SET hash = {zero} WHERE level = 1"), Finding::WrongHash { level: 1, position: 0 }),
        ("DELETE FROM hashes WHERE level = 1".to_owned(), Finding::HashMissing { level: 1, position: 0 }),
        (format!("INSERT INTO hashes VALUES (2, 0, {zero})"), Finding::HashBeyond { level: 2 }),
        (
            "DELETE FROM hashes WHERE level = 0 AND position = 9".to_owned(),
            Finding::HashMissing { level: 0, position: 9 },
        ),
        (
            format!("UPDATE hashes SET hash = {zero} WHERE level = 0 AND position = 9"),
            Finding::WrongCell { position: 9 },
        ),
        ("UPDATE cells SET cell = zeroblob(2048) WHERE position = 7".to_owned(), Finding::WrongCell { position: 7 }),
        (format!("UPDATE cells SET leaf = {zero} WHERE position = 7"), Finding::WrongCell { position: 7 }),
        ("DELETE FROM cells WHERE position = 150".to_owned(), Finding::CellMissing { position: 150 }),
        ("DELETE FROM cells WHERE position < 301".to_owned(), Finding::CellMissing { position: 300 }),
        ("DELETE FROM cells WHERE position = 302".to_owned(), Finding::CellMissing { position: 302 }),
        (
            "UPDATE checkpoints SET note = zeroblob(9) WHERE size = 0".to_owned(),
            Finding::WrongCheckpoint { slot: slot - 1 },
        ),
        (
            "UPDATE checkpoints SET slot = slot + 1 WHERE size = 300".to_owned(),
            Finding::WrongCheckpoint { slot: slot + 1 },
        ),
        ("DELETE FROM hashes WHERE level = 0 AND position >= 299".to_owned(), Finding::OtherTree { slot, size: 300 }),
    ] {
        Connection::open(&file).expect("opens").execute_batch(&sql).expect("changes");
        let before = fs::read(&file).expect("there");
        let checked = check(dir.path()).expect("readable");
        assert!(checked.findings.contains(&finding), "{sql}: {checked:?}");
        assert_eq!(fs::read(&file).expect("there"), before, "nothing is changed");
        let said = run(["check", text(dir.path())]);
        assert_eq!(said.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&said.stdout).contains(&format!("wrong {finding}\n")), "{said:?}");
        let target = dir.path().join("new");
        assert!(matches!(restore(&file, &target), Err(RelayError::Unsound { .. })));
        assert!(!target.exists());
        fs::write(&file, &good).expect("put back");
    }
    // A copy of the folder, and a folder that is none.
    let copy = tempfile::tempdir().expect("a temporary directory");
    copy_all(dir.path(), copy.path());
    assert_eq!(check(copy.path()).expect("readable").findings, []);
    let said = refusal(&run(["check", "/nonexistent"]));
    assert!(said.contains("there is no relay in /nonexistent"), "{said}");
    fs::write(copy.path().join(DATABASE), vec![1; 5_000]).expect("ours");
    let said = refusal(&run(["check", text(copy.path())]));
    assert!(said.contains("it is not a relay's"), "{said}");
}
