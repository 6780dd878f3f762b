//! A machine on the stage: what it has heard so far, and what it makes of it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use pursuance_wire::RelayAddress;

use super::super::fault::{Fault, is_made};
use super::super::seen::Seen;
use super::super::{Authority, Doubt, Handed, KnownEpoch, Member, OpenInvite, Presence, Verdict, definition};
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{EntryId, EpochId, MemberId, PursuanceId, RoleId};
use crate::logs::{Append, Logs};
use crate::op::Welcome;
use crate::refusal::Refusal;
use crate::rule::{Rule, RuleTable};

/// A machine: what it has heard so far, and what it makes of it.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) logs: Logs,
    pub(crate) authority: Authority,
    /// First entries by which nobody is let in: they stand in no log.
    pub(crate) kept_out: BTreeMap<EntryId, Refusal>,
    /// What stands in its log, as it came.
    pub(crate) heard: Vec<EntryId>,
    /// What changed for others with the last entry.
    pub(crate) doubt: Doubt,
    pursuance: PursuanceId,
}

/// All that a machine makes of what it heard, for comparing: nothing that the order of arrival shows in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub(crate) verdicts: BTreeMap<EntryId, Verdict>,
    pub(crate) kept_out: BTreeMap<EntryId, Refusal>,
    pub(crate) name: String,
    pub(crate) table: RuleTable,
    pub(crate) members: BTreeMap<MemberId, Member>,
    pub(crate) invites: BTreeMap<GrantRef, OpenInvite>,
    pub(crate) epochs: BTreeMap<(EpochId, RoleId), KnownEpoch>,
    pub(crate) relays: Vec<RelayAddress>,
    pub(crate) welcomes: BTreeMap<Handed, Vec<Welcome>>,
}

impl State {
    /// What was made of all that stands in a log.
    pub(crate) fn of(authority: &Authority) -> Self {
        let mut invites = authority.invites.clone();
        for invite in invites.values_mut() {
            invite.joins.sort_unstable();
        }
        let mut welcomes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (to, handed) in &authority.welcomes {
            let mut handed: Vec<_> = handed.iter().map(|(_, welcome)| welcome.clone()).collect();
            handed.sort_by(|a, b| a.sealed.cmp(&b.sealed));
            welcomes.insert(*to, handed);
        }
        Self {
            verdicts: authority.verdicts.clone(),
            kept_out: BTreeMap::new(),
            name: authority.name.clone(),
            table: authority.table.clone(),
            members: authority.members.clone(),
            invites,
            epochs: authority.epochs.clone(),
            relays: authority.relays.clone(),
            welcomes,
        }
    }
}

impl Told {
    pub(super) fn new(pursuance: PursuanceId) -> Self {
        let (logs, authority) = (Logs::default(), Authority::default());
        let (kept_out, heard) = (BTreeMap::new(), Vec::new());
        Self { logs, authority, kept_out, heard, doubt: Doubt::default(), pursuance }
    }

    pub(super) fn by_definition(pursuance: PursuanceId) -> Self {
        let mut told = Self::new(pursuance);
        told.authority.by_definition = Some(definition::Pasts::default());
        told
    }

    /// Hears an entry: appends and judges it, and judges again what that puts in doubt. `None`: it was kept out, or names what
    /// this machine has not heard.
    pub(crate) fn hear(&mut self, entry: &Entry) -> Option<Verdict> {
        self.hear_as(entry, None)
    }

    pub(super) fn hear_as(&mut self, entry: &Entry, before: Option<&Verdict>) -> Option<Verdict> {
        if self.logs.missing(entry).is_none_or(|missing| !missing.is_empty()) {
            return None;
        }
        if let Some(Verdict::Refused(refusal)) = self.authority.admits(self.pursuance, &self.logs, entry) {
            self.kept_out.insert(entry.id(), refusal);
            return None;
        }
        if matches!(before, Some(Verdict::Held(_))) && is_made(Fault::HeldIsNotStored) {
            return None;
        }
        let append = self.logs.append(entry.clone(), &mut Vec::new());
        if !matches!(append, Append::Appended | Append::Equivocation { .. }) {
            return None;
        }
        self.heard.push(entry.id());
        let verdict = match before {
            Some(Verdict::Counts | Verdict::Held(_)) => self.authority.take_back(self.pursuance, &self.logs, entry),
            _ => self.authority.judge(self.pursuance, &self.logs, entry),
        };
        self.logs.set_standing(entry.id(), verdict.standing());
        self.doubt = self.authority.take_doubt();
        for id in &self.doubt.public {
            let standing = self.authority.verdict(*id).expect("it was judged").standing();
            self.logs.set_standing(*id, standing);
        }
        let forgets = is_made(Fault::DoubtIsForgotten);
        for id in self.in_doubt().into_iter().filter(|_| !forgets) {
            let again = self.authority.judge_again(&self.logs, self.logs.entry(id).expect("it was heard"));
            self.logs.set_standing(id, again.standing());
            self.authority.note_verdict(id, again);
        }
        Some(verdict)
    }

    /// Role entries that were permitted and whose verdict may have changed.
    fn in_doubt(&self) -> Vec<EntryId> {
        let doubted = |id: &EntryId| {
            let dot = self.logs.dot(*id).expect("it was heard");
            self.doubt.ratified.contains(id) || self.doubt.chains.get(&dot.chain).is_some_and(|from| *from <= dot.seq)
        };
        self.permitted_role_entries().filter(doubted).collect()
    }

    fn permitted_role_entries(&self) -> impl Iterator<Item = EntryId> + '_ {
        let role = |id: &EntryId| {
            self.logs.entry(*id).is_some_and(|entry| matches!(entry.body().content, Content::Role(_)))
                && matches!(self.authority.verdict(*id), Some(Verdict::Counts | Verdict::Held(_)))
        };
        self.heard.iter().copied().filter(role)
    }

    /// The verdict on an entry; `None` if it was kept out or not heard.
    pub(crate) fn verdict(&self, id: EntryId) -> Option<Verdict> {
        self.authority.verdict(id).cloned()
    }

    /// Who holds a role now.
    pub(crate) fn holders(&self, role: RoleId) -> BTreeSet<MemberId> {
        let held = self.authority.members().iter();
        let held = held.filter(|(_, member)| member.grants.iter().any(|grant| grant.role == role));
        held.map(|(id, _)| *id).collect()
    }

    /// Whether somebody is a member now.
    pub(crate) fn is_here(&self, member: MemberId) -> bool {
        self.authority.members().get(&member).is_some_and(|member| member.presence == Presence::Here)
    }

    /// The lines of the rules in force, in their order.
    pub(crate) fn rules(&self) -> &[Rule] {
        self.authority.table().map_or(&[], |table| &table.rules)
    }

    /// All of it, for comparing.
    pub(crate) fn state(&self) -> State {
        State { kept_out: self.kept_out.clone(), ..State::of(&self.authority) }
    }

    /// What it would be, were everything looked at anew: nothing that was followed entry by entry.
    pub(crate) fn state_anew(&mut self) -> State {
        let mut state = self.state();
        let now = self.authority.now(&self.logs);
        for (id, act) in &self.authority.facts.acts {
            state.verdicts.insert(*id, now.held(act).map_or(Verdict::Counts, Verdict::Held));
        }
        for id in self.permitted_role_entries() {
            let entry = self.logs.entry(id).expect("it was heard");
            state.verdicts.insert(id, self.authority.judge_again(&self.logs, entry));
        }
        drop(now);
        let (invites, members) = (self.authority.invites.clone(), self.authority.members.clone());
        (self.authority.invites, self.authority.members) = (BTreeMap::new(), BTreeMap::new());
        self.authority.follow_all(&self.logs);
        let anew = self.state();
        (self.authority.invites, self.authority.members) = (invites, members);
        State { verdicts: state.verdicts, ..anew }
    }

    /// Who holds what, asked of a view: all that is held of these entries.
    pub(crate) fn active_now(&self) -> BTreeSet<GrantRef> {
        let now = self.authority.now(&self.logs);
        self.authority.facts.grants.keys().copied().filter(|at| now.is_active(*at)).collect()
    }
}
