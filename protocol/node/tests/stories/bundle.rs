//! The log in a file, where people have no relay between them (docs/protocol/08-node.md, "Bundles").

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::pin::pin;

use pursuance_core::command::Command;
use pursuance_core::id::PursuanceId;
use pursuance_node::api::{Reply, Request, Trouble};
use pursuance_node::bundle::MAX_BUNDLE_BYTES;
use pursuance_wire::cell::CELL_BYTES;
use tokio::{join, select};

use crate::governing::member;
use crate::harbour::{Berth, PASSPHRASE, Sailor};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_go_on_with_files_when_the_last_relay_is_gone() {
    let mut berth = Berth::open().await;
    let (maya, ben, harbour) = pair(&berth).await;
    let old = maya.task(harbour, "Count the cranes", None).await;
    ben.until_async("it came", async || ben.task_view(harbour, old).await.is_some()).await;
    berth.close().await;

    let dir = tempfile::tempdir().unwrap();
    let mine = maya.task(harbour, "Ask the pilot", None).await;
    let his = ben.task(harbour, "Draw the quay", None).await;
    let (first, _) = export(&maya, harbour, &dir.path().join("first")).await;
    assert_eq!(first.extension().unwrap(), "bundle");
    let Reply::Merged { entries, closed: 0, .. } = import(&ben, &first).await.unwrap() else { panic!("all opens") };
    assert!(entries >= 1);
    assert!(ben.task_view(harbour, mine).await.is_some());
    let (second, _) = export(&ben, harbour, &dir.path().join("second.bundle")).await;
    import(&maya, &second).await.unwrap();
    assert!(maya.task_view(harbour, his).await.is_some());
    maya.until_like(&ben, harbour).await;

    // Once more, and the older one: nothing comes of it, and nothing goes back.
    let told = maya.told(harbour).await;
    for known in [&second, &first] {
        let again = import(&maya, known).await.unwrap();
        assert!(matches!(again, Reply::Merged { entries: 0, closed: 0, .. }), "{again:?}");
    }
    assert_eq!(maya.told(harbour).await, told);

    // When there is a relay again, it has what each of them wrote.
    berth.reopen().await;
    let kim = Sailor::aboard(&[(berth.address, berth.at)]).await;
    let link = maya.invite(harbour, 1).await;
    kim.come_in(&link, "Kim").await;
    kim.until_like(&maya, harbour).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_away_while_people_went_reads_on_and_who_went_does_not() {
    let berth = Berth::open().await;
    let (maya, ben, harbour) = pair(&berth).await;
    let kim = Sailor::aboard(&[(berth.address, berth.at)]).await;
    kim.come_in(&maya.invite(harbour, 1).await, "Kim").await;
    let lou = Sailor::aboard(&[(berth.address, berth.at)]).await;
    lou.come_in(&maya.invite(harbour, 1).await, "Lou").await;
    for sailor in [&ben, &kim, &lou] {
        sailor.until_like(&maya, harbour).await;
        sailor.ask(Request::SetOffline { offline: true }).await.unwrap();
    }
    let mut later = Vec::new();
    for name in ["Kim", "Lou"] {
        let whom = member(&maya, harbour, name).await;
        maya.act(harbour, Command::RemoveMember { member: whom, roles: vec![] }).await;
        later.push(maya.task(harbour, &format!("Said without {name}"), None).await);
    }
    let dir = tempfile::tempdir().unwrap();
    let (file, bytes) = export(&maya, harbour, &dir.path().join("away")).await;
    assert_eq!(bytes, fs::metadata(&file).unwrap().len());
    assert!(bytes % CELL_BYTES as u64 == 0 && bytes >= 16 * CELL_BYTES as u64);

    let opened = import(&ben, &file).await.unwrap();
    assert!(matches!(opened, Reply::Merged { closed: 0, .. }), "{opened:?}");
    ben.until_like(&maya, harbour).await;
    for (gone, reads) in [(&kim, [false, false]), (&lou, [true, false])] {
        let opened = import(gone, &file).await.unwrap();
        assert!(matches!(opened, Reply::Merged { closed: 1.., .. }), "{opened:?}");
        let mut found = Vec::new();
        for task in &later {
            found.push(gone.task_view(harbour, *task).await.is_some());
        }
        assert_eq!(found, reads);
    }
    // What is in the file says nothing of anybody's words.
    let whole = fs::read(&file).unwrap();
    assert!(!whole.windows(4).any(|bytes| bytes == b"Said" || bytes == b"Maya"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_damaged_cut_foreign_or_no_bundle_changes_nothing_else() {
    let berth = Berth::open().await;
    let (maya, ben, harbour) = pair(&berth).await;
    ben.until_like(&maya, harbour).await;
    ben.ask(Request::SetOffline { offline: true }).await.unwrap();
    for n in 0..40 {
        maya.task(harbour, &format!("Task {n}, {}", "of some length ".repeat(20)), None).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let (file, _) = export(&maya, harbour, &dir.path().join("whole")).await;
    let whole = fs::read(&file).unwrap();
    let told = ben.told(harbour).await;
    let kept = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let stranger = Sailor::aboard(&[]).await;
    let theirs = stranger.found(None).await;
    let (foreign, _) = export(&stranger, theirs, &dir.path().join("foreign")).await;
    let long = dir.path().join("long");
    File::create(&long).unwrap().set_len(MAX_BUNDLE_BYTES + CELL_BYTES as u64).unwrap();
    let refused = [
        (kept("cut", &whole[..whole.len() - 1]), Trouble::NotABundle),
        (kept("more", &[&whole[..], b"x"].concat()), Trouble::NotABundle),
        (kept("empty", b""), Trouble::NotABundle),
        (kept("noise", &[7; 20 * CELL_BYTES]), Trouble::NotABundle),
        (foreign, Trouble::NotABundle),
        (long, Trouble::BundleTooLong),
        (dir.path().to_path_buf(), Trouble::NoSuchFile),
        (dir.path().join("missing"), Trouble::NoSuchFile),
        (PathBuf::from("whole.bundle"), Trouble::NoSuchFile),
    ];
    for (path, why) in refused {
        assert_eq!(import(&ben, &path).await, Err(why), "{path:?}");
        assert_eq!(ben.told(harbour).await, told, "{path:?}");
    }

    // One bit of the middle: its part is left alone, and what names what stood there waits until it comes.
    let mut bent = whole.clone();
    let at = whole.len() / 2;
    bent[at] ^= 1;
    let Reply::Merged { closed: 1, parts, .. } = import(&ben, &kept("bent", &bent)).await.unwrap() else {
        panic!("one part is closed")
    };
    assert_eq!(parts as usize, whole.len() / CELL_BYTES);
    assert_ne!(ben.told(harbour).await, maya.told(harbour).await);
    // In any order of its parts, twice, the whole one mends it.
    let mut mixed: Vec<&[u8]> = whole.chunks(CELL_BYTES).rev().collect();
    mixed.extend_from_within(..5);
    import(&ben, &kept("mixed", &mixed.concat())).await.unwrap();
    ben.until_like(&maya, harbour).await;
    // Nothing is written over, and nothing into the data folder.
    for (path, why) in [(file.clone(), Trouble::FileExists), (maya.dir.path().join("x"), Trouble::NoSuchFolder)] {
        let path = path.to_str().unwrap().into();
        assert_eq!(maya.ask(Request::ExportBundle { pursuance: harbour, path }).await, Err(why));
    }
    assert_eq!(fs::read(&file).unwrap(), whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_one_is_read_between_other_work_and_a_lock_ends_it() {
    let mut berth = Berth::open().await;
    let (maya, ben, harbour) = pair(&berth).await;
    berth.close().await;
    let new = maya.task(harbour, "Count the cranes", None).await;
    let dir = tempfile::tempdir().unwrap();
    let (file, _) = export(&maya, harbour, &dir.path().join("long")).await;
    let mut bytes = fs::read(&file).unwrap();
    bytes.resize(bytes.len() + 60_000 * CELL_BYTES, 7);
    fs::write(&file, &bytes).unwrap();

    let mut reading = pin!(import(&ben, &file));
    for _ in 0..3 {
        select! {
            biased;
            ended = &mut reading => panic!("it ended before anything else was answered: {ended:?}"),
            _ = ben.app() => {}
        }
    }
    ben.ask(Request::Lock).await.unwrap();
    assert_eq!(reading.await, Err(Trouble::Locked));
    // Whole pages of it stay.
    ben.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    assert!(ben.task_view(harbour, new).await.is_some());

    // Two at once are read one after the other.
    let (short, _) = export(&maya, harbour, &dir.path().join("short")).await;
    let (long, short) = join!(import(&ben, &file), import(&ben, &short));
    assert!(matches!(long, Ok(Reply::Merged { entries: 0, closed: 60_000, .. })), "{long:?}");
    assert!(matches!(short, Ok(Reply::Merged { entries: 0, closed: 0, .. })), "{short:?}");
}

/// Two members, and what they are in.
async fn pair(berth: &Berth) -> (Sailor, Sailor, PursuanceId) {
    let doors = [(berth.address, berth.at)];
    let (maya, ben) = (Sailor::aboard(&doors).await, Sailor::aboard(&doors).await);
    let harbour = maya.found(Some(&berth.address)).await;
    ben.come_in(&maya.invite(harbour, 1).await, "Ben").await;
    (maya, ben, harbour)
}

async fn export(sailor: &Sailor, pursuance: PursuanceId, path: &Path) -> (PathBuf, u64) {
    let path = path.to_str().unwrap().to_owned();
    let written = sailor.ask(Request::ExportBundle { pursuance, path }).await.unwrap();
    let Reply::Written { path, bytes } = written else { panic!("{written:?}") };
    (path.into(), bytes)
}

async fn import(sailor: &Sailor, path: &Path) -> Result<Reply, Trouble> {
    sailor.ask(Request::ImportBundle { path: path.to_str().unwrap().into() }).await
}
