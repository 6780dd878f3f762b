//! Views from the state: pure, and they decide nothing (docs/protocol/05-tasks.md, "Views").

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use data_encoding::BASE32_NOPAD;

use crate::authority::SeniorityKey;
use crate::codec::Writer;
use crate::crypto::{self, label};
use crate::id::{EntryId, MemberId, RoleId, TaskId};
use crate::limits::MAX_TREE_DEPTH;
use crate::register::Register;
use crate::replica::Replica;
use crate::rule::{Object, Role, Verb};
use crate::task::Status;
use crate::tasks::Task;
use crate::view::{
    CameBy, Cannot, CommentView, Delivery, InviteView, MemberView, PeopleView, Person, Readers, TaskView, TreeRow,
    TreeView,
};

/// Whether a relay signed for an entry of mine; only the node knows.
pub type Handed<'a> = &'a dyn Fn(EntryId) -> bool;

impl Replica {
    /// The tree of tasks.
    #[must_use]
    pub fn tree(&self, handed: Handed<'_>) -> TreeView {
        let genesis = self.authority.genesis();
        let order = self.tree_order();
        let names = self.names();
        let mut rows: Vec<TreeRow> = Vec::with_capacity(order.len());
        for (id, parent, depth) in order {
            if let Some(task) = self.tasks.task(id) {
                rows.push(self.row(id, task, parent, depth, &names, handed));
            }
        }
        sum_up(&mut rows);
        let counted = |status: fn(Status) -> bool| count(rows.iter().filter(|row| status(row.status)).count());
        TreeView {
            name: genesis.map(|genesis| genesis.name.clone()).unwrap_or_default(),
            mission: genesis.map(|genesis| genesis.mission.clone()).unwrap_or_default(),
            done: counted(|status| status == Status::Done),
            total: counted(|status| status != Status::Dropped),
            rows,
            cannot: self.cannot(&[Verb::Create, Verb::Assign], false),
        }
    }

    /// One task in full.
    #[must_use]
    pub fn task_view(&self, id: TaskId, handed: Handed<'_>) -> Option<TaskView> {
        let task = self.tasks.task(id)?;
        let created = task.created.as_ref()?;
        let names = self.names();
        let rank = |member| self.authority.seniority(member);
        let (order, parents) = (self.tree_order(), self.parents());
        let start = order.iter().position(|(other, ..)| *other == id)?;
        let depth = order[start].2;
        let mut rows: Vec<TreeRow> = order[start..]
            .iter()
            .enumerate()
            .take_while(|(index, (.., below))| *index == 0 || *below > depth)
            .filter_map(|(_, (id, parent, depth))| {
                Some(self.row(*id, self.tasks.task(*id)?, *parent, *depth, &names, handed))
            })
            .collect();
        sum_up(&mut rows);
        let mut path = Vec::new();
        let mut above = parents.get(&id).copied().flatten();
        while let Some(step) = above {
            path.push(self.tasks.task(step).and_then(|task| task.title.shown(rank).cloned()).unwrap_or_default());
            above = parents.get(&step).copied().flatten();
        }
        path.reverse();
        let mut thread: Vec<_> = task.comments.iter().collect();
        thread.sort();
        let own = self.me() == Some(created.by);
        Some(TaskView {
            row: rows.into_iter().next()?,
            path,
            body: task.body.shown(rank).cloned().unwrap_or_default(),
            other_titles: others(&task.title, rank),
            other_bodies: others(&task.body, rank),
            creator: self.person(created.by, &names),
            created_seconds: created.claimed_seconds,
            started: task.started.shown(rank).filter(|day| !day.is_empty()).cloned(),
            finished: task.finished.shown(rank).filter(|day| !day.is_empty()).cloned(),
            thread: thread
                .into_iter()
                .map(|comment| CommentView {
                    entry: comment.at.entry,
                    by: self.person(comment.by, &names),
                    text: comment.text.clone(),
                    claimed_seconds: comment.claimed_seconds,
                    delivery: (comment.author == self.device.author()).then(|| self.delivery(comment.at.entry, handed)),
                })
                .collect(),
            readers: alloc::vec![Readers {
                role: RoleId::EVERYONE,
                name: String::new(),
                members: count(self.authority.members().len()),
            }],
            cannot: self.cannot(
                &[
                    Verb::Create,
                    Verb::Claim,
                    Verb::Assign,
                    Verb::Edit,
                    Verb::Comment,
                    Verb::Finish,
                    Verb::Reopen,
                    Verb::Label,
                ],
                own,
            ),
        })
    }

    /// Members, roles and rules.
    #[must_use]
    pub fn people(&self) -> PeopleView {
        let names = self.names();
        let table = self.authority.table();
        let mut members: Vec<(&SeniorityKey, MemberView)> = self
            .authority
            .members()
            .iter()
            .map(|(id, member)| {
                let came_by =
                    member.invite.and_then(|by| self.authority.invites().get(&by)).map_or(CameBy::Founder, |open| {
                        CameBy::Invite { inviter: self.person(open.inviter, &names), surplus: self.is_surplus(*id) }
                    });
                let devices = self.device_views(*id);
                let view = MemberView {
                    person: self.person(*id, &names),
                    roles: self.authority.role(member.role).cloned().into_iter().collect(),
                    came_by,
                    heard_of_seconds: member
                        .devices
                        .keys()
                        .map(|author| self.logs.heard_of_seconds(*author))
                        .max()
                        .unwrap_or(0),
                    two_histories: devices.iter().any(|device| device.two_histories),
                    devices,
                };
                (&member.key, view)
            })
            .collect();
        members.sort_by_key(|(key, _)| *key);
        let mut cannot = Vec::new();
        if let Some(me) = self.me() {
            let offers = table.map_or(&[][..], |table| &table.roles);
            let refused: Vec<_> = offers
                .iter()
                .map(|role| self.authority.allows(me, Verb::Invite, Object::Role(role.id), false))
                .collect();
            if !refused.iter().any(Result::is_ok)
                && let Some(Err(refusal)) = refused.into_iter().next_back()
            {
                cannot.push(Cannot { verb: Verb::Invite, refusal });
            }
            if let Err(refusal) = self.authority.allows(me, Verb::Amend, Object::Relays, false) {
                cannot.push(Cannot { verb: Verb::Amend, refusal });
            }
        }
        PeopleView {
            members: members.into_iter().map(|(_, view)| view).collect(),
            roles: table.map(|table| table.roles.clone()).unwrap_or_default(),
            rules: table.map(|table| table.rules.clone()).unwrap_or_default(),
            cannot,
        }
    }

    /// Invites that count, oldest first.
    #[must_use]
    pub fn invites(&self) -> Vec<InviteView> {
        let names = self.names();
        let mut invites: Vec<_> = self
            .authority
            .invites()
            .iter()
            .filter_map(|(id, open)| {
                let view = InviteView {
                    invite: id.entry,
                    inviter: self.person(open.inviter, &names),
                    role: self.authority.role(open.invite.role)?.clone(),
                    uses: open.invite.uses,
                    used: u16::try_from(open.joins.len()).unwrap_or(u16::MAX),
                };
                Some(((self.logs.depth(id.entry), *id), view))
            })
            .collect();
        invites.sort_by_key(|(order, _)| *order);
        invites.into_iter().map(|(_, view)| view).collect()
    }

    /// How far an own entry has come.
    #[must_use]
    pub fn delivery(&self, entry: EntryId, handed: Handed<'_>) -> Delivery {
        if self.logs.seen_by_others(entry) {
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
        for member in self.people().members {
            w.bytes(&member.person.member.0)
                .text(&member.person.name)
                .text(&alloc::format!("{:?}", member.came_by_kind()));
        }
        for relay in self.authority.relays() {
            w.bytes(relay.onion());
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
                for line in &view.thread {
                    w.bytes(&line.entry.0).text(&line.text);
                }
            }
        }
        crypto::hash(label::STATE_DIGEST, &[&w.finish()])
    }

    /// Tasks in reading order with parent and depth; a loop, so that a deep tree cannot overflow the stack.
    fn tree_order(&self) -> Vec<(TaskId, Option<TaskId>, u16)> {
        let mut children: BTreeMap<Option<TaskId>, Vec<(TaskId, &Task)>> = BTreeMap::new();
        for (id, parent) in self.parents() {
            if let Some(task) = self.tasks.task(id) {
                children.entry(parent).or_default().push((id, task));
            }
        }
        for list in children.values_mut() {
            // Youngest first, because the stack below takes from the end.
            list.sort_by(|(_, a), (_, b)| b.created.cmp(&a.created));
        }
        let mut order = Vec::new();
        let mut open: Vec<(TaskId, Option<TaskId>, u16)> =
            children.remove(&None).unwrap_or_default().into_iter().map(|(id, _)| (id, None, 0)).collect();
        while let Some((id, parent, depth)) = open.pop() {
            order.push((id, parent, depth));
            let below = children.remove(&Some(id)).unwrap_or_default();
            open.extend(below.into_iter().map(|(child, _)| (child, Some(id), (depth + 1).min(MAX_TREE_DEPTH))));
        }
        order
    }

    fn row(
        &self,
        id: TaskId,
        task: &Task,
        parent: Option<TaskId>,
        depth: u16,
        names: &Names,
        handed: Handed<'_>,
    ) -> TreeRow {
        let rank = |member| self.authority.seniority(member);
        let (status, two_answers) = task.status(rank);
        let mut assignees: Vec<Person> = there(&task.assignees).map(|member| self.person(*member, names)).collect();
        assignees.sort_by(|a, b| (&a.name, a.member).cmp(&(&b.name, b.member)));
        TreeRow {
            task: id,
            parent,
            depth,
            title: task.title.shown(rank).cloned().unwrap_or_default(),
            status,
            two_answers,
            claim: task.claimant(rank).map(|member| self.person(member, names)),
            assignees,
            owner_text: task.owner.shown(rank).filter(|owner| !owner.is_empty()).cloned(),
            labels: there(&task.labels).cloned().collect(),
            due: task.due.shown(rank).copied().flatten().map(|day| alloc::format!("{day}")),
            priority: task.priority.shown(rank).copied().unwrap_or(0),
            comments: count(task.comments.len()),
            done_below: 0,
            total_below: 0,
            delivery: task.newest_by.get(&self.device.author()).map(|(_, entry)| self.delivery(*entry, handed)),
        }
    }

    fn cannot(&self, verbs: &[Verb], own: bool) -> Vec<Cannot> {
        let Some(me) = self.me() else { return Vec::new() };
        verbs
            .iter()
            .filter_map(|verb| {
                let refusal = self.authority.allows(me, *verb, Object::Role(RoleId::EVERYONE), own).err()?;
                Some(Cannot { verb: *verb, refusal })
            })
            .collect()
    }

    fn names(&self) -> Names {
        let mut names = Names::new();
        for member in self.authority.members().values() {
            *names.entry(folded(&member.name)).or_default() += 1;
        }
        names
    }

    fn person(&self, member: MemberId, names: &Names) -> Person {
        let name = self.authority.members().get(&member).map(|member| member.name.clone()).unwrap_or_default();
        let twice = names.get(&folded(&name)).is_some_and(|count| *count > 1);
        let mark = if twice { BASE32_NOPAD.encode(&member.0[..3])[..4].to_lowercase() } else { String::new() };
        Person { member, name, mark, me: self.me() == Some(member) }
    }
}

impl MemberView {
    fn came_by_kind(&self) -> (bool, &[Role]) {
        (matches!(self.came_by, CameBy::Founder), &self.roles)
    }
}

/// How many members have a name.
type Names = BTreeMap<String, usize>;

/// A name as the eye takes it: without case, extra spaces, and characters that cannot be seen.
fn folded(name: &str) -> String {
    let seen: String = name
        .chars()
        .filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}'))
        .collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn there<E: Ord>(set: &BTreeMap<E, Register<bool>>) -> impl Iterator<Item = &E> {
    set.iter().filter(|(_, register)| register.is_there()).map(|(element, _)| element)
}

fn others<K: Ord>(register: &Register<String>, rank: impl Fn(MemberId) -> K) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    let ranked = register.ranked(rank);
    for write in ranked.iter().skip(1) {
        if Some(&write.value) != ranked.first().map(|first| &first.value) && !seen.contains(&write.value) {
            seen.push(write.value.clone());
        }
    }
    seen
}

/// Adds up what is below each row, from the last row to the first.
fn sum_up(rows: &mut [TreeRow]) {
    // Sums by depth of the rows below the one looked at.
    let mut sums: Vec<(u32, u32)> = alloc::vec![(0, 0); usize::from(MAX_TREE_DEPTH) + 2];
    for row in rows.iter_mut().rev() {
        let depth = usize::from(row.depth);
        let (done, total) = core::mem::take(&mut sums[depth + 1]);
        row.done_below = done;
        row.total_below = total;
        sums[depth].0 += done + u32::from(row.status == Status::Done);
        sums[depth].1 += total + u32::from(row.status != Status::Dropped);
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
