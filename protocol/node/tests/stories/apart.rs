//! One person in several pursuances: what is done by itself, or at once, is not alike in them (docs/protocol/08-node.md, N69).

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pursuance_core::id::PursuanceId;
use pursuance_core::journal::Saying;
use pursuance_node::api::{Query, Request, StatusLine, View};
use pursuance_node::{Clock, Node, NodeConfig, Pace, TorChoice};
use tempfile::TempDir;

use crate::harbour::{Berth, PASSPHRASE, Sailor, row};

const BACKUP_PASSPHRASE: &str = "quite another passphrase";
/// What a backup says: that there is another device, and what that may read.
const DEVICE: Option<u32> = Some(2);
const HOUR_SECONDS: u64 = 3_600;
const DAY_SECONDS: u64 = 24 * HOUR_SECONDS;
const MONTH_SECONDS: u64 = 31 * DAY_SECONDS;
/// Of a few times that are drawn from an hour, all are never alike.
const PURSUANCES: usize = 4;

/// A computer at which everything else is in a hurry, and nothing that is kept apart comes while a story lasts.
fn patient(berth: &Berth, dir: Arc<TempDir>) -> Sailor {
    let loopback = vec![(berth.address, berth.at)];
    let (data_dir, clock) = (dir.path().into(), Clock::System);
    let config = NodeConfig { data_dir, loopback: loopback.clone(), tor: TorChoice::Off, clock };
    // However little of it is drawn.
    let pace = Pace { apart: Duration::from_secs(1 << 40), ..Pace::hurried() };
    Sailor { dir, node: Node::start_with(config, pace).unwrap(), loopback }
}

/// The program ends, and starts again when so much time has passed since it was first used.
async fn later(sailor: Sailor, berth: &Berth, seconds: u64) -> Sailor {
    let dir = sailor.dir.clone();
    sailor.node.stop().await;
    let clock = Clock::Offset { seconds: i64::try_from(seconds).unwrap() };
    let sailor = Sailor::outside(&[(berth.address, berth.at)], dir, clock);
    sailor.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    sailor
}

async fn back_up(sailor: &Sailor, path: &Path) {
    let path = path.display().to_string();
    sailor.ask(Request::Backup { path, passphrase: BACKUP_PASSPHRASE.into() }).await.unwrap();
}

/// The times that entries claim which say this.
async fn claimed(sailor: &Sailor, pursuance: PursuanceId, what: &Saying) -> Vec<u64> {
    match sailor.node.view(Query::Log { pursuance, before: None, trouble: false }).await {
        Ok(View::Log(log)) => {
            let rows = log.rows.iter().filter(|row| row.says.contains(what));
            rows.map(|row| row.claimed_seconds).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// What no relay has yet; nothing while it is not known.
async fn kept(sailor: &Sailor, pursuance: PursuanceId) -> Option<u32> {
    match row(&sailor.app().await, pursuance).unwrap().status {
        StatusLine::Fine { kept, .. } => Some(kept),
        _ => None,
    }
}

async fn until_handed(sailor: &Sailor, pursuance: PursuanceId) {
    sailor.until_async("handed over", async || kept(sailor, pursuance).await == Some(0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_by_itself_in_several_pursuances_claims_no_common_time() {
    let berth = Berth::open().await;
    let maya = Sailor::aboard(&[(berth.address, berth.at)]).await;
    let mut all = Vec::new();
    for _ in 0..PURSUANCES {
        all.push(maya.found(Some(&berth.address)).await);
    }
    for pursuance in &all {
        until_handed(&maya, *pursuance).await;
    }

    let maya = later(maya, &berth, DAY_SECONDS).await;
    let shelf = tempfile::tempdir().unwrap();
    back_up(&maya, &shelf.path().join("first.age")).await;
    let mut devices = BTreeSet::new();
    for pursuance in &all {
        devices.extend(claimed(&maya, *pursuance, &Saying::AddedDevice).await);
        until_handed(&maya, *pursuance).await;
    }
    assert!(devices.len() > 1, "{devices:?}");
    let (first, last) = (devices.first().unwrap(), devices.last().unwrap());
    assert!(last - first <= HOUR_SECONDS + 60, "no longer ago than that: {devices:?}");

    // A key package and an epoch, each month.
    let (mut maya, began) = (maya, Clock::System.now_seconds());
    for month in 1..=2 {
        maya = later(maya, &berth, DAY_SECONDS + month * MONTH_SECONDS).await;
        let mut common: Option<BTreeSet<u64>> = None;
        for pursuance in &all {
            let renewed = async || {
                let mut claimed = claimed(&maya, *pursuance, &Saying::Keys).await;
                claimed.retain(|seconds| *seconds > began + month * MONTH_SECONDS);
                claimed
            };
            maya.until_async("renewed", async || renewed().await.len() == 2).await;
            let here = renewed().await.into_iter().collect();
            common = Some(common.map_or_else(|| BTreeSet::clone(&here), |common| &common & &here));
        }
        assert_eq!(common, Some(BTreeSet::new()), "month {month}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_devices_of_a_backup_do_not_come_at_once() {
    let berth = Berth::open().await;
    let maya = patient(&berth, Arc::new(tempfile::tempdir().unwrap()));
    maya.ask(Request::CreateVault { passphrase: PASSPHRASE.into() }).await.unwrap();
    let harbour = maya.found(Some(&berth.address)).await;
    until_handed(&maya, harbour).await;
    let shelf = tempfile::tempdir().unwrap();
    back_up(&maya, &shelf.path().join("of-one.age")).await;
    until_handed(&maya, harbour).await;

    // With another one there is something to be told from.
    let garden = maya.found(Some(&berth.address)).await;
    until_handed(&maya, garden).await;
    maya.task(harbour, "Said just before", None).await;
    let file = shelf.path().join("of-two.age");
    back_up(&maya, &file).await;
    let both = async |sailor: &Sailor| [kept(sailor, harbour).await, kept(sailor, garden).await];
    maya.until_async("the task alone is handed over", async || both(&maya).await == [DEVICE; 2]).await;
    // Whatever is said next takes it along.
    let task = maya.task(harbour, "Said afterwards", None).await;
    until_handed(&maya, harbour).await;
    assert_eq!(both(&maya).await, [Some(0), DEVICE]);

    // The program ends, and the next one knows of it.
    let dir = maya.dir.clone();
    maya.node.stop().await;
    let maya = patient(&berth, dir);
    maya.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    maya.until_async("it waits still", async || both(&maya).await == [Some(0), DEVICE]).await;

    // So does the copy, which can hand over the same: the original never does.
    maya.node.stop().await;
    let copy = patient(&berth, Arc::new(tempfile::tempdir().unwrap()));
    let (path, backup_passphrase) = (file.display().to_string(), BACKUP_PASSPHRASE.into());
    copy.ask(Request::Restore { path, backup_passphrase, passphrase: PASSPHRASE.into() }).await.unwrap();
    copy.until_async("it reads on", async || copy.task_view(harbour, task).await.is_some()).await;
    copy.until_async("it has one to hand over", async || kept(&copy, garden).await == DEVICE).await;
    copy.task(garden, "By the copy", None).await;
    until_handed(&copy, garden).await;
}
