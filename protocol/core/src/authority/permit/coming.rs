//! Who comes: by an invite, with another device, with a recovery key.

use alloc::vec;
use alloc::vec::Vec;

use super::{Actor, Case, Denial, Permit, invite_key, join_message};
use crate::authority::facts::Source;
use crate::authority::seen::Seen;
use crate::authority::switch::{Switch, bars, require};
use crate::crypto;
use crate::crypto::kem::is_public_key;
use crate::entry::GrantRef;
use crate::limits::{MAX_DEVICES, MAX_SENIORITY_DEPTH};
use crate::op::{AddDevice, Invite, Join, Op, Recover};
use crate::refusal::Refusal;
use crate::rule::{Object, Rule, Verb};

impl<S: Seen> Case<'_, S> {
    pub(super) fn closes_invite(&self, actor: &Actor<'_>, at: GrantRef) -> Result<Option<Vec<Rule>>, Refusal> {
        let invite = self.seen.facts().invites.get(&at).filter(|_| self.seen.counts(at.entry));
        let invite = invite.ok_or(Refusal::NoSuchMember)?;
        require(Switch::R2CloseOpen, self.seen.is_open(at), Refusal::NothingToChange)?;
        if invite.inviter == actor.member {
            return Ok(None);
        }
        let rank = self.seen.rank(invite.invite.role).unwrap_or(u8::MAX);
        require(Switch::R2CloseSenior, rank > actor.grant.key.rank, Refusal::NotSenior)?;
        let role = Object::Role(invite.invite.role);
        let revokes = self.allowed(actor, Verb::Revoke, role, false);
        revokes.or_else(|refusal| self.allowed(actor, Verb::Invite, role, false).map_err(|_| refusal)).map(Some)
    }

    pub(super) fn invite(&self, actor: &Actor<'_>, invite: &Invite) -> Result<Vec<Rule>, Refusal> {
        let role = self.role(invite.role)?;
        require(Switch::R2InviteLiving, !self.seen.is_retired(invite.role), Refusal::NoSuchRole)?;
        let lines = self.allowed(actor, Verb::Invite, Object::Role(invite.role), false)?;
        // A rule named the role, so one's own rank may be offered; a higher one never (R2).
        require(Switch::R2InviteRank, role.rank >= actor.grant.key.rank, Refusal::RankAboveOwn)?;
        Ok(lines)
    }

    /// J7: signed by the invite key for this very author, and a use is left in the join's own past.
    pub(super) fn join(&self, join: &Join) -> Result<Permit, Denial> {
        let facts = self.seen.facts();
        let by = self.entry.body().by.ok_or(Refusal::GrantNotHeld)?;
        if bars(Switch::R2NewerLeans, (self.newer)(by.entry)) {
            return Err(Denial::NeedsNewer);
        }
        let open = facts.invites.get(&by).filter(|_| self.seen.counts(by.entry)).ok_or(Refusal::GrantNotHeld)?;
        let message = join_message(self.pursuance, self.entry.body().author, &join.name, &join.package);
        let fits = self.checks(|| {
            crypto::verify(&open.invite.key, &message, &join.signature).is_ok()
                && is_public_key(join.package.suite, &join.package.public)
        });
        require(Switch::J7Agreed, fits, Refusal::BadKeys)?;
        require(Switch::J7Open, self.seen.is_open(by), Refusal::InviteClosed)?;
        require(Switch::J7Uses, !self.seen.is_used_up(by, open.invite.uses), Refusal::InviteUsedUp)?;
        let inviter = facts.grants.get(&open.by).ok_or(Refusal::GrantNotHeld)?;
        let too_deep = Refusal::TooMany { max: MAX_SENIORITY_DEPTH as u32 };
        require(Switch::J7Depth, inviter.key.path.len() + 2 <= MAX_SENIORITY_DEPTH, too_deep)?;
        let key = invite_key(inviter, open.seq, by, self.seen.rank(open.invite.role).unwrap_or(u8::MAX));
        Ok(Permit {
            position: key.position(Vec::new()),
            leans: vec![vec![Source::Entry(by.entry)]],
            uses: Vec::new(),
            device: Vec::new(),
            asked: None,
        })
    }

    /// A recovery key lets one more device in and puts out all others.
    pub(super) fn recover(&self, recover: &Recover) -> Result<Permit, Denial> {
        let (body, facts) = (self.entry.body(), self.seen.facts());
        let at = body.by.ok_or(Refusal::GrantNotHeld)?;
        if bars(Switch::R2NewerLeans, (self.newer)(at.entry)) {
            return Err(Denial::NeedsNewer);
        }
        let held = facts.grants.get(&at).filter(|_| self.seen.holds(at.entry) && self.seen.is_active(at));
        let grant = held.ok_or(Refusal::GrantNotHeld)?;
        let member = grant.holder;
        let first = self.seen.active_grants(member).first().map(|(at, _)| *at);
        require(Switch::D7LeansOnFirst, first == Some(at), Refusal::GrantNotHeld)?;
        let keys = facts.recovery.get(&member).into_iter().flatten();
        let mut counting: Vec<_> = keys.filter(|(entry, _)| self.seen.counts(*entry)).collect();
        counting.sort_by_key(|(entry, _)| (facts.acts[entry].position.clone(), *entry));
        let (made_by, key) = counting.first().ok_or(Refusal::NoSuchDevice)?;
        let fits = self.checks(|| {
            recover.is_agreed(self.pursuance, member, body.author, key)
                && is_public_key(recover.package.suite, &recover.package.public)
        });
        require(Switch::D7Agreed, fits, Refusal::BadKeys)?;
        require(Switch::D7New, self.seen.device_path(body.author, member).is_none(), Refusal::BadKeys)?;
        Ok(Permit {
            position: grant.key.recovery(),
            leans: vec![vec![grant.source], vec![Source::Entry(*made_by)]],
            uses: Vec::new(),
            device: Vec::new(),
            asked: None,
        })
    }

    /// D2.
    pub(super) fn add_device(&self, actor: &Actor<'_>, added: &AddDevice, ops: &[Op]) -> Result<(), Refusal> {
        let new = || ops.iter().filter_map(|op| if let Op::AddDevice(new) = op { Some(new) } else { None });
        let too_deep = Refusal::TooMany { max: MAX_SENIORITY_DEPTH as u32 };
        require(Switch::D2Depth, actor.device.len() < MAX_SENIORITY_DEPTH, too_deep)?;
        // Counted first: signatures are dear.
        let held = self.seen.facts().devices_of.get(&actor.member).into_iter().flatten();
        let held = held.filter(|author| self.seen.device_path(**author, actor.member).is_some()).count();
        require(Switch::D2Limit, held + new().count() <= MAX_DEVICES, Refusal::TooMany { max: MAX_DEVICES as u32 })?;
        let known = self.seen.facts().devices.get(&added.author).into_iter().flatten();
        let is_known = { known }.any(|device| self.seen.counts(device.source));
        let is_once = new().filter(|other| other.author == added.author).count() == 1;
        require(Switch::D2New, !is_known, Refusal::BadKeys)?;
        require(Switch::D2Once, is_once, Refusal::BadKeys)?;
        let fits = self.checks(|| {
            is_public_key(added.package.suite, &added.package.public) && added.is_agreed(self.pursuance, actor.member)
        });
        require(Switch::D1Agreed, fits, Refusal::BadKeys)
    }
}
