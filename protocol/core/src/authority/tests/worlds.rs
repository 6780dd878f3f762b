//! Hostile worlds: members who fork, back-date, hide what they heard, lean on dead grants, come twice by one link, approve and
//! fall (docs/protocol/04-authority.md, "What is proved").

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};

use super::Verdict;
use super::stage::{FIRST, FOUNDER, SECOND, Saying, Stage, THIRD, Who, alone, ranks, removal, table, together};
use crate::entry::GrantRef;
use crate::id::{EntryId, RoleId};
use crate::op::Op;
use crate::rule::{Conditions, Object, Rule, RuleTable, Verb};

/// A stage and those who act on it.
pub(crate) struct World {
    pub(crate) stage: Stage,
    pub(crate) chance: StdRng,
    /// Who acts.
    pub(crate) cast: Vec<Who>,
    /// Invites by which somebody may still come.
    pub(crate) invites: Vec<GrantRef>,
    /// One in so many acts is honest: said after everything that was heard.
    pub(crate) honest_of_eight: u32,
}

/// The world of a seed.
pub(crate) fn world(seed: u64) -> Stage {
    let mut chance = StdRng::seed_from_u64(seed);
    let stage = Stage::found(some_table(&mut chance));
    let honest_of_eight = chance.random_range(1..7);
    let mut world = World { stage, chance, cast: vec![FOUNDER], invites: Vec::new(), honest_of_eight };
    world.gather();
    for _ in 0..world.chance.random_range(8..26) {
        world.act();
    }
    world.stage
}

fn some_table(chance: &mut StdRng) -> RuleTable {
    let mut rules = table().rules;
    let kind = chance.random_range(0..5);
    if kind >= 1 {
        // The second role can take the place of the first: succession.
        rules.push(together(SECOND, Verb::Remove, Object::Role(FIRST), 0, SECOND));
        rules.push(together(SECOND, Verb::Grant, Object::Role(FIRST), 0, SECOND));
        // Two of it put out a third.
        rules.push(together(SECOND, Verb::Remove, Object::Role(SECOND), 2, SECOND));
        rules.push(together(SECOND, Verb::Grant, Object::Role(SECOND), 2, SECOND));
    }
    if kind >= 2 {
        // Peers: whoever is in lets others in, and nobody decides about themselves.
        rules.retain(|rule| *rule != alone(FIRST, Verb::Amend, Object::Rules));
        rules.push(alone(FIRST, Verb::Grant, Object::Role(FIRST)));
        rules.push(alone(SECOND, Verb::Grant, Object::Role(SECOND)));
        rules.push(Rule {
            conditions: Conditions::NOT_SELF,
            ..together(FIRST, Verb::Remove, Object::Role(FIRST), 2, FIRST)
        });
        rules.push(alone(SECOND, Verb::Amend, Object::Rules));
    }
    if kind >= 3 {
        rules.retain(|rule| rule.verb == Verb::Amend || chance.random_range(0..5) > 0);
    }
    rules.sort();
    rules.dedup();
    ranks(3, rules)
}

impl World {
    /// Some come in peace.
    fn gather(&mut self) {
        for _ in 0..self.chance.random_range(2..6) {
            let role = *[FIRST, SECOND, SECOND, THIRD].choose(&mut self.chance).unwrap();
            let who = if role != THIRD || self.chance.random_range(0..2) == 0 {
                FOUNDER
            } else {
                *self.cast.choose(&mut self.chance).unwrap()
            };
            let uses = self.chance.random_range(1..3);
            let invite = self.stage.at(who).invite(role, uses);
            self.invites.push(invite);
            let new = self.stage.join(invite);
            if self.stage.told.verdict(self.stage.came_by(new).entry).is_none() {
                continue;
            }
            self.cast.push(new);
            if self.chance.random_range(0..3) > 0 {
                self.stage.at(FOUNDER).vouch(new);
            }
            if self.chance.random_range(0..3) == 0 {
                self.stage.at(new).recovery_key(new.0);
            }
            if self.chance.random_range(0..4) == 0 {
                self.add_device(new);
            }
        }
    }

    fn add_device(&mut self, who: Who) {
        let device = self.stage.stranger();
        self.saying(who).add_device(device);
        self.cast.push(device);
    }

    fn some<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        of.choose(&mut self.chance).copied()
    }

    fn someone(&mut self) -> Who {
        *self.cast.choose(&mut self.chance).unwrap()
    }

    fn some_role(&mut self) -> RoleId {
        *[FIRST, SECOND, SECOND, THIRD, THIRD, RoleId(4)].choose(&mut self.chance).unwrap()
    }

    /// Somebody speaks, in one of the ways in which one can.
    pub(crate) fn saying(&mut self, who: Who) -> Saying<'_> {
        let all = self.stage.order();
        let author = self.stage.author(who);
        let own: Vec<EntryId> =
            self.stage.entries.iter().filter(|entry| entry.body().author == author).map(|entry| entry.id()).collect();
        let own: Vec<EntryId> = own.into_iter().filter(|id| self.stage.told.verdict(*id).is_some()).collect();
        let (mut prev, mut knows, mut by) = (None, None, None);
        if self.chance.random_range(0..8) >= self.honest_of_eight {
            match self.chance.random_range(0..6) {
                // Hides all that was heard since.
                0 | 1 => knows = Some(Vec::new()),
                // Names some of it.
                2 => {
                    let count = self.chance.random_range(1..4);
                    knows = Some((0..count).map(|_| *all.choose(&mut self.chance).unwrap()).collect());
                }
                // A second history, back-dated.
                3 | 4 if !own.is_empty() => {
                    prev = self.some(&own);
                    let one = *all.choose(&mut self.chance).unwrap();
                    knows = Some(if self.chance.random_range(0..2) == 0 { Vec::new() } else { vec![one] });
                }
                // A second history that knows everything.
                5 if !own.is_empty() => prev = self.some(&own),
                _ => {}
            }
            // What was kept out stands in no log.
            knows = knows.map(|mut knows| {
                knows.retain(|id| self.stage.told.verdict(*id).is_some());
                knows
            });
        }
        // Leans on some grant of theirs, or of anybody, dead or not.
        if self.chance.random_range(0..8) == 0 && self.stage.has_member(who) {
            let member = self.stage.member(who);
            let facts = &self.stage.told.authority.facts;
            let grants: Vec<GrantRef> = if self.chance.random_range(0..4) > 0 {
                facts.grants_of.get(&member).cloned().unwrap_or_default()
            } else {
                facts.grants.keys().copied().collect()
            };
            by = self.some(&grants);
        }
        let mut saying = self.stage.at(who);
        if let Some(prev) = prev {
            saying = saying.after(Some(prev));
        }
        if let Some(knows) = knows {
            saying = saying.knowing(&knows);
        }
        match by {
            Some(by) => saying.with(by),
            None => saying,
        }
    }

    /// Something happens.
    pub(crate) fn act(&mut self) {
        let (who, whom, role) = (self.someone(), self.someone(), self.some_role());
        if self.stage.newest(who).is_none() {
            // A device that was added speaks for the first time, if whoever added it did so in the open.
            self.stage.at(who).speak();
            return;
        }
        match self.chance.random_range(0..156) {
            100..130 => self.strife(who, whom),
            130..150 => self.decide(whom),
            150..156 => self.take_on(whom),
            0..16 => _ = self.saying(who).remove(whom),
            16..20 => _ = self.saying(who).remove_from(whom, &[role]),
            20..31 => _ = self.saying(who).grant(whom, role),
            31..41 => self.propose(who, whom, role),
            41..54 => {
                let proposals = self.stage.told.authority.facts.proposals.keys().copied().collect::<Vec<_>>();
                let Some(proposal) = self.some(&proposals) else { return };
                if self.chance.random_range(0..8) == 0 {
                    self.saying(who).withdraw(proposal);
                } else {
                    self.sign(who, proposal);
                }
            }
            54..57 => _ = self.saying(who).leave(),
            57..62 => {
                let uses = self.chance.random_range(1..3);
                let reviewed = self.chance.random_range(0..3) == 0;
                let saying = self.saying(who);
                let invite = if reviewed { saying.invite_reviewed(role, uses) } else { saying.invite(role, uses) };
                self.invites.push(invite);
            }
            62..70 => self.come(),
            70..73 => {
                let grants: Vec<GrantRef> = self.stage.told.authority.facts.grants.keys().copied().collect();
                let Some(grant) = self.some(&grants) else { return };
                self.saying(who).revoke(grant);
            }
            73..76 => {
                let invites = self.invites.clone();
                let Some(invite) = self.some(&invites) else { return };
                self.saying(who).revoke_invite(invite);
            }
            76..80 => {
                let (rule, present) = self.some_rule();
                self.saying(who).set_rule(rule, present);
            }
            80 => _ = self.saying(who).define_role(RoleId(4), 1),
            81 => _ = self.saying(who).retire_role(role),
            82..85 => self.ratify(who),
            85..88 => _ = self.saying(who).suspend(whom),
            88 => self.add_device(who),
            89 => _ = self.saying(who).remove_device(whom),
            90 => _ = self.saying(who).recovery_key(who.0),
            91 | 92 => {
                let device = self.stage.stranger();
                self.saying(device).recover(whom, whom.0);
                self.cast.push(device);
            }
            93 => _ = self.saying(who).vouch(whom),
            94 => {
                let join = self.stage.came_by(whom).entry;
                self.saying(who).admit(join);
            }
            95 => {
                let name = format!("name {}", self.chance.random_range(0..9));
                self.saying(who).set_name(&name);
            }
            _ => _ = self.saying(who).speak(),
        }
    }

    /// Somebody is removed, and goes on as if they had not heard.
    fn strife(&mut self, who: Who, whom: Who) {
        if self.stage.newest(whom).is_none() {
            return;
        }
        let who = if self.chance.random_range(0..2) == 0 { FOUNDER } else { who };
        self.stage.at(who).remove(whom);
        for _ in 0..self.chance.random_range(1..4) {
            let other = self.someone();
            match self.chance.random_range(0..6) {
                0 => _ = self.stage.at(whom).alone().speak(),
                1 => {
                    let invite = self.stage.at(whom).alone().invite(THIRD, 1);
                    let new = self.stage.stranger();
                    let join = self.stage.at(new).knowing(&[invite.entry]).join(invite);
                    if self.stage.told.verdict(join).is_some() {
                        self.cast.push(new);
                    }
                }
                2 => _ = self.stage.at(whom).alone().grant(other, THIRD),
                3 => _ = self.stage.at(whom).alone().remove(other),
                4 => _ = self.stage.at(whom).alone().vouch(other),
                _ => _ = self.stage.at(whom).alone().set_name("mine"),
            }
        }
    }

    /// Somebody comes by a link that is closed beside all that they do; then several take them on who do not know of each other.
    fn take_on(&mut self, whom: Who) {
        if !self.cast.contains(&FOUNDER) {
            // Here only some act, and the founder is not one of them.
            return self.come();
        }
        let role = *[SECOND, THIRD].choose(&mut self.chance).unwrap();
        let invite = self.stage.at(FOUNDER).invite(role, 1);
        let new = self.stage.stranger();
        let join = self.stage.at(new).join(invite);
        if self.stage.told.verdict(join).is_none() {
            return;
        }
        self.cast.push(new);
        for _ in 0..self.chance.random_range(1..4) {
            let other = self.someone();
            let known = self.stage.told.authority.facts.proposals.keys().copied().collect::<Vec<_>>();
            match (self.chance.random_range(0..5), self.some(&known)) {
                (0, _) => _ = self.stage.at(other).grant(new, THIRD),
                (1, _) => _ = self.stage.at(new).grant(whom, THIRD),
                (2, Some(proposal)) => self.sign(new, proposal),
                (3, _) => self.decide(whom),
                _ => _ = self.stage.at(new).remove(whom),
            }
        }
        let closed = self.stage.at(FOUNDER).after(Some(invite.entry)).alone().revoke_invite(invite);
        for _ in 0..self.chance.random_range(1..4) {
            let other = if self.chance.random_range(0..2) == 0 { FOUNDER } else { self.someone() };
            if self.stage.newest(other).is_some() {
                self.stage.at(other).knowing(&[join, closed]).ratify(&[join]);
            }
        }
    }

    /// Holders of a role decide, and some of them do not hear what the others hear.
    fn decide(&mut self, whom: Who) {
        let of = *[FIRST, SECOND, SECOND].choose(&mut self.chance).unwrap();
        let holders = self.stage.told.holders(of);
        let signs = |who: &Who| {
            self.stage.has_member(*who)
                && holders.contains(&self.stage.member(*who))
                && self.stage.newest(*who).is_some()
        };
        let mut signers: Vec<Who> = self.cast.iter().copied().filter(signs).collect();
        signers.shuffle(&mut self.chance);
        let Some(proposer) = signers.pop() else { return };
        let (member, some_entry) = (self.stage.member(whom), *self.stage.order().choose(&mut self.chance).unwrap());
        let op = match self.chance.random_range(0..8) {
            0..3 => removal(member, &[], &[]),
            3 => removal(member, &[], &[some_entry]),
            4 | 5 => Op::Grant(crate::op::Grant { member, role: of }),
            6 => Op::Checkpoint,
            _ => {
                Op::SetRule(crate::op::SetRule { rule: alone(THIRD, Verb::Vouch, Object::Role(THIRD)), present: true })
            }
        };
        let proposal = self.stage.at(proposer).propose(of, op);
        for who in signers {
            match self.chance.random_range(0..8) {
                0 => {}
                1 | 2 => _ = self.stage.at(who).knowing(&[proposal]).approve(proposal),
                _ => self.sign(who, proposal),
            }
        }
    }

    fn propose(&mut self, who: Who, whom: Who, role: RoleId) {
        let of = *[FIRST, SECOND, SECOND, THIRD].choose(&mut self.chance).unwrap();
        let member = self.stage.member(whom);
        let some_entry = *self.stage.order().choose(&mut self.chance).unwrap();
        let (rule, present) = self.some_rule();
        let op = match self.chance.random_range(0..12) {
            0..4 => removal(member, &[], &[]),
            4 | 5 => removal(member, &[], &[some_entry]),
            6 | 7 => Op::Grant(crate::op::Grant { member, role }),
            8 => Op::Checkpoint,
            9 => Op::SetRule(crate::op::SetRule { rule, present }),
            10 => Op::SuspendDevice(self.stage.author(whom)),
            _ => Op::RevokeGrant(self.stage.came_by(whom)),
        };
        let proposal = self.saying(who).propose(of, op);
        // Some agree at once.
        for _ in 0..self.chance.random_range(0..3) {
            let other = self.someone();
            if self.stage.newest(other).is_some() {
                self.sign(other, proposal);
            }
        }
    }

    /// Signs with the role asked, if the signer holds it.
    fn sign(&mut self, who: Who, proposal: EntryId) {
        let facts = &self.stage.told.authority.facts;
        let of = facts.proposals.get(&proposal).map(|asked| asked.said.of);
        let held = facts.grants_of.get(&self.stage.member(who)).into_iter().flatten();
        let with = { held }.find(|at| of == facts.grants.get(at).map(|grant| grant.role)).copied();
        let saying = self.saying(who);
        match with {
            Some(with) => saying.with(with).approve(proposal),
            None => saying.approve(proposal),
        };
    }

    /// Somebody comes by an invite: old ones too, and more than it has uses.
    fn come(&mut self) {
        let open = |at: &&GrantRef| self.stage.told.authority.invites().get(at).is_some_and(|invite| invite.open);
        let mut invites: Vec<GrantRef> = self.invites.iter().filter(open).copied().collect();
        if invites.is_empty() || self.chance.random_range(0..3) == 0 {
            invites.clone_from(&self.invites);
        }
        let Some(invite) = self.some(&invites) else { return };
        let who = self.stage.stranger();
        let hides = self.chance.random_range(0..2) == 0;
        let saying = self.stage.at(who);
        let join = if hides { saying.knowing(&[invite.entry]).join(invite) } else { saying.join(invite) };
        if self.stage.told.verdict(join).is_some() {
            self.cast.push(who);
        }
    }

    fn ratify(&mut self, who: Who) {
        let held = |id: &EntryId| matches!(self.stage.told.verdict(*id), Some(Verdict::Held(_)));
        let held: Vec<EntryId> = self.stage.order().into_iter().filter(held).collect();
        if let Some(id) = self.some(&held) {
            self.saying(who).ratify(&[id]);
        }
    }

    fn some_rule(&mut self) -> (Rule, bool) {
        let known: Vec<Rule> = self.stage.told.authority.facts.lines.keys().copied().collect();
        if self.chance.random_range(0..2) == 0 {
            let present = self.chance.random_range(0..3) == 0;
            return (*known.choose(&mut self.chance).unwrap(), present);
        }
        let verbs = [Verb::Invite, Verb::Grant, Verb::Remove, Verb::Amend, Verb::Vouch];
        let verb = *verbs.choose(&mut self.chance).unwrap();
        let (role, over) = (self.some_role(), self.some_role());
        let object = if verb == Verb::Amend { Object::Rules } else { Object::Role(over) };
        let line = if self.chance.random_range(0..3) == 0 {
            together(role, verb, object, self.chance.random_range(0..3), role)
        } else {
            alone(role, verb, object)
        };
        (line, true)
    }
}
