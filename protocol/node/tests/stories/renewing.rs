//! A quarter of a year: key packages and epochs are renewed, old private halves go (docs/protocol/03-keys.md, K20 to K23).

use pursuance_core::command::Command;
use pursuance_core::id::PursuanceId;
use pursuance_node::Clock;
use pursuance_node::api::{Draft, Query, Request, StatusLine, Trouble, View};
use pursuance_node::store::Store;
use pursuance_node::vault;

use crate::governing::member;
use crate::harbour::{Berth, PASSPHRASE, Sailor, row, with_ben};
use crate::wreck::holds_text;

const DAY_SECONDS: i64 = 86_400;
/// A little more than packages and epochs last.
const MONTH_SECONDS: i64 = 31 * DAY_SECONDS;

/// What a data folder keeps of this device's keys.
#[derive(Debug, PartialEq, Eq)]
struct Kept {
    root: [u8; 32],
    seed_spent: bool,
    packages: Vec<[u8; 32]>,
    epochs: usize,
}

fn kept(sailor: &Sailor) -> Kept {
    let key = vault::open(&sailor.dir.path().join("vault"), PASSPHRASE).unwrap();
    let store = Store::open(&sailor.dir.path().join("store"), &key).unwrap();
    let pursuance = store.pursuances().unwrap().remove(0);
    Kept {
        root: *pursuance.device_seed,
        seed_spent: pursuance.seed_spent,
        packages: store.packages(pursuance.number).unwrap().iter().map(|package| *package.private()).collect(),
        epochs: store.epochs(pursuance.number).unwrap().len(),
    }
}

/// The program ends, and starts again that many months after it was first used.
async fn after_months(sailor: Sailor, berth: &Berth, months: i64) -> Sailor {
    let dir = sailor.dir.clone();
    sailor.node.stop().await;
    let clock = Clock::Offset { seconds: months * MONTH_SECONDS };
    let sailor = Sailor::outside(&[(berth.address, berth.at)], dir, clock);
    sailor.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    sailor
}

async fn until_handed(sailor: &Sailor, harbour: PursuanceId) {
    let fine = |status: &StatusLine| matches!(status, StatusLine::Fine { kept: 0, .. });
    sailor.until("handed", |app| row(app, harbour).is_some_and(|row| fine(&row.status))).await;
}

async fn both_read(a: &Sailor, b: &Sailor, harbour: PursuanceId, title: &str) {
    for (says, hears) in [(a, b), (b, a)] {
        let task = says.task(harbour, title, None).await;
        hears.until_async("it is read", async || hears.task_view(harbour, task).await.is_some()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_renewed_by_the_month_and_old_ones_go() {
    let (berth, mut maya, harbour, mut ben) = with_ben().await;
    both_read(&maya, &ben, harbour, "In the first month").await;
    let first = kept(&ben);
    assert_eq!((first.seed_spent, first.packages.len(), first.epochs), (false, 0, 1));

    let mut before = Vec::new();
    for month in 1..=4 {
        (maya, ben) = (after_months(maya, &berth, month).await, after_months(ben, &berth, month).await);
        both_read(&maya, &ben, harbour, &format!("In month {month}")).await;
        until_handed(&maya, harbour).await;
        until_handed(&ben, harbour).await;
        // The second newer one lets the oldest go, once the relay has it.
        let expected = if month == 1 { (false, 1) } else { (true, 2) };
        for sailor in [&maya, &ben] {
            let shape = async || {
                let kept = kept(sailor);
                (kept.seed_spent, kept.packages.len()) == expected
            };
            sailor.until_async("renewed, and erased what is to be", shape).await;
        }
        let now = kept(&ben);
        assert_eq!(now.root == first.root, month == 1);
        assert!(now.packages.iter().rev().skip(1).all(|older| before.contains(older)), "one is new");
        before = now.packages;
    }
    let (months, epochs) = (5, kept(&ben).epochs);
    assert!((months..=2 * months).contains(&epochs), "an epoch a month, two where both made one at once: {epochs}");
    assert_eq!(kept(&maya).epochs, epochs);
}

/// A copy is another device: it gets nothing of this one's packages, and renews its own when it is first used.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_holds_no_package_of_the_device_that_made_it() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let mut maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    for month in 1..=2 {
        maya = after_months(maya, &berth, month).await;
        let renewed = async || kept(&maya).packages.len() == month as usize;
        maya.until_async("renewed", renewed).await;
    }
    maya.until_async("the first one is erased", async || kept(&maya).seed_spent).await;
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("backup.age").display().to_string();
    let passphrase = "a passphrase for the backup".to_owned();
    maya.ask(Request::Backup { path: path.clone(), passphrase: passphrase.clone() }).await.unwrap();
    let task = maya.task(harbour, "After the backup", None).await;
    until_handed(&maya, harbour).await;
    let original = kept(&maya);

    let clock = Clock::Offset { seconds: 2 * MONTH_SECONDS };
    let copy = Sailor::outside(&doors, std::sync::Arc::new(tempfile::tempdir().unwrap()), clock);
    let restore = Request::Restore { path, backup_passphrase: passphrase, passphrase: PASSPHRASE.into() };
    copy.ask(restore).await.unwrap();
    copy.until_async("it reads on", async || copy.task_view(harbour, task).await.is_some()).await;
    let restored = kept(&copy);
    assert!(!restored.seed_spent && restored.root != original.root);
    assert!(restored.packages.iter().all(|package| !original.packages.contains(package)));
    both_read(&maya, &copy, harbour, "Of two devices").await;
}

/// Who is in no more may have it gone from their computer; nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pursuance_that_is_over_for_me_can_be_forgotten() {
    let (_berth, maya, harbour, ben) = with_ben().await;
    both_read(&maya, &ben, harbour, TITLE).await;
    until_handed(&ben, harbour).await;
    let forget = || ben.ask(Request::DropInvite { pursuance: harbour });
    let begun = Draft { pursuance: harbour, at: "add".into(), text: "Begun".into() };
    ben.ask(Request::KeepDrafts { drafts: vec![begun] }).await.unwrap();
    assert_eq!(forget().await, Err(Trouble::AlreadyMember));
    let him = member(&maya, harbour, "Ben").await;
    maya.act(harbour, Command::RemoveMember { member: him, roles: Vec::new() }).await;
    // Her last entry before it was about a task: such are not in memory any more when the removal is sealed.
    let removed = StatusLine::Removed { kept: 0 };
    ben.until("he is told", |app| row(app, harbour).is_some_and(|row| row.status == removed)).await;
    ben.until_async("he forgets it", async || forget().await.is_ok()).await;
    assert!(row(&ben.app().await, harbour).is_none());
    assert_eq!(ben.node.view(Query::Drafts).await, Ok(View::Drafts(Vec::new())));
    let dir = ben.dir.clone();
    ben.node.stop().await;
    assert!(!holds_text(dir.path(), TITLE));
    assert!(!holds_text(dir.path(), &harbour.to_string()), "nor which pursuance it was");
    assert!(row(&maya.app().await, harbour).is_some());
}

const TITLE: &str = "Meet at the third crane";
