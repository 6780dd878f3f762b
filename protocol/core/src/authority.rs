//! Who may do what: members, grants, invites, epochs, judged from the public layer alone (docs/protocol/04-authority.md).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use pursuance_wire::RelayAddress;

use crate::clock::Dot;
use crate::crypto::kem::is_public_key;
use crate::crypto::{self, label};
use crate::devices::{Device, adds_devices};
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, EpochId, MemberId, PursuanceId, RoleId};
use crate::limits::MAX_SENIORITY_DEPTH;
use crate::logs::Logs;
use crate::op::{Genesis, Invite, Join, KeyPackage, Op, RoleEpoch, Welcome};
use crate::refusal::Refusal;
use crate::register::{Place, Register, Write};
use crate::rule::{Condition, Object, Role, RuleTable, Verb};

/// Intrinsic seniority (R1): compare rank first, then path; a prefix is senior to its extensions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeniorityKey {
    /// Rank of the role, 0 highest.
    pub rank: u8,
    /// Steps from the genesis: seq, op and id of each grant.
    pub path: Vec<(u32, u16, EntryId)>,
}

/// A person in this pursuance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The pseudonym.
    pub name: String,
    /// The device with which they came.
    pub author: AuthorId,
    /// All their devices, that one included.
    pub devices: BTreeMap<AuthorId, Device>,
    /// The grant by which the role is held.
    pub grant: GrantRef,
    /// The role.
    pub role: RoleId,
    /// Seniority of the grant.
    pub key: SeniorityKey,
    /// The invite, or `None` for the founder.
    pub invite: Option<GrantRef>,
}

/// A key package and the entry that brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPackage {
    /// The entry's place in the device's log; `None` where it came with what added the device.
    pub seq: Option<u32>,
    /// The entry.
    pub entry: EntryId,
    /// The package.
    pub package: KeyPackage,
}

/// An invite that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenInvite {
    /// What it says.
    pub invite: Invite,
    /// Who made it.
    pub inviter: MemberId,
    /// The place of its entry in the inviter's log.
    pub seq: u32,
    /// Joins by it that count.
    pub joins: Vec<EntryId>,
}

/// An epoch that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountingEpoch {
    /// Whose epoch.
    pub role: RoleId,
    /// The entries that introduce it, more than one where two did at once; the first by depth, then id, gives it its place.
    pub entries: BTreeSet<(u32, EntryId)>,
}

/// Whether an entry, or an item of it, has effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It has.
    Counts,
    /// It never has, for this reason.
    Refused(Refusal),
    /// A newer version will tell.
    NeedsNewer,
    /// It was permitted when it was written, and has no effect any more, for this reason; that can change.
    Held(Refusal),
}

/// The state of the public layer.
#[derive(Default)]
pub struct Authority {
    genesis: Option<Genesis>,
    members: BTreeMap<MemberId, Member>,
    by_author: BTreeMap<AuthorId, BTreeSet<MemberId>>,
    invites: BTreeMap<GrantRef, OpenInvite>,
    epochs: BTreeMap<EpochId, CountingEpoch>,
    relays: Register<Vec<RelayAddress>>,
    /// By epoch, device and welcomer.
    welcomes: BTreeMap<(EpochId, AuthorId, MemberId), Vec<Welcome>>,
    verdicts: BTreeMap<EntryId, Verdict>,
    /// Entries that need a newer version and add devices, by the grant they lean on.
    newer_devices: BTreeSet<(GrantRef, EntryId)>,
}

impl Authority {
    /// Whether somebody's first entry lets them in; asked before it is appended, and `None` for any other entry.
    #[must_use]
    pub fn admits(&self, pursuance: PursuanceId, logs: &Logs, entry: &Entry) -> Option<Verdict> {
        let first = match &entry.body().content {
            Content::Public(ops) => ops.first(),
            Content::Role(_) => None,
        };
        match first {
            Some(Op::Genesis(_)) => None,
            Some(Op::Join(join)) => Some(self.judge_join(pursuance, logs, entry, join)),
            // D3
            _ if entry.body().seq == 0 => self.leaning_member(logs, entry).err(),
            _ => None,
        }
    }

    /// Judges an entry that has just been appended (R2, final), and lets it have its effect if it counts.
    ///
    /// The verdict rests on the entry's own past alone, so that the order of arrival cannot change it.
    pub fn judge(&mut self, pursuance: PursuanceId, logs: &Logs, entry: &Entry) -> Verdict {
        let verdict = match &entry.body().content {
            Content::Public(ops) => self.judge_public(pursuance, logs, entry, ops),
            Content::Role(part) => {
                self.judge_role_part(logs, entry, part.audiences.iter().map(|audience| (audience.role, audience.epoch)))
            }
        };
        if verdict == Verdict::Counts
            && let Content::Public(ops) = &entry.body().content
        {
            self.apply(logs, entry, ops);
        }
        if verdict == Verdict::NeedsNewer
            && let Some(by) = adds_devices(entry)
        {
            self.newer_devices.insert((by, entry.id()));
        }
        self.verdicts.insert(entry.id(), verdict.clone());
        verdict
    }

    /// Lets an entry that was judged before and counts have its effect again: its verdict is final, and was kept.
    pub fn take_back(&mut self, logs: &Logs, entry: &Entry) {
        if let Content::Public(ops) = &entry.body().content {
            self.apply(logs, entry, ops);
        }
        self.verdicts.insert(entry.id(), Verdict::Counts);
    }

    /// Forgets the verdicts on entries that are not in memory; the shelf has them.
    pub fn put_down(&mut self, logs: &Logs) {
        self.verdicts.retain(|id, _| logs.entry(*id).is_some());
    }

    /// The verdict on an entry in memory.
    #[must_use]
    pub fn verdict(&self, entry: EntryId) -> Option<&Verdict> {
        self.verdicts.get(&entry)
    }

    /// All verdicts on entries in memory.
    pub fn verdicts(&self) -> impl Iterator<Item = (EntryId, &Verdict)> {
        self.verdicts.iter().map(|(id, verdict)| (*id, verdict))
    }

    /// What the genesis declared, once it is here.
    #[must_use]
    pub const fn genesis(&self) -> Option<&Genesis> {
        self.genesis.as_ref()
    }

    /// Roles and rules.
    #[must_use]
    pub fn table(&self) -> Option<&RuleTable> {
        self.genesis.as_ref().map(|genesis| &genesis.table)
    }

    /// The role with this number; *everyone* has none.
    #[must_use]
    pub fn role(&self, id: RoleId) -> Option<&Role> {
        self.table()?.roles.iter().find(|role| role.id == id)
    }

    /// All members.
    #[must_use]
    pub const fn members(&self) -> &BTreeMap<MemberId, Member> {
        &self.members
    }

    /// The member whose device this is; the first by id, where a device with two histories began twice.
    #[must_use]
    pub fn member_of(&self, author: AuthorId) -> Option<MemberId> {
        self.by_author.get(&author)?.first().copied()
    }

    /// The member as whom an entry speaks: the one whose grant it leans on.
    #[must_use]
    pub fn speaker(&self, entry: &Entry) -> Option<MemberId> {
        // A member is named by the entry that brought the grant, so the grant names the member.
        let member = MemberId(entry.body().by.map_or(entry.id(), |by| by.entry).0);
        let held = self.members.get(&member)?;
        let leans = entry.body().by.is_none_or(|by| by == held.grant);
        (leans && held.devices.contains_key(&entry.body().author)).then_some(member)
    }

    /// The members whose device this is: one, but for a device with two beginnings.
    pub(crate) fn holders(&self, author: AuthorId) -> impl Iterator<Item = MemberId> + '_ {
        self.by_author.get(&author).into_iter().flatten().copied()
    }

    pub(crate) fn note_holder(&mut self, author: AuthorId, member: MemberId) {
        self.by_author.entry(author).or_default().insert(member);
    }

    pub(crate) fn member_mut(&mut self, member: MemberId) -> Option<&mut Member> {
        self.members.get_mut(&member)
    }

    /// Entries leaning on this grant that need a newer version and add devices.
    pub(crate) fn newer_devices(&self, by: GrantRef) -> impl Iterator<Item = EntryId> + '_ {
        let (first, last) = (EntryId([0; 32]), EntryId([u8::MAX; 32]));
        self.newer_devices.range((by, first)..=(by, last)).map(|(_, id)| *id)
    }

    /// All invites that count.
    #[must_use]
    pub const fn invites(&self) -> &BTreeMap<GrantRef, OpenInvite> {
        &self.invites
    }

    /// Epochs that count.
    #[must_use]
    pub const fn epochs(&self) -> &BTreeMap<EpochId, CountingEpoch> {
        &self.epochs
    }

    /// What was handed to a device as this epoch, by welcomes that count. Only who holds the epoch can tell whether it is.
    pub fn welcomes(&self, epoch: EpochId, author: AuthorId) -> impl Iterator<Item = &Welcome> {
        let (first, last) = (MemberId([0; 32]), MemberId([u8::MAX; 32]));
        self.welcomes.range((epoch, author, first)..=(epoch, author, last)).flat_map(|(_, handed)| handed)
    }

    /// Relays in force.
    #[must_use]
    pub fn relays(&self) -> &[RelayAddress] {
        let named = self.relays.ranked(|member| self.seniority(member));
        named.first().map_or(&[], |write| &write.value)
    }

    /// Seniority of a member, for showing one of several writes first.
    #[must_use]
    pub fn seniority(&self, member: MemberId) -> Option<&SeniorityKey> {
        self.members.get(&member).map(|member| &member.key)
    }

    /// Whether the rules let a member do this over that; `own` says whether it is the member's own.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`], [`Refusal::OnlyOwn`], with the number of the rule that says so.
    pub fn allows(&self, member: MemberId, verb: Verb, object: Object, own: bool) -> Result<(), Refusal> {
        let rules = self.table().map_or(&[][..], |table| &table.rules);
        let role = self.members.get(&member).map(|member| member.role);
        let mut only_own = None;
        let mut elsewhere = None;
        for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.verb == verb && rule.object == object) {
            let number = u16::try_from(index + 1).expect("at most MAX_RULES");
            if Some(rule.role) != role && (rule.role != RoleId::EVERYONE || role.is_none()) {
                elsewhere = elsewhere.or(Some((number, rule.role)));
            } else if rule.quorum.is_some() || rule.condition == Condition::NotSelf {
                // Such a line gives nothing to one member alone, or nothing over tasks and relays.
            } else if rule.condition == Condition::Always || own {
                return Ok(());
            } else {
                only_own = only_own.or(Some(number));
            }
        }
        Err(match only_own {
            Some(rule) => Refusal::OnlyOwn { verb, rule },
            None => Refusal::NotAllowed {
                verb,
                rule: elsewhere.map(|(number, _)| number),
                allowed_role: elsewhere.map(|(_, role)| role.0),
            },
        })
    }

    /// The newest key package of each device that stands in the past of an entry (or is in it), sorted by package id.
    #[must_use]
    pub fn packages_known<'a>(&'a self, logs: &Logs, to: Option<EntryId>) -> Vec<([u8; 32], &'a KeyPackage, AuthorId)> {
        let mut packages: Vec<_> = self
            .members
            .values()
            .flat_map(|member| &member.devices)
            .filter_map(|(author, device)| {
                let known = |entry: &EntryId| to.is_none_or(|to| *entry == to || logs.in_past(*entry, to));
                let held = device.packages.iter().rev().find(|held| known(&held.entry))?;
                Some((held.package.id(), &held.package, *author))
            })
            .collect();
        packages.sort_by_key(|(id, ..)| *id);
        packages
    }

    fn judge_public(&self, pursuance: PursuanceId, logs: &Logs, entry: &Entry, ops: &[Op]) -> Verdict {
        if ops.iter().any(needs_newer) {
            return Verdict::NeedsNewer;
        }
        match ops.first() {
            Some(Op::Genesis(_)) => Verdict::Counts,
            Some(Op::Join(join)) => self.judge_join(pursuance, logs, entry, join),
            _ => {
                let member = match self.leaning_member(logs, entry) {
                    Ok(member) => member,
                    Err(verdict) => return verdict,
                };
                let refused = ops.iter().find_map(|op| self.judge_op(pursuance, logs, entry, member, op, ops).err());
                refused.map_or(Verdict::Counts, Verdict::Refused)
            }
        }
    }

    fn judge_op(
        &self,
        pursuance: PursuanceId,
        logs: &Logs,
        entry: &Entry,
        member: MemberId,
        op: &Op,
        ops: &[Op],
    ) -> Result<(), Refusal> {
        match op {
            Op::SetRelays(_) => self.allows(member, Verb::Amend, Object::Relays, false),
            Op::Invite(invite) => self.judge_invite(member, invite),
            Op::AddDevice(added) => self.judge_added_device(pursuance, logs, entry, member, added, ops),
            Op::KeyPackage(package) if is_public_key(package.suite, &package.public) => Ok(()),
            Op::KeyPackage(_) => Err(Refusal::BadKeys),
            Op::RoleEpoch(epoch) => self.judge_epoch(logs, entry, epoch, ops),
            // Any reader hands on what it holds; the seal says for itself whether it is the epoch's secret.
            Op::Welcome(welcome) if welcome.role == RoleId::EVERYONE => Ok(()),
            Op::Welcome(_) => Err(Refusal::NoSuchRole),
            // Shape rules E10 keep these to the first place of a log, where they are judged on their own.
            Op::Genesis(_) | Op::Join(_) => Err(Refusal::GrantNotHeld),
            // The entry waits for a newer version as a whole.
            _ => Err(Refusal::NeedsNewer),
        }
    }

    fn judge_invite(&self, member: MemberId, invite: &Invite) -> Result<(), Refusal> {
        let role = self.role(invite.role).ok_or(Refusal::NoSuchRole)?;
        self.allows(member, Verb::Invite, Object::Role(invite.role), false)?;
        let own = self.seniority(member).map_or(u8::MAX, |key| key.rank);
        // A rule named the role, so one's own rank may be offered; a higher one never (R2).
        if role.rank < own { Err(Refusal::RankAboveOwn) } else { Ok(()) }
    }

    /// The readers of an epoch are exactly the reading devices in its past (K3).
    fn judge_epoch(&self, logs: &Logs, entry: &Entry, epoch: &RoleEpoch, ops: &[Op]) -> Result<(), Refusal> {
        if epoch.role != RoleId::EVERYONE {
            return Err(Refusal::NoSuchRole);
        }
        // An epoch is introduced once; whoever knows of it and does so again would change who it was sealed to.
        let known = self.epochs.get(&epoch.epoch);
        if known.is_some_and(|known| known.entries.iter().any(|(_, first)| logs.names_in_past(*first, entry))) {
            return Err(Refusal::BadKeys);
        }
        let mut ids: Vec<[u8; 32]> =
            self.packages_known(logs, Some(entry.id())).into_iter().map(|(id, ..)| id).collect();
        // A package that comes with this very entry replaces the author's older one.
        if let Some(own) = ops.iter().find_map(|op| if let Op::KeyPackage(package) = op { Some(package) } else { None })
        {
            let older = self.speaker(entry).and_then(|member| {
                let packages = &self.members[&member].devices.get(&entry.body().author)?.packages;
                packages.iter().rev().find(|held| logs.in_past(held.entry, entry.id()))
            });
            ids.retain(|id| older.is_none_or(|held| held.package.id() != *id));
            ids.push(own.id());
            ids.sort_unstable();
        }
        let tags = epoch.seals.iter().map(|seal| seal.tag);
        let fits = epoch.readers == readers_hash(&ids) && tags.eq(ids.iter().map(package_tag)); // K3
        if fits { Ok(()) } else { Err(Refusal::BadKeys) }
    }

    /// J7: signed by the invite key for this very author, and a use is left in the join's own past.
    fn judge_join(&self, pursuance: PursuanceId, logs: &Logs, entry: &Entry, join: &Join) -> Verdict {
        let Some(by) = entry.body().by else { return Verdict::Refused(Refusal::GrantNotHeld) };
        if self.verdicts.get(&by.entry) == Some(&Verdict::NeedsNewer) {
            return Verdict::NeedsNewer;
        }
        let Some(open) = self.invites.get(&by) else { return Verdict::Refused(Refusal::GrantNotHeld) };
        let message = join_message(pursuance, entry.body().author, &join.name, &join.package);
        let inviter = &self.members[&open.inviter];
        if crypto::verify(&open.invite.key, &message, &join.signature).is_err()
            || !is_public_key(join.package.suite, &join.package.public)
        {
            return Verdict::Refused(Refusal::BadKeys);
        }
        let joins_known = open.joins.iter().filter(|join| logs.names_in_past(**join, entry)).count();
        if joins_known >= usize::from(open.invite.uses) {
            return Verdict::Refused(Refusal::InviteUsedUp);
        }
        if inviter.key.path.len() + 2 > MAX_SENIORITY_DEPTH {
            return Verdict::Refused(Refusal::TooMany { max: MAX_SENIORITY_DEPTH as u32 });
        }
        Verdict::Counts
    }

    fn judge_role_part(
        &self,
        logs: &Logs,
        entry: &Entry,
        audiences: impl Iterator<Item = (RoleId, EpochId)>,
    ) -> Verdict {
        if let Err(verdict) = self.leaning_member(logs, entry) {
            return verdict;
        }
        for (role, epoch) in audiences {
            if role != RoleId::EVERYONE {
                // Tasks of other roles come with a newer version.
                return Verdict::NeedsNewer;
            }
            // An epoch that was never declared could be known to a few only, while the screen says everyone.
            let declared = self.epochs.get(&epoch).is_some_and(|known| {
                known.role == role && known.entries.iter().any(|(_, first)| logs.names_in_past(*first, entry))
            });
            if !declared {
                return Verdict::Refused(Refusal::BadKeys);
            }
        }
        Verdict::Counts
    }

    fn apply(&mut self, logs: &Logs, entry: &Entry, ops: &[Op]) {
        let id = entry.id();
        let Some(dot) = logs.dot(id) else { return };
        for (index, op) in ops.iter().enumerate() {
            // Asked for each op: a genesis or a join makes its author a speaker.
            let speaker = self.speaker(entry);
            let at = GrantRef { entry: id, op: u16::try_from(index).expect("at most MAX_OPS") };
            match op {
                Op::Genesis(genesis) => self.apply_genesis(logs, entry, at, dot, genesis),
                Op::Join(join) => self.apply_join(entry, at, join),
                Op::SetRelays(relays) => {
                    if let Some(by) = speaker {
                        let at = Place { entry: id, item: 0, op: at.op };
                        self.relays.write(Write { value: relays.clone(), by, at, dot }, logs);
                    }
                }
                Op::Invite(invite) => {
                    if let Some(inviter) = speaker {
                        let seq = entry.body().seq;
                        self.invites.insert(at, OpenInvite { invite: invite.clone(), inviter, seq, joins: Vec::new() });
                    }
                }
                Op::AddDevice(added) => {
                    if let Some(by) = speaker {
                        self.apply_added_device(entry, by, added);
                    }
                }
                Op::KeyPackage(package) => {
                    let body = entry.body();
                    let member = speaker.and_then(|member| self.members.get_mut(&member));
                    if let Some(device) = member.and_then(|member| member.devices.get_mut(&body.author)) {
                        device.hold(Some(body.seq), id, package.clone());
                    }
                }
                Op::RoleEpoch(epoch) => {
                    let place = (logs.depth(id).unwrap_or(0), id);
                    let known = self.epochs.entry(epoch.epoch);
                    let known = known.or_insert_with(|| CountingEpoch { role: epoch.role, entries: BTreeSet::new() });
                    known.entries.insert(place);
                }
                Op::Welcome(welcome) => {
                    let Some(by) = speaker else { continue };
                    let handed = self.welcomes.entry((welcome.epoch, welcome.to, by)).or_default();
                    if handed.len() < MAX_WELCOMES && !handed.contains(welcome) {
                        handed.push(welcome.clone());
                    }
                }
                // Judged as needing a newer version, so none of them is here.
                _ => {}
            }
        }
    }

    fn apply_genesis(&mut self, logs: &Logs, entry: &Entry, at: GrantRef, dot: Dot, genesis: &Genesis) {
        let member = MemberId(entry.id().0);
        let role = &genesis.table.roles[0];
        self.members.insert(
            member,
            Member {
                name: genesis.founder_name.clone(),
                author: entry.body().author,
                grant: at,
                role: role.id,
                key: SeniorityKey { rank: role.rank, path: Vec::new() },
                invite: None,
                devices: first_device(entry, Vec::new()),
            },
        );
        self.by_author.entry(entry.body().author).or_default().insert(member);
        let place = Place { entry: entry.id(), item: 0, op: at.op };
        self.relays.write(Write { value: genesis.relays.clone(), by: member, at: place, dot }, logs);
        self.genesis = Some(genesis.clone());
    }

    fn apply_join(&mut self, entry: &Entry, at: GrantRef, join: &Join) {
        let by = entry.body().by.expect("only a genesis leans on nothing");
        let rank = self.invites.get(&by).and_then(|open| self.role(open.invite.role)).map_or(u8::MAX, |role| role.rank);
        let Some(open) = self.invites.get_mut(&by) else { return };
        open.joins.push(entry.id());
        let role = open.invite.role;
        // key(join): rank of the role offered; path of the invite, then (0, id).
        let mut path = self.members[&open.inviter].key.path.clone();
        path.push((open.seq, by.op, by.entry));
        path.push((0, 0, entry.id()));
        let member = MemberId(entry.id().0);
        self.by_author.entry(entry.body().author).or_default().insert(member);
        self.members.insert(
            member,
            Member {
                name: join.name.clone(),
                author: entry.body().author,
                grant: at,
                role,
                key: SeniorityKey { rank, path },
                invite: Some(by),
                devices: first_device(
                    entry,
                    alloc::vec![HeldPackage {
                        seq: Some(entry.body().seq),
                        entry: entry.id(),
                        package: join.package.clone()
                    }],
                ),
            },
        );
    }
}

/// Whether an op has no judgement here yet.
fn needs_newer(op: &Op) -> bool {
    match op {
        Op::Invite(invite) => invite.reviewed,
        Op::Genesis(_)
        | Op::SetRelays(_)
        | Op::Join(_)
        | Op::AddDevice(_)
        | Op::KeyPackage(_)
        | Op::RoleEpoch(_)
        | Op::Welcome(_) => false,
        _ => true,
    }
}

/// The device with which a member came.
fn first_device(entry: &Entry, packages: Vec<HeldPackage>) -> BTreeMap<AuthorId, Device> {
    let device = Device { brought_by: BTreeSet::from([entry.id()]), added_seconds: None, packages };
    BTreeMap::from([(entry.body().author, device)])
}

/// Welcomes of one device into one epoch by one member that are remembered. Nobody's junk takes the places of others.
const MAX_WELCOMES: usize = 16;

/// What an invite key signs for a joiner.
#[must_use]
pub fn join_message(pursuance: PursuanceId, author: AuthorId, name: &str, package: &KeyPackage) -> Vec<u8> {
    [label::JOIN_SIGNATURE, &pursuance.0, &author.0, &package.id(), name.as_bytes()].concat()
}

/// The hash that stands for a list of readers.
#[must_use]
pub fn readers_hash(package_ids: &[[u8; 32]]) -> [u8; 32] {
    crypto::hash::hash_list(label::READERS, package_ids.iter())
}

/// By which a reader finds its seal.
#[must_use]
pub fn package_tag(package_id: &[u8; 32]) -> [u8; 8] {
    *package_id.first_chunk().expect("an id is longer than its tag")
}
