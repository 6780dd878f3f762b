//! What somebody on the stage can say, after what they choose to go on from and knowing what they choose to know.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::{Stage, Who, first, package, recovery_signing_key, seed};
use crate::devices::device_message;
use crate::entry::{AudienceSeal, Body, Content, Entry, GrantRef, ItemSeal, RolePart};
use crate::id::{EntryId, EpochId, MemberId, RoleId};
use crate::keys::InviteSecret;
use crate::op::{AddDevice, Grant, Invite, Op, Propose, Recover, RecoveryKey, Remove, SetRule, Vouch, recover_message};
use crate::rule::{Role, Rule};

/// An entry about to be said.
pub(crate) struct Saying<'a> {
    pub(super) stage: &'a mut Stage,
    pub(super) who: Who,
    pub(super) prev: Option<Option<EntryId>>,
    pub(super) knows: Option<Vec<EntryId>>,
    pub(super) by: Option<GrantRef>,
}

impl Saying<'_> {
    /// After this entry of theirs instead of their newest: another history. `None`: a second first entry.
    pub(crate) fn after(mut self, prev: Option<EntryId>) -> Self {
        self.prev = Some(prev);
        self
    }

    /// Naming only these, whatever else they saw.
    pub(crate) fn knowing(mut self, heads: &[EntryId]) -> Self {
        self.knows = Some(heads.to_vec());
        self
    }

    /// Naming nothing but their own entry: what they heard since is hidden.
    pub(crate) fn alone(self) -> Self {
        self.knowing(&[])
    }

    /// Leaning on this grant, or on this invite.
    pub(crate) fn with(mut self, by: GrantRef) -> Self {
        self.by = Some(by);
        self
    }

    /// Any ops.
    pub(crate) fn say(self, ops: Vec<Op>) -> EntryId {
        self.sign(Content::Public(ops))
    }

    /// A role entry for everyone, sealed under the first epoch: nobody looks inside here.
    pub(crate) fn speak(self) -> EntryId {
        let epoch = self.stage.epoch;
        self.speak_to(RoleId::EVERYONE, epoch)
    }

    /// An entry that only those who read what is said to a role can open.
    pub(crate) fn speak_to(self, role: RoleId, epoch: EpochId) -> EntryId {
        let audience = AudienceSeal { role, epoch, nonce: [0; 24], sealed: vec![0; 16] };
        let item = ItemSeal { commit: [0; 32], nonce: [0; 24], sealed: vec![0; 16] };
        self.sign(Content::Role(RolePart { audiences: vec![audience], items: vec![item] }))
    }

    /// An invite to a role.
    pub(crate) fn invite(self, role: RoleId, uses: u16) -> GrantRef {
        self.invite_as(role, uses, false)
    }

    /// An invite whose joiners are to be admitted.
    pub(crate) fn invite_reviewed(self, role: RoleId, uses: u16) -> GrantRef {
        self.invite_as(role, uses, true)
    }

    fn invite_as(self, role: RoleId, uses: u16, reviewed: bool) -> GrantRef {
        let number = self.stage.invites.len();
        let secret = InviteSecret::new(seed(number, 3));
        let (key, cell_secret) = (secret.signing().author().0, secret.cell_secret());
        let (note, since) = (String::new(), Vec::new());
        let invite = Invite { role, uses, key, cell_secret, note, since, reviewed };
        let stage = self.stage;
        let saying = Saying { stage: &mut *stage, who: self.who, prev: self.prev, knows: self.knows, by: self.by };
        let at = first(saying.say(vec![Op::Invite(invite)]));
        stage.invites.insert(at, secret);
        at
    }

    /// Comes by an invite.
    pub(crate) fn join(self, invite: GrantRef) -> EntryId {
        let op = self.stage.joining(self.who, invite);
        let (stage, who) = (self.stage, self.who);
        let saying = Saying { stage: &mut *stage, who, prev: Some(None), knows: self.knows, by: Some(invite) };
        let id = saying.say(vec![op]);
        stage.devices[who.0].member = Some(MemberId(id.0));
        id
    }

    /// Lets a joiner in.
    pub(crate) fn admit(self, join: EntryId) -> EntryId {
        self.say(vec![Op::Admit(join)])
    }

    /// Says that they know somebody.
    pub(crate) fn vouch(self, whom: Who) -> EntryId {
        let member = self.stage.member(whom);
        self.say(vec![Op::Vouch(Vouch { member, note: String::new() })])
    }

    /// Gives a role.
    pub(crate) fn grant(self, whom: Who, role: RoleId) -> GrantRef {
        let member = self.stage.member(whom);
        first(self.say(vec![Op::Grant(Grant { member, role })]))
    }

    /// Takes a grant back.
    pub(crate) fn revoke(self, grant: GrantRef) -> EntryId {
        self.say(vec![Op::RevokeGrant(grant)])
    }

    /// Removes somebody from all roles; what stands in the past of it stays.
    pub(crate) fn remove(self, whom: Who) -> EntryId {
        self.remove_from(whom, &[])
    }

    /// Removes somebody from some roles.
    pub(crate) fn remove_from(self, whom: Who, roles: &[RoleId]) -> EntryId {
        let member = self.stage.member(whom);
        self.say(vec![removal(member, roles, &[])])
    }

    /// Goes.
    pub(crate) fn leave(self) -> EntryId {
        self.say(vec![Op::Leave])
    }

    /// Asks holders of a role to decide.
    pub(crate) fn propose(self, of: RoleId, op: Op) -> EntryId {
        self.say(vec![Op::Propose(Propose { of, op: alloc::boxed::Box::new(op) })])
    }

    /// Agrees.
    pub(crate) fn approve(self, proposal: EntryId) -> EntryId {
        self.say(vec![Op::Approve(proposal)])
    }

    /// Takes agreement back.
    pub(crate) fn withdraw(self, proposal: EntryId) -> EntryId {
        self.say(vec![Op::WithdrawApproval(proposal)])
    }

    /// Takes entries on as their own.
    pub(crate) fn ratify(self, entries: &[EntryId]) -> EntryId {
        let entries: BTreeSet<EntryId> = entries.iter().copied().collect();
        self.say(vec![Op::Ratify(entries.into_iter().collect())])
    }

    /// Proposes a checkpoint to the holders of a role.
    pub(crate) fn checkpoint(self, of: RoleId) -> EntryId {
        self.propose(of, Op::Checkpoint)
    }

    /// Stops a device that shows two histories.
    pub(crate) fn suspend(self, device: Who) -> EntryId {
        let device = self.stage.author(device);
        self.say(vec![Op::SuspendDevice(device)])
    }

    /// Adds a device to the speaker's member, and says which.
    pub(crate) fn add_device(self, device: Who) -> EntryId {
        self.add_device_and(device, Vec::new())
    }

    /// Adds a device and takes the speaking one out.
    pub(crate) fn hand_over(self, device: Who) -> EntryId {
        let own = self.stage.author(self.who);
        self.add_device_and(device, vec![Op::RemoveDevice(own)])
    }

    fn add_device_and(self, device: Who, more: Vec<Op>) -> EntryId {
        let (stage, who) = (self.stage, self.who);
        let (member, package) = (stage.member(who), package(device.0));
        let signature = stage.devices[device.0].key.sign(&device_message(stage.pursuance, member, &package));
        let author = stage.author(device);
        stage.devices[device.0].member = Some(member);
        let saying = Saying { stage, who, prev: self.prev, knows: self.knows, by: self.by };
        saying.say([vec![Op::AddDevice(AddDevice { author, package, signature })], more].concat())
    }

    /// Takes a device from the speaker's member.
    pub(crate) fn remove_device(self, device: Who) -> EntryId {
        let device = self.stage.author(device);
        self.say(vec![Op::RemoveDevice(device)])
    }

    /// Declares the recovery key with this number.
    pub(crate) fn recovery_key(self, number: usize) -> EntryId {
        let key = recovery_signing_key(number);
        let op = RecoveryKey::new(self.stage.pursuance, self.stage.member(self.who), &key);
        self.say(vec![Op::RecoveryKey(op)])
    }

    /// Comes back as the member of that device, by the recovery key with this number, on a device that said nothing yet.
    pub(crate) fn recover(self, whom: Who, number: usize) -> EntryId {
        let (stage, who) = (self.stage, self.who);
        let member = stage.member(whom);
        let (author, package) = (stage.author(who), package(who.0));
        let signature = stage.devices[who.0].key.sign(&device_message(stage.pursuance, member, &package));
        let message = recover_message(stage.pursuance, member, author, &package);
        let recovery = recovery_signing_key(number).sign(&message);
        stage.devices[who.0].member = Some(member);
        let saying = Saying { stage, who, prev: Some(None), knows: self.knows, by: self.by };
        saying.say(vec![Op::Recover(Recover { package, signature, recovery })])
    }

    /// Puts a line into the rules, or takes it out.
    pub(crate) fn set_rule(self, rule: Rule, present: bool) -> EntryId {
        self.say(vec![Op::SetRule(SetRule { rule, present })])
    }

    /// Defines a role.
    pub(crate) fn define_role(self, id: RoleId, rank: u8) -> EntryId {
        self.say(vec![Op::DefineRole(Role { id, name: format!("role {}", id.0), rank, since_joining: false })])
    }

    /// Defines a role with history since joining.
    pub(crate) fn define_role_since(self, id: RoleId, rank: u8) -> EntryId {
        self.say(vec![Op::DefineRole(Role { id, name: format!("role {}", id.0), rank, since_joining: true })])
    }

    /// Ends a role.
    pub(crate) fn retire_role(self, id: RoleId) -> EntryId {
        self.say(vec![Op::RetireRole(id)])
    }

    /// Names the pursuance.
    pub(crate) fn set_name(self, name: &str) -> EntryId {
        self.say(vec![Op::SetName(name.into())])
    }

    /// Closes an invite.
    pub(crate) fn revoke_invite(self, invite: GrantRef) -> EntryId {
        self.say(vec![Op::RevokeInvite(invite)])
    }

    fn sign(self, content: Content) -> EntryId {
        let Self { stage, who, prev, knows, by } = self;
        let device = &stage.devices[who.0];
        let author = device.author;
        let prev = prev.unwrap_or(device.newest);
        let seq = prev.map_or(0, |prev| stage.entry(prev).body().seq + 1);
        let mut heads = knows.unwrap_or_else(|| stage.heads(author, prev));
        heads.retain(|head| Some(*head) != prev);
        heads.sort_unstable();
        heads.dedup();
        let named: Vec<EntryId> = prev.iter().chain(&heads).copied().collect();
        let known = |at: GrantRef| named.iter().any(|id| *id == at.entry || stage.told.logs.in_past(at.entry, *id));
        let senior = || {
            let held = stage.told.authority.members().get(&device.member?)?.grants.iter().map(|grant| grant.at);
            { held }.find(|at| known(*at))
        };
        let by = by.or_else(senior).or_else(|| device.member.map(|member| first(EntryId(member.0))));
        stage.seconds += 1;
        let claimed_seconds = stage.seconds;
        let body = Body { author, seq, prev, heads, by, claimed_seconds, checkpoints: Vec::new(), content };
        let entry = Entry::sign(&device.key, Some(stage.pursuance), &body);
        let id = entry.id();
        stage.devices[who.0].newest = Some(id);
        stage.told.hear(&entry);
        stage.entries.push(entry);
        id
    }
}

/// A removal as an op, for a proposal: in these roles (all, if none), and what the pins hold stays (what it knows, if none).
pub(crate) fn removal(member: MemberId, roles: &[RoleId], pins: &[EntryId]) -> Op {
    let (roles, pins): (BTreeSet<RoleId>, BTreeSet<EntryId>) =
        (roles.iter().copied().collect(), pins.iter().copied().collect());
    Op::Remove(Remove { member, roles: roles.into_iter().collect(), pins: pins.into_iter().collect() })
}
