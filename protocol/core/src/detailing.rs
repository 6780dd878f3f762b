//! What is said of a task beside its title, text, place and status: from a wish to ops, and what the window sees of it
//! (docs/protocol/05-tasks.md, "Details").

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::command::Command;
use crate::day::{Day, SECONDS_OF_A_DAY};
use crate::detail::{Detail, Element, Kind, Relation, Repeat, between};
use crate::entry::Entry;
use crate::id::{CheckId, MemberId, RoleId, TaskId};
use crate::limits::{
    LEASE_DAYS, MAX_CHECK_BYTES, MAX_CHECKS, MAX_EFFORT_MINUTES, MAX_REPEAT_EVERY, MAX_SKILL_BYTES, MAX_WHY_BYTES,
};
use crate::plan::{Authored, Circumstances, Draft, changed, line, text, within};
use crate::refusal::Refusal;
use crate::register::Register;
use crate::replica::Replica;
use crate::task::Status;
use crate::task_op::TaskOp;
use crate::tasks::Task;
use crate::view::{CheckView, ClaimView, DetailsView, RelationView};
use crate::views::{Names, there};

impl Replica {
    /// The ops of a command that is about details; `None`, if it is about something else.
    pub(crate) fn draft_detail(&self, command: &Command) -> Option<Result<Draft, Refusal>> {
        Some(match command {
            Command::SetDetail { task, detail } => self.set_detail(*task, detail),
            Command::SetElement { task, element, there } => self.set_element(*task, element, *there),
            Command::SetCheck { task, check, text } => self.set_check(*task, *check, text),
            Command::Tick { task, check, done } => self.tick(*task, *check, *done),
            _ => return None,
        })
    }

    /// The same of one that needs a clock or randomness.
    pub(crate) fn draft_with(&self, command: &Command, with: &mut Circumstances<'_>) -> Option<Result<Draft, Refusal>> {
        Some(match command {
            Command::AddCheck { task, text, after } => self.add_check(*task, text, *after, with),
            Command::TakeOver { task, from } => self.take_over(*task, *from, with.now_seconds),
            _ => return None,
        })
    }

    fn known(&self, id: TaskId) -> Result<&Task, Refusal> {
        self.tasks.task(id).ok_or(Refusal::NoSuchTask)
    }

    fn set_detail(&self, id: TaskId, detail: &Detail) -> Result<Draft, Refusal> {
        let (task, detail) = (self.known(id)?, cleaned(detail)?);
        let old = task.detail(detail.unsaid(), |member| self.authority.seniority(member));
        let contested = task.details.get(&detail.number()).is_some_and(|register| register.writes().len() > 1);
        changed(contested || detail != old)?;
        let undo = vec![Command::SetDetail { task: id, detail: old }];
        Ok(Draft { task: id, ops: vec![TaskOp::Set(detail)], undo })
    }

    fn set_element(&self, id: TaskId, element: &Element, there: bool) -> Result<Draft, Refusal> {
        let task = self.known(id)?;
        let element = match element {
            Element::Skill { skill } if there => Element::Skill { skill: line(skill, MAX_SKILL_BYTES)? },
            other => other.clone(),
        };
        changed(task.elements.get(&element).is_some_and(Register::is_there) != there)?;
        if there {
            match &element {
                Element::Reviewer { member } => self.known_member(*member)?,
                Element::Asked { role } => drop(self.authority.role(*role).ok_or(Refusal::NoSuchRole)?),
                Element::Skill { .. } => {}
                Element::Relation { relation, task: other } => {
                    self.known(*other)?;
                    let circle = *relation == Relation::WaitsFor && self.waits_for(*other, id);
                    if circle || *other == id {
                        return Err(Refusal::Cycle);
                    }
                }
            }
        }
        let undo = vec![Command::SetElement { task: id, element: element.clone(), there: !there }];
        let op = if there { TaskOp::Add(element) } else { TaskOp::Remove(element) };
        Ok(Draft { task: id, ops: vec![op], undo })
    }

    /// Whether a task waits for another one, by whatever steps; a loop that looks at each task once, so that a circle ends it.
    fn waits_for(&self, id: TaskId, other: TaskId) -> bool {
        let mut seen = alloc::collections::BTreeSet::new();
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            if next == other {
                return true;
            }
            if seen.insert(next) {
                open.extend(self.tasks.task(next).into_iter().flat_map(waited_for));
            }
        }
        false
    }

    fn add_check(
        &self,
        id: TaskId,
        said: &str,
        after: Option<CheckId>,
        with: &mut Circumstances<'_>,
    ) -> Result<Draft, Refusal> {
        let task = self.known(id)?;
        let said = line(said, MAX_CHECK_BYTES)?;
        let checks: Vec<CheckId> = self.checks(task).into_iter().map(|view| view.check).collect();
        within(checks.len() + 1, MAX_CHECKS)?;
        let at = after.and_then(|after| checks.iter().position(|check| *check == after)).map(|at| at + 1);
        let at = at.unwrap_or(checks.len());
        let before = at.checked_sub(1).and_then(|at| checks.get(at)).copied();
        let check = between(before, checks.get(at).copied(), with.seed.draw());
        let undo = vec![Command::SetCheck { task: id, check, text: String::new() }];
        Ok(Draft { task: id, ops: vec![TaskOp::SetCheck { check, text: said }], undo })
    }

    fn set_check(&self, id: TaskId, check: CheckId, said: &str) -> Result<Draft, Refusal> {
        let task = self.known(id)?;
        let said = if said.trim().is_empty() { String::new() } else { line(said, MAX_CHECK_BYTES)? };
        let rank = |member| self.authority.seniority(member);
        let register = &task.checks.get(&check).ok_or(Refusal::NothingToChange)?.text;
        let old = register.shown(rank).cloned().unwrap_or_default();
        changed(register.writes().len() > 1 || said != old)?;
        let undo = vec![Command::SetCheck { task: id, check, text: old }];
        Ok(Draft { task: id, ops: vec![TaskOp::SetCheck { check, text: said }], undo })
    }

    fn tick(&self, id: TaskId, check: CheckId, done: bool) -> Result<Draft, Refusal> {
        let known = self.known(id)?.checks.get(&check).ok_or(Refusal::NothingToChange)?;
        changed(known.done.is_there() != done)?;
        let undo = vec![Command::Tick { task: id, check, done: !done }];
        Ok(Draft { task: id, ops: vec![TaskOp::Tick { check, done }], undo })
    }

    fn take_over(&self, id: TaskId, from: MemberId, now_seconds: u64) -> Result<Draft, Refusal> {
        let task = self.known(id)?;
        let rank = |member| self.authority.seniority(member);
        if !task.claimants(rank).contains(&from) {
            return Err(Refusal::NotClaimed);
        }
        if self.me() == Some(from) {
            return Err(Refusal::NothingToChange);
        }
        // Whose clock is that far ahead, or says so, keeps nothing by it.
        let is_ahead = task.news.get(&from).is_some_and(|news| *news > now_seconds.saturating_add(SECONDS_OF_A_DAY));
        if !is_ahead && now_seconds < lapses(task, from) {
            return Err(Refusal::NotLapsed);
        }
        let mut ops = vec![TaskOp::Release(from), TaskOp::Claim];
        if matches!(task.status(rank).0, Status::Suggested | Status::Open) {
            ops.push(TaskOp::Step(Status::Doing));
        }
        // The one before takes it again by themselves.
        Ok(Draft { task: id, ops, undo: vec![Command::GiveBack { task: id }] })
    }

    /// What the next one of a row says of itself: all that says what is to be done, and nothing of how far it has come; nothing, where it
    /// does not repeat, or is repeated already.
    pub(crate) fn next_of_row(&self, id: TaskId, now_seconds: u64) -> Option<NextOfRow> {
        let task = self.tasks.task(id)?;
        let rank = |member| self.authority.seniority(member);
        let repeat = self.repeat_of(task).filter(|_| self.tasks.repetitions(id).next().is_none())?;
        let today = Day::of_seconds(now_seconds);
        let due = task.due.shown(rank).copied().flatten();
        let since = task.instance_of.map(|(_, since)| since).or(due).unwrap_or(today);
        // Days that are over are not made up for.
        let day = repeat.next(since, due.map_or(today, |due| due.max(before(today))))?;
        let mut ops = vec![
            TaskOp::InstanceOf { of: id, since },
            TaskOp::SetTitle(task.title.shown(rank)?.clone()),
            TaskOp::SetDue(Some(day)),
        ];
        ops.extend(task.body.shown(rank).filter(|body| !body.is_empty()).cloned().map(TaskOp::SetBody));
        ops.extend(task.priority.shown(rank).filter(|of| **of != 0).copied().map(TaskOp::SetPriority));
        let details = task.details.values().filter_map(|register| register.shown(rank));
        let stays = |detail: &&Detail| !matches!(detail, Detail::Start(_) | Detail::NotBefore(_));
        ops.extend(details.filter(stays).filter(|detail| **detail != detail.unsaid()).cloned().map(TaskOp::Set));
        let lines = self.checks(task);
        ops.extend(lines.into_iter().map(|line| TaskOp::SetCheck { check: line.check, text: line.text }));
        let mut asks: Vec<TaskOp> = there(&task.labels).cloned().map(TaskOp::AddLabel).collect();
        asks.extend(there(&task.assignees).filter(|member| self.member_is_here(**member)).copied().map(TaskOp::Assign));
        asks.extend(there(&task.elements).filter(|element| self.is_kept(element)).cloned().map(TaskOp::Add));
        Some(NextOfRow { parent: self.parents().get(&id).copied().flatten(), home: task.home()?, ops, asks })
    }

    fn is_kept(&self, element: &Element) -> bool {
        match element {
            Element::Reviewer { member } => self.member_is_here(*member),
            Element::Asked { role } => self.authority.role(*role).is_some(),
            Element::Skill { .. } => true,
            Element::Relation { relation, .. } => *relation == Relation::Related,
        }
    }

    fn member_is_here(&self, member: MemberId) -> bool {
        let presence = self.authority.members().get(&member).map(|member| member.presence);
        presence == Some(crate::authority::Presence::Here)
    }

    /// Creates the next one of a row, after entries that are not appended yet. What I may not say of it is left out.
    pub(crate) fn author_next(
        &self,
        me: MemberId,
        next: NextOfRow,
        after: &[Entry],
        with: &mut Circumstances<'_>,
    ) -> Result<Authored, Refusal> {
        let NextOfRow { parent, home, ops, asks } = next;
        let create = |asks: &[TaskOp]| -> Vec<TaskOp> {
            core::iter::once(TaskOp::Create { parent }).chain(ops.iter().chain(asks).cloned()).collect()
        };
        let may = |op: &TaskOp| self.grant_to_create(me, &create(core::slice::from_ref(op)), home).is_ok();
        let asks: Vec<TaskOp> = asks.into_iter().filter(may).collect();
        self.create_after(me, home, create(&asks), after, with)
    }

    fn repeat_of(&self, task: &Task) -> Option<Repeat> {
        match task.detail(Detail::Repeat(None), |member| self.authority.seniority(member)) {
            Detail::Repeat(repeat) => repeat,
            _ => None,
        }
    }

    /// Whether it waits for a task that has not ended. One that cannot be read here does not count.
    pub(crate) fn is_blocked(&self, task: &Task) -> bool {
        waited_for(task).filter_map(|other| self.tasks.task(other)).any(|other| !self.has_ended(other))
    }

    fn has_ended(&self, task: &Task) -> bool {
        matches!(self.status_of(task), Status::Done | Status::Dropped)
    }

    /// Which lines of a checklist are done, and how many there are.
    pub(crate) fn checked(&self, task: &Task) -> (u32, u32) {
        let lines = self.checks(task);
        let done = lines.iter().filter(|line| line.done).count();
        (crate::views::count(done), crate::views::count(lines.len()))
    }

    fn checks(&self, task: &Task) -> Vec<CheckView> {
        let rank = |member| self.authority.seniority(member);
        let lines = task.checks.iter().filter_map(|(check, line)| {
            let text = line.text.shown(rank).filter(|text| !text.is_empty())?.clone();
            Some(CheckView { check: *check, text, done: line.done.is_there() })
        });
        lines.collect()
    }

    pub(crate) fn kind_of(&self, task: &Task) -> Kind {
        match task.detail(Detail::Kind(Kind::Task), |member| self.authority.seniority(member)) {
            Detail::Kind(kind) => kind,
            _ => Kind::Task,
        }
    }

    pub(crate) fn start_of(&self, task: &Task) -> Option<Day> {
        match task.detail(Detail::Start(None), |member| self.authority.seniority(member)) {
            Detail::Start(day) => day,
            _ => None,
        }
    }

    pub(crate) fn wants_help(&self, task: &Task) -> bool {
        task.detail(Detail::HelpWanted(false), |member| self.authority.seniority(member)) == Detail::HelpWanted(true)
    }

    pub(crate) fn repeats(&self, task: &Task) -> bool {
        self.repeat_of(task).is_some()
    }

    /// All that is said of a task beside what its row has.
    pub(crate) fn details_view(&self, id: TaskId, task: &Task, names: &Names) -> DetailsView {
        let rank = |member| self.authority.seniority(member);
        let shown = task.details.values().filter_map(|register| register.shown(rank));
        let mut contested: Vec<Detail> = Vec::new();
        for register in task.details.values() {
            let ranked = register.ranked(rank);
            for write in ranked.iter().skip(1).filter(|write| Some(&write.value) != ranked.first().map(|w| &w.value)) {
                if !contested.contains(&write.value) {
                    contested.push(write.value.clone());
                }
            }
        }
        let mut relations: Vec<RelationView> = Vec::new();
        let view = |relation, other: TaskId, points_here| {
            let known = self.tasks.task(other);
            RelationView {
                relation,
                task: other,
                points_here,
                title: known.and_then(|task| task.title.shown(rank)).cloned(),
                status: known.map(|task| self.status_of(task)),
            }
        };
        for element in there(&task.elements) {
            if let Element::Relation { relation, task: other } = element {
                relations.push(view(*relation, *other, false));
            }
        }
        for (other, naming) in self.tasks.naming(id) {
            for element in there(&naming.elements) {
                if let Element::Relation { relation, task: named } = element
                    && *named == id
                {
                    relations.push(view(*relation, other, true));
                }
            }
        }
        let claim = |member| ClaimView {
            person: self.person(member, names),
            heard_of_seconds: task.news.get(&member).copied().unwrap_or(0),
            lapses_seconds: lapses(task, member),
        };
        DetailsView {
            said: shown.filter(|detail| **detail != detail.unsaid()).cloned().collect(),
            contested,
            reviewers: reviewers(task).map(|member| self.person(member, names)).collect(),
            asked: there(&task.elements)
                .filter_map(|element| match element {
                    Element::Asked { role } => self.authority.role(*role).cloned(),
                    _ => None,
                })
                .collect(),
            skills: skills(task).map(String::from).collect(),
            relations,
            checks: self.checks(task),
            claims: task.claimants(rank).into_iter().map(claim).collect(),
            repeats: task.instance_of.map(|(of, _)| of).filter(|of| self.tasks.task(*of).is_some()),
            repeated: self.tasks.repetitions(id).map(|(next, _)| self.tasks.shown_for(next)).min(),
        }
    }
}

/// The next one of a row, before it is signed.
pub(crate) struct NextOfRow {
    parent: Option<TaskId>,
    home: RoleId,
    /// What may be said by whoever creates it.
    ops: Vec<TaskOp>,
    /// What needs more than that.
    asks: Vec<TaskOp>,
}

/// Tasks that one waits for.
fn waited_for(task: &Task) -> impl Iterator<Item = TaskId> + '_ {
    there(&task.elements).filter_map(|element| match element {
        Element::Relation { relation: Relation::WaitsFor, task } => Some(*task),
        _ => None,
    })
}

/// Who is to look at it when it is done.
pub(crate) fn reviewers(task: &Task) -> impl Iterator<Item = MemberId> + '_ {
    there(&task.elements).filter_map(|element| match element {
        Element::Reviewer { member } => Some(*member),
        _ => None,
    })
}

/// What one has to know for it.
pub(crate) fn skills(task: &Task) -> impl Iterator<Item = &str> {
    there(&task.elements).filter_map(|element| match element {
        Element::Skill { skill } => Some(skill.as_str()),
        _ => None,
    })
}

/// When somebody's claim lapses, if nothing is heard of them about the task until then.
fn lapses(task: &Task, member: MemberId) -> u64 {
    task.news.get(&member).copied().unwrap_or(0).saturating_add(LEASE_DAYS * SECONDS_OF_A_DAY)
}

fn before(today: Day) -> Day {
    Day::from_first(today.of_first().saturating_sub(1)).unwrap_or(today)
}

/// As it may stand in the log.
pub(crate) fn cleaned(detail: &Detail) -> Result<Detail, Refusal> {
    let at_most = |number: u32, max: u32| if number <= max { Ok(()) } else { Err(Refusal::TooMany { max }) };
    match detail {
        Detail::Why(said) => return Ok(Detail::Why(text(said, MAX_WHY_BYTES)?)),
        Detail::Effort(minutes) => at_most(*minutes, MAX_EFFORT_MINUTES)?,
        Detail::Places(0) => return Err(Refusal::NothingToChange),
        Detail::Repeat(Some(Repeat { every: 0, .. })) => return Err(Refusal::NothingToChange),
        Detail::Repeat(Some(repeat)) => at_most(repeat.every.into(), MAX_REPEAT_EVERY.into())?,
        _ => {}
    }
    Ok(detail.clone())
}
