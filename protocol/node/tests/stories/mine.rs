//! What names me, what I keep for myself, what was done to a task, one undo for several changes, and a pursuance to look around in.

use pursuance_core::command::Command;
use pursuance_core::day::Day;
use pursuance_core::history::{Did, HistoryView};
use pursuance_core::id::{PursuanceId, TaskId};
use pursuance_core::logs::Standing;
use pursuance_core::refusal::Refusal;
use pursuance_core::task::Status;
use pursuance_core::weeks::WeekRow;
use pursuance_node::api::{InboxOf, OwnChange, OwnView, Query, Reply, Request, SavedView, Trouble, View};
use pursuance_node::own::{MAX_NOTE_BYTES, MAX_VIEWS};

use crate::harbour::{Berth, Sailor, with_ben};
use crate::wreck::holds_text;

const NOTE: &str = "he is the one who took the photographs";
const VIEW: &str = "everything that the third crane needs";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_i_keep_for_myself_is_in_no_entry_and_no_cell() {
    let (_berth, maya, harbour, ben) = with_ben().await;
    let task = maya.task(harbour, "Look at the crane", None).await;
    ben.until_async("it came", async || ben.tree(harbour).await.total == 1).await;
    let entries = entries(&maya, harbour).await;

    let day = Day::parse("2999-01-01").expect("a day");
    let view = SavedView { name: VIEW.into(), filter: "@me".into(), how: "list".into() };
    for change in [
        OwnChange::Note { task, text: NOTE.into() },
        OwnChange::Watch { task, watched: true },
        OwnChange::Snooze { task, until: Some(day) },
        OwnChange::SaveView { view: view.clone() },
    ] {
        own(&maya, harbour, change).await.unwrap();
    }
    let kept = OwnView { views: vec![view], note: NOTE.into(), watched: true, snoozed: Some(day) };
    assert_eq!(look(&maya, harbour, task).await, kept);
    let maya = maya.restart().await;
    assert_eq!(look(&maya, harbour, task).await, kept);
    assert_eq!(self::entries(&maya, harbour).await, entries, "nothing was written about it");
    // Something later comes over, and nothing of it does: not to Ben, and not to the relay.
    maya.task(harbour, "Later", None).await;
    ben.until_async("it came", async || ben.tree(harbour).await.total == 2).await;
    assert_eq!(
        look(&ben, harbour, task).await,
        OwnView { views: vec![], note: String::new(), watched: false, snoozed: None }
    );

    // Within limits, and gone from older pages where it was taken away.
    let long = OwnChange::Note { task, text: "x".repeat(MAX_NOTE_BYTES + 1) };
    assert_eq!(own(&maya, harbour, long).await, Err(Trouble::Malformed));
    own(&maya, harbour, OwnChange::Note { task, text: "x".repeat(MAX_NOTE_BYTES) }).await.unwrap();
    own(&maya, harbour, OwnChange::DropView { name: VIEW.into() }).await.unwrap();
    for at in 0..=MAX_VIEWS {
        let view = SavedView { name: format!("{at}"), filter: String::new(), how: String::new() };
        assert_eq!(own(&maya, harbour, OwnChange::SaveView { view }).await.is_ok(), at < MAX_VIEWS);
    }
    assert_eq!(own(&maya, PursuanceId([9; 32]), OwnChange::SeenTask { task }).await, Err(Trouble::NoSuchPursuance));
    let maya = maya.restart().await;
    for sailor in [maya, ben] {
        let dir = sailor.dir.clone();
        sailor.node.stop().await;
        assert!(!holds_text(dir.path(), NOTE) && !holds_text(dir.path(), VIEW));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mention_and_what_is_watched_wait_in_the_inbox() {
    let (_berth, maya, harbour, ben) = with_ben().await;
    let garden = maya.found(None).await;
    let task = maya.task(harbour, "Look at the crane", None).await;
    own(&maya, harbour, OwnChange::Watch { task, watched: true }).await.unwrap();
    maya.act(harbour, Command::Comment { task, text: "I am @Maya, and @ben should look".into() }).await;
    assert_eq!(waits(&maya, harbour).await, (vec![], 0), "what I say myself waits for nobody");
    ben.until_async("he is named", async || waits(&ben, harbour).await.0.len() == 1).await;
    let [said] = &waits(&ben, harbour).await.0[..] else { panic!("one") };
    assert_eq!((said.0.as_str(), said.1.as_str(), said.2), ("Maya", "Look at the crane", true));

    for text in ["@Mayabel", "x@maya", "@ Maya", "Maya"] {
        ben.act(harbour, Command::Comment { task, text: text.into() }).await;
    }
    ben.act(harbour, Command::Comment { task, text: "Yes, @maya.".into() }).await;
    let his = ben.task(harbour, "His own", None).await;
    ben.act(harbour, Command::SetBody { task: his, body: "Ask\n(@MAYA) for hers".into() }).await;
    let both = vec![("Ben".into(), "Look at the crane".into(), true), ("Ben".into(), "His own".into(), false)];
    maya.until_async("she is named", async || waits(&maya, harbour).await == (both.clone(), 5)).await;
    // Over all pursuances; what was put away stays away.
    let all = inboxes(&maya).await;
    assert_eq!(all.iter().map(|of| of.pursuance).collect::<Vec<_>>().len(), 2);
    assert!(all.iter().any(|of| of.pursuance == garden && of.mentions.is_empty() && of.watched.is_empty()));
    for mention in &all.iter().find(|of| of.pursuance == harbour).expect("hers").mentions {
        own(&maya, harbour, OwnChange::Seen { entry: mention.entry }).await.unwrap();
    }
    own(&maya, harbour, OwnChange::SeenTask { task }).await.unwrap();
    assert_eq!(waits(&maya, harbour).await, (vec![], 0));
    let maya = maya.restart().await;
    assert_eq!(waits(&maya, harbour).await, (vec![], 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_of_a_task_is_told_a_page_at_a_time() {
    let maya = Sailor::aboard(&[]).await;
    let harbour = maya.found(None).await;
    let task = maya.task(harbour, "Look at the crane", None).await;
    let other = maya.task(harbour, "Another", None).await;
    let body = |text: &str| Command::SetBody { task, body: text.into() };
    let due = |day: &str| Command::SetDue { task, due: Some(day.into()) };
    for command in [body("One"), due("2026-12-04"), Command::Claim { task }, body("Two"), due("2026-12-07")] {
        maya.act(harbour, command).await;
    }
    maya.act(harbour, Command::SetStatus { task, status: Status::Done }).await;
    maya.act(harbour, Command::Comment { task: other, text: "Of something else".into() }).await;
    let view = history(&maya, harbour, task, None).await;
    let did: Vec<&Did> = view.rows.iter().map(|row| &row.did).collect();
    let day = |text: &str| Some(Day::parse(text).expect("a day"));
    assert_eq!(did[0], &Did::Status { status: Status::Done });
    assert_eq!(did[1], &Did::Due { day: day("2026-12-07"), known: true, before: day("2026-12-04") });
    assert_eq!(did[2], &Did::Described { text: "Two".into(), before: Some("One".into()) });
    assert!(did.contains(&&Did::Due { day: day("2026-12-04"), known: true, before: None }));
    assert_eq!(did.last(), Some(&&Did::Created));
    assert!(view.rows.iter().all(|row| row.by.name == "Maya" && row.standing == Standing::Counts));
    assert_eq!(view.older, None);

    // Two pages, each row once, and what stood there before is known across them.
    for at in 0..40 {
        maya.act(harbour, Command::Comment { task, text: format!("Line {at}") }).await;
    }
    let first = history(&maya, harbour, task, None).await;
    let second = history(&maya, harbour, task, first.older).await;
    assert_eq!((first.rows.len(), second.older), (30, None));
    assert_eq!(second.rows[10].did, Did::Status { status: Status::Done });
    assert_eq!(first.rows.len() + second.rows.len(), view.rows.len() + 40);
    let maya = maya.restart().await;
    assert_eq!(history(&maya, harbour, task, None).await, first);
    let none = maya.node.view(Query::History { pursuance: harbour, task: TaskId([7; 16]), before: None }).await;
    assert_eq!(none, Err(Trouble::Refused { refusal: Refusal::NoSuchTask }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_opened_and_finished_is_told_from_memory_and_from_the_disk() {
    let maya = Sailor::aboard(&[]).await;
    let harbour = maya.found(None).await;
    for (title, end) in [("One", Some(Status::Done)), ("Two", Some(Status::Dropped)), ("Three", None)] {
        let task = maya.task(harbour, title, None).await;
        if let Some(status) = end {
            maya.act(harbour, Command::SetStatus { task, status }).await;
        }
    }
    let weeks = async |sailor: &Sailor| match sailor.node.view(Query::Weeks { pursuance: harbour }).await {
        Ok(View::Weeks(view)) => {
            let sum = |of: fn(&WeekRow) -> u32| view.weeks.iter().map(of).sum::<u32>();
            (sum(|week| week.opened), sum(|week| week.finished), sum(|week| week.dropped), view.open)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(weeks(&maya).await, (3, 1, 1, 1));
    let maya = maya.restart().await;
    assert_eq!(weeks(&maya).await, (3, 1, 1, 1));
    assert_eq!(weeks(&maya).await, (3, 1, 1, 1), "what was read once");
    let none = maya.node.view(Query::Weeks { pursuance: PursuanceId([7; 32]) }).await;
    assert_eq!(none, Err(Trouble::NoSuchPursuance));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_the_same_tasks_are_taken_back_as_one() {
    let maya = Sailor::aboard(&[]).await;
    let harbour = maya.found(None).await;
    let me = maya.people(harbour).await.members[0].person.member;
    let mut tasks = Vec::new();
    for at in 0..40 {
        tasks.push(maya.task(harbour, &format!("Folder {at}"), None).await);
    }
    let before = told(&maya, harbour).await;
    let all = async |joins: bool, command: &dyn Fn(TaskId) -> Command| {
        let commands = tasks.iter().map(|task| command(*task)).collect();
        maya.ask(Request::ActAll { pursuance: harbour, commands, joins }).await
    };
    for (at, command) in [
        &(|task| Command::SetStatus { task, status: Status::Doing }) as &dyn Fn(TaskId) -> Command,
        &|task| Command::SetDue { task, due: Some("2026-12-04".into()) },
        &|task| Command::Assign { task, member: me },
    ]
    .into_iter()
    .enumerate()
    {
        let Ok(Reply::Acted { done: 40, refused }) = all(at > 0, command).await else { panic!("all of them") };
        assert!(refused.is_empty());
    }
    assert_ne!(told(&maya, harbour).await, before);
    assert_eq!(maya.ask(Request::Undo { pursuance: harbour }).await, Ok(Reply::Done));
    assert_eq!(told(&maya, harbour).await, before);
    // What came before them is still there to be undone: the last task that was made.
    maya.ask(Request::Undo { pursuance: harbour }).await.unwrap();
    assert_eq!(maya.tree(harbour).await.total, 39);

    // Each by itself where it was not said that they belong together.
    let _ = all(false, &|task| Command::SetPriority { task, priority: 1 }).await;
    let one = told(&maya, harbour).await;
    let _ = all(false, &|task| Command::SetPriority { task, priority: 2 }).await;
    maya.ask(Request::Undo { pursuance: harbour }).await.unwrap();
    assert_eq!(told(&maya, harbour).await, one);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_sample_leaves_and_one_request_removes_it() {
    let berth = Berth::open().await;
    let maya = Sailor::aboard(&[(berth.address, berth.at)]).await;
    let (name, mission, my_name) = ("Sample".into(), "Look around".into(), "You".into());
    let Ok(Reply::Pursuance { pursuance }) = maya.ask(Request::StartSample { name, mission, my_name }).await else {
        panic!("a pursuance")
    };
    let harbour = maya.found(Some(&berth.address)).await;
    maya.task(pursuance, NOTE, None).await;
    let relays = vec![berth.address.to_string()];
    let _ = maya.ask(Request::Act { pursuance, command: Command::SetRelays { relays } }).await;
    let sample = |app: &pursuance_node::api::AppView| {
        app.pursuances.iter().map(|row| (row.pursuance, row.sample)).collect::<std::collections::BTreeMap<_, _>>()
    };
    assert_eq!(sample(&maya.app().await), [(pursuance, true), (harbour, false)].into());
    assert!(maya.relays(pursuance).await.is_empty(), "whatever its log says");
    let invite = Command::Invite { role: pursuance_core::founding::MEMBER, uses: 1, reviewed: false };
    let refused = maya.ask(Request::Act { pursuance, command: invite }).await;
    assert_eq!(refused, Err(Trouble::Refused { refusal: Refusal::NotARelayAddress }));
    // What is not a sample is handed over meanwhile; nothing of this one is.
    maya.until_async("the other one is handed over", async || {
        let relays = maya.relays(harbour).await;
        relays.iter().any(|relay| relay.handed > 0 && relay.waiting == 0)
    })
    .await;
    let maya = maya.restart().await;
    assert_eq!(sample(&maya.app().await), [(pursuance, true), (harbour, false)].into());
    assert!(maya.relays(pursuance).await.is_empty());
    assert_eq!(maya.ask(Request::DropInvite { pursuance: harbour }).await, Err(Trouble::AlreadyMember));
    maya.ask(Request::DropInvite { pursuance }).await.unwrap();
    assert_eq!(sample(&maya.app().await), [(harbour, false)].into());
    let dir = maya.dir.clone();
    maya.node.stop().await;
    assert!(!holds_text(dir.path(), NOTE), "all of it went");
}

async fn own(sailor: &Sailor, pursuance: PursuanceId, change: OwnChange) -> Result<Reply, Trouble> {
    sailor.ask(Request::ChangeOwn { pursuance, change }).await
}

async fn look(sailor: &Sailor, pursuance: PursuanceId, task: TaskId) -> OwnView {
    match sailor.node.view(Query::Own { pursuance, task: Some(task) }).await {
        Ok(View::Own(view)) => view,
        other => panic!("{other:?}"),
    }
}

async fn inboxes(sailor: &Sailor) -> Vec<InboxOf> {
    match sailor.node.view(Query::Inboxes).await {
        Ok(View::Inboxes(all)) => all,
        other => panic!("{other:?}"),
    }
}

/// Who named me where, whether in a comment, and how many changes there are of what I watch.
async fn waits(sailor: &Sailor, pursuance: PursuanceId) -> (Vec<(String, String, bool)>, u32) {
    let all = inboxes(sailor).await;
    let of = all.iter().find(|of| of.pursuance == pursuance).expect("a member's");
    let mentions = of.mentions.iter().map(|row| (row.by.name.clone(), row.title.clone(), row.comment));
    (mentions.collect(), of.watched.iter().map(|row| row.changes).sum())
}

async fn history(sailor: &Sailor, pursuance: PursuanceId, task: TaskId, before: Option<u32>) -> HistoryView {
    match sailor.node.view(Query::History { pursuance, task, before }).await {
        Ok(View::History(view)) => view,
        other => panic!("{other:?}"),
    }
}

async fn entries(sailor: &Sailor, pursuance: PursuanceId) -> u32 {
    match sailor.node.view(Query::Log { pursuance, before: None, trouble: false }).await {
        Ok(View::Log(log)) => log.entries,
        other => panic!("{other:?}"),
    }
}

/// What each task says, but for how far it was sent.
async fn told(sailor: &Sailor, pursuance: PursuanceId) -> Vec<String> {
    let rows = sailor.tree(pursuance).await.rows;
    rows.iter().map(|row| format!("{} {:?} {:?} {:?}", row.title, row.status, row.due, row.assignees)).collect()
}
