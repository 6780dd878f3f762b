//! An import on its way, and what its tasks say of it (docs/protocol/05-tasks.md, "Imports").

use std::collections::BTreeSet;

use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::founding::{Founding, found};
use pursuance_core::keys::DeviceKeys;
use pursuance_core::limits::MAX_IMPORT_TASKS;
use pursuance_core::logs::Append;
use pursuance_core::plan::{Authored, Circumstances, ImportPlan, ImportTask};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;

fn maya() -> Replica {
    let founding = Founding { name: "Harbour".into(), mission: String::new(), my_name: "Maya".into(), relays: vec![] };
    let device = DeviceKeys::from_seed([1; 32]);
    let founded = found(&founding, &device, 1, &mut Seed::new([2; 32])).expect("good texts");
    let mut maya = Replica::new(founded.pursuance, device);
    take(&mut maya, &Authored { entries: founded.entries, undo: vec![], task: None, invite: None });
    maya
}

fn take(replica: &mut Replica, authored: &Authored) {
    for entry in &authored.entries {
        assert_eq!(replica.append(entry.clone()).append, Append::Appended);
    }
}

fn with<T>(seed: u8, make: impl FnOnce(&mut Circumstances<'_>) -> T) -> T {
    let mut seed = Seed::new([seed; 32]);
    make(&mut Circumstances { now_seconds: 1_790_000_000, seed: &mut seed, since: vec![] })
}

fn rows(count: usize) -> Vec<ImportTask> {
    (0..count)
        .map(|index| ImportTask {
            parent: (index % 10 != 0).then_some(index / 10 * 10),
            title: format!("task {index}"),
            due: (index % 3 == 0).then(|| "2026-12-31".into()),
            priority: (index % 5) as u8,
            ..ImportTask::default()
        })
        .collect()
}

fn comment(replica: &Replica, seed: u8) -> Authored {
    let task = replica.tasks().iter().next().expect("a task").0;
    let command = Command::Comment { task, text: "meanwhile".into() };
    with(seed, |with| replica.command(&command, with)).expect("allowed")
}

#[test]
fn an_import_goes_step_by_step_and_its_tasks_name_it() {
    let mut maya = maya();
    with(3, |with| {
        let mut plan = ImportPlan::new(&maya, rows(150), with).expect("not too many");
        assert_eq!((plan.done(), plan.of()), (0, 150));
        assert_eq!(plan.step(&maya, with), Ok(true));
        assert_eq!((plan.done(), maya.tasks().iter().count()), (64, 0), "nothing is there before the end");
        assert_eq!((plan.step(&maya, with), plan.step(&maya, with)), (Ok(true), Ok(false)));
        assert_eq!((plan.done(), plan.step(&maya, with)), (150, Ok(false)));
        take(&mut maya, &plan.finish());
    });
    let imports: BTreeSet<_> = maya.tasks().iter().map(|(_, task)| task.import.expect("named")).collect();
    assert_eq!((imports.len(), imports.first().expect("one").1, maya.tasks().iter().count()), (1, 150, 150));
    let tree = maya.tree(&|_| false);
    let due = tree.rows.iter().filter(|row| row.due.as_deref() == Some("2026-12-31")).count();
    let urgent = tree.rows.iter().filter(|row| row.priority == 1).count();
    assert_eq!((due, urgent, tree.rows.iter().filter(|row| row.parent.is_none()).count()), (50, 30, 15));
}

#[test]
fn what_is_written_meanwhile_makes_no_second_history() {
    let mut maya = maya();
    let first = with(4, |with| maya.import(&rows(1), with)).expect("good rows");
    take(&mut maya, &first);
    with(5, |with| {
        let mut plan = ImportPlan::new(&maya, rows(150), with).expect("not too many");
        assert_eq!((plan.step(&maya, with), plan.done()), (Ok(true), 64));
        let meanwhile = comment(&maya, 6);
        take(&mut maya, &meanwhile);
        assert_eq!((plan.step(&maya, with), plan.done()), (Ok(true), 64), "it began again");
        while plan.step(&maya, with).expect("good rows") {}
        take(&mut maya, &plan.finish());
    });
    assert_eq!((maya.logs().forked().count(), maya.tasks().iter().count()), (0, 151));
}

#[test]
fn what_is_wrong_with_a_list_is_said_before_anything_is_there() {
    let maya = maya();
    let import = |rows: Vec<ImportTask>| with(7, |with| maya.import(&rows, with)).err();
    let most = MAX_IMPORT_TASKS as usize;
    assert_eq!(import(vec![ImportTask::default(); most + 1]), Some(Refusal::TooMany { max: MAX_IMPORT_TASKS }));
    let last = |bad: ImportTask| rows(100).into_iter().chain([bad]).collect();
    let named = |title: &str| ImportTask { title: title.into(), ..ImportTask::default() };
    assert_eq!(import(last(named(" "))), Some(Refusal::Empty));
    assert_eq!(import(last(ImportTask { due: Some("31.12.".into()), ..named("x") })), Some(Refusal::NotADay));
    assert_eq!(import(last(ImportTask { priority: 5, ..named("x") })), Some(Refusal::NoSuchPriority));
    let stranger = Replica::new(maya.pursuance(), DeviceKeys::from_seed([9; 32]));
    let refused = with(8, |with| ImportPlan::new(&stranger, vec![], with).err());
    assert_eq!(refused, Some(Refusal::NotWelcomedYet));
}

#[test]
fn due_and_priority_go_there_and_back() {
    let mut maya = maya();
    let create = Command::CreateTask {
        title: "x".into(),
        parent: None,
        assignees: vec![],
        labels: vec![],
        due: Some("2026-12-31".into()),
        priority: 2,
        home: None,
    };
    let created = with(10, |with| maya.command(&create, with)).expect("allowed");
    take(&mut maya, &created);
    let task = created.task.expect("a task");
    let shown = |maya: &Replica| {
        let row = maya.task_view(task, &|_| false).expect("a task").row;
        (row.due, row.priority)
    };
    assert_eq!(shown(&maya), (Some("2026-12-31".into()), 2));
    for (seed, command, expected) in [
        (11, Command::SetDue { task, due: None }, (None, 2)),
        (12, Command::SetPriority { task, priority: 0 }, (None, 0)),
    ] {
        let before = shown(&maya);
        let authored = with(seed, |with| maya.command(&command, with)).expect("allowed");
        take(&mut maya, &authored);
        assert_eq!(shown(&maya), expected);
        let undone = with(seed + 10, |with| maya.command(&authored.undo[0], with)).expect("allowed");
        take(&mut maya, &undone);
        assert_eq!(shown(&maya), before);
        let again = with(seed + 20, |with| maya.command(&command, with)).expect("allowed");
        take(&mut maya, &again);
        let nothing = with(seed + 30, |with| maya.command(&command, with)).err();
        assert_eq!(nothing, Some(Refusal::NothingToChange));
    }
}
