//! What lines ask for besides a role: reviews, others' tasks, probation, suggestions (docs/protocol/04-authority.md,
//! "Rules and roles"; T3, T13).

use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::Entry;
use pursuance_core::founding::{Founded, Founding, MEMBER, ORGANISER, found_with, starting_rules};
use pursuance_core::id::{RoleId, TaskId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{DeviceKeys, InviteSecret};
use pursuance_core::plan::{Authored, Circumstances};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_core::rule::{Conditions, Object, Quorum, Rule, RuleTable, Verb};
use pursuance_core::task::Status;

const NOW_SECONDS: u64 = 1_790_000_000;
const ALL_TASKS: Object = Object::Role(RoleId::EVERYONE);

/// The starting rules, without the lines of everyone for these verbs, and with these lines.
fn rules(without: &[Verb], lines: &[Rule]) -> RuleTable {
    let mut table = starting_rules();
    table.rules.retain(|line| line.role != RoleId::EVERYONE || !without.contains(&line.verb));
    table.rules.extend(lines);
    table
}

const fn line(role: RoleId, verb: Verb, conditions: Conditions) -> Rule {
    Rule { role, verb, object: ALL_TASKS, conditions, quorum: None }
}

fn keys(number: u8) -> DeviceKeys {
    DeviceKeys::from_seed([number; 32])
}

fn founder(table: RuleTable) -> Replica {
    let founding = Founding { name: "Harbour".into(), mission: String::new(), my_name: "Maya".into(), relays: vec![] };
    let Founded { pursuance, entries, .. } =
        found_with(&founding, table, &keys(1), NOW_SECONDS, &mut Seed::new([9; 32])).expect("good texts");
    let mut maya = Replica::new(pursuance, keys(1));
    take(&mut maya, &entries);
    maya
}

fn joiner(host: &mut Replica, number: u8) -> Replica {
    let authored = act(host, 10, &Command::Invite { role: MEMBER, uses: 1, reviewed: false }).expect("allowed");
    take(host, &authored.entries);
    let (grant, secret) = authored.invite.expect("an invite");
    let mut preview = Preview::new(host.pursuance(), grant.entry, InviteSecret::new(*secret.as_bytes()));
    host.preview_entries(grant).into_iter().for_each(|entry| preview.add(entry.clone()));
    let join = preview.join(&keys(number), &format!("Member {number}"), NOW_SECONDS).expect("open");
    take(host, &[join]);
    let welcome = host.welcome(keys(number).author(), NOW_SECONDS).expect("the epoch is held");
    take(host, &[welcome]);
    let mut replica = Replica::new(host.pursuance(), keys(number));
    tell(host, &mut replica);
    assert!(replica.is_member());
    replica
}

fn act(replica: &Replica, number: u8, command: &Command) -> Result<Authored, Refusal> {
    let number = number.wrapping_add(replica.logs().len() as u8);
    let mut seed = Seed::new([number; 32]);
    replica.command(command, &mut Circumstances { now_seconds: NOW_SECONDS, seed: &mut seed, since: Vec::new() })
}

fn take(replica: &mut Replica, entries: &[Entry]) {
    entries.iter().for_each(|entry| drop(replica.append(entry.clone())));
}

fn tell(from: &Replica, to: &mut Replica) {
    from.logs().iter().cloned().collect::<Vec<_>>().into_iter().for_each(|entry| drop(to.append(entry)));
}

/// Carries it out, and says what one's own client says.
fn does(replica: &mut Replica, command: &Command) -> Result<Option<TaskId>, Refusal> {
    let authored = act(replica, 40, command)?;
    take(replica, &authored.entries);
    assert!(replica.tasks().refused().is_empty(), "what one's own client allows stands");
    Ok(authored.task)
}

fn finish(task: TaskId) -> Command {
    Command::SetStatus { task, status: Status::Done }
}

fn status(replica: &Replica, task: TaskId) -> Status {
    replica.status_of(replica.tasks().task(task).expect("known"))
}

/// Whoever finishes needs the word of an organiser that is not their own.
fn reviewed() -> RuleTable {
    let finish = line(RoleId::EVERYONE, Verb::Finish, Conditions { review: Some(ORGANISER), ..Conditions::NOT_SELF });
    let review = line(ORGANISER, Verb::Review, Conditions::ALWAYS);
    rules(&[Verb::Finish], &[finish, review])
}

#[test]
fn a_task_is_finished_after_somebody_else_found_it_good() {
    let mut maya = founder(reviewed());
    let mut ben = joiner(&mut maya, 2);
    let task = does(&mut ben, &Command::create_task("Redact the list")).unwrap().expect("a task");
    let refused = |count| Refusal::NeedsReview { verb: Verb::Finish, rule: 24, count, of: ORGANISER.0 };
    assert_eq!(does(&mut ben, &finish(task)), Err(refused(1)));
    assert!(matches!(does(&mut ben, &Command::Review { task, good: true }), Err(Refusal::NotAllowed { .. })));

    tell(&ben, &mut maya);
    does(&mut maya, &Command::Review { task, good: true }).unwrap();
    assert_eq!(does(&mut maya, &finish(task)), Err(refused(1)), "one's own word does not count");
    tell(&maya, &mut ben);
    does(&mut ben, &finish(task)).unwrap();
    tell(&ben, &mut maya);
    assert_eq!((status(&maya, task), maya.digest()), (Status::Done, ben.digest()));

    // Opened again, it is another result, and the old word is about the old one.
    does(&mut maya, &Command::SetStatus { task, status: Status::Doing }).unwrap();
    tell(&maya, &mut ben);
    assert_eq!(does(&mut ben, &finish(task)), Err(refused(1)));
}

#[test]
fn not_yet_takes_the_word_back() {
    let mut maya = founder(reviewed());
    let mut ben = joiner(&mut maya, 2);
    let task = does(&mut ben, &Command::create_task("Redact the list")).unwrap().expect("a task");
    tell(&ben, &mut maya);
    does(&mut maya, &Command::Review { task, good: true }).unwrap();
    does(&mut maya, &Command::Review { task, good: false }).unwrap();
    tell(&maya, &mut ben);
    assert!(matches!(does(&mut ben, &finish(task)), Err(Refusal::NeedsReview { .. })));
    let view = ben.task_view(task, &|_| true).expect("known");
    assert_eq!(view.reviews.iter().map(|review| review.good).collect::<Vec<_>>(), [false]);
}

/// A changed client finishes without the word: refused everywhere, whatever arrives first; and a review that somebody reads late
/// gives effect to what knew it.
#[test]
fn every_order_of_arrival_gives_the_same_verdict() {
    let mut maya = founder(reviewed());
    let mut ben = joiner(&mut maya, 2);
    let task = does(&mut ben, &Command::create_task("Redact the list")).unwrap().expect("a task");
    tell(&ben, &mut maya);
    does(&mut maya, &Command::Review { task, good: true }).unwrap();
    tell(&maya, &mut ben);
    does(&mut ben, &finish(task)).unwrap();
    let all: Vec<Entry> = ben.logs().iter().cloned().collect();
    let mut other = Replica::new(ben.pursuance(), keys(1));
    // What names others waits for them, so any order is one that a relay can bring about.
    all.iter().rev().for_each(|entry| drop(other.append(entry.clone())));
    let mut missing: Vec<&Entry> = all.iter().filter(|entry| other.logs().entry(entry.id()).is_none()).collect();
    while let Some(entry) = missing.pop() {
        other.append(entry.clone());
        all.iter().for_each(|entry| drop(other.append(entry.clone())));
        missing.retain(|entry| other.logs().entry(entry.id()).is_none());
    }
    assert_eq!((status(&other, task), other.digest()), (Status::Done, ben.digest()));
}

#[test]
fn two_of_a_role_look_at_a_task() {
    let both = Rule {
        quorum: Some(Quorum { count: 2, of: MEMBER }),
        ..line(RoleId::EVERYONE, Verb::Finish, Conditions::ALWAYS)
    };
    let review = line(MEMBER, Verb::Review, Conditions::ALWAYS);
    let mut maya = founder(rules(&[Verb::Finish], &[both, review]));
    let (mut ben, mut ann) = (joiner(&mut maya, 2), joiner(&mut maya, 3));
    let task = does(&mut maya, &Command::create_task("Count the ships")).unwrap().expect("a task");
    for (who, enough) in [(&mut ben, false), (&mut ann, true)] {
        tell(&maya, who);
        does(who, &Command::Review { task, good: true }).unwrap();
        tell(who, &mut maya);
        assert_eq!(does(&mut maya, &finish(task)).is_ok(), enough);
    }
}

#[test]
fn what_others_made_and_what_comes_after_probation() {
    let others = line(MEMBER, Verb::Finish, Conditions::NOT_SELF);
    let late = line(MEMBER, Verb::Comment, Conditions { probation: Some(3), ..Conditions::ALWAYS });
    let mut maya = founder(rules(&[Verb::Finish, Verb::Comment], &[others, late]));
    let mut ben = joiner(&mut maya, 2);
    let said = |task| Command::Comment { task, text: "I have been there.".into() };
    // The join is the first entry of the log, and this the second.
    let task = does(&mut ben, &Command::create_task("Mine")).unwrap().expect("a task");
    assert_eq!(does(&mut ben, &said(task)), Err(Refusal::OnProbation { verb: Verb::Comment, rule: 24, entries: 3 }));
    assert_eq!(does(&mut ben, &finish(task)), Err(Refusal::OnlyOthers { verb: Verb::Finish, rule: 23 }));
    does(&mut ben, &Command::create_task("Mine too")).unwrap();
    does(&mut ben, &said(task)).unwrap();
    let theirs = does(&mut maya, &Command::create_task("Not mine")).unwrap().expect("a task");
    tell(&maya, &mut ben);
    does(&mut ben, &finish(theirs)).unwrap();
}

#[test]
fn who_may_not_create_may_suggest() {
    let suggest = line(MEMBER, Verb::Suggest, Conditions::ALWAYS);
    let create = line(ORGANISER, Verb::Create, Conditions::ALWAYS);
    let mut maya = founder(rules(&[Verb::Create, Verb::Edit], &[suggest, create]));
    let mut ben = joiner(&mut maya, 2);
    assert!(matches!(does(&mut ben, &Command::create_task("A ferry")), Err(Refusal::NotAllowed { .. })));
    let suggest = Command::SuggestTask { title: "A ferry".into(), parent: None };
    let task = does(&mut ben, &suggest).unwrap().expect("a task");
    tell(&ben, &mut maya);
    assert_eq!(status(&maya, task), Status::Suggested);
    does(&mut maya, &Command::SetStatus { task, status: Status::Open }).unwrap();
    assert_eq!(status(&maya, task), Status::Open);
}

#[test]
fn a_task_is_put_out_of_sight_and_taken_out_again() {
    let file = line(ORGANISER, Verb::File, Conditions::ALWAYS);
    let mut maya = founder(rules(&[], &[file]));
    let task = does(&mut maya, &Command::create_task("Old")).unwrap().expect("a task");
    for filed in [true, false] {
        does(&mut maya, &Command::SetFiled { task, filed }).unwrap();
        assert_eq!(maya.task_view(task, &|_| true).expect("known").row.filed, filed);
        assert_eq!(does(&mut maya, &Command::SetFiled { task, filed }), Err(Refusal::NothingToChange));
    }
}

#[test]
fn whoever_was_let_in_is_welcomed() {
    let mut maya = founder(starting_rules());
    let authored = act(&maya, 10, &Command::Invite { role: MEMBER, uses: 2, reviewed: true }).expect("allowed");
    take(&mut maya, &authored.entries);
    let (grant, secret) = authored.invite.expect("an invite");
    for number in [2, 3] {
        let mut preview = Preview::new(maya.pursuance(), grant.entry, InviteSecret::new(*secret.as_bytes()));
        maya.preview_entries(grant).into_iter().for_each(|entry| preview.add(entry.clone()));
        let join = preview.join(&keys(number), &format!("Member {number}"), NOW_SECONDS).expect("open");
        take(&mut maya, std::slice::from_ref(&join));
        assert_eq!(maya.unwelcomed(), [], "nobody let them in yet");
        assert!(!maya.needs_epoch(), "nobody handed them anything");
        does(&mut maya, &Command::Admit { member: pursuance_core::id::MemberId(join.id().0) }).expect("allowed");
        assert_eq!(maya.unwelcomed(), [keys(number).author()]);
        let welcome = maya.welcome(keys(number).author(), NOW_SECONDS).expect("the epoch is held");
        take(&mut maya, &[welcome]);
        assert_eq!(maya.unwelcomed(), []);
    }
}
