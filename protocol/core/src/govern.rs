//! Commands about people and rules, planned: each becomes one public op, and is refused for the reason for which everybody would
//! refuse it (docs/protocol/05-tasks.md, "Commands").

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::change::Change;
use crate::command::Command;
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{EntryId, RoleId};
use crate::keys::InviteSecret;
use crate::limits::{MAX_INVITE_USES, MAX_NAME_BYTES, MAX_NOTE_BYTES, MAX_PINS, MAX_RATIFIED, MAX_RELAYS, MAX_ROLES};
use crate::op::{Grant, Invite, Op, Propose, Remove, SetRule, Vouch};
use crate::plan::{Authored, Circumstances, changed, line, parse_relays, text, within};
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::rule::Role;

/// How a change would be made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "how", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum How {
    /// By me.
    Alone,
    /// By those who hold a role; my signature is the first, if I am one of them.
    Together {
        /// Which role.
        of: RoleId,
    },
    /// Not by me.
    Refused {
        /// Why.
        refusal: Refusal,
    },
}

impl Replica {
    /// Plans and signs one public op.
    pub(crate) fn govern(&self, command: &Command, with: &mut Circumstances<'_>) -> Result<Authored, Refusal> {
        self.may_sign(command)?;
        if let Command::Invite { role, uses, reviewed } = command {
            return self.invite(*role, *uses, *reviewed, with);
        }
        let (op, entry) = if let Command::Decide { change } = command {
            self.sign_alone_or_together(&self.op_of(change, with)?, with.now_seconds)?
        } else {
            let op = self.public_op(command, with)?;
            let entry = self.sign_permitted(&op, with.now_seconds)?;
            (op, entry)
        };
        let undo = self.undo_of(&op, entry.id());
        Ok(Authored { entries: vec![entry], undo, task: None, invite: None })
    }

    /// Whoever belongs to the pursuance; and whoever was removed, as far as a majority may take them back (R8).
    fn may_sign(&self, command: &Command) -> Result<(), Refusal> {
        match self.writer() {
            Err(Refusal::Removed)
                if matches!(command, Command::Propose { .. } | Command::Decide { .. } | Command::Approve { .. }) =>
            {
                Ok(())
            }
            other => other.map(|_| ()),
        }
    }

    fn public_op(&self, command: &Command, with: &mut Circumstances<'_>) -> Result<Op, Refusal> {
        Ok(match command {
            Command::Leave => Op::Leave,
            Command::RemoveDevice { author } => Op::RemoveDevice(*author),
            Command::Propose { of, change } => {
                Op::Propose(Propose { of: *of, op: Box::new(self.op_of(change, with)?) })
            }
            Command::Approve { proposal } => Op::Approve(*proposal),
            Command::WithdrawApproval { proposal } => Op::WithdrawApproval(*proposal),
            Command::Ratify { entries } => {
                let entries = ascending(entries, MAX_RATIFIED)?;
                changed(!entries.is_empty())?;
                Op::Ratify(entries)
            }
            // Of a member's entries, the first is the one by which they came.
            Command::Admit { member } => Op::Admit(EntryId(member.0)),
            Command::Vouch { member, note } => Op::Vouch(Vouch { member: *member, note: text(note, MAX_NOTE_BYTES)? }),
            Command::Rename { name } => self.op_of(&Change::Rename { name: name.clone() }, with)?,
            Command::DefineRole { name, rank, since_joining } => {
                let (name, rank, since_joining) = (name.clone(), *rank, *since_joining);
                self.op_of(&Change::DefineRole { name, rank, since_joining }, with)?
            }
            Command::RetireRole { role } => Op::RetireRole(*role),
            Command::SetRule { rule, present } => Op::SetRule(SetRule { rule: *rule, present: *present }),
            Command::Grant { member, role } => self.op_of(&Change::Grant { member: *member, role: *role }, with)?,
            Command::RevokeGrant { grant } => Op::RevokeGrant(*grant),
            Command::RemoveMember { member, roles } => {
                self.op_of(&Change::Remove { member: *member, roles: roles.clone(), pins: Vec::new() }, with)?
            }
            Command::SuspendDevice { author } => Op::SuspendDevice(*author),
            Command::SetRelays { relays } => self.op_of(&Change::SetRelays { relays: relays.clone() }, with)?,
            Command::RevokeInvite { invite } => Op::RevokeInvite(*invite),
            _ => unreachable!("planned where they are matched"),
        })
    }

    /// The op that a change is.
    fn op_of(&self, change: &Change, with: &mut Circumstances<'_>) -> Result<Op, Refusal> {
        Ok(match change {
            Change::Rename { name } => {
                let name = line(name, MAX_NAME_BYTES)?;
                changed(name != self.authority.name())?;
                Op::SetName(name)
            }
            Change::DefineRole { name, rank, since_joining } => {
                let name = line(name, MAX_NAME_BYTES)?;
                Op::DefineRole(Role { id: self.free_role(with), name, rank: *rank, since_joining: *since_joining })
            }
            Change::RetireRole { role } => Op::RetireRole(*role),
            Change::SetRule { rule, present } => Op::SetRule(SetRule { rule: *rule, present: *present }),
            Change::Grant { member, role } => {
                // Everybody's already, and nobody's to give.
                if *role == RoleId::EVERYONE {
                    return Err(Refusal::NoSuchRole);
                }
                Op::Grant(Grant { member: *member, role: *role })
            }
            Change::RevokeGrant { grant } => Op::RevokeGrant(*grant),
            Change::Remove { member, roles, pins } => Op::Remove(Remove {
                member: *member,
                roles: ascending(roles, MAX_ROLES)?,
                pins: ascending(pins, MAX_PINS)?,
            }),
            Change::SuspendDevice { author } => Op::SuspendDevice(*author),
            Change::Checkpoint => Op::Checkpoint,
            Change::SetRelays { relays } => Op::SetRelays(parse_relays(relays)?),
            Change::RevokeInvite { invite } => Op::RevokeInvite(*invite),
        })
    }

    /// A number that no role has: drawn, so that two who define one at the same time rarely take the same.
    fn free_role(&self, with: &mut Circumstances<'_>) -> RoleId {
        loop {
            let id = RoleId(u16::from_be_bytes(with.seed.draw()));
            if id != RoleId::EVERYONE && !self.authority.knows_role(id) {
                return id;
            }
        }
    }

    fn invite(
        &self,
        role: RoleId,
        uses: u16,
        reviewed: bool,
        with: &mut Circumstances<'_>,
    ) -> Result<Authored, Refusal> {
        let secret = InviteSecret::new(with.seed.draw());
        let op = Op::Invite(Invite {
            role,
            uses: uses.clamp(1, MAX_INVITE_USES),
            key: secret.signing().author().0,
            cell_secret: secret.cell_secret(),
            note: String::new(),
            since: with.since.iter().take(MAX_RELAYS).copied().collect(),
            reviewed,
        });
        let entry = self.sign_permitted(&op, with.now_seconds)?;
        if !(1..=MAX_INVITE_USES).contains(&uses) {
            return Err(Refusal::TooMany { max: MAX_INVITE_USES.into() });
        }
        let invite = Some((GrantRef { entry: entry.id(), op: 0 }, secret));
        Ok(Authored { entries: vec![entry], undo: Vec::new(), task: None, invite })
    }

    /// How a change would be made by me now.
    #[must_use]
    pub fn how(&self, change: &Change, with: &mut Circumstances<'_>) -> How {
        let signed = self.op_of(change, with).and_then(|op| self.sign_alone_or_together(&op, with.now_seconds));
        match signed {
            Ok((Op::Propose(Propose { of, .. }), _)) => How::Together { of },
            Ok(_) => How::Alone,
            Err(refusal) => How::Refused { refusal },
        }
    }

    /// Signs what I may do alone, or a proposal to the first role that may decide it.
    fn sign_alone_or_together(&self, op: &Op, now_seconds: u64) -> Result<(Op, Entry), Refusal> {
        let alone = self.writer().and_then(|_| self.sign_permitted(op, now_seconds));
        let why = match alone {
            Ok(entry) => return Ok((op.clone(), entry)),
            Err(why) => why,
        };
        let asked: BTreeSet<RoleId> = self
            .authority
            .table()
            .into_iter()
            .flat_map(|table| &table.rules)
            .filter_map(|rule| rule.quorum)
            .map(|quorum| quorum.of)
            .collect();
        let proposals = asked.into_iter().map(|of| Op::Propose(Propose { of, op: Box::new(op.clone()) }));
        let mut signed = proposals.filter_map(|op| Some((self.sign_permitted(&op, now_seconds).ok()?, op)));
        signed.next().map(|(entry, op)| (op, entry)).ok_or(why)
    }

    /// Signs an op with the first of my grants that permits it; what permits it is asked of the one who judges.
    fn sign_permitted(&self, op: &Op, now_seconds: u64) -> Result<Entry, Refusal> {
        let me = self.me().ok_or_else(|| self.absence().unwrap_or(Refusal::NotWelcomedYet))?;
        let mut grants = self.authority.grants_to_try(me);
        // Who signs for several roles signs as one of those asked.
        if let Op::Approve(proposal) = op
            && let Some(of) = self.authority.asked_of(*proposal)
        {
            grants.sort_by_key(|at| self.authority.granted(*at).is_none_or(|(_, role)| role != of));
        }
        let mut why = None;
        for by in grants {
            let entry = self.sign_next(Content::Public(vec![op.clone()]), by, None, now_seconds);
            match self.authority.would(self.pursuance, &self.logs, &entry) {
                // Nothing would change for anybody; asked last, since it matters least.
                Ok(()) if self.is_same(op) => return Err(Refusal::NothingToChange),
                Ok(()) => return Ok(entry),
                // What can be done together says more than that it cannot be done alone.
                Err(new @ Refusal::NeedsQuorum { .. }) => why = Some(new),
                Err(Refusal::GrantNotHeld) => {}
                Err(new) => why = why.or(Some(new)),
            }
        }
        Err(why.or_else(|| self.absence()).unwrap_or(Refusal::GrantNotHeld))
    }

    fn is_same(&self, op: &Op) -> bool {
        matches!(op, Op::SetRelays(relays) if relays == self.authority.relays())
    }

    /// Commands that take back what an op did; none where nothing can.
    fn undo_of(&self, op: &Op, entry: EntryId) -> Vec<Command> {
        let undo = match op {
            Op::SetName(_) => Command::Rename { name: self.authority.name().to_string() },
            Op::SetRelays(_) => {
                Command::SetRelays { relays: self.authority.relays().iter().map(ToString::to_string).collect() }
            }
            Op::DefineRole(role) => Command::RetireRole { role: role.id },
            Op::SetRule(set) => Command::SetRule { rule: set.rule, present: !set.present },
            Op::Grant(_) => Command::RevokeGrant { grant: GrantRef { entry, op: 0 } },
            Op::RevokeGrant(at) => match self.authority.granted(*at) {
                Some((member, role)) => Command::Grant { member, role },
                None => return Vec::new(),
            },
            Op::Propose(_) => Command::WithdrawApproval { proposal: entry },
            Op::Approve(proposal) => Command::WithdrawApproval { proposal: *proposal },
            _ => return Vec::new(),
        };
        vec![undo]
    }
}

fn ascending<T: Copy + Ord>(given: &[T], max: usize) -> Result<Vec<T>, Refusal> {
    let mut sorted = given.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    within(sorted.len(), max)?;
    Ok(sorted)
}
