//! A stage on which tests of authority act: real signed entries by devices that know what they choose to know
//! (docs/protocol/04-authority.md).
//!
//! Everybody's entries stand on one stage; who has heard what is said entry by entry. [`Told`] is a machine that hears some of
//! them, in some order, and judges.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use pursuance_wire::RelayAddress;
use zeroize::Zeroizing;

use super::seen::Seen;
use super::{Authority, KnownEpoch, Doubt, Member, OpenInvite, Presence, Verdict, definition};
use super::{join_message, package_tag, readers_hash};
use crate::crypto::{KemSecret, KeySuite, SigningKey};
use crate::devices::device_message;
use crate::entry::{AudienceSeal, Body, Content, Entry, GrantRef, ItemSeal, RolePart};
use crate::id::{AuthorId, EntryId, EpochId, MemberId, PursuanceId, RoleId};
use crate::keys::InviteSecret;
use crate::limits::MAX_HEADS;
use crate::logs::{Append, Logs};
use crate::op::{
    AddDevice, Genesis, Grant, Invite, Join, KeyPackage, Op, Propose, Recover, RecoveryKey, Remove, RoleEpoch, Seal,
    SetRule, Vouch, Welcome, recover_message,
};
use crate::refusal::Refusal;
use crate::rule::{Conditions, Object, Quorum, Role, Rule, RuleTable, Verb};

/// A device on the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Who(pub(crate) usize);

/// The device that founds.
pub(crate) const FOUNDER: Who = Who(0);

/// The founder's role in [`table`], at rank 0.
pub(crate) const FIRST: RoleId = RoleId(1);
/// The role below, at rank 1.
pub(crate) const SECOND: RoleId = RoleId(2);
/// The role below that, at rank 2.
pub(crate) const THIRD: RoleId = RoleId(3);

/// The line that lets a role do something alone.
pub(crate) const fn alone(role: RoleId, verb: Verb, object: Object) -> Rule {
    Rule { role, verb, object, conditions: Conditions::ALWAYS, quorum: None }
}

/// The line that lets holders of `of` decide something together, which holders of `role` may propose; 0 is a majority.
pub(crate) const fn together(role: RoleId, verb: Verb, object: Object, count: u16, of: RoleId) -> Rule {
    Rule { role, verb, object, conditions: Conditions::ALWAYS, quorum: Some(Quorum { count, of }) }
}

/// Roles of ranks 0, 1, 2, ... named by their numbers, and these lines.
pub(crate) fn ranks(count: u16, rules: Vec<Rule>) -> RuleTable {
    let role = |id: u16| Role { id: RoleId(id), name: format!("role {id}"), rank: u8::try_from(id - 1).unwrap() };
    RuleTable { roles: (1..=count).map(role).collect(), rules }
}

/// Three ranks. The first role does everything alone with the others, and all with its own by a majority; the second invites,
/// grants, revokes and removes in the third, and its majority does so with its own; members of the second see the list of relays
/// changed by two of them.
pub(crate) fn table() -> RuleTable {
    let verbs = [Verb::Invite, Verb::Admit, Verb::Grant, Verb::Revoke, Verb::Remove, Verb::Vouch];
    let mut rules = Vec::new();
    for (role, below) in [(FIRST, SECOND), (FIRST, THIRD), (SECOND, THIRD)] {
        rules.extend(verbs.map(|verb| alone(role, verb, Object::Role(below))));
    }
    for role in [FIRST, SECOND] {
        let own = Object::Role(role);
        rules.push(alone(role, Verb::Invite, own));
        rules.push(together(role, Verb::Grant, own, 0, role));
        rules.push(together(role, Verb::Revoke, own, 0, role));
        rules.push(together(role, Verb::Remove, own, 0, role));
        rules.push(together(role, Verb::RemoveRetroactive, own, 0, role));
        rules.push(together(role, Verb::Checkpoint, own, 0, role));
        rules.push(together(role, Verb::RemoveRetroactive, Object::Role(THIRD), 0, role));
    }
    rules.push(together(FIRST, Verb::RemoveRetroactive, Object::Role(SECOND), 0, FIRST));
    rules.push(alone(FIRST, Verb::Amend, Object::Rules));
    rules.push(together(FIRST, Verb::Amend, Object::Rules, 0, FIRST));
    rules.push(alone(FIRST, Verb::Amend, Object::Relays));
    rules.push(together(SECOND, Verb::Amend, Object::Relays, 2, SECOND));
    ranks(3, rules)
}

/// The first op of an entry, as what it grants or offers.
pub(crate) const fn first(entry: EntryId) -> GrantRef {
    GrantRef { entry, op: 0 }
}

struct OnStage {
    key: SigningKey,
    author: AuthorId,
    member: Option<MemberId>,
    /// Its newest entry, on the branch it spoke on last.
    newest: Option<EntryId>,
}

/// All devices, and all that they said.
pub(crate) struct Stage {
    pub(crate) pursuance: PursuanceId,
    /// In the order of saying: each after all that it names.
    pub(crate) entries: Vec<Entry>,
    /// A machine that heard everything as it was said.
    pub(crate) told: Told,
    /// The first epoch of everyone.
    pub(crate) epoch: EpochId,
    devices: Vec<OnStage>,
    invites: BTreeMap<GrantRef, InviteSecret>,
    seconds: u64,
}

impl Stage {
    /// Founded by [`FOUNDER`] with these rules; the first epoch is declared in a second entry.
    pub(crate) fn found(table: RuleTable) -> Self {
        let key = signing_key(0);
        let genesis = Genesis {
            name: "stage".into(),
            mission: String::new(),
            founder_name: "founder".into(),
            table,
            relays: Vec::new(),
            nonce: [0; 16],
        };
        let body = Body {
            author: key.author(),
            seq: 0,
            prev: None,
            heads: Vec::new(),
            by: None,
            claimed_seconds: 0,
            checkpoints: Vec::new(),
            content: Content::Public(vec![Op::Genesis(genesis)]),
        };
        let genesis = Entry::sign(&key, None, &body);
        let pursuance = PursuanceId(genesis.id().0);
        let member = Some(MemberId(genesis.id().0));
        let mut stage = Self {
            pursuance,
            entries: vec![genesis.clone()],
            told: Told::new(pursuance),
            epoch: EpochId([7; 32]),
            devices: vec![OnStage { author: key.author(), key, member, newest: Some(genesis.id()) }],
            invites: BTreeMap::new(),
            seconds: 0,
        };
        stage.told.hear(&genesis);
        let package = package(0);
        let epoch = role_epoch(stage.epoch, &[package.id()]);
        stage.at(FOUNDER).say(vec![Op::RoleEpoch(epoch), Op::KeyPackage(package)]);
        stage
    }

    /// Somebody is about to speak: by default after their newest entry, knowing everything that was said and not refused, with
    /// the senior grant that their member holds.
    pub(crate) fn at(&mut self, who: Who) -> Saying<'_> {
        Saying { stage: self, who, prev: None, knows: None, by: None }
    }

    /// One more device, which has said nothing yet and is nobody's.
    pub(crate) fn stranger(&mut self) -> Who {
        let number = self.devices.len();
        let key = signing_key(number);
        self.devices.push(OnStage { author: key.author(), key, member: None, newest: None });
        Who(number)
    }

    /// Somebody new comes by an invite.
    pub(crate) fn join(&mut self, invite: GrantRef) -> Who {
        let who = self.stranger();
        self.at(who).join(invite);
        who
    }

    /// Somebody new, by an invite for one that `inviter` makes.
    pub(crate) fn newcomer(&mut self, inviter: Who, role: RoleId) -> Who {
        let invite = self.at(inviter).invite(role, 1);
        self.join(invite)
    }

    /// A device's author name.
    pub(crate) fn author(&self, who: Who) -> AuthorId {
        self.devices[who.0].author
    }

    /// The member for whom a device speaks, or tried to.
    pub(crate) fn member(&self, who: Who) -> MemberId {
        self.devices[who.0].member.expect("a device that joined or was added")
    }

    /// The grant with which a device's member came.
    pub(crate) fn came_by(&self, who: Who) -> GrantRef {
        first(EntryId(self.member(who).0))
    }

    /// Whether a device spoke for a member, or tried to.
    pub(crate) fn has_member(&self, who: Who) -> bool {
        self.devices[who.0].member.is_some()
    }

    /// How many devices there are.
    pub(crate) fn len(&self) -> usize {
        self.devices.len()
    }

    /// A device's newest entry on the branch it spoke on last.
    pub(crate) fn newest(&self, who: Who) -> Option<EntryId> {
        self.devices[who.0].newest
    }

    /// An entry that was said.
    pub(crate) fn entry(&self, id: EntryId) -> &Entry {
        self.entries.iter().find(|entry| entry.id() == id).expect("it was said")
    }

    /// All entries, in the order of saying.
    pub(crate) fn order(&self) -> Vec<EntryId> {
        self.entries.iter().map(Entry::id).collect()
    }

    /// The verdict of a machine that heard everything.
    pub(crate) fn verdict(&self, id: EntryId) -> Verdict {
        self.told.verdict(id).expect("it was not kept out")
    }

    /// Whether a machine that heard everything lets an entry count.
    pub(crate) fn counts(&self, id: EntryId) -> bool {
        self.told.verdict(id) == Some(Verdict::Counts)
    }

    /// A machine that hears these entries, in this order; what it cannot place yet it hears no more.
    pub(crate) fn replay(&self, order: &[EntryId]) -> Told {
        self.replay_on(Told::new(self.pursuance), order)
    }

    /// A machine that judges by definition.
    pub(crate) fn replay_by_definition(&self, order: &[EntryId]) -> Told {
        self.replay_on(Told::by_definition(self.pursuance), order)
    }

    /// A machine that starts again from its store: what was permitted before is not checked again.
    pub(crate) fn take_back(&self, stored: &[(EntryId, Verdict)]) -> Told {
        let mut told = Told::new(self.pursuance);
        for (id, verdict) in stored {
            told.hear_as(self.entry(*id), Some(verdict));
        }
        told
    }

    /// The same stage with these entries only, in this order: what they name is among them.
    pub(crate) fn only(&self, order: &[EntryId]) -> Self {
        let entries: Vec<Entry> = order.iter().map(|id| self.entry(*id).clone()).collect();
        let newest = |author| entries.iter().rfind(|entry| entry.body().author == author).map(Entry::id);
        let devices = self.devices.iter().enumerate().map(|(number, device)| OnStage {
            key: signing_key(number),
            author: device.author,
            member: device.member,
            newest: newest(device.author),
        });
        Self {
            pursuance: self.pursuance,
            told: self.replay(order),
            epoch: self.epoch,
            devices: devices.collect(),
            invites: self.invites.clone(),
            seconds: self.seconds,
            entries,
        }
    }

    /// The same stage with these entries, each after what it names.
    pub(crate) fn with(&self, entries: Vec<Entry>) -> Self {
        let mut stage = self.only(&[]);
        entries.iter().for_each(|entry| _ = stage.told.hear(entry));
        stage.entries = entries;
        stage
    }

    /// An entry that is not said: signed, and nobody has heard it. What it names is known to `told`.
    pub(crate) fn write(&self, who: Who, prev: EntryId, heads: &[EntryId], told: &Told, by: GrantRef, op: Op) -> Entry {
        let device = &self.devices[who.0];
        let seq = told.logs.entry(prev).expect("it was heard").body().seq + 1;
        let mut heads = heads.to_vec();
        heads.sort_unstable();
        let body = Body {
            author: device.author,
            seq,
            prev: Some(prev),
            heads,
            by: Some(by),
            claimed_seconds: self.seconds,
            checkpoints: Vec::new(),
            content: Content::Public(vec![op]),
        };
        Entry::sign(&device.key, Some(self.pursuance), &body)
    }

    fn replay_on(&self, mut told: Told, order: &[EntryId]) -> Told {
        let entries: BTreeMap<EntryId, &Entry> = self.entries.iter().map(|entry| (entry.id(), entry)).collect();
        for id in order {
            told.hear(entries[id]);
        }
        told
    }

    /// The newest entries of others that one who speaks after `prev` can name, if they know everything.
    fn heads(&self, author: AuthorId, prev: Option<EntryId>) -> Vec<EntryId> {
        let logs = &self.told.logs;
        let known = |id: EntryId| prev.is_some_and(|prev| prev == id || logs.in_past(id, prev));
        let others = self.entries.iter().filter(|entry| entry.body().author != author).map(Entry::id);
        let others = others.filter(|id| logs.entry(*id).is_some() && !known(*id));
        let others = others.filter(|id| !matches!(self.told.verdict(*id), Some(Verdict::Refused(_)) | None));
        let others: Vec<EntryId> = others.collect();
        let newest = others.iter().filter(|id| !others.iter().any(|other| logs.in_past(**id, *other)));
        let newest: Vec<EntryId> = newest.copied().collect();
        newest[newest.len().saturating_sub(MAX_HEADS)..].to_vec()
    }
}

/// An entry about to be said.
pub(crate) struct Saying<'a> {
    stage: &'a mut Stage,
    who: Who,
    prev: Option<Option<EntryId>>,
    knows: Option<Vec<EntryId>>,
    by: Option<GrantRef>,
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
        let audience = AudienceSeal { role: RoleId::EVERYONE, epoch, nonce: [0; 24], sealed: vec![0; 16] };
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
        let author = self.stage.author(self.who);
        let (package, name) = (package(self.who.0), format!("member {}", self.who.0));
        let message = join_message(self.stage.pursuance, author, &name, &package);
        let signature = self.stage.invites[&invite].signing().sign(&message);
        let (stage, who) = (self.stage, self.who);
        let saying = Saying { stage: &mut *stage, who, prev: Some(None), knows: self.knows, by: Some(invite) };
        let id = saying.say(vec![Op::Join(Join { name, package, signature })]);
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
        let (stage, who) = (self.stage, self.who);
        let (member, package) = (stage.member(who), package(device.0));
        let signature = stage.devices[device.0].key.sign(&device_message(stage.pursuance, member, &package));
        let author = stage.author(device);
        stage.devices[device.0].member = Some(member);
        let saying = Saying { stage, who, prev: self.prev, knows: self.knows, by: self.by };
        saying.say(vec![Op::AddDevice(AddDevice { author, package, signature })])
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
        self.say(vec![Op::DefineRole(Role { id, name: format!("role {}", id.0), rank })])
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
    pub(crate) epochs: BTreeMap<EpochId, KnownEpoch>,
    pub(crate) relays: Vec<RelayAddress>,
    pub(crate) welcomes: BTreeMap<(EpochId, AuthorId, MemberId), Vec<Welcome>>,
}

impl Told {
    fn new(pursuance: PursuanceId) -> Self {
        let (logs, authority) = (Logs::default(), Authority::default());
        let (kept_out, heard) = (BTreeMap::new(), Vec::new());
        Self { logs, authority, kept_out, heard, doubt: Doubt::default(), pursuance }
    }

    fn by_definition(pursuance: PursuanceId) -> Self {
        let mut told = Self::new(pursuance);
        told.authority.by_definition = Some(definition::Pasts::default());
        told
    }

    /// Hears an entry: appends and judges it, and judges again what that puts in doubt. `None`: it was kept out, or names what
    /// this machine has not heard.
    pub(crate) fn hear(&mut self, entry: &Entry) -> Option<Verdict> {
        self.hear_as(entry, None)
    }

    fn hear_as(&mut self, entry: &Entry, before: Option<&Verdict>) -> Option<Verdict> {
        if self.logs.missing(entry).is_none_or(|missing| !missing.is_empty()) {
            return None;
        }
        if let Some(Verdict::Refused(refusal)) = self.authority.admits(self.pursuance, &self.logs, entry) {
            self.kept_out.insert(entry.id(), refusal);
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
        for id in self.in_doubt() {
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
        let authority = &self.authority;
        let mut invites = authority.invites.clone();
        for invite in invites.values_mut() {
            invite.joins.sort_unstable();
        }
        let mut welcomes = authority.welcomes.clone();
        for handed in welcomes.values_mut() {
            handed.sort_by(|a, b| a.sealed.cmp(&b.sealed));
        }
        State {
            verdicts: authority.verdicts.clone(),
            kept_out: self.kept_out.clone(),
            name: authority.name.clone(),
            table: authority.table.clone(),
            members: authority.members.clone(),
            invites,
            epochs: authority.epochs.clone(),
            relays: authority.relays.clone(),
            welcomes,
        }
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

fn role_epoch(epoch: EpochId, packages: &[[u8; 32]]) -> RoleEpoch {
    let mut ids = packages.to_vec();
    ids.sort_unstable();
    let seals = ids.iter().map(|id| Seal { tag: package_tag(id), sealed: vec![0; 48] }).collect();
    RoleEpoch {
        role: RoleId::EVERYONE,
        epoch,
        parents: Vec::new(),
        readers: readers_hash(&ids),
        seals,
        backlinks: Vec::new(),
    }
}

fn seed(number: usize, what: u8) -> [u8; 32] {
    let mut seed = [what; 32];
    seed[..8].copy_from_slice(&(number as u64).to_be_bytes());
    seed
}

fn signing_key(number: usize) -> SigningKey {
    SigningKey::from_seed(&Zeroizing::new(seed(number, 1)))
}

fn recovery_signing_key(number: usize) -> SigningKey {
    SigningKey::from_seed(&Zeroizing::new(seed(number, 4)))
}

/// A device's key package; of the suite whose keys are soon made.
fn package(number: usize) -> KeyPackage {
    let secret = KemSecret::from_device_seed(KeySuite::X25519, &seed(number, 2));
    KeyPackage { suite: secret.suite(), public: secret.public() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_member_who_back_dates_does_not_come_back() {
        let mut stage = Stage::found(table());
        let second = stage.newcomer(FOUNDER, SECOND);
        let invite = stage.at(second).invite(THIRD, 2);
        let third = stage.join(invite);
        let before = stage.newest(second).unwrap();
        let removal = stage.at(FOUNDER).remove(third);
        assert_eq!(stage.verdict(removal), Verdict::Counts);
        let gone = stage.member(third);
        assert!(!stage.told.is_here(gone));
        let spoken = stage.at(third).alone().speak();
        assert_eq!(stage.verdict(spoken), Verdict::Held(Refusal::Removed));
        // A second history of the inviter, which knows nothing of it.
        let again = stage.at(second).after(Some(before)).knowing(&[EntryId(gone.0)]).vouch(third);
        assert_eq!(stage.verdict(again), Verdict::Counts);
        assert_eq!(stage.told.holders(SECOND), BTreeSet::from([stage.member(second)]));
        let told = stage.replay(&stage.order());
        assert_eq!(told.state(), stage.told.state());
        assert_eq!(stage.replay_by_definition(&stage.order()).state(), told.state());
        let stored: Vec<_> = told.heard.iter().map(|id| (*id, told.verdict(*id).unwrap())).collect();
        assert_eq!(stage.take_back(&stored).state(), told.state());
        assert_eq!(stage.replay(&stage.order()).state_anew(), told.state());
    }
}
