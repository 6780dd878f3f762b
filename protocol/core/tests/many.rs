//! Many changes at once, lists, my order (docs/protocol/05-tasks.md, "Many at once", "Lists", "My order").

mod people;

use std::collections::BTreeSet;

use people::{World, create, exchange, take};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::day::Day;
use pursuance_core::entry::{Content, Entry};
use pursuance_core::filter::Filter;
use pursuance_core::founding::MEMBER;
use pursuance_core::id::{RoleId, TaskId};
use pursuance_core::language::parse;
use pursuance_core::limits::{MAX_MANY, MAX_ORDERED};
use pursuance_core::list::{Arranged, Column, Direction, GroupOf, ListView, When};
use pursuance_core::many::{Many, ManyDone, ManyPlan, NotDone, NotMany};
use pursuance_core::order::{Order, Past};
use pursuance_core::pages::{Dropped, PageQuery};
use pursuance_core::plan::Circumstances;
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_core::rule::Verb;
use pursuance_core::shelf::Nothing;
use pursuance_core::task::Status;

const TODAY: &str = "2026-11-22";

/// Carries them out as a node does: what is planned is appended before the next is planned.
fn carry_out(replica: &mut Replica, commands: Vec<Command>) -> (ManyDone, Vec<Entry>) {
    let mut plan = ManyPlan::new(Many::new(commands).expect("good commands"));
    let mut seed = Seed::new([7; 32]);
    let mut with = Circumstances { now_seconds: 1_790_000_000, seed: &mut seed, since: Vec::new() };
    let mut written = Vec::new();
    while let Some(entries) = plan.step(replica, &mut with, &Nothing) {
        take(replica, &entries);
        written.extend(entries);
    }
    (plan.finish(), written)
}

fn tasks(world: &mut World, replica: &mut Replica, count: usize) -> Vec<TaskId> {
    (0..count).map(|n| world.commit(replica, &create(&format!("Task {n}"), None)).task.expect("a task")).collect()
}

/// What a person sees of each task, but for how far it has come.
fn told(who: &Replica) -> Vec<String> {
    let tree = who.tree(&|_| true);
    let told = |row: pursuance_core::view::TreeRow| {
        let asked: Vec<String> = row.assignees.iter().map(|person| person.name.clone()).collect();
        format!(
            "{} {} {:?} {:?} {asked:?} {} {:?}",
            row.title, row.depth, row.status, row.due, row.priority, row.labels
        )
    };
    tree.rows.into_iter().map(told).collect()
}

fn items(entry: &Entry) -> usize {
    match &entry.body().content {
        Content::Role(part) => part.items.len(),
        Content::Public(_) => 0,
    }
}

#[test]
fn many_go_into_few_entries_and_one_undo_brings_all_back() {
    let mut world = World::new(1);
    let (mut maya, _, [mut ben, ..]) = world.four();
    let all = tasks(&mut world, &mut maya, 150);
    let before = told(&maya);
    let him = ben.me().expect("a member");
    let set = |task: &TaskId| {
        let task = *task;
        [
            Command::SetStatus { task, status: Status::Doing },
            Command::SetDue { task, due: Some("2026-12-31".into()) },
            Command::Assign { task, member: him },
        ]
    };
    let commands: Vec<Command> = all.iter().flat_map(set).collect();
    let (done, written) = carry_out(&mut maya, commands);
    assert_eq!((done.done, done.refused.len(), done.undo.len()), (450, 0, 450));
    // One task after the other would be planned alone; here each step ends where a task comes again.
    assert_eq!(written.iter().map(items).sum::<usize>(), 450);
    let by_field: Vec<Command> =
        (0..3).flat_map(|n| all.iter().map(move |task| (n, *task))).map(|(n, task)| set(&task)[n].clone()).collect();
    let (back, _) = carry_out(&mut maya, done.undo);
    assert_eq!((back.done, back.refused.len()), (450, 0));
    assert_eq!(told(&maya), before);
    let (done, written) = carry_out(&mut maya, by_field);
    assert_eq!((done.done, written.len()), (450, 9), "three times 150 tasks, 64 to an entry");
    assert!(written.iter().all(|entry| items(entry) <= 64));
    exchange(&mut maya, &mut ben);
    assert_eq!(ben.digest(), maya.digest(), "others read the same");
    let row = &ben.tree(&|_| true).rows[149];
    assert_eq!((row.status, row.due.as_deref(), row.assignees[0].me), (Status::Doing, Some("2026-12-31"), true));
    carry_out(&mut maya, done.undo);
    exchange(&mut maya, &mut ben);
    assert_eq!((told(&maya) == before, told(&ben) == before, maya.digest() == ben.digest()), (true, true, true));
}

#[test]
fn what_is_refused_is_named_before_and_after_and_the_rest_is_done() {
    let mut world = World::new(2);
    let (mut maya, _, [mut ben, ..]) = world.four();
    let hers = tasks(&mut world, &mut maya, 2);
    exchange(&mut maya, &mut ben);
    let his = tasks(&mut world, &mut ben, 38);
    let mixed: Vec<TaskId> = [&his[..20], &hers[..], &his[20..]].concat();
    let mut commands: Vec<Command> =
        mixed.iter().map(|task| Command::SetPriority { task: *task, priority: 1 }).collect();
    commands.push(Command::SetPriority { task: TaskId([9; 16]), priority: 1 });
    let not_his = |index| NotDone { index, refusal: Refusal::OnlyOwn { verb: Verb::Edit, rule: 7 } };
    let expected = [not_his(20), not_his(21), NotDone { index: 40, refusal: Refusal::NoSuchTask }];
    assert_eq!(ben.could_many(&Many::new(commands.clone()).unwrap()), expected);
    let (done, written) = carry_out(&mut ben, commands);
    assert_eq!((done.done, &done.refused[..], done.undo.len(), written.len()), (38, &expected[..], 38, 1));
    exchange(&mut maya, &mut ben);
    let urgent = maya.tree(&|_| true).rows.iter().filter(|row| row.priority == 1).count();
    assert_eq!((urgent, maya.digest()), (38, ben.digest()), "everybody counts what he planned");
    let (again, written) = carry_out(&mut ben, done.undo);
    assert_eq!((again.done, written.len()), (38, 1));
}

#[test]
fn what_others_read_goes_by_entries_of_their_own() {
    const DESK: RoleId = RoleId(2);
    let text = "role steward rank 0\nrole desk rank 1\nrole field rank 2\n\
        everyone { see tasks everyone create tasks everyone label tasks everyone }\n\
        steward { invite field see tasks desk create tasks desk label tasks desk widen tasks desk }";
    let rules = parse(text).unwrap_or_else(|problems| panic!("{problems:?}")).table;
    let mut world = World::new(3);
    let mut maya = world.founder_with(rules);
    let invite = world.commit(&mut maya, &Command::Invite { role: RoleId(3), uses: 2, reviewed: false });
    let ben = world.joiner(&mut maya, &invite, "Ben");
    let zoe = world.joiner(&mut maya, &invite, "Zoe");
    let him = ben.me().unwrap();
    let all = tasks(&mut world, &mut maya, 6);
    let narrow =
        ["One", "Two"].map(|title| world.commit(&mut maya, &Command::create_task_for(DESK, title)).task.unwrap());
    world.commit(&mut maya, &Command::WidenTo { task: narrow[0], member: him });
    let commands: Vec<Command> =
        { all.iter().chain(&narrow) }.map(|task| Command::AddLabel { task: *task, label: "field".into() }).collect();
    let (done, written) = carry_out(&mut maya, commands);
    assert_eq!((done.done, done.refused.len()), (8, 0));
    let read_by = |entry: &Entry| match &entry.body().content {
        Content::Role(part) => part.audiences.iter().map(|audience| audience.role.0).collect(),
        Content::Public(_) => Vec::new(),
    };
    let read_by: Vec<(Vec<u16>, usize)> = written.iter().map(|entry| (read_by(entry), items(entry))).collect();
    assert_eq!(read_by, [(vec![0], 6), (vec![2], 2)], "what the desk reads stands in no entry of everyone's");
    let mut members = [maya, ben, zoe];
    people::settle(&world, &mut members);
    let labelled = |who: &Replica| who.tree(&|_| true).rows.iter().filter(|row| !row.labels.is_empty()).count();
    assert_eq!(members.each_ref().map(labelled), [8, 7, 6]);
}

#[test]
fn moves_close_no_circle_and_what_is_made_alone_is_not_one_of_many() {
    let mut world = World::new(4);
    let mut maya = world.founder();
    let all = tasks(&mut world, &mut maya, 3);
    let into = |task: usize, parent: usize| Command::MoveTask { task: all[task], parent: Some(all[parent]) };
    let (done, _) = carry_out(&mut maya, vec![into(0, 1), into(1, 2), into(2, 0)]);
    assert_eq!((done.done, &done.refused[..]), (2, &[NotDone { index: 2, refusal: Refusal::Cycle }][..]));
    let depths: Vec<u16> = maya.tree(&|_| true).rows.iter().map(|row| row.depth).collect();
    assert_eq!(depths, [0, 1, 2]);
    let alone = |command: Command| Many::new(vec![command]).err();
    assert_eq!(alone(create("x", None)), Some(NotMany::MadeAlone));
    assert_eq!(alone(Command::Leave), Some(NotMany::MadeAlone));
    assert_eq!(alone(Command::Comment { task: all[0], text: "x".into() }), Some(NotMany::MadeAlone));
    assert_eq!(alone(Command::Widen { task: all[0], role: MEMBER }), Some(NotMany::MadeAlone));
    let most = vec![Command::Claim { task: all[0] }; MAX_MANY];
    assert!(Many::new(most.clone()).is_ok());
    assert_eq!(Many::new([most, vec![Command::Leave]].concat()).err(), Some(NotMany::TooMany));
    let (done, written) = carry_out(&mut maya, vec![]);
    assert_eq!((done.done, done.undo.len(), written.len()), (0, 0, 0));
}

#[test]
fn what_is_said_twice_of_one_task_is_taken_back_in_the_opposite_order() {
    let mut world = World::new(10);
    let mut maya = world.founder();
    let task = tasks(&mut world, &mut maya, 1)[0];
    let title = |title: &str| Command::SetTitle { task, title: title.into() };
    let (done, written) = carry_out(&mut maya, vec![title("Once"), title("Twice"), title("Twice")]);
    assert_eq!((done.done, &done.refused[..]), (2, &[NotDone { index: 2, refusal: Refusal::NothingToChange }][..]));
    assert_eq!((written.len(), &maya.tree(&|_| true).rows[0].title[..]), (2, "Twice"));
    carry_out(&mut maya, done.undo);
    assert_eq!(maya.tree(&|_| true).rows[0].title, "Task 0");
}

#[test]
fn long_texts_do_not_make_an_entry_that_nobody_takes() {
    let mut world = World::new(5);
    let mut maya = world.founder();
    let all = tasks(&mut world, &mut maya, 10);
    let body = "x".repeat(60 << 10);
    let commands = all.iter().map(|task| Command::SetBody { task: *task, body: body.clone() }).collect();
    let (done, written) = carry_out(&mut maya, commands);
    assert_eq!((done.done, written.len()), (10, 3), "four of them to an entry");
}

/// Some tasks with something to be sorted by.
fn desk(world: &mut World, maya: &mut Replica) -> Vec<TaskId> {
    let me = maya.me().unwrap();
    let make = |title: &str, due: Option<&str>, priority: u8, labels: &[&str], mine: bool| Command::CreateTask {
        title: title.into(),
        parent: None,
        assignees: if mine { vec![me] } else { vec![] },
        labels: labels.iter().map(|label| (*label).into()).collect(),
        due: due.map(Into::into),
        priority,
        home: None,
    };
    let wanted = [
        make("delta", Some("2026-11-22"), 3, &["field"], true),
        make("Alpha", None, 0, &[], false),
        make("charlie", Some("2026-11-01"), 1, &["press", "field"], false),
        make("Bravo", Some("2027-01-01"), 2, &["field"], true),
        make("echo", Some("2026-11-02"), 4, &[], false),
    ];
    let made: Vec<TaskId> = wanted.iter().map(|command| world.commit(maya, command).task.unwrap()).collect();
    world.commit(maya, &Command::SetStatus { task: made[4], status: Status::Done });
    made
}

fn list(maya: &Replica, filter: &str, sort: Column, direction: Direction, group: Column) -> ListView {
    let today = Day::parse(TODAY).unwrap();
    let query = PageQuery {
        first: 0,
        folded: &BTreeSet::new(),
        filter: &Filter::parse(filter, today),
        dropped: Dropped::Hidden,
        around: None,
        all: &maya.all_places(&Order::default()),
    };
    maya.list_page(&query, &Arranged { status: None, sort, direction, group, today }, &|_| true)
}

fn titles(list: &ListView) -> Vec<&str> {
    list.page.rows.iter().map(|row| row.title.as_str()).collect()
}

#[test]
fn a_list_is_sorted_and_what_has_nothing_stands_last_either_way() {
    let mut world = World::new(6);
    let mut maya = world.founder();
    desk(&mut world, &mut maya);
    let sorted = |sort, direction| {
        let list = list(&maya, "", sort, direction, Column::Tree);
        assert!(list.groups.is_empty());
        titles(&list).join(" ")
    };
    assert_eq!(sorted(Column::Tree, Direction::Up), "delta Alpha charlie Bravo echo");
    assert_eq!(sorted(Column::Title, Direction::Up), "Alpha Bravo charlie delta echo");
    assert_eq!(sorted(Column::Title, Direction::Down), "echo delta charlie Bravo Alpha");
    assert_eq!(sorted(Column::Due, Direction::Up), "charlie echo delta Bravo Alpha");
    assert_eq!(sorted(Column::Due, Direction::Down), "Bravo delta echo charlie Alpha");
    assert_eq!(sorted(Column::Priority, Direction::Up), "charlie Bravo delta echo Alpha");
    assert_eq!(sorted(Column::Status, Direction::Down), "echo delta Alpha charlie Bravo");
    assert_eq!(sorted(Column::Who, Direction::Down), "delta Bravo Alpha charlie echo");
    assert_eq!(sorted(Column::Label, Direction::Up), "delta charlie Bravo Alpha echo");
}

#[test]
fn a_list_is_grouped_and_each_group_says_where_it_begins() {
    let mut world = World::new(7);
    let mut maya = world.founder();
    desk(&mut world, &mut maya);
    let due = list(&maya, "", Column::Title, Direction::Up, Column::Due);
    assert_eq!(titles(&due), ["charlie", "delta", "Bravo", "echo", "Alpha"]);
    let when: Vec<_> = due.groups.iter().map(|group| (group.of.clone(), group.first, group.rows)).collect();
    let of = |when| GroupOf::Due { when };
    let expected = [When::Overdue, When::Today, When::Later, When::Past, When::Never];
    assert_eq!(when, (0u32..).zip(expected).map(|(first, when)| (of(when), first, 1)).collect::<Vec<_>>());
    let who = list(&maya, "status:active", Column::Title, Direction::Up, Column::Who);
    assert_eq!(titles(&who), ["Bravo", "delta", "Alpha", "charlie"]);
    assert!(matches!(&who.groups[0].of, GroupOf::Who { person: Some(person), .. } if person.me));
    assert_eq!((who.groups.len(), who.groups[1].first, who.groups[1].rows), (2, 2, 2));
    // A group that began on an earlier page says where.
    for n in 0..60 {
        world.commit(&mut maya, &create(&format!("more {n:02}"), None));
    }
    let today = Day::parse(TODAY).unwrap();
    let last = maya.list_page(
        &PageQuery {
            first: 50,
            folded: &BTreeSet::new(),
            filter: &Filter::parse("", today),
            dropped: Dropped::Hidden,
            around: None,
            all: &maya.all_places(&Order::default()),
        },
        &Arranged {
            status: Some(Status::Open),
            sort: Column::Title,
            direction: Direction::Up,
            group: Column::Who,
            today,
        },
        &|_| true,
    );
    assert_eq!((last.page.first, last.page.shown, last.page.rows.len(), last.page.total), (50, 64, 14, 65));
    assert_eq!((last.groups.len(), last.groups[0].first, last.groups[0].rows), (1, 2, 62));
}

#[test]
fn all_that_a_filter_means_is_named_up_to_a_limit() {
    let mut world = World::new(8);
    let mut maya = world.founder();
    let rows: Vec<_> = (0..600)
        .map(|n| pursuance_core::plan::ImportTask {
            parent: (n % 2 == 1).then(|| n - 1),
            title: if n % 2 == 1 { format!("leaf {n}") } else { format!("branch {n}") },
            ..Default::default()
        })
        .collect();
    let mut seed = Seed::new([1; 32]);
    let mut with = Circumstances { now_seconds: 1, seed: &mut seed, since: Vec::new() };
    let authored = maya.import(&rows, &mut with).expect("good rows");
    take(&mut maya, &authored.entries);
    let first = maya.tree(&|_| true).rows[0].task;
    let meant = |text: &str, folded: &[TaskId]| {
        let query = PageQuery {
            first: 0,
            folded: &folded.iter().copied().collect(),
            filter: &Filter::parse(text, Day::parse(TODAY).unwrap()),
            dropped: Dropped::Hidden,
            around: None,
            all: &maya.all_places(&Order::default()),
        };
        let meant = maya.meant(&query);
        (meant.tasks.len(), meant.of)
    };
    assert_eq!(meant("", &[]), (MAX_MANY, 600));
    assert_eq!(meant("", &[first]), (MAX_MANY, 599), "what is folded away is not meant");
    assert_eq!(meant("leaf", &[first]), (300, 300), "nor is what only stands above");
    let wanted: Vec<TaskId> = maya.tree(&|_| true).rows[..3].iter().rev().map(|row| row.task).collect();
    let rows =
        maya.rows_of(&[&wanted[..], &[TaskId([9; 16])]].concat(), &maya.all_places(&Order::default()), &|_| true);
    assert_eq!(rows.iter().map(|row| row.title.as_str()).collect::<Vec<_>>(), ["branch 0", "leaf 1", "branch 2"]);
}

#[test]
fn my_order_moves_among_siblings_and_changes_nothing_else() {
    let mut world = World::new(9);
    let mut maya = world.founder();
    let all = tasks(&mut world, &mut maya, 4);
    let below = world.commit(&mut maya, &create("Below", Some(all[3]))).task.unwrap();
    world.commit(&mut maya, &Command::SetStatus { task: all[1], status: Status::Dropped });
    let before = maya.digest();
    let shown = |order: &Order| {
        let rows = maya.rows_of(&all, &maya.all_places(order), &|_| true);
        rows.iter().map(|row| row.title.clone()).collect::<Vec<_>>().join(", ")
    };
    let none = Order::default();
    assert_eq!(shown(&none), "Task 0, Task 1, Task 2, Task 3");
    let up = maya.reorder(&none, all[2], Past::Before).expect("past the dropped one too");
    assert_eq!(shown(&up), "Task 2, Task 0, Task 1, Task 3");
    assert_eq!(maya.reorder(&up, all[2], Past::Before), Err(Refusal::NothingToChange));
    let down = maya.reorder(&up, all[0], Past::After).expect("past the dropped one");
    assert_eq!(shown(&down), "Task 2, Task 1, Task 3, Task 0");
    assert_eq!(maya.reorder(&down, below, Past::After), Err(Refusal::NothingToChange));
    assert_eq!(maya.reorder(&down, TaskId([9; 16]), Past::After), Err(Refusal::NoSuchTask));
    assert_eq!(Order::of(down.tasks().iter().copied()), down, "it survives being kept");
    let many = (0..=MAX_ORDERED).map(|n| TaskId((n as u128).to_be_bytes()));
    assert_eq!(Order::of(many).tasks().len(), MAX_ORDERED);
    assert_eq!(maya.digest(), before);
}
