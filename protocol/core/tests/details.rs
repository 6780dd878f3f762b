//! What people who are offline say of one task at the same time, and what all see of it once they have heard of each other
//! (docs/protocol/05-tasks.md, "Details").

mod people;

use people::{World, create, exchange};
use pursuance_core::command::Command;
use pursuance_core::day::Day;
use pursuance_core::detail::{Detail, Element, Kind, Relation, Repeat, Unit};
use pursuance_core::id::TaskId;
use pursuance_core::kept::{decode_task, encode_task};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_core::task::Status;
use pursuance_core::view::TaskView;

const DAY_SECONDS: u64 = 86_400;

/// Maya, who coordinates, and Ben, who is a member.
struct Two {
    world: World,
    maya: Replica,
    ben: Replica,
}

impl Two {
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        let (maya, _, [ben, ..]) = world.four();
        Self { world, maya, ben }
    }

    fn maya(&mut self, command: &Command) -> Option<TaskId> {
        self.world.commit(&mut self.maya, command).task
    }

    fn ben(&mut self, command: &Command) -> Option<TaskId> {
        self.world.commit(&mut self.ben, command).task
    }

    fn meet(&mut self) {
        exchange(&mut self.maya, &mut self.ben);
        assert_eq!(self.maya.digest(), self.ben.digest(), "both see the same");
    }

    fn view(&self, task: TaskId) -> TaskView {
        self.maya.task_view(task, &|_| false).expect("a task")
    }
}

fn set(task: TaskId, detail: Detail) -> Command {
    Command::SetDetail { task, detail }
}

fn due(task: TaskId, day: &str) -> Command {
    Command::SetDue { task, due: Some(day.into()) }
}

#[test]
fn both_ticks_and_both_lines_stay_and_one_of_two_values_is_shown() {
    let mut two = Two::new(1);
    // Ben's own, so that he may edit it.
    let task = two.ben(&create("Book a van", None)).unwrap();
    for text in ["Ask Zoe", "Pay"] {
        two.ben(&Command::AddCheck { task, text: text.into(), after: None });
    }
    two.meet();
    let lines: Vec<_> = two.view(task).details.checks.iter().map(|line| line.check).collect();
    two.maya(&Command::Tick { task, check: lines[0], done: true });
    two.ben(&Command::Tick { task, check: lines[1], done: true });
    two.maya(&Command::AddCheck { task, text: "Maya's".into(), after: Some(lines[0]) });
    two.ben(&Command::AddCheck { task, text: "Ben's".into(), after: Some(lines[0]) });
    two.maya(&set(task, Detail::Effort(90)));
    two.ben(&set(task, Detail::Effort(30)));
    two.ben(&set(task, Detail::Kind(Kind::Event)));
    two.meet();
    let details = two.view(task).details;
    let shown: Vec<_> = details.checks.iter().map(|line| (line.text.as_str(), line.done)).collect();
    assert_eq!((shown[0], shown[3]), (("Ask Zoe", true), ("Pay", true)));
    assert!(shown[1..3].contains(&("Maya's", false)) && shown[1..3].contains(&("Ben's", false)));
    // The senior one's is shown, the other one is not lost.
    assert_eq!(details.said, [Detail::Effort(90), Detail::Kind(Kind::Event)]);
    assert_eq!(details.contested, [Detail::Effort(30)]);
    two.ben(&set(task, Detail::Effort(30)));
    two.meet();
    assert_eq!(two.view(task).details.contested, []);
    assert_eq!(two.view(task).details.said[0], Detail::Effort(30));
}

#[test]
fn what_is_kept_is_what_was_derived() {
    let mut two = Two::new(2);
    let (task, other) = (two.maya(&create("Van", None)).unwrap(), two.maya(&create("Permit", None)).unwrap());
    let ben = two.ben.me().unwrap();
    for command in [
        set(task, Detail::Why("Everybody has to get there".into())),
        set(task, Detail::Start(Some(Day::parse("2026-12-01").unwrap()))),
        set(task, Detail::Repeat(Some(Repeat { every: 2, unit: Unit::Months }))),
        Command::SetElement { task, element: Element::Reviewer { member: ben }, there: true },
        Command::SetElement { task, element: Element::Skill { skill: " a licence ".into() }, there: true },
        Command::SetElement {
            task,
            element: Element::Relation { relation: Relation::WaitsFor, task: other },
            there: true,
        },
        Command::AddCheck { task, text: "Ask".into(), after: None },
    ] {
        two.maya(&command);
    }
    let kept = two.maya.kept_task(task).expect("a task");
    let again = decode_task(&kept).expect("our own bytes");
    assert_eq!(encode_task(&again.task, &again.keys), kept);
    let mut fresh = Replica::new(two.maya.pursuance(), people::World::new(3).device());
    fresh.take_up_task(task, again);
    assert_eq!(fresh.tasks().task(task).map(|task| task.elements.len()), Some(3));
    // What was taken up is found again from the other end.
    fresh.take_up_task(other, decode_task(&two.maya.kept_task(other).unwrap()).unwrap());
    assert_eq!(fresh.tasks().naming(other).map(|(id, _)| id).collect::<Vec<_>>(), [task]);
}

#[test]
fn waiting_for_another_and_no_circles() {
    let mut two = Two::new(4);
    let [a, b, c] = ["a", "b", "c"].map(|title| two.maya(&create(title, None)).unwrap());
    let waits = |task, other| Command::SetElement {
        task,
        element: Element::Relation { relation: Relation::WaitsFor, task: other },
        there: true,
    };
    two.maya(&waits(a, b));
    two.maya(&waits(b, c));
    assert!(two.view(a).row.blocked && two.view(b).row.blocked && !two.view(c).row.blocked);
    let refused = |two: &mut Two, command| two.world.act(&two.maya, &command).err();
    assert_eq!(refused(&mut two, waits(c, a)), Some(Refusal::Cycle));
    assert_eq!(refused(&mut two, waits(c, c)), Some(Refusal::Cycle));
    assert_eq!(refused(&mut two, waits(a, b)), Some(Refusal::NothingToChange));
    assert_eq!(refused(&mut two, waits(a, TaskId([9; 16]))), Some(Refusal::NoSuchTask));
    let relation = &two.view(b).details.relations;
    assert_eq!(relation.iter().map(|view| (view.task, view.points_here)).collect::<Vec<_>>(), [(c, false), (a, true)]);
    two.maya(&Command::SetStatus { task: b, status: Status::Done });
    assert!(!two.view(a).row.blocked, "it has ended");
    // Two who are offline make a circle together: nothing breaks, and each of the two waits.
    let [d, e] = ["d", "e"].map(|title| two.ben(&create(title, None)).unwrap());
    two.meet();
    two.maya(&waits(d, e));
    two.ben(&waits(e, d));
    two.meet();
    assert!(two.view(d).row.blocked && two.view(e).row.blocked);
    assert_eq!(refused(&mut two, waits(a, d)), None);
}

#[test]
fn a_repeat_makes_one_copy_for_all() {
    let mut two = Two::new(5);
    let task = two.ben(&create("Water the plants", None)).unwrap();
    let ben = two.ben.me().unwrap();
    two.ben(&set(task, Detail::Repeat(Some(Repeat { every: 1, unit: Unit::Weeks }))));
    two.ben(&due(task, "2099-01-05"));
    two.ben(&Command::AddCheck { task, text: "The small one, too".into(), after: None });
    two.ben(&Command::AddLabel { task, label: "home".into() });
    two.meet();
    two.maya(&Command::Assign { task, member: ben });
    let line = two.view(task).details.checks[0].check;
    two.ben(&Command::Tick { task, check: line, done: true });
    // Both end it, and neither knows of the other.
    two.ben(&Command::SetStatus { task, status: Status::Done });
    two.maya(&Command::SetStatus { task, status: Status::Done });
    two.meet();
    let rows = two.maya.tree(&|_| false).rows;
    let next: Vec<_> = rows.iter().filter(|row| row.title == "Water the plants" && row.task != task).collect();
    assert_eq!(next.len(), 1, "one copy for all");
    let next = next[0].clone();
    assert_eq!((next.due.as_deref(), next.status, next.repeats), (Some("2099-01-12"), Status::Open, true));
    assert_eq!((next.labels, next.checks, next.checks_done), (vec!["home".into()], 1, 0));
    assert_eq!(two.view(task).details.repeated, Some(next.task));
    assert_eq!(two.view(next.task).details.repeats, Some(task));
    // What hangs below a copy, or is said about it, is not lost.
    let copies: Vec<TaskId> = two.maya.tasks().repetitions(task).map(|(id, _)| id).collect();
    let hidden = *copies.iter().find(|id| **id != next.task).expect("two were made");
    let below = two.maya(&create("Buy a can", Some(hidden))).unwrap();
    assert_eq!(two.view(below).row.parent, Some(next.task));
    two.ben(&Command::Comment { task: hidden, text: "Done on Monday".into() });
    two.meet();
    let shown: Vec<TaskId> = two.maya.tree(&|_| false).rows.iter().map(|row| row.task).collect();
    assert!(shown.contains(&hidden) && !shown.contains(&next.task), "the one that somebody spoke of");
    // Ended again, nothing more is made of the first one.
    two.maya(&Command::SetStatus { task, status: Status::Open });
    two.maya(&Command::SetStatus { task, status: Status::Done });
    assert_eq!(two.maya.tasks().repetitions(task).count(), 2);
}

#[test]
fn undoing_an_ending_takes_the_next_one_away() {
    let mut two = Two::new(6);
    let task = two.maya(&create("Report", None)).unwrap();
    two.maya(&set(task, Detail::Repeat(Some(Repeat { every: 1, unit: Unit::Months }))));
    two.maya(&due(task, "2099-01-31"));
    let done = two.world.commit(&mut two.maya, &Command::SetStatus { task, status: Status::Done });
    assert_eq!(two.maya.tasks().repetitions(task).count(), 1);
    for command in &done.undo {
        two.maya(command);
    }
    assert_eq!((two.view(task).row.status, two.maya.tasks().repetitions(task).count()), (Status::Open, 0));
    // The 31st stays the 31st.
    two.maya(&Command::SetStatus { task, status: Status::Done });
    let next = two.view(task).details.repeated.expect("made again");
    assert_eq!(two.view(next).row.due.as_deref(), Some("2099-02-28"));
    two.maya(&Command::SetStatus { task: next, status: Status::Done });
    let third = two.view(next).details.repeated.expect("made");
    assert_eq!(two.view(third).row.due.as_deref(), Some("2099-03-31"));
}

#[test]
fn a_lapsed_claim_is_taken_over() {
    let claimed = || {
        let mut two = Two::new(7);
        let task = two.maya(&create("Drive", None)).unwrap();
        two.meet();
        two.ben(&Command::Claim { task });
        two.meet();
        (two, task)
    };
    let (mut two, task) = claimed();
    let ben = two.ben.me().unwrap();
    let take = Command::TakeOver { task, from: ben };
    assert_eq!(two.world.act(&two.maya, &Command::Claim { task }).err(), Some(Refusal::ClaimedByOther));
    assert_eq!(two.world.act(&two.maya, &take).err(), Some(Refusal::NotLapsed));
    // A time that lies far ahead keeps nothing; one by a clock that is hours ahead is news.
    two.world.now_seconds += 10 * 365 * DAY_SECONDS;
    two.ben(&Command::Comment { task, text: "For ten years".into() });
    two.meet();
    two.world.now_seconds -= 10 * 365 * DAY_SECONDS;
    assert!(two.world.act(&two.maya, &take).is_ok());
    let (mut two, task) = claimed();
    let (maya, ben) = (two.maya.me().unwrap(), two.ben.me().unwrap());
    let take = Command::TakeOver { task, from: ben };
    two.world.now_seconds += DAY_SECONDS / 2;
    two.ben(&Command::Comment { task, text: "Half a day ahead".into() });
    two.meet();
    two.world.now_seconds -= DAY_SECONDS / 2;
    assert_eq!(two.world.act(&two.maya, &take).err(), Some(Refusal::NotLapsed));
    // Whatever one says about it is news.
    two.world.now_seconds += 6 * DAY_SECONDS;
    two.ben(&Command::Comment { task, text: "Still looking for a car".into() });
    two.meet();
    two.world.now_seconds += 6 * DAY_SECONDS;
    assert_eq!(two.world.act(&two.maya, &take).err(), Some(Refusal::NotLapsed));
    two.world.now_seconds += DAY_SECONDS;
    two.maya(&take);
    let claims = |two: &Two| two.view(task).details.claims.iter().map(|claim| claim.person.member).collect::<Vec<_>>();
    assert_eq!((claims(&two), two.view(task).row.status), (vec![maya], Status::Doing));
    // Where two may take it, he takes it again.
    two.maya(&set(task, Detail::Places(2)));
    two.meet();
    two.ben(&Command::Claim { task });
    two.meet();
    assert_eq!(claims(&two), [maya, ben]);
    assert_eq!(two.world.act(&two.ben, &Command::TakeOver { task, from: ben }).err(), Some(Refusal::NothingToChange));
}

#[test]
fn what_no_field_can_say_is_refused() {
    let mut two = Two::new(8);
    let task = two.maya(&create("x", None)).unwrap();
    let mut refused = |command: &Command| two.world.act(&two.maya, command).err();
    assert_eq!(refused(&set(task, Detail::Effort(600_000))), Some(Refusal::TooMany { max: 527_040 }));
    let repeat = |every| set(task, Detail::Repeat(Some(Repeat { every, unit: Unit::Days })));
    assert_eq!(refused(&repeat(401)), Some(Refusal::TooMany { max: 400 }));
    assert_eq!(refused(&repeat(0)), Some(Refusal::NothingToChange));
    assert_eq!(refused(&set(task, Detail::Places(0))), Some(Refusal::NothingToChange));
    assert_eq!(refused(&set(task, Detail::Places(1))), Some(Refusal::NothingToChange));
    assert_eq!(refused(&set(task, Detail::Why("w".repeat(4_097)))), Some(Refusal::TooLong { max_bytes: 4_096 }));
    let skill =
        |skill: &str| Command::SetElement { task, element: Element::Skill { skill: skill.into() }, there: true };
    assert_eq!(refused(&skill(" ")), Some(Refusal::Empty));
    let tick = Command::Tick { task, check: pursuance_core::id::CheckId([0; 8]), done: true };
    assert_eq!(refused(&tick), Some(Refusal::NothingToChange));
    assert_eq!(refused(&Command::Repeat { task }), Some(Refusal::NothingToChange));
}
