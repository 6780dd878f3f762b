//! What must be true of desks when all is quiet (docs/protocol/03-keys.md, K13 to K18).
//!
//! - Nobody opens what was said by somebody who took them for no reader, with whatever secrets and entries: members, who went, who
//!   holds a link, who copied a disk. What `reading` excuses is excused, and nothing else.
//! - Whoever reads a task opens all that was said about it and has effect, if any reader does who can hand it on.
//! - All who are in have the same public state; all who read a task and open the same of it are shown the same.
//! - Those who read a role would say the next thing there with the same epoch.

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::entry::Entry;
use pursuance_core::id::{AuthorId, EntryId, MemberId, RoleId, TaskId};
use pursuance_core::keys::{CellKey, DeviceKeys, EpochSecret};
use pursuance_core::logs::Standing;
use pursuance_core::replica::Replica;
use rand::RngExt;

use super::reading::{REDACTOR, Said, VERIFIER, opens, readers_of};
use super::snoop::Snoop;
use super::{Broken, WITH_DESKS, World};

/// Somebody who looks into what is not meant for them.
struct Curious {
    /// The node whose secrets they have.
    node: usize,
    device: AuthorId,
    member: Option<MemberId>,
    sees: Snoop,
    is_thief: bool,
}

impl World {
    /// What desks promise, where there are some. `peers`: members who hold the same of what old copies lacked.
    pub(in crate::world) fn check_desks(&mut self, group: usize, peers: &[Vec<usize>]) -> Result<(), Broken> {
        if !self.has_desks(group) {
            return Ok(());
        }
        for one in self.curious() {
            self.check_closed(&one)?;
            self.check_cells(&one)?;
        }
        self.check_links()?;
        for peers in peers {
            for node in peers {
                self.check_open(*node, peers)?;
            }
            self.check_shown(peers)?;
            self.check_public(peers)?;
            self.check_desk_epochs(peers)?;
        }
        Ok(())
    }

    /// Whether what an entry says must be seen at a node: they read the task, and open it. What is said elsewhere everybody sees.
    pub(in crate::world) fn sees(&self, group: usize, node: usize, entry: EntryId) -> bool {
        if !self.has_desks(group) {
            return true;
        }
        let replica = &self.nodes[node].memory.replica;
        self.desks.record.said.iter().filter(|said| said.entry.id() == entry).any(|said| {
            let reads_now =
                readers_of(replica, said.task).is_some_and(|now| now.devices.contains(&replica.device().author()));
            let is_there = replica.tasks().task(said.task).is_some_and(|task| task.created.is_some());
            reads_now && is_there && opens(replica, &said.entry)
        })
    }

    /// Entries that stand somewhere: what an old copy lacked and nobody has is not there for anybody.
    fn all_entries(&self) -> BTreeMap<EntryId, Entry> {
        let kept = self.kept.iter().filter(|(_, (group, _))| *group == WITH_DESKS);
        kept.filter(|(id, _)| !self.put_back.lost.contains(id) || self.stands_somewhere(**id) || self.is_held(**id))
            .map(|(id, (_, entry))| (*id, entry.clone()))
            .collect()
    }

    fn is_held(&self, id: EntryId) -> bool {
        self.groups[WITH_DESKS].nodes.iter().any(|node| self.nodes[*node].disk.has(id))
    }

    /// Every node, in or out, with all secrets that were ever on its disk; and whoever copied a disk.
    fn curious(&self) -> Vec<Curious> {
        let entries = self.all_entries();
        let pursuance = self.groups[WITH_DESKS].pursuance;
        let look = |node: usize, seed: [u8; 32], secrets: Vec<[u8; 32]>, is_thief| {
            let first = self.nodes[node].disk.own().next().map(|first| MemberId(first.id().0));
            Curious {
                node,
                device: self.nodes[node].memory.replica.device().author(),
                member: first,
                sees: Snoop::look(pursuance, seed, secrets.into_iter(), &entries),
                is_thief,
            }
        };
        let nodes = self.groups[WITH_DESKS].nodes.iter().map(|node| {
            look(*node, self.nodes[*node].disk.device_seed, self.removals.secrets_of(*node).collect(), false)
        });
        let thieves = self.desks.thefts.iter();
        let thieves = thieves.map(|theft| look(theft.from, theft.disk.device_seed, theft.disk.epochs.clone(), true));
        nodes.chain(thieves).collect()
    }

    fn check_closed(&mut self, one: &Curious) -> Result<(), Broken> {
        let pursuance = self.groups[WITH_DESKS].pursuance;
        for said in &self.desks.record.said {
            let id = said.entry.id();
            let (may, can) = (said.readers.contains(&one.device), one.sees.opened.contains(&id));
            if one.is_thief && can {
                self.tally.note("opened by a thief");
            }
            if !can && !may {
                self.tally.note(if one.is_thief { "closed to a thief" } else { "closed to a member" });
            }
            if !can || may {
                continue;
            }
            let excused = one.member.is_some_and(|to| self.desks.record.given_later(pursuance, said, one.device, to));
            if !excused {
                return Err(Broken::ReadByNoReader { node: one.node, entry: id });
            }
            self.tally.note("given later");
        }
        Ok(())
    }

    /// Nor do they open the cells of who knew that they are out. Who is out says the rest under what they hold.
    fn check_cells(&self, one: &Curious) -> Result<(), Broken> {
        let Some((together, member)) = self.known_together(WITH_DESKS).zip(one.member) else { return Ok(()) };
        for said in &self.desks.record.said {
            let (id, author) = (said.entry.id(), said.entry.body().author);
            if said.here.contains(&one.device) || self.is_silent(author) {
                continue;
            }
            let carried = self.batches.iter().flat_map(|batch| &batch.carried);
            let mut doors = carried.filter(|(entry, _)| entry.id() == id).map(|(_, door)| door);
            if doors.any(|door| one.sees.epochs.contains(door)) && !self.desks.record.comes_back(said, member, together)
            {
                return Err(Broken::ReadByOutsider { node: one.node, entry: id });
            }
        }
        Ok(())
    }

    /// Whoever holds links and did not join opens nothing.
    fn check_links(&mut self) -> Result<(), Broken> {
        let group = &self.groups[WITH_DESKS];
        let links = group.links.iter().map(|text| pursuance_core::link::InviteLink::parse(text).expect("a whole link"));
        let secrets: Vec<[u8; 32]> =
            links.flat_map(|link| [*link.secret.as_bytes(), link.secret.cell_secret()]).collect();
        let under: BTreeSet<[u8; 32]> = secrets.iter().map(|secret| *CellKey::of_invite(secret).id()).collect();
        let stranger = Snoop::look(group.pursuance, self.rng.random(), secrets.into_iter(), &self.all_entries());
        for said in &self.desks.record.said {
            let id = said.entry.id();
            if stranger.opened.contains(&id) || !said.cells.is_disjoint(&under) {
                return Err(Broken::ReadByNoReader { node: self.nodes.len(), entry: id });
            }
        }
        Ok(())
    }

    /// Devices of those who read a task by what these know.
    fn readers_now(&self, task: TaskId, peers: &[usize]) -> super::Devices {
        let known = peers.iter().find_map(|node| readers_of(&self.nodes[*node].memory.replica, task));
        known.unwrap_or_default().devices
    }

    /// Who reads a task opens all of it that has effect and that somebody can hand them.
    fn check_open(&self, node: usize, peers: &[usize]) -> Result<(), Broken> {
        let replica = &self.nodes[node].memory.replica;
        for said in &self.desks.record.said {
            let id = said.entry.id();
            if replica.logs().standing(id) != Some(Standing::Counts) || opens(replica, &said.entry) {
                continue;
            }
            let readers = self.readers_now(said.task, peers);
            let reads_now = |node: usize| readers.contains(&self.nodes[node].memory.replica.device().author());
            let can_hand = |other: usize| {
                reads_now(other) && self.can_welcome(other) && opens(&self.nodes[other].memory.replica, &said.entry)
            };
            if reads_now(node) && peers.iter().any(|other| can_hand(*other)) {
                return Err(Broken::Unread { node, entry: id });
            }
        }
        Ok(())
    }

    /// What somebody is shown of a task who reads it.
    fn shown(&self, node: usize, task: TaskId) -> String {
        let replica = &self.nodes[node].memory.replica;
        let Some(view) = replica.task_view(task, &|_| true) else { return String::new() };
        let row = &view.row;
        let thread: Vec<_> = view.thread.iter().map(|line| (line.entry, &line.text)).collect();
        let claim = row.claim.as_ref().map(|person| person.member);
        let readers: Vec<RoleId> = view.readers.iter().map(|readers| readers.role).collect();
        let persons: Vec<MemberId> = view.persons.iter().map(|person| person.member).collect();
        let assignees: Vec<MemberId> = row.assignees.iter().map(|person| person.member).collect();
        let said = (&row.title, row.status, row.two_answers, claim, assignees, &row.labels, &row.due, row.priority);
        format!("{said:?} {:?} {thread:?} {readers:?} {persons:?}", view.body)
    }

    fn check_shown(&self, peers: &[usize]) -> Result<(), Broken> {
        let mut by_task: BTreeMap<TaskId, Vec<&Said>> = BTreeMap::new();
        for said in &self.desks.record.said {
            by_task.entry(said.task).or_default().push(said);
        }
        for (task, said) in by_task {
            let readers = self.readers_now(task, peers);
            let mut first: BTreeMap<Vec<bool>, (usize, String)> = BTreeMap::new();
            for node in peers {
                let replica = &self.nodes[*node].memory.replica;
                if !readers.contains(&replica.device().author()) {
                    continue;
                }
                let opened = said.iter().map(|said| opens(replica, &said.entry)).collect();
                let shown = self.shown(*node, task);
                let (other, others) = first.entry(opened).or_insert_with(|| (*node, shown.clone()));
                if shown != *others {
                    return Err(Broken::Diverged { node: *node, other: *other });
                }
            }
        }
        Ok(())
    }

    /// All have the same public state: what somebody makes of it who reads no task.
    fn check_public(&mut self, peers: &[usize]) -> Result<(), Broken> {
        let mut first: Option<(usize, [u8; 32])> = None;
        for node in peers {
            let pursuance = self.groups[WITH_DESKS].pursuance;
            let mut stranger = Replica::new(pursuance, DeviceKeys::from_seed(self.rng.random()));
            self.nodes[*node].memory.replica.logs().iter().for_each(|entry| drop(stranger.append(entry.clone())));
            let digest = stranger.digest();
            let (other, others) = *first.get_or_insert((*node, digest));
            if digest != others {
                return Err(Broken::Diverged { node: *node, other });
            }
        }
        Ok(())
    }

    fn check_desk_epochs(&self, peers: &[usize]) -> Result<(), Broken> {
        for role in [VERIFIER, REDACTOR] {
            let reads = |node: &usize| {
                let replica = &self.nodes[*node].memory.replica;
                let device = replica.device().author();
                replica.is_here()
                    && replica.authority().readers(role).any(|(_, member)| member.devices.contains_key(&device))
            };
            let usable = |node: usize| self.nodes[node].memory.replica.usable_epoch_of(role).map(EpochSecret::id);
            let mut readers = peers.iter().copied().filter(reads);
            let Some(first) = readers.next() else { continue };
            let epoch = usable(first);
            if let Some(other) = readers.find(|other| usable(*other) != epoch) {
                return Err(Broken::OtherEpoch { node: first, other });
            }
        }
        Ok(())
    }
}
