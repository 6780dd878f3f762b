//! Backups: a copy that is a device of its own, and files that are none (docs/protocol/08-node.md, section 11).

use std::path::Path;
use std::sync::Arc;

use pursuance_core::command::Command;
use pursuance_core::id::PursuanceId;
use pursuance_core::refusal::Refusal;
use pursuance_core::view::DeviceView;
use pursuance_node::Clock;
use pursuance_node::api::{Query, Reply, Request, Stage, Standing, StatusLine, Trouble, View};

use crate::harbour::{Berth, PASSPHRASE, Sailor, row, with_ben};
use crate::wreck::Snapshot;

const BACKUP_PASSPHRASE: &str = "quite another passphrase";
const WITNESS: &str = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";

async fn back_up(sailor: &Sailor, path: &Path) -> Result<Reply, Trouble> {
    let path = path.to_str().unwrap().to_owned();
    sailor.ask(Request::Backup { path, passphrase: BACKUP_PASSPHRASE.into() }).await
}

async fn restore(sailor: &Sailor, path: &Path, backup_passphrase: &str) -> Result<Reply, Trouble> {
    let (path, backup_passphrase) = (path.to_str().unwrap().to_owned(), backup_passphrase.to_owned());
    sailor.ask(Request::Restore { path, backup_passphrase, passphrase: PASSPHRASE.into() }).await
}

fn fresh(doors: &[(pursuance_node::RelayAddress, std::net::SocketAddr)]) -> Sailor {
    Sailor::outside(doors, Arc::new(tempfile::tempdir().unwrap()), Clock::System)
}

async fn devices(sailor: &Sailor, pursuance: PursuanceId, name: &str) -> Vec<DeviceView> {
    let people = sailor.people(pursuance).await;
    people.members.into_iter().find(|member| member.person.name == name).unwrap().devices
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_copy_and_the_original_go_on_side_by_side() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let before = maya.task(harbour, "Before the backup", None).await;
    let link = maya.invite(harbour, 2).await;
    let ben = Sailor::aboard(&doors).await;
    ben.come_in(&link, "Ben").await;
    let garden = ben.found(Some(&berth.address)).await;
    // An invite that lies open goes along.
    maya.ask(Request::OpenInvite { link: ben.invite(garden, 1).await }).await.unwrap();

    // So does what a person chose for this computer.
    maya.ask(Request::AddWitness { key: WITNESS.into() }).await.unwrap();

    let shelf = tempfile::tempdir().unwrap();
    let file = shelf.path().join("pursuance.age");
    let written = back_up(&maya, &file).await.unwrap();
    let bytes = std::fs::metadata(&file).unwrap().len();
    assert_eq!(written, Reply::Written { path: file.to_str().unwrap().into(), bytes });
    assert_eq!(names(shelf.path()), ["pursuance.age"]);
    assert!(!names(maya.dir.path()).iter().any(|name| name.ends_with("half")));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(back_up(&maya, &file).await, Err(Trouble::FileExists));
    assert_eq!(back_up(&maya, &maya.dir.path().join("inside.age")).await, Err(Trouble::NoSuchFolder));
    maya.task(harbour, "After the backup", None).await;

    let copy = fresh(&doors);
    assert_eq!(restore(&copy, &file, PASSPHRASE).await, Err(Trouble::WrongPassphrase));
    restore(&copy, &file, BACKUP_PASSPHRASE).await.unwrap();
    assert_eq!(copy.app().await.stage, Stage::Open);
    assert_eq!(copy.app().await.witnesses[0].key, WITNESS);
    assert_eq!(row(&copy.app().await, garden).unwrap().standing, Standing::Invited);
    assert!(copy.task_view(harbour, before).await.is_some());
    copy.until_like(&maya, harbour).await;

    // Both write at once; nobody sees a second history.
    for n in 0..5 {
        maya.task(harbour, &format!("By the original {n}"), None).await;
        copy.task(harbour, &format!("By the copy {n}"), None).await;
    }
    ben.until_async("both", async || ben.tree(harbour).await.total == 12).await;
    ben.until_like(&maya, harbour).await;
    copy.until_like(&maya, harbour).await;
    for sailor in [&maya, &copy, &ben] {
        sailor.until("fine", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. })).await;
        let devices = devices(sailor, harbour, "Maya").await;
        assert!(devices.len() >= 2 && devices.iter().all(|device| !device.two_histories), "{devices:?}");
    }
    let mine = async |sailor| devices(sailor, harbour, "Maya").await.into_iter().find(|device| device.mine).unwrap();
    assert_ne!(mine(&maya).await.author, mine(&copy).await.author);

    // The copy has a vault of its own and opens again.
    let copy = copy.restart().await;
    copy.until_like(&maya, harbour).await;
    for sailor in [&maya, &copy, &ben] {
        sailor.node.clone().stop().await;
    }
    let (original, its_copy) = (Snapshot::of(maya.dir.path()), Snapshot::of(copy.dir.path()));
    assert!(original.forked.is_empty() && its_copy.forked.is_empty() && Snapshot::of(ben.dir.path()).forked.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_copy_goes_on_when_the_original_never_posted_again() {
    let mut berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let link = maya.invite(harbour, 1).await;
    let ben = Sailor::aboard(&doors).await;
    ben.come_in(&link, "Ben").await;
    ben.until_like(&maya, harbour).await;
    // Neither the last change nor the copy's device reach anybody, and then the computer is gone.
    berth.close().await;
    maya.task(harbour, "Written last", None).await;
    let shelf = tempfile::tempdir().unwrap();
    let file = shelf.path().join("pursuance.age");
    back_up(&maya, &file).await.unwrap();
    maya.node.clone().stop().await;
    let original = Snapshot::of(maya.dir.path());
    berth.reopen().await;

    let copy = fresh(&doors);
    restore(&copy, &file, BACKUP_PASSPHRASE).await.unwrap();
    copy.task(harbour, "Written by the copy", None).await;
    ben.until_async("both", async || ben.tree(harbour).await.total == 2).await;
    ben.until_like(&copy, harbour).await;
    copy.until("fine", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. })).await;
    copy.node.clone().stop().await;
    // What the original had sealed went out as the same bytes.
    let its_copy = Snapshot::of(copy.dir.path());
    for (number, cell) in &original.cells {
        assert!(its_copy.cells.get(number) == Some(cell), "cell {number}");
    }
    assert!(its_copy.receipted.len() > original.receipted.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_are_no_backup_leave_nothing_behind() {
    let maya = Sailor::aboard(&[]).await;
    let harbour = maya.found(None).await;
    for n in 0..30 {
        maya.task(harbour, &format!("Task {n} {}", "with a long title ".repeat(5)), None).await;
    }
    let shelf = tempfile::tempdir().unwrap();
    let good = shelf.path().join("good.age");
    back_up(&maya, &good).await.unwrap();
    let whole = std::fs::read(&good).unwrap();
    let copy = fresh(&[]);
    let refused = async |bytes: &[u8], expected: Trouble, what: &str| {
        let file = shelf.path().join("bad.age");
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(restore(&copy, &file, BACKUP_PASSPHRASE).await, Err(expected), "{what}");
        assert_eq!(copy.app().await.stage, Stage::Fresh, "{what}");
        assert_eq!(names(copy.dir.path()), ["in-use"], "{what}");
    };
    refused(b"", Trouble::NotABackup, "nothing").await;
    refused(b"some text\n", Trouble::NotABackup, "a text").await;
    refused(&vec![b'a'; 100_000], Trouble::NotABackup, "one long line").await;
    let others = include_bytes!("../fixtures/sealed-by-others.age");
    refused(others, Trouble::WrongPassphrase, "sealed by others").await;
    for bytes in [30, 100, 200, whole.len() / 2, whole.len() - 20, whole.len() - 1] {
        refused(&whole[..bytes], Trouble::NotABackup, &format!("cut to {bytes}")).await;
    }
    for at in [200, whole.len() / 3, whole.len() - 5] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        refused(&changed, Trouble::NotABackup, &format!("changed at {at}")).await;
    }
    let bomb = String::from_utf8_lossy(&whole[..180]).replacen(" 4\n", " 40\n", 1).into_bytes();
    refused(&bomb, Trouble::NotABackup, "endless work").await;
    let missing = restore(&copy, &shelf.path().join("none.age"), BACKUP_PASSPHRASE).await;
    assert_eq!(missing, Err(Trouble::NoSuchFile));
    assert_eq!(restore(&copy, shelf.path(), BACKUP_PASSPHRASE).await, Err(Trouble::NoSuchFile));
    let request = Request::Restore {
        path: good.to_str().unwrap().into(),
        backup_passphrase: BACKUP_PASSPHRASE.into(),
        passphrase: "short".into(),
    };
    assert_eq!(copy.ask(request).await, Err(Trouble::PassphraseTooShort { min_chars: 12 }));
    assert_eq!(restore(&maya, &good, BACKUP_PASSPHRASE).await, Err(Trouble::VaultExists));

    restore(&copy, &good, BACKUP_PASSPHRASE).await.unwrap();
    assert_eq!(copy.tree(harbour).await.total, 30);
    assert_eq!(
        names(copy.dir.path()).iter().filter(|name| name.contains("half") || name.contains("making")).count(),
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overtaken_device_makes_a_backup_to_read() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    maya.task(harbour, "Before the copy", None).await;
    maya.until("fine", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. })).await;
    maya.node.clone().stop().await;
    let other = Arc::new(tempfile::tempdir().unwrap());
    for name in ["vault", "store"] {
        std::fs::copy(maya.dir.path().join(name), other.path().join(name)).unwrap();
    }
    let maya = maya.restart().await;
    maya.task(harbour, "Written by the original", None).await;
    maya.until("fine", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. })).await;

    let copy = Sailor::outside(&doors, other, Clock::System);
    copy.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    copy.until("told", |app| row(app, harbour).unwrap().status == StatusLine::Overtaken).await;
    let shelf = tempfile::tempdir().unwrap();
    let file = shelf.path().join("pursuance.age");
    back_up(&copy, &file).await.unwrap();
    let restored = fresh(&doors);
    restore(&restored, &file, BACKUP_PASSPHRASE).await.unwrap();
    reads_only(&restored, harbour).await;
    restored.until_async("both", async || restored.tree(harbour).await.total == 2).await;
    assert_eq!(devices(&maya, harbour, "Maya").await.len(), 1, "nothing is signed by two");
}

/// It is out as a device that was removed, and everything can be looked at.
async fn reads_only(copy: &Sailor, pursuance: PursuanceId) {
    copy.until("out", |app| row(app, pursuance).unwrap().status == StatusLine::DeviceRemoved).await;
    let task = copy.tree(pursuance).await.rows[0].task;
    let refusal = Refusal::DeviceRemoved;
    assert_eq!(copy.task_view(pursuance, task).await.unwrap().cannot[0].refusal, refusal);
    let says = Command::Comment { task, text: "Still here".into() };
    let said = copy.ask(Request::Act { pursuance, command: says }).await;
    assert_eq!(said, Err(Trouble::Refused { refusal }));
    copy.people(pursuance).await;
    let devices = copy.node.view(Query::Devices { pursuance }).await;
    assert!(matches!(&devices, Ok(View::Devices(devices)) if devices.devices.is_empty()), "{devices:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_out_of_one_keeps_a_copy_of_all() {
    let (berth, maya, harbour, ben) = with_ben().await;
    let doors = [(berth.address, berth.at)];
    maya.task(harbour, "Before he went", None).await;
    ben.until_like(&maya, harbour).await;
    let garden = ben.found(Some(&berth.address)).await;
    ben.task(garden, "Before the backup", None).await;
    let members = maya.people(harbour).await.members;
    let member = members.iter().find(|member| member.person.name == "Ben").unwrap().person.member;
    maya.act(harbour, Command::RemoveMember { member, roles: vec![] }).await;
    ben.until("told", |app| row(app, harbour).unwrap().status == StatusLine::Removed { kept: 0 }).await;

    let shelf = tempfile::tempdir().unwrap();
    let file = shelf.path().join("pursuance.age");
    back_up(&ben, &file).await.unwrap();
    let copy = fresh(&doors);
    restore(&copy, &file, BACKUP_PASSPHRASE).await.unwrap();
    copy.task(garden, "Written by the copy", None).await;
    ben.until_like(&copy, garden).await;
    assert_eq!(ben.tree(garden).await.total, 2);
    reads_only(&copy, harbour).await;

    // So does a copy of the copy; and what is of no use any more can be forgotten.
    let copy = copy.restart().await;
    reads_only(&copy, harbour).await;
    back_up(&copy, &shelf.path().join("again.age")).await.unwrap();
    copy.ask(Request::DropInvite { pursuance: harbour }).await.unwrap();
    assert!(row(&copy.app().await, harbour).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_failed_uses_up_no_device() {
    let maya = Sailor::aboard(&[]).await;
    let pursuances = [maya.found(None).await, maya.found(None).await];
    let count = async |n: usize| {
        for pursuance in pursuances {
            assert_eq!(devices(&maya, pursuance, "Maya").await.len(), n);
        }
    };
    let shelf = tempfile::tempdir().unwrap();
    let file = |name| shelf.path().join(name);
    // There is no place for the copy.
    let in_the_way = maya.dir.path().join("backup.half");
    std::fs::create_dir(&in_the_way).unwrap();
    for _ in 0..2 {
        assert_eq!(back_up(&maya, &file("first.age")).await, Err(Trouble::Disk));
    }
    std::fs::remove_dir(&in_the_way).unwrap();
    maya.task(pursuances[0], "Meanwhile", None).await;
    back_up(&maya, &file("first.age")).await.unwrap();
    count(2).await;
    // Two that are there are two devices.
    back_up(&maya, &file("second.age")).await.unwrap();
    count(3).await;
    for name in ["first.age", "second.age"] {
        let copy = fresh(&[]);
        restore(&copy, &file(name), BACKUP_PASSPHRASE).await.unwrap();
        copy.task(pursuances[0], "Written by the copy", None).await;
        assert_eq!(copy.tree(pursuances[0]).await.total, 2);
    }
}
