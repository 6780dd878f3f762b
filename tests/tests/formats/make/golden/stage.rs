//! Where golden logs are played: people and their devices say what each case wants, knowing what it wants them to know.
//!
//! What follows is written down case by case, from the rules; nobody is asked here who would judge. What is not
//! mentioned counts, and has the plain effect.

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::authority::{join_message, package_tag, readers_hash};
use pursuance_core::crypto::{KemSecret, KeySuite, SigningKey};
use pursuance_core::devices::device_message;
use pursuance_core::entry::{AudienceSeal, Body, Content, Entry, GrantRef, ItemSeal, RolePart};
use pursuance_core::id::{AuthorId, EntryId, EpochId, MemberId, PursuanceId, RoleId};
use pursuance_core::keys::InviteSecret;
use pursuance_core::op::{
    AddDevice, Genesis, Grant, Invite, Join, KeyPackage, Op, Propose, Recover, RecoveryKey, Remove, RoleEpoch, Seal,
    SetRule, Vouch, recover_message,
};
use pursuance_core::rule::{Conditions, Object, Quorum, Role, Rule, RuleTable, Verb};
use serde_json::Value;

use super::super::{NOW_SECONDS, signing_seed};

mod follows;

/// The founder's role, at rank 0.
pub const KEEPER: RoleId = RoleId(1);
/// At rank 1.
pub const STEWARD: RoleId = RoleId(2);
/// At rank 2.
pub const MEMBER: RoleId = RoleId(3);
/// At rank 3.
pub const GUEST: RoleId = RoleId(4);

/// The device that founds.
pub const ADA: Who = Who(0);

/// The line that lets a role do something alone.
pub const fn alone(role: RoleId, verb: Verb, object: Object) -> Rule {
    Rule { role, verb, object, conditions: Conditions::ALWAYS, quorum: None }
}

/// The line that lets so many holders of a role do something together; 0 is more than half of them.
pub const fn together(verb: Verb, object: Object, count: u16, of: RoleId) -> Rule {
    Rule { role: of, verb, object, conditions: Conditions::ALWAYS, quorum: Some(Quorum { count, of }) }
}

/// Over a role.
pub const fn over(role: RoleId) -> Object {
    Object::Role(role)
}

/// Four ranks. Keepers and stewards invite, admit, grant, revoke, remove and vouch below them; the keeper changes rules
/// and relays.
pub fn usual() -> Vec<Rule> {
    let verbs = [Verb::Invite, Verb::Admit, Verb::Grant, Verb::Revoke, Verb::Remove, Verb::Vouch];
    let pairs = [(KEEPER, STEWARD), (KEEPER, MEMBER), (STEWARD, MEMBER), (STEWARD, GUEST)];
    let mut rules: Vec<Rule> =
        pairs.iter().flat_map(|(role, below)| verbs.map(|verb| alone(*role, verb, over(*below)))).collect();
    rules.push(alone(KEEPER, Verb::Amend, Object::Rules));
    rules.push(alone(KEEPER, Verb::Amend, Object::Relays));
    rules
}

/// The usual rules and some more.
pub fn usual_and(more: &[Rule]) -> Vec<Rule> {
    [&usual()[..], more].concat()
}

/// A device on the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Who(pub usize);

struct OnStage {
    signing: SigningKey,
    package: KeyPackage,
    person: Option<usize>,
    newest: Option<EntryId>,
}

struct Person {
    name: &'static str,
    /// Name of the first entry, and its id.
    came: String,
    id: EntryId,
    role: RoleId,
}

struct Said {
    name: String,
    entry: Entry,
    past: BTreeSet<EntryId>,
    /// Kept nowhere, so nobody names it.
    in_vain: bool,
}

/// One case: what is said, and what follows.
pub struct Stage {
    case: &'static str,
    comment: &'static str,
    pursuance: PursuanceId,
    genesis: Genesis,
    devices: Vec<OnStage>,
    people: Vec<Person>,
    said: Vec<Said>,
    invites: BTreeMap<GrantRef, InviteSecret>,
    seconds: u64,
    epoch: EpochId,
    // What follows, where it is not the plain thing.
    verdicts: BTreeMap<String, Value>,
    waiting: BTreeSet<usize>,
    gone: BTreeSet<usize>,
    lost: BTreeSet<EntryId>,
    decided: Vec<(usize, RoleId, EntryId)>,
    taken: BTreeSet<Who>,
    closed: BTreeSet<EntryId>,
    roles: Vec<Role>,
    rules: Vec<Rule>,
    name: String,
    readings: Vec<(&'static str, Value)>,
}

impl Stage {
    /// Founded by Ada with these rules.
    pub fn found(case: &'static str, comment: &'static str, rules: Vec<Rule>) -> Self {
        let roles: Vec<Role> = [(KEEPER, "keeper"), (STEWARD, "steward"), (MEMBER, "member"), (GUEST, "guest")]
            .into_iter()
            .zip(0..)
            .map(|((id, name), rank)| Role { id, name: name.into(), rank, since_joining: false })
            .collect();
        let ada = device(0);
        let genesis = Genesis {
            name: "Harbour watch".into(),
            mission: String::new(),
            founder_name: "Ada".into(),
            table: RuleTable { roles: roles.clone(), rules: rules.clone() },
            relays: Vec::new(),
            nonce: [0; 16],
        };
        let body = Body {
            author: ada.signing.author(),
            seq: 0,
            prev: None,
            heads: Vec::new(),
            by: None,
            claimed_seconds: NOW_SECONDS,
            checkpoints: Vec::new(),
            content: Content::Public(vec![Op::Genesis(genesis.clone())]),
        };
        let entry = Entry::sign(&ada.signing, None, &body);
        let (id, name) = (entry.id(), "ada founds".to_owned());
        let ada = OnStage { person: Some(0), newest: Some(id), ..ada };
        Self {
            case,
            comment,
            pursuance: PursuanceId(id.0),
            genesis,
            devices: vec![ada],
            people: vec![Person { name: "Ada", came: name.clone(), id, role: KEEPER }],
            said: vec![Said { name, entry, past: BTreeSet::new(), in_vain: false }],
            invites: BTreeMap::new(),
            seconds: NOW_SECONDS,
            epoch: EpochId([7; 32]),
            verdicts: BTreeMap::new(),
            waiting: BTreeSet::new(),
            gone: BTreeSet::new(),
            lost: BTreeSet::new(),
            decided: Vec::new(),
            taken: BTreeSet::new(),
            closed: BTreeSet::new(),
            roles,
            rules,
            name: "Harbour watch".into(),
            readings: Vec::new(),
        }
    }

    /// Somebody is about to speak: after their newest entry, knowing everything that was said, leaning on how they
    /// came.
    pub fn at(&mut self, who: Who) -> Saying<'_> {
        Saying { stage: self, who, prev: None, knows: None, by: None, in_vain: false, years: 0 }
    }

    /// A device that has said nothing yet and is nobody's.
    pub fn stranger(&mut self) -> Who {
        self.devices.push(device(self.devices.len()));
        Who(self.devices.len() - 1)
    }

    /// Somebody new comes by an invite.
    pub fn join(&mut self, name: &'static str, invite: GrantRef) -> Who {
        let who = self.stranger();
        self.at(who).join(name, invite);
        who
    }

    /// Somebody new, by an invite for one that `inviter` makes.
    pub fn newcomer(&mut self, inviter: Who, role: RoleId, name: &'static str) -> Who {
        let said = format!("{} invites {}", self.name_of(inviter), name.to_lowercase());
        let invite = self.at(inviter).invite(&said, role, 1);
        self.join(name, invite)
    }

    /// One more device of somebody, added by the one they speak with.
    pub fn second_device(&mut self, who: Who) -> Who {
        let device = self.stranger();
        let said = format!("{} adds a device", self.name_of(who));
        self.at(who).add_device(&said, device);
        device
    }

    /// Ada declares a first epoch of everyone, so that one can write what is not public.
    pub fn first_epoch(&mut self) {
        let package = self.devices[0].package.clone();
        let id = package.id();
        let epoch = RoleEpoch {
            role: RoleId::EVERYONE,
            epoch: self.epoch,
            parents: Vec::new(),
            readers: readers_hash(&[id]),
            seals: vec![Seal { tag: package_tag(&id), sealed: vec![0; 80] }],
            backlinks: Vec::new(),
        };
        self.at(ADA).say_all("ada declares an epoch", vec![Op::RoleEpoch(epoch), Op::KeyPackage(package)]);
    }

    /// How somebody came.
    pub fn came_by(&self, who: Who) -> GrantRef {
        first(self.people[self.person(who)].id)
    }

    /// The member for whom a device speaks.
    pub fn member(&self, who: Who) -> MemberId {
        MemberId(self.people[self.person(who)].id.0)
    }

    /// A device's author name.
    pub fn author(&self, who: Who) -> AuthorId {
        self.devices[who.0].signing.author()
    }

    /// A device's newest entry, on the branch it spoke on last.
    pub fn newest(&self, who: Who) -> EntryId {
        self.devices[who.0].newest.expect("it spoke")
    }

    fn person(&self, who: Who) -> usize {
        self.devices[who.0].person.expect("somebody's device")
    }

    fn name_of(&self, who: Who) -> String {
        self.people[self.person(who)].name.to_lowercase()
    }

    fn said(&self, id: EntryId) -> &Said {
        self.said.iter().find(|said| said.entry.id() == id).expect("it was said")
    }

    fn past_of(&self, named: &[EntryId]) -> BTreeSet<EntryId> {
        let mut past: BTreeSet<EntryId> = named.iter().copied().collect();
        for id in named {
            past.extend(&self.said(*id).past);
        }
        past
    }

    /// The newest entries of others that one who knows everything names.
    fn heads(&self, author: AuthorId, prev: Option<EntryId>) -> Vec<EntryId> {
        let known = prev.map(|prev| self.past_of(&[prev])).unwrap_or_default();
        let others: Vec<&Said> = self
            .said
            .iter()
            .filter(|said| !said.in_vain && said.entry.body().author != author && !known.contains(&said.entry.id()))
            .collect();
        let newest = others.iter().filter(|said| !others.iter().any(|other| other.past.contains(&said.entry.id())));
        newest.map(|said| said.entry.id()).collect()
    }
}

/// An entry about to be said.
pub struct Saying<'a> {
    stage: &'a mut Stage,
    who: Who,
    prev: Option<Option<EntryId>>,
    knows: Option<Vec<EntryId>>,
    by: Option<GrantRef>,
    in_vain: bool,
    years: u64,
}

impl Saying<'_> {
    /// After this entry of theirs instead of their newest: another history.
    pub fn after(mut self, prev: EntryId) -> Self {
        self.prev = Some(Some(prev));
        self
    }

    /// Naming only these, whatever else they heard.
    pub fn knowing(mut self, heads: &[EntryId]) -> Self {
        self.knows = Some(heads.to_vec());
        self
    }

    /// Naming nothing but their own newest entry.
    pub fn unaware(self) -> Self {
        self.knowing(&[])
    }

    /// Leaning on this grant.
    pub fn with(mut self, by: GrantRef) -> Self {
        self.by = Some(by);
        self
    }

    /// It will be kept nowhere, so nobody names it.
    pub fn in_vain(mut self) -> Self {
        self.in_vain = true;
        self
    }

    /// Claiming to be said so many years later.
    pub fn years_later(mut self, years: u64) -> Self {
        self.years = years;
        self
    }

    /// One op.
    pub fn say(self, name: &str, op: Op) -> EntryId {
        self.say_all(name, vec![op])
    }

    /// Several ops at once.
    pub fn say_all(self, name: &str, ops: Vec<Op>) -> EntryId {
        self.sign(name, Content::Public(ops))
    }

    /// Something that is not public, for everyone.
    pub fn writes(self, name: &str) -> EntryId {
        let epoch = self.stage.epoch;
        let audience = AudienceSeal { role: RoleId::EVERYONE, epoch, nonce: [0; 24], sealed: vec![0; 16] };
        let item = ItemSeal { commit: [0; 32], nonce: [0; 24], sealed: vec![0; 16] };
        self.sign(name, Content::Role(RolePart { audiences: vec![audience], items: vec![item] }))
    }

    /// Something harmless: the device's key package again.
    pub fn harmless(self, name: &str) -> EntryId {
        let package = self.stage.devices[self.who.0].package.clone();
        self.say(name, Op::KeyPackage(package))
    }

    /// An invite.
    pub fn invite(self, name: &str, role: RoleId, uses: u16) -> GrantRef {
        self.invite_as(name, role, uses, false)
    }

    /// An invite whose joiners are to be admitted.
    pub fn invite_reviewed(self, name: &str, role: RoleId, uses: u16) -> GrantRef {
        self.invite_as(name, role, uses, true)
    }

    fn invite_as(mut self, name: &str, role: RoleId, uses: u16, reviewed: bool) -> GrantRef {
        let secret = InviteSecret::new(seed(self.stage.invites.len(), 3));
        let (key, cell_secret) = (secret.signing().author().0, secret.cell_secret());
        let (note, since) = (String::new(), Vec::new());
        let at = first(self.signs(
            name,
            Content::Public(vec![Op::Invite(Invite { role, uses, key, cell_secret, note, since, reviewed })]),
        ));
        self.stage.invites.insert(at, secret);
        at
    }

    /// Comes by an invite.
    pub fn join(mut self, name: &'static str, invite: GrantRef) -> EntryId {
        let device = &self.stage.devices[self.who.0];
        let (author, package) = (device.signing.author(), device.package.clone());
        let message = join_message(self.stage.pursuance, author, name, &package);
        let signature = self.stage.invites[&invite].signing().sign(&message);
        let Content::Public(ops) = &self.stage.said(invite.entry).entry.body().content else { unreachable!() };
        let Op::Invite(offer) = &ops[0] else { unreachable!() };
        let role = offer.role;
        self.by = Some(invite);
        let join = Join { name: name.into(), package, signature };
        let came = format!("{} joins", name.to_lowercase());
        let id = self.signs(&came, Content::Public(vec![Op::Join(join)]));
        self.stage.devices[self.who.0].person = Some(self.stage.people.len());
        self.stage.people.push(Person { name, came, id, role });
        id
    }

    /// Gives a role.
    pub fn grants(self, name: &str, whom: Who, role: RoleId) -> GrantRef {
        let member = self.stage.member(whom);
        first(self.say(name, Op::Grant(Grant { member, role })))
    }

    /// Removes somebody from these roles; from all, if none.
    pub fn removes(self, name: &str, whom: Who, roles: &[RoleId]) -> EntryId {
        let member = self.stage.member(whom);
        self.say(name, removal(member, roles, &[]))
    }

    /// Says that they know somebody.
    pub fn vouches(self, name: &str, whom: Who) -> EntryId {
        let member = self.stage.member(whom);
        self.say(name, Op::Vouch(Vouch { member, note: String::new() }))
    }

    /// Asks the holders of a role to decide.
    pub fn proposes(self, name: &str, of: RoleId, op: Op) -> EntryId {
        self.say(name, Op::Propose(Propose { of, op: Box::new(op) }))
    }

    /// Agrees.
    pub fn approves(self, name: &str, proposal: EntryId) -> EntryId {
        self.say(name, Op::Approve(proposal))
    }

    /// Takes entries on as their own.
    pub fn ratifies(self, name: &str, entries: &[EntryId]) -> EntryId {
        let entries: BTreeSet<EntryId> = entries.iter().copied().collect();
        self.say(name, Op::Ratify(entries.into_iter().collect()))
    }

    /// Puts a line into the rules, or takes it out.
    pub fn sets(self, name: &str, rule: Rule, present: bool) -> EntryId {
        self.say(name, Op::SetRule(SetRule { rule, present }))
    }

    /// Adds a device to the speaker's member.
    pub fn add_device(self, name: &str, device: Who) -> EntryId {
        let (member, person) = (self.stage.member(self.who), self.stage.devices[self.who.0].person);
        let pursuance = self.stage.pursuance;
        let added = &mut self.stage.devices[device.0];
        added.person = person;
        let (author, package) = (added.signing.author(), added.package.clone());
        let signature = added.signing.sign(&device_message(pursuance, member, &package));
        self.say(name, Op::AddDevice(AddDevice { author, package, signature }))
    }

    /// Stops a device of the speaker's member.
    pub fn removes_device(self, name: &str, device: Who) -> EntryId {
        let author = self.stage.author(device);
        self.say(name, Op::RemoveDevice(author))
    }

    /// Stops a device that shows two histories.
    pub fn suspends(self, name: &str, device: Who) -> EntryId {
        let author = self.stage.author(device);
        self.say(name, Op::SuspendDevice(author))
    }

    /// Declares the recovery key with this number.
    pub fn recovery_key(self, name: &str, number: usize) -> EntryId {
        let key = recovery_key(number);
        let op = RecoveryKey::new(self.stage.pursuance, self.stage.member(self.who), &key);
        self.say(name, Op::RecoveryKey(op))
    }

    /// Comes back as the member of that device, by the recovery key with this number.
    pub fn recovers(mut self, name: &str, whom: Who, number: usize) -> EntryId {
        let (pursuance, member) = (self.stage.pursuance, self.stage.member(whom));
        let (person, by) = (self.stage.devices[whom.0].person, self.stage.came_by(whom));
        let device = &mut self.stage.devices[self.who.0];
        device.person = person;
        let package = device.package.clone();
        let signature = device.signing.sign(&device_message(pursuance, member, &package));
        let message = recover_message(pursuance, member, device.signing.author(), &package);
        let recovery = recovery_key(number).sign(&message);
        self.by = Some(by);
        self.say(name, Op::Recover(Recover { package, signature, recovery }))
    }

    fn sign(mut self, name: &str, content: Content) -> EntryId {
        self.signs(name, content)
    }

    fn signs(&mut self, name: &str, content: Content) -> EntryId {
        let device = &self.stage.devices[self.who.0];
        let author = device.signing.author();
        let prev = self.prev.unwrap_or(device.newest);
        let seq = prev.map_or(0, |prev| self.stage.said(prev).entry.body().seq + 1);
        let mut heads = self.knows.clone().unwrap_or_else(|| self.stage.heads(author, prev));
        heads.retain(|head| Some(*head) != prev);
        heads.sort_unstable();
        heads.dedup();
        let by = self.by.or_else(|| device.person.map(|person| first(self.stage.people[person].id)));
        self.stage.seconds += 60;
        let claimed_seconds = self.stage.seconds + self.years * 31_557_600;
        let named: Vec<EntryId> = prev.iter().chain(&heads).copied().chain(by.map(|by| by.entry)).collect();
        let past = self.stage.past_of(&named);
        let body = Body { author, seq, prev, heads, by, claimed_seconds, checkpoints: Vec::new(), content };
        let device = &mut self.stage.devices[self.who.0];
        let entry = Entry::sign(&device.signing, Some(self.stage.pursuance), &body);
        let id = entry.id();
        device.newest = Some(id);
        self.stage.said.push(Said { name: name.into(), entry, past, in_vain: self.in_vain });
        id
    }
}

/// The first op of an entry, as what it grants or offers.
pub const fn first(entry: EntryId) -> GrantRef {
    GrantRef { entry, op: 0 }
}

/// A removal from these roles (all, if none); what the pins hold stays (what it knows, if none).
pub fn removal(member: MemberId, roles: &[RoleId], pins: &[EntryId]) -> Op {
    let (roles, pins): (BTreeSet<RoleId>, BTreeSet<EntryId>) =
        (roles.iter().copied().collect(), pins.iter().copied().collect());
    Op::Remove(Remove { member, roles: roles.into_iter().collect(), pins: pins.into_iter().collect() })
}

/// A removal from all roles.
pub fn removal_of(stage: &Stage, who: Who) -> Op {
    removal(stage.member(who), &[], &[])
}

fn device(number: usize) -> OnStage {
    let seed = seed(number, 1);
    let secret = KemSecret::from_device_seed(KeySuite::X25519, &seed);
    let package = KeyPackage { suite: secret.suite(), public: secret.public() };
    OnStage { signing: SigningKey::from_seed(&signing_seed(&seed)), package, person: None, newest: None }
}

fn recovery_key(number: usize) -> SigningKey {
    SigningKey::from_seed(&signing_seed(&seed(number, 4)))
}

fn seed(number: usize, what: u8) -> [u8; 32] {
    let mut seed = [what; 32];
    seed[..8].copy_from_slice(&(number as u64).to_be_bytes());
    seed
}
