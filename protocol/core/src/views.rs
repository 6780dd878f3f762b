//! Views from the state: pure, and they decide nothing (docs/protocol/05-tasks.md, "Views").

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use data_encoding::BASE32_NOPAD;

pub(crate) use crate::alike::Names;
use crate::authority::Presence;
use crate::clock::Dot;
use crate::codec::Writer;
use crate::crypto::{self, label};
use crate::id::{EntryId, MemberId, RoleId, TaskId};
use crate::limits::MAX_TREE_DEPTH;
use crate::order::Order;
use crate::pages::Places;
use crate::refusal::Refusal;
use crate::register::Register;
use crate::replica::Replica;
use crate::rule::{Object, Role, Verb};
use crate::task::Status;
use crate::tasks::{Comment, Mark, Said, Task};
use crate::view::{
    CameBy, Cannot, CommentView, Delivery, DetailsView, MemberView, OtherText, Person, QuotedView, ReviewView,
    TaskView, TreeRow, TreeView,
};

mod people;

/// Where the tree has a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowPlace {
    /// Which task.
    pub task: TaskId,
    /// Its parent, or `None` below the mission.
    pub parent: Option<TaskId>,
    /// The parent's parent.
    pub grandparent: Option<TaskId>,
    /// The task before it below the same parent that is not dropped.
    pub above: Option<TaskId>,
    /// Steps below the mission.
    pub depth: u16,
    /// Whether something that shows is below it.
    pub has_children: bool,
    /// Whether what is below it is folded away.
    pub folded: bool,
    /// Whether the filter is for it.
    pub matches: bool,
    /// Done tasks below it.
    pub done_below: u32,
    /// Tasks below it that are not dropped.
    pub total_below: u32,
}

impl RowPlace {
    /// Below the mission, with nothing around it.
    #[must_use]
    pub const fn of(task: TaskId) -> Self {
        Self {
            task,
            parent: None,
            grandparent: None,
            above: None,
            depth: 0,
            has_children: false,
            folded: false,
            matches: true,
            done_below: 0,
            total_below: 0,
        }
    }
}

/// Whether a relay signed for an entry of mine; only the node knows.
pub type Handed<'a> = &'a dyn Fn(EntryId) -> bool;

impl Replica {
    /// The tree of all tasks in memory, nothing folded.
    #[must_use]
    pub fn tree(&self, handed: Handed<'_>) -> TreeView {
        let places = self.places();
        let rows = self.rows(&places, handed);
        let counted = |status: fn(Status) -> bool| count(rows.iter().filter(|row| status(row.status)).count());
        TreeView {
            done: counted(|status| status == Status::Done),
            total: counted(|status| status != Status::Dropped),
            dropped: counted(|status| status == Status::Dropped),
            first: 0,
            shown: count(rows.len()),
            matching: count(rows.len()),
            rows,
            opened: Vec::new(),
            ..self.frame()
        }
    }

    /// What stands around every page of the tree; the rest of it is empty.
    #[must_use]
    pub fn frame(&self) -> TreeView {
        let genesis = self.authority.genesis();
        TreeView {
            name: self.authority.name().into(),
            mission: genesis.map(|genesis| genesis.mission.clone()).unwrap_or_default(),
            cannot: self.cannot(&[Verb::Create, Verb::Suggest, Verb::Assign], None),
            homes: self.homes(),
            awaited: self.awaited(),
            ..TreeView::default()
        }
    }

    /// Rows of tasks in memory, where the tree has them.
    #[must_use]
    pub fn rows(&self, places: &[RowPlace], handed: Handed<'_>) -> Vec<TreeRow> {
        let names = self.names();
        places.iter().filter_map(|place| Some(self.row(place, self.tasks.task(place.task)?, &names, handed))).collect()
    }

    /// One task in full.
    #[must_use]
    pub fn task_view(&self, id: TaskId, handed: Handed<'_>) -> Option<TaskView> {
        self.task_with_thread(id, &self.all_places(&Order::default()), &self.tasks.task(id)?.comments, handed)
    }

    /// One task in full, with its thread as a shelf keeps it.
    #[must_use]
    pub fn task_with_thread(
        &self,
        id: TaskId,
        all: &Places,
        thread: &[Comment],
        handed: Handed<'_>,
    ) -> Option<TaskView> {
        let (place, path) = all.of(id)?;
        let task = self.tasks.task(id)?;
        let created = task.created.as_ref()?;
        let names = self.names();
        let rank = |member| self.authority.seniority(member);
        let title = |task: &Task| task.title.shown(rank).cloned().unwrap_or_default();
        let mut thread: Vec<&Comment> = thread.iter().collect();
        thread.sort();
        let came_later = self.came_later(id, task);
        Some(TaskView {
            row: self.row(place, task, &names, handed),
            path: path.iter().filter_map(|step| self.tasks.task(*step).map(title)).collect(),
            body: task.body.shown(rank).cloned().unwrap_or_default(),
            other_titles: self.others(&task.title, &names),
            other_bodies: self.others(&task.body, &names),
            creator: self.person(created.by, &names),
            created_seconds: created.claimed_seconds,
            started: task.started.shown(rank).filter(|day| !day.is_empty()).cloned(),
            finished: task.finished.shown(rank).filter(|day| !day.is_empty()).cloned(),
            origin: task.origin.shown(rank).cloned(),
            reviews: self.reviews(task, &names),
            details: self.details_view(id, task, &names),
            thread: thread
                .into_iter()
                .map(|comment| CommentView {
                    entry: comment.at.entry,
                    by: self.person(comment.by, &names),
                    text: comment.text.clone(),
                    quoted: comment
                        .quoted
                        .as_ref()
                        .map(|quoted| QuotedView { by: quoted.by.clone(), claimed_seconds: quoted.claimed_seconds }),
                    claimed_seconds: comment.claimed_seconds,
                    delivery: (comment.author == self.device.author())
                        .then(|| self.delivery(comment.dot, comment.at.entry, handed)),
                })
                .collect(),
            readers: task.read_by().map(|role| self.readers_of_task(role, &came_later)).collect(),
            persons: self.readers_as_persons(task).map(|member| self.person(member, &names)).collect(),
            read_by: count(self.reading_members(task).difference(&came_later).count()),
            came_later: came_later.iter().map(|member| self.person(*member, &names)).collect(),
            closed: self.is_closed_to_me(task),
            openable: self.openable(task),
            cannot: self.cannot(
                &[
                    Verb::Create,
                    Verb::Claim,
                    Verb::Assign,
                    Verb::Edit,
                    Verb::Comment,
                    Verb::Finish,
                    Verb::Review,
                    Verb::Reopen,
                    Verb::File,
                    Verb::Label,
                    Verb::Widen,
                ],
                Some(task),
            ),
        })
    }

    fn reviews(&self, task: &Task, names: &Names) -> Vec<ReviewView> {
        let last = |mark: &&Mark| mark.said != Said::Again && task.last_mark(mark.by) == Some(**mark);
        let view = |mark: &Mark| ReviewView {
            by: self.person(mark.by, names),
            role: mark.role,
            good: mark.said == Said::Good,
        };
        task.marks.iter().filter(last).map(view).collect()
    }

    /// How far an own entry has come.
    #[must_use]
    pub fn delivery(&self, dot: Dot, entry: EntryId, handed: Handed<'_>) -> Delivery {
        if self.logs.seen_by_others(dot) {
            Delivery::Seen
        } else if handed(entry) {
            Delivery::Handed
        } else {
            Delivery::Kept
        }
    }

    /// One hash over all that was derived and does not depend on who looks: equal on every device that holds the same
    /// entries and the same secrets.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut w = Writer::new();
        for (id, verdict) in self.authority.verdicts() {
            w.bytes(&id.0).text(&alloc::format!("{verdict:?}"));
        }
        for ((id, item), refusal) in self.tasks.refused() {
            w.bytes(&id.0).uint((*item).into()).text(&alloc::format!("{refusal:?}"));
        }
        let people = self.people();
        for member in people.members.into_iter().chain(people.others) {
            w.bytes(&member.person.member.0).text(&member.person.name).text(&member.as_in_digest());
            if member.presence != Presence::Here {
                w.text(&alloc::format!("{:?}", member.presence));
            }
        }
        for decision in &people.decisions {
            w.bytes(&decision.proposal.0).uint(decision.decided.into()).uint(decision.needed.into());
            for person in &decision.signed {
                w.bytes(&person.member.0);
            }
        }
        for relay in self.authority.relays() {
            w.bytes(relay.onion());
        }
        for role in people.roles.iter().filter(|role| role.since_joining) {
            w.uint(role.id.0.into());
        }
        for row in self.tree(&|_| true).rows {
            w.bytes(&row.task.0)
                .text(&row.title)
                .uint(row.status as u64)
                .uint(row.two_answers.into())
                .uint(row.depth.into());
            w.bytes(row.claim.as_ref().map_or(&[][..], |person| &person.member.0));
            for assignee in &row.assignees {
                w.bytes(&assignee.member.0);
            }
            for label in &row.labels {
                w.text(label);
            }
            if row.due.is_some() || row.priority != 0 {
                w.text(row.due.as_deref().unwrap_or_default()).uint(row.priority.into());
            }
            if let Some(view) = self.task_view(row.task, &|_| true) {
                w.text(&view.body).text(view.row.owner_text.as_deref().unwrap_or_default());
                digest_details(&mut w, &view.details);
                if let Some(origin) = &view.origin {
                    w.text(&alloc::format!("{origin:?}"));
                }
                for opened in view.readers.iter().skip(1) {
                    w.uint(opened.role.0.into());
                }
                for person in &view.persons {
                    w.bytes(&person.member.0);
                }
                for line in &view.thread {
                    w.bytes(&line.entry.0).text(&line.text);
                    if let Some(quoted) = &line.quoted {
                        w.text(&quoted.by).uint(quoted.claimed_seconds);
                    }
                }
            }
        }
        crypto::hash(label::STATE_DIGEST, &[&w.finish()])
    }

    /// Where the tree has each task in memory, in the order of their creation.
    pub(crate) fn places(&self) -> Vec<RowPlace> {
        self.places_in(&Order::default()).0
    }

    /// Where the tree has each task in memory, in reading order; a loop, so that a deep tree cannot overflow the stack.
    pub(crate) fn places_in(&self, order: &Order) -> (Vec<RowPlace>, Vec<Status>) {
        let parents = self.parents();
        let mut children: BTreeMap<Option<TaskId>, Vec<(TaskId, &Task)>> = BTreeMap::new();
        for (id, parent) in &parents {
            if let Some(task) = self.tasks.task(*id) {
                children.entry(*parent).or_default().push((*id, task));
            }
        }
        for list in children.values_mut() {
            // Youngest first, because the stack below takes from the end.
            list.sort_by(|(a, at), (b, bt)| (order.rank(*b), &bt.created).cmp(&(order.rank(*a), &at.created)));
        }
        let mut places: Vec<RowPlace> = Vec::new();
        let mut open: Vec<(TaskId, Option<TaskId>, u16)> =
            children.remove(&None).unwrap_or_default().into_iter().map(|(id, _)| (id, None, 0)).collect();
        // The task before, below each parent, that is not dropped.
        let mut before: BTreeMap<Option<TaskId>, TaskId> = BTreeMap::new();
        let mut statuses: Vec<Status> = Vec::new();
        while let Some((id, parent, depth)) = open.pop() {
            let status = self.tasks.task(id).map_or(Status::Open, |task| self.status_of(task));
            let below = children.remove(&Some(id)).unwrap_or_default();
            places.push(RowPlace {
                task: id,
                parent,
                grandparent: parent.and_then(|parent| parents.get(&parent).copied().flatten()),
                above: before.get(&parent).copied(),
                depth,
                has_children: !below.is_empty(),
                ..RowPlace::of(id)
            });
            statuses.push(status);
            if status != Status::Dropped {
                before.insert(parent, id);
            }
            open.extend(below.into_iter().map(|(child, _)| (child, Some(id), (depth + 1).min(MAX_TREE_DEPTH))));
        }
        sum_up(&mut places, &statuses);
        (places, statuses)
    }

    /// The status shown of a task.
    #[must_use]
    pub fn status_of(&self, task: &Task) -> Status {
        task.status(|member| self.authority.seniority(member)).0
    }

    pub(crate) fn row(&self, place: &RowPlace, task: &Task, names: &Names, handed: Handed<'_>) -> TreeRow {
        let rank = |member| self.authority.seniority(member);
        let (status, two_answers) = task.status(rank);
        let (checks_done, checks) = self.checked(task);
        let mut assignees: Vec<Person> = there(&task.assignees).map(|member| self.person(*member, names)).collect();
        assignees.sort_by(|a, b| (&a.name, a.member).cmp(&(&b.name, b.member)));
        TreeRow {
            task: place.task,
            parent: place.parent,
            grandparent: place.grandparent,
            above: place.above,
            depth: place.depth,
            has_children: place.has_children,
            folded: place.folded,
            matches: place.matches,
            title: task.title.shown(rank).cloned().unwrap_or_default(),
            status,
            two_answers,
            claim: task.claimant(rank).map(|member| self.person(member, names)),
            assignees,
            owner_text: task.owner.shown(rank).filter(|owner| !owner.is_empty()).cloned(),
            labels: there(&task.labels).cloned().collect(),
            due: task.due.shown(rank).copied().flatten().map(|day| alloc::format!("{day}")),
            priority: task.priority.shown(rank).copied().unwrap_or(0),
            comments: task.comment_count,
            done_below: place.done_below,
            total_below: place.total_below,
            home: task.home().unwrap_or(RoleId::EVERYONE),
            blocked: self.is_blocked(task),
            kind: self.kind_of(task),
            start: self.start_of(task).map(|day| alloc::format!("{day}")),
            help_wanted: self.wants_help(task),
            repeats: self.repeats(task),
            checks_done,
            checks,
            filed: task.filed.is_there(),
            opened: count(task.read_by().count().saturating_sub(1) + self.readers_as_persons(task).count()),
            delivery: task.newest_own.map(|(dot, entry)| self.delivery(dot, entry, handed)),
        }
    }

    /// Texts that stand beside the one shown, each once: with the senior one of those who wrote it.
    fn others(&self, register: &Register<String>, names: &Names) -> Vec<OtherText> {
        let mut seen: Vec<OtherText> = Vec::new();
        let ranked = register.ranked(|member| self.authority.seniority(member));
        for write in ranked.iter().skip(1) {
            let shown = ranked.first().is_some_and(|first| first.value == write.value);
            if !shown && !seen.iter().any(|other| other.text == write.value) {
                seen.push(OtherText { text: write.value.clone(), by: self.person(write.by, names) });
            }
        }
        seen
    }

    /// Which of these verbs I may not use, on a task or on tasks of others.
    fn cannot(&self, verbs: &[Verb], task: Option<&Task>) -> Vec<Cannot> {
        let all =
            |refusal: Refusal| verbs.iter().map(|verb| Cannot { verb: *verb, refusal: refusal.clone() }).collect();
        let Some(me) = self.me() else { return self.absence().map_or_else(Vec::new, all) };
        let home = Object::Role(task.and_then(Task::home).unwrap_or(RoleId::EVERYONE));
        let agreed = task.map(Task::agreed_now).unwrap_or_default();
        let occasion = self.occasion(me, task, &agreed);
        let occasion = occasion.on_own(task.is_some() && occasion.own);
        let closed = task.is_some_and(|task| self.is_closed_to_me(task)).then_some(Refusal::NotAReader);
        if let Some(refusal) = self.absence().or(closed) {
            return all(refusal);
        }
        verbs
            .iter()
            .filter_map(|verb| {
                let refusal = self.authority.allows(me, *verb, home, &occasion).err()?;
                Some(Cannot { verb: *verb, refusal })
            })
            .collect()
    }

    pub(crate) fn names(&self) -> Names {
        Names::of(self.authority.members().iter().map(|(id, member)| (*id, member.name.as_str())))
    }

    pub(crate) fn person(&self, member: MemberId, names: &Names) -> Person {
        let name = self.authority.members().get(&member).map(|member| member.name.clone()).unwrap_or_default();
        let mark = if names.is_alike(member) {
            BASE32_NOPAD.encode(&member.0[..3])[..4].to_lowercase()
        } else {
            String::new()
        };
        Person { member, name, mark, me: self.me() == Some(member) }
    }
}

/// Nothing, where nothing is said.
fn digest_details(w: &mut Writer, details: &DetailsView) {
    for detail in details.said.iter().chain(&details.contested) {
        w.text(&alloc::format!("{detail:?}"));
    }
    for person in details.reviewers.iter().chain(details.claims.iter().skip(1).map(|claim| &claim.person)) {
        w.bytes(&person.member.0);
    }
    for role in &details.asked {
        w.uint(role.id.0.into());
    }
    for skill in &details.skills {
        w.text(skill);
    }
    for relation in &details.relations {
        w.uint(relation.relation as u64).bytes(&relation.task.0).uint(relation.points_here.into());
    }
    for check in &details.checks {
        w.bytes(&check.check.0).text(&check.text).uint(check.done.into());
    }
}

impl MemberView {
    /// Whether they founded it, and the roles that they hold, as the digest has had them from the first.
    fn as_in_digest(&self) -> String {
        let role = |role: &Role| {
            let Role { id, name, rank, .. } = role;
            alloc::format!("Role {{ id: {id:?}, name: {name:?}, rank: {rank} }}")
        };
        let roles: Vec<String> = self.roles.iter().map(role).collect();
        alloc::format!("({:?}, [{}])", matches!(self.came_by, CameBy::Founder), roles.join(", "))
    }
}

pub(crate) fn there<E: Ord>(set: &BTreeMap<E, Register<bool>>) -> impl Iterator<Item = &E> {
    set.iter().filter(|(_, register)| register.is_there()).map(|(element, _)| element)
}

/// Adds up what is below each row, from the last row to the first.
fn sum_up(places: &mut [RowPlace], statuses: &[Status]) {
    // Sums by depth of the rows below the one looked at.
    let mut sums: Vec<(u32, u32)> = alloc::vec![(0, 0); usize::from(MAX_TREE_DEPTH) + 2];
    for (place, status) in places.iter_mut().zip(statuses).rev() {
        let depth = usize::from(place.depth);
        let (done, total) = core::mem::take(&mut sums[depth + 1]);
        place.done_below = done;
        place.total_below = total;
        sums[depth].0 += done + u32::from(*status == Status::Done);
        sums[depth].1 += total + u32::from(*status != Status::Dropped);
    }
}

pub(crate) fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
