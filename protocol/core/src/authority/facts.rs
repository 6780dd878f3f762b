//! What permitted entries say, in tables: intrinsic, the same in every view, and only ever added to
//! (docs/protocol/04-authority.md, "Facts").

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use super::memory::LinePlace;
use super::position::{Position, SeniorityKey, Step};
use super::switch::{Switch, bars};
use crate::clock::{Clock, Dot};
use crate::entry::GrantRef;
use crate::id::{AuthorId, EntryId, EpochId, MemberId, RoleId};
use crate::op::{Invite, KeyPackage, Propose, Welcome};
use crate::rule::{Role, Rule};
use pursuance_wire::RelayAddress;

/// What has to count for something to be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// An entry.
    Entry(EntryId),
    /// A proposal that was decided.
    Decision(EntryId),
}

impl Source {
    /// The entry whose past this is written in.
    pub(crate) const fn entry(self) -> EntryId {
        match self {
            Self::Entry(id) | Self::Decision(id) => id,
        }
    }
}

/// What judging an entry in a view needs to know of it.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    pub(crate) id: EntryId,
    pub(crate) dot: Dot,
    pub(crate) depth: u32,
    pub(crate) author: AuthorId,
    /// The grant leaned on, or the invite of a join; `None` for the genesis.
    pub(crate) by: Option<GrantRef>,
    pub(crate) position: Position,
    /// Each of these must count, by one of its alternatives.
    pub(crate) leans: Vec<Vec<Source>>,
    /// For each op that needs a rule: the lines that gave the right when it was written.
    pub(crate) uses: Vec<Vec<Rule>>,
    pub(crate) join: bool,
}

/// A role held by somebody, however it came about.
#[derive(Debug, Clone)]
pub(crate) struct GrantFact {
    pub(crate) holder: MemberId,
    pub(crate) role: RoleId,
    pub(crate) key: SeniorityKey,
    pub(crate) source: Source,
    /// The decided removals of the holder that it knows. With those in its past by one alone it stands against them (R5).
    pub(crate) knows: BTreeSet<Source>,
    /// The invite of a join.
    pub(crate) invite: Option<GrantRef>,
    pub(crate) reviewed: bool,
}

/// Something that can take effect away from others (R3).
#[derive(Debug, Clone)]
pub(crate) struct Restriction {
    pub(crate) source: Source,
    /// Where an entry's restriction stands; that of a decision follows from who signed it.
    pub(crate) position: Option<Position>,
    pub(crate) kind: Kind,
    /// What stays; none: what is in its past (R7).
    pub(crate) pins: Vec<EntryId>,
    /// What is in their past, themselves included, for comparing.
    pub(crate) stays: Clock,
}

/// Whom or what a restriction is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A member, in these roles; none: in all.
    Member { member: MemberId, roles: Vec<RoleId> },
    /// One grant.
    Grant(GrantRef),
    /// All who hold a role.
    Role(RoleId),
    /// One device.
    Device(AuthorId),
    /// All devices of a member but one.
    OtherDevices { member: MemberId, but: AuthorId },
    /// The use of a line of the rules.
    Line(Rule),
    /// Joins by an invite.
    Invite(GrantRef),
    /// All that is not in its past, of this rank or below (R9).
    Checkpoint { rank: u8 },
}

/// One of several writes of the same thing.
#[derive(Debug, Clone)]
pub(crate) struct Write<T> {
    pub(crate) source: Source,
    /// As many of the writes that came before it, from the first on, are in its past: whoever goes through them from the newest
    /// can stop there.
    pub(crate) follows: usize,
    pub(crate) value: T,
}

/// What was written of a line of the rules.
#[derive(Debug, Clone, Default)]
pub(crate) struct LineFact {
    /// Whether it is to be there.
    pub(crate) writes: Vec<Write<bool>>,
    /// Those by which it is, in the order that gives a line its number.
    pub(crate) adds: BTreeSet<LinePlace>,
}

/// A device of a member, by one of the entries that made it so.
#[derive(Debug, Clone)]
pub(crate) struct DeviceFact {
    pub(crate) member: MemberId,
    pub(crate) source: EntryId,
    /// The devices that added it, from the member's first.
    pub(crate) path: Vec<Step>,
    /// When it was added, by the clock of who did; `None` for a device that somebody came with.
    pub(crate) claimed_seconds: Option<u64>,
    pub(crate) package: Option<KeyPackage>,
}

impl DeviceFact {
    /// The place of its package in the device's own log. What came with AddDevice is older than anything there; a join is its first entry.
    pub(crate) fn first_seq(&self) -> Option<u32> {
        self.claimed_seconds.is_none().then_some(0)
    }
}

/// A person, by the entry with which they came.
#[derive(Debug, Clone)]
pub(crate) struct Beginning {
    pub(crate) name: String,
    pub(crate) author: AuthorId,
    pub(crate) grant: GrantRef,
    pub(crate) invite: Option<GrantRef>,
}

/// An invite.
#[derive(Debug, Clone)]
pub(crate) struct InviteFact {
    pub(crate) invite: Invite,
    pub(crate) inviter: MemberId,
    /// The grant that the inviter leant on.
    pub(crate) by: GrantRef,
    pub(crate) seq: u32,
    pub(crate) joins: Vec<EntryId>,
}

/// A proposal and what was said to it.
#[derive(Debug, Clone)]
pub(crate) struct ProposalFact {
    pub(crate) said: Propose,
    pub(crate) proposer: MemberId,
    /// The proposer signs it with this, if it is of the role asked.
    pub(crate) by: GrantRef,
    /// Rank before which a majority's decision stands.
    pub(crate) majority_rank: u8,
    /// Rank of the role asked.
    pub(crate) rank: u8,
    /// For each thing needed, the lines of the rules that allow it; none where no line is needed.
    pub(crate) lines: Vec<Vec<Rule>>,
    /// Only a majority can decide it, or two thirds (R9, R13).
    pub(crate) needs: Needs,
    /// The one it is about, where the rule says that they do not sign.
    pub(crate) not: Option<MemberId>,
    pub(crate) approvals: Vec<EntryId>,
    pub(crate) withdrawals: Vec<EntryId>,
}

impl ProposalFact {
    /// R13: whether it is about rules that nobody is left to change. Nobody is left to vouch for who signs, either.
    pub(crate) fn is_for_orphans(&self) -> bool {
        self.lines.is_empty() && self.needs == Needs::TwoThirds
    }

    /// Whether who holds this is asked: a holder of the role, or, where no line is needed (R10, R13), of any role of its rank.
    pub(crate) fn asks(&self, grant: &GrantFact) -> bool {
        if asks_by_rank(&self.lines) { grant.key.rank == self.rank } else { grant.role == self.said.of }
    }
}

/// Whether all roles of a rank are asked together: who is alone in one of them would decide for all others.
pub(crate) fn asks_by_rank(lines: &[Vec<Rule>]) -> bool {
    bars(Switch::R8ByRank, lines.is_empty())
}

/// How many must sign, beyond what the rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// What the rule says.
    Rule,
    /// A majority of the holders.
    Majority,
    /// Two thirds of them.
    TwoThirds,
}

/// Which epoch of which role was handed to which device by whom.
pub(crate) type Handed = (EpochId, RoleId, AuthorId, MemberId);

/// Everything that was ever permitted.
#[derive(Default)]
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Facts {
    pub(crate) acts: BTreeMap<EntryId, Act>,
    pub(crate) grants: BTreeMap<GrantRef, GrantFact>,
    pub(crate) grants_of: BTreeMap<MemberId, Vec<GrantRef>>,
    pub(crate) grants_to: BTreeMap<RoleId, Vec<GrantRef>>,
    pub(crate) members: BTreeMap<MemberId, Beginning>,
    pub(crate) devices: BTreeMap<AuthorId, Vec<DeviceFact>>,
    pub(crate) devices_of: BTreeMap<MemberId, BTreeSet<AuthorId>>,
    /// Key packages from a device's own log: seq, entry, package.
    pub(crate) packages: BTreeMap<AuthorId, Vec<(u32, EntryId, KeyPackage)>>,
    pub(crate) invites: BTreeMap<GrantRef, InviteFact>,
    pub(crate) roles: BTreeMap<RoleId, Vec<(Source, Role)>>,
    pub(crate) lines: BTreeMap<Rule, LineFact>,
    /// Whether a line was written by anything but the genesis.
    pub(crate) rules_changed: bool,
    pub(crate) proposals: BTreeMap<EntryId, ProposalFact>,
    pub(crate) admits: BTreeMap<EntryId, Vec<EntryId>>,
    pub(crate) vouches: BTreeMap<MemberId, Vec<EntryId>>,
    /// Who ratified an entry, and what an entry ratifies.
    pub(crate) ratified: BTreeMap<EntryId, Vec<EntryId>>,
    pub(crate) ratifies: BTreeMap<EntryId, Vec<EntryId>>,
    pub(crate) recovery: BTreeMap<MemberId, Vec<(EntryId, [u8; 32])>>,
    pub(crate) restrictions: Vec<Restriction>,
    pub(crate) on_member: BTreeMap<MemberId, Vec<usize>>,
    /// Those of them by one alone, by chain: in each, what somebody knows comes first.
    pub(crate) removals: BTreeMap<MemberId, BTreeMap<u32, Vec<usize>>>,
    /// Those that were proposed.
    pub(crate) decided_removals: BTreeMap<MemberId, Vec<usize>>,
    pub(crate) on_grant: BTreeMap<GrantRef, Vec<usize>>,
    pub(crate) on_role: BTreeMap<RoleId, Vec<usize>>,
    pub(crate) on_device: BTreeMap<AuthorId, Vec<usize>>,
    pub(crate) on_devices_of: BTreeMap<MemberId, Vec<usize>>,
    /// By chain too: in each, what somebody knows comes first.
    pub(crate) on_line: BTreeMap<Rule, BTreeMap<u32, Vec<usize>>>,
    pub(crate) on_invite: BTreeMap<GrantRef, Vec<usize>>,
    /// By chain.
    pub(crate) checkpoints: BTreeMap<u32, Vec<usize>>,
    /// Entries that introduce an epoch.
    pub(crate) epochs: BTreeMap<(EpochId, RoleId), Vec<EntryId>>,
    pub(crate) epochs_after: BTreeMap<(EpochId, RoleId), BTreeSet<EpochId>>,
    /// Devices by the tags of the key packages they published; anybody can publish anybody's.
    pub(crate) tags: BTreeMap<[u8; 8], BTreeSet<AuthorId>>,
    /// As they came.
    pub(crate) welcomes: BTreeMap<Handed, Vec<(EntryId, Welcome)>>,
    /// By device: welcomes to what is said to everyone, each with who wrote it.
    pub(crate) let_in: BTreeMap<AuthorId, Vec<(EntryId, MemberId)>>,
    pub(crate) names: Vec<Write<String>>,
    pub(crate) relays: Vec<Write<Vec<RelayAddress>>>,
    /// Acts of each chain with their places, in their order.
    pub(crate) acts_of: BTreeMap<u32, Vec<(u32, EntryId)>>,
    /// Invites by the grant that the inviter leant on.
    pub(crate) invites_by: BTreeMap<GrantRef, Vec<GrantRef>>,
    /// Acts by what they lean on.
    pub(crate) leaning: BTreeMap<EntryId, Vec<EntryId>>,
    /// Restrictions by the entry that says them.
    pub(crate) carried_by: BTreeMap<EntryId, Vec<usize>>,
    /// Proposals by the signature.
    pub(crate) signed: BTreeMap<EntryId, EntryId>,
}

/// Whose grants.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Among {
    /// Of one member.
    Of(MemberId),
    /// To one role.
    To(RoleId),
    /// All.
    All,
}

impl Facts {
    /// All grants there ever were of somebody, or to a role.
    pub(crate) fn granted(&self, among: Among) -> Box<dyn Iterator<Item = GrantRef> + '_> {
        match among {
            Among::Of(member) => Box::new(self.grants_of.get(&member).into_iter().flatten().copied()),
            Among::To(role) => Box::new(self.grants_to.get(&role).into_iter().flatten().copied()),
            Among::All => Box::new(self.grants.keys().copied()),
        }
    }

    pub(crate) fn take_grant(&mut self, at: GrantRef, grant: GrantFact) {
        self.grants_of.entry(grant.holder).or_default().push(at);
        self.grants_to.entry(grant.role).or_default().push(at);
        self.grants.insert(at, grant);
    }

    pub(crate) fn take_device(&mut self, author: AuthorId, device: DeviceFact) {
        if let Some(package) = &device.package {
            self.tags.entry(super::package_tag(&package.id())).or_default().insert(author);
        }
        self.devices_of.entry(device.member).or_default().insert(author);
        self.devices.entry(author).or_default().push(device);
    }

    /// Takes a restriction that is said in this chain.
    pub(crate) fn take_restriction(&mut self, chain: u32, restriction: Restriction) {
        let at = self.restrictions.len();
        match &restriction.kind {
            Kind::Member { member, .. } => {
                self.on_member.entry(*member).or_default().push(at);
                match restriction.source {
                    Source::Entry(_) => {
                        self.removals.entry(*member).or_default().entry(chain).or_default().push(at);
                    }
                    Source::Decision(_) => self.decided_removals.entry(*member).or_default().push(at),
                }
            }
            Kind::Grant(grant) => self.on_grant.entry(*grant).or_default().push(at),
            Kind::Role(role) => self.on_role.entry(*role).or_default().push(at),
            Kind::Device(author) => self.on_device.entry(*author).or_default().push(at),
            Kind::OtherDevices { member, .. } => self.on_devices_of.entry(*member).or_default().push(at),
            Kind::Line(rule) => self.on_line.entry(*rule).or_default().entry(chain).or_default().push(at),
            Kind::Invite(invite) => self.on_invite.entry(*invite).or_default().push(at),
            Kind::Checkpoint { .. } => self.checkpoints.entry(chain).or_default().push(at),
        }
        self.carried_by.entry(restriction.source.entry()).or_default().push(at);
        self.restrictions.push(restriction);
    }

    pub(crate) fn take_act(&mut self, act: Act) {
        for source in act.leans.iter().flatten() {
            self.leaning.entry(source.entry()).or_default().push(act.id);
        }
        self.acts_of.entry(act.dot.chain).or_default().push((act.dot.seq, act.id));
        self.acts.insert(act.id, act);
    }

    /// The grant that an act leans on; a join leans on its invite, and through it on what the inviter held.
    pub(crate) fn leant_on(&self, act: &Act) -> Option<(GrantRef, &GrantFact)> {
        let at = if act.join { self.invites.get(&act.by?)?.by } else { act.by? };
        Some((at, self.grants.get(&at)?))
    }
}
