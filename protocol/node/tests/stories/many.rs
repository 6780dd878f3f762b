//! Many changes at once, and what a person keeps for oneself.

use pursuance_core::command::Command;
use pursuance_core::id::{PursuanceId, TaskId};
use pursuance_core::list::{Column, Direction};
use pursuance_core::order::Past;
use pursuance_core::refusal::Refusal;
use pursuance_core::task::Status;
use pursuance_node::api::{ChosenKey, Draft, Query, Reply, Request, Trouble, View};

use crate::harbour::{PASSPHRASE, Sailor, row, with_ben};
use crate::wreck::holds_text;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_tasks_change_at_once_and_one_undo_brings_them_back() {
    let (_berth, maya, harbour, ben) = with_ben().await;
    let him = maya.people(harbour).await.members.iter().find(|one| !one.person.me).unwrap().person.member;
    let mut tasks = Vec::new();
    for number in 0..40 {
        tasks.push(maya.task(harbour, &format!("Task {number}"), None).await);
    }
    ben.until_like(&maya, harbour).await;
    let before = maya.told(harbour).await.unwrap();
    let entries = entries(&maya, harbour).await;

    let due: Vec<Command> =
        tasks.iter().map(|task| Command::SetDue { task: *task, due: Some("2026-12-01".into()) }).collect();
    let assign: Vec<Command> = tasks.iter().map(|task| Command::Assign { task: *task, member: him }).collect();
    let doing = |status| tasks.iter().map(move |task| Command::SetStatus { task: *task, status });
    let all = [due, assign, doing(Status::Doing).collect()].concat();
    assert_eq!(all_at_once(&maya, harbour, all).await, Ok(Reply::Acted { done: 120, refused: vec![] }));
    assert_eq!(self::entries(&maya, harbour).await - entries, 3, "as few entries as fit");
    ben.until_async("he has all of it", async || {
        let rows = ben.tree(harbour).await.rows;
        rows.iter().all(|row| {
            let is_asked = row.assignees.first().is_some_and(|person| person.me);
            row.status == Status::Doing && is_asked && row.due.is_some()
        })
    })
    .await;

    assert_eq!(maya.ask(Request::Undo { pursuance: harbour }).await, Ok(Reply::Done));
    assert_eq!(maya.told(harbour).await.unwrap(), before);
    let is_bare = async |who: &Sailor| {
        who.tree(harbour).await.rows.iter().all(|row| row.due.is_none() && row.assignees.is_empty())
    };
    assert!(is_bare(&maya).await);
    ben.until_like(&maya, harbour).await;
    // Days and people are no part of that, and come by entries of their own.
    ben.until_async("all of it is taken back", async || is_bare(&ben).await).await;

    // He may finish what he made, and nothing of hers: the rest is done, and what is not is named.
    let own = ben.task(harbour, "His own", None).await;
    let mine = [tasks[0], own, tasks[1]].map(|task| Command::SetDue { task, due: Some("2026-12-01".into()) });
    let Ok(View::CouldMany(before)) =
        ben.node.view(Query::CouldMany { pursuance: harbour, commands: mine.to_vec() }).await
    else {
        panic!("an answer")
    };
    let Ok(Reply::Acted { done: 1, refused }) = all_at_once(&ben, harbour, mine.to_vec()).await else {
        panic!("one of them")
    };
    assert_eq!((before, refused.iter().map(|each| each.index).collect::<Vec<_>>()), (refused.clone(), vec![0, 2]));
    let none = all_at_once(&ben, harbour, vec![mine[0].clone()]).await;
    assert!(matches!(none, Err(Trouble::Refused { refusal: Refusal::OnlyOwn { .. } })));
    let alone = all_at_once(&ben, harbour, vec![Command::Leave]).await;
    assert_eq!(alone, Err(Trouble::Malformed));
    assert!(row(&ben.app().await, harbour).unwrap().can_undo);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn my_order_and_my_keys_stay_here_and_outlive_a_restart() {
    let (_berth, maya, harbour, ben) = with_ben().await;
    let first = maya.task(harbour, "First", None).await;
    let second = maya.task(harbour, "Second", None).await;
    ben.until_like(&maya, harbour).await;
    let entries = entries(&maya, harbour).await;
    assert_eq!(titles(&maya, harbour).await, ["First", "Second"]);

    maya.ask(reorder(harbour, second, Past::Before)).await.unwrap();
    let keys = vec![ChosenKey { action: "claim".into(), key: "u".into() }];
    maya.ask(Request::SetKeys { keys: keys.clone() }).await.unwrap();
    assert_eq!(titles(&maya, harbour).await, ["Second", "First"]);
    let at_the_end = maya.ask(reorder(harbour, first, Past::After)).await;
    assert_eq!(at_the_end, Err(Trouble::Refused { refusal: Refusal::NothingToChange }));
    let long = vec![ChosenKey { action: "claim".into(), key: "u".repeat(33) }];
    assert_eq!(maya.ask(Request::SetKeys { keys: long }).await, Err(Trouble::Malformed));

    let maya = maya.restart().await;
    assert_eq!((titles(&maya, harbour).await, maya.app().await.keys), (vec!["Second".into(), "First".into()], keys));
    assert_eq!(self::entries(&maya, harbour).await, entries, "nothing was written about it");
    // Something later comes over; nothing of the order does.
    maya.task(harbour, "Third", None).await;
    ben.until_async("it came", async || ben.tree(harbour).await.total == 3).await;
    assert_eq!(titles(&ben, harbour).await, ["First", "Second", "Third"]);
    maya.ask(Request::Lock).await.unwrap();
    assert!(maya.app().await.keys.is_empty());
}

/// When to lock and what is not sent yet are kept over a lock, within bounds; what was sent, and what was begun in a
/// pursuance that is forgotten, is kept no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_begun_comes_back_after_a_lock() {
    const BEGUN: &str = "the third crane stands still since tuesday";
    const MAX_DRAFTS: usize = 64;
    const MAX_DRAFT_BYTES: usize = 64 * 1024;
    let maya = Sailor::aboard(&[]).await;
    let harbour = maya.found(None).await;
    let draft = |at: &str, text: &str| Draft { pursuance: harbour, at: at.into(), text: text.into() };
    let keep = async |drafts: Vec<Draft>| maya.ask(Request::KeepDrafts { drafts }).await;
    let kept = async |sailor: &Sailor| match sailor.node.view(Query::Drafts).await {
        Ok(View::Drafts(drafts)) => drafts,
        other => panic!("{other:?}"),
    };
    assert_eq!(maya.app().await.lock_after, None);
    maya.ask(Request::SetLockAfter { minutes: Some(15) }).await.unwrap();
    for minutes in [0, 1, 14, u16::MAX] {
        assert_eq!(maya.ask(Request::SetLockAfter { minutes: Some(minutes) }).await, Err(Trouble::Malformed));
    }
    assert!(kept(&maya).await.is_empty());

    // At the bound, and beyond it by one.
    keep(vec![draft("add", "x"); MAX_DRAFTS]).await.unwrap();
    assert_eq!(keep(vec![draft("add", "x"); MAX_DRAFTS + 1]).await, Err(Trouble::Malformed));
    keep(vec![draft("add", &"x".repeat(MAX_DRAFT_BYTES - 3))]).await.unwrap();
    assert_eq!(keep(vec![draft("add", &"x".repeat(MAX_DRAFT_BYTES - 2))]).await, Err(Trouble::Malformed));
    let nowhere = Draft { pursuance: PursuanceId([9; 32]), ..draft("add", "x") };
    assert_eq!(keep(vec![nowhere]).await, Err(Trouble::NoSuchPursuance));

    let two = vec![draft("add", BEGUN), draft("comment 22", "not yet")];
    keep(two.clone()).await.unwrap();
    maya.ask(Request::Lock).await.unwrap();
    assert_eq!(maya.node.view(Query::Drafts).await, Err(Trouble::Locked));
    assert_eq!(maya.app().await.lock_after, None);
    assert!(holds_text(maya.dir.path(), BEGUN));
    maya.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    assert_eq!((kept(&maya).await, maya.app().await.lock_after), (two.clone(), Some(15)));

    // One of them was sent.
    keep(two[1..].to_vec()).await.unwrap();
    maya.ask(Request::SetLockAfter { minutes: None }).await.unwrap();
    let maya = maya.restart().await;
    assert_eq!((kept(&maya).await, maya.app().await.lock_after), (two[1..].to_vec(), None));
    let dir = maya.dir.clone();
    maya.node.stop().await;
    assert!(!holds_text(dir.path(), BEGUN), "what was sent stands in no older page");
}

async fn all_at_once(who: &Sailor, pursuance: PursuanceId, commands: Vec<Command>) -> Result<Reply, Trouble> {
    who.ask(Request::ActAll { pursuance, commands, joins: false }).await
}

const fn reorder(pursuance: PursuanceId, task: TaskId, past: Past) -> Request {
    Request::Reorder { pursuance, task, past }
}

async fn entries(who: &Sailor, pursuance: PursuanceId) -> u32 {
    match who.node.view(Query::Log { pursuance, before: None, trouble: false }).await {
        Ok(View::Log(log)) => log.entries,
        other => panic!("{other:?}"),
    }
}

async fn titles(who: &Sailor, pursuance: PursuanceId) -> Vec<String> {
    let query = Query::List {
        pursuance,
        first: 0,
        filter: String::new(),
        dropped: false,
        around: None,
        status: None,
        sort: Column::Tree,
        direction: Direction::Up,
        group: Column::Tree,
    };
    match who.node.view(query).await {
        Ok(View::List(list)) => list.page.rows.into_iter().map(|row| row.title).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn bridges_are_kept_as_they_were_given_and_shown_to_nobody_else() {
    const LINE: &str = "Bridge 192.0.2.7:443 A0F5B1C2D3E4F5061728394A5B6C7D8E9F001122";
    let maya = Sailor::aboard(&[]).await;
    let set = async |lines: &str| maya.ask(Request::SetBridges { lines: lines.into() }).await;
    assert_eq!(set("snowflake 192.0.2.3:80").await, Err(Trouble::BridgeTransport { line: 1 }));
    assert_eq!(set(&format!("{LINE}\nnonsense:")).await, Err(Trouble::NotABridge { line: 2 }));
    assert_eq!(maya.app().await.bridges.lines, "");
    set(&format!("{LINE}\n")).await.unwrap();
    assert!(holds_text(maya.dir.path(), "192.0.2.7"), "with all else");
    let maya = maya.restart().await;
    let kept = maya.app().await.bridges;
    assert_eq!((kept.lines, kept.lacks_program), (format!("{LINE}\n"), false));
    maya.ask(Request::Lock).await.unwrap();
    assert_eq!(maya.app().await.bridges.lines, "");
}
