//! What people in the simulated world want: random commands over what they know.

use pursuance_core::command::Command;
use pursuance_core::day::Day;
use pursuance_core::detail::{Detail, Element, Relation, Repeat, Unit};
use pursuance_core::id::{CheckId, MemberId, TaskId};
use pursuance_core::plan::{Authored, ImportTask};
use pursuance_core::task::Status;
use rand::RngExt;

use super::{OFFERED, World};

/// Longest body that people here write; several cells long.
const MAX_SAID_BYTES: usize = 9_000;

impl World {
    /// One random wish of a node, planned; with the text that must appear, if it is a comment. `None` where the rules, or
    /// the state, do not allow it.
    pub(super) fn wish(&mut self, node: usize) -> Option<(Authored, Option<String>)> {
        self.said_number += 1;
        if self.is_at_desks(node) && !self.chance(5) {
            let command = self.wish_at_desks(node)?;
            let authored = self.nodes[node].command(&command, self.now, &mut self.rng).ok()?;
            let comment = if let Command::Comment { text, .. } = command { Some(text) } else { None };
            return Some((authored, comment));
        }
        if self.chance(40) {
            let rows = self.rows();
            return Some((self.nodes[node].import(&rows, self.now, &mut self.rng).ok()?, None));
        }
        let command = self.command(node)?;
        let authored = self.nodes[node].command(&command, self.now, &mut self.rng).ok()?;
        let comment = if let Command::Comment { text, .. } = command { Some(text) } else { None };
        Some((authored, comment))
    }

    /// A long comment on some task.
    pub(super) fn long_wish(&mut self, node: usize) -> Option<(Authored, Option<String>)> {
        self.said_number += 1;
        let tasks: Vec<TaskId> = self.nodes[node].memory.replica.tasks().iter().map(|(id, _)| id).collect();
        let task = *tasks.get(self.rng.random_range(0..tasks.len().max(1)))?;
        let text = self.long_text();
        let command = Command::Comment { task, text: text.clone() };
        Some((self.nodes[node].command(&command, self.now, &mut self.rng).ok()?, Some(text)))
    }

    fn command(&mut self, node: usize) -> Option<Command> {
        let group = self.group_of(node);
        let said = self.said_number;
        let replica = &self.nodes[node].memory.replica;
        let tasks: Vec<TaskId> = replica.tasks().iter().map(|(id, _)| id).collect();
        let members: Vec<MemberId> = replica.authority().members().keys().copied().collect();
        if !replica.is_member() {
            return None;
        }
        let founder = self.groups[group].founder == node;
        let wants_more = self.groups[group].nodes.len() < self.groups[group].max_nodes;
        if founder && wants_more && (self.groups[group].links.is_empty() || self.chance(20)) {
            let role = if self.has_desks(group) { self.offered_desk() } else { OFFERED };
            return Some(Command::Invite { role, uses: self.rng.random_range(1..=4), reviewed: false });
        }
        let any = |rng: &mut rand::rngs::StdRng| (!tasks.is_empty()).then(|| tasks[rng.random_range(0..tasks.len())]);
        let (one, other) = (any(&mut self.rng), any(&mut self.rng));
        let member = members[self.rng.random_range(0..members.len())];
        let label = format!("label {}", self.rng.random_range(0..4));
        let create = Command::CreateTask {
            title: format!("task {said}"),
            parent: other.filter(|_| self.rng.random()),
            assignees: Vec::new(),
            labels: Vec::new(),
            due: None,
            priority: 0,
            home: None,
        };
        let Some(task) = one else { return Some(create) };
        let most = if self.says_details { 22 } else { 18 };
        Some(match self.rng.random_range(0..most) {
            0..=3 => create,
            4 => Command::SetTitle { task, title: format!("title {said}") },
            5 | 6 => Command::SetBody { task, body: self.long_text() },
            7 => {
                let all = [Status::Open, Status::Doing, Status::Review, Status::Done, Status::Dropped];
                Command::SetStatus { task, status: all[self.rng.random_range(0..all.len())] }
            }
            8 | 9 => Command::MoveTask { task, parent: other.filter(|_| self.rng.random_range(0..4) > 0) },
            10 => Command::Assign { task, member },
            11 => Command::Unassign { task, member },
            12 => Command::Claim { task },
            13 => Command::GiveBack { task },
            14 => Command::AddLabel { task, label },
            15 => Command::RemoveLabel { task, label },
            16 if self.rng.random() => return self.nodes[node].undo.pop(),
            16 => {
                let relays = self.groups[group].relays.iter().rev();
                Command::SetRelays { relays: relays.map(|at| self.relays[*at].address().0.to_string()).collect() }
            }
            18 => self.detail(task, other, member),
            19 => self.line(node, task),
            20 => Command::Repeat { task },
            _ => Command::Comment { task, text: format!("line {said}") },
        })
    }

    /// A field or an element of a task.
    fn detail(&mut self, task: TaskId, other: Option<TaskId>, member: MemberId) -> Command {
        let day = Day::from_first(self.rng.random_range(739_000..741_000));
        let all = [Relation::WaitsFor, Relation::Related, Relation::Follows];
        let relation = all[self.rng.random_range(0..all.len())];
        let there = self.rng.random();
        match self.rng.random_range(0..8) {
            0 => Command::SetDetail { task, detail: Detail::Why(format!("why {}", self.said_number)) },
            1 => Command::SetDetail { task, detail: Detail::Start(day) },
            2 => Command::SetDetail { task, detail: Detail::Effort(self.rng.random_range(0..600)) },
            3 => Command::SetDetail { task, detail: Detail::Places(self.rng.random_range(1..4)) },
            4 => {
                let repeat = Repeat { every: self.rng.random_range(1..5), unit: Unit::Weeks };
                Command::SetDetail { task, detail: Detail::Repeat(Some(repeat)) }
            }
            5 => Command::SetElement { task, element: Element::Reviewer { member }, there },
            6 => Command::SetElement {
                task,
                element: Element::Relation { relation, task: other.unwrap_or(task) },
                there,
            },
            _ => Command::SetElement { task, element: Element::Skill { skill: "driving".into() }, there },
        }
    }

    /// A line of a checklist: a new one, another text, a tick.
    fn line(&mut self, node: usize, task: TaskId) -> Command {
        let known = self.nodes[node].memory.replica.tasks().task(task);
        let lines: Vec<CheckId> = known.into_iter().flat_map(|task| task.checks.keys().copied()).collect();
        let line = (!lines.is_empty()).then(|| lines[self.rng.random_range(0..lines.len())]);
        let text = format!("check {}", self.said_number);
        match (line, self.rng.random_range(0..4)) {
            (Some(check), 0) => {
                Command::SetCheck { task, check, text: if self.rng.random() { text } else { String::new() } }
            }
            (Some(check), 1 | 2) => Command::Tick { task, check, done: self.rng.random() },
            (after, _) => Command::AddCheck { task, text, after },
        }
    }

    fn long_text(&mut self) -> String {
        let words = self.rng.random_range(1..MAX_SAID_BYTES / 9);
        let mut text = format!("text {}", self.said_number);
        (0..words).for_each(|_| text.push_str(&format!(" {:08x}", self.rng.random::<u32>())));
        text
    }

    fn rows(&mut self) -> Vec<ImportTask> {
        let count = if self.chance(4) { 70 } else { self.rng.random_range(1..10) };
        (0..count)
            .map(|row| ImportTask {
                parent: (row > 0 && self.rng.random()).then(|| self.rng.random_range(0..row)),
                title: format!("row {row} of {}", self.said_number),
                status: self.rng.random::<bool>().then_some(Status::Done),
                owner: Some("w01".into()),
                ..ImportTask::default()
            })
            .collect()
    }
}
