//! Many changes at once: planned one after the other, put into as few entries as fit, and taken back as one (docs/protocol/05-tasks.md,
//! "Many at once").

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::command::Command;
use crate::entry::{Entry, GrantRef};
use crate::id::{EpochId, MemberId, RoleId, TaskId};
use crate::limits::{MAX_ENTRY_BYTES, MAX_ITEMS, MAX_MANY};
use crate::plan::{Circumstances, Draft, Parents};
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::seal::Carries;
use crate::sharing::Telling;
use crate::shelf::Shelf;
use crate::task_op::encode_ops;

/// One of many changes that was not made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct NotDone {
    /// Its place among those asked for, from 0.
    pub index: u32,
    /// Why not.
    pub refusal: Refusal,
}

/// Why commands cannot be carried out at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotMany {
    /// There are more than [`MAX_MANY`].
    #[error("more than {MAX_MANY} at once")]
    TooMany,
    /// One of them is not about a task that is there, or cannot be taken back.
    #[error("one of them is made alone")]
    MadeAlone,
}

/// Commands that can be carried out at once: about tasks that are there, and each with one that takes it back.
#[derive(Debug, Clone)]
pub struct Many(Vec<(TaskId, Command)>);

impl Many {
    /// Looks at each of them.
    ///
    /// # Errors
    /// [`NotMany`].
    pub fn new(commands: Vec<Command>) -> Result<Self, NotMany> {
        if commands.len() > MAX_MANY {
            return Err(NotMany::TooMany);
        }
        let about = |command: Command| task_of(&command).map(|task| (task, command));
        commands.into_iter().map(about).collect::<Option<_>>().map(Self).ok_or(NotMany::MadeAlone)
    }
}

/// The task that one of many is about; `None` for what is made alone: what has no counter-command, what makes something, what opens a
/// task (each asks for itself), and what concerns the pursuance.
const fn task_of(command: &Command) -> Option<TaskId> {
    match command {
        Command::SetTitle { task, .. }
        | Command::SetBody { task, .. }
        | Command::SetStatus { task, .. }
        | Command::MoveTask { task, .. }
        | Command::Assign { task, .. }
        | Command::Unassign { task, .. }
        | Command::Claim { task }
        | Command::GiveBack { task }
        | Command::AddLabel { task, .. }
        | Command::RemoveLabel { task, .. }
        | Command::SetDue { task, .. }
        | Command::SetPriority { task, .. }
        | Command::SetDetail { task, .. }
        | Command::SetElement { task, .. }
        | Command::SetCheck { task, .. }
        | Command::Tick { task, .. }
        | Command::SetFiled { task, .. }
        | Command::Review { task, .. } => Some(*task),
        _ => None,
    }
}

/// Many commands on their way. What the rules refuse is left out and named; the rest is done.
pub struct ManyPlan {
    commands: Vec<(TaskId, Command)>,
    next: usize,
    refused: Vec<NotDone>,
    /// In the order in which the changes were made.
    undo: Vec<Command>,
}

/// What became of many commands.
pub struct ManyDone {
    /// How many were planned.
    pub done: u32,
    /// The others.
    pub refused: Vec<NotDone>,
    /// Commands that take all of it back, in their order.
    pub undo: Vec<Command>,
}

/// Items that go into one entry.
struct Company {
    by: GrantRef,
    lists: Vec<(RoleId, EpochId, Carries)>,
    bytes: usize,
    telling: Telling,
}

impl ManyPlan {
    /// Begins; nothing is signed yet.
    #[must_use]
    pub fn new(Many(commands): Many) -> Self {
        Self { commands, next: 0, refused: Vec::new(), undo: Vec::new() }
    }

    /// Plans and signs as many of those that are left as can be told against the state as it is: what is about a task that this step
    /// changed already waits for the next. Its entries are appended before that; `None` when nothing is left.
    pub fn step(&mut self, replica: &Replica, with: &mut Circumstances<'_>, shelf: &dyn Shelf) -> Option<Vec<Entry>> {
        let mut changed: BTreeSet<TaskId> = BTreeSet::new();
        let mut companies: Vec<Company> = Vec::new();
        // Made once, and kept in step with what is planned: two moves must not close a circle.
        let mut parents: Option<Parents> = None;
        while let Some((task, command)) = self.commands.get(self.next) {
            if changed.contains(task) {
                break;
            }
            let planned = replica.one_of_many(command, &mut parents, with, shelf);
            let (draft_undo, by, telling) = match planned {
                Err(refusal) => {
                    self.refuse(refusal);
                    continue;
                }
                Ok(planned) => planned,
            };
            let Some(lists) = telling.company() else {
                if companies.is_empty() {
                    self.take(draft_undo);
                    return Some(replica.sign_all(telling, by, with));
                }
                // It is planned again once what was planned before it is there.
                break;
            };
            if let (Command::MoveTask { task, parent }, Some(parents)) = (command, parents.as_mut()) {
                parents.insert(*task, *parent);
            }
            changed.insert(*task);
            self.take(draft_undo);
            join(&mut companies, by, lists, telling);
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(companies.len());
        for company in &companies {
            entries.push(replica.sign_telling(&company.telling, company.by, entries.last(), with));
        }
        (!entries.is_empty()).then_some(entries)
    }

    /// What became of them.
    #[must_use]
    pub fn finish(self) -> ManyDone {
        let done = self.commands.len() - self.refused.len();
        let undo = self.undo.into_iter().rev().collect();
        ManyDone { done: count(done), refused: self.refused, undo }
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.refused.push(NotDone { index: count(self.next), refusal });
        self.next += 1;
    }

    fn take(&mut self, undo: Vec<Command>) {
        // The whole is turned round at the end.
        self.undo.extend(undo.into_iter().rev());
        self.next += 1;
    }
}

impl Replica {
    /// Which of many commands would be refused as things are now, each by itself; nothing is signed. At the others' end the answer can
    /// differ: where one of them changes what another one needs.
    #[must_use]
    pub fn could_many(&self, Many(commands): &Many) -> Vec<NotDone> {
        let mut parents = None;
        let refused = commands.iter().enumerate().filter_map(|(index, (_, command))| {
            let refusal = self.draft_one(command, &mut parents).err()?;
            Some(NotDone { index: count(index), refusal })
        });
        refused.collect()
    }

    /// One command as a draft, with the grant by which the rules let me.
    fn draft_one(
        &self,
        command: &Command,
        parents: &mut Option<Parents>,
    ) -> Result<(Draft, (GrantRef, RoleId)), Refusal> {
        let me: MemberId = self.writer()?;
        let draft = match command {
            Command::MoveTask { task, parent } => {
                self.draft_move(*task, *parent, parents.get_or_insert_with(|| self.parents()))?
            }
            other => self.draft(me, other)?,
        };
        let task = self.tasks.task(draft.task).ok_or(Refusal::NoSuchTask)?;
        if self.is_closed_to_me(task) {
            return Err(Refusal::NotAReader);
        }
        let by = self.grant_to_say(me, &draft.ops, task)?;
        Ok((draft, by))
    }

    fn one_of_many(
        &self,
        command: &Command,
        parents: &mut Option<Parents>,
        with: &mut Circumstances<'_>,
        shelf: &dyn Shelf,
    ) -> Result<(Vec<Command>, GrantRef, Telling), Refusal> {
        let (Draft { task: id, ops, undo }, (by, role)) = self.draft_one(command, parents)?;
        let task = self.tasks.task(id).ok_or(Refusal::NoSuchTask)?;
        Ok((undo, by, self.telling((id, task), ops, role, with, shelf)?))
    }
}

/// Puts what is said into the entry of those that lean on the same grant and are read by the same, while there is room.
fn join(companies: &mut Vec<Company>, by: GrantRef, lists: Vec<(RoleId, EpochId, Carries)>, telling: Telling) {
    /// Well below the size that an entry may have.
    const MAX_COMPANY_BYTES: usize = MAX_ENTRY_BYTES / 4;
    let bytes: usize = telling.items.iter().map(|item| encode_ops(&item.ops).len()).sum();
    let fits = |company: &&mut Company| {
        company.by == by
            && company.lists == lists
            && company.telling.items.len() + telling.items.len() <= MAX_ITEMS
            && company.bytes + bytes <= MAX_COMPANY_BYTES
    };
    match companies.iter_mut().find(fits) {
        Some(company) => {
            company.bytes += bytes;
            company.telling.items.extend(telling.items);
        }
        None => companies.push(Company { by, lists, bytes, telling }),
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).expect("at most MAX_MANY")
}
