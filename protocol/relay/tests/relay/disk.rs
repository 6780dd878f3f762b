//! A disk that is full, or read-only: in mounts of the test's own.

use std::fs;
use std::path::Path;
use std::process::Command;

use pursuance_relay::{Relay, check};
use pursuance_wire::Cell;
use pursuance_wire::log::{Receipt, RelayHistory};

use crate::program::{Process, command, refusal, run};
use crate::rig::{Rig, cell, config};

/// Says in the second run that it is the second.
const INSIDE_VARIABLE: &str = "PURSUANCE_OWN_MOUNTS";
const DISK_BYTES: usize = 32 << 20;
const BALLAST_BYTES: usize = 12 << 20;

/// Runs the test of this name once more where it may mount; true in that second run.
fn in_mounts_of_its_own(test: &str) -> bool {
    if std::env::var_os(INSIDE_VARIABLE).is_some() {
        return true;
    }
    let apart = || {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "--"]);
        command
    };
    if !apart().arg("true").output().is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "{test} needs a user who may make namespaces");
        println!("{test}: this user may make no namespace here");
        return false;
    }
    let program = std::env::current_exe().expect("a running program has a path");
    let arguments = ["--exact", test, "--nocapture", "--test-threads=1"];
    let output = apart().arg(program).args(arguments).env(INSIDE_VARIABLE, "1").output().expect("tried a moment ago");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{}", said.replace("test result: ", "inside: "));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{test} failed in mounts of its own:\n{errors}");
    false
}

fn mount(options: &str, at: &Path) {
    let done =
        Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).status().expect("mount is there");
    assert!(done.success());
}

#[test]
fn a_full_disk_refuses_posts_loses_nothing_and_goes_on_by_itself() {
    if in_mounts_of_its_own("disk::a_full_disk_refuses_posts_loses_nothing_and_goes_on_by_itself") {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("starts")
            .block_on(full());
    }
}

async fn full() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    mount(&format!("size={DISK_BYTES}"), dir.path());
    let rig = Rig::start(dir.path()).await;
    let ballast = dir.path().join("ballast");
    fs::write(&ballast, vec![7; BALLAST_BYTES]).expect("there is room");
    let (mut next, mut receipts): (u64, Vec<Receipt>) = (0, Vec::new());
    // Until it is full, over as many slots as it takes: then each post is refused.
    let mut refusals = 0;
    while refusals < 50 {
        let mut client = rig.connect().await;
        let cells: Vec<Cell> = (next..next + 4).map(cell).collect();
        let body: Vec<u8> = cells.iter().flat_map(|cell| *cell.as_bytes()).collect();
        let answer = client.post(&body).await;
        match answer.status {
            200 => {
                assert_eq!(refusals, 0, "nothing has changed meanwhile");
                receipts.push(Receipt::verify(&answer.body, &rig.address.log_key()).expect("signed by the relay"));
                next += 4;
                if next.is_multiple_of(200) {
                    rig.end_slot().await;
                }
            }
            503 => refusals += 1,
            other => panic!("{other}"),
        }
    }
    let seen = rig.newest().await;
    assert!(seen.size() > 500, "{} cells: the disk was full too early to show anything", seen.size());
    // Time goes on. There may be no room for a checkpoint either; readers are served all the same.
    rig.set_clock((rig.now_slot() + 3) * 10_000);
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    let mut history = RelayHistory::new(rig.address.log_key());
    let (_, _, cells) = rig.connect().await.visit(&mut history, 0).await;
    assert!(cells.len() as u64 >= seen.size());
    assert_eq!(check(dir.path()).expect("readable").findings, []);

    // Room again: nobody has to do anything.
    fs::remove_file(&ballast).expect("ours");
    let receipt = rig.connect().await.post_cells(&[cell(1 << 40)], &rig.address).await;
    receipts.push(receipt);
    let checkpoint = rig.end_slot().await;
    assert_eq!(checkpoint.size(), next + 1, "what was refused is not there, what was receipted is");
    let (checkpoint, span, cells) = rig.connect().await.visit(&mut history, 0).await;
    assert_eq!(cells.len() as u64, next + 1);
    for receipt in &receipts {
        assert!(matches!(receipt.judge(&checkpoint, &span), pursuance_wire::log::ReceiptState::Kept(_)));
    }
    rig.stop().await;
    assert_eq!(check(dir.path()).expect("readable").findings, []);

    // A start without any room: it serves what it has, or says why not. A new relay has nothing and says so. With room all
    // is as it was.
    let now = checkpoint.slot().0 * 10_000 + 10_000;
    let room = fill(&ballast);
    match Relay::open_with_clock(&config(dir.path()), std::sync::Arc::new(move || now)) {
        Err(error) => assert!(error.to_string().contains("cannot be used"), "{error}"),
        Ok(relay) => {
            relay.close();
            let rig = Rig::start_with(&config(dir.path()), now).await;
            assert_eq!(rig.connect().await.get("/blocks/0/1").await.status, 200);
            rig.stop().await;
        }
    }
    let new = dir.path().join("new");
    let said = refusal(&run(["serve", "--listen", "127.0.0.1:0", "--data", new.to_str().expect("text")]));
    assert!(said.contains("cannot be used") && said.lines().count() == 1, "{said}");
    fs::remove_file(&ballast).expect("ours");
    println!("{} receipts on a full disk, {room} bytes of ballast", receipts.len());
    let checked = check(dir.path()).expect("readable");
    assert_eq!((checked.cells, checked.findings), (next + 1, Vec::new()));
}

/// Takes all the room that there is.
fn fill(ballast: &Path) -> u64 {
    use std::io::Write;
    let mut file = fs::File::create(ballast).expect("ours");
    for size in [1 << 20, 4_096, 1] {
        while file.write_all(&vec![7; size]).is_ok() {}
    }
    file.metadata().expect("ours").len()
}

#[test]
fn a_read_only_folder_can_be_looked_at_and_not_served() {
    if !in_mounts_of_its_own("disk::a_read_only_folder_can_be_looked_at_and_not_served") {
        return;
    }
    let (dir, elsewhere) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    mount("size=16m", dir.path());
    let process = Process::start(dir.path());
    let address = process.address;
    process.signal("-TERM");
    assert!(process.ended().0);
    let done = Command::new("mount").args(["-o", "remount,ro"]).arg(dir.path()).status().expect("mount is there");
    assert!(done.success());
    let said = refusal(&command(dir.path()).args(["--listen", "127.0.0.1:0"]).output().expect("runs"));
    assert!(said.contains("cannot be used: Read-only file system"), "{said}");
    let data = dir.path().to_str().expect("text");
    let printed = run(["address", "--data", data]);
    assert_eq!(String::from_utf8_lossy(&printed.stdout), format!("address {address}\n"), "{printed:?}");
    assert!(run(["check", data]).status.success());
    let file = elsewhere.path().join("backup");
    let backup = run(["backup", data, file.to_str().expect("text")]);
    assert!(backup.status.success(), "{backup:?}");
    let into = run(["backup", data, dir.path().join("x").to_str().expect("text")]);
    assert!(refusal(&into).contains("cannot be written: Read-only file system"));
    let restored = run(["restore", data, elsewhere.path().join("new").to_str().expect("text")]);
    assert!(restored.status.success(), "{restored:?}");
}
