//! What must be true of a world in which faults have stopped (docs/protocol, P3, P5, P7).

use std::collections::BTreeMap;

use pursuance_core::authority::Verdict;
use pursuance_core::entry::{Entry, GrantRef};
use pursuance_core::id::TaskId;
use pursuance_core::keys::{DeviceKeys, EpochSecret};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use rand::RngExt;
use rand::seq::SliceRandom;

use super::node::Stop;
use super::{Broken, World, is_join};

impl World {
    /// Checks everything.
    pub(super) fn check(&mut self) -> Result<(), Broken> {
        for pending in &self.pending {
            if !pending.noticed {
                return Err(Broken::Believed { lie: pending.lie, node: pending.node });
            }
        }
        for (relay, leaf) in &self.receipted {
            if !self.relays[*relay].log().leaves().contains(leaf) {
                return Err(Broken::ReceiptedLost { relay: *relay });
            }
        }
        for group in 0..self.groups.len() {
            let members = self.members(group)?;
            for node in &members {
                self.check_logs(group, *node)?;
                self.check_views(group, *node)?;
                self.check_order(*node)?;
            }
            let digests: Vec<[u8; 32]> = members.iter().map(|node| self.nodes[*node].state().0).collect();
            if let Some(at) = digests.iter().position(|digest| *digest != digests[0]) {
                return Err(Broken::Diverged { node: members[0], other: members[at] });
            }
            for (node, digest) in members.into_iter().zip(digests) {
                self.nodes[node].crash();
                if self.nodes[node].state().0 != digest {
                    return Err(Broken::Rebuilt { node });
                }
            }
        }
        Ok(())
    }

    /// Those who can read. Everybody else came by a link that let in as many as it says.
    fn members(&mut self, group: usize) -> Result<Vec<usize>, Broken> {
        let nodes = self.groups[group].nodes.clone();
        let (members, others): (Vec<usize>, Vec<usize>) =
            nodes.into_iter().partition(|node| self.nodes[*node].memory.replica.is_member());
        for node in others {
            let Some(invite) = self.nodes[node].disk.link.as_ref().map(|link| link.invite) else {
                return Err(Broken::NotAdmitted { node });
            };
            let by = GrantRef { entry: invite, op: 0 };
            let founder = &self.nodes[self.groups[group].founder].memory.replica;
            let uses = founder.authority().invites().get(&by).map_or(0, |open| usize::from(open.invite.uses));
            let came_by = members
                .iter()
                .filter(|member| self.nodes[**member].disk.link.as_ref().is_some_and(|link| link.invite == invite));
            let used_up = self.nodes[node].join(self.now) == Err(Stop::Refused(Refusal::InviteUsedUp));
            let joined = self.nodes[node].disk.own().next().is_some();
            if came_by.count() < uses || !(joined || used_up) {
                return Err(Broken::NotAdmitted { node });
            }
            self.tally.note("one too many");
        }
        for _ in 1..members.len() {
            self.tally.note("admitted");
        }
        Ok(members)
    }

    fn check_logs(&self, group: usize, node: usize) -> Result<(), Broken> {
        let replica = &self.nodes[node].memory.replica;
        let missing = replica.logs().announced().len();
        if missing > 0 {
            return Err(Broken::Missing { node, entries: missing });
        }
        if let Some(author) = replica.logs().forked().next() {
            let seq = replica
                .logs()
                .fork_of(author)
                .and_then(|(id, _)| replica.logs().entry(id))
                .map_or(0, |entry| entry.body().seq);
            return Err(Broken::Equivocation { author, seq });
        }
        for (_, id) in self.kept.iter().filter(|(of, _)| *of == group) {
            let Some(entry) = replica.logs().entry(*id) else {
                // A join that comes too late for its link is kept nowhere: `members` has looked at those.
                if self.joins.contains(id) {
                    continue;
                }
                return Err(Broken::Lost { node, entry: *id });
            };
            let refused = replica.tasks().refused().keys().any(|(refused, _)| refused == id);
            // A join may come too late for its link; everything else was allowed where it was said.
            if refused || (replica.authority().verdict(*id) != Some(&Verdict::Counts) && !is_join(entry)) {
                return Err(Broken::Refused { node, entry: *id });
            }
        }
        let Some(unknown) = replica.logs().iter().find(|entry| !self.kept.contains(&(group, entry.id()))) else {
            return Ok(());
        };
        let authors = self.groups[group].nodes.iter().map(|node| self.nodes[*node].memory.replica.device().author());
        let of_a_member = authors.into_iter().any(|author| author == unknown.body().author);
        if of_a_member { Err(Broken::NeverSaved { node }) } else { Err(Broken::TookForeign { node }) }
    }

    /// Every task and every comment is shown exactly once.
    fn check_views(&self, group: usize, node: usize) -> Result<(), Broken> {
        let replica = &self.nodes[node].memory.replica;
        let mut tasks: BTreeMap<TaskId, usize> = BTreeMap::new();
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        for row in replica.tree(&|_| true).rows {
            *tasks.entry(row.task).or_default() += 1;
            for line in replica.task_view(row.task, &|_| true).map(|view| view.thread).unwrap_or_default() {
                *lines.entry(line.text).or_default() += 1;
            }
        }
        let said =
            self.comments.iter().filter(|(of, _)| *of == group).map(|(_, text)| lines.get(text).copied().unwrap_or(0));
        let made =
            self.tasks.iter().filter(|(of, _)| *of == group).map(|(_, task)| tasks.get(task).copied().unwrap_or(0));
        let shown = lines.values().chain(tasks.values()).copied();
        match said.chain(made).chain(shown).find(|times| *times != 1) {
            Some(times) => Err(Broken::NotOnce { node, times }),
            None => Ok(()),
        }
    }

    /// The same entries in any order, the secrets somewhere between them, give the same state.
    fn check_order(&mut self, node: usize) -> Result<(), Broken> {
        let replica = &self.nodes[node].memory.replica;
        let mut entries: Vec<Entry> = replica.logs().iter().cloned().collect();
        entries.shuffle(&mut self.rng);
        let mut other = Replica::new(replica.pursuance(), DeviceKeys::from_seed(self.rng.random()));
        let secrets_at = self.rng.random_range(0..=entries.len());
        for at in 0..=entries.len() {
            if at == secrets_at {
                self.nodes[node].disk.epochs.iter().for_each(|secret| other.learn_epoch(EpochSecret::new(*secret)));
            }
            if let Some(entry) = entries.get(at) {
                other.append(entry.clone());
            }
        }
        let same = (other.digest(), other.logs().len()) == self.nodes[node].state();
        if same { Ok(()) } else { Err(Broken::Order { node }) }
    }
}
