//! Tasks go out as JSON and come in elsewhere as they were, with what people said about them; and from other programs.

use std::path::Path;

use pursuance_core::command::Command;
use pursuance_core::day::Day;
use pursuance_core::detail::{Detail, Element, Relation, Repeat, Unit};
use pursuance_core::history::Did;
use pursuance_core::id::{PursuanceId, TaskId};
use pursuance_core::task::Status;
use pursuance_core::templates::Template;
use pursuance_node::api::{ExportFormat, ImportFormat, ImportPreview, LeftOutKind, Query, Reply, Request, View};

use crate::harbour::{Berth, Sailor};

async fn found(sailor: &Sailor, name: &str) -> PursuanceId {
    let (name, mission, my_name) = (name.into(), String::new(), "Maya".into());
    match sailor
        .ask(Request::StartPursuance { name, mission, my_name, relay: None, template: Template::AffinityGroup })
        .await
    {
        Ok(Reply::Pursuance { pursuance }) => pursuance,
        other => panic!("{other:?}"),
    }
}

async fn export(sailor: &Sailor, pursuance: PursuanceId, format: ExportFormat, path: &Path) -> String {
    let written = sailor.ask(Request::Export { pursuance, format, path: path.display().to_string() }).await;
    assert!(matches!(written, Ok(Reply::Written { .. })), "{written:?}");
    std::fs::read_to_string(path).unwrap()
}

async fn import(sailor: &Sailor, pursuance: PursuanceId, file: &str, text: &str) -> Result<u32, String> {
    match sailor.ask(Request::Import { pursuance, file: file.into(), text: text.into(), fields: None }).await {
        Ok(Reply::Imported { tasks }) => Ok(tasks),
        other => Err(format!("{other:?}")),
    }
}

async fn preview(sailor: &Sailor, pursuance: PursuanceId, file: &str, text: &str) -> ImportPreview {
    let query = Query::ImportPreview { pursuance, file: file.into(), text: text.into(), fields: None };
    match sailor.node.view(query).await {
        Ok(View::ImportPreview(preview)) => preview,
        other => panic!("{other:?}"),
    }
}

async fn titled(sailor: &Sailor, pursuance: PursuanceId, title: &str) -> TaskId {
    let tree = sailor.tree(pursuance).await;
    tree.rows.iter().find(|row| row.title == title).unwrap_or_else(|| panic!("no {title}")).task
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_as_json_comes_back_with_all_that_was_said() {
    let maya = Sailor::aboard(&[]).await;
    let (harbour, garden) = (found(&maya, "Harbour").await, found(&maya, "Garden").await);
    let van = maya.task(harbour, "Book a van", None).await;
    let permits = maya.task(harbour, "Photograph the permits", Some(van)).await;
    let me = maya.people(harbour).await.members[0].person.member;
    let set = |detail| Command::SetDetail { task: van, detail };
    let add = |element| Command::SetElement { task: van, element, there: true };
    for command in [
        Command::SetBody { task: van, body: "With \"room\"\n\tfor eight".into() },
        Command::SetPriority { task: van, priority: 1 },
        Command::SetDue { task: van, due: Some("2026-12-31".into()) },
        Command::AddLabel { task: van, label: "=transport".into() },
        Command::Claim { task: van },
        Command::Assign { task: permits, member: me },
        Command::Comment { task: van, text: "Zoe has paid".into() },
        Command::Comment { task: van, text: "- twice\n- or not".into() },
        Command::AddCheck { task: van, text: "Ask Zoe".into(), after: None },
        set(Detail::Why("Everybody has to get there".into())),
        set(Detail::Start(Some(Day::parse("2026-12-01").unwrap()))),
        set(Detail::Effort(90)),
        set(Detail::Places(2)),
        set(Detail::Repeat(Some(Repeat { every: 2, unit: Unit::Weeks }))),
        add(Element::Reviewer { member: me }),
        add(Element::Skill { skill: "driving".into() }),
        add(Element::Relation { relation: Relation::WaitsFor, task: permits }),
        Command::Review { task: permits, good: true },
        Command::SetFiled { task: permits, filed: true },
        // The next one of the row is made with it.
        Command::SetStatus { task: van, status: Status::Done },
    ] {
        maya.act(harbour, command).await;
    }
    let out = tempfile::tempdir().unwrap();
    let first = export(&maya, harbour, ExportFormat::Json, &out.path().join("harbour.json")).await;
    for said in ["Zoe has paid", "\"repeats\":{\"task\":1", "\"foundGood\":[\"Maya\"]", "\"effortMinutes\":90"] {
        assert!(first.contains(said), "{said} in {first}");
    }
    let seen = preview(&maya, garden, "harbour.json", &first).await;
    assert_eq!((seen.format, seen.tasks, seen.nested, seen.comments), (ImportFormat::Json, 3, 1, 2));
    assert!(seen.problems.is_empty() && seen.left_out.is_empty());
    assert_eq!(import(&maya, garden, "harbour.json", &first).await, Ok(3));
    assert_eq!(export(&maya, garden, ExportFormat::Json, &out.path().join("again.json")).await, first);

    // It is so from the disk, too, and once all is derived again.
    let maya = maya.restart().await;
    assert_eq!(export(&maya, garden, ExportFormat::Json, &out.path().join("later.json")).await, first);
    let van = titled(&maya, garden, "Book a van").await;
    let shown = maya.task_view(garden, van).await.unwrap();
    let origin = shown.origin.expect("it came from a file");
    assert_eq!((origin.file.as_str(), origin.by.as_str()), ("harbour.json", "Maya"));
    // What I took I take; what was said is nobody's own word here.
    assert!(shown.row.claim.is_some_and(|person| person.me));
    let quoted: Vec<_> = { shown.thread.iter() }
        .map(|line| (line.quoted.as_ref().map(|quoted| quoted.by.as_str()), line.text.as_str()))
        .collect();
    assert_eq!(quoted, [(Some("Maya"), "Zoe has paid"), (Some("Maya"), "- twice\n- or not")]);
    // And by the file of origin it is found.
    assert_eq!(
        (matching(&maya, garden, "origin:harbour").await, matching(&maya, garden, "origin:garden").await),
        (3, 0)
    );
    let mut mask = std::fs::read_to_string(out.path().join("later.json")).unwrap();
    mask.push('}');
    assert!(import(&maya, garden, "harbour.json", &mask).await.is_err_and(|error| error.contains("ImportProblems")));
    // A calendar gets the same tasks.
    let calendar = export(&maya, garden, ExportFormat::ICalendar, &out.path().join("garden.ics")).await;
    assert_eq!(calendar.matches("BEGIN:VTODO\r\n").count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_become_members_where_it_is_plain_who_is_meant() {
    let berth = Berth::open().await;
    let (maya, ben) =
        (Sailor::aboard(&[(berth.address, berth.at)]).await, Sailor::aboard(&[(berth.address, berth.at)]).await);
    let harbour = maya.found(Some(&berth.address)).await;
    ben.come_in(&maya.invite(harbour, 2).await, "Ben").await;
    let eve = Sailor::aboard(&[(berth.address, berth.at)]).await;
    eve.come_in(&maya.invite(harbour, 1).await, "maya").await;
    maya.until_async("all are here", async || maya.people(harbour).await.members.len() == 3).await;
    let list = r#"{"format":"pursuance tasks","version":1,"tasks":[{"id":7,"title":"Drive","asked":["Ben","Zoe","Maya"],
        "reviewers":["Ben"],"takenBy":["Ben"],"foundGood":["Ben"],"askedRoles":["driver"],
        "comments":[{"by":"Ben","at":"2026-10-02T10:00:00Z","text":"I can"}]}]}"#;
    assert_eq!(import(&maya, harbour, "quay.json", list).await, Ok(1));
    let task = titled(&maya, harbour, "Drive").await;
    let shown = maya.task_view(harbour, task).await.unwrap();
    let names =
        |people: &[pursuance_core::view::Person]| people.iter().map(|person| person.name.clone()).collect::<Vec<_>>();
    assert_eq!(
        (names(&shown.row.assignees), names(&shown.details.reviewers)),
        (vec!["Ben".into()], vec!["Ben".into()])
    );
    // Two are called so, as the eye sees it; and nobody takes a task, or finds it good, because a file says so.
    let origin = shown.origin.clone().expect("it came from a file");
    let mentioned: Vec<_> = origin.people.iter().map(|mention| (mention.part as u8, mention.name.as_str())).collect();
    assert_eq!(mentioned, [(0, "Ben"), (1, "Maya"), (1, "Zoe"), (3, "driver"), (4, "Ben")]);
    assert!(shown.row.claim.is_none() && shown.reviews.is_empty());
    assert_eq!(matching(&maya, harbour, "zoe").await, 1, "whom a file mentions is found by name");
    // Everybody sees the same, and who brought it.
    ben.until_async("Ben has it", async || ben.task_view(harbour, task).await.is_some()).await;
    let theirs = ben.task_view(harbour, task).await.unwrap();
    assert_eq!(theirs.origin, Some(origin));
    let line = &theirs.thread[0];
    let quoted = line.quoted.as_ref().expect("a quote");
    assert_eq!((line.by.name.as_str(), quoted.by.as_str(), quoted.claimed_seconds), ("Maya", "Ben", 1_790_935_200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boards_and_lists_of_other_programs_come_in() {
    const BOARD: &str = include_str!("../fixtures/trello-board.json");
    const TASKS: &str = include_str!("../fixtures/taskwarrior.json");
    let maya = Sailor::aboard(&[]).await;
    let harbour = found(&maya, "Harbour").await;
    let seen = preview(&maya, harbour, "board.json", BOARD).await;
    assert_eq!((seen.format, seen.tasks, seen.comments, seen.problems.len()), (ImportFormat::Trello, 4, 2, 0));
    assert!(seen.left_out.iter().any(|left| (left.what, left.count) == (LeftOutKind::Attachments, 2)));
    assert_eq!(maya.tree(harbour).await.total, 0, "it was only looked at");
    assert_eq!(import(&maya, harbour, "board.json", BOARD).await, Ok(4));
    let permits = titled(&maya, harbour, "Photograph the permits").await;
    let shown = maya.task_view(harbour, permits).await.unwrap();
    assert_eq!((shown.row.due.as_deref(), shown.row.checks, shown.row.checks_done), (Some("2026-12-31"), 3, 1));
    assert_eq!(shown.thread.len(), 2);
    // The history says where it comes from, and who brought what.
    let query = Query::History { pursuance: harbour, task: permits, before: None };
    let Ok(View::History(history)) = maya.node.view(query).await else { panic!("a history") };
    let did: Vec<&Did> = history.rows.iter().map(|row| &row.did).collect();
    let (file, source, id) = ("board.json".into(), "Trello: Harbour".to_owned(), "aB3dEf9h".into());
    assert!(did.contains(&&Did::Quoted { count: 2, by: String::new(), source: source.clone() }), "{did:?}");
    assert!(did.contains(&&Did::CameFrom { file, source, id }), "{did:?}");
    assert!(did.iter().filter(|did| ***did == Did::Imported).count() <= 1, "{did:?}");
    assert_eq!(import(&maya, harbour, "tasks.json", TASKS).await, Ok(5));
    let van = maya.tree(harbour).await.rows.into_iter().rfind(|row| row.title == "Book a van").unwrap();
    assert!(van.blocked, "it waits for the milk");
    assert_eq!(
        (matching(&maya, harbour, "origin:trello").await, matching(&maya, harbour, "origin:tasks.json").await),
        (4, 5)
    );
    // Where the rules let nobody put tasks out of sight, that is left out, and told before.
    let (name, mission, my_name) = ("Plain".into(), String::new(), "Maya".into());
    let plain = Request::StartPursuance { name, mission, my_name, relay: None, template: Template::Plain };
    let Ok(Reply::Pursuance { pursuance: plain }) = maya.ask(plain).await else { panic!("not founded") };
    let seen = preview(&maya, plain, "board.json", BOARD).await;
    assert_eq!(seen.left_out.last().map(|left| (left.what, left.count)), Some((LeftOutKind::Filed, 1)));
    assert_eq!((seen.refusal, import(&maya, plain, "board.json", BOARD).await), (None, Ok(4)));
    // What came from elsewhere goes on as it is.
    let garden = found(&maya, "Garden").await;
    let out = tempfile::tempdir().unwrap();
    let first = export(&maya, harbour, ExportFormat::Json, &out.path().join("1.json")).await;
    assert_eq!(import(&maya, garden, "1.json", &first).await, Ok(9));
    assert_eq!(export(&maya, garden, ExportFormat::Json, &out.path().join("2.json")).await, first);
    assert_eq!(matching(&maya, garden, "origin:trello").await, 4, "where it was first is not forgotten");
}

async fn matching(sailor: &Sailor, pursuance: PursuanceId, filter: &str) -> u32 {
    let (first, folded, filter) = (0, Vec::new(), filter.into());
    match sailor.node.view(Query::Tree { pursuance, first, folded, filter, dropped: true, around: None }).await {
        Ok(View::Tree(tree)) => tree.matching,
        other => panic!("{other:?}"),
    }
}
