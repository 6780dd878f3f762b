//! What is for me to do, in one pursuance (docs/protocol/05-tasks.md, "Views").

use alloc::vec::Vec;

use crate::detail::Element;
use crate::detailing::reviewers;
use crate::replica::Replica;
use crate::task::Status;
use crate::tasks::Task;
use crate::view::TreeRow;
use crate::views::{Handed, RowPlace, there};

/// Why something is for me.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Mine {
    /// I took it.
    Taken,
    /// I am asked to do it.
    Asked,
    /// A role of mine is asked to do it, and nobody has taken it.
    RoleAsked,
    /// I am asked to look at it, and it waits for that.
    ToReview,
}

/// A task that is for me.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MineRow {
    /// Why; at least one.
    pub why: Vec<Mine>,
    /// The task.
    pub row: TreeRow,
}

impl Replica {
    /// Tasks that are for me and have not ended, in no order. One that I took is not said to be asked of me, too.
    #[must_use]
    pub fn mine(&self, handed: Handed<'_>) -> Vec<MineRow> {
        let names = self.names();
        let known = self.tasks.iter().filter(|(id, _)| self.tasks.shown_for(*id) == *id);
        let mine = known.filter_map(|(id, task)| {
            let why = self.why_mine(task);
            (!why.is_empty()).then(|| MineRow { why, row: self.row(&RowPlace::of(id), task, &names, handed) })
        });
        mine.collect()
    }

    fn why_mine(&self, task: &Task) -> Vec<Mine> {
        let (Some(me), status) = (self.me(), self.status_of(task)) else { return Vec::new() };
        if matches!(status, Status::Done | Status::Dropped) || task.filed.is_there() || self.is_closed_to_me(task) {
            return Vec::new();
        }
        let claimants = task.claimants(|member| self.authority.seniority(member));
        let asked = task.assignees.get(&me).is_some_and(crate::register::Register::is_there);
        let mut why = Vec::new();
        if claimants.contains(&me) {
            why.push(Mine::Taken);
        } else if asked {
            why.push(Mine::Asked);
        } else if claimants.is_empty() && there(&task.elements).any(|element| self.asks_a_role_of_mine(element)) {
            why.push(Mine::RoleAsked);
        }
        if status == Status::Review && reviewers(task).any(|reviewer| reviewer == me) {
            why.push(Mine::ToReview);
        }
        why
    }

    fn asks_a_role_of_mine(&self, element: &Element) -> bool {
        let Element::Asked { role } = element else { return false };
        let held = self.me().and_then(|me| self.authority.members().get(&me));
        held.is_some_and(|me| me.grants.iter().any(|grant| grant.role == *role))
    }
}
