//! What must be true of a world in which faults have stopped (docs/protocol, P3, P5, P7).
//!
//! - All who are in and share a steady relay have the same state.
//! - What was on its author's disk is in everybody's log. Excepted is what an old copy lacked and no steady relay holds, and what
//!   has that in its past; then the gap is shown.
//! - What a steady relay signed for is in its tree.
//! - A tree that somebody holds is the beginning of the one shown to them now, or they hold a proof against the relay. So does
//!   who held a broken receipt. The proof convinces by its bytes alone.
//! - Nobody has two histories but those who wrote on an old copy, and theirs are shown as such.

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::authority::Verdict;
use pursuance_core::entry::{Content, Entry, GrantRef};
use pursuance_core::id::{AuthorId, EntryId, TaskId};
use pursuance_core::keys::{DeviceKeys, EpochSecret};
use pursuance_core::logs::Standing;
use pursuance_core::op::Op;
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_wire::log::Evidence;
use rand::RngExt;
use rand::seq::SliceRandom;

use super::node::{Stop, is_join};
use super::relay::Lie;
use super::{Broken, World};

impl World {
    /// Checks everything.
    pub(super) fn check(&mut self) -> Result<(), Broken> {
        self.check_relays()?;
        let gone = self.gone_for_good();
        for node in 0..self.nodes.len() {
            if self.nodes[node].is_overtaken() {
                self.tally.note("overtaken");
            }
        }
        for group in 0..self.groups.len() {
            let members = self.members(group)?;
            self.check_removals(group, &members, &gone)?;
            for node in &members {
                self.check_logs(group, *node, &gone)?;
                self.check_views(group, *node)?;
                self.check_order(*node)?;
            }
            let peers = self.check_agreement(group, &members, &gone)?;
            self.check_desks(group, &peers)?;
            for node in members {
                let state = self.nodes[node].whole();
                self.nodes[node].crash();
                if self.nodes[node].whole() != state {
                    return Err(Broken::Rebuilt { node });
                }
            }
        }
        Ok(())
    }

    /// What relays promised and showed, and what their clients hold against them.
    fn check_relays(&self) -> Result<(), Broken> {
        for (relay, leaf) in &self.receipted {
            if !self.relays[*relay].log().leaves().contains(leaf) {
                return Err(Broken::ReceiptedLost { relay: *relay });
            }
        }
        for pending in &self.pending {
            let out_of_reach = self.relays[pending.relay].is_gone() || self.is_suspect(pending.node, pending.relay);
            if !pending.noticed && !pending.forgotten && !out_of_reach {
                return Err(Broken::Believed { lie: Lie::EmptyReceipt, node: pending.node });
            }
        }
        for (node, relay) in &self.accused {
            if !self.has_proof(*node, *relay) {
                return Err(Broken::NoProof { node: *node, relay: *relay });
            }
        }
        for node in 0..self.nodes.len() {
            for (at, relay) in self.relays.iter().enumerate() {
                let shown = !relay.is_gone() && !relay.leads_astray(node);
                let Some(seen) = self.nodes[node].seen(at).filter(|_| shown) else { continue };
                if !relay.log().begins_with(seen) && !self.has_proof(node, at) {
                    return Err(Broken::Unnoticed { node, relay: at });
                }
            }
        }
        Ok(())
    }

    fn has_proof(&self, node: usize, relay: usize) -> bool {
        let proof = self.nodes[node].disk.proofs.get(&relay);
        let proof = proof.and_then(|bytes| Evidence::decode(bytes).ok());
        proof.is_some_and(|proof| proof.verify(&self.relays[relay].address().1).is_ok())
    }

    /// What old copies lacked, and neither came back to its author nor stands at a steady relay.
    fn gone_for_good(&self) -> BTreeSet<EntryId> {
        let back = |id: &EntryId| self.nodes.iter().any(|node| node.disk.own().any(|entry| entry.id() == *id));
        let lost = self.put_back.lost.iter().copied();
        lost.filter(|id| !back(id) && !self.stands_somewhere(*id)).collect()
    }

    /// Those who can read. Everybody else came by a link that let in as many as it says, or that leads nowhere any more.
    fn members(&mut self, group: usize) -> Result<Vec<usize>, Broken> {
        let nodes = self.groups[group].nodes.clone();
        let (members, others): (Vec<usize>, Vec<usize>) =
            nodes.into_iter().partition(|node| self.nodes[*node].memory.replica.is_member());
        let (members, others) = self.who_is_in(group, members, others);
        for node in others {
            let Some(link) = self.nodes[node].disk.link.clone() else {
                return Err(Broken::NotAdmitted { node });
            };
            let at = self.relays.iter().position(|relay| relay.address().0 == link.relay);
            let at = at.expect("links lead to relays of this world");
            let by = GrantRef { entry: link.invite, op: 0 };
            let founder = members.first().copied().filter(|_| self.course.has_removals());
            let founder = &self.nodes[founder.unwrap_or(self.groups[group].founder)].memory.replica;
            let open = founder.authority().invites().get(&by);
            let sees_it = |node: usize| !self.relays[at].is_gone() && !self.is_suspect(node, at);
            let somebody_welcomes = members.iter().any(|member| self.can_welcome(*member) && sees_it(*member));
            let invite_is_lost = open.is_none() && self.put_back.lost.contains(&link.invite);
            if !somebody_welcomes || !sees_it(node) || !self.may_write(node) || invite_is_lost {
                self.tally.note("stranded");
                continue;
            }
            let uses = open.map_or(0, |open| usize::from(open.invite.uses));
            // Whoever is out by now has used it too, and whoever was welcomed where they cannot read it.
            let welcomed = |author: AuthorId| {
                let ops = founder.logs().iter().filter_map(|entry| match &entry.body().content {
                    Content::Public(ops) => Some(ops),
                    Content::Role(_) => None,
                });
                ops.flatten().any(|op| matches!(op, Op::Welcome(welcome) if welcome.to == author))
            };
            let came_by = self.groups[group].nodes.iter().filter(|other| {
                let disk = &self.nodes[**other].disk;
                let author = self.nodes[**other].memory.replica.device().author();
                disk.link.as_ref().is_some_and(|other| other.invite == link.invite)
                    && (members.contains(other) || self.has_gone(author) || welcomed(author))
            });
            let came_by = came_by.count();
            let used_up = self.nodes[node].join(self.now, &mut self.rng) == Err(Stop::Refused(Refusal::InviteUsedUp));
            let joined = self.nodes[node].disk.own().next().is_some();
            if came_by < uses || !(joined || used_up) {
                return Err(Broken::NotAdmitted { node });
            }
            self.tally.note("one too many");
        }
        for _ in 1..members.len() {
            self.tally.note("admitted");
        }
        Ok(members)
    }

    fn check_logs(&self, group: usize, node: usize, gone: &BTreeSet<EntryId>) -> Result<(), Broken> {
        let replica = &self.nodes[node].memory.replica;
        let missing = replica.logs().announced().into_iter().filter(|id| !gone.contains(id)).count();
        if missing > 0 {
            return Err(Broken::Missing { node, entries: missing });
        }
        self.check_forks(node)?;
        for (id, _) in self.kept.values().map(|(of, entry)| (entry.id(), of)).filter(|(_, of)| **of == group) {
            let Some(entry) = replica.logs().entry(id) else {
                // A join that comes too late for its link is kept nowhere: `members` has looked at those.
                if self.has_gone(self.kept[&id].1.body().author) {
                    continue;
                }
                if is_join(&self.kept[&id].1) || self.lacks_something(node, id, gone) {
                    continue;
                }
                return Err(Broken::Lost { node, entry: id });
            };
            let refused = replica.tasks().refused().keys().any(|(refused, _)| *refused == id);
            // A join may come too late for its link; everything else was allowed where it was said.
            let held = matches!(replica.authority().verdict(id), Some(Verdict::Held(_)));
            if held && (self.has_gone(entry.body().author) || self.lost_something(id)) {
                continue;
            }
            if refused || (replica.authority().verdict(id) != Some(&Verdict::Counts) && !is_join(entry)) {
                return Err(Broken::Refused { node, entry: id });
            }
        }
        let waits = self.nodes[node].disk.entries.iter().any(|(entry, _)| replica.logs().entry(entry.id()).is_none());
        if waits && replica.logs().announced().is_empty() {
            return Err(Broken::NoGap { node });
        }
        let unknown = |entry: &&Entry| self.kept.get(&entry.id()).is_none_or(|(of, _)| *of != group);
        let Some(unknown) = replica.logs().iter().find(unknown) else {
            return Ok(());
        };
        let authors = self.groups[group].nodes.iter().map(|node| self.nodes[*node].memory.replica.device().author());
        let of_a_member = authors.into_iter().any(|author| author == unknown.body().author);
        if of_a_member { Err(Broken::NeverSaved { node }) } else { Err(Broken::TookForeign { node }) }
    }

    /// Two histories are those of authors who wrote on an old copy, and are shown.
    fn check_forks(&self, node: usize) -> Result<(), Broken> {
        let logs = self.nodes[node].memory.replica.logs();
        let mut places: BTreeMap<(AuthorId, u32), EntryId> = BTreeMap::new();
        for entry in logs.iter() {
            let (author, seq) = (entry.body().author, entry.body().seq);
            if places.insert((author, seq), entry.id()).is_none() {
                continue;
            }
            if !self.put_back.may_fork(author) {
                return Err(Broken::Equivocation { author, seq });
            }
            if !logs.forked().any(|forked| forked == author) || logs.fork_of(author).is_none() {
                return Err(Broken::ForkUnseen { node, author });
            }
        }
        Ok(())
    }

    /// Whether an entry is gone for good, or has such a one that this node lacks in its past.
    pub(super) fn lacks_something(&self, node: usize, id: EntryId, gone: &BTreeSet<EntryId>) -> bool {
        let logs = self.nodes[node].memory.replica.logs();
        let mut open = vec![id];
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if logs.entry(id).is_some() || !seen.insert(id) {
                continue;
            }
            if gone.contains(&id) {
                return true;
            }
            open.extend(self.kept.get(&id).into_iter().flat_map(|(_, entry)| entry.body().named()));
        }
        false
    }

    /// All have the same state. What is gone for good may have reached some and not others, by a relay that was not steady; so
    /// may a join that was one too many and that nobody has named yet: whoever read it brings it along with what they write next.
    ///
    /// Gives those together who hold the same of that. At desks, the state is that of who reads the same: `check_desks` looks at it.
    fn check_agreement(
        &mut self,
        group: usize,
        members: &[usize],
        gone: &BTreeSet<EntryId>,
    ) -> Result<Vec<Vec<usize>>, Broken> {
        let mut loose = gone.clone();
        loose.extend(self.unnamed_joins(members));
        let holds = |node: usize| -> Vec<bool> {
            let logs = self.nodes[node].memory.replica.logs();
            loose.iter().map(|id| logs.entry(*id).is_some()).collect()
        };
        let states: Vec<(Vec<bool>, [u8; 32])> =
            members.iter().map(|node| (holds(*node), self.nodes[*node].state().0)).collect();
        for (node, (holds, digest)) in members.iter().zip(&states) {
            let other = states.iter().position(|(others, digests)| others == holds && digests != digest);
            if let Some(other) = other.filter(|_| !self.has_desks(group)) {
                return Err(Broken::Diverged { node: *node, other: members[other] });
            }
        }
        if states.iter().any(|(holds, _)| *holds != states[0].0) {
            self.tally.note("torn by a relay that forgot");
        }
        let mut peers: BTreeMap<&Vec<bool>, Vec<usize>> = BTreeMap::new();
        for (node, (holds, _)) in members.iter().zip(&states) {
            peers.entry(holds).or_default().push(*node);
        }
        Ok(peers.into_values().collect())
    }

    /// Joins of whoever did not get in that no entry names.
    fn unnamed_joins(&self, members: &[usize]) -> BTreeSet<EntryId> {
        let of_members: BTreeSet<AuthorId> =
            members.iter().map(|node| self.nodes[*node].memory.replica.device().author()).collect();
        let named: BTreeSet<EntryId> = self.kept.values().flat_map(|(_, entry)| entry.body().named()).collect();
        let joins = self.kept.values().map(|(_, entry)| entry).filter(|entry| is_join(entry));
        let outside = joins.filter(|join| !of_members.contains(&join.body().author));
        outside.map(Entry::id).filter(|id| !named.contains(id)).collect()
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
        let held = replica.logs().iter().any(|entry| replica.logs().standing(entry.id()) == Some(Standing::Held));
        for said in self.said.iter().filter(|said| said.group == group) {
            let due = usize::from(replica.logs().standing(said.entry) == Some(Standing::Counts));
            let line = said.comment.as_ref().map(|text| lines.get(text).copied().unwrap_or(0));
            let task = said.task.as_ref().map(|task| tasks.get(task).copied().unwrap_or(0));
            // What is said on a task of somebody removed may be seen nowhere, and what is said at a desk by its readers only.
            let seldom = held || !self.sees(group, node, said.entry);
            let wrong = |times: &usize| if seldom { *times > due } else { *times != due };
            if let Some(times) = line.into_iter().chain(task).find(wrong) {
                return Err(Broken::NotOnce { node, times });
            }
        }
        match lines.values().chain(tasks.values()).find(|times| **times != 1) {
            Some(times) => Err(Broken::NotOnce { node, times: *times }),
            None => Ok(()),
        }
    }

    /// The same entries in any order, the secrets somewhere between them, give the same state.
    fn check_order(&mut self, node: usize) -> Result<(), Broken> {
        let replica = &self.nodes[node].memory.replica;
        let mut entries: Vec<Entry> = replica.logs().iter().cloned().collect();
        entries.shuffle(&mut self.rng);
        // At desks it makes a difference who reads.
        let is_at_desks = self.is_at_desks(node);
        let seed = if is_at_desks { self.nodes[node].disk.device_seed } else { self.rng.random() };
        let mut other = Replica::new(replica.pursuance(), DeviceKeys::from_seed(seed));
        // A secret that came by a welcome may be in that welcome alone.
        let group = &self.groups[self.group_of(node)];
        let holders: &[usize] = if is_at_desks { &[node] } else { &group.nodes };
        let secrets: BTreeSet<[u8; 32]> =
            holders.iter().flat_map(|node| &self.nodes[*node].disk.epochs).copied().collect();
        let secrets_at = self.rng.random_range(0..=entries.len());
        for at in 0..=entries.len() {
            if at == secrets_at {
                secrets.iter().for_each(|secret| other.learn_epoch(EpochSecret::new(*secret)));
            }
            if let Some(entry) = entries.get(at) {
                other.append(entry.clone());
            }
        }
        let same = (other.digest(), other.logs().len()) == self.nodes[node].state();
        if same { Ok(()) } else { Err(Broken::Order { node }) }
    }
}
