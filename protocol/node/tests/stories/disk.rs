//! Disks that are full, closed or broken: each has its sentence, nothing that was said to be kept is lost, and there is a
//! way out (docs/protocol/08-node.md, section 5).

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;

use pursuance_core::command::Command;
use pursuance_core::id::PursuanceId;
use pursuance_node::api::{Reply, Request, Stage, StatusLine, StorageTrouble, Trouble, View};
use pursuance_node::{Clock, Node, NodeConfig, Pace, TorChoice};

use crate::harbour::{Berth, PASSPHRASE, Sailor, row};

/// Where the disk of a story is mounted; set for the process in a namespace of its own.
const DISK: &str = "PURSUANCE_TEST_DISK";

/// Bytes of such a disk.
const DISK_BYTES: usize = 3 * 1024 * 1024;

/// Bytes of a page of the database.
const PAGE_BYTES: usize = 4_096;

/// One of so many pages is damaged, one at a time.
const PAGES_APART: usize = 5;

/// Runs a story again, alone, in a mount namespace of its own where it may mount a small disk at a folder of its own.
/// Returns the folder inside; outside it runs the story to its end and returns nothing.
fn in_own_mounts(story: &str) -> Option<PathBuf> {
    if let Some(disk) = std::env::var_os(DISK) {
        return Some(disk.into());
    }
    let mounts = |arguments: &[&str]| {
        let mut unshare = Process::new("unshare");
        unshare.args(["--map-root-user", "--mount", "--"]).args(arguments).stdin(Stdio::null());
        unshare
    };
    if !mounts(&["true"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        eprintln!("not run: this computer lets programs make no namespaces");
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let test = std::env::current_exe().unwrap();
    let told = mounts(&[test.to_str().unwrap(), "--exact", &format!("disk::{story}"), "--nocapture"])
        .env(DISK, dir.path())
        .output()
        .unwrap();
    assert!(
        told.status.success(),
        "{}\n{}\n{}",
        told.status,
        String::from_utf8_lossy(&told.stdout),
        String::from_utf8_lossy(&told.stderr)
    );
    None
}

fn mount(arguments: &[&str], at: &Path) {
    assert!(Process::new("mount").args(arguments).arg(at).status().unwrap().success(), "mount {arguments:?}");
}

fn small_disk(at: &Path) -> Arc<tempfile::TempDir> {
    mount(&["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "none"], at);
    Arc::new(tempfile::tempdir_in(at).unwrap())
}

/// Fills a disk to the last byte; removing the file makes room again.
fn fill(disk: &Path) -> PathBuf {
    use std::io::Write;
    let path = disk.join("ballast");
    let mut file = std::fs::File::create(&path).unwrap();
    for bytes in [4_096, 1] {
        while file.write_all(&vec![7; bytes]).is_ok() {}
    }
    path
}

fn import(pursuance: PursuanceId, text: String) -> Request {
    Request::Import { pursuance, file: String::new(), text, fields: None }
}

fn list(rows: usize) -> String {
    let mut csv = "title,body\n".to_owned();
    for n in 0..rows {
        csv += &format!("imported {n},{}\n", "a long line of text ".repeat(20));
    }
    csv
}

async fn titles(sailor: &Sailor, pursuance: PursuanceId) -> Vec<String> {
    sailor.tree(pursuance).await.rows.into_iter().map(|row| row.title).collect()
}

fn create(title: &str) -> Command {
    let (assignees, labels, due) = (vec![], vec![], None);
    Command::CreateTask { title: title.into(), parent: None, assignees, labels, due, priority: 0, home: None }
}

async fn total(sailor: &Sailor, pursuance: PursuanceId) -> u32 {
    sailor.tree(pursuance).await.total
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_closes_nothing_and_loses_nothing() {
    let Some(disk) = in_own_mounts("a_full_disk_closes_nothing_and_loses_nothing") else { return };
    let dir = small_disk(&disk);
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let ben = Sailor::aboard(&doors).await;
    let harbour = ben.found(Some(&berth.address)).await;
    let link = ben.invite(harbour, 1).await;
    let maya = Sailor::outside(&doors, dir, Clock::System);
    maya.ask(Request::CreateVault { passphrase: PASSPHRASE.into() }).await.unwrap();
    maya.come_in(&link, "Maya").await;
    maya.task(harbour, "Before", None).await;
    maya.until_like(&ben, harbour).await;

    let ballast = fill(&disk);
    // Changes, one by one until there is no room in what the database has already, and then a whole list.
    let mut kept = vec!["Before".to_owned()];
    let refused = loop {
        let title = format!("Task {}", kept.len());
        let command = create(&title);
        match maya.ask(Request::Act { pursuance: harbour, command }).await {
            Ok(_) => kept.push(title),
            Err(trouble) => break trouble,
        }
        assert!(kept.len() < 10_000, "the disk is not full");
    };
    assert_eq!(refused, Trouble::DiskFull);
    let whole = import(harbour, list(300));
    assert_eq!(maya.ask(whole).await, Err(Trouble::DiskFull));
    // What is seen is what is kept: neither less nor more.
    assert_eq!(total(&maya, harbour).await as usize, kept.len());
    maya.until("told", |app| app.storage == Some(StorageTrouble::Full)).await;
    assert_eq!(maya.app().await.stage, Stage::Open);

    // What comes meanwhile is not taken, and not lost.
    ben.ask(import(harbour, list(200))).await.unwrap();
    ben.until("posted", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. })).await;
    ben.until_async("in the log", async || {
        let relay = &ben.relays(harbour).await[0];
        relay.waiting == 0 && relay.read == relay.cells && relay.cells > u64::from(relay.handed)
    })
    .await;
    // It streams to both at once; a moment for the one whose disk is full to fail of it.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(total(&maya, harbour).await as usize <= kept.len() + 200);

    std::fs::remove_file(&ballast).unwrap();
    maya.until("room again", |app| app.storage.is_none()).await;
    maya.task(harbour, "After", None).await;
    maya.until_like(&ben, harbour).await;
    assert_eq!(total(&maya, harbour).await as usize, kept.len() + 200 + 1);
    let maya = maya.restart().await;
    maya.until_like(&ben, harbour).await;
    let seen = titles(&maya, harbour).await;
    let lost: Vec<&String> = kept.iter().filter(|title| !seen.contains(title)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_at_the_start_is_told_and_leaves_nothing_half() {
    let Some(disk) = in_own_mounts("a_full_disk_at_the_start_is_told_and_leaves_nothing_half") else { return };
    let dir = small_disk(&disk);
    let maya = Sailor::outside(&[], dir.clone(), Clock::System);
    let mut room = 0;
    // With more room each time, the vault's making fails a little later.
    loop {
        let ballast = fill(&disk);
        let bytes = std::fs::metadata(&ballast).unwrap().len();
        std::fs::File::options().write(true).open(&ballast).unwrap().set_len(bytes.saturating_sub(room)).unwrap();
        let made = maya.ask(Request::CreateVault { passphrase: PASSPHRASE.into() }).await;
        std::fs::remove_file(&ballast).unwrap();
        if made.is_ok() {
            break;
        }
        assert_eq!(made, Err(Trouble::DiskFull), "with room for {room}");
        assert_eq!(maya.app().await.stage, Stage::Fresh, "with room for {room}");
        room += 16 * 1024;
    }
    assert!(room > 16 * 1024, "it was never full");
    let harbour = maya.found(None).await;
    maya.task(harbour, "Kept", None).await;
    maya.node.clone().stop().await;

    // A backup that does not fit leaves nothing, and one restored where it does not fit neither.
    let shelf = tempfile::tempdir().unwrap();
    let backup = async |maya: &Sailor, path: &Path| {
        let path = path.to_str().unwrap().to_owned();
        maya.ask(Request::Backup { path, passphrase: PASSPHRASE.into() }).await
    };
    let good = shelf.path().join("good.age");
    let maya = maya.restart().await;
    backup(&maya, &good).await.unwrap();
    let ballast = fill(&disk);
    assert_eq!(backup(&maya, &shelf.path().join("none.age")).await, Err(Trouble::DiskFull));
    assert_eq!(backup(&maya, &disk.join("none.age")).await, Err(Trouble::DiskFull));
    std::fs::remove_file(&ballast).unwrap();
    assert!(!disk.join("none.age").exists() && std::fs::read_dir(shelf.path()).unwrap().count() == 1);
    let second = Arc::new(tempfile::tempdir_in(&disk).unwrap());
    let copy = Sailor::outside(&[], second, Clock::System);
    let ballast = fill(&disk);
    let bytes = std::fs::metadata(&ballast).unwrap().len();
    for room in [0, 32 * 1024, 64 * 1024, 150 * 1024] {
        std::fs::File::options().write(true).open(&ballast).unwrap().set_len(bytes - room).unwrap();
        let (path, backup_passphrase) = (good.to_str().unwrap().to_owned(), PASSPHRASE.to_owned());
        let restored = copy.ask(Request::Restore { path, backup_passphrase, passphrase: PASSPHRASE.into() }).await;
        assert_eq!(restored, Err(Trouble::DiskFull), "with room for {room}");
        assert_eq!(copy.app().await.stage, Stage::Fresh, "with room for {room}");
    }
    copy.node.stop().await;
    std::fs::remove_file(&ballast).unwrap();
    maya.node.clone().stop().await;

    // Unlocking needs a little room.
    let ballast = fill(&disk);
    let maya = Sailor::outside(&[], dir, Clock::System);
    let unlock = async || maya.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await;
    assert_eq!(unlock().await, Err(Trouble::DiskFull));
    assert_eq!(maya.app().await.stage, Stage::Locked);
    std::fs::remove_file(ballast).unwrap();
    unlock().await.unwrap();
    assert_eq!(titles(&maya, harbour).await, ["Kept"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_cannot_be_written_to_is_told() {
    let Some(disk) = in_own_mounts("a_folder_that_cannot_be_written_to_is_told") else { return };
    let dir = small_disk(&disk);
    let maya = Sailor::outside(&[], dir.clone(), Clock::System);
    maya.ask(Request::CreateVault { passphrase: PASSPHRASE.into() }).await.unwrap();
    let harbour = maya.found(None).await;
    maya.task(harbour, "Kept", None).await;
    maya.node.clone().stop().await;

    // Closed to writing from the start.
    mount(&["-o", "remount,ro"], &disk);
    let config =
        || NodeConfig { data_dir: dir.path().into(), loopback: vec![], tor: TorChoice::Off, clock: Clock::System };
    assert_eq!(Node::start_with(config(), Pace::hurried()).err(), Some(Trouble::ReadOnly));
    mount(&["-o", "remount,rw"], &disk);
    let maya = Sailor::outside(&[], dir.clone(), Clock::System);
    maya.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    assert_eq!(titles(&maya, harbour).await, ["Kept"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_page_is_found_while_everything_else_goes_on() {
    let maya = Sailor::aboard(&[]).await;
    let harbour = maya.found(None).await;
    maya.task(harbour, "Kept", None).await;
    maya.ask(import(harbour, list(200))).await.unwrap();
    maya.node.clone().stop().await;
    let store = maya.dir.path().join("store");
    let whole = std::fs::read(&store).unwrap();
    // Every page once: found at the opening or soon after, never silently, and never written over.
    let (mut at_once, mut later) = (0, 0);
    for page in (0..whole.len() / PAGE_BYTES).step_by(PAGES_APART) {
        let mut changed = whole.clone();
        changed[page * PAGE_BYTES + 100] ^= 4;
        std::fs::write(&store, &changed).unwrap();
        // Two days later: all pages are looked at once a day.
        let sailor = Sailor::outside(&[], maya.dir.clone(), Clock::Offset { seconds: 172_800 });
        match sailor.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await {
            Err(trouble) => {
                assert_eq!(trouble, Trouble::Damaged, "page {page}");
                at_once += 1;
            }
            Ok(_) => {
                sailor
                    .until("found", |app| app.storage == Some(StorageTrouble::Damaged) || app.stage == Stage::Locked)
                    .await;
                later += 1;
            }
        }
        sailor.node.stop().await;
    }
    assert!(at_once > 0 && later > 0, "{at_once} at once, {later} later");
    std::fs::write(&store, &whole).unwrap();
    let maya = Sailor::outside(&[], maya.dir.clone(), Clock::System);
    maya.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    assert_eq!(total(&maya, harbour).await, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_read_of_a_damaged_database_is_rescued() {
    let maya = Sailor::aboard(&[]).await;
    let harbour = maya.found(None).await;
    maya.ask(import(harbour, list(300))).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let rescue = async |sailor: &Sailor, passphrase: &str| {
        let folder = folder.path().to_str().unwrap().to_owned();
        sailor.ask(Request::Rescue { passphrase: passphrase.into(), folder }).await
    };
    assert_eq!(rescue(&maya, PASSPHRASE).await, Err(Trouble::VaultExists), "it is open");
    maya.node.clone().stop().await;
    let store = maya.dir.path().join("store");
    let whole = std::fs::read(&store).unwrap();
    let wreck = Sailor::outside(&[], maya.dir.clone(), Clock::System);
    assert_eq!(rescue(&wreck, "a long enough mistake").await, Err(Trouble::WrongPassphrase));
    // Nothing is damaged: everything is there, and can be imported again.
    let Ok(Reply::Rescued { pursuances: 1, tasks: 300, lost: 0 }) = rescue(&wreck, PASSPHRASE).await else {
        panic!("all of it");
    };
    let csv = std::fs::read_to_string(folder.path().join("Harbour watch.csv")).unwrap();
    let kim = Sailor::aboard(&[]).await;
    let garden = kim.found(None).await;
    kim.ask(Request::Import { pursuance: garden, file: String::new(), text: csv, fields: None }).await.unwrap();
    assert_eq!(total(&kim, garden).await, 300);

    // Every few pages one is damaged, each alone: whatever is rescued, what is missing is counted, and nothing is changed.
    let (mut rescued, mut nothing, mut less) = (0, 0, 0);
    for page in (0..whole.len() / PAGE_BYTES).step_by(PAGES_APART) {
        let mut changed = whole.clone();
        changed[page * PAGE_BYTES + 100] ^= 4;
        std::fs::write(&store, &changed).unwrap();
        match rescue(&wreck, PASSPHRASE).await {
            Ok(Reply::Rescued { pursuances: 1, tasks, lost }) => {
                assert!(tasks == 300 || lost > 0, "page {page}: {tasks} tasks, {lost} lost");
                rescued += 1;
                less += u32::from(tasks < 300);
            }
            Err(Trouble::Damaged) => nothing += 1,
            Ok(Reply::Rescued { pursuances: 0, tasks: 0, lost: 1.. }) => nothing += 1,
            other => panic!("page {page}: {other:?}"),
        }
        assert!(std::fs::read(&store).unwrap() == changed, "page {page}");
    }
    println!("rescued {rescued} (not all of it {less}), nothing {nothing}");
    assert!(rescued > nothing && nothing > 0 && less > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_follows_damage_in_the_log_of_writes_is_not_taken_for_whole() {
    // A crash leaves the log of writes: a copy of the folder of a running node is as good as one.
    let maya = Sailor::aboard(&[]).await;
    let harbour = maya.found(None).await;
    for n in 0..20 {
        maya.task(harbour, &format!("Task {n}"), None).await;
    }
    let files = ["vault", "store", "store-wal"].map(|name| (name, std::fs::read(maya.dir.path().join(name)).unwrap()));
    maya.node.clone().stop().await;
    let log = files[2].1.clone();
    let opened = async |log: &[u8]| {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in &files {
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        std::fs::write(dir.path().join("store-wal"), log).unwrap();
        let sailor = Sailor::outside(&[], Arc::new(dir), Clock::System);
        match sailor.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await {
            Ok(_) => match sailor.node.view(pursuance_node::api::Query::App).await {
                Ok(View::App(app)) if app.pursuances.is_empty() => Some(0),
                _ => Some(total(&sailor, harbour).await),
            },
            Err(trouble) => {
                assert_eq!(trouble, Trouble::Damaged);
                None
            }
        }
    };
    assert_eq!(opened(&log).await, Some(20));
    let mut before = None;
    for part in 0..6 {
        let bytes = log.len() * part / 6;
        let cut = opened(&log[..bytes]).await;
        let mut changed = log.clone();
        changed[bytes.min(log.len() - 1)] ^= 4;
        // What stands before the damage is a moment that there was; what comes after is gone.
        let flipped = opened(&changed).await;
        assert!(cut <= Some(20) && flipped <= Some(20) && cut >= before, "{part}: {cut:?} {flipped:?} {before:?}");
        before = cut;
    }
}
