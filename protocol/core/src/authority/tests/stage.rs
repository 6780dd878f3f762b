//! A stage on which tests of authority act: real signed entries by devices that know what they choose to know
//! (docs/protocol/04-authority.md).
//!
//! Everybody's entries stand on one stage; who has heard what is said entry by entry. [`Told`] is a machine that hears some of
//! them, in some order, and judges.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::fault::{Fault, is_made};
use super::switch::{Switch, without};
use super::{Verdict, join_message, package_tag, readers_hash};
use crate::crypto::{KemSecret, KeySuite, SigningKey};
use crate::entry::{Body, Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, EpochId, MemberId, PursuanceId, RoleId};
use crate::keys::InviteSecret;
use crate::limits::MAX_HEADS;
use crate::op::{Genesis, Join, KeyPackage, Op, RoleEpoch, Seal};
use crate::rule::{Conditions, Object, Quorum, Role, Rule, RuleTable, Verb};

mod saying;
mod told;

pub(crate) use saying::{Saying, removal};
pub(crate) use told::{State, Told};

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
    let role = |id: u16| Role {
        id: RoleId(id),
        name: format!("role {id}"),
        rank: u8::try_from(id - 1).unwrap(),
        since_joining: false,
    };
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
        let epoch = role_epoch(RoleId::EVERYONE, stage.epoch, &[package.id()]);
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
        let replay = || self.replay_on(Told::by_definition(self.pursuance), order);
        if is_made(Fault::DefinitionLacksARule) { without(Switch::R3Member, replay) } else { replay() }
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

    /// An entry that is not said: signed, and nobody has heard it. What it names is known to `told`. `None`: a first entry.
    pub(crate) fn write(
        &self,
        who: Who,
        prev: Option<EntryId>,
        heads: &[EntryId],
        told: &Told,
        by: GrantRef,
        op: Op,
    ) -> Entry {
        let device = &self.devices[who.0];
        let seq = prev.map_or(0, |prev| told.logs.entry(prev).expect("it was heard").body().seq + 1);
        let mut heads = heads.to_vec();
        heads.sort_unstable();
        let body = Body {
            author: device.author,
            seq,
            prev,
            heads,
            by: Some(by),
            claimed_seconds: self.seconds,
            checkpoints: Vec::new(),
            content: Content::Public(vec![op]),
        };
        Entry::sign(&device.key, Some(self.pursuance), &body)
    }

    /// An epoch of a role that is sealed to these.
    pub(crate) fn epoch_for(&self, role: RoleId, epoch: EpochId, readers: &[Who]) -> RoleEpoch {
        let packages: Vec<[u8; 32]> = readers.iter().map(|who| package(who.0).id()).collect();
        role_epoch(role, epoch, &packages)
    }

    /// What a device says to come by an invite.
    pub(crate) fn joining(&self, who: Who, invite: GrantRef) -> Op {
        let (package, name) = (package(who.0), format!("member {}", who.0));
        let message = join_message(self.pursuance, self.author(who), &name, &package);
        let signature = self.invites[&invite].signing().sign(&message);
        Op::Join(Join { name, package, signature })
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

fn role_epoch(role: RoleId, epoch: EpochId, packages: &[[u8; 32]]) -> RoleEpoch {
    let mut ids = packages.to_vec();
    ids.sort_unstable();
    let seals = ids.iter().map(|id| Seal { tag: package_tag(id), sealed: vec![0; 48] }).collect();
    RoleEpoch { role, epoch, parents: Vec::new(), readers: readers_hash(&ids), seals, backlinks: Vec::new() }
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

/// Another package than the one with which a device came.
pub(crate) fn newest_package(world: u64, number: usize) -> KeyPackage {
    package(usize::try_from(1_000 * (world + 1)).expect("few worlds") + number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    use crate::refusal::Refusal;

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
