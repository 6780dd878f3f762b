//! From what a person wants to signed entries, or a numbered refusal (docs/protocol/05-tasks.md, "Commands").

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use pursuance_wire::RelayAddress;

use crate::authority::{Occasion, Presence};
use crate::codec::is_clean_char;
use crate::command::Command;
use crate::crypto::Seed;
use crate::day::Day;
use crate::entry::{Body, Content, Entry, EntryError, GrantRef};
use crate::id::{EntryId, MemberId, RoleId, TaskId};
use crate::importing::when;
use crate::keys::{EpochSecret, InviteSecret};
use crate::limits::{
    MAX_ASSIGNEES, MAX_BODY_BYTES, MAX_COMMENT_BYTES, MAX_LABEL_BYTES, MAX_LABELS, MAX_PRIORITY, MAX_RELAYS,
    MAX_TITLE_BYTES,
};
use crate::op::Since;
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::seal::{GivesKey, Item, TaskKey, Where, seal_items, task_id};
use crate::shelf::{Nothing, Shelf};
use crate::task::Status;
use crate::task_op::TaskOp;
use crate::tasks::{Said, Task};

pub use crate::importing::{ImportPlan, ImportTask};

/// The parent of each task; `None` below the mission.
pub type Parents = alloc::collections::BTreeMap<TaskId, Option<TaskId>>;

/// Signed entries, ready for the one door, and what else came of a command.
pub struct Authored {
    /// In the order in which they are to be appended.
    pub entries: Vec<Entry>,
    /// Commands that take it back; empty where nothing can.
    pub undo: Vec<Command>,
    /// The task created, if one was.
    pub task: Option<TaskId>,
    /// The invite made, if one was.
    pub invite: Option<(GrantRef, InviteSecret)>,
}

/// What is outside of this room and a command needs.
pub struct Circumstances<'a> {
    /// This computer's clock, seconds since 1970: claimed, never decides.
    pub now_seconds: u64,
    /// Randomness.
    pub seed: &'a mut Seed,
    /// Where this pursuance begins on its relays, as far as is known here (for invites).
    pub since: Vec<Since>,
}

/// Who is to read what is said.
pub(crate) struct Audience {
    role: RoleId,
    epoch: EpochSecret,
    /// The entry that makes the epoch, where none could be used: it comes before what is said.
    made: Option<Entry>,
}

/// Ops about one task, before they are sealed.
pub(crate) struct Draft {
    pub task: TaskId,
    pub ops: Vec<TaskOp>,
    pub undo: Vec<Command>,
}

impl Replica {
    /// Plans and signs a command; changes nothing here.
    ///
    /// # Errors
    /// [`Refusal`], the reason for which every other client would refuse it too, or which only this one gives.
    pub fn command(&self, command: &Command, with: &mut Circumstances<'_>) -> Result<Authored, Refusal> {
        self.command_from(command, with, &Nothing)
    }

    /// [`command`](Self::command) for a replica that holds only a part in memory.
    ///
    /// # Errors
    /// As [`command`](Self::command).
    pub fn command_from(
        &self,
        command: &Command,
        with: &mut Circumstances<'_>,
        shelf: &dyn Shelf,
    ) -> Result<Authored, Refusal> {
        if is_public(command) {
            return self.govern(command, with);
        }
        let me = self.writer()?;
        match command {
            Command::CreateTask { title, parent, assignees, labels, due, priority, home } => {
                within(assignees.len(), MAX_ASSIGNEES)?;
                within(labels.len(), MAX_LABELS)?;
                let mut ops = vec![TaskOp::SetTitle(line(title, MAX_TITLE_BYTES)?)];
                for member in assignees {
                    self.known_member(*member)?;
                    ops.push(TaskOp::Assign(*member));
                }
                for label in labels {
                    ops.push(TaskOp::AddLabel(line(label, MAX_LABEL_BYTES)?));
                }
                ops.extend(when(due_day(due.as_deref())?, *priority)?);
                self.create_task(me, *parent, *home, ops, with)
            }
            Command::SuggestTask { title, parent } => {
                let ops = vec![TaskOp::Step(Status::Suggested), TaskOp::SetTitle(line(title, MAX_TITLE_BYTES)?)];
                self.create_task(me, *parent, None, ops, with)
            }
            Command::Repeat { task } => {
                let next = self.next_of_row(*task, with.now_seconds).ok_or(Refusal::NothingToChange)?;
                self.author_next(me, next, &[], with)
            }
            about_task => {
                let drafted = self.draft_with(about_task, with).unwrap_or_else(|| self.draft(me, about_task))?;
                let Draft { task: id, ops, mut undo } = drafted;
                let task = self.tasks.task(id).ok_or(Refusal::NoSuchTask)?;
                let by = self.grant_to_say(me, &ops, task)?;
                let ends = ops.contains(&TaskOp::End(Status::Done));
                let mut entries = self.say((id, task), ops, by, with, shelf)?;
                if ends && let Some(next) = self.next_of_row(id, with.now_seconds) {
                    // Whoever may not create it leaves that to others.
                    if let Ok(next) = self.author_next(me, next, &entries, with) {
                        entries.extend(next.entries);
                        undo.extend(next.undo);
                    }
                }
                Ok(Authored { entries, undo, task: None, invite: None })
            }
        }
    }

    /// The effective parent of each task that can be read: a parent that cannot be read, or would close a circle, is none.
    ///
    /// A circle made by concurrent moves is broken where its junior-most move stands, the same way everywhere (T10).
    #[must_use]
    pub fn parents(&self) -> Parents {
        let mut parents = Parents::new();
        for (id, task) in self.tasks.iter() {
            let shown = task.parent.shown(|member| self.authority.seniority(member)).copied().flatten();
            // A copy is not shown; what stands below it is below the one that is (T16).
            if self.tasks.shown_for(id) == id {
                let known = shown.filter(|parent| self.tasks.task(*parent).is_some());
                parents.insert(id, known.map(|parent| self.tasks.shown_for(parent)));
            }
        }
        let mut settled = alloc::collections::BTreeSet::new();
        let ids: Vec<TaskId> = parents.keys().copied().collect();
        for id in ids {
            let mut path = Vec::new();
            let mut steps = alloc::collections::BTreeMap::new();
            let mut at = Some(id);
            while let Some(task) = at {
                if settled.contains(&task) {
                    break;
                }
                if let Some(start) = steps.insert(task, path.len()) {
                    let junior = path[start..].iter().max_by_key(|task| self.move_rank(**task)).copied();
                    if let Some(junior) = junior {
                        parents.insert(junior, None);
                    }
                    break;
                }
                path.push(task);
                at = parents.get(&task).copied().flatten();
            }
            settled.extend(path);
        }
        parents
    }

    fn move_rank(&self, task: TaskId) -> Option<(Option<&crate::authority::SeniorityKey>, crate::register::Place)> {
        let task = self.tasks.task(task)?;
        let ranked = task.parent.ranked(|member| self.authority.seniority(member));
        ranked.first().map(|write| (self.authority.seniority(write.by), write.at))
    }

    /// Creates a task of which these say what it is; at home where its parent is, unless another role is named.
    fn create_task(
        &self,
        me: MemberId,
        parent: Option<TaskId>,
        home: Option<RoleId>,
        says: Vec<TaskOp>,
        with: &mut Circumstances<'_>,
    ) -> Result<Authored, Refusal> {
        let parents = parent.map(|parent| self.tasks.task(parent).and_then(Task::home).ok_or(Refusal::NoSuchTask));
        let home = home.or(parents.transpose()?).unwrap_or(RoleId::EVERYONE);
        let ops: Vec<TaskOp> = core::iter::once(TaskOp::Create { parent }).chain(says).collect();
        self.create_after(me, home, ops, &[], with)
    }

    /// The same, with all that it says, after entries that are not appended yet.
    pub(crate) fn create_after(
        &self,
        me: MemberId,
        home: RoleId,
        ops: Vec<TaskOp>,
        after: &[Entry],
        with: &mut Circumstances<'_>,
    ) -> Result<Authored, Refusal> {
        let by = self.grant_to_create(me, &ops, home)?;
        let audience = self.audience(home, with)?;
        if audience.made.is_some() && !after.is_empty() {
            // Its place would be that of the first of those entries.
            return Err(Refusal::NotWelcomedYet);
        }
        let before = audience.made.as_ref().or(after.last());
        let key = TaskKey(with.seed.draw());
        let task = task_id(self.place_after(by, before), 0, &key);
        let item = Item { task, generation: 0, key, gives_key: GivesKey::Yes, ops };
        let entry = self.sign_items(&[item], &audience, by, before, with);
        let entries = audience.made.into_iter().chain([entry]).collect();
        let undo = vec![Command::SetStatus { task, status: Status::Dropped }];
        Ok(Authored { entries, undo, task: Some(task), invite: None })
    }

    pub(crate) fn draft(&self, me: MemberId, command: &Command) -> Result<Draft, Refusal> {
        if let Some(detail) = self.draft_detail(command) {
            return detail;
        }
        let known = |id: &TaskId| self.tasks.task(*id).map(|task| (*id, task)).ok_or(Refusal::NoSuchTask);
        let rank = |member| self.authority.seniority(member);
        let (id, ops, undo) = match command {
            Command::SetTitle { task, title } => {
                let (id, task) = known(task)?;
                let title = line(title, MAX_TITLE_BYTES)?;
                let old = task.title.shown(rank).cloned().unwrap_or_default();
                changed(task.title.writes().len() > 1 || title != old)?;
                (id, vec![TaskOp::SetTitle(title)], vec![Command::SetTitle { task: id, title: old }])
            }
            Command::SetBody { task, body } => {
                let (id, task) = known(task)?;
                let body = text(body, MAX_BODY_BYTES)?;
                let old = task.body.shown(rank).cloned().unwrap_or_default();
                changed(task.body.writes().len() > 1 || body != old)?;
                (id, vec![TaskOp::SetBody(body)], vec![Command::SetBody { task: id, body: old }])
            }
            Command::SetStatus { task, status } => {
                let (id, task) = known(task)?;
                let (old, two_answers) = task.status(rank);
                changed(two_answers || *status != old)?;
                let ended = matches!(old, Status::Done | Status::Dropped) || two_answers;
                let ops = match status {
                    Status::Suggested => return Err(Refusal::NoSuchStep),
                    Status::Done | Status::Dropped => vec![TaskOp::End(*status)],
                    step if ended => vec![TaskOp::Reopen, TaskOp::Step(*step)],
                    step => vec![TaskOp::Step(*step)],
                };
                let old = if old == Status::Suggested { Status::Open } else { old };
                (id, ops, vec![Command::SetStatus { task: id, status: old }])
            }
            Command::MoveTask { task, parent } => return self.draft_move(*task, *parent, &self.parents()),
            Command::Assign { task, member } => {
                let (id, task) = known(task)?;
                self.known_member(*member)?;
                changed(!task.assignees.get(member).is_some_and(crate::register::Register::is_there))?;
                (id, vec![TaskOp::Assign(*member)], vec![Command::Unassign { task: id, member: *member }])
            }
            Command::Unassign { task, member } => {
                let (id, task) = known(task)?;
                changed(task.assignees.get(member).is_some_and(crate::register::Register::is_there))?;
                (id, vec![TaskOp::Unassign(*member)], vec![Command::Assign { task: id, member: *member }])
            }
            Command::Claim { task } => {
                let (id, task) = known(task)?;
                let claimants = task.claimants(rank);
                changed(!claimants.contains(&me))?;
                if claimants.len() >= task.places(rank) {
                    return Err(Refusal::ClaimedByOther);
                }
                let mut ops = vec![TaskOp::Claim];
                if matches!(task.status(rank).0, Status::Suggested | Status::Open) {
                    ops.push(TaskOp::Step(Status::Doing));
                }
                (id, ops, vec![Command::GiveBack { task: id }])
            }
            Command::GiveBack { task } => {
                let (id, task) = known(task)?;
                if !task.claims.get(&me).is_some_and(crate::register::Register::is_there) {
                    return Err(Refusal::NotClaimed);
                }
                let mut ops = vec![TaskOp::GiveBack];
                if task.status(rank).0 == Status::Doing {
                    ops.push(TaskOp::Step(Status::Open));
                }
                (id, ops, vec![Command::Claim { task: id }])
            }
            Command::Comment { task, text: said } => {
                let (id, _) = known(task)?;
                let said = text(said, MAX_COMMENT_BYTES)?;
                if said.is_empty() {
                    return Err(Refusal::Empty);
                }
                (id, vec![TaskOp::Comment(said)], Vec::new())
            }
            Command::AddLabel { task, label } => {
                let (id, task) = known(task)?;
                let label = line(label, MAX_LABEL_BYTES)?;
                changed(!task.labels.get(&label).is_some_and(crate::register::Register::is_there))?;
                (id, vec![TaskOp::AddLabel(label.clone())], vec![Command::RemoveLabel { task: id, label }])
            }
            Command::RemoveLabel { task, label } => {
                let (id, task) = known(task)?;
                changed(task.labels.get(label).is_some_and(crate::register::Register::is_there))?;
                let label = label.clone();
                (id, vec![TaskOp::RemoveLabel(label.clone())], vec![Command::AddLabel { task: id, label }])
            }
            Command::SetDue { task, due } => {
                let (id, task) = known(task)?;
                let due = due_day(due.as_deref())?;
                let old = task.due.shown(rank).copied().flatten();
                changed(task.due.writes().len() > 1 || due != old)?;
                let old = old.map(|day| day.to_string());
                (id, vec![TaskOp::SetDue(due)], vec![Command::SetDue { task: id, due: old }])
            }
            Command::Review { task, good } => {
                let (id, task) = known(task)?;
                let says = if *good { Said::Good } else { Said::NotYet };
                changed(task.last_said(me) != Some(says))?;
                (id, vec![TaskOp::Review { good: *good }], vec![Command::Review { task: id, good: !good }])
            }
            Command::SetFiled { task, filed } => {
                let (id, task) = known(task)?;
                changed(task.filed.is_there() != *filed)?;
                let op = if *filed { TaskOp::File } else { TaskOp::Unfile };
                (id, vec![op], vec![Command::SetFiled { task: id, filed: !filed }])
            }
            // What somebody could read once cannot be taken back, so there is nothing to undo.
            Command::Widen { task, role } => {
                let (id, task) = known(task)?;
                self.authority.role(*role).ok_or(Refusal::NoSuchRole)?;
                changed(!task.read_by().any(|reads| reads == *role))?;
                (id, vec![TaskOp::Widen(*role)], Vec::new())
            }
            Command::WidenTo { task, member } => {
                let (id, task) = known(task)?;
                self.known_member(*member)?;
                changed(!task.read_by_persons().any(|reads| reads == *member))?;
                (id, vec![TaskOp::WidenTo(*member)], Vec::new())
            }
            Command::Narrow { task, role } => {
                let (id, task) = known(task)?;
                changed(task.home() != Some(*role) && task.read_by().any(|reads| reads == *role))?;
                (id, vec![TaskOp::Narrow(*role)], vec![Command::Widen { task: id, role: *role }])
            }
            Command::NarrowTo { task, member } => {
                let (id, task) = known(task)?;
                changed(task.read_by_persons().any(|reads| reads == *member))?;
                (id, vec![TaskOp::NarrowTo(*member)], vec![Command::WidenTo { task: id, member: *member }])
            }
            Command::SetPriority { task, priority: wanted } => {
                let (id, task) = known(task)?;
                let wanted = priority(*wanted)?;
                let old = task.priority.shown(rank).copied().unwrap_or(0);
                changed(task.priority.writes().len() > 1 || wanted != old)?;
                (id, vec![TaskOp::SetPriority(wanted)], vec![Command::SetPriority { task: id, priority: old }])
            }
            _ => unreachable!("planned where they are matched"),
        };
        Ok(Draft { task: id, ops, undo })
    }

    /// A move, where tasks stand as `parents` says.
    pub(crate) fn draft_move(&self, id: TaskId, parent: Option<TaskId>, parents: &Parents) -> Result<Draft, Refusal> {
        self.tasks.task(id).ok_or(Refusal::NoSuchTask)?;
        let old = parents.get(&id).copied().flatten();
        changed(parent != old)?;
        let mut above = parent;
        while let Some(step) = above {
            if step == id {
                return Err(Refusal::Cycle);
            }
            above = *parents.get(&step).ok_or(Refusal::NoSuchTask)?;
        }
        let undo = vec![Command::MoveTask { task: id, parent: old }];
        Ok(Draft { task: id, ops: vec![TaskOp::Move { parent }], undo })
    }

    /// Whoever may sign here: a member who is here and holds a usable epoch, with a device of theirs whose log goes on here.
    pub(crate) fn writer(&self) -> Result<MemberId, Refusal> {
        if self.is_overtaken() {
            return Err(Refusal::OvertakenElsewhere);
        }
        if let Some(absence) = self.absence() {
            return Err(absence);
        }
        self.me().filter(|_| self.is_member()).ok_or(Refusal::NotWelcomedYet)
    }

    /// The grant by which the rules let a member create a task of which these say what it is, and by which they read its home.
    pub(crate) fn grant_to_create(&self, member: MemberId, ops: &[TaskOp], home: RoleId) -> Result<GrantRef, Refusal> {
        let verbs = TaskOp::verbs(ops).ok_or(Refusal::NeedsNewer)?;
        let occasion = self.occasion(member, None, &[]);
        self.authority.grant_for_all(member, &verbs, home, &occasion)
    }

    /// The grant by which the rules let a member say these of a task, and its role: one by which they read it, if there is one; whoever
    /// it was opened to as a person reads it by none.
    pub(crate) fn grant_to_say(
        &self,
        member: MemberId,
        ops: &[TaskOp],
        task: &Task,
    ) -> Result<(GrantRef, RoleId), Refusal> {
        let home = task.home().ok_or(Refusal::NoSuchTask)?;
        let verbs = TaskOp::verbs(ops).ok_or(Refusal::NeedsNewer)?;
        let agreed = task.agreed_now();
        let occasion = self.occasion(member, Some(task), &agreed);
        let allowed = self.authority.grants_for_all(member, &verbs, home, &occasion)?;
        let mut by_rank = task.read_by().filter_map(|role| {
            let by = self.authority.reading_roles(role);
            allowed.iter().find(|(_, held)| by.contains(held) || by.contains(&RoleId::EVERYONE)).copied()
        });
        by_rank.next().or(allowed.first().copied()).ok_or(Refusal::GrantNotHeld)
    }

    /// What a member would do now to a task, or to a new one.
    pub(crate) fn occasion<'a>(
        &self,
        member: MemberId,
        task: Option<&Task>,
        agreed: &'a [(RoleId, MemberId)],
    ) -> Occasion<'a> {
        let own = task.is_none_or(|task| created_by(task, member));
        let entries = self.logs.tip(self.device.author()).map_or(0, |tip| tip.seq + 1);
        Occasion { by: member, own, entries, agreed }
    }

    /// This device's newest entry.
    pub(crate) fn my_tip(&self) -> Option<EntryId> {
        self.logs.tip(self.device.author()).map(|tip| tip.id)
    }

    pub(crate) fn known_member(&self, member: MemberId) -> Result<(), Refusal> {
        let known = self.authority.members().get(&member);
        if known.is_some_and(|known| known.presence == Presence::Here) { Ok(()) } else { Err(Refusal::NoSuchMember) }
    }

    /// What seals tasks of a role now.
    ///
    /// # Errors
    /// As [`Self::epoch_for`].
    pub(crate) fn audience(&self, role: RoleId, with: &mut Circumstances<'_>) -> Result<Audience, Refusal> {
        let (made, epoch) = self.epoch_for(role, with.now_seconds, with.seed)?;
        Ok(Audience { role, epoch, made })
    }

    /// Seals items to an audience and signs the entry.
    pub(crate) fn sign_items(
        &self,
        items: &[Item],
        to: &Audience,
        by: GrantRef,
        after: Option<&Entry>,
        with: &mut Circumstances<'_>,
    ) -> Entry {
        let part = seal_items(self.place_after(by, after), to.role, &to.epoch, items, with.seed);
        self.sign_next(Content::Role(part), by, after, with.now_seconds)
    }

    pub(crate) fn place_after(&self, by: GrantRef, after: Option<&Entry>) -> Where {
        let author = self.device.author();
        let last = after.map(|entry| entry.body().seq).or_else(|| self.logs.tip(author).map(|tip| tip.seq));
        Where { pursuance: self.pursuance, author, seq: last.map_or(0, |seq| seq + 1), by }
    }

    /// The grant by which I hold my senior role.
    pub(crate) fn my_grant(&self) -> Option<GrantRef> {
        Some(self.authority.members().get(&self.me()?)?.grant)
    }

    /// Signs my next entry, after `after` where that has not been appended yet.
    pub(crate) fn sign_next(&self, content: Content, by: GrantRef, after: Option<&Entry>, now_seconds: u64) -> Entry {
        self.try_sign_next(content, by, after, now_seconds).expect("own bodies are well formed")
    }

    /// The same of what can become too long by what others said.
    ///
    /// # Errors
    /// [`EntryError`].
    pub(crate) fn try_sign_next(
        &self,
        content: Content,
        by: GrantRef,
        after: Option<&Entry>,
        now_seconds: u64,
    ) -> Result<Entry, EntryError> {
        let author = self.device.author();
        let tip = after.map(|entry| (entry.id(), entry.body().seq));
        let tip = tip.or_else(|| self.logs.tip(author).map(|tip| (tip.id, tip.seq)));
        let heads: Vec<EntryId> = match (after, tip) {
            (Some(_), _) => Vec::new(),
            (None, Some(_)) => self.logs.heads_for(author),
            (None, None) => self.first_heads(self.logs.heads_for(author)),
        };
        let body = Body {
            author,
            seq: tip.map_or(0, |(_, seq)| seq + 1),
            prev: tip.map(|(id, _)| id),
            heads,
            by: Some(by),
            claimed_seconds: now_seconds,
            checkpoints: Vec::new(),
            content,
        };
        Entry::try_sign(&self.device.signing, Some(self.pursuance), &body)
    }
}

/// Relay addresses from their text form.
///
/// # Errors
/// [`Refusal::NotARelayAddress`], [`Refusal::TooMany`].
pub fn parse_relays(relays: &[String]) -> Result<Vec<RelayAddress>, Refusal> {
    within(relays.len(), MAX_RELAYS)?;
    relays.iter().map(|relay| relay.trim().parse().map_err(|_| Refusal::NotARelayAddress)).collect()
}

/// One line of text: trimmed, not empty, within its limit.
///
/// # Errors
/// [`Refusal::Empty`], [`Refusal::TooLong`].
pub fn line(given: &str, max_bytes: usize) -> Result<String, Refusal> {
    let flat: String =
        given.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| is_clean_char(*c)).collect();
    let flat = flat.trim();
    if flat.is_empty() {
        return Err(Refusal::Empty);
    }
    fits(flat, max_bytes)?;
    Ok(flat.into())
}

/// Text of several lines: control characters go, the rest stays as typed.
///
/// # Errors
/// [`Refusal::TooLong`].
pub fn text(given: &str, max_bytes: usize) -> Result<String, Refusal> {
    let given = given.replace("\r\n", "\n");
    let kept: String = given.chars().filter(|c| is_clean_char(*c)).collect();
    let kept = kept.trim_end();
    fits(kept, max_bytes)?;
    Ok(kept.into())
}

/// The day that a text names, if it names one.
pub(crate) fn due_day(given: Option<&str>) -> Result<Option<Day>, Refusal> {
    given.map(|text| Day::parse(text.trim()).map_err(|_| Refusal::NotADay)).transpose()
}

/// One of the priorities there are.
pub(crate) const fn priority(given: u8) -> Result<u8, Refusal> {
    if given <= MAX_PRIORITY { Ok(given) } else { Err(Refusal::NoSuchPriority) }
}

/// Whether a wish becomes ops of the public layer.
const fn is_public(command: &Command) -> bool {
    !matches!(
        command,
        Command::CreateTask { .. }
            | Command::SuggestTask { .. }
            | Command::Review { .. }
            | Command::SetFiled { .. }
            | Command::SetTitle { .. }
            | Command::SetBody { .. }
            | Command::SetStatus { .. }
            | Command::MoveTask { .. }
            | Command::Assign { .. }
            | Command::Unassign { .. }
            | Command::Claim { .. }
            | Command::GiveBack { .. }
            | Command::Comment { .. }
            | Command::AddLabel { .. }
            | Command::RemoveLabel { .. }
            | Command::SetDue { .. }
            | Command::SetPriority { .. }
            | Command::SetDetail { .. }
            | Command::SetElement { .. }
            | Command::AddCheck { .. }
            | Command::SetCheck { .. }
            | Command::Tick { .. }
            | Command::TakeOver { .. }
            | Command::Repeat { .. }
            | Command::Widen { .. }
            | Command::WidenTo { .. }
            | Command::Narrow { .. }
            | Command::NarrowTo { .. }
    )
}

fn created_by(task: &Task, member: MemberId) -> bool {
    task.created.as_ref().is_some_and(|created| created.by == member)
}

pub(crate) fn changed(changes: bool) -> Result<(), Refusal> {
    if changes { Ok(()) } else { Err(Refusal::NothingToChange) }
}

pub(crate) fn within(len: usize, max: usize) -> Result<(), Refusal> {
    if len <= max { Ok(()) } else { Err(Refusal::TooMany { max: u32::try_from(max).expect("limits are small") }) }
}

fn fits(given: &str, max_bytes: usize) -> Result<(), Refusal> {
    if given.len() <= max_bytes {
        Ok(())
    } else {
        Err(Refusal::TooLong { max_bytes: u32::try_from(max_bytes).expect("limits are small") })
    }
}
