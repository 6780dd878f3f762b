//! One task: what was said of it, and what that amounts to.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::clock::Dot;
use crate::day::Day;
use crate::detail::{Detail, Element};
use crate::id::{AuthorId, CheckId, EntryId, MemberId, RoleId, TaskId};
use crate::logs::Logs;
use crate::origin::{Origin, Quote};
use crate::register::{Place, Register, Write};
use crate::task::Status;
use crate::task_op::TaskOp;

/// One task.
#[derive(Default)]
pub struct Task {
    /// Where it was created; `None` while that has not been read.
    pub created: Option<Creation>,
    /// The parent; below the mission where it says `None`.
    pub parent: Register<Option<TaskId>>,
    /// The title.
    pub title: Register<String>,
    /// The body.
    pub body: Register<String>,
    /// Suggested, open, doing or review.
    pub step: Register<Status>,
    /// Done or dropped; `None` where an ending was taken back.
    pub ending: Register<Option<Status>>,
    /// Who has taken it.
    pub claims: BTreeMap<MemberId, Register<bool>>,
    /// Who is asked to do it.
    pub assignees: BTreeMap<MemberId, Register<bool>>,
    /// Labels.
    pub labels: BTreeMap<String, Register<bool>>,
    /// An imported owner.
    pub owner: Register<String>,
    /// An imported first day.
    pub started: Register<String>,
    /// An imported last day.
    pub finished: Register<String>,
    /// The day by which it should be done.
    pub due: Register<Option<Day>>,
    /// How it presses, 1 to 4; 0: nothing is said.
    pub priority: Register<u8>,
    /// The import it came with, and how many tasks that has.
    pub import: Option<([u8; 16], u32)>,
    /// Where it comes from, as an import says.
    pub origin: Register<Origin>,
    /// Whether it was put out of sight.
    pub filed: Register<bool>,
    /// Roles that it was opened to, beside the one at which it is at home.
    pub roles: BTreeMap<RoleId, Register<bool>>,
    /// Members that it was opened to.
    pub persons: BTreeMap<MemberId, Register<bool>>,
    /// What else is said of it, by the number of the field.
    pub details: BTreeMap<u16, Register<Detail>>,
    /// Elements that it has, or had.
    pub elements: BTreeMap<Element, Register<bool>>,
    /// The lines of its checklist, in order.
    pub checks: BTreeMap<CheckId, Check>,
    /// Which task it repeats, and from which day the row is counted.
    pub instance_of: Option<(TaskId, Day)>,
    /// The latest claimed time of what each member said about it.
    pub news: BTreeMap<MemberId, u64>,
    /// All that was ever said of how it was done.
    pub marks: Vec<Mark>,
    /// How many lines the thread has.
    pub comment_count: u32,
    /// Lines of the thread that are in memory, in no order.
    pub comments: Vec<Comment>,
    /// The newest entry about it by this device.
    pub newest_own: Option<(Dot, EntryId)>,
}

/// A line of a checklist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Check {
    /// What is to be done; empty where it was taken away.
    pub text: Register<String>,
    /// Whether it is done.
    pub done: Register<bool>,
}

/// Where and by whom a task was created.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Creation {
    /// Depth of the entry in the graph: the order in which tasks are listed.
    pub depth: u32,
    /// Its place.
    pub at: Place,
    /// By whom.
    pub by: MemberId,
    /// Claimed time.
    pub claimed_seconds: u64,
    /// The role at which it is at home: whose keys open it, and over which the rules say who may do what to it.
    pub home: RoleId,
}

/// What somebody found of how a task was done. None is ever taken away: whether others may finish the task follows from those in
/// their past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Depth of the entry in the graph: the order in which marks follow each other.
    pub depth: u32,
    /// Its place.
    pub at: Place,
    /// By whom.
    pub by: MemberId,
    /// With which role.
    pub role: RoleId,
    /// The entry's place in its chain.
    pub dot: Dot,
    /// What.
    pub said: Said,
}

/// See [`Mark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Said {
    /// Not done well yet.
    NotYet = 0,
    /// Done well.
    Good = 1,
    /// To be done again: what was said before is about another result.
    Again = 2,
}

/// One line of a thread.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Comment {
    /// Depth of the entry in the graph: the order of lines.
    pub depth: u32,
    /// Its place.
    pub at: Place,
    /// By whom.
    pub by: MemberId,
    /// With which device.
    pub author: AuthorId,
    /// The entry's place in its chain.
    pub dot: Dot,
    /// Claimed time.
    pub claimed_seconds: u64,
    /// The text.
    pub text: String,
    /// Who wrote it elsewhere, and when, as the one says who brought it here.
    pub quoted: Option<Quoted>,
}

/// Of a comment that was written elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quoted {
    /// By whom, or empty.
    pub by: String,
    /// When, seconds since 1970.
    pub claimed_seconds: u64,
}

/// Where an op comes from.
#[derive(Clone, Copy)]
pub(super) struct Source {
    pub(super) at: Place,
    pub(super) by: MemberId,
    pub(super) dot: Dot,
    pub(super) depth: u32,
    pub(super) claimed_seconds: u64,
    pub(super) audience: RoleId,
}

impl Source {
    const fn write<T>(self, value: T) -> Write<T> {
        Write { value, by: self.by, at: self.at, dot: self.dot }
    }

    pub(super) fn comment(self, author: AuthorId, op: &TaskOp) -> Option<Comment> {
        let (text, quoted) = match op {
            TaskOp::Comment(text) => (text.clone(), None),
            TaskOp::Quote(Quote { by, claimed_seconds, text }) => {
                (text.clone(), Some(Quoted { by: by.clone(), claimed_seconds: *claimed_seconds }))
            }
            _ => return None,
        };
        let Self { at, by, dot, depth, claimed_seconds, .. } = self;
        Some(Comment { depth, at, by, author, dot, claimed_seconds, text, quoted })
    }
}

impl Task {
    /// The role at which it is at home, once its creation was read.
    #[must_use]
    pub fn home(&self) -> Option<RoleId> {
        self.created.as_ref().map(|created| created.home)
    }

    /// The status shown, and whether two different endings stand side by side.
    pub fn status<K: Ord>(&self, seniority: impl Fn(MemberId) -> K + Copy) -> (Status, bool) {
        let endings: Vec<Status> = self.ending.writes().iter().filter_map(|write| write.value).collect();
        let two_answers = endings.iter().any(|ending| Some(ending) != endings.first());
        let step = self.step.shown(seniority).copied().unwrap_or(Status::Open);
        match endings.first() {
            // Two different endings at once reopen the task (T8).
            Some(ending) if !two_answers => (*ending, false),
            _ => (step, two_answers),
        }
    }

    /// Whoever has taken it; the senior one, where two did at once (T9).
    pub fn claimant<K: Ord>(&self, seniority: impl Fn(MemberId) -> K) -> Option<MemberId> {
        let claimed = self.claims.iter().filter(|(_, register)| register.is_there()).map(|(member, _)| *member);
        claimed.min_by_key(|member| (seniority(*member), *member))
    }

    /// Entries of all writes that stand here: two writes are compared by what their entries have in their pasts.
    pub fn entries(&self) -> impl Iterator<Item = EntryId> + '_ {
        fn of<T>(register: &Register<T>) -> impl Iterator<Item = EntryId> + '_ {
            register.writes().iter().map(|write| write.at.entry)
        }
        of(&self.parent)
            .chain(of(&self.title))
            .chain(of(&self.body))
            .chain(of(&self.step))
            .chain(of(&self.ending))
            .chain(self.claims.values().flat_map(of))
            .chain(self.assignees.values().flat_map(of))
            .chain(self.labels.values().flat_map(of))
            .chain(of(&self.owner))
            .chain(of(&self.started))
            .chain(of(&self.finished))
            .chain(of(&self.due))
            .chain(of(&self.priority))
            .chain(of(&self.origin))
            .chain(of(&self.filed))
            .chain(self.roles.values().flat_map(of))
            .chain(self.persons.values().flat_map(of))
            .chain(self.details.values().flat_map(of))
            .chain(self.elements.values().flat_map(of))
            .chain(self.checks.values().flat_map(|check| of(&check.text).chain(of(&check.done))))
    }

    /// What is said of a field, in the place of which this stands; that, where nothing is said.
    pub fn detail<K: Ord>(&self, unsaid: Detail, seniority: impl Fn(MemberId) -> K) -> Detail {
        self.details.get(&unsaid.number()).and_then(|register| register.shown(seniority)).cloned().unwrap_or(unsaid)
    }

    /// How many may take it at once.
    pub fn places<K: Ord>(&self, seniority: impl Fn(MemberId) -> K) -> usize {
        match self.detail(Detail::Places(1), seniority) {
            Detail::Places(places) => places.into(),
            _ => 1,
        }
    }

    /// Who has taken it, senior first; not more than may (T9).
    pub fn claimants<K: Ord>(&self, seniority: impl Fn(MemberId) -> K + Copy) -> Vec<MemberId> {
        let claimed = self.claims.iter().filter(|(_, register)| register.is_there()).map(|(member, _)| *member);
        let mut claimed: Vec<MemberId> = claimed.collect();
        claimed.sort_by_key(|member| (seniority(*member), *member));
        claimed.truncate(self.places(seniority));
        claimed
    }

    /// Tasks that it names: by relations that are there, and as what it repeats.
    pub fn named(&self) -> impl Iterator<Item = TaskId> + '_ {
        let there = self.elements.iter().filter(|(_, there)| there.is_there());
        let related = there.filter_map(|(element, _)| match element {
            Element::Relation { task, .. } => Some(*task),
            _ => None,
        });
        related.chain(self.instance_of.map(|(of, _)| of))
    }

    /// Whether all endings side by side say that it was dropped.
    #[must_use]
    pub fn is_dropped(&self) -> bool {
        let endings = self.ending.writes();
        !endings.is_empty() && endings.iter().all(|write| write.value == Some(Status::Dropped))
    }

    /// Whether nothing was said about it since it was created.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        let created = self.created.as_ref().map(|created| created.at.entry);
        self.comment_count == 0 && self.marks.is_empty() && self.entries().all(|entry| Some(entry) == created)
    }

    /// Roles whose readers read it: the one at which it is at home, and those that it was opened to.
    pub fn read_by(&self) -> impl Iterator<Item = RoleId> + '_ {
        let home = self.home();
        let others = self.roles.iter().filter(move |(role, there)| there.is_there() && Some(**role) != home);
        home.into_iter().chain(others.map(|(role, _)| *role))
    }

    /// Members who read it whatever their roles.
    pub fn read_by_persons(&self) -> impl Iterator<Item = MemberId> + '_ {
        self.persons.iter().filter(|(_, there)| there.is_there()).map(|(member, _)| *member)
    }

    /// Whether it was ever for one of these roles or for this member: nobody takes back what was read.
    pub(crate) fn was_for(&self, is_theirs: impl Fn(RoleId) -> bool, id: MemberId) -> bool {
        self.home().is_some_and(&is_theirs)
            || self.roles.keys().any(|role| is_theirs(*role))
            || self.persons.keys().any(|member| *member == id)
    }

    /// Who found it good, in the past of an entry in memory, and did not say otherwise since; nobody before it was reopened.
    #[must_use]
    pub fn agreed(&self, logs: &Logs, before: EntryId) -> Vec<(RoleId, MemberId)> {
        self.agreed_by(|mark| logs.dot_in_past(mark.dot, before) && mark.at.entry != before)
    }

    /// The same, of all that is known.
    #[must_use]
    pub fn agreed_now(&self) -> Vec<(RoleId, MemberId)> {
        self.agreed_by(|_| true)
    }

    /// What a member said last of how it was done; `None` where it was reopened since, or they said nothing.
    #[must_use]
    pub fn last_said(&self, member: MemberId) -> Option<Said> {
        self.last_mark(member).map(|mark| mark.said)
    }

    /// See [`Self::last_said`].
    #[must_use]
    pub fn last_mark(&self, member: MemberId) -> Option<Mark> {
        let theirs = self.marks.iter().filter(|mark| mark.by == member || mark.said == Said::Again);
        { theirs }.next_back().copied().filter(|mark| mark.said != Said::Again)
    }

    fn agreed_by(&self, known: impl Fn(&Mark) -> bool) -> Vec<(RoleId, MemberId)> {
        // How deep somebody last said that it was not good yet, and how deep it was last reopened, for all.
        let (mut not_yet, mut again): (BTreeMap<MemberId, u32>, Option<u32>) = (BTreeMap::new(), None);
        let mut good: Vec<&Mark> = Vec::new();
        for mark in self.marks.iter().filter(|mark| known(mark)) {
            #[cfg(test)]
            for_tests::looked();
            match mark.said {
                Said::Good => good.push(mark),
                Said::NotYet => {
                    let deepest = not_yet.entry(mark.by).or_default();
                    *deepest = mark.depth.max(*deepest);
                }
                Said::Again => again = again.max(Some(mark.depth)),
            }
        }
        let stands = |good: &&Mark| again.max(not_yet.get(&good.by).copied()) < Some(good.depth);
        good.into_iter().filter(stands).map(|mark| (mark.role, mark.by)).collect()
    }

    /// Keeps what others may ask for later (T13).
    pub(super) fn mark(&mut self, op: &TaskOp, from: Source, role: RoleId) {
        let said = match op {
            TaskOp::Review { good: true } => Said::Good,
            TaskOp::Review { good: false } => Said::NotYet,
            TaskOp::Reopen => Said::Again,
            _ => return,
        };
        let Source { at, by, dot, depth, .. } = from;
        let mark = Mark { depth, at, by, role, dot, said };
        let place = self.marks.partition_point(|other| *other < mark);
        if self.marks.get(place) != Some(&mark) {
            self.marks.insert(place, mark);
        }
    }

    /// Whether the creation that counts is in this item.
    fn is_created_at(&self, at: Place) -> bool {
        self.created.as_ref().is_some_and(|created| (created.at.entry, created.at.item) == (at.entry, at.item))
    }

    pub(super) fn apply(&mut self, logs: &Logs, op: &TaskOp, from: Source) {
        match op {
            TaskOp::Create { parent } => {
                let Source { at, by, depth, claimed_seconds, audience: home, .. } = from;
                let created = Creation { depth, at, by, claimed_seconds, home };
                // A device with two histories can create twice at one place: the lesser place is shown (T6).
                if self.created.as_ref().is_none_or(|first| created < *first) {
                    self.created = Some(created);
                    (self.import, self.instance_of) = (None, None);
                }
                self.parent.write(from.write(*parent), logs);
            }
            TaskOp::Move { parent } => self.parent.write(from.write(*parent), logs),
            TaskOp::SetTitle(text) => self.title.write(from.write(text.clone()), logs),
            TaskOp::SetBody(text) => self.body.write(from.write(text.clone()), logs),
            TaskOp::Step(status) => self.step.write(from.write(*status), logs),
            TaskOp::End(status) => self.ending.write(from.write(Some(*status)), logs),
            TaskOp::Reopen => self.ending.write(from.write(None), logs),
            TaskOp::File => self.filed.write(from.write(true), logs),
            TaskOp::Unfile => self.filed.write(from.write(false), logs),
            TaskOp::Claim => element(&mut self.claims, from.by, from.write(true), logs),
            TaskOp::GiveBack => element(&mut self.claims, from.by, from.write(false), logs),
            TaskOp::Assign(member) => element(&mut self.assignees, *member, from.write(true), logs),
            TaskOp::Unassign(member) => element(&mut self.assignees, *member, from.write(false), logs),
            TaskOp::AddLabel(label) => element(&mut self.labels, label.clone(), from.write(true), logs),
            TaskOp::RemoveLabel(label) => element(&mut self.labels, label.clone(), from.write(false), logs),
            TaskOp::Widen(role) => element(&mut self.roles, *role, from.write(true), logs),
            TaskOp::Narrow(role) => element(&mut self.roles, *role, from.write(false), logs),
            TaskOp::WidenTo(member) => element(&mut self.persons, *member, from.write(true), logs),
            TaskOp::NarrowTo(member) => element(&mut self.persons, *member, from.write(false), logs),
            TaskOp::SetOwner(text) => self.owner.write(from.write(text.clone()), logs),
            TaskOp::SetStarted(text) => self.started.write(from.write(text.clone()), logs),
            TaskOp::SetFinished(text) => self.finished.write(from.write(text.clone()), logs),
            TaskOp::SetDue(due) => self.due.write(from.write(*due), logs),
            TaskOp::SetPriority(priority) => self.priority.write(from.write(*priority), logs),
            TaskOp::SetOrigin(origin) => self.origin.write(from.write(origin.clone()), logs),
            TaskOp::Set(detail) => {
                self.details.entry(detail.number()).or_default().write(from.write(detail.clone()), logs);
            }
            TaskOp::SetCheck { check, text } => {
                self.checks.entry(*check).or_default().text.write(from.write(text.clone()), logs);
            }
            TaskOp::Tick { check, done } => self.checks.entry(*check).or_default().done.write(from.write(*done), logs),
            TaskOp::Add(added) => element(&mut self.elements, added.clone(), from.write(true), logs),
            TaskOp::Remove(removed) => element(&mut self.elements, removed.clone(), from.write(false), logs),
            TaskOp::Release(member) => element(&mut self.claims, *member, from.write(false), logs),
            TaskOp::PartOf { import, of } if self.is_created_at(from.at) => self.import = Some((*import, *of)),
            TaskOp::InstanceOf { of, since } if self.is_created_at(from.at) => self.instance_of = Some((*of, *since)),
            // Said by another creation at its place (T6).
            TaskOp::PartOf { .. } | TaskOp::InstanceOf { .. } => {}
            // The thread is not a register, and keys are none of the task; `Unknown` keeps a whole item away.
            TaskOp::Comment(_)
            | TaskOp::Quote(_)
            | TaskOp::Review { .. }
            | TaskOp::HandOn(_)
            | TaskOp::Unknown { .. } => {}
        }
    }
}

fn element<E: Ord>(set: &mut BTreeMap<E, Register<bool>>, element: E, write: Write<bool>, logs: &Logs) {
    set.entry(element).or_default().write(write, logs);
}

#[cfg(test)]
pub(super) mod for_tests {
    use core::cell::Cell;

    std::thread_local! {
        static LOOKED: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn looked() {
        LOOKED.set(LOOKED.get() + 1);
    }

    /// How many marks were looked at by this thread.
    pub(crate) fn marks_looked_at() -> u64 {
        LOOKED.get()
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// T13 as it is written: each one who found it good against all that was said.
    fn by_definition(marks: &[Mark]) -> Vec<(RoleId, MemberId)> {
        let stands = |good: &&Mark| {
            let against = marks.iter().filter(|mark| mark.said != Said::Good && mark.depth >= good.depth);
            !{ against }.any(|mark| mark.said == Said::Again || mark.by == good.by)
        };
        marks.iter().filter(|mark| mark.said == Said::Good).filter(stands).map(|mark| (mark.role, mark.by)).collect()
    }

    #[test]
    fn who_found_it_good_is_found_in_one_pass() {
        let mut rng = StdRng::seed_from_u64(7);
        for _ in 0..2_000 {
            let most = rng.random_range(0..20);
            let mut marks: Vec<Mark> = (0..rng.random_range(0..12))
                .map(|n| Mark {
                    depth: rng.random_range(0..=most),
                    at: Place { entry: EntryId([n; 32]), item: 0, op: 0 },
                    by: MemberId([rng.random_range(0..4); 32]),
                    role: RoleId(rng.random_range(1..3)),
                    dot: Dot { chain: 0, seq: n.into() },
                    said: [Said::Good, Said::Good, Said::NotYet, Said::Again][rng.random_range(0..4)],
                })
                .collect();
            marks.sort_unstable();
            let expected = by_definition(&marks);
            assert_eq!(Task { marks, ..Task::default() }.agreed_now(), expected);
        }
    }
}
