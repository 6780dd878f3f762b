//! Desks: roles whose tasks only their readers open, in the greater pursuance of a world (docs/protocol/03-keys.md, K13 to K18).
//!
//! Links lead to different desks, stewards give and take roles, members open tasks at a desk, say more of them, and open and close them to
//! other roles and to persons. Who may open what follows from `reading`, which the courses of core's tests share; what must be true
//! in the end is in `check`, and those who open whatever their secrets lead to are in `snoop`.

mod check;
#[path = "../../../protocol/core/tests/people/reading.rs"]
mod reading;
mod snoop;

use std::collections::BTreeMap;

use pursuance_core::command::Command;
use pursuance_core::entry::{Content, Entry, GrantRef};
use pursuance_core::id::{EntryId, MemberId, RoleId, TaskId};
use pursuance_core::op::Op;
use pursuance_core::rule::RuleTable;
use pursuance_core::seal::{TaskKey, Where, open_item};
use pursuance_core::task::Status;
use pursuance_core::task_op::TaskOp;
use rand::RngExt;

use super::disk::Disk;
use super::{Broken, Course, World};
use reading::{Devices, REDACTOR, Readers, Record, STEWARD, VERIFIER, fits, readers_of};

/// Copies of disks in a world that somebody else makes.
const MAX_THEFTS: usize = 3;

/// Most members of the pursuance with desks who are removed or go.
const MAX_DEPARTURES: usize = 3;

/// Most who govern there.
const MAX_STEWARDS: usize = 3;

/// The pursuance of a world that has desks: the greater one.
const WITH_DESKS: usize = 0;

/// What is known of desks from outside.
#[derive(Default)]
pub struct Desks {
    /// What was said there, given and taken, and what each knew and held when they signed something.
    record: Record,
    thefts: Vec<Theft>,
}

/// Somebody made a copy of a node's disk, and gets whatever is written later.
struct Theft {
    from: usize,
    disk: Disk,
}

/// Who read what before something was said.
pub type Before = BTreeMap<TaskId, Readers>;

/// The rules of a pursuance with desks.
pub fn rules() -> RuleTable {
    reading::desks()
}

impl World {
    /// Whether this pursuance has desks.
    pub(super) fn has_desks(&self, group: usize) -> bool {
        self.course == Course::Desks && group == WITH_DESKS
    }

    /// Whether a node is in a pursuance with desks.
    pub(super) fn is_at_desks(&self, node: usize) -> bool {
        self.course == Course::Desks && self.groups[WITH_DESKS].nodes.contains(&node)
    }

    /// One of those who are there.
    pub(super) fn any_at_desks(&mut self) -> usize {
        let nodes = &self.groups[WITH_DESKS].nodes;
        nodes[self.rng.random_range(0..nodes.len())]
    }

    /// The role that one more link leads to.
    pub(super) fn offered_desk(&mut self) -> RoleId {
        if self.rng.random() { VERIFIER } else { REDACTOR }
    }

    /// Such a world begins with people at both desks, and with one more who governs.
    pub(super) fn staff(&mut self) -> Result<(), Broken> {
        let founder = self.groups[WITH_DESKS].founder;
        for role in [VERIFIER, REDACTOR] {
            let uses = self.rng.random_range(2..=4);
            self.command_by(founder, &Command::Invite { role, uses, reviewed: false })?;
        }
        for _ in 0..2 * super::MAX_NODES {
            self.newcomer();
        }
        self.settle()?;
        let me = self.nodes[founder].memory.replica.me();
        let members: Vec<MemberId> =
            self.nodes[founder].memory.replica.authority().present().map(|(id, _)| id).collect();
        let others: Vec<MemberId> = members.into_iter().filter(|id| Some(*id) != me).collect();
        if !others.is_empty() {
            let member = others[self.rng.random_range(0..others.len())];
            self.command_by(founder, &Command::Grant { member, role: STEWARD })?;
        }
        self.settle()
    }

    fn command_by(&mut self, node: usize, command: &Command) -> Result<bool, Broken> {
        let Ok(authored) = self.nodes[node].command(command, self.now, &mut self.rng) else { return Ok(false) };
        self.say(node, authored, None)?;
        Ok(true)
    }

    /// Something that a node with desks may want to say.
    pub(super) fn wish_at_desks(&mut self, node: usize) -> Option<Command> {
        let replica = &self.nodes[node].memory.replica;
        if !replica.is_member() {
            return None;
        }
        let tasks: Vec<TaskId> = replica.tasks().iter().map(|(id, _)| id).collect();
        let members: Vec<MemberId> = replica.authority().members().keys().copied().collect();
        let said = self.said_number;
        let any_role = [VERIFIER, REDACTOR, VERIFIER, REDACTOR, RoleId::EVERYONE][self.rng.random_range(0..5)];
        let create = Command::create_task_for(any_role, &format!("task {said}"));
        if tasks.is_empty() {
            return Some(create);
        }
        let task = tasks[self.rng.random_range(0..tasks.len())];
        let known = self.nodes[node].memory.replica.tasks().task(task)?;
        let (roles, persons): (Vec<RoleId>, Vec<MemberId>) =
            (known.read_by().skip(1).collect(), known.read_by_persons().collect());
        let member = members[self.rng.random_range(0..members.len())];
        Some(match self.rng.random_range(0..24) {
            0..7 => create,
            7 | 8 => Command::Widen { task, role: any_role },
            9..12 => Command::WidenTo { task, member },
            12 | 13 if !roles.is_empty() => Command::Narrow { task, role: roles[0] },
            14 | 15 if !persons.is_empty() => {
                Command::NarrowTo { task, member: persons[self.rng.random_range(0..persons.len())] }
            }
            16 => Command::SetStatus { task, status: Status::Done },
            _ => Command::Comment { task, text: format!("line {said}") },
        })
    }

    /// Gives and takes roles, removes and goes; whether somebody did.
    pub(super) fn govern_desks(&mut self, node: usize) -> Result<bool, Broken> {
        let replica = &self.nodes[node].memory.replica;
        let authority = replica.authority();
        let Some(me) = replica.me() else { return Ok(false) };
        let is_steward =
            |member: &pursuance_core::authority::Member| member.grants.iter().any(|held| held.role == STEWARD);
        let stewards = authority.present().filter(|(_, member)| is_steward(member)).count();
        let members: Vec<MemberId> = authority.present().map(|(id, _)| id).collect();
        let governs = authority.members().get(&me).is_some_and(is_steward);
        let gone =
            { self.kept.values() }.filter(|(of, entry)| *of == WITH_DESKS && super::removal::departs(entry)).count();
        let member = members[self.rng.random_range(0..members.len())];
        let held: Vec<GrantRef> = self.nodes[node].memory.replica.authority().members()[&member]
            .grants
            .iter()
            .filter(|held| held.role != STEWARD)
            .map(|held| held.at)
            .collect();
        let role = if self.rng.random() { VERIFIER } else { REDACTOR };
        let is_founder = self.groups[WITH_DESKS].founder == node;
        let (command, what) = match self.rng.random_range(0..24) {
            // Somebody stays who can let others in.
            0 if gone < MAX_DEPARTURES && !is_founder => (Command::Leave, "leave"),
            _ if !governs => return Ok(false),
            1..10 => (Command::Grant { member, role }, "role given"),
            10 | 11 if stewards < MAX_STEWARDS => (Command::Grant { member, role: STEWARD }, "role given"),
            12..19 if !held.is_empty() => {
                (Command::RevokeGrant { grant: held[self.rng.random_range(0..held.len())] }, "role taken")
            }
            19..22 if gone < MAX_DEPARTURES && member != me => {
                (Command::RemoveMember { member, roles: Vec::new() }, "removal")
            }
            _ => return Ok(false),
        };
        if !self.command_by(node, &command)? {
            return Ok(false);
        }
        self.tally.note(what);
        if self.rng.random() {
            self.epoch_at_last(node)?;
        }
        Ok(true)
    }

    /// Somebody copies a node's disk.
    pub(super) fn steal(&mut self, node: usize) {
        if self.is_at_desks(node) && self.desks.thefts.len() < MAX_THEFTS && self.nodes[node].disk.member {
            self.desks.thefts.push(Theft { from: node, disk: self.nodes[node].disk.clone() });
            self.tally.note("theft");
        }
    }

    /// Hands a task to a device that may read it and has no way to it.
    pub(super) fn hand_on(&mut self, node: usize) -> Result<(), Broken> {
        if !self.is_at_desks(node) || !self.may_write(node) {
            return Ok(());
        }
        let entries = self.nodes[node].hand_on(self.now, &mut self.rng);
        if entries.is_empty() {
            return Ok(());
        }
        if self.attempt(node, |world| world.nodes[node].commit(&entries))?.is_ok() {
            self.tally.note("handed on");
        }
        self.look(node);
        Ok(())
    }

    /// Takes down what an entry gives and takes that was saved just now.
    pub(super) fn note_gifts(&mut self, group: usize, entry: &Entry) {
        let Content::Public(ops) = &entry.body().content else { return };
        if !self.has_desks(group) {
            return;
        }
        let by = entry.id();
        for op in ops {
            let record = &mut self.desks.record;
            match op {
                Op::Grant(grant) => record.given.push((grant.member, grant.role, by)),
                Op::Join(_) => {
                    let invite = entry.body().by.and_then(|by| self.op_at(by));
                    if let Some(Op::Invite(invite)) = invite {
                        let role = invite.role;
                        self.desks.record.given.push((MemberId(by.0), role, by));
                    }
                }
                Op::RevokeGrant(grant) => {
                    let from = match self.op_at(*grant) {
                        Some(Op::Grant(given)) => Some(given.member),
                        Some(Op::Join(_) | Op::Genesis(_)) => Some(MemberId(grant.entry.0)),
                        _ => None,
                    };
                    self.desks.record.taken.extend(from.map(|from| (from, by)));
                }
                Op::Remove(remove) => record.taken.push((remove.member, by)),
                Op::RoleEpoch(made) if made.role != RoleId::EVERYONE => self.tally.note("epoch of a desk"),
                Op::Welcome(welcome) if welcome.role != RoleId::EVERYONE => self.tally.note("welcome to a desk"),
                Op::Leave => {
                    let member = self.member_of(entry);
                    self.desks.record.taken.extend(member.map(|member| (member, by)));
                }
                _ => {}
            }
        }
    }

    /// The op that a grant names.
    fn op_at(&self, at: GrantRef) -> Option<&Op> {
        match &self.kept.get(&at.entry)?.1.body().content {
            Content::Public(ops) => ops.get(usize::from(at.op)),
            Content::Role(_) => None,
        }
    }

    /// Whose entry it is: everybody here has one device.
    fn member_of(&self, entry: &Entry) -> Option<MemberId> {
        let author = entry.body().author;
        let node = self.nodes.iter().find(|node| node.memory.replica.device().author() == author)?;
        node.disk.own().next().map(|first| MemberId(first.id().0))
    }

    /// Who reads what by what a node knows.
    pub(super) fn before(&self, node: usize) -> Before {
        if !self.is_at_desks(node) {
            return Before::new();
        }
        let replica = &self.nodes[node].memory.replica;
        let tasks = replica.tasks().iter().map(|(id, _)| id);
        tasks.filter_map(|id| Some((id, readers_of(replica, id)?))).collect()
    }

    /// Takes down what was said about tasks, as far as it was saved, and what its author knew.
    pub(super) fn note_said(&mut self, node: usize, entries: &[Entry], mut before: Before) {
        if !self.is_at_desks(node) {
            return;
        }
        for entry in entries {
            let replica = &self.nodes[node].memory.replica;
            if replica.logs().entry(entry.id()).is_none() {
                continue;
            }
            let mut about: Vec<(TaskId, TaskKey)> = Vec::new();
            for (task, held) in replica.task_keys().all() {
                if fits(replica.pursuance(), entry, &held.key) && replica.tasks().task(task).is_some() {
                    about.push((task, held.key.clone()));
                }
            }
            // An import says one thing about each of many tasks.
            let [(task, key)] = &about[..] else { continue };
            for op in self.ops_of(entry, key) {
                match op {
                    TaskOp::Widen(role) => self.desks.record.opened.push((*task, entry.id(), Ok(role))),
                    TaskOp::WidenTo(member) => self.desks.record.opened.push((*task, entry.id(), Err(member))),
                    TaskOp::Narrow(_) | TaskOp::NarrowTo(_) => {
                        self.tally.note("closed");
                        continue;
                    }
                    _ => continue,
                }
                self.tally.note("opened to others");
            }
            let before = before.remove(task).unwrap_or_default();
            self.desks.record.say(&self.nodes[node].memory.replica, *task, entry.clone(), before);
            self.tally.note("said at desks");
        }
        self.look(node);
    }

    fn ops_of(&self, entry: &Entry, key: &TaskKey) -> Vec<TaskOp> {
        let (body, Content::Role(part)) = (entry.body(), &entry.body().content) else { return Vec::new() };
        let Some(by) = body.by else { return Vec::new() };
        let at = Where { pursuance: self.groups[WITH_DESKS].pursuance, author: body.author, seq: body.seq, by };
        let items = part.items.iter().enumerate();
        items.filter_map(|(index, item)| open_item(at, index, item, key)?.ok()).flatten().collect()
    }

    /// Takes down what a node knows and holds when it has signed something: only so something is handed to anybody.
    pub(super) fn look(&mut self, node: usize) {
        if self.is_at_desks(node)
            && let Some(me) = self.nodes[node].memory.replica.me()
        {
            self.desks.record.look(&self.nodes[node].memory.replica, me);
        }
    }

    /// Whether something was ever taken from whoever wrote this: what they wrote meanwhile may have no effect.
    pub(super) fn lost_something(&self, author_of: EntryId) -> bool {
        let member = self.kept.get(&author_of).and_then(|(_, entry)| self.member_of(entry));
        member.is_some_and(|member| self.desks.record.taken.iter().any(|(from, _)| *from == member))
    }
}
