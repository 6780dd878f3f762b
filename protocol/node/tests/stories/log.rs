//! The log as it is paged through.

use pursuance_core::command::Command;
use pursuance_core::id::PursuanceId;
use pursuance_core::journal::Saying;
use pursuance_core::logs::Standing;
use pursuance_node::api::{LogView, Query, Request, View};

use crate::harbour::{Sailor, with_ben};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_entry_is_there_once_newest_first_and_in_words() {
    let (_berth, maya, harbour, _ben) = with_ben().await;
    for number in 0..55 {
        maya.task(harbour, &format!("Task {number}"), None).await;
    }
    maya.act(harbour, Command::Rename { name: "Quay".into() }).await;
    let first = log(&maya, harbour, None, false).await;
    assert_eq!((first.rows.len(), first.troubles, first.announced), (50, 0, 0));
    assert!(matches!(&first.rows[0].says[..], [Saying::Changed { .. }]));
    assert!(matches!(&first.rows[1].says[..], [Saying::Tasks { titles, items: 1 }] if titles == &["Task 54"]));
    let second = log(&maya, harbour, first.older, false).await;
    assert_eq!(second.older, None);
    let all: Vec<_> = first.rows.iter().chain(&second.rows).collect();
    let mut ids: Vec<_> = all.iter().map(|row| row.entry).collect();
    assert_eq!(all.len(), first.entries as usize);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all.len(), "none twice");
    assert_eq!(all.last().unwrap().says, [Saying::Founded]);
    assert!(all.iter().all(|row| row.standing == Standing::Counts && row.by.is_some() && row.refusal.is_none()));
    assert!(all.iter().any(|row| matches!(&row.says[0], Saying::Joined { name } if name == "Ben")));
    assert_eq!(log(&maya, harbour, None, true).await.rows, [], "nothing is wrong");
}

/// What somebody wrote before knowing that they were removed, and cannot have known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_is_listed_with_its_reason() {
    let (_berth, maya, harbour, ben) = with_ben().await;
    ben.ask(Request::SetOffline { offline: true }).await.unwrap();
    ben.task(harbour, "Written while away", None).await;
    let people = maya.people(harbour).await;
    let member = people.members.iter().find(|member| member.person.name == "Ben").unwrap().person.member;
    maya.act(harbour, Command::RemoveMember { member, roles: vec![] }).await;
    ben.ask(Request::SetOffline { offline: false }).await.unwrap();
    maya.until_async("it came", async || log(&maya, harbour, None, true).await.troubles > 0).await;
    let row = log(&maya, harbour, None, true).await.rows.remove(0);
    assert_eq!((row.standing, row.by.map(|by| by.name)), (Standing::Held, Some("Ben".into())));
    assert!(matches!(&row.says[..], [Saying::Tasks { items: 1, .. }]));
}

async fn log(sailor: &Sailor, harbour: PursuanceId, before: Option<u64>, trouble: bool) -> LogView {
    match sailor.node.view(Query::Log { pursuance: harbour, before, trouble }).await {
        Ok(View::Log(log)) => log,
        other => panic!("{other:?}"),
    }
}

/// Whoever comes in has their welcome before the log that it belongs to. What came before what it names is judged after it, now and
/// when the program begins again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomers_log_is_the_same_after_a_restart() {
    let (_berth, maya, harbour, ben) = with_ben().await;
    let before = log(&ben, harbour, None, false).await;
    let ben = ben.restart().await;
    let after = log(&ben, harbour, None, false).await;
    assert_eq!(after.rows, before.rows);
    assert!(after.rows.iter().all(|row| row.refusal.is_none()), "{:#?}", after.rows);
    let task = maya.task(harbour, "Buy tape", None).await;
    ben.until_async("what came after is here", async || ben.task_view(harbour, task).await.is_some()).await;
    let entries = log(&ben, harbour, None, false).await.entries;
    assert_eq!(entries, before.entries + 1, "nobody is welcomed once more");
}
