//! What judging costs as the history grows: questions asked of views, and allocations, both counted
//! (docs/protocol/04-authority.md, "What is remembered").

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use allocation_counter::measure;

use super::Verdict;
use super::sight::questions_asked;
use super::stage::{FIRST, FOUNDER, SECOND, Stage, THIRD, Told, Who, alone, first, table};
use crate::entry::{Entry, GrantRef};
use crate::id::EntryId;
use crate::limits::{MAX_OPS, MAX_SENIORITY_DEPTH};
use crate::op::{Op, SetRule, Vouch};
use crate::refusal::Refusal;
use crate::rule::{Object, Rule, Verb};

/// Acts of the short history.
const SHORT_ACTS: usize = 1_000;

/// Questions that a proposal may cost where nine vouched for each other, 64 times each.
const QUESTIONS_OF_A_PROPOSAL: u64 = 1_000;

/// Devices of which each added the next one.
const ROW_OF_DEVICES: usize = 5_000;

/// A line that comes and goes; one that the founder decides as a majority of one; and one that a removed member wrote.
const LINE: Rule = alone(SECOND, Verb::Amend, Object::Relays);
const DECIDED: Rule = alone(THIRD, Verb::Amend, Object::Relays);
const REMOVED: Rule = alone(THIRD, Verb::Vouch, Object::Role(THIRD));

/// Acts of the long history: `PURSUANCE_AUTHORITY_HISTORY` for the long run.
fn long_acts() -> usize {
    std::env::var("PURSUANCE_AUTHORITY_HISTORY").map_or(4_000, |text| text.parse().expect("a number of acts"))
}

/// How many tenths of the cost in the short history something may cost in a longer one: what looks up one among many takes a step
/// more for each doubling, and a tenth is left for that.
const fn deeper(acts: usize) -> u64 {
    10 + acts.div_ceil(SHORT_ACTS).next_power_of_two().ilog2() as u64
}

/// What something took.
#[derive(Debug, Clone, Copy)]
struct Cost {
    questions: u64,
    allocations: u64,
}

impl Cost {
    fn of(does: impl FnOnce()) -> Self {
        let before = questions_asked();
        let allocations = measure(does).count_total;
        Self { questions: questions_asked() - before, allocations }
    }

    /// Whether it is no more than that many times another, in tenths.
    const fn is_within(self, tenths: u64, of: Self) -> bool {
        10 * self.questions <= tenths * of.questions && 10 * self.allocations <= tenths * of.allocations
    }
}

/// A founder, a second member who governs too, one who gets and loses a role, and one who is put out and let in again.
struct Cast {
    stage: Stage,
    founder: GrantRef,
    second: Who,
    promoted: Who,
    put_out: Who,
}

impl Cast {
    fn new() -> Self {
        let mut stage = Stage::found(table());
        let founder = stage.came_by(FOUNDER);
        let second = stage.newcomer(FOUNDER, SECOND);
        let promoted = stage.newcomer(FOUNDER, THIRD);
        let put_out = stage.newcomer(FOUNDER, THIRD);
        // From here on the founder's newest entry knows everything.
        stage.at(FOUNDER).vouch(second);
        Self { stage, founder, second, promoted, put_out }
    }

    /// Every kind of act that governs. All counts, and most of it is gone in the end.
    fn season(&mut self, number: usize) {
        let Self { stage, founder, second, promoted, put_out } = self;
        let (founder, who) = (*founder, stage.stranger());
        let invite = stage.at(FOUNDER).alone().with(founder).invite(THIRD, 1);
        let join = stage.at(who).knowing(&[invite.entry]).join(invite);
        stage.at(FOUNDER).knowing(&[join]).with(founder).vouch(who);
        let newest = stage.at(FOUNDER).alone().with(founder).grant(who, SECOND).entry;
        stage.at(FOUNDER).alone().with(founder).revoke(first(newest));
        let newest = stage.newest(FOUNDER).expect("it founded");
        let theirs = stage.came_by(*second);
        let removed = stage.at(*second).knowing(&[newest]).with(theirs).remove(who);
        let given = stage.at(FOUNDER).knowing(&[removed]).with(founder).grant(*promoted, SECOND);
        stage.at(FOUNDER).alone().with(founder).revoke(given);
        stage.at(FOUNDER).alone().with(founder).remove(*put_out);
        stage.at(FOUNDER).alone().with(founder).grant(*put_out, THIRD);
        stage.at(FOUNDER).alone().with(founder).set_rule(LINE, true);
        stage.at(FOUNDER).alone().with(founder).set_rule(LINE, false);
        stage.at(FOUNDER).alone().with(founder).set_name(&alloc::format!("season {number}"));
        let decides = Op::SetRule(SetRule { rule: DECIDED, present: number.is_multiple_of(2) });
        stage.at(FOUNDER).alone().with(founder).propose(FIRST, decides);
        let newest = stage.at(FOUNDER).alone().with(founder).checkpoint(FIRST);
        stage.at(*second).knowing(&[newest]).with(theirs).vouch(*put_out);
    }

    /// Seasons until so many entries were said.
    fn until(&mut self, acts: usize) {
        let mut number = 0;
        while self.stage.entries.len() < acts {
            self.season(number);
            number += 1;
        }
    }
}

fn hear_all<'a>(told: &mut Told, entries: impl IntoIterator<Item = &'a Entry>) {
    for entry in entries {
        told.hear(entry);
    }
}

#[test]
fn growth_of_an_act_in_a_long_history() {
    let mut cast = Cast::new();
    let (mut taken, mut number) = (Vec::new(), 0);
    for acts in [SHORT_ACTS, long_acts()] {
        while cast.stage.entries.len() < acts {
            cast.season(number);
            number += 1;
        }
        // The next four are heard by one who heard all before, and measured.
        let mut told = cast.stage.told.clone();
        let known = cast.stage.entries.len();
        (0..4).for_each(|more| cast.season(number + more));
        number += 4;
        let said = &cast.stage.entries[known..];
        taken.push(Cost::of(|| hear_all(&mut told, said)));
        assert!(said.iter().all(|entry| cast.stage.counts(entry.id())), "all counts");
        assert_eq!(told.state(), cast.stage.told.state());
        std::println!("{} acts after {known}: {:?}", said.len(), taken.last());
    }
    assert!(taken[1].is_within(deeper(long_acts()), taken[0]), "{taken:?}");
}

/// A machine that heard a history of so many acts, then a removal, and what the one who is removed said beside it, in two histories.
struct Late {
    before: Told,
    removal: Entry,
    said: Vec<Entry>,
}

impl Late {
    fn new(history: usize, said: usize) -> Self {
        let mut cast = Cast::new();
        let rules_too = alone(SECOND, Verb::Amend, Object::Rules);
        cast.stage.at(FOUNDER).set_rule(rules_too, true);
        let hostile = cast.stage.newcomer(FOUNDER, SECOND);
        let joined = cast.stage.newest(hostile).expect("joined");
        cast.stage.at(FOUNDER).knowing(&[joined]).vouch(hostile);
        cast.until(history);
        let Cast { mut stage, founder, .. } = cast;
        let newest = stage.newest(FOUNDER).expect("it founded");
        let before = stage.told.clone();
        let theirs = stage.came_by(hostile);
        let mut says = Vec::new();
        says.push(stage.at(hostile).knowing(&[newest]).with(theirs).set_rule(REMOVED, true));
        let knows = stage.newest(hostile);
        for number in 1..said {
            says.push(stage.at(hostile).alone().with(theirs).set_rule(REMOVED, number % 2 == 0));
        }
        // A second history, so that nothing rests on there being one.
        says.push(stage.at(hostile).after(knows).alone().with(theirs).set_rule(REMOVED, false));
        assert!(says.iter().all(|id| stage.counts(*id)), "all counts");
        let removal = stage.at(FOUNDER).alone().with(founder).remove(hostile);
        assert!(says.iter().all(|id| !stage.counts(*id)), "nothing counts");
        let entry = |id: &EntryId| stage.entry(*id).clone();
        Self { before, removal: entry(&removal), said: says.iter().map(entry).collect() }
    }

    /// What the removal costs after what was said, and what was said after the removal.
    fn costs(&self) -> [Cost; 2] {
        let (mut told, mut removed_first) = (self.before.clone(), self.before.clone());
        hear_all(&mut told, &self.said);
        let late = Cost::of(|| hear_all(&mut told, [&self.removal]));
        hear_all(&mut removed_first, [&self.removal]);
        let dated_back = Cost::of(|| hear_all(&mut removed_first, &self.said));
        assert_eq!(told.state(), removed_first.state());
        [late, dated_back]
    }
}

#[test]
fn growth_of_a_late_removal() {
    let few = Late::new(SHORT_ACTS / 2, 100).costs();
    let many = Late::new(SHORT_ACTS / 2, 400).costs();
    let long = Late::new(long_acts() / 2, 100).costs();
    let deeper = deeper(long_acts());
    std::println!(
        "a removal beside 100 acts, and they after it: {few:?}; 400: {many:?}; 100 after a long history: {long:?}"
    );
    for (few, (many, long)) in few.into_iter().zip(many.into_iter().zip(long)) {
        assert!(many.is_within(50, few), "four times as much: {many:?}, {few:?}");
        assert!(long.is_within(deeper, few), "a longer history: {long:?}, {few:?}");
    }
}

/// Nothing that was remembered is otherwise than what is found anew.
#[test]
fn growth_leaves_what_was_remembered_true() {
    let late = Late::new(300, 40);
    let mut told = late.before.clone();
    let mut heard: BTreeSet<EntryId> = BTreeSet::new();
    for entry in late.said.iter().take(20).chain([&late.removal]).chain(late.said.iter().skip(20)) {
        told.hear(entry);
        heard.insert(entry.id());
        assert_eq!(told.state(), told.clone().state_anew());
    }
    assert_eq!(heard.len(), late.said.len() + 1);
}

/// Who all came by themselves and vouched for each other: from nobody to nobody there are very many ways.
#[test]
fn growth_where_all_vouch_for_each_other() {
    let mut costs = Vec::new();
    for count in [3, 6, 9] {
        let mut rules = table();
        rules.rules.push(alone(SECOND, Verb::Vouch, Object::Role(SECOND)));
        let mut stage = Stage::found(rules);
        let invite = stage.at(FOUNDER).invite(SECOND, 9);
        let who: Vec<Who> = (0..count).map(|_| stage.join(invite)).collect();
        for one in &who {
            let others: Vec<Who> = who.iter().filter(|other| *other != one).copied().collect();
            let vouch = |other: Who| Op::Vouch(Vouch { member: stage.member(other), note: String::new() });
            let ops = others.iter().cycle().take(MAX_OPS).map(|other| vouch(*other)).collect();
            let said = stage.at(*one).say(ops);
            assert!(stage.counts(said));
        }
        let mut told = stage.told.clone();
        let proposal = stage.at(who[0]).propose(SECOND, Op::SetRelays(Vec::new()));
        costs.push(Cost::of(|| hear_all(&mut told, [stage.entry(proposal)])).questions);
        assert!(stage.counts(proposal));
        std::println!("{count} vouch for each other: {costs:?}");
        assert!(costs.last() < Some(&QUESTIONS_OF_A_PROPOSAL), "{costs:?}");
    }
}

/// One member signs a proposal in two hundred histories.
#[test]
fn growth_of_what_one_signs_in_many_histories() {
    let mut stage = Stage::found(table());
    // Nobody vouched for the one who signs: so nothing is decided, and whatever may carry it is asked.
    let [one, other] = [SECOND, SECOND].map(|role| stage.newcomer(FOUNDER, role));
    stage.at(FOUNDER).vouch(other);
    let proposal = stage.at(other).propose(SECOND, Op::SetRelays(Vec::new()));
    let mut told = stage.told.clone();
    let before = stage.newest(one);
    let signed: Vec<EntryId> =
        (0..200).map(|_| stage.at(one).after(before).knowing(&[proposal]).approve(proposal)).collect();
    assert!(signed.iter().all(|id| stage.counts(*id)));
    let mut taken = Vec::new();
    for hundred in signed.chunks(100) {
        let entries: Vec<&Entry> = hundred.iter().map(|id| stage.entry(*id)).collect();
        let cost = measure(|| hear_all(&mut told, entries));
        taken.push((cost.bytes_total, cost.bytes_current));
    }
    std::println!("bytes taken and kept, by hundreds: {taken:?}");
    assert!(taken[1].0 <= 4 * taken[0].0 && taken[1].1 <= 2 * taken[0].1, "{taken:?}");
}

/// Each device of a member adds the next one and takes itself out: never more than two at once, and no end.
#[test]
fn growth_of_a_row_of_devices() {
    let row = || {
        let mut stage = Stage::found(table());
        let one = stage.newcomer(FOUNDER, SECOND);
        let founder = stage.newest(FOUNDER).expect("it founded");
        let (mut last, mut newest, mut said) = (one, stage.newest(one).expect("it came"), Vec::new());
        for _ in 0..ROW_OF_DEVICES {
            let device = stage.stranger();
            let by = stage.came_by(last);
            newest = stage.at(last).knowing(&[newest]).with(by).hand_over(device);
            said.push(newest);
            last = device;
        }
        // It knows of none of them.
        stage.at(FOUNDER).after(Some(founder)).alone().set_rule(LINE, true);
        let line = stage.at(FOUNDER).alone().set_rule(LINE, false);
        assert!(stage.counts(line));
        let many = Refusal::TooMany { max: MAX_SENIORITY_DEPTH as u32 };
        assert!(said[..MAX_SENIORITY_DEPTH].iter().all(|id| stage.counts(*id)));
        assert_eq!(stage.verdict(said[MAX_SENIORITY_DEPTH]), Verdict::Refused(many));
        let told = stage.replay(&stage.order());
        assert_eq!(told.state(), stage.told.state());
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(row).unwrap().join().unwrap();
}
