//! The tasks as the opened items make them: a fold that gives the same result for every order (docs/protocol/05-tasks.md).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::authority::{Authority, Occasion};
use crate::detail::Element;
use crate::entry::{Content, Entry};
use crate::id::{AuthorId, EntryId, MemberId, RoleId, TaskId};
use crate::logs::Logs;
use crate::refusal::Refusal;
use crate::register::Place;
use crate::rule::{Object, Verb};
use crate::shelf::{Changes, ItemNote, ThreadChange};
use crate::task_op::TaskOp;

mod task;

use task::Source;
#[cfg(test)]
pub(crate) use task::for_tests::marks_looked_at;
pub use task::{Check, Comment, Creation, Mark, Quoted, Said, Task};

/// The tasks in memory that can be read here.
pub struct Tasks {
    /// Whose own changes are followed.
    device: AuthorId,
    tasks: BTreeMap<TaskId, Task>,
    /// Of a task: those that name it, by a relation or because they repeat it, or did so once.
    naming: BTreeMap<TaskId, BTreeSet<TaskId>>,
    /// Tasks that were ever opened to others than the readers of the role at which they are at home.
    opened: BTreeSet<TaskId>,
    waiting: BTreeSet<(EntryId, u16)>,
    refused: BTreeMap<(EntryId, u16), Refusal>,
    needs_newer: BTreeSet<(EntryId, u16)>,
    changed: BTreeSet<TaskId>,
    changes: Changes,
}

/// An opened item.
#[derive(Clone)]
pub struct Opened {
    /// The entry and the item in it; the op is 0.
    pub at: Place,
    /// By whom.
    pub by: MemberId,
    /// With which device.
    pub author: AuthorId,
    /// The entry's place in that device's log.
    pub seq: u32,
    /// Claimed time.
    pub claimed_seconds: u64,
    /// The role with which they said it.
    pub role: RoleId,
    /// The roles that it is sealed to.
    pub audiences: Vec<RoleId>,
    /// The task.
    pub task: TaskId,
    /// The id that a task created here would have.
    pub own_id: TaskId,
    /// What is said.
    pub ops: Vec<TaskOp>,
}

impl Opened {
    /// From its entry.
    #[must_use]
    pub fn new(
        entry: &Entry,
        item: u16,
        (by, role): (MemberId, RoleId),
        task: TaskId,
        own_id: TaskId,
        ops: Vec<TaskOp>,
    ) -> Self {
        let body = entry.body();
        let audiences = match &body.content {
            Content::Role(part) => part.audiences.iter().map(|audience| audience.role).collect(),
            Content::Public(_) => Vec::new(),
        };
        Self {
            at: Place { entry: entry.id(), item, op: 0 },
            by,
            role,
            author: body.author,
            seq: body.seq,
            claimed_seconds: body.claimed_seconds,
            audiences,
            task,
            own_id,
            ops,
        }
    }
}

impl Tasks {
    /// None yet.
    #[must_use]
    pub fn of(device: AuthorId) -> Self {
        Self {
            device,
            tasks: BTreeMap::new(),
            naming: BTreeMap::new(),
            opened: BTreeSet::new(),
            waiting: BTreeSet::new(),
            refused: BTreeMap::new(),
            needs_newer: BTreeSet::new(),
            changed: BTreeSet::new(),
            changes: Changes::default(),
        }
    }

    /// A task by id, once its creation has been read.
    #[must_use]
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(&id).filter(|task| task.created.is_some())
    }

    /// All tasks whose creation has been read.
    pub fn iter(&self) -> impl Iterator<Item = (TaskId, &Task)> {
        self.tasks.iter().filter(|(_, task)| task.created.is_some()).map(|(id, task)| (*id, task))
    }

    /// Tasks that were ever opened to others than the readers of the role at which they are at home.
    pub(crate) const fn opened(&self) -> &BTreeSet<TaskId> {
        &self.opened
    }

    /// Tasks that name one, by a relation or because they repeat it.
    pub fn naming(&self, named: TaskId) -> impl Iterator<Item = (TaskId, &Task)> {
        let naming = self.naming.get(&named).into_iter().flatten();
        let known = naming.filter_map(|id| Some((*id, self.task(*id)?)));
        known.filter(move |(_, task)| task.named().any(|other| other == named))
    }

    /// Tasks that repeat one, and are not dropped.
    pub fn repetitions(&self, of: TaskId) -> impl Iterator<Item = (TaskId, &Task)> {
        let repeats = move |task: &Task| task.instance_of.is_some_and(|(repeated, _)| repeated == of);
        self.naming(of).filter(move |(_, task)| repeats(task) && !task.is_dropped())
    }

    /// The task shown in the place of one: another one where that is a copy, that is, nothing was said about it since somebody created it
    /// to repeat a task that somebody else repeated at the same time (T16).
    #[must_use]
    pub fn shown_for(&self, id: TaskId) -> TaskId {
        let Some((of, _)) = self.task(id).filter(|task| task.is_untouched()).and_then(|task| task.instance_of) else {
            return id;
        };
        let first = self.repetitions(of).min_by_key(|(_, task)| (task.is_untouched(), task.created.clone()));
        first.map_or(id, |(first, _)| first)
    }

    /// Items that the rules refuse, with the reason.
    #[must_use]
    pub const fn refused(&self) -> &BTreeMap<(EntryId, u16), Refusal> {
        &self.refused
    }

    /// Entries with items that a newer version will understand, and how many those are.
    #[must_use]
    pub fn needs_newer(&self) -> BTreeMap<EntryId, usize> {
        let mut entries = BTreeMap::new();
        for (entry, _) in &self.needs_newer {
            *entries.entry(*entry).or_default() += 1;
        }
        entries
    }

    #[cfg(test)]
    pub(crate) const fn newer_items(&self) -> &BTreeSet<(EntryId, u16)> {
        &self.needs_newer
    }

    /// Items that wait for a key or for their task's creation; [`WHOLE_ENTRY`](crate::shelf::WHOLE_ENTRY) for an entry none of
    /// whose could be opened.
    #[must_use]
    pub const fn waiting(&self) -> &BTreeSet<(EntryId, u16)> {
        &self.waiting
    }

    /// Notes what became of an item, instead of what was noted before.
    pub(crate) fn note(&mut self, entry: EntryId, item: u16, note: ItemNote) {
        let at = (entry, item);
        self.waiting.remove(&at);
        self.refused.remove(&at);
        self.needs_newer.remove(&at);
        match &note {
            ItemNote::Nothing => {}
            ItemNote::Refused(refusal) => drop(self.refused.insert(at, refusal.clone())),
            ItemNote::Newer => drop(self.needs_newer.insert(at)),
            ItemNote::Waits => drop(self.waiting.insert(at)),
        }
        self.changes.items.push((entry, item, note));
    }

    /// A task that is to be made again: nothing of it stays.
    pub(crate) fn empty(&mut self, task: TaskId) {
        self.tasks.remove(&task);
        self.changed.insert(task);
        self.changes.threads.push((task, ThreadChange::Emptied));
    }

    /// Notes that a task is to be kept again.
    pub(crate) fn note_change(&mut self, task: TaskId) {
        self.changed.insert(task);
    }

    /// Takes a task back into memory.
    pub fn put_back(&mut self, id: TaskId, task: Task) {
        if !(task.roles.is_empty() && task.persons.is_empty()) {
            self.opened.insert(id);
        }
        for other in task.named() {
            self.naming.entry(other).or_default().insert(id);
        }
        self.tasks.insert(id, task);
    }

    /// Puts down the lines of threads, and what was noted of items.
    pub fn put_down(&mut self) {
        self.tasks.values_mut().for_each(|task| task.comments.clear());
        self.waiting.clear();
        self.refused.clear();
        self.needs_newer.clear();
    }

    /// Hands out what changed since the last call.
    pub(crate) fn take_changes(&mut self, changes: &mut Changes) {
        changes.tasks.extend(core::mem::take(&mut self.changed));
        changes.threads.append(&mut self.changes.threads);
        changes.items.append(&mut self.changes.items);
    }

    /// Judges an opened item and lets it have its effect. Whole items count or do not (T3).
    pub fn take(&mut self, authority: &Authority, logs: &Logs, opened: &Opened) {
        let Place { entry, item, .. } = opened.at;
        let creates = matches!(opened.ops.first(), Some(TaskOp::Create { .. }));
        if !creates && self.task(opened.task).is_none() {
            // *Own* cannot be told before the creation is read, so the item waits for it (T4).
            return self.note(entry, item, ItemNote::Waits);
        }
        // T14: what creates a task is for one role.
        let fits = !creates || matches!(opened.audiences[..], [home] if home != RoleId::DEVICES);
        if !fits || opened.ops.iter().any(|op| matches!(op, TaskOp::Unknown { .. })) {
            return self.note(entry, item, ItemNote::Newer);
        }
        match self.judge(authority, logs, opened) {
            Ok(()) => self.apply(logs, opened),
            Err(refusal) => self.note(entry, item, ItemNote::Refused(refusal)),
        }
    }

    fn judge(&self, authority: &Authority, logs: &Logs, opened: &Opened) -> Result<(), Refusal> {
        let creates = matches!(opened.ops.first(), Some(TaskOp::Create { .. }));
        let creates_again = opened.ops.iter().skip(1).any(|op| matches!(op, TaskOp::Create { .. }));
        // T12, T16: an import, or what is repeated, is named where its task is created, and once.
        let only_once = |of: fn(&TaskOp) -> bool| opened.ops.iter().filter(|op| of(op)).count() <= usize::from(creates);
        let named_once = only_once(|op| matches!(op, TaskOp::PartOf { .. }))
            && only_once(|op| matches!(op, TaskOp::InstanceOf { .. }));
        if creates_again || (creates && opened.task != opened.own_id) || !named_once {
            return Err(Refusal::NotACreation); // T2
        }
        let task = self.task(opened.task);
        let creator = task.and_then(|task| task.created.as_ref()).map(|created| created.by);
        let own = creates || creator == Some(opened.by);
        let home = task.and_then(Task::home).filter(|_| !creates).unwrap_or(opened.audiences[0]);
        let needed = TaskOp::verbs(&opened.ops).ok_or(Refusal::NeedsNewer)?;
        // What was said of how it was done can be much: it is looked at only where some line asks for it.
        let asks = |verb: &Verb| authority.may_ask_others(*verb, Object::Role(home));
        let asked = task.filter(|_| needed.iter().flat_map(|verbs| verbs.iter()).any(asks));
        let agreed = asked.map(|task| task.agreed(logs, opened.at.entry)).unwrap_or_default();
        let occasion = Occasion { by: opened.by, own, entries: opened.seq, agreed: &agreed };
        for verbs in needed {
            let allowed =
                |verb: &Verb| authority.allowed_then(logs, opened.at.entry, *verb, Object::Role(home), &occasion);
            any_of(verbs, allowed)?;
        }
        for op in &opened.ops {
            // T5: a member is named by a first entry, and that must be in the past of what names the member.
            if let TaskOp::Assign(member)
            | TaskOp::Unassign(member)
            | TaskOp::WidenTo(member)
            | TaskOp::NarrowTo(member)
            | TaskOp::Release(member)
            | TaskOp::Add(Element::Reviewer { member })
            | TaskOp::Remove(Element::Reviewer { member }) = op
                && !(logs.in_past(EntryId(member.0), opened.at.entry) && authority.members().contains_key(member))
            {
                return Err(Refusal::NoSuchMember);
            }
        }
        Ok(())
    }

    fn apply(&mut self, logs: &Logs, opened: &Opened) {
        let entry = opened.at.entry;
        let (Some(dot), Some(depth)) = (logs.dot(entry), logs.depth(entry)) else { return };
        let task = self.tasks.entry(opened.task).or_default();
        self.changed.insert(opened.task);
        let news = task.news.entry(opened.by).or_default();
        *news = opened.claimed_seconds.max(*news);
        if opened.author == self.device {
            task.newest_own = task.newest_own.max(Some((dot, entry)));
        }
        for (index, op) in opened.ops.iter().enumerate() {
            let at = Place { op: u16::try_from(index).expect("at most MAX_ITEM_OPS"), ..opened.at };
            let Opened { by, claimed_seconds, ref audiences, .. } = *opened;
            let from = Source { at, by, dot, depth, claimed_seconds, audience: audiences[0] };
            if let Some(comment) = from.comment(opened.author, op) {
                task.comment_count = task.comment_count.saturating_add(1);
                task.comments.push(comment.clone());
                self.changes.threads.push((opened.task, ThreadChange::Line(comment)));
            } else {
                if let TaskOp::Add(Element::Relation { task: other, .. }) | TaskOp::InstanceOf { of: other, .. } = op {
                    self.naming.entry(*other).or_default().insert(opened.task);
                }
                if let TaskOp::Widen(_) | TaskOp::WidenTo(_) = op {
                    self.opened.insert(opened.task);
                }
                task.apply(logs, op, from);
                task.mark(op, from, opened.role);
            }
        }
    }
}

/// The first of several that will do; why not, of the last.
pub(crate) fn any_of(verbs: &[Verb], allowed: impl Fn(&Verb) -> Result<(), Refusal>) -> Result<(), Refusal> {
    verbs.iter().map(allowed).reduce(Result::or).unwrap_or(Ok(()))
}
