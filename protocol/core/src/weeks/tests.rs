//! Weeks of a small pursuance, by what its people and lists say.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;

use super::*;
use crate::command::Command;
use crate::crypto::Seed;
use crate::founding::{Founding, found};
use crate::id::TaskId;
use crate::importing::ImportTask;
use crate::keys::DeviceKeys;
use crate::origin::Origin;
use crate::plan::Circumstances;

/// A pursuance of Maya's, and what each entry claims as its time.
struct Stage {
    replica: Replica,
    seed: Seed,
    claimed: BTreeMap<EntryId, u64>,
    asked: u32,
}

impl Stage {
    fn new() -> Self {
        let device = DeviceKeys::from_seed([7; 32]);
        let mut seed = Seed::new([8; 32]);
        let founding = Founding { name: "n".into(), mission: "".into(), my_name: "Maya".into(), relays: vec![] };
        let founded = found(&founding, &device, at("2026-08-01"), &mut seed).unwrap();
        let mut replica = Replica::new(founded.pursuance, device);
        founded.entries.into_iter().for_each(|entry| drop(replica.append(entry)));
        Self { replica, seed, claimed: BTreeMap::new(), asked: 0 }
    }

    fn on(&mut self, day: &str, command: &Command) -> Option<TaskId> {
        let mut with = Circumstances { now_seconds: at(day), seed: &mut self.seed, since: vec![] };
        let authored = self.replica.command(command, &mut with).unwrap();
        self.take(day, authored.entries);
        authored.task
    }

    fn create(&mut self, day: &str) -> TaskId {
        self.on(day, &Command::create_task("A task")).unwrap()
    }

    fn end(&mut self, day: &str, task: TaskId, status: Status) {
        self.on(day, &Command::SetStatus { task, status });
    }

    fn import(&mut self, day: &str, tasks: &[ImportTask]) {
        let mut with = Circumstances { now_seconds: at(day), seed: &mut self.seed, since: vec![] };
        let entries = self.replica.import(tasks, &mut with).unwrap().entries;
        self.take(day, entries);
    }

    fn take(&mut self, day: &str, entries: Vec<crate::entry::Entry>) {
        for entry in entries {
            self.claimed.insert(entry.id(), at(day));
            self.replica.append(entry);
        }
    }

    /// What is opened, finished and dropped in each week in which there is something, and what is open.
    fn shown(&mut self, today: &str) -> (Vec<(String, [u32; 3])>, u32) {
        let Self { replica, claimed, asked, .. } = self;
        let view = replica.weeks(Day::parse(today).unwrap(), |entry| {
            *asked += 1;
            claimed.get(&entry).copied()
        });
        assert_eq!(view.weeks.len(), WEEKS);
        let numbers = |week: &WeekRow| [week.opened, week.finished, week.dropped];
        let some = view.weeks.iter().filter(|week| numbers(week) != [0; 3]);
        (some.map(|week| (alloc::format!("{}", week.first), numbers(week))).collect(), view.open)
    }
}

fn at(day: &str) -> u64 {
    Day::parse_moment(&alloc::format!("{day}T12:00:00Z")).unwrap()
}

fn week(first: &str, numbers: [u32; 3]) -> (String, [u32; 3]) {
    (first.into(), numbers)
}

#[test]
fn what_was_opened_and_what_was_finished() {
    let mut stage = Stage::new();
    let [old, sunday, monday, again] =
        ["2026-08-30", "2026-11-15", "2026-11-16", "2026-11-17"].map(|day| stage.create(day));
    stage.end("2026-11-22", old, Status::Done);
    stage.end("2026-11-16", sunday, Status::Dropped);
    stage.end("2026-11-18", again, Status::Done);
    // A Sunday; the first of twelve weeks begins on 31 August, a day after the oldest task.
    let weeks = vec![week("2026-11-09", [1, 0, 0]), week("2026-11-16", [2, 2, 1])];
    assert_eq!(stage.shown("2026-11-22"), (weeks, 1));
    // What is opened again is not finished any more, and what is finished again is finished then.
    stage.end("2026-11-23", again, Status::Open);
    let weeks = vec![week("2026-11-09", [1, 0, 0]), week("2026-11-16", [2, 1, 1])];
    assert_eq!(stage.shown("2026-11-23"), (weeks, 2));
    stage.end("2026-11-24", again, Status::Done);
    let (weeks, open) = stage.shown("2026-11-24");
    assert_eq!((weeks.last(), open), (Some(&week("2026-11-23", [0, 1, 0])), 1));
    // Nothing stands still: twelve weeks later all of it is past, and one task is still open.
    assert_eq!(stage.shown("2027-03-01"), (vec![], 1));
    // A clock that is ahead changes nothing that is shown.
    stage.end("2031-01-01", monday, Status::Done);
    assert_eq!(stage.shown("2026-11-22").0.last(), Some(&week("2026-11-16", [2, 1, 1])));
}

#[test]
fn what_a_list_says_counts_on_the_days_that_it_says() {
    let mut stage = Stage::new();
    let task = |created: &str, finished: &str, status| ImportTask {
        title: alloc::format!("Finished {finished}"),
        status: Some(status),
        finished: Some(finished.into()).filter(|day: &String| !day.is_empty()),
        origin: Origin { created: created.into(), by: "Ana".into(), ..Origin::default() },
        ..ImportTask::default()
    };
    stage.import(
        "2026-11-20",
        &[
            task("2026-10-05T23:59:59Z", "2026-10-12", Status::Done),
            task("2026-10-05", "long ago", Status::Done),
            task("2017-05-28", "2017-06-01", Status::Done),
            task("", "", Status::Open),
            task("", "", Status::Suggested),
        ],
    );
    let weeks = vec![week("2026-10-05", [2, 0, 0]), week("2026-10-12", [0, 1, 0]), week("2026-11-16", [1, 1, 0])];
    assert_eq!(stage.shown("2026-11-22"), (weeks, 1));
    // What is opened again and finished here was finished here, whatever the list says.
    let again = stage
        .replica
        .tasks()
        .iter()
        .find(|(_, task)| task.title.writes().iter().any(|write| write.value == "Finished 2026-10-12"));
    let again = again.expect("it is there").0;
    stage.end("2026-11-21", again, Status::Open);
    stage.end("2026-11-21", again, Status::Done);
    let weeks = vec![week("2026-10-05", [2, 0, 0]), week("2026-11-16", [1, 2, 0])];
    assert_eq!(stage.shown("2026-11-22"), (weeks, 1));
}

#[test]
fn nobody_is_asked_about_what_ended_long_ago() {
    let mut stage = Stage::new();
    let tasks: Vec<TaskId> = (0..20).map(|_| stage.create("2026-01-05")).collect();
    for (task, day) in tasks.iter().zip(["2026-02-01"; 15].into_iter().chain(["2026-11-20"; 5])) {
        stage.end(day, *task, Status::Done);
    }
    assert_eq!(stage.shown("2026-11-22"), (vec![week("2026-11-16", [0, 5, 0])], 0));
    assert_eq!(stage.asked, 5);
}
