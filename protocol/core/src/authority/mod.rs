//! Who may do what: members, grants, rules, decisions, epochs, judged from the public layer alone (docs/protocol/04-authority.md).
//!
//! [`permit`] asks an entry's own past, once (R2); [`seen`] and its two evaluators say what counts in a view (R4); [`state`] is
//! what follows from everything that stands in the log.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use pursuance_wire::RelayAddress;

use crate::crypto::{self, label};
use crate::devices::{Device, adds_devices};
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, EpochId, MemberId, PursuanceId, RoleId};
use crate::logs::{Logs, Standing};
use crate::op::{Genesis, Invite, KeyPackage, Op, Welcome};
use crate::refusal::Refusal;
use crate::rule::{Object, Role, Rule, RuleTable, Verb};
use crate::true_seals::own_package;

mod asking;
#[cfg(test)]
mod definition;
mod facts;
mod memory;
mod note;
mod occasion;
mod permit;
mod position;
mod restand;
mod seen;
mod sight;
mod state;
mod switch;
#[cfg(test)]
mod tests;
mod versions;

pub use asking::Decision;
pub use occasion::Occasion;
pub use position::{Place as Seat, Position, SeniorityKey, Step, Tail};
pub use restand::Doubt;
pub use versions::Version;

use facts::{Act, Facts, Handed, Source};
use memory::Memory;
use occasion::not_allowed;
use permit::{Case, Checked, Denial, Permit};
use seen::Seen;
use sight::{Known, Learned, Outcomes, Sight, View};

/// A person in this pursuance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The pseudonym.
    pub name: String,
    /// The device with which they came.
    pub author: AuthorId,
    /// All their devices, that one included; none that was removed.
    pub devices: BTreeMap<AuthorId, Device>,
    /// The roles held, senior first.
    pub grants: Vec<HeldGrant>,
    /// The grant by which the senior role is held; of who holds none, the one they came by.
    pub grant: GrantRef,
    /// That role.
    pub role: RoleId,
    /// Seniority of that grant.
    pub key: SeniorityKey,
    /// The invite, or `None` for the founder.
    pub invite: Option<GrantRef>,
    /// Whether they belong to the pursuance now.
    pub presence: Presence,
}

/// A role held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldGrant {
    /// By which grant.
    pub at: GrantRef,
    /// Which role.
    pub role: RoleId,
    /// Seniority.
    pub key: SeniorityKey,
}

/// Whether somebody belongs to the pursuance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Presence {
    /// They hold a role.
    Here,
    /// They came by an invite with review, and nobody let them in yet.
    Waiting,
    /// They hold none any more: removed, or gone by themselves, or how they came has no effect any more.
    Gone,
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
    /// Whether one can join by it: nobody closed it, and its author is still here.
    pub open: bool,
}

/// An epoch that was introduced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEpoch {
    /// Whether something that counts introduces it.
    pub counts: bool,
    /// The entries that introduce it, more than one where two did at once: those that count, or all, where none does. The first by
    /// depth, then id, gives it its place.
    pub entries: BTreeSet<(u32, EntryId)>,
}

/// Whether an entry, or an item of it, has effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It has.
    Counts,
    /// It never has, for this reason.
    Refused(Refusal),
    /// It was permitted and has no effect now, for this reason; it can have again.
    Held(Refusal),
    /// A newer version will tell.
    NeedsNewer,
}

impl Verdict {
    /// In one word.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match self {
            Self::Counts => Standing::Counts,
            Self::Refused(_) => Standing::Refused,
            Self::Held(_) => Standing::Held,
            Self::NeedsNewer => Standing::NeedsNewer,
        }
    }
}

/// The state of the public layer.
#[derive(Default)]
#[cfg_attr(test, derive(Clone))]
pub struct Authority {
    genesis: Option<Genesis>,
    facts: Facts,
    outcomes: Outcomes,
    memory: Memory,
    /// Where each restriction stands that has effect now.
    in_effect: Vec<Option<Position>>,
    verdicts: BTreeMap<EntryId, Verdict>,
    /// Entries that need a newer version and add devices, by the grant they lean on.
    newer_devices: BTreeSet<(GrantRef, EntryId)>,
    doubt: Doubt,
    // What follows for all that stands in the log.
    name: String,
    table: RuleTable,
    /// Roles with history since joining, those that have ended too.
    since_joining: BTreeSet<RoleId>,
    members: BTreeMap<MemberId, Member>,
    invites: BTreeMap<GrantRef, OpenInvite>,
    epochs: BTreeMap<(EpochId, RoleId), KnownEpoch>,
    relays: Vec<RelayAddress>,
    welcomes: BTreeMap<Handed, Vec<(EntryId, Welcome)>>,
    #[cfg(test)]
    by_definition: Option<definition::Pasts>,
}

impl Authority {
    /// Whether somebody's first entry lets them in; asked before it is appended, and `None` for any other entry.
    #[must_use]
    pub fn admits(&self, pursuance: PursuanceId, logs: &Logs, entry: &Entry) -> Option<Verdict> {
        let ops = match &entry.body().content {
            Content::Public(ops) => &ops[..],
            Content::Role(_) => &[],
        };
        let learned = Learned::default();
        match ops.first() {
            Some(Op::Genesis(_)) => None,
            // J7, and who comes back
            Some(Op::Join(_) | Op::Recover(_)) => {
                Some(self.permit(pursuance, logs, entry, Checked::Now, &learned).err().unwrap_or(Verdict::Counts))
            }
            // D3: whoever speaks for a member may say what is refused; a stranger says nothing.
            _ if entry.body().seq == 0 => {
                let past = self.sight(logs, View::Past(logs.past_of(entry)));
                self.with_case(&past, pursuance, logs, entry, Checked::Now, |case| case.leans(ops)).err()
            }
            _ => None,
        }
    }

    /// Judges an entry that has just been appended, and lets it have its effect if it counts.
    ///
    /// Whether it is permitted rests on its own past alone (R2) and never changes; whether it counts, on all that stands in
    /// the log (R4).
    pub fn judge(&mut self, pursuance: PursuanceId, logs: &Logs, entry: &Entry) -> Verdict {
        self.judge_as(pursuance, logs, entry, Checked::Now)
    }

    /// Lets an entry that was permitted before have its effect again: what was signed inside it is not checked again.
    pub fn take_back(&mut self, pursuance: PursuanceId, logs: &Logs, entry: &Entry) -> Verdict {
        self.judge_as(pursuance, logs, entry, Checked::Before)
    }

    /// Judges a role entry anew: it was permitted, and what restricts it may have changed. It is in memory.
    #[must_use]
    pub fn judge_again(&self, logs: &Logs, entry: &Entry) -> Verdict {
        let Some(act) = self.role_act(logs, entry) else { return Verdict::Refused(Refusal::GrantNotHeld) };
        self.counting(logs, &Learned::default()).held(&act).map_or(Verdict::Counts, Verdict::Held)
    }

    /// Notes what an entry that stands in the log was judged to be.
    pub fn note_verdict(&mut self, entry: EntryId, verdict: Verdict) {
        self.verdicts.insert(entry, verdict);
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

    /// The pursuance's name in force.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Roles and rules in force, once the genesis is here.
    #[must_use]
    pub fn table(&self) -> Option<&RuleTable> {
        self.genesis.is_some().then_some(&self.table)
    }

    /// The role with this number; *everyone* has none.
    #[must_use]
    pub fn role(&self, id: RoleId) -> Option<&Role> {
        self.table.roles.iter().find(|role| role.id == id)
    }

    /// Whether whoever comes to read a role reads only what is written after that (K26).
    #[must_use]
    pub fn is_since_joining(&self, role: RoleId) -> bool {
        self.since_joining.contains(&role)
    }

    /// Whether there is such a role.
    #[must_use]
    pub fn has_since_joining(&self) -> bool {
        !self.since_joining.is_empty()
    }

    /// Everybody who ever came and counts, those who are gone too.
    #[must_use]
    pub const fn members(&self) -> &BTreeMap<MemberId, Member> {
        &self.members
    }

    /// Members who are here.
    pub fn present(&self) -> impl Iterator<Item = (MemberId, &Member)> {
        let here = self.members.iter().filter(|(_, member)| member.presence == Presence::Here);
        here.map(|(id, member)| (*id, member))
    }

    /// The member whose device this is; the first by id, where a device with two histories began twice.
    #[must_use]
    pub fn member_of(&self, author: AuthorId) -> Option<MemberId> {
        self.holders(author).min()
    }

    /// The public half of a member's recovery key, and the entry that declares it: of several that count, the one at the senior
    /// position (D7).
    #[must_use]
    pub fn recovery_key(&self, member: MemberId) -> Option<(EntryId, [u8; 32])> {
        let counts = |entry: &EntryId| self.verdicts.get(entry) == Some(&Verdict::Counts);
        let declared = self.facts.recovery.get(&member)?.iter().filter(|(entry, _)| counts(entry));
        let first = declared.min_by_key(|(entry, _)| (&self.facts.acts[entry].position, *entry));
        first.copied()
    }

    /// Every recovery key that was declared for a member, whether it counts or not.
    pub(crate) fn recovery_keys(&self, member: MemberId) -> impl Iterator<Item = (EntryId, [u8; 32])> + '_ {
        self.facts.recovery.get(&member).into_iter().flatten().copied()
    }

    /// What brought the devices that a member ever had.
    pub(crate) fn devices_came_by(&self, member: MemberId) -> impl Iterator<Item = EntryId> + '_ {
        let devices = self.facts.devices_of.get(&member).into_iter().flatten();
        let made = devices.flat_map(|author| &self.facts.devices[author]);
        made.filter(move |made| made.member == member).map(|made| made.source)
    }

    /// Entries in which a member's own devices said that it goes.
    pub(crate) fn departures(&self, member: MemberId) -> impl Iterator<Item = EntryId> + '_ {
        let removals = self.facts.on_member.get(&member).into_iter().flatten();
        let said = removals.map(|index| self.facts.restrictions[*index].source.entry());
        said.filter(move |id| {
            let by = self.facts.acts.get(id).and_then(|act| self.facts.leant_on(act));
            by.is_some_and(|(_, grant)| grant.holder == member)
        })
    }

    /// The member as whom an entry speaks: the one whose grant it leans on.
    #[must_use]
    pub fn speaker(&self, entry: &Entry) -> Option<MemberId> {
        let Some(by) = entry.body().by else {
            return self.facts.members.contains_key(&MemberId(entry.id().0)).then(|| MemberId(entry.id().0));
        };
        // A join leans on its invite and makes its author a member.
        if self.facts.members.contains_key(&MemberId(entry.id().0)) {
            return Some(MemberId(entry.id().0));
        }
        let holder = self.facts.grants.get(&by)?.holder;
        self.holders(entry.body().author).any(|member| member == holder).then_some(holder)
    }

    /// The members whose device this is, or was: one, but for a device with two beginnings.
    fn holders(&self, author: AuthorId) -> impl Iterator<Item = MemberId> + '_ {
        self.facts.devices.get(&author).into_iter().flatten().map(|device| device.member)
    }

    /// All invites that count.
    #[must_use]
    pub const fn invites(&self) -> &BTreeMap<GrantRef, OpenInvite> {
        &self.invites
    }

    /// Secrets of the cells of all invites there ever were: what was said by one may count again.
    pub fn invite_secrets(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.facts.invites.values().map(|fact| &fact.invite.cell_secret)
    }

    /// Epochs that were introduced, also by somebody whose acts are held: others may have written with them.
    #[must_use]
    pub const fn epochs(&self) -> &BTreeMap<(EpochId, RoleId), KnownEpoch> {
        &self.epochs
    }

    /// The roles that an epoch was introduced for: one, unless somebody gave the readers of one role the secret of another.
    pub fn roles_of_epoch(&self, epoch: EpochId) -> impl Iterator<Item = RoleId> + '_ {
        self.epochs.range((epoch, RoleId(0))..=(epoch, RoleId(u16::MAX))).map(|((_, role), _)| *role)
    }

    /// Whether the log names an epoch.
    #[must_use]
    pub fn names_epoch(&self, epoch: EpochId) -> bool {
        self.roles_of_epoch(epoch).next().is_some()
    }

    /// What was handed to a device as this epoch, by welcomes that count, each with its entry. Only who holds the epoch can tell whether
    /// it is.
    pub fn welcomes(
        &self,
        epoch: EpochId,
        role: RoleId,
        author: AuthorId,
    ) -> impl Iterator<Item = &(EntryId, Welcome)> {
        let (first, last) = (MemberId([0; 32]), MemberId([u8::MAX; 32]));
        self.welcomes.range((epoch, role, author, first)..=(epoch, role, author, last)).flat_map(|(_, handed)| handed)
    }

    /// Devices that were handed an epoch by anybody, whether it counts or not: they may know it (K10). Whoever is no device of
    /// anybody can be named by everybody.
    pub fn handed(&self, epoch: EpochId, role: RoleId) -> impl Iterator<Item = AuthorId> + '_ {
        let (first, last) = ([0; 32], [u8::MAX; 32]);
        let handed = (epoch, role, AuthorId(first), MemberId(first))..=(epoch, role, AuthorId(last), MemberId(last));
        let to = self.facts.welcomes.range(handed).map(|((_, _, to, _), _)| *to);
        to.filter(|to| self.facts.devices.contains_key(to))
    }

    /// Epochs of a role that follow this one.
    pub fn epochs_after(&self, epoch: EpochId, role: RoleId) -> impl Iterator<Item = EpochId> + '_ {
        self.facts.epochs_after.get(&(epoch, role)).into_iter().flatten().copied()
    }

    /// Devices that came by right and may ever have read what is said to a role, each with the entries by which they may have come to
    /// read: whoever knows all of these and that the device may not read hands it nothing more.
    pub(crate) fn arrivals(&self, role: RoleId) -> impl Iterator<Item = (AuthorId, Vec<EntryId>)> + '_ {
        let counts = |id: &EntryId| self.verdicts.get(id) == Some(&Verdict::Counts);
        let said = move |source: Source| match source {
            Source::Entry(id) => Vec::from_iter(counts(&id).then_some(id)),
            Source::Decision(id) => {
                let signed = self.facts.proposals.get(&id).into_iter().flat_map(|asked| &asked.approvals);
                signed.copied().chain([id]).collect()
            }
        };
        // Lines that were ever written, with what wrote them: of *everyone* none is needed.
        let lines = self.facts.lines.iter().filter(move |_| role != RoleId::EVERYONE);
        let mut read_by: BTreeMap<RoleId, BTreeSet<EntryId>> = BTreeMap::new();
        for (line, written) in lines {
            for reader in line.readers_of(role) {
                let added = written.writes.iter().filter(|write| write.value);
                read_by.entry(reader).or_default().extend(added.flat_map(|write| said(write.source)));
            }
        }
        let ways = move |given: RoleId| {
            let everyone = if role == RoleId::EVERYONE { Some(BTreeSet::new()) } else { None };
            everyone.or_else(|| read_by.get(&given).or_else(|| read_by.get(&RoleId::EVERYONE)).cloned())
        };
        let made = self.facts.devices.iter().flat_map(|(author, made)| made.iter().map(move |made| (*author, made)));
        let came = made.filter(move |(_, made)| counts(&made.source) && !self.was_never_let_in(made.member));
        came.filter_map(move |(author, made)| {
            let grants = self.facts.grants_of.get(&made.member).into_iter().flatten();
            let grants = grants.filter_map(|at| self.facts.grants.get(at));
            let reading: Vec<_> = grants.filter_map(|grant| Some((grant.source, ways(grant.role)?))).collect();
            let admitted = self.facts.admits.get(&EntryId(made.member.0)).into_iter().flatten().copied();
            let by = reading.iter().flat_map(|(source, ways)| said(*source).into_iter().chain(ways.iter().copied()));
            let by: Vec<EntryId> = by.chain(admitted).chain([made.source]).collect();
            (!reading.is_empty()).then_some((author, by))
        })
    }

    /// Whether somebody came for review and nothing is known by which anybody may have let them in, or took that back: no client
    /// hands them anything. Who holds a link for review would otherwise have everybody make an epoch for each join.
    fn was_never_let_in(&self, member: MemberId) -> bool {
        let facts = &self.facts;
        let Some(beginning) = facts.members.get(&member) else { return false };
        let Some(came) = facts.grants.get(&beginning.grant).filter(|came| came.reviewed) else { return false };
        let none = |about: Option<&Vec<usize>>| about.is_none_or(Vec::is_empty);
        facts.grants_of.get(&member).is_none_or(|grants| grants.len() <= 1)
            && facts.admits.get(&EntryId(member.0)).is_none_or(Vec::is_empty)
            && none(facts.on_member.get(&member))
            && none(facts.on_grant.get(&beginning.grant))
            && came.invite.is_none_or(|invite| none(facts.on_invite.get(&invite)))
    }

    /// All devices that ever came or were added, whether that counts or not.
    pub(crate) fn devices(&self) -> impl Iterator<Item = AuthorId> + '_ {
        self.facts.devices.keys().copied()
    }

    /// Entries that took out a device and lost their effect since.
    pub(crate) fn held_take_outs(&self, device: AuthorId) -> impl Iterator<Item = EntryId> + '_ {
        let about = self.facts.on_device.get(&device).into_iter().flatten();
        let entries = about.map(|index| self.facts.restrictions[*index].source.entry());
        entries.filter(|id| matches!(self.verdicts.get(id), Some(Verdict::Held(_))))
    }

    /// Devices that published a key package with this tag; anybody can publish anybody's.
    pub fn devices_with(&self, tag: [u8; 8]) -> impl Iterator<Item = AuthorId> + '_ {
        self.facts.tags.get(&tag).into_iter().flatten().copied()
    }

    /// All key packages that a device published, whether they count or not, oldest first: the place in its own log, none where it came
    /// with what added the device; the entry; the package.
    pub(crate) fn published(&self, author: AuthorId) -> Vec<(Option<u32>, EntryId, &KeyPackage)> {
        let came = self.facts.devices.get(&author).into_iter().flatten();
        let came = came.filter_map(|made| Some((made.first_seq(), made.source, made.package.as_ref()?)));
        let own = self.facts.packages.get(&author).into_iter().flatten();
        let mut all: Vec<_> = came.chain(own.map(|(seq, entry, package)| (Some(*seq), *entry, package))).collect();
        all.sort_by_key(|(seq, entry, _)| (*seq, *entry));
        all
    }

    /// The entry by which a device published the second package after one at this place of its log.
    pub(crate) fn second_after(&self, author: AuthorId, place: Option<u32>) -> Option<EntryId> {
        let own = self.facts.packages.get(&author).into_iter().flatten();
        let mut newer: Vec<_> =
            { own }.map(|(seq, entry, _)| (Some(*seq), *entry)).filter(|(seq, _)| *seq > place).collect();
        newer.sort_unstable();
        newer.get(1).map(|(_, entry)| *entry)
    }

    /// Roles whose holders hold a role's keys now (K13).
    #[must_use]
    pub fn reading_roles(&self, role: RoleId) -> BTreeSet<RoleId> {
        if role == RoleId::EVERYONE {
            return BTreeSet::from([role]);
        }
        self.table.rules.iter().flat_map(|line| line.readers_of(role)).collect()
    }

    /// Members who hold a role's keys now.
    pub fn readers(&self, role: RoleId) -> impl Iterator<Item = (MemberId, &Member)> {
        let roles = self.reading_roles(role);
        let by_right = move |member: &Member| {
            roles.contains(&RoleId::EVERYONE) || member.grants.iter().any(|grant| roles.contains(&grant.role))
        };
        self.present().filter(move |(_, member)| by_right(member))
    }

    /// What an epoch of a role is sealed to that an entry introduces, sorted by package id (K3).
    #[must_use]
    pub fn packages_before(&self, logs: &Logs, entry: &Entry, role: RoleId) -> Vec<([u8; 32], KeyPackage)> {
        let past = self.sight(logs, View::Past(logs.past_of(entry)));
        let mut packages: Vec<_> =
            permit::sealed_to(&past, role).into_iter().map(|(.., package)| (package.id(), package.clone())).collect();
        packages.sort_by_key(|(id, _)| *id);
        packages
    }

    /// What an epoch is sealed to by an entry that was appended and permitted, in the order of its seals, each with its device (K3).
    pub(crate) fn packages_of_epoch(
        &self,
        logs: &Logs,
        entry: &Entry,
        role: RoleId,
    ) -> Vec<([u8; 32], KeyPackage, AuthorId)> {
        let past = self.sight(logs, View::Past(logs.past(entry.id()).unwrap_or_else(|| logs.past_of(entry))));
        let (author, own) = (entry.body().author, own_package(&entry.body().content));
        let mut sealed: Vec<_> = permit::sealed_to(&past, role)
            .into_iter()
            .filter(|(member, device, _)| own.is_none() || *device != author || Some(*member) != self.speaker(entry))
            .map(|(_, device, package)| (package.id(), package.clone(), device))
            .collect();
        sealed.extend(own.map(|package| (package.id(), package.clone(), author)));
        sealed.sort_by_key(|(id, ..)| *id);
        sealed
    }

    /// Members whose devices an entry seals an epoch of a role to: those who read in its past, and have a place there (K3).
    pub(crate) fn readers_of_epoch(&self, logs: &Logs, entry: &Entry, role: RoleId) -> BTreeSet<MemberId> {
        let past = self.sight(logs, View::Past(logs.past(entry.id()).unwrap_or_else(|| logs.past_of(entry))));
        permit::sealed_to(&past, role).into_iter().map(|(member, ..)| member).collect()
    }

    /// All entries that introduce an epoch for a role, whether they count or not.
    pub(crate) fn introduced_in(&self, epoch: EpochId, role: RoleId) -> impl Iterator<Item = EntryId> + '_ {
        self.facts.epochs.get(&(epoch, role)).into_iter().flatten().copied()
    }

    /// Tags of the newest key packages of all who read what is said to everyone in the past of an entry.
    pub(crate) fn tags_before(&self, logs: &Logs, entry: &Entry) -> BTreeSet<[u8; 8]> {
        // What an entry that was said before names may be in memory no more.
        let past = logs.past(entry.id()).unwrap_or_else(|| logs.past_of(entry));
        let past = self.sight(logs, View::Past(past));
        let packages = permit::packages(&past, RoleId::EVERYONE).into_iter();
        packages.map(|(.., package)| package_tag(&package.id())).collect()
    }

    /// Whether somebody else ever handed a member what is said to everyone.
    pub(crate) fn was_let_in(&self, member: MemberId) -> bool {
        let devices = self.facts.devices_of.get(&member).into_iter().flatten();
        let mut welcomes = devices.filter_map(|device| self.facts.let_in.get(device)).flatten();
        welcomes.any(|(_, by)| *by != member)
    }

    /// Whether keys are for a member now: not for whoever came by an invite that was used up and whom nobody let in (K3).
    #[must_use]
    pub fn has_a_place(&self, logs: &Logs, member: MemberId) -> bool {
        self.sight(logs, View::All).has_a_place(member)
    }

    /// The role that an entry leans on; `None` where that is no grant.
    #[must_use]
    pub fn leant_on(&self, entry: &Entry) -> Option<RoleId> {
        Some(self.facts.grants.get(&entry.body().by?)?.role)
    }

    /// Relays in force.
    #[must_use]
    pub fn relays(&self) -> &[RelayAddress] {
        &self.relays
    }

    /// Seniority of a member, for showing one of several writes first.
    #[must_use]
    pub fn seniority(&self, member: MemberId) -> Option<&SeniorityKey> {
        self.members.get(&member).map(|member| &member.key)
    }

    /// The grant by which the rules let a member do this over that now.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`], or why no line that gives it applies, with the number of the rule that says so.
    pub fn grant_for(
        &self,
        member: MemberId,
        verb: Verb,
        object: Object,
        occasion: &Occasion<'_>,
    ) -> Result<GrantRef, Refusal> {
        let held = self.members.get(&member).map_or(&[][..], |member| &member.grants);
        let mut refusal = None;
        for grant in held {
            match self.allows_role(Some(grant.role), verb, object, occasion) {
                Ok(()) => return Ok(grant.at),
                Err(new) => refusal = refusal.or(Some(new)),
            }
        }
        Err(refusal
            .map_or_else(|| self.allows_role(None, verb, object, occasion).err(), Some)
            .unwrap_or(Refusal::GrantNotHeld))
    }

    /// Whether the rules let a member do this over that now.
    ///
    /// # Errors
    /// As [`Self::grant_for`].
    pub fn allows(&self, member: MemberId, verb: Verb, object: Object, occasion: &Occasion<'_>) -> Result<(), Refusal> {
        self.grant_for(member, verb, object, occasion).map(|_| ())
    }

    /// Whether the rules that an entry's own past knows let its author do this with the role it leans on (R2, for what is inside
    /// a role entry). The entry is in memory.
    ///
    /// # Errors
    /// As [`Self::grant_for`].
    pub fn allowed_then(
        &self,
        logs: &Logs,
        entry: EntryId,
        verb: Verb,
        object: Object,
        occasion: &Occasion<'_>,
    ) -> Result<(), Refusal> {
        let by = logs.entry(entry).and_then(|entry| entry.body().by);
        let grant = by.and_then(|by| self.facts.grants.get(&by)).ok_or(Refusal::GrantNotHeld)?;
        // Rules that were never changed are the same in every view.
        if !self.facts.rules_changed {
            return self.allows_role(Some(grant.role), verb, object, occasion);
        }
        let past = logs.past(entry).unwrap_or_default();
        self.sight(logs, View::Past(past)).allowed(grant.role, verb, object, occasion).map(|_| ())
    }

    /// The newest key package of each device of a member who is here, sorted by package id.
    #[must_use]
    pub fn packages_known(&self, logs: &Logs) -> Vec<([u8; 32], &KeyPackage, AuthorId)> {
        let sight = self.everything(logs);
        let known =
            permit::packages(&sight, RoleId::EVERYONE).into_iter().map(|(_, author, package)| (package.id(), author));
        let ids: BTreeSet<([u8; 32], AuthorId)> = known.collect();
        let held = |author: AuthorId, id: [u8; 32]| {
            let own = self.facts.packages.get(&author).into_iter().flatten().map(|(.., package)| package);
            let came =
                self.facts.devices.get(&author).into_iter().flatten().filter_map(|device| device.package.as_ref());
            own.chain(came).find(|package| package.id() == id)
        };
        ids.into_iter().filter_map(|(id, author)| Some((id, held(author, id)?, author))).collect()
    }

    fn allows_role(
        &self,
        role: Option<RoleId>,
        verb: Verb,
        object: Object,
        occasion: &Occasion<'_>,
    ) -> Result<(), Refusal> {
        let numbered = (1..).zip(self.table.rules.iter().copied());
        let about = numbered.filter(|(_, rule)| rule.verb == verb && rule.object == object);
        let (lines, others): (Vec<(u16, Rule)>, Vec<_>) =
            about.partition(|(_, rule)| role.is_some_and(|role| rule.role == role || rule.role == RoleId::EVERYONE));
        let elsewhere = others.first().map(|(number, rule)| (*number, rule.role));
        let usable = occasion.usable(&lines).map(|_| ());
        usable.map_err(|refusal| refusal.unwrap_or_else(|| not_allowed(verb, elsewhere)))
    }

    fn judge_as(&mut self, pursuance: PursuanceId, logs: &Logs, entry: &Entry, checked: Checked) -> Verdict {
        let learned = Learned::default();
        let permit = self.permit(pursuance, logs, entry, checked, &learned);
        self.keep(&learned);
        let verdict = match permit {
            Err(verdict) => verdict,
            Ok(permit) => self.take(logs, entry, permit),
        };
        if verdict == Verdict::NeedsNewer
            && let Some(by) = adds_devices(entry)
        {
            self.newer_devices.insert((by, entry.id()));
        }
        self.verdicts.insert(entry.id(), verdict.clone());
        verdict
    }

    fn take(&mut self, logs: &Logs, entry: &Entry, permit: Permit) -> Verdict {
        let id = entry.id();
        let Content::Public(ops) = &entry.body().content else {
            return self.judge_again(logs, entry);
        };
        if let Some(Op::Genesis(genesis)) = ops.first() {
            self.genesis = Some(genesis.clone());
        }
        let Some(noted) = self.read(logs, entry, ops, permit) else {
            return Verdict::Refused(Refusal::GrantNotHeld);
        };
        self.facts.add(entry, noted);
        if let Some(dot) = logs.dot(id) {
            self.memory.take_public(dot);
            if note::governs(ops) {
                self.memory.take_governing(dot);
            }
        }
        if note::changes_others(ops) && self.may_change(logs, id, ops) {
            self.forget_changed(logs, id);
        }
        let held = self.look(logs, |facts, now| now.held(&facts.acts[&id]));
        self.restand(logs, entry, ops, held.is_none());
        held.map_or(Verdict::Counts, Verdict::Held)
    }

    fn permit(
        &self,
        pursuance: PursuanceId,
        logs: &Logs,
        entry: &Entry,
        checked: Checked,
        learned: &Learned,
    ) -> Result<Permit, Verdict> {
        #[cfg(test)]
        if let Some(pasts) = &self.by_definition {
            let seen = definition::Definition::past_of(&self.facts, logs, pasts, entry.body().named());
            return self.ask(&seen, pursuance, logs, entry, checked);
        }
        self.ask(&self.before(logs, entry, learned), pursuance, logs, entry, checked)
    }

    /// The past of an entry that is not noted yet.
    fn before<'a>(&'a self, logs: &'a Logs, entry: &Entry, learned: &Learned) -> Sight<'a> {
        let past = logs.past_of(entry);
        let known = if self.memory.holds_for(&past) { Known::Everything(&self.memory) } else { Known::Nothing };
        Sight::new(&self.facts, logs, &self.outcomes, learned.clone(), View::Past(past)).knowing(known)
    }

    fn ask<S: Seen>(
        &self,
        seen: &S,
        pursuance: PursuanceId,
        logs: &Logs,
        entry: &Entry,
        checked: Checked,
    ) -> Result<Permit, Verdict> {
        self.with_case(seen, pursuance, logs, entry, checked, |case| case.judge())
    }

    fn with_case<S: Seen, T>(
        &self,
        seen: &S,
        pursuance: PursuanceId,
        logs: &Logs,
        entry: &Entry,
        checked: Checked,
        question: impl FnOnce(&Case<'_, S>) -> Result<T, Denial>,
    ) -> Result<T, Verdict> {
        let newer = |id: EntryId| self.verdicts.get(&id) == Some(&Verdict::NeedsNewer);
        let newer_devices = |by: GrantRef| {
            let (first, last) = (EntryId([0; 32]), EntryId([u8::MAX; 32]));
            let mut known = self.newer_devices.range((by, first)..=(by, last));
            known.any(|(_, id)| logs.names_in_past(*id, entry))
        };
        let case = Case { seen, pursuance, entry, newer: &newer, newer_devices: &newer_devices, checked };
        question(&case).map_err(|denial| match denial {
            Denial::Refused(refusal) => Verdict::Refused(refusal),
            Denial::NeedsNewer => Verdict::NeedsNewer,
        })
    }

    fn read(&self, logs: &Logs, entry: &Entry, ops: &[Op], permit: Permit) -> Option<note::Noted> {
        #[cfg(test)]
        if let Some(pasts) = &self.by_definition {
            let seen = definition::Definition::past_of(&self.facts, logs, pasts, entry.body().named());
            return note::read(&seen, logs, entry, ops, permit);
        }
        note::read(&self.before(logs, entry, &Learned::default()), logs, entry, ops, permit)
    }

    /// What judging a role entry needs to know of it.
    fn role_act(&self, logs: &Logs, entry: &Entry) -> Option<Act> {
        let (id, body) = (entry.id(), entry.body());
        let grant = self.facts.grants.get(&body.by?)?;
        let past = self.sight(logs, View::Past(logs.past_of(entry)));
        let path = self.facts.devices.get(&body.author)?.iter().filter(|made| made.member == grant.holder);
        let path = path.filter(|made| past.holds(made.source)).map(|made| &made.path).min()?;
        Some(Act {
            id,
            dot: logs.dot(id)?,
            depth: logs.depth(id)?,
            author: body.author,
            by: body.by,
            position: grant.key.position(path.clone()),
            leans: permit::leans(&past, body.author, grant),
            uses: Vec::new(),
            join: false,
        })
    }

    fn sight<'a>(&'a self, logs: &'a Logs, view: View) -> Sight<'a> {
        Sight::new(&self.facts, logs, &self.outcomes, Learned::default(), view)
    }

    /// Looks at everything there is, and remembers what was found.
    fn look<R>(&mut self, logs: &Logs, question: impl FnOnce(&Facts, &Sight<'_>) -> R) -> R {
        let learned = Learned::default();
        let answer = question(&self.facts, &self.counting(logs, &learned));
        self.keep(&learned);
        answer
    }

    /// Keeps what was found.
    fn keep(&mut self, learned: &Learned) {
        let learned = learned.take();
        self.outcomes.extend(learned.outcomes);
        learned.found.into_iter().for_each(|(asked, counts)| self.memory.found.note(asked, counts));
    }

    /// Everything there is, while it is not followed yet what follows from the newest entry.
    fn counting<'a>(&'a self, logs: &'a Logs, learned: &Learned) -> Sight<'a> {
        let now = Sight::new(&self.facts, logs, &self.outcomes, learned.clone(), View::All);
        now.knowing(Known::Counting(&self.memory))
    }

    /// Everything there is, and all that follows.
    fn everything<'a>(&'a self, logs: &'a Logs) -> Sight<'a> {
        self.sight(logs, View::All).knowing(Known::Everything(&self.memory))
    }

    /// Everything there is, with nothing remembered.
    #[cfg(test)]
    fn now<'a>(&'a self, logs: &'a Logs) -> Sight<'a> {
        self.sight(logs, View::All)
    }
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
